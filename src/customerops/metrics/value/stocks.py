"""Stocks: the mean level of something that stays until it changes, such as a balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from customerops.metrics.shared.spans import days_of, days_taken
from customerops.metrics.value.buyers import question
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.ratios import Ratio
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.runs import first_of_run, ranges

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["time_weighted_mean"]


def time_weighted_mean(
    log: InteractionLog,
    *,
    levels: Rule | str | Collection[str],
    of: Literal["amount", "value"] = "amount",
    definition: Literal["continuous", "daily_close"] = "continuous",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the mean level of a stock over time, by customer: the average balance (日均余额).

    Parameters
    ----------
    log : InteractionLog
        The events, with the history before `over`: the level at its start is older.
    levels : Rule, str or collection of str
        The events that say the level from then on, such as ``"balance"``: the level itself, not
        the change. One without a number changes nothing.
    of : {"amount", "value"}
        Where the level is: the amount of the event, or its value.
    definition : {"continuous", "daily_close"}
        Every instant counts, or the level at the end of each local day, as banks do (月日均).
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"day", "week", "month", "quarter", "year"}, optional
        Calendar period; a mean for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    Ratio
        x the level summed over time, y the time (in microseconds, or days) during which a level
        was known; n the customers who had one.

    Raises
    ------
    InvalidInputError
        When there is neither `over` nor `period`, days are not whole in them for
        ``"daily_close"``, the log has no such column, or as_of or the calendar is not known.

    Notes
    -----
    ``sum of level times duration / sum of durations``. A customer counts from their first level on,
    and for as long as it was known: who opened an account on the 20th counts for the rest of the
    month. The mean *total* of all customers is x by the length of the period.

    A level lasts until the next one, whatever happens in between. Of several at one instant the
    last holds. A local day that the calendar left out has no close and does not count.

    References
    ----------
    Regulation DD (12 CFR 1030), section 1030.7: the average daily balance of an account, for
    ``"daily_close"``.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import time_weighted_mean
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a"], kind=["balance"] * 2, amount=[100, 400],
    ...     at=[dt.date(2026, 6, 1), dt.date(2026, 6, 21)], currency="CNY", tz="Asia/Shanghai",
    ... ).until_day(dt.date(2026, 6, 30))
    >>> time_weighted_mean(log, levels="balance", period="month").value.tolist()
    [200.0]
    """
    one_of("of", of, ("amount", "value"))
    one_of("definition", definition, ("continuous", "daily_close"))
    rule = as_rule(levels, name="levels")
    asked = question(
        log,
        "time_weighted_mean",
        definition=definition,
        rules={"levels": rule},
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=rule,
    )
    known, spans = asked.log, asked.spans
    column = known.numbers(of)
    rows = rows_of(known, rule)
    if column.valid is not None:
        rows = rows[column.valid[rows]]
    customer, level = known.codes[rows], column.values[rows]
    edges, began, horizon = spans.edges, known.at[rows], asked.asked.as_of + 1
    if definition == "daily_close":
        zone = asked.asked.zone
        days_of(spans, zone)  # refuses what cuts a day
        edges = zone.ordinals(edges, "day")
        began = known.ordinals("day", zone)[rows].astype(np.int64)
        horizon = int(zone.ordinals(np.array([horizon]), "day")[0])  # days that are over
    until = np.append(began[1:], 0)
    until[np.append(first_of_run(customer)[1:], np.ones(min(len(rows), 1), np.bool_))] = horizon
    # each level, in every stretch it lasts into
    low = np.maximum(np.searchsorted(edges, began, side="right") - 1, 0)
    high = np.minimum(np.searchsorted(edges, until, side="left"), len(spans))
    length = np.maximum(high - low, 0)
    one, place = np.repeat(np.arange(len(rows)), length), ranges(low, length)
    since, to = np.maximum(began[one], edges[place]), np.minimum(until[one], edges[place + 1])
    if definition == "daily_close":  # the days from here on, without those that were skipped
        taken = days_taken(asked.asked.zone, int(edges[0]), int(edges[-1]))
        since, to = taken[since - edges[0]], taken[to - edges[0]]
    time = to - since
    some = time > 0
    one, place, time = one[some], place[some], time[some]
    order = np.lexsort((place, customer[one]))
    one, place, time = one[order], place[order], time[order]
    lead = first_of_run(customer[one], place)
    unit, units = np.cumsum(lead) - 1, int(lead.sum())
    context = asked.context.with_options(of=of)
    if of == "value":
        context = context.with_options(scale=10**known.value_decimals)
    elif len(rows):
        context = attrs.evolve(context, currency=known.currency).with_options(
            scale=10**known.decimals
        )
    return Ratio.from_rows(
        exact.group_dot(unit, level[one], time, units),
        exact.group_sum(unit, time, units),
        codes=asked.group[customer[one][lead]] * len(spans) + place[lead],
        axes=asked.axes,
        context=context,
    )
