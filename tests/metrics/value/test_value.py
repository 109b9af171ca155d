"""Repurchase under each definition, against a slow reading and published examples."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import repurchase_rate
from customerops.model import (
    Calendar,
    Interaction,
    InteractionLog,
    Proportion,
    Ratio,
    Window,
    first,
)
from tests.reference import metrics as slow

UTC = dt.UTC
NEW_YORK = ZoneInfo("America/New_York")
DEFINITIONS = ("in_window", "by_orders", "returning_customer", "prior_buyer_share", "within_days")


def bought(who: str, *days: str) -> list[Interaction]:
    return [
        Interaction(
            customer_id=who, kind="purchase", at=dt.datetime.fromisoformat(day).replace(tzinfo=UTC)
        )
        for day in days
    ]


def log_of(rows: list[Interaction], zone: Any = UTC) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=Calendar(zone))


# littlestreamsoftware.com, "Returning customer rate" (Shopify's definition), restated
SHOPIFY = [
    *bought("A", "2019-06-01", "2020-02-01"),
    *bought("B", "2020-03-01", "2020-07-01"),
    *bought("C", "2020-05-01"),
]
YEAR = Window.parse("2020-01-01", "2021-01-01", tz=UTC)


@pytest.mark.parametrize(
    ("definition", "count", "total"),
    [
        ("returning_customer", 2, 3),  # the published 66.7 %
        ("in_window", 1, 3),  # by hand: B alone has two in the year
        ("prior_buyer_share", 1, 3),  # by hand: A had bought before
    ],
)
def test_one_data_set_three_shares(definition: Any, count: int, total: int) -> None:
    log = log_of(SHOPIFY).until(dt.datetime(2021, 1, 1, tzinfo=UTC))
    rate = repurchase_rate(log, definition=definition, over=YEAR)
    assert isinstance(rate, Proportion)
    assert (rate.count, rate.total, rate.definition) == (count, total, definition)


def test_by_orders_is_a_ratio_clustered_by_customer() -> None:
    log = log_of(SHOPIFY).until(dt.datetime(2021, 1, 1, tzinfo=UTC))
    rate = repurchase_rate(log, definition="by_orders", over=YEAR)
    assert isinstance(rate, Ratio)
    assert (rate.x, rate.y, rate.n) == (1, 4, 3)
    assert rate.context.unit == "order"


WITHIN = dt.timedelta(days=3)
INSTANTS = st.builds(
    lambda day, hour: dt.datetime(2026, 3, 1, tzinfo=UTC) + dt.timedelta(days=day, hours=hour),
    st.integers(0, 14),  # New York's clocks change on 8 March
    st.sampled_from([0, 4, 5, 6, 23]),
)
ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.sampled_from("abc"),
        kind=st.sampled_from(["purchase", "purchase", "use"]),
        at=INSTANTS,
    ),
    max_size=20,
)


@given(
    ROWS,
    INSTANTS,
    st.sampled_from(DEFINITIONS),
    st.sampled_from(["event", "day"]),
    st.integers(0, 8),
    st.integers(1, 8),
    st.sampled_from([UTC, NEW_YORK]),
)
def test_every_definition_equals_reading_each_history(
    rows: list[Interaction],
    as_of: dt.datetime,
    definition: Any,
    occasion: Any,
    start: int,
    length: int,
    zone: Any,
) -> None:
    begin = dt.datetime(2026, 3, 2, 4, tzinfo=UTC) + dt.timedelta(days=start)
    window = Window(begin, begin + dt.timedelta(days=length))
    within = WITHIN if definition == "within_days" else None
    rate = repurchase_rate(
        log_of(rows, zone).until(as_of),
        definition=definition,
        over=window,
        occasion=occasion,
        within=within,
    )
    assert window.start is not None
    assert window.end is not None
    expected = slow.repurchase(
        slow.histories(rows, as_of),
        definition=definition,
        window=(window.start, window.end),
        zone=zone,
        occasion=occasion,
        within=WITHIN,
        as_of=as_of,
    )
    got = (
        (rate.x, rate.y) if isinstance(rate, Ratio) else (rate.parts["count"], rate.parts["total"])
    )
    assert tuple(map(int, got)) == expected
    known = as_of >= window.end - dt.timedelta(microseconds=1)
    assert rate.complete is known
    if known and expected[1]:
        assert float(rate) == expected[0] / expected[1]
    else:
        assert math.isnan(float(rate))


def test_within_days_needs_no_window() -> None:
    rows = [*bought("a", "2026-01-01", "2026-01-04"), *bought("b", "2026-01-01", "2026-01-05")]
    log = log_of(rows).until(dt.datetime(2026, 1, 9, tzinfo=UTC))
    rate = repurchase_rate(log, definition="within_days", within=WITHIN)
    assert (int(rate.parts["count"]), int(rate.parts["total"])) == (1, 2)
    young = repurchase_rate(
        log.until(dt.datetime(2026, 1, 3, tzinfo=UTC)), definition="within_days", within=WITHIN
    )
    assert young.parts["total"] == 0


def test_a_window_longer_than_time_has_not_been_watched() -> None:
    log = log_of(bought("a", "2026-01-01")).until(dt.datetime(2026, 2, 9, tzinfo=UTC))
    rate = repurchase_rate(log, definition="within_days", within=dt.timedelta.max)
    assert int(rate.parts["total"]) == 0


def test_a_second_purchase_after_the_window_counts_within_days() -> None:
    log = log_of(bought("a", "2026-01-30", "2026-02-01")).until(
        dt.datetime(2026, 2, 9, tzinfo=UTC)
    )
    january = Window.parse("2026-01-01", "2026-02-01", tz=UTC)
    rate = repurchase_rate(log, definition="within_days", within=WITHIN, over=january)
    assert (int(rate.parts["count"]), int(rate.parts["total"])) == (1, 1)


@pytest.mark.parametrize("definition", ["in_window", "by_orders"])
def test_groups_add_up(definition: Any) -> None:
    log = log_of(SHOPIFY).until(dt.datetime(2021, 1, 1, tzinfo=UTC))
    grouped = repurchase_rate(log, definition=definition, over=YEAR, by=first("kind"))
    plain = repurchase_rate(log, definition=definition, over=YEAR)
    assert grouped.axes[0].labels == ("purchase",)
    assert grouped.rollup("first_kind") == plain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"definition": "repeat"}, "definition must be one of"),
        ({"definition": "in_window", "occasion": "hour"}, "occasion must be one of"),
        ({"definition": "in_window"}, "over must be given for definition='in_window'"),
        ({"definition": "within_days"}, "within must be given for definition='within_days'"),
        ({"definition": "within_days", "within": dt.timedelta(0)}, "within must"),
        (
            {"definition": "in_window", "over": YEAR, "within": WITHIN},
            "within must be left out: 'in_window' has no use for it",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(options: dict[str, Any], message: str) -> None:
    log = log_of(SHOPIFY).until(dt.datetime(2021, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidInputError, match=message):
        repurchase_rate(log, **options)


def test_days_need_a_calendar_and_events_do_not() -> None:
    log = InteractionLog.from_interactions(SHOPIFY).until(dt.datetime(2021, 1, 1, tzinfo=UTC))
    assert repurchase_rate(log, definition="in_window", over=YEAR).parts["count"] == 1
    with pytest.raises(InvalidInputError, match="calendar must be given"):
        repurchase_rate(log, definition="in_window", over=YEAR, occasion="day")
