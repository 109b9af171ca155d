"""Local periods of a time zone: from instants to ordinals, and from ordinals to exact edges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came, one_of
from customerops.model.values.instants import from_us, to_us
from customerops.model.values.serial import read
from customerops.model.values.zones import DAY_US, as_zone, offset_changes, offset_us, zone_key

__all__ = ["PERIODS", "WEEKDAYS", "Calendar", "Period", "Weekday"]

Period = Literal["hour", "day", "week", "month", "quarter", "year"]
"""A period of the local calendar."""

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

PERIODS: tuple[Period, ...] = ("hour", "day", "week", "month", "quarter", "year")
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)

_US = dt.timedelta(microseconds=1)
_HOUR_US = 3_600_000_000
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_MONTHS = {"month": 1, "quarter": 3, "year": 12}

# What a zone can be asked about, with room for the offset and for the period's other edge.
_FIRST = to_us(dt.datetime(2, 1, 2, tzinfo=dt.UTC))
_LAST = to_us(dt.datetime(9998, 12, 31, tzinfo=dt.UTC)) - 1
_ROOM = 31 * DAY_US

_BLOCK = 3653 * DAY_US  # offset changes are looked up, and kept, by about ten years
_MANY = 50  # blocks
_EVER = np.iinfo(np.int64).min


def _zone(tz: dt.tzinfo | str) -> dt.tzinfo:
    return as_zone("tz", tz)


@attrs.frozen(eq=False)
class Calendar:
    """The local calendar of a time zone, with hours, days, weeks, months, quarters and years.

    A period is known by its ordinal, an integer counted from the one that holds the start of
    1970 on the local clock. ``edges(o, period) <= t < edges(o + 1, period)`` holds for every
    instant t of ordinal o, and ordinals never fall as time passes.

    Parameters
    ----------
    tz : tzinfo or str
        Any ``tzinfo``, the key of a zone, which is looked up in the zone database, or a fixed
        offset such as ``"+08:00"``. Every spelling of UTC is one.
    week_start : str
        The English name of the day a week starts on, in small letters.

    Raises
    ------
    InvalidInputError
        If the zone or the day is not known.

    Notes
    -----
    A local period starts at the *first* instant at which the wall clock is at or past the
    period's start on paper. It matters where clocks are set back over midnight: in St John's
    they went from 00:01 to 23:01 in 1987 to 2011, and the hour after belongs to the new day all
    the same, for a day that has begun does not end. An hour that the clock shows twice is one
    period of two hours; one that it skips has length 0, as has 30 December 2011 in Apia.

    Offsets are found by sampling once a day and bisecting every change to the microsecond: about
    5 ms for ten years, once a calendar. Two changes that cancel within a day are not seen; the
    zone database has none. Instants lie in the years 2 to 9998.

    Calendars are equal if their zones have the same key and their weeks start on the same day;
    zones without a key are compared as objects.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Calendar
    >>> berlin = Calendar("Europe/Berlin")
    >>> new_year = int(dt.datetime(2025, 12, 31, 23, tzinfo=dt.UTC).timestamp()) * 1_000_000
    >>> ordinals = berlin.ordinals([new_year - 1, new_year], "month")
    >>> berlin.labels(ordinals, "month")
    [datetime.date(2025, 12, 1), datetime.date(2026, 1, 1)]
    >>> berlin.edges(ordinals, "month").astype("datetime64[us]").astype("datetime64[h]")
    array(['2025-11-30T23', '2025-12-31T23'], dtype='datetime64[h]')
    >>> Calendar("UTC") == Calendar(dt.timezone.utc)
    True
    """

    tz: dt.tzinfo = attrs.field(converter=_zone)
    week_start: Weekday = "monday"
    # Blocks of offset changes, each written once with what it must be; not pickled.
    _blocks: dict[int, tuple[int, list[tuple[int, int]]]] = attrs.field(
        factory=dict, init=False, repr=False
    )

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "week_start", one_of("week_start", self.week_start, WEEKDAYS))

    # ------------------------------------------------------------------ instants and ordinals

    def ordinals(self, at_us: ArrayLike, period: Period) -> NDArray[np.int64]:
        """Return the ordinal of the local period that each instant lies in.

        Parameters
        ----------
        at_us : array_like of int
            Microseconds since 1970-01-01T00:00Z, any shape, any order.
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Which periods.

        Returns
        -------
        ndarray of int64
            Of the shape of `at_us`; months since January 1970, and so on.

        Raises
        ------
        InvalidInputError
            If the instants are no integers or not in the years 2 to 9998, or the period is not
            known.

        Examples
        --------
        >>> from customerops.model import Calendar
        >>> Calendar("UTC").ordinals([0, -1], "day").tolist()
        [0, -1]
        """
        one_of("period", period, PERIODS)
        at = _integers("at_us", at_us)
        if not at.size:
            return at
        if at.min() < _FIRST or at.max() > _LAST:
            raise InvalidInputError("at_us", "must lie in the years 2 to 9998", "some do not")
        return self._on_paper(self._reached(at), period)

    def edges(self, ordinals: ArrayLike, period: Period) -> NDArray[np.int64]:
        """Return the instant at which each local period starts.

        Parameters
        ----------
        ordinals : array_like of int
            Of any shape. ``ordinals + 1`` gives the ends.
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Which periods.

        Returns
        -------
        ndarray of int64
            Microseconds since 1970-01-01T00:00Z.

        Raises
        ------
        InvalidInputError
            If the ordinals are no integers or not in the years 2 to 9998, or the period is not
            known.

        Examples
        --------
        >>> from customerops.model import Calendar
        >>> Calendar("+08:00").edges([0, 1], "hour").tolist()
        [-28800000000, -25200000000]
        """
        walls = self._starts(ordinals, period)
        if not walls.size:
            return walls
        if isinstance(self.tz, dt.timezone):
            return walls - offset_us(0, self.tz)
        # An offset is shorter than a day, so the instant is within a day of the wall clock.
        first, offsets, before = self._stretches(walls, DAY_US)
        part = np.searchsorted(before[1:], walls, side="left")
        starts: NDArray[np.int64] = np.maximum(first[part], walls - offsets[part])
        return starts

    def labels(self, ordinals: ArrayLike, period: Period) -> list[dt.date]:
        """Return what each local period is called: the date it starts on.

        Parameters
        ----------
        ordinals : array_like of int
            Of one dimension.
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Which periods.

        Returns
        -------
        list of date
            Of naive datetimes, the local time it starts at, for hours.

        Raises
        ------
        InvalidInputError
            If the ordinals are no integers or not in the years 2 to 9998, or the period is not
            known.

        Examples
        --------
        >>> from customerops.model import Calendar
        >>> Calendar("UTC", week_start="sunday").labels([0, 1], "week")
        [datetime.date(1969, 12, 28), datetime.date(1970, 1, 4)]
        """
        walls = np.atleast_1d(self._starts(ordinals, period))
        if period == "hour":
            times: list[dt.date] = walls.astype("M8[us]").tolist()
            return times
        dates: list[dt.date] = (walls // DAY_US).astype("M8[D]").tolist()
        return dates

    def ordinal_of(self, label: dt.date, period: Period) -> int:
        """Return the ordinal of the local period with this label.

        Parameters
        ----------
        label : date
            The date on which the period starts; for hours, the naive datetime.
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Which period.

        Raises
        ------
        InvalidInputError
            If it is not a date, or no period starts there; or the period is not known.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Calendar
        >>> Calendar("UTC").ordinal_of(dt.date(1971, 2, 1), "month")
        13
        >>> Calendar("UTC").ordinal_of(dt.date(1971, 2, 3), "month")
        Traceback (most recent call last):
        customerops.errors.InvalidInputError: label must be the start of a month: got a date inside one
        """
        return self._ordinal_of("label", label, period)

    def day_end(self, day: dt.date) -> dt.datetime:
        """Return the instant, in UTC, at which a local day is over and the next one starts.

        Raises
        ------
        InvalidInputError
            If it is not a date, or a datetime.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Calendar
        >>> Calendar("Asia/Shanghai").day_end(dt.date(2026, 6, 30)).isoformat()
        '2026-06-30T16:00:00+00:00'
        """
        return from_us(int(self.edges(self._ordinal_of("day", day, "day") + 1, "day")))

    # ------------------------------------------------------------------ sameness, JSON

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Calendar):
            return NotImplemented
        key = zone_key(self.tz)
        same = self.tz == other.tz if key is None else key == zone_key(other.tz)
        return same and self.week_start == other.week_start

    def __hash__(self) -> int:
        return hash((zone_key(self.tz), self.week_start))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the zone and the week, not the offsets found so far."""
        return (type(self), (self.tz, self.week_start))

    def to_dict(self) -> dict[str, str]:
        """Return it in plain JSON types.

        Raises
        ------
        InvalidInputError
            If the zone is one of the caller's own, without a key.

        Examples
        --------
        >>> from customerops.model import Calendar
        >>> Calendar("Asia/Shanghai").to_dict()
        {'tz': 'Asia/Shanghai', 'week_start': 'monday'}
        """
        key = zone_key(self.tz)
        if key is None:
            raise InvalidInputError("tz", "must have a key to be written", came(self.tz))
        return {"tz": key, "week_start": self.week_start}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the calendar that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, or the zone or the day is not known.
        """
        parts = read("Calendar", data, ["tz", "week_start"])
        return cls(parts["tz"], parts["week_start"])

    # ------------------------------------------------------------------ on paper

    @property
    def _epoch_in_week(self) -> int:
        """How many days into its week 1970-01-01 was."""
        return (_EPOCH_WEEKDAY - WEEKDAYS.index(self.week_start)) % 7

    def _on_paper(self, walls: NDArray[np.int64], period: Period) -> NDArray[np.int64]:
        """Return the ordinals of wall clock readings."""
        if period == "hour":
            return walls // _HOUR_US
        days = walls // DAY_US
        if period == "day":
            return days
        if period == "week":
            return (days + self._epoch_in_week) // 7
        return _months(days) // _MONTHS[period]

    def _starts(
        self, ordinals: ArrayLike, period: Period, name: str = "ordinals"
    ) -> NDArray[np.int64]:
        """Return the wall clock readings at which periods start."""
        one_of("period", period, PERIODS)
        wanted = _integers(name, ordinals)
        if not wanted.size:
            return wanted
        bounds = self._on_paper(np.array([_FIRST - _ROOM, _LAST + _ROOM]), period)
        if wanted.min() < bounds[0] or wanted.max() > bounds[1]:
            raise InvalidInputError(name, "must lie in the years 2 to 9998", "some do not")
        if period == "hour":
            return wanted * _HOUR_US
        if period == "day":
            return wanted * DAY_US
        if period == "week":
            return (wanted * 7 - self._epoch_in_week) * DAY_US
        months = (wanted * _MONTHS[period]).astype("M8[M]")
        return months.astype("M8[D]").astype(np.int64) * DAY_US

    def _ordinal_of(self, name: str, label: dt.date, period: Period) -> int:
        one_of("period", period, PERIODS)
        timed = period == "hour"
        if type(label) is not (dt.datetime if timed else dt.date):
            must = f"must be a {'naive datetime' if timed else 'date'}"
            raise InvalidInputError(name, must, came(label))
        wall = (label.toordinal() - _EPOCH_DAY) * DAY_US
        if isinstance(label, dt.datetime):
            if label.tzinfo is not None:
                raise InvalidInputError(name, "must be a naive datetime", "got one with a zone")
            wall += (label - label.replace(hour=0, minute=0, second=0, microsecond=0)) // _US
        ordinal = self._on_paper(np.array([wall]), period)
        if self._starts(ordinal, period, name)[0] != wall:
            one = "an hour" if timed else f"a {period}"
            raise InvalidInputError(name, f"must be the start of {one}", "got a date inside one")
        return int(ordinal[0])

    # ------------------------------------------------------------------ the zone

    def _reached(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the latest reading the wall clock has shown so far, at each instant."""
        if isinstance(self.tz, dt.timezone):
            return at + offset_us(0, self.tz)
        first, offsets, before = self._stretches(at, 0)
        part = np.searchsorted(first[1:], at, side="right")
        reached: NDArray[np.int64] = np.maximum(at + offsets[part], before[part])
        return reached

    def offsets(self, low: int, high: int) -> list[tuple[int, int]]:
        """Return since when which offset from UTC holds, from one instant to another.

        Parameters
        ----------
        low, high : int
            Microseconds since 1970-01-01T00:00Z.

        Returns
        -------
        list of (int, int)
            Instant and offset, both in microseconds; the first instant is not after `low`.
        """
        if isinstance(self.tz, dt.timezone):
            return [(low, offset_us(0, self.tz))]
        out: list[tuple[int, int]] = []
        for block in range(low // _BLOCK, high // _BLOCK + 1):
            offset, changes = self._block(block)
            out += [(max(block * _BLOCK, _FIRST - _ROOM), offset), *changes]
        return out

    def _stretches(
        self, at: NDArray[np.int64], room: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the stretches of constant offset that matter to instants within `room` of these.

        Three arrays: since when, the offset, and the latest reading the clock showed before. A
        reading can be later than one that follows it by less than two days only.
        """
        low, high = (int(at.min()) - room - 2 * DAY_US) // _BLOCK, (int(at.max()) + room) // _BLOCK
        blocks = list(range(low, high + 1))
        if len(blocks) > _MANY:  # a few instants ages apart: not every year between them
            near = [(at - room - 2 * DAY_US) // _BLOCK, (at + room) // _BLOCK]
            blocks = np.unique(np.concatenate([one.ravel() for one in near])).tolist()
        first, offsets = list[int](), list[int]()
        for block in blocks:
            offset, changes = self._block(block)
            first += [block * _BLOCK, *(us for us, _ in changes)]
            offsets += [offset, *(after for _, after in changes)]
        shown = [us - 1 + offset for us, offset in zip(first[1:], offsets, strict=False)]
        before = np.maximum.accumulate(np.array([_EVER, *shown], np.int64))
        return np.array(first, np.int64), np.array(offsets, np.int64), before

    def _block(self, block: int) -> tuple[int, list[tuple[int, int]]]:
        """Return the offset at the start of a block of time, and its changes up to the end."""
        if block not in self._blocks:
            start = max(block * _BLOCK, _FIRST - _ROOM)
            end = min((block + 1) * _BLOCK, _LAST + _ROOM)
            self._blocks[block] = offset_us(start, self.tz), offset_changes(start, end, self.tz)
        return self._blocks[block]


def _integers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(values)
    whole = array.dtype.kind in "iu" and np.can_cast(array.dtype, np.int64)
    if array.size and not whole:
        raise InvalidInputError(name, "must be int64", f"got {array.dtype}")
    return array.astype(np.int64, copy=False)


def _months(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the months since January 1970 of days since 1970-01-01."""
    first = days.min()
    span = int(days.max() - first) + 1
    every = days if span > days.size else np.arange(first, first + span)
    months = every.astype("M8[D]").astype("M8[M]").astype(np.int64)
    return months if every is days else months[days - first]
