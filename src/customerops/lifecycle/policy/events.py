"""What kinds of interaction mean to the lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.stages import Trigger
from customerops.model.values.checks import came, one_of, text

__all__ = ["DEFAULT_EVENTS", "OF_CONTRACTS", "TRIGGERS", "LifecycleEvent", "meanings"]


class LifecycleEvent(StrEnum):
    """What a kind of interaction means to the lifecycle.

    ============================ ==============================================================
    ``ACQUIRE``                  makes a customer known; never qualifies
    ``TRIAL``                    the same, and a trial runs until ``Interaction.until``
    ``ACTIVITY``                 qualifies if the policy's rule holds, else only makes known
    ``REFUND``                   takes back what is still settling of its thread; else nothing
    ``START``, ``RENEW``         pay for a contract; they qualify
    ``PAYMENT_FAILED``           puts an active customer at risk
    ``PAUSE``, ``RESUME``        freeze what remains of the contract, and let it run on
    ``CANCEL``                   ends a life at once
    ``CANCEL_AT_PERIOD_END``     ends it when what is paid has run out
    ``ERASE``                    is final
    ============================ ==============================================================

    Starts, renewals, failed payments, pauses and cancels at period end need a `Contract` clock;
    under another one such kinds are activity, and the rule decides.
    """

    ACQUIRE = "acquire"
    TRIAL = "trial"
    ACTIVITY = "activity"
    REFUND = "refund"
    START = "start"
    RENEW = "renew"
    PAYMENT_FAILED = "payment_failed"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    CANCEL_AT_PERIOD_END = "cancel_at_period_end"
    ERASE = "erase"


_E = LifecycleEvent

DEFAULT_EVENTS: Mapping[str, LifecycleEvent] = MappingProxyType(
    {
        "signup": _E.ACQUIRE,
        "trial_start": _E.TRIAL,
        "refund": _E.REFUND,
        "start": _E.START,
        "renew": _E.RENEW,
        "payment_failed": _E.PAYMENT_FAILED,
        "pause": _E.PAUSE,
        "resume": _E.RESUME,
        "cancel": _E.CANCEL,
        "cancel_at_period_end": _E.CANCEL_AT_PERIOD_END,
        "erase": _E.ERASE,
    }
)
"""The standard kinds that are not activity; every other kind is. Those of contracts are activity,
too, unless the policy's clock is a `Contract`."""

OF_CONTRACTS = frozenset(
    {_E.START, _E.RENEW, _E.PAYMENT_FAILED, _E.PAUSE, _E.RESUME, _E.CANCEL_AT_PERIOD_END}
)

TRIGGERS: Mapping[LifecycleEvent, Trigger] = MappingProxyType(
    {event: Trigger[event.name] for event in LifecycleEvent if event is not _E.ACTIVITY}
)


def meanings(given: object, *, contract: bool) -> dict[str, LifecycleEvent]:
    """Return what kinds mean, given over the defaults; activity is what is left out."""
    if not isinstance(given, Mapping):
        raise InvalidInputError("events", "must be a mapping of kinds", came(given))
    events = {
        kind: event
        for kind, event in DEFAULT_EVENTS.items()
        if contract or event not in OF_CONTRACTS
    }
    for kind, said in given.items():
        name = f"events[{text('events', kind)!r}]"
        event = LifecycleEvent(one_of(name, said, map(str, LifecycleEvent)))
        if event in OF_CONTRACTS and not contract:
            problem = f"this policy's clock knows no {str(event)!r}"
            raise InvalidInputError(name, "must go with a Contract clock", problem)
        events[str(kind)] = event
    return {kind: event for kind, event in sorted(events.items()) if event is not _E.ACTIVITY}
