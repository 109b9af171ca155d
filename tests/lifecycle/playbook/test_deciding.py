"""Decisions: truth tables, a slow reference on random facts, and what must hold of any facts."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError, TransitionError
from customerops.lifecycle.machine.machine import step
from customerops.lifecycle.machine.state import State
from customerops.lifecycle.playbook.care import CareDate
from customerops.lifecycle.playbook.deciding import decide
from customerops.lifecycle.playbook.decisions import Decision, Reason, ReasonCode
from customerops.lifecycle.playbook.limits import Cap, Holdout, QuietHours
from customerops.lifecycle.playbook.playbook import Playbook
from customerops.lifecycle.playbook.plays import (
    SAVE,
    WAKE,
    WIN_BACK,
    Offer,
    Personalisation,
    Situation,
)
from customerops.lifecycle.policy.clocks import Contract
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.model.records.records import Consent, Customer, Interaction
from tests.lifecycle.playbooks import (
    ANN,
    DAY,
    HOUR,
    NOW,
    YES,
    action,
    ask,
    case,
    channels,
    consent,
    contact,
    kinds,
    playbook,
    state,
)
from tests.lifecycle.plots import complaints, consents, contacts, playbooks
from tests.reference import playbook as reference

US = dt.timedelta(microseconds=1)
NIGHT = QuietHours("22:00", "08:00")


def only(decision: Decision) -> tuple[Reason, ...]:
    """Return the reasons against the only action."""
    assert not decision.allowed
    (refusal,) = decision.refused
    return refusal.reasons


def within(*stages: str, **rest: Any) -> Situation:
    return Situation(stages=frozenset(stages), **rest)


# ------------------------------------------------------------------ whom an action is for

LATER = {"at_risk_at": NOW + DAY}
NOW_AT_RISK = {"at_risk_at": NOW}
FOR: list[tuple[Situation, State, dict[str, Any], bool]] = [
    (WAKE, state("LAPSED"), {}, True),
    (WAKE, state("LOST"), {}, False),
    (WAKE, state("RETAINED"), {}, False),
    (WIN_BACK, state("LOST"), {}, True),
    (WIN_BACK, state("LOST", lives=0), {}, False),  # never active: nothing to win back
    (WIN_BACK, state("LAPSED"), {}, False),
    (within("LOST", ever_active=False), state("LOST", lives=0), {}, True),
    (SAVE, state("RETAINED", **NOW_AT_RISK), {}, True),
    (SAVE, state("WON_BACK", **NOW_AT_RISK), {}, True),
    (SAVE, state("RETAINED", **LATER), {}, False),
    (SAVE, state("RETAINED"), {}, False),
    (SAVE, state("LAPSED", **NOW_AT_RISK), {}, False),
    (within("RETAINED", at_risk=False), state("RETAINED"), {}, True),
    (within("RETAINED", at_risk=False), state("RETAINED", **NOW_AT_RISK), {}, False),
    (Situation(), state("ACQUIRED"), {}, True),
    (Situation(), state("UNKNOWN", since=None), {}, False),
    (within("UNKNOWN"), state("UNKNOWN", since=None), {}, True),
    (Situation(), state("ERASED"), {}, False),
    (Situation(segments=frozenset({"vip", "new"})), state(), {"segments": {"vip"}}, True),
    (Situation(segments=frozenset({"vip", "new"})), state(), {"segments": ["staff"]}, False),
    (Situation(segments=frozenset({"vip"})), state(), {}, False),
    (Situation(except_segments=frozenset({"staff"})), state(), {}, True),
    (Situation(except_segments=frozenset({"staff"})), state(), {"segments": ("staff", "vip")}, False),
    (Situation(tiers=frozenset({"gold"})), state(), {"tier": "gold"}, True),
    (Situation(tiers=frozenset({"gold"})), state(), {"tier": "iron"}, False),
    (Situation(tiers=frozenset({"gold"})), state(), {}, False),
    (WAKE, state("LAPSED"), {"tier": "iron"}, True),
]  # fmt: skip


@pytest.mark.parametrize(("when", "at", "facts", "meant"), FOR)
def test_whom_an_action_is_for(
    when: Situation, at: State, facts: dict[str, Any], meant: bool
) -> None:
    decision = ask(playbook(action(when=when)), at=at, **facts)
    assert [one.key for one in decision.allowed] == ["wake"] * meant
    assert decision.refused == ()  # another situation is no refusal
    assert decision.stage is at.stage


CONTRACT = LifecyclePolicy(clock=Contract(term=30 * DAY, grace=5 * DAY), retention=KthInLife(2))


@pytest.mark.parametrize(
    ("days", "kinds_", "status", "pending"),
    [
        (9, ["start"], "running", False),
        (9, ["start", "cancel_at_period_end"], "running", True),
        (9, ["start", "pause"], "paused", False),
        (32, ["start"], "grace", False),
        (9, ["start", "cancel"], "ended", False),
    ],
)
def test_how_a_contract_stands(days: int, kinds_: list[str], status: str, pending: bool) -> None:
    at: State | None = None
    for n, kind in enumerate(kinds_):
        when = NOW - days * DAY + n * HOUR
        at = step(at, Interaction(id=n, customer_id=ANN.id, at=when, kind=kind), CONTRACT).state
    statuses = ["trial", "running", "paused", "grace", "ended"]
    book = playbook(
        *[action(one, when=Situation(contract=frozenset({one}))) for one in statuses],
        action("leaving", when=Situation(pending_cancel=True)),
        action("staying", when=Situation(pending_cancel=False)),
    )
    assert set(channels(ask(book, at=at))) == {status, "leaving" if pending else "staying"}


BORN = Customer(id=ANN.id, attributes={"born": "1996-03-10"}, timezone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("customer", "hour", "keys"),
    [
        (BORN, 12, {"cake"}),
        (BORN, 15.99, {"cake"}),
        (BORN, 16, {"gift"}),  # in Shanghai it is the 11th
        (attrs.evolve(BORN, timezone="America/New_York"), 3, set()),  # and there still the 9th
        (attrs.evolve(BORN, timezone="America/New_York"), 5, {"cake"}),
        (attrs.evolve(BORN, timezone=None), 15.99, {"cake"}),  # the zone of the playbook
        (attrs.evolve(BORN, timezone=None), 16, {"gift"}),
        (ANN, 12, set()),
    ],
)
def test_care_dates_on_the_customers_calendar(
    customer: Customer, hour: float, keys: set[str]
) -> None:
    book = playbook(
        action("cake", when=Situation(due=frozenset({"birthday"}))),
        action("gift", when=Situation(due=frozenset({"party"}))),
        action("card", when=Situation(due=frozenset({"birthday", "party"}))),
        tz="Asia/Shanghai",
        care_dates=[
            CareDate(key="birthday", of="born", leap_day="mar_1"),
            CareDate(key="party", dates=["2026-03-11"]),
        ],
    )
    decision = ask(book, customer=customer, as_of=NOW + (hour - 12) * HOUR)
    assert set(channels(decision)) == (keys | {"card"} if keys else set())


@pytest.mark.parametrize(
    ("times", "at", "due"),
    [
        ({}, state(), None),
        ({"due_within": 9 * DAY}, state(), NOW),
        ({"due_within": 8 * DAY}, state(), NOW - DAY),  # overdue is still due
        ({"after": 9 * DAY, "due_within": 12 * DAY}, state(), NOW + 3 * DAY),
        ({"after": 9 * DAY + US}, state(), "not yet"),
        ({"after": 36525 * DAY}, state(), "not yet"),
        ({"counts_from": "activity", "due_within": DAY}, state(qualified_at=NOW - HOUR), NOW + 23 * HOUR),
        ({"counts_from": "activity", "after": 2 * HOUR}, state(qualified_at=NOW - HOUR), "not yet"),
        ({"counts_from": "activity"}, state(), "not yet"),
        ({"counts_from": "risk", "due_within": DAY}, state("RETAINED", at_risk_at=NOW - HOUR), NOW + 23 * HOUR),
        ({"counts_from": "risk", "after": HOUR}, state("RETAINED", at_risk_at=NOW - HOUR), None),
        ({"counts_from": "risk"}, state("RETAINED", at_risk_at=NOW + US), "not yet"),
        ({"counts_from": "risk"}, state("RETAINED"), "not yet"),
        ({"after": HOUR}, state("UNKNOWN", since=None), "not yet"),
        ({"due_within": HOUR}, state("UNKNOWN", since=None), "not yet"),
        ({"counts_from": "activity"}, state("UNKNOWN", since=None), "not yet"),
        ({}, state("UNKNOWN", since=None), None),
    ],
)  # fmt: skip
def test_steps_of_a_procedure(times: dict[str, Any], at: State, due: Any) -> None:
    book = playbook(action(when=within("LAPSED", "RETAINED", "UNKNOWN"), **times))
    decision = ask(book, at=at)
    assert not decision.refused
    assert [one.due_at for one in decision.allowed] == ([] if due == "not yet" else [due])


# ------------------------------------------------------------------ what holds it back


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], "no consent: permission for marketing by sms was never given"),
        ([consent("denied")], "no consent: permission for marketing by sms was denied"),
        ([consent(), consent("withdrawn", 1)], "no consent: permission for marketing by sms was withdrawn"),
        ([consent(expires_at=NOW)], "no consent: permission for marketing by sms has expired"),
        ([consent(purpose="news")], "no consent: permission for marketing by sms was never given"),
        ([consent(channel="email")], "no consent: permission for marketing by sms was never given"),
    ],
)  # fmt: skip
def test_without_permission(said: list[Consent], reason: str) -> None:
    (why,) = only(ask(playbook(), consents=said))
    assert why == Reason(ReasonCode.NO_PERMISSION, reason, "sms", None)


def test_what_the_contract_requires_needs_no_consent() -> None:
    for basis in ("contract", "legal_obligation"):
        (done,) = ask(playbook(action(basis=basis)), consents=[consent("denied")]).allowed
        assert done.basis == basis


def test_the_basis_of_a_record() -> None:
    (done,) = ask(playbook(), consents=[consent(legal_basis="legitimate_interests")]).allowed
    assert done.basis == "legitimate_interests"


THREE = Cap(limit=3, window=7 * DAY, channel="sms")
FIVE = Cap(limit=5, window=7 * DAY)
CAPPED = "frequency cap: 3 sms in 7 days"


@pytest.mark.parametrize(
    ("sent", "until"),
    [
        ([], None),
        ([contact(1), contact(2)], None),
        ([contact(1), contact(2), contact(3)], NOW + 4 * DAY),
        ([contact(0), contact(2), contact(3)], NOW + 4 * DAY),
        ([contact(3), contact(1), contact(2), contact(6)], NOW + 4 * DAY),
        ([contact(1), contact(2), contact(7)], None),  # the window is half-open
        ([contact(1), contact(2), contact(7 - 1e-6)], NOW + DAY * 1e-6),
        ([contact(1), contact(2), contact(-1)], None),  # not known yet
        ([contact(1), contact(2), contact(3, "email")], None),
        ([contact(1), contact(2), contact(3, None)], None),
        ([contact(1), contact(2), contact(3, direction="none")], None),
        ([contact(1, key="wake"), contact(2, key="x"), contact(3, key="wake")], NOW + 4 * DAY),
    ],
)  # fmt: skip
def test_a_cap_of_a_channel(sent: list[Interaction], until: dt.datetime | None) -> None:
    decision = ask(playbook(caps=[THREE]), contacts=sent)
    if until is None:
        assert channels(decision) == {"wake": "sms"}
    else:
        assert only(decision) == (Reason(ReasonCode.FREQUENCY_CAP, CAPPED, "sms", until),)


def test_a_cap_of_all_channels() -> None:
    sent = [contact(1), contact(2, "email"), contact(3, None), contact(4, "push")]
    book = playbook(caps=[THREE, FIVE])
    assert channels(ask(book, contacts=sent)) == {"wake": "sms"}
    (why,) = only(ask(book, contacts=[*sent, contact(5, "phone")]))
    assert (why.sentence, why.until) == ("frequency cap: 5 contacts in 7 days", NOW + 2 * DAY)


def test_what_is_allowed_takes_its_places() -> None:
    both = Cap(limit=2, window=DAY)
    book = playbook(*map(action, "abc"), caps=[both, Cap(limit=1, window=DAY, channel="sms")])
    said = "frequency cap: {}, with what goes before it"
    decision = ask(book)
    assert channels(decision) == {"a": "sms"}
    (why, _) = (one.reasons[0] for one in decision.refused)
    assert why == Reason(ReasonCode.CAP_TAKEN, said.format("1 sms in 1 day"), "sms", None)
    wide = playbook(
        *(action(key, channels=("sms", "email", "push")) for key in "abc"), caps=book.caps
    )
    decision = ask(wide)
    assert channels(decision) == {"a": "sms", "b": "email"}
    assert {why.sentence for why in decision.refused[0].reasons} == {
        said.format("1 sms in 1 day"),
        said.format("2 contacts in 1 day"),
    }
    decision = ask(wide, contacts=[contact(0.5, "phone")])
    assert channels(decision) == {"a": "sms"}


def test_what_is_exempt_takes_a_place_too() -> None:
    cap = Cap(limit=1, window=DAY)
    free, bound = action("free", exempt={"caps"}), action("bound")
    assert channels(ask(playbook(free, bound, caps=[cap]))) == {"free": "sms"}
    assert channels(ask(playbook(bound, free, caps=[cap]))) == {"free": "sms", "bound": "sms"}
    assert set(channels(ask(playbook(free, caps=[cap]), contacts=[contact(0.1)]))) == {"free"}


@pytest.mark.parametrize(
    ("hour", "customer", "until"),
    [
        (21, ANN, None),
        (22, ANN, NOW + 20 * HOUR),
        (7.5, ANN, NOW - 4 * HOUR),
        (8, ANN, None),
        (12, attrs.evolve(ANN, timezone="Asia/Tokyo"), None),  # 21:00 there
        (13, attrs.evolve(ANN, timezone="Asia/Tokyo"), NOW + 11 * HOUR),
    ],
)
def test_quiet_hours_by_the_customers_clock(
    hour: float, customer: Customer, until: dt.datetime | None
) -> None:
    decision = ask(
        playbook(quiet_hours=[NIGHT]), customer=customer, as_of=NOW + (hour - 12) * HOUR
    )
    if until is None:
        assert channels(decision) == {"wake": "sms"}
        return
    (why,) = only(decision)
    assert (why.code, why.channel, why.until) == (ReasonCode.QUIET_HOURS, "sms", until)
    day = "2026-03-11" if hour > 8 else "2026-03-10"
    assert why.sentence == f"quiet hours until {day} 08:00"


def test_quiet_hours_of_a_channel() -> None:
    night = QuietHours("22:00", "08:00", channels=frozenset({"sms", "phone"}))
    book = playbook(action(channels=("sms", "email")), quiet_hours=[night])
    assert channels(ask(book, as_of=NOW + 11 * HOUR)) == {"wake": "email"}
    exempt = playbook(action(exempt={"quiet_hours"}), quiet_hours=[night])
    assert channels(ask(exempt, as_of=NOW + 11 * HOUR)) == {"wake": "sms"}


@pytest.mark.parametrize(
    ("done", "until"),
    [
        ([], None),
        ([contact(13, key="wake")], NOW + DAY),
        ([contact(14, key="wake")], None),
        ([contact(14 - 1e-6, key="wake")], NOW + DAY * 1e-6),
        ([contact(20, key="wake"), contact(3, key="wake")], NOW + 11 * DAY),
        ([contact(3, key="wake"), contact(20, key="wake")], NOW + 11 * DAY),
        ([contact(3, key="other"), contact(2)], None),
        ([contact(3, "email", key="wake")], NOW + 11 * DAY),
        ([contact(3, key="wake", direction="none")], NOW + 11 * DAY),
        ([contact(-1, key="wake")], None),
    ],
)
def test_a_cool_down(done: list[Interaction], until: dt.datetime | None) -> None:
    decision = ask(playbook(action(cool_down=14 * DAY)), contacts=done)
    assert (not decision.refused) is (until is None)
    if until is not None:
        said = f"cool-down until {until:%Y-%m-%d %H:%M}"
        assert only(decision) == (Reason(ReasonCode.COOL_DOWN, said, None, until),)


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ([], None),
        ([case(2)], "1 open complaint"),
        ([case(2, "complain")], "1 open complaint"),
        ([case(-1)], None),
        ([case(2), case(1, "case_reply"), case(0, "case_status")], "1 open complaint"),
        ([case(1, "case_reply")], None),
        ([case(2), case(1, "case_resolve")], None),
        ([case(1, "case_resolve"), case(2)], None),  # by time, not by place
        ([case(2), case(-1, "case_resolve")], "1 open complaint"),
        ([case(2), case(1, "case_resolve"), case(0, "case_reopen")], "1 open complaint"),
        ([case(2), case(1, "case_resolve", "t-2")], "1 open complaint"),
        ([case(2), case(1, "case_open", "t-2")], "2 open complaints"),
        ([case(2), case(1)], "1 open complaint"),
        ([case(2, thread=None), case(1, thread=None)], "2 open complaints"),
        ([case(2), case(2, "case_resolve")], None),  # at one instant in the order given
        ([case(2, "case_resolve"), case(2)], "1 open complaint"),
    ],
)
def test_open_complaints(cases: list[Interaction], said: str | None) -> None:
    decision = ask(playbook(), complaints=cases)
    assert (not decision.refused) is (said is None)
    if said is not None:
        assert only(decision) == (Reason(ReasonCode.OPEN_COMPLAINT, said),)
        assert ask(playbook(action(exempt={"complaints"})), complaints=cases).allowed


def test_the_holdout_group() -> None:
    holdout = Holdout(key="k", share=0.5)
    ids = [f"c-{n}" for n in range(60)]
    book = playbook(action("a"), action("b", exempt={"holdout"}), holdout=holdout)
    for one in ids:
        decision = ask(book, customer=Customer(id=one), consents=[consent(customer_id=one)])
        held = holdout.holds(one)
        assert decision.held_out is held
        assert set(channels(decision)) == ({"b"} if held else {"a", "b"})
        assert kinds(decision) == ({"a": {"holdout"}} if held else {})
        if held:
            assert decision.refused[0].reasons == (Reason(ReasonCode.HOLDOUT, "holdout group"),)
    assert 15 < sum(map(holdout.holds, ids)) < 45
    assert not ask(playbook()).held_out


def test_all_reasons_are_told() -> None:
    book = playbook(
        action(channels=("sms", "email"), cool_down=9 * DAY), caps=[THREE], quiet_hours=[NIGHT]
    )
    sent = [contact(n, key="wake") for n in (1, 2, 3)]
    decision = ask(book, consents=(), contacts=sent, complaints=[case(1)], as_of=NOW + 11 * HOUR)
    codes = [(str(why.code), why.channel) for why in only(decision)]
    assert codes == [
        ("open_complaint", None),
        ("cool_down", None),
        ("no_permission", "sms"),
        ("frequency_cap", "sms"),
        ("quiet_hours", "sms"),
        ("no_permission", "email"),
        ("quiet_hours", "email"),
    ]


def test_the_first_channel_that_nothing_holds_back() -> None:
    book = playbook(action(channels=("wecom", "sms", "email")), caps=[THREE])
    no_wecom = [*YES, consent("withdrawn", 5, channel="wecom")]
    assert channels(ask(book)) == {"wake": "wecom"}
    assert channels(ask(book, consents=no_wecom)) == {"wake": "sms"}
    sent = [contact(n) for n in (1, 2, 3)]
    assert channels(ask(book, consents=no_wecom, contacts=sent)) == {"wake": "email"}


def test_work_inside_the_house_disturbs_nobody() -> None:
    inside = action("review", channels=(), owner_role="success", cool_down=3 * DAY)
    cap = Cap(limit=1, window=DAY)
    book = playbook(inside, action("sms"), caps=[cap], quiet_hours=[QuietHours("11:00", "13:00")])
    decision = ask(book, consents=(), contacts=[contact(0.5)])
    (done,) = decision.allowed
    assert (done.key, done.channel, done.basis, done.personalised) == ("review", None, None, False)
    assert set(kinds(decision)) == {"sms"}
    reviewed = contact(1, None, "review", direction="none")
    assert kinds(ask(book, contacts=[reviewed]))["review"] == {"cool_down"}
    loud = playbook(inside, action("sms"), caps=[cap])
    assert set(channels(ask(loud))) == {"review", "sms"}  # it takes no place under a cap


# ------------------------------------------------------------------ personalised or plain

TEN, GIFT = Offer(key="ten"), Offer(key="gift")
ASKED = {"purpose": "personalisation"}


@pytest.mark.parametrize(
    ("asks", "said", "personalised", "explanation"),
    [
        ("refusal", [], True, "by what you bought"),
        ("refusal", [consent("granted", 5, **ASKED)], True, "by what you bought"),
        ("refusal", [consent("denied", 5, **ASKED)], False, "by sms was denied"),
        ("refusal", [consent("withdrawn", 5, **ASKED)], False, "by sms was withdrawn"),
        ("refusal", [consent("denied", 5, channel="sms", **ASKED)], False, "by sms was denied"),
        ("refusal", [consent("denied", 5, channel="email", **ASKED)], True, "by what you bought"),
        ("refusal", [consent("denied", 5, expires_at=NOW, **ASKED)], True, "by what you bought"),
        ("refusal", [consent("denied", -1, **ASKED)], True, "by what you bought"),
        ("consent", [], False, "by sms was never given"),
        ("consent", [consent("granted", 5, **ASKED)], True, "by what you bought"),
        ("consent", [consent("granted", 5, expires_at=NOW, **ASKED)], False, "by sms has expired"),
        ("consent", [consent("denied", 5, **ASKED)], False, "by sms was denied"),
    ],
)
def test_a_refusal_of_personalisation_is_honoured(
    asks: Any, said: list[Consent], personalised: bool, explanation: str
) -> None:
    form = Personalisation(explanation="by what you bought", offer=GIFT, asks=asks)
    book = playbook(action(offer=TEN, personalisation=form))
    (done,) = ask(book, consents=[*YES, *said]).allowed
    assert (done.personalised, done.offer) == (personalised, GIFT if personalised else TEN)
    plain = f"not personalised: permission for personalisation {explanation}"
    assert done.explanation == (explanation if personalised else plain)


def test_a_personalised_form_may_keep_the_offer() -> None:
    form = Personalisation(explanation="why")
    (done,) = ask(playbook(action(offer=TEN, personalisation=form))).allowed
    assert (done.personalised, done.offer) == (True, TEN)
    (plain,) = ask(playbook(action(offer=TEN))).allowed
    assert (plain.personalised, plain.offer, plain.explanation) == (False, TEN, None)


# ------------------------------------------------------------------ of any facts

FACTS = st.fixed_dictionaries(
    {
        "consents": consents(),
        "contacts": contacts(),
        "complaints": complaints(),
        "segments": st.sampled_from([(), ("vip",), ("vip", "new")]),
        "tier": st.sampled_from([None, "gold"]),
    }
)
STATES = st.sampled_from(
    [
        state(),
        state(),
        state("LOST"),
        state("LOST", lives=0),
        state("RETAINED", at_risk_at=NOW - DAY),
        state("ACTIVATED", at_risk_at=NOW + DAY),
        state("ACQUIRED", lives=0),
    ]
)
HOURS = st.integers(-12, 12).map(lambda n: NOW + n * HOUR)


def possible(decision: Decision) -> set[str]:
    """Return what is allowed, or only held back by what goes before it."""
    found = {one.key for one in decision.allowed}
    for one in decision.refused:
        by: dict[str | None, set[str]] = {}
        for why in one.reasons:
            by.setdefault(why.channel, set()).add(why.code)
        if None not in by and any(codes == {"cap_taken"} for codes in by.values()):
            found.add(one.key)
    return found


@given(playbooks(), STATES, FACTS, HOURS)
def test_agrees_with_the_rules_counted_anew(
    book: Playbook, at: State, facts: dict[str, Any], now: dt.datetime
) -> None:
    decision = ask(book, at=at, as_of=now, **facts)
    at_risk = at.stage == "RETAINED" or (at.stage == "ACTIVATED" and now >= NOW + DAY)
    meant = reference.applicable(
        book,
        str(at.stage),
        segments=facts["segments"],
        tier=facts["tier"],
        at_risk=at_risk,
        lives=at.lives,
        now=now,
    )
    held_out = book.holdout is not None and book.holdout.holds(ANN.id)
    told = reference.verdicts(
        book,
        meant,
        held_out=held_out,
        consents=facts["consents"],
        contacts=facts["contacts"],
        complaints=facts["complaints"],
        now=now,
    )
    assert list(channels(decision).items()) == [(key, by) for key, by, _ in told if by]
    refused = [
        (one.key, {(str(r.code), r.channel) for r in one.reasons}) for one in decision.refused
    ]
    assert refused == [(key, reasons) for key, by, reasons in told if not by]


@given(playbooks(), STATES, FACTS, HOURS)
def test_all_that_is_allowed_can_be_done_together(
    book: Playbook, at: State, facts: dict[str, Any], now: dt.datetime
) -> None:
    decision = ask(book, at=at, as_of=now, **facts)
    for cap in book.caps:
        past = [
            one
            for one in facts["contacts"]
            if one.direction == "outbound"
            and cap.channel in (None, one.channel)
            and now - cap.window < one.at <= now
        ]
        count = len(past)
        for one in decision.allowed:
            if cap.channel in (None, one.channel):
                count += 1
                assert count <= cap.limit or "caps" in one.action.exempt


@given(playbooks(), STATES, FACTS, contacts(3), complaints())
def test_more_contacts_and_complaints_never_allow_more(
    book: Playbook,
    at: State,
    facts: dict[str, Any],
    more: list[Interaction],
    cases: list[Interaction],
) -> None:
    before = ask(book, at=at, **facts)
    after = ask(book, at=at, **{**facts, "contacts": [*facts["contacts"], *more]})
    assert possible(after) <= possible(before)
    opened = [attrs.evolve(one, kind="case_open", thread_id="t-9") for one in cases]
    after = ask(book, at=at, **{**facts, "complaints": [*facts["complaints"], *opened]})
    assert possible(after) <= possible(before)
    if len(book.actions) == 1:
        assert set(channels(after)) <= set(channels(before))


@given(playbooks(), STATES, FACTS)
def test_less_consent_never_allows_more(book: Playbook, at: State, facts: dict[str, Any]) -> None:
    before = possible(ask(book, at=at, **facts))
    said: Sequence[Consent] = facts["consents"]
    for i, one in enumerate(said):
        in_force = one.status == "granted" and (one.expires_at is None or one.expires_at > NOW)
        if in_force:
            fewer = [*said[:i], *said[i + 1 :]]
            assert possible(ask(book, at=at, **{**facts, "consents": fewer})) <= before
    none = ask(book, at=at, **{**facts, "consents": []})
    assert possible(none) <= before
    assert all(one.action.basis == "contract" for one in none.allowed)


@given(playbooks(), STATES, FACTS)
def test_an_action_is_possible_if_it_is_allowed_alone(
    book: Playbook, at: State, facts: dict[str, Any]
) -> None:
    decision = ask(book, at=at, **facts)
    alone = {
        one.key
        for one in book.actions
        if channels(ask(attrs.evolve(book, actions=(one,)), at=at, **facts))
    }
    assert possible(decision) == alone


@given(playbooks(), STATES, FACTS, st.randoms())
def test_the_same_facts_in_any_order_give_the_same_decision(
    book: Playbook, at: State, facts: dict[str, Any], random: Any
) -> None:
    decision = ask(book, at=at, **facts)
    shuffled = {
        name: random.sample(facts[name], len(facts[name])) for name in ("consents", "contacts")
    }
    assert ask(Playbook.from_dict(book.to_dict()), at=at, **{**facts, **shuffled}) == decision
    known = {
        name: [one for one in facts[name] if one.at <= NOW]
        for name in ("consents", "contacts", "complaints")
    }
    assert ask(book, at=at, **{**facts, **known}) == decision


@given(playbooks(), STATES, FACTS, HOURS)
def test_a_reason_holds_until_its_end(
    book: Playbook, at: State, facts: dict[str, Any], now: dt.datetime
) -> None:
    known = {
        name: [one for one in facts[name] if one.at <= now]
        for name in ("consents", "contacts", "complaints")
    }
    book = attrs.evolve(book, care_dates=(CareDate(key="party", dates=_week()),))
    for one in ask(book, at=at, as_of=now, **{**facts, **known}).refused:
        for why in one.reasons:
            if why.until is None:
                continue
            assert why.until > now
            alone = attrs.evolve(book, actions=(one.action,))
            for moment, holds in ((why.until - US, True), (why.until, False)):
                again = ask(alone, at=at, as_of=moment, **{**facts, **known})
                told = [r for r in _reasons(again) if _kind(r, book) == _kind(why, book)]
                free = why.channel is not None and _free(again)
                assert free or any(r.until == why.until for r in told) is holds


def _week() -> tuple[dt.date, ...]:
    return tuple(dt.date(2026, 3, n) for n in range(1, 31))


def _reasons(decision: Decision) -> list[Reason]:
    return [why for one in decision.refused for why in one.reasons]


def _kind(why: Reason, book: Playbook) -> tuple[Any, ...]:
    sentence = why.sentence if why.code is ReasonCode.FREQUENCY_CAP else ""
    return why.code, why.channel, sentence


def _free(decision: Decision) -> bool:
    """Return whether a channel is free, so that nothing is said of the others."""
    return bool(decision.allowed) or not any(why.channel for why in _reasons(decision))


# ------------------------------------------------------------------ what is refused by name

OTHER = "c-8-secret"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"as_of": NOW.replace(tzinfo=None)}, "as_of must be timezone-aware"),
        (
            {"as_of": dt.datetime(199, 1, 1, tzinfo=dt.UTC)},
            "as_of must lie in the years 200 to 9800",
        ),
        (
            {"as_of": dt.datetime(9801, 1, 1, tzinfo=dt.UTC)},
            "as_of must lie in the years 200 to 9800",
        ),
        ({"book": {}}, "playbook must be a Playbook: got dict"),
        ({"customer": OTHER}, "customer must be a Customer: got str"),
        ({"at": "LAPSED"}, "state must be a State: got str"),
        ({"segments": "vip"}, "segments must be a collection of str: got str"),
        ({"segments": [1]}, "segments must be a collection of str: got list"),
        ({"segments": None}, "segments must be a collection of str: got None"),
        ({"consents": None}, "consents must be an iterable of Consent: got None"),
        ({"contacts": 3}, "contacts must be an iterable of Interaction: got int"),
        ({"tier": ""}, "tier must not be empty"),
        ({"tier": 1}, "tier must be a str: got int"),
        ({"consents": ["granted"]}, r"consents\[0\] must be a Consent: got str"),
        (
            {"consents": [consent(), consent(customer_id=OTHER)]},
            r"consents must be of the customer: 1 of 2 rows is not \(first at row 1\)",
        ),
        ({"contacts": [consent()]}, r"contacts\[0\] must be an Interaction: got Consent"),
        (
            {"contacts": [contact(1, customer_id=OTHER), contact(1, customer_id=OTHER)]},
            r"contacts must be of the customer: 2 of 2 rows are not \(first at row 0\)",
        ),
        (
            {
                "contacts": [
                    contact(1),
                    contact(1, direction="inbound"),
                    contact(1, direction=None),
                ]
            },
            r'contacts must have direction "outbound" or "none": 2 of 3 rows are not \(first at row 1\)',
        ),
        ({"complaints": [3]}, r"complaints\[0\] must be an Interaction: got int"),
        (
            {"complaints": [case(1, customer_id=OTHER)]},
            "complaints must be of the customer: the row",
        ),
        (
            {"complaints": [case(1, "case_resolve", None)]},
            "complaints must say by thread_id what is resolved: one does not",
        ),
        ({"at": state(at=NOW + US)}, "as_of must not lie before the state: its past is not kept"),
        (
            {"customer": attrs.evolve(ANN, timezone=OTHER)},
            "customer.timezone must be the name of a",
        ),
    ],
)
def test_refused_by_name(facts: dict[str, Any], message: str) -> None:
    given_ = {"book": playbook(), **facts}
    with pytest.raises(InvalidInputError, match=message) as caught:
        ask(given_.pop("book"), **given_)
    assert OTHER not in str(caught.value)
    assert str(ANN.id) not in str(caught.value)


def test_the_state_is_advanced_first() -> None:
    with pytest.raises(TransitionError, match="advance it first"):
        ask(playbook(), at=state(overdue_at=NOW))
    assert ask(playbook(), at=state(overdue_at=NOW + US, at=NOW)).allowed


def test_nothing_is_left_out_by_accident() -> None:
    with pytest.raises(TypeError, match="complaints"):
        decide(playbook(), ANN, state(), segments=(), consents=(), contacts=(), as_of=NOW)  # type: ignore[call-arg]


def test_facts_may_be_read_once() -> None:
    decision = ask(
        playbook(action(cool_down=DAY)),
        consents=iter(YES),  # type: ignore[arg-type]
        contacts=iter([contact(0.5, key="wake")]),
        complaints=iter([case(1)]),
        segments=frozenset(),
    )
    assert kinds(decision) == {"wake": {"cool_down", "open_complaint"}}
