"""One customer's replay: any order, any instant, and what was known when."""

import datetime as dt
import itertools
import random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.history import History, Life, replay
from customerops.lifecycle.machine.machine import advance
from customerops.lifecycle.machine.state import State
from customerops.lifecycle.policy.stages import ACTIVE, Cause, Stage
from customerops.model.records.records import Interaction
from tests.lifecycle.draws import events, rules
from tests.lifecycle.make import DAY, START, Event, day, interaction, interactions, policy_of
from tests.reference.lifecycle import Life as Ticking
from tests.reference.lifecycle import Rules, live

PLAIN = Rules(window=30, winback=60, activation=14, k=2, event_first=False)


def told(history: History) -> list[tuple[Any, ...]]:
    return [(c.at, str(c.source), str(c.target), str(c.cause)) for c in history.transitions]


def ticked(life: Ticking) -> list[tuple[Any, ...]]:
    return [(day(c.at), c.source, c.target, c.cause) for c in life.changes]


@given(events(), rules(), st.integers(-1, 20))
def test_it_equals_the_reference(given: list[Event], how: Rules, as_of: int) -> None:
    history = replay(interactions(given), policy_of(how), as_of=day(as_of))
    life = live([e for e in given if e[0] <= as_of], how, as_of)
    assert told(history) == ticked(life)
    assert history.stage_at(day(as_of)) == life.stage


@given(events(), rules(), st.integers(0, 20), st.integers(0, 20))
def test_what_comes_later_changes_no_earlier_answer(
    given: list[Event], how: Rules, early: int, late: int
) -> None:
    early, late = sorted((early, late))
    first, second = (
        replay(interactions(given), policy_of(how), as_of=day(n)) for n in (early, late)
    )
    assert first.transitions == tuple(c for c in second.transitions if c.at <= day(early))
    assert first.stage_at(day(early)) is second.stage_at(day(early))
    assert first.explain(day(early)) == second.explain(day(early))


