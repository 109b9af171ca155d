"""Do the intervals of estimates cover what they say? By hand: ``.ci/slow simulations``.

Where an estimate has few outcomes, each is weighed by its probability and nothing is drawn; ratios
are simulated. ``python -m pytest -m slow -s`` of this file prints every cell; the tables are in
docs/explanation/interval-coverage.md.
"""

# ruff: noqa: T201 - what they find is printed
from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from customerops.model import Axis, Context, NetPromoterScore, Proportion, Rate, Ratio

pytestmark = pytest.mark.slow

Floats = NDArray[np.float64]
Cells = dict[str, tuple[float, ...]]

NOMINAL = 0.95
FAIR = (0.935, 0.965)
"""Where the mean coverage of a grid must lie."""

CONTEXT = Context("coverage")


def axis(n: int) -> Axis:
    return Axis("outcome", range(n), "state", disjoint=True)


def held(bounds: tuple[Any, Any], truth: float, chance: Floats) -> float:
    """Return the probability of the outcomes whose interval holds the truth."""
    low, high = bounds
    return float(chance[(low <= truth + 1e-12) & (truth - 1e-12 <= high)].sum())


def binomial(n: int, p: float) -> Floats:
    k = np.arange(n + 1)
    return np.exp(
        gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlogy(n - k, 1 - p)
    )


def shares(n: int) -> Proportion:
    parts = {"count": np.arange(n + 1), "total": np.full(n + 1, n)}
    return Proportion(axes=[axis(n + 1)], parts=parts, context=CONTEXT)


def report(title: str, head: str, cells: Cells) -> Floats:
    """Print a table and its means, and return the means by column."""
    table = np.array(list(cells.values()))
    print(f"\n{title}\n| {head} |")
    for name, row in cells.items():
        print(f"| {name} | " + " | ".join(f"{x:.3f}" for x in row) + " |")
    means = np.asarray(table.mean(axis=0))
    print("mean", *(f"{x:.3f}" for x in means), "least", *(f"{x:.3f}" for x in table.min(axis=0)))
    worst = sorted(cells, key=lambda name: cells[name][0])[:3]
    print("worst:", "; ".join(f"{name}: {cells[name][0]:.3f}" for name in worst))
    return means


def test_shares() -> None:
    cells: Cells = {}
    for n, p in product((10, 25, 50, 100, 400), (0.01, 0.05, 0.2, 0.5)):
        estimate, chance = shares(n), binomial(n, p)
        cells[f"{n} | {p:g}"] = tuple(
            held(estimate.interval(NOMINAL, method=method), p, chance)
            for method in ("wilson", "clopper-pearson")
        )
    wilson, exact = report("Proportion", "n | p | wilson | clopper-pearson", cells)
    assert FAIR[0] <= wilson <= FAIR[1]
    assert exact >= wilson
    assert min(row[1] for row in cells.values()) >= NOMINAL - 1e-9


def test_differences_of_shares() -> None:
    cells: Cells = {}
    for (n1, n2), (p1, p2) in product(
        ((25, 25), (25, 100), (100, 100), (200, 400)),
        ((0.02, 0.02), (0.05, 0.1), (0.2, 0.3), (0.5, 0.5), (0.1, 0.6)),
    ):
        both = np.indices((n1 + 1, n2 + 1)).reshape(2, -1)
        chance = np.outer(binomial(n1, p1), binomial(n2, p2)).ravel()
        first, second = (
            Proportion(
                axes=[axis(len(chance))],
                parts={"count": k, "total": np.full(len(k), n)},
                context=CONTEXT,
            )
            for k, n in zip(both, (n1, n2), strict=True)
        )
        bounds = first.difference(second).interval(NOMINAL)
        cells[f"{n1}, {n2} | {p1:g}, {p2:g}"] = (held(bounds, p1 - p2, chance),)
    (mean,) = report("Difference of proportions", "n | p | newcombe", cells)
    assert FAIR[0] <= mean <= FAIR[1]


