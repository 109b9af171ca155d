"""The kinds of column a log holds; each knows how to keep some of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.values.labels import Label

__all__ = ["Coded", "Column", "Ids", "Numbers", "code_type", "read_only"]


@attrs.frozen(eq=False, repr=False)
class Coded:
    """A categorical column: small integer codes into sorted labels; -1 is missing.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        The place of each row's label; -1 where it is missing.
    labels : tuple of str, int, bool or None
        Every label once, sorted.
    """

    codes: NDArray[Any]
    labels: tuple[Label, ...]

    def __repr__(self) -> str:
        """Return the sizes; labels may be somebody's data."""
        return f"Coded({len(self.codes)} rows, {len(self.labels)} labels)"

    def take(self, rows: NDArray[Any]) -> Coded:
        """Keep the rows of a boolean mask or of positions."""
        return Coded(_frozen(self.codes[rows]), self.labels)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.codes.nbytes


@attrs.frozen(eq=False, repr=False)
class Numbers:
    """An int64 column (minor units, microseconds, fixed point); `valid` None means all are.

    Attributes
    ----------
    values : ndarray of int64, shape (n,)
        The numbers; of no meaning where they are not valid.
    valid : ndarray of bool, shape (n,), or None
        Where there is a number; None if everywhere.
    """

    values: NDArray[np.int64]
    valid: NDArray[np.bool_] | None = None

    def __repr__(self) -> str:
        """Return the size."""
        return f"Numbers({len(self.values)} rows)"

    def take(self, rows: NDArray[Any]) -> Numbers:
        """Keep the rows of a boolean mask or of positions."""
        valid = None if self.valid is None else _frozen(self.valid[rows])
        return Numbers(_frozen(self.values[rows]), valid)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.values.nbytes + (0 if self.valid is None else self.valid.nbytes)


@attrs.frozen(eq=False, repr=False)
class Ids:
    """A column of ids: int64, or an object array of one type (str or UUID); None is missing."""

    values: NDArray[Any]

    def __repr__(self) -> str:
        """Return the size, and no id."""
        return f"Ids({len(self.values)} rows)"

    def take(self, rows: NDArray[Any]) -> Ids:
        """Keep the rows of a boolean mask or of positions."""
        return Ids(_frozen(self.values[rows]))

    @property
    def nbytes(self) -> int:
        """Bytes held (for objects, of the references)."""
        return self.values.nbytes


Column = Coded | Numbers | Ids


def read_only(columns: Mapping[str, Column]) -> Mapping[str, Any]:
    """Return columns by name, as a mapping that cannot be changed."""
    return MappingProxyType(dict(columns))


def code_type(labels: int) -> np.dtype[Any]:
    """Return the smallest integer type that codes so many labels, with -1 for missing."""
    small = (np.int8, np.int16)
    return np.dtype(next((t for t in small if labels <= np.iinfo(t).max + 1), np.int32))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
