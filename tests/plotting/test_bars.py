from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.journey import First, attribute, paths_to_conversion
from customerops.lifecycle import StageCounts
from customerops.metrics import Backlog, OpenPipeline, PowerCurve, RenewalSummary, SalesStages
from customerops.model import Axis, Calendar, Context, Window, first
from customerops.plotting import attribution_bars, backlog_bars, count_bars
from tests.plotting.marks import bars, greyed, heights, mesh, rendered, said, spans, ticks

UTC = Calendar("UTC")
MONTHS = Axis("period", [dt.date(2026, m, 1) for m in (1, 2, 3)], "period")
STAGES = Axis("stage", ["ACTIVATED", "LAPSED", "RETAINED"], "state", disjoint=True)
FEBRUARY = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp() * 1e6) - 1
PERIODS = Context("lifecycle_counts", as_of=FEBRUARY, calendar=UTC, period="month")


def test_stages_are_stacked_over_periods() -> None:
    counts = [[4, 0, 1], [3, 2, 2], [1, 3, 5]]
    table = StageCounts(axes=[MONTHS, STAGES], parts={"customers": counts}, context=PERIODS)
    ax = rendered(table.plot())
    assert heights(ax, "ACTIVATED") == [4, 3, 1]
    assert heights(ax, "RETAINED") == [1, 2, 5]
    assert heights(ax, "LAPSED") == [0, 2, 3]
    assert [container.get_label() for container in ax.containers] == [
        "ACTIVATED", "RETAINED", "LAPSED"]  # fmt: skip
    assert [float(bar.get_y()) for bar in bars(ax, "LAPSED")] == [5, 5, 6]
    assert spans(ax) == [2]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("month", "customers")
    assert ticks(ax) == ["2026-01", "2026-02", "2026-03"]
    assert ax.get_ylim()[1] > 9
    assert [text.get_text() for text in ax.get_legend().get_texts()][-1] == "so far"


def test_groups_before_periods_are_stacked_too() -> None:
    groups = Axis("country", ["DE", "FR"], "group", disjoint=True)
    table = StageCounts(
        axes=[groups, MONTHS], parts={"customers": [[1, 2, 3], [4, 5, 6]]}, context=PERIODS
    )
    ax = rendered(table.plot())
    assert heights(ax, "FR") == [4, 5, 6]


def test_many_labels_over_periods_are_a_heat_map() -> None:
    many = Axis("cell", [f"c{i}" for i in range(9)], "state")
    table = StageCounts(
        axes=[MONTHS, many], parts={"customers": np.arange(27).reshape(3, 9)}, context=PERIODS
    )
    ax = rendered(table.plot())
    assert mesh(ax).shape == (3, 9)
    assert mesh(ax)[0, 0] is np.ma.masked  # none
    assert greyed(ax) == [(2, j) for j in range(9)]
    assert "customers; –: none" in ax.get_xlabel()


