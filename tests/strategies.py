"""Random customers as they are met: few people, many ties, clock changes, refunds, gaps.

Draws are dense where faults hide. Instants come from a small pool, so that ties are common; the
pool lies about a day on which the clock changes, or a leap day; amounts, channels and attributes
may be missing for one customer, for one place or for all.
"""

import datetime as dt
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from customerops.model import Calendar, Customer, Interaction, Item, Money, Subscription
from tests.surface.world import PLACES, World

__all__ = ["customer_ids", "instants", "interactions", "worlds"]

MIDDLES = {
    "America/New_York": ("2024-03-10", "2024-11-03", "2024-02-29"),
    "Europe/Berlin": ("2024-03-31", "2024-10-27", "2023-12-31"),
    "America/St_Johns": ("2011-03-13", "2010-11-07"),  # at 00:01: the fall goes back a day
    "Pacific/Apia": ("2011-12-29",),  # 30 December 2011 did not take place
    "UTC": ("2024-02-29", "2023-12-31"),
}
"""Days on which the local clock changes, leap days and ends of years, by zone."""

CALENDARS = {zone: Calendar(zone) for zone in MIDDLES}

CLOCK = (
    *("00:00:00", "00:00:30", "00:01:00", "01:30:00", "01:59:59.999999"),
    *("02:00:00", "02:30:00", "03:00:00", "12:00:00", "23:01:00", "23:59:59.999999"),
)
KINDS = (*("purchase",) * 5, "signup", "signup", "use", "use", "refund", "cancel", "erase")
CHANNELS = (None, "web", "store", "email", "wechat")
MINOR = (0, 1, 500, 999, 1_000, 5_999, 10**13)  # 10**13 squared does not fit into 64 bits
INTERVALS: tuple[tuple[int, Literal["week", "month", "year"]], ...] = (
    (1, "month"),
    (1, "year"),
    (2, "week"),
)
CURRENCIES = ("USD", "JPY", "KWD")  # two, none and three decimals
US = dt.timedelta(microseconds=1)


@st.composite
def instants(draw: st.DrawFn, zone: str, middle: dt.date, days: int) -> dt.datetime:
    """Draw a wall-clock time within some days of the middle, most often near it."""
    offset = draw(st.one_of(st.integers(-1, 1), st.integers(-days, days)))
    wall = dt.time.fromisoformat(draw(st.sampled_from(CLOCK)))
    local = dt.datetime.combine(middle + dt.timedelta(days=offset), wall, ZoneInfo(zone))
    return local.replace(fold=draw(st.integers(0, 1))).astimezone(dt.UTC)


def customer_ids() -> st.SearchStrategy[list[Any]]:
    """Draw one to six ids of one type; none sort as they would in the other."""
    return st.one_of(
        st.lists(st.sampled_from([9, 10, -3, 0, 2**40, 77]), min_size=1, unique=True),
        st.lists(st.sampled_from(["9", "10", "a", "A", "客户", "é"]), min_size=1, unique=True),
    )


@st.composite
def interactions(
    draw: st.DrawFn, name: str, customer: int | str, pool: list[dt.datetime], currency: str | None
) -> Interaction:
    """Draw what one customer did at one of the instants."""
    kind = draw(st.sampled_from(KINDS))
    amount = draw(amounts(kind, currency)) if currency is not None else None
    attributes = {
        "plan": draw(st.sampled_from([None, None, "free", "pro"])),
        "score": draw(st.sampled_from([None, None, 1, True, 1.0, "1"])),
    }
    lines = draw(st.integers(0, 2)) if kind == "purchase" and currency is not None else 0
    return Interaction(
        id=name,
        customer_id=customer,
        at=draw(st.sampled_from(pool)),
        kind=kind,
        channel=draw(st.sampled_from(CHANNELS)),
        amount=amount,
        value=draw(st.sampled_from([None, 0.1, 3.0, 10.0])),
        thread_id=draw(st.sampled_from([None, None, "t1", "t2"])),
        campaign_id=draw(st.sampled_from([None, None, "spring"])),
        items=tuple(draw(items(currency)) for _ in range(lines)),
        attributes={key: value for key, value in attributes.items() if value is not None},
    )


