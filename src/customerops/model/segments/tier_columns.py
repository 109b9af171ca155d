"""Tiers of all customers at once: period by period, every customer in one step.

The fold of `tiers` over columns. Amounts are whole minor units; a period costs a few passes over
the customers, whatever happened in it.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.ask import Asked
from customerops.model.log.derived import rows_of
from customerops.model.segments.tiers import TierPolicy, check_money
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Walked", "walk"]

Ints = NDArray[Any]


@attrs.frozen(eq=False)
class Walked:
    """Where every customer stands, and every change on the way.

    Attributes
    ----------
    level, failing, total : ndarray of int, shape (n_customers,)
        At the instant; `total` in minor units or events.
    grace : ndarray of int, shape (n_customers,)
        How many of the coming reviews cannot be failed.
    codes, at, before, after : ndarray of int, shape (n,)
        The changes: customer, microseconds, levels; those of one customer in order.
    paid : bool
        Whether any amount counted; without one nothing is in a currency.
    """

    level: Ints
    failing: Ints
    total: Ints
    grace: Ints
    codes: Ints
    at: Ints
    before: Ints
    after: Ints
    paid: bool

    def level_at(self, us: int) -> Ints:
        """Return the level of every customer at an earlier instant."""
        level = np.zeros_like(self.level)
        some = self.at <= us
        level[self.codes[some]] = self.after[some]  # of one customer the last is kept
        return level


@attrs.define(eq=False)
class _State:
    level: Ints
    began: Ints
    failing: Ints
    total: Ints
    changes: list[tuple[Ints, Ints, Ints, Ints]] = attrs.Factory(list)

    def move(self, codes: Ints, us: int, level: Ints, period: int) -> None:
        """Begin another level of some customers, each once."""
        self.changes.append((codes, np.full(len(codes), us), self.level[codes], level))
        self.level[codes], self.began[codes], self.failing[codes] = level, period, 0


def walk(asked: Asked, policy: TierPolicy) -> Walked:
    """Walk the periods from the first event that counts to the one that holds as_of."""
    log, n = asked.log, asked.log.n_customers
    codes, at, units, paid = _units(log, policy)
    periods = asked.zone.ordinals(at, policy.period)
    takes = _whole([level.threshold for level in policy.levels], log, policy, units.dtype)
    keeps = _whole([level.keeps for level in policy.levels], log, policy, units.dtype)
    current = int(asked.zone.ordinals([asked.as_of], policy.period)[0])
    level, began, failing = np.zeros((3, n), np.int64)
    state = _State(level, began, failing, np.zeros(n, units.dtype))
    order = np.argsort(periods, kind="stable")
    first = int(periods[order[0]]) if len(order) else current + 1
    spans = np.arange(first, current + 1)
    edges = asked.zone.edges(spans, policy.period).tolist()
    starts = np.searchsorted(periods[order], np.append(spans, current + 1)).tolist()
    past: dict[int, tuple[Ints, Ints]] = {}
    for i, period in enumerate(spans.tolist()):
        _review(policy, state, takes, keeps, edges[i], period)
        if policy.window is not None:
            gone, sums = past.pop(period - policy.window, (np.zeros(0, np.intp), units[:0]))
            state.total[gone] -= sums
        rows = order[starts[i] : starts[i + 1]]
        who, when = codes[rows], at[rows]
        run, last = _running(who, units[rows])
        if policy.upgrade == "at_once":
            _rise(state, takes, edges[i], period)
            _rise_within(state, takes, (who, when, state.total[who] + run), period)
        past[period] = (who[last], run[last])
        state.total[who[last]] += run[last]
    return _walked(state, policy, current, paid=paid)


def _whole(
    amounts: list[Decimal], log: InteractionLog, policy: TierPolicy, dtype: np.dtype[Any]
) -> Ints:
    """Return the least whole units that reach each amount; sums that fit 64 bits stay below 2**62."""
    scale = 10**log.decimals if policy.measure == "amount" else 1
    whole = [math.ceil(Fraction(one) * scale) for one in amounts]
    return np.array(whole if dtype.kind == "O" else [min(x, 2**62) for x in whole], dtype)


def _units(log: InteractionLog, policy: TierPolicy) -> tuple[Ints, Ints, Ints, bool]:
    """Return customer, instant and sum of what counts, each instant once, and if money was seen."""
    rows = rows_of(log, policy.qualify)
    codes, at = log.codes[rows].astype(np.intp), log.at[rows]
    units: Ints = np.ones(len(rows), np.int64)
    paid = False
    if policy.measure == "amount":
        column = log.numbers("amount")
        given = np.ones(len(rows), np.bool_) if column.valid is None else column.valid[rows]
        units, paid = np.where(given, column.values[rows], 0), bool(given.any())
    if np.abs(units.astype(np.float64)).sum() >= 2.0**62:
        units = units.astype(object)  # Python's integers, where sums would overflow
    lead = np.flatnonzero(first_of_run(codes, at)) if len(codes) else np.zeros(0, np.intp)
    if paid and log.currency is not None:
        check_money(policy, [log.currency])
    return codes[lead], at[lead], np.add.reduceat(units, lead) if len(lead) else units, paid


def _running(who: Ints, units: Ints) -> tuple[Ints, Ints]:
    """Return each customer's running sum within a period, and where each customer ends."""
    if not len(who):
        return units, np.zeros(0, np.intp)
    lead = np.flatnonzero(first_of_run(who))
    run = np.cumsum(units)
    lengths = np.diff(np.append(lead, len(who)))
    run = run - np.repeat(run[lead] - units[lead], lengths)
    return run, lead + lengths - 1


