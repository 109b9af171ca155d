"""The machine over a whole population at once: prefix sums in place of a loop over customers.

A qualifying activity is a point of regeneration: what follows depends on its instant, on its
ordinal within the life and on the number of the life, never on more of the past. So only three
sorts of event can start anything: a customer's first one, a qualifying one, and an erasure. They
are called *anchors* here. One bit per anchor, "did this end before the next anchor?", gives lives
and ordinals by prefix sums, and each anchor writes at most three transitions.

Customers who stood somewhere already come with an anchor that stands for their past: it writes
nothing of what is known, and lives and ordinals are counted on from theirs.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.columns.latencies import activating, lapses
from customerops.lifecycle.columns.rows import Final, Opening, Rows, spread
from customerops.lifecycle.policy.criteria import FirstQualifying, KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import NEVER, Span, after_us
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, Stage, Trigger

__all__ = ["Emitted", "replay_columns"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]

_CODE = {stage: np.int8(code) for code, stage in enumerate(STAGES)}
_LIVING = [STAGES.index(stage) for stage in STAGES if stage in ACTIVE]


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
    final : Final
        What is counted and when it ends, customer by customer.
    """

    counts: Int
    at: Int
    target: Codes
    row: Int
    final: Final


@attrs.frozen(eq=False)
class _Anchors:
    """The rows that start something: an array each, one value an anchor."""

    row: Int
    when: Int
    first: Mask  # of its customer
    activity: Mask
    erase: Mask
    past: Mask  # stands for an opening state
    customer: Int


def replay_columns(
    rows: Rows,
    policy: LifecyclePolicy,
    as_of: int,
    opening: Opening | None = None,
    *,
    block: int = 1 << 17,
) -> Emitted:
    """Replay all customers; rows are in canonical order and none is later than `as_of`.

    The rows are cut at customer boundaries into blocks of about `block` rows, which stay in the
    cache. Customers are independent, so the cuts change nothing.
    """
    offsets, n_customers = rows.offsets, rows.offsets.size - 1
    parts: list[Emitted] = []
    first = 0
    while first < n_customers or not parts:
        upto = int(np.searchsorted(offsets, offsets[first] + block, side="right")) - 1
        last = min(max(upto, first + 1), n_customers)
        lo = int(offsets[first])
        own = None if opening is None else opening.part(first, last)
        part = _replay(rows.part(first, last), policy, as_of, own)
        part.row[part.row >= 0] += lo
        parts.append(part)
        first = last
    return Emitted(
        counts=np.concatenate([part.counts for part in parts]),
        at=np.concatenate([part.at for part in parts]),
        target=np.concatenate([part.target for part in parts]),
        row=np.concatenate([part.row for part in parts]),
        final=Final.joined([part.final for part in parts]),
    )


def _replay(rows: Rows, policy: LifecyclePolicy, as_of: int, opening: Opening | None) -> Emitted:
    counts, closes = _qualified(rows, policy, opening)
    a = _anchors(rows, counts)
    # how each anchor's stage ends, unless the next anchor comes first
    limit = _limits(a, as_of, event_first=policy.event_first)
    ends = _stage_ends(a, closes, policy, opening)
    cancel = _cancels(a, rows, ends, event_first=policy.event_first)
    cancelled = cancel >= 0
    ends[cancelled] = rows.at[cancel[cancelled]]
    ended = ~a.erase & (cancelled | (ends <= limit))
    lost_at = _lost_at(a, ends, ended, policy, opening)
    lost = a.activity & ended & (lost_at <= limit)

    starts, begun, ordinal, lives = _lives(a, ended, opening)
    stage = _stages(a, begun, ordinal, lives, policy, opening)
    enters = starts | ~a.activity
    enters[1:] |= stage[1:] != stage[:-1]
    if opening is not None:  # what was known then is not told again
        enters &= ~a.past
        ended &= ~(a.past & (ends <= opening.at))
        lost &= ~(a.past & (lost_at <= opening.at))
    told = _written(a, stage, ends, cancel, lost_at, enters, ended, lost)

    heads = np.flatnonzero(a.first)
    seen = rows.offsets[1:] > rows.offsets[:-1]
    written = enters.astype(np.int64) + ended + lost
    final = _final(a, begun, ordinal, lives, heads, ends, opening)
    if not isinstance(policy.activation, FirstQualifying):
        final = _not_yet(final, rows, seen, opening)
    return Emitted(
        spread(seen, np.add.reduceat(written, heads) if heads.size else heads, 0),
        *told,
        final.spread(seen),
    )


