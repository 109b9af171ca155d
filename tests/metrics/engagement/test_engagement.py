"""Active customers, stickiness, rhythm and own gaps, against a slow reading of local days."""

from __future__ import annotations

import datetime as dt
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle import active_user_states
from customerops.metrics import (
    ActiveCustomers,
    PowerCurve,
    active_customers,
    activity_profile,
    next_purchase,
    power_curve,
    recency_frequency,
    stickiness,
)
from customerops.model import (
    Axis,
    Calendar,
    Context,
    Customer,
    Interaction,
    InteractionLog,
    Window,
)
from tests.reference import engagement as slow
from tests.reference.metrics import histories

UTC = dt.UTC
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("America/New_York")])
DAY = dt.timedelta(days=1)
US = dt.timedelta(microseconds=1)
BOTH = ("use", "purchase")

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/stickiness.json").read_text())[
        "cases"
    ]
}

# about the last Sunday of March 2026, when the clock goes forward in Europe
INSTANTS = st.integers(0, 2 * 24 * 40).map(
    lambda n: dt.datetime(2026, 3, 10, tzinfo=UTC) + n * dt.timedelta(minutes=30)
)
ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.integers(1, 4),
        kind=st.sampled_from(["use", "use", "purchase", "refund", "open"]),
        at=INSTANTS,
    ),
    max_size=25,
)


def log_of(rows: list[Interaction], zone: Any = UTC, **options: Any) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=Calendar(zone), **options)


def on(zone: Any = UTC, **days: list[int]) -> list[Interaction]:
    """Uses at noon of some days of January 2026, by customer."""
    return [
        Interaction(
            customer_id=who,
            kind="use",
            at=dt.datetime(2026, 1, 1, 12, tzinfo=zone) + (d - 1) * DAY,
        )
        for who, ds in days.items()
        for d in ds
    ]


def january(first: int, end: int, zone: Any = UTC) -> Window:
    start = dt.datetime(2026, 1, 1, tzinfo=zone)
    return Window(start + (first - 1) * DAY, start + (end - 1) * DAY)


def dates(window: Window, zone: Any) -> list[dt.date]:
    assert window.start is not None
    assert window.end is not None
    first, end = (t.astimezone(zone).date() for t in (window.start, window.end))
    return [first + k * DAY for k in range((end - first).days)]


SPAN = st.tuples(st.integers(0, 20), st.integers(1, 20))


def window_of(span: tuple[int, int], zone: Any) -> Window:
    first = dt.date(2026, 3, 10) + span[0] * DAY
    last = first + span[1] * DAY
    return Window(
        *(dt.datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last))
    )


# ------------------------------------------------------------------ active customers


@given(ROWS, INSTANTS, ZONES, st.integers(1, 9), st.integers(1, 2))
def test_trailing_days_equal_looking_back_every_day(
    rows: list[Interaction], as_of: dt.datetime, zone: Any, length: int, least: int
) -> None:
    log = log_of(rows, zone).until(as_of)
    found = active_customers(log, activity=set(BOTH), trailing=length, min_events=least)
    own = slow.days_of(histories(rows, as_of), zone, BOTH, least)
    days: Any = found.axes[0].labels
    assert found.customers.tolist() == [slow.trailing(own, day, length) for day in days]
    every = set().union(*own.values())
    if every:
        assert (days[0], days[-1]) == (min(every), as_of.astimezone(zone).date())
    else:
        assert days == ()


@given(ROWS, INSTANTS, ZONES, SPAN, st.sampled_from(["day", "week", "month"]))
def test_periods_and_windows_count_each_customer_once(
    rows: list[Interaction], as_of: dt.datetime, zone: Any, span: tuple[int, int], period: Any
) -> None:
    log = log_of(rows, zone).until(as_of)
    own = slow.days_of(histories(rows, as_of), zone, ["use"])
    window = window_of(span, zone)
    whole = active_customers(log, activity="use", over=window)
    assert whole.customers == slow.distinct(own, dates(window, zone))
    table = active_customers(log, activity="use", period=period)
    calendar = Calendar(zone)
    for label, n in zip(table.axes[0].labels, table.customers.tolist(), strict=True):
        assert isinstance(label, dt.date)
        ordinal = calendar.ordinal_of(label, period)
        (end,) = calendar.labels([ordinal + 1], period)
        assert n == slow.distinct(own, [label + k * DAY for k in range((end - label).days)])


