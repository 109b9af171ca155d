"""Rows of customers: statistics that keep one row each and add by concatenation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Statistic
from customerops.model.values import exact
from customerops.model.values.checks import did_you_mean, whole
from customerops.model.values.labels import label_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PerCustomer"]


def _ids(ids: ArrayLike) -> NDArray[Any]:
    """Return ids as int64, or as objects that are all str or all UUID."""
    array = np.asarray(ids)
    if array.ndim != 1:
        raise InvalidInputError("ids", "must be one-dimensional", f"got {array.ndim} dimensions")
    if not array.size or (array.dtype.kind in "iu" and int(array.max()) < 2**63):
        return array.astype(np.int64)
    types = {type(one) for one in array.tolist()}
    if types not in ({str}, {UUID}, {tuple}):
        names = sorted(kind.__name__ for kind in types)
        raise InvalidInputError("ids", "must all be int64, str or UUID", f"got {', '.join(names)}")
    return array.astype(object)


def _columns(columns: Mapping[str, ArrayLike]) -> Mapping[str, NDArray[Any]]:
    return {name: _column(name, np.asarray(column)) for name, column in columns.items()}


def _column(name: str, column: NDArray[Any]) -> NDArray[Any]:
    """Return truth values and floats as they are, whole numbers signed or canonical, else labels."""
    if column.dtype.kind in "bif":
        return column.copy()
    if column.dtype.kind == "u" or all(type(v) is int for v in column.flat):
        return exact.canon(column, name)
    return column.astype(object)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PerCustomer(Statistic):
    """One row per customer, sorted by id.

    Parameters
    ----------
    ids : array_like of int, str or UUID, shape (n,)
        The customers, each once; sorted when made.
    columns : mapping of str to array_like, shape (n,)
        One array per name in ``COLUMNS``, in the order of `ids` as given: truth values, whole
        numbers (of any size, as Python ``int``), floats or labels; kept read-only.
    context : Context
        What the rows are about.

    Attributes
    ----------
    COLUMNS : tuple of str
        The names of the columns, set by each subclass.

    Raises
    ------
    InvalidInputError
        If ids are of several types or repeated, or columns are missing, too many or of another
        length.

    Notes
    -----
    ``a + b`` has the rows of both: commutative, associative, and nobody is neutral. A customer who
    is in both is refused, since rows are not summed.

    Examples
    --------
    >>> from customerops.model import Context, PerCustomer
    >>> class Spending(PerCustomer):
    ...     COLUMNS = ("orders", "paid")
    >>> rows = Spending(
    ...     ids=["c", "a", "b"],
    ...     columns={"orders": [2, 1, 1], "paid": [700, 500, 500]},
    ...     context=Context("spending"),
    ... )
    >>> rows.ids.tolist(), rows.columns["paid"].tolist()
    (['a', 'b', 'c'], [500, 500, 700])
    >>> distinct, customers = rows.distinct()
    >>> distinct["paid"].tolist(), customers.tolist()
    ([500, 700], [2, 1])
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ()

    ids: NDArray[Any] = attrs.field(converter=_ids)
    columns: Mapping[str, NDArray[Any]] = attrs.field(converter=_columns)
    context: Context

    def __attrs_post_init__(self) -> None:
        if self.columns.keys() != set(self.COLUMNS):
            said = f"got {list(self.columns)}"
            raise InvalidInputError("columns", f"must be {list(self.COLUMNS)}", said)
        for name, column in self.columns.items():
            if column.shape[:1] != self.ids.shape:
                problem = f"got shape {column.shape} for {len(self.ids)} ids"
                raise InvalidInputError(name, "must have one value per id", problem)
        ids, rows = self.ids, {name: self.columns[name] for name in self.COLUMNS}
        if not (ids[1:] > ids[:-1]).all():
            order = np.argsort(ids, kind="stable")
            ids, rows = ids[order], {name: column[order] for name, column in rows.items()}
            repeated = int((ids[1:] == ids[:-1]).sum())
            if repeated:
                said = f"{repeated} of {len(ids)} are repeated"
                raise InvalidInputError("ids", "must be there once each", said)
        for array in (ids, *rows.values()):
            array.flags.writeable = False
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "columns", MappingProxyType(rows))

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same rows and context; NaN equals NaN."""
        if not isinstance(other, PerCustomer) or type(self) is not type(other):
            return NotImplemented
        return (
            self.context == other.context
            and np.array_equal(self.ids, other.ids)
            and all(_same(self.columns[name], other.columns[name]) for name in self.COLUMNS)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the metric and the size, and nothing about the customers."""
        return f"{type(self).__name__}(metric={self.context.metric!r}, customers={len(self)})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        state = {field.alias: getattr(self, field.name) for field in attrs.fields(type(self))}
        return (_rebuilt, (type(self), {**state, "columns": dict(self.columns)}))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per customer: ``customer_id``, then the columns."""
        import pandas as pd

        return pd.DataFrame({"customer_id": self.ids, **self.columns})

    def distinct(self) -> tuple[dict[str, NDArray[Any]], NDArray[np.int64]]:
        """Return the different rows, sorted, and how many customers have each.

        Returns
        -------
        tuple of dict and ndarray
            The columns of the different rows, and the counts. NaN is one value, the last; labels
            sort by `label_key`.

        Notes
        -----
        The answer depends on the rows alone, not on ids or their order: what is computed from it
        is the same to the bit however the customers were split.
        """
        columns = [self.columns[name] for name in self.COLUMNS]
        keys = [_ranks(column) if column.dtype == object else column for column in columns]
        order = np.lexsort(keys[::-1]) if keys else np.arange(len(self))
        new = np.arange(len(self)) == 0
        for key in keys:
            row = key[order]
            both_nan = (row[1:] != row[1:]) & (row[:-1] != row[:-1])
            new[1:] |= (row[1:] != row[:-1]) & ~both_nan
        first = np.flatnonzero(new)
        rows = {
            name: column[order[first]] for name, column in zip(self.COLUMNS, columns, strict=True)
        }
        return rows, np.diff(np.append(first, len(self)))

    def top(self, n: int, *, by: str) -> pd.DataFrame:
        """Return the customers with the largest values of a column.

        Parameters
        ----------
        n : int
            How many.
        by : str
            The column.

        Returns
        -------
        pandas.DataFrame
            As `to_frame`, the largest first; of equal values the smallest id first, NaN last. A
            frame, since the top of two halves does not add up to the top of the whole.

        Raises
        ------
        InvalidInputError
            If `n` is no whole number or negative, or there is no such column of numbers.
        """
        whole("n", n, least=0)
        if by not in self.COLUMNS:
            problem = f"got {by!r}{did_you_mean(by, self.COLUMNS)}"
            raise InvalidInputError("by", f"must be one of {list(self.COLUMNS)}", problem)
        value = self.columns[by]
        if value.dtype == object and not all(type(v) is int for v in value):
            raise InvalidInputError(by, "must hold numbers to be ranked")
        if value.dtype.kind == "f":
            value = np.where(np.isnan(value), -np.inf, value)
        rising = np.argsort(value[::-1], kind="stable")  # of equal values the largest id first
        best = (len(self) - 1 - rising)[::-1][:n]
        return self.to_frame().iloc[best].reset_index(drop=True)

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        if not (len(self) and len(other)):
            return attrs.evolve(self if len(self) else other, context=context)
        if type(self.ids[0]) is not type(other.ids[0]):
            raise InvalidInputError("ids", "must be of one type to add results")
        for name in self.COLUMNS:
            a, b = self.columns[name].dtype, other.columns[name].dtype
            if a.kind != b.kind and {a.kind, b.kind} != {"i", "O"}:  # those are numbers or labels
                problem = f"got {a} and {b}"
                raise InvalidInputError(name, "must be of one type to add results", problem)
        columns = {
            name: np.concatenate([self.columns[name], other.columns[name]])
            for name in self.COLUMNS
        }
        ids = np.concatenate([self.ids, other.ids])
        return attrs.evolve(self, ids=ids, columns=columns, context=context)

    def _repr_html_(self) -> str:
        """Show what the columns hold, and nothing of any one customer."""
        return render.columns_html(self.context.title, self.columns, len(self))


def _ranks(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return the place of each label among the different ones, in order."""
    keys = [label_key(label) for label in labels]
    place = {key: i for i, key in enumerate(sorted(set(keys)))}
    return np.array([place[key] for key in keys], dtype=np.int64)


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    floats = a.dtype.kind == b.dtype.kind == "f"
    return np.array_equal(a, b, equal_nan=floats)


def _rebuilt(cls: type[PerCustomer], state: Mapping[str, Any]) -> PerCustomer:
    return cls(**state)
