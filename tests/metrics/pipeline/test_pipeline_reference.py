"""Pipeline metrics against folds of plain records, on thousands of random threads."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from customerops import metrics
from customerops.metrics import SalesStages
from customerops.model import Calendar, Interaction, InteractionLog, Money
from tests.reference import pipeline as slow
from tests.reference.service import parts

BERLIN = ZoneInfo("Europe/Berlin")
START = dt.datetime(2026, 3, 27, tzinfo=BERLIN).astimezone(dt.UTC)
STEP = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
ORDER = ("offer", "demo", "close")  # not the order of the alphabet
STAGES = SalesStages(ORDER)
SEEDS = range(4)


def draw(seed: int) -> tuple[list[Interaction], dt.datetime]:
    """Draw some threads a customer, on a grid of hours so that ties are common."""
    rng = random.Random(seed)
    names = [*ORDER, *ORDER, "won", "lost", None]
    seen = [
        Interaction(
            customer_id=who,
            at=START + STEP * rng.randrange(24 * 5),
            kind=rng.choice(["stage_change"] * 5 + ["call"]),
            name=rng.choice(names),
            thread_id=rng.choice(["a", "b", "c", None]),
            amount=Money.of_minor(rng.randrange(10**6), "EUR") if rng.random() < 0.4 else None,
        )
        for who in range(500)
        for _ in range(rng.randint(0, 10))
    ]
    return seen, START + STEP * rng.randrange(24 * 3, 24 * 5)


WORLDS = [draw(seed) for seed in SEEDS]


def log_of(seed: int) -> InteractionLog:
    seen, as_of = WORLDS[seed]
    log = InteractionLog.from_interactions(seen, calendar=Calendar("Europe/Berlin"))
    return log.until(as_of).by_thread()


def day(t: dt.datetime) -> dt.date:
    return t.astimezone(BERLIN).date()


def cells(table: Any, *more: str) -> dict[Any, tuple[int, ...]]:
    """Return the parts of each cell that has any, by its labels."""
    frame, names = table.to_frame(), ("n", "x", "y", "xx", "yy", "xy", *more)
    axes = [axis.name for axis in table.axes]
    out = {}
    for _, row in frame.iterrows():
        key = tuple(x.date() if hasattr(x, "date") else x for x in (row[a] for a in axes))
        out[key] = tuple(int(row[name]) for name in names)
    return {key: found for key, found in out.items() if any(found)}


@pytest.mark.parametrize("seed", SEEDS)
def test_win_rates(seed: int) -> None:
    found = slow.deals(*WORLDS[seed], ORDER)
    assert len(found) > 600
    done = [(d, d.closed, d.stage == "won") for d in found if d.closed is not None]
    log = log_of(seed)
    table = metrics.win_rate(log, stages=STAGES, definition="count", period="day")
    assert cells(table) == parts(((day(t),), d.customer, int(won), 1) for d, t, won in done)
    table = metrics.win_rate(log, stages=STAGES, definition="value", period="day")
    assert cells(table) == parts(
        ((day(t),), d.customer, d.amount * won, d.amount)
        for d, t, won in done
        if d.amount is not None
    )
    table = metrics.win_rate(log, stages=STAGES, definition="cohort", period="day")
    waits = Counter((day(d.created),) for d in found if d.closed is None)
    expected = parts(((day(d.created),), d.customer, int(d.stage == "won"), 1) for d in found)
    assert cells(table, "pending") == {k: (*v, waits[k]) for k, v in expected.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_conversions_of_stages(seed: int) -> None:
    found = slow.deals(*WORLDS[seed], ORDER)
    rows = [
        ((day(d.created), ORDER[i]), d, d.reached > i, d.reached > i or d.closed is not None)
        for d in found
        for i in range(len(ORDER))
        if d.reached >= i
    ]
    waits = Counter(cell for cell, _, _, settled in rows if not settled)
    for definition in ("settled", "cohort"):
        table = metrics.stage_conversion(
            log_of(seed),
            stages=STAGES,
            definition=definition,
            period="day",
        )
        expected = parts(
            (cell, d.customer, int(hit), 1)
            for cell, d, hit, settled in rows
            if settled or definition == "cohort"
        )
        none = (0,) * 6
        every = expected.keys() | waits.keys()
        assert cells(table, "pending") == {k: (*expected.get(k, none), waits[k]) for k in every}


@pytest.mark.parametrize("seed", SEEDS)
def test_times(seed: int) -> None:
    as_of = WORLDS[seed][1]
    found = slow.deals(*WORLDS[seed], ORDER)
    how: dict[Any, list[str]] = {"won": ["won"], "lost": ["lost"], "closed": ["won", "lost"]}
    for definition, ends in how.items():
        table = metrics.cycle_length(
            log_of(seed),
            stages=STAGES,
            definition=definition,
            unit=STEP,
        )
        counts = Counter(
            (((d.closed or as_of) - d.created) / STEP, d.stage in ends) for d in found
        )
        events = {at: n for at, n in zip(table.points, table.events, strict=True) if n}
        assert events == {at: n for (at, seen), n in counts.items() if seen}
        censored = {at: n for at, n in zip(table.points, table.censored, strict=True) if n}
        assert censored == {at: n for (at, seen), n in counts.items() if not seen}
    table = metrics.time_in_stage(log_of(seed), stages=STAGES, unit=STEP)
    expected: Counter[tuple[str, float, bool]] = Counter()
    for d in found:
        for stage, took in d.spent(as_of).items():
            expected[stage, took / STEP, d.stage != stage] += 1
    shown: Counter[tuple[str, float, bool]] = Counter()
    names = sorted(ORDER)
    for cell, at, events, censored in zip(
        table.cell, table.points, table.events, table.censored, strict=True
    ):
        shown[names[cell], at, True] += int(events)
        shown[names[cell], at, False] += int(censored)
    assert +shown == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_open(seed: int) -> None:
    as_of = WORLDS[seed][1]
    found = [d for d in slow.deals(*WORLDS[seed], ORDER) if d.closed is None]
    table = metrics.open_pipeline(log_of(seed), stages=STAGES)
    chances: dict[str, Any] = {"offer": "0.1", "demo": "0.333", "close": 1}
    exact = Fraction(0)
    for i, stage in enumerate(sorted(ORDER)):
        here = [d for d in found if d.stage == stage]
        amounts = [d.amount for d in here if d.amount is not None]
        assert (table.deals[i], table.priced[i]) == (len(here), len(amounts))
        assert table.amount[i] == sum(amounts)
        exact += sum(amounts) * Fraction(chances[stage])
    assert table.weighted(chances).minor == round(exact)
    for definition in ("created", "stage"):
        ages = metrics.pipeline_age(
            log_of(seed),
            stages=STAGES,
            definition=definition,
            unit=STEP,
        )
        since: dict[str, Counter[float]] = defaultdict(Counter)
        for d in found:
            start = d.created if definition == "created" else d.visits[-1][0]
            since[d.stage][(as_of - start) / STEP] += 1
        for i, stage in enumerate(sorted(ORDER)):
            mine = ages.cell == i
            pairs = zip(ages.points[mine].tolist(), ages.count[mine].tolist(), strict=True)
            assert dict(pairs) == since[stage]


@pytest.mark.parametrize("seed", SEEDS)
def test_velocity(seed: int) -> None:
    seen, as_of = WORLDS[seed]
    found = slow.deals(seen, as_of, ORDER)
    table = metrics.pipeline_velocity(log_of(seed), stages=STAGES, period="day")
    for i, label in enumerate(table.axes[0].labels):
        assert isinstance(label, dt.date)
        edges = [dt.datetime.combine(label + k * DAY, dt.time(), BERLIN) for k in (0, 1)]
        expected = slow.velocity(found, *(t.astimezone(dt.UTC) for t in edges))
        assert expected is not None
        many, value, rate, cycle = expected
        assert table.opportunities[i] == many
        assert table.average_value[i] == float(value / 100)
        assert table.win_rate[i] == float(rate)
        assert table.cycle_days[i] == float(cycle)
        if table.complete[i]:
            assert table.value[i] == float(many * value / 100 * rate / cycle)
    whole = metrics.pipeline_velocity(log_of(seed), stages=STAGES)
    far = [dt.datetime(y, 1, 1, tzinfo=dt.UTC) for y in (2000, 2100)]
    expected = slow.velocity(found, *far)
    assert expected is not None
    assert whole.value == float(expected[0] * expected[1] / 100 * expected[2] / expected[3])


@pytest.mark.parametrize("seed", SEEDS)
def test_lead_scores(seed: int) -> None:
    seen, as_of = WORLDS[seed]
    log = InteractionLog.from_interactions(seen).until(as_of)
    worth = {"stage_change": 3.0, "call": -7.5}
    scores = metrics.lead_scores(log, points=list(worth.items()), half_life=7 * STEP)
    rows = zip(scores.ids.tolist(), scores.columns["score"].tolist(), strict=True)
    assert len(scores) > 400
    for who, score in rows:
        own = [x for x in seen if x.customer_id == who and x.at <= as_of]
        expected = slow.score([(worth[x.kind], as_of - x.at) for x in own], 7 * STEP)
        assert score == pytest.approx(expected, rel=1e-12, abs=1e-12)
