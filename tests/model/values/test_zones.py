"""Offsets, where they change, and wall clocks read back."""

# ruff: noqa: DTZ001 - naive wall clocks are meant here

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values.instants import from_us, to_us
from customerops.model.values.zones import (
    DAY_US,
    as_zone,
    instant_of,
    local,
    offset_changes,
    offset_us,
    start_of,
    zone_key,
)
from tests.reference.calendar import Clock

HOUR_US = 3_600_000_000


def utc(text: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


class Named(dt.tzinfo):
    def tzname(self, when: Any) -> str | None:
        return None

    def __repr__(self) -> str:  # without its address: it names a test
        return f"{type(self).__name__}()"


class Quarterly(Named):
    """A zone with no name, as an app may write one: +05:45, and an hour more from 1 July 2020."""

    def utcoffset(self, when: Any) -> dt.timedelta:
        return dt.timedelta(hours=5, minutes=45) + self.dst(when)

    def dst(self, when: Any) -> dt.timedelta:
        summer = when is not None and when.replace(tzinfo=None) >= dt.datetime(2020, 7, 1)
        return dt.timedelta(hours=1 if summer else 0)


class Pytz(Quarterly):
    """As pytz names its zones."""

    zone = "Europe/Paris"


class Dateutil(Named):
    """As dateutil writes UTC: no key, unequal to ``datetime.UTC``."""

    def utcoffset(self, when: Any) -> dt.timedelta:
        return dt.timedelta(0)

    def dst(self, when: Any) -> dt.timedelta:
        return dt.timedelta(0)

    def tzname(self, when: Any) -> str:
        return "UTC"


class Unset(Quarterly):
    """A zone that cannot convert: the default fromutc needs dst()."""

    def dst(self, when: Any) -> Any:
        return None

    def utcoffset(self, when: Any) -> dt.timedelta:
        return dt.timedelta(hours=1)


@pytest.mark.parametrize(
    "tz",
    [
        dt.UTC,
        dt.timezone(dt.timedelta(0), "Nowhere"),
        ZoneInfo("UTC"),
        ZoneInfo("Etc/UTC"),
        ZoneInfo("Zulu"),
        "UTC",
        "Etc/UTC",
        "Etc/UCT",
        "Zulu",
        "+00:00",
        Dateutil(),
    ],
    ids=repr,
)
def test_every_spelling_of_utc_is_one(tz: Any) -> None:
    assert as_zone("tz", tz) is dt.UTC
    assert zone_key(as_zone("tz", tz)) == "UTC"


@pytest.mark.parametrize(
    ("tz", "key"),
    [
        ("Asia/Shanghai", "Asia/Shanghai"),
        (ZoneInfo("America/St_Johns"), "America/St_Johns"),
        (Pytz(), "Europe/Paris"),
        ("+08:00", "+08:00"),
        ("-0330", "-03:30"),
        (dt.timezone(dt.timedelta(hours=8), "CST"), "+08:00"),
        (dt.timezone(-dt.timedelta(seconds=30)), "-00:00:30"),
        (Quarterly(), None),
    ],
    ids=repr,
)
def test_a_zone_is_known_by_its_key(tz: Any, key: Any) -> None:
    zone = as_zone("tz", tz)
    assert zone_key(zone) == key
    if key is not None:
        assert as_zone("tz", key) == zone


@pytest.mark.parametrize(
    ("tz", "message"),
    [
        (
            "Europe/Berln",
            "tz must be the name of a time zone: got 'Europe/Berln', did you mean 'Europe/Berlin'?",
        ),
        ("europe", "tz must be the name of a time zone: got 'europe'"),
        ("Europe", "tz must be the name of a time zone: got 'Europe'"),
        ("../etc", "tz must be the name of a time zone: got '../etc'"),
        ("", "tz must be the name of a time zone: got ''"),
        ("+8:0", "tz must be an offset like '+08:00': got '+8:0'"),
        ("+24:00", "tz must be an offset like '+08:00': got '+24:00'"),
        (8, "tz must be a tzinfo or the name of a time zone: got int"),
        (None, "tz must be a tzinfo or the name of a time zone: got None"),
    ],
    ids=repr,
)
def test_what_is_no_zone_is_refused(tz: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        as_zone("tz", tz)
    assert str(caught.value).split(", did")[0] == message.split(", did")[0]
    assert str(caught.value).endswith("?") or str(caught.value) == message


def test_a_zone_that_cannot_convert_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"^tz must convert from UTC: fromutc"):
        as_zone("tz", Unset())


# IANA tz database 2024a, files asia, australasia, northamerica, africa, europe: the rules' text.
CHANGES = [
    ("Europe/Berlin", "2026-01-01", 365, [("2026-03-29T01:00", 2), ("2026-10-25T01:00", 1)]),
    (
        "America/St_Johns",
        "2006-01-01",
        365,
        [("2006-04-02T03:31", -2.5), ("2006-10-29T02:31", -3.5)],
    ),
    (
        "Australia/Lord_Howe",
        "2026-01-01",
        365,
        [("2026-04-04T15:00", 10.5), ("2026-10-03T15:30", 11)],
    ),
    ("Pacific/Apia", "2011-12-01", 31, [("2011-12-30T10:00", 14)]),
    ("Africa/Monrovia", "1972-01-01", 30, [("1972-01-07T00:44:30", 0)]),
    ("Asia/Kathmandu", "1985-12-01", 60, [("1985-12-31T18:30", 5.75)]),
    ("Asia/Shanghai", "2020-01-01", 366, []),
]


@pytest.mark.parametrize(("key", "start", "days", "expected"), CHANGES)
def test_changes_are_those_of_the_tz_database(
    key: Any, start: Any, days: Any, expected: Any
) -> None:
    first = to_us(utc(start))
    found = offset_changes(first, first + days * DAY_US, ZoneInfo(key))
    assert [(from_us(us), offset / HOUR_US) for us, offset in found] == [
        (utc(at), hours) for at, hours in expected
    ]


def test_the_start_is_known_and_the_end_is_in() -> None:
    jump, berlin = to_us(utc("2026-03-29T01:00")), ZoneInfo("Europe/Berlin")
    change = [(jump, 2 * HOUR_US)]
    assert offset_changes(jump - 1, jump, berlin) == change
    assert offset_changes(jump, jump + DAY_US, berlin) == []
    assert offset_changes(jump - DAY_US - 1, jump - 1, berlin) == []
    assert offset_changes(jump, jump, berlin) == []


def test_two_changes_in_one_day_are_both_found() -> None:
    class Twice(Quarterly):
        def fromutc(self, when: Any) -> dt.datetime:
            shown: dt.datetime = when + dt.timedelta(minutes=when.hour // 8)
            return shown

    day = to_us(utc("2026-01-01"))
    found = offset_changes(day, day + DAY_US - 1, Twice())
    assert found == [(day + 8 * HOUR_US, 60_000_000), (day + 16 * HOUR_US, 120_000_000)]


@given(
    st.datetimes(dt.datetime(1850, 1, 1), dt.datetime(2200, 1, 1)),
    st.sampled_from(["Europe/Amsterdam", "Pacific/Apia", "America/Caracas", "Africa/Monrovia"]),
)
def test_offset_and_wall_clock_are_those_of_astimezone(when: Any, key: Any) -> None:
    instant = when.replace(tzinfo=dt.UTC)
    there = instant.astimezone(ZoneInfo(key))
    assert local(to_us(instant), ZoneInfo(key)) == there.replace(tzinfo=None)
    assert dt.timedelta(microseconds=offset_us(to_us(instant), ZoneInfo(key))) == there.utcoffset()


@pytest.mark.parametrize(
    ("key", "around"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/St_Johns", "2006-10-29"),
        ("Pacific/Apia", "2011-12-30"),
        ("Pacific/Kwajalein", "1993-08-21"),  # skipped a day
        ("Africa/El_Aaiun", "2026-02-15"),
        ("+08:00", "2026-01-01"),
    ],
)
def test_wall_clocks_read_back_as_the_clock_shows_them(key: Any, around: Any) -> None:
    tz = as_zone("tz", key)
    clock = Clock(tz, utc(around) - dt.timedelta(days=3), 6 * 1440)
    day = dt.datetime.fromisoformat(around)
    for minutes in sorted({*range(-1440, 1440, 11), *range(-1440, 1440, 30), -59, 1, 61}):
        wall = day + dt.timedelta(minutes=minutes)
        assert start_of("start", wall, tz) == clock.first(wall)
        shown = clock.showing(wall)
        if len(shown) == 1:
            assert instant_of("start", wall, tz, None) == shown[0]
            assert instant_of("start", wall, tz, 0) == instant_of("start", wall, tz, 1) == shown[0]
            continue
        times = "twice" if shown else "never"
        with pytest.raises(InvalidInputError) as caught:
            instant_of("start", wall, tz, None)
        assert str(caught.value) == (
            "start must name one instant: the local clock shows it "
            f"{times}: fold=0 or fold=1 says how to read it"
        )
        for fold in (0, 1):  # PEP 495
            expected = wall.replace(tzinfo=tz, fold=fold).astimezone(dt.UTC)
            assert instant_of("start", wall, tz, fold) == expected
            assert not shown or expected == shown[fold]


def test_alaska_had_a_day_twice_to_the_second() -> None:
    # Rule text: LMT +15:02:19 until 1867-10-19 15:33:32 local, then -8:57:41
    juneau, wall = ZoneInfo("America/Juneau"), dt.datetime(1867, 10, 19)
    first, second = utc("1867-10-18T08:57:41"), utc("1867-10-19T08:57:41")
    assert start_of("start", wall, juneau) == first
    assert instant_of("start", wall, juneau, 0) == first
    assert instant_of("start", wall, juneau, 1) == second


@pytest.mark.parametrize("wall", [dt.datetime(1, 1, 1, 23), dt.datetime(9999, 12, 31)])
def test_the_edge_of_the_calendar_is_refused(wall: Any) -> None:
    reads: list[Any] = [
        lambda: start_of("start", wall, ZoneInfo("Asia/Tokyo")),
        lambda: instant_of("start", wall, ZoneInfo("Asia/Tokyo"), None),
    ]
    for read in reads:
        with pytest.raises(InvalidInputError) as caught:
            read()
        assert str(caught.value) == (
            "start must lie well inside the years 1 to 9999: got a date at their edge"
        )


def test_far_dates_inside_are_read() -> None:
    wall = dt.datetime(9999, 12, 29)
    assert start_of("end", wall, ZoneInfo("Asia/Tokyo")) == utc("9999-12-28T15:00")
