"""Baskets, pairs, recommendations and their scores from plain dicts, one customer at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from customerops.model import Interaction, Window

__all__ = [
    "baskets_of",
    "histories_of",
    "measures",
    "pairs_of",
    "popular",
    "recommended",
    "scores",
    "similar_items",
]

Baskets = list[list[set[str]]]
"""By customer, the baskets of each."""


def net(events: Sequence[Interaction], what: str) -> dict[str, Fraction]:
    """Return how much of each item is left of some orders."""
    total: dict[str, Fraction] = {}
    for event in events:
        for item in event.items:
            name = getattr(item, what)
            if name is not None:
                total[name] = total.get(name, Fraction(0)) + Fraction(item.quantity)
    return {name: left for name, left in total.items() if left > 0}


def baskets_of(
    own: Mapping[Any, Sequence[Interaction]],
    kinds: Collection[str],
    *,
    unit: str,
    what: str = "sku",
    over: Window | None = None,
) -> Baskets:
    """Return the baskets of each customer who has any."""
    found = []
    for events in own.values():
        orders = [x for x in events if x.kind in kinds and (over is None or over.contains(x.at))]
        groups = [[one] for one in orders] if unit == "order" else [orders]
        baskets = [set(net(group, what)) for group in groups]
        baskets = [basket for basket in baskets if basket]
        if baskets:
            found.append(baskets)
    return found


def pairs_of(baskets: Baskets) -> dict[str, Any]:
    """Return the counts of all baskets, items and pairs, and their sums over customers."""
    out: dict[str, Any] = {"baskets": 0, "customers": 0, "baskets_sq": 0}
    items: dict[str, Counter[str]] = {}
    pairs: dict[tuple[str, str], Counter[str]] = {}
    for own in baskets:
        n = len(own)
        out["baskets"] += n
        out["customers"] += 1
        out["baskets_sq"] += n * n
        counts = Counter(item for basket in own for item in basket)
        for item, count in counts.items():
            items.setdefault(item, Counter()).update(
                {"count": count, "customers_with": 1, "count_sq": count * count}
            )
        both = Counter(pair for basket in own for pair in combinations(sorted(basket), 2))
        for (a, b), count in both.items():
            pairs.setdefault((a, b), Counter()).update(
                {
                    "both": count,
                    "both_sq": count * count,
                    "both_baskets": count * n,
                    "both_first": count * counts[a],
                    "both_second": count * counts[b],
                }
            )
    return {**out, "items": items, "pairs": pairs}


def measures(both: int, first: int, second: int, total: int) -> dict[str, Any]:
    """Return the measures of a pair, exactly; the cosine and what is infinite as floats."""
    a, b, c, n = (Fraction(x) for x in (first, second, both, total))
    if a == c:
        conviction: Any = math.inf if b < n else math.nan
    else:
        conviction = (1 - b / n) / (1 - c / a)
    return {
        "support": c / n,
        "confidence": c / a,
        "lift": (c / n) / (a / n * b / n),
        "leverage": c / n - a / n * b / n,
        "conviction": conviction,
        "jaccard": c / (a + b - c),
        "cosine": c / math.sqrt(a * b),
    }


def histories_of(
    own: Mapping[Any, Sequence[Interaction]],
    kinds: Collection[str],
    what: str = "sku",
    over: Window | None = None,
) -> dict[Any, list[str]]:
    """Return what each customer has bought and kept, by the latest time."""
    found = {}
    for customer, events in own.items():
        orders = [x for x in events if x.kind in kinds and (over is None or over.contains(x.at))]
        kept = net(orders, what)
        lines = [getattr(item, what) for order in orders for item in order.items]
        latest = {name: place for place, name in enumerate(lines)}
        if kept:
            found[customer] = sorted(kept, key=lambda name: latest[name])
    return found


def similarity_of(name: str, both: int, a: int, b: int, n: int, alpha: float) -> float:
    """Return the similarity of an item in a baskets to one in b, before it is shrunk."""
    if name == "cosine":
        return both / math.sqrt(a * b)
    if name == "conditional":
        return both / (a * math.pow(b, alpha))
    return both / (a + b - both) if name == "jaccard" else both * n / (a * b)


def similar_items(
    counted: Mapping[str, Any],
    similarity: str,
    *,
    alpha: float = 0.0,
    shrinkage: float = 0.0,
    neighbours: int | None = None,
) -> dict[str, dict[str, float]]:
    """Return the similarity of every item to its neighbours."""
    count = {item: parts["count"] for item, parts in counted["items"].items()}
    found: dict[str, dict[str, float]] = {item: {} for item in count}
    for pair, parts in counted["pairs"].items():
        for a, b in (pair, pair[::-1]):
            c = parts["both"]
            n = counted["baskets"]
            raw = similarity_of(similarity, c, count[a], count[b], n, alpha)
            found[a][b] = raw * c / (c + shrinkage)
    if neighbours is not None:
        for item, near in found.items():
            best = sorted(near, key=lambda other: (-_near(near[other]), other))[:neighbours]
            found[item] = {other: near[other] for other in best}
    return found


def _near(score: float) -> float:
    """Return a score as it is ranked: to about twelve digits."""
    return float(f"{score:.11e}")


def recommended(
    similar: Mapping[str, Mapping[str, float]], history: Sequence[str], n: int, *, exclude: bool
) -> list[str]:
    """Return the items with the largest sum of similarities to a history."""
    total: dict[str, float] = {}
    for item in sorted(set(history)):
        for other, near in similar.get(item, {}).items():
            total[other] = total.get(other, 0.0) + near
    kept = {item: s for item, s in total.items() if not (exclude and item in set(history))}
    return sorted(kept, key=lambda item: (-_near(kept[item]), item))[:n]


def popular(
    counts: Mapping[str, int], history: Collection[str], n: int, *, exclude: bool
) -> list[str]:
    """Return the items in most baskets, by label where there are as many."""
    order = sorted(counts, key=lambda item: (-counts[item], item))
    return [item for item in order if not (exclude and item in history)][:n]


def scores(
    listed: Sequence[str], wanted: Collection[str], n: int, *, jarvelin: bool = False
) -> dict[str, float]:
    """Return what a list is worth to a customer who then bought some items."""

    def discount(rank: int) -> float:
        return 1 / max(1.0, math.log2(rank)) if jarvelin else 1 / math.log2(rank + 1)

    ranks = [rank for rank, item in enumerate(listed[:n], 1) if item in wanted]
    best = [discount(rank) for rank in range(1, min(n, len(wanted)) + 1)]
    return {
        "hit_rate": float(bool(ranks)),
        "precision": float(Fraction(len(ranks), n)),
        "recall": float(Fraction(len(ranks), len(wanted))),
        "ndcg": sum(map(discount, ranks)) / sum(best),
        "mrr": 1 / ranks[0] if ranks else 0.0,
    }
