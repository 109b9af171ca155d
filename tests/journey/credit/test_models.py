"""Credit by rule against fractions."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import (
    Custom,
    First,
    Last,
    LastNonDirect,
    Linear,
    Markov,
    Participation,
    PositionBased,
    Shapley,
    TimeDecay,
    attribute,
)
from tests.journey.credit.counts import (
    DAY,
    Paths,
    aged,
    by_channel,
    close,
    counted,
    table,
)
from tests.reference import attribution as slow

MODELS: list[tuple[Any, str, dict[str, Any]]] = [
    (First(), "first", {}),
    (Last(), "last", {}),
    (LastNonDirect("A"), "last_non_direct", {"direct": ["A"]}),
    (LastNonDirect(["A", "B"]), "last_non_direct", {"direct": ["A", "B"]}),
    (Linear(), "linear", {}),
    (Participation(), "participation", {}),
    (
        PositionBased(),
        "position_based",
        {"shares": (Fraction(2, 5), Fraction(1, 5), Fraction(2, 5))},
    ),
    (
        PositionBased(first=0.5, middle=0.25, last=0.25),
        "position_based",
        {"shares": (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))},
    ),
]


@pytest.mark.parametrize(("model", "name", "options"), MODELS, ids=lambda x: str(x)[:30])
@given(paths=counted())
def test_rules_equal_fractions(
    paths: Paths, model: Any, name: str, options: dict[str, Any]
) -> None:
    credit = attribute(table(paths), model)
    wanted = slow.credited(paths, name, **options)
    channels = {one for path in paths for one in path}
    assert close(by_channel(credit), {one: wanted.get(one, 0) for one in channels})
    if name != "participation":
        total = sum(row[0] for row in paths.values())
        assert sum(wanted.values()) == total
        assert credit.conversions.sum() == pytest.approx(total)
        assert credit.value.sum() == pytest.approx(sum(row[3] for row in paths.values()))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.sampled_from([1, 2]))
def test_time_decay_equals_fractions(halves: list[int], per: int) -> None:
    halves.sort(reverse=True)
    credit = attribute(aged([half / 2 for half in halves]), TimeDecay(DAY / 2 / per))
    path = tuple(f"c{i}" for i in range(len(halves)))
    wanted = slow.weights("time_decay", path, ages=halves, per_age=per)
    assert close(by_channel(credit), dict(zip(path, wanted, strict=True)))


def test_old_touches_do_not_vanish_together() -> None:
    credit = attribute(aged([4000, 4000]), TimeDecay(DAY))
    assert by_channel(credit) == {"c0": 0.5, "c1": 0.5}


def test_ages_are_needed_for_time_decay() -> None:
    with pytest.raises(InvalidInputError, match="paths must have ages of touches for TimeDecay"):
        attribute(table({("A",): [1, 0, 0, 0]}), TimeDecay(7 * DAY))


def test_a_rule_of_ones_own() -> None:
    paths = {("A", "B"): [4, 0, 0, 8], ("A",): [1, 0, 0, 2]}
    credit = attribute(table(paths), Custom(lambda path: range(1, len(path) + 1)))
    assert close(by_channel(credit), {"A": Fraction(4, 3) + 1, "B": Fraction(8, 3)})
    assert close(by_channel(credit, "value"), {"A": Fraction(8, 3) + 2, "B": Fraction(16, 3)})


def test_a_rule_is_asked_once_of_each_path() -> None:
    asked = []

    def rule(path: tuple[Any, ...]) -> list[int]:
        asked.append(path)
        return [1] * len(path)

    attribute(aged([3, 1]) + aged([5, 2]), Custom(rule))
    assert asked == [("c0", "c1")]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([1], "weights must be one per touch: got 1 for 2 touches"),
        ([0, 0], "weights must not be negative, nor all zero"),
        ([2, -1], "weights must not be negative, nor all zero"),
        ([1, math.nan], "weights must be finite"),
        (5, "weights must be an iterable of values"),
    ],
)
def test_what_a_rule_says_is_checked(told: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        attribute(table({("A", "B"): [1, 0, 0, 0]}), Custom(lambda _: told))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Markov(0), "order must be at least 1"),
        (lambda: Markov(4), "order must be at most 3"),
        (lambda: Shapley("rates"), "game must be one of"),
        (lambda: Shapley(samples=3), "samples must not be given where the value is known"),
        (lambda: Shapley("rate_of_subsets", 0), "samples must be at least 1"),
        (lambda: TimeDecay(0 * DAY), "half_life must be longer than zero"),
        (lambda: Custom(3), "rule must be a function of a path: got int"),  # type: ignore[arg-type]
        (lambda: PositionBased(0.5, 0.5, 0.5), "must be shares that add up to 1"),
        (lambda: PositionBased(-0.5, 1.0, 0.5), "first, middle and last must be shares"),
        (lambda: PositionBased(0, 1, 0), "first and last must not both be 0"),
        (lambda: LastNonDirect(3), "direct must be an iterable of values"),  # type: ignore[arg-type]
        (lambda: LastNonDirect([object()]), "direct must be a plain Python label: got object"),  # type: ignore[list-item]
        (lambda: LastNonDirect([[1]]), "direct must be a plain Python label: got list"),  # type: ignore[list-item]
        (lambda: LastNonDirect([math.nan]), "direct must be a plain Python label: got nan"),
        (
            lambda: LastNonDirect(["x", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]),
            "direct must be a plain Python label: got an aware datetime",
        ),
    ],
)
def test_models_are_checked(make: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()


@pytest.mark.parametrize(
    ("weights", "credited"),
    [([1e308, 1e308], [0.5, 0.5]), ([0, 5e-324], [0, 1]), ([1e-300, 3e-300], [0.25, 0.75])],
)
def test_weights_may_be_of_any_size(weights: list[float], credited: list[float]) -> None:
    credit = attribute(table({("A", "B"): [1, 0, 0, 0]}), Custom(lambda _: weights))
    assert credit.conversions.tolist() == pytest.approx(credited)


def test_direct_may_be_what_is_missing() -> None:
    paths = table({("ad", None): [2, 0, 0, 0], (None,): [1, 0, 0, 0]})
    credit = attribute(paths, LastNonDirect([None, "direct"]))
    assert credit.conversions.tolist() == [2, 1]
