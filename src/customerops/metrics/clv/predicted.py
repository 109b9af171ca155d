"""Predictions: what a model says of each customer of a summary."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values import exact
from customerops.model.values.checks import did_you_mean, whole

if TYPE_CHECKING:
    import pandas as pd

    from customerops.metrics.clv.summary import PurchaseSummary

__all__ = ["Predicted"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Predicted(Result):
    """What a model says of each customer.

    It is derived from a summary and a model, so it has no ``+``: add summaries, predict once.

    Attributes
    ----------
    ids : ndarray
        Customer ids, sorted, as in the summary.
    columns : mapping of str to ndarray of float
        What was predicted; the first column is the one that `values`, `total` and `top` are of.
    weights : ndarray of int
        How many customers a row stands for.
    context : Context
        What the rows are about.
    """

    ids: NDArray[Any]
    columns: Mapping[str, NDArray[np.float64]]
    weights: NDArray[np.int64]
    context: Context

    def __attrs_post_init__(self) -> None:
        for array in (self.ids, self.weights, *self.columns.values()):
            array.flags.writeable = False
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    @classmethod
    def of(
        cls, summary: PurchaseSummary, columns: Mapping[str, NDArray[np.float64]], **options: Any
    ) -> Self:
        """Return predictions for the rows of a summary."""
        about = summary.context
        context = Context(
            metric=next(iter(columns)),
            as_of=about.as_of,
            calendar=about.calendar,
            currency=about.currency,
            options={**dict(about.options), **options},
        )
        return cls(ids=summary.ids, columns=columns, weights=summary.weights, context=context)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    @property
    def values(self) -> NDArray[np.float64]:
        """The first column."""
        return next(iter(self.columns.values()))

    @property
    def total(self) -> float:
        """Sum of the first column over customers, rounded once."""
        return float(exact.float_sum(None, self.values * self.weights, 1)[0])

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return a column by name."""
        if name not in self.columns:
            problem = f"got {name!r}{did_you_mean(name, self.columns)}"
            raise InvalidInputError("column", f"must be one of {list(self.columns)}", problem)
        return self.columns[name]

    def top(self, n: int, *, by: str | None = None) -> pd.DataFrame:
        """Return the rows with the largest values, as `to_frame`, best first; ties by id.

        Parameters
        ----------
        n : int
            How many.
        by : str, optional
            A column; left out, the first.
        """
        values = self.values if by is None else self[by]
        best = np.argsort(-values, kind="stable")[: whole("n", n, least=0)]
        return self.to_frame().iloc[best].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer: ``customer_id``, then the columns."""
        import pandas as pd

        return pd.DataFrame({"customer_id": self.ids, **self.columns})

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same rows; NaN equals NaN."""
        if not isinstance(other, Predicted):
            return NotImplemented
        return (
            self.context == other.context
            and np.array_equal(self.ids, other.ids)
            and np.array_equal(self.weights, other.weights)
            and list(self.columns) == list(other.columns)
            and all(
                np.array_equal(column, other.columns[name], equal_nan=True)
                for name, column in self.columns.items()
            )
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return size and columns, and nothing about the customers."""
        return f"Predicted({len(self)} customers: {', '.join(self.columns)})"

    def _repr_html_(self) -> str:
        """Show what the columns hold, and nothing of any one customer."""
        return render.columns_html(self.context.title, self.columns, len(self.ids))

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        parts = {
            "ids": self.ids, "columns": dict(self.columns),
            "weights": self.weights, "context": self.context,
        }  # fmt: skip
        return (_rebuilt, (type(self), parts))


def _rebuilt(cls: type[Predicted], parts: dict[str, Any]) -> Predicted:
    return cls(**parts)
