"""Models of contracts in arrays: the chance to renew, and log-likelihoods with their derivatives.

The chance to leave has a beta distribution over customers, with alpha and beta; u counts time, in
renewals (`SBG`) or in a power of them (`BdW`). Survival is ``S = B(alpha, beta + u) / B(alpha,
beta)``, and to renew is to survive from one u to the next.
"""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.gammagamma_kernel import stirling_rest
from customerops.metrics.clv.newton import Values, Vector

__all__ = [
    "FAR",
    "LARGEST",
    "BdWLikelihood",
    "SBGLikelihood",
    "log_survival",
    "log_survival_slopes",
    "renewed",
    "steps",
]

LARGEST = 14.0  # of the logarithm of alpha and of beta: e^14 is a million
STEEPEST = 4.0  # of the logarithm of c
FAR = 600.0  # the logarithm of u beyond which survival is a power of u to 1e-200


def log_survival(alpha: float, beta: float, log_u: Vector) -> Vector:
    """Return log S at times given by their logarithms, minus infinity among them.

    Notes
    -----
    `renewed` from 0 to u, and far out ``Gamma(alpha + beta) / Gamma(beta) u^-alpha``.
    """
    near, beyond = np.minimum(log_u, FAR), np.maximum(log_u - FAR, 0.0)
    log: Vector = renewed(alpha, np.array(beta), np.exp(near)) - alpha * beyond
    return log


def renewed(alpha: float, x: Vector, step: Vector) -> Vector:
    """Return ``log(B(alpha, x + step) / B(alpha, x))``.

    Notes
    -----
    Each gamma function is Stirling's formula and a rest. The formulas are put together so that
    nothing large is subtracted, whichever of the three is large::

        (x - 1/2) log1p(alpha step / (x (x + alpha + step)))
            - alpha log1p(step / (x + alpha)) - step log1p(alpha / (x + step))
    """
    whole = x + alpha
    log: Vector = (
        (x - 0.5) * np.log1p(step / (whole + step) * (alpha / x))
        - alpha * np.log1p(step / whole)
        - step * np.log1p(alpha / (x + step))
        + (_rest(x + step) - _rest(x))
        - (_rest(whole + step) - _rest(whole))
    )
    return log


def _rest(z: Vector) -> Vector:
    return stirling_rest(np.asarray(z))[0]


def steps(t: Vector, c: float) -> Vector:
    """Return ``t^c - (t - 1)^c`` for t of 1 or more, without subtracting the two."""
    with np.errstate(divide="ignore"):
        step: Vector = -(t**c) * np.expm1(c * np.log1p(-1.0 / t))
    return step


def log_survival_slopes(
    alpha: float, beta: float, c: float, t: Vector
) -> tuple[Vector, NDArray[np.float64], NDArray[np.float64]]:
    """Return log S after t renewals with its derivatives by log alpha, log beta and log c.

    Parameters
    ----------
    alpha, beta, c : float
        The parameters; u is ``t ** c``.
    t : ndarray
        Renewals, 0 among them.

    Returns
    -------
    tuple of ndarray
        Values, shape (n,); gradients, (3, n); Hessians, (3, 3, n). They are 0 at t = 0.
    """
    log_t = np.log(np.maximum(t, 1.0))
    log_u = np.where(t > 0, c * log_t, -np.inf)
    value = log_survival(alpha, beta, log_u)
    u = np.exp(np.minimum(log_u, FAR))  # beyond it, only ratios of u to itself are left
    y, z = beta + u, alpha + beta + u
    (_, r_y, s_y), (_, r_z, s_z) = stirling_rest(y), stirling_rest(z)
    (_, r_a, s_a), (_, r_b, s_b) = (stirling_rest(np.array([v])) for v in (alpha + beta, beta))
    # digamma and trigamma at y less those at z, and at beta less those at alpha + beta
    first = -np.log1p(alpha / y) + r_y - r_z
    second = alpha / y / z + s_y - s_z
    first_0 = -np.log1p(alpha / beta) + r_b - r_a
    second_0 = alpha / beta / (alpha + beta) + s_b - s_a
    by_alpha = -(np.logaddexp(0.0, log_u - np.log(alpha + beta)) + r_z - r_a)
    by_alpha_2 = u / z / (alpha + beta) - (s_z - s_a)
    u_1 = u * c * log_t  # by log c
    u_2 = u_1 * (1.0 + c * log_t)
    gradient = np.stack([alpha * by_alpha, beta * (first - first_0), first * u_1])
    trigamma_z = 1.0 / z + s_z
    aa = alpha * by_alpha + alpha**2 * by_alpha_2
    ab = alpha * beta * by_alpha_2
    ac = -alpha * trigamma_z * u_1
    bb = beta * (first - first_0) + beta**2 * (second - second_0)
    bc = beta * second * u_1
    cc = first * u_2 + (second * u_1) * u_1
    return value, gradient, np.array([[aa, ab, ac], [ab, bb, bc], [ac, bc, cc]])


