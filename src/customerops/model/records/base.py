"""What all records share: one declaration checks a field, writes it to JSON and reads it back.

The declaration is the field's annotation. `shape_of` turns an annotation into a `Shape`, three
functions of a value: accept (check it, in plain form), dump (to JSON types) and load (from them).
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values.checks import (
    Id,
    Scalar,
    boolean,
    came,
    decimal,
    finite,
    identifier,
    one_of,
    positive_duration,
    text,
    whole,
)
from customerops.model.values.frozenmap import FrozenMap
from customerops.model.values.instants import as_instant
from customerops.model.values.serial import dump_instant, load_instant, read, under

__all__ = ["SCHEMA", "Record", "Shape", "pii_of", "shape_of"]

_US = dt.timedelta(microseconds=1)

SCHEMA = 1
"""Version of the written form of records."""


def _same(value: Any) -> Any:
    return value


def _as_read(name: str, value: Any) -> Any:
    return value


@attrs.frozen
class Shape:
    """How a value of one type is checked, written and read.

    Parameters
    ----------
    accept : callable (name, value) -> value
        Check what a constructor was given; return the plain form that is kept.
    dump : callable (value) -> JSON value
        Write what was kept.
    load : callable (name, JSON value) -> value
        Read it into something that `accept` takes.
    """

    accept: Callable[[str, Any], Any]
    dump: Callable[[Any], Any] = _same
    load: Callable[[str, Any], Any] = _as_read


@attrs.frozen
class Record:
    """Base of the records: values that check themselves and survive JSON.

    A subclass is an ``attrs.frozen(kw_only=True)`` class whose annotations `shape_of` knows, and
    may say in ``_check`` what its fields must be to each other. A field with a converter of its
    own is left to it.
    """

    def __attrs_post_init__(self) -> None:
        cls: Any = type(self)
        for name, default, accept in _checked(cls):
            given = getattr(self, name)
            if given is default:
                continue
            kept = accept(name, given)
            if kept is not given:
                object.__setattr__(self, name, kept)
        self._check()

    def _check(self) -> None:
        """Check the fields against each other."""

    def to_dict(self) -> dict[str, Any]:
        """Return the record in plain JSON types, with the version of this form as ``"schema"``.

        Instants are ISO 8601 in UTC, decimals are strings, a UUID is ``{"$uuid": "..."}``, a
        duration is ``{"$duration": microseconds}``, sets are lists in a fixed order. Every field
        is written, so equal records give equal text.
        """
        return {"schema": SCHEMA, **_dump(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If the version is not known, a required key is missing, a key is not known or a value
            is not what its field takes; the message has the path.
        """
        given: Any = data
        version = given.get("schema", SCHEMA) if isinstance(given, Mapping) else SCHEMA
        if type(version) is not int or version != SCHEMA:
            said = f"got {version}" if type(version) is int else came(version)
            raise InvalidInputError(f"{cls.__name__}.schema", f"must be {SCHEMA}", said)
        record: Self = _load(cls, data, "schema")
        return record


def pii_of(cls: type[Record]) -> dict[str, str]:
    """Return the fields of a record that hold personal data, with the category of each.

    Categories are keys of the Fides taxonomy of data (``user.contact.email``).

    References
    ----------
    Ethyca, Fideslang: the default taxonomy, data categories. https://ethyca.github.io/fideslang/

    Examples
    --------
    >>> from customerops.model import Consent
    >>> pii_of(Consent)["customer_id"]
    'user.unique_id'
    """
    return {f.name: f.metadata["pii"] for f in attrs.fields(cls) if "pii" in f.metadata}


@functools.cache
def _shapes(cls: Any) -> dict[str, Shape]:
    hints = typing.get_type_hints(cls)
    return {field.name: shape_of(hints[field.name]) for field in attrs.fields(cls)}


@functools.cache
def _checked(cls: Any) -> list[tuple[str, Any, Callable[[str, Any], Any]]]:
    """Return name, default and check of the fields that have no converter."""
    shapes = _shapes(cls)
    return [
        (field.name, field.default, shapes[field.name].accept)
        for field in attrs.fields(cls)
        if field.converter is None
    ]


def _dump(record: Any) -> dict[str, Any]:
    cls: Any = type(record)
    shapes = _shapes(cls)
    return {name: shape.dump(getattr(record, name)) for name, shape in shapes.items()}


def _load(cls: Any, data: object, *also: str) -> Any:
    fields = attrs.fields(cls)
    required = [field.name for field in fields if field.default is attrs.NOTHING]
    optional = [field.name for field in fields if field.default is not attrs.NOTHING]
    given = read(cls.__name__, data, [*also, *required], optional)
    shapes = _shapes(cls)
    return cls(**{key: shapes[key].load(key, given[key]) for key in given if key not in also})


# ------------------------------------------------------------------ shapes


