"""Active users by day: the worked cases, against distinct counts, and as a statistic that adds."""

import datetime as dt
import pickle
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.growth.active_users import RATES, ActiveUserStates, active_user_states
from customerops.lifecycle.growth.user_moves import ACTIVE_TODAY, STATES
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Axis
from customerops.model.values.calendar import Calendar
from customerops.model.values.window import Window
from tests.reference import active_users as reference

UTC = Calendar(dt.UTC)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ORDER = ("new", "current", "reactivated", "resurrected", "at_risk_wau", "at_risk_mau", "dormant")

Days = dict[str, list[tuple[int, bool]]]
"""Customer to the days of an event, and whether it is a use."""


def log_of(given: Days, **options: Any) -> InteractionLog:
    records = [
        Interaction(customer_id=c, at=START + (n + 0.4) * DAY, kind="use" if use else "open")
        for c, days in given.items()
        for n, use in days
    ]
    return InteractionLog.from_interactions(records, calendar=UTC, **options)


def uses(**days: list[int]) -> Days:
    return {c: [(n, True) for n in ns] for c, ns in days.items()}


def end(n: int) -> dt.datetime:
    return START + (n + 1) * DAY - dt.timedelta(microseconds=1)


def everyone(names: str = "abcde") -> st.SearchStrategy[Days]:
    days = st.lists(st.tuples(st.integers(0, 24), st.booleans()), max_size=7)
    return st.dictionaries(st.sampled_from(names), days, max_size=5)


windows = st.tuples(st.integers(1, 4), st.integers(5, 9))


def cell(found: ActiveUserStates, d: int) -> dict[str, int]:
    day = found.select(period=(START + d * DAY).date())
    return dict(zip(STATES, day.customers.tolist(), strict=True))


# ------------------------------------------------------------------ the worked cases


def test_a_life_through_all_seven_states() -> None:
    """Windows of the Duolingo growth model: active 1, 2, 9 and 40; gaps 6, 7, 29, 30."""
    log = log_of(uses(u=[1, 2, 9, 40])).until(end(46))
    found = active_user_states(log, activity="use")
    told = [next(s for s, n in cell(found, d).items() if n) for d in range(1, 47)]
    assert told == [
        "new",
        "current",
        *["at_risk_wau"] * 6,
        "reactivated",
        *["at_risk_wau"] * 6,
        *["at_risk_mau"] * 23,
        "dormant",
        "resurrected",
        *["at_risk_wau"] * 6,
    ]


def test_stocks_of_four_users() -> None:
    given = uses(a=[1, 2, 3], b=[1, 20], c=[1], d=[1, 45])
    found = active_user_states(log_of(given).until(end(50)), activity="use")
    for d, stocks in {
        1: [4, 0, 0, 0, 0, 0, 0],
        2: [0, 1, 0, 0, 3, 0, 0],
        3: [0, 1, 0, 0, 3, 0, 0],
        7: [0, 0, 0, 0, 4, 0, 0],
        8: [0, 0, 0, 0, 1, 3, 0],
        20: [0, 0, 1, 0, 0, 3, 0],
        31: [0, 0, 0, 0, 0, 2, 2],
        45: [0, 0, 0, 1, 0, 1, 2],
    }.items():
        told = cell(found, d)
        assert [told[state] for state in ORDER] == stocks
    assert found.total.tolist() == [4] * 50
    at = found.axes[0].labels.index(dt.date(2026, 2, 1))  # day 31
    assert (found.dau[at], found.wau[at], found.mau[at]) == (0, 0, 2)


def test_nobody_is_dormant_before_the_first_activity() -> None:
    given: Days = {"a": [(1, False), (3, False), (5, True)]}
    found = active_user_states(log_of(given).until(end(6)), activity="use")
    assert found.axes[0].labels[0] == (START + 5 * DAY).date()
    assert cell(found, 5)["new"] == 1
    window = Window(START, START + 7 * DAY)
    wide = active_user_states(log_of(given).until(end(6)), activity="use", over=window)
    assert wide.total.tolist() == [0, 0, 0, 0, 0, 1, 1]


