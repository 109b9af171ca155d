"""What scores foretold: the multiset of scores and outcomes, and what is read from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.health import ranking
from customerops.metrics.health.calibrating import Calibration, calibrated, check_probabilities
from customerops.metrics.health.cuts import ScoreAlarm, TopScores, among_top
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Bounds, Value
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.intervals import as_confidence, normal
from customerops.model.tables.multiset import Support
from customerops.model.tables.tables import Count
from customerops.model.values import exact
from customerops.model.values.checks import finite, numbers, one_of, whole

__all__ = ["ScoreEvaluation"]

Ints = NDArray[np.int64]

_VARIANCES: Mapping[str, Callable[[Ints, Ints], float]] = {
    "delong": ranking.delong,
    "hanley_mcneil": ranking.hanley_mcneil,
}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ScoreEvaluation(Support):
    """Scores and what came after them; made by `evaluate_scores`.

    Parameters
    ----------
    outer, at, cell, context
        As for `Support`: one cell for each instant of scoring, the scores as values. The option
        ``risky`` of the context says which end of them is the risky one.
    parts : mapping
        Customers at each score: ``events``, who had the event in time; ``others``, who had not;
        ``open``, whose time is not up; and ``unscored``, who have no score (at 0, for they are at
        none). Only the first two are counted.

    Notes
    -----
    Evaluations of disjoint customers add, and everything else is read from the sum. It is not
    rolled up over instants: the customers are the same, and an interval would take them for others.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("events", "others", "open", "unscored")

    # -- who is in it ---------------------------------------------------------------------------

    @property
    def n(self) -> Count:
        """How many customers are counted: those with a score whose outcome is known."""
        return self._count("events", "others")

    @property
    def n_events(self) -> Count:
        """How many of them had the event."""
        return self._count("events")

    @property
    def n_open(self) -> Count:
        """How many have a score and are not counted, for their time is not up."""
        return self._count("open")

    @property
    def n_unscored(self) -> Count:
        """How many are not counted, for they have no score."""
        return self._count("unscored")

    @property
    def base_rate(self) -> Proportion:
        """The share of the counted customers who had the event: what every measure stands beside."""
        return self._share("base_rate", self._sums("events"), self._sums("events", "others"))

    # -- order ----------------------------------------------------------------------------------

    @property
    def auc(self) -> Value:
        """The chance that one with the event had the riskier score than one without; ties half.

        0.5 is no better than drawing lots. It is the statistic of Mann and Whitney, and the area
        under the ROC curve; NaN where all had the event, or none. It does not depend on the base
        rate, and says nothing about the scores as numbers: see `calibration`.
        """
        return self._each(ranking.area)

    def auc_interval(
        self,
        confidence: float = 0.95,
        *,
        method: Literal["delong", "hanley_mcneil"] = "delong",
    ) -> Bounds:
        """Return the confidence interval of `auc`.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : {"delong", "hanley_mcneil"}
            The variance from the placement of every score; or from the area and the two counts
            alone, which takes scores for exponential.

        Returns
        -------
        tuple of float or ndarray
            The bounds, normal and cut off at 0 and 1. NaN where everybody stands in order (the
            spread cannot be told), and under ``"delong"`` for fewer than two on either side.

        Raises
        ------
        InvalidInputError
            If `confidence` or `method` is not valid.

        References
        ----------
        DeLong, E. R., DeLong, D. M. and Clarke-Pearson, D. L. (1988). Comparing the areas under two
        or more correlated receiver operating characteristic curves. Biometrics 44, 837-845. Hanley,
        J. A. and McNeil, B. J. (1982). The meaning and use of the area under a receiver operating
        characteristic (ROC) curve. Radiology 143, 29-36.
        """
        z = normal(as_confidence(confidence))
        half = z * np.asarray(self.auc_error(method=method))
        area = np.asarray(self.auc)
        low, high = np.clip(area - half, 0.0, 1.0), np.clip(area + half, 0.0, 1.0)
        return self._shaped(low), self._shaped(high)

    def auc_error(self, *, method: Literal["delong", "hanley_mcneil"] = "delong") -> Value:
        """Return the standard error of `auc`, by a method as for `auc_interval`."""
        variance = _VARIANCES[one_of("method", method, _VARIANCES)]

        def error(events: Ints, others: Ints) -> float:
            found = variance(events, others)
            return math.sqrt(found) if 0 < ranking.area(events, others) < 1 else math.nan

        return self._each(error)

    @property
    def average_precision(self) -> Value:
        """The mean of the precision at each event, riskiest first, ties at once; NaN without events.

        By drawing lots it would be about the base rate.
        """
        return self._each(ranking.average_precision)

    # -- how many to call -----------------------------------------------------------------------

    def top(self, *, k: int | None = None, share: float | None = None) -> TopScores:
        """Return what is among the customers of highest risk: precision, recall, lift.

        Parameters
        ----------
        k : int, optional
            How many customers; all, if there are fewer.
        share : float, optional
            Or which share of them, above 0 and at most 1; rounded up to whole customers.

        Raises
        ------
        InvalidInputError
            If neither or both are given, or one is out of range.

        Notes
        -----
        Customers who are tied at the cut count as if drawn at random among them: the answer does
        not depend on the order of rows.

        Examples
        --------
        >>> from customerops.metrics import evaluate_scores_from_arrays
        >>> seen = evaluate_scores_from_arrays([9, 7, 7, 1], [1, 1, 0, 0], risky="high")
        >>> seen.top(k=2).precision, seen.top(share=0.5).lift, seen.top(k=2).tied
        (0.75, 1.5, 2)
        """
        if (k is None) == (share is None):
            raise InvalidInputError("k", "must be given, or share, and not both")
        if share is not None and not 0 < finite("share", share) <= 1:
            raise InvalidInputError("share", "must be above 0 and at most 1", f"got {share:g}")
        if k is not None:
            whole("k", k, least=1)
        rows = [among_top(*cell, k, share) for cell in self._cells_by_risk()]
        columns = list(zip(*rows, strict=True)) if rows else [()] * 6
        names = [field.name for field in attrs.fields(TopScores)]
        return TopScores(
            **{
                name: self._shaped(np.array(column, np.int64 if name in ("k", "tied") else float))
                for name, column in zip(names, columns, strict=True)
            }
        )

    def alarm(self, threshold: float) -> ScoreAlarm:
        """Return what an alarm at a threshold would have done, each share with an interval.

        Parameters
        ----------
        threshold : float
            Who has this score, or a riskier one, is flagged.

        Raises
        ------
        InvalidInputError
            If `threshold` is not finite.

        Examples
        --------
        >>> from customerops.metrics import evaluate_scores_from_arrays
        >>> seen = evaluate_scores_from_arrays([20, 35, 60, 90], [1, 0, 1, 0], risky="low")
        >>> alarm = seen.alarm(40)
        >>> alarm.precision.value, alarm.recall.value, alarm.flagged.count
        (0.5, 0.5, 2)
        """
        cut = finite("threshold", threshold)
        flagged = self.points <= cut if self._risky_low() else self.points >= cut
        events, both = (self._sums(*names) for names in (("events",), ("events", "others")))
        hits, raised = (self._sums(*n, where=flagged) for n in (("events",), ("events", "others")))
        others, false = self._sums("others"), self._sums("others", where=flagged)
        return ScoreAlarm(
            flagged=self._share("flagged", raised, both, threshold=cut),
            precision=self._share("precision", hits, raised, threshold=cut),
            recall=self._share("recall", hits, events, threshold=cut),
            false_alarm=self._share("false_alarm", false, others, threshold=cut),
        )

    # -- scores as numbers ------------------------------------------------------------------------

    def observed(self, edges: ArrayLike) -> Proportion:
        """Return the share that had the event, by stretches of the score, with intervals.

        Parameters
        ----------
        edges : array_like of float, shape (m,)
            Where stretches begin, rising; each ends before the next begins. The thresholds of a
            scorecard's bands, for one.

        Returns
        -------
        Proportion
            Along the axis ``"score"`` at last, whose labels are the edges.

        Raises
        ------
        InvalidInputError
            If the edges are not one or more finite numbers that rise, or a score is below the first.

        Examples
        --------
        >>> from customerops.metrics import evaluate_scores_from_arrays
        >>> seen = evaluate_scores_from_arrays([20, 35, 60, 90], [1, 0, 0, 0], risky="low")
        >>> seen.observed([0, 50]).value
        array([0.5, 0. ])
        """
        labels = numbers("edges", edges)
        bins = labels.astype(np.float64)
        flat = bins.ndim == 1 and bins.size > 0 and bool(np.isfinite(bins).all())
        if not flat or (np.diff(bins) <= 0).any():
            raise InvalidInputError("edges", "must be one or more finite numbers that rise")
        place = np.searchsorted(bins, self.points, side="right") - 1
        counted = (self.parts["events"] + self.parts["others"]) > 0
        if (place[counted] < 0).any():
            raise InvalidInputError("edges", "must begin at or below every score")
        place = np.maximum(place, 0)
        cell = self.cell * len(bins) + place
        axes = (*self.outer, Axis("score", labels.tolist(), "state", disjoint=True))
        sums = [
            exact.group_sum(cell, self.parts[name], self._cells() * len(bins))
            for name in ("events", "others")
        ]
        parts = {"count": sums[0], "total": exact.add(*sums)}
        shape = [len(axis) for axis in axes]
        return Proportion(
            axes=axes,
            parts={name: part.reshape(shape) for name, part in parts.items()},
            context=attrs.evolve(self.context, metric=f"{self.context.metric}.observed"),
        )

    @property
    def brier(self) -> Value:
        """The mean of ``(p - y)^2``, of probabilities p of the event and outcomes y, 0 or 1.

        0 is perfect; who always says the base rate r has ``r (1 - r)``. Refused for scores that are
        no probabilities.

        References
        ----------
        Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly
        Weather Review 78, 1-3.
        """
        self._check_probabilities()
        p, y = self.points.astype(np.float64), self.parts
        squares = exact.float_sum(self.cell, (1 - p) ** 2, self._cells(), y["events"])
        squares = squares + exact.float_sum(self.cell, p**2, self._cells(), y["others"])
        n = self._sums("events", "others").ravel().astype(np.float64)
        mean = np.divide(squares, n, out=np.full(len(n), np.nan), where=n > 0)
        return self._shaped(mean)

    @property
    def brier_skill(self) -> Value:
        """How much better `brier` is than that of always saying the base rate; 1 is perfect.

        ``1 - brier / (r (1 - r))``: 0 is no better, below 0 worse. NaN where all had the event, or
        none.
        """
        base = np.asarray(self.base_rate.value)
        plain = base * (1 - base)
        ratio = np.full(base.shape, np.nan)
        np.divide(np.asarray(self.brier), plain, out=ratio, where=plain > 0)
        return self._shaped(1 - ratio)

    def calibration(self, groups: int = 10) -> Calibration:
        """Return expected and observed events by groups: whether probabilities hold.

        Parameters
        ----------
        groups : int
            How many, of about as many customers each, by rising probability; equal ones stay
            together, so that there may be fewer.

        Raises
        ------
        InvalidInputError
            If scores are no probabilities of the event, or there is a cell for each of several
            instants: select one.

        Examples
        --------
        >>> from customerops.metrics import evaluate_scores_from_arrays
        >>> seen = evaluate_scores_from_arrays([0.1, 0.2, 0.6, 0.9], [0, 0, 1, 1], risky="high")
        >>> seen.calibration(2).to_frame()[["low", "high", "n", "expected", "events"]]
           low  high  n  expected  events
        0  0.1   0.2  2       0.3       0
        1  0.6   0.9  2       1.5       2
        """
        whole("groups", groups, least=1)
        if self.outer:
            raise InvalidInputError("evaluation", "must be of one instant", "select one first")
        self._check_probabilities()
        counted = self._counted()
        return calibrated(
            self.points[counted].astype(np.float64),
            self.parts["events"][counted],
            self.parts["others"][counted],
            groups,
        )

    # -- inside ---------------------------------------------------------------------------------

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {"score": self.points, **self.parts}

    def _complete(self) -> NDArray[np.bool_]:
        return np.asarray(self._sums("open") == 0)

    def _risky_low(self) -> bool:
        return bool(self.context.option("risky") == "low")

    def _counted(self) -> NDArray[np.bool_]:
        return np.asarray((self.parts["events"] + self.parts["others"]) > 0)

    def _check_probabilities(self) -> None:
        check_probabilities(self.points[self._counted()], low_is_risky=self._risky_low())

    def _sums(self, *names: str, where: NDArray[np.bool_] | None = None) -> Ints:
        """Return the sum of some parts in each cell, in the shape of the axes."""
        rows = slice(None) if where is None else where
        part: Ints = sum(self.parts[name] for name in names)  # type: ignore[assignment]
        return exact.group_sum(self.cell[rows], part[rows], self._cells()).reshape(self.shape)

    def _count(self, *names: str) -> Count:
        sums = self._sums(*names)
        return sums.item() if sums.ndim == 0 else sums

    def _share(self, what: str, count: Ints, total: Ints, **options: Any) -> Proportion:
        context = attrs.evolve(self.context, metric=f"{self.context.metric}.{what}")
        return Proportion(
            axes=self.outer,
            parts={"count": count, "total": total},
            context=context.with_options(**options),
        )

    def _cells_by_risk(self) -> Iterator[tuple[NDArray[Any], Ints, Ints]]:
        """Yield the scores of each cell by rising risk, with events and others."""
        counted = self._counted()
        for rows in self._blocks():
            some = np.flatnonzero(counted[rows]) + rows.start
            some = some[::-1] if self._risky_low() else some
            yield self.points[some], self.parts["events"][some], self.parts["others"][some]

    def _each(self, measure: Callable[[Ints, Ints], float]) -> Value:
        found = [measure(events, others) for _, events, others in self._cells_by_risk()]
        return self._shaped(np.array(found, np.float64))

    def _shaped(self, values: NDArray[Any]) -> Value:
        shaped = values.reshape(self.shape)
        return shaped.item() if shaped.ndim == 0 else shaped
