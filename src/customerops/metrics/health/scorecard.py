"""The health scorecard: a customer's values, weighed as somebody decided, and why."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs

from customerops.errors import InvalidInputError
from customerops.metrics.health.components import MOST, HealthBand, HealthComponent
from customerops.metrics.health.explained import HealthContribution, HealthScore
from customerops.metrics.health.weighing import Missing, absent, in_whole_numbers
from customerops.model.records.base import Record
from customerops.model.values.checks import came, did_you_mean, finite

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from customerops.metrics.health.evaluation import ScoreEvaluation
    from customerops.metrics.health.scorers import ScorecardScorer, Scorer
    from customerops.metrics.health.scores import HealthScores
    from customerops.metrics.health.trials import OutcomeIs
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.rules import Rule

__all__ = ["HealthScorecard"]


@attrs.frozen(kw_only=True)
class HealthScorecard(Record):
    """How the health of a customer (健康度) is told from some values: the user's judgement, as data.

    Parameters
    ----------
    components : tuple of HealthComponent
        What is weighed.
    bands : tuple of HealthBand
        From the lowest, which begins at 0, upwards; may be left out.
    missing : {"refuse", "reweight", "worst"}
        A customer without one of the values has no score; or the components that are there are
        weighed alone; or it counts as 0 points. A component's own ``missing_as`` comes first.
    least_known : float
        Under ``"reweight"``, the share of the weight that must be known, or there is no score.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, there are no components, two have one name, bands do not
        begin at 0 and rise or share a key, or `least_known` is no share or has no meaning.

    Notes
    -----
    ``score = sum of w_i * points_i / sum of w_i`` over the components that count, with the weights
    in whole numbers, 1 to 2 to 7 for 0.1, 0.2 and 0.7, so that they add up exactly. No weight here is
    estimated from data: whether the score foretells anything is another question, and
    `evaluate_scores` answers it. Re-weighted scores of customers with unlike gaps are not quite
    alike; each result keeps the share of the weight that was known.

    Examples
    --------
    >>> from customerops.metrics import HealthBand, HealthComponent, HealthScorecard
    >>> card = HealthScorecard(
    ...     components=(
    ...         HealthComponent(
    ...             name="logins", weight=3, points=((0, 0), (20, 100)), better="higher"
    ...         ),
    ...         HealthComponent(
    ...             name="tickets", weight=1, points=((0, 100), (5, 0)), better="lower"
    ...         ),
    ...     ),
    ...     bands=(HealthBand(key="red", threshold=0), HealthBand(key="green", threshold=70)),
    ... )
    >>> one = card.score({"logins": 10, "tickets": 1})
    >>> one.score, one.band
    (57.5, 'red')
    >>> one.reasons[0]
    'logins 10 is worth 50 of 100 and costs 37.5'
    >>> HealthScorecard.from_dict(card.to_dict()) == card
    True
    """

    components: tuple[HealthComponent, ...]
    bands: tuple[HealthBand, ...] = ()
    missing: Missing = "refuse"
    least_known: float = 0.0

    def _check(self) -> None:
        if not self.components:
            raise InvalidInputError("components", "must hold at least one", "got none")
        _once("components", "name", self.names)
        _once("bands", "key", [band.key for band in self.bands])
        thresholds = [band.threshold for band in self.bands]
        if thresholds and thresholds[0] != 0:
            raise InvalidInputError("bands", "must begin at 0", f"got {thresholds[0]:g}")
        if any(low >= high for low, high in pairwise(thresholds)):
            raise InvalidInputError("bands", "must have thresholds that rise")
        if not 0 <= self.least_known <= 1:
            problem = f"got {self.least_known:g}"
            raise InvalidInputError("least_known", "must be from 0 to 1", problem)
        if self.least_known and self.missing != "reweight":
            problem = f"{self.missing!r} has no use for it"
            raise InvalidInputError("least_known", "must be left out", problem)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the components, in their order."""
        return tuple(component.name for component in self.components)

    @property
    def whole_weights(self) -> tuple[float, ...]:
        """The weights of the components as whole numbers in the same proportion.

        Examples
        --------
        >>> from customerops.metrics import HealthComponent, HealthScorecard
        >>> some = [
        ...     HealthComponent(name=name, weight=weight, points=((0, 0), (1, 100)), better="higher")
        ...     for name, weight in (("a", 0.3), ("b", 0.7))
        ... ]
        >>> HealthScorecard(components=some).whole_weights
        (3.0, 7.0)
        """
        return in_whole_numbers(tuple(component.weight for component in self.components))

    def check_names(self, name: str, given: Collection[object]) -> None:
        """Refuse a name that no component has.

        Raises
        ------
        InvalidInputError
            With the nearest name that there is.
        """
        for one in given:
            if one not in self.names:
                said = (
                    f"got {one!r}{did_you_mean(one, self.names)}" if isinstance(one, str) else ""
                )
                raise InvalidInputError(name, "must name components", said or came(one))

    def score(self, values: Mapping[str, float | None]) -> HealthScore:
        """Return the score of one customer, and what each component brings to it.

        Parameters
        ----------
        values : mapping of str to float
            The raw values by component; None, NaN, the NA of pandas or left out if missing.

        Raises
        ------
        InvalidInputError
            If `values` is no mapping, names what is no component, or a value is no number.

        Examples
        --------
        >>> from customerops.metrics import HealthComponent, HealthScorecard
        >>> card = HealthScorecard(
        ...     components=[
        ...         HealthComponent(name="a", weight=1, points=((0, 0), (1, 100)), better="higher"),
        ...         HealthComponent(name="b", weight=3, points=((0, 0), (1, 100)), better="higher"),
        ...     ],
        ...     missing="reweight",
        ... )
        >>> one = card.score({"a": 0.5})
        >>> one.score, one.known, one.reasons
        (50.0, 0.25, ('a 0.5 is worth 50 of 100 and costs 50', 'b is missing'))
        """
        if not isinstance(values, Mapping):
            raise InvalidInputError("values", "must be a mapping", came(values))
        self.check_names("values", values)
        raw = [_raw(values.get(name), name) for name in self.names]
        points = [self._points(c, x) for c, x in zip(self.components, raw, strict=True)]
        total = known = weight = reached = 0.0
        for own, value, worth in zip(self.whole_weights, raw, points, strict=True):
            total += own
            if not math.isnan(value):
                known += own
            if not math.isnan(worth):
                weight += own
                reached += own * worth
        share = known / total
        refused = self.missing == "refuse" and weight < total
        score = math.nan
        if weight and not refused and share >= self.least_known:
            score = min(max(reached / weight, 0.0), MOST)
        return HealthScore(
            score=score,
            band=self.band_of(score),
            known=share,
            contributions=tuple(
                HealthContribution(
                    name=c.name,
                    value=x,
                    points=worth,
                    share=0.0 if math.isnan(worth) or math.isnan(score) else own / weight,
                )
                for c, own, x, worth in zip(
                    self.components, self.whole_weights, raw, points, strict=True
                )
            ),
        )

    def scores(
        self, values: Mapping[str, ArrayLike] | pd.DataFrame, *, ids: ArrayLike
    ) -> HealthScores:
        """Return the scores of many customers whose values are at hand, in columns.

        Parameters
        ----------
        values : mapping of str to array_like of float, shape (n,), or DataFrame
            The raw values by component, NaN where missing, of pandas or polars if they are a frame; a
            component without a column is missing for everybody. A column that is no component is refused, so that a slip in its name is
            not read as a missing value.
        ids : array_like of int, str or UUID, shape (n,)
            The customers, each once.

        Returns
        -------
        HealthScores
            One row a customer, each to the bit what `score` gives for it.

        Raises
        ------
        InvalidInputError
            If a column is of no component, no numbers, infinite, or of another length than `ids`.

        Examples
        --------
        >>> import numpy as np
        >>> from customerops.metrics import HealthComponent, HealthScorecard
        >>> seats = HealthComponent(name="seats", weight=1, points=((0, 0), (1, 100)), better="higher")
        >>> card = HealthScorecard(components=[seats])
        >>> card.scores({"seats": [0.25, np.nan]}, ids=["x", "y"]).columns["score"]
        array([25., nan])
        """
        from customerops.metrics.health.scores import score_columns

        return score_columns(self, values, ids)

    def band_of(self, score: float) -> str | None:
        """Return the key of the band that holds a score; None for NaN, or without bands.

        Examples
        --------
        >>> from customerops.metrics import HealthBand, HealthComponent, HealthScorecard
        >>> card = HealthScorecard(
        ...     components=[
        ...         HealthComponent(name="a", weight=1, points=((0, 0), (1, 100)), better="higher")
        ...     ],
        ...     bands=[HealthBand(key="red", threshold=0), HealthBand(key="green", threshold=70)],
        ... )
        >>> card.band_of(69.9), card.band_of(70)
        ('red', 'green')
        """
        held = [band.key for band in self.bands if band.threshold <= score]
        return held[-1] if held else None

    def scorer(self, sources: Mapping[str, Scorer]) -> ScorecardScorer:
        """Return the scorecard as a scorer of logs.

        Parameters
        ----------
        sources : mapping of str to Scorer
            Where the raw value of each component comes from: `EventCount`, `TimeSince`, or any
            function of a log that gives one number for each customer. A component without a source
            is missing for everybody.

        Raises
        ------
        InvalidInputError
            If a source is of no component, or cannot be called.
        """
        from customerops.metrics.health.scorers import ScorecardScorer

        return ScorecardScorer(self, sources)

    def validate(
        self,
        log: InteractionLog,
        sources: Mapping[str, Scorer],
        *,
        outcome: Rule | str | Collection[str],
        at: dt.datetime | Sequence[dt.datetime],
        horizon: dt.timedelta,
        outcome_is: OutcomeIs = "event",
        among: Rule | None = None,
        as_of: dt.datetime | None = None,
    ) -> ScoreEvaluation:
        """Hold the scores of some instants against what came after them.

        Parameters
        ----------
        log : InteractionLog
            The events, with what came after the instants.
        sources : mapping of str to Scorer
            As for `scorer`.
        outcome, at, horizon, outcome_is, among, as_of
            As for `evaluate_scores`: what is to be foretold, from when, how far, for whom.

        Returns
        -------
        ScoreEvaluation
            With low scores as the risky ones.

        Notes
        -----
        See whether it foretells better than recency alone, too: `compare_scores`.

        Raises
        ------
        InvalidInputError
            As for `scorer` and `evaluate_scores`.
        """
        from customerops.metrics.health.evaluating import evaluate_scores

        return evaluate_scores(
            log,
            self.scorer(sources),
            outcome=outcome,
            at=at,
            horizon=horizon,
            risky="low",
            outcome_is=outcome_is,
            among=among,
            as_of=as_of,
        )

    def _points(self, component: HealthComponent, value: float) -> float:
        points = component.points_of(value)
        return self.stands_in(component) if math.isnan(points) else points

    def stands_in(self, component: HealthComponent) -> float:
        """Return the points of a component whose value is missing; NaN if nothing stands for it."""
        if component.missing_as is not None:
            return component.missing_as
        return 0.0 if self.missing == "worst" else math.nan


def _once(name: str, what: str, keys: Sequence[str]) -> None:
    repeated = [key for key, often in Counter(keys).items() if often > 1]
    if repeated:
        raise InvalidInputError(name, f"must have each {what} once", f"got {repeated[0]!r} twice")


def _raw(value: Any, name: str) -> float:
    if absent(value):
        return math.nan
    return finite(f"values.{name}", value)
