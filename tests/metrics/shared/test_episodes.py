"""Failed payments made good, and carts abandoned: by hand, and one event after another."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import abandonment_rate, dunning_recovery_rate
from customerops.model import Customer, Interaction, InteractionLog, Window, first
from tests.metrics.health.draws import CALENDAR, DAY, HOUR, SEEDS, US, draw, local_day
from tests.reference import episodes as slow

T0 = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
WEEK = 7 * DAY


def log(*rows: tuple[str, str, dt.timedelta], as_of: dt.timedelta = 60 * DAY) -> InteractionLog:
    seen = [Interaction(customer_id=w, kind=k, at=T0 + after) for w, k, after in rows]
    return InteractionLog.from_interactions(seen, calendar=CALENDAR).until(T0 + as_of)


FAILED = (
    ("a", "payment_failed", 0 * DAY),
    ("a", "payment_failed", 3 * DAY),  # a retry of the same
    ("a", "renew", 7 * DAY - US),
    ("a", "payment_failed", 20 * DAY),
    ("a", "purchase", 27 * DAY),  # an instant too late
    ("a", "payment_failed", 27 * DAY),  # another one: the time of the former is up
    ("a", "renew", 27 * DAY),  # at the same instant, and later in the log
    ("b", "renew", 1 * DAY),
    ("b", "payment_failed", 1 * DAY),  # what was paid before it does not count
    ("c", "renew", 2 * DAY),
    ("d", "payment_failed", 54 * DAY),
    ("d", "renew", 55 * DAY),  # paid, with time left
)


def test_recovery_by_hand() -> None:
    rate = dunning_recovery_rate(log(*FAILED), within=WEEK)
    assert (rate.x, rate.y, rate.pending, rate.n) == (2, 4, 1, 2)
    assert rate.value == 0.5
    later = dunning_recovery_rate(log(*FAILED, as_of=61 * DAY - US), within=WEEK)
    assert (later.x, later.y, later.pending) == (3, 5, 0)
    window = Window(T0 + DAY, T0 + 27 * DAY)
    assert dunning_recovery_rate(log(*FAILED), within=WEEK, over=window).y == 2
    months = dunning_recovery_rate(log(*FAILED), within=WEEK, period="month")
    assert months.parts["y"].tolist() == [3, 1, 0]  # 1 February is day 27
    assert months.complete.tolist() == [True, False, False]  # the open one is of 28 February


def test_carts_by_hand() -> None:
    rows = (
        ("a", "cart", 0 * DAY),
        ("a", "checkout", 0 * DAY),
        ("a", "purchase", 1 * DAY),
        ("a", "cart", 1 * DAY),
        ("a", "cart", 7 * DAY),  # the same cart
        ("a", "cart", 8 * DAY),  # the former's time is up: another
        ("b", "cart", 2 * DAY),
        ("b", "purchase", 30 * DAY),
    )
    rate = abandonment_rate(log(*rows), within=WEEK)
    assert (rate.x, rate.y, rate.pending) == (3, 4, 0)
    checkouts = abandonment_rate(log(*rows), within=WEEK, starts="checkout")
    assert (checkouts.x, checkouts.y) == (0, 1)
    people = [Customer(id=w, country=c) for w, c in (("a", "DE"), ("b", "FR"))]
    by = abandonment_rate(log(*rows).with_customers(people), within=WEEK, by="country")
    assert by.value.tolist() == [2 / 3, 1.0]


def test_an_invoice_is_made_good_by_its_own_payment() -> None:
    seen = [
        Interaction(customer_id="a", kind=kind, at=T0 + after, thread_id=thread)
        for kind, after, thread in (
            ("payment_failed", 0 * DAY, "1"),
            ("payment_failed", 1 * DAY, "2"),
            ("renew", 2 * DAY, "2"),
        )
    ]
    known = InteractionLog.from_interactions(seen, calendar=CALENDAR).until(T0 + 30 * DAY)
    whole = dunning_recovery_rate(known, within=WEEK)
    assert (whole.x, whole.y, whole.context.unit) == (1, 1, "event")
    invoices = dunning_recovery_rate(known.by_thread(), within=WEEK)
    assert (invoices.x, invoices.y, invoices.n, invoices.context.unit) == (1, 2, 1, "thread")


def test_nobody() -> None:
    nobody = dunning_recovery_rate(log(), within=WEEK)
    assert (nobody.y, nobody.pending) == (0, 0)
    assert math.isnan(nobody.value)
    none = abandonment_rate(log(("a", "use", DAY)), within=WEEK, period="month")
    assert none.value.shape == (0,)


def threaded(seed: int) -> tuple[list[Interaction], dt.datetime]:
    """Deal what some customers did to a few threads each, and leave some in none."""
    seen, as_of = draw(seed)
    rng = random.Random(seed)
    return [attrs.evolve(x, thread_id=rng.choice(["1", "2", None])) for x in seen], as_of


@pytest.mark.parametrize("seed", [*SEEDS, 4, 5])
@pytest.mark.parametrize("by_thread", [False, True])
@pytest.mark.parametrize("within", [1 * HOUR, 9 * HOUR, 40 * HOUR])
def test_against_one_event_after_another(seed: int, by_thread: bool, within: dt.timedelta) -> None:
    seen, as_of = threaded(seed)
    known = InteractionLog.from_interactions(seen, calendar=CALENDAR).until(as_of)
    known = known.by_thread() if by_thread else known
    found = slow.episodes(
        seen, begins="use", ends="call", within=within, as_of=as_of, by_thread=by_thread
    )
    cells: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for _, at, well, settled in found:
        row = cells[local_day(at)]
        row[0] += settled and well
        row[1] += settled
        row[2] += not settled
    rate = dunning_recovery_rate(
        known, failures="use", payments="call", within=within, period="day"
    )
    rows = zip(*(rate.parts[name].tolist() for name in ("x", "y", "pending")), strict=True)
    labelled = zip(rate.axes[0].labels, map(list, rows), strict=True)
    assert {day: row for day, row in labelled if any(row)} == cells
    squares: dict[Any, int] = defaultdict(int)
    for who, _, _, settled in found:
        squares[who] += settled
    whole = dunning_recovery_rate(known, failures="use", payments="call", within=within)
    assert whole.parts["yy"] == sum(n * n for n in squares.values())
    carts = abandonment_rate(known, starts="use", orders="call", within=within)
    assert carts.x + whole.x == whole.y == carts.y
    groups = abandonment_rate(known, starts="use", orders="call", within=within, by=first("kind"))
    assert int(np.sum(groups.parts["y"])) == carts.y


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 10_000), st.integers(1, 40))
def test_more_time_recovers_no_less_of_what_failed_once(seed: int, hours: int) -> None:
    seen, as_of = draw(seed, customers=6)
    fails = {x.customer_id: x for x in seen if x.kind == "use"}
    once = [x for x in seen if x.kind != "use" or fails[x.customer_id] is x]
    known = InteractionLog.from_interactions(once, calendar=CALENDAR).until(as_of + 9 * DAY)
    ask: dict[str, Any] = {"failures": "use", "payments": "call"}
    some = dunning_recovery_rate(known, within=hours * HOUR, **ask)
    more = dunning_recovery_rate(known, within=(hours + 3) * HOUR, **ask)
    assert some.x <= more.x <= more.y == some.y == len(fails)


LOG = log(*FAILED)
BAD: Any = 7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dunning_recovery_rate(LOG, within=0 * DAY), "within must be longer than zero"),
        (lambda: dunning_recovery_rate(LOG, within=DAY, failures=BAD), "failures must"),
        (lambda: dunning_recovery_rate(LOG, within=DAY, payments=BAD), "payments must"),
        (lambda: dunning_recovery_rate(BAD, within=DAY), "log must be an InteractionLog"),
        (lambda: abandonment_rate(LOG, within=BAD), "within must be a timedelta"),
        (lambda: abandonment_rate(LOG, within=DAY, starts=BAD), "starts must"),
        (lambda: abandonment_rate(LOG, within=DAY, orders=BAD), "orders must"),
        (lambda: abandonment_rate(LOG, within=DAY, period=BAD), "period must"),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