@given(ROWS, INSTANTS, ZONES)
def test_they_agree_with_the_seven_states(
    rows: list[Interaction], as_of: dt.datetime, zone: Any
) -> None:
    log = log_of(rows, zone).until(as_of)
    states = active_user_states(log, activity="use")
    for length, expected in ((1, states.dau), (7, states.wau), (30, states.mau)):
        found = active_customers(log, activity="use", trailing=length)
        assert found.customers.tolist() == expected.tolist()


def test_at_least_so_many_events_and_groups() -> None:
    rows = on(a=[1, 1, 2], b=[1, 2, 2])
    log = log_of(rows).with_customers(
        [Customer(id="a", attributes={"plan": "x"}), Customer(id="b", attributes={"plan": "y"})]
    )
    log = log.until_day(dt.date(2026, 1, 2))
    by_plan = active_customers(log, activity="use", period="day", min_events=2, by="plan")
    assert by_plan.customers.tolist() == [[1, 0], [0, 1]]
    assert by_plan.rollup("plan").customers.tolist() == [1, 1]
    window = active_customers(log, activity="use", over=january(1, 3), min_events=3)
    assert window.customers == 2
    with pytest.raises(InvalidInputError, match="period must have each customer in one cell"):
        by_plan.rollup("period")


def test_the_running_day_is_not_known_and_counts_are_poisson() -> None:
    log = log_of(on(**{str(i): [1, 2] for i in range(10)})).until(
        dt.datetime(2026, 1, 2, 13, tzinfo=UTC)
    )
    found = active_customers(log, activity="use", period="day")
    assert found.customers.tolist() == [10, 10]
    assert found.complete.tolist() == [True, False]
    np.testing.assert_array_equal(found.value, [10, np.nan])
    low, high = found.interval()
    assert [round(low[0], 3), round(high[0], 3)] == [4.795, 18.390]  # Garwood (1936), 10 events
    assert np.isnan([low[1], high[1]]).all()
    cut = found.select(period=dt.date(2026, 1, 1))
    assert (cut.value, cut.truncated) == (10.0, False)
    assert "truncated" in found.to_frame().columns
    with pytest.raises(InvalidInputError, match="customers must not be negative"):
        ActiveCustomers(parts={"customers": -1}, context=Context("active_customers"))


def test_a_short_history_is_flagged() -> None:
    seen = Window(dt.datetime(2026, 1, 3, tzinfo=UTC), None)
    log = log_of(on(a=[3, 9]), observed=seen).until_day(dt.date(2026, 1, 9))
    found = active_customers(log, activity="use", trailing=3, over=january(3, 10))
    assert found.truncated.tolist() == [True, True, *[False] * 5]
    assert found.select(period=dt.date(2026, 1, 4)).truncated is True
    assert active_customers(log, activity="use", over=january(3, 10)).truncated is False
    daily = stickiness(log, activity="use", definition="daily", windows=(1, 3))
    assert daily.truncated.tolist() == [True, True, *[False] * 5]  # type: ignore[union-attr]
    for over, flag in ((january(3, 10), True), (january(5, 10), False)):
        pooled = stickiness(log, activity="use", definition="pooled", windows=(1, 3), over=over)
        assert pooled.truncated is flag  # type: ignore[union-attr]
    within = stickiness(log, activity="use", definition="calendar", over=january(3, 10))
    assert within.truncated is False  # type: ignore[union-attr]


def test_what_active_customers_needs() -> None:
    log = log_of(on(a=[1])).until_day(dt.date(2026, 1, 2))
    with pytest.raises(InvalidInputError, match="trailing must be left out with period="):
        active_customers(log, activity="use", period="day", trailing=7)
    with pytest.raises(InvalidInputError, match="period must be given: or trailing="):
        active_customers(log, activity="use")
    with pytest.raises(InvalidInputError, match="over must have both ends without a period"):
        active_customers(log, activity="use", over=Window(None, None))
    for name in ("trailing", "min_events"):
        with pytest.raises(InvalidInputError, match=f"{name} must be"):
            active_customers(log, activity="use", **{"period": None, name: 0})  # type: ignore[arg-type]


