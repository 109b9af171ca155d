"""What tables and multisets share: which cells are closed, and how an axis is found and dropped."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import SELECTED, Context
from customerops.model.values.checks import did_you_mean
from customerops.model.values.labels import label_key

__all__ = ["axis_index", "closed", "disjoint_index", "without"]


def closed(axes: Sequence[Axis], context: Context) -> NDArray[np.bool_]:
    """Return for each cell of some axes whether ``as_of`` closed it; see `Table.complete`."""
    done = np.ones([len(axis) for axis in axes], dtype=np.bool_)
    if context.as_of is None or context.option("pooled") is not None:
        return done
    for i, axis in enumerate(axes):
        if axis.kind == "period":
            shape = [-1 if j == i else 1 for j in range(len(axes))]
            return done & _ended(axis, context, context.as_of).reshape(shape)
    for name, value in context.options:
        if name.startswith(SELECTED) and value.kind == "period":  # cut to one period
            return done & _ended(value, context, context.as_of).all()
    end = None if context.over is None else context.over.end_us
    return done if end is None or end <= context.as_of + 1 else ~done


def axis_index(axes: Sequence[Axis], name: str) -> int:
    """Return which axis has a name.

    Raises
    ------
    InvalidInputError
        If none has; the message suggests the nearest.
    """
    names = [axis.name for axis in axes]
    if name not in names:
        problem = f"got {name!r}{did_you_mean(name, names)}"
        raise InvalidInputError("axis", f"must be one of {names}", problem)
    return names.index(name)


def disjoint_index(axes: Sequence[Axis], name: str) -> int:
    """Return which axis has a name, if parts may be summed along it.

    Raises
    ------
    InvalidInputError
        If there is none, or customers may be in several of its cells.
    """
    i = axis_index(axes, name)
    if not axes[i].disjoint:
        raise InvalidInputError(
            name,
            "must have each customer in one cell to be rolled up",
            "a customer may be in several of its cells and would count several times",
        )
    return i


def without(axis: Axis, context: Context) -> Context:
    """Return the context of what is left when an axis is rolled up: of no groups, if it was them."""
    return attrs.evolve(context, by=None) if axis.kind == "group" else context


def _ended(axis: Axis, context: Context, as_of: int) -> NDArray[np.bool_]:
    """Return the periods of an axis of which every instant is known: those before the next's."""
    if context.calendar is None or context.period is None:
        return np.ones(len(axis), dtype=np.bool_)
    period: Any = context.period
    current = context.calendar.ordinals(np.array([as_of + 1]), period)
    (running,) = context.calendar.labels(current, period)
    return np.arange(len(axis)) < bisect_left(axis.keys, label_key(running))
