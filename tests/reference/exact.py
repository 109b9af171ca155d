"""Sums by plain Python integers and fractions, one row at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def group_sums(codes: Sequence[int], x: Sequence[int], n: int) -> list[int]:
    totals = [0] * n
    for code, value in zip(codes, x, strict=True):
        totals[code] += value
    return totals


def group_dots(codes: Sequence[int], x: Sequence[int], y: Sequence[int], n: int) -> list[int]:
    return group_sums(codes, [a * b for a, b in zip(x, y, strict=True)], n)


def group_float_sums(codes: Sequence[int], x: Sequence[float], n: int) -> list[float]:
    """Sum as fractions; a fraction turns into the nearest float."""
    totals = [Fraction(0)] * n
    for code, value in zip(codes, x, strict=True):
        totals[code] += Fraction(value)
    return [_nearest(total) for total in totals]


def _nearest(total: Fraction) -> float:
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf
