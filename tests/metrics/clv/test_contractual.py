"""Fitted models of contracts: published numbers, what they promise, what they refuse."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import attrs
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics import (
    SBG,
    BdW,
    Fitted,
    LogNormal,
    PurchaseSummary,
    RenewalSummary,
    compare,
    fit,
)
from tests.reference import contractual as slow

YEAR = (1, "year")

# Fader and Hardie (2007), J. of Interactive Marketing 21(1), from Berry and Linoff (2004): of 1,000
# customers acquired in one year, how many are left after each renewal
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]

of_sbg: Any = SBG.of
of_bdw: Any = BdW.of


def years(survivors: Any) -> RenewalSummary:
    return RenewalSummary.from_survivors(survivors, term=(1, "year"))


def counts(survivors: list[int]) -> tuple[list[int], list[int]]:
    kept, lost = years(survivors).pooled()
    return kept.tolist(), lost.tolist()


# published numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta"), [(REGULAR[:8], 0.704, 1.182), (HIGH_END[:8], 0.668, 3.806)]
)
def test_seven_years(survivors: list[int], alpha: float, beta: float) -> None:
    """Fader and Hardie (2007): seven renewals."""
    model = fit(SBG, years(survivors))
    assert (round(model.params.alpha, 3), round(model.params.beta, 3)) == (alpha, beta)
    assert model.status == "regular"
    assert model.customers == 1000


def test_high_end_differ_more_than_the_simple_model_says() -> None:
    """Fader et al. (2018): polarization 1 / (alpha + beta + 1) is 0.099 by BG and 0.335 by BdW."""
    four = years(HIGH_END[:5])
    simple, bent = fit(SBG, four).params, fit(BdW, four).params
    assert round(1 / (simple.alpha + simple.beta + 1), 3) == 0.099
    assert round(1 / (bent.alpha + bent.beta + 1), 3) == 0.335


@pytest.mark.parametrize("survivors", [REGULAR, HIGH_END])
@pytest.mark.parametrize("renewals", [4, 12])
def test_the_maximum(survivors: list[int], renewals: int) -> None:
    """That of the definition, found in 40 digits from a point beside it."""
    some = survivors[: renewals + 1]
    for kind, free in ((SBG, 2), (BdW, 3)):
        model = fit(kind, years(some))
        ours = [*attrs.astuple(model.params), 1.0][:3]
        start = tuple(round(x, 2) for x in ours[:free]) + tuple(ours[free:])
        exact = slow.maximum(start, *counts(some), free)
        np.testing.assert_allclose(ours[:free], exact, rtol=1e-6)
        shape = (*exact, 1.0)[:3]
        top = slow.bdw_log_likelihood(shape, *counts(some))  # type: ignore[arg-type]
        assert model.log_likelihood == pytest.approx(top, rel=1e-12)


def test_log_likelihood_and_criteria() -> None:
    model = fit(SBG, years(HIGH_END[:8]))
    total = slow.bdw_log_likelihood((*attrs.astuple(model.params), 1.0), *counts(HIGH_END[:8]))
    assert model.log_likelihood == pytest.approx(total, rel=1e-12)
    assert model.aic == pytest.approx(2 * 2 - 2 * total)
    assert model.bic == pytest.approx(2 * math.log(1000) - 2 * total)


def test_cohorts_of_five_years() -> None:
    """Fader and Hardie (2010): five annual cohorts of 10,000 with the same churn."""
    row = [10_000, 6_334, 4_367, 3_264, 2_604]
    summary = years({2003 + i: row[: 5 - i] for i in range(5)})
    pooled, alone = fit(SBG, summary), fit(SBG, years(row))
    assert pooled.customers == 40_000  # the last cohort has not been up for renewal
    kept, lost = (part.tolist() for part in summary.pooled())
    exact = slow.maximum((1.6, 2.8, 1.0), kept, lost, 2)
    assert attrs.astuple(pooled.params) == pytest.approx(exact, rel=1e-6)
    errors, single = pooled.standard_errors, alone.standard_errors
    assert all(errors[name] < single[name] for name in pooled.names)


# curves ------------------------------------------------------------------------------------------

SHAPES = [(0.668, 3.806, 1.0), (0.259, 1.723, 1.584), (3.0, 5.0, 0.7), (0.02, 9.0, 4.0)]


@pytest.mark.parametrize("shape", SHAPES)
def test_survival_and_retention(shape: tuple[float, float, float]) -> None:
    alpha, beta, c = shape
    models = [of_bdw(alpha=alpha, beta=beta, c=c)]
    models += [of_sbg(alpha=alpha, beta=beta)] if c == 1 else []
    for model in models:
        exact = [slow.bdw_survival(shape, t) for t in range(30)]
        np.testing.assert_allclose(model.survival(range(30)), exact, rtol=1e-12)
        rates = [exact[t] / exact[t - 1] for t in range(1, 30)]
        np.testing.assert_allclose(model.retention_rate(range(1, 30)), rates, rtol=1e-11)
        assert model.survival(0) == 1.0
        assert model.survival([[0, 1], [2, 3]]).shape == (2, 2)
        assert model.retention_rate(1).shape == ()
    if c == 1:
        renew = [Fraction("3.806") + t - 1 for t in range(1, 9)]
        by_hand = [float(b / (b + Fraction("0.668"))) for b in renew]
        assert models[1].retention_rate(range(1, 9)).tolist() == pytest.approx(by_hand)


def test_an_age_that_no_power_can_hold() -> None:
    steep = of_bdw(alpha=0.01, beta=2.0, c=900.0)
    assert steep.survival(1) == pytest.approx(2 / 2.01)
    front = math.lgamma(2.01) - math.lgamma(2.0)
    assert math.log(steep.survival(2)) == pytest.approx(front - 0.01 * 900 * math.log(2))
    ratio = steep.survival(3) / steep.survival(2)
    assert steep.retention_rate(3) == pytest.approx(ratio)
    assert steep.retention_rate(2) == pytest.approx(steep.survival(2) / steep.survival(1))
    assert np.isfinite(steep.retention_rate([10**6, 10**15])).all()


def test_c_of_one_is_the_simple_model() -> None:
    simple, same = (
        of_sbg(alpha=0.7, beta=1.2, term=YEAR),
        of_bdw(alpha=0.7, beta=1.2, c=1.0, term=YEAR),
    )
    t = np.arange(1, 40)
    np.testing.assert_array_equal(simple.survival(t), same.survival(t))
    assert simple.discounted_lifetime(discount=0.1) == same.discounted_lifetime(discount=0.1)


@pytest.mark.parametrize("kind", [SBG, BdW])
def test_intervals_are_what_draws_of_the_parameters_give(kind: Any) -> None:
    model: Any = fit(kind, years([20 * n for n in HIGH_END[:8]]))
    logs = np.log(attrs.astuple(model.params))
    draws = np.random.default_rng(3).multivariate_normal(
        logs, model.evidence.log_covariance, size=1000
    )
    beside = [type(model)(params=model._named(np.exp(row))) for row in draws]
    for name, interval in (
        ("survival", "survival_interval"),
        ("retention_rate", "retention_interval"),
    ):
        t = [1, 5, 12]
        low, high = getattr(model, interval)(t, confidence=0.9)
        drawn = np.quantile([getattr(m, name)(t) for m in beside], [0.05, 0.95], axis=0)
        width = drawn[1] - drawn[0]
        np.testing.assert_allclose(low, drawn[0], atol=0.1 * width.max())
        np.testing.assert_allclose(high, drawn[1], atol=0.1 * width.max())
        value = getattr(model, name)(t)
        assert ((low < value) & (value < high)).all()
    low, high = model.survival_interval([[0], [3]])
    assert low.shape == (2, 1)
    assert (low[0, 0], high[0, 0]) == (1.0, 1.0)


def test_no_intervals_unless_regular() -> None:
    steep = of_bdw(alpha=0.01, beta=2.0, c=900.0)
    for model in (of_sbg(alpha=1, beta=2), fit(SBG, years([100, 80])), steep):
        assert np.isnan(model.survival_interval([0, 1, 2])).all()
        assert np.isnan(model.retention_interval([1, 2])).all()


def test_delta_and_bootstrap() -> None:
    summary = years(HIGH_END[:8])
    model = fit(SBG, summary)
    low, high = model.interval_of(lambda m: m.retention_rate([1, 7]), scale="logit")
    own_low, own_high = model.retention_interval([1, 7])
    np.testing.assert_allclose(low, own_low, rtol=1e-6)
    np.testing.assert_allclose(high, own_high, rtol=1e-6)
    again = model.intervals(
        method="bootstrap", summary=summary, rng=np.random.default_rng(1), repeats=100
    )
    for name, (a, b) in model.intervals().items():
        assert again[name][0] == pytest.approx(a, rel=0.25)
        assert again[name][1] == pytest.approx(b, rel=0.25)


# lifetimes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.05, 0.3, 0.668, 2.5, 40.0, 1e4])
@pytest.mark.parametrize("beta", [0.5, 3.806, 50.0, 1e5])
def test_discounted_lifetime_by_gauss(alpha: float, beta: float) -> None:
    for d in (1e-8, 1e-4, 0.003):
        exact = slow.sbg_discounted_lifetime(alpha, beta, d)
        model = of_sbg(alpha=alpha, beta=beta, term=YEAR)
        assert model.discounted_lifetime(discount=d) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.01, 0.668, 2.5, 100.0])
@pytest.mark.parametrize("beta", [0.01, 3.806, 1e3])
def test_discounted_lifetimes_by_adding(alpha: float, beta: float) -> None:
    for c, d in ((0.2, 0.1), (1.0, 0.1), (1.6, 0.25), (5.0, 0.5)):
        model = of_bdw(alpha=alpha, beta=beta, c=c, term=YEAR)
        exact = slow.discounted_lifetime((alpha, beta, c), d)
        assert model.discounted_lifetime(discount=d) == pytest.approx(exact, rel=1e-12)
        left = slow.residual_lifetime((alpha, beta, c), d, 3)
        before = model.discounted_residual_lifetime(3, when="before_renewal", discount=d)
        assert float(before) == pytest.approx(left, rel=1e-11, abs=1e-12)


def test_residual_lifetime() -> None:
    """Fader and Hardie (2010), equation 6 with n = 1, 2, ...: just before renewal n."""
    model = of_sbg(alpha=0.668, beta=3.806, term=YEAR)
    made = np.arange(6)
    before = model.discounted_residual_lifetime(made, when="before_renewal", discount=0.1)
    after = model.discounted_residual_lifetime(made, when="after_renewal", discount=0.1)
    with mp.workdps(40):
        a, b, v = mp.mpf(0.668), mp.mpf(3.806), 1 / mp.mpf("1.1")
        exact = [
            float((b + n - 1) / (a + b + n - 1) * mp.hyp2f1(1, b + n, a + b + n, v))
            for n in range(1, 7)
        ]
    np.testing.assert_allclose(before, exact, rtol=1e-12)
    np.testing.assert_allclose(after, before / 1.1, rtol=1e-14)
    whole = model.discounted_lifetime(discount=0.1)
    assert float(after[0]) == pytest.approx(whole - 1)
    assert (np.diff(before) > 0).all()  # those who stayed are those who stay
    shaped = model.discounted_residual_lifetime(
        [[1, 1], [0, 5]], when="before_renewal", discount=0.1
    )
    assert shaped.tolist() == [[before[1], before[1]], [before[0], before[5]]]


def test_rates_and_terms() -> None:
    def worth(term: Any, **rate: float) -> float:
        return float(of_sbg(alpha=0.668, beta=3.806, term=term).discounted_lifetime(**rate))

    assert worth(YEAR, discount=0.1) == pytest.approx(worth(YEAR, continuous=math.log(1.1)))
    assert worth((12, "month"), discount=0.1) == worth(YEAR, discount=0.1)
    assert worth((1, "month"), discount=1.1**12 - 1) == pytest.approx(worth(YEAR, discount=0.1))
    weekly = worth((1, "week"), continuous=0.1)
    assert weekly == pytest.approx(worth(YEAR, continuous=0.1 * 7 / 365.2425))


def test_expected_lifetime() -> None:
    assert of_sbg(alpha=3, beta=5).expected_lifetime() == 3.5
    with pytest.raises(InvalidInputError, match=r"alpha must be above 1 .*finite.*: got 0.668"):
        of_sbg(alpha=0.668, beta=3.8).expected_lifetime()
    for alpha, beta in ((3.0, 5.0), (1.05, 4.0), (500.0, 2000.0)):
        same = of_bdw(alpha=alpha, beta=beta, c=1.0).expected_lifetime()
        assert same == pytest.approx((alpha + beta - 1) / (alpha - 1), rel=1e-11)
    free = of_bdw(alpha=3, beta=5, c=0.6, term=YEAR)
    assert free.expected_lifetime() == free.discounted_lifetime(discount=0)
    assert free.expected_lifetime() == pytest.approx(
        free.discounted_lifetime(discount=1e-13), rel=1e-8
    )
    with pytest.raises(InvalidInputError, match="alpha c must be above 1 .*: got 0.9"):
        of_bdw(alpha=3, beta=5, c=0.3).expected_lifetime()
    assert (
        "alpha is at most 1: the expected lifetime is infinite"
        in of_sbg(alpha=1, beta=1).diagnosis
    )
    assert "alpha c is at most 1: the expected" in of_bdw(alpha=2, beta=1, c=0.5).diagnosis
    assert of_bdw(alpha=2, beta=1, c=0.6).diagnosis == "given"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "discount must be given as an effective rate a year"),
        ({"discount": 0.1, "continuous": 0.1}, "discount must be given as an effective rate"),
        ({"discount": -0.1}, "discount must not be negative: the sum has no end"),
        ({"continuous": -0.1}, "continuous must not be negative: the sum has no end"),
        ({"discount": 0}, "discount must be above 0: the expected lifetime is infinite"),
        ({"continuous": 0.0}, "continuous must be above 0: the expected lifetime is infinite"),
    ],
)
def test_rates_refused(options: Any, message: str) -> None:
    model = of_sbg(alpha=0.7, beta=1.2, term=YEAR)
    with pytest.raises(InvalidInputError, match=message):
        model.discounted_lifetime(**options)


def test_refused() -> None:
    model = of_sbg(alpha=0.7, beta=1.2)
    with pytest.raises(
        InvalidInputError, match="term must be known to discount by the year: give"
    ):
        model.discounted_lifetime(discount=0.1)
    with pytest.raises(InvalidInputError, match="when must be one of 'before_renewal'"):
        of_sbg(alpha=1, beta=1, term=YEAR).discounted_residual_lifetime(
            1, when="before", discount=0.1
        )
    whole = "t must be whole numbers of renewals, {} or more"
    for wrong in (1.5, -1, "1", 2**60):
        with pytest.raises(InvalidInputError, match=whole.format(0)):
            model.survival(wrong)
    with pytest.raises(InvalidInputError, match=whole.format(1)):
        model.retention_rate([0, 1])
    with pytest.raises(InvalidInputError, match=whole.format(1)):
        model.retention_interval(0)
    with pytest.raises(InvalidInputError, match="renewals must be whole numbers of renewals, 0"):
        of_sbg(alpha=1, beta=1, term=YEAR).discounted_residual_lifetime(
            0.5, when="before_renewal", discount=0.1
        )
    with pytest.raises(InvalidInputError, match="beta must be positive"):
        of_sbg(alpha=1, beta=0)
    with pytest.raises(InvalidInputError, match=r"term\[0\] must be at least 1"):
        of_sbg(alpha=1, beta=1, term=(0, "year"))
    with pytest.raises(
        InvalidInputError, match="summary must be a RenewalSummary: got PurchaseSum"
    ):
        fit(SBG, PurchaseSummary.from_arrays([1], [1], [2]))


# fits --------------------------------------------------------------------------------------------


def test_json_and_words() -> None:
    for model in (fit(SBG, years(HIGH_END)), fit(BdW, RenewalSummary.from_survivors(HIGH_END))):
        written = json.loads(json.dumps(model.to_dict()))
        assert Fitted.from_dict(written) == model
    simple = fit(SBG, years(HIGH_END[:8]))
    assert repr(simple) == "SBG(alpha=0.6681, beta=3.806, term 1 year, regular)"
    assert "no term" in repr(of_bdw(alpha=1, beta=1, c=1))
    assert "term 3 months" in of_sbg(alpha=1, beta=1, term=(3, "month")).summary()
    assert simple.term == (1, "year")


def test_equal_to_the_bit_however_the_customers_come() -> None:
    cohorts = {i: HIGH_END[: 12 - i] for i in range(8)}
    whole = years(cohorts)
    parts = [years({i: row}) for i, row in cohorts.items()]
    bare = sum(RenewalSummary.from_survivors(r, term=(1, "year")) for r in cohorts.values())
    assert isinstance(bare, RenewalSummary)
    for kind in (SBG, BdW):
        assert fit(kind, whole) == fit(kind, sum(parts[::-1])) == fit(kind, bare)  # type: ignore[arg-type]


def test_the_simple_model_against_the_larger() -> None:
    four = years(HIGH_END[:5])
    test = fit(BdW, four).likelihood_ratio_test(fit(SBG, four))
    kept, lost = counts(HIGH_END[:5])
    tops = [
        slow.bdw_log_likelihood((*slow.maximum(s, kept, lost, free), 1.0)[:3], kept, lost)  # type: ignore[arg-type]
        for s, free in (((1.28, 7.79, 1.0), 2), ((0.26, 1.72, 1.58), 3))
    ]
    assert test.statistic == pytest.approx(2 * (tops[1] - tops[0]), rel=1e-9)
    assert test.p_value == pytest.approx(float(mp.erfc(mp.sqrt(tops[1] - tops[0]))), rel=1e-9)
    assert (test.degrees_of_freedom, test.method) == (1, "chi-squared")
    regular = years(REGULAR[:5])
    assert fit(BdW, regular).likelihood_ratio_test(fit(SBG, regular)).p_value > 0.5


def test_what_cannot_be_tested() -> None:
    four = years(HIGH_END[:5])
    bent, simple = fit(BdW, four), fit(SBG, four)
    constant = years([1000, 900, 810, 729, 656])
    with pytest.raises(
        InvalidInputError, match="other must be a regular fit to be tested: it is bou"
    ):
        fit(BdW, constant).likelihood_ratio_test(fit(SBG, constant))
    with pytest.raises(
        InvalidInputError, match="self must be a regular fit to be tested: it is deg"
    ):
        fit(BdW, years([100, 80, 70])).likelihood_ratio_test(fit(SBG, years([100, 80, 70])))
    with pytest.raises(InvalidInputError, match="other must be fitted to the same summary"):
        bent.likelihood_ratio_test(fit(SBG, years(REGULAR)))
    with pytest.raises(InvalidInputError, match="other must be fitted to the same summary"):
        bent.likelihood_ratio_test(of_sbg(alpha=1, beta=1))
    with pytest.raises(InvalidInputError, match="other must be, for BdW, one of SBG"):
        bent.likelihood_ratio_test(bent)
    with pytest.raises(InvalidInputError, match="it contains none"):
        simple.likelihood_ratio_test(bent)


def test_side_by_side_and_with_a_prior() -> None:
    four = years(HIGH_END[:5])
    table = compare([SBG, BdW], four)
    assert type(table.best("aic")) is BdW
    assert type(table.best("bic")) is SBG
    prior = [LogNormal(parameter="c", median=1.0, sigma=1e-4)]
    tied = fit(BdW, four, prior=prior)
    free = fit(SBG, four)
    assert tied.params.c == pytest.approx(1.0, abs=1e-6)
    assert tied.params.alpha == pytest.approx(free.params.alpha, rel=1e-4)


# awkward data ------------------------------------------------------------------------------------

ALL_GO = "alpha grows and beta tends to 0: everybody leaves at the first renewal"
SAME = "alpha and beta grow without bound: the chance to leave is the same for all"
AWKWARD: dict[str, tuple[list[int], str, str, str, str]] = {
    "a hundred": ([100, 80, 70, 65, 60], "regular", "", "regular", ""),
    "one renewal": ([100, 80], "degenerate", "seen at 1 renewal only", "degenerate", "hardly determine"),
    "two renewals": ([100, 80, 70], "regular", "", "degenerate", "seen at 2 renewals only"),
    "the same share": ([1000, 900, 810, 729, 656, 590], "boundary", SAME, "boundary", "all customers are alike"),
    "ever more leave": ([1000, 950, 850, 650, 350, 100, 5], "boundary", SAME, "boundary", "all customers are alike"),
    "all leave at once": ([100, 0], "degenerate", ALL_GO, "degenerate", ALL_GO),
    "all have left long ago": ([100, 0, 0, 0], "degenerate", ALL_GO, "degenerate", ALL_GO),
    "one customer": ([1, 0], "degenerate", ALL_GO, "degenerate", ALL_GO),
    "now or never": ([1000, 500, 500, 500, 500], "boundary", "at the first renewal or never", "boundary", "c tends to 0"),
    "one late": ([100, 100, 100, 99], "boundary", "hardly anybody leaves", "boundary", "hardly anybody leaves at the first renewal"),
    "none and then all": ([50, 50, 0], "boundary", SAME, "degenerate", "c grows without bound"),
    "none, and then all of them": ([50, 50, 50, 0], "boundary", SAME, "boundary", ""),
    "ten": ([10, 9, 9, 9, 8, 8], "regular", "", "boundary", "all customers are alike"),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data(name: str) -> None:
    survivors, *said = AWKWARD[name]
    summary = years(survivors)
    kind: Any
    for kind, status, words in ((SBG, *said[:2]), (BdW, *said[2:])):
        model: Any = fit(kind, summary)
        assert model.status == status, model.diagnosis
        assert words in model.diagnosis
        if status != "regular":
            assert np.isnan(model.covariance).all()
        t = range(len(survivors) + 5)
        curve = model.survival(t)
        assert np.isfinite(curve).all()
        assert (np.diff(curve) <= 0).all()
        first = survivors[1] / survivors[0]
        if status == "degenerate":  # what was seen is met; what was not, is said
            assert curve[1] == pytest.approx(first, abs=1e-6)
        for d in (1e-6, 0.1):
            assert 1.0 <= model.discounted_lifetime(discount=d) < 1 / d + 2


@pytest.mark.parametrize("cohorts", [{1: [50], 2: [80]}, {1: [0, 0]}])
def test_nobody_up_for_renewal(cohorts: Any) -> None:
    for kind in (SBG, BdW):
        with pytest.raises(
            ConvergenceError, match=r"none of \d+ customers has been up for renewal"
        ):
            fit(kind, years(cohorts))


def test_nobody_leaves() -> None:
    for kind in (SBG, BdW):
        with pytest.raises(
            ConvergenceError, match="none of the 100 customers who were up for renewal left"
        ):
            fit(kind, years([100, 100, 100]))


def test_cohorts_of_one_renewal() -> None:
    model = fit(SBG, years({i: [100, 80 - i] for i in range(6)}))
    assert model.diagnosis.startswith("degenerate: 1 different history for 2 parameters")
    assert model.survival(1) == pytest.approx(sum(80 - i for i in range(6)) / 600)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=9), st.integers(1, 3))
@settings(max_examples=30)
def test_any_survivors(steps: list[int], power: int) -> None:
    rising = np.cumsum([n**power for n in steps])
    survivors = (rising[-1] - np.append(0, rising)).tolist()
    for kind in (SBG, BdW):
        try:
            model: Any = fit(kind, years([n + 5 for n in survivors]))
        except ConvergenceError:
            assert survivors[0] == 0
            continue
        assert math.isfinite(model.log_likelihood)
        assert np.isfinite(model.survival(range(40))).all()
        assert math.isfinite(model.discounted_lifetime(discount=0.05))


def test_no_better_parameters_nearby() -> None:
    """The maximum is as high as a grid of ordinary parameters reaches."""
    for survivors, *_ in AWKWARD.values():
        kept, lost = counts(survivors)
        top = fit(BdW, years(survivors)).log_likelihood
        for alpha in (0.05, 1.0, 20.0):
            for beta in (0.1, 3.0):
                for c in (0.3, 3.0):
                    assert slow.bdw_log_likelihood((alpha, beta, c), kept, lost) < top + 1e-9
