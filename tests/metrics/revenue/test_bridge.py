"""The bridge of recurring revenue, against published movements and a slow reading of contracts."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import MRRMovements, arpa, arr, mrr, mrr_movements
from customerops.model import Calendar, Numbers, Spells, Window, spells_of
from tests.metrics.contracts import DAY, INSTANTS, NEW_YORK, US, months_of, utc
from tests.metrics.revenue.books import BOOKS, CASES, held, spells_from
from tests.reference import recurring as slow

UTC = Calendar("UTC")
YEAR = Window.parse("2024-02-01", "2024-04-01", tz="UTC")

LEFT_AND_BACK = [
    held("A", 100, "2024-01-05"),
    held("A", 30, "2024-03-05", plan="more"),
    held("B", 100, "2024-01-05", "2024-03-05"),
    held("B", 60, "2024-03-05"),
    held("C", 100, "2024-01-05", "2024-02-05"),
    held("D", 100, "2024-01-05", "2024-02-05"),
    held("D", 80, "2024-03-05"),
    held("E", 50, "2024-02-05"),
]
SPELLS = spells_of(LEFT_AND_BACK, as_of=utc("2024-04-01"))


def test_customers_who_leave_and_return() -> None:
    case = CASES["nrr-grr-leave-and-return"]["expected"]["bridge"]
    bridge = mrr_movements(SPELLS, period="month", over=YEAR, calendar=UTC)
    assert isinstance(bridge, MRRMovements)
    assert bridge.axes[0].labels == (dt.date(2024, 2, 1), dt.date(2024, 3, 1))
    for i, month in enumerate(("2024-02", "2024-03")):
        for name, euros in case[month].items():
            assert bridge.parts[name][i] == euros * 100, (month, name)
    assert bridge.context.currency == "EUR"


def test_published_movements_of_one_customer() -> None:
    """Two plans at once: to cancel one is contraction; to come back is reactivation."""
    spells = spells_of(
        [
            held("c", 2000, "2024-01-10", "2025-01-10", every=(1, "year")),
            held("c", 60, "2024-02-10", "2024-03-10", plan="silver"),
            held("c", 150, "2025-02-10"),
        ],
        as_of=utc("2025-04-01"),
    )
    bridge = mrr_movements(spells, period="month", calendar=UTC)
    frame = bridge.to_frame()
    found = [
        [name, amount / 100]
        for _, row in frame.iterrows()
        for name, amount in row[
            ["new", "expansion", "contraction", "churn", "reactivation"]
        ].items()
        if amount
    ]
    case = CASES["mrr-movements-syncalytics"]
    assert [name for name, _ in found] == [name for name, _ in case["expected"]]
    for (_, mine), (_, theirs) in zip(found, case["expected"], strict=True):
        assert mine == pytest.approx(theirs, abs=case["tolerance"])


def test_a_year_paid_at_once() -> None:
    case = CASES["mrr-stripe-annual"]
    (sub,) = case["inputs"]["subs"]
    spells = spells_of(
        [held("c", sub["amount"], "2024-01-10", every=(sub["interval_months"], "month"))],
        as_of=utc("2024-06-01"),
    )
    assert mrr(spells).value == case["expected"]
    assert mrr(spells).amount == case["expected"] * 100
    assert arr(spells).value == 12 * case["expected"]


def test_a_coupon_that_is_granted_once_is_no_recurring_discount() -> None:
    case = CASES["mrr-stripe-once-coupon"]
    (sub,) = case["inputs"]["subs"]
    spells = spells_of([held("c", sub["amount"], "2024-01-10")], as_of=utc("2024-06-01"))
    assert mrr(spells).value == case["expected"]


def test_the_month_of_the_waterfall() -> None:
    """The case's month: three customers who come to 210 in all."""
    case = CASES["waterfall-saas-metrics-ratios"]
    given = case["inputs"]
    spells = spells_of(
        [
            held("a", 100, "2024-01-05"),
            held("a", 20, "2024-03-05", plan="more"),
            held("b", 80, "2024-01-05", "2024-03-05"),
            held("b", 40, "2024-03-05"),
            held("c", 50, "2024-01-05", "2024-02-05"),
            held("c", 50, "2024-03-05"),
        ],
        as_of=utc("2024-03-31T23:59:59.999999"),
    )
    over = Window.parse("2024-03-01", "2024-04-01", tz="UTC")
    bridge = mrr_movements(spells, over=over)
    assert bridge.opening == given["beginning"] * 100
    for name in ("new", "reactivation", "expansion", "contraction", "churn"):
        assert bridge.parts[name] == given[name] * 100
    assert bridge.quick_ratio("saas_metrics").value == case["expected"]["quick_ratio"]
    assert bridge.quick_ratio("baremetrics").value == 0.5
    gross = case["expected"]["gross_revenue_churn_rate"]
    assert bridge.churn_rate("gross").value == pytest.approx(gross)
    assert arr(spells).value == case["expected"]["arr"]
    assert arpa(spells).value == case["expected"]["arpa"]


