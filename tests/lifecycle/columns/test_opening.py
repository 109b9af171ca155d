"""Going on from yesterday's states: any split of a history gives what one replay gives."""

import datetime as dt
import io
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError, Late, TransitionError
from customerops.lifecycle.columns.states import States
from customerops.lifecycle.policy.clocks import Inactivity
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.population.batch import replay_log
from customerops.lifecycle.population.population import Population
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from customerops.model.values.window import Window
from tests.lifecycle.draws import cases
from tests.lifecycle.make import (
    DAY,
    START,
    US,
    UTC,
    day,
    interactions,
    log_of,
    moves_of,
    policy_of,
)
from tests.reference.lifecycle import Event, Paying, Rules

Case = tuple[Rules, list[list[Event]]]
PLAIN = Rules(30, 60, 14, 2, event_first=False)


def through_a_store(states: States, policy: LifecyclePolicy, as_of: dt.datetime) -> States:
    """Return the states as a table of text gives them back, in another order."""
    text = states.to_frame().iloc[::-1].to_csv(index=False)
    frame = pd.read_csv(io.StringIO(text))
    for name in map(str, frame):
        if name.endswith(("_at", "since")) or name.startswith("recent"):
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return States.from_frame(frame, policy, as_of=as_of)


def parts(population: list[list[Event]], split: int) -> tuple[InteractionLog, InteractionLog]:
    early, late = (
        log_of([[e for e in events if (e.at <= split) == first] for events in population])
        for first in (True, False)
    )
    return early, late


def went_on(whole: Population, then: Population, early: InteractionLog, split: int) -> None:
    """Check that a population that went on has the end of the whole one."""
    assert then.ids.tolist() == whole.ids.tolist()
    before = dict(zip(early.customers.tolist(), np.diff(early.offsets).tolist(), strict=True))
    found = moves_of(then)
    for one, moves in moves_of(whole).items():
        known = before.get(one, 0)
        rest = [(*m[:4], m[4] - known if m[4] >= 0 else -1) for m in moves if m[0] > split]
        assert found[one] == rest
    assert then.states() == whole.states()


@given(cases(), st.integers(0, 16), st.integers(0, 8))
def test_any_split_gives_the_same(case: Case, split: int, more: int) -> None:
    how, population = case
    how = how._replace(settle=None)
    policy, as_of = policy_of(how), day(split + more)
    early, late = parts(population, split)
    states = replay_log(early, policy, as_of=day(split)).states()
    kept = through_a_store(states, policy, day(split))
    assert kept == states
    whole = replay_log(log_of(population), policy, as_of=as_of)
    then = replay_log(late, policy, as_of=as_of, initial=kept)
    went_on(whole, then, early, split)
    for n in range(split, split + more + 1):
        assert then.stage_at(day(n)).tolist() == whole.stage_at(day(n)).tolist()
    assert then.since == day(split)


@given(cases(), st.lists(st.integers(0, 3), min_size=2, max_size=6))
def test_night_after_night(case: Case, nights: list[int]) -> None:
    how, population = case
    how = how._replace(settle=None)
    policy, now = policy_of(how), 0
    first = log_of([[e for e in events if e.at <= 0] for events in population])
    states = replay_log(first, policy, as_of=day(0)).states()
    for length in nights:
        new = [[e for e in events if now < e.at <= now + length] for events in population]
        now += length
        states = replay_log(log_of(new), policy, as_of=day(now), initial=states).states()
    assert states == replay_log(log_of(population), policy, as_of=day(now)).states()


def test_customers_who_did_nothing_go_on_too() -> None:
    population = [[Event(0, "qualified")], [Event(3, "acquire")], [Event(5, "qualified")]]
    policy = policy_of(PLAIN)
    states = replay_log(log_of(population[:2]), policy, as_of=day(4)).states()
    night = log_of([population[2]], names=[2])
    then = replay_log(night, policy, as_of=day(31), initial=states)
    assert moves_of(then) == {
        0: [(30, "ACTIVATED", "LAPSED", "timeout", -1)],
        1: [(17, "ACQUIRED", "LOST", "timeout", -1)],
        2: [(5, "UNKNOWN", "ACTIVATED", "event", 0)],
    }
    assert then.opening.tolist() == [2, 1, 0]
    silent = replay_log(log_of([]), policy, as_of=day(31), initial=states)
    assert moves_of(silent) == {one: moves_of(then)[one] for one in (0, 1)}
    nobody = replay_log(log_of([]), policy, as_of=day(4)).states()
    fresh = replay_log(night, policy, as_of=day(31), initial=nobody)
    assert moves_of(fresh) == {2: moves_of(then)[2]}


def test_as_of_the_states_themselves_nothing_happens() -> None:
    population = [[Event(0, "qualified")], [Event(1, "start"), Event(2, "pause")]]
    for how in (PLAIN, PLAIN._replace(window=Paying(3, 30), event_first=True)):
        policy = policy_of(how)
        first = replay_log(log_of(population), policy, as_of=day(40))
        same = replay_log(log_of([]), policy, as_of=day(40), initial=first.states())
        assert len(same.transitions) == 0
        assert same.states() == first.states()
        assert same.stage_at(day(40)).tolist() == first.stage_at(day(40)).tolist()


