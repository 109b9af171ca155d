from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customerops.model.intake.frames import raw
from customerops.model.intake.raw import Converted
from customerops.model.intake.times import Clock, instants
from tests.reference import intake as reference

UTC = dt.UTC
BERLIN = ZoneInfo("Europe/Berlin")
HAVANA = ZoneInfo("America/Havana")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ST_JOHNS = ZoneInfo("America/St_Johns")
APIA = ZoneInfo("Pacific/Apia")
HOUR = 3_600_000_000


def us(text: str) -> int:
    """Microseconds of an ISO time with its offset."""
    return (dt.datetime.fromisoformat(text) - reference.EPOCH) // reference.US


def wall(text: str) -> dt.datetime:
    """A naive time."""
    return dt.datetime.fromisoformat(text)


def read(given: Any, **clock: Any) -> Converted:
    return instants(raw("at", given), Clock(**clock))


def values(given: Any, **clock: Any) -> list[int | None]:
    done = read(given, **clock)
    assert not any(fault.rows.any() for fault in done.faults)
    gone = [False] * len(done.values) if done.missing is None else done.missing.tolist()
    return [None if m else v for m, v in zip(gone, done.values.tolist(), strict=True)]


def reasons(given: Any, **clock: Any) -> list[tuple[str, list[int]]]:
    found = read(given, **clock).faults
    return [(f.reason, np.flatnonzero(f.rows).tolist()) for f in found if f.rows.any()]


def naive(*texts: str) -> np.ndarray:
    return np.array(texts, "M8[us]")


