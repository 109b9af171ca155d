"""The records, each by itself."""

# ruff: noqa: DTZ001 - naive wall clocks are meant here

import copy
import datetime as dt
import enum
import json
import pickle
import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record, pii_of
from customerops.model.records.kinds import Channel, IdentifierType, Kind
from customerops.model.records.records import (
    IDENTIFIER_PII,
    Consent,
    Customer,
    Identifier,
    Interaction,
    Item,
    Subscription,
    Tag,
)
from customerops.model.values.money import Money
from customerops.model.values.window import Window

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

# ---------------------------------------------------------------------- random records

TEXT = st.text(min_size=1, max_size=6)
IDS = st.one_of(st.integers(), TEXT, st.uuids())
ZONES = st.sampled_from([dt.UTC, ZoneInfo("America/St_Johns"), dt.timezone(dt.timedelta(hours=8))])
INSTANTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=ZONES)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
)
CUSTOMER_FIELDS = frozenset(field.name for field in attrs.fields(Customer))
ATTRIBUTES = st.dictionaries(
    TEXT.filter(lambda key: key not in CUSTOMER_FIELDS), SCALARS, max_size=3
)
MONEY = st.builds(
    Money.of_minor, st.integers(-(10**20), 10**20), st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
)
DECIMALS = st.decimals(-(10**9), 10**9, allow_nan=False, places=5)


def maybe(strategy: Any) -> Any:
    return st.none() | strategy


IDENTIFIERS = st.builds(
    Identifier,
    type=st.sampled_from(list(IdentifierType)) | TEXT,
    value=TEXT,
    verified=st.booleans(),
    first_seen=maybe(INSTANTS),
    source=maybe(TEXT),
)
TAGS = st.builds(Tag, name=TEXT, source=maybe(TEXT), since=maybe(INSTANTS))
CUSTOMERS = st.builds(
    Customer,
    id=IDS,
    kind=st.sampled_from(["person", "organization"]),
    created_at=maybe(INSTANTS),
    identifiers=st.frozensets(IDENTIFIERS, max_size=3),
    account_id=maybe(IDS),
    acquisition_channel=maybe(TEXT),
    owner_id=maybe(IDS),
    timezone=maybe(TEXT),
    language=maybe(TEXT),
    country=maybe(TEXT),
    tags=st.frozensets(TAGS, max_size=3),
    attributes=ATTRIBUTES,
)
ITEMS = st.builds(
    Item,
    sku=TEXT,
    category=maybe(TEXT),
    quantity=DECIMALS | st.integers(-9, 9),
    unit_price=maybe(MONEY),
)
INTERACTIONS = st.builds(
    Interaction,
    id=maybe(IDS),
    customer_id=IDS,
    at=INSTANTS,
    recorded_at=maybe(INSTANTS),
    kind=st.sampled_from(list(Kind)) | TEXT,
    name=maybe(TEXT),
    channel=maybe(st.sampled_from(list(Channel)) | TEXT),
    direction=maybe(st.sampled_from(["inbound", "outbound", "none"])),
    outcome=maybe(TEXT),
    amount=maybe(MONEY),
    value=maybe(st.floats(allow_nan=False, allow_infinity=False)),
    until=maybe(INSTANTS),
    thread_id=maybe(IDS),
    campaign_id=maybe(IDS),
    actor_id=maybe(IDS),
    actor_kind=maybe(st.sampled_from(["human", "bot", "system"])),
    items=st.lists(ITEMS, max_size=3),
    attributes=ATTRIBUTES,
)


