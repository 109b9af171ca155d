"""Stripe's objects: amounts, discounts, pauses, and money that moved.

Payloads restate the examples of Stripe's API reference (docs.stripe.com/api): the subscription,
price, coupon, discount, invoice, charge, refund and event objects.
"""

import copy
import datetime as dt
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model import InteractionLog, Money, Window, spells_of
from customerops.model.adapters.stripe import interaction_from_stripe, subscription_from_stripe

UTC = dt.UTC
START = 1767225600  # 2026-01-01T00:00:00Z
DAY = 86400


def instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, UTC)


def price(amount: int | None, **more: Any) -> dict[str, Any]:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    return {
        "id": "price_1MowQVLkdIwHu7ixeRlqHVzs",
        "object": "price",
        "currency": "usd",
        "unit_amount": amount,
        "product": "prod_A",
        "recurring": recurring,
        **more,
    }


def subscription(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "sub_1MowQVLkdIwHu7ixeRlqHVzs",
        "object": "subscription",
        "customer": "cus_Na6dX7aXxi11N4",
        "status": "active",
        "start_date": START,
        "trial_end": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "ended_at": None,
        "pause_collection": None,
        "metadata": {"team": "north"},
        "items": {
            "object": "list",
            "data": list(items) or [{"quantity": 1, "price": price(1000)}],
        },
        **more,
    }


def coupon(**more: Any) -> dict[str, Any]:
    return {"coupon": {"id": "Z4OV52SU", "object": "coupon", "duration": "forever", **more}}


def test_a_subscription() -> None:
    found = subscription_from_stripe(subscription())
    assert found.id == "sub_1MowQVLkdIwHu7ixeRlqHVzs"
    assert found.customer_id == "cus_Na6dX7aXxi11N4"
    assert found.amount == Money("10.00", "USD")
    assert (found.interval, found.quantity) == ((1, "month"), 1)
    assert found.started_at == instant(START)
    assert found.attributes["status"] == "active"
    assert found.attributes["metadata.team"] == "north"
    assert found.attributes["cancel_at_period_end"] is False
    assert "id" not in found.attributes


def test_an_event_carries_it() -> None:
    event = {"id": "evt_1", "object": "event", "type": "customer.subscription.updated"}
    event |= {"created": START, "data": {"object": subscription()}}  # type: ignore[dict-item]
    assert subscription_from_stripe(event) == subscription_from_stripe(subscription())


@pytest.mark.parametrize(
    ("items", "amount"),
    [
        ([{"quantity": 3, "price": price(1500)}], "45.00"),
        ([{"price": price(1500)}], "15.00"),
        ([{"quantity": 0, "price": price(1500)}], "0.00"),
        ([{"quantity": 2, "price": price(1000)}, {"price": price(50, id="p2")}], "20.50"),
        # a hundred pieces of 0.05 cents are 5 cents
        ([{"quantity": 100, "price": price(None, unit_amount_decimal="0.05")}], "0.05"),
        # half a cent goes to the even one: 0.5 -> 0, 1.5 -> 2
        ([{"price": price(None, unit_amount_decimal="0.5")}], "0.00"),
        ([{"price": price(None, unit_amount_decimal="1.5")}], "0.02"),
        # 11 pieces in packages of 5: 3 packages up, 2 down
        (
            [
                {
                    "quantity": 11,
                    "price": price(100, transform_quantity={"divide_by": 5, "round": "up"}),
                }
            ],
            "3.00",
        ),
        (
            [
                {
                    "quantity": 11,
                    "price": price(100, transform_quantity={"divide_by": 5, "round": "down"}),
                }
            ],
            "2.00",
        ),
    ],
)
def test_amounts(items: list[dict[str, Any]], amount: str) -> None:
    assert subscription_from_stripe(subscription(*items)).amount == Money(amount, "USD")


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [
        ("jpy", 500, Money(500, "JPY")),
        ("krw", 500, Money(500, "KRW")),
        ("kwd", 5120, Money("5.12", "KWD")),
        ("isk", 500, Money(5, "ISK")),
        ("ugx", 500, Money(5, "UGX")),
        ("mga", 500, Money(500, "MGA")),
        ("EUR", 500, Money(5, "EUR")),
    ],
)
def test_currencies(currency: str, minor: int, amount: Money) -> None:
    """Stripe, Supported currencies: 10 USD is 1000, 500 JPY is 500, 5 ISK is 500, 5.12 KWD 5120."""
    given = subscription({"price": price(minor, currency=currency)})
    assert subscription_from_stripe(given).amount == amount


