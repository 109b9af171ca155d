"""Counting funnels: of customers, of attempts, and by the period of entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.funnels.asking import Entry, Exclusion, Order, Question, question
from customerops.journey.funnels.attempts import Rows
from customerops.journey.funnels.funnels import Funnel, FunnelTotals
from customerops.journey.funnels.walking import Walk, walk
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["funnel", "funnel_trend"]


@overload
def funnel(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | None,
    order: Order = ...,
    entry: Entry = ...,
    count: Literal["customers"] = ...,
    exclude: Sequence[Exclusion] = ...,
    hold: str | None = ...,
    optional: Collection[int] = ...,
    as_of: dt.datetime | None = ...,
    over: Window | None = ...,
    by: str | Grouping | None = ...,
) -> Funnel: ...


@overload
def funnel(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | None,
    order: Order = ...,
    entry: Entry = ...,
    count: Literal["totals"],
    exclude: Sequence[Exclusion] = ...,
    hold: str | None = ...,
    optional: Collection[int] = ...,
    as_of: dt.datetime | None = ...,
    over: Window | None = ...,
    by: str | Grouping | None = ...,
) -> FunnelTotals: ...


def funnel(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | None,
    order: Order = "ordered",
    entry: Entry = "any",
    count: Literal["customers", "totals"] = "customers",
    exclude: Sequence[Exclusion] = (),
    hold: str | None = None,
    optional: Collection[int] = (),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> Funnel | FunnelTotals:
    """Count the customers who reach each step of a funnel (漏斗) in time.

    Parameters
    ----------
    log : InteractionLog
        The events.
    steps : sequence of Rule, str or collection of str
        The steps. An event takes one step, so a step that is listed twice needs two events.
    within : timedelta or None
        How long after its start an attempt may take, elapsed, to the microsecond and inclusive.
        None is no limit: nobody fails then, and there is no conversion while somebody may convert.
    order : {"ordered", "strict", "unordered"}
        Steps in this order, other events between them allowed; each the customer's very next
        event; or in any order, where step k is the k-th of them that was done.
    entry : {"any", "first"}
        The deepest attempt over all starts of a customer; or the one from the very first start of
        the customer's history, which never resets.
    count : {"customers", "totals"}
        Every customer once; or every attempt, where a customer enters again after converting, after
        the time of an attempt, or after what excludes it.
    exclude : sequence of Exclusion
        What taints an attempt. A customer with tainted attempts alone is in no step; with totals a
        tainted attempt is in none.
    hold : str, optional
        Column of labels that an attempt holds constant, such as ``"channel"`` or
        ``"attributes.product"``: the events of a customer with one value are walked as if there
        were no others. Events without a value take no step.
    optional : collection of int
        Steps that may be skipped, counted from 1; neither the first nor the last, and in order
        only. They change nothing for the others: each is looked for, in turn, between the two
        required steps around it.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only attempts that start inside it; they may go on after it.
    by : str or Grouping, optional
        A customer attribute or a grouping; a funnel for each group.

    Returns
    -------
    Funnel or FunnelTotals
        ``.counts``, ``.immature``, ``.conversion()`` with intervals, ``.difference()``; of
        customers also ``.drop_off()``. Who they are lists `funnel_attempts`, how long the steps
        take `funnel_times`.

    Raises
    ------
    InvalidInputError
        If there are no steps, an exclusion or `optional` names a step that it may not, an option
        is none of its words, `hold` is no column of labels, totals are asked of first entries,
        `within` is not longer than zero, or as_of is not known.

    Notes
    -----
    An attempt starts at every event that takes the first step (in any order: any step), and takes
    each further step at the earliest event that follows in input order; different events at one
    instant do convert. In any order the steps, as listed, take their earliest free event in turn.
    Where several attempts of a customer are equally deep, the first of them stands for the customer.

    An attempt is over when its time is: ``start + within <= as_of``. Conversion is that of
    attempts that are over, converted or not. To count the early converters among those who may
    still convert, and not the others, would overstate it; to count both would understate it. So it
    equals the funnel of the attempts that start until ``as_of - within``.

    With totals, the attempts of a customer follow one another over the whole history: which there
    are does not depend on `over`. An event that excludes an attempt, or breaks a strict one, may
    start the next. They cluster within customers, who are the unit of their intervals.

    References
    ----------
    The rules of ties, windows and exclusions are those of the funnels of PostHog and of ClickHouse
    ``windowFunnel``; there, and as a rule elsewhere, who may still convert counts as failed. Totals
    and holding a property constant are Mixpanel's, optional steps PostHog's; there an optional step
    may use up an event that a required one needs.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import funnel
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2, 9)],
    ...     kind=["signup", "purchase", "signup", "signup"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 10))
    >>> table = funnel(log, ["signup", "purchase"], within=dt.timedelta(days=7))
    >>> table.counts.tolist(), table.immature, table.conversion().value.tolist()
    ([3, 1], 1, [1.0, 0.5])
    """
    one_of("count", count, ("customers", "totals"))
    wanted = question(
        steps,
        within=within,
        order=order,
        entry=entry,
        exclude=exclude,
        hold=hold,
        optional=optional,
    )
    if count == "totals" and entry == "first":
        raise InvalidInputError(
            "entry", "must be 'any' with totals", "who enters once is counted once"
        )
    asked = ask(log, as_of=as_of, over=over)
    group, _, axes = groups_of(asked.log, by)
    found = walk(asked, wanted, count)
    context = Context(
        "funnel",
        unit="customer" if count == "customers" else "attempt",
        as_of=asked.as_of,
        over=over,
        by=by,
        options=wanted.options,
    )
    cell = group[found.customer]
    axes = (*axes, _step_axis(wanted))
    if count == "totals":
        return FunnelTotals(axes=axes, parts=_totals(found, cell, axes, wanted), context=context)
    return Funnel(axes=axes, parts=_customers(found, cell, axes), context=context)


def funnel_trend(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | None,
    period: Period,
    order: Order = "ordered",
    entry: Entry = "any",
    exclude: Sequence[Exclusion] = (),
    hold: str | None = None,
    optional: Collection[int] = (),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> Funnel:
    """Count the customers who reach each step of a funnel, by the period in which they entered.

    Parameters
    ----------
    log, steps, within, order, entry, exclude, hold, optional, as_of, by
        As for `funnel`.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Calendar period in which attempts start.
    over : Window, optional
        Only attempts that start inside it, on the edges of a period; left out, from the first
        start to the period that holds as_of.
    calendar : Calendar, optional
        Whose periods; left out, the log's own.

    Returns
    -------
    Funnel
        With an axis period before that of the steps; ``.immature`` of each period.

    Raises
    ------
    InvalidInputError
        As for `funnel`; also if `period` is none of them, `over` does not lie on its edges, or
        there is no calendar.

    Notes
    -----
    The row of a period is the `funnel` over that period alone: a customer who enters in two of
    them is in both, so periods do not sum to the funnel of all. Where attempts of a period may
    still convert, its conversion is of those that had their time, and it is not complete; tools
    that count the others as failed show every trend falling at its end.

    References
    ----------
    PostHog documentation, "Funnels": historical trends.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import funnel_trend
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2, 9)],
    ...     kind=["signup", "purchase", "signup", "signup"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 13))
    >>> week = dt.timedelta(days=7)
    >>> trend = funnel_trend(log, ["signup", "purchase"], within=week, period="week")
    >>> trend.conversion().select(step=2).to_frame()[["period", "count", "total", "immature"]]
          period  count  total  immature
    0 2025-12-29      1      2         0
    1 2026-01-05      0      0         1
    2 2026-01-12      0      0         0
    """
    wanted = question(
        steps,
        within=within,
        order=order,
        entry=entry,
        exclude=exclude,
        hold=hold,
        optional=optional,
    )
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    if asked.period is None:
        raise InvalidInputError("period", "must be given")
    group, _, axes = groups_of(asked.log, by)
    found = walk(asked, wanted)
    ordinal, first, labels = _periods(asked, found.begun)
    cell = group[found.customer] * len(labels) + ordinal - first
    axes = (*axes, Axis("period", labels, "period"), _step_axis(wanted))
    return Funnel(
        axes=axes,
        parts=_customers(found, cell, axes, ordinal),
        context=Context(
            "funnel_trend",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone,
            period=period,
            by=by,
            options=wanted.options,
        ),
    )


def _step_axis(wanted: Question) -> Axis:
    return Axis("step", range(1, len(wanted.steps) + 1), "state")


def _periods(
    asked: Asked, begun: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int, list[dt.date]]:
    """Return the period of each start, the first of the report, and what they are called."""
    assert asked.period is not None
    earliest = asked.ordinal(int(begun.min())) if len(begun) else None
    first, last = asked.span(earliest)
    ordinal = asked.zone.ordinals(begun, asked.period).astype(np.int64)
    return ordinal, first, asked.zone.labels(np.arange(first, last + 1), asked.period)


def _customers(
    found: Walk,
    cell: NDArray[np.integer],
    axes: tuple[Axis, ...],
    period: NDArray[np.int64] | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Return the parts of a funnel of customers, each once, or once in a period."""
    if period is None:
        deepest = found.deepest(found.clean)
        settled = found.settle(deepest)
    else:
        deepest, settled = (found.deepest(some, period) for some in (found.clean, found.settled))
    parts = {
        "reached": _reached(found, deepest, cell, axes),
        "settled": _reached(found, settled, cell, axes),
    }
    return {**parts, "immature": parts["reached"][..., 0] - parts["settled"][..., 0]}


