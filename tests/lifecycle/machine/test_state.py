"""What a service keeps: states through JSON, whatever the clock, and a service that lives by them."""

import json
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from customerops.errors import InvalidInputError, Late
from customerops.lifecycle.machine.contract import Term
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.machine.state import ContractStatus, Settling, State, Step, Transition
from customerops.lifecycle.policy.stages import Stage
from customerops.model.records.records import Interaction
from tests.lifecycle.draws import contracts, inactivities, latencies, one_case
from tests.lifecycle.make import US, day, interaction, interactions, policy_of
from tests.reference.lifecycle import RANKS, Event, Paying, Rules, views

FULL = State(
    policy="0123456789abcdef",
    stage=Stage.RETAINED,
    since=day(1),
    overdue_at=day(40),
    at_risk_at=day(20),
    lives=2,
    ordinal=3,
    life_since=day(0),
    qualified_at=day(3),
    at=day(4),
    seen_at=day(4),
    seen=(1, "a"),
    recent=(day(1), day(3)),
    settling=(Settling(day(7), "o-1", 5), Settling(day(8), None, None)),
    term=Term(day(30), 31, day(9), ending=True, failing=True),
    scope="line",
)


@given(one_case(), st.integers(0, 20))
def test_states_survive_json_and_pickling(case: tuple[Rules, list[Event]], n: int) -> None:
    how, events = case
    history = replay(interactions(events), policy_of(how), as_of=day(n))
    for state in (history.state, history.final):
        assert State.from_dict(json.loads(json.dumps(state.to_dict()))) == state
        assert pickle.loads(pickle.dumps(state)) == state


@pytest.mark.parametrize("scope", [None, "x", 3, 0.5, True])
def test_a_full_state_survives(scope: Any) -> None:
    state = attrs.evolve(FULL, scope=scope)
    back = State.from_dict(json.loads(json.dumps(state.to_dict())))
    assert back == state
    assert type(back.scope) is type(scope)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scope": ["x"]}, "scope must be"),
        ({"scope": float("nan")}, "scope must be"),
        ({"term": 3}, "term"),
        ({"term": {"ends_at": None}}, "term.anchor must be given"),
        ({"settling": [{"at": None, "interaction_id": 1, "thread_id": 1}]}, "at must be"),
        ({"settling": [{"at": "2026-01-01T00:00:00Z"}]}, "settling.*interaction_id must be given"),
        ({"settling": {}}, "settling must be a"),
        ({"recent": [3]}, "recent"),
        ({"seen": [None]}, "seen"),
        ({"seen": [1.5]}, "seen"),
        ({"at_risk_at": 1}, "at_risk_at must be an ISO 8601 string"),
        ({"lives": "1"}, "lives must be an int"),
        ({"rank": -2}, "rank must be the rank of a Trigger"),
        ({"schema": None}, "State.schema must be 1: another version wrote it"),
    ],
)
def test_reading_refuses_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        State.from_dict({**FULL.to_dict(), **change})


READ: Any = State.from_dict


def test_reading_needs_a_mapping_and_every_key() -> None:
    with pytest.raises(InvalidInputError, match="State must be a mapping: got list"):
        READ([])
    for name in FULL.to_dict():
        given = {key: value for key, value in FULL.to_dict().items() if key != name}
        with pytest.raises(InvalidInputError, match=f"State.{name} must be"):
            READ(given)


def test_a_settling_one_is_written() -> None:
    for one in FULL.settling:
        assert Settling.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    with pytest.raises(InvalidInputError, match="Settling must hold known keys only"):
        Settling.from_dict({**FULL.settling[0].to_dict(), "id": 3})


def test_a_contract_stands_one_of_five_ways() -> None:
    assert [str(one) for one in ContractStatus] == [
        "trial",
        "running",
        "paused",
        "grace",
        "ended",
    ]


def test_when_to_look_again_is_the_earlier_of_two() -> None:
    settled = FULL.settling[0].at
    assert FULL.due_at is not None
    assert settled < FULL.due_at < day(8)
    assert attrs.evolve(FULL, overdue_at=day(5)).due_at == day(5)
    assert attrs.evolve(FULL, overdue_at=None).due_at == FULL.due_at
    assert attrs.evolve(FULL, settling=()).due_at == day(40)


# ------------------------------------------------------------------ a service


