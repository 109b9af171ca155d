"""The world of `customerops.testing`, read in the ways that the functions of the surface need."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from customerops.model import Interaction, InteractionLog, Window
from customerops.testing import worlds
from customerops.testing.worlds import PLACES

__all__ = ["PLACES", "Ago", "Around", "World"]


@attrs.frozen
class Around:
    """A window of whole periods about the middle of a world, for the option ``over``."""

    period: str
    count: int = 1

    def of(self, world: "World") -> Window:
        """Return the window in the world's own zone."""
        first = _floor(world.middle, self.period)
        last = first
        for _ in range(self.count):
            last = _floor(last + dt.timedelta(days=_LONGEST[self.period]), self.period)
        zone = world.calendar.tz
        return Window(*(dt.datetime(d.year, d.month, d.day, tzinfo=zone) for d in (first, last)))


@attrs.frozen
class Ago:
    """An instant some time before a world's `as_of`."""

    time: dt.timedelta

    def of(self, world: "World") -> dt.datetime:
        """Return the instant."""
        return world.as_of - self.time


_LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def _floor(day: dt.date, period: str) -> dt.date:
    if period == "week":
        return day - dt.timedelta(days=day.weekday())
    if period == "day":
        return day
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    return dt.date(day.year, day.month - (day.month - 1) % months, 1)


@attrs.frozen
class World(worlds.World):
    """A world read also as cases and as deals, and what tells options in it."""

    def cases(self, *places: int, **how: bool) -> InteractionLog:
        """Return the log by thread of some places, what happened read as events of cases."""
        return (
            attrs.evolve(self, records=tuple(map(_as_case, self.records)))
            .log(*places, **how)
            .by_thread()
        )

    def deals(self, *places: int, **how: bool) -> InteractionLog:
        """Return the log by thread of some places, what happened read as changes of stage."""
        return (
            attrs.evolve(self, records=tuple(map(_as_deal, self.records)))
            .log(*places, **how)
            .by_thread()
        )

    def resolve(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return options with windows and instants set in this world."""
        return {
            name: value.of(self) if isinstance(value, Around | Ago) else value
            for name, value in options.items()
        }


_CASE_KINDS = {"signup": "open", "purchase": "reply", "use": "status", "cancel": "reopen"}
_NAMES = {"web": "pending", "store": "open", "email": "hold", "wechat": "new"}


def _as_case(record: Interaction) -> Interaction:
    """Return what happened as an event of a case, by what it was and where."""
    where = record.channel
    reopens = record.kind == "purchase" and where in ("web", "wechat")
    kind = "resolve" if where == "store" else _CASE_KINDS.get(record.kind, "resolve")
    kind = "open" if reopens else kind
    return attrs.evolve(
        record,
        kind=f"case_{kind}",
        name=_NAMES.get(where or "") if kind == "status" else None,
        thread_id=record.thread_id or "t0",
        actor_kind="bot" if where == "email" else None,
    )


_STAGES = {"web": "lead", "store": "offer", "email": "won", "wechat": "lost"}


def _as_deal(record: Interaction) -> Interaction:
    """Return what happened as a change of stage, by where it was; purchases have the amounts."""
    thread = record.thread_id or "t0"
    stage = _STAGES.get(record.channel or "")
    return attrs.evolve(record, kind="stage_change", name=stage, thread_id=thread)
