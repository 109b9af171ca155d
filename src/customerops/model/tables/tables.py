"""Tables: parts over axes, which add over disjoint customers.

A statistic keeps the whole numbers it is made of. Two results of one question about different
customers add label by label; what is read from a result (a rate, an interval) is derived on demand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import axis_index, closed, disjoint_index, without
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.shown import Shown
from customerops.model.values import exact
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Axis",
    "Context",
    "Count",
    "Result",
    "Statistic",
    "Table",
    "Truth",
    "of_one_class",
]

Count = Any
"""A part: a Python integer where there is no axis, else an array of whole numbers."""

Truth = Any
"""True or False where there is no axis, else an array of them."""


class Result(Shown, ABC):
    """Base of all results: what they are about, and how they show themselves."""

    __slots__ = ()

    context: Context

    @property
    def definition(self) -> str | None:
        """The named definition it was computed by."""
        return self.context.definition

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return the result as a tidy pandas frame."""

    def _repr_html_(self) -> str:
        """Show the first rows as a table."""
        return render.frame_html(self.context.title, self.to_frame())


def of_one_class(one: object, other: object, purpose: str) -> None:
    """Refuse two results of different classes.

    Parameters
    ----------
    one, other : object
        What a caller gave.
    purpose : str
        What is to be done with them: a word of the message, such as "compared".

    Raises
    ------
    InvalidInputError
        If their classes differ.
    """
    if type(one) is not type(other):
        problem = f"got {type(one).__name__} and {type(other).__name__}"
        raise InvalidInputError("results", f"must be of one class to be {purpose}", problem)


class Statistic(Result):
    """Base of the results that add over disjoint customers."""

    __slots__ = ()

    def __add__(self, other: object) -> Self:
        """Return the statistic of the customers of both, who are taken to be disjoint."""
        if not isinstance(other, Statistic):
            return NotImplemented
        of_one_class(self, other, "added")
        return self._plus(cast("Self", other))

    def __radd__(self, other: object) -> Self:
        """Return the statistic itself for ``0 + statistic``, so that ``sum(results)`` works."""
        return self if type(other) is int and other == 0 else NotImplemented

    @abstractmethod
    def _plus(self, other: Self) -> Self: ...


