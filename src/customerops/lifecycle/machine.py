"""The machine for one customer: a pure step from a state and an interaction to the next state.

A timeout is data, not a timer: the state holds the instant from which its deadline is overdue, and
`advance` fires what is overdue, each deadline stamped with its own time. Looking often, once or
never gives the same history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Self

import attrs

from customerops.errors import InvalidInputError, Late, TransitionError
from customerops.lifecycle.policy import LifecyclePolicy
from customerops.lifecycle.stages import ACTIVE, TARGETS, Cause, Stage, Trigger
from customerops.model.records.base import Shape, shape_of
from customerops.model.records.records import Interaction
from customerops.model.values.checks import Id, came, one_of, whole
from customerops.model.values.instants import as_instant
from customerops.model.values.serial import read

__all__ = ["State", "Step", "Transition", "advance", "apply", "settle", "step"]

SCHEMA = 1


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
    due_at : datetime or None
        When to look again, by `advance`: the first instant at which the next deadline has fired.
        Under ``boundary="event_first"`` that is one microsecond after the deadline, for an
        interaction at the deadline itself comes in time.
    lives : int
        How many lives have begun.
    ordinal : int
        Qualifying interactions in the latest life.
    qualified_at : datetime or None
        The last qualifying interaction.
    at, rank : datetime or None, Trigger
        The place in canonical order up to which all is settled. What comes before it is late.
    seen_at, seen : datetime or None, tuple of ids
        The instant of the latest interaction, and the ids seen at it, so that an immediate repeat
        is ignored. Older repeats are the store's to refuse, by a unique key on (customer, id).

    Examples
    --------
    >>> state = State(policy="0123456789abcdef")
    >>> state.stage, State.from_dict(state.to_dict()) == state
    (<Stage.UNKNOWN: 'UNKNOWN'>, True)
    """

    policy: str
    stage: Stage = Stage.UNKNOWN
    since: dt.datetime | None = None
    due_at: dt.datetime | None = None
    lives: int = 0
    ordinal: int = 0
    qualified_at: dt.datetime | None = None
    at: dt.datetime | None = None
    rank: Trigger = Trigger.TIMEOUT
    seen_at: dt.datetime | None = None
    seen: tuple[Id, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the state in plain JSON types, without loss."""
        written = {name: shape.dump(getattr(self, name)) for name, shape in _SHAPES.items()}
        return {"schema": SCHEMA, **written}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the state that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, a value is of the wrong type, or another version
            wrote it.
        """
        given = read("State", data, ["schema", *_SHAPES])
        if given.pop("schema") != SCHEMA:
            raise InvalidInputError(
                "State.schema", f"must be {SCHEMA}", "another version wrote it"
            )
        return cls(
            **{
                name: shape.accept(name, shape.load(name, given[name]))
                for name, shape in _SHAPES.items()
            }
        )


def _stage(name: str, value: object) -> Stage:
    return Stage(one_of(name, value, map(str, Stage)))


def _count(name: str, value: object) -> int:
    return whole(name, value, least=0)


def _rank(name: str, value: object) -> Trigger:
    rank = whole(name, value)
    if rank not in tuple(Trigger):
        raise InvalidInputError(name, "must be the rank of a Trigger", "got another int")
    return Trigger(rank)


_WHEN = shape_of(dt.datetime | None)
_ID = shape_of(Id | None)
_SHAPES: dict[str, Shape] = {
    "policy": shape_of(str),
    "stage": Shape(_stage, str),
    "since": _WHEN,
    "due_at": _WHEN,
    "lives": Shape(_count),
    "ordinal": Shape(_count),
    "qualified_at": _WHEN,
    "at": _WHEN,
    "rank": Shape(_rank, int),
    "seen_at": _WHEN,
    "seen": shape_of(tuple[Id, ...]),
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


def step(state: State | None, interaction: Interaction, policy: LifecyclePolicy) -> Step:
    """Return what an interaction makes of a state: overdue deadlines first, then the interaction.

    Parameters
    ----------
    state : State or None
        None for a customer never seen.
    interaction : Interaction
        Of the same customer, not before what the state has settled.
    policy : LifecyclePolicy
        The one the state was made under.

    Returns
    -------
    Step
        The next state, and the transitions on the way.

    Raises
    ------
    Late
        If the interaction comes before the state in canonical order: replay that customer.
    TransitionError
        If the state was made under another policy: replay that customer.
    InvalidInputError
        If an argument is not what it must be.

    Notes
    -----
    At one instant, what acquires comes before activity that does not qualify, then activity that
    does, cancels and erasures. An immediate repeat of an id changes nothing, and neither does
    anything after an erasure.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy
    >>> from customerops.model import Interaction
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(2)
    ... )
    >>> when = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> order = Interaction(id="o-17", customer_id="c-9", at=when, kind="purchase")
    >>> done = step(None, order, policy)
    >>> done.state.stage.value, done.state.due_at.isoformat()
    ('ACTIVATED', '2026-03-31T00:00:00+00:00')
    >>> [(change.source.value, change.target.value) for change in done.transitions]
    [('UNKNOWN', 'ACTIVATED')]
    """
    begun = _begun(state, policy)
    trigger = policy.trigger(interaction)
    return apply(begun, interaction.at, trigger, interaction.id, policy)


def advance(state: State, t: dt.datetime, policy: LifecyclePolicy) -> Step:
    """Fire every deadline that is overdue at an instant, each stamped with its own time.

    Parameters
    ----------
    state : State
        What the service kept.
    t : datetime
        Timezone-aware; an instant before the state's changes nothing.
    policy : LifecyclePolicy
        The one the state was made under.

    Returns
    -------
    Step
        The next state, and the transitions on the way: at most two.

    Raises
    ------
    TransitionError
        If the state was made under another policy.
    InvalidInputError
        If `t` is not a timezone-aware datetime.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy
    >>> from customerops.model import Interaction
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(2)
    ... )
    >>> when = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> order = Interaction(id="o-17", customer_id="c-9", at=when, kind="purchase")
    >>> state = step(None, order, policy).state
    >>> late = advance(state, when + dt.timedelta(days=365), policy)
    >>> late.state.stage.value, late.transitions[0].at.isoformat()
    ('LAPSED', '2026-03-31T00:00:00+00:00')
    """
    done: list[Transition] = []
    state = settle(_begun(state, policy), as_instant("t", t), policy, done)
    return Step(state, tuple(done))


def apply(
    state: State,
    at: dt.datetime,
    trigger: Trigger,
    interaction_id: Id | None,
    policy: LifecyclePolicy,
) -> Step:
    """Return the step of a classified interaction; the state is of this policy."""
    stage = state.stage
    if stage is Stage.ERASED or (at == state.seen_at and interaction_id in state.seen):
        return Step(state, ())
    if state.at is not None and (at < state.at or (at == state.at and trigger < state.rank)):
        raise Late("the interaction comes before what the state has settled: replay the customer")
    done: list[Transition] = []
    if state.due_at is not None and state.due_at <= at:
        state = settle(state, at, policy, done)
        stage = state.stage

    qualifies = trigger is Trigger.ACTIVITY
    lives, ordinal, met = state.lives, state.ordinal, False
    if qualifies:
        lives, ordinal = (lives, ordinal + 1) if stage in ACTIVE else (lives + 1, 1)
        met = ordinal >= policy.retention.k
    target = TARGETS[stage, trigger, met, state.lives == 0]
    moved = target is not stage
    if moved:
        done.append(Transition(at, stage, target, Cause.EVENT, interaction_id))
    seen = state.seen if at == state.seen_at else ()
    return Step(
        State(
            policy=state.policy,
            stage=target,
            since=at if moved else state.since,
            due_at=_due(target, at, policy) if moved or qualifies else state.due_at,
            lives=lives,
            ordinal=ordinal,
            qualified_at=at if qualifies else state.qualified_at,
            at=at,
            rank=trigger,
            seen_at=at,
            seen=seen if interaction_id is None else (*seen, interaction_id),
        ),
        tuple(done),
    )


def settle(
    state: State,
    until: dt.datetime,
    policy: LifecyclePolicy,
    done: list[Transition],
    *,
    early: dt.timedelta = dt.timedelta(0),
) -> State:
    """Fire what is due `early` after `until`, adding the transitions to `done`."""
    while state.due_at is not None and state.due_at - early <= until:
        target = TARGETS[state.stage, Trigger.TIMEOUT, False, False]
        at = state.due_at - policy.grace
        done.append(Transition(at, state.stage, target, Cause.TIMEOUT))
        state = State(
            policy=state.policy,
            stage=target,
            since=at,
            due_at=_due(target, at, policy),
            lives=state.lives,
            ordinal=state.ordinal,
            qualified_at=state.qualified_at,
            at=state.due_at,
            rank=Trigger.TIMEOUT,
            seen_at=state.seen_at,
            seen=state.seen,
        )
    return state


def _due(stage: Stage, at: dt.datetime, policy: LifecyclePolicy) -> dt.datetime | None:
    """Return from when the deadline of a stage, counted from `at`, is overdue."""
    window = policy.overdue_after.get(stage)
    if window is None:
        return None
    try:
        return at + window
    except OverflowError:  # beyond the year 9999: never
        return None


def _begun(state: State | None, policy: LifecyclePolicy) -> State:
    """Return the state, or a new one, and refuse one of another policy."""
    if not isinstance(policy, LifecyclePolicy):
        raise InvalidInputError("policy", "must be a LifecyclePolicy", came(policy))
    if state is None:
        return State(policy.hash)
    if not isinstance(state, State):
        raise InvalidInputError("state", "must be a State or None", came(state))
    if state.policy != policy.hash:
        raise TransitionError("the state was made under another policy: replay the customer")
    return state
