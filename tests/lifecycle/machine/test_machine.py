"""The scalar machine: the reference's histories, and what a service relies on."""

import datetime as dt
import json
import pickle
import uuid
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from customerops.errors import InvalidInputError, Late, TransitionError
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.machine.state import State, Step, Transition
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.stages import ACTIVE, TRANSITIONS, Cause, Stage, Trigger
from customerops.model.records.records import Interaction
from tests.lifecycle.draws import events, rules
from tests.lifecycle.make import DAY, START, Event, day, interaction, interactions, policy_of
from tests.reference.lifecycle import ORDER, Rules, live

PLAIN = Rules(window=30, winback=60, activation=14, k=2, event_first=False)
CLOSED = PLAIN._replace(event_first=True)
US = dt.timedelta(microseconds=1)


def canonical(given: list[Event]) -> list[Event]:
    return sorted(given, key=lambda e: (e[0], ORDER.index(e[1])))


def fold(given: list[Event], policy: LifecyclePolicy, state: State | None = None) -> Step:
    """Step through events in canonical order."""
    done: list[Transition] = []
    for one in interactions(given):
        taken = step(state, one, policy)
        state, done = taken.state, done + list(taken.transitions)
    return Step(state or State(policy.hash), tuple(done))


def told(changes: tuple[Transition, ...]) -> list[tuple[dt.datetime, str, str, str]]:
    return [(c.at, str(c.source), str(c.target), str(c.cause)) for c in changes]


def test_the_first_interaction_starts() -> None:
    done = step(None, interaction((3, "qualified"), 1), policy_of(PLAIN))
    assert done.transitions == (
        Transition(day(3), Stage.UNKNOWN, Stage.ACTIVATED, Cause.EVENT, 1),
    )
    assert done.state == State(
        policy=policy_of(PLAIN).hash,
        stage=Stage.ACTIVATED,
        since=day(3),
        overdue_at=day(33),
        lives=1,
        ordinal=1,
        life_since=day(3),
        qualified_at=day(3),
        at=day(3),
        rank=Trigger.ACTIVITY,
        seen_at=day(3),
        seen=(1,),
    )


def test_deadlines_fire_before_a_later_interaction() -> None:
    policy = policy_of(PLAIN)
    state = step(None, interaction((0, "qualified"), 1), policy).state
    done = step(state, interaction((100, "qualified"), 2), policy)
    assert told(done.transitions) == [
        (day(30), "ACTIVATED", "LAPSED", "timeout"),
        (day(90), "LAPSED", "LOST", "timeout"),
        (day(100), "LOST", "WON_BACK", "event"),
    ]
    assert done.state.lives == 2


def test_at_the_deadline_the_timeout_goes_first() -> None:
    policy = policy_of(PLAIN)
    state = step(None, interaction((0, "qualified"), 1), policy).state
    assert state.due_at == day(30)
    assert advance(state, day(30) - US, policy).transitions == ()
    assert advance(state, day(30), policy).state.stage is Stage.LAPSED
    assert step(state, interaction((30, "qualified"), 2), policy).state.stage is Stage.WON_BACK


def test_at_the_deadline_the_event_goes_first_if_the_policy_says_so() -> None:
    policy = policy_of(CLOSED)
    state = step(None, interaction((0, "qualified"), 1), policy).state
    assert state.due_at == day(30) + US
    assert advance(state, day(30), policy) == Step(state, ())
    late = advance(state, day(30) + US, policy)
    assert told(late.transitions) == [(day(30), "ACTIVATED", "LAPSED", "timeout")]
    assert late.state.due_at == day(90) + US
    assert step(state, interaction((30, "qualified"), 2), policy).state.stage is Stage.RETAINED


def test_a_cancel_at_the_deadline_shows_in_the_cause() -> None:
    for how, cause in ((PLAIN, "timeout"), (CLOSED, "event")):
        done = fold([(0, "qualified"), (30, "cancel")], policy_of(how))
        assert told(done.transitions)[1:] == [(day(30), "ACTIVATED", "LAPSED", cause)]


@pytest.mark.parametrize("how", [PLAIN, CLOSED])
def test_late_is_what_comes_before_the_state(how: Rules) -> None:
    policy = policy_of(how)
    state = fold([(5, "acquire"), (5, "qualified")], policy).state
    for early in ((4, "qualified"), (5, "unqualified"), (5, "acquire")):
        with pytest.raises(Late, match="replay the customer"):
            step(state, interaction(early, 9), policy)
    for in_time in ((5, "qualified"), (5, "cancel"), (6, "acquire")):
        assert step(state, interaction(in_time, 9), policy).state.at == day(in_time[0])


