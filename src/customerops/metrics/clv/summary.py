"""The purchase summary: each customer's history in a few whole numbers, which models are fitted to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.clv.columns import check_rows, whole_column
from customerops.metrics.clv.distinct import counted
from customerops.metrics.shared.occasions import Clock, histories, occasions_of
from customerops.metrics.shared.units import OPPORTUNITIES, UNITS, Occasion, Opportunity, ticks_in
from customerops.model.log.ask import ask
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values import exact
from customerops.model.values.calendar import PERIODS
from customerops.model.values.checks import one_of, text, whole
from customerops.model.values.instants import as_instant, from_us, to_us
from customerops.model.values.money import decimals_of

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["PurchaseSummary", "purchase_summary"]

Ints = NDArray[np.int64]

_SPENDS = ("priced", "spend", "first_priced", "first_spend", "held_priced", "held_spend")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PurchaseSummary(PerCustomer):
    """Purchase histories, one row a customer: how often, until when, seen how long, for how much.

    Make one with `purchase_summary` from a log, or with `from_arrays`. Summaries of different
    customers add: ``a + b`` has the rows of both.

    Attributes
    ----------
    x : ndarray of int64
        Repeat occasions until the end of the calibration: all but the first.
    t_x, T : ndarray of int64
        Age at the last occasion and at the end of the calibration, in ticks, `ticks_per_unit` of
        which are one `unit`. Age counts from the first occasion, so ``t_x == 0`` if ``x == 0``.
    priced, spend : ndarray of int64
        Repeat occasions of which every amount is known, and what was spent on them together, in
        minor units. Without missing amounts `priced` is `x`.
    first_priced, first_spend : ndarray of int64
        The same of the first occasion.
    held_x, held_priced, held_spend : ndarray of int64
        Occasions after the calibration, until ``as_of``, and the same of them.
    weights : ndarray of int64
        Customers that a row stands for.
    excluded : int
        Customers left out because their first occasion came after the calibration.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("x", "t_x", "T", "held_x", *_SPENDS, "weights")

    excluded: int = 0

    @classmethod
    def from_arrays(
        cls,
        x: ArrayLike,
        t_x: ArrayLike,
        T: ArrayLike,
        spend: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        *,
        ids: ArrayLike | None = None,
        unit: Period = "week",
        ticks_per_unit: int = 7,
        currency: str | None = None,
        held_x: ArrayLike | None = None,
        holdout: int = 0,
    ) -> Self:
        """Return a summary of columns that are there already.

        Parameters
        ----------
        x : array of int
            Repeat occasions, not negative.
        t_x, T : array of int
            Age at the last occasion and at the end, in ticks: by default in days, of which 7 are
            a week. Times in whole weeks have ``ticks_per_unit=1``.
        spend : array of int, optional
            Spend over all repeat occasions, in minor units (cents).
        weights : array of int, optional
            Customers that each row stands for; left out, 1.
        ids : array, optional
            Customer ids, each once; left out, 0, 1, 2, ...
        unit : {"hour", "day", "week", "month", "quarter", "year"}
            Clock of the models fitted to it. The last three have no fixed length: for models that
            count opportunities, one a period, as `BGBB` does.
        ticks_per_unit : int
            Ticks in one unit; 1 where a tick is an opportunity.
        currency : str, optional
            ISO 4217 code of the spend. Left out, 100 minor units are 1.00.
        held_x : array of int, optional
            Occasions in the held-out time.
        holdout : int
            Length of the held-out time, in ticks.

        Raises
        ------
        InvalidInputError
            Saying how many rows are wrong and which first: numbers that are not whole or
            negative, ``t_x > T``, or a t_x of 0 with x above 0 or the other way round.

        Examples
        --------
        >>> from customerops.metrics import PurchaseSummary
        >>> PurchaseSummary.from_arrays([2, 0], [30.43, 0], [38.86, 38.86])
        Traceback (most recent call last):
        customerops.errors.InvalidInputError: t_x must be whole ticks, 7 of them a week: multiply a time in weeks by ticks_per_unit and round it, or choose a finer tick; 1 of 2 rows is not (first at row 0)
        """
        one_of("unit", unit, PERIODS)
        ticks = whole("ticks_per_unit", ticks_per_unit, least=1)
        if unit not in UNITS and ticks != 1:
            problem = f"it has no fixed length to divide, and got {ticks}"
            raise InvalidInputError("ticks_per_unit", f"must be 1 where unit is {unit!r}", problem)
        finer = (
            f"must be whole ticks, {ticks} of them a {unit}",
            f"multiply a time in {unit}s by ticks_per_unit and round it, or choose a finer tick",
        )
        columns = {
            "x": whole_column("x", x, "must be whole numbers", "count repeat purchases"),
            "t_x": whole_column("t_x", t_x, *finer),
            "T": whole_column("T", T, *finer),
        }
        n = len(columns["x"])
        nothing = np.zeros(n, np.int64)
        cents = "give the total over all repeat occasions in minor units, and round it"
        given = (
            nothing
            if spend is None
            else whole_column("spend", spend, "must be whole cents", cents)
        )
        columns |= dict.fromkeys(_SPENDS, nothing)
        columns |= {"spend": given, "priced": nothing if spend is None else columns["x"]}
        columns["held_x"] = (
            nothing if held_x is None else whole_column("held_x", held_x, "must be whole numbers")
        )
        columns["weights"] = (
            np.ones(n, np.int64)
            if weights is None
            else whole_column("weights", weights, "must be whole numbers")
        )
        for name, column in columns.items():
            if len(column) != n:
                raise InvalidInputError(
                    name, f"must have {n} rows, as x has", f"got {len(column)}"
                )
        check_rows(columns)
        held = whole("holdout", holdout, least=0)
        if (held_x is None) != (held == 0):
            raise InvalidInputError("holdout", "must be given with held_x, and only with it")
        options = {"unit": unit, "ticks_per_unit": ticks, "occasion": None, "holdout": held}
        scale = (
            {} if currency is None else {"scale": 10 ** decimals_of(text("currency", currency))}
        )
        return cls(
            ids=np.arange(n) if ids is None else np.asarray(ids),
            columns=columns,
            context=Context(
                metric="purchase_summary", currency=currency, options={**options, **scale}
            ),
        )

    # ------------------------------------------------------------------ what it is about

    @property
    def unit(self) -> Period:
        """Clock of the models fitted to it."""
        unit: Period = self.context.option("unit")
        return unit

    @property
    def ticks_per_unit(self) -> int:
        """Ticks of `t_x`, `T` and `holdout` in one unit."""
        return int(self.context.option("ticks_per_unit"))

    @property
    def occasion(self) -> Occasion | Opportunity | None:
        """What one occasion is; None where the caller brought the columns."""
        occasion: Occasion | Opportunity | None = self.context.option("occasion")
        return occasion

    @property
    def calibration_end(self) -> dt.datetime | None:
        """Last instant of the histories, inclusive; None where the caller brought the columns."""
        us = self.context.option("calibration_end")
        return None if us is None else from_us(us)

    @property
    def holdout(self) -> int:
        """Length of the held-out time after the calibration, in ticks; 0 if there is none."""
        return int(self.context.option("holdout"))

    @property
    def clock(self) -> Clock:
        """What one tick is, for a summary of a log."""
        if self.occasion in {None, "instant"}:
            return Clock(None)
        return Clock(self.context.calendar, cast("Period", self.occasion))

    @property
    def minor_units(self) -> int:
        """Minor units of the spend columns in one major unit: 100 cents."""
        return int(self.context.option("scale", 100))

    # ------------------------------------------------------------------ columns

    @property
    def x(self) -> Ints:
        """Repeat occasions."""
        return self.columns["x"]

    @property
    def t_x(self) -> Ints:
        """Age at the last occasion, in ticks."""
        return self.columns["t_x"]

    @property
    def T(self) -> Ints:  # noqa: N802 - the literature's symbol
        """Age at the end of the calibration, in ticks."""
        return self.columns["T"]

    @property
    def priced(self) -> Ints:
        """Repeat occasions of which every amount is known."""
        return self.columns["priced"]

    @property
    def spend(self) -> Ints:
        """Spend on the priced repeat occasions together, in minor units."""
        return self.columns["spend"]

    @property
    def held_x(self) -> Ints:
        """Occasions in the held-out time."""
        return self.columns["held_x"]

    @property
    def weights(self) -> Ints:
        """Customers that each row stands for."""
        return self.columns["weights"]

    @property
    def mean_spend(self) -> NDArray[np.float64]:
        """Mean spend on a repeat occasion, in major units; NaN without a priced one."""
        return exact.divide(self.spend, self.priced * self.minor_units)

    def distinct(self, *names: str) -> tuple[dict[str, NDArray[Any]], Ints]:
        """Return the different histories, sorted, and how many customers have each.

        Parameters
        ----------
        *names : str
            The columns that make a difference; left out, all but the weights.
        """
        names = names or tuple(name for name in self.COLUMNS if name != "weights")
        rows, counts = counted(tuple(self.columns[name] for name in names), self.weights)
        return dict(zip(names, rows, strict=True)), counts

    def resample(self, rng: np.random.Generator) -> Self:
        """Return as many customers drawn with replacement, as a bootstrap needs.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        PurchaseSummary
            The rows that were drawn, weighted by how often.
        """
        n = int(self.weights.sum())
        drawn = rng.multinomial(n, self.weights / n) if n else self.weights
        kept = drawn > 0
        columns = {name: column[kept] for name, column in self.columns.items()}
        return attrs.evolve(self, ids=self.ids[kept], columns={**columns, "weights": drawn[kept]})

    def __repr__(self) -> str:
        """Return the size and the clock, and nothing about the customers."""
        return f"PurchaseSummary({len(self)} customers, unit {self.unit})"

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same rows, leave out as many customers, and are about the same."""
        same = super().__eq__(other)
        if same is not True or not isinstance(other, PurchaseSummary):
            return same
        return self.excluded == other.excluded

    __hash__ = None

    def _plus(self, other: Self) -> Self:
        both = super()._plus(other)
        return attrs.evolve(both, excluded=self.excluded + other.excluded)


def purchase_summary(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    calibration_end: dt.datetime | None = None,
    as_of: dt.datetime | None = None,
    occasion: Occasion | Opportunity = "day",
    unit: Period = "week",
    calendar: Calendar | None = None,
) -> PurchaseSummary:
    """Return each customer's purchase history in a few numbers: what the models are fitted to.

    Parameters
    ----------
    log : InteractionLog
        The events, with the whole history of every customer.
    purchases : Rule, str or collection of str
        Which events are purchases.
    calibration_end : datetime, optional
        Last instant that the histories hold, inclusive; what comes later, until `as_of`, is held
        out. Left out, it is `as_of` and nothing is.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    occasion : {"day", "hour", "instant", "week", "month", "quarter", "year"}
        Purchases of one customer in one local day, one local hour, or at one instant count as
        one. Age is counted in the same ticks: whole local days, whole local hours, microseconds.
        The last four are calendar periods, each of them one opportunity to buy, for `BGBB`.
    unit : {"week", "day", "hour", "month", "quarter", "year"}
        The clock of the models, not finer than a tick; where the occasion is a period, the same
        period.
    calendar : Calendar, optional
        Whose days and hours; left out, the log's own.

    Returns
    -------
    PurchaseSummary
        A row for each customer whose first purchase lies in the calibration; `excluded` counts
        those who came later.

    Raises
    ------
    InvalidInputError
        If as_of or a calendar that is needed is not known, the calibration ends after as_of, the
        unit is finer than a tick, or a period that is an opportunity is not over.

    Notes
    -----
    An occasion lies where its first event does, and its amounts are summed, so that a day that
    starts before the end of the calibration is in it as a whole. The first occasion starts the
    clock and is not counted in `x`; its spend is kept apart, for the models of spend leave it out
    too. A refund lowers the spend only if `purchases` takes it, and is then an occasion or a part
    of one; spend may be negative, and a fit says how many such customers it sets aside.

    Where an occasion is a period, what a customer buys in it is one occasion, so that `x` is at
    most `t_x`: each counts opportunities, and the period of the first purchase is none. Calibration
    and `as_of` must end with a period then: one that is not over may still bring a purchase.

    References
    ----------
    Fader, P. and Hardie, B. (2005). A Note on Deriving the Pareto/NBD Model and Related
    Expressions, section 2: why (x, t_x, T) is all that a model needs of a history.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import purchase_summary
    >>> days = [dt.date(2014, 3, 14), dt.date(2014, 4, 9), dt.date(2014, 5, 21), dt.date(2014, 3, 8)]
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=[2, 2, 2, 0], at=days, kind=["purchase"] * 4,
    ...     amount=["10", "20", "25", "10"], currency="USD", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2014, 12, 31))
    >>> summary = purchase_summary(log, unit="day")
    >>> summary.to_frame()[["customer_id", "x", "t_x", "T", "spend"]]
       customer_id  x  t_x    T  spend
    0            0  0    0  298      0
    1            2  2   68  292   4500
    >>> summary.mean_spend.tolist()
    [nan, 22.5]
    """
    ticks = ticks_in(unit, occasion)
    asked = ask(log, as_of=as_of, calendar=calendar)
    end = asked.as_of if calibration_end is None else to_us(
        as_instant("calibration_end", calibration_end)
    )  # fmt: skip
    if end > asked.as_of:
        raise InvalidInputError("calibration_end", "must not be after as_of", "got a later one")
    rule = as_rule(purchases)
    clock = Clock(None) if occasion == "instant" else Clock(asked.zone, occasion)
    if occasion in OPPORTUNITIES:
        ends = {"as_of": asked.as_of} | (
            {} if calibration_end is None else {"calibration_end": end}
        )
        for name, us in ends.items():
            if not clock.ends_with(us):
                raise InvalidInputError(
                    name,
                    f"must be the last instant of a {occasion}, as occasion is {occasion!r}",
                    "it lies within one, which is no opportunity until it is over",
                )
    occasions = occasions_of(asked.log, rule, clock)
    rows, columns, excluded = histories(asked.log, occasions, end, clock)
    options = {
        "calibration_end": end,
        "holdout": clock.tick(asked.as_of) - clock.tick(end),
        "occasion": occasion,
        "purchases": rule,
        "ticks_per_unit": ticks,
        "unit": unit,
    }
    currency = asked.log.currency if occasions.amounts else None
    return PurchaseSummary(
        ids=asked.log.customers[rows],
        columns=columns,
        context=Context(
            metric="purchase_summary",
            as_of=asked.as_of,
            calendar=asked.calendar,
            currency=currency,
            options=options | ({"scale": 10**asked.log.decimals} if currency else {}),
        ),
        excluded=excluded,
    )
