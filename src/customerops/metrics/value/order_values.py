"""Orders and buyers: what an order is worth, what a buyer spends, how often, and what comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.value.buyers import question
from customerops.model.log.log import InteractionLog
from customerops.model.log.records import QUANTITY_DECIMALS
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.ratios import Mean, Ratio
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.columns import Numbers
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = [
    "average_order_value",
    "purchase_frequency",
    "refund_rate",
    "spend_per_buyer",
    "units_per_transaction",
]


def average_order_value(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the average order value (笔单价): paid amount by order.

    Parameters
    ----------
    log : InteractionLog
        The events, with amounts.
    purchases : Rule, str or collection of str
        Which events are orders. Refunds are not deducted, unless they are among them, and are then
        orders as well.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a value for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    Ratio
        In major units of the log's currency; x the amount, y the orders. The interval takes the
        customer as the unit, for orders cluster within customers.

    Raises
    ------
    InvalidInputError
        When there is neither `over` nor `period`, the log has no amounts, or as_of or the calendar
        is not known.

    Notes
    -----
    ``sum of amounts / number of orders`` over the orders whose amount is known. It is not
    `spend_per_buyer`: that is this times `purchase_frequency`.

    References
    ----------
    Shopify, help on reports: "Average order value".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import average_order_value
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase"] * 3, amount=[10, 20, 60],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 9)], currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> value = average_order_value(log, period="month")
    >>> value.value.tolist(), value.y.tolist()
    ([30.0], [3])
    """
    rule = as_rule(purchases)
    asked = question(
        log,
        "average_order_value",
        rules={"purchases": rule},
        unit="order",
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
        bought.count(known),
        codes=bought.cell,
        axes=asked.axes,
        context=asked.priced(seen=bool(known.any())),
    )


