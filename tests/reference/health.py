"""Health scores, and what they foretold, customer by customer in plain Python and Fractions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, permutations, product
from typing import Any

from customerops.model import Interaction

__all__ = [
    "adopted",
    "auc",
    "average_precision",
    "brier",
    "contacts",
    "delong",
    "delong_difference",
    "expected_hits",
    "first_value",
    "groups",
    "hanley_mcneil",
    "histories",
    "judged",
    "onboarded",
    "points",
    "rang",
]

Pair = tuple[Fraction, bool]
"""A risk, the riskier the higher, and whether the event came."""


def points(given: Sequence[tuple[float, float]], value: float, *, steps: bool) -> Fraction:
    """Points of a raw value, exactly."""
    pairs = [(Fraction(x), Fraction(y)) for x, y in given]
    x = Fraction(value)
    if x <= pairs[0][0]:
        return pairs[0][1]
    for (x0, y0), (x1, y1) in pairwise(pairs):
        if x0 <= x < x1:
            return y0 if steps else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return pairs[-1][1]


def _kernel(a: Fraction, b: Fraction) -> Fraction:
    return Fraction(1) if a > b else Fraction(1, 2) if a == b else Fraction(0)


def auc(pairs: Sequence[Pair]) -> Fraction | None:
    """Count the pairs of one with and one without the event."""
    hits = [risk for risk, event in pairs if event]
    rest = [risk for risk, event in pairs if not event]
    if not (hits and rest):
        return None
    return sum((_kernel(a, b) for a, b in product(hits, rest)), Fraction(0)) / (
        len(hits) * len(rest)
    )


def _components(pairs: Sequence[Pair]) -> tuple[list[Fraction], list[Fraction]]:
    hits = [risk for risk, event in pairs if event]
    rest = [risk for risk, event in pairs if not event]
    v10 = [sum((_kernel(a, b) for b in rest), Fraction(0)) / len(rest) for a in hits]
    v01 = [sum((_kernel(a, b) for a in hits), Fraction(0)) / len(hits) for b in rest]
    return v10, v01


def _covariance(a: list[Fraction], b: list[Fraction]) -> Fraction:
    mean_a, mean_b = sum(a, Fraction(0)) / len(a), sum(b, Fraction(0)) / len(b)
    total = sum(((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)), Fraction(0))
    return total / (len(a) - 1)


def delong(pairs: Sequence[Pair]) -> Fraction | None:
    """Variance of the area, from its structural components (DeLong et al. 1988, equation 5)."""
    v10, v01 = _components(pairs) if auc(pairs) is not None else ([], [])
    if min(len(v10), len(v01)) < 2:
        return None
    return _covariance(v10, v10) / len(v10) + _covariance(v01, v01) / len(v01)


def delong_difference(first: Sequence[Pair], second: Sequence[Pair]) -> Fraction:
    """Variance of the difference of two areas of the same customers: L S L' for L = (1, -1)."""
    a10, a01 = _components(first)
    b10, b01 = _components(second)
    out = Fraction(0)
    for a, b in ((a10, b10), (a01, b01)):
        s = _covariance(a, a) + _covariance(b, b) - 2 * _covariance(a, b)
        out += s / len(a)
    return out


def hanley_mcneil(pairs: Sequence[Pair]) -> Fraction | None:
    """Variance of the area from the area and the counts (Hanley and McNeil 1982, equation 2)."""
    theta = auc(pairs)
    if theta is None:
        return None
    m = sum(event for _, event in pairs)
    n = len(pairs) - m
    q1, q2 = theta / (2 - theta), 2 * theta * theta / (1 + theta)
    spread = theta * (1 - theta) + (m - 1) * (q1 - theta**2) + (n - 1) * (q2 - theta**2)
    return spread / (m * n)


def average_precision(pairs: Sequence[Pair]) -> Fraction | None:
    """Precision at each threshold, weighed by the recall it brings."""
    m = sum(event for _, event in pairs)
    if not m:
        return None
    total, before = Fraction(0), 0
    for cut in sorted({risk for risk, _ in pairs}, reverse=True):
        flagged = [event for risk, event in pairs if risk >= cut]
        total += Fraction(sum(flagged) - before, m) * Fraction(sum(flagged), len(flagged))
        before = sum(flagged)
    return total


def expected_hits(pairs: Sequence[Pair], k: int) -> Fraction:
    """Events among the k riskiest, over every order of the rows; for few rows."""
    orders = list(permutations(range(len(pairs))))
    total = 0
    for order in orders:
        ranked = sorted((pairs[i] for i in order), key=lambda pair: -pair[0])  # stable
        total += sum(event for _, event in ranked[:k])
    return Fraction(total, len(orders))


def brier(pairs: Sequence[Pair]) -> Fraction | None:
    """Mean squared difference of probability and outcome."""
    if not pairs:
        return None
    return sum(((p - event) ** 2 for p, event in pairs), Fraction(0)) / len(pairs)


