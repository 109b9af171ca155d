"""What qualifies counts once it has settled: refunds in time, too late, of other threads."""

import datetime as dt

import pytest

from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.machine.state import Settling
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import Stage
from customerops.lifecycle.population.batch import replay_log
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from customerops.model.values.instants import to_us
from tests.lifecycle.make import (
    START,
    US,
    day,
    interaction,
    interactions,
    log_of,
    moves_of,
    policy_of,
)
from tests.reference.lifecycle import Event, Rules

HOW = Rules(30, None, None, 2, event_first=False, settle=14)
POLICY = policy_of(HOW)


def bought(n: int, thread: int | None = 1) -> Event:
    return Event(n, "qualified", None, thread)


def refunded(n: int, thread: int | None = 1) -> Event:
    return Event(n, "refund", None, thread)


def moves(events: list[Event], how: Rules = HOW, until: int = 100) -> list[tuple[int, str, int]]:
    """Return day, target and event of each transition, the same by both machines."""
    history = replay(interactions(events), policy_of(how), as_of=day(until))
    found = moves_of(replay_log(log_of([events]), policy_of(how), as_of=day(until)))[0]
    order = sorted(range(len(events)), key=lambda nth: events[nth].at)
    assert found == [
        (
            (c.at - START) // (day(1) - START),
            c.source,
            c.target,
            c.cause,
            -1 if c.interaction_id is None else order.index(int(str(c.interaction_id))),
        )
        for c in history.transitions
    ]
    return [(at, target, event) for at, _, target, _, event in found]


@pytest.mark.parametrize(
    ("events", "active"),
    [
        ([bought(0)], True),
        ([bought(0), refunded(0)], False),
        ([refunded(0), bought(0)], False),  # at one instant the refund comes after
        ([bought(0), refunded(13)], False),
        ([bought(0), refunded(14)], True),  # too late by nothing
        ([bought(0), refunded(15)], True),
        ([bought(1), refunded(0)], True),  # of what came before
        ([bought(0), refunded(3, thread=2)], True),
        ([bought(0), refunded(3, thread=None)], True),
        ([bought(0, thread=None), refunded(3, thread=None)], True),  # no thread is none at all
        ([bought(0, thread=None), refunded(3)], True),
        ([bought(0), bought(1), refunded(3)], False),  # all that settles of the thread
        ([bought(0), bought(4), refunded(3)], True),
        ([bought(0), bought(1, thread=2), refunded(3)], True),
        ([bought(0), refunded(3), refunded(4, thread=2)], False),
    ],
)
def test_refunds(events: list[Event], active: bool) -> None:
    found = moves(events)
    assert found[0][1] == "ACQUIRED"
    assert any(target == "ACTIVATED" for _, target, _ in found) is active


def test_it_counts_that_much_later_and_only_makes_known_until_then() -> None:
    assert moves([bought(0)]) == [(0, "ACQUIRED", 0), (14, "ACTIVATED", 0), (44, "LAPSED", -1)]
    both = [bought(0), bought(20)]
    assert moves(both) == [
        (0, "ACQUIRED", 0),
        (14, "ACTIVATED", 0),
        (34, "RETAINED", 1),
        (64, "LAPSED", -1),
    ]
    assert moves([*both, refunded(30)]) == moves([bought(0)])  # the second is taken back


def test_a_refund_never_rewrites_the_past() -> None:
    kept = [bought(0), bought(10, thread=2)]
    late = [*kept, refunded(14), refunded(20)]
    assert moves(late) == moves(kept)
    assert moves([*kept, refunded(20, thread=2)])[:2] == moves(kept)[:2]


def test_without_settling_refunds_change_nothing() -> None:
    how = HOW._replace(settle=None)
    assert moves([bought(0), refunded(1)], how) == moves([bought(0)], how)
    assert moves([refunded(0)], how) == [(0, "ACQUIRED", 0)]


