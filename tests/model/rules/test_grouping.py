"""Groupings: every customer in exactly one group, the same on any partition."""

import datetime as dt
import json
import pickle
import uuid
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction
from customerops.model.rules.grouping import Assignment, Grouping, Pick, as_grouping, first, last
from customerops.model.rules.rules import (
    Did,
    Rule,
    amount,
    attribute,
    channel,
    customer,
    kind,
    sku,
)
from customerops.model.values.columns import Coded
from customerops.model.values.labels import label_key
from tests.model.rules.draws import event_rules, events
from tests.reference import rules as slow

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FIELDS = ["kind", "channel", "thread", "x", "attributes.y"]


def visit(owner: Any, hour: float, via: str | None, /, **fields: Any) -> Interaction:
    given = {"id": f"{owner} {hour} {via}", "at": NOON + hour * HOUR, "kind": "visit", **fields}
    return Interaction(customer_id=owner, channel=via, **given)


def of(grouping: Grouping, log: InteractionLog) -> dict[Any, Any]:
    """Return the label of each customer."""
    codes, labels = grouping.labels(log)
    assert codes.dtype == np.intp
    assert codes.shape == (log.n_customers,)
    keys = [label_key(label) for label in labels]
    assert keys == sorted(set(keys))
    assert set(codes.tolist()) == set(range(len(labels)))  # only labels that occur
    return {one: labels[code] for one, code in zip(log.customers.tolist(), codes, strict=True)}


# ---------------------------------------------------------------------- first and last


VISITS = [
    visit("a", 1, "web"),
    visit("a", 2, "app", kind="buy"),
    visit("a", 3, None, kind="buy"),
    visit("b", 1, None),
    visit("b", 2, "store"),
    visit("c", 5, "web"),
    visit("c", 5, "app"),
    visit("c", 5, "store", kind="buy"),
]


@pytest.mark.parametrize(
    ("grouping", "says"),
    [
        (first("channel"), {"a": "web", "b": None, "c": "web"}),
        (last("channel"), {"a": None, "b": "store", "c": "store"}),
        (first("channel", where="buy"), {"a": "app", "b": None, "c": "store"}),
        (last("channel", where=kind("visit")), {"a": "web", "b": "store", "c": "app"}),
        (first("channel", where=~channel.is_missing()), {"a": "web", "b": "store", "c": "web"}),
        (first("channel", where="none"), {"a": None, "b": None, "c": None}),
        (last("kind"), {"a": "buy", "b": "visit", "c": "buy"}),
    ],
)
def test_first_and_last(grouping: Grouping, says: dict[str, str | None]) -> None:
    assert of(grouping, InteractionLog.from_interactions(VISITS)) == says


@given(
    st.integers(0, 7).flatmap(
        lambda n: st.tuples(*(events(f"e{i}", f"c{i % 3}") for i in range(n)))
    ),
    st.sampled_from(FIELDS),
    st.sampled_from(["first", "last"]),
    st.none() | event_rules(),
)
def test_picks_agree_with_a_loop(
    seen: tuple[Interaction, ...], field: str, which: Any, where: Rule | None
) -> None:
    log = InteractionLog.from_interactions(seen, attributes=["x", "y"]).with_customers(
        [Customer(id="silent", created_at=NOON)]
    )
    grouping = Grouping(Pick(field, which, where))
    own = {one: [x for x in seen if x.customer_id == one] for one in log.customers.tolist()}
    name = f"attributes.{field}" if field == "x" else field
    written = None if where is None else where.to_dict()
    expected = slow.groups(own, name, which, written)
    found = of(grouping, log)
    assert {c: label_key(x) for c, x in found.items()} == {
        c: label_key(x) for c, x in expected.items()
    }


def test_true_one_and_one_point_zero_are_three_groups() -> None:
    seen = [
        visit(i, 0, None, attributes={} if x is None else {"x": x})
        for i, x in enumerate([1.0, 1, True, "1", None])
    ]
    log = InteractionLog.from_interactions(seen)
    assert [type(label) for label in first("x").labels(log)[1]] == [
        bool,
        int,
        float,
        str,
        type(None),
    ]


