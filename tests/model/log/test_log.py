"""The log: building from records, parts of it, joins, other units."""

from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction, Item
from customerops.model.rules.rules import amount, customer, kind
from customerops.model.values.calendar import Calendar
from customerops.model.values.columns import Coded
from customerops.model.values.money import Money
from customerops.model.values.window import Window

UTC = dt.UTC


def day(n: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 1, 1, hour, tzinfo=UTC) + dt.timedelta(days=n)


def event(ident: Any, who: Any, n: int, what: str = "visit", **more: Any) -> Interaction:
    return Interaction(id=ident, customer_id=who, at=day(n), kind=what, **more)


def log_of(*events: Interaction, **options: Any) -> InteractionLog:
    return InteractionLog.from_interactions(events, **options)


SMALL = (
    event("1", "b", 3),
    event("2", "a", 5, "purchase", amount=Money("5.00", "EUR")),
    event("3", "b", 1, "signup", channel="web"),
    event("4", "a", 2, attributes={"page": "home"}),
    event("5", "c", 9, "purchase", amount=Money("7.25", "EUR")),
)


# ------------------------------------------------------------------ building


def test_customers_are_contiguous_and_times_ascend_within() -> None:
    log = log_of(*SMALL)
    assert len(log) == 5
    assert log.n_customers == 3
    for c in range(log.n_customers):
        own = log.at[log.offsets[c] : log.offsets[c + 1]]
        assert (np.diff(own) >= 0).all()
    assert sorted(log.customers.tolist()) == ["a", "b", "c"]
    assert log.kinds == ("purchase", "signup", "visit")


def test_ties_keep_their_input_order() -> None:
    tied = [event(str(i), "a", 0, f"k{i}") for i in (3, 1, 2)]
    assert [one.kind for one in log_of(*tied).interactions()] == ["k3", "k1", "k2"]


def test_nothing_and_one_event() -> None:
    empty = log_of()
    assert (len(empty), empty.n_customers, empty.currency) == (0, 0, None)
    assert list(empty.interactions()) == []
    assert empty.union(log_of(*SMALL)) == log_of(*SMALL)
    assert list(log_of(SMALL[0]).interactions()) == [SMALL[0]]


def test_arrays_are_read_only_even_after_pickling() -> None:
    for log in (log_of(*SMALL), pickle.loads(pickle.dumps(log_of(*SMALL)))):
        for array in (log.at, log.offsets, log.kind, log.amount, log.entered, log.codes):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_a_repeated_id_counts_once_and_is_set_aside() -> None:
    log = log_of(*SMALL, SMALL[0])
    assert len(log) == 5
    assert log.rejected.rows.tolist() == [5]
    assert log.rejected.counts() == {"id repeated, counted once": 1}


def test_the_same_id_of_another_customer_is_another_event() -> None:
    assert len(log_of(event("1", "a", 0), event("1", "b", 0))) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"at": day(4)},
        {"amount": Money("1.00", "EUR")},
        {"value": 2.0},
        {"attributes": {"page": "home"}},
        {"items": (Item(sku="x", quantity=1),)},
        {"until": day(9)},
    ],
)
def test_the_same_id_with_other_content_is_refused(change: dict[str, Any]) -> None:
    import attrs

    with pytest.raises(
        InvalidInputError, match=r"id must not repeat .* 1 of 2 rows is not \(first at row 1\)"
    ):
        log_of(SMALL[0], attrs.evolve(SMALL[0], **change))


def test_two_currencies_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="currency must be one in a log: got EUR, USD"):
        log_of(*SMALL, event("9", "d", 1, amount=Money("1", "USD")))
    with pytest.raises(InvalidInputError, match="currency must be one"):
        log_of(*SMALL, currency="USD")


def test_two_types_of_id_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="customer_id must be of one type"):
        log_of(event("1", "a", 0), event("2", 1, 0))


def test_an_undeclared_attribute_is_refused_by_name() -> None:
    with pytest.raises(InvalidInputError, match="attributes must name .*: not: page"):
        log_of(*SMALL, attributes=[])
    assert "attributes.plan" in log_of(*SMALL, attributes=["page", "plan"]).columns


