"""What all models of purchases share: simulation, residual transactions, doubt, priors."""

from __future__ import annotations

import json
import math
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics import (
    BGNBD,
    MBGNBD,
    BdW,
    Fitted,
    GammaGamma,
    LogNormal,
    PurchaseSummary,
    RenewalSummary,
    fit,
)
from customerops.metrics.clv.discounting import present, yearly_rate
from customerops.metrics.clv.inventing import chances_survived, until_dropout
from tests.metrics import cdnow
from tests.reference.clv import bgnbd_alive, bgnbd_expected

PAPER = (0.243, 4.414, 0.793, 2.426)
MODEL = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
WEEKS_A_YEAR = 365.2425 / 7


def made(n: int = 1500, seed: int = 3, **options: Any) -> PurchaseSummary:
    truth = BGNBD.of(r=0.7, alpha=10, a=0.8, b=2.5, unit="week")
    return truth.simulate(n, age=52, rng=np.random.default_rng(seed), **options)


# simulation --------------------------------------------------------------------------------------


def test_simulated_customers_buy_as_expected() -> None:
    """Means over 100,000 customers lie within four standard errors of the expectations."""
    rng, n = np.random.default_rng(11), 100_000
    ages = rng.uniform(5, 60, n)
    seen = MODEL.simulate(n, age=ages, holdout=26, rng=rng)
    expected = np.mean(
        [MODEL.new_customer(t) for t in np.quantile(ages, np.arange(0.005, 1, 0.01))]
    )
    assert abs(seen.x.mean() - expected) < 4 * seen.x.std() / math.sqrt(n)
    later = MODEL.expected_purchases(seen, horizon=26)
    assert abs((later.values - seen.held_x).mean()) < 4 * (
        later.values - seen.held_x
    ).std() / math.sqrt(n)


def test_simulated_counts_have_the_distribution_of_the_model() -> None:
    n = 100_000
    seen = MODEL.simulate(n, age=39, rng=np.random.default_rng(2))
    for x in range(6):
        chance = float(MODEL.pmf(x, 39))
        share = float((seen.x == x).mean())
        assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / n)


def test_simulated_deaths_are_those_the_model_infers() -> None:
    """Among customers of like history, those alive buy on: compare within bands of P(alive)."""
    seen = MODEL.simulate(100_000, age=39, holdout=400, rng=np.random.default_rng(5))
    again = seen.x >= 3
    alive = MODEL.probability_alive(seen).values
    for low, high in ((0.0, 0.2), (0.2, 0.6), (0.6, 1.0)):
        band = again & (alive >= low) & (alive < high)
        bought = (seen.held_x[band] > 0).mean()
        assert bought <= alive[band].mean() + 4 * math.sqrt(0.25 / band.sum())
        expected = MODEL.expected_purchases(seen, horizon=400).values[band]
        error = expected - seen.held_x[band]
        assert abs(error.mean()) < 4 * error.std() / math.sqrt(band.sum())


def test_simulation_is_the_random_source_and_nothing_else() -> None:
    first, second = (made(seed=9) for _ in range(2))
    assert first == second
    assert first != made(seed=10)


def test_simulated_times_lie_within_the_age() -> None:
    seen = MODEL.simulate(5000, age=2, rng=np.random.default_rng(1), ticks_per_unit=7)
    assert (seen.T == 14).all()
    again = seen.x > 0
    assert (seen.t_x[again] >= 1).all()
    assert (seen.t_x <= seen.T).all()
    assert (seen.t_x[~again] == 0).all()
    assert len(MODEL.simulate(0, age=2, rng=np.random.default_rng(1))) == 0
    assert (MODEL.simulate(50, age=0, rng=np.random.default_rng(1)).x == 0).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": -1}, "n must be at least 0"),
        ({"rng": 5}, "rng must be a numpy.random.Generator: got int"),
        ({"age": [1.0, 2.0]}, r"age must be one or 3: got shape \(2,\)"),
        ({"age": -1}, "age must be finite and not negative"),
        ({"age": [1, math.nan, 2]}, "age must be finite and not negative"),
        ({"holdout": -1}, "holdout must not be negative"),
        ({"ticks_per_unit": 0}, "ticks_per_unit must be at least 1"),
    ],
)
def test_simulation_refuses(changed: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"n": 3, "age": 5, "rng": np.random.default_rng(1), **changed}
    with pytest.raises(InvalidInputError, match=message):
        MODEL.simulate(given.pop("n"), **given)


