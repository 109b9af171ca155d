"""What all estimates share: a value, an interval, the difference of two."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import intervals
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result, Table, Truth, of_one_class
from customerops.model.values import exact
from customerops.model.values.checks import one_of, whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bounds", "Difference", "Estimate", "Floats", "Sampled", "Value", "at_least_zero"]

Floats = NDArray[np.float64]

Value = Any
"""A number where there is no axis, else an array of the axes' shape."""

Bounds = tuple[Value, Value]
"""The lower and the upper bound of an interval."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Estimate(Table):
    """A table whose parts make a number.

    Notes
    -----
    The value is NaN where the denominator is empty and where the cell is not complete at
    ``as_of``; the parts are kept in both cases.
    """

    @property
    def value(self) -> Value:
        """The estimate; NaN where it is undefined or not complete."""
        return _out(self._known())

    def __float__(self) -> float:
        """Return the value of an estimate without axes."""
        if self.axes:
            names = [axis.name for axis in self.axes]
            problem = f"it has {names}; select a cell first"
            raise InvalidInputError("estimate", "must have no axes to be one number", problem)
        return float(self._known())

    @abstractmethod
    def _value(self) -> Floats:
        """Return the value of every cell, complete or not."""

    def _divided(self, numerator: str, denominator: str) -> Floats:
        """Return the quotient of two parts in reported units, rounded once."""
        per, scale = self._units()
        a, b = self.parts[numerator], self.parts[denominator]
        return exact.divide(exact.times(a, per), exact.times(b, scale))

    def _units(self) -> tuple[int, int]:
        """Return the options ``per`` and ``scale``: a raw quotient times per / scale is reported."""
        option = self.context.option
        return whole("per", option("per", 1), least=1), whole("scale", option("scale", 1), least=1)

    def _known(self) -> Floats:
        return np.where(self._complete(), self._value(), np.nan)

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = super()._columns()
        complete = columns.pop("complete")
        return {**columns, "value": self._known().ravel(), "complete": complete}

    def _summary(self) -> list[str]:
        return [*super()._summary(), f"value={float(self._known()):.6g}"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Sampled(Estimate):
    """An estimate from independent customers, so that it has an interval.

    Attributes
    ----------
    METHODS : tuple of str
        The intervals it knows, the default first.
    """

    METHODS: ClassVar[tuple[str, ...]] = ()

    def interval(self, confidence: float = 0.95, *, method: str | None = None) -> Bounds:
        """Return the confidence interval of the value.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : str, optional
            One of ``METHODS``; the first of them if not given.

        Returns
        -------
        tuple of float or ndarray
            The lower and the upper bound, of the shape of `value` and NaN where it is.

        Raises
        ------
        InvalidInputError
            If `confidence` or `method` is not valid.

        Examples
        --------
        >>> from customerops.model import Context, Proportion
        >>> nobody = Proportion(parts={"count": 0, "total": 20}, context=Context("churn_rate"))
        >>> print(*(f"{bound:.4f}" for bound in nobody.interval(0.95, method="clopper-pearson")))
        0.0000 0.1684
        """
        low, high = self._limits(confidence, method)
        return _out(low), _out(high)

    def difference(self, other: Self) -> Difference:
        """Return this estimate less another one of the same thing, from other customers.

        Parameters
        ----------
        other : Estimate
            Of the same class, metric, unit, definition, period, currency and options, over the
            same axes; ``as_of``, ``over``, groups and selected labels may differ.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing; named after what differs.

        Notes
        -----
        The interval takes the two for independent. Those of the same customers at two times are
        not: as a rule it is then too wide.

        Examples
        --------
        >>> from customerops.model import Context, Proportion
        >>> a = Proportion(parts={"count": 56, "total": 70}, context=Context("churn_rate"))
        >>> b = Proportion(parts={"count": 48, "total": 80}, context=Context("churn_rate"))
        >>> print(*(f"{bound:.4f}" for bound in a.difference(b).interval()))
        0.0524 0.3339
        """
        return Difference(self, other)

    def to_frame(self, *, confidence: float = 0.95, method: str | None = None) -> pd.DataFrame:
        """Return one row per cell: the axes, the parts, value, low, high, complete.

        Parameters
        ----------
        confidence, method
            Of the interval, as in `interval`.

        Returns
        -------
        pandas.DataFrame
            Columns as in `Table.to_frame`.
        """
        return self._frame(self._columns(confidence, method))

    @abstractmethod
    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        """Return the bounds for every cell, complete or not."""

    def _less(self, other: Self, confidence: float, method: str) -> tuple[Floats, Floats]:
        """Return the bounds of the difference for every cell."""
        first, second = self._bounds(confidence, method), other._bounds(confidence, method)
        return intervals.mover(self._value(), first, other._value(), second)

    def _method(self, method: str | None) -> str:
        return self.METHODS[0] if method is None else one_of("method", method, self.METHODS)

    def _limits(self, confidence: float, method: str | None) -> tuple[Floats, Floats]:
        low, high = self._bounds(intervals.as_confidence(confidence), self._method(method))
        known = ~np.isnan(self._known())
        return np.where(known, low, np.nan), np.where(known, high, np.nan)

    def _columns(
        self, confidence: float = 0.95, method: str | None = None
    ) -> dict[str, NDArray[Any]]:
        columns = super()._columns()
        complete = columns.pop("complete")
        low, high = self._limits(confidence, method)
        return {**columns, "low": low.ravel(), "high": high.ravel(), "complete": complete}


@attrs.frozen(eq=False, repr=False)
class Difference(Result):
    """One estimate less another, with an interval.

    Parameters
    ----------
    first, second : Estimate
        Of the same thing over the same axes, from independent customers.

    Raises
    ------
    InvalidInputError
        If they differ in class, metric, unit, definition, period, currency, options or axes.

    Examples
    --------
    >>> from customerops.model import Context, Mean
    >>> a, b = (Mean.from_rows(x, context=Context("spend")) for x in ([3, 4, 5], [1, 2, 3]))
    >>> a.difference(b)
    Difference(metric='spend', value=2)
    """

    first: Sampled
    second: Sampled

    def __attrs_post_init__(self) -> None:
        a, b = self.first, self.second
        of_one_class(a, b, "compared")
        a.context.comparable(b.context)
        if a.axes != b.axes:
            problem = "their names or labels differ; select the labels of both"
            raise InvalidInputError("axes", "must be the same to compare results", problem)

    @property
    def context(self) -> Context:  # type: ignore[override]
        """The context of the first estimate."""
        return self.first.context

    @property
    def value(self) -> Value:
        """The first value less the second; NaN where one of them is."""
        return _out(self._known())

    @property
    def complete(self) -> Truth:
        """Whether both are complete."""
        return self.first.complete & self.second.complete

    def __float__(self) -> float:
        return float(self.first) - float(self.second)

    def interval(self, confidence: float = 0.95, *, method: str | None = None) -> Bounds:
        """Return the confidence interval of the difference.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : str, optional
            One of the estimates' ``METHODS``.

        Returns
        -------
        tuple of float or ndarray
            The lower and the upper bound; NaN where `value` is.

        Raises
        ------
        InvalidInputError
            As for `Estimate.interval`.

        Notes
        -----
        Shares and rates: from the bounds of each (Newcombe's hybrid score interval, and its like);
        ratios and means: Welch's t; net promoter scores: normal, variances added.
        """
        low, high = self._limits(confidence, method)
        return _out(low), _out(high)

    def to_frame(self, *, confidence: float = 0.95, method: str | None = None) -> pd.DataFrame:
        """Return one row per cell: the axes, value, low, high, complete."""
        return self.first._frame(self._columns(confidence, method))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Difference):
            return NotImplemented
        return self.first == other.first and self.second == other.second

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        first = self.first
        said = first._extent() if first.axes else f"value={float(self):.6g}"
        return f"Difference(metric={self.context.metric!r}, {said})"

    def _repr_html_(self) -> str:
        """Show the first cells as a table."""
        title = f"{self.context.title}: difference"
        return self.first._rows_html(title, self._columns())

    def _known(self) -> Floats:
        return self.first._known() - self.second._known()

    def _limits(self, confidence: float, method: str | None) -> tuple[Floats, Floats]:
        a, b = self.first, self.second
        low, high = a._less(b, intervals.as_confidence(confidence), a._method(method))
        known = ~np.isnan(self._known())
        return np.where(known, low, np.nan), np.where(known, high, np.nan)

    def _columns(
        self, confidence: float = 0.95, method: str | None = None
    ) -> dict[str, NDArray[Any]]:
        low, high = self._limits(confidence, method)
        complete = self.first._complete() & self.second._complete()
        columns = {"value": self._known(), "low": low, "high": high, "complete": complete}
        return {name: column.ravel() for name, column in columns.items()}


def at_least_zero(table: Table, *names: str) -> None:
    """Refuse negative parts.

    Raises
    ------
    InvalidInputError
        Named after the first part that has one.
    """
    for name in names:
        part = table.parts[name]
        if part.size and part.min() < 0:
            raise InvalidInputError(name, "must not be negative")


def _out(array: Floats) -> Value:
    return float(array) if array.ndim == 0 else array
