"""Who answers, who is called back: worked by hand, and customer by customer on random logs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    ClosedLoop,
    ResponderBias,
    closed_loop,
    responder_bias,
    response_rate,
    response_rate_from_counts,
)
from customerops.model import Axis, Context, Customer, Interaction, InteractionLog, Window, kind
from customerops.model import value as score
from tests.metrics.contracts import DAY, INSTANTS, NEW_YORK, US, utc
from tests.reference import survey as slow

WEEK = 7 * DAY
UNHAPPY = kind("survey_response") & (score <= 6)
r: Any = response_rate


def event(who: str, what: str, day: str, value: float | None = None) -> Interaction:
    return Interaction(customer_id=who, kind=what, at=utc(day), value=value)


def log_of(rows: list[Interaction], as_of: dt.datetime) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)


ASKED = [
    event("a", "survey_invite", "2026-01-01"),
    event("a", "survey_invite", "2026-01-05"),
    event("a", "survey_response", "2026-01-06"),
    event("a", "survey_response", "2026-01-07"),
    event("b", "survey_response", "2026-01-01"),  # was not asked
    event("b", "survey_invite", "2026-01-02"),
    event("b", "survey_response", "2026-01-09"),  # a week later, to the instant: too late
    event("c", "survey_invite", "2026-01-20"),
    event("c", "survey_response", "2026-01-20"),
]


def test_an_invitation_counts_once_and_in_time() -> None:
    rate = response_rate(log_of(ASKED, utc("2026-02-01")), within=WEEK)
    assert (rate.x, rate.y, rate.n, rate.immature) == (2, 4, 3, 0)
    longer = response_rate(log_of(ASKED, utc("2026-02-01")), within=WEEK + US)
    assert longer.x == 3
    low, high = rate.interval()
    assert 0 < low < rate.value < high < 1


def test_what_may_still_be_answered_is_apart() -> None:
    end = utc("2026-01-27")
    open_ = response_rate(log_of(ASKED, end - 2 * US), within=WEEK)
    assert (open_.x, open_.y, open_.immature) == (1, 3, 1)  # answered, and not counted yet
    over = response_rate(log_of(ASKED, end - US), within=WEEK)
    assert (over.x, over.y, over.immature) == (2, 4, 0)


def test_periods_and_groups_of_invitations() -> None:
    people = [
        Customer(id=who, country=land) for who, land in (("a", "CN"), ("b", "CN"), ("c", "FR"))
    ]
    log = log_of(ASKED, utc("2026-01-22")).with_customers(people)
    table = response_rate(log, within=WEEK, period="week", by="country")
    assert table.axes[1].labels[0] == dt.date(2025, 12, 29)
    # midnight of 5 January in London is still Sunday the 4th in New York
    assert table.y.tolist() == [[3, 0, 0, 0], [0, 0, 0, 0]]
    assert table.x.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    assert np.asarray(table.immature).tolist() == [[0, 0, 0, 0], [0, 0, 0, 1]]
    january = Window(utc("2026-01-05"), utc("2026-02-01"))
    assert response_rate(log, within=WEEK, over=january, as_of=utc("2026-01-20")).y == 1


def test_rate_of_counts() -> None:
    low, high = response_rate_from_counts(responses=81, invites=263).interval()
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=6e-5)  # Newcombe 1998, table I


def test_representation() -> None:
    people = [
        Customer(id=who, country=land) for who, land in (("a", "CN"), ("b", "CN"), ("c", "FR"))
    ]
    log = log_of(ASKED, utc("2026-02-01")).with_customers(people)
    bias = responder_bias(log, by="country", within=WEEK)
    assert bias.parts["responded"].tolist() == [1, 1]
    assert bias.parts["invited"].tolist() == [2, 1]
    assert bias.representation.tolist() == [0.75, 1.5]  # (1/2) / (2/3), (1/2) / (1/3)
    assert bias.rate.value.tolist() == [0.5, 1.0]
    early = responder_bias(log, by="country", within=WEEK, as_of=utc("2026-01-22"))
    assert early.parts["immature"].tolist() == [0, 1]


def test_r_indicator_by_hand() -> None:
    """Rates 0.5 of 60 and 0.2 of 40: mean 0.38, S² = (60 0.12² + 40 0.18²) / 99."""
    groups = Axis("g", ["x", "y", "z"], "group", disjoint=True)
    parts = {"responded": [30, 8, 0], "invited": [60, 40, 0], "immature": [0, 0, 1]}
    bias = ResponderBias(axes=[groups], parts=parts, context=Context("responder_bias"))
    assert bias.r_indicator == pytest.approx(1 - 2 * (2.16 / 99) ** 0.5)
    nobody = {name: [0, 0, 0] for name in parts}
    empty = ResponderBias(axes=[groups], parts=nobody, context=Context("responder_bias"))
    assert np.isnan(empty.r_indicator)
    assert np.isnan(empty.representation).all()
    with pytest.raises(InvalidInputError, match="responded must not exceed invited"):
        ResponderBias(
            axes=[groups], parts={**parts, "responded": [61, 0, 0]}, context=bias.context
        )


LOOP = [
    event("a", "survey_response", "2026-01-01", 3),
    event("a", "call", "2026-01-02"),
    event("a", "survey_response", "2026-01-20", 8),
    event("a", "survey_response", "2026-01-25", 10),
    event("b", "call", "2026-01-01"),
    event("b", "survey_response", "2026-01-02", 5),
    event("b", "call", "2026-01-04"),  # two days later, to the instant: too late
    event("b", "survey_response", "2026-01-09"),
    event("b", "survey_response", "2026-01-10", 4),
    event("c", "survey_response", "2026-03-30", 0),
    event("d", "survey_response", "2026-01-01", 9),
]


def loop_of(rows: list[Interaction], as_of: dt.datetime, **options: Any) -> ClosedLoop:
    return closed_loop(
        log_of(rows, as_of),
        trigger=UNHAPPY,
        follow_up="call",
        within=2 * DAY,
        resurvey_within=60 * DAY,
        **options,
    )


def test_loop_by_hand() -> None:
    loop = loop_of(LOOP, utc("2026-03-31"))
    assert (loop.follow_up.count, loop.follow_up.total, loop.immature) == (1, 2, 1)
    assert (loop.resurvey.count, loop.resurvey.total) == (2, 2)
    change = loop.score_change
    assert (change.value, change.n) == (2.0, 2)  # 5 and -1
    low, high = change.interval()
    assert (low, high) == pytest.approx((2 - 12.7062 * 3, 2 + 12.7062 * 3), abs=1e-3)
    assert loop.follow_up.context != loop.resurvey.context


def test_loop_by_period() -> None:
    loop = loop_of(LOOP, utc("2026-03-31"), period="month")
    # in New York a and d answered on 31 December; b's second bad answer is the same month's
    assert loop.parts["triggered"].tolist() == [1, 1, 0, 1]
    assert np.asarray(loop.immature).tolist() == [0, 0, 0, 1]


def test_trigger_without_a_score_has_no_change() -> None:
    rows = [event("a", "complain", "2026-01-01"), event("a", "survey_response", "2026-01-03", 9)]
    loop = closed_loop(
        log_of(rows, utc("2026-06-01")),
        trigger="complain",
        follow_up="survey_response",
        within=3 * DAY,
        resurvey_within=60 * DAY,
    )
    assert (loop.follow_up.count, loop.resurvey.total) == (1, 0)
    assert np.isnan(loop.score_change.value)


def test_log_whose_answers_all_have_scores() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a", "a"],
        kind=["survey_response"] * 2,
        at=[utc("2026-01-01"), utc("2026-01-03")],
        value=[5, 6],
        tz=dt.UTC,
    ).until(utc("2026-06-01"))
    loop = closed_loop(
        log, trigger=UNHAPPY, follow_up="call", within=DAY, resurvey_within=60 * DAY
    )
    assert loop.score_change.value == 1


@st.composite
def happenings(draw: st.DrawFn) -> Interaction:
    what = draw(
        st.sampled_from(
            ["survey_invite", "survey_invite", "survey_response", "survey_response", "call"]
        )
    )
    return Interaction(
        customer_id=draw(st.sampled_from("abc")),
        kind=what,
        at=draw(INSTANTS),
        value=draw(st.sampled_from([None, 0, 5, 6, 7, 10])),
    )


LENGTHS = st.sampled_from([US, dt.timedelta(hours=1), DAY, 20 * DAY, 45 * DAY])


@given(st.lists(happenings(), max_size=25), LENGTHS, LENGTHS, INSTANTS)
def test_as_customer_by_customer(
    rows: list[Interaction], within: dt.timedelta, later: dt.timedelta, as_of: dt.datetime
) -> None:
    log = log_of(rows, as_of)
    rate = response_rate(log, within=within)
    each = slow.rate(rows, as_of, within)
    x, y, young = (sum(one[i] for one in each.values()) for i in range(3))
    assert (rate.x, rate.y, rate.immature) == (x, y, young)
    assert rate.n == sum(one[1] > 0 for one in each.values())
    assert int(rate.parts["xy"]) == sum(one[0] * one[1] for one in each.values())
    loop = closed_loop(
        log, trigger=UNHAPPY, follow_up="call", within=within, resurvey_within=later
    )
    expected = slow.closed(rows, as_of, within, later)
    for name, part in loop.parts.items():
        unit = {"change": 10**6, "change_sq": 10**12}.get(name, 1)
        assert int(part) == expected.get(name, 0) * unit


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: r(log_of(ASKED, utc("2026-02-01")), within=7), "within must be a timedelta"),
        (
            lambda: r(
                log_of(ASKED, utc("2026-02-01")),
                within=DAY,
                responses={"survey_invite", "survey_response"},
            ),
            "responses must not be invites, too: 4 of 4 events are both",
        ),
        (lambda: response_rate_from_counts(responses=2, invites=1), "count must not exceed total"),
        (
            lambda: closed_loop(
                log_of(LOOP, utc("2026-02-01")),
                trigger=UNHAPPY,
                follow_up="call",
                within=DAY,
                resurvey_within=dt.timedelta(0),
            ),
            "resurvey_within must be longer than zero",
        ),
        (
            lambda: ClosedLoop(
                parts={**dict.fromkeys(ClosedLoop.PARTS, 0), "due": -1},
                context=Context("closed_loop"),
            ),
            "due must not be negative",
        ),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
