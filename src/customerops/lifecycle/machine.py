"""The machine for one customer: a pure step from a state and an interaction to the next state.

A timeout is data, not a timer: the state holds the instant from which its deadline is overdue, and
`advance` fires what is overdue, each deadline stamped with its own time. Looking often, once or
never gives the same history.
"""

from __future__ import annotations

import datetime as dt

import attrs

from customerops.lifecycle.stages import Stage, Trigger
from customerops.model.checks import Id

__all__ = ["State", "Step", "Transition", "advance", "apply", "step"]

SCHEMA = 1
_US = dt.timedelta(microseconds=1)
_FIELDS = (
    "policy",
    "stage",
    "since",
    "due_at",
    "lives",
    "ordinal",
    "qualified_at",
    "at",
    "rank",
    "seen_at",
    "seen",
)


@attrs.frozen
class State:
    """All that a service keeps of one customer; small, frozen and plain JSON through `to_dict`.

    Attributes
    ----------
    policy : str
        Hash of the policy it was made under; no other policy may continue it.
    stage : Stage
    since : datetime or None
        When the stage was entered; None while ``UNKNOWN``.
    due_at : datetime or None
        When to look again, by `advance`: the first instant at which a deadline has fired. Under
        ``boundary="event_first"`` that is one microsecond after the deadline, for an interaction
        at the deadline itself goes first.
    lives : int
        How many lives have begun.
    ordinal : int
        Qualifying interactions in the latest life.
    qualified_at : datetime or None
        The last qualifying interaction.
    at, rank
        Position in the canonical order up to which everything is settled: an instant and a
        `Trigger`. An interaction before it is late.
    seen_at, seen
        Instant of the latest interaction and the ids seen at it, so that an immediate repeat is
        ignored. Older repeats are the store's to refuse, by a unique key on (customer, id).
    """

    policy: str
    stage: Stage = Stage.UNKNOWN
    since: dt.datetime | None = None
    due_at: dt.datetime | None = None
    lives: int = 0
    ordinal: int = 0
    qualified_at: dt.datetime | None = None
    at: dt.datetime | None = None
    rank: int = Trigger.TIMEOUT
    seen_at: dt.datetime | None = None
    seen: tuple[Id, ...] = ()
