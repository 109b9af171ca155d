"""Contracts of a whole population at once: the k-th event of every customer in one stroke.

A renewal within grace counts from the old end, which depends on all that came before: no prefix
sum gives it. So the loop runs over the events of a customer, not over customers, and each turn
takes the k-th event of all who have one. Only events that can matter to a contract take part.
"""

from __future__ import annotations

import datetime as dt

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.columns.rows import Rows
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import (
    LAST,
    NEVER,
    Months,
    Span,
    after_us,
    day_of_month,
    through_us,
)
from customerops.lifecycle.policy.stages import ACTIVE, QUALIFYING, STAGES, TARGETS, Stage, Trigger
from customerops.model.values.runs import first_of_run

__all__ = ["Contracts", "replay_contracts"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]

_CODE = {stage: np.int8(code) for code, stage in enumerate(STAGES)}
_ALIVE = np.array([stage in ACTIVE for stage in STAGES])
_QUALIFYING = sorted(int(trigger) for trigger in QUALIFYING)
_MATTERS = np.isin(
    np.arange(len(Trigger) - 1),
    [
        *_QUALIFYING,
        Trigger.TRIAL,
        Trigger.PAYMENT_FAILED,
        Trigger.PAUSE,
        Trigger.RESUME,
        Trigger.CANCEL_AT_PERIOD_END,
        Trigger.CANCEL,
        Trigger.ERASE,
    ],
)


def _table() -> Codes:
    """Return the table as an array: the target by stage, trigger, criterion met, first life."""
    shape = (len(STAGES), len(Trigger) - 1, 2, 2)
    table = np.empty(shape, np.int8)
    for stage, trigger, met, first in np.ndindex(shape):
        key = (STAGES[stage], Trigger(trigger), bool(met), bool(first))
        table[stage, trigger, met, first] = _CODE[TARGETS[key]]
    return table


_TARGET = _table()


@attrs.define(eq=False)
class Contracts:
    """Where customers stand under a contract: a value each, changed turn by turn.

    Instants are microseconds, `NEVER` where there is none. ``paid`` tells who has a term: a trial,
    or something paid for.
    """

    stage: Codes
    since: Int
    overdue_at: Int
    lives: Int
    ordinal: Int
    life_since: Int
    qualified_at: Int
    paid: Mask
    ends_at: Int
    anchor: Int
    paused_at: Int
    ending: Mask
    trial: Mask
    failing: Mask

    @classmethod
    def unknown(cls, n: int) -> Contracts:
        """Return customers nobody has seen."""
        start = {"stage": np.int8(0), "lives": 0, "ordinal": 0, "anchor": 0}
        start |= dict.fromkeys(("paid", "ending", "trial", "failing"), np.False_)
        names = [field.name for field in attrs.fields(cls)]
        return cls(**{name: np.full(n, start.get(name, np.int64(NEVER))) for name in names})


@attrs.define(eq=False)
class _Log:
    """Transitions as they happen, turn by turn."""

    customer: list[Int]
    at: list[Int]
    target: list[Codes]
    row: list[Int]

    def add(self, customer: Int, at: Int, target: Codes, row: Int) -> None:
        self.customer.append(customer)
        self.at.append(at)
        self.target.append(target)
        self.row.append(row)

    def sorted(self, n: int) -> tuple[Int, Int, Codes, Int]:
        """Return how many each customer has, and all of them by customer, in their order."""
        if not self.customer:
            nothing = np.empty(0, np.int64)
            return np.zeros(n, np.int64), nothing, nothing.astype(np.int8), nothing
        customer = np.concatenate(self.customer)
        order = np.argsort(customer, kind="stable")
        columns = (np.concatenate(part)[order] for part in (self.at, self.target, self.row))
        return (np.bincount(customer, minlength=n), *columns)  # type: ignore[return-value]


def replay_contracts(
    rows: Rows, until: Int, policy: LifecyclePolicy, as_of: int, state: Contracts
) -> tuple[Int, Int, Codes, Int]:
    """Replay all customers, changing `state`; return transitions as `Emitted` holds them.

    Parameters
    ----------
    rows : Rows
        In canonical order, none later than `as_of`.
    until : int64 (n,)
        Until when each row pays, `NEVER` if it does not say.
    policy : LifecyclePolicy
        With a `Contract` clock.
    as_of : int
        Microseconds.
    state : Contracts
        Where customers stand before the first row.
    """
    _check(rows, until, policy)
    customer = np.repeat(np.arange(rows.offsets.size - 1), np.diff(rows.offsets))
    until = _ends_of_trials(rows, until, customer)
    place = np.flatnonzero(_MATTERS[rows.trigger] | first_of_run(customer))
    own = customer[place]
    count = np.bincount(own, minlength=rows.offsets.size - 1)
    most = np.argsort(-count, kind="stable")  # who has a k-th row stands in front
    start = (np.cumsum(count) - count)[most]
    falling = count[most]
    log = _Log([], [], [], [])
    for k in range(int(falling[0]) if falling.size else 0):
        n = int(np.searchsorted(-falling, -k, side="left"))
        row = place[start[:n] + k]
        _fire(state, most[:n], rows.at[row], policy, log)
        _apply(state, most[:n], row, rows, until, policy, log)
    everyone = np.arange(count.size)
    _fire(state, everyone, np.full(count.size, as_of + 1), policy, log)
    return log.sorted(count.size)


