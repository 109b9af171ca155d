"""Hold scores against what came after them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.health.evaluation import ScoreEvaluation
from customerops.metrics.health.scorers import Scorer, name_of, raw_values
from customerops.metrics.health.trials import OutcomeIs, Risky, trial
from customerops.model.log.ask import ask
from customerops.model.rules.rules import Rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values.checks import (
    came,
    numbers,
    one_of,
    text,
)

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["evaluate_scores", "evaluate_scores_from_arrays"]

Bools = NDArray[np.bool_]


def evaluate_scores_from_arrays(
    scores: ArrayLike, outcomes: ArrayLike, *, risky: Risky
) -> ScoreEvaluation:
    """Return how well scores foretold outcomes, both at hand.

    Parameters
    ----------
    scores : array_like of float, shape (n,)
        One for each customer; NaN for who has none.
    outcomes : array_like of bool, or of 0, 1 and NaN or None, shape (n,)
        Whether the event came in time; NaN, None or the NA of pandas where that is not known yet.
    risky : {"high", "low"}
        Which scores announce the event: high ones, as the probability of churn, or low ones, as a
        health score.

    Returns
    -------
    ScoreEvaluation
        ``.auc``, ``.top``, ``.alarm``, ``.observed``, and for probabilities ``.brier`` and
        ``.calibration``.

    Raises
    ------
    InvalidInputError
        If scores are infinite or no numbers, outcomes are something else, or not as many.

    Notes
    -----
    Each row is taken for another customer. Rows of the same customers at several instants are no
    independent sample, and intervals are then too narrow.

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982). The meaning and use of the area under a receiver
    operating characteristic (ROC) curve. Radiology 143, 29-36.

    Examples
    --------
    >>> from customerops.metrics import evaluate_scores_from_arrays
    >>> seen = evaluate_scores_from_arrays(
    ...     [0.1, 0.4, 0.35, 0.8, 0.6], [0, 0, 1, 1, None], risky="high"
    ... )
    >>> seen.auc, seen.n, seen.n_open
    (0.75, 4, 1)
    """
    one_of("risky", risky, ("high", "low"))
    given = numbers("scores", scores).astype(np.float64)
    if given.ndim != 1:
        raise InvalidInputError(
            "scores", "must be one-dimensional", f"got {given.ndim} dimensions"
        )
    infinite = np.isinf(given)
    if infinite.any():
        bad = np.flatnonzero(infinite)
        raise InvalidInputError(
            "scores", "must be finite or NaN", count=len(bad), total=len(given), first=int(bad[0])
        )
    happened, known = _outcomes(outcomes, given.shape)
    return _evaluation(
        given,
        happened,
        known,
        context=Context("evaluate_scores", options={"risky": risky}),
    )


def evaluate_scores(
    log: InteractionLog,
    scorer: Scorer,
    *,
    outcome: Rule | str | Collection[str],
    at: dt.datetime | Sequence[dt.datetime],
    horizon: dt.timedelta,
    risky: Risky,
    outcome_is: OutcomeIs = "event",
    among: Rule | None = None,
    name: str | None = None,
    as_of: dt.datetime | None = None,
) -> ScoreEvaluation:
    """Return how well the scores of some instants foretold what came after them.

    Parameters
    ----------
    log : InteractionLog
        The events, before and after the instants.
    scorer : Scorer
        What gives each customer a number: a function of a log, such as `TimeSince`, a fitted model,
        or ``scorecard.scorer(...)``. It is called with the log as known at each instant, and sees
        nothing later.
    outcome : Rule, str or collection of str
        The event to be foretold, or, under ``outcome_is="silence"``, the events of which none is.
    at : datetime or sequence of datetime
        When scores are taken. Of several there is a result for each, along the axis ``"scored_at"``
        with the instants in UTC as labels.
    horizon : timedelta
        How far ahead: the outcome counts if it comes after `at`, until ``at + horizon`` and that
        instant included.
    risky : {"high", "low"}
        Which scores announce the outcome.
    outcome_is : {"event", "silence"}
        Whether the outcome is that the event comes, such as a cancellation, or that none comes, as
        churn without a contract does.
    among : Rule, optional
        A rule about customers, as of each instant: who can have the outcome at all. Whoever is lost
        already cannot be lost, and counting them makes any score look good:
        ``Did("use", within=timedelta(days=90))``. Everybody who is known when left out.
    name : str, optional
        What the scorer is called in the result; left out, as the function or the class is. Results
        add if it is the same.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    ScoreEvaluation
        Where ``at + horizon`` is later than as_of nobody is counted: they are ``n_open``, also
        those who had the event already, or only the quick ones would count.

    Raises
    ------
    InvalidInputError
        If an option is none of its words, `name` is no text, an instant is later than as_of or given twice, `among` is
        no rule about customers, or the scorer gives something else than a finite number or NaN for
        each customer.

    Notes
    -----
    A fitted model that has seen what came after `at` foretells it: fit on ``log.until(at)``.
    Attributes of customers are those of the record, the same at every instant; a scorer that reads
    them may look ahead.

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982). The meaning and use of the area under a receiver
    operating characteristic (ROC) curve. Radiology 143, 29-36.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import TimeSince, evaluate_scores
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "c", "a", "c"],
    ...     kind=["use", "use", "use", "use", "cancel"],
    ...     at=[dt.date(2026, 1, d) for d in (9, 2, 1, 20, 15)],
    ...     tz=dt.UTC,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> seen = evaluate_scores(
    ...     log, TimeSince("use"), outcome="cancel", risky="high",
    ...     at=dt.datetime(2026, 1, 10, tzinfo=dt.UTC), horizon=dt.timedelta(days=30),
    ... )
    >>> seen.auc, seen.base_rate.count, seen.n
    (1.0, 1, 3)
    """
    one_of("risky", risky, ("high", "low"))
    called = name_of(scorer) if name is None else text("name", name)
    asked = ask(log, as_of=as_of)
    tried = trial(asked, outcome, at, horizon, outcome_is, among)
    columns: list[Any] = [np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.bool_)]
    rows = [[column] for column in columns]
    cells = [np.zeros(0, np.int64)]
    for place, (known, members, happened, closed) in enumerate(tried.rounds(asked)):
        scores = raw_values("scorer", scorer, known)[members]
        for column, found in zip(
            rows, (scores, happened, np.full(len(scores), closed)), strict=True
        ):
            column.append(found)
        cells.append(np.full(len(scores), place))
    scores, happened, known_ = (np.concatenate(column) for column in rows)
    return _evaluation(
        scores,
        happened,
        known_,
        outer=tried.axes,
        cell=np.concatenate(cells),
        context=Context(
            "evaluate_scores",
            as_of=asked.as_of,
            options={
                **tried.options,
                "risky": risky,
                "scorer": called,
            },
        ),
    )


def _evaluation(
    scores: NDArray[np.float64],
    happened: Bools,
    known: Bools,
    *,
    context: Context,
    outer: Sequence[Axis] = (),
    cell: NDArray[np.int64] | None = None,
) -> ScoreEvaluation:
    there = ~np.isnan(scores)
    parts = {
        "events": there & known & happened,
        "others": there & known & ~happened,
        "open": there & ~known,
        "unscored": ~there,
    }
    return ScoreEvaluation(
        outer=outer,
        at=np.where(there, scores, 0.0),
        cell=cell,
        parts={name: part.astype(np.int64) for name, part in parts.items()},
        context=context,
    )


def _outcomes(given: Any, shape: tuple[int, ...]) -> tuple[Bools, Bools]:
    """Return whether each event came, and whether that is known."""
    requirement = "must be True or False, 1 or 0, or None for each score"
    try:
        raw = np.asarray(given)
    except ValueError:  # rows of unlike lengths
        raise InvalidInputError("outcomes", requirement, came(given)) from None
    if raw.dtype == object:
        raw = _filled(raw)
    if raw.dtype.kind not in "biuf":
        raise InvalidInputError("outcomes", requirement, came(given))
    said = raw.astype(np.float64)
    if said.shape != shape:
        raise InvalidInputError("outcomes", requirement, f"got shape {said.shape}, not {shape}")
    known = ~np.isnan(said)
    wrong = np.flatnonzero(known & ~np.isin(said, (0, 1)))
    if len(wrong):
        raise InvalidInputError(
            "outcomes", requirement, count=len(wrong), total=len(said), first=int(wrong[0])
        )
    return said == 1, known


def _filled(raw: NDArray[Any]) -> NDArray[Any]:
    """Return what is not missing as what it is, with NaN for None and the NA of pandas."""
    import pandas as pd

    missing = pd.isna(raw)
    plain = np.asarray(raw[~missing].tolist())
    if plain.dtype.kind not in "biuf":
        return raw
    out = np.full(raw.shape, np.nan)
    out[~missing] = plain
    return out
