"""Whether BG/BB finds what made the data: 200 invented data sets of 5,000 customers each."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from customerops.metrics import BGBB, fit
from tests.metrics.clv.recovery import CUSTOMERS, check, fits

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("parameters", "ages"),
    [((1.204, 0.750, 0.657, 2.783), (6, 7)), ((0.8, 4.0, 0.6, 9.0), (12, 53))],
    ids=["donations", "weeks"],
)
def test_recovery(parameters: tuple[float, float, float, float], ages: tuple[int, int]) -> None:
    alpha, beta, gamma, delta = parameters
    truth = BGBB.of(alpha=alpha, beta=beta, gamma=gamma, delta=delta, unit="week")

    def one(rng: np.random.Generator) -> BGBB:
        many = rng.integers(*ages, CUSTOMERS)
        return fit(BGBB, truth.simulate(CUSTOMERS, age=many, rng=rng))

    check("BGBB", attrs.asdict(truth.params), fits(one, seed=4))
