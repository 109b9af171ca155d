"""Funnels against every start walked by hand, and against published cases."""

from __future__ import annotations

import datetime as dt
import json
import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import Exclusion, Funnel, funnel, funnel_attempts, funnel_times
from customerops.model import Customer, Interaction, InteractionLog, Window, always
from customerops.model.tables.distribution import Distribution
from tests.reference import journey as slow
from tests.reference.metrics import histories

UTC = dt.UTC
MINUTE = dt.timedelta(minutes=1)
START = dt.datetime(2024, 1, 1, tzinfo=UTC)
CASES = json.loads((Path(__file__).parents[2] / "cases" / "funnels.json").read_text("utf-8"))


def at(minute: int) -> dt.datetime:
    return START + minute * MINUTE


def hit(who: str, minute: int, kind: str) -> Interaction:
    return Interaction(customer_id=who, at=at(minute), kind=kind)


def known(rows: list[Interaction], minute: int) -> InteractionLog:
    return InteractionLog.from_interactions(rows).until(at(minute))


ROWS = st.lists(
    st.builds(
        hit,
        st.sampled_from("aab"),
        st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 8]),
        st.sampled_from("AABBCX"),
    ),
    max_size=12,
)
STEPS: st.SearchStrategy[list[set[str] | None]] = st.lists(
    st.sampled_from([{"A"}, {"B"}, {"A", "B"}, {"C"}, None]), min_size=1, max_size=4
)
WITHIN = st.sampled_from([None, MINUTE, 2 * MINUTE, 4 * MINUTE])


def rules(steps: list[set[str] | None]) -> list[Any]:
    return [always if step is None else step for step in steps]


@given(
    ROWS,
    STEPS,
    WITHIN,
    st.sampled_from(["ordered", "strict", "unordered"]),
    st.sampled_from(["any", "first"]),
    st.lists(st.sampled_from([(1, 2), (1, 3), (2, 3), (3, 4)]), max_size=2),
    st.sampled_from([0, 2, 5, 8, 12]),
    st.sampled_from([None, (1, 4)]),
)
def test_a_funnel_equals_every_start_walked(
    rows: list[Interaction],
    steps: list[set[str] | None],
    within: dt.timedelta | None,
    order: Any,
    entry: Any,
    between: list[tuple[int, int]],
    minute: int,
    inside: tuple[int, int] | None,
) -> None:
    taints = [("X", after, before) for after, before in between if before <= len(steps)]
    table = funnel(
        known(rows, minute),
        rules(steps),
        within=within,
        order=order,
        entry=entry,
        exclude=[Exclusion(k, after=after, before=before) for k, after, before in taints],
        over=None if inside is None else Window(at(inside[0]), at(inside[1])),
    )
    found = [
        slow.levels(
            events,
            steps,
            within=within,
            order=order,
            entry=entry,
            exclude=taints,
            as_of=at(minute),
            inside=None if inside is None else (at(inside[0]), at(inside[1])),
        )
        for events in histories(rows, at(minute)).values()
    ]
    numbers = range(1, len(steps) + 1)
    assert table.counts.tolist() == [sum(level >= k for level, _ in found) for k in numbers]
    assert table.settled.tolist() == [sum(level >= k for _, level in found) for k in numbers]
    assert table.immature == sum(level > 0 and over == 0 for level, over in found)


@given(ROWS, STEPS, WITHIN)
def test_the_earliest_events_make_the_deepest_attempt(
    rows: list[Interaction], steps: list[set[str] | None], within: dt.timedelta | None
) -> None:
    table = funnel(known(rows, 99), rules(steps), within=within)
    deepest = [slow.deepest_chain(e, steps, within) for e in histories(rows, at(99)).values()]
    numbers = range(1, len(steps) + 1)
    assert table.counts.tolist() == [sum(level >= k for level in deepest) for k in numbers]