@pytest.mark.parametrize(("how", "last"), [(PLAIN, 34), (CLOSED, 35)])
def test_late_is_what_comes_before_a_deadline_that_fired(how: Rules, last: int) -> None:
    policy = policy_of(how)
    state = step(None, interaction((5, "qualified"), 1), policy).state
    looked = advance(state, day(50), policy).state
    with pytest.raises(Late):
        step(looked, interaction((last, "qualified"), 2), policy)
    assert step(looked, interaction((last + 1, "qualified"), 2), policy).state.lives == 2


def test_an_immediate_repeat_changes_nothing() -> None:
    policy = policy_of(PLAIN)
    state = fold([(5, "acquire"), (5, "qualified")], policy).state
    assert state.seen == (0, 1)
    for nth, what in enumerate(("acquire", "qualified")):
        assert step(state, interaction((5, what), nth), policy) == Step(state, ())
    after = advance(state, day(50), policy).state
    assert step(after, interaction((5, "qualified"), 1), policy) == Step(after, ())


def test_without_an_id_every_interaction_counts() -> None:
    policy = policy_of(PLAIN)
    one = Interaction(
        customer_id=1, at=START, kind="purchase", amount=interaction((0, "qualified"), 0).amount
    )
    state = step(None, one, policy).state
    assert state.seen == ()
    assert step(state, one, policy).state.ordinal == 2


def test_ids_are_kept_for_the_latest_instant_only() -> None:
    assert fold(
        [(0, "qualified"), (1, "qualified"), (1, "cancel")], policy_of(PLAIN)
    ).state.seen == (1, 2)


def test_erased_absorbs_even_what_is_late() -> None:
    policy = policy_of(PLAIN)
    state = fold([(5, "qualified"), (9, "erase")], policy).state
    assert (state.stage, state.due_at) == (Stage.ERASED, None)
    for n in (0, 9, 20):
        for what in ORDER:
            assert step(state, interaction((n, what), 7), policy) == Step(state, ())
    assert advance(state, day(999), policy) == Step(state, ())


def test_a_state_of_another_policy_is_refused() -> None:
    state = fold([(0, "qualified")], policy_of(PLAIN)).state
    with pytest.raises(TransitionError, match="another policy"):
        step(state, interaction((1, "qualified"), 1), policy_of(CLOSED))
    with pytest.raises(TransitionError, match="another policy"):
        advance(state, day(1), policy_of(CLOSED))


