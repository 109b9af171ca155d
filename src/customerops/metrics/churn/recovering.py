"""Failed payments: how many are made good before they cost the customer."""

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

__all__ = ["dunning_recovery_rate"]

PAYMENTS = ("purchase", "renew")


def dunning_recovery_rate(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    failures: Rule | str | Collection[str] = "payment_failed",
    payments: Rule | str | Collection[str] = PAYMENTS,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> SettledShare:
    """Return the share of failed payments that were made good in time (扣款失败挽回率).

    Parameters
    ----------
    log : InteractionLog
        A log of customers; or by thread, where a thread is an invoice, and only a payment of the
        same invoice makes its failure good.
    within : timedelta
        How long after the failure a payment counts. Elapsed time: the time that dunning takes.
    failures : Rule, str or collection of str
        Which events are failed payments.
    payments : Rule, str or collection of str
        Which events are payments.
    over : Window, optional
        Only failures in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period of the failure; a share for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Of the periods; left out, the log's own.

    Returns
    -------
    SettledShare
        x the failures made good, y the failures whose time is up; ``pending`` those with time left,
        in neither. The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        If `within` is not longer than zero, as_of or a calendar that is needed is not known, or
        `over` does not lie on the period's edges.

    Notes
    -----
    A retry that fails while a failure is open is part of it: payments are recovered, not attempts.
    A failure is made good by a payment later in the log and in ``[failure, failure + within)``; a
    failure after that is another one. In a log of customers any payment counts, of another invoice
    too. Churn tools divide what was recovered in a month by what failed in it, of different
    failures, and by value: where failures carry amounts, compare groups of them with `by`.

    References
    ----------
    ProfitWell (Paddle) Retain, "Recovery rate"; Baremetrics Recover, "Recovery rate".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import dunning_recovery_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     kind=["payment_failed", "payment_failed", "renew", "payment_failed"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 4, 8, 2)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> rate = dunning_recovery_rate(log, within=dt.timedelta(days=14))
    >>> rate.value, rate.x, rate.y
    (0.5, 1, 2)
    """
    found = episodes_of(
        log,
        "dunning_recovery_rate",
        begins=("failures", failures),
        ends=("payments", payments),
        within=within,
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
    )
    return SettledShare.of(found.asked, found.unit, found.at, found.ended, found.settled)
