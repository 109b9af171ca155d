"""Do experiments say what is so, as often as they say? By hand: ``.ci/slow simulations``.

``python -m pytest -m slow -s`` of this file prints every cell; the tables are in
docs/explanation/uplift.md. What has few outcomes is weighed by its probability, and nothing drawn.
"""

# ruff: noqa: T201 - what they find is printed
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from customerops.metrics import (
    Uplift,
    difference_in_differences_from_outcomes,
    power,
    sample_ratio_check,
    sample_size,
    uplift_from_counts,
    uplift_from_outcomes,
)

pytestmark = pytest.mark.slow

Floats = NDArray[np.float64]
DRAWS = 4000
NOMINAL = 0.95
FAIR = 0.015
"""How far a share of draws may be from what it should be: four standard errors."""

ADJUSTED, PLAIN = (
    uplift_from_outcomes([1, 2, 3, 4], [1, 1, 0, 0], control=0, covariate=x)
    for x in ([1, 2, 2, 1], None)
)


def lift_of(y: NDArray[Any], x: NDArray[Any] | None, treated: int) -> Uplift:
    """Return the uplift of whole numbers, the treated first."""
    sides = (slice(treated, None), slice(treated))
    other = np.zeros_like(y) if x is None else x
    columns = {"y": y, "x": other, "yy": y * y, "xx": other * other, "xy": y * other}
    parts = {name: [int(column[side].sum()) for side in sides] for name, column in columns.items()}
    parts |= {"n": [len(y) - treated, treated], "immature": [0, 0]}
    return attrs.evolve(PLAIN if x is None else ADJUSTED, parts=parts)


def report(title: str, head: str, cells: dict[str, tuple[float, ...]]) -> Floats:
    """Print a table, and return its numbers."""
    print(f"\n{title}\n| {head} |")
    for name, row in cells.items():
        print(f"| {name} | " + " | ".join(f"{x:.3f}" for x in row) + " |")
    return np.array(list(cells.values()))


# -- how customers are -----------------------------------------------------------------------------

Draw = Callable[[np.random.Generator, int, float], tuple[NDArray[Any], NDArray[Any]]]
"""Outcome and covariate of some customers; the mean of the outcome grows by a share."""


