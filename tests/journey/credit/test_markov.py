"""Removal effects against taking each channel out, by equations and by walks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import (
    Linear,
    Markov,
    PathTable,
    attribute,
)
from customerops.journey.credit.attribution import blocks_of
from customerops.journey.credit.chains import chain_of
from tests.journey.credit.counts import (
    CASES,
    Paths,
    by_channel,
    close,
    counted,
    table,
)
from tests.reference import attribution as slow


@pytest.mark.parametrize("order", [1, 2, 3])
@given(paths=counted())
def test_removal_effects_equal_removing_each(paths: Paths, order: int) -> None:
    credit = attribute(table(paths), Markov(order))
    wanted = slow.removal_effects(paths, order)
    assert close(by_channel(credit, "removal_effect"), wanted)
    worth = slow.removal_effects(paths, order, part=3)
    assert close(by_channel(credit, "value_removal_effect"), worth)
    total = sum(row[0] for row in paths.values())
    effects = [one for one in wanted.values() if one is not None]
    shares = {a: total * e / sum(effects) if e is not None else 0 for a, e in wanted.items()}
    assert close(by_channel(credit), shares)
    assert credit.value.sum() == pytest.approx(sum(row[3] for row in paths.values()))


@given(counted("ABCDE", 12), st.sampled_from([2, 3]))
def test_walks_and_equations_agree(paths: Paths, order: int) -> None:
    ((_, channels, block),) = blocks_of(table(paths))
    chain = chain_of(block, order)
    walked = chain.removal_effects(len(channels))
    solved = chain.removal_effects(len(channels), steps=0)
    np.testing.assert_allclose(walked, solved, rtol=1e-12, atol=1e-13)


def test_long_paths_are_solved() -> None:
    """One path of 40,000 touches is under way too long to be followed."""
    paths = table({("A", "B") * 20_000: [1, 1, 0, 0], ("A",): [1, 3, 0, 0]})
    for order in (2, 3):
        effects = by_channel(attribute(paths, Markov(order)), "removal_effect")
        assert effects == {"A": pytest.approx(1), "B": pytest.approx(0.5)}


def test_effects_are_those_of_random_walks() -> None:
    """Twenty thousand walks lose what is computed, within five standard errors."""
    case = CASES["markov_small_order2"]
    paths = PathTable.from_counts(*zip(*case["paths"], strict=True), separator=">")
    credit = attribute(paths, Markov(2))
    moves: dict[Any, tuple[list[Any], list[float]]] = {}
    for before, rows in credit.transitions().groupby("history", sort=False):
        moves[before] = (rows["next"].tolist(), rows["probability"].tolist())
    rng, n = np.random.default_rng(5), 20_000
    draws = iter(rng.random(12 * n))
    lost, converted = dict.fromkeys("ABC", 0), 0
    for _ in range(n):
        history: tuple[Any, ...] = ()
        seen: set[Any] = set()
        while True:
            nexts, chances = moves[history]
            at = int(np.searchsorted(np.cumsum(chances), next(draws)))
            step = nexts[min(at, len(nexts) - 1)]
            if isinstance(step, tuple):
                break
            seen.add(step)
            history = (*history, step)[-2:]
        if step == ("converted",):
            converted += 1
            for one in seen:
                lost[one] += 1
    for one, effect in by_channel(credit, "removal_effect").items():
        error = math.sqrt(effect * (1 - effect) / converted)
        assert abs(lost[one] / converted - effect) < 5 * error


PEER = {
    1: ([0.626277, 0.577597, 0.495991], [0.591169, 0.577882, 0.669229]),
    2: ([0.761486, 0.699918, 0.492974], [0.638310, 0.862451, 0.668985]),
    3: ([0.830409, 0.726657, 0.491898], [0.902793, 0.831420, 0.667357]),
}
"""Removal effects of conversions and of value, as ChannelAttribution 2.2.5 simulates them."""


@pytest.mark.parametrize("order", [1, 2, 3])
def test_effects_are_those_of_a_simulation_elsewhere(order: int) -> None:
    rows = [*CASES["markov_small_order2"]["paths"], ["B>B>A", 4, 4]]
    value = [100, 500, 20, 1000, 900, 60, 3000, 60, 400]
    paths, conversions, nulls = zip(*rows, strict=True)
    told = PathTable.from_counts(paths, conversions, nulls, value, separator=">")
    credit = attribute(told, Markov(order))
    for column, wanted in zip(
        ("removal_effect", "value_removal_effect"), PEER[order], strict=True
    ):
        np.testing.assert_allclose(credit.columns[column], wanted, atol=0.007)


def test_without_nulls_effects_are_reach() -> None:
    paths = table({("A", "B"): [3, 0, 0, 0], ("B",): [1, 0, 0, 0]})
    effects = by_channel(attribute(paths, Markov()), "removal_effect")
    assert effects == {"A": pytest.approx(0.75), "B": pytest.approx(1.0)}


def test_markov_shares_no_debts() -> None:
    with pytest.raises(InvalidInputError, match="value must not be negative for Markov"):
        attribute(table({("A",): [1, 0, 0, -5]}), Markov())


def test_the_chain_is_shown() -> None:
    paths = table({("A", "B"): [1, 1, 0, 0], ("B",): [1, 0, 0, 0]})
    told = attribute(paths, Markov(2)).transitions()
    assert told.to_dict("split")["data"] == [
        [(), "A", 2, 2 / 3],
        [(), "B", 1, 1 / 3],
        [("A",), "B", 2, 1.0],
        [("B",), ("converted",), 1, 1.0],
        [("A", "B"), ("converted",), 1, 0.5],
        [("A", "B"), ("null",), 1, 0.5],
    ]
    assert told.columns.tolist() == ["history", "next", "count", "probability"]
    with pytest.raises(InvalidInputError, match="model must be Markov to have transitions"):
        attribute(paths, Linear()).transitions()