def _qualified(rows: Rows, policy: LifecyclePolicy, opening: Opening | None) -> tuple[Mask, Int]:
    """Return which rows count as activity of a life, and when the window of each closes."""
    qualified = np.flatnonzero(rows.trigger == Trigger.ACTIVITY)
    counts = np.zeros(rows.at.size, np.bool_)
    counts[qualified] = activating(rows, qualified, policy, opening)
    if opening is not None:
        counts[rows.source == Rows.BEFORE] = False
    closes = np.full(rows.at.size, NEVER)
    closes[qualified] = lapses(rows, qualified, policy)
    return counts, closes


def _anchors(rows: Rows, counts: Mask) -> _Anchors:
    """Return what starts something: first rows, activity that counts, erasures.

    Nothing follows an erasure.
    """
    offsets, trigger = rows.offsets, rows.trigger
    seen = offsets[1:] > offsets[:-1]
    head = np.zeros(trigger.size, np.bool_)
    opens = offsets[:-1][seen]
    before = rows.source == Rows.BEFORE
    if before.any():  # what is only remembered starts nothing
        opens = opens + np.add.reduceat(before.astype(np.int64), opens)
    head[opens] = True
    row = np.flatnonzero(head | counts | (trigger == Trigger.ERASE))
    first = head[row]
    return _Anchors(
        row=row,
        when=rows.at[row],
        first=first,
        activity=counts[row],
        erase=trigger[row] == Trigger.ERASE,
        past=rows.source[row] == Rows.PAST,
        customer=np.flatnonzero(seen)[np.cumsum(first) - 1],
    )


def _limits(a: _Anchors, as_of: int, *, event_first: bool) -> Int:
    """Return the last instant at which a deadline fires before the next anchor does.

    Half-open windows let the timeout go first at the instant of the event; under event_first it
    must be earlier. With no anchor to come, deadlines up to `as_of` fire, that instant included.
    """
    limit = np.full(a.when.size, as_of, np.int64)
    if a.when.size > 1:
        np.copyto(limit[:-1], a.when[1:] - event_first, where=~a.first[1:])
    return limit


def _stage_ends(a: _Anchors, closes: Int, policy: LifecyclePolicy, opening: Opening | None) -> Int:
    """Return when each anchor's stage ends by itself."""
    ends = np.where(a.activity, closes[a.row], NEVER)
    if policy.activation_window is not None:
        waits = ~a.activity & ~a.erase
        ends[waits] = after_us(policy.activation_window, a.when[waits], policy.calendar)
    if opening is not None:
        ends[a.past] = opening.ends[a.customer[a.past]]
    return ends


def _cancels(a: _Anchors, rows: Rows, ends: Int, *, event_first: bool) -> Int:
    """Return the row of the cancel that ends each anchor's life before it ends by itself, or -1."""
    cancel = np.full(a.row.size, -1, np.int64)
    cancels = np.flatnonzero(rows.trigger == Trigger.CANCEL)
    if cancels.size:
        # a customer's first row is an anchor: a cancel before the next anchor is of this customer
        nth = np.searchsorted(cancels, a.row)
        row = cancels[np.minimum(nth, cancels.size - 1)]
        wins = a.activity & (nth < cancels.size) & (row < np.append(a.row[1:], rows.at.size))
        wins &= rows.at[row] - event_first < ends
        cancel[wins] = row[wins]
    return cancel


def _lost_at(
    a: _Anchors, ends: Int, ended: Mask, policy: LifecyclePolicy, opening: Opening | None
) -> Int:
    """Return when the win-back window after each end of a life closes."""
    lost_at = np.full(ends.size, NEVER)
    if policy.winback_window is not None:
        lapsed = a.activity & ended
        lost_at[lapsed] = after_us(policy.winback_window, ends[lapsed], policy.calendar)
    if opening is not None:
        gone = a.past & (opening.stage[a.customer] == _CODE[Stage.LOST])
        lost_at[gone] = ends[gone]
    return lost_at


def _lives(a: _Anchors, ended: Mask, opening: Opening | None) -> tuple[Mask, Int, Int, Int]:
    """Return, per anchor: does a life start, where it began, the ordinal in it, and its number."""
    starts = a.activity.copy()
    starts[1:] &= a.first[1:] | ~a.activity[:-1] | ended[:-1]
    place = np.arange(a.activity.size)
    begun = np.maximum.accumulate(np.where(starts, place, 0))
    ordinal = place - begun + 1
    number = np.cumsum(starts, dtype=np.int64)
    first = np.maximum.accumulate(np.where(a.first, place, 0))
    lives: Int = number - (number - starts)[first]
    if opening is not None:
        # the past's own anchor, where it is activity, was counted as one life and one of it
        had = opening.lives[a.customer]
        lives = lives + np.where(a.past[first] & a.activity[first], had - 1, 0)
        goes_on = a.past[begun] & a.activity[begun]
        ordinal = ordinal + np.where(goes_on, opening.ordinal[a.customer] - 1, 0)
    return starts, begun, ordinal, lives


