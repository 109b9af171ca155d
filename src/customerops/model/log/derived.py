"""What several metrics read from a log: which events count, and who was active when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables.tables import Axis
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["Activity", "activity", "groups_of", "rows_of"]

# an elapsed hour or a day is counted from the events; longer periods from the active days,
# of which there are fewer than events
_FROM_DAYS = ("week", "month", "quarter", "year")


@attrs.frozen(eq=False)
class Activity:
    """Distinct (customer, period) pairs, sorted by customer and period.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        Customer, an index into ``log.customers``.
    ordinals : ndarray of int32, shape (n,)
        Period, as an ordinal of the calendar.
    first : ndarray of bool, shape (n,)
        Whether it is the customer's first.
    """

    codes: NDArray[np.int32]
    ordinals: NDArray[np.int32]
    first: NDArray[np.bool_]


def rows_of(log: InteractionLog, rule: Rule) -> NDArray[np.intp]:
    """Return the rows of the log's events for which an event rule holds, cached."""
    return log.memo(("rows", rule), lambda: np.flatnonzero(rule.mask(log)))


def activity(log: InteractionLog, rule: Rule, period: Period, calendar: Calendar) -> Activity:
    """Return in which periods each customer had an event for which `rule` holds, cached."""
    return log.memo(
        ("activity", rule, period, calendar), lambda: _activity(log, rule, period, calendar)
    )


def _activity(log: InteractionLog, rule: Rule, period: Period, calendar: Calendar) -> Activity:
    if period in _FROM_DAYS:
        days = activity(log, rule, "day", calendar)
        codes, ordinals = days.codes, _coarser(days.ordinals, period, calendar)
    else:
        rows = rows_of(log, rule)
        codes, ordinals = log.codes[rows], log.ordinals(period, calendar)[rows]
    keep = first_of_run(codes, ordinals)
    codes, ordinals = codes[keep], ordinals[keep]
    return Activity(codes, ordinals, first_of_run(codes))


def _coarser(days: NDArray[np.int32], period: Period, calendar: Calendar) -> NDArray[np.int32]:
    """Return the period of each local day, by a table over the days there are."""
    if not len(days):
        return days
    low, high = int(days.min()), int(days.max())
    starts = calendar.edges(np.arange(low, high + 1), "day")
    table = calendar.ordinals(starts, period).astype(np.int32)
    return table[days - low]


def groups_of(
    log: InteractionLog, by: str | Grouping | None
) -> tuple[NDArray[np.intp], int, tuple[Axis, ...]]:
    """Return the group of each customer, how many groups there are, and their axis.

    Without `by` everybody is in one group and there is no axis.
    """
    if by is None:
        return np.zeros(log.n_customers, np.intp), 1, ()
    from customerops.model.rules.grouping import as_grouping

    grouping = as_grouping(by)
    codes, labels = grouping.labels(log)
    return codes, len(labels), (Axis(grouping.name, labels, "group", disjoint=True),)
