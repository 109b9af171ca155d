"""On which days, or in which periods, each customer was active; and where history is too short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from customerops.model.log.derived import activity as active_periods
from customerops.model.log.derived import rows_of
from customerops.model.tables.context import SELECTED
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.ask import Asked
    from customerops.model.rules.rules import Rule
    from customerops.model.tables.tables import Table
    from customerops.model.values.calendar import Period

__all__ = ["active_in", "by_period", "run_lengths", "stays", "truncated_cells"]

Int = NDArray[np.int64]


def run_lengths(lead: NDArray[np.bool_]) -> Int:
    """Return how long each run is, by where runs begin."""
    return np.diff(np.append(np.flatnonzero(lead), len(lead)))


def active_in(asked: Asked, rule: Rule, period: Period, min_events: int) -> tuple[Int, Int]:
    """Return customer and period of each period in which a customer had so many of some events."""
    if min_events == 1:
        found = active_periods(asked.log, rule, period, asked.zone)
        return found.codes.astype(np.int64), found.ordinals.astype(np.int64)
    rows = rows_of(asked.log, rule)
    customer = asked.log.codes[rows].astype(np.int64)
    ordinal = asked.log.ordinals(period, asked.zone)[rows].astype(np.int64)
    lead = first_of_run(customer, ordinal)
    often = run_lengths(lead) >= min_events
    return customer[lead][often], ordinal[lead][often]


def stays(customer: Int, day: Int, length: int) -> Int:
    """Return until before which day a customer active on a day is active in the last `length`.

    It is the day itself plus `length`, or the customer's next active day: that one goes on.
    """
    until = day + length
    goes_on = np.flatnonzero(~first_of_run(customer)[1:])
    until[goes_on] = np.minimum(until[goes_on], day[goes_on + 1])
    return until


def by_period(
    customer: Int,
    place: Int,
    length: int,
    group: NDArray[np.intp],
    shape: tuple[int, int],
) -> Int:
    """Return who is active in each period or was in one of the `length` - 1 before, by group.

    A customer enters with an active period and leaves when the last of them is that far back: the
    number there is the sum of those who entered less that of those who left.
    """
    n_groups, n = shape
    if length == 1:
        inside = (place >= 0) & (place < n)
        cell = group[customer[inside]] * n + place[inside] if n_groups > 1 else place[inside]
        return np.bincount(cell, minlength=n_groups * n).reshape(shape)
    until = stays(customer, place, length)
    edges = np.zeros((n_groups, n + 1), np.int64)
    of = group[customer] * (n + 1)
    for sign, at in ((1, place), (-1, until)):
        shown = at < n
        cell = of[shown] + np.maximum(at[shown], 0)
        edges += sign * np.bincount(cell, minlength=edges.size).reshape(edges.shape)
    return np.cumsum(edges[:, :n], axis=1)


def truncated_cells(table: Table, back: int) -> NDArray[np.bool_]:
    """Return for each cell whether it looks back to days before the log's history.

    Parameters
    ----------
    table : Table
        With the option ``history_from`` in its context, and a calendar.
    back : int
        How many days before its first a cell looks back.
    """
    context = table.context
    flags = np.zeros(table.shape, np.bool_)
    since, calendar = context.option("history_from"), context.calendar
    if since is None or calendar is None:
        return flags

    def early(start: Any) -> NDArray[np.bool_]:
        day = calendar.ordinals(np.asarray(start, np.int64), "day") - back
        return np.asarray(calendar.edges(day, "day") < since)

    if context.period is None:
        assert context.over is not None
        return flags | early(context.over.start_us)
    period: Any = context.period
    shown = [i for i, axis in enumerate(table.axes) if axis.kind == "period"]
    cut = [value for name, value in context.options if name.startswith(SELECTED)]
    axis = table.axes[shown[0]] if shown else next(a for a in cut if a.kind == "period")
    labels: Any = axis.labels
    ordinals = np.array([calendar.ordinal_of(label, period) for label in labels], np.int64)
    shape = [-1 if i in shown else 1 for i in range(len(table.axes))]
    return flags | early(calendar.edges(ordinals, period)).reshape(shape)
