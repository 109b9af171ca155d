"""Per qualifying activity, all at once: does it count yet, and when does its window close."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.columns.rows import Opening, Rows
from customerops.lifecycle.policy.clocks import Inactivity, Latency
from customerops.lifecycle.policy.criteria import FirstQualifying, NWithin
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import after_us
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

__all__ = ["activating", "lapses"]

Int = NDArray[np.int64]
Mask = NDArray[np.bool_]


def activating(
    rows: Rows, qualified: Int, policy: LifecyclePolicy, opening: Opening | None
) -> Mask:
    """Return which qualifying rows count as activity of a life.

    Those before the first life's beginning do not: they only add up to it.
    """
    if isinstance(policy.activation, FirstQualifying):
        return np.ones(qualified.size, np.bool_)
    customer = _customer(rows, qualified)
    nth = _nth(customer) + 1
    n, at = policy.activation.n, rows.at[qualified]
    had = np.zeros(qualified.size, np.bool_)
    if opening is not None:
        had = opening.lives[customer] > 0
        # those before the opening are rows, too, as far as they are remembered
        before = customer[rows.source[qualified] == Rows.BEFORE]
        known = np.bincount(before, minlength=opening.lives.size)
        nth = nth + (opening.ordinal - known)[customer]
    enough = nth >= n
    if isinstance(policy.activation, NWithin):
        place = np.arange(qualified.size)
        opens = np.maximum(place - n + 1, 0)
        enough &= (place >= n - 1) & (customer[opens] == customer)
        window = np.flatnonzero(enough)
        closes = after_us(policy.activation.window, at[opens[window]], policy.calendar)
        enough[window] = at[window] < closes
        # once activated, all that follows counts
        latest = np.maximum.accumulate(np.where(enough, place, -1))
        enough = (latest >= 0) & (customer[np.maximum(latest, 0)] == customer)
    return enough | had


def lapses(rows: Rows, qualified: Int, policy: LifecyclePolicy) -> Int:
    """Return when the lapse window of each qualifying activity closes."""
    clock, at = policy.clock, rows.at[qualified]
    if isinstance(clock, Inactivity):
        return after_us(clock.window, at, policy.calendar)
    assert isinstance(clock, Latency)
    window = np.full(at.size, micros(clock.fallback))
    intervals = np.diff(at, prepend=at[:1])
    completed = np.minimum(_nth(_customer(rows, qualified)), clock.last)
    for m in range(clock.min_intervals, clock.last + 1):
        those = np.flatnonzero(completed == m)
        if those.size:
            window[those] = clock.windows(intervals[those[:, None] - np.arange(m)])
    closes: Int = at + window
    return closes


def _customer(rows: Rows, qualified: Int) -> Int:
    return np.searchsorted(rows.offsets, qualified, side="right") - 1


def _nth(customer: Int) -> Int:
    """Return how many rows of its customer come before each."""
    place = np.arange(customer.size)
    return place - np.maximum.accumulate(np.where(first_of_run(customer), place, 0))
