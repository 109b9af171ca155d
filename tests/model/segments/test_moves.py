"""Segments against time and against an outcome."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    Did,
    Grouping,
    Interaction,
    InteractionLog,
    Segment,
    Segmentation,
    kind,
    segment_lift,
    segment_migration,
    segment_sizes,
)
from customerops.model.segments.moves import SegmentLift
from customerops.model.tables.context import Context
from customerops.model.tables.intervals import wilson
from customerops.model.tables.tables import Axis
from tests.model.rules.draws import INSTANTS, customer_rules, events, people
from tests.reference import segments as slow

UTC = dt.UTC


def at(day: int) -> dt.datetime:
    return dt.datetime(2026, 1, day, tzinfo=UTC)


def event(owner: str, what: str, day: int) -> Interaction:
    return Interaction(id=f"{owner}{what}{day}", customer_id=owner, at=at(day), kind=what)


LATE = INSTANTS[-1] + dt.timedelta(days=2)


@given(
    st.lists(customer_rules(), min_size=1, max_size=3),
    customer_rules(),
    st.integers(0, 7).flatmap(
        lambda n: st.tuples(*(events(f"e{i}", f"c{i % 3}") for i in range(n)))
    ),
    st.tuples(*(people(f"c{i}") for i in range(4))),
    st.sampled_from(INSTANTS),
    st.sampled_from([INSTANTS[-1], LATE]),
)
def test_reference(
    rules: list[Any], outcome: Any, seen: Any, customers: Any, since: dt.datetime, as_of: Any
) -> None:
    keys = ["b", "a", "c"][: len(rules)]
    division = Segmentation(
        segments=tuple(Segment(key=k, rule=r) for k, r in zip(keys, rules, strict=True))
    )
    log = InteractionLog.from_interactions(seen, attributes=["x", "y"])
    log = log.with_customers(customers, attributes=["plan"])
    written = [rule.to_dict() for rule in rules]
    moves, ends = [], []
    for one in customers:
        own = [e for e in seen if e.customer_id == one.id]
        if min([one.created_at, *(e.at for e in own)]) > since:
            continue
        before, after = (slow.first(keys, slow.held(written, own, t, one)) for t in (since, as_of))
        moves.append((before, after))
        ends.append((before, slow.held([outcome.to_dict()], own, as_of, one)[0]))
    counts = slow.tally(moves)
    table = segment_migration(log, division, since=since, as_of=as_of)
    order = [*sorted(keys), None]
    assert table.axes[0].labels == tuple(order)
    assert table.axes[1].labels == tuple(order)
    assert table.count.tolist() == [[counts.get((a, b), 0) for b in order] for a in order]
    assert table.total.tolist() == [sum(a == m[0] for m in moves) for a in order]
    base = segment_sizes(log, division, as_of=since)
    assert table.total.tolist() == base.count.tolist()

    lift = segment_lift(log, division, outcome=outcome, since=since, as_of=as_of)
    assert lift.outcomes == sum(end for _, end in ends)
    assert lift.customers == len(ends)
    assert lift.count.tolist() == [sum(end for b, end in ends if b == a) for a in order]
    assert lift.total.tolist() == [sum(b == a for b, _ in ends) for a in order]
    low, high = lift.interval()
    for i in range(len(order)):
        if lift.value[i] == lift.value[i]:
            assert low[i] <= lift.value[i] + 1e-12
            assert high[i] >= lift.value[i] - 1e-12


def lift_of(a: int, n: int, outcomes: int, customers: int) -> SegmentLift:
    axis = Axis("segment", ["s"], "state", disjoint=True)
    return SegmentLift(
        axes=(axis,),
        parts={"count": [a], "total": [n], "outcomes": outcomes, "customers": customers},
        context=Context("segment_lift"),
    )


@pytest.mark.parametrize(("a", "n", "outcomes", "customers"), [(8, 20, 20, 100), (1, 9, 7, 30)])
def test_interval_is_the_printed_formula(a: int, n: int, outcomes: int, customers: int) -> None:
    lift = lift_of(a, n, outcomes, customers)
    b, m, w = outcomes - a, customers - n, n / customers
    p, q = ((x / y, *map(float, wilson(x, y, 0.95))) for x, y in ((a, n), (b, m)))
    ratio = slow.ratio_bounds(p, q)  # type: ignore[arg-type]
    expected = [r / (w * r + 1 - w) for r in ratio]
    low, high = lift.select(segment="s").interval()
    assert [low, high] == pytest.approx(expected, rel=1e-12)


def test_by_hand() -> None:
    lift = lift_of(8, 20, 20, 100)  # 40 % against 20 % of all
    assert lift.value.tolist() == [2.0]
    assert lift.rate().value.tolist() == [0.4]
    assert lift.interval()[0][0] > 1  # 8 of 20 against 12 of 80: Fisher's exact p is 0.03


@pytest.mark.parametrize(
    ("parts", "value", "bounds"),
    [
        ((0, 20, 20, 100), 0.0, (0.0, None)),
        ((20, 20, 20, 100), 5.0, (None, 5.0)),  # all outcomes are in the segment: at most 1 / w
        ((5, 20, 5, 20), 1.0, (1.0, 1.0)),  # the segment is everybody
        ((20, 20, 100, 100), 1.0, (None, None)),
    ],
)
def test_edges(parts: Any, value: float, bounds: Any) -> None:
    lift = lift_of(*parts).select(segment="s")
    low, high = lift.interval()
    assert lift.value == value
    assert low <= value <= high
    for got, expected in zip((low, high), bounds, strict=True):
        assert expected is None or got == pytest.approx(expected)


@pytest.mark.parametrize("parts", [(0, 0, 5, 20), (0, 5, 0, 20), (0, 0, 0, 0)])
def test_undefined(parts: Any) -> None:
    lift = lift_of(*parts).select(segment="s")
    assert str(lift.value) == "nan"
    assert [str(bound) for bound in lift.interval()] == ["nan", "nan"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((3, 2, 5, 20), "count must not exceed total"),
        ((3, 5, 2, 20), "count must not exceed outcomes"),
        ((3, 25, 5, 20), "total must not exceed customers"),
        ((-1, 2, 5, 20), "count must not be negative"),
    ],
)
def test_parts_that_contradict(parts: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        lift_of(*parts)


def test_coverage_of_the_interval() -> None:
    """Of 2000 draws the bounds hold the true lift as often as they say, or a little more."""
    rng = np.random.default_rng(7)
    n, m, p, q = 60, 240, 0.3, 0.15
    a, b = rng.binomial(n, p, 2000), rng.binomial(m, q, 2000)
    hits = 0
    truth = p / ((n * p + m * q) / (n + m))
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        low, high = lift_of(x, n, x + y, n + m).select(segment="s").interval()
        hits += low <= truth <= high
    assert 0.935 <= hits / 2000 <= 0.975


def test_groups_and_rows() -> None:
    seen = [event("a", "visit", 1), event("b", "visit", 1), event("c", "visit", 5)]
    log = InteractionLog.from_interactions([*seen, event("a", "purchase", 4)])
    division = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    groups = {"a": "x", "b": "y", "c": "x"}
    by = Grouping(groups)
    moved = segment_migration(log, division, since=at(2), as_of=at(6), by=by)
    assert moved.count.tolist() == [[[0, 0], [1, 0]], [[0, 0], [0, 1]]]
    assert moved.rollup("group").count.tolist() == [[0, 0], [1, 1]]
    lift = segment_lift(log, division, outcome=Did("visit"), as_of=at(6), by=by)
    assert lift.customers.tolist() == [2, 1]
    assert lift.rollup("group").customers == 3


def test_refusals() -> None:
    log = InteractionLog.from_interactions([event("a", "visit", 1)])
    division = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    with pytest.raises(InvalidInputError, match="since must not be later than as_of"):
        segment_migration(log, division, since=at(3), as_of=at(2))
    with pytest.raises(InvalidInputError, match="since must be timezone-aware"):
        segment_migration(log, division, since=dt.datetime(2026, 1, 1), as_of=at(2))  # noqa: DTZ001
    with pytest.raises(InvalidInputError, match="outcome must be a rule about the customer"):
        segment_lift(log, division, outcome=kind("visit"), as_of=at(2))
