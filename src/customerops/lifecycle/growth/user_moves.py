"""How users move between the seven daily states: from active days to counts, without a day's loop."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVE_TODAY", "STATES", "Moves", "cells_of", "moves_of"]

Int = NDArray[np.int64]

ACTIVE_TODAY = ("new", "current", "reactivated", "resurrected")
STATES = tuple(sorted((*ACTIVE_TODAY, "at_risk_wau", "at_risk_mau", "dormant")))
"""The seven states, sorted; the place of a state is its code."""

_CODE = {state: code for code, state in enumerate(STATES)}
_N = len(STATES)
_NOBODY = _N  # where new users come from: a source, never a state


@attrs.frozen(eq=False)
class Moves:
    """Changes of state, and stays of activity.

    Attributes
    ----------
    group, day, source, target : int64, shape (n,)
        Of whom, on which day, from where and to where; states by their place in `STATES`, who
        comes from nowhere by ``len(STATES)``.
    """

    group: Int
    day: Int
    source: Int
    target: Int


def moves_of(first: NDArray[np.bool_], day: Int, group: Int, week: int, month: int) -> Moves:
    """Return every change of state, and every stay that is one of activity.

    Active pairs are sorted by customer and day. A pair is entered from the state of the day
    before; afterwards the state changes a day later, and when a window closes, unless the customer
    is active by then.
    """
    gap = np.diff(day, prepend=0)  # since the customer's pair before, unless it is the first
    state = np.where(first, _CODE["new"], _after(gap, week, month, ACTIVE_TODAY[1:]))
    before = np.append(_NOBODY, state)[:-1]
    came = np.where(first, _NOBODY, np.where(gap == 1, before, _away(gap - 1, week, month)))
    moves = [(group, day, came, state)]
    until = np.full(day.size, np.iinfo(np.int64).max)  # the customer's next pair, if there is one
    until[:-1] = np.where(first[1:], until[:-1], gap[1:])
    for g in sorted({1, week, month}):
        left = until > g
        n = int(left.sum())
        source = state[left] if g == 1 else np.full(n, _away(np.array(g - 1), week, month))
        target = np.full(n, _away(np.array(g), week, month))
        moves.append((group[left], day[left] + g, source, target))
    return Moves(*(np.concatenate(column) for column in zip(*moves, strict=True)))


def _after(gap: Int, week: int, month: int, states: Sequence[str]) -> Int:
    """Return the state by the days since the last active one: within a week, a month, or longer."""
    near, far, gone = (_CODE[state] for state in states)
    return np.where(gap < week, near, np.where(gap < month, far, gone))


def _away(gap: Int, week: int, month: int) -> Int:
    return _after(gap, week, month, ("at_risk_wau", "at_risk_mau", "dormant"))


def cells_of(moves: Moves, n_groups: int, lo: int, n_days: int) -> Int:
    """Return customers by group, day, source and target, those that stay included.

    A stock is the running sum of entries less exits; who was in a state and did not move stayed.
    """
    shape = (n_groups, n_days + 1, _N + 1, _N)  # the day before the first is the opening
    shown = moves.day < lo + n_days
    day = np.maximum(moves.day[shown] - lo + 1, 0)
    place = ((moves.group[shown] * shape[1] + day) * shape[2] + moves.source[shown]) * _N
    size = n_groups * shape[1] * shape[2] * _N
    cells = np.bincount(place + moves.target[shown], minlength=size).reshape(shape)
    left = cells[:, :, :_N].sum(axis=3)
    stocks = np.cumsum(cells.sum(axis=2) - left, axis=1)
    every = np.arange(_N)
    cells[:, 1:, every, every] += stocks[:, :-1] - left[:, 1:]
    return cells[:, 1:]
