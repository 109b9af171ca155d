"""Estimates as points, lines and heat maps: what is drawn is what the result says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import change
from customerops.model import (
    Axis,
    Calendar,
    Context,
    Mean,
    NetPromoterScore,
    Proportion,
    Quotient,
    Rate,
    Ratio,
)
from customerops.plotting import estimate_chart, share_map
from tests.plotting.marks import band, greyed, lines, mesh, rendered, said, spans, ticks

UTC = Calendar("UTC")
MONTHS = Axis("period", [dt.date(2026, m, 1) for m in (1, 2, 3)], "period")
PLANS = Axis("plan", ["basic", "pro"], "group", disjoint=True)
FEBRUARY = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp() * 1e6) - 1  # the end of it


def monthly(**options: Any) -> Context:
    return Context("churn_rate", as_of=FEBRUARY, calendar=UTC, period="month", **options)


def share(axes: list[Axis], count: Any, total: Any, context: Context | None = None) -> Proportion:
    parts = {"count": count, "total": total}
    return Proportion(axes=axes, parts=parts, context=context or Context("churn_rate"))


def whiskers(ax: Any) -> np.ndarray:
    (collection,) = ax.containers[0][2]
    return np.array([segment[:, 0] for segment in collection.get_segments()])


def test_groups_are_points_with_whiskers_and_counts() -> None:
    table = share([PLANS], [81, 30], [263, 60])
    ax = rendered(estimate_chart(table))
    points = ax.containers[0][0]
    assert points.get_xdata().tolist() == table.value.tolist()
    assert np.allclose(whiskers(ax), np.array(table.interval()).T, atol=1e-15)
    assert ticks(ax, "y") == ["basic", "pro"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("share of customers (%)", "plan")
    assert [text for text in said(ax) if "/" in text] == ["81 / 263", "30 / 60"]
    assert ax.get_title("left") == "Churn rate"
    assert "95 % intervals" in said(ax)[-1]
    assert all(tick.endswith(" %") for tick in ticks(ax))


def test_another_confidence() -> None:
    table = share([PLANS], [81, 30], [263, 60])
    ax = estimate_chart(table, confidence=0.5)
    assert np.allclose(whiskers(ax), np.array(table.interval(0.5)).T, atol=1e-15)
    assert "50 % intervals" in said(ax)[-1]


def test_one_number_is_one_point() -> None:
    ax = rendered(estimate_chart(Mean.from_rows([3, 4, 8], context=Context("spend_per_buyer"))))
    assert ax.containers[0][0].get_xdata().tolist() == [5.0]
    assert ticks(ax, "y") == ["all"]
    assert "n = 3" in said(ax)
    assert ax.get_xlabel() == "per customer"


def test_what_has_no_value_says_why() -> None:
    ax = rendered(estimate_chart(share([PLANS], [0, 1], [0, 4])))
    assert "not defined" in said(ax)
    early = Context("churn_rate", as_of=0, over=window(2026), calendar=UTC)
    ax = rendered(estimate_chart(share([PLANS], [1, 1], [4, 4], early)))
    assert spans(ax, 1) == [0, 1]
    assert said(ax).count("1 / 4 so far: not over") == 2
    ax = rendered(estimate_chart(quotient([PLANS], early)))
    assert said(ax).count("not over") == 2


def window(year: int) -> Any:
    from customerops.model import Window

    return Window.parse(f"{year}-01-01", f"{year + 1}-01-01", tz="UTC")


def quotient(axes: list[Axis], context: Context) -> Quotient:
    parts = {"numerator": [1, 1], "denominator": [4, 2]}
    return Quotient(axes=axes, parts=parts, context=context)


def test_periods_are_a_line_with_a_band_and_the_open_one_is_grey() -> None:
    table = share([MONTHS], [5, 8, 1], [50, 40, 30], monthly(definition="start_cohort"))
    ax = rendered(estimate_chart(table))
    (values,) = lines(ax).values()
    assert values[:2] == [0.1, 0.2]
    assert np.isnan(values[2])
    low, high = band(ax)
    below, above = table.interval()
    assert [low[0.0], low[1.0]] == pytest.approx(below[:2].tolist())
    assert [high[0.0], high[1.0]] == pytest.approx(above[:2].tolist())
    assert 2.0 not in low
    assert spans(ax) == [2]
    assert ticks(ax) == ["2026-01", "2026-02", "2026-03"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("month", "share of customers (%)")
    assert ax.get_title("left") == "Churn rate (start_cohort)"
    assert said(ax)[-1] == "as of the end of 2026-02-28; 95 % intervals"
    (entry,) = legend_of(ax)
    assert entry == "not over"


def legend_of(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("turned", [False, True])
def test_groups_over_periods_are_lines(turned: bool) -> None:
    count, total = np.array([[1, 2, 0], [3, 4, 5]]), np.full((2, 3), 10)
    if turned:
        table = share([MONTHS, PLANS], count.T, total.T, monthly())
    else:
        table = share([PLANS, MONTHS], count, total, monthly())
    ax = rendered(estimate_chart(table))
    drawn = lines(ax)
    assert list(drawn) == ["basic", "pro"]
    assert drawn["pro"][:2] == [0.3, 0.4]
    assert drawn["basic"][:2] == [0.1, 0.2]
    assert legend_of(ax) == ["basic", "pro", "not over"]
    assert ax.get_legend().get_title().get_text() == "plan"
    low, _ = band(ax, 1)
    assert low[0.0] == pytest.approx(float(table.select(plan="pro").interval()[0][0]))


def test_stages_stand_in_their_own_order() -> None:
    stages = Axis("stage", ["ACQUIRED", "LAPSED", "RETAINED"], "state")
    table = share([MONTHS, stages], np.ones((3, 3), int), np.full((3, 3), 4), monthly())
    assert list(lines(estimate_chart(table))) == ["ACQUIRED", "RETAINED", "LAPSED"]


def test_ages_are_a_line_without_an_open_end() -> None:
    table = quotient([Axis("age", [0, 1], "age")], Context("retention", period="week"))
    ax = rendered(estimate_chart(table))
    assert lines(ax) == {"_": [0.25, 0.5]}
    assert ax.get_xlabel() == "age (weeks)"
    assert ax.get_legend() is None
    assert "intervals" not in said(ax)[-1]


def test_two_groupings_are_a_heat_map() -> None:
    after = Axis("after", ["a", "b", None], "state")
    table = share([PLANS, after], [[1, 2, 0], [3, 4, 0]], [[4, 4, 4], [10, 10, 0]])
    ax = rendered(estimate_chart(table))
    shown = mesh(ax)
    assert shown[0].tolist() == [0.25, 0.5, 0.0]
    assert shown[1].tolist() == [0.3, 0.4, None]  # nobody: no value
    assert greyed(ax) == []
    assert (ticks(ax, "y"), ticks(ax)) == (["basic", "pro"], ["a", "b", "(missing)"])
    assert "25\n1 / 4" in said(ax)
    assert "–" in said(ax)
    assert "share of customers (%)" in ax.get_xlabel()


def test_many_groups_over_periods_are_a_heat_map() -> None:
    many = Axis("city", [f"c{i}" for i in range(9)], "group", disjoint=True)
    table = share([many, MONTHS], np.ones((9, 3), int), np.full((9, 3), 5), monthly())
    ax = rendered(estimate_chart(table))
    assert mesh(ax).shape == (9, 3)
    assert greyed(ax) == [(i, 2) for i in range(9)]
    assert ticks(ax) == ["2026-01", "2026-02", "2026-03"]
    turned = share([MONTHS, many], np.ones((3, 9), int), np.full((3, 9), 5), monthly())
    assert greyed(estimate_chart(turned)) == greyed(ax)


def test_a_large_heat_map_has_a_colour_bar() -> None:
    rows = Axis("source", [f"s{i:02d}" for i in range(40)], "state")
    columns = Axis("target", [f"t{i:02d}" for i in range(30)], "state")
    cells = np.arange(1200).reshape(40, 30)
    ax = rendered(share_map(share([rows, columns], cells, np.full((40, 30), 1200))))
    assert len(said(ax)) == 1  # the line below the title alone
    assert len(ax.figure.axes) == 2
    assert ax.figure.axes[1].get_ylabel() == "share of customers (%)"
    cells = np.full((40, 30), 3)
    parts = {"numerator": cells, "denominator": cells}
    big = Quotient(axes=[rows, columns], parts=parts, context=Context("quick_ratio"))
    assert rendered(share_map(big)).figure.axes[1].get_ylabel() == "ratio"


def test_a_share_map_needs_two_axes() -> None:
    with pytest.raises(InvalidInputError, match=r"must have two axes to be drawn: it has 1"):
        share_map(share([PLANS], [1, 1], [2, 2]))


def test_small_shares_have_a_decimal() -> None:
    table = share([PLANS, Axis("after", ["a"], "state")], [[1], [0]], [[200], [10]])
    assert [text.split("\n")[0] for text in said(share_map(table))[:2]] == ["0.5", "0"]


def test_three_axes_are_refused() -> None:
    table = share(
        [PLANS, Axis("a", [1], "state"), Axis("b", [1], "state")], [[[1]], [[1]]], [[[2]], [[2]]]
    )
    with pytest.raises(InvalidInputError, match="at most two axes.*plan, a and b: select"):
        table.plot()


def test_too_many_groups_are_refused() -> None:
    many = Axis("city", [f"c{i:02d}" for i in range(61)], "group")
    with pytest.raises(InvalidInputError, match="at most 60 groups.*there are 61"):
        share([many], np.ones(61, int), np.ones(61, int)).plot()


def test_differences_and_changes() -> None:
    a, b = share([PLANS], [10, 20], [50, 50]), share([PLANS], [5, 25], [50, 50])
    for result in (a.difference(b), change(a, b)):
        ax = rendered(estimate_chart(result))
        assert ax.containers[0][0].get_xdata().tolist() == pytest.approx([0.1, -0.1])
        assert np.allclose(whiskers(ax), np.array(a.difference(b).interval()).T)
        assert ax.get_xlabel() == "difference (percentage points)"
        assert not any("/" in text for text in said(ax))
    assert estimate_chart(change(a, b)).get_title("left") == "Churn rate: change"
    plain = quotient([PLANS], Context("quick_ratio"))
    ax = rendered(estimate_chart(change(plain, plain)))
    assert ax.get_xlabel() == "difference, ratio"
    assert "intervals" not in said(ax)[-1]


def test_units() -> None:
    scale = {"scale": 100}
    day = 86_400_000_000
    cases: list[tuple[Any, Any, str]] = [
        (Ratio, Context("average_order_value", unit="order", currency="EUR", options=scale), "EUR per order"),
        (Ratio, Context("nrr", currency="EUR"), "ratio (%)"),
        (Ratio, Context("contact_rate"), "per customer"),
        (Ratio, Context("sessions.bounce_rate"), "ratio (%)"),
        (Ratio, Context("status_time", unit="thread", options={"unit": dt.timedelta(hours=1)}), "hours per thread"),
    ]  # fmt: skip
    for kind, context, label in cases:
        result = kind.from_rows([1, 2], [2, 3], context=context)
        assert estimate_chart(result).get_xlabel() == label
    rate = Rate(
        parts={"events": 3, "exposure": 40},
        context=Context("churn_rate", options={"per": 30 * day}),
    )
    assert estimate_chart(rate).get_xlabel() == "events per customer and 30 days"
    rate = Rate(
        parts={"events": 3, "exposure": 40},
        context=Context("churn_rate", options={"per": day // 2}),
    )
    assert estimate_chart(rate).get_xlabel() == "events per customer and 12:00:00"
    rate = Rate(parts={"events": 3, "exposure": 40}, context=Context("churn_rate"))
    assert estimate_chart(rate).get_xlabel() == "events per customer and unit of time"
    score = NetPromoterScore(
        axes=[MONTHS],
        parts={name: [1, 2, 3] for name in ("promoters", "passives", "detractors")},
        context=Context("nps", period="month"),
    )
    assert score.plot().get_ylabel() == "score (points, -100 to 100)"


def test_axes_of_the_caller() -> None:
    from matplotlib.figure import Figure

    left, right = Figure(figsize=(8, 3)).subplots(1, 2)
    assert estimate_chart(share([PLANS], [1, 2], [4, 4]), right) is right
    assert not left.has_data()
    with pytest.raises(InvalidInputError, match="ax must be matplotlib axes: got str"):
        share([PLANS], [1, 2], [4, 4]).plot("left")  # type: ignore[arg-type]


def test_no_cells_at_all() -> None:
    for axis in (Axis("plan", [], "group"), Axis("period", [], "period")):
        rendered(share([axis], [], [], Context("churn_rate", period="month")).plot())
    rendered(
        share([PLANS, Axis("t", [], "state")], np.zeros((2, 0), int), np.zeros((2, 0), int)).plot()
    )
