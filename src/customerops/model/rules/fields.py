"""What a rule can ask about: the fields, how a record answers, what they are compared with."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from customerops.errors import InvalidInputError
from customerops.model.values.checks import (
    came,
    decimal,
    did_you_mean,
    finite,
    identifier,
    scalar,
    text,
)
from customerops.model.values.instants import as_instant
from customerops.model.values.money import Money

if TYPE_CHECKING:
    from customerops.model.records.records import Customer

__all__ = [
    "ATTRIBUTE",
    "CUSTOMER",
    "EVENT_FIELDS",
    "LINE_FIELDS",
    "Operand",
    "check_currency",
    "check_field",
    "check_together",
    "comparable",
    "is_of_customer",
    "operand",
    "paired",
    "reader",
    "same",
    "title",
]

Operand = bool | int | float | str | uuid.UUID | Decimal | Money | dt.datetime
"""What a field is compared with, normalised once, when the rule was made."""

ATTRIBUTE = "attributes."
"""Prefix of the field of an event attribute, and of its column."""

CUSTOMER = "customer."
"""Prefix of the field of a customer attribute."""

LINE_FIELDS = frozenset({"sku", "category"})
"""Fields of the line items: an event has as many values as it has lines."""


# ---------------------------------------------------------------------- operands


def _number_or_text(name: str, value: object) -> Operand:
    """Return what attributes hold; an integral float is the int it equals, so 1.0 and 1 are one."""
    plain = scalar(name, value)
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def _amount(name: str, value: object) -> Operand:
    if isinstance(value, Money):
        return value
    if isinstance(value, float):
        raise InvalidInputError(
            name,
            "must be compared with an exact amount",
            'got float; write Decimal("5.00") or "5.00", in major units',
        )
    return decimal(name, value)


_NORMAL: dict[str, Callable[[str, object], Operand]] = {
    "campaign": identifier,
    "thread": identifier,
    "amount": _amount,
    "value": finite,
    "at": as_instant,
    "customer.account_id": identifier,
    "customer.owner_id": identifier,
    "customer.created_at": as_instant,
}


def operand(field: str, value: object, *, name: str | None = None) -> Operand:
    """Return `value` as what a field is compared with.

    Parameters
    ----------
    field : str
        The field.
    value : object
        What was given.
    name : str, optional
        What to call it in an error; the field's title when left out.

    Raises
    ------
    InvalidInputError
        Saying what the field can be compared with.
    """
    name = title(field) if name is None else name
    if value is None:
        raise InvalidInputError(
            name, "must be compared with a value", "got None; ask with is_missing()"
        )
    default = text if field in _READ else _number_or_text
    return _NORMAL.get(field, default)(name, value)


def same(value: Any) -> Any:
    """Return what two operands share exactly if they are one: ``True`` is not ``1``."""
    if isinstance(value, tuple):
        return tuple(same(part) for part in value)
    return (type(value).__name__, value)


# ---------------------------------------------------------------------- the fields

_READ: dict[str, Callable[[Any], Any]] = {
    "kind": attrgetter("kind"),
    "channel": attrgetter("channel"),
    "name": attrgetter("name"),
    "direction": attrgetter("direction"),
    "outcome": attrgetter("outcome"),
    "actor_kind": attrgetter("actor_kind"),
    "campaign": attrgetter("campaign_id"),
    "thread": attrgetter("thread_id"),
    "sku": lambda event: tuple(item.sku for item in event.items),
    "category": lambda event: tuple(item.category for item in event.items),
    "amount": attrgetter("amount"),
    "value": attrgetter("value"),
    "at": attrgetter("at"),
}

EVENT_FIELDS = tuple(_READ)
"""The fields every interaction has, besides its attributes."""

_OF_RECORD = frozenset(
    {
        "kind",
        "created_at",
        "account_id",
        "acquisition_channel",
        "owner_id",
        "timezone",
        "language",
        "country",
    }
)
"""Fields of `Customer` that hold one plain value; any other name is one of its attributes."""

_REFUSED = {
    "id": "select customers by log.of, or group them by a mapping of ids",
    "identifiers": "it holds many values",
    "tags": "it holds many values",
    "attributes": "name one of them, as in customer('plan')",
}


def check_field(name: object) -> str:
    """Return `name` if it is a field: a standard one, ``attributes.<n>`` or ``customer.<n>``.

    Raises
    ------
    InvalidInputError
        With the nearest field, or why a part of a customer record is not one.
    """
    if isinstance(name, str):
        scope, dot, key = name.partition(".")
        if name in _READ or (key and scope + dot == ATTRIBUTE):
            return str.__str__(name)
        if key and scope + dot == CUSTOMER:
            if key not in _REFUSED:
                return str.__str__(name)
            raise InvalidInputError(
                f"customer({key!r})", "must be a field with one plain value", _REFUSED[key]
            )
    options = [*EVENT_FIELDS, "attributes.<name>", "customer.<name>"]
    problem = (
        f"got {str(name)!r}{did_you_mean(name, options)}" if isinstance(name, str) else came(name)
    )
    raise InvalidInputError("field", f"must be one of {', '.join(options)}", problem)


def is_of_customer(name: str) -> bool:
    """Whether a field is one of the customer, not of an event."""
    return name.startswith(CUSTOMER)


def title(name: str) -> str:
    """Return a field as people write it: ``kind``, ``attribute('plan')``, ``customer('plan')``."""
    scope, dot, key = name.partition(".")
    return f"{'attribute' if scope + dot == ATTRIBUTE else scope}({key!r})" if dot else name


@functools.lru_cache(maxsize=512)
def reader(name: str) -> Callable[[Any], Any]:
    """Return what reads a field off its subject; None is missing.

    The subject is an interaction for event fields, a history with a customer record for others.
    """
    if is_of_customer(name):
        return lambda subject: _read_customer(name, subject.customer)
    key = name[len(ATTRIBUTE) :]
    return _READ.get(name) or (lambda event: event.attributes.get(key))


def _read_customer(name: str, customer: Customer | None) -> Any:
    """Return what a customer record says about a customer field; None is missing."""
    if customer is None:
        raise InvalidInputError(
            "customer", "must be given", f"the rule asks for {title(name)}, which is in the record"
        )
    key = name[len(CUSTOMER) :]
    return getattr(customer, key) if key in _OF_RECORD else customer.attributes.get(key)


# ---------------------------------------------------------------------- comparing


def comparable(value: Any) -> tuple[object, Any]:
    """Return what a value compares as, and with what: equal pairs are equal values."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, int | float):
        return float, value
    if isinstance(value, str):
        return str, value
    if isinstance(value, Money):
        return Decimal, value.amount
    return type(value), value


def paired(seen: Any, constant: Operand) -> tuple[Any, Any] | None:
    """Return the two sides of a comparison as Python compares them exactly, None if it cannot.

    Text compares with text, truth values with truth values, instants with instants, and ints with
    floats by their exact numeric value; a bool is not a number.
    """
    if isinstance(constant, Money):
        check_currency(constant, seen.currency)
    (sort, left), (other, right) = comparable(seen), comparable(constant)
    return (left, right) if sort is other else None


def check_currency(constant: Money, currency: str | None) -> None:
    """Raise when amounts of `currency` are compared with Money of another."""
    if currency is not None and constant.currency != currency:
        raise InvalidInputError(
            "amount", f"must be in {constant.currency}, as the rule is", f"got {currency}"
        )


def check_together(name: str, constants: Iterable[Operand]) -> None:
    """Raise unless constants can stand in one range, or in one set of amounts."""
    sorts = {
        constant.currency if isinstance(constant, Money) else comparable(constant)[0]
        for constant in constants
    }
    if len(sorts) > 1:
        raise InvalidInputError(
            title(name), "must be compared with values of one type, amounts of one currency"
        )
