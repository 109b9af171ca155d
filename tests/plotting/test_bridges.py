from __future__ import annotations

import datetime as dt

import attrs
import pytest

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.lifecycle import GrowthAccounting
from customerops.metrics import decompose, value_tree
from customerops.model import (
    Axis,
    Calendar,
    Context,
    Mean,
    Money,
    Movements,
    Proportion,
    Window,
)
from customerops.plotting import decomposition_bars, growth_bars, movement_bridge, value_bridge
from tests.plotting.marks import bars, heights, lines, rendered, said, spans, ticks

UTC = Calendar("UTC")
MONTHS = Axis("period", [dt.date(2026, m, 1) for m in (1, 2, 3)], "period")
FEBRUARY = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp() * 1e6) - 1
PLANS = Axis("plan", ["basic", "pro"], "group", disjoint=True)


def growth(axes: list[Axis], **parts: object) -> GrowthAccounting:
    context = Context("growth_accounting", as_of=FEBRUARY, calendar=UTC, period="month")
    return GrowthAccounting(axes=axes, parts=parts, context=context)


def test_gains_stand_above_and_losses_below() -> None:
    table = growth(
        [MONTHS], new=[5, 3, 1], retained=[0, 3, 2], resurrected=[0, 1, 0], churned=[0, 2, 5]
    )
    ax = rendered(table.plot())
    assert heights(ax, "new") == [5, 3, 1]
    assert heights(ax, "resurrected") == [0, 1, 0]
    assert heights(ax, "churned") == [0, -2, -5]
    assert [float(bar.get_y()) for bar in bars(ax, "resurrected")] == [5, 3, 1]
    assert lines(ax)["net change"] == [5, 2, -4]
    assert spans(ax) == [2]
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "month",
        "customers gained (above) and lost (below)",
    )
    ax.figure.draw_without_rendering()
    assert not any("-" in tick or "−" in tick for tick in ticks(ax, "y"))
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["net change", "new", "resurrected", "churned", "not over"]
    low, high = ax.get_ylim()
    assert low < -5
    assert high > 5


def test_growth_of_groups_is_refused() -> None:
    table = growth([PLANS, MONTHS], **{name: [[1] * 3] * 2 for name in GrowthAccounting.PARTS})
    with pytest.raises(
        InvalidInputError, match="over one axis to be drawn: its axes are plan and period"
    ):
        growth_bars(table)
    alone = table.select(plan="pro", period=dt.date(2026, 1, 1))
    with pytest.raises(InvalidInputError, match="its axes are none"):
        growth_bars(alone)


def test_a_bridge_leads_from_the_opening_to_the_closing_level() -> None:
    month = Movements.of(
        opening=Money("180.00", "EUR"), new=Money("20.00", "EUR"), churn=Money("50.50", "EUR")
    )
    ax = rendered(movement_bridge(month))
    assert ticks(ax) == ["opening", "new", "churn", "closing"]
    assert heights(ax) == [180.0, 20.0, -50.5, 149.5]
    assert [float(bar.get_y()) for bar in bars(ax)] == [0, 180, 200, 0]
    assert said(ax)[:4] == ["180", "+20", "−50.5", "150"]
    assert ax.get_ylabel() == "EUR"
    assert ax.get_ylim()[1] > 200
    assert spans(ax) == []


def test_a_bridge_that_is_not_over_is_grey() -> None:
    context = Context(
        "mrr_movements", as_of=0, over=Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    )
    ax = rendered(Movements.of(opening=5, new=1, context=context).plot())
    assert spans(ax) == [2]
    assert "not over: so far" in said(ax)[-1]
    assert ax.get_ylabel() == "customers"
    assert ax.get_title("left") == "MRR movements"


def test_movements_over_periods_are_in_major_units() -> None:
    context = Context(
        "mrr_movements", currency="JPY", as_of=FEBRUARY, calendar=UTC, period="month"
    )
    levels = Movements.of(
        opening=[0, 500, 700],
        new=[500, 300, 0],
        churn=[0, 100, 50],
        axes=[MONTHS],
        context=context,
    )
    ax = rendered(levels.plot())
    assert heights(ax, "new") == [500, 300, 0]  # the yen has no minor unit
    assert heights(ax, "churn") == [0, -100, -50]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "net change", "new", "churn", "not over"]  # fmt: skip
    assert ax.get_ylabel().startswith("JPY")
    euros = Movements.of(
        opening=[0, 500], new=[500, 0], axes=[PLANS], context=Context("m", currency="EUR")
    )
    ax = rendered(euros.plot())
    assert heights(ax, "new") == [5, 0]
    assert ax.get_xlabel() == "plan"


def test_the_change_of_revenue() -> None:
    """One customer pays 10 and then 30, another comes with 20: 10 to 50."""
    log = InteractionLog.from_arrays(
        customer_id=["a", "a", "b"],
        at=[dt.date(2026, m, 5) for m in (1, 2, 2)],
        kind=["purchase"] * 3,
        amount=[10, 30, 20],
        currency="EUR",
        tz=dt.UTC,
    ).until_day(dt.date(2026, 2, 28))
    january, february = (
        Window.parse(f"2026-{a}-01", f"2026-{b}-01", tz="UTC")
        for a, b in (("01", "02"), ("02", "03"))
    )
    tree = value_tree(log, over=february, against=january)
    ax = rendered(value_bridge(tree))
    drawn = heights(ax)
    assert (drawn[0], drawn[-1]) == (10.0, 50.0)
    assert sum(drawn[1:-1]) == pytest.approx(40.0)
    assert drawn[1:-1] == [float(level.effect) / 100 for level in tree.levels]
    assert ticks(ax)[2] == "orders per\ncustomer"
    assert ax.get_ylabel() == "revenue (EUR)"
    plain = attrs.evolve(tree, context=attrs.evolve(tree.context, currency=None))
    assert rendered(plain.plot()).get_ylabel() == "revenue"


def test_mix_and_rate() -> None:
    june, july = (
        Proportion(axes=[PLANS], parts={"count": n, "total": m}, context=Context("churn_rate"))
        for n, m in (([10, 10], [100, 50]), ([20, 4], [200, 20]))
    )
    result = decompose(july, june)
    ax = rendered(decomposition_bars(result))
    mix = [float(bar.get_width()) for bar in bars(ax, "mix: its weight")]
    rate = [float(bar.get_width()) for bar in bars(ax, "rate: its own rate")]
    assert (mix, rate) == ([float(x) for x in result.mix], [float(x) for x in result.rate])
    assert ax.get_xlabel() == "contribution to the change (percentage points)"
    assert said(ax)[-1] == "from 13.3 % to 10.9 %: -2.4 %"
    assert ticks(ax, "y") == ["basic", "pro"]
    a, b = (
        Mean(
            axes=[PLANS],
            parts={"n": [1, 1], "sum": total, "sum_sq": [9, 16]},
            context=Context("spend_per_buyer"),
        )
        for total in ([3, 4], [2, 4])
    )
    ax = rendered(decompose(a, b).plot())
    assert ax.get_xlabel() == "contribution to the change"
    assert said(ax)[-1] == "from 3 to 3.5: +0.5"
