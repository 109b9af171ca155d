"""The steps that can happen under a policy are those the machine is seen to take."""

import pytest

from customerops.errors import Late
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.machine.state import State
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.reach import edges
from customerops.lifecycle.policy.stages import TRANSITIONS, Cause, Stage
from customerops.model.records.records import Interaction
from tests.lifecycle.make import DAY, START
from tests.lifecycle.policies import POLICIES

GAPS = (0.0, 1.0, 40.0)
KINDS = ("signup", "purchase", "cancel", "erase")
OF_CONTRACTS = ("visit", "start", "cancel", "cancel_at_period_end", "erase")

Seen = set[tuple[Stage, Stage, Cause, bool]]


def lived(policy: LifecyclePolicy, depth: int) -> Seen:
    """Live every short life: each kind at each distance from the one before, then a long wait."""
    seen: Seen = set()
    kinds = KINDS if policy.contract is None else OF_CONTRACTS
    gaps = GAPS if policy.contract is None else (*GAPS, 2.5)  # in the time of grace

    def go(state: State | None, at: float, left: int) -> None:
        if state is not None:
            note(state, advance(state, START + 400 * DAY, policy).transitions)
        for kind in kinds if left else ():
            for gap in gaps if state is not None else gaps[:1]:
                event = Interaction(customer_id=1, at=START + (at + gap) * DAY, kind=kind)
                try:
                    done = step(state, event, policy)
                except Late:
                    continue
                note(state, done.transitions)
                go(done.state, at + gap, left - 1)

    def note(state: State | None, transitions: tuple[object, ...]) -> None:
        first = state is None or state.lives == 0
        for move in transitions:
            source, target, cause = move.source, move.target, move.cause  # type: ignore[attr-defined]
            seen.add((source, target, cause, first))
            first = first and target not in (Stage.ACTIVATED, Stage.RETAINED)

    go(None, 0.0, depth)
    return seen


@pytest.mark.parametrize("name", POLICIES)
def test_edges_are_the_steps_the_machine_takes(name: str) -> None:
    policy = POLICIES[name]
    deep = "second" in name or "two in time" in name
    seen = lived(policy, 4 if deep else 3)
    assert {(e.source, e.target, e.cause, e.first) for e in edges(policy)} == seen
    assert {one[:3] for one in seen} <= TRANSITIONS


def test_edges_are_sorted_by_stage() -> None:
    pairs = [(e.source, e.target) for e in edges(POLICIES["plain"])]
    stages = list(Stage)
    assert pairs == sorted(pairs, key=lambda p: (stages.index(p[0]), stages.index(p[1])))


def test_the_plain_policy_takes_all_steps_but_to_retained_at_once() -> None:
    taken = {(e.source, e.target, e.cause) for e in edges(POLICIES["plain"])}
    begins = {Stage.UNKNOWN, Stage.ACQUIRED, Stage.LAPSED, Stage.LOST}
    assert TRANSITIONS - taken == {(one, Stage.RETAINED, Cause.EVENT) for one in begins}
