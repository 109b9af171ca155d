"""Readings: numbers read from a statistic that adds, and so add themselves."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Value
from customerops.model.tables.context import Context
from customerops.model.tables.multiset import Support
from customerops.model.tables.tables import Statistic
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reading"]

S = TypeVar("S", bound=Support)


@attrs.frozen(eq=False, repr=False)
class Reading(Statistic, Generic[S]):
    """What is read from a statistic, which is kept: two of them add by adding what they read.

    Attributes
    ----------
    table : Support
        The statistic; its context says what is read from it.
    """

    table: S

    @property
    def context(self) -> Context:  # type: ignore[override]
        """What it is about."""
        return self.table.context

    @property
    def outer(self) -> tuple[Axis, ...]:
        """The axes of what is read: a number for each cell."""
        return self.table.outer

    def select(self, **labels: Label | list[Label]) -> Self:
        """Return the reading of some labels of the axes.

        Parameters
        ----------
        **labels
            By axis name: one label, which drops the axis, or a list of labels, which keeps it.

        Raises
        ------
        InvalidInputError
            If there is no such axis or no such label.
        """
        return type(self)(self.table.select(**labels))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell: the axes, and what is read.

        Returns
        -------
        pandas.DataFrame
            Labels as in `Table.to_frame`.
        """
        return self._frame(self._columns())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reading) or type(self) is not type(other):
            return NotImplemented
        return bool(self.table == other.table)

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        """Show the first cells as a table."""
        some = slice(render.ROWS)
        labels = {
            axis.name: [axis.labels[i] for i in at[some].tolist()] for axis, at in self._grid()
        }
        columns = {
            name: [_text(value) for value in column[some].tolist()]
            for name, column in self._columns().items()
        }
        cells = int(np.prod(self.shape, dtype=np.int64))
        faint = [False] * min(cells, render.ROWS)
        return render.rows_html(self.context.title, labels, columns, faint, cells)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of labels of each axis."""
        return tuple(len(axis) for axis in self.outer)

    @abstractmethod
    def _columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns beside the labels, one value per cell."""

    def _plus(self, other: Self) -> Self:
        return type(self)(self.table + other.table)

    def _frame(self, columns: dict[str, NDArray[Any]]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({**render.label_columns(self._grid(), columns), **columns})

    def _grid(self) -> list[tuple[Axis, NDArray[np.intp]]]:
        at = np.indices(self.shape, dtype=np.intp)
        return [(axis, at[i].ravel()) for i, axis in enumerate(self.outer)]

    def _shaped(self, values: NDArray[Any]) -> Value:
        out = values.reshape(self.shape)
        return out.item() if out.ndim == 0 else out


def _text(value: object) -> str:
    """Return a number as people write it, a length of time or a truth value as Python does."""
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return render.number(value)
    return str(value)
