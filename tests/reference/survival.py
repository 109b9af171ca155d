"""Survival curves from lists of people, one time after the other, in fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

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
