"""When an active customer lapses: by inactivity, by its own latency, or at a contract's end."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.spans import Span, as_span, dump_span, load_span, tell
from customerops.lifecycle.policy.wording import duration
from customerops.model.values.checks import finite, one_of, positive_duration, whole
from customerops.model.values.instants import micros
from customerops.model.values.serial import read

__all__ = ["Clock", "Contract", "Inactivity", "Latency", "load_clock"]

_US = dt.timedelta(microseconds=1)
Int = NDArray[np.int64]


@attrs.frozen
class Inactivity:
    """A life ends when nothing qualifies for a while.

    Parameters
    ----------
    window : timedelta, Days or Months
        Time since the last qualifying interaction. A timedelta is exact: 30 days are 720 hours,
        whatever the local clock does; `Days` and `Months` are of the policy's calendar.

    Raises
    ------
    InvalidInputError
        If it is none of these, or not longer than zero.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity
    >>> Inactivity(dt.timedelta(days=90)).describe()
    '90 days without a qualifying interaction'
    """

    window: Span

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "window", as_span("window", self.window))

    def describe(self) -> str:
        """Return it in words."""
        return f"{tell(self.window)} without a qualifying interaction"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {"clock": "inactivity", "window": dump_span(self.window)}


@attrs.frozen(kw_only=True)
class Latency:
    """A life ends when nothing qualifies for longer than is usual for this customer.

    Parameters
    ----------
    quantile : float
        Which quantile of the customer's own intervals is still usual; over 0, at most 1.
    fallback : timedelta
        The window while there are fewer than `min_intervals` intervals.
    last : int, optional
        How many of the latest intervals count.
    min_intervals : int, optional
        How many there must be; at most `last`.
    floor, cap : timedelta, optional
        The shortest and the longest window from intervals.

    Raises
    ------
    InvalidInputError
        If one is not what it must be, or `floor` is longer than `cap`.

    Notes
    -----
    An interval is the exact time between one qualifying interaction and the next, lapses between
    them included. At each one the window is set anew from the intervals completed by then, so that
    what comes later changes no earlier stage. With the sorted intervals ``d[0] <= ... <= d[m-1]``
    and ``h = (m - 1) quantile``, the window is ``d[j] + (h - j) (d[j+1] - d[j])``, ``j`` being the
    integer part of ``h`` (linear interpolation: definition 7 of Hyndman and Fan), to the
    microsecond, then held between `floor` and `cap`, and at least one microsecond.

    References
    ----------
    Hyndman, R. J. and Fan, Y. (1996). Sample Quantiles in Statistical Packages. The American
    Statistician 50(4), 361-365.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Latency
    >>> day = dt.timedelta(days=1)
    >>> clock = Latency(quantile=0.9, fallback=60 * day, floor=7 * day)
    >>> clock.describe()
    'the 0.9 quantile of the last 8 own intervals (at least 7 days; 60 days before there are 3) without a qualifying interaction'
    >>> clock.window([10 * day, 20 * day, 30 * day]) / day
    28.0
    """

    quantile: float
    fallback: dt.timedelta
    last: int = 8
    min_intervals: int = 3
    floor: dt.timedelta | None = None
    cap: dt.timedelta | None = None

    def __attrs_post_init__(self) -> None:
        quantile = finite("quantile", self.quantile)
        if not 0 < quantile <= 1:
            raise InvalidInputError("quantile", "must be over 0 and at most 1")
        checked: dict[str, Any] = {
            "quantile": quantile,
            "last": whole("last", self.last, least=1),
            "min_intervals": whole("min_intervals", self.min_intervals, least=1),
            "fallback": positive_duration("fallback", self.fallback),
        }
        for name in ("floor", "cap"):
            if getattr(self, name) is not None:
                checked[name] = positive_duration(name, getattr(self, name))
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.min_intervals > self.last:
            raise InvalidInputError("min_intervals", "must be at most last")
        if self.floor is not None and self.cap is not None and self.floor > self.cap:
            raise InvalidInputError("floor", "must not be longer than cap")

    def window(self, intervals: Sequence[dt.timedelta]) -> dt.timedelta:
        """Return the window after these completed intervals, oldest first."""
        usual = sorted(one // _US for one in intervals[-self.last :])
        if len(usual) < self.min_intervals:
            return self.fallback
        j, share = self._place(len(usual))
        above = usual[min(j + 1, len(usual) - 1)]
        us = usual[j] + round(share * (above - usual[j]))
        low, high = self._bounds()
        return min(max(us, low), high) * _US

    def windows(self, intervals: Int) -> Int:
        """Return the window of each row of at least `min_intervals` intervals, in microseconds.

        Parameters
        ----------
        intervals : int64 (n, m)
            The latest m intervals of each, in any order, m at most `last`.
        """
        usual = np.sort(intervals, axis=1)
        m = usual.shape[1]
        j, share = self._place(m)
        below, above = usual[:, j], usual[:, min(j + 1, m - 1)]
        window: Int = below + np.rint(share * (above - below)).astype(np.int64)
        held: Int = np.clip(window, *self._bounds())
        return held

    def _place(self, m: int) -> tuple[int, float]:
        h = (m - 1) * self.quantile
        j = math.floor(h)
        return j, h - j

    def _bounds(self) -> tuple[int, int]:
        low = 1 if self.floor is None else micros(self.floor)
        return low, micros(self.cap or dt.timedelta.max)

    def describe(self) -> str:
        """Return it in words."""
        held = [
            f"{word} {duration(bound)}"
            for word, bound in (("at least", self.floor), ("at most", self.cap))
            if bound is not None
        ]
        until = f"{duration(self.fallback)} before there are {self.min_intervals}"
        usual = f"the {self.quantile:g} quantile of the last {self.last} own intervals"
        return f"{usual} ({'; '.join([*held, until])}) without a qualifying interaction"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        spans = {name: dump_span(getattr(self, name)) for name in ("fallback", "floor", "cap")}
        whole_numbers = {"last": self.last, "min_intervals": self.min_intervals}
        return {"clock": "latency", "quantile": self.quantile, **whole_numbers, **spans}


@attrs.frozen
class Contract:
    """A life ends when what is paid for has run out.

    Starts and renewals are the qualifying interactions, and nothing else is; use is no matter. How
    long is paid stands in ``Interaction.until``, or follows from `term`.

    Parameters
    ----------
    grace : timedelta, Days or Months, optional
        How long after the end a renewal still goes on from it; left out, or zero, not at all.
    term : timedelta, Days or Months, optional
        How long a start or renewal without ``until`` is paid for; left out, each must have one.

    Raises
    ------
    InvalidInputError
        If one is none of these.

    Notes
    -----
    A *start* pays from its own instant, a *renewal* from the old end while the customer is active,
    grace included; neither shortens what is paid already. A *pause* freezes what remains, until a
    *resume*, a start or a renewal; nothing lapses meanwhile. *Cancel at period end* ends the life
    at the end of what is paid, without grace, unless a start or renewal comes first; once that end
    has passed it acts as a cancel. A *failed payment* puts the customer at risk until the next
    start or renewal.

    A term that is a timedelta ends so much later, to the microsecond. One in `Days` or `Months` is
    paid through the end of its last day: a month from 15 January, whatever the hour, ends as 16
    February begins, and a renewal on the 15th is in time. Terms in months keep the day of the month
    on which the contract began, where the month has it.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Contract, Months
    >>> Contract(grace=dt.timedelta(days=7), term=Months(1)).describe()
    'what is paid has run out (1 calendar month a time, unless said) and 7 days of grace have passed'
    """

    grace: Span | None = None
    term: Span | None = None

    def __attrs_post_init__(self) -> None:
        if self.grace == dt.timedelta(0):
            object.__setattr__(self, "grace", None)
        for name in ("grace", "term"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, as_span(name, getattr(self, name)))

    def describe(self) -> str:
        """Return it in words."""
        term = "" if self.term is None else f" ({tell(self.term)} a time, unless said)"
        grace = "" if self.grace is None else f" and {tell(self.grace)} of grace have passed"
        return f"what is paid has run out{term}{grace}"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {
            "clock": "contract",
            "grace": dump_span(self.grace),
            "term": dump_span(self.term),
        }


Clock = Inactivity | Latency | Contract

_LATENCY = ("quantile", "last", "min_intervals", "fallback", "floor", "cap")


def load_clock(data: object) -> Clock:
    """Return the clock that its `to_dict` wrote."""
    given = read("clock", data, ("clock",), ("window", "grace", "term", *_LATENCY))
    name = one_of("clock", given.pop("clock"), ("inactivity", "latency", "contract"))
    wanted = {"inactivity": ("window",), "latency": _LATENCY, "contract": ("grace", "term")}[name]
    parts = read("clock", given, wanted)
    for part in ("window", "grace", "term", "fallback", "floor", "cap"):
        if part in parts:
            parts[part] = load_span(part, parts[part])
    if name == "latency":
        return Latency(**parts)
    return Inactivity(**parts) if name == "inactivity" else Contract(**parts)
