"""Erasure from records: nothing of the person is left, unless a named duty keeps it."""

import datetime as dt
import json
import pickle
import uuid
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    Consent,
    Customer,
    Erasure,
    Identifier,
    Interaction,
    Item,
    LegalHold,
    Money,
    Outcome,
    Subscription,
    Suppression,
    Tag,
    erase,
    objections_of,
    permitted,
    suppressions_of,
)

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KEY = "a key that is kept elsewhere"
WHO = "id-TAINT"
TAX = LegalHold(
    name="tax",
    article="AO § 147",
    records=frozenset({"Interaction"}),
    kinds=frozenset({"purchase"}),
    keep_for=dt.timedelta(days=3000),
)
EMAIL = Identifier(type="email", value="mail-TAINT@example.com", source="source-TAINT")


def day(n: int) -> dt.datetime:
    return START + n * dt.timedelta(days=1)


def person() -> list[Any]:
    """Return every kind of record of one person, a mark in every text."""
    return [
        Customer(
            id=WHO,
            identifiers={EMAIL},  # type: ignore[arg-type]
            account_id="account-TAINT",
            acquisition_channel="channel-TAINT",
            timezone="zone-TAINT",
            tags={Tag(name="tag-TAINT")},  # type: ignore[arg-type]
            attributes={"name": "name-TAINT"},
        ),
        Interaction(
            id="event-TAINT",
            customer_id=WHO,
            at=day(1),
            kind="visit",
            name="page-TAINT",
            thread_id="thread-TAINT",
            attributes={"note": "note-TAINT"},
        ),
        Interaction(
            id="order-TAINT",
            customer_id=WHO,
            at=day(2),
            kind="purchase",
            items=(Item(sku="sku-TAINT"),),
        ),
        Subscription(
            id="s-TAINT",
            customer_id=WHO,
            plan="plan-TAINT",
            amount=Money(3, "EUR"),
            interval=(1, "month"),
            started_at=day(1),
        ),
        Consent(
            customer_id=WHO,
            purpose="marketing",
            channel="email",
            status="denied",
            at=day(3),
            evidence_ref="proof-TAINT",
        ),
    ]


def others() -> list[Any]:
    """Return records of others that refer to the person."""
    return [
        Customer(id="c-1", owner_id=WHO, account_id=WHO, attributes={"by": WHO, "age": 4}),
        Interaction(
            id=1,
            customer_id="c-1",
            at=day(1),
            kind="call",
            actor_id=WHO,
            attributes={"referrer": WHO},
        ),
        Consent(
            customer_id="c-1",
            purpose="marketing",
            status="granted",
            at=day(1),
            guardian_id=WHO,
            separate=True,
        ),
        Interaction(id=2, customer_id="c-2", at=day(1), kind="visit"),
    ]


def gone(*records: Any, **rest: Any) -> Erasure:
    arguments = {"customer_id": WHO, "at": day(10), "key": KEY, **rest}
    return erase([*records], **arguments)


def everything(erasure: Erasure) -> str:
    """Return all that an erasure says in any form, but what is restricted."""
    shown = attrs.evolve(erasure, restricted=())
    written = [record.to_dict() for record in (*shown.remaining, *shown.suppressions)]
    return "".join(
        [
            repr(erasure),
            str(erasure.counts()),
            json.dumps(written),
            repr(shown.outcomes),
            repr(shown.remaining),
            repr(shown.suppressions),
            pickle.dumps(shown).decode("latin-1"),
        ]
    )


def test_nothing_of_the_person_is_left() -> None:
    erasure = gone(*person(), *others())
    assert "TAINT" not in everything(erasure)
    assert erasure.restricted == ()
    assert erasure.counts() == {"erased": 5, "restricted": 0, "kept": 4}
    assert repr(erasure) == "Erasure(5 erased, 0 restricted, 4 kept)"


def test_what_a_duty_keeps_is_apart_and_named() -> None:
    erasure = gone(*others(), *person(), holds=[TAX])
    assert "TAINT" not in everything(erasure)
    ((name, record),) = erasure.restricted
    assert (name, record) == ("tax", person()[2])
    told = erasure.outcomes[4 + 2]
    assert (told.position, told.record, told.outcome) == (6, "Interaction", Outcome.RESTRICTED)
    assert (told.hold, told.reason) == ("tax", "AO § 147")
    reasons = [one.reason for one in erasure.outcomes]
    assert reasons[0] == "it is of another customer; the reference to this one is removed"
    assert reasons[3] == "it is of another customer"
    assert reasons[4] == "no duty to keep it"


