"""Where customers stand after a replay: one row each."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.columns.contract_columns import Contracts
from customerops.lifecycle.columns.gather import Gathered
from customerops.lifecycle.columns.rows import Final, Rows
from customerops.lifecycle.columns.states import States
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import LAST, NEVER, after_us
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, Stage, Trigger

__all__ = ["last_entered", "of_contracts", "of_final", "recents", "to_contracts"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]
_ALIVE = np.array([stage in ACTIVE for stage in STAGES])


def last_entered(counts: Int, at: Int, target: Codes, stood: States | None) -> tuple[Codes, Int]:
    """Return the stage of each customer, and since when, by the last transition of each."""
    if stood is None:
        stage, since = np.zeros(counts.size, np.int8), np.full(counts.size, NEVER)
    else:
        stage, since = stood.stage.copy(), stood.since.copy()
    moved, last = counts > 0, np.cumsum(counts) - 1
    stage[moved], since[moved] = target[last[moved]], at[last[moved]]
    return stage, since


def of_final(
    final: Final,
    stage: Codes,
    since: Int,
    given: Gathered,
    policy: LifecyclePolicy,
    stood: States | None,
) -> dict[str, NDArray[Any]]:
    """Return the columns of `States` under a clock of inactivity."""
    due = np.where(_ALIVE[stage], final.ends, NEVER)
    for one in (Stage.LAPSED, Stage.ACQUIRED):
        span, those = policy.windows.get(one), stage == STAGES.index(one)
        if span is not None and those.any():
            due[those] = after_us(span, since[those], policy.calendar)
    overdue = np.where(due <= LAST - policy.event_first, due + policy.event_first, NEVER)
    gone = stage == STAGES.index(Stage.ERASED)
    n = stage.size
    columns: dict[str, NDArray[Any]] = {
        "stage": stage,
        "since": since,
        "overdue_at": overdue,
        "lives": final.lives,
        "ordinal": final.ordinal,
        "life_since": final.life_since,
        "qualified_at": final.qualified_at,
        "settles_at": np.where(gone, NEVER, given.settles_at),
        "ends_at": np.full(n, NEVER),
        "paused_at": np.full(n, NEVER),
        "anchor": np.zeros(n, np.int64),
        **{name: np.zeros(n, np.bool_) for name in ("paid", "ending", "trial", "failing")},
    }
    columns["at_risk_at"] = _at_risk(columns, given, policy, stood)
    return columns


def of_contracts(
    state: Contracts, given: Gathered, policy: LifecyclePolicy, stood: States | None
) -> dict[str, NDArray[Any]]:
    """Return the columns of `States` under contracts."""
    columns: dict[str, NDArray[Any]] = {
        name: getattr(state, name) for name in States.COLUMNS if hasattr(state, name)
    }
    columns["settles_at"] = given.settles_at
    columns["at_risk_at"] = _at_risk(columns, given, policy, stood)
    return columns


def to_contracts(stood: States) -> Contracts:
    """Return where contracts stood, to be changed."""
    names = [field.name for field in attrs.fields(Contracts)]
    return Contracts(**{name: stood.columns[name].copy() for name in names})


def recents(rows: Rows, memory: int) -> Int:
    """Return the latest qualifying instants of each customer, `NEVER` in front where fewer."""
    qualified = np.flatnonzero(rows.trigger == Trigger.ACTIVITY)
    upto = np.searchsorted(qualified, rows.offsets)
    place = upto[1:, None] - np.arange(memory, 0, -1)
    there = place >= upto[:-1, None]
    out = np.full(place.shape, NEVER)
    out[there] = rows.at[qualified[place[there]]]
    return out


def _at_risk(
    columns: dict[str, NDArray[Any]],
    given: Gathered,
    policy: LifecyclePolicy,
    stood: States | None,
) -> Int:
    """Return from when active customers are at risk, if nothing happens."""
    at_risk = np.full(given.ids.size, NEVER)
    if policy.at_risk is None:
        return at_risk
    qualified = columns["qualified_at"]
    living = np.flatnonzero(_ALIVE[columns["stage"]])
    if policy.at_risk.after is not None:
        base = np.maximum(qualified, given.noticed_at)[living]
        closes = after_us(policy.at_risk.after, base, policy.calendar)
        at_risk[living] = np.where(closes <= LAST, closes, NEVER)
        if stood is not None:  # no sign since
            quiet = living[base <= (stood.context.as_of or 0)]
            at_risk[quiet] = stood.columns["at_risk_at"][quiet]
        return at_risk
    due = columns["overdue_at"][living]
    known = due < NEVER
    some = living[known]
    window = due[known] - policy.event_first - qualified[some]
    at_risk[some] = qualified[some] + np.rint(policy.at_risk.share * window).astype(np.int64)
    return at_risk
