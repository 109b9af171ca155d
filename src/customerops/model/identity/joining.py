"""Hearing the evidence: clusters grow rule by rule, and nothing joins what a mark keeps apart.

Within one rule most evidence is undisputed: where all that hangs together by it may be one, it is
joined at once. Only where two keys of a dimension would meet is evidence heard piece by piece, in
its order; a piece that would bring them together is refused as a whole, for it is not known whose
it is.
"""

from __future__ import annotations

from collections import defaultdict

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.identity.evidence import Evidence, Fate, Ints, Marks, components
from customerops.model.values.runs import first_of_run, ranges

__all__ = ["Heard", "Union", "hear"]


@attrs.frozen(eq=False, repr=False)
class Heard:
    """What came of it: the smallest record of each record's cluster, and the fate of each piece.

    `against` is the first dimension that kept a refused piece's holders apart, else -1.
    """

    label: Ints
    fate: NDArray[np.int8]
    against: Ints


class Union:
    """Disjoint sets; each is named by its smallest member."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def find(self, node: int) -> int:
        """Return the name of a node's set."""
        path = []
        while (up := self.parent.get(node, node)) != node:
            path.append(node)
            node = up
        for each in path:
            self.parent[each] = node
        return node

    def join(self, a: int, b: int) -> None:
        """Join two sets, given by their names."""
        self.parent[max(a, b)] = min(a, b)


def hear(evidence: Evidence) -> Heard:
    """Return what the evidence joins.

    The answer is that of hearing every piece in order, one by one.
    """
    n = len(evidence.records)
    heard = Heard(np.arange(n), evidence.fate.copy(), np.full(len(evidence), -1))
    label = heard.label
    size = np.diff(evidence.offsets)
    open_ = evidence.fate == Fate.OPEN
    for level in np.flatnonzero(np.bincount(evidence.level[open_])).tolist():
        pieces = np.flatnonzero(open_ & (evidence.level == level))
        first = label[evidence.holder[evidence.offsets[pieces]]]
        rows = ranges(evidence.offsets[pieces], size[pieces])
        hangs = components(n, first.repeat(size[pieces]), label[evidence.holder[rows]])
        would = hangs[label]
        torn = _torn(would, evidence.marks, n)
        disputed = torn[hangs[first]]
        heard.fate[pieces[~disputed]] = Fate.JOINED
        if disputed.any():
            marks = _marks_of(label, evidence.marks, torn[would])
            sets = _one_by_one(evidence, pieces[disputed], marks, heard)
            name = np.arange(n)
            for node in list(sets.parent):
                name[node] = sets.find(node)
            would = np.where(torn[would], name[label], would)
        label[:] = would
    return heard


def _torn(label: Ints, marks: Marks, n: int) -> NDArray[np.bool_]:
    """Return which clusters hold two keys of one dimension."""
    cluster = label[marks.record]
    order = np.lexsort((marks.key, marks.dimension, cluster))
    cluster, dimension, key = cluster[order], marks.dimension[order], marks.key[order]
    torn = np.zeros(n, np.bool_)
    torn[cluster[first_of_run(cluster, dimension, key) & ~first_of_run(cluster, dimension)]] = True
    return torn


def _marks_of(label: Ints, marks: Marks, which: NDArray[np.bool_]) -> dict[int, dict[int, int]]:
    """Return the key in each dimension, by cluster, of some of the records."""
    rows = which[marks.record]
    clusters = label[marks.record[rows]].tolist()
    marked: dict[int, dict[int, int]] = defaultdict(dict)
    keyed = zip(clusters, marks.dimension[rows].tolist(), marks.key[rows].tolist(), strict=True)
    for cluster, dimension, key in keyed:
        marked[cluster][dimension] = key
    return marked


def _one_by_one(
    evidence: Evidence, pieces: Ints, marks: dict[int, dict[int, int]], heard: Heard
) -> Union:
    """Hear pieces in order; write their fate, and return what they join of the clusters."""
    sets = Union()
    nothing: dict[int, int] = {}
    size = evidence.offsets[pieces + 1] - evidence.offsets[pieces]
    clusters = heard.label[evidence.holder[ranges(evidence.offsets[pieces], size)]].tolist()
    ends = np.cumsum(size).tolist()
    for piece, start, end in zip(pieces.tolist(), [0, *ends], ends, strict=False):
        names = {sets.find(one) for one in clusters[start:end]}
        together: dict[int, int] = {}
        against: set[int] = set()
        for name in names:
            for dimension, key in marks.get(name, nothing).items():
                if together.setdefault(dimension, key) != key:
                    against.add(dimension)
        if against:
            heard.fate[piece] = Fate.SEPARATE
            heard.against[piece] = min(against)
            continue
        heard.fate[piece] = Fate.JOINED
        least = min(names)
        for name in names - {least}:
            sets.join(least, name)
        marks[least] = together
    return sets
