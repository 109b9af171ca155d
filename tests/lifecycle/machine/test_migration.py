"""From one policy to another: as if the customer had lived under the new one from the start."""

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError, TransitionError
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.machine.migration import migrate
from customerops.lifecycle.machine.state import State
from tests.lifecycle.draws import contracts, inactivities, latencies, payments, purchases
from tests.lifecycle.make import day, interaction, interactions, policy_of
from tests.reference.lifecycle import Event, Rules

ANY = st.one_of(inactivities(), latencies())
SHORT, LONG = (policy_of(Rules(n, None, None, 2, event_first=False)) for n in (30, 90))
BOUGHT = interactions([Event(0, "qualified"), Event(20, "acquire")])


def through(hows: Any, events: Any) -> Any:
    return st.tuples(hows, hows, events)


@given(
    through(ANY, purchases(step=2)) | through(contracts(), payments()),
    st.integers(0, 16),
    st.integers(0, 9),
)
def test_it_is_the_state_of_a_replay_and_goes_on_as_one(
    case: tuple[Rules, Rules, list[Event]], now: int, more: int
) -> None:
    old, new = policy_of(case[0]), policy_of(case[1])
    records = interactions(case[2])
    known = [one for one in records if one.at <= day(now)]
    history = replay(known, old, as_of=day(now))
    state = State(old.hash)
    for one in history.interactions:  # as the service heard them
        state = step(state, one, old).state
    state = State.from_dict(json.loads(json.dumps(state.to_dict())))
    moved = migrate(state, history, new)
    assert moved == replay(known, new, as_of=day(now)).state
    later = replay(records, new, as_of=day(now + more))
    for one in later.interactions[len(known) :]:
        moved = step(moved, one, new).state
    assert advance(moved, day(now + more), new).state == later.state


def test_the_history_must_lead_to_the_state() -> None:
    state = step(step(None, BOUGHT[0], SHORT).state, BOUGHT[1], SHORT).state
    whole = replay(BOUGHT, SHORT, as_of=day(40))
    assert migrate(state, whole, LONG).policy == LONG.hash
    assert migrate(state, whole, LONG).due_at == day(90)
    assert migrate(whole.state, whole, SHORT) == whole.state
    for history in (
        replay(BOUGHT[:1], SHORT, as_of=day(40)),
        replay(BOUGHT, SHORT, as_of=day(10)),
        replay([*BOUGHT, interaction(Event(30, "cancel"), 2)], SHORT, as_of=day(40)),
    ):
        with pytest.raises(TransitionError, match="does not lead to the state: replay"):
            migrate(state, history, LONG)
    with pytest.raises(TransitionError, match="of another policy than the state"):
        migrate(state, replay(BOUGHT, LONG, as_of=day(40)), LONG)
    with pytest.raises(TransitionError, match="of another policy than the state"):
        migrate(attrs.evolve(state, policy=LONG.hash), whole, LONG)


def test_ids_of_one_instant_were_heard_in_any_order() -> None:
    pair = interactions([Event(0, "qualified"), Event(0, "qualified")])
    state = step(step(None, pair[1], SHORT).state, pair[0], SHORT).state
    assert state.seen == (1, 0)
    assert migrate(state, replay(pair, SHORT, as_of=day(0)), LONG).ordinal == 2


MIGRATE: Any = migrate


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (0, "state must be a State: got None"),
        (1, "history must be a History: got None"),
        (2, "policy must be a LifecyclePolicy: got None"),
    ],
)
def test_arguments_are_checked(place: int, message: str) -> None:
    history = replay(BOUGHT, SHORT, as_of=day(40))
    given: list[Any] = [history.state, history, LONG]
    given[place] = None
    with pytest.raises(InvalidInputError, match=message):
        MIGRATE(*given)
