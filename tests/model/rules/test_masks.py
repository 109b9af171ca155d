"""Rules on columns: exact at any size, and clear about what is not loaded."""

import datetime as dt
import math
import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction, Item
from customerops.model.rules.leaves import FieldRule
from customerops.model.rules.masks import event_mask
from customerops.model.rules.rules import (
    Compare,
    Did,
    Rule,
    always,
    amount,
    at,
    attribute,
    category,
    channel,
    customer,
    kind,
    never,
    sku,
    value,
)
from customerops.model.values.columns import Coded, Column, Ids, Numbers
from customerops.model.values.instants import to_us
from customerops.model.values.lines import Lines
from customerops.model.values.money import Money
from tests.model.rules.draws import Foreign

UTC = dt.UTC
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = dt.timedelta(days=1)
INT64 = st.integers(-(2**63), 2**63 - 1)
OPS = ("eq", "ne", "lt", "le", "gt", "ge")


@attrs.frozen
class Rows:
    """The least that event rules read."""

    at: Any
    columns: Any = attrs.field(factory=dict)
    lines: Lines | None = None
    currency: str | None = "EUR"
    decimals: int = 2
    value_decimals: int = 6


def numbers(field: str, stored: list[int], **options: Any) -> Rows:
    column: Column = Numbers(np.array(stored, np.int64))
    return Rows(at=np.zeros(len(stored), np.int64), columns={field: column}, **options)


# ---------------------------------------------------------------------- exact numbers


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        # minor units:                   499    500    501
        (amount >= Decimal("5.001"), [False, False, True]),  # minor > 500
        (amount > Decimal("5.001"), [False, False, True]),
        (amount <= Decimal("5.001"), [True, True, False]),
        (amount < Decimal("5.001"), [True, True, False]),
        (amount == Decimal("5.001"), [False, False, False]),
        (amount != Decimal("5.001"), [True, True, True]),
        (amount == 5, [False, True, False]),
        (amount.isin("5.001", "4.99"), [True, False, False]),
        (amount.isin("5.001"), [False, False, False]),
        (amount.isin("5.001", "5.002"), [False, False, False]),
        (amount.between("4.999", "5.001"), [False, True, False]),
        (amount.between("5.001", None), [False, False, True]),
        (amount.between(None, Money(5, "EUR")), [True, False, False]),
        (~amount.between(None, Money(5, "EUR")), [False, True, True]),
        (~amount.isin(5, 6), [True, False, True]),
        (amount.isin(Decimal(10) ** 29, -(Decimal(10) ** 29), "5.01"), [False, False, True]),
        (amount < Decimal(10) ** 29, [True, True, True]),
        (amount <= -(Decimal(10) ** 29), [False, False, False]),
    ],
)
def test_amounts_are_compared_with_every_decimal(rule: Rule, holds: list[bool]) -> None:
    assert event_mask(rule, numbers("amount", [499, 500, 501])).tolist() == holds


@given(
    st.lists(INT64, min_size=1, max_size=3),
    st.integers(0, 4),
    st.sampled_from(OPS),
    st.integers(-3, 3),
    st.integers(0, 6),
)
def test_amounts_of_any_size(
    minors: list[int], decimals: int, op: Any, nudge: int, more: int
) -> None:
    unit = Fraction(1, 10**decimals)
    near = minors[0] * unit + nudge * unit / 10**more
    constant = Decimal(int(near * 10**12)).scaleb(-12)
    expected = [getattr(operator, op)(minor * unit, Fraction(constant)) for minor in minors]
    rows = numbers("amount", minors, decimals=decimals)
    assert event_mask(Compare("amount", op, constant), rows).tolist() == expected
    assert event_mask(~Compare("amount", op, constant), rows).tolist() == [
        not one for one in expected
    ]


@given(
    st.lists(st.one_of(INT64, st.integers(-(10**7), 10**7)), min_size=1, max_size=3),
    st.integers(0, 9),
    st.sampled_from(OPS),
    st.integers(-2, 2),
    st.one_of(st.none(), st.floats(-1e308, 1e308)),
)
def test_values_are_the_floats_they_stand_for(
    stored: list[int], decimals: int, op: Any, nudge: int, other: float | None
) -> None:
    floats = [n / 10**decimals for n in stored]
    constant = floats[0] if other is None else other
    for _ in range(abs(nudge)):
        constant = math.nextafter(constant, math.copysign(math.inf, nudge))
    expected = [getattr(operator, op)(one, constant) for one in floats]
    rows = numbers("value", stored, value_decimals=decimals)
    assert event_mask(Compare("value", op, constant), rows).tolist() == expected


