"""The matrix of moves between period ends, and the forecast made from it."""

import datetime as dt
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.population.batch import replay_log
from customerops.lifecycle.population.population import Population
from customerops.model.log.log import InteractionLog
from customerops.model.tables.ratios import ClusteredShare, Ratio
from customerops.model.tables.tables import Axis, Context
from customerops.model.values.calendar import Calendar
from customerops.model.values.window import Window
from tests.lifecycle.draws import populations, rules
from tests.lifecycle.make import DAY, START, Event, day, interactions, policy_of
from tests.reference import chains as reference
from tests.reference.lifecycle import Rules

UTC = Calendar(dt.UTC)
US = dt.timedelta(microseconds=1)
PLAIN = Rules(window=3, winback=4, activation=2, k=2, event_first=False)


def name(i: int) -> str:
    return f"c{(i * 7) % 10}-{i}"


def replayed(
    given: list[list[Event]], how: Rules, as_of: dt.datetime, first: int = 0
) -> Population:
    records = [x for i, events in enumerate(given, first) for x in interactions(events, name(i))]
    log = InteractionLog.from_interactions(records, currency="EUR", calendar=UTC)
    return replay_log(log, policy_of(how), as_of=as_of)


def sequences(
    given: list[list[Event]], how: Rules, days: range, as_of: dt.datetime
) -> reference.Sequences:
    """Return each customer's stage at the end of the day before, and of each of some days."""
    out = {}
    for i, events in enumerate(given):
        history = replay(interactions(events, name(i)), policy_of(how), as_of=as_of)
        ends = range(days.start - 1, days.stop)
        out[name(i)] = [str(history.stage_at(day(d + 1) - US)) for d in ends]
    return out


# ------------------------------------------------------------------ the matrix


@given(populations(), rules(), st.integers(0, 16), st.none() | st.integers(0, 9))
def test_it_equals_looking_at_every_customer_at_every_end(
    given: list[list[Event]], how: Rules, n: int, start: int | None
) -> None:
    as_of = day(n) + DAY / 2  # day n is running
    over = None if start is None else Window(day(start), day(start + 5))
    found = replayed(given, how, as_of).transition_matrix(period="day", over=over)
    days = range(n) if start is None else range(start, min(start + 5, n))
    moves = reference.counts(sequences(given, how, days, as_of) if days else {})
    total: Counter[tuple[str, str]] = Counter()
    for pairs in moves.values():
        total += pairs
    sources = sorted({source for source, _ in total})
    targets = sorted({target for _, target in total})
    assert [axis.labels for axis in found.axes] == [tuple(sources), tuple(targets)]
    for s, source in enumerate(sources):
        left = [sum(c for (x, _), c in pairs.items() if x == source) for pairs in moves.values()]
        assert found.total[s] == sum(left)
        assert found.n[s] == sum(y > 0 for y in left)
        assert found.parts["yy"][s] == sum(y * y for y in left)
        for t, target in enumerate(targets):
            went = [pairs[source, target] for pairs in moves.values()]
            assert found.count[s, t] == sum(went)
            assert found.parts["xx"][s, t] == sum(x * x for x in went)
            assert found.parts["xy"][s, t] == sum(x * y for x, y in zip(went, left, strict=True))


@given(populations(), rules(), st.integers(0, 20), st.sampled_from(["day", "week"]))
def test_it_sums_the_net_flows_of_closed_periods(
    given: list[list[Event]], how: Rules, n: int, period: Any
) -> None:
    done = replayed(given, how, day(n))
    found, flows = done.transition_matrix(period=period), done.flows(period=period, kind="net")
    closed = np.asarray(flows.complete)[:, 0, 0] if flows.count.size else np.zeros(0, np.bool_)
    for s, source in enumerate(flows.axes[1].labels):
        for t, target in enumerate(flows.axes[2].labels):
            here = {source} <= set(found.axes[0].labels) and {target} <= set(found.axes[1].labels)
            told = found.select(source=source, target=target).count if here else 0
            assert told == flows.count[closed[: len(flows.count)], s, t].sum()
    known = (
        found.value[~np.isnan(found.value).any(axis=1)] if found.value.size else np.ones((1, 1))
    )
    assert known.sum(axis=1) == pytest.approx(np.ones(len(known)))


@given(populations(), populations(), rules(), st.integers(0, 20), st.booleans())
def test_it_adds(
    a: list[list[Event]], b: list[list[Event]], how: Rules, n: int, whole: bool
) -> None:
    options: dict[str, Any] = {"period": "day", "over": None if whole else Window(day(3), day(9))}
    one, two = replayed(a, how, day(n)), replayed(b, how, day(n), len(a))
    both = replayed(a + b, how, day(n)).transition_matrix(**options)
    found = one.transition_matrix(**options), two.transition_matrix(**options)
    assert found[0] + found[1] == both == found[1] + found[0]
    assert (one + two).transition_matrix(**options) == both


GIVEN: list[list[Event]] = [
    [(0, "qualified"), (1, "qualified")],  # RETAINED until day 4, LAPSED until 8, LOST
    [(0, "qualified")],  # ACTIVATED until day 3, LAPSED until 7, LOST
    [(2, "acquire")],  # ACQUIRED until day 4, LOST
]