# ------------------------------------------------------------------ stickiness


def test_stickiness_cases() -> None:
    assert set(CASES) == {"stickiness_day", "stickiness_2day_b", "stickiness_cumulative"}


@pytest.mark.parametrize("name", CASES)
def test_published_stickiness(name: str) -> None:
    case = CASES[name]
    said = case["params"]
    log = InteractionLog.from_arrays(
        customer_id=[c for c, _, _ in case["events"]],
        kind=[k for _, k, _ in case["events"]],
        at=[dt.datetime.fromisoformat(at) for _, _, at in case["events"]],
        tz=UTC,
    ).until_day(dt.date.fromisoformat(said["end"]))
    end = dt.datetime.fromisoformat(said["end"] + "T00:00:00+00:00") + DAY
    over = Window(dt.datetime.fromisoformat(said["start"] + "T00:00:00+00:00"), end)
    found = stickiness(
        log,
        activity="pv",
        definition=said["mode"],
        unit=said["period"],
        every=said.get("every"),
        over=over,
    )
    assert found.count.tolist() == case["expected"]["counts"]  # type: ignore[union-attr]


@given(
    ROWS,
    INSTANTS,
    ZONES,
    SPAN,
    st.tuples(st.integers(1, 3), st.integers(4, 9)),
    st.integers(1, 2),
    st.sampled_from(["pooled", "calendar"]),
)
def test_ratios_equal_looking_at_every_day(
    rows: list[Interaction],
    as_of: dt.datetime,
    zone: Any,
    span: tuple[int, int],
    windows: tuple[int, int],
    least: int,
    definition: Any,
) -> None:
    over = window_of(span, zone)
    log = log_of(rows, zone).until(as_of)
    own = slow.days_of(histories(rows, as_of), zone, BOTH, least)
    days = dates(over, zone)
    today = as_of.astimezone(zone).date()
    if definition == "pooled":
        days = [day for day in days if day <= today]
    found = stickiness(
        log,
        activity=set(BOTH),
        definition=definition,
        windows=windows if definition == "pooled" else None,
        min_events=least,
        over=over,
    )
    expected = slow.ratio_parts(slow.ratio(own, days, definition, windows))
    assert {name: int(part) for name, part in found.parts.items()} == expected
    by_week = stickiness(
        log,
        activity=set(BOTH),
        definition=definition,
        windows=windows if definition == "pooled" else None,
        min_events=least,
        period="week",
    )
    for i, monday in enumerate(by_week.axes[0].labels):
        assert isinstance(monday, dt.date)
        week = [monday + k * DAY for k in range(7)]
        if definition == "pooled":
            week = [day for day in week if day <= today]
        expected = slow.ratio_parts(slow.ratio(own, week, definition, windows))
        assert {name: int(part[i]) for name, part in by_week.parts.items()} == expected


@given(ROWS, INSTANTS, ZONES, st.tuples(st.integers(1, 3), st.integers(4, 9)))
def test_daily_is_two_trailing_counts(
    rows: list[Interaction], as_of: dt.datetime, zone: Any, windows: tuple[int, int]
) -> None:
    log = log_of(rows, zone).until(as_of)
    found = stickiness(log, activity="use", definition="daily", windows=windows)
    own = slow.days_of(histories(rows, as_of), zone, ["use"])
    for i, day in enumerate(found.axes[0].labels):
        assert isinstance(day, dt.date)
        pair = found.parts["count"][i], found.parts["total"][i]
        assert pair == tuple(slow.trailing(own, day, length) for length in windows)


@given(ROWS, INSTANTS, ZONES, SPAN, st.integers(1, 4), st.integers(1, 2))
def test_k_of_n_equals_counting_each_customer(
    rows: list[Interaction],
    as_of: dt.datetime,
    zone: Any,
    span: tuple[int, int],
    every: int,
    least: int,
) -> None:
    over = window_of(span, zone)
    log = log_of(rows, zone).until(as_of)
    own = histories(rows, as_of)
    expected = slow.k_of_n(own, zone, BOTH, dates(over, zone), every, least)
    options: Any = {"activity": set(BOTH), "every": every, "min_events": least, "over": over}
    exact = stickiness(log, definition="exact", **options)
    most = stickiness(log, definition="at_least", **options)
    curve = power_curve(log, **options)
    downward = [sum(expected[k:]) for k in range(len(expected))]
    assert exact.parts["count"].tolist() == curve.customers.tolist() == expected
    assert most.parts["count"].tolist() == curve.at_least.tolist() == downward
    assert int(exact.parts["total"]) == int(most.parts["total"]) == sum(expected)
    assert exact.axes[0].labels == tuple(range(1, len(expected) + 1))
    np.testing.assert_array_equal(curve.share().value, exact.value)