STEP: Any = step
ADVANCE: Any = advance


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: STEP({}, interaction((0, "erase"), 1), p),
            "state must be a State or None: got dict",
        ),
        (lambda p: STEP(None, "purchase", p), "interaction must be an Interaction: got str"),
        (
            lambda _: STEP(None, interaction((0, "erase"), 1), {}),
            "policy must be a LifecyclePolicy",
        ),
        (lambda _: ADVANCE(None, START, None), "policy must be a LifecyclePolicy: got None"),
        (lambda p: ADVANCE(None, START.replace(tzinfo=None), p), "t must be timezone-aware"),
        (lambda p: ADVANCE(None, "now", p), "t must be a datetime"),
    ],
)
def test_arguments_are_checked(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call(policy_of(PLAIN))


def test_a_customer_never_seen_has_no_deadline() -> None:
    policy = policy_of(PLAIN)
    assert advance(State(policy.hash), day(9), policy) == Step(State(policy.hash), ())


def test_a_deadline_beyond_the_calendar_is_none() -> None:
    policy = policy_of(PLAIN._replace(window=9_000_000))
    assert step(None, interaction((0, "qualified"), 1), policy).state.due_at is None


def test_of_a_window_without_end_no_share_passes() -> None:
    policy = policy_of(PLAIN._replace(window=9_000_000, share=Fraction(1, 2)))
    state = step(None, interaction((0, "qualified"), 1), policy).state
    assert state.at_risk_at is None
    assert not state.attributes_at(day(3000)).at_risk


def test_a_transition_is_written() -> None:
    one = Transition(START, Stage.LAPSED, Stage.WON_BACK, Cause.EVENT, uuid.UUID(int=7))
    assert json.loads(json.dumps(one.to_dict())) == {
        "at": "2026-01-01T00:00:00.000000Z",
        "source": "LAPSED",
        "target": "WON_BACK",
        "cause": "event",
        "interaction_id": {"$uuid": "00000000-0000-0000-0000-000000000007"},
    }
    timeout = Transition(START, Stage.LAPSED, Stage.LOST, Cause.TIMEOUT)
    assert timeout.to_dict()["interaction_id"] is None


IDS = st.integers() | st.text(min_size=1) | st.uuids()


@given(events(), rules(), st.lists(IDS, max_size=3))
def test_a_state_survives_json_and_pickling(
    given: list[Event], how: Rules, ids: list[Any]
) -> None:
    state = fold(canonical(given), policy_of(how)).state
    for i in ids:
        state = step(
            state, Interaction(id=i, customer_id=1, at=day(20), kind="erase"), policy_of(how)
        ).state
    assert State.from_dict(json.loads(json.dumps(state.to_dict()))) == state
    assert pickle.loads(pickle.dumps(state)) == state


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "State.schema must be 1"),
        ({"phase": "LOST"}, "State must hold known keys only: got 'phase'"),
        ({"stage": "LAPSD"}, "stage must be one of 'UNKNOWN'.*did you mean 'LAPSED'"),
        ({"since": 5}, "since must be an ISO 8601 string"),
        ({"overdue_at": "2026-01-01T00:00:00"}, "overdue_at must be timezone-aware"),
        ({"due_at": None}, "known keys only: got 'due_at', did you mean 'overdue_at'"),
        ({"lives": -1}, "lives must be at least 0"),
        ({"ordinal": True}, "ordinal must be an int"),
        ({"rank": 14}, "rank must be the rank of a Trigger: got another int"),
        ({"rank": "ACTIVITY"}, "rank must be an int"),
        ({"seen": "o-17"}, "seen must be a tuple"),
        ({"policy": None}, "policy must be a str"),
    ],
)
def test_reading_refuses_by_name(change: dict[str, Any], message: str) -> None:
    state = fold([(0, "qualified")], policy_of(PLAIN)).state
    with pytest.raises(InvalidInputError, match=message):
        State.from_dict({**state.to_dict(), **change})


# ------------------------------------------------------------------ laws


@given(events(), rules(), st.integers(0, 25))
def test_it_equals_the_reference(given: list[Event], how: Rules, as_of: int) -> None:
    policy = policy_of(how)
    kept = canonical([e for e in given if e[0] <= as_of])
    done = fold(kept, policy)
    last = advance(done.state, day(as_of) + policy.grace, policy)
    life = live(kept, how, as_of)
    assert [
        (*t, c.interaction_id)
        for t, c in zip(
            told(done.transitions + last.transitions),
            done.transitions + last.transitions,
            strict=True,
        )
    ] == [(day(c.at), c.source, c.target, c.cause, c.event) for c in life.changes]
    assert (last.state.stage, last.state.lives, last.state.ordinal) == (
        life.stage,
        life.lives,
        life.ordinal,
    )


@given(events(), rules(), st.lists(st.integers(0, 30), max_size=4))
def test_looking_never_changes_history(given: list[Event], how: Rules, looks: list[int]) -> None:
    policy = policy_of(how)
    state: State | None = None
    seen: list[Transition] = []
    for nth, event in enumerate(canonical(given)):
        for look in sorted(looks):
            if state is not None and look <= event[0]:
                done = advance(state, day(look), policy)
                state, seen = done.state, seen + list(done.transitions)
        done = step(state, interaction(event, nth), policy)
        state, seen = done.state, seen + list(done.transitions)
    never = fold(canonical(given), policy)
    assert (state or State(policy.hash), tuple(seen)) == (never.state, never.transitions)


@given(events(), rules(), st.integers(-5, 30), st.integers(0, 30))
def test_advancing_twice_is_advancing_once(
    given: list[Event], how: Rules, a: int, more: int
) -> None:
    policy = policy_of(how)
    state = fold(canonical(given), policy).state
    first = advance(state, day(a), policy)
    second = advance(first.state, day(a + more), policy)
    once = advance(state, day(a + more), policy)
    assert (second.state, first.transitions + second.transitions) == (once.state, once.transitions)
    assert len(once.transitions) <= 2


