from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables import intervals
from tests.reference.intervals import (
    binomial_tails,
    bisect,
    mean_variance,
    poisson_tails,
    ratio_variance,
    score,
)

levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999])


@st.composite
def shares(draw: st.DrawFn) -> tuple[int, int]:
    total = draw(st.integers(1, 60))
    return draw(st.integers(0, total)), total


# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: methods 3 (score) and 5 (exact)
SINGLE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]


@pytest.mark.parametrize(("count", "total", "wilson", "exact"), SINGLE)
def test_published_intervals_of_one_share(
    count: int, total: int, wilson: tuple[float, float], exact: tuple[float, float]
) -> None:
    assert intervals.wilson(count, total, 0.95) == pytest.approx(wilson, abs=5e-5)
    assert intervals.clopper_pearson(count, total, 0.95) == pytest.approx(exact, abs=5e-5)


# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10: columns (a) to (h)
DIFFERENCES = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ((10, 10, 0, 20), (0.6791, 1.0000)),
    ((10, 10, 0, 10), (0.6075, 1.0000)),
]


@pytest.mark.parametrize(("counts", "expected"), DIFFERENCES)
def test_published_intervals_of_differences(
    counts: tuple[int, int, int, int], expected: tuple[float, float]
) -> None:
    assert intervals.newcombe(*counts, 0.95) == pytest.approx(expected, abs=5e-5)


# Garwood, Biometrika 28 (1936) 437-442; as tabled in Pearson and Hartley, Biometrika Tables for
# Statisticians 1, table 40
POISSON = [
    (0, 0.0, 3.689),
    (1, 0.0253, 5.572),
    (2, 0.242, 7.225),
    (5, 1.623, 11.668),
    (10, 4.795, 18.390),
    (20, 12.217, 30.888),
]


@pytest.mark.parametrize(("events", "low", "high"), POISSON)
def test_published_intervals_of_a_count(events: int, low: float, high: float) -> None:
    assert intervals.poisson_exact(events, 1, 0.95) == pytest.approx((low, high), abs=6e-4)
    assert intervals.poisson_exact(events, 4, 0.95) == pytest.approx((low / 4, high / 4), abs=2e-4)


@given(shares(), levels)
def test_wilson_bounds_solve_the_score_equation(share: tuple[int, int], level: float) -> None:
    count, total = share
    low, high = intervals.wilson(count, total, level)
    z = intervals.normal(level)
    assert 0 <= low <= count / total <= high <= 1
    eps = 1e-12
    if count:
        below = bisect(lambda p: score(count, total, p) - z, eps, count / total - eps)
        assert low == pytest.approx(below, abs=1e-9)
    else:
        assert low == 0
    if count < total:
        above = bisect(lambda p: score(count, total, p) + z, count / total + eps, 1 - eps)
        assert high == pytest.approx(above, abs=1e-9)
    else:
        assert high == 1


@given(shares(), levels)
def test_exact_bounds_cut_off_half_of_the_rest(share: tuple[int, int], level: float) -> None:
    count, total = share
    low, high = intervals.clopper_pearson(count, total, level)
    tail = (1 - level) / 2
    assert 0 <= low <= count / total <= high <= 1
    if count:
        assert binomial_tails(count, total, float(low))[0] == pytest.approx(tail, rel=1e-9)
    else:
        assert low == 0
    if count < total:
        assert binomial_tails(count, total, float(high))[1] == pytest.approx(tail, rel=1e-9)
    else:
        assert high == 1


@given(st.integers(0, 100), levels)
def test_poisson_bounds_cut_off_half_of_the_rest(events: int, level: float) -> None:
    low, high = intervals.poisson_exact(events, 1, level)
    tail = (1 - level) / 2
    if events:
        assert poisson_tails(events, float(low))[0] == pytest.approx(tail, rel=1e-7)
    else:
        assert low == 0
    assert poisson_tails(events, float(high))[1] == pytest.approx(tail, rel=1e-7)


@given(shares(), shares(), levels)
def test_a_difference_turns_its_sign_with_its_order(
    a: tuple[int, int], b: tuple[int, int], level: float
) -> None:
    low, high = intervals.newcombe(*a, *b, level)
    assert low <= a[0] / a[1] - b[0] / b[1] <= high
    turned = intervals.newcombe(*b, *a, level)
    assert (-turned[1], -turned[0]) == pytest.approx((low, high), abs=1e-12)


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 50)), min_size=2, max_size=20),
    st.sampled_from([1, 10**12]),
)
def test_linearised_variance_equals_the_definition(rows: list[tuple[int, int]], k: int) -> None:
    x, y = [a * k for a, _ in rows], [b for _, b in rows]
    sums = (
        sum(x),
        sum(y),
        sum(a * a for a in x),
        sum(b * b for b in y),
        sum(a * b for a, b in zip(x, y, strict=True)),
    )
    expected = float(ratio_variance(x, y))
    assert intervals.ratio_variance(len(x), *sums) == expected  # rounded once
    assert intervals.mean_variance(len(x), sums[0], sums[2]) == float(mean_variance(x))


def test_variances_do_not_cancel() -> None:
    """Two values 10**15 and 10**15 + 2: s² = 2, the variance of their mean is 1."""
    values = [10**15, 10**15 + 2]
    got = intervals.mean_variance(2, sum(values), sum(v * v for v in values))
    assert got == 1.0


