"""Zoho CRM's records, as its documented response structures restated.

https://www.zoho.com/crm/developer/docs/api/v2/leads-response.html and its neighbours.
"""

import datetime as dt
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model import FieldMap, Identifier, InteractionLog, Money
from customerops.model.adapters.zoho import customer_from_zoho, interaction_from_zoho

UTC = dt.UTC
OWNER = {"name": "Patricia Boyle", "id": "4150868000000225013", "email": "p@zohocorp.com"}
LEAD = {
    "Owner": OWNER,
    "Company": "Dal Tile Corporation",
    "Email": "theola-frey@frey.com",
    "Secondary_Email": None,
    "Phone": "555-555-5555",
    "Mobile": "+1 408-555-1234",
    "$currency_symbol": "DA",
    "$converted": False,
    "Lead_Source": "Advertisement",
    "Created_Time": "2018-12-28T11:04:20+05:30",
    "id": "4150868000002748014",
    "Tag": [{"name": "hot", "id": "1"}],
}


def test_a_lead() -> None:
    found = customer_from_zoho(LEAD, of="Leads")
    assert (found.id, found.kind, found.owner_id) == (LEAD["id"], "person", OWNER["id"])
    assert found.created_at == dt.datetime(2018, 12, 28, 5, 34, 20, tzinfo=UTC)
    assert found.acquisition_channel == "Advertisement"
    assert found.identifiers == {
        Identifier(type="email", value="theola-frey@frey.com", source="zoho"),
        Identifier(type="phone", value="+14085551234", source="zoho"),
    }
    assert dict(found.attributes) == {
        "$converted": False,
        "$currency_symbol": "DA",
        "Company": "Dal Tile Corporation",
        "Owner.email": "p@zohocorp.com",
        "Owner.name": "Patricia Boyle",
        "Tag[0].id": "1",
        "Tag[0].name": "hot",
        "phone": "555-555-5555",
    }


def test_contacts_and_accounts() -> None:
    account = {"name": "Zylker", "id": "77"}
    person = customer_from_zoho({**LEAD, "Account_Name": account}, of="Contacts")
    assert person.account_id == "77"
    firm = customer_from_zoho(
        {"id": "77", "Account_Name": "Zylker", "Parent_Account": {"id": "70"}, "Phone": None},
        of="Accounts",
    )
    assert (firm.kind, firm.account_id) == ("organization", "70")
    assert dict(firm.attributes) == {"Account_Name": "Zylker"}


DEAL = {
    "id": "9",
    "Owner": OWNER,
    "Account_Name": {"name": "Zylker", "id": "77"},
    "Contact_Name": {"name": "Ann", "id": "12"},
    "Deal_Name": "Floor",
    "Stage": "Negotiation/Review",
    "Amount": 75000,
    "Currency": "DZD",
    "Closing_Date": "2019-06-30",
    "Modified_Time": "2019-01-02T10:00:00+00:00",
    "Created_Time": "2018-12-28T11:04:20+05:30",
}


def test_a_deal() -> None:
    found = interaction_from_zoho(DEAL, of="Deals")
    assert (found.kind, found.name, found.thread_id) == ("stage_change", "Negotiation/Review", "9")
    assert found.amount == Money(75000, "DZD")
    assert (found.customer_id, found.actor_id) == ("77", OWNER["id"])
    assert found.at == dt.datetime(2019, 1, 2, 10, tzinfo=UTC)
    assert found.id == "9:2019-01-02T10:00:00+00:00"
    assert found.attributes["Contact_Name.id"] == "12"
    assert found.attributes["Closing_Date"] == "2019-06-30"
    alone = {**DEAL, "Account_Name": None, "Currency": None}
    other = interaction_from_zoho(alone, of="Deals", currency="USD")
    assert (other.customer_id, other.amount) == ("12", Money(75000, "USD"))
    with pytest.raises(InvalidInputError, match="^Amount must have a currency: .* currency="):
        interaction_from_zoho(alone, of="Deals")


CALL = {
    "id": "3",
    "Subject": "Call from +13012670261",
    "Who_Id": {"id": "12", "name": "Ann"},
    "What_Id": {"id": "77", "name": "Zylker"},
    "Call_Start_Time": "2020-06-25T10:30:00+05:30",
    "Call_Type": "Outbound",
    "Call_Duration": "10:00",
    "Call_Duration_in_seconds": 600,
    "Call_Purpose": "Prospecting",
    "Call_Status": "Attended Dialled",
}


