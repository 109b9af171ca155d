"""The three plain forms that any column is read into, and how numpy arrays and lists become one.

* `Plain`: a numpy array of one kind, and which rows are missing.
* `Dictionary`: codes into a few `Plain` categories (categoricals, dictionaries, constants).
* `Text`: strings in Arrow's own buffers, not copied.

None, NaN, NaT and ``pandas.NA`` all mean missing, and a `Plain` says so in its mask alone. What is
read may still be a view of the caller's memory: it is for reading, and whoever keeps it copies.
"""

from __future__ import annotations

import decimal
import numbers
from collections.abc import Callable, Collection
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.faults import Fault, spread

__all__ = [
    "Converted",
    "Dictionary",
    "Kind",
    "Mask",
    "Plain",
    "Raw",
    "Rows",
    "Text",
    "dictionary",
    "either",
    "is_int",
    "kind_of",
    "nulls",
    "of_numpy",
    "of_objects",
    "said_of",
    "through",
]

Kind = Literal["bool", "int", "float", "scaled", "time", "date", "text", "object", "nothing"]
"""What a `Plain` holds: int64 counts of ``10**-scale`` when scaled, datetime64 when time or date,
str objects when text, objects of several types when object, no value at all when nothing."""

Mask = NDArray[np.bool_]
Rows = NDArray[np.integer[Any]]


@attrs.frozen(eq=False)
class Plain:
    """A numpy array of one kind; `missing` None means that no row is.

    `typed` says that the kind is the column's own dtype, not what its objects happen to be: then a
    kind that does not fit is a fault of the call, otherwise one of the rows.
    """

    values: NDArray[Any]
    kind: Kind
    missing: Mask | None = None
    typed: bool = True
    aware: bool = False  # a time in UTC; else it is what a wall clock shows
    scale: int = 0

    def __len__(self) -> int:
        return len(self.values)

    def keep(self, rows: Rows) -> Plain:
        """Keep the rows at some positions."""
        missing = None if self.missing is None else self.missing[rows]
        return attrs.evolve(self, values=self.values[rows], missing=missing)

    def gone(self) -> Mask:
        """Return the rows that are missing."""
        return np.zeros(len(self), np.bool_) if self.missing is None else self.missing


@attrs.frozen(eq=False)
class Text:
    """An Arrow array of the type large_string."""

    array: Any

    def __len__(self) -> int:
        return len(self.array)

    def keep(self, rows: Rows) -> Text:
        """Keep the rows at some positions."""
        return Text(self.array.take(rows))

    def gone(self) -> Mask:
        """Return the rows that are missing."""
        return nulls(self.array)

    def plain(self) -> Plain:
        """Return the strings as Python objects."""
        missing = either(self.gone(), None)
        return Plain(self.array.to_numpy(zero_copy_only=False), "text", missing)


@attrs.frozen(eq=False)
class Dictionary:
    """Codes into categories; -1 is missing, and a category may be missing itself.

    Unless `distinct`, a category may come twice, which Arrow allows.
    """

    codes: Rows
    categories: Plain
    distinct: bool = False

    def __len__(self) -> int:
        return len(self.codes)

    def keep(self, rows: Rows) -> Dictionary:
        """Keep the rows at some positions."""
        return Dictionary(self.codes[rows], self.categories, self.distinct)

    def gone(self) -> Mask:
        """Return the rows that are missing."""
        gone: Mask = self.codes < 0
        if self.categories.missing is not None:
            gone |= np.append(self.categories.missing, np.False_)[self.codes]
        return gone


Raw = Plain | Text | Dictionary


def dictionary(codes: Rows, categories: Raw, *, distinct: bool = False) -> Dictionary:
    """Return codes into the values that the categories stand for."""
    if isinstance(categories, Dictionary):
        return Dictionary(np.append(categories.codes, -1)[codes], categories.categories)
    plain = categories.plain() if isinstance(categories, Text) else categories
    return Dictionary(codes, plain, distinct)


@attrs.frozen(eq=False)
class Converted:
    """A column as int64, 0 where it is missing or at fault."""

    values: NDArray[np.int64]
    missing: Mask | None = None
    faults: tuple[Fault, ...] = ()

    def keep(self, rows: Rows) -> Converted:
        """Keep the rows at some positions, which have no fault."""
        missing = None if self.missing is None else either(self.missing[rows], None)
        return Converted(self.values[rows], missing)

    def take(self, codes: Rows) -> Converted:
        """Return the rows that hold these categories; code -1 holds none."""
        missing = np.zeros(len(self.values), np.bool_) if self.missing is None else self.missing
        return Converted(
            np.append(self.values, 0)[codes],
            either(np.append(missing, True)[codes], None),
            spread(self.faults, codes),
        )