@given(ROWS, STEPS, st.integers(0, 12))
def test_conversion_is_that_of_the_attempts_that_had_their_time(
    rows: list[Interaction], steps: list[set[str] | None], minute: int
) -> None:
    within = 3 * MINUTE
    log = known(rows, minute)
    rate = funnel(log, rules(steps), within=within).conversion()
    early = Window(None, at(minute) - within + dt.timedelta(microseconds=1))
    assert (
        rate.count.tolist() == funnel(log, rules(steps), within=within, over=early).counts.tolist()
    )


def case_log(case: dict[str, Any]) -> InteractionLog:
    """Return the log of a published case, until every window of it is over."""
    rows = [
        Interaction(
            customer_id=who,
            kind=kind,
            at=dt.datetime.fromtimestamp(t, UTC)
            if isinstance(t, int)
            else dt.datetime.fromisoformat(t),
        )
        for who, kind, t in case["events"]
    ]
    end = max(row.at for row in rows) + dt.timedelta(seconds=case["within_s"] or 60)
    return InteractionLog.from_interactions(rows).until(end)


def case_options(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "steps": rules([None if step is None else {step} for step in case["steps"]]),
        "within": None if case["within_s"] is None else dt.timedelta(seconds=case["within_s"]),
        "order": case["order"],
        "entry": case["entry"],
        "exclude": [Exclusion(k, after=a, before=b) for k, a, b in case["exclude"]],
    }


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["id"])
def test_published_cases(case: dict[str, Any]) -> None:
    log, options, count = case_log(case), case_options(case), case.get("count", "customers")
    attempts = funnel_attempts(log, count=count, **options)
    if "counts" in case:
        assert funnel(log, count=count, **options).counts.tolist() == case["counts"]
        steps = range(1, len(case["steps"]) + 1)
        assert [len(attempts.customers(k)) for k in steps] == case["counts"]
    for k, users in enumerate(case.get("users", ())):
        assert sorted(attempts.customers(k + 1).tolist()) == users
    for who, level in case.get("levels", {}).items():
        assert sum(funnel(log.of(who), **options).counts.tolist()) == level


TIMED = [case for case in CASES["cases"] if "mean_step_s" in case]


@pytest.mark.parametrize("case", TIMED, ids=lambda case: case["id"])
def test_published_times_of_steps(case: dict[str, Any]) -> None:
    log, options = case_log(case), case_options(case)
    times, attempts = funnel_times(log, **options), funnel_attempts(log, **options)
    means, medians = case["mean_step_s"], case.get("median_step_s")
    assert times.mean.tolist() == means[1:]
    for k in range(2, len(means) + 1):
        listed = (attempts.times(k, since="previous") / np.timedelta64(1, "s")).tolist()
        assert sorted(listed) == np.repeat(*_points(times.select(step=k))).tolist()
        if medians is not None:  # of an even number, there, the middle of two
            assert statistics.median(listed) == medians[k - 1]
            assert times.quantile(0.5)[k - 2] == statistics.median_low(listed)


def _points(times: Distribution) -> tuple[Any, Any]:
    return times.points, times.count


def test_published_rates_from_step_to_step() -> None:
    (case,) = (case for case in CASES["cases"] if "step_rate" in case)
    day = {**case_options(case), "within": dt.timedelta(days=1)}
    late = InteractionLog.from_interactions(case_log(case).interactions()).until(at(1440 * 2))
    rates = funnel(late, **day).conversion("previous")
    assert rates.value[1:].tolist() == case["step_rate"][1:]  # the first, there, of all customers


def test_one_event_takes_one_step() -> None:
    assert "windowfunnel_same_event_reused_default" in {c["id"] for c in CASES["not_adopted"]}
    counts = funnel(known([hit("u", 0, "A")], 9), ["A", "A", "A"], within=MINUTE).counts
    assert counts.tolist() == [1, 0, 0]


