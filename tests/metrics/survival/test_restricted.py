"""The restricted mean against publications, lifelines, and people one by one in fractions."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import RestrictedMean, kaplan_meier, restricted_mean
from customerops.model.tables.intervals import normal
from tests.metrics.survival.test_survival import DATA, DAY, MP6, PEER, SEEN, contracts
from tests.reference import survival as reference

METHODS: tuple[Any, ...] = ("logit", "plain")


def test_the_published_mean_of_6_mp() -> None:
    """Klein and Moeschberger (2003), section 4.5: 23.287 weeks, standard error 2.827."""
    mean = restricted_mean(MP6, SEEN, horizon=35)
    assert mean.value == pytest.approx(23.287, abs=0.0005)
    assert math.sqrt(mean.variance) == pytest.approx(2.827, abs=0.0005)
    plain = mean.interval(method="plain")
    assert plain == pytest.approx((17.746, 28.829), abs=0.002)  # 23.287 ± 1.96 * 2.827
    odds, half = 23.2874 / (35 - 23.2874), 1.96 * 2.8275 * 35 / (23.2874 * (35 - 23.2874))
    low, high = odds * math.exp(-half), odds * math.exp(half)
    expected = (35 * low / (1 + low), 35 * high / (1 + high))
    assert mean.interval() == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("name", DATA)
def test_it_is_that_of_lifelines(name: str) -> None:
    case = PEER[name]
    mean = restricted_mean(case["durations"], case["observed"], horizon=case["horizon"])
    assert mean.value == pytest.approx(case["restricted_mean"], rel=1e-8)


def test_without_censoring_it_is_the_mean_of_what_counts() -> None:
    lives = [3, 6, 6, 9, 20]
    whole = restricted_mean(lives, [1] * 5, horizon=20)
    assert whole.value == pytest.approx(np.mean(lives))
    assert whole.variance == pytest.approx(np.var(lives) / 5)
    assert restricted_mean(lives, [1] * 5, horizon=100).value == pytest.approx(np.mean(lives))
    cut = restricted_mean(lives, [1] * 5, horizon=8)
    assert cut.value == pytest.approx((3 + 6 + 6 + 8 + 8) / 5)
    for method in METHODS:
        assert restricted_mean(lives, [1] * 5, horizon=2).interval(method=method) == (2, 2)
        assert restricted_mean([0, 0], [1, 1], horizon=2).interval(method=method) == (0, 0)


def test_the_unit_does_not_matter() -> None:
    days = restricted_mean([20, 60, 90], [1, 1, 0], horizon=90)
    years = restricted_mean([0.02, 0.06, 0.09], [1, 1, 0], horizon=0.09)
    assert years.value == pytest.approx(days.value / 1000)
    for method in METHODS:
        bounds = [np.array(mean.interval(method=method)) for mean in (days, years)]
        assert bounds[1] == pytest.approx(bounds[0] / 1000)
        assert bounds[0][0] < days.value < bounds[0][1]


def test_beyond_what_was_watched_it_is_not_a_number() -> None:
    mean = restricted_mean([3, 5], [1, 0], horizon=6)
    assert math.isnan(mean.value)
    assert math.isnan(mean.variance)
    assert not mean.reached
    assert all(math.isnan(bound) for bound in mean.interval())
    assert restricted_mean([3, 5], [1, 0], horizon=5).value == 3 + 2 / 2
    assert restricted_mean([3, 5], [0, 1], horizon=6).reached  # nobody is left
    assert not restricted_mean([], [], horizon=6).reached
    assert math.isnan(restricted_mean([], [], horizon=6).value)


LIVES = st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=12)


@given(LIVES, st.integers(1, 14))
def test_it_is_that_of_people(lives: list[tuple[int, bool]], halves: int) -> None:
    people: list[reference.Life] = [(end, seen, 0) for end, seen in lives]
    durations, seen = [end for end, _ in lives], [x for _, x in lives]
    mean = restricted_mean(durations, seen, horizon=halves / 2)
    expected = reference.restricted_mean(people, Fraction(halves, 2))
    assert mean.reached == (expected is not None)
    if expected is not None:
        assert mean.value == pytest.approx(float(expected[0]))
        assert mean.variance == pytest.approx(float(expected[1]), abs=1e-12)


@given(LIVES, LIVES)
def test_means_of_different_customers_add(a: Any, b: Any) -> None:
    def mean(lives: list[tuple[int, bool]]) -> RestrictedMean:
        return restricted_mean([t for t, _ in lives], [seen for _, seen in lives], horizon=4)

    assert mean(a) + mean(b) == mean(a + b) == sum([mean(b), mean(a)])


def test_late_entries_and_weights() -> None:
    # survival is 1/2 after 3 and 1/4 after 5: 3 + 2/2 + 1/4
    late = restricted_mean([3, 5, 6], [1, 1, 1], entry=[0, 1, 4], horizon=6)
    assert late.value == pytest.approx(4.25)
    heavy = restricted_mean([1, 4], [1, 1], weights=[3, 1], horizon=4)
    assert heavy == restricted_mean([1, 1, 1, 4], [1, 1, 1, 1], horizon=4)


def test_the_difference_of_two() -> None:
    a = restricted_mean([3, 6, 9], [1, 1, 1], horizon=9)
    b = restricted_mean([1, 2, 3], [1, 1, 1], horizon=9)
    less = a.difference(b)
    assert less.value == pytest.approx(4)
    half = normal(0.9) * math.sqrt(6 / 3 + (2 / 3) / 3)  # variances of 3, 6, 9 and of 1, 2, 3
    assert less.interval(0.9, method="plain") == pytest.approx((4 - half, 4 + half))
    (low_a, high_a), (low_b, high_b) = a.interval(), b.interval()
    assert less.interval() == pytest.approx(
        (4 - math.hypot(6 - low_a, high_b - 2), 4 + math.hypot(high_a - 6, 2 - low_b))
    )
    frame = less.to_frame()
    assert frame.columns.tolist() == ["value", "low", "high"]
    assert frame["low"].tolist() == [less.interval()[0]]
    assert less == a.difference(b)
    assert less != b.difference(a)
    assert less != 4
    assert less.context == a.context
    assert repr(less) == "RestrictedMeanDifference(horizon=9, value=4)"
    assert pickle.loads(pickle.dumps(less)) == less
    with pytest.raises(TypeError, match="unhashable"):
        hash(less)


def test_a_mean_for_each_group() -> None:
    means = restricted_mean([3, 6, 1, 2], [1, 1, 1, 0], by=[*"aabb"], horizon=4)
    assert means.value.tolist() == pytest.approx([3.5, math.nan], nan_ok=True)
    assert means.reached.tolist() == [True, False]
    frame = means.to_frame()
    assert frame.columns.tolist() == ["group", "value", "low", "high", "reached"]
    assert frame["group"].tolist() == ["a", "b"]
    assert repr(means) == "RestrictedMean(horizon=4, axes=group[2])"
    assert "–" in means._repr_html_()
    assert "False" in means._repr_html_()
    alone = means.select(group="a")
    assert float(alone) == alone.value == 3.5
    assert repr(alone) == "RestrictedMean(horizon=4, value=3.5)"
    less = means.difference(means)
    assert less.value.tolist() == pytest.approx([0, math.nan], nan_ok=True)
    assert len(less.to_frame()) == 2
    assert repr(less) == "RestrictedMeanDifference(horizon=4, axes)"
    assert math.isnan(means.select(group="b").difference(alone).value)


def test_of_spells_and_of_their_curves() -> None:
    spells = contracts()
    mean = restricted_mean(spells, unit=DAY, horizon=dt.timedelta(days=4, hours=12))
    assert mean.horizon == 4.5
    assert mean.value == 3 + 1.5 / 2
    assert restricted_mean(spells, unit=DAY, horizon=4.5) == mean
    assert restricted_mean(kaplan_meier(spells, unit=DAY), horizon=4.5 * DAY) == mean
    by_plan = restricted_mean(spells, unit=DAY, horizon=4.5, by="plan")
    assert by_plan.value.tolist() == [3 + 1.5 / 2, 3 + 1.5 / 2]


def two() -> RestrictedMean:
    return restricted_mean([3, 6], [1, 1], by=[*"ab"], horizon=4)


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: restricted_mean([1], [1], horizon=0), "horizon must be above 0: got 0"),
    (lambda: restricted_mean([1], [1], horizon=-1), "horizon must be above 0: got -1"),
    (lambda: restricted_mean([1], [1], horizon=math.inf), "horizon must be finite"),
    (
        lambda: restricted_mean([1], [1], horizon="4"),  # type: ignore[arg-type]
        "horizon must be a float: got str",
    ),
    (
        lambda: restricted_mean([1], [1], horizon=DAY),
        "horizon must be a number: only spells have a clock",
    ),
    (lambda: restricted_mean([1], horizon=1), "observed must be given with durations"),
    (
        lambda: restricted_mean(kaplan_meier([1], [1]), unit=DAY, horizon=1),
        "unit must be left out with a table",
    ),
    (lambda: float(two()), r"mean must have no axes to be one number: it has \['group'\]"),
    (lambda: two().interval(2), "confidence must be between 0 and 1"),
    (
        lambda: two().interval(method="log"),  # type: ignore[arg-type]
        "method must be one of 'logit', 'plain'",
    ),
    (
        lambda: two().difference(two().select(group="a")),
        "axes must be the same to compare results",
    ),
    (
        lambda: two().difference(restricted_mean([3, 6], [1, 1], by=[*"ab"], horizon=5)),
        "options must be the same to compare results: these differ: horizon",
    ),
    (
        lambda: two().difference(4),  # type: ignore[arg-type]
        "results must be restricted means: got int",
    ),
    (
        lambda: two() + kaplan_meier([1], [1]),
        "results must be of one class to be added",
    ),
]


@pytest.mark.parametrize(("call", "message"), [pytest.param(c, m, id=m[:40]) for c, m in BAD])
def test_what_has_no_mean_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
