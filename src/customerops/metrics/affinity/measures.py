"""Measures of association of two items, from four counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIRECTED", "MEASURES", "SYMMETRIC", "Measure"]

Floats = NDArray[np.float64]
Measure = Callable[[Floats, Floats, Floats, Floats], Floats]
"""Of the baskets with both, with the first, with the second, and of all baskets."""


def _support(both: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    return both / total


def _confidence(both: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    return both / first


def _lift(both: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    return both * total / (first * second)


def _leverage(both: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    return (both * total - first * second) / (total * total)


def _conviction(both: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):  # never without: infinite; 0 / 0: NaN
        return first * (total - second) / (total * (first - both))


def _jaccard(both: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    return both / (first + second - both)


def _cosine(both: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    return both / np.sqrt(first * second)


SYMMETRIC: Mapping[str, Measure] = {
    "support": _support,
    "lift": _lift,
    "leverage": _leverage,
    "jaccard": _jaccard,
    "cosine": _cosine,
}
"""The same from either item."""

DIRECTED: Mapping[str, Measure] = {"confidence": _confidence, "conviction": _conviction}
"""From the first item to the second."""

MEASURES: Mapping[str, Measure] = {**SYMMETRIC, **DIRECTED}
