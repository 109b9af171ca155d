"""Time zones, asked one instant at a time: offsets, where they change, and wall clocks read back.

Any ``tzinfo`` serves. It is asked one question only, ``fromutc``, which is unambiguous; what it
answers for wall clocks inside a fold is never relied on.
"""

from __future__ import annotations

import datetime as dt

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came, did_you_mean
from customerops.model.values.instants import EPOCH, from_us, to_us

__all__ = [
    "DAY_US",
    "as_zone",
    "instant_of",
    "local",
    "offset_changes",
    "offset_us",
    "start_of",
    "zone_key",
]

DAY_US = 86_400_000_000
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_US = dt.timedelta(microseconds=1)
_UTC_NAMES = frozenset(
    ["UTC", "UCT", "Universal", "Zulu", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu"]
)


def as_zone(name: str, tz: dt.tzinfo | str) -> dt.tzinfo:
    """Return the zone that is meant: a name is looked up, every spelling of UTC is ``dt.UTC``.

    The zone database is read only for a name, given as a string or held by a zone of pytz (whose
    copy of the rules ends in 2037).

    Parameters
    ----------
    name : str
        What the argument is called.
    tz : tzinfo or str
        A zone, the key of one, or a fixed offset such as ``"+08:00"``.

    Raises
    ------
    InvalidInputError
        If it is neither, if no zone has that key, or if it does not convert from UTC.

    Examples
    --------
    >>> as_zone("tz", "Etc/UTC")
    datetime.timezone.utc
    >>> as_zone("tz", "+08:00")
    datetime.timezone(datetime.timedelta(seconds=28800))
    """
    if isinstance(tz, str):
        return _named(name, tz)
    if not isinstance(tz, dt.tzinfo):
        raise InvalidInputError(name, "must be a tzinfo or the name of a time zone", came(tz))
    if isinstance(tz, dt.timezone):
        return dt.timezone(tz.utcoffset(None))  # without the name: UTC+8 is UTC+8
    key = getattr(tz, "key", None)
    named = key or getattr(tz, "zone", None)  # pytz says zone
    if isinstance(named, str) and (named in _UTC_NAMES or key is None):
        return _named(name, named)
    try:
        then = EPOCH.astimezone(tz)
    except (ValueError, NotImplementedError) as error:  # what the default fromutc raises
        raise InvalidInputError(
            name, "must convert from UTC", f"fromutc() says: {error}"
        ) from None
    return dt.UTC if (then.tzname(), then.utcoffset()) == ("UTC", dt.timedelta(0)) else tz


def _named(name: str, key: str) -> dt.tzinfo:
    if key in _UTC_NAMES:
        return dt.UTC
    if key[:1] in ("+", "-"):
        try:
            there = dt.datetime.fromisoformat(f"1970-01-01T00:00{key}")
        except ValueError:
            said = f"got {key!r}"
            raise InvalidInputError(name, "must be an offset like '+08:00'", said) from None
        return dt.timezone(EPOCH - there)
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(key)
    except (LookupError, ValueError, OSError):  # of a folder: IsADirectoryError, PermissionError
        hint = did_you_mean(key, zoneinfo.available_timezones())
        raise InvalidInputError(
            name, "must be the name of a time zone", f"got {key!r}{hint}"
        ) from None


def zone_key(tz: dt.tzinfo) -> str | None:
    """Return what names a zone: its key, its fixed offset, ``"UTC"``; None for any other tzinfo.

    Examples
    --------
    >>> zone_key(dt.UTC), zone_key(dt.timezone(-dt.timedelta(hours=3, minutes=30)))
    ('UTC', '-03:30')
    """
    if tz == dt.UTC:
        return "UTC"
    if isinstance(tz, dt.timezone):
        return EPOCH.replace(tzinfo=tz).isoformat()[len("1970-01-01T00:00:00") :]
    key = getattr(tz, "key", None)
    return key if isinstance(key, str) else None


def local(us: int, tz: dt.tzinfo) -> dt.datetime:
    """Return the wall clock, a naive datetime, at an instant in microseconds since 1970 UTC."""
    return tz.fromutc(from_us(us).replace(tzinfo=tz)).replace(tzinfo=None)


def offset_us(us: int, tz: dt.tzinfo) -> int:
    """Return the wall clock minus UTC at an instant, in microseconds."""
    return _wall_us(local(us, tz)) - us


def offset_changes(start: int, end: int, tz: dt.tzinfo) -> list[tuple[int, int]]:
    """Return where the offset changes in ``(start, end]``: pairs (first instant, offset from it).

    The offset is sampled once a day and every change found is bisected to the microsecond, both
    halves of each step searched. Two changes that cancel between two samples are not seen; no zone
    of the tz database has such a pair.

    Parameters
    ----------
    start, end : int
        Instants, microseconds since 1970 UTC.
    tz : tzinfo
        The zone.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> day = dt.datetime(2026, 3, 29, tzinfo=dt.UTC)
    >>> [(us, offset)] = offset_changes(to_us(day), to_us(day) + DAY_US, ZoneInfo("Europe/Berlin"))
    >>> from_us(us).isoformat(), offset // 3_600_000_000
    ('2026-03-29T01:00:00+00:00', 2)
    """
    changes: list[tuple[int, int]] = []

    def bisect(left: int, before: int, right: int, after: int) -> None:
        if before == after:
            return
        if right - left == 1:
            changes.append((right, after))
            return
        middle = (left + right) // 2
        between = offset_us(middle, tz)
        bisect(left, before, middle, between)
        bisect(middle, between, right, after)

    left, before = start, offset_us(start, tz)
    while left < end:
        right = min(left + DAY_US, end)
        after = offset_us(right, tz)
        bisect(left, before, right, after)
        left, before = right, after
    return changes


def instant_of(name: str, wall: dt.datetime, tz: dt.tzinfo, fold: int | None) -> dt.datetime:
    """Return the instant, in UTC, at which a wall clock in a zone shows `wall`.

    Parameters
    ----------
    name : str
        What the argument is called.
    wall : datetime
        Naive.
    tz : tzinfo
        The zone.
    fold : {0, 1} or None
        Which of two readings is meant, as in PEP 495: 0 the first and 1 the second time the clock
        shows it; of a time that was skipped, 0 reads it by the offset before the gap, 1 by the
        one after. None refuses both kinds.

    Raises
    ------
    InvalidInputError
        If the clock shows it twice or never and `fold` does not say what to do.
    """
    us = _wall_us(wall)
    hits = [
        us - offset for start, end, offset in _parts(name, wall, tz) if start <= us - offset < end
    ]
    if len(hits) == 1:
        return from_us(hits[0])
    if fold is None:
        times = "twice" if hits else "never"
        raise InvalidInputError(
            name,
            "must name one instant",
            f"the local clock shows it {times}: fold=0 or fold=1 says how to read it",
        )
    if hits:
        return from_us(hits[-1 if fold else 0])
    jump = to_us(start_of(name, wall, tz))
    return from_us(us - offset_us(jump if fold else jump - 1, tz))


def start_of(name: str, wall: dt.datetime, tz: dt.tzinfo) -> dt.datetime:
    """Return the first instant, in UTC, at which a wall clock in a zone is at or past `wall`.

    Where a local day starts: the first time its date, or a later one, is on the clock. Midnight
    itself may be skipped, or come twice.
    """
    us = _wall_us(wall)
    return from_us(
        next(
            first
            for start, end, offset in _parts(name, wall, tz)
            if (first := max(start, us - offset)) < end
        )
    )


def _wall_us(wall: dt.datetime) -> int:
    return (wall - _NAIVE_EPOCH) // _US


def _parts(name: str, wall: dt.datetime, tz: dt.tzinfo) -> list[tuple[int, int, int]]:
    """Return the stretches (start, end, offset) of constant offset within a day of a wall clock.

    An offset is shorter than a day, so every instant at which the clock shows `wall` is inside.
    """
    us = _wall_us(wall)
    first, last = us - DAY_US, us + DAY_US
    try:
        offset = offset_us(first, tz)
        changes = offset_changes(first, last, tz)
    except OverflowError:
        raise InvalidInputError(
            name, "must lie well inside the years 1 to 9999", "got a date at their edge"
        ) from None
    starts = [first, *(us for us, _ in changes)]
    offsets = [offset, *(after for _, after in changes)]
    return list(zip(starts, [*starts[1:], last + 1], offsets, strict=True))