@pytest.mark.parametrize("event_first", [False, True])
def test_at_a_deadline_the_boundary_decides(event_first: bool) -> None:
    how = HOW._replace(event_first=event_first)
    found = moves([bought(0), bought(30)], how)  # counts on 44, when the first one lapses
    again = (44, "RETAINED", 1) if event_first else (44, "WON_BACK", 1)
    assert again in found
    assert ((44, "LAPSED", -1) in found) is not event_first


def test_at_one_instant_it_counts_before_a_cancel_or_an_erasure() -> None:
    for what, target in (("cancel", "LAPSED"), ("erase", "ERASED")):
        found = moves([bought(0), Event(14, what)])
        assert found == [(0, "ACQUIRED", 0), (14, "ACTIVATED", 0), (14, target, 1)]


def test_nothing_settles_after_an_erasure() -> None:
    assert moves([bought(0), Event(3, "erase")]) == [(0, "ACQUIRED", 0), (3, "ERASED", 1)]
    erased = replay(interactions([bought(0), Event(3, "erase")]), POLICY, as_of=day(50)).state
    assert (erased.settling, erased.due_at) == ((), None)
    states = replay_log(log_of([[bought(0), Event(3, "erase")]]), POLICY, as_of=day(9)).states()
    assert states.due_at.tolist() == [NEVER]


def test_what_a_service_sees() -> None:
    first, second = interactions([bought(0), bought(1, thread=2)])
    state = step(None, first, POLICY).state
    assert state.settling == (Settling(day(14), 0, 1),)
    assert (state.stage, state.ordinal, state.qualified_at) == (Stage.ACQUIRED, 0, None)
    assert state.due_at == day(14) + US
    state = step(state, second, POLICY).state
    assert [one.at for one in state.settling] == [day(14), day(15)]
    assert advance(state, day(14), POLICY).transitions == ()
    done = advance(state, day(14) + US, POLICY)
    assert [(c.at, c.target, c.interaction_id) for c in done.transitions] == [
        (day(14), Stage.ACTIVATED, 0)
    ]
    assert done.state.settling == state.settling[1:]
    assert done.state.due_at == day(15) + US
    state = step(done.state, interaction(refunded(14, thread=2), 2), POLICY).state
    assert (state.settling, state.due_at) == ((), day(44))


def test_a_state_says_when_the_next_one_counts() -> None:
    log = log_of([[bought(0), bought(9)], [bought(3)], [bought(0), refunded(1)]])
    states = replay_log(log, POLICY, as_of=day(10)).states()
    assert states.due_at.tolist() == [to_us(day(14) + US), to_us(day(17) + US), NEVER]
    later = replay_log(log, POLICY, as_of=day(14)).states()
    assert later.due_at.tolist() == [to_us(day(23) + US), to_us(day(17) + US), NEVER]


def test_a_log_without_threads_has_no_refunds() -> None:
    names, days = ["purchase", "refund"], [dt.date(2026, 1, 1), dt.date(2026, 1, 2)]
    log = InteractionLog.from_arrays(
        customer_id=[1, 1], at=days, kind=names, amount=[5, -5], currency="EUR", tz=dt.UTC
    )
    assert replay_log(log, POLICY, as_of=day(20)).stage_at(day(20)).tolist() == ["ACTIVATED"]


def test_what_would_settle_after_the_end_of_time_never_does() -> None:
    policy = policy_of(HOW._replace(settle=4_000_000))
    one = interaction(bought(0), 0)
    state = step(None, one, policy).state
    assert (state.settling, state.due_at) == ((), None)
    states = replay_log(log_of([[bought(0)]]), policy, as_of=day(9)).states()
    assert states.due_at.tolist() == [NEVER]


def test_without_an_id_it_settles_too() -> None:
    one = Interaction(
        customer_id=1, at=START, kind="purchase", amount=interaction(bought(0), 0).amount
    )
    state = step(step(None, one, POLICY).state, one, POLICY).state
    assert state.settling == (Settling(day(14), None, None),) * 2
    assert advance(state, day(15), POLICY).state.ordinal == 2
