"""Sums of two tables of pairs of different customers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.metrics.affinity.pair_table import CoPurchases

__all__ = ["OF_ITEMS", "TOTALS", "joined"]

TOTALS = ("baskets", "customers", "baskets_sq")
OF_ITEMS = ("count", "customers_with", "count_sq")


def joined(one: CoPurchases, other: CoPurchases, names: Iterable[str]) -> dict[str, Any]:
    """Return the items, pairs and parts of two tables together."""
    items = one.items.join(other.items)
    both = (one, other)
    places = [items.places(table.items) for table in both]
    k = max(len(items), 1)
    key = np.concatenate(
        [p[table.first] * k + p[table.second] for table, p in zip(both, places, strict=True)]
    )
    order = np.argsort(key, kind="stable")
    lead = first_of_run(key[order])
    run = np.empty(len(key), np.intp)
    run[order] = np.cumsum(lead) - 1
    first, second = np.divmod(key[order][lead], k)
    parts: dict[str, Any] = {}
    for name in names:
        a, b = (table.parts[name] for table in both)
        if name in TOTALS:
            parts[name] = exact.add(a, b)
        elif name in OF_ITEMS:
            parts[name] = exact.group_sum(
                np.concatenate(places), np.concatenate([a, b]), len(items)
            )
        else:
            parts[name] = exact.group_sum(run, np.concatenate([a, b]), len(first))
    return {"items": items, "first": first, "second": second, "parts": parts}
