"""What holds of every history, whatever the clock and the criteria."""

import datetime as dt
import json
import pickle
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import Late, TransitionError
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.machine.state import State, Step, Transition
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, TRANSITIONS, Cause, Stage
from customerops.lifecycle.population.batch import replay_log
from customerops.model.records.records import Interaction
from tests.lifecycle.draws import cases, one_case
from tests.lifecycle.make import DAY, US, day, interaction, interactions, log_of, policy_of
from tests.reference.lifecycle import RANKS, Event, Paying, Rules, Usual

Case = tuple[Rules, list[list[Event]]]
LAST = 20


def canonical(events: list[Event], how: Rules) -> list[Interaction]:
    def rank(one: tuple[int, Event]) -> tuple[int, int, int]:
        nth, event = one
        waits = event.what == "qualified" and how.settle is not None
        return event.at, RANKS.index("unqualified" if waits else event.what), nth

    return [interaction(event, nth) for nth, event in sorted(enumerate(events), key=rank)]


def fold(
    given: list[Interaction], policy: LifecyclePolicy, state: State | None = None
) -> tuple[State, list[Transition]]:
    done: list[Transition] = []
    for one in given:
        taken = step(state, one, policy)
        state, done = taken.state, done + list(taken.transitions)
    return state or State(policy.hash), done


def moves(changes: Any) -> list[tuple[Any, ...]]:
    return [(c.at, c.source, c.target, c.cause) for c in changes]


def written(state: State) -> State:
    return State.from_dict(json.loads(json.dumps(state.to_dict())))


# ------------------------------------------------------------------ one customer


@given(one_case())
def test_determinism(case: tuple[Rules, list[Event]]) -> None:
    how, events = case
    policy = policy_of(how)
    a = replay(interactions(events), policy, as_of=day(LAST))
    b = replay(interactions(events), pickle.loads(pickle.dumps(policy)), as_of=day(LAST))
    assert a == b
    assert pickle.loads(pickle.dumps(a)) == a


@given(one_case(), st.sampled_from(RANKS), st.integers(0, 3))
def test_totality(case: tuple[Rules, list[Event]], what: str, later: int) -> None:
    how, events = case
    policy = policy_of(how)
    state, _ = fold(canonical(events, how), policy)
    last = max((e.at for e in events), default=0) + later + (what in RANKS[:8])
    until = last + 2 if what in ("start", "renew_through", "trial") else None
    done = step(state, interaction(Event(last, what, until), 99), policy)
    assert isinstance(done, Step)
    assert done.state.stage in Stage
    assert written(done.state) == done.state


@given(one_case())
def test_only_the_27_steps_and_time_never_goes_back(case: tuple[Rules, list[Event]]) -> None:
    how, events = case
    history = replay(interactions(events), policy_of(how), as_of=day(60))
    changes = history.transitions
    assert all((c.source, c.target, c.cause) in TRANSITIONS for c in changes)
    assert all(a.target is b.source and a.at <= b.at for a, b in pairwise(changes))
    assert [c.source for c in changes[:1]] == [Stage.UNKNOWN] * bool(changes)
    assert all((c.interaction_id is None) == (c.cause is Cause.TIMEOUT) for c in changes)


@given(one_case())
def test_what_an_event_does_is_stamped_with_it(case: tuple[Rules, list[Event]]) -> None:
    how, events = case
    history = replay(interactions(events), policy_of(how), as_of=day(60))
    for c in history.transitions:
        if c.interaction_id is not None:
            assert isinstance(c.interaction_id, int)
            own = events[c.interaction_id]
            settled = own.what == "qualified" and how.settle is not None
            assert c.at == day(own.at) or (settled and c.at == day(own.at + (how.settle or 0)))


@given(one_case(), st.lists(st.integers(0, 30), max_size=4))
def test_observation_changes_nothing(case: tuple[Rules, list[Event]], looks: list[int]) -> None:
    how, events = case
    policy = policy_of(how)
    state: State | None = None
    seen: list[Transition] = []
    for one in canonical(events, how):
        for look in sorted(looks):
            if state is not None and day(look) <= one.at:
                done = advance(written(state), day(look), policy)
                state, seen = done.state, seen + list(done.transitions)
        done = step(state, one, policy)
        state, seen = done.state, seen + list(done.transitions)
    assert (state or State(policy.hash), seen) == fold(canonical(events, how), policy)


