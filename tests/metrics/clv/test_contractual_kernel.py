"""Models of contracts in arrays, against the formulas in 40 digits and more."""

from __future__ import annotations

import math
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from customerops.metrics.clv.annuities import annuity
from customerops.metrics.clv.contract_kernel import (
    BdWLikelihood,
    SBGLikelihood,
    log_survival,
    log_survival_slopes,
    renewed,
    steps,
)
from tests.reference import contractual as slow

KEPT = np.array([12, 30, 0, 25, 4, 0, 0, 241])
LOST = np.array([0, 369, 163, 86, 0, 37, 27, 21])

SHAPES = [
    (0.668, 3.806, 1.0),
    (0.704, 1.182, 1.0),
    (0.259, 1.723, 1.584),
    (0.01, 5.0, 4.0),
    (30.0, 70.0, 0.3),
    (1e-3, 1e-2, 0.8),
    (5e4, 2e5, 1.2),
]


@pytest.mark.parametrize("alpha", [1e-4, 0.3, 1.0, 50.0, 1e6])
@pytest.mark.parametrize("x", [1e-3, 0.5, 19.9, 20.1, 1e6])
def test_renewed(alpha: float, x: float) -> None:
    for step in (1e-2, 1.0, 1e3, 1e10, 1e60):
        with mp.workdps(120):
            a, b, c = map(mp.mpf, (alpha, x, step))
            exact = (
                mp.loggamma(b + c) - mp.loggamma(b) + mp.loggamma(a + b) - mp.loggamma(a + b + c)
            )
        ours = float(renewed(alpha, np.array(x), np.array(step)))
        assert ours == pytest.approx(float(exact), rel=1e-13, abs=1e-14)


def test_steps() -> None:
    with mp.workdps(40):
        for c in (0.01, 0.5, 1.0, 7.0):
            exact = [float(mp.mpf(t) ** c - mp.mpf(t - 1) ** c) for t in (1, 2, 1000, 10**9)]
            ours = steps(np.array([1.0, 2.0, 1e3, 1e9]), c)
            np.testing.assert_allclose(ours, exact, rtol=1e-14)


def test_far_out_survival_is_a_power() -> None:
    alpha, beta = 0.3, 2.0
    front = math.lgamma(alpha + beta) - math.lgamma(beta)
    for log_u in (300.0, 599.0, 601.0, 40_000.0):
        ours = float(log_survival(alpha, beta, np.array([log_u]))[0])
        assert ours == pytest.approx(front - alpha * log_u, rel=1e-12)
    assert log_survival(alpha, beta, np.array([-np.inf])).tolist() == [0.0]


@pytest.mark.parametrize("shape", SHAPES)
def test_likelihood(shape: tuple[float, float, float]) -> None:
    kept, lost = KEPT.tolist(), LOST.tolist()
    exact = slow.bdw_log_likelihood(shape, kept, lost)
    value, gradient, hessian = BdWLikelihood.of(KEPT, LOST)(np.log(shape))
    assert value == pytest.approx(exact, rel=1e-12)
    slope, bend = slow.derivatives(shape, kept, lost, 3)
    scale = np.abs(slope).max()
    np.testing.assert_allclose(gradient, slope, rtol=1e-8, atol=1e-10 * scale)
    np.testing.assert_allclose(hessian, bend, rtol=1e-7, atol=1e-9 * np.abs(bend).max())
    if shape[2] == 1.0:
        simple, slope_2, bend_2 = SBGLikelihood.of(KEPT, LOST)(np.log(shape[:2]))
        assert simple == pytest.approx(exact, rel=1e-13)
        np.testing.assert_allclose(slope_2, slope[:2], rtol=1e-10, atol=1e-12 * scale)
        np.testing.assert_allclose(bend_2, [row[:2] for row in bend[:2]], rtol=1e-9)


