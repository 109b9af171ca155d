"""Margins and the retention that pays for a customer: by hand, and as inverses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import break_even_retention, gross_margin, ltv_from

FIRST: tuple[Literal["end_of_period", "immediate"], ...] = ("end_of_period", "immediate")


def even(**figures: Any) -> Any:
    given: dict[str, Any] = {"cac": 200, "arpa": 100, "margin": 0.5, "discount": 0.0}
    return break_even_retention(**{**given, "first_payment": "immediate", **figures})


@pytest.mark.parametrize(
    ("revenue", "costs", "margin"),
    [(100, 25, 0.75), (100, 0, 1.0), (100, 150, -0.5), (0.3, 0.1, 2 / 3)],
)
def test_gross_margin_by_hand(revenue: float, costs: float, margin: float) -> None:
    found = gross_margin(revenue=revenue, costs=costs)
    assert found.value == pytest.approx(margin)
    assert found.parts == {"revenue": revenue, "costs": costs}


@pytest.mark.parametrize("revenue", [0, -10])
def test_no_margin_without_revenue(revenue: float) -> None:
    assert math.isnan(gross_margin(revenue=revenue, costs=5).value)


def test_break_even_by_hand() -> None:
    # 50 now and a share r of it each period after it: 50 / (1 - r) = 200
    assert even().value == pytest.approx(0.75)
    # a period later, from those still there: 50 r / (1 - r) = 200
    assert even(first_payment="end_of_period").value == pytest.approx(0.8)
    assert even().context.option("first_payment") == "immediate"
    assert even().parts == {"cac": 200, "arpa": 100, "margin": 0.5, "discount": 0.0}


def test_where_retention_does_not_matter_or_does_not_do() -> None:
    assert even(cac=50).value == 0
    assert even(cac=0, margin=0).value == 0
    assert math.isnan(even(margin=0).value)
    assert math.isnan(even(margin=-0.2, first_payment="end_of_period").value)
    assert math.isnan(even(cac=1000, discount=0.5).value)  # 1.5 * 0.95 of them
    assert even(cac=0, first_payment="end_of_period").value == 0


@given(
    st.floats(1, 1e6),
    st.floats(1, 1e6),
    st.floats(0.01, 1),
    st.floats(0, 1),
    st.sampled_from(FIRST),
)
def test_it_is_the_retention_at_which_the_lifetime_value_is_the_cost(
    cac: float, arpa: float, margin: float, discount: float, first: Any
) -> None:
    figures = {"arpa": arpa, "margin": margin, "discount": discount}
    kept = break_even_retention(cac=cac, first_payment=first, **figures).value
    if math.isnan(kept):
        if discount > 0:
            best = ltv_from(
                definition="gupta_lehmann", retention=1.0, first_payment=first, **figures
            )
            assert best.value < cac * (1 + 1e-9)
        return
    if 1e-6 < kept < 1 - 1e-6:
        worth = ltv_from(
            definition="gupta_lehmann", retention=kept, first_payment=first, **figures
        )
        assert worth.value == pytest.approx(cac, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gross_margin(revenue=math.nan, costs=1), "revenue must be finite"),
        (lambda: gross_margin(revenue=1, costs=-1), "costs must not be negative"),
        (lambda: even(cac=-1), "cac must not be negative"),
        (lambda: even(arpa=-1), "arpa must not be negative"),
        (lambda: even(margin=1.5), "margin must be at most 1"),
        (lambda: even(discount=-0.1), "discount must not be negative"),
        (lambda: even(discount=-1), "discount must be above -1"),
        (lambda: even(first_payment="soon"), "first_payment must be one of"),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
