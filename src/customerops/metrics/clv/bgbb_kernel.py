"""BG/BB in arrays: the log-likelihood with its derivatives, and what follows from it.

A customer has n opportunities to buy. At each one they are dead with a chance of their own, beta
distributed with gamma and delta, and then for good; who is alive buys with a chance of their own,
beta distributed with alpha and beta. With opportunities whole numbers, every beta function is a
product, and its logarithm a sum over j = 0, 1, ...; sums are tabulated once for all customers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.bgnbd_kernel import CHUNK
from customerops.metrics.clv.distinct import distinct
from customerops.metrics.clv.dropout import Dropout
from customerops.metrics.clv.newton import Values, Vector
from customerops.model.values import exact

__all__ = ["Likelihood", "bought", "discounted", "histories_of", "log_surviving", "pmf"]

Ints = NDArray[np.int64]
Four = tuple[float, float, float, float]

NEAR = 1e-8  # of 1: there two terms of a series are exact to the last digit


def running(terms: Vector) -> Vector:
    """Return the sums of the first 0, 1, 2, ... terms."""
    sums = np.zeros(len(terms) + 1)
    np.cumsum(terms, out=sums[1:])
    return sums


@attrs.frozen(eq=False)
class Logs:
    """Logarithms of the chances that make up a history of at most `most` opportunities.

    Attributes
    ----------
    most : int
        Opportunities.
    bought, missed : ndarray
        Of buying j times, and of not buying j times.
    outcome : ndarray
        Of what a life of m opportunities shares with all of its length: the first half is for
        those who died after m, the second, from ``most + 1`` on, for those who did not.

    Notes
    -----
    A history of x purchases in the m opportunities of a life has the chance ::

        bought[x] + missed[m - x] + outcome[m]

    in logarithms: ``B(alpha + x, beta + m - x) / B(alpha, beta)`` times ``B(gamma + 1, delta + m)
    / B(gamma, delta)``, or ``B(gamma, delta + m) / B(gamma, delta)`` for the living. Each is
    divided by powers of ``alpha + beta`` that cancel, so that all stay moderate where parameters
    grow without bound.
    """

    most: int
    bought: Vector
    missed: Vector
    outcome: Vector

    @classmethod
    def of(cls, parameters: Four, most: int) -> Self:
        """Tabulate the sums."""
        alpha, beta, gamma, delta = parameters
        j = np.arange(most, dtype=np.float64)
        either = alpha + beta
        living = -running(np.log1p(gamma / (delta + j))) - running(np.log1p(j / either))
        dying = np.log(gamma / (gamma + delta + np.arange(most + 1)))
        return cls(
            most=most,
            bought=running(np.log((alpha + j) / either)),
            missed=running(np.log((beta + j) / either)),
            outcome=np.concatenate([living + dying, living]),
        )


@attrs.frozen(eq=False)
class Lives:
    """All lives that some histories may have been, one row a history after the other.

    The last life of a history is the one that has not ended.

    Attributes
    ----------
    rows : slice
        The histories.
    first : ndarray of int
        Where the lives of each begin.
    count : ndarray of int
        How many they are: one, and one for each opportunity since the last purchase.
    missed, outcome : ndarray of int
        Positions in the tables of `Logs` by life.
    """

    rows: slice
    first: NDArray[np.intp]
    count: Ints
    missed: Ints
    outcome: Ints

    def shares(self, logs: Logs) -> tuple[Vector, Vector]:
        """Return the log chance of each history but for `bought`, and the share of each life."""
        log = logs.missed[self.missed] + logs.outcome[self.outcome]
        peak = np.maximum.reduceat(log, self.first)
        share = np.exp(log - np.repeat(peak, self.count))
        total = np.add.reduceat(share, self.first)
        share /= np.repeat(total, self.count)
        return peak + np.log(total), share


def lives_of(x: Ints, t_x: Ints, n: Ints, most: int) -> Iterator[Lives]:
    """Return the lives of histories, in parts that stay in cache."""
    count = n - t_x + 1
    ends = np.cumsum(count)
    begin = 0
    while begin < len(x):
        before = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + CHUNK, side="right")))
        rows = slice(begin, end)
        many = count[rows]
        first = np.cumsum(many) - many
        length = np.arange(int(many.sum())) - np.repeat(first - t_x[rows], many)
        outcome = length.copy()
        outcome[first + many - 1] += most + 1
        yield Lives(rows, first, many, length - np.repeat(x[rows], many), outcome)
        begin = end


def histories_of(parameters: Four, x: Ints, t_x: Ints, n: Ints) -> tuple[Vector, Vector]:
    """Return the log-likelihood of each history, and the log chance to be alive after it."""
    rows, where = distinct(x, t_x, n)
    most = int(n.max(initial=0))
    logs = Logs.of(parameters, most)
    total, alive = np.empty(len(rows[0])), np.empty(len(rows[0]))
    for lives in lives_of(rows[0], rows[1], rows[2], most):
        part, _ = lives.shares(logs)
        last = lives.first + lives.count - 1
        living = logs.missed[lives.missed[last]] + logs.outcome[lives.outcome[last]]
        total[lives.rows] = logs.bought[rows[0][lives.rows]] + part
        alive[lives.rows] = np.minimum(living - part, 0.0)
    return total[where], alive[where]


@attrs.frozen(eq=False)
class Likelihood:
    """The log-likelihood of histories, a function of log (alpha, beta, gamma, delta).

    Attributes
    ----------
    x, t_x, n : ndarray of int64
        Purchases, the opportunity of the last, and opportunities.
    weight : ndarray
        Customers.
    more : ndarray
        Customers with more than j purchases, for j = 0, 1, ...
    rate : float
        Purchases for each opportunity until the last purchase, and one more of either kind.

    Notes
    -----
    Fader, Hardie and Shang (2010), equation 5::

        L = sum over lives of B(alpha + x, beta + m - x) / B(alpha, beta) * P(life)

    over m = t_x, ..., n - 1 for a life that ended after m opportunities, and m = n for one that
    goes on. With P the share of a life in it and l its logarithm, the first derivatives of log L
    are ``sum of P l'`` and the second ones ``sum of P (l'' + l' l') - (sum of P l')^2``.
    """

    x: Ints
    t_x: Ints
    n: Ints
    weight: Vector
    more: Vector
    rate: float

    @classmethod
    def of(cls, x: Ints, t_x: Ints, n: Ints, customers: Ints) -> Self:
        """Sort out the histories; `customers` is how many share each."""
        having = exact.group_sum(x, customers, int(x.max(initial=0)) + 1)
        return cls(
            x=x,
            t_x=t_x,
            n=n,
            weight=customers.astype(np.float64),
            more=having[::-1].cumsum()[::-1][1:].astype(np.float64),
            rate=(int((customers * x).sum()) + 1) / (int((customers * t_x).sum()) + 2),
        )

    def starts(self) -> list[Vector]:
        """Return starting points, spread over kinds of customer bases.

        The living buy at the rate seen until the last purchase in all of them.
        """
        p = self.rate
        shapes = [
            (2.0, 0.5, 3.0),
            (20.0, 1.0, 50.0),
            (20.0, 0.3, 0.3),
            (2.0, 0.1, 0.02),
            (2.0, 20.0, 99.0),
            (2.0, 50.0, 10.0),
            (0.01, 1.0, 1.0),
        ]
        return [np.log([s * p, s * (1.0 - p), gamma, delta]) for s, gamma, delta in shapes]

    def bounds(self) -> Vector:
        """Return the largest size of each logarithm: e^16 is 9 million."""
        return np.full(4, 16.0)

    def __call__(self, theta: Vector) -> Values:
        """Return the log-likelihood, its gradient and its Hessian."""
        parameters: Four = tuple(np.exp(theta).tolist())
        most = int(self.n.max(initial=0))
        logs, slopes = Logs.of(parameters, most), _Slopes.of(parameters, most)
        j = np.arange(len(self.more))
        of_alpha = parameters[0] / (parameters[0] + j)
        value = float(self.more @ np.log((parameters[0] + j) / (parameters[0] + parameters[1])))
        gradient, hessian = np.zeros(4), np.zeros((4, 4))
        gradient[0] = self.more @ of_alpha
        hessian[0, 0] = self.more @ (of_alpha * (1.0 - of_alpha))
        for lives in lives_of(self.x, self.t_x, self.n, most):
            weight = self.weight[lives.rows]
            log, share = lives.shares(logs)
            slope = slopes.first[:, lives.outcome]
            slope[1] += slopes.missed[lives.missed]
            mean = np.add.reduceat(slope * share, lives.first, axis=1)
            share *= np.repeat(weight, lives.count)
            bend = slopes.second[:, lives.outcome] @ share
            bend[_BETA] += slopes.missed_second[lives.missed] @ share
            value += float(weight @ log)
            gradient += mean @ weight
            hessian += (slope * share) @ slope.T - (mean * weight) @ mean.T
            hessian[_ROW, _COLUMN] += bend
        hessian[_COLUMN, _ROW] = hessian[_ROW, _COLUMN]
        return value, gradient, hessian


_ROW = np.array([0, 0, 1, 2, 2, 3])
_COLUMN = np.array([0, 1, 1, 2, 3, 3])
_BETA = 2  # of these, the one that belongs to beta twice


@attrs.frozen(eq=False)
class _Slopes:
    """Derivatives of `Logs` by the logarithms of the parameters, as it is laid out.

    Attributes
    ----------
    first : ndarray, shape (4, ...)
        Of the outcome.
    missed : ndarray
        Of the missed opportunities, by log beta.
    second : ndarray, shape (6, ...)
        Of the outcome, by the pairs of `_ROW` and `_COLUMN`.
    missed_second : ndarray
        Of the missed opportunities, by log beta twice.
    """

    first: NDArray[np.float64]
    missed: Vector
    second: NDArray[np.float64]
    missed_second: Vector

    @classmethod
    def of(cls, parameters: Four, most: int) -> Self:
        alpha, beta, gamma, delta = parameters
        j = np.arange(most, dtype=np.float64)
        m = np.arange(most + 1, dtype=np.float64)
        a, b = alpha / (alpha + beta + j), beta / (alpha + beta + j)
        either_a, either_b = running(a), running(b)
        either_aa, either_ab = running(a * (1.0 - a)), -running(a * b)
        either_bb = running(b * (1.0 - b))
        u, v, g = delta / (delta + j), delta / (gamma + delta + j), gamma / (gamma + delta + j)
        alive_g, alive_d = -running(g), running(g * u)
        alive_gg, alive_gd = -running(g * (1.0 - g)), running(g * v)
        alive_dd = running(g * u * (1.0 - u - v))
        last_g, last_d = gamma / (gamma + delta + m), delta / (gamma + delta + m)
        first = _halves(
            (-either_a, 0.0), (-either_b, 0.0), (alive_g, 1.0 - last_g), (alive_d, -last_d)
        )
        second = _halves(
            (-either_aa, 0.0),
            (-either_ab, 0.0),
            (-either_bb, 0.0),
            (alive_gg, -last_g * (1.0 - last_g)),
            (alive_gd, last_g * last_d),
            (alive_dd, -last_d * (1.0 - last_d)),
        )
        w = beta / (beta + j)
        return cls(first, running(w), second, running(w * (1.0 - w)))


def _halves(*tables: tuple[Vector, Vector | float]) -> NDArray[np.float64]:
    """Lay tables out as `Logs.outcome`: of the dead, who have something more, and of the living."""
    return np.stack([np.concatenate([living + more, living]) for living, more in tables])


# ---------------------------------------------------------------------- what is to come


def log_surviving(parameters: Four, n: Ints, later: int) -> Vector:
    """Return the logarithm of the share of those alive after n opportunities who are after `later` more."""
    _, _, gamma, delta = parameters
    logs = running(np.log1p(gamma / (delta + np.arange(int(n.max(initial=0)) + later))))
    share: Vector = logs[n] - logs[n + later]
    return share


def bought(parameters: Four, x: Ints, n: Ints, within: Ints) -> NDArray[np.float64]:
    """Return the mean purchases of the living in so many more opportunities, by time and history.

    Notes
    -----
    Fader, Hardie and Shang (2010), equation 13, without the chance to be alive. With
    ``d = delta + n`` and ``h = gamma - 1`` the expected opportunities while alive are ::

        d (1 - e^(-h z)) / h,   z = sum over 0 <= i < within of log(1 + h / (d + 1 + i)) / h

    which has its limit ``d z`` at h = 0 and loses no digits beside it.
    """
    from scipy.special import exprel

    alpha, beta, gamma, delta = parameters
    h = gamma - 1.0
    u = 1.0 / (delta + 1.0 + np.arange(int(n.max(initial=0)) + int(within.max(initial=0))))
    z = running(np.log1p(h * u) / h if abs(h) > NEAR else u * (1.0 - 0.5 * h * u))
    z = z[n + within[:, None]] - z[n]
    rate = (alpha + x) / (alpha + beta + n)
    mean: NDArray[np.float64] = rate * (delta + n) * z * exprel(-h * z)
    return mean


def discounted(parameters: Four, x: Ints, n: Ints, discount: float) -> Vector:
    """Return the discounted residual purchases of the living.

    Parameters
    ----------
    discount : float
        Effective rate for one opportunity, above 0; the next one is discounted once.

    Notes
    -----
    Fader, Hardie and Shang (2010), equation 14, as the mean of ``(1 - p) / (discount + p)`` over
    the chance p to drop out, Beta(gamma, delta + n): of a geometric series.
    """
    alpha, beta, gamma, delta = parameters
    ages, where = np.unique(n, return_inverse=True)
    dropout = Dropout(1.0, gamma, delta)
    means = np.array([dropout.annuity(float(age), discount) for age in ages])
    rate = (alpha + x) / (alpha + beta + n)
    present: Vector = rate * means[where]
    return present


def pmf(parameters: Four, x: Ints, n: int) -> Vector:
    """Return the chance of exactly x purchases in n opportunities: equation 8 of the paper."""
    logs = Logs.of(parameters, n)
    factorial = running(np.log(np.arange(1, n + 1)))
    values, where = np.unique(x, return_inverse=True)
    chances = np.zeros(len(values))
    for i, k in enumerate(values[values <= n].tolist()):
        m = np.append(np.arange(k, n), n)
        outcome = np.append(np.arange(k, n), 2 * n + 1)
        log = factorial[m] - factorial[k] - factorial[m - k]
        log += logs.bought[k] + logs.missed[m - k] + logs.outcome[outcome]
        chances[i] = np.exp(log).sum()
    shaped: Vector = chances[where].reshape(x.shape)
    return shaped