def test_the_three_ratios_differ_as_told() -> None:
    """a on 4 days of 4, b on the last one: DAU 1, 1, 1, 2; MAU over 2 days 1, 1, 1, 2."""
    log = log_of(on(a=[1, 2, 3, 4], b=[4])).until_day(dt.date(2026, 1, 4))
    options: Any = {"activity": "use", "over": january(1, 5)}
    daily = stickiness(log, definition="daily", windows=(1, 2), **options)
    assert daily.value.tolist() == [1, 1, 1, 1]
    assert stickiness(log, definition="calendar", **options).value == 5 / 8
    gone = log_of(on(a=[1], b=[1, 2, 4])).until_day(dt.date(2026, 1, 4))
    daily = stickiness(gone, definition="daily", windows=(1, 2), **options)
    assert daily.value.tolist() == [1, 1 / 2, 0, 1]
    assert daily.mean == pytest.approx(2.5 / 4)  # type: ignore[union-attr]
    pooled = stickiness(gone, definition="pooled", windows=(1, 2), **options)
    assert pooled.value == 4 / 6
    assert pooled.n == 2  # type: ignore[union-attr]


def test_the_mean_leaves_out_what_is_not_known() -> None:
    log = log_of(on(a=[1, 2], b=[9])).until(dt.datetime(2026, 1, 9, 15, tzinfo=UTC))
    daily: Any = stickiness(log, activity="use", definition="daily", windows=(1, 3))
    # 1, 1, 0, 0 by 1; then nobody for 4 days; the 9th is not over
    assert daily.mean == 0.5
    with pytest.raises(InvalidInputError, match="period must be an axis to take the mean"):
        _ = daily.select(period=dt.date(2026, 1, 1)).mean
    people = [Customer(id="a", attributes={"plan": "x"}), Customer(id="b")]
    grouped: Any = stickiness(
        log.with_customers(people), activity="use", definition="daily", windows=(1, 3), by="plan"
    )
    np.testing.assert_array_equal(grouped.mean, [0.5, np.nan])


def test_the_mean_leaves_out_a_day_that_never_was() -> None:
    """Apia went from 29 to 31 December 2011; somebody there every day is there on all of them."""
    apia = ZoneInfo("Pacific/Apia")
    rows = [
        Interaction(customer_id=who, kind="use", at=dt.datetime(2011, 12, day, 12, tzinfo=apia))
        for who, days in {"a": (28, 29, 31), "b": (28,)}.items()
        for day in days
    ]
    log = log_of(rows, apia).until_day(dt.date(2011, 12, 31))
    daily = stickiness(log, activity="use", definition="daily", windows=(1, 2))
    # 2 of 2, 1 of 2, (none of the one of the 29th), 1 of 1
    assert daily.count.tolist() == [2, 1, 0, 1]  # type: ignore[union-attr]
    assert daily.mean == 2.5 / 3  # type: ignore[union-attr]
    some = daily.select(period=[dt.date(2011, 12, 30), dt.date(2011, 12, 31)])
    assert some.mean == 1.0  # type: ignore[union-attr]


def test_a_day_that_the_calendar_left_out_is_no_day() -> None:
    """Apia went from 29 to 31 December 2011: a window of three days on paper has two."""
    apia = ZoneInfo("Pacific/Apia")
    rows = [
        Interaction(customer_id=1, kind="use", at=dt.datetime(2011, 12, d, 12, tzinfo=apia))
        for d in (29, 31)
    ]
    log = log_of(rows, apia).until_day(dt.date(2011, 12, 31))
    over = Window(dt.datetime(2011, 12, 29, tzinfo=apia), dt.datetime(2012, 1, 1, tzinfo=apia))
    within: Any = stickiness(log, activity="use", definition="calendar", over=over)
    assert (within.x, within.y) == (2, 2)
    pooled: Any = stickiness(log, activity="use", definition="pooled", windows=(1, 3), over=over)
    assert (pooled.x, pooled.y) == (2, 2)


