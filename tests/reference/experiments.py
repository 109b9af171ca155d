"""Experiments read off plain records, one customer at a time, in fractions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from hashlib import blake2b
from itertools import pairwise, product
from math import factorial, prod
from typing import Any

from customerops.model import Interaction
from tests.reference.metrics import histories

__all__ = ["changes", "drawn", "exact_p", "lift", "measured", "rows"]

Row = tuple[Any, int, int]
"""Arm, outcome and covariate of one customer."""


def drawn(one: int | str, key: str, shares: Sequence[tuple[str, Fraction]]) -> str:
    """Return the arm whose stretch of the line from 0 to 1 the hash of an id falls on."""
    secret = blake2b(key.encode(), digest_size=32).digest()
    text = f"s{one}" if isinstance(one, str) else f"i{one}"
    digest = blake2b(text.encode(), digest_size=8, key=secret).digest()
    place, end = Fraction(int.from_bytes(digest, "big"), 2**64), Fraction(0)
    for arm, share in shares:
        end += share
        if place < end:
            return arm
    raise AssertionError


def measured(events: Iterable[Interaction], measure: str, minor: int) -> int:
    """Return what events come to: whether, how many, or how much in minor units."""
    events = list(events)
    if measure == "amount":
        return sum(int(e.amount.amount * minor) for e in events if e.amount is not None)
    return min(1, len(events)) if measure == "customers" else len(events)


def rows(
    seen: Iterable[Interaction],
    as_of: dt.datetime,
    arm_of: Callable[[Any], Any],
    start: dt.datetime | str,
    window: dt.timedelta,
    kinds: set[str],
    *,
    measure: str = "customers",
    covariate: dt.timedelta | None = None,
    minor: int = 100,
    everybody: Iterable[Any] = (),
) -> tuple[list[Row], list[Any]]:
    """Return one row per customer whose window is closed, and the arms of the others.

    Those of `everybody` are in it whatever they did; with none given, who was seen by the start is.
    """
    known = histories(seen, as_of)
    everybody = list(everybody)
    closed, waiting = [], []
    for who in {**dict.fromkeys(everybody), **known} if everybody else known:
        own, arm = known.get(who, []), arm_of(who)
        first: dt.datetime | None
        if isinstance(start, str):
            place = next((i for i, e in enumerate(own) if e.kind == start), None)
            first = None if place is None else own[place].at
            later = [] if place is None else own[place + 1 :]
        else:
            came = bool(everybody) or own[0].at <= start
            first, later = (start if came else None), own
        if arm is None or first is None:
            continue
        if first + window > as_of + dt.timedelta(microseconds=1):
            waiting.append(arm)
            continue
        hits = [e for e in later if e.kind in kinds and first <= e.at < first + window]
        past: list[Interaction] = []
        if covariate is not None:
            past = [e for e in own if e.kind in kinds and first - covariate <= e.at < first]
        closed.append((arm, measured(hits, measure, minor), measured(past, measure, minor)))
    return closed, waiting


def lift(given: Sequence[Row], treated: Any, control: Any) -> tuple[Fraction, Fraction, Fraction]:
    """Return the adjusted difference and the squared standard error of each arm, in two passes."""
    arms: dict[Any, list[tuple[Fraction, Fraction]]] = {}
    for arm, y, x in given:
        arms.setdefault(arm, []).append((Fraction(y), Fraction(x)))
    top = bottom = Fraction(0)
    for own in arms.values():
        mean_y, mean_x = (sum(column) / len(own) for column in zip(*own, strict=True))
        top += sum((y - mean_y) * (x - mean_x) for y, x in own)
        bottom += sum((x - mean_x) ** 2 for _, x in own)
    theta = top / bottom if bottom else Fraction(0)
    means: list[Fraction] = []
    errors: list[Fraction] = []
    for arm in (treated, control):
        left = [y - theta * x for y, x in arms[arm]]
        mean = sum(left, Fraction(0)) / len(left)
        means.append(mean)
        squares = sum(((one - mean) ** 2 for one in left), Fraction(0))
        errors.append(squares / (len(left) - 1) / len(left))
    return means[0] - means[1], errors[0], errors[1]


def exact_p(counts: Sequence[int], shares: Sequence[Fraction]) -> Fraction:
    """Return the chance of every outcome that is no likelier, each written out."""
    n = sum(counts)

    def chance(outcome: Sequence[int]) -> Fraction:
        ways = Fraction(factorial(n), prod(map(factorial, outcome)))
        return ways * prod((s**k for s, k in zip(shares, outcome, strict=True)), start=Fraction(1))

    own = chance(counts)
    every = product(range(n + 1), repeat=len(counts))
    return sum((c for one in every if sum(one) == n and (c := chance(one)) <= own), Fraction(0))


def changes(
    seen: Iterable[Interaction],
    as_of: dt.datetime,
    arms: Mapping[Any, Any],
    windows: Sequence[tuple[dt.datetime, dt.datetime]],
    kinds: set[str],
    measure: str,
    minor: int,
) -> dict[Any, list[list[int]]]:
    """Return by group the changes of each customer from window to window."""
    known = histories(seen, as_of)
    out: dict[Any, list[list[int]]] = {}
    for who, arm in arms.items():
        levels = [
            measured(
                (e for e in known.get(who, []) if e.kind in kinds and low <= e.at < high),
                measure,
                minor,
            )
            for low, high in windows
        ]
        steps = [b - a for a, b in pairwise(levels)]
        out.setdefault(arm, []).append(steps)
    return out
