"""What a service keeps of one customer, and what a step of the machine returns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

import attrs

from customerops.errors import InvalidInputError, TransitionError
from customerops.lifecycle.machine.contract import Term
from customerops.lifecycle.machine.plain import dump, load
from customerops.lifecycle.policy.stages import ACTIVE, Cause, Stage, Trigger
from customerops.model.records.base import Shape, shape_of
from customerops.model.values.checks import Id, Scalar, came, one_of, scalar, whole
from customerops.model.values.instants import as_instant

__all__ = ["Attributes", "ContractStatus", "Settling", "State", "Step", "Transition"]

SCHEMA = 1
_US = dt.timedelta(microseconds=1)


class ContractStatus(StrEnum):
    """How a contract stands.

    ``TRIAL``: not paid for yet; ``RUNNING``: paid; ``PAUSED``: frozen; ``GRACE``: what is paid has
    run out, a renewal still goes on from its end; ``ENDED``: it has lapsed or was cancelled.
    """

    TRIAL = "trial"
    RUNNING = "running"
    PAUSED = "paused"
    GRACE = "grace"
    ENDED = "ended"


@attrs.frozen
class Attributes:
    """What is so of a customer besides the stage, at an instant.

    Attributes
    ----------
    stage : Stage
        Where the customer stands.
    at_risk : bool
        Active, and at risk by the policy's `AtRisk` or by a failed payment.
    pending_cancel : bool
        Active, and cancelled at period end.
    contract : ContractStatus or None
        How the contract stands; None without one, and under other clocks.
    life : int
        The number of the latest life; 0 before the first.
    ordinal : int
        Qualifying interactions in it.
    """

    stage: Stage
    at_risk: bool
    pending_cancel: bool
    contract: ContractStatus | None
    life: int
    ordinal: int


@attrs.frozen
class Settling:
    """A qualifying interaction that does not count yet.

    Attributes
    ----------
    at : datetime
        When it will.
    interaction_id, thread_id : int, str, UUID or None
        Which it is, and of which thread: a refund of that thread takes it back.
    """

    at: dt.datetime
    interaction_id: Id | None
    thread_id: Id | None

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return dump(self, _SETTLING)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        return load(cls, data, _SETTLING)


@attrs.frozen
class State:
    """All that a service keeps of one customer: small, frozen, plain JSON through `to_dict`.

    Attributes
    ----------
    policy : str
        Hash of the policy it was made under; no other policy may continue it.
    stage : Stage
        Where the customer stands, as far as deadlines were looked at.
    since : datetime or None
        When the stage was entered; None while ``UNKNOWN``.
    overdue_at : datetime or None
        The first instant at which the deadline of the stage has fired.
    at_risk_at : datetime or None
        From when the customer is at risk, if nothing happens.
    lives : int
        How many lives have begun.
    ordinal : int
        Qualifying interactions in the latest life; before the first one, those so far.
    life_since : datetime or None
        When the latest life began.
    qualified_at : datetime or None
        The last qualifying interaction.
    at, rank : datetime or None, Trigger
        The place in canonical order up to which all is settled. What comes before it is late.
    seen_at, seen : datetime or None, tuple of ids
        The instant of the latest interaction, and the ids seen at it, so that an immediate repeat
        is ignored. Older repeats are the store's to refuse, by a unique key on (customer, id).
    recent : tuple of datetime
        The latest qualifying instants, as many as the policy has to remember.
    settling : tuple of Settling
        What qualifies and does not count yet, the first to count first.
    term : Term or None
        What is paid for, under a contract.
    scope : str, int, float, bool or None
        Of a policy with a scope, which of its values this is the lifecycle of.

    Examples
    --------
    >>> from customerops.lifecycle import State
    >>> state = State(policy="0123456789abcdef")
    >>> state.stage, State.from_dict(state.to_dict()) == state
    (<Stage.UNKNOWN: 'UNKNOWN'>, True)
    """

    policy: str
    stage: Stage = Stage.UNKNOWN
    since: dt.datetime | None = None
    overdue_at: dt.datetime | None = None
    at_risk_at: dt.datetime | None = None
    lives: int = 0
    ordinal: int = 0
    life_since: dt.datetime | None = None
    qualified_at: dt.datetime | None = None
    at: dt.datetime | None = None
    rank: Trigger = Trigger.TIMEOUT
    seen_at: dt.datetime | None = None
    seen: tuple[Id, ...] = ()
    recent: tuple[dt.datetime, ...] = ()
    settling: tuple[Settling, ...] = ()
    term: Term | None = None
    scope: Scalar | None = None

    @property
    def due_at(self) -> dt.datetime | None:
        """When to look again, by `advance`; None if nothing is due.

        The first instant at which the next deadline has fired, or something has settled. Under
        ``boundary="event_first"``, and for what settles, that is one microsecond after, for an
        interaction at that very instant comes first.
        """
        if not self.settling:
            return self.overdue_at
        settled = self.settling[0].at + _US
        return settled if self.overdue_at is None else min(settled, self.overdue_at)

    def attributes_at(self, t: dt.datetime) -> Attributes:
        """Return what is so of the customer at an instant, if nothing happens until then.

        Raises
        ------
        InvalidInputError
            If `t` is not a timezone-aware datetime, or lies before what the state has settled.
        TransitionError
            If something is due by then: `advance` the state first.
        """
        t = as_instant("t", t)
        if self.at is not None and t < self.at:
            raise InvalidInputError("t", "must not lie before the state", "its past is not kept")
        if self.due_at is not None and self.due_at <= t:
            raise TransitionError("a deadline of the state is due by then: advance it first")
        return self.attributes(t)

    def attributes(self, t: dt.datetime) -> Attributes:
        """Return what is so at an instant up to which all is known to be settled."""
        living = self.stage in ACTIVE
        return Attributes(
            stage=self.stage,
            at_risk=living and self._at_risk(t),
            pending_cancel=living and self.term is not None and self.term.ending,
            contract=self._status(t),
            life=self.lives,
            ordinal=self.ordinal if self.lives else 0,
        )

    def _at_risk(self, t: dt.datetime) -> bool:
        failing = self.term is not None and self.term.failing
        return failing or (self.at_risk_at is not None and self.at_risk_at <= t)

    def _status(self, t: dt.datetime) -> ContractStatus | None:
        term = self.term
        if term is None:
            return None
        if term.trial:
            runs = self.stage is Stage.ACQUIRED and (term.ends_at is None or t < term.ends_at)
            return ContractStatus.TRIAL if runs else None
        if self.stage not in ACTIVE:
            return ContractStatus.ENDED
        if term.paused_at is not None:
            return ContractStatus.PAUSED
        over = term.ends_at is not None and term.ends_at <= t
        return ContractStatus.GRACE if over else ContractStatus.RUNNING

    def to_dict(self) -> dict[str, Any]:
        """Return the state in plain JSON types, without loss."""
        return {"schema": SCHEMA, **dump(self, _SHAPES)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the state that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, a value is of the wrong type, or another version
            wrote it.
        """
        if not isinstance(data, Mapping):
            raise InvalidInputError("State", "must be a mapping", came(data))
        fields = {name: value for name, value in data.items() if name != "schema"}
        if data.get("schema") != SCHEMA:
            raise InvalidInputError(
                "State.schema", f"must be {SCHEMA}", "another version wrote it"
            )
        return load(cls, fields, _SHAPES)