def through(read: Raw, convert: Callable[[Plain], Converted]) -> Converted:
    """Convert a column of any form; a dictionary by its categories alone."""
    if isinstance(read, Dictionary):
        return through(read.categories, convert).take(read.codes)
    if isinstance(read, Text):
        read = read.plain()
    if read.kind == "nothing":
        return Converted(np.zeros(len(read), np.int64), read.missing)
    return convert(read)


def of_numpy(name: str, array: NDArray[Any]) -> Plain:
    """Read a one-dimensional numpy array; a masked array keeps its mask.

    Raises
    ------
    InvalidInputError
        If it is of a dtype that no column of a log could be made of.
    """
    missing = None
    if isinstance(array, np.ma.MaskedArray):
        missing, array = np.ma.getmaskarray(array), array.data
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    kind = array.dtype.kind
    if kind in "UT":
        return attrs.evolve(of_objects(array.astype(object), missing), typed=True)
    if kind == "O" or (array.dtype == np.uint64 and bool((array >= 2**63).any())):
        return of_objects(array.astype(object, copy=False), missing)
    if kind == "M" and np.datetime_data(array.dtype)[0] != "generic":
        dated = np.datetime_data(array.dtype)[0] in {"Y", "M", "W", "D"}
        return Plain(array, "date" if dated else "time", either(missing, np.isnat(array)))
    if kind == "f":
        return Plain(array, "float", either(missing, np.isnan(array)))
    if kind not in "biu":
        raise InvalidInputError(name, "must hold text, numbers or times", f"got {array.dtype}")
    return Plain(array, "bool" if kind == "b" else "int", either(missing, None))


def of_objects(given: Collection[Any], missing: Mask | None = None) -> Plain:
    """Read Python objects; where all are of one type, as that type.

    No list is left to numpy, which turns ``[1, "a"]`` into text and ``[True, 2]`` into numbers.
    """
    import pandas as pd
    from pandas.api.types import infer_dtype

    array = (
        given
        if isinstance(given, np.ndarray)
        else np.fromiter(given, np.dtype(object), len(given))
    )
    with decimal.localcontext() as context:
        context.traps[decimal.InvalidOperation] = False  # a signalling NaN is missing like others
        missing = either(missing, np.asarray(pd.isna(array), np.bool_))
    present = array if missing is None else array[~missing]
    found = infer_dtype(present, skipna=False)
    if found == "empty":
        return Plain(np.zeros(len(array), np.int64), "nothing", np.ones(len(array), np.bool_))
    if found == "string":
        if missing is not None:
            array = array.copy()
            array[missing] = None
        return Plain(array, "text", missing, typed=False)
    if found not in _OF_ONE_TYPE:
        return Plain(array, "object", missing, typed=False)
    dtype, kind = _OF_ONE_TYPE[found]
    values = np.zeros(len(array), dtype)
    try:
        values[slice(None) if missing is None else ~missing] = present.astype(dtype)
    except OverflowError:  # an int beyond 64 bits
        return Plain(array, "object", missing, typed=False)
    return Plain(values, kind, missing, typed=False)


_OF_ONE_TYPE: dict[str, tuple[type[np.generic], Kind]] = {
    "boolean": (np.bool_, "bool"),
    "integer": (np.int64, "int"),
    "floating": (np.float64, "float"),
}


def is_int(x: object) -> bool:
    """Whether an object is a whole number; numpy counts a timedelta among them."""
    return isinstance(x, numbers.Integral) and not isinstance(x, bool | np.timedelta64)


def kind_of(read: Raw) -> Kind:
    """Return what a column of any form holds."""
    if isinstance(read, Text):
        return "text"
    return read.categories.kind if isinstance(read, Dictionary) else read.kind


def said_of(plain: Plain) -> str:
    """Say what kind of values a column holds."""
    names = {"bool": "booleans", "int": "ints", "float": "floats", "scaled": "decimals"}
    names |= {"time": "times", "date": "dates", "object": "objects"}
    return names.get(plain.kind, plain.kind)


def either(a: Mask | None, b: Mask | None) -> Mask | None:
    """Return the rows in either mask; None when there is none."""
    a = a if a is not None and a.any() else None
    b = b if b is not None and b.any() else None
    if a is None or b is None:
        return b if a is None else a
    return a | b


def nulls(array: Any) -> Mask:
    """Return the rows of an Arrow array that are null."""
    if not array.null_count:
        return np.zeros(len(array), np.bool_)
    rows: Mask = array.is_null().to_numpy(zero_copy_only=False)
    return rows
