r"""Averages over the dropout probability p of a living BG/NBD customer, p ~ Beta(a, b + x).

A customer alive at age T with x repeat purchases buys at a rate lambda ~ Gamma(r + x, alpha + T).
With ``k = r + x`` and ``s = t / (alpha + T)``, integrating lambda out leaves two functions of p:

* purchases within t: ``g(p) = (1 - (1 + p s)^-k) / p``
* being alive after t: ``f(p) = (1 + p s)^-k``

The literature writes the mean of g with Gauss's 2F1 (Fader, Hardie and Lee 2005, equation 10).
That form is 0/0 at a = 1, loses its digits near it, and scipy's 2F1 returns infinity or NaN for
parameters that do occur (r - a a whole number, x above a hundred), so the integral is taken
itself. For a falling h, integration by parts gives

    E h = h(1) + E'[h - h(1) - (1 - p) h' / (a + b + x)],   E' over Beta(a + 1, b + x)

where no term is negative, so no digits cancel, and the integrand vanishes at both ends however
small a and b are. On the scale ``u = log(p / (1 - p))`` it is analytic within pi / 2 of the real
line, and there the trapezoidal rule converges geometrically (Trefethen and Weideman 2014, SIAM
Review 56(3), 385-458).

Where next to nobody survives, those who do have a p so small that the density there is nothing
beside its peak. Then the product of f and the density is followed from its own peak, in logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import attrs
import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

__all__ = ["Dropout"]

Vector = NDArray[np.float64]
Integrand = Callable[[float, Vector, Vector], tuple[Vector, Vector, Vector]]
"""(k, s, p) to h(1), h(p) and -h'(p), over rows s and columns p; s and h(1) have one column."""
Means = Callable[[float, Vector], Vector]
"""Repeat purchases, and s of some customers who have as many, to what is wanted of each."""

DROP = 40.0  # the integrand is followed until it is e^-40 of its peak
STEP = 0.25  # of the trapezoidal rule, at most; at most half a standard deviation too
WIDTH = 2.0  # of a panel, on the scale log(1 + k s)
LEAST = 1e-30  # of s: below it purchases are k s to the last digit
RARE = 1e-6  # a share of survivors below which nodes are laid where the survivors are
NODES = 32  # Chebyshev nodes a panel; its interpolant errs by less than 1e-12


@attrs.frozen
class Dropout:
    """The averages for a population of purchase shape r and dropout parameters a and b."""

    r: float
    a: float
    b: float

    def purchases(self, x: NDArray[np.int64], s: Vector) -> Vector:
        """Return the mean number of purchases of the living within ``s = t / (alpha + T)``.

        Parameters
        ----------
        x : ndarray of int
            Repeat purchases so far.
        s : ndarray
            Not negative.
        """
        return self._by_x(x, np.maximum(s, LEAST), self._means_of(_purchases_per_s)) * s

    def survival(self, x: NDArray[np.int64], s: Vector) -> Vector:
        """Return the share of the living who are still alive after ``s``."""
        return self._by_x(x, s, self._means_of(_survival))

    def log_survival(self, x: NDArray[np.int64], s: Vector) -> Vector:
        """Return the logarithm of `survival`: it does not underflow."""
        share = self.survival(x, s)
        logs: Vector = np.log(np.maximum(share, RARE))
        rare = np.flatnonzero(share < RARE)
        if len(rare):
            logs[rare] = self._by_x(x[rare], s[rare], self._log_rare)
        return logs

    def _log_rare(self, x: float, s: Vector) -> Vector:
        alive = self.b + x
        return np.array([_log_mean(self.a, alive, self.r + x, one) for one in s.tolist()])

    def annuity(self, x: float, discount: float) -> float:
        """Return the mean of ``(1 - p) / (discount + p)`` over ``p ~ Beta(a, b + x)``.

        It is what one unit is worth that comes in each period of a life that has a chance p to
        end before the period, a period from now at first, at a rate of discount for each.
        """
        p, q, weight = self._rule(x, 1.0 / discount)
        fall = (1.0 + discount) / (discount + p) ** 2
        return float((q / (discount + p) + q * fall / (self.a + self.b + x)) @ weight)

    def _by_x(self, x: NDArray[np.int64], s: Vector, means: Means) -> Vector:
        out = np.empty(len(x))
        order = np.argsort(x, kind="stable")
        distinct, starts = np.unique(x[order], return_index=True)
        for value, start, end in zip(distinct, starts, [*starts[1:], len(x)], strict=False):
            rows = order[start:end]
            out[rows] = self._along_s(float(value), s[rows], means)
        return out

    def _along_s(self, x: float, s: Vector, means: Means) -> Vector:
        """Integrate for every s; where there are many, for Chebyshev nodes, and interpolate."""
        stretch = max(self.r + x, 1.0)  # what changes, changes where k s is about 1
        scale = np.log1p(stretch * s)
        low, span = float(scale.min()), float(np.ptp(scale))
        panels = int(span / WIDTH) + 1
        if len(s) <= 2 * NODES * panels or span == 0.0:
            return means(x, s)
        half = span / panels / 2
        panel = np.minimum((scale - low) / (2 * half), panels - 1).astype(np.intp)
        angles = (np.arange(NODES) + 0.5) * (np.pi / NODES)
        transform = np.cos(np.outer(np.arange(NODES), angles)) * (2.0 / NODES)
        transform[0] /= 2
        out = np.empty(len(s))
        for i in range(panels):
            inside = np.flatnonzero(panel == i)
            middle = low + (2 * i + 1) * half
            nodes = np.expm1(middle + half * np.cos(angles)) / stretch
            weights = transform @ means(x, nodes)
            out[inside] = chebyshev.chebval((scale[inside] - middle) / half, weights)
        return out

    def _means_of(self, integrand: Integrand) -> Means:
        def means(x: float, s: Vector) -> Vector:
            k, total = self.r + x, self.a + self.b + x
            p, q, weight = self._rule(x, k * float(s.max()))
            last, value, fall = integrand(k, s[:, None], p)
            mean: Vector = last[:, 0] + np.einsum("sp,p", value - last + q * fall / total, weight)
            return mean

        return means

    def _rule(self, x: float, reach: float) -> tuple[Vector, Vector, Vector]:
        """Return nodes p and 1 - p, and weights of the mean over Beta(a + 1, b + x).

        Beyond its mode the log density of u falls like a parabola at first and like a line at
        last. The factor h lets it peak further left, at ``p = 1 / reach``, if at all.
        """
        alive = self.b + x
        left, right = self.a + 1.0, alive + 1.0
        mode = np.log(left / right)
        above = DROP / right + np.sqrt(2 * DROP * (1 / left + 1 / right))
        below = DROP / left + np.sqrt(2 * DROP * (1 / left + 1 / right))
        further = max(0.0, mode + np.log(max(reach, 1.0)))
        if self.a > 1.0:  # h falls at most like 1 / p^2, which leaves Beta(a - 1, ...)
            steep = self.a - 1.0
            further = min(further, DROP / steep + np.sqrt(2 * DROP * (1 / steep + 1 / right)))
        step = min(STEP, 0.5 * np.sqrt(1 / left + 1 / right))
        u = np.arange(mode - below - further, mode + above + step, step)
        log_p, log_q = -np.logaddexp(0.0, -u), -np.logaddexp(0.0, u)
        weight = left * log_p + alive * log_q
        weight = np.exp(weight - weight.max())
        q = np.exp(log_q)
        # the mean of 1 - p is known; unlike the density itself it is short-tailed on the right
        weight *= alive / (left + alive) / (weight @ q)
        return np.exp(log_p), q, weight


