"""The arrays under BG/BB, against the sums of the paper in 40 digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from customerops.metrics.clv import bgbb_kernel as kernel
from customerops.metrics.clv.bgbb_kernel import Likelihood
from tests.reference import bgbb as reference
from tests.reference.bgbb import (
    bgbb_alive,
    bgbb_expected,
    bgbb_log_likelihood,
    bgbb_new_customer,
    bgbb_pmf,
    bgbb_residual,
)

Four = tuple[float, float, float, float]
History = tuple[int, int, int]

PARAMETERS: list[Four] = [
    (1.204, 0.75, 0.657, 2.783),  # donations
    (1.0, 1.0, 1.0, 1.0),
    (0.05, 0.06, 0.05, 0.06),
    (5.3, 12.0, 6.0, 300.0),
    (60.0, 80.0, 1e-6, 1e-6),
    (1e-6, 1e-6, 200.0, 50.0),
    (0.2, 300.0, 0.3, 1e-3),
    (9e6, 4e6, 8e6, 2e7),
]
HISTORIES: list[History] = [
    (0, 0, 0), (0, 0, 1), (1, 1, 1), (0, 0, 52), (3, 7, 52), (52, 52, 52), (1, 1, 300),
    (1, 300, 300), (20, 30, 400), (2000, 2000, 2000), (2000, 2500, 2900),
]  # fmt: skip


def arrays(histories: list[History]) -> tuple[kernel.Ints, kernel.Ints, kernel.Ints]:
    x, t_x, n = np.array(histories).T
    return x, t_x, n


def likelihood(histories: list[History]) -> Likelihood:
    return Likelihood.of(*arrays(histories), np.arange(1, len(histories) + 1))


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_histories(parameters: Four) -> None:
    log, alive = kernel.histories_of(parameters, *arrays(HISTORIES))
    for i, history in enumerate(HISTORIES):
        exact = bgbb_log_likelihood(parameters, history)
        assert log[i] == pytest.approx(exact, rel=1e-9, abs=1e-12), history
        here = bgbb_alive(parameters, history)
        assert np.exp(alive[i]) == pytest.approx(here, rel=1e-8, abs=1e-300), history
    total, _, _ = likelihood(HISTORIES)(np.log(parameters))
    assert total == pytest.approx(float(np.arange(1, len(log) + 1) @ log), rel=1e-10)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_finite_for_any_history(parameters: Four) -> None:
    extreme: list[History] = [(100_000, 100_000, 100_000), (50_000, 99_000, 100_000), (1, 1, 100_000), (0, 0, 100_000), (50_000, 50_000, 100_000)]  # fmt: skip
    value, gradient, hessian = likelihood(extreme)(np.log(parameters))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    log, alive = kernel.histories_of(parameters, *arrays(extreme))
    assert np.isfinite(log).all()
    assert np.isfinite(alive).all()
    assert (alive <= 0).all()


@pytest.mark.parametrize("parameters", PARAMETERS[:7])
def test_gradient_is_that_of_the_formula(parameters: Four) -> None:
    some = [h for h in HISTORIES if h[2] < 60]
    theta = [mp.log(mp.mpf(p)) for p in parameters]
    step = mp.mpf(10) ** -12

    def total(i: int, side: int) -> mp.mpf:
        moved = tuple(mp.exp(t + side * step * (i == k)) for k, t in enumerate(theta))
        parts = [reference._parts(moved, h) for h in some]
        return mp.fsum(w * mp.log(sum(part)) for w, part in enumerate(parts, 1))

    with mp.workdps(40):
        slopes = [float((total(i, 1) - total(i, -1)) / (2 * step)) for i in range(4)]
    _, gradient, _ = likelihood(some)(np.log(parameters))
    np.testing.assert_allclose(gradient, slopes, rtol=1e-9, atol=1e-9 * np.abs(slopes).max())


@pytest.mark.parametrize("parameters", PARAMETERS[:5])
def test_hessian_is_that_of_the_gradient(parameters: Four) -> None:
    function = likelihood([h for h in HISTORIES if h[2] < 500])
    theta = np.log(parameters)
    _, _, hessian = function(theta)
    bend = [
        (function(theta + 1e-5 * unit)[1] - function(theta - 1e-5 * unit)[1]) / 2e-5
        for unit in np.eye(4)
    ]
    np.testing.assert_allclose(hessian, bend, atol=1e-7 * (1 + np.abs(hessian).max()))
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12)


def test_lives_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [h for h in HISTORIES if h[2] < 500]
    whole = likelihood(some)(np.log(PARAMETERS[0]))
    monkeypatch.setattr(kernel, "CHUNK", 60)
    parts = likelihood(some)(np.log(PARAMETERS[0]))
    assert parts[0] == pytest.approx(whole[0], rel=1e-13)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-11)
    np.testing.assert_allclose(parts[2], whole[2], rtol=1e-11)


@pytest.mark.parametrize("parameters", PARAMETERS[:7])
@pytest.mark.parametrize("history", [(0, 0, 0), (3, 7, 52), (20, 30, 400), (2000, 2000, 2000)])
def test_what_the_living_do(parameters: Four, history: History) -> None:
    x, _, n = (np.array([v]) for v in history)
    living = bgbb_alive(parameters, (history[0], history[2], history[2]))
    lived = (history[0], history[2], history[2])  # nobody is dead who bought at the last one
    within = np.array([0, 1, 7, 150])
    bought = kernel.bought(parameters, x, n, within)[:, 0]
    assert bought[0] == 0.0
    for i, more in enumerate(within.tolist()):
        expected = bgbb_expected(parameters, lived, more) / living
        assert bought[i] == pytest.approx(expected, rel=1e-10)
        survive = bgbb_alive(parameters, lived, more) / living
        share = np.exp(kernel.log_surviving(parameters, n, more)[0])
        assert share == pytest.approx(survive, rel=1e-10)


@pytest.mark.parametrize("parameters", PARAMETERS[:4])
@pytest.mark.parametrize("discount", [1e-6, 0.002, 0.1, 3.0])
def test_discounted(parameters: Four, discount: float) -> None:
    for history in [(0, 0, 0), (3, 52, 52), (400, 400, 400)]:
        x, _, n = (np.array([v]) for v in history)
        ours = kernel.discounted(parameters, x, n, discount)[0]
        expected = bgbb_residual(parameters, history, discount) / bgbb_alive(parameters, history)
        assert ours == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("gamma", [1 - 1e-7, 1 - 1e-9, 1.0, 1 + 1e-12, 1 + 1e-6])
def test_nothing_happens_near_a_gamma_of_one(gamma: float) -> None:
    parameters = (1.2, 0.75, gamma, 2.8)
    ours = kernel.bought(parameters, np.array([2]), np.array([6]), np.array([40]))[0, 0]
    expected = bgbb_expected(parameters, (2, 6, 6), 40) / bgbb_alive(parameters, (2, 6, 6))
    assert ours == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("n", [0, 1, 6, 40])
def test_pmf(parameters: Four, n: int) -> None:
    x = np.arange(n + 3)
    ours = kernel.pmf(parameters, x, n)
    theirs = [bgbb_pmf(parameters, k, n) for k in range(n + 1)]
    assert ours[: n + 1].tolist() == pytest.approx(theirs, rel=1e-9, abs=1e-300)
    assert ours[n + 1 :].tolist() == [0.0, 0.0]
    assert ours.sum() == pytest.approx(1.0, abs=1e-9)
    mean = kernel.bought(parameters, np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([n]))
    assert mean[0, 0] == pytest.approx(bgbb_new_customer(parameters, n), rel=1e-10)


def test_pmf_keeps_its_shape() -> None:
    assert kernel.pmf(PARAMETERS[0], np.array([[0, 1], [1, 7]]), 6).shape == (2, 2)


def test_nobody() -> None:
    nobody = np.zeros(0, np.int64)
    log, alive = kernel.histories_of(PARAMETERS[0], nobody, nobody, nobody)
    assert len(log) == len(alive) == 0
    value, gradient, _ = Likelihood.of(nobody, nobody, nobody, nobody)(np.zeros(4))
    assert value == 0.0
    assert (gradient == 0).all()
