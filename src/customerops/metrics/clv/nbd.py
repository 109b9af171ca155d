"""NBD: purchases at a rate of one's own, for ever; what models with dropout are held against."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import attrs
import numpy as np

from customerops.metrics.clv.estimation import Evidence, Limit
from customerops.metrics.clv.fitted import Parameters
from customerops.metrics.clv.newton import Values
from customerops.metrics.clv.purchase_model import Ints, PurchaseModel, Simulated, Vector
from customerops.metrics.clv.purchases import Purchases, log_chance
from customerops.metrics.shared.units import Unit
from customerops.model.values import exact

__all__ = ["NBD", "NBDParameters"]

LIMITS: tuple[Limit, ...] = (
    ({"r": 1}, "r and alpha grow without bound: all customers buy at the same rate"),
    ({"r": -1}, "r tends to 0: a vanishing share of the customers buys again at all"),
)


@attrs.frozen(eq=False)
class Likelihood:
    """The log-likelihood of purchase histories, a function of log (r, alpha).

    Attributes
    ----------
    purchases : Purchases
        What depends on the numbers alone.
    T, customers, bought : ndarray
        Ages, customers of each, and their repeat purchases together.

    Notes
    -----
    For a history (x, T), divided by alpha^x::

        L = prod over j < x of (r + j) / alpha * (1 + T / alpha)^-(r + x)

    the density of the times of the purchases, as of the models with dropout, so that the two can be
    compared.
    """

    purchases: Purchases
    T: Vector
    customers: Vector
    bought: Vector

    @classmethod
    def of(cls, x: Ints, T: Vector, customers: Ints) -> Self:
        """Sort out the histories; `customers` is how many share each."""
        ages, where = np.unique(T, return_inverse=True)
        people = exact.group_sum(where, customers, len(ages)).astype(np.float64)
        bought = exact.group_dot(where, customers, x, len(ages)).astype(np.float64)
        return cls(Purchases.of(x, customers), ages, people, bought)

    @property
    def gap(self) -> float:
        """Customers' time together for each repeat purchase."""
        return float(self.customers @ self.T) / max(float(self.bought.sum()), 1.0)

    def starts(self) -> list[Vector]:
        """Return starting points; each has the mean rate of the data."""
        return [np.log([r, r * self.gap]) for r in (0.5, 0.05, 5.0)]

    def bounds(self) -> Vector:
        """Return the largest size of each logarithm: e^16 is 9 million."""
        return np.array([16.0, 32.0 + abs(np.log(self.gap))])

    def __call__(self, theta: Vector) -> Values:
        """Return the log-likelihood, its gradient and its Hessian."""
        r, alpha = np.exp(theta).tolist()
        value, gradient, hessian = self.purchases(r, alpha)
        log, share = np.log1p(self.T / alpha), self.T / (alpha + self.T)
        k = r * self.customers + self.bought
        by_r, mixed = -r * float(self.customers @ log), r * float(self.customers @ share)
        gradient += [by_r, k @ share]
        hessian += [[by_r, mixed], [mixed, -(k @ (share * (1.0 - share)))]]
        return value - float(k @ log), gradient, hessian


@attrs.frozen(kw_only=True)
class NBDParameters(Parameters):
    """Parameters of `NBD`.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the gamma distribution of purchase rates; alpha is a time, in the
        model's unit, and r / alpha the mean rate.
    """

    r: float
    alpha: float


@attrs.frozen(kw_only=True, repr=False)
class NBD(PurchaseModel):
    """The NBD model of repeat purchases, in which nobody ever drops out.

    A customer buys at random at a rate of their own, gamma distributed over customers, so that the
    number of purchases in a time has a negative binomial distribution. It is the baseline that a
    model with dropout must beat. Time starts with the first purchase, which is not counted.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : NBDParameters
        ``r``, ``alpha``.
    unit : {"hour", "day", "week"}
        The clock of the model. Every time it takes or gives is in this unit, or a timedelta.

    Notes
    -----
    When the last purchase was, t_x, does not matter: everybody is alive with certainty, and buys
    ``(r + x) / (alpha + T) t`` within t on average; `posterior_rates` has that rate as
    ``purchase_rate``. It is the limit of `ParetoNBD` for a dropout rate of 0, and its
    log-likelihood is on the same scale: that of the times of the purchases on the clock of `unit`.

    References
    ----------
    Ehrenberg, A. S. C. (1959). The Pattern of Consumer Purchases. Applied Statistics 8(1), 26-41.

    Morrison, D. and Schmittlein, D. (1988). Generalizing the NBD Model for Customer Purchases: What
    Are the Implications and Is It Worth the Effort? Journal of Business and Economic Statistics
    6(2), 145-159.

    Examples
    --------
    >>> from customerops.metrics import NBD, PurchaseSummary
    >>> model = NBD.of(r=0.4, alpha=8, unit="week")
    >>> some = PurchaseSummary.from_arrays([0, 2], [0, 70], [84, 84])
    >>> model.expected_purchases(some, horizon=10).values.round(3).tolist()
    [0.2, 1.2]
    """

    PARAMETERS: ClassVar = NBDParameters
    LIMITS: ClassVar = LIMITS

    params: NBDParameters
    unit: Unit
    evidence: Evidence | None = None
    model: Literal["NBD"] = "NBD"

    @classmethod
    def of(cls, *, r: float, alpha: float, unit: Unit = "week") -> Self:
        """Return the model with known parameters, positive both; alpha in `unit`."""
        return cls(params=NBDParameters(r=r, alpha=alpha), unit=unit)

    @classmethod
    def _likelihood(
        cls,
        x: Ints,
        t_x: Vector,  # noqa: ARG003 - when the last purchase was does not matter
        T: Vector,
        customers: Ints,
    ) -> Likelihood:
        return Likelihood.of(x, T, customers)

    def _rate(self, x: Ints, T: Vector) -> Vector:
        rate: Vector = (self.params.r + x) / (self.params.alpha + T)
        return rate

    def _log_alive(self, x: Ints, t_x: Vector, T: Vector) -> Vector:
        return np.zeros(len(x))

    def _log_surviving(self, x: Ints, T: Vector, later: float) -> Vector:
        return np.zeros(len(x))

    def _bought(self, x: Ints, T: Vector, within: Vector) -> Vector:
        return np.outer(within, self._rate(x, T))

    def _posterior(self, x: Ints, t_x: Vector, T: Vector) -> dict[str, Vector]:
        return {"purchase_rate": self._rate(x, T)}

    def _pmf(self, x: Ints, t: float) -> Vector:
        if t == 0:
            return np.where(x == 0, 1.0, 0.0)
        chance: Vector = np.exp(log_chance(self.params.r, self.params.alpha, x, np.log(t)))
        return chance

    def _simulated(self, T: Vector, later: float, rng: np.random.Generator) -> Simulated:
        rate = rng.gamma(self.params.r, 1.0 / self.params.alpha, len(T))
        x = rng.poisson(rate * T)
        last = np.where(x > 0, T * rng.random(len(T)) ** (1.0 / np.maximum(x, 1)), 0.0)
        return x.astype(np.int64), last, rng.poisson(rate * later).astype(np.int64)