class TestUnits:
    @pytest.mark.parametrize("unit", ["h", "m", "s", "ms", "us", "ns", "ps", "fs"])
    def test_every_unit_of_datetime64_is_the_same_instant(self, unit: str) -> None:
        assert values(np.array(["1970-01-01T02"], f"M8[{unit}]"), tz=UTC) == [2 * HOUR]

    @pytest.mark.parametrize("unit", ["Y", "M", "W", "D"])
    def test_coarse_units_are_dates(self, unit: str) -> None:
        assert values(np.array(["1970-01-01"], f"M8[{unit}]"), tz=BERLIN) == [-HOUR]

    def test_a_multiple_of_a_unit(self) -> None:
        assert values(np.array([3], "M8[5m]"), tz=UTC) == [HOUR // 4]

    def test_finer_than_a_microsecond_is_floored(self) -> None:
        assert values(np.array([1999, -1], "M8[ns]"), tz=UTC) == [1, -1]
        assert values(np.array([-1], "M8[ps]"), tz=UTC) == [-1]

    def test_missing_rows_hold_zero(self) -> None:
        for unit in ("us", "ns", "s", "D"):
            done = read(np.array(["NaT", "1970-01-02"], f"M8[{unit}]"), tz=BERLIN)
            assert done.values.tolist() == [0, 24 * HOUR - HOUR]
            assert done.missing is not None
            assert done.missing.tolist() == [True, False]

    @pytest.mark.parametrize("unit", ["Y", "D", "s", "ms", "us"])
    def test_outside_the_years_of_datetime(self, unit: str) -> None:
        years = np.array(["0000-12-31", "0001-01-01", "9999-12-31", "10000-01-01"], f"M8[{unit}]")
        assert reasons(years, tz=UTC) == [("out of range", [0, 3])]
        done = read(years, tz=UTC)
        assert done.values.tolist()[:2] == [0, us("0001-01-01T00:00+00:00")]

    def test_what_would_overflow_is_out_of_range(self) -> None:
        assert reasons(np.array([2**62, -(2**62)], "M8[s]"), tz=UTC) == [("out of range", [0, 1])]

    def test_the_last_microsecond_is_inside(self) -> None:
        last = np.array(["9999-12-31T23:59:59.999999"], "M8[us]")
        assert values(last, tz=UTC) == [us("9999-12-31T23:59:59.999999+00:00")]


class TestNumbers:
    @pytest.mark.parametrize(("unit", "per"), [("s", 10**6), ("ms", 1000), ("us", 1)])
    def test_ints_count_units(self, unit: str, per: int) -> None:
        assert values(np.array([-3, 5], np.int32), unit=unit) == [-3 * per, 5 * per]
        assert values([-3, None, 5], unit=unit) == [-3 * per, None, 5 * per]

    def test_nanoseconds_are_floored(self) -> None:
        assert values(np.array([1999, -1]), unit="ns") == [1, -1]
        assert values(np.array([1999.0, -1.0]), unit="ns") == [1, -1]

    @pytest.mark.parametrize("seconds", [1700000000.123456, 0.1, -0.1, 2.5e-6, 3.5e-6, -1.5e-6])
    def test_float_seconds_are_read_as_datetime_reads_them(self, seconds: float) -> None:
        expected = (dt.datetime.fromtimestamp(seconds, UTC) - reference.EPOCH) // reference.US
        assert values(np.array([seconds]), unit="s") == [expected]
        assert values([seconds, np.datetime64("NaT", "us")], unit="s") == [expected, None]

    def test_float_nanoseconds_of_our_time(self) -> None:
        column = np.array([1.7e18, np.nan])
        mixed = [1.7e18, dt.datetime(1970, 1, 1, tzinfo=UTC)]
        for floats in (column, [1.7e18, None], mixed):
            assert values(floats, unit="ns")[0] == 1_700_000_000_000_000

    def test_float_milliseconds(self) -> None:
        assert values(np.array([1.0015, np.nan, -0.25]), unit="ms") == [1002, None, -250]

    def test_float_microseconds(self) -> None:
        assert values(np.array([0.5, 1.5]), unit="us") == [0, 2]

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_out_of_range(self, unit: str) -> None:
        per = {"s": 10**6, "ms": 1000, "us": 1, "ns": 0}[unit]
        if per:
            edge = us("9999-12-31T23:59:59.999999+00:00") // per
            least = -(-us("0001-01-01T00:00+00:00") // per)
            ticks = [least - 1, least, edge, edge + 1]
            assert reasons(np.array(ticks), unit=unit) == [("out of range", [0, 3])]
        infinite = np.array([np.inf, 0, -np.inf, 1e30])
        assert reasons(infinite, unit=unit) == [("out of range", [0, 2, 3])]

    def test_without_a_unit_typed_numbers_are_a_fault_of_the_call(self) -> None:
        (fault,) = read(np.array([19970101])).faults
        assert (fault.reason, fault.requirement, fault.problem, fault.whole) == (
            "without a unit", "must be datetimes", "numbers need at_unit=", True,
        )  # fmt: skip
        (fault,) = read([19970101]).faults
        assert not fault.whole


class TestObjects:
    def test_each_is_read_as_in_a_column_of_its_own(self) -> None:
        given = [
            dt.datetime(2026, 7, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=8))),
            wall("2026-07-01T12:00"),
            dt.date(2026, 7, 1),
            np.datetime64("2026-07-01T12:00:00.123456789"),
            pd.Timestamp("2026-07-01T12:00:00.000000999", tz="Asia/Tokyo"),
            pd.NaT,
            1,
            1.5,
            np.int32(1),
            np.float32(1.5),
        ]
        assert values(given, tz=BERLIN, unit="s") == [
            us("2026-07-01T04:00+00:00"),
            us("2026-07-01T12:00+02:00"),
            us("2026-07-01T00:00+02:00"),
            us("2026-07-01T12:00:00.123456+02:00"),
            us("2026-07-01T12:00+09:00"),
            None,
            10**6,
            1_500_000,
            10**6,
            1_500_000,
        ]

    def test_numbers_in_a_mixture(self) -> None:
        day = dt.datetime(1970, 1, 1, tzinfo=UTC)
        assert values([day, 1999, -1.0], unit="ns") == [0, 1, -1]
        assert values([day, 7, 0.25], unit="ms") == [0, 7000, 250]
        huge = [day, 2**70, np.inf, -np.inf, 10**30]
        for unit in ("s", "ms", "us"):
            assert reasons(huge, unit=unit) == [("out of range", [1, 2, 3, 4])]
        assert reasons([day, 2**60, 1e18], unit="s") == [("out of range", [1, 2])]
        edges = [day, -62135596801, -62135596800, 253402300799, 253402300800]
        assert reasons(edges, unit="s") == [("out of range", [1, 4])]

    def test_what_is_no_time(self) -> None:
        day = dt.datetime(1970, 1, 1, tzinfo=UTC)
        bad = [day, "2026-01-01", True, b"", dt.time(1), np.timedelta64(1, "s"), day]
        assert reasons(bad, unit="s") == [("not a time", [1, 2, 3, 4, 5])]

    def test_faults_in_order(self) -> None:
        day = dt.datetime(1970, 1, 1, tzinfo=UTC)
        given = [day, wall("2026-01-01T05:00"), 5, "x", dt.date(2026, 1, 1), None]
        assert reasons(given) == [
            ("not a time", [3]),
            ("without a time zone", [1, 4]),
            ("without a unit", [2]),
        ]
        assert not any(fault.whole for fault in read(given).faults)
        assert read(given).values.tolist() == [0] * 6

    def test_local_faults_among_aware_times(self) -> None:
        given = [
            dt.datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
            wall("2026-10-25T02:30"),
            wall("2026-03-29T02:30"),
        ]
        assert reasons(given, tz=BERLIN) == [
            ("twice on the local clock", [1]),
            ("never on the local clock", [2]),
        ]
        assert values(given, tz=BERLIN, fold=0) == [
            us("2026-10-25T02:30+00:00"),
            us("2026-10-25T02:30+02:00"),
            us("2026-03-29T02:30+01:00"),
        ]

    def test_a_datetime_beyond_the_years_once_in_utc(self) -> None:
        east, west = (dt.timezone(dt.timedelta(hours=h)) for h in (8, -8))
        given = [
            dt.datetime(1, 1, 1, tzinfo=east),
            dt.datetime(9999, 12, 31, 23, tzinfo=west),
            0.0,
        ]
        assert reasons(given, unit="s") == [("out of range", [0, 1])]