@pytest.mark.parametrize(
    ("discounts", "amount"),
    [
        ([coupon(percent_off=25.5)], "14.90"),
        ([coupon(percent_off=50, duration="once")], "20.00"),
        ([coupon(percent_off=50, duration="repeating", duration_in_months=3)], "20.00"),
        ([coupon(amount_off=500, currency="usd")], "15.00"),
        ([coupon(amount_off=5000, currency="usd")], "0.00"),
        ([coupon(percent_off=50), coupon(amount_off=500, currency="usd")], "5.00"),
        ([coupon(amount_off=500, currency="usd"), coupon(percent_off=50)], "7.50"),
        ([coupon(percent_off=50, applies_to={"products": ["prod_B"]})], "17.50"),
        ([coupon(amount_off=900, currency="usd", applies_to={"products": ["prod_B"]})], "15.00"),
        ([coupon(percent_off=50, applies_to={"products": ["prod_C"]})], "20.00"),
        (
            [coupon(amount_off=1, currency="eur", currency_options={"usd": {"amount_off": 500}})],
            "15.00",
        ),
        ([{"source": {"type": "coupon", **coupon(percent_off=10)}}], "18.00"),
    ],
)
def test_only_what_lasts_forever_is_off(discounts: list[Any], amount: str) -> None:
    items: list[dict[str, Any]] = [
        {"price": price(1500)},
        {"price": price(500, id="p2", product={"id": "prod_B", "name": "B"})},
    ]
    found = subscription_from_stripe(subscription(*items, discounts=discounts))
    assert found.amount == Money(amount, "USD")


def test_older_and_items_own_discounts() -> None:
    found = subscription_from_stripe(subscription(discount=coupon(percent_off=10)))
    assert found.amount == Money(9, "USD")
    items: list[dict[str, Any]] = [
        {"price": price(1000), "discounts": [coupon(percent_off=10)]},
        {"price": price(1000, id="p2")},
    ]
    assert subscription_from_stripe(subscription(*items)).amount == Money(19, "USD")


def test_what_is_metered_costs_nothing_yet() -> None:
    metered = {"interval": "month", "usage_type": "metered"}
    items: list[dict[str, Any]] = [
        {"quantity": 2, "price": price(1000, lookup_key="seats")},
        {"price": price(None, id="p2", nickname="calls", recurring=metered)},
    ]
    found = subscription_from_stripe(subscription(*items))
    assert found.amount == Money(20, "USD")
    assert (found.plan, found.quantity) == ("seats + calls", 2)


def test_notice_and_end() -> None:
    found = subscription_from_stripe(
        subscription(
            status="canceled",
            trial_end=START + 14 * DAY,
            canceled_at=START + 20 * DAY,
            ended_at=START + 31 * DAY,
            cancel_at_period_end=True,
            cancellation_details={"reason": "payment_failed", "comment": None},
        )
    )
    assert found.trial_ends_at == instant(START + 14 * DAY)
    assert found.cancelled_at == instant(START + 20 * DAY)
    assert found.ended_at == instant(START + 31 * DAY)
    assert found.reason == "involuntary"


PAUSE = {"behavior": "void", "resumes_at": START + 60 * DAY}


@pytest.mark.parametrize(
    ("more", "paused", "pauses"),
    [
        ({"pause_collection": PAUSE}, 30, [(30, 60)]),
        ({"pause_collection": {**PAUSE, "resumes_at": None}}, 30, [(30, None)]),
        ({"pause_collection": PAUSE, "ended_at": START + 40 * DAY}, 30, [(30, 40)]),
        ({"pause_collection": PAUSE, "ended_at": START + 20 * DAY}, 30, []),
        ({"pause_collection": PAUSE, "ended_at": START + 30 * DAY}, 30, []),
        ({"status": "paused", "trial_end": START + 14 * DAY}, None, [(14, None)]),
        ({"status": "paused"}, 20, [(20, None)]),
        ({}, 20, []),
    ],
)
def test_pauses(more: dict[str, Any], paused: int | None, pauses: list[Any]) -> None:
    since = None if paused is None else instant(START + paused * DAY)
    found = subscription_from_stripe(subscription(**more), paused_at=since)
    assert list(found.pauses) == [
        Window(instant(START + a * DAY), None if b is None else instant(START + b * DAY))
        for a, b in pauses
    ]


def test_the_event_says_since_when_it_is_paused() -> None:
    event: dict[str, Any] = {
        "object": "event",
        "type": "customer.subscription.updated",
        "created": START + 30 * DAY,
        "data": {
            "object": subscription(pause_collection=PAUSE),
            "previous_attributes": {"pause_collection": None},
        },
    }
    found = subscription_from_stripe(event)
    assert found.pauses == (Window(instant(START + 30 * DAY), instant(START + 60 * DAY)),)
    event["data"]["previous_attributes"] = {"pause_collection": {"behavior": "void"}}
    message = "data.object.pause_collection must come with paused_at: nothing says since when"
    with pytest.raises(InvalidInputError, match=message):
        subscription_from_stripe(event)
    event["data"]["object"] = subscription(status="paused")
    with pytest.raises(InvalidInputError, match="data.object.status must come with paused_at"):
        subscription_from_stripe(event)


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    given = copy.deepcopy(subscription())
    at: Any = given
    for key in path[:-1]:
        at = at[key]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return {"object": "event", "data": {"object": given}}


