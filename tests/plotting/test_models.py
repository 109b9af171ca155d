from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.lifecycle import Forecast
from customerops.metrics import (
    BGNBD,
    SBG,
    PurchaseSummary,
    PurchaseTracking,
    RenewalSummary,
    fit,
    validate,
)
from customerops.model import Context
from customerops.plotting import contract_curve, forecast_lines, tracking_plot
from tests.plotting.marks import band, lines, rendered, said, ticks

MODEL = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")


def tracking(calibration: list[bool], actual: list[int]) -> PurchaseTracking:
    return PurchaseTracking(
        labels=tuple(dt.date(2026, 1, 5 + 7 * i) for i in range(3)),
        actual=np.array(actual),
        expected=np.array([1.0, 2.5, 1.5]),
        calibration=np.array(calibration),
        customers=40,
    )


def test_tracking() -> None:
    ax = rendered(tracking([True, True, False], [1, 3, 2]).plot())
    drawn = lines(ax)
    assert drawn["actual"] == [1, 3, 2]
    assert drawn["expected by the model"] == [1.0, 2.5, 1.5]
    assert ax.lines[2].get_xdata() == [1.5, 1.5]  # where the calibration ends
    assert " held out" in said(ax)
    assert said(ax)[-1] == (
        "40 customers who came in the calibration; expected -25.0% in the held-out time"
    )
    assert ax.get_ylabel() == "repeat purchases a period"
    assert ticks(ax) == ["2026-01-05", "2026-01-12", "2026-01-19"]


def test_tracking_from_the_start_without_anything_held_out() -> None:
    ax = rendered(tracking_plot(tracking([True] * 3, [1, 3, 2]), cumulative=True))
    assert lines(ax)["actual"] == [1, 4, 6]
    assert lines(ax)["expected by the model"] == [1.0, 3.5, 5.0]
    assert len(ax.lines) == 2
    assert ax.get_ylabel().endswith("summed from the start")
    assert "held-out" not in said(ax)[-1]


def test_calibration() -> None:
    seen = PurchaseSummary.from_arrays([2, 0], [213, 0], [272, 272], held_x=[1, 0], holdout=273)
    check = validate(MODEL, seen, most=2)
    ax = rendered(check.plot())
    frame = check.to_frame()
    for name, label in (("actual", "actual"), ("expected", "expected by the model")):
        assert np.array_equal(lines(ax)[label], frame[name].to_numpy(), equal_nan=True)
    assert ticks(ax) == ["0\n(1)", "1\n(0)", "2+\n(1)"]
    assert "mean absolute error" in said(ax)[-1]
    assert ax.get_ylabel() == "purchases a customer in the held-out time"
    idle = PurchaseSummary.from_arrays([0], [0], [272], held_x=[0], holdout=273)
    assert not said(rendered(validate(MODEL, idle, most=1).plot()))[-1].startswith("expected")


def test_contracts() -> None:
    fitted = fit(SBG, RenewalSummary.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
    ax = rendered(fitted.plot())
    t = np.arange(13)
    (values,) = lines(ax).values()
    assert values == fitted.survival(t).tolist()
    low, high = band(ax)
    below, above = fitted.survival_interval(t)
    assert low[5.0] == pytest.approx(below[5])
    assert high[5.0] == pytest.approx(above[5])
    assert said(ax)[-1] == "95 % band; 1,000 customers"
    ax = rendered(contract_curve(SBG.of(alpha=0.668, beta=3.806), renewals=3))
    assert len(lines(ax)["_"]) == 4
    assert said(ax)[-1] == "given parameters"
    assert not ax.collections


def test_models_of_purchases_say_what_to_draw() -> None:
    with pytest.raises(InvalidInputError, match=r"a BGNBD has none: purchase_tracking"):
        MODEL.plot()


def forecast(states: tuple[str, ...], customers: Any) -> Forecast:
    return Forecast(
        axis="stage",
        periods=(dt.date(2026, 1, 1), dt.date(2026, 2, 1)),
        states=states,
        customers=np.array(customers, np.float64),
        arrivals=np.array([1.0, 1.0]),
        opening=np.array(customers[0]) * 2,
        context=Context("lifecycle_forecast", period="month"),
    )


def test_forecasts() -> None:
    ax = rendered(forecast(("ACTIVATED", "ERASED"), [[4, 0], [3, 0]]).plot())
    assert lines(ax) == {"ACTIVATED": [8, 4, 3]}  # nobody is ever in the other
    assert ticks(ax) == ["known", "2026-01", "2026-02"]
    assert [patch.get_gid() for patch in ax.patches] == ["forecast"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("month", "customers expected at its end")
    with pytest.raises(InvalidInputError, match="states must be at most 8.*to_frame"):
        forecast_lines(forecast(tuple("abcdefghi"), [[1] * 9, [1] * 9]))
