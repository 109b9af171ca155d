"""Which of two scores foretells better, on the same customers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.health import ranking
from customerops.metrics.health.scorers import Scorer, name_of, raw_values
from customerops.metrics.health.trials import OutcomeIs, Risky, trial
from customerops.model.log.ask import ask
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.intervals import as_confidence, normal
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import one_of, text

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.rules import Rule

__all__ = ["ScoreComparison", "compare_scores"]

Floats = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ScoreComparison(PerCustomer):
    """Two scores of each customer and what came after; made by `compare_scores`.

    It shows the two areas, and nobody's id.

    Attributes
    ----------
    ids : ndarray
        The customers that both have a score and whose time is up: only they are compared.
    columns : mapping
        ``first`` and ``second``, the risk by each score, the riskier the higher; ``event``.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("first", "second", "event")

    @property
    def auc(self) -> tuple[float, float]:
        """The areas of the two, as for ``ScoreEvaluation.auc``."""
        a, b = self._sides("first"), self._sides("second")
        return ranking.area(a[1], a[2]), ranking.area(b[1], b[2])

    @property
    def difference(self) -> float:
        """The area of the first less that of the second."""
        first, second = self.auc
        return first - second

    @property
    def standard_error(self) -> float:
        """The standard error of `difference`, by DeLong; NaN for fewer than two on either side.

        The two areas are of the same customers and go up and down together: taken for independent
        they would seem far less certain to differ than they are.
        """
        event = self.columns["event"] > 0
        m, n = int(event.sum()), int((~event).sum())
        if min(m, n) < 2:
            return math.nan
        gaps = self._placed("first", event) - self._placed("second", event)
        return math.sqrt(
            float(np.var(gaps[event], ddof=1)) / m + float(np.var(gaps[~event], ddof=1)) / n
        )

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the confidence interval of `difference`.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.

        Returns
        -------
        tuple of float
            The bounds, normal; 0 between them means that it was not seen which foretells better.

        Raises
        ------
        InvalidInputError
            If `confidence` is not valid.
        """
        half = normal(as_confidence(confidence)) * self.standard_error
        return self.difference - half, self.difference + half

    def _repr_html_(self) -> str:
        """Show the two areas and their difference."""
        low, high = self.interval()
        shown = [*self.auc, self.difference]
        bounds = ["–", "–", f"{_text(low)} to {_text(high)}"]
        return render.rows_html(
            f"{self.context.title}: {len(self)} customers",
            {"of": [self.context.option("first"), self.context.option("second"), "difference"]},
            {"auc": [_text(x) for x in shown], "interval": bounds},
            [False] * 3,
            3,
        )

    def _sides(self, name: str) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """Return which of the distinct scores each customer has, and events and others at each."""
        _, place = np.unique(self.columns[name], return_inverse=True)
        event = self.columns["event"] > 0
        size = int(place.max(initial=-1)) + 1
        both = [np.bincount(place[which], minlength=size) for which in (event, ~event)]
        return place, both[0], both[1]

    def _placed(self, name: str, event: NDArray[np.bool_]) -> Floats:
        """Return the placement of each customer among those of the other outcome."""
        place, events, others = self._sides(name)
        below, above = ranking.placements(events, others)
        return np.where(event, below[place], above[place])


def compare_scores(
    log: InteractionLog,
    first: Scorer,
    second: Scorer,
    *,
    risky: tuple[Risky, Risky],
    outcome: Rule | str | Collection[str],
    at: dt.datetime,
    horizon: dt.timedelta,
    outcome_is: OutcomeIs = "event",
    among: Rule | None = None,
    names: tuple[str, str] | None = None,
    as_of: dt.datetime | None = None,
) -> ScoreComparison:
    """Return which of two scores foretold better what came after an instant.

    Parameters
    ----------
    log : InteractionLog
        The events, before and after `at`.
    first, second : Scorer
        The two, as for `evaluate_scores`: a scorecard, and recency alone.
    risky : tuple of {"high", "low"}
        Which scores of each announce the outcome.
    at : datetime
        When the scores are taken; one instant, at which each customer is there once.
    outcome, horizon, outcome_is, among, as_of
        As for `evaluate_scores`.
    names : tuple of str, optional
        What the two are called; left out, as the functions or classes are.

    Returns
    -------
    ScoreComparison
        ``.difference`` of the areas and its ``.interval()``. Nobody is in it before the horizon is
        over. Those of disjoint customers add.

    Raises
    ------
    InvalidInputError
        As for `evaluate_scores`; also if `at` is several instants.

    Notes
    -----
    With `d` the difference of the two placements of a customer, the variance of the difference of
    the areas is ``var(d of those with the event) / m + var(d of the others) / n``, which is
    DeLong's ``L S L'`` for the contrast (1, -1). If the second score is part of the first, and adds
    nothing to it, the normal interval is not good near 0.

    References
    ----------
    DeLong, E. R., DeLong, D. M. and Clarke-Pearson, D. L. (1988). Comparing the areas under two or
    more correlated receiver operating characteristic curves. Biometrics 44, 837-845.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import EventCount, TimeSince, compare_scores
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c", "a", "c"],
    ...     kind=["use", "use", "use", "use", "cancel", "use"],
    ...     at=[dt.date(2026, 1, d) for d in (3, 4, 2, 1, 15, 20)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> compare_scores(
    ...     log, TimeSince("use"), EventCount("use"), risky=("high", "low"), outcome="cancel",
    ...     at=dt.datetime(2026, 1, 10, tzinfo=dt.UTC), horizon=dt.timedelta(days=30),
    ... ).auc
    (0.0, 0.0)
    """
    ends = [one_of("risky", end, ("high", "low")) for end in _pair("risky", risky)]
    called = [name_of(first), name_of(second)]
    if names is not None:
        called = [text("names", one) for one in _pair("names", names)]
    if not isinstance(at, dt.datetime):
        raise InvalidInputError("at", "must be one instant", "customers are the same at several")
    asked = ask(log, as_of=as_of)
    tried = trial(asked, outcome, at, horizon, outcome_is, among)
    ((known, members, happened, closed),) = tried.rounds(asked)
    scores = [
        raw_values(name, scorer, known)[members]
        for name, scorer in (("first", first), ("second", second))
    ]
    both = ~np.isnan(scores[0]) & ~np.isnan(scores[1]) & closed
    risks = [-s if end == "low" else s for s, end in zip(scores, ends, strict=True)]
    return ScoreComparison(
        ids=known.customers[members][both],
        columns={
            "first": risks[0][both] + 0.0,
            "second": risks[1][both] + 0.0,
            "event": happened[both].astype(np.int64),
        },
        context=Context(
            "compare_scores",
            as_of=asked.as_of,
            options={
                **tried.options,
                "first": called[0],
                "second": called[1],
                "risky": tuple(ends),
            },
        ),
    )


def _pair(name: str, given: Any) -> list[str]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise InvalidInputError(name, "must be two, of the first and of the second")
    return list(given)


def _text(value: float) -> str:
    return "–" if math.isnan(value) else render.number(value)
