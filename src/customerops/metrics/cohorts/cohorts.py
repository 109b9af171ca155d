"""Cohort retention: of those who started together, how many returned, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.cohorts.returns import DAYS, Ages, members_of, returned
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.cohort import CohortTable
from customerops.model.tables.tables import Axis, Context
from customerops.model.values.checks import came, one_of, whole

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["retention"]

Cohort = Literal["first_time", "recurring"]
Mode = Literal["on", "on_or_after", "bracket"]
Clock = Literal["calendar", "elapsed"]
AgeZero = Literal["cohort", "returning"]


def retention(
    log: InteractionLog,
    *,
    start: Rule | str | Collection[str],
    returning: Rule | str | Collection[str],
    period: Period,
    cohort: Cohort = "first_time",
    mode: Mode = "on",
    clock: Clock = "calendar",
    age_zero: AgeZero = "cohort",
    offset: Literal[0, 1] = 0,
    brackets: Sequence[tuple[int, int]] | None = None,
    at_least: int = 1,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> CohortTable:
    """Return a cohort table: of the customers who started in a period, the share that returned.

    Parameters
    ----------
    log : InteractionLog
        The events, with their whole history: "first" is the first that the log has seen, before
        `over` too.
    start : Rule, str or collection of str
        The event that makes a customer start.
    returning : Rule, str or collection of str
        The event that counts as a return.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Calendar period of the cohorts, and of the ages.
    cohort : {"first_time", "recurring"}
        A customer is in the cohort of their first `start` event ever, or in that of every period
        in which they had one.
    mode : {"on", "on_or_after", "bracket"}
        ``"on"`` (classic, n-day): a return at that age. ``"on_or_after"`` (rolling, unbounded): a
        return at that age or later, as far as is known. ``"bracket"`` (range): a return at one of
        the ages of a bracket.
    clock : {"calendar", "elapsed"}
        What age k is: the k-th calendar period after that of the start, or the k-th stretch of 1
        hour, 24 hours or 7 days since the instant of the start. Longer periods do not elapse.
    age_zero : {"cohort", "returning"}
        What age 0 holds: everybody in the cohort, or those with a `returning` event in it, at the
        start or after it. Vendors differ.
    offset : {0, 1}
        What the age of the start is called. Day-7 retention with the first day as day 0 is that of
        day 8 with the first day as day 1.
    brackets : sequence of (int, int), optional
        For ``mode="bracket"``: first and last age, both inclusive and as `offset` calls them; the
        first ages rise.
    at_least : int
        How many returning events it takes at that age, in that bracket, or from that age on.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Cohorts to report, on the edges of `period`; left out, from the first start to `as_of`.
    calendar : Calendar, optional
        Left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping; a table for each group.

    Returns
    -------
    CohortTable
        Axes cohort and age (after the group); the label of a bracket is its first age. ``count``
        returned among the ``total`` eligible, those watched until the end of that age; ``size`` is
        the cohort. A cell that not everybody has reached is not `complete`, and its value is NaN;
        `pooled` takes it as far as it goes.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, an option is not one of those above or has no
        meaning for the mode or the clock, or `over` does not lie on the period's edges.

    Notes
    -----
    ``value[c, k] = |{started in c, returned at age k}| / |{started in c}|``. With
    ``mode="on_or_after"`` a row never rises with age, but a young cell has had less time than an
    old one: what comes after its period is cut off at `as_of`. Recurring cohorts share customers,
    so that they are not pooled.

    Amplitude and Mixpanel call the modes n-day, unbounded and bracket, PostHog on, on or after;
    first_time and recurring are PostHog's words. The share at age 1 of days is 次日留存, at age 7
    七日留存.

    References
    ----------
    Fader, P. and Hardie, B. (2007). How to project customer retention. Journal of Interactive
    Marketing 21(1), 76-90: retention as the share of a cohort.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import retention
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, 3), dt.date(2026, 2, 9), dt.date(2026, 1, 8), dt.date(2026, 2, 1)],
    ...     kind=["purchase"] * 4,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> table = retention(log, start="purchase", returning="purchase", period="month")
    >>> table.count.tolist(), table.size.tolist()
    ([[2, 1], [1, 0]], [2, 1])
    >>> table.value.tolist()
    [[1.0, 0.5], [1.0, nan]]
    """
    one_of("cohort", cohort, ("first_time", "recurring"))
    one_of("mode", mode, ("on", "on_or_after", "bracket"))
    one_of("clock", clock, ("calendar", "elapsed"))
    one_of("age_zero", age_zero, ("cohort", "returning"))
    if whole("offset", offset) not in (0, 1):
        raise InvalidInputError("offset", "must be 0 or 1", "the age of the start")
    whole("at_least", at_least, least=1)
    ranges = _brackets(mode, brackets, offset)
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    if clock == "elapsed":
        one_of("period", period, DAYS)
    starting, back = as_rule(start), as_rule(returning)
    group, n_groups, axes = groups_of(asked.log, by)

    found = members_of(asked, starting, period, first_time=cohort == "first_time")
    first, last = asked.span(int(found.cohort.min()) if len(found.cohort) else None)
    members = found.inside(first, last)
    n_cohorts = max(last - first + 1, 0)
    n_ages = max(asked.current - first + 1, 0) if n_cohorts else 0
    ages = Ages(n_ages, ranges, suffix=mode == "on_or_after")

    row = group[members.customer] * n_cohorts + (members.cohort - first)
    size = np.bincount(row, minlength=n_groups * n_cohorts)
    count, total = returned(
        asked,
        members,
        row,
        n_groups * n_cohorts,
        back,
        ages,
        elapsed=clock == "elapsed",
        everybody=age_zero == "cohort",
        at_least=at_least,
    )
    shape = (n_groups, n_cohorts, len(ages))
    parts = {
        "count": count.reshape(shape),
        "total": total.reshape(shape),
        "size": size.reshape(shape[:2]),
    }
    labels = tuple(asked.zone.labels(np.arange(first, first + n_cohorts), period))
    both = (
        Axis("cohort", labels, "cohort", disjoint=cohort == "first_time"),
        Axis("age", tuple(age + offset for age in ages.firsts), "age", disjoint=False),
    )
    return CohortTable(
        axes=(*axes, *both),
        parts={name: part if axes else part[0] for name, part in parts.items()},
        context=Context(
            metric="retention",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone,
            period=period,
            by=by,
            options={
                "age_zero": age_zero,
                "at_least": at_least,
                "brackets": None if ranges is None else tuple(brackets or ()),
                "clock": clock,
                "cohort": cohort,
                "mode": mode,
                "offset": offset,
                "returning": back,
                "start": starting,
            },
        ),
    )


def _brackets(
    mode: Mode, brackets: Sequence[tuple[int, int]] | None, offset: int
) -> tuple[tuple[int, int], ...] | None:
    """Return the brackets with ages from 0, checked."""
    if mode != "bracket":
        if brackets is not None:
            raise InvalidInputError("brackets", "must be left out", f"mode={mode!r} has none")
        return None
    given: Any = brackets
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise InvalidInputError("brackets", "must be given for mode='bracket'", "such as [(1, 7)]")
    out: list[tuple[int, int]] = []
    for place, bracket in enumerate(given):
        name = f"brackets[{place}]"
        if not isinstance(bracket, Sequence) or len(bracket) != 2:
            raise InvalidInputError(name, "must be a first and a last age", came(bracket))
        low = whole(name, bracket[0], least=offset) - offset
        high = whole(name, bracket[1], least=low + offset) - offset
        if out and low <= out[-1][0]:
            raise InvalidInputError(name, "must start at a later age than the one before")
        out.append((low, high))
    return tuple(out)
