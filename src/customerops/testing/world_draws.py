"""Random customers as they are met: few people, many ties, clock changes, refunds, gaps.

Draws are dense where faults hide. Instants come from a small pool, so that ties are common; the
pool lies about a day on which the clock changes, or a leap day; amounts, channels and attributes
may be missing for one customer, for one place or for all.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal, TypeVar

import attrs
from hypothesis import strategies as st

from customerops.model.records.records import Customer, Interaction, Item, Subscription
from customerops.model.values.calendar import Calendar
from customerops.model.values.money import Money
from customerops.testing.instant_draws import MIDDLES, US, middles, walls
from customerops.testing.value_draws import CURRENCIES, id_lists
from customerops.testing.worlds import PLACES, World

__all__ = ["CALENDARS", "Scene", "happenings", "people", "scenes", "worlds"]

W = TypeVar("W", bound=World)

CALENDARS = {zone: Calendar(zone) for zone in MIDDLES}
"""One calendar a zone, for its offsets are found once."""

_KINDS = (*("purchase",) * 5, "signup", "signup", "use", "use", "refund", "cancel", "erase")
_CHANNELS = (None, "web", "store", "email", "wechat")
_MINOR = (0, 1, 500, 999, 1_000, 5_999, 10**13)  # 10**13 squared does not fit into 64 bits
_INTERVALS: tuple[tuple[int, Literal["week", "month", "year"]], ...] = (
    (1, "month"),
    (1, "year"),
    (2, "week"),
)


@attrs.frozen
class Scene:
    """Where and when a world plays, and who is in it."""

    zone: str
    middle: dt.date
    reach: int
    pool: list[dt.datetime]
    ids: list[Any]
    currency: str | None


@st.composite
def scenes(draw: st.DrawFn, days: int) -> Scene:
    """Draw a scene that reaches some days from its middle, either way; some are shorter."""
    zone = draw(st.sampled_from(sorted(MIDDLES)))
    middle = draw(middles(zone))
    reach = draw(st.sampled_from([d for d in (2, 40, 400) if d <= days] or [days]))
    pool = draw(st.lists(walls(zone, middle, reach), min_size=2, max_size=8))
    ids = draw(id_lists())
    currency = draw(st.sampled_from([*CURRENCIES, None]))
    return Scene(zone, middle, reach, pool, ids, currency)


@st.composite
def happenings(
    draw: st.DrawFn, name: str, customer: int | str, pool: list[dt.datetime], currency: str | None
) -> Interaction:
    """Draw what one customer did at one of the instants."""
    kind = draw(st.sampled_from(_KINDS))
    amount = draw(_amounts(kind, currency)) if currency is not None else None
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
        channel=draw(st.sampled_from(_CHANNELS)),
        amount=amount,
        value=draw(st.sampled_from([None, 0.1, 3.0, 10.0])),
        thread_id=draw(st.sampled_from([None, None, "t1", "t2"])),
        campaign_id=draw(st.sampled_from([None, None, "spring"])),
        items=tuple(draw(_items(currency)) for _ in range(lines)),
        attributes={key: value for key, value in attributes.items() if value is not None},
    )


@st.composite
def _amounts(draw: st.DrawFn, kind: str, currency: str) -> Money | None:
    """Draw what was paid, or paid back; now and then nobody wrote it down."""
    if kind not in ("purchase", "refund") or draw(st.integers(0, 4)) == 0:
        return None
    minor = draw(st.sampled_from(_MINOR))
    return Money.of_minor(-minor if kind == "refund" else minor, currency)


@st.composite
def _items(draw: st.DrawFn, currency: Any) -> Item:
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
    """Draw the customers' own records; who has no events counts from when they were created."""
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
def _contracts(
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
        interval=draw(st.sampled_from(_INTERVALS)),
        started_at=first,
        cancelled_at=None if end == "running" else second,
        ended_at=third + US if end == "ended" else None,
    )


@st.composite
def worlds(draw: st.DrawFn, make: type[W], *, days: int = 400, max_records: int = 24) -> W:
    """Draw a world.

    Parameters
    ----------
    make : type of World
        What it is made into.
    days : int
        How far from its middle it reaches, either way; some worlds are shorter.
    max_records : int
        Most interactions.
    """
    scene = draw(scenes(days))
    pool, ids, currency = scene.pool, scene.ids, scene.currency
    who = draw(st.lists(st.sampled_from(ids), max_size=max_records))
    seen = [draw(happenings(f"e{i}", x, pool, currency)) for i, x in enumerate(who)]
    repeated = draw(st.lists(st.sampled_from(seen), max_size=2)) if seen else []
    look = draw(st.sampled_from(pool))
    nudge = draw(st.sampled_from([dt.timedelta(0), -US, US, dt.timedelta(days=scene.reach)]))
    return make(
        records=(*seen, *repeated),
        customers=draw(st.one_of(st.none(), people(ids, pool))),
        subscriptions=tuple(
            draw(_contracts(f"s{i}", x, pool, currency or "EUR"))
            for i, x in enumerate(draw(st.lists(st.sampled_from(ids), max_size=6)))
        ),
        place={x: draw(st.sampled_from(PLACES)) for x in ids},
        as_of=look + nudge,
        middle=scene.middle,
        calendar=CALENDARS[scene.zone],
        currency=draw(st.sampled_from([None, currency])),
    )
