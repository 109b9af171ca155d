"""Questions about threads: cases and opportunities, each of one customer, in groups and periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import Spans, spans_of_log
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.ratios import Ratio
from customerops.model.values import exact
from customerops.model.values.business_hours import BusinessHours
from customerops.model.values.checks import came, positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = [
    "Inner",
    "Placed",
    "Threads",
    "elapsed",
    "hours_or_none",
    "is_kind",
    "subjects_of",
    "threads_of",
    "unit_us",
]

R = TypeVar("R", bound=Ratio)

Inner = tuple[Axis, NDArray[np.intp]]
"""One more axis of a result, and the place of each row on it."""


@attrs.frozen(eq=False)
class Placed:
    """Threads in the cells of a result.

    Attributes
    ----------
    rows : ndarray of int
        Which of the threads that were placed lie in a cell.
    cell : ndarray of int, shape (rows,)
        Group and stretch of each.
    axes : tuple of Axis
        The axes of the cells.
    """

    rows: NDArray[np.intp]
    cell: NDArray[np.intp]
    axes: tuple[Axis, ...]


@attrs.frozen(eq=False)
class Threads:
    """A question about threads, settled.

    Attributes
    ----------
    owner : ndarray of int, shape (n_threads,)
        The customer of each thread, numbered.
    group : ndarray of int, shape (n_threads,)
        The group of each.
    """

    asked: Asked
    owner: NDArray[np.intp]
    group: NDArray[np.intp]
    groups: tuple[Axis, ...]
    context: Context

    @property
    def log(self) -> InteractionLog:
        """The log as it was known."""
        return self.asked.log

    @property
    def as_of(self) -> int:
        """The last known instant."""
        return self.asked.as_of

    def placed(
        self, unit: NDArray[np.intp], at: NDArray[np.int64], inner: Inner | None = None
    ) -> Placed:
        """Return in which cells threads lie, each by an instant of its own.

        `inner` is one more axis, and the place of each thread on it; one may then come repeatedly.
        """
        if inner is not None:
            outer = self.placed(unit, at)
            axis, place = inner
            cell = outer.cell * len(axis) + place[outer.rows]
            return Placed(outer.rows, cell, (*outer.axes, axis))
        spans = self.spans(at)
        if spans is None:
            over = self.asked.over
            inside = np.ones(len(at), np.bool_) if over is None else over.mask(at)
            rows = np.flatnonzero(inside)
            return Placed(rows, self.group[unit[rows]], self.groups)
        place = spans.place(at)
        rows = np.flatnonzero((place >= 0) & (place < len(spans)))
        cell = self.group[unit[rows]] * len(spans) + place[rows]
        return Placed(rows, cell, (*self.groups, *spans.axes))

    def spans(self, at: NDArray[np.int64]) -> Spans | None:
        """Return the periods from the first of some instants on; None without a period."""
        if self.asked.period is None:
            return None
        return spans_of_log(self.asked, int(at.min()) if len(at) else None)

    def ratio(
        self,
        result: type[R],
        unit: NDArray[np.intp],
        at: NDArray[np.int64],
        x: NDArray[Any],
        y: NDArray[Any] | None = None,
        *,
        inner: Inner | None = None,
        context: Context | None = None,
    ) -> R:
        """Return a ratio over threads, the customer being the unit of its interval."""
        placed = self.placed(unit, at, inner)
        rows = placed.rows
        below = np.ones(len(unit), np.int64) if y is None else y
        where, cell, n = self.clusters(unit, placed)
        return result.from_rows(
            exact.group_sum(where, x[rows], n),
            exact.group_sum(where, below[rows], n),
            codes=cell,
            axes=placed.axes,
            context=context or self.context,
        )

    def clusters(
        self, unit: NDArray[np.intp], placed: Placed
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
        """Return the (customer, cell) of each placed thread, the cell of each, and how many."""
        width = int(np.prod([len(axis) for axis in placed.axes], dtype=np.int64))
        key = self.owner[unit[placed.rows]] * max(width, 1) + placed.cell
        distinct, where = np.unique(key, return_inverse=True)
        return where, distinct % max(width, 1), len(distinct)

    def curve(
        self,
        unit: NDArray[np.intp],
        at: NDArray[np.int64],
        duration: NDArray[np.float64],
        observed: NDArray[np.bool_],
        inner: Inner | None = None,
    ) -> EventTable:
        """Return how long threads take, placed by an instant; what goes on is censored."""
        placed = self.placed(unit, at, inner)
        return EventTable.from_rows(
            duration[placed.rows],
            observed[placed.rows],
            codes=placed.cell,
            outer=placed.axes,
            context=self.context,
        )


def threads_of(
    log: InteractionLog,
    metric: str,
    *,
    definition: str | None = None,
    options: Mapping[str, Any],
    as_of: dt.datetime | None,
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    calendar: Calendar | None,
) -> Threads:
    """Settle what a function of threads was asked.

    A grouping may put the threads of one customer into several groups, so that its axis is not
    disjoint; a customer attribute cannot.

    Raises
    ------
    InvalidInputError
        As for `ask`; when the log is not by thread.
    """
    return _settled(
        ask(log, as_of=as_of, over=over, period=period, calendar=calendar, unit="thread"),
        metric,
        definition,
        options,
        by,
    )


def subjects_of(
    log: InteractionLog,
    metric: str,
    *,
    options: Mapping[str, Any],
    as_of: dt.datetime | None,
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    calendar: Calendar | None,
) -> Threads:
    """Settle what a function was asked of a log by thread, or of one of customers.

    In a log of customers each customer is one thread, and what is counted are events.

    Raises
    ------
    InvalidInputError
        As for `ask`.
    """
    # what is no log at all has no parent either, and is refused by `ask`
    whole = getattr(log, "parent", None) is None
    unit: Literal["customer", "thread"] = "customer" if whole else "thread"
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar, unit=unit)
    return _settled(asked, metric, None, options, by)


def _settled(
    asked: Asked,
    metric: str,
    definition: str | None,
    options: Mapping[str, Any],
    by: str | Grouping | None,
) -> Threads:
    known = asked.log
    group, _, axes = groups_of(known, by)
    if known.parent is None:
        owner = np.arange(known.n_customers)
    else:
        parents = known.parent.values
        lead = first_of_run(parents) if len(parents) else np.zeros(0, np.bool_)
        owner = np.cumsum(lead) - 1
        if not isinstance(by, str):
            axes = tuple(Axis(axis.name, axis.labels, "group", disjoint=False) for axis in axes)
    context = Context(
        metric=metric,
        unit="event" if known.parent is None else "thread",
        definition=definition,
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone if asked.period else None,
        period=asked.period,
        by=by,
        options=options,
    )
    return Threads(asked, owner, group, axes, context)


def is_kind(log: InteractionLog, *kinds: str) -> NDArray[np.bool_]:
    """Return which events are of some kinds."""
    wanted = [code for code, label in enumerate(log.kinds) if label in kinds]
    return np.isin(log.kind, wanted)


def elapsed(
    start: NDArray[np.int64], end: NDArray[np.int64], hours: BusinessHours | None
) -> NDArray[np.int64]:
    """Return the microseconds from each start to each end, of business hours if there are any."""
    return end - start if hours is None else hours.elapsed(start, end)


def hours_or_none(hours: object) -> BusinessHours | None:
    """Return business hours, or None.

    Raises
    ------
    InvalidInputError
        If it is neither.
    """
    if hours is not None and not isinstance(hours, BusinessHours):
        raise InvalidInputError("hours", "must be BusinessHours", came(hours))
    return hours


def unit_us(unit: object) -> int:
    """Return the microseconds of a unit of time.

    Raises
    ------
    InvalidInputError
        If it is no timedelta above zero.
    """
    return micros(positive_duration("unit", unit))
