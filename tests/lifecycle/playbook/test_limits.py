"""Caps in words, quiet hours on the clock, a holdout that every machine agrees on."""

import datetime as dt
import itertools
import subprocess
import sys
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.limits import Cap, Holdout, QuietHours, all_day, quiet_until
from customerops.model.values.instants import from_us, to_us

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
NIGHT = QuietHours("22:00", "08:00")


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        (Cap(limit=3, window=7 * DAY, channel="sms"), "3 sms in 7 days"),
        (Cap(limit=5, window=7 * DAY), "5 contacts in 7 days"),
        (Cap(limit=1, window=36 * 60 * MINUTE), "1 contact in 36 hours"),
    ],
)
def test_caps_in_words(cap: Cap, words: str) -> None:
    assert cap.describe() == words
    assert Cap.from_dict(cap.to_dict()) == cap


NOON = dt.time(12, tzinfo=dt.UTC)
WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (Cap, {"limit": 0, "window": DAY}, "limit must be at least 1: got less"),
    (Cap, {"limit": 1, "window": 0 * DAY}, "window must be longer than zero"),
    (Cap, {"limit": 1, "window": 36526 * DAY}, "window must be at most 36525 days: got more"),
    (Cap, {"limit": 1, "window": DAY, "channel": ""}, "channel must not be empty"),
    (QuietHours, {"start": "22h", "end": "08:00"}, "start must be an ISO 8601 time: got another"),
    (QuietHours, {"start": "22:00", "end": 8}, "end must be a time: got int"),
    (QuietHours, {"start": NOON, "end": "08:00"}, "start must be a naive time: got one with a"),
    (QuietHours, {"start": "22:00", "end": "22:00"}, "end must not be the start: it is"),
    (
        QuietHours,
        {"start": "22:00", "end": "08:00", "channels": "sms"},
        "channels must be a set: got str",
    ),
    (Holdout, {"key": "", "share": 0.1}, "key must not be empty"),
    (Holdout, {"key": "k", "share": 0}, "share must lie between 0 and 1: it does not"),
    (Holdout, {"key": "k", "share": 1}, "share must lie between 0 and 1: it does not"),
    (Holdout, {"key": "k", "share": "0.1"}, "share must be a float: got str"),
]


@pytest.mark.parametrize(("kind", "fields", "message"), WRONG)
def test_refused_by_name(kind: Any, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        kind(**fields)


def test_written_quiet_hours_that_are_none() -> None:
    with pytest.raises(InvalidInputError, match=r"QuietHours\.end must be given"):
        QuietHours.from_dict({"start": "22:00"})


def test_a_century_is_short_enough() -> None:
    assert Cap(limit=1, window=36525 * DAY).window == 36525 * DAY


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        (NIGHT, ["22:00", "23:59:59.999999", "00:00", "07:59"], ["08:00", "12:00", "21:59"]),
        (QuietHours("12:00", "14:00"), ["12:00", "13:59"], ["11:59", "14:00", "00:00"]),
        (QuietHours("00:00", "08:00"), ["00:00", "07:59"], ["08:00", "23:59"]),
        (QuietHours("20:00", "00:00"), ["20:00", "23:59"], ["00:00", "19:59"]),
    ],
)
def test_half_open_on_the_clock(hours: QuietHours, quiet: list[str], loud: list[str]) -> None:
    assert all(hours.covers(dt.time.fromisoformat(one)) for one in quiet)
    assert not any(hours.covers(dt.time.fromisoformat(one)) for one in loud)


def test_quiet_hours_survive_being_written() -> None:
    lunch = QuietHours(dt.time(12, 0, 0, 5), dt.time(14, fold=1), channels={"sms", "phone"})  # type: ignore[arg-type]
    written = {"start": "12:00:00.000005", "end": "14:00:00", "channels": ["phone", "sms"]}
    assert lunch.to_dict() == written
    assert QuietHours.from_dict(written) == lunch
    assert hash(QuietHours.from_dict(written)) == hash(lunch)


@pytest.mark.parametrize(
    ("hours", "none_left"),
    [
        ([], False),
        ([NIGHT], False),
        ([NIGHT, QuietHours("08:00", "21:59")], False),
        ([NIGHT, QuietHours("08:00", "22:00")], True),
        ([NIGHT, QuietHours("07:00", "15:00"), QuietHours("14:00", "23:00")], True),
        ([QuietHours("08:00", "07:59"), QuietHours("07:59", "08:00")], True),
    ],
)
def test_hours_that_leave_nothing_of_the_day(hours: list[QuietHours], none_left: bool) -> None:
    assert all_day(hours) is none_left


# ------------------------------------------------------------------ until when

