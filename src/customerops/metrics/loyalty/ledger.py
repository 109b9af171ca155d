"""The points of all customers of a log: lots that came, and what was taken from each."""

from __future__ import annotations

import datetime as dt
from bisect import insort
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.loyalty.scheme import DEEDS, PointsScheme
from customerops.metrics.shared.spans import EVER
from customerops.model.log.log import InteractionLog
from customerops.model.values import exact
from customerops.model.values.checks import came
from customerops.model.values.instants import as_instant, to_us

__all__ = ["EARN", "BURN", "EXPIRE", "ADJUST", "REFUND", "Ledger", "instant_of", "ledger_of"]

EARN, BURN, EXPIRE, ADJUST, REFUND = range(len(DEEDS))
_TAKES, _PASSED = -1, -2  # what an entry does that brings no lot
Int = NDArray[np.int64]


@attrs.frozen(eq=False)
class Ledger:
    """Lots and what was taken of them, in the order of the log.

    Attributes
    ----------
    customer, at, deed, points, good_from, good_until : ndarray of int64, shape (lots,)
        Whose, when, by which deed and how many points came, and when they are good, half-open.
    lot, taken_at, why, taken : ndarray of int64, shape (takings,)
        From which lot, when, by which deed and how many were taken; a lot that expired by its date
        had what was left taken at that instant.
    short_of, short_at, short : ndarray of int64
        Whose, when and how many points were asked for and not there.
    members, entered, act : ndarray of int64, shape (entries,)
        The customer, the instant and the deed of each entry.
    """

    customer: Int
    at: Int
    deed: Int
    points: Int
    good_from: Int
    good_until: Int
    lot: Int
    taken_at: Int
    why: Int
    taken: Int
    short_of: Int
    short_at: Int
    short: Int
    members: Int
    entered: Int
    act: Int

    @property
    def taker(self) -> Int:
        """Whose points each taking took."""
        return self.customer[self.lot]

    def sums(self, customers: int, at: int) -> dict[str, Any]:
        """Return by customer what became of the points up to an instant, in microseconds."""

        def total(who: Int, points: Int, which: NDArray[np.bool_]) -> NDArray[Any]:
            return exact.group_sum(who[which], points[which], customers)

        came_in, went = self.at <= at, self.taken_at <= at
        gone_of = exact.group_sum(self.lot[went], self.taken[went], len(self.points))
        left = self.points - gone_of.astype(np.int64)  # never more than came
        good = self.good_from <= at
        by = {deed: came_in & (self.deed == deed) for deed in (EARN, ADJUST, REFUND)}
        gone = {why: went & (self.why == why) for why in (BURN, EXPIRE, ADJUST)}
        up = total(self.customer, self.points, by[ADJUST])
        down = total(self.taker, self.taken, gone[ADJUST])
        return {
            "earned": total(self.customer, self.points, by[EARN]),
            "adjusted": exact.add(up, exact.times(down, -1)),
            "refunded": total(self.customer, self.points, by[REFUND]),
            "burned": total(self.taker, self.taken, gone[BURN]),
            "expired": total(self.taker, self.taken, gone[EXPIRE]),
            "pending": total(self.customer, left, came_in & ~good),
            "outstanding": total(self.customer, left, came_in & good),
            "uncovered": total(self.short_of, self.short, self.short_at <= at),
        }


def instant_of(at: dt.datetime | None, as_of: int) -> int:
    """Return the instant a balance is asked for, not after what is known.

    Raises
    ------
    InvalidInputError
        When it is naive, no datetime, or later than `as_of`.
    """
    if at is None:
        return as_of
    us = to_us(as_instant("at", at))
    if us > as_of:
        raise InvalidInputError("at", "must not be later than as_of", "what comes is not known")
    return us


def ledger_of(log: InteractionLog, scheme: PointsScheme) -> Ledger:
    """Fold the entries of a log that is already as it was known.

    Raises
    ------
    InvalidInputError
        When `scheme` is none, an event fits two of its rules, or a number of points is missing,
        not whole, or negative without being an adjustment.
    """
    if not isinstance(scheme, PointsScheme):
        raise InvalidInputError("scheme", "must be a PointsScheme", came(scheme))
    return log.memo(("points", scheme), lambda: _fold(log, scheme))


