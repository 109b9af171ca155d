"""Cohort retention: of those who started together, how many returned, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import activity, groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.cohort import CohortTable
from customerops.model.tables.tables import Axis, Context
from customerops.model.values.checks import one_of
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["retention"]

Mode = Literal["on", "on_or_after"]
AgeZero = Literal["cohort", "returning"]


def retention(
    log: InteractionLog,
    *,
    start: Rule | str | Collection[str],
    returning: Rule | str | Collection[str],
    period: Period,
    mode: Mode = "on",
    age_zero: AgeZero = "cohort",
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> CohortTable:
    """Return a cohort table: of the customers who started in a period, the share that returned.

    A customer belongs to the period of their first `start` event ever, before `over` too. Age k is
    the k-th calendar period after it.

    Parameters
    ----------
    log : InteractionLog
        The events, with their whole history: "first" is the first that the log has seen.
    start : Rule, str or collection of str
        The event that makes a customer start.
    returning : Rule, str or collection of str
        The event that counts as a return.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Calendar period of cohorts and ages.
    mode : {"on", "on_or_after"}
        ``"on"`` (classic, n-day): a return in the period of that age. ``"on_or_after"`` (rolling,
        unbounded): a return in that period or later, as far as is known.
    age_zero : {"cohort", "returning"}
        What age 0 holds: everybody in the cohort, or those with a `returning` event in the
        starting period, at the start or after it. Vendors differ.
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
        Axes cohort and age (after the group). ``count`` returned among the ``total`` eligible;
        ``size`` is the cohort. A cell whose period is not over at `as_of` has count and total 0,
        is not `complete`, and its value is NaN.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, an option is not one of those above, or `over`
        does not lie on the period's edges.

    Notes
    -----
    ``value[c, k] = |{first start in c, return in c + k}| / |{first start in c}|``. With
    ``mode="on_or_after"`` a row never rises with age, but a young cell has had less time than an
    old one: what comes after its period is cut off at `as_of`.

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
    one_of("mode", mode, ("on", "on_or_after"))
    one_of("age_zero", age_zero, ("cohort", "returning"))
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    starting, back = as_rule(start), as_rule(returning)
    group, n_groups, axes = groups_of(asked.log, by)

    started = activity(asked.log, starting, period, asked.zone)
    customer = started.codes[started.first]
    cohort = started.ordinals[started.first]
    first, last = asked.span(int(cohort.min()) if len(cohort) else None)
    n_cohorts = max(last - first + 1, 0)
    n_ages = max(asked.current - first + 1, 0) if n_cohorts else 0

    cohort_of = np.full(asked.log.n_customers, -1, np.int32)
    inside = (cohort >= first) & (cohort <= last)
    cohort_of[customer[inside]] = cohort[inside] - first
    cell = group.astype(np.int64) * n_cohorts + cohort_of
    size = np.bincount(cell[cohort_of >= 0], minlength=n_groups * n_cohorts)
    size = size.reshape(n_groups, n_cohorts)

    who, age = _returns(asked, starting, back, period, mode, age_zero, cohort_of, first)
    count = np.bincount(cell[who] * n_ages + age, minlength=size.size * n_ages)
    count = count.reshape(n_groups, n_cohorts, n_ages)
    if mode == "on_or_after":
        count = np.cumsum(count[..., ::-1], axis=-1)[..., ::-1]
    if age_zero == "cohort" and n_ages:
        count[..., 0] = size
    closed = np.arange(n_cohorts)[:, None] + np.arange(n_ages) + first <= asked.closed
    parts = {
        "count": np.where(closed, count, 0),
        "total": np.where(closed, size[..., None], 0),
        "size": size,
    }
    labels = tuple(asked.zone.labels(np.arange(first, first + n_cohorts), period))
    both = (
        Axis("cohort", labels, "cohort", disjoint=True),
        Axis("age", tuple(range(n_ages)), "age", disjoint=False),
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
            options=(
                ("age_zero", age_zero),
                ("mode", mode),
                ("returning", back),
                ("start", starting),
            ),
        ),
    )


def _returns(
    asked: Asked,
    starting: Rule,
    back: Rule,
    period: Period,
    mode: Mode,
    age_zero: AgeZero,
    cohort_of: NDArray[np.int32],
    first: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the (customer, age) pairs of the returns that count.

    For "on_or_after" only the last return of a customer is given: it counts for every age up to
    its own.
    """
    found = activity(asked.log, back, period, asked.zone)
    who, own = found.codes, cohort_of[found.codes]
    age = found.ordinals - np.int32(first) - own
    keep = (own >= 0) & (age > 0)
    who, age = who[keep], age[keep]
    if mode == "on_or_after" and len(who):
        final = np.append(first_of_run(who)[1:], True)
        who, age = who[final], age[final]
    if age_zero == "returning":
        same = _returned_at_once(asked, starting, back, period, cohort_of, first)
        if mode == "on_or_after":
            same = np.setdiff1d(same, who)  # a later return counts for age 0 already
        who, age = np.append(who, same), np.append(age, np.zeros(len(same), np.int32))
    return who, age


def _returned_at_once(
    asked: Asked,
    starting: Rule,
    back: Rule,
    period: Period,
    cohort_of: NDArray[np.int32],
    first: int,
) -> NDArray[np.int32]:
    """Return the customers with a return in their starting period, not before their start."""
    log = asked.log
    started = rows_of(log, starting)
    began = np.full(log.n_customers, len(log), np.int64)
    lead = first_of_run(log.codes[started])
    began[log.codes[started[lead]]] = started[lead]
    rows = rows_of(log, back)
    who = log.codes[rows]
    same = log.ordinals(period, asked.zone)[rows] - first == cohort_of[who]
    return np.unique(who[same & (rows >= began[who]) & (cohort_of[who] >= 0)])