def test_by_hand() -> None:
    found = replayed(GIVEN, PLAIN, day(6)).transition_matrix(period="day")  # days 0 to 5 closed
    told = {
        (row.source, row.target): (row.x, row.y)
        for row in found.to_frame().query("x > 0").itertuples()
    }
    assert told == {
        ("UNKNOWN", "ACTIVATED"): (2, 3),
        ("UNKNOWN", "ACQUIRED"): (1, 3),
        ("ACTIVATED", "RETAINED"): (1, 4),  # of the first customer
        ("ACTIVATED", "ACTIVATED"): (2, 4),  # of the second, on days 1 and 2
        ("ACTIVATED", "LAPSED"): (1, 4),
        ("RETAINED", "RETAINED"): (2, 3),
        ("RETAINED", "LAPSED"): (1, 3),
        ("LAPSED", "LAPSED"): (1 + 2, 3),
        ("ACQUIRED", "ACQUIRED"): (1, 2),
        ("ACQUIRED", "LOST"): (1, 2),
        ("LOST", "LOST"): (1, 1),
    }
    cell = found.select(source="ACTIVATED", target="ACTIVATED")
    assert (float(cell), cell.count, cell.total, cell.n) == (0.5, 2, 4, 2)
    rows = ClusteredShare.from_rows([0, 2], [1, 3], context=Context("by hand"))
    assert cell.interval() == rows.interval()
    assert 0 < cell.interval()[0] < cell.interval()[1] < 1
    assert cell.standard_error == rows.standard_error
    assert found.context.unit == "customer-period"
    assert pickle.loads(pickle.dumps(found)) == found


def test_intervals_and_differences_span_both_axes() -> None:
    early, late = (
        replayed(GIVEN, PLAIN, day(20)).transition_matrix(period="day", over=over)
        for over in (Window(START, day(4)), Window(START, day(6)))
    )
    cells: dict[str, Any] = {"source": ["ACTIVATED", "RETAINED"], "target": ["LAPSED", "RETAINED"]}
    one, two = early.select(**cells), late.select(**cells)
    low, high = one.interval()
    assert low.shape == high.shape == one.value.shape == one.standard_error.shape == (2, 2)
    told = one.difference(two)
    for s, source in enumerate(cells["source"]):
        for t, target in enumerate(cells["target"]):
            a, b = (found.select(source=source, target=target) for found in (one, two))
            assert one.value[s, t] == float(a)
            np.testing.assert_equal([low[s, t], high[s, t]], list(a.interval()))
            alone = a.difference(b)
            np.testing.assert_equal(told.value[s, t], alone.value)
            bounds = [bound[s, t] for bound in told.interval()]
            np.testing.assert_equal(bounds, list(alone.interval()))


def test_a_difference_is_that_of_ratios_by_customer() -> None:
    """ACTIVATED to ACTIVATED: 0 of 1 and 2 of 3 days, against 1 of 2, 1 of 2 and 0 of 1."""
    other: list[list[Event]] = [
        [(0, "qualified"), (2, "cancel")],
        [(1, "qualified"), (3, "cancel")],
        [(0, "qualified"), (1, "cancel")],
    ]
    cell = {"source": "ACTIVATED", "target": "ACTIVATED"}
    one, two = (
        replayed(given, PLAIN, day(6)).transition_matrix(period="day").select(**cell)
        for given in (GIVEN, other)
    )
    rows = [
        Ratio.from_rows(x, y, context=Context("by hand"))
        for x, y in (([0, 2], [1, 3]), ([1, 1, 0], [2, 2, 1]))
    ]
    assert one.difference(two).interval() == rows[0].difference(rows[1]).interval()


# ------------------------------------------------------------------ the forecast


@given(
    populations(),
    rules(),
    st.integers(1, 16),
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
)
def test_the_forecast_equals_fractions(
    given: list[list[Event]], how: Rules, n: int, arrivals: list[int]
) -> None:
    done = replayed(given, how, day(n))
    asked: dict[str, Any] = {"periods": len(arrivals), "period": "day", "arrivals": arrivals}
    stages = sequences(given, how, range(n), day(n))
    if not any(e[0] < n for events in given for e in events):
        with pytest.raises(InvalidInputError, match="periods must have a closed one"):
            done.forecast(**asked)
        return
    expected = reference.forecast(stages, arrivals)
    if expected is None:
        with pytest.raises(InvalidInputError, match="no closed period starts with anyone in"):
            done.forecast(**asked)
        return
    found = done.forecast(**asked)
    for level, row in zip(expected, found.customers.tolist(), strict=True):
        assert row == pytest.approx([float(level.get(stage, 0)) for stage in found.states])
    people = sum(one[-1] != "UNKNOWN" for one in stages.values())
    assert found.total.tolist() == pytest.approx((people + np.cumsum(arrivals)).tolist())
    assert found.periods == tuple(day(n + i).date() for i in range(len(arrivals)))


