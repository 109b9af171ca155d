"""Spells of subscriptions and of activity, against a slow reading of their definitions."""

from __future__ import annotations

import datetime as dt
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.log.billing import monthly_minor
from customerops.model.log.log import InteractionLog
from customerops.model.log.spells import Spells, inactivity_spells, spells_of
from customerops.model.records.records import Interaction, Subscription
from customerops.model.values.instants import to_us
from customerops.model.values.money import Money
from customerops.model.values.window import Window

UTC = dt.UTC


def day(n: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=UTC) + dt.timedelta(days=n)


def us(n: int) -> int:
    return to_us(day(n))


def contract(start: int, end: int | None = None, **more: Any) -> Subscription:
    fields: dict[str, Any] = {
        "id": "s",
        "customer_id": "a",
        "plan": "gold",
        "amount": Money("10.00", "EUR"),
        "interval": (1, "month"),
        "started_at": day(start),
        "ended_at": None if end is None else day(end),
    }
    return Subscription(**{**fields, **more})


def rows(spells: Spells) -> list[tuple[Any, ...]]:
    """Return customer, start and end in days, observed, cause."""
    labels = [*spells.cause.labels, None]
    out = []
    for i in range(len(spells)):
        edges = [(x[i] - us(0)) / 86_400_000_000 for x in (spells.start, spells.end)]
        who = spells.customers[spells.codes[i]]
        out.append((who, *edges, bool(spells.observed[i]), labels[spells.cause.codes[i]]))
    return out


# ------------------------------------------------------------------ subscriptions


@pytest.mark.parametrize(
    ("subscription", "expected"),
    [
        (contract(0), [("a", 0, 100, False, None)]),
        (contract(0, 40, reason="voluntary"), [("a", 0, 40, True, "voluntary")]),
        (contract(0, 40), [("a", 0, 40, True, "unknown")]),
        (contract(0, 100, reason="involuntary"), [("a", 0, 100, True, "involuntary")]),
        (contract(0, 101, reason="voluntary"), [("a", 0, 100, False, None)]),
        (contract(100), [("a", 100, 100, False, None)]),
        (contract(101), []),
        (contract(0, trial_ends_at=day(14)), [("a", 14, 100, False, None)]),
        (contract(0, 10, trial_ends_at=day(14)), []),
        (contract(0, trial_ends_at=day(120)), []),
        (
            contract(0, pauses=(Window(day(10), day(20)),)),
            [("a", 0, 10, True, "paused"), ("a", 20, 100, False, None)],
        ),
        (
            contract(0, 50, reason="voluntary", pauses=(Window(day(10), day(20)),)),
            [("a", 0, 10, True, "paused"), ("a", 20, 50, True, "voluntary")],
        ),
        (contract(0, pauses=(Window(day(90), None),)), [("a", 0, 90, True, "paused")]),
        (contract(0, pauses=(Window(day(100), None),)), [("a", 0, 100, True, "paused")]),
        (contract(0, pauses=(Window(day(101), None),)), [("a", 0, 100, False, None)]),
        (
            contract(0, pauses=(Window(day(10), day(20)),), trial_ends_at=day(15)),
            [("a", 20, 100, False, None)],
        ),
        (
            contract(0, pauses=(Window(day(90), day(100)),)),
            [("a", 0, 90, True, "paused"), ("a", 100, 100, False, None)],
        ),
    ],
)
def test_the_paying_parts_of_a_subscription(
    subscription: Subscription, expected: list[tuple[Any, ...]]
) -> None:
    assert rows(spells_of([subscription], as_of=day(100))) == expected


@pytest.mark.parametrize(
    ("amount", "interval", "minor"),
    [
        ("1200", (1, "year"), 100_00),
        ("2000", (1, "year"), 166_67),
        ("60", (1, "month"), 60_00),
        ("100", (3, "month"), 33_33),
        ("7", (1, "week"), 30_42),  # 7 * 365 / (7 * 12) = 30.4166...
        ("1", (1, "day"), 30_42),
        ("0.05", (2, "month"), 2),  # 2.5 cents: half-even
        ("0.07", (2, "month"), 4),  # 3.5 cents: half-even
    ],
)
def test_the_amount_of_a_month(amount: str, interval: tuple[int, Any], minor: int) -> None:
    assert monthly_minor(contract(0, amount=Money(amount, "EUR"), interval=interval)) == minor


