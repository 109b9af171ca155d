"""The lifecycle lived through one tick at a time: no deadlines, no table, no prefix sums.

Every integer instant is visited; at each one the question "has the window passed?" is asked anew
from the facts: when something last qualified, when the stage was entered, and, under a contract,
how many paid ticks are left, a balance that each tick takes one from unless it is paused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

ORDER = ["acquire", "unqualified", "qualified", "cancel", "erase"]
"""What every clock knows, in canonical order."""

RANKS = [
    "acquire",
    "trial",
    "start",
    "renew",
    "renew_through",
    "unqualified",
    "qualified",
    "payment_failed",
    "refund",
    "pause",
    "resume",
    "cancel_at_period_end",
    "cancel",
    "erase",
]
ACTIVE = ("ACTIVATED", "RETAINED", "WON_BACK")


class Usual(NamedTuple):
    """The window is a quantile of the customer's own intervals."""

    quantile: Fraction
    last: int
    least: int
    fallback: int
    floor: int
    cap: int | None = None


class Paying(NamedTuple):
    """The window is what is paid for, and some grace."""

    grace: int = 0
    term: int | None = None


class Rules(NamedTuple):
    window: int | Usual | Paying
    winback: int | None
    activation: int | None
    k: int | None
    event_first: bool
    tenure: int | None = None  # in the place of k
    first: int = 1  # how many qualifying ones activate
    within: int | None = None
    settle: int | None = None
    quiet: int | None = None  # at risk after that long
    share: Fraction | None = None


class Event(NamedTuple):
    at: int
    what: str
    until: int | None = None
    thread: int | None = None


class Change(NamedTuple):
    at: int
    source: str
    target: str
    cause: str
    event: int | None  # position in the order given


class View(NamedTuple):
    stage: str
    at_risk: bool
    pending_cancel: bool
    contract: str | None
    life: int
    ordinal: int