@st.composite
def subscriptions(draw: Any) -> Subscription:
    start = draw(INSTANTS).astimezone(dt.UTC)
    cuts = sorted(draw(st.sets(st.integers(0, 1000), max_size=7)))
    last = start + 1000 * HOUR if draw(st.booleans()) else None
    edges = [start + cut * HOUR for cut in cuts]
    pauses = [Window(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if last is None and draw(st.booleans()):
        pauses.append(Window(start + 1001 * HOUR, None))
    return Subscription(
        id=draw(IDS),
        customer_id=draw(IDS),
        plan=draw(TEXT),
        amount=draw(MONEY.filter(lambda money: money.minor >= 0)),
        interval=draw(
            st.tuples(st.integers(1, 99), st.sampled_from(["day", "week", "month", "year"]))
        ),
        quantity=draw(st.integers(0, 10**6)),
        started_at=start,
        trial_ends_at=draw(maybe(st.just(start + HOUR))),
        cancelled_at=draw(maybe(INSTANTS)),
        ended_at=last,
        pauses=tuple(pauses),
        reason=draw(maybe(st.sampled_from(["voluntary", "involuntary"]))),
        attributes=draw(ATTRIBUTES),
    )


CONSENTS = st.builds(
    Consent,
    customer_id=IDS,
    purpose=TEXT,
    channel=maybe(TEXT),
    status=st.sampled_from(["granted", "denied", "withdrawn"]),
    legal_basis=maybe(TEXT),
    at=INSTANTS,
    expires_at=maybe(st.just(dt.datetime(2300, 1, 1, tzinfo=dt.UTC))),
    separate=st.booleans(),
    notice_version=maybe(TEXT),
    recipient=maybe(TEXT),
    data_category=maybe(TEXT),
    guardian_id=maybe(IDS),
    jurisdiction=maybe(TEXT),
    evidence_ref=maybe(TEXT),
    source=maybe(TEXT),
)
RECORDS = {
    Identifier: IDENTIFIERS,
    Tag: TAGS,
    Customer: CUSTOMERS,
    Item: ITEMS,
    Interaction: INTERACTIONS,
    Subscription: subscriptions(),
    Consent: CONSENTS,
}


def plain(value: Any) -> bool:
    """Whether a value is made of JSON's own types, exactly."""
    if type(value) is dict:
        return all(type(key) is str and plain(one) for key, one in value.items())
    if type(value) is list:
        return all(plain(one) for one in value)
    return value is None or type(value) in (bool, int, float, str)


@pytest.mark.parametrize("cls", list(RECORDS), ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_a_record_survives_json_and_pickle(cls: Any, data: Any) -> None:
    record = data.draw(RECORDS[cls])
    written = record.to_dict()
    assert plain(written)
    read = cls.from_dict(json.loads(json.dumps(written)))
    assert read == record
    assert json.dumps(read.to_dict()) == json.dumps(written)
    assert hash(read) == hash(record)
    assert pickle.loads(pickle.dumps(record)) == record == copy.deepcopy(record)
    assert {record: 1}[read] == 1
    for name in attrs.fields_dict(cls):  # the types come back too: 1 is not True
        assert type(getattr(read, name)) is type(getattr(record, name))


@pytest.mark.parametrize("cls", list(RECORDS), ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_a_record_is_frozen_and_slotted(cls: Any, data: Any) -> None:
    record = data.draw(RECORDS[cls])
    assert isinstance(record, Record)
    assert not hasattr(record, "__dict__")
    for name in [*attrs.fields_dict(cls), "brand_new"]:
        with pytest.raises(AttributeError):
            setattr(record, name, None)
    assert attrs.evolve(record) == record


def test_sets_are_written_in_one_order() -> None:
    tags = [Tag(name=name, source=source) for name in "abc" for source in (None, "x", "y")]
    one, other = (Customer(id=1, tags=frozenset(some)) for some in (tags, tags[::-1]))
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())


def test_an_interaction_is_written_like_this() -> None:
    order = Interaction(
        id=uuid.UUID(int=7),
        customer_id=9,
        at=dt.datetime(2026, 1, 5, 12, 0, 0, 5, tzinfo=dt.UTC),
        kind=Kind.PURCHASE,
        amount=Money("59", "EUR"),
        value=2,
        items=[Item(sku="ink", quantity="0.50")],  # type: ignore[arg-type] # a list will do
        attributes={"plan": "pro", "age": 41},
    )
    assert order.to_dict() == {
        "schema": 1,
        "customer_id": 9,
        "at": "2026-01-05T12:00:00.000005Z",
        "kind": "purchase",
        "id": {"$uuid": "00000000-0000-0000-0000-000000000007"},
        "recorded_at": None,
        "name": None,
        "channel": None,
        "direction": None,
        "outcome": None,
        "amount": {"amount": "59.00", "currency": "EUR"},
        "value": 2.0,
        "until": None,
        "thread_id": None,
        "campaign_id": None,
        "actor_id": None,
        "actor_kind": None,
        "items": [{"sku": "ink", "category": None, "quantity": "0.5", "unit_price": None}],
        "attributes": {"age": 41, "plan": "pro"},
    }


# ---------------------------------------------------------------------- made plain


class Small(enum.IntEnum):
    ONE = 1


def test_what_comes_from_elsewhere_is_made_plain() -> None:
    number: Any = np.int64
    event = Interaction(
        customer_id=number(7),
        id=Small.ONE,
        at=pd.Timestamp("2026-01-05T13:00", tz="Europe/Berlin"),
        kind=Kind.USE,
        channel=Channel.APP,
        value=np.float64(2.5),
        until=pd.Timestamp("2026-01-05T12:00:00.000000999", tz="UTC"),
        attributes={"n": number(3), "kind": Kind.USE},
    )
    assert event == Interaction(
        customer_id=7,
        id=1,
        at=NOON,
        kind="use",
        channel="app",
        value=2.5,
        until=NOON,
        attributes={"n": 3, "kind": "use"},
    )
    assert {type(x) for x in (event.id, event.customer_id)} == {int}
    assert {type(x) for x in (event.kind, event.channel, event.attributes["kind"])} == {str}
    assert {type(x) for x in (event.at, event.until)} == {dt.datetime}
    assert plain(event.to_dict())


def test_instants_inside_a_fold_are_two() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first, second = (
        Interaction(
            customer_id=1, kind="use", at=dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=f)
        )
        for f in (0, 1)
    )
    assert second.at - first.at == HOUR
    assert first != second


def test_zero_has_no_sign() -> None:
    event = Interaction(customer_id=1, at=NOON, kind="use", value=-0.0, amount=Money("-0", "EUR"))
    assert str(event.value) == "0.0"
    assert str(event.amount) == "0.00 EUR"
    assert Item(sku="a", quantity=Decimal("-0E+5")).quantity.as_tuple() == Decimal(0).as_tuple()


def test_attributes_are_by_type() -> None:
    def event(score: Any) -> Interaction:
        return Interaction(customer_id=1, at=NOON, kind="use", attributes={"score": score})

    assert len({event(True), event(1), event(1.0)}) == 3
    assert event(1) != event(True)


# ---------------------------------------------------------------------- refused


def interaction(**changed: Any) -> Interaction:
    return Interaction(**{"customer_id": "c-9", "at": NOON, "kind": "use", **changed})


def subscription(**changed: Any) -> Subscription:
    given = {
        "id": "s-1",
        "customer_id": "c-9",
        "plan": "team",
        "amount": Money(10, "EUR"),
        "interval": (1, "month"),
        "started_at": NOON,
    }
    return Subscription(**{**given, **changed})


def consent(**changed: Any) -> Consent:
    given = {"customer_id": "c-9", "purpose": "marketing", "status": "granted", "at": NOON}
    return Consent(**{**given, **changed})


def customer(**changed: Any) -> Customer:
    return Customer(**{"id": "c-9", **changed})


def pause(first: Any, last: Any) -> Window:
    return Window(
        None if first is None else NOON + first * HOUR,
        None if last is None else NOON + last * HOUR,
    )


REFUSED = [
    (interaction, {"customer_id": True}, "customer_id must be an int, a str or a UUID: got bool"),
    (interaction, {"customer_id": ""}, "customer_id must not be empty: got ''"),
    (interaction, {"customer_id": None}, "customer_id must be an int, a str or a UUID: got None"),
    (interaction, {"customer_id": 1.0}, "customer_id must be an int, a str or a UUID: got float"),
    (interaction, {"id": b"a"}, "id must be an int, a str or a UUID: got bytes"),
    (interaction, {"thread_id": ""}, "thread_id must not be empty: got ''"),
    (
        interaction,
        {"at": dt.datetime(2026, 1, 1)},
        "at must be timezone-aware: got a naive datetime",
    ),
    (interaction, {"at": pd.NaT}, "at must be a datetime: got NaTType"),
    (interaction, {"at": dt.date(2026, 1, 1)}, "at must be a datetime: got date"),
    (interaction, {"until": "2026-01-01"}, "until must be a datetime: got str"),
    (interaction, {"recorded_at": 5}, "recorded_at must be a datetime: got int"),
    (interaction, {"kind": ""}, "kind must not be empty: got ''"),
    (interaction, {"kind": None}, "kind must be a str: got None"),
    (interaction, {"channel": 3}, "channel must be a str: got int"),
    (interaction, {"amount": Decimal(5)}, "amount must be a Money: got Decimal"),
    (interaction, {"amount": 5.0}, "amount must be a Money: got float"),
    (interaction, {"value": float("nan")}, "value must be finite: got nan"),
    (interaction, {"value": "3"}, "value must be a float: got str"),
    (interaction, {"value": True}, "value must be a float: got bool"),
    (
        interaction,
        {"direction": "inbond"},
        "direction must be one of 'inbound', 'outbound', 'none': got 'inbond', did you mean 'inbound'?",
    ),
    (
        interaction,
        {"actor_kind": "dog"},
        "actor_kind must be one of 'human', 'bot', 'system': got str",
    ),
    (interaction, {"items": Item(sku="a")}, "items must be a tuple: got Item"),
    (interaction, {"items": [Item(sku="a"), {"sku": "b"}]}, "items[1] must be an Item: got dict"),
    (interaction, {"attributes": {"a": None}}, "attributes.a must not be None: leave the key out"),
    (interaction, {"attributes": {"a": float("nan")}}, "attributes.a must be finite: got nan"),
    (
        interaction,
        {"attributes": {"a": {"b": 1}}},
        "attributes.a must be a bool, an int, a float or a str: got dict",
    ),
    (interaction, {"attributes": None}, "attributes must be a mapping: got None"),
    (Item, {"sku": ""}, "sku must not be empty: got ''"),
    (
        Item,
        {"sku": "a", "quantity": 0.5},
        "quantity must be a Decimal, an int or a str: got float",
    ),
    (Item, {"sku": "a", "quantity": Decimal("NaN")}, "quantity must be finite: got nan"),
    (
        Item,
        {"sku": "a", "quantity": True},
        "quantity must be a Decimal, an int or a str: got bool",
    ),
    (customer, {"kind": "robot"}, "kind must be one of 'person', 'organization': got str"),
    (customer, {"identifiers": ["ann"]}, "identifiers[0] must be an Identifier: got str"),
    (customer, {"tags": Tag(name="a")}, "tags must be a set: got Tag"),
    (
        customer,
        {"attributes": {"country": "CN"}},
        "attributes must not have the name of a field: got 'country'",
    ),
    (
        customer,
        {"attributes": {"id": 3}},
        "attributes must not have the name of a field: got 'id'",
    ),
    (
        Identifier,
        {"type": "email", "value": "a", "first_seen": NOON, "last_seen": NOON - HOUR},
        "last_seen must not be before first_seen: it is",
    ),
    (
        Identifier,
        {"type": "email", "value": "a", "verified": 1},
        "verified must be True or False: got int",
    ),
    (Identifier, {"type": "email", "value": 5}, "value must be a str: got int"),
    (
        subscription,
        {"amount": Money(-1, "EUR")},
        "amount must not be negative: got a negative amount",
    ),
    (subscription, {"amount": None}, "amount must be a Money: got None"),
    (subscription, {"interval": (0, "month")}, "interval[0] must be at least 1: got less"),
    (
        subscription,
        {"interval": (1, "months")},
        "interval[1] must be one of 'day', 'week', 'month', 'year': got 'months', did you mean 'month'?",
    ),
    (subscription, {"interval": "month"}, "interval must be a tuple of 2: got str"),
    (subscription, {"interval": (1.0, "month")}, "interval[0] must be an int: got float"),
    (subscription, {"quantity": -1}, "quantity must be at least 0: got less"),
    (subscription, {"quantity": 1.0}, "quantity must be an int: got float"),
    (subscription, {"ended_at": NOON - HOUR}, "ended_at must not be before started_at: it is"),
    (
        subscription,
        {"trial_ends_at": NOON - HOUR},
        "trial_ends_at must not be before started_at: it is",
    ),
    (
        subscription,
        {"reason": "volantary"},
        "reason must be one of 'voluntary', 'involuntary': got 'volantary', did you mean 'voluntary'?",
    ),
    (
        subscription,
        {"pauses": [pause(-1, 2)]},
        "pauses[0] must lie inside the contract: it does not",
    ),
    (
        subscription,
        {"pauses": [pause(None, 2)]},
        "pauses[0] must lie inside the contract: it does not",
    ),
    (
        subscription,
        {"pauses": [pause(1, 2), pause(4, 9)], "ended_at": NOON + 8 * HOUR},
        "pauses[1] must lie inside the contract: it does not",
    ),
    (
        subscription,
        {"pauses": [pause(1, None)], "ended_at": NOON + 8 * HOUR},
        "pauses[0] must lie inside the contract: it does not",
    ),
    (
        subscription,
        {"pauses": [pause(3, 4), pause(1, 2)]},
        "pauses[1] must follow the pause before it: it starts before the one before it ends",
    ),
    (
        subscription,
        {"pauses": [pause(1, 3), pause(2, 4)]},
        "pauses[1] must follow the pause before it: it starts before the one before it ends",
    ),
    (
        subscription,
        {"pauses": [pause(1, None), pause(2, 4)]},
        "pauses[1] must follow the pause before it: it starts before the one before it ends",
    ),
    (
        consent,
        {"status": "grantd"},
        "status must be one of 'granted', 'denied', 'withdrawn': got 'grantd', did you mean 'granted'?",
    ),
    (
        consent,
        {"status": None},
        "status must be one of 'granted', 'denied', 'withdrawn': got None",
    ),
    (consent, {"expires_at": NOON}, "expires_at must be after at: it is not"),
    (consent, {"separate": None}, "separate must be True or False: got None"),
]


@pytest.mark.parametrize(("make", "given_", "message"), REFUSED, ids=range(len(REFUSED)))
def test_nonsense_is_refused(make: Any, given_: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make(**given_)
    assert str(caught.value) == message


def test_the_bounds_themselves_are_taken() -> None:
    whole = subscription(
        interval=[3, "month"],
        quantity=0,
        amount=Money(0, "EUR"),
        trial_ends_at=NOON,
        ended_at=NOON + 8 * HOUR,
        pauses=[pause(0, 2), pause(2, 8)],
    )
    assert whole.interval == (3, "month")
    assert subscription(ended_at=NOON).ended_at == NOON
    assert subscription(pauses=[pause(1, 2), pause(3, None)]).pauses[1].end is None
    later = NOON + dt.timedelta(microseconds=1)
    assert consent(expires_at=later).expires_at == later
    seen = Identifier(type="email", value="a", first_seen=NOON, last_seen=NOON)
    assert seen.first_seen == seen.last_seen


# ---------------------------------------------------------------------- personal data


def test_personal_fields_are_marked() -> None:
    assert pii_of(Customer)["country"] == "user.contact.address.country"
    assert pii_of(Interaction)["customer_id"] == "user.unique_id"
    assert pii_of(Interaction)["items"] == "user.behavior.purchase_history"
    assert set(IDENTIFIER_PII) == {member.value for member in IdentifierType}
    assert IDENTIFIER_PII["email"] == "user.contact.email"


# fideslang 3.1, default_taxonomy: the data categories used here.
FIDES = """
    user user.account user.behavior user.behavior.purchase_history user.contact.address.country
    user.contact.email user.contact.phone_number user.demographic.language user.demographic.profile
    user.device.device_id user.government_id user.location.imprecise user.privacy_preferences
    user.unique_id user.unique_id.pseudonymous user.workplace
"""


def test_categories_are_those_of_fides() -> None:
    used = {category for cls in RECORDS for category in pii_of(cls).values()}
    assert used | set(IDENTIFIER_PII.values()) == set(FIDES.split())
