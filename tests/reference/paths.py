"""Paths walked step by step, one customer or thread at a time, and minutes counted one by one."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.metrics import Histories

__all__ = [
    "Walk",
    "durations",
    "flow",
    "follows",
    "minutes_open",
    "moves",
    "rework",
    "step_counts",
    "variants",
    "walks",
]

Name = Callable[[Interaction], Any]
NO_STEP = object()


@attrs.frozen
class Walk:
    """The steps of one walk, and whose they are."""

    customer: Any
    case: Any
    events: list[Interaction]
    path: tuple[Any, ...]


def walks(
    own: Histories,
    name: Name,
    *,
    gap: dt.timedelta | None = None,
    inside: tuple[dt.datetime, dt.datetime] | None = None,
    threads: bool = False,
) -> list[Walk]:
    """Return every walk; `name` gives the state of an event, or NO_STEP."""
    out = []
    for customer, events in own.items():
        cases: dict[Any, list[Interaction]] = defaultdict(list)
        for event in events:
            if threads and event.thread_id is None:
                continue
            if name(event) is NO_STEP:
                continue
            if inside is not None and not inside[0] <= event.at < inside[1]:
                continue
            cases[event.thread_id if threads else None].append(event)
        for case, steps in cases.items():
            runs: list[list[Interaction]] = []
            for event in steps:
                if not runs or (gap is not None and event.at - runs[-1][-1].at > gap):
                    runs.append([])
                runs[-1].append(event)
            out += [Walk(customer, case, run, tuple(name(e) for e in run)) for run in runs]
    return out


def _by_customer(hits: Sequence[tuple[Any, Any]]) -> Counter[Any]:
    """Return in how many customers each thing occurs, from (thing, customer) pairs."""
    return Counter(thing for thing, _ in set(hits))


def moves(found: list[Walk]) -> tuple[Counter[Any], Counter[Any], Counter[Any], dict[Any, Any]]:
    """Return moves, customers by move, customers by source, times by move in microseconds."""
    every, times = [], defaultdict(list)
    for walk in found:
        path = [("start",), *walk.path, ("end",)]
        every += [((a, b), walk.customer) for a, b in pairwise(path)]
        for i, (a, b) in enumerate(pairwise(walk.events)):
            lasted = (b.at - a.at) // dt.timedelta(microseconds=1)
            times[walk.path[i], walk.path[i + 1]].append(lasted)
    count = Counter(move for move, _ in every)
    sources = _by_customer([(move[0], who) for move, who in every])
    return count, _by_customer(every), sources, times


def variants(found: list[Walk]) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Return count and customers of each path."""
    count = Counter(walk.path for walk in found)
    customers = _by_customer([(walk.path, walk.customer) for walk in found])
    return {path: (n, customers[path]) for path, n in count.items()}


def step_counts(
    found: list[Walk], anchor: Name | None, occurrence: int, steps: range
) -> tuple[Counter[Any], int]:
    """Return customers by (state, step), and how many there are."""
    count: Counter[Any] = Counter()
    total = 0
    for walk in found:
        origin = -1
        if anchor is not None:
            places = [i for i, event in enumerate(walk.events) if anchor(event)]
            if len(places) < occurrence:
                continue
            origin = places[occurrence - 1]
        total += 1
        for k in steps:
            at = origin + k
            if at < 0:
                count[("start",), k] += 1
            elif at >= len(walk.path):
                count[("end",), k] += 1
            else:
                count[walk.path[at], k] += 1
    return count, total


def flow(
    found: list[Walk], start: Name | None, end: Name | None, max_steps: int
) -> tuple[Counter[Any], Counter[Any], dict[str, int]]:
    """Return paths and customers by (step, source, target), and the totals."""
    edges = []
    entered, converted = [], []
    for walk in found:
        first = 0
        if start is not None:
            places = [i for i, event in enumerate(walk.events) if start(event)]
            if not places:
                continue
            first = places[0]
        entered.append(walk.customer)
        path, done = walk.path[first:], False
        for i, event in enumerate(walk.events[first:]):
            if end is not None and end(event) and (i > 0 or start is None):
                path, done = path[: i + 1], True
                break
        converted += [walk.customer] * done
        for k, source in enumerate(path[:max_steps], start=1):
            if k < len(path):
                target = path[k] if k < max_steps else ("more",)
            elif done:
                continue
            else:
                target = ("end",)
            edges.append(((k, source, target), walk.customer))
    totals = {
        "entered": len(entered),
        "converted": len(converted),
        "entered_customers": len(set(entered)),
        "converted_customers": len(set(converted)),
    }
    return Counter(edge for edge, _ in edges), _by_customer(edges), totals


def rework(found: list[Walk]) -> dict[str, Counter[Any]]:
    """Return the parts of a rework table by state."""
    out: dict[str, Counter[Any]] = defaultdict(Counter)
    having, redoing = [], []
    for walk in found:
        own = Counter(walk.path)
        for state, n in own.items():
            out["steps"][state] += n
            out["cases"][state] += 1
            out["reworked"][state] += n > 1
            having.append((state, walk.customer))
            if n > 1:
                redoing.append((state, walk.customer))
        for a, b in pairwise(walk.path):
            out["self_loops"][a] += a == b
    out["customers"], out["reworking"] = _by_customer(having), _by_customer(redoing)
    return out


def follows(found: list[Walk]) -> dict[str, Counter[Any]]:
    """Return pairs of steps, cases and customers by (source, target), each pair tried."""
    pairs: Counter[Any] = Counter()
    cases, people = [], []
    for number, walk in enumerate(found):
        for i, a in enumerate(walk.path):
            for b in walk.path[i + 1 :]:
                pairs[a, b] += 1
                cases.append(((a, b), number))
                people.append(((a, b), walk.customer))
    return {"pairs": pairs, "cases": _by_customer(cases), "customers": _by_customer(people)}


def durations(
    found: list[Walk],
    definition: str,
    *,
    starts: Name | None,
    ends: Name,
    as_of: dt.datetime,
) -> dict[Any, tuple[dt.datetime, dt.datetime, bool]]:
    """Return start, end and whether it is over, by (customer, case)."""
    out = {}
    for walk in found:
        events = walk.events
        while starts is not None and events and not starts(events[0]):
            events = events[1:]
        if not events:
            continue
        if definition == "span":
            end = events[-1].at
            over = True
        elif definition == "first_end":
            hits = [event.at for event in events if ends(event)]
            end, over = (hits[0], True) if hits else (as_of, False)
        else:
            over = ends(events[-1])
            end = events[-1].at if over else as_of
        out[walk.customer, walk.case] = (events[0].at, end, over)
    return out


def minutes_open(
    week: Mapping[str, Sequence[tuple[dt.time, dt.time]]],
    zone: dt.tzinfo,
    holidays: set[dt.date],
    start: dt.datetime,
    end: dt.datetime,
) -> int:
    """Return how many whole minutes from start to end the wall clock reads an open time."""
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    count, now = 0, start
    while now < end:
        wall = now.astimezone(zone)
        if wall.date() not in holidays:
            count += any(
                a <= wall.time() and (b == dt.time(0) or wall.time() < b)
                for a, b in week.get(days[wall.weekday()], ())
            )
        now += dt.timedelta(minutes=1)
    return count
