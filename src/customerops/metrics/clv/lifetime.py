"""Lifetime value: expected purchases times expected spend, discounted period by period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.clv.alike import Alike
from customerops.metrics.clv.bgbb import BGBB
from customerops.metrics.clv.discounting import LENGTHS, YEAR, yearly_rate
from customerops.metrics.clv.distinct import distinct
from customerops.metrics.clv.gammagamma import GammaGamma
from customerops.metrics.clv.html import table_html
from customerops.metrics.clv.predicted import Predicted
from customerops.metrics.clv.purchase_model import PurchaseModel
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.metrics.shared.units import OPPORTUNITIES, in_units
from customerops.model.values.calendar import PERIODS, Period
from customerops.model.values.checks import came, finite, one_of
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LifetimeValue", "lifetime_value"]

Vector = NDArray[np.float64]

CELLS = 1 << 21  # expectations held at once
GROWTH = 100  # logarithm of the most that a negative rate may make of 1.00
MARGIN = 1e9  # of spend: far more is a mistake, and would not fit a float
MOST = 100_000  # periods of a cash flow
_UNIONS = {
    "week": {"week"},
    "month": {"month", "quarter", "year"},
    "quarter": {"quarter", "year"},
    "year": {"year"},
}


@attrs.frozen(eq=False, repr=False)
class LifetimeValue(Alike):
    """Value of each customer to a horizon, and the cash flow it is made of.

    Attributes
    ----------
    customers : Predicted
        Columns ``value`` (present value of the margin, major units), ``purchases`` (expected, not
        discounted) and ``mean_spend``.
    labels : tuple
        Label of each period: the local date (or hour) it starts on, or a number from 1.
    ends : ndarray
        End of each period, from the end of the calibration on, in the unit of the model.
    purchases, margin, value : ndarray
        Of all customers together in each period: expected purchases, their margin, and its
        present value.
    """

    customers: Predicted
    labels: tuple[Label, ...]
    ends: Vector
    purchases: Vector
    margin: Vector
    value: Vector

    @property
    def total(self) -> float:
        """Present value of all customers together: the equity of the customer base."""
        return self.customers.total

    def top(self, n: int) -> pd.DataFrame:
        """Return the most valuable customers, best first."""
        return self.customers.top(n)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer."""
        return self.customers.to_frame()

    def cash_flow(self) -> pd.DataFrame:
        """Return one row a period: its label and end, purchases, margin and present value."""
        import pandas as pd

        from customerops.model.tables.render import label_array

        return pd.DataFrame({"period": label_array(self.labels), **self._flows()})

    def _flows(self) -> dict[str, Vector]:
        return {
            "end": self.ends,
            "purchases": self.purchases,
            "margin": self.margin,
            "value": self.value,
        }

    def _repr_html_(self) -> str:
        """Show the cash flow."""
        title = f"lifetime value of {len(self.customers):,} customers: {self.total:,.2f}"
        return table_html(title, "period", self.labels, self._flows())

    def __repr__(self) -> str:
        return f"LifetimeValue(total={self.total:.2f}, periods={len(self.labels)})"


def lifetime_value(
    fitted: PurchaseModel,
    spend: GammaGamma,
    summary: PurchaseSummary,
    *,
    horizon: float | dt.timedelta,
    period: Period = "month",
    discount: float | None = None,
    continuous: float | None = None,
    margin: float = 1.0,
) -> LifetimeValue:
    """Return the present value of what each customer is expected to buy until a horizon.

    Parameters
    ----------
    fitted : PurchaseModel
        How often they buy.
    spend : GammaGamma
        How much on an occasion.
    summary : PurchaseSummary
        Their histories, with spends.
    horizon : float or timedelta
        To when, from the end of the calibration on; in the unit of the model.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Periods of the cash flow. They are calendar periods if the summary comes from a log with a
        calendar, the first and the last cut to the horizon; else they count from the end of the
        calibration, and a month is a twelfth of the mean Gregorian year of 365.2425 days. Where
        opportunities are counted (`BGBB`), a period must be made up of whole ones.
    discount : float, optional
        Effective rate a year: 0.1 makes 1.00 in a year worth 1 / 1.1 now.
    continuous : float, optional
        Instead, a continuously compounded rate a year: ``log(1 + discount)``.
    margin : float
        Share of spend that is worth counting.

    Returns
    -------
    LifetimeValue
        In major units of the currency, for each customer and for each period.

    Raises
    ------
    InvalidInputError
        If units or currencies differ, or an option is not as above, or a customer has no expected
        spend because q of `spend` is too small.

    Notes
    -----
    For a customer with expected spend m::

        sum over periods of margin m (E Y(end) - E Y(start)) / (1 + discount)^(end in years)

    Who has spent nothing or less, after refunds, is taken to spend what the population does, as
    `GammaGamma.mean_spend` says, so that no value is negative.

    What is bought in a period counts at its end. It is future value: what they have spent is not
    in it. Fader, Hardie and Lee (2005b) discount continuously; with months the difference is
    about half a month's interest.

    References
    ----------
    Fader, P., Hardie, B. and Lee, K. L. (2005b). RFM and CLV: Using Iso-Value Curves for Customer
    Base Analysis. Journal of Marketing Research 42(4), 415-430.

    Examples
    --------
    >>> from customerops.metrics import BGNBD, GammaGamma, PurchaseSummary, lifetime_value
    >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
    >>> spend = GammaGamma.of(p=6.25, q=3.74, gamma=15.44)
    >>> two = PurchaseSummary.from_arrays([2, 0], [213, 0], [272, 272], spend=[4470, 0])
    >>> value = lifetime_value(model, spend, two, horizon=39, discount=0.1)
    >>> value.to_frame().round(2)["value"].tolist()
    [29.13, 6.61]
    >>> len(value.cash_flow())
    9
    """
    if not isinstance(fitted, PurchaseModel):
        raise InvalidInputError("fitted", "must be a model of purchases", came(fitted))
    if not isinstance(spend, GammaGamma):
        raise InvalidInputError("spend", "must be a GammaGamma", came(spend))
    one_of("period", period, PERIODS)
    rate, share = yearly_rate(discount, continuous), finite("margin", margin)
    if share < 0:
        raise InvalidInputError("margin", "must not be negative", f"got {share}")
    if share > MARGIN:
        raise InvalidInputError("margin", f"must be at most {MARGIN:g}", f"got {share:g}")
    end = in_units("horizon", horizon, fitted.unit)
    if end <= 0:
        raise InvalidInputError(
            "horizon", "must be after the end of the calibration", f"got {end}"
        )
    fitted._check_summary(summary)
    mean, alive = spend._mean_spend(summary), fitted._alive(summary)
    if isinstance(fitted, BGBB) and not (LENGTHS[period] / LENGTHS[fitted.unit]).is_integer():
        problem = f"got {period!r}"
        raise InvalidInputError("period", f"must be made up of {fitted.unit}s", problem)
    labels, ends = _periods(summary, end, period)
    if -rate * end * (LENGTHS[fitted.unit] / YEAR) > GROWTH:
        raise InvalidInputError(
            "discount" if continuous is None else "continuous",
            f"must not make the last purchase worth more than e^{GROWTH} times what is paid for it",
            f"got a continuous rate of {rate:g} a year over {end:g} {fitted.unit}s",
        )
    worth = np.exp(-rate * ends * (LENGTHS[fitted.unit] / YEAR))
    (x, ticks), where = distinct(summary.x, summary.T)
    living = alive * summary.weights
    people = np.bincount(where, living, len(x)).astype(np.float64)  # estimates need not be exact
    money = np.bincount(where, living * mean * share, len(x)).astype(np.float64)
    bought, present, purchases, flow = _flows(
        fitted, (x, ticks / summary.ticks_per_unit), (ends, worth), (people, money)
    )
    columns = {
        "value": alive * mean * share * present[where],
        "purchases": alive * bought[where],
        "mean_spend": mean,
    }
    customers = Predicted.of(
        summary, columns, horizon=end, unit=fitted.unit, continuous=rate, margin=share
    )
    return LifetimeValue(customers, labels, ends, purchases, flow, flow * worth)