# ------------------------------------------------------------------ against looking every day anew


@given(everyone(), st.integers(0, 30), windows, st.none() | st.integers(0, 12))
def test_it_equals_looking_every_day_anew(
    given: Days, n: int, lengths: tuple[int, int], start: int | None
) -> None:
    active = {c: {d for d, use in days if use and d <= n} for c, days in given.items()}
    active = {c: days for c, days in active.items() if days}
    window = None if start is None else Window(START + start * DAY, START + (start + 9) * DAY)
    found = active_user_states(
        log_of(given), activity="use", windows=lengths, as_of=end(n), over=window
    )
    begun = min((min(days) for days in active.values()), default=n + 1)
    days = range(begun, n + 1) if start is None else range(start, start + 9)
    assert list(found.axes[0].labels) == [(START + d * DAY).date() for d in days]
    for i, d in enumerate(days):
        expected = reference.moves(active, d, *lengths)
        for target, state in enumerate(STATES):
            assert found.customers[i, target] == sum(
                n for (_, to), n in expected.items() if to == state
            )
            for source in STATES:
                part = found.parts[f"from_{source}"]
                assert part[i, target] == expected[source, state]
        assert found.dau[i] == reference.distinct(active, d, 1)
        assert found.wau[i] == reference.distinct(active, d, lengths[0])
        assert found.mau[i] == reference.distinct(active, d, lengths[1])
        assert found.total[i] == len([c for c in active.values() if min(c) <= d])


@given(everyone(), st.integers(0, 30), windows)
def test_each_day_starts_from_the_one_before(
    given: Days, n: int, lengths: tuple[int, int]
) -> None:
    found = active_user_states(log_of(given), activity="use", windows=lengths, as_of=end(n))
    for code, state in enumerate(STATES):
        left = found.parts[f"from_{state}"].sum(axis=1)
        assert left[1:].tolist() == found.customers[:-1, code].tolist()


@given(everyone("abc"), everyone("xyz"), st.integers(0, 30), st.booleans(), st.booleans())
def test_partitions_add(a: Days, b: Days, n: int, whole: bool, grouped: bool) -> None:
    def made(part: Days) -> ActiveUserStates:
        people = [
            Customer(id=c, created_at=START, attributes={"team": "red" if ord(c) % 2 else "blue"})
            for c in part
        ]
        return active_user_states(
            log_of(part).with_customers(people, attributes=["team"]),
            activity="use",
            windows=(3, 8),
            as_of=end(n),
            over=None if whole else Window(START + 4 * DAY, START + 11 * DAY),
            by="team" if grouped else None,
        )

    assert made(a) + made(b) == made({**a, **b}) == made(b) + made(a)
    for name in RATES:
        assert made(a).rate(name) + made(b).rate(name) == made({**a, **b}).rate(name)


# ------------------------------------------------------------------ rates


@given(everyone(), st.integers(0, 30), windows)
def test_rates_are_shares_of_the_day_before(given: Days, n: int, lengths: tuple[int, int]) -> None:
    active = {c: {d for d, use in days if use and d <= n} for c, days in given.items()}
    found = active_user_states(log_of(given), activity="use", windows=lengths, as_of=end(n))
    sources = {
        "NURR": "new",
        "CURR": "current",
        "RURR": "reactivated",
        "SURR": "resurrected",
        "iWAURR": "at_risk_wau",
        "reactivation": "at_risk_mau",
        "resurrection": "dormant",
    }
    labels: Any = found.axes[0].labels
    for i, label in enumerate(labels):
        d = (label - START.date()) // DAY
        users = {c: reference.state(days, d - 1, *lengths) for c, days in active.items()}
        for name, source in sources.items():
            yesterday = [c for c, s in users.items() if s == source]
            rate = found.rate(name)
            assert rate.total[i] == len(yesterday)
            assert rate.count[i] == sum(d in active[c] for c in yesterday)
        for name, source, target in (
            ("wau_loss", "at_risk_wau", "at_risk_mau"),
            ("mau_loss", "at_risk_mau", "dormant"),
        ):
            yesterday = [c for c, s in users.items() if s == source]
            gone = [c for c in yesterday if reference.state(active[c], d, *lengths) == target]
            assert (found.rate(name).count[i], found.rate(name).total[i]) == (
                len(gone),
                len(yesterday),
            )


