"""A half-open window of instants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came
from customerops.model.values.instants import as_instant, to_us
from customerops.model.values.serial import dump_instant, load_instant, read
from customerops.model.values.zones import as_zone, instant_of, start_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Window"]

_EVER = 2**62
"""Microseconds beyond every instant, on either side of 1970."""


@attrs.frozen
class Window:
    """The instants from `start` up to, but not including, `end`.

    Parameters
    ----------
    start : datetime or None
        Timezone-aware; kept in UTC. None: open, since ever.
    end : datetime or None
        Timezone-aware, after `start`; kept in UTC. None: open, for ever.

    Raises
    ------
    InvalidInputError
        If one is naive or no datetime, or if `end` is not after `start`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Window
    >>> january = Window.parse("2026-01-01", "2026-02-01", tz="Asia/Shanghai")
    >>> january.start.isoformat()
    '2025-12-31T16:00:00+00:00'
    >>> january.contains(january.start), january.contains(january.end)
    (True, False)
    """

    start: dt.datetime | None
    end: dt.datetime | None

    def __attrs_post_init__(self) -> None:
        for name in ("start", "end"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, as_instant(name, given))
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise InvalidInputError("end", "must be after start", "got an empty window")

    @classmethod
    def parse(
        cls,
        start: dt.date | str | None,
        end: dt.date | str | None,
        *,
        tz: dt.tzinfo | str,
        fold: Literal[0, 1] | None = None,
    ) -> Self:
        """Return the window between two local dates or times of a zone.

        Parameters
        ----------
        start, end : date, naive datetime, ISO 8601 str, or None
            A date means the start of that local day, the first instant at which the local clock
            is at or past its midnight: the same edge a `Calendar` of the zone has.
        tz : tzinfo or str
            The zone, or its name, which is looked up in the zone database.
        fold : {0, 1}, optional
            How to read a local time that the clock shows twice, or skips, when the offset changes
            (PEP 495: 0 by the offset before the change, 1 by the one after it). Not for dates.

        Raises
        ------
        InvalidInputError
            If a string is not ISO 8601, a time has an offset of its own (then it is an instant:
            use ``Window(start, end)``), the zone is not known, or a local time is shown twice or
            never and `fold` is not given.

        Examples
        --------
        >>> from customerops.model import Window
        >>> Window.parse("2026-10-25T02:30", None, tz="Europe/Berlin")
        Traceback (most recent call last):
        customerops.errors.InvalidInputError: start must name one instant: the local clock shows it twice: fold=0 or fold=1 says how to read it
        >>> Window.parse("2026-10-25T02:30", None, tz="Europe/Berlin", fold=1).start.isoformat()
        '2026-10-25T01:30:00+00:00'
        """
        if fold not in (None, 0, 1):
            raise InvalidInputError("fold", "must be 0, 1 or None", came(fold))
        zone = as_zone("tz", tz)
        return cls(_parsed("start", start, zone, fold), _parsed("end", end, zone, fold))

    @property
    def start_us(self) -> int | None:
        """`start` in microseconds since 1970-01-01T00:00Z; None if open."""
        return None if self.start is None else to_us(self.start)

    @property
    def end_us(self) -> int | None:
        """`end` in microseconds since 1970-01-01T00:00Z; None if open."""
        return None if self.end is None else to_us(self.end)

    @property
    def duration(self) -> dt.timedelta | None:
        """Elapsed time from `start` to `end`; None if a side is open."""
        return None if self.start is None or self.end is None else self.end - self.start

    def contains(self, t: dt.datetime) -> bool:
        """Return whether an instant is in the window.

        Raises
        ------
        InvalidInputError
            If it is not a timezone-aware datetime.
        """
        t = as_instant("t", t)
        after_start = self.start is None or self.start <= t
        return after_start and (self.end is None or t < self.end)

    def mask(self, us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which instants of a column, in microseconds, are in the window."""
        start = -_EVER if self.start_us is None else self.start_us
        end = _EVER if self.end_us is None else self.end_us
        return (us >= start) & (us < end)

    def overlaps(self, other: Window) -> bool:
        """Return whether the two windows share an instant.

        Examples
        --------
        >>> from customerops.model import Window
        >>> year = Window.parse("2026-01-01", "2027-01-01", tz="UTC")
        >>> year.overlaps(Window(year.end, None))
        False
        """
        starts_before = self.start is None or other.end is None or self.start < other.end
        ends_after = self.end is None or other.start is None or other.start < self.end
        return starts_before and ends_after

    def intersect(self, other: Window) -> Window:
        """Return the window of the instants that are in both.

        Raises
        ------
        InvalidInputError
            If they share none: a window is never empty. `overlaps` tells beforehand.

        Examples
        --------
        >>> from customerops.model import Window
        >>> year = Window.parse("2026-01-01", "2027-01-01", tz="UTC")
        >>> year.intersect(Window(None, None)) == year
        True
        """
        if not self.overlaps(other):
            raise InvalidInputError("other", "must overlap the window", "they share no instant")
        starts = [w.start for w in (self, other) if w.start is not None]
        ends = [w.end for w in (self, other) if w.end is not None]
        return Window(max(starts, default=None), min(ends, default=None))

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types.

        Examples
        --------
        >>> from customerops.model import Window
        >>> Window.parse("2026-01-01", None, tz="UTC").to_dict()
        {'start': '2026-01-01T00:00:00.000000Z', 'end': None}
        """
        return {
            "start": None if self.start is None else dump_instant(self.start),
            "end": None if self.end is None else dump_instant(self.end),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the window that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, or a side is not an instant.
        """
        sides = read("Window", data, ["start", "end"])
        return cls(
            *(
                None if sides[name] is None else load_instant(name, sides[name])
                for name in ("start", "end")
            )
        )


def _parsed(
    name: str, given: dt.date | str | None, zone: dt.tzinfo, fold: int | None
) -> dt.datetime | None:
    if given is None:
        return None
    when: Any = _from_iso(name, given) if isinstance(given, str) else given
    if not isinstance(when, dt.date) or when != when:  # noqa: PLR0124 - pandas.NaT
        raise InvalidInputError(name, "must be a date, a naive datetime or a str", came(given))
    if not isinstance(when, dt.datetime):
        return start_of(name, dt.datetime(when.year, when.month, when.day), zone)  # noqa: DTZ001
    if when.tzinfo is not None:
        raise InvalidInputError(name, "must be local to tz", "got one with its own offset")
    return instant_of(name, when, zone, fold)


def _from_iso(name: str, given: str) -> dt.date:
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        pass
    try:
        return dt.datetime.fromisoformat(given)
    except ValueError:
        raise InvalidInputError(
            name, "must be a date or a time in ISO 8601", f"got {given!r}"
        ) from None
