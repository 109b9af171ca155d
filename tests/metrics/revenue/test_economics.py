"""Unit economics and investments, against published numbers and closed forms."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.metrics import (
    Figure,
    cac,
    cost_to_retain,
    expected_lifetime,
    irr,
    ltv_from,
    ltv_to_cac,
    net_change,
    npv,
    payback,
    roi,
)
from tests.metrics.revenue.books import CASES

SHARES = st.floats(0.01, 0.99)


# ---------------------------------------------------------------------- published


def test_published_lifetime_value() -> None:
    case = CASES["ltv-chartmogul"]
    found = ltv_from(definition="arpa_over_churn", **case["inputs"])
    assert found.value == pytest.approx(case["expected"])
    assert dict(found.parts) == case["inputs"]


def test_published_margin_multiple() -> None:
    case = CASES["margin-multiple"]
    given_ = case["inputs"]
    options: dict[str, Any] = {
        "definition": "gupta_lehmann",
        "arpa": 1,
        "margin": 1,
        "retention": given_["retention"],
        "discount": given_["discount"],
    }
    found = ltv_from(**options, first_payment=given_["first_payment"])
    assert found.value == pytest.approx(case["expected"], abs=case["tolerance"])
    assert found.context.option("first_payment") == "end_of_period"
    now = ltv_from(**options, first_payment="immediate")
    assert now.value == pytest.approx(3.67, abs=0.005)  # the other convention, in the same source


def test_published_cost_of_acquisition() -> None:
    case = CASES["cac-1"]["inputs"]
    found = cac(definition="blended", spend=case["spend"], new=case["new_customers"])
    assert found.value == CASES["cac-1"]["expected"]
    ratio = CASES["ltv-cac-1"]
    assert ltv_to_cac(**ratio["inputs"]).value == ratio["expected"]


def test_published_lifetime() -> None:
    case = CASES["lifetime-from-churn"]
    assert expected_lifetime(**case["inputs"]).value == pytest.approx(case["expected"])


def test_a_net_change_is_no_churn() -> None:
    case = CASES["churn-net-change"]
    given_ = case["inputs"]
    assert -net_change(start=given_["start"], end=given_["end"]).value == case["expected"]
    assert math.isnan(net_change(start=0, end=3).value)
    with pytest.raises(InvalidInputError, match="^start must be at least 0"):
        net_change(start=-1, end=3)


def test_a_textbook_project() -> None:
    """Brealey, Myers and Allen, Principles of Corporate Finance: -4,000, 2,000, 4,000 gives 28.08 %."""
    assert irr([-4000, 2000, 4000]).value == pytest.approx(0.2808, abs=5e-5)
    assert npv([-4000, 2000, 4000], rate=0.2808).value == pytest.approx(0, abs=0.5)


def test_the_examples_of_a_spreadsheet() -> None:
    """Microsoft, support pages of IRR and NPV; NPV discounts the first payment, and so a 0 is put first."""
    business = [-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]
    assert irr(business).value == pytest.approx(0.087, abs=5e-4)
    assert irr(business[:-1]).value == pytest.approx(-0.021, abs=5e-4)
    assert irr(business[:3]).value == pytest.approx(-0.444, abs=5e-4)
    flows = [0, -10_000, 3_000, 4_200, 6_800]
    assert npv(flows, rate=0.1).value == pytest.approx(1188.44, abs=0.005)


# ---------------------------------------------------------------------- by hand


def test_each_lifetime_value() -> None:
    value = ltv_from(definition="margin", arpa=100, margin=0.75, churn=0.05)
    assert value.value == pytest.approx(1500)
    assert value.definition == "margin"
    orders = ltv_from(definition="aov_frequency_years", order_value=80, frequency=4, years=2.5)
    assert orders.value == 800
    assert dict(orders.parts) == {"order_value": 80, "frequency": 4, "years": 2.5}


@given(SHARES, SHARES)
def test_gupta_and_lehmann_sum_their_series(kept: float, discount: float) -> None:
    options: dict[str, Any] = {
        "definition": "gupta_lehmann",
        "arpa": 10,
        "margin": 0.5,
        "retention": kept,
        "discount": discount,
    }
    terms = [5 * (kept / (1 + discount)) ** t for t in range(4000)]
    assert ltv_from(**options, first_payment="immediate").value == pytest.approx(sum(terms))
    assert ltv_from(**options, first_payment="end_of_period").value == pytest.approx(
        sum(terms[1:])
    )


def test_what_is_undefined_is_nan() -> None:
    for found in (
        ltv_from(definition="arpa_over_churn", arpa=50, churn=0),
        ltv_from(definition="margin", arpa=50, margin=0.5, churn=0),
        ltv_from(
            definition="gupta_lehmann",
            arpa=1,
            margin=1,
            retention=1,
            discount=0,
            first_payment="immediate",
        ),
        cac(definition="blended", spend=5, new=0),
        ltv_to_cac(ltv=5, cac=0),
        expected_lifetime(churn=0),
        payback(definition="simple", cac=5, arpa=0, margin=1),
        payback(definition="simple", cac=5, arpa=5, margin=-0.1),
        payback(definition="churn_adjusted", cac=5, arpa=5, margin=-0.1, churn=0.1),
        payback(definition="churn_adjusted", cac=10, arpa=1, margin=1, churn=0.1),
        cost_to_retain(definition="per_retained", spend=5, retained=0),
        cost_to_retain(definition="per_saved", spend=5, retained=3, without=3),
        roi(benefit=5, cost=0),
    ):
        assert math.isnan(found.value), found


def test_each_cost_of_acquisition() -> None:
    full = cac(definition="fully_loaded", spend=10_000, overhead=30_000, new=200)
    assert full.value == 200
    assert dict(full.parts) == {"spend": 10_000, "overhead": 30_000, "new": 200}
    assert cac(definition="paid", spend=10_000, paid_new=80).parts["paid_new"] == 80


@given(SHARES.filter(lambda c: c < 0.3), st.integers(1, 30), st.floats(1, 100))
def test_payback_is_when_the_margin_comes_to_the_cost(churn: float, n: int, arpa: float) -> None:
    cost = math.fsum(arpa * 0.8 * (1 - churn) ** t for t in range(n))
    found = payback(definition="churn_adjusted", cac=cost, arpa=arpa, margin=0.8, churn=churn)
    if (1 - churn) ** n > 1e-4:  # beyond it, the last terms are lost in rounding
        assert found.value == pytest.approx(n, rel=1e-6)


def test_without_churn_payback_is_simple() -> None:
    simple = payback(definition="simple", cac=300, arpa=50, margin=0.8)
    same = payback(definition="churn_adjusted", cac=300, arpa=50, margin=0.8, churn=0)
    assert simple.value == same.value == 7.5
    assert same.parts["churn"] == 0


def test_returns() -> None:
    assert roi(benefit=15_000, cost=10_000).value == 0.5
    assert roi(benefit=-5, cost=10).value == -1.5
    assert npv([], rate=0.1).value == 0
    assert npv([-100, 60, 60], rate=0.25).value == -100 + 48 + 38.4
    assert dict(npv([1, 2], rate=0).parts) == {"flow_0": 1, "flow_1": 2}
    assert irr([-100, 0, 121]).value == pytest.approx(0.1)
    assert irr([100, -121]).value == pytest.approx(0.21)  # a loan
    assert irr([-100, 50]).value == pytest.approx(-0.5)
    assert irr([0, -1, 1e9]).value == pytest.approx(1e9 - 1)
    assert irr([-1, *[0] * 800, 2]).value == pytest.approx(
        2 ** (1 / 801) - 1
    )  # no power overflows
    assert irr([-1e12, *[0] * 400, 1]).value == pytest.approx(10 ** (-12 / 401) - 1)


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=5),
    st.lists(st.integers(1, 1000), min_size=1, max_size=30),
)
def test_at_the_internal_rate_nothing_is_left(out: list[int], back: list[int]) -> None:
    flows = [*(-amount for amount in out), *back]
    v = 1 / (1 + Fraction(irr(flows).value))
    near = [
        sum(a * (v * (1 + side)) ** t for t, a in enumerate(flows))
        for side in (Fraction(-1, 10**9), Fraction(1, 10**9))
    ]
    assert near[0] < 0 < near[1]


# ---------------------------------------------------------------------- figures


def test_figures_keep_their_parts() -> None:
    one = cac(definition="blended", spend=10, new=4)
    assert float(one) == 2.5
    assert repr(one) == "Figure(metric='cac', spend=10, new=4, value=2.5)"
    assert one.to_frame().to_dict("records") == [{"spend": 10.0, "new": 4, "value": 2.5}]
    assert one == pickle.loads(pickle.dumps(one)) != cac(definition="blended", spend=20, new=8)
    none = expected_lifetime(churn=0)
    assert none == expected_lifetime(churn=0)
    assert one != 2.5
    with pytest.raises(TypeError):
        hash(one)
    with pytest.raises(TypeError):
        one.parts["new"] = 5  # type: ignore[index]
    assert isinstance(one, Figure)


# ---------------------------------------------------------------------- refusals


LEHMANN: dict[str, Any] = {
    "definition": "gupta_lehmann",
    "arpa": 1,
    "margin": 1,
    "first_payment": "immediate",
}


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        ("ltv_from", {"definition": "stripe"}, "^definition must be one of 'arpa_over_churn', "),
        (
            "ltv_from",
            {"definition": "margin", "arpa": 1, "churn": 0.1},
            "^margin must be given for",
        ),
        (
            "ltv_from",
            {"definition": "arpa_over_churn", "arpa": 1, "churn": 0.1, "margin": 1},
            "^margin must be left out: 'arpa_over_churn' has no use for it$",
        ),
        (
            "ltv_from",
            {"definition": "arpa_over_churn", "arpa": 1, "churn": 1.1},
            "^churn must be from 0 to 1: got 1.1$",
        ),
        (
            "ltv_from",
            {"definition": "arpa_over_churn", "arpa": -1, "churn": 0.1},
            "^arpa must not be negative: got -1$",
        ),
        (
            "ltv_from",
            {"definition": "margin", "arpa": 1, "churn": 0.1, "margin": 60},
            "^margin must be at most 1: got 60$",
        ),
        ("ltv_from", {**LEHMANN, "retention": 0.8, "discount": -1}, "^discount must be above -1"),
        (
            "ltv_from",
            {**LEHMANN, "retention": 0.8, "discount": -0.3},
            "^discount must be above what",
        ),
        (
            "ltv_from",
            {**LEHMANN, "retention": 0.8, "discount": 0.1, "first_payment": "now"},
            "^first_payment must be one of 'end_of_period', 'immediate'",
        ),
        (
            "cac",
            {"definition": "loaded", "spend": 1, "new": 1},
            "^definition must be one of 'blend",
        ),
        (
            "cac",
            {"definition": "fully_loaded", "spend": 1, "new": 1},
            "^overhead must be given for",
        ),
        ("cac", {"definition": "paid", "spend": 1, "new": 1}, "^new must be left out: 'paid' has"),
        ("cac", {"definition": "blended", "spend": -1, "new": 1}, "^spend must not be negative"),
        (
            "cac",
            {"definition": "blended", "spend": 1, "new": 1.5},
            "^new must be an int: got float$",
        ),
        ("ltv_to_cac", {"ltv": 1, "cac": -1}, "^cac must not be negative: got -1$"),
        (
            "payback",
            {"definition": "fast", "cac": 1, "arpa": 1, "margin": 1},
            "^definition must be",
        ),
        (
            "payback",
            {"definition": "simple", "cac": 1, "arpa": 1, "margin": 1, "churn": 0.1},
            "^churn must be left out: 'simple' has no use for it$",
        ),
        (
            "payback",
            {"definition": "churn_adjusted", "cac": 1, "arpa": 1, "margin": 1, "churn": 1},
            "^churn must be below 1: nobody stays to pay$",
        ),
        ("expected_lifetime", {"churn": -0.1}, "^churn must be from 0 to 1: got -0.1$"),
        (
            "cost_to_retain",
            {"definition": "per_saved", "spend": 1, "retained": 1},
            "^without must be given for definition='per_saved'$",
        ),
        (
            "cost_to_retain",
            {"definition": "per_kept", "spend": 1, "retained": 1},
            "^definition must be one of 'per_retained', 'per_saved'",
        ),
        ("roi", {"benefit": 1, "cost": -1}, "^cost must not be negative: got -1$"),
        ("npv", {"flows": [1, 2], "rate": -1}, "^rate must be above -1: got -1$"),
        ("npv", {"flows": [1, math.nan], "rate": 0}, "^flows must be finite: got nan$"),
        ("npv", {"flows": [[1]], "rate": 0}, "^flows must be a sequence of numbers$"),
        (
            "irr",
            {"flows": [1, 2, 0]},
            "^flows must change sign once to have one rate: they never do$",
        ),
        ("irr", {"flows": []}, "^flows must change sign once to have one rate: they never do$"),
        (
            "irr",
            {"flows": [-100, 230, -132]},
            "^flows must change sign once to have one rate: got 2 changes$",
        ),
    ],
)
def test_refusals(function: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        getattr(metrics, function)(**options)