P = ["items", "data", 0, "price"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["customer"], ..., "data.object.customer must be given: it is missing"),
        (["start_date"], "x", "data.object.start_date must be a time as an int: got str"),
        (["status"], "incomplete", "data.object.status must be of a subscription that began"),
        (["object"], "invoic", "data.object.object must be one of 'subscription'"),
        (["items"], ..., "data.object.items must be given: it is missing"),
        (["items"], "x", "data.object.items must be a mapping: got str"),
        (["items", "has_more"], True, "data.object.items must be whole: has_more: fetch the rest"),
        (["items", "data"], [], r"data.object.items.data must be a list with an item: got none"),
        (["items", "data"], {"a": 1}, r"data.object.items.data must be a list .*: got dict"),
        (P, ..., r"data.object.items.data\[0\].price must be given: it is missing"),
        ([*P, "unit_amount"], None, r"items.data\[0\].price.unit_amount must be given: it is"),
        ([*P, "unit_amount"], "9", r"items.data\[0\].price.unit_amount must be an int: got str"),
        ([*P, "currency"], "zzz", r"items.data\[0\].price.currency must be an ISO 4217 code"),
        ([*P, "recurring"], None, r"items.data\[0\].price.recurring must be given"),
        ([*P, "recurring", "interval"], "mont", "price.recurring.interval must be one of"),
        ([*P, "recurring", "interval_count"], 0, "recurring.interval_count must be at least 1"),
        (["items", "data", 0, "quantity"], -1, r"items.data\[0\].quantity must be at least 0"),
        (
            ["discounts"],
            ["di_1"],
            r"data.object.discounts\[0\] must be expanded to an object: got",
        ),
        (["discounts"], [{"coupon": "c"}], r"discounts\[0\].coupon must be expanded to an object"),
        (
            ["discounts"],
            [coupon(amount_off=1, currency="eur")],
            r"discounts\[0\].coupon.currency_options.usd.amount_off must be given",
        ),
        (
            ["items", "data"],
            [{"price": price(1)}, {"price": price(1, currency="eur")}],
            r"items.data\[1\].price.currency must be that of the first item",
        ),
        (
            ["items", "data"],
            [{"price": price(1)}, {"price": price(1, recurring={"interval": "year"})}],
            r"items.data\[1\].price.recurring must be that of the first item",
        ),
    ],
)
def test_errors_have_the_path(path: list[Any], value: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        subscription_from_stripe(changed(path, value))


def test_a_payload_is_a_mapping() -> None:
    with pytest.raises(InvalidInputError, match="payload must be a mapping: got list"):
        subscription_from_stripe([])  # type: ignore[arg-type]


def test_contracts_become_spells() -> None:
    """Two contracts of a month each: 2026-01 at 10 dollars, ended, and one that runs at 20."""
    ended = subscription(ended_at=START + 31 * DAY)
    runs = subscription({"quantity": 2, "price": price(1000)}, id="sub_2", customer="cus_2")
    as_of = instant(START + 40 * DAY)
    spells = spells_of([subscription_from_stripe(x) for x in (ended, runs)], as_of=as_of)
    assert spells.customers.tolist() == ["cus_2", "cus_Na6dX7aXxi11N4"]
    assert spells.observed.tolist() == [False, True]
    assert spells.amount is not None
    assert spells.amount.values.tolist() == [2000, 1000]


INVOICE = {
    "id": "in_1MtHbELkdIwHu7ixl4OzzPMv",
    "object": "invoice",
    "customer": "cus_NeZwdNtLEOXuvB",
    "status": "paid",
    "currency": "usd",
    "amount_due": 1200,
    "amount_paid": 1200,
    "billing_reason": "subscription_cycle",
    "created": START,
    "status_transitions": {"paid_at": START + 60},
    "subscription": "sub_1",
    "lines": {"data": [{"period": {"start": START, "end": START + 31 * DAY}}, {}]},
}


def test_a_paid_invoice_renews() -> None:
    found = interaction_from_stripe(INVOICE)
    assert (found.kind, found.at, found.id) == ("renew", instant(START + 60), INVOICE["id"])
    assert found.amount == Money(12, "USD")
    assert found.until == instant(START + 31 * DAY)
    assert found.thread_id == "sub_1"
    assert found.attributes["billing_reason"] == "subscription_cycle"


def test_other_invoices() -> None:
    first = interaction_from_stripe({**INVOICE, "billing_reason": "subscription_create"})
    assert (first.kind, first.until) == ("purchase", None)
    no_lines = {**INVOICE, "lines": None, "status_transitions": None, "subscription": None}
    no_lines["parent"] = {"subscription_details": {"subscription": "sub_9"}}
    newer = interaction_from_stripe(no_lines)
    assert (newer.kind, newer.at, newer.until) == ("renew", instant(START), None)
    assert newer.thread_id == "sub_9"
    many = {**INVOICE, "lines": {**INVOICE["lines"], "has_more": True}}  # type: ignore[dict-item]
    assert interaction_from_stripe(many).until is None
    trial = {**INVOICE, "billing_reason": "subscription_create", "amount_paid": 0, "amount_due": 0}
    assert interaction_from_stripe(trial).kind == "invoice_paid"
    assert interaction_from_stripe({**INVOICE, "amount_paid": 0}).kind == "renew"
    open_one = interaction_from_stripe({**INVOICE, "status": "open"})
    assert (open_one.kind, open_one.id) == ("invoice_open", f"{INVOICE['id']}:open")
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.payment_failed",
        "created": START + 5,
        "data": {"object": {**INVOICE, "status": "open"}},
    }
    failed = interaction_from_stripe(event)
    assert (failed.kind, failed.at, failed.outcome) == (
        "payment_failed",
        instant(START + 5),
        "open",
    )
    assert failed.id == f"{INVOICE['id']}:evt_1"


