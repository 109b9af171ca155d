"""Gaps and the window after which a customer has lapsed, by hand and in fractions."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import GapCurve, GapTimes, LapseWindow, gap_times, lapse_window
from customerops.model import Customer, EventTable, InteractionLog, amount, kind
from customerops.model.tables.tables import Context
from tests.reference import survival as reference

UTC = dt.UTC
DAY = dt.timedelta(days=1)
BEGIN = dt.date(2026, 1, 1)

Days = dict[str, list[int]]
"""On which days each customer bought."""


def log_of(days: Days, until: int, **columns: Any) -> InteractionLog:
    """Return a log of purchases, known to the end of a day."""
    rows = [(customer, day) for customer, bought in days.items() for day in bought]
    return InteractionLog.from_arrays(
        customer_id=[customer for customer, _ in rows],
        at=[BEGIN + day * DAY for _, day in rows],
        kind=["purchase"] * len(rows),
        tz=UTC,
        **columns,
    ).until_day(BEGIN + until * DAY)


def gaps_of(days: Days, until: int) -> list[reference.Gaps]:
    """Return the gaps of each customer, one day after the other."""
    out = []
    for bought in days.values():
        seen = sorted(set(bought))
        if seen:
            gaps = [b - a for a, b in pairwise(seen)]
            out.append((gaps, until - seen[-1]))
    return out


# gaps 2, 4, 4 and 1 day since; a gap of 6 and 3 days since; 5 days since
THREE: Days = {"a": [0, 2, 6, 10], "b": [2, 8], "c": [6]}


def test_wang_and_chang_by_hand() -> None:
    """At risk 3, 2/3 + 1 + 1 and 1; back 1/3, 2/3 and 1: survival 8/9, 2/3 and 0."""
    gaps = gap_times(log_of(THREE, 11))
    curve = gaps.curve()
    assert curve.points.tolist() == [2, 4, 5, 6]
    assert curve.at_risk == pytest.approx([3, 8 / 3, 2, 1])
    assert curve.returned == pytest.approx([1 / 3, 2 / 3, 0, 1])
    assert curve.at([1, 2, 4, 6]) == pytest.approx([1, 8 / 9, 2 / 3, 0])
    assert curve.value[-1] == 0.0
    assert curve.quantile(0.25) == 4
    assert curve.quantile(0.8) == 6
    # all gaps together, the open ones of 1, 3 and 5 days too, would be something else
    pooled = EventTable.from_rows(
        [2, 4, 4, 1, 6, 3, 5], [1, 1, 1, 0, 1, 0, 0], context=Context("pooled")
    )
    assert pooled.at(4) == pytest.approx(5 / 6 * 1 / 2)


def test_the_first_gap_of_each() -> None:
    curve = gap_times(log_of(THREE, 11)).curve("first_gap")
    assert curve.points.tolist() == [2, 5, 6]
    assert curve.at_risk.tolist() == [3, 2, 1]
    assert curve.at([2, 5, 6]) == pytest.approx([2 / 3, 2 / 3, 0])
    assert curve.definition == "first_gap"


FIVE: Days = {"a": [0, 10], "b": [0, 10], "c": [0, 20], "d": [0], "e": [0]}


@pytest.mark.parametrize("method", ["wang_chang", "first_gap"])
def test_a_window_that_is_not_reached_is_said_to_be(method: Any) -> None:
    """The completed gaps alone are 10, 10 and 20: their 0.8 quantile is no window of all five."""
    log = log_of(FIVE, 100)
    curve = gap_times(log).curve(method)
    assert curve.at([10, 20]) == pytest.approx([0.6, 0.4])
    window = lapse_window(log, quantile=0.8, method=method)
    assert window.value is None
    assert window.reached is False
    assert window.returned == pytest.approx(0.6)
    assert window.customers == 5
    assert window.interval() == (10 * DAY, None)  # 3 of 5 stay: from 0.126 (log-log), below 0.2
    assert lapse_window(log, quantile=0.6, method=method).value == 20 * DAY
    assert lapse_window(log, quantile=0.4, method=method).value == 10 * DAY


def test_who_comes_often_does_not_outweigh_the_others() -> None:
    """Nine customers come every 30 days, one every day: half are back by 30 days, not by 1."""
    days: Days = {f"c{i}": list(range(0, 120, 30)) for i in range(9)} | {"z": list(range(120))}
    log = log_of(days, 119)
    assert lapse_window(log, quantile=0.5).value == 30 * DAY
    assert lapse_window(log, quantile=0.1).value == DAY
    everything = [1] * 119 + [30] * 27
    assert np.median(everything) == 1


DAYS = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.integers(0, 12), max_size=6), max_size=6
)


@given(DAYS, st.integers(1, 20))
def test_the_curves_are_those_of_customers(days: Days, twentieth: int) -> None:
    people = gaps_of(days, 12)
    gaps = gap_times(log_of(days, 12))
    curve, first = gaps.curve(), gaps.curve("first_gap")
    lives = reference.first_gaps(people)
    for t in range(14):
        expected = float(reference.wang_chang(people, t)) if people else math.nan
        assert curve.at(t) == pytest.approx(expected, nan_ok=True)
        expected = float(reference.survival(lives, t)) if people else math.nan
        assert first.at(t) == pytest.approx(expected, nan_ok=True)
    q = Fraction(twentieth, 20)
    reached = [t for t in range(14) if people and reference.wang_chang(people, t) <= 1 - q]
    assert np.array_equal(
        curve.quantile(twentieth / 20), reached[0] if reached else math.nan, equal_nan=True
    )


@given(DAYS)
def test_the_counts_are_those_of_customers(days: Days) -> None:
    gaps = gap_times(log_of(days, 12))
    people = gaps_of(days, 12)
    assert gaps.gaps.sum() == sum(len(done) for done, _ in people)
    assert gaps.first.sum() == sum(1 for done, _ in people if done)
    assert gaps.censored.sum() == len(people)
    assert gaps.outer[-1].labels == tuple(sorted({len(done) for done, _ in people}))
    for completed, at, *counts in gaps.to_frame().to_numpy().tolist():
        own = [(done, still) for done, still in people if len(done) == completed]
        assert counts == [
            sum(done.count(at) for done, _ in own),
            len([1 for done, _ in own if done[:1] == [at]]),
            len([1 for _, still in own if still == at]),
        ]


@given(DAYS, DAYS)
def test_gaps_and_windows_of_different_customers_add(a: Days, b: Days) -> None:
    b = {customer.upper(): days for customer, days in b.items()}
    logs = [log_of(days, 12) for days in (a, b, a | b)]
    one, two, both = (gap_times(log) for log in logs)
    assert one + two == both == sum([two, one])
    windows = [lapse_window(log, quantile=0.5) for log in logs]
    assert windows[0] + windows[1] == windows[2]


def test_the_band_is_that_of_one_gap_of_each() -> None:
    """With one gap of each customer at most it is the band of Kaplan and Meier's curve."""
    gaps = gap_times(log_of(FIVE, 100))
    people = EventTable.from_rows(
        [10, 10, 20, 100, 100], [1, 1, 1, 0, 0], context=Context("kaplan_meier")
    )
    for method in ("wang_chang", "first_gap"):
        for ours, theirs in zip(gaps.curve(method).interval(), people.interval(), strict=True):
            assert ours == pytest.approx(theirs)
    gone = gap_times(log_of({"a": [0, 3], "b": [0, 5]}, 9)).curve()
    low, high = gone.interval()
    assert np.isnan([low[-1], high[-1]]).all()  # survival is 0
    assert gone.quantile_interval(1.0)[0] == 5
    assert math.isnan(gone.quantile_interval(1.0)[1])


