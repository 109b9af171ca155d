"""MBG/NBD: published numbers, what it promises, what awkward data make of it."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics import BGNBD, MBGNBD, Fitted, PurchaseSummary, fit, validate
from tests.metrics import cdnow
from tests.reference.mbgnbd import (
    mbgnbd_alive,
    mbgnbd_expected,
    mbgnbd_later_alive,
    mbgnbd_log_likelihood,
    mbgnbd_new_customer,
    mbgnbd_pmf,
    mbgnbd_posterior,
)

CDNOW = (0.525, 6.183, 0.891, 1.614)
MODEL = MBGNBD.of(r=0.525, alpha=6.183, a=0.891, b=1.614, unit="week")
CUSTOMERS = [(0, 0, 272), (0, 0, 0), (1, 1, 272), (2, 213, 272), (29, 269, 272), (40, 40, 272)]


def several() -> PurchaseSummary:
    x, t_x, T = zip(*CUSTOMERS, strict=True)
    return PurchaseSummary.from_arrays(x, t_x, T)


def awkward(rows: list[tuple[int, int, int]], weights: list[int] | None = None) -> PurchaseSummary:
    x, t_x, T = zip(*rows, strict=True)
    return PurchaseSummary.from_arrays(x, t_x, T, weights=weights)


# published numbers -------------------------------------------------------------------------------


def test_cdnow() -> None:
    """BTYDplus on CDNOW, as the tests of lifetimes quote it: github.com/mplatzer/BTYDplus."""
    model = fit(MBGNBD, cdnow.summary())
    assert attrs.astuple(model.params) == pytest.approx((0.525, 6.183, 0.891, 1.614), abs=5e-4)
    assert model.customers == 2357
    assert model.diagnosis == "regular"


def test_log_likelihood_is_that_of_the_formula() -> None:
    model, summary = fit(MBGNBD, cdnow.summary()), cdnow.summary()
    rows, counts = summary.distinct("x", "t_x", "T")
    parameters = attrs.astuple(model.params)
    histories = zip(rows["x"].tolist(), rows["t_x"] / 7, rows["T"] / 7, counts, strict=True)
    total = sum(int(n) * mbgnbd_log_likelihood(parameters, (x, t, T)) for x, t, T, n in histories)
    assert model.log_likelihood == pytest.approx(total, rel=1e-12)


def test_nowhere_near_is_better() -> None:
    from customerops.metrics.clv.bgnbd_kernel import Likelihood

    model, summary = fit(MBGNBD, cdnow.summary()), cdnow.summary()
    rows, counts = summary.distinct("x", "t_x", "T")
    function = Likelihood.of(rows["x"], rows["t_x"] / 7, rows["T"] / 7, counts, start=1)
    rng = np.random.default_rng(1)
    for away in rng.normal(0, 1e-3, (20, 4)):
        assert function(np.log(attrs.astuple(model.params)) + away)[0] < model.log_likelihood


# each customer -----------------------------------------------------------------------------------


def test_probability_alive() -> None:
    now = MODEL.probability_alive(several()).values
    histories = [(x, t / 7, T / 7) for x, t, T in CUSTOMERS]
    assert now.tolist() == pytest.approx([mbgnbd_alive(CDNOW, h) for h in histories], rel=1e-12)
    assert now[1] == pytest.approx(1.614 / (0.891 + 1.614))  # they may drop out at once
    assert now[0] < now[1]
    later = MODEL.probability_alive(several(), at=dt.timedelta(weeks=26)).values
    expected = [mbgnbd_later_alive(CDNOW, h, 26) for h in histories]
    assert later.tolist() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("horizon", [0.1, 39, 520])
def test_expected_purchases(horizon: float) -> None:
    ours = MODEL.expected_purchases(several(), horizon=horizon).values
    theirs = [mbgnbd_expected(CDNOW, (x, t / 7, T / 7), horizon) for x, t, T in CUSTOMERS]
    assert ours.tolist() == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize("a", [0.05, 1.0, 1 + 1e-9, 6.0])
@pytest.mark.parametrize("x", [0, 3, 200, 2000])
def test_expected_purchases_for_other_parameters(a: float, x: int) -> None:
    params = (0.7, 5.0, a, 2.5)
    model = MBGNBD.of(r=0.7, alpha=5.0, a=a, b=2.5)
    one = PurchaseSummary.from_arrays([x], [30 * (x > 0)], [40], ticks_per_unit=1)
    ours = model.expected_purchases(one, horizon=26).total
    assert ours == pytest.approx(mbgnbd_expected(params, (x, 30.0 * (x > 0), 40.0), 26), rel=1e-8)


def test_new_customer() -> None:
    for t in (1, 39, 500):
        assert MODEL.new_customer(t) == pytest.approx(mbgnbd_new_customer(CDNOW, t), rel=1e-11)
    assert MODEL.new_customer(0) == 0.0


def test_pmf_is_a_distribution_with_the_mean_of_a_new_customer() -> None:
    n = np.arange(5000)
    chances = MODEL.pmf(n, 39)
    assert chances[:9].tolist() == pytest.approx(
        [mbgnbd_pmf(CDNOW, x, 39) for x in range(9)], rel=1e-10
    )
    assert chances.sum() == pytest.approx(1.0, abs=1e-12)
    assert chances @ n == pytest.approx(MODEL.new_customer(39), rel=1e-9)
    assert MODEL.pmf(0, 0) == 1.0


def test_posterior_rates() -> None:
    ours = MODEL.posterior_rates(several())
    theirs = [mbgnbd_posterior(CDNOW, (x, t / 7, T / 7)) for x, t, T in CUSTOMERS]
    rate, drop = zip(*theirs, strict=True)
    assert ours["purchase_rate"].tolist() == pytest.approx(rate, rel=1e-10)
    assert ours["dropout_chance"].tolist() == pytest.approx(drop, rel=1e-10)


def test_residual_transactions_where_nearly_nothing_is_discounted() -> None:
    """With a above 1 a living customer has ``(a + b + x) / (a - 1)`` purchases to come in all."""
    model = MBGNBD.of(r=0.7, alpha=5.0, a=6.0, b=2.5)
    residual = model.expected_residual_transactions(several(), discount=2e-9).values
    alive = model.probability_alive(several()).values
    ever = (6.0 + 2.5 + several().x) / (6.0 - 1.0) * alive
    np.testing.assert_allclose(residual, ever, rtol=1e-5)


def test_simulated_customers_are_those_of_the_model() -> None:
    n = 100_000
    seen = MODEL.simulate(n, age=39, holdout=26, rng=np.random.default_rng(4))
    for x in range(5):
        chance = float(MODEL.pmf(x, 39))
        assert abs((seen.x == x).mean() - chance) < 4 * math.sqrt(chance * (1 - chance) / n)
    error = MODEL.expected_purchases(seen, horizon=26).values - seen.held_x
    for group in (seen.x == 0, seen.x == 1, seen.x > 1):
        assert abs(error[group].mean()) < 4 * error[group].std() / math.sqrt(group.sum())


def test_finds_the_parameters_of_a_simulation() -> None:
    truth = MBGNBD.of(r=0.85, alpha=1.45, a=0.79, b=2.42)  # those of a test of BTYDplus
    ages = np.random.default_rng(2).uniform(12, 96, 5000)
    model = fit(MBGNBD, truth.simulate(5000, age=ages, rng=np.random.default_rng(6)))
    assert model.status == "regular"
    for (low, high), value in zip(
        model.intervals(confidence=0.999).values(), attrs.astuple(truth.params), strict=True
    ):
        assert low < value < high


def test_is_one_of_the_models() -> None:
    fitted = fit(MBGNBD, cdnow.summary())
    back = json.loads(json.dumps(fitted.to_dict()))
    assert MBGNBD.from_dict(back) == Fitted.from_dict(back) == fitted
    assert repr(MODEL) == "MBGNBD(r=0.525, alpha=6.183, a=0.891, b=1.614, unit week, given)"
    held = validate(fitted, cdnow.summary())
    assert abs(held.tracking_error) < 0.2
    with pytest.raises(InvalidInputError, match=r"summary\.unit must be that of the model, week"):
        MODEL.probability_alive(PurchaseSummary.from_arrays([0], [0], [9], unit="day"))


# awkward data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [[], [(0, 0, 9), (0, 0, 30)]])
def test_one_time_buyers_only(rows: list[tuple[int, int, int]]) -> None:
    x, t_x, T = zip(*rows, strict=True) if rows else ((), (), ())
    with pytest.raises(ConvergenceError, match=f"none of the {len(rows)} customers bought again"):
        fit(MBGNBD, PurchaseSummary.from_arrays(x, t_x, T))


AWKWARD: dict[str, tuple[PurchaseSummary, str, str]] = {
    "one customer": (awkward([(3, 100, 200)]), "degenerate", "1 different history"),
    "all alike": (awkward([(3, 100, 200)], [500]), "degenerate", "r grows without bound"),
    "never lost": (awkward([(10, 197, 200), (5, 190, 200), (20, 199, 200), (11, 180, 190), (7, 181, 190)], [9] * 5), "boundary", "nobody seems to drop out"),
    "lost at once or never": (awkward([(0, 0, 900), (50, 899, 900), (45, 888, 900), (0, 0, 800), (60, 895, 900)], [90, 9, 5, 30, 7]), "boundary", "after the first purchase or never"),
    "all with the same chance": (awkward([(0, 0, 4000), (1, 1, 4000), (2, 3, 4000), (3, 5, 3000), (4, 7, 4000), (5, 8, 4000)], [64, 32, 16, 8, 4, 2]), "", ""),
    "heavy": (awkward([(100_000, 10**6, 10**6), (0, 0, 10**6), (50_000, 10**5, 10**6), (7, 9, 10**6), (1, 2, 10)]), "", ""),
    "tiny time": (awkward([(1, 1, 1), (0, 0, 1), (0, 0, 0), (1, 1, 2), (2, 2, 2)], [3, 90, 5, 2, 1]), "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data(name: str) -> None:
    summary, status, words = AWKWARD[name]
    model = fit(MBGNBD, summary)
    assert model.diagnosis.startswith(status)
    assert words in model.diagnosis
    assert math.isfinite(model.log_likelihood)
    assert np.isnan(model.covariance).all() == (model.status != "regular")
    for values in (
        model.expected_purchases(summary, horizon=52).values,
        model.probability_alive(summary, at=52).values,
        model.posterior_rates(summary).values,
    ):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    assert model.probability_alive(summary).values.max() <= 1.0


def test_no_better_parameters_on_a_grid() -> None:
    """A boundary fit is as high as what a grid of ordinary parameters reaches."""
    summary = AWKWARD["lost at once or never"][0]
    top = fit(MBGNBD, summary).log_likelihood
    for r in (0.5, 5.0, 200.0):
        for a, b in ((0.01, 0.01), (0.1, 0.1), (1e-4, 5.0), (1.0, 1.0), (10.0, 3.0)):
            total = sum(
                int(n) * mbgnbd_log_likelihood((r, r * 2.4, a, b), (int(x), t / 7, T / 7))
                for x, t, T, n in zip(
                    summary.x, summary.t_x, summary.T, summary.weights, strict=True
                )
            )
            assert total < top


ROWS = st.tuples(st.integers(0, 60), st.integers(0, 400), st.integers(0, 400), st.integers(1, 50))


@settings(max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_any_valid_histories(drawn: list[tuple[int, int, int, int]]) -> None:
    rows = [(x if t else 0, t if x else 0, t + rest, n) for x, t, rest, n in drawn]
    summary = awkward([row[:3] for row in rows], [row[3] for row in rows])
    if not summary.x.any():
        with pytest.raises(ConvergenceError):
            fit(MBGNBD, summary)
        return
    model = fit(MBGNBD, summary)
    assert math.isfinite(model.log_likelihood)
    assert np.isfinite(model.expected_purchases(summary, horizon=100).values).all()
    alive = model.probability_alive(summary, at=3).values
    assert np.isfinite(alive).all()


def test_equal_to_the_bit_however_the_customers_come() -> None:
    whole = cdnow.summary()
    order = np.random.default_rng(2).permutation(len(whole))

    def take(rows: Any) -> PurchaseSummary:
        columns = (whole.columns[name][rows] for name in ("x", "t_x", "T"))
        return PurchaseSummary.from_arrays(*columns, ids=rows)

    parts = take(order[:700]) + take(order[700:1500]) + take(order[1500:])
    assert fit(MBGNBD, parts) == fit(MBGNBD, whole)


def test_one_time_buyers_may_be_dead_which_bgnbd_rules_out() -> None:
    once = PurchaseSummary.from_arrays([0], [0], [272])
    assert BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426).probability_alive(once).total == 1.0
    assert MODEL.probability_alive(once).total < 0.5