def test_a_deadline_at_the_split_has_fired_once() -> None:
    for event_first in (False, True):
        policy = policy_of(PLAIN._replace(event_first=event_first))
        states = replay_log(log_of([[Event(0, "qualified")]]), policy, as_of=day(30)).states()
        then = replay_log(log_of([]), policy, as_of=day(95), initial=states)
        assert moves_of(then) == {0: [(90, "LAPSED", "LOST", "timeout", -1)]}


def test_nothing_counts_after_an_erasure() -> None:
    contract = PLAIN._replace(window=Paying(3, 30), event_first=True)
    for how, what in ((PLAIN, "qualified"), (contract, "start")):
        policy = policy_of(how)
        known = [[Event(0, what), Event(1, "erase")], [Event(0, what)]]
        states = replay_log(log_of(known), policy, as_of=day(2)).states()
        night = log_of([[Event(3, what), Event(4, "erase")], [Event(3, "erase"), Event(4, what)]])
        then = replay_log(night, policy, as_of=day(9), initial=states)
        assert moves_of(then)[0] == []
        assert [m[:3] for m in moves_of(then)[1]] == [(3, "ACTIVATED", "ERASED")]
        whole = [[*a, *b] for a, b in zip(known, [[], [Event(3, "erase")]], strict=True)]
        assert then.states() == replay_log(log_of(whole), policy, as_of=day(9)).states()


def test_what_came_before_activation_is_remembered() -> None:
    # one time, by the first customer and by the second: the five do not lie within two days
    days = [0, 6, 6, 8, 12]
    population = [[Event(n, "qualified") for n in days]] * 2
    policy = policy_of(PLAIN._replace(first=3, within=2))
    early, late = parts(population, 9)
    states = replay_log(early, policy, as_of=day(9)).states()
    assert states.columns["recent"].shape == (2, 3)
    then = replay_log(late, policy, as_of=day(13), initial=states)
    assert moves_of(then) == {0: [], 1: []}


def test_what_needs_the_whole_history_is_refused() -> None:
    policy = policy_of(PLAIN)
    states = replay_log(log_of([[Event(0, "qualified")]]), policy, as_of=day(4)).states()
    then = replay_log(log_of([[Event(5, "qualified")]]), policy, as_of=day(9), initial=states)
    for call in (
        lambda: then.explain(0, day(9)),
        lambda: then.history(0),
        lambda: then.spells(stage="LAPSED"),
    ):
        with pytest.raises(InvalidInputError, match="must have the whole history"):
            call()
    with pytest.raises(InvalidInputError, match="t must not be before the initial states"):
        then.stage_at(day(4) - US)


def test_stocks_and_flows_go_on_from_the_states() -> None:
    population = [[Event(0, "qualified"), Event(20, "qualified")], [Event(3, "acquire")]]
    policy = policy_of(PLAIN)
    early, late = parts(population, 10)
    states = replay_log(early, policy, as_of=day(10)).states()
    then = replay_log(late, policy, as_of=day(40), initial=states)
    whole = replay_log(log_of(population), policy, as_of=day(40))
    over = Window(day(10), day(41))
    # the states hold all of the day they are of but what follows them
    assert (
        then.counts(period="day").customers.tolist()[1:]
        == (whole.counts(period="day", over=over).customers.tolist()[1:])
    )
    for kind in ("gross", "net"):
        found = then.flows(period="day", kind=kind).to_frame()
        known = whole.flows(period="day", kind=kind, over=over).to_frame()
        moved, expected = (
            {tuple(map(str, row[:3])): row[3] for row in frame.values.tolist() if row[3]}
            for frame in (found, known)
        )
        stay = {k: n for k, n in moved.items() if k[1] != k[2]}
        assert stay == {k: n for k, n in expected.items() if k[1] != k[2]}
    with pytest.raises(InvalidInputError, match="over must not start before the initial states"):
        then.counts(period="day", over=Window(day(9), day(40)))
    silent = replay_log(log_of([]), policy, as_of=day(40), initial=states)
    assert silent.counts(period="month").customers.sum(axis=1).tolist() == [2, 2]


REPLAY: Any = replay_log


