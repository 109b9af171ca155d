"""The columnar replay against the tick-by-tick reference, exhaustively where small."""

import datetime as dt
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.lifecycle.columns.columnar import Emitted, replay_columns
from customerops.lifecycle.columns.gather import until_erased
from customerops.lifecycle.columns.rows import Rows, canonical
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import STAGES, TRANSITIONS, Trigger
from tests.lifecycle.draws import populations, rules
from tests.lifecycle.make import TRIGGERS, Event, micros_of
from tests.reference.lifecycle import ORDER, Life, Rules, live

NAMES = [str(stage) for stage in STAGES]


def replayed(
    population: list[list[Event]], how: Rules, as_of: int, block: int = 1 << 17
) -> tuple[Emitted, np.ndarray]:
    """Replay events that are in input order; return the result and the input place of each row."""
    kept = [
        sorted((e for e in enumerate(events) if e[1][0] <= as_of), key=lambda e: e[1][0])
        for events in population
    ]
    flat = [one for events in kept for one in events]
    offsets = np.cumsum([0, *map(len, kept)])
    at = np.array([e[0] for _, e in flat], np.int64)
    trigger = np.array([TRIGGERS[e[1]] for _, e in flat], np.int8)
    rows = until_erased(canonical(Rows(offsets, at, trigger, np.arange(at.size))))
    done = replay_columns(rows, micros_of(how), as_of, block=block)
    return done, np.array([place for place, _ in flat], np.int64)[rows.source]


def expected(lives: list[Life]) -> list[tuple[int, int, str, int]]:
    return [
        (i, change.at, change.target, -1 if change.event is None else change.event)
        for i, life in enumerate(lives)
        for change in life.changes
    ]


def emitted(done: Emitted, place: np.ndarray) -> list[tuple[int, int, str, int]]:
    customer = np.repeat(np.arange(done.counts.size), done.counts)
    event = np.where(done.row < 0, -1, place[done.row] if place.size else -1)
    target = [NAMES[code] for code in done.target.tolist()]
    return list(zip(customer.tolist(), done.at.tolist(), target, event.tolist(), strict=True))


def check(
    population: list[list[Event]], how: Rules, as_of: int, block: int = 1 << 17
) -> list[Life]:
    done, place = replayed(population, how, as_of, block)
    lives = [live(events, how, as_of) for events in population]
    assert emitted(done, place) == expected(lives)
    assert done.final.lives.tolist() == [life.lives for life in lives]
    assert done.final.ordinal.tolist() == [life.ordinal for life in lives]
    last = [life.last if life.lives else NEVER for life in lives]
    assert done.final.qualified_at.tolist() == last
    return lives


@given(populations(), rules(), st.integers(-1, 20), st.sampled_from([1, 4, 1 << 17]))
def test_it_equals_the_reference(
    population: list[list[Event]], how: Rules, as_of: int, block: int
) -> None:
    check(population, how, as_of, block)


POLICIES = [
    Rules(window, winback, activation, k, event_first)
    for window, (winback, activation), k, event_first in product(
        (1, 2), ((None, None), (2, 1), (1, 2)), (1, 2, 3), (False, True)
    )
]


@pytest.fixture(scope="module")
def every_history() -> list[list[Event]]:
    """Return all multisets of up to four events of five sorts on three days, ties out of order."""
    atoms = list(product((0, 1, 3), ORDER))
    return [
        list(reversed(events))
        for n in range(5)
        for events in combinations_with_replacement(atoms, n)
    ]


@pytest.mark.parametrize("how", POLICIES, ids=str)
def test_every_small_history(how: Rules, every_history: list[list[Event]]) -> None:
    lives = check(every_history, how, as_of=5)
    seen = {(c.source, c.target, c.cause) for life in lives for c in life.changes}
    assert seen <= {tuple(map(str, triple)) for triple in TRANSITIONS}


def test_every_transition_occurs(every_history: list[list[Event]]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for how in (Rules(1, 1, 1, 2, False), Rules(1, 1, 1, 1, False)):
        for events in every_history:
            seen |= {(c.source, c.target, c.cause) for c in live(events, how, 5).changes}
    assert seen == {tuple(map(str, triple)) for triple in TRANSITIONS}
    assert len(seen) == 27


@given(populations())
def test_canonical_order_is_a_stable_sort(population: list[list[Event]]) -> None:
    kept = [sorted(events, key=lambda e: e[0]) for events in population]
    flat = [(c, *e) for c, events in enumerate(kept) for e in events]
    offsets = np.cumsum([0, *map(len, kept)])
    at = np.array([e[1] for e in flat], np.int64)
    trigger = np.array([TRIGGERS[e[2]] for e in flat], np.int8)
    done = canonical(Rows(offsets, at, trigger, np.arange(at.size)))
    keys = [(c, t, TRIGGERS[what]) for c, t, what in flat]
    sort = sorted(range(len(flat)), key=lambda i: keys[i])
    assert done.source.tolist() == sort
    assert done.trigger.tolist() == [keys[i][2] for i in sort]


def test_windows_longer_than_time_itself_never_close() -> None:
    longest = dt.timedelta.max // dt.timedelta(microseconds=1)
    how = micros_of(Rules(longest, None, None, 1, event_first=False))
    at = np.array([253_402_300_799_999_999], np.int64)  # the end of the year 9999
    trigger = np.array([Trigger.ACTIVITY], np.int8)
    rows = Rows(np.array([0, 1]), at, trigger, np.arange(1))
    done = replay_columns(rows, how, int(at[0]))
    assert done.target.tolist() == [STAGES.index("RETAINED")]
