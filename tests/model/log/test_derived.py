"""What metrics read from a log, in several blocks, against sets of Python objects."""

from __future__ import annotations

import datetime as dt
from itertools import groupby

import numpy as np
import pytest

from customerops.lifecycle import growth_accounting
from customerops.metrics import retention
from customerops.model import Calendar, InteractionLog, Rule, always
from customerops.model.log.derived import activity, first_rows
from customerops.model.rules.rules import as_rule

UTC = Calendar("UTC")
N = 300_000  # rows: more than two blocks
DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def log() -> InteractionLog:
    rng = np.random.default_rng(3)
    # one customer fills a block and more; the others have a few events each
    who = np.where(np.arange(N) < N // 2, 0, rng.integers(1, 40_000, N))
    day = rng.integers(0, 60, N)
    return InteractionLog.from_arrays(
        customer_id=who,
        at=np.datetime64("2026-01-01", "us") + day * np.timedelta64(86_400_000_000, "us"),
        kind=np.where(rng.random(N) < 0.2, "purchase", "use"),
        tz=dt.UTC,
    ).until(START + 60 * DAY)


def days_of(log: InteractionLog, rule: Rule) -> list[tuple[int, int]]:
    day = log.at // 86_400_000_000
    pairs = zip(log.codes.tolist(), day.tolist(), rule.mask(log).tolist(), strict=True)
    return sorted({(code, day) for code, day, held in pairs if held})


@pytest.mark.parametrize("rule", [always, as_rule("purchase"), as_rule("none")])
def test_activity_in_blocks(log: InteractionLog, rule: Rule) -> None:
    own = days_of(log, rule)
    found = activity(log, rule, "day", UTC)
    assert list(zip(found.codes.tolist(), found.ordinals.tolist(), strict=True)) == own
    weeks = sorted({(code, (day + 3) // 7) for code, day in own})  # 1970-01-01 was a Thursday
    found = activity(log, rule, "week", UTC)
    assert list(zip(found.codes.tolist(), found.ordinals.tolist(), strict=True)) == weeks
    leads = [i == 0 for _, run in groupby(weeks, lambda pair: pair[0]) for i, _ in enumerate(run)]
    assert found.first.tolist() == leads


@pytest.mark.parametrize("rule", [always, as_rule("purchase"), as_rule("none")])
def test_first_rows_in_blocks(log: InteractionLog, rule: Rule) -> None:
    first: dict[int, int] = {}
    for row, (code, held) in enumerate(zip(log.codes.tolist(), rule.mask(log), strict=True)):
        if held:
            first.setdefault(code, row)
    assert first_rows(log, rule).tolist() == list(first.values())


def test_first_rows_leave_out_customers_without_events(log: InteractionLog) -> None:
    bought = log.where("purchase")
    assert len(first_rows(bought, always)) == len(set(bought.codes.tolist())) < bought.n_customers


def test_growth_and_retention_in_blocks(log: InteractionLog) -> None:
    active: dict[int, set[int]] = {}
    for code, day in days_of(log, always):
        active.setdefault(day, set()).add(code)
    days = sorted(active)
    growth = growth_accounting(log, qualifies=always, period="day")
    kept = [len(active[day] & active.get(day - 1, set())) for day in days]
    assert growth.retained.tolist()[: len(days)] == kept
    seen: set[int] = set()
    cohorts = {}
    for day in days:
        cohorts[day] = active[day] - seen
        seen |= active[day]
    assert growth.new.tolist()[: len(days)] == [len(cohorts[day]) for day in days]
    table = retention(log, start=always, returning=always, period="day")
    for row, day in enumerate(days):
        back = [len(cohorts[day] & active[later]) for later in days if later >= day]
        assert table.count[row].tolist()[: len(back)] == back
