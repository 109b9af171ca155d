"""Attribution told one customer, one path and one coalition at a time, in fractions."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from math import factorial
from typing import Any

from customerops.model import Interaction
from tests.reference.metrics import Histories

__all__ = ["conversion_paths", "credited", "removal_effects", "shapley", "weights", "worth"]

Path = tuple[Any, ...]
Row = list[int]
"""Conversions, nulls, open paths, value."""


def conversion_paths(
    own: Histories,
    *,
    conversion: set[str],
    touches: set[str],
    lookback: dt.timedelta | None,
    counting: str,
    merge: bool,
    ages: dt.timedelta | None,
    as_of: dt.datetime,
    inside: Callable[[dt.datetime], bool],
) -> dict[tuple[Path, Path], Row]:
    """Return the counts of every path, with the ages of its touches."""
    out: dict[tuple[Path, Path], Row] = defaultdict(lambda: [0, 0, 0, 0])

    def told(steps: list[Interaction], end: Interaction | None) -> Row:
        if merge:
            last = len(steps) - 1
            steps = [
                one
                for i, one in enumerate(steps)
                if i == last or steps[i + 1].channel != one.channel
            ]
        old: Path = ()
        if ages is not None:
            old = tuple(-1 if end is None else (end.at - one.at) // ages for one in steps)
        return out[tuple(one.channel for one in steps), old]

    for events in own.values():
        used: set[int] = set()
        before = -1
        for i, event in enumerate(events):
            if event.kind not in conversion:
                continue
            path = [
                j
                for j in range(i + 1)
                if events[j].kind in touches
                and (lookback is None or event.at - events[j].at <= lookback)
                and (counting == "each" or j > before)
            ]
            before = i
            used.update(path)
            if inside(event.at):
                row = told([events[j] for j in path], event)
                row[0] += 1
                row[3] += 0 if event.amount is None else event.amount.minor
        idle: list[list[int]] = []
        for j, event in enumerate(events):
            if event.kind not in touches or j in used:
                continue
            if (
                not idle
                or any(events[k].kind in conversion for k in range(idle[-1][-1] + 1, j))
                or (lookback is not None and event.at - events[idle[-1][0]].at > lookback)
            ):
                idle.append([])
            idle[-1].append(j)
        for path in idle:
            last = events[path[-1]]
            if inside(last.at):
                over = lookback is not None and last.at + lookback <= as_of
                told([events[j] for j in path], None)[1 if over else 2] += 1
    return dict(out)


def weights(model: str, path: Path, **options: Any) -> list[Fraction]:
    """Return what each touch of a path gets of one conversion."""
    n = len(path)
    raw = [Fraction(0)] * n
    if model == "first":
        raw[0] = Fraction(1)
    elif model == "last":
        raw[-1] = Fraction(1)
    elif model == "last_non_direct":
        others = [i for i, one in enumerate(path) if one not in options["direct"]]
        raw[others[-1] if others else n - 1] = Fraction(1)
    elif model == "linear":
        raw = [Fraction(1, n)] * n
    elif model == "participation":
        raw = [Fraction(int(path.index(one) == i)) for i, one in enumerate(path)]
    elif model == "position_based":
        first, middle, last = options["shares"]
        if n == 1:
            raw = [Fraction(1)]
        elif n == 2:
            raw = [first / (first + last), last / (first + last)]
        else:
            raw = [first, *[middle / (n - 2)] * (n - 2), last]
    else:
        assert model == "time_decay"
        halvings = [Fraction(1, 2 ** (age * options["per_age"])) for age in options["ages"]]
        raw = [one / sum(halvings) for one in halvings]
    return raw


def credited(paths: Mapping[Path, Row], model: str, **options: Any) -> dict[Any, Fraction]:
    """Return the conversions credited to each channel."""
    out: dict[Any, Fraction] = defaultdict(Fraction)
    for path, row in paths.items():
        if path:
            for channel, weight in zip(path, weights(model, path, **options), strict=True):
                out[channel] += row[0] * weight
    return dict(out)


State = tuple[Any, ...]


def removal_effects(
    paths: Mapping[Path, Row], order: int, *, part: int = 0
) -> dict[Any, Fraction | None]:
    """Return the share of conversions (part 0) or value (part 3) lost without each channel.

    The channel's states are taken out, with all that leads there, and the chain solved again.
    """
    moves: dict[State, Counter[State]] = defaultdict(Counter)
    ends: Counter[State] = Counter()
    left: Counter[State] = Counter()
    for path, row in paths.items():
        tries = row[0] + row[1]
        if not path or not tries:
            continue
        states = [(), *(path[max(0, i - order + 1) : i + 1] for i in range(len(path)))]
        for a, b in pairwise(states):
            moves[a][b] += tries
            left[a] += tries
        ends[states[-1]] += row[part]
        left[states[-1]] += tries

    def reached(without: Hashable) -> Fraction:
        states = [one for one in left if without not in one]
        place = {one: i for i, one in enumerate(states)}
        rows = []
        for i, one in enumerate(states):
            row = [Fraction(int(i == j)) for j in range(len(states))]
            for after, count in moves[one].items():
                if after in place:
                    row[place[after]] -= Fraction(count, left[one])
            rows.append([*row, Fraction(ends[one], left[one])])
        return _solution(rows)[place[()]]

    channels = {one for path, row in paths.items() for one in path if row[0] + row[1]}
    whole = reached(object())
    return {one: (whole - reached(one)) / whole if whole else None for one in channels}


def _solution(rows: list[list[Fraction]]) -> list[Fraction]:
    """Solve a regular system by elimination."""
    n = len(rows)
    for i in range(n):
        pivot = next(j for j in range(i, n) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(n):
            if j != i and rows[j][i]:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [row[-1] for row in rows]


def worth(
    paths: Mapping[Path, Row], coalition: frozenset[Any], game: str, *, part: int = 0
) -> Fraction:
    """Return what a coalition of channels is worth."""
    exact = game == "rate_of_exact_coalition"
    rows = [
        row
        for path, row in paths.items()
        if path and (set(path) == coalition if exact else set(path) <= coalition)
    ]
    gain = Fraction(sum(row[part] for row in rows))
    if game == "conversions_of_subsets":
        return gain
    tries = sum(row[0] + row[1] for row in rows)
    return gain / tries if tries else Fraction(0)


def shapley(
    players: Sequence[Any], value: Callable[[frozenset[Any]], Fraction]
) -> dict[Any, Fraction]:
    """Return the Shapley values, from the worth of every coalition."""
    n = len(players)
    known = {
        frozenset(some): value(frozenset(some))
        for size in range(n + 1)
        for some in combinations(players, size)
    }
    return {
        one: sum(
            (
                Fraction(factorial(len(some)) * factorial(n - len(some) - 1), factorial(n))
                * (known[some | {one}] - known[some])
                for some in known
                if one not in some
            ),
            Fraction(0),
        )
        for one in players
    }
