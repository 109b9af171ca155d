"""Counting pairs: how many baskets hold both of two items, and how that spreads over customers."""

from __future__ import annotations

from collections.abc import Iterator

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
    from scipy.sparse import csr_array, triu

    n, k = len(baskets.customer), len(baskets.labels)
    ones = np.ones(len(baskets.item), np.int64)
    starts = np.append(0, np.cumsum(baskets.size))
    table = csr_array((ones, baskets.item, starts), shape=(n, k))
    both = triu(table.T @ table, k=1, format="coo")
    first, second = both.coords[0].astype(np.int64), both.coords[1].astype(np.int64)
    order = np.argsort(first * k + second)
    return PairCounts(first[order], second[order], {"both": both.data[order]})


def counted_by_order(baskets: Baskets) -> PairCounts:
    """Return how many baskets hold each pair, and the sums over customers of `PAIR_MOMENTS`."""
    k = len(baskets.labels)
    own = _run_counts(baskets.customer[baskets.basket] * k + baskets.item)
    n_baskets = np.bincount(baskets.customer)
    keys, sums = [np.zeros(0, np.int64)], [np.zeros((5, 0), np.int64)]
    for customer, first, second in _pairs_of_blocks(baskets):
        pair, each = _run_counts((customer - customer[:1]) * (k * k) + first * k + second)
        owner, pair = np.divmod(pair, k * k)
        owner += customer[:1]
        a, b = (own[1][np.searchsorted(own[0], owner * k + i)] for i in np.divmod(pair, k))
        rows = np.stack([each, each * each, each * n_baskets[owner], each * a, each * b])
        key, summed = _summed(pair, rows)
        keys.append(key)
        sums.append(summed)
    key, summed = _summed(np.concatenate(keys), np.concatenate(sums, axis=1))
    first, second = np.divmod(key, max(k, 1))
    return PairCounts(first, second, dict(zip(("both", *PAIR_MOMENTS), summed, strict=True)))


def _pairs_of_blocks(baskets: Baskets) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield every pair of items of every basket, with its customer, in blocks of whole customers."""
    size = baskets.size
    ends = np.cumsum(size)
    after = np.repeat(ends, size) - np.arange(len(baskets.item)) - 1  # items behind in the basket
    row_customer = baskets.customer[baskets.basket]
    starts = np.flatnonzero(first_of_run(row_customer)) if len(row_customer) else ends[:0]
    before = np.append(0, np.cumsum(after))[starts]  # pairs of the customers before
    most = max(1, _KEYS // max(len(baskets.labels), 1) ** 2)  # customers whose keys fit 64 bits
    low = 0
    while low < len(starts):
        high = int(np.searchsorted(before, before[low] + _BLOCK))
        widest = int(np.searchsorted(row_customer[starts], row_customer[starts[low]] + most))
        high = max(low + 1, min(high, widest))
        rows = slice(starts[low], starts[high] if high < len(starts) else len(row_customer))
        left = np.repeat(np.arange(rows.start, rows.stop), after[rows])
        right = ranges(np.arange(rows.start, rows.stop) + 1, after[rows])
        if len(left):
            yield row_customer[left], baskets.item[left], baskets.item[right]
        low = high


def _run_counts(keys: Ints) -> tuple[Ints, Ints]:
    """Return the different keys, sorted, and how often each occurs."""
    found, count = np.unique(keys, return_counts=True)
    return found, count.astype(np.int64)


def _summed(keys: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return the different keys, sorted, and the sums of columns of numbers over each."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    lead = np.flatnonzero(first_of_run(keys)) if len(keys) else np.zeros(0, np.intp)
    sums = np.add.reduceat(rows[:, order], lead, axis=1) if len(lead) else rows
    return keys[lead], sums
