"""Confidence intervals as functions of arrays.

Each takes arrays that broadcast and returns the lower and the upper bound as float64 arrays; NaN
where the estimate is not defined. `confidence` is the coverage aimed at, such as 0.95.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.values import exact
from customerops.model.values.checks import came

__all__ = [
    "adjusted_wald_nps",
    "as_confidence",
    "clopper_pearson",
    "mean_t",
    "mean_variance",
    "mover",
    "newcombe",
    "normal",
    "nps_moments",
    "poisson_exact",
    "ratio_delta",
    "ratio_on_scale",
    "ratio_share",
    "ratio_variance",
    "student",
    "trinomial_nps",
    "welch_df",
    "wilson",
]

Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats]


def as_confidence(confidence: object) -> float:
    """Return a confidence level, or say that it is none.

    Raises
    ------
    InvalidInputError
        If it is not a number strictly between 0 and 1.

    Examples
    --------
    >>> as_confidence(95)
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: confidence must be between 0 and 1, such as 0.95: got 95
    """
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        raise InvalidInputError("confidence", "must be a number", came(confidence))
    if not 0 < confidence < 1:
        problem = f"got {confidence}"
        raise InvalidInputError("confidence", "must be between 0 and 1, such as 0.95", problem)
    return float(confidence)


def normal(confidence: float) -> float:
    """Return the two-sided standard normal quantile: 1.96 for 0.95."""
    from scipy.special import ndtri

    return -float(ndtri((1 - as_confidence(confidence)) / 2))


def student(df: ArrayLike, confidence: float) -> Floats:
    """Return the two-sided Student quantile; NaN where `df` is not positive."""
    from scipy.special import stdtrit

    df = np.asarray(df, dtype=np.float64)
    t = -stdtrit(np.where(df > 0, df, 1.0), (1 - as_confidence(confidence)) / 2)
    return np.where(df > 0, t, np.nan)


# -- shares -------------------------------------------------------------------------------------


def wilson(count: ArrayLike, total: ArrayLike, confidence: float) -> Bounds:
    """Return Wilson's score interval of a binomial share, without continuity correction.

    Parameters
    ----------
    count, total : array_like
        ``0 <= count <= total``.
    confidence : float
        Coverage aimed at.

    Notes
    -----
    With ``p = count / total``: ``(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``. Newcombe,
    "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998)
    857-872, method 3.

    Examples
    --------
    >>> low, high = wilson(81, 263, 0.95)
    >>> print(f"{low:.4f} {high:.4f}")
    0.2553 0.3662
    """
    c, n, z = _float(count), _float(total), normal(confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (c + z * z / 2) / (n + z * z)
        half = z * np.sqrt(c * (n - c) / n + z * z / 4) / (n + z * z)
    low = np.where(c == 0, 0.0, centre - half)
    high = np.where(c == n, 1.0, centre + half)
    return _where(n > 0, low, high)


def clopper_pearson(count: ArrayLike, total: ArrayLike, confidence: float) -> Bounds:
    """Return the exact interval of a binomial share: it covers at least as often as said.

    Parameters
    ----------
    count, total, confidence
        As for `wilson`.

    Notes
    -----
    The shares at which each tail of the binomial is ``(1 - confidence) / 2``, as quantiles of beta
    distributions. Clopper and Pearson, Biometrika 26 (1934) 404-413.

    Examples
    --------
    >>> low, high = clopper_pearson(81, 263, 0.95)
    >>> print(f"{low:.4f} {high:.4f}")
    0.2527 0.3676
    """
    from scipy.special import betainccinv, betaincinv

    c, n = _float(count), _float(total)
    tail = (1 - as_confidence(confidence)) / 2
    low = np.where(c > 0, betaincinv(np.maximum(c, 1), n - c + 1, tail), 0.0)
    high = np.where(c < n, betainccinv(c + 1, np.maximum(n - c, 1), tail), 1.0)
    return _where(n > 0, low, high)


def mover(
    first: ArrayLike,
    first_bounds: tuple[Any, Any],
    second: ArrayLike,
    second_bounds: tuple[Any, Any],
) -> Bounds:
    """Return the interval of ``first - second`` recovered from the interval of each.

    Parameters
    ----------
    first, second : array_like
        Two independent estimates.
    first_bounds, second_bounds : tuple of array_like
        The lower and the upper bound of each.

    Notes
    -----
    ``d - sqrt((v1 - l1)² + (u2 - v2)²)`` and ``d + sqrt((u1 - v1)² + (v2 - l2)²)``: the method of
    variance estimates recovery, Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702. With
    Wilson's bounds it is Newcombe's hybrid score interval.

    Examples
    --------
    >>> low, high = mover(5, (2, 8), 1, (-2, 5))  # 4 less and plus the hypotenuse of 3 and 4 (3)
    >>> print(f"{low:.1f} {high:.3f}")
    -1.0 8.243
    """
    v1, v2 = _float(first), _float(second)
    (l1, u1), (l2, u2) = first_bounds, second_bounds
    difference = v1 - v2
    low = difference - np.hypot(v1 - l1, u2 - v2)
    high = difference + np.hypot(u1 - v1, v2 - l2)
    return low, high


def newcombe(
    count1: ArrayLike, total1: ArrayLike, count2: ArrayLike, total2: ArrayLike, confidence: float
) -> Bounds:
    """Return the hybrid score interval of the difference of two independent binomial shares.

    Parameters
    ----------
    count1, total1, count2, total2 : array_like
        Each ``0 <= count <= total``; the difference is the first share less the second.
    confidence : float
        Coverage aimed at.

    Notes
    -----
    Newcombe, "Interval estimation for the difference between independent proportions", Statistics
    in Medicine 17 (1998) 873-890, method 10: no continuity correction.

    Examples
    --------
    >>> low, high = newcombe(56, 70, 48, 80, 0.95)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0524 0.3339
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = _float(count1) / _float(total1), _float(count2) / _float(total2)
    return mover(p1, wilson(count1, total1, confidence), p2, wilson(count2, total2, confidence))


# -- means and ratios by customer -----------------------------------------------------------------


def mean_variance(n: Any, total: Any, sum_sq: Any) -> Floats:
    """Return the variance of a mean, from whole numbers, rounded once; NaN for n < 2.

    Notes
    -----
    ``s²/n = (n Σx² - (Σx)²) / (n² (n - 1))``: an exact numerator, so nothing cancels.

    Examples
    --------
    >>> float(mean_variance(3, 6, 14)) * 3  # of 1, 2, 3
    1.0
    """
    n, total, sum_sq = _objects(n, total, sum_sq)
    return exact.divide(exact.canon(n * sum_sq - total * total), exact.canon(n * n * (n - 1)))


def mean_t(n: Any, total: Any, sum_sq: Any, confidence: float) -> Bounds:
    """Return Student's interval of a mean.

    Parameters
    ----------
    n, total, sum_sq : array_like of int
        Number, sum and sum of squares of independent values, one per customer.
    confidence : float
        Coverage aimed at.

    Notes
    -----
    ``mean ± t(n - 1) s / sqrt(n)``; NaN for n < 2.

    Examples
    --------
    >>> low, high = mean_t(3, 6, 14, 0.95)  # 2 ± 4.303 / sqrt(3)
    >>> print(f"{low:.3f} {high:.3f}")
    -0.484 4.484
    """
    value = exact.divide(exact.canon(total), exact.canon(n))
    half = student(_float(n) - 1, confidence) * np.sqrt(mean_variance(n, total, sum_sq))
    return value - half, value + half


def ratio_variance(n: Any, x: Any, y: Any, xx: Any, yy: Any, xy: Any) -> Floats:
    """Return the linearised variance of ``Σx / Σy``, rounded once; NaN for n < 2 or ``Σy = 0``.

    Parameters
    ----------
    n, x, y, xx, yy, xy : array_like of int
        Number of customers and, over them, the sums of x, y, x², y² and xy.

    Notes
    -----
    With ``R = Σx / Σy`` and residuals ``e = x - R y``: ``n/(n - 1) Σe² / (Σy)²``, where
    ``Σe² = (Σx² (Σy)² - 2 Σxy Σx Σy + Σy² (Σx)²) / (Σy)²`` has an exact numerator. Cochran,
    *Sampling Techniques*, 3rd ed. (1977), section 2.11 and chapter 6, without the
    finite-population factor.

    Examples
    --------
    >>> x, y = np.array([2, 0, 1, 3, 0]), np.array([10, 5, 5, 10, 10])
    >>> print(f"{np.sqrt(ratio_variance(5, x.sum(), y.sum(), x @ x, y @ y, x @ y)):.6f}")
    0.064801
    """
    n, x, y, xx, yy, xy = _objects(n, x, y, xx, yy, xy)
    squares = xx * y * y - 2 * xy * x * y + yy * x * x
    return exact.divide(exact.canon(n * squares), exact.canon((n - 1) * y**4))


def ratio_delta(n: Any, x: Any, y: Any, xx: Any, yy: Any, xy: Any, confidence: float) -> Bounds:
    """Return the interval of ``Σx / Σy`` by linearisation, with Student's t of n - 1 degrees.

    Parameters
    ----------
    n, x, y, xx, yy, xy : array_like of int
        As for `ratio_variance`.
    confidence : float
        Coverage aimed at.

    Notes
    -----
    What is counted per event clusters within customers; the customer is the unit here.

    Examples
    --------
    >>> low, high = ratio_delta(5, 6, 40, 14, 350, 55, 0.95)
    >>> print(f"{low:.4f} {high:.4f}")
    -0.0299 0.3299
    """
    value = exact.divide(exact.canon(x), exact.canon(y))
    half = student(_float(n) - 1, confidence) * np.sqrt(ratio_variance(n, x, y, xx, yy, xy))
    return value - half, value + half


def ratio_on_scale(
    n: Any, x: Any, y: Any, xx: Any, yy: Any, xy: Any, confidence: float, scale: str
) -> Bounds:
    """Return the interval of ``Σx / Σy`` made on the scale of its logarithm or its logit.

    Parameters
    ----------
    n, x, y, xx, yy, xy : array_like of int
        As for `ratio_variance`.
    confidence : float
        Coverage aimed at.
    scale : {"log", "logit"}
        The logarithm, for what is above 0; the logit, for a share.

    Notes
    -----
    With ``s`` the standard error and ``t`` Student's of n - 1 degrees: ``r exp(± t s / r)``, and the
    same for the odds ``r / (1 - r)`` with ``± t s / (r (1 - r))``, taken back to a share. A ratio of
    0 has no logarithm, and what is not between 0 and 1 no logit: NaN.

    Examples
    --------
    >>> low, high = ratio_on_scale(5, 6, 40, 14, 350, 55, 0.95, "logit")
    >>> print(f"{low:.4f} {high:.4f}")
    0.0413 0.4198
    """
    value = exact.divide(exact.canon(x), exact.canon(y))
    half = student(_float(n) - 1, confidence) * np.sqrt(ratio_variance(n, x, y, xx, yy, xy))
    share = scale == "logit"
    known = (value > 0) & ((value < 1) | (not share))
    value = np.where(known, value, np.nan)
    rest = 1 - value if share else np.ones_like(value)
    spread = np.exp(half / (value * rest))
    low, high = value / rest / spread, value / rest * spread
    return (low / (1 + low), high / (1 + high)) if share else (low, high)


def ratio_share(n: Any, x: Any, y: Any, xx: Any, yy: Any, xy: Any, confidence: float) -> Bounds:
    """Return the interval of a share ``Σx / Σy`` of what clusters within customers, inside [0, 1].

    Parameters
    ----------
    n, x, y, xx, yy, xy, confidence
        As for `ratio_delta`, with ``0 <= x <= y`` for every customer.

    Notes
    -----
    Made on the scale of the logit, `ratio_on_scale`. Where customers do not differ, nothing tells
    how much they might: at 0, at 1, and where all have the same share, it is Wilson's of that share
    of n customers, as if each had one event.

    Examples
    --------
    >>> low, high = ratio_share(3, 0, 6, 0, 12, 0, 0.95)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0000 0.5615
    """
    low, high = ratio_on_scale(n, x, y, xx, yy, xy, confidence, "logit")
    value = exact.divide(exact.canon(x), exact.canon(y))
    count = _float(n)
    flat = (ratio_variance(n, x, y, xx, yy, xy) == 0) & (count > 1)
    least, most = wilson(np.where(flat, value * count, 0), count, confidence)
    return np.where(flat, least, low), np.where(flat, most, high)


def welch_df(variance1: ArrayLike, df1: ArrayLike, variance2: ArrayLike, df2: ArrayLike) -> Floats:
    """Return the degrees of freedom of a difference of two independent estimates.

    Parameters
    ----------
    variance1, variance2 : array_like
        The squared standard errors.
    df1, df2 : array_like
        The degrees of freedom of each.

    Notes
    -----
    ``(v1 + v2)² / (v1²/df1 + v2²/df2)``: Welch, Biometrika 34 (1947) 28-35. Where both variances
    are 0 any will do: the smaller of the two.

    Examples
    --------
    >>> float(welch_df(1.0, 9, 1.0, 9))
    18.0
    """
    v1, v2, f1, f2 = _float(variance1), _float(variance2), _float(df1), _float(df2)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = (v1 + v2) ** 2 / (v1**2 / f1 + v2**2 / f2)
    return np.where(v1 + v2 == 0, np.minimum(f1, f2), df)


# -- rates ----------------------------------------------------------------------------------------


def poisson_exact(events: ArrayLike, exposure: ArrayLike, confidence: float) -> Bounds:
    """Return the exact interval of a Poisson rate.

    Parameters
    ----------
    events : array_like
        How many.
    exposure : array_like
        Time at risk; the bounds are per unit of it.
    confidence : float
        Coverage aimed at.

    Notes
    -----
    The means at which each tail is ``(1 - confidence) / 2``, as gamma quantiles: Garwood,
    Biometrika 28 (1936) 437-442.

    Examples
    --------
    >>> low, high = poisson_exact(10, 1, 0.95)
    >>> print(f"{low:.3f} {high:.3f}")
    4.795 18.390
    """
    from scipy.special import gammainccinv, gammaincinv

    k, time = _float(events), _float(exposure)
    tail = (1 - as_confidence(confidence)) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(k > 0, gammaincinv(np.maximum(k, 1), tail), 0.0) / time
        high = gammainccinv(k + 1, tail) / time
    return _where(time > 0, low, high)


# -- net promoter score -----------------------------------------------------------------------------


def nps_moments(
    promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike, *, adjusted: bool
) -> tuple[Floats, Floats]:
    """Return the centre and the variance of a net promoter score, in shares (not points).

    Parameters
    ----------
    promoters, passives, detractors : array_like
        Counts.
    adjusted : bool
        Add 3/4 of a promoter, 3/4 of a detractor and 3/2 of a passive first.

    Notes
    -----
    With shares p and d of n answers: centre ``p - d``, variance ``(p + d - (p - d)²) / n``. Rocks,
    "Interval estimation for the net promoter score", The American Statistician 70 (2016) 365-372.

    Examples
    --------
    >>> centre, variance = nps_moments(50, 30, 20, adjusted=False)
    >>> print(f"{centre:.2f} {variance:.4f}")
    0.30 0.0061
    """
    extra = 0.75 if adjusted else 0.0
    up, down = _float(promoters) + extra, _float(detractors) + extra
    n = up + down + _float(passives) + 2 * extra
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (up - down) / n
        variance = ((up + down) / n - centre**2) / n
    return centre, variance


def adjusted_wald_nps(
    promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike, confidence: float
) -> Bounds:
    """Return the adjusted Wald interval of a net promoter score, in points from -100 to 100.

    Parameters
    ----------
    promoters, passives, detractors : array_like
        Counts.
    confidence : float
        Coverage aimed at.

    Notes
    -----
    Wald's interval after adding three answers: see `nps_moments`.

    Examples
    --------
    >>> low, high = adjusted_wald_nps(50, 30, 20, 0.95)
    >>> print(f"{low:.4f} {high:.4f}")
    14.0511 44.2013
    """
    return _nps(promoters, passives, detractors, confidence, adjusted=True)


def trinomial_nps(
    promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike, confidence: float
) -> Bounds:
    """Return Wald's trinomial interval of a net promoter score, in points from -100 to 100.

    Parameters
    ----------
    promoters, passives, detractors, confidence
        As for `adjusted_wald_nps`.

    Notes
    -----
    The large-sample interval from the variance of a difference of two shares of one multinomial
    sample; too narrow for few answers, and of no width when all answer alike.

    Examples
    --------
    >>> low, high = trinomial_nps(50, 30, 20, 0.95)  # 30 ± 1.96 sqrt(0.0061)
    >>> print(f"{low:.2f} {high:.2f}")
    14.69 45.31
    """
    return _nps(promoters, passives, detractors, confidence, adjusted=False)


def _nps(
    promoters: ArrayLike,
    passives: ArrayLike,
    detractors: ArrayLike,
    confidence: float,
    *,
    adjusted: bool,
) -> Bounds:
    centre, variance = nps_moments(promoters, passives, detractors, adjusted=adjusted)
    half = normal(confidence) * np.sqrt(variance)
    low = 100 * np.maximum(centre - half, -1.0)
    high = 100 * np.minimum(centre + half, 1.0)
    answered = _float(promoters) + _float(passives) + _float(detractors) > 0
    return _where(answered, low, high)


def _float(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _objects(*arrays: Any) -> list[NDArray[Any]]:
    """Return arrays of Python integers: their products never overflow."""
    return [exact.canon(a).astype(object) for a in arrays]


def _where(defined: NDArray[np.bool_], low: Floats, high: Floats) -> Bounds:
    return np.where(defined, low, np.nan), np.where(defined, high, np.nan)
