"""What a caller's type checker sees; checked by mypy, never run."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal, assert_type
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

import customerops as co
from customerops import Customer, Interaction, InteractionLog, Money, journey, lifecycle, metrics
from customerops.model import (
    Calendar,
    CohortTable,
    Rule,
    Spells,
    Subscription,
    Window,
    amount,
    first,
    inactivity_spells,
    kind,
    spells_of,
)


def records(at: dt.datetime) -> None:
    paid = Money("59.00", "EUR")
    assert_type(paid + paid, Money)
    assert_type(paid * 2, Money)
    one = Interaction(id="o-17", customer_id="c-9", at=at, kind="purchase", amount=paid)
    assert_type(one.amount, Money | None)
    assert_type(Interaction.from_dict(one.to_dict()), Interaction)
    assert_type(Customer(id="c-9").id, int | str | UUID)


def rules(one: Interaction, log: InteractionLog) -> None:
    rule = kind("purchase") & (amount >= 5)
    assert_type(rule, Rule)
    assert_type(~rule, Rule)
    assert_type(rule.matches(one), bool)
    assert_type(rule.mask(log), NDArray[np.bool_])


def logs(frame: Any, several: Iterable[Interaction], people: Iterable[Customer]) -> InteractionLog:
    log = InteractionLog.from_frame(frame, customer_id="user", at="ts", kind="event", tz="UTC")
    assert_type(log, InteractionLog)
    log = InteractionLog.from_interactions(several, calendar=Calendar("Europe/Berlin"))
    assert_type(log.with_customers(people).until_day(dt.date(1998, 6, 30)), InteractionLog)
    assert_type(log.at, NDArray[np.int64])
    return log


def results(log: InteractionLog, window: Window) -> None:
    table = metrics.retention(
        log, start="signup", returning="use", period="month", by=first("channel")
    )
    assert_type(table, CohortTable)
    assert_type(table + table, CohortTable)
    assert_type(sum([table, table]), CohortTable | Literal[0])
    assert_type(journey.transitions(log, over=window), journey.TransitionTable)
    growth = lifecycle.growth_accounting(log, qualifies="purchase", period="month")
    assert_type(growth, lifecycle.GrowthAccounting)


def spells(log: InteractionLog, several: list[Subscription], as_of: dt.datetime) -> None:
    assert_type(spells_of(several, as_of=as_of), Spells)
    assert_type(inactivity_spells(log, within=dt.timedelta(days=30), activity="use"), Spells)


def service(state: lifecycle.State, one: Interaction, policy: lifecycle.LifecyclePolicy) -> None:
    step = lifecycle.step(state, one, policy)
    assert_type(step, lifecycle.Step)
    assert_type(step.state, lifecycle.State)
    assert_type(step.state.due_at, dt.datetime | None)
    assert_type(step.transitions, tuple[lifecycle.Transition, ...])
    assert_type(lifecycle.State.from_dict(step.state.to_dict()), lifecycle.State)


def errors(log: InteractionLog) -> str:
    try:
        log.until(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    except co.InvalidInputError as error:
        assert_type(error.count, int | None)
        return error.name
    return ""


def refused(log: InteractionLog) -> None:
    """Each line is a mistake that the checker must see."""
    metrics.retention(log, "signup", "use", "month")  # type: ignore[call-arg]
    metrics.retention(log, start="signup", returning="use", period="fortnight")  # type: ignore[arg-type]
    Interaction("o-17", at=3)  # type: ignore[call-arg, arg-type]
    log.as_of = 3  # type: ignore[misc]
    InteractionLog.from_frame({}, customer_id="user", at="ts", kind="event", chanel="x")  # type: ignore[call-arg]
