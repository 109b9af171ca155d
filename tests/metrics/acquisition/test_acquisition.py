"""Activation, trials and referrals: by hand, and against plain histories."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.metrics import (
    activation_rate,
    k_factor,
    onboarding_completion,
    referral_rate,
    time_to_first_value,
    trial_conversion,
)
from customerops.model import Customer, Interaction, InteractionLog, Quotient, Window
from tests.metrics.health.draws import (
    BERLIN,
    CALENDAR,
    DAY,
    HOUR,
    SEEDS,
    START,
    US,
    draw,
    local_day,
    log_of,
)
from tests.reference import acquisition as slow

T0 = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
WEEK = 7 * DAY


def log(*rows: tuple[str, str, dt.timedelta], as_of: dt.timedelta = 30 * DAY) -> InteractionLog:
    seen = [Interaction(customer_id=w, kind=k, at=T0 + after) for w, k, after in rows]
    return InteractionLog.from_interactions(seen, calendar=CALENDAR).until(T0 + as_of)


SMALL = (
    ("a", "use", -1 * DAY),  # before the start: does not count
    ("a", "signup", 0 * DAY),
    ("a", "use", 0 * DAY),  # at its very instant: does
    ("a", "use", 7 * DAY - US),
    ("a", "signup", 9 * DAY),  # the first start counts
    ("b", "signup", 1 * DAY),
    ("b", "use", 8 * DAY),  # too late by an instant
    ("c", "use", 2 * DAY),  # never started
    ("d", "signup", 29 * DAY),
    ("d", "use", 29 * DAY),  # done, with time left
)


# -- activation -----------------------------------------------------------------------------------


def test_activation_by_hand() -> None:
    rate = activation_rate(log(*SMALL), action="use", within=WEEK)
    assert (rate.count, rate.total, rate.pending, rate.value) == (1, 2, 1, 0.5)
    assert rate.context.metric == "activation_rate"


@pytest.mark.parametrize(("often", "count"), [(1, 1), (2, 1), (3, 0)])
def test_activation_by_how_often(often: int, count: int) -> None:
    rate = activation_rate(log(*SMALL), action="use", within=WEEK, at_least=often)
    assert (rate.count, rate.total) == (count, 2)


def test_a_time_is_up_with_its_last_instant() -> None:
    rate = activation_rate(log(*SMALL[:4], as_of=WEEK - US), action="use", within=WEEK)
    assert (rate.total, rate.pending) == (1, 0)
    early = activation_rate(log(*SMALL[:4], as_of=WEEK - 2 * US), action="use", within=WEEK)
    assert (early.total, early.pending) == (0, 1)
    assert math.isnan(early.value)


def test_a_period_with_somebody_pending_is_not_complete() -> None:
    rate = activation_rate(log(*SMALL, as_of=32 * DAY), action="use", within=WEEK, period="month")
    assert (rate.total.tolist(), rate.pending.tolist()) == ([2, 0], [0, 1])
    assert rate.complete.tolist() == [True, False]
    assert rate.value[0] == 0.5
    assert math.isnan(rate.value[1])


def test_leads_become_customers_by_other_rules() -> None:
    rows = (("a", "lead_created", 0 * DAY), ("a", "purchase", 9 * DAY), ("b", "lead_created", DAY))
    people = [Customer(id=w, country=c) for w, c in (("a", "DE"), ("b", "FR"))]
    rate = activation_rate(
        log(*rows).with_customers(people),
        start="lead_created",
        action="purchase",
        within=10 * DAY,
        by="country",
    )
    assert dict(zip(rate.axes[0].labels, rate.value.tolist(), strict=True)) == {
        "DE": 1.0,
        "FR": 0.0,
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("often", [1, 2])
def test_activation_against_histories(seed: int, often: int) -> None:
    seen, as_of = draw(seed)
    ask: dict[str, Any] = {
        "start": "signup",
        "action": "use",
        "within": 30 * HOUR,
        "at_least": often,
    }
    expected = slow.activated(seen, **ask, as_of=as_of, cell=local_day)
    rate = activation_rate(log_of(seen, as_of), **ask, period="day")
    assert cells(rate, "count", "total", "pending") == expected
    whole = activation_rate(log_of(seen, as_of), **ask)
    sums = [sum(row[i] for row in expected.values()) for i in range(3)]
    assert [whole.count, whole.total, whole.pending] == sums


def cells(table: Any, *parts: str) -> dict[Any, list[int]]:
    """Return the parts of each period that has any."""
    rows = zip(*(table.parts[name].tolist() for name in parts), strict=True)
    listed = zip(table.axes[0].labels, map(list, rows), strict=True)
    return {label: row for label, row in listed if any(row)}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 60).map(lambda h: h * HOUR),
    st.sampled_from(range(1, 4)),
)
def test_activation_falls_with_what_is_asked(seed: int, within: dt.timedelta, often: int) -> None:
    seen, as_of = draw(4 + seed, customers=8)
    known = log_of(seen, as_of)
    ask: dict[str, Any] = {"action": "use", "within": within}
    rate = activation_rate(known, **ask, at_least=often)
    more = activation_rate(known, **ask, at_least=often + 1)
    assert (more.total, more.pending) == (rate.total, rate.pending)
    assert more.count <= rate.count <= rate.total
    onboarded = onboarding_completion(known, steps={"used": "use"}, start="signup", within=within)
    first = activation_rate(known, **ask)
    assert dict(first.parts) == dict(onboarded.parts)
    curve = time_to_first_value(known, start="signup", value="use", within=within)
    if not first.pending:
        assert int(curve.events.sum()) == first.count


# -- trials ---------------------------------------------------------------------------------------

TRIALS = (
    ("a", "signup", 0 * DAY),
    ("a", "purchase", 2 * DAY),  # early: the trial still ends after a week
    ("b", "signup", 1 * DAY),
    ("b", "purchase", 10 * DAY - US),  # in the two days of grace
    ("c", "signup", 1 * DAY),
    ("c", "purchase", 10 * DAY),  # an instant too late
    ("d", "signup", 24 * DAY),  # ends on the 31st day, after as_of
    ("d", "purchase", 25 * DAY),
    ("e", "signup", 22 * DAY),  # ended, and has grace left
)
COHORT: dict[str, Any] = {"definition": "cohort", "trials": "signup", "lasts": WEEK}


def test_trials_by_hand() -> None:
    rate: Any = trial_conversion(log(*TRIALS), **COHORT, grace=2 * DAY)
    assert (rate.count, rate.total, rate.pending) == (2, 3, 2)
    window = Window(T0 + WEEK, T0 + 8 * DAY)  # the first trial ends at its start
    rate = trial_conversion(log(*TRIALS), **COHORT, grace=2 * DAY, over=window)
    assert (rate.count, rate.total, rate.value) == (1, 1, 1.0)
    assert (rate.context.definition, rate.context.option("lasts")) == ("cohort", WEEK)
    rate = trial_conversion(log(*TRIALS), **COHORT, grace=2 * DAY + US)
    assert (rate.count, rate.total) == (3, 3)


def test_a_trial_counts_where_it_ends() -> None:
    rows = (("a", "signup", 25 * DAY), ("a", "purchase", 26 * DAY))  # 30 January
    rate = trial_conversion(log(*rows, as_of=60 * DAY), **COHORT, grace=DAY, period="month")
    assert rate.axes[0].labels == (dt.date(2026, 2, 1), dt.date(2026, 3, 1))
    assert rate.value[0] == 1.0
    young = trial_conversion(log(*rows, as_of=26 * DAY), **COHORT, grace=DAY, period="month")
    assert young.value.shape == (0,)


def test_the_same_window_may_exceed_one() -> None:
    rows = [(f"c{i}", "signup", i * HOUR) for i in range(5)]
    rows += [(f"c{i}", "purchase", 28 * DAY) for i in range(5)]
    rows += [("late", "signup", 27 * DAY)]
    february = Window(
        dt.datetime(2026, 2, 1, tzinfo=BERLIN), dt.datetime(2026, 3, 1, tzinfo=BERLIN)
    )
    ask: dict[str, Any] = {"definition": "same_window", "trials": "signup"}
    rate = trial_conversion(log(*rows, as_of=60 * DAY), **ask, over=february)
    assert isinstance(rate, Quotient)
    assert (rate.numerator, rate.denominator, rate.value) == (5, 1, 5.0)
    months = trial_conversion(log(*rows, as_of=60 * DAY), **ask, period="month")
    assert np.array_equal(months.value, [0.0, 5.0, np.nan], equal_nan=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_trials_against_histories(seed: int) -> None:
    seen, as_of = draw(seed)
    ask: dict[str, Any] = {"paid": "use", "lasts": 9 * HOUR, "grace": 5 * HOUR}
    expected = slow.trials(seen, **ask, as_of=as_of, cell=local_day)
    last = local_day(as_of)
    known = log_of(seen, as_of)
    rate: Any = trial_conversion(known, definition="cohort", trials="signup", **ask, period="day")
    assert cells(rate, "count", "total", "pending") == {
        day: row for day, row in expected.items() if day <= last
    }
    both: Any = trial_conversion(
        known, definition="same_window", trials="signup", paid="use", period="day"
    )
    counted = slow.same_window(seen, paid="use", as_of=as_of, cell=local_day)
    assert cells(both, "numerator", "denominator") == counted


# -- referrals ------------------------------------------------------------------------------------

VIRAL = (
    ("a", "signup", 0 * DAY),
    *(("a", "invite", n * DAY) for n in range(4)),
    *(("a", "referral", n * DAY) for n in (2, 5)),
    ("a", "invite", 7 * DAY),  # after the time
    ("b", "signup", 1 * DAY),
    ("b", "invite", 2 * DAY),
    ("c", "signup", 1 * DAY),
    ("d", "signup", 28 * DAY),
    ("d", "invite", 29 * DAY),  # with time left
)


def test_k_by_hand() -> None:
    k = k_factor(log(*VIRAL), invites="invite", accepted="referral", within=WEEK)
    assert (k.n, k.sum, k.pending) == (3, 2, 1)
    assert k.value == pytest.approx(2 / 3)
    assert k.invites_per_user.value == pytest.approx(5 / 3)
    assert (k.conversion.value, k.conversion.n) == (2 / 5, 2)
    assert k.value == pytest.approx(k.invites_per_user.value * k.conversion.value)
    # Student's t of 2, 0 and 0: 2/3 +- 4.3027 * sqrt(4/3) / sqrt(3)
    low, high = k.interval()
    assert (low, high) == pytest.approx((2 / 3 - 2.868435, 2 / 3 + 2.868435))
    assert k.difference(k).value == 0


def test_k_of_a_period_with_somebody_pending_is_unknown() -> None:
    ask: dict[str, Any] = {"invites": "invite", "accepted": "referral", "within": WEEK}
    k = k_factor(log(*VIRAL, as_of=30 * DAY), **ask, period="week")
    assert k.complete.tolist() == [True, True, True, True, False]
    assert k.pending.tolist() == [0, 0, 0, 0, 1]
    assert np.isnan(k.value[1:]).all()
    assert k.value[0] == pytest.approx(2 / 3)
    assert math.isnan(k_factor(log(), **ask).value)


@pytest.mark.parametrize("seed", SEEDS)
def test_k_against_histories(seed: int) -> None:
    seen, as_of = draw(seed)
    ask: dict[str, Any] = {"invites": "use", "accepted": "call", "within": 30 * HOUR}
    n, pending, rows = slow.brought(seen, **ask, as_of=as_of)
    k = k_factor(log_of(seen, as_of), **ask)
    assert (k.n, k.pending) == (n, pending)
    sent, came = sum(y for y, _ in rows), sum(x for _, x in rows)
    assert (int(k.parts["invites"]), k.sum) == (sent, came)
    assert k.parts["invites_sq"] == sum(y * y for y, _ in rows)
    assert k.parts["sum_sq"] == sum(x * x for _, x in rows)
    assert k.parts["product"] == sum(x * y for y, x in rows)
    assert k.parts["inviting"] == sum(bool(x or y) for y, x in rows)
    if n:
        assert k.value == float(Fraction(came, n))
    if sent:
        assert k.conversion.value == float(Fraction(came, sent))


def test_referral_rate_by_hand() -> None:
    rows = (
        ("a", "use", 0 * DAY),
        ("a", "referral", 1 * DAY),
        ("a", "referral", 2 * DAY),  # counts once
        ("b", "use", 3 * DAY),
        ("c", "referral", 4 * DAY),  # no buyer yet
        ("c", "purchase", 28 * DAY),
    )
    known = log(*rows, as_of=60 * DAY)
    rate = referral_rate(known, period="month")
    assert (rate.count.tolist(), rate.total.tolist()) == ([2, 0, 0], [3, 3, 3])
    buyers = referral_rate(known, period="month", members={"use", "purchase"})
    assert (buyers.count.tolist(), buyers.total.tolist()) == ([1, 0, 0], [2, 3, 3])
    none = referral_rate(known, period="month", members="signup")
    assert none.value.shape == (0,)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("members", [None, "signup"])
def test_referrals_against_histories(seed: int, members: str | None) -> None:
    seen, as_of = draw(seed)
    window = Window(START + 30 * HOUR, START + 70 * HOUR)
    rate = referral_rate(log_of(seen, as_of), referrals="call", members=members, over=window)
    edges = [START + 30 * HOUR, START + 70 * HOUR]
    (expected,) = slow.referring(seen, members=members, as_of=as_of, edges=edges)
    if expected is None:
        assert math.isnan(rate.value)
    else:
        assert rate.value == float(expected)


# -- refusals -------------------------------------------------------------------------------------

LOG = log(*SMALL)
BAD: Any = 7
LONG = Window(T0, T0 + 30 * DAY)
CONTEXT = referral_rate(LOG, period="month").context
K = dict.fromkeys(metrics.KFactor.PARTS, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: activation_rate(LOG, action="use", within=0 * DAY), "within must be longer"),
        (lambda: activation_rate(LOG, action="use", within=DAY, at_least=0), "at_least must"),
        (lambda: activation_rate(LOG, action=BAD, within=DAY), "action must"),
        (lambda: activation_rate(LOG, action="use", within=DAY, start=BAD), "start must"),
        (lambda: trial_conversion(LOG, definition=BAD), "definition must be one of"),
        (lambda: trial_conversion(LOG, definition="cohort"), "lasts must be given for"),
        (lambda: trial_conversion(LOG, definition="cohort", lasts=DAY), "grace must be given for"),
        (
            lambda: trial_conversion(LOG, definition="cohort", lasts=-DAY, grace=DAY),
            "lasts must be longer than zero",
        ),
        (
            lambda: trial_conversion(LOG, definition="same_window", grace=DAY, period="month"),
            "grace must be left out: 'same_window' has no use for it",
        ),
        (lambda: trial_conversion(LOG, definition="same_window"), "period must be given"),
        (
            lambda: trial_conversion(LOG, definition="same_window", trials=BAD, over=LONG),
            "trials must",
        ),
        (
            lambda: k_factor(LOG, invites="a", accepted="b", within=BAD),
            "within must be a timedelta",
        ),
        (lambda: k_factor(LOG, invites=BAD, accepted="b", within=DAY), "invites must"),
        (lambda: k_factor(LOG, invites="a", accepted=BAD, within=DAY), "accepted must"),
        (lambda: referral_rate(LOG), "period must be given: or a window"),
        (lambda: referral_rate(LOG, referrals=BAD, period="day"), "referrals must"),
        (lambda: referral_rate(LOG, members=BAD, period="day"), "members must"),
        (lambda: metrics.KFactor(parts={**K, "pending": -1}, context=CONTEXT), "pending must"),
    ],
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
