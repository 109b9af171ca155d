"""Journey maps lived through instant by instant, on plain records, one customer at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

import attrs

from customerops.model import Interaction, JourneyMap, JourneyStage

__all__ = ["Change", "Contacts", "Stay", "changes", "contacts", "qualifying", "standing", "stays"]

US = dt.timedelta(microseconds=1)


@attrs.frozen
class Change:
    """From one stage to another; None is off the map."""

    at: dt.datetime
    source: str | None
    target: str | None


@attrs.frozen
class Stay:
    """An unbroken stay in a stage; None as its end while it runs."""

    stage: str
    start: dt.datetime
    end: dt.datetime | None
    following: str | None


def inside(stage: JourneyStage, events: Sequence[Interaction], t: dt.datetime) -> bool:
    """Whether enough events of the stage lie in (t - within, t]."""
    count = 0
    for event in events:
        if event.at <= t and stage.entry.matches(event):
            count += stage.within is None or event.at + stage.within > t
    return count >= stage.at_least


def standing(own: JourneyMap, events: Sequence[Interaction], t: dt.datetime) -> str | None:
    """Return the stage in which a customer is counted after everything at an instant."""
    best: tuple[tuple[dt.datetime, int] | int, str] | None = None
    for stage in own.stages:
        if not inside(stage, events, t):
            continue
        led = max(e.at for e in events if e.at <= t and stage.entry.matches(e))
        rank = stage.order if own.assign == "highest" else (led, stage.order)
        if best is None or rank > best[0]:  # type: ignore[operator]
            best = (rank, stage.key)
    return None if best is None else best[1]


def changes(own: JourneyMap, events: Sequence[Interaction], until: dt.datetime) -> list[Change]:
    """Return the changes of one customer, asking at every instant at which there may be one."""
    widths = {stage.within for stage in own.stages if stage.within is not None}
    when = {e.at for e in events} | {e.at + width for e in events for width in widths}
    out: list[Change] = []
    now: str | None = None
    for t in sorted(t for t in when if t <= until):
        assert standing(own, events, t - US) == now, "it changed where nothing happened"
        then = standing(own, events, t)
        if then != now:
            out.append(Change(t, now, then))
            now = then
    return out


def stays(own: JourneyMap, events: Sequence[Interaction], until: dt.datetime) -> list[Stay]:
    """Return the stays of one customer."""
    moves = changes(own, events, until)
    out = []
    for i, move in enumerate(moves):
        if move.target is None:
            continue
        after = moves[i + 1] if i + 1 < len(moves) else None
        end, following = (None, None) if after is None else (after.at, after.target)
        out.append(Stay(move.target, move.at, end, following))
    return out


def qualifying(stage: JourneyStage, events: Sequence[Interaction]) -> list[int]:
    """Return the places of the events, by time, right after which the customer is in the stage."""
    out = []
    for place, event in enumerate(events):
        if stage.entry.matches(event) and inside(stage, events[: place + 1], event.at):
            out.append(place)
    return out


@attrs.frozen
class Contacts:
    """What the contacts of one customer are, inside a window."""

    channels: list[str | None]
    known: list[tuple[str, str]]
    actors: list[tuple[str, str]]
    gaps: list[dt.timedelta]
    last: dt.datetime | None


def contacts(events: Sequence[Interaction], start: dt.datetime, end: dt.datetime) -> Contacts:
    """Walk from one contact to the next; a pair belongs to its later one."""
    inside = [event for event in events if start <= event.at < end]
    pairs = [(a, b) for a, b in pairwise(events) if start <= b.at < end]
    return Contacts(
        [event.channel for event in inside],
        [(a.channel, b.channel) for a, b in pairs if a.channel and b.channel],
        [(a.actor_kind, b.actor_kind) for a, b in pairs if a.actor_kind and b.actor_kind],
        [b.at - a.at for a, b in pairs],
        events[-1].at if events else None,
    )
