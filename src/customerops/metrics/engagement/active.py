"""Active customers: how many distinct ones in each period, or in the days that end with each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.days import active_in, by_period, run_lengths, truncated_cells
from customerops.metrics.shared.spans import CENTURY
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables import intervals
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats, Sampled, at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Count, Truth
from customerops.model.values.checks import whole
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.ask import Asked
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ActiveCustomers", "active_customers"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ActiveCustomers(Sampled):
    """How many distinct customers were active; made by `active_customers`.

    Parameters
    ----------
    axes : sequence of Axis
        The periods, if any; before them the groups, with ``by=``.
    parts : mapping
        ``customers``: whole numbers.
    context : Context
        What it is about.

    Raises
    ------
    InvalidInputError
        If a number is negative.

    Notes
    -----
    The value is the number itself, NaN where the cell is not complete. The interval, method
    ``"poisson"``, is Garwood's for a Poisson count: it says how far the number would vary if every
    customer came or stayed away by chance. A customer is active in many periods, so numbers are
    not summed along them.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers",)
    METHODS: ClassVar[tuple[str, ...]] = ("poisson",)

    @property
    def customers(self) -> Count:
        """Distinct customers, of cells that are not complete too."""
        return self._part("customers")

    @property
    def truncated(self) -> Truth:
        """Whether the days that end with a day begin before the log's history."""
        flags = self._truncated()
        return bool(flags) if flags.ndim == 0 else flags

    def _truncated(self) -> NDArray[np.bool_]:
        trailing = self.context.option("trailing")
        if trailing is None:
            return np.zeros(self.shape, np.bool_)
        return truncated_cells(self, trailing - 1)

    def _check(self) -> None:
        at_least_zero(self, "customers")

    def _value(self) -> Floats:
        return self.parts["customers"].astype(np.float64)

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        return intervals.poisson_exact(self.parts["customers"], 1, confidence)

    def _columns(self, *args: Any) -> dict[str, NDArray[Any]]:
        columns = super()._columns(*args)
        complete = columns.pop("complete")
        return {**columns, "truncated": self._truncated().ravel(), "complete": complete}


def active_customers(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    period: Period | None = None,
    trailing: int | None = None,
    min_events: int = 1,
    over: Window | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ActiveCustomers:
    """Return how many distinct customers were active (活跃客户): DAU, WAU, MAU.

    Parameters
    ----------
    log : InteractionLog
        The events, with their history before `over` if `trailing` is given.
    activity : Rule, str or collection of str
        Which events make a customer active; a string stands for a kind.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period: distinct customers of each.
    trailing : int, optional
        In place of `period`: for every local day, the distinct customers of so many days that end
        with it. 1 is DAU, 7 WAU, 28 or 30 MAU. With neither, the customers of the window `over`.
    min_events : int
        How many events it takes in the period (with `trailing`: on one day; with neither: in the
        window).
    over : Window, optional
        Periods to report, on their edges; left out, from the first activity to `as_of`.
    by : str or Grouping, optional
        A customer attribute or a grouping; numbers for each group.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Whose periods; left out, the log's own.

    Returns
    -------
    ActiveCustomers
        ``customers``, by group and period. Those of disjoint customers add.

    Raises
    ------
    InvalidInputError
        When `period` and `trailing` are both given, or neither of them nor a bounded `over`; when
        as_of or the calendar is not known, or `over` does not lie on the period's edges.

    Notes
    -----
    WAU and MAU have two meanings in use: of the calendar week or month (``period=``), and of the
    7, 28 or 30 days that end with each day (``trailing=``). The second is known every day; 28 days
    always hold four of each weekday. A window of `trailing` days is of local days, whatever their
    length. The running period counts as of `as_of` and is not complete.

    See Also
    --------
    customerops.lifecycle.active_user_states : the same numbers, and how they come about.

    References
    ----------
    Google Analytics Data API: ``active1DayUsers``, ``active7DayUsers``, ``active28DayUsers``. Meta
    Platforms, annual report (Form 10-K): monthly active users of the last 30 days.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import active_customers
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["use"] * 3, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2)],
    ... ).until_day(dt.date(2026, 1, 4))
    >>> active_customers(log, activity="use", period="day").customers.tolist()
    [1, 1, 1, 0]
    >>> active_customers(log, activity="use", trailing=2).customers.tolist()
    [1, 2, 2, 1]
    """
    rule = as_rule(activity, name="activity")
    whole("min_events", min_events, least=1)
    if trailing is not None:
        whole("trailing", trailing, least=1, most=CENTURY)
        if period is not None:
            raise InvalidInputError("trailing", "must be left out with period=", "days it reports")
    every: Period | None = period if trailing is None else "day"
    asked = ask(log, as_of=as_of, over=over, period=every, calendar=calendar)
    group, n_groups, axes = groups_of(asked.log, by)
    if every is None:
        count = _in_window(asked, rule, min_events, group, n_groups)
    else:
        customer, ordinal = active_in(asked, rule, every, min_events)
        lo, hi = asked.span(int(ordinal.min()) if ordinal.size else None)
        n = max(hi - lo + 1, 0)
        count = by_period(customer, ordinal - lo, trailing or 1, group, (n_groups, n))
        labels = asked.zone.labels(np.arange(lo, lo + n), every)
        axes = (*axes, Axis("period", labels, "period", disjoint=False))
    options: dict[str, Any] = {"activity": rule, "min_events": min_events}
    if trailing is not None:
        options |= {"trailing": trailing, "history_from": asked.log.observed.start_us}
    return ActiveCustomers(
        axes=axes,
        parts={"customers": count.reshape([len(axis) for axis in axes])},
        context=Context(
            metric="active_customers",
            as_of=asked.as_of,
            over=over,
            calendar=None if every is None else asked.zone,
            period=every,
            by=by,
            options=options,
        ),
    )


def _in_window(
    asked: Asked, rule: Rule, min_events: int, group: NDArray[np.intp], n_groups: int
) -> NDArray[np.int64]:
    """Return the distinct customers of the window, by group."""
    over = asked.over
    if over is None:
        raise InvalidInputError("period", "must be given", "or trailing=, or a window by over=")
    if over.start_us is None or over.end_us is None:
        raise InvalidInputError("over", "must have both ends without a period", "one is open")
    rows = rows_of(asked.log, rule)
    customer = asked.log.codes[rows[over.mask(asked.log.at[rows])]]
    lead = first_of_run(customer)
    often = run_lengths(lead) >= min_events
    return np.bincount(group[customer[lead][often]], minlength=n_groups)
