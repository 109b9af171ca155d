"""Business hours: when somebody is there, and how much of that lies between two instants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.values.calendar import WEEKDAYS, Calendar
from customerops.model.values.checks import came, each
from customerops.model.values.serial import read
from customerops.model.values.zones import DAY_US

__all__ = ["BusinessHours"]

Opening = tuple[dt.time, dt.time]

_WEEK = 7
_MONDAY = 4  # 1970-01-05, the first Monday, is day 4
_EPOCH = dt.date(1970, 1, 1).toordinal()
_US = dt.timedelta(microseconds=1)


def _week(week: Mapping[str, Sequence[Opening]] | Any) -> tuple[tuple[Opening, ...], ...]:
    if isinstance(week, tuple) and len(week) == _WEEK:  # as `attrs.evolve` gives it back
        week = dict(zip(WEEKDAYS, week, strict=True))
    if not isinstance(week, Mapping):
        raise InvalidInputError("week", "must be a mapping of days to openings", came(week))
    for day in week:
        if day not in WEEKDAYS:
            must = "must have days " + ", ".join(map(repr, WEEKDAYS))
            raise InvalidInputError(
                "week", must, came(day) if not isinstance(day, str) else f"got {day!r}"
            )
    openings = tuple(_openings(day, week.get(day, ())) for day in WEEKDAYS)
    if not any(openings):
        raise InvalidInputError("week", "must have an opening", "it is never open")
    return openings


def _days(days: Any) -> frozenset[dt.date]:
    found = list(each("holidays", days))
    for day in found:
        if type(day) is not dt.date:
            raise InvalidInputError("holidays", "must hold dates", came(day))
    return frozenset(found)


@attrs.frozen
class BusinessHours:
    """Weekly opening hours on the wall clock of a calendar's zone, and days without any.

    Parameters
    ----------
    week : mapping of str to sequence of (time, time)
        By the English name of the day, in small letters: from when, inclusive, until when it is
        open. Naive times; midnight as an end is that of the day's end. What goes on after midnight
        is given for both days. A day that is not named is closed.
    calendar : Calendar
        Whose wall clock.
    holidays : collection of date
        Days without business.

    Raises
    ------
    InvalidInputError
        If a day is not known, times are not naive, an opening does not end after it starts, two of
        a day overlap, there is none at all, or a holiday is not a date.

    Notes
    -----
    It is open at an instant if the wall clock reads a time of an opening then, on a date that is
    no holiday. So where the clock is set back an hour that comes twice is open twice, and one that
    is skipped is not open at all.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import BusinessHours, Calendar
    >>> nine, five = dt.time(9), dt.time(17)
    >>> office = BusinessHours.weekdays(nine, five, calendar=Calendar("Europe/Berlin"))
    >>> friday = dt.datetime(2026, 3, 27, 15, tzinfo=dt.timezone.utc)  # 16:00 in Berlin
    >>> monday = dt.datetime(2026, 3, 30, 8, tzinfo=dt.timezone.utc)  # 10:00, an hour ahead by now
    >>> office.between(friday, monday)
    datetime.timedelta(seconds=7200)
    """

    week: tuple[tuple[Opening, ...], ...] = attrs.field(converter=_week)
    calendar: Calendar = attrs.field(kw_only=True)
    holidays: frozenset[dt.date] = attrs.field(kw_only=True, default=frozenset(), converter=_days)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.calendar, Calendar):
            raise InvalidInputError("calendar", "must be a Calendar", came(self.calendar))

    @classmethod
    def weekdays(
        cls,
        opens: dt.time,
        closes: dt.time,
        *,
        calendar: Calendar,
        holidays: Collection[dt.date] = (),
    ) -> Self:
        """Return the same opening from Monday to Friday.

        Raises
        ------
        InvalidInputError
            As for the class.
        """
        week = {day: [(opens, closes)] for day in WEEKDAYS[:5]}
        return cls(week, calendar=calendar, holidays=holidays)

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Return the business time from one instant to another.

        Raises
        ------
        InvalidInputError
            If one is no timezone-aware datetime, or the end comes before the start.
        """
        from customerops.model.values.instants import as_instant, to_us

        edges = [to_us(as_instant(name, t)) for name, t in (("start", start), ("end", end))]
        return int(self.elapsed(edges[:1], edges[1:])[0]) * _US

    def elapsed(self, starts: ArrayLike, ends: ArrayLike) -> NDArray[np.int64]:
        """Return the business time from each start to each end.

        Parameters
        ----------
        starts, ends : array_like of int, of shapes that broadcast
            Microseconds since 1970-01-01T00:00Z.

        Returns
        -------
        ndarray of int64
            Microseconds, exactly.

        Raises
        ------
        InvalidInputError
            If they are not whole numbers, not in the years 2 to 9998, or an end comes before its
            start.

        Notes
        -----
        ``G(end) - G(start)``, with G(t) the open time up to t since some instant before all of
        them. Between two changes of the zone's offset wall clock and instant differ by a constant,
        so G is read from the open time of the wall clock, which is weeks, days and a part of a day,
        less the holidays.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import BusinessHours, Calendar
        >>> always = BusinessHours({"thursday": [(dt.time(0), dt.time(0))]}, calendar=Calendar("UTC"))
        >>> always.elapsed([0, 0], [1, 10 * 86_400_000_000]).tolist()
        [1, 172800000000]
        """
        first, second = self._instants("starts", starts), self._instants("ends", ends)
        late = first > second
        if late.any():
            first_bad = int(np.flatnonzero(late.ravel())[0])
            raise InvalidInputError(
                "ends",
                "must not come before starts",
                count=int(late.sum()),
                total=late.size,
                first=first_bad,
            )
        if not late.size:
            return np.zeros(late.shape, np.int64)
        since, offsets = self._stretches(int(first.min()), int(second.max()))
        # the open time up to the start of each stretch of one offset
        whole = self._by_wall(since[1:] + offsets[:-1]) - self._by_wall(since[:-1] + offsets[:-1])
        before = np.concatenate([[0], np.cumsum(whole)]).astype(np.int64)

        def up_to(at: NDArray[np.int64]) -> NDArray[np.int64]:
            part = np.searchsorted(since[1:], at, side="right")
            offset = offsets[part]
            return before[part] + self._by_wall(at + offset) - self._by_wall(since[part] + offset)

        return np.asarray(up_to(second) - up_to(first), np.int64)

    def is_open(self, at: ArrayLike) -> NDArray[np.bool_]:
        """Return at which instants it is open.

        Parameters
        ----------
        at : array_like of int
            Microseconds since 1970-01-01T00:00Z.

        Raises
        ------
        InvalidInputError
            As for `elapsed`.
        """
        instants = self._instants("at", at)
        return np.asarray(self.elapsed(instants, instants + 1) > 0)

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {
            "week": {
                day: [[start.isoformat(), end.isoformat()] for start, end in openings]
                for day, openings in zip(WEEKDAYS, self.week, strict=True)
                if openings
            },
            "calendar": self.calendar.to_dict(),
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the business hours that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, or as for the class.
        """
        parts = read("BusinessHours", data, ["week", "calendar", "holidays"])
        try:
            week = {
                day: [(dt.time.fromisoformat(a), dt.time.fromisoformat(b)) for a, b in openings]
                for day, openings in parts["week"].items()
            }
            holidays = [dt.date.fromisoformat(day) for day in parts["holidays"]]
        except (AttributeError, TypeError, ValueError):
            must = "must hold days with times and holidays in ISO 8601"
            raise InvalidInputError("BusinessHours", must) from None
        return cls(week, calendar=Calendar.from_dict(parts["calendar"]), holidays=holidays)

    def _instants(self, name: str, values: ArrayLike) -> NDArray[np.int64]:
        """Return instants as int64; the calendar checks type and range."""
        array = np.asarray(values)
        try:
            self.calendar.ordinals(array, "hour")
        except InvalidInputError as error:
            raise InvalidInputError(name, error.requirement, error.problem) from None
        return array.astype(np.int64)

    def _stretches(self, low: int, high: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return since when which offset holds, without a gap from `low` to `high`."""
        changes = self.calendar.offsets(low, high)
        since = np.array([us for us, _ in changes], np.int64)
        return since, np.array([offset for _, offset in changes], np.int64)

    def _by_wall(self, wall: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the open time of the wall clock from 1970-01-05 up to each reading."""
        day, time = np.divmod(wall, DAY_US)
        weeks, weekday = np.divmod(day - _MONDAY, _WEEK)
        full = np.array([_total(openings) for openings in self.week], np.int64)
        since_monday = np.concatenate([[0], np.cumsum(full)])
        passed = weeks * since_monday[-1] + since_monday[weekday]
        today = np.zeros_like(time)
        for number, openings in enumerate(self.week):
            here = weekday == number
            for start, end in openings:
                low, high = _wall(start), _wall_end(end)
                today[here] += np.clip(time[here] - low, 0, high - low)
        if self.holidays:
            closed = np.array(sorted(one.toordinal() - _EPOCH for one in self.holidays), np.int64)
            lost = np.concatenate([[0], np.cumsum(full[(closed - _MONDAY) % _WEEK])])
            place = np.searchsorted(closed, day)
            passed = passed - lost[place]
            today[closed[np.minimum(place, len(closed) - 1)] == day] = 0
        return np.asarray(passed + today, np.int64)


def _openings(day: str, given: Any) -> tuple[Opening, ...]:
    name = f"week[{day!r}]"
    openings = []
    for one in each(name, given):
        pair = tuple(one) if isinstance(one, tuple | list) else ()
        if len(pair) != 2 or not all(type(t) is dt.time and t.tzinfo is None for t in pair):
            raise InvalidInputError(name, "must hold pairs of naive times", came(one))
        if _wall_end(pair[1]) <= _wall(pair[0]):
            raise InvalidInputError(name, "must have openings that end after they start")
        openings.append((pair[0], pair[1]))
    openings.sort(key=lambda pair: _wall(pair[0]))
    if any(_wall_end(a[1]) > _wall(b[0]) for a, b in pairwise(openings)):
        raise InvalidInputError(name, "must have openings that do not overlap")
    return tuple(openings)


def _wall(time: dt.time) -> int:
    """Return microseconds since midnight."""
    since = dt.timedelta(
        hours=time.hour, minutes=time.minute, seconds=time.second, microseconds=time.microsecond
    )
    return since // _US


def _wall_end(time: dt.time) -> int:
    return _wall(time) or DAY_US


def _total(openings: tuple[Opening, ...]) -> int:
    return sum(_wall_end(end) - _wall(start) for start, end in openings)
