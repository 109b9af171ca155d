"""HubSpot: contacts and companies as customers, engagements as interactions.

Objects as the CRM API (v3) returns them: ``{"id": ..., "properties": {...}}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.adapters.payload import FieldMap, at, listed, missing, reader, take
from customerops.model.adapters.records import customer_of, interaction_of, table
from customerops.model.records.kinds import Channel, Kind
from customerops.model.records.records import Customer, Interaction
from customerops.model.values.checks import Id, text

__all__ = ["HUBSPOT_FIELDS", "customer_from_hubspot", "interactions_from_hubspot"]

_P = "properties."
_KNOWN = (
    FieldMap(path="id", to="id", how="id", required=True),
    FieldMap(path="properties.createdate", to="created_at", how="instant"),
    FieldMap(path="createdAt", to="created_at", how="instant"),
    FieldMap(path="properties.hubspot_owner_id", to="owner_id", how="id"),
    FieldMap(path="properties.phone", to="identifier.phone"),
    FieldMap(path="properties.hs_analytics_source", to="acquisition_channel"),
    FieldMap(path="properties.hs_country_region_code", to="country"),
)
_DONE = (
    FieldMap(path="id", to="id", how="id", required=True),
    FieldMap(path="createdAt", to="recorded_at", how="instant"),
    FieldMap(path="properties.hubspot_owner_id", to="actor_id", how="id"),
)
_AT = FieldMap(path="properties.hs_timestamp", to="at", how="instant", required=True)

HUBSPOT_FIELDS: Mapping[str, tuple[FieldMap, ...]] = MappingProxyType(
    {
        "contacts": (
            *_KNOWN,
            FieldMap(path="properties.email", to="identifier.email"),
            FieldMap(path="properties.mobilephone", to="identifier.phone.2"),
            FieldMap(path="properties.associatedcompanyid", to="account_id", how="id"),
            FieldMap(path="properties.hs_language", to="language"),
        ),
        "companies": (
            *_KNOWN,
            FieldMap(path="properties.hs_parent_company_id", to="account_id", how="id"),
        ),
        "emails": (
            *_DONE,
            _AT,
            FieldMap(path="properties.hs_email_subject", to="name"),
            FieldMap(path="properties.hs_email_status", to="outcome"),
            FieldMap(path="properties.hs_email_thread_id", to="thread_id", how="id"),
            FieldMap(
                path="properties.hs_email_direction",
                to="direction",
                words={"EMAIL": "outbound", "INCOMING_EMAIL": "inbound"},
            ),
        ),
        "calls": (
            *_DONE,
            _AT,
            FieldMap(path="properties.hs_call_title", to="name"),
            FieldMap(path="properties.hs_call_disposition", to="outcome"),
            FieldMap(path="properties.hs_call_status", to="outcome"),
            FieldMap(path="properties.hs_call_duration", to="value", how="number"),
            FieldMap(
                path="properties.hs_call_direction",
                to="direction",
                words={"INBOUND": "inbound", "OUTBOUND": "outbound"},
            ),
        ),
        "meetings": (
            *_DONE,
            FieldMap(path="properties.hs_meeting_start_time", to="at", how="instant"),
            _AT,
            FieldMap(path="properties.hs_meeting_title", to="name"),
            FieldMap(path="properties.hs_meeting_outcome", to="outcome"),
        ),
        "notes": (*_DONE, _AT),
        "tasks": (
            *_DONE,
            FieldMap(path="properties.hs_createdate", to="at", how="instant"),
            FieldMap(path="createdAt", to="at", how="instant", required=True),
            FieldMap(path="properties.hs_task_subject", to="name"),
            FieldMap(path="properties.hs_task_status", to="outcome"),
        ),
    }
)
"""What fields of HubSpot's objects become."""

_CUSTOMERS = {"contacts": "person", "companies": "organization"}
_KINDS: dict[str, dict[str, str]] = {
    "emails": {"kind": Kind.MESSAGE.value, "channel": Channel.EMAIL.value},
    "calls": {"kind": Kind.CALL.value, "channel": Channel.PHONE.value},
    "meetings": {"kind": Kind.MEETING.value},
    "notes": {"kind": "note", "direction": "none"},
    "tasks": {"kind": "task", "direction": "none"},
}
_DONE_AT = FieldMap(path="properties.hs_task_completion_date", to="at", how="instant")
_A_SECOND = 1000  # durations are in milliseconds


