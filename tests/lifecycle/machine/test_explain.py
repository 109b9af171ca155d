"""The sentences, word by word, and that they never name the customer."""

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from customerops.lifecycle.machine.explain import Explanation, Ignored
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.policy.clocks import Contract, Inactivity
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.stages import Cause, Stage
from customerops.lifecycle.policy.wording import duration, ordinal, with_article
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import amount, channel, kind
from customerops.model.values.calendar import Calendar
from customerops.model.values.money import Money
from tests.lifecycle.draws import events, one_case, rules
from tests.lifecycle.make import DAY, Event, day, interactions, policy_of
from tests.reference.lifecycle import Event as Happening
from tests.reference.lifecycle import Paying, Rules, Usual

MARCH = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
POLICY = LifecyclePolicy(
    qualifies=kind("purchase", "order") & (amount >= "5.00"),
    clock=Inactivity(30 * DAY),
    retention=KthInLife(2),
    winback_window=60 * DAY,
    activation_window=14 * DAY,
)


def bought(n: int, paid: str, name: str = "purchase") -> Interaction:
    return Interaction(
        id=f"{n}-{paid}-{name}",
        customer_id="c-9",
        at=MARCH + n * DAY,
        kind=name,
        amount=Money(paid, "EUR"),
    )


def seen(n: int, name: str) -> Interaction:
    return Interaction(id=f"{n}-{name}", customer_id="c-9", at=MARCH + n * DAY, kind=name)


def explained(n: int, *past: Interaction, policy: LifecyclePolicy = POLICY) -> Explanation:
    return replay(past, policy, as_of=MARCH + n * DAY).explain(MARCH + n * DAY)


PAST = (bought(0, "59.00"), bought(9, "2.00"), bought(12, "1.00"))
SIGNED = (seen(0, "signup"),)


@pytest.mark.parametrize(
    ("past", "n", "sentence", "change"),
    [
        (
            PAST,
            40,
            (
                "LAPSED since 2026-03-31: last qualifying interaction a purchase of 59.00 on "
                "2026-03-01; window 30 days; none before the deadline. Ignored: 2 below 5.00. "
                "LOST on 2026-05-30 unless a qualifying interaction comes first."
            ),
            "1 more qualifying interaction by 2026-04-10 would have made it WON_BACK",
        ),
        (
            PAST,
            10,
            (
                "ACTIVATED since 2026-03-01: last qualifying interaction a purchase of 59.00 on "
                "2026-03-01, the 1st of life 1; window 30 days. Ignored: 1 below 5.00. "
                "LAPSED on 2026-03-31 unless a qualifying interaction comes first."
            ),
            "1 more qualifying interaction by 2026-03-11 would have made it RETAINED",
        ),
        (
            PAST,
            99,
            (
                "LOST since 2026-05-30: last qualifying interaction a purchase of 59.00 on "
                "2026-03-01; LAPSED since 2026-03-31; win-back window 60 days; none before the "
                "deadline. Ignored: 2 below 5.00."
            ),
            "1 more qualifying interaction by 2026-06-08 would have made it WON_BACK",
        ),
        (
            SIGNED,
            13,
            (
                "ACQUIRED since 2026-03-01: first seen by a signup on 2026-03-01; no qualifying "
                "interaction yet. LOST on 2026-03-15 unless a qualifying interaction comes first."
            ),
            "1 more qualifying interaction by 2026-03-14 would have made it ACTIVATED",
        ),
        (
            SIGNED,
            14,
            (
                "LOST since 2026-03-15: first seen by a signup on 2026-03-01; activation window "
                "14 days; none qualifying before the deadline."
            ),
            "1 more qualifying interaction by 2026-03-15 would have made it ACTIVATED",
        ),
        (
            (bought(0, "5.00"), bought(1, "7.00", "order"), seen(2, "visit")),
            3,
            (
                "RETAINED since 2026-03-02: last qualifying interaction an order of 7.00 on "
                "2026-03-02, the 2nd of life 1; window 30 days. Ignored: 1 not (kind in "
                "{order, purchase}). LAPSED on 2026-04-01 unless a qualifying interaction comes first."
            ),
            "a cancel by 2026-03-04 would have made it LAPSED",
        ),
        (
            (bought(0, "5.00"), bought(40, "8.00")),
            40,
            (
                "WON_BACK since 2026-04-10: last qualifying interaction a purchase of 8.00 on "
                "2026-04-10, the 1st of life 2; window 30 days. "
                "LAPSED on 2026-05-10 unless a qualifying interaction comes first."
            ),
            "1 more qualifying interaction by 2026-04-10 would have made it RETAINED",
        ),
        (
            (bought(0, "5.00"), seen(4, "cancel")),
            5,
            (
                "LAPSED since 2026-03-05: by a cancel; last qualifying interaction a purchase of 5.00 "
                "on 2026-03-01. LOST on 2026-05-04 unless a qualifying interaction comes first."
            ),
            "1 more qualifying interaction by 2026-03-06 would have made it WON_BACK",
        ),
        (
            (bought(0, "5.00"), bought(1, "1.00"), seen(4, "erase")),
            5,
            "ERASED since 2026-03-05: the customer's data was erased.",
            "none: an erasure is final",
        ),
        (
            PAST,
            -1,
            "UNKNOWN: no interaction until 2026-02-28.",
            "an interaction by 2026-02-28 would have made it ACQUIRED",
        ),
    ],
)
def test_sentences(past: tuple[Interaction, ...], n: int, sentence: str, change: str) -> None:
    said = explained(n, *past)
    assert said.sentence == sentence
    assert said.change == change