@given(events(), rules(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    given: list[Event], how: Rules, shuffle: random.Random
) -> None:
    records = interactions(given)
    shuffled = records.copy()
    shuffle.shuffle(shuffled)
    a, b = (replay(xs, policy_of(how), as_of=day(20)) for xs in (records, shuffled))
    assert told(a) == told(b)


@given(events(), rules(), st.lists(st.integers(0, 7), max_size=4))
def test_repeated_ids_count_once(given: list[Event], how: Rules, again: list[int]) -> None:
    records = interactions(given)
    repeats = [records[i] for i in again if i < len(records)]
    policy = policy_of(how)
    assert replay(records + repeats, policy, as_of=day(20)) == replay(
        records, policy, as_of=day(20)
    )


@given(events(), rules(), st.integers(0, 20), st.integers(1, 20))
def test_the_state_goes_on_as_a_service_would(
    given: list[Event], how: Rules, as_of: int, more: int
) -> None:
    policy = policy_of(how)
    first = replay(interactions(given), policy, as_of=day(as_of))
    later = replay(first.interactions, policy, as_of=day(as_of + more))
    assert advance(first.state, day(as_of + more), policy).state == later.state
    assert first.due_at == first.state.due_at


@given(events(), rules())
def test_lives_are_the_stays_among_active_stages(given: list[Event], how: Rules) -> None:
    history = replay(interactions(given), policy_of(how), as_of=day(20))
    assert [life.number for life in history.lives] == list(range(1, history.state.lives + 1))
    for n in range(21):
        alive = history.stage_at(day(n)) in ACTIVE
        within = [
            x for x in history.lives if x.start <= day(n) and (x.end is None or x.end > day(n))
        ]
        assert bool(within) == alive


def test_a_wider_window_only_adds_active_time() -> None:
    for days in itertools.product([0, 2, 5, 9], repeat=3):
        records = interactions([(n, "qualified") for n in days])
        for window in range(1, 6):
            narrow, wide = (
                replay(
                    records, policy_of(Rules(w, None, None, 2, event_first=False)), as_of=day(20)
                )
                for w in (window, window + 1)
            )
            for n in range(21):
                assert narrow.stage_at(day(n)) not in ACTIVE or wide.stage_at(day(n)) in ACTIVE


def test_lives_by_hand() -> None:
    given = [(0, "qualified"), (40, "qualified"), (45, "cancel"), (50, "qualified"), (55, "erase")]
    history = replay(interactions(given), policy_of(PLAIN), as_of=day(60))
    assert history.lives == (
        Life(1, day(0), day(30), Cause.TIMEOUT),
        Life(2, day(40), day(45), Cause.EVENT),
        Life(3, day(50), day(55), Cause.EVENT),
    )
    open_life = replay(interactions(given[:1]), policy_of(PLAIN), as_of=day(29)).lives
    assert open_life == (Life(1, day(0)),)


def test_a_deadline_at_as_of_is_past_in_the_history_and_open_in_the_state() -> None:
    policy = policy_of(PLAIN._replace(event_first=True))
    history = replay([interaction((0, "qualified"), 1)], policy, as_of=day(30))
    assert history.stage_at(day(30)) is Stage.LAPSED
    assert history.transitions[-1].at == day(30)
    assert history.state.stage is Stage.ACTIVATED
    assert history.due_at == day(30) + dt.timedelta(microseconds=1)


def test_without_interactions_a_customer_is_unknown() -> None:
    policy = policy_of(PLAIN)
    history = replay([], policy, as_of=START)
    assert history.stage_at(START) is Stage.UNKNOWN
    assert (history.transitions, history.lives, history.due_at) == ((), (), None)
    assert history.state == State(policy.hash)


def test_without_ids_every_interaction_counts() -> None:
    one = attrs.evolve(interaction((0, "qualified"), 1), id=None)
    history = replay([one, one], policy_of(PLAIN), as_of=START)
    assert history.state.ordinal == 2


def test_known_at_uses_what_was_recorded_by_then() -> None:
    first = interaction((0, "qualified"), 1)
    late = attrs.evolve(interaction((20, "qualified"), 2), recorded_at=day(45))
    policy = policy_of(PLAIN)
    assert replay([first, late], policy, as_of=day(35), known_at=day(44)).lives[0].end == day(30)
    assert replay([first, late], policy, as_of=day(35), known_at=day(45)).lives[0].end is None
    assert len(replay([first], policy, as_of=day(9), known_at=day(0)).interactions) == 1
    assert replay([first], policy, as_of=day(9), known_at=day(-1)).interactions == ()


REPLAY: Any = replay


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: REPLAY(["x"], p, as_of=START), "Interaction records: got str at position 0"),
        (lambda _: REPLAY([], "p", as_of=START), "policy must be a LifecyclePolicy: got str"),
        (lambda p: REPLAY([], p, as_of=dt.date(2026, 1, 1)), "as_of must be a datetime"),
        (lambda p: REPLAY([], p, as_of=START, known_at=3), "known_at must be a datetime: got int"),
        (
            lambda p: REPLAY(
                [interaction((0, "erase"), i, customer) for i, customer in enumerate("ab")],
                p,
                as_of=START,
            ),
            "interactions must be of one customer: of 2",
        ),
        (
            lambda p: REPLAY(
                [interaction((0, "erase"), 1), interaction((0, "cancel"), 1)], p, as_of=START
            ),
            "one content an id: the one at position 1 differs from an earlier one",
        ),
        (lambda p: REPLAY([], p, as_of=START).stage_at(START + DAY), "must not be after as_of"),
        (lambda p: REPLAY([], p, as_of=START).explain(START + DAY), "t must not be after as_of"),
        (lambda p: REPLAY([], p, as_of=START).stage_at("now"), "t must be a datetime"),
    ],
)
def test_arguments_are_checked(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call(policy_of(PLAIN))


def test_a_conflict_after_as_of_is_not_known_yet() -> None:
    conflict: list[Interaction] = [interaction((0, "erase"), 1), interaction((9, "cancel"), 1)]
    assert replay(conflict, policy_of(PLAIN), as_of=START).stage_at(START) is Stage.ERASED
