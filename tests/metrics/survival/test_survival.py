"""Survival curves against published tables, lifelines, and counting by hand."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import kaplan_meier, nelson_aalen
from customerops.model import EventTable, Money, Spells, Subscription, spells_of

UTC = dt.UTC
DAY = dt.timedelta(days=1)
TIES: tuple[Any, ...] = ("nelson_aalen", "fleming_harrington")

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


@given(
    st.lists(st.tuples(st.sampled_from([0, 0.5, 1, 2, 7.25, 1e17, 2**60]), st.booleans())),
    st.sampled_from([1, 2, 1000]),
)
def test_however_it_is_counted_it_is_the_same(lives: list[tuple[float, bool]], scale: int) -> None:
    """Whole days are counted, other times sorted, and weights take the way of all rows."""
    durations = np.array([scale * t for t, _ in lives], np.float64)
    observed = [seen for _, seen in lives]
    quick = kaplan_meier(durations, observed)
    assert quick == kaplan_meier(durations, observed, weights=[1] * len(lives))
    labels = ["ab"[i % 2] for i in range(len(lives))]
    groups = kaplan_meier(durations, observed, by=labels)
    assert groups == kaplan_meier(durations, observed, by=labels, weights=[1] * len(lives))


def test_whole_times_are_the_same_as_floats() -> None:
    curves = [kaplan_meier(np.array([3, 4, 4], kind), [1, 0, 1]) for kind in ("i2", "u8", "f4")]
    assert curves[0] == curves[1] == curves[2]
    assert curves[0].points.dtype == np.int64
    assert kaplan_meier([-0.0, 0.5], [1, 1]).points.tolist() == [0, 0.5]


def test_weights_are_repetitions() -> None:
    assert kaplan_meier([3, 4], [1, 0], weights=[2, 3]) == kaplan_meier(
        [3, 3, 4, 4, 4], [1, 1, 0, 0, 0]
    )


# Cumulative hazard and its standard error: Klein and Moeschberger (2003), table 4.2
HAZARDS = {
    6: (0.1428, 0.0825),
    7: (0.2017, 0.1015),
    10: (0.2683, 0.1212),
    13: (0.3517, 0.1473),
    16: (0.4426, 0.1729),
    22: (0.5854, 0.2243),
    23: (0.7521, 0.2795),
}


@pytest.mark.parametrize(("week", "expected"), HAZARDS.items())
def test_the_published_hazard_of_6_mp(week: int, expected: tuple[float, float]) -> None:
    curve = nelson_aalen(MP6, SEEN)
    assert curve.at(week) == pytest.approx(expected[0], abs=0.0002)
    error = math.sqrt(curve.variance()[curve.points.tolist().index(week)])
    assert error == pytest.approx(expected[1], abs=0.0003)


def test_events_at_one_time_are_taken_together_or_in_turn() -> None:
    both = [nelson_aalen([1, 1, 2], [1, 1, 1], ties=ties) for ties in TIES]
    assert [curve.at(1) for curve in both] == pytest.approx([2 / 3, 1 / 3 + 1 / 2])
    assert both[0].context.option("ties") == "nelson_aalen"
    with pytest.raises(
        InvalidInputError, match="options must be the same to add results: these differ: ties"
    ):
        both[0] + both[1]


PEER: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "cases" / "lifelines.json").read_text()
)
DATA = ("rossi", "waltons", "larynx", "lung")


def assert_reads(curve: EventTable, case: dict[str, Any], times: list[float]) -> None:
    assert curve.at(times) == pytest.approx(case["value"], abs=1e-8)
    rows = [curve.points.tolist().index(t) for t in times]
    low, high = curve.interval()
    assert low[rows] == pytest.approx(case["low"], abs=1e-8)
    assert high[rows] == pytest.approx(case["high"], abs=1e-8)


@pytest.mark.parametrize("name", DATA)
def test_curves_are_those_of_lifelines(name: str) -> None:
    case = PEER[name]
    durations, observed, times = case["durations"], case["observed"], case["times"]
    curve = kaplan_meier(durations, observed)
    assert_reads(curve, case["kaplan_meier"], times)
    weighted = kaplan_meier(durations, observed, weights=case["weights"])
    assert_reads(weighted, case["kaplan_meier_weights"], times)
    late = kaplan_meier(durations, observed, entry=case["entry"])
    assert_reads(late, case["kaplan_meier_entry"], times)
    median = math.nan if case["median"] is None else case["median"]
    assert np.array_equal(curve.quantile(0.5), median, equal_nan=True)
    in_turn = nelson_aalen(durations, observed, ties="fleming_harrington")
    assert_reads(in_turn, case["fleming_harrington"], times)
    together = nelson_aalen(durations, observed).at(times)
    assert together == pytest.approx(case["nelson_aalen"], abs=1e-8)


def test_a_curve_for_each_group_of_durations() -> None:
    case = PEER["waltons"]
    durations, observed, labels = (np.array(case[x]) for x in ("durations", "observed", "group"))
    curves = kaplan_meier(durations, observed, by=labels)
    assert curves.outer[0].labels == ("control", "miR-137")
    for label in ("control", "miR-137"):
        own = labels == label
        alone = kaplan_meier(durations[own], observed[own])
        assert curves.select(group=label).value.tolist() == alone.value.tolist()
    assert curves.rollup("group") == kaplan_meier(durations, observed)
    assert kaplan_meier([1, 2], [1, 1], by=[None, "a"]).outer[0].labels == ("a", None)
    assert kaplan_meier([1, 2], [1, 1], by=[True, False]).outer[0].labels == (False, True)


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
        lambda: nelson_aalen([1], [1], ties="efron"),  # type: ignore[arg-type]
        "ties must be one of 'nelson_aalen', 'fleming_harrington'",
    ),
    (lambda: kaplan_meier([1, 2], [1, 1], by=["a"]), "by must be a label for each duration"),
    (lambda: kaplan_meier([1], [1], by=[3j]), "by must have plain Python labels"),
    (lambda: kaplan_meier([1], [1], by=[math.nan]), "must have labels that sort: got nan"),
    (
        lambda: kaplan_meier(contracts(), unit=DAY, by=["a"] * 4),
        "by must be an attribute of the spells: got list",
    ),
    (
        lambda: kaplan_meier([0, -1, 2], [1, 1, 1]),
        r"durations must be finite and not negative: 1 of 3 rows is not \(first at row 1\)",
    ),
    (lambda: kaplan_meier([1, float("nan")], [1, 1]), "durations must be finite"),
    (lambda: kaplan_meier([2**63], [1]), r"durations must be below 2\*\*62 if whole"),
    (lambda: kaplan_meier([2**62], [1]), r"durations must be below 2\*\*62 if whole"),
    (lambda: kaplan_meier([2**61, 1], [1, 2]), "observed must be True or False"),
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


@pytest.mark.parametrize(("call", "message"), BAD, ids=[f"{i}" for i in range(len(BAD))])
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
    on_the_day = attrs.evolve(spells, entry=spells.start + np.array([3, 0, 0, 0]) * 86_400_000_000)
    assert kaplan_meier(on_the_day, unit=DAY).at_risk.tolist() == [3, 2, 1]  # ends at 3 as well
    everyone = kaplan_meier(attrs.evolve(spells, entry=spells.start), unit=DAY)
    assert everyone == kaplan_meier(spells, unit=DAY)
