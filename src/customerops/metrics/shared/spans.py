"""Stretches of time that a metric reports: the periods of a calendar, or one window."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import Asked
from customerops.model.tables.axes import Axis
from customerops.model.values.calendar import PERIODS, Calendar
from customerops.model.values.checks import came, one_of
from customerops.model.values.instants import as_instant, from_us, to_us
from customerops.model.values.window import Window

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells
    from customerops.model.values.calendar import Period

__all__ = [
    "CENTURY",
    "EVER",
    "Spans",
    "days_of",
    "days_taken",
    "known_at",
    "spans_of_log",
    "spans_of_spells",
]

CENTURY = 36_525
"""Days of a hundred years: no count of days that looks back, or on, is longer."""

EVER = 2**62
"""Microseconds beyond every instant."""


@attrs.frozen(eq=False)
class Spans:
    """Stretches that follow one another, half-open.

    Attributes
    ----------
    edges : ndarray of int64, shape (n + 1,)
        Stretch p is ``[edges[p], edges[p + 1])``, in microseconds.
    axes : tuple of Axis
        The period axis; empty for one window.
    """

    edges: NDArray[np.int64]
    axes: tuple[Axis, ...]

    def __len__(self) -> int:
        """Return the number of stretches."""
        return len(self.edges) - 1

    def place(self, us: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the stretch each instant lies in: -1 before the first, n after the last."""
        return np.searchsorted(self.edges, us, side="right") - 1


def spans_of_log(asked: Asked, first: int | None) -> Spans:
    """Return the periods of a settled question, or its window.

    Parameters
    ----------
    asked : Asked
        With a period, or with a window.
    first : int or None
        Instant of the first event that counts, in microseconds.
    """
    if asked.period is None:
        return _one(asked.over)
    began = None if first is None else asked.ordinal(first)
    return _periods(asked.zone, asked.period, *asked.span(began))


def spans_of_spells(
    *,
    as_of: int,
    first: int | None,
    over: Window | None,
    period: Period | None,
    calendar: Calendar | None,
) -> Spans:
    """Return the periods, or the window, that a function of spells was asked about.

    Spells have no calendar of their own, so that a period needs one.

    Raises
    ------
    InvalidInputError
        When an option is not of its type, there is neither a period nor a window, a period has no
        calendar, or `over` does not lie on the period's edges.
    """
    if over is not None and not isinstance(over, Window):
        raise InvalidInputError("over", "must be a Window", came(over))
    if calendar is not None and not isinstance(calendar, Calendar):
        raise InvalidInputError("calendar", "must be a Calendar", came(calendar))
    if period is None:
        return _one(over)
    one_of("period", period, PERIODS)
    if calendar is None:
        raise InvalidInputError(
            "calendar", "must be given with a period", "spells have none of their own"
        )
    zone = calendar

    def ordinal(us: int) -> int:
        return int(zone.ordinals(np.array([us]), period)[0])

    low, high = None if first is None else ordinal(first), ordinal(as_of)
    if over is not None:
        for side, us in (("start", over.start_us), ("end", over.end_us)):
            if us is not None:
                _check_edge(side, us, int(zone.edges(ordinal(us), period)), period)
        low = low if over.start_us is None else ordinal(over.start_us)
        high = high if over.end_us is None else ordinal(over.end_us - 1)
    return _periods(zone, period, high + 1 if low is None else low, high)


def days_of(spans: Spans, calendar: Calendar) -> Spans:
    """Return the local days of stretches, from the start of the first to the end of the last.

    Raises
    ------
    InvalidInputError
        If that is not where days start and end.
    """
    if not len(spans):
        return Spans(spans.edges, (Axis("period", (), "period", disjoint=False),))
    first, last = (int(spans.edges[i]) for i in (0, -1))
    low, high = (int(x) for x in calendar.ordinals(np.array([first, last]), "day"))
    for side, us, day in (("start", first, low), ("end", last, high)):
        _check_edge(side, us, int(calendar.edges(day, "day")), "day")
    return _periods(calendar, "day", low, high - 1)


def days_taken(calendar: Calendar, low: int, high: int) -> NDArray[np.int64]:
    """Return how many local days took place from `low` to before each day up to `high`.

    A day without an instant is no day: Apia had no 30 December 2011.
    """
    some = np.diff(calendar.edges(np.arange(low, high + 1), "day")) > 0
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(some)])


def known_at(spells: Spells, as_of: dt.datetime | None) -> int:
    """Return the instant until which spells are read: their own, or an earlier one.

    Raises
    ------
    InvalidInputError
        If it is no instant, or later than the spells'.
    """
    if as_of is None:
        return spells.as_of
    us = to_us(as_instant("as_of", as_of))
    if us > spells.as_of:
        raise InvalidInputError(
            "as_of", "must not be later than the spells' as_of", "what came after it is not known"
        )
    return us


def _one(over: Window | None) -> Spans:
    """Return one window as the only stretch."""
    if over is None:
        raise InvalidInputError("period", "must be given", "or a window, by over=")
    if over.start_us is None or over.end_us is None:
        raise InvalidInputError("over", "must have both ends without a period", "one is open")
    return Spans(np.array([over.start_us, over.end_us], np.int64), ())


def _periods(zone: Calendar, period: Period, low: int, high: int) -> Spans:
    ordinals = np.arange(low, max(high, low - 1) + 2)
    labels = zone.labels(ordinals[:-1], period)
    axis = Axis("period", labels, "period", disjoint=False)
    return Spans(zone.edges(ordinals, period), (axis,))


def _check_edge(side: str, us: int, edge: int, period: str) -> None:
    if edge != us:
        raise InvalidInputError(
            "over",
            f"must lie on the edges of a {period}",
            f"its {side} is {from_us(us).isoformat()}, {from_us(edge).isoformat()} is an edge",
        )
