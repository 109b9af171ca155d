"""Segments one customer at a time, from records and the slow truth of rules."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from customerops.model.records.records import Customer, Interaction
from tests.reference import rules as slow


def held(
    rules: list[dict[str, Any]],
    events: list[Interaction],
    as_of: dt.datetime,
    customer: Customer | None,
) -> list[bool]:
    """Which rules are true of a customer."""
    return [slow.truth_of_customer(rule, events, as_of, customer) == slow.TRUE for rule in rules]


def first(keys: list[str], truths: list[bool]) -> str | None:
    """The key of the first rule that is true."""
    for key, truth in zip(keys, truths, strict=True):
        if truth:
            return key
    return None


def tally(pairs: Iterable[Any]) -> Mapping[Any, int]:
    """How often each comes."""
    return Counter(pairs)


def cut(values: list[Any], level: str) -> Any:
    """The value with ``floor(level * n)`` values before it."""
    return sorted(values)[math.floor(Fraction(level) * len(values))]


def ratio_bounds(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float]:
    """MOVER for p / q from (estimate, low, high) of each, as Donner and Zou print it."""
    (p, l1, u1), (q, l2, u2) = first, second
    low = (p * q - math.sqrt((p * q) ** 2 - l1 * u2 * (2 * p - l1) * (2 * q - u2))) / (
        u2 * (2 * q - u2)
    )
    high = (p * q + math.sqrt((p * q) ** 2 - u1 * l2 * (2 * p - u1) * (2 * q - l2))) / (
        l2 * (2 * q - l2)
    )
    return low, high
