"""Policies: what they refuse, what they say, and that they survive being written."""

import datetime as dt
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.clocks import Inactivity
from customerops.lifecycle.criteria import FirstQualifying, KthInLife
from customerops.lifecycle.events import DEFAULT_EVENTS, LifecycleEvent
from customerops.lifecycle.policy import LifecyclePolicy
from customerops.lifecycle.stages import Stage, Trigger
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import Did, always, amount, channel, kind
from customerops.model.values.money import Money
from tests.lifecycle.make import DAY, START

BASE: dict[str, Any] = {
    "qualifies": kind("purchase") & (amount >= 5),
    "clock": Inactivity(30 * DAY),
    "retention": KthInLife(2),
}


def made(**changes: Any) -> LifecyclePolicy:
    return LifecyclePolicy(**{**BASE, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clock": 30 * DAY}, "clock must be an Inactivity: got timedelta"),
        ({"clock": None}, "clock must be an Inactivity: got None"),
        ({"retention": 2}, "retention must be a KthInLife: got int"),
        ({"activation": 1}, "activation must be a FirstQualifying: got int"),
        ({"activation_window": 14}, "activation_window must be a timedelta: got int"),
        ({"winback_window": dt.timedelta(0)}, "winback_window must be longer than zero"),
        ({"boundary": "event"}, "boundary must be one of 'timeout_first', 'event_first'"),
        ({"qualifies": Did(kind("purchase"))}, "qualifies must be an event rule"),
        ({"qualifies": "signup"}, "qualifies must name kinds of activity: 'signup' is to acquire"),
        ({"qualifies": ["visit", "erase"]}, "'erase' is to erase"),
        ({"qualifies": (kind == "cancel") | (channel == "web")}, "'cancel' is to cancel"),
        ({"events": ["purchase"]}, "events must be a mapping of kinds: got list"),
        ({"events": {1: "acquire"}}, "events must be a str: got int"),
        ({"events": {"open": "aquire"}}, "did you mean 'acquire'"),
        ({"events": {"open": 3}}, r"events\['open'\] must be one of 'acquire', 'activity'"),
        (
            {"events": {"subscribe": "start"}},
            r"events\['subscribe'\] must not be an event of contracts: .* clock has no 'start'",
        ),
    ],
)
def test_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        made(**changes)


@pytest.mark.parametrize("window", [90, "90 days", None, dt.timedelta(0), -DAY])
def test_a_window_is_a_duration_longer_than_zero(window: Any) -> None:
    with pytest.raises(InvalidInputError, match="window must be"):
        Inactivity(window)


@pytest.mark.parametrize("k", [0, -1, 1.0, True, None])
def test_k_is_a_positive_int(k: Any) -> None:
    with pytest.raises(InvalidInputError, match="k must be"):
        KthInLife(k)


def test_there_is_no_other_option() -> None:
    with pytest.raises(TypeError, match="scope"):
        made(scope="product")
    with pytest.raises(TypeError, match="days"):
        Inactivity(days=90)  # type: ignore[call-arg]


def test_a_kind_under_a_negation_or_with_another_meaning_may_be_named() -> None:
    assert made(qualifies=~kind("cancel") & (channel == "web")).qualifies is not None
    assert made(qualifies="signup", events={"signup": "activity"}).events["cancel"] == "cancel"
    assert made(qualifies=always).qualifies.level == "any"
    assert made(qualifies=(channel != "cancel") & (kind != "cancel")).hash


def see(policy: LifecyclePolicy, kind: str, paid: str | None = None) -> Trigger:
    money = None if paid is None else Money(paid, "EUR")
    return policy.trigger(Interaction(customer_id=1, at=START, kind=kind, amount=money))


def test_what_interactions_are_to_the_machine() -> None:
    policy = made(
        events={"register": "acquire", "close": LifecycleEvent.CANCEL, "cancel": "activity"}
    )
    assert see(policy, "register") is Trigger.ACQUIRE
    assert see(policy, "signup") is Trigger.ACQUIRE
    assert see(policy, "close") is Trigger.CANCEL
    assert see(policy, "cancel") is Trigger.SIGHTING
    assert see(policy, "erase") is Trigger.ERASE
    assert see(policy, "purchase", "5.00") is Trigger.ACTIVITY
    assert see(policy, "purchase", "4.99") is Trigger.SIGHTING
    assert see(policy, "purchase") is Trigger.SIGHTING
    assert see(policy, "renew", "9.00") is Trigger.SIGHTING
    assert "purchase" not in policy.triggers_by_kind()
    assert policy.triggers_by_kind()["close"] is Trigger.CANCEL


