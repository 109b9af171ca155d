"""Stickiness: how regularly the active customers are active, by the definitions in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.buckets import buckets
from customerops.metrics.shared.days import active_in, by_period, stays, truncated_cells
from customerops.metrics.shared.spans import CENTURY, days_taken, spans_of_log
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import Value
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion, Ratio
from customerops.model.tables.tables import Truth
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, whole
from customerops.model.values.runs import first_of_run, ranges

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ActiveShare", "DailyStickiness", "PeriodStickiness", "stickiness"]

Definition = Literal["daily", "pooled", "calendar", "exact", "at_least"]
Int = NDArray[np.int64]

DEFINITIONS = ("daily", "pooled", "calendar", "exact", "at_least")
_WINDOWS = (1, 30)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class DailyStickiness(Proportion):
    """Of the customers active in the long window that ends with a day, those active in the short.

    DAU by MAU, for every local day; made by `stickiness`.
    """

    @property
    def mean(self) -> Value:
        """The mean over the days, by group: every complete day with anybody active counts alike.

        A day that the calendar left out is no day. It is derived: the mean of two groups is not that of both.
        """
        (at,) = [i for i, axis in enumerate(self.axes) if axis.kind == "period"] or [-1]
        if at < 0:
            raise InvalidInputError("period", "must be an axis to take the mean", "a day was cut")
        calendar = self.context.calendar
        labels: Any = self.axes[at].labels
        assert calendar is not None
        day = np.array([calendar.ordinal_of(label, "day") for label in labels], np.int64)
        length = calendar.edges(day + 1, "day") - calendar.edges(day, "day")
        shape = [-1 if i == at else 1 for i in range(len(self.axes))]
        known = np.where((length > 0).reshape(shape), self._known(), np.nan)
        days = (~np.isnan(known)).sum(axis=at)
        total = np.where(np.isnan(known), 0.0, known).sum(axis=at)
        mean = np.divide(total, days, out=np.full(days.shape, np.nan), where=days > 0)
        return float(mean) if mean.ndim == 0 else mean

    @property
    def truncated(self) -> Truth:
        """Whether the long window begins before the log's history."""
        return _truncated(self)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PeriodStickiness(Ratio):
    """Active days by days on which a customer counted as active; made by `stickiness`."""

    @property
    def truncated(self) -> Truth:
        """Whether a window looks back to days before the log's history."""
        return _truncated(self)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ActiveShare(Proportion):
    """Of the customers active in a window, those active in k of its units; made by `stickiness`.

    The axis ``"active"`` is k, from 1 on; ``count`` is how many there are.
    """

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ("group", "period")}


