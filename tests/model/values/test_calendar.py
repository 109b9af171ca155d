"""Local periods: ordinals, edges, labels."""

# ruff: noqa: DTZ001 - naive wall clocks are meant here

import copy
import datetime as dt
import json
import pickle
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values.calendar import PERIODS, WEEKDAYS, Calendar
from customerops.model.values.instants import from_us, to_us
from customerops.model.values.window import Window
from customerops.model.values.zones import local, start_of
from tests.reference.calendar import Clock, on_paper

DAY = dt.timedelta(days=1)
US = dt.timedelta(microseconds=1)


class Own(dt.tzinfo):
    """A zone of an app's own: +05:45, and an hour more from 1 July 2020; unhashable at that."""

    __hash__ = None  # type: ignore[assignment] # as zones of dateutil

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def utcoffset(self, when: Any) -> dt.timedelta:
        return dt.timedelta(hours=5, minutes=45) + self.dst(when)

    def dst(self, when: Any) -> dt.timedelta:
        summer = when is not None and when.replace(tzinfo=None) >= dt.datetime(2020, 7, 1)
        return dt.timedelta(hours=1 if summer else 0)

    def tzname(self, when: Any) -> str | None:
        return None


def us(text: Any) -> int:
    return to_us(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC))


def utc(microseconds: Any) -> str:
    return from_us(int(microseconds)).replace(tzinfo=None).isoformat(timespec="minutes")


# ---------------------------------------------------------------------- against the wall clock

STRETCHES = [
    ("America/St_Johns", "1987-10-24T12:00", 3),  # 00:01 back to 23:01
    ("America/St_Johns", "2006-10-28T12:00", 3),
    ("America/St_Johns", "2006-04-01T12:00", 2),
    ("America/St_Johns", "1988-10-29T12:00", 3),  # double summer time: two hours back
    ("Pacific/Apia", "2011-12-29T00:00", 4),  # no 30 December; year end after it
    ("Pacific/Kwajalein", "1993-08-20T00:00", 4),
    ("Pacific/Kiritimati", "1994-12-29T00:00", 5),  # no 31 December
    ("Pacific/Guam", "1944-07-29T00:00", 3),
    ("Australia/Lord_Howe", "2026-04-03T00:00", 3),  # half an hour back
    ("Australia/Lord_Howe", "2026-10-02T00:00", 3),
    ("Africa/Monrovia", "1972-01-05T00:00", 4),  # from -00:44:30
    ("Asia/Kathmandu", "1985-12-30T00:00", 4),
    ("America/Los_Angeles", "2024-12-30T00:00", 4),
    ("America/Los_Angeles", "2024-11-02T00:00", 3),
    ("America/Sao_Paulo", "2018-11-03T00:00", 3),  # midnight skipped on Sunday
    ("America/Havana", "2026-10-31T00:00", 3),  # 01:00 back to midnight
    ("Europe/Berlin", "2026-03-28T00:00", 3),
    ("Europe/Amsterdam", "1937-06-30T12:00", 3),  # from +00:19:32
    ("Asia/Manila", "1844-12-29T00:00", 4),  # no 31 December 1844
    ("America/Juneau", "1867-10-16T00:00", 5),  # one day twice
    ("+08:00", "2025-12-30T00:00", 4),
]


@pytest.mark.parametrize(("key", "start", "days"), STRETCHES)
def test_periods_are_what_the_wall_clock_shows(key: Any, start: Any, days: Any) -> None:
    calendar = Calendar(key, week_start="sunday")
    clock = Clock(calendar.tz, from_us(us(start)), days * 1440)
    minutes = np.array([to_us(t) for t in clock.minutes])
    for period in PERIODS:
        ordinals = calendar.ordinals(minutes, period)
        starts = clock.starts(period, "sunday")
        labels = calendar.labels(ordinals, period)
        assert labels == [t if period == "hour" else t.date() for t in starts]
        inside = sorted({t for t in starts if t > max(clock.walls[:1])})
        for paper in inside:
            label = paper if period == "hour" else paper.date()
            edge = int(calendar.edges(calendar.ordinal_of(label, period), period))
            assert -(-edge // 60_000_000) * 60_000_000 == to_us(clock.first(paper))


# ---------------------------------------------------------------------- published days

EDGES = [  # zone, local day, its start in UTC, its length in hours
    ("America/St_Johns", "2006-10-28", "2006-10-28T02:30", 24),
    ("America/St_Johns", "2006-10-29", "2006-10-29T02:30", 25),
    ("America/St_Johns", "2006-04-02", "2006-04-02T03:30", 23),
    ("America/St_Johns", "1988-10-30", "1988-10-30T01:30", 26),
    ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00", 24),
    ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
    ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
    ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
    ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30", 23.5),
    ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", 23),
    ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),
    ("Europe/London", "2026-03-29", "2026-03-29T00:00", 23),
    ("Asia/Shanghai", "2026-06-30", "2026-06-29T16:00", 24),
    ("Asia/Kathmandu", "1986-01-01", "1985-12-31T18:30", 23.75),
    ("UTC", "9998-06-30", "9998-06-30T00:00", 24),
    ("America/New_York", "5000-07-04", "5000-07-04T04:00", 24),
    ("Asia/Tokyo", "1850-01-01", "1849-12-31T14:41", 24),  # local mean time, +09:18:59
]


