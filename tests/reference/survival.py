"""Survival curves from lists of people, one time after the other, in fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

Life = tuple[int, bool, int | None]
"""When it ended, whether by the event, and when observation began (None: from the origin)."""


def at_risk(lives: Sequence[Life], t: int) -> int:
    return sum(1 for end, _, begin in lives if end >= t and (begin is None or begin < t))


def events(lives: Sequence[Life], t: int) -> int:
    return sum(1 for end, observed, _ in lives if observed and end == t)


def survival(lives: Sequence[Life], t: int) -> Fraction:
    """Return the product over the event times up to t of the share that had no event."""
    share = Fraction(1)
    for time in sorted({end for end, observed, _ in lives if observed and end <= t}):
        share *= 1 - Fraction(events(lives, time), at_risk(lives, time))
    return share


def greenwood(lives: Sequence[Life], t: int) -> Fraction | None:
    """Return the variance of the survival at t; None where survival is 0."""
    total = Fraction(0)
    for time in sorted({end for end, observed, _ in lives if observed and end <= t}):
        r, d = at_risk(lives, time), events(lives, time)
        if r == d:
            return None
        total += Fraction(d, r * (r - d))
    return survival(lives, t) ** 2 * total


def hazard(lives: Sequence[Life], t: int, power: int, *, in_turn: bool) -> Fraction:
    """Return the cumulative hazard at t (power 1), or its variance (power 2)."""
    total = Fraction(0)
    for time in sorted({end for end, observed, _ in lives if observed and end <= t}):
        r, d = at_risk(lives, time), events(lives, time)
        if in_turn:
            total += sum((Fraction(1, (r - i) ** power) for i in range(d)), Fraction(0))
        else:
            total += Fraction(d, r**power)
    return total


def quantile(lives: Sequence[Life], q: Fraction) -> int | None:
    """Return the first time with survival at or below 1 - q."""
    for time in sorted({end for end, _, _ in lives}):
        if survival(lives, time) <= 1 - q:
            return time
    return None


# -- restricted mean ----------------------------------------------------------------------------------


def restricted_mean(lives: Sequence[Life], horizon: Fraction) -> tuple[Fraction, Fraction] | None:
    """Return the mean up to a horizon and its variance; None where it is not known."""
    ends = [end for end, _, _ in lives]
    if not ends or (max(ends) < horizon and survival(lives, max(ends)) > 0):
        return None

    def area(start: Fraction) -> Fraction:
        """Return the area under the curve from a time to the horizon, piece by piece."""
        cuts = sorted({start, horizon, *(Fraction(end) for end in ends if start < end < horizon)})
        pieces = pairwise(cuts)
        return sum(((b - a) * survival(lives, int(a)) for a, b in pieces), Fraction(0))

    variance = Fraction(0)
    for time in sorted({end for end, observed, _ in lives if observed and end < horizon}):
        r, d = at_risk(lives, time), events(lives, time)
        if r > d:
            variance += area(Fraction(time)) ** 2 * Fraction(d, r * (r - d))
    return area(Fraction(0)), variance


# -- log-rank -----------------------------------------------------------------------------------------

Member = tuple[Life, str, str]
"""A life, its group and its stratum."""


def logrank(
    members: Sequence[Member], groups: Sequence[str], power: int
) -> tuple[list[Fraction], list[list[Fraction]]]:
    """Return the scores and their covariance; weights are at risk to a power (0: log-rank)."""
    k = len(groups)
    score = [Fraction(0)] * k
    covariance = [[Fraction(0)] * k for _ in groups]
    for stratum in sorted({s for _, _, s in members}):
        parts = [[x for x, g, s in members if (g, s) == (group, stratum)] for group in groups]
        everybody = [life for part in parts for life in part]
        for time in sorted({end for end, observed, _ in everybody if observed}):
            r, d = at_risk(everybody, time), events(everybody, time)
            share = [Fraction(at_risk(part, time), r) for part in parts]
            spread = Fraction(d * (r - d), r - 1) if r > 1 else Fraction(0)
            for i in range(k):
                score[i] += r**power * (events(parts[i], time) - d * share[i])
                for j in range(k):
                    one = share[i] if i == j else Fraction(0)
                    covariance[i][j] += r ** (2 * power) * spread * (one - share[i] * share[j])
    return score, covariance


def chi_squared(score: list[Fraction], covariance: list[list[Fraction]]) -> tuple[Fraction, int]:
    """Return the statistic and the rank, by Gauss-Jordan elimination with what pivots there are."""
    k = len(score)
    rows = [[*covariance[i], score[i]] for i in range(k)]
    pivots: list[int] = []
    for column in range(k):
        found = next((i for i in range(len(pivots), k) if rows[i][column]), None)
        if found is None:
            continue
        top = len(pivots)
        rows[top], rows[found] = rows[found], rows[top]
        rows[top] = [x / rows[top][column] for x in rows[top]]
        for i in range(k):
            if i != top and rows[i][column]:
                factor = rows[i][column]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[top], strict=True)]
        pivots.append(column)
    # a solution of V x = u with zeros elsewhere, and u' x is the same for each of them
    return sum((rows[i][k] * score[c] for i, c in enumerate(pivots)), Fraction(0)), len(pivots)


# -- gaps ---------------------------------------------------------------------------------------------

Gaps = tuple[list[int], int]
"""The completed gaps of a customer, and how long the open one has lasted."""


def wang_chang(customers: Sequence[Gaps], t: int) -> Fraction:
    """Return the share that stays away for longer than t, one customer after the other."""
    share = Fraction(1)
    for time in sorted({gap for gaps, _ in customers for gap in gaps if gap <= t}):
        at_risk, returned = Fraction(0), Fraction(0)
        for gaps, still in customers:
            taken = gaps or [still]
            at_risk += Fraction(sum(1 for gap in taken if gap >= time), len(taken))
            returned += Fraction(sum(1 for gap in gaps if gap == time), len(taken))
        share *= 1 - returned / at_risk
    return share


def first_gaps(customers: Sequence[Gaps]) -> list[Life]:
    """Return the first gap of each customer as a life."""
    return [(gaps[0], True, None) if gaps else (still, False, None) for gaps, still in customers]
