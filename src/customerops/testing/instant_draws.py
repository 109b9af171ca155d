"""Instants where time is difficult: days on which the clock changes, leap days, ends of years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values.window import Window

__all__ = ["MIDDLES", "US", "dates", "instants", "middles", "walls", "windows"]

US = dt.timedelta(microseconds=1)

MIDDLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "America/New_York": ("2024-03-10", "2024-11-03", "2024-02-29"),
        "Europe/Berlin": ("2024-03-31", "2024-10-27", "2023-12-31"),
        "America/St_Johns": ("2011-03-13", "2010-11-07"),  # at 00:01: the fall goes back a day
        "Pacific/Apia": ("2011-12-29",),  # 30 December 2011 did not take place
        "UTC": ("2024-02-29", "2023-12-31"),
    }
)
"""Days on which the local clock changes, leap days and ends of years, by zone."""

_CLOCK = (
    *("00:00:00", "00:00:30", "00:01:00", "01:30:00", "01:59:59.999999"),
    *("02:00:00", "02:30:00", "03:00:00", "12:00:00", "23:01:00", "23:59:59.999999"),
)


def middles(zone: str) -> st.SearchStrategy[dt.date]:
    """Draw one of the difficult days of a zone."""
    return st.sampled_from(MIDDLES[zone]).map(dt.date.fromisoformat)


@st.composite
def walls(draw: st.DrawFn, zone: str, middle: dt.date, days: int) -> dt.datetime:
    """Draw a wall-clock time within some days of the middle, most often near it."""
    offset = draw(st.one_of(st.integers(-1, 1), st.integers(-days, days)))
    wall = dt.time.fromisoformat(draw(st.sampled_from(_CLOCK)))
    local = dt.datetime.combine(middle + dt.timedelta(days=offset), wall, ZoneInfo(zone))
    return local.replace(fold=draw(st.integers(0, 1))).astimezone(dt.UTC)


def instants(*, zone: str | None = None, days: int = 400) -> st.SearchStrategy[dt.datetime]:
    """Draw instants in UTC, most of them near a day on which time is difficult.

    Parameters
    ----------
    zone : str, optional
        Near whose difficult days: one of ``"America/New_York"``, ``"Europe/Berlin"``,
        ``"America/St_Johns"``, ``"Pacific/Apia"``, ``"UTC"``; left out, any of them.
    days : int
        How far from it, either way.

    Returns
    -------
    SearchStrategy of datetime
        Timezone-aware.

    Raises
    ------
    InvalidInputError
        If the zone is another.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import instants
    >>> @settings(max_examples=3)
    ... @given(instants())
    ... def test(t):
    ...     assert t.tzinfo is not None
    >>> test()
    """
    if zone is not None and zone not in MIDDLES:
        known = ", ".join(map(repr, MIDDLES))
        raise InvalidInputError("zone", f"must be one of {known}", "got another")
    zones = st.sampled_from(sorted(MIDDLES)) if zone is None else st.just(zone)
    return zones.flatmap(lambda one: middles(one).flatmap(lambda day: walls(one, day, days)))


def dates() -> st.SearchStrategy[dt.date]:
    """Draw the dates of instants."""
    return instants().map(dt.datetime.date)


def windows(*, ends: bool = False) -> st.SearchStrategy[Window]:
    """Draw half-open windows about days on which time is difficult.

    Parameters
    ----------
    ends : bool
        Whether both ends are there; else either may be open.

    Returns
    -------
    SearchStrategy of Window

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import windows
    >>> @settings(max_examples=3)
    ... @given(windows())
    ... def test(window):
    ...     assert window.start is None or window.contains(window.start)
    >>> test()
    """
    both = st.lists(instants(), min_size=2, max_size=2, unique=True).map(sorted)
    closed = both.map(lambda two: Window(*two))
    if ends:
        return closed
    return closed | st.builds(Window, st.none() | instants(), st.none())