def _ends_of_trials(rows: Rows, until: Int, customer: Int) -> Int:
    """Return `until` with that of the trials before it at one instant, where that is later."""
    trial = rows.trigger == Trigger.TRIAL
    again = np.zeros(until.size, np.bool_)
    again[1:] = trial[1:] & ~first_of_run(customer, rows.at, trial)[1:]
    ends = until.copy() if again.any() else until
    for i in np.flatnonzero(again).tolist():
        if ends[i - 1] < NEVER:
            ends[i] = ends[i - 1] if ends[i] == NEVER else max(ends[i - 1], ends[i])
    return ends


def _check(rows: Rows, until: Int, policy: LifecyclePolicy) -> None:
    pays = np.isin(rows.trigger, _QUALIFYING)
    assert policy.contract is not None
    for what, bad in (
        ("must be after at", pays & (until <= rows.at)),
        ("must be given", pays & (until == NEVER) & (policy.contract.term is None)),
    ):
        if bad.any():
            raise InvalidInputError(
                "until",
                f"{what} of starts and renewals",
                count=int(bad.sum()),
                total=int(pays.sum()),
            )


def _fire(state: Contracts, who: Int, at: Int, policy: LifecyclePolicy, log: _Log) -> None:
    """Fire the deadlines that are overdue at an instant: at most two of a customer."""
    for _ in range(2):
        due = state.overdue_at[who] <= at
        if not due.any():
            return
        who, at = who[due], at[due]
        when = state.overdue_at[who] - 1
        target = np.where(_ALIVE[state.stage[who]], _CODE[Stage.LAPSED], _CODE[Stage.LOST])
        log.add(who, when, target, np.full(who.size, -1))
        _enter(state, who, when, target, policy)


def _enter(state: Contracts, who: Int, at: Int, target: Codes, policy: LifecyclePolicy) -> None:
    """Enter a stage that is not an active one: its own window opens."""
    state.stage[who], state.since[who] = target, at
    overdue = np.full(who.size, NEVER)
    for stage in (Stage.LAPSED, Stage.ACQUIRED):
        span = policy.windows.get(stage)
        those = target == _CODE[stage]
        if span is not None and those.any():
            overdue[those] = _bounded(after_us(span, at[those], policy.calendar) + 1)
    state.overdue_at[who] = overdue


def _apply(
    state: Contracts,
    who: Int,
    row: Int,
    rows: Rows,
    until: Int,
    policy: LifecyclePolicy,
    log: _Log,
) -> None:
    """Take one event of each of these customers, deadlines before it having fired."""
    kept = state.stage[who] != _CODE[Stage.ERASED]
    who, row = who[kept], row[kept]
    at, read = rows.at[row], rows.trigger[row].copy()
    living = _ALIVE[state.stage[who]]
    over = living & (state.ends_at[who] < np.minimum(state.paused_at[who], at))
    late = over & (read == Trigger.CANCEL_AT_PERIOD_END)
    read[late] = Trigger.CANCEL
    pays = np.isin(read, _QUALIFYING)
    changed = _terms(state, who, at, read, until[row], living, pays, policy)

    first = state.lives[who] == 0
    new = pays & ~living
    state.lives[who] += new
    state.ordinal[who] = np.where(new, 1, state.ordinal[who] + pays)
    state.life_since[who[new]] = at[new]
    state.qualified_at[who[pays]] = at[pays]
    met = pays & _retains(state, who, at, policy)
    source = state.stage[who]
    target = _TARGET[source, read, met.astype(np.int8), first.astype(np.int8)]

    moves = target != source
    log.add(who[moves], at[moves], target[moves], row[moves])
    out = moves & ~_ALIVE[target]
    _enter(state, who[out], at[out], target[out], policy)
    gone = who[target == _CODE[Stage.ERASED]]
    for mask in (state.paid, state.ending, state.trial, state.failing):
        mask[gone] = False
    state.ends_at[gone], state.paused_at[gone], state.anchor[gone] = NEVER, NEVER, 0
    inside = moves & _ALIVE[target]
    state.stage[who[inside]], state.since[who[inside]] = target[inside], at[inside]
    _deadlines(state, who[_ALIVE[target] & (pays | changed)], policy)


