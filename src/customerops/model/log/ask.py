"""What every log function settles first: until when, over what, in whose calendar."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog
from customerops.model.values.calendar import PERIODS, Calendar
from customerops.model.values.checks import one_of
from customerops.model.values.instants import from_us
from customerops.model.values.window import Window

if TYPE_CHECKING:
    from customerops.model.values.calendar import Period

__all__ = ["Asked", "ask"]


@attrs.frozen(eq=False)
class Asked:
    """A question settled: the log as it was known, and the options in force.

    Attributes
    ----------
    log : InteractionLog
        The log until `as_of`.
    as_of : int
        The last known instant, in microseconds UTC, inclusive.
    calendar : Calendar or None
        The calendar in force; None only when none is needed.
    over : Window or None
        The reporting range.
    period : str or None
        The calendar period.
    """

    log: InteractionLog
    as_of: int
    calendar: Calendar | None
    over: Window | None
    period: Period | None

    @property
    def zone(self) -> Calendar:
        """The calendar, where the question needs one."""
        if self.calendar is None:
            raise InvalidInputError(
                "calendar", "must be given", "the log has none: build it with tz= or calendar="
            )
        return self.calendar

    def ordinal(self, us: int) -> int:
        """Return the ordinal of the period that holds an instant."""
        assert self.period is not None
        return int(self.zone.ordinals(np.array([us], np.int64), self.period)[0])

    @property
    def current(self) -> int:
        """Ordinal of the period that holds as_of."""
        return self.ordinal(self.as_of)

    @property
    def closed(self) -> int:
        """Ordinal of the last period of which every instant is known."""
        return self.ordinal(self.as_of + 1) - 1

    def span(self, first: int | None) -> tuple[int, int]:
        """Return the ordinals of the first and last period of the report.

        From the start of `over`, else from `first` (the first event that counts), to the end of
        `over`, else the period that holds as_of. Empty (last < first) when there is neither.
        """
        start = None if self.over is None else self.over.start_us
        end = None if self.over is None else self.over.end_us
        last = self.current if end is None else self.ordinal(end - 1)
        if start is not None:
            return self.ordinal(start), last
        return (last + 1 if first is None else first), last


def ask(
    log: InteractionLog,
    *,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    period: Period | None = None,
    calendar: Calendar | None = None,
    unit: Literal["customer", "thread"] = "customer",
) -> Asked:
    """Settle what a log function was asked.

    Raises
    ------
    InvalidInputError
        When the log is by thread and the function counts customers, or the other way round; when
        neither the log nor the call says as_of, or as_of is later than the log's; when a period
        needs a calendar and there is none, or `over` does not lie on the period's edges.
    """
    if not isinstance(log, InteractionLog):
        raise InvalidInputError("log", "must be an InteractionLog", f"got {type(log).__name__}")
    if unit == "customer" and log.parent is not None:
        raise InvalidInputError(
            "log", "must not be by thread", "this function counts customers, and threads cluster"
        )
    if unit == "thread" and log.parent is None:
        raise InvalidInputError("log", "must be by thread", "give log.by_thread()")
    if as_of is not None:
        log = log._until("as_of", as_of)
    if log.as_of is None:
        raise InvalidInputError(
            "as_of", "must be given", "the log has none: use log.until(...) or as_of="
        )
    if calendar is not None and not isinstance(calendar, Calendar):
        got = type(calendar).__name__
        raise InvalidInputError("calendar", "must be a Calendar", f"got {got}")
    if over is not None and not isinstance(over, Window):
        raise InvalidInputError("over", "must be a Window", f"got {type(over).__name__}")
    asked = Asked(log, log.as_of, calendar or log.calendar, over, period)
    if period is not None:
        _check_edges(asked)
    return asked


def _check_edges(asked: Asked) -> None:
    assert asked.period is not None
    one_of("period", asked.period, PERIODS)
    zone = asked.zone
    if asked.over is None:
        return
    for side, us in (("start", asked.over.start_us), ("end", asked.over.end_us)):
        if us is None:
            continue
        edge = int(zone.edges(zone.ordinals(np.array([us]), asked.period), asked.period)[0])
        if edge != us:
            raise InvalidInputError(
                "over",
                f"must lie on the edges of a {asked.period}",
                f"its {side} is {from_us(us).isoformat()}, {from_us(edge).isoformat()} is an edge",
            )
