"""Discounting: rates a year, and present values of what comes at any time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.units import UNITS
from customerops.model.values.checks import finite

__all__ = ["LENGTHS", "YEAR", "present", "yearly_rate"]

Vector = NDArray[np.float64]

YEAR = dt.timedelta(days=365.2425)  # of the Gregorian calendar, on average over 400 years
LENGTHS = UNITS | {"month": YEAR / 12, "quarter": YEAR / 4, "year": YEAR}
STEP = 0.125  # of the trapezoidal rule on the logarithm of time
LEAST, MOST = -42.0, 3.75  # logarithms of d t between which e^(-d t) d t matters


def yearly_rate(discount: object, continuous: object) -> float:
    """Return the continuously compounded rate a year, of which exactly one form is given.

    Examples
    --------
    >>> round(yearly_rate(0.1, None), 4), yearly_rate(None, 0.15)
    (0.0953, 0.15)
    """
    if (discount is None) == (continuous is None):
        raise InvalidInputError(
            "discount", "must be given as an effective rate a year, or `continuous` instead"
        )
    if continuous is not None:
        return finite("continuous", continuous)
    rate = finite("discount", discount)
    if rate <= -1:
        raise InvalidInputError("discount", "must be above -1, such as 0.1", f"got {rate}")
    return float(np.log1p(rate))


def present(bought: Callable[[Vector], Vector], rate: float, unit: str) -> Vector:
    """Return the present value of purchases that come at any time, for ever.

    Parameters
    ----------
    bought : callable
        Times, in units, to purchases within them: by time (rows) and history (columns). Not
        falling, 0 at 0, and growing at most like a power of time.
    rate : float
        Continuously compounded, a year; above 0.
    unit : str
        Clock of `bought`.

    Notes
    -----
    ``integral of e^(-d t) dY(t) = integral of d e^(-d t) Y(t) dt``, on the scale ``v = log(d t)``
    by the trapezoidal rule. Y is analytic except at negative times, so the integrand is analytic
    for imaginary parts of v below pi / 2 and the rule converges geometrically: a step of 1/8 errs
    by about ``e^(-pi^2 * 8)`` of it (Trefethen and Weideman 2014, SIAM Review 56(3), 385-458).
    """
    v = np.arange(LEAST, MOST + STEP, STEP)
    u = np.exp(v)
    per_unit = rate * (UNITS[unit] / YEAR)
    weights = STEP * u * np.exp(-u)
    value: Vector = weights @ bought(u / per_unit)
    return value
