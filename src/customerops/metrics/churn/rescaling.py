"""Rates of one length of time as rates of another."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from customerops.errors import InvalidInputError
from customerops.model.values.checks import numbers, one_of, positive_duration

__all__ = ["rescale_rate"]

RateKind = Literal["share", "hazard"]

_HOURS_A_YEAR = 365 * 24
_HOURS = {
    "hour": 1.0,
    "day": 24.0,
    "week": 168.0,
    "month": _HOURS_A_YEAR / 12,
    "quarter": _HOURS_A_YEAR / 4,
    "year": float(_HOURS_A_YEAR),
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_HOUR = dt.timedelta(hours=1)


def rescale_rate(
    rate: ArrayLike,
    *,
    from_: str | dt.timedelta,
    to: str | dt.timedelta,
    kind: RateKind = "share",
    into: RateKind | None = None,
) -> Any:
    """Return a rate over one length of time as the rate over another.

    Parameters
    ----------
    rate : float or array_like of float
        A share from 0 to 1, or a hazard, which is not negative. NaN stays NaN.
    from_, to : {"hour", "day", "week", "month", "quarter", "year"} or timedelta
        The length it is a rate of, and the one that is wanted. A year has 12 months, 4 quarters
        and 365 days.
    kind : {"share", "hazard"}
        What `rate` is: a share of customers, such as every churn rate that is a `Proportion`, or
        events by time at risk, such as ``definition="exposure"``.
    into : {"share", "hazard"}, optional
        What is wanted; left out, the same.

    Returns
    -------
    float or ndarray
        Of the shape of `rate`.

    Raises
    ------
    InvalidInputError
        If a share is not from 0 to 1, a hazard is negative, or an option is not one of those above.

    Notes
    -----
    A share c that leaves in t is ``1 - (1 - c)**(T / t)`` in T: those who left cannot leave again,
    so that 5 % a month are 46 % a year and not 60 %. A hazard h is ``h * T / t``, and may exceed
    1. A hazard is the share ``1 - exp(-h)``, and a share the hazard ``-log(1 - c)``. All of it
    takes the risk to be constant, and the same for everyone; where it differs between customers
    those at high risk leave first, and the share over a longer time is lower than this.

    References
    ----------
    Gold, C. (2020). Fighting Churn with Data. Manning, section 2.5.

    Examples
    --------
    >>> from customerops.metrics import rescale_rate
    >>> round(rescale_rate(0.05, from_="month", to="year"), 4)
    0.4596
    >>> round(rescale_rate(0.002, from_="day", to="year", kind="hazard"), 4)
    0.73
    >>> round(rescale_rate(0.002, from_="day", to="year", kind="hazard", into="share"), 4)
    0.5181
    """
    one_of("kind", kind, ("share", "hazard"))
    into = kind if into is None else into
    one_of("into", into, ("share", "hazard"))
    times = _times(from_, to)
    given = _rates(rate, kind)
    with np.errstate(divide="ignore"):  # everybody leaves: the hazard has no bound
        hazard = (-np.log1p(-given) if kind == "share" else given) * times
    out = -np.expm1(-hazard) if into == "share" else hazard
    return float(out) if out.ndim == 0 else out


def _times(from_: str | dt.timedelta, to: str | dt.timedelta) -> float:
    """Return how many times the one length is in the other."""
    if isinstance(from_, str) and isinstance(to, str) and {from_, to} <= _MONTHS.keys():
        return _MONTHS[to] / _MONTHS[from_]
    return _hours("to", to) / _hours("from_", from_)


def _hours(name: str, length: str | dt.timedelta) -> float:
    if isinstance(length, dt.timedelta):
        return positive_duration(name, length) / _HOUR
    return _HOURS[one_of(name, length, _HOURS)]


def _rates(rate: ArrayLike, kind: RateKind) -> np.ndarray[Any, np.dtype[np.float64]]:
    given = numbers("rate", rate)
    if (given < 0).any() or (kind == "share" and (given > 1).any()):
        said = "from 0 to 1" if kind == "share" else "at least 0"
        raise InvalidInputError("rate", f"must be {said}", f"some {kind}s are not")
    return given.astype(np.float64)
