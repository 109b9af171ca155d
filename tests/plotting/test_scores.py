from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from customerops.metrics import NetShare
from customerops.model import Axis, Calendar, Context, NetPromoterScore, Window
from customerops.plotting import score_bars
from tests.plotting.marks import bars, lines, rendered, said, spans, ticks

PARTS = ("promoters", "passives", "detractors")


def widths(ax: Any, label: str) -> list[float]:
    return [float(bar.get_width()) for bar in bars(ax, label)]


def test_a_score_is_what_it_is_made_of() -> None:
    """50 promoters, 30 passives and 20 detractors: 30 points, 14 to 44 (adjusted Wald)."""
    score = NetPromoterScore(
        parts=dict(zip(PARTS, (50, 30, 20), strict=True)), context=Context("nps")
    )
    ax = rendered(score.plot())
    assert [widths(ax, name) for name in PARTS] == [[0.5], [0.3], [0.2]]
    assert [float(bar.get_x()) for bar in bars(ax)] == [0.0, 0.2, 0.5]
    assert said(ax)[:3] == ["20 %\n20", "30 %\n30", "50 %\n50"]
    assert "30  (14 to 44), 100 answers" in said(ax)
    assert ax.get_title("left") == "Net promoter score"
    assert ax.get_xlabel() == "share of answers (%)"
    assert ticks(ax, "y") == []
    low, high = score.interval(0.9)
    assert f"({low:.0f} to {high:.0f})" in "".join(said(score_bars(score, confidence=0.9)))


def test_groups_without_answers_and_open_ones() -> None:
    countries = Axis("country", ["DE", "FR"], "group", disjoint=True)
    parts = dict(zip(PARTS, ([1, 0], [1, 0], [2, 0]), strict=True))
    ax = rendered(NetPromoterScore(axes=[countries], parts=parts, context=Context("nps")).plot())
    assert "no answers" in said(ax)
    assert ticks(ax, "y") == ["DE", "FR"]
    over = Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    context = Context("nps", as_of=0, over=over)
    ax = rendered(NetPromoterScore(axes=[countries], parts=parts, context=context).plot())
    assert said(ax).count("not over") == 2
    assert spans(ax, 1) == [0, 1]


@pytest.mark.parametrize(
    ("options", "text"), [({}, "30 %  (14 % to 44 %)"), ({"per": 100}, "30  (14 to 44)")]
)
def test_net_shares(options: dict[str, int], text: str) -> None:
    parts = {"top": 50, "middle": 30, "bottom": 20}
    net = NetShare(parts=parts, context=Context("csat", definition="net", options=options))
    ax = rendered(net.plot())
    assert widths(ax, "bottom") == [0.2]
    assert any(one.startswith(text) for one in said(ax))


def test_over_periods_it_is_a_line() -> None:
    months = Axis("period", [dt.date(1970, 1, 1), dt.date(1970, 2, 1)], "period")
    context = Context("csat", period="month", calendar=Calendar("UTC"), options={"per": 100})
    parts = {"top": [5, 1], "middle": [3, 1], "bottom": [2, 2]}
    net = NetShare(axes=[months], parts=parts, context=context)
    ax = rendered(net.plot())
    assert lines(ax) == {"_": [30.0, -25.0]}
    assert ax.get_ylabel() == "net share (points)"
