"""Chances and expectations so small that a float does not hold them."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from customerops.metrics import BGBB, BGNBD, MBGNBD, NBD, ParetoNBD, PurchaseSummary, fit
from customerops.metrics.clv.dropout import Dropout

SOME = PurchaseSummary.from_arrays([2, 0], [213, 0], [272, 272])


def test_pareto_long_after_the_death_of_all() -> None:
    """Next to no spread of dropout rates: -s log(1 + t / (beta + T)) is about -1000."""
    model = ParetoNBD.of(r=0.5, alpha=10, s=8e6, beta=8e7)
    later = model.log_probability_alive(SOME, at=10_000).values
    now = model.log_probability_alive(SOME).values
    survived = -8e6 * math.log1p(10_000 / (8e7 + 272 / 7))
    assert (later - now).tolist() == pytest.approx([survived] * 2, rel=1e-8)
    assert model.probability_alive(SOME, at=10_000).total == 0.0


def test_bgbb_long_after_the_death_of_all() -> None:
    """With gamma = delta the chance to survive an opportunity is a half and hardly varies."""
    weeks = PurchaseSummary.from_arrays([2, 0], [21, 0], [27, 27], ticks_per_unit=1)
    model = BGBB.of(alpha=1, beta=1, gamma=8e6, delta=8e6, unit="week")
    later = model.log_probability_alive(weeks, at=2000).values
    now = model.log_probability_alive(weeks).values
    survived = math.fsum(
        math.log((8e6 + 27 + i) / (16e6 + 27 + i)) for i in range(2000)
    )  # fmt: skip
    assert (later - now).tolist() == pytest.approx([survived] * 2, rel=1e-8)


@pytest.mark.parametrize(
    ("r", "a", "b", "s"),
    [
        (0.5, 5, 0.01, 1e15),
        (500, 3, 40, 1e6),
        (50, 50, 2, 1e5),
        (0.5, 0.5, 3, 1e300),
        (2000, 1000, 1000, 0.465),
        (0.25, 4, 2, 1e100),
    ],
)
def test_few_survivors(r: float, a: float, b: float, s: float) -> None:
    """The mean of (1 + p s)^-k over Beta(a, b) is Gauss's 2F1(k, a; a + b; -s)."""
    with mp.workdps(40):
        expected = float(mp.log(mp.hyp2f1(r, a, mp.mpf(a) + mp.mpf(b), -mp.mpf(s))))
    ours = Dropout(r, a, b).log_survival(np.array([0]), np.array([s]))
    assert ours.tolist() == pytest.approx([expected], rel=1e-12)


def test_many_few_survivors() -> None:
    """Those whose chance does not underflow agree with its logarithm, many at a time too."""
    dropout, x = Dropout(0.5, 9.0, 3.0), np.full(500, 4)
    s = np.geomspace(1e-3, 1e9, 500)
    logs = dropout.log_survival(x, s)
    assert logs.tolist() == pytest.approx(np.log(dropout.survival(x, s)).tolist(), rel=1e-9)
    one_by_one = [dropout.log_survival(x[i : i + 1], s[i : i + 1])[0] for i in range(0, 500, 25)]
    assert logs[::25].tolist() == pytest.approx(one_by_one, rel=1e-10)


@pytest.mark.parametrize("kind", [BGNBD, MBGNBD])
def test_dropout_at_purchases_long_after_the_death_of_all(kind: type[BGNBD | MBGNBD]) -> None:
    """Nobody differs: each purchase is survived by a half, so 1e-4 of 2F1's p matters to nothing."""
    model = kind.of(r=0.5, alpha=10, a=8e6, b=8e6)
    heavy = PurchaseSummary.from_arrays([2000], [2130], [2140])
    now, later = (model.log_probability_alive(heavy, at=at).total for at in (0, 10_000))
    k, s = 2000.5, 10_000 / (10 + 2140 / 7)
    assert later - now == pytest.approx(-k * math.log1p(s / 2), rel=1e-3)


def test_nobody_dies_without_dropout() -> None:
    assert NBD.of(r=0.5, alpha=10).log_probability_alive(SOME, at=1e9).values.tolist() == [0, 0]


@pytest.mark.parametrize("kind", [BGNBD, MBGNBD])
def test_one_who_is_dead_does_not_take_the_intervals_of_the_others(
    kind: type[BGNBD | MBGNBD],
) -> None:
    truth = BGNBD.of(r=0.7, alpha=10, a=0.8, b=2.5)
    fitted = fit(kind, truth.simulate(3000, age=52, rng=np.random.default_rng(7)))
    dead = PurchaseSummary.from_arrays([500], [520], [29_000])
    rows = fitted.expected_purchases(SOME + named(dead), horizon=10, confidence=0.9)
    alone = fitted.expected_purchases(SOME, horizon=10, confidence=0.9)
    assert [rows[name][2] for name in ("expected", "low", "high")] == [0.0, 0.0, 0.0]
    for name in ("expected", "low", "high"):
        assert rows[name][:2].tolist() == pytest.approx(alone[name].tolist(), rel=1e-9)
    low, high = fitted.interval_of(
        lambda model: model.expected_purchases(SOME, horizon=10).values, confidence=0.9
    )
    assert alone["low"].tolist() == pytest.approx(low.tolist(), rel=1e-9)
    assert alone["high"].tolist() == pytest.approx(high.tolist(), rel=1e-9)


def named(summary: PurchaseSummary) -> PurchaseSummary:
    """The same with an id that SOME has not."""
    return PurchaseSummary.from_arrays(summary.x, summary.t_x, summary.T, ids=[2])