def test_certain_and_impossible_dropout() -> None:
    rng = np.random.default_rng(1)
    survived = chances_survived(np.array([0.0, 1.0]), rng)
    assert survived.tolist() == [math.inf, 0.0]
    x, when, held = until_dropout(
        np.full(2, 2.0), survived, np.full(2, 500.0), 100.0, rng
    )  # lives for ever, dead from the start
    assert 850 < x[0] < 1150
    assert 490 < when[0] <= 500
    assert 140 < held[0] < 260
    assert (x[1], when[1], held[1]) == (0, 0.0, 0)


# rates and residual transactions -----------------------------------------------------------------


def test_rates_a_year() -> None:
    assert yearly_rate(0.1, None) == pytest.approx(math.log(1.1), rel=1e-15)
    assert yearly_rate(None, 0.15) == 0.15
    with pytest.raises(InvalidInputError, match="discount must be given as an effective rate"):
        yearly_rate(None, None)
    with pytest.raises(InvalidInputError, match="discount must be given as an effective rate"):
        yearly_rate(0.1, 0.1)
    with pytest.raises(InvalidInputError, match="discount must be above -1"):
        yearly_rate(-1, None)
    with pytest.raises(InvalidInputError, match="continuous must be finite"):
        yearly_rate(None, math.inf)


@pytest.mark.parametrize("power", [0.05, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("rate", [1e-3, 0.15, 40.0])
def test_present_value_of_a_power_of_time(power: float, rate: float) -> None:
    """Integral of e^(-d t) d(t^p) = Gamma(1 + p) / d^p."""
    value = present(lambda t: t[:, None] ** power, rate, "week")
    exact = math.gamma(1 + power) / (rate / WEEKS_A_YEAR) ** power
    assert value[0] == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 273), (2, 213, 272), (26, 250, 260)])
@pytest.mark.parametrize("discount", [0.05, 0.15])
def test_residual_transactions(x: int, t_x: int, T: int, discount: float) -> None:
    """The integral itself, of the reference's expectation, by mpmath."""
    one = PurchaseSummary.from_arrays([x], [t_x], [T])
    got = MODEL.expected_residual_transactions(one, discount=discount).total
    d = math.log1p(discount) / WEEKS_A_YEAR
    history = (x, t_x / 7, T / 7)
    cuts = [0, 5, 25, 100, 400, 1500, 5000, 30000]
    whole = mp.quad(
        lambda t: d * mp.exp(-d * t) * bgnbd_expected(PAPER, history, float(t), digits=30),
        cuts,
        maxdegree=4,
    )
    assert got == pytest.approx(float(whole), rel=1e-6)
    same = MODEL.expected_residual_transactions(one, continuous=math.log1p(discount)).total
    assert same == pytest.approx(got, rel=1e-14)


def test_residual_transactions_need_a_discount() -> None:
    one = PurchaseSummary.from_arrays([2], [213], [272])
    for rate in (0.0, -0.5):
        with pytest.raises(InvalidInputError, match="discount must be above 0: there is no end"):
            MODEL.expected_residual_transactions(one, discount=rate)


def test_posterior_rates_by_the_rule_of_total_probability() -> None:
    """Alive, the rates are Gamma(r + x, alpha + T), Beta(a, b + x); dead, as of t_x and one more."""
    r, alpha, a, b = PAPER
    for x, t_x, T in ((0, 0, 273), (2, 213, 272), (7, 30, 260)):
        one = PurchaseSummary.from_arrays([x], [t_x], [T])
        alive = bgnbd_alive(PAPER, (x, t_x / 7, T / 7))
        rates = MODEL.posterior_rates(one)
        living = (r + x) / (alpha + T / 7), a / (a + b + x)
        dead = (r + x) / (alpha + t_x / 7), (a + 1) / (a + b + x)
        for name, i in (("purchase_rate", 0), ("dropout_chance", 1)):
            both = alive * living[i] + (1 - alive) * dead[i]
            assert rates[name][0] == pytest.approx(both, rel=1e-12)


