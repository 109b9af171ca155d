"""Segment's messages, as examples of its spec restated (segment.com/docs/connections/spec)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model import (
    Identifier,
    IdentityRules,
    InteractionLog,
    Item,
    Link,
    Money,
    SourceRecord,
    resolve_identities,
)
from customerops.model.adapters.segment import (
    customer_from_segment,
    interaction_from_segment,
    link_from_segment,
)

UTC = dt.UTC
TRACK: dict[str, Any] = {
    "type": "track",
    "event": "Order Completed",
    "userId": "AiUGstSDIg",
    "anonymousId": "23adfd82-aa0f-45a7-a756-24f2a7a4c895",
    "messageId": "ajs-f8ca1e4de5024d9430b3928bd8ac6b96",
    "timestamp": "2015-12-12T19:11:01.266Z",
    "receivedAt": "2015-12-12T19:11:01.466Z",
    "channel": "browser",
    "context": {
        "campaign": {"name": "TPS Innovation Newsletter", "source": "Newsletter"},
        "page": {"url": "https://segment.com/academy/"},
        "locale": "en-US",
    },
    "properties": {
        "order_id": "50314b8e9bcf000000000000",
        "revenue": 25.00,
        "total": 27.50,
        "shipping": 3,
        "currency": "EUR",
        "coupon": "hasbros",
        "products": [
            {
                "product_id": "507f1f77bcf86cd799439011",
                "sku": "45790-32",
                "name": "Monopoly: 3rd Edition",
                "price": 19,
                "quantity": 1,
                "category": "Games",
            },
            {"product_id": "505bd76785ebb509fc183733", "price": 3.15, "quantity": 2},
            {"sku": 17},
        ],
    },
}


def test_an_order() -> None:
    found = interaction_from_segment(TRACK)
    assert (found.customer_id, found.kind, found.name) == (
        "AiUGstSDIg",
        "purchase",
        "Order Completed",
    )
    assert found.at == dt.datetime(2015, 12, 12, 19, 11, 1, 266000, UTC)
    assert found.recorded_at == dt.datetime(2015, 12, 12, 19, 11, 1, 466000, UTC)
    assert found.amount == Money("27.50", "EUR")
    assert (found.channel, found.campaign_id) == ("web", "TPS Innovation Newsletter")
    assert found.thread_id == "50314b8e9bcf000000000000"
    assert found.items == (
        Item(sku="45790-32", category="Games", quantity=1, unit_price=Money(19, "EUR")),
        Item(sku="505bd76785ebb509fc183733", quantity=Decimal(2), unit_price=Money("3.15", "EUR")),
        Item(sku="17"),
    )
    kept = found.attributes
    assert kept["coupon"] == "hasbros"
    assert kept["revenue"] == 25.0
    assert kept["context.page.url"] == "https://segment.com/academy/"
    assert kept["anonymousId"] == TRACK["anonymousId"]
    assert "currency" not in kept


def track(event: str, **properties: Any) -> dict[str, Any]:
    return {**TRACK, "event": event, "properties": properties}


def test_refunds_are_negative() -> None:
    found = interaction_from_segment(track("Order Refunded", total=5, currency="usd"))
    assert (found.kind, found.amount) == ("refund", Money(-5, "USD"))
    assert interaction_from_segment(track("Order Refunded")).amount is None


def test_amounts_without_a_currency_are_dollars_or_what_is_said() -> None:
    assert interaction_from_segment(track("x", revenue=9.99)).amount == Money("9.99", "USD")
    found = interaction_from_segment(track("x", revenue=10, products=[]), currency="CNY")
    assert found.amount == Money(10, "CNY")


def test_events_that_nobody_named() -> None:
    played = interaction_from_segment(track("Song Played", value=3))
    assert (played.kind, played.name, played.value) == ("Song Played", "Song Played", 3.0)
    named = interaction_from_segment(track("Song Played"), kinds={"Song Played": "use"})
    assert (named.kind, named.name) == ("use", "Song Played")


def test_of_nobody_known() -> None:
    found = interaction_from_segment({**TRACK, "userId": None})
    assert found.customer_id == TRACK["anonymousId"]


@pytest.mark.parametrize(("sort", "channel"), [("page", "web"), ("screen", "app")])
def test_pages_and_screens(sort: str, channel: str) -> None:
    message = {**TRACK, "type": sort, "name": "Home", "channel": "server"}
    message["properties"] = {"path": "/academy/", "title": "Analytics Academy"}
    del message["event"]
    found = interaction_from_segment(message)
    assert (found.kind, found.name, found.channel) == ("view", "Home", channel)
    assert found.attributes["path"] == "/academy/"
    assert found.attributes["channel"] == "server"
    del message["name"]
    assert interaction_from_segment(message).name == "/academy/"


def test_identify() -> None:
    ann = customer_from_segment(
        {
            "type": "identify",
            "userId": "97980cfea0067",
            "anonymousId": "507f191e810c19729de860ea",
            "timestamp": "2015-02-23T22:28:55.111Z",
            "context": {"locale": "en-US", "timezone": "Europe/Amsterdam", "groupId": "0e8c"},
            "traits": {
                "email": "peter@Example.com",
                "phone": "555 0100",
                "createdAt": "2014-02-23T22:28:55Z",
                "plan": "premium",
                "logins": 5,
                "address": {"country": "USA"},
                "country": "USA",
            },
        }
    )
    assert (ann.id, ann.kind, ann.account_id) == ("97980cfea0067", "person", "0e8c")
    assert ann.identifiers == {
        Identifier(type="user_id", value="97980cfea0067", source="segment"),
        Identifier(type="anonymous_id", value="507f191e810c19729de860ea", source="segment"),
        Identifier(type="email", value="peter@example.com", source="segment"),
    }
    assert (ann.language, ann.timezone) == ("en-US", "Europe/Amsterdam")
    assert ann.created_at == dt.datetime(2014, 2, 23, 22, 28, 55, tzinfo=UTC)
    assert dict(ann.attributes) == {
        "address.country": "USA",
        "logins": 5,
        "phone": "555 0100",
        "plan": "premium",
        "segment.country": "USA",
        "timestamp": "2015-02-23T22:28:55.111Z",
        "type": "identify",
    }


def test_group() -> None:
    firm = customer_from_segment(
        {
            "type": "group",
            "groupId": "0e8c78ea9d97a7b8185e8632",
            "userId": "u1",
            "traits": {"name": "Initech", "industry": "Technology", "employees": 329},
        }
    )
    assert (firm.id, firm.kind) == ("0e8c78ea9d97a7b8185e8632", "organization")
    assert firm.attributes["employees"] == 329
    assert firm.attributes["userId"] == "u1"


def test_alias_joins_records() -> None:
    link = link_from_segment({"type": "alias", "previousId": "anon", "userId": "u1"})
    assert link == Link("segment:anon", "segment:u1", type="alias")
    messages = ({"type": "identify", "anonymousId": "anon"}, {"type": "identify", "userId": "u1"})
    people = [SourceRecord(source="segment", customer=customer_from_segment(x)) for x in messages]
    assert link.b == people[1].id
    apart = resolve_identities(people, IdentityRules(joins=("alias",)))
    found = resolve_identities(people, IdentityRules(joins=("alias",)), links=[link])
    assert (len(apart.clusters), len(found.clusters)) == (2, 1)


@pytest.mark.parametrize(
    ("function", "message", "error"),
    [
        (interaction_from_segment, [], "^message must be a mapping: got list$"),
        (interaction_from_segment, {}, "^type must be given: it is missing$"),
        (interaction_from_segment, {"type": "trak"}, "^type must be one of .* mean 'track'"),
        (interaction_from_segment, {"type": "track"}, "^anonymousId must be given: it is"),
        (
            interaction_from_segment,
            {**TRACK, "timestamp": "2015-12-12"},
            "^timestamp must be timezone-aware: got a naive datetime$",
        ),
        (interaction_from_segment, track(""), "^event must be given: it is missing$"),
        (
            interaction_from_segment,
            track("x", total="much"),
            "^properties.total must be a number: got another str$",
        ),
        (
            interaction_from_segment,
            track("x", revenue=1.001),
            "^properties.revenue must have at most 2 decimals in USD: got more",
        ),
        (
            interaction_from_segment,
            track("x", products={"sku": 1}),
            "^properties.products must be a list: got dict$",
        ),
        (
            interaction_from_segment,
            track("x", products=[{"name": "x"}]),
            r"^properties.products\[0\].product_id must be given: it is missing$",
        ),
        (
            interaction_from_segment,
            track("x", products=[{"sku": "a", "price": "x"}]),
            r"^properties.products\[0\].price must be a number: got another str$",
        ),
        (customer_from_segment, {"type": "group"}, "^groupId must be given: it is missing$"),
        (link_from_segment, {"type": "alias", "userId": "u"}, "^previousId must be given"),
        (
            link_from_segment,
            {"type": "alias", "userId": "u", "previousId": "u"},
            "^userId must be another record than a: got the same$",
        ),
    ],
)
def test_errors_have_the_path(function: Any, message: Any, error: str) -> None:
    with pytest.raises(InvalidInputError, match=error):
        function(message)


def test_messages_make_a_log() -> None:
    messages = [TRACK, {**TRACK, "type": "page", "messageId": "m2", "name": "Home"}, TRACK]
    log = InteractionLog.from_interactions([interaction_from_segment(x) for x in messages])
    assert len(log) == 2
    assert {x.kind for x in log.interactions()} == {"purchase", "view"}
