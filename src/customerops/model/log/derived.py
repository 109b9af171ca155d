"""What several metrics read from a log: which events count, and who was active when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables.tables import Axis
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["Activity", "activity", "blocks", "first_rows", "groups_of", "rows_of"]

# an elapsed hour or a day is counted from the events; longer periods from the active days,
# of which there are fewer than events
_FROM_DAYS = ("week", "month", "quarter", "year")

_BLOCK = 2**17  # rows looked at together: what is made of them stays in the cache


@attrs.frozen(eq=False)
class Activity:
    """Distinct (customer, period) pairs, sorted by customer and period.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        Customer, an index into ``log.customers``.
    ordinals : ndarray of int32, shape (n,)
        Period, as an ordinal of the calendar.
    first : ndarray of bool, shape (n,)
        Whether it is the customer's first.
    """

    codes: NDArray[np.int32]
    ordinals: NDArray[np.int32]
    first: NDArray[np.bool_]


def rows_of(log: InteractionLog, rule: Rule) -> NDArray[np.intp]:
    """Return the rows of the log's events for which an event rule holds, cached."""
    return log.memo(("rows", rule), lambda: np.flatnonzero(rule.mask(log)))


def first_rows(log: InteractionLog, rule: Rule) -> NDArray[np.int64]:
    """Return the row of each customer's first event for which an event rule holds, if any; cached."""

    def make() -> NDArray[np.int64]:
        starts, ends = log.offsets[:-1], log.offsets[1:]
        mask = rule.mask(log)
        if mask.all():
            return starts[starts < ends]
        lead = [rows[first_of_run(codes)] for rows, codes in _selected(log, mask)]
        return np.concatenate([np.zeros(0, np.int64), *lead])

    return log.memo(("first rows", rule), make)


def blocks(n: int) -> Iterator[slice]:
    """Yield slices that cover n rows, each of a size that a few columns of it fit in the cache."""
    return (slice(low, low + _BLOCK) for low in range(0, n, _BLOCK))


def _selected(
    log: InteractionLog, mask: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Yield the rows of a mask and their customers, in blocks of whole customers."""
    for low, high in _customer_blocks(log):
        start, end = log.offsets[low], log.offsets[high]
        some = np.flatnonzero(mask[start:end])
        yield some + start, _codes(log, low, high)[some]


def _customer_blocks(log: InteractionLog) -> Iterator[tuple[int, int]]:
    """Yield ranges of customers that have about as many events."""
    cuts = np.searchsorted(log.offsets[:-1], np.arange(_BLOCK, len(log), _BLOCK))
    edges = [0, *cuts.tolist(), log.n_customers]
    return ((low, high) for low, high in pairwise(edges) if low < high)


def _codes(log: InteractionLog, low: int, high: int) -> NDArray[np.int32]:
    """Return the customer of each event of a range of customers."""
    of = np.arange(low, high, dtype=np.int32)
    return np.repeat(of, np.diff(log.offsets[low : high + 1]))


def activity(log: InteractionLog, rule: Rule, period: Period, calendar: Calendar) -> Activity:
    """Return in which periods each customer had an event for which `rule` holds, cached."""
    return log.memo(
        ("activity", rule, period, calendar), lambda: _activity(log, rule, period, calendar)
    )


def _activity(log: InteractionLog, rule: Rule, period: Period, calendar: Calendar) -> Activity:
    if period in _FROM_DAYS:
        days = activity(log, rule, "day", calendar)
        codes, ordinals = days.codes, _coarser(days.ordinals, period, calendar)
        lead = np.flatnonzero(first_of_run(codes, ordinals))
        codes, ordinals = codes[lead], ordinals[lead]
    else:
        codes, ordinals = _from_events(log, rule.mask(log), period, calendar)
    return Activity(codes, ordinals, first_of_run(codes))


def _from_events(
    log: InteractionLog, mask: NDArray[np.bool_], period: Period, calendar: Calendar
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return customer and period of the events of a mask, each pair once."""
    every = bool(mask.all())
    found = [(np.zeros(0, np.int32), np.zeros(0, np.int32))]
    for low, high in _customer_blocks(log):
        start, end = log.offsets[low], log.offsets[high]
        at, codes = log.at[start:end], _codes(log, low, high)
        if not every:
            some = np.flatnonzero(mask[start:end])
            at, codes = at[some], codes[some]
        ordinals = calendar.ordinals(at, period).astype(np.int32)
        lead = np.flatnonzero(first_of_run(codes, ordinals))
        found.append((codes[lead], ordinals[lead]))
    codes, ordinals = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return codes, ordinals


def _coarser(days: NDArray[np.int32], period: Period, calendar: Calendar) -> NDArray[np.int32]:
    """Return the period of each local day, by a table over the days there are."""
    if not len(days):
        return days
    low, high = int(days.min()), int(days.max())
    starts = calendar.edges(np.arange(low, high + 1), "day")
    table = calendar.ordinals(starts, period).astype(np.int32)
    return table[days - low]


def groups_of(
    log: InteractionLog, by: str | Grouping | None
) -> tuple[NDArray[np.intp], int, tuple[Axis, ...]]:
    """Return the group of each customer, how many groups there are, and their axis.

    Without `by` everybody is in one group and there is no axis.
    """
    if by is None:
        return np.zeros(log.n_customers, np.intp), 1, ()
    from customerops.model.rules.grouping import as_grouping

    grouping = as_grouping(by)
    codes, labels = grouping.labels(log)
    return codes, len(labels), (Axis(grouping.name, labels, "group", disjoint=True),)
