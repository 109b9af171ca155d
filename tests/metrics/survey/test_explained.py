"""The parts of R squared: against published ones, and against every order in fractions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.metrics.survey.driving import drivers
from customerops.metrics.survey.explained import explained, shares_of_r_squared
from tests.reference import drivers as slow

# fertility and what may go with it in 47 provinces of Switzerland, 1888 (Mosteller and Tukey, Data
# Analysis and Regression, 1977, 549-551), in tenths of a percent; catholic in hundredths
SWISS = {
    "fertility": [802, 831, 925, 858, 769, 761, 838, 924, 824, 829, 871, 641, 669, 689, 617, 683],
    "agriculture": [
        170,
        451,
        397,
        365,
        435,
        353,
        702,
        678,
        533,
        452,
        645,
        620,
        675,
        607,
        693,
        726,
    ],
    "examination": [15, 6, 5, 12, 17, 9, 16, 14, 12, 16, 14, 21, 14, 19, 22, 18],
    "education": [12, 9, 5, 7, 15, 7, 7, 8, 7, 13, 6, 12, 7, 12, 5, 2],
    "catholic": [996, 8484, 9340, 3377, 516, 9057, 9285, 9716, 9767, 9138, 9861, 852, 227, 443],
    "infant_mortality": [222, 222, 202, 203, 206, 266, 236, 249, 210, 244, 245, 165, 191, 227],
}
SWISS["fertility"] += [717, 557, 543, 651, 655, 650, 566, 574, 725, 742, 720, 605, 583, 654, 755]
SWISS["fertility"] += [693, 773, 705, 794, 650, 922, 793, 704, 657, 727, 644, 776, 676, 350, 447]
SWISS["fertility"] += [428]
SWISS["agriculture"] += [340, 194, 152, 730, 598, 551, 509, 541, 712, 581, 635, 608, 268, 495]
SWISS["agriculture"] += [859, 849, 897, 782, 649, 759, 846, 631, 384, 77, 167, 176, 376, 187, 12]
SWISS["agriculture"] += [466, 277]
SWISS["examination"] += [17, 26, 31, 19, 22, 14, 22, 20, 12, 14, 6, 16, 25, 15, 3, 7, 5, 12, 7, 9]
SWISS["examination"] += [3, 13, 26, 29, 22, 35, 15, 25, 37, 16, 22]
SWISS["education"] += [8, 28, 20, 9, 10, 3, 12, 6, 1, 8, 3, 10, 19, 8, 2, 6, 2, 6, 3, 9, 3, 13, 12]
SWISS["education"] += [11, 13, 32, 7, 7, 53, 29, 29]
SWISS["catholic"] += [282, 2420, 330, 1211, 215, 284, 523, 452, 1514, 420, 240, 523, 256, 772]
SWISS["catholic"] += [1846, 610, 9971, 9968, 10000, 9896, 9822, 9906, 9946, 9683, 562, 1379, 1122]
SWISS["catholic"] += [1692, 497, 865, 4234, 5043, 5833]
SWISS["infant_mortality"] += [187, 212, 200, 202, 108, 200, 180, 224, 167, 153, 210, 238, 180, 163]
SWISS["infant_mortality"] += [209, 225, 151, 198, 183, 194, 202, 178, 163, 181, 203, 205, 189, 230]
SWISS["infant_mortality"] += [200, 195, 180, 182, 193]

# U. Grömping, "Relative importance for linear regression in R: the package relaimpo", Journal of
# Statistical Software 17 (2006) issue 1: calc.relimp(swiss), metric lmg; 70.67 % in all
LMG = {
    "agriculture": 0.05709122,
    "catholic": 0.10557015,
    "education": 0.26013468,
    "examination": 0.17117303,
    "infant_mortality": 0.11276592,
}


def test_published_parts() -> None:
    assert {len(column) for column in SWISS.values()} == {47}
    beside = {name: column for name, column in SWISS.items() if name != "fertility"}
    found = drivers(SWISS["fertility"], ratings=beside, definition="shapley")
    assert dict(zip(found.names, found.importance, strict=True)) == pytest.approx(LMG, abs=5e-9)
    assert found.r_squared == pytest.approx(0.7067, abs=5e-5)


def test_subsets_are_told_apart_by_their_bits() -> None:
    value = explained(np.eye(3), np.array([0.1, 0.2, 0.4]))
    assert value == pytest.approx([0, 0.01, 0.04, 0.05, 0.16, 0.17, 0.2, 0.21])


def test_one_driver_has_all_of_it_and_none_nothing() -> None:
    assert shares_of_r_squared(np.eye(1), np.array([-0.5])) == pytest.approx([0.25])
    assert explained(np.eye(0), np.zeros(0)).tolist() == [0]
    assert shares_of_r_squared(np.eye(0), np.zeros(0)).tolist() == []


def test_two_drivers_by_hand() -> None:
    """R squared of both is (r1^2 + r2^2 - 2 r1 r2 r) / (1 - r^2); each part is its mean gain."""
    r1, r2, r = 0.6, 0.5, 0.4
    both = (r1**2 + r2**2 - 2 * r1 * r2 * r) / (1 - r**2)
    expected = [(r1**2 + both - r2**2) / 2, (r2**2 + both - r1**2) / 2]
    found = shares_of_r_squared(np.array([[1, r], [r, 1]]), np.array([r1, r2]))
    assert found == pytest.approx(expected)


TABLES = st.integers(1, 4).flatmap(
    lambda p: st.lists(st.lists(st.integers(0, 4), min_size=p + 1, max_size=p + 1), min_size=p + 2)
)


@given(TABLES)
def test_every_order_in_fractions(rows: list[list[int]]) -> None:
    y, *columns = (list(column) for column in zip(*rows, strict=True))
    named = {f"d{k}": column for k, column in enumerate(columns)}
    found = drivers(y, ratings=named, definition="shapley").importance
    expected = slow.parts_of_r_squared(columns, y)
    if expected is None:
        assert np.isnan(found).all()
        return
    assert found == pytest.approx([float(one) for one in expected], abs=1e-9)
    assert found.sum() == pytest.approx(float(slow.r_squared(columns, y)), abs=1e-9)


def test_fifteen_drivers_sum_to_r_squared() -> None:
    rng = np.random.default_rng(3)
    said = rng.integers(0, 6, (15, 200))
    y = said[0] + said[1] + rng.integers(0, 6, 200)
    found = drivers(
        y, ratings={f"d{k:02}": column for k, column in enumerate(said)}, definition="shapley"
    )
    deviations = (said - said.mean(axis=1, keepdims=True)).T
    fitted = deviations @ np.linalg.lstsq(deviations, y - y.mean(), rcond=None)[0]
    assert found.r_squared == pytest.approx(fitted.var() / y.var())
    assert (found.importance > -1e-12).all()
    assert set(np.argsort(found.importance)[-2:].tolist()) == {0, 1}
