"""What every model of repeat purchases answers, from a few functions that each one brings."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics.clv.discounting import present, yearly_rate
from customerops.metrics.clv.distinct import distinct
from customerops.metrics.clv.doubt import source
from customerops.metrics.clv.estimation import Likelihood, Limit, Problem, fingerprint
from customerops.metrics.clv.fitted import Fitted
from customerops.metrics.clv.predicted import Predicted
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.metrics.shared.units import UNITS, in_units
from customerops.model.values.calendar import Period
from customerops.model.values.checks import came, numbers, whole

__all__ = ["PurchaseModel", "Simulated"]

Ints = NDArray[np.int64]
Vector = NDArray[np.float64]

Simulated = tuple[Ints, Vector, Ints]
"""Repeat purchases, age at the last, and purchases after T, of one simulated customer each."""

MOST = 1_000_000  # repeat purchases of one customer: a likelihood sums over them
RATES = (1e-9, 100.0)  # a year, at which an endless flow can be discounted
TICKS = 2**53  # of an age: a float holds them all
SEARCHED = 2_000  # histories among which the maximum is searched before all are read


@attrs.frozen(kw_only=True, repr=False)
class PurchaseModel(Fitted):
    """A model of repeat purchases: how often a customer buys, and until when.

    Time is counted from a customer's first purchase, which is not counted itself. A model says
    how likely a history is, and what a customer who is still alive will do; the methods here put
    that together.

    Attributes
    ----------
    unit : str
        The clock of the model. Every time it takes or gives is in this unit, or a timedelta.
    """

    OBSERVED: ClassVar[str] = "times of purchases"
    LIMITS: ClassVar[Sequence[Limit]]

    unit: Period

    # ------------------------------------------------------------------ each customer

    def probability_alive(
        self, summary: PurchaseSummary, *, at: float | dt.timedelta = 0
    ) -> Predicted:
        """Return the chance that each customer has not dropped out.

        Parameters
        ----------
        summary : PurchaseSummary
            The histories.
        at : float or timedelta
            How long after the end of the calibration; in `unit`.

        Returns
        -------
        Predicted
            Column ``probability_alive``.

        Notes
        -----
        At the end of the calibration it follows from the history by Bayes' rule. Later, it is
        that times the share of the living that survive. Who is dead almost certainly is better
        compared by `log_probability_alive`.
        """
        later, logs = self._log_alive_at(summary, at)
        columns = {"probability_alive": np.exp(logs)}
        return Predicted.of(summary, columns, at=later, unit=self.unit)

    def log_probability_alive(
        self, summary: PurchaseSummary, *, at: float | dt.timedelta = 0
    ) -> Predicted:
        """Return the natural logarithm of `probability_alive`: it does not underflow.

        Parameters
        ----------
        summary, at
            As of `probability_alive`.

        Returns
        -------
        Predicted
            Column ``log_probability_alive``.
        """
        later, logs = self._log_alive_at(summary, at)
        columns = {"log_probability_alive": logs}
        return Predicted.of(summary, columns, at=later, unit=self.unit)

    def expected_purchases(
        self,
        summary: PurchaseSummary,
        *,
        horizon: float | dt.timedelta,
        start: float | dt.timedelta = 0,
        confidence: float | None = None,
    ) -> Predicted:
        """Return how many purchases each customer is expected to make, given the history.

        Parameters
        ----------
        summary : PurchaseSummary
            The histories.
        horizon : float or timedelta
            To when, from the end of the calibration on; in `unit`.
        start : float or timedelta
            From when; left out, the end of the calibration.
        confidence : float, optional
            Give an interval of each expectation too.

        Returns
        -------
        Predicted
            Column ``expected``, and ``low`` and ``high`` if asked for.

        Raises
        ------
        InvalidInputError
            If the summary is in another unit, the horizon does not lie after the start, or an
            interval is asked of a fit that is not regular.

        Notes
        -----
        The chance to be alive, times what a living customer of this history buys. The interval is
        that of the expectation, by the delta method on its logarithm: it has the doubt about the
        parameters, and not the luck of one customer. `interval_of` gives others. Where the
        expectation is too small for a float, it is 0 and so are its bounds.
        """
        self._check_summary(summary)
        begin = in_units("start", start, self.unit)
        end = in_units("horizon", horizon, self.unit)
        if end <= begin:
            raise InvalidInputError("horizon", "must be after start", f"got {end} and {begin}")
        columns = {"expected": self._expected(summary, begin, end)}
        if confidence is not None:
            if np.isnan(self._log_covariance()).any():
                problem = f"this one is {self.status}"
                raise InvalidInputError(
                    "confidence", "must be left out unless the fit is regular", problem
                )
            bounds = self.interval_of(
                lambda model: model._log_expected(summary, begin, end),
                confidence=confidence,
                scale="linear",
            )
            none = columns["expected"] == 0
            low, high = (np.where(none, 0.0, np.exp(bound)) for bound in bounds)
            columns |= {"low": low, "high": high}
        return Predicted.of(summary, columns, start=begin, horizon=end, unit=self.unit)

    def expected_residual_transactions(
        self,
        summary: PurchaseSummary,
        *,
        discount: float | None = None,
        continuous: float | None = None,
    ) -> Predicted:
        """Return all purchases each customer is still expected to make, each at its present value.

        Parameters
        ----------
        summary : PurchaseSummary
            The histories.
        discount : float, optional
            Effective rate a year, above 0: 0.1 makes a purchase in a year count 1 / 1.1.
        continuous : float, optional
            Instead, a continuously compounded rate a year: ``log(1 + discount)``; from 1e-9 to
            100.

        Returns
        -------
        Predicted
            Column ``expected_residual_transactions``: discounted expected residual transactions,
            DERT.

        Raises
        ------
        InvalidInputError
            If the summary is in another unit, or not exactly one rate is given, within its range.

        Notes
        -----
        ``P(alive) * integral of e^(-d t) dY(t)`` over all the time to come, Y(t) what a living
        customer buys within t and d the continuous rate; integrated by parts, it is the mean of
        Y over an exponentially distributed horizon of mean ``1 / d``.

        References
        ----------
        Fader, P., Hardie, B. and Lee, K. L. (2005). RFM and CLV: Using Iso-Value Curves for
        Customer Base Analysis. Journal of Marketing Research 42(4), 415-430.
        """
        self._check_summary(summary)
        rate = yearly_rate(discount, continuous)
        if rate <= 0:
            raise InvalidInputError(
                "discount", "must be above 0: there is no end", f"got {rate:g}"
            )
        least, most = RATES
        if not least <= rate <= most:
            raise InvalidInputError(
                "discount" if continuous is None else "continuous",
                f"must be between {least:g} and {most:g} a year, continuously compounded",
                f"got {rate:g}",
            )
        (x, ticks), where = distinct(summary.x, summary.T)
        residual = self._residual(x, ticks / summary.ticks_per_unit, rate)
        columns = {"expected_residual_transactions": self._alive(summary) * residual[where]}
        return Predicted.of(summary, columns, continuous=rate, unit=self.unit)

    def posterior_rates(self, summary: PurchaseSummary) -> Predicted:
        """Return what is known of each customer's own rates, given the history.

        Parameters
        ----------
        summary : PurchaseSummary
            The histories.

        Returns
        -------
        Predicted
            The mean of each latent quantity over its posterior distribution; the columns are
            those of the model.
        """
        self._check_summary(summary)
        columns, where = distinct(summary.x, summary.t_x, summary.T)
        x, t_x, T = columns
        rates = self._posterior(x, t_x / summary.ticks_per_unit, T / summary.ticks_per_unit)
        return Predicted.of(
            summary, {name: values[where] for name, values in rates.items()}, unit=self.unit
        )

    # ------------------------------------------------------------------ a new customer

    def new_customer(self, t: float | dt.timedelta) -> float:
        """Return how many repeat purchases a new customer is expected to make within t.

        Parameters
        ----------
        t : float or timedelta
            Time since the first purchase; in `unit`.
        """
        return float(self._new(np.array([in_units("t", t, self.unit)]))[0])

    def pmf(self, x: ArrayLike, t: float | dt.timedelta) -> Vector:
        """Return the chance that a new customer makes exactly x repeat purchases within t.

        Parameters
        ----------
        x : int or array of int
            Numbers of purchases.
        t : float or timedelta
            Time since the first purchase; in `unit`.

        Returns
        -------
        ndarray of float
            Of the shape of `x`.
        """
        n = np.asarray(x)
        if n.dtype.kind not in "iu" or (n.size and int(n.min()) < 0):
            raise InvalidInputError("x", "must be whole numbers, not negative")
        if n.size and int(n.max()) >= 2**53:
            raise InvalidInputError("x", "must be below 2**53", "got more")
        return self._pmf(n.astype(np.int64), in_units("t", t, self.unit))

    # ------------------------------------------------------------------ invented customers

    def simulate(
        self,
        n: int,
        *,
        rng: np.random.Generator,
        age: float | dt.timedelta | ArrayLike,
        holdout: float | dt.timedelta = 0,
        ticks_per_unit: int = 10_000,
    ) -> PurchaseSummary:
        """Return histories of n customers who behave as the model says.

        Parameters
        ----------
        n : int
            How many.
        rng : numpy.random.Generator
            Source of randomness.
        age : float, timedelta, or array of float, shape (n,)
            Time since the first purchase, of all or of each; in `unit`.
        holdout : float or timedelta
            Time after that whose purchases are counted apart; in `unit`.
        ticks_per_unit : int
            How finely times are written: the last purchase lies at the end of the tick in which
            it fell.

        Returns
        -------
        PurchaseSummary
            With ids 0, 1, ..., without spends.

        Notes
        -----
        Every purchase counts, be it in the same tick as another.

        Examples
        --------
        >>> import numpy as np
        >>> from customerops.metrics import BGNBD
        >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
        >>> model.simulate(1000, age=39, rng=np.random.default_rng(7))
        PurchaseSummary(1000 customers, unit week)
        """
        count, fine = whole("n", n, least=0), whole("ticks_per_unit", ticks_per_unit, least=1)
        random = source(rng)
        if isinstance(age, dt.timedelta):
            age = in_units("age", age, self.unit)
        ages = numbers("age", age).astype(np.float64)
        if ages.shape not in {(), (count,)}:
            raise InvalidInputError("age", f"must be one or {count}", f"got shape {ages.shape}")
        if not (np.isfinite(ages) & (ages >= 0)).all():
            raise InvalidInputError("age", "must be finite and not negative")
        held_out = in_units("holdout", holdout, self.unit)
        for name, longest in (("age", float(ages.max(initial=0.0))), ("holdout", held_out)):
            if longest > TICKS / fine:
                problem = f"of which a {self.unit} has {fine}"
                raise InvalidInputError(name, "must be at most 2**53 ticks", problem)
        later = round(held_out * fine)
        T = np.rint(np.broadcast_to(ages, (count,)) * fine).astype(np.int64)
        x, t_x, held = self._simulated(T / fine, later / fine, random)
        ticks = np.where(x > 0, np.clip(np.ceil(t_x * fine), 1, T), 0)
        return PurchaseSummary.from_arrays(
            x,
            ticks,
            T,
            unit=self.unit,
            ticks_per_unit=fine,
            held_x=held if later else None,
            holdout=later,
        )

    # ------------------------------------------------------------------ what a model brings

    @classmethod
    @abstractmethod
    def _likelihood(cls, x: Ints, t_x: Vector, T: Vector, customers: Ints) -> Likelihood:
        """Return the log-likelihood of histories, times in units."""

    @abstractmethod
    def _log_alive(self, x: Ints, t_x: Vector, T: Vector) -> Vector:
        """Return the logarithm of the chance to be alive at T, times in units."""

    @abstractmethod
    def _log_surviving(self, x: Ints, T: Vector, later: float) -> Vector:
        """Return the logarithm of the share of those alive at T who still are so much later."""

    @abstractmethod
    def _bought(self, x: Ints, T: Vector, within: Vector) -> Vector:
        """Return the mean purchases of one living customer, by time (rows) and history (columns)."""

    @abstractmethod
    def _posterior(self, x: Ints, t_x: Vector, T: Vector) -> dict[str, Vector]:
        """Return the posterior mean of each latent quantity, by name."""

    @abstractmethod
    def _pmf(self, x: Ints, t: float) -> Vector:
        """Return the chance of x purchases of a new customer within t."""

    @abstractmethod
    def _simulated(self, T: Vector, later: float, rng: np.random.Generator) -> Simulated:
        """Return one history for each age T, and the purchases within `later` after it."""

    def _residual(self, x: Ints, T: Vector, rate: float) -> Vector:
        """Return the discounted residual purchases of one living customer of each history."""
        return present(lambda within: self._bought(x, T, within), rate, self.unit)

    @classmethod
    def _check_histories(cls, summary: PurchaseSummary) -> None:
        """Refuse histories that the model cannot have brought about."""
        if summary.unit not in UNITS:
            problem = f"a {summary.unit} has none: BGBB counts such opportunities"
            raise InvalidInputError("summary.unit", "must have a fixed length", problem)

    # ------------------------------------------------------------------ arrays

    @classmethod
    def _problem(cls, summary: PurchaseSummary) -> Problem:
        if not isinstance(summary, PurchaseSummary):
            raise InvalidInputError("summary", "must be a PurchaseSummary", came(summary))
        cls._check_histories(summary)
        columns, customers = summary.distinct("x", "t_x", "T")
        n, most = int(summary.weights.sum()), int(summary.x.max(initial=0))
        if most == 0:
            raise ConvergenceError(
                f"none of the {n} customers bought again, so nothing tells how often they would: "
                "a longer calibration or more customers would help"
            )
        if most > MOST:
            raise InvalidInputError(
                "summary.x",
                f"must be at most {MOST}",
                f"a customer bought {most} times: take it out, nobody buys like that",
            )
        x, t_x, T = columns.values()
        fine = summary.ticks_per_unit

        def likelihood(rows: slice) -> Likelihood:
            return cls._likelihood(x[rows], t_x[rows] / fine, T[rows] / fine, customers[rows])

        step = len(x) // SEARCHED if len(x) > 4 * SEARCHED else None
        return Problem(
            likelihood=likelihood(slice(None)),
            coarse=likelihood(slice(None, None, step)) if step else None,
            limits=cls.LIMITS,
            customers=n,
            histories=len(x),
            data=fingerprint(x, t_x, T, customers, scale=(summary.unit, fine)),
            fields={"unit": summary.unit},
        )

    def _scale(self) -> str:
        return f"unit {self.unit}"

    def _check_summary(self, summary: PurchaseSummary) -> None:
        if not isinstance(summary, PurchaseSummary):
            raise InvalidInputError("summary", "must be a PurchaseSummary", came(summary))
        if summary.unit != self.unit:
            raise InvalidInputError(
                "summary.unit", f"must be that of the model, {self.unit}", f"got {summary.unit}"
            )
        self._check_histories(summary)

    def _log_alive_at(
        self, summary: PurchaseSummary, at: float | dt.timedelta
    ) -> tuple[float, Vector]:
        self._check_summary(summary)
        later, logs = in_units("at", at, self.unit), self._log_alive_of(summary)
        if later > 0:
            (x, T), where = distinct(summary.x, summary.T)
            logs += self._log_surviving(x, T / summary.ticks_per_unit, later)[where]
        return later, logs

    def _log_alive_of(self, summary: PurchaseSummary) -> Vector:
        fine = summary.ticks_per_unit
        return self._log_alive(summary.x, summary.t_x / fine, summary.T / fine)

    def _alive(self, summary: PurchaseSummary) -> Vector:
        alive: Vector = np.exp(self._log_alive_of(summary))
        return alive

    def _new(self, within: Vector) -> Vector:
        """Return the mean purchases of a new customer within each time."""
        x, zero = np.zeros(1, np.int64), np.zeros(1)
        new: Vector = self._bought(x, zero, within)[:, 0] * np.exp(self._log_alive(x, zero, zero))
        return new

    def _expected(self, summary: PurchaseSummary, start: float, end: float) -> Vector:
        expected: Vector = self._alive(summary) * self._living(summary, start, end)
        return expected

    def _log_expected(self, summary: PurchaseSummary, start: float, end: float) -> Vector:
        """Return the logarithm of `_expected`, which does not underflow for the dead."""
        living = np.maximum(self._living(summary, start, end), np.finfo(np.float64).tiny)
        logs: Vector = self._log_alive_of(summary) + np.log(living)
        return logs

    def _living(self, summary: PurchaseSummary, start: float, end: float) -> Vector:
        """Return what each customer would buy between two times if they were alive at T."""
        (x, ticks), where = distinct(summary.x, summary.T)
        T = ticks / summary.ticks_per_unit
        bought = self._bought(x, T, np.array([end]))[0]
        if start > 0:
            bought = bought - self._bought(x, T, np.array([start]))[0]
        living: Vector = bought[where]
        return living
