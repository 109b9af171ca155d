"""Growth accounting: by hand, against sets, and as a statistic that adds."""

import datetime as dt
import math
import pickle
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.growth.growth import GrowthAccounting, growth_accounting
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction
from customerops.model.values.calendar import Calendar
from customerops.model.values.window import Window
from tests.reference.lifecycle import growth

UTC = Calendar(dt.UTC)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
PARTS = ("new", "retained", "resurrected", "churned")

Visits = dict[str, list[tuple[int, bool]]]
"""Customer to the days of an event, and whether it is a use."""


def log_of(visits: Visits, **options: Any) -> InteractionLog:
    records = [
        Interaction(
            customer_id=customer,
            at=START + n * DAY,
            kind="use" if use else "open",
            attributes={"plan": "pro" if n % 2 else "free"},
        )
        for customer, days in visits.items()
        for n, use in days
    ]
    return InteractionLog.from_interactions(records, calendar=UTC, **options)


def visits(names: str = "abcdef") -> st.SearchStrategy[Visits]:
    days = st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=6)
    return st.dictionaries(st.sampled_from(names), days, max_size=5)


def weeks(days: list[tuple[int, bool]]) -> set[int]:
    return {(n + 3) // 7 for n, use in days if use}  # START is a Thursday


@given(
    visits(),
    st.integers(0, 70),
    st.sampled_from(["first_activity", "acquired_at"]),
    st.none() | st.tuples(st.integers(0, 4), st.integers(5, 12)),
)
def test_it_equals_the_sets(
    given: Visits,
    n: int,
    new_is: Literal["first_activity", "acquired_at"],
    over: tuple[int, int] | None,
) -> None:
    known = {c: [e for e in days if e[0] <= n] for c, days in given.items()}
    active = {c: weeks(days) for c, days in known.items() if days}
    acquired = {c: (min(k for k, _ in known[c]) + 3) // 7 for c in active}
    begun = min((w for ws in active.values() for w in ws), default=None)
    first, last = (begun, (n + 3) // 7) if over is None else over
    expected = growth(
        active,
        last + 1 if first is None else first,
        last,
        acquired if new_is == "acquired_at" else None,
    )
    monday = START - 3 * DAY
    window = (
        None if over is None else Window(*(monday + (w + i) * 7 * DAY for i, w in enumerate(over)))
    )
    found = growth_accounting(
        log_of(given),
        qualifies="use",
        period="week",
        new_is=new_is,
        over=window,
        as_of=START + n * DAY,
    )
    assert {name: getattr(found, name).tolist() for name in PARTS} == expected
    labels = [
        (monday + 7 * w * DAY).date()
        for w in range(last + 1 if first is None else first, last + 1)
    ]
    assert list(found.axes[0].labels) == labels


@given(visits(), st.integers(0, 70), st.sampled_from(["first_activity", "acquired_at"]))
def test_the_identities(
    given: Visits, n: int, new_is: Literal["first_activity", "acquired_at"]
) -> None:
    found = growth_accounting(
        log_of(given), qualifies="use", period="week", new_is=new_is, as_of=START + n * DAY
    )
    assert (found.active == found.new + found.retained + found.resurrected).all()
    assert (found.opening == found.retained + found.churned).all()
    assert (
        found.active[1:] == found.active[:-1] + (found.new + found.resurrected - found.churned)[1:]
    ).all()
    assert (found.opening[1:] == found.active[:-1]).all()
    both = found.retention().value + found.churn().value
    assert ((both == 1) | np.isnan(both)).all()
    active = {c for c, days in given.items() if any(use and k <= n for k, use in days)}
    assert found.new.sum() <= len(active)
    assert new_is == "acquired_at" or found.new.sum() == len(active)


@given(visits("abc"), visits("xyz"), st.integers(0, 70), st.booleans(), st.booleans())
def test_partitions_add(a: Visits, b: Visits, n: int, whole: bool, grouped: bool) -> None:
    options: dict[str, Any] = {
        "qualifies": "use",
        "period": "month",
        "over": None if whole else Window.parse("2026-02-01", "2026-03-01", tz="UTC"),
        "as_of": START + n * DAY,
        "by": "segment" if grouped else None,
    }

    def made(part: Visits) -> GrowthAccounting:
        people = [
            Customer(
                id=c, created_at=START, attributes={"segment": "even" if ord(c) % 2 else "odd"}
            )
            for c in part
        ]
        return growth_accounting(
            log_of(part).with_customers(people, attributes=["segment"]), **options
        )

    assert made(a) + made(b) == made({**a, **b}) == made(b) + made(a)


def test_groups_add_up_to_the_whole() -> None:
    given = {"a": [(0, True), (40, True)], "b": [(3, True)], "c": [(35, True)]}
    people = [Customer(id=c, country="FR" if c == "a" else "DE") for c in given]
    log = log_of(given).with_customers(people).until(START + 70 * DAY)
    by = growth_accounting(log, qualifies="use", period="month", by="country")
    assert [axis.name for axis in by.axes] == ["country", "period"]
    assert by.rollup("country") == growth_accounting(log, qualifies="use", period="month")
    assert by.new.tolist() == [[1, 1, 0], [1, 0, 0]]
    assert by.to_frame()["churn"].round(2).tolist()[:3] == pytest.approx(
        [math.nan, 1.0, math.nan], nan_ok=True
    )
    assert by.retention().value[1, 1] == 1.0


def test_the_running_period_is_flagged_and_has_no_rate() -> None:
    log = log_of({"a": [(0, True)], "b": [(31, True), (40, True)]}).until(START + 70 * DAY)
    found = growth_accounting(log, qualifies="use", period="month")
    assert found.complete.tolist() == [True, True, False]
    assert found.churned.tolist() == [0, 1, 1]
    assert np.isnan(found.churn().value).tolist() == [True, False, True]
    assert found.quick_ratio().value.tolist()[1] == 1.0
    low, high = found.retention().interval()
    assert (low[1], high[1]) == pytest.approx((0.0, 0.7935), abs=1e-4)
    frame = found.to_frame()
    assert list(frame.columns) == [
        "period",
        *PARTS,
        "active",
        "quick_ratio",
        "retention",
        "churn",
        "truncated",
        "complete",
    ]
    assert frame["active"].tolist() == [1, 1, 0]


def test_a_truncated_history_is_flagged() -> None:
    given = {"a": [(10, True), (33, True)], "b": [(70, True)]}
    since = Window(START + 5 * DAY, None)
    log = log_of(given, observed=since).until(START + 89 * DAY)
    found = growth_accounting(log, qualifies="use", period="month")
    assert found.history_from == START + 5 * DAY
    assert np.asarray(found.truncated).tolist() == [True, True, False]
    assert np.isnan(found.retention().value).tolist() == [True, True, True]
    assert found.retention().total.tolist() == [0, 0, 1]
    assert found.churn().total.tolist() == [0, 0, 1]
    assert found.quick_ratio().numerator.tolist() == [0, 0, 1]
    first = found.select(period=dt.date(2026, 1, 1))
    assert (first.truncated, first.retention().total) == (True, 0)
    at_the_edge = log_of(given, observed=Window(START, None)).until(START + 89 * DAY)
    again = growth_accounting(at_the_edge, qualifies="use", period="month")
    assert np.asarray(again.truncated).tolist() == [True, False, False]
    free = growth_accounting(
        log_of(given).until(START + 89 * DAY), qualifies="use", period="month"
    )
    assert (free.history_from, np.asarray(free.truncated).tolist()) == (None, [False] * 3)


def test_one_period() -> None:
    log = log_of({"a": [(0, True), (40, True)], "b": [(3, True)]}).until(START + 70 * DAY)
    found = growth_accounting(log, qualifies="use", period="month")
    february = found.select(period=dt.date(2026, 2, 1))
    assert (february.new, february.retained, february.churned, february.active) == (0, 1, 1, 1)
    assert (february.opening, february.truncated, february.complete) == (2, False, True)
    assert float(february.churn()) == 0.5
    assert pickle.loads(pickle.dumps(found)) == found


def test_acquired_earlier_is_resurrected_when_new_means_acquired() -> None:
    log = log_of({"a": [(0, False), (40, True)], "b": [(41, False), (42, True)]})
    log = log.with_customers([Customer(id="b", created_at=START)]).until(START + 58 * DAY)
    found = growth_accounting(log, qualifies="use", period="month", new_is="acquired_at")
    assert (found.new.tolist(), found.resurrected.tolist()) == ([0], [2])
    assert found.definition == "acquired_at"
    first = growth_accounting(log, qualifies="use", period="month")
    assert (first.new.tolist(), first.resurrected.tolist()) == ([2], [0])


def test_periods_are_local() -> None:
    log = log_of({"a": [(0, True), (31, True)]}).until(START + 58 * DAY)
    west = Calendar(ZoneInfo("America/Los_Angeles"))
    found = growth_accounting(log, qualifies="use", period="month", calendar=west)
    assert found.axes[0].labels == tuple(dt.date(2025 + (m > 0), m or 12, 1) for m in (0, 1, 2))
    assert found.retained.tolist() == [0, 1, 0]


def test_definitions_do_not_add_up() -> None:
    log = log_of({"a": [(0, True)]}).until(START)
    kinds = [
        growth_accounting(log, qualifies="use", period="day", new_is=how)
        for how in ("first_activity", "acquired_at")
    ]
    with pytest.raises(InvalidInputError, match="definition must be the same"):
        kinds[0] + kinds[1]
    with pytest.raises(InvalidInputError, match="options must be the same"):
        kinds[0].retention() + kinds[0].churn()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"new_is": "first"}, "new_is must be one of 'first_activity', 'acquired_at'"),
        ({"period": "fortnight"}, "period must be one of"),
        ({"over": Window(START + DAY, None)}, "over"),
        ({"as_of": None}, "as_of must be given"),
        ({"by": "plan"}, "plan"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], message: str) -> None:
    asked = {"qualifies": "use", "period": "month", "as_of": START, **options}
    with pytest.raises(InvalidInputError, match=message):
        growth_accounting(log_of({"a": [(0, True)]}), **asked)
