"""Who brought whom: by hand, and by following each chain."""

from __future__ import annotations

import pickle
import uuid
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import referral_tree

FAMILY = {"bo": "ann", "cy": "ann", "di": "cy", "ed": "di", "flo": None, "gus": "flo"}


def test_by_hand() -> None:
    tree = referral_tree(FAMILY)
    assert tree.customers.tolist() == ["ann", "bo", "cy", "di", "ed", "flo", "gus"]
    assert tree.generation.tolist() == [0, 1, 1, 2, 3, 0, 1]
    assert tree.referred.tolist() == [2, 0, 1, 1, 0, 1, 0]
    assert tree.descendants.tolist() == [4, 0, 2, 1, 0, 1, 0]
    assert tree.parent.tolist() == [-1, 0, 0, 2, 3, -1, 5]
    assert (tree.depth, tree.generations.tolist(), len(tree)) == (3, [2, 3, 1, 1], 7)
    frame = tree.to_frame()
    assert frame["referred_by"].tolist() == [None, "ann", "ann", "cy", "di", None, "flo"]
    assert repr(tree) == "ReferralTree(7 customers, generations of 2, 3, 1, 1)"
    assert pickle.loads(pickle.dumps(tree)).descendants.tolist() == tree.descendants.tolist()


def test_nobody_and_who_came_alone() -> None:
    nobody = referral_tree({})
    assert (nobody.depth, len(nobody), nobody.generations.tolist()) == (0, 0, [])
    assert repr(nobody) == "ReferralTree(0 customers, generations of none)"
    assert nobody.to_frame().empty
    alone = referral_tree({1: None, 2: None})
    assert (alone.depth, alone.generations.tolist()) == (0, [2])
    ids = [uuid.UUID(int=n) for n in range(3)]
    assert referral_tree({ids[2]: ids[1], ids[1]: ids[0]}).generation.tolist() == [0, 1, 2]


def test_a_long_chain() -> None:
    n = 3_000
    chain = referral_tree({i: i - 1 for i in range(1, n)})
    assert chain.depth == n - 1
    assert chain.descendants.tolist() == list(range(n - 1, -1, -1))


@st.composite
def forests(draw: st.DrawFn) -> dict[int, int | None]:
    n = draw(st.integers(0, 25))
    order = draw(st.permutations(range(n)))
    chosen = [draw(st.none() | st.sampled_from(order[:i])) if i else None for i in range(n)]
    return dict(zip(order, chosen, strict=True))


@given(forests())
def test_by_following_each_chain(forest: dict[int, int | None]) -> None:
    tree = referral_tree(forest)
    below: Counter[int] = Counter()
    generation = {}
    for who, referrer in forest.items():
        chain, by = [], referrer
        while by is not None:
            chain.append(by)
            by = forest[by]
        generation[who] = len(chain)
        below.update(chain)
    listed = tree.customers.tolist()
    assert listed == sorted(forest)
    assert tree.generation.tolist() == [generation[who] for who in listed]
    assert tree.descendants.tolist() == [below[who] for who in listed]
    brought = Counter(by for by in forest.values() if by is not None)
    assert tree.referred.tolist() == [brought[who] for who in listed]
    assert tree.depth == max(generation.values(), default=0)
    assert int(tree.generations.sum()) == len(forest)


BAD: Any = 7


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (BAD, "referred_by must be a mapping of customers"),
        ({"a": "a"}, "referred_by must not go round in a circle: the row is not"),
        (
            {"a": "b", "b": "c", "c": "a", "below": "a", "d": "e"},
            "referred_by must not go round in a circle: 4 of 6 rows",
        ),
        ({"a": 1.5}, "referred_by must be an int, a str or a UUID"),
        ({("a",): "b"}, "referred_by must be an int, a str or a UUID"),
    ],
    ids=["no mapping", "oneself", "a circle", "a number", "a pair"],
)
def test_refusals(given: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        referral_tree(given)
