"""Journey stages and maps, and the ones that are there."""

import datetime as dt
import json
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import Did, amount, kind, name
from customerops.model.rules.stage_maps import AARRR, AIPL, HUBSPOT, JOURNEY, crosswalk
from customerops.model.rules.stages import JourneyMap, JourneyStage

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MAPS = [JOURNEY, AARRR, AIPL, HUBSPOT]


def did(*kinds: Any, days: Any = 0) -> list[Interaction]:
    """Interactions of these kinds, a day apart, the last so many days before NOON."""
    return [
        Interaction(customer_id=1, at=NOON - (days + back) * DAY, kind=one)
        for back, one in enumerate(reversed(kinds))
    ]


def key_of(found: JourneyStage | None) -> str | None:
    return None if found is None else found.key


def stage(key: Any, order: Any, entry: Any = "use", **more: Any) -> JourneyStage:
    return JourneyStage(key=key, order=order, entry=entry, **more)


# ---------------------------------------------------------------------- the maps that are there

PUBLISHED = [
    # the stages of the customer's journey and their Chinese names
    (
        JOURNEY,
        "awareness consideration purchase use loyalty advocacy",
        "认知 考虑 购买 使用 忠诚 推荐",
    ),
    # D. McClure, Startup Metrics for Pirates (2007), slide 4
    (AARRR, "acquisition activation retention referral revenue", "获客 激活 留存 推荐 变现"),
    # Alibaba Cloud, Quick Audience: AIPL model
    (AIPL, "awareness interest purchase loyalty", "认知 兴趣 购买 忠诚"),
    # HubSpot, internal values of the property "lifecyclestage"
    (
        HUBSPOT,
        "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other",
        "订阅者 线索 营销合格线索 销售合格线索 商机 客户 推广者 其他",
    ),
]


@pytest.mark.parametrize(("map_", "keys", "chinese"), PUBLISHED, ids=[m.key for m in MAPS])
def test_maps_have_the_published_stages(map_: Any, keys: Any, chinese: Any) -> None:
    assert " ".join(map_.keys) == keys
    assert " ".join(one.label("zh") for one in map_.stages) == chinese
    assert [one.order for one in map_.stages] == list(range(1, len(map_.stages) + 1))
    assert all(one.label("en") for one in map_.stages)
    assert map_.stages[0].label("tlh") == map_.keys[0]


@pytest.mark.parametrize("map_", MAPS, ids=[m.key for m in MAPS])
def test_a_map_survives_json_and_pickle(map_: Any) -> None:
    written = json.loads(json.dumps(map_.to_dict()))
    assert JourneyMap.from_dict(written) == map_
    assert JourneyMap.from_dict(written).to_dict() == map_.to_dict()
    assert pickle.loads(pickle.dumps(map_)) == map_
    assert hash(JourneyMap.from_dict(written)) == hash(map_)


def test_a_stage_is_written_like_this() -> None:
    assert AIPL.stages[3].to_dict() == {
        "schema": 1,
        "key": "loyalty",
        "order": 4,
        "labels": {"en": "Loyalty", "zh": "忠诚"},
        "entry": {"rule": "compare", "field": "kind", "op": "eq", "value": "purchase"},
        "at_least": 2,
        "within": {"$duration": 365 * 86_400_000_000},
    }


# ---------------------------------------------------------------------- who is where