CHARGE = {
    "id": "ch_3MmlLrLkdIwHu7ix0snN0B15",
    "object": "charge",
    "customer": "cus_1",
    "status": "succeeded",
    "captured": True,
    "amount": 1099,
    "amount_captured": 999,
    "currency": "usd",
    "created": START,
    "failure_code": None,
}


@pytest.mark.parametrize(
    ("more", "kind", "amount", "outcome"),
    [
        ({}, "purchase", "9.99", None),
        ({"amount_captured": None}, "purchase", "10.99", None),
        ({"status": "failed", "failure_code": "card_declined"}, "payment_failed", "10.99", 0),
        ({"status": "pending"}, "charge_pending", "10.99", None),
        ({"captured": False, "amount_captured": 0}, "charge_uncaptured", "10.99", None),
    ],
)
def test_charges(more: dict[str, Any], kind: str, amount: str, outcome: Any) -> None:
    found = interaction_from_stripe({**CHARGE, **more})
    assert (found.kind, found.amount) == (kind, Money(amount, "USD"))
    assert found.outcome == ("card_declined" if outcome == 0 else None)
    assert (found.id == CHARGE["id"]) == (kind in ("purchase", "payment_failed"))


REFUND = {
    "id": "re_1Nispe2eZvKYlo2Cd31jOCgZ",
    "object": "refund",
    "amount": 1000,
    "charge": "ch_1",
    "currency": "usd",
    "created": START + DAY,
    "reason": "requested_by_customer",
    "status": "succeeded",
}


def test_refunds() -> None:
    found = interaction_from_stripe(REFUND, customer_id="cus_1")
    assert (found.kind, found.amount) == ("refund", Money(-10, "USD"))
    assert (found.thread_id, found.outcome) == ("ch_1", "requested_by_customer")
    charge = {"id": "ch_1", "customer": "cus_7"}
    expanded = interaction_from_stripe({**REFUND, "charge": charge}, customer_id="cus_1")
    assert (expanded.customer_id, expanded.thread_id) == ("cus_7", "ch_1")
    late = interaction_from_stripe({**REFUND, "status": "pending"}, customer_id="cus_1")
    assert (late.kind, late.id) == ("refund_pending", f"{REFUND['id']}:pending")
    with pytest.raises(InvalidInputError, match="^customer must be given: .* give customer_id="):
        interaction_from_stripe(REFUND)


def test_amounts_that_are_none() -> None:
    with pytest.raises(InvalidInputError, match="^amount must be an int: got str$"):
        interaction_from_stripe({**REFUND, "amount": "10.00"}, customer_id=1)
    with pytest.raises(InvalidInputError, match="^amount must be given: it is missing$"):
        interaction_from_stripe({**REFUND, "amount": None}, customer_id=1)


def test_what_moved_makes_a_log() -> None:
    moved = [
        interaction_from_stripe(CHARGE),
        interaction_from_stripe(REFUND, customer_id="cus_1"),
        interaction_from_stripe(CHARGE),  # delivered twice
    ]
    log = InteractionLog.from_interactions(moved)
    assert len(log) == 2
    assert [str(x.amount) for x in log.interactions()] == ["9.99 USD", "-10.00 USD"]