def test_shares_add_and_roll_up() -> None:
    log = log_of(on(a=[1, 2], b=[1])).until_day(dt.date(2026, 1, 2))
    exact: Any = stickiness(log, activity="use", definition="exact", over=january(1, 3))
    assert exact.value.tolist() == [0.5, 0.5]
    assert exact.rollup("active").value == 1
    most: Any = stickiness(log, activity="use", definition="at_least", over=january(1, 3))
    assert most.value.tolist() == [1, 0.5]
    with pytest.raises(InvalidInputError, match="active must have each customer in one cell"):
        most.rollup("active")
    nobody: Any = stickiness(log, activity="open", definition="exact", over=january(1, 3))
    assert np.isnan(nobody.value).all()
    running: Any = stickiness(log, activity="use", definition="exact", over=january(1, 9))
    assert np.isnan(running.value).all()
    assert running.count.tolist() == [1, 1, *[0] * 6]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"definition": "weekly"}, "definition must be one of"),
        ({"definition": "exact", "windows": (1, 7)}, "windows must be left out: 'exact' has no"),
        ({"definition": "calendar", "windows": (1, 7)}, "windows must be left out"),
        ({"definition": "daily", "every": 2}, "every must be left out"),
        ({"definition": "pooled", "unit": "day"}, "unit must be left out"),
        ({"definition": "daily", "period": "day"}, "period must be left out: 'daily' reports"),
        ({"definition": "daily", "windows": (7, 7)}, "windows must rise: got 7 and 7 days"),
        ({"definition": "daily", "windows": (7,)}, "windows must be two numbers of days"),
        ({"definition": "daily", "windows": 7}, "windows must be two numbers of days"),
        ({"definition": "daily", "windows": (0, 7)}, "windows must be"),
        ({"definition": "pooled"}, "period must be given"),
        ({"definition": "exact"}, "period must be given"),
        ({"definition": "pooled", "period": "hour"}, "over must start and end with a local day"),
        ({"definition": "exact", "period": "month", "unit": "week"}, "unit must divide"),
        ({"definition": "exact", "period": "month", "unit": "fortnight"}, "unit must be one of"),
        ({"definition": "exact", "period": "month", "every": 0}, "every must be"),
        ({"definition": "exact", "period": "month", "min_events": 0}, "min_events must be"),
        ({"definition": "daily", "min_events": 0}, "min_events must be"),
    ],
)
def test_what_stickiness_refuses(options: dict[str, Any], message: str) -> None:
    log = log_of(on(a=[1, 2])).until_day(dt.date(2026, 2, 2))
    with pytest.raises(InvalidInputError, match=message):
        stickiness(log, activity="use", **options)


def test_a_power_curve_by_month_has_a_month_of_days() -> None:
    rows = on(a=list(range(1, 32)), b=[1, 33, 34])  # the 33rd is 2 February
    log = log_of(rows).until_day(dt.date(2026, 2, 28))
    curve = power_curve(log, activity="use", period="month")
    assert curve.axes[1].labels == tuple(range(1, 32))
    assert np.argwhere(curve.customers).tolist() == [[0, 0], [0, 30], [1, 1]]
    assert curve.at_least[:, :2].tolist() == [[2, 1], [1, 1]]
    cut = curve.select(active=[1])
    for broken in (cut, curve.rollup("active")):
        with pytest.raises(InvalidInputError, match="active must have all its labels"):
            broken.share()
        with pytest.raises(InvalidInputError, match="active must have all its labels"):
            _ = broken.at_least
    axis = Axis("active", [1], "state")
    with pytest.raises(InvalidInputError, match="customers must not be negative"):
        PowerCurve(axes=[axis], parts={"customers": [-1]}, context=Context("power_curve"))


# ------------------------------------------------------------------ rhythm


