"""Sales figures of numbers that are known already: velocity, weighted pipeline, error."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

import attrs
import numpy as np
from numpy.typing import ArrayLike

from customerops.errors import InvalidInputError
from customerops.model.tables.base import Floats
from customerops.model.values.checks import came, decimal, each, finite, numbers, positive_duration
from customerops.model.values.money import Money

__all__ = [
    "ForecastError",
    "forecast_error",
    "lead_score",
    "sales_velocity",
    "weighted_pipeline",
]

_DAY = dt.timedelta(days=1)


def sales_velocity(
    *, opportunities: float, average_value: float, win_rate: float, cycle: dt.timedelta
) -> float:
    """Return the sales velocity (销售速度): what a pipeline brings a day.

    Parameters
    ----------
    opportunities : float
        How many are worked on.
    average_value : float
        Of one that is won, in major units.
    win_rate : float
        From 0 to 1.
    cycle : timedelta
        How long one takes; NaN comes out for none.

    Returns
    -------
    float
        Major units a day.

    Raises
    ------
    InvalidInputError
        If a number is not finite or negative, or the rate is above 1.

    Notes
    -----
    ``opportunities * average_value * win_rate / cycle``, all four of the same window. The cycle
    divides: 20 % less of it is 25 % more velocity, 20 % more of any other is 20 % more.

    References
    ----------
    HubSpot and Salesforce, on sales velocity: the same four numbers.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import sales_velocity
    >>> days = dt.timedelta(days=78)
    >>> round(sales_velocity(opportunities=18, average_value=42_000, win_rate=0.24, cycle=days))
    2326
    """
    given = {"opportunities": opportunities, "average_value": average_value, "win_rate": win_rate}
    factors = [_not_negative(name, value) for name, value in given.items()]
    if factors[2] > 1:
        raise InvalidInputError("win_rate", "must be from 0 to 1", f"got {factors[2]:g}")
    as_age("cycle", cycle)
    return math.prod(factors) / (cycle / _DAY) if cycle else math.nan


def weighted_pipeline(
    deals: Iterable[tuple[Money, Decimal | str | int]], *, currency: str | None = None
) -> Money:
    """Return the weighted pipeline (加权管道金额): amounts times the chance to win them.

    Parameters
    ----------
    deals : iterable of (Money, Decimal, str or int)
        The amount and the probability of each, from 0 (lost) to 1 (won); no floats.
    currency : str, optional
        Of the answer where there are no deals.

    Returns
    -------
    Money
        Summed exactly, and rounded once, half to even.

    Raises
    ------
    InvalidInputError
        If a pair is none, a probability is not from 0 to 1, currencies differ, or there is neither
        a deal nor a currency.

    Notes
    -----
    ``sum of amount * probability``. It is the expected value if the probabilities are right, and
    what comes is seldom near it where a few deals are large.

    References
    ----------
    Salesforce, object reference: Opportunity, its ``ExpectedRevenue``, amount times probability.

    Examples
    --------
    >>> from customerops.metrics import weighted_pipeline
    >>> from customerops.model import Money
    >>> weighted_pipeline([(Money(1000, "EUR"), "0.25"), (Money("99.99", "EUR"), 1)])
    Money('349.99', 'EUR')
    """
    total, code = Fraction(0), currency
    for row, pair in enumerate(each("deals", deals)):
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], Money)):
            raise InvalidInputError(
                f"deals[{row}]", "must be a pair of Money and probability", came(pair)
            )
        amount, chance = pair
        if code is not None and amount.currency != code:
            raise InvalidInputError("currency", "must be the same in every deal")
        code = amount.currency
        total += amount.minor * as_chance(f"deals[{row}][1]", chance)
    if code is None:
        raise InvalidInputError("currency", "must be given", "there are no deals")
    return Money.of_minor(round(total), code)


@attrs.frozen(eq=False)
class ForecastError:
    """How far forecasts were off.

    Attributes
    ----------
    forecast, actual : ndarray of float
        What was said, and what came.
    """

    forecast: Floats
    actual: Floats

    @property
    def relative(self) -> Floats:
        """The error of each, ``(forecast - actual) / actual``; NaN where actual is 0."""
        error = self.forecast - self.actual
        none = np.full(len(error), np.nan)
        relative: Floats = np.divide(error, self.actual, out=none, where=self.actual != 0)
        return relative

    @property
    def wape(self) -> float:
        """Weighted absolute percentage error: ``sum |forecast - actual| / sum |actual|``."""
        return self._share(np.abs(self.forecast - self.actual))

    @property
    def bias(self) -> float:
        """``sum (forecast - actual) / sum |actual|``; above 0 too much was promised."""
        return self._share(self.forecast - self.actual)

    def _share(self, error: Floats) -> float:
        total = math.fsum(np.abs(self.actual))
        return math.fsum(error) / total if total else math.nan


def forecast_error(forecast: ArrayLike, actual: ArrayLike) -> ForecastError:
    """Return how far forecasts were off (预测误差): relative errors, WAPE and bias.

    Parameters
    ----------
    forecast, actual : array_like of float, shape (n,)
        What was said for each period, and what came.

    Returns
    -------
    ForecastError
        ``.relative`` by period, ``.wape``, ``.bias``; undefined is NaN.

    Raises
    ------
    InvalidInputError
        If they are not finite numbers, one for one.

    Notes
    -----
    The mean of the relative errors is not given: one period with next to nothing would make it.

    References
    ----------
    Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of forecast accuracy.
    International Journal of Forecasting 22, 679-688.

    Examples
    --------
    >>> from customerops.metrics import forecast_error
    >>> error = forecast_error([110, 90, 50], [100, 100, 0])
    >>> error.wape, error.bias
    (0.35, 0.25)
    """
    pair = [
        numbers(name, values).astype(np.float64)
        for name, values in (("forecast", forecast), ("actual", actual))
    ]
    if pair[0].ndim != 1 or pair[0].shape != pair[1].shape:
        raise InvalidInputError("forecast", "must have one number for each of actual")
    for name, values in zip(("forecast", "actual"), pair, strict=True):
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            raise InvalidInputError(
                name, "must be finite", count=len(wrong), total=len(values), first=int(wrong[0])
            )
    return ForecastError(*pair)


def lead_score(
    points: Sequence[float],
    ages: Sequence[dt.timedelta],
    *,
    half_life: dt.timedelta,
    cap: float | None = None,
) -> float:
    """Return a lead score (线索评分) whose points fade: ``sum of points * 2 ** (-age / half_life)``.

    Parameters
    ----------
    points : sequence of float
        What each act of the lead counts; below 0 for what speaks against it.
    ages : sequence of timedelta
        How long ago each was.
    half_life : timedelta
        After which half of the points are left.
    cap : float, optional
        The most that comes out.

    Returns
    -------
    float
        Points; 0 for none.

    Raises
    ------
    InvalidInputError
        If there are not as many ages as points, an age is negative, the half-life is not above
        zero, or a number is not finite.

    Notes
    -----
    The points are the caller's judgement. A score says in which order to call, and nothing of how
    likely a lead is to buy.

    References
    ----------
    HubSpot, help on lead scores: points that decay with time, there in steps.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import lead_score
    >>> week = dt.timedelta(days=7)
    >>> lead_score([10, 20], [0 * week, 2 * week], half_life=week)
    15.0
    """
    half = positive_duration("half_life", half_life)
    given, old = list(each("points", points)), list(each("ages", ages))
    if len(given) != len(old):
        raise InvalidInputError("ages", "must be as many as points")
    faded = (
        finite("points", p) * 2.0 ** -(as_age("ages", age) / half)
        for p, age in zip(given, old, strict=True)
    )
    score = math.fsum(faded)
    return score if cap is None else min(score, finite("cap", cap))


def as_chance(name: str, value: object) -> Fraction:
    """Return a probability, exactly.

    Raises
    ------
    InvalidInputError
        If it is no Decimal, int or str, or not from 0 to 1.
    """
    chance = Fraction(decimal(name, value))
    if not 0 <= chance <= 1:
        raise InvalidInputError(name, "must be a probability from 0 to 1")
    return chance


def as_age(name: str, value: object) -> dt.timedelta:
    """Return a length of time, zero or longer.

    Raises
    ------
    InvalidInputError
        If it is no timedelta, or negative.
    """
    must = "must be a timedelta that is not negative"
    if not isinstance(value, dt.timedelta):
        raise InvalidInputError(name, must, came(value))
    if value < dt.timedelta(0):
        raise InvalidInputError(name, must, "got a negative one")
    return value


def _not_negative(name: str, value: object) -> float:
    number = finite(name, value)
    if number < 0:
        raise InvalidInputError(name, "must not be negative", f"got {number:g}")
    return number


def _number(name: str, value: object) -> Fraction:
    """Return an amount, exactly."""
    amount = value.amount if isinstance(value, Money) else value
    exact = Fraction(amount if isinstance(amount, Decimal) else finite(name, amount))
    if exact < 0:
        raise InvalidInputError(name, "must not be negative")
    return exact