@st.composite
def amounts(draw: st.DrawFn, kind: str, currency: str) -> Money | None:
    """Draw what was paid, or paid back; now and then nobody wrote it down."""
    if kind not in ("purchase", "refund") or draw(st.integers(0, 4)) == 0:
        return None
    minor = draw(st.sampled_from(MINOR))
    return Money.of_minor(-minor if kind == "refund" else minor, currency)


@st.composite
def items(draw: st.DrawFn, currency: Any) -> Item:
    """Draw one line of an order."""
    return Item(
        sku=draw(st.sampled_from(["pen", "ink"])),
        category=draw(st.sampled_from([None, "paper"])),
        quantity=draw(st.sampled_from([Decimal(1), Decimal(2), Decimal("0.5")])),
        unit_price=Money.of_minor(draw(st.sampled_from([0, 250, 999])), currency),
    )


@st.composite
def people(
    draw: st.DrawFn, ids: list[int] | list[str], pool: list[dt.datetime]
) -> tuple[Customer, ...]:
    """Draw the customers' own records."""
    return tuple(
        Customer(
            id=customer,
            created_at=draw(st.sampled_from(pool)),
            country=draw(st.sampled_from([None, "CN", "US"])),
            attributes=draw(st.sampled_from([{}, {"segment": "a"}, {"segment": "b"}])),
        )
        for customer in ids
    )


@st.composite
def contracts(
    draw: st.DrawFn, name: str, customer: int | str, pool: list[dt.datetime], currency: str
) -> Subscription:
    """Draw a subscription that may be cancelled and may have ended, before or after `as_of`."""
    first, second, third = sorted(draw(st.lists(st.sampled_from(pool), min_size=3, max_size=3)))
    end = draw(st.sampled_from(["running", "cancelled", "ended"]))
    return Subscription(
        id=name,
        customer_id=customer,
        plan=draw(st.sampled_from(["basic", "pro"])),
        amount=Money.of_minor(draw(st.sampled_from([0, 990, 12_000])), currency),
        interval=draw(st.sampled_from(INTERVALS)),
        started_at=first,
        cancelled_at=None if end == "running" else second,
        ended_at=third + US if end == "ended" else None,
    )


@st.composite
def worlds(draw: st.DrawFn, *, days: int = 400, max_records: int = 24) -> World:
    """Draw a world.

    Parameters
    ----------
    days : int
        How far from its middle it reaches, either way; some worlds are shorter.
    max_records : int
        Most interactions.
    """
    zone = draw(st.sampled_from(sorted(MIDDLES)))
    middle = dt.date.fromisoformat(draw(st.sampled_from(MIDDLES[zone])))
    reach = draw(st.sampled_from([d for d in (2, 40, 400) if d <= days] or [days]))
    pool = draw(st.lists(instants(zone, middle, reach), min_size=2, max_size=8))
    ids = draw(customer_ids())
    currency = draw(st.sampled_from([*CURRENCIES, None]))
    who = draw(st.lists(st.sampled_from(ids), max_size=max_records))
    seen = [draw(interactions(f"e{i}", x, pool, currency)) for i, x in enumerate(who)]
    repeated = draw(st.lists(st.sampled_from(seen), max_size=2)) if seen else []
    look = draw(st.sampled_from(pool))
    nudge = draw(st.sampled_from([dt.timedelta(0), -US, US, dt.timedelta(days=reach)]))
    return World(
        records=(*seen, *repeated),
        customers=draw(st.one_of(st.none(), people(ids, pool))),
        subscriptions=tuple(
            draw(contracts(f"s{i}", x, pool, currency or "EUR"))
            for i, x in enumerate(draw(st.lists(st.sampled_from(ids), max_size=6)))
        ),
        place={x: draw(st.sampled_from(PLACES)) for x in ids},
        as_of=look + nudge,
        middle=middle,
        calendar=CALENDARS[zone],
        currency=draw(st.sampled_from([None, currency])),
    )
