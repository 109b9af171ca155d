"""Service metrics against folds of plain records, on thousands of random threads."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from customerops import metrics
from customerops.model import BusinessHours, Calendar, Interaction, InteractionLog, first
from tests.reference import service as slow

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = Calendar("Europe/Berlin")
EASTER = dt.date(2026, 3, 30)
OFFICE = BusinessHours(
    {
        "friday": [(dt.time(9), dt.time(12)), (dt.time(13), dt.time(17, 30))],
        "sunday": [(dt.time(1, 30), dt.time(4))],  # the clock skips two to three
        "monday": [(dt.time(9), dt.time(17))],
        "tuesday": [(dt.time(9), dt.time(0))],
    },
    calendar=CALENDAR,
    holidays=[EASTER],
)
START = dt.datetime(2026, 3, 27, tzinfo=BERLIN).astimezone(dt.UTC)  # a Friday
KINDS = (
    *("case_open",) * 4,
    *("case_reply",) * 4,
    *("case_status",) * 3,
    *("case_resolve",) * 4,
    *("case_reopen",) * 2,
    *("case_escalate", "call"),
)
STATUSES = ("new", "open", "pending", "hold", "on_hold")
WITHIN = dt.timedelta(hours=20)
US = dt.timedelta(microseconds=1)
SEEDS = range(4)


def is_business(t: dt.datetime) -> bool:
    """Read the hours off the wall clock, whatever `BusinessHours` does."""
    local = t.astimezone(BERLIN)
    hour = local.hour + local.minute / 60
    if local.date() == EASTER:
        return False
    day = local.weekday()
    if day == 4:
        return 9 <= hour < 12 or 13 <= hour < 17.5
    if day == 6:
        return 1.5 <= hour < 4
    return 9 <= hour < 17 if day == 0 else day == 1 and hour >= 9


def draw(seed: int, customers: int = 500) -> tuple[list[Interaction], dt.datetime]:
    """Draw some threads a customer, on a grid of quarters of an hour so that ties are common."""
    rng = random.Random(seed)
    seen = []
    for who in range(customers):
        for _ in range(rng.randint(0, 30)):
            kind = rng.choice(KINDS)
            seen.append(
                Interaction(
                    customer_id=who,
                    at=START + slow.STEP * rng.randrange(4 * 24 * 5),
                    kind=kind,
                    name=rng.choice([*STATUSES, None]) if kind == "case_status" else None,
                    thread_id=rng.choice(["a", "b", "c", "c", None]),
                    channel=rng.choice(["web", "phone", None]),
                    direction=rng.choice(["inbound", "outbound", "none", None, "outbound"]),
                    actor_kind=rng.choice(["human", "bot", "system", None, "human"]),
                )
            )
    return seen, START + slow.STEP * rng.randrange(4 * 24 * 3, 4 * 24 * 5)


WORLDS = [draw(seed) for seed in SEEDS]


def log_of(seen: list[Interaction], as_of: dt.datetime) -> InteractionLog:
    return InteractionLog.from_interactions(seen, calendar=CALENDAR).until(as_of)


def day(t: dt.datetime) -> dt.date:
    return t.astimezone(BERLIN).date()


def curve(table: Any) -> dict[Any, Counter[tuple[float, bool]]]:
    """Return the durations of each cell, with whether they were seen to end."""
    out: dict[Any, Counter[tuple[float, bool]]] = defaultdict(Counter)
    labels = table.outer[-1].labels if table.outer else (None,)
    rows = zip(table.cell, table.points, table.events, table.censored, strict=True)
    for cell, at, events, censored in rows:
        if events:
            out[labels[cell]][float(at), True] += int(events)
        if censored:
            out[labels[cell]][float(at), False] += int(censored)
    return dict(out)


def cells(table: Any, *more: str) -> dict[Any, tuple[int, ...]]:
    """Return the parts of each period that has any."""
    names = ("n", "x", "y", "xx", "yy", "xy", *more)
    out = {
        label: tuple(int(table.parts[name][i]) for name in names)
        for i, label in enumerate(table.axes[-1].labels)
    }
    return {label: found for label, found in out.items() if any(found)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hours", [None, OFFICE])
def test_times(seed: int, hours: BusinessHours | None) -> None:
    seen, as_of = WORLDS[seed]
    found, clock = slow.cases(seen, as_of), is_business if hours else None
    assert len(found) > 500
    wait: dict[Any, Counter[tuple[float, bool]]] = defaultdict(Counter)
    solve: dict[str, Counter[tuple[float, bool]]] = {"first": Counter(), "full": Counter()}
    for case in found:
        limit = min(case.solved or as_of, as_of)
        reply = min(case.replies, default=None)
        ended = reply is not None and reply <= limit
        length = slow.took(case.opened, reply if ended and reply else limit, clock)
        wait[day(case.opened)][length / dt.timedelta(minutes=1), ended] += 1
        for how, done in (("first", case.solved), ("full", case.settled)):
            length = slow.took(case.opened, done or as_of, clock)
            solve[how][length / dt.timedelta(hours=1), done is not None] += 1
    log = log_of(seen, as_of).by_thread()
    table = metrics.first_reply_time(log, hours=hours, period="day")
    assert curve(table) == wait
    for how, expected in solve.items():
        table = metrics.resolution_time(log, definition=how, hours=hours)  # type: ignore[arg-type]
        assert curve(table) == {None: expected}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hours", [None, OFFICE])
def test_times_in_statuses(seed: int, hours: BusinessHours | None) -> None:
    seen, as_of = WORLDS[seed]
    clock = is_business if hours else None
    log = log_of(seen, as_of).by_thread()
    for how, which in {
        "requester_wait": {"new", "open", "hold", "on_hold"},
        "agent_work": {"new", "open"},
        "on_hold": {"hold", "on_hold"},
    }.items():
        expected = slow.parts(
            (day(case.solved), case.customer, case.in_status(which, case.solved, clock) // US, 1)
            for case in slow.cases(seen, as_of)
            if case.solved is not None
        )
        table = metrics.status_time(log, definition=how, hours=hours, period="day")  # type: ignore[arg-type]
        assert cells(table) == expected


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hours", [None, OFFICE])
@pytest.mark.parametrize("clock", ["first_reply", "resolution"])
def test_service_levels(seed: int, hours: BusinessHours | None, clock: Any) -> None:
    seen, as_of = WORLDS[seed]
    target = dt.timedelta(hours=2 if hours else 9)
    tick = is_business if hours else None
    states: dict[Any, tuple[int, str]] = {}
    counts: Counter[tuple[Any, str]] = Counter()
    for case in slow.cases(seen, as_of):
        limit = case.solved or as_of
        reply = min(case.replies, default=None)
        done = reply if clock == "first_reply" else case.solved
        done = done if done is not None and done <= limit else None
        running = slow.took(case.opened, done or limit, tick) - case.in_status(
            {"pending", "hold", "on_hold"}, done or limit, tick
        )
        state = "met" if done else "withdrawn" if case.solved else "open"
        state = "breached" if running > target else state
        states[case.customer, case.thread] = (running // US, state)
        counts[day(case.opened), state] += 1
    log = log_of(seen, as_of).by_thread()
    asked: dict[str, Any] = {"target": target, "clock": clock, "hours": hours}
    rows = metrics.sla_clocks(log, **asked)
    lists = zip(
        rows.ids.tolist(), *(rows.columns[x].tolist() for x in ("elapsed", "state")), strict=True
    )
    assert {key: (time, state) for key, time, state in lists} == states
    level = metrics.sla(log, **asked, period="day")
    for i, label in enumerate(level.axes[0].labels):
        assert level.met[i] == counts[label, "met"]
        assert level.breached[i] == counts[label, "breached"]
        assert level.excluded[i] == counts[label, "open"] + counts[label, "withdrawn"]


@pytest.mark.parametrize("seed", SEEDS)
def test_outcomes(seed: int) -> None:
    seen, as_of = WORLDS[seed]
    found = slow.cases(seen, as_of)
    log = log_of(seen, as_of).by_thread()
    settled = slow.followed(found, as_of, WITHIN, lambda case: case.solved)

    def compare(table: Any, rows: list[tuple[Any, Any, bool, bool]]) -> None:
        done = slow.parts((cell, who, int(hit), 1) for cell, who, hit, due in rows if due)
        pending = Counter(cell for cell, _, _, due in rows if not due)
        none = (0,) * 6
        expected = {c: (*done.get(c, none), pending[c]) for c in done.keys() | pending.keys()}
        assert cells(table, "pending") == expected

    def within(later: dt.datetime | None, since: dt.datetime) -> bool:
        return later is not None and later < since + WITHIN

    once, again, netted = [], [], []
    for case, later, due in settled:
        assert case.solved is not None
        reopened = within(case.reopens[0] if case.reopens else None, case.solved)
        touches = sum(t <= case.solved for t in case.replies)
        hit = touches <= 1 and not reopened and not within(later, case.solved)
        row = (day(case.solved), case.customer)
        once.append((*row, hit, due))
        again.append((*row, reopened, due))
        if not case.escalations:
            netted.append((*row, hit, due))
    asked: dict[str, Any] = {"within": WITHIN, "period": "day"}
    compare(metrics.first_contact_resolution(log, definition="gross", **asked), once)
    compare(metrics.reopen_rate(log, **asked), again)
    compare(
        metrics.first_contact_resolution(
            log, definition="net", unresolvable="case_escalate", **asked
        ),
        netted,
    )
    opened = slow.followed(found, as_of, WITHIN, lambda case: case.opened)
    compare(
        metrics.repeat_contact_rate(log, **asked),
        [(day(c.opened), c.customer, within(later, c.opened), due) for c, later, due in opened],
    )
    solved = [(case, case.solved) for case in found if case.solved is not None]
    touch = slow.parts(
        (day(at), case.customer, int(sum(t <= at for t in case.replies) <= 1), 1)
        for case, at in solved
    )
    assert cells(metrics.one_touch_rate(log, period="day")) == touch
    escalated = slow.parts(
        (day(at), case.customer, int(any(t <= at for t in case.escalations)), 1)
        for case, at in solved
    )
    table = metrics.escalation_rate(log, escalations="case_escalate", period="day")
    assert cells(table) == escalated


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hours", [None, OFFICE])
def test_backlog(seed: int, hours: BusinessHours | None) -> None:
    seen, as_of = WORLDS[seed]
    found, clock = slow.cases(seen, as_of), is_business if hours else None
    log = log_of(seen, as_of).by_thread()
    hour = dt.timedelta(hours=1)
    table = metrics.backlog(log, hours=hours, unit=hour, period="day")
    for i, label in enumerate(table.outer[0].labels):
        assert isinstance(label, dt.date)
        end = dt.datetime.combine(label + dt.timedelta(days=1), dt.time(), BERLIN)
        end, ages = min(end.astimezone(dt.UTC), as_of + US), Counter[float]()
        for case in found:
            if case.open_before(end):
                ages[slow.took(case.opened, min(end, as_of), clock) / hour] += 1
        mine = table.cell == i
        counted = zip(table.points[mine].tolist(), table.count[mine].tolist(), strict=True)
        assert dict(counted) == ages
    now = metrics.backlog(log, hours=hours, unit=hour, by=first("channel"))
    assert int(np.sum(now.n)) == sum(case.is_open for case in found)


@pytest.mark.parametrize("seed", SEEDS)
def test_contact_rates(seed: int) -> None:
    seen, as_of = WORLDS[seed]
    table = metrics.contact_rate(log_of(seen, as_of), activity="case_reply", period="day")
    shown = {
        label: table.x[i] / table.y[i]
        for i, label in enumerate(table.axes[0].labels)
        if table.y[i]
    }
    assert shown == {
        label: float(rate) for label, rate in slow.contacts(seen, as_of, BERLIN).items()
    }
