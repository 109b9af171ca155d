"""What goes with a score, respondent by respondent and order by order, in fractions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

from customerops.model import Interaction
from tests.reference.metrics import histories

__all__ = ["difference", "correlation_squared", "parts_of_r_squared", "respondents"]

Column = Sequence[int]


def moment(a: Column, b: Column) -> Fraction:
    """Return the sum of products of deviations from the means."""
    n = len(a)
    return Fraction(sum(x * y for x, y in zip(a, b, strict=True))) - Fraction(sum(a) * sum(b), n)


def correlation_squared(x: Column, y: Column) -> Fraction | None:
    """Return the signed square of the correlation; None where one does not vary."""
    spread = moment(x, x) * moment(y, y)
    if spread == 0:
        return None
    return moment(x, y) * abs(moment(x, y)) / spread


def difference(x: Column, y: Column) -> Fraction | None:
    """Return the mean of y where x is 1 less that where it is 0; None where one is empty."""
    there = [b for a, b in zip(x, y, strict=True) if a]
    gone = [b for a, b in zip(x, y, strict=True) if not a]
    if not there or not gone:
        return None
    return Fraction(sum(there), len(there)) - Fraction(sum(gone), len(gone))


def r_squared(columns: Sequence[Column], y: Column) -> Fraction:
    """Return R squared of a linear model, columns that say nothing new left out."""
    rest, left = [Fraction(v) - Fraction(sum(y), len(y)) for v in y], Fraction(0)
    total = sum(v * v for v in rest)
    basis: list[list[Fraction]] = []
    for column in columns:
        mean = Fraction(sum(column), len(column))
        own = [Fraction(v) - mean for v in column]
        for one in basis:
            along = dot(own, one) / dot(one, one)
            own = [a - along * b for a, b in zip(own, one, strict=True)]
        if any(own):
            basis.append(own)
    for one in basis:
        along = dot(rest, one)
        left += along * along / dot(one, one)
    return left / total


def dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def parts_of_r_squared(columns: Sequence[Column], y: Column) -> list[Fraction] | None:
    """Return what each column adds on average over all orders; None where y does not vary."""
    if len(set(y)) < 2:
        return None
    orders = list(permutations(range(len(columns))))
    added = [Fraction(0)] * len(columns)
    for order in orders:
        before = Fraction(0)
        for at in range(len(order)):
            now = r_squared([columns[k] for k in order[: at + 1]], y)
            added[order[at]] += now - before
            before = now
    return [one / len(orders) for one in added]


def respondents(
    seen: Iterable[Interaction],
    as_of: dt.datetime,
    ratings: Sequence[str],
    marks: Mapping[str, Any],
    touches: Mapping[str, str],
    within: dt.timedelta,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> dict[Any, tuple[int, dict[str, int | None]]]:
    """Return of each customer the score of the latest response in [start, end), and the drivers."""
    out = {}
    for who, own in histories(seen, as_of).items():
        answers = [
            i
            for i, one in enumerate(own)
            if one.kind == "survey_response"
            and one.value is not None
            and (start is None or one.at >= start)
            and (end is None or one.at < end)
        ]
        if not answers:
            continue
        last = own[answers[-1]]
        beside: dict[str, int | None] = {}
        for name in ratings:
            said: Any = last.attributes.get(name)
            beside[name] = None if said is None else int(said)
        for name, holds in marks.items():
            beside[name] = int(holds(last))
        for name, kind in touches.items():
            before = [one for one in own[: answers[-1]] if one.kind == kind]
            beside[name] = int(any(last.at - one.at < within for one in before))
        assert last.value is not None
        out[who] = (int(last.value), beside)
    return out
