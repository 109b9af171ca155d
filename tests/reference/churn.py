"""Churn read off plain intervals, one customer and one period at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

__all__ = ["Interval", "churn", "cut", "due_days", "merged", "reasons", "renewal", "there"]


class Interval(NamedTuple):
    """When a customer had one contract; `end` is None while it runs."""

    start: dt.datetime
    end: dt.datetime | None
    cause: str | None = None
    plan: str | None = None


Book = Mapping[Any, Sequence[Interval]]
Span = tuple[dt.datetime, dt.datetime]


def cut(own: Sequence[Interval], as_of: dt.datetime) -> list[Interval]:
    """Return what was known at an instant, by start."""
    out = []
    for one in sorted(own, key=lambda x: x.start):
        if one.start <= as_of:
            known = one.end is not None and one.end <= as_of
            out.append(one if known else one._replace(end=None, cause=None))
    return out


def merged(own: Sequence[Interval]) -> list[list[Interval]]:
    """Return the intervals of each unbroken stay."""
    stays: list[list[Interval]] = []
    for one in own:
        if stays and (end_of(stays[-1]) is None or one.start <= end_of(stays[-1])):  # type: ignore[operator]
            stays[-1].append(one)
        else:
            stays.append([one])
    return stays


def end_of(stay: Sequence[Interval]) -> dt.datetime | None:
    """Return when a stay ends."""
    ends = [one.end for one in stay]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def cause_of(stay: Sequence[Interval]) -> str | None:
    """Return why a stay ended: the cause of the one that ended last, of several the last started."""
    return next(one.cause for one in reversed(stay) if one.end == end_of(stay))


def there(stay: Sequence[Interval], edge: dt.datetime) -> bool:
    """Whether the customer belonged until an edge of time."""
    end = end_of(stay)
    return stay[0].start < edge and (end is None or edge <= end)


def plan_of(stay: Sequence[Interval], start: dt.datetime) -> str | None:
    """Return the plan with which a stay enters a period."""
    if stay[0].start < start:
        return [one.plan for one in stay if one.start < start][-1]
    return [one.plan for one in stay if one.start == stay[0].start][-1]


def counts(book: Book, span: Span, as_of: dt.datetime, causes: set[str] | None) -> dict[Any, Any]:
    """Return what may be counted in a period, by (what, plan)."""
    start, end = span
    out: dict[Any, int] = {}

    def add(what: str, plan: str | None) -> None:
        out[what, plan] = out.get((what, plan), 0) + 1

    for own in book.values():
        stays = merged(cut(own, as_of))
        ends = {id(stay): end_of(stay) for stay in stays}
        opening = [stay for stay in stays if there(stay, start)]
        closing = [stay for stay in stays if there(stay, end)]
        gone = [s for s in stays if (e := ends[id(s)]) is not None and start <= e < end]
        for stay in opening:
            add("opening", plan_of(stay, start))
        for stay in closing:
            add("closing", plan_of(stay, end))
        for stay in gone:
            if causes is None or cause_of(stay) in causes:
                add("exits", plan_of(stay, start))
                if stay in opening:
                    add("left", plan_of(stay, start))
        if opening and not closing and (causes is None or cause_of(gone[-1]) in causes):
            add("lost", plan_of(opening[0], start))
        joined = [stay for stay in stays if start <= stay[0].start < end]
        if joined and not opening:
            add("new", plan_of(joined[0], start))
    return out


def exposure(book: Book, span: Span, as_of: dt.datetime) -> dict[Any, dt.timedelta]:
    """Return the time customers were there in a period, by plan."""
    start, end = span
    horizon = min(end, as_of + dt.timedelta(microseconds=1))
    out: dict[Any, dt.timedelta] = {}
    for own in book.values():
        for stay in merged(cut(own, as_of)):
            stop = end_of(stay)
            bounds = [one.start for one in stay] + [horizon if stop is None else stop]
            for one, until in zip(stay, bounds[1:], strict=True):
                time = min(until, horizon) - max(one.start, start)
                if time > dt.timedelta(0):
                    out[one.plan] = out.get(one.plan, dt.timedelta(0)) + time
    return out


def churn(
    book: Book,
    span: Span,
    *,
    definition: str,
    as_of: dt.datetime,
    causes: set[str] | None = None,
    plan: object = ...,
    days: Sequence[Span] = (),
) -> Any:
    """Return numerator and denominator; of the daily sum, those of each day."""

    def total(of: dict[Any, Any], *names: str) -> int:
        return sum(n for (what, p), n in of.items() if what in names and plan in (..., p))

    if definition == "daily_sum":
        by_day = [counts(book, day, as_of, causes) for day in days]
        return [(total(day, "exits"), total(day, "opening")) for day in by_day]
    found = counts(book, span, as_of, causes)
    if definition == "exposure":
        times = [t for p, t in exposure(book, span, as_of).items() if plan in (..., p)]
        return total(found, "exits"), sum(times, dt.timedelta(0))
    top = {"start_cohort": "lost", "profitwell": "left"}.get(definition, "exits")
    bases = {
        "stripe": ("opening", "new"),
        "average_base": ("opening", "closing"),
        "end_base": ("closing",),
    }.get(definition, ("opening",))
    bottom = Fraction(total(found, *bases), 2 if definition == "average_base" else 1)
    return total(found, top), bottom


def reasons(book: Book, span: Span, as_of: dt.datetime) -> dict[Any, int]:
    """Return how many customers left in a period for each cause, by (plan, cause)."""
    start, end = span
    out: dict[Any, int] = {}
    for own in book.values():
        stays = merged(cut(own, as_of))
        gone = [s for s in stays if (e := end_of(s)) is not None and start <= e < end]
        if gone:
            key = plan_of(gone[-1], start), cause_of(gone[-1])
            out[key] = out.get(key, 0) + 1
    return out


def due_days(first: dt.date, term: tuple[int, str], until: dt.date) -> list[dt.date]:
    """Return the days on which terms end, up to a day."""
    count, unit = term
    out: list[dt.date] = []
    while True:
        k = count * (len(out) + 1)
        if unit in ("day", "week"):
            due = first + dt.timedelta(days=k * (7 if unit == "week" else 1))
        else:
            month = first.year * 12 + first.month - 1 + k * (12 if unit == "year" else 1)
            due = dt.date(month // 12, month % 12 + 1, 1)
            for day in range(2, first.day + 1):
                try:
                    due = due.replace(day=day)
                except ValueError:
                    break
        if due > until:
            return out
        out.append(due)


def renewal(
    book: Book,
    days: tuple[dt.date, dt.date],
    *,
    term: tuple[int, str],
    zone: dt.tzinfo,
    as_of: dt.datetime,
) -> tuple[int, int]:
    """Return customers who did not renew, and customers up for renewal on the days of a period."""
    today = (as_of + dt.timedelta(microseconds=1)).astimezone(zone).date()
    top = bottom = 0
    for own in book.values():
        verdicts = []
        for stay in merged(cut(own, as_of)):
            end = end_of(stay)
            gone = None if end is None else end.astimezone(zone).date()
            first = stay[0].start.astimezone(zone).date()
            for due in due_days(first, term, today - dt.timedelta(days=1)):
                lapsed = gone is not None and due >= gone
                if days[0] <= due < days[1]:
                    verdicts.append(lapsed)
                if lapsed:
                    break
        bottom += bool(verdicts)
        top += any(verdicts)
    return top, bottom
