"""Lifetime value, validation, and the rows both come in."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest

from customerops import Interaction, InteractionLog, Money
from customerops.errors import InvalidInputError
from customerops.metrics import (
    BGNBD,
    GammaGamma,
    PurchaseSummary,
    fit,
    lifetime_value,
    purchase_summary,
    validate,
)
from customerops.metrics.clv import lifetime
from customerops.metrics.clv.predicted import Predicted
from customerops.model import Calendar
from customerops.model.tables.context import Context
from tests.metrics import cdnow
from tests.reference.clv import bgnbd_expected, gamma_gamma_mean

PAPER = (0.243, 4.414, 0.793, 2.426)
NOTE = (6.25, 3.74, 15.44)
MODEL = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
SPEND = GammaGamma.of(p=6.25, q=3.74, gamma=15.44)
YEAR = 365.2425 / 7  # in weeks


def two(**options: Any) -> PurchaseSummary:
    return PurchaseSummary.from_arrays([2, 0], [213, 0], [272, 260], [4470, 0], **options)


HISTORIES = [(2, 213 / 7, 272 / 7), (0, 0.0, 260 / 7)]
MEANS = [gamma_gamma_mean(NOTE, 2, 22.35), gamma_gamma_mean(NOTE, 0, 0.0)]


def by_hand(ends: list[float], rate: float, margin: float) -> list[list[float]]:
    """Present value of each customer in each period, term by term."""
    table = []
    for history, mean in zip(HISTORIES, MEANS, strict=True):
        bought = [0.0, *(bgnbd_expected(PAPER, history, end) for end in ends)]
        table.append(
            [
                margin * mean * (bought[i + 1] - bought[i]) * (1 + rate) ** -(end / YEAR)
                for i, end in enumerate(ends)
            ]
        )
    return table


@pytest.mark.parametrize(
    ("period", "weeks"), [("week", 1.0), ("month", YEAR / 12), ("quarter", YEAR / 4), ("year", YEAR)]
)  # fmt: skip
def test_value_by_hand(period: Any, weeks: float) -> None:
    horizon = 20.5
    ends = [*(weeks * i for i in range(1, 1 + int(horizon / weeks))), horizon]
    table = by_hand(ends, 0.1, 0.3)
    value = lifetime_value(
        MODEL, SPEND, two(), horizon=horizon, period=period, discount=0.1, margin=0.3
    )
    assert value.ends.tolist() == pytest.approx(ends)
    assert value.labels == tuple(range(1, len(ends) + 1))
    assert value.customers["value"].tolist() == pytest.approx([sum(row) for row in table])
    assert value.value.tolist() == pytest.approx([sum(both) for both in zip(*table, strict=True)])
    assert value.total == pytest.approx(value.value.sum())
    bought = [bgnbd_expected(PAPER, history, horizon) for history in HISTORIES]
    assert value.customers["purchases"].tolist() == pytest.approx(bought)
    assert value.purchases.sum() == pytest.approx(sum(bought))
    assert value.customers["mean_spend"].tolist() == pytest.approx(MEANS)
    assert value.margin.sum() == pytest.approx(
        0.3 * sum(n * m for n, m in zip(bought, MEANS, strict=True))
    )


def test_a_horizon_that_ends_with_a_period() -> None:
    value = lifetime_value(MODEL, SPEND, two(), horizon=4, period="week", discount=0)
    assert value.ends.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert value.value.tolist() == value.margin.tolist()  # nothing is discounted
    year = lifetime_value(MODEL, SPEND, two(), horizon=dt.timedelta(days=365.2425), discount=0)
    assert len(year.labels) == 12
    assert lifetime_value(MODEL, SPEND, two(), horizon=0.1, discount=0).ends.tolist() == [0.1]


def test_a_year_of_ten_percent() -> None:
    """What is bought in a year, counted at its end, is worth a tenth less and a bit."""
    value = lifetime_value(MODEL, SPEND, two(), horizon=YEAR, period="year", discount=0.1)
    assert value.total == pytest.approx(value.margin.sum() / 1.1)


def test_periods_of_the_calendar() -> None:
    model, spend = fit(BGNBD, cdnow.summary()), fit(GammaGamma, cdnow.summary())
    value = lifetime_value(
        model, spend, cdnow.summary(), horizon=dt.timedelta(weeks=13), discount=0.1
    )
    assert value.labels == (dt.date(1997, 10, 1), dt.date(1997, 11, 1), dt.date(1997, 12, 1))
    assert (value.ends * 7).tolist() == pytest.approx([31, 61, 91])  # 31 December is cut off
    frame = value.cash_flow()
    assert frame.columns.tolist() == ["period", "end", "purchases", "margin", "value"]
    assert str(frame.period.dtype) == "datetime64[s]"
    expected = model.expected_purchases(cdnow.summary(), horizon=13).total
    assert value.purchases.sum() == pytest.approx(expected)
    assert value.customers.context.currency == "USD"
    assert "1997-10-01" in value._repr_html_()
    assert repr(value) == f"LifetimeValue(total={value.total:.2f}, periods=3)"


def bought(at: dt.datetime, name: str = "a") -> Interaction:
    return Interaction(
        id=at.isoformat(), customer_id=name, at=at, kind="purchase", amount=Money(5, "EUR")
    )


@pytest.mark.parametrize(
    ("occasion", "period", "days", "labels", "ends"),
    [
        ("day", "month", 30, [(3, 1), (4, 1)], [21, 30]),  # March from the 11th on
        ("instant", "month", 30, [(3, 1), (4, 1)], [21.25 - 1 / 86400e6 - 1 / 24, 30]),
        ("hour", "week", 8, [(3, 9), (3, 16)], [5 + 5 / 24, 8]),
        ("day", "week", 8, [(3, 9), (3, 16)], [5, 8]),
    ],
)
def test_the_first_period_is_cut(
    occasion: Any, period: Any, days: int, labels: list[tuple[int, int]], ends: list[float]
) -> None:
    """The calibration ends on 10 March at 18:00 in Berlin; on the 29th the clock skips an hour."""
    berlin = Calendar("Europe/Berlin")
    end = dt.datetime(2026, 3, 10, 18, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    times = [end - dt.timedelta(days=n) for n in (50, 30, 1)]
    log = InteractionLog.from_interactions([bought(t) for t in times], calendar=berlin).until(end)
    summary = purchase_summary(log, occasion=occasion, unit="day")
    model = BGNBD.of(r=1, alpha=10, a=1, b=3, unit="day")
    value = lifetime_value(
        model, SPEND, summary, horizon=dt.timedelta(days=days), period=period, discount=0.1
    )
    assert value.labels == tuple(dt.date(2026, *label) for label in labels)
    assert value.ends.tolist() == pytest.approx(ends, abs=1e-9)


def test_periods_that_make_no_sense() -> None:
    hours = purchase_summary(
        InteractionLog.from_interactions([bought(cdnow.END)], calendar=Calendar(dt.UTC)),
        as_of=cdnow.END,
    )
    with pytest.raises(
        InvalidInputError, match="period must not be finer than a day, the summary"
    ):
        lifetime_value(MODEL, SPEND, hours, horizon=1, period="hour", discount=0.1)
    assert lifetime_value(MODEL, SPEND, two(), horizon=0.05, period="hour", discount=0).ends[0] == 1 / 168  # fmt: skip
    with pytest.raises(
        InvalidInputError, match="period must fit at most 100000 times into the ho"
    ):
        lifetime_value(MODEL, SPEND, two(), horizon=1000, period="hour", discount=0.1)


def test_a_calibration_that_ends_with_the_month() -> None:
    """The rest of the last day is no period of its own."""
    end = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
    log = InteractionLog.from_interactions([bought(end)], calendar=Calendar(dt.UTC)).until(end)
    value = lifetime_value(MODEL, SPEND, purchase_summary(log), horizon=5, discount=0)
    assert value.labels[0] == dt.date(2026, 4, 1)
    assert value.ends[0] == pytest.approx(30 / 7)


def test_periods_are_taken_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lifetime_value(MODEL, SPEND, cdnow.summary(), horizon=30, period="week", discount=0.1)
    monkeypatch.setattr(lifetime, "CELLS", 500)
    parts = lifetime_value(MODEL, SPEND, cdnow.summary(), horizon=30, period="week", discount=0.1)
    np.testing.assert_allclose(parts.value, whole.value, rtol=1e-10)
    np.testing.assert_allclose(parts.customers.values, whole.customers.values, rtol=1e-10)


def test_weights_count() -> None:
    alone = lifetime_value(MODEL, SPEND, two(), horizon=9, discount=0.1)
    many = lifetime_value(MODEL, SPEND, two(weights=[3, 5]), horizon=9, discount=0.1)
    assert many.customers.values.tolist() == alone.customers.values.tolist()
    assert many.total == pytest.approx(alone.customers.values @ [3, 5])
    assert many.value.sum() == pytest.approx(many.total)


def test_the_best_first() -> None:
    value = lifetime_value(MODEL, SPEND, two(ids=["b", "a"]), horizon=9, discount=0.1)
    assert value.to_frame().customer_id.tolist() == ["a", "b"]
    assert value.top(5).customer_id.tolist() == ["b", "a"]
    assert value.top(1).columns.tolist() == ["customer_id", "value", "purchases", "mean_spend"]


def test_nobody() -> None:
    nobody = PurchaseSummary.from_arrays([], [], [])
    value = lifetime_value(MODEL, SPEND, nobody, horizon=9, discount=0.1)
    assert value.total == 0.0
    assert value.purchases.tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fitted": SPEND}, "fitted must be a model of purchases: got GammaGamma"),
        ({"spend": MODEL}, "spend must be a GammaGamma: got BGNBD"),
        ({"summary": None}, "summary must be a PurchaseSummary: got None"),
        ({"period": "fortnight"}, "period must be one of 'hour', 'day', 'week', 'month'"),
        ({"discount": -1}, "discount must be above -1, such as 0.1: got -1.0"),
        ({"discount": float("nan")}, "discount must be finite"),
        ({"margin": -0.1}, "margin must not be negative: got -0.1"),
        ({"horizon": 0}, "horizon must be after the end of the calibration: got 0"),
        ({"horizon": -1}, "horizon must not be negative"),
        ({"spend": GammaGamma.of(p=1, q=1, gamma=1)}, "q must be above 1 for customers without"),
        ({"summary": two(unit="day")}, r"summary\.unit must be that of the model, week: got day"),
    ],
)
def test_value_refuses(changed: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "fitted": MODEL, "spend": SPEND, "summary": two(), "horizon": 9, "discount": 0.1, **changed
    }  # fmt: skip
    first = (given.pop("fitted"), given.pop("spend"), given.pop("summary"))
    with pytest.raises(InvalidInputError, match=message):
        lifetime_value(*first, **given)


# validation --------------------------------------------------------------------------------------


def test_validation_by_hand() -> None:
    summary = PurchaseSummary.from_arrays(
        [2, 0, 3], [213, 0, 20], [272, 260, 272], weights=[1, 2, 1], held_x=[1, 0, 4], holdout=273
    )
    histories = [*HISTORIES, (3, 20 / 7, 272 / 7)]
    expected = [bgnbd_expected(PAPER, history, 39) for history in histories]
    errors = [expected[0] - 1, expected[1], expected[1], expected[2] - 4]
    check = validate(MODEL, summary, most=2)
    assert check.horizon == 39
    assert check.mae == pytest.approx(np.abs(errors).mean())
    assert check.rmse == pytest.approx(np.sqrt(np.square(errors).mean()))
    assert check.bias == pytest.approx(np.mean(errors))
    assert check.tracking_error == pytest.approx((sum(expected) + expected[1]) / 5 - 1)
    assert check.customers.tolist() == [2, 0, 2]
    assert check.actual.tolist() == [0, 0, 5]
    frame = check.to_frame()
    assert frame.x.tolist() == ["0", "1", "2+"]
    assert frame.expected.tolist() == pytest.approx(
        [expected[1], np.nan, (expected[0] + expected[2]) / 2], nan_ok=True
    )
    assert frame.actual.tolist() == pytest.approx([0.0, np.nan, 2.5], nan_ok=True)
    assert "2+" in check._repr_html_()
    assert repr(check).startswith("Validation(horizon=39, mae=")


def test_cdnow_is_tracked() -> None:
    """Fader, Hardie and Lee (2005), figure 3: the model tracks the held-out weeks closely."""
    check = validate(fit(BGNBD, cdnow.summary()), cdnow.summary())
    assert abs(check.tracking_error) < 0.15
    assert int(check.customers.sum()) == 2357
    assert int(check.actual.sum()) == int(cdnow.summary().held_x.sum())
    frame = check.to_frame()
    assert np.corrcoef(frame.expected, frame.actual)[0, 1] > 0.99


def test_validation_of_nothing() -> None:
    quiet = PurchaseSummary.from_arrays([1], [2], [3], held_x=[0], holdout=9)
    assert np.isnan(validate(MODEL, quiet).tracking_error)
    nobody = validate(MODEL, PurchaseSummary.from_arrays([], [], [], held_x=[], holdout=9))
    assert np.isnan([nobody.mae, nobody.rmse, nobody.bias]).all()


def test_validation_refuses() -> None:
    with pytest.raises(
        InvalidInputError, match="summary must hold out some time: calibration_end"
    ):
        validate(MODEL, two())
    with pytest.raises(
        InvalidInputError, match="fitted must be a model of purchases: got GammaGamma"
    ):
        validate(SPEND, two())  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="most must be at least 1"):
        validate(MODEL, two(), most=0)
    with pytest.raises(InvalidInputError, match="summary must be a PurchaseSummary"):
        validate(MODEL, None)  # type: ignore[arg-type]


# rows --------------------------------------------------------------------------------------------


def predicted(*values: float, metric: str = "expected", weights: Any = None) -> Predicted:
    n = len(values)
    return Predicted(
        ids=np.arange(n),
        columns={"expected": np.array(values), "other": -np.array(values)},
        weights=np.ones(n, np.int64) if weights is None else np.array(weights),
        context=Context(metric),
    )


def test_rows() -> None:
    rows = predicted(1.0, 3.0, 3.0, 0.5, weights=[1, 1, 1, 4])
    assert len(rows) == 4
    assert rows.total == 9.0
    assert rows.values.tolist() == rows["expected"].tolist()
    assert rows.top(3).customer_id.tolist() == [1, 2, 0]  # ties by id
    assert rows.top(1, by="other").customer_id.tolist() == [3]
    assert rows.top(0).empty
    assert rows.to_frame().columns.tolist() == ["customer_id", "expected", "other"]
    assert repr(rows) == "Predicted(4 customers: expected, other)"
    assert "<table" in rows._repr_html_()
    assert not rows.values.flags.writeable


def test_rows_are_equal_by_content() -> None:
    rows = predicted(1.0, float("nan"))
    assert rows == predicted(1.0, float("nan")) == pickle.loads(pickle.dumps(rows))
    assert rows != predicted(1.0, 2.0)
    assert rows != predicted(1.0, float("nan"), metric="other")
    assert rows != predicted(1.0, float("nan"), weights=[1, 2])
    assert rows != "rows"
    with pytest.raises(TypeError, match="unhashable"):
        hash(rows)


@pytest.mark.parametrize(
    ("n", "by", "message"),
    [
        (1, "expcted", "column must be one of .*got 'expcted', did you mean 'expected'?"),
        (-1, None, "n must be at least 0"),
        (1.5, None, "n must be an int"),
    ],
)
def test_rows_refuse(n: Any, by: str | None, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        predicted(1.0).top(n, by=by)
