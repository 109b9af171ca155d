"""Every small history under every clock: both machines against the tick-by-tick reference.

All multisets of up to four events from a few sorts on a few days are one population, replayed at
once under dozens of policies. The scalar machine takes every eighth history, others each time.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, TRANSITIONS
from customerops.lifecycle.population.batch import replay_log
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from tests.lifecycle.make import DAY, START, day, interactions, log_of, moves_of, policy_of, row_of
from tests.reference.lifecycle import Event, Life, Paying, Rules, Usual, live

Histories = tuple[tuple[Event, ...], ...]
THREE, FOUR = (0, 1, 3), (0, 1, 2, 4)


def atoms(days: Sequence[int], *what: str, thread: int | None = None) -> list[Event]:
    return [Event(t, one, None, thread) for t, one in product(days, what)]


def through(days: Sequence[int], what: str, length: int) -> list[Event]:
    return [Event(t, what, t + length) for t in days]


SORTS: dict[str, list[Event]] = {
    "buying": atoms(FOUR, "qualified", "unqualified", "cancel"),
    "refunding": [
        *atoms(FOUR, "qualified", "refund", thread=7),
        *atoms((1, 2), "qualified", "cancel", "erase"),
    ],
    "habits": [*atoms((0, 2, 4, 6, 10), "qualified"), *atoms((4, 9), "cancel", "unqualified")],
    "pausing": atoms(FOUR, "start", "pause", "resume"),
    "renewing": [*atoms(FOUR, "start", "renew", "pause"), *through((1, 4), "renew_through", 2)],
    "leaving": [*atoms(FOUR, "start", "cancel_at_period_end", "pause"), *atoms((2, 4), "renew")],
    "trying": [
        *through((0, 1), "trial", 2),
        *atoms(THREE, "start", "payment_failed", "cancel"),
        *atoms((3,), "erase", "trial", "unqualified"),
    ],
}


@cache
def histories(sorts: str) -> tuple[Histories, InteractionLog, list[list[Interaction]]]:
    """Return all multisets of up to four events, ties out of order; their log and records."""
    every = tuple(
        events[::-1]
        for n in range(5)
        for events in combinations_with_replacement(sorted(SORTS[sorts], key=lambda e: e.at), n)
    )
    return every, log_of(every), [interactions(events) for events in every]


def check(sorts: str, how: Rules, nth: int, as_of: int) -> list[Life]:
    every, log, records = histories(sorts)
    policy = policy_of(how)
    done = replay_log(log, policy, as_of=day(as_of))
    found, states = moves_of(done), done.states()
    lives = {one: live(every[one], how, as_of) for one in done.ids.tolist()}
    seen = {one: life.view(as_of) for one, life in lives.items()}
    assert [STAGES[code] for code in states.stage] == [view.stage for view in seen.values()]
    assert states.at_risk.tolist() == [view.at_risk for view in seen.values()]
    living = np.isin(states.stage, [STAGES.index(stage) for stage in ACTIVE])
    pending = (states.columns["ending"] & living).tolist()
    assert pending == [view.pending_cancel for view in seen.values()]
    assert states.lives.tolist() == [life.lives for life in lives.values()]
    assert states.ordinal.tolist() == [life.ordinal for life in lives.values()]
    for one, life in lives.items():
        places = sorted(range(len(every[one])), key=lambda i: every[one][i].at)
        rank = {None: -1} | {event: place for place, event in enumerate(places)}
        assert found[one] == [(*change[:4], rank[change.event]) for change in life.changes]
    for one in list(lives)[nth % 8 :: 8]:
        history = replay(records[one], policy, as_of=day(as_of))
        changes = [
            ((c.at - START) // DAY, c.source, c.target, c.cause, c.interaction_id)
            for c in history.transitions
        ]
        assert changes == lives[one].changes
        row = int(np.searchsorted(done.ids, one))
        columns = {name: column[row].tolist() for name, column in states.columns.items()}
        assert columns == row_of(history.final, policy.memory)
        said = history.attributes_at(day(as_of))
        view = seen[one]
        assert (said.at_risk, said.pending_cancel) == (view.at_risk, view.pending_cancel)
        assert (said.contract, said.life) == (view.contract, view.life)
    return list(lives.values())


def legal(lives: list[Life]) -> set[tuple[str, str, str]]:
    triples = {tuple(map(str, triple)) for triple in TRANSITIONS}
    found = {(c.source, c.target, c.cause) for life in lives for c in life.changes}
    assert found <= triples
    for life in lives:
        assert [c.at for c in life.changes] == sorted(c.at for c in life.changes)
    return found


RETENTIONS: list[tuple[int | None, int | None]] = [(1, None), (2, None), (None, 2)]
ACTIVATIONS: list[tuple[int, int | None]] = [(1, None), (2, None), (2, 2), (3, 4)]
BUYING = [
    Rules(
        window=1 + first % 2,
        winback=2 if tenure else None,
        activation=2 if first > 1 else 1,
        k=k,
        event_first=event_first,
        tenure=tenure,
        first=first,
        within=within,
        quiet=None if event_first else 1,
        share=Fraction(1, 2) if event_first else None,
    )
    for (k, tenure), (first, within), event_first in product(
        RETENTIONS, ACTIVATIONS, (False, True)
    )
]
REFUNDING = [
    Rules(2, 2, None, k, event_first, settle=settle, first=first)
    for k, settle, first, event_first in product((1, 2), (1, 2, 3), (1, 2), (False, True))
]
HABITS = [
    Rules(
        Usual(quantile, last, least, fallback, floor, cap),
        winback=3,
        activation=None,
        k=2,
        event_first=event_first,
        share=Fraction(1, 4),
    )
    for quantile, (last, least), (fallback, floor, cap), event_first in product(
        (Fraction(1, 2), Fraction(1)),
        ((1, 1), (2, 1), (2, 2), (3, 2)),
        ((3, 1, None), (5, 3, 4)),
        (False, True),
    )
]
CONTRACTS = [
    Rules(
        Paying(grace, term),
        winback=winback,
        activation=winback,
        k=k,
        event_first=True,
        tenure=tenure,
        quiet=quiet,
        share=share,
    )
    for (grace, term), winback, (k, tenure), (quiet, share) in zip(
        product((0, 1, 3), (1, 2, 3)),
        (1, 2, None) * 3,
        ((2, None), (None, 2), (1, None)) * 3,
        ((1, None), (None, Fraction(1, 2)), (None, None)) * 3,
        strict=True,
    )
]
CASES = [
    (sorts, nth, how)
    for names, policies in (
        (("buying",), BUYING),
        (("refunding",), REFUNDING),
        (("habits",), HABITS),
        (("pausing", "renewing", "leaving", "trying"), CONTRACTS),
    )
    for sorts in names
    for nth, how in enumerate(policies)
]


@pytest.mark.parametrize(("sorts", "nth", "how"), CASES, ids=[f"{s}-{n}" for s, n, _ in CASES])
def test_every_small_history(sorts: str, nth: int, how: Rules) -> None:
    legal(check(sorts, how, nth, as_of={"habits": 13, "trying": 5}.get(sorts, 7)))


def test_contracts_take_every_step_there_is() -> None:
    every = histories("leaving")[0] + histories("trying")[0]
    seen: set[tuple[str, str, str]] = set()
    for how in (Rules(Paying(0, 1), 1, 1, 2, True), Rules(Paying(0, 1), 1, 1, 1, True)):
        seen |= legal([live(events, how, 7) for events in every])
    missing = {tuple(map(str, triple)) for triple in TRANSITIONS} - seen
    assert missing == set()