def test_only_interactions_are_classified() -> None:
    with pytest.raises(InvalidInputError, match="interaction must be an Interaction: got dict"):
        made().trigger({})  # type: ignore[arg-type]


def test_words() -> None:
    words = made(
        boundary="event_first",
        activation_window=dt.timedelta(hours=36),
        retention=KthInLife(3),
        clock=Inactivity(dt.timedelta(seconds=90)),
        events=dict.fromkeys(DEFAULT_EVENTS, "activity"),
    ).describe()
    assert words.splitlines() == [
        "Qualifying: kind is purchase and amount >= 5.",
        "ACTIVATED by the first qualifying interaction; RETAINED from the 3rd qualifying interaction of a life.",
        "LAPSED after 90 seconds without a qualifying interaction, or by a cancel; at the deadline the interaction goes first.",
        "LOST never after lapsing; 36 hours after acquisition without activation.",
        "Every other kind is activity.",
    ]


def test_when_deadlines_are_overdue() -> None:
    policy = made(winback_window=60 * DAY)
    assert policy.overdue_after == {
        Stage.ACTIVATED: 30 * DAY,
        Stage.RETAINED: 30 * DAY,
        Stage.WON_BACK: 30 * DAY,
        Stage.LAPSED: 60 * DAY,
    }
    closed = made(activation_window=dt.timedelta.max, boundary="event_first")
    assert closed.overdue_after[Stage.ACQUIRED] == dt.timedelta.max
    assert closed.overdue_after[Stage.RETAINED] == 30 * DAY + dt.timedelta(microseconds=1)


def policies() -> st.SearchStrategy[LifecyclePolicy]:
    windows = st.timedeltas(min_value=dt.timedelta(microseconds=1))
    kinds = st.sampled_from(["signup", "cancel", "erase", "register", "close"])
    return st.builds(
        LifecyclePolicy,
        qualifies=st.sampled_from([always, kind("purchase") & (amount >= "5.00")]),
        clock=st.builds(Inactivity, windows),
        retention=st.builds(KthInLife, st.integers(1, 5)),
        activation_window=st.none() | windows,
        winback_window=st.none() | windows,
        boundary=st.sampled_from(["timeout_first", "event_first"]),
        events=st.dictionaries(kinds, st.sampled_from(list(LifecycleEvent))),
    )


@given(policies())
def test_it_survives_json_pickling_and_repr(policy: LifecyclePolicy) -> None:
    written = json.loads(json.dumps(policy.to_dict()))
    for other in (LifecyclePolicy.from_dict(written), pickle.loads(pickle.dumps(policy))):
        assert other == policy
        assert hash(other) == hash(policy)
        assert repr(other) == repr(policy)
        assert other.to_dict() == policy.to_dict()


@given(policies(), policies())
def test_the_hash_is_what_it_says(a: LifecyclePolicy, b: LifecyclePolicy) -> None:
    assert (a == b) == (a.to_dict() == b.to_dict())
    assert (a.hash == b.hash) == (a == b)
    assert len(a.hash) == 16


def test_it_equals_only_policies() -> None:
    assert made() != "policy"
    assert made() == made(activation=FirstQualifying())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "LifecyclePolicy.schema must be 1"),
        ({"clocks": 1}, "LifecyclePolicy must hold known keys only: got 'clocks'"),
        ({"clock": {"clock": "latency", "window": 1}}, "clock must be one of 'inactivity'"),
        ({"clock": {"clock": "inactivity"}}, "clock.window must be given"),
        ({"clock": {"clock": "inactivity", "window": "P30D"}}, "window must be an int"),
        ({"retention": {"retention": "tenure", "k": 1}}, "retention must be one of 'kth_in_life'"),
        ({"activation": {"activation": "nth"}}, "activation must be one of 'first_qualifying'"),
        ({"events": ["signup"]}, "events must be a Mapping: got list"),
        ({"winback_window": -1}, "winback_window must be longer than zero"),
        ({"qualifies": {"rule": "magic"}}, "rule"),
    ],
)
def test_reading_refuses_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        LifecyclePolicy.from_dict({**made().to_dict(), **change})
