"""Absorbing chains of touches: where paths go next, and what is lost without a channel."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.credit.models import Block
from customerops.model.values import exact

__all__ = ["STEPS", "Chain", "chain_of"]

Floats = NDArray[np.float64]
Int = NDArray[np.int64]

STEPS = 5000
"""Steps of walks before a chain of higher order is solved by factorisation instead."""

_SLACK = 1e-17  # of what is reached: below half of the last digit of a float


@attrs.frozen(eq=False)
class Chain:
    """The moves of all paths from state to state.

    Attributes
    ----------
    states : ndarray of int, shape (states, order)
        The last touches of each state, the latest first, as places among the channels; -1 before
        the path began.
    start : ndarray of int, shape (states,)
        Paths that begin in each state.
    moves : csr_array of int, shape (states, states)
        Moves from one state to another.
    conversions, nulls : ndarray of int, shape (states,)
        Paths that end in each state, by how.
    value : ndarray of float64, shape (states,)
        What those that convert pay.
    """

    states: Int
    start: Int
    moves: Any
    conversions: Int
    nulls: Int
    value: Floats

    @property
    def total(self) -> Int:
        """How often each state was left."""
        out: Int = self.moves.sum(axis=1) + self.conversions + self.nulls
        return out

    def removal_effects(self, channels: int, *, steps: int = STEPS) -> Floats:
        """Return by how much conversions and value fall without each channel, as shares.

        Parameters
        ----------
        channels : int
            How many there are; every state but one of order 1 may contain several.
        steps : int
            How many steps of all paths to follow before the equations are solved instead.

        Returns
        -------
        ndarray of float64, shape (2, channels)
            Of conversions, of value; NaN where there is nothing to lose.

        Notes
        -----
        With Q the moves between states and r the ends in a conversion, as shares of each state,
        ``N = (I - Q)^-1`` are expected visits, ``x = N r`` the probability to convert from each
        state and ``x_s = s x`` that of a path. At order 1 one factorisation gives the effects of
        all channels: ``N[s, i] / N[i, i]`` is the probability that a path ever visits i, so
        ``RE_i = N[s, i] / N[i, i] * x_i / x_s``. At higher orders what is left without a channel
        is added up walk by walk, until those still under way could not change the last digit.
        """
        from scipy.sparse import diags_array

        total = self.total.astype(np.float64)
        leave = diags_array(1 / total) @ self.moves
        ends = np.stack([self.conversions, self.value], axis=1) / total[:, None]
        ends /= np.maximum(ends.max(axis=0), np.finfo(np.float64).tiny)  # effects have no scale
        start = self.start / self.start.sum()
        lost = np.full((2, channels), np.nan)
        if self.states.shape[1] == 1:
            whole, gone = _visited(leave, ends, start)
        else:
            held = np.stack([(self.states == c).any(axis=1) for c in range(channels)])
            found = _walked(leave, ends, start, held, steps)
            whole, gone = _solved(leave, ends, start, held) if found is None else found
        np.divide(gone, whole[:, None], out=lost, where=whole[:, None] > 0)
        return lost


def chain_of(block: Block, order: int) -> Chain:
    """Return the chain whose states are the last touches of a path, as many as `order`."""
    from scipy.sparse import coo_array

    path = block.path
    place = np.arange(len(block.codes)) - block.offsets[:-1][path]
    base = len(block.labels) + 1
    held = np.full((len(block.codes), order), -1, np.int64)
    for back in range(order):
        there = np.flatnonzero(place >= back)
        held[there, back] = block.codes[there - back]
    key = np.zeros(len(held), np.int64)
    for back in range(order):
        key = key * base + held[:, back] + 1
    _, first, state = np.unique(key, return_index=True, return_inverse=True)
    n = len(first)
    weight = block.conversions + block.nulls
    ahead = np.flatnonzero(path[1:] == path[:-1])
    moves = coo_array((weight[path[ahead]], (state[ahead], state[ahead + 1])), shape=(n, n))
    begin, end = state[block.offsets[:-1]], state[block.offsets[1:] - 1]
    return Chain(
        states=held[first],
        start=exact.group_sum(begin, weight, n),
        moves=moves.tocsr(),
        conversions=exact.group_sum(end, block.conversions, n),
        nulls=exact.group_sum(end, block.nulls, n),
        value=exact.group_sum(end, block.value, n).astype(np.float64),
    )


def _visited(leave: Any, ends: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Return what is reached in all, and through each state: from one factorisation."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    factors = splu((eye_array(len(start)) - leave).tocsc())
    visits = factors.solve(np.eye(len(start)))
    reach, seen = visits @ ends, start @ visits
    return start @ reach, (reach * (seen / np.diagonal(visits))[:, None]).T


def _walked(
    leave: Any, ends: Floats, start: Floats, held: NDArray[np.bool_], steps: int
) -> tuple[Floats, Floats] | None:
    """Return what is reached in all, and what is lost without each set of states, step by step.

    Nobody reaches more than 1 once ends are scaled, so what is still under way bounds the error.
    None if that is too much after so many steps.
    """
    onward = leave.T.tocsr()
    alive = np.vstack([np.ones(len(start), np.bool_), ~held]).T
    walking = alive * start[:, None]
    reached = np.zeros((alive.shape[1], 2))
    some = ends.any(axis=0)
    for _ in range(steps):
        reached += walking.T @ ends
        if walking[:, 0].sum() <= _SLACK * reached[0, some].min(initial=1.0):
            return reached[0], (reached[0] - reached[1:]).T
        walking = (onward @ walking) * alive
    return None


def _solved(
    leave: Any, ends: Floats, start: Floats, held: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the same from sparse factorisations: of all, and of what is left without each set."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    kernel = (eye_array(len(start)) - leave).tocsr()

    def reached(left: NDArray[np.bool_]) -> Floats:
        some = np.flatnonzero(left)
        if not len(some):
            return np.zeros(ends.shape[1])
        return np.asarray(start[some] @ splu(kernel[some][:, some].tocsc()).solve(ends[some]))

    whole = reached(np.ones(len(start), np.bool_))
    return whole, np.stack([whole - reached(~one) for one in held], axis=1)
