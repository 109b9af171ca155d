"""Who is reachable: permission and address, channel by channel."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import PRIVATE_CHANNELS, Reachable, reachable
from customerops.model import Consent, Customer, Did, Identifier, InteractionLog, permitted, select
from tests.metrics.contracts import DAY, utc

AT = utc("2026-03-01")
CHANNELS = ("email", "sms", "wecom", "marketplace")
TYPES = {
    "email": ["email"],
    "sms": ["phone"],
    "wecom": ["wecom_external_userid"],
    "marketplace": ["user_id", "loyalty_no"],
}
f: Any = reachable


def has(
    *types: str, verified: bool = False, seen: dt.datetime | None = None
) -> frozenset[Identifier]:
    return frozenset(
        Identifier(type=one, value=f"{one}-1", verified=verified, first_seen=seen) for one in types
    )


def said(who: Any, status: Any = "granted", channel: str | None = None, ago: int = 9) -> Consent:
    return Consent(
        customer_id=who, purpose="marketing", channel=channel, status=status, at=AT - ago * DAY
    )


PEOPLE = [
    Customer(id="a", identifiers=has("email", "phone")),
    Customer(id="b", identifiers=has("email", verified=True)),
    Customer(id="c", identifiers=has("phone", "loyalty_no")),
    Customer(id="d", identifiers=has("email", seen=AT + DAY)),
    Customer(id="e", identifiers=has("user_id")),
    Customer(id="f", identifiers=has("email")),  # said nothing
    Customer(id="later", created_at=AT + DAY, identifiers=has("email")),
]
SAID = [
    *(said(who) for who in "abcde"),
    said("a", "withdrawn", "sms", ago=3),
    Consent(customer_id="f", purpose="invoice", status="granted", at=AT),
    said("zoe"),
]


def found(people: list[Customer] | None = None, **more: Any) -> Reachable:
    options = {"channels": CHANNELS, "identifiers": TYPES, "purpose": "marketing", "at": AT}
    made: Reachable = f(PEOPLE if people is None else people, SAID, **{**options, **more})
    return made


def test_by_hand() -> None:
    rows = found().to_frame().set_index("customer_id")
    assert rows["reachable"].to_dict() == {
        "a": "email",
        "b": "email",
        "c": "marketplace, sms",
        "d": "",
        "e": "marketplace",
        "f": "",
    }
    assert rows["permitted"]["a"] == "email, marketplace, wecom"
    assert rows["identified"]["a"] == "email, sms"
    assert rows["permitted"]["f"] == ""
    assert rows["identified"]["f"] == "email"
    one = found()
    assert one.channels == ("email", "marketplace", "sms", "wecom")
    shares = one.by_channel()
    assert shares.axes[0].labels == one.channels
    assert np.asarray(shares.count).tolist() == [2, 2, 1, 0]
    assert np.asarray(shares.total).tolist() == [6] * 4
    assert np.asarray(one.by_channel("permitted").count).tolist() == [5, 5, 4, 5]
    assert np.asarray(one.by_channel("identified").count).tolist() == [3, 2, 2, 0]
    assert one.customers("email").tolist() == ["a", "b"]
    assert one.customers("wecom").tolist() == []
    assert one.share.value == 4 / 6
    domain = one.by_domain()
    assert dict(zip(domain.axes[0].labels, np.asarray(domain.count).tolist(), strict=True)) == {
        "both": 1,  # c, by sms and by the marketplace
        "none": 2,
        "private": 2,
        "public": 1,
    }
    assert one.private_share.value == 3 / 6
    assert one.share.interval() == pytest.approx((0.3000, 0.9032), abs=5e-5)  # Wilson, 4 of 6


def test_whose_address_will_do() -> None:
    proven = found(evidence="verified")
    assert proven.customers("email").tolist() == ["b"]
    log = InteractionLog.from_arrays(
        customer_id=["b", "c"], kind=["bounce", "open"], at=[AT, AT], tz=dt.UTC
    ).until(AT)
    bounced = select(log, Did("bounce"))
    for broken in (bounced, ["b"]):
        assert found(unusable={"email": broken}).customers("email").tolist() == ["a"]
    assert found(at=AT + DAY).customers("email").tolist() == ["a", "b", "d"]
    assert len(found(at=AT + DAY)) == 7
    assert found(at=AT - 20 * DAY).share.value == 0
    own = found(private={"marketplace"})
    assert own.private_share.value == 2 / 6


def test_the_channels_that_are_known() -> None:
    here = reachable(PEOPLE, SAID, channels={"sms", "email"}, purpose="marketing", at=AT)
    assert here.customers("sms").tolist() == ["c"]
    assert {"wecom", "app", "email"} <= PRIVATE_CHANNELS
    assert not {"marketplace", "partner", "social"} & PRIVATE_CHANNELS
    law = reachable(
        PEOPLE, SAID, channels=["email"], purpose="marketing", at=AT, regime="GDPR", ages={"a": 9}
    )
    assert law.customers("email").tolist() == ["b"]  # a is a child


def test_ids_of_other_types_and_nobody() -> None:
    for ids in ((3, 1), (UUID(int=3), UUID(int=1))):
        people = [Customer(id=one, identifiers=has("email")) for one in ids]
        some = f(people, [said(ids[0])], channels=["email"], purpose="marketing", at=AT)
        assert some.customers("email").tolist() == [ids[0]]
        assert pickle.loads(pickle.dumps(some)) == some
    nobody = found([])
    assert len(nobody) == 0
    assert np.isnan(nobody.share.value)
    assert np.isnan(np.asarray(nobody.by_domain().value)).all()
    assert nobody.customers("sms").tolist() == []
    assert nobody + found() == found()


STATUS = st.sampled_from(["granted", "denied", "withdrawn"])


@st.composite
def populations(draw: st.DrawFn) -> tuple[list[Customer], list[Consent]]:
    people, consents = [], []
    for who in draw(st.sets(st.sampled_from("abcdef"))):
        types = draw(st.sets(st.sampled_from(["email", "phone", "user_id"])))
        proven, seen = draw(st.booleans()), draw(st.sampled_from([None, AT, AT + DAY]))
        people.append(Customer(id=who, identifiers=has(*types, verified=proven, seen=seen)))
        for _ in range(draw(st.integers(0, 3))):
            channel = draw(st.sampled_from([None, "email", "sms", "marketplace"]))
            consents.append(said(who, draw(STATUS), channel, draw(st.integers(-1, 3))))
    return people, consents


@given(populations(), st.sampled_from(["known", "verified"]))
def test_as_customer_by_customer(world: Any, evidence: str) -> None:
    people, consents = world
    options: dict[str, Any] = {
        "channels": CHANNELS,
        "identifiers": TYPES,
        "purpose": "marketing",
        "at": AT,
        "evidence": evidence,
    }
    whole = reachable(people, consents, **options)
    private = public = 0
    for person in people:
        mine = [one for one in consents if one.customer_id == person.id]
        here = []
        for channel, types in TYPES.items():
            may = permitted(mine, purpose="marketing", channel=channel, at=AT).allowed
            can = any(
                one.type in types
                and (evidence == "known" or one.verified)
                and (one.first_seen is None or one.first_seen <= AT)
                for one in person.identifiers
            )
            if may and can:
                here.append(channel)
                assert person.id in whole.customers(channel).tolist()
            else:
                assert person.id not in whole.customers(channel).tolist()
        private += bool({"email", "sms", "wecom"} & set(here))
        public += "marketplace" in here
    assert whole.private_share.count == private
    domain = whole.by_domain()
    assert np.asarray(domain.count).sum() == len(people)
    assert domain.select(domain=["both", "public"]).count.sum() == public
    first = reachable(people[:2], consents, **options)
    assert first + reachable(people[2:], consents, **options) == whole


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: found(channels=[]), "channels must name at least one"),
        (lambda: found(channels="email"), "channels must be an iterable of values"),
        (lambda: found(channels=["e,f"]), "channels must have no comma in a name"),
        (lambda: found(channels=["emial"]), "did you mean 'email'"),
        (lambda: found(identifiers=["email"]), "identifiers must be a mapping of channels"),
        (
            lambda: found(identifiers={"email": "email"}, channels=["email"]),
            "identifiers must be an",
        ),
        (lambda: found(unusable=["a"]), "unusable must be a mapping of channels"),
        (lambda: found(unusable={"push": ["a"]}), "unusable must be of"),
        (lambda: found(unusable={"email": "a"}), r"unusable\['email'\] must be an iterable"),
        (lambda: found(evidence="sure"), "evidence must be one of"),
        (lambda: found(private="wecom"), "private must be an iterable"),
        (lambda: found([PEOPLE[0], PEOPLE[0]]), "must be there once each: position 1 repeats"),
        (lambda: found(["a"]), r"customers\[0\] must be a Customer"),  # type: ignore[list-item]
        (lambda: found(at=AT.replace(tzinfo=None)), "at must be timezone-aware"),
        (lambda: found().customers("emial"), "channel must be one of .* did you mean 'email'"),
        (lambda: found().by_channel("seen"), "of must be one of"),  # type: ignore[arg-type]
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
