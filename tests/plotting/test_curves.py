from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import Concentration, GapTimes, kaplan_meier, nelson_aalen
from customerops.model import Axis, Calendar, Context, Distribution, EventTable, Window
from customerops.plotting import distribution_curve, lorenz_curve, survival_curve
from tests.plotting.marks import band, lines, rendered, said, ticks

PLANS = Axis("plan", ["basic", "pro"], "group", disjoint=True)


def at_risk(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == "at risk"]


def test_a_curve_its_band_and_who_is_at_risk() -> None:
    """Durations 1, 2, 3, 3+, 4: at risk 5, 4, 3, 1; survival 4/5, 3/5, 2/5, 0."""
    context = Context("kaplan_meier", options={"unit": dt.timedelta(days=7)})
    curve = EventTable.from_rows([1, 2, 3, 3, 4], [1, 1, 1, 0, 1], context=context)
    ax = rendered(survival_curve(curve))
    drawn = lines(ax)
    assert drawn["_"] == [1.0, *curve.survival().tolist()]
    assert drawn["_censored"] == [pytest.approx(0.4)]
    assert ax.lines[0].get_drawstyle() == "steps-post"
    low, high = band(ax)
    below, above = curve.interval()
    assert low[2.0] == pytest.approx(below[1])
    assert high[1.0] == pytest.approx(1.0)  # the band before the first event
    assert min(high[2.0], high[1.0]) >= above[1]
    assert ticks(ax) == ["0", "1", "2", "3", "4"]
    assert at_risk(ax) == ["at risk", "5", "5", "4", "3", "1"]
    assert ax.get_xlabel() == "weeks since the start"
    assert ax.get_ylabel() == "share still without the event (%)"
    assert ax.get_title("left") == "Survival (Kaplan-Meier)"
    assert "95 % bands; ticks: last seen without the event" in said(ax)[-1]


def test_groups_and_confidence() -> None:
    curve = kaplan_meier([1, 2, 3, 3, 4, 2], [1, 1, 1, 0, 1, 1], by=["basic"] * 3 + ["pro"] * 3)
    ax = rendered(survival_curve(curve, confidence=0.5))
    assert lines(ax)["basic"] == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert {"basic", "pro"} <= set(at_risk(ax))
    assert ax.get_xlabel() == "time since the start"
    low, _ = band(ax, 0)
    assert low[1.0] == pytest.approx(curve.interval(0.5)[0][0])
    assert ax.get_legend().get_title().get_text() == curve.outer[0].name


def test_a_hazard_starts_at_0() -> None:
    curve = nelson_aalen([1, 2], [1, 1])
    ax = rendered(survival_curve(curve))
    assert lines(ax)["_"] == [0.0, 0.5, 1.5]
    assert ax.get_ylabel() == "cumulative hazard"
    assert ax.get_title("left") == "Cumulative hazard (Nelson-Aalen)"


def test_nobody_at_all() -> None:
    assert at_risk(rendered(kaplan_meier([], []).plot()))[:2] == ["at risk", "0"]
    rendered(Distribution.from_rows([], context=Context("gap_times")).plot())
    rendered(Concentration.from_rows([], context=Context("concentration")).plot())
    rendered(EventTable.from_rows([0, 0], [1, 0], context=Context("kaplan_meier")).plot())


def test_gaps() -> None:
    gaps = GapTimes(
        outer=[Axis("completed", [0], "state")],
        at=[2, 5],
        cell=[0, 0],
        parts={"gaps": [0, 0], "first": [2, 1], "censored": [0, 1]},
        context=Context("gap_times", options={"occasion": "day"}),
    )
    with pytest.raises(InvalidInputError, match=r"a GapTimes has none: curve\(\) of it"):
        gaps.plot()
    curve = gaps.curve()
    ax = rendered(curve.plot())
    assert lines(ax)["_"] == [1.0, *curve.value.tolist()]
    assert ax.get_xlabel() == "days since the start"
    assert ax.get_ylabel() == "share not back yet (%)"


def test_a_distribution_is_a_share_at_most_so_large() -> None:
    gaps = Distribution.from_rows([3, 5, 5, 9], context=Context("gap_times", unit="gap"))
    ax = rendered(distribution_curve(gaps))
    (name,) = [one for one in lines(ax) if "n = 4" in one]
    assert lines(ax)[name] == [0.0, 0.25, 0.75, 1.0, 1.0]
    assert ax.lines[0].get_xdata().tolist()[:4] == [0, 3, 5, 9]
    assert name == "all, n = 4"
    assert ax.get_ylabel() == "share of gaps at most so long (%)"
    assert "median" in said(ax)


def test_money_is_in_major_units_and_open_windows_are_dashed() -> None:
    context = Context("spend", currency="EUR", options={"scale": 100}, as_of=0,
                      over=Window.parse("2026-01-01", "2026-02-01", tz="UTC"))  # fmt: skip
    spend = Distribution.from_rows(
        [-100, 200, 500], codes=[0, 0, 0], outer=[PLANS], context=context
    )
    ax = rendered(distribution_curve(spend))
    assert ax.lines[0].get_xdata().tolist()[:4] == [-1, -1, 2, 5]
    assert ax.lines[0].get_linestyle() == "--"
    assert ax.lines[0].get_label() == "basic, n = 3, not over"
    assert ax.get_xlabel() == "EUR per customer"
    assert ax.get_ylabel() == "share of customers at most so large (%)"


def test_lorenz() -> None:
    """Lorenz's example: 1, 1, 1, 2, 5 have a Gini coefficient of 0.36; the top fifth has half."""
    spend = Concentration.from_rows([1, 1, 1, 2, 5], context=Context("concentration"))
    ax = rendered(lorenz_curve(spend))
    drawn = lines(ax)
    held = drawn["all: Gini 0.36, top fifth 50 %"]
    assert [held[i] for i in (0, 20, 60, 80, 100)] == pytest.approx([0, 0.1, 0.3, 0.5, 1])
    assert drawn["equal spend"] == [0, 1]
    assert ax.get_xlabel() == "share of buyers, lowest spend first (%)"
    assert ax.get_ylabel() == "share of spend (%)"
    assert ax.get_title("left") == "Concentration of spend"


@pytest.mark.parametrize(
    "result",
    [
        kaplan_meier(range(9), [1] * 9, by=range(9)),
        Distribution.from_rows([1], outer=[Axis("g", range(9), "group")], codes=[0], context=Context("m")),
        Concentration.from_rows([1], outer=[Axis("g", range(9), "group")], codes=[0], context=Context("m")),
    ],
)  # fmt: skip
def test_more_than_eight_curves_are_refused(result: Any) -> None:
    with pytest.raises(
        InvalidInputError, match="curves must be at most 8 to be drawn: there are 9: select"
    ):
        result.plot()


def test_as_of_in_local_time() -> None:
    context = Context("gap_times", as_of=1_767_221_999_999_999, calendar=Calendar("Europe/Berlin"))
    assert "as of the end of 2025-12-31" in said(
        Distribution.from_rows([1], context=context).plot()
    )
