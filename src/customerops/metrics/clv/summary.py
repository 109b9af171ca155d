"""The purchase summary: each customer's history in a few whole numbers, which models are fitted to."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.clv.columns import check_rows, whole_column
from customerops.metrics.clv.distinct import counted
from customerops.metrics.clv.doubt import source
from customerops.metrics.shared.occasions import Clock
from customerops.metrics.shared.units import UNITS, Occasion, Opportunity
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values import exact
from customerops.model.values.calendar import PERIODS
from customerops.model.values.checks import one_of, text, whole
from customerops.model.values.instants import from_us
from customerops.model.values.money import decimals_of

if TYPE_CHECKING:
    from customerops.model.values.calendar import Period

__all__ = ["PurchaseSummary"]

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
            negative, ``t_x > T``, or a t_x of 0 with x above 0 or the other way round; also if
            the rows stand for 2**62 customers or more.

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

        Raises
        ------
        InvalidInputError
            If rng is no generator.
        """
        random, n = source(rng), int(self.weights.sum())
        drawn = random.multinomial(n, self.weights / n) if n else self.weights
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
