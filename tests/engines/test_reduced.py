"""Several results of one pass: a mapping that adds and keeps count."""

import pickle

import attrs
import pytest

from customerops import InvalidInputError
from customerops.engines import Reduced

A = Reduced(results={"n": 3}, events=5, customers=2, rejected={"at missing": 1})
B = Reduced(results={"n": 4}, events=2, customers=1, rejected={"at missing": 2, "kind empty": 1})


def test_it_adds_name_by_name() -> None:
    both = Reduced(
        results={"n": 7}, events=7, customers=3, rejected={"at missing": 3, "kind empty": 1}
    )
    assert A + B == B + A == sum([A, B]) == both


def test_it_is_a_mapping() -> None:
    assert (list(A), len(A), A["n"], dict(A)) == (["n"], 1, 3, {"n": 3})
    with pytest.raises(KeyError):
        A["m"]


def test_it_is_equal_only_to_the_same() -> None:
    assert pickle.loads(pickle.dumps(A)) == A
    assert A != B
    assert attrs.evolve(A, rejected={}) != A
    assert A != {"n": 3}


def test_it_is_frozen() -> None:
    with pytest.raises(TypeError):
        A.results["n"] = 4  # type: ignore[index]
    with pytest.raises(TypeError):
        A.rejected["n"] = 4  # type: ignore[index]
    with pytest.raises(TypeError, match="unhashable"):
        hash(A)


def test_what_does_not_belong_together_does_not_add() -> None:
    other = Reduced(results={"m": 3}, events=1, customers=1)
    message = r"^results must have the same names to be added: got \['n'\] and \['m'\]$"
    with pytest.raises(InvalidInputError, match=message):
        A + other
    for wrong in (1, 0.0, {"n": 3}):
        with pytest.raises(TypeError):
            A + wrong
        with pytest.raises(TypeError):
            wrong + A


def test_it_shows_sizes_alone() -> None:
    assert repr(A) == "Reduced(n; 5 events, 2 customers, 1 rows rejected)"
    assert (
        repr(Reduced(results={}, events=1000, customers=0))
        == "Reduced(; 1,000 events, 0 customers)"
    )