def test_a_step_ahead_of_its_turn_is_passed_over() -> None:
    assert "windowfunnel_allow_reentry" in {c["id"] for c in CASES["not_adopted"]}
    rows = [hit("u", i, kind) for i, kind in enumerate("ACB")]
    assert funnel(known(rows, 9), ["A", "B", "C"], within=9 * MINUTE).counts.tolist() == [1, 1, 0]


def test_in_any_order_a_repeated_step_needs_as_many_events() -> None:
    rows = [
        hit(who, minute, "A") for who, n in (("u", 2), ("v", 1), ("w", 3)) for minute in range(n)
    ]
    table = funnel(known(rows, 99), ["A", "A", "A"], within=9 * MINUTE, order="unordered")
    assert table.counts.tolist() == [3, 2, 1]


def test_an_exclusion_may_be_a_step_itself() -> None:
    """It taints strictly between two steps, not at them."""
    log = known([hit("u", 0, "A"), hit("u", 1, "B"), hit("v", 0, "A"), hit("v", 1, "C")], 99)
    for excluded in ("A", "B"):
        exclude = [Exclusion(excluded, after=1, before=2)]
        table = funnel(log, ["A", "B"], within=9 * MINUTE, exclude=exclude)
        assert table.counts.tolist() == [2, 1]


ROUND = [
    *(hit("a", 0, "A"), hit("a", 2, "B"), hit("b", 1, "A"), hit("c", 0, "A")),
    *(hit("d", 9, "A"), hit("d", 10, "B"), hit("e", 9, "A")),
]


def test_who_may_still_convert_is_neither_counted_as_failed_nor_as_converted() -> None:
    table = funnel(known(ROUND, 10), ["A", "B"], within=5 * MINUTE)
    assert table.counts.tolist() == [5, 2]
    assert (table.settled.tolist(), table.immature) == ([3, 1], 2)
    rate = table.conversion()
    assert (rate.count.tolist(), rate.total.tolist(), rate.immature) == ([3, 1], [3, 3], 2)
    assert rate.value.tolist() == [1, 1 / 3]
    low, high = (
        rate.interval()
    )  # Wilson by hand: (p + z2/2n -+ z sqrt(pq/n + z2/4n2)) / (1 + z2/n)
    z = 1.959963984540054
    centre, half = 1 / 3 + z * z / 6, z * math.sqrt(2 / 27 + z * z / 36)
    assert low[1] == pytest.approx((centre - half) / (1 + z * z / 3), rel=1e-9)
    assert high[1] == pytest.approx((centre + half) / (1 + z * z / 3), rel=1e-9)


def test_conversion_from_the_step_before() -> None:
    rows = [
        hit(who, i, k)
        for who, path in (("a", "ABC"), ("b", "AB"), ("c", "A"))
        for i, k in enumerate(path)
    ]
    table = funnel(known(rows, 99), ["A", "B", "C"], within=9 * MINUTE)
    assert table.conversion("previous").value.tolist() == [1, 2 / 3, 1 / 2]
    assert table.conversion().value.tolist() == [1, 2 / 3, 1 / 3]
    cut = table.select(step=2)
    assert (cut.counts, cut.immature) == (2, 0)
    with pytest.raises(InvalidInputError, match="funnel must have all its steps: select"):
        cut.conversion()
    wrong: Any = "last"
    with pytest.raises(InvalidInputError, match="of must be one of 'first', 'previous'"):
        table.conversion(wrong)


def test_without_a_limit_nobody_has_failed() -> None:
    table = funnel(known(ROUND, 10), ["A", "B"], within=None)
    assert (table.counts.tolist(), table.settled.tolist(), table.immature) == ([5, 2], [2, 2], 3)
    assert table.complete.tolist() == [False, False]
    assert [math.isnan(x) for x in table.conversion().value] == [True, True]
    done = funnel(known(ROUND[:2], 10), ["A", "B"], within=None)
    assert done.conversion().value.tolist() == [1, 1]


