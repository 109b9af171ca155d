"""What becomes of opportunities: how many are won, go on from each stage, and how long they take."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from customerops.metrics.pipeline.deals import Asking, Deals, SalesStages
from customerops.metrics.shared.settled import CohortShare, SettledShare
from customerops.metrics.shared.threads import unit_us
from customerops.model.log.log import InteractionLog
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.ratios import ClusteredShare, Ratio
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["cycle_length", "stage_conversion", "time_in_stage", "win_rate"]

_DAY = dt.timedelta(days=1)


def win_rate(
    log: InteractionLog,
    *,
    stages: SalesStages,
    definition: Literal["count", "value", "cohort"],
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the share of opportunities that are won (赢单率).

    Parameters
    ----------
    log : InteractionLog
        A log by thread. An opportunity is a thread of ``stage_change`` events, the new stage in
        ``name``.
    stages : SalesStages
        The stages in order, and what is won and lost.
    definition : {"count", "value", "cohort"}
        Won by won and lost, of what was closed in the period; the same of amounts; or won by all
        that were created in the period, open ones too.
    over, period
        The opportunities closed (``"cohort"``: created) inside it; a value for each period.
    by : str or Grouping, optional
        A customer attribute, or a grouping of the threads.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Of the periods; left out, the log's own.

    Returns
    -------
    ClusteredShare, Ratio or CohortShare
        x what is won, y of what. The interval takes the customer as the unit. A cohort is not
        complete, and its value NaN, while some of it are open (``pending``); without a period the
        value is that so far.

    Raises
    ------
    InvalidInputError
        If the log is not by thread, a stage is not among the stages, or as_of, or the calendar of a
        period, is not known.

    Notes
    -----
    Open opportunities are in neither side of ``"count"`` and ``"value"``: where losses are not
    written down, both are too high. Under ``"value"`` an opportunity counts with its last amount,
    those without are left out. A closed one that moves to another stage is open, or closed, again.
    A credit is an opportunity of a negative amount: where there are any, the share of value may lie
    outside 0 and 1.

    References
    ----------
    Salesforce, help on opportunity reports: won by closed.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import SalesStages, win_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"], thread=["1", "1", "2", "2", "3"],
    ...     kind=["stage_change"] * 5, name=["lead", "won", "lead", "lost", "lead"],
    ...     amount=[100, 300, 100, 100, 500], currency="EUR", tz=dt.UTC,
    ...     at=[dt.date(2026, 1, d) for d in (1, 9, 2, 8, 5)],
    ... ).until_day(dt.date(2026, 1, 31)).by_thread()
    >>> stages = SalesStages(["lead"])
    >>> [round(float(win_rate(log, stages=stages, definition=d)), 3) for d in ("count", "value", "cohort")]
    [0.5, 0.75, 0.333]
    """
    one_of("definition", definition, ("count", "value", "cohort"))
    asking = Asking(stages, as_of, over, period, by, calendar)
    deals = asking.deals(log, "win_rate", definition=definition)
    if definition == "cohort":
        return CohortShare.of(deals.asked, deals.unit, deals.created, deals.won, ~deals.is_open)
    some = np.flatnonzero(~deals.is_open & (deals.priced | (definition == "count")))
    unit, closed, won = deals.unit[some], deals.closed[some], deals.won[some]
    if definition == "count":
        return deals.asked.ratio(ClusteredShare, unit, closed, won.astype(np.int64))
    amount = deals.amount[some]
    context = _in_currency(deals, seen=len(some) > 0)
    return deals.asked.ratio(
        Ratio, unit, closed, np.where(won, amount, 0), amount, context=context
    )


