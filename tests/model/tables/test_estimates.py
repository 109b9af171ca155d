from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables import intervals
from customerops.model.tables.axes import Axis
from customerops.model.tables.estimates import (
    Difference,
    Estimate,
    Mean,
    NetPromoterScore,
    Proportion,
    Quotient,
    Rate,
    Ratio,
)
from customerops.model.tables.tables import Context
from customerops.model.values.window import Window
from tests.model.tables.strategies import ages, assert_adds, groups, huge, numbers

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/metrics.json").read_text())["cases"]
}
COUNTRY = Axis("country", ["DE", "FR", None], "group", disjoint=True)
CONTEXT = Context("metric", by="country")
OPEN = Context("metric", as_of=0, over=Window.parse("2026-01-01", "2026-02-01", tz="UTC"))


def share(count: Any, total: Any, axes: Any = (), context: Context = CONTEXT) -> Proportion:
    return Proportion(axes=axes, parts={"count": count, "total": total}, context=context)


def score(promoters: int, passives: int, detractors: int) -> NetPromoterScore:
    parts = {"promoters": promoters, "passives": passives, "detractors": detractors}
    return NetPromoterScore(parts=parts, context=CONTEXT)


# published cases -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["wilson-81-263", "wilson-0-20"])
def test_wilson_cases(case: str) -> None:
    given_ = CASES[case]["inputs"]
    got = share(given_["successes"], given_["n"]).interval(given_["confidence"])
    assert got == pytest.approx(CASES[case]["expected"], abs=CASES[case]["tolerance"])


def test_newcombe_case() -> None:
    case = CASES["newcombe-diff"]
    x1, n1, x2, n2 = (case["inputs"][name] for name in ("x1", "n1", "x2", "n2"))
    difference = share(x1, n1).difference(share(x2, n2))
    assert difference.value == pytest.approx(0.2)
    got = difference.interval(case["inputs"]["confidence"])
    assert got == pytest.approx(case["expected"], abs=case["tolerance"])


def test_net_promoter_score_cases() -> None:
    case = CASES["nps-5"]
    assert score(**case["inputs"]).value == pytest.approx(case["expected"], abs=case["tolerance"])
    case = CASES["nps-adjusted-wald"]
    got = score(50, 30, 20).interval(case["inputs"]["confidence"], method="adjusted-wald")
    assert got == pytest.approx(case["expected"], abs=case["tolerance"])


def test_linearised_ratio_case() -> None:
    case = CASES["ratio-linearised"]
    ratio = Ratio.from_rows(case["inputs"]["x"], case["inputs"]["y"], context=CONTEXT)
    assert ratio.value == case["expected"]["value"]
    expected = case["expected"]["standard_error"]
    assert ratio.standard_error == pytest.approx(expected, abs=case["tolerance"])


# what all share ----------------------------------------------------------------------------------


def examples(context: Context = CONTEXT) -> list[Estimate]:
    return [
        share(3, 4, context=context),
        Quotient(parts={"numerator": 3, "denominator": 4}, context=context),
        Ratio.from_rows([1, 2], [3, 1], context=context),
        Mean.from_rows([1, 2], context=context),
        Rate(parts={"events": 3, "exposure": 4}, context=context),
        NetPromoterScore(parts={"promoters": 3, "passives": 0, "detractors": 1}, context=context),
    ]


def empty(context: Context = CONTEXT) -> list[Estimate]:
    return [type(e)(parts=dict.fromkeys(e.PARTS, 0), context=context) for e in examples()]


NAMES = [type(e).__name__ for e in examples()]


@pytest.mark.parametrize(
    ("estimate", "value"),
    list(zip(examples(), [0.75, 0.75, 0.75, 1.5, 0.75, 50], strict=True)),
    ids=NAMES,
)
def test_value_of_a_scalar_is_a_float(estimate: Estimate, value: float) -> None:
    assert estimate.value == value
    assert type(estimate.value) is float
    assert float(estimate) == value
    assert estimate.complete is True
    assert f"value={value:g}" in repr(estimate)
    assert pickle.loads(pickle.dumps(estimate)) == estimate