def test_a_bar_a_number_of_days() -> None:
    days = Axis("active", [1, 2, 3], "state")
    context = Context("power_curve", as_of=0, options={"unit": "day"})
    ax = rendered(PowerCurve(axes=[days], parts={"customers": [9, 4, 1]}, context=context).plot())
    assert heights(ax) == [9, 4, 1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("active days", "customers")
    assert ax.get_legend() is None
    over = Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    context = Context("power_curve", as_of=0, over=over, options={"unit": "month"})
    ax = PowerCurve(axes=[days], parts={"customers": [9, 4, 1]}, context=context).plot()
    assert spans(ax) == [0, 1, 2]
    assert ax.get_xlabel() == "active months"


def test_rows_in_the_order_of_a_sale() -> None:
    stages = Axis("stage", ["demo", "lead", "offer"], "state")
    context = Context("open_pipeline", unit="thread",
                      options={"stages": SalesStages(["lead", "demo", "offer"])})  # fmt: skip
    parts = {"deals": [2, 7, 1], "priced": [0, 0, 0], "amount": [0, 0, 0]}
    ax = rendered(OpenPipeline(axes=[stages], parts=parts, context=context).plot())
    assert [float(bar.get_width()) for bar in bars(ax)] == [7, 2, 1]
    assert ticks(ax, "y") == ["lead", "demo", "offer"]
    assert said(ax)[:3] == ["7", "2", "1"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("deals", "stage")
    ax = rendered(OpenPipeline(axes=[stages], parts=parts, context=open_context()).plot())
    assert greyed(ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["so far"]


def open_context() -> Context:
    over = Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    return Context("open_pipeline", unit="thread", as_of=0, over=over)


def test_one_number() -> None:
    table = StageCounts(axes=[], parts={"customers": 5}, context=Context("lifecycle_counts"))
    ax = rendered(table.plot())
    assert [float(bar.get_width()) for bar in bars(ax)] == [5]


def test_several_parts_are_stacked() -> None:
    table = RenewalSummary.from_survivors([10, 7, 6])
    ax = rendered(table.plot())
    assert heights(ax, "kept") == [0, 0, 6]
    assert heights(ax, "lost") == [0, 3, 1]
    ax = count_bars(table, parts=["lost"])
    assert heights(ax) == [0, 3, 1]
    assert ax.get_ylabel() == "lost"


def test_refusals_of_counts() -> None:
    other = Axis("a", ["x"], "state")
    table = StageCounts(
        axes=[MONTHS, STAGES, other], parts={"customers": np.ones((3, 3, 1), int)}, context=PERIODS
    )
    with pytest.raises(InvalidInputError, match="at most two axes.*period, stage and a: select"):
        table.plot()
    summary = RenewalSummary.from_survivors({"a": [10, 7], "b": [5, 2]})
    with pytest.raises(InvalidInputError, match="at most two axes to be drawn"):
        summary.plot()


def paths_log() -> InteractionLog:
    rows = [("a", 1, "visit", "ads"), ("a", 2, "visit", "mail"), ("a", 3, "buy", None),
            ("b", 1, "visit", "mail"), ("b", 2, "buy", None), ("c", 1, "buy", None)]  # fmt: skip
    return InteractionLog.from_arrays(
        customer_id=[row[0] for row in rows],
        at=[dt.date(2026, 1, row[1]) for row in rows],
        kind=[row[2] for row in rows],
        channel=[row[3] for row in rows],
        tz=dt.UTC,
    ).until_day(dt.date(2026, 1, 31))


def test_credit() -> None:
    """By the first touch: ads has the order of a, mail that of b; the order of c is nobody's."""
    log = paths_log()
    paths = paths_to_conversion(log, "buy", touches="visit", lookback=dt.timedelta(days=9))
    result = attribute(paths, First())
    ax = rendered(attribution_bars(result))
    assert [float(bar.get_width()) for bar in bars(ax)] == [1, 1]
    assert sorted(ticks(ax, "y")) == ["ads", "mail"]
    assert said(ax)[:2] == ["1.0  (50 %)", "1.0  (50 %)"]
    assert "1 conversions without a touch are nobody's" in said(ax)[-1]
    assert ax.get_title("left") == "Attribution by First()"
    assert ax.get_xlabel() == "credited conversions (and their share, %)"


def test_credit_by_group_of_an_open_window() -> None:
    over = Window.parse("2026-01-01", "2026-03-01", tz="UTC")
    paths = paths_to_conversion(
        paths_log(),
        "buy",
        touches="visit",
        lookback=dt.timedelta(days=9),
        over=over,
        by=first("channel"),
    )
    ax = rendered(attribute(paths, First()).plot())
    assert len(bars(ax)) == 6  # three groups, two channels
    assert all(patch.get_hatch() for patch in bars(ax))
    assert said(ax)[0] in {"0.0", "1.0"}  # no share yet
    assert ax.get_legend().get_title().get_text() == "first channel"


def test_the_backlog_by_age() -> None:
    waiting = Backlog.from_rows(
        [0.5, 2.0, 9.0, 9.5],
        context=Context("backlog", unit="thread", options={"unit": dt.timedelta(days=1)}),
    )
    ax = rendered(backlog_bars(waiting, bounds=[1, 7]))
    assert heights(ax) == [1, 1, 2]
    assert ticks(ax) == ["under 1", "1 to 7", "7 and more"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("age (days)", "open threads")
    assert said(ax)[-1] == "4 open"
    assert len(bars(rendered(waiting.plot()))) == 6


def test_the_backlog_over_periods() -> None:
    context = Context("backlog", unit="thread", as_of=FEBRUARY, calendar=UTC, period="month")
    waiting = Backlog.from_rows(
        [0.5, 2, 9, 9], codes=[0, 1, 1, 2], outer=[MONTHS], context=context
    )
    ax = rendered(backlog_bars(waiting, bounds=[1, 7]))
    assert heights(ax, "under 1") == [1, 0, 0]
    assert heights(ax, "7 and more") == [0, 1, 1]
    assert spans(ax) == [2]
    assert ax.get_xlabel() == "month"
    groups = Axis("country", ["DE"], "group")
    both = Backlog.from_rows([1], codes=[0], outer=[groups, MONTHS], context=context)
    with pytest.raises(InvalidInputError, match="by group or over periods to be drawn: select"):
        both.plot()
    by_group = Backlog.from_rows([1], codes=[0], outer=[groups], context=Context("backlog"))
    assert rendered(by_group.plot()).get_xlabel() == "country"
