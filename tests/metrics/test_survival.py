"""Kaplan-Meier against published tables, and against counting by hand."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import kaplan_meier
from customerops.model import EventTable, Money, Spells, Subscription, spells_of

UTC = dt.UTC
DAY = dt.timedelta(days=1)

# 6-MP, Freireich et al. 1963 (Blood 21, 699): weeks in remission, + censored
MP6 = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
SEEN = [1] * 9 + [0] * 12
# survival and Greenwood standard error: Klein and Moeschberger (2003), table 4.1A
PUBLISHED = {
    6: (0.857, 0.076),
    7: (0.807, 0.087),
    10: (0.753, 0.096),
    13: (0.690, 0.107),
    16: (0.627, 0.114),
    22: (0.538, 0.128),
    23: (0.448, 0.135),
}


@pytest.mark.parametrize(("week", "expected"), PUBLISHED.items())
def test_the_published_table_of_6_mp(week: int, expected: tuple[float, float]) -> None:
    curve = kaplan_meier(MP6, SEEN)
    assert curve.at(week) == pytest.approx(expected[0], abs=0.0006)
    error = math.sqrt(curve.variance()[curve.points.tolist().index(week)])
    assert error == pytest.approx(expected[1], abs=0.001)


def test_a_quantile_that_is_not_reached_is_not_a_number() -> None:
    curve = kaplan_meier(MP6, SEEN)
    assert curve.quantile(0.5) == 23
    assert math.isnan(float(curve.quantile(0.6)))


def test_left_truncation_counts_who_is_under_observation() -> None:
    # at risk at 3: those entered before 3 and still there: 2 of 3
    curve = kaplan_meier([3, 5, 6], [1, 1, 1], entry=[0, 1, 4])
    assert curve.at([3, 5, 6]).tolist() == [0.5, 0.25, 0.0]


def test_unsigned_durations_are_durations() -> None:
    assert kaplan_meier(np.array([3, 4], np.uint8), [1, 0]) == kaplan_meier([3, 4], [1, 0])


def test_weights_are_repetitions() -> None:
    assert kaplan_meier([3, 4], [1, 0], weights=[2, 3]) == kaplan_meier(
        [3, 3, 4, 4, 4], [1, 1, 0, 0, 0]
    )


LIVES = st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=12)


def slow(lives: list[tuple[int, bool]]) -> dict[int, Fraction]:
    survival, out = Fraction(1), {}
    for t in sorted({time for time, _ in lives}):
        at_risk = sum(time >= t for time, _ in lives)
        died = sum(time == t and seen for time, seen in lives)
        survival *= 1 - Fraction(died, at_risk)
        out[t] = survival
    return out


@given(LIVES, LIVES)
def test_the_product_limit_by_hand_and_sums(
    a: list[tuple[int, bool]], b: list[tuple[int, bool]]
) -> None:
    def curve(lives: list[tuple[int, bool]]) -> EventTable:
        return kaplan_meier([t for t, _ in lives], [seen for _, seen in lives])

    whole = curve(a + b)
    assert curve(a) + curve(b) == whole
    expected = slow(a + b)
    assert whole.points.tolist() == list(expected)
    assert whole.value.tolist() == pytest.approx([float(x) for x in expected.values()])


BAD: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: kaplan_meier([1, -1], [1, 1]),
        r"durations must be finite and not negative: 1 of 2 rows is not \(first at row 1\)",
    ),
    (lambda: kaplan_meier([1, float("nan")], [1, 1]), "durations must be finite"),
    (lambda: kaplan_meier([[1]], [1]), "durations must be one-dimensional: got 2 dimensions"),
    (lambda: kaplan_meier(["a"], [1]), "durations must be numbers"),
    (lambda: kaplan_meier([1]), "observed must be given with durations"),
    (lambda: kaplan_meier([1], [2]), "observed must be True or False"),
    (lambda: kaplan_meier([1], [1], entry=[1]), "entry must be before its duration"),
    (lambda: kaplan_meier([1], [1], unit=DAY), "unit must come with spells"),
    (lambda: kaplan_meier([1], [1], by="plan"), "by must be a label for each duration: got str"),
    (lambda: kaplan_meier(contracts(), [1], unit=DAY), "observed must be left out with spells"),
    (lambda: kaplan_meier(contracts()), "unit must be given with spells"),
    (
        lambda: kaplan_meier(contracts(), unit=DAY, by="plam"),
        "by must be an attribute of the spells: got 'plam', did you mean 'plan'",
    ),
]


@pytest.mark.parametrize(("call", "message"), [pytest.param(c, m, id=m[:50]) for c, m in BAD])
def test_what_makes_no_curve_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def contracts(**changes: Any) -> Spells:
    start = dt.datetime(2026, 1, 1, tzinfo=UTC)
    held = [
        Subscription(
            id=str(i),
            customer_id=i,
            plan=plan,
            amount=Money("1", "EUR"),
            interval=(1, "month"),
            started_at=start,
            ended_at=None if days is None else start + dt.timedelta(days=days, hours=5),
        )
        for i, (plan, days) in enumerate([("a", 3), ("a", None), ("b", 5), ("b", 3)])
    ]
    return attrs.evolve(spells_of(held, as_of=start + dt.timedelta(days=9)), **changes)


def test_spells_are_counted_in_whole_units() -> None:
    curve = kaplan_meier(contracts(), unit=DAY)
    assert curve.points.tolist() == [3, 5, 9]
    assert curve.value.tolist() == [0.5, 0.25, 0.25]
    halves = kaplan_meier(contracts(), unit=DAY / 2)
    assert halves.points.tolist() == [6, 10, 18]


def test_a_curve_for_each_label() -> None:
    curves = kaplan_meier(contracts(), unit=DAY, by="plan")
    assert curves.select(plan="a").value.tolist() == [0.5, 0.5]
    assert curves.select(plan="b").value.tolist() == [0.5, 0.0]
    spells = contracts()
    missing = attrs.evolve(spells.attributes["plan"], codes=np.array([0, -1, 1, 1], np.int8))
    assert kaplan_meier(
        attrs.evolve(spells, attributes={"plan": missing}), unit=DAY, by="plan"
    ).outer[0].labels == ("a", "b", None)


def test_a_late_entry_of_a_spell_is_at_risk_from_there() -> None:
    spells = contracts()
    at = spells.start + np.array([0, 4, 4, 4]) * 86_400_000_000
    curve = kaplan_meier(attrs.evolve(spells, entry=at), unit=DAY)
    # at 3 only the first is watched; the fourth ended before it was; at 5 two are
    assert curve.at([3, 5]).tolist() == [0.0, 0.0]
    assert curve.at_risk[curve.points.tolist().index(5)] == 2
    everyone = kaplan_meier(attrs.evolve(spells, entry=spells.start), unit=DAY)
    assert everyone == kaplan_meier(spells, unit=DAY)
