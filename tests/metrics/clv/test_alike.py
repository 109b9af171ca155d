"""Results are equal if they say the same, also after a trip through pickle."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import attrs
import numpy as np
import pytest

from customerops import InteractionLog
from customerops.metrics import (
    BGNBD,
    NBD,
    GammaGamma,
    PurchaseSummary,
    compare,
    lifetime_value,
    purchase_tracking,
    validate,
)

MODEL = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
SPEND = GammaGamma.of(p=6.25, q=3.74, gamma=15.44)


def validation(t_x: int) -> Any:
    """Nobody bought later, so that the tracking error is NaN."""
    seen = PurchaseSummary.from_arrays([2], [t_x], [272], held_x=[0], holdout=7)
    return validate(MODEL, seen)


def nothing(_: int) -> Any:
    """Of nobody, so that the errors are NaN."""
    return validate(MODEL, PurchaseSummary.from_arrays([], [], [], held_x=[], holdout=7))


def tracking(t_x: int) -> Any:
    days = [dt.date(2024, 1, 1), dt.date(2024, 1, 1) + dt.timedelta(t_x // 100)]
    log = InteractionLog.from_arrays(customer_id=[1, 1], at=days, kind=["purchase"] * 2, tz=dt.UTC)
    return purchase_tracking(MODEL, log.until_day(dt.date(2024, 1, 31)), period="day")


def comparison(t_x: int) -> Any:
    """Of a model that can be fitted, and of one that cannot: a row of NaN."""
    seen = PurchaseSummary.from_arrays([3, 1, 0], [t_x, 9, 0], [272] * 3, weights=[10, 20, 30])
    return compare([NBD, BGNBD], seen)


def none_fitted(_: int) -> Any:
    return compare([NBD, BGNBD], PurchaseSummary.from_arrays([0], [0], [272]))


def lifetime(t_x: int) -> Any:
    seen = PurchaseSummary.from_arrays([2], [t_x], [272], [4470])
    return lifetime_value(MODEL, SPEND, seen, horizon=39, discount=0.1)


@pytest.mark.parametrize(
    "make", [validation, nothing, tracking, comparison, none_fitted, lifetime]
)
def test_the_same_is_equal(make: Any) -> None:
    one = make(213)
    assert one == make(213)
    assert pickle.loads(pickle.dumps(one)) == one
    assert one != "another"
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


@pytest.mark.parametrize("make", [validation, tracking, comparison, lifetime])
def test_another_is_not(make: Any) -> None:
    assert make(213) != make(100)


def test_every_field_counts() -> None:
    one = lifetime(213)
    assert one != attrs.evolve(one, labels=one.labels[:-1])
    assert one != attrs.evolve(one, ends=one.ends + 1)
    assert one != attrs.evolve(one, ends=one.ends[:-1])
    table = none_fitted(0)
    assert table != attrs.evolve(table, diagnoses=dict(reversed(table.diagnoses.items())))
    columns = table.columns | {"aic": np.zeros(2)}
    assert table != attrs.evolve(table, columns=columns)
