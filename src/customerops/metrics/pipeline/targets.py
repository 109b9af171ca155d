"""What was won, and what is open, beside what was to be won."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from customerops.errors import InvalidInputError
from customerops.metrics.pipeline.counts import _number
from customerops.model.values.money import Money

__all__ = ["pipeline_coverage", "quota_attainment"]


def pipeline_coverage(
    *,
    pipeline: float | Decimal | Money,
    target: float | Decimal | Money,
    won: float | Decimal | Money = 0,
) -> float:
    """Return the pipeline coverage (管道覆盖率): open pipeline by what is missing to the target.

    Parameters
    ----------
    pipeline : number or Money
        What is open; not negative.
    target : number or Money
        The quota.
    won : number or Money
        What of it is won already.

    Returns
    -------
    float
        ``pipeline / (target - won)``; NaN where nothing is missing.

    Raises
    ------
    InvalidInputError
        If amounts are not numbers, negative, or of several currencies.

    Notes
    -----
    ``pipeline / (target - won)``. What is needed is one by the win rate by value: of a pipeline
    that wins a quarter, 4.

    Examples
    --------
    >>> from customerops.metrics import pipeline_coverage
    >>> pipeline_coverage(pipeline=425_000, target=200_000)
    2.125
    >>> pipeline_coverage(pipeline=425_000, target=200_000, won=200_000)
    nan
    """
    plain = _numbers(pipeline=pipeline, target=target, won=won)
    missing = plain["target"] - plain["won"]
    return float(plain["pipeline"] / missing) if missing > 0 else math.nan


def quota_attainment(*, won: float | Decimal | Money, quota: float | Decimal | Money) -> float:
    """Return the quota attainment (指标完成率): what was won by what was to be won.

    Parameters
    ----------
    won : number or Money
        Closed-won of the period; not negative.
    quota : number or Money
        The target of the same period, and of the same people.

    Returns
    -------
    float
        ``won / quota``; NaN without a quota.

    Raises
    ------
    InvalidInputError
        If amounts are not numbers, negative, or of two currencies.

    Notes
    -----
    Of a team, divide the sums: the mean of the rates of its people is another number, which a
    small quota that was easy to meet decides. "Share of sellers at quota" counts people.

    Examples
    --------
    >>> from customerops.metrics import quota_attainment
    >>> quota_attainment(won=180_000, quota=200_000)
    0.9
    """
    plain = _numbers(won=won, quota=quota)
    return float(plain["won"] / plain["quota"]) if plain["quota"] > 0 else math.nan


def _numbers(**given: object) -> dict[str, Fraction]:
    """Return amounts of one currency, exactly."""
    codes = {value.currency for value in given.values() if isinstance(value, Money)}
    if len(codes) > 1:
        raise InvalidInputError("currency", "must be the same in all amounts")
    return {name: _number(name, value) for name, value in given.items()}
