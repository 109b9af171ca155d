"""Do the intervals cover what they say? Minutes, so only by hand: ``.ci/slow simulations``.

Every cell is printed, and ``python -m pytest -m slow -s`` of this file shows it. The tables are in
docs/explanation/survival-intervals.md.
"""

# ruff: noqa: T201 - what they find is printed
from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from customerops import InteractionLog
from customerops.metrics import gap_times, kaplan_meier, lapse_window, restricted_mean
from customerops.model import EventTable
from customerops.model.tables.tables import Context

pytestmark = pytest.mark.slow

Floats = NDArray[np.float64]

RUNS = 2000
SIZES = (25, 50, 100, 400)
CENSORED = {0.0: math.inf, 0.25: 3.9207, 0.5: 1.5936}
"""Share censored, and the end of the uniform time of censoring that gives it; lives last 1."""

DAYS = 720
BEGIN = dt.date(2024, 1, 1)


def lives(rng: np.random.Generator, n: int, until: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Draw exponential lives of mean 1, censored at a time uniform from 0 to `until`."""
    ends = rng.exponential(1, n)
    seen = np.full(n, until) if math.isinf(until) else rng.uniform(0, until, n)
    return np.minimum(ends, seen), ends <= seen


def bounds_at(curve: EventTable, times: list[float], method: str) -> list[tuple[float, float]]:
    """Return the band of a curve at some times."""
    low, high = curve.interval(method=method)  # type: ignore[arg-type]
    rows = np.searchsorted(curve.points, times, side="right") - 1
    return [(1.0, 1.0) if row < 0 else (low[row], high[row]) for row in rows.tolist()]


def share_held(
    bounds: list[list[tuple[float, float]]], truth: list[float]
) -> tuple[Floats, Floats]:
    """Return how many intervals hold the truth, of those there are; and how many there are."""
    low, high = np.moveaxis(np.array(bounds), 2, 0)  # each (runs, truths)
    there = ~np.isnan(low + high)
    held = (low <= np.array(truth)) & (np.array(truth) <= high)
    return np.asarray((held & there).sum(0) / there.sum(0)), np.asarray(there.mean(0))


@pytest.mark.parametrize("censored", CENSORED)
@pytest.mark.parametrize("n", SIZES)
def test_bands_of_kaplan_meier(n: int, censored: float) -> None:
    rng = np.random.default_rng([n, int(100 * censored)])
    shares = [0.8, 0.5, 0.3]
    times = [-math.log(share) for share in shares]
    curves = [kaplan_meier(*lives(rng, n, CENSORED[censored])) for _ in range(RUNS)]
    covered, there = share_held([bounds_at(c, times, "log-log") for c in curves], shares)
    plain, _ = share_held([bounds_at(c, times, "plain") for c in curves], shares)
    for share, *cells in zip(shares, covered, plain, there, strict=True):
        print(f"| {n} | {censored:.0%} | {share} | {' | '.join(f'{x:.3f}' for x in cells)} |")
    assert (covered > 0.93).all()


@pytest.mark.parametrize("censored", CENSORED)
@pytest.mark.parametrize("n", SIZES)
def test_intervals_of_the_restricted_mean(n: int, censored: float) -> None:
    rng = np.random.default_rng([n, int(100 * censored), 1])
    horizons = [0.5, 1.0, 1.5]
    means = [1 - math.exp(-horizon) for horizon in horizons]
    curves = [kaplan_meier(*lives(rng, n, CENSORED[censored])) for _ in range(RUNS)]
    found = [[restricted_mean(c, horizon=h) for h in horizons] for c in curves]
    covered, there = share_held([[m.interval() for m in row] for row in found], means)
    plain, _ = share_held([[m.interval(method="plain") for m in row] for row in found], means)
    for horizon, *cells in zip(horizons, covered, plain, there, strict=True):
        print(f"| {n} | {censored:.0%} | {horizon} | {' | '.join(f'{x:.3f}' for x in cells)} |")
    assert (covered[there > 0.9] > 0.925).all()  # who is seen to the horizon is no random choice


def buyers(rng: np.random.Generator, n: int) -> tuple[InteractionLog, list[list[int]]]:
    """Draw customers who each buy at a rate of their own, seen for 720 days from the first on.

    Rates are gamma with shape 1 and mean one in 60 days, so a customer is back within t days with
    probability t / (t + 60), and four in five are after 240.
    """
    first = rng.integers(0, 60, n)
    days: list[list[int]] = []
    for begin, rate in zip(first.tolist(), rng.gamma(1, 1 / 60, n).tolist(), strict=True):
        k = 10 + int(2 * DAYS * rate + 10 * math.sqrt(DAYS * rate))
        at = begin + np.cumsum(np.ceil(rng.exponential(1 / max(rate, 1e-9), k)))
        days.append([begin, *at[at < DAYS].astype(int).tolist()])
    log = InteractionLog.from_arrays(
        customer_id=np.repeat(np.arange(n), [len(own) for own in days]),
        at=[BEGIN + dt.timedelta(days=day) for own in days for day in own],
        kind=["purchase"] * sum(map(len, days)),
        tz=dt.UTC,
    )
    return log.until_day(BEGIN + dt.timedelta(days=DAYS - 1)), days


def pooled(days: list[list[int]]) -> EventTable:
    """Return Kaplan and Meier's estimate of all gaps together: what the library does not do."""
    done = [gap for own in days for gap in np.diff(own).tolist()]
    still = [DAYS - 1 - own[-1] for own in days]
    return EventTable.from_rows(
        done + still, [1] * len(done) + [0] * len(still), context=Context("pooled")
    )


def truth(t: float) -> float:
    """Return the share that is not back within t whole days; a gap is rounded up to them."""
    return 60 / (60 + t)


def test_the_window_of_customers_who_differ() -> None:
    log, days = buyers(np.random.default_rng(7), 20_000)
    wang_chang = lapse_window(log, quantile=0.8)
    first_gap = lapse_window(log, quantile=0.8, method="first_gap")
    completed = np.quantile([gap for own in days for gap in np.diff(own)], 0.8)
    found = {
        "true": 240,
        "Wang and Chang": wang_chang.value.days,
        "first gap": first_gap.value.days,
        "Kaplan-Meier of all gaps together": int(pooled(days).quantile(0.8)),
        "completed gaps alone": int(completed),
    }
    for name, window in found.items():
        print(f"| {name} | {window} |")
    assert abs(found["Wang and Chang"] - 240) < 12
    assert abs(found["first gap"] - 240) < 12
    assert found["Kaplan-Meier of all gaps together"] < 120
    assert found["completed gaps alone"] < 90


@pytest.mark.parametrize("n", [50, 200])
def test_bands_of_gaps(n: int) -> None:
    rng = np.random.default_rng([n, 3])
    times = (20, 60, 240)
    held = {(m, t): 0 for m in ("wang_chang", "first_gap") for t in times}
    width = dict.fromkeys(held, 0.0)
    runs = 500
    for _ in range(runs):
        gaps = gap_times(buyers(rng, n)[0])
        for m in ("wang_chang", "first_gap"):
            curve = gaps.curve(m)
            low, high = curve.interval()
            for t in times:
                row = int(np.searchsorted(curve.points, t, side="right")) - 1
                held[m, t] += low[row] <= truth(t) <= high[row]
                width[m, t] += (high[row] - low[row]) / runs
    for t in times:
        cells = [
            f"{held[m, t] / runs:.3f} | {width[m, t]:.3f}" for m in ("wang_chang", "first_gap")
        ]
        print(f"| {n} | {t} | {' | '.join(cells)} |")
        assert held["wang_chang", t] / runs > 0.93
        assert held["first_gap", t] / runs > 0.92