@pytest.mark.parametrize("estimate", empty(), ids=NAMES)
def test_an_empty_denominator_is_nan(estimate: Estimate) -> None:
    assert math.isnan(float(estimate))
    assert all(part.item() == 0 for part in estimate.parts.values())
    if not isinstance(estimate, Quotient):
        assert np.isnan(estimate.interval()).all()  # type: ignore[attr-defined]
    assert ">nan<" not in estimate._repr_html_()


@pytest.mark.parametrize("estimate", examples(OPEN), ids=NAMES)
def test_what_is_not_complete_is_nan_and_keeps_its_parts(estimate: Estimate) -> None:
    assert estimate.complete is False
    assert math.isnan(float(estimate))
    assert any(part.item() for part in estimate.parts.values())
    if not isinstance(estimate, Quotient):
        assert np.isnan(estimate.interval()).all()  # type: ignore[attr-defined]
    if isinstance(estimate, Ratio | Mean):
        assert math.isnan(float(estimate.standard_error))


@pytest.mark.parametrize("cls", [Proportion, Quotient, Ratio, Mean, Rate, NetPromoterScore])
@given(st.data())
def test_estimates_add(cls: type[Estimate], data: st.DataObject) -> None:
    drawn = []
    for _ in range(3):
        axes = [data.draw(groups), data.draw(ages)]
        parts = {name: data.draw(numbers(axes, huge)) for name in cls.PARTS}
        if cls is Proportion:
            parts["total"] = parts["total"] + parts["count"]
        drawn.append(cls(axes=axes, parts=parts, context=CONTEXT))
    assert_adds(*drawn)


def test_the_sum_over_groups_is_the_total() -> None:
    table = share([1, 2, 3], [10, 20, 30], (COUNTRY,))
    assert table.rollup("country") == share(6, 60, context=Context("metric"))
    np.testing.assert_array_equal(table.value, [0.1, 0.1, 0.1])


def test_frame_has_value_and_bounds() -> None:
    table = share([1, 0, 3], [10, 0, 30], (COUNTRY,))
    frame = table.to_frame(confidence=0.9, method="clopper-pearson")
    assert list(frame.columns) == ["country", "count", "total", "value", "low", "high", "complete"]
    low, high = table.interval(0.9, method="clopper-pearson")
    np.testing.assert_array_equal(frame["low"], low)
    np.testing.assert_array_equal(frame["high"], high)
    np.testing.assert_array_equal(frame["value"], [0.1, np.nan, 0.1])
    default = table.to_frame()
    np.testing.assert_array_equal(default["low"], table.interval(0.95, method="wilson")[0])


def test_page_shows_shares_as_percentages() -> None:
    page = share([1, 0, 3], [8, 0, 3], (COUNTRY,))._repr_html_()
    assert "<td>DE</td><td>1</td><td>8</td><td>12.5 %</td>" in page
    assert "<td>FR</td><td>0</td><td>0</td><td>–</td><td>–</td><td>–</td>" in page
    assert "<td>3</td><td>3</td><td>100.0 %</td>" in page


def test_an_estimate_with_axes_is_not_one_number() -> None:
    table = share([1, 2, 3], [10, 20, 30], (COUNTRY,))
    with pytest.raises(InvalidInputError, match=r"^estimate must have no axes .*\['country'\]"):
        float(table)
    assert float(table.select(country="FR")) == 0.1


def test_confidence_and_method_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"^confidence must be between 0 and 1.*got 95$"):
        share(1, 2).interval(95)
    with pytest.raises(InvalidInputError, match=r"^method must be one of.*did you mean 'wilson'"):
        share(1, 2).interval(method="wilsn")
    with pytest.raises(InvalidInputError, match=r"^method must be one of 'delta'"):
        Ratio.from_rows([1], [1], context=CONTEXT).interval(method="wilson")


def test_methods_are_the_functions_they_name() -> None:
    assert share(3, 9).interval() == intervals.wilson(3, 9, 0.95)
    exact = share(3, 9).interval(0.9, method="clopper-pearson")
    assert exact == intervals.clopper_pearson(3, 9, 0.9)
    assert score(3, 2, 1).interval() == intervals.adjusted_wald_nps(3, 2, 1, 0.95)
    wald = score(3, 2, 1).interval(0.9, method="trinomial")
    assert wald == intervals.trinomial_nps(3, 2, 1, 0.9)


