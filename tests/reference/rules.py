"""Rules by their definition: the written form is read, numbers are fractions, loops are loops.

Truth is a number, as in Kleene's and Lukasiewicz's tables: 0 false, 1/2 unknown, 1 true. Then
"and" is the minimum, "or" the maximum, and "not" the complement to 1.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from customerops.model.records.records import Customer, Interaction

__all__ = ["FALSE", "TRUE", "UNKNOWN", "groups", "truth", "truth_of_customer"]

FALSE, UNKNOWN, TRUE = Fraction(0), Fraction(1, 2), Fraction(1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def truth(rule: dict[str, Any], event: Interaction) -> Fraction:
    """Return what an event rule in its written form says of an interaction."""
    return _evaluate(rule, lambda field: _event_values(field, event), None)


def truth_of_customer(
    rule: dict[str, Any],
    events: Sequence[Interaction],
    as_of: dt.datetime,
    customer: Customer | None = None,
) -> Fraction:
    """Return what a customer rule in its written form says of one customer."""

    def did(rule: dict[str, Any]) -> Fraction:
        count = 0
        for event in events:
            age = Fraction((as_of - event.at) // dt.timedelta(microseconds=1))
            known = age >= 0
            recent = rule["within"] is None or age < rule["within"]["$duration"]
            if known and recent and truth(rule["of"], event) == TRUE:
                count += 1
        return TRUE if count >= rule["at_least"] else FALSE

    return _evaluate(rule, lambda field: _customer_values(field, customer), did)


def groups(
    events: Mapping[Any, Sequence[Interaction]],
    field: str,
    which: str,
    where: dict[str, Any] | None,
) -> dict[Any, Any]:
    """Return the value of a field at the first or last event of each customer, by time then order."""
    found: dict[Any, Any] = {}
    for customer, own in events.items():
        inside = [x for x in own if where is None or truth(where, x) == TRUE]
        ordered = sorted(inside, key=lambda x: x.at)  # stable: ties keep their order
        one = (ordered[0] if which == "first" else ordered[-1]) if ordered else None
        found[customer] = None if one is None else _event_values(field, one)[0]
    return found


def _evaluate(
    rule: dict[str, Any],
    values: Callable[[str], list[Any]],
    did: Callable[[dict[str, Any]], Fraction] | None,
) -> Fraction:
    match rule["rule"]:
        case "and":
            return min(_evaluate(part, values, did) for part in rule["rules"])
        case "or":
            return max(_evaluate(part, values, did) for part in rule["rules"])
        case "not":
            return 1 - _evaluate(rule["of"], values, did)
        case "constant":
            return TRUE if rule["truth"] else FALSE
        case "did":
            assert did is not None
            return did(rule)
        case "missing":
            return TRUE if all(seen is None for seen in values(rule["field"])) else FALSE
    seen = values(rule["field"])
    return max((_leaf(rule, one) for one in seen), default=UNKNOWN)


def _leaf(rule: dict[str, Any], seen: Any) -> Fraction:
    if rule["rule"] == "compare":
        return _compare(rule["op"], seen, _constant(rule["value"]))
    if rule["rule"] == "in":
        return max(_compare("eq", seen, _constant(value)) for value in rule["values"])
    ends = (("ge", rule["low"]), ("lt", rule["high"]))
    return min(_compare(op, seen, _constant(end)) for op, end in ends if end is not None)


def _compare(op: str, seen: Any, constant: Any) -> Fraction:
    if seen is None:
        return UNKNOWN
    (sort, left), (other, right) = _measured(seen), _measured(constant)
    if sort != other:
        return {"eq": FALSE, "ne": TRUE}.get(op, UNKNOWN)
    sign = (left > right) - (left < right)
    holds = {
        "eq": sign == 0,
        "ne": sign != 0,
        "lt": sign < 0,
        "le": sign <= 0,
        "gt": sign > 0,
        "ge": sign >= 0,
    }
    return TRUE if holds[op] else FALSE


def _measured(value: Any) -> tuple[str, Any]:
    """Return the sort of a value and something of that sort that has an order."""
    if isinstance(value, dt.datetime):
        return "instant", (value - EPOCH) // dt.timedelta(microseconds=1)
    if isinstance(value, uuid.UUID):
        return "uuid", value.int
    if isinstance(value, str):
        return "text", [ord(letter) for letter in value]
    if value is True or value is False:
        return "truth", int(value)
    return "number", Fraction(value)


def _constant(written: Any) -> Any:
    if not isinstance(written, dict):
        return written
    ((tag, value),) = written.items()
    if tag == "$decimal":
        return Fraction(value)
    if tag == "$money":
        return Fraction(value["amount"])
    if tag == "$uuid":
        return uuid.UUID(value)
    assert tag == "$at"
    return dt.datetime.fromisoformat(value)


def _event_values(field: str, event: Interaction) -> list[Any]:
    if field == "sku":
        return [item.sku for item in event.items]
    if field == "category":
        return [item.category for item in event.items]
    if field == "amount":
        return [None if event.amount is None else Fraction(event.amount.amount)]
    if field in ("thread", "campaign"):
        return [event.thread_id if field == "thread" else event.campaign_id]
    if field.startswith("attributes."):
        return [dict(event.attributes).get(field.split(".", 1)[1])]
    return [getattr(event, field)]


def _customer_values(field: str, customer: Customer | None) -> list[Any]:
    assert customer is not None
    name = field.split(".", 1)[1]
    return [dict(customer.attributes).get(name, getattr(customer, name, None))]
