"""What the columnar machine reads and leaves: rows of events, opening states, final states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.policy.spans import NEVER

__all__ = ["Final", "Opening", "Rows", "canonical", "spread"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]


@attrs.frozen(eq=False)
class Rows:
    """Events in canonical order, customer by customer.

    Parameters
    ----------
    offsets : int64 (n_customers + 1,)
        The rows of customer c are ``offsets[c]:offsets[c + 1]``.
    at : int64 (n,)
        Microseconds UTC.
    trigger : int8 (n,)
        What each is to the machine.
    source : int64 (n,)
        The row of the log it comes from; `PAST` if it stands for an opening state, `BEFORE` for
        what qualified before that.
    """

    PAST: ClassVar[int] = -2
    BEFORE: ClassVar[int] = -3

    offsets: Int
    at: Int
    trigger: Codes
    source: Int

    def part(self, first: int, last: int) -> Rows:
        """Return the rows of customers first..last-1."""
        lo, hi = int(self.offsets[first]), int(self.offsets[last])
        cut = slice(lo, hi)
        return Rows(
            self.offsets[first : last + 1] - lo, self.at[cut], self.trigger[cut], self.source[cut]
        )


@attrs.frozen(eq=False)
class Opening:
    """Where customers stood before the first event: a value each, in the order of the rows.

    Parameters
    ----------
    at : int
        Up to when everything was settled, microseconds.
    stage : int8
        Code of the stage.
    ends : int64
        When the life or the wait for one ends by itself; when it ended, if it has.
    lives, ordinal : int64
        Lives begun; qualifying activities in the latest one, before the first one those so far.
    life_since, qualified_at : int64
        When the latest life began, the last qualifying activity; `NEVER` without one.
    """

    at: int
    stage: Codes
    ends: Int
    lives: Int
    ordinal: Int
    life_since: Int
    qualified_at: Int

    def part(self, first: int, last: int) -> Opening:
        """Return that of customers first..last-1."""
        names = ("stage", "ends", "lives", "ordinal", "life_since", "qualified_at")
        return Opening(self.at, *(getattr(self, name)[first:last] for name in names))


@attrs.frozen(eq=False)
class Final:
    """What is counted of each customer at the end, and when that ends.

    Parameters
    ----------
    lives, ordinal : int64 (n_customers,)
        Lives begun; qualifying activities in the latest one, before the first one those so far.
    life_since, qualified_at : int64 (n_customers,)
        When the latest life began, the last qualifying activity; `NEVER` without one.
    ends : int64 (n_customers,)
        When the latest life ends or ended, `NEVER` if it does not.
    """

    lives: Int
    ordinal: Int
    life_since: Int
    qualified_at: Int
    ends: Int

    def spread(self, seen: NDArray[np.bool_]) -> Final:
        """Return it with customers without any event in their places."""
        absent = {"lives": 0, "ordinal": 0}
        names = [field.name for field in attrs.fields(Final)]
        return Final(*(spread(seen, getattr(self, n), absent.get(n, NEVER)) for n in names))

    @staticmethod
    def joined(parts: Sequence[Final]) -> Final:
        """Return that of the customers of all parts, one after another."""
        names = [field.name for field in attrs.fields(Final)]
        return Final(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def spread(seen: NDArray[np.bool_], values: Int, absent: int) -> Int:
    """Give customers without any event their value."""
    out = np.full(seen.size, absent, np.int64)
    out[seen] = values
    return out


def canonical(rows: Rows) -> Rows:
    """Return the rows in canonical order: customer, instant, trigger, place.

    Rows come sorted by customer and instant. Only a run of one customer's rows at one instant can
    be out of order, so only those are sorted.
    """
    at, trigger, offsets = rows.at, rows.trigger, rows.offsets
    if at.size < 2:
        return rows
    tied = at[1:] == at[:-1]
    starts = offsets[1:-1]
    tied[starts[(starts > 0) & (starts < at.size)] - 1] = False
    if not (tied & (trigger[1:] < trigger[:-1])).any():
        return rows
    run = np.concatenate(([0], np.cumsum(~tied)))
    in_tie = np.zeros(at.size, bool)
    in_tie[1:] = tied
    in_tie[:-1] |= tied
    place = np.flatnonzero(in_tie)
    order = np.arange(at.size)
    order[place] = place[np.argsort(run[place] * 16 + trigger[place], kind="stable")]
    return attrs.evolve(rows, trigger=trigger[order], source=rows.source[order])
