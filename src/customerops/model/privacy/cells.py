"""Small cells: counts of a few people are not shown, nor what would give them away.

A cell that is hidden by itself is found again by subtraction wherever a total is shown. So a
hidden cell takes others with it: the corners of a box around it, one in each direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import (
    ClusteredShare,
    Mean,
    NetPromoterScore,
    Proportion,
    Quotient,
    Rate,
    Ratio,
)
from customerops.model.tables.tables import Result, Table
from customerops.model.values import exact
from customerops.model.values.checks import came, whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TOTAL", "ShownTable", "suppress_small_cells"]

TOTAL = "(total)"
"""What stands for a label in a row that is the sum along an axis."""

Mask = NDArray[np.bool_]

_PEOPLE: dict[type[Table], tuple[str, ...]] = {
    ClusteredShare: ("n",),
    Mean: ("n",),
    NetPromoterScore: ("promoters", "passives", "detractors"),
    Proportion: ("count", "total"),
    Quotient: ("numerator", "denominator"),
    Rate: ("events",),
    Ratio: ("n",),
}
"""The parts of each table that count, so that a small one points at a few."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ShownTable(Result):
    """A table with its totals, as far as it may be shown. What is hidden is not in it.

    Attributes
    ----------
    axes : tuple of Axis
        Those of the table.
    margins : tuple of bool
        Which axes have a total, as one more label behind the others: the disjoint ones.
    context : Context
        That of the table.
    k : int
        Counts from 1 to ``k - 1`` are small.
    parts : mapping of str to ndarray of object
        The parts with their totals; None where they are hidden.
    value : ndarray of float
        The estimate; NaN where it is hidden, undefined or not complete.
    shown : ndarray of bool
        Which cells are shown.
    """

    axes: tuple[Axis, ...]
    margins: tuple[bool, ...]
    context: Context
    k: int
    parts: Mapping[str, NDArray[Any]]
    value: NDArray[np.float64]
    shown: Mask

    def __repr__(self) -> str:
        """Return how much is shown."""
        shown, cells = int(self.shown.sum()), self.shown.size
        return f"ShownTable(metric={self.context.metric!r}, {shown} of {cells} cells shown)"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cell, totals as ``"(total)"``: labels, parts, value, whether shown."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for axis, margin, at in zip(
            self.axes, self.margins, np.indices(self.shown.shape), strict=True
        ):
            labels = [*axis.labels, *([TOTAL] if margin else [])]
            name = f"by_{axis.name}" if axis.name in {*self.parts, "value", "shown"} else axis.name
            columns[name] = pd.Series([labels[i] for i in at.ravel().tolist()], dtype=object)
        for name, part in self.parts.items():
            columns[name] = pd.Series(part.ravel().tolist(), dtype=object)
        columns["value"] = self.value.ravel()
        columns["shown"] = self.shown.ravel()
        return pd.DataFrame(columns)


def suppress_small_cells(table: Table, k: int) -> ShownTable:
    """Return a table with its totals, without small counts and what would reveal them.

    Parameters
    ----------
    table : Proportion, Ratio, ClusteredShare, Mean, Rate, Quotient or NetPromoterScore
        With any axes. Of a share, both who did and who did not are counts.
    k : int
        Counts from 1 to ``k - 1`` are small; at least 2.

    Returns
    -------
    ShownTable
        Totals along every disjoint axis included: they are sums of cells, so that they can be
        shown safely only together with them. Along other axes there are none.

    Raises
    ------
    InvalidInputError
        If it is another table: the parts of a cohort table or of movements repeat in other cells.
        Pool or select first. Or if `k` is less than 2.

    Notes
    -----
    *Primary*: a cell with a small count in any part loses all its parts. *Secondary*: each such
    cell i gets an opposite corner j, which differs from it along every axis that has totals; the
    :math:`2^d` cells of the box between them are hidden too. Adding 1 at one corner and taking it
    away at the next changes no sum that is shown; and since every corner has at least 1, neither
    does any count become negative. So no hidden cell can be solved from what is shown, and no
    small count be squeezed between bounds.

    Of the boxes the one is taken that hides the fewest totals, then the fewest counts, then the
    first: the same table always gives the same. This is the hypercube method (Giessing and
    Repsilber, 2002); it hides more than the optimum would, and needs no solver.

    It protects one table. Two tables of overlapping customers, or of one before and after somebody
    left, can be subtracted from each other: publish one of them.

    References
    ----------
    Hundepool et al., Statistical Disclosure Control (2012), chapter 4.

    Examples
    --------
    >>> from customerops.model import Axis, Context, Proportion, suppress_small_cells
    >>> plans = Axis("plan", ["basic", "max", "pro"], "group", disjoint=True)
    >>> churn = Proportion(
    ...     axes=[plans],
    ...     parts={"count": [20, 2, 30], "total": [90, 40, 80]},
    ...     context=Context("churn_rate"),
    ... )
    >>> suppress_small_cells(churn, 5).to_frame()
          plan count total     value  shown
    0    basic    20    90  0.222222   True
    1      max  None  None       NaN  False
    2      pro  None  None       NaN  False
    3  (total)    52   210  0.247619   True
    """
    if type(table) not in _PEOPLE:
        allowed = ", ".join(sorted(one.__name__ for one in _PEOPLE))
        raise InvalidInputError("table", f"must be one of {allowed}", came(table))
    least = whole("k", k, least=2)
    margins = tuple(axis.disjoint for axis in table.axes)
    parts = {name: _with_totals(part, margins) for name, part in table.parts.items()}
    counts = [parts[name] for name in _PEOPLE[type(table)]]
    if isinstance(table, Proportion):
        counts.append(exact.add(parts["total"], exact.times(parts["count"], -1)))
    hidden = _hidden(counts, least, margins)
    whole_cells = np.asarray(table.complete, np.bool_).reshape(table.shape)
    for i, margin in enumerate(margins):
        if margin:
            whole_cells = np.concatenate((whole_cells, whole_cells.all(i, keepdims=True)), i)
    value = np.where(hidden | ~whole_cells, np.nan, _values(table, parts))
    shown = {name: part.astype(object) for name, part in parts.items()}
    for part in shown.values():
        part[hidden] = None
    for array in (*shown.values(), value, hidden):
        array.flags.writeable = False
    return ShownTable(
        axes=table.axes,
        margins=margins,
        context=table.context,
        k=least,
        parts=shown,
        value=value,
        shown=~hidden,
    )


