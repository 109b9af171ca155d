"""Raw records of a few customers, and what can be built from them.

The promises are tested on logs built from records, each partition by itself: a partition sliced
from a finished log would share its codes, currency and attributes, and hide what differs.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from customerops.model import (
    Calendar,
    Customer,
    Interaction,
    InteractionLog,
    Spells,
    Subscription,
    Window,
    spells_of,
)

__all__ = ["ATTRIBUTES", "PLACES", "Ago", "Around", "World"]

PLACES = (0, 1, 2)
ATTRIBUTES = ("plan", "score")
"""Attributes that interactions carry: the schema every log here declares."""
CUSTOMER_ATTRIBUTES = ("segment",)


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
class World:
    """What happened to a few customers, dealt to up to three places, and an instant to look from."""

    records: tuple[Interaction, ...]
    customers: tuple[Customer, ...] | None
    subscriptions: tuple[Subscription, ...]
    place: Mapping[Any, int]
    as_of: dt.datetime
    middle: dt.date
    calendar: Calendar
    currency: str | None

    def log(
        self, *places: int, known: bool = False, grouped: bool = False, registered: bool = False
    ) -> InteractionLog:
        """Build the log of some places (none given: all), from raw records.

        Parameters
        ----------
        places : int
            Whose customers.
        known : bool
            Leave out every record after `as_of`, as if it had not happened yet.
        grouped : bool
            Hand the records over customer by customer instead of as they came.
        registered : bool
            Attach customer records even where the world has none.
        """
        records = [x for x in self.records if self._in(x.customer_id, places)]
        if known:
            records = [x for x in records if x.at <= self.as_of]
        if grouped:
            order = {c: i for i, c in enumerate(self.place)}
            records.sort(key=lambda x: -order[x.customer_id])
        log = InteractionLog.from_interactions(
            records, currency=self.currency, calendar=self.calendar, attributes=ATTRIBUTES
        )
        if self.customers is None and not registered:
            return log
        people = [x for x in self.customers or () if self._in(x.id, places)]
        if known:
            entered = {x.customer_id for x in records}
            people = [x for x in people if x.id in entered or _before(x.created_at, self.as_of)]
        return log.with_customers(people, attributes=CUSTOMER_ATTRIBUTES)

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

    def contracts(self, *places: int, known: bool = False) -> list[Subscription]:
        """Return the subscriptions of some places, with or without what came after `as_of`."""
        chosen = [x for x in self.subscriptions if self._in(x.customer_id, places)]
        if not known:
            return chosen
        return [_as_known(x, self.as_of) for x in chosen if x.started_at <= self.as_of]

    def spells(self, *places: int, known: bool = False) -> Spells:
        """Return the spells of the same subscriptions as of `as_of`."""
        return spells_of(self.contracts(*places, known=known), as_of=self.as_of)

    def resolve(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return options with windows and instants set in this world."""
        return {
            name: value.of(self) if isinstance(value, Around | Ago) else value
            for name, value in options.items()
        }

    def _in(self, customer: object, places: tuple[int, ...]) -> bool:
        return not places or self.place[customer] in places


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


def _before(at: dt.datetime | None, t: dt.datetime) -> bool:
    return at is not None and at <= t


def _as_known(subscription: Subscription, t: dt.datetime) -> Subscription:
    """Return a subscription as it stood at `t`: what came later was not known."""
    later: dict[str, Any] = {
        name: None
        for name in ("cancelled_at", "ended_at")
        if getattr(subscription, name) is not None and getattr(subscription, name) > t
    }
    return attrs.evolve(subscription, **later)