def _survival(k: float, s: Vector, p: Vector) -> tuple[Vector, Vector, Vector]:
    """Take h = f, with ``-f' = k s (1 + p s)^-(k + 1)``."""
    shrink = np.log1p(s * p)
    value = np.exp(-k * shrink)
    return np.exp(-k * np.log1p(s)), value, k * s * np.exp(-(k + 1.0) * shrink)


def _purchases_per_s(k: float, s: Vector, p: Vector) -> tuple[Vector, Vector, Vector]:
    """Take h = g / s, with ``-p^2 g' = 1 - (1 + p s)^-k (1 + k p s / (1 + p s))``.

    The last is taken as ``1 - e^-(y - log(1 + ...))``. It is all rounding where p s is tiny, but
    there it has no weight.
    """
    ps = s * p
    y = k * np.log1p(ps)
    value = -np.expm1(-y) / ps
    fall = -np.expm1(np.log1p(k * ps / (1.0 + ps)) - y) / (ps * p)
    return -np.expm1(-k * np.log1p(s)) / s, value, fall


def _log_mean(a: float, b: float, k: float, s: float) -> float:
    """Return the logarithm of the mean of f over Beta(a, b), by nodes where f times the density is.

    It is ``f(1)`` and the mean of ``f - f(1)``; on the scale of u that has one peak, between those
    with b + 1 and b in place of the two, and its curvature at the peak is at most a.
    """
    from scipy.special import betaln

    at_last = k * math.log1p(s)

    def log_term(u: Vector) -> Vector:
        log_p, log_q = -np.logaddexp(0.0, -u), -np.logaddexp(0.0, u)
        p = np.exp(log_p)
        shrink = k * np.log1p(p * s)
        more = k * np.log1p(s * np.exp(log_q) / (1.0 + p * s))  # log f - log f(1)
        with np.errstate(divide="ignore"):  # where it is nothing beside the peak
            beyond = np.log(-np.expm1(-more))
        terms: Vector = a * log_p + b * log_q - shrink + beyond
        return terms

    ends = np.array([_peak(a, b + 1.0, k, s), _peak(a, b, k, s)])
    least = float(log_term(ends).max()) - DROP
    far = np.sqrt(1 / a + 1 / (b + 1.0)) * np.array([-1.0, 1.0])
    while (more := log_term(ends + far) > least).any():
        far[more] *= 2.0
    step = STEP * min(1.0, 2.0 / math.sqrt(a))
    first, last = (ends + far).tolist()
    terms = log_term(np.arange(first, last, step))
    top = terms.max()
    mean = top + np.log(np.exp(terms - top).sum() * step) - betaln(a, b)
    return float(np.logaddexp(-at_last, mean))


def _peak(a: float, b: float, k: float, s: float) -> float:
    """Return the u where ``p^a q^b (1 + p s)^-k`` peaks: a root of a quadratic in p, in (0, 1)."""
    size = max(s, 1.0)
    square, line, one = (k - a - b) * (s / size), a * ((s - 1.0) / size) - b / size, a / size
    line -= k * (s / size)
    root = math.sqrt(line * line - 4.0 * square * one)
    p = 2.0 * one / (root - line) if line < 0 else (line + root) / (-2.0 * square)
    p = min(p, 1.0 - 1e-15)
    return math.log(p) - math.log1p(-p)
