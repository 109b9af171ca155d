"""Attempts at a funnel: from every start, the rows that take its steps."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["Attempts", "Excluded"]

Rows = NDArray[np.intp]

Excluded = tuple[NDArray[np.bool_], int, int]
"""Which rows taint an attempt, after which step and before which, counted from 0."""


@attrs.frozen(eq=False)
class Attempts:
    """One attempt per start.

    Attributes
    ----------
    at : ndarray of int64, shape (n_events,)
        When each event of the log was.
    start : ndarray of int, shape (attempts,)
        The row at which each begins.
    stop : ndarray of int, shape (attempts,)
        The row after the last of its customer.
    within : int
        How long it may take, in microseconds.
    """

    at: NDArray[np.int64]
    start: Rows
    stop: Rows
    within: int

    def ordered(self, steps: list[NDArray[np.bool_]]) -> list[Rows]:
        """Return the row of each step, the earliest after that of the step before."""
        rows = [self.start]
        for step in steps[1:]:
            rows.append(self._known(_next(step, rows[-1] + 1)))
        return rows

    def strict(self, steps: list[NDArray[np.bool_]]) -> list[Rows]:
        """Return the row of each step, which is the customer's next event."""
        rows = [self.start]
        for step in steps[1:]:
            following = rows[-1] + 1
            rows.append(self._known(np.where(_holds(step, following), following, len(self.at))))
        return rows

    def unordered(self, steps: list[NDArray[np.bool_]]) -> list[Rows]:
        """Return the rows of the steps by time; each step takes its earliest free row in turn."""
        taken: list[Rows] = []
        for step in steps:
            row = _next(step, self.start)
            for _ in taken:  # as many rows may be in the way
                used = np.logical_or.reduce([row == other for other in taken])
                row = np.where(used, _next(step, row + 1), row)
            taken.append(self._known(row))
        return list(np.sort(np.stack(taken), axis=0))

    def clean(self, rows: list[Rows], exclude: list[Excluded]) -> NDArray[np.bool_]:
        """Return which attempts have none of the excluded rows between two steps."""
        clean = np.ones(len(self.start), np.bool_)
        for excluded, after, before in exclude:
            row = self._known(_next(excluded, rows[after] + 1))
            clean &= ~((row < len(self.at)) & (row < rows[before]))
        return clean

    def depth(self, rows: list[Rows]) -> NDArray[np.int64]:
        """Return how many steps each attempt reached."""
        reached = np.zeros(len(self.start), np.int64)
        for row in rows:
            reached += row < len(self.at)
        return reached

    def _known(self, row: Rows) -> Rows:
        """Return the rows that are of the same customer and in time; else the number of rows."""
        inside = row < self.stop
        late = self.at[np.where(inside, row, self.start)] - self.at[self.start] > self.within
        return np.where(inside & ~late, row, len(self.at))


def _next(mask: NDArray[np.bool_], row: Rows) -> Rows:
    """Return the first row from each one on for which a mask holds; else the number of rows."""
    where = np.append(np.flatnonzero(mask), len(mask))
    return where[np.searchsorted(where[:-1], row)]


def _holds(mask: NDArray[np.bool_], row: Rows) -> NDArray[np.bool_]:
    """Return whether a mask holds at each row; beyond the last it does not."""
    held: NDArray[np.bool_] = np.append(mask, False)[np.minimum(row, len(mask))]
    return held
