"""Times of events and of censoring: what survival curves are read from, and what adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats, Value
from customerops.model.tables.context import Context
from customerops.model.tables.intervals import normal
from customerops.model.tables.multiset import Support
from customerops.model.values import exact
from customerops.model.values.checks import came, numbers, one_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EventTable", "as_flags"]

_SLACK = 1e-9  # relative: what a product of many quotients may be off by rounding


@attrs.frozen(eq=False, repr=False, kw_only=True)
class EventTable(Support):
    """How many had the event, were censored or entered at each time.

    Parameters
    ----------
    outer : sequence of Axis
        The axes of the cells, a curve each; none for one curve.
    at : array_like of int or float, shape (rows,)
        The times since each one's origin; in a unit of the caller's.
    cell : array_like of int, shape (rows,), optional
        The cell of each row.
    parts : mapping
        ``events``, ``censored`` and ``entries``, whole numbers. Entries are only those that were
        not under observation from the origin on (left truncation); see `from_rows`.
    context : Context
        What it is about. A metric ``"nelson_aalen"`` reads as cumulative hazard, any other as
        survival (Kaplan and Meier). The option ``ties`` says how the hazard treats events at one
        time: ``"nelson_aalen"`` (together, the default) or ``"fleming_harrington"`` (in turn).

    Raises
    ------
    InvalidInputError
        If more leave at a time than were at risk.

    Notes
    -----
    At risk at t is who entered before t and left at t or later: whoever is censored at the time of
    an event is still at risk of it. After the last time the curve stays where it is, also if that
    time is a censoring. Once everybody at risk had the event, survival stays 0, though others may
    enter later.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958), JASA 53, 457-481. Klein, J. P. and Moeschberger, M. L.
    (2003), *Survival Analysis*, 2nd ed., chapter 4. Kalbfleisch, J. D. and Prentice, R. L. (2002),
    *The Statistical Analysis of Failure Time Data*, 2nd ed., section 1.4.

    Examples
    --------
    >>> from customerops.model import Context, EventTable
    >>> curve = EventTable.from_rows(
    ...     [6, 6, 6, 7, 10], [1, 1, 0, 1, 1], context=Context("kaplan_meier")
    ... )
    >>> curve.at_risk
    array([5, 2, 1])
    >>> curve.survival()
    array([0.6, 0.3, 0. ])
    >>> curve.at(6.5), curve.quantile(0.5)
    (0.6, 7.0)
    """

    PARTS: ClassVar[tuple[str, ...]] = ("events", "censored", "entries")

    @classmethod
    def from_rows(
        cls,
        durations: ArrayLike,
        observed: ArrayLike,
        *,
        context: Context,
        entry: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        outer: Sequence[Axis] = (),
        codes: ArrayLike | None = None,
    ) -> Self:
        """Return the table of one life per row.

        Parameters
        ----------
        durations : array_like of int or float, shape (rows,)
            The time of the event or of the censoring, since the origin.
        observed : array_like of bool or of 0 and 1, shape (rows,)
            Whether it was the event.
        context : Context
            What it is about.
        entry : array_like of int or float, shape (rows,), optional
            When observation began, since the origin, before `durations`. Left out, everybody is
            under observation from the start, also who leaves at time 0.
        weights : array_like of int, shape (rows,), optional
            How often each row counts; once if not given.
        outer, codes
            The axes of the result, and the cell of each row, as for `Distribution.from_rows`.

        Raises
        ------
        InvalidInputError
            If `observed` is neither, an `entry` is not before its duration, or as for `Support`.
        """
        times = np.asarray(durations)
        happened = as_flags(observed, times.shape)
        given = np.ones(times.shape, dtype=np.int64) if weights is None else weights
        count = exact.canon(given, "weights")
        none = np.zeros_like(count)
        left = {
            "events": np.where(happened, count, 0),
            "censored": np.where(happened, 0, count),
            "entries": none,
        }
        if entry is None:
            return cls(outer=outer, at=times, cell=codes, parts=left, context=context)
        began = np.asarray(entry)
        _check_entries(began, times)
        cell = None if codes is None else np.tile(codes, 2)
        came = {"events": none, "censored": none, "entries": count}
        parts = {name: np.concatenate([left[name], came[name]]) for name in cls.PARTS}
        at = np.concatenate([times, began])
        return cls(outer=outer, at=at, cell=cell, parts=parts, context=context)

    # -- counts ---------------------------------------------------------------------------------

    @property
    def events(self) -> NDArray[Any]:
        """How many had the event at each time."""
        return self.parts["events"]

    @property
    def censored(self) -> NDArray[Any]:
        """How many were last seen at each time, without the event."""
        return self.parts["censored"]

    @property
    def entries(self) -> NDArray[Any]:
        """How many came under observation at each time, later than the origin."""
        return self.parts["entries"]

    @property
    def at_risk(self) -> NDArray[np.int64]:
        """How many were at risk just before each time: who leaves from then on, and is there."""
        left_later = np.cumsum((self.events + self.censored - self.entries)[::-1])[::-1]
        ends = np.searchsorted(self.cell, np.arange(self._cells()), side="right")
        in_later_cells = np.append(left_later, 0)[ends]
        risk: NDArray[np.int64] = left_later - in_later_cells[self.cell]
        return risk

    # -- curves ---------------------------------------------------------------------------------

    @property
    def value(self) -> Floats:
        """The curve at each time: cumulative hazard or survival, by the metric; shape (rows,)."""
        return self.cumulative_hazard() if self._is_hazard() else self.survival()

    def survival(self) -> Floats:
        """Return the share that survives each time, shape (rows,).

        Notes
        -----
        The product-limit estimate ``S(t) = prod over t_i <= t of (r_i - d_i) / r_i``. Stretches
        without censoring are reduced to one quotient before they are multiplied: without any, the
        curve is the empirical share to the last bit.

        Examples
        --------
        >>> from customerops.model import Context, EventTable
        >>> EventTable.from_rows([1, 2, 3], [1, 1, 1], context=Context("kaplan_meier")).survival()
        array([0.66666667, 0.33333333, 0.        ])
        """
        risk = self.at_risk
        left = risk - self.events
        moved = (self.censored + self.entries) > 0
        start = np.append(True, moved[:-1] | (self.cell[1:] != self.cell[:-1]))[: len(risk)]
        stretch = np.cumsum(start) - 1
        first = risk[start][stretch]
        within = np.divide(left, first, out=np.ones(len(risk)), where=first > 0)
        whole = within[np.append(start[1:], True)[: len(risk)]]
        out = np.empty(len(risk))
        for rows in self._blocks():
            if rows.start < rows.stop:
                stretches = slice(stretch[rows.start], stretch[rows.stop - 1])
                before = np.append(1.0, np.cumprod(whole[stretches]))
                out[rows] = before[stretch[rows] - stretch[rows.start]] * within[rows]
        return out

    def cumulative_hazard(self) -> Floats:
        """Return the cumulative hazard at each time, shape (rows,).

        Notes
        -----
        ``H(t) = sum over t_i <= t of d_i / r_i`` (Nelson and Aalen). Events at one time taken in
        turn: ``1/r_i + 1/(r_i - 1) + ... + 1/(r_i - d_i + 1)`` (Fleming and Harrington 1984).

        Examples
        --------
        >>> from customerops.model import Context, EventTable
        >>> curve = EventTable.from_rows([1, 2], [1, 1], context=Context("nelson_aalen"))
        >>> curve.cumulative_hazard()
        array([0.5, 1.5])
        """
        return self._running(self._hazards(1))

    def variance(self) -> Floats:
        """Return the variance of `value` at each time, shape (rows,).

        Notes
        -----
        Survival: Greenwood's ``S(t)^2 * sum of d_i / (r_i (r_i - d_i))``, NaN where S is 0.
        Hazard: Aalen's ``sum of d_i / r_i^2``, or the sum of the squares of the terms in turn.

        Examples
        --------
        >>> from customerops.model import Context, EventTable
        >>> curve = EventTable.from_rows([1, 2], [1, 0], context=Context("kaplan_meier"))
        >>> curve.variance()  # 0.5² * 1 / (2 * 1)
        array([0.125, 0.125])
        """
        if self._is_hazard():
            return self._running(self._hazards(2))
        with np.errstate(invalid="ignore"):
            return self.survival() ** 2 * self._greenwood()

    def at(self, t: ArrayLike) -> Value:
        """Return the curve at some times.

        Parameters
        ----------
        t : float or array_like of float
            Times since the origin. Before the first one the curve is at 1 (hazard: 0), after the
            last one it stays.

        Returns
        -------
        float or ndarray
            Of the shape of the outer axes, and then of `t`; NaN for a cell without anybody.

        Raises
        ------
        InvalidInputError
            If the times are not numbers.

        Examples
        --------
        >>> from customerops.model import Context, EventTable
        >>> curve = EventTable.from_rows([6, 7], [1, 0], context=Context("kaplan_meier"))
        >>> curve.at([5, 6, 7, 100])
        array([1. , 0.5, 0.5, 0.5])
        """
        times = numbers("t", t).astype(np.float64)
        curve, origin = self.value, 0.0 if self._is_hazard() else 1.0
        out = np.full((self._cells(), *times.shape), np.nan)
        for i, rows in enumerate(self._blocks()):
            if rows.start < rows.stop:
                reached = np.searchsorted(self.points[rows], times, side="right")
                out[i] = np.append(origin, curve[rows])[reached]
        return self._shaped(np.where(np.isnan(times), np.nan, out), times.shape)

    def quantile(self, q: float) -> Value:
        """Return the first time by which at least a share `q` had the event.

        Parameters
        ----------
        q : float
            Above 0, at most 1; 0.5 is the median.

        Returns
        -------
        float or ndarray
            Of the shape of the outer axes. NaN where the curve does not get there: that it takes
            longer than anybody was seen is all that is known.

        Raises
        ------
        InvalidInputError
            If `q` is not above 0 and at most 1.

        Notes
        -----
        The first t with ``S(t) <= 1 - q``, up to rounding; from a hazard ``S = exp(-H)``.

        Examples
        --------
        >>> from customerops.model import Context, EventTable
        >>> curve = EventTable.from_rows([6, 7, 8], [1, 1, 0], context=Context("kaplan_meier"))
        >>> curve.quantile(0.5), curve.quantile(0.9)
        (7.0, nan)
        """
        if not 0 < q <= 1:
            raise InvalidInputError("q", "must be above 0 and at most 1")
        survival = np.exp(-self.value) if self._is_hazard() else self.value
        reached = survival <= (1 - q) * (1 + _SLACK)
        out = np.full(self._cells(), np.nan)
        for i, rows in enumerate(self._blocks()):
            if reached[rows].any():
                out[i] = self.points[rows][int(reached[rows].argmax())]
        return self._shaped(out)

    def interval(
        self, confidence: float = 0.95, *, method: Literal["log-log", "plain"] = "log-log"
    ) -> tuple[Floats, Floats]:
        """Return the confidence interval of `value` at each time.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, at any one time (not of the whole curve), between 0 and 1.
        method : {"log-log", "plain"}
            On the scale of ``log(-log S)``, which for a hazard is ``log H``; or on that of the
            value, cut off where it cannot be.

        Returns
        -------
        tuple of ndarray, shape (rows,)
            The lower and the upper bound. At survival 1 (hazard 0) both are that; at survival 0,
            where the variance is not defined, both are NaN.

        Raises
        ------
        InvalidInputError
            If `confidence` or `method` is not valid.

        Notes
        -----
        With Greenwood's sum G: ``S^exp(±z sqrt(G) / log S)``, or ``S ± z S sqrt(G)`` (Kalbfleisch
        and Prentice; Klein and Moeschberger, section 4.3). With Aalen's variance V:
        ``H exp(±z sqrt(V) / H)``, or ``H ± z sqrt(V)``.

        Examples
        --------
        Three of 21 at six weeks:

        >>> from customerops.model import Context, EventTable
        >>> curve = EventTable.from_rows(
        ...     [6, 7], [1, 0], weights=[3, 18], context=Context("kaplan_meier")
        ... )
        >>> low, high = curve.interval()
        >>> print(f"{curve.value[0]:.4f} {low[0]:.4f} {high[0]:.4f}")
        0.8571 0.6197 0.9516
        """
        one_of("method", method, ("log-log", "plain"))
        z, value = normal(confidence), self.value
        with np.errstate(invalid="ignore", divide="ignore"):
            if self._is_hazard():
                error = np.sqrt(self.variance())
                if method == "plain":
                    return np.maximum(value - z * error, 0), value + z * error
                spread = np.where(value > 0, np.exp(z * error / value), 1.0)
                return value / spread, value * spread
            error = np.sqrt(self._greenwood())
            if method == "plain":
                half = z * value * error
                return np.maximum(value - half, 0), np.minimum(value + half, 1)
            spread = np.exp(z * error / -np.log(value))  # NaN at 1, and 1 ** NaN is 1
            return value**spread, value ** (1 / spread)

    def to_frame(
        self, *, confidence: float = 0.95, method: Literal["log-log", "plain"] = "log-log"
    ) -> pd.DataFrame:
        """Return one row per cell and time: axes, at, at_risk, the parts, value, low, high.

        Parameters
        ----------
        confidence, method
            Of the interval, as in `interval`.

        Returns
        -------
        pandas.DataFrame
            Labels as in `Table.to_frame`.
        """
        return self._frame(self._columns(confidence, method))

    # -- workers --------------------------------------------------------------------------------

    def _check(self) -> None:
        if (self.at_risk < self.events + self.censored).any():
            raise InvalidInputError("parts", "must not have more leave at a time than are at risk")

    def _complete(self) -> NDArray[np.bool_]:
        """Censoring says what is not known yet: every curve is what it will be, up to there."""
        return np.ones(self.shape, dtype=np.bool_)

    def _columns(
        self, confidence: float = 0.95, method: Literal["log-log", "plain"] = "log-log"
    ) -> dict[str, NDArray[Any]]:
        low, high = self.interval(confidence, method=method)
        counts = {"at": self.points, "at_risk": self.at_risk, **self.parts}
        return {**counts, "value": self.value, "low": low, "high": high}

    def _is_hazard(self) -> bool:
        return self.context.metric == "nelson_aalen"

    def _greenwood(self) -> Floats:
        """Return the running sum of ``d / (r (r - d))``; infinite once nobody is left."""
        risk, events = self.at_risk.astype(np.float64), self.events
        with np.errstate(invalid="ignore", divide="ignore"):
            terms = events / (risk * (risk - events))
        return self._running(np.where(events > 0, terms, 0.0))

    def _hazards(self, power: int) -> Floats:
        """Return the hazard at each time, or with power 2 its variance."""
        ties = one_of(
            "ties",
            self.context.option("ties", "nelson_aalen"),
            ("nelson_aalen", "fleming_harrington"),
        )
        risk, events = self.at_risk, self.events
        if ties == "nelson_aalen":
            return np.where(
                events > 0, events / np.maximum(risk, 1).astype(np.float64) ** power, 0.0
            )
        last = np.cumsum(events)
        turn = np.arange(int(last[-1]) if len(last) else 0) - np.repeat(last - events, events)
        terms = 1.0 / (np.repeat(risk, events) - turn).astype(np.float64) ** power
        out = np.zeros(len(risk))
        out[events > 0] = np.add.reduceat(terms, (last - events)[events > 0]) if len(terms) else 0
        return out

    def _running(self, terms: Floats) -> Floats:
        """Return the running sum within each cell."""
        out = np.empty(len(terms))
        for rows in self._blocks():
            out[rows] = np.cumsum(terms[rows])
        return out

    def _shaped(self, values: Floats, extra: tuple[int, ...] = ()) -> Value:
        shaped = values.reshape((*self.shape, *extra))
        return float(shaped) if shaped.ndim == 0 else shaped


def as_flags(observed: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return whether each event was seen, from truth values or from 0 and 1.

    Raises
    ------
    InvalidInputError
        If they are anything else, or of another shape.
    """
    requirement = "must be True or False (1 or 0) for each duration"
    try:
        seen = np.asarray(observed)
        known = seen.dtype == np.bool_ or bool(np.isin(seen, (0, 1)).all())
    except (TypeError, ValueError):  # a missing one, or rows of unlike lengths
        raise InvalidInputError("observed", requirement, came(observed)) from None
    if seen.shape != shape or not known:
        raise InvalidInputError("observed", requirement)
    return seen.astype(np.bool_)


def _check_entries(began: NDArray[Any], times: NDArray[Any]) -> None:
    if began.shape != times.shape:
        raise InvalidInputError("entry", "must be given for each duration")
    late = ~(began < times)
    if late.any():
        raise InvalidInputError(
            "entry",
            "must be before its duration",
            count=int(late.sum()),
            total=late.size,
            first=int(late.argmax()),
        )
