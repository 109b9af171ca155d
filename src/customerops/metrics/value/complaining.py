"""Complaints, by what was ordered and by who ordered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import numpy as np

from customerops.metrics.value.buyers import question
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.estimates import Estimate, Proportion
from customerops.model.tables.ratios import Ratio
from customerops.model.values import exact
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["complaint_rate"]


def complaint_rate(
    log: InteractionLog,
    *,
    definition: Literal["by_orders", "by_customers"],
    complaints: Rule | str | Collection[str],
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Estimate:
    """Return how often there are complaints (投诉率, 客诉率), under a named definition.

    Parameters
    ----------
    log : InteractionLog
        A log of customers.
    definition : {"by_orders", "by_customers"}
        Complaints of the period by its orders; or the share of its buyers who complained in it.
    complaints : Rule, str or collection of str
        Which events are complaints: one event, one complaint. Cases of a subject, say, by
        ``kind("case_open") & (attribute("subject") == "complaint")``.
    purchases : Rule, str or collection of str
        Which events are orders.
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
    Ratio or Proportion
        ``"by_orders"`` a ratio, with the customer as the unit of its interval, which may exceed 1;
        ``"by_customers"`` a share of buyers.

    Raises
    ------
    InvalidInputError
        For another definition; when there is neither `over` nor `period`, or as_of or the calendar
        is not known.

    Notes
    -----
    ``complaints / orders``, or ``|bought and complained| / |bought|``. A complaint counts when it
    is made, though the order may lie before the period: where many take weeks, the rate of a month
    of few orders is too high. Complaints of who bought nothing in the period are in the first, and
    not in the second. Few customers who complain often make the first high, not the second. Spam
    reports of a mailing are `CampaignSummary.complaint_rate`; cases of any kind, `contact_rate`.

    References
    ----------
    ISO 10002:2018, Quality management: guidelines for complaints handling in organizations.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import complaint_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b"],
    ...     kind=["purchase", "complaint", "complaint", "purchase", "purchase"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 4, 5, 9)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> for definition in ("by_orders", "by_customers"):
    ...     rate = complaint_rate(
    ...         log, definition=definition, complaints="complaint", period="month"
    ...     )
    ...     print(rate.value.round(3).tolist())
    [0.667]
    [0.5]
    """
    one_of("definition", definition, ("by_orders", "by_customers"))
    bad = as_rule(complaints, name="complaints", level="event")
    sold = as_rule(purchases, name="purchases", level="event")
    asked = question(
        log,
        "complaint_rate",
        definition=definition,
        rules={"complaints": bad, "purchases": sold},
        unit="order" if definition == "by_orders" else "customer",
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=sold | bad,
    )
    found = asked.bought(sold, bad)
    many, orders = (found.count(rule.mask(asked.log)[found.rows]) for rule in (bad, sold))
    if definition == "by_orders":
        return Ratio.from_rows(
            many, orders, codes=found.cell, axes=asked.axes, context=asked.context
        )
    shape = [len(axis) for axis in asked.axes]
    cells = int(np.prod(shape, dtype=np.int64))
    parts = {
        "count": exact.group_count(found.cell[(orders > 0) & (many > 0)], cells),
        "total": exact.group_count(found.cell[orders > 0], cells),
    }
    return Proportion(
        axes=asked.axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=asked.context,
    )
