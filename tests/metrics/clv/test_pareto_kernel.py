"""The arrays under Pareto/NBD and NBD, against the formulas of the papers in many digits."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest

from customerops.metrics.clv import deaths as _deaths
from customerops.metrics.clv import nbd as _nbd
from customerops.metrics.clv import pareto_kernel as _pareto
from customerops.metrics.clv.deaths import Four, deaths
from customerops.metrics.clv.newton import Objective, Vector
from customerops.metrics.clv.pareto_pmf import chances
from customerops.metrics.clv.purchases import Purchases, log_chance
from tests.reference.pareto import (
    pareto_alive,
    pareto_deaths,
    pareto_log_likelihood,
    pareto_pmf,
    pareto_rates,
)

History = tuple[int, float, float]

CDNOW: Four = (0.553, 10.578, 0.606, 11.669)
PARAMETERS: list[Four] = [
    CDNOW,
    (1.0, 1.0, 1.0, 1.0),  # alpha = beta
    (0.5, 20.0, 0.8, 2.0),
    (0.05, 0.3, 4.0, 60.0),
    (5.3, 12.0, 0.05, 0.01),
    (0.066, 290.0, 1.14, 0.024),  # the two scales far apart
    (10.3, 11.3, 0.53, 0.0089),
    (40.0, 0.01, 30.0, 400.0),
]
HISTORIES: list[History] = [
    (0, 0.0, 0.0), (0, 0.0, 38.0), (0, 0.0, 1e4), (1, 1 / 7, 1 / 7), (1, 1e-3, 1e4),
    (2, 30.43, 38.86), (7, 38.0, 38.0), (8, 12.9, 38.9), (40, 3.0, 40.0), (365, 3.2, 240.0),
    (2000, 39.0, 40.0), (2000, 1.0, 1e4),
]  # fmt: skip


def columns(histories: list[History]) -> tuple[Vector, Vector, Vector]:
    x, t_x, T = zip(*histories, strict=True)
    return np.array(x, float), np.array(t_x, float), np.array(T, float)


def likelihood(histories: list[History]) -> _pareto.Likelihood:
    x, t_x, T = columns(histories)
    return _pareto.Likelihood.of(x.astype(int), t_x, T, np.ones(len(x), np.int64))


def dead(parameters: Four, histories: list[History]) -> Vector:
    total = np.full(len(histories), np.nan)
    for nodes in deaths(parameters, *columns(histories)):
        total[nodes.rows] = nodes.weight[:-1].sum(0)
    return total


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_deaths(parameters: Four) -> None:
    ours = dead(parameters, HISTORIES)
    theirs = [pareto_deaths(parameters, history) for history in HISTORIES]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_deaths_anywhere() -> None:
    rng = np.random.default_rng(17)
    for _ in range(60):
        parameters = tuple(np.exp(rng.uniform([-4, -5, -4, -5], [4, 6, 4, 6])).tolist())
        T, x = float(np.exp(rng.uniform(-2, 10))), int(np.exp(rng.uniform(0, 7.6))) - 1
        history = (x, T * float(rng.beta(0.6, 0.6)) if x else 0.0, T)
        ours = dead(parameters, [history])[0]
        assert ours == pytest.approx(pareto_deaths(parameters, history), rel=1e-12), history


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_log_likelihood(parameters: Four, history: History) -> None:
    ours, _, _ = likelihood([history])(np.log(parameters))
    x, alpha = history[0], parameters[1]
    theirs = pareto_log_likelihood(parameters, history)
    # with alpha^x divided out and put back, digits are lost in proportion to x log alpha
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12 + 1e-15 * x * abs(np.log(alpha)))


@pytest.mark.parametrize("parameters", [*PARAMETERS[:3], PARAMETERS[5]])
@pytest.mark.parametrize("history", HISTORIES)
def test_alive_and_rates(parameters: Four, history: History) -> None:
    row = columns([history])
    alive = _pareto.log_alive(parameters, *row)[0]
    expected = pareto_alive(parameters, history)
    if expected > 1e-300:
        assert alive == pytest.approx(np.log(expected), rel=1e-12, abs=1e-15)
    purchases, death = (rate[0] for rate in _pareto.mean_rates(parameters, *row))
    assert (purchases, death) == pytest.approx(pareto_rates(parameters, history), rel=1e-12)


def differences(function: Objective, theta: Vector, step: float) -> tuple[Vector, Vector]:
    """Central differences of the value and of the gradient."""
    sides = [
        [function(theta + side * step * unit) for side in (1, -1)] for unit in np.eye(len(theta))
    ]
    slope = [(up[0] - down[0]) / (2 * step) for up, down in sides]
    bend = [(up[1] - down[1]) / (2 * step) for up, down in sides]
    return np.array(slope), np.array(bend)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_derivatives(parameters: Four, history: History) -> None:
    function = likelihood([history])
    theta = np.log(parameters)
    value, gradient, hessian = function(theta)
    slope, bend = differences(function, theta, 1e-5)
    np.testing.assert_allclose(gradient, slope, atol=1e-7 * (1 + abs(value)), rtol=1e-6)
    scale = 1 + np.abs(hessian).max()
    np.testing.assert_allclose(hessian, bend, atol=1e-7 * scale)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-9, atol=1e-12 * scale)


def test_histories_add_and_have_weights() -> None:
    x, t_x, T = columns(HISTORIES)
    theta, weights = np.log(CDNOW), np.arange(1, len(x) + 1)
    together = _pareto.Likelihood.of(x.astype(int), t_x, T, weights)(theta)
    parts = [likelihood([history])(theta) for history in HISTORIES]
    for i in range(3):
        each = [np.asarray(part[i]) for part in parts]
        some = np.tensordot(weights, each, axes=1)
        np.testing.assert_allclose(np.asarray(together[i]), some, rtol=1e-11)


def test_rows_are_taken_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = likelihood(HISTORIES)(np.log(CDNOW))
    alive = _pareto.log_alive(CDNOW, *columns(HISTORIES))
    monkeypatch.setattr(_deaths, "ROWS", 5)
    monkeypatch.setattr(_deaths, "LAID", 2)
    parts = likelihood(HISTORIES)(np.log(CDNOW))
    for i in range(3):
        np.testing.assert_allclose(np.asarray(parts[i]), np.asarray(whole[i]), rtol=1e-11)
    np.testing.assert_array_equal(alive, _pareto.log_alive(CDNOW, *columns(HISTORIES)))


EXTREME: list[History] = [
    (x, T * part if x else 0.0, T)
    for x in (0, 1, 50, 100_000)
    for T in (0.0, 1e-6, 1.0, 1e6)
    for part in ((1e-9, 0.3, 0.999999, 1.0) if x else (0.0,))
]


@pytest.mark.parametrize("scales", [(1e-14, 1e14), (1e14, 1e-14), (1.0, 1.0), (1e3, 1e-3)])
def test_any_history_is_finite(scales: tuple[float, float]) -> None:
    alpha, beta = scales
    rows, function = columns(EXTREME), likelihood(EXTREME)
    for r, s in itertools.product((1e-7, 0.05, 1.0, 8e6), repeat=2):
        parameters = (r, alpha, s, beta)
        alive = _pareto.log_alive(parameters, *rows)
        assert np.isfinite(alive).all()
        assert (alive <= 0).all()
        for part in (*_pareto.mean_rates(parameters, *rows), *function(np.log(parameters))):
            assert np.isfinite(part).all()
        for nodes in deaths(parameters, *rows):
            assert (nodes.weight.sum(0) <= 1 + 1e-9).all()


# numbers of purchases --------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", PARAMETERS[:6])
@pytest.mark.parametrize("t", [0.01, 39.0, 5e3])
def test_chances(parameters: Four, t: float) -> None:
    x = np.array([0, 1, 7, 300])
    ours = chances(parameters, x, t)
    theirs = [pareto_pmf(parameters, int(n), t) for n in x]
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize(
    ("parameters", "t"),
    [(CDNOW, 39.0), ((1.0, 1.0, 1.0, 1.0), 20.0), ((3.0, 2.0, 0.3, 0.01), 100.0),
     ((4.0, 30.0, 20.0, 9.0), 500.0)],
)  # fmt: skip
def test_chances_are_a_distribution(parameters: Four, t: float) -> None:
    x = np.arange(3000)
    chance = chances(parameters, x, t)
    r, alpha, s, beta = parameters
    mean = (
        r * beta / alpha * float(mp.quad(lambda v: mp.exp(-(s - 1) * v), [0, mp.log1p(t / beta)]))
    )
    assert chance.sum() == pytest.approx(1.0, abs=1e-12)
    assert chance @ x == pytest.approx(mean, rel=1e-9)


def test_chances_at_the_edge() -> None:
    for t in (1e-300, 1e-9, 1e9):
        for parameters in ((1e-7, 1e-9, 8e6, 1e9), (8e6, 1e9, 1e-7, 1e-9), (8e6, 8e5, 2.0, 9.0)):
            chance = chances(parameters, np.array([0, 1, 1000, 1_000_000]), t)
            assert ((chance >= 0) & (chance <= 1 + 1e-9)).all()


@pytest.mark.parametrize(("r", "alpha"), [(0.4, 8.0), (30.0, 0.1), (1e5, 1e5)])
def test_numbers_without_death(r: float, alpha: float) -> None:
    x, t = np.array([0, 1, 5, 60, 900]), 12.0
    ours = log_chance(r, alpha, x, np.log(t))
    with mp.workdps(40):
        theirs = [
            mp.loggamma(r + int(n)) - mp.loggamma(r) - mp.loggamma(int(n) + 1)
            + r * mp.log(mp.mpf(alpha) / (alpha + t)) + int(n) * mp.log(t / (mp.mpf(alpha) + t))
            for n in x
        ]  # fmt: skip
    np.testing.assert_allclose(ours, [float(n) for n in theirs], rtol=1e-10, atol=1e-10)


def test_purchases() -> None:
    x, weights, (r, alpha) = np.array([0, 1, 4]), np.array([5, 2, 3]), (0.7, 3.0)
    value, gradient, hessian = Purchases.of(x, weights)(r, alpha)
    expected = 2 * np.log(r / alpha) + 3 * sum(np.log((r + j) / alpha) for j in range(4))
    assert value == pytest.approx(expected, rel=1e-14)
    assert gradient == pytest.approx([2 + 3 * sum(r / (r + j) for j in range(4)), -14])
    assert hessian[0, 0] == pytest.approx(3 * sum(r * j / (r + j) ** 2 for j in range(4)))
    assert hessian[0, 1] == hessian[1, 0] == hessian[1, 1] == 0


@pytest.mark.parametrize("parameters", [(0.4, 8.0), (30.0, 0.1), (1e-3, 700.0)])
def test_nbd_derivatives(parameters: tuple[float, float]) -> None:
    x, _, T = columns(HISTORIES)
    function = _nbd.Likelihood.of(x.astype(int), T, np.arange(1, len(x) + 1))
    theta = np.log(parameters)
    value, gradient, hessian = function(theta)
    slope, bend = differences(function, theta, 1e-5)
    np.testing.assert_allclose(gradient, slope, atol=1e-9 * (1 + abs(value)))
    np.testing.assert_allclose(hessian, bend, atol=1e-9 * (1 + abs(value)))