# ---------------------------------------------------------------------- by hand


def one_month(*subs: Any, month: str = "2024-03") -> dict[str, int]:
    over = Window.parse(f"{month}-01", "2024-04-01", tz="UTC")
    bridge = mrr_movements(spells_of(subs, as_of=utc("2024-05-01")), over=over)
    return {name: int(part) for name, part in bridge.parts.items() if part}


def test_what_is_undone_within_a_period_does_not_show() -> None:
    assert one_month(held("a", 10, "2024-03-02", "2024-03-09")) == {}
    stayed = (held("a", 10, "2024-01-02", "2024-03-05"), held("a", 10, "2024-03-09"))
    assert one_month(*stayed) == {"opening": 1000, "closing": 1000}


def test_who_paid_only_within_an_earlier_period_comes_back() -> None:
    early = held("a", 10, "2024-02-02", "2024-02-09")
    assert one_month(early, held("a", 10, "2024-03-09")) == {"reactivation": 1000, "closing": 1000}
    same = held("a", 10, "2024-03-02", "2024-03-05")
    assert one_month(same, held("a", 10, "2024-03-09")) == {"new": 1000, "closing": 1000}


def test_a_free_plan_is_nothing() -> None:
    free = held("a", 0, "2024-01-02")
    assert one_month(free, held("a", 10, "2024-03-09")) == {"new": 1000, "closing": 1000}


def test_a_contract_begins_and_ends_at_the_edge() -> None:
    """Who starts at the first instant is new in the period, who ends at it leaves in it."""
    assert one_month(held("a", 10, "2024-03-01")) == {"new": 1000, "closing": 1000}
    assert one_month(held("a", 10, "2024-01-01", "2024-03-01")) == {"opening": 1000, "churn": 1000}
    assert one_month(held("a", 10, "2024-04-01")) == {}


def test_a_change_of_plan_counts_with_the_plan_at_the_start() -> None:
    spells = spells_of(
        [
            held("a", 10, "2024-01-02", "2024-03-05"),
            held("a", 25, "2024-03-05", plan="team"),
            held("b", 7, "2024-03-06", plan="team"),
            held("c", 5, "2024-01-02", plan="team"),
            held("c", 1, "2024-01-03", "2024-03-01"),  # begun last, and gone with the month
        ],
        as_of=utc("2024-04-30T23:59:59"),
    )
    over = Window.parse("2024-03-01", "2024-05-01", tz="UTC")
    bridge = mrr_movements(spells, period="month", over=over, by="plan", calendar=UTC)
    assert bridge.axes[0].labels == ("gold", "team")
    assert bridge.parts["opening"].tolist() == [[1600, 0], [0, 3700]]
    assert bridge.parts["expansion"].tolist() == [[1500, 0], [0, 0]]
    assert bridge.parts["contraction"].tolist() == [[100, 0], [0, 0]]
    assert bridge.parts["new"].tolist() == [[0, 0], [700, 0]]
    assert bridge.parts["closing"].tolist() == [[3000, 0], [700, 3700]]
    assert np.asarray(bridge.complete).tolist() == [[True, False]] * 2


def test_mrr_by_plan_is_what_is_paid_for_it() -> None:
    spells = spells_of(
        [held("a", 10, "2024-01-02"), held("a", 5, "2024-02-02", plan="team")],
        as_of=utc("2024-04-01"),
    )
    found = mrr(spells, by="plan")
    assert (found.amount.tolist(), found.value.tolist()) == ([1000, 500], [10.0, 5.0])
    assert mrr(spells, at=utc("2024-02-01")).amount == 1000
    assert mrr(spells, at=utc("2024-02-02")).amount == 1500  # what is known at an instant has come
    assert mrr(spells, at=utc("2023-01-01")).context.currency is None
    over = spells_of([held("a", 10, "2024-01-02", "2024-03-02")], as_of=utc("2024-03-02"))
    assert mrr(over).amount == 0  # it has ended
    assert mrr(over, at=utc("2024-03-02") - US).amount == 1000
    assert arr(spells, by="plan").amount.tolist() == [12_000, 6_000]


