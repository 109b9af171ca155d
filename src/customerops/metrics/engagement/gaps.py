"""Gaps: how long customers stay away before they come back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.occasions import Clock
from customerops.metrics.shared.units import TICKS, Occasion
from customerops.metrics.survival.gap_curve import GapCurve
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.multiset import Support
from customerops.model.values.checks import one_of
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar

__all__ = ["METHODS", "GapTimes", "Method", "gap_times"]

Method = Literal["wang_chang", "first_gap"]
"""How the gaps of a customer are taken together."""

METHODS = ("wang_chang", "first_gap")

_COMPLETED = "completed"


@attrs.frozen(eq=False, repr=False, kw_only=True)
class GapTimes(Support):
    """How often each length of a gap occurs, by how many gaps its customer has completed.

    The last axis, ``"completed"``, is the number of completed gaps of a customer; that is what a
    customer's gaps are weighed by, and the counts stay whole numbers that add.

    Attributes
    ----------
    gaps : ndarray of int
        Completed gaps of each length.
    first : ndarray of int
        Those of them that are the first of their customer.
    censored : ndarray of int
        Gaps that were still open, of the length they had so far: one for each customer.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("gaps", "first", "censored")

    @property
    def gaps(self) -> NDArray[Any]:
        """Completed gaps of each length."""
        return self.parts["gaps"]

    @property
    def first(self) -> NDArray[Any]:
        """Those of them that are the first of their customer."""
        return self.parts["first"]

    @property
    def censored(self) -> NDArray[Any]:
        """Gaps that were still open at each length: one for each customer."""
        return self.parts["censored"]

    def curve(self, method: Method = "wang_chang") -> GapCurve:
        """Return the share of customers who stay away for longer than each length of time.

        Parameters
        ----------
        method : {"wang_chang", "first_gap"}
            From all gaps, every customer counting as one; or from the first gap of each alone.

        Raises
        ------
        InvalidInputError
            If `method` is neither, or the table is cut to some numbers of completed gaps.

        Notes
        -----
        See `gap_times` for the formula.
        """
        one_of("method", method, METHODS)
        whole = [axis.name for axis in self.outer][-1:] == [_COMPLETED]
        if not whole or self.context.option(SELECTED + _COMPLETED) is not None:
            raise InvalidInputError("axis", f"must be {_COMPLETED!r} at last", "it was cut")
        outer, completed = self.outer[:-1], self.outer[-1]
        group = self.cell // len(completed)
        of = np.array(completed.labels, np.float64)[self.cell % len(completed)]
        returned = self.gaps / np.maximum(of, 1) if method == "wang_chang" else self.first * 1.0
        left = np.where(of == 0, self.censored, 0.0)  # else its open gap is not taken
        return GapCurve.of(outer, self.points, group, returned, left, self._named(method))

    def _named(self, method: str) -> Context:
        return attrs.evolve(self.context, metric="gap_times.curve", definition=method)


