"""Which of many paths are the same: sequences of whole numbers of any length, sorted and joined."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.model.values.runs import first_of_run

__all__ = ["distinct_paths", "spread"]

_BITS = 62  # of a word, so that it stays a positive int64

Int = NDArray[np.int64]


def distinct_paths(
    cell: Int, offsets: Int, columns: list[tuple[NDArray[Any], int]]
) -> tuple[Int, Int]:
    """Return one path of each kind, by (cell, length, content), and the place of every path there.

    Parameters
    ----------
    cell : ndarray of int, shape (paths,)
        Where each path belongs; paths of two cells are never the same.
    offsets : ndarray of int, shape (paths + 1,)
        The steps of path p are ``offsets[p]:offsets[p + 1]`` of every column.
    columns : list of (ndarray of int, int)
        What each step is, from 0 to below the number beside it.

    Notes
    -----
    Paths of one length are rows of one matrix, whose columns are packed into as few words as hold
    them; so each length costs one sort of short keys, and all paths together one pass.
    """
    length = np.diff(offsets)
    by_length = np.argsort(length, kind="stable")
    edges = np.flatnonzero(np.append(first_of_run(length[by_length]), True))
    rows, first = [by_length[:0]], [np.zeros(0, np.bool_)]
    for low, high in pairwise(edges.tolist()):
        alike = by_length[low:high]
        words = _words(cell[alike], offsets[alike], int(length[alike[0]]), columns)
        order = np.lexsort(words[::-1])
        rows.append(alike[order])
        first.append(first_of_run(*(word[order] for word in words)))
    sequence, lead = np.concatenate(rows), np.concatenate(first)
    by_cell = np.argsort(cell[sequence], kind="stable")
    sequence, lead = sequence[by_cell], lead[by_cell]
    place = np.empty(len(sequence), np.int64)
    place[sequence] = np.cumsum(lead) - 1
    return sequence[lead], place


def spread(offsets: Int) -> Int:
    """Return the path of each step."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _words(
    cell: Int, start: Int, length: int, columns: list[tuple[NDArray[Any], int]]
) -> list[Int]:
    """Return what identifies each path of one length, packed."""
    words, free = [cell], 0
    for values, size in columns:
        bits = max(1, (size - 1).bit_length())
        for step in range(length):
            if free < bits:
                words.append(np.zeros(len(cell), np.int64))
                free = _BITS
            words[-1] = (words[-1] << bits) | values[start + step]
            free -= bits
    return words
