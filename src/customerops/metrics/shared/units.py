"""Clocks: what one occasion is, what one unit of a model is, and lengths of time in units."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from customerops.errors import InvalidInputError
from customerops.model.values.checks import finite

__all__ = ["TICKS", "UNITS", "Occasion", "Unit", "in_units"]

Occasion = Literal["day", "hour", "instant"]
"""Purchases of one customer in one local day, one local hour or at one instant are one occasion."""

Unit = Literal["hour", "day", "week"]
"""Clock of a model. A month or a year has no fixed length, so it is none."""

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


def in_units(name: str, time: object, unit: str) -> float:
    """Return a length of time in units: of a number as it is, of a timedelta by division.

    Raises
    ------
    InvalidInputError
        If it is neither, not finite, or negative.

    Examples
    --------
    >>> in_units("horizon", dt.timedelta(days=14), "week")
    2.0
    """
    value = time / UNITS[unit] if isinstance(time, dt.timedelta) else finite(name, time)
    if value < 0:
        raise InvalidInputError(name, "must not be negative", f"got {value:g} {unit}s")
    return value
