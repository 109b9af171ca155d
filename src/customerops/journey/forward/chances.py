"""Where it ends from here: the absorbing chain of what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.forward.moves import CONVERTED
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import closed
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result, Table
from customerops.model.values.labels import label_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Outlook", "outlook_of"]

_SECOND = 1e6  # microseconds
Floats = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Outlook(Result):
    """How likely each source ends in a conversion, after how many steps, and how long.

    Attributes
    ----------
    axes : tuple of Axis
        The groups if there are any, then the sources that are no conversion.
    supported : ndarray of bool, of the shape of the axes
        Where enough customers were seen; everything else is NaN elsewhere.
    converts : ndarray of float64
        The probability to convert in the end. NaN, and so are steps and time, where the way may
        lead to a source without any visit whose time is over: what follows there is not known.
    steps : ndarray of float64
        Expected number of steps to the conversion, itself included, of those who convert; NaN
        where nobody can.
    seconds : ndarray of float64
        Expected time until then, of those who convert.
    complete : ndarray of bool
        Where no visit is open, nor may come, on any way from the source. Numbers are of the visits
        that had their time; they are NaN while the window of the report is not closed.
    context : Context
        What it is about.
    """

    axes: tuple[Axis, ...]
    supported: NDArray[np.bool_]
    converts: Floats
    steps: Floats
    seconds: Floats
    complete: NDArray[np.bool_]
    context: Context

    def __attrs_post_init__(self) -> None:
        for array in (self.supported, self.converts, self.steps, self.seconds, self.complete):
            array.flags.writeable = False

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group and source, from ``supported`` to ``complete``."""
        import pandas as pd

        columns = self._flat()
        return pd.DataFrame({**render.label_columns(self._grid(), columns), **columns})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Outlook):
            return NotImplemented
        mine, theirs = self._flat(), other._flat()
        return (
            self.context == other.context
            and self.axes == other.axes
            and all(np.array_equal(mine[n], theirs[n], equal_nan=True) for n in mine)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        extent = " x ".join(f"{axis.name}[{len(axis)}]" for axis in self.axes)
        return f"Outlook(axes={extent})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, tuple(getattr(self, name) for name in _FIELDS))

    def _repr_html_(self) -> str:
        """Show the first sources as a table; those that are not supported and complete are grey."""
        some = slice(render.ROWS)
        labels = {
            axis.name: [axis.labels[i] for i in at[some].tolist()] for axis, at in self._grid()
        }
        columns = self._flat()
        told = columns.pop("supported") & columns.pop("complete")
        shown = {
            name: [
                (render.percent if name == "converts" else render.number)(v)
                for v in column[some].tolist()
            ]
            for name, column in columns.items()
        }
        faint = (~told[some]).tolist()
        return render.rows_html(self.context.title, labels, shown, faint, len(told))

    def _flat(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, name).ravel() for name in _FIELDS[1:-1]}

    def _grid(self) -> list[tuple[Axis, NDArray[np.intp]]]:
        at = np.indices([len(axis) for axis in self.axes], dtype=np.intp)
        return [(axis, at[i].ravel()) for i, axis in enumerate(self.axes)]


_FIELDS = ("axes", "supported", "converts", "steps", "seconds", "complete", "context")


def _rebuilt(*values: Any) -> Outlook:
    return Outlook(**dict(zip(_FIELDS, values, strict=True)))


def outlook_of(table: Table) -> Outlook:
    """Return the outlook of every source of a table of `next_best`."""
    sources, targets = table.axes[-2:]
    goal = label_key(CONVERTED)
    keep = [i for i, key in enumerate(sources.keys) if key != goal]
    axis = sources.at(keep)
    across = targets.places(axis)
    visits = np.asarray(table.parts["visits"], np.float64)[..., keep]
    shape, outer = visits.shape, table.axes[:-2]
    final = table._complete()[..., 0][..., keep] if len(targets) else np.ones(shape, np.bool_)
    complete = np.empty(shape, np.bool_)
    found = {name: np.full(shape, np.nan) for name in ("converts", "steps", "seconds")}
    for at in np.ndindex(shape[:-1]):
        moves, elapsed = (
            np.asarray(table.parts[name], np.float64)[at][keep] for name in ("moves", "elapsed")
        )
        ends = np.array([key == goal for key in targets.keys], np.bool_)
        told = _absorbed(moves, elapsed, visits[at], across, ends)
        for name, column in zip(found, told, strict=True):
            found[name][at] = column
        complete[at] = ~_reaching(~final[at], moves[:, across])
    supported = table.parts["customers"][..., keep] >= table.context.option("support")
    shown = supported & closed(outer, table.context)[..., None]
    known = {name: np.where(shown, column, np.nan) for name, column in found.items()}
    return Outlook(
        axes=(*outer, axis),
        supported=supported,
        complete=complete,
        context=attrs.evolve(table.context, metric="next_best.outlook"),
        **known,
    )


def _absorbed(
    moves: Floats,
    elapsed: Floats,
    visits: Floats,
    across: NDArray[np.intp],
    ends: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats]:
    """Return from each source the probability to convert, and steps and seconds if it does."""
    share = np.divide(moves, visits[:, None], out=np.zeros_like(moves), where=visits[:, None] > 0)
    onward, arrive = share[:, across], share[:, ends].sum(axis=1)
    able = _reaching(arrive > 0, onward)
    converts = np.zeros(len(visits))
    steps, seconds = np.full(len(visits), np.nan), np.full(len(visits), np.nan)
    inner = onward[np.ix_(able, able)]
    eye = np.eye(len(inner))
    reach = np.linalg.solve(eye - inner, arrive[able])
    converts[able] = np.minimum(reach, 1.0)
    guided = inner * reach / reach[:, None]  # the chain of those who will convert
    last = arrive[able] / reach
    took = np.divide(elapsed, moves, out=np.zeros_like(moves), where=moves > 0)[able]
    time = (guided * took[:, across][:, able]).sum(axis=1) + last * took[:, ends].sum(axis=1)
    steps[able] = np.linalg.solve(eye - guided, np.ones(len(inner)))
    seconds[able] = np.linalg.solve(eye - guided, time) / _SECOND
    unknown = _reaching(visits == 0, onward)  # nobody's failure: nothing is known of it yet
    for column in (converts, steps, seconds):
        column[unknown] = np.nan
    return converts, steps, seconds


def _reaching(some: NDArray[np.bool_], onward: Floats) -> NDArray[np.bool_]:
    """Return which sources are some of these, or may lead to one in however many steps."""
    while True:
        wider = some | (onward[:, some] > 0).any(axis=1)
        if (wider == some).all():
            return some
        some = wider