def test_a_child_keeps_the_consent_of_a_guardian_who_is_erased() -> None:
    child = gone(*others()).remaining[2]
    assert isinstance(child, Consent)
    asked = {"purpose": "marketing", "channel": "email", "at": day(20), "regime": "PIPL"}
    assert permitted([child], age=10, **asked).allowed  # type: ignore[arg-type]
    assert child.guardian_id == "erased"


def test_what_is_left_of_others_is_theirs() -> None:
    customer, call, _, visit = gone(*others()).remaining
    assert customer == Customer(id="c-1", attributes={"age": 4})
    assert call == Interaction(id=1, customer_id="c-1", at=day(1), kind="call")
    assert visit is not None
    assert visit == others()[3]


@pytest.mark.parametrize(
    ("change", "held"),
    [
        ({}, True),
        ({"kinds": frozenset()}, True),
        ({"kinds": frozenset({"refund"})}, False),
        ({"records": frozenset({"Consent"})}, False),
        ({"keep_for": dt.timedelta(days=8)}, False),  # day 2 and 8 days: over on day 10
        ({"keep_for": dt.timedelta(days=8, microseconds=1)}, True),
        ({"keep_for": None}, True),
    ],
)
def test_how_far_a_hold_reaches(change: dict[str, Any], held: bool) -> None:
    erasure = gone(person()[2], holds=[attrs.evolve(TAX, **change)])
    assert bool(erasure.restricted) is held


@pytest.mark.parametrize("record", range(5))
def test_from_when_a_hold_counts(record: int) -> None:
    made = person()[record]
    hold = LegalHold(
        name="x", article="y", records=frozenset({type(made).__name__}), keep_for=dt.timedelta(1)
    )
    held = bool(gone(made, holds=[hold]).restricted)
    assert held is isinstance(made, Customer | Subscription)  # no instant: until it is lifted
    if isinstance(made, Subscription):
        assert not gone(attrs.evolve(made, ended_at=day(5)), holds=[hold]).restricted
    if isinstance(made, Customer):
        assert not gone(attrs.evolve(made, created_at=day(5)), holds=[hold]).restricted


def test_the_first_hold_counts() -> None:
    all_ = attrs.evolve(TAX, name="claim", article="z", kinds=frozenset())
    erasure = gone(*person(), holds=[TAX, all_])
    assert [name for name, _ in erasure.restricted] == ["claim", "tax"]


def test_ids_of_other_types() -> None:
    for who in (7, uuid.UUID(int=7)):
        seen = [
            Interaction(customer_id=who, at=day(1), kind="visit"),
            Interaction(
                customer_id="c", at=day(1), kind="visit", actor_id=who, attributes={"x": str(who)}
            ),
        ]
        erasure = erase(seen, customer_id=who, at=day(2), key=KEY)
        assert erasure.counts()["erased"] == 1
        (left,) = erasure.remaining
        assert isinstance(left, Interaction)
        assert left.actor_id is None
        # a number in an attribute may be anything, a UUID is one
        assert dict(left.attributes) == ({"x": "7"} if who == 7 else {})


def test_an_objector_stays_objected_under_a_new_id() -> None:
    erasure = gone(*person())
    back = Customer(id="c-77", identifiers={attrs.evolve(EMAIL, source=None)})  # type: ignore[arg-type]
    brought = objections_of(back, erasure.suppressions, key=KEY)
    assert [(one.customer_id, one.status, one.channel) for one in brought] == [
        ("c-77", "denied", "email")
    ]
    bought = Consent(
        customer_id="c-77",
        purpose="marketing",
        channel="email",
        status="granted",
        legal_basis="soft_opt_in",
        at=day(20),
    )
    asked = {"purpose": "marketing", "channel": "email", "at": day(30), "regime": "GDPR"}
    assert permitted([bought], **asked).allowed  # type: ignore[arg-type]
    assert not permitted([bought, *brought], **asked).allowed  # type: ignore[arg-type]
    assert erasure.was(WHO, key=KEY)
    assert not erasure.was("c-77", key=KEY)
    assert not erasure.was(WHO, key="another key, long enough")
    assert objections_of(back, erasure.suppressions, key="another key, long enough") == ()