def test_a_report_is_complete_when_the_last_entry_had_its_time() -> None:
    def of(minute: int) -> Funnel:
        return funnel(
            known(ROUND, minute), ["A", "B"], within=5 * MINUTE, over=Window(at(0), at(10))
        )

    assert of(14).complete.tolist() == [False, False]
    assert of(14).conversion().complete.tolist() == [False, False]
    assert of(14).conversion().value.tolist() == [1, 2 / 5]
    assert of(15).complete.tolist() == [True, True]
    moment = dt.timedelta(microseconds=1)  # the last entry is one before the end
    for before, complete in ((moment, True), (2 * moment, False)):
        log = InteractionLog.from_interactions(ROUND).until(at(15) - before)
        table = funnel(log, ["A", "B"], within=5 * MINUTE, over=Window(at(0), at(10)))
        assert table.complete.tolist() == [complete, complete]
    endless = Window(at(0), None)
    assert funnel(known(ROUND, 1), ["A"], within=MINUTE, over=endless).complete.tolist() == [True]


def test_the_first_entry_is_the_first_ever() -> None:
    rows = [hit("a", 0, "A"), hit("a", 5, "A"), hit("a", 6, "B"), hit("b", 5, "A")]
    late = Window(at(3), at(9))
    log = known(rows, 20)
    assert funnel(log, ["A", "B"], within=MINUTE, entry="first", over=late).counts.tolist() == [
        1,
        0,
    ]
    assert funnel(log, ["A", "B"], within=MINUTE, entry="any", over=late).counts.tolist() == [2, 1]


def test_groups_differ_by_an_interval() -> None:
    log = InteractionLog.from_interactions(ROUND).with_customers(
        [Customer(id=who, country="DE" if who in "ab" else "FR") for who in "abcde"]
    )
    table = funnel(log.until(at(99)), ["A", "B"], within=5 * MINUTE, by="country")
    assert table.counts.tolist() == [[2, 1], [3, 1]]
    assert table.rollup("country") == funnel(log.until(at(99)), ["A", "B"], within=5 * MINUTE)
    german, french = table.select(country="DE"), table.select(country="FR")
    less = german.difference(french)
    assert less.value[1] == pytest.approx(1 / 2 - 1 / 3)
    assert less.interval()[0][1] < 0 < less.interval()[1][1]
    assert german.difference(french, "previous").value[1] == less.value[1]
    with pytest.raises(
        InvalidInputError, match="results must be of one class to be compared: got Funnel and int"
    ):
        german.difference(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": "AB"}, "steps must be a sequence of rules: got str"),
        ({"steps": {"A"}}, "steps must be a sequence of rules: got set"),
        ({"steps": []}, "steps must hold at least one: got none"),
        ({"order": "any"}, "order must be one of 'ordered', 'strict', 'unordered': got str"),
        ({"entry": "last"}, "entry must be one of 'any', 'first': got str"),
        ({"within": dt.timedelta(0)}, "within must be longer than zero: got 0:00:00"),
        ({"within": 60}, "within must be a timedelta: got int"),
        ({"exclude": ["X"]}, "exclude must hold each an Exclusion: got str"),
        (
            {"exclude": [Exclusion("X", after=1, before=3)]},
            "exclude must name steps that there are: got step 3 of 2",
        ),
    ],
)
def test_what_is_asked_is_checked(options: dict[str, Any], message: str) -> None:
    asked = {"steps": ["A", "B"], "within": MINUTE, **options}
    with pytest.raises(InvalidInputError, match=message):
        funnel(known([], 0), asked.pop("steps"), **asked)


def test_an_exclusion_lies_between_two_steps() -> None:
    with pytest.raises(InvalidInputError, match="after must be a step before that of before="):
        Exclusion("X", after=2, before=2)
    with pytest.raises(InvalidInputError, match="after must be at least 1: got less"):
        Exclusion("X", after=0, before=2)
