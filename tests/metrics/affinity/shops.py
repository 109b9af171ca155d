"""Random and generated shops: orders with lines, as records and as logs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from customerops.model import Interaction, InteractionLog, Item
from customerops.model.values.calendar import Calendar
from tests.reference import metrics as slow

__all__ = ["AS_OF", "ORDERS", "START", "UTC", "cdnow_like", "log_of", "order", "own"]

UTC = dt.UTC
START = dt.datetime(2026, 3, 6, tzinfo=UTC)  # New York's clocks change two days later
AS_OF = START + dt.timedelta(days=8)


def order(who: str, day: float, *skus: str, kind: str = "purchase") -> Interaction:
    """Return an order of some items, one a line; ``"-ink"`` takes one back."""
    items = [
        Item(sku=sku.removeprefix("-"), quantity=-1 if sku.startswith("-") else 1) for sku in skus
    ]
    at = START + dt.timedelta(days=day)
    return Interaction(customer_id=who, kind=kind, at=at, items=tuple(items))


LINES = st.builds(
    Item,
    sku=st.sampled_from(["ink", "pen", "pad", "cap", "墨"]),
    category=st.sampled_from([None, "paper", "writing"]),
    quantity=st.sampled_from([Decimal(n) for n in ("1", "1", "2", "0.5", "0", "-1", "-0.5")]),
)
ORDERS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.sampled_from("abcdef"),
        kind=st.sampled_from(["purchase", "purchase", "purchase", "refund", "visit"]),
        at=st.builds(
            lambda day, hour: START + dt.timedelta(days=day, hours=hour),
            st.integers(0, 10),
            st.sampled_from([0, 0, 6]),
        ),
        items=st.lists(LINES, max_size=5).map(tuple),
    ),
    max_size=20,
)


def log_of(rows: Sequence[Interaction], *, as_of: dt.datetime = AS_OF) -> InteractionLog:
    calendar = Calendar("America/New_York")
    return InteractionLog.from_interactions(rows, calendar=calendar).until(as_of)


def own(rows: Sequence[Interaction], as_of: dt.datetime = AS_OF) -> dict[Any, list[Interaction]]:
    """Return what was known of each customer, by time."""
    return slow.histories(rows, as_of)


def cdnow_like(
    n_customers: int, *, seed: int, n_items: int = 200, n_tastes: int = 8, taste: float = 0.7
) -> InteractionLog:
    """Return a year of orders of customers who buy at rates that differ, as in CDNOW's records.

    Rates of orders are gamma distributed with the shape of the CDNOW sample (0.55), so that most
    customers buy once or twice. Items are as popular as Zipf has it, and belong to tastes: a
    customer has one, and takes a share `taste` of the items from it. With ``taste=0`` what anyone
    bought says nothing about what they will buy, and only popularity helps.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.55, 8.0, n_customers)
    orders = 1 + rng.poisson(rate)
    who = np.repeat(np.arange(n_customers), orders)
    day = rng.integers(0, 365, len(who))
    size = 1 + rng.poisson(1.4, len(who))
    weight = 1.0 / np.arange(1, n_items + 1)
    taste_of_item = rng.integers(0, n_tastes, n_items)
    taste_of = rng.integers(0, n_tastes, n_customers)
    line = np.repeat(np.arange(len(who)), size)
    item = rng.choice(n_items, len(line), p=weight / weight.sum())
    own_taste = taste_of[who[line]]
    loyal = rng.random(len(line)) < taste
    for one in range(n_tastes):
        inside = np.flatnonzero(taste_of_item == one)
        rows = np.flatnonzero(loyal & (own_taste == one))
        p = weight[inside] / weight[inside].sum()
        item[rows] = rng.choice(inside, len(rows), p=p)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(day, unit="D")
    names = np.array([f"item {i:03d}" for i in range(n_items)])
    return InteractionLog.from_orders(
        pd.DataFrame({"order": np.arange(len(who)), "who": who, "day": days}),
        pd.DataFrame({"order": line, "sku": names[item]}),
        customer_id="who",
        at="day",
        order_id="order",
        sku="sku",
        tz=UTC,
    ).until_day(dt.date(2025, 12, 31))