def spend(rng: np.random.Generator, n: int, gain: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """One in three buys, for a lognormal amount in cents; habits carry over from before."""
    habit = rng.normal(size=n)
    chance = 1 / (1 + np.exp(0.9 - habit))
    before, after = (
        np.rint(
            (rng.random(n) < chance) * np.exp(7 + 0.5 * habit + 0.5 * rng.normal(size=n)) * grown
        )
        for grown in (1, 1 + gain)
    )
    return after.astype(np.int64), before.astype(np.int64)


def orders(rng: np.random.Generator, n: int, gain: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """A rate of one order each, gamma over customers, Poisson before and after."""
    rate = rng.gamma(1.0, 1.0, n)
    return rng.poisson(rate * (1 + gain)), rng.poisson(rate)


def buyers(rng: np.random.Generator, n: int, gain: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Whether they bought, now and before; the chance is beta over customers, 0.2 on average."""
    chance = rng.beta(0.8, 3.2, n)
    return (
        (rng.random(n) < chance * (1 + gain)).astype(np.int64),
        (rng.random(n) < chance).astype(np.int64),
    )


@cache
def mean_of(draw: Draw, gain: float) -> float:
    return float(np.mean(draw(np.random.default_rng(1), 4_000_000, gain)[0]))


KINDS: dict[str, Draw] = {"buyers": buyers, "orders": orders, "spend": spend}
SIZES = ((100, 100), (400, 400), (100, 900))
GAIN = 0.2


def test_differences_and_ratios_cover() -> None:
    cells: dict[str, tuple[float, ...]] = {}
    for (name, draw), (n, m) in ((k, s) for k in KINDS.items() for s in SIZES):
        rng = np.random.default_rng(2026)
        control, treated = mean_of(draw, 0.0), mean_of(draw, GAIN)
        truth = treated - control, treated / control
        held = np.zeros(5)
        narrower, shrunk = np.zeros(DRAWS), np.zeros(DRAWS)
        for i in range(DRAWS):
            (a, before_a), (b, before_b) = draw(rng, n, GAIN), draw(rng, m, 0.0)
            y, x = np.concatenate((a, b)), np.concatenate((before_a, before_b))
            plain, adjusted = lift_of(y, None, n), lift_of(y, x, n)
            intervals = [
                (plain.interval(), truth[0]),
                (adjusted.interval(), truth[0]),
                (plain.defined_as("ratio").interval(), truth[1]),
                (plain.defined_as("ratio").interval(method="fieller"), truth[1]),
                (adjusted.defined_as("ratio").interval(), truth[1]),
            ]
            held += [low[0] <= true <= high[0] for (low, high), true in intervals]
            widths = [high[0] - low[0] for (low, high), _ in intervals[:2]]
            narrower[i], shrunk[i] = widths[1] / widths[0], adjusted.variance_reduction[0]
        cells[f"{name} | {n}, {m}"] = (*held / DRAWS, float(narrower.mean()), float(shrunk.mean()))
    head = "outcome | n | welch | cuped | log | fieller | log, cuped | width | variance"
    table = report("Uplift", head, cells)
    for column in table[:, :5].T:
        assert abs(column.mean() - NOMINAL) < FAIR
        assert column.min() > 0.92
    assert (table[:, 5] < 1).all()  # CUPED narrows, on average


def test_what_does_not_go_with_it_costs_nothing() -> None:
    """A covariate that has nothing to do with the outcome."""
    cells: dict[str, tuple[float, ...]] = {}
    rng = np.random.default_rng(2026)
    for n in (20, 100, 400):
        held, plain, widths = 0, 0, np.zeros(DRAWS)
        for i in range(DRAWS):
            y, x = rng.poisson(3.0, 2 * n), rng.poisson(3.0, 2 * n)
            low, high = lift_of(y, x, n).interval()
            bare_low, bare_high = lift_of(y, None, n).interval()
            held += low[0] <= 0 <= high[0]
            plain += bare_low[0] <= 0 <= bare_high[0]
            widths[i] = (high[0] - low[0]) / (bare_high[0] - bare_low[0])
        cells[f"{n}, {n}"] = (plain / DRAWS, held / DRAWS, float(widths.mean()))
    table = report("CUPED by what says nothing", "n | welch | cuped | width", cells)
    assert (np.abs(table[1:, :2] - NOMINAL) < FAIR).all()
    assert (table[:, 2] <= 1).all()


def test_difference_in_differences_covers() -> None:
    cells: dict[str, tuple[float, ...]] = {}
    for n, m in ((25, 25), (100, 100), (50, 400)):
        rng = np.random.default_rng(3)
        held = found = 0
        arms = ["t"] * n + ["c"] * m
        for _ in range(DRAWS // 2):
            rate = rng.gamma(1.0, 1.0, n + m) * np.where(np.arange(n + m) < n, 3, 1)
            season, effect = 0.5, 0.4
            before = rng.poisson(rate)
            after = rng.poisson(rate + season + effect * (np.arange(n + m) < n))
            did = difference_in_differences_from_outcomes(before, after, arms=arms, control="c")
            low, high = did.interval()
            held += low <= effect <= high
            late = lift_of(after, None, n).interval()  # as if the groups had been alike
            found += late[0][0] <= effect <= late[1][0]
        cells[f"{n}, {m}"] = held / (DRAWS // 2), found / (DRAWS // 2)
    table = report("Difference in differences", "n | did | after alone", cells)
    assert (np.abs(table[:, 0] - NOMINAL) < 0.02).all()
    assert (table[:, 1] < 0.5).all()


# -- sample ratios ---------------------------------------------------------------------------------


def binomial(n: int, p: float) -> Floats:
    k = np.arange(n + 1)
    return np.exp(
        gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlogy(n - k, 1 - p)
    )


def flagged(n: int, planned: float, true: float) -> float:
    """Return the chance that a ratio is flagged, over every outcome."""
    from scipy.special import chdtrc

    k, chance = np.arange(n + 1), binomial(n, true)
    weights = [planned, 1 - planned]
    likely = np.flatnonzero(chance > 1e-12).tolist()

    def checked(i: int) -> float:
        return sample_ratio_check([i, n - i], weights=weights).p_value

    if sample_ratio_check([n, 0], weights=weights).method == "exact":
        p = np.array([checked(i) for i in likely])
    else:  # all at once, and the function itself at a few
        p = chdtrc(1, (k - n * planned) ** 2 / (n * planned * (1 - planned)))[likely]
        for place in range(0, len(likely), max(1, len(likely) // 20)):
            assert p[place] == pytest.approx(checked(likely[place]))
    return float(chance[likely][p < 0.001].sum())


def test_false_alarms_and_mismatches_found() -> None:
    cells: dict[str, tuple[float, ...]] = {}
    for n, planned in ((60, 0.05), (200, 0.5), (2000, 0.5), (2000, 0.1), (20_000, 0.5)):
        moved = (planned, planned + 0.02, planned + 0.05)
        cells[f"{n} | {planned:g}"] = tuple(flagged(n, planned, true) for true in moved)
    print("\nSample ratios\n| n | planned | false alarms | + 0.02 | + 0.05 |")
    for name, row in cells.items():
        print(f"| {name} | {row[0]:.5f} | {row[1]:.3f} | {row[2]:.3f} |")
    table = np.array(list(cells.values()))
    assert (table[:, 0] < 0.0015).all()
    assert (np.diff(table, axis=1) > 0).all()
    # of 20,000 and 0.52: (0.02 * sqrt(20000) * 2 - 3.29) standard errors, by the normal
    assert table[4, 1] == pytest.approx(0.991, abs=0.003)


# -- power -----------------------------------------------------------------------------------------


def test_power_is_what_is_found() -> None:
    cells: dict[str, tuple[float, ...]] = {}
    for baseline, effect, allocation in ((0.1, 0.05, 1.0), (0.1, -0.05, 1.0), (0.3, 0.1, 4.0)):
        size = sample_size(baseline=baseline, effect=effect, allocation=allocation)
        n, m = size.control, size.treated
        chance = np.outer(binomial(n, baseline), binomial(m, baseline + effect))
        some, other = (np.flatnonzero(chance.sum(axis=a) > 1e-9) for a in (1, 0))
        total = 0.0
        for c in some.tolist():
            pooled = (c + other) / (n + m)
            z = (other / m - c / n) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
            total += float(chance[c, other][np.abs(z) > 1.959964].sum())
        t = int(other[len(other) // 2])
        found = uplift_from_counts({"c": (int(some[0]), n), "t": (t, m)}, control="c")
        pooled_one = (int(some[0]) + t) / (n + m)
        z_one = float(found) / np.sqrt(pooled_one * (1 - pooled_one) * (1 / n + 1 / m))
        assert (found.p_values()[0] < 0.05) == (abs(z_one) > 1.959964)  # the same test
        cells[f"share {baseline:g} {effect:+g} | {n}, {m}"] = size.power, total
    rng = np.random.default_rng(11)
    for d, n, m in ((0.5, 64, 64), (1.0, 10, 30)):
        hits = 0
        for _ in range(DRAWS):
            y = np.rint(1000 * rng.normal(size=n + m)).astype(np.int64)
            y[:m] += int(1000 * d)
            hits += lift_of(y, None, m).p_values()[0] < 0.05
        cells[f"mean {d:+g} sd | {n}, {m}"] = (
            power(effect=d, sd=1, control=n, treated=m),
            hits / DRAWS,
        )
    table = report("Power", "effect | n | computed | found", cells)
    assert (np.abs(table[:3, 0] - table[:3, 1]) < 0.015).all()
    assert (np.abs(table[3:, 0] - table[3:, 1]) < 0.02).all()
