"""Policies: what they refuse, what they say, and that they survive being written."""

import datetime as dt
import json
import pickle
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.clocks import Contract, Inactivity, Latency
from customerops.lifecycle.policy.criteria import (
    AtRisk,
    FirstQualifying,
    KthInLife,
    NthQualifying,
    NWithin,
    TenureInLife,
)
from customerops.lifecycle.policy.events import DEFAULT_EVENTS, OF_CONTRACTS, LifecycleEvent
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import Days, Months
from customerops.lifecycle.policy.stages import Stage, Trigger
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import Did, always, amount, channel, kind
from customerops.model.values.calendar import Calendar
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
        ({"clock": 30 * DAY}, "clock must be Inactivity, Latency or Contract: got timedelta"),
        ({"clock": None}, "clock must be Inactivity, Latency or Contract: got None"),
        ({"retention": 2}, "retention must be KthInLife or TenureInLife: got int"),
        (
            {"activation": 1},
            "activation must be FirstQualifying, NthQualifying or NWithin: got int",
        ),
        ({"at_risk": 0.5}, "at_risk must be .*AtRisk or None: got float"),
        ({"calendar": "UTC"}, "calendar must be .*Calendar or None: got str"),
        ({"activation_window": 14}, "activation_window must be a timedelta, Days or Months: got"),
        ({"settle_after": 14}, "settle_after must be a timedelta: got int"),
        ({"settle_after": Days(14)}, "settle_after must be a timedelta: got Days"),
        ({"settle_after": 0 * DAY}, "settle_after must be longer than zero"),
        ({"scope": 3}, "scope must be a str: got int"),
        ({"scope": ""}, "scope must not be empty"),
        ({"qualifies": None}, "qualifies must be given: only contracts need none"),
        ({"winback_window": Days(3)}, "calendar must be given: winback_window is of calendar"),
        ({"activation_window": Months(3)}, "calendar must be given: activation_window is of"),
        ({"clock": Inactivity(Days(3))}, "calendar must be given: window is of calendar days"),
        ({"activation": NWithin(2, Days(3))}, "calendar must be given: window is of calendar"),
        ({"retention": TenureInLife(Months(3))}, "calendar must be given: tenure is of calendar"),
        ({"at_risk": AtRisk(after=Days(3))}, "calendar must be given: after is of calendar days"),
        ({"winback_window": dt.timedelta(0)}, "winback_window must be longer than zero"),
        ({"boundary": "event"}, "boundary must be one of 'timeout_first', 'event_first'"),
        ({"qualifies": Did(kind("purchase"))}, "qualifies must be an event rule"),
        ({"qualifies": "signup"}, "qualifies must name kinds of activity: 'signup' is to acquire"),
        ({"qualifies": ["visit", "erase"]}, "'erase' is to erase"),
        ({"qualifies": (kind == "cancel") | (channel == "web")}, "'cancel' is to cancel"),
        ({"events": ["purchase"]}, "events must be a mapping of kinds: got list"),
        ({"events": {1: "acquire"}}, "events must be a str: got int"),
        ({"events": {"open": "aquire"}}, "did you mean 'acquire'"),
        ({"events": {"open": 3}}, r"events\['open'\] must be one of 'acquire', .*, 'activity'"),
        (
            {"events": {"subscribe": "start"}},
            r"events\['subscribe'\] must go with a Contract clock: .* clock knows no 'start'",
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


def contract(**changes: Any) -> LifecyclePolicy:
    given = {"clock": Contract(term=30 * DAY), "retention": KthInLife(2), **changes}
    return LifecyclePolicy(**given)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qualifies": "start"}, "qualifies must be left out under a Contract clock"),
        ({"activation": NthQualifying(2)}, "activation must be left out under a Contract clock"),
        ({"settle_after": DAY}, "settle_after must be left out under a Contract clock"),
        ({"boundary": "timeout_first"}, "boundary must be left out under a Contract clock"),
        ({"clock": Contract(grace=Days(3))}, "calendar must be given: grace is of calendar days"),
        ({"clock": Contract(term=Months(1))}, "calendar must be given: term is of calendar days"),
    ],
)
def test_what_goes_with_contracts(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        contract(**changes)


def test_contracts_are_event_first() -> None:
    assert contract().event_first
    assert contract() == contract(boundary="event_first", activation=FirstQualifying())
    assert contract().contract == Contract(term=30 * DAY)
    assert made().contract is None
    assert made(boundary="event_first").grace == dt.timedelta(microseconds=1)
    assert made().grace == dt.timedelta(0)


LATENCY: dict[str, Any] = {"quantile": 0.9, "fallback": DAY}


@pytest.mark.parametrize(
    ("part", "given", "message"),
    [
        (Latency, {**LATENCY, "quantile": 0}, "quantile must be over 0 and at most 1"),
        (Latency, {**LATENCY, "quantile": 1.01}, "quantile must be over 0 and at most 1"),
        (Latency, {**LATENCY, "quantile": float("nan")}, "quantile must be finite"),
        (Latency, {**LATENCY, "quantile": "0.9"}, "quantile must be a"),
        (Latency, {**LATENCY, "fallback": 60}, "fallback must be a timedelta: got int"),
        (Latency, {**LATENCY, "fallback": Days(3)}, "fallback must be a timedelta: got Days"),
        (Latency, {**LATENCY, "last": 0}, "last must be at least 1"),
        (Latency, {**LATENCY, "min_intervals": 0}, "min_intervals must be at least 1"),
        (Latency, {**LATENCY, "last": 2}, "min_intervals must be at most last"),
        (Latency, {**LATENCY, "floor": 0 * DAY}, "floor must be longer than zero"),
        (Latency, {**LATENCY, "cap": 3}, "cap must be a timedelta: got int"),
        (Latency, {**LATENCY, "floor": 3 * DAY, "cap": 2 * DAY}, "floor must not be longer than"),
        (Contract, {"grace": -DAY}, "grace must be longer than zero"),
        (Contract, {"grace": 7}, "grace must be a timedelta, Days or Months: got int"),
        (Contract, {"term": 0 * DAY}, "term must be longer than zero"),
        (Days, {"n": 0}, "n must be at least 1"),
        (Days, {"n": 1.0}, "n must be an int"),
        (Months, {"n": True}, "n must be an int"),
        (NthQualifying, {"n": 1}, "n must be at least 2"),
        (NWithin, {"n": 1, "window": DAY}, "n must be at least 2"),
        (NWithin, {"n": 2, "window": None}, "window must be a timedelta, Days or Months: got"),
        (TenureInLife, {"tenure": 90}, "tenure must be a timedelta, Days or Months: got int"),
        (AtRisk, {}, "at_risk must have one of after and share"),
        (AtRisk, {"after": DAY, "share": 0.5}, "at_risk must have one of after and share"),
        (AtRisk, {"after": 0 * DAY}, "after must be longer than zero"),
        (AtRisk, {"share": 1}, "share must lie between 0 and 1"),
        (AtRisk, {"share": 0.0}, "share must lie between 0 and 1"),
        (AtRisk, {"rule": "login", "share": 0.5}, "rule must go with after: got share"),
        (AtRisk, {"rule": Did(kind("login")), "after": DAY}, "rule must be an event rule"),
    ],
)
def test_parts_are_refused_by_name(part: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        part(**given)


def test_no_grace_is_none() -> None:
    assert Contract(grace=dt.timedelta(0)) == Contract()


def test_there_is_no_other_option() -> None:
    with pytest.raises(TypeError, match="days"):
        Inactivity(days=90)  # type: ignore[call-arg]


def test_a_kind_under_a_negation_or_with_another_meaning_may_be_named() -> None:
    assert made(qualifies=~kind("cancel") & (channel == "web")).qualifies is not None
    assert made(qualifies="signup", events={"signup": "activity"}).events["cancel"] == "cancel"
    assert made(qualifies=always).qualifies == always
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
    assert see(policy, "trial_start") is Trigger.TRIAL
    assert see(policy, "refund", "-5.00") is Trigger.REFUND
    assert see(policy, "payment_failed") is Trigger.SIGHTING


def test_what_interactions_are_to_contracts() -> None:
    policy = contract(events={"use": "activity", "extend": "renew"})
    for kind_, event in DEFAULT_EVENTS.items():
        assert see(policy, kind_) is Trigger[event.name]
    paid = Interaction(customer_id=1, at=START, kind="extend", until=START + DAY)
    assert policy.trigger(paid) is Trigger.RENEW_THROUGH
    assert see(policy, "extend") is Trigger.RENEW
    for use in ("use", "purchase", "visit"):
        assert see(policy, use, "9.00") is Trigger.SIGHTING
    begun = Interaction(customer_id=1, at=START, kind="start", until=START + DAY)
    assert policy.trigger(begun) is Trigger.START


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


def test_words_for_every_part() -> None:
    words = made(
        clock=Latency(
            quantile=0.5, fallback=60 * DAY, floor=7 * DAY, cap=90 * DAY, last=5, min_intervals=2
        ),
        activation=NWithin(3, Months(1)),
        retention=TenureInLife(Days(90)),
        winback_window=Days(1),
        settle_after=14 * DAY,
        at_risk=AtRisk(share=0.5),
        scope="product",
        calendar=ZONE,
    ).describe()
    assert words.splitlines() == [
        "Qualifying: kind is purchase and amount >= 5.",
        "ACTIVATED by 3 qualifying interactions within 1 calendar month; RETAINED from the first qualifying interaction 90 calendar days into a life.",
        "LAPSED after the 0.5 quantile of the last 5 own intervals (at least 7 days; at most 90 days; 60 days before there are 2) without a qualifying interaction, or by a cancel; at the deadline the timeout goes first.",
        "LOST 1 calendar day after lapsing; never for not being activated.",
        "Acquire: signup. Trial: trial_start. Refund: refund. Cancel: cancel. Erase: erase. Every other kind is activity.",
        "What qualifies counts 14 days later, if not refunded.",
        "At risk: a share of 0.5 of the lapse window has passed.",
        "One lifecycle for each value of product.",
    ]


def test_words_for_contracts() -> None:
    words = contract(
        clock=Contract(7 * DAY, Months(1)), calendar=ZONE, at_risk=AtRisk("use", after=14 * DAY)
    ).describe()
    assert words.splitlines() == [
        "Qualifying: a start or a renewal.",
        "ACTIVATED by the first qualifying interaction; RETAINED from the 2nd qualifying interaction of a life.",
        "LAPSED after what is paid has run out (1 calendar month a time, unless said) and 7 days of grace have passed, or by a cancel; at the deadline the interaction goes first.",
        "LOST never after lapsing; never for not being activated.",
        "Acquire: signup. Trial: trial_start. Refund: refund. Start: start. Renew: renew. Payment failed: payment_failed. Pause: pause. Resume: resume. Cancel: cancel. Cancel at period end: cancel_at_period_end. Erase: erase. Every other kind is activity.",
        "At risk: 14 days without a qualifying interaction, nor one where kind is use.",
    ]


def test_what_a_state_has_to_remember() -> None:
    assert made().memory == 0
    assert made(activation=NthQualifying(9)).memory == 0
    assert made(activation=NWithin(3, DAY)).memory == 3
    latency = Latency(quantile=0.9, fallback=DAY, last=4)
    assert made(clock=latency, activation=NWithin(3, DAY)).memory == 5
    assert made(clock=latency, activation=NWithin(7, DAY)).memory == 7


def test_what_the_deadlines_are() -> None:
    both = {"winback_window": 3 * DAY, "activation_window": Months(1), "calendar": ZONE}
    policy = contract(**both)
    assert policy.windows == {Stage.LAPSED: 3 * DAY, Stage.ACQUIRED: Months(1)}
    assert policy.overdue_after == {Stage.LAPSED: 3 * DAY + dt.timedelta(microseconds=1)}
    latency = made(clock=Latency(quantile=0.9, fallback=DAY))
    assert latency.windows == latency.overdue_after == {}


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


ZONE = Calendar(ZoneInfo("Europe/Berlin"))
EXACT = st.timedeltas(min_value=dt.timedelta(microseconds=1))
SPANS = EXACT | st.builds(Days, st.integers(1, 400)) | st.builds(Months, st.integers(1, 40))
SHARES = st.floats(0, 1, exclude_min=True, exclude_max=True)


def latencies() -> st.SearchStrategy[Latency]:
    def made(quantile: float, last: int, least: int, *spans: dt.timedelta | None) -> Latency:
        fallback, *held = spans
        floor, cap = sorted(x for x in held if x) if all(held) else held
        assert fallback is not None
        return Latency(
            quantile=quantile,
            last=last,
            min_intervals=min(last, least),
            fallback=fallback,
            floor=floor,
            cap=cap,
        )

    few = st.integers(1, 20)
    return st.builds(
        made, SHARES | st.just(1.0), few, few, EXACT, st.none() | EXACT, st.none() | EXACT
    )


def policies() -> st.SearchStrategy[LifecyclePolicy]:
    kinds = st.sampled_from(["signup", "cancel", "erase", "register", "close"])
    every = list(LifecycleEvent)
    retention = st.builds(KthInLife, st.integers(1, 5)) | st.builds(TenureInLife, SPANS)
    signs = st.none() | st.just(kind("login"))
    shared = {
        "retention": retention,
        "activation_window": st.none() | SPANS,
        "winback_window": st.none() | SPANS,
        "at_risk": st.none()
        | st.builds(AtRisk, signs, after=SPANS)
        | st.builds(AtRisk, share=SHARES),
        "scope": st.none() | st.just("product"),
        "calendar": st.just(ZONE),
    }
    contracts = st.builds(
        LifecyclePolicy,
        clock=st.builds(Contract, st.none() | SPANS, st.none() | SPANS),
        events=st.dictionaries(kinds, st.sampled_from(every)),
        **shared,
    )
    plain = [event for event in every if event not in OF_CONTRACTS]
    others = st.builds(
        LifecyclePolicy,
        qualifies=st.sampled_from([always, kind("purchase") & (amount >= "5.00")]),
        clock=st.builds(Inactivity, SPANS) | latencies(),
        activation=st.builds(FirstQualifying)
        | st.builds(NthQualifying, st.integers(2, 5))
        | st.builds(NWithin, st.integers(2, 5), SPANS),
        boundary=st.sampled_from(["timeout_first", "event_first"]),
        settle_after=st.none() | EXACT,
        events=st.dictionaries(kinds, st.sampled_from(plain)),
        **shared,
    )
    return contracts | others


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
        (
            {"clock": {"clock": "habit"}},
            "clock must be one of 'inactivity', 'latency', 'contract'",
        ),
        ({"clock": {"clock": "latency", "window": 1}}, "clock must hold known keys only"),
        ({"clock": {"clock": "latency"}}, "clock.quantile must be given"),
        ({"clock": {"clock": "contract", "grace": None}}, "clock.term must be given"),
        ({"clock": {"clock": "inactivity"}}, "clock.window must be given"),
        ({"clock": {"clock": "inactivity", "window": None}}, "window must be a timedelta, Days"),
        ({"clock": {"clock": "inactivity", "window": "P30D"}}, "window must be a mapping of one"),
        ({"clock": {"clock": "inactivity", "window": {"weeks": 1}}}, "window must .*'weeks'"),
        ({"clock": {"clock": "inactivity", "window": {"days": 0}}}, "n must be at least 1"),
        ({"clock": {"clock": "inactivity", "window": {"microseconds": "9"}}}, "must be an int"),
        (
            {"clock": {"clock": "inactivity", "window": {"days": 1, "months": 1}}},
            "window must be a mapping of one unit to a number",
        ),
        ({"clock": 3}, "clock must be a mapping"),
        ({"retention": {"retention": "tenure", "k": 1}}, "retention must be one of 'kth_in_life'"),
        ({"retention": {"retention": "kth_in_life", "tenure": None}}, "retention must hold known"),
        ({"retention": {"retention": "tenure_in_life", "k": 1}}, "retention must hold known keys"),
        ({"activation": {"activation": "nth"}}, "activation must be one of 'first_qualifying'"),
        ({"activation": {"activation": "first_qualifying", "n": 2}}, "activation must hold known"),
        ({"activation": {"activation": "nth_qualifying"}}, "activation.n must be given"),
        ({"activation": {"activation": "n_within", "n": 2}}, "activation.window must be given"),
        ({"at_risk": {"rule": None, "after": None}}, "at_risk.share must be given"),
        ({"at_risk": {"rule": None, "after": None, "share": None}}, "must have one of after and"),
        ({"events": ["signup"]}, "events must be .*Mapping: got list"),
        ({"winback_window": -1}, "winback_window must be a mapping of one unit to a number: got"),
        ({"winback_window": {"microseconds": -1}}, "winback_window must be at least 1: got less"),
        (
            {"winback_window": {"microseconds": 10**20}},
            "must be at most 999,999,999 days: got more",
        ),
        ({"settle_after": {"days": 1}}, "settle_after must be a timedelta: got Days"),
        ({"qualifies": {"rule": "magic"}}, "rule"),
        ({"calendar": "UTC"}, "calendar must be a mapping|Calendar must be a mapping"),
    ],
)
def test_reading_refuses_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        LifecyclePolicy.from_dict({**made().to_dict(), **change})
