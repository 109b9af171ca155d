"""What every adapter promises: inputs untouched, nothing unknown lost, no value in a message."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model.adapters.fxiaoke import customer_from_fxiaoke, interaction_from_fxiaoke
from customerops.model.adapters.hubspot import customer_from_hubspot, interactions_from_hubspot
from customerops.model.adapters.segment import customer_from_segment, interaction_from_segment
from customerops.model.adapters.stripe import interaction_from_stripe, subscription_from_stripe
from customerops.model.adapters.zoho import customer_from_zoho, interaction_from_zoho

Read = Callable[[Any], Any]
WHEN = "2026-01-05T09:30:00Z"
PRICE = {
    "id": "p",
    "currency": "usd",
    "unit_amount": 5,
    "recurring": {"interval": "month", "interval_count": 1},
    "transform_quantity": {"divide_by": 2, "round": "up"},
}
COUPON = {
    "id": "c",
    "duration": "forever",
    "amount_off": 1,
    "currency": "usd",
    "applies_to": {"products": ["prod"]},
}
SUBSCRIPTION = {
    "object": "subscription",
    "id": "s",
    "customer": {"id": "c"},
    "status": "active",
    "start_date": 1767225600,
    "trial_end": 1767225601,
    "items": {"data": [{"price": PRICE, "quantity": 2}]},
    "discounts": [{"coupon": COUPON}],
    "pause_collection": {"behavior": "void", "resumes_at": 1767226000},
}
EVENT = {
    "object": "event",
    "created": 1767225800,
    "data": {"object": SUBSCRIPTION, "previous_attributes": {"pause_collection": None}},
}
INVOICE = {
    "object": "invoice",
    "id": "i",
    "customer": "c",
    "status": "paid",
    "currency": "usd",
    "amount_due": 5,
    "amount_paid": 5,
    "created": 1767225600,
    "billing_reason": "subscription_cycle",
    "status_transitions": {"paid_at": 1767225601},
    "lines": {"data": [{"period": {"end": 1767225602}}]},
}
CHARGE = {**INVOICE, "object": "charge", "status": "succeeded", "amount": 5, "amount_captured": 5}
REFUND = {**CHARGE, "object": "refund", "charge": {"id": "ch", "customer": "c"}}
TRACK = {
    "type": "track",
    "event": "Order Completed",
    "userId": "u",
    "anonymousId": "a",
    "messageId": "m",
    "timestamp": WHEN,
    "receivedAt": WHEN,
    "channel": "browser",
    "context": {"campaign": {"name": "n"}},
    "properties": {
        "total": 5,
        "currency": "EUR",
        "value": 2,
        "products": [{"sku": "k", "price": 1, "quantity": 2, "category": "g"}],
    },
}
TRAITS = {"email": "a@example.com", "phone": "+8613800138000", "createdAt": WHEN}
IDENTIFY = {"type": "identify", "userId": "u", "traits": TRAITS, "context": {"locale": "en"}}
CONTACT = {
    "id": "1",
    "createdAt": WHEN,
    "properties": {"email": "a@example.com", "hubspot_owner_id": "7"},
}
CALL = {
    "id": "1",
    "createdAt": WHEN,
    "properties": {"hs_timestamp": WHEN, "hs_call_duration": "5", "hs_call_direction": "INBOUND"},
    "associations": {"contacts": {"results": [{"id": "7"}]}},
}
LEAD = {"id": "1", "Owner": {"id": "7", "name": "x"}, "Email": "a@example.com"}
DEAL = {
    "id": "9",
    "Account_Name": {"id": "7"},
    "Stage": "Won",
    "Amount": 5,
    "Currency": "EUR",
    "Modified_Time": WHEN,
}
XIANSUO = {"_id": "l", "owner": ["o"], "create_time": 1767225600000, "email": "a@example.com"}
JILU = {
    "_id": "r",
    "create_time": 1767225600000,
    "related_object_data": [{"describe_api_name": "AccountObj", "id": "a"}],
}
CASES: list[tuple[Read, dict[str, Any]]] = [
    (subscription_from_stripe, EVENT),
    (interaction_from_stripe, INVOICE),
    (interaction_from_stripe, CHARGE),
    (interaction_from_stripe, REFUND),
    (interaction_from_segment, TRACK),
    (customer_from_segment, IDENTIFY),
    (lambda x: customer_from_hubspot(x, of="contacts"), CONTACT),
    (lambda x: interactions_from_hubspot(x, of="calls")[0], CALL),
    (lambda x: customer_from_zoho(x, of="Leads"), LEAD),
    (lambda x: interaction_from_zoho(x, of="Deals"), DEAL),
    (lambda x: customer_from_fxiaoke(x, of="LeadsObj"), XIANSUO),
    (lambda x: interaction_from_fxiaoke(x, of="ActiveRecordObj"), JILU),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every part of a payload."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in pairs:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from places(one, (*path, key))


def found(payload: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        payload = payload[key]
    return payload


@pytest.mark.parametrize(("read", "payload"), CASES)
@pytest.mark.parametrize("wrong", ["SECRET-7", 777123, 7.77123, [], {}, ["SECRET-7"], True, None])
def test_no_message_has_a_value(read: Read, payload: dict[str, Any], wrong: Any) -> None:
    for path in places(payload):
        given = copy.deepcopy(payload)
        found(given, path[:-1])[path[-1]] = wrong
        try:
            read(given)
        except InvalidInputError as error:
            said = str(error)
            assert not any(secret in said for secret in ("SECRET", "777123", "7.77", "example"))


@pytest.mark.parametrize(("read", "payload"), CASES)
def test_what_is_unknown_is_kept(read: Read, payload: dict[str, Any]) -> None:
    whole = payload["data"]["object"] if "data" in payload else payload
    for path in [(), *places(whole)]:
        given = copy.deepcopy(payload)
        inside = found(given["data"]["object"] if "data" in given else given, path)
        if isinstance(inside, dict):
            inside["later"] = "kept"
            kept = read(given).attributes
            assert [key for key, value in kept.items() if value == "kept"], path


@pytest.mark.parametrize(("read", "payload"), CASES)
def test_payloads_are_untouched(read: Read, payload: dict[str, Any]) -> None:
    before = copy.deepcopy(payload)
    assert read(payload) == read(payload)
    assert payload == before


@pytest.mark.parametrize(("read", "payload"), CASES)
def test_records_survive_json(read: Read, payload: dict[str, Any]) -> None:
    record = read(payload)
    assert type(record).from_dict(record.to_dict()) == record
