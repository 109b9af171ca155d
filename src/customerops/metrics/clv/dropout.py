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
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

__all__ = ["Dropout"]

Vector = NDArray[np.float64]
Integrand = Callable[[float, Vector, Vector], tuple[Vector, Vector, Vector]]
"""(k, s, p) to h(1), h(p) and -h'(p), over rows s and columns p; s and h(1) have one column."""

DROP = 40.0  # the integrand is followed until it is e^-40 of its peak
STEP = 0.25  # of the trapezoidal rule, at most; at most half a standard deviation too
WIDTH = 2.0  # of a panel, on the scale log(1 + k s)
LEAST = 1e-30  # of s: below it purchases are k s to the last digit
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
        return self._by_x(x, np.maximum(s, LEAST), _purchases_per_s) * s

    def survival(self, x: NDArray[np.int64], s: Vector) -> Vector:
        """Return the share of the living who are still alive after ``s``."""
        return self._by_x(x, s, _survival)

    def annuity(self, x: float, discount: float) -> float:
        """Return the mean of ``(1 - p) / (discount + p)`` over ``p ~ Beta(a, b + x)``.

        It is what one unit is worth that comes in each period of a life that has a chance p to
        end before the period, a period from now at first, at a rate of discount for each.
        """
        p, q, weight = self._rule(x, 1.0 / discount)
        fall = (1.0 + discount) / (discount + p) ** 2
        return float((q / (discount + p) + q * fall / (self.a + self.b + x)) @ weight)

    def _by_x(self, x: NDArray[np.int64], s: Vector, integrand: Integrand) -> Vector:
        out = np.empty(len(x))
        order = np.argsort(x, kind="stable")
        distinct, starts = np.unique(x[order], return_index=True)
        for value, start, end in zip(distinct, starts, [*starts[1:], len(x)], strict=False):
            rows = order[start:end]
            out[rows] = self._along_s(float(value), s[rows], integrand)
        return out

    def _along_s(self, x: float, s: Vector, integrand: Integrand) -> Vector:
        """Integrate for every s; where there are many, for Chebyshev nodes, and interpolate."""
        stretch = max(self.r + x, 1.0)  # what changes, changes where k s is about 1
        scale = np.log1p(stretch * s)
        low, span = float(scale.min()), float(np.ptp(scale))
        panels = int(span / WIDTH) + 1
        if len(s) <= 2 * NODES * panels or span == 0.0:
            return self._means(x, s, integrand)
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
            weights = transform @ self._means(x, nodes, integrand)
            out[inside] = chebyshev.chebval((scale[inside] - middle) / half, weights)
        return out

    def _means(self, x: float, s: Vector, integrand: Integrand) -> Vector:
        k, total = self.r + x, self.a + self.b + x
        p, q, weight = self._rule(x, k * float(s.max()))
        last, value, fall = integrand(k, s[:, None], p)
        mean: Vector = last[:, 0] + np.einsum("sp,p", value - last + q * fall / total, weight)
        return mean

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