def test_the_object_has_the_facts() -> None:
    assert explained(40, *PAST) == Explanation(
        at=MARCH + 40 * DAY,
        stage=Stage.LAPSED,
        since=MARCH + 30 * DAY,
        cause=Cause.TIMEOUT,
        sentence=explained(40, *PAST).sentence,
        change=explained(40, *PAST).change,
        last=PAST[0],
        ignored=(Ignored(2, "below 5.00"),),
        deadline=MARCH + 90 * DAY,
    )
    erased = explained(9, *PAST, seen(5, "erase"))
    assert (erased.last, erased.ignored, erased.deadline) == (None, (), None)


def test_reasons_are_counted_by_the_first_part_of_the_rule_that_fails() -> None:
    policy = LifecyclePolicy(
        qualifies=(channel == "web") & (amount >= Money("5.00", "EUR")) & (amount < 100),
        clock=Inactivity(30 * DAY),
        retention=KthInLife(4),
    )

    def web(n: int, paid: str, where: str = "web") -> Interaction:
        money = Money(paid, "EUR")
        return Interaction(
            id=n, customer_id=1, at=MARCH + n * DAY, kind="x", channel=where, amount=money
        )

    past = (web(0, "9"), web(1, "1"), web(2, "200"), web(3, "2"), web(4, "3", "store"))
    said = explained(5, *past, policy=policy)
    assert said.ignored == (
        Ignored(1, "not (channel is web)"),
        Ignored(2, "below 5.00"),
        Ignored(1, "not (amount < 100)"),
    )
    assert "Ignored: 1 not (channel is web), 2 below 5.00, 1 not (amount < 100)." in said.sentence
    assert said.change.startswith("3 more qualifying interactions by")


def test_a_rule_of_one_part_and_no_windows() -> None:
    policy = LifecyclePolicy(
        qualifies="purchase", clock=Inactivity(30 * DAY), retention=KthInLife(1)
    )
    said = explained(1, seen(0, "visit"), policy=policy)
    assert said.sentence == (
        "ACQUIRED since 2026-03-01: first seen by a visit on 2026-03-01; no qualifying "
        "interaction yet. Ignored: 1 not (kind is purchase)."
    )
    assert said.change.endswith("would have made it RETAINED")
    lapsed = explained(50, seen(0, "purchase"), policy=policy)
    assert lapsed.sentence.endswith("none before the deadline.")
    assert lapsed.change.endswith("would have made it RETAINED")


def test_a_deadline_at_the_instant_has_passed_under_either_boundary() -> None:
    closed = LifecyclePolicy(
        qualifies="purchase",
        clock=Inactivity(30 * DAY),
        retention=KthInLife(2),
        winback_window=60 * DAY,
        boundary="event_first",
    )
    said = explained(30, seen(0, "purchase"), policy=closed)
    assert (said.stage, said.since) == (Stage.LAPSED, MARCH + 30 * DAY)
    assert said.deadline == MARCH + 90 * DAY


