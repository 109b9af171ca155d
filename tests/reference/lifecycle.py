"""The lifecycle lived through one tick at a time: no deadlines, no table, no prefix sums.

Every integer instant is visited; at each one the question "has the window passed?" is asked anew
from the facts (last qualifying activity, when the stage was entered).
"""

from __future__ import annotations

from typing import NamedTuple

ORDER = ["acquire", "unqualified", "qualified", "cancel", "erase"]
ACTIVE = ("ACTIVATED", "RETAINED", "WON_BACK")


class Rules(NamedTuple):
    window: int
    winback: int | None
    activation: int | None
    k: int
    event_first: bool


class Change(NamedTuple):
    at: int
    source: str
    target: str
    cause: str
    event: int | None  # position in the order given


class Life:
    """One customer, ticking."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.stage = "UNKNOWN"
        self.entered = 0
        self.last = 0
        self.ordinal = 0
        self.lives = 0
        self.changes: list[Change] = []

    def go(self, stage: str, at: int, cause: str, event: int | None) -> None:
        if stage != self.stage:
            self.changes.append(Change(at, self.stage, stage, cause, event))
            self.stage, self.entered = stage, at

    def clock(self, t: int) -> None:
        rules = self.rules
        if self.stage in ACTIVE and t - self.last >= rules.window:
            self.go("LAPSED", t, "timeout", None)
        elif (self.stage == "LAPSED" and rules.winback and t - self.entered >= rules.winback) or (
            self.stage == "ACQUIRED" and rules.activation and t - self.entered >= rules.activation
        ):
            self.go("LOST", t, "timeout", None)

    def event(self, t: int, what: str, nth: int) -> None:
        if self.stage == "ERASED":
            return
        if what == "erase":
            self.go("ERASED", t, "event", nth)
        elif what == "qualified":
            self.qualify(t, nth)
        elif self.stage == "UNKNOWN":
            self.go("ACQUIRED", t, "event", nth)
        elif what == "cancel" and self.stage in ACTIVE:
            self.go("LAPSED", t, "event", nth)

    def qualify(self, t: int, nth: int) -> None:
        goes_on = self.stage in ACTIVE
        self.ordinal = self.ordinal + 1 if goes_on else 1
        self.lives += not goes_on
        self.last = t
        if self.ordinal >= self.rules.k:
            self.go("RETAINED", t, "event", nth)
        elif not goes_on:
            self.go("ACTIVATED" if self.lives == 1 else "WON_BACK", t, "event", nth)


def live(events: list[tuple[int, str]], rules: Rules, as_of: int, start: int = 0) -> Life:
    """Return the customer after every integer instant in [start, as_of]; events in any order."""
    life = Life(rules)
    for t in range(start, as_of + 1):
        now = [(ORDER.index(w), nth, w) for nth, (at, w) in enumerate(events) if at == t]
        if not rules.event_first:
            life.clock(t)
        for _, nth, what in sorted(now):
            life.event(t, what, nth)
        if rules.event_first:
            life.clock(t)
    return life


def growth(
    active: dict[str, set[int]],
    first: int,
    last: int,
    acquired: dict[str, int] | None = None,
) -> dict[str, list[int]]:
    """Return growth accounting of periods first..last from the periods each customer was active in."""
    out: dict[str, list[int]] = {"new": [], "retained": [], "resurrected": [], "churned": []}
    for p in range(first, last + 1):
        tally = dict.fromkeys(out, 0)
        for customer, periods in active.items():
            begun = min(periods, default=None) if acquired is None else acquired[customer]
            if p in periods and p - 1 in periods:
                tally["retained"] += 1
            elif p in periods:
                tally["new" if begun == p else "resurrected"] += 1
            elif p - 1 in periods:
                tally["churned"] += 1
        for name, n in tally.items():
            out[name].append(n)
    return out
