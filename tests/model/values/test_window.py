"""Half-open windows of instants."""

# ruff: noqa: DTZ001 - naive wall clocks are meant here

import copy
import datetime as dt
import json
import pickle
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values.instants import EPOCH, from_us
from customerops.model.values.window import Window

SECOND = dt.timedelta(seconds=1)


def utc(text: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


SIDES = st.none() | st.integers(-20, 20).map(lambda n: EPOCH + n * SECOND)


@st.composite
def windows(draw: Any) -> Window:
    start, end = draw(SIDES), draw(SIDES)
    if start is not None and end is not None:
        start, end = min(start, end), max(start, end) + SECOND
    return Window(start, end)


def test_instants_become_utc() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    window = Window(
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1),
        pd.Timestamp("2026-11-01", tz="Asia/Shanghai"),
    )
    assert window == Window(utc("2026-10-25T01:30"), utc("2026-10-31T16:00"))
    assert {type(window.start), type(window.end)} == {dt.datetime}
    assert window.start is not None
    assert window.start.tzinfo is dt.UTC
    assert hash(window) == hash(Window(utc("2026-10-25T01:30"), utc("2026-10-31T16:00")))


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (utc("2026-01-02"), utc("2026-01-01"), "end must be after start: got an empty window"),
        (utc("2026-01-01"), utc("2026-01-01"), "end must be after start: got an empty window"),
        (dt.datetime(2026, 1, 1), None, "start must be timezone-aware: got a naive datetime"),
        (None, dt.date(2026, 1, 1), "end must be a datetime: got date"),
        (None, pd.NaT, "end must be a datetime: got NaTType"),
        (None, "2026-01-01", "end must be a datetime: got str"),
    ],
    ids=repr,
)
def test_what_is_no_window_is_refused(start: Any, end: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Window(start, end)
    assert str(caught.value) == message


def test_microseconds_and_duration() -> None:
    window = Window(EPOCH - SECOND, EPOCH + SECOND)
    assert (window.start_us, window.end_us) == (-1_000_000, 1_000_000)
    assert window.duration == 2 * SECOND
    for open_side in (Window(None, EPOCH), Window(EPOCH, None), Window(None, None)):
        assert open_side.duration is None
    assert (Window(None, EPOCH).start_us, Window(EPOCH, None).end_us) == (None, None)


@given(windows(), windows(), st.integers(-22, 22))
def test_an_instant_is_in_both_exactly_if_it_is_in_the_intersection(
    a: Any, b: Any, n: Any
) -> None:
    t = EPOCH + n * SECOND
    in_a = (a.start is None or a.start <= t) and (a.end is None or t < a.end)
    assert a.contains(t) == in_a
    if a.overlaps(b):
        assert a.intersect(b).contains(t) == (a.contains(t) and b.contains(t))
        assert a.intersect(b) == b.intersect(a)
    else:
        assert not (a.contains(t) and b.contains(t))
    assert a.overlaps(b) == b.overlaps(a)
    assert a.intersect(a) == a == a.intersect(Window(None, None))


def test_windows_that_touch_do_not_overlap() -> None:
    before, after = Window(None, EPOCH), Window(EPOCH, None)
    assert not before.overlaps(after)
    assert not after.overlaps(before)
    with pytest.raises(InvalidInputError) as caught:
        before.intersect(after)
    assert str(caught.value) == "other must overlap the window: they share no instant"


def test_contains_wants_an_instant() -> None:
    with pytest.raises(
        InvalidInputError, match=r"^t must be timezone-aware: got a naive datetime$"
    ):
        Window(None, None).contains(dt.datetime(2026, 1, 1))


@given(windows())
def test_a_window_survives_json_and_pickle(window: Any) -> None:
    assert Window.from_dict(json.loads(json.dumps(window.to_dict()))) == window
    assert pickle.loads(pickle.dumps(window)) == window == copy.deepcopy(window)


def test_instants_are_written_to_the_microsecond() -> None:
    window = Window(dt.datetime(1, 2, 3, tzinfo=dt.UTC), from_us(1))
    assert window.to_dict() == {
        "start": "0001-02-03T00:00:00.000000Z",
        "end": "1970-01-01T00:00:00.000001Z",
    }
    assert Window.from_dict({"start": None, "end": "1970-01-01T08:00:00.000001+08:00"}) == Window(
        None, from_us(1)
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"start": None}, "Window.end must be given: the key is missing"),
        (
            {"start": None, "ends": None, "end": None},
            "Window must hold known keys only: got 'ends', did you mean 'end'?",
        ),
        ({3: None}, "Window must hold known keys only: got int"),
        (None, "Window must be a mapping: got None"),
        ([None, None], "Window must be a mapping: got list"),
        ({"start": 5, "end": None}, "start must be an ISO 8601 string: got int"),
        (
            {"start": "ann@example.com", "end": None},
            "start must be an ISO 8601 date and time: got another str",
        ),
        (
            {"start": "2026-01-01", "end": None},
            "start must be timezone-aware: got a naive datetime",
        ),
    ],
    ids=repr,
)
def test_a_dict_of_something_else_is_refused(data: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Window.from_dict(data)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("start", "tz", "expected"),
    [
        ("1997-01-01", dt.UTC, "1997-01-01T00:00"),
        (dt.date(1997, 1, 1), "UTC", "1997-01-01T00:00"),
        ("19970101", "UTC", "1997-01-01T00:00"),
        (pd.Timestamp("1997-01-01"), "America/New_York", "1997-01-01T05:00"),
        ("2026-01-01T08:30:15.25", "Asia/Shanghai", "2026-01-01T00:30:15.25"),
        (dt.datetime(2026, 1, 1, 8), dt.timezone(dt.timedelta(hours=8)), "2026-01-01T00:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00"),  # a day of no length
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00"),
        ("2006-10-29", "America/St_Johns", "2006-10-29T02:30"),  # midnight twice: the first
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # midnight never: 01:00
    ],
    ids=repr,
)
def test_a_date_is_the_start_of_the_local_day(start: Any, tz: Any, expected: Any) -> None:
    assert Window.parse(start, None, tz=tz) == Window(utc(expected), None)
    assert Window.parse(None, start, tz=tz) == Window(None, utc(expected))


