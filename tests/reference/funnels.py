"""Funnels walked attempt by attempt, and processes case by case, one customer at a time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.journey import Step, Taint, attempt

__all__ = ["Ask", "Try", "best", "fates", "tries"]


@attrs.frozen(kw_only=True)
class Ask:
    """What is asked; steps are sets of kinds, None takes any."""

    steps: Sequence[Step]
    within: dt.timedelta | None
    as_of: dt.datetime
    order: str = "ordered"
    entry: str = "any"
    count: str = "customers"
    exclude: Sequence[Taint] = ()
    hold: bool = False
    optional: Sequence[int] = ()
    inside: tuple[dt.datetime, dt.datetime] | None = None

    @property
    def required(self) -> list[int]:
        return [k for k in range(len(self.steps)) if k + 1 not in self.optional]


@attrs.frozen
class Try:
    """One attempt: when it took each step, or None; how many required ones; what it came to."""

    at: list[dt.datetime | None]
    depth: int
    tainted: bool
    over: bool
    place: int
    free: int

    @property
    def begun(self) -> dt.datetime:
        assert self.at[0] is not None
        return self.at[0]


def takes(event: Interaction, step: Step) -> bool:
    return step is None or event.kind in step


def one(events: list[Interaction], start: int, ask: Ask) -> Try:
    """Walk from one start; `free` is the place from which the next attempt may start."""
    first = events[start].at
    required = ask.required
    places = attempt(events, start, [ask.steps[k] for k in required], ask.within, ask.order)

    def in_time(i: int) -> bool:
        return ask.within is None or events[i].at - first <= ask.within

    taken: dict[int, int] = dict(zip(required, places, strict=False))
    for k in ask.optional:
        k -= 1  # noqa: PLW2901
        after = max((taken[j] for j in taken if j < k), default=None)
        following = next(j for j in required if j > k)
        held = all(j in taken for j in required if j < k)
        stop = taken.get(following, len(events))
        if held and after is not None:
            for i in range(after + 1, stop):
                if takes(events[i], ask.steps[k]) and in_time(i):
                    taken[k] = i
                    break
    bad = len(events)
    for kind, after_step, before_step in ask.exclude:
        a, b = required.index(after_step - 1), required.index(before_step - 1)
        if len(places) > a:
            stop = places[b] if len(places) > b else len(events)
            for i in range(places[a] + 1, stop):
                if events[i].kind == kind and in_time(i):
                    bad = min(bad, i)
                    break
    all_taken = len(places) == len(required)
    free = len(events)
    for i in range(len(events) - 1, start, -1):
        ended = (
            (all_taken and i > places[-1])
            or i >= bad
            or (ask.order == "strict" and i > places[-1])
            or not in_time(i)
        )
        if ended:
            free = i
    over = all_taken if ask.within is None else first + ask.within <= ask.as_of
    at = [events[taken[k]].at if k in taken else None for k in range(len(ask.steps))]
    return Try(at, len(places), bad < len(events), over, start, free)


def tries(events: list[Interaction], ask: Ask) -> list[Try]:
    """Return the attempts of one customer that count, tainted ones left out, by start."""
    histories: dict[Any, list[int]] = defaultdict(list)
    for i, event in enumerate(events):
        if not ask.hold or event.channel is not None:
            histories[event.channel if ask.hold else None].append(i)
    found: list[tuple[int, Try]] = []
    firsts = ask.steps if ask.order == "unordered" else ask.steps[:1]
    for places in histories.values():
        own = [events[i] for i in places]
        upto = 0
        for i, event in enumerate(own):
            if i < upto or not any(takes(event, step) for step in firsts):
                continue
            walked = one(own, i, ask)
            found.append((places[i], walked))
            upto = walked.free if ask.count == "totals" else 0
    found.sort(key=lambda pair: pair[0])
    if ask.entry == "first":
        found = found[:1]
    return [
        walked
        for _, walked in found
        if not walked.tainted
        and (ask.inside is None or ask.inside[0] <= walked.begun < ask.inside[1])
    ]


def best(attempts: list[Try], *, settled: bool) -> Try | None:
    """Return the first of the deepest attempts, of those that are over if so asked."""
    chosen = None
    for walked in attempts:
        if (walked.over or not settled) and (chosen is None or walked.depth > chosen.depth):
            chosen = walked
    return chosen


def fates(
    events: list[Interaction],
    steps: Sequence[Step],
    due: Sequence[dt.timedelta],
    grace: dt.timedelta | None,
) -> tuple[dt.datetime, list[str]] | None:
    """Return when the case of one customer was opened, and what became of each step."""
    start = next((i for i, event in enumerate(events) if takes(event, steps[0])), None)
    if start is None:
        return None
    opened = events[start].at
    out, used, last = ["done"], {start}, start
    for step, time in zip(steps[1:], due, strict=True):
        fits = [
            i
            for i in range(start + 1, len(events))
            if takes(events[i], step)
            and (grace is None or events[i].at - opened <= time + grace)
            and i not in used
        ]
        ahead = [i for i in fits if i > last]
        if ahead:
            last = ahead[0]
            used.add(last)
            out.append("done" if events[last].at - opened <= time else "late")
        elif fits:
            used.add(fits[0])
            out.append("out_of_order")
        else:
            out.append("skipped")
    return opened, out
