"""Dormancy: by hand, and against plain histories."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import dormancy_rate
from customerops.model import Customer, Interaction, InteractionLog, Window, inactivity_spells
from tests.metrics.health.draws import BERLIN, CALENDAR, DAY, HOUR, SEEDS, US, draw, log_of
from tests.reference import episodes as slow

T0 = dt.datetime(2026, 1, 1, tzinfo=BERLIN)


def log(*rows: tuple[str, str, dt.timedelta], as_of: dt.timedelta) -> InteractionLog:
    seen = [Interaction(customer_id=w, kind=k, at=T0 + after) for w, k, after in rows]
    return InteractionLog.from_interactions(seen, calendar=CALENDAR).until(T0 + as_of)


ROWS = (
    ("a", "use", 0 * DAY),
    ("a", "use", 9 * DAY),
    ("b", "signup", 0 * DAY),  # never active
    ("c", "use", 5 * DAY),
    ("c", "signup", 40 * DAY),
)
ASK: dict[str, Any] = {"within": 10 * DAY, "activity": "use"}


@pytest.mark.parametrize(
    ("as_of", "count", "total"),
    [
        (0 * DAY, 1, 2),
        (10 * DAY, 1, 3),
        (15 * DAY - US, 1, 3),
        (15 * DAY, 2, 3),  # silent for exactly so long
        (19 * DAY - US, 2, 3),
        (19 * DAY, 3, 3),
    ],
)
def test_dormant_now(as_of: dt.timedelta, count: int, total: int) -> None:
    rate = dormancy_rate(log(*ROWS, as_of=as_of), **ASK)
    assert (rate.count, rate.total) == (count, total)


def test_dormant_at_the_end_of_each_month() -> None:
    known = log(*ROWS, ("d", "use", 31 * DAY - US), as_of=45 * DAY)
    rate = dormancy_rate(known, **ASK, period="month")
    assert (rate.count.tolist(), rate.total.tolist()) == ([3, 4], [4, 4])
    assert rate.value[0] == 0.75
    assert math.isnan(rate.value[1])
    year = Window(T0, dt.datetime(2026, 5, 1, tzinfo=BERLIN))
    longer = dormancy_rate(known, **ASK, period="month", over=year)
    assert longer.total.tolist() == [4, 4, 0, 0]
    assert longer.count.tolist() == [3, 4, 0, 0]


def test_members_are_dormant_from_when_they_join() -> None:
    rate = dormancy_rate(log(*ROWS, as_of=41 * DAY), **ASK, members="signup")
    assert (rate.count, rate.total) == (2, 2)
    soon = dormancy_rate(
        log(("a", "use", 0 * DAY), ("a", "signup", 3 * DAY), as_of=5 * DAY),
        **ASK,
        members="signup",
    )
    assert (soon.count, soon.total) == (0, 1)
    people = [Customer(id=w, country=c) for w, c in (("a", "DE"), ("b", "FR"), ("c", "FR"))]
    by = dormancy_rate(log(*ROWS, as_of=12 * DAY).with_customers(people), **ASK, by="country")
    assert by.value.tolist() == [0.0, 0.5]
    assert math.isnan(dormancy_rate(log(as_of=DAY), **ASK).value)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("members", [None, "signup"])
@pytest.mark.parametrize("within", [1 * HOUR, 17 * HOUR, 60 * HOUR])
def test_against_histories(seed: int, members: str | None, within: dt.timedelta) -> None:
    seen, as_of = draw(seed)
    ask: dict[str, Any] = {"activity": "use", "within": within, "members": members}
    known = log_of(seen, as_of)
    now = dormancy_rate(known, **ask)
    assert (now.count, now.total) == slow.dormant(seen, **ask, at=as_of)
    days = dormancy_rate(known, **ask, period="day")
    labels: Any = days.axes[0].labels
    for day, count, total in zip(labels, days.count, days.total, strict=True):
        end = dt.datetime.combine(day + DAY, dt.time(), BERLIN).astimezone(dt.UTC) - US
        assert (count, total) == slow.dormant(seen, **ask, at=min(end, as_of))


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 10_000), st.integers(1, 90))
def test_who_is_not_dormant_is_in_a_spell_of_activity(seed: int, hours: int) -> None:
    seen, as_of = draw(seed, customers=8)
    known = log_of(seen, as_of)
    rate = dormancy_rate(known, activity="use", within=hours * HOUR)
    spells = inactivity_spells(known, activity="use", within=hours * HOUR)
    assert rate.total - rate.count == int((~spells.observed).sum())
    assert rate.count >= dormancy_rate(known, activity="use", within=(hours + 5) * HOUR).count


LOG = log(*ROWS, as_of=20 * DAY)
BAD: Any = 7
JANUARY = Window(T0, dt.datetime(2026, 2, 1, tzinfo=BERLIN))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dormancy_rate(LOG, within=0 * DAY, activity="use"), "within must be longer"),
        (lambda: dormancy_rate(LOG, within=DAY, activity=BAD), "activity must"),
        (lambda: dormancy_rate(LOG, within=DAY, activity="use", members=BAD), "members must"),
        (
            lambda: dormancy_rate(LOG, within=DAY, activity="use", over=JANUARY),
            "period must be given with over: dormancy is of an instant",
        ),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
