"""NBD: the baseline without dropout."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics import NBD, ParetoNBD, PurchaseSummary, fit
from customerops.metrics.clv.discounting import YEAR
from tests.metrics import cdnow
from tests.reference.pareto import pareto_log_likelihood

MODEL = NBD.of(r=0.4, alpha=8.0, unit="week")
SOME = PurchaseSummary.from_arrays([0, 0, 1, 2, 40], [0, 0, 1, 80, 270], [0, 272, 272, 84, 272])


def test_mean_and_zeros() -> None:
    """Worked by hand: the geometric distribution is the NBD of r = 1, here with odds of 1 to 3."""
    model = NBD.of(r=1, alpha=3.0)
    assert model.pmf([0, 1, 2], 1).tolist() == pytest.approx([3 / 4, 3 / 16, 3 / 64], rel=1e-14)
    assert model.new_customer(1) == pytest.approx(1 / 3)


def test_closed_forms() -> None:
    rate = (0.4 + SOME.x) / (8.0 + SOME.T / 7)
    expected = MODEL.expected_purchases(SOME, horizon=dt.timedelta(weeks=10))
    np.testing.assert_allclose(expected.values, 10 * rate, rtol=1e-15)
    np.testing.assert_allclose(MODEL.posterior_rates(SOME).values, rate, rtol=1e-15)
    assert (MODEL.probability_alive(SOME).values == 1).all()
    assert (MODEL.log_probability_alive(SOME, at=1000).values == 0).all()
    weekly = math.log(1.1) * (dt.timedelta(weeks=1) / YEAR)
    residual = MODEL.expected_residual_transactions(SOME, discount=0.1).values
    np.testing.assert_allclose(residual, rate / weekly, rtol=1e-12)
    with pytest.raises(InvalidInputError, match="discount must be above 0: there is no end"):
        MODEL.expected_residual_transactions(SOME, discount=0)


def test_pmf() -> None:
    """Terms by the recursion ``P(x) / P(x - 1) = (r + x - 1) / x * t / (alpha + t)``."""
    chance, share = [(8 / 47) ** 0.4], 39 / 47
    for x in range(1, 400):
        chance.append(chance[-1] * (0.4 + x - 1) / x * share)
    ours = MODEL.pmf(np.arange(400), 39)
    np.testing.assert_allclose(ours, chance, rtol=1e-12)
    assert ours.sum() == pytest.approx(1.0, abs=1e-12)
    assert MODEL.pmf([0, 2], 0).tolist() == [1.0, 0.0]


def test_fit_is_the_top_of_its_likelihood() -> None:
    summary = cdnow.summary()
    model = fit(NBD, summary)
    assert model.diagnosis == "regular"

    def log_likelihood(r: float, alpha: float) -> float:
        total = 0.0
        for x, T in zip(summary.x.tolist(), (summary.T / 7).tolist(), strict=True):
            total += math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha)
            total -= (r + x) * math.log(alpha + T)
        return total

    r, alpha = model.params.r, model.params.alpha
    assert model.log_likelihood == pytest.approx(log_likelihood(r, alpha), rel=1e-12)
    for up, down in ((1.002, 1.0), (1 / 1.002, 1.0), (1.0, 1.002), (1.0, 1 / 1.002)):
        assert log_likelihood(r * up, alpha * down) < model.log_likelihood


def test_is_the_limit_of_the_pareto() -> None:
    """With hardly any dropout the densities of the same histories agree."""
    for x, t_x, T in ((0, 0.0, 39.0), (3, 20.0, 39.0), (40, 38.0, 39.0)):
        nearly = pareto_log_likelihood((0.4, 8.0, 1e-12, 10.0), (x, t_x, T))
        ours = math.lgamma(0.4 + x) - math.lgamma(0.4) + 0.4 * math.log(8)
        assert nearly == pytest.approx(ours - (0.4 + x) * math.log(8 + T), abs=1e-8)
    summary = MODEL.simulate(2000, age=52, rng=np.random.default_rng(6))
    assert fit(ParetoNBD, summary).log_likelihood >= fit(NBD, summary).log_likelihood - 1e-6


def test_when_the_last_purchase_was_does_not_matter() -> None:
    summary = cdnow.summary()
    late = PurchaseSummary.from_arrays(
        summary.x, np.where(summary.x > 0, summary.T, 0), summary.T, unit="week"
    )
    assert fit(NBD, late).params == fit(NBD, summary).params


def test_finds_the_parameters_of_a_simulation() -> None:
    ages = np.linspace(20, 60, 5000)
    made = MODEL.simulate(5000, age=ages, holdout=10, rng=np.random.default_rng(2))
    model = fit(NBD, made)
    assert model.status == "regular"
    for (low, high), value in zip(
        model.intervals(confidence=0.999).values(), (0.4, 8.0), strict=True
    ):
        assert low < value < high
    error = made.held_x.std() / math.sqrt(5000)
    expected = MODEL.expected_purchases(made, horizon=10).values
    assert abs((made.held_x - expected).mean()) < 4 * error


def test_awkward_data() -> None:
    same = PurchaseSummary.from_arrays([3, 3, 4], [9, 8, 9], [10, 10, 10], weights=[50, 2, 9])
    assert fit(NBD, same).diagnosis == (
        "boundary: r and alpha grow without bound: all customers buy at the same rate"
    )
    alone = PurchaseSummary.from_arrays([3], [9], [10])
    assert fit(NBD, alone).diagnosis.startswith("degenerate: 1 different history")
    heavy = PurchaseSummary.from_arrays([100_000, 0, 1], [10**6, 0, 2], [10**6, 10**6, 10])
    assert math.isfinite(fit(NBD, heavy).log_likelihood)
    with pytest.raises(ConvergenceError, match="none of the 2 customers bought again"):
        fit(NBD, PurchaseSummary.from_arrays([0, 0], [0, 0], [5, 9]))
