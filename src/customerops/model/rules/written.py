"""Rules as plain JSON types and back, without loss.

A node is an object tagged by the key ``rule``; constants that JSON has no type for are objects with
one key that starts with ``$``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from customerops.errors import InvalidInputError
from customerops.model.rules.base import Rule, foreign
from customerops.model.rules.fields import Operand, check_field, operand
from customerops.model.rules.leaves import Between, Compare, In, Missing
from customerops.model.rules.nodes import And, Constant, Did, Not, Or
from customerops.model.values.checks import came, decimal, one_of, text, whole
from customerops.model.values.money import Money
from customerops.model.values.serial import dump_instant, load_instant, read, under

__all__ = ["rule_from_dict", "rule_to_dict"]

_US = dt.timedelta(microseconds=1)


# ---------------------------------------------------------------------- writing


def rule_to_dict(rule: Rule) -> dict[str, Any]:  # noqa: PLR0911 - one for each node
    """Return a rule as plain JSON types."""
    match rule:
        case Compare(field, op, value):
            return {"rule": "compare", "field": field, "op": op, "value": _dump(value)}
        case In(field, values):
            return {"rule": "in", "field": field, "values": [_dump(value) for value in values]}
        case Between(field, low, high):
            return {"rule": "between", "field": field, "low": _dump(low), "high": _dump(high)}
        case Missing(field):
            return {"rule": "missing", "field": field}
        case And(rules) | Or(rules):
            tag = "and" if isinstance(rule, And) else "or"
            return {"rule": tag, "rules": [rule_to_dict(part) for part in rules]}
        case Not(part):
            return {"rule": "not", "of": rule_to_dict(part)}
        case Did(part, at_least, within):
            span = None if within is None else {"$duration": within // _US}
            return {"rule": "did", "of": rule_to_dict(part), "at_least": at_least, "within": span}
        case Constant(truth):
            return {"rule": "constant", "truth": truth}
    raise foreign(rule)


def _dump(value: Operand | None) -> Any:
    match value:
        case Decimal():
            return {"$decimal": str(value)}
        case Money():
            return {"$money": value.to_dict()}
        case dt.datetime():
            return {"$at": dump_instant(value)}
        case uuid.UUID():
            return {"$uuid": str(value)}
    return value


# ---------------------------------------------------------------------- reading


def rule_from_dict(data: object, path: str = "rule") -> Rule:
    """Return the rule of a JSON object; `path` is where it stands in what was read."""
    if not isinstance(data, Mapping):
        raise InvalidInputError(path, "must be a mapping", came(data))
    if "rule" not in data:
        raise InvalidInputError(f"{path}.rule", "must be given", "the key is missing")
    return _READERS[one_of(f"{path}.rule", data["rule"], _READERS)](data, path)


def _compare(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "field", "op", "value"))
    with under(path, "rule"):
        value = _operand(own["field"], own["value"], "value")
        return Compare(own["field"], own["op"], value)


def _in(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "field", "values"))
    given = _list(f"{path}.values", own["values"])
    with under(path, "rule"):
        values = [_operand(own["field"], one, f"values[{i}]") for i, one in enumerate(given)]
        return In(own["field"], tuple(values))


def _between(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "field"), ("low", "high"))
    with under(path, "rule"):
        low, high = (
            None if own.get(end) is None else _operand(own["field"], own[end], end)
            for end in ("low", "high")
        )
        return Between(own["field"], low, high)


def _missing(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "field"))
    with under(path, "rule"):
        return Missing(own["field"])


def _junction(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "rules"))
    given = _list(f"{path}.rules", own["rules"])
    parts = [rule_from_dict(part, f"{path}.rules[{i}]") for i, part in enumerate(given)]
    if len(parts) == 1:
        return parts[0]
    with under(path, "rule"):
        return (And if own["rule"] == "and" else Or)(tuple(parts))


def _not(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "of"))
    return Not(rule_from_dict(own["of"], f"{path}.of"))


def _did(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "of"), ("at_least", "within"))
    part = rule_from_dict(own["of"], f"{path}.of")
    with under(path, "rule"):
        within = None if own.get("within") is None else _duration(own["within"])
        return Did(part, own.get("at_least", 1), within)


def _constant(data: Mapping[str, Any], path: str) -> Rule:
    own = read(path, data, ("rule", "truth"))
    with under(path, "rule"):
        return Constant(own["truth"])


_READERS: Mapping[str, Callable[[Mapping[str, Any], str], Rule]] = {
    "compare": _compare,
    "in": _in,
    "between": _between,
    "missing": _missing,
    "and": _junction,
    "or": _junction,
    "not": _not,
    "did": _did,
    "constant": _constant,
}


# ---------------------------------------------------------------------- constants


def _operand(field: object, value: object, name: str) -> Operand:
    field = check_field(field)
    return operand(field, _typed(name, value) if isinstance(value, Mapping) else value, name=name)


def _typed(name: str, value: Mapping[str, Any]) -> Operand:
    """Read an object with one key, the type of the constant it holds."""
    if len(value) != 1:
        raise InvalidInputError(name, "must be one constant", f"got {len(value)} keys")
    ((tag, held),) = value.items()
    tag = one_of(name, tag, _TYPES)
    with under(name, "constant"):
        return _TYPES[tag](tag, held)


def _duration(value: object) -> dt.timedelta:
    own = read("within", value, ("$duration",))
    us = whole("within.$duration", own["$duration"], least=1)
    try:
        return dt.timedelta(microseconds=us)
    except OverflowError:
        raise InvalidInputError("within.$duration", "must fit a timedelta", "got more") from None


def _uuid(name: str, value: object) -> uuid.UUID:
    written = text(name, value)
    try:
        return uuid.UUID(written)
    except ValueError:
        raise InvalidInputError(name, "must be a UUID", "got another str") from None


def _money(name: str, value: object) -> Money:
    with under(name, "Money"):
        return Money.from_dict(cast("Mapping[str, Any]", value))


_TYPES: Mapping[str, Callable[[str, object], Operand]] = {
    "$decimal": lambda name, value: decimal(name, text(name, value)),
    "$money": _money,
    "$at": load_instant,
    "$uuid": _uuid,
}


def _list(name: str, value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidInputError(name, "must be a list", came(value))
    return list(value)