def _with_totals(part: NDArray[Any], margins: tuple[bool, ...]) -> NDArray[Any]:
    """Return a part with its sum behind the labels of each axis that has one."""
    for i, margin in enumerate(margins):
        if margin:
            total = np.expand_dims(exact.sum_along(part, i), i)
            part = np.concatenate((part, total), axis=i)
    return np.asarray(part)


def _values(table: Table, parts: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return the estimate of every cell and total, as if each was all there is."""
    cells = next(iter(parts.values()))
    flat = type(table)(
        axes=[Axis("cell", range(cells.size), "group")],
        parts={name: part.ravel() for name, part in parts.items()},
        context=Context(table.context.metric, options=table.context.options),
    )
    raw: NDArray[np.float64] = flat._value().reshape(cells.shape)  # type: ignore[attr-defined]
    return raw


def _hidden(counts: list[NDArray[Any]], k: int, margins: tuple[bool, ...]) -> Mask:
    """Return which cells must not be shown."""
    small = [(part > 0) & (part < k) for part in counts]
    hidden = np.any(small, axis=0)
    hidden = np.asarray(hidden, np.bool_)
    if not any(margins):
        return hidden
    edge = _totals(hidden.shape, margins)
    weight = np.sum([np.abs(part).astype(np.float64) for part in counts], axis=0)
    for part, few in zip(counts, small, strict=True):
        for at in np.argwhere(few):
            _hide_box(hidden, tuple(at.tolist()), part > 0, edge, weight, margins)
    return hidden


def _totals(shape: tuple[int, ...], margins: tuple[bool, ...]) -> NDArray[np.int64]:
    """Return along how many axes each cell is a total."""
    out = np.zeros(shape, np.int64)
    for i, margin in enumerate(margins):
        if margin:
            out[(slice(None),) * i + (-1,)] += 1
    return out


def _hide_box(
    hidden: Mask,
    at: tuple[int, ...],
    some: Mask,
    edge: NDArray[np.int64],
    weight: NDArray[np.float64],
    margins: tuple[bool, ...],
) -> None:
    """Hide the corners of the cheapest box at a cell, each of which counts somebody.

    Every array over opposite corners has the table's axes, of length 1 along those without
    totals: a corner that stays on the cell's own label broadcasts.
    """
    turns = [(False, True) if margin else (False,) for margin in margins]
    sides = [
        tuple(slice(None) if away else slice(i, i + 1) for away, i in zip(turn, at, strict=True))
        for turn in product(*turns)
    ]
    open_ = ~hidden
    good: Any = True
    edges: Any = 0
    cost: Any = 0.0
    for side in sides:
        good = good & some[side]
        edges = edges + edge[side] * open_[side]
        cost = cost + weight[side] * open_[side]
    good = np.array(good)
    for axis, margin in enumerate(margins):
        if margin:  # the opposite corner differs along every such axis
            good[(slice(None),) * axis + (at[axis],)] = False
    found = np.argwhere(good)
    rank = np.lexsort((cost[good], edges[good]))
    opposite = found[rank[0]]
    for turn in product(*turns):
        corner = [
            int(other) if away else i
            for away, i, other in zip(turn, at, opposite.tolist(), strict=True)
        ]
        hidden[tuple(corner)] = True
