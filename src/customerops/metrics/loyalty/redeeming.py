"""How points are used: the redemption rate, and who is active in the scheme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from customerops.metrics.loyalty.ledger import BURN, EARN, Ledger, ledger_of
from customerops.metrics.loyalty.scheme import POINTS, PointsScheme
from customerops.metrics.shared.members import NEVER, joined_at, members_who
from customerops.metrics.shared.spans import Spans, spans_of_log
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.ratios import ClusteredShare, Ratio
from customerops.model.values import exact
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["active_member_rate", "redemption_rate"]


def redemption_rate(
    log: InteractionLog,
    *,
    definition: Literal["same_period", "cohort"],
    scheme: PointsScheme = POINTS,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the redemption rate of points (积分核销率): points used by points earned.

    Parameters
    ----------
    log : InteractionLog
        The events, as for `points_balance`.
    definition : {"same_period", "cohort"}
        Points used in the period by points earned in it; or, of the points earned in the period,
        the share used by `as_of`.
    scheme : PointsScheme, optional
        Which events are entries, and by what rules.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a rate for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    Ratio or ClusteredShare
        x the points used (burned), y the points earned (issued): the burn rate over the earn rate.
        The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `points_balance`; when there is neither `over` nor `period`, or `over` does not lie
        on the edges of the period.

    Notes
    -----
    ``"same_period"`` uses points earned before and may exceed 1; it falls when a scheme grows,
    though nobody uses fewer. ``"cohort"`` follows the points, first in first out, and never
    falls as time goes by: compare cohorts at one age. Points given back count as used all the
    same, and points that adjustments brought are in neither.

    References
    ----------
    Gault, T. A., Llaguno, L. and Ménard, M. (2012). Loyalty rewards and gift card programs: basic
    actuarial estimation techniques. Casualty Actuarial Society E-Forum, Summer 2012: the cohort's,
    and its ultimate value.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import redemption_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a"] * 3, kind=["points_earn", "points_earn", "points_burn"],
    ...     at=[dt.date(2026, m, 5) for m in (1, 2, 2)], value=[100, 50, 80], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> for definition in ("same_period", "cohort"):
    ...     print(redemption_rate(log, definition=definition, period="month").value.tolist())
    [0.0, 1.6]
    [0.8, 0.0]
    """
    one_of("definition", definition, ("same_period", "cohort"))
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    ledger = ledger_of(asked.log, scheme)
    earned, burned = ledger.deed == EARN, ledger.why == BURN
    if definition == "cohort":
        burned &= earned[ledger.lot]
    used_at = ledger.taken_at if definition == "same_period" else ledger.at[ledger.lot]
    spans, group, axes, context = _settled(asked, "redemption_rate", ledger, scheme, by)
    size = len(spans)

    def by_cell(who: NDArray[np.int64], at: NDArray[np.int64], points: NDArray[np.int64]) -> Any:
        place = spans.place(at)
        inside = (place >= 0) & (place < size)
        cells = who[inside] * size + place[inside]
        return exact.group_sum(cells, points[inside], asked.log.n_customers * size)

    x = by_cell(ledger.taker[burned], used_at[burned], ledger.taken[burned])
    y = by_cell(ledger.customer[earned], ledger.at[earned], ledger.points[earned])
    cells = (group[:, None] * size + np.arange(size)).ravel()
    kind = Ratio if definition == "same_period" else ClusteredShare
    context = context(definition=definition, unit="point")
    return kind.from_rows(x, y, codes=cells, axes=(*axes, *spans.axes), context=context)


def active_member_rate(
    log: InteractionLog,
    *,
    members: Rule | str | Collection[str] | None = None,
    scheme: PointsScheme = POINTS,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Proportion:
    """Return the share of members who earned or burned points (活跃会员率).

    Parameters
    ----------
    log : InteractionLog
        The events, as for `points_balance`.
    members : Rule, str or collection of str, optional
        The events by which a customer becomes a member, such as ``"signup"``; left out, every
        customer is one from the first that is known of them.
    scheme, over, period, by, as_of, calendar
        As for `redemption_rate`; a window of twelve months is usual.

    Returns
    -------
    Proportion
        Count the members who earned or burned in the period, total the members at its end.

    Raises
    ------
    InvalidInputError
        As for `redemption_rate`.

    Notes
    -----
    What was burned though it was not there counts as activity, too; expiry and adjustments do
    not. The sum of a year's months is not the year: a member of both counts once in each.

    References
    ----------
    COLLOQUY (2015). Loyalty Census: an active member earns or redeems at least once a year.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import active_member_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "b"], kind=["signup", "signup", "points_earn"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 3)], value=[None, None, 10],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> active_member_rate(log, members="signup", period="month").value.tolist()
    [0.5]
    """
    rule = None if members is None else as_rule(members)
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known = asked.log
    ledger = ledger_of(known, scheme)
    joined = joined_at(known, rule)
    spans, group, axes, context = _settled(
        asked, "active_member_rate", ledger, scheme, by, first=joined
    )
    moved = (ledger.act == EARN) | (ledger.act == BURN)
    parts = members_who(spans, group, axes, joined, ledger.members[moved], ledger.entered[moved])
    return Proportion(axes=(*axes, *spans.axes), parts=parts, context=context(members=rule))


def _settled(
    asked: Asked,
    metric: str,
    ledger: Ledger,
    scheme: PointsScheme,
    by: str | Grouping | None,
    first: NDArray[np.int64] | None = None,
) -> tuple[Spans, NDArray[np.intp], Any, Any]:
    """Return the stretches, the group of each customer, the axis of groups, and the context."""
    starts = ledger.entered if first is None else first[first < NEVER]
    spans = spans_of_log(asked, int(starts.min()) if len(starts) else None)
    group, _, axes = groups_of(asked.log, by)

    def context(*, definition: str | None = None, unit: str = "customer", **more: Any) -> Context:
        return Context(
            metric=metric,
            unit=unit,
            definition=definition,
            as_of=asked.as_of,
            over=asked.over,
            calendar=asked.zone if asked.period else None,
            period=asked.period,
            by=by,
            options={**more, "scheme": scheme},
        )

    return spans, group, axes, context
