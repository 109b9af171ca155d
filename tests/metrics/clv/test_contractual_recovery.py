"""Do fits find the truth, and do intervals cover it? Minutes, so only by hand.

Every cell is printed, and ``python -m pytest -m slow -s`` of this file shows it. The tables are in
docs/explanation/contractual-models.md.
"""

# ruff: noqa: T201 - what they find is printed
from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

from customerops.metrics import SBG, BdW, RenewalSummary, fit

pytestmark = pytest.mark.slow

RUNS = 200
CUSTOMERS = 5_000
COHORTS = 8  # started one term after the other: the oldest was up for 8 renewals, the last for 1

TRUTHS: dict[str, tuple[Any, tuple[float, float, float]]] = {
    "high end": (SBG, (0.668, 3.806, 1.0)),
    "regular": (SBG, (0.704, 1.182, 1.0)),
    "alike": (SBG, (8.0, 32.0, 1.0)),
    "high end, rising": (BdW, (0.259, 1.723, 1.584)),
    "regular, rising": (BdW, (0.523, 0.894, 1.196)),
    "falling": (BdW, (2.0, 6.0, 0.7)),
}


def drawn(rng: np.random.Generator, shape: tuple[float, float, float]) -> RenewalSummary:
    """Live through the story: a chance of one's own, and how many renewals are due."""
    alpha, beta, c = shape
    stay = 1.0 - rng.beta(alpha, beta, CUSTOMERS)
    with np.errstate(divide="ignore", over="ignore"):
        made = (rng.exponential(size=CUSTOMERS) / -np.log(stay)) ** (1.0 / c)
    made = np.floor(np.minimum(made, 1e6)).astype(int)  # renewals before the one that is missed
    due = rng.integers(1, COHORTS + 1, CUSTOMERS)
    survivors = {
        int(k): [int(np.count_nonzero((due == k) & (made >= t))) for t in range(k + 1)]
        for k in range(1, COHORTS + 1)
    }
    return RenewalSummary.from_survivors(survivors, term=(1, "year"))


@pytest.mark.parametrize("name", TRUTHS)
def test_intervals_cover(name: str) -> None:
    kind, shape = TRUTHS[name]
    known = {"alpha": shape[0], "beta": shape[1]} | ({"c": shape[2]} if kind is BdW else {})
    truth = kind.of(**known)
    values = attrs.astuple(truth.params)
    t = np.array([1, 8, 16])
    rng = np.random.default_rng([RUNS, list(TRUTHS).index(name)])
    regular, found, held = 0, [], []
    for _ in range(RUNS):
        model = fit(kind, drawn(rng, shape))
        if model.status != "regular":
            continue
        regular += 1
        found.append(np.log(attrs.astuple(model.params)))
        inside = [
            low <= v <= high
            for (low, high), v in zip(model.intervals().values(), values, strict=True)
        ]
        for interval, curve in (
            (model.survival_interval(t), truth.survival(t)),
            (model.retention_interval(t), truth.retention_rate(t)),
        ):
            inside += ((interval[0] <= curve) & (curve <= interval[1])).tolist()
        held.append(inside)
    covered = np.mean(held, axis=0)
    middle = np.exp(np.median(found, axis=0))
    cells = [*(f"{x:.3f}" for x in covered[:2]), f"{covered[2]:.3f}" if kind is BdW else "–"]
    cells += [f"{x:.3f}" for x in covered[len(values) :]]
    medians = " ".join(f"{x:.3g}" for x in middle)
    print(f"| {kind.__name__} | {name} | {regular / RUNS:.3f} | {medians} | {' | '.join(cells)} |")
    assert regular > 0.9 * RUNS
    assert (covered[len(values) :] > 0.91).all()  # of the curves
    assert (covered[: len(values)] > 0.85).all()
    np.testing.assert_allclose(middle, values, rtol=0.2)


@pytest.mark.parametrize(("name", "sets"), [("alike", 100), ("falling", 60)])
def test_refits_cover_where_customers_differ_little(name: str, sets: int) -> None:
    """Quantiles over refitted samples hold alpha and beta where standard errors hold too few."""
    kind, shape = TRUTHS[name]
    values = shape if kind is BdW else shape[:2]
    rng = np.random.default_rng(5)
    held = []
    for _ in range(sets):
        seen = drawn(rng, shape)
        refits = fit(kind, seen).intervals(
            method="bootstrap", summary=seen, rng=rng, repeats=100 if kind is SBG else 80
        )
        held.append(
            [low <= v <= high for (low, high), v in zip(refits.values(), values, strict=True)]
        )
    covered = np.mean(held, axis=0)
    print(f"| {kind.__name__} | {name}, bootstrap | {' | '.join(f'{x:.3f}' for x in covered)} |")
    assert (covered > 0.95 - 4 * np.sqrt(0.95 * 0.05 / sets)).all()
