"""Reading and writing plain JSON types, with paths in the errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came, did_you_mean
from customerops.model.values.instants import as_instant

__all__ = ["dump_instant", "load_instant", "read", "under"]


def read(
    name: str, data: object, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, Any]:
    """Return a JSON object as a dict, if it has every key it must have and no other.

    Parameters
    ----------
    name : str
        What the object is called: where it stands in what was read.
    data : object
        What came.
    required, optional : collection of str
        Its keys.

    Raises
    ------
    InvalidInputError
        If it is not a mapping, if a required key is missing, or a key is not known; the key is
        named, with the nearest known one.

    Examples
    --------
    >>> read("Money", {"amount": "59.00", "curency": "EUR"}, ["amount", "currency"])
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: Money must hold known keys only: got 'curency', did you mean 'currency'?
    """
    if not isinstance(data, Mapping):
        raise InvalidInputError(name, "must be a mapping", came(data))
    known = [*required, *optional]
    for key in data:
        if key not in known:
            said = f"got {key!r}{did_you_mean(key, known)}" if isinstance(key, str) else came(key)
            raise InvalidInputError(name, "must hold known keys only", said)
    for key in required:
        if key not in data:
            raise InvalidInputError(f"{name}.{key}", "must be given", "the key is missing")
    return dict(data)


@contextmanager
def under(path: str, kind: str) -> Iterator[None]:
    """Name what is inside an object by where the object stands, in every error of the block.

    Examples
    --------
    >>> with under("items[0]", "Item"):
    ...     read("Item", {}, ["sku"])
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: items[0].sku must be given: the key is missing
    """
    try:
        yield
    except InvalidInputError as error:
        first, dot, rest = error.name.partition(".")
        name = f"{path}{dot}{rest}" if first in (kind, kind.lower()) else f"{path}.{error.name}"
        raise InvalidInputError(name, error.requirement, error.problem) from None


def dump_instant(instant: dt.datetime) -> str:
    """Return a UTC instant as ISO 8601 with microseconds.

    Examples
    --------
    >>> dump_instant(dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC))
    '2026-01-05T09:30:00.000000Z'
    """
    return instant.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def load_instant(name: str, value: object) -> dt.datetime:
    """Return the UTC instant of an ISO 8601 string with an offset.

    Raises
    ------
    InvalidInputError
        If it is not one.
    """
    if not isinstance(value, str):
        raise InvalidInputError(name, "must be an ISO 8601 string", came(value))
    try:
        instant = dt.datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInputError(
            name, "must be an ISO 8601 date and time", "got another str"
        ) from None
    return as_instant(name, instant)
