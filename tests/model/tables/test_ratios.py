from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.ratios import ClusteredShare, Mean, Ratio
from customerops.model.tables.tables import Context
from tests.reference.intervals import mean_variance, ratio_variance

CONTEXT = Context("metric")
GROUP = Axis("group", ["a", "b"], "group", disjoint=True)
AGE = Axis("age", [0, 1, 2], "age")

rows = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(-(10**10), 10**10) | st.just(0),
        st.integers(0, 10**10),
    ),
    max_size=30,
)


@given(rows)
def test_parts_are_those_of_plain_sums(data: list[tuple[int, int, int]]) -> None:
    codes = np.array([c for c, _, _ in data], dtype=np.int64)
    x, y = [a for _, a, _ in data], [b for _, _, b in data]
    ratio = Ratio.from_rows(x, y, context=CONTEXT, axes=(GROUP, AGE), codes=codes)
    mean = Mean.from_rows(x, context=CONTEXT, axes=(GROUP, AGE), codes=codes)
    for cell in range(6):
        mine = [(a, b) for c, a, b in data if c == cell]
        at = divmod(cell, 3)
        expected = {
            "n": sum(1 for a, b in mine if a or b),
            "x": sum(a for a, _ in mine),
            "y": sum(b for _, b in mine),
            "xx": sum(a * a for a, _ in mine),
            "yy": sum(b * b for _, b in mine),
            "xy": sum(a * b for a, b in mine),
        }
        assert {name: part[at] for name, part in ratio.parts.items()} == expected
        expected = {"n": len(mine), "sum": expected["x"], "sum_sq": expected["xx"]}
        assert {name: part[at] for name, part in mean.parts.items()} == expected


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 9)), min_size=2, max_size=12))
def test_standard_errors_equal_the_definition(data: list[tuple[int, int]]) -> None:
    x, y = [a for a, _ in data], [b for _, b in data]
    ratio = Ratio.from_rows(x, y, context=CONTEXT)
    assert ratio.standard_error == math.sqrt(ratio_variance(x, y))
    mean = Mean.from_rows(x, context=CONTEXT)
    assert mean.standard_error == math.sqrt(mean_variance(x))


def test_the_parts_are_at_hand() -> None:
    ratio = Ratio.from_rows([1, 2, 0], [3, 4, 0], context=CONTEXT)
    assert (ratio.n, ratio.x, ratio.y) == (2, 3, 7)
    mean = Mean.from_rows([1, 2, 0], context=CONTEXT)
    assert (mean.n, mean.sum) == (3, 3)


def test_a_customer_with_x_alone_counts() -> None:
    """Refunds of this window for purchases before it."""
    assert Ratio.from_rows([1, 1], [0, 2], context=CONTEXT).n == 2


def test_scale_and_per_scale_the_spread_too() -> None:
    x, y = [100, 250, 300], [1, 2, 2]
    plain = Ratio.from_rows(x, y, context=CONTEXT)
    context = Context("metric", options={"scale": 100, "per": 12})
    scaled = Ratio.from_rows(x, y, context=context)
    assert scaled.value == pytest.approx(float(plain) * 0.12)
    assert scaled.standard_error == pytest.approx(float(plain.standard_error) * 0.12)
    expected = [bound * 0.12 for bound in plain.interval()]
    assert scaled.interval() == pytest.approx(expected)
    other = Ratio.from_rows([50, 60], [1, 1], context=CONTEXT)
    scaled_other = Ratio.from_rows([50, 60], [1, 1], context=context)
    expected = [bound * 0.12 for bound in plain.difference(other).interval()]
    assert scaled.difference(scaled_other).interval() == pytest.approx(expected)
    mean = Mean.from_rows(x, context=Context("metric", options={"scale": 100}))
    expected = [bound / 100 for bound in Mean.from_rows(x, context=CONTEXT).interval()]
    assert mean.interval() == pytest.approx(expected)
    assert mean.value == pytest.approx(6.5 / 3)


def test_welch_interval_by_hand() -> None:
    """1, 2, 3 against 1, 3, 5, 7: variances 1/3 and 5/3, so df = 4 / (1/18 + 25/27) = 4.0754717."""
    a, b = (Mean.from_rows(x, context=CONTEXT) for x in ([1, 2, 3], [1, 3, 5, 7]))
    difference = a.difference(b)
    assert difference.value == -2.0
    low, high = difference.interval()
    assert (low + high) / 2 == pytest.approx(-2.0)
    assert pytest.approx(4.0754717) == (1 / 3 + 5 / 3) ** 2 / ((1 / 3) ** 2 / 2 + (5 / 3) ** 2 / 3)
    # t(4) = 2.776445, t(5) = 2.570582 at 95 %: between the two, close to the first
    half = (high - low) / 2 / math.sqrt(2)
    assert half == pytest.approx(2.776445 - 0.0754717 * (2.776445 - 2.570582), abs=0.01)


