"""Sessions walked hit by hit and funnels from every start, one customer at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.metrics import Histories

__all__ = ["Session", "attempt", "deepest_chain", "levels", "sessions", "tainted"]


@attrs.frozen
class Session:
    """The hits of one visit, and whether it may go on."""

    customer: Any
    hits: list[Interaction]
    open: bool

    @property
    def begun(self) -> dt.datetime:
        return self.hits[0].at

    @property
    def lasted(self) -> dt.timedelta:
        return self.hits[-1].at - self.hits[0].at

    @property
    def dwells(self) -> list[dt.timedelta]:
        return [b.at - a.at for a, b in zip(self.hits, self.hits[1:], strict=False)]


def sessions(
    own: Histories,
    *,
    as_of: dt.datetime,
    gap: dt.timedelta | None,
    hits: set[str],
    starts: str | None,
    ends: str | None,
) -> list[Session]:
    """Return the sessions of everybody, each open or not."""
    out = []
    for customer, events in own.items():
        runs: list[list[Interaction]] = []
        for event in events:
            if event.kind not in hits:
                continue
            before = runs[-1][-1] if runs else None
            if (
                before is None
                or (gap is not None and event.at > before.at + gap)
                or event.kind == starts
                or before.kind == ends
            ):
                runs.append([])
            runs[-1].append(event)
        for run in runs:
            last = run[-1]
            # could an event a moment after as_of be one of it?
            follows = as_of + dt.timedelta(microseconds=1)
            reached = gap is None or follows <= last.at + gap
            out.append(Session(customer, run, run is runs[-1] and last.kind != ends and reached))
    return out


Step = set[str] | None
"""The kinds that take a step; None is any."""

Taint = tuple[str, int, int]
"""A kind that must not occur, and after and before which step, counted from 1."""


def _takes(event: Interaction, step: Step) -> bool:
    return step is None or event.kind in step


def _in_time(a: Interaction, b: Interaction, within: dt.timedelta | None) -> bool:
    return within is None or b.at - a.at <= within


def attempt(
    events: list[Interaction],
    start: int,
    steps: Sequence[Step],
    within: dt.timedelta | None,
    order: str,
) -> list[int]:
    """Return the places of the events that take the steps, from one start."""
    first = events[start]
    if order == "unordered":
        taken: list[int] = []
        for step in steps:
            for i in range(start, len(events)):
                if (
                    i not in taken
                    and _takes(events[i], step)
                    and _in_time(first, events[i], within)
                ):
                    taken.append(i)
                    break
        return sorted(taken)
    places = [start]
    for step in steps[1:]:
        ahead = range(places[-1] + 1, len(events))
        for i in ahead[:1] if order == "strict" else ahead:
            if _takes(events[i], step) and _in_time(first, events[i], within):
                places.append(i)
                break
        else:
            break
    return places


def tainted(
    events: list[Interaction],
    start: int,
    places: list[int],
    within: dt.timedelta | None,
    exclude: Sequence[Taint],
) -> bool:
    """Return whether something excluded lies between two steps of an attempt."""
    for excluded, after, before in exclude:
        if len(places) < after:
            continue
        stop = places[before - 1] if len(places) >= before else len(events)
        for i in range(places[after - 1] + 1, stop):
            if events[i].kind == excluded and _in_time(events[start], events[i], within):
                return True
    return False


def levels(
    events: list[Interaction],
    steps: Sequence[Step],
    *,
    within: dt.timedelta | None,
    order: str,
    entry: str,
    exclude: Sequence[Taint],
    as_of: dt.datetime,
    inside: tuple[dt.datetime, dt.datetime] | None,
) -> tuple[int, int]:
    """Return the deepest level of one customer: of all clean attempts, of those that are over."""
    starting = [
        i
        for i, event in enumerate(events)
        if any(_takes(event, step) for step in (steps if order == "unordered" else steps[:1]))
    ]
    if entry == "first":
        starting = starting[:1]
    reached = settled = 0
    for i in starting:
        if inside is not None and not inside[0] <= events[i].at < inside[1]:
            continue
        places = attempt(events, i, steps, within, order)
        if tainted(events, i, places, within, exclude):
            continue
        over = len(places) == len(steps) if within is None else events[i].at + within <= as_of
        reached = max(reached, len(places))
        settled = max(settled, len(places) if over else 0)
    return reached, settled


def deepest_chain(
    events: list[Interaction], steps: Sequence[Step], within: dt.timedelta | None
) -> int:
    """Return how many of the steps some events take in order and in time, tried one by one."""
    return max(
        n
        for n in range(len(steps) + 1)
        if any(
            all(_takes(x, step) for x, step in zip(chain, steps, strict=False))
            and (n == 0 or _in_time(chain[0], chain[-1], within))
            for chain in combinations(events, n)
        )
    )
