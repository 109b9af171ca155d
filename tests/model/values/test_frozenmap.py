"""A frozen, hashable, picklable mapping."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values.frozenmap import FrozenMap

SCALARS = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
DATA = st.dictionaries(st.text(min_size=1), SCALARS, max_size=5)


@given(DATA)
def test_it_is_a_mapping(data: Any) -> None:
    kept = FrozenMap(data)
    assert dict(kept) == data
    assert kept == data
    assert data == kept
    assert list(kept) == sorted(data)
    assert len(kept) == len(data)
    assert FrozenMap(kept) == kept
    assert eval(repr(kept)) == kept


@given(DATA, st.randoms(use_true_random=False))
def test_order_does_not_matter(data: Any, random: Any) -> None:
    keys = list(data)
    random.shuffle(keys)
    other = FrozenMap({key: data[key] for key in keys})
    assert other == FrozenMap(data)
    assert hash(other) == hash(FrozenMap(data))


@given(DATA)
def test_it_copies_and_pickles(data: Any) -> None:
    kept = FrozenMap(data)
    assert pickle.loads(pickle.dumps(kept)) == kept == copy.deepcopy(kept)
    assert {pickle.loads(pickle.dumps(kept)): 1}[kept] == 1


def test_it_does_not_change_with_what_it_was_made_of() -> None:
    data = {"plan": "pro"}
    kept: Any = FrozenMap(data)
    data["plan"] = "free"
    assert kept["plan"] == "pro"
    for change in (
        lambda: setattr(kept, "_data", {}),
        lambda: kept.__setitem__("plan", "free"),
        lambda: kept.__delitem__("plan"),
    ):
        with pytest.raises((AttributeError, TypeError)):
            change()


def test_true_one_and_one_point_zero_are_three() -> None:
    three = [FrozenMap({"a": value}) for value in (True, 1, 1.0)]
    assert len(set(three)) == 3
    for i, one in enumerate(three):
        assert [one == other for other in three] == [i == j for j in range(3)]
    assert FrozenMap({"a": 1}) != {"a": True}


def test_values_become_plain() -> None:
    kept = FrozenMap({"n": np.int64(3), "x": np.float64(0.5), "yes": np.True_, "zero": -0.0})
    assert repr(kept) == "FrozenMap({'n': 3, 'x': 0.5, 'yes': True, 'zero': 0.0})"


def test_it_is_unequal_to_what_is_no_mapping() -> None:
    assert FrozenMap({"a": 1}) != [("a", 1)]
    assert FrozenMap({"a": 1}) != {"a": 1, "b": 2}
    assert FrozenMap({"a": 1}) != {"b": 1}
    assert FrozenMap({"a": 1}) != {"a": [1]}
    with pytest.raises(KeyError):
        FrozenMap()["a"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"plan": None}, "attributes.plan must not be None: leave the key out"),
        ({"x": float("nan")}, "attributes.x must be finite: got nan"),
        ({"a": {"b": 1}}, "attributes.a must be a bool, an int, a float or a str: got dict"),
        ({"a": ("b",)}, "attributes.a must be a bool, an int, a float or a str: got tuple"),
        ({3: "a"}, "attributes key must be a str: got int"),
        ({"": "a"}, "attributes key must not be empty: got ''"),
        ([("a", 1)], "attributes must be a mapping: got list"),
        (None, "attributes must be a mapping: got None"),
    ],
    ids=repr,
)
def test_what_it_cannot_hold_is_refused(data: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        FrozenMap(data)
    assert str(caught.value) == message