def test_posterior_rates_of_invented_customers() -> None:
    """The mean true rate of simulated customers of one history is the posterior mean."""
    rng, n = np.random.default_rng(8), 400_000
    r, alpha, a, b = PAPER
    rate, chance = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    x, when, _ = until_dropout(
        rate, 1.0 + chances_survived(chance, rng), np.full(n, 39.0), 0.0, rng
    )
    like = (x == 2) & (when > 20) & (when < 25)
    seen = PurchaseSummary.from_arrays(
        x[like], np.rint(when[like] * 1000), np.full(like.sum(), 39000), ticks_per_unit=1000
    )
    rates = MODEL.posterior_rates(seen)
    for truth, name in ((rate[like], "purchase_rate"), (chance[like], "dropout_chance")):
        error = truth - rates[name]
        assert abs(error.mean()) < 4 * error.std() / math.sqrt(like.sum())


def test_logarithm_of_the_chance_does_not_underflow() -> None:
    gone = PurchaseSummary.from_arrays([400], [100], [20_000])
    assert MODEL.probability_alive(gone).total == 0.0
    log = MODEL.log_probability_alive(gone).total
    r, alpha, a, b = PAPER
    odds = math.log(a / (b + 399)) + (r + 400) * math.log((alpha + 20_000 / 7) / (alpha + 100 / 7))
    assert log == pytest.approx(-odds, rel=1e-12)
    some = PurchaseSummary.from_arrays([2], [213], [272])
    for at in (0, 13):
        assert math.exp(MODEL.log_probability_alive(some, at=at).total) == pytest.approx(
            MODEL.probability_alive(some, at=at).total, rel=1e-14
        )


# doubt -------------------------------------------------------------------------------------------

SEEN = made()
FITTED = fit(BGNBD, SEEN)


def test_delta_of_a_logarithm_is_exact() -> None:
    """The delta interval of a parameter itself is the interval of that parameter."""
    named = FITTED.intervals(confidence=0.9)
    low, high = FITTED.interval_of(lambda m: m._values(), confidence=0.9)
    assert low.tolist() == pytest.approx([ends[0] for ends in named.values()], rel=1e-12)
    assert high.tolist() == pytest.approx([ends[1] for ends in named.values()], rel=1e-12)
    error = 1.959963984540054 * np.sqrt(np.diag(FITTED._log_covariance()))
    log_low, log_high = FITTED.interval_of(lambda m: np.log(m._values()), scale="linear")
    logs = np.log(FITTED._values())
    assert log_low == pytest.approx(logs - error, rel=1e-8)
    assert log_high == pytest.approx(logs + error, rel=1e-8)


def test_delta_of_a_chance_is_symmetric_on_its_logit() -> None:
    def chance(model: BGNBD) -> float:
        return model.params.a / (model.params.a + model.params.b)

    low, high = FITTED.interval_of(chance, scale="logit")
    middle = chance(FITTED)
    logits = [math.log(p / (1 - p)) for p in (low, middle, high)]
    assert logits[2] - logits[1] == pytest.approx(logits[1] - logits[0], rel=1e-6)
    # log odds are log a - log b: their variance is exact
    v = FITTED._log_covariance()
    s = math.sqrt(v[2, 2] + v[3, 3] - 2 * v[2, 3])
    assert logits[2] - logits[1] == pytest.approx(1.959963984540054 * s, rel=1e-6)


