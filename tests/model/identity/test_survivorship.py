"""One record of many: which value survives, where it is from, and that order is nothing."""

import datetime as dt
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.identity.columns import SourceRecord
from customerops.model.identity.resolution import Resolution, resolve_identities
from customerops.model.identity.rules import IdentityRules, Link
from customerops.model.identity.survivorship import MergedCustomer, Survivorship, merge_customers
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Identifier, Tag
from customerops.model.values.columns import Coded


def day(n: int) -> dt.datetime:
    return dt.datetime(2026, 1, n, tzinfo=dt.UTC)


def mail(**rest: Any) -> Identifier:
    return Identifier(type="email", value="x", **rest)


CRM = SourceRecord(
    source="crm",
    updated_at=day(5),
    customer=Customer(
        id=1,
        created_at=day(3),
        country="DE",
        language="de",
        account_id=9,
        identifiers=frozenset({mail(first_seen=day(4), source="form")}),
        tags=frozenset({Tag(name="vip")}),
        attributes={"name": "Ann", "age": 41},
    ),
)
SHOP = SourceRecord(
    source="shop",
    updated_at=day(9),
    customer=Customer(
        id=4,
        created_at=day(2),
        country="CN",
        account_id=9,
        identifiers=frozenset(
            {mail(verified=True, last_seen=day(8)), Identifier(type="phone", value="7")}
        ),
        attributes={"name": "Ann Lee"},
    ),
)
DESK = SourceRecord(
    source="desk",
    customer=Customer(id=2, country="FR", owner_id="o", tags=frozenset({Tag(name="new")})),
)
ALL = [CRM, SHOP, DESK]


def linked(*records: Customer | SourceRecord) -> Resolution:
    first, *others = (record.id for record in records)
    links = [Link(first, one) for one in others]
    return resolve_identities(records, IdentityRules(joins=("match",)), links=links)


def merged(*records: Customer | SourceRecord, **rules: Any) -> MergedCustomer:
    (one,) = merge_customers(records, linked(*records), survivorship=Survivorship(**rules))
    return one


def test_the_most_recent_survives_unless_another_rule_is_given() -> None:
    ann = merged(*ALL)
    assert ann.customer == Customer(
        id="crm:1",
        created_at=day(2),
        country="CN",
        language="de",
        owner_id="o",
        account_id="shop:9",
        identifiers=frozenset(
            {
                mail(verified=True, first_seen=day(4), last_seen=day(8), source="form"),
                Identifier(type="phone", value="7"),
            }
        ),
        tags=frozenset({Tag(name="vip"), Tag(name="new")}),
        attributes={"name": "Ann Lee", "age": 41},
    )
    assert ann.origin == {
        "kind": ("shop:4",),
        "created_at": ("shop:4",),
        "country": ("shop:4",),
        "language": ("crm:1",),
        "owner_id": ("desk:2",),
        "account_id": ("shop:4",),
        "identifiers": ("crm:1", "shop:4"),
        "tags": ("crm:1", "desk:2"),
        "attributes.name": ("shop:4",),
        "attributes.age": ("crm:1",),
    }
    assert ann.records == ("crm:1", "desk:2", "shop:4")
    assert merge_customers(ALL, linked(*ALL)) == (ann,)


@pytest.mark.parametrize(
    ("rules", "country", "origin"),
    [
        ({}, "CN", "shop:4"),
        ({"default": "most_trusted", "trust": ("desk", "crm")}, "FR", "desk:2"),
        ({"default": "most_trusted", "trust": ("nobody", "crm", "desk", "crm")}, "DE", "crm:1"),
        ({"default": "most_trusted"}, "CN", "shop:4"),  # no source is trusted: the later update
        ({"default": "earliest"}, "CN", "shop:4"),
        ({"default": "earliest", "fields": {"country": "most_recent"}}, "CN", "shop:4"),
        ({"fields": {"country": "most_trusted"}, "trust": ("crm",)}, "DE", "crm:1"),
    ],
)
def test_which_country(rules: dict[str, Any], country: str, origin: str) -> None:
    for order in itertools.permutations(ALL):
        one = merged(*order, **rules)
        assert (one.customer.country, one.origin["country"]) == (country, (origin,))


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "Ann Lee"),
        ({"attributes": "earliest"}, "Ann Lee"),
        ({"attributes.name": "most_trusted"}, "Ann"),
        ({"attributes": "most_trusted", "attributes.name": "longest"}, "Ann Lee"),
        ({"attributes.age": "longest", "attributes": "most_trusted"}, "Ann"),
    ],
)
def test_attributes_have_rules_of_their_own(fields: dict[str, str], name: str) -> None:
    assert merged(*ALL, fields=fields, trust=("crm",)).customer.attributes["name"] == name


