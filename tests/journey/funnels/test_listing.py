"""Who is where in a funnel, and when each step was taken."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from customerops.errors import InvalidInputError
from customerops.journey import FunnelAttempts, funnel_attempts
from customerops.model import Interaction
from tests.journey.funnels.test_funnels import at, hit, known

MINUTE = dt.timedelta(minutes=1)
ROWS = [
    *(hit("zoe", 0, "A"), hit("zoe", 2, "B"), hit("zoe", 3, "A"), hit("zoe", 4, "B")),
    *(hit("ann", 1, "A"), hit("ann", 8, "A"), hit("ann", 9, "B"), hit("ann", 9, "C")),
    *(hit("bob", 9, "A"), hit("cyd", 0, "B")),
]


def of(rows: list[Interaction], **options: Any) -> FunnelAttempts:
    return funnel_attempts(known(rows, 10), ["A", "B", "C"], within=5 * MINUTE, **options)


def test_the_first_of_the_deepest_attempts_stands_for_a_customer() -> None:
    found = of(ROWS)
    assert found.ids.tolist() == ["ann", "bob", "zoe"]
    assert found.depth.tolist() == [3, 1, 2]
    assert found.settled.tolist() == [False, False, True]
    assert found.customers(1).tolist() == ["ann", "bob", "zoe"]
    assert found.customers(2).tolist() == ["ann", "zoe"]
    assert found.times(2).tolist() == [MINUTE, 2 * MINUTE]
    assert found.times(3).tolist() == [MINUTE]
    assert found.times(3, since="previous").tolist() == [0 * MINUTE]
    assert found.times(1).tolist() == found.times(1, since="previous").tolist() == [0 * MINUTE] * 3


def test_times_are_since_the_step_before_that_was_taken() -> None:
    rows = [
        hit("u", 0, "A"),
        hit("u", 3, "C"),
        hit("v", 0, "A"),
        hit("v", 1, "B"),
        hit("v", 3, "C"),
    ]
    found = of(rows, optional=[2])
    assert found.times(3, since="previous").tolist() == [3 * MINUTE, 2 * MINUTE]
    assert found.depth.tolist() == [2, 3]


def test_with_totals_a_customer_is_listed_for_every_attempt() -> None:
    found = funnel_attempts(known(ROWS, 10), ["A", "B"], within=5 * MINUTE, count="totals")
    assert found.customers(2).tolist() == ["ann", "zoe", "zoe"]
    assert found.times(2).tolist() == [MINUTE, 2 * MINUTE, MINUTE]


def test_a_frame_of_instants() -> None:
    frame = of(ROWS).to_frame()
    assert frame.columns.tolist() == ["customer_id", "settled", "step_1", "step_2", "step_3"]
    assert frame["step_2"].tolist()[::2] == [pd.Timestamp(at(9)), pd.Timestamp(at(2))]
    assert frame["step_2"].isna().tolist() == [False, True, False]


def test_lists_add_over_customers() -> None:
    some = [row for row in ROWS if row.customer_id == "bob"]
    rest = [row for row in ROWS if row.customer_id != "bob"]
    assert of(some) + of(rest) == of(rest) + of(some) == of(ROWS)
    assert sum([of(some), of(rest)]) == of(ROWS)
    assert of([]) + of(ROWS) == of(ROWS) + of([]) == of(ROWS)
    assert len(of([]) + of([])) == 0
    with pytest.raises(InvalidInputError, match="ids must be of different customers"):
        of(some) + of(ROWS)
    numbered = [Interaction(customer_id=7, at=at(0), kind="A")]
    with pytest.raises(InvalidInputError, match="ids must be of one type to add results"):
        of(numbered) + of(ROWS)
    with pytest.raises(InvalidInputError, match="options must be the same"):
        of(some) + of(rest, order="strict")


def test_what_is_shown_names_nobody() -> None:
    found = of(ROWS)
    assert repr(found) == "FunnelAttempts(attempts=3, steps=3)"
    assert not any(name in found._repr_html_() for name in ("ann", "bob", "zoe"))
    assert found._repr_html_().count("<tr>") == 4


def test_lists_are_values() -> None:
    found = of(ROWS)
    back = pickle.loads(pickle.dumps(found))
    assert back == found
    assert found != of(ROWS[:4])
    assert found != "other"
    for array in (back.ids, back.at, back.settled):
        assert not array.flags.writeable
    given = np.array(["b", "a"], object)
    made = FunnelAttempts(
        ids=given, at=np.zeros((2, 1), np.int64), settled=np.ones(2, bool), context=found.context
    )
    assert (made.ids.tolist(), given.tolist()) == (["a", "b"], ["b", "a"])


def test_steps_that_are_not_there() -> None:
    found = of(ROWS)
    for step in (0, 4):
        with pytest.raises(InvalidInputError, match="step must be"):
            found.customers(step)
        with pytest.raises(InvalidInputError, match="step must be"):
            found.times(step)
    wrong: Any = "last"
    with pytest.raises(InvalidInputError, match="since must be one of 'first', 'previous'"):
        found.times(1, since=wrong)