@pytest.mark.parametrize(
    ("map_", "events", "expected"),
    [
        (JOURNEY, did(), None),
        (JOURNEY, did("send", "bounce"), None),
        (JOURNEY, did("view"), "awareness"),
        (JOURNEY, did("view", "cart"), "consideration"),
        (JOURNEY, did("purchase", "view"), "purchase"),
        (JOURNEY, did("purchase", "use"), "use"),
        (JOURNEY, did("purchase", "use", "renew"), "loyalty"),
        (JOURNEY, did("referral", "view"), "advocacy"),
        (AARRR, did("visit"), "acquisition"),
        (AARRR, did("signup", "use"), "activation"),
        (AARRR, did("signup", "use", "use"), "retention"),
        (AIPL, did("view", days=14), "awareness"),
        (AIPL, did("view", days=15), None),  # (as_of - 15 days, as_of]
        (AIPL, did("purchase", days=729), "purchase"),
        (AIPL, did("purchase", days=730), None),
        (AIPL, did("purchase", "purchase", days=363), "loyalty"),
        (AIPL, did("purchase", "purchase", days=364), "purchase"),
        (AIPL, did("purchase", days=400) + did("cart"), "purchase"),
    ],
)
def test_the_highest_stage_counts(map_: Any, events: Any, expected: Any) -> None:
    found = map_.stage_of(events, as_of=NOON)
    assert key_of(found) == expected


def test_the_last_change_counts_where_a_person_sets_the_stage() -> None:
    def moved(key: Any, days: Any) -> Interaction:
        return Interaction(customer_id=1, at=NOON - days * DAY, kind="stage_change", name=key)

    changes = [moved("lead", 9), moved("customer", 5), moved("opportunity", 2)]
    assert [
        key_of(found)
        for found in (
            HUBSPOT.stage_of(changes, as_of=NOON - days * DAY) for days in (10, 9, 4, 2, 0)
        )
    ] == [None, "lead", "customer", "opportunity", "opportunity"]
    again = [*changes, moved("lead", 1)]
    assert key_of(HUBSPOT.stage_of(again, as_of=NOON)) == "lead"
    tie = [moved("lead", 1), moved("customer", 1)]
    for events in (tie, tie[::-1]):
        assert key_of(HUBSPOT.stage_of(events, as_of=NOON)) == "customer"


EVENTS = st.lists(
    st.builds(
        lambda what, days: Interaction(customer_id=1, at=NOON - days * DAY, kind=what),
        st.sampled_from(["view", "use", "purchase", "referral"]),
        st.integers(-3, 6),
    ),
    max_size=8,
)
LATEST = JourneyMap(
    key="own",
    assign="latest",
    stages=(
        stage("seen", 1, "view", within=4 * DAY),
        stage("used", 2, "use", at_least=2),
        stage("paid", 3, {"purchase", "referral"}, within=2 * DAY),
    ),
)


@given(EVENTS)
def test_stages_are_what_their_rule_says(events: Any) -> None:
    known = [event for event in events if event.at <= NOON]
    last = {}
    for one, kinds, least, days in (
        ("seen", ["view"], 1, 4),
        ("used", ["use"], 2, 999),
        ("paid", ["purchase", "referral"], 1, 2),
    ):
        times = [e.at for e in known if e.kind in kinds and e.at > NOON - days * DAY]
        assert LATEST.stage(one).rule.matches_customer(events, as_of=NOON) == (len(times) >= least)
        if len(times) >= least:
            last[one] = max(times)
    order = ["seen", "used", "paid"]
    latest = max(last, key=lambda key: (last[key], order.index(key)), default=None)
    found = LATEST.stage_of(events, as_of=NOON)
    assert key_of(found) == latest
    highest = attrs.evolve(LATEST, assign="highest").stage_of(events, as_of=NOON)
    assert key_of(highest) == max(last, key=order.index, default=None)


def test_entries_may_be_rules() -> None:
    big = stage("big", 1, kind("purchase") & (amount >= 50), at_least=2, within=DAY)
    assert big.rule == Did(kind("purchase") & (amount >= 50), at_least=2, within=DAY)
    assert stage("any", 1, ["use", "login"]).entry == kind("login", "use")
    assert JourneyStage.from_dict(big.to_dict()) == big
    assert HUBSPOT.stage("lead").entry == kind("stage_change") & (name == "lead")


def test_stages_are_kept_in_order() -> None:
    map_ = JourneyMap(key="own", stages=[stage("b", 2), stage("a", -1), stage("c", 7)])  # type: ignore[arg-type] # a list will do
    assert map_.keys == ("a", "b", "c")
    assert map_ == JourneyMap(key="own", stages=map_.stages)


