"""The walk through a log: the attempts a funnel is asked for, and which of them stand for whom."""

from __future__ import annotations

from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.funnels.asking import Question
from customerops.journey.funnels.attempts import Attempts, Excluded, Rows, chained
from customerops.model.log.ask import Asked
from customerops.model.log.log import InteractionLog
from customerops.model.values.runs import first_of_run

__all__ = ["NEVER", "Walk", "walk"]

NEVER = np.iinfo(np.int64).min
"""The instant of a step that was not taken; as a datetime64, not a time."""

Count = Literal["customers", "totals"]


@attrs.frozen(eq=False)
class Walk:
    """Attempts, by customer and then by start.

    Attributes
    ----------
    customer : ndarray of int, shape (attempts,)
        Whose each is, an index into ``log.customers``.
    rows : list of ndarray of int, shape (attempts,)
        The row of each step; ``len(at)`` where it was not taken.
    at : ndarray of int64
        When the event of each row was.
    depth : ndarray of int64, shape (attempts,)
        How many of the steps that are not optional each took; 0 if it is tainted.
    over : ndarray of bool, shape (attempts,)
        Whether its time was over at as_of; without a limit, whether it took them all.
    """

    customer: NDArray[np.int32]
    rows: list[Rows]
    at: NDArray[np.int64]
    depth: NDArray[np.int64]
    over: NDArray[np.bool_]

    @property
    def begun(self) -> NDArray[np.int64]:
        """When each attempt started."""
        return self.at[self.rows[0]]

    @property
    def clean(self) -> Rows:
        """The attempts that are not tainted."""
        return np.flatnonzero(self.depth)

    @property
    def settled(self) -> Rows:
        """The attempts that are not tainted and had their time."""
        return np.flatnonzero((self.depth > 0) & self.over)

    def deepest(self, attempts: Rows, *keys: NDArray[np.integer]) -> Rows:
        """Return the first of the deepest of some attempts, of each customer (and cell of `keys`)."""
        if not len(attempts):
            return attempts
        owner = self.customer[attempts]
        if keys:
            owner = np.cumsum(first_of_run(owner, *(key[attempts] for key in keys)))
        depth = self.depth[attempts]
        best = np.zeros(int(owner[-1]) + 1, np.int64)
        for reached in range(1, int(depth.max()) + 1):
            best[owner[depth >= reached]] = reached
        some = np.flatnonzero(depth == best[owner])
        first: Rows = attempts[some[first_of_run(owner[some])]]
        return first

    def settle(self, deepest: Rows) -> Rows:
        """Return the first of the deepest settled attempts of each customer, from those of all.

        They differ only for customers who have an attempt that is not over; not in order.
        """
        late = np.zeros(int(self.customer.max(initial=0)) + 1, np.bool_)
        late[self.customer[~self.over]] = True
        settled = self.settled
        some = settled[late[self.customer[settled]]]
        return np.concatenate([deepest[~late[self.customer[deepest]]], self.deepest(some)])

    def took(self, step: int, attempts: Rows) -> NDArray[np.bool_]:
        """Return which of some attempts took a step, counted from 0."""
        return self.rows[step][attempts] < len(self.at)

    def when(self, step: int, attempts: Rows) -> NDArray[np.int64]:
        """Return when some attempts took a step; `NEVER` where they did not."""
        return np.append(self.at, NEVER)[self.rows[step][attempts]]


@attrs.frozen(eq=False)
class _Ground:
    """The events that are walked, history after history.

    `rows` are those of the log, None where all are walked as they stand; `ends` are the rows after
    the last of each history.
    """

    rows: Rows | None
    at: NDArray[np.int64]
    customer: NDArray[np.int32]
    history: NDArray[np.integer]
    ends: NDArray[np.int64]

    def of(self, column: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return column if self.rows is None else column[self.rows]

    def by_start(self, start: Rows) -> Rows:
        """Return the order of some starts in the log."""
        return np.arange(len(start)) if self.rows is None else np.argsort(self.rows[start])


def walk(asked: Asked, question: Question, count: Count = "customers") -> Walk:
    """Walk the attempts that start in the report; with totals those that follow one another.

    Notes
    -----
    Which attempts follow one another does not depend on the report: entries of two months are
    those of the first and those of the second.
    """
    log, over = asked.log, asked.over
    ground = _ground(log, question.hold)
    masks = [ground.of(rule.mask(log)) for rule in question.steps]
    unordered = question.order == "unordered"
    start = np.flatnonzero(np.logical_or.reduce(masks) if unordered else masks[0])
    if question.entry == "first":
        start = start[ground.by_start(start)]
        start = start[first_of_run(ground.customer[start])]
    if over is not None and count == "customers":
        start = start[over.mask(ground.at[start])]
    tries = Attempts(ground.at, start, ground.ends[ground.history[start]], question.limit)
    if question.order == "ordered":
        rows = tries.ordered(masks, [step - 1 for step in question.optional])
    else:
        rows = getattr(tries, question.order)(masks)
    taints: list[Excluded] = [
        (ground.of(one.rule.mask(log)), one.after - 1, one.before - 1) for one in question.exclude
    ]
    taint = tries.tainted(rows, taints)
    depth = np.ones(len(start), np.int64)
    for k in question.required[1:]:
        depth += rows[k] < len(ground.at)
    if question.within is None:
        over_at = depth == len(question.required)
    else:
        over_at = tries.begun <= asked.as_of - question.limit
    depth[taint < len(ground.at)] = 0
    found = Walk(ground.customer[start], rows, ground.at, depth, over_at)
    if count == "totals":
        chosen = chained(tries.followed(rows, taint, strict=question.order == "strict"))
        if over is not None:
            chosen = chosen[over.mask(found.begun[chosen])]
        found = _taken(found, chosen)
    return _taken(found, ground.by_start(found.rows[0])) if question.hold else found


def _ground(log: InteractionLog, hold: str | None) -> _Ground:
    if hold is None:
        return _Ground(None, log.at, log.codes, log.codes, log.offsets[1:])
    column = log.coded(hold)
    rows = np.flatnonzero(column.codes >= 0)
    key = log.codes[rows] * np.int64(len(column.labels)) + column.codes[rows]
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    lead = first_of_run(key)
    ends = np.append(np.flatnonzero(lead)[1:], len(rows))
    return _Ground(rows, log.at[rows], log.codes[rows], np.cumsum(lead) - 1, ends)


def _taken(found: Walk, attempts: Rows) -> Walk:
    return Walk(
        found.customer[attempts],
        [row[attempts] for row in found.rows],
        found.at,
        found.depth[attempts],
        found.over[attempts],
    )
