"""Redaction and pseudonyms: what goes, what stays, what joins, what cannot be guessed."""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model import (
    Consent,
    Customer,
    Identifier,
    Interaction,
    Item,
    Money,
    Subscription,
    Tag,
    pseudonymise,
    redact,
)

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KEY = "a key that is kept elsewhere"
ANN = Customer(
    id="c-9",
    country="CN",
    account_id="acme",
    created_at=AT,
    identifiers={  # type: ignore[arg-type]
        Identifier(type="email", value="ann@example.com", source="shop", first_seen=AT),
        Identifier(type="badge", value="b-7"),
    },
    tags={Tag(name="vip", source="sales"), Tag(name="neighbour of Bo")},  # type: ignore[arg-type]
    attributes={"age": 41, "name": "Ann Li"},
)
ORDER = Interaction(
    id="o-1",
    customer_id="c-9",
    at=AT,
    kind="purchase",
    actor_id="c-9",
    thread_id="t-1",
    amount=Money("5.00", "EUR"),
    items=(Item(sku="ink", unit_price=Money("5.00", "EUR")),),
    attributes={"note": "leave at Bo's", "size": 3},
)


def test_redacted_keeps_the_form_and_loses_the_values() -> None:
    told = redact(ANN)
    assert told.keys() == ANN.to_dict().keys()
    assert told["id"] == told["country"] == told["attributes"] == "[redacted]"
    assert (told["kind"], told["owner_id"]) == ("person", None)
    assert [(one["type"], one["value"]) for one in told["identifiers"]] == [
        ("badge", "[redacted]"),
        ("email", "[redacted]"),
    ]
    assert told["identifiers"][1]["source"] == "shop"
    for value in ("c-9", "CN", "acme", "ann@", "b-7", "vip", "Ann", "41"):
        assert value not in json.dumps(told)


def test_redacted_lines_of_an_order() -> None:
    told = redact(ORDER)
    (line,) = told["items"]
    assert line["sku"] == line["quantity"] == line["unit_price"] == "[redacted]"
    assert line["category"] is None
    assert (told["id"], told["amount"]) == ("o-1", "[redacted]")
    kept = redact(ORDER, keep={"user.behavior"})
    assert kept["amount"] == ORDER.to_dict()["amount"]
    assert (kept["kind"], kept["customer_id"]) == ("purchase", "[redacted]")
    assert redact(Interaction(customer_id=1, at=AT, kind="x"))["attributes"] == {}


def test_categories_that_stay() -> None:
    told = redact(ANN, keep=["user.contact"])
    assert [one["value"] for one in told["identifiers"]] == ["[redacted]", "ann@example.com"]
    assert told["country"] == "CN"
    assert redact(ANN, keep={"user"})["attributes"] == {"age": 41, "name": "Ann Li"}
    assert redact(ANN, keep={"user.cont"})["country"] == "[redacted]"


def test_one_person_has_one_pseudonym_in_all_records() -> None:
    one = pseudonymise("c-9", key=KEY)
    consent = Consent(
        customer_id="c-9", purpose="x", status="granted", at=AT, guardian_id="g", evidence_ref="e"
    )
    lease = Subscription(
        id="s", customer_id="c-9", plan="p", amount=Money(1, "EUR"), interval=(1, "month"), started_at=AT
    )  # fmt: skip
    owners = [pseudonymise(record, key=KEY) for record in (ORDER, consent, lease)]
    assert {record.customer_id for record in owners} == {one}
    assert pseudonymise(ANN, key=KEY).id == one
    order, masked = pseudonymise(ORDER, key=KEY), pseudonymise(consent, key=KEY)
    assert (order.actor_id, order.at, order.amount) == (one, AT, ORDER.amount)
    assert masked.guardian_id == pseudonymise("g", key=KEY)
    text = repr([*owners, pseudonymise(ANN, key=KEY)])
    for value in ("c-9", "'o-1'", "'t-1'", "ann@", "Bo", "Ann", "'e'", "'g'"):
        assert value not in text


def test_attributes_and_tags_stay_by_name_only() -> None:
    masked = pseudonymise(ANN, key=KEY, keep={"age", "vip"})
    assert dict(masked.attributes) == {"age": 41}
    assert {tag.name for tag in masked.tags} == {"vip"}
    assert dict(pseudonymise(ORDER, key=KEY).attributes) == {}


def test_stable_under_one_key_and_different_under_another() -> None:
    assert pseudonymise(ANN, key=KEY) == pseudonymise(ANN, key=KEY.encode())
    assert pseudonymise("c-9", key=KEY) != pseudonymise("c-9", key=KEY + "!")
    same = [pseudonymise(one, key=KEY) for one in (7, "7", uuid.UUID(int=7))]
    assert len(set(same)) == 3


def test_things_of_one_name_have_different_pseudonyms() -> None:
    order = pseudonymise(
        Interaction(id="7", customer_id="7", thread_id="7", at=AT, kind="x"), key=KEY
    )
    assert len({order.id, order.customer_id, order.thread_id}) == 3
    phone, badge = (
        pseudonymise(Identifier(type=type_, value="7"), key=KEY) for type_ in ("phone", "badge")
    )
    assert phone.value != badge.value


def test_not_found_by_hashing_candidates() -> None:
    """Who has all the phone numbers and not the key finds none of them."""
    target = pseudonymise(Identifier(type="phone", value="+8613800000042"), key=KEY).value
    candidates = [f"+86138000000{n:02d}" for n in range(100)]
    guesses = set()
    for one in candidates:
        for text in (one, f"phone{one}", f"phone:{one}", f"s{one}"):
            for name in ("md5", "sha1", "sha256", "blake2b"):
                guesses.add(hashlib.new(name, text.encode()).hexdigest()[:32])
            guesses.add(hmac.new(b"", text.encode(), hashlib.sha256).hexdigest()[:32])
        guesses.add(
            pseudonymise(Identifier(type="phone", value=one), key="some other key, 16+").value
        )
    assert target not in guesses
    found = [
        one
        for one in candidates
        if pseudonymise(Identifier(type="phone", value=one), key=KEY).value == target
    ]
    assert found == ["+8613800000042"]  # with the key it is: still personal data


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: redact("c-9"), "record must be a record: got str"),  # type: ignore[arg-type]
        (lambda: redact(ANN, keep="user"), "keep must be an iterable of values: got str"),
        (
            lambda: pseudonymise("c-9", key="short"),
            "key must have at least 16 bytes: it has fewer",
        ),
        (lambda: pseudonymise("c-9", key=7), "key must be bytes or a str: got int"),  # type: ignore[call-overload]
        (lambda: pseudonymise(None, key=KEY), "subject must be an int, a str or a UUID: got None"),  # type: ignore[call-overload]
        (lambda: pseudonymise(Tag(name="x"), key=KEY), "must be a record that names a customer"),
        (lambda: pseudonymise(ANN, key=KEY, keep="age"), "keep must be an iterable"),
    ],
)
def test_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        call()
    assert "c-9" not in str(caught.value)
    assert "short" not in str(caught.value).replace("shorter", "")