def test_no_customers_no_groups() -> None:
    log = InteractionLog.from_interactions([])
    for grouping in (first("kind"), last("kind", where="a"), Grouping({"a": 1})):
        codes, labels = grouping.labels(log)
        assert labels == ()
        assert codes.tolist() == []


def test_a_standard_field_comes_before_an_attribute() -> None:
    seen = [visit("a", 0, "web", attributes={"channel": "other", "plan": "pro"})]
    log = InteractionLog.from_interactions(seen)
    assert of(first("channel"), log) == of(first(channel), log) == {"a": "web"}
    assert of(first(attribute("channel")), log) == {"a": "other"}
    assert of(first("attributes.channel"), log) == {"a": "other"}
    assert of(last("plan"), log) == of(last(attribute("plan")), log) == {"a": "pro"}


# ---------------------------------------------------------------------- attributes, mappings


def with_customers() -> InteractionLog:
    log = InteractionLog.from_interactions(VISITS)
    return log.with_customers(
        [
            Customer(id="a", country="DE", created_at=NOON, attributes={"plan": "pro"}),
            Customer(id="c", country="CN"),
            Customer(id="d", created_at=NOON),
        ]
    )


def test_a_customer_attribute() -> None:
    log = with_customers()
    assert of(Grouping("country"), log) == {"a": "DE", "b": None, "c": "CN", "d": None}
    assert of(as_grouping("plan"), log) == {"a": "pro", "b": None, "c": None, "d": None}
    # declared and empty: everybody is in the missing group
    assert Grouping("language").labels(log)[1] == (None,)
    # customers of one group only: no missing group
    assert Grouping("country").labels(log.of("c"))[1] == ("CN",)


def test_labels_are_sorted_whatever_the_column() -> None:
    column = Coded(np.array([1, 0, 2, -1], np.int8), ("z", "b", "a"))
    log = attrs.evolve(with_customers(), customer_columns={"plan": column})
    codes, labels = Grouping("plan").labels(log)
    assert labels == ("a", "b", "z", None)
    assert codes.tolist() == [1, 2, 0, 3]


def test_a_mapping() -> None:
    log = InteractionLog.from_interactions(VISITS)
    groups = {"a": 1, "c": 1.0, "b": None, "nobody": "x"}
    assert {c: label_key(x) for c, x in of(as_grouping(groups), log).items()} == {
        "a": label_key(1),
        "c": label_key(1.0),
        "b": label_key(None),
    }
    day = dt.date(2026, 1, 1)
    assert of(Grouping({"a": day}), log) == {"a": day, "b": None, "c": None}
    numbered = InteractionLog.from_interactions([visit(7, 0, "web"), visit(2**62, 0, "web")])
    assert of(Grouping({7: True}), numbered) == {7: True, 2**62: None}
    one = uuid.UUID(int=3)
    assert of(Grouping({one: "x"}), InteractionLog.from_interactions([visit(one, 0, "w")])) == {
        one: "x"
    }


def test_a_mapping_of_customers_groups_their_threads() -> None:
    seen = [visit("a", i, "web", thread_id=f"t{i}") for i in range(2)]
    seen.append(visit("b", 0, "web", thread_id="t0"))
    threads = InteractionLog.from_interactions(seen).by_thread()
    codes, labels = Grouping({"a": "x"}).labels(threads)
    assert sorted(labels[code] or "" for code in codes) == ["", "x", "x"]


# ---------------------------------------------------------------------- as values, as data


GROUPINGS = [
    Grouping("country"),
    Grouping("country", "land"),
    first("channel"),
    last("plan", where=kind("a") & (amount >= "5.00")),
    Grouping({"a": "x", "b": None, "c": True, "d": 1, "e": 1.0, "f": dt.date(2026, 1, 1)}),
    Grouping({7: "x"}, "cell"),
    Grouping({uuid.UUID(int=1): "x"}),
]


