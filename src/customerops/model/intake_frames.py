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

from customerops.errors import InvalidInputError, MissingDependencyError
from customerops.model.checks import came
from customerops.model.intake_arrow import of_arrow
from customerops.model.intake_raw import Raw, dictionary, either, of_numpy, of_objects

__all__ = ["column_of", "names_of", "raw"]

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


def raw(name: str, given: object) -> Raw:
    """Read an array-like of any library.

    Parameters
    ----------
    name : str
        What the column is called, for the message.
    given : array-like
        A numpy array, a list, or a column of pandas, polars or pyarrow.

    Raises
    ------
    InvalidInputError
        If it is not one-dimensional, or holds what no column of a log could be made of.

    Examples
    --------
    >>> raw("amount", [1, None, 3]).kind
    'int'
    """
    import pandas as pd

    package = _package(given)
    if isinstance(given, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return _of_pandas(name, given)
    if package == "pyarrow" and hasattr(given, "null_count"):
        return of_arrow(name, given)
    if package == "polars" and hasattr(given, "to_arrow") and hasattr(given, "dtype"):
        return _of_polars(name, given)
    if isinstance(given, np.ndarray):
        return of_numpy(name, given)
    if isinstance(given, Sequence) and not isinstance(given, str | bytes | bytearray | memoryview):
        return of_objects(given)
    if hasattr(given, "__array__"):
        return of_numpy(name, np.asarray(given))
    raise InvalidInputError(name, "must be a one-dimensional array", came(given))


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
