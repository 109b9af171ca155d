from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.intervals import normal
from customerops.model.tables.tables import Context
from customerops.model.values.window import Window
from tests.reference import survival as reference

KM = Context("kaplan_meier")
NA = Context("nelson_aalen")
FH = Context("nelson_aalen", options={"ties": "fleming_harrington"})
GROUP = Axis("group", ["a", "b", "c"], "group", disjoint=True)


def curve(durations: Any, observed: Any, context: Context = KM, **options: Any) -> EventTable:
    return EventTable.from_rows(durations, observed, context=context, **options)


# Weeks of remission under 6-MP, Freireich et al. (1963); estimates as printed in Klein and
# Moeschberger, Survival Analysis, 2nd ed. (2003), tables 4.1 and 4.2, and (the log-log bounds)
# as Stata and R print them
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SEEN = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PUBLISHED = [
    # t, at risk, events, S, se(S), H, se(H), low, high
    (6, 21, 3, 0.857, 0.0764, 0.1428, 0.0825, 0.6197, 0.9516),
    (7, 17, 1, 0.807, 0.0869, 0.2017, 0.1013, 0.5631, 0.9228),
    (10, 15, 1, 0.753, 0.0963, 0.2683, 0.1212, 0.5032, 0.8894),
    (13, 12, 1, 0.690, 0.1068, 0.3517, 0.1473, 0.4316, 0.8491),
    (16, 11, 1, 0.627, 0.1141, 0.4426, 0.1729, 0.3675, 0.8049),
    (22, 7, 1, 0.538, 0.1282, 0.5854, 0.2243, 0.2678, 0.7468),
    (23, 6, 1, 0.448, 0.1346, 0.7521, 0.2795, 0.1881, 0.6801),
]


@pytest.mark.parametrize("row", PUBLISHED, ids=[str(row[0]) for row in PUBLISHED])
def test_published_curve(row: tuple[float, ...]) -> None:
    t, at_risk, events, s, se_s, h, se_h, low, high = row
    km, na = curve(WEEKS, SEEN), curve(WEEKS, SEEN, NA)
    i = km.points.tolist().index(t)
    assert (km.at_risk[i], km.events[i]) == (at_risk, events)
    assert km.value[i] == pytest.approx(s, abs=6e-4)
    assert km.at(t) == km.value[i]
    assert math.sqrt(km.variance()[i]) == pytest.approx(se_s, abs=6e-5)
    assert na.value[i] == pytest.approx(h, abs=2e-4)
    assert math.sqrt(na.variance()[i]) == pytest.approx(se_h, abs=3e-4)
    assert [bound[i] for bound in km.interval()] == pytest.approx([low, high], abs=6e-5)


def test_published_quantiles() -> None:
    """The median is 23 weeks; the last remission seen ends at 23, so 60 % is not reached."""
    km = curve(WEEKS, SEEN)
    assert km.quantile(0.5) == 23.0
    assert km.quantile(0.25) == 13.0
    assert math.isnan(km.quantile(0.6))
    assert km.at([0, 5.9, 6, 9, 100]) == pytest.approx([1, 1, 18 / 21, 0.8067, 0.4482], abs=5e-5)


# against people, one by one ------------------------------------------------------------------------


@st.composite
def lives(draw: st.DrawFn, *, late: bool = False) -> list[reference.Life]:
    out: list[reference.Life] = []
    for _ in range(draw(st.integers(0, 12))):
        end = draw(st.integers(0, 6))
        begin = draw(st.integers(-1, end - 1)) if late and draw(st.booleans()) else None
        out.append((end, draw(st.booleans()), begin))
    return out


def table(people: list[reference.Life], context: Context = KM) -> EventTable:
    """Return the table of some who entered late and others who did not: a sum."""
    early = [life for life in people if life[2] is None]
    late = [life for life in people if life[2] is not None]
    return curve([e for e, _, _ in early], [o for _, o, _ in early], context) + curve(
        [e for e, _, _ in late],
        [o for _, o, _ in late],
        context,
        entry=[b for _, _, b in late],
    )