# each of them ------------------------------------------------------------------------------------


def test_parts_are_at_hand() -> None:
    assert (share(3, 4).count, share(3, 4).total) == (3, 4)
    assert type(share(3, 4).count) is int
    np.testing.assert_array_equal(share([1, 2, 3], [4, 5, 6], (COUNTRY,)).count, [1, 2, 3])
    quotient = Quotient(parts={"numerator": 3, "denominator": 2}, context=CONTEXT)
    assert (quotient.numerator, quotient.denominator, quotient.value) == (3, 2, 1.5)
    rate = Rate(parts={"events": 3, "exposure": 2}, context=CONTEXT)
    assert (rate.events, rate.exposure) == (3, 2)
    nps = score(3, 2, 1)
    assert (nps.promoters, nps.passives, nps.detractors, nps.total) == (3, 2, 1, 6)
    axes = (COUNTRY,)
    parts = {name: [1, 2, 3] for name in nps.PARTS}
    table = NetPromoterScore(axes=axes, parts=parts, context=CONTEXT)
    np.testing.assert_array_equal(table.total, [3, 6, 9])
    np.testing.assert_array_equal(table.value, [0, 0, 0])


@pytest.mark.parametrize(
    ("count", "total", "name", "said"),
    [(-1, 4, "count", "must not be negative"), (5, 4, "count", "must not exceed total")],
)
def test_shares_are_shares(count: int, total: int, name: str, said: str) -> None:
    for axes, shape in (((), ()), ((COUNTRY,), 3)):
        with pytest.raises(InvalidInputError, match=f"^{name} {said}$"):
            share(np.full(shape, count), np.full(shape, total), axes)


def test_bounds_of_shares_are_allowed() -> None:
    assert share(0, 0).count == 0
    assert share(4, 4).value == 1.0


@pytest.mark.parametrize(
    "unit",
    [
        *("event", "interaction", "line", "order", "session", "thread"),
        *("click", "coupon", "impression", "message", "open"),
        *("answer", "conversion", "invite", "purchase", "visit"),
        *("attempt", "lapse", "move", "path", "transition"),
    ],
)
def test_what_clusters_within_customers_is_no_proportion(unit: str) -> None:
    with pytest.raises(
        InvalidInputError, match=f"^unit must be independent.*each {unit} clusters"
    ):
        share(1, 2, context=Context("metric", unit=unit))
    share(1, 2, context=Context("metric", unit="account"))


@pytest.mark.parametrize(
    ("cls", "part"),
    [(Rate, "events"), (Rate, "exposure"), (Mean, "n"), (Mean, "sum_sq")]
    + [(Ratio, name) for name in ("n", "xx", "yy")]
    + [(NetPromoterScore, name) for name in NetPromoterScore.PARTS],
)
def test_negative_parts_are_refused(cls: type[Estimate], part: str) -> None:
    parts: dict[str, Any] = dict.fromkeys(cls.PARTS, 0) | {part: -1}
    with pytest.raises(InvalidInputError, match=f"^{part} must not be negative$"):
        cls(parts=parts, context=CONTEXT)


def test_scale_and_per_are_units_of_report() -> None:
    day = 86_400_000_000
    rate = Rate(
        parts={"events": 10, "exposure": 5 * day}, context=Context("m", options={"per": day})
    )
    assert rate.value == 2.0
    low, high = rate.interval()
    assert (low, high) == pytest.approx((4.795 / 5, 18.390 / 5), abs=1e-3)
    cents = Context("m", options={"scale": 100, "per": 7})
    quotient = Quotient(parts={"numerator": 1250, "denominator": 5}, context=cents)
    assert quotient.value == 12.5 * 7 / 5
    options = Context("m", options={"scale": 0})
    with pytest.raises(InvalidInputError, match=r"^scale must be at least 1"):
        Quotient(parts={"numerator": 1, "denominator": 1}, context=options).value  # noqa: B018
    options = Context("m", options={"per": 0.5})
    with pytest.raises(InvalidInputError, match=r"^per must be an int"):
        Quotient(parts={"numerator": 1, "denominator": 1}, context=options).value  # noqa: B018


