"""Stays: who was there when, unbroken; read from spells or from activity, counted by stretch.

A customer *belongs* at an edge of time if they were there until it: ``start < edge <= end``. So a
stretch is known as soon as every instant of it is, the customer who starts at its first instant is
new in it, and one who ends at its first instant leaves in it and not in the one before.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import EVER, Spans
from customerops.model.tables.axes import Axis
from customerops.model.values import exact
from customerops.model.values.checks import did_you_mean
from customerops.model.values.columns import Coded
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells
    from customerops.model.values.labels import Label

__all__ = [
    "Groups",
    "Stays",
    "Traffic",
    "groups_of_spells",
    "stays_of_activity",
    "stays_of_spells",
]

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@attrs.frozen(eq=False)
class Groups:
    """The group of each part of a stay, and their axis; one group and no axis without any."""

    codes: NDArray[Any]
    count: int
    axes: tuple[Axis, ...]


@attrs.frozen(eq=False)
class Stays:
    """Unbroken stays of customers, in order of customer and time.

    A stay is made of parts, which differ only in their group: each lasts until the next begins.

    Attributes
    ----------
    customer : ndarray of int, shape (stays,)
        Never falls.
    start, end : ndarray of int64, shape (stays,)
        Microseconds; a stay that goes on ends at `EVER`.
    cause : Coded
        Why each ended; missing while it goes on.
    stay, began, until : ndarray, shape (parts,)
        The stay of each part, and its ends.
    groups : Groups
        The group of each part.
    """

    customer: NDArray[Any]
    start: Ints
    end: Ints
    cause: Coded
    stay: NDArray[np.intp]
    began: Ints
    until: Ints
    groups: Groups

    @property
    def ended(self) -> Mask:
        """Which stays have ended."""
        return self.end < EVER


def stays_of_spells(spells: Spells, as_of: int, by: str | None) -> Stays:
    """Return the stays of customers: spells that overlap or touch are one.

    What is not known at `as_of` is left out. The cause is that of the spell that ended last; of
    several, of the one that started last.

    Raises
    ------
    InvalidInputError
        If a spell came under observation after it had started, or `by` is no attribute.
    """
    if spells.entry is not None and (spells.entry > spells.start).any():
        raise InvalidInputError(
            "spells", "must be observed since their start", "who joined before is not known"
        )
    rows = np.flatnonzero(spells.start <= as_of)
    customer, start = spells.codes[rows], spells.start[rows]
    ended = spells.observed[rows] & (spells.end[rows] <= as_of)
    end = np.where(ended, spells.end[rows], EVER)

    reach = _running_max(customer, end)
    new = first_of_run(customer)
    new[1:] |= start[1:] > reach[:-1]
    lead = np.flatnonzero(new)
    stay = np.cumsum(new) - 1
    last = np.append(lead, len(rows))[1:] - 1
    final = np.where(end == reach[last][stay], np.arange(len(rows)), -1)
    closing = np.maximum.reduceat(final, lead) if len(lead) else final
    until = np.append(start[1:], 0)
    until[last] = reach[last]
    causes = np.where(reach[last] < EVER, spells.cause.codes[rows[closing]], -1)
    return Stays(
        customer=customer[lead],
        start=start[lead],
        end=reach[last],
        cause=Coded(causes, spells.cause.labels),
        stay=stay,
        began=start,
        until=until,
        groups=groups_of_spells(spells, rows, by),
    )


def stays_of_activity(
    customer: NDArray[Any], at: Ints, *, width: int, as_of: int, groups: Groups
) -> Stays:
    """Return the stays of customers who are there for `width` after each of their events.

    Parameters
    ----------
    customer, at : ndarray, shape (events,)
        In order of customer and time.
    width, as_of : int
        Microseconds.
    groups : Groups
        The group of each customer.
    """
    new = first_of_run(customer)
    new[1:] |= at[1:] - at[:-1] >= width
    lead = np.flatnonzero(new)
    lapse = at[np.append(lead, len(at))[1:] - 1] + width
    start, end = at[lead], np.where(lapse <= as_of, lapse, EVER)
    return Stays(
        customer=customer[lead],
        start=start,
        end=end,
        cause=Coded(np.full(len(lead), -1, np.int8), ()),
        stay=np.arange(len(lead)),
        began=start,
        until=end,
        groups=attrs.evolve(groups, codes=groups.codes[customer[lead]]),
    )


@attrs.frozen(eq=False)
class Traffic:
    """Stays seen by stretch: where each starts and ends, and what may be counted of it.

    Attributes
    ----------
    stays : Stays
        The stays.
    spans : Spans
        The n stretches.
    first, last : ndarray of int, shape (stays,)
        The stretch in which a stay starts and ends: -1 before all, n after all or never.
    """

    stays: Stays
    spans: Spans
    first: NDArray[np.intp]
    last: NDArray[np.intp]

    @classmethod
    def of(cls, stays: Stays, spans: Spans) -> Traffic:
        """Place the stays among the stretches."""
        return cls(stays, spans, spans.place(stays.start), spans.place(stays.end))

    # ------------------------------------------------------------------ which stays

    def leaving(self) -> Mask:
        """Return the stays that end in a stretch; one customer may have several in one."""
        return (self.last >= 0) & (self.last < len(self.spans))

    def left(self) -> Mask:
        """Return the stays that end in a stretch to whose opening base they belong."""
        return self.leaving() & (self.first < self.last)

    def lost(self) -> Mask:
        """Return those of `left` whose customer does not belong at the end of the stretch."""
        left = self.left()
        left[left] = self.last[self._final(left)] == self.last[left]
        return left

    def new(self) -> Mask:
        """Return the first stay that starts in a stretch, of customers not in its opening base."""
        inside = (self.first >= 0) & (self.first < len(self.spans))
        again = np.zeros(len(inside), np.bool_)
        same = self.stays.customer[1:] == self.stays.customer[:-1]
        # the stay before started in this stretch, or reached into it
        again[1:] = same & (self.last[:-1] >= self.first[1:])
        return inside & ~again

    def cause(self, which: Mask, *, final: bool) -> NDArray[Any]:
        """Return the code of the cause of stays, or of the customer's last in the same stretch."""
        rows = self._final(which) if final else np.flatnonzero(which)
        return self.stays.cause.codes[rows]

    def caused(self, which: Mask, causes: Collection[str] | None, *, final: bool) -> Mask:
        """Keep the stays that ended for one of some causes; all without any."""
        if causes is None:
            return which
        labels = self.stays.cause.labels
        wanted = [code for code, label in enumerate(labels) if label in causes]
        kept = which.copy()
        kept[which] = np.isin(self.cause(which, final=final), wanted)
        return kept

    def _final(self, which: Mask) -> NDArray[np.intp]:
        """Return the last stay of the same customer that starts no later than that stretch."""
        key = self._key(self.stays.customer, self.first)
        wanted = self._key(self.stays.customer[which], self.last[which])
        return np.searchsorted(key, wanted, side="right") - 1

    def _key(self, of: NDArray[Any], place: NDArray[np.intp]) -> Ints:
        return of.astype(np.int64) * (len(self.spans) + 2) + place + 1

    # ------------------------------------------------------------------ counting

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a part: by group and stretch, without the axes that are not there."""
        groups = self.stays.groups
        lengths = (groups.count,) if groups.axes else ()
        return (*lengths, len(self.spans)) if self.spans.axes else lengths

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Group and period."""
        return (*self.stays.groups.axes, *self.spans.axes)

    def cells(self, stay: NDArray[np.intp], place: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the cell of stays in a stretch: the group they entered it with.

        That is the group of the last part that began before the stretch, or, of a stay that
        begins in it, of the part it began with.
        """
        stays = self.stays
        key = self._key(stays.stay, self.spans.place(stays.began))
        before = np.searchsorted(key, self._key(stay, place - 1), side="right") - 1
        begins = stays.began == stays.start[stays.stay]
        opening = np.cumsum(np.bincount(stays.stay, minlength=len(stays.start)))
        opening -= np.bincount(stays.stay[~begins], minlength=len(stays.start)) + 1
        part = np.where(self.first[stay] < place, before, opening[stay])
        return stays.groups.codes[part] * len(self.spans) + place

    def count(self, which: Mask, place: NDArray[np.intp]) -> NDArray[Any]:
        """Return how many of the stays lie in each cell; `place` is the stretch of every stay."""
        rows = np.flatnonzero(which)
        return self.shaped(np.bincount(self.cells(rows, place[rows]), minlength=self._size))

    def base(self, edge: int) -> NDArray[Any]:
        """Return how many customers belong at the start (0) or the end (1) of each stretch."""
        stays, n = self.stays, len(self.spans)
        low, high = self.spans.place(stays.began) + 1, self.spans.place(stays.until)
        some = low <= high
        change = self._tally(low[some], some) - self._tally(high[some] + 1, some)
        at_edges = np.cumsum(change, axis=1)
        return self.shaped(at_edges[:, edge : n + edge])

    def exposure(self, horizon: int) -> NDArray[Any]:
        """Return the time customers were there in each cell, up to a horizon; microseconds."""
        stays, edges, n = self.stays, self.spans.edges, len(self.spans)
        if not n:
            return self.shaped(np.zeros(self._size, np.int64))
        began = np.maximum(stays.began, edges[0])
        until = np.minimum(np.minimum(stays.until, horizon), edges[-1])
        some = until > began
        a, b = began[some], until[some]
        low, high = self.spans.place(a), self.spans.place(b - 1)
        one = low == high
        row = stays.groups.codes[some] * n
        partial = exact.add(
            exact.group_sum(row + low, np.where(one, b, edges[low + 1]) - a, self._size),
            exact.group_sum((row + high)[~one], (b - edges[high])[~one], self._size),
        )
        between = some.copy()
        between[some] = ~one
        change = self._tally(low[~one] + 1, between) - self._tally(high[~one], between)
        whole = np.cumsum(change, axis=1)[:, :n].astype(object) * np.diff(edges)
        return self.shaped(exact.add(exact.canon(whole.ravel()), partial))

    def shaped(self, counts: NDArray[Any]) -> NDArray[Any]:
        """Return counts by cell in the shape of the axes."""
        return np.asarray(counts).reshape(self.shape)

    @property
    def _size(self) -> int:
        return self.stays.groups.count * len(self.spans)

    def _tally(self, place: NDArray[np.intp], which: Mask) -> NDArray[np.intp]:
        """Return how many of some parts have each place, by group."""
        width, count = len(self.spans) + 2, self.stays.groups.count
        row = self.stays.groups.codes[which] * width
        return np.bincount(row + place, minlength=count * width).reshape(count, width)


def _running_max(customer: NDArray[Any], end: Ints) -> Ints:
    """Return the latest end so far of each customer's rows."""
    values, rank = np.unique(end, return_inverse=True)
    key = np.maximum.accumulate(customer.astype(np.int64) * (len(values) + 1) + rank)
    return values[key - customer.astype(np.int64) * (len(values) + 1)]


def groups_of_spells(spells: Spells, rows: NDArray[np.intp], by: str | None) -> Groups:
    """Return the label of each spell among those that occur."""
    if by is None:
        return Groups(np.zeros(len(rows), np.intp), 1, ())
    column = spells.attributes.get(by)
    if not isinstance(column, Coded):
        problem = f"got {by!r}{did_you_mean(by, spells.attributes)}"
        raise InvalidInputError("by", "must be an attribute of the spells", problem)
    codes = column.codes[rows]
    table: list[Label] = [*column.labels, None]
    codes = np.where(codes < 0, len(column.labels), codes)  # missing comes last
    found, place = np.unique(codes, return_inverse=True)
    labels = [table[code] for code in found.tolist()]
    return Groups(place, len(labels), (Axis(by, labels, "group", disjoint=True),))
