"""Rates of one length of time as rates of another."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import rescale_rate

DAY = dt.timedelta(days=1)


def test_a_share_compounds() -> None:
    # 5 % a month: 1 - 0.95**12; a tenth of twelve times it
    assert rescale_rate(0.05, from_="month", to="year") == pytest.approx(0.45963991233736334)
    assert rescale_rate(0.19, from_="quarter", to="month") == pytest.approx(1 - 0.81 ** (1 / 3))
    assert rescale_rate(0.75, from_=2 * DAY, to=DAY) == pytest.approx(0.5)
    assert rescale_rate(0.5, from_="week", to=14 * DAY) == pytest.approx(0.75)


def test_a_hazard_is_linear_and_becomes_a_share() -> None:
    assert rescale_rate(0.1, from_="month", to="year", kind="hazard") == pytest.approx(1.2)
    assert rescale_rate(0.1, from_="day", to="day", kind="hazard", into="share") == pytest.approx(
        1 - math.exp(-0.1)
    )
    assert rescale_rate(0.5, from_="day", to="day", kind="share", into="hazard") == pytest.approx(
        math.log(2)
    )
    assert rescale_rate(1.0, from_="day", to="day", into="hazard") == math.inf


def test_a_year_has_365_days() -> None:
    assert rescale_rate(1, from_="day", to="year", kind="hazard") == 365
    assert rescale_rate(365, from_="year", to="week", kind="hazard") == pytest.approx(7)
    assert rescale_rate(24, from_="day", to="hour", kind="hazard") == 1


def test_arrays_keep_their_shape_and_nan() -> None:
    out = rescale_rate([[0.0, 1.0, math.nan]], from_="month", to="year")
    assert out.shape == (1, 3)
    assert out[0, :2].tolist() == [0.0, 1.0]
    assert math.isnan(out[0, 2])


@given(
    st.floats(0, 0.99),
    st.sampled_from(["hour", "day", "week", "month", "quarter", "year"]),
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
)
def test_there_and_back_is_the_same(share: float, one: Any, other: Any) -> None:
    there = rescale_rate(share, from_=one, to=other)
    if there < 1:  # else everybody has left, to the last digit
        hazard = rescale_rate(share, from_=one, to=other, into="hazard")
        back = rescale_rate(hazard, from_=other, to=one, kind="hazard", into="share")
        assert back == pytest.approx(share, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("rate", "options", "message"),
    [
        (1.1, {}, "rate must be from 0 to 1: some shares are not"),
        (-0.1, {}, "rate must be from 0 to 1"),
        ([0.1, -0.1], {"kind": "hazard"}, "rate must be at least 0: some hazards are not"),
        ("a", {}, "rate must be numbers: got str"),
        ([[0.1], [0.2, 0.3]], {}, "rate must be numbers: got list"),
        (True, {}, "rate must be numbers: got bool"),
        (0.1, {"kind": "odds"}, "kind must be one of"),
        (0.1, {"into": "odds"}, "into must be one of"),
        (0.1, {"to": "decade"}, "to must be one of"),
        (0.1, {"from_": "mont"}, "from_ must be one of .* did you mean 'month'"),
        (0.1, {"from_": 0 * DAY}, "from_ must be longer than zero"),
    ],
)
def test_what_is_no_rate_is_refused(rate: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        rescale_rate(rate, **{"from_": "month", "to": "year", **options})


def test_numpy_numbers_are_taken() -> None:
    assert rescale_rate(np.float64(0.05), from_="month", to="month") == pytest.approx(0.05)