@pytest.mark.parametrize(
    ("more", "direction", "outcome"),
    [
        ({}, "outbound", "Attended Dialled"),
        ({"Call_Type": "Inbound", "Call_Result": "Interested"}, "inbound", "Interested"),
        ({"Call_Type": "Missed", "Call_Status": None}, "inbound", "missed"),
        ({"Call_Type": "Missed"}, "inbound", "Attended Dialled"),
        ({"Call_Type": "Conference"}, None, "Attended Dialled"),
    ],
)
def test_calls(more: dict[str, Any], direction: str | None, outcome: str) -> None:
    found = interaction_from_zoho({**CALL, **more}, of="Calls")
    assert (found.kind, found.channel, found.customer_id) == ("call", "phone", "12")
    assert (found.direction, found.outcome) == (direction, outcome)
    assert (found.value, found.at) == (600.0, dt.datetime(2020, 6, 25, 5, tzinfo=UTC))
    assert found.attributes["What_Id.id"] == "77"
    assert ("Call_Type" in found.attributes) == (direction is None)


def test_a_call_to_a_lead() -> None:
    """Of a lead there is no Who_Id: What_Id is the lead."""
    found = interaction_from_zoho({**CALL, "Who_Id": None, "What_Id": "365"}, of="Calls")
    assert found.customer_id == "365"


def test_events_and_cases() -> None:
    event = {"id": "4", "Event_Title": "Demo", "Who_Id": {"id": "12"}, "Venue": "Chennai"}
    event |= {"Start_DateTime": "2020-06-25T10:30:00+05:30", "All_day": False}  # type: ignore[dict-item]
    met = interaction_from_zoho(event, of="Events")
    assert (met.kind, met.name, met.customer_id) == ("meeting", "Demo", "12")
    assert dict(met.attributes) == {"All_day": False, "Venue": "Chennai"}
    case = {
        "id": "5",
        "Case_Number": "X1",
        "Account_Name": {"id": "77"},
        "Related_To": {"id": "12"},
        "Case_Origin": "Phone",
        "Status": "New",
        "Subject": "Broken",
        "Created_Time": "2020-06-25T10:30:00+05:30",
    }
    opened = interaction_from_zoho(case, of="Cases")
    assert (opened.kind, opened.channel, opened.outcome) == ("case_open", "phone", "New")
    assert (opened.id, opened.thread_id, opened.customer_id) == ("5", "5", "77")
    contact = [FieldMap(path="Related_To", to="customer_id", how="lookup")]
    assert interaction_from_zoho(case, of="Cases", fields=contact).customer_id == "12"
    assert interaction_from_zoho({**case, "Case_Origin": "Fax"}, of="Cases").channel is None


@pytest.mark.parametrize(
    ("of", "record", "message"),
    [
        ("Deals", {**DEAL, "Stage": ""}, "^Stage must be given: it is missing$"),
        ("Deals", {**DEAL, "Amount": "much"}, "^Amount must be a number: got another str$"),
        ("Deals", {**DEAL, "Account_Name": {"name": "x"}}, "^Account_Name.id must be given"),
        ("Deals", {**DEAL, "Modified_Time": None}, "^Modified_Time must be given"),
        ("Deals", {**DEAL, "Account_Name": 0, "Contact_Name": None}, None),
        ("Calls", {**CALL, "Who_Id": None, "What_Id": None}, "^What_Id must be given"),
        ("Call", CALL, "^of must be one of .* did you mean 'Calls'"),
        ("Leads", CALL, "^of must be one of 'Deals', 'Calls', 'Events', 'Cases'"),
    ],
)
def test_errors_have_the_path(of: str, record: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert interaction_from_zoho(record, of=of).customer_id == 0
        return
    with pytest.raises(InvalidInputError, match=message):
        interaction_from_zoho(record, of=of)


def test_of_customers() -> None:
    with pytest.raises(InvalidInputError, match="^of must be one of 'Leads', 'Contacts', 'Acc"):
        customer_from_zoho(LEAD, of="Deals")
    with pytest.raises(InvalidInputError, match="^id must be given: it is missing$"):
        customer_from_zoho({}, of="Leads")


def test_records_make_a_log() -> None:
    won = {**DEAL, "Stage": "Closed Won", "Modified_Time": "2019-02-01T00:00:00+00:00"}
    states = [interaction_from_zoho(x, of="Deals") for x in (won, DEAL, DEAL)]
    log = InteractionLog.from_interactions(states)
    assert [x.name for x in log.interactions()] == ["Negotiation/Review", "Closed Won"]
