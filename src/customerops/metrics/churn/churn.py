"""Churn: how many of the customers left, under each of the definitions in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.churn.churned import (
    CHURN_ALIASES,
    Counts,
    Settled,
    counts_of,
    definition_of,
    estimate_of,
    settle,
    useless,
)
from customerops.metrics.churn.daily import DailySum
from customerops.metrics.churn.renewals import Renewals, renewals_of
from customerops.metrics.shared.spans import days_of, spans_of_log
from customerops.metrics.shared.stays import Groups, Traffic, stays_of_activity
from customerops.metrics.shared.terms import as_term
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.log.spell_frames import UNKNOWN
from customerops.model.log.spells import PAUSED, Spells
from customerops.model.rules.rules import as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Estimate, Quotient, Rate
from customerops.model.values.checks import came, did_you_mean, positive_duration
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.metrics.shared.terms import Term
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["CHURN_ALIASES", "churn_rate"]

CAUSES = ("voluntary", "involuntary", PAUSED, UNKNOWN)
_DAY = dt.timedelta(days=1)


def churn_rate(
    spells: Spells | InteractionLog,
    *,
    definition: str,
    period: Period | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
    cause: str | Collection[str] | None = None,
    unit: dt.timedelta | None = None,
    term: Term | None = None,
    activity: Rule | str | Collection[str] | None = None,
    within: dt.timedelta | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Estimate | DailySum:
    """Return the share of customers who left (流失率), under a named definition.

    Parameters
    ----------
    spells : Spells or InteractionLog
        When customers were there: subscriptions, by `spells_of`. A log for ``"inactivity"``.
        The unit is the customer: spells of one customer that overlap or touch are one stay, and
        who ends one of two subscriptions has not left.
    definition : str
        A row of the table below, or one of the names in `CHURN_ALIASES`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a rate for each. Left out, one rate for `over`.
    over : Window, optional
        The periods to report, on the edges of `period`; left out, from the first start to
        `as_of`. Needed without `period`: vendors' trailing 30 days are such a window.
    by : str or Grouping, optional
        Of spells, an attribute of theirs, such as ``"plan"``: a customer counts with the label
        they entered the period with, that of the spell they started last before it, or, who
        joins in the period, of the one they start with. Of a log, a customer attribute or a
        grouping.
    cause : str or collection of str, optional
        Only those who left for one of these causes: ``"voluntary"``, ``"involuntary"``,
        ``"paused"``, ``"unknown"``, or another one that the spells have. The denominator stays;
        the causes add up to the whole.
    unit : timedelta, optional
        For ``"exposure"``: the time the hazard is reported by; a day when left out.
    term : tuple of (int, {"day", "week", "month", "year"}), optional
        For ``"renewal"``: how long a contract runs, ``(1, "year")``.
    activity : Rule, str or collection of str, optional
        For ``"inactivity"``: the events that count as activity.
    within : timedelta, optional
        For ``"inactivity"``: elapsed time without activity after which a customer has left; at
        exactly that time they have.
    as_of : datetime, optional
        The last known instant; left out, that of the spells or the log.
    calendar : Calendar, optional
        Whose periods; left out, the log's own. Spells have none.

    Returns
    -------
    Proportion, Quotient, Rate or DailySum
        A `Proportion`, with an interval, where those who left are a part of those who could. A
        `Quotient` where they are not. A `Rate` for ``"exposure"``, and a `DailySum` for
        ``"daily_sum"``. NaN where nobody could leave, or the period is not over at `as_of`.

    Raises
    ------
    InvalidInputError
        For another definition, a cause that is none of those, or an option that is missing or has
        no meaning for the definition.

    Notes
    -----
    With ``opening`` and ``closing`` the customers who were there until the start and until the end
    of the period; ``lost`` those of the opening base who are not in the closing one; ``left``
    those of it who left, back or not; ``new`` the customers who joined and were not in it;
    ``exits`` every time anybody left:

    =======================  ========================================  =============================
    definition               formula                                   who uses it
    =======================  ========================================  =============================
    ``start_cohort``         lost / opening                            textbooks; ChartMogul standard
    ``profitwell``           left / opening                            ProfitWell (Paddle)
    ``any_exit_over_start``  exits / opening                           Recurly, basic
    ``baremetrics``          exits / opening                           Baremetrics, over 30 days
    ``stripe``               exits / (opening + new)                   Stripe, over 30 days
    ``average_base``         exits / ((opening + closing) / 2)         reports of public companies
    ``end_base``             exits / closing                           rarely, and by mistake
    ``daily_sum``            sum over days of exits / opening          ChartMogul "Shopify"
    ``exposure``             exits / customer-time, by `unit`          Recurly's advice; actuaries
    ``renewal``              not renewed / up for renewal              annual contracts; Displayr
    ``inactivity``           lost / opening, there if active `within`  who has no contract
    =======================  ========================================  =============================

    A customer belongs to a base at an instant if ``start < instant <= end``. So one who starts at
    the first instant of a period is new in it, and one who ends at it leaves in it: a month is
    known when its last instant is, and the closing base is the opening base of the next.

    ``renewal`` counts customers by the local day on which a term of theirs ends; who ends during
    a term has not renewed on the day it would have ended, early or on time. A day counts when it
    is over.

    The page on churn in the documentation says which to use when, and what each hides.

    References
    ----------
    ChartMogul, Churn rate formulas; Stripe, Billing analytics; Recurly (2014), A better way to
    calculate your churn rate; Gold, C. (2020), Fighting Churn with Data, chapter 2.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import churn_rate
    >>> from customerops.model import Calendar, Money, Subscription, spells_of
    >>> utc = dt.timezone.utc
    >>> held = [
    ...     Subscription(
    ...         id=str(i), customer_id=i, plan="gold", amount=Money(10, "EUR"),
    ...         interval=(1, "month"), started_at=dt.datetime(2025, 12, day, tzinfo=utc),
    ...         ended_at=None if end is None else dt.datetime(2026, 1, end, tzinfo=utc),
    ...     )
    ...     for i, (day, end) in enumerate([(1, None), (2, 20), (3, None), (9, None)])
    ... ]
    >>> spells = spells_of(held, as_of=dt.datetime(2026, 2, 1, tzinfo=utc))
    >>> churn = churn_rate(spells, definition="start_cohort", period="month", calendar=Calendar("UTC"))
    >>> churn.to_frame()[["count", "total", "value"]].values.tolist()
    [[0.0, 0.0, nan], [1.0, 4.0, 0.25], [0.0, 3.0, nan]]
    """
    definition = definition_of(definition)
    _check_options(definition, unit=unit, term=term, activity=activity, within=within, cause=cause)
    causes = _causes(cause, spells)
    if definition == "inactivity":
        assert activity is not None
        assert within is not None
        return _inactivity(
            spells,
            as_rule(activity, name="activity"),
            within,
            over=over,
            period=period,
            by=by,
            as_of=as_of,
            calendar=calendar,
        )
    settled = settle(
        spells,
        metric="churn_rate",
        definition=definition,
        by=by,
        over=over,
        period=period,
        as_of=as_of,
        calendar=calendar,
        options={} if causes is None else {"cause": causes},
    )
    if definition == "daily_sum":
        return _daily_sum(settled, causes, calendar)
    traffic, context = Traffic.of(settled.stays, settled.spans), settled.context
    if definition == "exposure":
        ticks = micros(_DAY if unit is None else unit)
        leaving = traffic.caused(traffic.leaving(), causes, final=False)
        parts = {
            "events": traffic.count(leaving, traffic.last),
            "exposure": traffic.exposure(settled.as_of + 1),
        }
        return Rate(axes=traffic.axes, parts=parts, context=context.with_options(per=ticks))
    if definition == "renewal":
        if calendar is None:
            raise InvalidInputError("calendar", "must be given", "terms end on its days")
        assert term is not None
        found = renewals_of(traffic, as_term(term), calendar, settled.as_of)
        return estimate_of(
            definition, _renewed(found, causes), traffic.axes, context.with_options(term=term)
        )
    return estimate_of(definition, counts_of(traffic, causes), traffic.axes, context)


def _check_options(definition: str, **given: Any) -> None:
    """Refuse options that a definition needs and has not, or has and does not need."""
    needed = {"renewal": ("term",), "inactivity": ("activity", "within")}.get(definition, ())
    taken = {"exposure": ("unit", "cause"), "inactivity": needed}.get(
        definition, (*needed, "cause")
    )
    for name, value in given.items():
        if value is None and name in needed:
            raise InvalidInputError(name, f"must be given for definition={definition!r}")
        if value is not None and name not in taken:
            raise useless(name, definition)
    for name in ("unit", "within"):
        if given[name] is not None:
            positive_duration(name, given[name])


def _causes(cause: str | Collection[str] | None, spells: object) -> tuple[str, ...] | None:
    """Return the causes asked for: of those a subscription may end for, or that the spells have."""
    if cause is None:
        return None
    given: object = cause
    listed = tuple(given) if isinstance(given, Collection) else ()
    causes = (cause,) if isinstance(cause, str) else listed
    if not causes or not all(isinstance(one, str) for one in causes):
        raise InvalidInputError("cause", "must be a str or a collection of str, not empty")
    found = spells.cause.labels if isinstance(spells, Spells) else ()
    known = [*CAUSES, *(label for label in found if isinstance(label, str))]
    for one in causes:
        if one not in known:
            hint = did_you_mean(one, known)
            problem = f"got {one!r}{hint}" if hint else "got another str"
            said = ", ".join(map(repr, CAUSES))
            raise InvalidInputError("cause", f"must be {said} or a cause of the spells", problem)
    return tuple(sorted(set(causes)))


def _renewed(found: Renewals, causes: tuple[str, ...] | None) -> Counts:
    lapsed = found.lapsed
    if causes is not None:
        labels = found.cause.labels
        wanted = [code for code, label in enumerate(labels) if label in causes]
        lapsed = lapsed & np.isin(found.cause.codes, wanted)
    return {"opening": found.count(found.lapsed | True), "lost": found.count(lapsed)}


def _inactivity(
    log: Spells | InteractionLog,
    rule: Rule,
    within: dt.timedelta,
    *,
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
) -> Estimate:
    """Return the share of customers active before the start who are not before the end."""
    if isinstance(log, Spells):
        raise InvalidInputError("spells", "must be a log for definition='inactivity'", came(log))
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known, width = asked.log, micros(within)
    rows = rows_of(known, rule)
    stays = stays_of_activity(
        known.codes[rows],
        known.at[rows],
        width=width,
        as_of=asked.as_of,
        groups=Groups(*groups_of(known, by)),
    )
    spans = spans_of_log(asked, int(stays.start.min()) if len(stays.start) else None)
    traffic = Traffic.of(stays, spans)
    counts = {"opening": traffic.base(0), "lost": traffic.count(traffic.lost(), traffic.last)}
    since = known.observed.start_us
    if since is not None:  # who was active before the log began is not known
        seen = spans.edges[:-1] - width >= since
        seen = seen if spans.axes else seen[0]
        counts = {name: np.where(seen, count, 0) for name, count in counts.items()}
    context = Context(
        metric="churn_rate",
        definition="inactivity",
        as_of=asked.as_of,
        over=over,
        by=by,
        calendar=asked.zone if period else None,
        period=period,
        options={"activity": rule, "within": within, "history_from": since},
    )
    return estimate_of("inactivity", counts, traffic.axes, context)


def _daily_sum(
    settled: Settled, causes: tuple[str, ...] | None, calendar: Calendar | None
) -> DailySum:
    """Return the exits of each day by its opening base, to be summed by stretch."""
    if calendar is None:
        raise InvalidInputError("calendar", "must be given", "exits are counted by its days")
    context = settled.context
    if context.period == "hour":
        raise InvalidInputError("period", "must not be shorter than a day", "days are summed")
    traffic = Traffic.of(settled.stays, days_of(settled.spans, calendar))
    leaving = traffic.caused(traffic.leaving(), causes, final=False)
    parts = {
        "numerator": traffic.count(leaving, traffic.last),
        "denominator": traffic.base(0),
    }
    by_day = attrs.evolve(context, calendar=calendar, period="day")
    if context.period is not None:
        by_day = by_day.with_options(sum_over=context.period)
    return DailySum(Quotient(axes=traffic.axes, parts=parts, context=by_day))