def _axes(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    return tuple(axes)


def _parts(parts: Mapping[str, Any]) -> Mapping[str, NDArray[Any]]:
    return dict(parts)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Table(Statistic):
    """Whole numbers over axes.

    Parameters
    ----------
    axes : sequence of Axis
        None, one or more; in this order.
    parts : mapping of str to int or array of int
        One array per name in ``PARTS``, of the shape of the axes it spans; kept read-only.
    context : Context
        What it is about.

    Attributes
    ----------
    PARTS : tuple of str
        The names of the parts, set by each subclass.
    PART_AXES : mapping of str to tuple of str
        The kinds or the names of the axes of a part that does not span all. A part must truly be
        zero at every label that is absent, for addition fills in zeros.

    Raises
    ------
    InvalidInputError
        If parts are missing or too many, are not whole numbers or not of the axes' shape, or if
        two axes share a name.

    Notes
    -----
    ``a + b`` joins the labels of each axis and adds the parts exactly; it is commutative and
    associative, ``0 + a`` is `a`, and the result of an empty log is neutral. Equality is exact,
    and results are not hashable.
    """

    PARTS: ClassVar[tuple[str, ...]] = ()
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    _FORMATS: ClassVar[Mapping[str, Callable[[float], str]]] = {}

    axes: tuple[Axis, ...] = attrs.field(default=(), converter=_axes)
    parts: Mapping[str, NDArray[Any]] = attrs.field(converter=_parts)
    context: Context

    def __attrs_post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        if len(set(names)) < len(names):
            raise InvalidInputError("axes", "must have different names", f"got {names}")
        given = self.parts
        if given.keys() != set(self.PARTS):
            raise InvalidInputError("parts", f"must be {list(self.PARTS)}", f"got {list(given)}")
        parts = {}
        for name in self.PARTS:
            parts[name] = exact.canon(given[name], name)
            shape = tuple(len(self.axes[i]) for i in self._dims(name))
            if parts[name].shape != shape:
                problem = f"got shape {parts[name].shape}"
                raise InvalidInputError(name, f"must have the shape of its axes, {shape}", problem)
        object.__setattr__(self, "parts", MappingProxyType(parts))
        self._check()

    # -- reading ------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of labels of each axis."""
        return tuple(len(axis) for axis in self.axes)

    @property
    def complete(self) -> Truth:
        """Whether each cell was closed at ``as_of``, so that no later event can change it.

        Notes
        -----
        A cell of a calendar period is closed when every instant of the period is known: its end is
        at most a microsecond after ``as_of``, which is inclusive. Without a period it is the end
        of ``over`` that counts. Where nothing is known the cell counts as closed.
        """
        done = self._complete()
        return bool(done) if done.ndim == 0 else done

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table) or type(self) is not type(other):
            return NotImplemented
        return (
            self.context == other.context
            and self.axes == other.axes
            and all(np.array_equal(self.parts[name], other.parts[name]) for name in self.PARTS)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = [self._extent()] if self.axes else self._summary()
        return f"{type(self).__name__}(metric={self.context.metric!r}, {', '.join(said)})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (type(self), self.axes, dict(self.parts), self.context))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell: the axes, the parts, and whether the cell is complete.

        Returns
        -------
        pandas.DataFrame
            Labels that are dates become ``datetime64[s]``. The column of an axis that has the name
            of another column is called ``by_<name>``.

        Examples
        --------
        >>> from customerops.model import Axis, Context, Quotient
        >>> ages = Axis("age", [0, 1], "age")
        >>> parts = {"numerator": [1, 3], "denominator": [4, 4]}
        >>> Quotient(axes=[ages], parts=parts, context=Context("churn_rate")).to_frame()
           age  numerator  denominator  value  complete
        0    0          1            4   0.25      True
        1    1          3            4   0.75      True
        """
        return self._frame(self._columns())

    def _repr_html_(self) -> str:
        """Show the first cells as a table; those that are not complete are grey."""
        return self._rows_html(self.context.title, self._columns())

    # -- cutting and rolling up -----------------------------------------------------------------

    def select(self, **labels: Label | list[Label]) -> Self:
        """Return the cells of some labels.

        Parameters
        ----------
        **labels
            By axis name: one label, which drops the axis, or a list of labels, which keeps it.

        Returns
        -------
        Table
            The selection is kept in its context: cells of different selections do not add up.

        Raises
        ------
        InvalidInputError
            If there is no such axis or no such label.

        Examples
        --------
        >>> from customerops.model import Axis, Context, Proportion
        >>> plans = Axis("plan", ["basic", "pro"], "group", disjoint=True)
        >>> parts = {"count": [1, 3], "total": [4, 4]}
        >>> Proportion(axes=[plans], parts=parts, context=Context("churn_rate")).select(plan="pro")
        Proportion(metric='churn_rate', count=3, total=4, value=0.75)
        """
        table = self
        for name, wanted in labels.items():
            table = table._cut(name, wanted)
        return table

    def rollup(self, axis: str) -> Self:
        """Return the table of all customers along an axis: its parts are summed.

        Parameters
        ----------
        axis : str
            The name of an axis on which each customer is in at most one cell.

        Returns
        -------
        Table
            Without that axis. Where it was the groups, it is the result without groups.

        Raises
        ------
        InvalidInputError
            If there is no such axis, or if a customer may be in several of its cells: a sum of
            parts would count that customer several times.

        Examples
        --------
        >>> from customerops.model import Axis, Context, Proportion
        >>> plans = Axis("plan", ["basic", "pro"], "group", disjoint=True)
        >>> parts = {"count": [1, 3], "total": [4, 4]}
        >>> Proportion(axes=[plans], parts=parts, context=Context("churn_rate")).rollup("plan")
        Proportion(metric='churn_rate', count=4, total=8, value=0.5)
        """
        i = disjoint_index(self.axes, axis)
        return self._rolled(i)

    # -- for subclasses -------------------------------------------------------------------------

    def _check(self) -> None:
        """Raise if the parts contradict each other."""

    def _columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns beside the labels, one value per cell."""
        columns = {name: self._spread(name).ravel() for name in self.PARTS}
        return {**columns, "complete": self._complete().ravel()}

    def _extent(self) -> str:
        """Return what `repr` says of a table with axes."""
        return "axes=" + " x ".join(f"{axis.name}[{len(axis)}]" for axis in self.axes)

    def _summary(self) -> list[str]:
        """Return what `repr` says of a table without axes."""
        return [f"{name}={self._part(name)}" for name in self.PARTS]

    def _part(self, name: str) -> Count:
        part = self.parts[name]
        return int(part.item()) if part.ndim == 0 else part

    def _spread(self, name: str) -> NDArray[Any]:
        """Return a part over all axes, repeated along those it does not span."""
        dims = self._dims(name)
        shape = [len(axis) if i in dims else 1 for i, axis in enumerate(self.axes)]
        return np.broadcast_to(self.parts[name].reshape(shape), self.shape)

    def _complete(self) -> NDArray[np.bool_]:
        return closed(self.axes, self.context)

    def _frame(self, columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({**render.label_columns(self._grid(), columns), **columns})

    def _rows_html(self, title: str, columns: Mapping[str, NDArray[Any]]) -> str:
        columns = {name: column[: render.ROWS] for name, column in columns.items()}
        complete = columns.pop("complete")
        labels = {
            axis.name: [axis.labels[i] for i in at[: render.ROWS].tolist()]
            for axis, at in self._grid()
        }
        shown = {
            name: [self._FORMATS.get(name, render.number)(v) for v in column.tolist()]
            for name, column in columns.items()
        }
        cells = int(np.prod(self.shape, dtype=np.int64))
        return render.rows_html(title, labels, shown, (~complete).tolist(), cells)

    def _grid(self) -> list[tuple[Axis, NDArray[np.intp]]]:
        """Return each axis with the position on it of every cell."""
        at = np.indices(self.shape, dtype=np.intp)
        return [(axis, at[i].ravel()) for i, axis in enumerate(self.axes)]

    def _dims(self, name: str) -> list[int]:
        """Return which axes a part spans."""
        spans = self.PART_AXES.get(name)
        if spans is None:
            return list(range(len(self.axes)))
        return [i for i, axis in enumerate(self.axes) if axis.kind in spans or axis.name in spans]

    def _plus(self, other: Self) -> Self:
        if len(self.axes) != len(other.axes):
            raise InvalidInputError(
                "axes",
                "must be the same to add results",
                f"got {[a.name for a in self.axes]} and {[a.name for a in other.axes]}",
            )
        context = self.context.join(other.context)
        axes = [a.join(b) for a, b in zip(self.axes, other.axes, strict=True)]
        parts = {
            name: exact.add(self._filled(name, axes), other._filled(name, axes))
            for name in self.PARTS
        }
        return type(self)(axes=axes, parts=parts, context=context)

    def _filled(self, name: str, axes: Sequence[Axis]) -> NDArray[Any]:
        """Return a part over wider axes, zero at the labels that are new."""
        dims, part = self._dims(name), self.parts[name]
        if all(len(axes[i]) == len(self.axes[i]) for i in dims):
            return part
        out = np.zeros([len(axes[i]) for i in dims], dtype=part.dtype)
        out[np.ix_(*(axes[i].places(self.axes[i]) for i in dims))] = part
        return out

    def _cut(self, name: str, wanted: Label | list[Label]) -> Self:
        i = axis_index(self.axes, name)
        axis, keep = self.axes[i], isinstance(wanted, list)
        labels = wanted if isinstance(wanted, list) else [wanted]
        positions = np.unique(axis.positions(labels))
        cut = axis.at(positions.tolist())
        parts = {}
        for part in self.PARTS:
            dims = self._dims(part)
            taken = self.parts[part]
            if i in dims:
                taken = taken.take(positions if keep else positions[0], axis=dims.index(i))
            parts[part] = np.asarray(taken)
        axes = [*self.axes[:i], *([cut] if keep else []), *self.axes[i + 1 :]]
        context = self.context.with_options(**{SELECTED + name: cut})
        return type(self)(axes=axes, parts=parts, context=context)

    def _rolled(self, i: int) -> Self:
        parts = dict(self.parts)
        for name in self.PARTS:
            dims = self._dims(name)
            if i in dims:
                parts[name] = exact.sum_along(parts[name], dims.index(i))
        axes = [*self.axes[:i], *self.axes[i + 1 :]]
        return type(self)(axes=axes, parts=parts, context=without(self.axes[i], self.context))


def _rebuilt(
    cls: type[Table], axes: tuple[Axis, ...], parts: dict[str, NDArray[Any]], context: Context
) -> Table:
    return cls(axes=axes, parts=parts, context=context)
