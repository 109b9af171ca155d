"""Segments as data, on records and on columns alike."""

import datetime as dt
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    Customer,
    Did,
    Interaction,
    InteractionLog,
    Segment,
    Segmentation,
    SegmentGrouping,
    always,
    amount,
    assign_segments,
    customer,
    kind,
    never,
    segment_matches,
    segment_overlap,
    segment_reach,
    segment_sizes,
)
from tests.model.rules.draws import INSTANTS, customer_rules, events, people
from tests.reference import segments as slow

UTC = dt.UTC
LOGS = st.integers(0, 7).flatmap(
    lambda n: st.tuples(*(events(f"e{i}", f"c{i % 3}") for i in range(n)))
)


@st.composite
def divisions(draw: st.DrawFn) -> Segmentation:
    rules = draw(st.lists(customer_rules(), min_size=1, max_size=4))
    names = draw(st.permutations(["d", "b", "a", "c"]))
    return Segmentation(
        segments=tuple(Segment(key=k, rule=r) for k, r in zip(names, rules, strict=False))
    )


def at(day: int) -> dt.datetime:
    return dt.datetime(2026, 1, day, tzinfo=UTC)


def event(owner: str, what: str, day: int, n: int = 0) -> Interaction:
    return Interaction(id=f"{owner}{what}{day}{n}", customer_id=owner, at=at(day), kind=what)


@given(
    divisions(),
    LOGS,
    st.tuples(*(people(f"c{i}") for i in range(4))),
    st.sampled_from([*INSTANTS, INSTANTS[-1] + dt.timedelta(days=365)]),
)
def test_records_columns_and_the_reference_agree(
    division: Segmentation,
    seen: tuple[Interaction, ...],
    customers: tuple[Customer, ...],
    as_of: dt.datetime,
) -> None:
    written = json.loads(json.dumps(division.to_dict()))
    assert Segmentation.from_dict(written) == division
    rules, keys = [one["rule"] for one in written["segments"]], list(division.keys)
    log = InteractionLog.from_interactions(seen, attributes=["x", "y"])
    log = log.with_customers(customers, attributes=["plan"])
    known = [
        one
        for one in customers
        if min([one.created_at or as_of, *(e.at for e in seen if e.customer_id == one.id)])
        <= as_of
    ]
    truths: dict[Any, list[bool]] = {}
    for one in known:
        own = [e for e in seen if e.customer_id == one.id]
        truths[one.id] = slow.held(rules, own, as_of, one)
        found = division.segment_of(own, as_of=as_of, customer=one)
        assert (found and found.key) == slow.first(keys, truths[one.id])
        trials = division.explain(own, as_of=as_of, customer=one)
        assert [t.holds for t in trials] == truths[one.id][: len(trials)]
        assert len(trials) == (truths[one.id].index(True) + 1 if found else len(keys))
        assert all(t.clauses for t in trials)
    segment = {one: slow.first(keys, truth) for one, truth in truths.items()}

    assigned = assign_segments(log, division, as_of=as_of)
    assert dict(zip(assigned.ids.tolist(), assigned.segment.tolist(), strict=True)) == segment

    sizes = segment_sizes(log, division, as_of=as_of, by="owner_id")
    owner = {one.id: one.owner_id for one in known}
    expected = slow.tally((owner[c], segment[c]) for c in segment)
    for i, group in enumerate(sizes.axes[0].labels):
        assert sizes.parts["total"][i] == sum(owner[c] == group for c in segment)
        for j, key in enumerate(sizes.axes[1].labels):
            assert sizes.parts["count"][i, j] == expected.get((group, key), 0)
    assert segment_sizes(log, division, as_of=as_of) == sizes.rollup("owner_id")

    matches = segment_matches(log, division, as_of=as_of)
    held = slow.tally(sum(t) for t in truths.values())
    assert matches.count.tolist() == [held.get(n, 0) for n in range(len(keys) + 1)]

    overlap = segment_overlap(log, division, as_of=as_of)
    reach = segment_reach(log, division, as_of=as_of)
    order = sorted(keys)
    for a in order:
        i = keys.index(a)
        own_ids = [c for c in truths if truths[c][i]]
        for b in order:
            j = keys.index(b)
            row = order.index(a), order.index(b)
            assert overlap.parts["count"][row] == sum(truths[c][j] for c in own_ids)
            assert reach.parts["count"][row] == sum(segment[c] == b for c in own_ids)
        assert overlap.parts["total"][order.index(a)] == len(own_ids)
        taken = {b: sum(segment[c] == b for c in own_ids) for b in order if b != a}
        assert reach.shadows(a) == {b: n for b, n in taken.items() if n}
    assert set(reach.unreached) == set(keys) - set(segment.values())
    assert set(division.unreachable) <= set(reach.unreached)
    by_owner = segment_reach(log, division, as_of=as_of, by="owner_id")
    if len(by_owner.axes[0]):
        assert by_owner.unreached == reach.unreached


