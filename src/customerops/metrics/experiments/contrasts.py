"""One arm against another, from sums: difference, ratio, test, and adjustment by a covariate.

Sums are whole numbers and what is made of them are fractions, rounded at the end: with few arms
that costs nothing, and a variance that is almost all explained does not drown in rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import attrs

from customerops.model.tables import intervals

__all__ = ["Contrast", "Sums", "contrast", "holm", "slope"]


@attrs.frozen
class Sums:
    """What is known of the outcome y and the covariate x of the customers of an arm.

    Attributes
    ----------
    n : int
        How many customers.
    y, yy, x, xx, xy : int
        Sums over them of y, y², x, x² and xy.
    """

    n: int
    y: int
    yy: int
    x: int = 0
    xx: int = 0
    xy: int = 0

    def spread(self, slope: Fraction) -> Fraction:
        """Return the sum of squares of ``y - slope x`` about its mean."""
        yy = self._centred(self.yy, self.y, self.y)
        return yy - 2 * slope * self.together + slope * slope * self.alone

    @property
    def together(self) -> Fraction:
        """The sum of products of x and y about their means."""
        return self._centred(self.xy, self.x, self.y)

    @property
    def alone(self) -> Fraction:
        """The sum of squares of x about its mean."""
        return self._centred(self.xx, self.x, self.x)

    def _centred(self, product: int, a: int, b: int) -> Fraction:
        return product - Fraction(a * b, self.n) if self.n else Fraction(0)


def slope(arms: Sequence[Sums]) -> Fraction:
    """Return the slope of y on x within the arms, pooled over them; 0 where x does not vary.

    Examples
    --------
    >>> slope([Sums(n=2, y=4, yy=10, x=2, xx=4, xy=6), Sums(n=1, y=9, yy=81)])  # (0, 1), (2, 3)
    Fraction(1, 1)
    """
    varies = sum((arm.alone for arm in arms), Fraction(0))
    joint = sum((arm.together for arm in arms), Fraction(0))
    return joint / varies if varies else Fraction(0)


@attrs.frozen
class Contrast:
    """A treated arm against the control.

    Attributes
    ----------
    base : float
        The mean of the control, as it is.
    difference : float
        Treated less control, adjusted where there is a covariate.
    variances : tuple of float
        The squared standard errors of the two arms.
    base_variance, covariance : float
        The squared standard error of `base`, and its covariance with `difference`.
    plain : float
        The squared standard error of the difference that is not adjusted.
    shares : tuple of int or None
        Count and number of treated and control where the outcome is a share, not adjusted.
    numbers : tuple of int
        Customers treated, customers of the control.
    """

    base: float
    difference: float
    variances: tuple[float, float]
    base_variance: float
    covariance: float
    plain: float
    shares: tuple[int, int, int, int] | None
    numbers: tuple[int, int]

    @property
    def ratio(self) -> float:
        """Treated by control; NaN unless the control is above 0."""
        return (self.base + self.difference) / self.base if self.base > 0 else math.nan

    def p_value(self) -> float:
        """Return the two-sided p-value of no difference; NaN where nothing varies.

        Pearson's chi-square of shares, Welch's t of means.
        """
        from scipy.special import ndtr, stdtr

        if self.shares is not None:
            count, n, other, m = self.shares
            pooled = (count + other) / (n + m) if n + m else math.nan
            error = _root(pooled * (1 - pooled) * (1 / n + 1 / m)) if n and m else math.nan
            return float(2 * ndtr(-abs(self.difference) / error)) if error > 0 else math.nan
        error = _root(sum(self.variances))
        if not error > 0:
            return math.nan
        return float(2 * stdtr(self._df(), -abs(self.difference) / error))

    def difference_interval(self, confidence: float) -> tuple[float, float]:
        """Return the interval of the difference: Newcombe's of shares, Welch's of means."""
        if self.shares is not None:
            low, high = intervals.newcombe(*self.shares, confidence)
            return float(low), float(high)
        half = self._quantile(confidence) * _root(sum(self.variances))
        return self.difference - half, self.difference + half

    def ratio_interval(self, confidence: float, method: str) -> tuple[float, float]:
        """Return the interval of the ratio, ``"log"`` or ``"fieller"``."""
        if not self.ratio > 0:
            return math.nan, math.nan
        bounds = self._logarithmic if method == "log" else self._fieller
        return bounds(self._quantile(confidence))

    def _logarithmic(self, t: float) -> tuple[float, float]:
        by_difference = 1 / (self.base + self.difference)
        by_base = by_difference - 1 / self.base
        variance = (
            by_difference**2 * sum(self.variances)
            + by_base**2 * self.base_variance
            + 2 * by_difference * by_base * self.covariance
        )
        spread = math.exp(min(t * _root(variance), 700.0))
        return self.ratio / spread, self.ratio * spread

    def _fieller(self, t: float) -> tuple[float, float]:
        treated = self.base + self.difference
        joint = self.covariance + self.base_variance
        variance = sum(self.variances) + 2 * self.covariance + self.base_variance
        a = self.base**2 - t * t * self.base_variance
        b = treated * self.base - t * t * joint
        c = treated**2 - t * t * variance
        if math.isnan(a):
            return math.nan, math.nan
        if a <= 0:  # the control may be 0: any ratio may be
            return -math.inf, math.inf
        root = _root(b * b - a * c)
        return (b - root) / a, (b + root) / a

    def _quantile(self, confidence: float) -> float:
        if self.shares is not None:
            return intervals.normal(confidence)
        return float(intervals.student(self._df(), confidence))

    def _df(self) -> float:
        (treated, control), (n, m) = self.variances, self.numbers
        return float(intervals.welch_df(treated, n - 1, control, m - 1))


def contrast(treated: Sums, control: Sums, slope: Fraction, *, share: bool) -> Contrast:
    """Return a treated arm against the control.

    Parameters
    ----------
    treated, control : Sums
        Of the two arms.
    slope : Fraction
        Of the outcome on the covariate; 0 adjusts nothing.
    share : bool
        Whether the outcome is 0 or 1 and not adjusted: variances are those of shares.
    """
    n, m = treated.n, control.n
    if not n or not m:
        nan = math.nan
        return Contrast(nan, nan, (nan, nan), nan, nan, nan, None, (n, m))
    difference = Fraction(treated.y, n) - Fraction(control.y, m)
    difference -= slope * (Fraction(treated.x, n) - Fraction(control.x, m))
    base_spread = control.spread(Fraction(0))
    return Contrast(
        base=float(Fraction(control.y, m)),
        difference=float(difference),
        variances=(
            _squared_error(treated.spread(slope), n, share=share),
            _squared_error(control.spread(slope), m, share=share),
        ),
        base_variance=_squared_error(base_spread, m, share=share),
        covariance=-_squared_error(base_spread - slope * control.together, m, share=share),
        plain=_squared_error(treated.spread(Fraction(0)), n, share=share)
        + _squared_error(base_spread, m, share=share),
        shares=(treated.y, n, control.y, m) if share else None,
        numbers=(n, m),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for how many there are (Holm 1979); NaN stays, and is not counted.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    adjusted, highest = list(p_values), 0.0
    for rank, (p, i) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p))
        adjusted[i] = highest
    return adjusted


def _squared_error(spread: Fraction, n: int, *, share: bool) -> float:
    """Return the variance of a mean: of shares by n, of means by n - 1; NaN where that is 0."""
    below = n if share else n - 1
    return float(spread / (below * n)) if below else math.nan


def _root(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan if math.isnan(value) else 0.0