def test_dates_are_local_and_have_a_time_if_a_window_is_not_of_whole_days() -> None:
    hours = LifecyclePolicy(
        qualifies="purchase", clock=Inactivity(dt.timedelta(hours=36)), retention=KthInLife(2)
    )
    history = replay([seen(0, "purchase")], hours, as_of=MARCH + DAY)
    said = history.explain(MARCH + DAY, calendar=Calendar(ZoneInfo("Asia/Shanghai")))
    assert said.sentence == (
        "ACTIVATED since 2026-03-01 18:00: last qualifying interaction a purchase on "
        "2026-03-01 18:00, the 1st of life 1; window 36 hours. "
        "LAPSED on 2026-03-03 06:00 unless a qualifying interaction comes first."
    )


# ------------------------------------------------------------------ the other clocks and criteria

PAID = Rules(Paying(5, 30), 60, 14, 2, event_first=True)
BUYS = Rules(30, 60, 14, 2, event_first=False)
SETTLES = BUYS._replace(settle=14, activation=None)
HABIT = BUYS._replace(window=Usual(Fraction(1, 2), 3, 2, 30, 2))


def said(how: Rules, n: int, *past: Happening) -> Explanation:
    return replay(interactions(past), policy_of(how), as_of=day(n)).explain(day(n))


BOUGHT = Happening(0, "qualified", None, 1)
STARTED = Happening(0, "start")
START_OF = "last qualifying interaction a start of 30.00 on 2026-01-01"
FIRST_OF = f"ACTIVATED since 2026-01-01: {START_OF}, the 1st of life 1"


@pytest.mark.parametrize(
    ("past", "n", "sentence", "change"),
    [
        (
            [STARTED],
            31,
            (
                f"{FIRST_OF}; paid until 2026-01-31, grace 5 days. "
                "LAPSED on 2026-02-05 unless a start or renewal comes first."
            ),
            "1 more start or renewal by 2026-02-01 would have made it RETAINED",
        ),
        (
            [STARTED],
            36,
            (
                f"LAPSED since 2026-02-05: {START_OF}; paid until 2026-01-31, grace 5 days; none "
                "before the deadline. LOST on 2026-04-06 unless a start or renewal comes first."
            ),
            "1 more start or renewal by 2026-02-06 would have made it WON_BACK",
        ),
        (
            [STARTED, Happening(10, "pause")],
            12,
            f"{FIRST_OF}; paid until 2026-01-31, paused since 2026-01-11, grace 5 days.",
            "1 more start or renewal by 2026-01-13 would have made it RETAINED",
        ),
        (
            [STARTED, Happening(10, "cancel_at_period_end")],
            12,
            (
                f"{FIRST_OF}; paid until 2026-01-31, cancelled at period end. "
                "LAPSED on 2026-01-31 unless a start or renewal comes first."
            ),
            "1 more start or renewal by 2026-01-13 would have made it RETAINED",
        ),
        (
            [STARTED, Happening(10, "cancel_at_period_end")],
            30,
            (
                f"LAPSED since 2026-01-31: {START_OF}; paid until 2026-01-31, cancelled at period "
                "end; none before the deadline. "
                "LOST on 2026-04-01 unless a start or renewal comes first."
            ),
            "1 more start or renewal by 2026-01-31 would have made it WON_BACK",
        ),
        (
            [STARTED, Happening(10, "cancel")],
            12,
            (
                f"LAPSED since 2026-01-11: by a cancel; {START_OF}. "
                "LOST on 2026-03-12 unless a start or renewal comes first."
            ),
            "1 more start or renewal by 2026-01-13 would have made it WON_BACK",
        ),
        (
            [
                STARTED,
                Happening(5, "qualified"),
                Happening(6, "unqualified"),
                Happening(10, "renew"),
            ],
            12,
            (
                "RETAINED since 2026-01-11: last qualifying interaction a renew of 30.00 on "
                "2026-01-11, the 2nd of life 1; paid until 2026-03-02, grace 5 days. "
                "LAPSED on 2026-03-07 unless a start or renewal comes first."
            ),
            "a cancel by 2026-01-13 would have made it LAPSED",
        ),
        (
            [STARTED, Happening(5, "qualified"), Happening(6, "unqualified")],
            7,
            (
                f"{FIRST_OF}; paid until 2026-01-31, grace 5 days. Ignored: 2 not a start or renewal. "
                "LAPSED on 2026-02-05 unless a start or renewal comes first."
            ),
            "1 more start or renewal by 2026-01-08 would have made it RETAINED",
        ),
        (
            [Happening(0, "trial", 10)],
            3,
            (
                "ACQUIRED since 2026-01-01: first seen by a trial_start on 2026-01-01; no qualifying "
                "interaction yet. LOST on 2026-01-15 unless a start or renewal comes first."
            ),
            "1 more start or renewal by 2026-01-04 would have made it ACTIVATED",
        ),
    ],
)
def test_contracts(past: list[Happening], n: int, sentence: str, change: str) -> None:
    found = said(PAID, n, *past)
    assert found.sentence == sentence
    assert found.change == change


