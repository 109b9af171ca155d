"""Counting pairs: how many baskets hold both of two items, and how that spreads over customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.affinity.baskets import Baskets
from customerops.model.values.runs import first_of_run, ranges

__all__ = ["PAIR_MOMENTS", "PairCounts", "counted_by_customer", "counted_by_order"]

Ints = NDArray[np.int64]

PAIR_MOMENTS = ("both_sq", "both_baskets", "both_first", "both_second")
"""Sums over customers: of both squared, and of both times their baskets, and times their baskets
with the first and with the second item."""

_BLOCK = 2**20  # pairs looked at together: their keys stay in the cache
_KEYS = 2**62


@attrs.frozen(eq=False)
class PairCounts:
    """Counts of pairs ``first < second``, sorted, each once, by name."""

    first: Ints
    second: Ints
    parts: dict[str, Ints]


def counted_by_customer(baskets: Baskets) -> PairCounts:
    """Return how many baskets hold each pair, where every customer has one basket.

    Notes
    -----
    With B the sparse matrix of baskets by items, the counts are what stands above the diagonal
    of ``Bᵀ B``.
    """
    ones = np.ones(len(baskets.item), np.int64)
    first, second, both = _above(_product(baskets, ones, ones))
    return PairCounts(first, second, {"both": both})


def counted_by_order(baskets: Baskets) -> PairCounts:
    """Return how many baskets hold each pair, and the sums over customers of `PAIR_MOMENTS`.

    Notes
    -----
    With D the baskets of the customer of each row of B, and C the baskets of that customer with
    the item, the sums of products are ``Bᵀ D B`` and ``Cᵀ B``, above the diagonal with the first
    item and below it with the second. The sum of squares is no product: there pairs are counted
    by customer.
    """
    k = max(len(baskets.labels), 1)
    ones = np.ones(len(baskets.item), np.int64)
    owner = baskets.customer[baskets.basket]
    n_baskets = np.bincount(baskets.customer)[owner]
    place, count = np.unique(owner * k + baskets.item, return_inverse=True, return_counts=True)[1:]
    n_item = count[place]
    first, second, both = _above(_product(baskets, ones, ones))
    with_item = _product(baskets, n_item, ones)
    parts = {
        "both": both,
        "both_sq": np.zeros(len(both), np.int64),
        "both_baskets": _above(_product(baskets, n_baskets, ones))[2],
        "both_first": _above(with_item)[2],
        "both_second": _above(with_item.T)[2],
    }
    keys = first * k + second
    for customer, left, right in _pairs_of_blocks(baskets):
        n = int(customer[-1] - customer[0]) + 1
        local = (left * k + right) * n + (customer - customer[0])
        own, each = np.unique(local, return_counts=True)
        pair = own // n
        lead = np.flatnonzero(first_of_run(pair))
        parts["both_sq"][np.searchsorted(keys, pair[lead])] += np.add.reduceat(each * each, lead)
    return PairCounts(first, second, parts)


def _product(baskets: Baskets, left: Ints, right: Ints) -> Any:
    """Return the sparse ``Lᵀ R`` of two matrices of baskets by items.

    They hold a positive number for each item of each basket, so that every product does for the
    same pairs.
    """
    from scipy.sparse import csr_array

    shape = (len(baskets.customer), len(baskets.labels))
    starts = np.append(0, np.cumsum(baskets.size))
    one, other = (csr_array((x, baskets.item, starts), shape=shape) for x in (left, right))
    return one.T @ other


def _above(matrix: Any) -> tuple[Ints, Ints, Ints]:
    """Return row, column and value of what stands above the diagonal, sorted."""
    from scipy.sparse import triu

    found = triu(matrix, k=1, format="csr")
    found.sort_indices()
    found = found.tocoo()
    row, column = (place.astype(np.int64) for place in found.coords)
    return row, column, found.data


def _pairs_of_blocks(baskets: Baskets) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield every pair of items of every basket, with its customer, in blocks of whole customers."""
    size = baskets.size
    after = np.repeat(np.cumsum(size), size) - np.arange(len(baskets.item)) - 1
    owner = baskets.customer[baskets.basket]  # and `after` the items behind it in the basket
    starts = np.flatnonzero(first_of_run(owner))
    before = np.append(0, np.cumsum(after))[starts]  # pairs of the customers before
    most = max(1, _KEYS // max(len(baskets.labels), 1) ** 2)  # customers whose keys fit 64 bits
    low = 0
    while low < len(starts):
        high = int(np.searchsorted(before, before[low] + _BLOCK))
        widest = int(np.searchsorted(owner[starts], owner[starts[low]] + most))
        high = max(low + 1, min(high, widest))
        rows = np.arange(starts[low], starts[high] if high < len(starts) else len(owner))
        left = np.repeat(rows, after[rows])
        right = ranges(rows + 1, after[rows])
        if len(left):
            yield owner[left], baskets.item[left], baskets.item[right]
        low = high
