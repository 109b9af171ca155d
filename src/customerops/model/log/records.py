"""Records into a log and out of it, without loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog, locked
from customerops.model.log.make import assemble
from customerops.model.records.records import Customer, Interaction, Item
from customerops.model.values.checks import came, one_of
from customerops.model.values.columns import Coded, Column, Ids, Numbers, code_type
from customerops.model.values.instants import from_us, to_us
from customerops.model.values.labels import Label, label_key
from customerops.model.values.lines import Lines
from customerops.model.values.money import Money, decimals_of
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.window import Window

__all__ = ["log_of_records", "log_with_customers", "records_of_log"]

QUANTITY_DECIMALS = 6

CODED: Mapping[str, str] = {
    "kind": "kind",
    "name": "name",
    "channel": "channel",
    "direction": "direction",
    "outcome": "outcome",
    "actor_kind": "actor_kind",
    "actor": "actor_id",
    "campaign": "campaign_id",
    "thread": "thread_id",
}
"""Column of the log to field of `Interaction`."""

CUSTOMER_FIELDS = (
    "kind",
    "account_id",
    "acquisition_channel",
    "owner_id",
    "timezone",
    "language",
    "country",
)
"""Fields of `Customer` that are columns of a log's customers, beside its attributes."""


def log_of_records(
    interactions: Iterable[Interaction],
    *,
    currency: str | None = None,
    calendar: Calendar | None = None,
    attributes: Iterable[str] | None = None,
    value_decimals: int = 6,
    observed: Window | None = None,
) -> InteractionLog:
    """Build a log from records; every standard column is loaded, empty or not."""
    seen = _listed("interactions", interactions)
    for place, one in enumerate(seen):
        if not isinstance(one, Interaction):
            problem = f"got {type(one).__name__} at position {place}"
            raise InvalidInputError("interactions", "must be Interaction records", problem)
    found = _currency(seen, currency)
    columns: dict[str, Column] = {
        column: code_labels([_plain(getattr(one, field)) for one in seen])
        for column, field in CODED.items()
    }
    for name, values in attribute_values(seen, attributes).items():
        columns[f"attributes.{name}"] = code_labels(values)
    columns["amount"] = _numbers(seen, "amount", lambda money: money.minor)
    columns["value"] = _numbers(seen, "value", lambda x: _fixed("value", x, value_decimals))
    columns["recorded_at"] = _numbers(seen, "recorded_at", to_us)
    columns["until"] = _numbers(seen, "until", to_us)
    columns["id"] = Ids(id_array([one.id for one in seen], "id"))
    return assemble(
        id_array([one.customer_id for one in seen], "customer_id"),
        np.array([to_us(one.at) for one in seen], np.int64),
        columns,
        lines=_lines(seen),
        currency=found,
        decimals=2 if found is None else decimals_of(found),
        value_decimals=value_decimals,
        calendar=calendar,
        observed=observed,
    )


def records_of_log(
    log: InteractionLog, *, order: Literal["id", "stored"]
) -> Iterator[Interaction]:
    """Return the events of a log as records."""
    one_of("order", order, ("id", "stored"))
    if "id" not in log.columns:
        raise InvalidInputError("log", "must have been built with id= to give records")
    if log.parent is not None:
        raise InvalidInputError("log", "must not be by thread", "take the records before that")
    lengths = np.diff(log.offsets)
    rows = np.arange(len(log))
    if order == "id":
        rows = ranges(log.offsets[log.id_order], lengths[log.id_order])
    return _records(log, rows)


def _records(log: InteractionLog, rows: NDArray[np.int64]) -> Iterator[Interaction]:
    owner = log.customers[log.codes[rows]].tolist()
    scale: dict[str, Callable[[int], Any]] = {
        "amount": lambda minor: Money.of_minor(minor, str(log.currency)),
        "value": lambda fixed: fixed / 10**log.value_decimals,
        "recorded_at": from_us,
        "until": from_us,
    }
    fields: dict[str, list[Any]] = {"customer_id": owner, "at": _each(from_us, log.at[rows])}
    named: dict[str, list[Label]] = {}
    for name, column in log.columns.items():
        if isinstance(column, Coded):
            values = decoded(column, rows)
            if name.startswith("attributes."):
                named[name.removeprefix("attributes.")] = values
            else:
                fields[CODED[name]] = values
        elif isinstance(column, Ids):
            fields[name] = column.values[rows].tolist()
        elif name != "row":
            fields[name] = _optional(column, rows, scale[name])
    if log.lines is not None:
        fields["items"] = _items(log, rows)
    fields["attributes"] = _rows_of(named, len(rows))
    for row in zip(*fields.values(), strict=True):
        given: dict[str, Any] = {n: v for n, v in zip(fields, row, strict=True) if v is not None}
        yield Interaction(**given)


