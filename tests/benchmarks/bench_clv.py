"""Customer-base models against lifetimes: fits, expected purchases, lifetime value.

Run by hand: ``python tests/benchmarks/bench_clv.py [customers] [repetitions]``. The CDNOW sample is
fitted first, then as many simulated customers as asked for, on daily ticks. Every result is checked
against the peer's before any time is taken.
"""

from __future__ import annotations

import functools
import sys
import time
import warnings
from pathlib import Path

import attrs
import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter

from customerops.metrics import (
    BGNBD,
    GammaGamma,
    ParetoNBD,
    PurchaseSummary,
    fit,
    lifetime_value,
)
from customerops.metrics.clv.pareto_kernel import Likelihood
from tests.benchmarks.harness import Times, interleave, machine, markdown
from tests.metrics import cdnow

Ints = NDArray[np.int64]

PEER_LIMIT = 100_000  # customers: the peer's Pareto/NBD takes a minute or two for so many


@attrs.frozen(eq=False)
class Base:
    """A customer base in columns, times in days, spend in cents over all repeat purchases."""

    x: Ints
    t_x: Ints
    T: Ints
    spend: Ints

    def summary(self) -> PurchaseSummary:
        """Return what our models take."""
        return PurchaseSummary.from_arrays(self.x, self.t_x, self.T, self.spend)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean spend of a repeat purchase, 0 without one, as the peer wants it."""
        return self.spend / np.maximum(self.x, 1) / 100

    def peer_purchases(self) -> BetaGeoFitter:
        """Fit the peer's purchase model."""
        return BetaGeoFitter().fit(self.x, self.t_x / 7, self.T / 7)

    def peer_pareto(self) -> ParetoNBDFitter:
        """Fit the peer's Pareto/NBD."""
        return ParetoNBDFitter().fit(self.x, self.t_x / 7, self.T / 7)

    def peer_spend(self) -> GammaGammaFitter:
        """Fit the peer's spend model."""
        again = self.x > 0
        return GammaGammaFitter().fit(self.x[again], self.mean[again])


def simulate(n: int, seed: int = 1) -> Base:
    """Return customers that buy and drop out as the models say, first seen within a year."""
    rng = np.random.default_rng(seed)
    rate, drop = rng.gamma(0.6, 1 / 40, n), rng.beta(0.9, 3.0, n)
    T = rng.integers(180, 546, n)
    x, t_x, now = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n)
    alive = np.arange(n)
    while len(alive):
        now[alive] += rng.exponential(1 / np.maximum(rate[alive], 1e-12))
        alive = alive[now[alive] < T[alive]]
        day = np.ceil(now[alive]).astype(np.int64)
        x[alive] += day > t_x[alive]  # two purchases of one day are one
        t_x[alive] = day
        alive = alive[rng.random(len(alive)) >= drop[alive]]
    own = rng.gamma(3.74, 1 / 15.44, n)
    cents = np.rint(100 * rng.gamma(6.25 * np.maximum(x, 1), 1 / own))
    return Base(x, t_x, T, np.where(x > 0, np.maximum(cents, 1), 0).astype(np.int64))


def row(name: str, times: dict[str, Times]) -> tuple[str, ...]:
    """Return a line of the table: the medians in milliseconds, and the ratio turn by turn."""
    ours, peer = times["customerops"], times["lifetimes"]
    return (
        name,
        f"{1e3 * ours.median:.1f}",
        f"{1e3 * peer.median:.1f}",
        peer.over(ours).spread(0),
    )


def _fit(model: type[BGNBD | GammaGamma], base: Base) -> BGNBD | GammaGamma:
    return fit(model, base.summary())


def fits(name: str, base: Base, repetitions: int) -> list[tuple[str, ...]]:
    """Time both fits; the peer's likelihood must not be higher, nor its parameters others."""
    models = [
        (BGNBD, "BG/NBD", base.peer_purchases), (GammaGamma, "Gamma-Gamma", base.peer_spend)
    ]  # fmt: skip
    lines = []
    for model, title, peer in models:
        found = np.array(attrs.astuple(_fit(model, base).params))
        np.testing.assert_allclose(peer().params_.to_numpy(), found, rtol=0.02)
        ours = functools.partial(_fit, model, base)
        times = interleave({"customerops": ours, "lifetimes": peer}, repetitions)
        lines.append(row(f"{title}, {name}", times))
    return lines


