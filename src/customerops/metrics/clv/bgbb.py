"""BG/BB: opportunities to buy that come one after the other, taken or not, until a customer is gone."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike

from customerops.errors import InvalidInputError
from customerops.metrics.clv import bgbb_kernel as kernel
from customerops.metrics.clv.bgbb_kernel import Four, Likelihood
from customerops.metrics.clv.discounting import LENGTHS, YEAR
from customerops.metrics.clv.estimation import Evidence, Limit
from customerops.metrics.clv.fitted import Parameters
from customerops.metrics.clv.inventing import chances_survived
from customerops.metrics.clv.purchase_model import Ints, PurchaseModel, Simulated, Vector
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.metrics.shared.units import in_units
from customerops.model.values.calendar import Period
from customerops.model.values.checks import numbers, whole

__all__ = ["BGBB", "BGBBParameters"]

MOST = 1_000_000  # opportunities: a likelihood sums over them
_NOBODY_DROPS = "nobody seems to drop out"
_EVERYBODY_DROPS = "everybody is gone at the first opportunity"
_ALWAYS = "the living buy at every opportunity"
LIMITS: tuple[Limit, ...] = (
    ({"gamma": 1, "delta": 1}, "gamma and delta grow without bound: the chance to drop out is the same for all"),
    ({"gamma": -1, "delta": -1}, "gamma and delta tend to 0: a customer drops out at once or never"),
    ({"gamma": -1}, f"gamma tends to 0: {_NOBODY_DROPS}"),
    ({"delta": 1}, f"delta grows without bound: {_NOBODY_DROPS}"),
    ({"gamma": 1}, f"gamma grows without bound: {_EVERYBODY_DROPS}"),
    ({"delta": -1}, f"delta tends to 0: {_EVERYBODY_DROPS}, or never"),
    ({"alpha": 1, "beta": 1}, "alpha and beta grow without bound: the living all buy with the same chance"),
    ({"alpha": -1, "beta": -1}, "alpha and beta tend to 0: the living buy at every opportunity or never"),
    ({"beta": -1}, f"beta tends to 0: {_ALWAYS}"),
    ({"alpha": 1}, f"alpha grows without bound: {_ALWAYS}"),
    ({"alpha": -1}, "alpha tends to 0: a vanishing share of the customers buys again at all"),
    ({"beta": 1}, "beta grows without bound: the living hardly ever buy"),
)  # fmt: skip


@attrs.frozen(kw_only=True)
class BGBBParameters(Parameters):
    """Parameters of `BGBB`.

    Attributes
    ----------
    alpha, beta : float
        Of the beta distribution of the chance to buy at an opportunity while alive; its mean is
        alpha / (alpha + beta).
    gamma, delta : float
        Of the beta distribution of the chance to be gone at the start of an opportunity; its mean
        is gamma / (gamma + delta).
    """

    alpha: float
    beta: float
    gamma: float
    delta: float


@attrs.frozen(kw_only=True, repr=False)
class BGBB(PurchaseModel):
    """The BG/BB model of purchases at opportunities, with its parameters.

    Opportunities come one after the other: a yearly appeal for donations, a conference, the weeks
    of a shop where most come once a week. At the start of each one a customer drops out for good
    with a chance of their own; who is still there buys with a chance of their own. Both chances
    are beta distributed over customers.

    Make one with `fit`, or from known parameters with `of`.

    Attributes
    ----------
    params : BGBBParameters
        ``alpha``, ``beta``, ``gamma``, ``delta``.
    unit : {"hour", "day", "week", "month", "quarter", "year"}
        The period of one opportunity. Every time it takes or gives is a number of opportunities,
        or, if the period has a fixed length, a timedelta.

    Notes
    -----
    It is fitted to a `PurchaseSummary` whose tick is one opportunity: made by `purchase_summary`
    with ``occasion="month", unit="month"`` or another period, or by ``from_arrays`` with
    ``ticks_per_unit=1``. `x` counts the opportunities taken, `t_x` is the last of them and `T` how
    many there were; that of the first purchase is not counted.

    From the paper below, with the sum in it taken over tables: the likelihood is equation 5, `pmf`
    equation 8, `new_customer` equation 9, `expected_purchases` equation 13. `probability_alive`
    is of having survived all opportunities so far; the paper's (equation 11) and that of BTYD is
    that of being there at the next one, ``at=1``. `expected_residual_transactions` is equation 14,
    with the next opportunity discounted by one period; a month there is a twelfth of the mean
    Gregorian year. `posterior_rates` has ``purchase_chance`` (while alive) and ``dropout_chance``.

    The log-likelihood is that of the opportunities taken and not taken in their order. It cannot
    be compared with that of a model on a continuous clock.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Shang, J. (2010). Customer-Base Analysis in a Discrete-Time
    Noncontractual Setting. Marketing Science 29(6), 1086-1108.

    Examples
    --------
    The parameters of donations in the paper; a donor of 1995 who gave in each of the next six
    years, and one who never did again.

    >>> from customerops.metrics import BGBB, PurchaseSummary
    >>> model = BGBB.of(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783, unit="year")
    >>> two = PurchaseSummary.from_arrays([6, 0], [6, 0], [6, 6], unit="year", ticks_per_unit=1)
    >>> model.probability_alive(two, at=1).values.round(2).tolist()
    [0.93, 0.11]
    >>> model.expected_purchases(two, horizon=5).values.round(2).tolist()
    [3.75, 0.07]
    """

    PARAMETERS: ClassVar = BGBBParameters
    LIMITS: ClassVar = LIMITS
    OBSERVED: ClassVar = "opportunities taken"

    params: BGBBParameters
    unit: Period
    evidence: Evidence | None = None
    model: Literal["BGBB"] = "BGBB"

    @classmethod
    def of(
        cls, *, alpha: float, beta: float, gamma: float, delta: float, unit: Period = "year"
    ) -> Self:
        """Return the model with known parameters, positive all; `unit` is an opportunity."""
        params = BGBBParameters(alpha=alpha, beta=beta, gamma=gamma, delta=delta)
        return cls(params=params, unit=unit)

    def simulate(
        self,
        n: int,
        *,
        rng: np.random.Generator,
        age: float | dt.timedelta | ArrayLike,
        holdout: float | dt.timedelta = 0,
        ticks_per_unit: int = 1,
    ) -> PurchaseSummary:
        """Return histories of n customers who behave as the model says.

        Parameters
        ----------
        n : int
            How many.
        rng : numpy.random.Generator
            Source of randomness.
        age : float, timedelta, or array of float, shape (n,)
            Opportunities, of all or of each; whole.
        holdout : float or timedelta
            Opportunities after that, whose purchases are counted apart; whole.
        ticks_per_unit : int
            1, for a tick is an opportunity.

        Returns
        -------
        PurchaseSummary
            With ids 0, 1, ..., without spends.

        Examples
        --------
        >>> import numpy as np
        >>> from customerops.metrics import BGBB
        >>> model = BGBB.of(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783, unit="year")
        >>> model.simulate(1000, age=6, rng=np.random.default_rng(7))
        PurchaseSummary(1000 customers, unit year)
        """
        if whole("ticks_per_unit", ticks_per_unit, least=1) != 1:
            raise InvalidInputError("ticks_per_unit", "must be 1: a tick is an opportunity")
        if isinstance(age, dt.timedelta):
            age = in_units("age", age, self.unit)
        _opportunities(np.atleast_1d(numbers("age", age).astype(np.float64)))
        return super().simulate(n, rng=rng, age=age, holdout=holdout, ticks_per_unit=1)

    # ------------------------------------------------------------------ what it brings

    @classmethod
    def _check_histories(cls, summary: PurchaseSummary) -> None:
        if summary.ticks_per_unit != 1:
            problem = (
                f"{summary.ticks_per_unit} make a {summary.unit}: make the summary with "
                'occasion="week", unit="week" or another period'
            )
            raise InvalidInputError("summary", "must have one opportunity a tick", problem)
        clock, end = summary.clock, summary.context.option("calibration_end")
        if end is not None and not clock.ends_with(end):
            problem = "it lies within one, which is no opportunity until it is over"
            raise InvalidInputError(
                "summary.calibration_end", f"must be the last instant of a {summary.unit}", problem
            )
        many = summary.x > summary.t_x
        if many.any():
            raise InvalidInputError(
                "summary.x",
                "must not be above t_x: at most one purchase an opportunity",
                count=int(many.sum()),
                total=len(many),
                first=int(many.argmax()),
            )
        most = int(summary.T.max(initial=0))
        if most > MOST:
            raise InvalidInputError(
                "summary.T", f"must be at most {MOST}", f"got {most} opportunities"
            )

    @classmethod
    def _likelihood(cls, x: Ints, t_x: Vector, T: Vector, customers: Ints) -> Likelihood:
        return Likelihood.of(x, t_x.astype(np.int64), T.astype(np.int64), customers)

    def _four(self) -> Four:
        p = self.params
        return p.alpha, p.beta, p.gamma, p.delta

    def _log_alive(self, x: Ints, t_x: Vector, T: Vector) -> Vector:
        _, alive = kernel.histories_of(self._four(), x, t_x.astype(np.int64), T.astype(np.int64))
        return alive

    def _log_surviving(self, x: Ints, T: Vector, later: float) -> Vector:
        more = int(_opportunities(np.array([later]))[0])
        return kernel.log_surviving(self._four(), T.astype(np.int64), more)

    def _bought(self, x: Ints, T: Vector, within: Vector) -> Vector:
        return kernel.bought(self._four(), x, T.astype(np.int64), _opportunities(within))

    def _residual(self, x: Ints, T: Vector, rate: float) -> Vector:
        discount = float(np.expm1(rate * (LENGTHS[self.unit] / YEAR)))
        return kernel.discounted(self._four(), x, T.astype(np.int64), discount)

    def _posterior(self, x: Ints, t_x: Vector, T: Vector) -> dict[str, Vector]:
        """Equation 16 of the paper: ratios of likelihoods at shifted parameters."""
        alpha, beta, gamma, delta = self._four()
        rows = x, t_x.astype(np.int64), T.astype(np.int64)
        log, _ = kernel.histories_of((alpha, beta, gamma, delta), *rows)
        buys, _ = kernel.histories_of((alpha + 1.0, beta, gamma, delta), *rows)
        drops, _ = kernel.histories_of((alpha, beta, gamma + 1.0, delta), *rows)
        return {
            "purchase_chance": alpha / (alpha + beta) * np.exp(buys - log),
            "dropout_chance": gamma / (gamma + delta) * np.exp(drops - log),
        }

    def _pmf(self, x: Ints, t: float) -> Vector:
        return kernel.pmf(self._four(), x, int(_opportunities(np.array([t]))[0]))

    def _simulated(self, T: Vector, later: float, rng: np.random.Generator) -> Simulated:
        alpha, beta, gamma, delta = self._four()
        n, more = _opportunities(T), int(_opportunities(np.array([later]))[0])
        chance = rng.beta(alpha, beta, len(n))
        life = chances_survived(rng.beta(gamma, delta, len(n)), rng)
        seen = np.minimum(life, n).astype(np.int64)
        x = rng.binomial(seen, chance)
        held = rng.binomial(np.minimum(life - seen, more).astype(np.int64), chance)
        return x, _last(x, seen, rng), held


def _opportunities(times: Vector) -> Ints:
    whole = np.rint(times)
    if (whole != times).any() or float(whole.max(initial=0)) > MOST:
        first = float(times[(whole != times) | (whole > MOST)][0])
        raise InvalidInputError(
            "time", f"must be whole opportunities, at most {MOST}", f"got {first:g}"
        )
    return whole.astype(np.int64)


def _last(x: Ints, n: Ints, rng: np.random.Generator) -> Vector:
    """Return the last of x opportunities taken among n in any order, 0 without any.

    From the end on, each is taken with the share of the purchases not placed yet.
    """
    last = np.where(x > 0, n, 0)
    open_ = np.flatnonzero(x > 0)
    while len(open_):
        passed = rng.random(len(open_)) * last[open_] >= x[open_]
        open_ = open_[passed]
        last[open_] -= 1
    return last.astype(np.float64)
