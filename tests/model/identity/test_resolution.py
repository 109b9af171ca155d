"""Who is who: against the slow reference, in any order, guarded, explained, taken apart."""

import itertools
import pickle
import uuid
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.identity.columns import IdentifierColumns, SourceRecord
from customerops.model.identity.merge_log import RefusedJoin
from customerops.model.identity.resolution import Resolution, resolve_identities
from customerops.model.identity.rules import (
    IdentityRules,
    IdentitySplit,
    JoinRule,
    Link,
    SharedIdentifier,
)
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Identifier
from tests.model.identity.draws import ROWS, TYPES, Case, cases, columns, parts
from tests.reference.identity import Row, connected

NOBODY: list[Row] = []


def resolved(*rows: Row, joins: Any = ("user_id", "email", "phone"), **said: Any) -> Resolution:
    unique = said.pop("unique", {"user_id"})
    return resolve_identities(
        columns(list(rows)), IdentityRules(joins=joins, unique=unique), **said
    )


def together(resolution: Resolution) -> list[str]:
    """Return the customers of more than one record: ``["ab", "cd"]``."""
    return ["".join(map(str, one)) for one in resolution.clusters.values() if len(one) > 1]


# ------------------------------------------------------------------ told by hand

FAMILY: list[Row] = [
    ("a", "user_id", "u1"),
    ("a", "phone", "7"),
    ("b", "email", "x"),
    ("b", "phone", "7"),
    ("c", "user_id", "u2"),
    ("c", "phone", "7"),
    ("d", "email", "x"),
]

