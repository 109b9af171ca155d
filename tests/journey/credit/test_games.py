"""Shapley values against every coalition."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from customerops.errors import InvalidInputError
from customerops.journey import (
    PathTable,
    Shapley,
    attribute,
)
from tests.journey.credit.counts import (
    Paths,
    by_channel,
    close,
    counted,
    table,
)
from tests.reference import attribution as slow

GAMES = ("conversions_of_subsets", "rate_of_exact_coalition", "rate_of_subsets")


@pytest.mark.parametrize("game", GAMES)
@given(paths=counted("ABCDE"))
def test_shapley_equals_every_coalition(paths: Paths, game: Any) -> None:
    players = sorted({one for path in paths for one in path})
    credit = attribute(table(paths), Shapley(game))
    for part, column, total in ((0, "conversions", 0), (3, "value", 3)):
        values = slow.shapley(players, partial(slow.worth, paths, game=game, part=part))
        if part == 0:
            assert close(by_channel(credit, "shapley"), values)
        grand = slow.worth(paths, frozenset(players), game, part=part)
        gain = sum(row[total] for row in paths.values())
        shared = {
            one: 0 if gain == 0 else None if grand == 0 else gain * value / grand
            for one, value in values.items()
        }
        assert close(by_channel(credit, column), shared, 1e-9)


def test_ten_channels_by_every_coalition() -> None:
    rng = np.random.default_rng(1)
    letters = "ABCDEFGHIJ"
    paths: Paths = {
        tuple(letters[i] for i in rng.integers(0, 10, rng.integers(1, 6))): [
            int(rng.integers(0, 9)),
            int(rng.integers(1, 50)),
            0,
            0,
        ]
        for _ in range(60)
    }
    players = sorted({one for path in paths for one in path})
    assert len(players) == 10
    credit = attribute(table(paths), Shapley("rate_of_subsets"))
    wanted = slow.shapley(players, lambda s: slow.worth(paths, s, "rate_of_subsets"))
    assert close(by_channel(credit, "shapley"), wanted, 1e-11)


@pytest.mark.parametrize("game", GAMES[1:])
def test_samples_come_near(game: Any) -> None:
    paths = {
        tuple("AB"): [9, 11, 0, 90], tuple("A"): [2, 18, 0, 20], tuple("BC"): [5, 5, 0, 25],
        tuple("ABC"): [9, 1, 0, 45], tuple("C"): [1, 9, 0, 3],
    }  # fmt: skip
    true = by_channel(attribute(table(paths), Shapley(game)), "shapley")
    sampled = attribute(table(paths), Shapley(game, samples=1500), rng=np.random.default_rng(3))
    for one, value in by_channel(sampled, "shapley").items():
        assert value == pytest.approx(true[one], abs=0.05)  # five errors of a mean of 1,500
    assert sampled.conversions.sum() == pytest.approx(26)
    few = [
        attribute(table(paths), Shapley(game, samples=9), rng=np.random.default_rng(3))
        for _ in range(2)
    ]
    assert few[0] == few[1]


def test_many_channels_are_refused_or_sampled() -> None:
    paths = PathTable.from_counts(
        [(f"c{i:02}", f"c{i + 1:02}") for i in range(21)], [2] * 21, [3] * 21
    )
    with pytest.raises(
        InvalidInputError, match="channels must be at most 20 in a rate game: got 22"
    ):
        attribute(paths, Shapley("rate_of_subsets"))
    model = Shapley("rate_of_subsets", samples=50)
    credit = attribute(paths, model, rng=np.random.default_rng(1))
    assert credit.columns["shapley"].sum() == pytest.approx(2 / 5)
    assert attribute(paths, Shapley()).conversions.sum() == pytest.approx(42)
