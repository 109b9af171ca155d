"""Small lifecycles: whole days from a Thursday, purchases that qualify from 5.00 up."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from customerops.lifecycle.machine.contract import Term
from customerops.lifecycle.machine.state import State
from customerops.lifecycle.policy.clocks import Clock, Contract, Inactivity, Latency
from customerops.lifecycle.policy.criteria import (
    Activation,
    AtRisk,
    FirstQualifying,
    KthInLife,
    NthQualifying,
    NWithin,
    TenureInLife,
)
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import STAGES, Trigger
from customerops.lifecycle.population.population import Population
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import amount, kind
from customerops.model.values.calendar import Calendar
from customerops.model.values.instants import to_us
from customerops.model.values.money import Money
from tests.reference.lifecycle import Event as Happening
from tests.reference.lifecycle import Paying, Rules, Usual

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
US = dt.timedelta(microseconds=1)
UTC = Calendar(dt.UTC)

KINDS = {
    "acquire": ("signup", None),
    "trial": ("trial_start", None),
    "start": ("start", "30.00"),
    "renew": ("renew", "30.00"),
    "renew_through": ("renew", "30.00"),
    "unqualified": ("purchase", "4.99"),
    "qualified": ("purchase", "5.00"),
    "refund": ("refund", "-5.00"),
    "payment_failed": ("payment_failed", None),
    "pause": ("pause", None),
    "resume": ("resume", None),
    "cancel_at_period_end": ("cancel_at_period_end", None),
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
AnyEvent = Event | Happening


def day(n: float) -> dt.datetime:
    return START + n * DAY


def policy_of(rules: Rules, unit: dt.timedelta = DAY, scope: str | None = None) -> LifecyclePolicy:
    contract = isinstance(rules.window, Paying)

    def span(ticks: int | None) -> Any:
        return None if ticks is None else ticks * unit

    at_risk = None
    if rules.quiet is not None:
        at_risk = AtRisk("purchase", after=span(rules.quiet))
    elif rules.share is not None:
        at_risk = AtRisk(share=float(rules.share))
    return LifecyclePolicy(
        qualifies=None if contract else kind("purchase") & (amount >= 5),
        clock=_clock_of(rules.window, unit),
        retention=TenureInLife(span(rules.tenure)) if rules.k is None else KthInLife(rules.k),
        activation=_activation_of(rules, unit),
        winback_window=span(rules.winback),
        activation_window=span(rules.activation),
        boundary="event_first" if rules.event_first else "timeout_first",
        settle_after=span(rules.settle),
        at_risk=at_risk,
        scope=scope,
    )


def _clock_of(window: int | Usual | Paying, unit: dt.timedelta) -> Clock:
    if isinstance(window, int):
        return Inactivity(window * unit)
    if isinstance(window, Paying):
        return Contract(
            grace=window.grace * unit, term=None if window.term is None else window.term * unit
        )
    return Latency(
        quantile=float(window.quantile),
        last=window.last,
        min_intervals=window.least,
        fallback=window.fallback * unit,
        floor=window.floor * unit,
        cap=None if window.cap is None else window.cap * unit,
    )


def _activation_of(rules: Rules, unit: dt.timedelta) -> Activation:
    if rules.first == 1:
        return FirstQualifying()
    if rules.within is None:
        return NthQualifying(rules.first)
    return NWithin(rules.first, rules.within * unit)


def micros_of(rules: Rules) -> LifecyclePolicy:
    """Return the policy whose ticks are microseconds."""
    return policy_of(rules, US)


def interaction(
    event: AnyEvent,
    nth: int,
    customer: str = "c-9",
    *,
    unit: dt.timedelta = DAY,
    **more: Any,
) -> Interaction:
    one = Happening(*event)
    name, paid = KINDS[one.what]
    return Interaction(
        id=nth,
        customer_id=customer,
        at=START + one.at * unit,
        kind=name,
        amount=None if paid is None else Money(paid, "EUR"),
        until=None if one.until is None else START + one.until * unit,
        thread_id=one.thread,
        **more,
    )


def interactions(
    events: Sequence[AnyEvent], customer: str = "c-9", *, unit: dt.timedelta = DAY
) -> list[Interaction]:
    return [interaction(event, nth, customer, unit=unit) for nth, event in enumerate(events)]


def log_of(
    population: Sequence[Sequence[AnyEvent]],
    *,
    names: Sequence[Any] | None = None,
    unit: dt.timedelta = DAY,
) -> InteractionLog:
    """Return the log of a population by arrays; left out, names are places in it."""
    flat = [
        (i if names is None else names[i], Happening(*event))
        for i, events in enumerate(population)
        for event in events
    ]
    start, tick = START.timestamp() * 1_000_000, unit // US
    ends = [None if e.until is None else START + e.until * unit for _, e in flat]
    return InteractionLog.from_arrays(
        customer_id=[name for name, _ in flat],
        at=[int(start) + e.at * tick for _, e in flat],
        at_unit="us",
        kind=[KINDS[e.what][0] for _, e in flat],
        amount=[KINDS[e.what][1] for _, e in flat],
        currency="EUR",
        until=ends,
        thread=[e.thread for _, e in flat],
        calendar=UTC,
    )


Moves = list[tuple[int, str, str, str, int]]


def moves_of(population: Population, *, unit: dt.timedelta = DAY) -> dict[Any, Moves]:
    """Return the transitions of each customer: tick, source, target, cause, place in the log."""
    columns = population.transitions
    start, tick = int(START.timestamp() * 1_000_000), unit // US
    names = [str(stage) for stage in STAGES]
    out: dict[Any, Moves] = {one: [] for one in population.ids.tolist()}
    ids = population.ids[columns.customer].tolist()
    told = zip(
        ids,
        ((columns.at - start) / tick).tolist(),
        columns.source.tolist(),
        columns.target.tolist(),
        columns.timeout.tolist(),
        columns.event.tolist(),
        strict=True,
    )
    for one, at, source, target, timeout, event in told:
        cause = "timeout" if timeout else "event"
        out[one].append((at, names[source], names[target], cause, event))
    return out


def _us(at: dt.datetime | None) -> int:
    return NEVER if at is None else to_us(at)


def row_of(state: State, memory: int) -> dict[str, Any]:
    """Return a scalar state as a row of the columnar ones."""
    term = state.term or Term(None)
    settles = state.settling[0].at + US if state.settling else None
    recent = [_us(at) for at in state.recent]
    return {
        "stage": STAGES.index(state.stage),
        "settles_at": _us(settles),
        "ends_at": _us(term.ends_at),
        "paused_at": _us(term.paused_at),
        "anchor": term.anchor or 0,
        "paid": state.term is not None,
        "recent": [NEVER] * (memory - len(recent)) + recent,
        **{name: getattr(term, name) for name in ("ending", "trial", "failing")},
        **{name: getattr(state, name) for name in ("lives", "ordinal")},
        **{
            name: _us(getattr(state, name))
            for name in ("since", "overdue_at", "at_risk_at", "life_since", "qualified_at")
        },
    }
