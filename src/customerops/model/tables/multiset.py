"""Multisets: how often each value occurs, kept sparse, as statistics that add.

Only the values that occur are kept. A million distinct waiting times would be a million labels of
an axis; here they are two arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import axis_index, closed, disjoint_index, without
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.tables import Statistic, Truth
from customerops.model.values import exact
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Support"]

_DENSE = 4  # cells of a counting table per row, up to which it is cheaper than sorting
_SAFE = 2**62
_EXACT = 2**53


def _axes(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    return tuple(axes)


def _parts(parts: Mapping[str, Any]) -> Mapping[str, NDArray[Any]]:
    return dict(parts)


def _values(at: ArrayLike) -> NDArray[Any]:
    """Return values as int64 or finite float64, with one zero."""
    array = np.asarray(at)
    if array.ndim != 1:
        raise InvalidInputError("at", "must be one-dimensional", f"got {array.ndim} dimensions")
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        if not finite.all():
            bad = np.flatnonzero(~finite)
            raise InvalidInputError(
                "at", "must be finite", count=len(bad), total=len(array), first=int(bad[0])
            )
        return array.astype(np.float64) + 0.0
    whole = exact.canon(array, "at")
    if whole.dtype == object:
        raise InvalidInputError("at", "must be below 2**62 if whole", "got a larger number")
    return whole


def _cells(cell: ArrayLike | None) -> NDArray[Any]:
    """Return codes as an array; no codes as an array without dimensions."""
    return np.zeros((), dtype=np.int64) if cell is None else np.atleast_1d(np.asarray(cell))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Support(Statistic):
    """Counts of the distinct values that occur in each cell.

    Parameters
    ----------
    outer : sequence of Axis
        The axes of the cells; none for one multiset.
    at : array_like of int or float, shape (rows,)
        The values, in any order and repeated as they come.
    cell : array_like of int, shape (rows,), optional
        The cell of each row, counted along the axes, the last one fastest; 0 if not given.
    parts : mapping of str to array of int
        One array per name in ``PARTS``, of the shape of `at`; not negative.
    context : Context
        What it is about; its unit is that of the counts.

    Attributes
    ----------
    points : ndarray of int64 or float64, shape (rows,)
        The values that occur.

    Raises
    ------
    InvalidInputError
        If values are not finite numbers, counts are not whole, negative or 2**53 and more together,
        or the arrays differ in length.

    Notes
    -----
    Kept sorted by (cell, value), each pair once, rows of zeros left out, read-only: equal multisets
    are equal arrays. ``a + b`` merges them exactly; it is commutative and associative, and an empty
    one is neutral.
    """

    PARTS: ClassVar[tuple[str, ...]] = ()

    outer: tuple[Axis, ...] = attrs.field(default=(), converter=_axes)
    points: NDArray[Any] = attrs.field(converter=_values, alias="at")
    cell: NDArray[np.int64] = attrs.field(default=None, converter=_cells)
    parts: Mapping[str, NDArray[Any]] = attrs.field(converter=_parts)
    context: Context

    def __attrs_post_init__(self) -> None:
        names = [axis.name for axis in self.outer]
        if len(set(names)) < len(names):
            raise InvalidInputError("outer", "must have different names", f"got {names}")
        if self.parts.keys() != set(self.PARTS):
            said = f"got {list(self.parts)}"
            raise InvalidInputError("parts", f"must be {list(self.PARTS)}", said)
        cell = self._cell_of_rows()
        parts = {name: exact.canon(self.parts[name], name) for name in self.PARTS}
        for name, part in parts.items():
            if part.shape != self.points.shape:
                problem = f"got shape {part.shape} for {len(self.points)} rows"
                raise InvalidInputError(name, "must have one count per value", problem)
            if part.size and part.min() < 0:
                raise InvalidInputError(name, "must not be negative")
            if int(exact.sum_along(part, 0)) >= _EXACT:
                raise InvalidInputError(name, "must add up to less than 2**53")
        at, cell, parts = _merged(self.points, cell, parts, self._cells())
        for name, array in (("points", at), ("cell", cell)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "parts", MappingProxyType(parts))
        self._check()

    # -- reading ------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of labels of each outer axis."""
        return tuple(len(axis) for axis in self.outer)

    @property
    def complete(self) -> Truth:
        """Whether each cell was closed at ``as_of``, as for `Table.complete`."""
        done = self._complete()
        return bool(done) if done.ndim == 0 else done

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Support) or type(self) is not type(other):
            return NotImplemented
        return (
            self.context == other.context
            and self.outer == other.outer
            and np.array_equal(self.cell, other.cell)
            and np.array_equal(self.points, other.points)
            and all(np.array_equal(self.parts[name], other.parts[name]) for name in self.PARTS)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        axes = [f"{axis.name}[{len(axis)}]" for axis in self.outer]
        extent = "axes=" + " x ".join([*axes, f"at[{len(self.points)}]"])
        return f"{type(self).__name__}(metric={self.context.metric!r}, {extent})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        arguments = (self.outer, self.points, self.cell, dict(self.parts), self.context)
        return (_rebuilt, (type(self), *arguments))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell and value: the outer axes, ``at``, the parts.

        Returns
        -------
        pandas.DataFrame
            Labels as in `Table.to_frame`.
        """
        return self._frame(self._columns())

    def _frame(self, columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({**render.label_columns(self._grid(), columns), **columns})

    def _repr_html_(self) -> str:
        """Show the first rows as a table; those of cells that are not complete are grey."""
        some = slice(render.ROWS)
        labels = {
            axis.name: [axis.labels[i] for i in at[some].tolist()] for axis, at in self._grid()
        }
        columns = {
            name: [self._FORMATS.get(name, render.number)(v) for v in column[some].tolist()]
            for name, column in self._columns().items()
        }
        faint = (~self._complete().ravel()[self.cell[some]]).tolist()
        return render.rows_html(self.context.title, labels, columns, faint, len(self.points))

    # -- cutting and rolling up -----------------------------------------------------------------

    def select(self, **labels: Label | list[Label]) -> Self:
        """Return the cells of some labels of the outer axes.

        Parameters
        ----------
        **labels
            By axis name: one label, which drops the axis, or a list of labels, which keeps it.

        Raises
        ------
        InvalidInputError
            If there is no such axis or no such label.

        Examples
        --------
        >>> from customerops.model import Axis, Context, Distribution
        >>> plans = Axis("plan", ["basic", "pro"], "group", disjoint=True)
        >>> gaps = Distribution.from_rows(
        ...     [3, 5, 9], codes=[0, 0, 1], outer=[plans], context=Context("gap_times")
        ... )
        >>> gaps.select(plan="basic").points
        array([3, 5])
        """
        cut = self
        for name, wanted in labels.items():
            cut = cut._cut(name, wanted)
        return cut

    def rollup(self, axis: str) -> Self:
        """Return the multiset of all customers along an outer axis.

        Parameters
        ----------
        axis : str
            The name of an axis on which each customer is in at most one cell.

        Raises
        ------
        InvalidInputError
            If there is no such axis, or a customer may be in several of its cells.

        Examples
        --------
        >>> from customerops.model import Axis, Context, Distribution
        >>> plans = Axis("plan", ["basic", "pro"], "group", disjoint=True)
        >>> gaps = Distribution.from_rows(
        ...     [3, 5, 3], codes=[0, 0, 1], outer=[plans], context=Context("gap_times")
        ... ).rollup("plan")
        >>> gaps.points, gaps.count
        (array([3, 5]), array([2, 1]))
        """
        i = disjoint_index(self.outer, axis)
        outer = [*self.outer[:i], *self.outer[i + 1 :]]
        places = self._places()
        cell = _cell([*places[:i], *places[i + 1 :]], outer, len(self.points))
        return self._with(
            outer, self.points, cell, self.parts, without(self.outer[i], self.context)
        )

    # -- for subclasses -------------------------------------------------------------------------

    _FORMATS: ClassVar[Mapping[str, Callable[[float], str]]] = {}

    def _check(self) -> None:
        """Raise if the parts contradict each other."""

    def _columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns beside the labels."""
        return {"at": self.points, **self.parts}

    def _complete(self) -> NDArray[np.bool_]:
        return closed(self.outer, self.context)

    def _cells(self) -> int:
        return prod(self.shape)

    def _blocks(self) -> Iterator[slice]:
        """Return the rows of each cell, one cell after the other."""
        edges = np.searchsorted(self.cell, np.arange(self._cells() + 1)).tolist()
        return (slice(start, stop) for start, stop in pairwise(edges))

    def _grid(self) -> list[tuple[Axis, NDArray[Any]]]:
        """Return each outer axis with the position on it of every row."""
        return list(zip(self.outer, self._places(), strict=True))

    def _places(self) -> list[NDArray[Any]]:
        return list(np.unravel_index(self.cell, self.shape)) if self.outer else []

    def _cell_of_rows(self) -> NDArray[np.int64]:
        cell = self.cell
        if cell.ndim == 0:
            cell = np.zeros(len(self.points), dtype=np.int64)
        if cell.shape != self.points.shape or cell.dtype.kind not in "iu":
            problem = f"got {cell.dtype} of shape {cell.shape} for {len(self.points)} rows"
            raise InvalidInputError("cell", "must be one whole number per value", problem)
        if cell.size and not 0 <= cell.min() <= cell.max() < self._cells():
            raise InvalidInputError("cell", f"must be from 0 to {self._cells() - 1}")
        return cell.astype(np.int64)

    def _with(
        self,
        outer: Sequence[Axis],
        at: NDArray[Any],
        cell: NDArray[np.int64],
        parts: Mapping[str, NDArray[Any]],
        context: Context,
    ) -> Self:
        return type(self)(outer=outer, at=at, cell=cell, parts=parts, context=context)

    def _plus(self, other: Self) -> Self:
        if len(self.outer) != len(other.outer):
            names = [[axis.name for axis in s.outer] for s in (self, other)]
            problem = f"got {names[0]} and {names[1]}"
            raise InvalidInputError("axes", "must be the same to add results", problem)
        context = self.context.join(other.context)
        outer = [a.join(b) for a, b in zip(self.outer, other.outer, strict=True)]
        at = np.concatenate(_one_type(self.points, other.points))
        cell = np.concatenate([self._moved(outer), other._moved(outer)])
        parts = {
            name: np.concatenate([self.parts[name], other.parts[name]]) for name in self.PARTS
        }
        return self._with(outer, at, cell, parts, context)

    def _moved(self, outer: Sequence[Axis]) -> NDArray[np.int64]:
        """Return the cell of every row on wider axes."""
        if all(len(a) == len(b) for a, b in zip(self.outer, outer, strict=True)):
            return self.cell
        places = [
            wide.places(axis)[at] for wide, (axis, at) in zip(outer, self._grid(), strict=True)
        ]
        return _cell(places, outer, len(self.points))

    def _cut(self, name: str, wanted: Label | list[Label]) -> Self:
        i = axis_index(self.outer, name)
        keep = isinstance(wanted, list)
        labels = wanted if isinstance(wanted, list) else [wanted]
        positions = np.unique(self.outer[i].positions(labels))
        cut = self.outer[i].at(positions.tolist())
        places = self._places()
        rows = np.isin(places[i], positions)
        places = [at[rows] for at in places]
        kept = [np.searchsorted(positions, places[i])] if keep else []
        outer = [*self.outer[:i], *([cut] if keep else []), *self.outer[i + 1 :]]
        cell = _cell([*places[:i], *kept, *places[i + 1 :]], outer, int(rows.sum()))
        parts = {part: self.parts[part][rows] for part in self.PARTS}
        context = self.context.with_options(**{SELECTED + name: cut})
        return self._with(outer, self.points[rows], cell, parts, context)


def _cell(places: Sequence[NDArray[Any]], outer: Sequence[Axis], rows: int) -> NDArray[np.int64]:
    """Return the cell of every row from its position on each axis."""
    cell = np.zeros(rows, dtype=np.int64)
    for at, axis in zip(places, outer, strict=True):
        cell = cell * len(axis) + at
    return cell


def _one_type(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return values of two multisets as one type; whole numbers become floats if none rounds."""
    if a.dtype == b.dtype or not (a.size and b.size):
        return (a, b) if a.size else (a.astype(b.dtype), b)
    whole = a if a.dtype == np.int64 else b
    if max(-int(whole.min()), int(whole.max())) > _EXACT:
        problem = "some are whole and beyond 2**53, others are floats"
        raise InvalidInputError("at", "must be of one type to add results", problem)
    return a.astype(np.float64), b.astype(np.float64)


def _merged(
    at: NDArray[Any], cell: NDArray[np.int64], parts: dict[str, NDArray[Any]], cells: int
) -> tuple[NDArray[Any], NDArray[np.int64], dict[str, NDArray[Any]]]:
    """Return rows sorted by (cell, value), each pair once, without rows of zeros."""
    rising = (cell[1:] > cell[:-1]) | ((cell[1:] == cell[:-1]) & (at[1:] > at[:-1]))
    if not rising.all():
        low, span = (int(at.min()), int(at.max()) - int(at.min()) + 1)
        whole = at.dtype == np.int64
        if whole and span * cells <= _DENSE * len(at):
            key = cell * span + (at - low)
            parts = {name: exact.group_sum(key, p, span * cells) for name, p in parts.items()}
            cell, at = np.divmod(np.arange(span * cells, dtype=np.int64), span)
            at += low
        else:
            if whole and span * cells < _SAFE:  # one key, quick where runs are in order
                order = np.argsort(cell * span + (at - low), kind="stable")
            else:
                order = np.lexsort((at, cell))
            at, cell = at[order], cell[order]
            first = np.append(True, (at[1:] != at[:-1]) | (cell[1:] != cell[:-1]))
            run = np.cumsum(first) - 1
            at, cell = at[first], cell[first]
            parts = {
                name: exact.group_sum(run, part[order], len(at)) for name, part in parts.items()
            }
    filled = np.any([part != 0 for part in parts.values()], axis=0)
    if not filled.all():
        at, cell = at[filled], cell[filled]
        parts = {name: exact.canon(part[filled]) for name, part in parts.items()}
    if not at.size:
        at = at.astype(np.int64)
    return _copied(at), _copied(cell), parts


def _copied(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of our own: what was given stays as it is."""
    return array if array.flags.owndata and not array.flags.writeable else array.copy()


def _rebuilt(
    cls: type[Support],
    outer: tuple[Axis, ...],
    at: NDArray[Any],
    cell: NDArray[np.int64],
    parts: dict[str, NDArray[Any]],
    context: Context,
) -> Support:
    return cls(outer=outer, at=at, cell=cell, parts=parts, context=context)
