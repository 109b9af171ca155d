"""Cases read off plain records, one event after the other; business time counted in steps."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.metrics import histories

__all__ = ["Case", "Clock", "cases", "contacts", "followed", "parts", "took"]

STEP = dt.timedelta(minutes=15)
Clock = Callable[[dt.datetime], bool]
"""Whether business is open from an instant on, for one step."""


@attrs.define
class Case:
    """What became of one thread."""

    customer: Any
    thread: Any
    opened: dt.datetime
    replies: list[dt.datetime] = attrs.field(factory=list)
    escalations: list[dt.datetime] = attrs.field(factory=list)
    solves: list[dt.datetime] = attrs.field(factory=list)
    reopens: list[dt.datetime] = attrs.field(factory=list)
    statuses: list[tuple[dt.datetime, str]] = attrs.field(factory=list)
    is_open: bool = True

    @property
    def solved(self) -> dt.datetime | None:
        return self.solves[0] if self.solves else None

    @property
    def settled(self) -> dt.datetime | None:
        return None if self.is_open else self.solves[-1]

    def open_before(self, t: dt.datetime) -> bool:
        """Whether it was open just before an instant."""
        starts = [self.opened, *self.reopens]
        ends = [*self.solves, dt.datetime.max.replace(tzinfo=dt.UTC)]
        return any(a < t <= b for a, b in zip(starts, ends, strict=False))

    def in_status(self, which: set[str], until: dt.datetime, clock: Clock | None) -> dt.timedelta:
        """Return how long it was in some statuses up to an instant, step by step."""
        total, t = dt.timedelta(0), self.opened
        while t < until:
            said = [status for at, status in self.statuses if at <= t]
            if said[-1] in which and (clock is None or clock(t)):
                total += STEP
            t += STEP
        return total


def took(start: dt.datetime, end: dt.datetime, clock: Clock | None) -> dt.timedelta:
    """Return the time between two instants, of business if there is a clock."""
    if clock is None:
        return end - start
    total, t = dt.timedelta(0), start
    while t < end:
        total += STEP if clock(t) else dt.timedelta(0)
        t += STEP
    return total


def cases(seen: Iterable[Interaction], as_of: dt.datetime) -> list[Case]:
    """Return the cases that are known."""
    found: list[Case] = []
    for who, own in histories(seen, as_of).items():
        mine: dict[Any, Case] = {}
        for one in own:
            if one.thread_id is None:
                continue
            case = mine.get(one.thread_id)
            if case is None:
                if one.kind == "case_open":
                    case = Case(who, one.thread_id, one.at, statuses=[(one.at, "new")])
                    mine[one.thread_id] = case
                continue
            _step(case, one)
        found.extend(mine.values())
    return found


def _step(case: Case, one: Interaction) -> None:
    if one.kind == "case_resolve" and case.is_open:
        case.is_open = False
        case.solves.append(one.at)
        case.statuses.append((one.at, "solved"))
    elif one.kind in ("case_open", "case_reopen") and not case.is_open:
        case.is_open = True
        case.reopens.append(one.at)
        case.statuses.append((one.at, "new"))
    elif one.kind == "case_status" and one.name is not None:
        case.statuses.append((one.at, one.name))
    elif one.kind == "case_escalate":
        case.escalations.append(one.at)
    elif one.kind == "case_reply":
        theirs = one.direction in ("inbound", "none") or one.actor_kind in ("bot", "system")
        if not theirs:
            case.replies.append(one.at)


def followed(
    found: list[Case], as_of: dt.datetime, within: dt.timedelta, anchor: Callable[[Case], Any]
) -> list[tuple[Case, dt.datetime | None, bool]]:
    """Return each case with an anchor, when its customer's next one came, whether it is due."""
    out = []
    for case in found:
        at = anchor(case)
        if at is not None:
            later = [x.opened for x in found if x.customer == case.customer and x.opened > at]
            due = at + within - dt.timedelta(microseconds=1) <= as_of
            out.append((case, min(later, default=None), due))
    return out


def parts(rows: Iterable[tuple[Any, Any, int, int]]) -> dict[Any, tuple[int, ...]]:
    """Return n, x, y, xx, yy, xy by cell, of rows of (cell, customer, x, y)."""
    sums: dict[Any, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for cell, who, x, y in rows:
        sums[cell][who][0] += x
        sums[cell][who][1] += y
    out = {}
    for cell, own in sums.items():
        pairs = [(x, y) for x, y in own.values() if x or y]
        out[cell] = (
            len(pairs),
            sum(x for x, _ in pairs),
            sum(y for _, y in pairs),
            sum(x * x for x, _ in pairs),
            sum(y * y for _, y in pairs),
            sum(x * y for x, y in pairs),
        )
    return {cell: sums_ for cell, sums_ in out.items() if any(sums_)}


def contacts(
    seen: Iterable[Interaction], as_of: dt.datetime, zone: dt.tzinfo
) -> dict[dt.date, Fraction]:
    """Return cases by active customers of each local day; who replies is active."""
    brought: dict[dt.date, int] = defaultdict(int)
    active: dict[dt.date, set[Any]] = defaultdict(set)
    for who, own in histories(seen, as_of).items():
        threads = set()
        for one in own:
            day = one.at.astimezone(zone).date()
            if one.kind == "case_open" and (one.thread_id is None or one.thread_id not in threads):
                brought[day] += 1
                threads.add(one.thread_id)
            if one.kind == "case_reply":
                active[day].add(who)
    return {day: Fraction(brought[day], len(who)) for day, who in active.items()}