def _flows(
    fitted: PurchaseModel,
    histories: tuple[NDArray[np.int64], Vector],
    periods: tuple[Vector, Vector],
    living: tuple[Vector, Vector],
) -> tuple[Vector, Vector, Vector, Vector]:
    """Return what one living customer of each history buys, and all of them in each period.

    Parameters
    ----------
    fitted : PurchaseModel
        The model.
    histories : tuple of ndarray
        x and T, in units.
    periods : tuple of ndarray
        Ends, in units, and discount factors.
    living : tuple of ndarray
        Customers of each history that are alive, and the margin of an occasion of all of them.

    Returns
    -------
    tuple of ndarray
        By history: purchases to the last end, and discounted. By period: purchases, and margin.
    """
    (x, T), (ends, worth), (people, money) = histories, periods, living
    before, present = np.zeros(len(x)), np.zeros(len(x))
    purchases, flow = np.empty(len(ends)), np.empty(len(ends))
    size = max(1, CELLS // max(len(x), 1))
    for i in range(0, len(ends), size):
        block = slice(i, i + size)
        bought = fitted._bought(x, T, ends[block])
        more = np.diff(bought, axis=0, prepend=before[None])
        before = bought[-1]
        present += np.einsum("p,pn->n", worth[block], more)
        purchases[block] = np.einsum("pn,n->p", more, people)
        flow[block] = np.einsum("pn,n->p", more, money)
    return before, present, purchases, flow


def _periods(
    summary: PurchaseSummary, horizon: float, period: Period
) -> tuple[tuple[Label, ...], Vector]:
    """Return labels and ends of the periods up to the horizon, which is the last end."""
    length = LENGTHS[period] / LENGTHS[summary.unit]
    if horizon > MOST * length:
        raise InvalidInputError(
            "period", f"must fit at most {MOST} times into the horizon", f"got {period!r}"
        )
    calendar, last = summary.context.calendar, summary.context.option("calibration_end")
    if calendar is None or last is None:
        n = max(1, int(np.ceil(horizon / length - 1e-9)))
        ends = np.arange(1, n + 1) * length
        labels: Sequence[Label] = range(1, n + 1)
    else:
        if summary.occasion in OPPORTUNITIES and period not in _UNIONS[summary.occasion]:
            problem = f"got {period!r}"
            raise InvalidInputError("period", f"must be made up of {summary.occasion}s", problem)
        if period == "hour" and summary.occasion == "day":
            raise InvalidInputError("period", "must not be finer than a day, the summary's tick")
        clock = summary.clock
        first = int(calendar.ordinals(np.array([last]), period)[0])
        n = int(horizon / (0.9 * length)) + 3  # the shortest month is 0.92 of one
        ordinals = first + np.arange(n)
        ticks = clock.ticks(calendar.edges(ordinals + 1, period) - 1)
        ends = (ticks - clock.tick(last)) / summary.ticks_per_unit
        ordinals, ends = ordinals[ends > 0], ends[ends > 0]
        labels = calendar.labels(ordinals, period)
    n = int(np.searchsorted(ends, horizon * (1 - 1e-12))) + 1
    return tuple(labels[:n]), np.append(ends[: n - 1], horizon)