def test_earliest_is_by_creation_and_not_by_update() -> None:
    late = SourceRecord(
        source="a", updated_at=day(1), customer=Customer(id=1, created_at=day(9), country="XX")
    )
    early = SourceRecord(
        source="b", updated_at=day(8), customer=Customer(id=1, created_at=day(2), country="YY")
    )
    never = SourceRecord(source="c", updated_at=day(9), customer=Customer(id=1, country="ZZ"))
    records = (late, early, never)
    assert merged(*records, default="earliest").customer.country == "YY"
    assert merged(*records).customer.country == "ZZ"
    assert merged(late, never, default="earliest").customer.country == "XX"


def test_what_is_left_open_goes_by_trust_then_update_then_id() -> None:
    same = [
        SourceRecord(source=s, updated_at=None if at is None else day(at), customer=Customer(id=1, country=c))
        for s, at, c in (("a", 3, "AA"), ("b", 3, "BB"), ("c", 4, "CC"), ("d", None, "DD"))
    ]  # fmt: skip
    assert merged(*same[:2]).customer.country == "AA"
    assert merged(*same[:2], trust=("b",)).customer.country == "BB"
    assert merged(*same, default="longest").customer.country == "CC"
    assert merged(*same, default="longest", trust=("d",)).customer.country == "DD"
    assert merged(*same, default="earliest").customer.country == "CC"
    assert merged(same[0], same[3]).customer.country == "AA"


def test_a_set_is_the_union_or_that_of_one_record() -> None:
    picked = {"identifiers": "longest", "tags": "most_trusted"}
    one = merged(*ALL, fields=picked, trust=("desk",))
    assert one.customer.identifiers == SHOP.customer.identifiers
    assert one.origin["identifiers"] == ("shop:4",)
    assert one.customer.tags == {Tag(name="new")}
    assert merged(*ALL, fields={"tags": "union"}).customer.tags == {
        Tag(name="new"),
        Tag(name="vip"),
    }


def test_the_source_of_an_identifier_is_that_of_the_most_trusted() -> None:
    records = [
        SourceRecord(source=s, customer=Customer(id=1, identifiers=frozenset({mail(source=s)})))
        for s in "abc"
    ]
    assert merged(*records).customer.identifiers == {mail(source="a")}
    assert merged(*records, trust=("c",)).customer.identifiers == {mail(source="c")}
    plain = SourceRecord(source="z", customer=Customer(id=1, identifiers=frozenset({mail()})))
    assert merged(plain, *records, trust=("z",)).customer.identifiers == {mail(source="a")}


def test_an_identifier_seen_once_here_and_once_there() -> None:
    records = [
        Customer(id="a", identifiers=frozenset({mail(first_seen=day(5))})),
        Customer(id="b", identifiers=frozenset({mail(last_seen=day(3))})),
    ]
    assert merged(*records).customer.identifiers == {mail(first_seen=day(3), last_seen=day(5))}


@pytest.mark.parametrize("trusted", ["crm", "shop"])
def test_an_identifier_is_verified_if_it_is_anywhere(trusted: str) -> None:
    kept = {one.type: one for one in merged(*ALL, trust=(trusted,)).customer.identifiers}
    assert kept["email"].verified
    assert not kept["phone"].verified


def test_an_account_is_the_customer_it_became() -> None:
    firm = SourceRecord(source="crm", customer=Customer(id=9, kind="organization"))
    same = SourceRecord(source="billing", customer=Customer(id=3, kind="organization"))
    who = resolve_identities(
        [CRM, firm, same], IdentityRules(joins=("match",)), links=[Link(firm.id, same.id)]
    )
    first, second = merge_customers([CRM, firm, same], who)
    assert (first.customer.id, first.customer.kind) == ("billing:3", "organization")
    assert second.customer.account_id == "billing:3"
    plain = [Customer(id="p", account_id="z"), Customer(id="z", kind="organization")]
    alone = resolve_identities(plain, IdentityRules(joins=()))
    assert merge_customers(plain, alone)[0].customer.account_id == "z"


def test_plain_customers_have_neither_source_nor_update() -> None:
    a, b = Customer(id="a", country="AA"), Customer(id="b", country="BB", language="b")
    assert merged(b, a).customer == Customer(id="a", country="AA", language="b")
    both: list[Customer | SourceRecord] = [
        a,
        SourceRecord(source="b", updated_at=day(1), customer=Customer(id="b", country="BB")),
    ]
    assert merged(*both).customer.country == "BB"
    assert merged(*both, default="most_trusted", trust=("b",)).customer.country == "BB"


def test_customers_go_back_into_a_log() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["crm:1", "shop:4"], at=[dt.date(2026, 1, 4)] * 2, kind=["view"] * 2, tz="UTC"
    )
    who = linked(*ALL)
    joined = log.relabel(who).with_customers(one.customer for one in merge_customers(ALL, who))
    assert joined.customers.tolist() == ["crm:1"]
    country = joined.customer_columns["country"]
    assert isinstance(country, Coded)
    assert country.labels == ("CN",)


def test_a_part_of_the_customers_is_enough() -> None:
    other = Customer(id="x")
    who = linked(CRM, SHOP)
    alone = resolve_identities([other], IdentityRules(joins=()))
    assert merge_customers([], who) == ()
    assert merge_customers([other], alone)[0].records == ("x",)


