"""What is paid for under a contract, and when that ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Self

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.plain import dump, load
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import Months, after, day_of_month, through
from customerops.lifecycle.policy.stages import Trigger
from customerops.model.records.base import Shape, shape_of
from customerops.model.values.instants import to_us

__all__ = ["Term", "overdue", "paid", "paused", "resumed"]

_US = dt.timedelta(microseconds=1)


@attrs.frozen
class Term:
    """The running term of a contract, or a trial.

    Attributes
    ----------
    ends_at : datetime or None
        Paid until then; while paused, as it was when the pause began. None: without end.
    anchor : int or None
        The day of the month that terms in months keep to; None: that of `ends_at`.
    paused_at : datetime or None
        Since when it is paused.
    ending : bool
        Whether it was cancelled at period end.
    trial : bool
        Whether nothing was paid for yet.
    failing : bool
        Whether a payment failed since the last that did not.
    """

    ends_at: dt.datetime | None
    anchor: int | None = None
    paused_at: dt.datetime | None = None
    ending: bool = False
    trial: bool = False
    failing: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return dump(self, _SHAPES)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return load(cls, data, _SHAPES)


_WHEN = shape_of(dt.datetime | None)
_SHAPES: dict[str, Shape] = {
    "ends_at": _WHEN,
    "anchor": shape_of(int | None),
    "paused_at": _WHEN,
    "ending": shape_of(bool),
    "trial": shape_of(bool),
    "failing": shape_of(bool),
}


def paid(
    term: Term | None,
    at: dt.datetime,
    trigger: Trigger,
    until: dt.datetime | None,
    policy: LifecyclePolicy,
) -> Term:
    """Return the term after a start or a renewal; `term` is None if none is running."""
    assert policy.contract is not None
    if until is not None and until <= at:
        raise InvalidInputError("until", "must be after at", "of a start or a renewal")
    running = None if term is None else resumed(term, at)
    if until is not None:
        end, anchor = until, None
    elif policy.contract.term is None:
        raise InvalidInputError(
            "until", "must be given", "for starts and renewals, as the Contract has no term"
        )
    else:
        length, begins, anchor = policy.contract.term, at, None
        if trigger is Trigger.RENEW and running is not None:
            if running.ends_at is None:
                return attrs.evolve(running, ending=False, failing=False)
            exact = isinstance(length, dt.timedelta)
            begins = running.ends_at if exact else running.ends_at - _US  # on its last day
            anchor = running.anchor
        elif isinstance(length, Months):
            assert policy.calendar is not None
            anchor = int(day_of_month(np.array([to_us(at)]), policy.calendar)[0])
        closes = through(length, begins, policy.calendar, anchor=anchor)
        if closes is None:
            return Term(None)
        end = closes
    if running is not None and (running.ends_at is None or running.ends_at >= end):
        return attrs.evolve(running, ending=False, failing=False)
    return Term(end, anchor)


def paused(term: Term, at: dt.datetime) -> Term:
    """Return the term with what remains of it frozen."""
    return term if term.paused_at is not None else attrs.evolve(term, paused_at=at)


def resumed(term: Term, at: dt.datetime) -> Term:
    """Return the term running on, later by as long as it was paused."""
    if term.paused_at is None:
        return term
    ends = term.ends_at
    try:
        ends = None if ends is None else ends + (at - term.paused_at)
    except OverflowError:
        ends = None
    return attrs.evolve(term, ends_at=ends, anchor=None, paused_at=None)


def overdue(term: Term, policy: LifecyclePolicy) -> dt.datetime | None:
    """Return the first instant at which the life has ended by itself; None while it cannot."""
    assert policy.contract is not None
    if term.paused_at is not None or term.ends_at is None:
        return None
    grace = None if term.ending else policy.contract.grace
    ends = term.ends_at if grace is None else after(grace, term.ends_at, policy.calendar)
    try:
        return None if ends is None else ends + _US
    except OverflowError:
        return None
