"""From the state of one policy to that of another."""

from __future__ import annotations

import attrs

from customerops.errors import InvalidInputError, TransitionError
from customerops.lifecycle.machine.history import History, replay
from customerops.lifecycle.machine.machine import advance
from customerops.lifecycle.machine.state import State
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.model.values.checks import Id, came

__all__ = ["migrate"]


def migrate(state: State, history: History, policy: LifecyclePolicy) -> State:
    """Return the state that a customer would have under another policy.

    Parameters
    ----------
    state : State
        What the service kept.
    history : History
        The replay, under the policy the state was made under, of all that the state has seen,
        as of now: `advance` leads from the state to it.
    policy : LifecyclePolicy
        The new one.

    Returns
    -------
    State
        Under the new policy, settled up to the history's `as_of`: `step` and `advance` go on.

    Raises
    ------
    TransitionError
        If the history is of another policy than the state, or does not lead to it: something is
        missing from it or too much.
    InvalidInputError
        If an argument is not what it must be.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, migrate, replay, step
    >>> from customerops.model import Interaction
    >>> short, long = (
    ...     LifecyclePolicy(
    ...         qualifies="purchase", clock=Inactivity(dt.timedelta(days=n)), retention=KthInLife(2)
    ...     )
    ...     for n in (30, 90)
    ... )
    >>> when = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> order = Interaction(id="o-17", customer_id="c-9", at=when, kind="purchase")
    >>> state = step(None, order, short).state
    >>> migrate(state, replay([order], short, as_of=when), long).due_at.isoformat()
    '2026-05-30T00:00:00+00:00'
    """
    for name, value, kind in (
        ("state", state, State),
        ("history", history, History),
        ("policy", policy, LifecyclePolicy),
    ):
        if not isinstance(value, kind):
            raise InvalidInputError(name, f"must be a {kind.__name__}", came(value))
    if state.policy != history.policy.hash:
        raise TransitionError("the history is of another policy than the state")
    if _seen(advance(state, history.as_of, history.policy).state) != _seen(history.state):
        raise TransitionError("the history does not lead to the state: replay the customer")
    return replay(history.interactions, policy, as_of=history.as_of).state


def _seen(state: State) -> tuple[State, frozenset[Id]]:
    """Return the state with the ids of its latest instant in no order: they come in any."""
    return attrs.evolve(state, seen=()), frozenset(state.seen)
