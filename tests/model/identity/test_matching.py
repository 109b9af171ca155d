"""How good a match is: published, by hand, and pair by pair."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    Customer,
    Identifier,
    IdentityRules,
    MatchQuality,
    duplicate_rate,
    match_quality,
    match_quality_of_pairs,
    resolve_identities,
)

Clusters = dict[int, int]


def clusters(*groups: str) -> dict[str, int]:
    return {record: i for i, group in enumerate(groups) for record in group}


@pytest.mark.parametrize(
    ("found", "precision", "exact"),
    [
        (clusters("12345", "6789ABC"), 76, Fraction(64, 84)),
        (clusters("1234589ABC", "67"), 58, Fraction(7, 12)),
    ],
    ids=["the small with a large", "two large"],
)
def test_published_b_cubed(found: dict[str, int], precision: int, exact: Fraction) -> None:
    quality = match_quality(found, clusters("12345", "67", "89ABC"))
    assert round(100 * quality.b_cubed_precision) == precision
    assert quality.b_cubed_precision == float(exact)
    assert quality.b_cubed_recall == quality.recall == 1.0
    # pairs: 10 + 1 + 10 are true; found are 10 + 21, or 45 + 1
    assert quality.both == 21
    assert quality.precision == 21 / (31 if precision == 76 else 46)


def test_by_hand() -> None:
    quality = match_quality(clusters("ab", "cd", "e"), clusters("abc", "de"))
    assert quality == MatchQuality(
        both=1,
        found_only=1,
        true_only=3,
        neither=5,
        b_cubed_precision=float(Fraction(1 + 1 + 1, 5) + Fraction(1, 5)),
        b_cubed_recall=float(Fraction(2, 3) * 2 / 5 + Fraction(1, 3) / 5 + Fraction(1, 2) * 2 / 5),
    )
    assert (quality.precision, quality.recall, quality.f1) == (0.5, 0.25, 1 / 3)
    page = quality._repr_html_()
    assert "pairwise" in page
    assert "0.25" in page
    frame = quality.to_frame()
    assert frame["measure"].tolist() == ["pairwise", "b_cubed"]
    assert frame["f1"].tolist() == [quality.f1, quality.b_cubed_f1]


def test_where_there_is_nothing_to_find() -> None:
    nothing = match_quality({}, {})
    assert all(map(math.isnan, (nothing.precision, nothing.recall, nothing.f1)))
    assert all(map(math.isnan, (nothing.b_cubed_precision, nothing.b_cubed_f1)))
    apart = match_quality({"a": 1, "b": 2, "other": 1}, {"a": "x", "b": "y"})
    assert math.isnan(apart.precision)
    assert (apart.neither, apart.b_cubed_f1) == (1, 1.0)


@st.composite
def matches(draw: st.DrawFn) -> tuple[Clusters, Clusters]:
    n = draw(st.integers(0, 9))
    labels = st.lists(st.integers(0, 3), min_size=n, max_size=n)
    return dict(enumerate(draw(labels))), dict(enumerate(draw(labels)))


@given(matches())
def test_pair_by_pair_and_record_by_record(both: tuple[Clusters, Clusters]) -> None:
    found, truth = both
    quality = match_quality(found, truth)
    pairs = [(a, b, truth[a] == truth[b]) for a, b in itertools.combinations(truth, 2)]
    of_pairs = match_quality_of_pairs(found, ((b, a, same) for a, b, same in pairs))
    for name in ("both", "found_only", "true_only", "neither"):
        assert getattr(quality, name) == getattr(of_pairs, name)
    cells = [(found[a] == found[b], same) for a, b, same in pairs]
    assert quality.both == cells.count((True, True))
    assert quality.found_only == cells.count((True, False))
    assert quality.true_only == cells.count((False, True))
    assert math.isnan(of_pairs.b_cubed_recall)
    if not truth:
        return
    precision = recall = Fraction(0)
    for r in truth:
        with_it = {x for x in truth if found[x] == found[r]}
        truly = {x for x in truth if truth[x] == truth[r]}
        precision += Fraction(len(with_it & truly), len(with_it) * len(truth))
        recall += Fraction(len(with_it & truly), len(truly) * len(truth))
    assert (quality.b_cubed_precision, quality.b_cubed_recall) == (float(precision), float(recall))
    swapped = match_quality(truth, found)
    assert swapped.b_cubed_precision == quality.b_cubed_recall
    assert swapped.true_only == quality.found_only
    renamed = match_quality({r: f"c{c}" for r, c in found.items()}, truth)
    assert renamed.both == quality.both


def test_a_resolution_is_judged_as_it_is() -> None:
    def known(who: str, email: str) -> Customer:
        return Customer(id=who, identifiers=frozenset({Identifier(type="email", value=email)}))

    records = [known("a", "x@x.io"), known("b", "x@x.io"), known("c", "y@y.io")]
    who = resolve_identities(records, IdentityRules(joins=("email",)))
    assert duplicate_rate(who) == 1 / 3
    assert duplicate_rate({"a": 1, "b": 2}) == 0
    quality = match_quality(who, {"a": 1, "b": 1, "c": 1})
    assert (quality.precision, quality.recall) == (1.0, 1 / 3)
    nobody = resolve_identities([], IdentityRules(joins=("email",)))
    assert math.isnan(duplicate_rate(nobody))


FOUND = {"a": 1, "b": 1, "c": 2}
BAD: Any = 7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: duplicate_rate(BAD), "found must be a mapping"),
        (lambda: match_quality(BAD, {}), "found must be a mapping"),
        (lambda: match_quality({}, BAD), "truth must be a mapping"),
        (
            lambda: match_quality(FOUND, {"a": 1, "d": 2, "e": 3}),
            "found must have every labelled record: 2 of 3",
        ),
        (lambda: match_quality_of_pairs(BAD, []), "found must be a mapping"),
        (lambda: match_quality_of_pairs(FOUND, BAD), "pairs must"),
        (
            lambda: match_quality_of_pairs(FOUND, [("a", "b", True), BAD]),
            r"pairs\[1\] must be two records and a bool",
        ),
        (lambda: match_quality_of_pairs(FOUND, [("a", "b", BAD)]), r"pairs\[0\] must be two"),
        (
            lambda: match_quality_of_pairs(FOUND, [("a", "a", True)]),
            r"pairs\[0\] must be of two records: they are one",
        ),
        (
            lambda: match_quality_of_pairs(FOUND, [("a", "b", True), ("a", "z", True)]),
            "pairs must be of records that were matched: 1 of 2",
        ),
        (
            lambda: match_quality_of_pairs(FOUND, [("a", "b", True), ("b", "a", False)]),
            "pairs must not repeat: 1 of 2 do",
        ),
    ],
    ids=range(11),
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