@pytest.mark.parametrize(
    ("constant", "less", "greater"), [(1e300, True, False), (-1e300, False, True)]
)
def test_values_beyond_the_column(constant: float, less: bool, greater: bool) -> None:
    rows = numbers("value", [-(2**63), 0, 2**63 - 1])
    for rule in (value < constant, value <= constant, value.between(None, constant)):
        assert event_mask(rule, rows).tolist() == [less] * 3
    for rule in (value > constant, value >= constant, value.between(constant, None)):
        assert event_mask(rule, rows).tolist() == [greater] * 3
    assert event_mask(value == constant, rows).tolist() == [False] * 3
    assert event_mask(value != constant, rows).tolist() == [True] * 3
    assert event_mask(value.isin(constant, 0.0), rows).tolist() == [False, True, False]


def test_a_float_may_stand_for_many_fixed_points() -> None:
    # at 9 decimals near 8e9 floats are 1e-6 apart: a thousand integers share each
    stored = [8_000_000_000_000_000_000 + n for n in (-1000, -300, 0, 300, 1000)]
    constant = 8e9
    assert [n / 10**9 == constant for n in stored] == [False, True, True, True, False]
    rows = numbers("value", stored, value_decimals=9)
    assert event_mask(value == constant, rows).tolist() == [False, True, True, True, False]
    assert event_mask(value.isin(constant, 1.0), rows).tolist() == [False, True, True, True, False]
    assert event_mask(value.between(constant, 9e9), rows).tolist() == [
        False,
        True,
        True,
        True,
        True,
    ]


def test_instants_to_the_microsecond() -> None:
    us = to_us(NOON)
    rows = Rows(at=np.array([us - 1, us, us + 1]))
    for rule, says in (
        (at == NOON, [False, True, False]),
        (at != NOON, [True, False, True]),
        (at < NOON, [True, False, False]),
        (at <= NOON, [True, True, False]),
        (at > NOON, [False, False, True]),
        (at >= NOON, [False, True, True]),
        (at.isin(NOON, NOON + DAY), [False, True, False]),
        (at.between(NOON, NOON + DAY), [False, True, True]),
    ):
        assert event_mask(rule, rows).tolist() == says
        assert event_mask(~rule, rows).tolist() == [not one for one in says]


def test_what_is_not_valid_is_unknown() -> None:
    column = Numbers(np.array([0, 0, 500]), np.array([True, False, True]))
    rows = Rows(at=np.zeros(3, np.int64), columns={"amount": column})
    for rule, says in (
        (amount <= 5, [True, False, True]),
        (~(amount <= 5), [False, False, False]),
        (amount.is_missing(), [False, True, False]),
        (~amount.is_missing(), [True, False, True]),
    ):
        mask = event_mask(rule, rows)
        assert mask.tolist() == says
        mask[:] = True  # the caller's own
        assert column.valid.tolist() == [True, False, True]  # type: ignore[union-attr]
    everything = numbers("amount", [1, 2])
    assert event_mask(amount.is_missing(), everything).tolist() == [False, False]
    assert event_mask(~amount.is_missing(), everything).tolist() == [True, True]
    assert event_mask(at.is_missing(), everything).tolist() == [False, False]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_codes_of_any_width(dtype: Any) -> None:
    labels = tuple(f"{n:03}" for n in range(127))
    codes = np.array([-1, 0, 63, 126], dtype)
    rows = Rows(at=np.zeros(4, np.int64), columns={"channel": Coded(codes, labels)})
    for rule, says in (
        (channel == "000", [False, True, False, False]),
        (channel == "126", [False, False, False, True]),
        (channel != "126", [False, True, True, False]),
        (channel > "062", [False, False, True, True]),
        (channel == "none", [False, False, False, False]),
        (~(channel == "none"), [False, True, True, True]),
        (channel.is_missing(), [True, False, False, False]),
        (~channel.is_missing(), [False, True, True, True]),
    ):
        assert event_mask(rule, rows).tolist() == says


