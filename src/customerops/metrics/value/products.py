"""Products: how many buyers each of them reaches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import numpy as np

from customerops.metrics.value.buyers import question
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.estimates import Proportion
from customerops.model.values.checks import one_of
from customerops.model.values.columns import Coded
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.labels import Label
    from customerops.model.values.window import Window

__all__ = ["ProductShare", "product_popularity"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ProductShare(Proportion):
    """Of the buyers, the share that bought each product; made by `product_popularity`.

    There is one total, whichever products occur, so that shares add up over customers. A buyer of
    two products counts in both, so that they do not add up to 1.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "period")}


def product_popularity(
    log: InteractionLog,
    *,
    what: Literal["sku", "category"] = "sku",
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ProductShare:
    """Return how popular each product is: the share of buyers who bought it.

    Parameters
    ----------
    log : InteractionLog
        The events, with line items.
    what : {"sku", "category"}
        Products, or categories of them.
    purchases : Rule, str or collection of str
        Which events are orders.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; shares for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    ProductShare
        Axes group and period, as far as there are any, and ``"sku"`` or ``"category"``: every
        product bought by then that the log knows. ``count`` buyers of it among ``total`` buyers.

    Raises
    ------
    InvalidInputError
        When there is neither `over` nor `period`, or as_of or the calendar is not known.

    Notes
    -----
    ``buyers of the product / buyers of any``, a buyer being a customer with an order that has
    lines. The unit is the customer: somebody who buys a product every week is one buyer of it.

    References
    ----------
    Ehrenberg, A. S. C. (1988). *Repeat-Buying: Facts, Theory and Applications*, 2nd ed.:
    penetration, the share who buy at all, here of the buyers of any product.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import product_popularity
    >>> log = InteractionLog.from_orders(
    ...     {"order": ["o1", "o2"], "who": ["a", "b"], "day": [dt.date(2026, 1, 5)] * 2},
    ...     {"order": ["o1", "o1", "o2"], "sku": ["ink", "pen", "pen"]},
    ...     customer_id="who", at="day", order_id="order", sku="sku", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> shares = product_popularity(log, period="month")
    >>> dict(zip(shares.axes[-1].labels, shares.value[0].tolist()))
    {'ink': 0.5, 'pen': 1.0}
    """
    one_of("what", what, ("sku", "category"))
    rule = as_rule(purchases)
    asked = question(
        log,
        "product_popularity",
        rules={"purchases": rule},
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=rule,
    )
    bought = asked.bought(rule)
    lines = asked.log.lines
    labels: list[Label] = []
    buyer = product = np.zeros(0, np.intp)
    if lines is not None and what in lines.columns:
        column = lines.columns[what]
        assert isinstance(column, Coded)
        every = rows_of(asked.log, rule)
        seen = column.codes[ranges(lines.offsets[every], np.diff(lines.offsets)[every])]
        codes = np.where(seen < 0, len(column.labels), seen)  # missing comes last
        found = np.unique(codes)
        labels = [(*column.labels, None)[code] for code in found.tolist()]
        first = lines.offsets[bought.rows]
        length = lines.offsets[bought.rows + 1] - first
        own = column.codes[ranges(first, length)]
        product = np.searchsorted(found, np.where(own < 0, len(column.labels), own))
        buyer = bought.buyer[np.repeat(np.arange(len(first)), length)]
    pairs = np.unique(buyer * max(len(labels), 1) + product)
    buyer, product = pairs // max(len(labels), 1), pairs % max(len(labels), 1)
    shape = tuple(len(axis) for axis in asked.axes)
    cells = int(np.prod(shape, dtype=np.int64))
    count = np.bincount(bought.cell[buyer] * len(labels) + product, minlength=cells * len(labels))
    total = np.bincount(bought.cell[np.unique(buyer)], minlength=cells)
    return ProductShare(
        axes=(*asked.axes, Axis(what, labels, "state", disjoint=False)),
        parts={"count": count.reshape(*shape, len(labels)), "total": total.reshape(shape)},
        context=attrs.evolve(asked.context, definition=what),
    )
