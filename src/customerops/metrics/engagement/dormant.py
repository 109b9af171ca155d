"""Dormancy: who has been silent for so long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.days import stays
from customerops.metrics.shared.members import NEVER, joined_at
from customerops.metrics.shared.spans import spans_of_log
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.values import exact
from customerops.model.values.checks import positive_duration
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["dormancy_rate"]


def dormancy_rate(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    activity: Rule | str | Collection[str],
    members: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Proportion:
    """Return the share of customers who are dormant, now or at the end of each period (沉睡率).

    Parameters
    ----------
    log : InteractionLog
        The events.
    within : timedelta
        Elapsed time without activity; silent for exactly that long is dormant. `lapse_window` tells
        how long the silences are after which customers still come back.
    activity : Rule, str or collection of str
        Which events count as activity.
    members : Rule, str or collection of str, optional
        The events by which one becomes a customer; left out, everybody is one from the first event
        that is known of them. Who never was active is dormant from the start.
    over : Window, optional
        The periods to report; needs `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Who is dormant at the end of each; left out, at `as_of`.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    Proportion
        Count the dormant customers, total all. The period that is running counts who is dormant at
        `as_of`, and its value is NaN until it is over.

    Raises
    ------
    InvalidInputError
        If `within` is not longer than zero, `over` comes without `period` or does not lie on its
        edges, or as_of or the calendar is not known.

    Notes
    -----
    ``|last activity at least `within` ago| / |customers|``, both at one instant: a stock. The
    customers that fall asleep in a period are a flow, ``churn_rate(definition="inactivity")``; a
    lifecycle policy calls them lapsed, and lost after a longer time. The base is of all who ever
    were customers, so that it grows for ever, and this share with it, where nobody is erased:
    compare cohorts, by `by`, rather than years. Chinese member systems (沉睡会员) take 90, 180 or
    365 days.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import dormancy_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "b"], kind=["purchase"] * 3,
    ...     at=[dt.date(2026, *day) for day in ((1, 5), (1, 9), (3, 2))], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 3, 31))
    >>> month = dt.timedelta(days=30)
    >>> dormancy_rate(log, within=month, activity="purchase").value
    0.5
    >>> rate = dormancy_rate(log, within=month, activity="purchase", period="month")
    >>> rate.value.tolist()
    [0.0, 1.0, 0.5]
    """
    length = micros(positive_duration("within", within))
    rule = as_rule(activity, name="activity", level="event")
    base = None if members is None else as_rule(members, name="members", level="event")
    if over is not None and period is None:
        raise InvalidInputError("period", "must be given with over", "dormancy is of an instant")
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known = asked.log
    joined = joined_at(known, base)
    instants, size, spanned = _instants(asked, joined)
    group, groups, axes = groups_of(known, by)
    rows = rows_of(known, rule)
    owner, at = known.codes[rows].astype(np.int64), known.at[rows]
    # a customer enters an instant with activity, or by joining after it, and leaves it asleep
    enter = np.searchsorted(instants, np.maximum(at, joined[owner]))
    leave = np.maximum(np.searchsorted(instants, stays(owner, at, length)), enter)

    def standing(who: NDArray[np.int64], place: NDArray[np.intp]) -> NDArray[np.int64]:
        seen = place < size
        cell = group[who[seen]] * size + place[seen]
        edges = exact.group_count(cell, groups * size).reshape(groups, size)
        return np.cumsum(edges, axis=1)

    total = standing(np.arange(known.n_customers), np.searchsorted(instants, joined))
    total[:, len(instants) :] = 0  # of periods that have not begun nothing is known
    awake = standing(owner, enter) - standing(owner, leave)
    awake[:, len(instants) :] = 0
    axes = (*axes, *spanned)
    shape = [len(axis) for axis in axes]
    return Proportion(
        axes=axes,
        parts={"count": (total - awake).reshape(shape), "total": total.reshape(shape)},
        context=Context(
            "dormancy_rate",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone if period else None,
            period=period,
            by=by,
            options={"activity": rule, "members": base, "within": within},
        ),
    )


def _instants(
    asked: Asked, joined: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int, tuple[Axis, ...]]:
    """Return the last instant of each period that has begun, how many periods, and their axis."""
    if asked.period is None:
        return np.array([asked.as_of]), 1, ()
    starts = joined[joined < NEVER]
    spans = spans_of_log(asked, int(starts.min()) if len(starts) else None)
    begun = spans.edges[:-1] <= asked.as_of
    return np.minimum(spans.edges[1:] - 1, asked.as_of)[begun], len(spans), spans.axes