TABLE: list[tuple[str, list[Row], dict[str, Any], list[str]]] = [
    ("nobody", NOBODY, {}, []),
    ("one record", [("a", "email", "x")], {}, []),
    ("one value shared", [("a", "email", "x"), ("b", "email", "x")], {}, ["ab"]),
    ("one value of two types", [("a", "email", "x"), ("b", "phone", "x")], {}, []),
    ("said twice by one record", [("a", "email", "x"), ("a", "email", "x")], {}, []),
    ("a chain", [("a", "email", "x"), ("b", "email", "x"), ("b", "phone", "7"), ("c", "phone", "7")], {}, ["abc"]),
    ("a type without a rule", [("a", "device_id", "x"), ("b", "device_id", "x")], {}, []),
    ("a record without identifiers", [("a", None, None), ("b", "email", "x"), ("c", "email", "x")], {}, ["bc"]),
    # two persons by their user_id
    ("a phone between two persons is nobody's", FAMILY, {}, ["bd"]),
    ("nothing is unique", FAMILY, {"unique": set()}, ["abcd"]),
    ("a stronger rule goes first", [*FAMILY, ("a", "email", "x")], {}, ["abd"]),
    ("one user_id joins", [("a", "user_id", "u1"), ("b", "user_id", "u1")], {}, ["ab"]),
    ("through a third", [("a", "user_id", "1"), ("b", "user_id", "2"), ("c", "email", "x"), ("a", "email", "x"), ("c", "phone", "7"), ("b", "phone", "7")], {}, ["ac"]),
    ("what a joined record tells counts", [("c", "user_id", "1"), ("b", "user_id", "2"), ("a", "email", "x"), ("c", "email", "x"), ("a", "email", "y"), ("b", "email", "y")], {}, ["ac"]),
    ("a record says that both are one", [("a", "user_id", "1"), ("a", "user_id", "2"), ("b", "user_id", "2"), ("b", "email", "x"), ("c", "user_id", "1"), ("c", "email", "x")], {}, ["abc"]),
    ("a birth date separates and joins nobody", [("a", "birth_date", "1"), ("b", "birth_date", "2"), ("c", "birth_date", "1"), ("a", "email", "x"), ("b", "email", "x")], {"unique": {"birth_date"}}, []),
    ("a person and an organization", [("a", "kind", "person"), ("b", "kind", "organization"), ("a", "email", "x"), ("b", "email", "x")], {"unique": set()}, []),
    # what is no evidence
    ("null", [("a", "email", "NULL"), ("b", "email", "NULL")], {}, []),
    ("full-width null", [("a", "email", " ｎｕｌｌ"), ("b", "email", " ｎｕｌｌ")], {}, []),
    ("blank", [("a", "email", "　"), ("b", "email", "　")], {}, []),
    ("zero", [("a", "user_id", "0"), ("b", "user_id", "0")], {}, []),
    ("what is blocked does not separate", [("a", "user_id", "0"), ("b", "user_id", "1"), ("a", "email", "x"), ("b", "email", "x")], {}, ["ab"]),
    ("as many as allowed", [("a", "phone", "7"), ("b", "phone", "7")], {"joins": [JoinRule("phone", at_most=2)]}, ["ab"]),
    ("one more", [("a", "phone", "7"), ("b", "phone", "7"), ("c", "phone", "7")], {"joins": [JoinRule("phone", at_most=2)]}, []),
    ("too many do not separate", [*((r, "user_id", "1") for r in "abc"), *((r, "email", "x") for r in "ad"), ("d", "user_id", "2")], {"joins": [JoinRule("user_id", at_most=2), "email"]}, ["ad"]),
    ("distrusted", [("a", "email", "x"), ("b", "email", "x")], {"distrusted": [SharedIdentifier("email", "x")]}, []),
    # within one rule: fewer holders first, then the text
    ("fewer holders first", [("a", "user_id", "1"), ("b", "user_id", "2"), ("c", "email", "y"), ("a", "email", "y"), ("c", "email", "x"), ("b", "email", "x"), ("d", "email", "x")], {}, ["ac"]),
    ("then the text", [("a", "user_id", "1"), ("b", "user_id", "2"), ("c", "email", "y"), ("a", "email", "y"), ("c", "email", "x"), ("b", "email", "x")], {}, ["bc"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said", "clusters"), [pytest.param(r, s, c, id=name) for name, r, s, c in TABLE]
)
def test_told_by_hand(rows: list[Row], said: dict[str, Any], clusters: list[str]) -> None:
    first = resolved(*rows, **said)
    assert together(first) == clusters
    for other in itertools.islice(itertools.permutations(rows), 24):
        assert resolved(*other, **said) == first


LINKED: list[Row] = [(record, None, None) for record in "abcd"]
SCORES = (JoinRule("score", at_least=0.9),)


@pytest.mark.parametrize(
    ("links", "clusters"),
    [
        ([Link("a", "b", type="score", weight=0.9)], ["ab"]),
        ([Link("b", "a", type="score", weight=0.89)], []),
        ([Link("a", "b", type="score", weight=w) for w in (0.1, 0.95)], ["ab"]),
        ([Link("a", "b", type="score", weight=w) for w in (0.95, 0.1)], ["ab"]),
        ([Link("a", "b", type="score"), Link("d", "c", type="score")], ["ab", "cd"]),
    ],
)
def test_links_join_from_their_weight_on(links: list[Link], clusters: list[str]) -> None:
    assert together(resolved(*LINKED, joins=SCORES, links=links)) == clusters


def test_heavier_links_are_heard_first() -> None:
    rows = [*LINKED, ("a", "user_id", "1"), ("b", "user_id", "2")]
    links = [Link("a", "c", weight=0.7), Link("b", "c", weight=0.8)]
    assert together(resolved(*rows, joins=("match",), links=links)) == ["bc"]


def test_identifiers_are_heard_before_links_of_one_rule() -> None:
    rows = [
        *LINKED,
        ("a", "user_id", "1"),
        ("b", "user_id", "2"),
        ("b", "x", "v"),
        ("c", "x", "v"),
    ]
    assert together(resolved(*rows, joins=("x",), links=[Link("a", "c", type="x")])) == ["bc"]


def test_integers_and_uuids_are_ids_too() -> None:
    for ids in (
        [10, 9, 7],
        [uuid.UUID(int=n) for n in (10, 9, 7)],
        np.array([10, 9, 7], np.int32),
    ):
        held = IdentifierColumns(record=ids, type=["email"] * 3, value=["x", "x", "y"])
        who = resolve_identities(held, IdentityRules(joins=("email",)), prefer=[ids[0]])
        ten, nine, seven = np.asarray(ids).tolist()
        assert dict(who) == {ten: ten, nine: ten, seven: seven}
        linked = resolve_identities(
            held, IdentityRules(joins=("email", "match")), links=[Link(seven, nine)]
        )
        assert set(linked.values()) == {seven}
        assert linked.unmerge([nine]).clusters == {seven: (seven,), nine: (nine,), ten: (ten,)}


# ------------------------------------------------------------------ of any records


@given(cases())
def test_agrees_with_hearing_every_piece_by_itself(case: Case) -> None:
    who = case.resolved()
    clusters, refused = case.expected()
    assert parts(who) == clusters
    log = who.merge_log()
    told = [
        (
            one.evidence.type,
            (one.evidence.a, one.evidence.b)
            if isinstance(one.evidence, Link)
            else one.evidence.value,
            frozenset(one.records),
        )
        for one in log.refusals
    ]
    assert sorted(map(repr, map(_sorted, told))) == sorted(map(repr, map(_sorted, refused)))
    assert len(log.joins) == len(who) - len(clusters)


def _sorted(refused: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*refused[:-1], sorted(refused[-1]))


@given(cases(), st.randoms())
def test_the_order_of_what_is_given_is_nothing(case: Case, random: Any) -> None:
    def shuffled(items: list[Any]) -> list[Any]:
        mixed: list[Any] = random.sample(items, len(items))
        return mixed

    other = Case(
        shuffled(case.rows),
        case.rules,
        shuffled(case.links),
        shuffled(case.splits),
        shuffled(case.distrusted),
    ).resolved()
    first = case.resolved()
    assert other == first
    assert other.merge_log() == first.merge_log()
    assert list(other.items()) == list(first.items())


@given(ROWS)
def test_without_guards_customers_are_connected_components(rows: list[Row]) -> None:
    rules = IdentityRules(joins=tuple(TYPES), unique=frozenset(), blocked=frozenset())
    who = resolve_identities(columns(rows), rules)
    assert parts(who) == connected(rows, TYPES)
    assert who.merge_log().refusals == ()


def test_as_scipy_finds_components_in_a_large_graph() -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng(7)
    n, values = 20_000, 9_000
    record, value = rng.integers(0, n, 24_000), rng.integers(0, values, 24_000)
    edges = (np.ones(len(record)), (record, n + value))
    size = n + values
    _, label = connected_components(coo_array(edges, shape=(size, size)), directed=False)
    held = IdentifierColumns(
        record=record, type=["email"] * len(record), value=[f"v{v}" for v in value]
    )
    who = resolve_identities(held, IdentityRules(joins=("email",)))
    smallest: dict[int, int] = {}
    for one in who.records.tolist():
        smallest.setdefault(label[one], one)
    assert who.customers.tolist() == [smallest[label[one]] for one in who.records.tolist()]


@given(cases())
def test_guards_hold(case: Case) -> None:
    who = case.resolved()
    blocked = {"", *case.rules.blocked}
    users: dict[Any, set[str]] = {}
    for record, type_, value in case.rows:
        limits = {rule.type: rule.at_most for rule in case.rules.joins}
        if type_ == "user_id" and value is not None and value.strip().casefold() not in blocked:
            held = {r for r, t, v in case.rows if (t, v) == (type_, value)}
            doubted = SharedIdentifier(type_, value) in case.distrusted
            if len(held) <= (limits.get(type_) or len(held)) and not doubted:
                users.setdefault(record, set()).add(value)
    if "user_id" in case.rules.unique:
        for members in who.clusters.values():
            together = [users[one] for one in members if one in users]
            assert len(connected_sets(together, list(users.values()))) <= 1
    for split in case.splits:
        for members in who.clusters.values():
            assert not (split.records & set(members) and split.others & set(members))


def connected_sets(some: list[set[str]], everywhere: list[set[str]]) -> set[frozenset[str]]:
    """Return the persons of some sets of values; values held together anywhere are one."""
    found = [set(one) for one in everywhere]
    for one in everywhere:
        touched = [other for other in found if other & one]
        found = [other for other in found if not other & one] + [set().union(*touched)]
    return {frozenset(f) for f in found if any(f & one for one in some)}


@given(cases())
def test_the_merge_log_of_one_is_part_of_that_of_all(case: Case) -> None:
    who = case.resolved()
    whole = who.merge_log()
    for record in who:
        members = set(who.members(record))
        own = who.merge_log(of=record)
        touching = [one for one in whole.joins if members & set(one.records)]
        assert list(own.joins) == touching
        assert list(own.refusals) == [x for x in whole.refusals if members & set(x.records)]


@given(cases())
def test_every_two_of_a_customer_are_tied_by_what_they_hold(case: Case) -> None:
    who = case.resolved()
    held = {row for row in case.rows if row[2] is not None}
    for members in who.clusters.values():
        for a, b in itertools.product(members, repeat=2):
            at = a
            ties = who.explain(a, b)
            for tie in ties:
                start, end = tie.records
                assert start == at
                at = end
                if isinstance(tie.evidence, Link):
                    assert {start, end} == {tie.evidence.a, tie.evidence.b}
                else:
                    shared = (tie.evidence.type, tie.evidence.value)
                    assert {(start, *shared), (end, *shared)} <= held
            assert at == b
            assert len(ties) == len(who.explain(b, a))


def test_the_shortest_chain_explains() -> None:
    who = resolved(
        ("a", "email", "x"), ("b", "email", "x"), ("b", "phone", "7"), ("c", "phone", "7"),
        ("a", "phone", "8"), ("d", "phone", "8"), ("d", "email", "y"), ("e", "email", "y"),
        ("c", "email", "z"), ("e", "email", "z"),
    )  # fmt: skip
    ties = who.explain("a", "c")
    assert [(tie.records, tie.evidence) for tie in ties] == [
        (("a", "b"), SharedIdentifier("email", "x")),
        (("b", "c"), SharedIdentifier("phone", "7")),
    ]
    assert who.explain("a", "a") == ()


# ------------------------------------------------------------------ the merge log


def test_a_join_names_evidence_records_and_clusters() -> None:
    log = resolved(
        ("c", "email", "x"), ("b", "email", "x"), ("c", "phone", "7"), ("a", "phone", "7")
    ).merge_log()
    told = [(one.evidence, one.records, one.clusters) for one in log.joins]
    assert told == [
        (SharedIdentifier("email", "x"), ("b", "c"), ("b", "c")),
        (SharedIdentifier("phone", "7"), ("a", "c"), ("a", "b")),
    ]
    assert log.refusals == ()
    log = resolved(
        ("a", "email", "x"), ("d", "email", "x"), ("b", "phone", "7"), ("d", "phone", "7")
    ).merge_log()
    assert (log.joins[1].records, log.joins[1].clusters) == (("b", "d"), ("a", "b"))


def test_of_several_reasons_the_first_type_is_told() -> None:
    rows = [(one, t, one) for one in "ab" for t in ("user_id", "birth_date", "tax_id")]
    rows += [(one, "email", "x") for one in "ab"]
    (refusal,) = resolved(*rows, unique=["tax_id", "user_id", "birth_date"]).merge_log().refusals
    assert refusal.reason == "email would join different values of birth_date"


def test_a_refusal_says_why() -> None:
    rules = (JoinRule("user_id", at_most=9), JoinRule("phone", at_most=2), *SCORES, "email")
    rows = [
        *(("a", t, v) for t, v in [("user_id", "1"), ("email", "x"), ("email", "null")]),
        *(("b", t, v) for t, v in [("user_id", "2"), ("email", "x"), ("email", "null")]),
        *((one, "phone", "7") for one in "abc"),
        *((one, "email", "y") for one in "cd"),
        *((one, "email", "z") for one in "ef"),
    ]
    links = [Link("a", "c", type="score", weight=0.5), Link("c", "e", type="score")]
    split = IdentitySplit(records=frozenset("e"), others=frozenset("fc"))
    log = resolved(
        *rows,
        joins=rules,
        links=links,
        splits=[split],
        distrusted=[SharedIdentifier("email", "y")],
    ).merge_log()
    assert {(one.cause, one.reason, one.records) for one in log.refusals} == {
        ("unique identifier", "email would join different values of user_id", ("a", "b")),
        ("blocked", "email is a value that is blocked", ("a", "b")),
        ("too many", "phone is shared by 3 records, more than 2", ("a", "b", "c")),
        ("distrusted", "email was decided to be no evidence", ("c", "d")),
        ("weak", "score weighs less than 0.9", ("a", "c")),
        ("split", "score was decided to be of two customers", ("c", "e")),
        ("split", "email was decided to be of two customers", ("e", "f")),
    }
    assert [one.cause for one in log.refusals][:2] == ["too many", "split"]


def test_the_log_as_a_frame() -> None:
    rows = [*FAMILY, ("e", None, None)]
    log = resolved(*rows, joins=("email", "phone", "match"), links=[Link("d", "e", weight=2)])
    frame = log.merge_log().to_frame()
    assert frame.columns.tolist() == ["joined", "type", "value", "records", "clusters", "reason"]
    assert frame["type"].tolist() == ["email", "match", "phone"]
    assert frame["value"].tolist() == ["x", 2.0, "7"]
    assert frame["joined"].tolist() == [True, True, False]
    assert frame["clusters"].tolist()[:2] == [("b", "d"), ("b", "e")]
    assert resolved().merge_log().to_frame().empty


# ------------------------------------------------------------------ taken apart again


def test_records_are_taken_out_and_stay_out() -> None:
    rows = [(one, "phone", "7") for one in "abcd"]
    merged = resolved(*rows)
    apart = merged.unmerge(["c", "d"])
    assert together(apart) == ["ab", "cd"]
    assert [one.cause for one in apart.merge_log().refusals] == ["split"]
    assert apart.decisions.splits == (
        IdentitySplit(records=frozenset("cd"), others=frozenset("ab")),
    )
    again = resolved(*rows, ("e", "phone", "7"), splits=apart.decisions.splits)
    assert together(again) == ["abe", "cd"]
    more = [("c", "email", "x"), ("a", "email", "x"), ("e", "email", "y"), ("d", "email", "y")]
    assert together(resolved(*rows, *more, splits=apart.decisions.splits)) == ["ab", "cde"]
    assert together(apart.unmerge({"c"})) == ["ab"]


def test_a_limit_counts_before_anything_is_taken_apart() -> None:
    rows = [(one, "phone", "7") for one in "abc"]
    split = IdentitySplit(records=frozenset("c"), others=frozenset("ab"))
    assert together(resolved(*rows, joins=[JoinRule("phone", at_most=2)], splits=[split])) == []


def test_evidence_is_taken_out() -> None:
    rows: list[Row] = [
        ("a", "phone", "7"),
        ("b", "phone", "7"),
        ("b", "email", "x"),
        ("c", "email", "x"),
    ]
    merged = resolved(*rows, joins=("email", "phone", "match"), links=[Link("a", "c", weight=3)])
    (tie,) = merged.explain("a", "c")
    without = merged.unmerge(tie.evidence)
    assert [one.evidence.type for one in without.explain("a", "c")] == ["phone", "email"]
    assert together(without.unmerge(SharedIdentifier("phone", "7"))) == ["bc"]
    assert without.decisions.distrusted == {Link("a", "c", weight=3)}
    relinked = resolved(
        *rows,
        joins=("match",),
        links=[Link("c", "a", weight=9)],
        distrusted=without.decisions.distrusted,
    )
    assert together(relinked) == []


@given(ROWS, st.data())
def test_unmerge_undoes_a_merge(rows: list[Row], data: st.DataObject) -> None:
    rules = IdentityRules(joins=(*TYPES, "match"), unique=frozenset())
    before = resolve_identities(columns(rows), rules)
    names = list(before.clusters)
    assume(len(names) > 1)
    a, b = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
    one, other = (data.draw(st.sampled_from(before.clusters[x])) for x in (a, b))
    merged = resolve_identities(columns(rows), rules, links=[Link(one, other)])
    assert len(merged.clusters) == len(names) - 1
    assert merged.unmerge(before.clusters[a]).clusters == before.clusters
    assert merged.unmerge(Link(one, other)).clusters == before.clusters
    assert merged.unmerge(Link(one, other)).merge_log().joins == before.merge_log().joins


@given(cases(), st.data())
def test_what_was_taken_out_is_out(case: Case, data: st.DataObject) -> None:
    who = case.resolved()
    large = [one for one in who.clusters.values() if len(one) > 1]
    assume(large)
    members = data.draw(st.sampled_from(large))
    size = data.draw(st.integers(1, len(members) - 1))
    taken = set(members[:size])
    apart = who.unmerge(taken)
    assert not {apart[one] for one in taken} & {apart[one] for one in members[size:]}
    again = case.resolved(splits=apart.decisions.splits)
    assert again == apart
    assert set(apart.decisions.splits) == {*case.splits, *apart.decisions.splits}


# ------------------------------------------------------------------ ids of customers


def test_an_id_stays_where_records_are_added() -> None:
    rows = [("m", "email", "x"), ("n", "email", "x"), ("p", "phone", "7")]
    first = resolved(*rows)
    assert first["n"] == "m"
    more = [*rows, ("a", "email", "x"), ("b", "phone", "7")]
    assert resolved(*more)["n"] == "a"
    then = resolved(*more, prefer=first.clusters)
    assert (then["n"], then["a"], then["b"]) == ("m", "m", "p")
    assert then.decisions.prefer == {"m", "p"}


def test_of_two_ids_the_smaller_stays_and_the_other_leads_to_it() -> None:
    rows = [("m", "email", "x"), ("p", "email", "x"), ("a", "email", "x")]
    who = resolved(*rows, prefer=["p", "m", "zz"])
    assert who["p"] == who["a"] == "m"


@given(cases(), st.sets(st.sampled_from("abcdefghijk")))
def test_an_id_is_that_of_one_of_the_records(case: Case, prefer: set[str]) -> None:
    who = case.resolved(prefer=prefer)
    for customer, members in who.clusters.items():
        golden = sorted(prefer & set(members))
        assert customer == (golden[0] if golden else members[0])
    assert parts(who) == parts(case.resolved())


# ------------------------------------------------------------------ as a mapping, as a value


def test_it_is_a_mapping_of_all_records() -> None:
    who = resolved(*FAMILY)
    assert dict(who) == {"a": "a", "b": "b", "c": "c", "d": "b"}
    assert who == dict(who)
    assert who != {"a": "a"}
    assert who != 3
    assert who.get("nobody", "else") == "else"
    assert len(who) == 4
    assert who.members("d") == ("b", "d")
    assert who.to_frame().to_dict("list") == {"record": list("abcd"), "customer": list("abcb")}
    assert who.records.flags.writeable is who.customers.flags.writeable is False


def test_a_log_takes_it() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a", "b", "d", "z"],
        at=np.array(["2026-01-01"] * 4, "datetime64[s]"),
        tz="UTC",
        kind=["view"] * 4,
    )
    joined = log.relabel(resolved(*FAMILY))
    assert sorted(joined.customers.tolist()) == ["a", "b", "z"]
    assert len(joined.of("b")) == 2


def test_it_survives_a_pickle() -> None:
    who = resolved(*FAMILY, prefer=["d"], splits=[IdentitySplit(records={"a"}, others={"b"})])  # type: ignore[arg-type]
    again = pickle.loads(pickle.dumps(who))
    assert again == who
    assert again.records.flags.writeable is False


@pytest.mark.parametrize(
    "other",
    [
        resolved(*FAMILY, unique=set()),
        resolved(*FAMILY[:-1]),
        resolved(*FAMILY[:-1], ("e", "email", "x")),
        resolved(*FAMILY, prefer=["a"]),
        resolved(*FAMILY, prefer=["d"]),
        resolved(*FAMILY[:-1], ("d", "email", "y"), ("b", "email", "y")),
        resolved(*FAMILY[:-1], ("d", "phone", "7")),
    ],
)
def test_other_reasons_are_another_resolution(other: Resolution) -> None:
    assert other != resolved(*FAMILY)


def test_nothing_shows_an_id_or_a_value() -> None:
    rows = [("id-a", "email", "val-x"), ("id-b", "email", "val-x"), ("id-c", "phone", "val-7")]
    link = Link("id-b", "id-c")
    who = resolved(*rows, joins=("email", "phone", "match"), links=[link])
    who = who.unmerge(["id-c"])
    log = who.merge_log()
    shown = [
        who, log, log.joins, log.refusals, who.explain("id-a", "id-b"), who.decisions,
        who.columns, who.rules, link,
    ]  # fmt: skip
    for one in shown:
        assert not any(secret in repr(one) for secret in ("id-", "val-")), type(one)
    assert repr(who) == "Resolution(3 records, 2 customers)"
    assert repr(log) == "MergeLog(1 joins, 1 refusals)"
    with pytest.raises(KeyError) as caught:
        who["id-z"]
    assert "id-z" not in str(caught.value)


def test_records_carry_their_kind_and_their_identifiers() -> None:
    def known(id_: str, kind: Any = "person") -> Customer:
        mail = Identifier(type="email", value="info@example.com")
        return Customer(id=id_, kind=kind, identifiers=frozenset({mail}))

    people = [known("a"), known("b"), known("c", "organization")]
    rules = IdentityRules(joins=("email",))
    assert together(resolve_identities(people[:2], rules)) == ["ab"]
    (refusal,) = resolve_identities(people, rules).merge_log().refusals
    assert refusal.reason == "email would join different values of kind"
    assert isinstance(refusal, RefusedJoin)
    sources = [SourceRecord(source=x, customer=known("1")) for x in ("shop", "crm")]
    assert resolve_identities(iter(sources), rules).clusters == {"crm:1": ("crm:1", "shop:1")}
    assert len(resolve_identities([], rules)) == 0


# ------------------------------------------------------------------ refused by name

WHO = resolved(("id-a", "email", "x"), ("id-b", "email", "x"), ("id-c", "email", "y"))
RULES = IdentityRules(joins=("email",))


REFUSED: list[tuple[Any, str]] = [
        (lambda: resolve_identities([], None), "rules must be an IdentityRules: got None"),  # type: ignore[arg-type]
        (lambda: resolve_identities(None, RULES), "records must be an iterable of values: got None"),  # type: ignore[arg-type]
        (lambda: resolve_identities(["id-a"], RULES), "records[0] must be a Customer or a SourceRecord: got str"),  # type: ignore[list-item]
        (lambda: resolved(links=["x"]), "links[0] must be of type Link: got str"),
        (lambda: resolved(links=3), "links must be an iterable of values: got int"),
        (lambda: resolved(splits=[{"a"}]), "splits[0] must be of type IdentitySplit: got set"),
        (lambda: resolved(distrusted=[3]), "distrusted[0] must be of type SharedIdentifier or Link: got int"),
        (lambda: resolved(prefer="id-a"), "prefer must be an iterable of values: got str"),
        (lambda: resolved(*FAMILY, links=[Link("a", "id-z"), Link("a", "b")]), "links must be between records that are there: 1 of 2 are not"),
        (lambda: resolved(*FAMILY, links=[Link("a", "b", type="emial")]), "links must be of a type that a rule of joins names: got 'emial', did you mean 'email'?"),
        (lambda: WHO.unmerge(["id-z"]), "what[0] must be a record of this resolution"),
        (lambda: WHO.unmerge([["id-a"]]), "what[0] must be a record of this resolution"),  # type: ignore[list-item]
        (lambda: WHO.unmerge("id-a"), "what must be an iterable of values: got str"),
        (lambda: WHO.unmerge([]), "what must not be empty: got no record"),
        (lambda: WHO.unmerge(["id-a", "id-c"]), "what must be records of one customer: got of several"),
        (lambda: WHO.unmerge(["id-a", "id-b"]), "what must leave the customer a record: got all"),
        (lambda: WHO.unmerge(SharedIdentifier("email", "z")), "what must be evidence of this resolution"),
        (lambda: WHO.unmerge(Link("id-a", "id-b")), "what must be evidence of this resolution"),
        (lambda: WHO.members("id-z"), "record must be a record of this resolution"),
        (lambda: WHO.merge_log(of="id-z"), "of must be a record of this resolution"),
        (lambda: WHO.explain("id-z", "id-a"), "a must be a record of this resolution"),
        (lambda: WHO.explain("id-a", "id-z"), "b must be a record of this resolution"),
        (lambda: WHO.explain("id-a", "id-c"), "b must be of the customer that a is of: merge_log(of=a).refusals tells what was refused"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"), [pytest.param(*row, id=str(i)) for i, row in enumerate(REFUSED)]
)
def test_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert str(caught.value) == message


def test_a_resolution_is_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        WHO.rules = RULES  # type: ignore[misc]
    with pytest.raises(TypeError):
        hash(WHO)