def test_intervals_have_the_shape_of_the_quantity() -> None:
    low, high = FITTED.interval_of(lambda m: m.expected_purchases(SEEN, horizon=9).values)
    assert low.shape == high.shape == (len(SEEN),)
    seen = FITTED.expected_purchases(SEEN, horizon=9, confidence=0.95)
    np.testing.assert_allclose(seen["low"], low, rtol=1e-9)
    np.testing.assert_allclose(seen["high"], high, rtol=1e-9)


def test_draws_and_bootstrap_agree_with_delta() -> None:
    """Three ways to one interval: half-widths within a third of each other."""

    def new(model: BGNBD) -> float:
        return model.new_customer(52)

    low, high = FITTED.interval_of(new)
    rng = np.random.default_rng(4)
    for method in ("draws", "bootstrap"):
        a, b = FITTED.interval_of(
            new, method=method, summary=SEEN, rng=rng, repeats=400 if method == "draws" else 120
        )
        assert a < new(FITTED) < b
        assert (b - a) / (high - low) == pytest.approx(1, abs=1 / 3)
    named = FITTED.intervals(method="draws", rng=rng)
    delta = FITTED.intervals()
    for name, (c, d) in named.items():
        assert math.log(d / c) / math.log(delta[name][1] / delta[name][0]) == pytest.approx(
            1, abs=0.2
        )


def test_the_same_source_gives_the_same_interval() -> None:
    options: dict[str, Any] = {"method": "draws", "repeats": 50}
    first, second = (
        FITTED.interval_of(lambda m: m.params.r, rng=np.random.default_rng(6), **options)
        for _ in range(2)
    )
    assert first == second


def test_irregular_fits_are_bootstrapped() -> None:
    """Where nobody drops out there are no standard errors, but there are other samples."""
    rng = np.random.default_rng(2)
    rate = rng.gamma(2.0, 0.2, 300)
    x = rng.poisson(rate * 30)
    t_x = np.where(x > 0, np.ceil(3000 * rng.random(300) ** (1 / np.maximum(x, 1))), 0)
    summary = PurchaseSummary.from_arrays(x, t_x, np.full(300, 3000), ticks_per_unit=100)
    fitted = fit(BGNBD, summary)
    assert fitted.status == "boundary"
    with pytest.raises(
        InvalidInputError, match="unless the fit is regular: this one is boundary; "
    ):
        fitted.interval_of(lambda m: m.new_customer(30))
    assert all(math.isnan(low) for low, _ in fitted.intervals().values())
    low, high = fitted.interval_of(
        lambda m: m.new_customer(30), method="bootstrap", summary=summary, rng=rng, repeats=40
    )
    assert low < x.mean() < high