def _entries(log: InteractionLog, scheme: PointsScheme) -> tuple[NDArray[np.intp], Int, Int]:
    """Return the rows of the entries, the deed and the points of each."""
    deed = np.full(len(log), -1, np.int64)
    for code, rule in enumerate(scheme.rules):
        mask = rule.mask(log)
        both = int((mask & (deed >= 0)).sum())
        if both:
            problem = f"{both} of {len(log)} events fit two"
            raise InvalidInputError("scheme", "must fit each event by one rule", problem)
        deed[mask] = code
    rows = np.flatnonzero(deed >= 0)
    deed = deed[rows]
    column = log.numbers("value")
    one = 10**log.value_decimals
    raw = column.values[rows]
    wrong = raw % one != 0
    if column.valid is not None:
        wrong |= ~column.valid[rows]
    _refuse(wrong, "must be a whole number of points")
    _refuse((raw < 0) & (deed != ADJUST), "must not be negative but in an adjustment")
    return rows, deed, raw // one


def _refuse(wrong: NDArray[np.bool_], requirement: str) -> None:
    if wrong.any():
        raise InvalidInputError("value", requirement, count=int(wrong.sum()), total=len(wrong))


def _until(log: InteractionLog, rows: NDArray[np.intp], scheme: PointsScheme) -> Int:
    never = np.full(len(rows), EVER, np.int64)
    if scheme.expiry == "entries" or "until" not in log.columns:
        return never
    column = log.numbers("until")
    known = np.ones(len(rows), np.bool_) if column.valid is None else column.valid[rows]
    return np.where(known, column.values[rows], never)


def _fold(log: InteractionLog, scheme: PointsScheme) -> Ledger:
    assert log.as_of is not None
    rows, deed, points = _entries(log, scheme)
    until = _until(log, rows, scheme)
    at, customer = log.at[rows], log.codes[rows].astype(np.int64)
    comes = (deed == EARN) | (deed == REFUND) | ((deed == ADJUST) & (points >= 0))
    passed = (deed == EXPIRE) & (scheme.expiry == "dates")
    start = at + np.where(deed == EARN, scheme.waits, 0)
    lots = np.flatnonzero(comes)
    left = points[lots].tolist()
    takings, short = _match(
        customer=customer.tolist(),
        at=at.tolist(),
        lot=np.where(comes, np.cumsum(comes) - 1, np.where(passed, _PASSED, _TAKES)).tolist(),
        points=np.abs(points).tolist(),
        start=start[lots].tolist(),
        until=until[lots].tolist(),
        left=left,
        by_date=scheme.order == "first_to_expire",
    )
    taken = np.array(takings, np.int64).reshape(-1, 3)  # lot, entry, points
    rest = np.array(left, np.int64)
    # a lot whose date had passed when it came expires as it comes
    ends = np.maximum(until[lots], at[lots])
    over = np.flatnonzero((ends <= log.as_of) & (rest > 0))
    missed = np.array(short, np.int64).reshape(-1, 2)  # entry, points
    return Ledger(
        customer=customer[lots],
        at=at[lots],
        deed=deed[lots],
        points=points[lots],
        good_from=start[lots],
        good_until=until[lots],
        lot=np.concatenate([taken[:, 0], over]),
        taken_at=np.concatenate([at[taken[:, 1]], ends[over]]),
        why=np.concatenate([deed[taken[:, 1]], np.full(len(over), EXPIRE)]),
        taken=np.concatenate([taken[:, 2], rest[over]]),
        short_of=customer[missed[:, 0]],
        short_at=at[missed[:, 0]],
        short=missed[:, 1],
        members=customer,
        entered=at,
        act=deed,
    )


def _match(
    *,
    customer: list[int],
    at: list[int],
    lot: list[int],
    points: list[int],
    start: list[int],
    until: list[int],
    left: list[int],
    by_date: bool,
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """Take points from lots, entry by entry; `left` is written to.

    `lot` of an entry is the lot it brings, `_TAKES` or `_PASSED`.
    """
    takings: list[tuple[int, int, int]] = []
    short: list[tuple[int, int]] = []
    queue: list[tuple[int, int]] = []  # (date or 0, lot): the order in which lots are used
    now = -1
    for entry, (who, t, brings) in enumerate(zip(customer, at, lot, strict=True)):
        if who != now:
            now, queue = who, []
        if brings >= 0:
            insort(queue, (until[brings] if by_date else 0, brings))
        elif brings == _TAKES:
            queue = [place for place in queue if left[place[1]] and until[place[1]] > t]
            asked = points[entry]
            for _, one in queue:
                took = min(asked, left[one]) if start[one] <= t else 0
                if took:
                    takings.append((one, entry, took))
                    left[one] -= took
                    asked -= took
            if asked:
                short.append((entry, asked))
    return takings, short
