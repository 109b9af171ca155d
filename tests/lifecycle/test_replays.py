"""Every clock and criterion against the reference, by the scalar and by the columnar machine."""

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import STAGES
from customerops.lifecycle.population.batch import replay_log
from customerops.model.values.instants import to_us
from tests.lifecycle.draws import cases
from tests.lifecycle.make import START, US, day, interactions, log_of, moves_of, policy_of, row_of
from tests.reference.lifecycle import Event, Rules, View, live, next_due, views

Case = tuple[Rules, list[list[Event]]]


def told(one: Any) -> View:
    contract = None if one.contract is None else str(one.contract)
    return View(str(one.stage), one.at_risk, one.pending_cancel, contract, one.life, one.ordinal)


def due_at(events: list[Event], how: Rules, as_of: int) -> dt.datetime | None:
    """Return when a service must look again: just after what interactions come before."""
    found = next_due(events, how, as_of, as_of + 40)
    if found is None:
        return None
    t, timeout = found
    return day(t) + US * (how.event_first or not timeout)


@given(cases(), st.integers(0, 20))
def test_one_customer_at_every_instant(case: Case, as_of: int) -> None:
    how, population = case
    for events in population:
        history = replay(interactions(events), policy_of(how), as_of=day(as_of))
        life = live(events, how, as_of)
        assert [
            ((c.at - START) / (day(1) - START), c.source, c.target, c.cause, c.interaction_id)
            for c in history.transitions
        ] == life.changes
        seen = [told(history.attributes_at(day(t))) for t in range(as_of + 1)]
        assert seen == views(events, how, as_of)
        assert history.final.due_at == due_at(events, how, as_of)


@given(cases(), st.integers(0, 20))
def test_all_customers_at_once(case: Case, as_of: int) -> None:
    how, population = case
    log = log_of(population)
    done = replay_log(log, policy_of(how), as_of=day(as_of))
    found, states = moves_of(done), done.states()
    for i, one in enumerate(done.ids.tolist()):
        events = population[one]
        order = sorted(range(len(events)), key=lambda nth: events[nth].at)
        life = live(events, how, as_of)
        assert found[one] == [
            (*c[:4], -1 if c.event is None else order.index(c.event)) for c in life.changes
        ]
        view = life.view(as_of)
        row = (STAGES[states.stage[i]], states.at_risk[i], states.lives[i], states.ordinal[i])
        assert row == (view.stage, view.at_risk, view.life, life.ordinal)
        due = due_at(events, how, as_of)
        assert states.due_at[i] == (NEVER if due is None else to_us(due))
        assert states.qualified_at[i] == (to_us(day(life.counted[-1])) if life.counted else NEVER)


@given(cases(), st.integers(0, 20))
def test_every_column_of_the_states(case: Case, as_of: int) -> None:
    how, population = case
    policy = policy_of(how)
    states = replay_log(log_of(population), policy, as_of=day(as_of)).states()
    for i, one in enumerate(states.ids.tolist()):
        final = replay(interactions(population[one]), policy, as_of=day(as_of)).final
        found = {name: column[i].tolist() for name, column in states.columns.items()}
        assert found == row_of(final, policy.memory)
