"""Moves between the ends of periods, counted customer by customer and period by period."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise

Sequences = dict[str, list[str]]
"""Customer to the stage at the end of the period before the first, and of every period."""


def counts(sequences: Sequences) -> dict[str, Counter[tuple[str, str]]]:
    """Return for each customer how often it went from a stage to a stage."""
    out = {}
    for customer, stages in sequences.items():
        pairs = Counter(pairwise(stages))
        del pairs["UNKNOWN", "UNKNOWN"]
        out[customer] = pairs
    return out


def forecast(sequences: Sequences, arrivals: list[int]) -> list[dict[str, Fraction]] | None:
    """Return the expected stocks, in fractions; None if someone is where nobody was seen to go on."""
    seen: Counter[tuple[str, str]] = Counter()
    for pairs in counts(sequences).values():
        seen += pairs
    seen["ERASED", "ERASED"] += 1
    stocks = Counter(stages[-1] for stages in sequences.values())
    del stocks["UNKNOWN"]
    level = {stage: Fraction(n) for stage, n in stocks.items()}
    out = []
    for new in arrivals:
        after: dict[str, Fraction] = {}
        for source, people in [*level.items(), ("UNKNOWN", Fraction(new))]:
            total = sum(n for (s, _), n in seen.items() if s == source)
            if people and not total:
                return None
            for (s, target), n in seen.items():
                if people and s == source:
                    after[target] = after.get(target, Fraction(0)) + people * n / total
        out.append(after)
        level = after
    return out
