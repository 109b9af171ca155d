"""Pareto/NBD in arrays: the log-likelihood with its derivatives, and what is known of a customer."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.deaths import ROWS, Deaths, Four, deaths
from customerops.metrics.clv.newton import Values, Vector
from customerops.metrics.clv.purchases import Purchases

__all__ = ["Likelihood", "log_alive", "mean_rates"]


@attrs.frozen(eq=False)
class Likelihood:
    """The log-likelihood of purchase histories, a function of log (r, alpha, s, beta).

    Attributes
    ----------
    x, t_x, T, weight : ndarray
        Histories: number of repeat purchases, age at the last, age, and customers.
    purchases : Purchases
        What depends on the numbers alone.
    gap : float
        Customers' time together for each repeat purchase.
    life : float
        Mean age of the customers.

    Notes
    -----
    For a history (x, t_x, T), divided by alpha^x, which makes all terms of one size::

        L = prod over j < x of (r + j) / alpha
            * (1 + t_x / alpha)^-(r + x) (1 + t_x / beta)^-s * (e^-phi(T) + D)

    with phi and D, the integral over the time of death, of `deaths` (Fader and Hardie 2005, note
    009, equation 18). It is the density of the times of the purchases, on the clock of T, not the
    probability of their number.
    """

    x: Vector
    t_x: Vector
    T: Vector
    weight: Vector
    purchases: Purchases
    gap: float
    life: float

    @classmethod
    def of(
        cls, x: NDArray[np.int64], t_x: Vector, T: Vector, customers: NDArray[np.int64]
    ) -> Self:
        """Sort out the histories; `customers` is how many share each."""
        age = float((customers * T).sum())
        return cls(
            x=x.astype(np.float64),
            t_x=t_x,
            T=T,
            weight=customers.astype(np.float64),
            purchases=Purchases.of(x, customers),
            gap=age / max(int((customers * x).sum()), 1),
            life=age / max(int(customers.sum()), 1),
        )

    def every(self, step: int) -> Self:
        """Return the likelihood of each step-th history."""
        rows = slice(None, None, step)
        customers = self.weight[rows].astype(np.int64)
        return self.of(self.x[rows].astype(np.int64), self.t_x[rows], self.T[rows], customers)

    def starts(self) -> list[Vector]:
        """Return starting points, spread over kinds of customer bases.

        Each has the mean purchase rate that the data would have if nobody died, and a mean death
        rate of once in so many mean ages.
        """
        shapes = [(0.5, 0.5, 1.0), (2.0, 2.0, 0.5), (0.5, 0.1, 3.0), (5.0, 20.0, 2.0)]
        return [np.log([r, r * self.gap, s, s * ages * self.life]) for r, s, ages in shapes]

    def bounds(self) -> Vector:
        """Return the largest size of each logarithm: e^16 is 9 million."""
        alpha, beta = abs(np.log(self.gap)), abs(np.log(self.life))
        return np.array([16.0, 32.0 + alpha, 16.0, 32.0 + beta])

    def __call__(self, theta: Vector) -> Values:
        """Return the log-likelihood, its gradient and its Hessian."""
        r, alpha, s, beta = np.exp(theta).tolist()
        gradient, hessian = np.zeros(4), np.zeros((4, 4))
        value, gradient[:2], hessian[:2, :2] = self.purchases(r, alpha)
        until = (
            _until_last((r, alpha, s, beta), self.x[rows], self.t_x[rows], self.weight[rows])
            for rows in (slice(i, i + ROWS) for i in range(0, len(self.x), ROWS))
        )
        since = (
            _since((r, alpha, s, beta), self.x, self.t_x, self.T, self.weight, nodes)
            for nodes in deaths((r, alpha, s, beta), self.x, self.t_x, self.T)
        )
        for part in (*until, *since):
            value += part[0]
            gradient += part[1]
            hessian += part[2]
        return value, gradient, hessian


def _until_last(parameters: Four, x: Vector, t: Vector, weight: Vector) -> Values:
    """Sum -(r + x) log (1 + t / alpha) - s log (1 + t / beta), with derivatives."""
    r, alpha, s, beta = parameters
    of_alpha, of_beta = t / (alpha + t), t / (beta + t)
    wk = weight * (r + x)
    log_alpha, log_beta = np.log1p(t / alpha), np.log1p(t / beta)
    by_r, by_s = -r * float(weight @ log_alpha), -s * float(weight @ log_beta)
    mixed_r, mixed_s = r * float(weight @ of_alpha), s * float(weight @ of_beta)
    value = by_s - float(wk @ log_alpha)
    gradient = np.array([by_r, wk @ of_alpha, by_s, mixed_s])
    bends = [
        -float(wk @ (of_alpha * (1 - of_alpha))),
        -s * float(weight @ (of_beta * (1 - of_beta))),
    ]
    hessian = np.array([
        [by_r, mixed_r, 0, 0], [mixed_r, bends[0], 0, 0],
        [0, 0, by_s, mixed_s], [0, 0, mixed_s, bends[1]],
    ])  # fmt: skip
    return value, gradient, hessian


def _since(
    parameters: Four, x: Vector, t: Vector, T: Vector, weight: Vector, nodes: Deaths
) -> Values:
    """Sum log (e^-phi(T) + D) over the customers of some nodes, with derivatives.

    It is the logarithm of a sum of e^l, over deaths and having lived until T. With their shares,
    the first derivatives are the means of l', the second the means of l'' and the covariances of
    l'. With ``A = alpha / (alpha + t) - alpha / (alpha + u)``, which is minus the derivative of
    `log_alpha`, and B likewise, l' is ::

        -r log_alpha,  k A,  -s log_beta + [dead],  s B + [dead] (B - beta / (beta + t))

    and the derivative of A is ``A (1 - 2 alpha / (alpha + t) + A)``. What the dead have besides
    does not vary among deaths, but for B, and is added after the sums.
    """
    r, alpha, s, beta = parameters
    x, t, weight = x[nodes.rows], t[nodes.rows], weight[nodes.rows]
    k, a, b, of_beta = r + x, alpha + t, beta + t, beta / (beta + t)
    share = nodes.weight  # nobody else reads it
    total = share.sum(0)
    value = float(weight @ np.log(total))
    share *= weight / total

    slope = np.empty((4, *share.shape))
    np.multiply(nodes.log_alpha, -r, out=slope[0])
    np.divide(nodes.after, nodes.after + a, out=slope[1])
    slope[1] *= k * alpha / a
    np.multiply(nodes.log_beta, -s, out=slope[2])
    np.divide(nodes.after, nodes.after + b, out=slope[3])
    slope[3] *= s * of_beta
    slope[3, :-1] *= (s + 1.0) / s
    weighed = share * slope

    mean = weighed.sum(1)
    alive = weighed[:, -1]
    dead, died = mean - alive, weight - share[-1]
    of_A, alive_B, dead_B = mean[1] / k, alive[3] / s, dead[3] / (s + 1.0)
    squares = np.einsum("ij,ij->j", weighed[1], slope[1])
    alive_squares = float(alive[3] @ slope[3, -1])
    dead_squares = float(np.einsum("ij,ij->", weighed[3, :-1], slope[3, :-1]))

    hessian = weighed.reshape(4, -1) @ slope.reshape(4, -1).T
    more = np.zeros_like(mean)
    more[2], more[3] = 1.0, -of_beta
    crossed = dead @ more.T
    hessian += crossed + crossed.T + (more * died) @ more.T
    by_s, of_B = float(mean[2].sum()), mean[3].copy()
    mean += more * died
    hessian -= (mean / weight) @ mean.T
    gradient = mean.sum(1)
    hessian[0, 0] += gradient[0]
    hessian[1, 1] += (1 - 2 * alpha / a) @ mean[1] + squares @ (1 / k)
    hessian[2, 2] += by_s
    hessian[3, 3] += (1 - 2 * of_beta) @ of_B - died @ (of_beta * (1 - of_beta))
    hessian[3, 3] += alive_squares / s + dead_squares / (s + 1.0)
    for i, j, mixed in ((0, 1, r * of_A.sum()), (2, 3, s * (alive_B + dead_B).sum())):
        hessian[i, j] += mixed
        hessian[j, i] += mixed
    return value, gradient, hessian


def log_alive(parameters: Four, x: Vector, t_x: Vector, T: Vector) -> Vector:
    """Return the logarithm of the chance to be alive at age T."""
    alive = np.empty(len(x))
    for nodes in deaths(parameters, x, t_x, T):
        with np.errstate(divide="ignore"):  # nobody has died where T = t_x
            odds = np.log(nodes.weight[:-1].sum(0)) + nodes.lived
        alive[nodes.rows] = -np.logaddexp(0.0, odds)
    return alive


def mean_rates(parameters: Four, x: Vector, t_x: Vector, T: Vector) -> tuple[Vector, Vector]:
    """Return the mean rates of purchases and of death, given the history.

    Of somebody who lived until u they are ``(r + x) / (alpha + u)``, and ``s / (beta + u)``, or
    ``(s + 1) / (beta + u)`` if that was the end.
    """
    r, alpha, s, beta = parameters
    purchases, death = np.empty((2, len(x)))
    for nodes in deaths(parameters, x, t_x, T):
        rows, u = nodes.rows, nodes.after + t_x[nodes.rows]
        share = nodes.weight / nodes.weight.sum(0)
        purchases[rows] = (share / (alpha + u)).sum(0) * (r + x[rows])
        share[:-1] *= (s + 1.0) / s
        death[rows] = (share / (beta + u)).sum(0) * s
    return purchases, death
