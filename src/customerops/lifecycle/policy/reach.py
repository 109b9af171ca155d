"""What a policy makes of the table: the steps between stages that can happen under it."""

from __future__ import annotations

from itertools import product

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.clocks import Contract
from customerops.lifecycle.policy.criteria import FirstQualifying, KthInLife
from customerops.lifecycle.policy.events import TRIGGERS, LifecycleEvent
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.stages import (
    ACTIVE,
    QUALIFYING,
    STAGES,
    TARGETS,
    Cause,
    Stage,
    Trigger,
)
from customerops.model.values.checks import came

__all__ = ["Edge", "check_policy", "edges", "triggers"]


@attrs.frozen
class Edge:
    """A step from one stage to another that can happen under a policy.

    Attributes
    ----------
    source, target : Stage
        From where to where.
    trigger : Trigger
        What the machine reads.
    first : bool
        Whether no life came before.
    """

    source: Stage
    target: Stage
    trigger: Trigger
    first: bool

    @property
    def cause(self) -> Cause:
        """An interaction, or time that passed."""
        return Cause.TIMEOUT if self.trigger is Trigger.TIMEOUT else Cause.EVENT


def edges(policy: LifecyclePolicy) -> tuple[Edge, ...]:
    """Return every step that can happen, found by following the table from ``UNKNOWN``.

    A step is one of the table whose trigger the policy knows and whose guard can hold. Whether
    there was a life before is followed along: who was lost without one is activated, not won back.
    """
    known, found = triggers(policy), set[Edge]()
    begun = (Stage.UNKNOWN, True)
    seen, ahead = {begun}, [begun]
    while ahead:
        source, first = ahead.pop()
        for trigger in sorted(known):
            if trigger is Trigger.TIMEOUT and not _times_out(source, policy):
                continue
            for read, met in _readings(source, trigger, policy):
                target = TARGETS[source, read, met, first]
                if target is source:
                    continue
                found.add(Edge(source, target, trigger, first))
                place = (target, first and target not in ACTIVE)
                if place not in seen:
                    seen.add(place)
                    ahead.append(place)
    order = {pair: i for i, pair in enumerate(product(STAGES, STAGES))}
    return tuple(sorted(found, key=lambda e: (order[e.source, e.target], e.trigger, not e.first)))


def triggers(policy: LifecyclePolicy) -> set[Trigger]:
    """Return what the machine may read under a policy: timeouts, and what some kind means."""
    events = set(policy.events.values())
    known = {Trigger.TIMEOUT, Trigger.SIGHTING} | {TRIGGERS[event] for event in events}
    if policy.qualifies is not None:
        known.add(Trigger.ACTIVITY)
    if Trigger.RENEW in known:
        known.add(Trigger.RENEW_THROUGH)
    graced = isinstance(policy.clock, Contract) and policy.clock.grace is not None
    if graced and LifecycleEvent.CANCEL_AT_PERIOD_END in events:
        known.add(Trigger.CANCEL)  # in the time of grace the period is over already
    return known


def check_policy(policy: object) -> None:
    """Refuse what is no policy."""
    if not isinstance(policy, LifecyclePolicy):
        raise InvalidInputError("policy", "must be a LifecyclePolicy", came(policy))


def _times_out(stage: Stage, policy: LifecyclePolicy) -> bool:
    """Return whether a stage has a deadline: every clock ends a life, windows may be left out."""
    return stage in ACTIVE or stage in policy.windows


def _readings(
    source: Stage, trigger: Trigger, policy: LifecyclePolicy
) -> list[tuple[Trigger, bool]]:
    """Return how the table may be asked on a trigger: as what, and whether the criterion is met."""
    if trigger not in QUALIFYING:
        return [(trigger, False)]
    if source in ACTIVE:
        return [(trigger, False), (trigger, True)]
    waits = policy.settle_after is not None or not isinstance(policy.activation, FirstQualifying)
    if source is Stage.UNKNOWN and waits:  # it makes known, and counts, if at all, later
        return [(Trigger.SIGHTING, False)]
    at_once = isinstance(policy.retention, KthInLife) and policy.retention.k == 1
    return [(trigger, at_once)]
