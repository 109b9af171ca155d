"""Sets of paths: sequences of state codes, found to be the same by a hash and then for certain."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.values.hashing import keyed_hash
from customerops.model.values.labels import Label, label_key
from customerops.model.values.runs import ranges

__all__ = ["PathRows", "gathered"]

Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # the constants of splitmix64 (Steele et al., 2014)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@attrs.frozen(eq=False)
class PathRows:
    """Paths in columns, one row each.

    Attributes
    ----------
    labels : tuple of Label
        The states that occur, sorted.
    state : ndarray of int, shape (n_steps,)
        The states of all paths, one path after another.
    starts : ndarray of int64, shape (n_rows + 1,)
        The steps of row i are ``starts[i]:starts[i + 1]``.
    cell : ndarray of int64, shape (n_rows,)
        The group of each row.
    """

    labels: tuple[Label, ...]
    state: NDArray[np.signedinteger]
    starts: NDArray[np.int64]
    cell: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.cell)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of steps of each path."""
        return np.diff(self.starts)

    def take(self, rows: NDArray[np.intp], cell: NDArray[np.int64]) -> PathRows:
        """Return some rows, in some cells."""
        lengths = self.lengths[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        state = self.state[ranges(self.starts[:-1][rows], lengths)].astype(np.int32)
        return _locked(PathRows(self.labels, state, starts, cell))

    def narrowed(self) -> PathRows:
        """Return the rows with the labels that occur in them alone."""
        here = np.flatnonzero(np.bincount(self.state, minlength=len(self.labels)))
        place = np.zeros(len(self.labels), np.int32)
        place[here] = np.arange(len(here))
        labels = tuple(self.labels[i] for i in here.tolist())
        return _locked(PathRows(labels, place[self.state], self.starts, self.cell))

    def moved(self, place: NDArray[np.signedinteger]) -> PathRows:
        """Return the rows with each cell where `place` says."""
        return attrs.evolve(self, cell=place[self.cell].astype(np.int64))

    def paths(self, rows: NDArray[np.intp]) -> list[tuple[Label, ...]]:
        """Return the labels of the steps of some rows."""
        out = []
        for start, stop in zip(
            self.starts[:-1][rows].tolist(), self.starts[1:][rows].tolist(), strict=True
        ):
            out.append(tuple(self.labels[code] for code in self.state[start:stop].tolist()))
        return out

    def ranked(self, count: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the rows by falling count, then length, then labels; groups are mixed."""
        order = np.lexsort((self.lengths, -count))
        tied = np.zeros(len(order), np.bool_)
        tied[1:] = (np.diff(count[order]) == 0) & (np.diff(self.lengths[order]) == 0)
        edges = np.append(np.flatnonzero(~tied), len(order))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if high - low > 1:
                # rows of one length: sorted column by column, the last one first
                length = int(self.lengths[order[low]])
                own = order[low:high]
                steps = self.state[self.starts[:-1][own][:, None] + np.arange(length)]
                order[low:high] = own[np.lexsort((self.cell[own], *steps.T[::-1]))]
        return order

    def hashes(self) -> Words:
        """Return a hash of each path that depends on its labels and their order alone."""
        salt = np.array(
            keyed_hash([repr(label_key(label)) for label in self.labels], key="path"), np.uint64
        )
        n, lengths = len(self.labels), self.lengths
        most = int(lengths.max(initial=0))
        position = ranges(np.zeros(len(lengths), np.int64), lengths)
        turn = np.arange(1, most + 1, dtype=np.uint64) * _GOLDEN
        if most * n <= len(self.state):  # each pair of position and state, mixed once
            table = _mixed(turn[:, None] + salt[None, :]).ravel()
            position *= n
            position += self.state
            words = table[position]
        else:
            words = _mixed(turn[position] + salt[self.state])
        return np.add.reduceat(words, self.starts[:-1]) if len(self) else words

    def same(self, other: PathRows) -> bool:
        """Whether two hold the same rows in the same order."""
        keys = [[label_key(label) for label in rows.labels] for rows in (self, other)]
        return keys[0] == keys[1] and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("state", "starts", "cell")
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild with arrays that are read-only again."""
        return (_rebuilt, (self.labels, self.state, self.starts, self.cell))


def gathered(sets: Sequence[PathRows]) -> tuple[PathRows, NDArray[np.int64]]:
    """Return the distinct (cell, path) rows of some sets, and the place of each given row.

    The order of the distinct rows depends on what they hold alone: by cell, then hash; those that
    share a hash, by their steps.
    """
    rows = _stacked(sets)
    hashes, cell = rows.hashes(), rows.cell
    one_cell = not len(cell) or not cell.any()
    order = np.argsort(hashes) if one_cell else np.lexsort((hashes, cell))
    sorted_hash, sorted_cell = hashes[order], cell[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (sorted_hash[1:] != sorted_hash[:-1]) | (sorted_cell[1:] != sorted_cell[:-1])
    run = np.empty(len(order), np.int64)
    run[order] = np.cumsum(new) - 1
    first = order[new]
    if not (same := _equal(rows, first[run])).all():
        run, first = _split(rows, run, first, np.unique(run[~same]))
    return rows.take(first, cell[first]), run


def _stacked(sets: Sequence[PathRows]) -> PathRows:
    """Return the rows of all sets under one tuple of labels."""
    if len(sets) == 1:
        return sets[0]
    merged = {label_key(label): label for one in sets for label in one.labels}
    keys = sorted(merged)
    place = {key: i for i, key in enumerate(keys)}
    states, starts, before = list[NDArray[np.int32]](), [np.zeros(1, np.int64)], 0
    for one in sets:
        code = np.array([place[label_key(label)] for label in one.labels], np.int32)
        states.append(code[one.state])
        starts.append(one.starts[1:] + before)
        before += len(one.state)
    return PathRows(
        tuple(merged[key] for key in keys),
        np.concatenate(states),
        np.concatenate(starts),
        np.concatenate([one.cell for one in sets]),
    )


def _equal(rows: PathRows, other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each path is, step by step, that of another row."""
    lengths = rows.lengths
    same: NDArray[np.bool_] = lengths == lengths[other]
    some = np.flatnonzero(same & (other != np.arange(len(other))))
    size = lengths[some]
    here = ranges(rows.starts[:-1][some], size)
    there = ranges(rows.starts[:-1][other[some]], size)
    differ = rows.state[here] != rows.state[there]
    same[np.repeat(some, size)[differ]] = False
    return same


def _split(
    rows: PathRows, run: NDArray[np.int64], first: NDArray[np.intp], mixed: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the rows with the runs split that hold different paths under one hash."""
    key = np.zeros(len(run), np.int64)  # the place of a path among those of its run
    extra = np.zeros(len(first), np.int64)
    for one in mixed.tolist():
        own = np.flatnonzero(run == one)
        steps = [
            (int(rows.lengths[i]), *rows.state[rows.starts[i] : rows.starts[i + 1]].tolist())
            for i in own.tolist()
        ]
        rank = {path: i for i, path in enumerate(sorted(set(steps)))}
        key[own] = [rank[path] for path in steps]
        extra[one] = len(rank) - 1
    before = np.cumsum(extra) - extra
    split = run + before[run] + key
    lead = np.full(len(first) + int(extra.sum()), -1, np.int64)
    lead[split[::-1]] = np.arange(len(run))[::-1]
    return split, lead


def _mixed(words: Words) -> Words:
    """Return words scrambled: the finaliser of splitmix64."""
    words = (words ^ (words >> np.uint64(30))) * _MIX[0]
    words = (words ^ (words >> np.uint64(27))) * _MIX[1]
    return words ^ (words >> np.uint64(31))


def _locked(rows: PathRows) -> PathRows:
    for array in (rows.state, rows.starts, rows.cell):
        array.flags.writeable = False
    return rows


def _rebuilt(
    labels: tuple[Label, ...],
    state: NDArray[np.signedinteger],
    starts: NDArray[np.int64],
    cell: NDArray[np.int64],
) -> PathRows:
    return _locked(PathRows(labels, state, starts, cell))