def test_a_bootstrap_that_often_fails_says_so() -> None:
    few = PurchaseSummary.from_arrays([0, 1], [0, 30], [90, 90], weights=[60, 1])
    fitted = fit(BGNBD, few)
    with pytest.raises(
        ConvergenceError, match=r"\d+ of 60 samples of the customers have no usable"
    ):
        fitted.interval_of(
            lambda m: m.params.r,
            method="bootstrap",
            summary=few,
            rng=np.random.default_rng(1),
            repeats=60,
        )


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (FITTED, {"method": "magic"}, "method must be one of 'delta', 'draws', 'bootstrap'"),
        (FITTED, {"scale": "cubic"}, "scale must be one of 'log', 'logit', 'linear'"),
        (FITTED, {"confidence": 1.0}, "confidence must be"),
        (FITTED, {"method": "draws"}, "rng must be a numpy.random.Generator: got None"),
        (FITTED, {"method": "bootstrap", "summary": SEEN}, "rng must be a numpy.random.Generator"),
        (
            FITTED,
            {"method": "bootstrap", "rng": 1},
            "rng must be a numpy.random.Generator: got int",
        ),
        (
            FITTED,
            {"method": "draws", "rng": np.random.default_rng(1), "repeats": 1},
            "repeats must be at least 2",
        ),
        (
            FITTED,
            {"method": "bootstrap", "rng": np.random.default_rng(1)},
            "summary must be given for method='bootstrap'",
        ),
        (
            FITTED,
            {"method": "bootstrap", "rng": np.random.default_rng(1), "summary": made(seed=4)},
            "summary must be the one that the model was fitted to",
        ),
        (
            MODEL,
            {"method": "bootstrap", "rng": np.random.default_rng(1), "summary": SEEN},
            "method must not be 'bootstrap' for a model that was given",
        ),
        (
            MODEL,
            {},
            "method must not be 'delta' unless the fit is regular: this one is given; fit it",
        ),
    ],
)
def test_intervals_refuse(model: BGNBD, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        model.interval_of(lambda m: m.params.r, **options)


def test_quantities_off_the_scale_are_refused() -> None:
    with pytest.raises(
        InvalidInputError, match="scale must be 'linear' for what is not positive: 1 of 2"
    ):
        FITTED.interval_of(lambda m: [m.params.r, -1.0])
    with pytest.raises(
        InvalidInputError, match="scale must not be 'logit'.* between 0 and 1: 1 of 1"
    ):
        FITTED.interval_of(lambda m: m.params.alpha, scale="logit")
    with pytest.raises(InvalidInputError, match="quantity must give numbers: got <U"):
        FITTED.interval_of(repr)


def test_resampled_customers() -> None:
    rng = np.random.default_rng(3)
    weighted = PurchaseSummary.from_arrays(
        [0, 1, 2], [0, 30, 60], [90] * 3, weights=[500, 300, 200]
    )
    drawn = weighted.resample(rng)
    assert int(drawn.weights.sum()) == 1000
    counts = dict(zip(drawn.x.tolist(), drawn.weights.tolist(), strict=True))
    for x, share in ((0, 0.5), (1, 0.3), (2, 0.2)):
        assert abs(counts[x] - 1000 * share) < 5 * math.sqrt(1000 * share * (1 - share))
    assert len(made(0).resample(rng)) == 0
    assert drawn.unit == weighted.unit
    few = SEEN.resample(rng)
    assert len(few) < len(SEEN)
    assert int(few.weights.sum()) == len(SEEN)


# priors ------------------------------------------------------------------------------------------


def test_a_wide_prior_changes_nothing_and_a_narrow_one_rules() -> None:
    free = fit(BGNBD, SEEN)
    wide = fit(BGNBD, SEEN, prior=[LogNormal(parameter="a", median=1, sigma=1e4)])
    assert wide.params.a == pytest.approx(free.params.a, rel=1e-6)
    narrow = fit(BGNBD, SEEN, prior=[LogNormal(parameter="a", median=2, sigma=1e-4)])
    assert narrow.params.a == pytest.approx(2, rel=1e-3)
    assert narrow.log_likelihood < free.log_likelihood
    assert narrow.diagnosis == "regular: with a prior of a"
    assert math.log(narrow.intervals()["a"][1] / 2) == pytest.approx(1.96e-4, rel=0.05)


def test_the_most_probable_value_of_a_normal_mean() -> None:
    """Where the likelihood is nearly normal the fit is the mean weighted by precision."""
    free = fit(BGNBD, made(60_000))
    sigma = free._log_covariance()[0, 0] ** 0.5
    center = math.log(free.params.r) + sigma
    prior = [LogNormal(parameter="r", median=math.exp(center), sigma=sigma)]
    # a prior as precise as the data themselves pulls half of the way
    both = fit(BGNBD, made(60_000), prior=prior)
    assert math.log(both.params.r / free.params.r) == pytest.approx(sigma / 2, rel=0.05)


def test_a_prior_settles_what_the_data_do_not() -> None:
    """Two histories cannot tell four parameters; with priors of all four they need not."""
    two = PurchaseSummary.from_arrays([0, 1], [0, 30], [90, 90], weights=[50, 5])
    assert fit(BGNBD, two).status in {"degenerate", "boundary", "flat"}
    prior = [
        LogNormal(parameter=name, median=median, sigma=1.0)
        for name, median in (("r", 0.5), ("alpha", 10), ("a", 1), ("b", 3))
    ]
    fitted = fit(BGNBD, two, prior=prior)
    assert fitted.new_customer(90 / 7) == pytest.approx(5 / 55, rel=0.5)


def test_priors_survive_json_and_rule_the_bootstrap() -> None:
    prior = [LogNormal(parameter="a", median=2, sigma=1e-3)]
    fitted = fit(BGNBD, SEEN, prior=prior)
    assert Fitted.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted
    low, high = fitted.intervals(
        method="bootstrap", summary=SEEN, rng=np.random.default_rng(1), repeats=10
    )["a"]
    assert 1.9 < low <= high < 2.1


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ([1], r"prior\[0\] must be a LogNormal: got int"),
        (5, "prior must be an iterable of values: got int"),
        (
            [LogNormal(parameter="q", median=1, sigma=1)],
            "prior must be one of 'r', 'alpha', 'a', 'b'",
        ),
        (
            [LogNormal(parameter="a", median=1, sigma=1)] * 2,
            "prior must be given once a parameter",
        ),
    ],
)
def test_priors_refused(prior: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        fit(BGNBD, SEEN, prior=prior)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"median": 0.0}, "median must be positive: got 0"),
        ({"sigma": 0.0}, "sigma must be at least 0.0001: got 0"),
        (
            {"sigma": 1e-200},
            "sigma must be at least 0.0001: got 1e-200: give the parameter itself",
        ),
    ],
)
def test_priors_that_are_none(changed: dict[str, float], message: str) -> None:
    given: dict[str, Any] = {"median": 1.0, "sigma": 1.0, **changed}
    with pytest.raises(InvalidInputError, match=message):
        LogNormal(parameter="a", **given)


