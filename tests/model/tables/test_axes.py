from __future__ import annotations

import datetime as dt
import math
import pickle
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.values.labels import END, START, Label, label_key

HOUR = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the labels of hours are local

labels: st.SearchStrategy[Label] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-3, 3, allow_nan=False).map(lambda v: v + 0.0),
    st.sampled_from(["", "a", "b", "start", "值"]),
    st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 4)),
    st.datetimes(HOUR, HOUR + dt.timedelta(days=1)),
    st.sampled_from([START, END]),
)


def axis(values: list[Label], **changed: Any) -> Axis:
    unique = {label_key(v): v for v in values}
    options: dict[str, Any] = {"name": "what", "kind": "group", "disjoint": True} | changed
    return Axis(labels=[unique[k] for k in sorted(unique)], **options)


axes = st.lists(labels, max_size=6).map(axis)


def test_labels_that_python_calls_equal_are_three() -> None:
    mixed = axis([1.0, True, 1])
    assert [type(v) for v in mixed.labels] == [bool, int, float]
    assert mixed != axis([1])
    assert axis([1]) != axis([True])
    assert axis([1]) != axis([1.0])
    assert hash(axis([1])) == hash(axis([1]))


@given(axes, axes)
def test_join_is_the_union_of_labels(a: Axis, b: Axis) -> None:
    joined = a.join(b)
    assert {label_key(v) for v in joined.labels} == {label_key(v) for v in (*a.labels, *b.labels)}
    assert joined == b.join(a)
    assert a.join(a) is a
    assert (joined.name, joined.kind, joined.disjoint) == (a.name, a.kind, a.disjoint)


@given(axes, axes, axes)
def test_join_is_associative(a: Axis, b: Axis, c: Axis) -> None:
    assert a.join(b).join(c) == a.join(b.join(c))


@given(axes)
def test_positions_find_every_label(a: Axis) -> None:
    assert a.positions(a.labels).tolist() == list(range(len(a)))
    assert a.at(range(len(a))) == a
    assert pickle.loads(pickle.dumps(a)) == a


@pytest.mark.parametrize("field", ["name", "kind", "disjoint"])
def test_axes_that_differ_do_not_join(field: str) -> None:
    other = {"name": "which", "kind": "state", "disjoint": False}
    with pytest.raises(InvalidInputError, match=f"^axes must be the same to add.*: got {field} "):
        axis(["a"]).join(axis(["a"], **{field: other[field]}))


@pytest.mark.parametrize("bad", [["b", "a"], ["a", "a"], [None, "a"], [1, True], [0.0, -0.0]])
def test_labels_must_be_sorted_and_unique(bad: list[Label]) -> None:
    with pytest.raises(InvalidInputError, match=r"^what must have labels that are sorted"):
        Axis("what", bad, "group", disjoint=True)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.int64(1), "plain Python labels: got int64"),
        (np.str_("a"), "plain Python labels: got str_"),
        (pd.Timestamp("2026-01-01"), "plain Python labels: got Timestamp"),
        ({"a"}, "plain Python labels: got set"),
        (math.nan, "labels that sort: got nan; None is missing"),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "local labels: got an aware datetime"),
    ],
)
def test_labels_are_plain(bad: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^what must have {said}$"):
        Axis("what", [bad], "group", disjoint=True)


def test_other_fields_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"^axis must not be empty"):
        Axis("", [], "group")
    with pytest.raises(InvalidInputError, match=r"^kind must be one of .*did you mean 'group'"):
        Axis("what", [], "groups")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"^disjoint must be True or False: got int"):
        Axis("what", [], "group", 1)  # type: ignore[arg-type]
    assert Axis("what", [], "age").disjoint is False


def test_an_unknown_label_is_named_only_if_it_is_close_to_one() -> None:
    countries = axis(["Germany", "France"])
    with pytest.raises(InvalidInputError, match="got 'Germny', did you mean 'Germany'"):
        countries.positions(["Germny"])
    with pytest.raises(InvalidInputError, match=r"^what must be a label of the axis: got str$"):
        countries.positions(["a secret"])
    with pytest.raises(InvalidInputError, match=r"^what must be a label of the axis: got date$"):
        countries.positions([dt.date(2026, 1, 1)])


def test_a_thread_may_be_a_label() -> None:
    thread = UUID(int=1)
    assert axis([thread, None]).labels == (thread, None)


def test_it_is_not_equal_to_something_else() -> None:
    assert axis([]) != "what"
