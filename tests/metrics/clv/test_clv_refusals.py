"""What a caller may get wrong is refused by name, and in no other way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.metrics import (
    BGBB,
    BGNBD,
    Fitted,
    GammaGamma,
    PurchaseSummary,
    compare,
    fit,
    lifetime_value,
    purchase_summary,
    purchase_tracking,
    validate,
)
from customerops.metrics.clv.purchase_model import PurchaseModel

MODEL = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
BUYS = BGBB.of(alpha=1.204, beta=0.75, gamma=0.657, delta=2.783, unit="week")
SPEND = GammaGamma.of(p=6.25, q=3.74, gamma=15.44)
SOME = PurchaseSummary.from_arrays([2, 0], [213, 0], [272, 260], [4470, 0])
WEEKS = PurchaseSummary.from_arrays([2, 0], [21, 0], [27, 27], ticks_per_unit=1)
UTC = dt.UTC
EVENTS = InteractionLog.from_arrays(
    customer_id=[1, 1, 2],
    at=[dt.datetime(2024, 1, 1, 10, tzinfo=UTC), dt.datetime(2024, 1, 9, 15, tzinfo=UTC),
        dt.datetime(2024, 1, 1, 9, tzinfo=UTC)],
    kind=["purchase"] * 3,
    tz=UTC,
)  # fmt: skip
LOG = EVENTS.until_day(dt.date(2024, 1, 28))


def source() -> np.random.Generator:
    return np.random.default_rng(1)


# tracking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "occasion", "period"),
    [(MODEL, "day", "hour"), (BUYS, "week", "day"), (BUYS, "week", "hour")],
)
def test_no_period_is_finer_than_an_occasion(model: Any, occasion: Any, period: Any) -> None:
    with pytest.raises(
        InvalidInputError, match=f"^period must not be finer than occasion='{occasion}'"
    ):
        purchase_tracking(model, LOG, occasion=occasion, period=period)


def test_no_day_is_finer_than_a_month() -> None:
    model = BGBB.of(alpha=1.2, beta=0.75, gamma=0.66, delta=2.8, unit="month")
    log = EVENTS.until_day(dt.date(2024, 1, 31))
    with pytest.raises(InvalidInputError, match="^period must not be finer than occasion='month'"):
        purchase_tracking(model, log, occasion="month", period="week")


@pytest.mark.parametrize(
    ("occasion", "period"),
    [("day", "day"), ("hour", "hour"), ("instant", "hour"), ("hour", "day")],
)
def test_a_period_may_be_as_fine(occasion: Any, period: Any) -> None:
    tracked = purchase_tracking(MODEL, LOG, occasion=occasion, period=period)
    assert tracked.actual.sum() == 1


# simulation --------------------------------------------------------------------------------------


def test_an_age_may_be_a_timedelta() -> None:
    options: dict[str, Any] = {"ticks_per_unit": 7}
    by_length = MODEL.simulate(
        50, age=dt.timedelta(weeks=39), holdout=dt.timedelta(weeks=2), rng=source(), **options
    )
    assert by_length == MODEL.simulate(50, age=39, holdout=2, rng=source(), **options)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"age": "abc"}, "^age must be numbers"),
        ({"age": None}, "^age must be numbers"),
        ({"age": [1, 2, "a"]}, "^age must be numbers"),
        ({"age": 1e300}, r"^age must be at most 2\*\*53 ticks: of which a week has 10000"),
        ({"age": dt.timedelta(days=-1)}, "^age must not be negative"),
        ({"holdout": 1e300}, r"^holdout must be at most 2\*\*53 ticks"),
        ({"ticks_per_unit": 10**18}, r"^age must be at most 2\*\*53 ticks"),
    ],
)
def test_simulation_refuses(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        MODEL.simulate(3, rng=source(), **({"age": 39} | changed))


def test_opportunities_may_be_counted_by_a_timedelta() -> None:
    by_length = BUYS.simulate(
        50, age=dt.timedelta(weeks=9), holdout=dt.timedelta(weeks=2), rng=source()
    )
    assert by_length == BUYS.simulate(50, age=9, holdout=2, rng=source())
    with pytest.raises(InvalidInputError, match="^age must be numbers"):
        BUYS.simulate(3, age="x", rng=source())


# rates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [MODEL, BUYS])
@pytest.mark.parametrize(
    "rate",
    [{"continuous": 1e5}, {"continuous": 1e-308}, {"discount": 1e-300}, {"discount": 1e300}],
)
def test_rates_of_no_use(model: PurchaseModel, rate: dict[str, float]) -> None:
    seen = WEEKS if model is BUYS else SOME
    with pytest.raises(
        InvalidInputError, match=f"^{next(iter(rate))} must be between 1e-09 and 100"
    ):
        model.expected_residual_transactions(seen, **rate)


@pytest.mark.parametrize("model", [MODEL, BUYS])
@pytest.mark.parametrize("rate", [1e-9, 100.0])
def test_rates_of_some_use(model: PurchaseModel, rate: float) -> None:
    seen = WEEKS if model is BUYS else SOME
    values = model.expected_residual_transactions(seen, continuous=rate).values
    assert ((values > 0) & (values < 1e9)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discount": -0.5, "horizon": 1e5}, "^discount must not make .* e.100 times"),
        ({"continuous": -1000, "horizon": 100}, "^continuous must not make .* over 100 weeks"),
    ],
)
def test_no_growth_without_bounds(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        lifetime_value(MODEL, SPEND, SOME, **options)


def test_margins_are_shares() -> None:
    with pytest.raises(InvalidInputError, match=r"^margin must be at most 1e\+09: got 1e\+308"):
        lifetime_value(MODEL, SPEND, SOME, horizon=39, discount=0, margin=1e308)


def test_what_loses_value_may_be_worth_more_later() -> None:
    lost = lifetime_value(MODEL, SPEND, SOME, horizon=39, discount=-0.5)
    assert lost.total > lifetime_value(MODEL, SPEND, SOME, horizon=39, discount=0).total


def test_periods_hold_whole_opportunities() -> None:
    with pytest.raises(InvalidInputError, match="^period must be made up of weeks: got 'month'"):
        lifetime_value(BUYS, SPEND, WEEKS, horizon=10, discount=0.1)
    assert (
        len(lifetime_value(BUYS, SPEND, WEEKS, horizon=10, period="week", discount=0).ends) == 10
    )


def test_periods_of_the_calendar_hold_whole_weeks() -> None:
    weeks = purchase_summary(LOG, occasion="week", unit="week")
    with pytest.raises(InvalidInputError, match="^period must be made up of weeks: got 'month'"):
        lifetime_value(MODEL, SPEND, weeks, horizon=10, discount=0.1)


# the rest ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [PurchaseModel, Fitted])
def test_what_models_have_in_common_is_none(kind: Any) -> None:
    with pytest.raises(
        InvalidInputError, match=rf"^models\[1\] must be .*: {kind.__name__} is what"
    ):
        compare([BGNBD, kind], SOME)


def test_columns_of_unlike_rows() -> None:
    unlike: Any = [[1], [1, 2]]
    with pytest.raises(
        InvalidInputError, match="^x must be a column of numbers: got rows of unlike"
    ):
        PurchaseSummary.from_arrays(unlike, [5, 5], [9, 9])


def test_more_customers_than_can_be_counted() -> None:
    fits = PurchaseSummary.from_arrays([1, 0], [5, 0], [9, 9], weights=[2**61, 2**60])
    assert int(fits.weights.sum()) == 3 * 2**60
    with pytest.raises(InvalidInputError, match=r"^weights must be below 2\*\*62 in all"):
        PurchaseSummary.from_arrays([1, 0], [5, 0], [9, 9], weights=[2**61, 2**61])


def test_samples_need_a_source() -> None:
    nothing: Any = None
    with pytest.raises(InvalidInputError, match="^rng must be a numpy.random.Generator: got None"):
        SOME.resample(nothing)


def test_intervals_are_of_functions() -> None:
    truth = BGNBD.of(r=0.7, alpha=10, a=0.8, b=2.5)
    number: Any = 5
    with pytest.raises(
        InvalidInputError, match="^quantity must be a function of a model: got int"
    ):
        fit(BGNBD, truth.simulate(2000, age=52, rng=source())).interval_of(number)


def test_frequencies_end_somewhere() -> None:
    seen = PurchaseSummary.from_arrays([2], [213], [272], held_x=[1], holdout=7)
    with pytest.raises(InvalidInputError, match="^most must be at most 1000000"):
        validate(MODEL, seen, most=10**12)


def test_chances_of_more_purchases_than_a_float_counts() -> None:
    with pytest.raises(InvalidInputError, match=r"^x must be below 2\*\*53"):
        MODEL.pmf(np.uint64(2**63), 10)
