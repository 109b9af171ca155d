"""Retention rates: the complement of churn where there is one, counts, and period over period."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.metrics import retention_rate, retention_rate_from_counts
from customerops.model import (
    Calendar,
    Interaction,
    InteractionLog,
    Proportion,
    Quotient,
    Window,
    first,
    spells_of,
)
from tests.metrics.contracts import (
    BOOKS,
    DAY,
    INSTANTS,
    NEW_YORK,
    ROWS,
    US,
    held,
    months,
    spells_from,
    utc,
)
from tests.reference import churn as slow
from tests.reference.metrics import histories, month_of

churn_rate: Any = metrics.churn_rate


@given(BOOKS, INSTANTS, st.sampled_from([None, "plan"]))
def test_retention_and_churn_make_one(book: slow.Book, as_of: dt.datetime, by: str | None) -> None:
    spells = spells_from(book, as_of)
    options: Any = {"period": "month", "calendar": NEW_YORK, "by": by}
    for more in ({"definition": "start_cohort"}, {"definition": "renewal", "term": (1, "month")}):
        kept = retention_rate(spells, **options, **more)
        left = churn_rate(spells, **options, **more)
        assert isinstance(kept, Proportion)
        assert kept.axes == left.axes
        assert np.array_equal(kept.count + left.count, kept.total)
        assert np.array_equal(kept.total, left.total)
        assert kept.context.metric == "retention_rate"


@given(BOOKS, INSTANTS)
def test_counts_equal_reading_each_interval(book: slow.Book, as_of: dt.datetime) -> None:
    rate = retention_rate(
        spells_from(book, as_of), definition="counts", period="month", calendar=NEW_YORK
    )
    assert isinstance(rate, Quotient)
    for column, span in enumerate(months(rate)):
        found = slow.counts(book, span, as_of, None)

        def total(name: str, found: Any = found) -> int:
            return sum(n for (what, _), n in found.items() if what == name)

        assert rate.parts["numerator"][column] == total("closing") - total("new")
        assert rate.parts["denominator"][column] == total("opening")


@given(ROWS, INSTANTS)
def test_period_over_period_equals_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime
) -> None:
    log = InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)
    options: Any = {"definition": "period_over_period", "activity": "use", "period": "month"}
    rate = retention_rate(log, **options)
    zone = ZoneInfo("America/New_York")
    active = [
        {month_of(one.at, zone) for one in events if one.kind == "use"}
        for events in histories(rows, as_of).values()
    ]
    for column, label in enumerate(rate.axes[0].labels):
        assert isinstance(label, dt.date)
        month = label.year * 12 + label.month - 1
        before = [own for own in active if month - 1 in own]
        assert rate.parts["total"][column] == len(before)
        assert rate.parts["count"][column] == sum(month in own for own in before)
    by = retention_rate(log, **options, by=first("channel"))
    assert by.rollup("first_channel") == rate


def test_the_methods_differ_where_who_joined_leaves_again() -> None:
    spells = spells_of(
        [
            *(held(f"old-{i}", "2026-01-01") for i in range(3)),
            held("gone", "2026-01-01", "2026-02-09"),
            held("short", "2026-02-02", "2026-02-20"),
        ],
        as_of=utc("2026-03-01"),
    )
    february = Window(utc("2026-02-01"), utc("2026-03-01"))
    found = {
        name: retention_rate(spells, definition=name, over=february).value
        for name in ("start_cohort", "counts")
    }
    assert found == {"start_cohort": 3 / 4, "counts": 2 / 4}


def test_a_reporting_window_sees_the_period_before_it() -> None:
    rows = [Interaction(customer_id="a", kind="use", at=utc(f"2026-0{m}-09")) for m in (1, 2)]
    options: Any = {"definition": "period_over_period", "activity": "use", "period": "month"}
    february = Window(utc("2026-02-01"), utc("2026-03-01"))
    whole = InteractionLog.from_interactions(rows, calendar=Calendar("UTC"))
    known = utc("2026-03-01") - US
    rate = retention_rate(whole, **options, over=february, as_of=known)
    assert rate.value.tolist() == [1.0]
    late = InteractionLog.from_interactions(
        rows, calendar=Calendar("UTC"), observed=Window(utc("2026-01-02"), None)
    )
    cut = retention_rate(late, **options, over=february, as_of=known)
    assert math.isnan(cut.value[0])


def test_a_rate_of_counts() -> None:
    rate = retention_rate_from_counts(start=500, end=450, new=0)
    assert (rate.numerator, rate.denominator, rate.definition) == (450, 500, "counts")
    assert math.isnan(retention_rate_from_counts(start=0, end=5, new=5).value)


SPELLS = spells_of([held("x", "2026-01-01")], as_of=utc("2026-02-01"))
LOG = InteractionLog.from_interactions([], calendar=NEW_YORK).until(utc("2026-02-01"))


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (SPELLS, {"definition": "gross"}, "definition must be one of 'start_cohort', 'renewal'"),
        (SPELLS, {"definition": "counts", "term": (1, "year")}, "term must be left out"),
        (SPELLS, {"definition": "counts", "within": DAY}, "within must be left out"),
        (SPELLS, {"definition": "counts", "activity": "use"}, "activity must be left out"),
        (LOG, {"definition": "counts"}, "spells must be Spells: got InteractionLog"),
        (LOG, {"definition": "period_over_period", "period": "day"}, "activity must be given"),
        (LOG, {"definition": "period_over_period", "activity": "use"}, "period must be given"),
        (
            SPELLS,
            {"definition": "period_over_period", "activity": "use", "period": "day"},
            "spells must be a log for definition='period_over_period': got Spells",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(data: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        retention_rate(data, **options)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"start": 5, "end": 9, "new": 3}, "end must not exceed start and new"),
        ({"start": -5, "end": 9, "new": 3}, "start must be at least 0"),
        ({"start": 5, "end": 9, "new": 3.0}, "new must be an int"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        retention_rate_from_counts(**counts)
