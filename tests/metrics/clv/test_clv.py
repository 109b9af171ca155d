"""Fitted models: published numbers, what they promise, what they refuse."""

from __future__ import annotations

import datetime as dt
import json
import math
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics import BGNBD, Fitted, GammaGamma, PurchaseSummary, fit
from customerops.metrics.clv.estimation import Evidence, estimate
from customerops.metrics.clv.gammagamma import GammaGammaParameters
from tests.metrics import cdnow
from tests.reference.clv import (
    bgnbd_alive,
    bgnbd_expected,
    bgnbd_later_alive,
    bgnbd_log_likelihood,
    bgnbd_new_customer,
    bgnbd_pmf,
    gamma_gamma_log_likelihood,
)

PAPER = (0.243, 4.414, 0.793, 2.426)
MODEL = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
SPEND = GammaGamma.of(p=6.25, q=3.74, gamma=15.44, currency="USD")


def one(x: int, t_x: int, T: int, spend: int = 0, **options: Any) -> PurchaseSummary:
    return PurchaseSummary.from_arrays([x], [t_x], [T], [spend], **options)


# published numbers -------------------------------------------------------------------------------


def test_cdnow_bgnbd() -> None:
    """Fader, Hardie and Lee (2005), Marketing Science 24(2), table 2."""
    model = fit(BGNBD, cdnow.summary())
    assert round(model.params.r, 3) == 0.243
    assert round(model.params.alpha, 3) == 4.414
    assert round(model.params.a, 3) == 0.793
    assert round(model.params.b, 3) == 2.426
    assert round(model.log_likelihood, 1) == -9582.4
    assert model.customers == 2357
    assert model.diagnosis == model.status == "regular"


def test_cdnow_customer_0001() -> None:
    """The spreadsheet of the paper: x = 2, t_x = 30.43, T = 38.86 gives 1.226 in 39 weeks."""
    rounded = one(2, 3043, 3886, ticks_per_unit=100)
    for summary in (rounded, one(2, 213, 272)):
        assert round(MODEL.expected_purchases(summary, horizon=39).total, 3) == 1.226
    first = fit(BGNBD, cdnow.summary()).expected_purchases(cdnow.summary(), horizon=39).values[0]
    assert round(first, 3) == 1.226


def test_cdnow_gamma_gamma() -> None:
    """Fader and Hardie (2013), note 025, section 4: 946 repeat buyers."""
    model = fit(GammaGamma, cdnow.summary())
    assert round(model.params.p, 2) == 6.25
    assert round(model.params.q, 2) == 3.74
    assert round(model.params.gamma, 2) == 15.44
    assert model.customers == 946
    assert model.currency == "USD"
    assert model.diagnosis == "regular"


def test_conditional_mean_spend() -> None:
    """github.com/CamDavidsonPilon/lifetimes, issue 81: ten customers of CDNOW."""
    model = GammaGamma.of(p=6.248802, q=3.744588, gamma=15.447748)
    x = np.array([2, 1, 0, 0, 0, 7, 1, 0, 2, 0])
    m = np.array([2235, 1177, 0, 0, 0, 7374, 1177, 0, 2555, 0])
    summary = PurchaseSummary.from_arrays(x, x, x + 1, x * m)
    expected = [24.659, 18.911, 35.171, 35.171, 35.171, 71.463, 18.911, 35.171, 27.282, 35.171]
    assert model.mean_spend(summary).values.tolist() == pytest.approx(expected, abs=0.002)
    assert model.population_mean() == pytest.approx(35.171, abs=0.002)


# likelihood --------------------------------------------------------------------------------------


def test_log_likelihood_is_that_of_the_formula() -> None:
    model, summary = fit(BGNBD, cdnow.summary()), cdnow.summary()
    rows, counts = summary.distinct("x", "t_x", "T")
    parameters = attrs.astuple(model.params)
    histories = zip(rows["x"].tolist(), rows["t_x"] / 7, rows["T"] / 7, counts, strict=True)
    total = sum(n * bgnbd_log_likelihood(parameters, (x, t, T)) for x, t, T, n in histories)
    assert model.log_likelihood == pytest.approx(total, rel=1e-12)
    assert model.aic == pytest.approx(2 * 4 - 2 * total)
    assert model.bic == pytest.approx(4 * math.log(2357) - 2 * total)


