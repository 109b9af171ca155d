"""When customers act: by day of the week and by hour, on the local clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.ratios import ClusteredShare
from customerops.model.tables.tables import Count
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.window import Window

__all__ = ["ActivityProfile", "activity_profile"]

Cycle = Literal["weekday", "hour", "week"]
CYCLES = ("weekday", "hour", "week")
_HOUR_US = 3_600_000_000
_THURSDAY = 3  # 1970-01-01, counted from Monday as 0
_NAMES = {"weekday": ("weekday",), "hour": ("hour",), "week": ("weekday", "hour")}
_LABELS = {"weekday": range(1, 8), "hour": range(24)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ActivityProfile(ClusteredShare):
    """The share of events that fall on each weekday or hour; made by `activity_profile`.

    The axis ``"weekday"`` is 1 for Monday to 7 for Sunday, as in ISO 8601; ``"hour"`` 0 to 23.
    """

    @property
    def events(self) -> Count:
        """How many events fall there."""
        return self.x

    @property
    def exposure(self) -> Any:
        """How long the local clock stood there in the window, in hours.

        A day on which the clock is set forward has one hour less, one on which it is set back has
        an hour of two. Only what was over at as_of counts.

        Raises
        ------
        InvalidInputError
            If there was no window with two ends, or the profile was cut or rolled up.
        """
        return self._exposure().reshape([len(a) for a in self.axes if a.name in _LABELS])

    @property
    def per_hour(self) -> Any:
        """Events by hour of the window; NaN where there is no such hour, or it is not complete.

        Raises
        ------
        InvalidInputError
            As for `exposure`.
        """
        hours = np.broadcast_to(self.exposure, self.shape)
        events: Floats = self.parts["x"].astype(np.float64)
        rate = np.divide(events, hours, out=np.full(self.shape, np.nan), where=hours > 0)
        return np.where(self._complete(), rate, np.nan)

    def _exposure(self) -> Floats:
        context = self.context
        cycle, over, zone = context.option("cycle"), context.over, context.calendar
        assert context.as_of is not None
        assert zone is not None
        cut = any(context.option(SELECTED + name) is not None for name in _NAMES[cycle])
        if cut:
            raise InvalidInputError("axes", "must be whole to be set against time", "it was cut")
        if over is None or over.start_us is None or over.end_us is None:
            raise InvalidInputError("over", "must have both ends to be set against time")
        start, end = over.start_us, min(over.end_us, context.as_of + 1)
        low, high = zone.ordinals(np.array([start, max(start, end - 1)]), "hour")
        hours = np.arange(int(low), int(high) + 1)
        edges = np.clip(
            zone.edges(np.append(hours, hours[-1] + 1), "hour"), start, max(start, end)
        )
        cell, n = _cells(hours, cycle)
        return exact.group_sum(cell, np.diff(edges), n).astype(np.float64) / _HOUR_US


def activity_profile(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    cycle: Cycle,
    over: Window | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ActivityProfile:
    """Return when customers act (活跃时段): the share of events by weekday or hour.

    Parameters
    ----------
    log : InteractionLog
        The events.
    activity : Rule, str or collection of str
        Which events count; a string stands for a kind.
    cycle : {"weekday", "hour", "week"}
        By day of the week, by hour of the day, or both.
    over : Window, optional
        Only events inside it; left out, all.
    by : str or Grouping, optional
        A customer attribute or a grouping; a profile for each group.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Whose clock; left out, the log's own.

    Returns
    -------
    ActivityProfile
        A share by weekday and hour, of events of a customer there by all of the customer; the
        interval takes the customer as the unit. Profiles of disjoint customers add.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, or `cycle` is none of the three.

    Notes
    -----
    ``share[c] = sum_i x_ic / sum_i x_i`` with x_ic events of customer i in cell c. Who is active
    often weighs more. Weekdays and hours are those of the calendar, whose days do not begin twice:
    an hour that the clock shows twice is one of two hours, and where the clock is set back over
    midnight the hour after belongs to the new day. So the raw share of such an hour is high; set
    against the time there was, by `ActivityProfile.per_hour`, it is not.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import activity_profile
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["use"] * 3, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, d) for d in (5, 12, 7)],
    ... ).until_day(dt.date(2026, 1, 31))
    >>> activity_profile(log, activity="use", cycle="weekday").events.tolist()
    [2, 0, 1, 0, 0, 0, 0]
    """
    one_of("cycle", cycle, CYCLES)
    rule = as_rule(activity, name="activity")
    asked = ask(log, as_of=as_of, over=over, calendar=calendar)
    known, zone = asked.log, asked.zone
    rows = rows_of(known, rule)
    if over is not None:
        rows = rows[over.mask(known.at[rows])]
    group, n_groups, axes = groups_of(known, by)
    place, n = _cells(known.ordinals("hour", zone)[rows].astype(np.int64), cycle)

    customer = known.codes[rows].astype(np.int64)
    lead = first_of_run(customer)
    total = np.diff(np.append(np.flatnonzero(lead), len(rows)))  # events of each active customer
    own = group[customer[lead]]
    pairs, there = np.unique((np.cumsum(lead) - 1) * n + place, return_counts=True)
    who = pairs // n
    cell = own[who] * n + pairs % n
    spread = {
        "n": exact.group_count(own, n_groups),
        "y": exact.group_sum(own, total, n_groups),
        "yy": exact.group_dot(own, total, total, n_groups),
    }
    parts = {name: np.repeat(part, n) for name, part in spread.items()} | {
        "x": exact.group_sum(cell, there, n_groups * n),
        "xx": exact.group_dot(cell, there, there, n_groups * n),
        "xy": exact.group_dot(cell, there, total[who], n_groups * n),
    }
    axes = (*axes, *(Axis(name, _LABELS[name], "state", disjoint=False) for name in _NAMES[cycle]))
    shape = [len(axis) for axis in axes]
    return ActivityProfile(
        axes=axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=Context(
            metric="activity_profile",
            unit="event",
            as_of=asked.as_of,
            over=over,
            calendar=zone,
            by=by,
            options={"activity": rule, "cycle": cycle},
        ),
    )


def _cells(hours: NDArray[np.int64], cycle: Cycle) -> tuple[NDArray[np.int64], int]:
    """Return the cell of each local hour, an ordinal of the calendar, and how many cells there are."""
    hour, weekday = hours % 24, (hours // 24 + _THURSDAY) % 7
    if cycle == "hour":
        return hour, 24
    return (weekday, 7) if cycle == "weekday" else (weekday * 24 + hour, 7 * 24)
