"""The curve of gaps: who stays away for longer, every customer counting as one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats, Value
from customerops.model.tables.context import Context
from customerops.model.tables.intervals import normal
from customerops.model.tables.tables import Result
from customerops.model.values.checks import finite
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GapCurve", "as_share"]

_SLACK = 1e-9  # relative: what a product of many quotients may be off by rounding


@attrs.frozen(eq=False, repr=False, kw_only=True)
class GapCurve(Result):
    """The share of customers who stay away for longer, read from `GapTimes`.

    Attributes
    ----------
    outer : tuple of Axis
        A curve for each cell of these.
    points : ndarray, shape (rows,)
        Lengths at which a gap ended or was last seen, in ticks: days, hours or microseconds.
    at_risk, returned : ndarray of float, shape (rows,)
        Customers away for at least so long, and those of them who came back just then; a customer
        with several gaps counts with the share of them for which it holds.
    value : ndarray of float, shape (rows,)
        The share that stays away for longer.
    """

    outer: tuple[Axis, ...]
    points: NDArray[np.int64]
    cell: NDArray[np.int64]
    at_risk: Floats
    returned: Floats
    value: Floats
    context: Context

    @classmethod
    def of(
        cls,
        outer: tuple[Axis, ...],
        points: NDArray[np.int64],
        cell: NDArray[np.int64],
        returned: Floats,
        left: Floats,
        context: Context,
    ) -> GapCurve:
        """Return the curve of weighted counts in any order, each length as often as it comes."""
        some = (returned + left) > 0
        order = np.lexsort((points[some], cell[some]))
        points, cell = points[some][order], cell[some][order]
        start = np.flatnonzero(first_of_run(cell, points))
        points, cell = points[start], cell[start]
        back, out = (
            np.add.reduceat(x[some][order], start) if len(start) else np.zeros(0)
            for x in (returned, left)
        )
        risk, value = np.zeros(len(start)), np.ones(len(start))
        for rows in _blocks(cell, outer):
            risk[rows] = np.cumsum((back[rows] + out[rows])[::-1])[::-1]
            value[rows] = np.cumprod((risk[rows] - back[rows]) / risk[rows])
        return cls(
            outer=outer,
            points=points,
            cell=cell,
            at_risk=risk,
            returned=back,
            value=value,
            context=context,
        )

    def at(self, t: ArrayLike) -> Value:
        """Return the share that stays away for longer than some lengths of time.

        Parameters
        ----------
        t : float or array_like of float
            In ticks.

        Returns
        -------
        float or ndarray
            Of the shape of the outer axes, and then of `t`; NaN for a cell without customers.
        """
        times = np.asarray(t, dtype=np.float64)
        blocks = list(_blocks(self.cell, self.outer))
        out = np.full((len(blocks), *times.shape), np.nan)
        for i, rows in enumerate(blocks):
            if rows.start < rows.stop:
                reached = np.searchsorted(self.points[rows], times, side="right")
                out[i] = np.append(1.0, self.value[rows])[reached]
        return _shaped(np.where(np.isnan(times), np.nan, out), self.outer, times.shape)

    def quantile(self, q: float) -> Value:
        """Return the first length by which at least a share `q` is back.

        Parameters
        ----------
        q : float
            Above 0, at most 1.

        Returns
        -------
        float or ndarray
            In ticks, of the shape of the outer axes; NaN where so many were not seen to return.

        Raises
        ------
        InvalidInputError
            If `q` is not above 0 and at most 1.
        """
        return _shaped(self._first(self.value, as_share(q)), self.outer)

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Return an interval of `value` at each length that covers at least as often as said.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, at any one length, between 0 and 1.

        Returns
        -------
        tuple of ndarray, shape (rows,)
            The lower and the upper bound; NaN at 0.

        Raises
        ------
        InvalidInputError
            If `confidence` is not between 0 and 1.

        Notes
        -----
        On the scale of ``log(-log S)`` with Greenwood's sum of the weighted counts,
        ``sum of d / (R (R - d))``: that of an estimate which takes one gap of each customer at
        random. The curve averages over all such choices, so it varies less, and as much only if
        the gaps of a customer are all alike.
        """
        z, d, r = normal(confidence), self.returned, self.at_risk
        with np.errstate(invalid="ignore", divide="ignore"):
            terms = np.where(d > 0, d / (r * (r - d)), 0.0)
            total = np.empty(len(terms))
            for rows in _blocks(self.cell, self.outer):
                total[rows] = np.cumsum(terms[rows])
            spread = np.exp(z * np.sqrt(total) / -np.log(self.value))
            ended = self.value == 0
            low, high = self.value**spread, self.value ** (1 / spread)
        return np.where(ended, np.nan, low), np.where(ended, np.nan, high)

    def quantile_interval(self, q: float, confidence: float = 0.95) -> tuple[Value, Value]:
        """Return an interval of a quantile: where the band of the curve crosses it.

        Parameters
        ----------
        q : float
            Above 0, at most 1.
        confidence : float
            Coverage aimed at, between 0 and 1.

        Returns
        -------
        tuple of float or ndarray
            In ticks; NaN for a bound that is not reached.

        Raises
        ------
        InvalidInputError
            If `q` or `confidence` is not valid.

        Notes
        -----
        Brookmeyer and Crowley, Biometrics 38 (1982) 29-41, with the band of `interval`.
        """
        share = as_share(q)
        low, high = self.interval(confidence)
        early = self._first(np.where(self.value == 0, 0.0, low), share)
        return _shaped(early, self.outer), _shaped(self._first(high, share), self.outer)

    def to_frame(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row per cell and length: the axes, at, at_risk, returned, value, low, high.

        Parameters
        ----------
        confidence : float
            Of the interval.
        """
        import pandas as pd

        from customerops.model.tables.render import label_columns

        low, high = self.interval(confidence)
        columns = {
            "at": self.points,
            "at_risk": self.at_risk,
            "returned": self.returned,
            "value": self.value,
            "low": low,
            "high": high,
        }
        places = np.unravel_index(self.cell, _shape(self.outer)) if self.outer else ()
        grid = list(zip(self.outer, places, strict=True))
        return pd.DataFrame({**label_columns(grid, columns), **columns})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GapCurve):
            return NotImplemented
        return (
            self.context == other.context
            and self.outer == other.outer
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("points", "cell", "at_risk", "returned")
            )
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the method and the size."""
        axes = [f"{axis.name}[{len(axis)}]" for axis in self.outer]
        extent = " x ".join([*axes, f"at[{len(self.points)}]"])
        return f"GapCurve(method={self.definition!r}, axes={extent})"

    def _first(self, curve: Floats, share: float) -> Floats:
        """Return the first length at which a curve is at or below what a share leaves."""
        with np.errstate(invalid="ignore"):
            reached = curve <= (1 - share) * (1 + _SLACK)
        blocks = list(_blocks(self.cell, self.outer))
        out = np.full(len(blocks), np.nan)
        for i, rows in enumerate(blocks):
            if reached[rows].any():
                out[i] = self.points[rows][int(reached[rows].argmax())]
        return out


def as_share(q: float) -> float:
    """Return a share above 0, or say that it is none."""
    share = finite("quantile", q)
    if not 0 < share <= 1:
        raise InvalidInputError("quantile", "must be above 0 and at most 1", f"got {share:g}")
    return share


def _shape(outer: tuple[Axis, ...]) -> tuple[int, ...]:
    return tuple(len(axis) for axis in outer)


def _blocks(cell: NDArray[np.int64], outer: tuple[Axis, ...]) -> Iterator[slice]:
    """Return the rows of each cell, one cell after the other."""
    cells = int(np.prod(_shape(outer), dtype=np.int64))
    edges = np.searchsorted(cell, np.arange(cells + 1)).tolist()
    return (slice(*pair) for pair in pairwise(edges))


def _shaped(values: Floats, outer: tuple[Axis, ...], extra: tuple[int, ...] = ()) -> Value:
    out = values.reshape((*_shape(outer), *extra))
    return out.item() if out.ndim == 0 else out
