"""Pareto/NBD: purchases at a rate of one's own, until a death at a rate of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self, cast

import attrs
import numpy as np

from customerops.metrics.clv.deaths import Four
from customerops.metrics.clv.estimation import Evidence, Limit, LogNormal, Problem
from customerops.metrics.clv.fitted import Parameters
from customerops.metrics.clv.pareto_kernel import Likelihood, log_alive, mean_rates
from customerops.metrics.clv.pareto_pmf import chances
from customerops.metrics.clv.purchase_model import Ints, PurchaseModel, Simulated, Vector
from customerops.metrics.shared.units import Unit
from customerops.model.values import exact

__all__ = ["ParetoNBD", "ParetoNBDParameters"]

SEARCHED = 2_000  # histories among which the maximum is searched before all are read
AT_ONCE = 1e-8  # of a mean age: a beta below it may as well be 0
HARDLY = 1e-3  # share of customers lost within a mean age that may as well be 0

_ONCE = "s tends to 0: customers drop out at once, if at all, and the others never"
LIMITS: tuple[Limit, ...] = (
    ({"s": 1}, "s and beta grow without bound: all customers drop out at the same rate"),
    ({"s": -1}, _ONCE),
    ({"r": 1}, "r and alpha grow without bound: all customers buy at the same rate"),
    ({"r": -1}, "r tends to 0: a vanishing share of the customers buys again at all"),
)


@attrs.frozen(kw_only=True)
class ParetoNBDParameters(Parameters):
    """Parameters of `ParetoNBD`.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the gamma distribution of purchase rates; alpha is a time, in the
        model's unit, and r / alpha the mean rate.
    s, beta : float
        Of the gamma distribution of dropout rates; beta is a time too, and s / beta the mean rate.
    """

    r: float
    alpha: float
    s: float
    beta: float


@attrs.frozen(kw_only=True, repr=False)
class ParetoNBD(PurchaseModel):
    """The Pareto/NBD model of repeat purchases, with its parameters.

    While alive, a customer buys at random at a rate of their own, gamma distributed over
    customers; at any time they may drop out for good, at another rate of their own, gamma
    distributed too and independent of the first. Time starts with the first purchase, which is not
    counted.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : ParetoNBDParameters
        ``r``, ``alpha``, ``s``, ``beta``.
    unit : {"hour", "day", "week"}
        The clock of the model. Every time it takes or gives is in this unit, or a timedelta.

    Notes
    -----
    Unlike in the BG/NBD, customers without a repeat purchase may be lost. The literature has
    Gauss's 2F1 in likelihood and chance to be alive (2005b, equations 18 to 20); here the integral
    over the unseen time of death is taken itself, which is as good for heavy buyers and for those
    who bought just now. Who is alive at T buys within t ::

        (r + x) (beta + T) / ((alpha + T) (s - 1)) (1 - ((beta + T) / (beta + T + t))^(s - 1))

    on average (2005b, equation 41), at s = 1 its limit, and survives t with the chance
    ``((beta + T) / (beta + T + t))^s``. `expected_residual_transactions` equals the closed form in
    Tricomi's U of 2005c. `pmf` is that of Fader and Hardie (2006). `posterior_rates` has
    ``purchase_rate`` (a time unit, while alive) and ``dropout_rate``.

    The log-likelihood is that of the times of the purchases on the clock of `unit`: fitted in days
    it is lower than in weeks by log 7 for every repeat purchase, and alpha and beta are 7 times as
    large; no prediction changes.

    References
    ----------
    Schmittlein, D., Morrison, D. and Colombo, R. (1987). Counting Your Customers: Who Are They and
    What Will They Do Next? Management Science 33(1), 1-24.

    Fader, P., Hardie, B. and Lee, K. L. (2005a). "Counting Your Customers" the Easy Way: An
    Alternative to the Pareto/NBD Model. Marketing Science 24(2), 275-284.

    Fader, P. and Hardie, B. (2005b). A Note on Deriving the Pareto/NBD Model and Related
    Expressions. http://www.brucehardie.com/notes/009/

    Fader, P., Hardie, B. and Lee, K. L. (2005c). RFM and CLV: Using Iso-Value Curves for Customer
    Base Analysis. Journal of Marketing Research 42(4), 415-430.

    Fader, P. and Hardie, B. (2006). Deriving an Expression for P(X(t) = x) Under the Pareto/NBD
    Model. http://www.brucehardie.com/notes/012/

    Examples
    --------
    The parameters of CDNOW (2005a, table 2). Who bought last half a year ago may well be lost, and
    sooner so if they had bought often.

    >>> from customerops.metrics import ParetoNBD, PurchaseSummary
    >>> model = ParetoNBD.of(r=0.553, alpha=10.578, s=0.606, beta=11.669, unit="week")
    >>> some = PurchaseSummary.from_arrays([2, 8, 8], [90, 90, 270], [272, 272, 272])
    >>> model.probability_alive(some).values.round(3).tolist()
    [0.363, 0.017, 0.996]
    """

    PARAMETERS: ClassVar = ParetoNBDParameters
    LIMITS: ClassVar = LIMITS
    CONTAINS: ClassVar = {"NBD": "edge"}

    params: ParetoNBDParameters
    unit: Unit
    evidence: Evidence | None = None
    model: Literal["ParetoNBD"] = "ParetoNBD"

    @classmethod
    def of(cls, *, r: float, alpha: float, s: float, beta: float, unit: Unit = "week") -> Self:
        """Return the model with known parameters, positive all; alpha and beta in `unit`."""
        return cls(params=ParetoNBDParameters(r=r, alpha=alpha, s=s, beta=beta), unit=unit)

    @classmethod
    def _likelihood(cls, x: Ints, t_x: Vector, T: Vector, customers: Ints) -> Likelihood:
        return Likelihood.of(x, t_x, T, customers)

    @classmethod
    def _fit(cls, summary: Any, prior: Sequence[LogNormal] = ()) -> Self:
        model = super()._fit(summary, prior)
        ticks = exact.group_dot(None, summary.T, summary.weights, 1)[0]
        age = float(ticks / summary.weights.sum() / summary.ticks_per_unit)
        return attrs.evolve(model, evidence=_with_edges(model, age))

    @classmethod
    def _problem(cls, summary: Any) -> Problem:
        """Search among fewer histories than other models do: each costs many nodes."""
        problem = super()._problem(summary)
        step = problem.histories // SEARCHED
        coarse = cast("Likelihood", problem.likelihood).every(step) if step >= 4 else None
        return attrs.evolve(problem, coarse=coarse)

    @property
    def _numbers(self) -> Four:
        p = self.params
        return p.r, p.alpha, p.s, p.beta

    def _log_alive(self, x: Ints, t_x: Vector, T: Vector) -> Vector:
        return log_alive(self._numbers, x.astype(np.float64), t_x, T)

    def _log_surviving(self, x: Ints, T: Vector, later: float) -> Vector:
        p = self.params
        share: Vector = -p.s * np.log1p(later / (p.beta + T))
        return share

    def _bought(self, x: Ints, T: Vector, within: Vector) -> Vector:
        from scipy.special import exprel

        p = self.params
        ages = np.log1p(within[:, None] / (p.beta + T))
        # (1 - e^-((s - 1) ages)) / (s - 1), whatever s
        bought: Vector = (p.r + x) * (p.beta + T) / (p.alpha + T) * ages * exprel((1 - p.s) * ages)
        return bought

    def _posterior(self, x: Ints, t_x: Vector, T: Vector) -> dict[str, Vector]:
        purchases, death = mean_rates(self._numbers, x.astype(np.float64), t_x, T)
        return {"purchase_rate": purchases, "dropout_rate": death}

    def _pmf(self, x: Ints, t: float) -> Vector:
        if t == 0:
            return np.where(x == 0, 1.0, 0.0)
        return chances(self._numbers, x.ravel(), t).reshape(x.shape)

    def _simulated(self, T: Vector, later: float, rng: np.random.Generator) -> Simulated:
        p = self.params
        rate = rng.gamma(p.r, 1.0 / p.alpha, len(T))
        with np.errstate(divide="ignore"):  # a rate so small that it is 0 lets nobody die
            death = rng.standard_exponential(len(T)) / rng.gamma(p.s, 1.0 / p.beta, len(T))
        lived = np.minimum(T, death)
        x = rng.poisson(rate * lived)
        last = np.where(x > 0, lived * rng.random(len(T)) ** (1.0 / np.maximum(x, 1)), 0.0)
        held = rng.poisson(rate * np.clip(death - T, 0.0, later))
        return x.astype(np.int64), last, held.astype(np.int64)


def _with_edges(model: ParetoNBD, age: float) -> Evidence | None:
    """Name the edges that show in beta; how large it is says something beside the mean age only."""
    known, p = model.evidence, model.params
    if known is None or known.status == "degenerate":
        return known
    lost = -np.expm1(-p.s * np.log1p(age / p.beta))
    if p.beta < AT_ONCE * age:
        said = _ONCE
    elif known.status != "regular" and lost < HARDLY:
        said = "hardly anybody seems to drop out, and the NBD says as much"
    else:
        return known
    others = (note for note in known.notes if note != _ONCE and "hardly determine" not in note)
    return attrs.evolve(known, status="boundary", log_covariance=None, notes=(said, *others))
