"""Random customers on a grid of hours about a change of clocks, so that ties are common."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

from customerops.model import Calendar, Interaction, InteractionLog

__all__ = [
    "BERLIN",
    "CALENDAR",
    "DAY",
    "HOUR",
    "SEEDS",
    "START",
    "US",
    "draw",
    "local_day",
    "log_of",
]

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = Calendar("Europe/Berlin")
START = dt.datetime(2026, 3, 27, tzinfo=BERLIN).astimezone(dt.UTC)
HOUR, DAY, US = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(microseconds=1)
KINDS = ("signup", "use", "use", "call", "cancel", "refund")
SEEDS = range(4)


def draw(seed: int, customers: int = 60) -> tuple[list[Interaction], dt.datetime]:
    """Draw what some customers did, and an instant: none, one, or all of them from one customer."""
    rng = random.Random(seed)
    seen = [
        Interaction(
            customer_id=f"c{who}", at=START + HOUR * rng.randrange(24 * 5), kind=rng.choice(KINDS)
        )
        for who in range([customers, customers, 1, 0][seed] if seed < 4 else customers)
        for _ in range(rng.randint(1, 8))
    ]
    return seen, START + HOUR * rng.randrange(24 * 4, 24 * 5) - (US if seed == 1 else 0 * US)


def log_of(seen: list[Interaction], as_of: dt.datetime) -> InteractionLog:
    """Build the log, with everything after the instant in it, and cut it there."""
    return InteractionLog.from_interactions(seen, calendar=CALENDAR).until(as_of)


def local_day(t: dt.datetime) -> dt.date:
    """Return the local date of an instant."""
    return t.astimezone(BERLIN).date()