def test_a_value_that_needs_more_decimals_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="value must be exact at 6 decimals"):
        log_of(event("1", "a", 0, value=1 / 3))
    assert log_of(event("1", "a", 0, value=1 / 8), value_decimals=3).numbers("value").values == [
        125
    ]


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="interactions must be .*: got dict at position 0"):
        InteractionLog.from_interactions([{}])  # type: ignore[list-item]


def test_ids_may_be_integers_or_uuids() -> None:
    for ids in ([3, 1, 2], [UUID(int=3), UUID(int=1), UUID(int=2)]):
        log = log_of(*(event(str(i), who, 0) for i, who in enumerate(ids)))
        assert [one.customer_id for one in log.interactions()] == sorted(ids)


def test_an_id_beyond_64_bits_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="customer_id must fit 64 bits"):
        log_of(event("1", 2**63, 0))


# ------------------------------------------------------------------ round trip

WORDS = st.sampled_from(["a", "b", "ü", "visit"])
MONEY = st.integers(-(10**12), 10**12).map(lambda n: Money.of_minor(n, "JPY"))
INSTANTS = st.integers(0, 10**9).map(
    lambda s: day(0) + dt.timedelta(microseconds=s * 10**6 + s % 7)
)
ITEMS = st.builds(
    Item,
    sku=WORDS,
    category=st.none() | WORDS,
    quantity=st.integers(1, 9).map(Decimal) | st.just(Decimal("1.5")),
    unit_price=st.none() | MONEY,
)
EVENTS = st.builds(
    Interaction,
    id=st.integers(0, 10**6).map(str),
    customer_id=st.sampled_from(["a", "b", "c"]),
    at=INSTANTS,
    recorded_at=st.none() | INSTANTS,
    kind=WORDS,
    name=st.none() | WORDS,
    channel=st.none() | WORDS,
    outcome=st.none() | WORDS,
    amount=st.none() | MONEY,
    value=st.none() | st.integers(-(10**6), 10**6).map(lambda n: n / 8),
    until=st.none() | INSTANTS,
    thread_id=st.none() | WORDS,
    campaign_id=st.none() | WORDS,
    actor_id=st.none() | WORDS,
    items=st.lists(ITEMS, max_size=2).map(tuple),
    attributes=st.dictionaries(
        st.sampled_from(["x", "y"]), st.sampled_from([True, 1, 1.0, "1", False, 0]), max_size=2
    ),
)


@given(st.lists(EVENTS, max_size=12, unique_by=lambda one: one.id))
def test_records_come_back_sorted_and_whole(seen: list[Interaction]) -> None:
    expected = sorted(seen, key=lambda one: (str(one.customer_id), one.at))  # sorted() is stable
    log = InteractionLog.from_interactions(seen)
    assert list(log.interactions()) == expected
    assert sorted(log.interactions(order="stored"), key=lambda one: str(one.id)) == sorted(
        seen, key=lambda one: str(one.id)
    )
    assert InteractionLog.from_interactions(log.interactions()) == log


@given(st.lists(EVENTS, max_size=8, unique_by=lambda one: one.id), st.data())
def test_repeats_change_nothing(seen: list[Interaction], data: st.DataObject) -> None:
    again = data.draw(st.permutations(seen + seen[:3]))
    log = InteractionLog.from_interactions(again)
    assert len(log) == len(seen)
    assert sorted(str(one.id) for one in log.interactions()) == sorted(str(one.id) for one in seen)
    assert len(log) + len(log.rejected) == len(again)


# ------------------------------------------------------------------ parts of a log


def test_until_is_inclusive_and_drops_who_entered_later() -> None:
    log = log_of(*SMALL).until(day(5))
    assert len(log) == 4
    assert sorted(log.customers.tolist()) == ["a", "b"]
    assert log.observed == Window(None, day(5) + dt.timedelta(microseconds=1))
    assert log.until(day(2)).n_customers == 2


def test_until_cannot_know_more_than_the_log() -> None:
    log = log_of(*SMALL).until(day(5))
    assert log.until(day(5)) is log
    with pytest.raises(InvalidInputError, match="t must not be later than the log's as_of"):
        log.until(day(6))
    with pytest.raises(InvalidInputError, match="t must be timezone-aware"):
        log.until(dt.datetime(2026, 1, 1))  # noqa: DTZ001 - the naive one is refused


