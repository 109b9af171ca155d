"""How recently, and how often, each customer was active."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.ask import ask
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.window import Window

__all__ = ["RecencyFrequency", "recency_frequency"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RecencyFrequency(PerCustomer):
    """Recency and frequency of every customer; made by `recency_frequency`.

    Attributes
    ----------
    recency : ndarray of float
        Local days from the day of the last activity to the day of ``as_of``; NaN if never.
    events : ndarray of int
        How many: the frequency of RFM.
    days : ndarray of int
        On how many local days.
    repeats : ndarray of int
        On how many days after the first: the frequency of models of lifetime value.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("recency", "events", "days", "repeats")

    @property
    def recency(self) -> NDArray[np.float64]:
        """Local days since the last activity; NaN if never."""
        return self.columns["recency"]

    @property
    def events(self) -> NDArray[np.int64]:
        """Events."""
        return self.columns["events"]

    @property
    def days(self) -> NDArray[np.int64]:
        """Days with an event."""
        return self.columns["days"]

    @property
    def repeats(self) -> NDArray[np.int64]:
        """Days with an event, after the first."""
        return self.columns["repeats"]


def recency_frequency(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    over: Window | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> RecencyFrequency:
    """Return how recently (最近活跃) and how often (活跃频次) each customer was active.

    Parameters
    ----------
    log : InteractionLog
        The events.
    activity : Rule, str or collection of str
        Which events count; a string stands for a kind.
    over : Window, optional
        Only events inside it, and recency up to its end if that is known; left out, all.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Whose days; left out, the log's own.

    Returns
    -------
    RecencyFrequency
        One row for every customer of the log, also of those who were never active.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known.

    Notes
    -----
    Who was never active has no recency: NaN, neither 0 nor infinity. Frequency has two meanings:
    RFM counts all purchases, the BTYD models count repeat occasions, one fewer; both are here.

    See Also
    --------
    rfm : the same of buyers, with money, and scores.

    References
    ----------
    Bult, J. R. and Wansbeek, T. (1995). Optimal selection for direct mail. Marketing Science
    14(4), 378-394: RFM. Fader, P., Hardie, B. and Lee, K. L. (2005). "Counting Your Customers" the
    Easy Way: An Alternative to the Pareto/NBD Model. Marketing Science 24(2), 275-284: repeat
    occasions.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import recency_frequency
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"], kind=["use", "use", "use", "open"],
    ...     at=[dt.date(2026, 1, d) for d in (5, 5, 12, 7)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> recency_frequency(log, activity="use").to_frame().values.tolist()
    [['a', 19.0, 3, 2, 1], ['b', nan, 0, 0, 0]]
    """
    rule = as_rule(activity, name="activity")
    asked = ask(log, as_of=as_of, over=over, calendar=calendar)
    known, zone = asked.log, asked.zone
    rows, until = rows_of(known, rule), asked.as_of
    if over is not None:
        rows = rows[over.mask(known.at[rows])]
        until = until if over.end_us is None else min(until, over.end_us - 1)
    codes, days = known.codes[rows], known.ordinals("day", zone)[rows]
    n = known.n_customers
    last = np.full(n, np.nan)
    last[codes] = days  # rows are in order of time, so that the last one stays
    today = int(zone.ordinals(np.array([until]), "day")[0])
    distinct = np.bincount(codes[first_of_run(codes, days)], minlength=n)
    return RecencyFrequency(
        ids=known.customers,
        columns={
            "recency": today - last,
            "events": np.bincount(codes, minlength=n),
            "days": distinct,
            "repeats": np.maximum(distinct - 1, 0),
        },
        context=Context(
            metric="recency_frequency",
            as_of=asked.as_of,
            over=over,
            calendar=zone,
            options={"activity": rule},
        ),
    )