def test_rates_by_hand() -> None:
    given = uses(a=[0, 1, 2], b=[0, 1], c=[0])
    found = active_user_states(log_of(given), activity="use", as_of=end(3) - DAY / 2)
    assert found.complete.tolist() == [[True] * 7] * 3 + [[False] * 7]
    nurr, curr = found.rate("NURR"), found.rate("CURR")
    assert nurr.count.tolist() == [0, 2, 0, 0]
    assert nurr.total.tolist() == [0, 3, 0, 0]
    assert curr.value.tolist()[2] == 0.5
    assert np.isnan(curr.value).tolist() == [True, True, False, True]  # the last day is running
    assert curr.definition is None
    low, high = nurr.interval()
    assert (low[1], high[1]) == pytest.approx((0.2077, 0.9385), abs=1e-4)
    with pytest.raises(InvalidInputError, match="options must be the same"):
        nurr + curr


# ------------------------------------------------------------------ history and local days


def test_a_truncated_history_is_flagged() -> None:
    given = uses(a=[2, 3, 9], b=[4, 5])
    log = log_of(given, observed=Window(START + DAY, None)).until(end(10))
    found = active_user_states(log, activity="use", windows=(2, 5))
    assert (
        found.truncated.tolist() == [True] * 3 + [False] * 6
    )  # days 2, 3, 4: they need -2, -1, 0
    assert found.rate("NURR").total.tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    day = found.select(period=(START + 4 * DAY).date())
    assert day.truncated is True
    assert day.rate("NURR").total == 0
    assert day.to_frame()["truncated"].tolist() == [True] * 7
    free = active_user_states(log_of(given).until(end(10)), activity="use", windows=(2, 5))
    assert not free.truncated.any()


def test_days_are_local_and_may_have_23_hours() -> None:
    """In New York, 8 March 2026 has 23 hours: 24 hours after a midnight miss the next one."""
    zone = ZoneInfo("America/New_York")
    at = [dt.datetime(2026, 3, day, hour, tzinfo=zone) for day, hour in ((7, 23), (8, 23), (9, 0))]
    records = [Interaction(customer_id=1, at=t, kind="use") for t in at]
    log = InteractionLog.from_interactions(records, calendar=Calendar(zone))
    found = active_user_states(log.until_day(dt.date(2026, 3, 9)), activity="use")
    assert found.dau.tolist() == [1, 1, 1]
    assert found.select(state="current").customers.tolist() == [0, 1, 1]


def test_groups_add_up_to_the_whole() -> None:
    people = [Customer(id=c, country="FR" if c == "a" else "DE") for c in "abc"]
    log = log_of(uses(a=[0, 1], b=[0], c=[2])).with_customers(people).until(end(3))
    by = active_user_states(log, activity="use", by="country")
    assert [axis.name for axis in by.axes] == ["country", "period", "state"]
    assert by.dau.tolist() == [[1, 0, 1, 0], [1, 1, 0, 0]]
    assert by.rate("NURR").total.tolist() == [[0, 1, 0, 1], [0, 1, 0, 0]]
    assert by.rollup("country") == active_user_states(log, activity="use")


def test_frames_and_one_cell() -> None:
    found = active_user_states(log_of(uses(a=[0, 1])).until(end(1)), activity="use")
    assert list(found.to_frame().columns) == [
        "period",
        "state",
        "customers",
        *(f"from_{state}" for state in STATES),
        "truncated",
        "complete",
    ]
    day = found.select(period=dt.date(2026, 1, 2))
    assert (day.dau, day.wau, day.mau, day.total) == (1, 1, 1, 1)
    current = day.select(state="current")
    assert (current.customers, current.parts["from_new"].item()) == (1, 1)
    assert pickle.loads(pickle.dumps(found)) == found
    assert "ActiveUserStates" in repr(found)


