"""Who starts when, and what each does from then on: what onboarding is told from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.shared.spans import Spans, spans_of_log
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import first_rows, groups_of, rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["NEVER", "Started", "started"]

Ints = NDArray[np.int64]

NEVER = 2**62
"""An instant after every other, in microseconds: of what has not been done."""


@attrs.frozen(eq=False)
class Started:
    """The customers who started in the report, each once.

    Attributes
    ----------
    asked : Asked
        The question.
    rule : Rule
        The event that starts; of each customer the first that is known.
    customer : ndarray of int
        Who, as an index into the customers of the log.
    at : ndarray of int64
        When, in microseconds.
    cell : ndarray of int
        The cell of each, along the axes.
    axes : tuple of Axis
        Group, and period of the start.
    spans : Spans
        The periods, or the one stretch that is reported.
    group : ndarray of int
        The group of each customer of the log.
    by : str, Grouping or None
        What the groups are.
    name : str
        What the option that says what starts is called.
    """

    asked: Asked
    rule: Rule
    customer: Ints
    at: Ints
    cell: Ints
    axes: tuple[Axis, ...]
    spans: Spans
    group: NDArray[np.intp]
    by: Any
    name: str

    def first(self, rule: Rule, nth: int = 1) -> Ints:
        """Return when each did something for the first time since the start, that instant included.

        Or for the `nth` time. `NEVER` for who has not. What was done before the start does not
        count, and is no obstacle.
        """
        log = self.asked.log
        rows = self.since(rule)
        lead = np.flatnonzero(first_of_run(log.codes[rows]))
        often = np.diff(lead, append=len(rows))
        rows = rows[lead[often >= nth] + nth - 1]
        found = np.full(log.n_customers, NEVER)
        found[log.codes[rows]] = log.at[rows]
        return found[self.customer]

    def often(self, rule: Rule, limit: int) -> Ints:
        """Return how often each did something less than `limit` microseconds after the start."""
        log = self.asked.log
        begun = np.full(log.n_customers, NEVER)
        begun[self.customer] = self.at
        rows = self.since(rule)
        rows = rows[log.at[rows] - begun[log.codes[rows]] < limit]
        return exact.group_count(log.codes[rows], log.n_customers)[self.customer]

    def since(self, rule: Rule) -> NDArray[np.intp]:
        """Return the rows of what they did from their start on."""
        log = self.asked.log
        begun = np.full(log.n_customers, NEVER)
        begun[self.customer] = self.at
        rows = rows_of(log, rule)
        return rows[log.at[rows] >= begun[log.codes[rows]]]

    def context(self, metric: str, *, definition: str | None = None, **options: Any) -> Context:
        """Return what a result of theirs is about."""
        asked = self.asked
        return Context(
            metric,
            definition=definition,
            as_of=asked.as_of,
            over=asked.over,
            calendar=asked.zone if asked.period else None,
            period=asked.period,
            by=self.by,
            options={self.name: self.rule, **options},
        )


def started(
    log: InteractionLog,
    *,
    start: Rule | str | Collection[str],
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
    name: str = "start",
    after: int = 0,
) -> Started:
    """Return who started in each period of the report; in all that is known without one.

    Each is placed `after` microseconds after the start: a trial when it ends.
    """
    rule = as_rule(start, name=name, level="event")
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    rows = first_rows(asked.log, rule)
    at = asked.log.at[rows] + after
    if period is not None:
        spans = spans_of_log(asked, int(at.min()) if len(at) else None)
    else:
        low = None if over is None else over.start_us
        high = None if over is None else over.end_us
        edges = [-NEVER if low is None else low, NEVER if high is None else high]
        spans = Spans(np.array(edges), ())
    place = spans.place(at)
    inside = (place >= 0) & (place < len(spans))
    rows, place = rows[inside], place[inside]
    customer = asked.log.codes[rows].astype(np.int64)
    group, _, axes = groups_of(asked.log, by)
    return Started(
        asked=asked,
        rule=rule,
        customer=customer,
        at=asked.log.at[rows],
        cell=group[customer] * len(spans) + place,
        axes=(*axes, *spans.axes),
        spans=spans,
        group=group,
        by=by,
        name=name,
    )
