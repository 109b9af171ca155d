"""Ratios and means over customers: the customer is the unit, whatever is counted."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import intervals
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats, Sampled, Value, at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Count
from customerops.model.values import exact

__all__ = ["ClusteredShare", "Mean", "Ratio"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _ByCustomer(Sampled):
    """What a ratio and a mean share: `n` customers, a variance, and Student's t."""

    @property
    def n(self) -> Count:
        """How many customers; the interval has n - 1 degrees of freedom."""
        return self._part("n")

    @property
    def standard_error(self) -> Value:
        """The standard error of the value, in its unit; NaN for fewer than two customers."""
        error = np.where(np.isnan(self._known()), np.nan, np.sqrt(self._variance()))
        return float(error) if error.ndim == 0 else error

    @abstractmethod
    def _variance(self) -> Floats:
        """Return the squared standard error of every cell."""

    def _factor(self) -> float:
        per, scale = self._units()
        return per / scale

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in self.PARTS]

    def _less(self, other: Self, confidence: float, method: str) -> tuple[Floats, Floats]:
        """Welch's interval: the variances of independent estimates add."""
        difference = self._value() - other._value()
        v1, v2 = self._variance(), other._variance()
        f1, f2 = (e.parts["n"].astype(np.float64) - 1 for e in (self, other))
        t = intervals.student(intervals.welch_df(v1, f1, v2, f2), confidence)
        half = t * np.sqrt(v1 + v2)
        return difference - half, difference + half


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Ratio(_ByCustomer):
    """A ratio of two totals over customers: clicks by messages, orders by buyers.

    Parameters
    ----------
    axes : sequence of Axis
        None for one ratio.
    parts : mapping
        ``n`` (customers with any x or y), ``x``, ``y``, and the sums over customers of their
        squares and product ``xx``, ``yy``, ``xy``; see `from_rows`.
    context : Context
        Its options ``scale`` and ``per`` say how many counts of x and of y make one reported unit.

    Raises
    ------
    InvalidInputError
        If ``n``, ``xx`` or ``yy`` is negative.

    Notes
    -----
    ``value = (x / scale) / (y / per)``. The interval, method ``"delta"``, takes the customer as
    the unit, since events cluster within customers: linearised variance with n / (n - 1) and
    Student's t of n - 1 degrees of freedom, `customerops.model.tables.intervals.ratio_delta`. It is
    symmetric, and with fewer than about 100 customers and something rare it covers too little: take
    method ``"logit"`` for a share there, ``"log"`` for an amount
    (`customerops.model.tables.intervals.ratio_on_scale`). The difference of two has Welch's degrees
    of freedom.

    Examples
    --------
    Clicks and messages of five customers:

    >>> from customerops.model import Context, Ratio
    >>> clicks = Ratio.from_rows([2, 0, 1, 3, 0], [10, 5, 5, 10, 10], context=Context("click_rate"))
    >>> clicks.value, clicks.n
    (0.15, 5)
    >>> print(f"{clicks.standard_error:.6f}")
    0.064801
    """

    PARTS: ClassVar[tuple[str, ...]] = ("n", "x", "y", "xx", "yy", "xy")
    METHODS: ClassVar[tuple[str, ...]] = ("delta", "logit", "log")

    @classmethod
    def from_rows(
        cls,
        x: object,
        y: object,
        *,
        context: Context,
        axes: Sequence[Axis] = (),
        codes: NDArray[Any] | None = None,
    ) -> Self:
        """Return the ratio of one row per customer (and cell).

        Parameters
        ----------
        x, y : array_like of int, shape (rows,)
            What is divided, and by what; rows with neither are left out of ``n``.
        context : Context
            What it is about.
        axes : sequence of Axis
            The axes of the result.
        codes : ndarray of int, shape (rows,), optional
            The cell of each row, counted along the axes, the last one fastest.

        Raises
        ------
        InvalidInputError
            If `x` or `y` are not whole numbers, or not as many.
        """
        a, b = exact.canon(x, "x"), exact.canon(y, "y")
        cells = _cells(axes)
        at = _codes(codes, a, b)
        sums = {
            "n": exact.group_count(at[(a != 0) | (b != 0)], cells),
            "x": exact.group_sum(at, a, cells),
            "y": exact.group_sum(at, b, cells),
            "xx": exact.group_dot(at, a, a, cells),
            "yy": exact.group_dot(at, b, b, cells),
            "xy": exact.group_dot(at, a, b, cells),
        }
        return cls(axes=axes, parts=_shaped(sums, axes), context=context)

    @property
    def x(self) -> Count:
        """The sum that is divided."""
        return self._part("x")

    @property
    def y(self) -> Count:
        """The sum it is divided by."""
        return self._part("y")

    def _check(self) -> None:
        at_least_zero(self, "n", "xx", "yy")

    def _value(self) -> Floats:
        return self._divided("x", "y")

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        n, x, y, xx, yy, xy = self._arrays()
        if method == "delta":
            low, high = intervals.ratio_delta(n, x, y, xx, yy, xy, confidence)
        else:
            low, high = intervals.ratio_on_scale(n, x, y, xx, yy, xy, confidence, method)
        return low * self._factor(), high * self._factor()

    def _variance(self) -> Floats:
        return intervals.ratio_variance(*self._arrays()) * self._factor() ** 2


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ClusteredShare(Ratio):
    """A share of events, with the customer as the unit: lapses won back, of all lapses.

    Parameters
    ----------
    axes, parts, context
        As for `Ratio`, with ``0 <= x <= y`` for every customer.

    Notes
    -----
    The interval, method ``"logit"``, stays inside [0, 1]:
    `customerops.model.tables.intervals.ratio_share`.

    Examples
    --------
    >>> from customerops.model import ClusteredShare, Context
    >>> none_yet = ClusteredShare.from_rows([0, 0, 0], [2, 1, 3], context=Context("win_back_rate"))
    >>> print(none_yet.value, [round(bound, 2) for bound in none_yet.interval()])
    0.0 [0.0, 0.56]
    """

    METHODS: ClassVar[tuple[str, ...]] = ("logit", "delta")

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        if method == "delta":
            return super()._bounds(confidence, method)
        n, x, y, xx, yy, xy = self._arrays()
        return intervals.ratio_share(n, x, y, xx, yy, xy, confidence)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Mean(_ByCustomer):
    """A mean over independent customers.

    Parameters
    ----------
    axes : sequence of Axis
        None for one mean.
    parts : mapping
        ``n``, ``sum`` and ``sum_sq`` (the sum of squares), whole numbers; see `from_rows`.
    context : Context
        Its option ``scale`` says how many counts make one reported unit: 100 for cents.

    Raises
    ------
    InvalidInputError
        If ``n`` or ``sum_sq`` is negative.

    Notes
    -----
    ``value = sum / n / scale``. The interval, method ``"t"``, is Student's with n - 1 degrees of
    freedom; NaN for one customer. The difference of two is Welch's.

    Examples
    --------
    >>> from customerops.model import Context, Mean
    >>> spent = Mean.from_rows([1000, 2000, 3000], context=Context("spend", options={"scale": 100}))
    >>> spent.value
    20.0
    >>> low, high = spent.interval()
    >>> print(f"{low:.2f} {high:.2f}")
    -4.84 44.84
    """

    PARTS: ClassVar[tuple[str, ...]] = ("n", "sum", "sum_sq")
    METHODS: ClassVar[tuple[str, ...]] = ("t",)

    @classmethod
    def from_rows(
        cls,
        x: object,
        *,
        context: Context,
        axes: Sequence[Axis] = (),
        codes: NDArray[Any] | None = None,
    ) -> Self:
        """Return the mean of one row per customer (and cell).

        Parameters
        ----------
        x : array_like of int, shape (rows,)
            The values; every row counts, zeros too.
        context, axes, codes
            As for `Ratio.from_rows`.

        Raises
        ------
        InvalidInputError
            If `x` is not whole numbers.
        """
        a = exact.canon(x, "x")
        cells = _cells(axes)
        at = _codes(codes, a)
        sums = {
            "n": exact.group_count(at, cells),
            "sum": exact.group_sum(at, a, cells),
            "sum_sq": exact.group_dot(at, a, a, cells),
        }
        return cls(axes=axes, parts=_shaped(sums, axes), context=context)

    @property
    def sum(self) -> Count:
        """The sum, in counts."""
        return self._part("sum")

    def _check(self) -> None:
        at_least_zero(self, "n", "sum_sq")

    def _value(self) -> Floats:
        return self._divided("sum", "n")

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        n, total, sum_sq = self._arrays()
        low, high = intervals.mean_t(n, total, sum_sq, confidence)
        return low * self._factor(), high * self._factor()

    def _variance(self) -> Floats:
        return intervals.mean_variance(*self._arrays()) * self._factor() ** 2


def _cells(axes: Sequence[Axis]) -> int:
    return math.prod(len(axis) for axis in axes)


def _codes(codes: NDArray[Any] | None, *columns: NDArray[Any]) -> NDArray[Any]:
    """Return the cell of each row, if all columns have as many rows."""
    rows = [len(column) for column in columns]
    at = np.zeros(rows[0], dtype=np.intp) if codes is None else codes
    if {len(at)} != set(rows):
        name, given = ("x and y", rows) if codes is None else ("codes, x and y", [len(at), *rows])
        raise InvalidInputError(name, "must have as many rows", f"got {given}")
    return at


def _shaped(sums: Mapping[str, NDArray[Any]], axes: Sequence[Axis]) -> dict[str, NDArray[Any]]:
    shape = tuple(len(axis) for axis in axes)
    return {name: total.reshape(shape) for name, total in sums.items()}
