"""Beta-discrete-Weibull: as the shifted beta-geometric, with chances that change with tenure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self, cast

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.clv.contract_kernel import BdWLikelihood
from customerops.metrics.clv.contractual import ContractModel, OfCounts
from customerops.metrics.clv.estimation import Evidence, Limit, LogNormal
from customerops.metrics.clv.fitted import Fitted, Parameters
from customerops.metrics.clv.nested import LikelihoodRatio
from customerops.metrics.shared.terms import Term

__all__ = ["BdW", "BdWParameters"]

_RISES = "c grows without bound: a customer leaves at the first renewal, or soon after another"
_FALLS = "c tends to 0: a customer leaves at the first renewal or never"


@attrs.frozen(kw_only=True)
class BdWParameters(Parameters):
    """Parameters of `BdW`.

    Attributes
    ----------
    alpha, beta : float
        Of the beta distribution of the chance to leave at the first renewal; its mean is alpha /
        (alpha + beta).
    c : float
        How the chance of one customer changes: it rises with tenure above 1, falls below, and
        never changes at 1.
    """

    alpha: float
    beta: float
    c: float


@attrs.frozen(kw_only=True, repr=False)
class BdW(ContractModel):
    """The beta-discrete-Weibull model of contracts, with its parameters.

    Of customers with the chance p to leave at the first renewal, ``(1 - p) ** (t ** c)`` make t
    renewals or more; chances are beta distributed over customers. With c = 1 it is `SBG`.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : BdWParameters
        ``alpha``, ``beta``, ``c``; the paper calls the first two gamma and delta.
    term : tuple of (int, {"day", "week", "month", "year"}), or None
        How long a contract runs before it is renewed.

    Notes
    -----
    The share that renews is ``B(alpha, beta + t^c) / B(alpha, beta + (t - 1)^c)``. Three
    parameters need more than three renewals, and customers enough that c can be told from how much
    they differ: the two bend the curve in much the same way.

    References
    ----------
    Fader, P., Hardie, B., Liu, Y., Davin, J. and Steenburgh, T. (2018). "How to Project Customer
    Retention" Revisited: The Role of Duration Dependence. Journal of Interactive Marketing 43,
    1-16.

    Examples
    --------
    The "high end" customers of the paper, over the first four renewals: they differ more than the
    simpler model says, and each of them is more likely to leave as time goes on.

    >>> from customerops.metrics import SBG, BdW, RenewalSummary, fit
    >>> years = RenewalSummary.from_survivors([1000, 869, 743, 653, 593], term=(1, "year"))
    >>> model = fit(BdW, years)
    >>> print(f"{model.params.alpha:.3f} {model.params.beta:.3f} {model.params.c:.3f}")
    0.259 1.723 1.584
    >>> print((1000 * model.survival([8, 12])).round().tolist())  # 468 and 394 came
    [457.0, 389.0]
    >>> print(f"{model.likelihood_ratio_test(fit(SBG, years)).p_value:.3f}")
    0.029
    """

    PARAMETERS: ClassVar[type[Parameters]] = BdWParameters
    CONTAINS: ClassVar = {"SBG": "inside"}
    LIKELIHOOD: ClassVar[OfCounts] = BdWLikelihood
    LIMITS: ClassVar[tuple[Limit, ...]] = (
        ({"alpha": 1, "beta": 1}, "alpha and beta grow without bound: all customers are alike"),
        ({"alpha": -1, "beta": -1}, "alpha and beta tend to 0: a customer leaves at the first renewal or never"),
        ({"alpha": 1, "beta": -1}, "alpha grows and beta tends to 0: everybody leaves at the first renewal"),
        ({"alpha": 1}, "alpha grows without bound: everybody leaves at the first renewal"),
        ({"beta": -1}, "beta tends to 0: everybody leaves at the first renewal"),
        ({"alpha": -1}, "alpha tends to 0: most customers never leave"),
        ({"beta": 1}, "beta grows without bound: hardly anybody leaves at the first renewal"),
    )  # fmt: skip

    params: BdWParameters
    term: Term | None = None
    evidence: Evidence | None = None
    model: Literal["BdW"] = "BdW"

    @classmethod
    def of(cls, *, alpha: float, beta: float, c: float, term: Term | None = None) -> Self:
        """Return the model with known parameters, positive all."""
        return cls(params=BdWParameters(alpha=alpha, beta=beta, c=c), term=term)

    @classmethod
    def _fit(cls, summary: Any, prior: Sequence[LogNormal] = ()) -> Self:
        fitted = super()._fit(summary, prior)
        known, log_c = fitted.evidence, float(np.log(fitted.params.c))
        assert known is not None
        kept, lost = summary.pooled()
        if abs(log_c) < cls.LIKELIHOOD.of(kept, lost).bounds()[2] - 1e-6:
            return fitted
        notes = (_RISES if log_c > 0 else _FALLS, *known.notes)
        worse = "degenerate" if known.status == "degenerate" else "boundary"
        edge = attrs.evolve(known, status=cast("Any", worse), notes=notes, log_covariance=None)
        return attrs.evolve(fitted, evidence=edge)

    def expected_lifetime(self) -> float:
        """Return how many terms a new customer is expected to pay for, the first among them.

        Raises
        ------
        InvalidInputError
            If alpha times c is at most 1: the mean is then infinite. A discounted lifetime, or
            survival to a horizon, is not.

        Notes
        -----
        The sum of survival over all renewals from 0 on; far out it falls like the power ``alpha
        c`` of time.
        """
        alpha, _, c = self._shape
        if alpha * c <= 1:
            problem = f"got {alpha * c:.4g}"
            raise InvalidInputError(
                "alpha c", "must be above 1 for a finite expected lifetime", problem
            )
        return self._annuity(0.0, 0.0)

    def likelihood_ratio_test(
        self,
        other: Fitted,
        *,
        summary: Any = None,
        rng: np.random.Generator | None = None,
        repeats: int = 199,
    ) -> LikelihoodRatio:
        """Test whether the chance to leave changes with tenure: c = 1 against any c.

        Parameters
        ----------
        other : SBG
            Fitted to the same customers.
        summary, rng, repeats
            Not needed: the smaller model lies inside this one.

        Returns
        -------
        LikelihoodRatio
            A small p-value speaks for a change.

        Raises
        ------
        InvalidInputError
            If they were not fitted to the same data without a prior, or one is not a regular fit:
            at an edge of the parameters the statistic has another distribution.
        """
        for name, model in (("other", other), ("self", self)):
            if isinstance(model, ContractModel) and model.status not in ("regular", "given"):
                problem = f"it is {model.status}; compare aic"
                raise InvalidInputError(name, "must be a regular fit to be tested", problem)
        return super().likelihood_ratio_test(other, summary=summary, rng=rng, repeats=repeats)

    @property
    def _shape(self) -> tuple[float, float, float]:
        return self.params.alpha, self.params.beta, self.params.c

    def _remarks(self) -> tuple[str, ...]:
        endless = "alpha c is at most 1: the expected lifetime is infinite"
        return (endless,) if self.params.alpha * self.params.c <= 1 else ()
