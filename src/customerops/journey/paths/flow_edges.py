"""The edges of a path flow as they are drawn: the largest states by name, the others together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats
from customerops.model.tables.cells import closed
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result, Table
from customerops.model.values.labels import END, MORE, OTHER, Label, label_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FlowEdges", "edges_of"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FlowEdges(Result):
    """Edges of a flow, those that occur, sorted by group, step, source and target.

    Attributes
    ----------
    outer : tuple of Axis
        The axis of the groups, if there is `by`.
    group : ndarray of int, shape (n,)
        The group of each edge.
    step : ndarray of int, shape (n,)
        The step of its source.
    source, target : tuple of Label
        From where to where: states, `OTHER` for those not shown by name; as a target also `END`
        (the path stops so far) and `MORE` (it goes on behind the last step shown).
    count : ndarray of int, shape (n,)
        How many paths take it.
    entered : ndarray of int, shape (n,)
        How many paths of the group there are.
    complete : ndarray of bool, shape (n,)
        Whether the group's window was closed.
    context : Context
        What it is about.
    """

    outer: tuple[Axis, ...]
    group: NDArray[np.intp]
    step: NDArray[np.int64]
    source: tuple[Label, ...]
    target: tuple[Label, ...]
    count: NDArray[np.int64]
    entered: NDArray[np.int64]
    complete: NDArray[np.bool_]
    context: Context

    def __attrs_post_init__(self) -> None:
        for field in attrs.astuple(self, recurse=False):
            if isinstance(field, np.ndarray):
                field.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.count)

    @property
    def share(self) -> Floats:
        """The share of all paths of the group; NaN where the window is not closed."""
        return np.where(self.complete, self.count / self.entered, np.nan)

    def to_frame(self) -> pd.DataFrame:
        """Return one row an edge: the group, step, source, target, count, share, complete."""
        import pandas as pd

        columns: dict[str, Any] = {
            "step": self.step,
            "source": _objects(self.source),
            "target": _objects(self.target),
            "count": self.count,
            "share": self.share,
            "complete": self.complete,
        }
        labels = render.label_columns([(axis, self.group) for axis in self.outer], columns)
        return pd.DataFrame({**labels, **columns})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FlowEdges):
            return NotImplemented
        return (
            self.context == other.context
            and self.outer == other.outer
            and self._keys() == other._keys()
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("group", "step", "count", "entered")
            )
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"FlowEdges({len(self)} edges)"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (attrs.asdict(self, recurse=False),))

    def _keys(self) -> list[tuple[object, object]]:
        pairs = zip(self.source, self.target, strict=True)
        return [(label_key(a), label_key(b)) for a, b in pairs]

    def _repr_html_(self) -> str:
        some = slice(render.ROWS)
        labels: dict[str, list[Any]] = {
            axis.name: [axis.labels[i] for i in self.group[some].tolist()] for axis in self.outer
        }
        labels |= {
            "step": self.step[some].tolist(),
            "source": list(self.source[some]),
            "target": list(self.target[some]),
        }
        shown = {
            "count": [render.number(v) for v in self.count[some].tolist()],
            "share": [render.percent(v) for v in self.share[some].tolist()],
        }
        faint = (~self.complete[some]).tolist()
        return render.rows_html(self.context.title, labels, shown, faint, len(self))


def edges_of(flow: Table, outer: tuple[Axis, ...], top: int | None) -> FlowEdges:
    """Return the edges of a whole flow, with the `top` states of each step by name."""
    shape = [len(axis) for axis in flow.axes[-3:]]
    n_steps = shape[0]
    groups = len(outer[0]) if outer else 1
    count = flow.parts["count"].reshape(groups, *shape)
    paths = flow.parts["paths"].reshape(groups, *shape[:2])
    sources, targets = flow.axes[-2].labels, flow.axes[-1].labels
    entered = flow.parts["entered"].reshape(groups)
    found: dict[tuple[Any, ...], tuple[int, int, Label, Label, int]] = {}
    for group in range(groups):
        named = [_largest(paths[group, k], sources, top) for k in range(n_steps)]
        for k, s, t in zip(*(at.tolist() for at in np.nonzero(count[group])), strict=True):
            source = sources[s] if label_key(sources[s]) in named[k] else OTHER
            target = targets[t]
            if target not in (END, MORE) and label_key(target) not in named[k + 1]:
                target = OTHER
            key = (group, k, label_key(source), label_key(target))
            before = found[key][-1] if key in found else 0
            number = before + int(count[group, k, s, t])
            found[key] = (group, k + 1, source, target, number)
    rows = [found[key] for key in sorted(found)]
    at = np.array([row[0] for row in rows], np.intp)
    return FlowEdges(
        outer=outer,
        group=at,
        step=np.array([row[1] for row in rows], np.int64),
        source=tuple(row[2] for row in rows),
        target=tuple(row[3] for row in rows),
        count=np.array([row[4] for row in rows], np.int64),
        entered=entered[at],
        complete=np.atleast_1d(closed(outer, flow.context))[at],
        context=attrs.evolve(flow.context, metric="path_flow.edges").with_options(top=top),
    )


def _largest(
    paths: NDArray[np.int64], labels: tuple[Label, ...], top: int | None
) -> set[tuple[int, object]]:
    """Return the keys of the states with the most paths; of equal ones the first by label."""
    order = np.argsort(-paths, kind="stable")
    return {label_key(labels[i]) for i in order[:top].tolist()}


def _objects(labels: tuple[Label, ...]) -> NDArray[Any]:
    return np.fromiter(labels, dtype=object, count=len(labels))


def _rebuilt(state: dict[str, Any]) -> FlowEdges:
    return FlowEdges(**state)
