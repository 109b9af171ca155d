"""Returns: at which ages the members of cohorts had another event, and until when they are known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.derived import activity, blocks, first_rows, rows_of
from customerops.model.values.runs import first_of_run, ranges

if TYPE_CHECKING:
    from customerops.model.log.ask import Asked
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Period

__all__ = ["DAYS", "Ages", "Members", "members_of", "returned"]

_HOUR_US = 3_600_000_000
DAYS = {"hour": _HOUR_US, "day": 24 * _HOUR_US, "week": 7 * 24 * _HOUR_US}
"""Microseconds of the periods that elapse; a month does not."""

_PAIRS = 2**22  # of a member and a return, looked at together

Ints = NDArray[np.int64]
Pairs = tuple[NDArray[np.intp], Ints, NDArray[Any]]
"""Member, age, and how many events: each age of a member once."""


@attrs.frozen(eq=False)
class Members:
    """Customers in cohorts, in order of customer and cohort.

    Attributes
    ----------
    customer : ndarray of int
        An index into ``log.customers``.
    cohort : ndarray of int64
        Ordinal of the period.
    row : ndarray of int
        The event that made them start, a row of the log.
    once : bool
        Whether each customer is in one cohort only.
    """

    customer: NDArray[Any]
    cohort: Ints
    row: NDArray[np.intp]
    once: bool

    def inside(self, first: int, last: int) -> Members:
        """Return those of some cohorts."""
        which = (self.cohort >= first) & (self.cohort <= last)
        return self if which.all() else self.at(which)

    def at(self, which: NDArray[Any] | slice) -> Members:
        """Return some of them."""
        return Members(self.customer[which], self.cohort[which], self.row[which], self.once)


@attrs.frozen
class Ages:
    """The columns of a cohort table: single ages from 0, or brackets of them."""

    n: int
    brackets: tuple[tuple[int, int], ...] | None
    suffix: bool
    """Whether a return counts for every age up to its own."""

    def __len__(self) -> int:
        """Return the number of columns."""
        return self.n if self.brackets is None else len(self.brackets)

    @property
    def firsts(self) -> list[int]:
        """The first age of each column."""
        return list(range(self.n)) if self.brackets is None else [a for a, _ in self.brackets]


def members_of(asked: Asked, starting: Rule, period: Period, *, first_time: bool) -> Members:
    """Return who started in which period: once ever, or once a period; cached."""
    return asked.log.memo(
        ("members", starting, period, asked.zone, first_time),
        lambda: _members(asked, starting, period, first_time=first_time),
    )


def _members(asked: Asked, starting: Rule, period: Period, *, first_time: bool) -> Members:
    log = asked.log
    if first_time:
        found = activity(log, starting, period, asked.zone)
        first = np.flatnonzero(found.first)
        cohort = found.ordinals[first].astype(np.int64)
        return Members(found.codes[first], cohort, first_rows(log, starting), first_time)
    rows = rows_of(log, starting)
    every = log.ordinals(period, asked.zone)[rows]
    lead = first_of_run(log.codes[rows], every)
    rows, ordinals = rows[lead], every[lead].astype(np.int64)
    return Members(log.codes[rows], ordinals, rows, first_time)


def returned(
    asked: Asked,
    members: Members,
    cell: NDArray[Any],
    n_cells: int,
    back: Rule,
    ages: Ages,
    *,
    elapsed: bool,
    everybody: bool,
    at_least: int,
) -> tuple[Ints, Ints]:
    """Return how many members of each cell returned, and how many are eligible, by column.

    Parameters
    ----------
    asked : Asked
        The question, with its period.
    members : Members
        Who is in which cohort.
    cell : ndarray of int
        The group and cohort of each member.
    n_cells : int
        How many there are.
    back : Rule
        Which events are returns.
    ages : Ages
        The columns.
    elapsed : bool
        Whether ages elapse since the start, or are calendar periods.
    everybody : bool
        Whether age 0 counts without a return.
    at_least : int
        Returns it takes.

    Returns
    -------
    tuple of ndarray, shape (cells, columns)
    """
    reached = _reached(asked, members, elapsed=elapsed)
    width = len(ages)
    total = _eligible(cell, reached, n_cells, ages)
    returns = _Returns.of(asked, back, elapsed=elapsed, counted=at_least > 1)
    if ages.suffix:
        final = returns.from_the_end(members, at_least)
        final = np.maximum(final, 0) if everybody else final
        return _from_right(cell, np.minimum(final, reached) + 1, n_cells, width), total
    flat = np.zeros(n_cells * width, np.int64)
    alone = ages.brackets is None and returns.direct(members)
    if alone:
        flat += returns.by_age(members, cell, len(flat), width, at_least)
        if not everybody:
            often = (returns.at_once(members) >= at_least) & (reached >= 0)
            flat += np.bincount(cell[often] * width, minlength=len(flat))
    for part in () if alone else returns.slices(members):
        pairs = returns.pairs(members.at(part), everybody=everybody)
        if ages.brackets is None:
            at = _at_ages(pairs, cell[part], reached[part], width, at_least)
        else:
            at = _in_brackets(
                pairs, cell[part], reached[part], ages.brackets, at_least, everybody=everybody
            )
        flat += np.bincount(at, minlength=len(flat))
    count = flat.reshape(n_cells, width)
    if everybody and ages.brackets is None and width:
        count[:, 0] = total[:, 0]
    return count, total


def _at_ages(
    pairs: Pairs, cell: NDArray[Any], reached: Ints, width: int, at_least: int
) -> NDArray[Any]:
    """Return the cell and column of every single age at which a member returned often enough."""
    who, age, times = pairs
    keep = (times >= at_least) & (age <= reached[who]) & (age < width)
    at: NDArray[Any] = cell[who[keep]] * width + age[keep]
    return at


def _in_brackets(
    pairs: Pairs,
    cell: NDArray[Any],
    reached: Ints,
    brackets: tuple[tuple[int, int], ...],
    at_least: int,
    *,
    everybody: bool,
) -> NDArray[Any]:
    """Return the cell and column of every bracket in which a member returned often enough."""
    who, age, times = pairs
    out = []
    for column, (low, high) in enumerate(brackets):
        inside = (age >= low) & (age <= high)
        often = np.bincount(who[inside], weights=times[inside], minlength=len(cell))
        hit = (often >= at_least) | (everybody and low == 0)
        out.append(cell[hit & (reached >= high)] * len(brackets) + column)
    return np.concatenate(out)


def _eligible(cell: NDArray[Any], reached: Ints, n_cells: int, ages: Ages) -> Ints:
    """Return how many members of each cell have reached the last age of each column."""
    if ages.brackets is None:
        return _from_right(cell, reached + 1, n_cells, len(ages))
    total = [np.bincount(cell[reached >= last], minlength=n_cells) for _, last in ages.brackets]
    return np.stack(total, axis=1)


def _from_right(cell: NDArray[Any], upto: NDArray[Any], n_cells: int, width: int) -> Ints:
    """Count each row in the first `upto` columns of its cell."""
    clipped = np.clip(upto, 0, width)
    at = np.bincount(cell * (width + 1) + clipped, minlength=n_cells * (width + 1))
    at = at.reshape(n_cells, width + 1)
    return np.ascontiguousarray(np.cumsum(at[:, ::-1], axis=1)[:, ::-1][:, 1:])


def _reached(asked: Asked, members: Members, *, elapsed: bool) -> Ints:
    """Return the last age of which every instant is known, of each member; below 0 for none."""
    known = asked.closed - members.cohort
    if not elapsed:
        return known
    assert asked.period is not None
    lived = asked.as_of + 1 - asked.log.at[members.row]
    # nobody is eligible while others may still join
    return np.where(known >= 0, lived // DAYS[asked.period] - 1, -1)


@attrs.frozen(eq=False)
class _Returns:
    """Returning events, in order of customer and time.

    Attributes
    ----------
    rows : ndarray of int
        Their rows of the log.
    customer, key, times : ndarray of int
        Distinct points: calendar periods with how many events they have, or, where ages elapse,
        the rows themselves.
    width : int or None
        Microseconds of an age; None for calendar periods.
    """

    asked: Asked
    rows: NDArray[np.intp]
    customer: NDArray[Any]
    key: NDArray[Any]
    times: Ints
    width: int | None

    @classmethod
    def of(cls, asked: Asked, back: Rule, *, elapsed: bool, counted: bool) -> _Returns:
        log, period = asked.log, asked.period
        assert period is not None
        rows = rows_of(log, back)
        if elapsed:
            ones = np.broadcast_to(np.int64(1), len(rows))
            return cls(asked, rows, log.codes[rows], rows, ones, DAYS[period])
        if counted:
            codes, every = log.codes[rows], log.ordinals(period, asked.zone)[rows]
            lead = np.flatnonzero(first_of_run(codes, every))
            times = np.diff(lead, append=len(rows))
            return cls(asked, rows, codes[lead], every[lead], times, None)
        found = activity(log, back, period, asked.zone)
        ones = np.broadcast_to(np.int64(1), len(found.codes))
        return cls(asked, rows, found.codes, found.ordinals, ones, None)

    def from_the_end(self, members: Members, nth: int) -> Ints:
        """Return the age of the n-th last return of each member since the start; -1 without."""
        log = self.asked.log
        since = np.searchsorted(self.rows, members.row)
        until = np.searchsorted(self.rows, log.offsets[members.customer + 1])
        some = until - since >= nth
        age = np.full(len(some), -1, np.int64)
        age[some] = self._age(members.at(some), self.rows[until[some] - nth])
        return age

    def by_age(
        self, members: Members, cell: NDArray[Any], n: int, width: int, at_least: int
    ) -> Ints:
        """Count the returns of `direct` members after their starting period, by cell and age.

        Every return is of one member: what is known of that one is looked up by customer.
        """
        cohort = np.full(self.asked.log.n_customers, 2**62)  # of nobody: after every return
        cohort[members.customer] = members.cohort
        first = np.zeros(len(cohort), np.int64)
        first[members.customer] = cell * width - members.cohort
        count = np.zeros(n, np.int64)
        for rows in blocks(len(self.key)):
            who, key = self.customer[rows], self.key[rows]
            later = (key > cohort[who]) & (key <= self.asked.closed)
            if at_least > 1:
                later &= self.times[rows] >= at_least
            keep = np.flatnonzero(later)
            count += np.bincount(first[who[keep]] + key[keep], minlength=n)
        return count

    def slices(self, members: Members) -> list[slice]:
        """Return slices of the members that have about as many pairs with their points."""
        if self.direct(members):
            return [slice(None)]
        low, high = self._range(members)
        pairs = np.cumsum(high - low)
        total = int(pairs[-1]) if len(pairs) else 0
        cuts = np.searchsorted(pairs, np.arange(_PAIRS, total, _PAIRS)) + 1
        edges = [0, *cuts.tolist(), len(pairs)]  # the last slice has those without a pair, too
        return [slice(a, b) for a, b in pairwise(edges) if a < b]

    def pairs(self, members: Members, *, everybody: bool) -> Pairs:
        """Return member, age and number of events, each age of a member once.

        Age 0 is left out if everybody counts there.
        """
        if self.direct(members):
            member = np.full(self.asked.log.n_customers, -1, np.intp)
            member[members.customer] = np.arange(len(members.customer))
            who = member[self.customer]
            age = self.key - np.append(members.cohort, 2**62)[who]  # in no cohort: far below 0
            times = self.times
        else:
            low, high = self._range(members)
            who = np.repeat(np.arange(len(low)), high - low)
            point = ranges(low, high - low)
            if self.width is not None:
                age = self._age(members.at(who), self.key[point])
                lead = np.flatnonzero(first_of_run(who, age))
                who, age, times = who[lead], age[lead], np.diff(lead, append=len(who))
                keep = age > 0 if everybody else age >= 0
                return who[keep], age[keep], times[keep]
            age, times = self.key[point] - members.cohort[who], self.times[point]
        keep = age > 0
        who, age, times = who[keep], age[keep], times[keep]
        if everybody:
            return who, age, times
        at_once = self.at_once(members)
        some = np.flatnonzero(at_once)
        none = np.zeros(len(some), np.int64)
        return np.append(who, some), np.append(age, none), np.append(times, at_once[some])

    def at_once(self, members: Members) -> Ints:
        """Return how many returns each member has in the starting period, at the start or after."""
        asked, log = self.asked, self.asked.log
        assert asked.period is not None
        every = log.ordinals(asked.period, asked.zone)[self.rows].astype(np.int64)
        low = int(min(every.min(initial=0), members.cohort.min(initial=0)))
        span = int(max(every.max(initial=0), members.cohort.max(initial=0))) - low + 1
        key = log.codes[self.rows] * np.int64(span) + (every - low)
        wanted = members.customer * np.int64(span) + (members.cohort - low)
        until = np.searchsorted(key, wanted, side="right")
        at_once: Ints = np.maximum(until - np.searchsorted(self.rows, members.row), 0)
        return at_once

    def direct(self, members: Members) -> bool:
        """Whether a point of a customer is one of one member, so that nothing is multiplied."""
        return members.once and self.width is None

    def _range(self, members: Members) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the points of each member's customer, from the start on."""
        first = np.searchsorted(self.customer, members.customer)
        last = np.searchsorted(self.customer, members.customer, side="right")
        if self.width is not None:
            first = np.searchsorted(self.rows, members.row)
        return first, last

    def _age(self, members: Members, rows: NDArray[np.intp]) -> Ints:
        """Return the age of each member at an event."""
        log, asked = self.asked.log, self.asked
        if self.width is not None:
            return (log.at[rows] - log.at[members.row]) // self.width
        assert asked.period is not None
        age: Ints = log.ordinals(asked.period, asked.zone)[rows] - members.cohort
        return age
