"""Journey maps lived through instant by instant, on plain records, one customer at a time."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise

import attrs

from customerops.lifecycle import Days, Months
from customerops.model import Interaction, JourneyMap, JourneyStage

__all__ = ["Change", "Contacts", "Lived", "Stay", "contacts"]

Span = dt.timedelta | Days | Months
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


@attrs.frozen
class Lived:
    """A map, what stands in for the windows of its stages, and the zone of local days."""

    map: JourneyMap
    windows: Mapping[str, Span] = {}
    zone: dt.tzinfo = dt.UTC

    def over(self, stage: JourneyStage, event: Interaction) -> dt.datetime | None:
        """Return when an event no longer counts; None if it always does."""
        span = self.windows.get(stage.key, stage.within)
        if span is None or isinstance(span, dt.timedelta):
            return None if span is None else event.at + span
        day = event.at.astimezone(self.zone).date()
        if isinstance(span, Days):
            day += dt.timedelta(days=span.n)
        else:
            year, month = divmod(day.year * 12 + day.month - 1 + span.n, 12)
            last = calendar.monthrange(year, month + 1)[1]
            day = dt.date(year, month + 1, min(day.day, last))
        return dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)

    def inside(self, stage: JourneyStage, events: Sequence[Interaction], t: dt.datetime) -> bool:
        """Whether enough events of the stage until t still count."""
        count = 0
        for event in events:
            if event.at <= t and stage.entry.matches(event):
                over = self.over(stage, event)
                count += over is None or over > t
        return count >= stage.at_least

    def standing(self, events: Sequence[Interaction], t: dt.datetime) -> str | None:
        """Return the stage in which a customer is counted after everything at an instant."""
        best: tuple[tuple[dt.datetime, int] | int, str] | None = None
        for stage in self.map.stages:
            if not self.inside(stage, events, t):
                continue
            led = max(e.at for e in events if e.at <= t and stage.entry.matches(e))
            rank = stage.order if self.map.assign == "highest" else (led, stage.order)
            if best is None or rank > best[0]:  # type: ignore[operator]
                best = (rank, stage.key)
        return None if best is None else best[1]

    def changes(self, events: Sequence[Interaction], until: dt.datetime) -> list[Change]:
        """Return the changes of one customer, asking at every instant at which there may be one."""
        ends = {self.over(stage, event) for event in events for stage in self.map.stages}
        when = {e.at for e in events} | {end for end in ends if end is not None}
        out: list[Change] = []
        now: str | None = None
        for t in sorted(t for t in when if t <= until):
            assert self.standing(events, t - US) == now, "it changed where nothing happened"
            then = self.standing(events, t)
            if then != now:
                out.append(Change(t, now, then))
                now = then
        return out

    def stays(self, events: Sequence[Interaction], until: dt.datetime) -> list[Stay]:
        """Return the stays of one customer."""
        moves = self.changes(events, until)
        out = []
        for i, move in enumerate(moves):
            if move.target is None:
                continue
            after = moves[i + 1] if i + 1 < len(moves) else None
            end, following = (None, None) if after is None else (after.at, after.target)
            out.append(Stay(move.target, move.at, end, following))
        return out

    def qualifying(self, stage: JourneyStage, events: Sequence[Interaction]) -> list[int]:
        """Return the places of the events, by time, right after which the customer is in it."""
        return [
            place
            for place, event in enumerate(events)
            if stage.entry.matches(event) and self.inside(stage, events[: place + 1], event.at)
        ]


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