@given(lives() | lives(late=True))
def test_curves_equal_those_of_people(people: list[reference.Life]) -> None:
    km = table(people)
    s, variance = km.survival(), km.variance()
    for i, t in enumerate(km.points.tolist()):
        assert km.at_risk[i] == reference.at_risk(people, t)
        assert km.events[i] == reference.events(people, t)
        assert s[i] == pytest.approx(float(reference.survival(people, t)), abs=1e-14)
        expected = reference.greenwood(people, t)
        if expected is None:
            assert math.isnan(variance[i])
        else:
            assert variance[i] == pytest.approx(float(expected), abs=1e-14)
    for context in (NA, FH):
        na = table(people, context)
        in_turn = context is FH
        for i, t in enumerate(na.points.tolist()):
            expected = reference.hazard(people, t, 1, in_turn=in_turn)
            assert na.value[i] == pytest.approx(float(expected), abs=1e-13)
            expected = reference.hazard(people, t, 2, in_turn=in_turn)
            assert na.variance()[i] == pytest.approx(float(expected), abs=1e-13)


@given(lives() | lives(late=True), st.integers(1, 20))
def test_quantiles_equal_those_of_people(people: list[reference.Life], twentieth: int) -> None:
    q = Fraction(twentieth, 20)
    got = table(people).quantile(twentieth / 20)
    expected = reference.quantile(people, q)
    # between the ends of lives the curve is flat: the first time is the end of one
    assert np.array_equal(got, math.nan if expected is None else expected, equal_nan=True)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_without_censoring_it_is_the_empirical_share(durations: list[int]) -> None:
    km = curve(durations, [True] * len(durations))
    n = len(durations)
    expected = [sum(1 for d in durations if d > t) / n for t in km.points.tolist()]
    assert km.survival().tolist() == expected  # to the bit


@given(lives(late=True), lives(late=True), lives(late=True))
def test_curves_add(a: Any, b: Any, c: Any) -> None:
    whole = table(a + b + c)
    assert (table(a) + table(b)) + table(c) == whole == table(a) + (table(b) + table(c))
    assert table(b) + table(a) == table(a) + table(b)
    assert sum([table(a), table(b), table(c)]) == whole
    assert table(a) + table([]) == table(a)


@given(st.lists(lives(late=True), min_size=3, max_size=3))
def test_cells_are_curves_of_their_own(groups: list[list[reference.Life]]) -> None:
    context = Context("kaplan_meier", by="group")
    tables = [table(people, context) for people in groups]
    both = EventTable(
        outer=(GROUP,),
        at=np.concatenate([t.points for t in tables]),
        cell=np.repeat([0, 1, 2], [len(t.points) for t in tables]),
        parts={name: np.concatenate([t.parts[name] for t in tables]) for name in EventTable.PARTS},
        context=context,
    )
    for name in ("at_risk", "value"):
        expected = np.concatenate([getattr(t, name) for t in tables])
        np.testing.assert_array_equal(getattr(both, name), expected)
    np.testing.assert_array_equal(both.variance(), np.concatenate([t.variance() for t in tables]))
    times = [-1.0, 0.0, 2.5, 9.0]
    np.testing.assert_array_equal(both.at(times), [t.at(times) for t in tables])
    np.testing.assert_array_equal(both.at(3), [t.at(3) for t in tables])
    np.testing.assert_array_equal(both.quantile(0.5), [t.quantile(0.5) for t in tables])
    assert both.rollup("group") == table(
        [life for people in groups for life in people], Context("kaplan_meier")
    )
    np.testing.assert_array_equal(both.complete, [True] * 3)


# the conventions -----------------------------------------------------------------------------------


def test_events_come_before_censoring_at_one_time() -> None:
    km = curve([5, 5], [1, 0])
    assert km.at_risk.tolist() == [2]
    assert km.survival().tolist() == [0.5]


def test_who_leaves_at_once_is_at_risk_unless_entries_are_given() -> None:
    assert curve([0, 1], [1, 1]).survival().tolist() == [0.5, 0.0]
    with pytest.raises(
        InvalidInputError, match=r"^entry must be before its duration: 1 of 2 rows"
    ):
        curve([0, 1], [1, 1], entry=[0, 0])


def test_who_enters_at_a_time_is_at_risk_only_after_it() -> None:
    """Three from the origin, one from 2 on: at 2 three are at risk, at 3 three again."""
    late = curve([2, 3, 4], [1, 1, 1]) + curve([3], [0], entry=[2])
    assert late.points.tolist() == [2, 3, 4]
    assert late.at_risk.tolist() == [3, 3, 1]
    assert late.survival() == pytest.approx([2 / 3, 4 / 9, 0])


