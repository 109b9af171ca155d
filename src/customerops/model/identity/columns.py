"""Who holds which identifier: as records of several systems, and as three columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.identity.rules import KIND
from customerops.model.records.base import Record
from customerops.model.records.records import Customer
from customerops.model.values.checks import Id, came, each

__all__ = ["IdentifierColumns", "SourceRecord", "locked", "missing"]


@attrs.frozen(kw_only=True)
class SourceRecord(Record):
    """What one system holds of a customer.

    Parameters
    ----------
    source : str
        The system; without a colon.
    customer : Customer
        The record, under the id it has there.
    updated_at : datetime, optional
        When the system last changed it; timezone-aware.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or the source has a colon.

    Examples
    --------
    >>> from customerops.model import Customer, SourceRecord
    >>> SourceRecord(source="shop", customer=Customer(id=17)).id
    'shop:17'
    """

    source: str
    customer: Customer = attrs.field(metadata={"pii": "user"})
    updated_at: dt.datetime | None = None

    def _check(self) -> None:
        if ":" in self.source:
            raise InvalidInputError("source", "must have no colon", "got one")

    @property
    def id(self) -> str:
        """Source and id: what tells customer 17 of the shop from customer 17 of the CRM."""
        return f"{self.source}:{self.customer.id}"


def locked(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, read-only."""
    array.flags.writeable = False
    return array


def missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where an array of objects has None, NaN, NaT or NA."""
    import pandas as pd

    return np.asarray(pd.isna(values), np.bool_)


def _array(name: str, given: Any) -> NDArray[Any]:
    """Return a new array of int64 or of objects, of one dimension."""
    if isinstance(given, str | bytes) or not (
        hasattr(given, "__array__") or isinstance(given, Iterable)
    ):
        raise InvalidInputError(name, "must be a column of values", came(given))
    if hasattr(given, "__array__"):
        array = np.asarray(given)
    else:
        values = list(given)
        array = np.empty(len(values), object)
        array[:] = values
    if array.ndim != 1:
        raise InvalidInputError(name, "must have one dimension", f"got {array.ndim}")
    return array.astype(object if len(array) == 0 or array.dtype.kind not in "iu" else array.dtype)


def _id_array(given: Any) -> NDArray[Any]:
    array = _array("record", given)
    if array.dtype.kind in "iu":
        kinds: set[type] = {int}
    else:
        gone = missing(array)
        if gone.any():
            count, first = int(gone.sum()), int(gone.argmax())
            raise InvalidInputError(
                "record", "must not be missing", count=count, total=len(array), first=first
            )
        kinds = set(map(type, array.tolist()))
    if len(kinds) > 1 or not kinds <= {int, str, UUID}:
        raise InvalidInputError("record", "must hold ids of one type: int, str or UUID")
    if kinds == {int}:
        try:
            array = np.array(array.tolist(), np.int64)
        except OverflowError:
            raise InvalidInputError("record", "must fit 64 bits", "got a larger int") from None
    elif kinds == {str} and not all(array.tolist()):
        raise InvalidInputError("record", "must not be empty", "got ''")
    return locked(array)


def _text_array(name: str, given: Any) -> NDArray[Any]:
    array = _array(name, given)
    if array.dtype.kind in "iu" or not set(map(type, array.tolist())) <= {str, type(None)}:
        array = array.astype(object)
        array[missing(array)] = None
        wrong = np.array([type(x) not in (str, type(None)) for x in array.tolist()], np.bool_)
        if wrong.any():
            count, first = int(wrong.sum()), int(wrong.argmax())
            raise InvalidInputError(
                name, "must be text or missing", count=count, total=len(array), first=first
            )
    return locked(array)


@attrs.frozen(eq=False, repr=False, init=False)
class IdentifierColumns:
    """Who holds which identifier, one row each.

    Parameters
    ----------
    record : array-like of int, str or UUID, shape (n,)
        The record; ids of one type. A record may have many rows, in any order.
    type : array-like of str, shape (n,)
        Type of the identifier.
    value : array-like of str, shape (n,)
        Its value, normalised. A row where the value is missing says that the record exists.

    Raises
    ------
    InvalidInputError
        If a column is not of its type, they are of different lengths, an id is missing, or a
        value has no type.

    Examples
    --------
    >>> from customerops.model import IdentifierColumns
    >>> IdentifierColumns(
    ...     record=["crm:1", "shop:4", "shop:9"],
    ...     type=["email", "email", "phone"],
    ...     value=["ann@example.com", "ann@example.com", None],
    ... )
    IdentifierColumns(3 rows)
    """

    record: NDArray[Any]
    type: NDArray[Any]
    value: NDArray[Any]

    def __init__(self, *, record: Any, type: Any, value: Any) -> None:  # noqa: A002 - the field of an Identifier
        ids = _id_array(record)
        columns = {"type": _text_array("type", type), "value": _text_array("value", value)}
        for name, column in columns.items():
            if len(column) != len(ids):
                problem = f"got {len(column)} for {len(ids)} records"
                raise InvalidInputError(name, "must have one entry per row", problem)
        bare = (columns["type"] == None) & (columns["value"] != None)  # noqa: E711 - by element
        if bare.any():
            count, first = int(bare.sum()), int(bare.argmax())
            raise InvalidInputError(
                "type", "must be known of a value", count=count, total=len(ids), first=first
            )
        object.__setattr__(self, "record", ids)
        for name, column in columns.items():
            object.__setattr__(self, name, column)

    @classmethod
    def of(cls, records: Iterable[Customer | SourceRecord]) -> IdentifierColumns:
        """Return the columns of records: their identifiers, and their ``kind``.

        Parameters
        ----------
        records : iterable of Customer or SourceRecord
            Each id once.

        Raises
        ------
        InvalidInputError
            If one is neither, an id is there twice, or ids are of different types.
        """
        rows: list[tuple[Id, str, str]] = []
        seen: set[Id] = set()
        for i, record in enumerate(each("records", records)):
            if not isinstance(record, Customer | SourceRecord):
                must = "must be a Customer or a SourceRecord"
                raise InvalidInputError(f"records[{i}]", must, came(record))
            if record.id in seen:
                must = "must have an id of its own; a SourceRecord adds the system to it"
                raise InvalidInputError(f"records[{i}]", must, "got one again")
            seen.add(record.id)
            customer = record if isinstance(record, Customer) else record.customer
            rows.append((record.id, KIND, customer.kind))
            rows += [(record.id, one.type, one.value) for one in customer.identifiers]
        record, type_, value = zip(*rows, strict=True) if rows else ((), (), ())
        return cls(record=record, type=type_, value=value)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.record)

    def __repr__(self) -> str:
        """Return the size, and nobody's data."""
        return f"IdentifierColumns({len(self)} rows)"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (self.record, self.type, self.value))


def _rebuilt(record: NDArray[Any], type_: NDArray[Any], value: NDArray[Any]) -> IdentifierColumns:
    return IdentifierColumns(record=record, type=type_, value=value)