def stickiness(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    definition: Definition,
    windows: tuple[int, int] | None = None,
    period: Period | None = None,
    unit: Period | None = None,
    every: int | None = None,
    min_events: int = 1,
    over: Window | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> DailyStickiness | PeriodStickiness | ActiveShare:
    """Return how sticky a product is (用户粘性): DAU by MAU, or the customers active k times of n.

    Parameters
    ----------
    log : InteractionLog
        The events, with their history before `over`.
    activity : Rule, str or collection of str
        Which events make a customer active; a string stands for a kind.
    definition : str
        ``"daily"``: of the customers of the 30 days that end with a day, those of that day; for
        every day. ``"pooled"``: the sum of DAU over the days of a period, by the sum of the 30-day
        MAU. ``"calendar"``: the mean DAU of a period by its distinct customers. ``"exact"`` and
        ``"at_least"``: of the customers of a window or period, those active in exactly, or at
        least, k of its n units; for every k.
    windows : tuple of int, optional
        Of ``"daily"`` and ``"pooled"``: the days of the short and the long window, ``(1, 30)`` if
        left out. ``(1, 7)`` is DAU by WAU, ``(7, 28)`` WAU by MAU.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        What is reported, in place of one window `over`; left out for ``"daily"``.
    unit : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Of ``"exact"`` and ``"at_least"``: in what is counted; a day if left out.
    every : int, optional
        Of the same two: so many units are one, counted from the start of the window; 1 if left
        out. The last may be shorter.
    min_events : int
        How many events it takes on a day (in a unit) to be active.
    over : Window, optional
        The window, or the periods to report; needed without `period`, unless for ``"daily"``.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    DailyStickiness, PeriodStickiness or ActiveShare
        A `Proportion` of customers by day; a `Ratio` by customer; a `Proportion` by k. NaN where
        nobody was active, and where the day, period or window is not over.

    Raises
    ------
    InvalidInputError
        For another definition, an option that it has no use for, or when `over` or the calendar is
        missing or has edges inside a day or unit.

    Notes
    -----
    With a_id = 1 if customer i is active on day d, A_id = 1 if on one of the 30 days that end with
    d, and M_i = 1 if on one of the N days of the period:
    daily ``sum_i a_id / sum_i A_id``, pooled ``sum_i sum_d a_id / sum_i sum_d A_id``, calendar
    ``sum_i sum_d a_id / (N sum_i M_i)``. The last is lower than pooled where customers come and go
    within the period. The mean of the daily ones, `DailyStickiness.mean`, weighs a quiet day like
    a busy one; pooled does not, and adds. A local day that the calendar left out is no day. The
    intervals of pooled and calendar take the customer as the unit.

    PostHog's chart named stickiness is ``"exact"``, and cumulative ``"at_least"``.

    References
    ----------
    PostHog documentation, "Stickiness". The share of days on which an active customer is active,
    DAU/MAU, is product analytics' at large.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import stickiness
    >>> from customerops.model import Window
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"], kind=["use"] * 4, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 4, 2)],
    ... ).until_day(dt.date(2026, 1, 4))
    >>> window = Window.parse("2026-01-01", "2026-01-05", tz=dt.timezone.utc)
    >>> stickiness(log, activity="use", definition="daily", windows=(1, 2)).value.tolist()
    [1.0, 1.0, 0.0, 1.0]
    >>> stickiness(log, activity="use", definition="calendar", over=window).value  # 4 / (4 * 2)
    0.5
    >>> stickiness(log, activity="use", definition="at_least", over=window).count.tolist()
    [2, 1, 1, 0]
    """
    one_of("definition", definition, DEFINITIONS)
    rule = as_rule(activity, name="activity")
    _only("windows", windows, definition, ("daily", "pooled"))
    for name, option in (("unit", unit), ("every", every)):
        _only(name, option, definition, ("exact", "at_least"))
    if definition in ("exact", "at_least"):
        options = {"activity": rule, "min_events": min_events}
        options |= {
            "unit": "day" if unit is None else unit,
            "every": 1 if every is None else every,
        }
        found = buckets(
            log,
            rule=rule,
            unit="day" if unit is None else unit,
            every=1 if every is None else every,
            min_events=min_events,
            period=period,
            over=over,
            by=by,
            as_of=as_of,
            calendar=calendar,
        )
        axes, count, total = found.axes, found.customers, found.customers.sum(axis=-1)
        if definition == "at_least":  # who was active on three days was on at least two
            axes = (*axes[:-1], attrs.evolve(axes[-1], disjoint=False))
            count = np.flip(np.flip(count, -1).cumsum(axis=-1), -1)
        parts = {"count": count, "total": total}
        return ActiveShare(
            axes=axes, parts=parts, context=_context(found.asked, definition, by, options)
        )

    whole("min_events", min_events, least=1)
    if definition == "daily" and period is not None:
        raise InvalidInputError("period", "must be left out", "'daily' reports days")
    short, long = _pair(windows)
    every_day: Period | None = "day" if definition == "daily" else period
    asked = ask(log, as_of=as_of, over=over, period=every_day, calendar=calendar)
    options = {"activity": rule, "min_events": min_events}
    if definition != "calendar":
        since = asked.log.observed.start_us
        options |= {"windows": (short, long), "history_from": since}
    group, n_groups, axes = groups_of(asked.log, by)
    context = _context(asked, definition, by, options)
    active = active_in(asked, rule, "day", min_events)
    rows = rows_of(asked.log, rule)
    spans = spans_of_log(asked, int(asked.log.at[rows].min()) if len(rows) else None)
    axes = (*axes, *spans.axes)
    first = asked.zone.ordinals(spans.edges, "day")
    if definition == "daily":
        shape = (n_groups, len(spans))
        counts = {
            name: by_period(active[0], active[1] - first[0], length, group, shape)
            for name, length in (("count", short), ("total", long))
        }
        parts = {name: one.reshape([len(a) for a in axes]) for name, one in counts.items()}
        return DailyStickiness(axes=axes, parts=parts, context=context)
    if (asked.zone.edges(first, "day") != spans.edges).any():
        raise InvalidInputError("over", "must start and end with a local day")
    days = _Days(asked, *active, first)
    customer, place, x, y = days.within() if definition == "calendar" else days.pooled(short, long)
    cell = group[customer] * len(spans) + place
    return PeriodStickiness.from_rows(x, y, codes=cell, axes=axes, context=context)


@attrs.frozen(eq=False)
class _Days:
    """Active days in the stretches of a report, which begin with the days `first`.

    Only days that took place count: Apia had no 30 December 2011.
    """

    asked: Asked
    customer: Int
    day: Int
    first: Int

    @property
    def taken(self) -> Int:
        """How many days took place from the first of the report to before each one of it."""
        return days_taken(self.asked.zone, int(self.first[0]), int(self.first[-1]))

    def lasting(self, length: int) -> tuple[Int, Int, Int]:
        """Return customer and stretch, and on how many of its days they were active of late.

        A customer was on a day if active in the `length` days that end with it; none is counted
        after the day that holds as_of.
        """
        low, high = int(self.first[0]), int(self.first[-1])
        today = int(self.asked.zone.ordinals(np.array([self.asked.as_of]), "day")[0])
        start = np.clip(self.day, low, high)
        end = np.clip(stays(self.customer, self.day, length), low, min(max(today + 1, low), high))
        some = np.flatnonzero(end > start)
        of_day = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        one, last = of_day[start[some] - low], of_day[end[some] - 1 - low]
        stretch = ranges(one, last - one + 1)
        of = np.repeat(some, last - one + 1)
        until = np.minimum(end[of], self.first[stretch + 1]) - low
        since = np.maximum(start[of], self.first[stretch]) - low
        taken = self.taken
        return self.customer[of], stretch, taken[until] - taken[since]

    def summed(self, length: int) -> tuple[Int, Int, Int]:
        """Return the same, once for each customer and stretch."""
        customer, stretch, days = self.lasting(length)
        lead = first_of_run(customer, stretch)
        total = exact.group_sum(np.cumsum(lead) - 1, days, int(lead.sum()))
        return customer[lead], stretch[lead], total

    def pooled(self, short: int, long: int) -> tuple[Int, Int, Int, Int]:
        """Return customer, stretch, and the days in the short and in the long window."""
        customer, place, total = self.summed(long)
        who, where, days = self.summed(short)
        n = len(self.first)
        x = np.zeros(len(customer), np.int64)
        x[np.searchsorted(customer * n + place, who * n + where)] = days
        return customer, place, x, total

    def within(self) -> tuple[Int, Int, Int, Int]:
        """Return customer, stretch, active days, and all days of the stretch."""
        customer, place, days = self.summed(1)
        length = np.diff(self.taken[self.first - self.first[0]])
        return customer, place, days, length[place]


def _context(
    asked: Asked, definition: str, by: str | Grouping | None, options: dict[str, Any]
) -> Context:
    return Context(
        metric="stickiness",
        definition=definition,
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone,
        period=asked.period,
        by=by,
        options=options,
    )


def _truncated(table: DailyStickiness | PeriodStickiness) -> Truth:
    windows = table.context.option("windows", (1, 1))
    flags = truncated_cells(table, windows[1] - 1)
    return bool(flags) if flags.ndim == 0 else flags


def _only(name: str, option: object, definition: str, known: tuple[str, ...]) -> None:
    if option is not None and definition not in known:
        raise InvalidInputError(name, "must be left out", f"{definition!r} has no use for it")


def _pair(windows: tuple[int, int] | None) -> tuple[int, int]:
    if windows is None:
        return _WINDOWS
    given: object = windows
    if not isinstance(given, tuple) or len(given) != 2:
        raise InvalidInputError("windows", "must be two numbers of days", came(given))
    short, long = (whole("windows", days, least=1, most=CENTURY) for days in given)
    if short >= long:
        raise InvalidInputError("windows", "must rise", f"got {short} and {long} days")
    return short, long