def _terms(
    state: Contracts,
    who: Int,
    at: Int,
    read: Codes,
    until: Int,
    living: Mask,
    pays: Mask,
    policy: LifecyclePolicy,
) -> Mask:
    """Change what is paid for; return where that moves a deadline besides what was paid."""
    trial = (read == Trigger.TRIAL) & ~living & (state.lives[who] == 0)
    _set_term(state, who[trial], until[trial], trial=True)
    stops = who[(read == Trigger.CANCEL) & state.trial[who]]
    state.paid[stops], state.trial[stops], state.ends_at[stops] = False, False, NEVER

    resumes = living & (pays | (read == Trigger.RESUME)) & (state.paused_at[who] < NEVER)
    those = who[resumes]
    later = state.ends_at[those] + (at[resumes] - state.paused_at[those])
    state.ends_at[those] = np.where(state.ends_at[those] < NEVER, _bounded(later), NEVER)
    state.paused_at[those], state.anchor[those] = NEVER, 0

    pauses = living & (read == Trigger.PAUSE) & (state.paused_at[who] == NEVER)
    state.paused_at[who[pauses]] = at[pauses]
    leaves = living & (read == Trigger.CANCEL_AT_PERIOD_END)
    state.ending[who[leaves]] = True
    state.failing[who[living & (read == Trigger.PAYMENT_FAILED)]] = True

    fresh = pays & ~living
    state.ends_at[who[fresh]] = -NEVER  # nothing is running: whatever is paid is more
    _pay(state, who[pays], at[pays], read[pays], until[pays], living[pays], policy)
    moved: Mask = resumes | pauses | leaves
    return moved


def _pay(
    state: Contracts,
    who: Int,
    at: Int,
    read: Codes,
    until: Int,
    living: Mask,
    policy: LifecyclePolicy,
) -> None:
    """Prolong what is paid for, never shortening it."""
    assert policy.contract is not None
    end, anchor = until.copy(), np.zeros(who.size, np.int64)
    says = until < NEVER
    if policy.contract.term is not None and not says.all():
        goes_on = living & (read == Trigger.RENEW)
        begins = np.where(goes_on, state.ends_at[who], at)
        anchor[goes_on] = state.anchor[who[goes_on]]
        open_end = ~says & (begins >= NEVER)
        by_term = np.flatnonzero(~says & ~open_end)
        length = policy.contract.term
        if isinstance(length, Months):
            assert policy.calendar is not None
            own = by_term[anchor[by_term] == 0]
            new = own[~goes_on[own]]
            anchor[new] = day_of_month(at[new], policy.calendar)
        if not isinstance(length, dt.timedelta):
            begins -= goes_on  # on the last day of what was paid
        end[by_term] = _after_term(length, begins[by_term], anchor[by_term], policy)
        end[open_end] = NEVER
    anchor[says] = 0
    more = end > state.ends_at[who]
    _set_term(state, who[more], end[more], trial=False)
    state.anchor[who[more]] = np.where(end[more] < NEVER, anchor[more], 0)
    state.ending[who], state.failing[who] = False, False


def _after_term(length: Span, begins: Int, anchor: Int, policy: LifecyclePolicy) -> Int:
    """Return the end of a term; an anchor of 0 is the day of the month it begins on."""
    if isinstance(length, Months) and policy.calendar is not None:
        own = day_of_month(begins, policy.calendar)
        anchor = np.where(anchor == 0, own, anchor)
        return through_us(length, begins, policy.calendar, anchor=anchor)
    return _bounded(through_us(length, begins, policy.calendar))


def _set_term(state: Contracts, who: Int, ends: Int, *, trial: bool) -> None:
    state.paid[who], state.trial[who] = True, trial
    state.ends_at[who], state.anchor[who] = ends, 0
    state.paused_at[who], state.ending[who] = NEVER, False


def _retains(state: Contracts, who: Int, at: Int, policy: LifecyclePolicy) -> Mask:
    if isinstance(policy.retention, KthInLife):
        return state.ordinal[who] >= policy.retention.k
    met = np.zeros(who.size, np.bool_)
    lived = np.flatnonzero(state.life_since[who] < NEVER)
    since = state.life_since[who[lived]]
    met[lived] = at[lived] >= after_us(policy.retention.tenure, since, policy.calendar)
    return met


def _deadlines(state: Contracts, who: Int, policy: LifecyclePolicy) -> None:
    """Set when active customers lapse."""
    assert policy.contract is not None
    overdue = np.full(who.size, NEVER)
    runs = (state.paused_at[who] == NEVER) & (state.ends_at[who] < NEVER)
    ends = state.ends_at[who]
    overdue[runs] = _bounded(ends[runs] + 1)
    if policy.contract.grace is not None:
        spared = runs & ~state.ending[who]
        graced = after_us(policy.contract.grace, ends[spared], policy.calendar)
        overdue[spared] = _bounded(graced + 1)
    state.overdue_at[who] = overdue


def _bounded(at: Int) -> Int:
    """Return instants, `NEVER` for what lies beyond the year 9999."""
    return np.where(at <= LAST, at, NEVER)
