"""Groupings as plain JSON types and back, without loss."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from customerops.errors import InvalidInputError
from customerops.model.rules.grouping import Assignment, Grouping, Pick
from customerops.model.rules.written import rule_from_dict
from customerops.model.values.checks import came, one_of, text
from customerops.model.values.serial import read, under

__all__ = ["grouping_from_dict", "grouping_to_dict"]


def grouping_to_dict(grouping: Grouping) -> dict[str, Any]:
    """Return a grouping as plain JSON types."""
    name, source = grouping.name, grouping.source
    if isinstance(source, str):
        return {"grouping": "attribute", "name": name, "attribute": source}
    if isinstance(source, Pick):
        where = None if source.where is None else source.where.to_dict()
        pick = {"field": source.field, "which": source.which, "where": where}
        return {"grouping": "pick", "name": name, **pick}
    groups = [[_dump(one), _dump(label)] for one, label in source.pairs]
    return {"grouping": "groups", "name": name, "groups": groups}


def grouping_from_dict(data: object) -> Grouping:
    """Return the grouping of a JSON object."""
    every = {key for keys, _ in _SOURCES.values() for key in keys}
    tag = read("grouping", data, ("grouping", "name"), every)["grouping"]
    keys, load = _SOURCES[one_of("grouping.grouping", tag, _SOURCES)]
    own = read("grouping", data, ("grouping", "name", *keys))
    with under("grouping", "grouping"):
        return Grouping(load(own), text("name", own["name"]))


def _attribute(own: Mapping[str, Any]) -> str:
    return text("attribute", own["attribute"])


def _pick(own: Mapping[str, Any]) -> Pick:
    where = None if own["where"] is None else rule_from_dict(own["where"], "where")
    return Pick(own["field"], own["which"], where)


def _groups(own: Mapping[str, Any]) -> Assignment:
    groups = _sequence("groups", own["groups"])
    pairs = []
    for place, group in enumerate(groups):
        pair = _sequence(f"groups[{place}]", group)
        if len(pair) != 2:
            raise InvalidInputError(f"groups[{place}]", "must be a pair", f"got {len(pair)}")
        pairs.append([_value(f"groups[{place}][{i}]", value) for i, value in enumerate(pair)])
    return Assignment(pairs)


_SOURCES: Mapping[
    str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], str | Pick | Assignment]]
] = {
    "attribute": (("attribute",), _attribute),
    "pick": (("field", "which", "where"), _pick),
    "groups": (("groups",), _groups),
}
_TYPES: Mapping[str, Callable[[str], Any]] = {
    "$uuid": uuid.UUID,
    "$date": dt.date.fromisoformat,
}


def _sequence(name: str, value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidInputError(name, "must be a list", came(value))
    return list(value)


def _dump(value: object) -> Any:
    if isinstance(value, uuid.UUID):
        return {"$uuid": str(value)}
    return {"$date": value.isoformat()} if isinstance(value, dt.date) else value


def _value(name: str, value: object) -> Any:
    if not isinstance(value, Mapping):
        return value
    tag = one_of(name, next(iter(value), None), _TYPES)
    written = text(f"{name}.{tag}", read(name, value, (tag,))[tag])
    try:
        return _TYPES[tag](written)
    except ValueError:
        must = f"must be a {'UUID' if tag == '$uuid' else 'date'}"
        raise InvalidInputError(f"{name}.{tag}", must, "got another str") from None