def test_nobody_lost_for_a_while() -> None:
    kept, lost = np.array([0, 0, 0, 50]), np.array([0, 0, 10, 0])
    for shape in SHAPES:
        exact = slow.bdw_log_likelihood(shape, kept.tolist(), lost.tolist())
        assert BdWLikelihood.of(kept, lost)(np.log(shape))[0] == pytest.approx(exact, rel=1e-11)


def test_finite_within_bounds() -> None:
    rng = np.random.default_rng(4)
    for likelihood in (SBGLikelihood.of(KEPT, LOST), BdWLikelihood.of(KEPT, LOST)):
        bounds = likelihood.bounds()
        corners = [bounds * rng.choice([-1, 1], len(bounds)) for _ in range(12)]
        for theta in (*corners, *(rng.uniform(-bounds, bounds) for _ in range(300))):
            value, gradient, hessian = likelihood(theta)
            assert math.isfinite(value)
            assert np.isfinite(gradient).all()
            assert np.isfinite(hessian).all()
    long = np.append(np.zeros(36_525, np.int64), 5)  # a century of days
    gone = np.append(0, np.ones(36_525, np.int64))
    value, gradient, _ = BdWLikelihood.of(long, gone)(BdWLikelihood.of(long, gone).bounds())
    assert math.isfinite(value)
    assert np.isfinite(gradient).all()


def test_slopes_of_survival() -> None:
    for shape in SHAPES[:5]:
        t = np.array([0.0, 1.0, 2.0, 9.0])
        value, gradient, _ = log_survival_slopes(*shape, t)
        for i, k in enumerate((0, 1, 2, 9)):
            assert math.exp(value[i]) == pytest.approx(slow.bdw_survival(shape, k), rel=1e-12)
            with mp.workdps(40):
                for j in range(3):
                    exact = mp.diff(_log_at(shape, j, k), mp.log(mp.mpf(shape[j])))
                    assert gradient[j, i] == pytest.approx(float(exact), rel=1e-9, abs=1e-13)


def test_slopes_where_no_power_can_hold_the_time() -> None:
    alpha, beta, c = 0.01, 2.0, 80.0
    value, gradient, _ = log_survival_slopes(alpha, beta, c, np.array([1e6]))
    log_u = c * math.log(1e6)
    front = math.lgamma(alpha + beta) - math.lgamma(beta)
    assert value[0] == pytest.approx(front - alpha * log_u)
    by_alpha = float(mp.digamma(alpha + beta)) - log_u
    by_beta = float(mp.digamma(alpha + beta) - mp.digamma(beta))
    exact = [alpha * by_alpha, beta * by_beta, -alpha * log_u]
    np.testing.assert_allclose(gradient[:, 0], exact, rtol=1e-10)


def _log_at(shape: tuple[float, float, float], j: int, t: int) -> Any:
    def at(x: Any) -> Any:
        some = [mp.exp(x) if i == j else mp.mpf(v) for i, v in enumerate(shape)]
        return mp.log(slow._survival(some, t))

    return at


# annuities ---------------------------------------------------------------------------------------


def geometric(share: float) -> Any:
    return lambda log_t: np.exp(log_t) * math.log(share)


@pytest.mark.parametrize("share", [0.01, 0.9, 0.95, 0.999, 0.999_999])
@pytest.mark.parametrize("rate", [1e-9, 1e-5, 0.02, 0.044, 0.3, 50.0])
def test_a_constant_share(share: float, rate: float) -> None:
    ours = annuity(geometric(share), rate, power=5.0, bend=1.0, settled=50.0)
    assert ours == pytest.approx(1.0 / -math.expm1(math.log(share) - rate), rel=1e-12)


def test_a_power_without_end() -> None:
    """Hurwitz's zeta function: the sum of (1 + t)^-p."""
    for power in (1.001, 1.3, 2.0, 4.0):
        ours = annuity(
            lambda log_t, p=power: -p * np.logaddexp(0.0, log_t),  # type: ignore[misc]
            0.0,
            power=power,
            bend=1.0,
            settled=50.0,
        )
        assert ours == pytest.approx(float(mp.zeta(power)), rel=1e-12)
