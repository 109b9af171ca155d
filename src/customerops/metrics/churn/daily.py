"""Sums of daily quotients: a rate that is built up day by day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Value
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Quotient
from customerops.model.tables.tables import Count, Statistic, Truth
from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DailySum"]


@attrs.frozen(eq=False, repr=False)
class DailySum(Statistic):
    """The sum of one quotient a day over each period.

    What adds over customers are the counts of each day; their quotients, and so the sum, are
    derived.

    Parameters
    ----------
    daily : Quotient
        Its last axis holds the days. Days of a calendar are summed by the period named in the
        option ``sum_over``, others all together.

    Raises
    ------
    InvalidInputError
        If it has no axis of days.

    Notes
    -----
    ``value = sum over days d of numerator[d] / denominator[d]``. A day on which both are 0 adds
    nothing; one with a numerator and no denominator leaves the sum undefined, and so do periods
    without any denominator. A sum of quotients has no interval.

    Examples
    --------
    >>> from customerops.metrics import churn_rate_from_counts
    >>> rate = churn_rate_from_counts(
    ...     definition="daily_sum", start=[100, 80], lost_of_start=[5, 8]
    ... )
    >>> round(rate.value, 12), rate.daily.value.tolist()
    (0.15, [0.05, 0.1])
    """

    daily: Quotient

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        if not self.daily.axes or self.daily.axes[-1].kind not in ("age", "period"):
            raise InvalidInputError("daily", "must have days as its last axis")

    @property
    def context(self) -> Context:  # type: ignore[override]
        """What it is about."""
        return self.daily.context

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The groups, if there are any, and the periods, if days are summed by period."""
        groups = self.daily.axes[:-1]
        if self.context.option("sum_over") is None:
            return groups
        dates: Any = self.daily.axes[-1].labels
        labels = [dates[i] for i in self._starts()]
        return (*groups, Axis("period", labels, "period", disjoint=False))

    @property
    def numerator(self) -> Count:
        """What is divided, over all days of the period."""
        total = self._summed(self.daily.parts["numerator"].astype(object))
        return int(total.item()) if total.ndim == 0 else exact.canon(total)

    @property
    def value(self) -> Value:
        """The sum; NaN where it is undefined or a day is not complete."""
        value = self._value()
        return float(value) if value.ndim == 0 else value

    @property
    def complete(self) -> Truth:
        """Whether every day of the period is known."""
        done = self._complete()
        return bool(done) if done.ndim == 0 else done

    def rollup(self, axis: str) -> Self:
        """Return the sum over days of the quotients of all groups.

        Parameters
        ----------
        axis : str
            The name of the group axis.

        Raises
        ------
        InvalidInputError
            If there is no such axis; days are not rolled up, for customers are there on many.
        """
        return type(self)(self.daily.rollup(axis))

    def __float__(self) -> float:
        """Return the value without axes."""
        if self.axes:
            problem = f"it has {[axis.name for axis in self.axes]}"
            raise InvalidInputError("estimate", "must have no axes to be one number", problem)
        return float(self._value())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DailySum):
            return NotImplemented
        return self.daily == other.daily

    def __repr__(self) -> str:
        axes = self.axes
        said = " x ".join(f"{axis.name}[{len(axis)}]" for axis in axes) or f"{float(self):.6g}"
        return f"DailySum(metric={self.context.metric!r}, {'axes' if axes else 'value'}={said})"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cell: the axes, numerator, value, complete."""
        import pandas as pd

        columns = self._columns()
        return pd.DataFrame({**render.label_columns(self._grid(), columns), **columns})

    def _repr_html_(self) -> str:
        """Show the first cells as a table; those that are not complete are grey."""
        some = slice(render.ROWS)
        columns = {name: column[some].tolist() for name, column in self._columns().items()}
        faint = [not done for done in columns.pop("complete")]
        labels = {axis.name: [axis.labels[i] for i in at[some]] for axis, at in self._grid()}
        shown = {
            "numerator": [render.number(v) for v in columns["numerator"]],
            "value": [render.percent(v) for v in columns["value"]],
        }
        cells = math.prod(len(axis) for axis in self.axes)
        return render.rows_html(self.context.title, labels, shown, faint, cells)

    def _plus(self, other: Self) -> Self:
        return type(self)(self.daily + other.daily)

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {
            "numerator": np.asarray(self.numerator).ravel(),
            "value": self._value().ravel(),
            "complete": self._complete().ravel(),
        }

    def _grid(self) -> list[tuple[Axis, NDArray[np.intp]]]:
        shape = [len(axis) for axis in self.axes]
        at = np.indices(shape, dtype=np.intp)
        return [(axis, at[i].ravel()) for i, axis in enumerate(self.axes)]

    def _value(self) -> NDArray[np.float64]:
        a, b = self.daily.parts["numerator"], self.daily.parts["denominator"]
        none = (a == 0) & (b == 0)
        quotients = np.where(none, 0.0, exact.divide(a, b))
        some = self._summed((b != 0).astype(np.int64)) > 0
        return np.where(self._complete() & some, self._summed(quotients), np.nan)

    def _complete(self) -> NDArray[np.bool_]:
        open_days = ~np.asarray(self.daily.complete)
        return np.asarray(self._summed(open_days.astype(np.int64)) == 0)

    def _starts(self) -> NDArray[np.intp]:
        """Return which day begins a period."""
        period, calendar = self.context.option("sum_over"), self.context.calendar
        days: Any = self.daily.axes[-1].labels
        assert calendar is not None
        edges = calendar.edges(np.array([calendar.ordinal_of(d, "day") for d in days]), "day")
        return np.flatnonzero(first_of_run(calendar.ordinals(edges, period)))

    def _summed(self, by_day: NDArray[Any]) -> NDArray[Any]:
        """Return sums over the days of each period; over all of them without periods."""
        if self.context.option("sum_over") is None:
            return np.asarray(by_day.sum(axis=-1))
        starts = self._starts()
        if not len(starts):
            return by_day
        return np.asarray(np.add.reduceat(by_day, starts, axis=-1))
