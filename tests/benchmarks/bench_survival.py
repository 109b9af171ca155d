"""Survival against lifelines: Kaplan-Meier on whole days and on continuous times, and log-rank.

Run by hand: ``python tests/benchmarks/bench_survival.py [lives] [repetitions]``, in an environment
of its own with lifelines, which wants an older pandas than ours. Curves are checked against each
other before any time is taken. Both make the curve and its interval.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lifelines import KaplanMeierFitter  # type: ignore[import-not-found]
from lifelines.statistics import multivariate_logrank_test  # type: ignore[import-not-found]

from customerops.metrics import kaplan_meier, logrank
from tests.benchmarks.harness import Times, interleave, machine, markdown

Floats = NDArray[np.float64]


def lives(n: int, seed: int = 1) -> tuple[Floats, NDArray[np.bool_], NDArray[np.int64]]:
    """Return days until the end or until it was last seen, which of the two, and a group."""
    rng = np.random.default_rng(seed)
    ends, seen = rng.exponential(300, n), rng.uniform(0, 730, n)
    return np.minimum(ends, seen), ends <= seen, rng.integers(0, 4, n)


def row(name: str, times: dict[str, Times]) -> tuple[str, ...]:
    """Return a line of the table: the medians in milliseconds, and the ratio turn by turn."""
    ours, peer = times["customerops"], times["lifelines"]
    return (
        name,
        f"{1e3 * ours.median:.1f}",
        f"{1e3 * peer.median:.1f}",
        peer.over(ours).spread(1),
    )


def main(n: int, repetitions: int) -> None:
    """Print the table."""
    warnings.simplefilter("ignore")  # the peer's
    durations, seen, group = lives(n)
    days = durations.astype(np.int64)
    lines = []
    for name, T in (("continuous times", durations), ("whole days", days)):

        def ours(T: NDArray[Any] = T) -> tuple[Floats, Floats]:
            return kaplan_meier(T, seen).interval()

        def theirs(T: NDArray[Any] = T) -> KaplanMeierFitter:
            return KaplanMeierFitter().fit(T, seen)

        band = theirs().confidence_interval_.to_numpy()[1:]  # the first row is that of time 0
        mine = np.stack(ours(), axis=1)
        np.testing.assert_allclose(mine[-len(band) :][:-1], band[:-1], rtol=1e-6)
        times = interleave({"customerops": ours, "lifelines": theirs}, repetitions)
        lines.append(row(f"Kaplan-Meier with interval, {name}", times))

    def our_test() -> float:
        return logrank(days, seen, by=group).statistic

    def their_test() -> float:
        return float(multivariate_logrank_test(days, group, seen).test_statistic)

    np.testing.assert_allclose(our_test(), their_test(), rtol=1e-8)
    times = interleave({"customerops": our_test, "lifelines": their_test}, repetitions)
    lines.append(row("log-rank, 4 groups, whole days", times))
    print(f"{n:,} lives\n")
    print(markdown(("", "customerops, ms", "lifelines, ms", "ratio"), lines))
    print(machine("numpy", "pandas", "lifelines"))


if __name__ == "__main__":
    main(
        *(
            int(each.replace("_", ""))
            for each in (sys.argv[1:] + ["1_000_000", "5"][len(sys.argv) - 1 :])
        )
    )
