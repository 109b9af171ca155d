"""The restricted mean: how long it lasts on average, up to a horizon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.survival.lives import Labels, Lives, event_table
from customerops.metrics.survival.reading import Reading
from customerops.model.log.spells import Spells
from customerops.model.tables.base import Bounds, Floats, Value
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.intervals import mover, normal
from customerops.model.tables.tables import Result, Truth
from customerops.model.values.checks import finite, one_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RestrictedMean", "RestrictedMeanDifference", "restricted_mean"]

Scale = Literal["logit", "plain"]


@attrs.frozen(eq=False, repr=False)
class RestrictedMean(Reading[EventTable]):
    """Mean life up to a horizon, which adds over different customers.

    Attributes
    ----------
    table : EventTable
        The curves it is the area under.
    """

    @property
    def horizon(self) -> float:
        """Up to when lives count, in the unit of the curves."""
        return float(self.context.option("horizon"))

    @property
    def reached(self) -> Truth:
        """Whether somebody was seen for as long as the horizon, or nobody is left by then."""
        return self._shaped(np.array([known for _, _, known in self._areas()], np.bool_))

    @property
    def value(self) -> Value:
        """The mean, in the unit of the curves; NaN where the horizon is not reached."""
        return self._shaped(self._estimates()[0])

    @property
    def variance(self) -> Value:
        """The variance of `value`; NaN where it is."""
        return self._shaped(self._estimates()[1])

    def interval(self, confidence: float = 0.95, *, method: Scale = "logit") -> Bounds:
        """Return the confidence interval of the mean.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : {"logit", "plain"}
            On the scale of ``log(m / (h - m))`` for a mean m and the horizon h; or on that of the
            mean, cut off where it cannot be, which covers too little for few lives.

        Returns
        -------
        tuple of float or ndarray
            The lower and the upper bound; NaN where `value` is.

        Raises
        ------
        InvalidInputError
            If `confidence` or `method` is not valid.

        Notes
        -----
        With the standard error e, ``h m / (m + (h - m) exp(±z e h / (m (h - m))))``, or ``m ± z e``.
        """
        low, high = self._limits(confidence, method)
        return self._shaped(low), self._shaped(high)

    def difference(self, other: RestrictedMean) -> RestrictedMeanDifference:
        """Return this mean less another one to the same horizon, of other customers.

        Parameters
        ----------
        other : RestrictedMean
            Over the same axes; ``as_of`` and selected labels may differ.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing; named after what differs.
        """
        return RestrictedMeanDifference(self, other)

    def __float__(self) -> float:
        """Return the value where there are no groups."""
        if self.outer:
            names = [axis.name for axis in self.outer]
            problem = f"it has {names}; select a cell first"
            raise InvalidInputError("mean", "must have no axes to be one number", problem)
        return float(self.value)

    def __repr__(self) -> str:
        """Return the value, or how many there are."""
        axes = " x ".join(f"{axis.name}[{len(axis)}]" for axis in self.outer)
        said = f"axes={axes}" if axes else f"value={float(self):.6g}"
        return f"RestrictedMean(horizon={self.horizon:g}, {said})"

    def _areas(self) -> Iterator[tuple[Floats, slice, bool]]:
        """Yield for each cell the area left from each time on, its rows, and whether all is known.

        The first area is that from 0 on.
        """
        survival, horizon = self.table.survival(), self.horizon
        for rows in self.table._blocks():
            points = self.table.points[rows]
            edges = np.concatenate([[0.0], np.clip(points, 0.0, horizon), [horizon]])
            pieces = np.diff(edges) * np.append(1.0, survival[rows])
            known = len(points) > 0 and bool(points[-1] >= horizon or survival[rows][-1] == 0)
            yield np.cumsum(pieces[::-1])[::-1], rows, known

    def _estimates(self) -> tuple[Floats, Floats]:
        events, risk = self.table.events, self.table.at_risk.astype(np.float64)
        lasting = (events > 0) & (risk > events)  # else nothing of the area is left
        terms = np.divide(events, risk * (risk - events), out=np.zeros(len(risk)), where=lasting)
        mean, variance = np.full((2, self.table._cells()), np.nan)
        for cell, (area, rows, known) in enumerate(self._areas()):
            if known:
                mean[cell] = area[0]
                variance[cell] = np.sum(area[1:] ** 2 * terms[rows])
        return mean, variance

    def _limits(self, confidence: float = 0.95, method: Scale = "logit") -> tuple[Floats, Floats]:
        one_of("method", method, ("logit", "plain"))
        (mean, variance), horizon = self._estimates(), self.horizon
        half = normal(confidence) * np.sqrt(variance)
        if method == "plain":
            return np.maximum(mean - half, 0.0), np.minimum(mean + half, horizon)
        rest = horizon - mean
        inside = (mean > 0) & (rest > 0)  # at an end there is no variance
        spread = np.exp(
            np.divide(half * horizon, mean * rest, out=np.zeros_like(half), where=inside)
        )
        whole = horizon * mean
        return whole / (mean + rest * spread), whole / (mean + rest / spread)

    def _columns(self) -> dict[str, NDArray[Any]]:
        low, high = self._limits()
        reached = np.array([known for _, _, known in self._areas()], np.bool_)
        return {"value": self._estimates()[0], "low": low, "high": high, "reached": reached}


@attrs.frozen(eq=False, repr=False)
class RestrictedMeanDifference(Result):
    """One restricted mean less another, with an interval.

    Parameters
    ----------
    first, second : RestrictedMean
        To one horizon, over the same axes, of different customers.

    Raises
    ------
    InvalidInputError
        If they differ in horizon, unit, options or axes.

    Examples
    --------
    >>> from customerops.metrics import restricted_mean
    >>> a, b = (restricted_mean(x, [1, 1, 1], horizon=9) for x in ([3, 6, 9], [1, 2, 3]))
    >>> a.difference(b)
    RestrictedMeanDifference(horizon=9, value=4)
    """

    first: RestrictedMean
    second: RestrictedMean

    def __attrs_post_init__(self) -> None:
        for one in (self.first, self.second):
            if not isinstance(one, RestrictedMean):
                problem = f"got {type(one).__name__}"
                raise InvalidInputError("results", "must be restricted means", problem)
        self.first.context.comparable(self.second.context)
        if self.first.outer != self.second.outer:
            problem = "their names or labels differ; select the labels of both"
            raise InvalidInputError("axes", "must be the same to compare results", problem)

    @property
    def context(self) -> Context:  # type: ignore[override]
        """The context of the first."""
        return self.first.context

    @property
    def value(self) -> Value:
        """The first mean less the second; NaN where one of them is."""
        return self.first.value - self.second.value

    def interval(self, confidence: float = 0.95, *, method: Scale = "logit") -> Bounds:
        """Return the confidence interval of the difference.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : {"logit", "plain"}
            As for `RestrictedMean.interval`.

        Returns
        -------
        tuple of float or ndarray
            The lower and the upper bound; NaN where `value` is.

        Raises
        ------
        InvalidInputError
            If `confidence` or `method` is not valid.

        Notes
        -----
        From the interval of each (Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702); on
        the plain scale that is ``d ± z sqrt(v1 + v2)``, unless one was cut off.
        """
        means = (self.first, self.second)
        (a, low_a, high_a), (b, low_b, high_b) = (
            (mean.value, *mean.interval(confidence, method=method)) for mean in means
        )
        low, high = mover(a, (low_a, high_a), b, (low_b, high_b))
        return self.first._shaped(low), self.first._shaped(high)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell: the axes, value, low, high."""
        low, high = self.interval()
        columns = {"value": self.value, "low": low, "high": high}
        return self.first._frame({name: np.ravel(column) for name, column in columns.items()})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RestrictedMeanDifference):
            return NotImplemented
        return self.first == other.first and self.second == other.second

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the value, or that there are several."""
        said = "axes" if self.first.outer else f"value={self.value:.6g}"
        return f"RestrictedMeanDifference(horizon={self.first.horizon:g}, {said})"


def restricted_mean(
    durations: ArrayLike | Spells | EventTable,
    observed: ArrayLike | None = None,
    *,
    horizon: float | dt.timedelta,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    unit: dt.timedelta | None = None,
    by: Labels | None = None,
) -> RestrictedMean:
    """Return how long it lasts on average, when nothing beyond a horizon counts.

    Parameters
    ----------
    durations, observed, entry, weights, unit, by
        As for `kaplan_meier`. Or an `EventTable` that it returned.
    horizon : float or timedelta
        Above 0, in the unit of the durations; for spells, and curves of spells, a timedelta too.

    Returns
    -------
    RestrictedMean
        ``.value``, ``.interval(confidence)``, ``.difference(other)``; NaN, with ``.reached`` False,
        where lives were not watched for as long as the horizon. Those of different customers add,
        to the mean of all of them.

    Raises
    ------
    InvalidInputError
        As for `kaplan_meier`; when the horizon is not above 0, or a timedelta without spells.

    Notes
    -----
    The area under the curve up to the horizon h, ``integral from 0 to h of S(t) dt``, with variance
    ``sum over t_i <= h of A_i^2 d_i / (r_i (r_i - d_i))``, where A_i is the area from t_i to h. A
    mean without a horizon is not defined unless every end was seen. Beyond the last time anybody
    was watched the curve is not known, and so the mean is not; others draw it on at its last
    height (lifelines) or bring the horizon in (survRM2).

    From spells, elapsed time is counted in whole units,
    the last one started left out, which makes the mean shorter by up to one unit: take a small one.

    References
    ----------
    Klein, J. P. and Moeschberger, M. L. (2003). Survival Analysis, 2nd ed., section 4.5. Irwin,
    J. O. (1949), Journal of Hygiene 47, 188-189.

    Examples
    --------
    >>> from customerops.metrics import restricted_mean
    >>> mean = restricted_mean([6, 6, 6, 7, 10], [1, 1, 0, 1, 1], horizon=8)  # 6 + 0.6 + 0.3
    >>> print(f"{mean.value:.1f}")
    6.9
    """
    lives = Lives(
        durations=durations, observed=observed, entry=entry, weights=weights, unit=unit, by=by
    )
    table = event_table(lives, "restricted_mean")
    width = table.context.option("unit")
    if isinstance(horizon, dt.timedelta):
        if width is None:
            raise InvalidInputError("horizon", "must be a number", "only spells have a clock")
        horizon = horizon / width
    until = finite("horizon", horizon)
    if until <= 0:
        raise InvalidInputError("horizon", "must be above 0", f"got {until:g}")
    context = table.context.with_options(horizon=until)
    return RestrictedMean(attrs.evolve(table, context=context))
