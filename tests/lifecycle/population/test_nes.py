"""NES: each customer by the cycle of their own, against fractions."""

import datetime as dt
import pickle
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.population.batch import replay_log
from customerops.lifecycle.population.nes import NES
from customerops.lifecycle.population.population import Population
from customerops.model.log.log import InteractionLog
from customerops.model.values.calendar import Calendar
from customerops.model.values.window import Window
from tests.lifecycle.draws import populations, rules
from tests.lifecycle.make import DAY, START, Event, day, interactions, policy_of
from tests.reference import nes as reference
from tests.reference.lifecycle import Rules

PLAIN = Rules(window=3, winback=4, activation=None, k=2, event_first=False)
US = dt.timedelta(microseconds=1)
CELLS = ("N", "E0", "S1", "S2", "S3")


def log_of(given: list[list[Event]], first: int = 0) -> InteractionLog:
    records = [x for i, events in enumerate(given, first) for x in interactions(events, f"c{i}")]
    return InteractionLog.from_interactions(records, currency="EUR", calendar=Calendar(dt.UTC))


def replayed(given: list[list[Event]], how: Rules, n: int, first: int = 0) -> Population:
    return replay_log(log_of(given, first), policy_of(how), as_of=day(n))


def us(n: int) -> int:
    return n * DAY // US


multiples = st.sampled_from([(1, 2, 3), (2, Fraction(5, 2), 3), (Fraction(1, 2), 1, 4)])


@given(populations(), rules(), st.integers(0, 20), st.integers(0, 20), multiples)
def test_it_equals_fractions(
    given: list[list[Event]], how: Rules, early: int, late: int, times: Any
) -> None:
    early, late = sorted((early, late))
    nes = NES(cycle=3 * DAY, multiples=tuple(map(float, times)))
    told = nes.counts(replayed(given, how, late), day(early))
    cells: Counter[Any] = Counter()
    for events in given:
        if any(what == "erase" and at <= early for at, what in events):
            continue
        bought = [us(at) for at, what in events if what == "qualified"]
        expected = reference.cell(bought, us(early), us(3), times)
        assert nes.cell([START + at * US for at in bought], day(early)) == expected
        cells[expected] += 1
    assert told.axes[0].labels == tuple(sorted(CELLS))
    assert told.customers.tolist() == [cells[label] for label in told.axes[0].labels]


@given(populations(), populations(), rules(), st.integers(0, 20))
def test_counts_add(a: list[list[Event]], b: list[list[Event]], how: Rules, n: int) -> None:
    nes = NES(cycle=3 * DAY)
    one, two = replayed(a, how, n), replayed(b, how, n, len(a))
    whole = nes.counts(replayed(a + b, how, n))
    assert nes.counts(one) + nes.counts(two) == whole == nes.counts(one + two)


def test_by_hand() -> None:
    """Bought on days 0, 10 and 30: a cycle of 15 days, so that E0 ends on day 45."""
    bought = [day(n) for n in (30, 0, 10)]
    nes = NES(cycle=7 * DAY)
    told = {n: nes.cell(bought, day(n)) for n in (0, 6, 7, 10, 19, 20, 30, 44, 45, 59, 60, 74, 75)}
    assert told == {
        0: "N",
        6: "N",
        7: "S1",  # a second purchase was not known yet, so the common cycle holds
        10: "E0",
        19: "E0",
        20: "S1",
        30: "E0",
        44: "E0",
        45: "S1",
        59: "S1",
        60: "S2",
        74: "S2",
        75: "S3",
    }
    assert nes.cell(bought, day(45) - US) == "E0"
    assert nes.cell([], day(1)) is None
    assert nes.cell(bought, START - DAY) is None
    assert nes.cell([START, START], day(6)) == "N"  # two at one instant are one
    wide = NES(cycle=7 * DAY, multiples=[2, 2.5, 3])
    assert wide.multiples == (2.0, 2.5, 3.0)
    assert [wide.cell(bought, day(n)) for n in (59, 60, 67, 68, 74, 75)] == [
        "E0",
        "S1",
        "S1",
        "S2",
        "S2",
        "S3",
    ]
    assert pickle.loads(pickle.dumps(wide)) == wide != nes


def test_a_population_by_hand() -> None:
    given: list[list[Event]] = [
        [(0, "qualified"), (2, "qualified"), (4, "qualified")],  # E0 until day 6
        [(3, "unqualified"), (4, "qualified")],  # N until day 14
        [(0, "qualified")],  # S1 from day 10
        [(0, "acquire")],
        [(0, "qualified"), (1, "erase")],
    ]
    done = replayed(given, PLAIN, 30)
    nes = NES(cycle=10 * DAY)
    found = nes.counts(done, day(5))
    assert dict(zip(found.axes[0].labels, found.customers.tolist(), strict=True)) == {
        "E0": 1,
        "N": 2,
        "S1": 0,
        "S2": 0,
        "S3": 0,
    }
    assert nes.counts(done, day(10)).customers.tolist() == [0, 1, 1, 0, 1]
    assert found.definition == "nes"
    with pytest.raises(InvalidInputError, match="options must be the same"):
        found + NES(cycle=9 * DAY).counts(done, day(5))


def test_states_alone_do_not_tell() -> None:
    policy, log = policy_of(PLAIN), log_of([[(0, "qualified"), (5, "qualified")]])
    stood = replay_log(log, policy, as_of=day(2)).states()
    later = log.between(Window(day(2) + US, None))
    done = replay_log(later, policy, as_of=day(9), initial=stood)
    with pytest.raises(InvalidInputError, match="purchase cycles must have the whole history"):
        NES(cycle=DAY).counts(done)


MAKE: Any = NES


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MAKE(cycle=3), "cycle must be a timedelta: got int"),
        (lambda: MAKE(cycle=0 * DAY), "cycle must be longer than zero"),
        (lambda: MAKE(cycle=DAY, multiples=[1, 2]), "multiples must be three numbers: got 2"),
        (lambda: MAKE(cycle=DAY, multiples="123"), "multiples must be three numbers: got str"),
        (lambda: MAKE(cycle=DAY, multiples=3), "multiples must be three numbers: got int"),
        (lambda: MAKE(cycle=DAY, multiples=(1, 2, 2)), "multiples must rise from above 0"),
        (lambda: MAKE(cycle=DAY, multiples=(0, 2, 3)), "must rise from above 0$"),
        (lambda: MAKE(cycle=DAY, multiples=(1, 2, "3")), "multiples must be a float: got str"),
        (lambda: MAKE(cycle=DAY).cell([3], day(1)), "purchases must be a datetime: got int"),
        (lambda: MAKE(cycle=DAY).cell([], 3), "t must be a datetime: got int"),
        (lambda: MAKE(cycle=DAY).counts(3), "population must be a Population: got int"),
        (
            lambda: MAKE(cycle=DAY).counts(replayed([], PLAIN, 1), day(2)),
            "t must not be after as_of",
        ),
    ],
)
def test_arguments_are_checked(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
