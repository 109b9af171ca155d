"""Windows of time: exact durations, and local calendar days or months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.wording import duration
from customerops.model.values.checks import came, positive_duration, whole
from customerops.model.values.instants import from_us, to_us
from customerops.model.values.serial import read

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar

__all__ = [
    "LAST",
    "NEVER",
    "Days",
    "Months",
    "Span",
    "after",
    "after_us",
    "as_span",
    "day_of_month",
    "dump_span",
    "load_span",
    "tell",
    "through",
    "through_us",
]

Int = NDArray[np.int64]

NEVER = 2**61
"""Microseconds beyond every instant, and safe to add twice to one."""

LAST = to_us(dt.datetime.max.replace(tzinfo=dt.UTC))
"""The last microsecond a datetime can tell."""

_US = dt.timedelta(microseconds=1)
_LAST = to_us(dt.datetime(9998, 12, 1, tzinfo=dt.UTC))
"""Calendars end with the year 9998; a window that would end later never does."""


@attrs.frozen
class Days:
    """A window of local calendar days: it closes when the n-th day after today starts.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    InvalidInputError
        If it is not an int of at least 1.

    Notes
    -----
    Whatever the hour of the day, a window of 30 days from 1 March closes at the start of 31 March
    on the local clock: two dates count as 30 days apart, whether a day had 23, 24 or 25 hours. An
    exact window is a ``timedelta``.

    Examples
    --------
    >>> from customerops.lifecycle import Days
    >>> Days(30)
    Days(n=30)
    """

    n: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n, least=1))


@attrs.frozen
class Months:
    """A window of local calendar months: it closes when the same day of a later month starts.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    InvalidInputError
        If it is not an int of at least 1.

    Notes
    -----
    In a month without that day it closes at the start of the last day: a month from 31 January is
    28 or 29 February.

    Examples
    --------
    >>> from customerops.lifecycle import Months
    >>> Months(1)
    Months(n=1)
    """

    n: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n, least=1))


Span = dt.timedelta | Days | Months
"""An exact duration, or local calendar days or months."""


def as_span(name: str, value: object) -> Span:
    """Return a window as given, checked: a positive timedelta, Days or Months."""
    if isinstance(value, Days | Months):
        return value
    if not isinstance(value, dt.timedelta):
        raise InvalidInputError(name, "must be a timedelta, Days or Months", came(value))
    return positive_duration(name, value)


def tell(span: Span) -> str:
    """Return a window in words; local days are said to be calendar days.

    Examples
    --------
    >>> tell(dt.timedelta(days=30)), tell(Days(30)), tell(Months(1))
    ('30 days', '30 calendar days', '1 calendar month')
    """
    if isinstance(span, dt.timedelta):
        return duration(span)
    unit = "day" if isinstance(span, Days) else "month"
    return f"{span.n} calendar {unit}{'' if span.n == 1 else 's'}"


def after(span: Span, at: dt.datetime, calendar: Calendar | None) -> dt.datetime | None:
    """Return when a window that opens at an instant closes; None if it is beyond all calendars."""
    if isinstance(span, dt.timedelta):
        try:
            return at + span
        except OverflowError:
            return None
    return _instant(after_us(span, np.array([to_us(at)]), calendar))


def after_us(span: Span, at: Int, calendar: Calendar | None) -> Int:
    """Return when windows that open at instants close, `NEVER` if beyond all calendars.

    Parameters
    ----------
    span : timedelta, Days or Months
    at : int64 (n,)
        Microseconds UTC.
    calendar : Calendar or None
        Whose local days; exact windows need none.
    """
    if isinstance(span, dt.timedelta):
        return at + min(span // _US, NEVER)
    assert calendar is not None  # the policy has seen to it
    return _starts(_day_after(span, _days(at, calendar), None), calendar)


def through(
    span: Span, at: dt.datetime, calendar: Calendar | None, *, anchor: int | None = None
) -> dt.datetime | None:
    """Return when what is paid for at an instant ends; None if it is beyond all calendars."""
    if isinstance(span, dt.timedelta):
        return after(span, at, calendar)
    days = None if anchor is None else np.array([anchor])
    return _instant(through_us(span, np.array([to_us(at)]), calendar, anchor=days))


def through_us(
    span: Span, at: Int, calendar: Calendar | None, *, anchor: NDArray[Any] | None = None
) -> Int:
    """Return when what is paid for at instants ends: days and months with their last day.

    Parameters
    ----------
    span, at, calendar
        As for `after_us`.
    anchor : integers (n,), optional
        The day of the month that months count to, where it is not the day of `at` itself.
    """
    if isinstance(span, dt.timedelta):
        return after_us(span, at, calendar)
    assert calendar is not None
    return _starts(_day_after(span, _days(at, calendar), anchor) + 1, calendar)


def _days(at: Int, calendar: Calendar) -> Int:
    """Return the local days of instants; those beyond all calendars are all on the last."""
    return calendar.ordinals(np.minimum(at, _LAST), "day")


def _day_after(span: Days | Months, day: Int, anchor: NDArray[Any] | None) -> Int:
    """Return the day so many days or months later."""
    if isinstance(span, Days):
        return day + min(span.n, 4_000_000)
    month = day.astype("M8[D]").astype("M8[M]").astype(np.int64) + min(span.n, 120_000)
    first = month.astype("M8[M]").astype("M8[D]").astype(np.int64)
    last = (month + 1).astype("M8[M]").astype("M8[D]").astype(np.int64) - 1
    wanted = _day_of_month(day) if anchor is None else anchor
    later: Int = np.minimum(first + wanted - 1, last)
    return later


def _starts(day: Int, calendar: Calendar) -> Int:
    """Return when local days start."""
    known = day < _LAST // 86_400_000_000
    starts: Int = np.full(day.shape, NEVER)
    starts[known] = calendar.edges(day[known], "day")
    return starts


def _instant(us: Int) -> dt.datetime | None:
    return None if us[0] >= NEVER else from_us(int(us[0]))


def day_of_month(at: Int, calendar: Calendar) -> Int:
    """Return the local day of the month of instants, from 1."""
    return _day_of_month(calendar.ordinals(np.minimum(at, _LAST), "day"))


def _day_of_month(day: Int) -> Int:
    dates = day.astype("M8[D]")
    first = dates.astype("M8[M]").astype("M8[D]")
    days: Int = (dates - first).astype(np.int64) + 1
    return days


def dump_span(span: Span | None) -> dict[str, int] | None:
    """Return a window in plain JSON types: its unit and how many."""
    if span is None:
        return None
    if isinstance(span, dt.timedelta):
        return {"microseconds": span // _US}
    return {"days" if isinstance(span, Days) else "months": span.n}


def load_span(name: str, data: object) -> Span | None:
    """Return the window that `dump_span` wrote."""
    if data is None:
        return None
    units = ("microseconds", "days", "months")
    if not isinstance(data, Mapping) or len(data) != 1:
        raise InvalidInputError(name, "must be a mapping of one unit to a number", came(data))
    ((unit, n),) = read(name, data, (), units).items()
    if unit == "microseconds":
        us = whole(name, n, least=1)
        if us > dt.timedelta.max // _US:
            raise InvalidInputError(name, "must be at most 999,999,999 days", "got more")
        return dt.timedelta(microseconds=us)
    return Days(n) if unit == "days" else Months(n)
