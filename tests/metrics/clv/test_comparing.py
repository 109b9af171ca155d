"""Several models side by side, and tests of a smaller one in a larger."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import (
    BGNBD,
    NBD,
    GammaGamma,
    LogNormal,
    PurchaseSummary,
    compare,
    fit,
    validate,
)
from tests.metrics import cdnow

TRUTH = BGNBD.of(r=0.7, alpha=10, a=0.8, b=2.5, unit="week")


def made(n: int = 3000, seed: int = 1, **options: Any) -> PurchaseSummary:
    return TRUTH.simulate(n, age=52, rng=np.random.default_rng(seed), **options)


def test_one_row_a_model() -> None:
    table = compare([NBD, BGNBD], cdnow.summary())
    frame = table.to_frame()
    assert frame["model"].tolist() == ["NBD", "BGNBD"]
    assert frame["parameters"].tolist() == [2, 4]
    for name, model in (
        ("NBD", fit(NBD, cdnow.summary())),
        ("BGNBD", fit(BGNBD, cdnow.summary())),
    ):
        row = frame[frame["model"] == name].iloc[0]
        assert (row["log_likelihood"], row["aic"], row["bic"]) == (
            model.log_likelihood, model.aic, model.bic,
        )  # fmt: skip
        held = validate(model, cdnow.summary())
        assert (row["mae"], row["rmse"], row["bias"], row["tracking_error"]) == (
            held.mae, held.rmse, held.bias, held.tracking_error,
        )  # fmt: skip
        assert row["diagnosis"] == model.diagnosis
        assert table.fitted[name] == model
    assert repr(table) == "Comparison(NBD, BGNBD)"
    assert "BGNBD" in table._repr_html_()


def test_the_best_is_the_lowest() -> None:
    table = compare([NBD, BGNBD], made(holdout=26))
    frame = table.to_frame().set_index("model")
    for by in ("aic", "bic", "mae", "rmse"):
        assert type(table.best(by)).__name__ == frame[by].idxmin()
    assert isinstance(table.best(), BGNBD)
    with pytest.raises(InvalidInputError, match="by must be one of 'aic', 'bic', 'mae', 'rmse'"):
        table.best("bias")
    with pytest.raises(InvalidInputError, match="by must be one of 'aic', 'bic': got str"):
        compare([NBD], made()).best("mae")


def test_a_model_that_cannot_be_fitted_keeps_its_row() -> None:
    nobody = PurchaseSummary.from_arrays([0, 0], [0, 0], [90, 80])
    table = compare([NBD, BGNBD], nobody)
    assert table.to_frame()["aic"].isna().all()
    assert table.fitted == {}
    assert all("none of the 2 customers bought again" in why for why in table.diagnoses.values())
    with pytest.raises(InvalidInputError, match="models must have one that can be fitted"):
        table.best()


def test_spend_alone() -> None:
    table = compare([GammaGamma], cdnow.summary())
    assert list(table.columns) == ["parameters", "log_likelihood", "aic", "bic"]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "models must be at least one, each once: got 0"),
        ([BGNBD, BGNBD], "models must be at least one, each once: got 2"),
        (["BGNBD"], r"models\[0\] must be a model: got str"),
        ("BGNBD", "models must be an iterable of values"),
        ([TRUTH], r"models\[0\] must be a model: got BGNBD"),
        ([BGNBD, GammaGamma], "likelihoods of one thing: got mean spends and times of purchases"),
    ],
)
def test_comparison_refuses(models: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        compare(models, made(50))


# a smaller model in a larger ---------------------------------------------------------------------


def test_dropout_is_found_where_there_is_some() -> None:
    seen = made(600)
    larger, smaller = fit(BGNBD, seen), fit(NBD, seen)
    ratio = larger.likelihood_ratio_test(
        smaller, summary=seen, rng=np.random.default_rng(1), repeats=19
    )
    assert ratio.statistic == 2 * (larger.log_likelihood - smaller.log_likelihood)
    assert (ratio.smaller, ratio.larger) == ("NBD", "BGNBD")
    assert ratio.degrees_of_freedom == 2
    assert ratio.method == "bootstrap"
    assert ratio.p_value == 1 / 20  # the least that 19 data sets can say


def test_no_dropout_is_found_where_there_is_none() -> None:
    """Under the smaller model the p-value is uniform: far from always small."""
    truth = NBD.of(r=0.7, alpha=10, unit="week")
    chances = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        seen = truth.simulate(250, age=52, rng=rng)
        ratio = fit(BGNBD, seen).likelihood_ratio_test(
            fit(NBD, seen), summary=seen, rng=rng, repeats=19
        )
        assert ratio.statistic >= 0
        chances.append(ratio.p_value)
    assert max(chances) > 0.3


def test_ratio_refuses() -> None:
    seen = made(300)
    larger, smaller = fit(BGNBD, seen), fit(NBD, seen)
    rng = np.random.default_rng(1)
    for model, other, options, message in (
        (smaller, larger, {}, "other must be, for NBD, of a model it contains: it contains none"),
        (larger, larger, {}, "other must be, for BGNBD, one of NBD: got BGNBD"),
        (larger, None, {}, "other must be, for BGNBD, one of NBD: got None"),
        (larger, NBD.of(r=1, alpha=2), {}, "other must be fitted to the same summary"),
        (TRUTH, smaller, {}, "other must be fitted to the same summary"),
        (larger, fit(NBD, made(300, 2)), {}, "other must be fitted to the same summary"),
        (larger, smaller, {}, "rng must be a numpy.random.Generator"),
        (larger, smaller, {"rng": rng}, "summary must be given, with rng: NBD lies on the edge"),
        (larger, smaller, {"rng": rng, "summary": made(300, 2)}, "summary must be the one that"),
        (larger, smaller, {"repeats": 18}, "repeats must be at least 19"),
        (
            larger,
            fit(NBD, seen, prior=[LogNormal(parameter="r", median=1, sigma=1)]),
            {},
            "other must not be compared under a prior",
        ),
    ):
        with pytest.raises(InvalidInputError, match=message):
            model.likelihood_ratio_test(other, **options)  # type: ignore[arg-type]


def test_p_values_do_not_depend_on_rows() -> None:
    """The same histories in another order, or with weights, and the same source."""
    seen = made(120)
    (columns, weights), flip = seen.distinct("x", "t_x", "T"), slice(None, None, -1)
    forms = [
        seen,
        PurchaseSummary.from_arrays(
            seen.x[flip], seen.t_x[flip], seen.T[flip], ticks_per_unit=10_000
        ),
        PurchaseSummary.from_arrays(
            columns["x"], columns["t_x"], columns["T"], weights=weights, ticks_per_unit=10_000
        ),
    ]
    found = {
        fit(BGNBD, form).likelihood_ratio_test(
            fit(NBD, form), summary=form, rng=np.random.default_rng(0), repeats=29
        )
        for form in forms
    }
    assert len(found) == 1


def test_made_data_without_a_repeat_buyer_tell_neither_model() -> None:
    few = PurchaseSummary.from_arrays([0, 1, 2], [0, 10, 20], [70] * 3, weights=[20, 1, 1])
    ratio = fit(BGNBD, few).likelihood_ratio_test(
        fit(NBD, few), summary=few, rng=np.random.default_rng(1), repeats=39
    )
    assert 0 < ratio.p_value <= 1
