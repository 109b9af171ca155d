"""How well scores order those who had an event before those who had not.

Everywhere there are distinct scores in the order of rising risk, and how many had the event and how
many had not at each. Sums of counts are whole numbers; what is divided is rounded once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from customerops.model.values import exact

__all__ = ["area", "average_precision", "delong", "hanley_mcneil", "placements", "top"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def area(events: Ints, others: Ints) -> float:
    """Return the share of pairs of one with and one without the event that stand in order.

    A tie counts half: it is the U of Mann and Whitney by the number of pairs. NaN without pairs.

    Examples
    --------
    >>> area(np.array([0, 1, 1]), np.array([1, 1, 0]))
    0.875
    """
    pairs = 2 * int(events.sum()) * int(others.sum())
    below = 2 * np.cumsum(others) - others  # twice: those before, and half of the tied
    won = int(exact.group_dot(None, events, below, 1)[0])
    return won / pairs if pairs else np.nan


def placements(events: Ints, others: Ints) -> tuple[Floats, Floats]:
    """Return for each score the share of those without the event below it, with it above it.

    These are the structural components of DeLong: the mean of the first over events and that of
    the second over the others are both the area.

    Examples
    --------
    >>> placements(np.array([0, 1, 1]), np.array([1, 1, 0]))
    (array([0.25, 0.75, 1.  ]), array([1.  , 0.75, 0.25]))
    """
    below = (2 * np.cumsum(others) - others) / (2 * int(others.sum()))
    above = (2 * np.cumsum(events[::-1])[::-1] - events) / (2 * int(events.sum()))
    return below, above


def delong(events: Ints, others: Ints) -> float:
    """Return the variance of the area by DeLong; NaN for fewer than two on either side."""
    m, n = int(events.sum()), int(others.sum())
    if min(m, n) < 2:
        return np.nan
    theta = area(events, others)
    below, above = placements(events, others)
    spread_events = float((events * (below - theta) ** 2).sum()) / (m - 1)
    spread_others = float((others * (above - theta) ** 2).sum()) / (n - 1)
    return spread_events / m + spread_others / n


def hanley_mcneil(events: Ints, others: Ints) -> float:
    """Return the variance of the area by Hanley and McNeil, from the area and the counts alone."""
    m, n = int(events.sum()), int(others.sum())
    if min(m, n) < 1:
        return np.nan
    theta = area(events, others)
    q1, q2 = theta / (2 - theta), 2 * theta**2 / (1 + theta)
    spread = theta * (1 - theta) + (m - 1) * (q1 - theta**2) + (n - 1) * (q2 - theta**2)
    return spread / (m * n)


def average_precision(events: Ints, others: Ints) -> float:
    """Return the mean of the precision over the events, tied scores taken at once.

    Examples
    --------
    >>> average_precision(np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0]))  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    hits = np.cumsum(events[::-1])
    flagged = np.cumsum((events + others)[::-1])
    total = int(events.sum())
    if not total:
        return np.nan
    gained = events[::-1] / total
    return float((gained * (hits / flagged)).sum())


def top(events: Ints, others: Ints, k: int) -> tuple[int, int, int]:
    """Return what is among the k of highest risk: whole hits, and of the tied at the cut.

    Returns
    -------
    tuple of int
        The expected number of events among the k, the tied taken in any order alike, as a
        fraction ``(numerator, denominator)``; and how many scores are tied at the cut and only
        partly among the k: 0 if the cut parts nobody.

    Examples
    --------
    >>> top(np.array([0, 1, 1]), np.array([1, 1, 0]), 2)  # one for sure, one of two tied
    (3, 2, 2)
    """
    hits, taken = 0, 0
    for m, n in zip(events[::-1].tolist(), others[::-1].tolist(), strict=True):
        tied = m + n
        if taken + tied <= k:
            hits, taken = hits + m, taken + tied
        elif taken < k:
            return hits * tied + m * (k - taken), tied, tied
    return hits, 1, 0
