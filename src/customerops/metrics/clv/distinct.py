"""Distinct rows of whole-number columns: customers who look alike are computed once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from customerops.model.values.runs import first_of_run

__all__ = ["distinct"]

Ints = NDArray[np.int64]

DENSE = 8  # cells of a table of all combinations, for each row, that are cheaper than sorting


def distinct(*columns: Ints) -> tuple[tuple[Ints, ...], NDArray[np.intp]]:
    """Return the distinct rows, sorted by the first column first, and where each row is of them.

    Examples
    --------
    >>> rows, where = distinct(np.array([2, 1, 2]), np.array([7, 9, 7]))
    >>> [column.tolist() for column in rows], where.tolist()
    ([[1, 2], [9, 7]], [1, 0, 1])
    """
    n = len(columns[0])
    if n == 0:
        return columns, np.zeros(0, np.intp)
    low = [int(column.min()) for column in columns]
    width = [int(column.max()) - a + 1 for column, a in zip(columns, low, strict=True)]
    cells = math.prod(width)
    if cells >= 2**62:
        return _by_sorting(columns)
    key = np.zeros(n, np.int64)
    for column, a, size in zip(columns, low, width, strict=True):
        key *= size
        key += column - a
    if cells <= DENSE * n + 2**16:
        present = np.zeros(cells, np.bool_)
        present[key] = True
        found = np.flatnonzero(present)
        where = (np.cumsum(present) - 1)[key]
    else:
        found, where = np.unique(key, return_inverse=True)
    rows = []
    for a, size in zip(reversed(low), reversed(width), strict=True):
        found, rest = np.divmod(found, size)
        rows.append(rest + a)
    return tuple(reversed(rows)), where


def _by_sorting(columns: tuple[Ints, ...]) -> tuple[tuple[Ints, ...], NDArray[np.intp]]:
    order = np.lexsort(columns[::-1])
    first = first_of_run(*(column[order] for column in columns))
    where = np.empty(len(order), np.intp)
    where[order] = np.cumsum(first) - 1
    return tuple(column[order[first]] for column in columns), where
