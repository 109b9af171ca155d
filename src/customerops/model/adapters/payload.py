"""Read a payload by a table of its fields: what is known becomes a field, the rest is kept.

A table is data: where a field stands in the payload, what it becomes, and how it is read. What no
table names is kept in ``attributes`` under its path. Errors say where and what type, never a value.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.values.checks import Scalar, came, decimal, identifier, text
from customerops.model.values.instants import EPOCH
from customerops.model.values.serial import load_instant

__all__ = [
    "FieldMap",
    "How",
    "Taken",
    "at",
    "listed",
    "missing",
    "need",
    "reader",
    "take",
    "under",
]

How = Literal["text", "id", "instant", "seconds", "millis", "number", "decimal", "lookup", "first"]
"""How a field is read: an instant is ISO 8601 or milliseconds since 1970, a lookup an id or an
object with one, first the first of a list."""


@attrs.frozen(kw_only=True)
class FieldMap(Record):
    """One field of another system, and what it becomes here.

    Parameters
    ----------
    path : str
        Where it stands: ``"properties.hs_timestamp"``.
    to : str
        What it becomes: a field of the record; ``"identifier.email"`` for something a customer is
        known by; ``"currency"`` for that of the amount.
    how : {"text", "id", "instant", "seconds", "millis", "number", "decimal", "lookup", "first"}
        How it is read.
    required : bool
        Whether the payload must have it, unless an earlier field of the table became the same.
    words : mapping of str to str
        What its values are called here; one that is not among them is kept as it came, in
        ``attributes``. Empty: values are taken as they are.

    Raises
    ------
    InvalidInputError
        If a field is not of its type.

    Examples
    --------
    >>> from customerops.model import FieldMap
    >>> mine = FieldMap(path="Customer_Level__c", to="acquisition_channel", words={"A": "fair"})
    >>> FieldMap.from_dict(mine.to_dict()) == mine
    True
    """

    path: str
    to: str
    how: How = "text"
    required: bool = False
    words: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Taken:
    """What a payload's table made of it: values by what they become, and the rest by path."""

    values: dict[str, Any]
    rest: dict[str, Scalar]


def missing(value: object) -> bool:
    """Return whether a payload has nothing there: no key, null, or an empty text."""
    return value is None or value == ""


def under(path: str, key: str) -> str:
    """Return the path of a key inside what stands at a path."""
    return f"{path}.{key}" if path else key


def at(data: Any, path: str) -> Any:
    """Return what stands at a dotted path, None where nothing does."""
    for key in path.split("."):
        if not isinstance(data, Mapping):
            return None
        data = data.get(key)
    return data


def need(where: str, data: object, key: str) -> Any:
    """Return what a payload must have, or say where it should stand.

    Examples
    --------
    >>> need("data.object", {}, "customer")
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: data.object.customer must be given: it is missing
    """
    if not isinstance(data, Mapping):
        raise InvalidInputError(where or "payload", "must be a mapping", came(data))
    value = data.get(key)
    if missing(value):
        raise InvalidInputError(under(where, key), "must be given", "it is missing")
    return value


def listed(where: str, data: object, path: str) -> Sequence[Any]:
    """Return the list at a dotted path, an empty one where nothing stands.

    Raises
    ------
    InvalidInputError
        If something else stands there.
    """
    given = at(data, path)
    if missing(given):
        return ()
    if not isinstance(given, list | tuple):
        raise InvalidInputError(under(where, path), "must be a list", came(given))
    return given


def take(payload: object, fields: Sequence[FieldMap], *, where: str = "", base: str = "") -> Taken:
    """Return what a table makes of a payload.

    Parameters
    ----------
    payload : mapping
        As JSON has it.
    fields : sequence of FieldMap
        The table; of two fields that become the same, the first that is there counts.
    where : str
        Where the payload stands in what was given, for messages.
    base : str
        What the paths of the rest are cut by: ``"properties."``.

    Raises
    ------
    InvalidInputError
        If it is no mapping, a required field is missing, or a value is not of its type.

    Examples
    --------
    >>> table = [FieldMap(path="Owner", to="owner_id", how="lookup")]
    >>> take({"Owner": {"id": "7"}, "Rating": "A"}, table)
    Taken(values={'owner_id': '7'}, rest={'Rating': 'A'})
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(where or "payload", "must be a mapping", came(payload))
    values: dict[str, Any] = {}
    used: set[str] = set()
    absent: dict[str, tuple[str, str]] = {}
    for field in fields:
        value, path = at(payload, field.path), under(where, field.path)
        read = None if missing(value) else reader(field.how)(path, value)
        problem = "it is missing"
        if read is not None and field.words:
            read, problem = field.words.get(str(read)), "no word is known for it"
        if read is None:
            if field.required:
                absent.setdefault(field.to, (path, problem))
        elif values.setdefault(field.to, read) == read:
            used.add(field.path + _inside(field.how, value))
    for to, (path, problem) in absent.items():
        if to not in values:
            raise InvalidInputError(path, "must be given", problem)
    rest = {
        path.removeprefix(base): value
        for path, value in _leaves(payload, "")
        if not any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in used)
    }
    return Taken(values, rest)


def _inside(how: str, value: Any) -> str:
    """Return where inside a field the part stands that is read; the others are kept."""
    if how == "lookup" and isinstance(value, Mapping):
        return ".id"
    return "[0]" if how == "first" and isinstance(value, list | tuple) else ""


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Scalar]]:
    """Yield what is inside, by path; what is missing has none."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _leaves(one, under(path, str(key)))
    elif isinstance(value, list | tuple):
        for i, one in enumerate(value):
            yield from _leaves(one, f"{path}[{i}]")
    elif not missing(value):
        yield path, value


# ---------------------------------------------------------------------- ways to read


def reader(how: How) -> Callable[[str, Any], Any]:
    """Return the function of path and value that reads a field."""
    return _READERS[how]


def _id(path: str, value: object) -> object:
    return identifier(path, value)


def _instant(path: str, value: object) -> dt.datetime:
    if isinstance(value, str) and not value.isdecimal():
        return load_instant(path, value)
    return _millis(path, value)


def _ticks(path: str, value: object, a_second: int) -> dt.datetime:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(path, "must be a time as an int", came(value))
    try:
        return EPOCH + dt.timedelta(microseconds=value * (1_000_000 // a_second))
    except OverflowError:
        raise InvalidInputError(path, "must lie in the years 1 to 9999", "got another") from None


def _seconds(path: str, value: object) -> dt.datetime:
    return _ticks(path, value, 1)


def _millis(path: str, value: object) -> dt.datetime:
    return _ticks(path, value, 1000)


def _decimal(path: str, value: object) -> Decimal:
    """Read an exact number; a float of JSON is the decimal it was written as."""
    if isinstance(value, float) and math.isfinite(value):
        value = repr(value)
    return decimal(path, value)


def _number(path: str, value: object) -> float:
    return float(_decimal(path, value))


def _lookup(path: str, value: object) -> object:
    if isinstance(value, Mapping):
        return identifier(under(path, "id"), need(path, value, "id"))
    return identifier(path, value)


def _first(path: str, value: object) -> object:
    if isinstance(value, list | tuple):
        return identifier(f"{path}[0]", value[0]) if value else None
    return identifier(path, value)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "text": text,
    "id": _id,
    "instant": _instant,
    "seconds": _seconds,
    "millis": _millis,
    "number": _number,
    "decimal": _decimal,
    "lookup": _lookup,
    "first": _first,
}