def _rows_of(columns: Mapping[str, list[Label]], n: int) -> list[dict[str, Label]]:
    """Return per row the attributes that are there."""
    return [
        {name: values[i] for name, values in columns.items() if values[i] is not None}
        for i in range(n)
    ]


def _items(log: InteractionLog, rows: NDArray[np.int64]) -> list[tuple[Item, ...]]:
    assert log.lines is not None
    lines = log.lines.take(rows)
    everything = np.arange(int(lines.offsets[-1]))
    fields: dict[str, list[Any]] = {}
    for name, column in lines.columns.items():
        if isinstance(column, Coded):
            fields[name] = decoded(column, everything)
        else:
            assert isinstance(column, Numbers)
            make: Callable[[int], Any] = (
                (lambda n: Money.of_minor(n, str(log.currency)))
                if name == "unit_price"
                else (lambda n: _decimal(n, lines.quantity_decimals))
            )
            fields[name] = _optional(column, everything, make)
    made = [
        Item(**{n: v for n, v in zip(fields, row, strict=True) if v is not None})
        for row in zip(*fields.values(), strict=True)
    ]
    bounds = lines.offsets.tolist()
    return [tuple(made[a:b]) for a, b in pairwise(bounds)]


def log_with_customers(
    log: InteractionLog,
    customers: Iterable[Customer],
    *,
    attributes: Iterable[str] | None = None,
) -> InteractionLog:
    """Add static attributes, and customers who have no events yet."""
    records = _listed("customers", customers)
    if log.parent is not None:
        raise InvalidInputError("log", "must not be by thread", "add customers before that")
    place = {one: i for i, one in enumerate(log.customers.tolist())}
    new: list[Customer] = []
    rows: list[int] = []
    for record in records:
        if not isinstance(record, Customer):
            problem = f"got {type(record).__name__}"
            raise InvalidInputError("customers", "must be Customer records", problem)
        if record.id not in place:
            place[record.id] = log.n_customers + len(new)
            new.append(record)
        rows.append(place[record.id])
    if len(set(rows)) < len(rows):
        repeated = len(rows) - len(set(rows))
        raise InvalidInputError("customers", "must be one record each", f"{repeated} are repeated")
    undated = sum(record.created_at is None for record in new)
    if undated:
        raise InvalidInputError(
            "created_at",
            "must be given for a customer without events",
            f"{undated} of {len(new)} have none, so no instant tells since when they count",
        )
    return _with_table(log, records, np.array(rows, np.intp), new, attributes)


def _with_table(
    log: InteractionLog,
    records: Sequence[Customer],
    rows: NDArray[np.intp],
    new: Sequence[Customer],
    attributes: Iterable[str] | None,
) -> InteractionLog:
    n = log.n_customers + len(new)
    created = np.full(n, np.iinfo(np.int64).max)
    for row, record in zip(rows, records, strict=True):
        if record.created_at is not None:
            created[row] = to_us(record.created_at)
    known = created < np.iinfo(np.int64).max
    columns: dict[str, Column] = {
        "created_at": Numbers(locked(np.where(known, created, 0)), locked(known))
    }
    values = {field: [_plain(getattr(one, field)) for one in records] for field in CUSTOMER_FIELDS}
    for name, own in {**values, **attribute_values(records, attributes)}.items():
        coded = code_labels(own)
        codes = np.full(n, -1, coded.codes.dtype)
        codes[rows] = coded.codes
        columns[name] = Coded(locked(codes), coded.labels)
    ids = id_array([*log.customers.tolist(), *(one.id for one in new)], "customer id")
    entered = np.concatenate([log.entered, np.full(len(new), np.iinfo(np.int64).max)])
    extra = np.full(len(new), log.offsets[-1])
    return attrs.evolve(
        log,
        customers=locked(ids),
        offsets=locked(np.concatenate([log.offsets, extra])),
        entered=locked(np.minimum(entered, created)),
        customer_columns=columns,
        cache={},
    )


def _listed(name: str, records: Iterable[Any]) -> list[Any]:
    if not isinstance(records, Iterable):
        raise InvalidInputError(name, "must be an iterable of records", came(records))
    return list(records)


# ------------------------------------------------------------------ single columns


