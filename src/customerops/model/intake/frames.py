"""Frames and array-likes of any library, read column by column; no kernel sees one.

pandas and pyarrow are read directly, polars through its Arrow buffers where pyarrow is installed;
narwhals opens polars frames and reads what is left. A frame is in memory: a lazy query is refused,
for running it would read files.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError, MissingDependencyError
from customerops.model.intake.arrow import of_arrow
from customerops.model.intake.raw import Raw, dictionary, either, of_numpy, of_objects
from customerops.model.values.checks import came

__all__ = ["array_of", "column_of", "names_of", "part_of", "raw"]

_FRAMES = "must be a pandas or polars DataFrame, a pyarrow Table or a mapping of arrays"


def names_of(frame: Any) -> list[Hashable]:
    """Return the column names of a frame.

    Raises
    ------
    InvalidInputError
        If it is none, or not in memory.
    MissingDependencyError
        If it takes narwhals to open it, which is not installed.
    """
    import pandas as pd

    if isinstance(frame, Mapping):
        return list(frame)
    if isinstance(frame, pd.DataFrame):
        return list(frame.columns)
    if _is_table(frame):
        return list(frame.column_names)
    return list(_narwhals(frame).columns)


def column_of(frame: Any, name: Hashable) -> object:
    """Return one column of a frame that has it, as the frame's own kind of column."""
    import pandas as pd

    column: object
    if isinstance(frame, Mapping | pd.DataFrame):
        column = frame[name]
    elif _is_table(frame):
        column = frame.column(name)
    else:
        column = _narwhals(frame).get_column(name).to_native()
    return column


def _package(given: object) -> str:
    return type(given).__module__.partition(".")[0]


def _is_table(given: object) -> bool:
    return _package(given) == "pyarrow" and hasattr(given, "column_names")


def _narwhals(frame: object) -> Any:
    if not hasattr(type(frame), "columns"):
        raise InvalidInputError("frame", _FRAMES, came(frame))
    try:
        import narwhals.stable.v2 as nw
    except ImportError:
        purpose = f"reading a {_package(frame)} frame"
        raise MissingDependencyError("narwhals", "frames", purpose) from None
    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError:
        hint = f"{came(frame)}; run a lazy query first, with collect() or arrow()"
        raise InvalidInputError("frame", _FRAMES, hint) from None


def array_of(name: str, given: object) -> Any:
    """Return a column that has a length and that `raw` reads, or say that it is none.

    Parameters
    ----------
    name : str
        What the column is called, for the message.
    given : array-like
        A numpy array, a list, a column of pandas, polars or pyarrow, or what numpy makes an array
        of.

    Raises
    ------
    InvalidInputError
        If it is no array, or not one-dimensional.
    """
    if _is_pandas(given) or _is_arrow(given) or _is_polars(given):
        return given
    if isinstance(given, Sequence) and not isinstance(given, str | bytes | bytearray | memoryview):
        return given
    if not isinstance(given, np.ndarray):
        if not hasattr(given, "__array__"):
            raise InvalidInputError(name, "must be a one-dimensional array", came(given))
        given = np.asarray(given)
    if given.ndim != 1:
        raise InvalidInputError(name, "must be one-dimensional", f"got {given.ndim} dimensions")
    return given


def part_of(array: Any, rows: NDArray[np.intp]) -> Any:
    """Return some rows, ascending, of what `array_of` returns, and pay for no others."""
    if _is_polars(array):
        return array.gather(rows)
    if _is_arrow(array):  # chunk by chunk, where take would join them
        mask = np.zeros(len(array), np.bool_)
        mask[rows] = True
        return array.filter(mask)
    if _is_pandas(array) or isinstance(array, np.ndarray):
        return array.take(rows)
    return [array[row] for row in rows.tolist()]


def _is_pandas(given: object) -> bool:
    import pandas as pd

    return isinstance(given, pd.Series | pd.Index | pd.api.extensions.ExtensionArray)


def _is_arrow(given: object) -> bool:
    return _package(given) == "pyarrow" and hasattr(given, "null_count")


def _is_polars(given: object) -> bool:
    return _package(given) == "polars" and hasattr(given, "to_arrow") and hasattr(given, "dtype")


def raw(name: str, given: object) -> Raw:
    """Read an array-like of any library.

    Parameters
    ----------
    name : str
        What the column is called, for the message.
    given : array-like
        See `array_of`.

    Raises
    ------
    InvalidInputError
        If it is not one-dimensional, or holds what no column of a log could be made of.

    Examples
    --------
    >>> raw("amount", [1, None, 3]).kind
    'int'
    """
    array = array_of(name, given)
    if _is_pandas(array):
        return _of_pandas(name, array)
    if _is_arrow(array):
        return of_arrow(name, array)
    if _is_polars(array):
        return _of_polars(name, array)
    return of_numpy(name, array) if isinstance(array, np.ndarray) else of_objects(array)


def _of_pandas(name: str, given: Any) -> Raw:
    import pandas as pd

    series = given if isinstance(given, pd.Series) else pd.Series(given, copy=False)
    dtype: Any = series.dtype
    array: Any = series.array
    if isinstance(dtype, pd.CategoricalDtype):
        categories = _of_pandas(name, dtype.categories)
        return dictionary(array.codes, categories, distinct=True)
    if isinstance(dtype, pd.DatetimeTZDtype):
        utc = series.dt.tz_convert(None).to_numpy()
        return attrs.evolve(of_numpy(name, utc), aware=True)
    if isinstance(dtype, pd.ArrowDtype) or "pyarrow" in str(getattr(dtype, "storage", "")):
        import pyarrow as pa

        return of_arrow(name, pa.chunked_array(array.__arrow_array__()))
    masked = getattr(dtype, "numpy_dtype", None)
    if isinstance(masked, np.dtype) and masked.kind in "biuf":  # Int64, Float64, boolean
        values = series.to_numpy(dtype=masked, na_value=masked.type(0))
        read = of_numpy(name, values)
        return attrs.evolve(read, missing=either(read.missing, series.isna().to_numpy()))
    return of_numpy(name, np.asarray(series))


def _of_polars(name: str, series: Any) -> Raw:
    if str(series.dtype) in {"Object", "Int128", "UInt128"}:  # neither Arrow's nor numpy's
        return of_objects(series.to_list())
    try:
        import pyarrow  # noqa: F401, ICN001
    except ImportError:
        return _of_narwhals(name, series)
    return of_arrow(name, series.to_arrow())


def _of_narwhals(name: str, given: Any) -> Raw:
    """Read a polars column where pyarrow is not installed."""
    try:
        import narwhals.stable.v2 as nw
    except ImportError:
        raise MissingDependencyError("narwhals", "frames", "reading a polars column") from None
    series = nw.from_native(given, series_only=True)
    dtype = series.dtype
    if dtype == nw.Date:
        return of_numpy(name, series.to_numpy())
    if isinstance(dtype, nw.Datetime):
        aware = dtype.time_zone is not None
        if aware:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return attrs.evolve(of_numpy(name, series.to_numpy()), aware=aware)
    if dtype.is_numeric() and not dtype.is_decimal():
        read = of_numpy(name, series.fill_null(0).to_numpy())
        return attrs.evolve(read, missing=either(read.missing, series.is_null().to_numpy()))
    return of_objects(series.to_list())