def test_the_band_weighs_customers() -> None:
    """Greenwood's sum at 4: (1/3) / (3 (3 - 1/3)) + (2/3) / (8/3 (8/3 - 2/3))."""
    curve = gap_times(log_of(THREE, 11)).curve()
    total = (1 / 3) / (3 * (3 - 1 / 3)) + (2 / 3) / (8 / 3 * (8 / 3 - 2 / 3))
    s = 2 / 3
    spread = math.exp(1.959963984540054 * math.sqrt(total) / -math.log(s))
    low, high = curve.interval()
    assert (low[1], high[1]) == pytest.approx((s**spread, s ** (1 / spread)))


def test_the_interval_of_a_window() -> None:
    days: Days = {f"c{i:02}": [0, 10 + i] for i in range(20)}
    window = lapse_window(log_of(days, 100), quantile=0.5)
    assert window.value == 19 * DAY
    low, high = window.interval()
    curve = window.curve
    bounds = curve.interval()
    assert low == int(curve.points[(bounds[0] <= 0.5).argmax()]) * DAY
    assert high == int(curve.points[(bounds[1] <= 0.5).argmax()]) * DAY
    assert low < window.value < high
    wide = window.interval(0.99)
    assert wide[0] < low
    assert wide[1] > high


def test_days_are_local() -> None:
    """Two purchases an hour apart, on two days in Berlin, on one in New York; summer time began."""
    at = [
        dt.datetime(2026, 3, 28, 22, 30, tzinfo=UTC),
        dt.datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
        dt.datetime(2026, 3, 29, 22, 30, tzinfo=UTC),
    ]

    def gaps(zone: str, **options: Any) -> list[int]:
        log = InteractionLog.from_arrays(
            customer_id=[1, 1, 1], at=at, kind=["purchase"] * 3, tz=ZoneInfo(zone)
        )
        table = gap_times(log, as_of=at[-1], **options)
        return np.repeat(table.points, table.gaps).tolist()

    assert gaps("Europe/Berlin") == [1, 1]  # the second of 23 hours
    assert gaps("America/New_York") == [1]
    assert gaps("Europe/Berlin", occasion="hour") == [1, 24]  # by the clock on the wall
    assert gaps("UTC", occasion="instant") == [3_600_000_000, 82_800_000_000]