@given(ROWS, INSTANTS, ZONES, st.sampled_from(["weekday", "hour", "week"]))
def test_a_profile_is_read_off_the_clock(
    rows: list[Interaction], as_of: dt.datetime, zone: Any, cycle: Any
) -> None:
    found = activity_profile(log_of(rows, zone).until(as_of), activity=set(BOTH), cycle=cycle)
    cells = slow.profile(histories(rows, as_of), zone, BOTH, cycle)
    assert found.shape == {"weekday": (7,), "hour": (24,), "week": (7, 24)}[cycle]
    flat = {name: part.ravel().tolist() for name, part in found.parts.items()}
    for i, pairs in enumerate(cells.values()):
        assert {name: part[i] for name, part in flat.items()} == slow.ratio_parts(pairs)


def test_a_day_of_25_hours_has_two_of_one() -> None:
    """In Berlin 2:30 came twice on 25 October 2026, and not at all on 29 March."""
    twice = [dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1)]
    rows = [Interaction(customer_id=i, kind="use", at=at) for i, at in enumerate(twice)]
    log = log_of(rows, BERLIN).until_day(dt.date(2026, 10, 31))
    over = Window(
        dt.datetime(2026, 10, 25, tzinfo=BERLIN), dt.datetime(2026, 10, 26, tzinfo=BERLIN)
    )
    found = activity_profile(log, activity="use", cycle="hour", over=over)
    assert found.events[2] == 2
    assert found.exposure.tolist() == [1, 1, 2, *[1] * 21]
    assert found.per_hour[2] == 1
    spring = Window(
        dt.datetime(2026, 3, 29, tzinfo=BERLIN), dt.datetime(2026, 3, 30, tzinfo=BERLIN)
    )
    early = activity_profile(log, activity="use", cycle="hour", over=spring)
    assert early.exposure.tolist() == [1, 1, 0, *[1] * 21]
    assert np.isnan(early.per_hour).tolist() == [i == 2 for i in range(24)]
    assert np.isnan(early.value).all()  # nobody was active
    week = activity_profile(log, activity="use", cycle="week", over=over)
    assert week.exposure.sum() == 25
    assert week.exposure[6].sum() == 25  # a Sunday
    assert week.events[6, 2] == 2
    days = activity_profile(log, activity="use", cycle="weekday", over=over)
    assert days.exposure.tolist() == [0, 0, 0, 0, 0, 0, 25]


def test_exposure_ends_with_what_is_known_and_starts_inside_an_hour() -> None:
    start = dt.datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    log = log_of(on(a=[5])).until(dt.datetime(2026, 1, 5, 10, 15, tzinfo=UTC) - US)
    over = Window(start, start + 2 * DAY)
    found = activity_profile(log, activity="use", cycle="hour", over=over)
    assert found.exposure[8:11].tolist() == [0.5, 1, 0.25]
    assert found.exposure.sum() == 1.75
    assert np.isnan(found.per_hour).all()
    later = Window(start + DAY, start + 2 * DAY)
    assert activity_profile(log, activity="use", cycle="hour", over=later).exposure.sum() == 0
    for broken in (found.select(hour=[8]), activity_profile(log, activity="use", cycle="hour")):
        with pytest.raises(InvalidInputError, match="must (be whole|have both ends) to be set"):
            _ = broken.exposure
    with pytest.raises(InvalidInputError, match="cycle must be one of"):
        activity_profile(log, activity="use", cycle="month")  # type: ignore[arg-type]


def test_groups_have_profiles_of_their_own() -> None:
    people = [
        Customer(id="a", attributes={"plan": "x"}),
        Customer(id="b", attributes={"plan": "y"}),
    ]
    log = log_of(on(a=[5, 6], b=[6])).with_customers(people).until_day(dt.date(2026, 1, 31))
    window = january(1, 29)
    found = activity_profile(log, activity="use", cycle="weekday", by="plan", over=window)
    assert found.value[:, :2].tolist() == [[0.5, 0.5], [0, 1]]  # Monday the 5th, Tuesday
    assert found.per_hour.shape == (2, 7)
    assert found.rollup("plan") == activity_profile(
        log, activity="use", cycle="weekday", over=window
    )
    with pytest.raises(InvalidInputError, match="weekday must have each customer in one cell"):
        found.rollup("weekday")


# ------------------------------------------------------------------ customers


