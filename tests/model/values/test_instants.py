"""Instants at the edge."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from customerops.errors import InvalidInputError
from customerops.model.values.instants import as_instant, from_us, to_us


class Clock(dt.datetime):
    """A subclass, as date libraries have."""


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        Clock(2026, 10, 25, 1, 30, tzinfo=dt.UTC),
        pd.Timestamp("2026-10-25T01:30", tz="UTC"),
        pd.Timestamp("2026-10-25T01:30:00.000000999", tz="UTC"),  # finer is floored
        pd.Timestamp("2026-10-25T09:30", tz="Asia/Shanghai").as_unit("s"),
    ],
    ids=repr,
)
def test_an_instant_is_a_plain_datetime_in_utc(value: Any) -> None:
    instant = as_instant("at", value)
    assert type(instant) is dt.datetime
    assert instant.tzinfo is dt.UTC
    assert instant == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
    assert hash(instant) == hash(dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC))


@pytest.mark.parametrize("us", [0, 1, -1, 10**15, -62_135_596_800_000_000])
def test_microseconds_go_both_ways(us: int) -> None:
    assert to_us(from_us(us)) == us


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (dt.datetime(2026, 1, 1), "at must be timezone-aware: got a naive datetime"),  # noqa: DTZ001
        (pd.Timestamp("2026-01-01"), "at must be timezone-aware: got a naive datetime"),
        (dt.date(2026, 1, 1), "at must be a datetime: got date"),
        (pd.NaT, "at must be a datetime: got NaTType"),
        (1_700_000_000, "at must be a datetime: got int"),
        (None, "at must be a datetime: got NoneType"),
        (
            dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(-dt.timedelta(hours=5))),
            "at must lie in the years 1 to 9999 of UTC: got a date at their edge",
        ),
        (
            dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))),
            "at must lie in the years 1 to 9999 of UTC: got a date at their edge",
        ),
    ],
    ids=repr,
)
def test_what_is_no_instant_is_refused(value: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        as_instant("at", value)
    assert str(caught.value) == message
