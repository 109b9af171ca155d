"""What qualifies and counts later, unless a refund comes before."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.columns.rows import Rows
from customerops.lifecycle.policy.spans import LAST, NEVER
from customerops.lifecycle.policy.stages import Trigger
from customerops.model.log.log import InteractionLog
from customerops.model.values.instants import micros

__all__ = ["settled"]

Int = NDArray[np.int64]


def settled(
    log: InteractionLog, rows: Rows, settle_after: dt.timedelta, as_of: int
) -> tuple[Rows, Int]:
    """Return the rows with qualifying ones put off, and when the next of each unit counts.

    A qualifying row stays as a sighting at its own instant, and counts at a row of its own that
    much later, if no refund of its thread came between and it is over by `as_of`.
    """
    n_units = rows.offsets.size - 1
    unit = np.repeat(np.arange(n_units), np.diff(rows.offsets))
    qualified = np.flatnonzero(rows.trigger == Trigger.ACTIVITY)
    counts_at = rows.at[qualified] + micros(settle_after)
    standing = ~_refunded(log, rows, unit, qualified, counts_at) & (counts_at <= LAST)
    qualified, counts_at = qualified[standing], counts_at[standing]

    settles = np.full(n_units, NEVER)
    waits = counts_at > as_of
    np.minimum.at(settles, unit[qualified[waits]], counts_at[waits] + 1)

    trigger = np.where(rows.trigger == Trigger.ACTIVITY, Trigger.SIGHTING, rows.trigger)
    done = qualified[~waits]
    unit = np.concatenate((unit, unit[done]))
    at = np.concatenate((rows.at, counts_at[~waits]))
    trigger = np.concatenate((trigger, np.full(done.size, Trigger.ACTIVITY))).astype(np.int8)
    source = np.concatenate((rows.source, rows.source[done]))
    order = np.lexsort((at, unit))
    offsets = np.searchsorted(unit[order], np.arange(n_units + 1))
    return Rows(offsets, at[order], trigger[order], source[order]), settles


def _refunded(
    log: InteractionLog, rows: Rows, unit: Int, qualified: Int, counts_at: Int
) -> NDArray[np.bool_]:
    """Return which qualifying rows a refund of their unit and thread takes back in time."""
    refunds = np.flatnonzero(rows.trigger == Trigger.REFUND)
    if not refunds.size or "thread" not in log.columns:
        return np.zeros(qualified.size, np.bool_)
    thread = log.coded("thread").codes.astype(np.int64)[rows.source]
    refunds = refunds[thread[refunds] >= 0]
    own = qualified[thread[qualified] >= 0]
    place = np.concatenate((own, refunds))
    refund = np.arange(place.size) >= own.size
    # by unit, thread and time, a refund behind what it may take back at the same instant
    order = np.lexsort((refund, rows.at[place], thread[place], unit[place]))
    nth = np.where(refund[order], np.arange(place.size), place.size)
    coming = np.minimum.accumulate(nth[::-1])[::-1]
    here = order[coming < place.size]
    refunder = place[order[coming[coming < place.size]]]
    same = (unit[place[here]] == unit[refunder]) & (thread[place[here]] == thread[refunder])
    at = np.full(rows.at.size, NEVER)
    at[place[here[same]]] = rows.at[refunder[same]]
    return at[qualified] < counts_at
