"""Whether fits find what made the data: 200 invented data sets of 5,000 customers each.

Of 200 intervals of 95 % that cover, between 182 and 198 hold the true parameter in all but one of
a thousand such runs, and the mean of the estimates lies within four standard errors of it.
"""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from customerops.metrics import BGNBD, NBD, GammaGamma, PurchaseSummary, fit
from tests.metrics.clv.recovery import CUSTOMERS, check, fits

pytestmark = pytest.mark.slow


def test_bgnbd() -> None:
    truth = BGNBD.of(r=0.6, alpha=6.0, a=0.9, b=3.0, unit="week")

    def one(rng: np.random.Generator) -> BGNBD:
        return fit(BGNBD, truth.simulate(CUSTOMERS, age=rng.uniform(26, 78, CUSTOMERS), rng=rng))

    check("BGNBD", attrs.asdict(truth.params), fits(one, seed=1))


def test_nbd() -> None:
    truth = NBD.of(r=0.6, alpha=6.0, unit="week")

    def one(rng: np.random.Generator) -> NBD:
        return fit(NBD, truth.simulate(CUSTOMERS, age=rng.uniform(26, 78, CUSTOMERS), rng=rng))

    check("NBD", attrs.asdict(truth.params), fits(one, seed=3))


def test_gamma_gamma() -> None:
    truth = GammaGamma.of(p=6.25, q=3.74, gamma=15.44)
    p, q, gamma = attrs.astuple(truth.params)

    def one(rng: np.random.Generator) -> GammaGamma:
        x = rng.geometric(0.4, CUSTOMERS)
        rate = rng.gamma(q, 1 / gamma, CUSTOMERS)
        cents = np.maximum(np.rint(100 * rng.gamma(p * x, 1 / rate)), 1).astype(int)
        return fit(GammaGamma, PurchaseSummary.from_arrays(x, x, x, cents))

    check("GammaGamma", attrs.asdict(truth.params), fits(one, seed=2))
