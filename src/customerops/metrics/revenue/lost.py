"""Churn of recurring revenue: the share of it that was lost, gross or net of what was gained."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from customerops.metrics.revenue.by_customer import ratio_of
from customerops.metrics.revenue.levels import settle
from customerops.model.tables.movements import RATES, revenue_definition, signed
from customerops.model.tables.ratios import Ratio

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["mrr_churn_rate"]


def mrr_churn_rate(
    spells: Spells,
    *,
    definition: str,
    period: Period | None = None,
    over: Window | None = None,
    by: str | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the share of recurring revenue that was lost (收入流失率), gross or net.

    Parameters
    ----------
    spells, period, over, by, as_of, calendar
        As for `mrr_movements`.
    definition : {"gross", "churn_only", "net", "net_without_reactivation"}
        What is divided by the opening revenue: contraction and churn; churn alone; both less
        expansion and reactivation; both less expansion. Or a name in
        ``REVENUE_ALIASES["churn_rate"]``.

    Returns
    -------
    Ratio
        By customer, with an interval. Net is negative where more was gained than lost.

    Raises
    ------
    InvalidInputError
        As for `mrr_movements`, and for another definition.

    Notes
    -----
    Of the movements of `mrr_movements`: the value is that of its `churn_rate`. So, as at
    ChartMogul, ``"net"`` deducts the reactivation of everybody who came back, also of those who
    were not there at the start.

    References
    ----------
    ChartMogul, MRR churn rate, Net MRR churn rate; Gold, C. (2020), Fighting Churn with Data,
    section 2.4.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import Window
    >>> from customerops.metrics import mrr_churn_rate
    >>> from customerops.model import Money, Subscription, spells_of
    >>> utc = dt.timezone.utc
    >>> held = [
    ...     Subscription(
    ...         id=f"{who}{amount}", customer_id=who, plan="gold", amount=Money(amount, "EUR"),
    ...         interval=(1, "month"), started_at=dt.datetime(2025, start, 5, tzinfo=utc),
    ...         ended_at=None if end is None else dt.datetime(2025, end, 5, tzinfo=utc),
    ...     )
    ...     for who, amount, start, end in [("a", 10, 1, None), ("a", 5, 7, None), ("b", 10, 2, 7)]
    ... ]
    >>> spells = spells_of(held, as_of=dt.datetime(2026, 1, 1, tzinfo=utc))
    >>> july = Window.parse("2025-07-01", "2025-08-01", tz=utc)
    >>> mrr_churn_rate(spells, definition="gross", over=july).value
    0.5
    >>> mrr_churn_rate(spells, definition="net", over=july).value
    0.25
    """
    definition = revenue_definition("churn_rate", definition, RATES["churn_rate"])
    settled = settle(
        spells,
        metric="mrr_churn_rate",
        definition=definition,
        by=by,
        over=over,
        period=period,
        as_of=as_of,
        calendar=calendar,
    )
    plus, minus = RATES["churn_rate"][definition]
    return ratio_of(settled, None, calendar, lambda x: signed(x, plus, minus), everybody=True)
