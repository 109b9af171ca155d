"""One record of the records of a customer: which value survives, and where it is from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.identity.columns import SourceRecord
from customerops.model.identity.resolution import Resolution
from customerops.model.records.base import Record
from customerops.model.records.records import Customer, Identifier
from customerops.model.values.checks import Id, came, did_you_mean, each, one_of
from customerops.model.values.frozenmap import FrozenMap
from customerops.model.values.instants import to_us

__all__ = ["MergedCustomer", "Survivorship", "merge_customers"]

_RULES = ("most_recent", "most_trusted", "longest", "earliest")
_SINGLE = (
    *("kind", "account_id", "acquisition_channel", "owner_id", "timezone"),
    *("language", "country"),
)
_SETS = ("identifiers", "tags")
_ATTRIBUTES = "attributes"
_NEVER = 2**63  # microseconds: after every instant
_NO_RULES: Mapping[str, Any] = FrozenMap()


@attrs.frozen(kw_only=True)
class Survivorship(Record):
    """Which value a merged customer gets, field by field.

    Parameters
    ----------
    default : {"most_recent", "most_trusted", "longest", "earliest"}
        The rule of every field that is not in `fields`. "most_recent": of the record that was
        updated last. "most_trusted": of the source that stands first in `trust`. "longest": the
        longest text. "earliest": of the record that was created first.
    fields : mapping of str to rule
        Rules of single fields: "country", "owner_id", ..., "attributes" for all of them or
        "attributes.age" for one. "identifiers" and "tags" are the union of all records ("union")
        unless another rule picks one record, "longest" the one with most. `created_at` is always
        the earliest.
    trust : tuple of str
        Sources, the most trusted first; those not named come after them, alike.

    Raises
    ------
    InvalidInputError
        If a rule or a field is not known, or "union" is asked of a field with one value.

    Notes
    -----
    What is missing never survives. What a rule leaves open is decided by trust, then by the later
    update, then by the smaller record id. A record that does not say when it was updated or
    created is behind those that do; a plain `Customer` has no source and no update.

    Examples
    --------
    >>> from customerops.model import Survivorship
    >>> Survivorship(fields={"country": "most_trusted"}, trust=("crm", "shop")).rule("country")
    'most_trusted'
    """

    default: Literal["most_recent", "most_trusted", "longest", "earliest"] = "most_recent"
    fields: Mapping[str, str] = _NO_RULES
    trust: tuple[str, ...] = ()

    def _check(self) -> None:
        known = (*_SINGLE, *_SETS, _ATTRIBUTES)
        for field, rule in self.fields.items():
            if field not in known and not field.startswith(f"{_ATTRIBUTES}."):
                said = f"got {field!r}{did_you_mean(field, known)}"
                raise InvalidInputError("fields", "must name fields of a customer", said)
            one_of(f"fields.{field}", rule, (*_RULES, *(("union",) if field in _SETS else ())))

    def rule(self, field: str) -> str:
        """Return the rule of a field: its own, that of its group, or the default."""
        group = field.partition(".")[0]
        usual = "union" if group in _SETS else self.default
        return self.fields.get(field, self.fields.get(group, usual))


def _fixed(given: Mapping[str, tuple[Id, ...]]) -> Mapping[str, tuple[Id, ...]]:
    return MappingProxyType(dict(given))


@attrs.frozen(kw_only=True, repr=False)
class MergedCustomer:
    """A customer made of its records, and where each value is from.

    Attributes
    ----------
    customer : Customer
        Under the id of the resolution.
    origin : mapping of str to tuple of ids
        Field to the records its value is from: one of them, or for a union all that gave
        something. Attributes are there as "attributes.age"; a field without a value is not there.
    records : tuple of ids
        All records it is made of, in order.
    """

    customer: Customer
    origin: Mapping[str, tuple[Id, ...]] = attrs.field(converter=_fixed, hash=False)
    records: tuple[Id, ...]

    def __repr__(self) -> str:
        """Return the size, and nobody's data."""
        return f"MergedCustomer({len(self.records)} records)"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a view of a dict does not pickle."""
        return (_rebuilt, (self.customer, dict(self.origin), self.records))


def _rebuilt(customer: Customer, origin: Any, records: tuple[Id, ...]) -> MergedCustomer:
    return MergedCustomer(customer=customer, origin=origin, records=records)


@attrs.frozen
class _Said:
    """What one record says of a field, with what decides between records."""

    value: Any
    record: Any
    trust: int
    updated: int
    created: int


_ORDER: dict[str, Callable[[_Said], tuple[Any, ...]]] = {
    "most_trusted": lambda said: (said.trust, -said.updated, said.record),
    "most_recent": lambda said: (-said.updated, said.trust, said.record),
    "longest": lambda said: (-_length(said.value), said.trust, -said.updated, said.record),
    "earliest": lambda said: (said.created, said.trust, -said.updated, said.record),
}


def _length(value: Any) -> int:
    return len(value) if isinstance(value, frozenset) else len(str(value))


def merge_customers(
    records: Iterable[Customer | SourceRecord],
    resolution: Resolution,
    *,
    survivorship: Survivorship | None = None,
) -> tuple[MergedCustomer, ...]:
    """Return one customer of the records of each, with the origin of every value.

    Parameters
    ----------
    records : iterable of Customer or SourceRecord
        Records of the resolution; of a customer all or none.
    resolution : Resolution
        Which of them are one.
    survivorship : Survivorship, optional
        Which value survives; left out, the most recent.

    Returns
    -------
    tuple of MergedCustomer
        In the order of their ids. An `account_id` is the customer that the account became; of a
        `SourceRecord` it is first read as an id of the same source.

    Raises
    ------
    InvalidInputError
        If a record is not in the resolution, is there twice, or another one of its customer is
        missing.

    Notes
    -----
    An identifier that several records hold is one: verified if it is anywhere, seen from the
    first to the last time, its source that of the most trusted record.

    Examples
    --------
    >>> from customerops.model import Customer, IdentityRules, Link, SourceRecord, Survivorship
    >>> from customerops.model import merge_customers, resolve_identities
    >>> shop = SourceRecord(source="shop", customer=Customer(id=4, country="CN"))
    >>> crm = SourceRecord(source="crm", customer=Customer(id=1, country="DE", language="de"))
    >>> same = resolve_identities(
    ...     [shop, crm], IdentityRules(joins=("match",)), links=[Link(shop.id, crm.id)]
    ... )
    >>> trusted = Survivorship(default="most_trusted", trust=("shop", "crm"))
    >>> (ann,) = merge_customers([shop, crm], same, survivorship=trusted)
    >>> ann.customer.id, ann.customer.country, ann.customer.language
    ('crm:1', 'CN', 'de')
    >>> ann.origin["country"], ann.origin["language"]
    (('shop:4',), ('crm:1',))
    """
    rules = Survivorship() if survivorship is None else survivorship
    for name, given, kind in (
        ("resolution", resolution, Resolution),
        ("survivorship", rules, Survivorship),
    ):
        if not isinstance(given, kind):
            raise InvalidInputError(name, f"must be a {kind.__name__}", came(given))
    groups: dict[Any, dict[Any, Customer | SourceRecord]] = {}
    for i, record in enumerate(each("records", records)):
        if not isinstance(record, Customer | SourceRecord):
            must = "must be a Customer or a SourceRecord"
            raise InvalidInputError(f"records[{i}]", must, came(record))
        if record.id not in resolution:
            raise InvalidInputError(f"records[{i}]", "must be a record of the resolution")
        group = groups.setdefault(resolution[record.id], {})
        if record.id in group:
            raise InvalidInputError(f"records[{i}]", "must be there once", "got it again")
        group[record.id] = record
    absent = sum(len(resolution.clusters[one]) - len(group) for one, group in groups.items())
    if absent:
        problem = f"{absent} are missing"
        raise InvalidInputError("records", "must hold all records of their customers", problem)
    return tuple(_merged(one, groups[one], resolution, rules) for one in sorted(groups))


def _merged(
    customer_id: Id,
    group: Mapping[Any, Customer | SourceRecord],
    resolution: Resolution,
    rules: Survivorship,
) -> MergedCustomer:
    trust = {source: i for i, source in reversed(list(enumerate(rules.trust)))}
    fields: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    origin: dict[str, tuple[Id, ...]] = {}
    said: dict[str, list[_Said]] = {}
    for record_id in sorted(group):
        record = group[record_id]
        customer, source, updated = _parts(record)
        for field, value in _values(record, customer, resolution).items():
            said.setdefault(field, []).append(
                _Said(
                    value,
                    record_id,
                    trust.get(source, len(trust)) if source is not None else len(trust),
                    updated,
                    _NEVER if customer.created_at is None else to_us(customer.created_at),
                )
            )
    for field, voices in said.items():
        rule = "earliest" if field == "created_at" else rules.rule(field)
        if rule == "union":
            ordered = sorted(voices, key=_ORDER["most_trusted"])
            value = _union(field, [one.value for one in ordered])
            origin[field] = tuple(one.record for one in voices)
        else:
            best = min(voices, key=_ORDER[rule])
            value, origin[field] = best.value, (best.record,)
        group_name, _, key = field.partition(".")
        if group_name == _ATTRIBUTES:
            attributes[key] = value
        else:
            fields[field] = value
    return MergedCustomer(
        customer=Customer(id=customer_id, attributes=attributes, **fields),
        origin=origin,
        records=tuple(sorted(group)),
    )


def _parts(record: Customer | SourceRecord) -> tuple[Customer, str | None, int]:
    """Return the customer of a record, its source, and when it was updated."""
    if isinstance(record, Customer):
        return record, None, -_NEVER
    updated = -_NEVER if record.updated_at is None else to_us(record.updated_at)
    return record.customer, record.source, updated


def _values(
    record: Customer | SourceRecord, customer: Customer, resolution: Resolution
) -> dict[str, Any]:
    """Return what a record says: fields that are neither missing nor empty."""
    account: Any = customer.account_id
    if account is not None:
        if isinstance(record, SourceRecord):
            account = f"{record.source}:{account}"
        account = resolution.get(account, account)
    names = ("created_at", *_SINGLE, *_SETS)
    values = {name: getattr(customer, name) for name in names} | {"account_id": account}
    values |= {f"{_ATTRIBUTES}.{key}": value for key, value in customer.attributes.items()}
    return {name: value for name, value in values.items() if value is not None and value != set()}


def _union(field: str, values: list[frozenset[Any]]) -> frozenset[Any]:
    """Return the union of sets, those of the most trusted record first."""
    if field == "tags":
        return frozenset().union(*values)
    held: dict[tuple[str, str], Identifier] = {}
    for one in (one for value in values for one in sorted(value, key=_seniority)):
        key = (one.type, one.value)
        held[key] = _both(held[key], one) if key in held else one
    return frozenset(held.values())


def _seniority(one: Identifier) -> tuple[Any, ...]:
    """Return an order of the identifiers of one record."""
    return (one.type, one.value, one.source is None, one.source or "")


def _both(one: Identifier, other: Identifier) -> Identifier:
    times = (one.first_seen, one.last_seen, other.first_seen, other.last_seen)
    seen = [at for at in times if at is not None]
    return attrs.evolve(
        one,
        verified=one.verified or other.verified,
        first_seen=min(seen, default=None),
        last_seen=max(seen, default=None),
        source=other.source if one.source is None else one.source,
    )
