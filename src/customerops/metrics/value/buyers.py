"""What customers bought in each stretch: the events that count, by customer and cell."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.shared.spans import Spans, spans_of_log
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Bought", "Question", "question"]


@attrs.frozen(eq=False)
class Bought:
    """Events in stretches, and the customers in them: one *buyer* is a customer in one stretch.

    Attributes
    ----------
    rows : ndarray of int
        Rows of the log.
    buyer : ndarray of int, shape (rows,)
        The buyer of each.
    cell : ndarray of int, shape (buyers,)
        Group and stretch of each buyer.
    """

    rows: NDArray[np.intp]
    buyer: NDArray[np.intp]
    cell: NDArray[np.intp]

    def __len__(self) -> int:
        """Return the number of buyers."""
        return len(self.cell)

    def count(self, which: NDArray[np.bool_]) -> NDArray[Any]:
        """Return how many of some events each buyer has."""
        return exact.group_count(self.buyer[which], len(self))

    def sum(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the sum of a value a row, by buyer."""
        return exact.group_sum(self.buyer, values, len(self))


@attrs.frozen(eq=False)
class Question:
    """A question about what customers bought, settled."""

    asked: Asked
    spans: Spans
    group: NDArray[np.intp]
    axes: tuple[Axis, ...]
    context: Context

    @property
    def log(self) -> InteractionLog:
        """The log as it was known."""
        return self.asked.log

    def bought(self, *rules: Rule) -> Bought:
        """Return the events for which any of the rules holds."""
        rows = rows_of(self.log, rules[0])
        for rule in rules[1:]:
            rows = np.union1d(rows, rows_of(self.log, rule))
        place = self.spans.place(self.log.at[rows])
        inside = (place >= 0) & (place < len(self.spans))
        rows, place = rows[inside], place[inside]
        customer = self.log.codes[rows]
        lead = first_of_run(customer, place)
        cell = self.group[customer[lead]] * len(self.spans) + place[lead]
        return Bought(rows, np.cumsum(lead) - 1, cell)

    def amounts(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the amounts of events, 0 where it is missing, and where it is there."""
        amount = self.log.numbers("amount")
        known = np.ones(len(rows), np.bool_) if amount.valid is None else amount.valid[rows]
        return np.where(known, amount.values[rows], 0), known

    def priced(self, *, seen: bool) -> Context:
        """Return the context of amounts; without any there is no currency."""
        if not seen:
            return self.context
        context = attrs.evolve(self.context, currency=self.log.currency)
        return context.with_options(scale=10**self.log.decimals)


def question(
    log: InteractionLog,
    metric: str,
    *,
    rules: dict[str, Rule],
    definition: str | None = None,
    unit: str = "customer",
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
    starts: Rule,
) -> Question:
    """Settle what a function of purchases was asked.

    Parameters
    ----------
    rules : dict of str to Rule
        The options that are rules.
    starts : Rule
        The report starts with the first of these events, unless `over` says otherwise.
    """
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    rows = rows_of(asked.log, starts)
    first = int(asked.log.at[rows].min()) if len(rows) else None
    spans = spans_of_log(asked, first)
    group, _, axes = groups_of(asked.log, by)
    context = Context(
        metric=metric,
        unit=unit,
        definition=definition,
        as_of=asked.as_of,
        over=over,
        calendar=asked.zone if period else None,
        period=period,
        by=by,
        options=rules,
    )
    return Question(asked, spans, group, (*axes, *spans.axes), context)
