"""Sample ratios: published mismatches, exact small samples, shapes that say nothing."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import sample_ratio_check
from tests.reference import experiments as slow

EVEN = {"control": 1, "mail": 1}


def test_a_published_mismatch() -> None:
    """Kohavi, Tang and Xu (2020), chapter 21, scenario 1: a ratio of 0.993, p = 1.8e-6."""
    found = sample_ratio_check({"control": 821_588, "mail": 815_482}, weights=EVEN)
    assert found.p_value == pytest.approx(1.8e-6, rel=0.03)
    assert found.flagged
    assert found.method == "chi-square"


def test_chi_square_by_hand() -> None:
    """Counts 30, 50, 20 of a plan of 1 : 2 : 1: (25/25) + 0 + (25/25), two degrees of freedom."""
    found = sample_ratio_check([30, 50, 20], weights=[1, 2, 1])
    assert found.expected.tolist() == [25, 50, 25]
    assert found.statistic == 2
    assert found.p_value == pytest.approx(math.exp(-1))  # of chi-square with two degrees
    assert not found.flagged
    assert found.threshold == 0.001
    assert sample_ratio_check([30, 50, 20], weights=[1, 2, 1], threshold=0.5).flagged
    bar = found.p_value  # below it, and not at it
    assert not sample_ratio_check([30, 50, 20], weights=[1, 2, 1], threshold=bar).flagged


def test_binomial_by_hand() -> None:
    """Seven of seven at a half: 2 / 128; two or fewer of 100 at a twentieth is more than that."""
    found = sample_ratio_check([7, 0], weights=[1, 1])
    assert found.method == "exact"
    assert found.p_value == pytest.approx(2 / 128)
    assert sample_ratio_check([4, 4], weights=[1, 1]).p_value == 1
    assert sample_ratio_check([5, 5], weights=[1, 1]).method == "chi-square"


@given(st.lists(st.integers(0, 5), min_size=2, max_size=4), st.data())
def test_exact_against_every_outcome_written_out(counts: list[int], data: Any) -> None:
    whole = [data.draw(st.integers(1, 3)) for _ in counts]
    found = sample_ratio_check(counts, weights=whole)
    if found.method == "exact":
        shares = [Fraction(w, sum(whole)) for w in whole]
        assert found.p_value == pytest.approx(float(slow.exact_p(counts, shares)), abs=1e-9)


def test_too_many_outcomes_are_not_gone_through() -> None:
    found = sample_ratio_check([2000, 1, 1], weights=[1998, 2, 2])
    assert found.method == "chi-square"


def test_counts_add() -> None:
    a = sample_ratio_check({"control": 3, "mail": 5}, weights=EVEN)
    b = sample_ratio_check({"mail": 50, "control": 40}, weights={"mail": 0.5, "control": 0.5})
    assert a + b == sample_ratio_check({"control": 43, "mail": 55}, weights=EVEN)
    assert pickle.loads(pickle.dumps(a)) == a


def test_shown() -> None:
    nobody = sample_ratio_check([0, 0], weights=[1, 1])
    assert math.isnan(nobody.p_value)
    assert not nobody.flagged
    assert repr(nobody) == "SampleRatio(metric='sample_ratio_check', nobody, p_value=nan)"
    some = sample_ratio_check(np.array([6, 6]), weights=np.array([0.5, 0.5]))
    assert repr(some) == "SampleRatio(metric='sample_ratio_check', ok, p_value=1)"
    frame = some.to_frame()
    assert list(frame) == ["arm", "count", "expected", "share", "complete"]
    assert frame["expected"].tolist() == [6, 6]
    assert some.count.tolist() == [6, 6]
    assert "50.0 %" in some._repr_html_()


REFUSED: list[tuple[Any, Any, dict[str, Any], str]] = [
    (3, [1, 1], {}, "counts must be a mapping by arm, or a sequence: got int"),
    ("ab", [1, 1], {}, "counts must be a mapping by arm, or a sequence: got str"),
    ([3], [1], {}, "counts must have two arms or more: got 1"),
    ([3, 4], [1, 1, 1], {}, "weights must be of the arms of counts: 2 counts and 3 weights"),
    ({"a": 1, "b": 2}, {"a": 1, "c": 1}, {}, "weights must be of the arms of counts"),
    ([3, 4], {False: 1, True: 1}, {}, "weights must be of the arms of counts"),
    ([3, -1], [1, 1], {}, "counts must be at least 0"),
    ([3, 0.5], [1, 1], {}, "counts must be an int: got float"),
    ([3, 4], [1, 0], {}, "weights of an arm must be above 0: got 0"),
    ([3, 4], [1, math.inf], {}, "weights of an arm must be finite"),
    ([3, 4], [1, 1], {"threshold": 0}, "threshold must be between 0 and 1: got 0"),
    ({None: 1, "a": 2}, [1, 1], {}, "counts must name an arm by a str, an int or a bool"),
    ({1.5: 1, "a": 2}, [1, 1], {}, "counts must name an arm by a str, an int or a bool"),
]


@pytest.mark.parametrize(("counts", "weights", "more", "message"), REFUSED)
def test_refused(counts: Any, weights: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        sample_ratio_check(counts, weights=weights, **more)


def test_some_of_the_arms_say_nothing() -> None:
    found = sample_ratio_check({"a": 1, "b": 2, "c": 3}, weights={"a": 1, "b": 1, "c": 1})
    with pytest.raises(InvalidInputError, match="axes must be all the arms"):
        found.select(arm=["a", "b"])
    with pytest.raises(InvalidInputError, match="axes must be all the arms"):
        found.rollup("arm")
