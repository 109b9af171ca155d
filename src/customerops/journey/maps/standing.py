"""Where customers stand on a journey map: the instants at which that changes."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.maps.lasting import NEVER, Lasting
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.stages import JourneyStage
from customerops.model.values.runs import first_of_run

__all__ = ["OFF", "Changes", "Reach", "changes_of", "last_of_run", "reach_of"]

Int = NDArray[np.int64]

OFF = 0
"""The code of no stage: off the map. The stages are 1 to n, by their order."""


@attrs.frozen(eq=False)
class _Matches:
    """The events that lead into a stage.

    Attributes
    ----------
    rows : ndarray of int, shape (matches,)
        Their rows in the log.
    inside : ndarray of bool, shape (matches,)
        Whether the customer is in the stage right after it.
    until : int64, shape (matches,)
        When the customer no longer is, if no other one follows.
    """

    rows: NDArray[np.intp]
    inside: NDArray[np.bool_]
    until: Int


@attrs.frozen(eq=False)
class Changes:
    """Every change of stage, by customer and time, each from one stage to another.

    Attributes
    ----------
    customer : ndarray of int, shape (n,)
        An index into the customers of the log.
    at : int64, shape (n,)
        When, in microseconds.
    source, target : ndarray of int, shape (n,)
        Codes of stages; `OFF` is none.
    """

    customer: NDArray[np.intp]
    at: Int
    source: NDArray[np.intp]
    target: NDArray[np.intp]

    def until(self, t: int) -> Changes:
        """Return those until an instant, inclusive."""
        keep = self.at <= t
        return Changes(self.customer[keep], self.at[keep], self.source[keep], self.target[keep])

    def standing(self, n: int) -> tuple[NDArray[np.intp], Int]:
        """Return the stage of each of n customers after all changes, and since when (else 0)."""
        last = last_of_run(self.customer)
        stage, since = np.full(n, OFF, np.intp), np.zeros(n, np.int64)
        stage[self.customer[last]] = self.target[last]
        since[self.customer[last]] = self.at[last]
        return stage, since


@attrs.frozen(eq=False)
class Reach:
    """The first and the last event after which each customer was in each stage.

    Attributes
    ----------
    first, last : ndarray of int, shape (n_customers, n_stages)
        Rows of the log; -1 for who never was in the stage.
    """

    first: Int
    last: Int

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Who was ever in which stage."""
        return self.first >= 0

    @property
    def furthest(self) -> NDArray[np.intp]:
        """The code of the furthest stage each customer was in."""
        place = np.arange(1, self.first.shape[1] + 1)
        furthest: NDArray[np.intp] = np.where(self.reached, place, OFF).max(axis=1, initial=OFF)
        return furthest


def last_of_run(*keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the mask of rows that differ from the row after them in any of the keys."""
    return first_of_run(*(key[::-1] for key in keys))[::-1]


def changes_of(log: InteractionLog, lasting: Lasting) -> Changes:
    """Return every change of stage until the log's as_of.

    A stage is left at the very instant at which too few events count; all events of an instant
    count before anything is said of it.
    """
    key = ("journey changes", lasting, log.as_of)
    return log.memo(key, lambda: _changes(log, lasting))


def reach_of(log: InteractionLog, lasting: Lasting) -> Reach:
    """Return who was in which stage, whichever stage they were counted in."""
    shape = (log.n_customers, len(lasting.map.stages))
    first, last = np.full(shape, -1, np.int64), np.full(shape, -1, np.int64)
    for place, stage in enumerate(lasting.map.stages):
        found = _matches(log, stage, lasting)
        rows = found.rows[found.inside]
        customer = log.codes[rows]
        lead, trail = first_of_run(customer), last_of_run(customer)
        first[customer[lead], place] = rows[lead]
        last[customer[trail], place] = rows[trail]
    return Reach(first, last)


def _changes(log: InteractionLog, lasting: Lasting) -> Changes:
    assert log.as_of is not None
    found = [_matches(log, stage, lasting) for stage in lasting.map.stages]
    customer, at, row = _instants(log, found, log.as_of)
    stage = np.full(len(row), OFF, np.intp)
    newest = np.full(len(row), -NEVER, np.int64)
    for code, matches in enumerate(found, start=1):
        inside, seen = _inside(log, matches, customer, at, row)
        if lasting.map.assign == "latest":
            inside &= seen >= newest
            newest[inside] = seen[inside]
        stage[inside] = code
    before = np.full(len(stage), OFF, np.intp)
    before[1:] = stage[:-1]
    before[first_of_run(customer)] = OFF
    moved = stage != before
    return Changes(customer[moved], at[moved], before[moved], stage[moved])


def _matches(log: InteractionLog, stage: JourneyStage, lasting: Lasting) -> _Matches:
    """Return the events of a stage: in it from the at_least-th of them that count together."""
    rows = rows_of(log, stage.entry)
    customer, at = log.codes[rows], log.at[rows]
    place = np.arange(len(rows)) - (stage.at_least - 1)  # the oldest that is needed
    oldest = np.maximum(place, 0)
    inside = (place >= 0) & (customer[oldest] == customer)
    until = lasting.until(stage, at[oldest])
    if until is None:
        return _Matches(rows, inside, np.full(len(rows), NEVER, np.int64))
    return _Matches(rows, inside & (at < until), until)


def _instants(
    log: InteractionLog, found: list[_Matches], as_of: int
) -> tuple[NDArray[np.intp], Int, NDArray[np.intp]]:
    """Return where a stage may change: customer, instant, and the last event until then.

    Each (customer, instant) once, in that order: after an event of some stage, or when one is over.
    """
    some = np.zeros(len(log), np.bool_)
    for matches in found:
        some[matches.rows] = True
    row = np.flatnonzero(some)
    customer, at = log.codes[row].astype(np.intp), log.at[row]
    over = [_over(log, matches, as_of) for matches in found]
    if any(len(ends) for ends, _ in over):
        ends = np.concatenate([one for one, _ in over])
        owner = np.concatenate([one for _, one in over])
        customer, at = np.concatenate([customer, owner]), np.concatenate([at, ends])
        row = np.concatenate([row, np.full(len(ends), -1, np.intp)])
        order = np.lexsort((at, customer))
        customer, at = customer[order], at[order]
        row = np.maximum.accumulate(row[order])  # a stage is over after an event of its customer
    last = last_of_run(customer, at)
    return customer[last], at[last], row[last]


def _over(log: InteractionLog, matches: _Matches, as_of: int) -> tuple[Int, NDArray[np.intp]]:
    """Return when a stage is over before another of its events, and whose it is."""
    customer, at = log.codes[matches.rows], log.at[matches.rows]
    following = np.full(len(at), NEVER, np.int64)
    following[:-1] = np.where(customer[1:] == customer[:-1], at[1:], NEVER)
    over = matches.inside & (matches.until < np.minimum(following, as_of + 1))
    return matches.until[over], customer[over].astype(np.intp)


def _inside(
    log: InteractionLog,
    matches: _Matches,
    customer: NDArray[np.intp],
    at: Int,
    row: NDArray[np.intp],
) -> tuple[NDArray[np.bool_], Int]:
    """Return who is in a stage at each instant, and when its last event was."""
    if not len(matches.rows):
        return np.zeros(len(at), np.bool_), np.zeros(len(at), np.int64)
    place = np.searchsorted(matches.rows, row, side="right") - 1
    nearest = matches.rows[np.maximum(place, 0)]
    known = (place >= 0) & (log.codes[nearest] == customer)
    place = np.where(known, place, 0)
    return known & matches.inside[place] & (at < matches.until[place]), log.at[nearest]