def test_net_promoter_scores() -> None:
    cells: Cells = {}
    mixes = ((0.5, 0.2), (0.3, 0.3), (0.7, 0.1), (0.9, 0.02), (0.1, 0.6), (0.05, 0.05))
    for n, (up, down) in product((10, 25, 50, 100, 200), mixes):
        a, b = np.indices((n + 1, n + 1)).reshape(2, -1)
        a, b = a[a + b <= n], b[a + b <= n]
        c = n - a - b
        log = gammaln(n + 1) - gammaln(a + 1) - gammaln(b + 1) - gammaln(c + 1)
        chance = np.exp(log + xlogy(a, up) + xlogy(b, down) + xlogy(c, 1 - up - down))
        score = NetPromoterScore(
            axes=[axis(len(a))],
            parts={"promoters": a, "passives": c, "detractors": b},
            context=CONTEXT,
        )
        cells[f"{n} | {up:g}, {down:g}"] = tuple(
            held(score.interval(NOMINAL, method=method), 100 * (up - down), chance)
            for method in ("adjusted-wald", "trinomial")
        )
    adjusted, wald = report(
        "NetPromoterScore", "n | promoters, detractors | adjusted-wald | trinomial", cells
    )
    assert FAIR[0] <= adjusted <= FAIR[1]
    assert wald < adjusted


def test_poisson_rates() -> None:
    cells: Cells = {}
    for mean in (0.1, 0.5, 1, 2, 5, 10, 30, 100, 1000):
        k = np.arange(int(mean + 12 * mean**0.5 + 20))
        chance = np.exp(xlogy(k, mean) - mean - gammaln(k + 1))
        rate = Rate(
            axes=[axis(len(k))],
            parts={"events": k, "exposure": np.ones_like(k)},
            context=CONTEXT,
        )
        cells[f"{mean:g}"] = (held(rate.interval(NOMINAL), mean, chance),)
    report("Rate", "events expected | exact", cells)
    assert min(row[0] for row in cells.values()) >= NOMINAL - 1e-9


Draw = Callable[[np.random.Generator, int], tuple[NDArray[np.int64], NDArray[np.int64]]]


def opens(p: float, spread: float) -> Draw:
    """Messages of customers who get 1 to many, and open each with a probability of their own."""

    def draw(rng: np.random.Generator, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        sent = rng.geometric(0.2, size)
        own = rng.beta(p * spread, (1 - p) * spread, size)
        return rng.binomial(sent, own), sent

    return draw


def spend(sigma: float) -> Draw:
    """Orders of customers, each with a lognormal amount in cents, of mean 1000."""

    def draw(rng: np.random.Generator, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        orders = rng.geometric(0.4, size)
        of = np.repeat(np.arange(size), orders)
        amount = np.rint(1000 * rng.lognormal(-(sigma**2) / 2, sigma, len(of)))
        return np.bincount(of, weights=amount, minlength=size).astype(np.int64), orders

    return draw


RUNS = 2000
KINDS = {
    "opens, p 0.05": (opens(0.05, 4), 0.05),
    "opens, p 0.2": (opens(0.2, 4), 0.2),
    "opens, p 0.5": (opens(0.5, 4), 0.5),
    "opens, p 0.2, alike": (opens(0.2, 1000), 0.2),
    "value, sd 0.5 of log": (spend(0.5), 1000.0),
    "value, sd 1 of log": (spend(1.0), 1000.0),
}


def test_ratios_of_events_within_customers() -> None:
    rng = np.random.default_rng(20260101)
    cells: Cells = {}
    for n, (kind, (draw, truth)) in product((25, 50, 100, 400), KINDS.items()):
        x, y = draw(rng, RUNS * n)
        run = np.repeat(np.arange(RUNS), n)
        ratio = Ratio.from_rows(x, y, codes=run, axes=[axis(RUNS)], context=CONTEXT)
        even = np.full(RUNS, 1 / RUNS)
        share, naive = kind.startswith("opens"), np.nan
        if share:  # as if every message were a customer
            parts = {"count": ratio.parts["x"], "total": ratio.parts["y"]}
            each = Proportion(axes=ratio.axes, parts=parts, context=CONTEXT)
            naive = held(each.interval(NOMINAL), truth, even)
        method = "logit" if share else "log"
        scaled = held(ratio.interval(NOMINAL, method=method), truth, even)
        cells[f"{n} | {kind}"] = (held(ratio.interval(NOMINAL), truth, even), scaled, naive)
    report("Ratio", "customers | what | delta | logit or log | wilson on events", cells)
    fair = [
        row
        for name, row in cells.items()
        if name.startswith(("100", "400")) and "0.05" not in name
    ]
    assert FAIR[0] <= np.mean([row[0] for row in fair]) <= FAIR[1]
    assert FAIR[0] <= np.mean([row[1] for row in cells.values()]) <= FAIR[1]
    apart = [row for name, row in cells.items() if "opens" in name and "alike" not in name]
    assert np.mean([row[2] for row in apart]) < 0.8
