"""Audiences: who, by which rule, at which instant."""

import datetime as dt
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import Combined, Did, InteractionLog, kind, select

UTC = dt.UTC
END = dt.datetime(2026, 2, 1, tzinfo=UTC)
A, B = Did("a"), Did("b")


def log_of(who: dict[Any, str]) -> InteractionLog:
    rows = [(one, what) for one, kinds in who.items() for what in kinds]
    return InteractionLog.from_arrays(
        customer_id=[one for one, _ in rows],
        kind=[what for _, what in rows],
        at=[dt.date(2026, 1, 5)] * len(rows),
        tz=UTC,
    )


@given(st.dictionaries(st.sampled_from(["x", "10", "9", "客"]), st.sampled_from(["a", "b", "ab"])))
def test_sets(who: dict[str, str]) -> None:
    log = log_of(who)
    a, b = select(log, A, as_of=END), select(log, B, as_of=END)
    first, second = ({one for one, kinds in who.items() if k in kinds} for k in "ab")
    assert a.ids.tolist() == sorted(first)
    assert a.union(b).ids.tolist() == sorted(first | second)
    assert a.intersect(b).ids.tolist() == sorted(first & second)
    assert a.difference(b).ids.tolist() == sorted(first - second)
    assert [one in a for one in ("x", "10")] == ["x" in first, "10" in first]
    assert len(a) == len(first)
    assert a.to_frame()["customer_id"].tolist() == sorted(first)
    back = pickle.loads(pickle.dumps(a))
    assert back == a
    assert back.rule == A


def test_numbers_and_what_is_said() -> None:
    audience = select(log_of({10: "a", 9: "ab"}), A, as_of=END)
    assert audience.ids.tolist() == [9, 10]
    assert list(audience) == [9, 10]
    assert {type(one) for one in audience} == {int}
    assert [9 in audience, 8 in audience, "9" in audience] == [True, False, False]
    assert repr(audience) == "Audience(metric='select', customers=2)"
    assert audience.as_of == END
    rest = audience.difference(select(log_of({9: "b"}), B, as_of=END))
    assert rest.ids.tolist() == [10]
    assert rest.rule == Combined("difference", A, B)
    assert rest.rule.describe() == "(did (kind is a)) without (did (kind is b))"
    assert 9 not in select(log_of({}), A, as_of=END)


def test_as_of_and_entry() -> None:
    log = log_of({"x": "a"})
    assert len(select(log, ~A, as_of=dt.datetime(2026, 1, 1, tzinfo=UTC))) == 0  # not entered
    assert len(select(log, A, as_of=dt.datetime(2026, 1, 5, tzinfo=UTC))) == 1


def test_audiences_of_disjoint_logs_add() -> None:
    one, two = log_of({"x": "a"}), log_of({"y": "ab"})
    whole = select(one.union(two), A, as_of=END)
    assert select(one, A, as_of=END) + select(two, A, as_of=END) == whole


def test_refusals() -> None:
    log: Any = log_of({"x": "a"})
    audience: Any = select(log, A, as_of=END)
    with pytest.raises(InvalidInputError, match="rule must be a rule about the customer"):
        select(log, kind("a"), as_of=END)
    with pytest.raises(InvalidInputError, match="other must be an Audience: got set"):
        audience.union({"x"})
    with pytest.raises(InvalidInputError, match="as_of must be the same to combine audiences"):
        audience.union(select(log, A, as_of=END - dt.timedelta(days=1)))
    with pytest.raises(InvalidInputError, match="ids must be of one type to combine"):
        audience.intersect(select(log_of({1: "a"}), A, as_of=END))
