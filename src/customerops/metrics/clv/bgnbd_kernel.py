"""BG/NBD and MBG/NBD in arrays: the log-likelihood with its derivatives, and chances.

The two differ in one thing: how many times a customer with x repeat purchases could have dropped
out. In BG/NBD that is x, after each of them; in MBG/NBD it is x + 1, after the first purchase too.
`start`, 0 or 1, is that difference.
"""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.estimation import Limit
from customerops.metrics.clv.newton import Values, Vector
from customerops.model.values import exact

__all__ = ["Likelihood", "edges", "log_odds_dead", "pmf"]


CHUNK = 1 << 13  # rows at once: they stay in cache, and BLAS, which would start threads for more,
# keeps to one; waiting for others cost more than they saved


def edges(first: str) -> tuple[Limit, ...]:
    """Return what it means that parameters run away; `first` is the first chance to drop out."""
    same = "the chance to drop out is the same for all"
    all_drop = f"everybody drops out after the {first}"
    return (
        ({"a": 1, "b": 1}, f"a and b grow without bound: {same}"),
        (
            {"a": -1, "b": -1},
            f"a and b tend to 0: a customer drops out after the {first} or never",
        ),
        ({"a": -1}, "a tends to 0: nobody seems to drop out"),
        (
            {"b": 1},
            "b grows without bound: the chance to drop out after any one purchase vanishes",
        ),
        ({"a": 1}, f"a grows without bound: {all_drop}"),
        ({"b": -1}, f"b tends to 0: {all_drop}"),
        ({"r": 1}, "r grows without bound: all customers buy at the same rate"),
        ({"r": -1}, "r tends to 0: a vanishing share of the customers buys again at all"),
    )


@attrs.frozen(eq=False)
class Likelihood:
    """The log-likelihood of purchase histories, a function of log (r, alpha, a, b).

    Attributes
    ----------
    x, t_x, T, weight : ndarray
        Histories with a chance to drop out: repeat purchases, age at the last, age, and customers.
    chances : ndarray
        How many: x or x + 1.
    T_once, weight_once : ndarray
        Ages of customers without one, and customers.
    more, tried : ndarray
        Customers with more than j repeat purchases, and with more than j chances to drop out, for
        j = 0, 1, ...
    gap : float
        Customers' time together for each repeat purchase.

    Notes
    -----
    For a history (x, t_x, T) with n chances of Fader, Hardie and Lee (2005, equation 6) and of
    Batislam, Denizel and Filiztekin (2007), divided by what makes all three terms of one size and
    with x integer, so that no gamma function is left::

        L = prod over j < x of (r + j) / alpha * prod over j < n of 1 / (1 + a / (b + j))
            * ( (1 + T / alpha)^-(r + x) + [n > 0] a / (b + n - 1) (1 + t_x / alpha)^-(r + x) )

    The products over all customers take one pass over j, weighted by `more` and `tried`. It is
    the density of the times of the purchases, on the clock of T, not the probability of their
    number.
    """

    x: Vector
    chances: Vector
    t_x: Vector
    T: Vector
    weight: Vector
    T_once: Vector
    weight_once: Vector
    more: Vector
    tried: Vector
    gap: float

    @classmethod
    def of(
        cls,
        x: NDArray[np.int64],
        t_x: Vector,
        T: Vector,
        customers: NDArray[np.int64],
        *,
        start: int = 0,
    ) -> Self:
        """Sort out the histories; `customers` is how many share each."""
        again = x + start > 0
        T_once, place = np.unique(T[~again], return_inverse=True)
        return cls(
            x=x[again].astype(np.float64),
            chances=(x[again] + start).astype(np.float64),
            t_x=t_x[again],
            T=T[again],
            weight=customers[again].astype(np.float64),
            T_once=T_once,
            weight_once=exact.group_sum(place, customers[~again], len(T_once)).astype(np.float64),
            more=_more(x, customers),
            tried=_more(x + start, customers),
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
            columns = (self.x, self.chances, self.t_x, self.T, self.weight)
            part = _again((r, alpha, a, b), *(column[rows] for column in columns))
            value += part[0]
            gradient += part[1]
            hessian += part[2]
        return float(value), gradient, hessian

    def _of_numbers(self, r: float, alpha: float, a: float, b: float) -> Values:
        """Sum log (r + j) / alpha over purchases, - log (1 + a / (b + j)) over chances."""
        bought, j = self.more, np.arange(len(self.more))
        n, i = self.tried, np.arange(len(self.tried))
        shape, drop = r / (r + j), a / (a + b + i)
        bj, abj = b / (b + i), b / (a + b + i)
        value = float(bought @ np.log((r + j) / alpha) - n @ np.log1p(a / (b + i)))
        gradient = np.array([bought @ shape, -bought.sum(), -(n @ drop), n @ (bj * drop)])
        hessian = np.zeros((4, 4))
        hessian[0, 0] = bought @ (shape * (1 - shape))
        hessian[2, 2] = -(n @ (drop * (1 - drop)))
        hessian[3, 3] = n @ (bj * drop * (1 - bj - abj))
        hessian[2, 3] = hessian[3, 2] = n @ (drop * abj)
        return value, gradient, hessian


def _more(counts: NDArray[np.int64], customers: NDArray[np.int64]) -> Vector:
    """Return how many customers have a count above j, for j = 0, 1, ..."""
    having = exact.group_sum(counts, customers, int(counts.max(initial=0)) + 1)
    above: Vector = having[::-1].cumsum()[::-1][1:].astype(np.float64)
    return above


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
    chances: Vector,
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
    gap, left = log_T - log_t, b + (chances - 1)
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
    *,
    start: int = 0,
) -> Vector:
    """Return log (P(dead) / P(alive)) at age T; minus infinity without a chance to drop out."""
    r, alpha, a, b = parameters
    chances = x + start
    gap = np.log1p((T - t_x) / (alpha + t_x))
    drop = np.log(a / (b + (np.maximum(chances, 1) - 1)))
    odds: Vector = np.where(chances > 0, (r + x) * gap + drop, -np.inf)
    return odds


def pmf(
    parameters: tuple[float, float, float, float],
    n: NDArray[np.integer],
    t: float,
    *,
    start: int = 0,
) -> Vector:
    """Return the chance of exactly n repeat purchases within t of the first one.

    Either they are alive and bought n times, or they would have bought at least n times and
    dropped out after the n-th (Fader, Hardie and Lee 2005, equation 8).
    """
    from scipy.special import betainc, betaln, gammaln, xlogy

    r, alpha, a, b = parameters
    z = t / (alpha + t)
    chances = n + start
    exactly = gammaln(r + n) - gammaln(r) - gammaln(n + 1.0) - r * np.log1p(t / alpha)
    alive = np.exp(betaln(a, b + chances) - betaln(a, b) + exactly + xlogy(n, z))
    at_least = np.where(n > 0, betainc(np.maximum(n, 1), r, z), 1.0)
    last = np.maximum(chances, 1) - 1.0
    dropped = np.exp(betaln(a + 1.0, b + last) - betaln(a, b)) * at_least
    chance: Vector = np.minimum(alive + np.where(chances > 0, dropped, 0.0), 1.0)
    return chance
