"""What holds contacts back: frequency caps (频控), quiet hours (免打扰), a holdout group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.plays import bounded
from customerops.lifecycle.policy.wording import duration
from customerops.model.records.base import Record, shape_of
from customerops.model.values.checks import Id, came
from customerops.model.values.hashing import keyed_hash
from customerops.model.values.serial import read
from customerops.model.values.zones import local, offset_changes

__all__ = ["Cap", "Holdout", "QuietHours", "all_day", "quiet_until"]

_US = dt.timedelta(microseconds=1)
_CHANNELS = shape_of(frozenset[str])


@attrs.frozen(kw_only=True)
class Cap(Record):
    """At most so many contacts in a window, by one channel or by all together (频控).

    Parameters
    ----------
    limit : int
        How many; at least 1.
    window : timedelta
        Exact elapsed time, half-open: at an instant t, contacts in ``(t - window, t]`` count.
    channel : str, optional
        By which channel; None counts all, those without a channel too.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, the limit is below 1, or the window is not longer than
        zero or longer than a century.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Cap
    >>> Cap(limit=3, window=dt.timedelta(days=7), channel="sms").describe()
    '3 sms in 7 days'
    """

    limit: int
    window: dt.timedelta
    channel: str | None = None

    def _check(self) -> None:
        if self.limit < 1:
            raise InvalidInputError("limit", "must be at least 1", "got less")
        bounded("window", self.window)

    def describe(self) -> str:
        """Return it in words."""
        what = self.channel or ("contact" if self.limit == 1 else "contacts")
        return f"{self.limit} {what} in {duration(self.window)}"


def _time(name: str, value: object) -> dt.time:
    if isinstance(value, str):
        try:
            value = dt.time.fromisoformat(value)
        except ValueError:
            raise InvalidInputError(name, "must be an ISO 8601 time", "got another str") from None
    if not isinstance(value, dt.time):
        raise InvalidInputError(name, "must be a time", came(value))
    if value.tzinfo is not None:
        raise InvalidInputError(name, "must be a naive time", "got one with a zone")
    return value.replace(fold=0)


def _start(value: dt.time | str) -> dt.time:
    return _time("start", value)


def _end(value: dt.time | str) -> dt.time:
    return _time("end", value)


@attrs.frozen
class QuietHours:
    """When nobody is to be disturbed, by the customer's own clock (免打扰).

    Parameters
    ----------
    start, end : time or str
        Wall-clock times in the customer's zone, half-open: an instant is quiet if the clock shows
        a time in ``[start, end)``. An end before the start is on the next day. Strings are ISO
        8601: ``"22:00"``.
    channels : frozenset of str
        For which channels; left out, for all.

    Raises
    ------
    InvalidInputError
        If a time is none or has a zone, or both are the same.

    Notes
    -----
    The clock decides, instant by instant. So a night in which it is set forward is shorter by the
    skipped hour, and in one in which it is set back an hour that comes twice is quiet twice.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import QuietHours
    >>> night = QuietHours("22:00", "08:00")
    >>> night.covers(dt.time(23, 30)), night.covers(dt.time(8, 0))
    (True, False)
    """

    start: dt.time = attrs.field(converter=_start)
    end: dt.time = attrs.field(converter=_end)
    channels: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "channels", _CHANNELS.accept("channels", self.channels))
        if self.start == self.end:
            raise InvalidInputError("end", "must not be the start", "it is")

    def covers(self, wall: dt.time) -> bool:
        """Return whether a time on the clock is quiet."""
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def remaining(self, wall: dt.datetime) -> dt.timedelta:
        """Return how much of the clock is left until the end, from a reading that is quiet."""
        ends = dt.datetime.combine(wall.date(), self.end)
        return ends - wall if ends > wall else ends + dt.timedelta(days=1) - wall

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types, without loss."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "channels": _CHANNELS.dump(self.channels),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the quiet hours that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, or a value is not what its field takes.
        """
        return cls(**read("QuietHours", data, ["start", "end"], ["channels"]))


def all_day(hours: Sequence[QuietHours]) -> bool:
    """Return whether some quiet hours leave no time of the day: what is free begins at an end."""
    return bool(hours) and all(any(h.covers(one.end) for h in hours) for one in hours)


def quiet_until(us: int, tz: dt.tzinfo, hours: Sequence[QuietHours]) -> int:
    """Return the first instant from `us` on that is in no quiet hours.

    Between two changes of the offset the clock runs with time, so the end is as far away as it is
    on the clock; where the clock is set, it is read anew. The hours must leave some of the day.
    """
    while True:
        wall = local(us, tz)
        left = [one.remaining(wall) for one in hours if one.covers(wall.time())]
        if not left:
            return us
        end = us + max(left) // _US
        changes = offset_changes(us, end, tz)
        us = changes[0][0] if changes else end


@attrs.frozen(kw_only=True)
class Holdout(Record):
    """A share of customers for whom nothing is done, to see what doing it is worth.

    Who is in it is told by a keyed hash of the id: the same on every machine and every day.
    Under one key a larger share holds out the same customers and more.

    Parameters
    ----------
    key : str
        Names the draw: another key is another, independent group.
    share : float
        Of all customers; above 0 and below 1.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or the share is out of range.

    Examples
    --------
    >>> from customerops.lifecycle import Holdout
    >>> tenth = Holdout(key="2026", share=0.1)
    >>> 80 < sum(tenth.holds(n) for n in range(1000)) < 120
    True
    """

    key: str
    share: float

    def _check(self) -> None:
        if not 0 < self.share < 1:
            raise InvalidInputError("share", "must lie between 0 and 1", "it does not")

    def holds(self, customer_id: Id) -> bool:
        """Return whether a customer is held out."""
        return (
            keyed_hash([customer_id], key=self.key)[0] < self.share * 2**64
        )  # exact: a power of two