@functools.cache
def shape_of(annotation: Any) -> Shape:
    """Return the shape of an annotation.

    Known are ``str`` (not empty), ``bool``, ``int``, ``float`` (finite), ``Decimal``,
    ``datetime`` (an instant), ``timedelta`` (longer than zero), `Id`, a ``Literal`` of strings,
    ``Mapping[str, Scalar]``, ``Mapping[str, str]``, another record or value with ``to_dict`` and
    ``from_dict``, and of these ``X | None``, ``tuple[X, ...]``, ``tuple[X, Y]`` and
    ``frozenset[X]``.

    Raises
    ------
    TypeError
        If it is another.
    """
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return Shape(functools.partial(_literal, parts))
    if origin in (types.UnionType, typing.Union) and types.NoneType in parts:
        return _optional(parts)
    if origin is tuple:
        return _many(parts[0], tuple) if parts[1:] == (...,) else _row(parts)
    if origin is frozenset:
        return _many(parts[0], frozenset)
    if isinstance(annotation, type) and hasattr(annotation, "from_dict"):
        return _nested(annotation)
    msg = f"no shape for {annotation!r}"
    raise TypeError(msg)


def _dump_id(value: Id) -> object:
    return {"$uuid": str(value)} if isinstance(value, uuid.UUID) else value


def _load_id(name: str, value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    written = read(name, value, ["$uuid"])["$uuid"]
    try:
        return uuid.UUID(written)
    except (ValueError, TypeError, AttributeError):
        raise InvalidInputError(f"{name}.$uuid", "must be a UUID", came(written)) from None


def _load_duration(name: str, value: object) -> dt.timedelta:
    written = whole(f"{name}.$duration", read(name, value, ["$duration"])["$duration"])
    try:
        return dt.timedelta(microseconds=written)
    except OverflowError:
        raise InvalidInputError(f"{name}.$duration", "must be a timedelta", "got more") from None


def _frozen(name: str, value: Any) -> FrozenMap:
    return value if isinstance(value, FrozenMap) else FrozenMap(value, name=name)


def _texts(name: str, value: Any) -> FrozenMap:
    kept = _frozen(name, value)
    for key, one in kept.items():
        text(f"{name}.{key}", one)
    return kept


_PLAIN: dict[Any, Shape] = {
    str: Shape(text),
    bool: Shape(boolean),
    int: Shape(whole),
    float: Shape(finite),
    Decimal: Shape(decimal, "{:f}".format),
    dt.datetime: Shape(as_instant, dump_instant, load_instant),
    dt.timedelta: Shape(
        positive_duration, lambda value: {"$duration": value // _US}, _load_duration
    ),
    Id: Shape(identifier, _dump_id, _load_id),
    Mapping[str, Scalar]: Shape(_frozen, dict),
    Mapping[str, str]: Shape(_texts, dict),
}


def _literal(options: tuple[str, ...], name: str, value: object) -> str:
    return one_of(name, value, options)


def _optional(parts: tuple[Any, ...]) -> Shape:
    some = [part for part in parts if part is not types.NoneType]
    one = shape_of(functools.reduce(operator.or_, some))

    def accept(name: str, value: Any) -> Any:
        return None if value is None else one.accept(name, value)

    def dump(value: Any) -> Any:
        return None if value is None else one.dump(value)

    def load(name: str, value: Any) -> Any:
        return None if value is None else one.load(name, value)

    return Shape(accept, dump, load)


def _many(part: Any, kind: type[tuple[Any, ...] | frozenset[Any]]) -> Shape:
    one = shape_of(part)
    taken = (list, tuple) if kind is tuple else (list, tuple, set, frozenset)
    must = "must be a tuple" if kind is tuple else "must be a set"

    def each(function: Callable[[str, Any], Any], name: str, value: Any) -> list[Any]:
        if not isinstance(value, taken):
            raise InvalidInputError(name, must, came(value))
        return [function(f"{name}[{i}]", element) for i, element in enumerate(value)]

    def accept(name: str, value: Any) -> Any:
        return kind(each(one.accept, name, value))

    def dump(value: Any) -> list[Any]:
        written = [one.dump(element) for element in value]
        return written if kind is tuple else sorted(written, key=repr)

    def load(name: str, value: Any) -> list[Any]:
        return each(one.load, name, value)

    return Shape(accept, dump, load)


def _row(parts: tuple[Any, ...]) -> Shape:
    shapes = [shape_of(part) for part in parts]

    def accept(name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) != len(shapes):
            said = f"got {len(value)}" if isinstance(value, list | tuple) else came(value)
            raise InvalidInputError(name, f"must be a tuple of {len(shapes)}", said)
        return tuple(
            shape.accept(f"{name}[{i}]", v)
            for i, (shape, v) in enumerate(zip(shapes, value, strict=True))
        )

    def dump(value: tuple[Any, ...]) -> list[Any]:
        return [shape.dump(v) for shape, v in zip(shapes, value, strict=True)]

    return Shape(accept, dump)


def _nested(cls: Any) -> Shape:
    article = "an" if cls.__name__[0] in "AEIOU" else "a"

    def accept(name: str, value: object) -> object:
        if not isinstance(value, cls):
            raise InvalidInputError(name, f"must be {article} {cls.__name__}", came(value))
        return value

    def load(name: str, value: Any) -> Any:
        with under(name, cls.__name__):
            if issubclass(cls, Record):
                return _load(cls, value)
            return cls.from_dict(value)

    return Shape(accept, _dump if issubclass(cls, Record) else cls.to_dict, load)
