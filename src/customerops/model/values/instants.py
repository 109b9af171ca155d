"""Instants: timezone-aware datetimes in records, int64 microseconds since 1970 UTC in columns."""

from __future__ import annotations

import datetime as dt

from customerops.errors import InvalidInputError

__all__ = ["as_instant", "from_us", "micros", "to_us"]

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)


def as_instant(name: str, value: object) -> dt.datetime:
    """Return `value` in UTC, or say that it is not an instant.

    An instant inside a daylight-saving fold never equals the same instant in another zone, so
    every instant that is kept is turned to UTC first.
    """
    if not isinstance(value, dt.datetime) or value != value:  # noqa: PLR0124 - pandas.NaT
        raise InvalidInputError(name, "must be a datetime", f"got {type(value).__name__}")
    if value.utcoffset() is None:
        raise InvalidInputError(name, "must be timezone-aware", "got a naive datetime")
    try:
        return from_us(to_us(value))
    except OverflowError:
        raise InvalidInputError(
            name, "must lie in the years 1 to 9999 of UTC", "got a date at their edge"
        ) from None


def to_us(instant: dt.datetime) -> int:
    """Return microseconds since 1970-01-01T00:00Z, exactly."""
    return (instant - EPOCH) // _US


def from_us(us: int) -> dt.datetime:
    """Return the UTC datetime of a number of microseconds since 1970-01-01T00:00Z."""
    return EPOCH + dt.timedelta(microseconds=int(us))


def micros(duration: dt.timedelta) -> int:
    """Return a duration in microseconds, cut off where every instant plus it is out of reach.

    What is longer than all of time (2**61 microseconds are 73,000 years) never passes, and adding
    it to an instant still fits 64 bits.
    """
    return min(duration // _US, 2**61)
