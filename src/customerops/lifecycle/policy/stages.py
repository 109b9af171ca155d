"""The stages of a customer's lifecycle, and the one table of steps between them."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from itertools import product

import attrs

__all__ = [
    "ACTIVE",
    "QUALIFYING",
    "STAGES",
    "TABLE",
    "TARGETS",
    "TRANSITIONS",
    "Cause",
    "Row",
    "Stage",
    "Trigger",
]


class Stage(StrEnum):
    """Where a customer stands; exactly one at any instant.

    ============= =============================================================================
    ``UNKNOWN``   not seen yet; outside the population
    ``ACQUIRED``  known, never activated
    ``ACTIVATED`` in the first life, below the retention criterion
    ``RETAINED``  meets the retention criterion in the current life
    ``LAPSED``    was active; its window passed, or it cancelled: someone to win back
    ``WON_BACK``  returned: in a second or later life, below the retention criterion
    ``LOST``      the win-back window closed, or it was not activated in time
    ``ERASED``    erased on request; final
    ============= =============================================================================

    A *life* is an unbroken stay among ``ACTIVATED``, ``RETAINED`` and ``WON_BACK``.

    Examples
    --------
    >>> from customerops.lifecycle import Stage
    >>> Stage("LAPSED") is Stage.LAPSED
    True
    """

    UNKNOWN = "UNKNOWN"
    ACQUIRED = "ACQUIRED"
    ACTIVATED = "ACTIVATED"
    RETAINED = "RETAINED"
    LAPSED = "LAPSED"
    WON_BACK = "WON_BACK"
    LOST = "LOST"
    ERASED = "ERASED"

    __hash__ = str.__hash__  # Enum's own is a Python function, and every step looks stages up


class Cause(StrEnum):
    """What moved a customer: an interaction, or time that passed."""

    EVENT = "event"
    TIMEOUT = "timeout"


class Trigger(IntEnum):
    """What the machine reads; the value orders what happens at one instant.

    A qualifying activity comes after one that does not qualify, so that the history of two first
    activities at one instant does not depend on which arrived first. Whatever two events of one
    rank do, they do in either order. A timeout has the lowest rank; under
    ``boundary="event_first"`` it is due a microsecond after its deadline instead.
    """

    TIMEOUT = -1
    ACQUIRE = 0
    TRIAL = 1
    """Of several at one instant the one that ends last holds, and one that says when before others."""
    START = 2
    RENEW = 3
    """A renewal for the policy's term, counted from the old end."""
    RENEW_THROUGH = 4
    """A renewal that says until when; the later of several at one instant holds."""
    SIGHTING = 5
    """An activity that does not qualify."""
    ACTIVITY = 6
    """An activity that qualifies."""
    PAYMENT_FAILED = 7
    REFUND = 8
    PAUSE = 9
    RESUME = 10
    CANCEL_AT_PERIOD_END = 11
    CANCEL = 12
    ERASE = 13

    __hash__ = int.__hash__  # as in Stage


QUALIFYING: frozenset[Trigger] = frozenset(
    {Trigger.ACTIVITY, Trigger.START, Trigger.RENEW, Trigger.RENEW_THROUGH}
)
"""The triggers that begin a life or go on with it."""

STAGES: tuple[Stage, ...] = tuple(Stage)
"""All stages; the position of a stage is its code in columns."""

ACTIVE: frozenset[Stage] = frozenset({Stage.ACTIVATED, Stage.RETAINED, Stage.WON_BACK})
"""The stages of a living relationship: entering them starts a life, leaving them ends it."""


@attrs.frozen
class Row:
    """One row of the table: from any of `sources`, on any of `triggers`, to `target`.

    Parameters
    ----------
    sources : tuple of Stage
    triggers : tuple of Trigger
    target : Stage
    met : bool, optional
        Asked for: does the life meet the retention criterion, this activity included?
    first : bool, optional
        Asked for: was there no life before this activity? None: either.
    """

    sources: tuple[Stage, ...]
    triggers: tuple[Trigger, ...]
    target: Stage
    met: bool | None = None
    first: bool | None = None


_S, _T = Stage, Trigger
_LIVING = tuple(s for s in STAGES if s in ACTIVE)
_QUALIFIED = tuple(t for t in Trigger if t in QUALIFYING)
_SEEN = tuple(t for t in Trigger if t not in {*QUALIFYING, _T.TIMEOUT, _T.ERASE})

TABLE: tuple[Row, ...] = (
    Row((_S.UNKNOWN,), _SEEN, _S.ACQUIRED),
    Row((_S.UNKNOWN, _S.ACQUIRED), _QUALIFIED, _S.ACTIVATED, met=False),
    Row((_S.LAPSED,), _QUALIFIED, _S.WON_BACK, met=False),
    Row((_S.LOST,), _QUALIFIED, _S.ACTIVATED, met=False, first=True),
    Row((_S.LOST,), _QUALIFIED, _S.WON_BACK, met=False, first=False),
    Row(
        (_S.UNKNOWN, _S.ACQUIRED, _S.ACTIVATED, _S.WON_BACK, _S.LAPSED, _S.LOST),
        _QUALIFIED,
        _S.RETAINED,
        met=True,
    ),
    Row(_LIVING, (_T.CANCEL, _T.TIMEOUT), _S.LAPSED),
    Row((_S.ACQUIRED, _S.LAPSED), (_T.TIMEOUT,), _S.LOST),
    Row(tuple(s for s in STAGES if s is not _S.ERASED), (_T.ERASE,), _S.ERASED),
)
"""The machine as facts. What has no row leaves the stage as it is."""


def _targets() -> dict[tuple[Stage, Trigger, bool, bool], Stage]:
    keys = product(Stage, Trigger, (False, True), (False, True))
    targets = {key: key[0] for key in keys}
    for row in TABLE:
        met = (False, True) if row.met is None else (row.met,)
        first = (False, True) if row.first is None else (row.first,)
        targets.update(dict.fromkeys(product(row.sources, row.triggers, met, first), row.target))
    return targets


TARGETS: dict[tuple[Stage, Trigger, bool, bool], Stage] = _targets()
"""The next stage for every (stage, trigger, criterion met, first life): the table made total."""

TRANSITIONS: frozenset[tuple[Stage, Stage, Cause]] = frozenset(
    (source, row.target, Cause.TIMEOUT if trigger is Trigger.TIMEOUT else Cause.EVENT)
    for row in TABLE
    for source, trigger in product(row.sources, row.triggers)
)
"""The 27 legal (source, target, cause)."""