@given(
    st.integers(0, 10**9), st.integers(1, 24), st.sampled_from(["day", "week", "month", "year"])
)
def test_the_amount_of_a_month_is_rounded_once(minor: int, count: int, unit: str) -> None:
    years = {
        "day": Fraction(count, 365),
        "week": Fraction(7 * count, 365),
        "month": Fraction(count, 12),
        "year": Fraction(count),
    }[unit]
    own = contract(0, amount=Money.of_minor(minor, "EUR"), interval=(count, unit))
    assert abs(monthly_minor(own) - Fraction(minor) / years / 12) <= Fraction(1, 2)


def test_spells_are_sorted_by_customer_and_start() -> None:
    many = [
        contract(5, customer_id="b", id="second"),
        contract(3, customer_id="a"),
        contract(1, customer_id="b"),
    ]
    spells = spells_of(many, as_of=day(9))
    assert [row[:2] for row in rows(spells)] == [("a", 3), ("b", 1), ("b", 5)]
    assert (len(spells), spells.n_customers, spells.currency) == (3, 2, "EUR")
    assert spells.durations.tolist() == [n * 86_400_000_000 for n in (6, 8, 4)]


def test_attributes_are_the_plan_and_what_is_declared() -> None:
    own = contract(0, attributes={"region": "EU"})
    assert set(spells_of([own], as_of=day(1)).attributes) == {"plan", "region"}
    declared = spells_of([own], as_of=day(1), attributes=["region", "size"])
    assert declared.attributes["size"].codes.tolist() == [-1]
    with pytest.raises(InvalidInputError, match="not: region"):
        spells_of([own], as_of=day(1), attributes=[])


def test_an_attribute_called_plan_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="attributes must not repeat a field: got 'plan'"):
        spells_of([contract(0)], as_of=day(1), attributes=["plan"])


def test_no_spells_are_equal_whatever_the_ids() -> None:
    assert visits({}, as_of=3) == visits({"a": [9]}, as_of=3)
    assert visits({}, as_of=3) != visits({"a": [1]}, as_of=3)


def test_what_is_no_subscription_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="subscriptions must be .*: got str at position 0"):
        spells_of(["s"], as_of=day(0))  # type: ignore[list-item]
    with pytest.raises(InvalidInputError, match="currency must be one: got EUR, USD"):
        spells_of([contract(0), contract(0, id="t", amount=Money("1", "USD"))], as_of=day(0))
    with pytest.raises(InvalidInputError, match="as_of must be timezone-aware"):
        spells_of([], as_of=dt.datetime(2026, 1, 1))  # noqa: DTZ001 - the naive one is refused


def test_a_subscription_that_comes_again_counts_once() -> None:
    own, others = contract(0, 5), contract(0, customer_id="b")  # an id is a customer's own
    once = spells_of([own, others], as_of=day(9))
    assert spells_of([own, others, contract(0, 5)], as_of=day(9)) == once
    assert len(once) == 2
    later = contract(12)  # of an id that is known, and itself not known yet
    assert spells_of([own, others, later], as_of=day(9)) == once
    must = r"^id must not repeat with different content within a customer: 1 of 3 rows is not \(first at row 2\)"
    with pytest.raises(InvalidInputError, match=must):
        spells_of([own, others, contract(0, 7)], as_of=day(9))


def test_later_news_of_a_subscription_changes_nothing_known() -> None:
    before = spells_of([contract(0)], as_of=day(30))
    after = spells_of(
        [contract(0, 60, reason="voluntary", pauses=(Window(day(31), day(40)),))], as_of=day(30)
    )
    assert before == after


# ------------------------------------------------------------------ unions


def test_spells_of_different_customers_join() -> None:
    a, b = contract(0, 5, reason="voluntary"), contract(3, customer_id="b", plan="tin")
    whole = spells_of([a, b], as_of=day(9))
    one, two = (spells_of([x], as_of=day(9)) for x in (a, b))
    assert one.union(two) == whole
    assert two.union(one) == whole
    assert one.union(spells_of([], as_of=day(9))) == one
    with pytest.raises(InvalidInputError, match="spells must have no customer in common: 1 are"):
        one.union(one)
    with pytest.raises(InvalidInputError, match="as_of must be the same"):
        one.union(spells_of([b], as_of=day(8)))
    dollars = spells_of([contract(0, customer_id="c", amount=Money("1", "USD"))], as_of=day(9))
    with pytest.raises(InvalidInputError, match="currency must be the same"):
        one.union(dollars)


