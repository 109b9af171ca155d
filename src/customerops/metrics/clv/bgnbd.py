"""BG/NBD: purchases at a rate of one's own, and a chance to drop out after each repeat one."""

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

__all__ = ["BGNBD", "BGNBDParameters"]


@attrs.frozen(kw_only=True)
class BGNBDParameters(Parameters):
    """Parameters of `BGNBD`.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the gamma distribution of purchase rates; alpha is a time, in the
        model's unit, and r / alpha the mean rate.
    a, b : float
        Of the beta distribution of the chance to drop out after a repeat purchase; its mean is
        a / (a + b).
    """

    r: float
    alpha: float
    a: float
    b: float


@attrs.frozen(kw_only=True, repr=False)
class BGNBD(PurchaseModel):
    """The BG/NBD model of repeat purchases, with its parameters.

    While alive, a customer buys at random at a rate of their own, gamma distributed over
    customers; after each repeat purchase they drop out for good with a chance of their own, beta
    distributed. Time starts with the first purchase, which is not counted.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : BGNBDParameters
        ``r``, ``alpha``, ``a``, ``b``.
    unit : {"hour", "day", "week"}
        The clock of the model. Every time it takes or gives is in this unit, or a timedelta.

    Notes
    -----
    From the papers below: the chance to be alive is, for x > 0::

        1 / (1 + a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r + x))

    (2008) and 1 for x = 0; expected purchases are equation 10 of 2005, taken as an average over
    the chance to drop out; those of a new customer equation 9; `pmf` equation 8, whose sum is a
    regularised incomplete beta function. `posterior_rates` has ``purchase_rate`` (a time unit,
    while alive) and ``dropout_chance`` (after a purchase).

    The log-likelihood is that of the times of the purchases on the clock of `unit`: fitted in days
    it is lower than in weeks by log 7 for every repeat purchase, and alpha is 7 times as large;
    no prediction changes. A customer without repeat purchase is alive with certainty, because the
    model lets nobody drop out before the first one: for many one-time buyers that is too kind.

    References
    ----------
    Fader, P., Hardie, B. and Lee, K. L. (2005). "Counting Your Customers" the Easy Way: An
    Alternative to the Pareto/NBD Model. Marketing Science 24(2), 275-284.

    Fader, P., Hardie, B. and Lee, K. L. (2008). Computing P(alive) Using the BG/NBD Model.
    http://www.brucehardie.com/notes/021/

    Examples
    --------
    Customer 0001 of CDNOW in 1997: 2 repeat purchases, the last at week 30.43, seen for 38.86
    weeks, is expected to make 1.226 purchases in the next 39 (Fader, Hardie and Lee 2005).

    >>> from customerops.metrics import BGNBD, PurchaseSummary
    >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
    >>> one = PurchaseSummary.from_arrays([2], [3043], [3886], unit="week", ticks_per_unit=100)
    >>> round(model.expected_purchases(one, horizon=39).total, 3)
    1.226
    """

    PARAMETERS: ClassVar = BGNBDParameters
    LIMITS: ClassVar = edges("first repeat purchase")
    CONTAINS: ClassVar = {"NBD": "edge"}

    params: BGNBDParameters
    unit: Unit
    evidence: Evidence | None = None
    model: Literal["BGNBD"] = "BGNBD"

    @classmethod
    def of(cls, *, r: float, alpha: float, a: float, b: float, unit: Unit = "week") -> Self:
        """Return the model with known parameters, positive all; alpha in `unit`."""
        return cls(params=BGNBDParameters(r=r, alpha=alpha, a=a, b=b), unit=unit)

    @classmethod
    def _likelihood(cls, x: Ints, t_x: Vector, T: Vector, customers: Ints) -> Likelihood:
        return Likelihood.of(x, t_x, T, customers)

    def _log_alive(self, x: Ints, t_x: Vector, T: Vector) -> Vector:
        alive, again = np.zeros(len(x)), np.flatnonzero(x)
        dead = log_odds_dead(attrs.astuple(self.params), x[again], t_x[again], T[again])
        alive[again] = -np.maximum(dead, 0.0) - np.log1p(np.exp(-np.abs(dead)))
        return alive

    def _log_surviving(self, x: Ints, T: Vector, later: float) -> Vector:
        p = self.params
        return Dropout(p.r, p.a, p.b).log_survival(x, later / (p.alpha + T))

    def _bought(self, x: Ints, T: Vector, within: Vector) -> Vector:
        p = self.params
        s = (within[:, None] / (p.alpha + T)).ravel()
        bought = Dropout(p.r, p.a, p.b).purchases(np.tile(x, len(within)), s)
        return bought.reshape(len(within), len(x))

    def _posterior(self, x: Ints, t_x: Vector, T: Vector) -> dict[str, Vector]:
        r, alpha, a, b = attrs.astuple(self.params)
        alive = np.exp(self._log_alive(x, t_x, T))
        living, dead = (r + x) / (alpha + T), (r + x) / (alpha + t_x)
        return {
            "purchase_rate": alive * living + (1 - alive) * dead,
            "dropout_chance": (a + 1 - alive) / (a + b + x),
        }

    def _pmf(self, x: Ints, t: float) -> Vector:
        return pmf(attrs.astuple(self.params), x, t)

    def _simulated(self, T: Vector, later: float, rng: np.random.Generator) -> Simulated:
        r, alpha, a, b = attrs.astuple(self.params)
        rate = rng.gamma(r, 1.0 / alpha, len(T))
        last = 1.0 + chances_survived(rng.beta(a, b, len(T)), rng)
        return until_dropout(rate, last, T, later, rng)