def test_until_day_is_the_last_instant_of_the_local_day() -> None:
    zone = Calendar("America/New_York")
    log = log_of(*SMALL, calendar=zone).until_day(dt.date(2026, 1, 4))
    assert log.as_of is not None
    assert len(log) == 3
    # 4 January ends in New York at 05:00 UTC on the 5th
    assert log.as_of + 1 == int(dt.datetime(2026, 1, 5, 5, tzinfo=UTC).timestamp()) * 10**6
    with pytest.raises(InvalidInputError, match="calendar must be given"):
        log_of(*SMALL).until_day(dt.date(2026, 1, 4))


def test_where_keeps_every_customer() -> None:
    log = log_of(*SMALL)
    bought = log.where(kind("purchase") & (amount >= 6))
    assert (len(bought), bought.n_customers) == (1, 3)
    assert len(log.where({"visit", "signup"})) == 3
    with pytest.raises(InvalidInputError):
        log.where(customer("country") == "DE")


def test_an_instant_before_or_after_everything_is_an_instant() -> None:
    log = log_of(*SMALL)
    assert log.until(dt.datetime.max.replace(tzinfo=UTC)).observed == Window(None, None)
    before = log.until(day(-9))
    assert (len(before), before.n_customers) == (0, 0)
    nothing = log.between(Window(day(5), day(6))).until(day(1))
    assert (len(nothing), nothing.observed) == (
        0,
        Window(None, day(1) + dt.timedelta(microseconds=1)),
    )
    apart = log.between(Window(day(5), day(6))).between(Window(day(1), day(2)))
    assert (len(apart), apart.observed) == (0, Window(day(1), day(2)))


def test_between_is_half_open() -> None:
    log = log_of(*SMALL).between(Window(day(1), day(3)))
    assert [one.id for one in log.interactions()] == ["4", "3"]
    assert log.n_customers == 3
    assert log.observed == Window(day(1), day(3))
    assert len(log_of(*SMALL).between(Window(None, None))) == 5


def test_of_keeps_one_customer() -> None:
    assert [one.id for one in log_of(*SMALL).of("b").interactions()] == ["3", "1"]
    with pytest.raises(InvalidInputError, match="customer_id must be a customer of the log$"):
        log_of(*SMALL).of("zed")


def test_split_is_by_id_and_seed_alone() -> None:
    events = [event(str(i), i, i % 9) for i in range(300)]
    whole = log_of(*events)
    a, b = whole.split(0.3, seed=1)
    assert a.union(b) == whole
    assert 60 < a.n_customers < 120
    half, _ = log_of(*events[:150]).split(0.3, seed=1)
    assert set(half.customers.tolist()) == {i for i in a.customers.tolist() if i < 150}
    other, _ = whole.split(0.3, seed=2)
    assert other != a
    assert whole.sample(0.3, seed=1) == a
    assert whole.sample(0, seed=1).n_customers == 0
    assert whole.sample(1, seed=1) == whole
    with pytest.raises(InvalidInputError, match="fraction must lie between 0 and 1"):
        whole.sample(1.5, seed=1)


def test_a_column_that_is_not_there_is_named() -> None:
    log = log_of(*SMALL)
    with pytest.raises(InvalidInputError, match="got 'chanel', did you mean 'channel'"):
        log.column("chanel")
    with pytest.raises(InvalidInputError, match="must be categorical: 'amount' holds numbers"):
        log.coded("amount")
    with pytest.raises(InvalidInputError, match="must be numeric: 'kind' holds labels"):
        log.numbers("kind")


def test_derived_arrays_are_cached_and_not_pickled() -> None:
    log = log_of(*SMALL, calendar=Calendar(UTC))
    assert log.codes is log.codes
    assert log.ordinals("day") is log.ordinals("day")
    assert log.ordinals("day").dtype == np.int32
    again = pickle.loads(pickle.dumps(log))
    assert not again._cache
    assert again == log
    with pytest.raises(InvalidInputError, match="calendar must be given"):
        log_of(*SMALL).ordinals("day")


def test_the_cache_survives_until_only_when_nothing_is_dropped() -> None:
    log = log_of(*SMALL)
    codes = log.codes
    assert log.until(day(9)).codes is codes
    assert len(log.until(day(2)).codes) == 2


# ------------------------------------------------------------------ joins