def test_the_first_that_holds_wins_and_a_gap_is_seen() -> None:
    division = Segmentation(
        key="value",
        segments=(
            Segment(key="loyal", rule=Did("purchase", 2), dimension="behavioural"),
            Segment(key="buyer", rule=Did("purchase"), labels={"zh": "买家"}),
        ),
    )
    seen = [event("a", "purchase", 1), event("a", "purchase", 2), event("b", "purchase", 1)]
    log = InteractionLog.from_interactions([*seen, event("c", "visit", 1)])
    sizes = segment_sizes(log, division, as_of=at(3))
    assert sizes.axes[0].name == "value"
    assert sizes.axes[0].labels == ("buyer", "loyal", None)
    assert sizes.count.tolist() == [1, 1, 1]
    assert sizes.total == 3
    assert segment_matches(log, division, as_of=at(3)).count.tolist() == [1, 1, 1]
    overlap = segment_overlap(log, division, as_of=at(3))
    assert overlap.count.tolist() == [[2, 1], [1, 1]]
    assert overlap.total.tolist() == [2, 1]
    assert segment_sizes(log, division, as_of=at(1)).count.tolist() == [2, 0, 1]
    assert division.segment("buyer").label("zh") == "买家"
    assert division.segment("buyer").label("en") == "buyer"
    low, high = sizes.select(value="loyal").interval()
    assert (round(low, 4), round(high, 4)) == (0.0615, 0.7923)  # Wilson of 1 in 3


def test_groups_of_a_metric() -> None:
    division = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    log = InteractionLog.from_interactions([event("a", "purchase", 2), event("b", "visit", 1)])
    groups = division.grouping()
    assert groups.labels(log.until(at(2)))[1] == ("buyer", None)
    assert groups.labels(log.until(at(1)))[1] == (None,)
    assert SegmentGrouping.from_dict(groups.to_dict()) == groups
    assert pickle.loads(pickle.dumps(groups)) == groups
    assert (
        groups
        != Segmentation(segments=(Segment(key="buyer", rule=Did("purchase", 2)),)).grouping()
    )
    other = Segmentation(segments=(Segment(key="x", rule=always),))
    sizes = segment_sizes(log, other, as_of=at(2))
    assert sizes.count.tolist() == [2, 0]
    crossed = segment_sizes(
        log, Segmentation(key="all", segments=other.segments), as_of=at(2), by=groups
    )
    assert crossed.axes[0].labels == ("buyer", None)
    assert crossed.count.tolist() == [[1, 0], [1, 0]]


BUYER, GERMAN = Did("purchase"), customer("country") == "DE"


