"""HubSpot's objects, as examples of its API reference restated (developers.hubspot.com/docs)."""

import datetime as dt
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model import FieldMap, Identifier, InteractionLog
from customerops.model.adapters.hubspot import customer_from_hubspot, interactions_from_hubspot

UTC = dt.UTC
NOON = dt.datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


def engagement(*contacts: str, **properties: Any) -> dict[str, Any]:
    results = [{"id": one, "type": "to_contact"} for one in contacts]
    return {
        "id": "512",
        "properties": {"hs_timestamp": "2024-01-15T10:30:00.000Z", **properties},
        "createdAt": "2024-01-15T10:31:00.000Z",
        "archived": False,
        "associations": {"contacts": {"results": results}},
    }


def test_a_contact() -> None:
    ann = customer_from_hubspot(
        {
            "id": "201",
            "properties": {
                "createdate": "2023-05-01T00:00:00.000Z",
                "email": "Ann@HubSpot.com",
                "phone": "+1 555-122-2323",
                "mobilephone": "5551222323",
                "hubspot_owner_id": "910901",
                "lifecyclestage": "marketingqualifiedlead",
                "hs_analytics_source": "ORGANIC_SEARCH",
                "associatedcompanyid": "301",
                "country": "Ireland",
                "firstname": "",
            },
            "createdAt": "2023-05-01T00:00:00.000Z",
            "archived": False,
        },
        of="contacts",
    )
    assert (ann.id, ann.kind, ann.account_id, ann.owner_id) == ("201", "person", "301", "910901")
    assert ann.created_at == dt.datetime(2023, 5, 1, tzinfo=UTC)
    assert ann.identifiers == {
        Identifier(type="email", value="ann@hubspot.com", source="hubspot"),
        Identifier(type="phone", value="+15551222323", source="hubspot"),
    }
    assert dict(ann.attributes) == {
        "archived": False,
        "hubspot.country": "Ireland",
        "lifecyclestage": "marketingqualifiedlead",
        "phone.2": "5551222323",
    }


def test_a_company() -> None:
    firm = customer_from_hubspot(
        {
            "id": "301",
            "properties": {"name": "HubSpot", "domain": "hubspot.com", "phone": "555 122 2323"},
            "createdAt": "2023-05-01T00:00:00.000Z",
        },
        of="companies",
        region="US",
    )
    assert (firm.id, firm.kind) == ("301", "organization")
    assert firm.created_at == dt.datetime(2023, 5, 1, tzinfo=UTC)
    assert firm.attributes["domain"] == "hubspot.com"


def test_fields_of_ones_own_stand_first() -> None:
    mine = [FieldMap(path="properties.wechat", to="identifier.wechat_openid")]
    found = customer_from_hubspot(
        {"id": "1", "properties": {"wechat": "o6_bm"}}, of="contacts", fields=mine
    )
    assert found.identifiers == {Identifier(type="wechat_openid", value="o6_bm", source="hubspot")}


