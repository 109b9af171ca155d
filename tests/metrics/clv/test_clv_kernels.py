"""The arrays under BG/NBD and Gamma-Gamma, against the formulas of the papers in 40 digits."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from customerops.metrics.clv import bgnbd_kernel as _bgnbd
from customerops.metrics.clv import gammagamma_kernel as _gammagamma
from customerops.metrics.clv.distinct import counted, distinct
from customerops.metrics.clv.dropout import Dropout
from customerops.metrics.clv.newton import Objective, Values, Vector, climb, peaks
from tests.reference.clv import (
    bgnbd_alive,
    bgnbd_expected,
    bgnbd_later_alive,
    bgnbd_log_likelihood,
    gamma_gamma_log_likelihood,
)

Four = tuple[float, float, float, float]
Three = tuple[float, float, float]
History = tuple[int, float, float]

PARAMETERS: list[Four] = [
    (0.243, 4.414, 0.793, 2.426),  # CDNOW
    (1.0, 1.0, 1.0, 1.0),
    (0.5, 20.0, 0.5, 0.4),  # a + b below 1
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


def likelihood(histories: list[tuple[int, float, float]]) -> _bgnbd.Likelihood:
    x, t_x, T = zip(*histories, strict=True)
    ones = np.ones(len(x), np.int64)
    return _bgnbd.Likelihood.of(np.array(x), np.array(t_x), np.array(T), ones)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_log_likelihood(parameters: Four, history: History) -> None:
    ours, _, _ = likelihood([history])(np.log(parameters))
    assert ours == pytest.approx(bgnbd_log_likelihood(parameters, history), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("parameters", PARAMETERS[:6])
def test_log_likelihood_of_many(parameters: Four) -> None:
    some = [h for h in HISTORIES if h[0] < 100]
    ours, _, _ = likelihood(some)(np.log(parameters))
    assert ours == pytest.approx(sum(bgnbd_log_likelihood(parameters, h) for h in some), rel=1e-12)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_log_likelihood_is_finite_for_any_history(parameters: Four) -> None:
    extreme = [(100_000, 1e6, 1e6), (100_000, 1e-3, 1e6), (1, 1e-6, 1e6), (0, 0.0, 1e6)]
    value, gradient, hessian = likelihood(extreme)(np.log(parameters))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()


def differences(function: Objective, theta: Vector, step: float) -> tuple[Vector, Vector]:
    """Central differences of the value and of the gradient."""
    sides = [
        [function(theta + side * step * unit) for side in (1, -1)] for unit in np.eye(len(theta))
    ]
    slope = [(up[0] - down[0]) / (2 * step) for up, down in sides]
    bend = [(up[1] - down[1]) / (2 * step) for up, down in sides]
    return np.array(slope), np.array(bend)


@pytest.mark.parametrize("parameters", PARAMETERS[:6])
def test_derivatives(parameters: Four) -> None:
    function = likelihood([h for h in HISTORIES if h[2] < 100])
    theta = np.log(parameters)
    _, gradient, hessian = function(theta)
    slope, bend = differences(function, theta, 1e-5)
    scale = 1 + np.abs(gradient).max()
    np.testing.assert_allclose(gradient, slope, atol=2e-6 * scale)
    np.testing.assert_allclose(hessian, bend, atol=2e-6 * scale)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12)


def test_rows_are_taken_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = likelihood(HISTORIES)(np.log(PARAMETERS[0]))
    monkeypatch.setattr(_bgnbd, "CHUNK", 2)
    parts = likelihood(HISTORIES)(np.log(PARAMETERS[0]))
    assert parts[0] == pytest.approx(whole[0], rel=1e-13)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-12)
    np.testing.assert_allclose(parts[2], whole[2], rtol=1e-12)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("history", HISTORIES)
def test_alive(parameters: Four, history: History) -> None:
    x, t_x, T = (np.array([v]) for v in history)
    odds = _bgnbd.log_odds_dead(parameters, x, t_x, T)[0]
    expected = bgnbd_alive(parameters, history)
    alive = math.exp(-np.logaddexp(0.0, odds))
    assert alive == pytest.approx(expected, rel=1e-9, abs=1e-300)


GRID = [
    (r, a, b, x, s)
    for r, a, b in itertools.product((0.05, 0.243, 1.0, 5.3), (0.05, 0.793, 1.0, 1.5, 6.0), (0.06, 2.4, 30.0))
    for x, s in [(0, 1e-6), (0, 0.1), (0, 30.0), (0, 1e5), (1, 1.0), (2, 0.9), (10, 300.0),
                 (100, 5.0), (2000, 1e-3), (2000, 1.0), (2000, 1e4)]
]  # fmt: skip


@pytest.mark.parametrize(("r", "a", "b"), sorted({g[:3] for g in GRID}))
def test_expected_purchases_of_the_living(r: float, a: float, b: float) -> None:
    for x, s in [g[3:] for g in GRID if g[:3] == (r, a, b)]:
        ours = Dropout(r, a, b).purchases(np.array([x]), np.array([s]))[0]
        # T = 0 and alpha = 1 make t = s; nobody is dead then
        living = bgnbd_expected((r, 1.0, a, b), (x, 0.0, 0.0), s)
        living /= bgnbd_alive((r, 1.0, a, b), (x, 0.0, 0.0))
        assert ours == pytest.approx(living, rel=1e-11), (x, s)


@pytest.mark.parametrize(
    ("r", "a", "b", "x"), [(0.243, 0.793, 2.4, 0), (1.0, 0.3, 1.0, 2000), (1.0, 0.05, 1.0, 0)]
)
def test_expected_purchases_for_ever(r: float, a: float, b: float, x: int) -> None:
    """What a tiny alpha makes of a long time: chances of a few in a million million matter."""
    ours = Dropout(r, a, b).purchases(np.array([x]), np.array([1e12]))[0]
    living = bgnbd_expected((r, 1.0, a, b), (x, 0.0, 0.0), 1e12, digits=120)
    alive = bgnbd_alive((r, 1.0, a, b), (x, 0.0, 0.0))
    assert ours == pytest.approx(living / alive, rel=1e-12)


@pytest.mark.parametrize("a", [1 - 1e-9, 1.0, 1 + 1e-12, 1 + 1e-5])
def test_nothing_happens_near_a_of_one(a: float) -> None:
    ours = Dropout(0.243, a, 2.426).purchases(np.array([2]), np.array([0.9]))[0]
    exact = bgnbd_expected((0.243, 1.0, a, 2.426), (2, 0.0, 0.0), 0.9)
    alive = bgnbd_alive((0.243, 1.0, a, 2.426), (2, 0.0, 0.0))
    assert ours == pytest.approx(exact / alive, rel=1e-12)


@pytest.mark.parametrize(("r", "a"), [(0.05, 0.05), (1.0, 6.0)])
def test_where_the_hypergeometric_function_of_scipy_fails(r: float, a: float) -> None:
    from scipy.special import hyp2f1

    x, b, s = 100, 2.426, 300.0
    with np.errstate(all="ignore"):
        assert not np.isfinite(hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, s / (1 + s)))
    ours = Dropout(r, a, b).purchases(np.array([x]), np.array([s]))[0]
    living = bgnbd_expected((r, 1.0, a, b), (x, 0.0, 0.0), s)
    assert ours == pytest.approx(living / bgnbd_alive((r, 1.0, a, b), (x, 0.0, 0.0)), rel=1e-11)


@pytest.mark.parametrize(
    ("r", "a", "b"), [(0.243, 0.793, 2.426), (1.0, 0.05, 0.06), (5.3, 6.0, 30.0)]
)
@pytest.mark.parametrize(("x", "s"), [(0, 0.1), (0, 300.0), (3, 1.0), (50, 5.0)])
def test_survival_of_the_living(r: float, a: float, b: float, x: int, s: float) -> None:
    ours = Dropout(r, a, b).survival(np.array([x]), np.array([s]))[0]
    alive = bgnbd_alive((r, 1.0, a, b), (x, 0.0, 0.0))
    expected = bgnbd_later_alive((r, 1.0, a, b), (x, 0.0, 0.0), s) / alive
    assert ours == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("a", [1e-6, 0.793, 200.0, 8e6])
@pytest.mark.parametrize("b", [1e-6, 2.4, 2e7])
def test_averages_are_finite_and_in_bounds(a: float, b: float) -> None:
    x = np.array([0, 1, 100, 100_000])
    for r, s in itertools.product((1e-6, 1.0, 9e6), (1e-9, 1.0, 1e9)):
        rates = r + x
        bought = Dropout(r, a, b).purchases(x, np.full(4, s))
        alive = Dropout(r, a, b).survival(x, np.full(4, s))
        assert (bought >= 0).all()
        assert (bought <= rates * s * (1 + 1e-12)).all()  # k s is what they would buy for ever
        assert (alive >= 0).all()
        assert (alive <= 1 + 1e-12).all()


@pytest.mark.parametrize(
    ("r", "a", "b"), [(0.243, 0.793, 2.426), (50.0, 0.05, 0.06), (1e-3, 200.0, 300.0)]
)
@pytest.mark.parametrize("x", [0, 30, 2000, 100_000])
def test_many_rows_are_interpolated(r: float, a: float, b: float, x: int) -> None:
    rng = np.random.default_rng(7)
    s = np.exp(rng.uniform(math.log(1e-5), math.log(1e4), 3000))
    some = rng.integers(0, len(s), 20)
    dropout = Dropout(r, a, b)
    for average in (dropout.purchases, dropout.survival):
        together = average(np.full(len(s), x), s)[some]
        alone = np.array([average(np.array([x]), s[i : i + 1])[0] for i in some])
        np.testing.assert_allclose(together, alone, rtol=1e-11, atol=1e-12)


def test_many_rows_at_one_point() -> None:
    one = Dropout(0.243, 0.793, 2.426).purchases(np.array([3]), np.array([0.5]))
    many = Dropout(0.243, 0.793, 2.426).purchases(np.full(500, 3), np.full(500, 0.5))
    assert (many == one).all()


# Gamma-Gamma -----------------------------------------------------------------------------------


SPENDS = [
    (1, Fraction("11.77")),
    (2, Fraction("22.345")),
    (7, Fraction("73.74")),
    (2000, Fraction("0.01")),
    (1, Fraction(10**9)),
]


@pytest.mark.parametrize(
    "parameters",
    [(6.25, 3.74, 15.44), (0.1, 0.2, 0.3), (30.0, 25.0, 10.0), (8e6, 3.0, 1e-5), (3.0, 8e6, 9e7)],
)
def test_spend_log_likelihood(parameters: Three) -> None:
    x = np.array([n for n, _ in SPENDS])
    z = np.array([float(n * m) for n, m in SPENDS])
    ours, gradient, hessian = _gammagamma.Likelihood.of(x, z, np.ones(len(x), np.int64))(
        np.log(parameters)
    )
    theirs = sum(gamma_gamma_log_likelihood(parameters, n, m) for n, m in SPENDS)
    assert ours == pytest.approx(theirs, rel=1e-12)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()


@pytest.mark.parametrize(
    "parameters", [(6.25, 3.74, 15.44), (0.1, 0.2, 0.3), (30.0, 25.0, 10.0), (25.0, 2.0, 4.0)]
)
def test_spend_derivatives(parameters: Three) -> None:
    x = np.array([n for n, _ in SPENDS])
    z = np.array([float(n * m) for n, m in SPENDS])
    function = _gammagamma.Likelihood.of(x, z, np.arange(1, len(x) + 1))
    theta = np.log(parameters)
    _, gradient, hessian = function(theta)
    slope, bend = differences(function, theta, 1e-5)
    scale = 1 + np.abs(hessian).max()
    np.testing.assert_allclose(gradient, slope, atol=1e-8 * scale)
    np.testing.assert_allclose(hessian, bend, atol=1e-8 * scale)


# climbing ---------------------------------------------------------------------------------------


def hill(theta: Vector) -> Values:
    """-|theta - (1, 2)|^2 / 2 in a valley of its own."""
    away = theta - np.array([1.0, 2.0])
    return -0.5 * float(away @ away), -away, -np.eye(2)


def ridge(theta: Vector) -> Values:
    """Rises for ever along the first axis, ever more slowly."""
    value = -math.exp(-theta[0]) - 0.5 * theta[1] ** 2
    slope = np.array([math.exp(-theta[0]), -theta[1]])
    return value, slope, np.diag([-math.exp(-theta[0]), -1.0])


BOUNDS = np.array([16.0, 16.0])


def test_climbs_to_the_top() -> None:
    top = climb(hill, np.zeros(2), BOUNDS)
    assert top.settled
    np.testing.assert_allclose(top.theta, [1.0, 2.0], atol=1e-12)
    assert top.curvature == pytest.approx(1.0)


def test_stops_at_the_bound() -> None:
    top = climb(ridge, np.array([0.0, 3.0]), BOUNDS)
    assert top.settled
    np.testing.assert_allclose(top.theta, [16.0, 0.0], atol=1e-6)


def test_leaves_a_bound_it_starts_on() -> None:
    top = climb(hill, np.array([16.0, -16.0]), BOUNDS)
    np.testing.assert_allclose(top.theta, [1.0, 2.0], atol=1e-9)


def double(theta: Vector) -> Values:
    """Two tops, the higher one at 3, with a valley between them: not concave there."""
    t = theta[0]
    value = -((t - 3) ** 2) * ((t + 3) ** 2) / 100 + 0.1 * t
    slope = -4 * t * (t * t - 9) / 100 + 0.1
    return value, np.array([slope]), np.array([[-(12 * t * t - 36) / 100]])


def test_the_higher_of_two_tops() -> None:
    starts = [np.array([-4.0]), np.array([-3.5]), np.array([0.5])]
    near = climb(double, starts[0], np.array([9.0]))
    assert near.theta[0] < 0
    low = peaks(double, starts[:2], np.array([9.0]))
    assert [peak.theta[0] < 0 for peak in low] == [True]  # both lead to the same one
    high, other = peaks(double, starts, np.array([9.0]))
    assert high.theta[0] == pytest.approx(3.1, abs=0.1)
    assert other.theta[0] == low[0].theta[0]


def test_steep_tops_are_no_reason_not_to_look_for_others() -> None:
    """As of a million customers: both tops are sharp, and the first found is the lower."""

    def steep(theta: Vector) -> Values:
        value, slope, bend = double(theta)
        return 1e6 * value, 1e6 * slope, 1e6 * bend

    high, low = peaks(steep, [np.array([-4.0]), np.array([4.0])], np.array([9.0]))
    assert high.theta[0] > 0 > low.theta[0]
    assert low.curvature > 1e5


def valley(theta: Vector) -> Values:
    """Rises for ever along the diagonal."""
    apart = theta[0] - theta[1]
    rise = math.exp(-theta[0])
    slope = np.array([rise - 10 * apart, 10 * apart])
    return -rise - 5 * apart**2, slope, np.array([[-rise - 10, 10], [10, -10.0]])


@pytest.mark.parametrize("start", [(0.0, 0.0), (16.0, 3.0), (3.0, 16.0), (16.0, -16.0)])
def test_goes_on_along_a_bound(start: tuple[float, float]) -> None:
    top = climb(valley, np.array(start), BOUNDS)
    assert top.settled
    np.testing.assert_allclose(top.theta, [16.0, 16.0], atol=1e-5)


def test_shortens_a_step_that_loses() -> None:
    def steep(theta: Vector) -> Values:  # Newton's method diverges from |t| > 0.22
        t = 5 * theta[0]
        slope = np.array([-5 * math.tanh(t)])
        return -math.log(math.cosh(t)), slope, np.array([[-25 / math.cosh(t) ** 2]])

    top = climb(steep, np.array([0.3]), np.array([40.0]))
    assert top.settled
    assert top.theta[0] == pytest.approx(0.0, abs=1e-9)


def test_gives_up() -> None:
    def plain(theta: Vector) -> Values:
        return theta[0], np.ones(1), np.array([[-1e-3]])

    assert not climb(plain, np.zeros(1), np.array([1e3]), steps=5).settled


# distinct rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("big", [1, 10**8, 2**61])  # a table, sorted keys, sorted columns
def test_distinct(big: int) -> None:
    rng = np.random.default_rng(3)
    columns = rng.integers(-2, 3, (3, 200))
    columns[1] *= big
    rows, where = distinct(*columns)
    expected = sorted(set(zip(*columns.tolist(), strict=True)))
    assert list(zip(*(row.tolist() for row in rows), strict=True)) == expected
    for row, column in zip(rows, columns, strict=True):
        np.testing.assert_array_equal(row[where], column)


def test_distinct_of_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    (rows,), where = distinct(nothing)
    assert len(rows) == len(where) == 0


@pytest.mark.parametrize("big", [1, 2**20, 2**61])
@pytest.mark.parametrize("weight", [1, 3])
def test_counted_is_distinct_and_its_sums(big: int, weight: int) -> None:
    """Sorted, looked up in a table, or packed too wide: the same rows, each with its customers."""
    rng = np.random.default_rng(4)
    columns = (rng.integers(0, 3, 200) * big, rng.integers(-2, 2, 200), rng.integers(0, 9, 200))
    weights = np.full(200, weight)
    rows, counts = counted(columns, weights)
    plain = sorted(zip(*(column.tolist() for column in columns), strict=True))
    assert list(zip(*(column.tolist() for column in rows), strict=True)) == sorted(set(plain))
    assert counts.tolist() == [weight * plain.count(row) for row in sorted(set(plain))]


def test_counted_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    (rows,), counts = counted((nothing,), nothing)
    assert len(rows) == len(counts) == 0
