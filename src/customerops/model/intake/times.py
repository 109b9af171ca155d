"""Columns of times read as instants: int64 microseconds since 1970 UTC.

Aware times keep their own zone. Naive times are what the clock of ``tz`` showed; a date, and a
naive midnight, is the start of that local day, which the clock may show twice or never. Numbers
count ``at_unit`` since 1970 UTC. What is finer than a microsecond is floored.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.faults import Fault
from customerops.model.intake.raw import Converted, Mask, Plain, Raw, is_int, said_of, through
from customerops.model.intake.walls import LEAST_US, MOST_US, instants_of_walls
from customerops.model.values.instants import EPOCH, to_us
from customerops.model.values.zones import DAY_US, offset_us

__all__ = ["UNITS", "Clock", "instants"]

UNITS = ("s", "ms", "us", "ns")

_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_US = dt.timedelta(microseconds=1)
_DATETIMES = "must be datetimes"
_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}


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

    Parameters
    ----------
    read : Plain, Text or Dictionary
        The column.
    clock : Clock
        How to read what is naive, or a number.

    Returns
    -------
    Converted
        Microseconds since 1970 UTC.

    Notes
    -----
    Faults are, in this order: what is no time at all; naive times without a zone, numbers without
    a unit; instants outside the years 1 to 9999; local times that the clock shows twice or never.
    A float of seconds or milliseconds is rounded to the nearest microsecond, half to even, as
    ``datetime.fromtimestamp`` does.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model.intake.frames import raw
    >>> day = raw("at", [dt.date(1970, 1, 2), None])
    >>> instants(day, Clock(dt.timezone(dt.timedelta(hours=8)))).values.tolist()
    [57600000000, 0]
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
        fault = Fault("not a time", _DATETIMES, present, problem, whole=plain.typed)
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


def _without_unit(rows: Mask, *, whole: bool) -> Fault:
    return Fault("without a unit", _DATETIMES, rows, "numbers need at_unit=", whole)


def _checked(us: NDArray[np.int64], missing: Mask | None, outside: Mask | None) -> Converted:
    """Return instants, those outside the years of datetime at fault."""
    if len(us) and (us.min() < LEAST_US or us.max() > MOST_US):
        beyond = (us < LEAST_US) | (us > MOST_US)
        outside = beyond if outside is None else outside | beyond
    if outside is None or not outside.any():
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
        return _nothing(plain, _without_unit(present, whole=plain.typed))
    if plain.kind == "int":
        return _of_ints(plain.values.astype(np.int64, copy=False), plain.missing, clock.unit)
    per = 1 / 1000 if clock.unit == "ns" else _PER_UNIT[clock.unit]
    x = np.where(present, plain.values, 0).astype(np.float64, copy=False)
    with np.errstate(over="ignore"):
        outside = ~((x * per >= LEAST_US) & (x * per <= MOST_US))
    x = np.where(outside, 0, x)
    if clock.unit in ("us", "ns"):
        us = (np.rint(x) if clock.unit == "us" else x // 1000).astype(np.int64)
    else:  # whole units apart, for their microseconds are more than a float can hold
        units = np.trunc(x)
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
    outside = (ticks < -(-LEAST_US // per)) | (ticks > MOST_US // per)
    return _checked(np.where(outside, 0, ticks) * per, missing, outside)


def _of_objects(plain: Plain, present: Mask, clock: Clock) -> Converted:
    """Read datetimes, dates, datetime64 and numbers in any mixture, each as in a column of its own."""
    us, sort = np.zeros(len(plain), np.int64), np.full(len(plain), _ABSENT, np.int8)
    read = [_of_object(x, clock.unit) for x in plain.values[present].tolist()]
    us[present] = [one[0] for one in read]
    sort[present] = [one[1] for one in read]
    faults = [Fault("not a time", _DATETIMES, sort == _BAD)]
    local = (sort == _NAIVE) | (sort == _DATE)
    if clock.tz is None:
        faults.append(_without_zone(local, whole=False))
        us[local] = 0
        local = np.zeros(len(plain), np.bool_)
    faults.append(_without_unit(sort == _UNITLESS, whole=False))
    outside = sort == _OUTSIDE
    done = _localised(us, plain.missing, outside, local, sort == _DATE, clock)
    return attrs.evolve(done, faults=(*faults, *done.faults))


_ABSENT, _AWARE, _NAIVE, _DATE, _BAD, _UNITLESS, _OUTSIDE = range(7)


def _of_object(x: object, unit: str | None) -> tuple[int, int]:
    """Return microseconds since 1970, and since 1970 where."""
    if isinstance(x, np.datetime64):
        x = x.astype("M8[us]").item()
    if isinstance(x, dt.datetime):
        if x.utcoffset() is not None:
            return to_us(x), _AWARE
        return (x.replace(tzinfo=None) - _NAIVE_EPOCH) // _US, _NAIVE
    if isinstance(x, dt.date):
        return (x - _NAIVE_EPOCH.date()).days * DAY_US, _DATE
    if not is_int(x) and not isinstance(x, float | np.floating):
        return 0, _BAD
    return (0, _UNITLESS) if unit is None else _of_number(x, unit)


def _of_number(x: Any, unit: str) -> tuple[int, int]:
    number = float(x) if isinstance(x, float | np.floating) else int(x)
    per = 1 / 1000 if unit == "ns" else _PER_UNIT[unit]
    if not LEAST_US <= number * per <= MOST_US:
        return 0, _OUTSIDE
    if unit in ("us", "ns"):
        return (round(number) if unit == "us" else int(number // 1000)), _AWARE
    units = math.trunc(number)
    return units * int(per) + round((number - units) * per), _AWARE


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
        moved, twice, never = instants_of_walls(walls, dates, clock.tz, clock.fold)
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
