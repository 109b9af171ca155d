"""How long a funnel takes, against published histograms and curves in fractions."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from customerops.errors import InvalidInputError
from customerops.journey import funnel, funnel_times, time_to_convert
from customerops.metrics import kaplan_meier
from customerops.model import Customer, Interaction, InteractionLog, Window
from tests.journey.funnels.test_funnels import CASES, ROWS, STEPS, at, case_log, hit, known, rules
from tests.reference import survival as slow

MINUTE = dt.timedelta(minutes=1)
TRIP = [
    *(hit("a", 0, "A"), hit("a", 2, "B"), hit("b", 0, "A"), hit("b", 4, "B")),
    *(hit("c", 1, "A"), hit("d", 7, "A"), hit("e", 8, "A"), hit("e", 9, "B")),
]


@pytest.mark.parametrize("case", CASES["times"], ids=lambda case: case["id"])
def test_published_histograms(case: dict[str, Any]) -> None:
    curve = time_to_convert(
        case_log(case),
        case["steps"],
        within=dt.timedelta(seconds=case["within_s"]),
        from_=case["from_step"],
        to=case["to_step"],
    )
    assert curve.histogram(case["edges"]).tolist() == [0, *case["counts"]]
    seen = np.repeat(curve.points, curve.events)
    assert seen.mean() == case["mean_s"]


def test_who_may_still_convert_is_censored_where_last_seen() -> None:
    """Times 2, 4, 1 of a, b, e; c is out at 5, d last seen after 3."""
    curve = time_to_convert(known(TRIP, 10), ["A", "B"], within=5 * MINUTE, unit=MINUTE)
    lives: list[slow.Life] = [(2, True, None), (4, True, None), (1, True, None)]
    lives += [(5, False, None), (3, False, None)]
    for t in range(6):
        assert curve.at(t) == pytest.approx(float(slow.survival(lives, t)))
        assert curve.converted(t) == pytest.approx(1 - float(slow.survival(lives, t)))
    assert slow.survival(lives, 5) == Fraction(4, 5) * Fraction(3, 4) * Fraction(1, 2)
    assert curve.quantile(0.5) == 4
    same = kaplan_meier([2, 4, 1, 5, 3], [1, 1, 1, 0, 0])
    assert curve.points.tolist() == same.points.tolist()
    assert curve.value.tolist() == same.value.tolist()
    assert np.array_equal(curve.interval(), same.interval(), equal_nan=True)


def test_without_a_limit_all_are_seen_until_as_of() -> None:
    curve = time_to_convert(known(TRIP, 10), ["A", "B"], within=None, unit=MINUTE)
    assert curve.censored[curve.points == 9].tolist() == [1]  # c
    assert curve.complete


def test_curves_of_groups() -> None:
    log = InteractionLog.from_interactions(TRIP).with_customers(
        [Customer(id=who, country="DE" if who in "ab" else "FR") for who in "abcde"]
    )
    curve = time_to_convert(
        log.until(at(10)), ["A", "B"], within=5 * MINUTE, unit=MINUTE, by="country"
    )
    assert curve.converted(5).tolist() == [1, pytest.approx(1 / 3)]
    assert curve.histogram([0, 2, 4]).tolist() == [[0, 0, 1, 1], [0, 1, 0, 0]]
    assert (
        curve.rollup("country").histogram([0, 2, 4]).tolist()
        == time_to_convert(log.until(at(10)), ["A", "B"], within=5 * MINUTE, unit=MINUTE)
        .histogram([0, 2, 4])
        .tolist()
    )


@given(ROWS, STEPS)
def test_at_the_end_of_the_window_the_curve_is_the_funnel(
    rows: list[Interaction], steps: list[set[str] | None]
) -> None:
    log, asked = known(rows, 99), rules([*steps, {"B"}])
    curve = time_to_convert(log, asked, within=4 * MINUTE, unit=MINUTE)
    rate = funnel(log, asked, within=4 * MINUTE).conversion().value[-1]
    assert curve.converted(4) == pytest.approx(rate, nan_ok=True)


@given(ROWS, STEPS)
def test_there_are_as_many_times_as_settled_customers(
    rows: list[Interaction], steps: list[set[str] | None]
) -> None:
    log, asked = known(rows, 6), rules([*steps, {"B"}])
    times = funnel_times(log, asked, within=2 * MINUTE)
    assert times.n.tolist() == funnel(log, asked, within=2 * MINUTE).settled[1:].tolist()


def test_times_of_steps() -> None:
    rows = [*TRIP, hit("a", 5, "C")]
    asked: Any = {"steps": ["A", "B", "C"], "within": 5 * MINUTE, "unit": MINUTE}
    times = funnel_times(known(rows, 99), **asked)
    assert times.n.tolist() == [3, 1]
    assert times.quantile(0.5).tolist() == [2, 3]
    assert times.mean.tolist() == [pytest.approx(7 / 3), 3]
    whole = funnel_times(known(rows, 99), since="first", **asked)
    assert whole.quantile(1).tolist() == [4, 5]
    assert times.outer[0].labels == (2, 3)


def test_times_are_since_the_step_before_that_was_taken() -> None:
    rows = [hit("u", 0, "A"), hit("u", 3, "C"), hit("v", 0, "A"), hit("v", 1, "B")]
    rows += [hit("v", 3, "C")]
    times = funnel_times(
        known(rows, 99), ["A", "B", "C"], within=5 * MINUTE, unit=MINUTE, optional=[2]
    )
    assert times.n.tolist() == [1, 2]
    assert times.select(step=3).points.tolist() == [2, 3]


def test_times_say_whether_there_may_be_more() -> None:
    def of(minute: int) -> Any:
        return funnel_times(
            known(TRIP, minute), ["A", "B"], within=5 * MINUTE, over=Window(at(0), at(9))
        )

    assert of(13).complete.tolist() == [False]
    assert of(14).complete.tolist() == [True]
    assert of(13).quantile(0.5).tolist() == [120.0]  # e is on the way: what is known is read
    assert of(13).select(step=2).complete is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"within": None}, "within must be a timedelta: got None"),
        ({"since": "last"}, "since must be one of 'previous', 'first'"),
        ({"unit": 1}, "unit must be a timedelta: got int"),
        ({"steps": ["A"]}, "steps must hold at least two: one step takes no time"),
    ],
)
def test_what_times_are_asked_is_checked(options: dict[str, Any], message: str) -> None:
    asked = {"steps": ["A", "B"], "within": MINUTE, **options}
    with pytest.raises(InvalidInputError, match=message):
        funnel_times(known([], 0), asked.pop("steps"), **asked)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_": 3}, "to must be a step after that of from_="),
        ({"from_": 2, "to": 2}, "to must be a step after that of from_="),
        ({"from_": 0}, "from_ must be"),
        ({"to": 4}, "to must be"),
        ({"to": 2, "optional": [2]}, "to must not be a step that is optional"),
        ({"from_": 2, "optional": [2]}, "from_ must not be a step that is optional"),
        ({"unit": 0 * MINUTE}, "unit must be longer than zero"),
    ],
)
def test_what_a_curve_is_asked_is_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        time_to_convert(known([], 0), ["A", "B", "C"], **{"within": MINUTE, **options})


@pytest.mark.parametrize("edges", [[], [1, 1], [2, 1], [[1, 2]], 3, [math.nan], [0, math.nan, 1]])
def test_bins_rise(edges: Any) -> None:
    curve = time_to_convert(known(TRIP, 10), ["A", "B"], within=MINUTE)
    with pytest.raises(InvalidInputError, match="edges must be one or more numbers that rise"):
        curve.histogram(edges)
