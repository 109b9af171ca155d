"""The load of service: what is open and how old it is, and how many cases customers bring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.service.cases import Asking, Cases
from customerops.metrics.shared.spans import EVER, spans_of_log
from customerops.metrics.shared.threads import elapsed, hours_or_none, unit_us
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.distribution import Distribution
from customerops.model.tables.ratios import Ratio
from customerops.model.values import exact
from customerops.model.values.checks import numbers
from customerops.model.values.runs import first_of_run, ranges

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.business_hours import BusinessHours
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Backlog", "backlog", "contact_rate"]

_DAY = dt.timedelta(days=1)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Backlog(Distribution):
    """The ages of open cases; `n` says how many are open.

    Examples
    --------
    >>> from customerops.metrics import Backlog
    >>> from customerops.model import Context
    >>> waiting = Backlog.from_rows([0.5, 2.0, 9.0], context=Context("backlog", unit="thread"))
    >>> waiting.n, waiting.quantile(0.5), waiting.by_age([1, 7])
    (3, 2.0, array([1, 1, 1]))
    """

    def by_age(self, bounds: Sequence[float]) -> NDArray[np.int64]:
        """Return how many cases are younger than the first bound, from each one on, and so forth.

        Parameters
        ----------
        bounds : sequence of float
            Rising ages, in the unit of the backlog; an age that is a bound is of the older ones.

        Returns
        -------
        ndarray of int, of the shape of the axes and then one more than bounds
            Counts of what is known, complete or not.

        Raises
        ------
        InvalidInputError
            If the bounds are not numbers that rise.
        """
        edges = numbers("bounds", bounds).astype(np.float64)
        if edges.ndim != 1 or not (np.diff(edges) > 0).all() or np.isnan(edges).any():
            raise InvalidInputError("bounds", "must be ages that rise")
        width = len(edges) + 1
        cells = int(np.prod(self.shape, dtype=np.int64))
        code = self.cell * width + np.searchsorted(edges, self.points, side="right")
        return exact.group_sum(code, self.count, cells * width).reshape((*self.shape, width))


def backlog(
    log: InteractionLog,
    *,
    hours: BusinessHours | None = None,
    unit: dt.timedelta = _DAY,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Backlog:
    """Return the open cases and their ages, now or at the end of each period (未结工单).

    Parameters
    ----------
    log : InteractionLog
        A log by thread.
    hours : BusinessHours, optional
        Ages of these hours only; left out, elapsed time.
    unit : timedelta
        What ages are counted in; not rounded.
    over : Window, optional
        The periods to report; needs `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        What was open at the end of each; left out, what is open at `as_of`.
    by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    Backlog
        ``.n``, ``.quantile(q)``, ``.by_age(bounds)``. The period that is running counts what is
        open at `as_of`, and its quantiles are NaN until it is over.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`; or if `over` comes without `period`.

    Notes
    -----
    The age is the time since the case was first opened; one that is open again is as old as that.
    A case solved at the very instant a period ends was open at its end.

    References
    ----------
    Zendesk, Explore: the backlog dataset, unsolved tickets at the end of each day.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import backlog
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], thread=["1", "1", "2"],
    ...     kind=["case_open", "case_resolve", "case_open"],
    ...     at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (5, 9, 6)],
    ... ).until(dt.datetime(2026, 1, 10, tzinfo=dt.UTC)).by_thread()
    >>> waiting = backlog(log)
    >>> waiting.n, waiting.quantile(0.5)
    (1, 4.0)
    """
    tick = unit_us(unit)
    options = {"hours": hours_or_none(hours), "unit": unit}
    if over is not None and period is None:
        raise InvalidInputError("period", "must be given with over", "a backlog is of an instant")
    cases = Asking(as_of, over, period, by, calendar).cases(log, "backlog", options=options)
    now, asked = cases.asked.as_of, cases.asked
    spans = asked.spans(cases.opened)
    if spans is None:
        edges, axes = np.array([now + 1]), asked.groups
    else:
        begun = spans.edges[:-1] <= now
        edges, axes = np.minimum(spans.edges[1:], now + 1)[begun], (*asked.groups, *spans.axes)
    case, start, end = _open_stretches(cases)
    low = np.searchsorted(edges, start, side="right")
    often = np.maximum(np.searchsorted(edges, end, side="right") - low, 0)
    place, case = ranges(low, often), np.repeat(case, often)
    age = elapsed(cases.opened[case], np.minimum(edges[place], now), hours)
    width = 1 if spans is None else len(spans)
    return Backlog.from_rows(
        age / tick,
        outer=axes,
        codes=asked.group[cases.unit[case]] * width + place,
        context=asked.context,
    )


def contact_rate(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    cases: Rule | str | Collection[str] = "case_open",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return how many cases an active customer brings (进线率): cases by active customers.

    Parameters
    ----------
    log : InteractionLog
        A log of customers, not by thread: who is active need not have a case.
    activity : Rule, str or collection of str
        Which events make a customer active.
    cases : Rule, str or collection of str
        Which events open a case. Of one thread only the first counts; without a thread, each.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a value for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    Ratio
        x the cases opened in the period, y the distinct customers active in it.

    Raises
    ------
    InvalidInputError
        When the log is by thread, there is neither `over` nor `period`, or as_of or the calendar
        is not known.

    Notes
    -----
    A customer with a case who was not otherwise active is in the cases and not among the active:
    take ``case_open`` into `activity` to have both of the same people. It may exceed 1.

    References
    ----------
    Price, B. and Jaffe, D. (2008). *The Best Service Is No Service*: contacts by what drives them,
    of customers, orders or others.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import contact_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "a"], kind=["use", "use", "case_open"], tz=dt.UTC,
    ...     at=[dt.date(2026, 1, d) for d in (5, 6, 7)],
    ... ).until_day(dt.date(2026, 1, 31))
    >>> contact_rate(log, activity="use", period="month").value.tolist()
    [0.5]
    """
    using, opening = as_rule(activity, name="activity"), as_rule(cases, name="cases")
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known = asked.log
    active, opened = rows_of(known, using), _first_of_threads(known, rows_of(known, opening))
    rows = np.concatenate([active, opened])
    first = int(known.at[rows].min()) if len(rows) else None
    spans = spans_of_log(asked, first)
    group, n_groups, groups = groups_of(known, by)
    cells = n_groups * len(spans)

    def keys(some: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return customer and cell of events, in one number."""
        place = spans.place(known.at[some])
        inside = (place >= 0) & (place < len(spans))
        owner = known.codes[some[inside]].astype(np.int64)
        return owner * cells + group[owner] * len(spans) + place[inside]

    users, brought = np.unique(keys(active)), keys(opened)
    distinct = np.union1d(users, brought)
    return Ratio.from_rows(
        exact.group_count(np.searchsorted(distinct, brought), len(distinct)),
        np.isin(distinct, users).astype(np.int64),
        codes=distinct % max(cells, 1),
        axes=(*groups, *spans.axes),
        context=Context(
            "contact_rate",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone if period else None,
            period=period,
            by=by,
            options={"activity": using, "cases": opening},
        ),
    )


def _open_stretches(cases: Cases) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Return during which stretches each case was open: case, start, end (EVER if it is)."""
    at, owner = cases.log.at[cases.moves], cases.log.codes[cases.moves]
    case = np.cumsum(first_of_run(owner)) - 1
    goes_on = np.append(~first_of_run(owner)[1:], False)[: len(at)]
    end = np.where(goes_on, np.append(at[1:], 0)[: len(at)], EVER)
    opens = ~cases.solves
    return case[opens], at[opens], end[opens]


def _first_of_threads(log: InteractionLog, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the first row of each thread of a customer; of rows without a thread, all."""
    if "thread" not in log.columns:
        return rows
    thread = log.coded("thread").codes[rows]
    order = np.lexsort((rows, thread, log.codes[rows]))
    keep = first_of_run(log.codes[rows][order], thread[order]) | (thread[order] < 0)
    return np.sort(rows[order][keep])