ZONES = [
    ("Europe/Berlin", dt.date(2026, 3, 29)),  # 02:00 -> 03:00
    ("Europe/Berlin", dt.date(2026, 10, 25)),  # 03:00 -> 02:00
    ("America/New_York", dt.date(2026, 11, 1)),
    ("Australia/Lord_Howe", dt.date(2026, 4, 5)),  # half an hour
    ("America/Havana", dt.date(2026, 3, 8)),  # midnight is skipped
    ("America/Havana", dt.date(2026, 11, 1)),  # midnight comes twice
    ("Pacific/Apia", dt.date(2011, 12, 30)),  # a day is skipped
    ("Asia/Shanghai", dt.date(2026, 3, 10)),
]
HOURS = [
    [NIGHT],
    [QuietHours("22:00", "02:30")],
    [QuietHours("01:30", "02:15")],
    [QuietHours("02:15", "02:45")],
    [QuietHours("23:30", "00:30"), QuietHours("00:15", "03:00")],
    [QuietHours("00:00", "01:00"), QuietHours("12:00", "13:00")],
]


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize(("name", "date"), ZONES)
def test_the_end_by_counting_minutes(name: str, date: dt.date, hours: list[QuietHours]) -> None:
    zone = ZoneInfo(name)
    start = dt.datetime.combine(date, dt.time(), dt.UTC) - 1.5 * DAY
    minutes = [start + n * MINUTE for n in range(4 * 24 * 60)]
    quiet = [any(h.covers(m.astimezone(zone).time()) for h in hours) for m in minutes]
    for n in range(0, 3 * 24 * 60, 7):
        until = next(m for m, hushed in zip(minutes[n:], quiet[n:], strict=True) if not hushed)
        assert from_us(quiet_until(to_us(minutes[n]), zone, hours)) == until


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # Berlin sets the clock forward at 01:00 UTC: a night of 22:00 to 02:30 ends with the jump
        ("2026-03-28T23:00+00:00", "2026-03-29T01:00+00:00"),
        ("2026-03-27T23:00+00:00", "2026-03-28T01:30+00:00"),
        # and back at 01:00 UTC: from 02:30 to 03:00 it may be disturbed, then it is night again
        ("2026-10-24T22:00+00:00", "2026-10-25T00:30+00:00"),
        ("2026-10-25T00:45+00:00", "2026-10-25T00:45+00:00"),
        ("2026-10-25T01:00+00:00", "2026-10-25T01:30+00:00"),
    ],
)
def test_nights_in_which_the_clock_is_set(at: str, until: str) -> None:
    us = to_us(dt.datetime.fromisoformat(at))
    end = quiet_until(us, ZoneInfo("Europe/Berlin"), [QuietHours("22:00", "02:30")])
    assert from_us(end) == dt.datetime.fromisoformat(until)


@given(
    st.timedeltas(0 * DAY, 4 * DAY).map(
        lambda late: dt.datetime(2026, 3, 27, tzinfo=dt.UTC) + late
    ),
    st.lists(st.tuples(st.times(), st.times()).filter(lambda t: t[0] != t[1]), max_size=3),
)
def test_the_end_is_the_first_free_instant(
    at: dt.datetime, times: list[tuple[dt.time, dt.time]]
) -> None:
    zone, us = ZoneInfo("Europe/Berlin"), dt.timedelta(microseconds=1)
    hours = [QuietHours(start.replace(fold=0), end.replace(fold=0)) for start, end in times]
    if all_day(hours):
        return

    def quiet(instant: dt.datetime) -> bool:
        return any(one.covers(instant.astimezone(zone).time()) for one in hours)

    until = from_us(quiet_until(to_us(at), zone, hours))
    assert not quiet(until)
    assert (until == at) is (not quiet(at))
    if until > at:
        assert quiet(until - us)
        middle = at + (until - at) / 2
        assert quiet(middle)


# ------------------------------------------------------------------ the holdout


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("key", ["2026", "another draw"])
def test_the_share_is_near_the_nominal(share: float, key: str) -> None:
    held = sum(Holdout(key=key, share=share).holds(f"customer {n}") for n in range(5000))
    spread = (5000 * share * (1 - share)) ** 0.5
    assert abs(held - 5000 * share) < 4 * spread


def test_a_larger_share_holds_out_the_same_and_more() -> None:
    shares = [0.01, 0.05, 0.2, 0.7]
    groups = [{n for n in range(500) if Holdout(key="k", share=s).holds(n)} for s in shares]
    assert all(few < many for few, many in itertools.pairwise(groups))


def test_keys_and_types_of_ids_draw_independently() -> None:
    one, other = Holdout(key="a", share=0.5), Holdout(key="b", share=0.5)
    both = sum(one.holds(n) and other.holds(n) for n in range(4000))
    assert 900 < both < 1100
    mixed = sum(one.holds(n) and one.holds(str(n)) for n in range(4000))
    assert 900 < mixed < 1100


def test_every_process_agrees() -> None:
    ask = "from customerops.lifecycle import Holdout as H; h = H(key='k', share=0.3); print(sum(h.holds(n) << n for n in range(64)))"
    said = {
        subprocess.run(
            [sys.executable, "-c", ask],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    here = Holdout(key="k", share=0.3)
    assert said == {f"{sum(here.holds(n) << n for n in range(64))}\n"}
