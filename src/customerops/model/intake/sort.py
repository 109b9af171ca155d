"""Sort columns by key, then time, then input order: the one sort every log is made with.

Rows are dealt into buckets by the upper bits of a hash of the key, so that what follows works on
columns that fit the cache. In a bucket a radix sort of the next 16 bits brings equal keys together;
no table of keys is kept. Each bucket writes its own part of the result, so that the answer is the
same on any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.model.values.runs import ranges

__all__ = ["Array", "Check", "CollisionError", "Run", "sort_rows", "workers"]

Array = NDArray[Any]
Run = Callable[[Callable[[int], Any], Iterable[int]], list[Any]]
Order = NDArray[np.int64] | None  # None: as it is
Check = Callable[[Array, NDArray[np.bool_]], bool]

_ROWS = 1 << 17  # rows of a bucket: its columns stay in the cache
_BLOCK = 1 << 18  # rows dealt into buckets at a time
_THREADS = 4
_RADIX = np.uint64(16)  # bits sorted by counting: numpy's stable argsort of uint16 is a radix sort
_MIXED = 8  # of so many rows one beside another key of equal bits: sort by further bits
_FEW = 1 << 11  # rows below which halving costs more than it saves
_RUN = 4  # rows a run, on average, from which the check for grouped input pays
_SAMPLE = 1 << 12  # rows that show most inputs not to be grouped
_WIDE_SAMPLE = 1 << 16  # runs that show most others

# Multiplying by an odd number is a bijection of the 64-bit integers: equal hashes are equal keys, and
# the inverse gives them back. Its upper bits spread consecutive keys evenly (Knuth, The Art of
# Computer Programming, volume 3, section 6.4).
_ODD = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(int(_ODD), -1, 1 << 64))
_ONE = np.uint64(1)
_ZERO = np.zeros(1, np.int64)


class CollisionError(Exception):
    """Two different ids have one key."""


@contextmanager
def workers(threads: int | None, rows: int) -> Iterator[Run]:
    """Give a function that maps over ints, in order, on threads that end with the context.

    Parameters
    ----------
    threads : int or None
        How many; 1 makes none. None is one a processor, at most 4.
    rows : int
        Where they fit one bucket, no thread is made.

    Examples
    --------
    >>> with workers(1, 0) as run:
    ...     run(abs, [-1, -2])
    [1, 2]
    """
    count = min(os.cpu_count() or 1, _THREADS) if threads is None else threads
    if count == 1 or rows < _ROWS:
        yield lambda function, items: [function(item) for item in items]
        return
    with ThreadPoolExecutor(count) as pool:
        yield lambda function, items: list(pool.map(function, items))


def sort_rows(
    keys: Array, columns: Sequence[Array], run: Run, check: Check | None = None
) -> tuple[Array, NDArray[np.int64], list[Array]]:
    """Sort columns by key, then time, then input order.

    Parameters
    ----------
    keys : ndarray of any integers, shape (n,)
        Rows of one key come together; the keys themselves come in no order to rely on.
    columns : sequence of ndarray, shape (n,)
        The first is the time, int64; with `check` the last is the row number.
    run : callable
        From `workers`.
    check : callable, optional
        Takes row numbers and a flag for each but the last; True if each row flagged is the same as
        the next one.

    Returns
    -------
    keys : ndarray, shape (k,)
        The distinct keys.
    offsets : ndarray of int64, shape (k + 1,)
        Rows ``offsets[i]:offsets[i + 1]`` have key ``i``.
    columns : list of ndarray, shape (n,)
        Fresh arrays.

    Raises
    ------
    CollisionError
        If `check` says no.

    Examples
    --------
    >>> import numpy as np
    >>> with workers(1, 3) as run:
    ...     sort_rows(np.array([7, 7, 7]), [np.array([2, 1, 2]), np.array([0, 1, 2])], run)
    (array([7]), array([0, 3]), [array([1, 2, 2]), array([1, 0, 2])])
    """
    size = len(keys)
    targets = [np.empty(size, column.dtype) for column in columns]
    if not size:
        return keys.copy(), np.zeros(1, np.int64), targets
    changes = _changes(keys)
    sources, tags = columns, keys
    arrange: Callable[[int, int], tuple[Order, NDArray[np.bool_]]]
    if changes is None:
        tags, edges = _deal(keys, columns, targets, run)
        sources = targets if len(edges) > 2 else columns
        arrange = partial(_by_key, tags, np.uint64(48 - (len(edges) - 2).bit_length()))
    else:
        edges = _cuts(changes)
        arrange = partial(_as_given, changes)

    def sort(i: int) -> tuple[Array, Array]:
        part = slice(edges[i], edges[i + 1])
        order, new = arrange(part.start, part.stop)
        if check is not None and not check(_take(sources[-1][part], order), ~new):
            raise CollisionError
        first = _starts(new)
        distinct = tags[part].take(first if order is None else order.take(first))
        later = _by_time(_take(sources[0][part], order), first)
        if later is not None:
            order = later if order is None else order.take(later)
        for source, target in zip(sources, targets, strict=True):
            target[part] = _take(source[part], order)
        return distinct, first + part.start

    parts = run(sort, [i for i in range(len(edges) - 1) if edges[i] < edges[i + 1]])
    distinct, starts = (np.concatenate(each) for each in zip(*parts, strict=True))
    if changes is None:
        distinct *= _INVERSE
    return distinct.astype(keys.dtype, copy=False), np.append(starts, size), targets


def _changes(keys: Array) -> NDArray[np.bool_] | None:
    """Flag the rows, from the second on, that have another key than the row before.

    None if rows of one key are not together, or too rarely so for the check to pay.
    """
    head = keys[:_SAMPLE]
    often = 2 * np.count_nonzero(head[1:] != head[:-1]) > len(head)
    if often and bool((head[1:] < head[:-1]).any()):
        return None
    changes: NDArray[np.bool_] = keys[1:] != keys[:-1]
    if not bool((keys[1:] < keys[:-1]).any()):
        return changes
    starts = _starts(changes)
    if _RUN * len(starts) > len(keys):
        return None
    firsts = keys.take(starts)
    sample = firsts[:: len(firsts) // _WIDE_SAMPLE + 1]
    return None if _repeats(sample) or _repeats(firsts) else changes


def _repeats(keys: Array) -> bool:
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def _starts(changes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where groups start."""
    return np.concatenate((_ZERO, np.flatnonzero(changes) + 1))


