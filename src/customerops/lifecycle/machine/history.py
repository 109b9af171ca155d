"""One customer's past, replayed: the stage at any instant, and why."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.explain import Explanation, explanation
from customerops.lifecycle.machine.machine import apply, settle
from customerops.lifecycle.machine.state import Attributes, State, Transition
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.stages import ACTIVE, Cause, Stage, Trigger
from customerops.model.records.records import Interaction
from customerops.model.values.checks import Scalar, came, each
from customerops.model.values.instants import as_instant

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar

__all__ = ["History", "Life", "replay"]


@attrs.frozen
class Life:
    """A stay among the active stages.

    Attributes
    ----------
    number : int
        1 for the first.
    start : datetime
        The qualifying interaction that began it.
    end : datetime or None
        When it ended; None while it goes on.
    cause : Cause or None
        What ended it: a deadline, or an event (a cancel or an erasure).
    """

    number: int
    start: dt.datetime
    end: dt.datetime | None = None
    cause: Cause | None = None


@attrs.frozen
class History:
    """One customer's stages until `as_of`.

    Attributes
    ----------
    policy : LifecyclePolicy
        The policy it was replayed under.
    as_of : datetime
        The last known instant, inclusive.
    interactions : tuple of Interaction
        What was counted, each id once, in canonical order.
    triggers : tuple of Trigger
        What each of them was to the machine.
    transitions : tuple of Transition
        Every change of stage, deadlines at `as_of` included.
    state : State
        What a service would hold at `as_of`: `step` and `advance` go on from it. Under
        ``boundary="event_first"`` a deadline at `as_of` itself is still open in it, for another
        interaction may come at that instant; in `transitions` and `stage_at` it has passed.
    final : State
        The state after everything at `as_of`, deadlines at it included.
    """

    policy: LifecyclePolicy
    as_of: dt.datetime
    interactions: tuple[Interaction, ...]
    triggers: tuple[Trigger, ...]
    transitions: tuple[Transition, ...]
    state: State
    final: State

    @property
    def due_at(self) -> dt.datetime | None:
        """When to look again; None if no deadline is open."""
        return self.state.due_at

    @property
    def lives(self) -> tuple[Life, ...]:
        """The stays among the active stages, by time."""
        lives: list[Life] = []
        for change in self.transitions:
            if change.target in ACTIVE and change.source not in ACTIVE:
                lives.append(Life(len(lives) + 1, change.at))
            elif change.source in ACTIVE and change.target not in ACTIVE:
                lives[-1] = attrs.evolve(lives[-1], end=change.at, cause=change.cause)
        return tuple(lives)

    def stage_at(self, t: dt.datetime) -> Stage:
        """Return the stage after everything at an instant, deadlines at it included.

        Raises
        ------
        InvalidInputError
            If `t` is not a timezone-aware datetime, or is after `as_of`.
        """
        passed = bisect_right(self.transitions, self._known(t), key=lambda change: change.at)
        return self.transitions[passed - 1].target if passed else Stage.UNKNOWN

    def attributes_at(self, t: dt.datetime) -> Attributes:
        """Return what is so of the customer after everything at an instant.

        Raises
        ------
        InvalidInputError
            If `t` is not a timezone-aware datetime, or is after `as_of`.
        """
        known = self._known(t)
        return self._until(known).final.attributes(known)

    def explain(self, t: dt.datetime, *, calendar: Calendar | None = None) -> Explanation:
        """Say why the customer is in its stage at an instant.

        Parameters
        ----------
        t : datetime
            Timezone-aware, not after `as_of`. What comes later is not used.
        calendar : Calendar, optional
            Whose local dates the sentence tells; left out, UTC.

        Raises
        ------
        InvalidInputError
            If `t` is not a timezone-aware datetime, or is after `as_of`.
        """
        return explanation(self._until(self._known(t)), calendar or self.policy.calendar)

    def _until(self, t: dt.datetime) -> History:
        upto = bisect_right(self.interactions, t, key=lambda one: one.at)
        given, triggers = self.interactions[:upto], self.triggers[:upto]
        return _run(given, triggers, self.policy, t, self.state.scope)

    def _known(self, t: dt.datetime) -> dt.datetime:
        t = as_instant("t", t)
        if t > self.as_of:
            raise InvalidInputError("t", "must not be after as_of", "what came later is not known")
        return t


def replay(
    interactions: Iterable[Interaction],
    policy: LifecyclePolicy,
    *,
    as_of: dt.datetime,
    known_at: dt.datetime | None = None,
) -> History:
    """Return one customer's history from all of its interactions.

    Parameters
    ----------
    interactions : iterable of Interaction
        Of one customer, in any order. Those after `as_of` are not used; a repeated id counts once.
    policy : LifecyclePolicy
        What the stages mean.
    as_of : datetime
        Timezone-aware, inclusive.
    known_at : datetime, optional
        Use only what was recorded by then (``recorded_at``, else ``at``): a report of that day can
        be made again, whatever arrived late since.

    Returns
    -------
    History
        The transitions, the stage at any instant, and why.

    Raises
    ------
    InvalidInputError
        If the interactions are not of one customer, an id is repeated with different content, or
        an argument is not what it must be.

    Notes
    -----
    Interactions at one instant are taken in canonical order: what acquires, activity that does not
    qualify, activity that does, cancels, erasures; then the order they came in.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, replay
    >>> from customerops.model import Interaction, Money, amount, kind
    >>> policy = LifecyclePolicy(
    ...     qualifies=kind("purchase") & (amount >= 5), clock=Inactivity(dt.timedelta(days=30)),
    ...     retention=KthInLife(2), winback_window=dt.timedelta(days=60),
    ... )
    >>> march = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> history = replay(
    ...     [Interaction(id=i, customer_id="c-9", at=march + dt.timedelta(days=day),
    ...                  kind="purchase", amount=Money(paid, "EUR"))
    ...      for i, (day, paid) in enumerate([(0, "59.00"), (9, "2.00"), (12, "1.00")])],
    ...     policy, as_of=dt.datetime(2026, 4, 15, tzinfo=dt.timezone.utc),
    ... )
    >>> history.stage_at(march).value, history.stage_at(history.as_of).value
    ('ACTIVATED', 'LAPSED')
    >>> print(history.explain(history.as_of).sentence)
    LAPSED since 2026-03-31: last qualifying interaction a purchase of 59.00 on 2026-03-01; window 30 days; none before the deadline. Ignored: 2 below 5.00. LOST on 2026-05-30 unless a qualifying interaction comes first.
    """
    if not isinstance(policy, LifecyclePolicy):
        raise InvalidInputError("policy", "must be a LifecyclePolicy", came(policy))
    until = as_instant("as_of", as_of)
    known = None if known_at is None else as_instant("known_at", known_at)
    counted = _counted(interactions, until, known)
    # what still has to settle is until then like what does not qualify
    waits = policy.settle_after is not None
    ranks = {Trigger.ACTIVITY: Trigger.SIGHTING} if waits else {}
    ranked = sorted(
        ((one, policy.trigger(one)) for one in counted),
        key=lambda pair: (pair[0].at, ranks.get(pair[1], pair[1])),
    )
    scope = None
    if policy.scope is not None:
        scope, ranked = _scoped(ranked, policy.scope)
    return _run(
        tuple(one for one, _ in ranked),
        tuple(rank for _, rank in ranked),
        policy,
        until,
        scope,
    )


def _scoped(
    ranked: list[tuple[Interaction, Trigger]], scope: str
) -> tuple[Scalar | None, list[tuple[Interaction, Trigger]]]:
    """Return the one value of the scope, and what concerns its lifecycle."""
    values = {one.attributes.get(scope) for one, _ in ranked} - {None}
    if len(values) > 1:
        problem = f"they have {len(values)}; replay each apart"
        raise InvalidInputError("interactions", f"must have one value of {scope}", problem)
    kept = [
        (one, rank)
        for one, rank in ranked
        if rank is Trigger.ERASE or one.attributes.get(scope) is not None
    ]
    return next(iter(values), None), kept


def _counted(
    interactions: Iterable[Interaction], until: dt.datetime, known: dt.datetime | None
) -> list[Interaction]:
    """Return what was there and known, each id once, and check that it is one customer's."""
    found: dict[object, Interaction] = {}
    owners = set()
    for place, one in enumerate(each("interactions", interactions)):
        if not isinstance(one, Interaction):
            problem = f"{came(one)} at position {place}"
            raise InvalidInputError("interactions", "must be Interaction records", problem)
        owners.add(one.customer_id)
        if one.at > until or (known is not None and (one.recorded_at or one.at) > known):
            continue
        key = place if one.id is None else (one.id,)  # without an id every record counts
        if found.setdefault(key, one) != one:
            problem = f"the one at position {place} differs from an earlier one with its id"
            raise InvalidInputError("interactions", "must have one content an id", problem)
    if len(owners) > 1:
        raise InvalidInputError("interactions", "must be of one customer", f"of {len(owners)}")
    return list(found.values())


def _run(
    interactions: tuple[Interaction, ...],
    triggers: tuple[Trigger, ...],
    policy: LifecyclePolicy,
    as_of: dt.datetime,
    scope: Scalar | None,
) -> History:
    done: list[Transition] = []
    state = State(policy.hash, scope=scope)
    for one, trigger in zip(interactions, triggers, strict=True):
        taken = apply(state, one, trigger, policy)
        state = taken.state
        done += taken.transitions
    state = settle(state, as_of, policy, done)
    final = settle(state, as_of, policy, done, inclusive=True)
    return History(policy, as_of, interactions, triggers, tuple(done), state, final)
