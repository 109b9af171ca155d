"""In how many customers a cell occurs: distinct pairs of customer and cell, without sorting."""

from __future__ import annotations

import functools

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.paths.walking import Units
from customerops.model.values.runs import first_of_run

__all__ = ["Runs", "in_each", "in_each_and_block", "runs_of"]

Ints = NDArray[np.signedinteger]

BITS = 64  # cells whose occurrence in a customer is one machine word
WORDS = 16  # passes over the rows, from which sorting pairs is quicker
ROWS = 2**17  # rows at once: their words stay in the cache


@attrs.frozen(eq=False)
class Runs:
    """The rows of each customer, one run a customer.

    Attributes
    ----------
    lead : ndarray of int, shape (n_customers,)
        Where each run begins.
    group : ndarray of int, shape (n_customers,)
        The group of each.
    n_groups : int
        How many groups there are.
    """

    lead: NDArray[np.intp]
    group: NDArray[np.intp]
    n_groups: int


def runs_of(units: Units, unit: Ints, starts: Ints | None = None) -> Runs:
    """Return the runs of customers in rows of units, which never fall.

    Parameters
    ----------
    units : Units
        Whose rows they are.
    unit : ndarray of int
        The unit of every row; or of every walk, if `starts` says where the rows of each begin.
    starts : ndarray of int, optional
        Where the rows of each walk begin.
    """
    new = np.flatnonzero(first_of_run(units.owner_of(unit))) if len(unit) else np.zeros(0, np.intp)
    lead = new if starts is None else starts[new]
    return Runs(lead, units.group[unit[new]], units.n_groups)


def in_each(runs: Runs, cell: Ints, n_cells: int) -> NDArray[np.int64]:
    """Return in how many customers of each group each cell occurs, shape (n_groups, n_cells).

    Parameters
    ----------
    runs : Runs
        The rows of each customer.
    cell : ndarray of int, shape (n,)
        The cell of every row.
    n_cells : int
        One more than the largest cell there can be.
    """
    return in_each_and_block(runs, cell, n_cells, n_cells)[0]


def in_each_and_block(
    runs: Runs, cell: Ints, n_cells: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `in_each`, and the same of blocks of so many cells that stand together.

    Notes
    -----
    The cells of a customer are a set of bits, 64 of those that occur at all to a word: one pass
    ors the rows of each customer together, and each bit is counted over customers.
    """
    found = np.flatnonzero(np.bincount(cell, minlength=n_cells))
    if len(found) > BITS * WORDS:
        return _by_sorting(runs, cell, n_cells), _by_sorting(runs, cell // size, n_cells // size)
    counts = np.zeros((runs.n_groups, n_cells), np.int64)
    blocks = np.zeros((runs.n_groups, n_cells // size if size else 0), np.int64)
    words = []
    for low in range(0, len(found), BITS):
        some = found[low : low + BITS]
        word = np.zeros(n_cells, np.uint64)
        word[some] = np.uint64(1) << np.arange(len(some), dtype=np.uint64)
        words.append((word, _held(word, cell, runs.lead)))
        for one in some.tolist():
            counts[:, one] = _count(runs, words[-1][1] & word[one])
    for block in np.unique(found // size).tolist() if size < n_cells else []:
        cells = slice(block * size, (block + 1) * size)
        any_of = [held & np.bitwise_or.reduce(word[cells]) for word, held in words]
        blocks[:, block] = _count(runs, functools.reduce(np.bitwise_or, any_of))
    return counts, blocks


def _count(runs: Runs, bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return how many customers of each group have a bit."""
    if runs.n_groups == 1:
        return np.array([np.count_nonzero(bits)])
    return np.bincount(runs.group[bits != 0], minlength=runs.n_groups)


def _by_sorting(runs: Runs, cell: Ints, n_cells: int) -> NDArray[np.int64]:
    run = np.repeat(np.arange(len(runs.lead)), np.diff(runs.lead, append=len(cell)))
    pairs = np.unique(run * n_cells + cell)
    at = runs.group[pairs // n_cells] * n_cells + pairs % n_cells
    return np.bincount(at, minlength=runs.n_groups * n_cells).reshape(runs.n_groups, n_cells)


def _held(word: NDArray[np.uint64], cell: Ints, lead: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Return the bits of each run of rows, together."""
    held = np.empty(len(lead), np.uint64)
    ends = np.append(lead, len(cell))
    first = 0
    while first < len(lead):
        last = max(int(np.searchsorted(ends, ends[first] + ROWS, side="right")) - 1, first + 1)
        rows = slice(ends[first], ends[last])
        np.bitwise_or.reduceat(
            word[cell[rows]], lead[first:last] - ends[first], out=held[first:last]
        )
        first = last
    return held