def test_once_nobody_is_left_survival_stays_zero() -> None:
    gone = curve([1], [1]) + curve([5, 6], [1, 1], entry=[2, 2])
    assert gone.points.tolist() == [1, 2, 5, 6]
    assert gone.at_risk.tolist() == [1, 0, 2, 1]
    assert gone.survival().tolist() == [0, 0, 0, 0]
    assert np.isnan(gone.variance()).all()


def test_a_risk_set_that_is_empty_at_first() -> None:
    late = curve([5, 6], [1, 1], entry=[2, 2])
    assert late.at_risk.tolist() == [0, 2, 1]
    assert late.survival().tolist() == [1.0, 0.5, 0.0]


def test_after_the_last_time_the_curve_stays() -> None:
    assert curve([5, 6], [1, 0]).at(1000) == 0.5
    assert curve([5, 6], [1, 0], NA).at([1, 1000]).tolist() == [0.0, 0.5]


def test_nobody_has_no_curve() -> None:
    nobody = curve([], [])
    assert nobody.survival().shape == (0,)
    assert nobody.at_risk.shape == (0,)
    assert math.isnan(nobody.at(3))
    assert math.isnan(nobody.quantile(0.5))
    assert curve([], [], FH).value.shape == (0,)
    assert len(nobody.to_frame()) == 0


def test_a_time_that_is_nan_has_no_value() -> None:
    assert math.isnan(curve([5], [1]).at(math.nan))


def test_quantile_of_a_hazard_is_that_of_its_survival() -> None:
    """H = 1/2, then 1/2 + 1: exp(-1/2) = 0.61, exp(-3/2) = 0.22."""
    hazard = curve([5, 6], [1, 1], NA)
    assert hazard.value.tolist() == [0.5, 1.5]
    assert hazard.quantile(0.39) == 5.0
    assert hazard.quantile(0.5) == 6.0
    assert math.isnan(hazard.quantile(0.8))


def test_a_quantile_is_not_missed_for_rounding() -> None:
    """After four of five S is 0.2, and 1 - 0.8 is 0.19999999999999996 in floats."""
    assert curve([1, 2, 3, 4, 5], [1, 1, 1, 1, 0]).quantile(0.8) == 4.0
    assert math.isnan(curve([1, 2, 3, 4, 5], [1, 1, 1, 1, 0]).quantile(0.8 + 1e-6))
    assert curve(range(1, 11), [1] * 10).quantile(0.3) == 3.0


# intervals -----------------------------------------------------------------------------------------


def test_bounds_by_their_formulas() -> None:
    """At 6 weeks S = 6/7 and Greenwood's sum is 3 / (21 * 18)."""
    km = curve(WEEKS, SEEN)
    s, g, z = 6 / 7, 3 / (21 * 18), normal(0.9)
    half = z * s * math.sqrt(g)
    plain = [bound[0] for bound in km.interval(0.9, method="plain")]
    assert plain == pytest.approx([s - half, s + half])
    w = z * math.sqrt(g) / math.log(s)
    loglog = [bound[0] for bound in km.interval(0.9)]
    assert loglog == pytest.approx([s ** math.exp(-w), s ** math.exp(w)])
    na = curve(WEEKS, SEEN, NA)
    h, v = 1 / 7, 3 / 21**2
    assert [bound[0] for bound in na.interval(0.9)] == pytest.approx(
        [h * math.exp(-z * math.sqrt(v) / h), h * math.exp(z * math.sqrt(v) / h)]
    )
    plain = [bound[0] for bound in na.interval(0.99, method="plain")]
    assert plain == pytest.approx([0, h + normal(0.99) * math.sqrt(v)])


@given(lives() | lives(late=True), st.sampled_from(["log-log", "plain"]))
def test_bounds_enclose_the_curve(people: list[reference.Life], method: Any) -> None:
    for context in (KM, NA, FH):
        t = table(people, context)
        low, high = t.interval(method=method)
        zero = t.value == 0 if context is KM else np.zeros(len(t.value), dtype=bool)
        assert np.isnan(low[zero]).all()
        assert np.isnan(high[zero]).all()
        assert (low[~zero] <= t.value[~zero] + 1e-15).all()
        assert (t.value[~zero] <= high[~zero] + 1e-15).all()
        assert (low[~zero] >= 0).all()
        if context is KM:
            assert (high[~zero] <= 1).all()


