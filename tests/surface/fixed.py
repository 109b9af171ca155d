"""One world made by hand, with something of every kind, where random ones are not wanted."""

import datetime as dt
from zoneinfo import ZoneInfo

from customerops.model import Calendar, Customer, Interaction, Item, Money, Subscription
from tests.surface.world import World

__all__ = ["fixed_world"]

START = dt.datetime(2024, 1, 15, 9, tzinfo=dt.UTC)
KINDS = ("signup", "purchase", "use", "purchase", "refund", "purchase", "cancel")


def fixed_world(days: int = 140) -> World:
    """Return five customers, each with up to thirteen events over four months, seen so far."""
    ids = ["ann", "bob", "eve", "mia", "zoe"]
    return World(
        records=tuple(
            _interaction(customer, c, e)
            for c, customer in enumerate(ids)
            for e in range(1 + 3 * c)
        ),
        customers=tuple(
            Customer(
                id=customer,
                created_at=START,
                country=("CN", "US", None)[c % 3],
                attributes={"segment": "a"} if c % 2 else {},
            )
            for c, customer in enumerate(ids)
        ),
        subscriptions=tuple(
            Subscription(
                id=f"s{c}",
                customer_id=customer,
                plan=("basic", "pro")[c % 2],
                amount=Money("9.90", "EUR"),
                interval=(1, "month"),
                started_at=START + dt.timedelta(days=7 * c),
                ended_at=START + dt.timedelta(days=60) if c % 2 else None,
            )
            for c, customer in enumerate(ids)
        ),
        place={customer: c % 3 for c, customer in enumerate(ids)},
        as_of=START + dt.timedelta(days=min(days, 140)),
        middle=dt.date(2024, 3, 10),
        calendar=Calendar(ZoneInfo("America/New_York")),
        currency=None,
    )


def _interaction(customer: str, c: int, e: int) -> Interaction:
    kind = KINDS[e % len(KINDS)]
    paid = kind in ("purchase", "refund")
    price = Money("-5.00" if kind == "refund" else f"{20 + c}.{10 + e}", "EUR")
    return Interaction(
        id=f"{customer}-{e}",
        customer_id=customer,
        at=START + dt.timedelta(days=(e // 2) * (5 + 4 * c)),  # two by two at one instant
        kind=kind,
        channel=("web", "store", None)[e % 3],
        amount=price if paid else None,
        value=float(e) if kind == "use" else None,
        thread_id=f"t{e % 2}",
        campaign_id="spring" if e % 4 == 0 else None,
        items=(Item(sku="pen", category=None, quantity=e, unit_price=Money(2, "EUR")),)
        if e == 5
        else (),
        attributes={"plan": "pro"} if e % 2 else {},
    )