@given(one_case(), st.integers(-5, 30), st.integers(0, 30))
def test_advancing_twice_is_advancing_once(
    case: tuple[Rules, list[Event]], a: int, more: int
) -> None:
    how, events = case
    policy = policy_of(how)
    state, _ = fold(canonical(events, how), policy)
    first = advance(state, day(a), policy)
    second = advance(first.state, day(a + more), policy)
    once = advance(state, day(a + more), policy)
    assert (second.state, first.transitions + second.transitions) == (once.state, once.transitions)


@given(one_case(), st.integers(0, 25))
def test_nothing_is_done_before_it_is_due(case: tuple[Rules, list[Event]], n: int) -> None:
    how, events = case
    policy = policy_of(how)
    state, _ = fold(canonical(events, how), policy)
    state = advance(state, day(n), policy).state
    if state.due_at is not None and state.at is not None:
        assert advance(state, state.due_at - US, policy) == Step(state, ())
        assert advance(state, state.due_at, policy).state != state
    else:
        assert advance(state, day(999), policy) == Step(state, ())


@given(one_case(), st.integers(0, 9), st.integers(0, 25))
def test_a_replay_is_what_a_service_does_step_by_step(
    case: tuple[Rules, list[Event]], split: int, as_of: int
) -> None:
    how, events = case
    policy = policy_of(how)
    known = canonical([e for e in events if e.at <= as_of], how)
    state, done = fold(known[:split], policy)
    state, more = fold(known[split:], policy, written(state))
    last = advance(state, day(as_of), policy)
    history = replay(known, policy, as_of=day(as_of))
    assert last.state == history.state
    told = [*done, *more, *last.transitions]
    assert told == list(history.transitions[: len(told)])
    assert {c.at for c in history.transitions[len(told) :]} <= {day(as_of)}


@given(one_case(), st.integers(0, LAST), st.integers(0, LAST))
def test_what_comes_later_changes_no_earlier_stage(
    case: tuple[Rules, list[Event]], early: int, late: int
) -> None:
    how, events = case
    early, late = sorted((early, late))
    first, second = (
        replay(interactions(events), policy_of(how), as_of=day(n)) for n in (early, late)
    )
    assert first.transitions == tuple(c for c in second.transitions if c.at <= day(early))
    for n in range(early + 1):
        assert first.attributes_at(day(n)) == second.attributes_at(day(n))