def test_contracts_without_end_or_grace() -> None:
    policy = LifecyclePolicy(clock=Contract(term=dt.timedelta.max), retention=KthInLife(1))
    start = Interaction(customer_id=1, at=MARCH, kind="start")
    found = replay([start], policy, as_of=MARCH).explain(MARCH)
    assert found.sentence == (
        "RETAINED since 2026-03-01 10:00: last qualifying interaction a start on "
        "2026-03-01 10:00, the 1st of life 1; paid without end."
    )
    assert found.deadline is None


def test_own_windows() -> None:
    assert said(HABIT, 3, BOUGHT).sentence == (
        "ACTIVATED since 2026-01-01 00:00: last qualifying interaction a purchase of 5.00 on "
        "2026-01-01 00:00, the 1st of life 1; window 30 days, the fallback. "
        "LAPSED on 2026-01-31 00:00 unless a qualifying interaction comes first."
    )
    found = said(HABIT, 31, *(BOUGHT._replace(at=n) for n in (0, 8, 20)))
    assert found.sentence == (
        "LAPSED since 2026-01-31 00:00: last qualifying interaction a purchase of 5.00 on "
        "2026-01-21 00:00; window 10 days, by 2 own intervals; none before the deadline. "
        "LOST on 2026-04-01 00:00 unless a qualifying interaction comes first."
    )
    assert found.change == (
        "1 more qualifying interaction by 2026-02-01 00:00 would have made it WON_BACK"
    )


@pytest.mark.parametrize(
    ("first", "within", "what"),
    [
        (3, None, "the 3rd qualifying interaction"),
        (3, 5, "3 qualifying interactions within 5 days"),
    ],
)
def test_not_activated_yet(first: int, within: int | None, what: str) -> None:
    how = BUYS._replace(first=first, within=within)
    start = "first seen by a purchase of 5.00 on 2026-01-01"
    one = said(how, 3, BOUGHT)
    assert one.sentence == (
        f"ACQUIRED since 2026-01-01: {start}; 1 qualifying interaction so far; "
        f"activated by {what}. LOST on 2026-01-15 unless it is activated first."
    )
    assert one.change == (
        "2 more qualifying interactions by 2026-01-04 would have made it ACTIVATED"
    )
    two = said(how, 20, BOUGHT, BOUGHT._replace(at=1))
    assert two.sentence == (
        f"LOST since 2026-01-15: {start}; activation window 14 days; 2 qualifying interactions so "
        f"far; activated by {what}."
    )
    none = said(how, 3, Happening(0, "acquire"))
    assert none.sentence.startswith(
        "ACQUIRED since 2026-01-01: first seen by a signup on 2026-01-01; no qualifying "
        "interaction yet."
    )
    assert none.change.startswith("3 more qualifying interactions")


def test_a_tenure_is_not_reached_by_one_more() -> None:
    found = said(BUYS._replace(k=None, tenure=20), 3, BOUGHT)
    assert found.change == "a cancel by 2026-01-04 would have made it LAPSED"
    found = said(BUYS._replace(k=None, tenure=20), 22, BOUGHT)
    assert found.change == (
        "1 more qualifying interaction by 2026-01-23 would have made it RETAINED"
    )


