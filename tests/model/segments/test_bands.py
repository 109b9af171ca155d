"""Bands between quantiles, frozen into rules."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    Band,
    Customer,
    Did,
    Interaction,
    InteractionLog,
    Money,
    Rule,
    Segment,
    Segmentation,
    amount,
    assign_segments,
    at,
    channel,
    customer,
    kind,
    value,
)
from tests.reference import segments as slow

UTC = dt.UTC
DAY = dt.datetime(2026, 1, 1, tzinfo=UTC)
LEVELS = ["0.1", "0.2", "0.3", "0.5", "0.7", "0.8"]


def buys(amounts: list[int | None]) -> list[Interaction]:
    return [
        Interaction(
            id=str(i),
            customer_id=f"c{i % 4}",
            at=DAY + dt.timedelta(hours=i),
            kind="purchase" if i % 3 else "refund",
            amount=None if minor is None else Money.of_minor(minor, "EUR"),
            value=None if minor is None else minor / 8,
        )
        for i, minor in enumerate(amounts)
    ]


@given(
    st.lists(st.sampled_from([None, -500, 0, 500, 500, 501, 999]), min_size=1, max_size=12),
    st.sampled_from(LEVELS),
)
def test_bands_part_the_events_at_the_cut(minor: list[int | None], level: str) -> None:
    seen = buys(minor)
    log = InteractionLog.from_interactions(seen).until(DAY + dt.timedelta(days=9))
    known = [one for one in seen if one.amount is not None]
    if not known:
        return
    money = [one.amount.amount for one in known if one.amount is not None]
    low, high = (
        band.freeze(log) for band in (Band(amount, 0, float(level)), Band(amount, float(level)))
    )
    cut = slow.cut(money, level)
    assert [high.matches(one) for one in known] == [m >= cut for m in money]
    assert [low.matches(one) for one in known] == [m < cut for m in money]
    assert Rule.from_dict(json.loads(json.dumps(high.to_dict()))) == high
    numbers = [one.value for one in known if one.value is not None]
    fixed = Band(value, float(level)).freeze(log)
    assert [fixed.matches(one) for one in known] == [
        n >= slow.cut(numbers, level) for n in numbers
    ]
    times = Band(at, float(level)).freeze(log)
    assert [times.matches(one) for one in seen] == [
        one.at >= slow.cut([e.at for e in seen], level) for one in seen
    ]


@given(
    st.lists(st.sampled_from([0, 500, 500, 501, 999]), min_size=1, max_size=12),
    st.sampled_from(LEVELS),
)
def test_segments_of_frozen_bands(minor: list[int | None], level: str) -> None:
    seen = buys(minor)
    end = DAY + dt.timedelta(days=9)
    log = InteractionLog.from_interactions(seen).until(end)
    top = Band(amount, float(level)).freeze(log)
    division = Segmentation(
        segments=(Segment(key="top", rule=Did(top)), Segment(key="rest", rule=~Did(top)))
    )
    assigned = assign_segments(log, division)
    for one, key in zip(assigned.ids.tolist(), assigned.segment.tolist(), strict=True):
        own = [event for event in seen if event.customer_id == one]
        found = division.segment_of(own, as_of=end)
        assert found is not None
        assert found.key == key


def test_a_quantile_is_the_level_as_it_is_written() -> None:
    log = InteractionLog.from_interactions(buys([100 * i for i in range(10)]))
    log = log.until(DAY + dt.timedelta(days=9))
    # 0.7 * 10 is 7 and a little less in binary floats
    assert Band(amount, 0.7).freeze(log) == amount.between(7, None)
    assert Band(amount, 0.3, 0.7).freeze(log) == amount.between(3, 7)
    assert Band(amount).freeze(log) == ~amount.is_missing()
    buys_only = Band(amount, 0.5, where="purchase").freeze(log)
    assert buys_only == kind("purchase") & amount.between(5, None)  # of 1, 2, 4, 5, 7, 8
    early = Band(amount, 0.5).freeze(log, as_of=DAY + dt.timedelta(hours=1))
    assert early == amount.between(1, None)


def test_of_customers() -> None:
    people = [
        Customer(
            id=f"c{i}", created_at=DAY + dt.timedelta(days=i), attributes={"age": 20 + 10 * i}
        )
        for i in range(4)
    ]
    log = InteractionLog.from_interactions(buys([1, 2])).with_customers(
        [*people, Customer(id="c9", created_at=DAY)]
    )
    log = log.until(DAY + dt.timedelta(days=2))  # c3 is not there yet
    assert Band(customer("age"), 0.5).freeze(log) == customer("age").between(30, None)
    assert Band(customer("created_at"), 0.5).freeze(log) == (
        customer("created_at").between(DAY + dt.timedelta(days=1), None)
    )
    with pytest.raises(InvalidInputError, match=r"customer\('country'\) must hold numbers"):
        Band(customer("country"), 0.5).freeze(
            InteractionLog.from_interactions(buys([1]))
            .with_customers([Customer(id="c0", country="DE")])
            .until(DAY)
        )
    with pytest.raises(InvalidInputError, match=r"customer\('aeg'\) must be loaded .* 'age'"):
        Band(customer("aeg"), 0.5).freeze(log)


def test_created_at_of_all() -> None:
    log = (
        InteractionLog.from_interactions(buys([1]))
        .with_customers([Customer(id="c0", created_at=DAY)])
        .until(DAY)
    )
    assert Band(customer("created_at"), 0.5).freeze(log) == customer("created_at").between(
        DAY, None
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Band(channel, 0.5), "field must be the field amount, value, at or .*got channel"),
        (lambda: Band("amount", 0.5), "field must be .*got str"),
        (lambda: Band(amount, -0.1), "low must be between 0 and 1: got -0.1"),
        (lambda: Band(amount, 0, 1.5), "high must be between 0 and 1: got 1.5"),
        (lambda: Band(amount, 0.5, 0.5), "low must be below high: got 0.5, 0.5"),
        (lambda: Band(customer("age"), 0.5, where="purchase"), "where must not be given"),
        (lambda: Band(amount, 0.5, where=Did("purchase")), "where must be a rule about events"),
        (
            lambda: Band(amount, 0.5).freeze(
                InteractionLog.from_interactions(buys([None])), as_of=DAY
            ),
            "amount must have values to cut: there are none",
        ),
    ],
)
def test_refusals(make: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()
