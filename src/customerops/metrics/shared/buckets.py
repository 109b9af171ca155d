"""In how many of the days (or other units) of a stretch each customer was active."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.days import run_lengths
from customerops.metrics.shared.spans import CENTURY, spans_of_log
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.tables.axes import Axis
from customerops.model.values.calendar import PERIODS
from customerops.model.values.checks import one_of, whole
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Buckets", "buckets"]


@attrs.frozen(eq=False)
class Buckets:
    """Customers by the number of units in which they were active.

    Attributes
    ----------
    asked : Asked
        The question.
    axes : tuple of Axis
        Group, period, and the number of units, from 1 on.
    customers : ndarray of int
        Of the shape of the axes.
    """

    asked: Asked
    axes: tuple[Axis, ...]
    customers: NDArray[np.int64]


def buckets(
    log: InteractionLog,
    *,
    rule: Rule,
    unit: Period,
    every: int,
    min_events: int,
    period: Period | None,
    over: Window | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
) -> Buckets:
    """Count customers by the number of units in which they were active."""
    one_of("unit", unit, PERIODS)
    whole("every", every, least=1, most=CENTURY * 24)
    whole("min_events", min_events, least=1)
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known, zone = asked.log, asked.zone
    rows = rows_of(known, rule)
    spans = spans_of_log(asked, int(known.at[rows].min()) if len(rows) else None)
    first = zone.ordinals(spans.edges, unit)
    if (zone.edges(first, unit) != spans.edges).any():
        raise InvalidInputError("unit", f"must divide what is reported into whole {unit}s")
    longest = int(((np.diff(first) + every - 1) // every).max(initial=0))  # the last is shorter

    place = spans.place(known.at[rows])
    inside = (place >= 0) & (place < len(spans))
    rows, place = rows[inside], place[inside]
    customer = known.codes[rows]
    bucket = (known.ordinals(unit, zone)[rows].astype(np.int64) - first[place]) // every
    lead = first_of_run(customer, place, bucket)
    often = run_lengths(lead) >= min_events
    customer, place = customer[lead][often], place[lead][often]
    lead = first_of_run(customer, place)
    active = run_lengths(lead)

    group, n_groups, axes = groups_of(known, by)
    shape = (n_groups, len(spans), longest)
    cell = (group[customer[lead]] * len(spans) + place[lead]) * longest + active - 1
    axes = (*axes, *spans.axes, Axis("active", range(1, longest + 1), "state", disjoint=True))
    count = np.bincount(cell, minlength=int(np.prod(shape))).reshape([len(a) for a in axes])
    return Buckets(asked, axes, count)
