"""Latency by hand: quantiles of own intervals, held between bounds, causal; both ways of asking."""

import datetime as dt
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.policy.clocks import Contract, Inactivity, Latency, load_clock
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import Days, Months
from customerops.lifecycle.population.batch import replay_log
from customerops.model.values.instants import from_us
from tests.lifecycle.make import DAY, US, day, interactions, log_of, policy_of
from tests.reference.lifecycle import Event, Rules, Usual

HOUR = dt.timedelta(hours=1)


def usual(quantile: float, **more: Any) -> Latency:
    return Latency(**{"quantile": quantile, "fallback": 60 * DAY, "min_intervals": 1, **more})


# With d sorted and h = (m - 1) q: d[j] + (h - j) (d[j+1] - d[j]), j the integer part of h.
@pytest.mark.parametrize(
    ("days", "quantile", "expected"),
    [
        ([10, 20, 30], 0.5, 20),  # h = 1
        ([30, 10, 20], 0.9, 28),  # h = 1.8: 20 + 0.8 * 10
        ([10, 20, 30], 1.0, 30),
        ([7], 0.9, 7),
        ([1, 2, 3, 4], 0.25, 1.75),  # h = 0.75
        ([1, 2, 3, 4], 0.4, 2.2),  # h = 1.2
        ([5, 5, 5, 5], 0.8, 5),
        ([2, 40], 0.1, 5.8),  # h = 0.1
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.8, 8.2),  # h = 7.2
    ],
)
def test_quantiles_by_hand(days: list[int], quantile: float, expected: float) -> None:
    clock = usual(quantile, last=10)
    window = clock.window([n * DAY for n in days])
    assert window / DAY == pytest.approx(expected, abs=1e-10)
    us = np.array([[n * 86_400_000_000 for n in days]])
    assert clock.windows(us).tolist() == [window // US]


def test_bounds_and_fallback() -> None:
    clock = usual(0.5, floor=7 * DAY, cap=90 * DAY, min_intervals=3, last=4)
    assert clock.window([]) == clock.window([DAY, DAY]) == 60 * DAY  # neither held nor counted
    assert clock.window([DAY] * 3) == 7 * DAY
    assert clock.window([100 * DAY] * 3) == 90 * DAY
    assert clock.window([8 * DAY] * 3) == 8 * DAY
    assert clock.window([999 * DAY, *[8 * DAY] * 4]) == 8 * DAY  # the last four count
    free = usual(0.5)
    assert free.window([dt.timedelta(0)] * 4) == US  # never no time at all
    assert free.window([10_000 * DAY]) == 10_000 * DAY
    above = Latency(quantile=0.5, fallback=DAY, floor=7 * DAY)
    assert above.window([]) == DAY  # the bounds are of windows from intervals


intervals = st.lists(st.timedeltas(0 * DAY, 4000 * DAY), min_size=1, max_size=12)


@given(intervals, st.floats(0.01, 1), st.integers(1, 12), st.booleans())
def test_it_is_the_quantile_and_both_ways_agree(
    own: list[dt.timedelta], quantile: float, last: int, held: bool
) -> None:
    bounds = {"floor": 3 * DAY, "cap": 300 * DAY} if held else {}
    clock = usual(quantile, last=last, **bounds)
    us = sorted(x // US for x in own[-last:])
    h = (len(us) - 1) * Fraction(quantile)
    j = int(h)
    exact = us[j] + (h - j) * (us[min(j + 1, len(us) - 1)] - us[j])
    low, high = (3 * DAY // US, 300 * DAY // US) if held else (1, 10**20)
    found = clock.window(own) // US
    held_at = min(max(exact, Fraction(low)), Fraction(high))
    assert abs(Fraction(found) - held_at) <= 1  # to the microsecond
    rows = np.array([[x // US for x in own[-last:]]])
    assert clock.windows(rows).tolist() == [found]
    assert clock.windows(rows[:, ::-1]).tolist() == [found]


# ------------------------------------------------------------------ in a history

BOUGHT = [0, 10, 20, 30]
HABIT = LifecyclePolicy(
    qualifies="purchase",
    clock=Latency(quantile=0.5, fallback=30 * DAY, min_intervals=2, last=3, floor=2 * DAY),
    retention=KthInLife(2),
)


def lapses(*days: int, policy: LifecyclePolicy = HABIT, until: int = 400) -> list[int]:
    """Return the days of lapses, the same by both machines."""
    events = [Event(n, "qualified") for n in days]
    history = replay(interactions(events), policy, as_of=day(until))
    moves = replay_log(log_of([events]), policy, as_of=day(until)).transitions
    assert [from_us(at) for at in moves.at.tolist()] == [c.at for c in history.transitions]
    return [(c.at - day(0)) // DAY for c in history.transitions if c.target == "LAPSED"]


def test_each_customer_has_a_window_of_its_own() -> None:
    assert lapses(0) == [30]  # the fallback
    assert lapses(0, 10) == [40]  # one interval is too few
    assert lapses(0, 10, 20) == [30]  # 10 days
    assert lapses(0, 1, 2, 3) == [5]  # at least 2 days
    assert lapses(0, 4, 12) == [18]  # between 4 and 8
    assert lapses(0, 4, 12, 28) == [18, 36]  # the middle one of 4, 8, 16
    assert lapses(0, 4, 12, 28, 35) == [18, 43]  # of 8, 16, 7
    assert lapses(0, 4, 12, 28, 35, 42) == [18, 49]  # of 16, 7, 7


def test_intervals_go_on_over_a_lapse() -> None:
    # 10, 10: a window of 10 from 20; the third interval is the 40 days away
    assert lapses(0, 10, 20, 60) == [30, 70]
    assert lapses(0, 10, 20, 60, 100) == [30, 70, 140]


def test_what_comes_later_changes_no_window_before() -> None:
    later = [*BOUGHT, 95, 96, 97, 300]
    for n in range(1, len(later) + 1):
        for until in (later[n - 1], later[n - 1] + 3):
            known, all_of_it = (
                replay(interactions([Event(t, "qualified") for t in days]), HABIT, as_of=day(400))
                for days in (later[:n], later)
            )
            nxt = later[n] - 1 if n < len(later) else 400
            for t in range(min(until, nxt) + 1):
                assert known.stage_at(day(t)) is all_of_it.stage_at(day(t))


def test_at_risk_by_a_share_of_the_own_window() -> None:
    how = Rules(
        Usual(Fraction(1), 3, 1, 30, 1), None, None, 2, event_first=False, share=Fraction(1, 2)
    )
    history = replay(
        interactions([Event(0, "qualified"), Event(10, "qualified")]),
        policy_of(how),
        as_of=day(30),
    )
    at_risk = [n for n in range(31) if history.attributes_at(day(n)).at_risk]
    assert at_risk == [15, 16, 17, 18, 19]
    first = replay(interactions([Event(0, "qualified")]), policy_of(how), as_of=day(40))
    assert [n for n in range(41) if first.attributes_at(day(n)).at_risk] == list(range(15, 30))


@pytest.mark.parametrize("least", [1, 3])
def test_the_longest_windows_never_close(least: int) -> None:
    clock = Latency(quantile=0.5, fallback=dt.timedelta.max, min_intervals=least)
    policy = LifecyclePolicy(qualifies="purchase", clock=clock, retention=KthInLife(2))
    assert lapses(0, policy=policy) == []
    state = replay(interactions([Event(0, "qualified")]), policy, as_of=day(1)).state
    assert state.due_at is None
    wide = Latency(quantile=0.5, fallback=DAY, floor=dt.timedelta.max, min_intervals=1)
    policy = LifecyclePolicy(qualifies="purchase", clock=wide, retention=KthInLife(2))
    assert lapses(0, 1, 1, policy=policy) == [1]


# ------------------------------------------------------------------ in words, and written


def test_words() -> None:
    assert Inactivity(Days(30)).describe() == "30 calendar days without a qualifying interaction"
    assert Inactivity(36 * HOUR).describe() == "36 hours without a qualifying interaction"
    assert Contract().describe() == "what is paid has run out"
    assert Contract(term=30 * DAY).describe() == (
        "what is paid has run out (30 days a time, unless said)"
    )
    assert Contract(Days(1)).describe() == (
        "what is paid has run out and 1 calendar day of grace have passed"
    )
    assert usual(0.75, cap=90 * DAY).describe() == (
        "the 0.75 quantile of the last 8 own intervals (at most 90 days; 60 days before there are 1) "
        "without a qualifying interaction"
    )


@pytest.mark.parametrize(
    "clock",
    [
        Inactivity(DAY),
        Inactivity(Months(3)),
        usual(0.9),
        usual(0.9, floor=US, cap=dt.timedelta.max, last=3),
        Contract(),
        Contract(Days(3), Months(1)),
    ],
)
def test_it_is_written_and_read(clock: Any) -> None:
    assert load_clock(clock.to_dict()) == clock
