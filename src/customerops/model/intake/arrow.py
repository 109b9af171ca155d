"""Arrow arrays read into plain columns, over their own buffers wherever a log can use these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.raw import (
    Mask,
    Plain,
    Raw,
    Text,
    dictionary,
    either,
    nulls,
    of_numpy,
    of_objects,
)

__all__ = ["of_arrow"]


def of_arrow(name: str, given: Any) -> Raw:
    """Read a pyarrow Array or ChunkedArray of any type.

    Raises
    ------
    InvalidInputError
        If it holds what no column of a log could be made of.
    """
    import pyarrow as pa

    if pa.types.is_string(given.type) or pa.types.is_string_view(given.type):
        given = given.cast(pa.large_string())
    if pa.types.is_dictionary(given.type):
        return _of_dictionary(name, given)
    array = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    if pa.types.is_large_string(array.type):
        return Text(array)
    for test, read in _READERS:
        if getattr(pa.types, test)(array.type):
            return read(array, either(nulls(array), None))
    return of_objects(array.to_pylist())


def _of_dictionary(name: str, given: Any) -> Raw:
    import pyarrow as pa

    if isinstance(given, pa.ChunkedArray):
        given = given.unify_dictionaries().combine_chunks()
    codes = given.indices.cast(pa.int32()).fill_null(-1).to_numpy()
    return dictionary(codes, of_arrow(name, given.dictionary))


def _numbers(array: Any, missing: Mask | None) -> Plain:
    read = of_numpy("column", _values(array))
    return attrs.evolve(read, missing=either(read.missing, missing))


def _times(array: Any, missing: Mask | None) -> Plain:
    import pyarrow as pa

    values = _values(array.view(pa.int64())).view(f"M8[{array.type.unit}]")
    return Plain(values, "time", missing, aware=array.type.tz is not None)


def _dates(array: Any, missing: Mask | None) -> Plain:
    import pyarrow as pa

    days = _values(array.cast(pa.date32()).view(pa.int32()))
    return Plain(days.astype(np.int64).view("M8[D]"), "date", missing)


def _decimals(array: Any, missing: Mask | None) -> Plain:
    """Read decimals as int64 counts of their last digit, if all of them fit."""
    import pyarrow as pa

    try:
        wide = array.cast(pa.decimal128(38, array.type.scale))
    except ValueError:  # 256 bits that are needed
        return of_objects(array.to_pylist())
    words = np.frombuffer(wide.buffers()[1] or b"", np.int64)
    low, high = words[2 * wide.offset :][: 2 * len(wide)].reshape(-1, 2).T
    present = ~nulls(array)
    if not np.array_equal(high[present], low[present] >> 63):  # beyond 64 bits
        return of_objects(array.to_pylist())
    return Plain(np.where(present, low, 0), "scaled", missing, scale=array.type.scale)


_READERS: tuple[tuple[str, Callable[[Any, Mask | None], Plain]], ...] = (
    ("is_boolean", _numbers),
    ("is_integer", _numbers),
    ("is_floating", _numbers),
    ("is_timestamp", _times),
    ("is_date", _dates),
    ("is_decimal", _decimals),
)


def _values(array: Any) -> NDArray[Any]:
    import pyarrow as pa

    if array.null_count and not pa.types.is_floating(array.type):  # else they are NaN
        array = array.fill_null(pa.scalar(0).cast(array.type))
    values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return values