def test_union_refuses_shared_customers_and_other_contexts() -> None:
    log = log_of(*SMALL)
    with pytest.raises(InvalidInputError, match="no customer in common: 3 are in both$"):
        log.union(log)
    other = log_of(event("9", "z", 1))
    for field, changed in (
        ("as_of", other.until(day(9))),
        ("calendar", log_of(event("9", "z", 1), calendar=Calendar(UTC))),
        ("observed", other.between(Window(day(0), None))),
        ("value_decimals", log_of(event("9", "z", 1), value_decimals=2)),
        ("currency", log_of(event("9", "z", 1, amount=Money("1", "USD")))),
        ("customer ids", log_of(event("9", 7, 1))),
    ):
        with pytest.raises(InvalidInputError, match=f"^{field} must be"):
            log.union(changed)


def test_union_fills_what_one_side_lacks() -> None:
    a = log_of(SMALL[3], attributes=["page"])
    b = log_of(event("9", "z", 1, amount=Money("3.00", "EUR"), items=(Item(sku="s", quantity=2),)))
    both = a.union(b)
    assert both.currency == "EUR"
    assert both == log_of(SMALL[3], *b.interactions())
    assert b.union(a) == both


@given(st.lists(EVENTS, max_size=10, unique_by=lambda one: one.id))
def test_union_of_partitions_is_the_whole(seen: list[Interaction]) -> None:
    names = ["x", "y"]
    whole = InteractionLog.from_interactions(seen, attributes=names)
    parts = [
        InteractionLog.from_interactions(
            [one for one in seen if one.customer_id == who], attributes=names
        )
        for who in ("c", "a", "b")
    ]
    joined = parts[0].union(parts[1]).union(parts[2])
    assert joined == whole
    assert list(joined.interactions()) == list(whole.interactions())


def test_concat_merges_customers_and_counts_repeats_once() -> None:
    a, b = log_of(*SMALL[:3]), log_of(*SMALL[2:])
    both = a.concat(b)
    assert both == log_of(*SMALL)
    assert both.rejected.counts() == {"id repeated, counted once": 1}
    assert log_of().concat(log_of()) == log_of()


def test_concat_keeps_ties_in_the_order_of_the_logs() -> None:
    a, b = log_of(event("1", "a", 0, "x")), log_of(event("2", "a", 0, "w"))
    assert [one.kind for one in a.concat(b).interactions()] == ["x", "w"]
    assert [one.kind for one in b.concat(a).interactions()] == ["w", "x"]


def test_equality_sees_every_difference() -> None:
    log = log_of(*SMALL)
    assert log != log_of(*SMALL[:4])
    assert log != log.until(day(9))
    assert log != log_of(*SMALL, attributes=["page", "plan"])
    assert (log == 1) is False
    assert log_of(event("1", "a", 0, value=1.0)) != log_of(event("1", "a", 0, value=2.0))
    assert log_of(event("1", "a", 0, value=1.0)) != log_of(event("1", "a", 0))
    assert log_of(event("1", "a", 0, channel="web")) != log_of(event("1", "a", 0))
    one, two = (Item(sku=sku, quantity=1) for sku in ("s", "t"))
    assert log_of(event("1", "a", 0, items=(one,))) != log_of(event("1", "a", 0, items=(two,)))
    assert log_of(event("1", "a", 0, items=(one,))) != log_of(event("1", "a", 0))
    with pytest.raises(TypeError):
        hash(log)


# ------------------------------------------------------------------ other units


def test_by_thread_makes_each_case_a_unit() -> None:
    events = [
        event("1", "a", 0, "case_open", thread_id="t2"),
        event("2", "a", 1, "case_open", thread_id="t1"),
        event("3", "a", 2, "case_reply", thread_id="t2"),
        event("4", "b", 3, "case_open", thread_id="t1"),
        event("5", "b", 4),
    ]
    cases = log_of(*events).by_thread()
    assert sorted(cases.customers.tolist()) == [("a", "t1"), ("a", "t2"), ("b", "t1")]
    assert cases.parent is not None
    assert sorted(cases.parent.values.tolist()) == ["a", "a", "b"]
    assert len(cases) == 4
    assert len(cases.of(("a", "t2"))) == 2
    for refused in (
        cases.by_thread,
        lambda: list(cases.interactions()),
        lambda: cases.relabel({}),
    ):
        with pytest.raises(InvalidInputError, match="log must not be by thread"):
            refused()


