"""Retention, repurchase, RFM and transitions read off plain records, one customer at a time."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from customerops.model import Interaction

__all__ = ["histories", "month_of", "repurchase", "retention", "rfm", "transitions"]

Histories = dict[Any, list[Interaction]]


def histories(seen: Iterable[Interaction], as_of: dt.datetime) -> Histories:
    """Return each customer's known events by time; ties as they came."""
    out: Histories = defaultdict(list)
    for one in seen:
        if one.at <= as_of:
            out[one.customer_id].append(one)
    return {who: sorted(own, key=lambda one: one.at) for who, own in out.items()}


def month_of(at: dt.datetime, zone: dt.tzinfo) -> int:
    """Return the local month as a number of months."""
    local = at.astimezone(zone)
    return local.year * 12 + local.month - 1


def retention(
    own: Histories,
    *,
    start: str,
    returning: str,
    zone: dt.tzinfo,
    as_of: dt.datetime,
    mode: str,
    age_zero: str,
) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Return (returned, eligible, size) by (cohort month, age)."""
    now = month_of(as_of, zone)
    after = month_of(as_of + dt.timedelta(microseconds=1), zone)
    cohorts: dict[int, list[tuple[int, list[Interaction]]]] = defaultdict(list)
    for events in own.values():
        places = [i for i, one in enumerate(events) if one.kind == start]
        if places:
            cohorts[month_of(events[places[0]].at, zone)].append((places[0], events))
    if not cohorts:
        return {}
    out = {}
    for cohort in range(min(cohorts), now + 1):
        members = cohorts.get(cohort, [])
        for age in range(now - min(cohorts) + 1):
            target = cohort + age
            closed = target < after
            returned = 0
            for place, events in members:
                months = [month_of(x.at, zone) for x in events if x.kind == returning]
                if age == 0 and age_zero == "cohort":
                    hit = True
                elif age == 0:
                    since = [
                        month_of(x.at, zone)
                        for i, x in enumerate(events)
                        if x.kind == returning and i >= place
                    ]
                    hit = cohort in since if mode == "on" else any(m >= cohort for m in since)
                elif mode == "on":
                    hit = target in months
                else:
                    hit = any(m >= target for m in months)
                returned += hit
            size = len(members)
            out[cohort, age] = (returned if closed else 0, size if closed else 0, size)
    return out


def repurchase(
    own: Histories,
    *,
    definition: str,
    window: tuple[dt.datetime, dt.datetime],
    zone: dt.tzinfo,
    occasion: str,
    within: dt.timedelta,
    as_of: dt.datetime,
) -> tuple[int, int]:
    """Return numerator and denominator; purchases are events of the kind "purchase"."""
    start, end = window
    top = bottom = 0
    for events in own.values():
        times = [one.at for one in events if one.kind == "purchase"]
        if occasion == "day":
            first: dict[dt.date, dt.datetime] = {}
            for at in times:
                first.setdefault(at.astimezone(zone).date(), at)
            times = list(first.values())
        inside = [at for at in times if start <= at < end]
        if definition == "within_days":
            if times and start <= times[0] < end and times[0] + within <= as_of:
                bottom += 1
                top += len(times) > 1 and times[1] - times[0] <= within
            continue
        if not inside:
            continue
        if definition == "by_orders":
            top += len(inside) - 1
            bottom += len(inside)
            continue
        bottom += 1
        if definition == "in_window":
            top += len(inside) >= 2
        elif definition == "returning_customer":
            top += sum(at < end for at in times) >= 2
        else:
            top += any(at < start for at in times)
    return top, bottom


def rfm(
    own: Histories, *, zone: dt.tzinfo, as_of: dt.datetime, occasion: str
) -> dict[Any, tuple[int, int, Fraction]]:
    """Return recency in days, frequency, and money in major units."""
    today = as_of.astimezone(zone).date()
    out = {}
    for who, events in own.items():
        bought = [one for one in events if one.kind == "purchase"]
        if bought:
            days = [one.at.astimezone(zone).date() for one in bought]
            often = len(set(days)) if occasion == "day" else len(days)
            money = sum((Fraction(x.amount.amount) for x in bought if x.amount), Fraction(0))
            out[who] = ((today - max(days)).days, often, money)
    return out


def transitions(own: Histories, field: str) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """Return moves, customers by move, customers by source."""
    moves: Counter[Any] = Counter()
    movers: Counter[Any] = Counter()
    visitors: Counter[Any] = Counter()
    for events in own.values():
        path = [("start",), *(getattr(one, field) for one in events), ("end",)]
        pairs = list(pairwise(path))
        moves.update(pairs)
        movers.update(set(pairs))
        visitors.update({source for source, _ in pairs})
    return moves, movers, visitors