def test_a_window_is_counted_in_ticks() -> None:
    at = [dt.datetime(2026, 1, 1, h, tzinfo=UTC) for h in (1, 4)]
    log = InteractionLog.from_arrays(customer_id=[1, 1], at=at, kind=["purchase"] * 2, tz=UTC)
    for occasion in ("hour", "instant"):
        window = lapse_window(log, quantile=0.5, occasion=occasion, as_of=at[1])
        assert window.value == dt.timedelta(hours=3)
    same_day = lapse_window(log, quantile=0.5, as_of=at[1])
    assert same_day.value is None
    assert same_day.returned == 0


def test_only_what_counts_counts() -> None:
    log = log_of({"a": [0, 3, 9]}, 10, amount=["9", "1", "9"], currency="EUR")
    table = gap_times(log, events=kind("purchase") & (amount >= 5))
    assert table.points[table.gaps > 0].tolist() == [9]
    assert gap_times(log, events="use").curve().points.tolist() == []


def test_nobody() -> None:
    window = lapse_window(log_of({}, 5), quantile=0.5)
    assert window.value is None
    assert window.reached is False
    assert math.isnan(window.returned)
    assert window.customers == 0


def by_country() -> InteractionLog:
    people = [Customer(id=c, country=x) for c, x in zip("abcde", ["CN"] * 3 + [None] * 2)]  # noqa: B905
    return log_of(FIVE, 100).with_customers(people)


def test_a_window_for_each_group() -> None:
    windows = lapse_window(by_country(), quantile=0.6, by="country")
    assert windows.value.tolist() == [10 * DAY, None]
    assert windows.reached.tolist() == [True, False]
    assert windows.returned.tolist() == [1, 0]
    assert windows.customers.tolist() == [3, 2]
    assert windows.shape == (2,)
    frame = windows.to_frame()
    assert frame.columns.tolist() == [
        "country", "value", "low", "high", "reached", "returned", "customers"
    ]  # fmt: skip
    assert frame["value"].tolist()[0] == 10 * DAY
    assert frame["value"].isna().tolist() == [False, True]
    assert repr(windows) == "LapseWindow(quantile=0.6, axes=country[2])"
    shown = windows._repr_html_()
    assert "10 days" in shown
    assert "–" in shown
    assert windows.select(country="CN").value == 10 * DAY
    low, high = windows.interval()
    assert low.shape == high.shape == (2,)
    curves = windows.table.curve()
    assert curves.at([0, 10]) == pytest.approx(np.array([[1, 1 / 3], [1, 1]]))
    assert curves.quantile(0.6).tolist() == pytest.approx([10, math.nan], nan_ok=True)
    assert curves.to_frame()["country"].isna().tolist() == [False, False, True]
    assert windows.table.rollup("country").curve().value.tolist() == pytest.approx(
        gap_times(log_of(FIVE, 100)).curve().value.tolist()
    )


