"""One lifecycle for each value of an attribute: the columnar one is the scalar one of each."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.history import History, replay
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.machine.state import State, Step
from customerops.lifecycle.policy.stages import Stage
from customerops.lifecycle.population.batch import replay_log
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from tests.lifecycle.draws import cases
from tests.lifecycle.make import DAY, START, UTC, day, interaction, moves_of, policy_of
from tests.reference.lifecycle import Event, Rules

PLAIN = Rules(30, 60, None, 2, event_first=False)
POLICY = policy_of(PLAIN, scope="line")
Case = tuple[Rules, list[list[Event]]]


def of(nth: int, event: Event, line: Any = None, customer: str = "a") -> Interaction:
    return interaction(event, nth, customer, attributes={} if line is None else {"line": line})


def log_of(given: list[Interaction]) -> InteractionLog:
    return InteractionLog.from_interactions(
        given, currency="EUR", calendar=UTC, attributes=["line"]
    )


def concerns(one: Interaction, line: str) -> bool:
    own = one.attributes.get("line")
    return own == line or (own is None and one.kind == "erase")


@given(cases(), st.lists(st.sampled_from([None, "x", "y"]), min_size=9), st.integers(0, 20))
def test_it_is_the_scalar_one_of_each_value(
    case: Case, lines: list[str | None], as_of: int
) -> None:
    how, population = case
    policy = policy_of(how, scope="line")
    given = [
        [of(i, e, lines[(i + c) % len(lines)], f"c{c}") for i, e in enumerate(events)]
        for c, events in enumerate(population)
    ]
    done = replay_log(log_of([x for own in given for x in own]), policy, as_of=day(as_of))
    expected: dict[tuple[str, str], History] = {}
    places: dict[tuple[str, str], list[Any]] = {}
    for c, own in enumerate(given):
        known = [x for x in own if x.at <= day(as_of)]
        for line in sorted({str(x.attributes["line"]) for x in known if x.attributes}):
            mine = [x for x in known if concerns(x, line)]
            expected[f"c{c}", line] = replay(mine, policy, as_of=day(as_of))
            places[f"c{c}", line] = [x.id for x in sorted(known, key=lambda x: (x.at, x.id))]
    assert done.ids.tolist() == list(expected)
    found, states = moves_of(done), done.states()
    for i, (one, history) in enumerate(expected.items()):
        assert found[one] == [
            (
                (c.at - START) / DAY,
                c.source,
                c.target,
                c.cause,
                -1 if c.interaction_id is None else places[one].index(c.interaction_id),
            )
            for c in history.transitions
        ]
        assert history.state.scope == one[1]
        assert done.history(one).transitions == history.transitions
        row = (states.lives[i], states.ordinal[i])
        assert row == (history.final.lives, history.final.ordinal)


def test_an_erasure_without_the_attribute_erases_all_and_one_with_it_its_own() -> None:
    bought = [of(0, Event(0, "qualified"), "x"), of(1, Event(1, "qualified"), "y")]
    everything = replay_log(log_of([*bought, of(2, Event(3, "erase"))]), POLICY, as_of=day(9))
    assert everything.stage_at(day(9)).tolist() == ["ERASED", "ERASED"]
    own = replay_log(log_of([*bought, of(2, Event(3, "erase"), "x")]), POLICY, as_of=day(9))
    assert own.ids.tolist() == [("a", "x"), ("a", "y")]
    assert own.stage_at(day(9)).tolist() == ["ERASED", "ACTIVATED"]
    # of one customer alone
    other = [*bought, of(0, Event(0, "qualified"), "x", "b"), of(1, Event(3, "erase"), None, "b")]
    assert replay_log(log_of(other), POLICY, as_of=day(9)).stage_at(day(9)).tolist() == [
        *["ACTIVATED"] * 2,
        "ERASED",
    ]


def test_what_has_no_value_belongs_to_none() -> None:
    loose = [of(0, Event(0, "qualified")), of(1, Event(1, "erase"))]
    assert len(replay_log(log_of(loose), POLICY, as_of=day(9))) == 0
    given = [*loose[:1], of(2, Event(4, "qualified"), "x"), of(3, Event(5, "cancel"))]
    done = replay_log(log_of(given), POLICY, as_of=day(9))
    assert moves_of(done) == {("a", "x"): [(4, "UNKNOWN", "ACTIVATED", "event", 1)]}


@pytest.mark.parametrize("values", [(1, 2), (True, False), (0.5, 1.5), ("x", "y")])
def test_values_of_any_sort(values: tuple[Any, Any]) -> None:
    given = [of(i, Event(i, "qualified"), value) for i, value in enumerate(values)]
    done = replay_log(log_of(given), POLICY, as_of=day(9))
    assert sorted(done.ids.tolist()) == sorted(("a", value) for value in values)
    for one in done.ids.tolist():
        assert done.explain(one, day(9)).stage is Stage.ACTIVATED
        assert type(one[1]) is type(values[0])


def test_populations_by_value_add() -> None:
    a = [of(i, Event(i, "qualified"), "xy"[i], "a") for i in range(2)]
    b = [of(i, Event(i, "qualified"), "yx"[i], "b") for i in range(2)]
    one, two, both = (replay_log(log_of(xs), POLICY, as_of=day(40)) for xs in (a, b, a + b))
    assert one + two == both == two + one
    assert len(both) == 4


# ------------------------------------------------------------------ one at a time


def test_a_state_is_of_one_value() -> None:
    start = of(0, Event(0, "qualified"), "x")
    state = step(None, start, POLICY).state
    assert (state.scope, state.stage) == ("x", Stage.ACTIVATED)
    assert State.from_dict(state.to_dict()) == state
    assert step(state, of(1, Event(1, "qualified"), "x"), POLICY).state.stage is Stage.RETAINED
    # without the attribute, or of another customer's line: nothing
    assert step(state, of(1, Event(1, "qualified")), POLICY) == Step(state, ())
    with pytest.raises(InvalidInputError, match="interaction must be of the line of the state"):
        step(state, of(1, Event(1, "qualified"), "y"), POLICY)
    assert step(state, of(1, Event(1, "erase")), POLICY).state.stage is Stage.ERASED
    assert advance(state, day(50), POLICY).state.scope == "x"


def test_what_concerns_no_value_begins_nothing() -> None:
    done = step(None, of(0, Event(0, "qualified")), POLICY)
    assert done == Step(State(POLICY.hash), ())


def test_a_history_is_of_one_value() -> None:
    both = [of(i, Event(i, "qualified"), "xy"[i]) for i in range(2)]
    with pytest.raises(InvalidInputError, match="must have one value of line: they have 2"):
        replay(both, POLICY, as_of=day(9))
    history = replay([both[0], of(2, Event(3, "qualified"))], POLICY, as_of=day(9))
    assert len(history.interactions) == 1
    assert replay([], POLICY, as_of=day(9)).state == State(POLICY.hash)


@pytest.mark.parametrize("one", ["a", ("a",), None, ("a", "x", 1)])
def test_a_customer_is_asked_for_by_value(one: Any) -> None:
    done = replay_log(log_of([of(0, Event(0, "qualified"), "x")]), POLICY, as_of=day(9))
    with pytest.raises(InvalidInputError, match=r"customer_id must be \(customer, value\)"):
        done.explain(one, day(9))


@pytest.mark.parametrize("one", [("b", "x"), ("a", "y")])
def test_who_is_not_there(one: Any) -> None:
    done = replay_log(log_of([of(0, Event(0, "qualified"), "x")]), POLICY, as_of=day(9))
    with pytest.raises(InvalidInputError, match="customer_id must be a customer of the log"):
        done.explain(one, day(9))


def test_the_attribute_must_be_loaded_and_of_one_type() -> None:
    bare = InteractionLog.from_arrays(
        customer_id=[1], at=[dt.date(2026, 1, 1)], kind=["purchase"], tz=dt.UTC, currency="EUR",
        amount=[5],
    )  # fmt: skip
    with pytest.raises(InvalidInputError, match=r"load it with attributes=\['line'\]"):
        replay_log(bare, POLICY, as_of=day(9))
    mixed = [of(0, Event(0, "qualified"), "x"), of(1, Event(0, "qualified"), 3)]
    with pytest.raises(InvalidInputError, match="must be an attribute of values of one type"):
        replay_log(log_of(mixed), POLICY, as_of=day(9))


def test_an_empty_log() -> None:
    assert len(replay_log(log_of([]), POLICY, as_of=day(9))) == 0
