"""The arrays under MBG/NBD, against the formulas of the papers in 40 digits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from customerops.metrics.clv import bgnbd_kernel
from customerops.metrics.clv.bgnbd_kernel import Likelihood, log_odds_dead, pmf
from customerops.metrics.clv.newton import Vector
from tests.reference.mbgnbd import mbgnbd_alive, mbgnbd_log_likelihood, mbgnbd_pmf

Four = tuple[float, float, float, float]
History = tuple[int, float, float]

PARAMETERS: list[Four] = [
    (0.525, 6.183, 0.891, 1.614),  # CDNOW
    (1.0, 1.0, 1.0, 1.0),
    (0.5, 20.0, 0.5, 0.4),
    (0.05, 3.0, 0.05, 0.06),
    (5.3, 12.0, 6.0, 300.0),
    (60.0, 80.0, 1e-6, 1e-6),
    (0.1, 0.01, 200.0, 50.0),
    (9e6, 4e7, 8e6, 2e7),
]
HISTORIES: list[History] = [
    (0, 0.0, 0.0), (0, 0.0, 38.0), (0, 0.0, 1e6), (1, 1 / 7, 1 / 7), (1, 1e-3, 1e6),
    (2, 30.43, 38.86), (7, 38.0, 38.0), (40, 3.0, 40.0), (2000, 39.0, 40.0), (2000, 1.0, 1e6),
]  # fmt: skip


def likelihood(histories: list[History]) -> Likelihood:
    x, t_x, T = zip(*histories, strict=True)
    weights = np.arange(1, len(x) + 1)
    return Likelihood.of(np.array(x), np.array(t_x), np.array(T), weights, start=1)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_log_likelihood(parameters: Four, history: History) -> None:
    ours, _, _ = likelihood([history])(np.log(parameters))
    assert ours == pytest.approx(mbgnbd_log_likelihood(parameters, history), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_log_likelihood_of_many(parameters: Four) -> None:
    ours, _, _ = likelihood(HISTORIES)(np.log(parameters))
    theirs = sum(i * mbgnbd_log_likelihood(parameters, h) for i, h in enumerate(HISTORIES, 1))
    assert ours == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_log_likelihood_is_finite_for_any_history(parameters: Four) -> None:
    extreme: list[History] = [(100_000, 1e6, 1e6), (100_000, 1e-3, 1e6), (1, 1e-6, 1e6), (0, 0.0, 1e6)]  # fmt: skip
    value, gradient, hessian = likelihood(extreme)(np.log(parameters))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()


@pytest.mark.parametrize("parameters", PARAMETERS[:6])
def test_gradient_is_that_of_the_formula(parameters: Four) -> None:
    """Central differences of the formula in 40 digits, with a step whose square does not matter."""
    import mpmath as mp

    from tests.reference import mbgnbd

    some = [h for h in HISTORIES if h[2] < 100 and h[0] < 100]
    theta = [mp.log(mp.mpf(p)) for p in parameters]
    step = mp.mpf(10) ** -12

    def total(i: int, side: int) -> mp.mpf:
        moved = [t + side * step * (i == k) for k, t in enumerate(theta)]
        params = tuple(mp.exp(t) for t in moved)
        parts = [mbgnbd._parts(params, h) for h in some]
        return mp.fsum(w * mp.log(sum(part)) for w, part in enumerate(parts, 1))

    with mp.workdps(40):
        slopes = [float((total(i, 1) - total(i, -1)) / (2 * step)) for i in range(4)]
    _, gradient, _ = likelihood(some)(np.log(parameters))
    np.testing.assert_allclose(gradient, slopes, rtol=1e-9, atol=1e-9 * np.abs(slopes).max())


@pytest.mark.parametrize("parameters", PARAMETERS[:6])
def test_hessian_is_that_of_the_gradient(parameters: Four) -> None:
    function = likelihood([h for h in HISTORIES if h[2] < 100])
    theta = np.log(parameters)

    def slope(away: Vector) -> Vector:
        return function(theta + away)[1]

    _, _, hessian = function(theta)
    bend = [(slope(1e-5 * unit) - slope(-1e-5 * unit)) / 2e-5 for unit in np.eye(4)]
    scale = 1 + np.abs(hessian).max()
    np.testing.assert_allclose(hessian, bend, atol=1e-6 * scale)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12)


def test_rows_are_taken_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = likelihood(HISTORIES)(np.log(PARAMETERS[0]))
    monkeypatch.setattr(bgnbd_kernel, "CHUNK", 2)
    parts = likelihood(HISTORIES)(np.log(PARAMETERS[0]))
    assert parts[0] == pytest.approx(whole[0], rel=1e-12)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-12)
    np.testing.assert_allclose(parts[2], whole[2], rtol=1e-12)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_alive(parameters: Four, history: History) -> None:
    x, t_x, T = (np.array([v]) for v in history)
    odds = log_odds_dead(parameters, x, t_x, T, start=1)[0]
    alive = float(np.exp(-np.logaddexp(0.0, odds)))
    assert alive == pytest.approx(mbgnbd_alive(parameters, history), rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("parameters", PARAMETERS[:5])
@pytest.mark.parametrize("t", [0.0, 1.0, 39.0])
def test_pmf(parameters: Four, t: float) -> None:
    n = np.array([0, 1, 2, 3, 10, 40])
    ours = pmf(parameters, n, t, start=1)
    theirs = [mbgnbd_pmf(parameters, int(x), t) for x in n]
    assert ours.tolist() == pytest.approx(theirs, rel=1e-9, abs=1e-25)


@pytest.mark.parametrize("parameters", PARAMETERS[:4])
def test_pmf_sums_to_one(parameters: Four) -> None:
    for start, t in itertools.product((0, 1), (0.5, 20.0)):
        assert pmf(parameters, np.arange(3000), t, start=start).sum() == pytest.approx(1.0)
