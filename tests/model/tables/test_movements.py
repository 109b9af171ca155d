from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.movements import Movements
from customerops.model.tables.tables import Context
from customerops.model.values.money import Money
from tests.model.tables.strategies import assert_adds, axes_of, huge, numbers

CONTEXT = Context("mrr_movements")
CASES = json.loads((Path(__file__).parents[2] / "cases/metrics.json").read_text())["cases"]
MONTHS = Axis("period", [dt.date(2026, 1, 1), dt.date(2026, 2, 1)], "period")
FLOWS = ("new", "expansion", "contraction", "churn", "reactivation")


def test_a_published_month() -> None:
    case = next(c for c in CASES if c["id"] == "waterfall-saas-metrics-ratios")["inputs"]
    bridge = Movements.of(
        opening=case["beginning"], context=CONTEXT, **{name: case[name] for name in FLOWS}
    )
    assert bridge.closing == 180 + 50 + 20 - 40 == bridge.opening + bridge.net
    assert (bridge.new, bridge.expansion, bridge.contraction) == (0, 20, 40)
    assert (bridge.churn, bridge.reactivation, bridge.net) == (0, 50, 30)


def test_closing_is_checked_if_given() -> None:
    assert Movements.of(opening=10, churn=3, closing=7).closing == 7
    with pytest.raises(InvalidInputError) as caught:
        Movements.of(opening=10, churn=3, closing=8)
    assert str(caught.value) == (
        "closing must equal opening + new + expansion + reactivation - contraction - churn: "
        "it does not in 1 of 1 cells"
    )
    with pytest.raises(InvalidInputError, match="in 1 of 2 cells"):
        Movements.of(opening=[1, 2], closing=[1, 3], axes=(MONTHS,))


@pytest.mark.parametrize("flow", FLOWS)
def test_losses_and_gains_are_positive(flow: str) -> None:
    negative: dict[str, Any] = {flow: -1}
    with pytest.raises(InvalidInputError, match=f"^{flow} must not be negative: losses are"):
        Movements.of(opening=10, **negative)


def test_levels_may_be_negative() -> None:
    """A customer in credit."""
    assert Movements.of(opening=-10, new=3).closing == -7


def test_money_brings_its_currency() -> None:
    bridge = Movements.of(opening=Money("10.00", "EUR"), new=Money("0.50", "EUR"))
    assert (bridge.context.currency, bridge.closing) == ("EUR", 1050)
    assert bridge.context.metric == "movements"
    with pytest.raises(InvalidInputError, match=r"^currency must be the same"):
        Movements.of(opening=Money("1", "EUR"), new=Money("1", "USD"))
    with pytest.raises(InvalidInputError, match=r"^currency must be the same"):
        Movements.of(opening=Money("1", "EUR"), context=Context("m", currency="USD"))


@pytest.mark.parametrize("bad", [1.5, [1.0, 2.0], "1", True])
def test_amounts_are_whole_numbers(bad: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^new must be whole numbers: got"):
        Movements.of(opening=0, new=bad)


def test_over_periods() -> None:
    bridge = Movements.of(opening=[0, 5], new=[5, 1], churn=[0, 2], axes=(MONTHS,))
    np.testing.assert_array_equal(bridge.closing, [5, 4])
    np.testing.assert_array_equal(bridge.net, [5, -1])
    np.testing.assert_array_equal(bridge.expansion, [0, 0])
    frame = bridge.to_frame()
    assert list(frame.columns) == ["period", *Movements.PARTS, "complete"]
    with pytest.raises(InvalidInputError, match=r"^new must have the shape of its axes"):
        Movements.of(opening=[0, 5], new=5, axes=(MONTHS,))


@st.composite
def movements(draw: st.DrawFn) -> Movements:
    axis = draw(axes_of("period", "period", MONTHS.labels, disjoint=False))
    amounts: dict[str, Any] = {name: draw(numbers([axis], huge)) for name in ("opening", *FLOWS)}
    return Movements.of(**amounts, axes=(axis,), context=CONTEXT)


@given(movements(), movements(), movements())
def test_movements_add_and_still_close(a: Movements, b: Movements, c: Movements) -> None:
    assert_adds(a, b, c)
