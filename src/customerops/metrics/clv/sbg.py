"""Shifted beta-geometric: a contract is not renewed with a chance that never changes."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.metrics.clv.contract_kernel import SBGLikelihood
from customerops.metrics.clv.contractual import ContractModel, OfCounts
from customerops.metrics.clv.estimation import Evidence, Limit
from customerops.metrics.clv.fitted import Parameters
from customerops.metrics.shared.terms import Term

__all__ = ["SBG", "SBGParameters"]


@attrs.frozen(kw_only=True)
class SBGParameters(Parameters):
    """Parameters of `SBG`.

    Attributes
    ----------
    alpha, beta : float
        Of the beta distribution of the chance to leave at a renewal; its mean, alpha / (alpha +
        beta), is the churn at the first one.
    """

    alpha: float
    beta: float


@attrs.frozen(kw_only=True, repr=False)
class SBG(ContractModel):
    """The shifted beta-geometric model of contracts, with its parameters.

    At each renewal a customer leaves for good with a chance of their own, which never changes;
    chances are beta distributed over customers.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : SBGParameters
        ``alpha``, ``beta``.
    term : tuple of (int, {"day", "week", "month", "year"}), or None
        How long a contract runs before it is renewed.

    Notes
    -----
    The share that renews at t is ``(beta + t - 1) / (alpha + beta + t - 1)``: it rises, because
    those who are quick to leave have left. Nobody becomes more loyal.

    References
    ----------
    Fader, P. and Hardie, B. (2007). How to Project Customer Retention. Journal of Interactive
    Marketing 21(1), 76-90. Fader, P. and Hardie, B. (2010). Customer-Base Valuation in a
    Contractual Setting: The Perils of Ignoring Heterogeneity. Marketing Science 29(1), 85-93.

    Examples
    --------
    The "high end" customers of the paper, over seven years:

    >>> from customerops.metrics import SBG, RenewalSummary, fit
    >>> years = RenewalSummary.from_survivors(
    ...     [1000, 869, 743, 653, 593, 551, 517, 491], term=(1, "year")
    ... )
    >>> model = fit(SBG, years)
    >>> print(f"{model.params.alpha:.3f} {model.params.beta:.3f}")
    0.668 3.806
    >>> print((1000 * model.survival([8, 12])).round().tolist())  # 468 and 394 came
    [460.0, 378.0]
    >>> round(model.discounted_lifetime(discount=0.1), 2)
    5.92
    """

    PARAMETERS: ClassVar[type[Parameters]] = SBGParameters
    LIKELIHOOD: ClassVar[OfCounts] = SBGLikelihood
    LIMITS: ClassVar[tuple[Limit, ...]] = (
        ({"alpha": 1, "beta": 1}, "alpha and beta grow without bound: the chance to leave is the same for all"),
        ({"alpha": -1, "beta": -1}, "alpha and beta tend to 0: a customer leaves at the first renewal or never"),
        ({"alpha": 1, "beta": -1}, "alpha grows and beta tends to 0: everybody leaves at the first renewal"),
        ({"alpha": 1}, "alpha grows without bound: everybody leaves at the first renewal"),
        ({"beta": -1}, "beta tends to 0: everybody leaves at the first renewal"),
        ({"alpha": -1}, "alpha tends to 0: hardly anybody leaves"),
        ({"beta": 1}, "beta grows without bound: hardly anybody leaves"),
    )  # fmt: skip

    params: SBGParameters
    term: Term | None = None
    evidence: Evidence | None = None
    model: Literal["SBG"] = "SBG"

    @classmethod
    def of(cls, *, alpha: float, beta: float, term: Term | None = None) -> Self:
        """Return the model with known parameters, positive both."""
        return cls(params=SBGParameters(alpha=alpha, beta=beta), term=term)

    @property
    def _shape(self) -> tuple[float, float, float]:
        return self.params.alpha, self.params.beta, 1.0

    def _remarks(self) -> tuple[str, ...]:
        endless = "alpha is at most 1: the expected lifetime is infinite"
        return (endless,) if self.params.alpha <= 1 else ()

    def expected_lifetime(self) -> float:
        """Return how many terms a new customer is expected to pay for, the first among them.

        Raises
        ------
        InvalidInputError
            If alpha is at most 1: there are then so many who hardly ever leave that the mean is
            infinite. A discounted lifetime, or survival to a horizon, is not.

        Notes
        -----
        ``(alpha + beta - 1) / (alpha - 1)``.

        Examples
        --------
        >>> from customerops.metrics import SBG
        >>> SBG.of(alpha=3, beta=5).expected_lifetime()
        3.5
        """
        alpha, beta, _ = self._shape
        if alpha <= 1:
            raise InvalidInputError(
                "alpha", "must be above 1 for a finite expected lifetime", f"got {alpha:.4g}"
            )
        return (alpha + beta - 1.0) / (alpha - 1.0)
