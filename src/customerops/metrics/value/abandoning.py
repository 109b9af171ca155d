"""Carts that never become an order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

from customerops.metrics.shared.episodes import episodes_of
from customerops.metrics.shared.settled import SettledShare
from customerops.model.rules.rules import Rule

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["abandonment_rate"]


def abandonment_rate(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    starts: Rule | str | Collection[str] = "cart",
    orders: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> SettledShare:
    """Return the share of carts, or of checkouts, that never became an order (弃购率).

    Parameters
    ----------
    log : InteractionLog
        A log of customers; or by thread, where a thread is a cart, and only its own order counts.
    within : timedelta
        How long after its start a cart may be ordered. Elapsed time.
    starts : Rule, str or collection of str
        The events with which a cart starts; ``"checkout"`` for the abandonment of checkouts.
    orders : Rule, str or collection of str
        Which events are orders.
    over : Window, optional
        Only carts started in it; all that are known when neither it nor `period` is given.
    period, by, as_of, calendar
        As for `dunning_recovery_rate`, by the start of the cart.

    Returns
    -------
    SettledShare
        x the carts abandoned, y the carts whose time is up; ``pending`` those with time left, the
        ordered among them. The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `dunning_recovery_rate`.

    Notes
    -----
    ``1 - ordered / started``. What is put into a cart while one is open is part of it. An order
    later in the log than the start and in ``[start, start + within)`` ends the cart; what is put
    into it after that time begins another. Shops divide the orders of a day by the carts of that
    day: of carts filled today many are ordered tomorrow, and that rate is too high on every day
    before a sale. `funnel` of a cart and an order counts customers, and shows the steps between.

    References
    ----------
    Twilio Segment, "Spec: V2 Ecommerce Events": Product Added, Checkout Started, Order Completed.
    Baymard Institute, "Cart abandonment rate statistics".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import abandonment_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "a", "b"],
    ...     kind=["cart", "cart", "purchase", "cart", "cart"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 2, 9, 30)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> rate = abandonment_rate(log, within=dt.timedelta(days=7))
    >>> rate.value, rate.x, rate.y, rate.pending
    (0.5, 1, 2, 1)
    """
    found = episodes_of(
        log,
        "abandonment_rate",
        begins=("starts", starts),
        ends=("orders", orders),
        within=within,
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
    )
    return SettledShare.of(found.asked, found.unit, found.at, ~found.ended, found.settled)
