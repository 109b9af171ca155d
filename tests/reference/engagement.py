"""Who was active when, read off each customer's local days, one day and one customer at a time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from customerops.model import Interaction
from tests.reference.metrics import Histories

__all__ = [
    "active",
    "days_of",
    "distinct",
    "frequency",
    "gaps",
    "k_of_n",
    "profile",
    "ratio",
    "ratio_parts",
    "trailing",
]

DAY = dt.timedelta(days=1)
Days = dict[Any, set[dt.date]]


def days_of(
    own: Histories, zone: dt.tzinfo, kinds: Sequence[str], least: int = 1
) -> dict[Any, set[dt.date]]:
    """Return the local days on which each customer had at least so many of some events."""
    out = {}
    for who, events in own.items():
        seen = Counter(x.at.astimezone(zone).date() for x in events if x.kind in kinds)
        out[who] = {day for day, n in seen.items() if n >= least}
    return out


def active(days: set[dt.date], day: dt.date, length: int) -> bool:
    """Whether someone was active on one of the days that end with a day."""
    return any(day - k * DAY in days for k in range(length))


def trailing(own: Days, day: dt.date, length: int) -> int:
    """Return how many were active on one of the days that end with a day."""
    return sum(active(days, day, length) for days in own.values())


def distinct(own: Days, span: Sequence[dt.date]) -> int:
    """Return how many were active on any of some days."""
    return sum(bool(days & set(span)) for days in own.values())


def ratio_parts(pairs: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Return what a ratio by customer is made of."""
    return {
        "n": sum(x != 0 or y != 0 for x, y in pairs),
        "x": sum(x for x, _ in pairs),
        "y": sum(y for _, y in pairs),
        "xx": sum(x * x for x, _ in pairs),
        "yy": sum(y * y for _, y in pairs),
        "xy": sum(x * y for x, y in pairs),
    }


def ratio(
    own: Days, span: Sequence[dt.date], definition: str, windows: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return each customer's two sums of pooled or calendar stickiness over some days."""
    if definition == "calendar":
        return [
            (len(days & set(span)), len(span) * bool(days & set(span))) for days in own.values()
        ]
    return [
        (
            sum(active(days, day, windows[0]) for day in span),
            sum(active(days, day, windows[1]) for day in span),
        )
        for days in own.values()
    ]


def k_of_n(
    own: Histories,
    zone: dt.tzinfo,
    kinds: Sequence[str],
    span: Sequence[dt.date],
    every: int,
    least: int,
) -> list[int]:
    """Return how many customers were active in exactly 1, 2, ... n groups of days."""
    groups = [set(span[i : i + every]) for i in range(0, len(span), every)]
    out = [0] * len(groups)
    for events in own.values():
        on = [x.at.astimezone(zone).date() for x in events if x.kind in kinds]
        k = sum(sum(day in group for day in on) >= least for group in groups)
        if k:
            out[k - 1] += 1
    return out


def profile(
    own: Histories, zone: dt.tzinfo, kinds: Sequence[str], cycle: str
) -> dict[tuple[int, ...], list[tuple[int, int]]]:
    """Return events of each customer in each cell of the local clock, and their events in all."""
    cells: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for weekday in range(1, 8) if cycle != "hour" else [0]:
        for hour in range(24) if cycle != "weekday" else [0]:
            pairs = []
            for events in own.values():
                at = [x.at.astimezone(zone) for x in events if x.kind in kinds]
                here = [
                    t
                    for t in at
                    if (cycle == "hour" or t.isoweekday() == weekday)
                    and (cycle == "weekday" or t.hour == hour)
                ]
                pairs.append((len(here), len(at)))
            cells[tuple(x for x, c in ((weekday, "hour"), (hour, "weekday")) if cycle != c)] = (
                pairs
            )
    return cells


def gaps(days: Sequence[dt.date], method: str) -> tuple[list[int], Fraction | None]:
    """Return the gaps between days, sorted, and the typical one."""
    ordered = sorted(days)
    found = sorted((b - a).days for a, b in pairwise(ordered))
    if not found:
        return found, None
    if method == "mean":
        return found, Fraction(sum(found), len(found))
    middle = found[(len(found) - 1) // 2 : len(found) // 2 + 1]
    return found, Fraction(sum(middle), len(middle))


def frequency(events: Sequence[Interaction], zone: dt.tzinfo) -> tuple[int, int]:
    """Return how many events there are, and on how many local days."""
    return len(events), len({x.at.astimezone(zone).date() for x in events})
