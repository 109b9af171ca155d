"""Whether MBG/NBD finds what made the data: 200 invented data sets of 5,000 customers each."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from customerops.metrics import MBGNBD, fit
from tests.metrics.clv.recovery import CUSTOMERS, check, fits

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "parameters", [(0.6, 6.0, 0.9, 3.0), (0.525, 6.183, 0.891, 1.614)], ids=["", "CDNOW"]
)
def test_recovery(parameters: tuple[float, float, float, float]) -> None:
    r, alpha, a, b = parameters
    truth = MBGNBD.of(r=r, alpha=alpha, a=a, b=b, unit="week")

    def one(rng: np.random.Generator) -> MBGNBD:
        return fit(MBGNBD, truth.simulate(CUSTOMERS, age=rng.uniform(26, 78, CUSTOMERS), rng=rng))

    check("MBGNBD", attrs.asdict(truth.params), fits(one, seed=3))