def _stages(
    a: _Anchors,
    begun: Int,
    ordinal: Int,
    lives: Int,
    policy: LifecyclePolicy,
    opening: Opening | None,
) -> Codes:
    """Return the stage that each anchor leads to."""
    stage = np.where(lives == 1, _CODE[Stage.ACTIVATED], _CODE[Stage.WON_BACK])
    if isinstance(policy.retention, KthInLife):
        met = ordinal >= policy.retention.k
    else:
        met = a.when >= _reached(a, begun, policy.retention.tenure, policy, opening)
    stage[met] = _CODE[Stage.RETAINED]
    stage[~a.activity] = _CODE[Stage.ACQUIRED]
    stage[a.erase] = _CODE[Stage.ERASED]
    if opening is not None:
        stands = opening.stage[a.customer]
        living = a.past & np.isin(stands, _LIVING)
        stage[living] = stands[living]
    return stage


def _reached(
    a: _Anchors, begun: Int, tenure: Span, policy: LifecyclePolicy, opening: Opening | None
) -> Int:
    """Return from when the life of each anchor has the tenure."""
    since = a.when
    if opening is not None:
        since = np.where(a.past, opening.life_since[a.customer], since)
    reached = np.full(since.size, NEVER)
    reached[a.activity] = after_us(tenure, since[a.activity], policy.calendar)
    return reached[begun]


def _written(
    a: _Anchors,
    stage: Codes,
    ends: Int,
    cancel: Int,
    lost_at: Int,
    enters: Mask,
    ended: Mask,
    lost: Mask,
) -> tuple[Int, Codes, Int]:
    """Write the stage an anchor enters, then how that ended, then the loss after a lapse."""
    upto = np.cumsum(enters.astype(np.int64) + ended + lost)
    size = int(upto[-1]) if upto.size else 0
    at, target = np.empty(size, np.int64), np.empty(size, np.int8)
    row = np.full(size, -1, np.int64)
    spot = (upto - ended - lost)[enters] - 1
    at[spot], target[spot], row[spot] = a.when[enters], stage[enters], a.row[enters]
    spot = (upto - lost)[ended] - 1
    at[spot], row[spot] = ends[ended], cancel[ended]
    target[spot] = np.where(a.activity[ended], _CODE[Stage.LAPSED], _CODE[Stage.LOST])
    spot = upto[lost] - 1
    at[spot], target[spot] = lost_at[lost], _CODE[Stage.LOST]
    return at, target, row


def _final(
    a: _Anchors,
    begun: Int,
    ordinal: Int,
    lives: Int,
    heads: Int,
    ends: Int,
    opening: Opening | None,
) -> Final:
    """Return what is counted of each customer seen, by its last anchors."""
    tails = np.append(heads[1:], a.row.size)[: heads.size] - 1
    place = np.arange(a.row.size)
    latest = np.maximum.accumulate(np.where(a.activity, place, -1))[tails]
    lived = latest >= heads
    latest = np.maximum(latest, 0)
    final = Final(
        lives=lives[tails],
        ordinal=np.where(lived, ordinal[latest], 0),
        life_since=np.where(lived, a.when[begun[latest]], NEVER),
        qualified_at=np.where(lived, a.when[latest], NEVER),
        ends=np.where(lived, ends[latest], NEVER),
    )
    if opening is not None:
        past = a.past[begun[latest]] & lived
        final.life_since[past] = opening.life_since[a.customer[latest[past]]]
        # an erasure keeps what was counted before it
        erased = np.flatnonzero(a.past[heads] & a.erase[heads])
        for name in ("lives", "ordinal", "life_since", "qualified_at"):
            getattr(final, name)[erased] = getattr(opening, name)[a.customer[heads[erased]]]
    return final


def _not_yet(final: Final, rows: Rows, seen: Mask, opening: Opening | None) -> Final:
    """Return it with what customers did towards their first life."""
    qualifies = rows.trigger == Trigger.ACTIVITY
    starts = rows.offsets[:-1][seen]
    n = np.add.reduceat(qualifies.astype(np.int64), starts) if starts.size else starts
    if opening is not None:
        before = rows.source == Rows.BEFORE
        n = n + opening.ordinal[seen] - np.add.reduceat(before.astype(np.int64), starts)
    latest = np.maximum.accumulate(np.where(qualifies, np.arange(rows.at.size), -1))
    latest = latest[rows.offsets[1:][seen] - 1]
    did = latest >= starts
    known = NEVER if opening is None else opening.qualified_at[seen]
    at = np.where(did, rows.at[np.where(did, latest, 0)] if rows.at.size else NEVER, known)
    return attrs.evolve(
        final,
        ordinal=np.where(final.lives == 0, n, final.ordinal),
        qualified_at=np.where(final.lives == 0, at, final.qualified_at),
    )