def customer_from_hubspot(
    payload: Mapping[str, Any],
    *,
    of: str,
    region: str | None = None,
    fields: Sequence[FieldMap] = (),
) -> Customer:
    """Return the customer that a contact or a company is.

    Parameters
    ----------
    payload : mapping
        The object, with the properties that were asked for.
    of : {"contacts", "companies"}
        What it is: a person, or an organization.
    region : str, optional
        Country of telephone numbers that do not say it, see `normalise_phone`.
    fields : sequence of FieldMap
        Fields of your own, which stand before those of `HUBSPOT_FIELDS`.

    Returns
    -------
    Customer
        Other properties are in ``attributes`` under their own names, ``lifecyclestage`` too: a
        stage is a function of the history here, not a field.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type.

    References
    ----------
    HubSpot developers: CRM API, contacts, companies. https://developers.hubspot.com/docs

    Examples
    --------
    >>> from customerops.model import customer_from_hubspot
    >>> ann = customer_from_hubspot(
    ...     {"id": "512", "properties": {"email": "ann@example.com", "lifecyclestage": "lead"}},
    ...     of="contacts",
    ... )
    >>> ann.id, dict(ann.attributes)
    ('512', {'lifecyclestage': 'lead'})
    """
    known = {name: HUBSPOT_FIELDS[name] for name in _CUSTOMERS}
    taken = take(payload, table(known, of, fields), base=_P)
    return customer_of("hubspot", taken, region=region, kind=_CUSTOMERS[of])


def interactions_from_hubspot(
    payload: Mapping[str, Any],
    *,
    of: str,
    to: str = "contacts",
    customer_id: Id | None = None,
    fields: Sequence[FieldMap] = (),
) -> tuple[Interaction, ...]:
    """Return what an engagement was, to each customer it is associated with.

    Parameters
    ----------
    payload : mapping
        The engagement, with its associations unless `customer_id` is given.
    of : {"emails", "calls", "meetings", "notes", "tasks"}
        What it is.
    to : str
        Whose interaction it becomes: a key of ``associations``, such as ``"companies"``.
    customer_id : int, str or UUID, optional
        Whose it is, instead of the associations.
    fields : sequence of FieldMap
        Fields of your own, which stand before those of `HUBSPOT_FIELDS`.

    Returns
    -------
    tuple of Interaction
        One a customer, all with the engagement's id: to each of them it counts once.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type, or it is associated
        with nobody, or with more than are listed.

    Notes
    -----
    ``value`` of a call is its length in seconds. A task is at the instant it was completed, or was
    made while it is open; when it is due stays in ``attributes``. A forwarded e-mail has no
    direction.

    References
    ----------
    HubSpot developers: CRM API, engagements: emails, calls, meetings, notes, tasks.
    https://developers.hubspot.com/docs

    Examples
    --------
    >>> from customerops.model import interactions_from_hubspot
    >>> [found] = interactions_from_hubspot(
    ...     {
    ...         "id": "512",
    ...         "properties": {
    ...             "hs_timestamp": "2024-01-15T10:30:00.000Z",
    ...             "hs_call_direction": "OUTBOUND",
    ...             "hs_call_duration": "1800000",
    ...         },
    ...         "associations": {"contacts": {"results": [{"id": "7"}]}},
    ...     },
    ...     of="calls",
    ... )
    >>> found.customer_id, found.kind, found.direction, found.value
    ('7', 'call', 'outbound', 1800.0)
    """
    known = {name: HUBSPOT_FIELDS[name] for name in _KINDS}
    fields = table(known, of, fields)
    if of == "tasks" and at(payload, "properties.hs_task_status") == "COMPLETED":
        fields = [_DONE_AT, *fields]  # of an open task it is when it is due
    taken = take(payload, fields, base=_P)
    if of == "calls" and "value" in taken.values:
        taken.values["value"] /= _A_SECOND
    whose = _associated(payload, to) if customer_id is None else [customer_id]
    known_too: dict[str, Any] = {"customer_id": whose[0], **_KINDS[of]}
    one = interaction_of(taken, **known_too)
    return tuple(attrs.evolve(one, customer_id=who) for who in whose)


def _associated(payload: Any, to: str) -> list[Id]:
    base = f"associations.{text('to', to)}.results"
    given = listed("", payload, base)
    if not given:
        raise InvalidInputError(base, "must be given", "it is missing; or give customer_id=")
    if not missing(at(payload, f"associations.{to}.paging.next")):
        raise InvalidInputError(base, "must be whole", "there is a next page: fetch it")
    read = reader("lookup")
    return list(dict.fromkeys(read(f"{base}[{i}]", one) for i, one in enumerate(given)))
