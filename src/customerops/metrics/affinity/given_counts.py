"""Pairs from counts that are known already, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.values.checks import came, each, whole
from customerops.model.values.labels import Label, label_key

__all__ = ["counted"]


def counted(
    baskets: int, items: Mapping[Label, int], pairs: Mapping[tuple[Label, Label], int]
) -> dict[str, Any]:
    """Return the items, pairs and parts of a table of co-purchases, or refuse the counts.

    Raises
    ------
    InvalidInputError
        As `CoPurchases.from_counts`.
    """
    n = whole("baskets", baskets, least=0)
    for name, given in (("items", items), ("pairs", pairs)):
        if not isinstance(given, Mapping):
            raise InvalidInputError(name, "must be a mapping to counts", came(given))
    order = sorted(items, key=label_key)
    axis = Axis("item", order, "state")
    counts = [whole("items", items[label], least=1, most=n) for label in order]
    found: dict[tuple[int, ...], int] = {}
    for pair, both in pairs.items():
        places = tuple(sorted(axis.positions(each("pairs", pair)).tolist()))
        if len(set(places)) != 2 or len(places) != 2:
            raise InvalidInputError("pairs", "must be of two different items")
        if places in found:
            raise InvalidInputError("pairs", "must be there once each", "one came both ways")
        a, b = (counts[place] for place in places)
        found[places] = whole("pairs", both, least=max(0, a + b - n), most=min(a, b))
    kept = sorted(places for places, both in found.items() if both)
    parts = {
        "baskets": n,
        "count": np.array(counts, np.int64),
        "both": np.array([found[places] for places in kept], np.int64),
    }
    first, second = np.array(kept, np.int64).reshape(-1, 2).T
    return {"items": axis, "first": first, "second": second, "parts": parts}
