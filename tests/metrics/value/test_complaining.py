"""Complaints by orders and by customers: by hand, and by reading each history."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from customerops.errors import InvalidInputError
from customerops.metrics import complaint_rate, contact_rate
from customerops.model import Customer, Interaction, InteractionLog, Proportion, Ratio, kind, value
from tests.metrics.contracts import INSTANTS, NEW_YORK
from tests.metrics.value.test_value_of_orders import ROWS, check, log_of, spans
from tests.reference import value as slow
from tests.reference.metrics import histories

T0 = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
BAD: Any = 7


def log(*rows: tuple[str, str, int]) -> InteractionLog:
    seen = [Interaction(customer_id=w, kind=k, at=T0 + day * DAY) for w, k, day in rows]
    return InteractionLog.from_interactions(seen, calendar=NEW_YORK).until(T0 + 60 * DAY)


SMALL = log(
    ("a", "purchase", 0),
    ("a", "purchase", 1),
    ("a", "complaint", 2),
    ("a", "complaint", 3),
    ("b", "purchase", 4),
    ("c", "complaint", 5),  # bought nothing
    ("b", "complaint", 30),  # in February, of an order of January
)
ASK: dict[str, Any] = {"complaints": "complaint", "period": "month"}


def test_by_hand() -> None:
    orders = complaint_rate(SMALL, definition="by_orders", **ASK)
    assert isinstance(orders, Ratio)
    assert (orders.x.tolist(), orders.y.tolist()) == ([3, 1, 0], [3, 0, 0])
    assert orders.value[0] == 1.0
    assert math.isnan(orders.value[1])
    assert (orders.context.unit, orders.context.definition) == ("order", "by_orders")
    buyers = complaint_rate(SMALL, definition="by_customers", **ASK)
    assert isinstance(buyers, Proportion)
    assert (buyers.count.tolist(), buyers.total.tolist()) == ([1, 0, 0], [2, 0, 0])
    people = [Customer(id=w, country=c) for w, c in (("a", "DE"), ("b", "FR"), ("c", "FR"))]
    by: Any = complaint_rate(
        SMALL.with_customers(people), definition="by_customers", by="country", **ASK
    )
    assert by.value[:, 0].tolist() == [1.0, 0.0]
    strict = complaint_rate(
        SMALL, definition="by_orders", **{**ASK, "complaints": kind("complaint") & (value > 0)}
    )
    assert strict.value[0] == 0.0


@given(ROWS, INSTANTS)
def test_complaints_equal_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime
) -> None:
    known, own = log_of(rows).until(as_of), histories(rows, as_of)
    ask: dict[str, Any] = {"complaints": "use", "period": "month"}
    orders: Any = complaint_rate(known, definition="by_orders", **ask)
    buyers: Any = complaint_rate(known, definition="by_customers", **ask)
    for column, span in enumerate(spans(orders)):
        many, sold, both, bought = slow.complaints(own, span)
        assert (int(orders.x[column]), int(orders.y[column])) == (many, sold)
        assert (int(buyers.count[column]), int(buyers.total[column])) == (both, bought)
        check(orders, column, (many, sold), as_of)
        check(buyers, column, (both, bought), as_of)
    contacts = contact_rate(known, activity={"purchase", "use"}, cases="use", period="month")
    assert contacts.x.tolist() == orders.x.tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: complaint_rate(SMALL, **{**ASK, "definition": "x"}), "definition must be one"),
        (
            lambda: complaint_rate(SMALL, definition="by_orders", complaints=BAD, period="day"),
            "complaints must",
        ),
        (lambda: complaint_rate(SMALL, definition="by_orders", purchases=BAD, **ASK), "purchases"),
        (
            lambda: complaint_rate(SMALL, definition="by_orders", complaints="complaint"),
            "period must be given",
        ),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