@attrs.frozen(eq=False)
class SBGLikelihood:
    """The log-likelihood of renewals, a function of log (alpha, beta).

    Attributes
    ----------
    lost, stayed : ndarray, shape (n,)
        Customers who left at renewals 1, 2, ..., n, and who renewed.

    Notes
    -----
    Of those who are up for renewal t a share ``alpha / (alpha + beta + t - 1)`` leaves (Fader and
    Hardie 2007), so the likelihood is that of as many binomials as renewals; their
    product telescopes to that of the lifetimes.
    """

    lost: Vector
    stayed: Vector

    @classmethod
    def of(cls, kept: NDArray[np.int64], lost: NDArray[np.int64]) -> Self:
        """Return it of customers by renewals, from 0 on: still there, and lost."""
        risk = np.cumsum((kept + lost)[::-1])[::-1]
        return cls(lost[1:].astype(np.float64), (risk - lost)[1:].astype(np.float64))

    def starts(self) -> list[Vector]:
        """Return starting points whose churn at the first renewal is what was seen."""
        share = (self.lost[0] + 0.5) / (self.lost[0] + self.stayed[0] + 1.0)
        both = [2.0, 0.5, 10.0, 200.0]  # alpha + beta
        return [np.log([s * share, s * (1.0 - share)]) for s in both]

    def bounds(self) -> Vector:
        """Return the largest size of each logarithm."""
        return np.array([LARGEST, LARGEST])

    def __call__(self, theta: Vector) -> Values:
        """Return the log-likelihood, its gradient and its Hessian."""
        alpha, beta = np.exp(theta)
        b = beta + np.arange(len(self.lost))
        all_ = alpha + b
        d, m = self.lost, self.stayed
        value = -float(d @ np.log1p(b / alpha) + m @ np.log1p(alpha / b))
        leave, renew = alpha / all_, b / all_
        by_a, by_b = d * renew - m * leave, beta / b * (m * leave - d * renew)
        n = (d + m) * leave * renew
        own = beta / b
        aa, ab = -n.sum(), float(n @ own)
        bb = float((by_b * (1.0 - own) - n * own * own).sum())
        return value, np.array([by_a.sum(), by_b.sum()]), np.array([[aa, ab], [ab, bb]])


@attrs.frozen(eq=False)
class BdWLikelihood:
    """The log-likelihood of renewals, a function of log (alpha, beta, c).

    Attributes
    ----------
    simple : SBGLikelihood
        That of c = 1.

    Notes
    -----
    Fader, Hardie, Liu, Davin and Steenburgh (2018): who is up for renewal t renews with
    probability ``R = S(t) / S(t - 1)``. With L its logarithm the log-likelihood is the sum of
    ``m L + d log(1 - e^L)`` over renewals.
    """

    simple: SBGLikelihood

    @classmethod
    def of(cls, kept: NDArray[np.int64], lost: NDArray[np.int64]) -> Self:
        """Return it of customers by renewals, from 0 on: still there, and lost."""
        return cls(SBGLikelihood.of(kept, lost))

    def starts(self) -> list[Vector]:
        """Return those without duration dependence, and others with some of either kind."""
        simple = [np.append(start, 0.0) for start in self.simple.starts()]
        bent = [np.append(self.simple.starts()[0], np.log(c)) for c in (1.5, 0.6, 3.0)]
        return [simple[0], *bent, *simple[1:]]

    def bounds(self) -> Vector:
        """Return the largest size of each logarithm; t ** c is to stay a number."""
        most = FAR / 2 / np.log(len(self.simple.lost) + 1.0)
        return np.array([LARGEST, LARGEST, min(STEEPEST, float(np.log(most)))])

    def __call__(self, theta: Vector) -> Values:
        """Return the log-likelihood, its gradient and its Hessian."""
        alpha, beta, c = np.exp(theta)
        d, m = self.simple.lost, self.simple.stayed
        t = np.arange(len(d) + 1.0)
        log = renewed(alpha, beta + t[:-1] ** c, steps(t[1:], c))
        _, slopes, bends = log_survival_slopes(alpha, beta, c, t)
        slope, bend = np.diff(slopes, axis=-1), np.diff(bends, axis=-1)
        leave = -np.expm1(log)
        with np.errstate(over="ignore"):
            odds = 1.0 / np.expm1(-log)  # to renew
        value = float(m @ log + d @ np.log(leave))
        once = m - d * odds
        twice = d * odds / leave
        gradient = slope @ once
        hessian = bend @ once - np.einsum("in,n,jn->ij", slope, twice, slope)
        return value, gradient, hessian
