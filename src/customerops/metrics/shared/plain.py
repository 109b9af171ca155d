"""Estimates from counts and rows that are known already: a share, a ratio, a rate, a mean."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from customerops.errors import InvalidInputError
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion, Rate
from customerops.model.tables.ratios import Mean, Ratio
from customerops.model.values import exact
from customerops.model.values.checks import came, positive_duration, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["mean", "proportion", "rate", "ratio"]

_US = dt.timedelta(microseconds=1)


def proportion(count: int, total: int, *, name: str = "proportion") -> Proportion:
    """Return the share of independent customers that counts make.

    Parameters
    ----------
    count : int
        Customers who did it.
    total : int
        Customers who could; 0 makes the share undefined, NaN.
    name : str
        What is measured. Results of different names are not added.

    Returns
    -------
    Proportion
        ``count / total`` with Wilson's interval.

    Raises
    ------
    InvalidInputError
        If a count is not a whole number, is negative, or exceeds its total.

    Notes
    -----
    The customer is the unit. Events of one customer go together, so that clicks of sent messages
    are a `ratio` of two counts per customer, not a proportion of messages.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    The example of Newcombe (1998), Statistics in Medicine 17, 857-872, table I:

    >>> from customerops.metrics import proportion
    >>> low, high = proportion(81, 263).interval()
    >>> print(f"{low:.4f} {high:.4f}")
    0.2553 0.3662
    """
    counts = {"count": whole("count", count), "total": whole("total", total)}
    return Proportion(parts=counts, context=Context(metric=name))


def ratio(x: object, y: object, *, scale: int = 1, per: int = 1, name: str = "ratio") -> Ratio:
    """Return the ratio of two totals over customers, from one row for each.

    Parameters
    ----------
    x, y : array_like of int, shape (customers,)
        What is divided and by what, for each customer: clicks and messages, cents and orders.
    scale, per : int
        How many counts of `x`, and of `y`, make one reported unit: 100 for cents.
    name : str
        What is measured. Results of different names are not added.

    Returns
    -------
    Ratio
        ``(sum(x) / scale) / (sum(y) / per)``, with an interval that takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        If `x` or `y` are no columns of whole numbers or not as long, or `scale` or `per` is not at least 1.

    Examples
    --------
    >>> from customerops.metrics import ratio
    >>> clicks = ratio([2, 0, 1, 3, 0], [10, 5, 5, 10, 10], name="click_rate")
    >>> clicks.value, clicks.x, clicks.y
    (0.15, 6, 40)
    """
    units = {"scale": _at_least_one("scale", scale), "per": _at_least_one("per", per)}
    rows = _column("x", x), _column("y", y)
    if len(rows[0]) != len(rows[1]):
        raise InvalidInputError(
            "y", "must be as long as x", f"got {len(rows[1])} and {len(rows[0])}"
        )
    return Ratio.from_rows(*rows, context=Context(metric=name, options=units))


def rate(
    events: int,
    exposure: int | dt.timedelta,
    *,
    per: int | dt.timedelta = 1,
    name: str = "rate",
) -> Rate:
    """Return how often something happens by time at risk: a hazard, which may exceed 1.

    Parameters
    ----------
    events : int
        How many happened.
    exposure : int or timedelta
        Time at risk, summed over customers: customer-days as a whole number, or a duration.
    per : int or timedelta
        The time that the rate is reported by, given as the exposure is: 30 for customer-days, or
        ``timedelta(days=30)``.
    name : str
        What is measured. Results of different names are not added.

    Returns
    -------
    Rate
        ``events / (exposure / per)`` with Garwood's exact interval for a Poisson count.

    Raises
    ------
    InvalidInputError
        If the events are not a whole number or negative, or `exposure` and `per` are not both whole
        numbers or both durations, or `per` is not positive.

    Examples
    --------
    Ten cancellations in 365 customer-days, as a rate per 30 days:

    >>> from customerops.metrics import rate
    >>> print(f"{rate(10, 365, per=30).value:.4f}")
    0.8219
    """
    timed = isinstance(exposure, dt.timedelta)
    if timed != isinstance(per, dt.timedelta):
        problem = f"{came(exposure)} and {came(per)}"
        raise InvalidInputError(
            "exposure and per", "must be both counts or both durations", problem
        )
    if isinstance(exposure, dt.timedelta):
        time, unit = exposure // _US, positive_duration("per", per) // _US
    else:
        time, unit = whole("exposure", exposure), _at_least_one("per", per)
    parts = {"events": whole("events", events), "exposure": time}
    return Rate(parts=parts, context=Context(metric=name, options={"per": unit}))


def mean(values: object, *, scale: int = 1, name: str = "mean") -> Mean:
    """Return the mean over customers, from one value for each.

    Parameters
    ----------
    values : array_like of int, shape (customers,)
        Every row counts, zeros too.
    scale : int
        How many counts make one reported unit: 100 for amounts in cents.
    name : str
        What is measured. Results of different names are not added.

    Returns
    -------
    Mean
        ``sum(values) / n / scale`` with Student's interval.

    Raises
    ------
    InvalidInputError
        If the values are no column of whole numbers, or `scale` is not at least 1.

    Examples
    --------
    >>> from customerops.metrics import mean
    >>> spent = mean([1000, 2000, 3000], scale=100, name="spend")
    >>> spent.value, spent.n
    (20.0, 3)
    """
    options = {"scale": _at_least_one("scale", scale)}
    return Mean.from_rows(_column("values", values), context=Context(metric=name, options=options))


def _column(name: str, values: object) -> NDArray[Any]:
    rows = exact.canon(values, name)
    if rows.ndim != 1:
        raise InvalidInputError(name, "must be one column", f"got {rows.ndim} dimensions")
    return rows


def _at_least_one(name: str, value: object) -> int:
    number = whole(name, value)
    if number < 1:
        raise InvalidInputError(name, "must be at least 1")
    return number
