"""Tiers of one customer, straight from the definition: every sum from scratch, wall clocks by hand."""

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

US = dt.timedelta(microseconds=1)
Change = tuple[dt.datetime, int, int, Fraction]


def ordinal(at: dt.datetime, zone: str, period: str) -> int:
    """A number for the local period that holds an instant."""
    wall = at.astimezone(ZoneInfo(zone))
    if period == "day":
        return wall.date().toordinal()
    if period == "week":
        return (wall.date().toordinal() - 1) // 7
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    return (wall.year * 12 + wall.month - 1) // months


def walk(
    events: list[tuple[dt.datetime, Fraction]],
    *,
    takes: list[Fraction],
    keeps: list[Fraction],
    window: int | None,
    at_once: bool,
    failures: int,
    grace: int,
    number: Callable[[dt.datetime], int],
    edge: Callable[[int], dt.datetime],
    as_of: dt.datetime,
) -> dict[str, Any]:
    """The level, what led to it, and the count of failed reviews.

    `number` is the period of an instant, `edge` when a period begins.
    """
    known = [(at, number(at), x) for at, x in events if at <= as_of]
    now = number(as_of)

    def total(first: int, until: Callable[[dt.datetime], bool]) -> Fraction:
        return sum(
            (x for at, p, x in known if until(at) and (window is None or p >= first)), Fraction(0)
        )

    def best(amounts: list[Fraction], x: Fraction) -> int:
        found = 0
        for i, amount in enumerate(amounts):
            if x >= amount:
                found = i
        return found

    level, failed, began, changes = 0, 0, None, []
    span = 0 if window is None else window
    for period in range(min((p for _, p, _ in known), default=now), now + 1):
        start = edge(period)
        # the review of the period that ended
        x = total(period - span, lambda at, s=start: at < s)  # type: ignore[misc]
        if best(takes, x) > level:
            changes.append((start, level, best(takes, x), x))
            level, began, failed = best(takes, x), period, 0
        elif level and x < keeps[level]:
            assert began is not None
            if period - 1 >= began + grace:
                failed += 1
                if failed == failures:
                    lower = best(keeps[:level], x)
                    changes.append((start, level, lower, x))
                    level, began, failed = lower, period, 0
        else:
            failed = 0
        if not at_once:
            continue
        looks = {start: total(period - span + 1, lambda at, s=start: at < s)}  # type: ignore[misc]
        steps = [(start, looks[start])]
        steps += [
            (t, total(period - span + 1, lambda at, t=t: at <= t))  # type: ignore[misc]
            for t in sorted({at for at, p, _ in known if p == period})
        ]
        for t, x in steps:
            if best(takes, x) > level:
                changes.append((t, level, best(takes, x), x))
                level, began, failed = best(takes, x), period, 0
    return {
        "level": level,
        "changes": changes,
        "failing": failed,
        "total": total(now - span + 1, lambda at: at <= as_of),
        "grace": 0 if began is None else max(began + grace - now, 0),
    }
