"""The raw records of a log, and its partitions built anew from them.

A slice of a finished log shares its codes, currency and declared columns with the whole, and so
hides what differs where partitions are built apart from each other. So they are built again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.log import InteractionLog
from customerops.model.log.records import CUSTOMER_FIELDS, decoded
from customerops.model.records.records import Customer, Interaction
from customerops.model.values.columns import Coded, Numbers
from customerops.model.values.hashing import keyed_hash
from customerops.model.values.instants import from_us
from customerops.testing.worlds import PLACES

__all__ = [
    "known",
    "nobody",
    "people_of",
    "places_of",
    "rebuilt",
    "recorded",
    "regrouped",
    "thirds",
]


def recorded(log: InteractionLog) -> bool:
    """Whether the records of a log, built anew, give the log back."""
    return rebuilt(log) is not log


def rebuilt(log: InteractionLog) -> InteractionLog:
    """Return the log built from its own records, or as it is where those do not give it back."""
    if "id" not in log.columns or log.parent is not None:
        return log
    return log.memo("customerops.testing", lambda: _rebuilt(log))


def _rebuilt(log: InteractionLog) -> InteractionLog:
    built = _built(log, list(log.interactions(order="stored")), people_of(log), log.currency)
    return built if built == log else log


def _built(
    log: InteractionLog,
    seen: Sequence[Interaction],
    people: Sequence[Customer],
    currency: str | None,
) -> InteractionLog:
    """Build a log that declares what another one does."""
    loaded = [name.removeprefix("attributes.") for name in log.columns if name.startswith("attr")]
    built = InteractionLog.from_interactions(
        seen,
        currency=currency,
        calendar=log.calendar,
        attributes=loaded,
        value_decimals=log.value_decimals,
        observed=log.observed,
    )
    if log.customer_columns:
        own = set(log.customer_columns) - {"created_at", *CUSTOMER_FIELDS}
        built = built.with_customers(people, attributes=own)
    return built if log.as_of is None else built.until(from_us(log.as_of))


def people_of(log: InteractionLog) -> list[Customer]:
    """Return the customers' own records, of those who had one."""
    columns = log.customer_columns
    if not columns:
        return []
    rows = np.arange(log.n_customers)
    values = {n: decoded(c, rows) for n, c in columns.items() if isinstance(c, Coded)}
    created = columns["created_at"]
    assert isinstance(created, Numbers)
    people = []
    for i, one in enumerate(log.customers.tolist()):
        said: dict[str, Any] = {
            name: column[i] for name, column in values.items() if column[i] is not None
        }
        if "kind" not in said:  # every record has one
            continue
        fields: dict[str, Any] = {name: said.pop(name) for name in CUSTOMER_FIELDS if name in said}
        if created.valid is None or created.valid[i]:
            fields["created_at"] = from_us(int(created.values[i]))
        people.append(Customer(id=one, attributes=said, **fields))
    return people


def places_of(log: InteractionLog) -> NDArray[np.int64]:
    """Return to which of three partitions each customer of a log goes, by a hash of the id."""
    owners = log.customers if log.parent is None else log.parent.values
    return np.array([h % len(PLACES) for h in keyed_hash(owners, key="place")], np.int64)


def thirds(log: InteractionLog) -> list[InteractionLog]:
    """Return three partitions of a log by customer, each built from its records alone."""
    place = places_of(log)
    parts = [log._units(place == one) for one in PLACES]
    return [_alone(part) for part in parts] if recorded(log) else parts


def nobody(log: InteractionLog) -> InteractionLog:
    """Return a log like another one, of no customers."""
    return log._units(np.zeros(log.n_customers, np.bool_))


def known(log: InteractionLog, t: dt.datetime) -> InteractionLog:
    """Return the log as if nothing had happened after an instant, and nobody had said until when."""
    cut = log.until(t)
    if not recorded(log):
        return cut
    return _alone(attrs.evolve(cut, as_of=None, observed=log.observed))


def regrouped(log: InteractionLog) -> InteractionLog:
    """Return the log built from its records with the customers in another order."""
    if not recorded(log):
        return log
    seen = list(log.interactions(order="stored"))
    order = {one: i for i, one in enumerate(reversed(log.customers.tolist()))}
    seen.sort(key=lambda one: order[one.customer_id])
    return _built(log, seen, people_of(log)[::-1], log.currency)


def _alone(part: InteractionLog) -> InteractionLog:
    """Return a part built from its records, its currency found in them."""
    return _built(part, list(part.interactions(order="stored")), people_of(part), None)