def test_constants_fill_the_rows() -> None:
    rows = numbers("amount", [1, 2])
    assert event_mask(always, rows).tolist() == [True, True]
    assert event_mask(~always, rows).tolist() == event_mask(never, rows).tolist() == [False, False]


# ---------------------------------------------------------------------- what is not there


def small() -> InteractionLog:
    seen = [
        Interaction(id=1, customer_id="a", at=NOON, kind="x", attributes={"plan": "pro"}),
        Interaction(id=2, customer_id="b", at=NOON, kind="x", amount=Money(5, "EUR")),
    ]
    return InteractionLog.from_interactions(seen).with_customers(
        [Customer(id="a", country="DE"), Customer(id="b", attributes={"size": 3})]
    )


def without(log: InteractionLog, name: str) -> InteractionLog:
    return attrs.evolve(log, columns={k: v for k, v in log.columns.items() if k != name})


def test_what_is_not_loaded_is_named() -> None:
    log = small()
    with pytest.raises(
        InvalidInputError, match="channel must be loaded in the log: build it with channel="
    ):
        (kind("x") | (channel == "web")).mask(without(log, "channel"))
    with pytest.raises(
        InvalidInputError,
        match=r"attribute\('plna'\) must be loaded in the log: build it with attributes=\['plna'\], did you mean 'plan'\?",
    ):
        (attribute("plna") == 1).mask(log)
    for field in (sku, category):
        with pytest.raises(
            InvalidInputError, match="must be loaded in the log: it has no such line"
        ):
            field.is_missing().mask(attrs.evolve(log, lines=None))
    assert log.lines is not None
    bare = attrs.evolve(log.lines, columns={"sku": log.lines.columns["sku"]})
    assert not (sku == "x").mask(attrs.evolve(log, lines=bare)).any()
    with pytest.raises(InvalidInputError, match="category must be loaded in the log"):
        (category == "x").mask(attrs.evolve(log, lines=bare))
    with pytest.raises(
        InvalidInputError,
        match=r"customer\('contry'\) must be loaded in the log: with_customers brings attributes, did you mean 'country'\?",
    ):
        (customer("contry") == "DE").members(log)


def test_columns_of_another_sort_are_refused() -> None:
    log = small()
    for name, column, rule, requirement in (
        ("amount", log.columns["kind"], amount >= 5, "amount must be numeric: got Coded"),
        ("channel", log.columns["amount"], channel == "a", "channel must be categorical: got Num"),
        ("channel", Ids(np.array([1, 2])), channel == "a", "channel must be categorical: got Ids"),
    ):
        odd = attrs.evolve(log, columns={**log.columns, name: column})
        with pytest.raises(InvalidInputError, match=requirement):
            rule.mask(odd)


def test_money_of_another_currency_raises_on_a_log() -> None:
    log = small()
    for rule in (
        amount >= Money(5, "USD"),
        amount.isin(Money(5, "USD"), Money(6, "USD")),
        kind("none") & amount.between(Money(5, "USD"), None),
    ):
        with pytest.raises(
            InvalidInputError, match="amount must be in USD, as the rule is: got EUR"
        ):
            rule.mask(log)
    no_money = InteractionLog.from_interactions(
        [Interaction(id=1, customer_id="a", at=NOON, kind="x")]
    )
    assert (amount >= Money(5, "USD")).mask(no_money).tolist() == [False]


@attrs.frozen
class Odd(FieldRule):
    """A rule on a field, of somebody else's making."""

    field: str

    def of(self, seen: Any) -> bool | None:
        return True


def test_foreign_nodes_are_refused() -> None:
    log = small()
    refused = pytest.raises(InvalidInputError, match="rule must be made of the nodes")
    with refused:
        Odd("amount").mask(log)
    with pytest.raises(InvalidInputError, match="rule must be made of the nodes"):
        Foreign("event").mask(log)
    with pytest.raises(InvalidInputError, match="rule must be made of the nodes"):
        Foreign("customer").members(log, as_of=NOON)


# ---------------------------------------------------------------------- customers