class Life:
    """One customer, ticking."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.stage = "UNKNOWN"
        self.entered = 0
        self.begun = 0
        self.last = 0
        self.lively = 0  # the last sign of life
        self.ordinal = 0
        self.lives = 0
        self.counted: list[int] = []  # every qualifying instant
        self.settling: list[tuple[int, int, int | None]] = []  # since, event, thread
        self.changes: list[Change] = []
        self.left = 0  # paid ticks; below zero by as many as nothing is paid
        self.paused = self.ending = self.failing = False
        self.trial: int | None = None  # until when, where one was begun
        self.tried_at: int | None = None  # the last one: others at its instant are the same trial
        self.tried = False

    # ------------------------------------------------------------------ time

    def pass_by(self) -> None:
        """Let one tick go by."""
        if self.stage in ACTIVE and not self.paused:
            self.left -= 1

    def clock(self, t: int) -> None:
        rules = self.rules
        if self.stage in ACTIVE and self.over(t):
            self.go("LAPSED", t, "timeout", None)
        elif (self.stage == "LAPSED" and rules.winback and t - self.entered >= rules.winback) or (
            self.stage == "ACQUIRED" and rules.activation and t - self.entered >= rules.activation
        ):
            self.go("LOST", t, "timeout", None)

    def over(self, t: int) -> bool:
        """Return whether the life has run out."""
        if isinstance(self.rules.window, Paying):
            return not self.paused and self.left + (not self.ending) * self.rules.window.grace <= 0
        return t - self.last >= self.window()

    def window(self) -> int:
        window = self.rules.window
        if not isinstance(window, Usual):
            assert isinstance(window, int)
            return window
        pairs = zip(self.counted, self.counted[1:], strict=False)
        own = sorted([b - a for a, b in pairs][-window.last :])
        if len(own) < window.least:
            return window.fallback
        h = (len(own) - 1) * window.quantile
        j = int(h)
        found = own[j] + ((h - j) * (own[j + 1] - own[j]) if h > j else 0)
        assert found == int(found), "choose intervals whose quantile is a whole tick"
        most = found if window.cap is None else min(found, window.cap)
        return int(max(most, window.floor))

    # ------------------------------------------------------------------ events

    def go(self, stage: str, at: int, cause: str, event: int | None) -> None:
        if stage != self.stage:
            self.changes.append(Change(at, self.stage, stage, cause, event))
            self.stage, self.entered = stage, at
            if stage not in ACTIVE:
                self.left, self.paused, self.ending, self.failing = 0, False, False, False

    def event(self, event: Event, nth: int) -> None:
        t, what = event.at, event.what
        if self.stage == "ERASED":
            return
        if what in ("unqualified", "qualified"):
            self.lively = t
        if what == "erase":
            self.settling = []
            self.go("ERASED", t, "event", nth)
            return
        if isinstance(self.rules.window, Paying):
            if what in ("start", "renew", "renew_through"):
                self.pay(event, self.rules.window)
                self.qualify(t, nth)
                return
            self.contract(event, nth)
        elif what == "qualified" and self.rules.settle is None:
            self.qualify(t, nth)
            return
        elif what == "qualified":
            self.settling.append((t, nth, event.thread))
        elif what == "refund" and event.thread is not None:
            self.settling = [one for one in self.settling if one[2] != event.thread]
        if self.stage == "UNKNOWN":
            self.go("ACQUIRED", t, "event", nth)
        elif what == "cancel" and self.stage in ACTIVE:
            self.go("LAPSED", t, "event", nth)

    def pay(self, event: Event, terms: Paying) -> None:
        alive = self.stage in ACTIVE
        length = terms.term if event.until is None else event.until - event.at
        assert length is not None
        if event.what == "renew" and event.until is None and alive:
            self.left += length
        else:
            self.left = max(self.left, length) if alive else length
        self.paused = self.ending = self.failing = False
        self.trial = None

    def contract(self, event: Event, nth: int) -> None:
        if event.what == "trial" and not self.lives:
            ends = [event.until, self.trial if self.tried_at == event.at else None]
            known = [end for end in ends if end is not None]
            self.tried, self.trial = True, max(known, default=None)
            self.tried_at = event.at
        elif event.what == "cancel" and self.tried and not self.lives:
            self.trial = event.at if self.trial is None else min(self.trial, event.at)
        if self.stage not in ACTIVE:
            return
        if event.what == "payment_failed":
            self.failing = True
        elif event.what == "pause":
            self.paused = True
        elif event.what == "resume":
            self.paused = False
        elif event.what == "cancel_at_period_end":
            if self.left < 0:
                self.go("LAPSED", event.at, "event", nth)
            else:
                self.ending = True

    def settle(self, t: int) -> None:
        """Count what has settled, as if it took place now."""
        due = [one for one in self.settling if t - one[0] == self.rules.settle]
        self.settling = [one for one in self.settling if one not in due]
        for _, nth, _ in due:
            self.qualify(t, nth)

    def qualify(self, t: int, nth: int) -> None:
        self.counted.append(t)
        if not self.lives and not self.activates(t):
            self.ordinal += 1
            if self.stage == "UNKNOWN":
                self.go("ACQUIRED", t, "event", nth)
            return
        goes_on = self.stage in ACTIVE
        self.ordinal = self.ordinal + 1 if goes_on else 1
        self.lives += not goes_on
        self.begun = self.begun if goes_on else t
        self.last = t
        if self.retained(t):
            self.go("RETAINED", t, "event", nth)
        elif not goes_on:
            self.go("ACTIVATED" if self.lives == 1 else "WON_BACK", t, "event", nth)

    def activates(self, t: int) -> bool:
        latest = self.counted[-self.rules.first :]
        if len(latest) < self.rules.first:
            return False
        return self.rules.within is None or t - latest[0] < self.rules.within

    def retained(self, t: int) -> bool:
        if self.rules.tenure is not None:
            return t - self.begun >= self.rules.tenure
        assert self.rules.k is not None
        return self.ordinal >= self.rules.k

    # ------------------------------------------------------------------ looking

    def view(self, t: int) -> View:
        alive = self.stage in ACTIVE
        quiet, share = self.rules.quiet, self.rules.share
        risk = self.failing
        if quiet is not None:
            risk = risk or t - max(self.last, self.lively) >= quiet
        if share is not None and not self.paused:
            risk = risk or t - self.last >= share * self.lapse_window(t)
        status = self.status(t) if isinstance(self.rules.window, Paying) else None
        ordinal = self.ordinal if self.lives else 0
        return View(self.stage, alive and risk, self.ending, status, self.lives, ordinal)

    def lapse_window(self, t: int) -> int:
        """Return from the last qualifying event to the deadline, as it stands."""
        if not isinstance(self.rules.window, Paying):
            return self.window()
        return t + self.left + (not self.ending) * self.rules.window.grace - self.last

    def status(self, t: int) -> str | None:
        if self.stage in ACTIVE:
            return "paused" if self.paused else "running" if self.left > 0 else "grace"
        if self.stage == "ERASED":
            return None
        if self.lives:
            return "ended"
        if not self.tried or self.stage != "ACQUIRED":
            return None
        return "trial" if self.trial is None or t < self.trial else None


def watch(
    events: Iterable[tuple[int, str] | Event], rules: Rules, as_of: int, start: int = 0
) -> Iterator[Life]:
    """Yield the customer after every integer instant in [start, as_of]; events in any order."""
    given = [(nth, Event(*one)) for nth, one in enumerate(events)]
    life = Life(rules)
    for t in range(start, as_of + 1):
        life.pass_by()
        if not rules.event_first:
            life.clock(t)
        now = [(_rank(one, rules), nth, one) for nth, one in given if one.at == t]
        now.sort(key=lambda x: x[:2])
        early = [one for one in now if one[0] <= RANKS.index("qualified")]
        for _, nth, one in early:
            life.event(one, nth)
        life.settle(t)
        for _, nth, one in now[len(early) :]:
            life.event(one, nth)
        if rules.event_first:
            life.clock(t)
        yield life


def _rank(event: Event, rules: Rules) -> int:
    waits = event.what == "qualified" and rules.settle is not None
    return RANKS.index("unqualified" if waits else event.what)


def live(
    events: Iterable[tuple[int, str] | Event], rules: Rules, as_of: int, start: int = 0
) -> Life:
    """Return the customer at the end of `as_of`."""
    *_, life = Life(rules), *watch(events, rules, as_of, start)
    return life


def views(events: Iterable[tuple[int, str] | Event], rules: Rules, as_of: int) -> list[View]:
    """Return what is so at the end of every instant."""
    return [life.view(t) for t, life in enumerate(watch(events, rules, as_of))]


def next_due(
    events: Iterable[tuple[int, str] | Event], rules: Rules, as_of: int, horizon: int
) -> tuple[int, bool] | None:
    """Return the first instant after `as_of` at which time alone does something.

    And whether it is a deadline, else something that settles.
    """
    known = [one for one in events if one[0] <= as_of]
    changes = settling = 0
    for t, life in enumerate(watch(known, rules, horizon)):
        if t > as_of and life.stage != "ERASED":
            timeout = any(c.at == t and c.cause == "timeout" for c in life.changes[changes:])
            if timeout or len(life.settling) < settling:
                return t, timeout
        changes, settling = len(life.changes), len(life.settling)
    return None


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