class TestTypedFaults:
    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            (np.array(["2026-01-01"]), "got text; parse it first"),
            (np.array([True]), "got booleans"),
        ],
    )
    def test_a_column_that_holds_no_times(self, given: np.ndarray, problem: str) -> None:
        (fault,) = read(given, tz=UTC, unit="s").faults
        assert (fault.reason, fault.problem, fault.whole) == ("not a time", problem, True)

    def test_naive_times_without_a_zone(self) -> None:
        (fault,) = read(np.array(["2026-01-01T05", "NaT"], "M8[s]")).faults
        assert fault.rows.tolist() == [True, False]
        assert (fault.reason, fault.requirement, fault.problem, fault.whole) == (
            "without a time zone", "must be timezone-aware", "naive times and dates need tz=", True,
        )  # fmt: skip

    def test_dates_without_a_zone(self) -> None:
        assert reasons(np.array(["2026-01-01"], "M8[D]")) == [("without a time zone", [0])]

    def test_nothing_is_nothing(self) -> None:
        assert values([None, np.nan]) == [None, None]
        assert values([]) == []
        assert values(np.zeros(0, "M8[us]")) == []


class TestLocalTimes:
    def test_a_fixed_offset(self) -> None:
        shanghai = dt.timezone(dt.timedelta(hours=8))
        got = values(np.array(["2026-01-01T08", "NaT"], "M8[s]"), tz=shanghai)
        assert got == [us("2026-01-01T00:00+00:00"), None]

    def test_utc_is_not_copied(self) -> None:
        given = naive("2026-01-01T08", "2026-01-02T08")
        assert np.shares_memory(read(given, tz=UTC).values, given)

    def test_both_sides_of_a_change(self) -> None:
        given = naive("2026-03-29T01:59:59.999999", "2026-03-29T03:00", "2026-03-28T12", "NaT")
        assert values(given, tz=BERLIN) == [
            us("2026-03-29T01:59:59.999999+01:00"),
            us("2026-03-29T03:00+02:00"),
            us("2026-03-28T12:00+01:00"),
            None,
        ]

    def test_twice_and_never(self) -> None:
        given = naive(
            "2026-10-25T01:59:59.999999",
            "2026-10-25T02:00",
            "2026-10-25T02:59:59.999999",
            "2026-10-25T03:00",
            "2026-03-29T02:00",
            "2026-03-29T02:59:59.999999",
        )
        assert reasons(given, tz=BERLIN) == [
            ("twice on the local clock", [1, 2]),
            ("never on the local clock", [4, 5]),
        ]
        for fold in (0, 1):
            aware = [t.replace(tzinfo=BERLIN, fold=fold) for t in given.tolist()]
            assert values(given, tz=BERLIN, fold=fold) == [
                (t - reference.EPOCH) // reference.US for t in aware
            ]

    def test_the_message_names_fold(self) -> None:
        (fault,) = read(naive("2026-10-25T02:30"), tz=BERLIN).faults
        assert fault.requirement == "must name one instant"
        assert fault.problem == (
            "the local clock shows it twice; fold=0 or fold=1 says how to read it"
        )

    def test_a_date_whose_midnight_is_skipped_starts_when_the_clock_resumes(self) -> None:
        # Brazil, 2017-10-15: 00:00 -> 01:00 (tz database, southamerica)
        for dates in (np.array(["2017-10-15"], "M8[D]"), [dt.date(2017, 10, 15)]):
            for fold in (None, 0, 1):
                assert values(dates, tz=SAO_PAULO, fold=fold) == [us("2017-10-15T03:00+00:00")]

    def test_a_date_whose_midnight_comes_twice_starts_at_the_first(self) -> None:
        # Cuba, 2017-11-05: 01:00 daylight time -> 00:00 standard time
        for fold in (None, 0, 1):
            got = values(np.array(["2017-11-05"], "M8[D]"), tz=HAVANA, fold=fold)
            assert got == [us("2017-11-05T00:00-04:00")]

    def test_a_naive_midnight_is_a_date_unless_fold_says_otherwise(self) -> None:
        skipped, twice = naive("2017-10-15"), naive("2017-11-05")
        assert values(skipped, tz=SAO_PAULO) == [us("2017-10-15T03:00+00:00")]
        assert values(skipped, tz=SAO_PAULO, fold=1) == [us("2017-10-15T02:00+00:00")]
        assert values(twice, tz=HAVANA) == [us("2017-11-05T00:00-04:00")]
        assert values(twice, tz=HAVANA, fold=0) == [us("2017-11-05T00:00-04:00")]
        assert values(twice, tz=HAVANA, fold=1) == [us("2017-11-05T00:00-05:00")]
        assert reasons(naive("2017-11-05T00:00:01"), tz=HAVANA) != []

    def test_a_clock_that_goes_back_over_midnight(self) -> None:
        # St John's, 2006-10-29: 00:01 -> 23:01 of the day before
        got = values(np.array(["2006-10-29", "2006-10-30"], "M8[D]"), tz=ST_JOHNS)
        assert got == [us("2006-10-29T00:00-02:30"), us("2006-10-30T00:00-03:30")]
        assert reasons(naive("2006-10-28T23:30"), tz=ST_JOHNS) == [
            ("twice on the local clock", [0])
        ]

    def test_a_day_that_is_skipped(self) -> None:
        # Samoa went from 2011-12-29 24:00 (UTC-10) to 2011-12-31 00:00 (UTC+14)
        got = values(np.array(["2011-12-30", "2011-12-31"], "M8[D]"), tz=APIA)
        assert got == [us("2011-12-30T10:00+00:00")] * 2
        assert reasons(naive("2011-12-30T12:00"), tz=APIA) == [("never on the local clock", [0])]

    def test_far_apart_days_do_not_cost_the_days_between(self) -> None:
        given = naive("0001-01-01T12", "1900-01-01T12", "2026-07-01T12", "9999-12-31T12")
        assert values(given, tz=BERLIN) == [
            us("0001-01-01T12:00+00:53:28"),
            us("1900-01-01T12:00+01:00"),
            us("2026-07-01T12:00+02:00"),
            us("9999-12-31T12:00+01:00"),
        ]

    def test_local_times_beyond_the_years_once_in_utc(self) -> None:
        given = naive("0001-01-01T00:10", "9999-12-31T23:59")
        assert reasons(given, tz=BERLIN) == [("out of range", [0])]
        assert reasons(given, tz=HAVANA) == [("out of range", [1])]
        assert reasons(given, tz=dt.timezone(dt.timedelta(hours=1))) == [("out of range", [0])]

    def test_aware_wins_over_the_zone(self) -> None:
        given = pd.Series(naive("2026-07-01T12")).dt.tz_localize("Asia/Tokyo")
        assert values(given, tz=BERLIN) == [us("2026-07-01T12:00+09:00")]

    def test_more_rows_than_a_block(self) -> None:
        hours = np.arange(100_000) * 1800
        given = (np.datetime64("2026-01-01T00:15", "s") + hours).astype("M8[us]")
        first = [wall("2026-01-01T00:15") + k * dt.timedelta(minutes=30) for k in range(9000)]
        got = values(given, tz=BERLIN, fold=0)[:9000]
        assert got == [(t.replace(tzinfo=BERLIN) - reference.EPOCH) // reference.US for t in first]


ZONES = ["Europe/Berlin", "America/Havana", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"]
near = st.sampled_from(
    [
        wall("2026-10-25T02:30"),
        wall("2026-03-29T02:30"),
        wall("2017-11-05T00:00"),
        wall("2017-10-15T00:00"),
        wall("2011-12-30T00:00"),
        wall("2026-07-01T00:00"),
    ]
)
minutes = st.integers(-2000, 2000).map(lambda m: dt.timedelta(minutes=m))
walls = st.lists(
    st.builds(lambda t, d: t + d, near, minutes | st.just(dt.timedelta())), max_size=8
)


@given(walls, st.sampled_from(ZONES), st.sampled_from([None, 0, 1]), st.booleans())
@example([wall("2017-10-15T00:00")], "America/Sao_Paulo", None, True)
def test_columns_read_wall_clocks_as_one_by_one(
    times: list[dt.datetime], key: str, fold: int | None, dates: bool
) -> None:
    zone = ZoneInfo(key)
    rows: list[Any] = [t.date() if dates else t for t in times]
    expected: list[int | str] = []
    for x in rows:
        try:
            expected.append(reference.instant(x, zone, fold))
        except reference.Wrong as wrong:
            expected.append(str(wrong))
    for column in (np.array(rows, "M8[D]" if dates else "M8[us]"), rows):
        done = read(column, tz=zone, fold=fold)
        got: list[int | str] = list(done.values.tolist())
        for fault in done.faults:
            for row in np.flatnonzero(fault.rows).tolist():
                got[row] = fault.reason
        assert got == expected