class Service(RuleBasedStateMachine):
    """A service that stores states as JSON, looks when it likes, and hears of things too late."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.stored: str | None = None
        self.published: list[Transition] = []
        self.heard: list[Event] = []
        self.how = Rules(3, 4, 2, 2, event_first=False)
        self.policy = policy_of(self.how)

    @initialize(how=st.one_of(inactivities(), latencies(), contracts()))
    def begin(self, how: Rules) -> None:
        self.how, self.policy = how, policy_of(how)

    @property
    def state(self) -> State | None:
        return None if self.stored is None else State.from_dict(json.loads(self.stored))

    def keep(self, done: Step) -> None:
        self.stored = json.dumps(done.state.to_dict())
        self.published += done.transitions

    def made(self, event: Event) -> Interaction:
        return interaction(event, len(self.heard))

    def settled_after(self, one: Interaction) -> bool:
        """Return whether the state has settled what comes after an interaction."""
        state = self.state
        if state is None or state.at is None or state.stage is Stage.ERASED:
            return False
        trigger = self.policy.trigger(one)
        return one.at < state.at or (one.at == state.at and trigger < state.rank)

    @rule(
        wait=st.integers(0, 6),
        what=st.sampled_from([one for one in RANKS if one != "erase"]),
        length=st.integers(1, 5),
        thread=st.none() | st.integers(1, 2),
    )
    def hear(self, wait: int, what: str, length: int, thread: int | None) -> None:
        # a quantile of intervals is a whole tick only if these are even
        even = not isinstance(self.how.window, int | Paying)
        self.now += wait * (1 + even)
        self.now += even * (self.now % 2)
        until = self.now + length if what in ("trial", "renew_through") else None
        event = Event(self.now, what, until, thread)
        before = self.state
        if before is not None and before.stage is Stage.ERASED:
            assert step(before, self.made(event), self.policy) == Step(before, ())
        elif self.settled_after(self.made(event)):
            with pytest.raises(Late):
                step(self.state, self.made(event), self.policy)
        else:
            self.keep(step(self.state, self.made(event), self.policy))
            self.heard.append(event)

    @rule()
    def erase(self) -> None:
        before = self.state
        if before is not None and before.stage is Stage.ERASED:
            return
        event = Event(self.now, "erase")
        self.keep(step(self.state, self.made(event), self.policy))
        self.heard.append(event)

    @precondition(lambda self: self.heard)
    @rule(ago=st.integers(1, 20), what=st.sampled_from(["acquire", "qualified", "cancel"]))
    def hear_late(self, ago: int, what: str) -> None:
        event = Event(self.now - ago, what)
        before = self.state
        assert before is not None
        if self.settled_after(self.made(event)):
            with pytest.raises(Late, match="replay the customer"):
                step(before, self.made(event), self.policy)
        elif before.stage is Stage.ERASED:
            assert step(before, self.made(event), self.policy) == Step(before, ())

    @precondition(lambda self: self.heard)
    @rule()
    def restart(self) -> None:
        """Make the state anew from all that was heard, as after a late event."""
        history = replay(interactions(self.heard), self.policy, as_of=day(self.now))
        assert list(history.transitions[: len(self.published)]) == self.published
        self.stored = json.dumps(history.state.to_dict())
        still_open = advance(history.state, day(self.now) + US, self.policy).transitions
        told = len(history.transitions) - len(still_open)
        self.published = list(history.transitions[:told])

    @precondition(lambda self: self.heard)
    @rule()
    def repeat(self) -> None:
        before = self.state
        assert before is not None
        if day(self.heard[-1].at) == before.seen_at:
            again = interaction(self.heard[-1], len(self.heard) - 1)
            assert step(before, again, self.policy) == Step(before, ())

    @precondition(lambda self: self.heard)
    @rule(wait=st.integers(0, 6))
    def look(self, wait: int) -> None:
        self.now += wait
        before = self.state
        assert before is not None
        due = before.due_at is not None and before.due_at <= day(self.now)
        done = advance(before, day(self.now), self.policy)
        assert (done.state != before) == due
        self.keep(done)

    @invariant()
    def it_agrees_with_a_replay_and_with_the_reference(self) -> None:
        if not self.heard:
            return
        state = self.state
        assert state is not None
        history = replay(interactions(self.heard), self.policy, as_of=day(self.now))
        caught_up = advance(state, day(self.now), self.policy)
        assert caught_up.state == history.state
        published = (*self.published, *caught_up.transitions)
        assert published == history.transitions[: len(published)]
        now = history.attributes_at(day(self.now))
        expected = views(self.heard, self.how, self.now)[-1]
        assert (now.stage, now.at_risk, now.pending_cancel) == expected[:3]
        assert (now.contract, now.life, now.ordinal) == expected[3:]


TestService = Service.TestCase
TestService.settings = settings(stateful_step_count=20)