def test_groups_whose_customers_all_have_as_many_gaps() -> None:
    people = [Customer(id="a", country="CN"), Customer(id="b", country="US")]
    log = log_of({"a": [0, 3], "b": [0, 5]}, 9).with_customers(people)
    windows = lapse_window(log, quantile=0.5, by="country")
    assert windows.value.tolist() == [3 * DAY, 5 * DAY]
    assert windows.customers.tolist() == [1, 1]


def test_what_they_are_about() -> None:
    log = log_of(THREE, 11)
    context = gap_times(log).context
    assert (context.metric, context.unit, context.option("occasion")) == (
        "gap_times",
        "event",
        "day",
    )
    assert context.as_of == log.as_of
    assert gap_times(log).curve().context.metric == "gap_times.curve"
    context = lapse_window(log, quantile=0.5).context
    assert (context.metric, context.option("method")) == ("lapse_window", "wang_chang")


def test_what_they_show() -> None:
    log = log_of(THREE, 11)
    window, curve = lapse_window(log, quantile=0.8), gap_times(log).curve()
    assert repr(window) == "LapseWindow(quantile=0.8, value=6 days, 0:00:00)"
    assert window.to_frame()["value"].tolist() == [6 * DAY]
    assert window.quantile == 0.8
    assert repr(curve) == "GapCurve(method='wang_chang', axes=at[4])"
    frame = curve.to_frame()
    assert frame.columns.tolist() == ["at", "at_risk", "returned", "value", "low", "high"]
    assert curve == gap_times(log).curve()
    assert curve != gap_times(log).curve("first_gap")
    assert curve != 1
    assert pickle.loads(pickle.dumps(curve)) == curve
    assert np.isnan(curve.at(math.nan))
    with pytest.raises(TypeError, match="unhashable"):
        hash(curve)


def bare() -> InteractionLog:
    at = [dt.datetime(2026, 1, 1, tzinfo=UTC)]
    return InteractionLog.from_arrays(customer_id=[1], at=at, kind=["purchase"])


def gaps() -> GapTimes:
    return gap_times(log_of(THREE, 11))


def window() -> LapseWindow:
    return lapse_window(log_of(THREE, 11), quantile=0.5)


def curve() -> GapCurve:
    return gaps().curve()


BAD: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: gap_times(log_of(THREE, 11), occasion="week"),  # type: ignore[arg-type]
        "occasion must be one of 'day', 'hour', 'instant'",
    ),
    (lambda: gap_times(bare()), "as_of must be given: the log has none"),
    (
        lambda: gap_times(bare(), as_of=dt.datetime(2026, 2, 1, tzinfo=UTC)),
        "calendar must be given: the log has none",
    ),
    (
        lambda: lapse_window(log_of(THREE, 11), quantile=0),
        "quantile must be above 0 and at most 1: got 0",
    ),
    (lambda: lapse_window(log_of(THREE, 11), quantile=1.5), "at most 1: got 1.5"),
    (
        lambda: lapse_window(log_of(THREE, 11), quantile="80%"),  # type: ignore[arg-type]
        "quantile must be a float: got str",
    ),
    (
        lambda: lapse_window(log_of(THREE, 11), quantile=0.5, method="pooled"),  # type: ignore[arg-type]
        "method must be one of 'wang_chang', 'first_gap'",
    ),
    (lambda: gaps().curve("kaplan_meier"), "method must be one of"),  # type: ignore[arg-type]
    (lambda: gaps().select(completed=3).curve(), "axis must be 'completed' at last: it was cut"),
    (lambda: gaps().select(completed=[0, 3]).curve(), "axis must be 'completed' at last"),
    (lambda: gaps().rollup("completed").curve(), "axis must be 'completed' at last: it was cut"),
    (lambda: curve().quantile(0), "quantile must be above 0"),
    (lambda: curve().quantile_interval(2), "quantile must be above 0"),
    (lambda: curve().interval(1), "confidence must be between 0 and 1"),
    (lambda: window().interval(0), "confidence must be between 0 and 1"),
    (
        lambda: window() + lapse_window(log_of(THREE, 11), quantile=0.6),
        "options must be the same to add results: these differ: quantile",
    ),
    (lambda: window() + gaps(), "results must be of one class to be added"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[f"{i}" for i in range(len(BAD))])
def test_what_has_no_gaps_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
