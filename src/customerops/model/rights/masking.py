"""Records without what tells whose they are: `redact` for people to read, `pseudonymise` to join.

Which fields are personal data, and of which category, is declared where the fields are: `pii_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar, overload

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.records.records import (
    IDENTIFIER_PII,
    Consent,
    Customer,
    Identifier,
    Interaction,
    Subscription,
)
from customerops.model.rights.secrets import secret, token
from customerops.model.values.checks import Id, came, each, identifier, text

__all__ = ["REDACTED", "pseudonymise", "redact"]

R = TypeVar("R", bound=Record)

REDACTED = "[redacted]"
"""What stands for a value that was taken out."""

PERSON = "person"

_IDS: dict[type[Record], dict[str, str]] = {
    Customer: {"id": PERSON, "account_id": PERSON, "owner_id": PERSON},
    Interaction: {
        "customer_id": PERSON,
        "actor_id": PERSON,
        "id": "interaction",
        "thread_id": "thread",
    },
    Subscription: {"customer_id": PERSON, "id": "subscription"},
    Consent: {"customer_id": PERSON, "guardian_id": PERSON, "evidence_ref": "evidence"},
}
"""The fields that name someone or something of theirs, and what they name."""


def redact(record: Record, *, keep: Collection[str] = ()) -> dict[str, Any]:
    """Return a record in plain JSON types with its personal data taken out.

    Parameters
    ----------
    record : Record
        A customer, an interaction or another record.
    keep : collection of str
        Fides categories that stay, with what lies below them: ``{"user.behavior"}`` leaves what
        was done and takes out who did it.

    Returns
    -------
    dict
        As by ``to_dict``; each value of a field that `pii_of` names is ``"[redacted]"``, also in
        the records inside. What is missing stays missing.

    Raises
    ------
    InvalidInputError
        If it is not a record, or `keep` not a collection of strings.

    Notes
    -----
    For support screens, tickets and logs. Numbers of orders and threads stay, and with them the
    way back: what is left is still personal data.

    Examples
    --------
    >>> from customerops.model import Customer, Identifier, redact
    >>> ann = Customer(id="c-9", identifiers={Identifier(type="email", value="ann@example.com")})
    >>> redact(ann)["id"], redact(ann)["identifiers"][0]["value"]
    ('[redacted]', '[redacted]')
    >>> redact(ann, keep={"user.contact"})["identifiers"][0]["value"]
    'ann@example.com'
    """
    if not isinstance(record, Record):
        raise InvalidInputError("record", "must be a record", came(record))
    kept = tuple(text("keep", one) for one in each("keep", keep))
    return {"schema": record.to_dict()["schema"], **_redacted(record, kept)}


def _redacted(record: Any, keep: tuple[str, ...]) -> dict[str, Any]:
    written = record.to_dict()
    out: dict[str, Any] = {}
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        inside = value if isinstance(value, tuple | frozenset) else ()
        if any(isinstance(one, Record) for one in inside):
            many = [_redacted(one, keep) for one in inside]
            out[field.name] = sorted(many, key=repr) if isinstance(value, frozenset) else many
            continue
        category = field.metadata.get("pii")
        if isinstance(record, Identifier) and field.name == "value":
            category = IDENTIFIER_PII.get(record.type, category)
        stays = category is None or any(_below(category, one) for one in keep)
        empty = value is None or (not value and isinstance(value, tuple | frozenset | Mapping))
        out[field.name] = written[field.name] if stays or empty else REDACTED
    return out


@overload
def pseudonymise(subject: R, *, key: str | bytes, keep: Collection[str] = ()) -> R: ...


@overload
def pseudonymise(subject: Id, *, key: str | bytes, keep: Collection[str] = ()) -> str: ...


def pseudonymise(
    subject: Record | Id, *, key: str | bytes, keep: Collection[str] = ()
) -> Record | str:
    """Return a record, or an id, with keyed pseudonyms in the place of what names a person.

    Parameters
    ----------
    subject : Customer, Identifier, Interaction, Subscription, Consent, or an id
        What to pseudonymise. An id is taken for a customer's.
    key : bytes or str
        At least 16 bytes, kept apart from the data. Under one key a customer has one pseudonym in
        all records, so that they still join; another key gives others.
    keep : collection of str
        Names of attributes and of tags that stay. All others are left out: nobody can know
        whether they name the person.

    Returns
    -------
    Record or str
        The same kind of record; ids and values of identifiers are 32 hexadecimal digits.

    Raises
    ------
    InvalidInputError
        If it is not one of these, or the key is short.

    Notes
    -----
    Pseudonym = HMAC-SHA-256 of the kind of thing, the type and the value, cut to 128 bits. A plain
    hash of a phone number is found by hashing all phone numbers; without the key this one is not.

    It is pseudonymisation (去标识化), not anonymisation (匿名化): who has the key, or enough other
    data, can tell the person. The result is still personal data, with every right to it.

    References
    ----------
    GDPR article 4(5), recital 26. PIPL article 73(3) and (4). RFC 2104.

    Examples
    --------
    >>> from customerops.model import Consent, pseudonymise
    >>> key = "a key that is kept elsewhere"
    >>> one = pseudonymise("c-9", key=key)
    >>> len(one), one == pseudonymise("c-9", key=key), one == pseudonymise("c-8", key=key)
    (32, True, False)
    """
    made = secret(key)
    kept = frozenset(text("keep", one) for one in each("keep", keep))
    if not isinstance(subject, Record):
        return token(made, PERSON, identifier("subject", subject))
    if isinstance(subject, Identifier):
        return _masked(subject, made)
    if type(subject) not in _IDS:
        raise InvalidInputError("subject", "must be a record that names a customer", came(subject))
    change: dict[str, Any] = {}
    for name, domain in _IDS[type(subject)].items():
        value = getattr(subject, name)
        change[name] = None if value is None else token(made, domain, value)
    attributes = getattr(subject, "attributes", None)
    if attributes is not None:
        change["attributes"] = {name: v for name, v in attributes.items() if name in kept}
    if isinstance(subject, Customer):
        change["identifiers"] = frozenset(_masked(one, made) for one in subject.identifiers)
        change["tags"] = frozenset(one for one in subject.tags if one.name in kept)
    return attrs.evolve(subject, **change)


def _masked(one: Identifier, key: bytes) -> Identifier:
    return attrs.evolve(one, value=token(key, "identifier", (one.type, one.value)))


def _below(category: str, wider: str) -> bool:
    return category == wider or category.startswith(f"{wider}.")
