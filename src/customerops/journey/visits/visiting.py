"""Sessions: how often customers visit, how many hits and how long a visit has, who bounces."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.visits.cutting import cut_of
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.ratios import Ratio
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import one_of, positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["SessionRatio", "SessionTable", "session_times", "sessions"]

_SECOND = 1_000_000  # microseconds
_COUNTS = ("sessions", "bounces", "hits", "duration")
_SQUARES = {f"{name}_squared": (name, name) for name in _COUNTS}
_PRODUCTS = {f"sessions_{name}": ("sessions", name) for name in _COUNTS[1:]}


def _settled(table: Table, done: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells are closed, and hold no session that may still go on.

    A report without an end is about what is known, and open sessions are no part of that.
    """
    context = table.context
    endless = context.over is None or context.over.end_us is None
    if context.period is None and endless:
        return done
    settled: NDArray[np.bool_] = done & (table._spread("open") == 0)
    return settled


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SessionRatio(Ratio):
    """A ratio over closed sessions, with the customer as the unit.

    Parameters
    ----------
    axes, context
        As for `Ratio`.
    parts : mapping
        Those of a `Ratio`, and ``open``: sessions that may still go on and are not counted. A cell
        of a window with an end is complete when it has none.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*Ratio.PARTS, "open")

    def _complete(self) -> NDArray[np.bool_]:
        return _settled(self, super()._complete())

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in Ratio.PARTS]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SessionTable(Table):
    """Sessions, bounces, hits and durations, and their moments over customers.

    Attributes
    ----------
    PARTS : tuple of str
        ``customers`` who have a closed session; ``sessions``, ``bounces``, ``hits`` and
        ``duration`` (microseconds) of the closed ones; ``open`` sessions, in none of them; then
        the sums over customers of squares and products, from which intervals are read.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers", *_COUNTS, "open", *_SQUARES, *_PRODUCTS)

    @property
    def count(self) -> Count:
        """How many closed sessions."""
        return self._part("sessions")

    @property
    def customers(self) -> Count:
        """How many customers have one."""
        return self._part("customers")

    @property
    def open(self) -> Count:
        """How many sessions may still go on; they are in no other count."""
        return self._part("open")

    def bounce_rate(self) -> SessionRatio:
        """Return the share of closed sessions with a single hit.

        Notes
        -----
        ``sessions with one hit / sessions``, of those that are closed. Google Analytics 4 calls
        another number by that name: one less the share of engaged sessions.

        References
        ----------
        Google Analytics Help, "How a web session is defined in Universal Analytics".
        """
        return self._by_session("bounces")

    def hits_per_session(self) -> SessionRatio:
        """Return the mean number of hits of a closed session."""
        return self._by_session("hits")

    def mean_duration(self) -> SessionRatio:
        """Return the mean time from the first to the last hit of a closed session, in seconds.

        How long the last hit was looked at is not known, so this is what a visit lasted at least,
        and 0 for a bounce.
        """
        return self._by_session("duration", scale=_SECOND)

    def sessions_per_customer(self) -> SessionRatio:
        """Return the mean number of closed sessions of a customer who has one."""
        n, p = self.parts["customers"], self.parts
        moments = (n, p["sessions"], n, p["sessions_squared"], n, p["sessions"])
        return self._ratio("sessions_per_customer", moments)

    def _by_session(self, name: str, **options: int) -> SessionRatio:
        p = self.parts
        moments = (
            *(p["customers"], p[name], p["sessions"]),
            *(p[f"{name}_squared"], p["sessions_squared"], p[f"sessions_{name}"]),
        )
        return self._ratio(_NAMES[name], moments, **options)

    def _ratio(self, name: str, moments: tuple[NDArray[Any], ...], **options: int) -> SessionRatio:
        context = attrs.evolve(self.context, metric=f"sessions.{name}").with_options(**options)
        parts = dict(zip(Ratio.PARTS, moments, strict=True))
        return SessionRatio(
            axes=self.axes, parts={**parts, "open": self.parts["open"]}, context=context
        )

    def _complete(self) -> NDArray[np.bool_]:
        return _settled(self, super()._complete())

    def _columns(self) -> dict[str, NDArray[Any]]:
        hidden = (*_SQUARES, *_PRODUCTS)
        return {k: v for k, v in super()._columns().items() if k not in hidden}

    def _summary(self) -> list[str]:
        return [f"{name}={self._part(name)}" for name in ("customers", *_COUNTS, "open")]


