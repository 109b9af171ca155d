"""Win-back by customer: half-open windows, lapses still open, and a plain count of pairs."""

import datetime as dt
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.policy.clocks import Inactivity
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.population.batch import replay_log
from customerops.lifecycle.population.population import Population
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from customerops.model.values.calendar import Calendar
from customerops.model.values.window import Window
from tests.lifecycle.draws import populations, rules
from tests.lifecycle.make import DAY, START, Event, day, interactions, policy_of
from tests.reference.lifecycle import ACTIVE, Rules

UTC = Calendar(dt.UTC)
M09 = Rules(window=30, winback=60, activation=None, k=2, event_first=False)
US = dt.timedelta(microseconds=1)


def name(i: int) -> str:
    return f"c{(i * 7) % 10}-{i}"


def replayed(
    given: list[list[Event]], how: Rules, as_of: dt.datetime, first: int = 0
) -> Population:
    records = [x for i, events in enumerate(given, first) for x in interactions(events, name(i))]
    log = InteractionLog.from_interactions(records, currency="EUR", calendar=UTC)
    return replay_log(log, policy_of(how), as_of=as_of)


Lapse = tuple[str, int, bool, bool]
"""Customer, day, won back in time, watched long enough."""


def lapses(given: list[list[Event]], how: Rules, n: int, within: int) -> list[Lapse]:
    """Return every lapse, by going through each customer's history."""
    out = []
    for i, events in enumerate(given):
        moves = replay(interactions(events, name(i)), policy_of(how), as_of=day(n)).transitions
        for k, move in enumerate(moves):
            if move.target != "LAPSED":
                continue
            back = next((x for x in moves[k:] if str(x.target) in ACTIVE), None)
            limit = move.at + within * DAY
            in_time = back is not None and (
                back.at <= limit if how.event_first else back.at < limit
            )
            watched = limit <= day(n) if how.event_first else limit - US <= day(n)
            out.append((name(i), (move.at - START) // DAY, in_time, watched))
    return out


@given(
    populations(),
    rules(),
    st.integers(0, 20),
    st.integers(1, 6),
    st.none() | st.integers(0, 9),
    st.sampled_from([None, "day", "week"]),
)
def test_it_equals_going_through_each_history(
    given: list[list[Event]], how: Rules, n: int, within: int, start: int | None, period: Any
) -> None:
    done = replayed(given, how, day(20))
    monday = START + 4 * DAY
    over = None if start is None else Window(monday + 7 * DAY * (start % 2), monday + 14 * DAY)
    found = done.win_back_rate(within=within * DAY, as_of=day(n), period=period, over=over)
    told = [
        one
        for one in lapses(given, how, n, within)
        if over is None or (over.contains(day(one[1])))
    ]
    cells: dict[Any, list[Lapse]] = {}
    for one in told:
        at = day(one[1])
        start_of = at - ((at - monday) // DAY % 7) * DAY if period == "week" else at
        cells.setdefault(None if period is None else start_of.date(), []).append(one)
    labels = [None] if period is None else list(found.axes[0].labels)
    assert set(cells) <= set(labels)
    for i, label in enumerate(labels):
        mine = cells.get(label, [])
        ripe = [one for one in mine if one[3]]
        cell = found if period is None else found.select(period=label)
        assert (cell.won, cell.lapses) == (sum(one[2] for one in ripe), len(ripe))
        assert cell.open == len(mine) - len(ripe)
        assert cell.n == len({one[0] for one in ripe})
        each = [[one for one in ripe if one[0] == c] for c in {one[0] for one in ripe}]
        assert cell.parts["yy"].item() == sum(len(x) ** 2 for x in each)
        assert cell.parts["xy"].item() == sum(len(x) * sum(one[2] for one in x) for x in each)
        if period == "day":
            closed = day(n) >= START + (i + 1) * DAY - US
            if over is None and found.axes[0].labels[0] == START.date():
                assert cell.complete == (closed and not cell.open)


@given(populations(), populations(), rules(), st.integers(0, 20), st.booleans())
def test_it_adds(
    a: list[list[Event]], b: list[list[Event]], how: Rules, n: int, monthly: bool
) -> None:
    options: dict[str, Any] = {"within": 3 * DAY, "period": "day" if monthly else None}
    one, two = replayed(a, how, day(n)), replayed(b, how, day(n), len(a))
    both = replayed(a + b, how, day(n)).win_back_rate(**options)
    parts = one.win_back_rate(**options), two.win_back_rate(**options)
    assert parts[0] + parts[1] == both == parts[1] + parts[0]
    assert (one + two).win_back_rate(**options) == both


@given(populations(), rules(), st.integers(0, 20), st.integers(0, 20))
def test_what_comes_later_changes_no_earlier_answer(
    given: list[list[Event]], how: Rules, early: int, late: int
) -> None:
    early, late = sorted((early, late))
    then = replayed(given, how, day(early)).win_back_rate(within=2 * DAY)
    assert replayed(given, how, day(late)).win_back_rate(within=2 * DAY, as_of=day(early)) == then


# ------------------------------------------------------------------ by hand

RETURN: list[list[Event]] = [[(0, "qualified"), (12, "cancel"), (72, "qualified")]]


def test_a_return_at_the_very_end_of_the_window() -> None:
    """Lapsed on day 12 with 60 days to come back: day 72 is too late by default."""
    found = replayed(RETURN, M09, day(80)).win_back_rate(within=60 * DAY)
    assert (found.won, found.lapses, found.open, float(found)) == (0, 1, 0, 0.0)
    longer = replayed(RETURN, M09, day(80)).win_back_rate(within=60 * DAY + US)
    assert (longer.won, float(longer)) == (1, 1.0)  # from LOST, but in time
    closed = replayed(RETURN, M09._replace(event_first=True), day(80))
    assert closed.win_back_rate(within=60 * DAY).won == 1
    assert closed.win_back_rate(within=60 * DAY - US).won == 0


@pytest.mark.parametrize("event_first", [False, True])
def test_when_a_lapse_has_been_watched_for_long_enough(event_first: bool) -> None:
    """Half-open: the last instant that counts is a microsecond before the end; closed: the end."""
    how = M09._replace(event_first=event_first)
    last = day(72) if event_first else day(72) - US
    for as_of, still in ((last - US, 1), (last, 0)):
        found = replayed(RETURN[:1], how, as_of).win_back_rate(within=60 * DAY)
        assert (found.open, found.lapses) == (still, 1 - still)


def test_open_lapses_do_not_count_though_won_back() -> None:
    given: list[list[Event]] = [
        [(0, "qualified"), (10, "cancel"), (15, "qualified"), (40, "cancel"), (42, "qualified")],
        [(0, "qualified"), (1, "cancel")],
    ]
    found = replayed(given, M09, day(50)).win_back_rate(within=20 * DAY)
    assert (found.won, found.lapses, found.open, float(found)) == (1, 2, 1, 0.5)
    by = replayed(given, M09, day(50)).win_back_rate(within=20 * DAY, period="month")
    assert by.open.tolist() == [0, 1]
    assert by.lapses.tolist() == [2, 0]
    assert by.complete.tolist() == [True, False]
    assert by.value[0] == 0.5
    assert np.isnan(by.value[1])
    february = Window.parse("2026-02-01", "2026-02-15", tz="UTC")
    over = replayed(given, M09, day(50)).win_back_rate(within=20 * DAY, over=february)
    assert (over.complete, over.open, np.isnan(float(over))) == (False, 1, True)
    assert [name for name in by.to_frame() if name in {"x", "y", "open", "value", "complete"}] == [
        "x",
        "y",
        "open",
        "value",
        "complete",
    ]
    assert pickle.loads(pickle.dumps(by)) == by


def test_the_interval_is_by_customer() -> None:
    """One customer lapses four times, three once: four independent observations, not seven."""
    often: list[Event] = [
        (n, w) for k in range(4) for n, w in ((k * 5, "qualified"), (k * 5 + 1, "cancel"))
    ]
    given = [often, *([(0, "qualified"), (1, "cancel")] for _ in range(3))]
    found = replayed(given, M09, day(60)).win_back_rate(within=10 * DAY)
    assert (found.won, found.lapses, found.n) == (3, 7, 4)
    assert [found.parts[part].item() for part in ("xx", "yy", "xy")] == [9, 19, 12]
    share, residuals = 3 / 7, [3 - 4 * 3 / 7, *[-3 / 7] * 3]
    variance = 4 / 3 * sum(r * r for r in residuals) / 49
    assert found.standard_error == pytest.approx(variance**0.5)
    half = 3.182446305 * variance**0.5  # Student's t of 3 degrees at 0.975
    assert found.interval(method="delta") == pytest.approx((share - half, share + half))
    logit, half = math.log(share / (1 - share)), half / (share * (1 - share))
    inside = [1 / (1 + math.exp(-(logit + side * half))) for side in (-1, 1)]
    assert found.interval() == pytest.approx(inside)


def test_under_a_scope_the_customer_is_still_the_unit() -> None:
    """Two product lines of one customer lapse on their own, and are no two observations."""
    records = [
        Interaction(customer_id=who, at=day(n), kind=what, attributes={"line": line})
        for who, line, n, what in (
            ("a", "pens", 0, "purchase"),
            ("a", "pens", 1, "cancel"),
            ("a", "pens", 3, "purchase"),
            ("a", "ink", 0, "purchase"),
            ("a", "ink", 1, "cancel"),
            ("b", "ink", 0, "purchase"),
            ("b", "ink", 1, "cancel"),
        )
    ]
    log = InteractionLog.from_interactions(records, calendar=UTC)
    policy = LifecyclePolicy(
        qualifies="purchase", clock=Inactivity(60 * DAY), retention=KthInLife(2), scope="line"
    )
    done = replay_log(log, policy, as_of=day(30))
    found = done.win_back_rate(within=9 * DAY)
    assert (found.won, found.lapses, found.n) == (1, 3, 2)
    assert found.parts["yy"].item() == 2 * 2 + 1
    by = done.win_back_rate(within=9 * DAY, period="month")
    assert (by.n.tolist(), by.lapses.tolist()) == ([2], [3])
    matrix = done.transition_matrix(period="day").select(source="LAPSED", target="WON_BACK")
    assert (matrix.count, matrix.n) == (1, 2)
    empty = replay_log(log.between(Window(day(50), None)), policy, as_of=day(60))
    assert empty.win_back_rate(within=DAY).lapses == 0


def test_lost_without_a_life_is_no_lapse() -> None:
    given: list[list[Event]] = [[(0, "acquire"), (20, "qualified")]]
    how = M09._replace(activation=5)
    assert replayed(given, how, day(40)).win_back_rate(within=9 * DAY).lapses == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"within": 3}, "within must be a timedelta: got int"),
        ({"within": 0 * DAY}, "within must be longer than zero"),
        ({"as_of": day(99)}, "as_of must not be later than the log's as_of"),
        ({"period": "fortnight"}, "period must be one of"),
        ({"over": 3}, "over must be a Window: got int"),
        ({"period": "month", "over": Window(day(1), None)}, "over must lie on the edges"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"within": DAY, **options}
    with pytest.raises(InvalidInputError, match=message):
        replayed(RETURN, M09, day(80)).win_back_rate(**asked)


def test_parts_must_not_be_negative() -> None:
    found = replayed(RETURN, M09, day(80)).win_back_rate(within=DAY)
    with pytest.raises(InvalidInputError, match="open must not be negative"):
        type(found)(axes=(), parts={**found.parts, "open": -1}, context=found.context)


def test_a_log_without_a_calendar_needs_none_without_periods() -> None:
    log = InteractionLog.from_interactions(interactions(RETURN[0]), currency="EUR")
    done = replay_log(log, policy_of(M09), as_of=day(80))
    assert done.win_back_rate(within=60 * DAY).lapses == 1
    with pytest.raises(InvalidInputError, match="calendar must be given"):
        done.win_back_rate(within=60 * DAY, period="month")


def test_after_initial_states_lapses_count_from_there() -> None:
    """Lapsed on day 12, before the batch of day 20; won back on day 72, lapsed again on day 102."""
    policy = policy_of(M09)
    log = InteractionLog.from_interactions(interactions(RETURN[0]), currency="EUR", calendar=UTC)
    stood = replay_log(log, policy, as_of=day(20)).states()
    later = log.between(Window(day(20) + US, None))
    done = replay_log(later, policy, as_of=day(110), initial=stood)
    assert done.win_back_rate(within=5 * DAY).lapses == 1
    over = Window(day(20) + US, None)
    assert done.win_back_rate(within=5 * DAY, over=over).lapses == 1
    for start in (None, day(20)):
        with pytest.raises(InvalidInputError, match="over must start after the initial states"):
            done.win_back_rate(within=5 * DAY, over=Window(start, day(110)))
