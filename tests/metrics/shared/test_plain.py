"""Estimates from counts: as published, as the classes make them, and what is refused."""

import datetime as dt
import math
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import mean, proportion, rate, ratio

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_wilson_as_published(count: int, total: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3."""
    assert proportion(count, total).interval() == pytest.approx((low, high), abs=5e-5)


def test_an_empty_denominator_is_undefined() -> None:
    assert math.isnan(proportion(0, 0).value)
    assert math.isnan(ratio([], []).value)
    assert math.isnan(rate(0, 0).value)
    assert math.isnan(mean([]).value)


def test_values_and_units() -> None:
    assert ratio([150, 50], [1, 3], scale=100).value == 0.5
    assert ratio([150, 50], [2, 6], scale=100, per=2).value == 0.5
    assert mean([100, 200, 300], scale=100).value == 2.0
    assert rate(10, 365, per=365).value == 10
    assert rate(10, 365 * DAY, per=DAY).value == rate(10, 365).value
    low, high = rate(10, 365, per=365).interval()
    assert (low, high) == pytest.approx((4.795, 18.390), abs=5e-4)  # Garwood (1936)


def test_results_of_one_name_add() -> None:
    assert proportion(1, 3) + proportion(2, 4) == proportion(3, 7)
    assert mean([1, 2]) + mean([5]) == mean([5, 2, 1])
    assert ratio([1], [2]) + ratio([3], [4]) == ratio([3, 1], [4, 2])
    assert rate(1, 3 * DAY, per=DAY) + rate(2, DAY, per=DAY) == rate(3, 4 * DAY, per=DAY)
    with pytest.raises(InvalidInputError, match="metric"):
        proportion(1, 3, name="open_rate") + proportion(2, 4, name="click_rate")
    with pytest.raises(InvalidInputError, match="options"):
        rate(1, 3, per=1) + rate(2, 4, per=2)


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        (proportion, {"count": 4, "total": 3}, "count"),
        (proportion, {"count": -1, "total": 3}, "count"),
        (proportion, {"count": 1.5, "total": 3}, "count must be an int"),
        (proportion, {"count": 1, "total": None}, "total must be an int"),
        (ratio, {"x": [1, 2], "y": [1]}, "y must be as long as x: got 1 and 2"),
        (ratio, {"x": 5, "y": 6}, "x must be one column: got 0 dimensions"),
        (ratio, {"x": [1], "y": [[1]]}, "y must be one column: got 2 dimensions"),
        (mean, {"values": 5}, "values must be one column: got 0 dimensions"),
        (mean, {"values": [[1, 2], [3, 4]]}, "values must be one column: got 2 dimensions"),
        (ratio, {"x": [0.5], "y": [1]}, "x"),
        (ratio, {"x": [1], "y": [1], "scale": 0}, "scale must be at least 1"),
        (ratio, {"x": [1], "y": [1], "per": 0}, "per must be at least 1"),
        (rate, {"events": -1, "exposure": 3}, "events"),
        (rate, {"events": 1, "exposure": -3}, "exposure"),
        (rate, {"events": 1, "exposure": 3, "per": 0}, "per must be at least 1"),
        (rate, {"events": 1, "exposure": 3, "per": DAY}, "both counts or both durations"),
        (rate, {"events": 1, "exposure": DAY}, "both counts or both durations"),
        (rate, {"events": 1, "exposure": DAY, "per": 0 * DAY}, "per must be"),
        (mean, {"values": ["a"]}, "values must"),
        (mean, {"values": [1], "scale": True}, "scale must be an int"),
    ],
)
def test_refusals(call: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call(**options)
