"""Erasure of customers from a log, and everything of one person in plain JSON types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog, locked
from customerops.model.records.base import Record
from customerops.model.records.records import Customer
from customerops.model.rights.erasure import LegalHold, holds_of
from customerops.model.values.checks import Id, came, each, identifier
from customerops.model.values.columns import Coded, Column, Numbers, code_type
from customerops.model.values.instants import as_instant, from_us, to_us

__all__ = ["LogErasure", "erase_from_log", "export_subject", "members"]

Mask = NDArray[np.bool_]
_US = dt.timedelta(microseconds=1)


@attrs.frozen(kw_only=True, repr=False)
class LogErasure:
    """What erasure from a log did.

    Attributes
    ----------
    at : datetime
        When.
    log : InteractionLog
        The log without the customers.
    restricted : tuple of (str, InteractionLog)
        The events held back, each part with the name of its hold. They alone still name the customers.
    customers, erased, held, kept : int
        Customers erased, and events erased, held back and kept.
    """

    at: dt.datetime
    log: InteractionLog
    restricted: tuple[tuple[str, InteractionLog], ...]
    customers: int
    erased: int
    held: int
    kept: int

    def __repr__(self) -> str:
        """Return how many went and stayed, and nothing about who."""
        events = f"{self.erased} erased, {self.held} restricted, {self.kept} kept"
        return f"LogErasure({self.customers} customers; events: {events})"


def erase_from_log(
    log: InteractionLog,
    *,
    customer_ids: Iterable[Id],
    at: dt.datetime,
    holds: Iterable[LegalHold] = (),
) -> LogErasure:
    """Return a log without some customers, and what a duty keeps of them apart.

    Parameters
    ----------
    log : InteractionLog
        By customer. The given one is not changed: let go of it.
    customer_ids : iterable of int, str or UUID
        Whom to erase. Who is not in the log is no error: erasing twice is erasing once.
    at : datetime
        When; timezone-aware.
    holds : iterable of LegalHold
        Duties to keep interactions; the first that covers an event restricts it.

    Returns
    -------
    LogErasure
        In its log there is no event, attribute, id or label of the customers; where an actor,
        an account or an attribute of another customer is the erased id, it is missing (an id that
        is a number is looked for among actors, accounts and owners only).

    Raises
    ------
    InvalidInputError
        If the log is by thread, or an argument is not what it must be. No message names anybody.

    Notes
    -----
    Labels that only the erased had go too: a column keeps its labels sorted, so codes change. What
    metrics of the log say changes as if the customers had never been; `ErasureLedger` keeps what
    is needed for published totals to agree.

    References
    ----------
    GDPR articles 17 and 18. PIPL article 47.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.model import erase_from_log
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "a"],
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 1, 2), dt.date(2026, 1, 9)],
    ...     kind=["purchase", "visit", "purchase"],
    ...     tz=dt.timezone.utc,
    ... )
    >>> at = dt.datetime(2026, 2, 1, tzinfo=dt.timezone.utc)
    >>> gone = erase_from_log(log, customer_ids=["a"], at=at)
    >>> gone, gone.log.kinds
    (LogErasure(1 customers; events: 2 erased, 0 restricted, 1 kept), ('visit',))
    """
    leaving, who = members(log, customer_ids)
    instant = as_instant("at", at)
    duties = holds_of(holds)
    theirs = log._units(leaving)
    free = np.ones(len(theirs), np.bool_)
    restricted = []
    for duty in duties:
        covered = free & _covered(duty, theirs, instant)
        if covered.any():
            restricted.append((duty.name, _compact(theirs._events(covered), frozenset())))
        free &= ~covered
    left = _compact(log._units(~leaving), frozenset(who))
    held = int((~free).sum())
    return LogErasure(
        at=instant,
        log=left,
        restricted=tuple(restricted),
        customers=int(leaving.sum()),
        erased=len(theirs) - held,
        held=held,
        kept=len(left),
    )


def members(log: object, customer_ids: object) -> tuple[Mask, list[Id]]:
    """Return which customers of a log are meant, and the ids that mean them."""
    if not isinstance(log, InteractionLog):
        raise InvalidInputError("log", "must be an InteractionLog", came(log))
    if log.parent is not None:
        raise InvalidInputError("log", "must not be by thread", "erase before by_thread()")
    who = [
        identifier(f"customer_ids[{i}]", one)
        for i, one in enumerate(each("customer_ids", customer_ids))
    ]
    wanted = set(who)
    return np.array([one in wanted for one in log.customers.tolist()], np.bool_), who


def _covered(duty: LegalHold, log: InteractionLog, at: dt.datetime) -> Mask:
    """Return the events that a hold keeps, as `LegalHold.covers` says of records."""
    if "Interaction" not in duty.records:
        return np.zeros(len(log), np.bool_)
    kept = np.ones(len(log), np.bool_)
    if duty.kinds:
        codes = [i for i, label in enumerate(log.kinds) if label in duty.kinds]
        kept = np.isin(log.kind, codes)
    if duty.keep_for is not None:
        kept &= to_us(at) - log.at < duty.keep_for // _US
    return kept


def _compact(log: InteractionLog, who: frozenset[Id]) -> InteractionLog:
    """Return a log whose columns have no label but those that occur, and none that is an id."""
    lines = log.lines
    if lines is not None:
        lines = attrs.evolve(lines, columns=_cleared(lines.columns, _VOCABULARY, who))
    return attrs.evolve(
        log,
        columns=_cleared(log.columns, _VOCABULARY, who),
        customer_columns=_cleared(log.customer_columns, _OF_CUSTOMERS, who),
        lines=lines,
        cache={},
    )


_PEOPLE = frozenset({"actor", "account_id", "owner_id"})
"""Columns whose labels name people; in others a number may be anything."""

_VOCABULARY = frozenset({
    "kind", "name", "channel", "direction", "outcome", "actor_kind", "campaign", "sku", "category",
})  # fmt: skip
"""Columns of events whose labels are words, and name nobody even if they are like an id."""

_OF_CUSTOMERS = frozenset({"kind", "acquisition_channel", "timezone", "language", "country"})


def _cleared(
    columns: Mapping[str, Column], words: frozenset[str], who: frozenset[Id]
) -> dict[str, Column]:
    texts = {str(one) for one in who if isinstance(one, str | UUID)}
    out: dict[str, Column] = {}
    for name, column in columns.items():
        if isinstance(column, Coded):
            ids = who if name in _PEOPLE else frozenset[Id]()
            gone = _named(column.labels, ids, set() if name in words else texts)
            out[name] = _without(column, gone)
        else:
            out[name] = column
    return out


def _named(labels: tuple[Any, ...], ids: frozenset[Id], texts: set[str]) -> Mask:
    """Return which labels are one of the ids; elsewhere than in a column of people, in writing."""
    found = [
        (type(one) is not bool and one in ids)
        or (isinstance(one, str | UUID) and str(one) in texts)
        for one in labels
    ]
    return np.array(found, np.bool_)


def _without(column: Coded, gone: Mask) -> Coded:
    """Return a column without some labels, and without those that do not occur."""
    used = np.zeros(len(column.labels) + 1, np.bool_)
    used[column.codes] = True  # -1, missing, is the last
    kept = np.flatnonzero(used[:-1] & ~gone)
    code = np.full(len(used), -1, code_type(len(kept)))
    code[kept] = np.arange(len(kept))
    return Coded(locked(code[column.codes]), tuple(column.labels[i] for i in kept.tolist()))


# ------------------------------------------------------------------ export


def export_subject(
    customer_id: Id,
    *,
    records: Iterable[Record] = (),
    log: InteractionLog | None = None,
) -> dict[str, Any]:
    """Return everything of one person, from records and a log, in plain JSON types.

    Parameters
    ----------
    customer_id : int, str or UUID
        The person.
    records : iterable of Customer, Interaction, Subscription or Consent
        Of the person and of others, in any order.
    log : InteractionLog, optional
        By customer.

    Returns
    -------
    dict
        ``"customers"``, ``"interactions"``, ``"subscriptions"`` and ``"consents"``: the records as
        by ``to_dict``, in their order. ``"log"``: the person's events in the log by time, one dict
        of its columns each (times are ISO 8601 in UTC, amounts decimal strings), and ``"profile"``
        the customer's attributes there. ``json.dumps`` takes it as it is.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be.

    Notes
    -----
    Who is not known gets empty lists: that is an answer too.

    References
    ----------
    GDPR articles 15 and 20. PIPL article 45.

    Examples
    --------
    >>> from customerops.model import Customer, export_subject
    >>> told = export_subject("c-9", records=[Customer(id="c-9", country="CN"), Customer(id="c-8")])
    >>> [one["country"] for one in told["customers"]], told["log"]
    (['CN'], [])
    """
    who = identifier("customer_id", customer_id)
    told: dict[str, Any] = {f"{name.lower()}s": [] for name in _EXPORTED}
    for i, record in enumerate(each("records", records)):
        name = type(record).__name__
        if name not in _EXPORTED:
            raise InvalidInputError(
                f"records[{i}]", f"must be one of {', '.join(_EXPORTED)}", came(record)
            )
        own: Any = record
        if (own.id if isinstance(record, Customer) else own.customer_id) == who:
            told[f"{name.lower()}s"].append(record.to_dict())
    told |= {"log": [], "profile": {}}
    if log is not None:
        inside, _ = members(log, [who])
        if inside.any():
            told |= _logged(log._units(inside))
    return told


_EXPORTED = ("Customer", "Interaction", "Subscription", "Consent")


_TIMES = frozenset({"created_at", "recorded_at", "until"})


def _logged(log: InteractionLog) -> dict[str, Any]:
    """Return the events and attributes of a log of one customer."""
    decimals = {"amount": log.decimals, "value": log.value_decimals, "unit_price": log.decimals}
    lines = log.lines
    events = []
    for i, us in enumerate(log.at.tolist()):
        event = {"at": from_us(us).isoformat(), **_cells(log.columns, i, decimals)}
        if lines is not None:
            span = range(int(lines.offsets[i]), int(lines.offsets[i + 1]))
            scale = {**decimals, "quantity": lines.quantity_decimals}
            event["items"] = [_cells(lines.columns, row, scale) for row in span]
        events.append(event)
    return {"log": events, "profile": _cells(log.customer_columns, 0, {})}


def _cells(columns: Mapping[str, Column], row: int, decimals: Mapping[str, int]) -> dict[str, Any]:
    """Return what one row of some columns has, as JSON types."""
    found = {}
    for name, column in columns.items():
        if isinstance(column, Coded):
            code = int(column.codes[row])
            value: Any = None if code < 0 else column.labels[code]
        elif isinstance(column, Numbers):
            known = column.valid is None or bool(column.valid[row])
            value = _number(int(column.values[row]), name, decimals) if known else None
        else:
            value = column.values[row : row + 1].tolist()[0]
        if value is not None:
            plain = isinstance(value, bool | int | float | str)
            found[name] = value if plain else str(value)
    return found


def _number(value: int, name: str, decimals: Mapping[str, int]) -> int | str:
    """Return a stored whole number in the unit a person knows: an instant, a decimal."""
    if name in _TIMES:
        return from_us(value).isoformat()
    if name in decimals:
        return f"{Decimal(value).scaleb(-decimals[name]):f}"
    return value
