"""Gamma-Gamma in arrays: the log-likelihood of mean spends, with its derivatives."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.newton import Values, Vector
from customerops.model.values import exact

__all__ = ["Likelihood", "stirling_rest"]


CHUNK = 1 << 13  # rows at once, as in _bgnbd
LARGE = 20.0  # from here on the four terms of Stirling's series below are exact to 1e-15
LOG_2PI = float(np.log(2 * np.pi))


@attrs.frozen(eq=False)
class Likelihood:
    """The log-likelihood of mean spends, a function of log (p, q, gamma).

    Attributes
    ----------
    z, weight : ndarray
        Spend over all repeat occasions together, and customers.
    which : ndarray of int
        Position in `x` of each row's number of repeat occasions.
    x, weight_x : ndarray
        Distinct numbers of repeat occasions, and customers.
    log_m : float
        Sum of log (z / x) over customers.
    mean : float
        Mean spend of a repeat occasion.

    Notes
    -----
    Fader and Hardie (2013), note 025, equation 1a, with z = x m::

        f(m | x) = Gamma(p x + q) / (Gamma(p x) Gamma(q)) * (z / (gamma + z))^(p x)
                   * (gamma / (gamma + z))^q / m

    The gamma functions are Stirling's formula and a rest; in the formula ``p x log(1 + q / (p x))``
    and its like are of moderate size where ``log Gamma(p x)`` is huge, so nothing is lost where p
    or q grows without bound.
    """

    z: Vector
    weight: Vector
    which: NDArray[np.intp]
    x: Vector
    weight_x: Vector
    log_m: float
    mean: float

    @classmethod
    def of(cls, x: NDArray[np.int64], z: Vector, customers: NDArray[np.int64]) -> Self:
        """Sort out the rows; `customers` is how many share each."""
        distinct, which = np.unique(x, return_inverse=True)
        return cls(
            z=z,
            weight=customers.astype(np.float64),
            which=which,
            x=distinct.astype(np.float64),
            weight_x=exact.group_sum(which, customers, len(distinct)).astype(np.float64),
            log_m=float((customers * np.log(z / x)).sum()),
            mean=float((customers * z).sum() / (customers * x).sum()),
        )

    def starts(self) -> list[Vector]:
        """Return starting points whose population mean is the mean spend."""
        shapes = [(5.0, 4.0), (1.0, 2.0), (50.0, 3.0), (2.0, 50.0)]
        return [np.log([p, q, self.mean * (q - 1.0) / p]) for p, q in shapes]

    def bounds(self) -> Vector:
        """Return the largest size of each logarithm: e^16 is 9 million."""
        return np.array([16.0, 16.0, 32.0 + abs(np.log(self.mean))])

    def __call__(self, theta: Vector) -> Values:
        """Return the log-likelihood, its gradient and its Hessian."""
        p, q, gamma = np.exp(theta)
        n = self.weight_x
        log_v = log_u = of_u = of_v = bend = 0.0  # sums over customers
        for i in range(0, len(self.z), CHUNK):
            rows = slice(i, i + CHUNK)
            z, w = self.z[rows], self.weight[rows]
            w_px = w * (p * self.x[self.which[rows]])
            u = gamma / (gamma + z)
            log_v -= float(w_px @ np.log1p(gamma / z))
            log_u -= float(w @ np.log1p(z / gamma))
            of_u += float(w_px @ u)
            of_v += float(w @ (1.0 - u))
            bend += float((w_px + q * w) @ (u * (1.0 - u)))
        log_gamma, by_p, by_q, by_pp, by_pq, by_qq = _beta_terms(p * self.x, q)
        value = float(n @ log_gamma) + log_v + q * log_u - self.log_m
        slope_p, slope_q = float(n @ by_p) + log_v, float(n @ by_q) + q * log_u
        gradient = np.array([slope_p, slope_q, q * of_v - of_u])
        pp, pq, qq = slope_p + n @ by_pp, n @ by_pq, slope_q + n @ by_qq
        hessian = np.array([[pp, pq, -of_u], [pq, qq, q * of_v], [-of_u, q * of_v, -bend]])
        return value, gradient, hessian


def _beta_terms(shape: Vector, q: float) -> tuple[Vector, ...]:
    """Return log (Gamma(s + q) / (Gamma(s) Gamma(q))) and what its derivatives are made of.

    By log s and log q: the first derivatives, and the second ones without the first.
    """
    both = shape + q
    n = len(shape)
    every = stirling_rest(np.concatenate([both, shape, [q]]))  # at once: there are few distinct x
    rest, rest_s, rest_q = (
        [r[i] for r in every] for i in (slice(n), slice(n, 2 * n), slice(-1, None))
    )
    more_s, more_q = np.log1p(q / shape), np.log1p(shape / q)
    value = (
        shape * more_s + q * more_q + 0.5 * (np.log(shape / both) + np.log(q) - LOG_2PI)
        + rest[0] - rest_s[0] - rest_q[0]
    )  # fmt: skip
    by_s = shape * (more_s + rest[1] - rest_s[1])
    by_q = q * (more_q + rest[1] - rest_q[1])
    by_ss = shape * shape * (rest[2] - rest_s[2]) - shape * q / both
    by_qq = q * q * (rest[2] - rest_q[2]) - shape * q / both
    by_sq = shape * q * (rest[2] + 1.0 / both)
    return value, by_s, by_q, by_ss, by_sq, by_qq


def stirling_rest(z: Vector) -> tuple[Vector, Vector, Vector]:
    """Return what Stirling's formula leaves of log Gamma, digamma and trigamma.

    Those are ``(z - 1/2) log z - z + log(2 pi) / 2``, ``log z`` and ``1 / z``.

    References
    ----------
    Abramowitz and Stegun, *Handbook of Mathematical Functions* (1964), 6.1.41, 6.3.18, 6.4.12.
    """
    from scipy.special import digamma, gammaln, polygamma

    low = np.minimum(z, LARGE)
    log = np.log(low)
    small = (gammaln(low) - ((low - 0.5) * log - low + 0.5 * LOG_2PI), digamma(low) - log,
             polygamma(1, low) - 1.0 / low)  # fmt: skip
    i = 1.0 / np.maximum(z, LARGE)
    s = i * i
    series = (
        i * (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s / 1680))),
        -i / 2 - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s / 240))),
        s / 2 + i * s * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s / 30))),
    )
    first, second, third = (np.where(z < LARGE, a, b) for a, b in zip(small, series, strict=True))
    return first, second, third