def test_two_addresses_bring_one_refusal() -> None:
    phone = Identifier(type="phone", value="+4912345678")
    both = Customer(id="c-5", identifiers={EMAIL, phone})  # type: ignore[arg-type]
    no = Consent(customer_id="c-5", purpose="marketing", status="withdrawn", at=day(1))
    kept = suppressions_of(both, [no], key=KEY)
    assert len({one.token for one in kept}) == len(kept) == 2
    assert len(objections_of(both, kept, key=KEY)) == 1


CONSENTS = st.lists(
    st.builds(
        lambda at, status, basis, channel: Consent(
            customer_id="c-5",
            purpose="marketing",
            at=day(at),
            status=status,
            legal_basis=basis,
            channel=channel,
        ),
        st.integers(0, 5),
        st.sampled_from(["granted", "denied", "withdrawn"]),
        st.sampled_from([None, "consent", "soft_opt_in"]),
        st.sampled_from([None, "email", "sms"]),
    ),
    max_size=8,
)


@given(CONSENTS, st.sampled_from(["email", "sms"]))
def test_nobody_is_forgotten_who_objected(said: list[Consent], channel: str) -> None:
    """Whoever had refused is refused after erasure, whatever we note about them again."""
    who = Customer(id="c-5", identifiers={EMAIL})  # type: ignore[arg-type]
    asked = {"purpose": "marketing", "channel": channel, "at": day(50), "regime": "GDPR"}
    before = permitted(said, **asked)  # type: ignore[arg-type]
    new = attrs.evolve(who, id="c-6")
    brought = objections_of(new, suppressions_of(who, said, key=KEY), key=KEY)
    soft = Consent(
        customer_id="c-6",
        purpose="marketing",
        status="granted",
        legal_basis="soft_opt_in",
        at=day(40),
    )
    if before.standing in ("denied", "withdrawn"):
        assert not permitted([*brought, soft], **asked).allowed  # type: ignore[arg-type]


def test_a_consent_of_one_s_own_lifts_a_refusal() -> None:
    who = Customer(id="c-5", identifiers={EMAIL})  # type: ignore[arg-type]

    def kept(*said: tuple[int, str, str | None]) -> int:
        records = [
            Consent(customer_id="c-5", purpose="m", at=day(at), status=status, legal_basis=basis)  # type: ignore[arg-type]
            for at, status, basis in said
        ]
        foreign = Consent(customer_id="c-4", purpose="m", at=day(1), status="denied")
        return len(suppressions_of(who, [*records, foreign], key=KEY))

    assert kept((1, "denied", None)) == 1
    assert kept((1, "denied", None), (2, "granted", None)) == 0
    assert kept((1, "denied", None), (2, "granted", "soft_opt_in")) == 1
    assert kept((2, "denied", None), (1, "granted", None)) == 1
    assert kept((2, "denied", None), (2, "granted", None)) == 1
    assert kept((1, "granted", None)) == 0


def test_survives_json() -> None:
    (one,) = gone(*person()).suppressions
    assert Suppression.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    assert LegalHold.from_dict(json.loads(json.dumps(TAX.to_dict()))) == TAX


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gone(EMAIL), r"records\[0\] must be one of Customer, Interaction.*: got Ident"),
        (lambda: gone(customer_id=None), "customer_id must be an int, a str or a UUID: got None"),
        (lambda: gone(at=START.replace(tzinfo=None)), "at must be timezone-aware"),
        (lambda: gone(key="short"), "key must have at least 16 bytes"),
        (lambda: gone(holds=["tax"]), r"holds\[0\] must be a LegalHold: got str"),
        (lambda: gone(holds=[TAX, TAX]), r"holds\[1\] must have a name of its own"),
        (
            lambda: attrs.evolve(TAX, records=frozenset({"Order"})),
            "records must be one of 'Customer'",
        ),
        (lambda: suppressions_of(EMAIL, [], key=KEY), "customer must be a Customer: got Ident"),  # type: ignore[arg-type]
        (
            lambda: suppressions_of(person()[0], [EMAIL], key=KEY),  # type: ignore[list-item]
            r"consents\[0\] must be a Consent",
        ),
        (
            lambda: objections_of(person()[0], ["x"], key=KEY),  # type: ignore[list-item]
            r"suppressions\[0\] must be a Suppression",
        ),
    ],
)
def test_refused_by_name_without_naming_the_person(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        call()
    assert "TAINT" not in str(caught.value) + repr(caught.value)