def gap_times(
    log: InteractionLog,
    *,
    events: Rule | str | Collection[str] = "purchase",
    occasion: Occasion = "day",
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> GapTimes:
    """Return the times between consecutive events of a customer (购买周期), the last one open.

    Parameters
    ----------
    log : InteractionLog
        The events, with the whole history of every customer.
    events : Rule, str or collection of str
        Which events count.
    occasion : {"day", "hour", "instant"}
        Events of one customer in one local day, one local hour, or at one instant count as one.
        Gaps are counted in the same ticks: local days, local hours, microseconds.
    as_of : datetime, optional
        The last known instant, up to which the last gap of each customer has lasted so far; left
        out, the log's own. A day that it cuts counts as it stands.
    calendar : Calendar, optional
        Whose days and hours; left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping; gaps for each group.

    Returns
    -------
    GapTimes
        ``.curve()`` is the share of customers who stay away for longer. Those of different
        customers add.

    Raises
    ------
    InvalidInputError
        If as_of or a calendar that is needed is not known, or `occasion` is none of the three.

    Notes
    -----
    Let customer i have m_i completed gaps and k_i = max(m_i, 1). The gaps y_ij, j = 1..k_i, that
    are taken are the completed ones, or the open one of a customer who has none:
    ``R(t) = sum over i of 1/k_i sum over j of 1[y_ij >= t]``,
    ``d(t) = sum over i with m_i > 0 of 1/m_i sum over j of 1[y_ij = t]``, and
    ``S(t) = prod over t_i <= t of (1 - d(t_i) / R(t_i))``
    (Wang and Chang 1999). The open gap of a customer with completed ones is left out, for it is
    longer than others just because it was cut. ``"first_gap"`` takes the first gap of each
    customer, completed or open, and Kaplan and Meier's estimate. Both are of the same thing, the
    gap of a customer drawn at random, if the gaps of a customer are alike over time; the first
    needs fewer customers.

    Kaplan and Meier's estimate of all gaps together is something else: whoever comes often has
    more gaps, and short ones, and outweighs everybody else. So is the quantile of the completed
    gaps, in which those who did not come back are missing.

    References
    ----------
    Wang, M.-C. and Chang, S.-H. (1999). Nonparametric estimation of a recurrent survival function.
    JASA 94, 146-153.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import gap_times
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 7, 1, 7, 2)],
    ...     kind=["purchase"] * 6,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 9))
    >>> gaps = gap_times(log)
    >>> gaps.to_frame()
       completed  at  gaps  first  censored
    0          0   7     0      0         1
    1          1   2     0      0         1
    2          1   6     1      1         0
    3          2   2     1      1         1
    4          2   4     1      0         0
    >>> gaps.curve().at([2, 4, 6]).round(3).tolist()  # R is 3, 2.5, 2 and d is 0.5, 0.5, 1
    [0.833, 0.667, 0.333]
    """
    one_of("occasion", occasion, TICKS)
    asked = ask(log, as_of=as_of, calendar=calendar)
    rule = as_rule(events)
    clock = Clock(None) if occasion == "instant" else Clock(asked.zone, occasion)
    group, _, axes = groups_of(asked.log, by)
    customer, tick = _ticks(asked.log, rule, clock)
    begins = first_of_run(customer)
    start, rows = np.flatnonzero(begins), np.flatnonzero(~begins)
    last = np.append(start[1:], len(tick)) - 1 if len(start) else start
    completed = last - start
    labels, number = np.unique(completed, return_inverse=True)
    cell = group[customer[start]] * len(labels) + number
    gaps, open_ones = np.ones(len(rows), np.int64), np.ones(len(start), np.int64)
    first = begins[rows - 1].astype(np.int64)
    return GapTimes(
        outer=(*axes, Axis(_COMPLETED, labels.tolist(), "state", disjoint=True)),
        at=np.concatenate([tick[rows] - tick[rows - 1], clock.tick(asked.as_of) - tick[last]]),
        cell=np.concatenate([np.repeat(cell, completed), cell]),
        parts={
            "gaps": np.concatenate([gaps, open_ones - 1]),
            "first": np.concatenate([first, open_ones - 1]),
            "censored": np.concatenate([gaps - 1, open_ones]),
        },
        context=Context(
            "gap_times",
            unit="event",
            as_of=asked.as_of,
            calendar=clock.calendar,
            by=by,
            options={"events": rule, "occasion": occasion},
        ),
    )


def _ticks(
    log: InteractionLog, rule: Rule, clock: Clock
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return customer and tick of each occasion, by customer and time."""
    rows = rows_of(log, rule)
    ticks = log.at if clock.calendar is None else log.ordinals(clock.period, clock.calendar)
    customer, tick = log.codes[rows].astype(np.int64), ticks[rows].astype(np.int64)
    keep = first_of_run(customer, tick)
    return customer[keep], tick[keep]