@pytest.mark.parametrize(
    ("of", "properties", "expected"),
    [
        (
            "emails",
            {
                "hs_email_subject": "Let's talk",
                "hs_email_direction": "EMAIL",
                "hs_email_status": "SENT",
            },
            {
                "kind": "message",
                "channel": "email",
                "direction": "outbound",
                "name": "Let's talk",
                "outcome": "SENT",
            },
        ),
        ("emails", {"hs_email_direction": "INCOMING_EMAIL"}, {"direction": "inbound"}),
        ("emails", {"hs_email_direction": "FORWARDED_EMAIL"}, {"direction": None}),
        (
            "calls",
            {
                "hs_call_title": "Discovery Call",
                "hs_call_duration": "1800000",
                "hs_call_direction": "OUTBOUND",
                "hs_call_status": "COMPLETED",
            },
            {
                "kind": "call",
                "channel": "phone",
                "direction": "outbound",
                "value": 1800.0,
                "outcome": "COMPLETED",
            },
        ),
        ("calls", {"hs_call_direction": "INBOUND"}, {"value": None, "direction": "inbound"}),
        (
            "meetings",
            {
                "hs_meeting_title": "Intro",
                "hs_meeting_start_time": "2024-01-15T11:00:00Z",
                "hs_meeting_outcome": "COMPLETED",
            },
            {
                "kind": "meeting",
                "name": "Intro",
                "outcome": "COMPLETED",
                "at": NOON + dt.timedelta(minutes=30),
            },
        ),
        ("notes", {"hs_note_body": "Spoke."}, {"kind": "note", "direction": "none", "at": NOON}),
        (
            "tasks",
            {
                "hs_task_subject": "Follow up",
                "hs_task_status": "NOT_STARTED",
                "hs_task_completion_date": "2024-02-01T00:00:00Z",
            },
            {
                "kind": "task",
                "outcome": "NOT_STARTED",
                "at": dt.datetime(2024, 1, 15, 10, 31, tzinfo=UTC),
            },
        ),
        (
            "tasks",
            {"hs_task_status": "COMPLETED", "hs_task_completion_date": "1706745600000"},
            {"at": dt.datetime(2024, 2, 1, tzinfo=UTC)},
        ),
        (
            "tasks",
            {"hs_createdate": "2024-01-01T00:00:00Z"},
            {"at": dt.datetime(2024, 1, 1, tzinfo=UTC)},
        ),
    ],
)
def test_engagements(of: str, properties: dict[str, Any], expected: dict[str, Any]) -> None:
    [found] = interactions_from_hubspot(engagement("7", **properties), of=of)
    assert (found.id, found.customer_id) == ("512", "7")
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.recorded_at == dt.datetime(2024, 1, 15, 10, 31, tzinfo=UTC)


def test_what_has_no_field_is_kept() -> None:
    body = {"hs_note_body": "Spoke.", "hubspot_owner_id": "9", "my_field": 5}
    [found] = interactions_from_hubspot(engagement("7", **body), of="notes")
    assert found.actor_id == "9"
    assert dict(found.attributes) == {
        "archived": False,
        "associations.contacts.results[0].id": "7",
        "associations.contacts.results[0].type": "to_contact",
        "hs_note_body": "Spoke.",
        "my_field": 5,
    }


def test_one_for_each_contact() -> None:
    found = interactions_from_hubspot(engagement("7", "8", "7"), of="meetings")
    assert [one.customer_id for one in found] == ["7", "8"]
    log = InteractionLog.from_interactions([*found, *found])
    assert (len(log), log.n_customers) == (2, 2)


def test_of_companies_or_of_who_is_said() -> None:
    given = {**engagement(), "associations": {"companies": {"results": [{"id": "c"}]}}}
    assert interactions_from_hubspot(given, of="notes", to="companies")[0].customer_id == "c"
    assert interactions_from_hubspot(given, of="notes", customer_id=5)[0].customer_id == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": None}, "^id must be given: it is missing$"),
        ({"properties": {}}, "^properties.hs_timestamp must be given: it is missing$"),
        ({"properties": {"hs_timestamp": "soon"}}, "^properties.hs_timestamp must be an ISO 8601"),
        ({"associations": None}, "^associations.contacts.results must be given: .* customer_id="),
        (
            {
                "associations": {
                    "contacts": {"results": [{"id": 1}], "paging": {"next": {"after": 1}}}
                }
            },
            "^associations.contacts.results must be whole: there is a next page: fetch it$",
        ),
        (
            {"associations": {"contacts": {"results": "7"}}},
            "^associations.contacts.results must be a list: got str$",
        ),
        (
            {"associations": {"contacts": {"results": [{"type": "x"}]}}},
            r"^associations.contacts.results\[0\].id must be given: it is missing$",
        ),
    ],
)
def test_errors_have_the_path(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        interactions_from_hubspot({**engagement("7"), **change}, of="calls")


def test_what_it_may_be_of() -> None:
    with pytest.raises(InvalidInputError, match="^of must be one of .* did you mean 'calls'"):
        interactions_from_hubspot(engagement("7"), of="call")
    with pytest.raises(InvalidInputError, match="^of must be one of 'contacts', 'companies'"):
        customer_from_hubspot({"id": 1}, of="calls")
