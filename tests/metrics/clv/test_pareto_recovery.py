"""Whether the intervals of Pareto/NBD parameters hold what they promise, over many data sets."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from customerops.metrics import ParetoNBD, fit

TRUTH = ParetoNBD.of(r=0.55, alpha=10.6, s=0.61, beta=11.7)  # about that of CDNOW
SETS, CUSTOMERS = 200, 5_000


@pytest.mark.slow
def test_intervals_cover() -> None:
    """95 % intervals on the log scale cover in 95 % of the sets, but for four standard errors."""
    truth, rng = np.log(attrs.astuple(TRUTH.params)), np.random.default_rng(20)
    ages = np.linspace(26, 78, CUSTOMERS)
    covered, away = np.zeros((SETS, 4), np.bool_), np.zeros((SETS, 4))
    for i in range(SETS):
        model = fit(ParetoNBD, TRUTH.simulate(CUSTOMERS, age=ages, rng=rng))
        assert model.status == "regular"
        low, high = np.log(list(model.intervals(confidence=0.95).values())).T
        covered[i] = (low < truth) & (truth < high)
        away[i] = np.log(attrs.astuple(model.params)) - truth
    margin = 4 * np.sqrt(0.95 * 0.05 / SETS)
    assert (np.abs(covered.mean(0) - 0.95) < margin).all(), covered.mean(0)
    assert (np.abs(away.mean(0)) < 4 * away.std(0) / np.sqrt(SETS) + away.var(0)).all(), away.mean(
        0
    )