def stage_conversion(
    log: InteractionLog,
    *,
    stages: SalesStages,
    definition: Literal["settled", "cohort"] = "settled",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> SettledShare:
    """Return the share of opportunities that go on from each stage (阶段转化率).

    Parameters
    ----------
    definition : {"settled", "cohort"}
        Of those that went on or were lost; or of all that reached the stage, those still in it too.
    over, period
        The opportunities created inside it; a value for each period.
    log, stages, by, as_of, calendar
        As for `win_rate`.

    Returns
    -------
    SettledShare or CohortShare
        Along the axis ``"stage"``, by name: x those that reached the next stage, y those that
        reached this one; ``pending`` those that are open and have not gone on. A period that has
        some is not complete.

    Raises
    ------
    InvalidInputError
        As for `win_rate`.

    Notes
    -----
    A stage that was skipped counts as reached: who is in the third was in the first two, and what
    is won was in all. From the last open stage the next one is won. Going back takes nothing away.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import SalesStages, stage_conversion
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "b", "c"], thread=["1", "2", "2", "3"], tz=dt.UTC,
    ...     kind=["stage_change"] * 4, name=["offer", "lead", "lost", "lead"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 9, 10, 8)],
    ... ).until_day(dt.date(2026, 1, 31)).by_thread()
    >>> table = stage_conversion(log, stages=SalesStages(["lead", "offer"]))
    >>> table.select(stage="lead").value, table.pending.tolist()
    (0.5, [1, 1])
    """
    kind = {"settled": SettledShare, "cohort": CohortShare}[
        one_of("definition", definition, ("settled", "cohort"))
    ]
    asking = Asking(stages, as_of, over, period, by, calendar)
    deals = asking.deals(log, "stage_conversion", definition=definition)
    of, stage = np.nonzero(deals.reached[:, None] >= np.arange(len(stages.stages)))
    hit = deals.reached[of] > stage
    return kind.of(
        deals.asked,
        deals.unit[of],
        deals.created[of],
        hit,
        hit | ~deals.is_open[of],
        inner=(stages.axis, stages.places(stage)),
    )


def cycle_length(
    log: InteractionLog,
    *,
    stages: SalesStages,
    definition: Literal["won", "lost", "closed"],
    unit: dt.timedelta = _DAY,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> EventTable:
    """Return how long opportunities take from their creation to their end (销售周期).

    Parameters
    ----------
    definition : {"won", "lost", "closed"}
        Which end; under the first two, what ends otherwise is censored then.
    unit : timedelta
        What the times of the curve are counted in; not rounded.
    over, period
        The opportunities created inside it; a curve for each period.
    log, stages, by, as_of, calendar
        As for `win_rate`.

    Returns
    -------
    EventTable
        The share without that end after each time; ``.quantile(0.5)`` is the median, NaN where not
        so many end. Open opportunities are censored at `as_of`.

    Raises
    ------
    InvalidInputError
        As for `win_rate`.

    Notes
    -----
    The curve is that of Kaplan and Meier. The median of the won alone, which sales tools show,
    leaves out those that take long and are open still. Under ``"won"`` the curve says how long it
    would take if nothing was lost; the share that is won is `win_rate`.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA
    53, 457-481.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import SalesStages, cycle_length
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], thread=["1", "1", "2"], kind=["stage_change"] * 3,
    ...     name=["lead", "won", "lead"], at=[dt.date(2026, 1, d) for d in (1, 9, 2)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31)).by_thread()
    >>> curve = cycle_length(log, stages=SalesStages(["lead"]), definition="won")
    >>> curve.quantile(0.5), int(curve.censored.sum())
    (8.0, 1)
    """
    one_of("definition", definition, ("won", "lost", "closed"))
    tick = unit_us(unit)
    deals = Asking(stages, as_of, over, period, by, calendar).deals(
        log, "cycle_length", definition=definition, options={"unit": unit}
    )
    ends = {"won": deals.won, "lost": deals.lost, "closed": ~deals.is_open}[definition]
    took = (np.minimum(deals.closed, deals.asked.as_of) - deals.created) / tick
    return deals.asked.curve(deals.unit, deals.created, took, ends)


def time_in_stage(
    log: InteractionLog,
    *,
    stages: SalesStages,
    unit: dt.timedelta = _DAY,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> EventTable:
    """Return how long opportunities are in each stage (阶段停留时间).

    Parameters
    ----------
    log, stages, unit, over, period, by, as_of, calendar
        As for `cycle_length`.

    Returns
    -------
    EventTable
        A curve for each stage, along the axis ``"stage"``, of the opportunities that were in it;
        who is in it at `as_of` is censored.

    Raises
    ------
    InvalidInputError
        As for `win_rate`.

    Notes
    -----
    Who enters a stage again goes on counting: the time of an opportunity in a stage is that of all
    its visits. A stage that was skipped took no time, and is not counted.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA
    53, 457-481.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import SalesStages, time_in_stage
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a"] * 4, thread=["1"] * 4, kind=["stage_change"] * 4, tz=dt.UTC,
    ...     name=["lead", "offer", "lead", "won"], at=[dt.date(2026, 1, d) for d in (1, 4, 6, 7)],
    ... ).until_day(dt.date(2026, 1, 31)).by_thread()
    >>> time_in_stage(log, stages=SalesStages(["lead", "offer"])).quantile(0.5).tolist()
    [4.0, 2.0]
    """
    tick = unit_us(unit)
    deals = Asking(stages, as_of, over, period, by, calendar).deals(
        log, "time_in_stage", options={"unit": unit}
    )
    deal, at = deals.deal, deals.log.at[deals.moves]
    last = np.append(first_of_run(deal)[1:], True)[: len(deal)]
    left = np.where(last, deals.asked.as_of, np.append(at[1:], 0)[: len(at)])
    some = np.flatnonzero(deals.at_stage < len(stages.stages))
    width = len(stages.stages)
    visits, where = np.unique(deal[some] * width + deals.at_stage[some], return_inverse=True)
    took = exact.group_sum(where, (left - at)[some], len(visits))
    here = exact.group_sum(where, last[some].astype(np.int64), len(visits)) > 0
    of, stage = np.divmod(visits, width)
    return deals.asked.curve(
        deals.unit[of],
        deals.created[of],
        took / tick,
        ~here,
        inner=(stages.axis, stages.places(stage)),
    )


def _in_currency(deals: Deals, *, seen: bool) -> Context:
    """Return the context of a quotient of amounts: without a unit, yet of one currency."""
    context = deals.asked.context
    return attrs.evolve(context, currency=deals.log.currency) if seen else context
