"""Small lifecycles: whole days from a Thursday, purchases that qualify from 5.00 up."""

import datetime as dt

from customerops.lifecycle.clocks import Inactivity
from customerops.lifecycle.criteria import KthInLife
from customerops.lifecycle.policy import LifecyclePolicy
from customerops.lifecycle.stages import Trigger
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import amount, kind
from customerops.model.values.money import Money
from tests.reference.lifecycle import Rules

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

KINDS = {
    "acquire": ("signup", None),
    "unqualified": ("purchase", "4.99"),
    "qualified": ("purchase", "5.00"),
    "cancel": ("cancel", None),
    "erase": ("erase", None),
}
TRIGGERS = {
    "acquire": Trigger.ACQUIRE,
    "unqualified": Trigger.SIGHTING,
    "qualified": Trigger.ACTIVITY,
    "cancel": Trigger.CANCEL,
    "erase": Trigger.ERASE,
}

Event = tuple[int, str]


def day(n: float) -> dt.datetime:
    return START + n * DAY


def policy_of(rules: Rules) -> LifecyclePolicy:
    return LifecyclePolicy(
        qualifies=kind("purchase") & (amount >= 5),
        clock=Inactivity(rules.window * DAY),
        retention=KthInLife(rules.k),
        winback_window=None if rules.winback is None else rules.winback * DAY,
        activation_window=None if rules.activation is None else rules.activation * DAY,
        boundary="event_first" if rules.event_first else "timeout_first",
    )


def micros_of(rules: Rules) -> LifecyclePolicy:
    """Return the policy whose ticks are microseconds."""
    tick = dt.timedelta(microseconds=1)
    return LifecyclePolicy(
        qualifies="purchase",
        clock=Inactivity(rules.window * tick),
        retention=KthInLife(rules.k),
        winback_window=None if rules.winback is None else rules.winback * tick,
        activation_window=None if rules.activation is None else rules.activation * tick,
        boundary="event_first" if rules.event_first else "timeout_first",
    )


def interaction(event: Event, nth: int, customer: str = "c-9") -> Interaction:
    at, what = event
    name, paid = KINDS[what]
    money = None if paid is None else Money(paid, "EUR")
    return Interaction(id=nth, customer_id=customer, at=day(at), kind=name, amount=money)


def interactions(events: list[Event], customer: str = "c-9") -> list[Interaction]:
    return [interaction(event, nth, customer) for nth, event in enumerate(events)]