def _cuts(changes: NDArray[np.bool_]) -> list[int]:
    """Cut grouped rows into parts of about a bucket, none within a group."""
    size = len(changes) + 1
    ends = np.append(_starts(changes), size)
    cuts = ends.take(ends.searchsorted([*range(0, size, _ROWS), size]))
    return [int(cut) for cut in np.unique(cuts)]


def _hash(keys: Array) -> NDArray[np.uint64]:
    hashed = keys.astype(np.uint64)
    hashed *= _ODD
    return hashed


def _deal(
    keys: Array, columns: Sequence[Array], targets: Sequence[Array], run: Run
) -> tuple[NDArray[np.uint64], list[int]]:
    """Deal rows into buckets by the upper bits of the hash, in input order within each.

    A block of rows is ordered while it is in the cache, then each bucket's share of it copied whole:
    a fifth of the time of gathering single rows from all over the columns. With one bucket the
    columns stay where they are.
    """
    size = len(keys)
    bits = (size // _ROWS).bit_length()
    if not bits:
        return _hash(keys), [0, size]
    digit = np.dtype(np.uint8 if bits <= 8 else np.uint16)
    blocks = range(0, size, _BLOCK)
    orders = np.empty(size, np.uint32)
    bounds = np.full((len(blocks), (1 << bits) + 1), _BLOCK)

    def rank(i: int) -> None:
        part = slice(blocks[i], blocks[i] + _BLOCK)
        digits = (_hash(keys[part]) >> np.uint64(64 - bits)).astype(digit)
        order = digits.argsort(kind="stable")
        orders[part] = order
        bounds[i, :-1] = digits.take(order).searchsorted(np.arange(1 << bits, dtype=digit))

    run(rank, range(len(blocks)))
    bounds[-1, -1] = size - blocks[-1]
    counts = np.diff(bounds)
    edges = np.concatenate((_ZERO, counts.sum(axis=0).cumsum()))
    starts = edges[:-1] + counts.cumsum(axis=0) - counts
    hashed = np.empty(size, np.uint64)

    def move(i: int) -> None:
        part = slice(blocks[i], blocks[i] + _BLOCK)
        order = orders[part].astype(np.intp)
        cuts, into = bounds[i].tolist(), starts[i].tolist()

        def share(block: Array, target: Array) -> None:
            block = block.take(order)
            for low, high, to in zip(cuts[:-1], cuts[1:], into, strict=True):
                target[to : to + high - low] = block[low:high]

        share(_hash(keys[part]), hashed)
        for column, target in zip(columns, targets, strict=True):
            share(column[part], target)

    run(move, range(len(blocks)))
    return hashed, edges.tolist()


def _take(column: Array, order: Order) -> Array:
    return column if order is None else column.take(order)


def _as_given(changes: NDArray[np.bool_], low: int, high: int) -> tuple[Order, NDArray[np.bool_]]:
    return None, changes[low : high - 1]


def _by_key(
    tags: NDArray[np.uint64], shift: np.uint64, low: int, high: int
) -> tuple[Order, NDArray[np.bool_]]:
    """Return a stable order that brings equal hashes together, and where the next one begins."""
    hashed = tags[low:high]
    order = _by_digit(hashed, shift)
    ordered = hashed.take(order)
    differ = ordered[1:] ^ ordered[:-1]
    mixed = _mixed(differ, shift)
    if _MIXED * len(mixed) > len(order):
        below = _by_digit(hashed, shift - _RADIX)
        order = below.take(_by_digit(hashed.take(below), shift))
        ordered = hashed.take(order)
        differ = ordered[1:] ^ ordered[:-1]
        shift = shift - _RADIX
        mixed = _mixed(differ, shift)
    if len(mixed):
        ends = np.concatenate((_ZERO, np.flatnonzero(differ >> shift) + 1, [len(order)]))
        run = np.unique(ends.searchsorted(mixed, side="right"))
        begin = ends[run - 1]
        rows = ranges(begin, ends[run] - begin)
        some = ordered.take(rows)
        again = some.argsort(kind="stable")
        order[rows] = order.take(rows).take(again)
        ordered[rows] = some.take(again)
        differ = ordered[1:] ^ ordered[:-1]
    return order, differ != 0


def _by_digit(hashed: NDArray[np.uint64], shift: np.uint64) -> NDArray[np.int64]:
    order: NDArray[np.int64] = (hashed >> shift).astype(np.uint16).argsort(kind="stable")
    return order


def _mixed(differ: NDArray[np.uint64], shift: np.uint64) -> NDArray[np.int64]:
    """Return where neighbours share the bits sorted by and differ in others."""
    below = (_ONE << shift) - _ONE
    return np.flatnonzero(differ - _ONE < below)  # 0 - 1 is the largest of all


def _by_time(times: NDArray[np.int64], first: NDArray[np.int64]) -> Order:
    """Return a stable order by time within groups that begin at `first`."""
    back = times[1:] < times[:-1]
    back[first[1:] - 1] = False
    if not back.any():
        return None
    earliest = int(times.min())
    bits = (int(times.max()) - earliest).bit_length()
    fits = bits + (len(first) - 1).bit_length() <= 63
    if not fits and len(first) > 1 and len(times) > _FEW:
        return _by_time_in_halves(times, first)
    order: NDArray[np.int64]
    group = np.arange(len(first)).repeat(np.diff(first, append=len(times)))
    if fits:
        group <<= bits
        group |= times - earliest
        order = group.argsort(kind="stable")
    else:
        order = np.lexsort((times, group))
    return order


def _by_time_in_halves(times: NDArray[np.int64], first: NDArray[np.int64]) -> Order:
    """Sort by time where group and time do not fit one integer, as with a date in the year 9999.

    Most halves fit, or are in order already, after a few steps.
    """
    half = len(first) // 2
    cut = first[half]
    order = np.arange(len(times))
    for part, starts in (slice(cut), first[:half]), (slice(cut, None), first[half:] - cut):
        within = _by_time(times[part], starts)
        if within is not None:
            order[part] = order[part].take(within)
    return order