@pytest.mark.parametrize(("key", "day", "start", "hours"), EDGES)
def test_local_days_start_and_last_as_published(
    key: Any, day: Any, start: Any, hours: Any
) -> None:
    calendar = Calendar(key)
    ordinal = calendar.ordinal_of(dt.date.fromisoformat(day), "day")
    first, last = calendar.edges([ordinal, ordinal + 1], "day").tolist()
    assert utc(first) == start
    assert (last - first) / 3_600_000_000 == hours
    assert calendar.day_end(dt.date.fromisoformat(day)) == from_us(last)
    assert Window.parse(day, None, tz=key).start_us == first


def test_the_hour_shown_twice_is_one_period_of_two_hours() -> None:
    berlin = Calendar("Europe/Berlin")
    two = berlin.ordinal_of(dt.datetime(2026, 10, 25, 2), "hour")
    assert [utc(t) for t in berlin.edges([two, two + 1], "hour")] == [
        "2026-10-25T00:00",
        "2026-10-25T02:00",
    ]
    skipped = berlin.ordinal_of(dt.datetime(2026, 3, 29, 2), "hour")
    assert len(set(berlin.edges([skipped, skipped + 1], "hour").tolist())) == 1


def test_a_day_that_has_begun_does_not_end_when_the_clock_goes_back_over_midnight() -> None:
    st_johns = Calendar("America/St_Johns")
    at = [us(f"2006-10-29T{time}") for time in ("02:29", "02:30", "02:31", "03:00", "03:31")]
    walls = [from_us(t).astimezone(ZoneInfo("America/St_Johns")).strftime("%d %H:%M") for t in at]
    assert walls == ["28 23:59", "29 00:00", "28 23:01", "28 23:30", "29 00:01"]
    days = st_johns.labels(st_johns.ordinals(at, "day"), "day")
    assert [day.day for day in days] == [28, 29, 29, 29, 29]


# ---------------------------------------------------------------------- laws