def test_bounds_at_the_ends() -> None:
    for method in ("log-log", "plain"):
        low, high = curve([3, 5, 6], [0, 1, 1]).interval(method=method)
        assert (low[0], high[0]) == (1.0, 1.0)
        assert np.isnan([low[2], high[2]]).all()
        low, high = curve([3, 5], [0, 1], NA).interval(method=method)
        assert (low[0], high[0]) == (0.0, 0.0)


# input and views -----------------------------------------------------------------------------------


def test_options_are_checked() -> None:
    km = curve([5], [1])
    with pytest.raises(InvalidInputError, match=r"^method must be one of 'log-log', 'plain'"):
        km.interval(method="loglog")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"^confidence must be between 0 and 1"):
        km.interval(95)
    for bad in (0, -0.5, 1.01, math.nan):
        with pytest.raises(InvalidInputError, match=r"^q must be above 0 and at most 1"):
            km.quantile(bad)
    wrong = Context("nelson_aalen", options={"ties": "nelson"})
    with pytest.raises(InvalidInputError, match=r"^ties must be one of"):
        curve([5], [1], wrong).value  # noqa: B018


@pytest.mark.parametrize("bad", [[2, 0], [1], [0.5, 1], [math.nan, 1], ["a", "b"]])
def test_observed_is_yes_or_no(bad: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^observed must be True or False \(1 or 0\)"):
        curve([1, 2], bad)


@pytest.mark.parametrize("good", [[True, False], [1, 0], [1.0, 0.0]])
def test_observed_in_any_type(good: Any) -> None:
    assert curve([1, 2], good).events.tolist() == [1, 0]


def test_rows_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"^entry must be given for each duration"):
        curve([1, 2], [1, 1], entry=[0])
    with pytest.raises(InvalidInputError, match=r"^entry .*1 of 2 rows is not \(first at row 1\)"):
        curve([1.0, 2.0], [1, 1], entry=[0.0, math.nan])
    with pytest.raises(InvalidInputError, match=r"^weights must be whole numbers"):
        curve([1, 2], [1, 1], weights=[0.5, 1.0])
    with pytest.raises(InvalidInputError, match=r"^events must not be negative"):
        curve([1, 2], [1, 1], weights=[-1, 1])
    with pytest.raises(InvalidInputError, match=r"^at must be finite"):
        curve([1, math.nan], [1, 1])


def test_more_cannot_leave_than_are_at_risk() -> None:
    parts = {"events": [1, 0], "censored": [0, 0], "entries": [0, 1]}
    with pytest.raises(InvalidInputError, match=r"^parts must not have more leave at a time than"):
        EventTable(at=[1, 2], parts=parts, context=KM)
    parts = {"events": [0], "censored": [0], "entries": [1]}
    with pytest.raises(InvalidInputError, match=r"^parts must not have more leave"):
        EventTable(at=[1], parts=parts, context=KM)


def test_weights_and_codes() -> None:
    weighted = curve([5, 6], [1, 0], weights=[3, 2])
    assert weighted == curve([5, 5, 5, 6, 6], [1, 1, 1, 0, 0])
    late = curve([5, 6], [1, 0], weights=[3, 2], entry=[1, 1], codes=[0, 2], outer=(GROUP,))
    assert late.cell.tolist() == [0, 0, 2, 2]
    assert late.at_risk.tolist() == [0, 3, 0, 2]
    assert (late.censored.tolist(), late.entries.tolist()) == ([0, 0, 0, 2], [3, 0, 2, 0])


def test_censoring_makes_every_curve_complete() -> None:
    over = Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    assert curve([5], [1], Context("kaplan_meier", as_of=0, over=over)).complete is True


def test_frame() -> None:
    km = curve(WEEKS, SEEN)
    frame = km.to_frame()
    counts = ["at", "at_risk", "events", "censored", "entries"]
    assert list(frame.columns) == [*counts, "value", "low", "high"]
    np.testing.assert_array_equal(frame["value"], km.survival())
    np.testing.assert_array_equal(frame["high"], km.interval()[1])
    frame = km.to_frame(confidence=0.5, method="plain")
    np.testing.assert_array_equal(frame["low"], km.interval(0.5, method="plain")[0])
    assert "<td>6</td><td>21</td><td>3</td><td>1</td><td>0</td><td>0.8571</td>" in km._repr_html_()