def test_ratio_of_the_book() -> None:
    """Cochran (1977), section 2.11: by hand 1.25 x 5.375 / 1600 for the variance."""
    variance = intervals.ratio_variance(5, 6, 40, 14, 350, 55)
    assert variance == pytest.approx(1.25 * 5.375 / 1600, rel=1e-15)
    low, high = intervals.ratio_delta(5, 6, 40, 14, 350, 55, 0.95)
    half = 2.776445 * math.sqrt(1.25 * 5.375 / 1600)  # t of 4 degrees of freedom
    assert (low, high) == pytest.approx((0.15 - half, 0.15 + half), abs=1e-7)


def test_mean_of_the_tables() -> None:
    """1, 2, 3: mean 2, s = 1, and t of 2 degrees of freedom is 4.302653 at 95 %."""
    low, high = intervals.mean_t(3, 6, 14, 0.95)
    assert (low, high) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("df", "level", "t"),
    [(1, 0.95, 12.7062), (4, 0.95, 2.7764), (10, 0.99, 3.1693), (30, 0.9, 1.6973)],
)
def test_student_quantiles_of_the_tables(df: int, level: float, t: float) -> None:
    assert intervals.student(df, level) == pytest.approx(t, abs=5e-5)


def test_normal_quantiles_of_the_tables() -> None:
    got = [intervals.normal(level) for level in (0.9, 0.95, 0.99)]
    assert got == pytest.approx([1.644854, 1.959964, 2.575829], abs=5e-7)


def test_welch_degrees_of_freedom() -> None:
    """(4 + 1)² / (16/9 + 1/4) = 900/73; equal samples have the sum of their degrees."""
    assert intervals.welch_df(4, 9, 1, 4) == pytest.approx(900 / 73)
    assert intervals.welch_df(1, 9, 1, 9) == pytest.approx(18)
    assert intervals.welch_df(0, 9, 0, 4) == 4
    assert intervals.welch_df(0, 9, 1, 4) == 4
    assert math.isnan(intervals.welch_df(math.nan, 0, 1, 4))


def test_net_promoter_score_of_the_rule() -> None:
    """Rocks (2016): n + 3, P + 3/4, D + 3/4; 100 answers, 50 promoters, 20 detractors."""
    got = intervals.adjusted_wald_nps(50, 30, 20, 0.95)
    assert got == pytest.approx((14.0511, 44.2013), abs=1e-3)
    half = 1.959964 * math.sqrt((0.7 - 0.09) / 100)
    expected = (100 * (0.3 - half), 100 * (0.3 + half))
    assert intervals.trinomial_nps(50, 30, 20, 0.95) == pytest.approx(expected, abs=1e-4)


def test_net_promoter_score_stays_on_its_scale() -> None:
    low, high = intervals.adjusted_wald_nps([3, 0], [0, 0], [0, 3], 0.999)
    assert high[0] == 100
    assert low[1] == -100
    low, high = intervals.trinomial_nps([1, 9], [0, 0], [1, 0], 0.95)
    assert (low[0], high[0]) == (-100, 100)
    assert (low[1], high[1]) == (100, 100)


UNDEFINED: list[tuple[Callable[..., Any], tuple[int, ...]]] = [
    (intervals.wilson, (0, 0)),
    (intervals.clopper_pearson, (0, 0)),
    (intervals.newcombe, (0, 0, 1, 2)),
    (intervals.newcombe, (1, 2, 0, 0)),
    (intervals.poisson_exact, (0, 0)),
    (intervals.poisson_exact, (3, 0)),
    (intervals.mean_t, (0, 0, 0)),
    (intervals.mean_t, (1, 5, 25)),
    (intervals.ratio_delta, (0, 0, 0, 0, 0, 0)),
    (intervals.ratio_delta, (1, 2, 3, 4, 9, 6)),
    (intervals.ratio_delta, (2, 2, 0, 2, 0, 0)),
    (intervals.adjusted_wald_nps, (0, 0, 0)),
    (intervals.trinomial_nps, (0, 0, 0)),
]


@pytest.mark.parametrize(("interval", "arguments"), UNDEFINED)
def test_what_is_not_defined_is_nan(
    interval: Callable[..., Any], arguments: tuple[int, ...]
) -> None:
    assert np.isnan(interval(*arguments, 0.95)).all()


@pytest.mark.parametrize("interval", [intervals.wilson, intervals.clopper_pearson])
def test_arrays_broadcast(interval: Callable[..., Any]) -> None:
    low, high = interval(np.array([[0], [5]]), np.array([10, 20, 0]), 0.95)
    assert low.shape == high.shape == (2, 3)
    assert np.isnan(low[:, 2]).all()
    assert (low[1, 0], high[1, 0]) == tuple(interval(5, 10, 0.95))


@given(shares(), st.sampled_from([intervals.wilson, intervals.clopper_pearson]))
def test_more_confidence_is_wider(share: tuple[int, int], interval: Callable[..., Any]) -> None:
    narrow, wide = interval(*share, 0.8), interval(*share, 0.99)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@pytest.mark.parametrize("bad", [0, 1, 95, -0.5, math.nan, math.inf])
def test_confidence_is_a_share(bad: float) -> None:
    for interval in (intervals.wilson, intervals.clopper_pearson, intervals.poisson_exact):
        with pytest.raises(InvalidInputError, match=r"^confidence must be between 0 and 1"):
            interval(1, 2, bad)
    with pytest.raises(InvalidInputError, match=r"^confidence must be between 0 and 1"):
        intervals.student(3, bad)


@pytest.mark.parametrize("bad", ["0.95", None, True])
def test_confidence_is_a_number(bad: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^confidence must be a number: got"):
        intervals.as_confidence(bad)
