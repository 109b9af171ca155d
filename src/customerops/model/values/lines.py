"""Line items of a log's events: a second ragged table under the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.values.columns import Column, read_only
from customerops.model.values.runs import ranges

__all__ = ["Lines"]


@attrs.frozen(eq=False)
class Lines:
    """The lines of event i are rows ``offsets[i]:offsets[i + 1]`` of every column.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_events + 1,)
        Where the lines of each event begin.
    columns : mapping of str to Column
        ``sku`` and ``category`` (coded), ``quantity`` (fixed point with `quantity_decimals`),
        ``unit_price`` (minor units of the log's currency).
    quantity_decimals : int
        Decimals of the fixed-point quantity.
    """

    offsets: NDArray[np.int64]
    columns: Mapping[str, Column] = attrs.field(converter=read_only)
    quantity_decimals: int

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the columns; the view of them is made again."""
        return (Lines, (self.offsets, dict(self.columns), self.quantity_decimals))

    def take(self, rows: NDArray[Any]) -> Lines:
        """Keep the lines of the events of a boolean mask or of positions, in that order."""
        positions = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        starts = self.offsets[positions]
        lengths = self.offsets[positions + 1] - starts
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        offsets.flags.writeable = False
        kept = ranges(starts, lengths)
        columns = {name: column.take(kept) for name, column in self.columns.items()}
        return Lines(offsets, columns, self.quantity_decimals)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.offsets.nbytes + sum(column.nbytes for column in self.columns.values())