def test_difference_of_ratios_is_independent_of_order() -> None:
    a = Ratio.from_rows([1, 2, 3], [4, 4, 4], context=CONTEXT)
    b = Ratio.from_rows([1, 0, 3], [4, 2, 5], context=CONTEXT)
    low, high = a.difference(b).interval()
    assert b.difference(a).interval() == pytest.approx((-high, -low))
    assert low < float(a) - float(b) < high


def test_one_customer_has_a_value_but_no_interval() -> None:
    one = Mean.from_rows([5], context=CONTEXT)
    assert one.value == 5.0
    assert np.isnan(np.array([one.standard_error, *one.interval()])).all()
    two = Mean.from_rows([5, 6], context=CONTEXT)
    assert np.isnan(np.array(two.difference(one).interval())).all()


@pytest.mark.parametrize(
    ("x", "y", "codes"),
    [([1, 2], [1], None), ([1, 2], [1, 2], np.array([0])), ([1], [1, 2], np.array([0, 0]))],
)
def test_rows_must_be_as_many(x: Any, y: Any, codes: Any) -> None:
    with pytest.raises(
        InvalidInputError, match=r"^(codes, )?x and y must have as many rows: got \["
    ):
        Ratio.from_rows(x, y, context=CONTEXT, codes=codes)


def test_rows_are_whole_numbers() -> None:
    with pytest.raises(InvalidInputError, match=r"^x must be whole numbers: got float"):
        Mean.from_rows([1.5], context=CONTEXT)
    with pytest.raises(InvalidInputError, match=r"^y must be whole numbers: got bool"):
        Ratio.from_rows([1], [True], context=CONTEXT)


def test_intervals_on_other_scales_by_hand() -> None:
    """The clicks of the docstring; 2.776445 is Student's t of 4 degrees at 0.975 (any table)."""
    x, y = [2, 0, 1, 3, 0], [10, 5, 5, 10, 10]
    clicks = Ratio.from_rows(x, y, context=CONTEXT)
    half = 2.776445 * math.sqrt(ratio_variance(x, y)) / 0.15
    expected = [0.15 * math.exp(side * half) for side in (-1, 1)]
    assert clicks.interval(method="log") == pytest.approx(expected, rel=1e-6)
    logit = math.log(0.15 / 0.85)
    expected = [1 / (1 + math.exp(-(logit + side * half / 0.85))) for side in (-1, 1)]
    assert clicks.interval(method="logit") == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("x", "method"),
    [([0, 0, 0], "log"), ([0, 0, 0], "logit"), ([5, 5, 5], "logit"), ([-1, 0, 0], "log")],
)
def test_what_has_no_such_scale_has_no_interval(x: list[int], method: str) -> None:
    ratio = Ratio.from_rows(x, [5, 5, 5], context=CONTEXT)
    assert np.isnan(ratio.interval(method=method)).all()


def test_a_share_stays_a_share() -> None:
    """Of two customers one came back: an interval by hand, and none outside [0, 1]."""
    half = ClusteredShare.from_rows([1, 0], [1, 1], context=CONTEXT)
    # the logit of 1/2 is 0; 12.7062 is Student's t of 1 degree at 0.975
    spread = 12.7062 * math.sqrt(ratio_variance([1, 0], [1, 1])) / 0.25
    expected = [1 / (1 + math.exp(side * spread)) for side in (1, -1)]
    assert half.interval() == pytest.approx(expected, rel=1e-4)
    assert half.interval(method="delta")[0] < 0


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([0, 0, 0], (0.0, 0.561497)),  # z² / (3 + z²), z = 1.959964
        ([2, 2, 2], (0.438503, 1.0)),
        (
            [1, 1, 1],
            (0.125335, 0.874665),
        ),  # Wilson's of 1.5 of 3: 0.5 ± z sqrt(0.75 + z²/4) / (3 + z²)
    ],
)
def test_customers_who_do_not_differ_tell_little(
    x: list[int], expected: tuple[float, float]
) -> None:
    share = ClusteredShare.from_rows(x, [2, 2, 2], context=CONTEXT)
    assert share.interval() == pytest.approx(expected, abs=1e-6)


def test_one_customer_has_no_share_interval() -> None:
    share = ClusteredShare.from_rows([1], [2], context=CONTEXT)
    assert np.isnan(share.interval()).all()
