"""Raw records of a few customers, and the logs that can be built from them.

Laws are tested on logs built from records, each partition by itself: a partition sliced from a
finished log would share its codes, currency and attributes, and hide what differs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from customerops.model.log.log import InteractionLog
from customerops.model.log.spells import Spells, spells_of
from customerops.model.records.records import Customer, Interaction, Subscription
from customerops.model.values.calendar import Calendar

__all__ = ["ATTRIBUTES", "CUSTOMER_ATTRIBUTES", "PLACES", "World"]

PLACES = (0, 1, 2)
ATTRIBUTES = ("plan", "score")
"""Attributes that interactions carry: the schema every log here declares."""
CUSTOMER_ATTRIBUTES = ("segment",)


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

    def contracts(self, *places: int, known: bool = False) -> list[Subscription]:
        """Return the subscriptions of some places, with or without what came after `as_of`."""
        chosen = [x for x in self.subscriptions if self._in(x.customer_id, places)]
        if not known:
            return chosen
        return [_as_known(x, self.as_of) for x in chosen if x.started_at <= self.as_of]

    def spells(self, *places: int, known: bool = False) -> Spells:
        """Return the spells of the same subscriptions as of `as_of`."""
        return spells_of(self.contracts(*places, known=known), as_of=self.as_of)

    def _in(self, customer: object, places: tuple[int, ...]) -> bool:
        return not places or self.place[customer] in places


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