def test_values_of_great_totals_are_rounded_once() -> None:
    big = 2**70
    assert share(big + 1, 3 * big).value == (big + 1) / (3 * big)
    low, high = share(big, 4 * big).interval()
    assert low == pytest.approx(0.25) == high


# differences ---------------------------------------------------------------------------------------


def test_difference_of_rates_and_scores() -> None:
    a = Rate(parts={"events": 10, "exposure": 2}, context=CONTEXT)
    b = Rate(parts={"events": 0, "exposure": 1}, context=CONTEXT)
    low, high = a.difference(b).interval()
    expected = (5 - math.hypot(5 - 4.795 / 2, 3.689), 5 + (18.390 / 2 - 5))
    assert (low, high) == pytest.approx(expected, abs=1e-3)
    difference = score(50, 30, 20).difference(score(40, 30, 30))
    assert difference.value == 20.0
    half = 1.959964 * math.sqrt(0.61 / 100 + 0.69 / 100)
    expected = (100 * (0.2 - half), 100 * (0.2 + half))
    assert difference.interval(method="trinomial") == pytest.approx(expected, abs=1e-4)
    centre = 100 * (30 - 10) / 103
    spread = math.sqrt((71.5 / 103 - (30 / 103) ** 2) / 103 + (71.5 / 103 - (10 / 103) ** 2) / 103)
    half = 100 * 1.959964 * spread
    assert difference.interval() == pytest.approx((centre - half, centre + half), abs=1e-4)


def test_difference_of_scores_stays_on_its_scale() -> None:
    low, high = score(3, 0, 0).difference(score(0, 0, 3)).interval(0.999)
    assert high == 200
    assert score(0, 0, 3).difference(score(3, 0, 0)).interval(0.999) == (-200, -low)


def test_difference_keeps_the_axes() -> None:
    a = share([1, 2, 0], [10, 20, 0], (COUNTRY,))
    b = share([1, 1, 1], [10, 10, 10], (COUNTRY,))
    difference = a.difference(b)
    np.testing.assert_array_equal(difference.value, [0.0, 0.0, np.nan])
    assert np.isnan(difference.interval()[0]).tolist() == [False, False, True]
    assert difference.complete.all()
    frame = difference.to_frame()
    assert list(frame.columns) == ["country", "value", "low", "high", "complete"]
    np.testing.assert_array_equal(frame["high"], difference.interval()[1])
    assert "metric: difference" in difference._repr_html_()
    assert repr(difference) == "Difference(metric='metric', axes=country[3])"
    with pytest.raises(InvalidInputError, match="no axes"):
        float(difference)


def test_difference_is_a_value() -> None:
    difference = share(3, 4).difference(share(1, 4))
    assert difference == Difference(share(3, 4), share(1, 4))
    assert difference != share(1, 4).difference(share(3, 4))
    assert difference != "difference"
    assert pickle.loads(pickle.dumps(difference)) == difference
    assert float(difference) == 0.5
    assert difference.complete is True
    assert difference.definition is None
    assert repr(difference) == "Difference(metric='metric', value=0.5)"
    with pytest.raises(TypeError, match="unhashable"):
        hash(difference)


def test_difference_of_what_is_not_complete() -> None:
    difference = share(3, 4, context=OPEN).difference(share(1, 4, context=Context("metric")))
    assert difference.complete is False
    assert math.isnan(float(difference))
    assert np.isnan(np.array(difference.interval())).all()


def test_groups_and_labels_may_differ() -> None:
    table = share([1, 2, 3], [10, 20, 30], (COUNTRY,))
    france = table.select(country="FR").difference(table.select(country="DE"))
    assert france.value == 0.0
    table.rollup("country").difference(table.select(country="DE"))


def test_what_does_not_measure_the_same_is_not_compared() -> None:
    with pytest.raises(InvalidInputError, match=r"^metric must be the same to compare results"):
        share(1, 2).difference(share(1, 2, context=Context("another")))
    with pytest.raises(
        InvalidInputError, match=r"^results must be of one class.*Proportion and R"
    ):
        share(1, 2).difference(Rate(parts={"events": 1, "exposure": 1}, context=CONTEXT))  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"^axes must be the same to compare results"):
        share(1, 2).difference(share([1, 1, 1], [2, 2, 2], (COUNTRY,)))