def test_members_need_an_instant_for_history_alone() -> None:
    log = small()
    german = customer("country") == "DE"
    assert dict(zip(log.customers.tolist(), german.members(log).tolist(), strict=True)) == {
        "a": True,
        "b": False,
    }
    did = Did(kind("x"))
    with pytest.raises(
        InvalidInputError, match="as_of must be given: the rule asks about history"
    ):
        (german | did).members(log)
    assert did.members(log, as_of=NOON).tolist() == [True, True]
    assert did.members(log, as_of=NOON - DAY).tolist() == [False, False]
    assert did.members(log.until(NOON)).tolist() == [True, True]
    assert did.members(log.until(NOON), as_of=NOON).tolist() == [True, True]
    assert did.members(log.until(NOON), as_of=NOON - DAY).tolist() == [False, False]
    with pytest.raises(InvalidInputError, match="as_of must not be later than the log's"):
        did.members(log.until(NOON), as_of=NOON + DAY)
    with pytest.raises(InvalidInputError, match="as_of must be timezone-aware"):
        german.members(log, as_of=NOON.replace(tzinfo=None))


def test_customers_in_columns() -> None:
    made = NOON - DAY
    log = small().with_customers(
        [
            Customer(id="a", created_at=made, country="DE", owner_id=7, attributes={"size": 3}),
            Customer(id="b", attributes={"size": 3.0}),
            Customer(id="c", created_at=NOON, attributes={"size": True}),
        ]
    )
    ids = log.customers.tolist()
    for rule, members in (
        (customer("size") == 3, {"a", "b"}),
        (customer("size") != 3, {"c"}),
        (customer("size") < 4, {"a", "b"}),
        (customer("owner_id") == 7, {"a"}),
        (customer("created_at") < NOON, {"a"}),
        (customer("created_at").is_missing(), {"b"}),
        (customer("country").is_missing(), {"b", "c"}),
        (~(customer("country") == "FR"), {"a"}),
        (always, {"a", "b", "c"}),
        (never | ~Did(kind("x")), {"c"}),
    ):
        mask = rule.members(log, as_of=NOON)
        assert {one for one, inside in zip(ids, mask, strict=True) if inside} == members


def test_did_counts_within_the_window() -> None:
    seen = [
        Interaction(id=i, customer_id=c, at=NOON - days * DAY, kind="x")
        for i, (c, days) in enumerate([("a", 0), ("a", 1), ("b", 1), ("b", 2), ("c", -1)])
    ]
    log = InteractionLog.from_interactions(seen)
    ids = log.customers.tolist()
    for rule, members in (
        (Did(always, 2), {"a", "b"}),
        (Did(always, 2, 2 * DAY), {"a"}),  # the window is open at its start
        (Did(always, 2, 2 * DAY + dt.timedelta(microseconds=1)), {"a", "b"}),
        (Did(always, 1, DAY), {"a"}),
        (Did(always, 1, dt.timedelta.max), {"a", "b"}),
        (~Did(kind("y")), {"a", "b", "c"}),
    ):
        mask = rule.members(log, as_of=NOON)
        assert {one for one, inside in zip(ids, mask, strict=True) if inside} == members


def test_lines_of_some_events() -> None:
    seen = [
        Interaction(id=1, customer_id="a", at=NOON, kind="x"),
        Interaction(id=2, customer_id="a", at=NOON, kind="x", items=(Item(sku="pen"),)),
        Interaction(
            id=3,
            customer_id="a",
            at=NOON,
            kind="x",
            items=(Item(sku="ink", category="art"), Item(sku="pen", category="art")),
        ),
        Interaction(id=4, customer_id="a", at=NOON, kind="x"),
    ]
    log = InteractionLog.from_interactions(seen)
    for rule, says in (
        (sku == "ink", [False, False, True, False]),
        (~(sku == "ink"), [False, True, False, False]),
        (sku != "ink", [False, True, True, False]),
        (sku.is_missing(), [True, False, False, True]),
        (~sku.is_missing(), [False, True, True, False]),
        (category.is_missing(), [True, True, False, True]),
        (~(category == "art"), [False, False, False, False]),
        (~(category == "paper"), [False, False, True, False]),
    ):
        assert rule.mask(log).tolist() == says