ZONES = st.sampled_from(
    [
        *("UTC", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Monrovia"),
        *("Asia/Kathmandu", "America/Los_Angeles", "Europe/Dublin", "Africa/Casablanca"),
        *("America/Juneau", "Asia/Manila", "Antarctica/Troll", "+08:00", "-03:30", "+00:00:01"),
        Own(),
    ]
)
CHANGES = [us(start) + 86_400_000_000 for _, start, _ in STRETCHES]
CALENDARS: dict[object, Calendar] = {}


def calendar_of(tz: Any, week_start: Any) -> Calendar:
    """One calendar a zone, so that its offsets are looked up once in all examples."""
    key = (tz if isinstance(tz, str) else None, week_start)
    return CALENDARS.setdefault(key, Calendar(tz, week_start))


AROUND = st.one_of(  # any time, and within two days of when some clock was changed
    st.integers(us("1960-01-01T00:00"), us("2030-01-01T00:00")),
    st.builds(
        lambda change, shift: change + shift,
        st.sampled_from(CHANGES),
        st.integers(-172_800, 172_800).map(lambda seconds: seconds * 1_000_000),
    ),
)


@given(ZONES, st.sampled_from(WEEKDAYS), st.sampled_from(PERIODS), st.lists(AROUND, min_size=1))
def test_the_laws_of_a_calendar(tz: Any, week_start: Any, period: Any, at: Any) -> None:
    calendar = calendar_of(tz, week_start)
    times = np.sort(np.array(at))
    ordinals = calendar.ordinals(times, period)
    assert ordinals.dtype == np.int64
    assert (calendar.edges(ordinals, period) <= times).all()
    assert (times < calendar.edges(ordinals + 1, period)).all()
    assert (np.diff(ordinals) >= 0).all()
    assert (calendar.ordinals(calendar.edges(ordinals, period), period) >= ordinals).all()
    for ordinal, label in zip(ordinals.tolist(), calendar.labels(ordinals, period), strict=True):
        assert calendar.ordinal_of(label, period) == ordinal
        paper = (
            label
            if isinstance(label, dt.datetime)
            else dt.datetime(label.year, label.month, label.day)
        )
        assert on_paper(paper, period, week_start) == paper
        edge = from_us(int(calendar.edges(ordinal, period)))
        assert edge == start_of("paper", paper, calendar.tz)
        assert edge.astimezone(calendar.tz).replace(tzinfo=None) >= paper
        assert (edge - US).astimezone(calendar.tz).replace(tzinfo=None) < paper


@given(st.lists(st.datetimes(dt.datetime(2, 1, 3), dt.datetime(9998, 12, 30)), min_size=1))
def test_utc_is_date_arithmetic(walls: Any) -> None:
    calendar = Calendar("UTC", "wednesday")
    at = [to_us(wall.replace(tzinfo=dt.UTC)) for wall in walls]
    expected = {
        "hour": [(wall - dt.datetime(1970, 1, 1)) // dt.timedelta(hours=1) for wall in walls],
        "day": [wall.toordinal() - 719_163 for wall in walls],
        "week": [(wall.toordinal() - 719_162) // 7 for wall in walls],  # 1969-12-31 was one
        "month": [(wall.year - 1970) * 12 + wall.month - 1 for wall in walls],
        "quarter": [(wall.year - 1970) * 4 + (wall.month - 1) // 3 for wall in walls],
        "year": [wall.year - 1970 for wall in walls],
    }
    for period in PERIODS:
        assert calendar.ordinals(at, period).tolist() == expected[period]


@pytest.mark.parametrize("week_start", WEEKDAYS)
def test_weeks_start_on_their_day_and_the_first_holds_the_epoch(week_start: Any) -> None:
    calendar = Calendar("UTC", week_start)
    [label] = calendar.labels([0], "week")
    assert label.strftime("%A").lower() == week_start
    assert label <= dt.date(1970, 1, 1) < label + 7 * DAY
    assert calendar.ordinals(0, "week") == 0


def test_order_and_company_do_not_matter() -> None:
    rng = np.random.default_rng(7)
    at = rng.integers(us("1930-01-01T00:00"), us("2040-01-01T00:00"), 4000)
    at[0], at[1] = us("0002-01-03T00:00"), us("9998-06-01T00:00")
    for key in ("America/St_Johns", "Africa/Casablanca"):
        calendar = Calendar(key)
        for period in PERIODS:
            together = calendar.ordinals(at, period)
            alone = [int(calendar.ordinals(t, period)) for t in at[:50]]
            assert together[:50].tolist() == alone
            ordered = np.argsort(at)
            assert (calendar.ordinals(at[ordered], period) == together[ordered]).all()


BLOCK = 3653 * 86_400_000_000


class Back(Own):
    """An hour behind UTC, but ahead for some days until shortly before a block of years starts."""

    jump = 2 * BLOCK - 600_000_000

    def fromutc(self, when: dt.datetime) -> dt.datetime:
        ahead = 0 < self.jump - to_us(when.replace(tzinfo=dt.UTC)) <= 3 * 86_400_000_000
        shown: dt.datetime = when + dt.timedelta(hours=1 if ahead else -1)
        return shown


def test_a_change_just_before_a_block_of_ten_years_is_seen_after_it() -> None:
    new_day, midnight = 2 * 3653, 2 * BLOCK - 3_600_000_000
    far = [us("0002-02-02T00:00"), us("9998-02-02T00:00")]
    for company in ([], far):
        for t in (Back.jump, 2 * BLOCK, 2 * BLOCK + 60_000_000):
            assert local(t, Back()).day == 1  # of January 1990, once more
            assert Calendar(Back()).ordinals([t, *company], "day")[0] == new_day
        days = [new_day, *Calendar(Back()).ordinals(company, "day").tolist()]
        assert Calendar(Back()).edges(days, "day")[0] == midnight


def test_a_reading_shown_for_a_microsecond_starts_its_day() -> None:
    class Brief(Back):
        jump = 2 * BLOCK - 3_600_000_000 + 1

    calendar = Calendar(Brief())
    midnight = 2 * BLOCK - 3_600_000_000
    assert calendar.edges(2 * 3653, "day") == midnight
    around = [midnight - 1, midnight, midnight + 1]
    assert calendar.ordinals(around, "day").tolist() == [2 * 3653 - 1, 2 * 3653, 2 * 3653]


# ---------------------------------------------------------------------- arrays


def test_any_shape_any_integer() -> None:
    calendar = Calendar("Asia/Shanghai")
    grid = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert calendar.ordinals(grid, "hour").tolist() == [[8] * 3] * 2
    assert calendar.ordinals(5, "hour").shape == ()
    assert calendar.edges(8, "hour") == 0
    assert calendar.labels(8, "hour") == [dt.datetime(1970, 1, 1, 8)]
    for period in PERIODS:
        for function in (calendar.ordinals, calendar.edges):
            empty = function([], period)
            assert empty.dtype == np.int64
            assert empty.shape == (0,)
        assert calendar.labels([], period) == []


def test_the_input_is_left_alone() -> None:
    at = np.array([us("2026-01-01T00:00")])
    at.flags.writeable = False
    kept = at.copy()
    for tz in ("UTC", "Europe/Berlin"):
        assert not np.shares_memory(Calendar(tz).ordinals(at, "day"), at)
    assert (at == kept).all()


# ---------------------------------------------------------------------- sameness, JSON

UTCS: list[Any] = [
    "UTC",
    "Etc/UTC",
    "Zulu",
    "+00:00",
    dt.UTC,
    dt.timezone(dt.timedelta(0)),
    ZoneInfo("UTC"),
]


def test_every_spelling_of_utc_is_one_calendar() -> None:
    assert len({Calendar(tz) for tz in UTCS}) == 1


def test_calendars_are_equal_by_zone_and_week() -> None:
    assert Calendar("Europe/Berlin") == Calendar(ZoneInfo("Europe/Berlin"))
    assert Calendar("Europe/Berlin") == Calendar(ZoneInfo.no_cache("Europe/Berlin"))
    assert Calendar("Europe/Berlin") != Calendar("Europe/Paris")
    assert Calendar("UTC") != Calendar("UTC", week_start="sunday")
    assert Calendar("+08:00") == Calendar(dt.timezone(dt.timedelta(hours=8), "CST"))
    assert Calendar("+08:00") != Calendar("Asia/Shanghai")
    assert Calendar(Own()) == Calendar(Own())
    assert hash(Calendar(Own())) == hash(Calendar(Own()))
    assert Calendar(Own()) != Calendar("UTC")
    assert Calendar("UTC") != Calendar(Own())
    assert Calendar("UTC") != "UTC"


@pytest.mark.parametrize("tz", ["UTC", "Asia/Shanghai", "-03:30", "+00:19:32"])
def test_a_calendar_survives_json_and_pickle(tz: Any) -> None:
    calendar = Calendar(tz, week_start="sunday")
    assert calendar.to_dict() == {"tz": tz, "week_start": "sunday"}
    assert Calendar.from_dict(json.loads(json.dumps(calendar.to_dict()))) == calendar
    fresh = pickle.dumps(calendar)
    calendar.ordinals([0, us("2026-01-01T00:00")], "day")
    assert pickle.dumps(calendar) == fresh  # what it looked up stays behind
    assert pickle.loads(fresh) == calendar == copy.deepcopy(calendar)
    assert repr(calendar) == f"Calendar(tz={calendar.tz!r}, week_start='sunday')"


def test_a_zone_of_ones_own_pickles_but_is_not_written() -> None:
    calendar = Calendar(Own())
    assert pickle.loads(pickle.dumps(calendar)) == calendar
    with pytest.raises(InvalidInputError) as caught:
        calendar.to_dict()
    assert str(caught.value) == "tz must have a key to be written: got Own"


def test_a_calendar_is_frozen() -> None:
    calendar: Any = Calendar("UTC")
    with pytest.raises(AttributeError):
        calendar.tz = None


# ---------------------------------------------------------------------- refused

MAKE: Any = Calendar
BERLIN: Any = Calendar("Europe/Berlin")
FAR = "must lie in the years 2 to 9998: some do not"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: MAKE("Europe/Berln"),
            "tz must be the name of a time zone: got 'Europe/Berln', did you mean 'Europe/Berlin'?",
        ),
        (lambda: MAKE(8), "tz must be a tzinfo or the name of a time zone: got int"),
        (
            lambda: MAKE("UTC", week_start="Monday"),
            (
                "week_start must be one of 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', "
                "'saturday', 'sunday': got 'Monday', did you mean 'monday'?"
            ),
        ),
        (
            lambda: BERLIN.ordinals([0], "days"),
            (
                "period must be one of 'hour', 'day', 'week', 'month', 'quarter', 'year': got 'days', "
                "did you mean 'day'?"
            ),
        ),
        (
            lambda: BERLIN.edges([0], "decade"),
            "period must be one of 'hour', 'day', 'week', 'month', 'quarter', 'year': got str",
        ),
        (
            lambda: BERLIN.ordinal_of(dt.date(2026, 1, 1), "fortnight"),
            "period must be one of 'hour', 'day', 'week', 'month', 'quarter', 'year': got str",
        ),
        (lambda: BERLIN.ordinals([0.0], "day"), "at_us must be int64: got float64"),
        (lambda: BERLIN.ordinals([True], "day"), "at_us must be int64: got bool"),
        (
            lambda: BERLIN.ordinals(np.array(["2026-01-01"], "M8[us]"), "day"),
            "at_us must be int64: got datetime64[us]",
        ),
        (
            lambda: BERLIN.ordinals(np.array([2**63], np.uint64), "day"),
            "at_us must be int64: got uint64",
        ),
        (lambda: BERLIN.ordinals([2**70], "day"), "at_us must be int64: got object"),
        (lambda: BERLIN.edges(["1"], "day"), "ordinals must be int64: got <U1"),
        (lambda: BERLIN.ordinals([0, np.iinfo(np.int64).min], "day"), f"at_us {FAR}"),
        (lambda: BERLIN.ordinals([us("9998-12-31T00:00")], "day"), f"at_us {FAR}"),
        (lambda: BERLIN.ordinals([us("0002-01-02T00:00") - 1], "day"), f"at_us {FAR}"),
        (lambda: BERLIN.edges([2**62], "year"), f"ordinals {FAR}"),
        (lambda: BERLIN.labels([-(2**62)], "month"), f"ordinals {FAR}"),
        (lambda: BERLIN.day_end(dt.date.max), f"day {FAR}"),
        (lambda: BERLIN.ordinal_of(dt.date(9999, 6, 1), "month"), f"label {FAR}"),
        (
            lambda: BERLIN.ordinal_of(dt.date(2026, 1, 6), "week"),
            "label must be the start of a week: got a date inside one",
        ),
        (
            lambda: BERLIN.ordinal_of(dt.datetime(2026, 1, 6, 1, 30), "hour"),
            "label must be the start of an hour: got a date inside one",
        ),
        (
            lambda: BERLIN.ordinal_of(dt.datetime(2026, 1, 1), "day"),
            "label must be a date: got datetime",
        ),
        (lambda: BERLIN.ordinal_of("2026-01-01", "day"), "label must be a date: got str"),
        (
            lambda: BERLIN.ordinal_of(dt.date(2026, 1, 1), "hour"),
            "label must be a naive datetime: got date",
        ),
        (
            lambda: BERLIN.ordinal_of(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "hour"),
            "label must be a naive datetime: got one with a zone",
        ),
        (lambda: BERLIN.day_end(dt.datetime(2026, 1, 1)), "day must be a date: got datetime"),
    ],
    ids=range(26),
)
def test_what_makes_no_sense_is_refused(call: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("key", ["UTC", "Pacific/Kiritimati", "America/Adak", "-23:59", "+23:59"])
def test_the_limits_themselves_keep_the_law(key: Any) -> None:
    calendar = Calendar(key)
    at = np.array([us("0002-01-02T00:00"), us("9998-12-31T00:00") - 1])
    for period in PERIODS:
        ordinals = calendar.ordinals(at, period)
        assert (calendar.edges(ordinals, period) <= at).all()
        assert (at < calendar.edges(ordinals + 1, period)).all()
        assert len(calendar.labels(ordinals, period)) == 2
