"""Cohort tables read off plain histories, one member, one age at a time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.reference.metrics import Histories

__all__ = ["number_of", "table"]

US = dt.timedelta(microseconds=1)
WIDTHS = {"day": dt.timedelta(days=1), "week": dt.timedelta(days=7)}


def number_of(at: dt.datetime, zone: dt.tzinfo, period: str) -> int:
    """Return the local period of an instant as a number; weeks start on Monday."""
    day = at.astimezone(zone).date()
    if period == "month":
        return day.year * 12 + day.month - 1
    days = day.toordinal() - 1  # 1 January of the year 1 was a Monday
    return days // 7 if period == "week" else days


def table(
    own: Histories,
    *,
    start: str,
    returning: str,
    period: str,
    zone: dt.tzinfo,
    as_of: dt.datetime,
    cohort: str,
    mode: str,
    clock: str,
    age_zero: str,
    brackets: Sequence[tuple[int, int]],
    at_least: int,
) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Return (returned, eligible, size) by (cohort, column)."""
    now = number_of(as_of, zone, period)
    after = number_of(as_of + US, zone, period)
    members: dict[int, list[tuple[int, list[Any]]]] = defaultdict(list)
    for events in own.values():
        seen: set[int] = set()
        for place, one in enumerate(events):
            number = number_of(one.at, zone, period)
            if one.kind == start and number not in seen and not (seen and cohort == "first_time"):
                seen.add(number)
                members[number].append((place, events))
    if not members:
        return {}
    first = min(members)
    single = [(age, age) for age in range(now - first + 1)]
    out = {}
    for number in range(first, now + 1):
        for column, (low, high) in enumerate(brackets if mode == "bracket" else single):
            returned = eligible = 0
            for place, events in members[number]:
                began = events[place].at
                if clock == "calendar":
                    closed = number + high < after
                else:
                    ends = began + (high + 1) * WIDTHS[period]
                    closed = number < after and ends <= as_of + US
                if not closed:
                    continue
                eligible += 1
                ages = [
                    number_of(x.at, zone, period) - number
                    if clock == "calendar"
                    else (x.at - began) // WIDTHS[period]
                    for x in events[place:]
                    if x.kind == returning
                ]
                upto = float("inf") if mode == "on_or_after" else high
                hits = sum(low <= age <= upto for age in ages)
                returned += hits >= at_least or (low == 0 and age_zero == "cohort")
            out[number, column] = returned, eligible, len(members[number])
    return out