@pytest.mark.parametrize("grouping", GROUPINGS, ids=map(str, range(len(GROUPINGS))))
def test_groupings_are_values(grouping: Grouping) -> None:
    again = pickle.loads(pickle.dumps(grouping))
    written = json.loads(json.dumps(grouping.to_dict(), allow_nan=False))
    for same in (again, Grouping.from_dict(written)):
        assert same == grouping
        assert hash(same) == hash(grouping)
        assert same.to_dict() == grouping.to_dict()
    assert [g == grouping for g in GROUPINGS].count(True) == 1


def test_equality_is_by_type_too() -> None:
    assert Grouping({"a": 1}) != Grouping({"a": True})
    assert Grouping({"a": 1}) != Grouping({"a": 1.0})
    assert Grouping({"a": 1, "b": 2}) == Grouping({"b": 2, "a": 1})
    assert first("channel", where="a") == first(channel, where=kind("a"))
    assert first("channel") != last("channel")
    assert Grouping({np.int64(7): np.float64(0.5)}) == Grouping({7: 0.5})


def test_names() -> None:
    assert [g.name for g in GROUPINGS] == [
        *("country", "land", "first_channel", "last_plan", "group", "cell", "group")
    ]


def test_the_written_form() -> None:
    assert Grouping("country").to_dict() == {
        "grouping": "attribute",
        "name": "country",
        "attribute": "country",
    }
    assert last("plan").to_dict() == {
        "grouping": "pick",
        "name": "last_plan",
        "field": "attributes.plan",
        "which": "last",
        "where": None,
    }
    assert Grouping({"b": dt.date(2026, 1, 1), "a": None}).to_dict() == {
        "grouping": "groups",
        "name": "group",
        "groups": [["a", None], ["b", {"$date": "2026-01-01"}]],
    }


def test_as_grouping() -> None:
    grouping = first("channel")
    assert as_grouping(grouping) is grouping
    assert as_grouping(Pick("channel", "first")) == grouping
    assert as_grouping("country") == as_grouping(customer("country")) == Grouping("country")
    assert as_grouping({"a": 1}) == Grouping(Assignment({"a": 1}))


# ---------------------------------------------------------------------- refused


def written(**fields: Any) -> Callable[[], object]:
    pick = {"grouping": "pick", "name": "x", "field": "channel", "which": "first", "where": None}
    return lambda: Grouping.from_dict({**pick, **fields})


