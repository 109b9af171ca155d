"""What a wall clock in a zone showed, read back as instants, many rows at a time.

The zone is asked about the days that occur, once each; rows take its answers from tables. It is
asked one question only, the offset at an instant, as everywhere in the library.
"""

from __future__ import annotations

import datetime as dt

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.values.instants import to_us
from customerops.model.values.zones import DAY_US, offset_changes, offset_us

__all__ = ["LEAST_US", "MOST_US", "instants_of_walls"]

LEAST_US = to_us(dt.datetime.min.replace(tzinfo=dt.UTC))
"""The first microsecond of the year 1."""

MOST_US = to_us(dt.datetime.max.replace(tzinfo=dt.UTC))
"""The last microsecond of the year 9999."""

_BLOCK = 1 << 16  # rows looked up at a time
_APART = 8  # days between which two stretches of days are looked up in the zone apart

Mask = NDArray[np.bool_]


@attrs.frozen(eq=False)
class _Stretches:
    """Stretches of constant offset of a zone, ascending: instants [start, end), and the offset."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    offset: NDArray[np.int64]

    @classmethod
    def around(cls, days: NDArray[np.int64], tz: dt.tzinfo) -> _Stretches:
        """Look up the offsets around local days; what lies far between them is not asked for."""
        found: list[tuple[int, int, int]] = []
        for run in np.split(days, np.flatnonzero(np.diff(days) > _APART) + 1):
            low, high = (int(run[0]) - 2) * DAY_US, (int(run[-1]) + 3) * DAY_US
            inner = min(max(low, LEAST_US + DAY_US), MOST_US - DAY_US)
            changes = offset_changes(inner, max(min(high, MOST_US - DAY_US), inner), tz)
            starts = [low, *(us for us, _ in changes)]
            offsets = [offset_us(inner, tz), *(after for _, after in changes)]
            found += zip(starts, [*starts[1:], high], offsets, strict=True)
        return cls(*np.array(found, np.int64).T)

    def first(self, walls: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the first stretch in which the clock goes past each wall time."""
        reached = np.maximum.accumulate(self.end + self.offset)
        return np.searchsorted(reached, walls, "right")

    def last(self, walls: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the last stretch that starts at or before each wall time."""
        begins = np.minimum.accumulate((self.start + self.offset)[::-1])[::-1]
        return np.searchsorted(begins, walls, "right") - 1


def instants_of_walls(
    walls: NDArray[np.int64], dated: Mask, tz: dt.tzinfo, fold: int | None
) -> tuple[NDArray[np.int64], Mask, Mask]:
    """Return the instants at which a clock shows wall times, and which it shows twice or never.

    Parameters
    ----------
    walls : ndarray of int64, shape (n,)
        What the clock showed, in microseconds since 1970 on that clock; at least one.
    dated : ndarray of bool, shape (n,)
        Rows that are dates: the start of that day, however often the clock shows it.
    tz : tzinfo
        The zone.
    fold : {0, 1} or None
        Which reading of the others is meant, as in PEP 495. None finds them at fault, save a
        midnight, which is a date.

    Returns
    -------
    instants : ndarray of int64, shape (n,)
        Microseconds since 1970 UTC.
    twice, never : ndarray of bool, shape (n,)
        Rows at fault.

    Notes
    -----
    Most local days lie in one stretch of constant offset: their rows take it from a table by day.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> noon = np.array([43_200_000_000])
    >>> instants_of_walls(noon, np.array([False]), ZoneInfo("Europe/Berlin"), None)[0].tolist()
    [39600000000]
    """
    origin, final = int(walls.min()) // DAY_US, int(walls.max()) // DAY_US
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(walls), _BLOCK)]
    seen = np.zeros(final - origin + 1, np.bool_)
    for block in blocks:
        seen[walls[block] // DAY_US - origin] = True
    days = np.flatnonzero(seen)
    zone = _Stretches.around(days + origin, tz)
    opens = (days + origin) * DAY_US
    closes = opens + (DAY_US - 1)
    stretch = zone.first(opens)
    even = (stretch == zone.first(closes)) & (stretch == zone.last(opens))
    even &= stretch == zone.last(closes)
    offset, uneven = np.zeros(len(seen), np.int64), np.zeros(len(seen), np.bool_)
    offset[days[even]] = zone.offset[stretch[even]]
    uneven[days[~even]] = True
    us, hard = np.empty_like(walls), [np.zeros(0, np.intp)]
    for block in blocks:
        day = walls[block] // DAY_US - origin
        us[block] = walls[block] - offset[day]
        hard.append(np.flatnonzero(uneven[day]) + block.start)
    rows = np.concatenate(hard)
    twice, never = np.zeros(len(walls), np.bool_), np.zeros(len(walls), np.bool_)
    us[rows], twice[rows], never[rows] = _hard_walls(walls[rows], dated[rows], zone, fold)
    return us, twice, never


def _hard_walls(
    walls: NDArray[np.int64], dated: Mask, zone: _Stretches, fold: int | None
) -> tuple[NDArray[np.int64], Mask, Mask]:
    """Read wall times of days on which the offset may change."""
    i, j = zone.first(walls), zone.last(walls)
    early, late = walls - zone.offset[i], walls - zone.offset[j]
    never = early < zone.start[i]
    twice = ~never & (late != early) & (late < zone.end[j])
    start = np.maximum(early, zone.start[i])
    day = dated if fold is not None else dated | (walls % DAY_US == 0)
    if fold is None:
        return start, twice & ~day, never & ~day
    skipped = walls - zone.offset[i - 1]  # by the offset before the gap
    chosen = np.where(
        twice, late if fold else early, early if fold else np.where(never, skipped, early)
    )
    none = np.zeros(len(walls), np.bool_)
    return np.where(day, start, chosen), none, none
