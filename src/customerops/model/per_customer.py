"""Rows of customers: statistics that keep one row each and add by concatenation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model import render
from customerops.model.checks import did_you_mean, whole
from customerops.model.context import Context
from customerops.model.tables import Statistic

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PerCustomer"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PerCustomer(Statistic):
    """One row a customer, sorted by id.

    Parameters
    ----------
    ids : ndarray, shape (n,)
        Customer ids, each once, of one type; sorted when made.
    columns : mapping of str to ndarray, shape (n,)
        One array for each name in ``COLUMNS``; kept read-only, in the order of the ids.
    context : Context
        What the rows are about.

    Attributes
    ----------
    COLUMNS : tuple of str
        Names of the columns, set by each subclass.

    Raises
    ------
    InvalidInputError
        If an id comes twice, or a column is missing, unknown or of another length.

    Notes
    -----
    ``a + b`` holds the rows of both; a customer in both is refused, since rows are not summed.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ()

    ids: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    context: Context

    def __attrs_post_init__(self) -> None:
        given = dict(self.columns)
        if given.keys() != set(self.COLUMNS):
            raise InvalidInputError(
                "columns", f"must be {list(self.COLUMNS)}", f"got {list(given)}"
            )
        ids = np.asarray(self.ids)
        for name, column in given.items():
            if np.shape(column) != ids.shape:
                problem = f"got shape {np.shape(column)} for {len(ids)} ids"
                raise InvalidInputError(name, "must have a row for each id", problem)
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        repeated = int(np.count_nonzero(np.equal(ids[1:], ids[:-1])))
        if repeated:
            raise InvalidInputError("ids", "must each be there once", f"{repeated} are repeated")
        rows = {name: _locked(np.asarray(given[name])[order]) for name in self.COLUMNS}
        object.__setattr__(self, "ids", _locked(ids))
        object.__setattr__(self, "columns", MappingProxyType(rows))

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same rows in the same context; NaN equals NaN."""
        if not isinstance(other, PerCustomer) or type(self) is not type(other):
            return NotImplemented
        return (
            self.context == other.context
            and np.array_equal(self.ids, other.ids)
            and all(_same(self.columns[name], other.columns[name]) for name in self.COLUMNS)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the size, and nothing about the customers."""
        return f"{type(self).__name__}({len(self)} customers)"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (type(self), self.ids, dict(self.columns), self.context))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer: ``customer_id``, then the columns."""
        import pandas as pd

        return pd.DataFrame({"customer_id": self.ids, **self.columns})

    def distinct(self) -> tuple[dict[str, NDArray[Any]], NDArray[np.int64]]:
        """Return the different rows, sorted, and how many customers have each.

        The answer depends on the rows alone, not on ids or their order, so what is computed from
        it is the same to the bit however the customers were split.
        """
        n = len(self)
        keys = [self.columns[name] for name in self.COLUMNS]
        order = np.lexsort(keys[::-1]) if keys else np.arange(n)
        new = np.ones(n, np.bool_)
        new[1:] = False
        for key in keys:
            row = key[order]
            new[1:] |= row[1:] != row[:-1]
        first = np.flatnonzero(new)
        counts = np.diff(np.append(first, n))
        picked = {name: key[order][first] for name, key in zip(self.COLUMNS, keys, strict=True)}
        return picked, counts

    def top(self, n: int, *, by: str) -> Self:
        """Return the n customers with the largest values of a column, sorted by id as ever.

        Parameters
        ----------
        n : int
            How many; of several with the last value, those with the smallest ids.
        by : str
            The column.
        """
        whole("n", n, least=0)
        if by not in self.columns:
            problem = f"got {by!r}{did_you_mean(by, self.columns)}"
            raise InvalidInputError("by", f"must be one of {list(self.COLUMNS)}", problem)
        value = np.asarray(self.columns[by])
        best = np.argsort(-value.astype(np.float64), kind="stable")[:n]
        return attrs.evolve(
            self,
            ids=self.ids[best],
            columns={name: column[best] for name, column in self.columns.items()},
        )

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        if not len(self) or not len(other):
            rows = self if len(self) else other
            return attrs.evolve(rows, context=context)
        if type(self.ids[0]) is not type(other.ids[0]):
            raise InvalidInputError("ids", "must be of one type to add results")
        return attrs.evolve(
            self,
            ids=np.concatenate([self.ids, other.ids]),
            columns={
                name: np.concatenate([self.columns[name], other.columns[name]])
                for name in self.COLUMNS
            },
            context=context,
        )

    def _repr_html_(self) -> str:
        """Show the first customers as a table."""
        shown = {
            name: [render.number(x) for x in column[: render.ROWS].tolist()]
            for name, column in self.columns.items()
        }
        ids = {"customer_id": [str(one) for one in self.ids[: render.ROWS].tolist()]}
        grey = [False] * min(len(self), render.ROWS)
        return render.rows_html(self.context.metric, ids, shown, grey, len(self))


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    floats = a.dtype.kind == "f" and b.dtype.kind == "f"
    return np.array_equal(a, b, equal_nan=floats)


def _rebuilt(
    cls: type[PerCustomer], ids: NDArray[Any], columns: dict[str, NDArray[Any]], context: Context
) -> PerCustomer:
    return cls(ids=ids, columns=columns, context=context)
