"""The purchase summary of a log: its customers, and what each bought when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

from customerops.errors import InvalidInputError
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.metrics.shared.occasions import Clock, histories, occasions_of
from customerops.metrics.shared.units import OPPORTUNITIES, Occasion, Opportunity, ticks_in
from customerops.model.log.ask import ask
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.values.instants import as_instant, to_us

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["purchase_summary"]


def purchase_summary(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    calibration_end: dt.datetime | None = None,
    as_of: dt.datetime | None = None,
    occasion: Occasion | Opportunity = "day",
    unit: Period = "week",
    calendar: Calendar | None = None,
) -> PurchaseSummary:
    """Return each customer's purchase history in a few numbers: what the models are fitted to.

    Parameters
    ----------
    log : InteractionLog
        The events, with the whole history of every customer.
    purchases : Rule, str or collection of str
        Which events are purchases.
    calibration_end : datetime, optional
        Last instant that the histories hold, inclusive; what comes later, until `as_of`, is held
        out. Left out, it is `as_of` and nothing is.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    occasion : {"day", "hour", "instant", "week", "month", "quarter", "year"}
        Purchases of one customer in one local day, one local hour, or at one instant count as
        one. Age is counted in the same ticks: whole local days, whole local hours, microseconds.
        The last four are calendar periods, each of them one opportunity to buy, for `BGBB`.
    unit : {"week", "day", "hour", "month", "quarter", "year"}
        The clock of the models, not finer than a tick; where the occasion is a period, the same
        period.
    calendar : Calendar, optional
        Whose days and hours; left out, the log's own.

    Returns
    -------
    PurchaseSummary
        A row for each customer whose first purchase lies in the calibration; `excluded` counts
        those who came later.

    Raises
    ------
    InvalidInputError
        If as_of or a calendar that is needed is not known, the calibration ends after as_of, the
        unit is finer than a tick, or a period that is an opportunity is not over.

    Notes
    -----
    An occasion lies where its first event does, and its amounts are summed, so that a day that
    starts before the end of the calibration is in it as a whole. The first occasion starts the
    clock and is not counted in `x`; its spend is kept apart, for the models of spend leave it out
    too. A refund lowers the spend only if `purchases` takes it, and is then an occasion or a part
    of one; spend may be negative, and a fit says how many such customers it sets aside.

    Where an occasion is a period, what a customer buys in it is one occasion, so that `x` is at
    most `t_x`: each counts opportunities, and the period of the first purchase is none. Calibration
    and `as_of` must end with a period then: one that is not over may still bring a purchase.

    References
    ----------
    Fader, P. and Hardie, B. (2005). A Note on Deriving the Pareto/NBD Model and Related
    Expressions, section 2: why (x, t_x, T) is all that a model needs of a history.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import purchase_summary
    >>> days = [dt.date(2014, 3, 14), dt.date(2014, 4, 9), dt.date(2014, 5, 21), dt.date(2014, 3, 8)]
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=[2, 2, 2, 0], at=days, kind=["purchase"] * 4,
    ...     amount=["10", "20", "25", "10"], currency="USD", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2014, 12, 31))
    >>> summary = purchase_summary(log, unit="day")
    >>> summary.to_frame()[["customer_id", "x", "t_x", "T", "spend"]]
       customer_id  x  t_x    T  spend
    0            0  0    0  298      0
    1            2  2   68  292   4500
    >>> summary.mean_spend.tolist()
    [nan, 22.5]
    """
    ticks = ticks_in(unit, occasion)
    asked = ask(log, as_of=as_of, calendar=calendar)
    end = asked.as_of if calibration_end is None else to_us(
        as_instant("calibration_end", calibration_end)
    )  # fmt: skip
    if end > asked.as_of:
        raise InvalidInputError("calibration_end", "must not be after as_of", "got a later one")
    rule = as_rule(purchases)
    clock = Clock(None) if occasion == "instant" else Clock(asked.zone, occasion)
    if occasion in OPPORTUNITIES:
        ends = {"as_of": asked.as_of} | (
            {} if calibration_end is None else {"calibration_end": end}
        )
        for name, us in ends.items():
            if not clock.ends_with(us):
                raise InvalidInputError(
                    name,
                    f"must be the last instant of a {occasion}, as occasion is {occasion!r}",
                    "it lies within one, which is no opportunity until it is over",
                )
    occasions = occasions_of(asked.log, rule, clock)
    rows, columns, excluded = histories(asked.log, occasions, end, clock)
    options = {
        "calibration_end": end,
        "holdout": clock.tick(asked.as_of) - clock.tick(end),
        "occasion": occasion,
        "purchases": rule,
        "ticks_per_unit": ticks,
        "unit": unit,
    }
    currency = asked.log.currency if occasions.amounts else None
    return PurchaseSummary(
        ids=asked.log.customers[rows],
        columns=columns,
        context=Context(
            metric="purchase_summary",
            as_of=asked.as_of,
            calendar=asked.calendar,
            currency=currency,
            options=options | ({"scale": 10**asked.log.decimals} if currency else {}),
        ),
        excluded=excluded,
    )