@given(one_case(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    case: tuple[Rules, list[Event]], shuffle: random.Random
) -> None:
    how, events = case
    records = interactions(events)
    shuffled = records.copy()
    shuffle.shuffle(shuffled)
    a, b = (replay(xs, policy_of(how), as_of=day(LAST)) for xs in (records, shuffled))
    assert moves(a.transitions) == moves(b.transitions)
    assert all(a.attributes_at(day(n)) == b.attributes_at(day(n)) for n in range(LAST))
    assert a.final.due_at == b.final.due_at


@given(one_case(), st.lists(st.integers(0, 8), max_size=4))
def test_repeated_ids_count_once(case: tuple[Rules, list[Event]], again: list[int]) -> None:
    how, events = case
    records, policy = interactions(events), policy_of(how)
    repeats = [records[i] for i in again if i < len(records)]
    whole = replay(records, policy, as_of=day(LAST))
    assert replay(records + repeats, policy, as_of=day(LAST)) == whole
    twice = [x for one in canonical(events, how) for x in (one, one)]
    assert fold(twice, policy) == fold(canonical(events, how), policy)


@given(one_case(), st.integers(0, 14), st.sampled_from(RANKS), st.integers(0, 30))
def test_erased_absorbs(case: tuple[Rules, list[Event]], n: int, what: str, at: int) -> None:
    how, events = case
    policy = policy_of(how)
    erased = [*(e for e in events if e.at <= n), Event(n, "erase")]
    state, _ = fold(canonical(erased, how), policy)
    assert state.stage is Stage.ERASED
    assert state.due_at is None
    assert advance(state, day(999), policy) == Step(state, ())
    if what not in ("start", "renew_through"):
        assert step(state, interaction(Event(at, what), 99), policy) == Step(state, ())
    history = replay(interactions([*erased, *events]), policy, as_of=day(LAST))
    assert history.stage_at(day(LAST)) is Stage.ERASED
    assert history.transitions[-1].at <= day(n)


@given(one_case())
def test_lives_count_the_ways_into_active_stages(case: tuple[Rules, list[Event]]) -> None:
    how, events = case
    history = replay(interactions(events), policy_of(how), as_of=day(60))
    entries = [c for c in history.transitions if c.target in ACTIVE and c.source not in ACTIVE]
    assert history.state.lives == len(entries) == len(history.lives)
    assert [life.start for life in history.lives] == [c.at for c in entries]
    for number, life in enumerate(history.lives, 1):
        assert history.attributes_at(life.start).life >= number  # a life may end as it begins


@given(one_case(), st.sampled_from([["unqualified"], ["acquire"], ["unqualified", "acquire"]]))
def test_what_does_not_qualify_changes_nothing_after_acquisition(
    case: tuple[Rules, list[Event]], dropped: list[str]
) -> None:
    how, events = case
    known = [Event(-1, "acquire"), *events]
    kept = [known[0], *(e for e in events if e.what not in dropped)]
    a, b = (replay(interactions(xs), policy_of(how), as_of=day(60)) for xs in (known, kept))
    assert moves(a.transitions) == moves(b.transitions)
    assert a.state.due_at == b.state.due_at


@given(one_case(), st.timedeltas(-1000 * DAY, 1000 * DAY))
def test_a_shift_in_time_shifts_the_history(
    case: tuple[Rules, list[Event]], shift: dt.timedelta
) -> None:
    how, events = case
    given = interactions(events)
    moved = [
        attrs.evolve(x, at=x.at + shift, until=None if x.until is None else x.until + shift)
        for x in given
    ]
    a = replay(given, policy_of(how), as_of=day(LAST))
    b = replay(moved, policy_of(how), as_of=day(LAST) + shift)
    assert [(at + shift, *rest) for at, *rest in moves(a.transitions)] == moves(b.transitions)
    assert a.attributes_at(day(LAST)) == b.attributes_at(day(LAST) + shift)


def longer(how: Rules) -> Rules:
    if isinstance(how.window, int):
        return how._replace(window=how.window + 1)
    if isinstance(how.window, Usual):
        own = how.window
        cap = None if own.cap is None else own.cap + 1
        return how._replace(
            window=own._replace(floor=own.floor + 1, fallback=own.fallback + 1, cap=cap)
        )
    assert how.window.term is not None
    return how._replace(window=how.window._replace(term=how.window.term + 1))


@given(one_case())
def test_a_longer_window_only_adds_active_time(case: tuple[Rules, list[Event]]) -> None:
    how, events = case
    if isinstance(how.window, Paying):  # within grace a renewal counts from the old end
        how = how._replace(window=how.window._replace(grace=0))
    narrow, wide = (
        replay(interactions(events), policy_of(one), as_of=day(LAST)) for one in (how, longer(how))
    )
    for n in range(LAST + 1):
        assert narrow.stage_at(day(n)) not in ACTIVE or wide.stage_at(day(n)) in ACTIVE


@given(one_case(), one_case())
def test_a_change_of_policy_is_refused(
    case: tuple[Rules, list[Event]], other: tuple[Rules, list[Event]]
) -> None:
    how, events = case
    policy, second = policy_of(how), policy_of(other[0])
    state, _ = fold(canonical(events, how), policy)
    log = log_of([events])
    states = replay_log(log, policy, as_of=day(LAST)).states()
    if policy == second:
        assert advance(state, day(LAST), second).state.policy == second.hash
        return
    one = interaction(Event(LAST, "acquire"), 99)
    for call in (
        lambda: step(state, one, second),
        lambda: advance(state, day(LAST), second),
        lambda: replay_log(log_of([]), second, as_of=day(LAST), initial=states),
    ):
        with pytest.raises(TransitionError, match="another policy"):
            call()


@given(one_case(), st.integers(0, 14), st.sampled_from(RANKS))
def test_what_comes_before_the_state_is_late(
    case: tuple[Rules, list[Event]], at: int, what: str
) -> None:
    how, events = case
    policy = policy_of(how)
    state, _ = fold(canonical(events, how), policy)
    one = interaction(Event(at, what, at + 1 if what == "renew_through" else None), 99)
    if state.at is not None and state.stage is not Stage.ERASED and one.at < state.at:
        with pytest.raises(Late, match="replay the customer"):
            step(state, one, policy)


# ------------------------------------------------------------------ many customers


@given(cases(), cases(), st.integers(0, LAST))
def test_disjoint_populations_add(a: Case, b: Case, n: int) -> None:
    how, first = a
    second = b[1] if isinstance(b[0].window, Paying) == isinstance(how.window, Paying) else []
    policy, names = policy_of(how), [f"c{i}" for i in range(20)]
    if isinstance(how.window, Usual):  # keep its events on even ticks
        second = []
    parts = [log_of(first, names=names), log_of(second, names=names[10:])]
    both = log_of(first + second, names=names[: len(first)] + names[10:])
    one, two, whole = (replay_log(log, policy, as_of=day(n)) for log in (*parts, both))
    assert one + two == whole
    assert one.states() + two.states() == whole.states()
    counts = [p.counts(period="week") for p in (one, two, whole)]
    assert counts[0] + counts[1] == counts[2]


@given(cases(), st.permutations(range(5)), st.integers(0, LAST))
def test_other_names_permute_the_rows(case: Case, order: list[int], n: int) -> None:
    how, population = case
    policy = policy_of(how)
    names = [f"c{order[i]}" for i in range(len(population))]
    plain = replay_log(log_of(population), policy, as_of=day(n))
    named = replay_log(log_of(population, names=names), policy, as_of=day(n))
    place = {one: i for i, one in enumerate(named.ids.tolist())}
    rows = [place[names[one]] for one in plain.ids.tolist()]
    assert named.stage_at(day(n))[rows].tolist() == plain.stage_at(day(n)).tolist()
    for name, column in plain.states().columns.items():
        assert np.array_equal(named.states().columns[name][rows], column)
    lengths = np.diff(plain.offsets)
    assert np.diff(named.offsets)[rows].tolist() == lengths.tolist()


@given(cases(), st.integers(0, LAST))
def test_parts_of_a_log_change_nothing(case: Case, n: int) -> None:
    how, population = case
    policy = policy_of(how)
    whole = replay_log(log_of(population), policy, as_of=day(n))
    parts = [
        replay_log(log_of([events], names=[i]), policy, as_of=day(n))
        for i, events in enumerate(population)
    ]
    if parts:
        total = sum(parts[1:], parts[0])
        kept = [one for one in parts if len(one)]
        assert len(total) == len(whole) == len(kept)
        if kept:
            assert sum(kept[1:], kept[0]) == whole


@given(cases(), st.integers(0, LAST))
def test_stocks_sum_and_move_by_the_flows(case: Case, n: int) -> None:
    how, population = case
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    stocks = done.counts(period="day")
    flows = done.flows(period="day", kind="gross")
    stock: Counter[str] = Counter()
    stages = [str(stage) for stage in STAGES]
    for i, period in enumerate(stocks.axes[0].labels):
        for j, source in enumerate(flows.axes[1].labels):
            for k, target in enumerate(flows.axes[2].labels):
                moved = int(flows.count[i, j, k])
                stock[str(source)] -= moved
                stock[str(target)] += moved
        now = {str(s): int(stocks.customers[i, j]) for j, s in enumerate(stocks.axes[1].labels)}
        assert all(stock[stage] == now.get(stage, 0) for stage in stages[1:]), period
        assert sum(now.values()) == -stock["UNKNOWN"]
    assert -stock["UNKNOWN"] == sum(bool(stage != "UNKNOWN") for stage in done.stage_at(day(n)))
