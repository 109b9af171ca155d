"""Care dates: leap days, first years, zones, and what is not told in an error."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.care import CareDate, due_on
from customerops.model.records.records import Customer

DAY = dt.timedelta(days=1)
TAIPEI = CareDate(key="birthday", of="born", leap_day="feb_28")
HONG_KONG = CareDate(key="birthday", of="born", leap_day="mar_1")
MET = CareDate(key="anniversary", of="created_at", leap_day="feb_28")
NEW_YEAR = CareDate(key="new_year", dates=("2026-02-17", "2027-02-06"))


def due(one: CareDate, day: str, born: Any = "1992-02-29", **fields: Any) -> bool:
    known = {} if born is None else {"born": born}
    ann = Customer(id="c-9", attributes=known, **fields)
    return due_on(ann, dates=[one], day=dt.date.fromisoformat(day), tz="UTC") == (one.key,)


@pytest.mark.parametrize(
    ("care", "day", "born", "falls"),
    [
        # the common case
        (TAIPEI, "2026-05-07", "1990-05-07", True),
        (TAIPEI, "2026-05-08", "1990-05-07", False),
        (TAIPEI, "2026-06-07", "1990-05-07", False),
        (TAIPEI, "1991-05-07", "1990-05-07", True),
        (TAIPEI, "1990-05-07", "1990-05-07", False),  # the day itself is no anniversary
        (TAIPEI, "1989-05-07", "1990-05-07", False),
        # 29 February in a leap year is itself, wherever one lives
        (TAIPEI, "2028-02-29", "1992-02-29", True),
        (TAIPEI, "2028-02-28", "1992-02-29", False),
        (HONG_KONG, "2028-02-29", "1992-02-29", True),
        (HONG_KONG, "2028-03-01", "1992-02-29", False),
        # and in other years what the law of the place says; 2100 is no leap year
        (TAIPEI, "2026-02-28", "1992-02-29", True),
        (TAIPEI, "2026-03-01", "1992-02-29", False),
        (HONG_KONG, "2026-02-28", "1992-02-29", False),
        (HONG_KONG, "2026-03-01", "1992-02-29", True),
        (TAIPEI, "2100-02-28", "1992-02-29", True),
        (HONG_KONG, "2100-03-01", "1992-02-29", True),
        (TAIPEI, "2000-02-29", "1992-02-29", True),
        # without the year
        (TAIPEI, "2026-05-07", "--05-07", True),
        (TAIPEI, "2026-05-07", "--0507", True),
        (TAIPEI, "2026-02-28", "--02-29", True),
        (HONG_KONG, "2028-03-01", "--02-29", False),
        # not known
        (TAIPEI, "2026-05-07", None, False),
        # festivals
        (NEW_YEAR, "2026-02-17", None, True),
        (NEW_YEAR, "2027-02-06", None, True),
        (NEW_YEAR, "2027-02-17", None, False),
    ],
)
def test_when_a_date_falls(care: CareDate, day: str, born: Any, falls: bool) -> None:
    assert due(care, day, born) is falls


@pytest.mark.parametrize(
    ("care", "days", "day", "falls"),
    [
        (TAIPEI, 3, "2026-02-25", True),
        (TAIPEI, 3, "2026-02-28", False),
        (HONG_KONG, 3, "2026-02-26", True),
        (TAIPEI, 60, "2025-12-30", True),  # over the turn of the year
        (TAIPEI, 60, "2027-12-31", True),  # into a leap year
        (NEW_YEAR, 20, "2026-01-28", True),
        (TAIPEI, 366, "9999-12-31", False),  # there is no later year
    ],
)
def test_days_ahead(care: CareDate, days: int, day: str, falls: bool) -> None:
    written = {**care.to_dict(), "days_before": days}
    assert due(CareDate.from_dict(written), day) is falls


def test_the_relationship_began_on_the_customers_own_day() -> None:
    met = dt.datetime(2024, 5, 1, 20, tzinfo=dt.UTC)
    assert due(MET, "2026-05-01", created_at=met)
    assert due(MET, "2026-05-02", created_at=met, timezone="Asia/Shanghai")
    assert not due(MET, "2026-05-01", created_at=met, timezone="Asia/Shanghai")
    assert not due(MET, "2024-05-01", created_at=met)
    assert not due(MET, "2026-05-01")
    ann = Customer(id=1, created_at=met)
    assert due_on(ann, dates=[MET], day=dt.date(2026, 5, 2), tz="Asia/Shanghai") == (
        "anniversary",
    )


def test_several_in_the_order_given() -> None:
    ann = Customer(id=1, attributes={"born": "1990-02-17"})
    keys = due_on(ann, dates=[NEW_YEAR, MET, TAIPEI], day=dt.date(2026, 2, 17), tz="UTC")
    assert keys == ("new_year", "birthday")


@given(st.dates(dt.date(1950, 1, 1), dt.date(2020, 12, 31)), st.integers(2021, 2110))
def test_once_a_year(born: dt.date, year: int) -> None:
    first = dt.date(year, 1, 1)
    days = [first + n * DAY for n in range(366) if (first + n * DAY).year == year]
    ann = Customer(id=1, attributes={"born": born.isoformat()})
    for care in (TAIPEI, HONG_KONG):
        found = [day for day in days if due_on(ann, dates=[care], day=day, tz="UTC")]
        assert len(found) == 1
        if (born.month, born.day) != (2, 29):
            assert (found[0].month, found[0].day) == (born.month, born.day)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"key": ""}, "key must not be empty"),
        ({}, "of or dates must be given, one of them: neither was"),
        ({"of": "born", "dates": ["2026-01-01"]}, "of or dates must be given, one of them: both"),
        ({"of": "born"}, "leap_day must be one of 'feb_28', 'mar_1': got None"),
        ({"of": "born", "leap_day": "feb_29"}, "leap_day must be one of .*did you mean"),
        ({"of": "", "leap_day": "mar_1"}, "of must not be empty"),
        ({"dates": ["2026-01-01"], "leap_day": "mar_1"}, "leap_day must be left out"),
        ({"dates": "2026-01-01"}, "dates must be a collection of dates: got str"),
        ({"dates": 3}, "dates must be a collection of dates: got int"),
        ({"dates": ["1 May"]}, r"dates\[0\] must be an ISO 8601 date: got another str"),
        (
            {"dates": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]},
            r"dates\[0\] must be a date: got dat",
        ),
        ({"dates": ["2026-01-01"], "days_before": -1}, "days_before must be at least 0"),
        ({"dates": ["2026-01-01"], "days_before": 367}, "days_before must be at most 366"),
        ({"dates": ["2026-01-01"], "days_before": 1.5}, "days_before must be an int"),
    ],
)
def test_refused_by_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        CareDate(**{"key": "day", **fields})


@pytest.mark.parametrize(
    ("born", "message"),
    [
        ("29 Feb 1992", "customer.attributes.born must be an ISO 8601 date: got another str"),
        ("1993-02-29", "customer.attributes.born must be an ISO 8601 date: got another str"),
        ("--13-01", "customer.attributes.born must be an ISO 8601 date: got another str"),
        (19920229, "customer.attributes.born must be an ISO 8601 date: got int"),
    ],
)
def test_an_attribute_that_is_no_date(born: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        due(TAIPEI, "2026-02-28", born)
    assert str(born) not in str(caught.value)


def test_other_arguments() -> None:
    ann = Customer(id=1, timezone="Europe/Atlantis")
    today = dt.date(2026, 1, 1)
    with pytest.raises(InvalidInputError, match="customer must be a Customer: got int"):
        due_on(1, dates=[MET], day=today, tz="UTC")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="day must be a date: got datetime"):
        due_on(ann, dates=[], day=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), tz="UTC")
    with pytest.raises(InvalidInputError, match="tz must be the name of a time zone"):
        due_on(ann, dates=[], day=today, tz="Nowhere")
    message = "customer.timezone must be the name of a time zone: got another str$"
    with pytest.raises(InvalidInputError, match=message):
        due_on(ann, dates=[], day=today, tz="UTC")


@pytest.mark.parametrize(
    "care", [TAIPEI, MET, NEW_YEAR, CareDate(key="x", dates=[dt.date(2026, 5, 1)], days_before=7)]
)
def test_they_survive_being_written(care: CareDate) -> None:
    assert CareDate.from_dict(care.to_dict()) == care
    assert hash(CareDate.from_dict(care.to_dict())) == hash(care)


def test_dates_are_kept_once_and_in_order() -> None:
    given = ["2027-02-06", "2026-02-17", dt.date(2026, 2, 17)]
    assert CareDate(key="new_year", dates=given) == NEW_YEAR  # type: ignore[arg-type]