@given(events(), rules(), st.integers(0, 8))
def test_any_split_gives_the_same(given: list[Event], how: Rules, at: int) -> None:
    policy = policy_of(how)
    order = canonical(given)
    whole = fold(order, policy)
    state: State | None = None
    changes: tuple[Transition, ...] = ()
    numbered = interactions(order)
    for part in (numbered[:at], numbered[at:]):
        state = None if state is None else State.from_dict(state.to_dict())
        for one in part:
            done = step(state, one, policy)
            state, changes = done.state, changes + done.transitions
    assert (state or State(policy.hash), changes) == (whole.state, whole.transitions)


@given(events(), rules())
def test_every_step_is_legal_and_time_never_goes_back(given: list[Event], how: Rules) -> None:
    policy = policy_of(how)
    done = fold(canonical(given), policy)
    changes = done.transitions + advance(done.state, day(60), policy).transitions
    assert all((c.source, c.target, c.cause) in TRANSITIONS for c in changes)
    assert all(a.target is b.source for a, b in pairwise(changes))
    assert [c.at for c in changes] == sorted(c.at for c in changes)
    assert all((c.interaction_id is None) == (c.cause is Cause.TIMEOUT) for c in changes)
    entries = sum(c.target in ACTIVE and c.source not in ACTIVE for c in changes)
    assert done.state.lives == entries


@given(events(), rules())
def test_activity_that_does_not_qualify_changes_nothing_after_acquisition(
    given: list[Event], how: Rules
) -> None:
    policy = policy_of(how)
    with_acquisition = [(-1, "acquire"), *canonical(given)]
    histories = []
    for kept in (with_acquisition, [e for e in with_acquisition if e[1] != "unqualified"]):
        done = fold(kept, policy)
        later = advance(done.state, day(60), policy)
        histories.append(told(done.transitions + later.transitions))
    assert histories[0] == histories[1]


@given(events(), rules(), st.timedeltas(-1000 * DAY, 1000 * DAY))
def test_a_shift_in_time_shifts_the_history(
    given: list[Event], how: Rules, shift: dt.timedelta
) -> None:
    policy = policy_of(how)
    state: State | None = None
    changes: list[Transition] = []
    for nth, (n, what) in enumerate(canonical(given)):
        one = interaction((0, what), nth)
        moved = Interaction(
            id=nth, customer_id=1, at=day(n) + shift, kind=one.kind, amount=one.amount
        )
        done = step(state, moved, policy)
        state, changes = done.state, changes + list(done.transitions)
    assert [(at - shift, *rest) for at, *rest in told(tuple(changes))] == told(
        fold(canonical(given), policy).transitions
    )


class Service(RuleBasedStateMachine):
    """A service that stores the state as JSON, looks when it likes, and may see repeats."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.stored: str | None = None
        self.published: list[Transition] = []
        self.sent: list[Interaction] = []
        self.policy = policy_of(Rules(3, 4, 2, 2, event_first=True))

    def keep(self, done: Step) -> None:
        self.stored = json.dumps(done.state.to_dict())
        self.published += done.transitions

    @property
    def state(self) -> State | None:
        return None if self.stored is None else State.from_dict(json.loads(self.stored))

    @rule(wait=st.integers(0, 6), what=st.sampled_from(["unqualified", "qualified", "cancel"]))
    def send(self, wait: int, what: str) -> None:
        self.now += wait
        one = interaction((self.now, what), len(self.sent))
        state = self.state
        if state is not None and state.at == one.at and self.policy.trigger(one) < state.rank:
            with pytest.raises(Late):
                step(state, one, self.policy)
            return
        self.sent.append(one)
        self.keep(step(state, one, self.policy))

    @precondition(lambda self: self.sent)
    @rule()
    def repeat(self) -> None:
        before = self.state
        assert before is not None
        if self.sent[-1].at == before.seen_at:
            self.keep(step(before, self.sent[-1], self.policy))
            assert self.state == before

    @precondition(lambda self: self.sent)
    @rule(wait=st.integers(0, 6))
    def look(self, wait: int) -> None:
        self.now += wait
        state = self.state
        assert state is not None
        due = state.due_at is not None and state.due_at <= day(self.now)
        done = advance(state, day(self.now), self.policy)
        assert bool(done.transitions) == due
        self.keep(done)

    @invariant()
    def it_agrees_with_a_replay(self) -> None:
        if self.sent:
            history = replay(self.sent, self.policy, as_of=day(self.now))
            state = self.state
            assert state is not None
            caught_up = advance(state, day(self.now), self.policy)
            assert caught_up.state == history.state
            published = (*self.published, *caught_up.transitions)
            assert published == history.transitions[: len(published)]


TestService = Service.TestCase
TestService.settings = settings(stateful_step_count=20)
