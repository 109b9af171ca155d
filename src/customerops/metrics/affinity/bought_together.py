"""Co-purchases (关联购买): which items customers buy together, with support, confidence and lift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from customerops.metrics.affinity.baskets import UNITS, Baskets, Unit, What, read_baskets
from customerops.metrics.affinity.pair_table import CoPurchases
from customerops.metrics.affinity.pairing import counted_by_customer, counted_by_order
from customerops.model.log.ask import ask
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    from customerops.model.values.window import Window

__all__ = ["co_purchases"]


def co_purchases(
    log: InteractionLog,
    *,
    unit: Unit,
    what: What = "sku",
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    as_of: dt.datetime | None = None,
) -> CoPurchases:
    """Count which items are bought together (关联购买).

    Parameters
    ----------
    log : InteractionLog
        The events, with line items.
    unit : {"customer", "order"}
        What a basket is: all a customer has bought in the window, or an order. The one finds what
        the same people buy, the other what goes into a cart together.
    what : {"sku", "category"}
        What an item is. A line without one is in no basket.
    purchases : Rule, str or collection of str
        Which events are orders.
    over : Window, optional
        Only orders inside it; left out, all there are.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    CoPurchases
        ``.to_frame()`` with support, lift and others of every pair, ``.top(n, by=, at_least=)``,
        ``.rules(n, at_least=)`` in both directions, ``.support(one, other)`` and
        ``.confidence(given, then)`` with intervals.

    Raises
    ------
    InvalidInputError
        When the log is by thread, its lines have no categories where they are asked for, or as_of
        is not known.

    Notes
    -----
    A basket is a set: an item that stands in it twice counts once. An item is in a basket if the
    quantities of its lines there add up to more than zero. So a line with a negative quantity
    takes back what it returns, in its own order; where returns are events of their own with
    negative quantities, ``unit="customer", purchases={"purchase", "refund"}`` leaves out what came
    back in full. A basket in which nothing is left does not count.

    A customer is independent of others and has one basket where the unit is the customer: shares
    have Wilson's interval. Orders of one customer are alike, and an interval that took them for
    independent would be too narrow: by order, shares are `ClusteredShare`, with the customer as
    the unit.

    The larger the baskets, the more pairs: a basket of k items has k (k - 1) / 2 of them. All are
    kept, for only so do results of partitions add to that of the whole; rare ones are left out
    when reading, by `at_least`.

    References
    ----------
    Agrawal, R., Imielinski, T. and Swami, A. (1993). Mining association rules between sets of
    items in large databases. Proc. ACM SIGMOD, 207-216.

    Brin, S., Motwani, R., Ullman, J. and Tsur, S. (1997). Dynamic itemset counting and implication
    rules for market basket data. Proc. ACM SIGMOD, 255-264.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import co_purchases
    >>> log = InteractionLog.from_orders(
    ...     {"order": [1, 2, 3], "who": ["a", "b", "b"], "day": [dt.date(2026, 1, 5)] * 3},
    ...     {"order": [1, 1, 2, 3], "sku": ["ink", "pen", "pen", "ink"]},
    ...     customer_id="who", at="day", order_id="order", sku="sku", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> co_purchases(log, unit="customer").support("pen", "ink").value
    1.0
    >>> carts = co_purchases(log, unit="order")
    >>> carts.to_frame()[["first", "second", "both", "baskets", "lift"]]
      first second  both  baskets  lift
    0   ink    pen     1        3  0.75
    """
    one_of("unit", unit, UNITS)
    one_of("what", what, ("sku", "category"))
    rule = as_rule(purchases, name="purchases", level="event")
    asked = ask(log, as_of=as_of, over=over)
    baskets = read_baskets(asked.log, rule, what=what, unit=unit, over=over)
    pairs = counted_by_customer(baskets) if unit == "customer" else counted_by_order(baskets)
    parts: dict[str, Any] = {
        "baskets": len(baskets.customer),
        "count": np.bincount(baskets.item, minlength=len(baskets.labels)),
        **pairs.parts,
    }
    if unit == "order":
        parts |= _over_customers(baskets)
    return CoPurchases(
        items=Axis(what, baskets.labels, "state"),
        first=pairs.first,
        second=pairs.second,
        parts=parts,
        context=Context(
            "co_purchases",
            unit=unit,
            as_of=asked.as_of,
            over=over,
            options={"what": what, "purchases": rule},
        ),
    )


def _over_customers(baskets: Baskets) -> dict[str, Any]:
    """Return customers and sums of squares over them, of all baskets and of those with each item."""
    n = len(baskets.labels)
    each = np.unique(baskets.customer, return_counts=True)[1]
    own = baskets.customer[baskets.basket] * max(n, 1) + baskets.item
    own, count = np.unique(own, return_counts=True)
    item = own % max(n, 1)
    return {
        "customers": len(each),
        "baskets_sq": int((each * each).sum()),
        "customers_with": np.bincount(item, minlength=n),
        "count_sq": exact.group_dot(item, count, count, n),
    }