def test_an_empty_log() -> None:
    nobody = active_user_states(log_of({}), activity="use", as_of=START)
    some = active_user_states(log_of(uses(a=[0])), activity="use", as_of=START)
    assert nobody.customers.shape == (0, 7)
    assert nobody + some == some == some + nobody


# ------------------------------------------------------------------ the forecast


@given(everyone(), st.integers(3, 30), st.lists(st.floats(0, 5), min_size=1, max_size=4))
def test_the_forecast_moves_people_on_and_loses_none(
    given: Days, n: int, new: list[float]
) -> None:
    active = {c: {d for d, use in days if use and d <= n} for c, days in given.items()}
    active = {c: days for c, days in active.items() if days}
    found = active_user_states(log_of(given), activity="use", windows=(2, 4), as_of=end(n))
    if not active:
        with pytest.raises(InvalidInputError, match="days must have one that is complete"):
            found.forecast(periods=len(new), new=new)
        return
    first = min(min(days) for days in active.values())
    seen: Counter[tuple[str | None, str]] = Counter()
    for d in range(first, n + 1):
        seen += reference.moves(active, d, 2, 4)
    stocks = dict(zip(STATES, map(float, found.customers[-1].tolist()), strict=True))
    left = {source for source, _ in seen}
    expected = reference.forecast(stocks, seen, new)
    visited = [stocks, *expected[:-1]]
    if any(people > 0 and s not in left for level in visited for s, people in level.items()):
        with pytest.raises(InvalidInputError, match="no closed period starts with anyone in"):
            found.forecast(periods=len(new), new=new)
        return
    told = found.forecast(periods=len(new), new=new)
    assert told.periods == tuple((START + (n + 1 + i) * DAY).date() for i in range(len(new)))
    for level, row in zip(expected, told.customers.tolist(), strict=True):
        assert row == pytest.approx([level[s] for s in STATES], abs=1e-9)
    people = len(active) + np.cumsum(new)
    assert told.total.tolist() == pytest.approx(people.tolist())