def test_a_log_by_thread_splits_and_joins_by_its_customers() -> None:
    events = [event(str(i), i // 3, 0, thread_id=f"t{i % 3}") for i in range(90)]
    cases = log_of(*events).by_thread()
    a, b = cases.split(0.5, seed=3)
    assert a.parent is not None
    assert b.parent is not None
    assert not set(a.parent.values.tolist()) & set(b.parent.values.tolist())
    assert a.union(b) == cases
    one = log_of(event("x", "a", 0, thread_id="1")).by_thread()
    two = log_of(event("y", "a", 0, thread_id="2")).by_thread()
    with pytest.raises(InvalidInputError, match="1 are in both"):
        one.union(two)
    with pytest.raises(InvalidInputError, match="must have the same unit"):
        one.union(log_of(event("z", "q", 0)))
    with pytest.raises(InvalidInputError, match="must not be by thread"):
        one.concat(two)


def people(*pairs: tuple[str, str | None]) -> list[Customer]:
    return [Customer(id=who, account_id=account, created_at=day(0)) for who, account in pairs]


def test_rollup_makes_the_account_the_customer() -> None:
    log = log_of(*SMALL).with_customers(people(("a", "X"), ("b", "X"), ("c", "Y"), ("d", "Z")))
    accounts = log.rollup("account_id")
    assert sorted(accounts.customers.tolist()) == ["X", "Y", "Z"]
    assert [one.id for one in accounts.of("X").interactions()] == ["3", "4", "1", "2"]
    assert len(accounts.of("Z")) == 0


def test_rollup_refuses_to_lose_customers_in_silence() -> None:
    log = log_of(*SMALL).with_customers(people(("a", "X"), ("b", None), ("c", "Y")))
    with pytest.raises(InvalidInputError, match="1 of 3 customers lack it"):
        log.rollup("account_id")
    assert log.rollup("account_id", missing="drop").n_customers == 2
    ids = [UUID(int=7), UUID(int=8), UUID(int=7)]
    unique = [Customer(id=who, account_id=one) for who, one in zip("abc", ids, strict=True)]
    assert log_of(*SMALL).with_customers(unique).rollup("account_id").n_customers == 2
    owners: list[int | str] = [1, "x", 2]
    mixed = [Customer(id=who, account_id=one) for who, one in zip("abc", owners, strict=True)]
    with pytest.raises(InvalidInputError, match="attribute must hold ids of one type"):
        log_of(*SMALL).with_customers(mixed).rollup("account_id")
    with pytest.raises(InvalidInputError, match="got 'acount_id', did you mean 'account_id'"):
        log.rollup("acount_id")
    with pytest.raises(InvalidInputError, match="missing must be one of"):
        log.rollup("account_id", missing="keep")  # type: ignore[arg-type]


def test_arguments_of_another_kind_are_refused() -> None:
    log: Any = log_of(*SMALL)
    for call, message in (
        (lambda: log.between(3), "window must be a Window: got int"),
        (lambda: log.split("a", seed=1), "fraction must be"),
        (lambda: log.union(3), "logs must all be an InteractionLog: got int"),
        (lambda: log.concat(None), "logs must all be an InteractionLog: got NoneType"),
        (lambda: log.relabel([1]), "resolution must be a mapping of ids: got list"),
        (lambda: log.with_customers(None), "customers must be an iterable of records"),
        (lambda: InteractionLog.from_interactions(3), "interactions must be an iterable"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidInputError, match=message):
            call()


def test_columns_cannot_be_put_in() -> None:
    log = log_of(*SMALL).with_customers([Customer(id="a")])
    assert log.lines is not None
    for columns in (log.columns, log.customer_columns, log.lines.columns):
        with pytest.raises(TypeError, match="does not support item assignment"):
            columns["kind"] = None  # type: ignore[index]


def test_columns_say_no_more_than_their_size() -> None:
    log = log_of(*SMALL)
    assert repr(log.columns["kind"]) == "Coded(5 rows, 3 labels)"
    assert repr(log.columns["amount"]) == "Numbers(5 rows)"
    assert repr(log.columns["id"]) == "Ids(5 rows)"


def test_what_is_by_thread_is_neither_rolled_up_nor_given_customers() -> None:
    cases = log_of(event("1", "a", 0, thread_id="t")).by_thread()
    with pytest.raises(InvalidInputError, match="log must not be by thread"):
        cases.rollup("account_id")
    with pytest.raises(InvalidInputError, match="log must not be by thread"):
        cases.with_customers([])


def test_records_need_ids() -> None:
    bare = InteractionLog.from_arrays(customer_id=["a"], at=[day(0)], kind=["x"], row=True)
    with pytest.raises(InvalidInputError, match="log must have been built with id= to give"):
        list(bare.interactions())
    known = InteractionLog.from_arrays(
        customer_id=["a"], at=[day(0)], kind=["x"], id=["1"], row=True, amount=[2], currency="EUR"
    )
    assert [one.id for one in known.interactions()] == ["1"]
    assert known.amount_valid is None


def test_joins_of_logs_without_lines_or_with_rows() -> None:
    a, b = (
        InteractionLog.from_arrays(customer_id=[who], at=[day(0)], kind=[who], row=True)
        for who in "ab"
    )
    both = a.union(b)
    assert both.lines is None
    assert "row" not in both.columns
    tied = InteractionLog.from_arrays(
        customer_id=["b", "a"], at=[day(0)] * 2, kind=["first", "second"], row=True
    ).relabel({"a": "b"})
    assert [tied.kinds[code] for code in tied.kind] == ["first", "second"]


def test_integer_ids_are_relabelled() -> None:
    log = log_of(event("1", 1, 0), event("2", 2, 0)).relabel({1: 2})
    assert log.customers.dtype == np.int64
    assert log.customers.tolist() == [2]


def test_amounts_beyond_64_bits_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="amount must fit 64 bits in the smallest unit"):
        log_of(event("1", "a", 0, amount=Money("92233720368547758.08", "EUR")))


def test_relabel_joins_customers() -> None:
    log = log_of(*SMALL).relabel({"b": "a"})
    assert sorted(log.customers.tolist()) == ["a", "c"]
    assert [one.id for one in log.of("a").interactions()] == ["3", "4", "1", "2"]
    assert log_of(*SMALL).relabel({}) == log_of(*SMALL)
    with pytest.raises(InvalidInputError, match="resolution must give ids of the log's type"):
        log_of(*SMALL).relabel({"b": 1})


def test_relabel_refuses_attributes_that_differ() -> None:
    log = log_of(*SMALL).with_customers(
        [Customer(id="a", country="DE"), Customer(id="b", country="FR"), Customer(id="c")]
    )
    with pytest.raises(InvalidInputError, match="country must agree .* 1 customers differ"):
        log.relabel({"b": "a"})
    same = log.relabel({"c": "a"})
    column = same.customer_columns["country"]
    assert isinstance(column, Coded)
    assert [column.labels[i] for i in column.codes] in (["DE", "FR"], ["FR", "DE"])


# ------------------------------------------------------------------ customers


def test_customers_without_events_count_from_when_they_entered() -> None:
    log = log_of(*SMALL).with_customers(
        [Customer(id="d", created_at=day(4), country="DE"), Customer(id="a", created_at=day(0))]
    )
    assert log.n_customers == 4
    assert log.until(day(3)).n_customers == 2
    assert log.until(day(4)).n_customers == 3
    with pytest.raises(InvalidInputError, match="created_at must be given .* 1 of 1 have none"):
        log.with_customers([Customer(id="e")])
    with pytest.raises(
        InvalidInputError, match="customers must be one record each: 1 are repeated"
    ):
        log.with_customers([Customer(id="a"), Customer(id="a")])
    with pytest.raises(InvalidInputError, match="customers must be Customer records: got str"):
        log.with_customers(["a"])  # type: ignore[list-item]


def test_customer_attributes_are_declared() -> None:
    log = log_of(*SMALL).with_customers(
        [Customer(id="a", attributes={"plan": "gold"})], attributes=["plan", "size"]
    )
    assert set(log.customer_columns) >= {"plan", "size", "country", "created_at"}
    with pytest.raises(InvalidInputError, match="not: plan"):
        log_of(*SMALL).with_customers([Customer(id="a", attributes={"plan": "x"})], attributes=[])


def test_what_it_says_of_itself_names_no_customer() -> None:
    log = log_of(*SMALL).until(day(9))
    assert repr(log) == "InteractionLog(5 events, 3 customers, as of 2026-01-10T00:00:00+00:00)"
    assert log.nbytes > 0
