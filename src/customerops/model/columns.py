"""The kinds of column a log holds; each knows how to keep some of its rows."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.labels import Label

__all__ = ["Coded", "Column", "Ids", "Numbers", "code_type"]


@attrs.frozen(eq=False)
class Coded:
    """A categorical column: small integer codes into sorted labels; -1 is missing."""

    codes: NDArray[Any]
    labels: tuple[Label, ...]

    def take(self, rows: NDArray[Any]) -> Coded:
        """Keep the rows of a boolean mask or of positions."""
        return Coded(_frozen(self.codes[rows]), self.labels)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.codes.nbytes


@attrs.frozen(eq=False)
class Numbers:
    """An int64 column (minor units, microseconds, fixed point); `valid` None means all are."""

    values: NDArray[np.int64]
    valid: NDArray[np.bool_] | None = None

    def take(self, rows: NDArray[Any]) -> Numbers:
        """Keep the rows of a boolean mask or of positions."""
        valid = None if self.valid is None else _frozen(self.valid[rows])
        return Numbers(_frozen(self.values[rows]), valid)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.values.nbytes + (0 if self.valid is None else self.valid.nbytes)


@attrs.frozen(eq=False)
class Ids:
    """A column of ids: int64, or an object array of one type (str or UUID); None is missing."""

    values: NDArray[Any]

    def take(self, rows: NDArray[Any]) -> Ids:
        """Keep the rows of a boolean mask or of positions."""
        return Ids(_frozen(self.values[rows]))

    @property
    def nbytes(self) -> int:
        """Bytes held (for objects, of the references)."""
        return self.values.nbytes


Column = Coded | Numbers | Ids


def code_type(labels: int) -> np.dtype[Any]:
    """Return the smallest integer type that codes so many labels, with -1 for missing."""
    small = (np.int8, np.int16)
    return np.dtype(next((t for t in small if labels <= np.iinfo(t).max + 1), np.int32))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
