"""Opportunities to convert: which touches come before which conversion, and which before none."""

from __future__ import annotations

from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.values.runs import first_of_run, ranges

__all__ = ["MOST", "Counting", "Opportunities", "opportunities"]

Counting = Literal["once", "each"]
Int = NDArray[np.int64]

MOST = 2**27
"""Steps of all paths together: each conversion of a busy customer may have thousands."""


@attrs.frozen(eq=False)
class Opportunities:
    """Paths of touches, first those that converted.

    Attributes
    ----------
    touch : ndarray of int
        The touches of all paths one after another, as places among the touches.
    offsets : ndarray of int, shape (paths + 1,)
        Where each path begins there.
    conversion : ndarray of int, shape (paths,)
        The row of the event each path led to; -1 for none.
    last : ndarray of int, shape (paths,)
        The row each ends with: its conversion, else its last touch.
    open : ndarray of bool, shape (paths,)
        Which may still convert.
    """

    touch: Int
    offsets: Int
    conversion: Int
    last: Int
    open: NDArray[np.bool_]


def opportunities(
    at: Int,
    customers: Int,
    touches: Int,
    conversions: Int,
    *,
    lookback: int | None,
    counting: Counting,
    as_of: int,
) -> Opportunities:
    """Cut the touches of everybody into paths.

    Parameters
    ----------
    at, customers : ndarray of int, shape (n_events,)
        When each event was, and whose, sorted by customer and time.
    touches, conversions : ndarray of int
        Their rows, rising; an event may be both.
    lookback : int or None
        Longest time from a touch to its conversion, in microseconds, inclusive.
    counting : {"once", "each"}
        Whether a touch is of the next conversion alone, or of each within the lookback.
    as_of : int
        The last known instant.
    """
    when, who = at[touches], customers[touches]
    owner = customers[conversions]
    stop = np.searchsorted(touches, conversions, side="right").astype(np.int64)
    start = np.searchsorted(who, owner, side="left").astype(np.int64)
    if lookback is not None:
        start = _first_at_least(when, start, stop, at[conversions] - lookback)
    if counting == "once" and len(owner):
        before = np.append(0, np.where(first_of_run(owner)[1:], 0, stop[:-1]))
        start = np.maximum(start, before)
    if int((stop - start).sum()) > MOST:
        raise InvalidInputError(
            "lookback", f"must leave at most {MOST:,} touches to all conversions", "got more"
        )
    edge = np.zeros(len(touches) + 1, np.int64)
    edge += np.bincount(start, minlength=len(edge)) - np.bincount(stop, minlength=len(edge))
    left = np.flatnonzero(np.cumsum(edge[:-1]) == 0)  # before no conversion
    heads = _heads(when[left], who[left], np.searchsorted(conversions, touches[left]), lookback)
    ends = np.append(heads[1:], len(left))[: len(heads)]
    final = touches[left[ends - 1]]
    undecided = np.ones(len(heads), np.bool_) if lookback is None else at[final] + lookback > as_of
    length = np.concatenate([stop - start, ends - heads])
    return Opportunities(
        touch=np.concatenate([ranges(start, stop - start), left]),
        offsets=np.append(0, np.cumsum(length)),
        conversion=np.concatenate([conversions, np.full(len(heads), -1)]),
        last=np.concatenate([conversions, final]),
        open=np.concatenate([np.zeros(len(owner), np.bool_), undecided]),
    )


def _heads(when: Int, who: Int, passed: Int, lookback: int | None) -> Int:
    """Return which touches without a conversion begin a path.

    The first of a customer and the first after a conversion do; from each on, the first that comes
    later than the lookback does, so that no path is longer than one that converts can be.
    """
    lead = first_of_run(who, passed)
    heads = np.flatnonzero(lead)
    if lookback is None or not len(heads):
        return heads
    begins = lead.copy()
    stop = np.append(heads[1:], len(who))
    stops = stop[np.cumsum(lead) - 1]
    following = _first_at_least(when, np.arange(len(who)), stops, when + lookback + 1)
    current = heads
    while len(current):
        begins[current] = True
        after = following[current]
        current = after[after < stops[current]]
    return np.flatnonzero(begins)


def _first_at_least(values: Int, low: Int, high: Int, target: Int) -> Int:
    """Return the first place from low to below high with a value not below the target; else high.

    Values rise between each low and high.
    """
    low, high = low.copy(), high.copy()
    searching = np.flatnonzero(low < high)
    while len(searching):
        middle = (low[searching] + high[searching]) // 2
        below = values[middle] < target[searching]
        low[searching] = np.where(below, middle + 1, low[searching])
        high[searching] = np.where(below, high[searching], middle)
        searching = searching[low[searching] < high[searching]]
    return low
