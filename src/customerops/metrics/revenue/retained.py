"""Net and gross revenue retention: what became of what customers paid."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.revenue.bridge import bridge_of
from customerops.metrics.revenue.by_customer import ratio_of
from customerops.metrics.revenue.compounded import Compounded
from customerops.metrics.revenue.levels import Settled, settle, steps_of
from customerops.metrics.revenue.vintages import RevenueCohorts, revenue_cohorts
from customerops.model.tables.axes import Axis
from customerops.model.tables.estimates import ClusteredShare, Quotient, Ratio
from customerops.model.tables.movements import RATES, revenue_definition, signed
from customerops.model.values import exact
from customerops.model.values.calendar import PERIODS
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["grr", "nrr"]

NRR = (
    "cohort_snapshot",
    "movement",
    "movement_with_reactivation",
    "compounded_monthly",
    "cohort_by_vintage",
)
GRR = ("per_customer", "movement")


def nrr(
    spells: Spells,
    *,
    definition: str = "cohort_snapshot",
    period: Period | None = None,
    over: Window | None = None,
    step: Period | None = None,
    by: str | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio | Compounded | RevenueCohorts:
    """Return the net revenue retention (NRR, 净收入留存率), under a named definition.

    What became of the recurring revenue of the customers there were, new ones left out; above 1
    where they pay more than before.

    Parameters
    ----------
    spells : Spells
        Subscriptions with amounts a month, by `spells_of`.
    definition : str
        A row of the table below, or a name in ``REVENUE_ALIASES["nrr"]``. Left out, the
        snapshot, which is what boards and public companies report.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a value for each. Left out, one value for `over`. For
        ``"cohort_by_vintage"`` the period of the cohorts and of their ages, and needed.
    over : Window, optional
        The periods, or the cohorts, to report; as for `mrr_movements`. As a rule a year for a
        board, a month to act on.
    step : {"hour", "day", "week", "month", "quarter", "year"}, optional
        For the movement forms: the period whose movements are added up; a month when left out. A
        stretch that is reported begins and ends where one does.
    by : str, optional
        An attribute of the spells: customers by the label with which they entered the stretch, or
        each of its months for ``"compounded_monthly"``, or which they began with, for
        ``"cohort_by_vintage"``.
    as_of : datetime, optional
        The last known instant; left out, that of the spells.
    calendar : Calendar, optional
        Whose periods; needed but for ``"cohort_snapshot"`` over a window.

    Returns
    -------
    Ratio, Compounded or RevenueCohorts
        A `Ratio` by customer, with an interval, for the first three: customers are taken for a
        sample of those one might have. A product of rates has none. NaN where nobody paid, and
        where the stretch is not over at `as_of`.

    Raises
    ------
    InvalidInputError
        For another definition, an option that is missing or has no meaning for it, or stretches
        that steps do not divide; else as for `mrr_movements`.

    Notes
    -----
    Over the customers who pay at the start, with m0 and m1 what each pays at the start and at the
    end, and the movements of `mrr_movements` of each step in between, of these customers alone:

    ==============================  ==================================================  ============================
    definition                      formula                                             who uses it
    ==============================  ==================================================  ============================
    ``cohort_snapshot``             sum m1 / sum m0                                     public companies; Gold; SMSB
    ``movement``                    (m0 + expansion - contraction - churn) / m0         Baremetrics; calculators
    ``movement_with_reactivation``  (the same + reactivation) / m0                      ChartMogul
    ``compounded_monthly``          product of the months' movement, each of its own    some boards
                                    opening base
    ``cohort_by_vintage``           MRR of a cohort at each age / at the end of its     ChartMogul, cohorts
                                    first period
    ==============================  ==================================================  ============================

    A customer who left and came back counts in a snapshot with what they pay at the end; by
    movement they are gone, for what came back is no expansion, though what they change later is
    one. Over a single step the first two agree, and so does the third, whose customers can only
    come back within a stretch of several steps; `Movements.nrr` adds whatever reactivation it is
    given, that of customers lost long ago too. With reactivation the third is the first, whatever
    the steps.

    References
    ----------
    Gold, C. (2020). Fighting Churn with Data. Manning, section 2.1; SaaS Metrics Standards Board,
    Net revenue retention; ChartMogul, Net MRR churn rate.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import Window
    >>> from customerops.metrics import nrr
    >>> from customerops.model import Money, Subscription, spells_of
    >>> utc = dt.timezone.utc
    >>> held = [
    ...     Subscription(
    ...         id=f"{who}{amount}", customer_id=who, plan="gold", amount=Money(amount, "EUR"),
    ...         interval=(1, "month"), started_at=dt.datetime(2025, start, 5, tzinfo=utc),
    ...     )
    ...     for who, amount, start in [("a", 10, 1), ("a", 5, 7), ("b", 10, 2), ("c", 9, 8)]
    ... ]
    >>> spells = spells_of(held, as_of=dt.datetime(2026, 1, 1, tzinfo=utc))
    >>> half = Window.parse("2025-06-01", "2026-01-01", tz=utc)
    >>> nrr(spells, definition="cohort_snapshot", over=half).value
    1.25
    """
    definition = revenue_definition("nrr", definition, NRR)
    if definition == "cohort_by_vintage":
        if step is not None:
            raise _useless("step", definition)
        if period is None:
            raise InvalidInputError("period", "must be given for definition='cohort_by_vintage'")
        table = revenue_cohorts(
            spells, period=period, over=over, by=by, as_of=as_of, calendar=calendar
        )
        context = attrs.evolve(table.context, metric="nrr", definition=definition)
        return attrs.evolve(table, context=context)
    if definition == "compounded_monthly":
        if step is not None:
            raise _useless("step", definition)
        settled = _settled("nrr", definition, spells, period, over, None, by, as_of, calendar)
        return _compounded(settled, calendar)
    moving = definition != "cohort_snapshot"
    if not moving and step is not None:
        raise _useless("step", definition)
    taken = _step(step) if moving else None
    settled = _settled("nrr", definition, spells, period, over, taken, by, as_of, calendar)
    if not moving:
        return ratio_of(settled, None, calendar, lambda x: x["closing"])
    plus, minus = RATES["nrr"][definition]
    return ratio_of(settled, taken, calendar, lambda x: signed(x, plus, minus))


def grr(
    spells: Spells,
    *,
    definition: str = "per_customer",
    period: Period | None = None,
    over: Window | None = None,
    step: Period | None = None,
    by: str | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the gross revenue retention (GRR, 毛收入留存率), under a named definition.

    What was kept of the recurring revenue of the customers there were: more from one does not make
    up for less from another.

    Parameters
    ----------
    spells, period, over, step, by, as_of, calendar
        As for `nrr`; `step` for ``"movement"``.
    definition : {"per_customer", "movement"}
        ``sum min(m1, m0) / sum m0``, which is a share, or ``(m0 - contraction - churn) / m0``, or a
        name in ``REVENUE_ALIASES["grr"]``.

    Returns
    -------
    Ratio
        By customer, with an interval; a `ClusteredShare` for ``"per_customer"``, whose interval
        stays inside [0, 1].

    Raises
    ------
    InvalidInputError
        As for `nrr`.

    Notes
    -----
    The two agree over a single step, and wherever nobody expanded, or came back, and was lost or
    lost something as well: what is won in one step and lost in the next counts as lost by movement,
    which may so fall below 0. A customer who left and came back keeps, per customer, what they pay
    again, at most what they paid. ``grr(definition="per_customer")`` is never above 1, nor above
    ``nrr(definition="cohort_snapshot")``.

    References
    ----------
    SaaS Metrics Standards Board, Gross revenue retention; dbt, the MRR playbook.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import Window
    >>> from customerops.metrics import grr
    >>> from customerops.model import Money, Subscription, spells_of
    >>> utc = dt.timezone.utc
    >>> held = [
    ...     Subscription(
    ...         id=f"{who}{amount}", customer_id=who, plan="gold", amount=Money(amount, "EUR"),
    ...         interval=(1, "month"), started_at=dt.datetime(2025, start, 5, tzinfo=utc),
    ...         ended_at=None if end is None else dt.datetime(2025, end, 5, tzinfo=utc),
    ...     )
    ...     for who, amount, start, end in [("a", 10, 1, None), ("a", 5, 7, None), ("b", 10, 2, 9)]
    ... ]
    >>> spells = spells_of(held, as_of=dt.datetime(2026, 1, 1, tzinfo=utc))
    >>> half = Window.parse("2025-06-01", "2026-01-01", tz=utc)
    >>> grr(spells, definition="per_customer", over=half).value
    0.5
    """
    definition = revenue_definition("grr", definition, GRR)
    moving = definition == "movement"
    if not moving and step is not None:
        raise _useless("step", definition)
    taken = _step(step) if moving else None
    settled = _settled("grr", definition, spells, period, over, taken, by, as_of, calendar)
    if moving:
        plus, minus = RATES["grr"][definition]
        return ratio_of(settled, taken, calendar, lambda x: signed(x, plus, minus))
    return ratio_of(
        settled,
        None,
        calendar,
        lambda x: exact.canon(np.minimum(x["opening"], x["closing"])),
        ClusteredShare,
    )


