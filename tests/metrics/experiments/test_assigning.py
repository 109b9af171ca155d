"""Assignment: by hash, on any partition, the same as a holdout of the same key."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import uuid
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.lifecycle import Holdout
from customerops.metrics import (
    Experiment,
    ExperimentGrouping,
    assign,
    purchase_frequency,
    sample_ratio_check,
)
from tests.reference import experiments as slow

TWO = Experiment(key="trial", arms={"control": 1, "mail": 3}, control="control")
MORE = Experiment(key="more", arms={"z": 0.2, "a": 0.3, "b": 0.5}, control="z")


def test_an_arm_is_where_the_hash_falls() -> None:
    shares = [("z", Fraction(2, 10)), ("a", Fraction(3, 10)), ("b", Fraction(5, 10))]
    ids = [*range(300), *map(str, range(300))]
    expected = {one: slow.drawn(one, "more", shares) for one in ids}
    assert assign(ids, experiment=MORE) == expected
    assert {expected[one] for one in ids} == {"a", "b", "z"}
    assert all(MORE.arm(one) == arm for one, arm in expected.items())


def test_the_order_of_the_arms_and_their_unit_do_not_matter() -> None:
    other = Experiment(key="more", arms={"b": 5, "z": 2, "a": 3}, control="z")
    ids = range(2000)
    assert assign(ids, experiment=other) == assign(ids, experiment=MORE)


def test_columns_of_any_kind() -> None:
    ids = [3, -1, 2**60]
    expected = {3: TWO.arm(3), -1: TWO.arm(-1), 2**60: TWO.arm(2**60)}
    for column in (ids, tuple(ids), np.array(ids), pd.Series(ids), iter(ids)):
        found = assign(column, experiment=TWO)
        assert found == expected
        assert [type(one) for one in found] == [int] * 3
    arrow = pytest.importorskip("pyarrow")
    for column in (arrow.array(ids), arrow.chunked_array([ids[:1], ids[1:]])):
        assert assign(column, experiment=TWO) == expected
    words = arrow.chunked_array([["a"], ["b"]])
    assert assign(words, experiment=TWO) == assign(["a", "b"], experiment=TWO)
    named = [uuid.UUID(int=7)]
    assert assign(named, experiment=TWO) == {named[0]: TWO.arm(named[0])}
    assert assign([], experiment=TWO) == {}
    assert list(assign(["b", "a", "b"], experiment=TWO)) == ["b", "a"]


@given(st.lists(st.integers() | st.text(min_size=1), max_size=20), st.data())
def test_any_part_of_an_audience_gets_the_same_answer(ids: list[Any], data: Any) -> None:
    part = data.draw(st.lists(st.sampled_from(ids), max_size=20)) if ids else []
    whole = assign(ids, experiment=MORE)
    assert assign(part, experiment=MORE) == {one: whole[one] for one in part}


def test_a_holdout_of_the_key_holds_out_the_control() -> None:
    for share, weights in ((0.1, (1, 9)), (0.1, (0.1, 0.9)), (0.25, (1, 3))):
        arms = dict(zip(("control", "mail"), weights, strict=True))
        experiment = Experiment(key="2026", arms=arms, control="control")
        held = Holdout(key="2026", share=share)
        for one in range(3000):
            assert held.holds(one) == (experiment.arm(one) == "control")


def test_a_control_is_cut_where_a_holdout_is() -> None:
    for percent in range(1, 100):
        arms = {"control": percent / 100, "mail": (100 - percent) / 100}
        experiment = Experiment(key="2026", arms=arms, control="control")
        assert experiment._cuts()[1] == [Holdout(key="2026", share=percent / 100).share * 2**64]


def test_a_weight_is_the_decimal_that_is_written() -> None:
    arms = {"a": 0.1, "b": 0.2, "c": 0.7}
    tenths = Experiment(key="k", arms=arms, control="a")
    assert tenths._cuts()[1] == [0.1 * 2**64, 0.3 * 2**64]  # and not 0.30000000000000004
    assert (
        tenths._cuts() == Experiment(key="k", arms={"a": 1, "b": 2, "c": 7}, control="a")._cuts()
    )


def test_a_larger_control_keeps_who_is_in_it() -> None:
    larger = Experiment(key="trial", arms={"control": 1, "mail": 1}, control="control")
    for one in range(1000):
        if TWO.arm(one) == "control":
            assert larger.arm(one) == "control"


def test_shares_come_out_and_keys_are_independent() -> None:
    ids = range(40_000)
    first, second = (assign(ids, experiment=one) for one in (TWO, MORE))
    counts = {arm: list(first.values()).count(arm) for arm in TWO.arms}
    assert not sample_ratio_check(counts, weights=TWO.arms).flagged
    of_mail = [second[one] for one, arm in first.items() if arm == "mail"]
    both = {arm: of_mail.count(arm) for arm in MORE.arms}
    assert not sample_ratio_check(both, weights=MORE.arms).flagged


def test_the_arms_group_any_measure() -> None:
    ids = [f"c{i}" for i in range(40)]
    day = dt.date(2026, 1, 2)
    log = InteractionLog.from_arrays(
        customer_id=ids, kind=["use"] * 40, at=[day] * 40, tz=dt.UTC
    ).until_day(day)
    by = TWO.grouping()
    bought = purchase_frequency(log, purchases="use", period="day", by=by)
    arms = [TWO.arm(one) for one in ids]
    assert bought.axes[0].labels == ("control", "mail")
    assert bought.n.ravel().tolist() == [arms.count("control"), arms.count("mail")]
    threads = InteractionLog.from_arrays(
        customer_id=ids, kind=["use"] * 40, at=[day] * 40, thread=ids, tz=dt.UTC
    ).by_thread()
    codes, labels = by.labels(threads)
    owners = threads.parent
    assert owners is not None
    assert [labels[code] for code in codes] == [TWO.arm(one) for one in owners.values]


def test_written_and_read() -> None:
    for one in (TWO, MORE):
        assert Experiment.from_dict(json.loads(json.dumps(one.to_dict(), sort_keys=True))) == one
        assert pickle.loads(pickle.dumps(one)) == one
        by = one.grouping()
        assert ExperimentGrouping.from_dict(json.loads(json.dumps(by.to_dict()))) == by


REFUSED: list[tuple[Any, str]] = [
    (lambda: Experiment(key="", arms={"a": 1, "b": 1}, control="a"), "key must not be empty"),
    (lambda: Experiment(key="k", arms={"a": 1}, control="a"), "arms must be two or more: got 1"),
    (
        lambda: Experiment(key="k", arms={"a": 1, "b": 0}, control="a"),
        "weight of an arm must be above 0: got 0",
    ),
    (
        lambda: Experiment(key="k", arms={"a": 1, "b": "x"}, control="a"),
        "weight of an arm must be a float: got str",
    ),
    (
        lambda: Experiment(key="k", arms={"a": 1, "b": 1}, control="c"),
        "control must be one of the arms: it is not",
    ),
    (lambda: TWO.arm(1.5), "customer_id must be"),  # type: ignore[arg-type]
    (lambda: assign([1, None], experiment=TWO), r"customer_ids\[1\] must be"),  # type: ignore[list-item]
    (lambda: assign("abc", experiment=TWO), "customer_ids must be an iterable of values"),
    (
        lambda: assign([1], experiment="trial"),  # type: ignore[arg-type]
        "experiment must be an Experiment: got str",
    ),
    (
        lambda: ExperimentGrouping.from_dict({**TWO.grouping().to_dict(), "grouping": "x"}),
        "grouping.grouping must be 'experiment': got another",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[said for _, said in REFUSED])
def test_refused(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
