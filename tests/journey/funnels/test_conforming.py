"""Who kept to a standard process."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import Conformance, conformance
from customerops.model import Customer, Interaction, InteractionLog, Window
from customerops.model.tables import intervals
from tests.journey.funnels.test_counting import path
from tests.journey.funnels.test_funnels import ROWS, STEPS, at, hit, known, rules

MINUTE = dt.timedelta(minutes=1)
STATUSES = ("done", "late", "skipped", "out_of_order")


def fates(said: str, steps: str = "ABCD", **options: Any) -> list[str]:
    """Return what became of each step of one case."""
    asked = {"within": 9 * MINUTE, **options}
    table = conformance(known(path("u", said), 99), list(steps), **asked)
    return [
        next(name for name in STATUSES if table.parts[name][k] == 1) for k in range(len(steps))
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ABCD", "done done done done"),
        ("AXBXCXD", "done done done done"),
        ("ABD", "done done skipped done"),
        ("AD", "done skipped skipped done"),
        ("ABDC", "done done done out_of_order"),
        ("ADBC", "done done done out_of_order"),
        ("ADBCD", "done done done done"),  # done again, in its turn
        ("ACDB", "done done out_of_order out_of_order"),
        ("A.........BCD", "done late late late"),
        ("ABC......D", "done done done done"),  # due is inclusive
        ("ABC.......D", "done done done late"),
        ("DABC", "done done done skipped"),  # what came before the case is no part of it
    ],
)
def test_what_became_of_each_step(said: str, expected: str) -> None:
    assert fates(said) == expected.split()


def test_one_event_is_one_step() -> None:
    assert fates("ABC", "ABBC") == ["done", "done", "skipped", "done"]
    assert fates("ACBB", "ABBC") == ["done", "done", "done", "out_of_order"]
    assert fates("ACB", "ABCC") == ["done", "done", "out_of_order", "skipped"]
    assert fates("ABB", "ABBB") == ["done", "done", "done", "skipped"]


def test_every_step_has_its_own_time() -> None:
    due = [MINUTE, 3 * MINUTE, 9 * MINUTE]
    assert fates("ABCD", within=due) == ["done"] * 4
    assert fates("A.BCD", within=due) == ["done", "late", "done", "done"]
    assert fates("A.BCD", within=due, grace=0 * MINUTE) == ["done", "skipped", "done", "done"]
    assert fates("A.BCD", within=due, grace=MINUTE) == ["done", "late", "done", "done"]


def test_a_case_is_over_when_all_is_due_and_the_grace_is_over() -> None:
    rows = [*path("u", "ABC"), *path("v", "AC")]

    def of(minute: int, grace: dt.timedelta | None = MINUTE) -> Conformance:
        return conformance(known(rows, minute), ["A", "B", "C"], within=3 * MINUTE, grace=grace)

    assert (of(3).cases, of(3).immature, of(3).conforming) == (0, 2, 0)
    assert np.isnan(of(3).adherence().value)
    assert (of(4).cases, of(4).immature, of(4).conforming) == (2, 0, 1)
    assert of(4).adherence().value == 0.5
    assert (of(3, None).cases, of(3, None).immature) == (2, 0)  # due; may yet be late
    assert of(2, None).immature == 2


def test_it_is_complete_when_no_case_of_the_report_can_change() -> None:
    def of(minute: int, grace: dt.timedelta | None) -> Any:
        return conformance(
            known(path("u", "AB"), minute),
            ["A", "B"],
            within=3 * MINUTE,
            grace=grace,
            over=Window(at(0), at(5)),
        )

    assert of(8, MINUTE).complete.tolist() == [False, False]
    assert of(9, MINUTE).complete.tolist() == [True, True]
    assert of(9, None).complete.tolist() == [False, False]
    assert of(8, MINUTE).share("done").value.tolist() == [1, 1]  # of the case that had its time
    assert of(8, MINUTE).adherence().complete is False
    assert of(9, MINUTE).adherence().complete is True


def test_shares_have_intervals() -> None:
    log = InteractionLog.from_interactions(
        [*path("a", "AB"), *path("b", "A"), *path("c", "AB"), *path("d", "AB")]
    ).with_customers(
        [Customer(id=who, attributes={"team": "x" if who in "ab" else "y"}) for who in "abcd"]
    )
    table = conformance(log.until(at(99)), ["A", "B"], within=MINUTE, grace=MINUTE, by="team")
    assert table.adherence().value.tolist() == [0.5, 1]
    low, high = table.adherence().interval()
    wilson = intervals.wilson(np.array([1, 2]), np.array([2, 2]), 0.95)
    assert np.allclose((low, high), wilson)
    skipped = table.share("skipped")
    assert skipped.value.tolist() == [[0, 0.5], [0, 0]]
    assert skipped.immature.tolist() == [0, 0]
    less = table.share("done").select(team="x").difference(table.share("done").select(team="y"))
    assert less.value.tolist() == [0, -0.5]
    assert table.rollup("team").adherence().value == 0.75
    adherence = table.adherence()
    assert adherence.select(team="x").difference(adherence.select(team="y")).value == -0.5


def test_a_case_is_the_first_of_its_customer() -> None:
    rows = [*path("u", "A....AB"), hit("v", 5, "A")]
    log = known(rows, 99)
    late = conformance(log, ["A", "B"], within=2 * MINUTE, over=Window(at(4), at(9)))
    assert late.cases == 1
    whole = conformance(log, ["A", "B"], within=2 * MINUTE)
    assert (whole.cases, whole.parts["late"].tolist()) == (2, [0, 1])


@given(ROWS, STEPS, st.sampled_from([0, 3, 9]), st.sampled_from([None, MINUTE]))
def test_every_step_of_every_case_has_one_fate(
    rows: list[Interaction], steps: list[Any], minute: int, grace: dt.timedelta | None
) -> None:
    asked = rules([*steps, {"B"}])
    table = conformance(known(rows, minute), asked, within=2 * MINUTE, grace=grace)
    told = np.sum([table.parts[name] for name in STATUSES], axis=0)
    assert told.tolist() == [table.cases] * len(asked)
    assert table.parts["done"][0] == table.cases
    assert table.conforming <= table.parts["done"].min()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": ["A"]}, "steps must hold at least two: the first opens the case"),
        ({"steps": "AB"}, "steps must be a sequence of rules: got str"),
        ({"within": None}, "within must be a timedelta, or one for each step .*: got None"),
        ({"within": "1d"}, "within must be a timedelta, or one for each step .*: got str"),
        ({"within": [MINUTE] * 2}, "within must be one for each .* first: got 2 for 1 steps"),
        ({"within": [3]}, "within must be a timedelta: got int"),
        ({"within": 0 * MINUTE}, "within must be longer than zero"),
        ({"grace": 3}, "grace must be a timedelta: got int"),
        ({"grace": -MINUTE}, "grace must not be negative: got -1 day, 23:59:00"),
    ],
)
def test_what_is_asked_is_checked(options: dict[str, Any], message: str) -> None:
    asked = {"steps": ["A", "B"], "within": MINUTE, **options}
    with pytest.raises(InvalidInputError, match=message):
        conformance(known([], 0), asked.pop("steps"), **asked)


def test_a_status_is_one_of_four() -> None:
    table = conformance(known(path("u", "AB"), 9), ["A", "B"], within=MINUTE)
    wrong: Any = "early"
    with pytest.raises(InvalidInputError, match="status must be one of 'done', 'late'"):
        table.share(wrong)


def test_parts_that_contradict_each_other_are_refused() -> None:
    table = conformance(known(path("u", "AB"), 9), ["A", "B"], within=MINUTE)
    with pytest.raises(InvalidInputError, match="parts must tell of each step what became"):
        Conformance(axes=table.axes, parts={**table.parts, "cases": 2}, context=table.context)