def spend_per_buyer(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Mean:
    """Return the mean spend of a buyer (客单价): paid amount by distinct buyers.

    Parameters
    ----------
    log, purchases, over, period, by, as_of, calendar
        As for `average_order_value`.

    Returns
    -------
    Mean
        In major units; n the buyers of the period, each once, however often they bought.

    Raises
    ------
    InvalidInputError
        As for `average_order_value`.

    Notes
    -----
    ``sum of amounts / number of buyers`` over the orders whose amount is known, as Alibaba's
    生意参谋 has it: refunds are not deducted. Shops that say 客单价 often mean `average_order_value`;
    the two agree only if everybody buys once. The value of a longer period is not the mean of its
    parts, for a buyer of two of them counts once.

    References
    ----------
    阿里巴巴 生意参谋, 指标说明: 客单价.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import spend_per_buyer
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase"] * 3, amount=[10, 20, 60],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 9)], currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> spend_per_buyer(log, period="month").value.tolist()
    [45.0]
    """
    rule = as_rule(purchases)
    asked = question(
        log,
        "spend_per_buyer",
        rules={"purchases": rule},
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=rule,
    )
    bought = asked.bought(rule)
    amount, known = asked.amounts(bought.rows)
    paid = bought.count(known) > 0
    return Mean.from_rows(
        bought.sum(amount)[paid],
        codes=bought.cell[paid],
        axes=asked.axes,
        context=asked.priced(seen=bool(known.any())),
    )


def purchase_frequency(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Mean:
    """Return how many orders a buyer places: orders by distinct buyers.

    Parameters
    ----------
    log, purchases, over, period, by, as_of, calendar
        As for `average_order_value`.

    Returns
    -------
    Mean
        At least 1; n the buyers of the period.

    Raises
    ------
    InvalidInputError
        As for `average_order_value`; amounts are not needed.

    Notes
    -----
    ``sum of orders / number of buyers``. It is Ehrenberg's w, the mean number of purchases of
    those who bought at all; `average_order_value` times it is `spend_per_buyer`. As a rule it is
    higher over a longer period.

    References
    ----------
    Ehrenberg, A. S. C. (1988). *Repeat-Buying: Facts, Theory and Applications*, 2nd ed.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import purchase_frequency
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase"] * 3, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 9)],
    ... ).until_day(dt.date(2026, 1, 31))
    >>> purchase_frequency(log, period="month").value.tolist()
    [1.5]
    """
    rule = as_rule(purchases)
    asked = question(
        log,
        "purchase_frequency",
        rules={"purchases": rule},
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=rule,
    )
    bought = asked.bought(rule)
    orders = bought.count(np.ones(len(bought.rows), np.bool_))
    return Mean.from_rows(orders, codes=bought.cell, axes=asked.axes, context=asked.context)


def units_per_transaction(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the units per transaction (UPT, 连带率): units sold by order.

    Parameters
    ----------
    log : InteractionLog
        The events, with line items.
    purchases, over, period, by, as_of, calendar
        As for `average_order_value`.

    Returns
    -------
    Ratio
        x the units, y the orders.

    Raises
    ------
    InvalidInputError
        As for `average_order_value`; amounts are not needed.

    Notes
    -----
    ``sum of quantities / number of orders`` over the orders that have lines; what an order without
    lines held is not known.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import units_per_transaction
    >>> log = InteractionLog.from_orders(
    ...     {"order": ["o1", "o2"], "who": ["a", "b"], "day": [dt.date(2026, 1, 5)] * 2},
    ...     {"order": ["o1", "o1", "o2"], "sku": ["ink", "pen", "pen"], "n": [2, 1, 1]},
    ...     customer_id="who", at="day", order_id="order", sku="sku", quantity="n",
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> units_per_transaction(log, period="month").value.tolist()
    [2.0]
    """
    rule = as_rule(purchases)
    asked = question(
        log,
        "units_per_transaction",
        rules={"purchases": rule},
        unit="order",
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=rule,
    )
    bought = asked.bought(rule)
    units, some = np.zeros(len(bought.rows), np.int64), np.zeros(len(bought.rows), np.bool_)
    lines = asked.log.lines
    if lines is not None:
        first = lines.offsets[bought.rows]
        length = lines.offsets[bought.rows + 1] - first
        quantity = lines.columns["quantity"]
        assert isinstance(quantity, Numbers)
        of = np.repeat(np.arange(len(first)), length)
        units = exact.group_sum(of, quantity.values[ranges(first, length)], len(first))
        some = length > 0
    return Ratio.from_rows(
        bought.sum(units),
        bought.count(some),
        codes=bought.cell,
        axes=asked.axes,
        context=asked.context.with_options(scale=10**QUANTITY_DECIMALS),
    )


def refund_rate(
    log: InteractionLog,
    *,
    definition: Literal["by_orders", "by_value"],
    purchases: Rule | str | Collection[str] = "purchase",
    refunds: Rule | str | Collection[str] = "refund",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the refund rate (退款率), by orders or by value.

    Parameters
    ----------
    log : InteractionLog
        The events.
    definition : {"by_orders", "by_value"}
        Refunds by orders, or what was paid back by what was paid.
    purchases : Rule, str or collection of str
        Which events are orders.
    refunds : Rule, str or collection of str
        Which are refunds; their amounts are negative. Shops often export them as positive: change
        the sign before the log is built.
    over, period, by, as_of, calendar
        As for `average_order_value`.

    Returns
    -------
    Ratio
        x what came back, y what was sold; the interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `average_order_value`; amounts are needed for ``"by_value"`` only. When an event is a
        purchase and a refund, or, ``"by_value"``, a refund has an amount above 0.

    Notes
    -----
    A refund counts in the period in which it was made, whatever the order was: after a month of
    high sales the rate is too high, for it belongs to more orders than the month's. Two refunds of
    one order are two.

    References
    ----------
    Twilio Segment, "Spec: V2 Ecommerce Events": Order Refunded.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import refund_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase", "refund", "purchase"],
    ...     amount=[20, -5, 60], at=[dt.date(2026, 1, d) for d in (2, 3, 9)], currency="EUR",
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> refund_rate(log, definition="by_orders", period="month").value.tolist()
    [0.5]
    >>> refund_rate(log, definition="by_value", period="month").value.tolist()
    [0.0625]
    """
    one_of("definition", definition, ("by_orders", "by_value"))
    sold, back = as_rule(purchases), as_rule(refunds)
    asked = question(
        log,
        "refund_rate",
        definition=definition,
        rules={"purchases": sold, "refunds": back},
        unit="order",
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=sold | back,
    )
    bought = asked.bought(sold, back)
    is_sold, is_back = (rule.mask(asked.log)[bought.rows] for rule in (sold, back))
    both = int((is_sold & is_back).sum())
    if both:
        problem = f"{both} of {len(is_back)} rows are both"
        raise InvalidInputError("refunds", "must not be purchases, too", problem)
    context = asked.context
    if definition == "by_orders":
        x, y = bought.count(is_back), bought.count(is_sold)
    else:
        amount, known = asked.amounts(bought.rows)
        wrong = int((is_back & (amount > 0)).sum())
        if wrong:
            raise InvalidInputError(
                "refunds", "must have amounts of 0 or below", count=wrong, total=int(is_back.sum())
            )
        x, y = bought.sum(np.where(is_back, -amount, 0)), bought.sum(np.where(is_sold, amount, 0))
        seen = bool((known & (is_sold | is_back)).any())
        if seen:  # a quotient of amounts has no unit, yet is of one currency
            context = attrs.evolve(context, currency=asked.log.currency)
    return Ratio.from_rows(x, y, codes=bought.cell, axes=asked.axes, context=context)