def test_spend_log_likelihood_is_that_of_the_formula() -> None:
    from fractions import Fraction

    model, summary = fit(GammaGamma, cdnow.summary()), cdnow.summary()
    parameters = attrs.astuple(model.params)
    total = sum(
        gamma_gamma_log_likelihood(parameters, x, Fraction(z, 100 * x))
        for x, z in zip(summary.x.tolist(), summary.spend.tolist(), strict=True)
        if x
    )
    assert model.log_likelihood == pytest.approx(total, rel=1e-12)


def test_the_top_is_a_top() -> None:
    model, summary = fit(BGNBD, cdnow.summary()), cdnow.summary()
    rows, counts = summary.distinct("x", "t_x", "T")
    from customerops.metrics.clv.bgnbd_kernel import Likelihood

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
    weekly, daily = fit(BGNBD, summary), fit(BGNBD, days)
    repeats = int(summary.x.sum())
    assert daily.log_likelihood == pytest.approx(weekly.log_likelihood - repeats * math.log(7))
    assert daily.params.alpha == pytest.approx(7 * weekly.params.alpha)
    assert daily.params.r == pytest.approx(weekly.params.r)
    horizon = dt.timedelta(weeks=20)
    np.testing.assert_allclose(
        daily.expected_purchases(days, horizon=horizon).values,
        weekly.expected_purchases(summary, horizon=horizon).values,
        rtol=1e-6,
    )


def test_equal_to_the_bit_however_the_customers_come() -> None:
    whole = cdnow.summary()
    order = np.random.default_rng(2).permutation(len(whole))

    def take(rows: Any) -> PurchaseSummary:
        columns = (whole.columns[name][rows] for name in ("x", "t_x", "T", "spend"))
        return PurchaseSummary.from_arrays(*columns, ids=rows, currency="USD")

    parts = take(order[:700]) + take(order[700:1500]) + take(order[1500:])
    rows, counts = whole.distinct("x", "t_x", "T", "spend")
    weighed = PurchaseSummary.from_arrays(
        rows["x"], rows["t_x"], rows["T"], rows["spend"], counts, currency="USD"
    )
    for model in (BGNBD, GammaGamma):
        assert fit(model, parts) == fit(model, whole) == fit(model, weighed)


def test_a_part_first_and_then_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from customerops.metrics.clv import gammagamma, purchase_model

    once = fit(BGNBD, cdnow.summary()), fit(GammaGamma, cdnow.summary())
    for module in (purchase_model, gammagamma):
        monkeypatch.setattr(module, "SEARCHED", 100)
    twice = fit(BGNBD, cdnow.summary()), fit(GammaGamma, cdnow.summary())
    for a, b in zip(once, twice, strict=True):
        assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-12)
        assert attrs.astuple(a.params) == pytest.approx(attrs.astuple(b.params), rel=1e-5)


# parameters known ---------------------------------------------------------------------------------


