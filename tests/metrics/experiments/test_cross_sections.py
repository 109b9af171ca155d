"""Difference in differences of four samples: by hand, and where it meets what is known."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import difference_in_differences_from_estimates, mean, proportion
from customerops.model import Axis, Context, Proportion

TREATED = proportion(40, 400), proportion(72, 400)
CONTROL = proportion(50, 500), proportion(60, 500)
four: Any = difference_in_differences_from_estimates


def newcombe(a: int, n: int, b: int, m: int) -> tuple[float, float, float]:
    """Return b / m - a / n with its hybrid score interval, written out."""

    def wilson(k: int, size: int) -> tuple[float, float]:
        z, p = 1.959964, k / size
        centre = p + z * z / (2 * size)
        half = z * math.sqrt(p * (1 - p) / size + z * z / (4 * size * size))
        below = 1 + z * z / size
        return (centre - half) / below, (centre + half) / below

    (low_a, high_a), (low_b, high_b) = wilson(a, n), wilson(b, m)
    p, q = a / n, b / m
    down = math.sqrt((q - low_b) ** 2 + (high_a - p) ** 2)
    up = math.sqrt((high_b - q) ** 2 + (p - low_a) ** 2)
    return q - p, q - p - down, q - p + up


def test_by_hand() -> None:
    found = difference_in_differences_from_estimates(treated=TREATED, control=CONTROL)
    t, t_low, t_high = newcombe(40, 400, 72, 400)
    c, c_low, c_high = newcombe(50, 500, 60, 500)
    assert found.value == float(found) == pytest.approx(0.06) == pytest.approx(t - c)
    expected = (
        t - c - math.sqrt((t - t_low) ** 2 + (c_high - c) ** 2),
        t - c + math.sqrt((t_high - t) ** 2 + (c - c_low) ** 2),
    )
    assert found.interval() == pytest.approx(expected, abs=1e-6)
    assert "parallel trends" in found.ASSUMPTION
    assert repr(found) == "DifferenceOfChanges(metric='proportion', value=0.06)"
    frame = found.to_frame()
    assert frame["treated"].tolist() == pytest.approx([0.08])
    assert frame["complete"].tolist() == [True]
    assert pickle.loads(pickle.dumps(found)) == found
    assert found != 3
    assert found != four(treated=CONTROL, control=TREATED)
    exact_low, exact_high = found.interval(method="clopper-pearson")
    assert exact_low < expected[0] < expected[1] < exact_high


def test_card_and_krueger() -> None:
    """Card and Krueger (1994), table 3, means of full-time employment in hundredths: 2.76."""
    found = four(
        treated=(mean([2044], scale=100), mean([2103], scale=100)),
        control=(mean([2333], scale=100), mean([2117], scale=100)),
    )
    assert found.value == pytest.approx(2.76, abs=0.011)
    assert all(math.isnan(bound) for bound in found.interval())


def test_over_an_axis() -> None:
    axis = Axis("plan", ["a", "b"], "group", disjoint=True)

    def shares(*counts: int) -> Proportion:
        return Proportion(
            axes=[axis], parts={"count": counts, "total": [10, 10]}, context=Context("x")
        )

    found = four(treated=(shares(1, 2), shares(4, 2)), control=(shares(1, 1), shares(2, 3)))
    assert found.value.tolist() == pytest.approx([0.2, -0.2])
    assert found.interval()[0].shape == (2,)
    assert found.to_frame()["plan"].tolist() == ["a", "b"]
    assert repr(found) == "DifferenceOfChanges(metric='x', axes=plan[2])"


def test_refused() -> None:
    for pair, message in (
        (TREATED[:1], "treated must be a pair, before and after: got tuple"),
        (3, "treated must be a pair, before and after: got int"),
        ((0.1, 0.2), "treated must be estimates with intervals: got float"),
        ((TREATED[0], mean([1, 2])), "results must be of one class to be compared"),
        ((mean([1, 2]), mean([1, 2])), "results must be of one class to be compared"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            four(treated=pair, control=CONTROL)
    other = proportion(1, 2, name="other"), proportion(1, 2, name="other")
    with pytest.raises(InvalidInputError, match="metric must be the same to compare"):
        four(treated=TREATED, control=other)
