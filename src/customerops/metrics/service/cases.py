"""Cases: what became of each thread that opened one, folded from its events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.shared.spans import EVER
from customerops.metrics.shared.threads import Threads, elapsed, is_kind, threads_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.business_hours import BusinessHours
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Asking", "Cases", "agent_replies", "cases_of", "rule_or_none"]

_NOT_OURS = {"direction": ("inbound", "none"), "actor_kind": ("bot", "system")}


@attrs.frozen(eq=False)
class Cases:
    """One row a case: a thread with a ``case_open``, from the first of them on.

    ``case_resolve`` solves it; ``case_reopen``, or another ``case_open``, opens it again. What
    solves a solved case, or opens an open one, changes nothing.

    Attributes
    ----------
    asked : Threads
        The question.
    unit : ndarray of int, shape (n,)
        The thread of each, rising.
    inside : ndarray of bool, shape (n_events,)
        Which events belong to a case.
    moves : ndarray of int
        Rows that open or solve a case, in turn, case by case; the first opens.
    solves : ndarray of bool, shape (moves,)
        Which of them solve it.
    opened, solved, reopened, settled : ndarray of int64, shape (n,)
        When it was first opened, solved, reopened, and, if it is solved now, solved last; EVER
        where it was not.
    """

    asked: Threads
    unit: NDArray[np.intp]
    inside: NDArray[np.bool_]
    moves: NDArray[np.intp]
    solves: NDArray[np.bool_]
    opened: NDArray[np.int64]
    solved: NDArray[np.int64]
    reopened: NDArray[np.int64]
    settled: NDArray[np.int64]

    @property
    def log(self) -> InteractionLog:
        """The log as it was known."""
        return self.asked.log

    def first_at(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the instant of the first of some events of each case; EVER where there is none."""
        return _first(self.log, np.flatnonzero(which & self.inside))[self.unit]

    def replies(self, rule: Rule | None) -> NDArray[np.bool_]:
        """Return which events are replies of ours, by a rule or as `agent_replies` has it."""
        return agent_replies(self.log) if rule is None else rule.mask(self.log)

    def count(self, which: NDArray[np.bool_], until: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many of some events each case has up to an instant, inclusive."""
        rows = np.flatnonzero(which & self.inside)
        limit = np.zeros(self.log.n_customers, np.int64)
        limit[self.unit] = until
        owner = self.log.codes[rows]
        rows = rows[self.log.at[rows] <= limit[owner]]
        return exact.group_count(self.log.codes[rows], self.log.n_customers)[self.unit]

    def spent(
        self,
        chosen: Mapping[str, bool],
        until: NDArray[np.int64],
        hours: BusinessHours | None,
        *,
        start: bool,
    ) -> NDArray[np.int64]:
        """Return the microseconds each case spent in chosen statuses up to an instant.

        Parameters
        ----------
        chosen : mapping of str to bool
            Which statuses count; one that is not named does not.
        until : ndarray of int64, shape (n,)
            When to stop counting.
        hours : BusinessHours or None
            Count only these.
        start : bool
            Whether a case counts from its opening, and again from a reopening, until its first
            status. Solved it never does.
        """
        log = self.log
        said = is_kind(log, "case_status") & self.inside
        names = log.columns.get("name")
        state = np.zeros(len(log), np.bool_)
        if names is not None:
            column = log.coded("name")
            of = np.array([chosen.get(str(label), False) for label in column.labels] + [False])
            state = of[column.codes]
            said &= column.codes >= 0
        state[self.moves] = start & ~self.solves
        said[self.moves] = True
        rows = np.flatnonzero(said)
        owner = log.codes[rows]
        last = np.append(first_of_run(owner)[1:], True)[: len(rows)]
        limit = np.zeros(log.n_customers, np.int64)
        limit[self.unit] = until
        end = np.append(log.at[rows][1:], 0)[: len(rows)]
        end = np.where(last, limit[owner], np.minimum(end, limit[owner]))
        took = state[rows] & (end > log.at[rows])
        length = elapsed(log.at[rows][took], end[took], hours)
        return exact.group_sum(owner[took], length, log.n_customers)[self.unit]


@attrs.frozen(eq=False)
class Asking:
    """The options that every function of cases has."""

    as_of: dt.datetime | None
    over: Window | None
    period: Period | None
    by: str | Grouping | None
    calendar: Calendar | None

    def cases(
        self,
        log: InteractionLog,
        metric: str,
        *,
        definition: str | None = None,
        options: Mapping[str, Any],
    ) -> Cases:
        """Return the cases of a log by thread, and the question about them."""
        asked = threads_of(
            log,
            metric,
            definition=definition,
            options=options,
            as_of=self.as_of,
            over=self.over,
            period=self.period,
            by=self.by,
            calendar=self.calendar,
        )
        return cases_of(asked)


def cases_of(asked: Threads) -> Cases:
    """Return the cases of a question about threads."""
    log = asked.log
    codes = log.codes
    opening = is_kind(log, "case_open")
    solving = is_kind(log, "case_resolve")
    begins = np.flatnonzero(opening)
    begins = begins[first_of_run(codes[begins])]
    start = np.full(log.n_customers, len(log), np.int64)
    start[codes[begins]] = begins
    inside = np.arange(len(log)) >= start[codes]
    moves = np.flatnonzero(inside & (opening | solving | is_kind(log, "case_reopen")))
    moves = moves[first_of_run(codes[moves], solving[moves])]
    solves = solving[moves]
    unit = codes[begins].astype(np.intp)
    solved, ends = (
        moves[solves],
        moves[np.append(first_of_run(codes[moves])[1:], True)[: len(moves)]],
    )
    again = moves[~solves & ~first_of_run(codes[moves])]
    settled = np.full(log.n_customers, EVER)
    ends = ends[solving[ends]]
    settled[codes[ends]] = log.at[ends]
    return Cases(
        asked=asked,
        unit=unit,
        inside=inside,
        moves=moves,
        solves=solves,
        opened=log.at[begins],
        solved=_first(log, solved)[unit],
        reopened=_first(log, again)[unit],
        settled=settled[unit],
    )


def agent_replies(log: InteractionLog) -> NDArray[np.bool_]:
    """Return which events are replies of ours that people wrote and the customer could read.

    A ``case_reply``, unless its direction is ``"inbound"`` (the customer's) or ``"none"`` (a note),
    or its actor is a bot or a system. What is not said is taken for a reply.
    """
    found = is_kind(log, "case_reply")
    for name, words in _NOT_OURS.items():
        if name in log.columns:
            column = log.coded(name)
            other = [code for code, label in enumerate(column.labels) if label in words]
            found &= ~np.isin(column.codes, other)
    return found


def rule_or_none(name: str, rule: Rule | str | Collection[str] | None) -> Rule | None:
    """Return an event rule, or None."""
    return None if rule is None else as_rule(rule, name=name, level="event")


def _first(log: InteractionLog, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the instant of the first of some rows of each thread; EVER where there is none."""
    rows = rows[first_of_run(log.codes[rows])]
    out = np.full(log.n_customers, EVER)
    out[log.codes[rows]] = log.at[rows]
    return out
