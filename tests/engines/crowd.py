"""Many customers as rows of a frame, with what breaks a cluster: ties, gaps, nobody, one with most.

A crowd is a world of the surface's: the same records give the frame that an engine reads and the log
of one process.
"""

import datetime as dt
import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from customerops.model import (
    Calendar,
    Customer,
    Interaction,
    InteractionLog,
    Money,
    Spells,
    inactivity_spells,
)
from customerops.testing.sameness import same
from customerops.testing.worlds import PLACES
from tests.surface.entry import Entry
from tests.surface.registry import DAYS, ENTRIES
from tests.surface.world import World, _as_case, _as_deal

__all__ = [
    "LOG",
    "PREPARED",
    "crowd",
    "entries",
    "events_of",
    "functions",
    "here",
    "people_of",
    "refusal",
]

START = dt.datetime(2024, 1, 15, 9, tzinfo=dt.UTC)
ZONE = ZoneInfo("America/New_York")

LOG: dict[str, Any] = {
    "customer_id": "user",
    "at": "ts",
    "kind": "what",
    "id": "event",
    "channel": "source",
    "amount": "paid",
    "currency": "EUR",
    "value": "points",
    "name": "step",
    "actor_kind": "actor",
    "thread": "case",
    "campaign": "campaign",
    "attributes": ["plan", "score"],
    "calendar": Calendar(ZONE),
}
"""How the rows become a log: the keywords of `InteractionLog.from_frame`."""


def as_spells(log: InteractionLog) -> Spells:
    """Return the spells of buying."""
    return inactivity_spells(log, within=DAYS, activity="purchase")


PREPARED: dict[str, Callable[[InteractionLog], Any] | None] = {
    "log": None,
    "cases": InteractionLog.by_thread,
    "deals": InteractionLog.by_thread,
    "spells": as_spells,
}
"""By the data that an entry of the registry takes, what is made of the log first."""

_READ: dict[str, Callable[[Interaction], Interaction]] = {"cases": _as_case, "deals": _as_deal}


def crowd(seed: int, days: int = 400, *, customers: int = 60, ids: type = str) -> World:
    """Return a world of some customers, most with a few events and one with hundreds."""
    rng = random.Random(seed)
    who: list[Any] = [f"客户-{i}" if ids is str else 7 * i - 50 for i in range(customers)]
    records = [
        _record(rng, customer, f"e{customer}-{n}", days)
        for i, customer in enumerate(who)
        for n in range(300 if i == 0 else rng.choice((0, 1, 2, 5, 12)))
    ]
    rng.shuffle(records)
    people = [_person(rng, customer, days) for customer in who if rng.random() < 0.8]
    known = {record.customer_id for record in records}
    people = [one for one in people if one.created_at or one.id in known]
    return World(
        records=tuple(records),
        customers=tuple(people),
        subscriptions=(),
        place={customer: i % len(PLACES) for i, customer in enumerate(who)},
        as_of=START + dt.timedelta(days=days) * 3 // 4,
        middle=(START + dt.timedelta(days=days // 2)).date(),
        calendar=Calendar(ZONE),
        currency="EUR",
    )


def _record(rng: random.Random, customer: Any, name: str, days: int) -> Interaction:
    at = START + dt.timedelta(days=rng.randrange(days), hours=rng.choice((0, 0, 0, 5, 17)))
    kind = rng.choice(("purchase", "purchase", "purchase", "signup", "use", "refund", "cancel"))
    paid = kind in ("purchase", "refund") and rng.random() < 0.9
    price = Decimal(rng.choice((0, 499, 500, 5999, 10**9))).scaleb(-2)
    attributes = {
        "plan": rng.choice((None, "free", "pro")),
        "score": rng.choice((None, "1", "2")),
    }
    return Interaction(
        id=name,
        customer_id=customer,
        at=at,
        kind=kind,
        channel=rng.choice((None, "web", "store", "email", "wechat")),
        amount=Money(-price if kind == "refund" else price, "EUR") if paid else None,
        value=rng.choice((None, 0.1, 1.0, 3.0, 9.0)),
        thread_id=rng.choice((None, "t1", "t2")),
        campaign_id=rng.choice((None, "spring")),
        attributes={key: label for key, label in attributes.items() if label is not None},
    )


def _person(rng: random.Random, customer: Any, days: int) -> Customer:
    return Customer(
        id=customer,
        created_at=rng.choice((None, START + dt.timedelta(days=rng.randrange(days)))),
        country=rng.choice((None, "CN", "US")),
        attributes=rng.choice(({}, {"segment": "a"}, {"segment": "b"})),
    )


def events_of(world: World, data: str = "log") -> pd.DataFrame:
    """Return a world's records as rows, read as the data of an entry are."""
    records: Iterable[Interaction] = map(_READ.get(data, lambda record: record), world.records)
    rows = [
        {
            "row": row,
            "event": record.id,
            "user": record.customer_id,
            "ts": record.at,
            "what": record.kind,
            "source": record.channel,
            "paid": None if record.amount is None else record.amount.amount,
            "points": record.value,
            "step": record.name,
            "actor": record.actor_kind,
            "case": record.thread_id,
            "campaign": record.campaign_id,
            "unused": "x",
            **{name: record.attributes.get(name) for name in ("plan", "score")},
        }
        for row, record in enumerate(records)
    ]
    return pd.DataFrame(rows)


def people_of(world: World) -> pd.DataFrame:
    """Return a world's customers as rows."""
    rows = [
        {
            "id": one.id,
            "created_at": one.created_at,
            "country": one.country,
            "segment": one.attributes.get("segment"),
        }
        for one in world.customers or ()
    ]
    return pd.DataFrame(rows)


def here(events: pd.DataFrame, world: World | None = None, **log: Any) -> InteractionLog:
    """Return the log of one process."""
    built = InteractionLog.from_frame(events, **(log or LOG))
    if world is None:
        return built
    return built.with_customers(world.customers or (), attributes=["segment"])


def entries(data: str, days: int) -> list[Entry]:
    """Return the statistics of the registry for data that reach so many days."""
    return [x for x in ENTRIES if x.data == data and x.adds and x.days == days]


def functions(
    world: World, data: str, days: int, *, every: int = 1
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Exception]]:
    """Return functions of a log by name, what each gives in one process, and who refuses.

    Of every so many entries one is taken, and what it refuses is told apart.
    """
    log = here(events_of(world, data), world).until(world.as_of)
    prepare = PREPARED[data]
    known = log if prepare is None else prepare(log)
    asked, found, refused = {}, {}, {}
    for entry in entries(data, days)[::every]:
        function = partial(entry.function, **world.resolve(entry.options))
        try:
            found[entry.name] = function(known)
        except Exception as error:  # noqa: BLE001 - whatever it is, an engine must raise the same
            refused[entry.name] = error
        asked[entry.name] = function
    return asked, found, refused


def refusal(error: Exception) -> tuple[type, str]:
    """Return what an error says."""
    return type(error), str(error)


def differing(found: dict[str, Any], results: Any) -> list[str]:
    """Return the names of results that are not equal."""
    return [name for name, result in found.items() if not same(results[name], result)]
