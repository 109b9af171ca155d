"""Zoho CRM: leads, contacts and accounts as customers; deals, calls, events, cases as interactions.

Records as the API returns them, one of ``response["data"]`` at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from customerops.model.adapters.payload import FieldMap, take
from customerops.model.adapters.records import customer_of, interaction_of, table
from customerops.model.records.kinds import Channel, Kind
from customerops.model.records.records import Customer, Interaction

__all__ = ["ZOHO_FIELDS", "customer_from_zoho", "interaction_from_zoho"]

_KNOWN = (
    FieldMap(path="id", to="id", how="id", required=True),
    FieldMap(path="Created_Time", to="created_at", how="instant"),
    FieldMap(path="Owner", to="owner_id", how="lookup"),
    FieldMap(path="Phone", to="identifier.phone"),
)
_PERSON = (
    *_KNOWN,
    FieldMap(path="Email", to="identifier.email"),
    FieldMap(path="Secondary_Email", to="identifier.email.2"),
    FieldMap(path="Mobile", to="identifier.phone.2"),
    FieldMap(path="Lead_Source", to="acquisition_channel"),
)
_DONE = (
    FieldMap(path="id", to="id", how="id", required=True),
    FieldMap(path="Owner", to="actor_id", how="lookup"),
)
_MET = (
    *_DONE,
    FieldMap(path="Who_Id", to="customer_id", how="lookup"),
    FieldMap(path="What_Id", to="customer_id", how="lookup", required=True),
    FieldMap(path="Created_Time", to="recorded_at", how="instant"),
)
_MISSED = "Missed"

ZOHO_FIELDS: Mapping[str, tuple[FieldMap, ...]] = MappingProxyType(
    {
        "Leads": _PERSON,
        "Contacts": (*_PERSON, FieldMap(path="Account_Name", to="account_id", how="lookup")),
        "Accounts": (*_KNOWN, FieldMap(path="Parent_Account", to="account_id", how="lookup")),
        "Deals": (
            *_DONE,
            FieldMap(path="id", to="thread_id", how="id"),
            FieldMap(path="Account_Name", to="customer_id", how="lookup"),
            FieldMap(path="Contact_Name", to="customer_id", how="lookup", required=True),
            FieldMap(path="Modified_Time", to="at", how="instant", required=True),
            FieldMap(path="Stage", to="name", required=True),
            FieldMap(path="Amount", to="amount", how="decimal"),
            FieldMap(path="Currency", to="currency"),
            FieldMap(path="Campaign_Source", to="campaign_id", how="lookup"),
        ),
        "Calls": (
            *_MET,
            FieldMap(path="Call_Start_Time", to="at", how="instant", required=True),
            FieldMap(path="Subject", to="name"),
            FieldMap(path="Call_Result", to="outcome"),
            FieldMap(path="Call_Status", to="outcome"),
            FieldMap(path="Call_Type", to="outcome", words={_MISSED: "missed"}),
            FieldMap(path="Call_Duration_in_seconds", to="value", how="number"),
            FieldMap(
                path="Call_Type",
                to="direction",
                words={"Inbound": "inbound", "Outbound": "outbound", _MISSED: "inbound"},
            ),
        ),
        "Events": (
            *_MET,
            FieldMap(path="Start_DateTime", to="at", how="instant", required=True),
            FieldMap(path="Event_Title", to="name"),
        ),
        "Cases": (
            *_DONE,
            FieldMap(path="id", to="thread_id", how="id"),
            FieldMap(path="Account_Name", to="customer_id", how="lookup"),
            FieldMap(path="Related_To", to="customer_id", how="lookup", required=True),
            FieldMap(path="Created_Time", to="at", how="instant", required=True),
            FieldMap(path="Subject", to="name"),
            FieldMap(path="Status", to="outcome"),
            FieldMap(
                path="Case_Origin",
                to="channel",
                words={"Email": "email", "Phone": "phone", "Web": "web"},
            ),
        ),
    }
)
"""What fields of Zoho CRM's modules become."""

