"""Purchases period by period against what a model expects."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from customerops import Calendar, InteractionLog
from customerops.errors import InvalidInputError
from customerops.metrics import BGNBD, GammaGamma, PurchaseTracking, purchase_tracking
from tests.metrics import cdnow

PAPER = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
MODEL = BGNBD.of(**PAPER, unit="week")


def shop(
    days: dict[str, list[dt.date]], tz: dt.tzinfo = dt.UTC, until: dt.date | None = None
) -> InteractionLog:
    rows = [(who, day) for who, many in days.items() for day in many]
    log = InteractionLog.from_arrays(
        customer_id=[who for who, _ in rows],
        at=[day for _, day in rows],
        kind=["purchase"] * len(rows),
        tz=tz,
    )
    return log.until_day(until or max(day for _, day in rows))


def by_hand(
    days: dict[str, list[dt.date]], end: dt.date, last: dt.date
) -> tuple[list[int], list[float]]:
    """Count and expect week by week, Monday to Sunday, one customer and one day at a time."""
    born = {who: min(many) for who, many in days.items() if min(many) <= end}
    monday = min(born.values()) - dt.timedelta(days=min(born.values()).weekday())
    actual, expected = [], []
    while monday <= last:
        sunday = min(monday + dt.timedelta(days=6), last)
        actual.append(
            sum(
                monday <= day <= sunday
                for who, first in born.items()
                for day in set(days[who])
                if day > first
            )
        )
        both = []
        for edge in (monday - dt.timedelta(days=1), sunday):
            ages = [(edge - first).days for first in born.values() if first < edge]
            both.append(math.fsum(MODEL.new_customer(age / 7) for age in ages))
        expected.append(both[1] - both[0])
        monday += dt.timedelta(days=7)
    return actual, expected


@pytest.mark.parametrize("seed", range(8))
def test_against_counting_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = dt.date(2024, 2, 20)  # over a leap day and a change of clocks
    days = {
        f"c{i}": [
            start + dt.timedelta(days=int(d)) for d in rng.integers(0, 60, rng.integers(1, 7))
        ]
        for i in range(12)
    }
    last, end = start + dt.timedelta(days=64), start + dt.timedelta(days=35)
    tz = ZoneInfo("America/New_York")
    log = shop(days, tz, last)
    seen = purchase_tracking(
        MODEL, log, calibration_end=dt.datetime.combine(end, dt.time(23, 59, 59), tz)
    )
    actual, expected = by_hand(days, end, last)
    assert seen.actual.tolist() == actual
    assert seen.expected.tolist() == pytest.approx(expected, rel=1e-9)
    assert seen.customers == sum(min(many) <= end for many in days.values())


def test_cdnow_adds_up() -> None:
    """All periods together are all repeat purchases of the 2,357 customers, held out or not."""
    summary = cdnow.summary()
    weeks = purchase_tracking(MODEL, cdnow.log(), calibration_end=cdnow.END)
    assert weeks.customers == 2357
    assert int(weeks.actual.sum()) == int(summary.x.sum() + summary.held_x.sum())
    last = MODEL._new((summary.T + summary.holdout) / 7)
    assert weeks.expected.sum() == pytest.approx(last.sum(), rel=1e-12)
    months = purchase_tracking(MODEL, cdnow.log(), calibration_end=cdnow.END, period="month")
    assert len(months.labels) == 18
    assert months.calibration.tolist() == [True] * 9 + [False] * 9
    assert int(months.actual[months.calibration].sum()) == int(summary.x.sum())
    held = int(summary.held_x.sum())
    assert months.error == pytest.approx(months.expected[9:].sum() / held - 1, rel=1e-12)


def test_what_it_shows() -> None:
    days = {"a": [dt.date(2024, 1, 1), dt.date(2024, 1, 9)], "b": [dt.date(2024, 1, 3)]}
    seen = purchase_tracking(MODEL, shop(days, until=dt.date(2024, 1, 14)))
    frame = seen.to_frame()
    assert list(frame) == [
        "period", "actual", "expected", "cumulative_actual", "cumulative_expected", "calibration",
    ]  # fmt: skip
    assert frame["cumulative_actual"].tolist() == [0, 1]
    assert frame["cumulative_expected"].iloc[-1] == pytest.approx(seen.expected.sum())
    assert seen.calibration.all()
    assert math.isnan(seen.error)  # nothing was held out
    assert "2 customers" in repr(seen)
    assert "purchases of 2 customers" in seen._repr_html_()
    assert isinstance(seen, PurchaseTracking)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fitted": GammaGamma.of(p=6, q=4, gamma=15)}, "fitted must be a model of purchases"),
        ({"period": "fortnight"}, "period must be one of"),
        ({"purchases": "refund"}, "log must have customers who bought in the calibration"),
        ({"occasion": "decade"}, "occasion must be one of"),
        ({"occasion": "year"}, "unit must be 'year', as occasion is: got 'week'"),
    ],
)
def test_refuses(changed: dict[str, Any], message: str) -> None:
    log = shop({"a": [dt.date(2024, 1, 1), dt.date(2024, 1, 9)]})
    given: dict[str, Any] = {"fitted": MODEL, "calendar": Calendar(dt.UTC), **changed}
    with pytest.raises(InvalidInputError, match=message):
        purchase_tracking(given.pop("fitted"), log, **given)
