"""What a charge comes to a month: the one division of recurring revenue, rounded half-even once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.records.records import Subscription
from customerops.model.values.checks import one_of, whole

__all__ = ["UNITS", "monthly", "monthly_minor", "months_in"]

UNITS = {
    "day": Fraction(12, 365),  # a year has 12 months and 365 days
    "week": Fraction(7 * 12, 365),
    "month": Fraction(1),
    "year": Fraction(12),
}


def months_in(interval: object) -> Fraction:
    """Return how many months a billing interval has.

    Raises
    ------
    InvalidInputError
        If it is not a whole number of days, weeks, months or years.

    Examples
    --------
    >>> months_in((1, "year")), months_in((2, "week"))
    (Fraction(12, 1), Fraction(168, 365))
    """
    if not isinstance(interval, tuple) or len(interval) != 2:
        raise InvalidInputError("interval", "must be a number and a unit, (1, 'month')")
    count, unit = interval
    return whole("interval[0]", count, least=1) * UNITS[one_of("interval[1]", unit, tuple(UNITS))]


def monthly(minor: NDArray[np.int64], months: Fraction) -> NDArray[np.int64]:
    """Return amounts of an interval as amounts a month, in minor units.

    Raises
    ------
    InvalidInputError
        If an amount is too large to be divided exactly.

    Examples
    --------
    >>> monthly(np.array([1200, 6, 18, -18]), Fraction(12)).tolist()  # 0.5 and 1.5 go to the even
    [100, 0, 2, -2]
    """
    p, q = months.numerator, months.denominator
    too_large = np.abs(minor) >= 2**62 // q
    if too_large.any():
        first = int(np.flatnonzero(too_large)[0])
        raise InvalidInputError(
            "amount", "must be smaller", count=int(too_large.sum()), total=len(minor), first=first
        )
    whole_part, rest = np.divmod(minor * q, p)
    up = (2 * rest > p) | ((2 * rest == p) & (whole_part % 2 == 1))
    rounded: NDArray[np.int64] = whole_part + up
    return rounded


def monthly_minor(subscription: Subscription) -> int:
    """Return the recurring amount of a subscription in minor units a month."""
    return round(subscription.amount.minor / months_in(subscription.interval))