def test_a_union_fills_in_entries_and_amounts() -> None:
    import attrs

    plain = visits({"a": [0]}, as_of=5)
    late = attrs.evolve(plain, customers=np.array(["b"], object), entry=plain.start + 1)
    both = plain.union(late)
    assert both.entry is not None
    assert (both.entry - both.start).tolist() == [0, 1]
    paid = spells_of([contract(0, customer_id="c")], as_of=day(5))
    mixed = paid.union(plain)
    assert mixed.amount is not None
    assert mixed.amount.valid is not None
    assert mixed.amount.valid.tolist() == [False, True]
    assert mixed.to_frame()["amount"].isna().tolist() == [True, False]
    assert "entry" in both.to_frame()


def test_spells_are_values() -> None:
    spells = spells_of([contract(0)], as_of=day(9))
    assert pickle.loads(pickle.dumps(spells)) == spells
    assert (spells == 1) is False
    assert spells != spells_of([contract(0)], as_of=day(8))
    assert repr(spells) == "Spells(1 spells of 1 customers, 1 running)"
    assert spells.nbytes > 0
    with pytest.raises(TypeError):
        hash(spells)
    with pytest.raises(ValueError, match="read-only"):
        spells.start[0] = 0


# ------------------------------------------------------------------ inactivity


def visits(days: dict[str, list[int]], *, as_of: int, within: int = 10) -> Spells:
    events = [
        Interaction(id=f"{who}{i}", customer_id=who, at=day(n), kind="visit")
        for who, own in days.items()
        for i, n in enumerate(own)
    ]
    log = InteractionLog.from_interactions(events).until(day(as_of))
    return inactivity_spells(log, within=dt.timedelta(days=within), activity="visit")


def slow_spells(days: list[int], as_of: int, within: int) -> list[tuple[int, int, bool]]:
    """Walk every day: active while an event lies less than `within` days back."""
    out: list[tuple[int, int, bool]] = []
    seen = sorted(n for n in days if n <= as_of)
    start = None
    for now in range(as_of + 1):
        active = any(n <= now < n + within for n in seen)
        if (
            active
            and start is not None
            and now in seen
            and not any(n < now < n + within for n in seen)
        ):
            out.append((start, now, True))  # it ended this very day, and began again
            start = now
        elif active and start is None:
            start = now
        elif not active and start is not None:
            out.append((start, now, True))
            start = None
    if start is not None:
        out.append((start, as_of, False))
    return out


def test_a_gap_of_the_window_ends_a_spell() -> None:
    assert rows(visits({"a": [0, 9]}, as_of=30)) == [("a", 0, 19, True, "inactivity")]
    assert rows(visits({"a": [0, 10]}, as_of=30)) == [
        ("a", 0, 10, True, "inactivity"),
        ("a", 10, 20, True, "inactivity"),
    ]
    assert rows(visits({"a": [0]}, as_of=10)) == [("a", 0, 10, True, "inactivity")]
    assert rows(visits({"a": [0]}, as_of=9)) == [("a", 0, 9, False, None)]


def test_a_window_longer_than_time_never_ends() -> None:
    log = InteractionLog.from_interactions(
        [Interaction(id="1", customer_id="a", at=day(0), kind="visit")]
    ).until(day(1))
    spells = inactivity_spells(log, within=dt.timedelta.max, activity="visit")
    assert spells.observed.tolist() == [False]


def test_nobody_active_has_no_spell() -> None:
    assert len(visits({}, as_of=3)) == 0
    log = InteractionLog.from_interactions(
        [Interaction(id="1", customer_id="a", at=day(0), kind="other")]
    ).until(day(1))
    assert len(inactivity_spells(log, within=dt.timedelta(days=1), activity="visit")) == 0
    with pytest.raises(InvalidInputError, match="within must"):
        inactivity_spells(log, within=dt.timedelta(0), activity="visit")


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 40), min_size=1, max_size=8)),
    st.integers(0, 45),
    st.integers(1, 12),
)
def test_inactivity_equals_walking_every_day(
    days: dict[str, list[int]], as_of: int, within: int
) -> None:
    expected = [
        (who, start, end, observed)
        for who in sorted(days)
        for start, end, observed in slow_spells(days[who], as_of, within)
    ]
    assert [row[:4] for row in rows(visits(days, as_of=as_of, within=within))] == expected