def simulated(n: int, parameters: tuple[float, float, float, float], seed: int) -> PurchaseSummary:
    """Live through the story of the model, purchase by purchase."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    rows = []
    for rate, drop, weeks in zip(
        rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), rng.integers(26, 53, n), strict=True
    ):
        x, last, now = 0, 0.0, 0.0
        while rate > 1e-9:
            now += rng.exponential(1 / rate)
            if now > weeks:
                break
            x, last = x + 1, now
            if rng.random() < drop:
                break
        rows.append((x, math.ceil(last * 10**6), int(weeks) * 10**6))
    x_, t_x, T = zip(*rows, strict=True)
    return PurchaseSummary.from_arrays(x_, t_x, T, ticks_per_unit=10**6)


def test_finds_the_parameters_of_a_simulation() -> None:
    truth = (0.6, 6.0, 0.9, 3.0)
    model = fit(BGNBD, simulated(4000, truth, seed=11))
    errors = np.array(list(model.standard_errors.values()))
    away = (np.array(attrs.astuple(model.params)) - truth) / errors
    assert np.abs(away).max() < 3
    assert model.status == "regular"
    for (low, high), value in zip(model.intervals(confidence=0.999).values(), truth, strict=True):
        assert low < value < high


def test_finds_the_parameters_of_a_simulated_spend() -> None:
    rng = np.random.default_rng(5)
    truth, n = (6.0, 4.0, 15.0), 4000
    x = rng.geometric(0.4, n)
    rate = rng.gamma(truth[1], 1 / truth[2], n)
    z = np.rint(100 * rng.gamma(truth[0] * x, 1 / rate)).astype(int)
    model = fit(GammaGamma, PurchaseSummary.from_arrays(x, x, x, z))
    errors = np.array(list(model.standard_errors.values()))
    assert (np.abs(np.array(attrs.astuple(model.params)) - truth) < 3 * errors).all()


# each customer -----------------------------------------------------------------------------------

CUSTOMERS = [(0, 0, 272), (0, 0, 0), (1, 1, 272), (2, 213, 272), (29, 269, 272), (40, 40, 272)]


def several() -> PurchaseSummary:
    x, t_x, T = zip(*CUSTOMERS, strict=True)
    return PurchaseSummary.from_arrays(x, t_x, T)


@pytest.mark.parametrize("horizon", [0.1, 39, dt.timedelta(days=3640)])
def test_expected_purchases(horizon: float | dt.timedelta) -> None:
    weeks = horizon / dt.timedelta(weeks=1) if isinstance(horizon, dt.timedelta) else horizon
    ours = MODEL.expected_purchases(several(), horizon=horizon).values
    theirs = [bgnbd_expected(PAPER, (x, t / 7, T / 7), weeks) for x, t, T in CUSTOMERS]
    assert ours.tolist() == pytest.approx(theirs, rel=1e-10)


def test_expected_purchases_between() -> None:
    both = MODEL.expected_purchases(several(), horizon=30).values
    first = MODEL.expected_purchases(several(), horizon=10).values
    second = MODEL.expected_purchases(several(), start=10, horizon=30).values
    np.testing.assert_allclose(first + second, both, rtol=1e-12)


def test_probability_alive() -> None:
    now = MODEL.probability_alive(several()).values
    assert now.tolist() == pytest.approx(
        [bgnbd_alive(PAPER, (x, t / 7, T / 7)) for x, t, T in CUSTOMERS], rel=1e-12
    )
    assert now[:2].tolist() == [1.0, 1.0]  # nobody drops out before the first repeat purchase
    later = MODEL.probability_alive(several(), at=dt.timedelta(weeks=26)).values
    assert later.tolist() == pytest.approx(
        [bgnbd_later_alive(PAPER, (x, t / 7, T / 7), 26) for x, t, T in CUSTOMERS], rel=1e-9
    )


def test_new_customer() -> None:
    assert MODEL.new_customer(39) == pytest.approx(bgnbd_new_customer(PAPER, 39), rel=1e-11)
    assert MODEL.new_customer(0) == 0.0
    assert MODEL.new_customer(dt.timedelta(days=14)) == MODEL.new_customer(2)


def test_pmf() -> None:
    n = np.arange(30)
    ours = MODEL.pmf(n, 39)
    assert ours.tolist() == pytest.approx([bgnbd_pmf(PAPER, int(k), 39) for k in n], rel=1e-11)
    assert MODEL.pmf(0, 0) == 1.0
    assert MODEL.pmf(3, 0) == 0.0
    assert MODEL.pmf([[1], [2]], 5).shape == (2, 1)


def test_pmf_is_a_distribution_with_the_mean_of_a_new_customer() -> None:
    n = np.arange(4000)
    chances = MODEL.pmf(n, 39)
    assert chances.sum() == pytest.approx(1.0, abs=1e-12)
    assert chances @ n == pytest.approx(MODEL.new_customer(39), rel=1e-9)


def test_one_by_one_or_a_thousand_at_once() -> None:
    summary = cdnow.summary()
    together = MODEL.expected_purchases(summary, horizon=39).values
    some = slice(None, None, 97)
    alone = [
        MODEL.expected_purchases(one(x, t, T), horizon=39).values[0]
        for x, t, T in zip(summary.x[some], summary.t_x[some], summary.T[some], strict=True)
    ]
    np.testing.assert_allclose(together[some], alone, rtol=1e-12)


def test_interval_is_what_draws_of_the_parameters_give() -> None:
    model, customer = fit(BGNBD, cdnow.summary()), one(2, 213, 272)
    assert model.evidence is not None
    predicted = model.expected_purchases(customer, horizon=39, confidence=0.95)
    expected, low, high = (float(predicted[name][0]) for name in ("expected", "low", "high"))
    logs = np.log(attrs.astuple(model.params))
    draws = np.random.default_rng(3).multivariate_normal(
        logs, np.array(model.evidence.log_covariance), 400
    )
    names = ("r", "alpha", "a", "b")
    values = [
        BGNBD.of(**dict(zip(names, np.exp(draw).tolist(), strict=True)))
        .expected_purchases(customer, horizon=39)
        .total
        for draw in draws
    ]
    assert math.log(high / expected) / 1.959964 == pytest.approx(np.log(values).std(), rel=0.1)
    assert low * high == pytest.approx(expected**2)


# what they say of themselves -----------------------------------------------------------------------


def test_standard_errors_are_those_of_the_log_parameters() -> None:
    model = fit(BGNBD, cdnow.summary())
    assert model.evidence is not None
    logs = np.sqrt(np.diag(np.array(model.evidence.log_covariance)))
    for name, log in zip(model.names, logs, strict=True):
        value = getattr(model.params, name)
        assert model.standard_errors[name] == pytest.approx(value * log)
        low, high = model.intervals()[name]
        assert (low, high) == pytest.approx((value * math.exp(-1.959964 * log), value * math.exp(1.959964 * log)), rel=1e-5)  # fmt: skip
    np.testing.assert_allclose(model.covariance, model.covariance.T)
    frame = model.to_frame(confidence=0.9)
    assert frame.columns.tolist() == ["parameter", "estimate", "standard_error", "low", "high"]
    assert (frame.low < frame.estimate).all()


def test_given_parameters_claim_nothing() -> None:
    assert (MODEL.customers, MODEL.status, MODEL.diagnosis) == (0, "given", "given")
    for value in (MODEL.log_likelihood, MODEL.aic, MODEL.bic, MODEL.standard_errors["r"], *MODEL.intervals()["a"]):  # fmt: skip
        assert math.isnan(value)
    assert "log-likelihood" not in MODEL.summary()


def test_summary_is_to_be_read() -> None:
    text = fit(BGNBD, cdnow.summary()).summary()
    for part in ("BGNBD, unit week", "customers       2,357", "-9,582.43", "regular", "alpha"):
        assert part in text
    assert repr(MODEL) == "BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426, unit week, given)"
    assert repr(SPEND) == "GammaGamma(p=6.25, q=3.74, gamma=15.44, currency USD, given)"
    assert "BGNBD, unit week, given" in MODEL._repr_html_()
    assert "no currency" in repr(GammaGamma.of(p=1, q=2, gamma=3))


@pytest.mark.parametrize("model", [BGNBD, GammaGamma])
def test_survives_json_and_pickle(model: type[Fitted]) -> None:
    fitted = fit(model, cdnow.summary())
    back = json.loads(json.dumps(fitted.to_dict()))
    assert model.from_dict(back) == Fitted.from_dict(back) == fitted
    assert pickle.loads(pickle.dumps(fitted)) == fitted


def test_json_of_another_kind() -> None:
    with pytest.raises(InvalidInputError, match="model must be one of 'GammaGamma'"):
        GammaGamma.from_dict({**SPEND.to_dict(), "model": "BGNBD"})
    with pytest.raises(
        InvalidInputError, match=r"Fitted\.model must be one of 'NBD', 'BGNBD', 'MBGNBD'"
    ):
        Fitted.from_dict({**MODEL.to_dict(), "model": "Gompertz"})
    ragged = fit(BGNBD, cdnow.summary()).to_dict()
    ragged["evidence"]["log_covariance"][1] = [1.0]
    with pytest.raises(InvalidInputError, match=r"evidence\.log_covariance must be 4 by 4"):
        BGNBD.from_dict(ragged)
    with pytest.raises(InvalidInputError, match=r"Fitted\.model"):
        Fitted.from_dict([])  # type: ignore[arg-type]


# refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_parameters_are_positive(value: float) -> None:
    with pytest.raises(InvalidInputError, match="alpha must be"):
        BGNBD.of(r=1, alpha=value, a=1, b=1)
    with pytest.raises(InvalidInputError, match="q must be"):
        GammaGammaParameters(p=1.0, q=value, gamma=1.0)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("Gompertz", "model must be one of NBD, BGNBD, .*, BdW: got 'Gompertz'"),
        ("bgnbd", "got 'bgnbd', did you mean 'BGNBD'?"),
        (MODEL, "model must be one of NBD, BGNBD, .*, BdW: got BGNBD"),
        (Fitted, "got 'Fitted'"),
    ],
)
def test_unknown_models(model: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        fit(model, cdnow.summary())


def test_needs_a_summary() -> None:
    frame: Any = cdnow.summary().to_frame()
    asked: list[Callable[[], object]] = [
        lambda: fit(BGNBD, frame),
        lambda: MODEL.expected_purchases(frame, horizon=1),
        lambda: SPEND.mean_spend(frame),
    ]
    for call in asked:
        with pytest.raises(InvalidInputError, match="summary must be a PurchaseSummary"):
            call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "horizon must be after start: got 0.0 and 0.0"),
        ({"horizon": 3, "start": 5}, "horizon must be after start"),
        ({"horizon": -1}, "horizon must not be negative: got -1 weeks"),
        ({"horizon": dt.timedelta(days=-7)}, "horizon must not be negative: got -1 weeks"),
        ({"horizon": math.inf}, "horizon must be finite"),
        ({"horizon": "39"}, "horizon must be a float"),
        ({"horizon": 5, "start": -2}, "start must not be negative"),
        ({"horizon": 5, "confidence": 0.95}, "confidence must be left out unless the fit is regular: this one is given"),
    ],
)  # fmt: skip
def test_expected_purchases_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        MODEL.expected_purchases(several(), **options)


def test_confidence_is_a_share() -> None:
    model = fit(BGNBD, cdnow.summary())
    with pytest.raises(InvalidInputError, match="confidence must be between 0 and 1"):
        model.expected_purchases(several(), horizon=1, confidence=95)
    with pytest.raises(InvalidInputError, match="confidence must be between 0 and 1"):
        model.intervals(confidence=1)


def test_units_must_agree() -> None:
    daily = PurchaseSummary.from_arrays([0], [0], [9], unit="day", ticks_per_unit=1)
    with pytest.raises(
        InvalidInputError, match=r"summary\.unit must be that of the model, week: got day"
    ):
        MODEL.probability_alive(daily)


def test_currencies_must_agree() -> None:
    with pytest.raises(
        InvalidInputError, match=r"summary\.currency must be that of the model, USD: got EUR"
    ):
        SPEND.mean_spend(one(1, 1, 1, 5, currency="EUR"))
    assert SPEND.mean_spend(one(1, 1, 1, 5)).total > 0


@pytest.mark.parametrize("x", [-1, 2.0, [1, -1], "a"])
def test_pmf_refuses(x: Any) -> None:
    with pytest.raises(InvalidInputError, match="x must be whole numbers, not negative"):
        MODEL.pmf(x, 1)


def test_no_population_mean() -> None:
    heavy = GammaGamma.of(p=2, q=0.9, gamma=10)
    with pytest.raises(InvalidInputError, match="q must be above 1 for a mean of the population"):
        heavy.population_mean()
    some = PurchaseSummary.from_arrays([3, 0], [2, 0], [9, 9], [900, 0])
    with pytest.raises(
        InvalidInputError,
        match="q must be above 1 for customers without repeat purchases to have a mean spend: 1 of 2 customers have none",
    ):
        heavy.mean_spend(some)
    buyers = PurchaseSummary.from_arrays([3], [2], [9], [900])
    assert heavy.mean_spend(buyers).total == pytest.approx(2 * (10 + 9) / (2 * 3 + 0.9 - 1))


# awkward data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (PurchaseSummary.from_arrays([], [], []), "none of the 0 customers bought again"),
        (PurchaseSummary.from_arrays([0] * 9, [0] * 9, range(9)), "none of the 9 customers bought again.*longer calibration"),
        (PurchaseSummary.from_arrays([0, 0], [0, 0], [0, 0], weights=[3, 4]), "none of the 7 customers"),
    ],
)  # fmt: skip
def test_nothing_to_fit(summary: PurchaseSummary, message: str) -> None:
    with pytest.raises(ConvergenceError, match=message):
        fit(BGNBD, summary)


@pytest.mark.parametrize(
    ("spend", "message"),
    [
        (None, "no customer has a repeat purchase with a positive amount"),
        ([0, 0, 0], "no customer has a repeat purchase with a positive amount"),
        ([0, 500, 1000], "every customer spends the same on average"),
    ],
)
def test_no_spend_to_fit(spend: list[int] | None, message: str) -> None:
    summary = PurchaseSummary.from_arrays([0, 1, 2], [0, 3, 4], [9, 9, 9], spend)
    with pytest.raises(ConvergenceError, match=message):
        fit(GammaGamma, summary)


def test_too_many_purchases() -> None:
    with pytest.raises(
        InvalidInputError,
        match=r"summary\.x must be at most 1000000: a customer bought 1000001 times",
    ):
        fit(BGNBD, one(1_000_001, 5, 9))


def awkward(rows: list[tuple[int, int, int]], weights: list[int] | None = None) -> PurchaseSummary:
    x, t_x, T = zip(*rows, strict=True)
    return PurchaseSummary.from_arrays(x, t_x, T, weights=weights)


AWKWARD = {
    "one customer": (awkward([(3, 100, 200)]), "degenerate", "1 different history for 4 parameters"),
    "all alike": (awkward([(3, 100, 200)], [500]), "degenerate", "r grows without bound"),
    "nobody twice": (awkward([(0, 0, 200), (1, 9, 200), (1, 190, 200), (0, 0, 100), (1, 30, 90)], [80, 5, 9, 9, 3]), "boundary", "everybody drops out after the first repeat purchase"),
    "never lost": (awkward([(10, 197, 200), (5, 190, 200), (20, 199, 200), (11, 180, 190), (7, 181, 190)], [9] * 5), "boundary", "nobody seems to drop out"),
    "lost at once": (awkward([(1, 1, 400), (1, 2, 300), (1, 3, 400), (2, 3, 400), (0, 0, 400), (1, 2, 200)], [40, 9, 8, 1, 1, 5]), "boundary", "grow"),
    "heavy": (awkward([(100_000, 10**6, 10**6), (0, 0, 10**6), (50_000, 10**5, 10**6), (7, 9, 10**6), (1, 2, 10)]), "", ""),
    "tiny time": (awkward([(1, 1, 1), (0, 0, 1), (0, 0, 0), (1, 1, 2), (2, 2, 2)], [3, 90, 5, 2, 1]), "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data(name: str) -> None:
    summary, status, words = AWKWARD[name]
    model = fit(BGNBD, summary)
    assert model.diagnosis.startswith(status)
    assert words in model.diagnosis
    assert model.diagnosis != "given"
    assert math.isfinite(model.log_likelihood)
    if model.status != "regular":
        assert np.isnan(model.covariance).all()
        assert "NaN" in model.summary()
    for values in (
        model.expected_purchases(summary, horizon=52).values,
        model.probability_alive(summary, at=52).values,
    ):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    assert model.probability_alive(summary).values.max() <= 1.0


def test_a_flat_likelihood_is_named() -> None:
    model = fit(BGNBD, simulated(60, (0.4, 20.0, 0.5, 0.8), seed=14))
    assert model.diagnosis == "flat: the data hardly determine a and b"
    assert math.isnan(model.standard_errors["a"])


def test_no_better_parameters_nearby() -> None:
    """A boundary fit is as high as what a grid of ordinary parameters reaches."""
    summary = AWKWARD["never lost"][0]
    top = fit(BGNBD, summary).log_likelihood
    for r in (0.5, 2.0, 5.0, 20.0):
        for a, b in ((0.01, 1.0), (0.1, 10.0), (1e-4, 5.0), (1.0, 100.0)):
            total = sum(
                int(n) * bgnbd_log_likelihood((r, r * 3.2, a, b), (int(x), t / 7, T / 7))
                for x, t, T, n in zip(
                    summary.x, summary.t_x, summary.T, summary.weights, strict=True
                )
            )
            assert total < top


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
            fit(BGNBD, summary)
        return
    model = fit(BGNBD, summary)
    assert math.isfinite(model.log_likelihood)
    assert np.isfinite(model.expected_purchases(summary, horizon=100).values).all()
    assert np.isfinite(model.probability_alive(summary, at=3).values).all()


def test_refunded_customers_are_set_aside_by_number() -> None:
    summary = cdnow.summary()
    spend = summary.spend.copy()
    buyers = np.flatnonzero(summary.x > 0)
    spend[buyers[:3]] = [0, -500, -1]
    some = PurchaseSummary.from_arrays(summary.x, summary.t_x, summary.T, spend)
    model = fit(GammaGamma, some)
    assert model.customers == 943
    assert model.diagnosis == (
        "regular: 3 of 946 customers with repeat purchases were set aside: their spend is not positive"
    )


def test_a_heavy_tail_is_named() -> None:
    rng = np.random.default_rng(8)
    x = rng.integers(1, 6, 500)
    rate = rng.gamma(0.7, 1 / 10.0, 500)
    z = np.maximum(np.rint(100 * rng.gamma(3.0 * x, 1 / rate)), 1).astype(int)
    model = fit(GammaGamma, PurchaseSummary.from_arrays(x, x, x, z))
    assert model.params.q < 1
    assert "q is at most 1: the population has no mean spend" in model.diagnosis


def test_spends_that_never_vary_within_a_customer() -> None:
    x = np.arange(1, 41)
    z = x * np.array([500, 700, 900, 2000] * 10)
    model = fit(GammaGamma, PurchaseSummary.from_arrays(x, x, x, z))
    assert model.diagnosis.startswith(
        "boundary: p grows without bound: a customer spends the same"
    )
    assert model.mean_spend(
        PurchaseSummary.from_arrays([4], [4], [4], [2000])
    ).total == pytest.approx(5.0, rel=1e-4)


def test_gives_up_in_words() -> None:
    class Endless:
        def __call__(self, theta: Any) -> Any:
            return float(theta[0]), np.ones(1), np.array([[-1e-6]])

        def starts(self) -> list[Any]:
            return [np.zeros(1)]

        def bounds(self) -> Any:
            return np.array([1e6])

    with pytest.raises(ConvergenceError, match="still rises after 200 steps.*longer calibration"):
        estimate(Endless())


def test_evidence_is_checked() -> None:
    with pytest.raises(InvalidInputError, match="status must be one of"):
        Evidence(customers=1, log_likelihood=0.0, log_covariance=None, status="good")  # type: ignore[arg-type]


def test_customers_of_thousands_of_purchases_are_not_said_to_stay() -> None:
    """They fell silent for a hundred times their gap: lost, if by a tiny chance a purchase."""
    rng = np.random.default_rng(0)
    heavy = PurchaseSummary.from_arrays(
        rng.poisson(5000, 200), rng.integers(600, 700, 200), [700] * 200
    )
    model = fit(BGNBD, heavy)
    assert model.diagnosis == (
        "boundary: b grows without bound: the chance to drop out after any one purchase vanishes"
    )
    if_they_went_on = heavy.x.sum() / 100 * 10  # purchases in 100 weeks, 10 weeks to come
    assert model.expected_purchases(heavy, horizon=10).total < 0.05 * if_they_went_on