def test_a_forecast_by_hand() -> None:
    """Learned from days 0 to 7; on the last, two are LAPSED or LOST, and nobody leaves LOST."""
    done = replayed(GIVEN, PLAIN, day(8) + DAY / 2)
    found = done.forecast(periods=2, period="day", arrivals=3)
    assert found.states == (
        "ACQUIRED",
        "ACTIVATED",
        "ERASED",
        "LAPSED",
        "LOST",
        "RETAINED",
        "WON_BACK",
    )
    assert found.opening.tolist() == [0, 0, 0, 1, 2, 0, 0]
    lapsed = 6 / 7  # the first was LAPSED after days 4, 5, 6 and 7, the second after 3 to 6
    assert found.customers[0].tolist() == pytest.approx([1, 2, 0, lapsed, 2 + 1 / 7, 0, 0])
    assert found.total.tolist() == pytest.approx([6, 9])
    assert found.periods == (day(8).date(), day(9).date())
    frame = found.to_frame()
    assert list(frame.columns) == ["period", "stage", "customers"]
    assert repr(found) == "Forecast(metric='lifecycle_forecast', period[2] x stage[7])"
    until = Window(START, day(6))
    back = done.forecast(periods=3, period="day", arrivals=0, over=until)
    assert back.periods[0] == day(6).date()
    assert back.opening.tolist() == [0, 0, 0, 2, 1, 0, 0]


def test_the_erased_stay_erased_though_none_was_seen_to() -> None:
    given: list[list[Event]] = [[(0, "qualified"), (2, "erase")]]
    found = replayed(given, PLAIN, day(3)).forecast(periods=3, period="day", arrivals=0)
    assert found.customers[:, found.states.index("ERASED")].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"periods": 0}, "periods must be at least 1"),
        ({"arrivals": [1, 2]}, "arrivals must be one number, or one a period: got 2 for 1"),
        ({"arrivals": -1}, "arrivals must not be negative"),
        ({"period": "fortnight"}, "period must be one of"),
        ({"period": "month"}, "periods must have a closed one to learn from: there is none"),
        (
            {"over": Window(day(3), day(4)), "arrivals": 1},
            "arrivals must be 0 here: nobody arrived in a closed period",
        ),
        (
            {"over": Window(START, day(1)), "arrivals": 0},
            "no closed period starts with anyone in ACTIVATED",
        ),
    ],
)
def test_questions_are_checked(options: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"periods": 1, "period": "day", "arrivals": 0, **options}
    with pytest.raises(InvalidInputError, match=message):
        replayed(GIVEN, PLAIN, day(6)).forecast(**asked)


def test_nobody_arrived_and_none_will() -> None:
    done = replayed(GIVEN, PLAIN, day(9))
    over = Window(day(3), day(8))
    assert done.forecast(periods=1, period="day", arrivals=0, over=over).total.tolist() == [3]


def test_an_empty_matrix() -> None:
    nobody = replayed([], PLAIN, day(6)).transition_matrix(period="day")
    assert nobody.axes == (Axis("source", [], "state"), Axis("target", [], "state"))
    some = replayed(GIVEN, PLAIN, day(6)).transition_matrix(period="day")
    assert nobody + some == some == some + nobody


# ------------------------------------------------------------------ from states


@given(populations(), rules(), st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_it_goes_on_from_states_of_an_earlier_replay(
    given: list[list[Event]], how: Rules, k: int, more: int, late: bool
) -> None:
    """Whole days after the states are as in one replay, whether they end a day or not."""
    settled = day(k + 1) - US if late else day(k) + DAY / 2
    as_of, policy = day(k + more + 1), policy_of(how)
    records = [x for i, events in enumerate(given) for x in interactions(events, name(i))]
    log = InteractionLog.from_interactions(records, currency="EUR", calendar=UTC)
    whole = replay_log(log, policy, as_of=as_of)
    stood = replay_log(log, policy, as_of=settled).states()
    later = log.between(Window(settled + US, None))
    part = replay_log(later, policy, as_of=as_of, initial=stood)
    over = Window(day(k + 1), day(k + 12))
    expected = whole.transition_matrix(period="day", over=over)
    assert part.transition_matrix(period="day", over=over) == expected
    free = part.transition_matrix(period="day")
    assert free.axes == expected.axes
    assert free.count.tolist() == expected.count.tolist()
    options: dict[str, Any] = {"periods": 2, "period": "day", "arrivals": 0, "over": over}
    try:
        told = whole.forecast(**options)
    except InvalidInputError as refusal:
        with pytest.raises(InvalidInputError, match=str(refusal)):
            part.forecast(**options)
    else:
        assert part.forecast(**options) == told


def test_periods_before_the_states_are_refused() -> None:
    policy = policy_of(PLAIN)
    records = [x for i, events in enumerate(GIVEN) for x in interactions(events, name(i))]
    log = InteractionLog.from_interactions(records, currency="EUR", calendar=UTC)
    stood = replay_log(log, policy, as_of=day(3)).states()
    done = replay_log(log.between(Window(day(3) + US, None)), policy, as_of=day(9), initial=stood)
    with pytest.raises(InvalidInputError, match="over must not start before the initial states"):
        done.transition_matrix(period="day", over=Window(day(3), None))