_NAMES = {"bounces": "bounce_rate", "hits": "hits_per_session", "duration": "mean_duration"}


def sessions(
    log: InteractionLog,
    gap: dt.timedelta | None = None,
    *,
    hits: Rule | str | Collection[str] | None = None,
    starts: Rule | str | Collection[str] | None = None,
    ends: Rule | str | Collection[str] | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    period: Period | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> SessionTable:
    """Cut what customers did into sessions (会话), and count them, their hits and the bounces.

    Parameters
    ----------
    log : InteractionLog
        The events.
    gap : timedelta, optional
        The longest time without a hit within one session, elapsed; a pause of just that length
        stays in it. May be left out where `starts` or `ends` cut.
    hits : Rule, str or collection of str, optional
        Which events are hits; left out, all are. Others are passed over.
    starts, ends : Rule, str or collection of str, optional
        Which hits begin a session whatever was before, and which are the last of theirs.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only sessions that begin inside it; hits before it are still seen, and go on after it.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period in which sessions begin; counts for each.
    calendar : Calendar, optional
        Whose periods; left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping.

    Returns
    -------
    SessionTable
        ``.count``, ``.bounce_rate()``, ``.hits_per_session()``, ``.mean_duration()`` and
        ``.sessions_per_customer()``.

    Raises
    ------
    InvalidInputError
        If nothing cuts, `gap` is not longer than zero, `over` does not lie on the period's edges,
        or as_of or a calendar that is needed is not known.

    Notes
    -----
    Every hit is in one session. Midnight does not cut, and neither does another channel, though
    some tools do that (Universal Analytics cut at both, Google Analytics 4 at neither). A session
    is open while a later hit could still be one of it: the last of its customer, less than `gap`
    before as_of, not ended. Open ones are counted apart, since they would be bounces and short
    just because they are not over.

    Sessions cluster within customers, so intervals take the customer as the unit.

    References
    ----------
    Catledge, L. D. and Pitkow, J. E. (1995). Characterizing browsing strategies in the World-Wide
    Web. Computer Networks and ISDN Systems 27, 1065-1073: a gap of 25.5 minutes, from which the
    customary half hour comes. Google Analytics Help, "How a web session is defined in Universal
    Analytics".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import sessions
    >>> day = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     at=[day + dt.timedelta(minutes=m) for m in (0, 30, 61, 100)],
    ...     kind=["view"] * 4,
    ... ).until(day + dt.timedelta(minutes=120))
    >>> table = sessions(log, dt.timedelta(minutes=30))
    >>> table.count, table.open, table.bounce_rate().value, table.mean_duration().value
    (2, 1, 0.5, 900.0)
    """
    cut = cut_of(gap, hits, starts, ends)
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known = asked.log
    found = cut.visits(known, asked.as_of)
    group, _, group_axes = groups_of(known, by)
    begun, customer = found.at[found.first], found.customer[found.first]
    place, axes, inside = _places(asked, begun)
    axes = (*group_axes, *axes)
    width = len(axes[-1]) if period else 1
    cells = int(np.prod([len(axis) for axis in axes], dtype=np.int64))
    shape = tuple(len(axis) for axis in axes)

    closed, opened = inside & ~found.open, np.flatnonzero(inside & found.open)
    keys = (customer, place) if period else (customer,)
    lead = np.flatnonzero(first_of_run(*keys))  # a customer in a cell, each once
    length = found.last - found.first + 1
    each = {
        "sessions": closed.astype(np.int64),
        "bounces": (closed & (length == 1)).astype(np.int64),
        "hits": length * closed,
        "duration": (found.at[found.last] - begun) * closed,  # a customer's are in one lifetime
    }
    sums = {name: np.add.reduceat(column, lead) for name, column in each.items()}
    some = sums["sessions"] > 0  # the others are in no cell of the report
    own = {name: column[some] for name, column in sums.items()}
    lead = lead[some]
    at = group[customer[lead]] * width + place[lead]
    parts = {
        "customers": exact.group_count(at, cells),
        **{name: exact.group_sum(at, column, cells) for name, column in own.items()},
        "open": exact.group_count(group[customer[opened]] * width + place[opened], cells),
        **{
            name: exact.group_dot(at, own[x], own[y], cells)
            for name, (x, y) in (_SQUARES | _PRODUCTS).items()
        },
    }
    return SessionTable(
        axes=axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=Context(
            "sessions",
            unit="session",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone if period else None,
            period=period,
            by=by,
            options=cut.options,
        ),
    )


def session_times(
    log: InteractionLog,
    gap: dt.timedelta | None = None,
    *,
    of: Literal["session", "hit"],
    hits: Rule | str | Collection[str] | None = None,
    starts: Rule | str | Collection[str] | None = None,
    ends: Rule | str | Collection[str] | None = None,
    unit: dt.timedelta = dt.timedelta(seconds=1),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> EventTable:
    """Return how long sessions last, or how long customers dwell (停留时长) on a hit.

    Parameters
    ----------
    log, gap, hits, starts, ends, as_of, over, by
        As for `sessions`.
    of : {"session", "hit"}
        The time from the first to the last hit of each session; or from each hit to the next one
        of its session.
    unit : timedelta
        What times are counted in.

    Returns
    -------
    EventTable
        A curve of the times. Open sessions are censored at what they have lasted so far, the last
        hit of each session at 0.

    Raises
    ------
    InvalidInputError
        As for `sessions`; also if `of` is neither or `unit` not longer than zero.

    Notes
    -----
    Nothing tells how long the last hit of a session was looked at: the customer may have left at
    once. It says nothing about the curve, which is one of the hits that others followed, and is
    counted in ``censored``. Tools that give it the time 0 report shorter visits, the more so the
    more customers bounce.

    References
    ----------
    Catledge, L. D. and Pitkow, J. E. (1995). Characterizing browsing strategies in the World-Wide
    Web. Computer Networks and ISDN Systems 27, 1065-1073.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import session_times
    >>> day = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     at=[day + dt.timedelta(minutes=m) for m in (0, 20, 61, 100)],
    ...     kind=["view"] * 4,
    ... ).until(day + dt.timedelta(minutes=120))
    >>> dwell = session_times(log, dt.timedelta(minutes=30), of="hit")
    >>> dwell.quantile(0.5), int(dwell.censored.sum())
    (1200.0, 3)
    """
    one_of("of", of, ("session", "hit"))
    tick = micros(positive_duration("unit", unit))
    cut = cut_of(gap, hits, starts, ends)
    asked = ask(log, as_of=as_of, over=over)
    known = asked.log
    found = cut.visits(known, asked.as_of)
    group, _, axes = groups_of(known, by)
    at = found.at
    _, _, inside = _places(asked, at[found.first])
    customer = found.customer[found.first]
    if of == "session":
        lasted, seen = at[found.last] - at[found.first], ~found.open
        rows = inside
        cell = group[customer]
    else:
        length = found.last - found.first + 1
        seen = np.ones(len(at), np.bool_)
        seen[found.last] = False
        lasted = np.zeros(len(at), np.int64)
        lasted[:-1] = at[1:] - at[:-1]
        lasted[~seen] = 0
        rows, cell = np.repeat(inside, length), np.repeat(group[customer], length)
    return EventTable.from_rows(
        lasted[rows] / tick,
        seen[rows],
        outer=axes,
        codes=cell[rows],
        context=Context(
            "session_times",
            unit=of,
            as_of=asked.as_of,
            over=over,
            by=by,
            options={**cut.options, "tick": unit},
        ),
    )


def _places(
    asked: Asked, begun: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[Axis, ...], NDArray[np.bool_]]:
    """Return the period of each session, the axis of periods, and who is inside the report."""
    inside = np.ones(len(begun), np.bool_) if asked.over is None else asked.over.mask(begun)
    if asked.period is None:
        return np.zeros(len(begun), np.int64), (), inside
    low, high = asked.span(asked.ordinal(int(begun.min())) if len(begun) else None)
    ordinal = asked.zone.ordinals(begun, asked.period).astype(np.int64)
    inside = inside & (ordinal >= low) & (ordinal <= high)
    labels = asked.zone.labels(np.arange(low, high + 1), asked.period)
    return ordinal - low, (Axis("period", labels, "period"),), inside