_CUSTOMERS = {"Leads": "person", "Contacts": "person", "Accounts": "organization"}
_KINDS: dict[str, dict[str, str]] = {
    "Deals": {"kind": Kind.STAGE_CHANGE.value},
    "Calls": {"kind": Kind.CALL.value, "channel": Channel.PHONE.value},
    "Events": {"kind": Kind.MEETING.value},
    "Cases": {"kind": Kind.CASE_OPEN.value, "direction": "inbound"},
}


def customer_from_zoho(
    record: Mapping[str, Any],
    *,
    of: str,
    region: str | None = None,
    fields: Sequence[FieldMap] = (),
) -> Customer:
    """Return the customer that a lead, a contact or an account is.

    Parameters
    ----------
    record : mapping
        The record.
    of : {"Leads", "Contacts", "Accounts"}
        Its module: an account is an organization, the others are persons.
    region : str, optional
        Country of telephone numbers that do not say it, see `normalise_phone`.
    fields : sequence of FieldMap
        Fields of your own, which stand before those of `ZOHO_FIELDS`.

    Returns
    -------
    Customer
        Other fields are in ``attributes`` under their own names.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type.

    References
    ----------
    Zoho CRM API: Leads, Contacts, Accounts, response structure.
    https://www.zoho.com/crm/developer/docs/api/

    Examples
    --------
    >>> from customerops.model import customer_from_zoho
    >>> lead = customer_from_zoho(
    ...     {"id": "4150868000002748014", "Owner": {"id": "7"}, "Lead_Source": "Advertisement"},
    ...     of="Leads",
    ... )
    >>> lead.owner_id, lead.acquisition_channel
    ('7', 'Advertisement')
    """
    known = {name: ZOHO_FIELDS[name] for name in _CUSTOMERS}
    taken = take(record, table(known, of, fields))
    return customer_of("zoho", taken, region=region, kind=_CUSTOMERS[of])


def interaction_from_zoho(
    record: Mapping[str, Any],
    *,
    of: str,
    currency: str | None = None,
    fields: Sequence[FieldMap] = (),
) -> Interaction:
    """Return what a deal, a call, an event or a case is to the customer.

    Parameters
    ----------
    record : mapping
        The record.
    of : {"Deals", "Calls", "Events", "Cases"}
        Its module.
    currency : str, optional
        Of the amount of a deal that has no ``Currency``.
    fields : sequence of FieldMap
        Fields of your own, which stand before those of `ZOHO_FIELDS`: ``FieldMap(path="Related_To",
        to="customer_id", how="lookup")`` makes cases those of the contact.

    Returns
    -------
    Interaction
        Other fields are in ``attributes`` under their own names.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type, or an amount has no currency.

    Notes
    -----
    A deal is what it was when it was last modified: a ``stage_change`` to its stage, in the thread
    of the deal, with an id of that instant. Each state you fetch is another; one fetched twice
    counts once. Deals and cases are the account's, else the contact's; calls and events are of the
    contact (``Who_Id``), else of what they are about (``What_Id``). ``value`` of a call is its
    length in seconds.

    References
    ----------
    Zoho CRM API: Deals, Calls, Events, Cases, response structure.
    https://www.zoho.com/crm/developer/docs/api/

    Examples
    --------
    >>> from customerops.model import interaction_from_zoho
    >>> call = interaction_from_zoho(
    ...     {
    ...         "id": "c1",
    ...         "Call_Start_Time": "2020-06-25T10:30:00+05:30",
    ...         "Call_Type": "Missed",
    ...         "Who_Id": {"id": "p1", "name": "Ann"},
    ...     },
    ...     of="Calls",
    ... )
    >>> call.customer_id, call.direction, call.outcome, call.at.isoformat()
    ('p1', 'inbound', 'missed', '2020-06-25T05:00:00+00:00')
    """
    known = {name: ZOHO_FIELDS[name] for name in _KINDS}
    taken = take(record, table(known, of, fields))
    if of == "Deals":
        taken.values["id"] = f"{taken.values['id']}:{taken.values['at'].isoformat()}"
    return interaction_of(taken, where="Amount", currency=currency, **_KINDS[of])