def pareto(name: str, base: Base) -> tuple[str, ...]:
    """Time Pareto/NBD in one turn: the peer takes minutes, so the one that is checked is timed.

    It stops a little below the top: its parameters are nearly ours, its likelihood is not higher.
    """
    ours = fit(ParetoNBD, base.summary())
    begin = time.perf_counter()
    peer = base.peer_pareto()
    theirs = time.perf_counter() - begin
    found = np.array(attrs.astuple(ours.params))
    # it starts at random and stops early: s and beta along their ridge differ by a few per cent
    np.testing.assert_allclose(peer.params_.to_numpy(), found, rtol=0.05)
    r, alpha, s, beta = peer.params_.tolist()
    rows, counts = base.summary().distinct("x", "t_x", "T")
    likelihood = Likelihood.of(rows["x"], rows["t_x"] / 7, rows["T"] / 7, counts)
    assert likelihood(np.log([r, alpha, s, beta]))[0] <= ours.log_likelihood * (1 - 1e-12)
    mine = interleave({"customerops": lambda: fit(ParetoNBD, base.summary())}, 3)
    return row(name, {**mine, "lifetimes": Times((theirs,) * 3)})


def predictions(name: str, base: Base, repetitions: int) -> list[tuple[str, ...]]:
    """Time expected purchases and a year's value of every customer, models and data at hand."""
    summary = base.summary()
    model, spend = fit(BGNBD, summary), fit(GammaGamma, summary)
    peer, peer_spend = base.peer_purchases(), base.peer_spend()
    peer.params_.iloc[:] = attrs.astuple(model.params)  # a prediction is of the same parameters
    peer_spend.params_.iloc[:] = attrs.astuple(spend.params)
    x, t_x, T = base.x, base.t_x / 7, base.T / 7
    columns = [pd.Series(column) for column in (x, t_x, T, base.mean)]

    def ours() -> NDArray[np.float64]:
        return model.expected_purchases(summary, horizon=26).values

    def theirs() -> NDArray[np.float64]:
        expected: NDArray[np.float64] = peer.predict(26, x, t_x, T)
        return expected

    def our_value() -> NDArray[np.float64]:
        year = lifetime_value(model, spend, summary, horizon=12 * 4.345, discount=0.1)
        return year.customers.values

    def their_value() -> NDArray[np.float64]:
        monthly = 1.1 ** (1 / 12) - 1
        value = peer_spend.customer_lifetime_value(
            peer, *columns, time=12, discount_rate=monthly, freq="W"
        )
        return np.asarray(value, np.float64)

    np.testing.assert_allclose(ours(), theirs(), rtol=1e-6)
    np.testing.assert_allclose(our_value(), their_value(), rtol=0.01)  # a month is 4.345 weeks
    pairs = {
        "expected purchases": (ours, theirs),
        "lifetime value, 12 months": (our_value, their_value),
    }
    return [
        row(f"{title}, {name}", interleave({"customerops": a, "lifetimes": b}, repetitions))
        for title, (a, b) in pairs.items()
    ]


def main(customers: int, repetitions: int) -> None:
    """Print the table."""
    warnings.simplefilter("ignore")  # the peer's
    summary = cdnow.summary()
    sample = Base(summary.x, summary.t_x, summary.T, summary.spend)
    lines = fits("CDNOW, 2,357 customers", sample, max(repetitions, 9))
    many = simulate(customers)
    name = f"{customers:,} customers"
    lines += fits(name, many, repetitions)
    if customers <= PEER_LIMIT:
        lines.append(pareto(f"Pareto/NBD, {name}", many))
    lines += predictions(name, many, repetitions)
    print(markdown(("", "customerops, ms", "lifetimes, ms", "ratio"), lines))
    print(machine("numpy", "scipy", "lifetimes"))


if __name__ == "__main__":
    main(
        *(
            int(each.replace("_", ""))
            for each in (sys.argv[1:] + ["100_000", "3"][len(sys.argv) - 1 :])
        )
    )
