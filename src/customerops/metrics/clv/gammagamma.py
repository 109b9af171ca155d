"""Gamma-Gamma: what customers spend on an occasion, shrunk towards what all of them spend."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics.clv.distinct import counted
from customerops.metrics.clv.estimation import Evidence, Limit, Problem, fingerprint
from customerops.metrics.clv.fitted import Fitted, Parameters
from customerops.metrics.clv.gammagamma_kernel import Likelihood
from customerops.metrics.clv.predicted import Predicted
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.model.values.checks import came
from customerops.model.values.money import decimals_of

__all__ = ["GammaGamma", "GammaGammaParameters"]

SEARCHED = 2_000  # rows among which the maximum is searched before all are read
LIMITS: tuple[Limit, ...] = (
    ({"p": 1}, "p grows without bound: a customer spends the same on every occasion"),
    ({"q": 1}, "q and gamma grow without bound: all customers spend the same on average"),
    ({"p": -1}, "p tends to 0: one occasion in a while makes up nearly all of the spend"),
    ({"q": -1}, "q tends to 0: the average spend of customers has no scale"),
)


@attrs.frozen(kw_only=True)
class GammaGammaParameters(Parameters):
    """Parameters of `GammaGamma`.

    Attributes
    ----------
    p : float
        Shape of the gamma distribution of one customer's spends.
    q, gamma : float
        Shape and rate of the gamma distribution of the customers' own rates; gamma is an amount,
        in major units of the currency.
    """

    p: float
    q: float
    gamma: float


@attrs.frozen(kw_only=True, repr=False)
class GammaGamma(Fitted):
    """The Gamma-Gamma model of spend per occasion, with its parameters.

    A customer's spends vary about a mean of their own, gamma distributed; the means vary over
    customers so that the average of all is ``p gamma / (q - 1)``. Spend and frequency are taken to
    be independent.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : GammaGammaParameters
        ``p``, ``q``, ``gamma``.
    currency : str or None
        ISO 4217 code of amounts; None for amounts without one.

    Notes
    -----
    It is fitted to the mean spend over *repeat* occasions of the customers that have any; the
    log-likelihood is on the scale of one major unit (1.00, not one cent) of the currency. A
    customer without a repeat occasion gets the mean of the population, which may be more than
    what a light buyer with a modest record gets. Where refunds leave a customer no positive
    spend, the model has nothing to say about the record: the fit sets it aside and says how many,
    and the customer too gets the mean of the population.

    References
    ----------
    Fader, P. and Hardie, B. (2013). The Gamma-Gamma Model of Monetary Value.
    http://www.brucehardie.com/notes/025/

    Examples
    --------
    The parameters of CDNOW in the note; a customer with 2 repeat purchases of 22.35 on average.

    >>> from customerops.metrics import GammaGamma, PurchaseSummary
    >>> spend = GammaGamma.of(p=6.25, q=3.74, gamma=15.44)
    >>> round(spend.population_mean(), 2)
    35.22
    >>> one = PurchaseSummary.from_arrays([2], [213], [272], spend=[4470])
    >>> spend.mean_spend(one).values.round(2).tolist()
    [24.66]
    """

    PARAMETERS: ClassVar = GammaGammaParameters
    OBSERVED: ClassVar = "mean spends"

    params: GammaGammaParameters
    currency: str | None = None
    evidence: Evidence | None = None
    model: Literal["GammaGamma"] = "GammaGamma"

    def _check(self) -> None:
        if self.currency is not None:
            decimals_of(self.currency)

    @classmethod
    def of(cls, *, p: float, q: float, gamma: float, currency: str | None = None) -> Self:
        """Return the model with known parameters, positive all; gamma in major units.

        Raises
        ------
        InvalidInputError
            If a parameter is not positive, or the currency is no ISO 4217 code.
        """
        return cls(params=GammaGammaParameters(p=p, q=q, gamma=gamma), currency=currency)

    @classmethod
    def _problem(cls, summary: PurchaseSummary) -> Problem:
        _check_kind(summary)
        again = summary.priced > 0
        usable = again & (summary.spend > 0)
        columns = (summary.priced[usable], summary.spend[usable])
        (x, spend), customers = counted(columns, summary.weights[usable])
        if len(x) == 0:
            raise ConvergenceError(
                "no customer has a repeat purchase with a positive amount: was the log, or the "
                "summary, made with amounts?"
            )
        if (spend[0] * x == spend * x[0]).all():
            raise ConvergenceError(
                "every customer spends the same on average, so there is no spread to fit: that "
                "amount is the expected spend"
            )
        n, aside = int(customers.sum()), int(summary.weights[again & ~usable].sum())
        said = f"{aside} of {n + aside} customers with repeat purchases were set aside: "
        major = spend / summary.minor_units

        def likelihood(rows: slice) -> Likelihood:
            return Likelihood.of(x[rows], major[rows], customers[rows])

        step = len(x) // SEARCHED if len(x) > 4 * SEARCHED else None
        currency = summary.context.currency
        return Problem(
            likelihood=likelihood(slice(None)),
            coarse=likelihood(slice(None, None, step)) if step else None,
            limits=LIMITS,
            customers=n,
            histories=len(x),
            data=fingerprint(x, spend, customers, scale=(currency, summary.minor_units)),
            fields={"currency": currency},
            notes=(said + "their spend is not positive",) if aside else (),
        )

    def _remarks(self) -> tuple[str, ...]:
        heavy = "q is at most 1: the population has no mean spend"
        return (heavy,) if self.params.q <= 1 else ()

    def _scale(self) -> str:
        return "no currency" if self.currency is None else f"currency {self.currency}"

    def population_mean(self) -> float:
        """Return the mean spend of an occasion over all customers, in major units.

        Raises
        ------
        InvalidInputError
            If q is at most 1: the distribution of mean spends then has no mean.

        Notes
        -----
        ``p gamma / (q - 1)``: note 025, equation 3.
        """
        p, q, gamma = attrs.astuple(self.params)
        if q <= 1:
            problem = "the distribution of mean spends has none, its tail is too heavy"
            raise InvalidInputError("q", "must be above 1 for a mean of the population", problem)
        return float(p * gamma / (q - 1.0))

    def mean_spend(self, summary: PurchaseSummary) -> Predicted:
        """Return what each customer is expected to spend on an occasion, given the record.

        Parameters
        ----------
        summary : PurchaseSummary
            With spends.

        Returns
        -------
        Predicted
            Column ``mean_spend``, in major units of the currency.

        Raises
        ------
        InvalidInputError
            If the summary is in another currency, or in none and its minor units are not those
            of the model's, or a customer has no expectation because ``p x + q <= 1``.

        Notes
        -----
        ``p (gamma + x m) / (p x + q - 1)`` (note 025, equation 5), a mean of the customer's own
        mean spend and that of the population, weighted by ``p x`` and ``q - 1``; x counts the
        repeat occasions with an amount. Who has none of them, or whose spend on them together is
        not positive, gets the mean of the population: amounts are positive in the model, so that
        such a record tells it nothing.
        """
        return Predicted.of(summary, {"mean_spend": self._mean_spend(summary)})

    def _mean_spend(self, summary: PurchaseSummary) -> NDArray[np.float64]:
        self._check_currency(summary)
        p, q, gamma = attrs.astuple(self.params)
        known = summary.spend > 0
        x, spend = np.where(known, summary.priced, 0), np.where(known, summary.spend, 0)
        below = p * x + q - 1.0
        none = below <= 0
        if none.any():
            raise InvalidInputError(
                "q",
                "must be above 1 for customers without repeat purchases to have a mean spend",
                f"{int(none.sum())} of {len(none)} customers have none",
            )
        mean: NDArray[np.float64] = p * (gamma + spend / summary.minor_units) / below
        return mean

    def _check_currency(self, summary: PurchaseSummary) -> None:
        _check_kind(summary)
        ours, theirs = self.currency, summary.context.currency
        if ours is None or theirs == ours:
            return
        if theirs is not None:
            problem = f"got {theirs}"
        elif summary.minor_units != 10 ** decimals_of(ours) and summary.spend.any():
            problem = f"it has none, and {summary.minor_units} minor units in a major one"
        else:
            return
        raise InvalidInputError("summary.currency", f"must be that of the model, {ours}", problem)


def _check_kind(summary: object) -> None:
    if not isinstance(summary, PurchaseSummary):
        raise InvalidInputError("summary", "must be a PurchaseSummary", came(summary))
