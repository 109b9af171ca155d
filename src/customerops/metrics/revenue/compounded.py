"""Products of rates: a retention that is built up month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats, Value
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Quotient
from customerops.model.tables.tables import Statistic, Truth
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Compounded"]


@attrs.frozen(eq=False, repr=False)
class Compounded(Statistic):
    """The product of one quotient a month over each period.

    What adds over customers are the amounts of each month; the quotients, and so their product, are
    derived.

    Parameters
    ----------
    monthly : Quotient
        Its last axis holds the months, or other periods. They are multiplied within the period
        named in the option ``product_over``, or, without it, all together.

    Raises
    ------
    InvalidInputError
        If it has no axis of periods.

    Notes
    -----
    ``value = product over months of numerator / denominator``; NaN where a month has no denominator
    or is not complete. A product of rates of different customers has no interval.

    Examples
    --------
    Two months of a bridge:

    >>> import datetime as dt
    >>> from customerops.metrics import Compounded
    >>> from customerops.model import Axis, Movements
    >>> bridge = Movements.of(
    ...     opening=[400, 250], new=[50, 0], expansion=[0, 30], contraction=[0, 40],
    ...     churn=[200, 0], reactivation=[0, 80],
    ...     axes=[Axis("period", [dt.date(2024, 2, 1), dt.date(2024, 3, 1)], "period")],
    ... )
    >>> Compounded(bridge.nrr("movement")).value
    0.48
    """

    monthly: Quotient

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        if not self.monthly.axes or self.monthly.axes[-1].kind != "period":
            raise InvalidInputError("monthly", "must have periods as its last axis")

    @property
    def context(self) -> Context:  # type: ignore[override]
        """What it is about."""
        return self.monthly.context

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The groups, if there are any, and the periods that months are multiplied within."""
        *groups, months = self.monthly.axes
        if self._within is None:
            return tuple(groups)
        labels = [months.labels[i] for i in self._starts()]
        return (*groups, Axis("period", labels, "period", disjoint=False))

    @property
    def value(self) -> Value:
        """The product; NaN where it is undefined or a month is not complete."""
        value = self._value()
        return float(value) if value.ndim == 0 else value

    @property
    def complete(self) -> Truth:
        """Whether every month of the period is known."""
        done = self._complete()
        return bool(done) if done.ndim == 0 else done

    def rollup(self, axis: str) -> Self:
        """Return the product over months of the quotients of all groups.

        Parameters
        ----------
        axis : str
            The name of the group axis.

        Raises
        ------
        InvalidInputError
            If there is no such axis; months are not rolled up.
        """
        return type(self)(self.monthly.rollup(axis))

    def __float__(self) -> float:
        """Return the value without axes."""
        if self.axes:
            problem = f"it has {[axis.name for axis in self.axes]}"
            raise InvalidInputError("estimate", "must have no axes to be one number", problem)
        return float(self._value())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Compounded):
            return NotImplemented
        return self.monthly == other.monthly

    def __repr__(self) -> str:
        axes = self.axes
        said = " x ".join(f"{axis.name}[{len(axis)}]" for axis in axes) or f"{float(self):.6g}"
        return f"Compounded(metric={self.context.metric!r}, {'axes' if axes else 'value'}={said})"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cell: the axes, value, complete."""
        import pandas as pd

        at = np.indices([len(axis) for axis in self.axes], dtype=np.intp)
        grid = [(axis, at[i].ravel()) for i, axis in enumerate(self.axes)]
        columns = {"value": self._value().ravel(), "complete": self._complete().ravel()}
        return pd.DataFrame({**render.label_columns(grid, columns), **columns})

    def _repr_html_(self) -> str:
        """Show the quotients of the months."""
        return self.monthly._repr_html_()

    def _plus(self, other: Self) -> Self:
        return type(self)(self.monthly + other.monthly)

    @property
    def _within(self) -> Any:
        return self.context.option("product_over")

    def _value(self) -> Floats:
        return self._joined(np.multiply, np.asarray(self.monthly.value))

    def _complete(self) -> NDArray[np.bool_]:
        return self._joined(np.logical_and, np.asarray(self.monthly.complete))

    def _starts(self) -> NDArray[np.intp]:
        """Return which month begins a period."""
        calendar = self.context.calendar
        months: Any = self.monthly.axes[-1].labels
        assert calendar is not None
        edges = calendar.edges(
            np.array([calendar.ordinal_of(m, "month") for m in months]), "month"
        )
        return np.flatnonzero(first_of_run(calendar.ordinals(edges, self._within)))

    def _joined(self, join: np.ufunc, by_month: NDArray[Any]) -> NDArray[Any]:
        """Return what the months of each period come to; of all of them without periods."""
        if self._within is None:
            return np.asarray(join.reduce(by_month, axis=-1))
        starts = self._starts()
        if not len(starts):
            return by_month
        return np.asarray(join.reduceat(by_month, starts, axis=-1))
