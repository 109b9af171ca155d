"""Who joins a list and who leaves it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import ListGrowth, list_growth, list_growth_from_counts
from customerops.model import Context, Customer, Interaction, InteractionLog, Window, kind, outcome
from tests.metrics.contracts import INSTANTS, NEW_YORK, utc
from tests.reference import campaign as slow

HARD = kind("bounce") & (outcome == "hard")
g: Any = list_growth


def event(who: str, what: str, at: str, how: str | None = None) -> Interaction:
    return Interaction(customer_id=who, kind=what, at=utc(at), outcome=how)


def log_of(rows: list[Interaction], as_of: dt.datetime) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)


LIST = [
    event("a", "signup", "2026-01-05"),
    event("a", "signup", "2026-01-09"),  # is on it already
    event("b", "unsubscribe", "2026-01-06"),  # never was on it
    event("b", "signup", "2026-01-07"),
    event("c", "signup", "2026-01-08"),
    event("a", "unsubscribe", "2026-02-03"),
    event("a", "signup", "2026-02-04"),
    event("a", "complain", "2026-02-05"),
    event("b", "bounce", "2026-02-06", "soft"),
    event("b", "bounce", "2026-02-07", "hard"),
    event("d", "signup", "2026-02-08"),
    event("e", "signup", "2026-03-01T04:00"),  # the 28th in New York
]


def test_a_list_by_hand() -> None:
    log = log_of(LIST, utc("2026-03-31"))
    table = list_growth(log, joins="signup", bounces=HARD, period="month")
    assert table.parts["opening"].tolist() == [0, 3, 3]
    assert table.parts["joined"].tolist() == [3, 3, 0]
    assert table.parts["unsubscribed"].tolist() == [0, 2, 0]
    assert table.parts["bounced"].tolist() == [0, 1, 0]
    assert table.closing.tolist() == [3, 3, 3]
    assert table.growth.value[1] == 0
    assert table.loss.value[1] == 1  # a, twice, and b, of three
    assert np.isnan(table.growth.value[[0, 2]]).all()  # of nobody; not over
    assert table.growth.definition == "growth"
    february = Window.parse("2026-02-01", "2026-03-01", tz="America/New_York")
    one = list_growth(log, joins="signup", over=february)
    assert (one.closing, float(one.growth)) == (4, 1 / 3)  # without bounces b is still on it
    people = [Customer(id=who, country="CN" if who < "c" else "FR") for who in "abcde"]
    groups = list_growth(log.with_customers(people), joins="signup", over=february, by="country")
    assert groups.parts["opening"].tolist() == [2, 1]
    assert groups.rollup("country") == one
    january = Window.parse("2026-01-01", "2026-02-01", tz="America/New_York")
    early = list_growth(log.with_customers(people), joins="signup", over=january, by="country")
    assert early.parts["joined"].tolist() == [2, 1]  # what came later is nobody's
    assert early.parts["unsubscribed"].tolist() == [0, 0]
    assert early.closing.tolist() == [2, 1]


def test_published_growth() -> None:
    """AI Apps API, "Measure list growth rate": 5,000, 300 new, 50 and 10 lost, 4.8 %."""
    rate = list_growth_from_counts(opening=5000, joined=300, unsubscribed=50, bounced=10)
    assert rate.value == 0.048
    # HubSpot: 500 new, 100 unsubscribed or complained, 10,000 on the list
    assert list_growth_from_counts(opening=10_000, joined=500, unsubscribed=100).value == 0.04
    assert np.isnan(list_growth_from_counts(opening=0, joined=5, unsubscribed=1).value)


REASONS = {
    "signup": "joined",
    "unsubscribe": "unsubscribed",
    "complain": "unsubscribed",
    "bounce": "bounced",
}


@st.composite
def happenings(draw: st.DrawFn) -> Interaction:
    return Interaction(
        customer_id=draw(st.sampled_from("abc")),
        kind=draw(st.sampled_from([*REASONS, "signup", "use"])),
        at=draw(INSTANTS),
    )


@given(st.lists(happenings(), max_size=25), INSTANTS)
def test_as_customer_by_customer(rows: list[Interaction], as_of: dt.datetime) -> None:
    table = list_growth(log_of(rows, as_of), joins="signup", bounces="bounce", period="month")
    moves = slow.list_moves(rows, as_of, REASONS)
    labels: Any = table.axes[0].labels
    firsts = sorted(at.astimezone(NEW_YORK.tz).date().replace(day=1) for _, at, _ in moves)
    assert labels[:1] == tuple(firsts[:1])
    for i, label in enumerate(labels):
        here = [(at.astimezone(NEW_YORK.tz).date().replace(day=1), move) for _, at, move in moves]
        for name in ("joined", "unsubscribed", "bounced"):
            assert table.parts[name][i] == here.count((label, name))
        before = [move for month, move in here if month < label]
        assert table.parts["opening"][i] == 2 * before.count("joined") - len(before)
    closing = table.closing.tolist()
    assert closing[:-1] == table.parts["opening"][1:].tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: g(
                log_of(LIST, utc("2026-03-01")), joins={"signup", "complain"}, period="month"
            ),
            "must be apart: 1 events are two of joins",
        ),
        (lambda: g(log_of(LIST, utc("2026-03-01")), joins="signup"), "period must be given"),
        (
            lambda: list_growth_from_counts(opening=-1, joined=1, unsubscribed=1),
            "opening must be at least 0",
        ),
        (
            lambda: list_growth_from_counts(opening=1, joined=1, unsubscribed=-1),
            "unsubscribed must be at least 0",
        ),
        (
            lambda: ListGrowth(
                parts={**dict.fromkeys(ListGrowth.PARTS, 0), "joined": -1},
                context=Context("list_growth"),
            ),
            "joined must not be negative",
        ),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
