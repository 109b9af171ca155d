"""What advertising costs by thousand impressions, click, lead and action."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import ad_cost, click_through_rate_from_counts, roas

a: Any = ad_cost
r: Any = roas


@pytest.mark.parametrize(
    ("definition", "counted", "expected"),
    [
        # dosagecalculators.com, "Advertising formula reference"
        ("cpm", {"spend": 500, "impressions": 250_000}, 2.0),
        ("cpc", {"spend": 500, "clicks": 1_000}, 0.5),
        ("cpa", {"spend": 1_000, "actions": 50}, 20.0),
        # IAB media math: cost by leads
        ("cpl", {"spend": 900, "leads": 30}, 30.0),
    ],
)
def test_published_costs(definition: str, counted: dict[str, Any], expected: float) -> None:
    cost = a(definition=definition, **counted)
    assert cost.value == expected
    assert dict(cost.parts) == counted
    assert cost.definition == definition


def test_click_through_and_roas() -> None:
    assert click_through_rate_from_counts(clicks=500, impressions=50_000).value == 0.01
    assert click_through_rate_from_counts(clicks=3, impressions=2).value == 1.5  # all clicks
    one = roas(attribution="platform", revenue=0, spend=10)
    assert (one.value, one.context.metric, one.definition) == (0.0, "roas", "platform")
    assert one != roas(attribution="last", revenue=0, spend=10)
    assert np.isnan(roas(attribution="last", revenue=5, spend=0).value)
    assert np.isnan(ad_cost(definition="cpc", spend=5, clicks=0).value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: a(definition="cpx", spend=1), "definition must be one of"),
        (lambda: a(definition="cpc", spend=1), "clicks must be given for definition='cpc'"),
        (
            lambda: a(definition="cpc", spend=1, clicks=1, leads=2),
            "leads must be left out: 'cpc' has no use for it",
        ),
        (lambda: a(definition="cpc", spend=-1, clicks=1), "spend must not be negative: got -1"),
        (lambda: a(definition="cpc", spend=1, clicks=-1), "clicks must be at least 0"),
        (lambda: r(attribution="best", revenue=1, spend=1), "attribution must be one of"),
        (lambda: r(attribution="last", revenue=-1, spend=1), "revenue must not be negative"),
        (
            lambda: click_through_rate_from_counts(clicks=1, impressions=-1),
            "impressions must be at least 0",
        ),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
