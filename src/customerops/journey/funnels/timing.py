"""How long a funnel takes: step by step among those who go on, and among all who enter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.journey.funnels.asking import (
    Entry,
    Exclusion,
    Order,
    as_step,
    had_time,
    length,
    question,
)
from customerops.journey.funnels.walking import NEVER, walk
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Value
from customerops.model.tables.context import Context
from customerops.model.tables.distribution import Distribution
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.tables import Truth
from customerops.model.values import exact
from customerops.model.values.checks import numbers, one_of, positive_duration
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.window import Window

__all__ = ["ConversionTimes", "FunnelTimes", "funnel_times", "time_to_convert"]

_SECOND = dt.timedelta(seconds=1)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FunnelTimes(Distribution):
    """How long each step took those who took it, over the axis step (after the group), from 2.

    Parameters
    ----------
    outer, at, cell, parts, context
        As for `Distribution`; the values are in the option ``unit``.

    Notes
    -----
    Of attempts that had their time, whatever others may still do; `complete` says whether there
    are others.
    """

    @property
    def complete(self) -> Truth:
        """Whether every entry of the report had its time."""
        done = had_time(self.outer, self.context, length(self.context.option("within")))
        return bool(done) if done.ndim == 0 else done

    def _complete(self) -> NDArray[np.bool_]:
        """Values that are known stay what they are: all may be read."""
        return np.ones(self.shape, np.bool_)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ConversionTimes(EventTable):
    """The curve of those who have not converted, and the times of those who have.

    Parameters
    ----------
    outer, at, cell, parts, context
        As for `EventTable`; times are in the option ``unit``, an event is a conversion.
    """

    def converted(self, t: ArrayLike) -> Value:
        """Return the share that has converted by some times: one less the curve.

        Parameters
        ----------
        t : float or array_like of float
            Since the entry, in units.

        Returns
        -------
        float or ndarray
            As for `EventTable.at`.

        Raises
        ------
        InvalidInputError
            If the times are not numbers.
        """
        return 1 - self.at(t)

    def histogram(self, edges: ArrayLike) -> NDArray[np.int64]:
        """Return how many conversions took how long.

        Parameters
        ----------
        edges : array_like of float, shape (m,)
            Where bins begin, in units, rising; a bin ends before the next begins.

        Returns
        -------
        ndarray of int64, shape (..., m + 1)
            For each cell of the outer axes: those before the first edge, between each two, and
            from the last one on. Together they are all conversions; who was censored is in none.

        Raises
        ------
        InvalidInputError
            If the edges are not one or more numbers that rise.
        """
        bins = numbers("edges", edges)
        if bins.ndim != 1 or not bins.size or np.isnan(bins).any() or (np.diff(bins) <= 0).any():
            raise InvalidInputError("edges", "must be one or more numbers that rise")
        cells = int(np.prod(self.shape, dtype=np.int64))
        place = self.cell * (len(bins) + 1) + np.searchsorted(bins, self.points, side="right")
        counts = exact.group_sum(place, self.events, cells * (len(bins) + 1))
        return counts.reshape(*self.shape, len(bins) + 1)


def funnel_times(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta,
    since: Literal["first", "previous"] = "previous",
    unit: dt.timedelta = _SECOND,
    order: Order = "ordered",
    entry: Entry = "any",
    exclude: Sequence[Exclusion] = (),
    hold: str | None = None,
    optional: Collection[int] = (),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> FunnelTimes:
    """Return how long each step of a funnel took those who took it.

    Parameters
    ----------
    log, steps, order, entry, exclude, hold, optional, as_of, over, by
        As for `funnel`; at least two steps.
    within : timedelta
        As for `funnel`. There must be a limit: without one, those who are slow are not known yet,
        and `time_to_convert` reads who is still on the way.
    since : {"previous", "first"}
        Elapsed time since the step before that the attempt took, or since its start.
    unit : timedelta
        What times are counted in.

    Returns
    -------
    FunnelTimes
        A distribution for each step from the second on: ``.quantile(0.5)``, ``.mean``,
        ``.interval(q)``. There are as many times of a step as ``funnel(...).settled`` says.

    Raises
    ------
    InvalidInputError
        As for `funnel`; also if there is one step, no limit, `since` is neither, or `unit` is not
        longer than zero.

    Notes
    -----
    The first of the deepest attempts that had their time stands for each customer. They are times
    of those who went on, all within the window: a step that fewer take, but at once, looks faster.

    References
    ----------
    PostHog documentation, "Funnels": time to convert.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import funnel_times
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2, 7)],
    ...     kind=["signup", "purchase"] * 2,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> week, day = dt.timedelta(days=7), dt.timedelta(days=1)
    >>> times = funnel_times(log, ["signup", "purchase"], within=week, unit=day)
    >>> times.quantile(0.5), times.mean
    (array([2.]), array([3.5]))
    """
    one_of("since", since, ("previous", "first"))
    tick = micros(positive_duration("unit", unit))
    wanted = question(
        steps,
        within=positive_duration("within", within),
        order=order,
        entry=entry,
        exclude=exclude,
        hold=hold,
        optional=optional,
    )
    n = len(wanted.steps)
    if n < 2:
        raise InvalidInputError("steps", "must hold at least two", "one step takes no time")
    asked = ask(log, as_of=as_of, over=over)
    group, _, axes = groups_of(asked.log, by)
    found = walk(asked, wanted)
    chosen = found.deepest(found.settled)
    before = first = found.when(0, chosen)
    taken, cells = [], []
    for k in range(1, n):
        at, took = found.when(k, chosen), found.took(k, chosen)
        taken.append((at - (before if since == "previous" else first))[took])
        cells.append(group[found.customer[chosen[took]]] * (n - 1) + k - 1)
        before = np.where(at == NEVER, before, at)
    return FunnelTimes.from_rows(
        np.concatenate(taken) / tick,
        outer=(*axes, Axis("step", range(2, n + 1), "state")),
        codes=np.concatenate(cells),
        context=Context(
            "funnel_times",
            as_of=asked.as_of,
            over=over,
            by=by,
            options={**wanted.options, "since": since, "unit": unit},
        ),
    )


def time_to_convert(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | None,
    from_: int = 1,
    to: int | None = None,
    unit: dt.timedelta = _SECOND,
    order: Order = "ordered",
    entry: Entry = "any",
    exclude: Sequence[Exclusion] = (),
    hold: str | None = None,
    optional: Collection[int] = (),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> ConversionTimes:
    """Return how long customers take from one step of a funnel to another: a curve of survival.

    Parameters
    ----------
    log, steps, order, entry, exclude, hold, optional, as_of, over, by
        As for `funnel`.
    within : timedelta or None
        As for `funnel`; it binds the times, too: who has not converted by its end is censored
        there. None is no limit.
    from_, to : int
        From which step to which, counted from 1: from the start to the last, if left out. Neither
        is optional.
    unit : timedelta
        What times are counted in.

    Returns
    -------
    ConversionTimes
        Kaplan and Meier's curve of those who have not reached the step: ``.at(t)``,
        ``.converted(t)``, ``.quantile(0.5)`` (NaN if fewer than half convert in time), and
        ``.histogram(edges)``.

    Raises
    ------
    InvalidInputError
        As for `funnel`; also if there is no such step, `to` is not after `from_`, or `unit` is not
        longer than zero.

    Notes
    -----
    Of each customer who reached `from_`, in the first of the deepest attempts: the time to the step
    `to`, or else to the end of the window or to as_of, whichever is first, censored. So those who
    may still convert count for as long as they were seen, and are not failures. Where everybody had
    their time, the share converted at the end of the window is that of the `funnel`.

    With ``entry="any"`` the attempt is chosen by how it ended: the curve says how long it took, and
    not what to expect of someone who enters now; ``entry="first"`` does.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations.
    JASA 53, 457-481.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import time_to_convert
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2, 9)],
    ...     kind=["signup", "purchase", "signup", "signup"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 10))
    >>> week, day = dt.timedelta(days=7), dt.timedelta(days=1)
    >>> curve = time_to_convert(log, ["signup", "purchase"], within=week, unit=day)
    >>> curve.converted([1, 2, 7]), curve.histogram([0, 1, 2, 3])
    (array([0. , 0.5, 0.5]), array([0, 0, 0, 1, 0]))
    """
    tick = micros(positive_duration("unit", unit))
    wanted = question(
        steps,
        within=within,
        order=order,
        entry=entry,
        exclude=exclude,
        hold=hold,
        optional=optional,
    )
    begin = as_step("from_", from_, wanted)
    end = len(wanted.steps) - 1 if to is None else as_step("to", to, wanted)
    if begin >= end:
        raise InvalidInputError("to", "must be a step after that of from_=")
    asked = ask(log, as_of=as_of, over=over)
    group, _, axes = groups_of(asked.log, by)
    found = walk(asked, wanted)
    chosen = found.deepest(found.clean)
    chosen = chosen[found.took(begin, chosen)]
    converted = found.took(end, chosen)
    last_seen = np.minimum(found.begun[chosen] + wanted.limit, asked.as_of)
    until = np.where(converted, found.when(end, chosen), last_seen)
    return ConversionTimes.from_rows(
        (until - found.when(begin, chosen)) / tick,
        converted,
        outer=axes,
        codes=group[found.customer[chosen]],
        context=Context(
            "time_to_convert",
            as_of=asked.as_of,
            over=over,
            by=by,
            options={**wanted.options, "from_": begin + 1, "to": end + 1, "unit": unit},
        ),
    )
