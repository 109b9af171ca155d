"""Identities between metrics, on drawn logs and contracts: what must be so whatever the data.

Those of recurring revenue, the bridge that closes and gross against net retention, are with its
slow reading in ``tests/metrics/revenue``.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import Calendar, InteractionLog, metrics
from customerops.journey import funnel
from customerops.model import Spells, TierLevel, TierPolicy, first, tier_migration, tier_sizes
from customerops.testing import logs, spells

DAY, US = dt.timedelta(days=1), dt.timedelta(microseconds=1)
BERLIN = Calendar("Europe/Berlin")
KINDS = ["purchase", "use", "signup"]
TIERS = TierPolicy(
    levels=(
        TierLevel(key="base", threshold=Decimal(0)),
        TierLevel(key="silver", threshold=Decimal(1)),
        TierLevel(key="gold", threshold=Decimal(3)),
    ),
    qualify="purchase",
    measure="count",
    window=2,
)


@given(spells(), st.sampled_from(["week", "month", "quarter"]))
def test_who_was_there_stayed_or_left(book: Spells, period: Any) -> None:
    asked: Any = {"definition": "start_cohort", "period": period, "calendar": BERLIN}
    left: Any = metrics.churn_rate(book, **asked)
    kept: Any = metrics.retention_rate(book, **asked)
    assert np.array_equal(left.total, kept.total)
    assert np.array_equal(left.count + kept.count, left.total)
    shares = left.value + kept.value
    assert shares[~np.isnan(shares)] == pytest.approx(1)


@given(logs(days=100), st.integers(1, 120))
def test_who_was_active_still_is_or_is_not(log: InteractionLog, days: int) -> None:
    asked: Any = {
        "definition": "inactivity",
        "period": "month",
        "activity": KINDS,
        "within": days * DAY,
        "calendar": BERLIN,
    }
    left: Any = metrics.churn_rate(log, **asked)
    kept: Any = metrics.retention_rate(log, **asked)
    assert np.array_equal(left.count + kept.count, left.total)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_a_survival_curve_without_censoring_is_a_share(durations: list[int]) -> None:
    curve = metrics.kaplan_meier(durations, [1] * len(durations))
    for time in range(32):
        longer = sum(duration > time for duration in durations)
        assert curve.at(time) == pytest.approx(longer / len(durations), abs=1e-12)


@given(
    logs(days=100),
    st.sampled_from([None, 5 * DAY, 90 * DAY]),
    st.sampled_from(["customers", "totals"]),
    st.permutations(KINDS),
)
def test_a_funnel_never_widens(
    log: InteractionLog, within: dt.timedelta | None, count: Any, steps: list[str]
) -> None:
    found: Any = funnel(log, steps, within=within, count=count)
    assert (np.diff(np.asarray(found.counts)) <= 0).all()


@given(logs(days=100), st.integers(0, 150))
def test_a_migration_moves_everybody_once(log: InteractionLog, back: int) -> None:
    assert log.observed.end is not None
    since = log.observed.end - back * DAY - US
    moves = tier_migration(log, TIERS, since=since, calendar=BERLIN)
    before = tier_sizes(log, TIERS, as_of=since, calendar=BERLIN)
    there = dict(zip(before.axes[0].labels, np.atleast_1d(before.count).tolist(), strict=True))
    rows = np.asarray(moves.count).sum(axis=-1).tolist()
    assert dict(zip(moves.axes[0].labels, rows, strict=True)) == {
        level: n for level, n in there.items() if level in moves.axes[0].labels
    }
    assert sum(rows) == sum(there.values())


@given(logs(days=100))
def test_a_pooled_retention_is_the_sum_of_its_parts(log: InteractionLog) -> None:
    table = metrics.retention(
        log, start="signup", returning=KINDS, period="month", calendar=BERLIN
    )
    pooled = table.pooled()
    eligible = np.asarray(table.parts["total"])
    count = np.asarray(table.parts["count"])
    assert np.array_equal(np.atleast_1d(pooled.total), eligible.sum(axis=0))
    assert np.array_equal(
        np.atleast_1d(pooled.count), np.where(eligible > 0, count, 0).sum(axis=0)
    )


@given(logs(currency="EUR", days=100), st.sampled_from(["week", "month"]))
def test_periods_and_groups_make_the_total(log: InteractionLog, period: Any) -> None:
    by_period = metrics.average_order_value(log, period=period, calendar=BERLIN)
    groups: Any = metrics.average_order_value(
        log, period=period, calendar=BERLIN, by=first("plan")
    )
    assert groups.rollup("first_plan") == by_period