# ---------------------------------------------------------------------- crosswalks


@pytest.mark.parametrize("other", [AARRR, AIPL, HUBSPOT], ids=lambda m: m.key)
def test_conventions_lead_to_and_from_the_default_map(other: Any) -> None:
    there, back = crosswalk(JOURNEY, other), crosswalk(other, JOURNEY)
    assert tuple(there) == JOURNEY.keys
    assert tuple(back) == other.keys
    assert set(there.values()) <= set(other.keys)
    assert set(back.values()) - {None} <= set(JOURNEY.keys)
    ranks = [other.stage(key).order for key in there.values() if key is not None]
    assert other is AARRR or ranks == sorted(ranks)  # further along stays further along


def test_a_crosswalk_of_ones_own() -> None:
    pairs = {
        "revenue": "purchase",
        "referral": "loyalty",
        "retention": "loyalty",
        "activation": "interest",
        "acquisition": None,
    }
    found = crosswalk(AARRR, AIPL, pairs=pairs)
    assert dict(found) == pairs
    assert tuple(found) == AARRR.keys
    pairs["acquisition"] = "awareness"
    assert found["acquisition"] is None
    frozen: Any = found
    with pytest.raises(TypeError):
        frozen["acquisition"] = "awareness"


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (None, "pairs must be given: no convention leads from aipl to aarrr"),
        (
            {"awareness": "acquisition", "interest": None, "purchase": "revenue"},
            "pairs must have every stage of aipl: 'loyalty' is missing",
        ),
        (
            {"awarness": None},
            "key must be a stage of aipl: got 'awarness', did you mean 'awareness'?",
        ),
        (
            {"awareness": "revenu"},
            "key must be a stage of aarrr: got 'revenu', did you mean 'revenue'?",
        ),
    ],
    ids=repr,
)
def test_a_crosswalk_with_holes_is_refused(pairs: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        crosswalk(AIPL, AARRR, pairs=pairs)
    assert str(caught.value) == message


# ---------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: JourneyMap(key="m", stages=()), "stages must hold at least one: got none"),
        (
            lambda: JourneyMap(key="m", stages=(stage("a", 1), stage("a", 2))),
            "stages must differ in key: two are the same",
        ),
        (
            lambda: JourneyMap(key="m", stages=(stage("a", 1), stage("b", 1))),
            "stages must differ in order: two are the same",
        ),
        (
            lambda: JourneyMap.from_dict({**JOURNEY.to_dict(), "assign": "higest"}),
            "assign must be one of 'highest', 'latest': got 'higest', did you mean 'highest'?",
        ),
        (
            lambda: JOURNEY.stage("purchas"),
            "key must be a stage of journey: got 'purchas', did you mean 'purchase'?",
        ),
        (lambda: stage("a", 1, at_least=0), "at_least must be at least 1: got less"),
        (lambda: stage("a", 1.0), "order must be an int: got float"),
        (lambda: stage("", 1), "key must not be empty: got ''"),
        (lambda: stage("a", 1, within=14), "within must be a timedelta: got int"),
        (lambda: stage("a", 1, labels={"zh": ""}), "labels.zh must not be empty: got ''"),
        (lambda: stage("a", 1, labels={"zh": 5}), "labels.zh must be a str: got int"),
        (
            lambda: stage("a", 1, Did("use")),
            "entry must be a rule about events: got one about the customer",
        ),
        (
            lambda: JOURNEY.stage_of([], as_of=dt.datetime(2026, 1, 1)),  # noqa: DTZ001
            "as_of must be timezone-aware: got a naive datetime",
        ),
        (
            lambda: JourneyMap.from_dict(
                {"schema": 1, "key": "m", "stages": [{"key": "a", "order": 1}]}
            ),
            "stages[0].entry must be given: the key is missing",
        ),
    ],
    ids=range(14),
)
def test_nonsense_is_refused(make: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make()
    assert str(caught.value) == message
