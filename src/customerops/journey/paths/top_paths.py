"""The most frequent variants, and all others together: what is read from a table of variants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables import intervals, render
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OTHERS", "Path", "TopVariants"]

Path = tuple[Label, ...]

OTHERS = "other"
"""What stands in the place of a path for all others together; a path is a tuple, and never that."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TopVariants(Result):
    """The most frequent paths, and all others together.

    Attributes
    ----------
    outer : tuple of Axis
        The axis of the groups, if there is `by`.
    group : ndarray of int, shape (n,)
        The group of each line.
    paths : tuple
        The labels of the steps of each path; ``"other"`` for all others together.
    count : ndarray of int, shape (n,)
        How often each was taken.
    customers : ndarray of float, shape (n,)
        Customers who took it at least once; NaN for the others where customers have several paths,
        for who took two of them is not known.
    total, visitors : ndarray of int, shape (n,)
        All paths of the group, and the customers who have any.
    complete : ndarray of bool, shape (n,)
        Whether the group's window was closed.
    context : Context
        What it is about.
    """

    outer: tuple[Axis, ...]
    group: NDArray[np.intp]
    paths: tuple[Path | str, ...]
    count: NDArray[np.int64]
    customers: Floats
    total: NDArray[np.int64]
    visitors: NDArray[np.int64]
    complete: NDArray[np.bool_]
    context: Context

    def __attrs_post_init__(self) -> None:
        for field in attrs.astuple(self, recurse=False):
            if isinstance(field, np.ndarray):
                field.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.count)

    @property
    def share(self) -> Floats:
        """The share of all paths; NaN where the window is not closed."""
        return np.where(self.complete, self.count / self.total, np.nan)

    @property
    def customer_share(self) -> Floats:
        """The share of customers who took the path at least once."""
        return np.where(self.complete, self.customers / self.visitors, np.nan)

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Return the Wilson interval of `customer_share`, NaN where that is.

        Raises
        ------
        InvalidInputError
            If `confidence` is not between 0 and 1.
        """
        known = ~np.isnan(self.customer_share)
        count = np.where(known, self.customers, 0).astype(np.int64)
        low, high = intervals.wilson(count, self.visitors, intervals.as_confidence(confidence))
        return np.where(known, low, np.nan), np.where(known, high, np.nan)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a line: group, path, count, share, customers, their share, low, high."""
        import pandas as pd

        columns = self._columns()
        labels = render.label_columns([(axis, self.group) for axis in self.outer], columns)
        return pd.DataFrame({**labels, **columns})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TopVariants):
            return NotImplemented
        return (
            self.context == other.context
            and self.outer == other.outer
            and self.paths == other.paths
            and np.array_equal(self.group, other.group)
            and np.array_equal(self.count, other.count)
            and np.array_equal(self.customers, other.customers, equal_nan=True)
            and np.array_equal(self.total, other.total)
            and np.array_equal(self.visitors, other.visitors)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TopVariants({len(self)} lines)"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (attrs.asdict(self, recurse=False),))

    def _repr_html_(self) -> str:
        columns = {name: [_shown(v) for v in column] for name, column in self._columns().items()}
        complete = self.complete.tolist()
        columns.pop("complete")
        some = slice(render.ROWS)
        labels: dict[str, list[Any]] = {
            axis.name: [axis.labels[i] for i in self.group[some].tolist()] for axis in self.outer
        }
        labels["path"] = columns.pop("path")[some]
        shown = {name: column[some] for name, column in columns.items()}
        faint = [not one for one in complete[some]]
        return render.rows_html(self.context.title, labels, shown, faint, len(self))

    def _columns(self) -> dict[str, Any]:
        low, high = self.interval()
        path = np.empty(len(self), object)
        path[:] = self.paths
        return {
            "path": path,
            "count": self.count,
            "share": self.share,
            "customers": self.customers,
            "customer_share": self.customer_share,
            "low": low,
            "high": high,
            "complete": self.complete,
        }


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " → ".join("missing" if step is None else str(step) for step in value)
    return value if isinstance(value, str) else render.number(value)


def _rebuilt(state: dict[str, Any]) -> TopVariants:
    return TopVariants(**state)
