"""Distinct rows of whole-number columns: customers who look alike are computed once."""

from __future__ import annotations

import math

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

__all__ = ["counted", "distinct"]

Ints = NDArray[np.int64]

DENSE = 8  # cells of a table of all combinations, for each row, that are cheaper than sorting


@attrs.frozen(eq=False)
class _Packed:
    """Rows as one number each, in the order of the rows; `cells` is one more than the largest."""

    key: Ints
    cells: int
    low: tuple[int, ...]
    width: tuple[int, ...]

    def rows(self, key: Ints) -> tuple[Ints, ...]:
        """Return the columns of some keys."""
        rows = []
        for a, size in zip(reversed(self.low), reversed(self.width), strict=True):
            key, rest = np.divmod(key, size)
            rows.append(rest + a)
        return tuple(reversed(rows))


def _packed(columns: tuple[Ints, ...]) -> _Packed | None:
    """Pack rows into numbers; None if they do not fit."""
    low = tuple(int(column.min()) for column in columns)
    width = tuple(int(column.max()) - a + 1 for column, a in zip(columns, low, strict=True))
    cells = math.prod(width)
    if cells >= 2**62:
        return None
    key = np.zeros(len(columns[0]), np.int64)
    for column, a, size in zip(columns, low, width, strict=True):
        key *= size
        key += column - a
    return _Packed(key, cells, low, width)


def distinct(*columns: Ints) -> tuple[tuple[Ints, ...], NDArray[np.intp]]:
    """Return the distinct rows, sorted by the first column first, and where each row is of them.

    Examples
    --------
    >>> rows, where = distinct(np.array([2, 1, 2]), np.array([7, 9, 7]))
    >>> [column.tolist() for column in rows], where.tolist()
    ([[1, 2], [9, 7]], [1, 0, 1])
    """
    packed = _packed(columns) if len(columns[0]) else None
    if packed is None:
        return _by_sorting(columns)
    key = packed.key
    if packed.cells <= DENSE * len(key) + 2**16:
        present = np.zeros(packed.cells, np.bool_)
        present[key] = True
        found = np.flatnonzero(present)
        where = (np.cumsum(present) - 1)[key]
    else:
        found, where = np.unique(key, return_inverse=True)
    return packed.rows(found), where


def counted(columns: tuple[Ints, ...], weights: Ints) -> tuple[tuple[Ints, ...], Ints]:
    """Return the distinct rows, sorted as by `distinct`, and the sum of the weights of each.

    Where every row counts once, only the rows need sorting and not their places: half the work.

    Examples
    --------
    >>> rows, counts = counted((np.array([2, 1, 2]), np.array([7, 9, 7])), np.array([1, 1, 1]))
    >>> [column.tolist() for column in rows], counts.tolist()
    ([[1, 2], [9, 7]], [1, 2])
    """
    n = len(weights)
    packed = _packed(columns) if n and (weights == 1).all() else None
    if packed is None or packed.cells <= DENSE * n + 2**16:
        rows, where = distinct(*columns)
        return rows, exact.group_sum(where, weights, len(rows[0]))
    key = np.sort(packed.key.astype(np.min_scalar_type(packed.cells)))  # short keys sort faster
    start = np.flatnonzero(first_of_run(key))
    return packed.rows(key[start].astype(np.int64)), np.diff(start, append=n)


def _by_sorting(columns: tuple[Ints, ...]) -> tuple[tuple[Ints, ...], NDArray[np.intp]]:
    order = np.lexsort(columns[::-1])
    first = first_of_run(*(column[order] for column in columns))
    where = np.empty(len(order), np.intp)
    where[order] = np.cumsum(first) - 1
    return tuple(column[order[first]] for column in columns), where
