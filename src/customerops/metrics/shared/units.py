"""Clocks: what one occasion is, what one unit of a model is, and lengths of time in units."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from customerops.errors import InvalidInputError
from customerops.model.values.calendar import PERIODS
from customerops.model.values.checks import finite, one_of

__all__ = [
    "OPPORTUNITIES",
    "TICKS",
    "UNITS",
    "Occasion",
    "Opportunity",
    "Unit",
    "in_units",
    "ticks_in",
]

Occasion = Literal["day", "hour", "instant"]
"""Purchases of one customer in one local day, one local hour or at one instant are one occasion."""

Unit = Literal["hour", "day", "week"]
"""Clock of a model. A month or a year has no fixed length, so it is none."""

Opportunity = Literal["week", "month", "quarter", "year"]
"""A calendar period in which a customer buys or does not."""

OPPORTUNITIES: tuple[Opportunity, ...] = ("week", "month", "quarter", "year")

UNITS: dict[str, dt.timedelta] = {
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(weeks=1),
}
TICKS: dict[str, dt.timedelta] = {
    "day": UNITS["day"],
    "hour": UNITS["hour"],
    "instant": dt.timedelta(microseconds=1),
}


def ticks_in(unit: str, occasion: str) -> int:
    """Return how many ticks, each one occasion long, one unit of a model has.

    Raises
    ------
    InvalidInputError
        If either is not known, the unit is finer, or a period that is an opportunity is not the
        unit as well.

    Examples
    --------
    >>> ticks_in("week", "day"), ticks_in("month", "month")
    (7, 1)
    """
    one_of("occasion", occasion, (*TICKS, *OPPORTUNITIES))
    if occasion in OPPORTUNITIES:
        if one_of("unit", unit, PERIODS) != occasion:
            raise InvalidInputError(
                "unit", f"must be {occasion!r}, as occasion is", f"got {unit!r}"
            )
        return 1
    ticks = UNITS[one_of("unit", unit, UNITS)] // TICKS[occasion]
    if ticks == 0:
        problem = f"got {unit!r}"
        raise InvalidInputError("unit", f"must not be finer than occasion={occasion!r}", problem)
    return ticks


def in_units(name: str, time: object, unit: str) -> float:
    """Return a length of time in units: of a number as it is, of a timedelta by division.

    Raises
    ------
    InvalidInputError
        If it is neither, not finite, or negative, or a timedelta of a unit without a length.

    Examples
    --------
    >>> in_units("horizon", dt.timedelta(days=14), "week")
    2.0
    """
    if isinstance(time, dt.timedelta) and unit not in UNITS:
        problem = f"a {unit} has no fixed length, and got a timedelta"
        raise InvalidInputError(name, f"must be a number of {unit}s", problem)
    value = time / UNITS[unit] if isinstance(time, dt.timedelta) else finite(name, time)
    if value < 0:
        raise InvalidInputError(name, "must not be negative", f"got {value:g} {unit}s")
    return value
