"""Tracking: purchases period by period, against what a model expects of the same customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.clv.alike import Alike
from customerops.metrics.clv.discounting import LENGTHS
from customerops.metrics.clv.from_log import purchase_summary
from customerops.metrics.clv.html import table_html
from customerops.metrics.clv.purchase_model import PurchaseModel
from customerops.metrics.shared.occasions import occasions_of
from customerops.metrics.shared.units import Occasion, Opportunity
from customerops.model.log.ask import ask
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.values.calendar import PERIODS, Calendar, Period
from customerops.model.values.checks import came, one_of
from customerops.model.values.labels import Label
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.log.log import InteractionLog

__all__ = ["PurchaseTracking", "purchase_tracking"]

Ints = NDArray[np.int64]
Vector = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False)
class PurchaseTracking(Alike):
    """Repeat purchases of all customers together, period by period, and those expected.

    Attributes
    ----------
    labels : tuple
        Label of each period: the local date (or hour) it starts on.
    actual : ndarray of int64
        Repeat purchases in it.
    expected : ndarray of float
        What the model expects in it, knowing when each customer came and nothing else.
    calibration : ndarray of bool
        Whether it ends no later than the day (hour, instant) in which the calibration ends.
    customers : int
        Customers followed: those who came in the calibration.
    """

    labels: tuple[Label, ...]
    actual: Ints
    expected: Vector
    calibration: NDArray[np.bool_]
    customers: int

    @property
    def error(self) -> float:
        """Expected over actual purchases after the calibration, less 1; NaN without any."""
        actual = int(self.actual[~self.calibration].sum())
        return float(self.expected[~self.calibration].sum()) / actual - 1.0 if actual else np.nan

    def to_frame(self) -> pd.DataFrame:
        """Return one row a period: label, actual and expected, and both summed from the start."""
        import pandas as pd

        from customerops.model.tables.render import label_array

        return pd.DataFrame(
            {
                "period": label_array(self.labels),
                **self._numbers(),
                "calibration": self.calibration,
            }
        )

    def _numbers(self) -> dict[str, NDArray[np.float64] | Ints]:
        return {
            "actual": self.actual,
            "expected": self.expected,
            "cumulative_actual": self.actual.cumsum(),
            "cumulative_expected": self.expected.cumsum(),
        }

    def _repr_html_(self) -> str:
        """Show actual and expected purchases by period."""
        title = f"purchases of {self.customers:,} customers, {100 * self.error:.1f} % expected too many"
        return table_html(title, "period", self.labels, self._numbers())

    def __repr__(self) -> str:
        return (
            f"PurchaseTracking({len(self.labels)} periods, {self.customers} customers, "
            f"error={self.error:.4g})"
        )


def purchase_tracking(
    fitted: PurchaseModel,
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    calibration_end: dt.datetime | None = None,
    as_of: dt.datetime | None = None,
    occasion: Occasion | Opportunity = "day",
    period: Period = "week",
    calendar: Calendar | None = None,
) -> PurchaseTracking:
    """Return repeat purchases period by period beside those a model expects.

    Parameters
    ----------
    fitted : PurchaseModel
        A model, as a rule fitted to the `purchase_summary` of the same log.
    log : InteractionLog
        The events, with the whole history of every customer.
    purchases, calibration_end, as_of, occasion, calendar
        As of `purchase_summary`, and the same.
    period : {"week", "day", "month", "quarter", "year", "hour"}
        Calendar periods; the last is cut at `as_of`.

    Returns
    -------
    PurchaseTracking
        From the period of the first purchase to that of `as_of`.

    Raises
    ------
    InvalidInputError
        As of `purchase_summary`, and if the log has no calendar or a period is finer than an
        occasion.

    Notes
    -----
    ``sum over customers of E[X(t - first purchase)]``: the unconditional expectation, as in the
    tracking plots of Fader, Hardie and Lee (2005), figures 3 and 4. It shows what the expectation
    of single customers hides: whether purchases wane as fast as the model says, and seasons.

    References
    ----------
    Fader, P., Hardie, B. and Lee, K. L. (2005). "Counting Your Customers" the Easy Way: An
    Alternative to the Pareto/NBD Model. Marketing Science 24(2), 275-284.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import Calendar, InteractionLog
    >>> from customerops.metrics import BGNBD, purchase_tracking
    >>> utc = dt.timezone.utc
    >>> days = [dt.date(2024, 1, d) for d in (1, 9, 3)]
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=[1, 1, 2], at=days, kind=["purchase"] * 3, tz=utc
    ... ).until_day(dt.date(2024, 1, 14))
    >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
    >>> weeks = purchase_tracking(model, log)
    >>> weeks.actual.tolist(), weeks.expected.round(3).tolist()
    ([0, 1], [0.077, 0.102])
    """
    if not isinstance(fitted, PurchaseModel):
        raise InvalidInputError("fitted", "must be a model of purchases", came(fitted))
    one_of("period", period, PERIODS)
    asked = ask(log, as_of=as_of, calendar=calendar)
    summary = purchase_summary(
        asked.log,
        purchases=purchases,
        calibration_end=calibration_end,
        occasion=occasion,
        unit=fitted.unit,
        calendar=calendar,
    )
    if len(summary) == 0:
        raise InvalidInputError("log", "must have customers who bought in the calibration")
    if occasion != "instant" and LENGTHS[period] < LENGTHS[occasion]:
        problem = f"got {period!r}"
        raise InvalidInputError("period", f"must not be finer than occasion={occasion!r}", problem)
    zone, clock, end = asked.zone, summary.clock, summary.context.option("calibration_end")
    occasions = occasions_of(asked.log, as_rule(purchases), clock)
    first = first_of_run(occasions.customer)
    start = np.flatnonzero(first & (occasions.at <= end))
    followed = np.zeros(asked.log.n_customers, np.bool_)
    followed[occasions.customer[start]] = True
    span = np.array([occasions.at[start].min(), asked.as_of])
    one, last = zone.ordinals(span, period).tolist()
    ordinals = np.arange(one, last + 1)
    closes = np.minimum(zone.edges(ordinals + 1, period) - 1, asked.as_of)
    ticks = clock.ticks(closes)
    again = np.sort(occasions.tick[~first & followed[occasions.customer]])
    bought = _expected(fitted, occasions.tick[start], ticks, summary.ticks_per_unit)
    return PurchaseTracking(
        labels=tuple(zone.labels(ordinals, period)),
        actual=np.diff(np.searchsorted(again, ticks, side="right"), prepend=0).astype(np.int64),
        expected=np.diff(bought, prepend=0.0),
        calibration=ticks <= clock.tick(end),
        customers=len(start),
    )


def _expected(fitted: PurchaseModel, births: Ints, ticks: Ints, fine: int) -> Vector:
    """Return purchases of all until each tick: those of a new customer, by age and how many."""
    born, people = np.unique(births, return_counts=True)
    ages, where = np.unique(np.maximum(ticks[:, None] - born, 0), return_inverse=True)
    bought = fitted._new(ages / fine)[where.reshape(len(ticks), len(born))]
    total: Vector = np.einsum("tb,b->t", bought, people)
    return total
