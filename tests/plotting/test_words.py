from __future__ import annotations

import datetime as dt

import pytest

from customerops.model import Axis, Calendar, Context, Window
from customerops.plotting.words import joined, label_text, metric_text, plural, subtitle, unit_text

BERLIN = Calendar("Europe/Berlin")


@pytest.mark.parametrize(
    ("metric", "definition", "title"),
    [
        ("churn_rate", "start_cohort", "Churn rate (start_cohort)"),
        ("mrr_movements", None, "MRR movements"),
        ("rfm.segments", None, "RFM: segments"),
        ("csat", "mean", "Customer satisfaction (CSAT) (mean)"),
    ],
)
def test_titles(metric: str, definition: str | None, title: str) -> None:
    assert metric_text(Context(metric, definition=definition)) == title


def test_below_a_title() -> None:
    over = Window.parse("2026-01-01", "2026-02-01", tz="Europe/Berlin")
    at = int(dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC).timestamp() * 1e6)
    context = Context("m", as_of=at, over=over, calendar=BERLIN)
    assert (
        subtitle(context, "", "x")
        == "2026-01-01 to before 2026-02-01; as of 2026-01-31 13:00 CET; x"
    )
    context = Context("m", over=over)
    assert subtitle(context) == "2025-12-31 23:00 UTC to before 2026-01-31 23:00 UTC"
    for start, end, text in (
        (None, "2026-02-01", "before 2026-02-01"),
        ("2026-01-01", None, "from 2026-01-01"),
        (None, None, ""),
    ):
        over = Window.parse(start, end, tz="Europe/Berlin")
        assert subtitle(Context("m", over=over, calendar=BERLIN)) == text


def test_selections_are_named() -> None:
    month = Axis("period", [dt.date(2026, 1, 1)], "period")
    plan = Axis("first_plan", ["basic"], "group")
    many = Axis("age", [1, 2], "age")
    options = {"select.period": month, "select.first_plan": plan, "select.age": many}
    assert (
        subtitle(Context("m", period="month", options=options))
        == "first plan basic; month 2026-01"
    )


def test_labels() -> None:
    assert label_text(dt.datetime(2026, 1, 1, 5), "hour") == "2026-01-01 05:00"  # noqa: DTZ001
    assert label_text(dt.date(2026, 1, 1), "year") == "2026"
    quarters = [label_text(dt.date(2026, month, 1), "quarter")[-2:] for month in (1, 4, 7, 10)]
    assert quarters == ["Q1", "Q2", "Q3", "Q4"]
    assert label_text(True) == "True"
    assert joined(["a"]) == "a"
    assert [plural(unit) for unit in ("reply", "day", "customer-period")] == [
        "replies", "days", "customer-periods"]  # fmt: skip
    assert unit_text(Context("m", options={"unit": "month"})) == "months"
    assert unit_text(Context("m"), "ticks") == "ticks"