def test_amounts_that_pass_int64() -> None:
    """Eighteen digits each: sums are whole numbers still."""
    huge = 2**61 + 1
    spells = spells_of([held(who, 1, "2024-01-02") for who in "abcdefgh"], as_of=utc("2024-04-01"))
    spells = attrs.evolve(spells, amount=Numbers(np.full(8, huge, np.int64)))
    over = Window.parse("2024-01-01", "2024-02-01", tz="UTC")
    assert mrr_movements(spells, over=over).closing == 8 * huge
    assert mrr(spells).amount == 8 * huge
    assert arr(spells).amount == 96 * huge


# ---------------------------------------------------------------------- against the slow one


@given(BOOKS, st.sampled_from(["month", "week"]), INSTANTS)
def test_the_bridge_is_that_of_every_customer(book: Any, period: Any, at: dt.datetime) -> None:
    spells = spells_from(book, at + 90 * DAY)
    known = [slow.known(one, at) for one in book if one.start <= at]
    bridge = mrr_movements(spells, period=period, as_of=at, calendar=NEW_YORK)
    labels = bridge.axes[0].labels
    for i, (a, b) in enumerate(_spans(labels, period)):
        expected = slow.bridge([x for x in known if _began(x, at)], a, b)
        assert {name: int(part[i]) for name, part in bridge.parts.items()} == expected
    assert bridge.parts["closing"][:-1].tolist() == bridge.parts["opening"][1:].tolist()
    plans = mrr_movements(spells, period=period, as_of=at, by="plan", calendar=NEW_YORK)
    for name, part in plans.parts.items():
        assert part.sum(axis=0).tolist() == bridge.parts[name].tolist(), name
    paid = sum(slow.level(known, who, at + US) for who in slow.people(known))
    assert mrr(spells, at=at).amount == paid == sum(mrr(spells, at=at, by="plan").amount.tolist())
    for plan, amount in zip(
        mrr(spells, at=at, by="plan").axes[0].labels,
        mrr(spells, at=at, by="plan").amount,
        strict=True,
    ):
        assert amount == sum(slow.level(known, w, at + US, str(plan)) for w in slow.people(known))


def _began(one: slow.Contract, at: dt.datetime) -> bool:
    return (one.start if one.trial is None else one.trial) <= at


def _spans(labels: Any, period: str) -> list[tuple[dt.datetime, dt.datetime]]:
    if period == "month":
        return months_of(labels)
    days = [*labels, *(labels[-1] + 7 * DAY for _ in labels[:1])]
    edges = [
        dt.datetime(d.year, d.month, d.day, tzinfo=NEW_YORK.tz).astimezone(dt.UTC) for d in days
    ]
    return list(itertools.pairwise(edges))


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize("function", [mrr, arr, mrr_movements])
def test_what_are_no_contracts(function: Any) -> None:
    with pytest.raises(InvalidInputError, match="^spells must be Spells: got str; see spells_of$"):
        function("s")
    with pytest.raises(
        InvalidInputError, match="^by must be an attribute of the spells: got int$"
    ):
        function(SPELLS, by=3)
    with pytest.raises(
        InvalidInputError, match="^by must be an attribute of the spells: got 'pla"
    ):
        function(SPELLS, by="plam")
    bare: Spells = attrs.evolve(SPELLS, amount=None)
    with pytest.raises(InvalidInputError, match="^spells must have amounts: see spells_of$"):
        function(bare)
    valid = np.arange(len(SPELLS)) > 1
    some = attrs.evolve(SPELLS, amount=Numbers(SPELLS.amount.values, valid))  # type: ignore[union-attr]
    with pytest.raises(
        InvalidInputError, match="^spells must have an amount each: 2 of 8 have none$"
    ):
        function(some)
    late = attrs.evolve(SPELLS, entry=SPELLS.start + 1)
    with pytest.raises(
        InvalidInputError, match="^spells must be observed since their start: what"
    ):
        function(late)


def test_amounts_that_are_all_there_may_be_marked() -> None:
    marked = Numbers(SPELLS.amount.values, np.ones(len(SPELLS), np.bool_))  # type: ignore[union-attr]
    entered = attrs.evolve(SPELLS, amount=marked, entry=SPELLS.start)
    assert mrr(entered) == mrr(SPELLS)


def test_the_instant_is_not_later_than_known() -> None:
    with pytest.raises(InvalidInputError, match="^as_of must not be later than the spells' as_of"):
        mrr(SPELLS, at=utc("2024-04-02"))
    with pytest.raises(InvalidInputError, match="^period must be given"):
        mrr_movements(SPELLS)
