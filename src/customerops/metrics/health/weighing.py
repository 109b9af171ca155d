"""A weighted mean of points, of which some may be missing."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real
from typing import Any, Literal

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came, each, finite, one_of

__all__ = ["MISSING", "Missing", "absent", "health_score", "in_whole_numbers"]

Missing = Literal["refuse", "reweight", "worst"]
"""What is done about a customer of whom a value is missing."""

MISSING = ("refuse", "reweight", "worst")

_EXACT = 2**53  # a float holds every whole number up to here
_DENOMINATOR = 10**6


def health_score(
    values: Sequence[float | Sequence[float | None] | None],
    weights: Sequence[float],
    *,
    missing: Missing = "refuse",
) -> float:
    """Return the weighted mean of some points, as a health score (健康度).

    Parameters
    ----------
    values : sequence of float, None, or sequence of these
        The points of each component, as a rule from 0 to 100; of a component with several metrics
        the points of each, whose plain mean counts. None and NaN are missing.
    weights : sequence of float
        How much each component counts; above 0, of any sum.
    missing : {"refuse", "reweight", "worst"}
        Without one of the values there is no score; or those that are there are weighed alone; or
        it counts as 0 points. Of a component with several metrics those that are there stand for
        it under the second, and for none of them there must be a 0 under the third.

    Returns
    -------
    float
        The score; NaN under ``"refuse"`` where something is missing, and under ``"reweight"`` where
        everything is.

    Raises
    ------
    InvalidInputError
        If there are no values, not as many weights, one is no number, or a weight is not above 0.

    Notes
    -----
    ``sum of w_i * mean(metrics of i) / sum of w_i``, computed exactly and rounded once: the mean of
    a component is not rounded on its way. Natero's and Gainsight's scorecards are this mean.

    References
    ----------
    Natero, How the customer health score is calculated,
    https://support.natero.com/support/solutions/articles/50000000840

    Examples
    --------
    >>> from customerops.metrics import health_score
    >>> health_score([80, [76, 65], 90, 54], [2, 3, 3, 2])
    74.95
    >>> health_score([80, None], [3, 1]), health_score([80, None], [3, 1], missing="reweight")
    (nan, 80.0)
    >>> health_score([80, None], [3, 1], missing="worst")
    60.0
    """
    one_of("missing", missing, MISSING)
    points = [_mean(value, missing) for value in each("values", values)]
    shares = [_weight(weight) for weight in each("weights", weights)]
    if not points:
        raise InvalidInputError("values", "must hold at least one", "got none")
    if len(points) != len(shares):
        problem = f"got {len(shares)} for {len(points)} values"
        raise InvalidInputError("weights", "must be one for each value", problem)
    known = [(w, p) for w, p in zip(shares, points, strict=True) if p is not None]
    if not known or (missing == "refuse" and len(known) < len(points)):
        return math.nan
    return float(sum(w * p for w, p in known) / sum(w for w, _ in known))


@functools.lru_cache(maxsize=256)
def in_whole_numbers(weights: tuple[float, ...]) -> tuple[float, ...]:
    """Return weights as whole numbers in the proportion that was meant, as 1, 2 and 7 for 0.1, 0.2, 0.7.

    Sums of whole numbers are exact: in floats a customer with 70 points in every component could
    have 69.99999999999999 of them, and be in the band below.

    Notes
    -----
    A weight stands for the nearest fraction with a denominator up to a million, if that is the very
    float. Weights so unlike that their sums would pass 2**53 are returned as they are.

    Examples
    --------
    >>> in_whole_numbers((0.1, 0.2, 0.7)), in_whole_numbers((1 / 3, 1 / 3))
    ((1.0, 2.0, 7.0), (1.0, 1.0))
    """
    near = [Fraction(weight).limit_denominator(_DENOMINATOR) for weight in weights]
    meant = [n if float(n) == w else Fraction(w) for n, w in zip(near, weights, strict=True)]
    scale = math.lcm(*(weight.denominator for weight in meant))
    whole = [int(weight * scale) for weight in meant]
    least = math.gcd(*whole)
    if 100 * sum(whole) // least > _EXACT:
        return weights
    return tuple(float(weight // least) for weight in whole)


def _mean(value: Any, missing: str) -> Fraction | None:
    """Return the mean of the metrics of a component; None where it is not known."""
    metrics = [_point(one) for one in ([value] if _is_one(value) else each("values", value))]
    if not metrics:
        raise InvalidInputError("values", "must hold a metric in each component", "one has none")
    if missing == "worst":
        metrics = [Fraction(0) if one is None else one for one in metrics]
    known = [one for one in metrics if one is not None]
    if not known or (missing == "refuse" and len(known) < len(metrics)):
        return None
    return sum(known, Fraction(0)) / len(known)


def absent(value: object) -> bool:
    """Return whether a value is missing: None, NaN or the NA of pandas.

    Examples
    --------
    >>> absent(None), absent(float("nan")), absent(0.0)
    (True, True, False)
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real) and math.isnan(value)


def _is_one(value: Any) -> bool:
    return value is None or isinstance(value, str) or not hasattr(value, "__iter__")


def _point(value: Any) -> Fraction | None:
    if absent(value):
        return None
    if isinstance(value, str):
        raise InvalidInputError("values", "must be numbers", came(value))
    return Fraction(finite("values", value))


def _weight(value: Any) -> Fraction:
    weight = finite("weights", value)
    if weight <= 0:
        raise InvalidInputError("weights", "must be above 0", f"got {weight:g}")
    return Fraction(weight)
