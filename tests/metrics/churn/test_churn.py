"""Churn under each definition, against published numbers and a slow reading of intervals."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.metrics import CHURN_ALIASES, DailySum, churn_reasons
from customerops.model import (
    Calendar,
    Coded,
    Interaction,
    InteractionLog,
    Proportion,
    Quotient,
    Rate,
    Window,
    first,
    inactivity_spells,
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
    months_of,
    spells_from,
    utc,
)
from tests.reference import churn as slow

UTC = dt.UTC

# what they return depends on the definition
churn_rate: Any = metrics.churn_rate
churn_rate_from_counts: Any = metrics.churn_rate_from_counts

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/metrics.json").read_text())["cases"]
}
COUNTED = (
    *("start_cohort", "any_exit_over_start", "stripe", "baremetrics"),
    *("average_base", "end_base", "profitwell"),
)


# ---------------------------------------------------------------------- counts

JULY = {"start": 1000, "lost_of_start": 50, "new": 500, "lost_of_new": 12}  # Recurly (2014)


@pytest.mark.parametrize(
    ("definition", "top", "bottom"),
    [
        ("any_exit_over_start", 62, 1000),  # 6.20 %, printed by Recurly
        ("baremetrics", 62, 1000),
        ("average_base", 62, 1219),  # 5.09 %: half of 1,000 + 1,438
        ("start_cohort", 50, 1000),  # 5.00 %
        ("profitwell", 50, 1000),
        ("end_base", 62, 1438),  # 4.31 %; 1,438 is printed by Recurly
        ("stripe", 62, 1500),  # 4.13 %
    ],
)
def test_one_data_set_five_rates(definition: str, top: int, bottom: int) -> None:
    rate = churn_rate_from_counts(**JULY, definition=definition)
    assert rate.value == top / bottom
    assert rate.definition == definition
    assert isinstance(rate, Proportion if bottom == top * 20 else Quotient)


@pytest.mark.parametrize(
    "name",
    [
        "churn-recurly-july",
        "churn-one-dataset-chartmogul_standard",
        "churn-one-dataset-average_base",
    ],
)
def test_published_rates_of_the_one_data_set(name: str) -> None:
    case = CASES[name]
    assert churn_rate_from_counts(**case["inputs"]).value == pytest.approx(
        case["expected"], abs=case["tolerance"]
    )


def test_chartmogul_takes_out_who_came_back_and_who_had_just_joined() -> None:
    case = CASES["churn-cm-standard"]
    given = case["inputs"]
    short, back = given["joined_and_churned"], given["churned_then_reactivated"]
    rate = churn_rate_from_counts(
        definition=given["definition"],
        start=given["start"],
        lost_of_start=given["churned"] - short - back,
        new=short,
        lost_of_new=short,
        returned=back,
    )
    assert rate.value == pytest.approx(case["expected"], abs=case["tolerance"])
    every = churn_rate_from_counts(
        definition="all_losses_over_start",
        start=100,
        lost_of_start=10,
        new=1,
        lost_of_new=1,
        returned=1,
    )
    assert every.value == 0.12  # all 12 who churned
    paddle = churn_rate_from_counts(
        definition="paddle", start=100, lost_of_start=10, new=1, lost_of_new=1, returned=1
    )
    assert paddle.value == 0.11  # who came back had left


def test_an_alias_is_its_definition() -> None:
    for alias, definition in CHURN_ALIASES.items():
        if definition in COUNTED:
            assert churn_rate_from_counts(
                **JULY,
                definition=alias,
            ) == churn_rate_from_counts(
                **JULY,
                definition=definition,
            )
    known = {*COUNTED, "daily_sum", "exposure", "renewal", "inactivity"}
    assert set(CHURN_ALIASES.values()) < known


def test_shares_have_intervals_and_quotients_have_none() -> None:
    share = churn_rate_from_counts(definition="start_cohort", start=263, lost_of_start=81)
    assert isinstance(share, Proportion)
    # Newcombe (1998), Table I: 81 of 263
    assert share.interval() == pytest.approx((0.2553, 0.3662), abs=6e-5)
    assert not hasattr(churn_rate_from_counts(**JULY, definition="stripe"), "interval")


def test_exposure_is_a_hazard() -> None:
    # ten exits in 365 customer-days: Garwood's interval of a count of 10 is 4.795 to 18.390
    rate = churn_rate_from_counts(
        definition="customer_days", start=5, lost_of_start=4, new=9, lost_of_new=6,
        exposure=365 * DAY, unit=365 * DAY,
    )  # fmt: skip
    assert isinstance(rate, Rate)
    assert rate.value == 10
    assert rate.interval() == pytest.approx((4.795, 18.390), abs=5e-4)
    daily = churn_rate_from_counts(
        definition="exposure", start=5, lost_of_start=5, returned=0, exposure=10 * DAY
    )
    assert daily.value == 0.5


def test_renewal_and_inactivity_of_counts() -> None:
    for definition in ("renewal", "inactivity", "displayr"):
        rate = churn_rate_from_counts(definition=definition, start=40, lost_of_start=6)
        assert isinstance(rate, Proportion)
        assert rate.value == 0.15


def test_nobody_to_lose_is_undefined() -> None:
    for definition in COUNTED:
        rate = churn_rate_from_counts(definition=definition, start=0, lost_of_start=0)
        assert math.isnan(rate.value)


def test_days_are_summed() -> None:
    rate = churn_rate_from_counts(
        definition="chartmogul_shopify", start=[100, 80, 0], lost_of_start=[5, 8, 0]
    )
    assert isinstance(rate, DailySum)
    assert float(rate) == pytest.approx(0.15, abs=1e-15)
    assert rate.numerator == 13
    assert rate.complete is True
    assert rate.axes == ()
    assert repr(rate) == "DailySum(metric='churn_rate', value=0.15)"
    undefined = churn_rate_from_counts(definition="daily_sum", start=[4, 0], lost_of_start=[1, 1])
    assert math.isnan(undefined.value)
    nobody = churn_rate_from_counts(definition="daily_sum", start=[0], lost_of_start=[0])
    assert math.isnan(nobody.value)
    assert rate.to_frame()["numerator"].tolist() == [13]
    assert "15.0 %" in rate._repr_html_()
    assert (rate + rate).numerator == 26
    assert rate != undefined
    assert rate.__eq__(1) is NotImplemented


# ---------------------------------------------------------------------- spells


@given(
    BOOKS,
    INSTANTS,
    st.sampled_from([None, "voluntary", ("voluntary", "involuntary"), "unknown"]),
    st.sampled_from([0, 0, 40]),
)
def test_rates_by_month_equal_reading_each_interval(
    book: slow.Book, as_of: dt.datetime, cause: Any, earlier: int
) -> None:
    spells = spells_from(book, as_of + earlier * DAY)
    causes = {cause} if isinstance(cause, str) else None if cause is None else set(cause)
    for definition in (*COUNTED, "exposure"):
        for by in (None, "plan"):
            rate = churn_rate(
                spells,
                definition=definition,
                period="month",
                calendar=NEW_YORK,
                cause=cause,
                as_of=as_of,
                by=by,
            )
            for row, plan in enumerate(rate.axes[0].labels if by else (...,)):
                for column, span in enumerate(months(rate)):
                    cell = (row, column) if by else (column,)
                    check(
                        rate,
                        cell,
                        span,
                        slow.churn(
                            book,
                            span,
                            definition=definition,
                            as_of=as_of,
                            causes=causes,
                            plan=plan,
                        ),
                        as_of,
                    )


def check(rate: Any, cell: Any, span: Any, expected: Any, as_of: dt.datetime) -> None:
    """Compare one cell: its parts, its value, and that it is known just when the month is over."""
    top, bottom = expected
    parts = [int(rate.parts[name][cell]) for name in rate.PARTS[:2]]
    if rate.definition == "exposure":
        bottom = Fraction(bottom // US, DAY // US)
        assert parts == [top, bottom * (DAY // US)]
    else:
        assert parts == [top, bottom * (2 if rate.definition == "average_base" else 1)]
    known = span[1] <= as_of + US
    assert bool(rate.complete[cell]) is known
    if known and bottom:
        assert rate.value[cell] == float(top / Fraction(bottom))
    else:
        assert math.isnan(rate.value[cell])


@given(BOOKS, INSTANTS, st.sampled_from([None, "plan"]))
def test_the_daily_sum_equals_reading_each_day(
    book: slow.Book, as_of: dt.datetime, by: str | None
) -> None:
    zone = ZoneInfo("America/New_York")
    rate = churn_rate(
        spells_from(book, as_of),
        definition="daily_sum",
        period="month",
        calendar=NEW_YORK,
        by=by,
    )
    assert isinstance(rate, DailySum)
    plans: Any = rate.axes[0].labels if by else (...,)
    for row, plan in enumerate(plans):
        for column, span in enumerate(months(rate)):
            local = span[0].astimezone(zone)
            days = []
            while local < span[1]:
                later = (local.replace(tzinfo=None) + DAY).replace(tzinfo=zone)
                days.append((local.astimezone(UTC), later.astimezone(UTC)))
                local = later
            found = slow.churn(
                book, span, definition="daily_sum", as_of=as_of, plan=plan, days=days
            )
            cell = (row, column) if by else (column,)
            known = span[1] <= as_of + US
            assert int(np.asarray(rate.numerator)[cell]) == sum(top for top, _ in found)
            assert bool(np.asarray(rate.complete)[cell]) is known
            some = any(bottom for _, bottom in found)
            if not known or not some or any(top and not bottom for top, bottom in found):
                assert math.isnan(rate.value[cell])
            else:
                total = sum((Fraction(t, b) for t, b in found if b), Fraction(0))
                assert rate.value[cell] == pytest.approx(float(total), abs=1e-12)


@given(
    BOOKS,
    INSTANTS,
    st.sampled_from([(1, "month"), (2, "month"), (1, "week"), (20, "day"), (1, "year")]),
)
def test_renewals_equal_following_each_contract(
    book: slow.Book, as_of: dt.datetime, term: Any
) -> None:
    rate = churn_rate(
        spells_from(book, as_of),
        definition="renewal",
        term=term,
        period="month",
        calendar=NEW_YORK,
    )
    for column, label in enumerate(rate.axes[-1].labels):
        assert isinstance(label, dt.date)
        later = dt.date(label.year + label.month // 12, label.month % 12 + 1, 1)
        expected = slow.renewal(
            book, (label, later), term=term, zone=ZoneInfo("America/New_York"), as_of=as_of
        )
        parts = rate.parts["count"][column], rate.parts["total"][column]
        assert tuple(map(int, parts)) == expected
    grouped = churn_rate(
        spells_from(book, as_of),
        definition="renewal",
        term=term,
        period="month",
        calendar=NEW_YORK,
        by="plan",
    )
    assert grouped.rollup("plan") == rate


@given(BOOKS, INSTANTS, st.sampled_from([None, "plan"]))
def test_reasons_equal_reading_each_interval(
    book: slow.Book, as_of: dt.datetime, by: str | None
) -> None:
    spells = spells_from(book, as_of)
    found = churn_reasons(spells, period="month", calendar=NEW_YORK, by=by)
    plans: Any = found.axes[0].labels if by else (None,)
    axes = found.axes[1:] if by else found.axes
    for row, plan in enumerate(plans):
        for column, span in enumerate(months_of(axes[0].labels)):
            expected = {
                cause: sum(n for (p, c), n in read.items() if c == cause and (not by or p == plan))
                for read in [slow.reasons(book, span, as_of)]
                for cause in axes[1].labels
            }
            cell = (row, column) if by else (column,)
            assert found.parts["count"][cell].tolist() == list(expected.values())
            assert int(found.parts["total"][cell]) == sum(expected.values())


@given(BOOKS, INSTANTS, st.sampled_from([*COUNTED, "exposure"]), st.integers(0, 4))
def test_one_window_is_the_period_it_covers(
    book: slow.Book, as_of: dt.datetime, definition: str, which: int
) -> None:
    spells = spells_from(book, as_of)
    labels = [dt.date(2026, month, 1) for month in (2, 3, 4, 5, 6)]
    span = months_of(labels)[which]
    over = Window(*span)
    one = churn_rate(spells, definition=definition, over=over)
    month = churn_rate(spells, definition=definition, over=over, period="month", calendar=NEW_YORK)
    assert one.axes == ()
    assert {n: int(p) for n, p in one.parts.items()} == {
        n: int(p[0]) for n, p in month.parts.items()
    }
    assert one.complete is bool(month.complete[0])


@given(BOOKS, BOOKS, INSTANTS, st.sampled_from([*COUNTED, "exposure", "daily_sum", "renewal"]))
def test_rates_of_different_customers_add(
    book: slow.Book, other: slow.Book, as_of: dt.datetime, definition: str
) -> None:
    other = {f"{who}2": own for who, own in other.items()}
    options: Any = {"definition": definition, "period": "week", "calendar": NEW_YORK}
    if definition == "renewal":
        options["term"] = (1, "month")
    a, b = spells_from(book, as_of), spells_from(other, as_of)
    both = spells_from({**book, **other}, as_of)
    for by in (None, "plan"):
        parts = [churn_rate(x, **options, by=by) for x in (a, b)]
        assert parts[0] + parts[1] == churn_rate(both, **options, by=by)
        if by:
            assert churn_rate(both, **options, by=by).rollup("plan") == churn_rate(both, **options)


@given(BOOKS, INSTANTS)
def test_causes_add_up_and_the_closing_base_is_the_next_opening_one(
    book: slow.Book, as_of: dt.datetime
) -> None:
    spells = spells_from(book, as_of)
    for definition in ("start_cohort", "any_exit_over_start", "profitwell"):
        options: Any = {"definition": definition, "period": "month", "calendar": NEW_YORK}
        split = [
            churn_rate(spells, **options, cause=cause)
            for cause in ("voluntary", "involuntary", "unknown")
        ]
        whole = churn_rate(spells, **options)
        name = whole.PARTS[0]
        total = sum(part.parts[name] for part in split)
        assert np.array_equal(total, whole.parts[name])
    ends = churn_rate(spells, definition="end_base", period="month", calendar=NEW_YORK)
    starts = churn_rate(spells, definition="baremetrics", period="month", calendar=NEW_YORK)
    closing, opening = ends.parts["denominator"], starts.parts["denominator"]
    assert closing[:-1].tolist() == opening[1:].tolist()


# PostHog pull 39439: churn belongs to the first period in which the customer is not there
def test_who_ends_at_the_first_instant_of_a_month_leaves_in_it() -> None:
    spells = spells_of(
        [held("x", "2026-01-01", "2026-02-01"), held("y", "2025-12-31")],
        as_of=utc("2026-03-01") - US,
    )
    rate = churn_rate(spells, definition="start_cohort", period="month", calendar=Calendar("UTC"))
    assert [str(label) for label in rate.axes[0].labels] == [
        *("2025-12-01", "2026-01-01", "2026-02-01"),
    ]
    assert rate.parts["count"].tolist() == [0, 0, 1]
    assert rate.parts["total"].tolist() == [0, 1, 2]
    assert rate.complete.tolist() == [True, True, True]


def test_an_end_at_the_very_instant_is_known() -> None:
    ended = utc("2026-02-20")
    spells = spells_of([held("x", "2026-01-01", "2026-02-20")], as_of=utc("2026-03-09"))
    february = Window(utc("2026-02-01"), utc("2026-03-01"))
    for as_of, exits in ((ended - US, 0), (ended, 1)):
        rate = churn_rate(spells, definition="baremetrics", over=february, as_of=as_of)
        assert rate.parts["numerator"] == exits


def test_one_of_two_subscriptions_is_not_a_customer() -> None:
    as_of = utc("2026-03-01")
    over = Window(utc("2026-02-01"), utc("2026-03-01"))
    one = [held("x", "2026-01-01", "2026-02-09", plan="a"), held("x", "2026-01-05", plan="b")]
    after = [held("y", "2026-01-01", "2026-02-09"), held("y", "2026-02-09", "2026-02-20")]
    spells = spells_of([*one, *after], as_of=as_of)
    rate = churn_rate(spells, definition="any_exit_over_start", over=over)
    assert (rate.parts["numerator"], rate.parts["denominator"]) == (1, 2)


def test_a_customer_counts_with_the_plan_they_entered_the_month_with() -> None:
    spells = spells_of(
        [
            held("up", "2026-01-01", "2026-02-05", plan="a"),  # upgrades, then leaves
            held("up", "2026-02-05", "2026-02-20", plan="b"),
            held("join", "2026-02-02", "2026-02-09", plan="a"),  # joins, upgrades, leaves
            held("join", "2026-02-06", "2026-02-25", plan="b"),
            held("two", "2026-01-01", plan="a"),  # has both; started b last
            held("two", "2026-01-09", plan="b"),
        ],
        as_of=utc("2026-04-01"),
    )
    options: Any = {"period": "month", "calendar": Calendar("UTC"), "by": "plan"}
    exits = churn_rate(spells, definition="end_base", **options)
    assert exits.parts["numerator"].tolist() == [[0, 2, 0, 0], [0, 0, 0, 0]]
    assert exits.parts["denominator"].tolist() == [[1, 0, 0, 0], [1, 1, 1, 1]]
    lost = churn_rate(spells, definition="start_cohort", **options)
    assert lost.parts["count"].tolist() == [[0, 1, 0, 0], [0, 0, 0, 0]]
    assert lost.parts["total"].tolist() == [[0, 1, 0, 0], [0, 1, 1, 1]]


def test_a_customer_has_one_reason_a_month_the_last() -> None:
    spells = spells_of(
        [
            held("x", "2026-01-01", "2026-01-09", cause="involuntary"),
            held("x", "2026-01-15", "2026-02-03", cause="involuntary"),
            held("x", "2026-02-05", "2026-02-07", cause="voluntary"),
            held("y", "2026-02-05", "2026-02-07"),
        ],
        as_of=utc("2026-03-01"),
    )
    why = churn_reasons(spells, period="month", calendar=Calendar("UTC"))
    assert why.axes[1].labels == ("involuntary", "unknown", "voluntary")
    assert why.count.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert why.total.tolist() == [1, 2, 0]


def test_who_came_back_is_not_lost_but_has_left() -> None:
    over = Window(utc("2026-02-01"), utc("2026-03-01"))
    spells = spells_of(
        [
            held("x", "2026-01-01", "2026-02-05"),
            held("x", "2026-02-09", "2026-02-11"),
            held("x", "2026-02-20"),
        ],
        as_of=utc("2026-03-01"),
    )
    found = {d: churn_rate(spells, definition=d, over=over).value for d in COUNTED}
    assert found == {
        "start_cohort": 0.0,
        "profitwell": 1.0,
        "any_exit_over_start": 2.0,
        "baremetrics": 2.0,
        "stripe": 2.0,
        "average_base": 2.0,
        "end_base": 2.0,
    }


def test_exposure_counts_the_hours_of_a_day_that_has_23() -> None:
    spells = spells_of([held("x", "2026-01-01")], as_of=utc("2026-04-01"))
    rate = churn_rate(
        spells,
        definition="exposure",
        period="day",
        over=Window.parse("2026-03-08", "2026-03-09", tz="America/New_York"),
        calendar=NEW_YORK,
        unit=dt.timedelta(hours=1),
    )
    assert rate.parts["exposure"].tolist() == [23 * 3_600_000_000]


def test_a_quarter_of_a_daily_sum_and_a_window() -> None:
    spells = spells_of(
        [held("x", "2026-01-01", "2026-02-09"), held("y", "2026-01-01")], as_of=utc("2026-04-01")
    )
    over = Window(utc("2026-01-01"), utc("2026-04-01"))
    options: Any = {"definition": "daily_sum", "over": over, "calendar": Calendar("UTC")}
    quarter = churn_rate(spells, **options, period="quarter")
    assert quarter.value.tolist() == [0.5]
    assert repr(quarter) == "DailySum(metric='churn_rate', axes=period[1])"
    assert "2026-01-01" in quarter._repr_html_()
    with pytest.raises(InvalidInputError, match="estimate must have no axes to be one number"):
        float(quarter)
    window = churn_rate(spells, **options)
    assert (float(window), window.axes, window.complete) == (0.5, (), True)
    by_plan = churn_rate(spells, **options, by="plan")
    assert by_plan.rollup("plan") == window
    assert by_plan.value.tolist() == [0.5]
    later = churn_rate(spells, **options, as_of=utc("2026-03-09"))
    assert later.complete is False
    assert math.isnan(later.value)


def test_a_renewal_is_due_on_the_day_of_the_contract() -> None:
    # four contracts of a year from 31 January and 29 February 2024
    spells = spells_of(
        [
            held("kept", "2024-01-31T12:00"),
            held("gone", "2024-01-31T12:00", "2025-01-31T12:00", cause="voluntary"),
            held("early", "2024-01-31T12:00", "2024-06-01", cause="involuntary"),
            held("leap", "2024-02-29T12:00", "2025-02-28T20:00"),
        ],
        as_of=utc("2026-02-01"),
    )
    options: Any = {
        "definition": "renewal",
        "term": (1, "year"),
        "period": "month",
        "calendar": Calendar("UTC"),
        "over": Window(utc("2025-01-01"), utc("2026-02-01")),
    }
    rate = churn_rate(spells, **options)
    assert rate.parts["count"].tolist() == [2, 1, *[0] * 11]
    assert rate.parts["total"].tolist() == [3, 1, *[0] * 10, 1]
    assert rate.value[0] == 2 / 3
    forced = churn_rate(spells, **options, cause="involuntary")
    assert forced.parts["count"].tolist() == [1, *[0] * 12]


def test_spells_observed_from_their_start_are_as_without_an_entry() -> None:
    late = attrs.evolve(SPELLS, entry=SPELLS.start)
    assert churn_rate(late, **ONE) == churn_rate(SPELLS, **ONE)


def test_nobody_has_no_rate() -> None:
    nobody = spells_of([], as_of=utc("2026-01-01"))
    for definition in (*COUNTED, "exposure", "daily_sum"):
        rate = churn_rate(nobody, definition=definition, period="month", calendar=NEW_YORK)
        assert rate.axes[-1].labels == ()
        assert rate.value.shape == (0,)
        assert rate.to_frame().empty
    assert churn_reasons(nobody, period="month", calendar=NEW_YORK).value.shape == (0, 0)
    over = Window(utc("2026-01-01"), None)
    ahead = churn_rate(
        nobody, definition="stripe", period="month", calendar=Calendar("UTC"), over=over
    )
    assert ahead.parts["numerator"].tolist() == [0]


def test_a_missing_cause_and_a_missing_label_are_kept() -> None:
    spells = spells_of(
        [held("x", "2026-01-01", "2026-01-09", plan="a"), held("y", "2026-01-01", "2026-01-10")],
        as_of=utc("2026-02-01"),
    )
    gone = attrs.evolve(spells.cause, codes=np.array([-1, 0], np.int8))
    plan = attrs.evolve(spells.attributes["plan"], codes=np.array([-1, 0], np.int8))
    found = churn_reasons(
        attrs.evolve(spells, cause=gone, attributes={"plan": plan}),
        over=Window(utc("2026-01-01"), utc("2026-02-01")),
        by="plan",
    )
    assert [axis.labels for axis in found.axes] == [("a", None), ("unknown", None)]
    assert found.parts["count"].tolist() == [[1, 0], [0, 1]]
    assert found.rollup("plan").value.tolist() == [0.5, 0.5]


# ---------------------------------------------------------------------- a log


@given(ROWS, INSTANTS, st.sampled_from([1, 10, 30]))
def test_inactivity_is_the_start_cohort_of_spells_of_activity(
    rows: list[Interaction], as_of: dt.datetime, days: int
) -> None:
    log = InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)
    options: Any = {"within": days * DAY, "activity": "use"}
    rate = churn_rate(log, definition="inactivity", period="month", **options)
    spells = inactivity_spells(log, **options)
    same = churn_rate(spells, definition="start_cohort", period="month", calendar=NEW_YORK)
    assert rate.axes == same.axes
    assert all(np.array_equal(rate.parts[name], same.parts[name]) for name in rate.PARTS)
    by = churn_rate(log, definition="inactivity", period="month", by=first("channel"), **options)
    assert by.rollup("first_channel") == rate
    # Gold (2020), listing 2.3: active in the days before the start, not in those before the end
    for column, (start, end) in enumerate(months(rate)):
        at = {
            who: [x.at for x in rows if x.customer_id == who and x.kind == "use"] for who in "abcd"
        }
        known = {who: [t for t in own if t <= as_of] for who, own in at.items()}
        width = days * DAY
        base = [who for who, own in known.items() if any(start - width <= t < start for t in own)]
        if end <= as_of + US:
            gone = [w for w in base if not any(end - width <= t < end for t in known[w])]
            assert (rate.parts["count"][column], rate.parts["total"][column]) == (
                len(gone),
                len(base),
            )


def test_activity_before_the_log_began_is_not_known() -> None:
    rows = [
        Interaction(customer_id=who, kind="use", at=utc(f"2026-01-{day}"))
        for who in "ab"
        for day in ("20", "30")
    ]
    observed = Window(utc("2026-01-01"), None)
    log = InteractionLog.from_interactions(
        rows, calendar=Calendar("UTC"), observed=observed
    ).until(utc("2026-04-01"))
    options: Any = {"definition": "inactivity", "activity": "use"}
    rate = churn_rate(log, **options, within=30 * DAY, period="month")
    # 30 days after 30 January is 1 March: they belong until then
    assert rate.parts["total"].tolist() == [0, 2, 2, 0]
    wide = churn_rate(log, **options, within=50 * DAY, period="month")
    assert wide.parts["total"].tolist() == [0, 0, 2, 0]
    for days, total in ((30, 2), (50, 0)):
        february = Window(utc("2026-02-01"), utc("2026-03-01"))
        one = churn_rate(log, **options, within=days * DAY, over=february)
        assert int(one.parts["total"]) == total


def test_a_cause_that_only_the_spells_know() -> None:
    gone = Coded(np.array([0], np.int8), ("moved",))
    spells = attrs.evolve(
        spells_of([held("x", "2025-12-01", "2026-01-09")], as_of=utc("2026-02-01")), cause=gone
    )
    for cause, count in (("moved", 1), ("voluntary", 0), (["moved", "unknown"], 1)):
        assert churn_rate(spells, **ONE, cause=cause).count == count
    with pytest.raises(InvalidInputError, match="got 'mooved', did you mean 'moved'"):
        churn_rate(spells, **ONE, cause="mooved")


# ---------------------------------------------------------------------- refusals

SPELLS = spells_of([held("x", "2026-01-01")], as_of=utc("2026-02-01"))
LOG = InteractionLog.from_interactions(
    [Interaction(customer_id="x", kind="use", at=utc("2026-01-01"))], calendar=NEW_YORK
).until(utc("2026-02-01"))
JANUARY = Window(utc("2026-01-01"), utc("2026-02-01"))
ZONE = Calendar("UTC")
SHARE = churn_rate_from_counts(definition="start_cohort", start=2, lost_of_start=1)
ONE: dict[str, Any] = {"definition": "start_cohort", "over": JANUARY}

BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: churn_rate(SPELLS, definition="net"), "definition must be one of 'start_cohort'"),
    (lambda: churn_rate(SPELLS, definition=3), "definition must be one of"),
    (
        lambda: churn_rate(LOG, **ONE),
        "spells must be Spells: got InteractionLog; see inactivity_sp",
    ),
    (
        lambda: churn_rate(SPELLS, definition="inactivity", activity="use", within=DAY),
        "spells must be a log for definition='inactivity': got Spells",
    ),
    (
        lambda: churn_rate(LOG, definition="inactivity", within=DAY),
        "activity must be given for definition='inactivity'",
    ),
    (
        lambda: churn_rate(LOG, definition="inactivity", activity="use"),
        "within must be given for definition='inactivity'",
    ),
    (
        lambda: churn_rate(LOG, definition="inactivity", activity="use", within=0 * DAY),
        "within must be longer than zero",
    ),
    (
        lambda: churn_rate(LOG, definition="inactivity", activity="use", within=DAY, cause="x"),
        "cause must be left out: 'inactivity' has no use for it",
    ),
    (
        lambda: churn_rate(LOG, definition="inactivity", activity="use", within=DAY),
        "period must be given: or a window",
    ),
    (lambda: churn_rate(SPELLS, **ONE, unit=DAY), "unit must be left out: 'start_cohort' has"),
    (
        lambda: churn_rate(SPELLS, definition="exposure", over=JANUARY, unit=-DAY),
        "unit must be longer than zero",
    ),
    (lambda: churn_rate(SPELLS, **ONE, term=(1, "year")), "term must be left out"),
    (
        lambda: churn_rate(SPELLS, definition="renewal", over=JANUARY),
        "term must be given for definition='renewal'",
    ),
    (
        lambda: churn_rate(SPELLS, definition="renewal", over=JANUARY, term=(1, "year")),
        "calendar must be given: terms end on its days",
    ),
    (
        lambda: churn_rate(
            SPELLS,
            definition="renewal",
            over=JANUARY,
            calendar=ZONE,
            term=(1, "decade"),
        ),
        r"term\[1\] must be one of 'day', 'week', 'month', 'year'",
    ),
    (
        lambda: churn_rate(
            SPELLS, definition="renewal", over=JANUARY, calendar=ZONE, term=(0, "year")
        ),
        r"term\[0\] must be at least 1",
    ),
    (
        lambda: churn_rate(
            SPELLS,
            definition="renewal",
            over=JANUARY,
            calendar=ZONE,
            term="year",
        ),
        "term must be a number and a unit, .*: got str",
    ),
    (lambda: churn_rate(SPELLS, **ONE, cause=()), "cause must be a str or a collection of str"),
    (lambda: churn_rate(SPELLS, **ONE, cause=[1]), "cause must be a str or a collection of str"),
    (
        lambda: churn_rate(SPELLS, **ONE, cause="volontary"),
        r"^cause must be 'voluntary', .* of the spells: got 'volontary', did you mean 'voluntary'\?$",
    ),
    (
        lambda: churn_rate(SPELLS, **ONE, cause=["paused", "x@example.org"]),
        "or a cause of the spells: got another str$",
    ),
    (lambda: churn_rate(SPELLS, **ONE, by=first("channel")), "by must be an attribute of the sp"),
    (
        lambda: churn_rate(SPELLS, **ONE, by="plam"),
        "by must be an attribute of the spells: got 'plam', did you mean 'plan'?",
    ),
    (
        lambda: churn_rate(attrs.evolve(SPELLS, entry=SPELLS.start + 1), **ONE),
        "spells must be observed since their start",
    ),
    (lambda: churn_rate(SPELLS, definition="stripe"), "period must be given: or a window"),
    (
        lambda: churn_rate(SPELLS, definition="stripe", over=Window(None, utc("2026-01-01"))),
        "over must have both ends without a period: one is open",
    ),
    (
        lambda: churn_rate(SPELLS, definition="stripe", over="2026"),
        "over must be a Window: got str",
    ),
    (
        lambda: churn_rate(SPELLS, definition="stripe", period="month"),
        "calendar must be given with a period: spells have none of their own",
    ),
    (
        lambda: churn_rate(SPELLS, definition="stripe", period="month", calendar="UTC"),
        "calendar must be a Calendar: got str",
    ),
    (
        lambda: churn_rate(SPELLS, definition="stripe", period="moon", calendar=ZONE),
        "period must be one of",
    ),
    (
        lambda: churn_rate(
            SPELLS,
            definition="stripe",
            period="month",
            calendar=ZONE,
            over=Window(utc("2026-01-02"), None),
        ),
        "over must lie on the edges of a month: its start is 2026-01-02",
    ),
    (
        lambda: churn_rate(SPELLS, **ONE, as_of=utc("2026-03-01")),
        "as_of must not be later than the spells' as_of",
    ),
    (
        lambda: churn_rate(SPELLS, definition="daily_sum", over=JANUARY),
        "calendar must be given: exits are counted by its days",
    ),
    (
        lambda: churn_rate(SPELLS, definition="daily_sum", period="hour", calendar=ZONE),
        "period must not be shorter than a day",
    ),
    (
        lambda: churn_rate(SPELLS, definition="daily_sum", over=JANUARY, calendar=NEW_YORK),
        "over must lie on the edges of a day: its start is 2026-01-01",
    ),
    (
        lambda: churn_reasons(cast(Any, LOG), over=JANUARY),
        "spells must be Spells: got InteractionLog",
    ),
    (
        lambda: churn_rate_from_counts(definition="stripe", start=1, lost_of_start=2),
        "lost_of_start must not exceed start",
    ),
    (
        lambda: churn_rate_from_counts(
            definition="stripe", start=1, lost_of_start=0, lost_of_new=1
        ),
        "lost_of_new must not exceed new",
    ),
    (
        lambda: churn_rate_from_counts(definition="stripe", start=-1, lost_of_start=0),
        "start must be at least 0",
    ),
    (
        lambda: churn_rate_from_counts(definition="exposure", start=1, lost_of_start=0),
        "exposure must be given for definition='exposure'",
    ),
    (
        lambda: churn_rate_from_counts(
            definition="stripe", start=1, lost_of_start=0, exposure=DAY
        ),
        "exposure must be left out: 'stripe' has no use for it",
    ),
    (
        lambda: churn_rate_from_counts(definition="daily_sum", start=1, lost_of_start=0),
        "start must have one count a day, as lost_of_start",
    ),
    (
        lambda: churn_rate_from_counts(definition="daily_sum", start=[1], lost_of_start=[1, 2]),
        "start must have one count a day, as lost_of_start",
    ),
    (
        lambda: churn_rate_from_counts(definition="daily_sum", start=[1], lost_of_start=[-1]),
        "start must not be negative: nor lost_of_start",
    ),
    (
        lambda: churn_rate_from_counts(
            definition="daily_sum", start=[1], lost_of_start=[1], new=2
        ),
        "new must be left out: 'daily_sum' has no use for it",
    ),
    (
        lambda: churn_rate_from_counts(definition="renewal", start=2, lost_of_start=1, returned=1),
        "returned must be left out: 'renewal' has no use for it",
    ),
    (
        lambda: DailySum(
            Quotient(parts={"numerator": 1, "denominator": 2}, context=SHARE.context)
        ),
        "daily must have days as its last axis",
    ),
]


@pytest.mark.parametrize(
    ("call", "message"), [pytest.param(c, m, id=f"{i}-{m[:40]}") for i, (c, m) in enumerate(BAD)]
)
def test_what_has_no_answer_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
