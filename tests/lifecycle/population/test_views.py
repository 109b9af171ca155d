"""Views: partitions or refused, on stages, states and populations."""

import datetime as dt
import pickle
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.machine import step
from customerops.lifecycle.policy.stages import STAGES, Stage
from customerops.lifecycle.population.batch import replay_log
from customerops.lifecycle.population.population import Population
from customerops.lifecycle.population.views import DUOLINGO, HUBSPOT, POSTHOG, View
from customerops.model.log.log import InteractionLog
from customerops.model.values.calendar import Calendar
from tests.lifecycle.draws import populations, rules
from tests.lifecycle.make import Event, day, interaction, interactions, policy_of
from tests.reference.lifecycle import Rules

PLAIN = Rules(window=30, winback=60, activation=14, k=2, event_first=False)
VIEWS = [HUBSPOT, POSTHOG, DUOLINGO]
BY_HAND = {
    "hubspot": "- lead customer customer customer customer other -",
    "posthog": "- - new returning dormant resurrecting dormant -",
    "duolingo": "- - new current at_risk resurrected dormant -",
}
"""The cells of the stages in the order of `STAGES`."""


def replayed(given: list[list[Event]], how: Rules, n: int, first: int = 0) -> Population:
    records = [x for i, events in enumerate(given, first) for x in interactions(events, f"c{i}")]
    log = InteractionLog.from_interactions(records, currency="EUR", calendar=Calendar(dt.UTC))
    return replay_log(log, policy_of(how), as_of=day(n))


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_stage_is_in_one_cell_or_outside(view: View) -> None:
    assert " ".join(view.cell(stage) or "-" for stage in STAGES) == BY_HAND[view.name]
    placed = [stage for stages in (*view.cells.values(), view.outside) for stage in stages]
    assert sorted(placed) == sorted(set(STAGES) - {Stage.UNKNOWN})
    assert pickle.loads(pickle.dumps(view)) == view
    assert hash(pickle.loads(pickle.dumps(view))) == hash(view)
    assert view != View("other", dict(view.cells), view.outside)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@given(populations(), rules(), st.integers(0, 20), st.integers(0, 20))
def test_counts_are_those_of_each_customer(
    view: View, given: list[list[Event]], how: Rules, early: int, late: int
) -> None:
    early, late = sorted((early, late))
    done = replayed(given, how, late)
    found = view.counts(done, day(early))
    cells: Counter[Any] = Counter(map(view.cell, done.stage_at(day(early))))
    assert list(found.axes[0].labels) == sorted(view.cells)
    assert found.customers.tolist() == [cells[label] for label in found.axes[0].labels]
    assert view.counts(done) == view.counts(done, day(late))
    share = found.share()
    assert share.total.tolist() == [sum(found.customers)] * len(view.cells)


@given(populations(), populations(), rules(), st.integers(0, 20))
def test_counts_add(a: list[list[Event]], b: list[list[Event]], how: Rules, n: int) -> None:
    one, two = replayed(a, how, n), replayed(b, how, n, len(a))
    whole = replayed(a + b, how, n)
    for view in VIEWS:
        assert view.counts(one) + view.counts(two) == view.counts(whole)
        assert view.counts(one + two) == view.counts(whole)


def test_states_of_a_service() -> None:
    policy = policy_of(PLAIN)
    state = None
    told = []
    for nth, event in enumerate([(0, "acquire"), (1, "qualified"), (2, "qualified")]):
        state = step(state, interaction(event, nth), policy).state
        told.append([view.cell(state) for view in VIEWS])
    assert told == [
        ["lead", None, None],
        ["customer", "new", "new"],
        ["customer", "returning", "current"],
    ]


def test_by_hand() -> None:
    given: list[list[Event]] = [[(0, "acquire")], [(0, "qualified")], [(0, "erase")]]
    found = HUBSPOT.counts(replayed(given, PLAIN, 5))
    frame = found.to_frame()
    assert frame[["cell", "customers"]].values.tolist() == [
        ["customer", 1],
        ["lead", 1],
        ["other", 0],
    ]
    assert found.definition == "hubspot"
    assert float(found.share().select(cell="lead")) == 0.5
    for part in (found.select(cell="lead"), found.select(cell=["lead"])):
        with pytest.raises(InvalidInputError, match="cell must have all its labels"):
            part.share()
    with pytest.raises(InvalidInputError, match="definition must be the same"):
        found + POSTHOG.counts(replayed([], PLAIN, 5))
    with pytest.raises(InvalidInputError, match="options must be the same"):
        found + HUBSPOT.counts(replayed([], PLAIN, 5), day(4))


REST = ["ACQUIRED", "RETAINED", "LAPSED", "WON_BACK", "LOST", "ERASED"]


@pytest.mark.parametrize(
    ("cells", "outside", "message"),
    [
        ({"a": REST[1:]}, [], "cells must hold every stage once: missing ACQUIRED, ACTIVATED$"),
        ({"a": ["ACTIVATED", "LOST"], "b": REST}, [], "more than once LOST$"),
        ({"a": ["ACTIVATED", *REST]}, ["LOST"], "more than once LOST$"),
        ({"a": ["ACTIVATED", "ACTIVATED", *REST]}, [], "more than once ACTIVATED$"),
        ({"a": REST, "b": REST}, [], "missing ACTIVATED; more than once ACQUIRED, RETAINED"),
        ({"a": ["ACTIVATED", *REST], "b": []}, [], r"cells\['b'\] must not be empty"),
        ({"a": ["LAPSD"]}, [], r"cells\['a'\] must be one of .* did you mean 'LAPSED'"),
        ({"a": ["UNKNOWN"]}, [], r"cells\['a'\] must be one of 'ACQUIRED'"),
        ({"a": "LOST"}, [], r"cells\['a'\] must be a collection of stages: got str"),
        ({"a": 3}, [], r"cells\['a'\] must be a collection of stages: got int"),
        ({"": REST}, [], "cells key must not be empty"),
        ([], [], "cells must be a mapping: got list"),
        ({"a": REST}, 3, "outside must be a collection of stages: got int"),
    ],
)
def test_what_is_no_partition_is_refused(cells: Any, outside: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        View("mine", cells, outside)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: View("", {"a": REST}), "name must not be empty"),
        (lambda: HUBSPOT.cell("LAPSD"), "stage must be one of .* did you mean 'LAPSED'"),
        (lambda: HUBSPOT.cell(None), "stage must be one of .* got None"),  # type: ignore[arg-type]
        (lambda: HUBSPOT.counts([]), "population must be a Population: got list"),  # type: ignore[arg-type]
        (
            lambda: HUBSPOT.counts(replayed([], PLAIN, 5), day(6)),
            "t must not be after as_of",
        ),
    ],
)
def test_arguments_are_checked(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
