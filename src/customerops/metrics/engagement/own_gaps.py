"""When each customer is expected to buy next, from the customer's own gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.ask import ask
from customerops.model.log.derived import activity as active_periods
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import one_of, whole

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar

__all__ = ["NextPurchase", "next_purchase"]

METHODS = ("median", "mean")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class NextPurchase(PerCustomer):
    """When each buyer is expected to buy next; made by `next_purchase`.

    Attributes
    ----------
    last : ndarray of date
        The local day of the last purchase.
    gaps : ndarray of int
        Completed gaps between days with a purchase.
    typical : ndarray of float
        The customer's typical gap, in local days; NaN with too few gaps.
    expected : ndarray of date or None
        The last day plus the typical gap; None with too few gaps.
    earliest, latest : ndarray of date or None
        The last day plus the shortest and the longest gap so far.
    due_in : ndarray of float
        Local days from the day of ``as_of`` to the expected one, negative where it has passed; NaN
        with too few gaps.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("last", "gaps", "typical", "expected", "earliest", "latest", "due_in"),
    )

    @property
    def expected(self) -> NDArray[Any]:
        """The date of the next purchase; None with too few gaps."""
        return self.columns["expected"]

    @property
    def due_in(self) -> NDArray[np.float64]:
        """Days until it is due, negative where it is overdue."""
        return self.columns["due_in"]

    @property
    def coverage(self) -> NDArray[np.float64]:
        """How surely the next gap ends from `earliest` to `latest`: (gaps - 1) / (gaps + 1)."""
        gaps = self.columns["gaps"]
        return np.where(np.isnan(self.due_in), np.nan, (gaps - 1) / (gaps + 1))


def next_purchase(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    method: Literal["median", "mean"] = "median",
    min_gaps: int = 3,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> NextPurchase:
    """Return when each customer is expected to buy next (预计下次购买), from their own gaps.

    Parameters
    ----------
    log : InteractionLog
        The events, with the whole history of every customer.
    purchases : Rule, str or collection of str
        Which events are purchases. Those of one local day are one.
    method : {"median", "mean"}
        The typical gap: the median of the customer's gaps, of an even number the midpoint of the
        two in the middle, or their mean. A date is the typical gap rounded to a whole day, half a
        day up.
    min_gaps : int
        With fewer completed gaps there is no estimate. Of one or two gaps the median is no more
        than their mean.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Whose days; left out, the log's own.

    Returns
    -------
    NextPurchase
        One row for every customer with a purchase.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, or an option is not valid.

    Notes
    -----
    An estimate that lets each customer speak for themselves, and is no better than their few gaps.
    It takes a customer's gaps to be alike over time, and leaves the open gap out: who is long
    overdue has probably changed, and an expected date in the past says just that. If the gaps are
    exchangeable, the next one lies between the shortest and the longest of m with probability
    ``(m - 1) / (m + 1)`` at least. For customers with few gaps use the gaps of all, `lapse_window`,
    or a model, `fit`.

    References
    ----------
    Wilks, S. S. (1941). Determination of sample sizes for setting tolerance limits. Annals of
    Mathematical Statistics 12, 91-96: what an interval of order statistics covers.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import next_purchase
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "a", "b"], kind=["purchase"] * 5, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 13, 20, 7)],
    ... ).until_day(dt.date(2026, 1, 31))
    >>> due = next_purchase(log)  # gaps of 2, 10 and 7 days
    >>> due.expected.tolist(), due.due_in.tolist()
    ([datetime.date(2026, 1, 27), None], [-4.0, nan])
    """
    rule = as_rule(purchases, name="purchases")
    one_of("method", method, METHODS)
    whole("min_gaps", min_gaps, least=1)
    asked = ask(log, as_of=as_of, calendar=calendar)
    zone = asked.zone
    found = active_periods(asked.log, rule, "day", zone)
    day = found.ordinals.astype(np.int64)
    lead = np.flatnonzero(found.first)
    end = np.append(lead, len(day))[1:] - 1
    m = end - lead  # completed gaps of each buyer
    later = ~found.first
    gap, of = np.diff(day, prepend=0)[later], (np.cumsum(found.first) - 1)[later]
    longest = int(gap.max(initial=0)) + 1
    gap = np.sort(of * longest + gap) % longest  # by buyer, then by length
    begin = np.cumsum(m) - m
    enough = m >= min_gaps
    chosen, few = np.flatnonzero(enough), len(lead)

    def ranked(rank: NDArray[np.int64]) -> NDArray[np.int64]:
        picked: NDArray[np.int64] = gap[begin[chosen] + rank[chosen]]
        return picked

    typical = np.full(few, np.nan)
    if method == "median":
        typical[chosen] = (ranked((m - 1) // 2) + ranked(m // 2)) / 2
    else:
        typical[chosen] = (day[end] - day[lead])[chosen] / m[chosen]
    step = np.floor(typical[chosen] + 0.5).astype(np.int64)
    today = int(zone.ordinals(np.array([asked.as_of]), "day")[0])
    due_in = np.full(few, np.nan)
    due_in[chosen] = day[end][chosen] + step - today

    def dates(days: NDArray[np.int64], who: NDArray[np.intp]) -> NDArray[Any]:
        out = np.full(few, None, object)
        if len(days):
            low = int(days.min())  # one date for every day, not for every customer
            labels = zone.labels(np.arange(low, int(days.max()) + 1), "day")
            out[who] = np.array(labels, object)[days - low]
        return out

    last = day[end]
    return NextPurchase(
        ids=asked.log.customers[found.codes[lead]],
        columns={
            "last": dates(last, np.arange(few)),
            "gaps": m,
            "typical": typical,
            "expected": dates(last[chosen] + step, chosen),
            "earliest": dates(last[chosen] + ranked(np.zeros_like(m)), chosen),
            "latest": dates(last[chosen] + ranked(m - 1), chosen),
            "due_in": due_in,
        },
        context=Context(
            metric="next_purchase",
            definition=method,
            as_of=asked.as_of,
            calendar=zone,
            options={"min_gaps": min_gaps, "purchases": rule},
        ),
    )
