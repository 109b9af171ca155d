from __future__ import annotations

import math
import statistics
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.distribution import Distribution
from customerops.model.tables.tables import Context
from tests.reference.intervals import binomial_tails

CONTEXT = Context("gap_times")
GROUP = Axis("group", ["a", "b", "c"], "group", disjoint=True)

samples = st.lists(st.integers(-20, 20), min_size=1, max_size=40)


def make(values: Any, **options: Any) -> Distribution:
    return Distribution.from_rows(values, **({"context": CONTEXT} | options))


@given(samples, st.integers(0, 100))
def test_quantiles_by_their_definition(values: list[int], percent: int) -> None:
    """The smallest value that at least q of all do not exceed, with q a decimal fraction."""
    share = Fraction(percent, 100)
    reach = max(share * len(values), Fraction(1))
    expected = min(v for v in values if sum(1 for w in values if w <= v) >= reach)
    got = make(values).quantile(percent / 100)
    assert got == expected
    assert type(got) is float


def test_a_rank_is_not_missed_for_rounding() -> None:
    """0.55 * 100 is 55.00000000000001 in floats."""
    d = make(range(1, 101))
    assert [d.quantile(k / 100) for k in range(1, 101)] == list(range(1, 101))
    assert [d.quantile(k / 100 + 1e-9) for k in range(1, 100)] == list(range(2, 101))


@given(samples)
def test_statistics_by_their_definition(values: list[int]) -> None:
    d = make(values)
    assert d.n == len(values)
    assert d.sum == sum(values)
    assert (d.min, d.max) == (min(values), max(values))
    assert d.mean == float(Fraction(sum(values), len(values)))
    if len(values) > 1:
        assert d.sd == pytest.approx(statistics.stdev(values), abs=1e-12)
    else:
        assert math.isnan(d.sd)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_sums_of_floats_round_once(values: list[float]) -> None:
    d = make(values + values[:1])
    assert d.sum == math.fsum(values + values[:1])
    assert d.mean == d.sum / (len(values) + 1)


def test_cells_are_apart() -> None:
    d = make([5, 1, 3, 9], codes=[0, 2, 2, 2], outer=(GROUP,))
    np.testing.assert_array_equal(d.n, [1, 0, 3])
    np.testing.assert_array_equal(d.sum, [5, 0, 13])
    np.testing.assert_array_equal(d.mean, [5.0, np.nan, 13 / 3])
    np.testing.assert_array_equal(d.quantile(0.5), [5.0, np.nan, 3.0])
    np.testing.assert_array_equal(
        d.quantile([0.0, 0.34, 1.0]), [[5.0] * 3, [np.nan] * 3, [1.0, 3.0, 9.0]]
    )
    np.testing.assert_array_equal(np.isnan(d.sd), [True, True, False])
    low, high = d.interval(0.5, 0.5)
    np.testing.assert_array_equal(low, [np.nan, np.nan, 1.0])
    np.testing.assert_array_equal(high, [np.nan, np.nan, 9.0])
    floats = make([5.5, 1.0], codes=[0, 2], outer=(GROUP,))
    np.testing.assert_array_equal(floats.mean, [5.5, np.nan, 1.0])


def test_weights_count() -> None:
    d = make([1, 2], weights=[3, 1])
    assert (d.n, d.mean, d.quantile(0.75), d.quantile(0.76)) == (4, 1.25, 1.0, 2.0)
    assert d.sd == statistics.stdev([1, 1, 1, 2])


def test_nothing_has_no_statistics() -> None:
    d = make([])
    assert (d.n, d.sum) == (0, 0)
    assert np.isnan([d.mean, d.sd, d.min, d.max, d.quantile(0.5), *d.interval(0.5)]).all()


# Intervals of a median at 95 %, from the sign test: Conover, Practical Nonparametric Statistics,
# 3rd ed. (1999), section 3.2 and table A3; ranks of the lower and the upper bound
MEDIANS = [(6, 1, 6), (10, 2, 9), (15, 4, 12), (20, 6, 15), (25, 8, 18), (100, 40, 61)]


@pytest.mark.parametrize(("n", "low", "high"), MEDIANS)
def test_published_intervals_of_a_median(n: int, low: int, high: int) -> None:
    assert make(range(1, n + 1)).interval(0.5) == (low, high)


def test_five_values_are_too_few_for_a_median() -> None:
    """All five lie on one side of the median in 2/32 = 6.25 % of samples."""
    assert np.isnan(make(range(5)).interval(0.5)).all()
    assert make(range(5)).interval(0.5, 0.93) == (0.0, 4.0)


@given(
    st.integers(1, 25), st.sampled_from([0.05, 0.25, 0.5, 0.9]), st.sampled_from([0.8, 0.95, 0.99])
)
def test_intervals_by_their_definition(n: int, q: float, confidence: float) -> None:
    """The widest ranks are cut off whose binomial tails stay within half of the rest."""
    low, high = make(range(1, n + 1)).interval(q, confidence)
    tail = (1 - confidence) / 2
    lower = [k for k in range(1, n + 1) if binomial_tails(k - 1, n, q)[1] <= tail]  # P(B < k)
    upper = [k for k in range(1, n + 1) if binomial_tails(k, n, q)[0] <= tail]  # P(B >= k)
    assert np.array_equal(low, max(lower, default=math.nan), equal_nan=True)
    assert np.array_equal(high, min(upper, default=math.nan), equal_nan=True)


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan, [0.5, 2.0]])
def test_shares_are_checked(bad: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^q must be from 0 to 1$"):
        make([1]).quantile(bad)


@pytest.mark.parametrize("bad", [0, 1, -0.5, math.nan])
def test_intervals_need_a_share_inside(bad: float) -> None:
    with pytest.raises(InvalidInputError, match=r"^q must be between 0 and 1: the ends have no"):
        make([1]).interval(bad)
    with pytest.raises(InvalidInputError, match=r"^confidence must be between 0 and 1"):
        make([1]).interval(0.5, 95)