def _totals(
    found: Walk, cell: NDArray[np.integer], axes: tuple[Axis, ...], wanted: Question
) -> dict[str, NDArray[np.int64]]:
    """Return the parts of a funnel of attempts, and their moments over customers."""
    reached = _reached(found, found.clean, cell, axes)
    done = found.settled
    lead = first_of_run(found.customer[done])
    owner = np.cumsum(lead) - 1
    at, n = cell[done][lead], int(lead.sum())
    own = [exact.group_count(owner[found.took(k, done)], n) for k in range(len(wanted.steps))]
    previous = [max((i for i in wanted.required if i < k), default=0) for k in range(len(own))]
    shape = tuple(len(axis) for axis in axes)
    cells = int(np.prod(shape[:-1], dtype=np.int64))

    def sums(others: list[NDArray[np.int64]]) -> NDArray[np.int64]:
        found = [exact.group_dot(at, x, y, cells) for x, y in zip(own, others, strict=True)]
        return np.stack(found, axis=-1).reshape(shape)

    settled = _reached(found, done, cell, axes)
    return {
        "reached": reached,
        "settled": settled,
        "immature": reached[..., 0] - settled[..., 0],
        "customers": np.stack([exact.group_count(at[x > 0], cells) for x in own], axis=-1).reshape(
            shape
        ),
        "squares": sums(own),
        "with_first": sums([own[0]] * len(own)),
        "with_previous": sums([own[k] for k in previous]),
    }


def _reached(
    found: Walk, attempts: Rows, cell: NDArray[np.integer], axes: tuple[Axis, ...]
) -> NDArray[np.int64]:
    """Return how many of some attempts of each cell took each step."""
    *outer, steps = (len(axis) for axis in axes)
    cells = int(np.prod(outer, dtype=np.int64))
    at = cell[attempts]
    counts = [np.bincount(at[found.took(k, attempts)], minlength=cells) for k in range(steps)]
    return np.stack(counts, axis=-1).reshape(*outer, steps)