def _reached(amounts: Ints, total: Ints) -> Ints:
    """Return the highest level whose amount a total reaches; the lowest is always."""
    found: Ints = np.searchsorted(amounts, total, side="right") - 1
    return np.maximum(found, 0)


def _rise(state: _State, takes: Ints, us: int, period: int) -> None:
    earned = _reached(takes, state.total)
    up = np.flatnonzero(earned > state.level)
    state.move(up, us, earned[up], period)


def _review(
    policy: TierPolicy, state: _State, takes: Ints, keeps: Ints, us: int, period: int
) -> None:
    """Review the period before; of the first one there is nothing to review."""
    _rise(state, takes, us, period)
    below = (state.level > 0) & (state.total < keeps[state.level])
    state.failing[~below] = 0
    counts = below & (period - 1 - state.began >= policy.grace)
    state.failing[counts] += 1
    down = np.flatnonzero(counts & (state.failing >= policy.failures))
    state.move(down, us, _reached(keeps, state.total[down]), period)


def _rise_within(state: _State, takes: Ints, rows: tuple[Ints, Ints, Ints], period: int) -> None:
    """Begin a level at each instant whose total first reaches it, of customers one after another."""
    who, when, total = rows
    if not len(who):
        return
    lead = first_of_run(who)
    step = len(takes)
    base = np.cumsum(lead) * step
    highest = np.maximum.accumulate(base + np.maximum(_reached(takes, total), state.level[who]))
    highest -= base
    before = np.where(lead, state.level[who], np.roll(highest, 1))
    up = np.flatnonzero(highest > before)
    state.changes.append((who[up], when[up], before[up], highest[up]))
    state.level[who[up]] = highest[up]  # of one customer the last is kept
    state.began[who[up]], state.failing[who[up]] = period, 0


def _walked(state: _State, policy: TierPolicy, current: int, *, paid: bool) -> Walked:
    empty = np.zeros(0, np.int64)
    changes = [np.concatenate([empty, *(change[i] for change in state.changes)]) for i in range(4)]
    order = np.argsort(changes[0], kind="stable")
    left = np.maximum(state.began + policy.grace - current, 0)
    moved = np.bincount(changes[0], minlength=len(state.level)) > 0
    codes, at, before, after = (change[order] for change in changes)
    return Walked(
        level=state.level,
        failing=state.failing,
        total=state.total,
        grace=np.where(moved, left, 0),
        codes=codes,
        at=at,
        before=before,
        after=after,
        paid=paid,
    )
