"""What lies on the risky side of a cut: the k of highest risk, or those beyond a threshold."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.health import ranking
from customerops.model.tables.base import Value
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Count

__all__ = ["ScoreAlarm", "TopScores", "among_top"]

Ints = NDArray[np.int64]


@attrs.frozen(eq=False, kw_only=True)
class TopScores:
    """What is among the customers of highest risk; made by ``ScoreEvaluation.top``.

    Attributes
    ----------
    k : int or ndarray of int
        How many customers that is.
    precision : float or ndarray
        The share of them who had the event.
    recall : float or ndarray
        The share of all events that is among them: the captured share.
    lift : float or ndarray
        The precision by the base rate: how many times as often as by calling anybody.
    threshold : float or ndarray
        The score of the last of them.
    tied : int or ndarray of int
        How many customers have that score, if not all of them are among the k; they count as if
        drawn at random. 0 if the cut parts nobody.
    """

    k: Count
    precision: Value
    recall: Value
    lift: Value
    threshold: Value
    tied: Count


@attrs.frozen(eq=False, kw_only=True)
class ScoreAlarm:
    """What a threshold does, as shares of customers; made by ``ScoreEvaluation.alarm``.

    Attributes
    ----------
    flagged : Proportion
        Who is at the threshold or on its risky side, of all.
    precision : Proportion
        Who had the event, of those who are flagged.
    recall : Proportion
        Who was flagged, of those who had the event.
    false_alarm : Proportion
        Who was flagged, of those who had not.
    """

    flagged: Proportion
    precision: Proportion
    recall: Proportion
    false_alarm: Proportion


def among_top(
    points: NDArray[Any], events: Ints, others: Ints, k: int | None, share: float | None
) -> tuple[int, float, float, float, float, int]:
    """Return the fields of `TopScores` for the distinct scores of a cell, by rising risk."""
    m = int(events.sum())
    n = m + int(others.sum())
    if not n:
        return 0, math.nan, math.nan, math.nan, math.nan, 0
    wanted = k if share is None else math.ceil(Fraction(str(float(share))) * n)
    assert wanted is not None
    some = min(wanted, n)
    hits, parts, tied = ranking.top(events, others, some)
    last = np.searchsorted(np.cumsum((events + others)[::-1]), some)
    return (
        some,
        hits / (parts * some),
        hits / (parts * m) if m else math.nan,
        hits * n / (parts * some * m) if m else math.nan,
        float(points[::-1][last]),
        tied,
    )
