"""Repurchase: how many buyers buy again, under the definitions in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.cohorts.cohorts import retention
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.cohort import CohortTable
from customerops.model.tables.estimates import Estimate, Proportion, Ratio
from customerops.model.tables.tables import Context
from customerops.model.values.checks import one_of, positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["next_window_repurchase", "repurchase_rate"]

Definition = Literal[
    "in_window", "by_orders", "returning_customer", "prior_buyer_share", "within_days"
]
Occasion = Literal["event", "day"]
DEFINITIONS = ("in_window", "by_orders", "returning_customer", "prior_buyer_share", "within_days")


@attrs.frozen(eq=False)
class _Orders:
    """Purchase occasions: customer, instant, number among the customer's own, side of the window."""

    customer: NDArray[np.int32]
    at: NDArray[np.int64]
    number: NDArray[np.int64]  # 1 for the customer's first ever
    before: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    n_customers: int

    def per_customer(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(self.customer[mask], minlength=self.n_customers)


def repurchase_rate(
    log: InteractionLog,
    *,
    definition: Definition,
    over: Window | None = None,
    purchases: Rule | str | Collection[str] = "purchase",
    occasion: Occasion = "event",
    within: dt.timedelta | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> Estimate:
    """Return the share of buyers who bought again (复购率), under a named definition.

    Parameters
    ----------
    log : InteractionLog
        The events, with their history before `over`.
    definition : str
        ``"in_window"``: buyers with two or more purchases in the window, among its buyers.
        ``"returning_customer"``: buyers of the window with two or more purchases ever, up to its
        end, among its buyers. ``"prior_buyer_share"`` (老客占比): buyers of the window who had
        bought before it, among its buyers. ``"by_orders"`` (按次数): repeat purchases among all
        purchases of the window. ``"within_days"``: customers whose first purchase ever lies in the
        window and who bought again at most `within` later, among those of them who have been
        watched for `within`.
    over : Window, optional
        The window; needed by all but ``"within_days"``, which takes every first purchase without.
    purchases : Rule, str or collection of str
        Which events are purchases. A refund does not undo one; exclude what should not count.
    occasion : {"event", "day"}
        Whether each event is a purchase, or all of a local day are one.
    within : timedelta, optional
        Elapsed time for ``"within_days"``, inclusive; refused by the others.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        For ``occasion="day"``; left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping; a rate for each group.

    Returns
    -------
    Proportion or Ratio
        A `Proportion` of customers; for ``"by_orders"``, whose unit is the order, a `Ratio`
        clustered by customer. NaN without buyers, and where `over` is not over at `as_of`.

    Raises
    ------
    InvalidInputError
        For another definition, a missing `over` or `within`, or one that has no meaning.

    Notes
    -----
    With n_i purchases of customer i in the window: in_window is ``|n >= 2| / |n >= 1|``, by_orders
    ``sum(n - 1) / sum(n)``; the second is not a share of customers, though the two are often
    confused. returning_customer is Shopify's; cut at the window's end it does not rewrite the past.

    References
    ----------
    Shopify, help on reports: "Returning customer rate".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import repurchase_rate
    >>> from customerops.model import Window
    >>> utc = dt.timezone.utc
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 9, 5)],
    ...     kind=["purchase"] * 4,
    ...     tz=utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> january = Window.parse("2026-01-01", "2026-02-01", tz=utc)
    >>> rate = repurchase_rate(log, definition="in_window", over=january)
    >>> float(rate), rate.count, rate.total
    (0.5, 1, 2)
    >>> float(repurchase_rate(log, definition="by_orders", over=january))
    0.5
    """
    one_of("definition", definition, DEFINITIONS)
    one_of("occasion", occasion, ("event", "day"))
    if definition == "within_days":
        if within is None:
            raise InvalidInputError("within", "must be given for definition='within_days'")
        positive_duration("within", within)
    elif within is not None:
        raise InvalidInputError("within", "must be left out", f"{definition!r} has no use for it")
    elif over is None:
        raise InvalidInputError("over", f"must be given for definition={definition!r}")
    asked = ask(log, as_of=as_of, over=over, calendar=calendar)
    rule = as_rule(purchases)
    zone = asked.zone if occasion == "day" else None
    orders = _orders(asked.log, rule, over, zone)
    group, n_groups, axes = groups_of(asked.log, by)
    options: tuple[tuple[str, object], ...] = (("occasion", occasion), ("purchases", rule))
    if within is not None:
        options += (("within", within),)
    context = Context(
        metric="repurchase_rate",
        unit="order" if definition == "by_orders" else "customer",
        definition=definition,
        as_of=asked.as_of,
        over=over,
        calendar=zone,
        by=by,
        options=options,
    )
    if definition == "by_orders":
        bought = orders.per_customer(orders.inside)
        again = np.maximum(bought - 1, 0)
        return Ratio.from_rows(again, bought, codes=group, axes=axes, context=context)
    if definition == "within_days" and within is not None:
        width = micros(within)
        count, total = _within(orders, width, asked.as_of)
    else:
        count, total = _BUYERS[definition](orders)
    shape = tuple(len(axis) for axis in axes)
    parts = {
        "count": np.bincount(group[count & total], minlength=n_groups).reshape(shape),
        "total": np.bincount(group[total], minlength=n_groups).reshape(shape),
    }
    return Proportion(axes=axes, parts=parts, context=context)


def next_window_repurchase(
    log: InteractionLog,
    *,
    period: Period,
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> CohortTable:
    """Return the share of a period's buyers who buy in the next one (回购率).

    Parameters
    ----------
    log : InteractionLog
        The events.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Calendar period of the windows.
    purchases : Rule, str or collection of str
        Which events are purchases. A refund does not undo one; exclude what should not count.
    over : Window, optional
        Periods to report, on the edges of `period`; left out, from the first purchase to `as_of`.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping; rates for each group.

    Returns
    -------
    CohortTable
        The axis cohort holds the periods (after the group); ``count`` bought in the next one among
        ``total`` buyers. NaN, and not `complete`, until the next period is over.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, or `over` does not lie on the period's edges.

    Notes
    -----
    ``|buyers of t and of t + 1| / |buyers of t|``. Of 1,000 buyers in January 300 buy in February:
    30 %. `repurchase_rate`, 复购率, looks inside one window; the two are often confused. It is
    `retention` of recurring cohorts at age 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import next_window_repurchase
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase"] * 3, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, 2), dt.date(2026, 2, 20), dt.date(2026, 1, 5)],
    ... ).until_day(dt.date(2026, 2, 28))
    >>> next_window_repurchase(log, period="month").value.tolist()
    [0.5, nan]
    """
    rule = as_rule(purchases)
    table = retention(
        log,
        start=rule,
        returning=rule,
        period=period,
        cohort="recurring",
        mode="bracket",
        brackets=[(1, 1)],
        over=over,
        as_of=as_of,
        calendar=calendar,
        by=by,
    )
    context = attrs.evolve(
        table.context, metric="next_window_repurchase", options={"purchases": rule}
    )
    return CohortTable(
        axes=table.axes[:-1],
        parts={
            "count": table.parts["count"][..., 0],
            "total": table.parts["total"][..., 0],
            "size": table.parts["size"],
        },
        context=context,
    )


def _in_window(orders: _Orders) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    bought = orders.per_customer(orders.inside)
    return bought >= 2, bought >= 1


def _returning(orders: _Orders) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    ever = orders.per_customer(orders.before | orders.inside)
    return ever >= 2, orders.per_customer(orders.inside) >= 1


def _prior(orders: _Orders) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    before = orders.per_customer(orders.before)
    return before >= 1, orders.per_customer(orders.inside) >= 1


_BUYERS: dict[str, Callable[[_Orders], tuple[NDArray[np.bool_], NDArray[np.bool_]]]] = {
    "in_window": _in_window,
    "returning_customer": _returning,
    "prior_buyer_share": _prior,
}


def _within(
    orders: _Orders, width: int, as_of: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who bought again in time, and whose first purchase has been watched long enough."""
    first = np.flatnonzero((orders.number == 1) & orders.inside)
    watched = orders.at[first] + width <= as_of
    total = np.zeros(orders.n_customers, np.bool_)
    total[orders.customer[first[watched]]] = True
    following = np.minimum(first + 1, len(orders.at) - 1)
    second = (orders.number[following] == 2) & (orders.at[following] - orders.at[first] <= width)
    count = np.zeros(orders.n_customers, np.bool_)
    count[orders.customer[first[second]]] = True
    return count, total


def _orders(
    log: InteractionLog, rule: Rule, over: Window | None, zone: Calendar | None
) -> _Orders:
    """Return the purchase occasions; the events of one occasion count at its first."""
    rows = rows_of(log, rule)
    if zone is not None:
        rows = rows[first_of_run(log.codes[rows], log.ordinals("day", zone)[rows])]
    customer, at = log.codes[rows], log.at[rows]
    start = np.flatnonzero(first_of_run(customer))
    number = np.arange(len(rows)) - np.repeat(start, np.diff(start, append=len(rows))) + 1
    before, inside = np.zeros(len(rows), np.bool_), np.ones(len(rows), np.bool_)
    if over is not None:
        inside = over.mask(at)
        before = before if over.start_us is None else at < over.start_us
    return _Orders(customer, at, number, before, inside, log.n_customers)