def test_a_forecast_by_hand() -> None:
    """Half of the new come again, and nobody who is at risk: 4 of 8 a day go on as current."""
    days = {f"u{i}": [i // 4, *([i // 4 + 1] if i % 2 else [])] for i in range(20)}
    log = log_of(uses(**days)).until(end(4) + DAY / 2)  # the 6th day is running
    found = active_user_states(log, activity="use", windows=(2, 3))
    told = found.forecast(periods=2, new=8)
    opening = dict(zip(told.states, told.opening.tolist(), strict=True))
    assert opening == {
        "at_risk_mau": 2 + 2,
        "at_risk_wau": 2 + 2,
        "current": 2,
        "dormant": 6,
        "new": 4,
        "reactivated": 0,
        "resurrected": 0,
    }
    first = dict(zip(told.states, told.customers[0].tolist(), strict=True))
    assert first == {
        "at_risk_mau": 4,
        "at_risk_wau": 2 + 2,
        "current": 2,
        "dormant": 10,
        "new": 8,
        "reactivated": 0,
        "resurrected": 0,
    }
    assert told.periods == (dt.date(2026, 1, 6), dt.date(2026, 1, 7))
    assert told.total.tolist() == [28, 36]
    assert told.arrivals.tolist() == [8, 8]
    assert repr(told) == "Forecast(metric='active_user_states', period[2] x state[7])"
    frame = told.to_frame()
    assert frame.iloc[4].tolist() == [frame["period"][0], "new", 8.0]
    assert frame["period"].astype(str).tolist()[6:8] == ["2026-01-06", "2026-01-07"]
    assert "<td>8.0</td>" in told._repr_html_()
    back = pickle.loads(pickle.dumps(told))
    assert back == told
    assert not back.customers.flags.writeable
    assert told != found.forecast(periods=2, new=[8, 9])
    with pytest.raises(TypeError, match="unsupported operand"):
        told + told  # type: ignore[operator]


# ------------------------------------------------------------------ what is refused

FOUND: Any = active_user_states(log_of(uses(a=[0, 1, 2], b=[0])).until(end(3)), activity="use")
PEOPLE = [Customer(id=c, country="FR") for c in "ab"]
GROUPED = active_user_states(
    log_of(uses(a=[0], b=[0])).with_customers(PEOPLE).until(end(3)), activity="use", by="country"
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windows": [7, 30]}, "windows must be two numbers of days: got list"),
        ({"windows": (7,)}, "windows must be two numbers of days: got 1"),
        ({"windows": (7, 7)}, "windows must rise: got 7 and 7"),
        ({"windows": (0, 7)}, "windows must be at least 1"),
        ({"windows": (1.5, 7)}, "windows must be an int: got float"),
        ({"over": Window(START + DAY / 2, None)}, "over must lie on the edges of a day"),
        ({"as_of": None}, "as_of must be given"),
        ({"by": "plan"}, "plan"),
        ({"activity": 3}, "rule"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], message: str) -> None:
    asked = {"activity": "use", "as_of": START, **options}
    with pytest.raises(InvalidInputError, match=message):
        active_user_states(log_of(uses(a=[0])), **asked)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FOUND.rate("curr"), "did you mean 'CURR'"),
        (lambda: FOUND.select(state="new").dau, "states must all be there"),
        (lambda: FOUND.select(state=["new"]).rate("CURR"), "states must all be"),
        (lambda: FOUND.forecast(periods=0, new=1), "periods must be at least 1"),
        (lambda: FOUND.forecast(periods=10**9, new=1), "periods must be at most 100000"),
        (lambda: FOUND.forecast(periods=2, new=[1]), "new must be one number, or one a period"),
        (lambda: FOUND.forecast(periods=2, new="12"), "new must be one number, .*got str"),
        (lambda: FOUND.forecast(periods=2, new=-1), "new must not be negative"),
        (lambda: FOUND.forecast(periods=2, new=float("nan")), "new must be finite"),
        (lambda: FOUND.forecast(periods=2, new=None), "new must be a float"),
        (lambda: GROUPED.forecast(periods=1, new=0), "axes must be days and states alone"),
        (
            lambda: FOUND.select(state=["new", "dormant"]).forecast(periods=1, new=0),
            "select them afterwards",
        ),
        (
            lambda: FOUND.select(period=[dt.date(2026, 1, 1)]).forecast(periods=1, new=0),
            "moves must show how customers leave .* no closed period starts with anyone in new",
        ),
        (
            lambda: active_user_states(
                log_of(uses(a=[0]), observed=Window(START, None)).until(end(3)), activity="use"
            ).forecast(periods=1, new=0),
            "days must have one that is complete and wholly observed",
        ),
    ],
)
def test_questions_are_checked(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_parts_must_agree() -> None:
    axes = [Axis("state", STATES, "state", disjoint=True)]
    parts: dict[str, Any] = {name: [0] * 7 for name in ActiveUserStates.PARTS}
    context = Context("active_user_states", options={"windows": (7, 30)})
    message = "customers must have been in one state the day before, unless new"
    one = [int(state == "current") for state in STATES]
    with pytest.raises(InvalidInputError, match=message):
        ActiveUserStates(axes=axes, parts={**parts, "customers": one}, context=context)
    with pytest.raises(InvalidInputError, match=message):
        ActiveUserStates(axes=axes, parts={**parts, "from_new": one}, context=context)
    with pytest.raises(InvalidInputError, match="from_new must not be negative"):
        ActiveUserStates(
            axes=axes, parts={**parts, "from_new": [-n for n in one]}, context=context
        )
    new = [int(state == "new") for state in STATES]
    good = ActiveUserStates(axes=axes, parts={**parts, "customers": new}, context=context)
    assert (good.dau, good.truncated) == (1, False)


def test_the_states_are_named_once() -> None:
    assert sorted(ORDER) == list(STATES)
    assert ORDER[:4] == ACTIVE_TODAY
