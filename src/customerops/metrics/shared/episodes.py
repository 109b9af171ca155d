"""Episodes: what begins with one event and ends well with another, or when its time is up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.shared.threads import Threads, subjects_of
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.values.checks import positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Episodes", "episodes_of", "in_time", "next_row"]

Rows = NDArray[np.int64]


@attrs.frozen(eq=False)
class Episodes:
    """One row an episode, by customer or thread and time.

    Attributes
    ----------
    asked : Threads
        The question; its threads are customers in a log of customers.
    unit : ndarray of int
        The customer, or the thread, of each.
    at : ndarray of int64
        When it began, in microseconds.
    ended : ndarray of bool
        Whether it ended well in time.
    settled : ndarray of bool
        Whether its time is up.
    """

    asked: Threads
    unit: NDArray[np.intp]
    at: NDArray[np.int64]
    ended: NDArray[np.bool_]
    settled: NDArray[np.bool_]


def episodes_of(
    log: InteractionLog,
    metric: str,
    *,
    begins: tuple[str, Rule | str | Collection[str]],
    ends: tuple[str, Rule | str | Collection[str]],
    within: dt.timedelta,
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
) -> Episodes:
    """Return the episodes of a log, of customers or by thread.

    One begins with an event of `begins` while none is open. It ends well with the next event of
    `ends` if that comes later in the log and less than `within` after; else when that time is up.
    `begins` and `ends` are the options' names and what was given.
    """
    rules = {name: as_rule(given, name=name, level="event") for name, given in (begins, ends)}
    length = micros(positive_duration("within", within))
    asked = subjects_of(
        log,
        metric,
        options={**rules, "within": within},
        as_of=as_of,
        over=over,
        period=period,
        by=by,
        calendar=calendar,
    )
    known = asked.log
    rows = rows_of(known, rules[begins[0]])
    end = next_row(rows_of(known, rules[ends[0]]), rows)
    ended = in_time(known, rows, end, length)
    late = _first_at(known, rows, known.at[rows] + length)
    follows = np.where(ended, np.searchsorted(rows, end), late)
    begun = _walk(known.codes[rows], follows)
    rows, ended = rows[begun], ended[begun]
    at = known.at[rows]
    settled = at + length - 1 <= asked.as_of
    return Episodes(asked, known.codes[rows].astype(np.intp), at, ended, settled)


def next_row(candidates: NDArray[np.intp], rows: NDArray[np.intp]) -> Rows:
    """Return the first candidate row after each row; beyond every log where there is none."""
    place = np.searchsorted(candidates, rows, side="right")
    return np.append(candidates, np.iinfo(np.int64).max)[place]


def in_time(
    log: InteractionLog, rows: NDArray[np.intp], then: Rows, length: int
) -> NDArray[np.bool_]:
    """Return whether a later row is of the same customer and less than a length later."""
    there = then < len(log)
    then = np.where(there, then, rows)
    near = log.at[then] < log.at[rows] + length
    inside: NDArray[np.bool_] = there & near & (log.codes[then] == log.codes[rows])
    return inside


def _first_at(log: InteractionLog, rows: NDArray[np.intp], at: NDArray[np.int64]) -> Rows:
    """Return which of the rows is the first of the same customer from an instant of each on.

    Where there is none, that of another customer, or one beyond them all.
    """
    owner, times = log.codes[rows].astype(np.int64), np.unique(log.at[rows])
    width = len(times) + 1
    # a key of customer and time: of times only their order counts, so that both fit 64 bits
    keys = owner * width + np.searchsorted(times, log.at[rows])
    return np.searchsorted(keys, owner * width + np.searchsorted(times, at))


def _walk(owner: NDArray[np.int32], follows: Rows) -> NDArray[np.intp]:
    """Return where one gets from the first of each owner by going from each to what follows it."""
    here = np.flatnonzero(first_of_run(owner))
    reached = [here]
    while len(here):
        then = follows[here]
        there = then < len(owner)
        here, then = here[there], then[there]
        here = then[owner[then] == owner[here]]
        reached.append(here)
    return np.sort(np.concatenate(reached))
