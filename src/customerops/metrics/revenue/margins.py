"""Margin: what is left of revenue, and how many must stay for it to pay what they cost."""

from __future__ import annotations

import math
from typing import Literal

from customerops.errors import InvalidInputError
from customerops.metrics.revenue.economics import _part
from customerops.metrics.revenue.figures import Figure, figure
from customerops.model.tables.context import Context
from customerops.model.values.checks import finite, one_of

__all__ = ["break_even_retention", "gross_margin"]


def gross_margin(*, revenue: float, costs: float) -> Figure:
    """Return the gross margin (毛利率): the share of revenue that its direct costs leave.

    Parameters
    ----------
    revenue : float
        Net revenue, in major units.
    costs : float
        Cost of what was sold (COGS), in the same; not negative.

    Returns
    -------
    Figure
        ``(revenue - costs) / revenue``, at most 1; below 0 where the costs are higher. NaN without
        revenue, or where refunds exceed it.

    Raises
    ------
    InvalidInputError
        If a number is not finite, or `costs` are negative.

    Notes
    -----
    For a subscription business the costs are hosting, support, payment fees and what is licensed
    from others, not those of selling. It is the ``margin`` of `ltv_from` and `payback`.

    Examples
    --------
    >>> from customerops.metrics import gross_margin
    >>> gross_margin(revenue=200_000, costs=44_000).value
    0.78
    """
    earned, spent = finite("revenue", revenue), _part("costs", costs)
    return figure("gross_margin", None, earned - spent, earned, revenue=earned, costs=spent)


def break_even_retention(
    *,
    cac: float,
    arpa: float,
    margin: float,
    discount: float,
    first_payment: Literal["end_of_period", "immediate"],
) -> Figure:
    """Return the retention at which a customer is worth what one costs (盈亏平衡留存率).

    Parameters
    ----------
    cac : float
        Cost of winning one customer; not negative.
    arpa : float
        Revenue per account and period; not negative.
    margin : float
        Share of revenue that is margin, at most 1.
    discount : float
        Rate of a period, not negative; 0 for none.
    first_payment : {"end_of_period", "immediate"}
        Whether the first payment comes a period from now, from those who are still there, or now.

    Returns
    -------
    Figure
        Share of customers kept from one period to the next. 0 where the first payment covers the
        cost; NaN where no retention does.

    Raises
    ------
    InvalidInputError
        If a figure is out of its range, or `first_payment` is none of the two.

    Notes
    -----
    With m the margin of a period and i the discount, the r that solves ``cac = m r / (1 + i - r)``,
    that is ``cac (1 + i) / (m + cac)``; or, if the first payment is immediate, ``cac = m (1 + i) /
    (1 + i - r)``, that is ``(1 + i) (1 - m / cac)``: the inverse of `ltv_from` under
    ``"gupta_lehmann"``, with what it takes to be so, the same retention for everybody and for ever.

    References
    ----------
    Gupta, S. and Lehmann, D. R. (2003), Customers as assets, Journal of Interactive Marketing
    17(1), 9-24.

    Examples
    --------
    >>> from customerops.metrics import break_even_retention
    >>> break_even_retention(
    ...     cac=280, arpa=100, margin=0.7, discount=0.1, first_payment="end_of_period"
    ... ).value
    0.88
    """
    parts = {
        name: _part(name, value)
        for name, value in (
            ("cac", cac),
            ("arpa", arpa),
            ("margin", margin),
            ("discount", discount),
        )
    }
    if parts["discount"] < 0:
        raise InvalidInputError("discount", "must not be negative")
    one_of("first_payment", first_payment, ("end_of_period", "immediate"))
    cost, earned, growth = parts["cac"], parts["arpa"] * parts["margin"], 1 + parts["discount"]
    kept = math.nan
    if earned >= cost and first_payment == "immediate":
        kept = 0.0
    elif earned > 0:
        late = first_payment == "end_of_period"
        kept = cost * growth / (earned + cost) if late else growth * (cost - earned) / cost
    context = Context("break_even_retention", options={"first_payment": first_payment})
    return Figure(value=kept if kept <= 1 else math.nan, parts=parts, context=context)
