"""What the models of contracts answer: who renews, for how long, and what that is worth now."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Protocol

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics.clv.annuities import annuity
from customerops.metrics.clv.contract_kernel import (
    FAR,
    log_survival,
    log_survival_slopes,
    renewed,
    steps,
)
from customerops.metrics.clv.discounting import yearly_rate
from customerops.metrics.clv.estimation import Likelihood, Limit, Problem, fingerprint
from customerops.metrics.clv.fitted import Fitted
from customerops.metrics.clv.survivors import RenewalSummary
from customerops.metrics.shared.terms import Term, as_term, years_of
from customerops.model.tables.intervals import normal
from customerops.model.values.checks import came, one_of

__all__ = ["ContractModel"]

Vector = NDArray[np.float64]
Bounds = tuple[Vector, Vector]
When = Literal["before_renewal", "after_renewal"]

MOST = 2**53  # renewals: more are not told apart
_DIGITS = 1e20  # where one is lost in what is so much larger
_WHEN = ("before_renewal", "after_renewal")


class OfCounts(Protocol):
    """A likelihood that is made of counts by renewals."""

    def of(self, kept: NDArray[np.int64], lost: NDArray[np.int64]) -> Likelihood:
        """Return it of customers still there, and lost."""


@attrs.frozen(kw_only=True, repr=False)
class ContractModel(Fitted):
    """A model of contracts: when one is up for renewal, the customer stays, or leaves for good.

    Each customer leaves with a chance of their own, beta distributed over customers with `alpha`
    and `beta`. ``survival(t)`` is ``B(alpha, beta + t ** c) / B(alpha, beta)``.

    Attributes
    ----------
    term : tuple of (int, {"day", "week", "month", "year"}), or None
        How long a contract runs before it is renewed; needed to discount by the year.
    """

    OBSERVED: ClassVar[str] = "renewals"
    LIKELIHOOD: ClassVar[OfCounts]
    LIMITS: ClassVar[Sequence[Limit]]

    term: Term | None = None

    # ------------------------------------------------------------------ the curve

    def survival(self, t: ArrayLike) -> Vector:
        """Return the share of customers who make t renewals or more.

        Parameters
        ----------
        t : int or array of int
            Renewals; 0 for the start.

        Returns
        -------
        ndarray of float
            Of the shape of `t`.

        Raises
        ------
        InvalidInputError
            If they are not whole numbers, or negative.
        """
        return np.exp(self._log_survival(_log(_whole("t", t))))

    def retention_rate(self, t: ArrayLike) -> Vector:
        """Return the share who make renewal t among those who made all before.

        Parameters
        ----------
        t : int or array of int
            Which renewal: 1 is the first.

        Returns
        -------
        ndarray of float
            Of the shape of `t`.

        Raises
        ------
        InvalidInputError
            If they are not whole numbers, or below 1.
        """
        return np.exp(self._log_retention(_whole("t", t, least=1)))

    def survival_interval(self, t: ArrayLike, *, confidence: float = 0.95) -> Bounds:
        """Return a confidence interval of `survival`; NaN unless the fit is regular.

        Parameters
        ----------
        t : int or array of int
            Renewals.
        confidence : float
            The coverage aimed at, at any one of them.

        Notes
        -----
        By the delta method on the scale of ``log(-log S)``. It has the doubt about the
        parameters, not the luck of the customers to come.
        """
        at = _whole("t", t)
        low, high = self._bounds(at.ravel(), None, confidence)
        return low.reshape(at.shape), high.reshape(at.shape)

    def retention_interval(self, t: ArrayLike, *, confidence: float = 0.95) -> Bounds:
        """Return a confidence interval of `retention_rate`; NaN unless the fit is regular.

        Parameters
        ----------
        t : int or array of int
            Which renewals.
        confidence : float
            The coverage aimed at, at any one of them.

        Notes
        -----
        By the delta method on the scale of the log-odds of staying.
        """
        at = _whole("t", t, least=1)
        low, high = self._bounds(at.ravel(), at.ravel() - 1.0, confidence)
        return low.reshape(at.shape), high.reshape(at.shape)

    # ------------------------------------------------------------------ how long

    @abstractmethod
    def expected_lifetime(self) -> float:
        """Return how many terms a new customer is expected to pay for, the first among them."""

    def discounted_lifetime(
        self, *, discount: float | None = None, continuous: float | None = None
    ) -> float:
        """Return how many terms a new customer is expected to pay for, discounted (DEL).

        Parameters
        ----------
        discount : float, optional
            Effective rate a year: 0.1 makes 1.00 in a year worth 1 / 1.1 now.
        continuous : float, optional
            In its place, a rate a year that is compounded continuously.

        Returns
        -------
        float
            In payments of one term, each made at its start, the first one now: times the margin
            of a term it is the lifetime value of who has just been acquired.

        Raises
        ------
        InvalidInputError
            If the term is not known, not exactly one rate is given or it is negative, or it is 0
            and the expected lifetime infinite.

        Notes
        -----
        ``sum over t = 0, 1, 2, ... of S(t) / (1 + d)^t`` (Fader and Hardie 2010), with d the rate
        of a term; for `SBG` it is ``2F1(1, beta; alpha + beta; 1 / (1 + d))``. There is no
        horizon; the sum is exact to about 12 digits.
        """
        return self._annuity(0.0, self._rate(discount, continuous))

    def discounted_residual_lifetime(
        self,
        renewals: ArrayLike,
        *,
        when: When,
        discount: float | None = None,
        continuous: float | None = None,
    ) -> Vector:
        """Return how many more terms a customer is expected to pay for, discounted (DERL).

        Parameters
        ----------
        renewals : int or array of int
            How many renewals the customer has made.
        when : {"before_renewal", "after_renewal"}
            Immediately before the next renewal is due, when it is not known whether it will be
            made: its payment, if it is, comes now. Or immediately after the payment of the last
            one (with 0 renewals, of the first term): the next is a whole term away.
        discount, continuous : float, optional
            As of `discounted_lifetime`.

        Returns
        -------
        ndarray of float
            In payments of one term that are still to come; of the shape of `renewals`.

        Raises
        ------
        InvalidInputError
            As of `discounted_lifetime`, or if the renewals are not whole numbers or negative.

        Notes
        -----
        With n renewals made, ``sum over t > n of S(t) / S(n) / (1 + d)^(t - n - 1)`` before the
        next one: Fader and Hardie (2010), who call this the end of period n + 1. After the
        payment it is ``1 / (1 + d)`` times that.
        """
        at, rate = _whole("renewals", renewals), self._rate(discount, continuous)
        wait = np.exp(-rate) if one_of("when", when, _WHEN) == "after_renewal" else 1.0
        found, where = np.unique(at.ravel(), return_inverse=True)
        worth = np.array([self._annuity(n + 1.0, rate) for n in found.tolist()], np.float64)
        worth *= wait * np.exp(self._log_retention(found + 1.0))
        residual: Vector = worth[where].reshape(at.shape)
        return residual

    # ------------------------------------------------------------------ for subclasses

    @property
    @abstractmethod
    def _shape(self) -> tuple[float, float, float]:
        """alpha, beta and c."""

    @classmethod
    def _problem(cls, summary: Any) -> Problem:
        if not isinstance(summary, RenewalSummary):
            raise InvalidInputError("summary", "must be a RenewalSummary", came(summary))
        kept, lost = summary.pooled()
        risk = np.cumsum((kept + lost)[::-1])[::-1][1:]
        seen = int(np.count_nonzero(risk))
        if not seen:
            raise ConvergenceError(
                f"none of {summary.customers} customers has been up for renewal yet: "
                "wait for the first renewals"
            )
        up = int(risk[0])
        if not lost.any():
            raise ConvergenceError(
                f"none of the {up} customers who were up for renewal left, so nothing tells how "
                "many will: more renewals or more customers would help"
            )
        kept, lost = kept[: seen + 1], lost[: seen + 1]
        few = f"seen at {seen} {'renewal' if seen == 1 else 'renewals'} only"
        return Problem(
            likelihood=cls.LIKELIHOOD.of(kept, lost),
            limits=cls.LIMITS,
            customers=up,
            histories=seen,
            data=fingerprint(kept[1:], lost[1:], scale=summary.term),
            fields={"term": summary.term},
            notes=(few,) if seen < len(attrs.fields(cls.PARAMETERS)) else (),
        )

    def _check(self) -> None:
        super()._check()
        if self.term is not None:
            as_term(self.term)

    def _scale(self) -> str:
        if self.term is None:
            return "no term"
        count, unit = self.term
        return f"term {count} {unit}{'s' if count > 1 else ''}"

    # ------------------------------------------------------------------ arrays

    def _log_survival(self, log_t: Vector) -> Vector:
        alpha, beta, c = self._shape
        return log_survival(alpha, beta, c * log_t)

    def _log_retention(self, t: Vector) -> Vector:
        """Return the logarithm of the chance to make renewals t, all of them above 0."""
        alpha, beta, c = self._shape
        if c == 1.0:
            return -np.log1p(alpha / (beta + t - 1.0))
        log_u, log_before = c * np.log(t), c * _log(t - 1.0)
        far = log_u > FAR
        before, step = np.exp(np.where(far, 0.0, log_before)), steps(np.where(far, 1.0, t), c)
        apart = log_survival(alpha, beta, log_u) - log_survival(alpha, beta, log_before)
        return np.where(far, apart, renewed(alpha, beta + before, step))

    def _annuity(self, renewals: float, rate: float) -> float:
        """Return the value now of 1 a term from now on, of who has just made some renewals."""
        alpha, beta, c = self._shape
        start = _log(np.array(renewals))
        until = self._log_survival(start)

        def survives(log_t: Vector) -> Vector:
            return self._log_survival(np.logaddexp(start, log_t)) - until

        large = np.log(_DIGITS * (1.0 + alpha + beta) ** 2) / c
        settled = max(float(large), float(start) + np.log(_DIGITS))
        return annuity(survives, rate, power=alpha * c, bend=c, settled=settled)

    def _rate(self, discount: object, continuous: object) -> float:
        """Return the rate of a term, compounded continuously."""
        yearly = yearly_rate(discount, continuous)
        name = "discount" if continuous is None else "continuous"
        if yearly < 0:
            raise InvalidInputError(name, "must not be negative", "the sum has no end")
        if self.term is None:
            problem = "give it to the model or to its summary: term=(1, 'month')"
            raise InvalidInputError("term", "must be known to discount by the year", problem)
        alpha, _, c = self._shape
        if yearly == 0 and alpha * c <= 1:
            raise InvalidInputError(name, "must be above 0", "the expected lifetime is infinite")
        return yearly * years_of(self.term)

    def _bounds(self, t: Vector, since: Vector | None, confidence: float) -> Bounds:
        """Return the interval of the chance to survive from one time, or from 0, to another."""
        z, covariance = normal(confidence), self._log_covariance()
        value, slope, _ = log_survival_slopes(*self._shape, t)
        if since is not None:
            value = self._log_retention(t)
            slope = slope - log_survival_slopes(*self._shape, since)[1]
        slope = slope[: len(covariance)]
        error = np.sqrt(np.einsum("in,ij,jn->n", slope, covariance, slope))
        with np.errstate(divide="ignore", invalid="ignore"):
            if since is None:
                spread = np.exp(z * error / -value)
                ends = np.exp(value * spread), np.exp(value / spread)
                low, high = (np.where(t > 0, end, np.exp(error)) for end in ends)
                return low, high
            odds, spread = 1.0 / np.expm1(-value), np.exp(z * error / -np.expm1(value))
        return 1.0 / (1.0 + spread / odds), 1.0 / (1.0 + 1.0 / (spread * odds))


def _log(t: Vector) -> Vector:
    with np.errstate(divide="ignore"):
        return np.log(t)


def _whole(name: str, given: ArrayLike, *, least: int = 0) -> Vector:
    n = np.asarray(given)
    if n.dtype.kind not in "iu" or (n.size and not least <= int(n.min()) <= int(n.max()) < MOST):
        raise InvalidInputError(name, f"must be whole numbers of renewals, {least} or more")
    return n.astype(np.float64)
