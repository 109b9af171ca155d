"""Revenue per user: of everybody active, of those who paid, and of paying accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import known_at
from customerops.metrics.shared.stays import groups_of_spells
from customerops.metrics.value.buyers import question
from customerops.model.log.log import InteractionLog
from customerops.model.log.spells import Spells
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.ratios import Mean, Ratio
from customerops.model.values import exact
from customerops.model.values.checks import came
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["arpa", "arppu", "arpu"]


def arpu(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    revenue: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the average revenue per user (ARPU): revenue by everybody active, free users too.

    Parameters
    ----------
    log : InteractionLog
        The events, with amounts.
    activity : Rule, str or collection of str
        Which events make a customer active: what they do, not what is done to them, such as being
        mailed.
    revenue : Rule, str or collection of str
        Which events bring revenue; ``{"purchase", "refund"}`` deducts refunds, whose amounts are
        negative.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a value for each. Of days it is the ARPDAU.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    Ratio
        In major units of the log's currency; x the revenue, y the distinct customers active in the
        period.

    Raises
    ------
    InvalidInputError
        When there is neither `over` nor `period`, the log has no amounts, or as_of or the calendar
        is not known.

    Notes
    -----
    ``revenue in the period / distinct customers active in it``. The ARPU of a month is neither the
    sum nor the mean of those of its days: the same people are active on many of them. Events
    without an amount bring no revenue. Who pays without an event of `activity` in the period is in
    the revenue and not among the users; take revenue into `activity` to have both of the same people.

    References
    ----------
    AppLovin and SplitMetrics, glossaries: ARPU over all users, ARPPU over paying ones.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import arppu, arpu
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "c", "c"], kind=["use", "purchase", "use", "purchase"],
    ...     amount=[None, 10, None, 20], at=[dt.date(2026, 1, d) for d in (2, 3, 9, 9)],
    ...     currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> arpu(log, activity={"use", "purchase"}, period="month").value.tolist()
    [10.0]
    >>> arppu(log, period="month").value.tolist()
    [15.0]
    """
    paying, using = as_rule(revenue, name="revenue"), as_rule(activity, name="activity")
    asked = question(
        log,
        "arpu",
        rules={"activity": using, "revenue": paying},
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=paying | using,
    )
    bought = asked.bought(paying, using)
    amount, known = asked.amounts(bought.rows)
    is_paid, is_used = (rule.mask(asked.log)[bought.rows] for rule in (paying, using))
    return Ratio.from_rows(
        bought.sum(np.where(is_paid, amount, 0)),
        np.minimum(bought.count(is_used), 1),
        codes=bought.cell,
        axes=asked.axes,
        context=asked.priced(seen=bool((known & is_paid).any())),
    )


def arppu(
    log: InteractionLog,
    *,
    revenue: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the average revenue per paying user (ARPPU).

    Parameters
    ----------
    log, revenue, over, period, by, as_of, calendar
        As for `arpu`.

    Returns
    -------
    Ratio
        In major units; x the revenue, y the distinct customers who paid something in the period.

    Raises
    ------
    InvalidInputError
        As for `arpu`.

    Notes
    -----
    ``revenue in the period / distinct customers who paid in it``; who paid has an event with an
    amount above 0. With refunds deducted, what is paid back to somebody who paid in an earlier
    period lowers the revenue all the same.

    References
    ----------
    AppLovin and SplitMetrics, glossaries: ARPU over all users, ARPPU over paying ones.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import arppu
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "b"], kind=["purchase", "purchase", "refund"],
    ...     amount=[30, 20, -10], at=[dt.date(2026, 1, d) for d in (2, 3, 9)],
    ...     currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> arppu(log, period="month").value.tolist()
    [25.0]
    >>> arppu(log, revenue={"purchase", "refund"}, period="month").value.tolist()
    [20.0]
    """
    rule = as_rule(revenue, name="revenue")
    asked = question(
        log,
        "arppu",
        rules={"revenue": rule},
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=rule,
    )
    bought = asked.bought(rule)
    amount, known = asked.amounts(bought.rows)
    return Ratio.from_rows(
        bought.sum(amount),
        np.minimum(bought.count(amount > 0), 1),
        codes=bought.cell,
        axes=asked.axes,
        context=asked.priced(seen=bool(known.any())),
    )


def arpa(
    spells: Spells,
    *,
    by: str | None = None,
    as_of: dt.datetime | None = None,
) -> Mean:
    """Return the average revenue per account (ARPA): recurring revenue by paying customers.

    Parameters
    ----------
    spells : Spells
        Subscriptions, with amounts a month.
    by : str, optional
        An attribute of the spells, such as ``"plan"``: revenue by label, over the customers who
        pay for it. A customer with two labels counts in both.
    as_of : datetime, optional
        The instant; left out, that of the spells.

    Returns
    -------
    Mean
        In major units a month; n the customers whose spells at that instant come to more than 0.

    Raises
    ------
    InvalidInputError
        If they are not spells with amounts, or the instant is later than theirs.

    Notes
    -----
    ``monthly recurring revenue / paying customers`` at one instant, spells with ``start <= as_of <
    end``. ChartMogul's ARPA; Stripe calls it ARPS, by subscriber.

    References
    ----------
    ChartMogul, "Average revenue per account (ARPA)"; Stripe, Billing analytics.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import arpa
    >>> from customerops.model import Money, Subscription, spells_of
    >>> start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> held = [
    ...     Subscription(
    ...         id=str(i), customer_id=i, plan="gold", amount=Money(amount, "EUR"),
    ...         interval=(1, "month"), started_at=start,
    ...     )
    ...     for i, amount in enumerate([10, 20, 0])
    ... ]
    >>> arpa(spells_of(held, as_of=start + dt.timedelta(days=40))).value
    15.0
    """
    if not isinstance(spells, Spells):
        raise InvalidInputError("spells", "must be Spells", came(spells))
    if spells.amount is None:
        raise InvalidInputError("spells", "must have amounts")
    known = known_at(spells, as_of)
    started = np.flatnonzero(spells.start <= known)
    groups = groups_of_spells(spells, started, by)
    runs = ~(spells.observed[started] & (spells.end[started] <= known))
    rows, label = started[runs], groups.codes[runs]
    amount = spells.amount.values[rows]
    if spells.amount.valid is not None:
        amount = np.where(spells.amount.valid[rows], amount, 0)
    order = np.lexsort((label, spells.codes[rows]))
    customer, label, amount = spells.codes[rows][order], label[order], amount[order]
    lead = first_of_run(customer, label)
    total = exact.group_sum(np.cumsum(lead) - 1, amount, int(lead.sum()))
    pays = total > 0
    priced = {} if spells.currency is None else {"scale": 10**spells.decimals}
    return Mean.from_rows(
        total[pays],
        codes=label[lead][pays],
        axes=[Axis(axis.name, axis.labels, "group") for axis in groups.axes],
        context=Context(
            metric="arpa", as_of=known, currency=spells.currency, by=by, options=priced
        ),
    )