@given(ROWS, INSTANTS, ZONES, st.none() | SPAN)
def test_recency_and_frequency_of_everybody(
    rows: list[Interaction], as_of: dt.datetime, zone: Any, span: tuple[int, int] | None
) -> None:
    over = None if span is None else window_of(span, zone)
    found = recency_frequency(log_of(rows, zone).until(as_of), activity="use", over=over)
    own = histories(rows, as_of)
    assert found.ids.tolist() == sorted(own)
    until = as_of
    if over is not None and over.end is not None:
        until = min(until, over.end - US)
    for i, who in enumerate(found.ids.tolist()):
        uses = [x for x in own[who] if x.kind == "use" and (over is None or over.contains(x.at))]
        n, days = slow.frequency(uses, zone)
        assert (found.events[i], found.days[i]) == (n, days)
        assert found.repeats[i] == max(days - 1, 0)
        if uses:
            last = uses[-1].at.astimezone(zone).date()
            assert found.recency[i] == (until.astimezone(zone).date() - last).days
        else:
            assert np.isnan(found.recency[i])


def test_a_window_without_an_end_goes_on_to_as_of() -> None:
    log = log_of(on(a=[1, 5])).until_day(dt.date(2026, 1, 9))
    over = Window(dt.datetime(2026, 1, 2, tzinfo=UTC), None)
    found = recency_frequency(log, activity="use", over=over)
    assert (found.recency.tolist(), found.days.tolist()) == ([4.0], [1])


@given(ROWS, INSTANTS, ZONES, st.sampled_from(["median", "mean"]), st.integers(1, 3))
def test_the_next_purchase_is_the_last_plus_a_gap(
    rows: list[Interaction], as_of: dt.datetime, zone: Any, method: Any, least: int
) -> None:
    log = log_of(rows, zone).until(as_of)
    found = next_purchase(log, purchases=set(BOTH), method=method, min_gaps=least)
    own = slow.days_of(histories(rows, as_of), zone, BOTH)
    assert found.ids.tolist() == sorted(who for who, days in own.items() if days)
    today = as_of.astimezone(zone).date()
    frame = found.to_frame().set_index("customer_id")
    for i, who in enumerate(found.ids.tolist()):
        row = frame.loc[who]
        gaps, typical = slow.gaps(sorted(own[who]), method)
        assert (row["last"], row["gaps"]) == (max(own[who]), len(gaps))
        if len(gaps) < least or typical is None:
            assert row["expected"] is row["earliest"] is row["latest"] is None
            assert np.isnan(row["typical"])
            assert np.isnan(found.due_in[i])
            assert np.isnan(found.coverage[i])
            continue
        assert row["typical"] == float(typical)
        expected = max(own[who]) + math.floor(typical + Fraction(1, 2)) * DAY
        assert row["expected"] == found.expected[i] == expected
        assert found.due_in[i] == (expected - today).days
        assert row["earliest"] == max(own[who]) + gaps[0] * DAY
        assert row["latest"] == max(own[who]) + gaps[-1] * DAY
        assert found.coverage[i] == float(Fraction(len(gaps) - 1, len(gaps) + 1))


def test_of_two_gaps_the_median_lies_between() -> None:
    log = log_of(on(a=[1, 11, 31])).until_day(dt.date(2026, 1, 31))
    due = next_purchase(log, purchases="use", min_gaps=2)
    assert due.columns["typical"].tolist() == [15]  # of 10 and 20
    assert due.expected.tolist() == [dt.date(2026, 2, 15)]
    assert due.columns["earliest"].tolist() == [dt.date(2026, 2, 10)]
    assert due.columns["latest"].tolist() == [dt.date(2026, 2, 20)]
    few = next_purchase(log, purchases="use")  # three gaps are needed
    assert few.expected.tolist() == [None]
    assert np.isnan(few.columns["typical"]).tolist() == [True]


def test_half_a_day_rounds_up() -> None:
    log = log_of(on(a=[1, 3, 6])).until_day(dt.date(2026, 1, 6))
    for method in ("mean", "median"):
        options: Any = {"method": method, "min_gaps": 2}
        due = next_purchase(log, purchases="use", **options)
        assert due.columns["typical"].tolist() == [2.5]
        assert due.expected.tolist() == [dt.date(2026, 1, 9)]
        assert due.due_in.tolist() == [3]
    for options in ({"method": "mode"}, {"min_gaps": 0}):
        with pytest.raises(InvalidInputError, match="must be"):
            next_purchase(log, **options)
