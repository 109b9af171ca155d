"""Retention against a slow reading of its definition, and against published examples."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import retention
from customerops.model import Calendar, Customer, Interaction, InteractionLog, Window, first
from tests.reference import metrics as slow

UTC = dt.UTC
BERLIN = ZoneInfo("Europe/Berlin")
KINDS = ("signup", "purchase", "use")


def events(*rows: tuple[str, str, str]) -> list[Interaction]:
    return [
        Interaction(
            customer_id=who, kind=kind, at=dt.datetime.fromisoformat(at).replace(tzinfo=UTC)
        )
        for who, kind, at in rows
    ]


def log_of(rows: list[Interaction], zone: Any = UTC, **more: Any) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=Calendar(zone), **more)


# whole hours about the turn of months, so that edges are met; 25 October 2026 has 25 hours in Berlin
INSTANTS = st.builds(
    lambda month, hours: dt.datetime(2026, month, 1, tzinfo=UTC) + dt.timedelta(hours=hours),
    st.integers(8, 12),
    st.sampled_from([-26, -25, -2, -1, 0, 1, 23, 24, 200, 576, 577]),
)
ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.sampled_from("abcd"),
        kind=st.sampled_from(KINDS),
        at=INSTANTS,
        channel=st.sampled_from(["web", "app", None]),
    ),
    max_size=25,
)


@given(
    ROWS,
    INSTANTS | INSTANTS.map(lambda at: at - dt.timedelta(microseconds=1)),
    st.sampled_from(KINDS),
    st.sampled_from(KINDS),
    st.sampled_from(["on", "on_or_after"]),
    st.sampled_from(["cohort", "returning"]),
    st.sampled_from([UTC, BERLIN]),
)
def test_retention_equals_reading_each_history(
    rows: list[Interaction],
    as_of: dt.datetime,
    start: str,
    returning: str,
    mode: Any,
    age_zero: Any,
    zone: Any,
) -> None:
    table = retention(
        log_of(rows, zone).until(as_of),
        start=start,
        returning=returning,
        period="month",
        mode=mode,
        age_zero=age_zero,
    )
    expected = slow.retention(
        slow.histories(rows, as_of),
        start=start,
        returning=returning,
        zone=zone,
        as_of=as_of,
        mode=mode,
        age_zero=age_zero,
    )
    got = {}
    for i, cohort in enumerate(table.axes[0].labels):
        assert isinstance(cohort, dt.date)
        for age in range(len(table.axes[1])):
            cell = (int(table.count[i, age]), int(table.total[i, age]), int(table.size[i]))
            got[cohort.year * 12 + cohort.month - 1, age] = cell
    assert got == expected


# PostHog/posthog retention tests, restated: test_first_time_retention (people join on the day of
# their first sign-up; a second sign-up makes no second cohort)
def test_first_time_cohorts_by_day() -> None:
    rows = events(
        ("x", "signup", "2020-06-09 05:00"),
        ("x", "signup", "2020-06-10 05:00"),
        ("x", "use", "2020-06-11 05:00"),
        ("y", "signup", "2020-06-10 05:00"),
        ("y", "use", "2020-06-10 07:00"),
        ("y", "use", "2020-06-12 05:00"),
    )
    table = retention(
        log_of(rows).until_day(dt.date(2020, 6, 12)), start="signup", returning="use", period="day"
    )
    assert table.count.tolist() == [[1, 0, 1, 0], [1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert table.size.tolist() == [1, 1, 0, 0]
    same_day = retention(
        log_of(rows).until_day(dt.date(2020, 6, 12)),
        start="signup",
        returning="use",
        period="day",
        age_zero="returning",
    )
    assert same_day.count[:, 0].tolist() == [0, 1, 0, 0]


# PostHog issue 58679: a window that is not over is unknown, not 0 %
def test_a_cell_that_is_not_over_is_unknown() -> None:
    rows = events(("a", "signup", "2026-02-01 00:00"), ("b", "signup", "2026-02-03 00:00"))
    table = retention(
        log_of(rows).until(dt.datetime(2026, 4, 16, tzinfo=UTC)),
        start="signup",
        returning="use",
        period="month",
    )
    assert table.value[0].tolist()[:2] == [1.0, 0.0]
    assert math.isnan(table.value[0, 2])
    assert table.complete[0].tolist() == [True, True, False]
    assert (table.count[0, 2], table.total[0, 2], table.size[0]) == (0, 0, 2)


def test_the_pooled_curve_counts_the_eligible_only() -> None:
    rows = events(
        ("a", "use", "2026-01-01 00:00"),
        ("a", "use", "2026-02-01 00:00"),
        ("b", "use", "2026-02-10 00:00"),
        ("c", "use", "2026-02-11 00:00"),
        ("c", "use", "2026-03-05 00:00"),
    )
    table = retention(
        log_of(rows).until_day(dt.date(2026, 3, 31)), start="use", returning="use", period="month"
    )
    pooled = table.pooled()
    assert pooled.count.tolist() == [3, 2, 0]
    assert pooled.total.tolist() == [3, 3, 1]


def test_over_reports_cohorts_and_still_sees_the_history_before() -> None:
    rows = events(
        ("a", "use", "2026-01-01 00:00"),
        ("a", "use", "2026-02-01 00:00"),
        ("b", "use", "2026-02-10 00:00"),
    )
    table = retention(
        log_of(rows).until_day(dt.date(2026, 3, 31)),
        start="use",
        returning="use",
        period="month",
        over=Window.parse("2026-02-01", "2026-04-01", tz=UTC),
    )
    assert table.axes[0].labels == (dt.date(2026, 2, 1), dt.date(2026, 3, 1))
    assert table.size.tolist() == [1, 0]
    assert len(table.axes[1]) == 2


def test_a_later_return_counts_for_every_age_before_it() -> None:
    rows = events(
        ("a", "use", "2026-01-01 00:00"),
        ("a", "use", "2026-02-01 00:00"),
        ("a", "use", "2026-04-01 00:00"),
    )
    table = retention(
        log_of(rows).until_day(dt.date(2026, 4, 30)),
        start="use",
        returning="use",
        period="month",
        mode="on_or_after",
        age_zero="returning",
    )
    assert table.count[0].tolist() == [1, 1, 1, 1]


def test_over_may_be_open_at_one_side() -> None:
    log = log_of(events(("a", "use", "2026-02-01 00:00"))).until_day(dt.date(2026, 3, 31))
    table = retention(
        log,
        start="use",
        returning="use",
        period="month",
        over=Window.parse("2026-01-01", None, tz=UTC),
    )
    assert table.size.tolist() == [0, 1, 0]


def test_groups_are_of_customers() -> None:
    rows = events(
        ("a", "use", "2026-01-01 00:00"),
        ("b", "use", "2026-01-02 00:00"),
        ("b", "use", "2026-02-02 00:00"),
    )
    log = log_of(rows).with_customers([Customer(id="a", country="DE")])
    table = retention(
        log.until_day(dt.date(2026, 2, 28)),
        start="use",
        returning="use",
        period="month",
        by="country",
    )
    assert table.axes[0].labels == ("DE", None)
    assert table.count[:, 0, :].tolist() == [[1, 0], [1, 1]]
    picked = retention(
        log.until_day(dt.date(2026, 2, 28)),
        start="use",
        returning="use",
        period="month",
        by=first("kind"),
    )
    assert picked.rollup("first_kind") == retention(
        log.until_day(dt.date(2026, 2, 28)), start="use", returning="use", period="month"
    )


def test_nobody_has_no_cohort() -> None:
    table = retention(
        log_of([]).until(dt.datetime(2026, 1, 1, tzinfo=UTC)),
        start="use",
        returning="use",
        period="month",
    )
    assert table.value.shape == (0, 0)
    future = retention(
        log_of(events(("a", "use", "2026-01-01 00:00"))).until(
            dt.datetime(2026, 1, 2, tzinfo=UTC)
        ),
        start="use",
        returning="use",
        period="month",
        over=Window.parse("2026-03-01", "2026-05-01", tz=UTC),
    )
    assert future.value.shape == (2, 0)
    assert np.all(future.size == 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "after"}, "mode must be one of"),
        ({"age_zero": "all"}, "age_zero must be one of"),
        ({"period": "fortnight"}, "period must be one of"),
        ({"over": "2026"}, "over must be a Window: got str"),
        (
            {"over": Window.parse("2026-01-02", None, tz=UTC)},
            "over must lie on the edges of a month: its start is 2026-01-02",
        ),
        ({"by": "country"}, "by must be a customer attribute"),
        ({"as_of": None}, "as_of must be given"),
        ({"as_of": dt.datetime(2027, 1, 1, tzinfo=UTC)}, None),
        ({"calendar": "UTC"}, "calendar must be a Calendar: got str"),
    ],
)
def test_what_cannot_be_answered_is_refused(options: dict[str, Any], message: str | None) -> None:
    asked: dict[str, Any] = {
        "start": "use",
        "returning": "use",
        "period": "month",
        "as_of": dt.datetime(2026, 2, 1, tzinfo=UTC),
    } | options
    log = log_of(events(("a", "use", "2026-01-01 00:00")))
    if message is None:
        assert retention(log, **asked).size.sum() == 1
        return
    with pytest.raises(InvalidInputError, match=message):
        retention(log, **asked)


def test_a_calendar_and_a_log_are_needed() -> None:
    log = InteractionLog.from_interactions(events(("a", "use", "2026-01-01 00:00")))
    known = log.until(dt.datetime(2026, 2, 1, tzinfo=UTC))
    with pytest.raises(InvalidInputError, match="calendar must be given: the log has none"):
        retention(known, start="use", returning="use", period="month")
    assert retention(
        known, start="use", returning="use", period="month", calendar=Calendar("UTC")
    ).size.tolist() == [1, 0]
    with pytest.raises(InvalidInputError, match="log must be an InteractionLog: got list"):
        retention([], start="use", returning="use", period="month")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="log must not be by thread"):
        retention(known.by_thread(), start="use", returning="use", period="month")
