"""Attempts that follow one another, hold a value, skip steps; funnels by period of entry."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import Exclusion, funnel, funnel_attempts, funnel_trend
from customerops.model import Calendar, Customer, Interaction, InteractionLog, Window
from tests.journey.funnels.test_funnels import ROWS, STEPS, at, hit, known, rules

OF: tuple[Literal["first", "previous"], ...] = ("first", "previous")
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


def path(who: str, said: str) -> list[Interaction]:
    """Return one event a minute: ``"A.B"`` is A at minute 0, B at minute 2."""
    return [hit(who, i, kind) for i, kind in enumerate(said) if kind != "."]


def totals(said: str, within: int, **options: Any) -> list[int]:
    log = known(path("u", said), 999)
    table = funnel(log, ["A", "B"], within=within * MINUTE, count="totals", **options)
    counts: list[int] = table.counts.tolist()
    return counts


# -- totals -------------------------------------------------------------------------------------


def test_a_customer_enters_again_after_converting() -> None:
    assert totals("ABAB", 9) == [2, 2]
    assert totals("AAB", 9) == [1, 1]  # the second A is still in the first attempt
    assert totals("AABB", 9) == [1, 1]


def test_a_customer_enters_again_when_the_time_is_over() -> None:
    assert totals("A.A", 2) == [1, 0]  # inclusive: the second is in time
    assert totals("A..A", 2) == [2, 0]
    assert totals("A..AB", 2) == [2, 1]
    assert totals("A.AB", 2) == [1, 0]  # who is in an attempt does not start another


def test_a_customer_enters_again_after_what_excludes() -> None:
    out = [Exclusion("X", after=1, before=2)]
    assert totals("AXAB", 9, exclude=out) == [1, 1]  # the tainted one is in no step
    assert totals("AXB", 9, exclude=out) == [0, 0]
    restart = [Exclusion("A", after=1, before=2)]  # what excludes may start
    assert totals("AAB", 9, exclude=restart) == [1, 1]


def test_in_strict_order_the_next_event_ends_an_attempt() -> None:
    assert totals("AXAB", 9, order="strict") == [2, 1]
    assert totals("AAB", 9, order="strict") == [2, 1]


def test_in_any_order_every_step_may_start() -> None:
    assert totals("BAAB", 9, order="unordered") == [2, 2]


def test_of_one_step_every_event_is_an_attempt() -> None:
    log = known(path("u", "AAA"), 99)
    assert funnel(log, ["A"], within=9 * MINUTE, count="totals").counts.tolist() == [3]


def test_entries_of_two_reports_are_those_of_both() -> None:
    log = known(path("u", "A..AB.AAB"), 99)
    parts = [
        funnel(log, ["A", "B"], within=2 * MINUTE, count="totals", over=Window(*map(at, ends)))
        for ends in ((0, 2), (2, 20), (0, 20))
    ]
    assert parts[0].counts.tolist() == [1, 0]
    assert (parts[0].counts + parts[1].counts).tolist() == parts[2].counts.tolist() == [3, 2]
    # from minute 4 on: the start at minute 6 is one, that at 7 is in it
    late = funnel(log, ["A", "B"], within=2 * MINUTE, count="totals", over=Window(at(7), at(20)))
    assert late.counts.tolist() == [0, 0]


def test_attempts_are_clustered_within_customers() -> None:
    """Ratio by hand: x of y by customer 1 of 2, 1 of 1, 0 of 1."""
    rows = [*path("a", "ABXXXXXXXXXXXXA"), *path("b", "AB"), *path("c", "A")]
    table = funnel(known(rows, 99), ["A", "B"], within=5 * MINUTE, count="totals")
    assert (table.counts.tolist(), table.customers.tolist()) == ([4, 2], [3, 2])
    rate = table.conversion()
    names = ("n", "x", "y", "xx", "yy", "xy")
    assert [rate.parts[name].tolist()[1] for name in names] == [3, 2, 4, 2, 6, 3]
    assert rate.value.tolist() == [1, 0.5]
    # linearised: residuals x - r y are 0, 1/2, -1/2; variance 3/2 * 1/2 / 16
    assert rate.standard_error[1] == pytest.approx(math.sqrt(3 / 2 * 0.5 / 16))
    low, high = rate.interval()
    assert 0 < low[1] < 0.5 < high[1] < 1
    assert table.conversion("previous").value.tolist() == [1, 0.5]
    assert "squares" not in table.to_frame()


def test_attempts_are_compared_with_those_that_entered_or_went_before() -> None:
    """Settled attempts by customer: 3, 2, 1 and 1, 1, 1."""
    rows = [*path("a", "ABC.......AB......A"), *path("b", "ABC")]
    table = funnel(known(rows, 99), ["A", "B", "C"], within=5 * MINUTE, count="totals")
    moments = {
        of: [table.conversion(of).parts[name].tolist()[2] for name in ("x", "y", "yy", "xy")]
        for of in OF
    }
    assert moments == {"first": [2, 4, 10, 4], "previous": [2, 3, 5, 3]}


def test_attempts_of_two_groups_differ_by_an_interval() -> None:
    rows = [row for i in range(8) for row in path(f"c{i}", "ABABA" if i % 3 else "AXA")]
    log = InteractionLog.from_interactions(rows).with_customers(
        [Customer(id=f"c{i}", country="DE" if i < 4 else "FR") for i in range(8)]
    )
    table = funnel(log.until(at(99)), ["A", "B"], within=MINUTE, count="totals", by="country")
    less = table.select(country="DE").difference(table.select(country="FR"))
    low, high = less.interval()
    assert low[1] < less.value[1] < high[1]
    other = table.select(country="DE").difference(table.select(country="FR"), "previous")
    assert other.value.tolist() == less.value.tolist()
    with pytest.raises(
        InvalidInputError,
        match="results must be of one class to be compared: got FunnelTotals and int",
    ):
        table.difference(5)  # type: ignore[arg-type]


def test_who_may_still_convert_is_immature_attempt_by_attempt() -> None:
    table = funnel(known(path("u", "AB.A...AB"), 8), ["A", "B"], within=2 * MINUTE, count="totals")
    assert (table.counts.tolist(), table.settled.tolist()) == ([3, 2], [2, 1])
    assert table.immature == 1
    assert table.conversion().value.tolist() == [1, 0.5]
    assert table.conversion().immature == 1
    endless = funnel(known(path("u", "ABA"), 8), ["A", "B"], within=None, count="totals")
    assert np.isnan(endless.conversion().value).all()
    assert endless.complete.tolist() == [False, False]


@given(ROWS, STEPS, st.sampled_from([MINUTE, 4 * MINUTE]))
def test_attempts_do_not_overlap(
    rows: list[Interaction], steps: list[set[str] | None], within: dt.timedelta
) -> None:
    tries = funnel_attempts(known(rows, 99), rules(steps), within=within, count="totals")
    for who in set(tries.ids.tolist()):
        own = tries.at[tries.ids == who]
        last = np.where(tries.depth[tries.ids == who] == len(steps), own[:, -1], own[:, 0])
        assert (own[1:, 0] >= last[:-1]).all()


# -- hold ---------------------------------------------------------------------------------------


def of(who: str, minute: int, kind: str, channel: str | None) -> Interaction:
    return Interaction(customer_id=who, at=at(minute), kind=kind, channel=channel)


def test_an_attempt_holds_a_value() -> None:
    rows = [
        *(of("same", 0, "A", "web"), of("same", 1, "X", "app"), of("same", 2, "B", "web")),
        *(of("other", 0, "A", "web"), of("other", 1, "B", "app")),
        *(of("none", 0, "A", None), of("none", 1, "B", None)),
        *(of("first", 0, "A", "web"), of("first", 1, "A", "app"), of("first", 2, "B", "app")),
    ]
    log = known(rows, 99)

    def counts(**options: Any) -> list[int]:
        found: list[int] = funnel(
            log, ["A", "B"], within=9 * MINUTE, hold="channel", **options
        ).counts.tolist()
        return found

    assert funnel(log, ["A", "B"], within=9 * MINUTE).counts.tolist() == [4, 4]
    assert counts() == [3, 2]
    assert counts(order="strict") == [3, 2]  # events of other values are not there
    assert counts(entry="first") == [3, 1]  # the first start of all values
    assert counts(count="totals") == [4, 2]
    assert counts(exclude=[Exclusion("X", after=1, before=2)]) == [3, 2]
    assert counts(over=Window(at(1), at(9))) == [1, 1]


def test_the_first_of_the_deepest_is_the_first_of_all_values() -> None:
    rows = [of("u", 1, "A", "app"), of("u", 2, "A", "web"), of("u", 3, "B", "web")]
    rows += [of("u", 5, "B", "app")]
    found = funnel_attempts(known(rows, 99), ["A", "B"], within=9 * MINUTE, hold="channel")
    assert found.times(2).tolist() == [4 * MINUTE]


def test_only_labels_are_held() -> None:
    log = known([Interaction(customer_id="u", at=at(0), kind="A", value=1.5)], 9)
    with pytest.raises(
        InvalidInputError, match="column must be categorical: 'value' holds numbers"
    ):
        funnel(log, ["A"], within=MINUTE, hold="value")
    wrong: Any = 3
    with pytest.raises(InvalidInputError, match="hold must be a str"):
        funnel(log, ["A"], within=MINUTE, hold=wrong)


# -- optional steps -------------------------------------------------------------------------------


def test_an_optional_step_may_be_skipped() -> None:
    rows = [*path("a", "ABC"), *path("b", "AC"), *path("c", "AB"), *path("d", "ACB")]
    table = funnel(known(rows, 99), ["A", "B", "C"], within=9 * MINUTE, optional=[2])
    assert table.counts.tolist() == [4, 2, 3]  # c may take it last, d took it too late
    assert table.conversion("previous").total.tolist() == [4, 4, 4]
    assert table.conversion().value.tolist() == [1, 0.5, 0.75]
    assert table.drop_off().value.tolist() == [0, 0.5, 0.25]


def test_optional_steps_in_a_row_are_looked_for_in_turn() -> None:
    rows = [*path("a", "ABCD"), *path("b", "ACD"), *path("c", "ACBD"), *path("d", "AD")]
    table = funnel(known(rows, 99), ["A", "B", "C", "D"], within=9 * MINUTE, optional=[2, 3])
    assert table.counts.tolist() == [4, 2, 2, 4]


def test_an_optional_step_leaves_a_required_one_its_event() -> None:
    log = known(path("u", "AB"), 99)
    table = funnel(log, ["A", "B", "B"], within=9 * MINUTE, optional=[2])
    assert table.counts.tolist() == [1, 0, 1]


@given(ROWS, STEPS, st.sampled_from([None, 2 * MINUTE]), st.data())
def test_optional_steps_change_nothing_for_the_others(
    rows: list[Interaction], steps: list[Any], within: dt.timedelta | None, data: st.DataObject
) -> None:
    steps = [*steps, {"B"}, {"A"}]
    optional = data.draw(st.sets(st.integers(2, len(steps) - 1)))
    required = [k for k in range(len(steps)) if k + 1 not in optional]
    log = known(rows, 6)
    all_of_them = funnel(log, rules(steps), within=within, optional=optional)
    alone = funnel(log, rules([steps[k] for k in required]), within=within)
    for name in ("reached", "settled"):
        assert all_of_them.parts[name][required].tolist() == alone.parts[name].tolist()


# -- drop-off -------------------------------------------------------------------------------------


def test_drop_off_is_what_is_left_of_conversion() -> None:
    rows = [*path("a", "ABC"), *path("b", "AB"), *path("c", "A"), *path("d", "A")]
    table = funnel(known(rows, 99), ["A", "B", "C"], within=9 * MINUTE)
    lost = table.drop_off()
    assert (lost.count.tolist(), lost.total.tolist()) == ([0, 2, 1], [4, 4, 2])
    low, high = lost.interval()
    kept_low, kept_high = table.conversion("previous").interval()
    assert np.allclose(low, 1 - kept_high)
    assert np.allclose(high, 1 - kept_low)


# -- trend ----------------------------------------------------------------------------------------


def visit(who: str, day: int, kind: str) -> Interaction:
    return Interaction(customer_id=who, at=at(0) + day * DAY, kind=kind)


def test_entries_of_a_period_that_may_still_convert_are_kept_apart() -> None:
    rows = [visit("a", 0, "A"), visit("a", 1, "B"), visit("b", 3, "A"), visit("a", 8, "A")]
    rows += [visit("c", 9, "A"), visit("c", 9, "B"), visit("d", 13, "A")]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until(at(0) + 13 * DAY)
    trend = funnel_trend(log, ["A", "B"], within=5 * DAY, period="week")
    assert trend.axes[0].labels == (dt.date(2024, 1, 1), dt.date(2024, 1, 8))
    assert trend.counts.tolist() == [[2, 1], [3, 1]]  # a entered in both
    assert trend.immature.tolist() == [0, 2]
    rate = trend.conversion()
    assert rate.value[:, 1].tolist() == [0.5, 0]  # of a alone: c and d had no five days yet
    assert rate.complete[:, 1].tolist() == [True, False]
    assert trend.select(period=dt.date(2024, 1, 8)).complete.tolist() == [False, False]
    week = Window.parse("2024-01-01", "2024-01-08", tz="UTC")
    assert funnel_trend(
        log, ["A", "B"], within=5 * DAY, period="week", over=week
    ).counts.tolist() == [[2, 1]]


def test_a_period_is_complete_when_its_last_entry_had_its_time() -> None:
    log = InteractionLog.from_interactions([visit("a", 0, "A")], calendar=Calendar("UTC"))
    us = dt.timedelta(microseconds=1)
    for early, complete in ((us, True), (2 * us, False)):
        known_until = log.until(at(0) + 8 * DAY - early)
        trend = funnel_trend(known_until, ["A"], within=DAY, period="week")
        assert trend.select(period=dt.date(2024, 1, 1)).complete.tolist() == [complete]
    endless = funnel_trend(log.until(at(0) + 9 * DAY), ["A"], within=None, period="week")
    assert endless.complete.tolist() == [[True], [False]]


def test_days_of_entry_are_local_and_windows_elapse() -> None:
    """New York, 10 March 2024, has 23 hours: from 05:00Z to 04:00Z."""

    def on(who: str, kind: str, said: str) -> Interaction:
        return Interaction(customer_id=who, kind=kind, at=dt.datetime.fromisoformat(said))

    rows = [
        *(on("a", "A", "2024-03-10T04:59:59Z"), on("a", "B", "2024-03-11T04:59:59Z")),
        *(on("b", "A", "2024-03-10T05:00:00Z"), on("b", "B", "2024-03-11T05:00:01Z")),
        *(on("c", "A", "2024-03-11T03:59:59Z"), on("d", "A", "2024-03-11T04:00:00Z")),
    ]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("America/New_York"))
    until = dt.datetime.fromisoformat("2024-03-12T03:59:58.999999Z")
    trend = funnel_trend(log.until(until), ["A", "B"], within=DAY, period="day")
    assert trend.axes[0].labels == tuple(dt.date(2024, 3, day) for day in (9, 10, 11))
    assert trend.counts.tolist() == [[1, 1], [2, 0], [1, 0]]
    assert trend.immature.tolist() == [0, 1, 1]  # c is one microsecond short of a day
    assert trend.complete[:, 0].tolist() == [True, False, False]


def test_a_trend_of_each_group() -> None:
    rows = [visit("a", 0, "A"), visit("a", 1, "B"), visit("b", 8, "A"), visit("c", 9, "A")]
    rows += [visit("c", 10, "B"), visit("d", 9, "A")]
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).with_customers(
        [Customer(id=who, country="DE" if who in "ab" else "FR") for who in "abcd"]
    )
    trend = funnel_trend(
        log.until(at(0) + 20 * DAY), ["A", "B"], within=2 * DAY, period="week", by="country"
    )
    assert trend.counts.tolist() == [[[1, 1], [1, 0], [0, 0]], [[0, 0], [2, 1], [0, 0]]]
    assert trend.immature.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert trend.rollup("country") == funnel_trend(
        log.until(at(0) + 20 * DAY), ["A", "B"], within=2 * DAY, period="week"
    )


def test_a_trend_of_nothing() -> None:
    log = InteractionLog.from_interactions([], calendar=Calendar("UTC")).until(at(0))
    assert funnel_trend(log, ["A", "B"], within=DAY, period="week").shape == (0, 2)


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": "events"}, "count must be one of 'customers', 'totals': got str"),
        (
            {"count": "totals", "entry": "first"},
            "entry must be 'any' with totals: who enters once is counted once",
        ),
        (
            {"optional": [1]},
            "optional must name .* the last: these two are what a funnel is from and to",
        ),
        ({"optional": [3]}, "optional must name steps between the first and the last"),
        ({"optional": [0]}, "optional must name steps between the first and the last"),
        ({"optional": ["B"]}, "optional must be an int: got str"),
        ({"optional": 2}, "optional must be an iterable of values: got int"),
        (
            {"optional": [2], "order": "strict"},
            "optional must be empty unless order is 'ordered': got steps that may be skipped",
        ),
        (
            {"optional": [2], "exclude": [Exclusion("X", after=1, before=2)]},
            "exclude must name steps that are not optional",
        ),
        (
            {"optional": [2], "exclude": [Exclusion("X", after=2, before=3)]},
            "exclude must name steps that are not optional",
        ),
        ({"exclude": Exclusion("X", after=1, before=2)}, "exclude must be an iterable of values"),
    ],
)
def test_what_is_asked_is_checked(options: dict[str, Any], message: str) -> None:
    for count in (funnel, funnel_attempts):
        with pytest.raises(InvalidInputError, match=message):
            count(known([], 0), ["A", "B", "C"], **{"within": MINUTE, **options})


def test_a_trend_needs_a_period() -> None:
    wrong: Any = None
    with pytest.raises(InvalidInputError, match="period must be given"):
        funnel_trend(known([], 0), ["A"], within=MINUTE, period=wrong)


def test_a_cut_funnel_has_no_conversion() -> None:
    for count in ("customers", "totals"):
        asked: Any = {"within": MINUTE, "count": count}
        cut = funnel(known(path("u", "AB"), 9), ["A", "B"], **asked).select(step=2)
        with pytest.raises(InvalidInputError, match="funnel must have all its steps"):
            cut.conversion()


def test_results_of_other_options_do_not_add() -> None:
    log = known(path("u", "ABC"), 9)
    plain, other = (
        funnel(log, ["A", "B", "C"], within=MINUTE, optional=skip) for skip in ([], [2])
    )
    with pytest.raises(InvalidInputError, match="options must be the same to add results"):
        plain + other