def _settled(
    metric: str,
    definition: str,
    spells: Spells,
    period: Period | None,
    over: Window | None,
    step: Period | None,
    by: str | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
) -> Settled:
    return settle(
        spells,
        metric=metric,
        definition=definition,
        by=by,
        over=over,
        period=period,
        as_of=as_of,
        calendar=calendar,
        options={} if step is None else {"step": step},
    )


def _step(step: Period | None) -> Period:
    taken: Period = "month" if step is None else step
    one_of("step", taken, PERIODS)
    return taken


def _useless(name: str, definition: str) -> InvalidInputError:
    return InvalidInputError(name, "must be left out", f"{definition!r} has no use for it")


def _compounded(settled: Settled, calendar: Calendar | None) -> Compounded:
    """Return the product of the months' movement of each stretch."""
    edges = steps_of(settled.spans, calendar, "month")
    assert calendar is not None
    months = calendar.labels(calendar.ordinals(edges[:-1], "month"), "month")
    context = settled.context
    by_month = attrs.evolve(context, calendar=calendar, period="month")
    if context.period is not None:
        by_month = by_month.with_options(product_over=context.period)
    every = Settled(
        settled.contracts,
        attrs.evolve(
            settled.spans,
            edges=edges,
            axes=(Axis("period", months, "period", disjoint=False),),
        ),
        by_month,
    )
    bridge = bridge_of(every)
    plus, minus = RATES["nrr"]["movement"]
    return Compounded(
        Quotient(
            axes=bridge.axes,
            parts={
                "numerator": signed(bridge.parts, plus, minus),
                "denominator": bridge.parts["opening"],
            },
            context=by_month,
        )
    )