@pytest.mark.parametrize(
    ("start", "fold", "expected"),
    [
        ("2026-10-25T02:30", 0, "2026-10-25T00:30"),
        ("2026-10-25T02:30", 1, "2026-10-25T01:30"),
        ("2026-03-29T02:30", 0, "2026-03-29T01:30"),
        ("2026-03-29T02:30", 1, "2026-03-29T00:30"),
        ("2026-03-29T03:30", 1, "2026-03-29T01:30"),
    ],
)
def test_fold_reads_a_local_time_shown_twice_or_never(
    start: Any, fold: Any, expected: Any
) -> None:
    window = Window.parse(start, None, tz="Europe/Berlin", fold=fold)
    assert window == Window(utc(expected), None)


@pytest.mark.parametrize(
    ("start", "fold", "message"),
    [
        (
            "2026-10-25T02:30",
            None,
            "start must name one instant: the local clock shows it twice: fold=0 or fold=1 says how to read it",
        ),
        (
            "2026-03-29T02:30",
            None,
            "start must name one instant: the local clock shows it never: fold=0 or fold=1 says how to read it",
        ),
        ("2026-01-01", 2, "fold must be 0, 1 or None: got int"),
        ("2026-01-01", "first", "fold must be 0, 1 or None: got str"),
        ("2026-01-01T00:00Z", None, "start must be local to tz: got one with its own offset"),
        (utc("2026-01-01"), None, "start must be local to tz: got one with its own offset"),
        ("1 January", None, "start must be a date or a time in ISO 8601: got '1 January'"),
        (2026, None, "start must be a date, a naive datetime or a str: got int"),
        (pd.NaT, None, "start must be a date, a naive datetime or a str: got NaTType"),
        (
            "0001-01-01",
            None,
            "start must lie well inside the years 1 to 9999: got a date at their edge",
        ),
    ],
    ids=repr,
)
def test_parse_refuses(start: Any, fold: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Window.parse(start, None, tz="Europe/Berlin", fold=fold)
    assert str(caught.value) == message