def _stage(name: str, value: object) -> Stage:
    return Stage(one_of(name, value, map(str, Stage)))


def _count(name: str, value: object) -> int:
    return whole(name, value, least=0)


def _rank(name: str, value: object) -> Trigger:
    rank = whole(name, value)
    if rank not in tuple(Trigger):
        raise InvalidInputError(name, "must be the rank of a Trigger", "got another int")
    return Trigger(rank)


def _scope(name: str, value: object) -> Scalar | None:
    return None if value is None else scalar(name, value)


_WHEN = shape_of(dt.datetime | None)
_ID = shape_of(Id | None)
_SETTLING: dict[str, Shape] = {
    "at": shape_of(dt.datetime),
    "interaction_id": _ID,
    "thread_id": _ID,
}
_SHAPES: dict[str, Shape] = {
    "policy": shape_of(str),
    "stage": Shape(_stage, str),
    "since": _WHEN,
    "overdue_at": _WHEN,
    "at_risk_at": _WHEN,
    "lives": Shape(_count),
    "ordinal": Shape(_count),
    "life_since": _WHEN,
    "qualified_at": _WHEN,
    "at": _WHEN,
    "rank": Shape(_rank, int),
    "seen_at": _WHEN,
    "seen": shape_of(tuple[Id, ...]),
    "recent": shape_of(tuple[dt.datetime, ...]),
    "settling": shape_of(tuple[Settling, ...]),
    "term": shape_of(Term | None),
    "scope": Shape(_scope),
}


@attrs.frozen
class Transition:
    """One change of stage.

    Attributes
    ----------
    at : datetime
        When: of the interaction, or the deadline itself, however late it was noticed.
    source, target : Stage
        From where to where.
    cause : Cause
        An event or a timeout.
    interaction_id : int, str, UUID or None
        The interaction that caused it; None for a timeout.
    """

    at: dt.datetime
    source: Stage
    target: Stage
    cause: Cause
    interaction_id: Id | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the transition in plain JSON types, without loss."""
        return {
            "at": _WHEN.dump(self.at),
            "source": str(self.source),
            "target": str(self.target),
            "cause": str(self.cause),
            "interaction_id": _ID.dump(self.interaction_id),
        }


@attrs.frozen
class Step:
    """What a step did.

    Attributes
    ----------
    state : State
        The state to keep.
    transitions : tuple of Transition
        What changed on the way, by time; often nothing.
    """

    state: State
    transitions: tuple[Transition, ...]