def test_as_values() -> None:
    rules = Survivorship(fields={"country": "longest"}, trust=("crm",))
    assert Survivorship.from_dict(rules.to_dict()) == rules
    assert pickle.loads(pickle.dumps(rules)) == rules
    ann = merged(*ALL)
    assert pickle.loads(pickle.dumps(ann)) == ann
    assert hash(pickle.loads(pickle.dumps(ann))) == hash(ann)
    assert repr(ann) == "MergedCustomer(3 records)"
    with pytest.raises(TypeError):
        ann.origin["country"] = ()  # type: ignore[index]


RULES = st.sampled_from(["most_recent", "most_trusted", "longest", "earliest"])
MANY = st.lists(
    st.builds(
        lambda source, updated, created, country, name: (source, updated, created, country, name),
        st.sampled_from("abc"),
        st.one_of(st.none(), st.integers(1, 3)),
        st.one_of(st.none(), st.integers(1, 3)),
        st.sampled_from([None, "AA", "BB"]),
        st.sampled_from([None, "x", "xy", "yz"]),
    ),
    min_size=1,
    max_size=5,
)


ORDER: dict[str, Callable[[SourceRecord, list[str]], float]] = {
    "most_recent": lambda r, _: -(r.updated_at or day(1) - dt.timedelta(1)).timestamp(),
    "most_trusted": lambda r, trust: trust.index(r.source),
    "longest": lambda r, _: -len(str(r.customer.attributes["name"])),
    "earliest": lambda r, _: (r.customer.created_at or day(9)).timestamp(),
}


@given(MANY, RULES, st.permutations("abc"), st.randoms())
def test_every_value_is_of_the_record_it_says(
    rows: list[Any], rule: str, trust: list[str], random: Any
) -> None:
    records = [
        SourceRecord(
            source=source,
            updated_at=updated and day(updated),
            customer=Customer(
                id=i,
                created_at=created and day(created),
                country=country,
                attributes={"name": name} if name else {},
            ),
        )
        for i, (source, updated, created, country, name) in enumerate(rows)
    ]
    by_id: dict[Any, SourceRecord] = {one.id: one for one in records}
    one = merged(*records, default=rule, trust=trust)
    assert merged(*random.sample(records, len(records)), default=rule, trust=trust) == one
    countries = [r.customer.country for r in records if r.customer.country]
    assert (one.customer.country is None) is (countries == [])
    if countries:
        (source,) = one.origin["country"]
        assert by_id[source].customer.country == one.customer.country
    names = [r for r in records if r.customer.attributes]
    if names:
        (source,) = one.origin["attributes.name"]
        kept = by_id[source]
        key = ORDER[rule]
        assert key(kept, trust) == min(key(r, trust) for r in names)
        assert one.customer.attributes["name"] == kept.customer.attributes["name"]
    made = [r.customer.created_at for r in records if r.customer.created_at]
    assert one.customer.created_at == min(made, default=None)


WHO = linked(CRM, SHOP)
REFUSED: list[tuple[Any, str]] = [
    (lambda: merge_customers([CRM, SHOP], {"crm:1": "crm:1"}), "resolution must be a Resolution: got dict"),  # type: ignore[arg-type]
    (lambda: merge_customers([CRM, SHOP], WHO, survivorship="longest"), "survivorship must be a Survivorship: got str"),  # type: ignore[arg-type]
    (lambda: merge_customers(CRM, WHO), "records must be an iterable of values: got SourceRecord"),  # type: ignore[arg-type]
    (lambda: merge_customers([CRM, "shop:4"], WHO), "records[1] must be a Customer or a SourceRecord: got str"),  # type: ignore[list-item]
    (lambda: merge_customers([CRM, DESK], WHO), "records[1] must be a record of the resolution"),
    (lambda: merge_customers([CRM, SHOP, CRM], WHO), "records[2] must be there once: got it again"),
    (lambda: merge_customers([CRM], WHO), "records must hold all records of their customers: 1 are missing"),
    (lambda: Survivorship(default=3), "default must be one of 'most_recent', 'most_trusted', 'longest', 'earliest': got int"),  # type: ignore[arg-type]
    (lambda: Survivorship(fields={"contry": "longest"}), "fields must name fields of a customer: got 'contry', did you mean 'country'?"),
    (lambda: Survivorship(fields={"country": "union"}), "fields.country must be one of 'most_recent', 'most_trusted', 'longest', 'earliest': got str"),
    (lambda: Survivorship(fields={"tags": "unoin"}), "fields.tags must be one of 'most_recent', 'most_trusted', 'longest', 'earliest', 'union': got 'unoin', did you mean 'union'?"),
    (lambda: Survivorship(fields={"created_at": "longest"}), "fields must name fields of a customer: got 'created_at'"),
    (lambda: Survivorship(fields=["country"]), "fields must be a mapping: got list"),  # type: ignore[arg-type]
    (lambda: Survivorship(trust="crm"), "trust must be a tuple: got str"),  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"), [pytest.param(*row, id=str(i)) for i, row in enumerate(REFUSED)]
)
def test_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert str(caught.value) == message
