"""Pareto/NBD: published numbers, what it promises of each customer, what it says of bad data."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import math
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics import BGNBD, NBD, Fitted, ParetoNBD, PurchaseSummary, fit
from customerops.metrics.clv import pareto
from customerops.metrics.clv.discounting import YEAR
from customerops.metrics.clv.estimation import LogNormal
from customerops.metrics.clv.pareto_kernel import Likelihood
from tests.metrics import cdnow
from tests.reference.pareto import (
    pareto_alive,
    pareto_expected,
    pareto_later_alive,
    pareto_log_likelihood,
    pareto_pmf,
    pareto_rates,
    pareto_residual,
)

PAPER = (0.553, 10.578, 0.606, 11.669)
MODEL = ParetoNBD.of(r=0.553, alpha=10.578, s=0.606, beta=11.669, unit="week")
BTYD = ParetoNBD.of(r=0.5533971, alpha=10.5801985, s=0.6060625, beta=11.6562237)
"""The fit of CDNOW in the walkthrough of the R package BTYD, version 2.4."""


def one(x: int, t_x: int, T: int, **options: Any) -> PurchaseSummary:
    return PurchaseSummary.from_arrays([x], [t_x], [T], **options)


def several() -> PurchaseSummary:
    x, t_x, T = zip(*CUSTOMERS, strict=True)
    return PurchaseSummary.from_arrays(x, t_x, T)


CUSTOMERS = [(0, 0, 272), (0, 0, 0), (1, 1, 272), (2, 213, 272), (29, 269, 272), (40, 40, 272),
             (8, 90, 272), (3, 272, 272), (900, 200, 272)]  # fmt: skip


# published numbers -------------------------------------------------------------------------------


def test_cdnow() -> None:
    """Fader, Hardie and Lee (2005), Marketing Science 24(2), table 2."""
    model = fit(ParetoNBD, cdnow.summary())
    assert round(model.params.r, 3) == 0.553
    assert round(model.params.alpha, 3) == 10.578
    assert round(model.params.s, 3) == 0.606
    assert round(model.params.beta, 3) == 11.669
    assert round(model.log_likelihood, 1) == -9595.0
    assert model.customers == 2357
    assert model.diagnosis == "regular"


def test_btyd_walkthrough() -> None:
    """BTYD walkthrough, section 2.4: a new customer in a year, and customer 1516."""
    assert round(BTYD.new_customer(52), 3) == 1.473
    heavy = one(26, 3086, 3100, ticks_per_unit=100)
    assert round(BTYD.expected_purchases(heavy, horizon=52).total, 2) == 25.46
    assert round(BTYD.probability_alive(heavy).values[0], 4) == 0.9979


def test_btyd_manual() -> None:
    """BTYD reference manual, pnbd.PAlive, of the fit to CDNOW: nothing bought in 39 weeks."""
    assert BTYD.probability_alive(one(0, 0, 273)).values[0] == pytest.approx(0.2941633, abs=2e-4)


def test_lifetimes_underflow() -> None:
    """lifetimes, test_conditional_expectation_underflow: 132 and 133 purchases in 200 weeks."""
    model = ParetoNBD.of(r=0.55, alpha=10.58, s=0.61, beta=11.67)
    two = PurchaseSummary.from_arrays([132, 133], [200, 200], [200, 200], ticks_per_unit=1)
    assert model.expected_purchases(two, horizon=10).values == pytest.approx(
        [6.2060517889632418, 6.2528722475748113], rel=1e-12
    )


# likelihood --------------------------------------------------------------------------------------


def test_log_likelihood_is_that_of_the_formula() -> None:
    model, summary = fit(ParetoNBD, cdnow.summary()), cdnow.summary()
    rows, counts = summary.distinct("x", "t_x", "T")
    parameters = attrs.astuple(model.params)
    some = slice(None, None, 9)
    histories = list(zip(rows["x"].tolist(), rows["t_x"] / 7, rows["T"] / 7, strict=True))[some]
    total = sum(
        n * pareto_log_likelihood(parameters, h)
        for h, n in zip(histories, counts[some], strict=True)
    )
    ours, _, _ = Likelihood.of(
        rows["x"][some], rows["t_x"][some] / 7, rows["T"][some] / 7, counts[some]
    )(np.log(parameters))
    assert ours == pytest.approx(total, rel=1e-13)


def test_the_top_is_a_top() -> None:
    model, summary = fit(ParetoNBD, cdnow.summary()), cdnow.summary()
    rows, counts = summary.distinct("x", "t_x", "T")
    function = Likelihood.of(rows["x"], rows["t_x"] / 7, rows["T"] / 7, counts)
    theta = np.log(attrs.astuple(model.params))
    rng = np.random.default_rng(1)
    for away in rng.normal(0, 1e-3, (20, 4)):
        assert function(theta + away)[0] < model.log_likelihood


def test_days_or_weeks() -> None:
    summary = cdnow.summary()
    days = PurchaseSummary.from_arrays(
        summary.x, summary.t_x, summary.T, unit="day", ticks_per_unit=1
    )
    weekly, daily = fit(ParetoNBD, summary), fit(ParetoNBD, days)
    repeats = int(summary.x.sum())
    assert daily.log_likelihood == pytest.approx(weekly.log_likelihood - repeats * math.log(7))
    assert daily.params.alpha == pytest.approx(7 * weekly.params.alpha, rel=1e-5)
    assert daily.params.beta == pytest.approx(7 * weekly.params.beta, rel=1e-5)
    horizon = dt.timedelta(weeks=20)
    np.testing.assert_allclose(
        daily.expected_purchases(days, horizon=horizon).values,
        weekly.expected_purchases(summary, horizon=horizon).values,
        rtol=1e-5,
    )


def test_equal_to_the_bit_however_the_customers_come() -> None:
    whole = cdnow.summary()
    order = np.random.default_rng(2).permutation(len(whole))

    def take(rows: Any) -> PurchaseSummary:
        columns = (whole.columns[name][rows] for name in ("x", "t_x", "T"))
        return PurchaseSummary.from_arrays(*columns, ids=rows)

    parts = take(order[:700]) + take(order[700:])
    assert fit(ParetoNBD, parts) == fit(ParetoNBD, whole)


def test_a_part_first_and_then_all(monkeypatch: pytest.MonkeyPatch) -> None:
    once = fit(ParetoNBD, cdnow.summary())
    monkeypatch.setattr(pareto, "SEARCHED", 100)
    twice = fit(ParetoNBD, cdnow.summary())
    assert twice.log_likelihood == pytest.approx(once.log_likelihood, rel=1e-12)
    assert attrs.astuple(twice.params) == pytest.approx(attrs.astuple(once.params), rel=1e-5)


@pytest.mark.parametrize("truth", [(0.6, 6.0, 0.6, 12.0), (0.2, 1.0, 0.3, 2.0)])
def test_never_less_likely_than_the_peer(truth: tuple[float, float, float, float]) -> None:
    lifetimes = pytest.importorskip("lifetimes")
    r, alpha, s, beta = truth
    summary = ParetoNBD.of(r=r, alpha=alpha, s=s, beta=beta).simulate(
        250, age=52, rng=np.random.default_rng(5), ticks_per_unit=7
    )
    x, t_x, T = summary.x, summary.t_x / 7, summary.T / 7
    with np.errstate(all="ignore"):
        peer = lifetimes.ParetoNBDFitter().fit(x, t_x, T, maxiter=400)
    histories = zip(x.tolist(), t_x, T, strict=True)
    theirs = sum(pareto_log_likelihood(tuple(peer.params_), h) for h in histories)
    assert fit(ParetoNBD, summary).log_likelihood >= theirs - 1e-8


def test_finds_the_parameters_of_a_simulation() -> None:
    truth = (0.6, 6.0, 0.9, 15.0)
    model = fit(
        ParetoNBD,
        ParetoNBD.of(r=0.6, alpha=6, s=0.9, beta=15).simulate(
            6000, age=np.linspace(26, 78, 6000), rng=np.random.default_rng(11)
        ),
    )
    assert model.status == "regular"
    for (low, high), value in zip(model.intervals(confidence=0.999).values(), truth, strict=True):
        assert low < value < high


# each customer -----------------------------------------------------------------------------------

GRID = [
    MODEL,
    ParetoNBD.of(r=2.0, alpha=5.0, s=1.0, beta=30.0),
    ParetoNBD.of(r=0.3, alpha=40.0, s=4.0, beta=3.0),
    ParetoNBD.of(r=1.0, alpha=1.0, s=1 - 1e-9, beta=1.0),
]


@pytest.mark.parametrize("model", GRID)
@pytest.mark.parametrize("horizon", [0.1, 39, dt.timedelta(days=3640)])
def test_expected_purchases(model: ParetoNBD, horizon: float | dt.timedelta) -> None:
    weeks = horizon / dt.timedelta(weeks=1) if isinstance(horizon, dt.timedelta) else horizon
    ours = model.expected_purchases(several(), horizon=horizon).values
    parameters = attrs.astuple(model.params)
    theirs = [pareto_expected(parameters, (x, t / 7, T / 7), weeks) for x, t, T in CUSTOMERS]
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize("model", GRID)
def test_probability_alive(model: ParetoNBD) -> None:
    parameters = attrs.astuple(model.params)
    histories = [(x, t / 7, T / 7) for x, t, T in CUSTOMERS]
    np.testing.assert_allclose(
        model.probability_alive(several()).values,
        [pareto_alive(parameters, h) for h in histories],
        rtol=1e-11, atol=1e-300,
    )  # fmt: skip
    np.testing.assert_allclose(
        model.probability_alive(several(), at=dt.timedelta(weeks=26)).values,
        [pareto_later_alive(parameters, h, 26) for h in histories],
        rtol=1e-11, atol=1e-300,
    )  # fmt: skip


def test_the_dead_do_not_underflow_in_logarithms() -> None:
    gone = one(5000, 7, 10**6)
    assert MODEL.probability_alive(gone).values[0] == 0.0
    k = 5000 + 0.553
    slope = k * math.log((10.578 + 10**6 / 7) / 11.578) + 0.606 * math.log(
        (11.669 + 10**6 / 7) / 12.669
    )
    # dying right after the last purchase has odds of about s / (beta + 1) / (k / (alpha + 1))
    odds = math.log(0.606 / 12.669 * 11.578 / k)
    logs = MODEL.log_probability_alive(gone).values[0]
    assert logs == pytest.approx(-slope - odds, abs=1e-3)


@pytest.mark.parametrize("model", GRID)
def test_posterior_rates(model: ParetoNBD) -> None:
    rates = model.posterior_rates(several())
    parameters = attrs.astuple(model.params)
    theirs = [pareto_rates(parameters, (x, t / 7, T / 7)) for x, t, T in CUSTOMERS]
    ours = np.column_stack([rates["purchase_rate"], rates["dropout_rate"]])
    np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_rates_of_a_new_customer_are_the_means_of_all() -> None:
    rates = MODEL.posterior_rates(one(0, 0, 0))
    assert rates["purchase_rate"][0] == pytest.approx(0.553 / 10.578)
    assert rates["dropout_rate"][0] == pytest.approx(0.606 / 11.669)


@pytest.mark.parametrize("model", GRID)
@pytest.mark.parametrize("rate", [0.01, 0.15, 3.0])
def test_expected_residual_transactions(model: ParetoNBD, rate: float) -> None:
    parameters = attrs.astuple(model.params)
    some = CUSTOMERS[:8]
    x, t_x, T = zip(*some, strict=True)
    summary = PurchaseSummary.from_arrays(x, t_x, T)
    ours = model.expected_residual_transactions(summary, continuous=rate).values
    weekly = rate * (dt.timedelta(weeks=1) / YEAR)
    theirs = [pareto_residual(parameters, (x, t / 7, T / 7), weekly) for x, t, T in some]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_residual_transactions_are_the_end_of_expected_ones() -> None:
    model = ParetoNBD.of(r=2.0, alpha=5.0, s=4.0, beta=30.0)  # s > 1: a mean for all time
    hardly = model.expected_residual_transactions(several(), continuous=1e-9).values
    ever = model.expected_purchases(several(), horizon=1e9).values
    np.testing.assert_allclose(hardly, ever, rtol=1e-6)


def test_pmf() -> None:
    n = np.array([0, 1, 2, 3, 10, 30])
    ours = MODEL.pmf(n, 39)
    assert ours.tolist() == pytest.approx([pareto_pmf(PAPER, int(k), 39) for k in n], rel=1e-11)
    assert MODEL.pmf(0, 0) == 1.0
    assert MODEL.pmf([3, 0], 0).tolist() == [0.0, 1.0]
    assert MODEL.pmf([[1], [2]], 5).shape == (2, 1)
    assert MODEL.pmf(2, dt.timedelta(days=14)) == MODEL.pmf(2, 2)


def test_new_customer() -> None:
    assert MODEL.new_customer(39) == pytest.approx(pareto_expected(PAPER, (0, 0.0, 0.0), 39))
    assert MODEL.pmf(np.arange(3000), 39) @ np.arange(3000) == pytest.approx(
        MODEL.new_customer(39), rel=1e-10
    )


@given(
    st.tuples(*[st.floats(-3, 3)] * 4),
    st.integers(0, 300),
    st.floats(0, 1),
    st.floats(0, 300),
    st.floats(0.01, 200),
)
def test_laws_of_any_history(
    logs: tuple[float, ...], x: int, part: float, age: float, t: float
) -> None:
    r, alpha, s, beta = np.exp(logs).tolist()
    model = ParetoNBD.of(r=r, alpha=alpha, s=s, beta=beta)
    T = int(age * 100) + (x > 0)
    t_x = min(max(int(part * T), 1), T) if x else 0
    summary = one(x, t_x, T, ticks_per_unit=100)
    alive = model.probability_alive(summary).values[0]
    later = model.probability_alive(summary, at=t).values[0]
    assert 0 <= later <= alive <= 1
    expected = model.expected_purchases(summary, horizon=t).values[0]
    most = (r + x) / (alpha + T / 100) * t  # what somebody buys who never dies
    assert 0 <= expected <= alive * most * (1 + 1e-12)
    both = model.expected_purchases(summary, horizon=2 * t).values[0]
    second = model.expected_purchases(summary, horizon=2 * t, start=t).values[0]
    assert expected + second == pytest.approx(both, rel=1e-9)
    if t_x == T:
        assert alive == 1.0


# simulation --------------------------------------------------------------------------------------


def test_simulated_customers_are_those_of_the_model() -> None:
    model, n = ParetoNBD.of(r=0.8, alpha=5.0, s=1.2, beta=20.0), 40_000
    made = model.simulate(n, age=39, holdout=20, rng=np.random.default_rng(4))
    counts = np.bincount(made.x, minlength=9)[:9]
    expected = n * model.pmf(np.arange(9), 39)
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi-squared, 9 of them: 0.1 %
    held = model.expected_purchases(made, horizon=20)
    error = (made.held_x - held.values).std() / math.sqrt(n)
    assert abs((made.held_x - held.values).mean()) < 3.3 * error
    x_two = made.x == 2  # of these, recency tells who still buys
    recent = x_two & (made.t_x > np.median(made.t_x[x_two]))
    for some in (recent, x_two & ~recent):
        seen, foreseen = made.held_x[some], held.values[some]
        assert abs((seen - foreseen).mean()) < 3.3 * seen.std() / math.sqrt(some.sum())


def test_simulated_rates_of_nothing() -> None:
    never = ParetoNBD.of(r=1.0, alpha=1.0, s=1e-4, beta=1e9)  # rates of death underflow to 0
    made = never.simulate(200, age=[10] * 200, rng=np.random.default_rng(0))
    assert made.x.mean() == pytest.approx(10, abs=3)


# what it says of itself ----------------------------------------------------------------------------


def test_survives_json() -> None:
    fitted = fit(ParetoNBD, cdnow.summary())
    back = json.loads(json.dumps(fitted.to_dict()))
    assert ParetoNBD.from_dict(back) == Fitted.from_dict(back) == fitted
    assert repr(MODEL) == "ParetoNBD(r=0.553, alpha=10.58, s=0.606, beta=11.67, unit week, given)"


def test_interval_of_an_expectation() -> None:
    predicted = fit(ParetoNBD, cdnow.summary()).expected_purchases(
        several(), horizon=39, confidence=0.9
    )
    assert (predicted["low"] < predicted["expected"]).all()
    assert (predicted["expected"] < predicted["high"]).all()


def test_a_prior_holds_beta() -> None:
    prior = [LogNormal(parameter="beta", median=30.0, sigma=0.1)]
    model = fit(ParetoNBD, cdnow.summary(), prior=prior)
    assert 20 < model.params.beta < 35
    assert model.diagnosis == "regular: with a prior of beta"


def test_dropout_against_none() -> None:
    """The NBD is on the edge of the Pareto/NBD, so it is tested by simulation."""
    summary = MODEL.simulate(300, age=39, rng=np.random.default_rng(9))
    test = fit(ParetoNBD, summary).likelihood_ratio_test(
        fit(NBD, summary), summary=summary, rng=np.random.default_rng(1), repeats=19
    )
    assert (test.method, test.degrees_of_freedom, test.p_value) == ("bootstrap", 2, 0.05)
    assert test.statistic > 10


# awkward data --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (PurchaseSummary.from_arrays([], [], []), "none of the 0 customers bought again"),
        (PurchaseSummary.from_arrays([0] * 9, [0] * 9, range(9)), "none of the 9 customers bought again.*longer calibration"),
    ],
)  # fmt: skip
def test_nothing_to_fit(summary: PurchaseSummary, message: str) -> None:
    for model in (ParetoNBD, NBD):
        with pytest.raises(ConvergenceError, match=message):
            fit(model, summary)


def awkward(rows: list[tuple[int, int, int]], weights: list[int] | None = None) -> PurchaseSummary:
    x, t_x, T = zip(*rows, strict=True)
    return PurchaseSummary.from_arrays(x, t_x, T, weights=weights)


def simulated(model: ParetoNBD | NBD, seed: int, n: int = 1500) -> PurchaseSummary:
    return model.simulate(n, age=52, rng=np.random.default_rng(seed), ticks_per_unit=700)


AWKWARD = {
    "one customer": (awkward([(3, 100, 200)]), "degenerate", "1 different history for 4 parameters"),
    "all alike": (awkward([(3, 100, 200)], [500]), "degenerate", "r and alpha grow without bound"),
    "few": (simulated(ParetoNBD.of(r=0.6, alpha=5, s=0.6, beta=12), 3, 100), "regular", ""),
    "nobody twice": (awkward([(0, 0, 200), (1, 9, 200), (1, 190, 200), (0, 0, 100), (1, 30, 90)], [80, 5, 9, 9, 3]), "boundary", "all customers buy at the same rate"),
    "never lost": (awkward([(10, 197, 200), (5, 190, 200), (20, 199, 200), (11, 180, 190), (7, 181, 190)], [9] * 5), "boundary", "hardly anybody seems to drop out"),
    "no dropout": (simulated(NBD.of(r=2, alpha=5), 1), "boundary", "hardly anybody seems to drop out"),
    "lost at once": (awkward([(1, 1, 400), (1, 2, 300), (1, 3, 400), (2, 3, 400), (0, 0, 400), (1, 2, 200)], [40, 9, 8, 1, 1, 5]), "boundary", "s and beta grow without bound"),
    "one death rate": (simulated(ParetoNBD.of(r=1, alpha=5, s=1e5, beta=2e6), 4), "boundary", "all customers drop out at the same rate"),
    "at once or never": (simulated(ParetoNBD.of(r=1, alpha=5, s=0.01, beta=1e-20), 3), "boundary", "customers drop out at once, if at all, and the others never"),
    "heavy": (awkward([(100_000, 10**6, 10**6), (0, 0, 10**6), (50_000, 10**5, 10**6), (7, 9, 10**6), (1, 2, 10)]), "", ""),
    "tiny time": (awkward([(1, 1, 1), (0, 0, 1), (0, 0, 0), (1, 1, 2), (2, 2, 2)], [3, 90, 5, 2, 1]), "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data(name: str) -> None:
    summary, status, words = AWKWARD[name]
    model = fit(ParetoNBD, summary)
    assert model.diagnosis.startswith(status)
    assert words in model.diagnosis
    assert math.isfinite(model.log_likelihood)
    assert np.isnan(model.covariance).any() == (model.status != "regular")
    # the NBD is a limit of the Pareto/NBD, which therefore cannot fit worse
    baseline = fit(NBD, summary).log_likelihood
    assert model.log_likelihood >= baseline - 1e-6 * abs(baseline)
    for values in (
        model.expected_purchases(summary, horizon=52).values,
        model.probability_alive(summary, at=52).values,
        model.expected_residual_transactions(summary, discount=0.1).values,
        model.posterior_rates(summary)["dropout_rate"],
        model.pmf(np.arange(20), 52),
    ):
        assert np.isfinite(values).all()
        assert (values >= 0).all()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60), st.integers(0, 400), st.integers(0, 400), st.integers(1, 50)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_valid_histories(drawn: list[tuple[int, int, int, int]]) -> None:
    rows = [(x if t else 0, t if x else 0, t + rest, n) for x, t, rest, n in drawn]
    summary = awkward([row[:3] for row in rows], [row[3] for row in rows])
    if not summary.x.any():
        with pytest.raises(ConvergenceError):
            fit(ParetoNBD, summary)
        return
    model = fit(ParetoNBD, summary)
    assert math.isfinite(model.log_likelihood)
    assert np.isfinite(model.expected_purchases(summary, horizon=100).values).all()
    assert np.isfinite(model.probability_alive(summary, at=3).values).all()


def test_refuses() -> None:
    with pytest.raises(InvalidInputError, match="beta must be positive"):
        ParetoNBD.of(r=1, alpha=1, s=1, beta=0)
    daily = PurchaseSummary.from_arrays([0], [0], [9], unit="day", ticks_per_unit=1)
    with pytest.raises(InvalidInputError, match=r"summary\.unit must be that of the model, week"):
        MODEL.probability_alive(daily)
    with pytest.raises(InvalidInputError, match="other must be, for ParetoNBD, one of NBD"):
        MODEL.likelihood_ratio_test(BGNBD.of(r=1, alpha=1, a=1, b=1))


def test_no_better_parameters_nearby() -> None:
    """A boundary fit is as high as what a grid of ordinary parameters reaches."""
    summary = AWKWARD["never lost"][0]
    top = fit(ParetoNBD, summary).log_likelihood
    rows, counts = summary.distinct("x", "t_x", "T")
    function = Likelihood.of(rows["x"], rows["t_x"] / 7, rows["T"] / 7, counts)
    for r, s, beta in itertools.product((0.5, 3.0, 8.0, 20.0), (0.01, 0.5, 5.0), (1.0, 40.0, 1e5)):
        assert function(np.log([r, r * 2.6, s, beta]))[0] < top + 1e-6