def pairs(groups: Any) -> Callable[[], object]:
    return lambda: Grouping.from_dict({"grouping": "groups", "name": "x", "groups": groups})


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: as_grouping(5), "by must be a customer attribute or a Grouping: got int"),  # type: ignore[arg-type]
    (lambda: as_grouping(None), "by must be a customer attribute or a Grouping: got None"),  # type: ignore[arg-type]
    (lambda: as_grouping(channel), "by must be of the customer: channel is of events; use first or last"),
    (lambda: as_grouping(""), "source must not be empty"),
    (lambda: Grouping(5), "source must be a str: got int"),
    (lambda: Grouping("country", 5), "name must be a str"),  # type: ignore[arg-type]
    (lambda: Grouping({}), "groups must hold at least one customer"),
    (lambda: Grouping({"a": 1, 2: 1}), "groups must have ids of one type"),
    (lambda: Grouping({True: 1}), "groups: id 0 must be an int, a str or a UUID: got bool"),
    (lambda: Grouping({"a": 1, "b": float("nan")}), "groups: label 1 must be finite"),
    (lambda: Grouping({"a": NOON}), "groups: label 0 must be a bool, an int, a float or a str"),
    (lambda: Grouping({"a": ("x",)}), "groups: label 0 must be"),
    (lambda: Assignment("ab"), "groups must be a mapping of customer ids: got str"),
    (lambda: Assignment(5), "groups must be a mapping of customer ids: got int"),
    (lambda: first("amount"), "field must hold one label an event: got amount; it is a number"),
    (lambda: first("at"), "got at; it is a number"),
    (lambda: last(sku), "got sku; an event has one for each line"),
    (lambda: first(5), "field must be a str: got int"),  # type: ignore[arg-type]
    (lambda: first(customer("country")), r"field must be one of events: customer\('country'\) is of the"),
    (lambda: first("customer.country"), "field must be one of events"),
    (lambda: first("channel", where=5), "where must be a rule, a kind"),  # type: ignore[arg-type]
    (lambda: first("channel", where=Did(kind("a"))), "where must be a rule about events"),
    (lambda: Pick("channel", "second"), "which must be one of 'first', 'last'"),
    (lambda: Grouping.from_dict(5), "grouping must be a mapping: got int"),  # type: ignore[arg-type]
    (lambda: Grouping.from_dict({"name": "x"}), r"grouping\.grouping must be given"),
    (lambda: Grouping.from_dict({"grouping": "attribute", "name": "x"}), r"grouping\.attribute must be given"),
    (lambda: Grouping.from_dict({"grouping": "attribute", "name": "x", "attribute": 5}), r"grouping\.attribute must be a str"),
    (written(grouping="picks"), r"grouping\.grouping must be one of .*did you mean 'pick'"),
    (written(groups=[]), "grouping must hold known keys only"),
    (written(filed="x"), "grouping must hold known keys only: got 'filed', did you mean 'field'"),
    (written(which="second"), r"grouping\.which must be one of"),
    (written(field="amount"), r"grouping\.field must hold one label"),
    (written(name=""), r"grouping\.name must not be empty"),
    (written(where={"rule": "and", "rules": []}), r"grouping\.where\.rules must be two or more"),
    (pairs("ab"), r"grouping\.groups must be a list: got str"),
    (pairs([]), r"grouping\.groups must hold at least one"),
    (pairs([["a"]]), r"grouping\.groups\[0\] must be a pair: got 1"),
    (pairs([["a", 1], 5]), r"grouping\.groups\[1\] must be a list: got int"),
    (pairs([["a", {"$date": "2026"}]]), r"grouping\.groups\[0\]\[1\]\.\$date must be a date: got another str"),
    (pairs([["a", {"$date": 5}]]), r"grouping\.groups\[0\]\[1\]\.\$date must be a str: got int"),
    (pairs([["a", {}]]), r"grouping\.groups\[0\]\[1\] must be one of '\$uuid', '\$date': got None"),
    (pairs([[{"$uuid": "x"}, 1]]), r"grouping\.groups\[0\]\[0\]\.\$uuid must be a UUID: got another str"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "message"), REFUSED, ids=map(str, range(len(REFUSED))))
def test_refused_when_built(build: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        build()


ASKED: list[tuple[Grouping, str]] = [
    (Grouping("contry"), "by must be a customer attribute of the log: got 'contry', did you mean 'country'"),
    (Grouping("channel"), r"'channel' is of events; use first\('channel'\) or last\('channel'\)"),
    (Grouping("size"), r"'size' is of events; use first\('size'\)"),
    (Grouping("created_at"), "by must be categorical: got 'created_at'; it is a number"),
    (first("siz"), r"attribute\('siz'\) must be loaded in the log: .*did you mean 'size'"),
    (first("chanel"), "did you mean 'channel'"),
    (Grouping({7: "x"}), "groups must have the log's type of customer id: got int, those of the log are str"),
]  # fmt: skip


@pytest.mark.parametrize(("grouping", "message"), ASKED, ids=map(str, range(len(ASKED))))
def test_refused_when_asked(grouping: Grouping, message: str) -> None:
    seen = [visit("a", 0, "web", attributes={"size": 3})]
    log = InteractionLog.from_interactions(seen).with_customers([Customer(id="a", country="DE")])
    with pytest.raises(InvalidInputError, match=message):
        grouping.labels(log)


def test_a_log_without_customers_says_how_to_add_them() -> None:
    log = InteractionLog.from_interactions(VISITS)
    with pytest.raises(InvalidInputError, match="got 'country'; the log has none, with_customers"):
        Grouping("country").labels(log)


def test_a_pick_of_numbers_is_refused() -> None:
    log = InteractionLog.from_interactions(VISITS)
    odd = attrs.evolve(log, columns={**log.columns, "channel": log.columns["amount"]})
    with pytest.raises(InvalidInputError, match="channel must be categorical: got Numbers"):
        first("channel").labels(odd)