def groups(pairs: Sequence[Pair], count: int) -> list[tuple[int, Fraction, int]]:
    """Customers, expected and observed events by groups of the probability; ties together."""
    out: dict[int, list[Pair]] = defaultdict(list)
    for p, event in pairs:
        before = sum(other < p for other, _ in pairs)
        out[before * count // len(pairs)].append((p, event))
    return [
        (len(rows), sum((p for p, _ in rows), Fraction(0)), sum(e for _, e in rows))
        for _, rows in sorted(out.items())
    ]


# -- histories ------------------------------------------------------------------------------------


def histories(seen: Iterable[Interaction], as_of: dt.datetime) -> dict[Any, list[Interaction]]:
    """What each customer did until an instant, in order."""
    out: dict[Any, list[Interaction]] = defaultdict(list)
    for one in sorted(seen, key=lambda x: x.at):
        if one.at <= as_of:
            out[one.customer_id].append(one)
    return dict(out)


def judged(
    seen: Sequence[Interaction],
    *,
    at: dt.datetime,
    horizon: dt.timedelta,
    as_of: dt.datetime,
    outcome: str,
    silence: bool,
    score: Callable[[list[Interaction], dt.datetime], float | None],
    among: Callable[[list[Interaction]], bool] = bool,
) -> tuple[dict[Any, tuple[float, bool]], int, int]:
    """Score and outcome of each customer; how many are open, how many have no score."""
    pairs, still_open, unscored = {}, 0, 0
    for who, history in histories(seen, at).items():
        if not among(history):
            continue
        said = score(history, at)
        later = [x for x in seen if x.customer_id == who and at < x.at <= min(at + horizon, as_of)]
        came = any(x.kind == outcome for x in later)
        if said is None:
            unscored += 1
        elif at + horizon > as_of:
            still_open += 1
        else:
            pairs[who] = (said, came != silence)
    return pairs, still_open, unscored


def rang(
    seen: Sequence[Interaction],
    *,
    instants: Sequence[dt.datetime],
    as_of: dt.datetime,
    outcome: str,
    rings: Callable[[list[Interaction], dt.datetime], bool],
) -> list[tuple[dt.timedelta, bool]]:
    """Time from each customer's first alarm to the loss, or to the end; whether it is a loss."""
    out = []
    for who, history in histories(seen, as_of).items():
        alarms = [
            t
            for t in sorted(instants)
            if who in histories(seen, t) and rings(histories(seen, t)[who], t)
        ]
        if alarms:
            losses = [x.at for x in history if x.kind == outcome and x.at > alarms[0]]
            end = losses[0] if losses else as_of
            out.append((end - alarms[0], bool(losses)))
    return out


def _start(history: list[Interaction], start: str) -> dt.datetime | None:
    return next((x.at for x in history if x.kind == start), None)


def onboarded(
    seen: Sequence[Interaction],
    *,
    start: str,
    steps: Mapping[str, str],
    within: dt.timedelta,
    as_of: dt.datetime,
    cell: Callable[[dt.datetime], Any],
) -> dict[Any, list[int]]:
    """By cell of the start: completed, total, pending, and for each step by name who did it."""
    names = sorted(steps)
    out: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0] + [0] * len(names))
    for history in histories(seen, as_of).values():
        begun = _start(history, start)
        if begun is None:
            continue
        row = out[cell(begun)]
        if begun + within > as_of + dt.timedelta(microseconds=1):
            row[2] += 1
            continue
        did = {x.kind for x in history if begun <= x.at < begun + within}
        row[0] += all(steps[name] in did for name in names)
        row[1] += 1
        for i, name in enumerate(names):
            row[3 + i] += steps[name] in did
    return dict(out)


def first_value(
    seen: Sequence[Interaction],
    *,
    start: str,
    value: str,
    within: dt.timedelta | None,
    as_of: dt.datetime,
) -> list[tuple[dt.timedelta, bool]]:
    """Time from start to value, or to the end of what was watched; whether it is the value."""
    out = []
    for history in histories(seen, as_of).values():
        begun = _start(history, start)
        if begun is None:
            continue
        got = next((x.at for x in history if x.kind == value and x.at >= begun), None)
        if got is not None and (within is None or got - begun < within):
            out.append((got - begun, True))
        else:
            watched = as_of - begun
            out.append((watched if within is None else min(watched, within), False))
    return out


def adopted(
    seen: Sequence[Interaction],
    *,
    features: Mapping[str, str],
    active: str | None,
    as_of: dt.datetime,
    cell: Callable[[dt.datetime], Any],
) -> dict[Any, tuple[list[int], dict[str, list[int]]]]:
    """By cell: how many features each active customer used; by feature how often each user did."""
    out: dict[Any, tuple[list[int], dict[str, list[int]]]] = {}
    for history in histories(seen, as_of).values():
        by_cell: dict[Any, list[Interaction]] = defaultdict(list)
        for one in history:
            by_cell[cell(one.at)].append(one)
        for where, events in by_cell.items():
            if active is not None and not any(x.kind == active for x in events):
                continue
            breadth, depth = out.setdefault(where, ([], {name: [] for name in features}))
            uses = {n: sum(x.kind == k for x in events) for n, k in features.items()}
            breadth.append(sum(often > 0 for often in uses.values()))
            for name, often in uses.items():
                if often:
                    depth[name].append(often)
    return out


def contacts(
    seen: Sequence[Interaction], *, contact: str, every: dt.timedelta, as_of: dt.datetime
) -> dict[Any, tuple[dt.datetime | None, dt.datetime, bool]]:
    """Last contact, when the next is due, and whether that has passed."""
    out = {}
    for who, history in histories(seen, as_of).items():
        last = max((x.at for x in history if x.kind == contact), default=None)
        due = (last or history[0].at) + every
        out[who] = (last, due, due < as_of)
    return out
