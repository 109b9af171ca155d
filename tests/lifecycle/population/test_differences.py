"""Two populations compared: late data, another policy, other customers."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.population.batch import replay_log
from customerops.lifecycle.population.differences import diff
from customerops.lifecycle.population.population import Population
from customerops.model.log.log import InteractionLog
from customerops.model.values.calendar import Calendar
from tests.lifecycle.draws import populations, rules
from tests.lifecycle.make import Event, day, interactions, policy_of
from tests.reference.lifecycle import Rules

UTC = Calendar(dt.UTC)
PLAIN = Rules(window=30, winback=60, activation=None, k=2, event_first=False)
M17: list[Event] = [(0, "qualified"), (20, "qualified")]


def replayed(given: list[list[Event]], how: Rules, n: int) -> Population:
    records = [x for i, events in enumerate(given) for x in interactions(events, f"c{i}")]
    log = InteractionLog.from_interactions(records, currency="EUR", calendar=UTC)
    return replay_log(log, policy_of(how), as_of=day(n))


def rows(population: Population) -> set[tuple[Any, ...]]:
    names = ["customer_id", "at", "source", "target", "cause"]
    return set(map(tuple, population.to_frame()[names].values.tolist()))


@given(populations(), populations(), rules(), rules(), st.integers(0, 20))
def test_it_equals_the_difference_of_sets(
    a: list[list[Event]], b: list[list[Event]], one: Rules, two: Rules, n: int
) -> None:
    before, after = replayed(a, one, n), replayed(b, two, n)
    found = diff(before, after)
    frame = found.to_frame()
    names = ["customer_id", "at", "source", "target", "cause"]
    for change, expected in (
        ("removed", rows(before) - rows(after)),
        ("added", rows(after) - rows(before)),
    ):
        told = frame.loc[frame["change"] == change, names].values.tolist()
        assert len(told) == len(expected)
        assert set(map(tuple, told)) == expected
    assert (len(found.removed), len(found.added)) == tuple(
        int((frame["change"] == change).sum()) for change in ("removed", "added")
    )
    keys = list(zip(frame["customer_id"], frame["at"], strict=True))
    assert keys == sorted(keys)
    stages: list[dict[Any, str]] = [
        dict(zip(p.ids.tolist(), map(str, p.stage_at(day(n))), strict=True))
        for p in (before, after)
    ]
    everyone = sorted(stages[0].keys() | stages[1].keys())
    assert found.ids.tolist() == everyone
    moved = [
        [c, stages[0].get(c, "UNKNOWN"), stages[1].get(c, "UNKNOWN")]
        for c in everyone
        if stages[0].get(c, "UNKNOWN") != stages[1].get(c, "UNKNOWN")
    ]
    assert found.stages().values.tolist() == moved
    assert bool(found) == (rows(before) != rows(after))
    turned = diff(after, before)
    assert (len(turned.removed), len(turned.added)) == (len(found.added), len(found.removed))
    assert not diff(before, before)


def test_m17_late_data_revise_what_was_known() -> None:
    """The purchase of day 20 was recorded on day 45: it retains, and moves the lapse to day 50."""
    then, now = (replayed([[*M17[:k]]], PLAIN, 50) for k in (1, 2))
    found = diff(then, now)
    told = found.to_frame()[["change", "at", "target", "cause"]].values.tolist()
    assert told == [
        ["added", day(20), "RETAINED", "event"],
        ["removed", day(30), "LAPSED", "timeout"],
        ["added", day(50), "LAPSED", "timeout"],
    ]
    assert not len(found.stages())  # lapsed either way, by day 50
    assert repr(found) == (
        "PopulationDifference(1 transitions removed, 2 added, 0 of 1 customers in another stage)"
    )
    early = diff(*(replayed([[*M17[:k]]], PLAIN, 35) for k in (1, 2)))
    assert early.stages().values.tolist() == [["c0", "LAPSED", "RETAINED"]]
    assert "<td>LAPSED</td><td>RETAINED</td><td>1</td>" in early._repr_html_()
    assert "c0" not in repr(early) + early._repr_html_()
    assert early.definition is None


def test_another_policy() -> None:
    found = diff(replayed([M17], PLAIN, 60), replayed([M17], PLAIN._replace(window=50), 60))
    told = found.to_frame()[["change", "at", "target"]].values.tolist()
    assert told == [["removed", day(50), "LAPSED"]]
    assert found.stages()["after"].tolist() == ["RETAINED"]


def test_customers_of_one_side_alone() -> None:
    found = diff(replayed([], PLAIN, 5), replayed([M17], PLAIN, 5))
    assert found.to_frame()["change"].tolist() == ["added"]
    assert found.stages().values.tolist() == [["c0", "UNKNOWN", "ACTIVATED"]]
    assert not found.ids.flags.writeable
    assert not found.before.flags.writeable


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ((None, 1), "before must be a Population: got None"),
        ((0, None), "after must be a Population: got None"),
        ((0, 1), "populations must be as of the same instant: got 2026-01-06.* and 2026-01-07"),
        ((0, 2), "customer ids must be of one type"),
    ],
)
def test_arguments_are_checked(pair: tuple[int | None, int | None], message: str) -> None:
    numbered = InteractionLog.from_arrays(
        customer_id=[1], at=[day(0)], kind=["purchase"], amount=["9"], currency="EUR"
    )
    some: Any = [
        replayed([M17], PLAIN, 5),
        replayed([M17], PLAIN, 6),
        replay_log(numbered, policy_of(PLAIN), as_of=day(5)),
    ]
    given: Any = [None if i is None else some[i] for i in pair]
    with pytest.raises(InvalidInputError, match=message):
        diff(*given)


def test_populations_that_begin_at_other_instants_are_refused() -> None:
    whole, early = replayed([M17], PLAIN, 25), replayed([M17], PLAIN, 10)
    late = InteractionLog.from_interactions(
        interactions([(20, "qualified")], "c0"), currency="EUR", calendar=UTC
    )
    tonight = replay_log(late, policy_of(PLAIN), as_of=day(25), initial=early.states())
    assert not diff(tonight, tonight)
    with pytest.raises(InvalidInputError, match="populations must begin alike"):
        diff(whole, tonight)