@pytest.mark.parametrize(
    ("rules", "dead"),
    [
        ([BUYER, BUYER], ["1"]),
        ([BUYER, BUYER & GERMAN], ["1"]),
        ([BUYER | GERMAN, GERMAN], ["1"]),
        ([BUYER, GERMAN, BUYER | GERMAN], ["2"]),
        ([BUYER & GERMAN, BUYER], []),
        ([BUYER, BUYER | GERMAN], []),
        ([always, BUYER, always], ["1", "2"]),
        ([never, BUYER], ["0"]),
        ([BUYER & never, BUYER], ["0"]),
        ([BUYER, ~BUYER, GERMAN], []),  # by meaning it is dead, by form it is not
    ],
)
def test_what_can_never_be_reached(rules: list[Any], dead: list[str]) -> None:
    division = Segmentation(
        segments=tuple(Segment(key=str(i), rule=rule) for i, rule in enumerate(rules))
    )
    assert list(division.unreachable) == dead


def broken(change: Any) -> dict[str, Any]:
    data = Segmentation(
        segments=(
            Segment(key="a", rule=BUYER),
            Segment(key="b", rule=BUYER & Did(kind("purchase") & (amount >= 50), 2)),
        )
    ).to_dict()
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d["segments"][1]["rule"]["rules"][1]["of"]["rules"][1].update(op="over"),
            r"segments\[1\]\.rule\.rules\[1\]\.of\.rules\[1\]\.op must be one of",
        ),
        (
            lambda d: d["segments"][0].update(rule={"rule": "or", "rules": 3}),
            r"segments\[0\]\.rule\.rules must be a list",
        ),
        (lambda d: d["segments"][1].pop("rule"), r"segments\[1\]\.rule must be given"),
        (lambda d: d["segments"][0].update(labes=1), r"segments\[0\] must hold known keys only"),
        (lambda d: d["segments"][1].update(key="a"), "segments must differ in key"),
        (lambda d: d.update(segments=[]), "segments must hold at least one"),
        (lambda d: d["segments"][0].update(key=""), r"segments\[0\]\.key must"),
        (
            lambda d: d["segments"][0].update(rule=kind("visit").to_dict()),
            r"segments\[0\]\.rule must be a rule about the customer: got one about event",
        ),
    ],
)
def test_a_malformed_one_names_its_path(change: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Segmentation.from_dict(broken(change))


def test_refusals() -> None:
    log: Any = InteractionLog.from_interactions([event("a", "purchase", 1)])
    division: Any = Segmentation(segments=(Segment(key="buyer", rule=BUYER),))
    with pytest.raises(
        InvalidInputError, match="key must be one of the segments: got 'byer', did"
    ):
        division.segment("byer")
    with pytest.raises(InvalidInputError, match="segmentation must be a Segmentation"):
        assign_segments(log, log, as_of=at(2))
    with pytest.raises(InvalidInputError, match="as_of must be given"):
        segment_sizes(log, division)
    with pytest.raises(InvalidInputError, match=r"customer\('country'\) must be loaded"):
        segment_sizes(log, Segmentation(segments=(Segment(key="de", rule=GERMAN),)), as_of=at(2))
    groups = division.grouping().to_dict()
    with pytest.raises(InvalidInputError, match=r"grouping\.grouping must be 'segmentation'"):
        SegmentGrouping.from_dict({**groups, "grouping": "pick"})
    with pytest.raises(
        InvalidInputError, match=r"grouping\.segmentation\.segments must hold at least one"
    ):
        SegmentGrouping.from_dict({**groups, "segmentation": {"schema": 1, "segments": []}})
    with pytest.raises(InvalidInputError, match=r"grouping\.name must"):
        SegmentGrouping.from_dict({**groups, "name": 3})
    reach = segment_reach(log, division, as_of=at(2))
    for cut in (reach.rollup("taken_by"), reach.select(matching=["buyer"])):
        with pytest.raises(InvalidInputError, match="matching must have all its labels"):
            assert cut.unreached
    with pytest.raises(InvalidInputError, match="matching must be a label of the axis"):
        reach.shadows("byer")
