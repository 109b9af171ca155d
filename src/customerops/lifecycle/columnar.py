"""The machine over a whole population at once: prefix sums in place of a loop over customers.

A qualifying activity is a point of regeneration: what follows depends on its instant, on its
ordinal within the life and on the number of the life, never on more of the past. So only three
sorts of event can start anything: a customer's first one, a qualifying one, and an erasure. They
are called *anchors* here. One bit per anchor, "did this end before the next anchor?", gives lives
and ordinals by prefix sums, and each anchor writes at most three transitions.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.stages import STAGES, Stage, Trigger

if TYPE_CHECKING:
    from customerops.lifecycle.policy import LifecyclePolicy

__all__ = ["NEVER", "Emitted", "Windows", "canonical", "replay_columns"]

NEVER = 2**61
"""Microseconds beyond every instant, and safe to add twice to one."""

Int = NDArray[np.int64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]

_US = dt.timedelta(microseconds=1)
_CODE = {stage: np.int8(code) for code, stage in enumerate(STAGES)}


@attrs.frozen
class Windows:
    """A policy as numbers: windows in microseconds, `NEVER` where there is none."""

    lapse: int
    winback: int
    activation: int
    retain_after: int
    event_first: bool

    @classmethod
    def of(cls, policy: LifecyclePolicy) -> Self:
        """Return the numbers of a policy."""
        return cls(
            lapse=_micros(policy.clock.window),
            winback=_micros(policy.winback_window),
            activation=_micros(policy.activation_window),
            retain_after=policy.retention.k,
            event_first=policy.event_first,
        )


@attrs.frozen(eq=False)
class Emitted:
    """Transitions in (customer, time) order, and where each customer stands at the end.

    Parameters
    ----------
    counts : int64 (n_customers,)
        Transitions of each customer.
    at : int64 (n_transitions,)
        Microseconds UTC.
    target : int8 (n_transitions,)
        Code of the stage entered.
    row : int64 (n_transitions,)
        Row of the event that caused it, -1 for a timeout.
    lives, ordinal : int64 (n_customers,)
        Lives so far; qualifying activities in the latest one.
    qualified_at : int64 (n_customers,)
        The last qualifying activity, `NEVER` without one.
    """

    counts: Int
    at: Int
    target: Codes
    row: Int
    lives: Int
    ordinal: Int
    qualified_at: Int


def canonical(offsets: Int, at: Int, trigger: Codes) -> Int | None:
    """Return the rows in canonical order (customer, at, trigger, input); None if they are.

    Only a run of one customer's events at one instant can be out of order, so only those are
    sorted.
    """
    if at.size < 2:
        return None
    tied = at[1:] == at[:-1]
    starts = offsets[1:-1]
    tied[starts[(starts > 0) & (starts < at.size)] - 1] = False
    if not (tied & (trigger[1:] < trigger[:-1])).any():
        return None
    run = np.concatenate(([0], np.cumsum(~tied)))
    in_tie = np.zeros(at.size, bool)
    in_tie[1:] = tied
    in_tie[:-1] |= tied
    rows = np.flatnonzero(in_tie)
    order = np.arange(at.size)
    order[rows] = rows[np.argsort(run[rows] * 8 + trigger[rows], kind="stable")]
    return order


def replay_columns(
    offsets: Int, at: Int, trigger: Codes, windows: Windows, as_of: int, *, block: int = 1 << 17
) -> Emitted:
    """Replay all customers; rows are in canonical order and none is later than `as_of`.

    The rows are cut at customer boundaries into blocks of about `block` rows, which stay in the
    cache. Customers are independent, so the cuts change nothing.
    """
    n_customers = offsets.size - 1
    parts: list[Emitted] = []
    first = 0
    while first < n_customers or not parts:
        upto = int(np.searchsorted(offsets, offsets[first] + block, side="right")) - 1
        last = min(max(upto, first + 1), n_customers)
        lo, hi = int(offsets[first]), int(offsets[last])
        cut = offsets[first : last + 1] - lo
        part = _replay(cut, at[lo:hi], trigger[lo:hi], windows, as_of)
        part.row[part.row >= 0] += lo
        parts.append(part)
        first = last
    names = [field.name for field in attrs.fields(Emitted)]
    return Emitted(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def _micros(window: dt.timedelta | None) -> int:
    return NEVER if window is None else min(window // _US, NEVER)


def _replay(offsets: Int, at: Int, trigger: Codes, windows: Windows, as_of: int) -> Emitted:
    rows, first = _anchors(offsets, trigger)
    when = at[rows]
    activity = trigger[rows] == Trigger.ACTIVITY
    erase = trigger[rows] == Trigger.ERASE

    # how each anchor's stage ends, unless the next anchor comes first
    limit = _limits(when, first, windows, as_of)
    ends, cancel = _ends(rows, when, activity, at, trigger, windows)
    ended = ~erase & ((cancel >= 0) | (ends <= limit))
    lost_at = ends + windows.winback
    lost = activity & ended & (lost_at <= limit)

    starts, ordinal, first_life = _lives(first, activity, ended)
    stage = np.where(first_life, _CODE[Stage.ACTIVATED], _CODE[Stage.WON_BACK])
    stage[ordinal >= windows.retain_after] = _CODE[Stage.RETAINED]
    stage[~activity] = _CODE[Stage.ACQUIRED]
    stage[erase] = _CODE[Stage.ERASED]
    enters = starts | ~activity
    enters[1:] |= stage[1:] != stage[:-1]

    # an anchor writes the stage it enters, then how that ended, then the loss after a lapse
    written = enters.astype(np.int64) + ended + lost
    upto = np.cumsum(written)
    size = int(upto[-1]) if upto.size else 0
    out_at, target = np.empty(size, np.int64), np.empty(size, np.int8)
    row = np.full(size, -1, np.int64)
    spot = (upto - written)[enters]
    out_at[spot], target[spot], row[spot] = when[enters], stage[enters], rows[enters]
    spot = (upto - lost)[ended] - 1
    out_at[spot], row[spot] = ends[ended], cancel[ended]
    target[spot] = np.where(activity[ended], _CODE[Stage.LAPSED], _CODE[Stage.LOST])
    spot = upto[lost] - 1
    out_at[spot], target[spot] = lost_at[lost], _CODE[Stage.LOST]

    seen = offsets[1:] > offsets[:-1]
    heads = np.flatnonzero(first)
    counts = _spread(seen, np.add.reduceat(written, heads), 0)
    lives = _spread(seen, np.add.reduceat(starts.astype(np.int64), heads), 0)
    latest = np.maximum.accumulate(np.where(activity, np.arange(rows.size), -1))
    latest = latest[np.append(heads[1:], rows.size)[: heads.size] - 1]
    known = lives[seen] > 0
    return Emitted(
        counts,
        out_at,
        target,
        row,
        lives,
        _spread(seen, np.where(known, ordinal[latest], 0), 0),
        _spread(seen, np.where(known, when[latest], NEVER), NEVER),
    )


def _anchors(offsets: Int, trigger: Codes) -> tuple[Int, Mask]:
    """Return the rows that start something, and which of them open a customer."""
    head = np.zeros(trigger.size, bool)
    head[offsets[:-1][offsets[1:] > offsets[:-1]]] = True
    is_erase = trigger == Trigger.ERASE
    anchor = head | is_erase | (trigger == Trigger.ACTIVITY)
    erased = np.flatnonzero(is_erase)
    if erased.size:  # nothing after a customer's first erasure counts
        customer = np.searchsorted(offsets, erased, side="right") - 1
        once = np.append(True, customer[1:] != customer[:-1])
        gone = np.zeros(trigger.size + 1, np.int8)
        gone[erased[once] + 1] += 1
        gone[offsets[customer[once] + 1]] -= 1
        anchor &= np.cumsum(gone[:-1], dtype=np.int8) == 0
    rows = np.flatnonzero(anchor)
    return rows, head[rows]


def _limits(when: Int, first: Mask, windows: Windows, as_of: int) -> Int:
    """Return the last instant at which a deadline fires before the next anchor does.

    Half-open windows let the timeout go first at the instant of the event; under event_first it
    must be earlier. With no anchor to come, deadlines up to `as_of` fire, that instant included.
    """
    limit = np.full(when.size, as_of, np.int64)
    if when.size > 1:
        np.copyto(limit[:-1], when[1:] - windows.event_first, where=~first[1:])
    return limit


def _ends(
    rows: Int, when: Int, activity: Mask, at: Int, trigger: Codes, windows: Windows
) -> tuple[Int, Int]:
    """Return when each anchor's stage ends by itself or by a cancel, and that cancel's row or -1."""
    ends = when + np.where(activity, windows.lapse, windows.activation)
    cancel = np.full(rows.size, -1, np.int64)
    cancels = np.flatnonzero(trigger == Trigger.CANCEL)
    if cancels.size:
        # a customer's first row is an anchor: a cancel before the next anchor is of this customer
        nth = np.searchsorted(cancels, rows)
        row = cancels[np.minimum(nth, cancels.size - 1)]
        wins = activity & (nth < cancels.size) & (row < np.append(rows[1:], at.size))
        wins &= at[row] - windows.event_first < ends
        cancel[wins] = row[wins]
        ends[wins] = at[row[wins]]
    return ends, cancel


def _lives(first: Mask, activity: Mask, ended: Mask) -> tuple[Mask, Int, Mask]:
    """Return, per anchor: does a life start, the ordinal within it, is it the first life."""
    opens = activity.copy()
    opens[1:] &= first[1:] | ~activity[:-1]
    starts = opens.copy()
    starts[1:] |= activity[1:] & ended[:-1]
    place = np.arange(activity.size)
    begun = np.maximum.accumulate(np.where(starts, place, 0))
    return starts, place - begun + 1, begun == np.maximum.accumulate(np.where(opens, place, 0))


def _spread(seen: Mask, values: Int, absent: int) -> Int:
    """Give customers without any event their value."""
    out = np.full(seen.size, absent, np.int64)
    out[seen] = values
    return out
