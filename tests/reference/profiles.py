"""Profiles one customer at a time, from records and wall clocks."""

import datetime as dt
import math
from collections import defaultdict
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from customerops.model.records.records import Interaction
from customerops.model.values.labels import label_key


def day(at: dt.datetime, zone: str) -> dt.date:
    return at.astimezone(ZoneInfo(zone)).date()


def weights(
    pairs: list[tuple[dt.datetime, Any]], as_of: dt.datetime, half_life: dt.timedelta | None
) -> dict[Any, float]:
    """The share of each label, with ages before the instant of the question."""
    sums: dict[Any, float] = defaultdict(float)
    for at, label in pairs:
        sums[label] += 1.0 if half_life is None else 2 ** -((as_of - at) / half_life)
    whole = math.fsum(sums.values())
    return {label: x / whole for label, x in sums.items()}


def best(shares: dict[Any, float]) -> list[Any]:
    """The labels that no other outweighs, to a part in a million, in order."""
    most = max(shares.values(), default=0.0)
    return sorted((x for x, share in shares.items() if share >= most - 1e-6), key=label_key)


def facts(
    events: list[Interaction], as_of: dt.datetime, zone: str, half_life: dt.timedelta | None
) -> dict[str, Any]:
    """What a profile says of one customer."""
    known = sorted((e for e in events if e.at <= as_of), key=lambda e: e.at)
    bought = [e for e in known if e.kind == "purchase"]
    days = sorted({day(e.at, zone) for e in bought})
    gaps = sorted((b - a).days for a, b in pairwise(days))
    cycle = next_day = None
    if len(gaps) >= 2:
        middle = (gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]) / 2
        cycle, next_day = middle, days[-1] + dt.timedelta(days=math.floor(middle + 0.5))
    return {
        "recency": (day(as_of, zone) - days[-1]).days if days else None,
        "frequency": len(bought),
        "monetary": sum(e.amount.minor for e in bought if e.amount is not None),
        "cycle": cycle,
        "next_purchase": next_day,
        "channel": weights([(e.at, e.channel) for e in known if e.channel], as_of, half_life),
        "category": weights(
            [(e.at, item.category) for e in bought for item in e.items if item.category],
            as_of,
            half_life,
        ),
        "hour": weights(
            [(e.at, e.at.astimezone(ZoneInfo(zone)).hour) for e in known], as_of, half_life
        ),
    }
