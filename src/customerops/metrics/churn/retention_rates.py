"""Retention rates: the share of customers who stayed, as one number a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.churn.churn import churn_rate
from customerops.metrics.churn.churned import counts_of, settle, useless
from customerops.metrics.shared.stays import Traffic
from customerops.model.log.ask import ask
from customerops.model.log.derived import activity as active_periods
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.log.spells import Spells
from customerops.model.rules.rules import as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Estimate, Proportion, Quotient
from customerops.model.values.checks import came, one_of, whole

if TYPE_CHECKING:
    from customerops.metrics.shared.terms import Term
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["retention_rate", "retention_rate_from_counts"]

DEFINITIONS = ("start_cohort", "renewal", "inactivity", "counts", "period_over_period")


def retention_rate(
    spells: Spells | InteractionLog,
    *,
    definition: str,
    period: Period | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
    term: Term | None = None,
    activity: Rule | str | Collection[str] | None = None,
    within: dt.timedelta | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Estimate:
    """Return the share of customers who stayed (留存率), under a named definition.

    Parameters
    ----------
    spells : Spells or InteractionLog
        When customers were there; a log for ``"inactivity"`` and ``"period_over_period"``.
    definition : str
        ``"start_cohort"``: of the customers there at the start, those there at the end; over a
        year it is the logo retention of contracts. ``"renewal"``: of those up for renewal, those
        who renewed. ``"inactivity"``: of those active `within` before the start, those active
        `within` before the end. ``"counts"``: customers at the end less those who joined, by
        customers at the start. ``"period_over_period"``: of those active in the period before,
        those active in this one.
    period, over, by, term, within, as_of, calendar
        As for `churn_rate`; ``"period_over_period"`` needs a period.
    activity : Rule, str or collection of str, optional
        For ``"inactivity"`` and ``"period_over_period"``: the events that count as activity.

    Returns
    -------
    Proportion or Quotient
        A `Quotient`, without an interval, for ``"counts"``.

    Raises
    ------
    InvalidInputError
        For another definition, or an option that is missing or has no meaning for it.

    Notes
    -----
    The first three are ``1 - churn_rate`` of the same name. ``"counts"`` is the "(E - N) / S" of
    textbooks and of HubSpot; here N are the customers who joined in the period and are new to it,
    whether or not they are still there, so that each of them who left again counts against
    somebody who stayed. `retention` follows cohorts instead.

    References
    ----------
    HubSpot, "Customer retention rate"; Gold, C. (2020), Fighting Churn with Data, chapter 2.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import retention_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, 3), dt.date(2026, 2, 9), dt.date(2026, 1, 8), dt.date(2026, 2, 1)],
    ...     kind=["use"] * 4,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> kept = retention_rate(log, definition="period_over_period", activity="use", period="month")
    >>> kept.value.tolist()
    [nan, 0.5]
    """
    definition = one_of("definition", definition, DEFINITIONS)
    if definition in ("start_cohort", "renewal", "inactivity"):
        left = churn_rate(
            spells,
            definition=definition,
            period=period,
            over=over,
            by=by,
            term=term,
            activity=activity,
            within=within,
            as_of=as_of,
            calendar=calendar,
        )
        assert isinstance(left, Proportion)
        parts = {"count": left.parts["total"] - left.parts["count"], "total": left.parts["total"]}
        context = attrs.evolve(left.context, metric="retention_rate")
        return Proportion(axes=left.axes, parts=parts, context=context)
    for name, option in (("term", term), ("within", within)):
        if option is not None:
            raise useless(name, definition)
    if definition == "period_over_period":
        return _again(spells, activity, period, over, by, as_of, calendar)
    if activity is not None:
        raise useless("activity", definition)
    settled = settle(
        spells,
        metric="retention_rate",
        definition=definition,
        by=by,
        over=over,
        period=period,
        as_of=as_of,
        calendar=calendar,
        options={},
    )
    traffic = Traffic.of(settled.stays, settled.spans)
    counts = counts_of(traffic, None)
    return Quotient(
        axes=traffic.axes,
        parts={
            "numerator": counts["closing"] - counts["new"],
            "denominator": counts["opening"],
        },
        context=settled.context,
    )


def retention_rate_from_counts(*, start: int, end: int, new: int) -> Quotient:
    """Return the retention rate of counts: customers at the end less new ones, by those at the start.

    Parameters
    ----------
    start, end : int
        Customers at the start and at the end.
    new : int
        Customers who joined in between.

    Returns
    -------
    Quotient
        ``(end - new) / start``; without an interval, for it is a share of the start only if
        nobody who joined has left again and nobody came back.

    Raises
    ------
    InvalidInputError
        If a count is negative, or more remain of the start than there were.

    Notes
    -----
    ``(E - N) / S``. One who joined and left again within the period is in N and not in E, and
    counts against somebody who stayed; one who came back is in E though they had left.
    `retention_rate` tells who stayed.

    References
    ----------
    HubSpot, "Customer retention rate".

    Examples
    --------
    >>> from customerops.metrics import retention_rate_from_counts
    >>> retention_rate_from_counts(start=200, end=210, new=30).value
    0.9
    """
    given = {"start": start, "end": end, "new": new}
    counts = {name: whole(name, count, least=0) for name, count in given.items()}
    kept = counts["end"] - counts["new"]
    if kept > counts["start"]:
        raise InvalidInputError("end", "must not exceed start and new", "who else would it be")
    return Quotient(
        parts={"numerator": kept, "denominator": counts["start"]},
        context=Context(metric="retention_rate", definition="counts"),
    )


def _again(
    log: Spells | InteractionLog,
    activity: Rule | str | Collection[str] | None,
    period: Period | None,
    over: Window | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
) -> Proportion:
    """Return the share of the customers active in the period before who are active again."""
    for name, option in (("activity", activity), ("period", period)):
        if option is None:
            raise InvalidInputError(name, "must be given for definition='period_over_period'")
    if isinstance(log, Spells):
        problem = came(log)
        raise InvalidInputError(
            "spells", "must be a log for definition='period_over_period'", problem
        )
    assert activity is not None
    assert period is not None
    rule = as_rule(activity, name="activity")
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    group, n_groups, axes = groups_of(asked.log, by)
    found = active_periods(asked.log, rule, period, asked.zone)
    customer, at = found.codes, found.ordinals.astype(np.int64)
    first, last = asked.span(int(at.min()) if len(at) else None)
    n = max(last - first + 1, 0)
    again = np.zeros(len(at), np.bool_)
    again[:-1] = (customer[1:] == customer[:-1]) & (at[1:] == at[:-1] + 1)
    inside = (at >= first - 1) & (at < last)  # seen from the period after
    cell = group[customer] * n + (at - first + 1)
    since = asked.log.observed.start_us
    if since is not None:  # the period before was not wholly observed
        inside &= asked.zone.edges(at, period) >= since
    shape = (n_groups, n) if axes else (n,)
    parts = {
        name: np.bincount(cell[which], minlength=n_groups * n).reshape(shape)
        for name, which in (("count", inside & again), ("total", inside))
    }
    labels = asked.zone.labels(np.arange(first, first + n), period)
    return Proportion(
        axes=(*axes, Axis("period", labels, "period", disjoint=False)),
        parts=parts,
        context=Context(
            metric="retention_rate",
            definition="period_over_period",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone,
            period=period,
            by=by,
            options={"activity": rule, "history_from": since},
        ),
    )
