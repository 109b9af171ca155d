"""Attempts at a funnel: from every start, the rows that take its steps."""

from __future__ import annotations

from collections.abc import Collection

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["Attempts", "Excluded", "Rows", "chained"]

Rows = NDArray[np.intp]

_FEW = 12
"""Rows of a log for each one looked up, from which it is cheaper to search for them alone."""

Excluded = tuple[NDArray[np.bool_], int, int]
"""Which rows taint an attempt, after which step and before which, counted from 0."""


@attrs.frozen(eq=False)
class Attempts:
    """One attempt per start.

    A history is what is walked together: the events of a customer, or those of them that share a
    value. Histories stand one after another. A step that was not taken has the row after the last
    of all, ``len(at)``.

    Attributes
    ----------
    at : ndarray of int64, shape (n_events,)
        When each event was.
    start : ndarray of int, shape (attempts,)
        The row at which each begins.
    stop : ndarray of int, shape (attempts,)
        The row after the last of its history.
    within : int
        How long it may take, in microseconds.
    begun : ndarray of int64, shape (attempts,)
        When each begins.
    """

    at: NDArray[np.int64]
    start: Rows
    stop: Rows
    within: int
    begun: NDArray[np.int64] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "begun", self.at[self.start])

    def first(self, mask: NDArray[np.bool_], row: Rows) -> Rows:
        """Return the first row from each one on for which a mask holds, if it is in time."""
        alive = np.flatnonzero(row < self.stop)
        if len(alive) == len(row):
            return self._known(_next(mask, row), self.stop, self.begun)
        return self._spread(alive, _next(mask, row[alive]))

    def ordered(
        self, steps: list[NDArray[np.bool_]], optional: Collection[int] = ()
    ) -> list[Rows]:
        """Return the row of each step, the earliest after that of the step before.

        Steps that are optional, counted from 0, change nothing for the others: they are looked
        for in turn between the two required steps around them.
        """
        rows = [self.start] * len(steps)
        before = self.start
        for k, step in enumerate(steps):
            if k and k not in optional:
                before = rows[k] = self.first(step, before + 1)
        for k in sorted(optional):
            upto = rows[next(i for i in range(k, len(steps)) if i not in optional)]
            if k - 1 not in optional:
                before = rows[k - 1]
            row = self.first(steps[k], before + 1)
            rows[k] = np.where(row < upto, row, len(self.at))
            before = np.where(row < upto, row, before)
        return rows

    def strict(self, steps: list[NDArray[np.bool_]]) -> list[Rows]:
        """Return the row of each step, which is the next event of the history."""
        rows = [self.start]
        for step in steps[1:]:
            following = rows[-1] + 1
            alive = np.flatnonzero(following < self.stop)
            alive = alive[step[following[alive]]]
            rows.append(self._spread(alive, following[alive]))
        return rows

    def unordered(self, steps: list[NDArray[np.bool_]]) -> list[Rows]:
        """Return the rows of the steps by time; each step takes its earliest free row in turn."""
        taken: list[Rows] = []
        for step in steps:
            row = self.first(step, self.start)
            for _ in taken:  # as many rows may be in the way
                used = np.logical_or.reduce([row == other for other in taken])
                row = np.where(used, self.first(step, row + 1), row)
            taken.append(row)
        return list(np.sort(np.stack(taken), axis=0))

    def tainted(self, rows: list[Rows], exclude: list[Excluded]) -> Rows:
        """Return the first of the excluded rows that lie between two steps of each attempt."""
        first = np.full(len(self.start), len(self.at))
        for excluded, after, before in exclude:
            row = self.first(excluded, rows[after] + 1)
            first = np.where(row < rows[before], np.minimum(first, row), first)
        return first

    def followed(self, rows: list[Rows], taint: Rows, *, strict: bool) -> Rows:
        """Return for each attempt the first one that starts when it has ended.

        It ends with its last step, at the first excluded row, or when its time is over; in strict
        order also at the event that is not the next step. An excluded row, or one that breaks the
        order, may be a start. The attempts of each history must stand together, by start.
        """
        done = rows[-1] < len(self.at)
        ended = np.where(done, rows[-1] + 1, len(self.at))
        if strict:
            deepest = np.max([np.where(row < len(self.at), row, 0) for row in rows], axis=0)
            ended = deepest + 1
        by_row = np.searchsorted(self.start, np.minimum(ended, taint))
        return np.minimum(by_row, self._later())

    def _later(self) -> Rows:
        """Return the first attempt of each one's history that starts after its time, or the next's."""
        begun = self.begun
        low = np.arange(1, len(begun) + 1)
        high = np.searchsorted(self.start, self.stop)
        while (low < high).any():
            middle = np.minimum((low + high) // 2, len(begun) - 1)
            late = begun[middle] > begun + self.within
            low, high = (
                np.where((low < high) & ~late, middle + 1, low),
                np.where((low < high) & late, middle, high),
            )
        return low

    def _spread(self, some: Rows, row: Rows) -> Rows:
        """Return for every attempt the row of some of them, if of its history and in time."""
        known = np.full(len(self.start), len(self.at))
        known[some] = self._known(row, self.stop[some], self.begun[some])
        return known

    def _known(self, row: Rows, stop: Rows, begun: NDArray[np.int64]) -> Rows:
        """Return the rows that are of the same history and in time; else the number of rows."""
        none = len(self.at)
        lasted = self.at[np.minimum(row, max(none - 1, 0))] - begun
        return np.where((row < stop) & (lasted <= self.within), row, none)


def chained(following: Rows) -> Rows:
    """Return the places that are reached from the first, each leading to a later one."""
    leads = following.tolist()
    chosen, place = [], 0
    while place < len(leads):
        chosen.append(place)
        place = leads[place]
    return np.array(chosen, np.intp)


def _next(mask: NDArray[np.bool_], row: Rows) -> Rows:
    """Return the first row from each one on for which a mask holds; else the number of rows."""
    where = np.append(np.flatnonzero(mask), len(mask))
    if len(row) * _FEW < len(mask):
        return where[np.searchsorted(where[:-1], row)]
    following: Rows = np.repeat(where, np.diff(where, prepend=-1))  # of every row
    return following[row]
