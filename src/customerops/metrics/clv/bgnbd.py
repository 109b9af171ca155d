"""BG/NBD: purchases at a rate of one's own, and a chance to drop out after each repeat one."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics.clv.bgnbd_kernel import Likelihood, log_odds_dead
from customerops.metrics.clv.distinct import distinct
from customerops.metrics.clv.dropout import Dropout
from customerops.metrics.clv.fitted import Evidence, Fitted, Parameters, estimate, evidence_of
from customerops.metrics.clv.predicted import Predicted
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.metrics.shared.units import Unit, in_units
from customerops.model.tables.intervals import as_confidence
from customerops.model.values.checks import came

__all__ = ["BGNBD", "BGNBDParameters"]

Vector = NDArray[np.float64]

MOST = 1_000_000  # repeat purchases of one customer: a likelihood sums over them
STEP = 1e-4  # of a logarithm, for derivatives of an expectation
SEARCHED = 20_000  # histories among which the maximum is searched before all are read
_EVERYBODY_DROPS = "everybody drops out after the first repeat purchase"
_NOBODY_DROPS = "nobody seems to drop out"
_LIMITS = (
    ({"a": 1, "b": 1}, "a and b grow without bound: the chance to drop out is the same for all"),
    ({"a": -1, "b": -1}, "a and b tend to 0: a customer drops out after the first repeat purchase or never"),
    ({"a": -1}, f"a tends to 0: {_NOBODY_DROPS}"),
    ({"b": 1}, f"b grows without bound: {_NOBODY_DROPS}"),
    ({"a": 1}, f"a grows without bound: {_EVERYBODY_DROPS}"),
    ({"b": -1}, f"b tends to 0: {_EVERYBODY_DROPS}"),
    ({"r": 1}, "r grows without bound: all customers buy at the same rate"),
    ({"r": -1}, "r tends to 0: a vanishing share of the customers buys again at all"),
)  # fmt: skip


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
class BGNBD(Fitted):
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
    The log-likelihood is that of the times of the purchases on the clock of `unit`: fitted in days
    it is lower than in weeks by log 7 for every repeat purchase, and alpha is 7 times as large;
    no prediction changes. A customer without repeat purchase is alive with certainty, because the
    model lets nobody drop out before the first one: for many one-time buyers that is too kind.

    References
    ----------
    Fader, P., Hardie, B. and Lee, K. L. (2005). "Counting Your Customers" the Easy Way: An
    Alternative to the Pareto/NBD Model. Marketing Science 24(2), 275-284.

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

    params: BGNBDParameters
    unit: Unit
    evidence: Evidence | None = None
    model: Literal["BGNBD"] = "BGNBD"

    @classmethod
    def of(cls, *, r: float, alpha: float, a: float, b: float, unit: Unit = "week") -> Self:
        """Return the model with known parameters, positive all; alpha in `unit`."""
        return cls(params=BGNBDParameters(r=r, alpha=alpha, a=a, b=b), unit=unit)

    @classmethod
    def _fit(cls, summary: PurchaseSummary) -> Self:
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
        scale = 1.0 / summary.ticks_per_unit
        every = slice(None, None, len(x) // SEARCHED if len(x) > 4 * SEARCHED else None)

        def likelihood(rows: slice) -> Likelihood:
            return Likelihood.of(x[rows], t_x[rows] * scale, T[rows] * scale, customers[rows])

        optimum = estimate(likelihood(slice(None)), likelihood(every) if every.step else None)
        evidence = evidence_of(
            optimum, ("r", "alpha", "a", "b"), customers=n, histories=len(x), limits=_LIMITS
        )
        r, alpha, a, b = np.exp(optimum.theta).tolist()
        params = BGNBDParameters(r=r, alpha=alpha, a=a, b=b)
        return cls(params=params, unit=summary.unit, evidence=evidence)

    def _scale(self) -> str:
        return f"unit {self.unit}"

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
        At the end of the calibration (Fader, Hardie and Lee 2008, note 021), for x > 0::

            1 / (1 + a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r + x))

        and 1 for x = 0. Later, times the share of the living that survive, an average over their
        dropout chances.
        """
        self._check_unit(summary)
        later = in_units("at", at, self.unit)
        alive = self._alive(summary)
        if later > 0:
            (x, T), where = distinct(summary.x, summary.T)
            p = self.params
            s = later / (p.alpha + T / summary.ticks_per_unit)
            alive *= Dropout(p.r, p.a, p.b).survival(x, s)[where]
        return Predicted.of(summary, {"probability_alive": alive}, at=later, unit=self.unit)

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
        Fader, Hardie and Lee (2005), equation 10, computed as an average over the chance to drop
        out. The interval is that of the expectation: it has the uncertainty of the parameters, by
        the delta method on its logarithm, and not the randomness of what one customer will do.
        """
        self._check_unit(summary)
        begin = in_units("start", start, self.unit)
        end = in_units("horizon", horizon, self.unit)
        if end <= begin:
            raise InvalidInputError("horizon", "must be after start", f"got {end} and {begin}")
        columns = {"expected": self._expected(summary, begin, end)}
        if confidence is not None:
            margin = self._margin(summary, begin, end, confidence)
            columns |= {"low": columns["expected"] / margin, "high": columns["expected"] * margin}
        return Predicted.of(summary, columns, start=begin, horizon=end, unit=self.unit)

    # ------------------------------------------------------------------ a new customer

    def new_customer(self, t: float | dt.timedelta) -> float:
        """Return how many repeat purchases a new customer is expected to make within t.

        Parameters
        ----------
        t : float or timedelta
            Time since the first purchase; in `unit`.

        Notes
        -----
        Fader, Hardie and Lee (2005), equation 9: as for a customer with x = 0 and T = 0.

        Examples
        --------
        >>> from customerops.metrics import BGNBD
        >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> round(model.new_customer(39), 3)
        1.197
        """
        within = np.array([in_units("t", t, self.unit)])
        return float(self._bought(np.zeros(1, np.int64), np.zeros(1), within)[0, 0])

    def pmf(self, x: ArrayLike, t: float | dt.timedelta) -> NDArray[np.float64]:
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

        Notes
        -----
        Fader, Hardie and Lee (2005), equation 8; the sum in it is a regularised incomplete beta
        function.
        """
        from scipy.special import betainc, betaln, gammaln, xlogy

        r, alpha, a, b = attrs.astuple(self.params)
        n = np.asarray(x)
        if n.dtype.kind not in "iu" or (n.size and int(n.min()) < 0):
            raise InvalidInputError("x", "must be whole numbers, not negative")
        within = in_units("t", t, self.unit)
        z = within / (alpha + within)
        exactly = gammaln(r + n) - gammaln(r) - gammaln(n + 1.0) - r * np.log1p(within / alpha)
        alive = np.exp(betaln(a, b + n) - betaln(a, b) + exactly + xlogy(n, z))
        again = np.maximum(n, 1)
        at_least = betainc(again, r, z)
        dropped = np.exp(betaln(a + 1.0, b + again - 1.0) - betaln(a, b)) * at_least
        chance: Vector = alive + np.where(n > 0, dropped, 0.0)
        return chance

    # ------------------------------------------------------------------ arrays

    def _check_unit(self, summary: PurchaseSummary) -> None:
        if not isinstance(summary, PurchaseSummary):
            raise InvalidInputError("summary", "must be a PurchaseSummary", came(summary))
        if summary.unit != self.unit:
            raise InvalidInputError(
                "summary.unit", f"must be that of the model, {self.unit}", f"got {summary.unit}"
            )

    def _alive(self, summary: PurchaseSummary) -> Vector:
        from scipy.special import expit

        scale = 1.0 / summary.ticks_per_unit
        parameters = attrs.astuple(self.params)
        dead = log_odds_dead(parameters, summary.x, summary.t_x * scale, summary.T * scale)
        alive: Vector = expit(-dead)
        return alive

    def _bought(self, x: NDArray[np.int64], T: Vector, within: Vector) -> NDArray[np.float64]:
        """Return the mean purchases of the living, by time (rows) and history (columns)."""
        p = self.params
        s = (within[:, None] / (p.alpha + T)).ravel()
        bought = Dropout(p.r, p.a, p.b).purchases(np.tile(x, len(within)), s)
        return bought.reshape(len(within), len(x))

    def _expected(self, summary: PurchaseSummary, start: float, end: float) -> Vector:
        (x, ticks), where = distinct(summary.x, summary.T)
        T = ticks / summary.ticks_per_unit
        bought = self._bought(x, T, np.array([end]))[0]
        if start > 0:
            bought = bought - self._bought(x, T, np.array([start]))[0]
        expected: Vector = self._alive(summary) * bought[where]
        return expected

    def _margin(
        self, summary: PurchaseSummary, start: float, end: float, confidence: float
    ) -> Vector:
        """Return the factor between an expectation and the ends of its interval."""
        from scipy.special import ndtri

        if self.evidence is None or self.evidence.log_covariance is None:
            problem = f"this one is {self.status}"
            raise InvalidInputError(
                "confidence", "must be left out unless the fit is regular", problem
            )
        logs = np.log(self._values())
        slopes = []
        for i in range(len(logs)):
            sides = []
            for side in (STEP, -STEP):
                moved = logs.copy()
                moved[i] += side
                r, alpha, a, b = np.exp(moved).tolist()
                beside = type(self).of(r=r, alpha=alpha, a=a, b=b, unit=self.unit)
                sides.append(np.log(beside._expected(summary, start, end)))
            slopes.append((sides[0] - sides[1]) / (2 * STEP))
        slope = np.stack(slopes)
        variance = np.einsum("in,ij,jn->n", slope, self._log_covariance(), slope)
        margin: Vector = np.exp(ndtri(0.5 + as_confidence(confidence) / 2) * np.sqrt(variance))
        return margin