def test_arguments_are_checked() -> None:
    policy = policy_of(PLAIN)
    states = replay_log(log_of([[Event(0, "qualified")]]), policy, as_of=day(4)).states()
    empty = log_of([])

    def goes_on(log: InteractionLog = empty, n: int = 9, **changes: Any) -> Any:
        asked = {"policy": policy, "initial": states, **changes}
        return REPLAY(log, asked.pop("policy"), as_of=day(n), **asked)

    with pytest.raises(InvalidInputError, match="initial must be States: got DataFrame"):
        goes_on(initial=states.to_frame())
    with pytest.raises(TransitionError, match="made under another policy: replay all"):
        goes_on(policy=policy_of(PLAIN._replace(window=31)))
    with pytest.raises(
        InvalidInputError, match="initial must be as of an instant not after as_of"
    ):
        goes_on(n=3)
    unknown = attrs.evolve(states, context=attrs.evolve(states.context, as_of=None))
    with pytest.raises(
        InvalidInputError, match="initial must be as of an instant not after as_of"
    ):
        goes_on(initial=unknown)
    late = log_of([[Event(4, "qualified"), Event(5, "qualified")]])
    with pytest.raises(Late, match=r"1 of 2 do not; replay their customers whole"):
        goes_on(late)
    assert goes_on(log_of([[Event(5, "qualified")]])).as_of == day(9)
    settling = policy_of(PLAIN._replace(settle=1))
    waiting = replay_log(empty, settling, as_of=day(4)).states()
    with pytest.raises(InvalidInputError, match="initial must not go with settle_after"):
        goes_on(policy=settling, initial=waiting)
    scoped = policy_of(PLAIN, scope="line")
    by_line = InteractionLog.from_interactions(
        interactions([]), currency="EUR", calendar=UTC, attributes=["line"]
    )
    of_lines = replay_log(by_line, scoped, as_of=day(4)).states()
    with pytest.raises(InvalidInputError, match="initial must not go with scope"):
        goes_on(by_line, policy=scoped, initial=of_lines)


def test_frames_are_checked() -> None:
    policy = policy_of(PLAIN._replace(first=3, within=2))
    states = replay_log(log_of([[Event(0, "qualified")]]), policy, as_of=day(4)).states()
    frame = states.to_frame()
    assert list(frame.columns)[-3:] == ["recent_1", "recent_2", "recent_3"]
    assert frame["recent_3"].tolist() == [day(0)]
    assert frame["recent_2"].isna().all()
    zoneless = frame.assign(since=frame["since"].dt.tz_localize(None))
    for wrong, message in (
        (frame.drop(columns="lives"), "must have the columns of to_frame: 'lives' is missing"),
        (frame.rename(columns={"since": "sinc"}), "'since' is missing, did you mean 'sinc'"),
        (frame.assign(recent_4=frame["since"]), "got 'recent_4' besides, which this policy has"),
        (frame.assign(stage="LAPSD"), "stage must hold names of stages: got str"),
        (frame.assign(stage=3), "stage must hold names of stages: got int"),
        (zoneless, "since must be timezone-aware instants: got datetime64"),
        (pd.concat([frame, frame]), "ids must be there once each: 1 of 2 are repeated"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            States.from_frame(wrong, policy, as_of=day(4))
    with pytest.raises(InvalidInputError, match="as_of must be timezone-aware"):
        States.from_frame(frame, policy, as_of=day(4).replace(tzinfo=None))
    shanghai = frame.assign(since=frame["since"].dt.tz_convert("Asia/Shanghai"))
    assert States.from_frame(shanghai, policy, as_of=day(4)) == states


def test_empty_states_survive_a_frame() -> None:
    policy = policy_of(PLAIN._replace(first=3, within=2))
    nobody = replay_log(log_of([]), policy, as_of=day(4)).states()
    assert len(States.from_frame(nobody.to_frame(), policy, as_of=day(4))) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lives": [-1]}, "lives must hold whole numbers of at least 0"),
        ({"lives": [float("nan")]}, "lives must hold whole numbers of at least 0"),
        ({"ordinal": [2.7]}, "ordinal must hold whole numbers of at least 0"),
        ({"ending": ["False"]}, "ending must hold truth values"),
        (
            {"due_at": [pd.NaT]},
            "due_at must be what falls due first: it is another in 1 of 1 rows",
        ),
    ],
    ids=str,
)
def test_a_frame_holds_what_states_hold(change: dict[str, Any], message: str) -> None:
    policy = LifecyclePolicy(
        qualifies="purchase", clock=Inactivity(30 * DAY), retention=KthInLife(2)
    )
    bought = Interaction(customer_id=1, at=START, kind="purchase")
    done = replay_log(InteractionLog.from_interactions([bought]), policy, as_of=START)
    frame = done.states().to_frame()
    assert States.from_frame(frame, policy, as_of=START) == done.states()
    if "due_at" in change:
        change = {"due_at": pd.to_datetime(change["due_at"], utc=True)}
    with pytest.raises(InvalidInputError, match=message):
        States.from_frame(frame.assign(**change), policy, as_of=START)


def test_a_frame_and_a_policy_are_needed() -> None:
    frame: Any = pd.DataFrame()
    wrong: Any = None
    with pytest.raises(InvalidInputError, match="frame must be a pandas DataFrame: got None"):
        States.from_frame(wrong, wrong, as_of=START)
    with pytest.raises(InvalidInputError, match="policy must be a LifecyclePolicy: got None"):
        States.from_frame(frame, wrong, as_of=START)