def test_a_prior_of_the_spend() -> None:
    prior = [LogNormal(parameter="q", median=9, sigma=1e-3)]
    assert fit(GammaGamma, cdnow.summary(), prior=prior).params.q == pytest.approx(9, rel=1e-3)


# what a fit is of --------------------------------------------------------------------------------


def test_fits_know_their_data() -> None:
    def digest(summary: PurchaseSummary) -> str | None:
        evidence = fit(BGNBD, summary).evidence
        assert evidence is not None
        return evidence.data

    assert digest(SEEN) == digest(made())
    assert digest(SEEN) != digest(made(seed=4))
    weeks = PurchaseSummary.from_arrays([0, 1, 2], [0, 2, 4], [9, 9, 9], ticks_per_unit=7)
    others = PurchaseSummary.from_arrays([0, 1, 2], [0, 2, 4], [9, 9, 9], ticks_per_unit=1)
    assert digest(weeks) != digest(others)


def test_all_starts_are_climbed_however_many_customers() -> None:
    """Two kinds of customers: 82,000 of them make a lower maximum as sharp as the higher one."""
    rng = np.random.default_rng(2)
    kinds = [
        MBGNBD.of(r=5.0, alpha=10.0, a=0.1, b=0.1).simulate(
            20_000, age=40, rng=rng, ticks_per_unit=1
        ),
        MBGNBD.of(r=0.3, alpha=2.0, a=3.0, b=40.0).simulate(
            60_000, age=40, rng=rng, ticks_per_unit=1
        ),
    ]
    x, t_x, T = (np.concatenate([one.columns[c] for one in kinds]) for c in ("x", "t_x", "T"))
    fitted = fit(MBGNBD, PurchaseSummary.from_arrays(x, t_x, T, ticks_per_unit=1))
    lower = MBGNBD.of(r=0.616, alpha=2.505, a=0.205, b=0.410)
    assert fitted.log_likelihood > -820_523
    assert fitted.params.b > 10 * lower.params.b


def test_the_end_of_what_is_searched_is_an_edge() -> None:
    """The likelihood still rises in beta there, however many customers say so."""
    for many in (1, 10):
        months = [many * n for n in (1000, 999, 990, 900, 200, 0)]
        fitted = fit(BdW, RenewalSummary.from_survivors(months, term=(1, "month")))
        assert fitted.status == "boundary"
        assert math.isnan(fitted.standard_errors["alpha"])