def code_labels(values: Sequence[Label]) -> Coded:
    """Code a list of labels; the code is by (type, value), so True, 1 and 1.0 stay apart."""
    found = {label_key(value): value for value in values if value is not None}
    keys = sorted(found)
    codes = {key: code for code, key in enumerate(keys)}
    labels = tuple(found[key] for key in keys)
    coded = [-1 if value is None else codes[label_key(value)] for value in values]
    return Coded(locked(np.array(coded, code_type(len(labels)))), labels)


def decoded(column: Coded, rows: NDArray[Any]) -> list[Label]:
    """Return the labels of some rows, None where missing."""
    table = [*column.labels, None]
    return [table[code] for code in column.codes[rows].tolist()]


def id_array(ids: Sequence[Any], name: str) -> NDArray[Any]:
    """Return ids as int64, or as objects of one type where None is missing."""
    types = {type(one) for one in ids if one is not None}
    if len(types) > 1:
        kinds = ", ".join(sorted(one.__name__ for one in types))
        raise InvalidInputError(name, "must be of one type throughout", f"got {kinds}")
    if types == {int} and None not in ids:
        low, high = min(ids), max(ids)
        if low < -(2**63) or high >= 2**63:
            raise InvalidInputError(name, "must fit 64 bits when it is an int")
        return np.array(ids, np.int64)
    array = np.empty(len(ids), object)
    array[:] = ids
    return array


def _plain(value: Any) -> Label:
    """Return an enum member's own string, else the value."""
    return str(value) if isinstance(value, str) else value


def attribute_values(records: Sequence[Any], names: Iterable[str] | None) -> dict[str, list[Any]]:
    occurring = {name for record in records for name in record.attributes}
    declared = occurring if names is None else set(names)
    if occurring - declared:
        some = ", ".join(sorted(occurring - declared))
        raise InvalidInputError(
            "attributes", "must name every attribute that occurs", f"not: {some}"
        )
    return {name: [record.attributes.get(name) for record in records] for name in sorted(declared)}


def _currency(seen: Sequence[Interaction], given: str | None) -> str | None:
    found = {one.amount.currency for one in seen if one.amount is not None}
    found |= {
        item.unit_price.currency
        for one in seen
        for item in one.items
        if item.unit_price is not None
    }
    found |= set() if given is None else {given}
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise InvalidInputError("currency", "must be one in a log", f"got {names}; convert first")
    return next(iter(found), None)


def _numbers(seen: Sequence[Any], field: str, convert: Callable[[Any], int]) -> Numbers:
    raw = [getattr(one, field) for one in seen]
    try:
        values = np.array([0 if x is None else convert(x) for x in raw], np.int64)
    except OverflowError:
        raise InvalidInputError(field, "must fit 64 bits in the smallest unit") from None
    valid = np.array([x is not None for x in raw], np.bool_)
    return Numbers(locked(values), None if valid.all() else locked(valid))


def _fixed(name: str, x: float | Decimal, decimals: int) -> int:
    """Return x in units of 10**-decimals, if that gives x back."""
    fixed: int = round(Fraction(x) * 10**decimals)
    exact = (
        fixed / 10**decimals == x if isinstance(x, float) else Fraction(fixed, 10**decimals) == x
    )
    if not exact:
        raise InvalidInputError(name, f"must be exact at {decimals} decimals, or round it first")
    return fixed


def _decimal(fixed: int, decimals: int) -> Decimal:
    """Return fixed * 10**-decimals without trailing zeros."""
    value = Decimal(fixed).scaleb(-decimals)
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize()


def _lines(seen: Sequence[Interaction]) -> Lines:
    """Return the lines of all events; records tell even that there are none."""
    items = [item for one in seen for item in one.items]
    counts = [len(one.items) for one in seen]
    columns: dict[str, Column] = {
        "sku": code_labels([item.sku for item in items]),
        "category": code_labels([item.category for item in items]),
        "quantity": _numbers(
            items, "quantity", lambda q: _fixed("quantity", q, QUANTITY_DECIMALS)
        ),
        "unit_price": _numbers(items, "unit_price", lambda money: money.minor),
    }
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Lines(locked(offsets), columns, QUANTITY_DECIMALS)


def _each(function: Callable[[int], Any], values: NDArray[Any]) -> list[Any]:
    return [function(value) for value in values.tolist()]


def _optional(column: Numbers, rows: NDArray[Any], function: Callable[[int], Any]) -> list[Any]:
    values = column.values[rows].tolist()
    if column.valid is None:
        return [function(value) for value in values]
    valid = column.valid[rows].tolist()
    return [function(v) if ok else None for v, ok in zip(values, valid, strict=True)]
