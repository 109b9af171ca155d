"""Sample size, power and what can be found: against published numbers, and each other."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import minimal_detectable_effect, power, sample_size


@pytest.mark.parametrize(
    ("alpha", "d", "n"),
    [
        (0.01, 0.2, 586),
        (0.01, 0.5, 95),
        (0.01, 0.8, 38),
        (0.05, 0.2, 393),
        (0.05, 0.5, 64),
        (0.05, 0.8, 26),
        (0.10, 0.2, 310),
        (0.10, 0.5, 50),
        (0.10, 0.8, 20),
    ],
)
def test_cohens_table(alpha: float, d: float, n: int) -> None:
    """Cohen (1992), A power primer, table 2, power 0.80; his are rounded to the nearest."""
    size = sample_size(effect=d, sd=1, alpha=alpha)
    assert size.control == size.treated
    assert 0 <= size.control - n <= 1


def test_the_examples_of_r() -> None:
    """R, help pages of power.t.test and power.prop.test."""
    assert power(effect=1, sd=1, control=20, treated=20) == pytest.approx(0.8689528, abs=1e-6)
    assert sample_size(effect=1, sd=1, power=0.9).control == 23  # 22.02
    assert power(effect=0.25, baseline=0.5, control=50, treated=50) == pytest.approx(
        0.740, abs=5e-4
    )
    assert sample_size(effect=0.25, baseline=0.5, power=0.9).control == 77  # 76.7


def test_fleiss_by_hand_of_unequal_arms() -> None:
    """Fleiss, Levin and Paik (2003), section 4.2: the formula for a ratio r, without correction."""
    p, q, r = 0.25, 0.40, 0.5
    pooled = (p + r * q) / (1 + r)
    z_a, z_b = 1.959964, 0.841621
    top = z_a * math.sqrt((r + 1) * pooled * (1 - pooled)) + z_b * math.sqrt(
        r * p * (1 - p) + q * (1 - q)
    )
    n = top**2 / (r * (q - p) ** 2)
    size = sample_size(effect=0.15, baseline=0.25, allocation=0.5)
    assert size.control in (math.ceil(n), math.ceil(n) - 1)  # half a customer is rounded up
    assert size.treated == math.ceil(size.control / 2)
    assert size.total == size.control + size.treated


@pytest.mark.parametrize("away", [0.0, 0.5, 2.0, 5.9, 6.1, 20.0])
@pytest.mark.parametrize("n", [2, 5, 60])
def test_power_of_means_by_the_definition(n: int, away: float) -> None:
    """P(|Z + away| > t sqrt(chi2 / df)), integrated over chi2."""
    df = 2 * n - 2
    t = mpmath.mpf(
        float(
            mpmath.findroot(
                lambda x: (
                    mpmath.betainc(df / 2, 0.5, 0, df / (df + x * x), regularized=True) - 0.05
                ),
                (4 if n == 2 else 2.2),
            )
        )
    )

    def density(v: Any) -> Any:
        half = mpmath.mpf(df) / 2
        return mpmath.exp((half - 1) * mpmath.log(v) - v / 2 - mpmath.loggamma(half)) / 2**half

    def inside(v: Any) -> Any:
        bar = t * mpmath.sqrt(v / df)
        return density(v) * (mpmath.ncdf(bar - away) - mpmath.ncdf(-bar - away))

    missed = mpmath.quad(inside, [0, df / 2, df, 2 * df, 6 * df + 60])
    found = power(effect=away * math.sqrt(2 / n), sd=1, control=n, treated=n)
    assert found == pytest.approx(float(1 - missed), abs=2e-6)


def test_no_effect_is_found_as_often_as_alpha_says() -> None:
    for alpha in (0.01, 0.05, 0.2):
        for what in ({"sd": 3.0}, {"baseline": 0.3}):
            found = power(effect=0, control=40, treated=70, alpha=alpha, **what)
            assert found == pytest.approx(alpha)


sizes = st.integers(2, 5000)


@given(
    st.floats(0.02, 0.98),
    st.floats(0.01, 0.9),
    st.sampled_from([0.5, 0.8, 0.95]),
    st.sampled_from([0.01, 0.05]),
    st.sampled_from([0.2, 1.0, 9.0]),
    st.booleans(),
)
def test_the_size_is_the_smallest(
    baseline: float, move: float, aim: float, alpha: float, allocation: float, of_shares: bool
) -> None:
    effect = move * (1 - baseline)
    what: dict[str, Any] = {"baseline": baseline} if of_shares else {"sd": baseline}
    asked: dict[str, Any] = {"effect": effect, "alpha": alpha, **what}
    size = sample_size(power=aim, allocation=allocation, **asked)
    assert size.power >= aim
    assert size.treated == math.ceil(Fraction(repr(allocation)) * size.control)
    assert power(control=size.control, treated=size.treated, **asked) == size.power
    fewer = size.control - 1
    left = math.ceil(Fraction(repr(allocation)) * fewer)
    if fewer > 1 and left > 1:
        assert power(control=fewer, treated=left, **asked) < aim


@given(sizes, sizes, st.floats(0.05, 0.95), st.booleans(), st.booleans())
def test_the_least_effect_has_the_power(
    n: int, m: int, level: float, of_shares: bool, up: bool
) -> None:
    what: dict[str, Any] = {"baseline": level} if of_shares else {"sd": level}
    found = minimal_detectable_effect(
        control=n, treated=m, direction="increase" if up else "decrease", **what
    )
    if math.isnan(found):
        assert of_shares
        most = 1 - level if up else -level
        assert power(effect=most, control=n, treated=m, **what) < 0.8
    else:
        assert (found > 0) == up
        assert power(effect=found, control=n, treated=m, **what) == pytest.approx(0.8, abs=1e-6)


def test_what_so_few_cannot_find() -> None:
    few: dict[str, Any] = {"control": 10, "treated": 90}
    assert math.isnan(minimal_detectable_effect(baseline=0.1, direction="decrease", **few))
    assert power(effect=-0.1, baseline=0.1, **few) < 0.8  # not even if all of them stopped
    least = minimal_detectable_effect(sd=2, direction="decrease", control=2, treated=2)
    assert least < -4  # more than two standard deviations
    assert power(effect=least, sd=2, control=2, treated=2) == pytest.approx(0.8)


def test_extremes() -> None:
    plain = sample_size(effect=1000, sd=1, allocation=0.1)
    assert (plain.control, plain.treated) == (11, 2)  # of one customer nothing is known
    assert power(effect=1, sd=0.001, control=50, treated=50) == 1
    tiny = power(effect=40, sd=1, control=2, treated=2, alpha=1e-6)
    assert 0 < tiny < 1
    assert sample_size(effect=1e-4, sd=1).control == pytest.approx(
        2 * (1.959964 + 0.841621) ** 2 * 1e8, rel=1e-5
    )
    assert power(effect=0.9, baseline=0.1, control=30, treated=30) == 1


def test_an_allocation_is_the_decimal_that_is_written() -> None:
    """1.1 times 50 is 55, though in floats it is a little more."""
    size = sample_size(effect=0.554, sd=1, allocation=1.1)
    assert (size.control, size.treated) == (50, 55)


def test_so_many_customers_that_there_are_none() -> None:
    size = sample_size(effect=6e-6, sd=1)  # 8.7e11: more than half of the most
    assert 10**12 / 2 < size.total < 10**12
    for options in ({"effect": 5e-6}, {"effect": 100, "allocation": 1e13}):
        with pytest.raises(InvalidInputError, match="it takes more than 1,000,000,000,000"):
            sample_size(sd=1, **options)


CALL: dict[str, Any] = {"baseline": 0.1, "control": 10, "treated": 10}
REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (
        sample_size,
        {"effect": 1},
        "baseline or sd must be given, one of them: got neither",
    ),
    (sample_size, {"effect": 0.1, "baseline": 0.1, "sd": 1}, "one of them: got both"),
    (sample_size, {"effect": 0, "sd": 1}, "effect must not be 0: nothing finds that"),
    (sample_size, {"effect": 1, "sd": 0}, "sd must be above 0: got 0"),
    (
        sample_size,
        {"effect": 0.95, "baseline": 0.1},
        "effect must leave a share from 0 to 1: got 0.95",
    ),
    (sample_size, {"effect": 0.1, "baseline": 0}, "baseline must be between 0 and 1"),
    (sample_size, {"effect": 1, "sd": 1, "alpha": 1}, "alpha must be between 0 and 1"),
    (sample_size, {"effect": 1, "sd": 1, "power": 0.04}, "power must be above alpha"),
    (sample_size, {"effect": 1, "sd": 1, "allocation": 0}, "allocation must be above 0"),
    (sample_size, {"effect": 1e-9, "sd": 1}, "effect must be larger: it takes more than"),
    (power, {**CALL, "effect": 0.1, "control": 1}, "control must be at least 2"),
    (power, {**CALL, "effect": 0.1, "treated": 1.5}, "treated must be an int"),
    (power, {**CALL, "effect": -0.2}, "effect must leave a share from 0 to 1"),
    (minimal_detectable_effect, {**CALL, "direction": "up"}, "direction must be one of"),
    (minimal_detectable_effect, {**CALL, "sd": 2}, "got both"),
]


@pytest.mark.parametrize(("function", "options", "message"), REFUSED)
def test_refused(function: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        function(**options)
