"""BG/NBD in arrays: the log-likelihood with its derivatives, and the chance to be alive."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.newton import Values, Vector
from customerops.model.values import exact

__all__ = ["Likelihood", "log_odds_dead"]


CHUNK = 1 << 13  # rows at once: they stay in cache, and BLAS, which would start threads for more,
# keeps to one; waiting for others cost more than they saved


@attrs.frozen(eq=False)
class Likelihood:
    """The log-likelihood of purchase histories, a function of log (r, alpha, a, b).

    Attributes
    ----------
    x, t_x, T, weight : ndarray
        Histories with a repeat purchase: their number, age at the last, age, and customers.
    T_once, weight_once : ndarray
        Ages of customers without one, and customers.
    more : ndarray
        Customers with more than j repeat purchases, for j = 0, 1, ...
    gap : float
        Customers' time together for each repeat purchase.

    Notes
    -----
    For a history (x, t_x, T) of Fader, Hardie and Lee (2005, equation 6), divided by what makes
    all three terms of one size and with x integer, so that no gamma function is left::

        L = prod over j < x of (r + j) / alpha / (1 + a / (b + j))
            * ( (1 + T / alpha)^-(r + x) + [x > 0] a / (b + x - 1) (1 + t_x / alpha)^-(r + x) )

    The product over all customers takes one pass over j, weighted by `more`. It is the density of
    the times of the purchases, on the clock of T, not the probability of their number.
    """

    x: Vector
    t_x: Vector
    T: Vector
    weight: Vector
    T_once: Vector
    weight_once: Vector
    more: Vector
    gap: float

    @classmethod
    def of(
        cls, x: NDArray[np.int64], t_x: Vector, T: Vector, customers: NDArray[np.int64]
    ) -> Self:
        """Sort out the histories; `customers` is how many share each."""
        again = x > 0
        T_once, place = np.unique(T[~again], return_inverse=True)
        having = exact.group_sum(x, customers, int(x.max(initial=0)) + 1)
        return cls(
            x=x[again].astype(np.float64),
            t_x=t_x[again],
            T=T[again],
            weight=customers[again].astype(np.float64),
            T_once=T_once,
            weight_once=exact.group_sum(place, customers[~again], len(T_once)).astype(np.float64),
            more=having[::-1].cumsum()[::-1][1:].astype(np.float64),
            gap=float((customers * T).sum()) / max(int((customers * x).sum()), 1),
        )

    def starts(self) -> list[Vector]:
        """Return starting points, spread over kinds of customer bases.

        Each has the mean rate that the data would have if nobody dropped out.
        """
        shapes = [(0.5, 1.0, 2.0), (2.0, 0.1, 0.1), (2.0, 20.0, 50.0), (0.2, 0.1, 5.0)]
        return [np.log([r, r * self.gap, a, b]) for r, a, b in shapes]

    def bounds(self) -> Vector:
        """Return the largest size of each logarithm: e^16 is 9 million."""
        return np.array([16.0, 32.0 + abs(np.log(self.gap)), 16.0, 16.0])

    def __call__(self, theta: Vector) -> Values:
        """Return the log-likelihood, its gradient and its Hessian."""
        r, alpha, a, b = np.exp(theta)
        value, gradient, hessian = self._of_numbers(r, alpha, a, b)
        for rows in _slices(len(self.T_once)):
            part = _once(r, alpha, self.T_once[rows], self.weight_once[rows])
            value += part[0]
            gradient[:2] += part[1]
            hessian[:2, :2] += part[2]
        for rows in _slices(len(self.x)):
            part = _again(
                (r, alpha, a, b), self.x[rows], self.t_x[rows], self.T[rows], self.weight[rows]
            )
            value += part[0]
            gradient += part[1]
            hessian += part[2]
        return float(value), gradient, hessian

    def _of_numbers(self, r: float, alpha: float, a: float, b: float) -> Values:
        """Sum log (r + j) / alpha - log (1 + a / (b + j)) over purchases."""
        n, j = self.more, np.arange(len(self.more))
        shape, drop = r / (r + j), a / (a + b + j)
        bj, abj = b / (b + j), b / (a + b + j)
        value = float(n @ (np.log((r + j) / alpha) - np.log1p(a / (b + j))))
        gradient = np.array([n @ shape, -n.sum(), -(n @ drop), n @ (bj * drop)])
        hessian = np.zeros((4, 4))
        hessian[0, 0] = n @ (shape * (1 - shape))
        hessian[2, 2] = -(n @ (drop * (1 - drop)))
        hessian[3, 3] = n @ (bj * drop * (1 - bj - abj))
        hessian[2, 3] = hessian[3, 2] = n @ (drop * abj)
        return value, gradient, hessian


def _slices(n: int) -> list[slice]:
    return [slice(i, i + CHUNK) for i in range(0, n, CHUNK)]


def _once(r: float, alpha: float, T: Vector, weight: Vector) -> Values:
    """Sum -r log (1 + T / alpha), with derivatives by log r and log alpha."""
    share = T / (alpha + T)
    log = -r * float(weight @ np.log1p(T / alpha))
    slope = r * float(weight @ share)
    bend = r * float(weight @ (share * (1 - share)))
    return log, np.array([log, slope]), np.array([[log, slope], [slope, -bend]])


def _again(
    parameters: tuple[float, float, float, float],
    x: Vector,
    t_x: Vector,
    T: Vector,
    weight: Vector,
) -> Values:
    """Sum log (e^A + e^D) of a living and a dead customer: A + log (1 + e^d), d = D - A.

    With P the chance to be dead the first derivatives are A' + P d', the second ones
    A'' + P d'' + P (1 - P) d' d'.
    """
    r, alpha, a, b = parameters
    k = r + x
    log_T, log_t = np.log1p(T / alpha), np.log1p(t_x / alpha)
    of_T, of_t = T / (alpha + T), t_x / (alpha + t_x)
    gap, left = log_T - log_t, b + (x - 1)
    of_b = b / left
    d = k * gap + np.log(a / left)
    small = np.exp(-np.abs(d))
    value = float(weight @ (np.maximum(d, 0.0) + np.log1p(small) - k * log_T))
    dead = np.where(d > 0, 1.0, small) / (1.0 + small)
    w_dead = weight * dead
    slope = np.empty((4, len(x)))
    slope[0], slope[1], slope[2], slope[3] = r * gap, k * (of_t - of_T), 1.0, -of_b
    gradient = np.array([each @ w_dead for each in slope])
    hessian = (slope * (w_dead * (1.0 - dead))) @ slope.T
    bend_T, bend_t = of_T * (1 - of_T), of_t * (1 - of_t)
    wk = weight * k
    alive_r, alive_alpha = -r * float(weight @ log_T), float(wk @ of_T)
    mixed = r * float(weight @ of_T + w_dead @ (of_t - of_T))
    hessian[0, 0] += alive_r + gradient[0]
    hessian[0, 1] += mixed
    hessian[1, 0] += mixed
    hessian[1, 1] += float((w_dead * k) @ (bend_T - bend_t) - wk @ bend_T)
    hessian[3, 3] -= float(w_dead @ (of_b * (1 - of_b)))
    gradient[0] += alive_r
    gradient[1] += alive_alpha
    return value, gradient, hessian


def log_odds_dead(
    parameters: tuple[float, float, float, float],
    x: NDArray[np.int64],
    t_x: NDArray[np.floating],
    T: NDArray[np.floating],
) -> Vector:
    """Return log (P(dead) / P(alive)) at age T; minus infinity where x = 0.

    A customer drops out after a repeat purchase only, so one without any is alive.
    """
    r, alpha, a, b = parameters
    again = np.maximum(x, 1)
    gap = np.log1p((T - t_x) / (alpha + t_x))
    odds: Vector = np.where(x > 0, (r + x) * gap + np.log(a / (b + (again - 1))), -np.inf)
    return odds
