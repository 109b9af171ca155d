"""From a log to the rows the columnar machine reads, unit by unit."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.columns.rows import Rows, canonical
from customerops.lifecycle.columns.settling import settled
from customerops.lifecycle.policy.events import TRIGGERS, LifecycleEvent
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import Trigger
from customerops.model.log.log import InteractionLog, locked
from customerops.model.values.runs import first_of_run, ranges

__all__ = ["Gathered", "gathered", "until_erased"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]


@attrs.frozen(eq=False)
class Gathered:
    """The units of a lifecycle, and their events in canonical order.

    Parameters
    ----------
    ids : ndarray (n_units,)
        Customer ids; (customer, value) under a policy with a scope.
    rows : Rows
        Up to the first erasure of each unit.
    first : int64 (n_units,)
        The row of the log with the first event of the unit's customer.
    noticed_at : int64 (n_units,)
        The last sign of life to ``at_risk`` besides qualifying, ``-NEVER`` without one.
    settles_at : int64 (n_units,)
        When the next that is settling counts, `NEVER` if nothing is.
    """

    ids: NDArray[Any]
    rows: Rows
    first: Int
    noticed_at: Int
    settles_at: Int


def gathered(log: InteractionLog, policy: LifecyclePolicy, as_of: int) -> Gathered:
    """Return the units of a log that ends with `as_of`."""
    trigger = _triggers(log, policy)
    if policy.scope is None:
        ids, offsets, first = log.customers, log.offsets, log.offsets[:-1]
        rows = Rows(offsets, log.at, trigger, np.arange(log.at.size))
    else:
        ids, rows, first = _by_scope(log, trigger, policy.scope)
    noticed = _noticed(log, rows, policy)
    settles = np.full(ids.size, NEVER)
    if policy.settle_after is not None:
        rows, settles = settled(log, rows, policy.settle_after, as_of)
    return Gathered(ids, until_erased(canonical(rows)), first, noticed, settles)


def _triggers(log: InteractionLog, policy: LifecyclePolicy) -> Codes:
    """Return what each event is to the machine: by its kind, and if that is activity by the rule."""
    means = {kind: TRIGGERS[event] for kind, event in policy.events.items()}
    by_kind = [means.get(str(kind), Trigger.SIGHTING) for kind in log.kinds]
    trigger: Codes = np.array(by_kind, np.int8)[log.kind]
    if policy.qualifies is not None:
        open_to_rule = [str(kind) not in means for kind in log.kinds]
        activity = np.array(open_to_rule, np.bool_)[log.kind]
        trigger[policy.qualifies.mask(log) & activity] = Trigger.ACTIVITY
    if LifecycleEvent.RENEW in policy.events.values() and "until" in log.columns:
        valid = log.numbers("until").valid
        says = trigger == Trigger.RENEW
        trigger[says if valid is None else says & valid] = Trigger.RENEW_THROUGH
    return trigger


def _by_scope(log: InteractionLog, trigger: Codes, scope: str) -> tuple[NDArray[Any], Rows, Int]:
    """Return (customer, value) as units; a customer's erasures are of all of them."""
    name = f"attributes.{scope}"
    if name not in log.columns:
        problem = f"load it with attributes=[{scope!r}]"
        raise InvalidInputError("scope", f"must be an attribute of the log, {scope!r}", problem)
    value = log.coded(name)
    if len({type(label) for label in value.labels}) > 1:
        raise InvalidInputError("scope", "must be an attribute of values of one type")
    has = np.flatnonzero(value.codes >= 0)
    code, n_values = value.codes.astype(np.int64), max(len(value.labels), 1)
    place = np.empty(log.customers.size, np.int64)
    place[log.id_order] = np.arange(place.size)
    mine = place[log.codes[has]] * n_values + code[has]
    cell = np.unique(mine)
    rank, label = cell // n_values, cell % n_values
    owner = log.id_order[rank]  # units by customer id, then value
    ids = np.empty(cell.size, object)
    customers = log.customers[owner].tolist()
    ids[:] = [(who, value.labels[i]) for who, i in zip(customers, label.tolist(), strict=True)]

    loose = np.flatnonzero((value.codes < 0) & (trigger == Trigger.ERASE))
    of_all = place[log.codes[loose]]
    lo, hi = (np.searchsorted(rank, of_all, side) for side in ("left", "right"))
    unit = np.concatenate((np.searchsorted(cell, mine), ranges(lo, hi - lo)))
    source = np.concatenate((has, np.repeat(loose, hi - lo)))
    order = np.lexsort((source, unit))
    unit, source = unit[order], source[order]
    offsets = np.searchsorted(unit, np.arange(cell.size + 1))
    rows = Rows(offsets, log.at[source], trigger[source], source)
    return locked(ids), rows, log.offsets[:-1][owner]


def _noticed(log: InteractionLog, rows: Rows, policy: LifecyclePolicy) -> Int:
    """Return the last sign of life of each unit, besides what qualifies."""
    latest = np.full(rows.offsets.size - 1, -NEVER)
    rule = None if policy.at_risk is None else policy.at_risk.rule
    if rule is not None:
        signs = np.flatnonzero(rule.mask(log)[rows.source])
        unit = np.searchsorted(rows.offsets, signs, side="right") - 1
        last = np.append(first_of_run(unit)[1:], True)[: unit.size]
        latest[unit[last]] = rows.at[signs[last]]
    return latest


def until_erased(rows: Rows) -> Rows:
    """Return the rows up to each unit's first erasure: nothing after it counts."""
    erased = np.flatnonzero(rows.trigger == Trigger.ERASE)
    if not erased.size:
        return rows
    unit = np.searchsorted(rows.offsets, erased, side="right") - 1
    once = first_of_run(unit)
    erased, unit = erased[once], unit[once]
    lengths = np.diff(rows.offsets)
    lengths[unit] = erased + 1 - rows.offsets[unit]
    kept = ranges(rows.offsets[:-1], lengths)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return Rows(offsets, rows.at[kept], rows.trigger[kept], rows.source[kept])
