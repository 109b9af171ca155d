"""Every mode, clock and cohort of retention, against published tables and a slow reading."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import retention
from customerops.metrics.cohorts import returns as _returns
from customerops.model import Calendar, Interaction, InteractionLog, Window, always, first
from tests.reference import metrics
from tests.reference import retention as slow

UTC = dt.UTC
US = dt.timedelta(microseconds=1)
NEW_YORK = ZoneInfo("America/New_York")
FILE = Path(__file__).parents[2] / "cases" / "retention.json"
CASES: dict[str, Any] = {case["id"]: case for case in json.loads(FILE.read_text())["cases"]}
CELLS = {
    case["id"]: case
    for case in json.loads((FILE.parent / "metrics.json").read_text())["cases"]
    if "retention" in case["metric"]
}


def published(name: str) -> tuple[Any, list[list[int]]]:
    """Return the table of a published case, computed, and what was published."""
    case = CASES[name]
    asked = case["params"]
    log = InteractionLog.from_interactions(
        [
            Interaction(customer_id=who, kind=kind, at=dt.datetime.fromisoformat(at))
            for who, kind, at in case["events"]
        ],
        calendar=Calendar("UTC", week_start=asked.get("week_start", "monday")),
    )
    period = asked["period"]
    begins = dt.date.fromisoformat(asked["start"])
    n = asked.get("max_intervals", asked["n_cohorts"])
    until = {
        "day": begins + dt.timedelta(days=n),
        "week": begins + dt.timedelta(weeks=n),
        "month": dt.date(
            begins.year + (begins.month + n - 1) // 12, (begins.month + n - 1) % 12 + 1, 1
        ),
    }[period]
    table = retention(
        log.until_day(until - dt.timedelta(days=1)),
        start=asked["cohort_event"] or always,
        returning=asked["return_event"] or always,
        period=period,
        cohort=asked["cohort"],
        mode=asked["mode"],
        over=Window.parse(begins, until, tz=UTC),
    )
    assert all(
        bool(done) is (known and size > 0)
        for row, size in enumerate(table.size.tolist())
        for done, known in zip(
            table.complete[row], [age < n - row for age in range(n)], strict=True
        )
    )
    rows = [table.count[i, : n - i].tolist() for i in range(asked["n_cohorts"])]
    return table, rows


@pytest.mark.parametrize("name", [name for name, c in CASES.items() if c["kind"] == "retention"])
def test_published_tables(name: str) -> None:
    assert published(name)[1] == CASES[name]["expected"]["table"]


def test_published_curve_of_the_eligible() -> None:
    case = CASES["retention_curve_right_censored"]
    log = InteractionLog.from_interactions(
        [
            Interaction(customer_id=who, kind=kind, at=dt.datetime.fromisoformat(at))
            for who, kind, at in case["events"]
        ],
        calendar=Calendar("UTC"),
    ).until(dt.datetime.fromisoformat(case["params"]["as_of"]))
    curve = retention(log, start="e", returning="e", period="day").pooled()
    n = case["params"]["n"]
    assert curve.total.tolist()[:n] == case["expected"]["eligible"]
    assert curve.count.tolist()[:n] == case["expected"]["returned"]
    assert curve.value[:n].tolist() == pytest.approx(case["expected"]["rate"])


# PostHog issue 58679: weeks 9 to 16 of a cohort of 1 February are over on 24 May
def test_a_bracket_that_is_not_over_is_unknown() -> None:
    asked = CELLS["retention-immature-cell"]["inputs"]
    low, high = asked["bracket_weeks"]
    begins = dt.datetime.fromisoformat(asked["cohort_start"]).replace(tzinfo=UTC)
    log = InteractionLog.from_interactions(
        [Interaction(customer_id=who, kind="signup", at=begins) for who in range(asked["size"])],
        calendar=Calendar("UTC", week_start="sunday"),
    )
    options: Any = {
        "start": "signup",
        "returning": "use",
        "period": "week",
        "mode": "bracket",
        "offset": 1,
        "brackets": [(1, 8), (low, high)],
    }
    table = retention(
        log, **options, as_of=dt.datetime.fromisoformat(asked["as_of"]).replace(tzinfo=UTC)
    )
    assert table.axes[1].labels == (1, 9)
    assert math.isnan(table.value[0, 1])
    assert (table.size[0], table.total[0, 1]) == (asked["size"], 0)
    closes = dt.datetime(2026, 5, 24, tzinfo=UTC)
    for as_of, known in ((closes - 2 * US, False), (closes - US, True)):
        assert bool(retention(log, **options, as_of=as_of).complete[0, 1]) is known


def test_the_chinese_example_of_a_day() -> None:
    asked = CELLS["retention-zh"]["inputs"]
    people = range(asked["cohort"])
    rows = [Interaction(customer_id=i, kind="open", at=day(1)) for i in people]
    rows += [
        Interaction(customer_id=i, kind="open", at=day(2))
        for i in people
        if i < asked["active_on_day_n"]
    ]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("Asia/Shanghai"))
    table = retention(log.until(day(4)), start="open", returning="open", period="day")
    assert table.value[0, 1] == CELLS["retention-zh"]["expected"]


def day(number: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, number, hour, tzinfo=UTC)


# New York's clocks change on 8 March: that day has 23 hours
INSTANTS = st.builds(
    lambda days, hour, nudge: day(1) + dt.timedelta(days=days, hours=hour) + nudge,
    st.integers(0, 24) | st.integers(5, 8),
    st.sampled_from([0, 4, 5, 6, 23]),
    st.sampled_from([dt.timedelta(0), dt.timedelta(0), -US]),
)
KINDS = ("signup", "use", "refund")
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
OPTIONS = st.fixed_dictionaries(
    {
        "start": st.sampled_from(KINDS),
        "returning": st.sampled_from(KINDS),
        "period": st.sampled_from(["day", "week"]),
        "cohort": st.sampled_from(["first_time", "recurring"]),
        "age_zero": st.sampled_from(["cohort", "returning"]),
        "at_least": st.sampled_from([1, 1, 2, 3]),
    }
)
BRACKETS = [(0, 0), (1, 3), (2, 9), (4, 5)]


@pytest.mark.parametrize("mode", ["on", "on_or_after", "bracket"])
@pytest.mark.parametrize("clock", ["calendar", "elapsed"])
@given(ROWS, INSTANTS, OPTIONS, st.sampled_from([0, 1]))
def test_every_table_equals_reading_each_history(
    mode: str,
    clock: str,
    rows: list[Interaction],
    as_of: dt.datetime,
    options: dict[str, Any],
    offset: Any,
) -> None:
    options = {**options, "mode": mode, "clock": clock}
    log = InteractionLog.from_interactions(rows, calendar=Calendar(NEW_YORK)).until(as_of)
    given_brackets = [(a + offset, b + offset) for a, b in BRACKETS]
    more: dict[str, Any] = {"brackets": given_brackets} if options["mode"] == "bracket" else {}
    table = retention(log, **options, **more, offset=offset)
    expected = slow.table(
        metrics.histories(rows, as_of), zone=NEW_YORK, as_of=as_of, brackets=BRACKETS, **options
    )
    got = {}
    for i, cohort in enumerate(table.axes[0].labels):
        assert isinstance(cohort, dt.date)
        noon = dt.datetime.combine(cohort, dt.time(12), NEW_YORK)
        number = slow.number_of(noon, NEW_YORK, options["period"])
        for column in range(len(table.axes[1])):
            parts = table.count[i, column], table.total[i, column], table.size[i]
            got[number, column] = tuple(map(int, parts))
    assert got == expected
    if options["mode"] != "bracket":
        assert table.axes[1].labels == tuple(range(offset, offset + table.shape[1]))
    by = retention(log, **options, **more, offset=offset, by=first("channel"))
    assert by.rollup("first_channel") == table


def test_one_return_is_enough_and_none_is_not() -> None:
    rows = [
        Interaction(customer_id=who, kind=kind, at=day(number))
        for who, kind, number in (
            *(("a", "signup", 1), ("a", "use", 3), ("b", "signup", 1), ("b", "use", 2)),
            *(("b", "use", 4), ("c", "signup", 1)),
        )
    ]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until(day(5))
    options: Any = {"start": "signup", "returning": "use", "period": "day"}
    later: Any = {"mode": "on_or_after"}
    assert retention(log, **options, **later).count[0].tolist() == [3, 2, 2, 1, 0]
    assert retention(log, **options, **later, at_least=2).count[0].tolist() == [3, 1, 0, 0, 0]
    some = retention(log, **options, mode="bracket", brackets=[(0, 0), (1, 1), (2, 3), (3, 4)])
    assert some.count[0].tolist() == [3, 1, 2, 0]
    assert some.total[0].tolist() == [3, 3, 3, 0]


def test_a_cohort_that_others_may_still_join_is_not_complete() -> None:
    midnight = dt.datetime(2026, 11, 1, 4, tzinfo=UTC)  # of a day of 25 hours
    rows = [Interaction(customer_id="a", kind="signup", at=midnight)]
    log = InteractionLog.from_interactions(rows, calendar=Calendar(NEW_YORK))
    for hours, total in ((24.5, 0), (25, 1)):
        table = retention(
            log.until(midnight + dt.timedelta(hours=hours)),
            start="signup",
            returning="use",
            period="day",
            clock="elapsed",
        )
        assert table.total[0, 0] == total


@pytest.mark.parametrize("size", [1, 2, 4])
def test_who_never_returned_is_in_the_first_bracket(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(_returns, "_PAIRS", size)
    rows = [
        Interaction(customer_id=who, kind=kind, at=day(number))
        for who, kind, number in (
            *(("a", "signup", 1), ("a", "use", 1), ("a", "use", 2)),
            *(("b", "signup", 1), ("c", "signup", 1)),
        )
    ]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until(day(5))
    for back in ("use", "purchase"):
        table = retention(
            log,
            start="signup",
            returning=back,
            period="day",
            cohort="recurring",
            mode="bracket",
            brackets=[(0, 1), (1, 2)],
        )
        assert table.count[0].tolist() == [3, int(back == "use")]


def test_pairs_are_taken_in_slices_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        Interaction(customer_id=who, kind="use", at=day(1 + d)) for who in "abc" for d in range(9)
    ]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until(day(20))
    options: Any = {
        "start": "use",
        "returning": "use",
        "period": "day",
        "cohort": "recurring",
        "age_zero": "returning",
    }
    whole = retention(log, **options)
    for size in (1, 7, 20, 81):
        monkeypatch.setattr(_returns, "_PAIRS", size)
        assert retention(log, **options) == whole
    assert whole.count[0].tolist() == [3] * 9 + [0] * 11


def test_recurring_cohorts_share_customers() -> None:
    rows = [Interaction(customer_id="a", kind="use", at=day(d)) for d in (1, 2)]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until(day(4))
    table = retention(log, start="use", returning="use", period="day", cohort="recurring")
    assert table.size.tolist() == [1, 1, 0, 0]
    with pytest.raises(InvalidInputError, match="must have each customer in one cohort"):
        table.pooled()


def test_the_hours_of_the_start_decide_where_time_elapses() -> None:
    # started at 20:00, back 23 hours and 25 hours later: both on the next calendar day
    rows = [
        Interaction(customer_id="a", kind=kind, at=day(1, 20) + dt.timedelta(hours=hours))
        for kind, hours in (("signup", 0), ("use", 23), ("use", 25))
    ]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until(day(5))
    options: Any = {"start": "signup", "returning": "use", "period": "day"}
    assert retention(log, **options).count[0].tolist() == [1, 1, 0, 0, 0]
    elapsed = retention(log, **options, clock="elapsed", age_zero="returning")
    assert elapsed.count[0].tolist() == [1, 1, 0, 0, 0]
    assert elapsed.total[0].tolist() == [1, 1, 1, 0, 0]  # the fourth day is over at 20:00
    twice = retention(log, **options, at_least=2)
    assert twice.count[0].tolist() == [1, 1, 0, 0, 0]
    apart = retention(log, **options, at_least=2, clock="elapsed")
    assert apart.count[0].tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cohort": "all"}, "cohort must be one of 'first_time', 'recurring'"),
        ({"mode": "after"}, "mode must be one of 'on', 'on_or_after', 'bracket'"),
        ({"clock": "wall"}, "clock must be one of 'calendar', 'elapsed'"),
        ({"clock": "elapsed", "period": "month"}, "period must be one of 'hour', 'day', 'week'"),
        ({"offset": 2}, "offset must be 0 or 1: the age of the start"),
        ({"offset": 1.0}, "offset must be an int"),
        ({"at_least": 0}, "at_least must be at least 1"),
        ({"brackets": [(1, 2)]}, "brackets must be left out: mode='on' has none"),
        ({"mode": "bracket"}, "brackets must be given for mode='bracket'"),
        ({"mode": "bracket", "brackets": []}, "brackets must be given for mode='bracket'"),
        ({"mode": "bracket", "brackets": "12"}, "brackets must be given for mode='bracket'"),
        ({"mode": "bracket", "brackets": [3]}, r"brackets\[0\] must be a first and a last age"),
        (
            {"mode": "bracket", "brackets": [(1, 2, 3)]},
            r"brackets\[0\] must be a first and a last",
        ),
        ({"mode": "bracket", "brackets": [(2, 1)]}, r"brackets\[0\] must be at least 2"),
        (
            {"mode": "bracket", "brackets": [(0, 1)], "offset": 1},
            r"brackets\[0\] must be at least 1",
        ),
        (
            {"mode": "bracket", "brackets": [(1, 7), (1, 30)]},
            r"brackets\[1\] must start at a later age than the one before",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(options: dict[str, Any], message: str) -> None:
    log = InteractionLog.from_interactions([], calendar=Calendar("UTC")).until(day(1))
    asked: dict[str, Any] = {"start": "use", "returning": "use", "period": "day"} | options
    with pytest.raises(InvalidInputError, match=message):
        retention(log, **asked)


def test_nobody_has_every_bracket_and_no_cohort() -> None:
    log = InteractionLog.from_interactions([], calendar=Calendar("UTC")).until(day(1))
    table = retention(
        log, start="use", returning="use", period="day", mode="bracket", brackets=[(1, 3), (4, 9)]
    )
    assert table.shape == (0, 2)
    assert np.asarray(table.pooled().total).tolist() == [0, 0]
