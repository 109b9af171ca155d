"""MBG/NBD: as BG/NBD, but the first purchase too may be the last."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import attrs
import numpy as np

from customerops.metrics.clv.bgnbd_kernel import Likelihood, edges, log_odds_dead, pmf
from customerops.metrics.clv.dropout import Dropout
from customerops.metrics.clv.estimation import Evidence
from customerops.metrics.clv.fitted import Parameters
from customerops.metrics.clv.inventing import chances_survived, until_dropout
from customerops.metrics.clv.purchase_model import Ints, PurchaseModel, Simulated, Vector
from customerops.metrics.shared.units import Unit

__all__ = ["MBGNBD", "MBGNBDParameters"]


@attrs.frozen(kw_only=True)
class MBGNBDParameters(Parameters):
    """Parameters of `MBGNBD`.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the gamma distribution of purchase rates; alpha is a time, in the
        model's unit, and r / alpha the mean rate.
    a, b : float
        Of the beta distribution of the chance to drop out after a purchase, the first one too;
        its mean is a / (a + b).
    """

    r: float
    alpha: float
    a: float
    b: float


@attrs.frozen(kw_only=True, repr=False)
class MBGNBD(PurchaseModel):
    """The modified BG/NBD model of repeat purchases, with its parameters.

    While alive, a customer buys at random at a rate of their own, gamma distributed over
    customers; after each purchase, the first one included, they drop out for good with a chance
    of their own, beta distributed. So a customer without repeat purchase may be dead, which
    `BGNBD` rules out. Time starts with the first purchase, which is not counted.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : MBGNBDParameters
        ``r``, ``alpha``, ``a``, ``b``.
    unit : {"hour", "day", "week"}
        The clock of the model. Every time it takes or gives is in this unit, or a timedelta.

    Notes
    -----
    The formulas are those of `BGNBD` with one more chance to drop out for everybody. The chance
    to be alive is ::

        1 / (1 + a / (b + x) ((alpha + T) / (alpha + t_x))^(r + x))

    and somebody new is alive after the first purchase with ``b / (a + b)`` only, which
    `new_customer` and `pmf` take into account. `posterior_rates` has ``purchase_rate`` (a time
    unit, while alive) and ``dropout_chance`` (after a purchase). Two papers found the model
    independently; BTYDplus and lifetimes have it, the central variant of Hoppe and Wagner is the
    same but for names.

    The log-likelihood is that of the times of the purchases on the clock of `unit`, as in
    `BGNBD`, and can be compared with that of `BGNBD` on the same summary.

    References
    ----------
    Batislam, E. P., Denizel, M. and Filiztekin, A. (2007). Empirical Validation and Comparison of
    Models for Customer Base Analysis. International Journal of Research in Marketing 24(3),
    201-209.

    Hoppe, D. and Wagner, U. (2007). Customer Base Analysis: The Case for a Central Variant of the
    Betageometric/NBD Model. Marketing Journal of Research and Management 3(2), 75-90.

    Examples
    --------
    Two customers of CDNOW in 1997, seen for 38.86 weeks; one bought again twice, the last time at
    week 30.43, the other never.

    >>> from customerops.metrics import MBGNBD, PurchaseSummary
    >>> model = MBGNBD.of(r=0.525, alpha=6.183, a=0.891, b=1.614, unit="week")
    >>> two = PurchaseSummary.from_arrays(
    ...     [2, 0], [3043, 0], [3886, 3886], unit="week", ticks_per_unit=100
    ... )
    >>> model.probability_alive(two).values.round(3).tolist()
    [0.706, 0.39]
    >>> model.expected_purchases(two, horizon=39).values.round(3).tolist()
    [1.263, 0.154]
    """

    PARAMETERS: ClassVar = MBGNBDParameters
    LIMITS: ClassVar = edges("first purchase")
    CONTAINS: ClassVar = {"NBD": "edge"}

    params: MBGNBDParameters
    unit: Unit
    evidence: Evidence | None = None
    model: Literal["MBGNBD"] = "MBGNBD"

    @classmethod
    def of(cls, *, r: float, alpha: float, a: float, b: float, unit: Unit = "week") -> Self:
        """Return the model with known parameters, positive all; alpha in `unit`."""
        return cls(params=MBGNBDParameters(r=r, alpha=alpha, a=a, b=b), unit=unit)

    @classmethod
    def _likelihood(cls, x: Ints, t_x: Vector, T: Vector, customers: Ints) -> Likelihood:
        return Likelihood.of(x, t_x, T, customers, start=1)

    def _log_alive(self, x: Ints, t_x: Vector, T: Vector) -> Vector:
        dead = log_odds_dead(attrs.astuple(self.params), x, t_x, T, start=1)
        alive: Vector = -np.logaddexp(0.0, dead)
        return alive

    def _dropout(self) -> Dropout:
        """Return the averages over the living, who have survived the first purchase."""
        p = self.params
        return Dropout(p.r, p.a, p.b + 1.0)

    def _log_surviving(self, x: Ints, T: Vector, later: float) -> Vector:
        return self._dropout().log_survival(x, later / (self.params.alpha + T))

    def _bought(self, x: Ints, T: Vector, within: Vector) -> Vector:
        s = (within[:, None] / (self.params.alpha + T)).ravel()
        bought = self._dropout().purchases(np.tile(x, len(within)), s)
        return bought.reshape(len(within), len(x))

    def _posterior(self, x: Ints, t_x: Vector, T: Vector) -> dict[str, Vector]:
        r, alpha, a, b = attrs.astuple(self.params)
        alive = np.exp(self._log_alive(x, t_x, T))
        living, dead = (r + x) / (alpha + T), (r + x) / (alpha + t_x)
        return {
            "purchase_rate": alive * living + (1 - alive) * dead,
            "dropout_chance": (a + 1 - alive) / (a + b + x + 1),
        }

    def _pmf(self, x: Ints, t: float) -> Vector:
        return pmf(attrs.astuple(self.params), x, t, start=1)

    def _simulated(self, T: Vector, later: float, rng: np.random.Generator) -> Simulated:
        r, alpha, a, b = attrs.astuple(self.params)
        rate = rng.gamma(r, 1.0 / alpha, len(T))
        last = chances_survived(rng.beta(a, b, len(T)), rng)
        return until_dropout(rate, last, T, later, rng)
