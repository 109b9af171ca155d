"""Distributions: how often each value occurs; quantiles with intervals, mean, spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Bounds, Floats, Value
from customerops.model.tables.context import Context
from customerops.model.tables.intervals import as_confidence
from customerops.model.tables.multiset import Support
from customerops.model.tables.tables import Count
from customerops.model.values import exact

__all__ = ["Distribution"]

_SLACK = 1e-12  # relative: 0.55 * 100 is 55.00000000000001, the rank is 55


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Distribution(Support):
    """How often each value occurs; every value is known, none is censored.

    Parameters
    ----------
    outer : sequence of Axis
        The axes of the cells; none for one distribution.
    at : array_like of int or float, shape (rows,)
        The values.
    cell : array_like of int, shape (rows,), optional
        The cell of each row.
    parts : mapping
        ``count``, whole numbers that are not negative.
    context : Context
        What it is about; what one value is measured in belongs in its options.

    Notes
    -----
    Its mean, spread and quantiles are NaN for a cell without values and for one that is not
    complete; `n` and `sum` are what is known so far.

    Examples
    --------
    >>> from customerops.model import Context, Distribution
    >>> gaps = Distribution.from_rows([3, 5, 5, 9], context=Context("gap_times"))
    >>> gaps.n, gaps.sum, gaps.mean, gaps.quantile(0.5)
    (4, 22, 5.5, 5.0)
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count",)

    @classmethod
    def from_rows(
        cls,
        values: ArrayLike,
        *,
        context: Context,
        outer: Sequence[Axis] = (),
        codes: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Return the distribution of one value per row.

        Parameters
        ----------
        values : array_like of int or float, shape (rows,)
            Finite.
        context : Context
            What it is about.
        outer : sequence of Axis
            The axes of the result.
        codes : array_like of int, shape (rows,), optional
            The cell of each row, counted along the axes, the last one fastest.
        weights : array_like of int, shape (rows,), optional
            How often each row counts; once if not given.

        Raises
        ------
        InvalidInputError
            As for `Support`.
        """
        count = np.ones(np.shape(values), dtype=np.int64) if weights is None else weights
        return cls(outer=outer, at=values, cell=codes, parts={"count": count}, context=context)

    @property
    def count(self) -> NDArray[Any]:
        """How often each of the values `points` occurs."""
        return self.parts["count"]

    @property
    def n(self) -> Count:
        """How many values there are."""
        return _scalar(self._n().reshape(self.shape))

    @property
    def sum(self) -> Value:
        """The sum of the values: exact if they are whole, else rounded once."""
        return _scalar(self._sum().reshape(self.shape))

    @property
    def mean(self) -> Value:
        """The mean."""
        return self._out(self._mean())

    @property
    def sd(self) -> Value:
        """The standard deviation, with n - 1; NaN for fewer than two values."""
        deviation = (self.points - self._mean()[self.cell]) ** 2
        squares = exact.float_sum(self.cell, deviation, self._cells(), self.count)
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = squares / (self._n().astype(np.float64) - 1)
        return self._out(np.sqrt(np.where(self._n() > 1, variance, np.nan)))

    @property
    def min(self) -> Value:
        """The smallest value."""
        return self.quantile(0)

    @property
    def max(self) -> Value:
        """The largest value."""
        return self.quantile(1)

    def quantile(self, q: ArrayLike) -> Value:
        """Return the smallest value that at least a share `q` of the values does not exceed.

        Parameters
        ----------
        q : float or array_like of float
            From 0 to 1; 0.5 is the (lower) median, 0 the minimum, 1 the maximum.

        Returns
        -------
        float or ndarray
            Of the shape of the outer axes, and then of `q`.

        Raises
        ------
        InvalidInputError
            If a `q` is not from 0 to 1.

        Notes
        -----
        The inverse of the empirical distribution function, type 1 of Hyndman and Fan (1996): a
        value that occurs, never one between two. A curve without censoring has the same quantiles.

        Examples
        --------
        >>> from customerops.model import Context, Distribution
        >>> gaps = Distribution.from_rows([3, 5, 5, 9], context=Context("gap_times"))
        >>> gaps.quantile([0.25, 0.26, 1])
        array([3., 5., 9.])
        """
        shares = np.asarray(q, dtype=np.float64)
        if not ((shares >= 0) & (shares <= 1)).all():
            raise InvalidInputError("q", "must be from 0 to 1")
        n = self._n().astype(np.float64)
        reach = np.multiply.outer(n, shares)
        rank = np.maximum(np.ceil(reach * (1 - _SLACK)), 1).astype(np.int64)
        return self._out(self._ranked(rank), shares.shape)

    def interval(self, q: float, confidence: float = 0.95) -> Bounds:
        """Return the confidence interval of a quantile, from one value to another.

        Parameters
        ----------
        q : float
            Between 0 and 1.
        confidence : float
            Coverage that is at least reached.

        Returns
        -------
        tuple of float or ndarray
            The lower and the upper bound, of the shape of the outer axes; NaN where the values are
            too few for one.

        Raises
        ------
        InvalidInputError
            If `q` or `confidence` is not between 0 and 1.

        Notes
        -----
        From the l-th to the u-th smallest value: l the largest and u the smallest number with
        ``P(B < l) <= (1 - confidence) / 2`` and ``P(B >= u) <= (1 - confidence) / 2`` for a
        binomial B of n and q. Whatever the distribution, ties included. David and Nagaraja, *Order
        Statistics*, 3rd ed. (2003), section 7.1.

        Examples
        --------
        The median of ten values: from the second to the ninth.

        >>> from customerops.model import Context, Distribution
        >>> Distribution.from_rows(range(1, 11), context=Context("m")).interval(0.5)
        (2.0, 9.0)
        """
        from scipy.special import bdtr, bdtrc

        if not 0 < q < 1:
            raise InvalidInputError("q", "must be between 0 and 1", "the ends have no interval")
        tail = (1 - as_confidence(confidence)) / 2
        n = self._n().astype(np.int64)
        low = _first(n, lambda k: bdtr(k, n, q) > tail)  # P(B < low) <= tail < P(B <= low)
        high = _first(n, lambda k: bdtrc(k, n, q) <= tail) + 1  # P(B >= high) <= tail
        known = [
            np.where((rank >= 1) & (rank <= n), self._ranked(np.clip(rank, 1, n)), np.nan)
            for rank in (low, high)
        ]
        return self._out(known[0]), self._out(known[1])

    def _n(self) -> NDArray[np.int64]:
        return exact.group_sum(self.cell, self.count, self._cells())

    def _sum(self) -> NDArray[Any]:
        if self.points.dtype == np.int64:
            return exact.group_dot(self.cell, self.points, self.count, self._cells())
        return exact.float_sum(self.cell, self.points, self._cells(), self.count)

    def _mean(self) -> Floats:
        total, n = self._sum(), self._n()
        if total.dtype != np.float64:
            return exact.divide(total, n)
        mean: Floats = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
        return mean

    def _ranked(self, rank: NDArray[np.int64]) -> Floats:
        """Return the value of a rank in each cell; NaN for a cell without values."""
        reached = np.concatenate([[0], np.cumsum(self.count)])
        before = reached[np.searchsorted(self.cell, np.arange(self._cells()))]
        extra = (1,) * (rank.ndim - 1)
        rows = np.searchsorted(reached[1:], before.reshape(-1, *extra) + rank)
        some = (self._n() > 0).reshape(-1, *extra)
        values = np.append(self.points.astype(np.float64), np.nan)
        return np.where(some, values[np.minimum(rows, len(self.points))], np.nan)

    def _out(self, values: Floats, extra: tuple[int, ...] = ()) -> Value:
        """Return values per cell in the shape of the axes, NaN where not complete."""
        known = self._complete().reshape(-1, *(1,) * len(extra))
        return _scalar(np.where(known, values, np.nan).reshape((*self.shape, *extra)))


def _scalar(array: NDArray[Any]) -> Any:
    return array.item() if array.ndim == 0 else array


def _first(
    n: NDArray[np.int64], reached: Callable[[NDArray[np.int64]], NDArray[np.bool_]]
) -> NDArray[np.int64]:
    """Return the smallest k from 0 to n at which a rising condition holds; at n it does."""
    low, high = np.zeros_like(n), n
    while (low < high).any():
        middle = (low + high) // 2
        holds = reached(middle)
        low, high = np.where(holds, low, middle + 1), np.where(holds, middle, high)
    return low
