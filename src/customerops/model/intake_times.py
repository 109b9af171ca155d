"""Columns of times read as instants: int64 microseconds since 1970 UTC.

Aware times keep their own zone. Naive times are what the clock of ``tz`` showed; a date, and a
naive midnight, is the start of that local day, which the clock may show twice or never. Numbers
count ``at_unit`` since 1970 UTC. What is finer than a microsecond is floored.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.faults import Fault
from customerops.model.instants import EPOCH, to_us
from customerops.model.intake_raw import Converted, Mask, Plain, Raw, said_of, through
from customerops.model.zones import DAY_US, offset_changes, offset_us

__all__ = ["UNITS", "Clock", "instants"]

UNITS = ("s", "ms", "us", "ns")

_MIN = to_us(dt.datetime.min.replace(tzinfo=dt.UTC))
_MAX = to_us(dt.datetime.max.replace(tzinfo=dt.UTC))
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_US = dt.timedelta(microseconds=1)
_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}
_BLOCK = 1 << 16  # rows looked up at a time
_APART = 8  # days between which two stretches of days are looked up in the zone apart


@attrs.frozen
class Clock:
    """How times are read that do not say it themselves.

    Attributes
    ----------
    tz : tzinfo or None
        Zone of naive times and dates.
    unit : {"s", "ms", "us", "ns"} or None
        What numbers count.
    fold : {0, 1} or None
        Which reading of a naive time is meant that the clock shows twice or never, as in PEP 495;
        None refuses them.
    """

    tz: dt.tzinfo | None = None
    unit: str | None = None
    fold: int | None = None


def instants(read: Raw, clock: Clock) -> Converted:
    """Return the instants of a column, and its faults.

    Notes
    -----
    Faults are, in this order: what is no time at all; naive times without a zone, numbers without
    a unit; instants outside the years 1 to 9999; local times that the clock shows twice or never.
    A float of seconds or milliseconds is rounded to the nearest microsecond, half to even, as
    ``datetime.fromtimestamp`` does.
    """
    return through(read, lambda plain: _instants(plain, clock))


def _instants(plain: Plain, clock: Clock) -> Converted:
    present = ~plain.gone()
    if plain.kind == "object":
        return _of_objects(plain, present, clock)
    if plain.kind in ("int", "float"):
        return _of_numbers(plain, present, clock)
    if plain.kind not in ("time", "date"):
        problem = "got text; parse it first" if plain.kind == "text" else f"got {said_of(plain)}"
        fault = Fault("not a time", "must be datetimes", present, problem, whole=plain.typed)
        return _nothing(plain, fault)
    us, outside = _to_us(plain.values, present)
    if plain.aware:
        return _checked(us, plain.missing, outside)
    if clock.tz is None:
        return _nothing(plain, _without_zone(present, whole=plain.typed))
    dated = np.full(len(us), plain.kind == "date")
    return _localised(us, plain.missing, outside, present, dated, clock)


def _nothing(plain: Plain, fault: Fault) -> Converted:
    return Converted(np.zeros(len(plain), np.int64), plain.missing, (fault,))


def _without_zone(rows: Mask, *, whole: bool) -> Fault:
    problem = "naive times and dates need tz="
    return Fault("without a time zone", "must be timezone-aware", rows, problem, whole)


def _checked(us: NDArray[np.int64], missing: Mask | None, outside: Mask | None) -> Converted:
    """Return instants, those outside the years of datetime at fault."""
    if len(us) and (us.min() < _MIN or us.max() > _MAX):
        beyond = (us < _MIN) | (us > _MAX)
        outside = beyond if outside is None else outside | beyond
    if outside is None:
        return Converted(us, missing)
    fault = Fault("out of range", "must lie in the years 1 to 9999", outside)
    return Converted(np.where(outside, 0, us), missing, (fault,))


# ---------------------------------------------------------------------- what a column may hold


def _to_us(values: NDArray[Any], present: Mask) -> tuple[NDArray[np.int64], Mask | None]:
    """Return datetime64 of any unit in microseconds, 0 where absent, and what would overflow."""
    unit, count = np.datetime_data(values.dtype)
    outside = None
    if count != 1:
        values = values.astype(f"M8[{unit}]")
    if unit in ("ns", "ps", "fs", "as"):
        finer = 1000 ** (1 + ("ns", "ps", "fs", "as").index(unit))
        us = values.view(np.int64) // finer
    elif unit == "us":
        us = values.view(np.int64)
    else:
        low, high = np.array(["0000-01-01", "10001-01-01"], f"M8[{unit}]")
        outside = present & ((values < low) | (values > high))
        us = np.where(outside, low, values).astype("M8[us]").view(np.int64)
    return us if present.all() else np.where(present, us, 0), outside


def _of_numbers(plain: Plain, present: Mask, clock: Clock) -> Converted:
    if clock.unit is None:
        problem = "numbers need at_unit="
        fault = Fault("without a unit", "must be datetimes", present, problem, whole=plain.typed)
        return _nothing(plain, fault)
    if plain.kind == "int":
        return _of_ints(plain.values.astype(np.int64, copy=False), plain.missing, clock.unit)
    per = 1 / 1000 if clock.unit == "ns" else _PER_UNIT[clock.unit]
    x = np.where(present, plain.values, 0).astype(np.float64, copy=False)
    with np.errstate(over="ignore"):
        outside = ~((x * per >= _MIN) & (x * per <= _MAX))
    x = np.where(outside, 0, x)
    if clock.unit == "ns":
        return _checked((x // 1000).astype(np.int64), plain.missing, outside)
    units = np.floor(x)
    us = units.astype(np.int64) * int(per) + np.rint((x - units) * per).astype(np.int64)
    return _checked(us, plain.missing, outside)


def _of_ints(ticks: NDArray[np.int64], missing: Mask | None, unit: str) -> Converted:
    if missing is not None:
        ticks = np.where(missing, 0, ticks)
    if unit == "ns":
        return _checked(ticks // 1000, missing, None)
    per = _PER_UNIT[unit]
    if per == 1:
        return _checked(ticks, missing, None)
    outside = (ticks < -(-_MIN // per)) | (ticks > _MAX // per)
    return _checked(np.where(outside, 0, ticks) * per, missing, outside)


def _of_objects(plain: Plain, present: Mask, clock: Clock) -> Converted:
    """Read datetimes, dates and datetime64 in any mixture."""
    n = len(plain)
    us, sort = np.zeros(n, np.int64), np.full(n, _ABSENT, np.int8)
    read = [_of_object(x) for x in plain.values[present].tolist()]
    us[present] = [one[0] for one in read]
    sort[present] = [one[1] for one in read]
    bad, local = sort == _BAD, (sort == _NAIVE) | (sort == _DATE)
    faults = (Fault("not a time", "must be datetimes", bad),) if bad.any() else ()
    if local.any() and clock.tz is None:
        faults = (*faults, _without_zone(local, whole=False))
        us[local] = 0
        local = np.zeros(n, np.bool_)
    done = _localised(us, plain.missing, None, local, sort == _DATE, clock)
    return attrs.evolve(done, faults=(*faults, *done.faults))


_ABSENT, _AWARE, _NAIVE, _DATE, _BAD = range(5)


def _of_object(x: object) -> tuple[int, int]:
    """Return microseconds since 1970, and since 1970 where."""
    if isinstance(x, np.datetime64):
        x = x.astype("M8[us]").item()
    if isinstance(x, dt.datetime):
        if x.utcoffset() is not None:
            return to_us(x), _AWARE
        return (x.replace(tzinfo=None) - _NAIVE_EPOCH) // _US, _NAIVE
    if isinstance(x, dt.date):
        return (x - _NAIVE_EPOCH.date()).days * DAY_US, _DATE
    return 0, _BAD


# ---------------------------------------------------------------------- wall clocks


def _localised(
    us: NDArray[np.int64],
    missing: Mask | None,
    outside: Mask | None,
    local: Mask,
    dated: Mask,
    clock: Clock,
) -> Converted:
    """Read the rows that are local as what the clock showed."""
    first = _checked(us, missing, outside)
    if clock.tz is None or not local.any():
        return first
    if isinstance(clock.tz, dt.timezone):
        shift = offset_us(0, clock.tz)
        if shift == 0:
            return first
        moved = first.values - np.where(local, shift, 0)
        twice = never = np.zeros(0, np.bool_)
    else:
        every = bool(local.all())
        walls = first.values if every else first.values[local]
        dates = dated if every else dated[local]
        moved, twice, never = _instants_of_walls(walls, dates, clock.tz, clock.fold)
        if not every:
            walls, moved = moved, first.values.copy()
            moved[local] = walls
    second = _checked(moved, missing, None)
    faults = [*first.faults, *second.faults]
    for rows, reason in ((twice, "twice"), (never, "never")):
        if rows.any():
            whose = np.zeros(len(us), np.bool_)
            whose[local] = rows
            problem = f"the local clock shows it {reason}; fold=0 or fold=1 says how to read it"
            faults.append(Fault(f"{reason} on the local clock", _ONE, whose, problem))
    return Converted(second.values, missing, tuple(faults))


_ONE = "must name one instant"


@attrs.frozen(eq=False)
class _Stretches:
    """Stretches of constant offset of a zone, ascending: instants [start, end), and the offset."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    offset: NDArray[np.int64]

    @classmethod
    def around(cls, days: NDArray[np.int64], tz: dt.tzinfo) -> _Stretches:
        """Look up the offsets around local days; what lies far between them is not asked for."""
        found: list[tuple[int, int, int]] = []
        for run in np.split(days, np.flatnonzero(np.diff(days) > _APART) + 1):
            low, high = (int(run[0]) - 2) * DAY_US, (int(run[-1]) + 3) * DAY_US
            inner = min(max(low, _MIN + DAY_US), _MAX - DAY_US)
            changes = offset_changes(inner, max(min(high, _MAX - DAY_US), inner), tz)
            starts = [low, *(us for us, _ in changes)]
            offsets = [offset_us(inner, tz), *(after for _, after in changes)]
            found += zip(starts, [*starts[1:], high], offsets, strict=True)
        return cls(*np.array(found, np.int64).T)

    def first(self, walls: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the first stretch in which the clock goes past each wall time."""
        reached = np.maximum.accumulate(self.end + self.offset)
        return np.searchsorted(reached, walls, "right")

    def last(self, walls: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the last stretch that starts at or before each wall time."""
        begins = np.minimum.accumulate((self.start + self.offset)[::-1])[::-1]
        return np.searchsorted(begins, walls, "right") - 1


def _instants_of_walls(
    walls: NDArray[np.int64], dated: Mask, tz: dt.tzinfo, fold: int | None
) -> tuple[NDArray[np.int64], Mask, Mask]:
    """Return the instants at which a clock shows wall times, and which it shows twice or never.

    Most local days lie in one stretch of constant offset: their rows take it from a table by day.
    """
    origin, final = int(walls.min()) // DAY_US, int(walls.max()) // DAY_US
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(walls), _BLOCK)]
    seen = np.zeros(final - origin + 1, np.bool_)
    for block in blocks:
        seen[walls[block] // DAY_US - origin] = True
    days = np.flatnonzero(seen)
    zone = _Stretches.around(days + origin, tz)
    opens = (days + origin) * DAY_US
    closes = opens + (DAY_US - 1)
    stretch = zone.first(opens)
    even = (stretch == zone.first(closes)) & (stretch == zone.last(opens))
    even &= stretch == zone.last(closes)
    offset, uneven = np.zeros(len(seen), np.int64), np.zeros(len(seen), np.bool_)
    offset[days[even]] = zone.offset[stretch[even]]
    uneven[days[~even]] = True
    us, hard = np.empty_like(walls), [np.zeros(0, np.intp)]
    for block in blocks:
        day = walls[block] // DAY_US - origin
        us[block] = walls[block] - offset[day]
        hard.append(np.flatnonzero(uneven[day]) + block.start)
    rows = np.concatenate(hard)
    twice, never = np.zeros(len(walls), np.bool_), np.zeros(len(walls), np.bool_)
    us[rows], twice[rows], never[rows] = _hard_walls(walls[rows], dated[rows], zone, fold)
    return us, twice, never


def _hard_walls(
    walls: NDArray[np.int64], dated: Mask, zone: _Stretches, fold: int | None
) -> tuple[NDArray[np.int64], Mask, Mask]:
    """Read wall times of days on which the offset may change."""
    i, j = zone.first(walls), zone.last(walls)
    early, late = walls - zone.offset[i], walls - zone.offset[j]
    never = early < zone.start[i]
    twice = ~never & (late != early) & (late < zone.end[j])
    start = np.maximum(early, zone.start[i])
    day = dated if fold is not None else dated | (walls % DAY_US == 0)
    if fold is None:
        return start, twice & ~day, never & ~day
    skipped = walls - zone.offset[i - 1]  # by the offset before the gap
    chosen = np.where(
        twice, late if fold else early, early if fold else np.where(never, skipped, early)
    )
    none = np.zeros(len(walls), np.bool_)
    return np.where(day, start, chosen), none, none
