"""Business hours against counting minutes on the wall clock."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import BusinessHours, Calendar
from tests.reference.paths import minutes_open

UTC = dt.UTC
NINE, FIVE, MIDNIGHT = dt.time(9), dt.time(17), dt.time(0)
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
US = dt.timedelta(microseconds=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
ALL_DAY = {day: [(MIDNIGHT, MIDNIGHT)] for day in DAYS}


def us(t: dt.datetime) -> int:
    return (t - EPOCH) // US


# days around which clocks change; in St John's at 00:01, in Apia a day is skipped
AROUND = {
    "Europe/Berlin": ["2024-03-31", "2024-10-27", "1969-12-29"],
    "America/St_Johns": ["2011-03-13", "2010-11-07"],
    "Pacific/Apia": ["2011-12-29"],
    "Australia/Lord_Howe": ["2024-04-07", "2024-10-06"],
    "UTC": ["2024-02-29", "1970-01-01"],
}
TIMES = [dt.time(h, m) for h in (0, 1, 2, 3, 9, 12, 17, 22, 23) for m in (0, 1, 30)]


@st.composite
def openings(draw: st.DrawFn) -> list[tuple[dt.time, dt.time]]:
    edges = sorted(draw(st.lists(st.sampled_from(TIMES), min_size=2, max_size=6, unique=True)))
    pairs = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if draw(st.booleans()) and pairs:
        pairs[-1] = (pairs[-1][0], MIDNIGHT)
    return pairs


@st.composite
def questions(draw: st.DrawFn) -> tuple[Any, ...]:
    zone = draw(st.sampled_from(sorted(AROUND)))
    day = dt.datetime.fromisoformat(draw(st.sampled_from(AROUND[zone]))).replace(tzinfo=UTC)
    week = draw(st.dictionaries(st.sampled_from(DAYS), openings(), min_size=3))
    days = [day.date() + dt.timedelta(days=i) for i in range(-3, 5)]
    holidays = set(draw(st.lists(st.sampled_from(days), max_size=3)))
    minutes = sorted(draw(st.lists(st.integers(-3 * 1440, 4 * 1440), min_size=2, max_size=2)))
    start, end = (day + dt.timedelta(minutes=m) for m in minutes)
    return zone, week, holidays, start, end


@given(questions())
def test_elapsed_is_the_number_of_open_minutes(question: tuple[Any, ...]) -> None:
    zone, week, holidays, start, end = question
    hours = BusinessHours(week, calendar=Calendar(zone), holidays=holidays)
    expected = minutes_open(week, ZoneInfo(zone), holidays, start, end)
    assert hours.elapsed([us(start)], [us(end)]).tolist() == [expected * 60_000_000]
    assert hours.between(start, end) == dt.timedelta(minutes=expected)
    assert hours.is_open(us(start)) == bool(
        minutes_open(week, ZoneInfo(zone), holidays, start, start + dt.timedelta(minutes=1))
    )
    assert BusinessHours.from_dict(json.loads(json.dumps(hours.to_dict()))) == hours


def test_a_night_on_which_the_clock_is_set() -> None:
    hours = BusinessHours(
        {"sunday": [(dt.time(1), dt.time(4))]}, calendar=Calendar("Europe/Berlin")
    )
    spring = dt.datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin"))
    autumn = dt.datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin"))
    lengths = [
        hours.between(day.astimezone(UTC), day.astimezone(UTC) + dt.timedelta(hours=12))
        for day in (spring, autumn)
    ]
    assert lengths == [dt.timedelta(hours=2), dt.timedelta(hours=4)]


def test_all_of_the_time_is_the_elapsed_time() -> None:
    rng = np.random.default_rng(1)
    edges = np.sort(rng.integers(us(EPOCH) - 10**17, 2 * 10**15, (2, 500)), axis=0)
    edges = np.clip(edges, -(10**16), None)
    for zone in ("Europe/Berlin", "+05:30", "Pacific/Apia"):
        hours = BusinessHours(ALL_DAY, calendar=Calendar(zone))
        assert (hours.elapsed(edges[0], edges[1]) == edges[1] - edges[0]).all()


def test_time_between_adds_up() -> None:
    hours = BusinessHours.weekdays(
        NINE, FIVE, calendar=Calendar("America/New_York"), holidays=[dt.date(2024, 7, 4)]
    )
    year = [us(dt.datetime(2024, 1, 1, tzinfo=UTC)), us(dt.datetime(2025, 1, 1, tzinfo=UTC))]
    days = (262 - 1) * 8  # weekdays of 2024, less Independence Day
    assert hours.elapsed(year[0], year[1]) == days * 3_600_000_000
    middle = np.linspace(year[0], year[1], 50).astype(np.int64)
    assert hours.elapsed(middle[:-1], middle[1:]).sum() == days * 3_600_000_000


def test_it_is_a_value() -> None:
    hours = BusinessHours.weekdays(
        NINE, FIVE, calendar=Calendar("UTC"), holidays=[dt.date(2026, 1, 1)]
    )
    assert pickle.loads(pickle.dumps(hours)) == hours
    assert hash(hours) == hash(BusinessHours.from_dict(hours.to_dict()))
    assert attrs.evolve(hours, holidays=()) != hours
    assert hours.elapsed([], []).tolist() == []
    assert hours.week[5] == ()


@pytest.mark.parametrize(
    ("week", "options", "message"),
    [
        ({}, {}, "week must have an opening: it is never open"),
        ([1], {}, "week must be a mapping of days to openings: got list"),
        ({"mondy": []}, {}, "week must have days 'monday', .*: got 'mondy'"),
        ({3: []}, {}, "week must have days 'monday', .*: got int"),
        ({"monday": "9-17"}, {}, r"week\['monday'\] must be an iterable of values"),
        ({"monday": [(NINE,)]}, {}, r"week\['monday'\] must hold pairs of naive times"),
        ({"monday": [NINE]}, {}, r"week\['monday'\] must hold pairs of naive times"),
        ({"monday": [(NINE.replace(tzinfo=UTC), FIVE)]}, {}, "must hold pairs of naive times"),
        ({"monday": [(FIVE, NINE)]}, {}, "must have openings that end after they start"),
        ({"monday": [(NINE, FIVE), (dt.time(16), MIDNIGHT)]}, {}, "that do not overlap"),
        (ALL_DAY, {"holidays": [dt.datetime(2026, 1, 1)]}, "holidays must hold dates"),  # noqa: DTZ001
        (ALL_DAY, {"calendar": "UTC"}, "calendar must be a Calendar: got"),
    ],
)
def test_what_is_no_week_is_refused(week: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        BusinessHours(week, **{"calendar": Calendar("UTC"), **options})


def test_what_is_no_time_is_refused() -> None:
    hours = BusinessHours(ALL_DAY, calendar=Calendar("UTC"))
    with pytest.raises(
        InvalidInputError, match=r"ends must not come before starts: 1 of 2 .*row 1"
    ):
        hours.elapsed([0, 5], [0, 4])
    with pytest.raises(InvalidInputError, match="starts must be int64"):
        hours.elapsed([0.5], [1])
    with pytest.raises(InvalidInputError, match="end must be timezone-aware"):
        hours.between(EPOCH, dt.datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(InvalidInputError, match="BusinessHours.calendar must be given"):
        BusinessHours.from_dict({"week": {}})
    broken = {**hours.to_dict(), "week": {"monday": [["9", "x"]]}}
    with pytest.raises(InvalidInputError, match="BusinessHours must hold days with times"):
        BusinessHours.from_dict(broken)
