"""Changes explained customer by customer, orders of change one by one, and every choice there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations, permutations
from math import prod, sqrt

from customerops.model import Interaction
from tests.reference.metrics import Histories

__all__ = ["best_choice", "in_turn", "kitagawa", "ratio_bounds", "tree"]

Span = tuple[dt.datetime, dt.datetime]


def tree(own: Histories, over: Span, against: Span) -> dict[str, dict[str, Fraction]]:
    """Return counts and amounts by what became of each customer."""
    names = ["orders", "lined", "units", "revenue"]
    names = ["customers", *names, *(f"{name}_before" for name in names)]
    out = {m: dict.fromkeys(names, Fraction(0)) for m in ("kept", "lost", "new", "returned")}
    for events in own.values():
        paid = [x for x in events if x.kind == "purchase" and x.amount is not None]
        now, then = ([x for x in paid if a <= x.at < b] for a, b in (over, against))
        earlier = [x for x in paid if x.at < against[0]]
        if not now and not then:
            continue
        movement = "lost" if not now else "kept" if then else "returned" if earlier else "new"
        row = out[movement]
        row["customers"] += 1
        for suffix, orders in (("", now), ("_before", then)):
            for one in orders:
                row["orders" + suffix] += 1
                row["lined" + suffix] += bool(one.items)
                row["units" + suffix] += units(one)
                assert one.amount is not None
                row["revenue" + suffix] += one.amount.minor
    return out


def units(one: Interaction) -> Fraction:
    """Return the units of an order."""
    return sum((Fraction(item.quantity) for item in one.items), Fraction(0))


def in_turn(before: Sequence[Fraction], after: Sequence[Fraction]) -> list[Fraction]:
    """Change the factors of a product in every order, and take the mean effect of each."""
    n = len(before)
    effects = [Fraction(0)] * n
    orders = list(permutations(range(n)))
    for order in orders:
        current = list(before)
        for i in order:
            was = prod(current, start=Fraction(1))
            current[i] = after[i]
            effects[i] += prod(current, start=Fraction(1)) - was
    return [effect / len(orders) for effect in effects]


def kitagawa(
    before: Sequence[tuple[int, int]], after: Sequence[tuple[int, int]]
) -> tuple[Fraction, Fraction]:
    """Return the mix and the rate effect as the mean of changing one first and the other first.

    Every group must have somebody, before and after.
    """

    def overall(of: Sequence[tuple[int, int]], rates: Sequence[tuple[int, int]]) -> Fraction:
        people = sum(n for _, n in of)
        return sum(
            (
                Fraction(n, people) * Fraction(x, m)
                for (_, n), (x, m) in zip(of, rates, strict=True)
            ),
            Fraction(0),
        )

    both, neither = overall(after, after), overall(before, before)
    mix_first, rate_first = overall(after, before), overall(before, after)
    return (
        (mix_first - neither + both - rate_first) / 2,
        (rate_first - neither + both - mix_first) / 2,
    )


def ratio_bounds(
    a: float, first: tuple[float, float], b: float, second: tuple[float, float]
) -> tuple[float, float]:
    """Return the ratios at which the recovered interval of a - r b begins and ceases to hold 0."""

    def lower(r: float) -> float:
        return a - r * b - sqrt((a - first[0]) ** 2 + r**2 * (second[1] - b) ** 2)

    def upper(r: float) -> float:
        return a - r * b + sqrt((first[1] - a) ** 2 + r**2 * (b - second[0]) ** 2)

    return crossing(lower, 0.0, a / b), crossing(upper, a / b, 1e9)


def crossing(f: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function passes 0, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return low


def best_choice(
    values: Sequence[Fraction], costs: Sequence[Fraction], budget: Fraction
) -> Fraction:
    """Return the most that any affordable choice brings."""
    n = range(len(values))
    return max(
        sum((values[i] for i in chosen), Fraction(0))
        for size in range(len(values) + 1)
        for chosen in combinations(n, size)
        if sum(costs[i] for i in chosen) <= budget
    )
