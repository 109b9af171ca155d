"""Evidence in codes: pieces that several records share, and marks that keep records apart."""

from __future__ import annotations

import enum
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.identity.rules import Link, SharedIdentifier

__all__ = ["Evidence", "Fate", "Ints", "Marks", "components"]

Ints = NDArray[np.int64]


class Fate(enum.IntEnum):
    """What became of a piece of evidence."""

    OPEN = 0
    JOINED = 1
    SEPARATE = 2
    SPLIT = 3
    BLOCKED = 4
    TOO_MANY = 5
    DISTRUSTED = 6
    WEAK = 7


@attrs.frozen(eq=False, repr=False)
class Marks:
    """What a cluster has one of: rows (record, dimension, key).

    Two different keys of one dimension never meet in a cluster. The first dimensions are the
    separating types, the others the splits, whose two sides are the keys. A record has at most one
    key in each dimension.
    """

    record: Ints
    dimension: Ints
    key: Ints


@attrs.frozen(eq=False, repr=False)
class Evidence:
    """Pieces of evidence in the order in which they are heard; each has two holders or more.

    ``holder[offsets[i]:offsets[i + 1]]`` are those who share piece i, as places among the sorted
    `records`, ascending. `level` is the place of its rule; `what` its place among the identifiers
    (a type and a value each), or ``-1 - k`` for link k.
    """

    records: NDArray[Any]
    offsets: Ints
    holder: Ints
    level: Ints
    fate: NDArray[np.int8]
    what: Ints
    identifiers: tuple[NDArray[Any], NDArray[Any]]
    links: tuple[Link, ...]
    marks: Marks

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.what)

    def piece(self, i: int) -> SharedIdentifier | Link:
        """Return what piece i is."""
        what = int(self.what[i])
        if what < 0:
            return self.links[-1 - what]
        types, values = self.identifiers
        return SharedIdentifier(types[what], values[what])

    def holders(self, i: int) -> list[int]:
        """Return those who share piece i."""
        held: list[int] = self.holder[self.offsets[i] : self.offsets[i + 1]].tolist()
        return held


def components(n: int, a: Ints, b: Ints) -> Ints:
    """Return for each of n nodes the smallest node that edges from a to b connect it with.

    Examples
    --------
    >>> import numpy as np
    >>> components(4, np.array([1, 3]), np.array([3, 1])).tolist()
    [0, 1, 2, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    smallest = np.empty(count, np.int64)
    smallest[label[::-1]] = np.arange(n)[::-1]  # the last assignment to a place stays
    least: Ints = smallest[label]
    return least
