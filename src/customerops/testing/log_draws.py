"""Logs and spells as they are met: most customers buy once or never, and a few a great deal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from customerops.model.log.log import InteractionLog
from customerops.model.log.spells import Spells
from customerops.model.values.business_hours import BusinessHours
from customerops.model.values.calendar import WEEKDAYS, Calendar
from customerops.testing.instant_draws import US, dates
from customerops.testing.value_draws import some
from customerops.testing.world_draws import CALENDARS, happenings, people, scenes, worlds
from customerops.testing.worlds import ATTRIBUTES, CUSTOMER_ATTRIBUTES, World

__all__ = ["business_hours", "calendars", "logs", "spells"]

_TAIL = (0, 1, 1, 1, 2, 2, 3, 5, 13)
"""How many events a customer has: the mean is thrice the median."""


def calendars() -> st.SearchStrategy[Calendar]:
    """Draw calendars of zones whose clocks change, at odd hours and over whole days.

    Returns
    -------
    SearchStrategy of Calendar

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import calendars
    >>> @settings(max_examples=3)
    ... @given(calendars())
    ... def test(calendar):
    ...     assert calendar.week_start in ("monday", "saturday", "sunday")
    >>> test()
    """
    monday = st.sampled_from([CALENDARS[zone] for zone in sorted(CALENDARS)])
    return monday | st.builds(
        Calendar, st.sampled_from(sorted(CALENDARS)), st.sampled_from(["sunday", "saturday"])
    )


@st.composite
def business_hours(draw: st.DrawFn) -> BusinessHours:
    """Draw weekly opening hours, with a break at noon, a night shift or holidays now and then.

    Returns
    -------
    SearchStrategy of BusinessHours

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import business_hours
    >>> @settings(max_examples=3)
    ... @given(business_hours())
    ... def test(hours):
    ...     assert len(hours.week) == 7
    >>> test()
    """
    shifts: list[list[tuple[dt.time, dt.time]]] = [
        [(dt.time(9), dt.time(17))],
        [(dt.time(8, 30), dt.time(12)), (dt.time(13), dt.time(18))],
        [(dt.time(0), dt.time(4)), (dt.time(20), dt.time(0))],
    ]
    days = draw(some(WEEKDAYS, least=1, most=7))
    return BusinessHours(
        {day: draw(st.sampled_from(shifts)) for day in days},
        calendar=draw(calendars()),
        holidays=draw(st.lists(dates(), max_size=2)),
    )


@st.composite
def logs(
    draw: st.DrawFn,
    *,
    max_customers: int = 6,
    max_events: int = 24,
    days: int = 400,
    currency: str | None = None,
) -> InteractionLog:
    """Draw logs as real ones are where faults hide, seen up to an instant of their own.

    Most customers have one event or none, a few have many. Their ids are ints or strings. Events
    are purchases, refunds (negative), signups, uses, cancellations and erasures; many tie; they lie
    about a day on which the local clock changes, a leap day or the end of a year. Amounts,
    channels, threads, campaigns, lines and the attributes ``"plan"`` and ``"score"`` are missing
    for some or for all. Half of the logs have the customers' own records, with ``country`` and the
    attribute ``"segment"``, those of customers without events among them.

    Parameters
    ----------
    max_customers : int
        Most customers.
    max_events : int
        Most events.
    days : int
        How far events lie from the middle of the log, either way; keep it small where a table by
        day would grow large.
    currency : str, optional
        ISO 4217 code of all amounts; left out, one of three, or none and no amounts.

    Returns
    -------
    SearchStrategy of InteractionLog
        With a calendar, and with an ``as_of``: at an event, a microsecond off, or long after.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import logs
    >>> @settings(max_examples=3)
    ... @given(logs())
    ... def test(log):
    ...     assert log.as_of is not None and log.calendar is not None
    >>> test()
    """
    scene = draw(scenes(days))
    money = currency or scene.currency
    ids = draw(_ids(scene.ids, max_customers))
    counts = [draw(st.sampled_from(_TAIL)) for _ in ids]
    who = [one for one, n in zip(ids, counts, strict=True) for _ in range(n)][:max_events]
    seen = [draw(happenings(f"e{i}", x, scene.pool, money)) for i, x in enumerate(who)]
    log = InteractionLog.from_interactions(
        seen, currency=currency, calendar=CALENDARS[scene.zone], attributes=ATTRIBUTES
    )
    if draw(st.booleans()):
        log = log.with_customers(draw(people(ids, scene.pool)), attributes=CUSTOMER_ATTRIBUTES)
    nudge = st.sampled_from([dt.timedelta(days=scene.reach), dt.timedelta(0), -US, US])
    return log.until(draw(st.sampled_from(scene.pool)) + draw(nudge))


@st.composite
def _ids(draw: st.DrawFn, ids: list[Any], most: int) -> list[Any]:
    """Draw as many more ids of the same type as there may be."""
    more = draw(st.integers(0, max(0, most - len(ids))))
    return [*ids, *(type(ids[0])(1000 + i) for i in range(more))][:most]


def spells() -> st.SearchStrategy[Spells]:
    """Draw the spells of random subscriptions, ended, running, and given notice of.

    Returns
    -------
    SearchStrategy of Spells

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import spells
    >>> @settings(max_examples=3)
    ... @given(spells())
    ... def test(found):
    ...     assert bool((found.start <= found.end).all())
    >>> test()
    """
    return worlds(World, max_records=0).map(World.spells)
