"""Records made of what a table found in a payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.adapters.payload import FieldMap, Taken
from customerops.model.identity.normalise import normalise_identifier
from customerops.model.records.kinds import IdentifierType
from customerops.model.records.records import Customer, Identifier, Interaction
from customerops.model.values.checks import Scalar, one_of
from customerops.model.values.money import Money

__all__ = ["at_path", "customer_of", "interaction_of", "money", "table"]

_KNOWN_BY = "identifier."
_FIELDS = frozenset(field.name for field in attrs.fields(Customer))


@contextmanager
def at_path(path: str) -> Iterator[None]:
    """Name where a value stood in the payload, in the error about it."""
    try:
        yield
    except InvalidInputError as error:
        raise InvalidInputError(path, error.requirement, error.problem) from None


def table(
    tables: Mapping[str, Sequence[FieldMap]], of: str, own: Sequence[FieldMap]
) -> list[FieldMap]:
    """Return the table of an object, after the caller's own fields."""
    return [*own, *tables[one_of("of", of, tables)]]


def money(path: str, amount: Decimal, currency: str) -> Money:
    """Return an amount in major units, in a currency in any case."""
    with at_path(path):
        return Money(amount, currency.upper())


def customer_of(system: str, taken: Taken, *, region: str | None = None, **known: Any) -> Customer:
    """Return the customer that a payload describes.

    Addresses and numbers are brought to one spelling; one that is none, such as a telephone number
    without its country, is kept in ``attributes`` as it came.

    Parameters
    ----------
    system : str
        Where it comes from: the source of its identifiers, and what is put before the name of an
        attribute that is the name of a field.
    taken : Taken
        What the table found.
    region : str, optional
        Country of telephone numbers that do not say it.
    **known
        Other fields.
    """
    values, rest = dict(taken.values), dict(taken.rest)
    identifiers = set()
    for to in [to for to in values if to.startswith(_KNOWN_BY)]:
        name, value = to.removeprefix(_KNOWN_BY), str(values.pop(to))
        sort = name.partition(".")[0]  # "phone.2" is another phone
        spelled = normalise_identifier(
            sort, value, region=region if sort == IdentifierType.PHONE else None
        )
        if spelled is None:
            rest[name if name not in rest else f"{system}.{name}"] = value
        else:
            identifiers.add(Identifier(type=sort, value=spelled, source=system))
    return Customer(
        **{**values, **known},
        identifiers=frozenset(identifiers),
        attributes={_named(system, key): value for key, value in rest.items()},
    )


def _named(system: str, key: str) -> str:
    return f"{system}.{key}" if key in _FIELDS else key


def interaction_of(
    taken: Taken, *, where: str = "amount", currency: str | None = None, **known: Any
) -> Interaction:
    """Return the interaction that a payload describes.

    Parameters
    ----------
    taken : Taken
        What the table found; ``amount`` in major units, with ``currency`` or the one given.
    where : str
        Path of the amount, for messages.
    currency : str, optional
        Of an amount that does not say it.
    **known
        Other fields; one of the payload stands before them.
    """
    values = {**known, **taken.values}
    own = values.pop("currency", currency)
    amount = values.get("amount")
    if isinstance(amount, Decimal):
        if own is None:
            problem = "the payload does not say it; give currency="
            raise InvalidInputError(where, "must have a currency", problem)
        values["amount"] = money(where, amount, own)
    attributes: Mapping[str, Scalar] = taken.rest
    return Interaction(**values, attributes=attributes)