def test_what_has_not_settled() -> None:
    found = said(SETTLES, 3, BOUGHT)
    assert found.sentence == (
        "ACQUIRED since 2026-01-01: first seen by a purchase of 5.00 on 2026-01-01; none "
        "qualifying counts yet. 1 settling, counting from 2026-01-15 unless refunded."
    )
    assert found.change == (  # by then it would have settled
        "1 more qualifying interaction by 2025-12-21 would have made it ACTIVATED"
    )
    assert found.last is None
    found = said(SETTLES, 3, BOUGHT, Happening(1, "refund", None, 1))
    assert found.sentence == (
        "ACQUIRED since 2026-01-01: first seen by a purchase of 5.00 on 2026-01-01; no qualifying "
        "interaction yet."
    )


def test_the_last_one_is_one_that_counts() -> None:
    counted = (
        "ACTIVATED since 2026-01-15: last qualifying interaction a purchase of 5.00 on "
        "2026-01-01, counting from 2026-01-15, the 1st of life 1; window 30 days. "
    )
    lapse = "LAPSED on 2026-02-14 unless a qualifying interaction comes first."
    later, refund = Happening(20, "qualified", None, 2), Happening(22, "refund", None, 2)
    waiting = said(SETTLES, 21, BOUGHT, later)
    assert waiting.sentence == (
        f"{counted}1 settling, counting from 2026-02-04 unless refunded. {lapse}"
    )
    assert said(SETTLES, 25, BOUGHT, later, refund).sentence == counted + lapse
    # of two at one instant, the one that was not taken back
    other = Happening(0, "qualified", None, 2)
    both = said(SETTLES, 15, BOUGHT, other, Happening(3, "refund", None, 2))
    assert both.last is not None
    assert both.last.id == 0
    loose = Happening(0, "qualified")
    assert said(SETTLES, 15, BOUGHT, loose, Happening(3, "refund")).last is not None


def test_the_longest_settling_has_an_earliest_day() -> None:
    found = said(SETTLES._replace(settle=4_000_000), 3, Happening(0, "acquire"))
    assert found.change.startswith("1 more qualifying interaction by 1-01-02") or (
        found.change.startswith("1 more qualifying interaction by 0001-01-02")
    )


@given(events(), rules())
def test_it_agrees_with_the_history_and_never_names_the_customer(
    given: list[Event], how: Rules
) -> None:
    customer = "nobody-else"
    history = replay(interactions(given, customer), policy_of(how), as_of=day(20))
    for n in range(-1, 21, 3):
        said = history.explain(day(n))
        assert said.stage is history.stage_at(day(n))
        assert said.sentence.startswith(said.stage)
        assert customer not in said.sentence + said.change
        before = [c for c in history.transitions if c.at <= day(n)]
        assert said.since == (before[-1].at if before else None)


@given(one_case())
def test_every_clock_is_explained(case: tuple[Rules, list[Happening]]) -> None:
    how, given = case
    customer = "nobody-else"
    history = replay(interactions(given, customer), policy_of(how), as_of=day(20))
    for n in range(0, 21, 4):
        found = history.explain(day(n))
        assert found.stage is history.stage_at(day(n))
        assert found.sentence.startswith(found.stage)
        assert customer not in found.sentence + found.change
        shorter = replay(interactions(given, customer), policy_of(how), as_of=day(n))
        assert found == shorter.explain(day(n))
        if found.last is not None:
            settles = day(how.settle or 0) - day(0)
            assert found.last.at + settles == shorter.final.qualified_at


def test_words() -> None:
    assert [
        duration(dt.timedelta(**x)) for x in ({"days": 1}, {"hours": 25}, {"minutes": 90})
    ] == [
        "1 day",
        "25 hours",
        "90 minutes",
    ]
    assert duration(dt.timedelta(seconds=61)) == "61 seconds"
    assert duration(dt.timedelta(microseconds=5)) == "0:00:00.000005"
    assert [ordinal(n) for n in (12, 13, 22, 23, 101, 111)] == [
        "12th",
        "13th",
        "22nd",
        "23rd",
        "101st",
        "111th",
    ]
    assert with_article("Order") == "an Order"
