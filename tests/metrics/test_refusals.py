"""What is too large, of unlike lengths or not a number is refused by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.model import Calendar, InteractionLog, Window, spells_of
from tests.metrics.contracts import held, utc

m: Any = metrics  # what is given is not what is asked for
LOG = InteractionLog.from_arrays(
    customer_id=["a", "a", "b"],
    kind=["use"] * 3,
    at=[dt.date(2026, 1, day) for day in (1, 2, 4)],
    amount=[1, 2, 3],
    currency="EUR",
    tz=dt.UTC,
).until_day(dt.date(2026, 1, 31))
JANUARY = Window(utc("2026-01-01"), utc("2026-02-01"))
SPELLS = spells_of([held("x", "2026-01-01")], as_of=utc("2026-02-01"))
USE: dict[str, Any] = {"activity": "use"}
EVER: dict[str, Any] = {"unit": dt.timedelta.max}
RAGGED = [[0.1], [0.2, 0.3]]
NO_NUMBERS: list[Any] = ["x", RAGGED, {}]


def curve() -> Any:
    return m.kaplan_meier([1, 2], [1, 1])


def spread() -> Any:
    return m.concentration(LOG, purchases="use", over=JANUARY)


def at(times: Any) -> Any:
    return curve().at(times)


def lorenz(shares: Any) -> Any:
    return spread().lorenz(shares)


BAD: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: m.stickiness(LOG, **USE, definition="daily", windows=(1, 2**62)),
        "windows must be at most 36525: got more",
    ),
    (
        lambda: m.stickiness(LOG, **USE, definition="exact", over=JANUARY, unit=np.array([1, 2])),
        "unit must be one of 'hour', .*: got ndarray",
    ),
    (
        lambda: m.active_customers(LOG, **USE, trailing=10**30),
        "trailing must be at most 36525: got more",
    ),
    (
        lambda: m.power_curve(LOG, **USE, over=JANUARY, every=10**30),
        "every must be at most 876600: got more",
    ),
    (
        lambda: m.retention(
            LOG, start="use", returning="use", period="day", mode="bracket", brackets=5
        ),
        "brackets must be given for mode='bracket'",
    ),
    (
        lambda: m.churn_rate(SPELLS, definition="stripe", over=JANUARY, cause=5),
        "cause must be a str or a collection of str, not empty",
    ),
    *(
        (
            lambda unit=unit, most=most: m.churn_rate(
                SPELLS,
                definition="renewal",
                over=JANUARY,
                calendar=Calendar("UTC"),
                term=(most + 1, unit),
            ),
            rf"term\[0\] must be at most {most}: got more",
        )
        for unit, most in (("year", 100), ("month", 1200), ("week", 5217), ("day", 36525))
    ),
    (lambda: m.kaplan_meier(SPELLS, **EVER), "unit must be shorter than all of time"),
    (lambda: m.nelson_aalen(SPELLS, **EVER), "unit must be shorter than all of time"),
    (lambda: m.logrank(SPELLS, by="plan", **EVER), "unit must be shorter than all of time"),
    (lambda: m.restricted_mean(SPELLS, horizon=3, **EVER), "unit must be shorter than all"),
    (
        lambda: m.kaplan_meier([1, 2], pd.Series([True, None], dtype="boolean")),
        "observed must be True or False .* for each duration: got Series",
    ),
    (lambda: m.kaplan_meier([1, 2], RAGGED), "observed must be True or False .*: got list"),
    (lambda: m.kaplan_meier(RAGGED, [1, 1]), "durations must be numbers: got list"),
    *((partial(at, given), "t must be numbers: got") for given in [*NO_NUMBERS, None]),
    *((partial(lorenz, given), "shares must be numbers: got") for given in NO_NUMBERS),
    (
        lambda: m.rescale_rate(RAGGED, from_="day", to="week"),
        "rate must be numbers: got list",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=range(len(BAD)))
def test_it_is_refused_by_name(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        call()


def test_a_century_is_not_too_long() -> None:
    """All that was ever active is: windows as long as can be hold everybody since the start."""
    everybody = m.active_customers(LOG, **USE, trailing=36525)
    assert everybody.customers.tolist() == [1] * 3 + [2] * 28
    assert everybody.truncated.tolist() == [False] * 31
    assert curve().at([]).tolist() == []
