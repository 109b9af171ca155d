"""Onboarding, first value, adoption and contacts: by hand, and against plain histories."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.metrics import (
    adoption,
    onboarding_completion,
    onboarding_steps,
    overdue_contacts,
    time_to_first_value,
)
from customerops.model import Customer, Interaction, InteractionLog, Window, first, kind
from tests.metrics.health.draws import (
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
from tests.reference import health as slow

T0 = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
STEPS = {"used": "use", "called": "call"}
TRIAL: dict[str, Any] = {"steps": STEPS, "start": "signup", "within": 7 * DAY}


def log(*rows: tuple[str, str, dt.timedelta], as_of: dt.timedelta = 30 * DAY) -> InteractionLog:
    seen = [Interaction(customer_id=w, kind=k, at=T0 + after) for w, k, after in rows]
    return InteractionLog.from_interactions(seen, calendar=CALENDAR).until(T0 + as_of)


SMALL = (
    ("a", "call", -1 * DAY),  # before the start: does not count
    ("a", "signup", 0 * DAY),
    ("a", "use", 0 * DAY),  # at its very instant: does
    ("a", "call", 7 * DAY - US),
    ("a", "signup", 9 * DAY),  # the first start counts
    ("b", "signup", 1 * DAY),
    ("b", "use", 2 * DAY),
    ("b", "call", 8 * DAY),  # too late by an instant
    ("c", "call", 2 * DAY),  # never started
    ("d", "signup", 29 * DAY),
    ("d", "use", 29 * DAY),
    ("d", "call", 29 * DAY),  # through, with time left
)


# -- onboarding -----------------------------------------------------------------------------------


def test_onboarding_by_hand() -> None:
    share = onboarding_completion(log(*SMALL), **TRIAL)
    assert (share.count, share.total, share.pending, share.value) == (1, 2, 1, 0.5)
    steps = onboarding_steps(log(*SMALL), **TRIAL)
    assert steps.axes[0].labels == ("called", "used")
    assert (steps.count.tolist(), steps.total, steps.pending) == ([1, 2], 2, 1)
    assert steps.value.tolist() == [0.5, 1.0]


def test_a_window_is_over_with_its_last_instant() -> None:
    done = onboarding_completion(log(*SMALL[:5], as_of=7 * DAY - US), **TRIAL)
    assert (done.count, done.total, done.pending) == (1, 1, 0)
    early = onboarding_completion(log(*SMALL[:5], as_of=7 * DAY - 2 * US), **TRIAL)
    assert (early.count, early.total, early.pending) == (0, 0, 1)
    assert math.isnan(early.value)


def test_a_period_with_somebody_pending_is_not_complete() -> None:
    rows = (*SMALL, ("e", "signup", 26 * DAY))
    table = onboarding_completion(log(*rows, as_of=32 * DAY), **TRIAL, period="month")
    assert (table.total.tolist(), table.pending.tolist()) == ([2, 0], [1, 1])
    assert table.complete.tolist() == [False, False]
    assert np.isnan(table.value).all()
    assert math.isnan(table.select(period=dt.date(2026, 1, 1)).value)
    later = onboarding_completion(log(*rows, as_of=34 * DAY), **TRIAL, period="month")
    assert later.complete.tolist() == [True, False]
    assert later.value[0] == 1 / 3
    steps = onboarding_steps(log(*rows, as_of=34 * DAY), **TRIAL, period="month")
    assert steps.complete.tolist() == [[True, True], [False, False]]


def test_over_is_of_starts() -> None:
    over = Window(T0 + DAY, T0 + 29 * DAY)
    share = onboarding_completion(log(*SMALL), **TRIAL, over=over)
    assert (share.count, share.total, share.pending) == (0, 1, 0)
    open_ = onboarding_completion(log(*SMALL), **TRIAL, over=Window(T0 + DAY, None))
    assert (open_.total, open_.pending) == (1, 1)
    nobody = onboarding_completion(log(), **TRIAL, period="month")
    assert nobody.value.shape == (0,)


@pytest.mark.parametrize("seed", SEEDS)
def test_onboarding_against_histories(seed: int) -> None:
    seen, as_of = draw(seed)
    ask: dict[str, Any] = {"steps": STEPS, "start": "signup", "within": 30 * HOUR}
    expected = slow.onboarded(seen, **ask, as_of=as_of, cell=local_day)
    known = log_of(seen, as_of)
    share = onboarding_completion(known, **ask, period="day")
    steps = onboarding_steps(known, **ask, period="day")
    found = {
        day: [int(c), int(t), int(p), *row]
        for day, c, t, p, row in zip(
            share.axes[0].labels,
            share.count,
            share.total,
            share.pending,
            steps.count.tolist(),
            strict=True,
        )
        if t or p
    }
    assert found == expected
    whole = onboarding_completion(known, **ask)
    sums = [sum(row[i] for row in expected.values()) for i in range(3)]
    assert [whole.count, whole.total, whole.pending] == sums


# -- first value ----------------------------------------------------------------------------------


def test_first_value_by_hand() -> None:
    ask: dict[str, Any] = {"start": "signup", "value": "call"}
    curve = time_to_first_value(log(*SMALL), **ask)
    assert curve.points.tolist() == [0.0, 7 - US / DAY, 7.0]
    assert curve.events.tolist() == [1, 1, 1]
    within = time_to_first_value(log(*SMALL), **ask, within=7 * DAY)
    assert (within.points.tolist(), within.events.tolist(), within.censored.tolist()) == (
        [0.0, 7 - US / DAY, 7.0],
        [1, 1, 0],
        [0, 0, 1],
    )
    hours = time_to_first_value(log(*SMALL), start="signup", value="refund", unit=HOUR)
    assert hours.points.tolist() == [24.0, 29 * 24.0, 30 * 24.0]
    assert hours.censored.tolist() == [1, 1, 1]
    assert math.isnan(hours.quantile(0.5))


def test_first_value_by_group_and_period() -> None:
    people = [Customer(id=w, country=c) for w, c in (("a", "DE"), ("b", "FR"), ("d", "DE"))]
    known = log(*SMALL).with_customers(people)
    curve = time_to_first_value(known, start="signup", value="call", by="country", period="week")
    assert [axis.name for axis in curve.outer] == ["country", "period"]
    assert curve.select(country="FR", period=dt.date(2026, 1, 5)).events.tolist() == [1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("within", [None, 20 * HOUR])
def test_first_value_against_histories(seed: int, within: dt.timedelta | None) -> None:
    seen, as_of = draw(seed)
    ask: dict[str, Any] = {"start": "signup", "value": "call", "within": within}
    expected = Counter(slow.first_value(seen, **ask, as_of=as_of))
    curve = time_to_first_value(log_of(seen, as_of), **ask, unit=HOUR)
    found: Counter[tuple[float, bool]] = Counter()
    for at, events, censored in zip(curve.points, curve.events, curve.censored, strict=True):
        found += Counter({(float(at), True): int(events), (float(at), False): int(censored)})
    assert found == Counter({(t / HOUR, got): n for (t, got), n in expected.items()})


# -- adoption -------------------------------------------------------------------------------------


def test_adoption_by_hand() -> None:
    rows = (
        ("a", "use", 0 * DAY),
        ("a", "use", 1 * DAY),
        ("a", "call", 1 * DAY),
        ("b", "use", 2 * DAY),
        ("c", "signup", 2 * DAY),
        ("a", "use", 29 * DAY),  # in February
    )
    table = adoption(log(*rows, as_of=60 * DAY), features=STEPS, period="month")
    assert table.axes[-1].labels == ("called", "used")
    assert (table.users[0].tolist(), table.active.tolist()) == ([1, 2], [3, 1, 0])
    assert table.value[0].tolist() == [1 / 3, 2 / 3]
    assert table.breadth.value[0] == 1.0  # two, one, none
    assert table.depth.value[0].tolist() == [1.0, 1.5]
    low, high = table.depth.select(period=dt.date(2026, 1, 1), feature="used").interval()
    assert low < 1.5 < high
    used = table.select(feature="used")
    assert used.breadth.value[0] == 1.0  # of all features still


def test_only_the_active_count_as_users() -> None:
    rows = (("a", "use", 0 * DAY), ("b", "use", 0 * DAY), ("b", "login", 0 * DAY))
    over = Window(T0, T0 + DAY)
    table = adoption(log(*rows), features={"used": "use"}, activity="login", over=over)
    assert (table.users.tolist(), table.active) == ([1], 1)
    assert adoption(log(*rows), features={"used": "use"}, over=over).users.tolist() == [2]
    nobody = adoption(log(), features={"used": "use"}, period="month")
    assert nobody.value.shape == (0, 1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("active", [None, "signup"])
def test_adoption_against_histories(seed: int, active: str | None) -> None:
    seen, as_of = draw(seed)
    expected = slow.adopted(seen, features=STEPS, active=active, as_of=as_of, cell=local_day)
    table = adoption(log_of(seen, as_of), features=STEPS, activity=active, period="day")
    for i, day in enumerate(table.axes[0].labels):
        breadth, depth = expected.pop(day, ([], {name: [] for name in STEPS}))
        assert table.active[i] == len(breadth)
        assert table.parts["used"][i] == sum(breadth)
        assert table.parts["used_sq"][i] == sum(x * x for x in breadth)
        for j, name in enumerate(("called", "used")):
            assert table.users[i, j] == len(depth[name])
            assert table.parts["uses"][i, j] == sum(depth[name])
            assert table.parts["uses_sq"][i, j] == sum(x * x for x in depth[name])
    assert not expected


# -- contacts -------------------------------------------------------------------------------------


def test_contacts_by_hand() -> None:
    known = log(
        ("a", "signup", 0 * DAY),
        ("a", "call", 10 * DAY),
        ("a", "call", 16 * DAY),  # due at the very instant of as_of
        ("b", "signup", 15 * DAY),
        ("c", "signup", 16 * DAY - US),  # never called, overdue by an instant
    )
    due = overdue_contacts(known, contact="call", every=14 * DAY)
    assert due.columns["overdue"].tolist() == [False, True, True]
    assert due.columns["last"].tolist()[1:] == [None, None]
    assert (due.share.count, due.share.total) == (2, 3)
    frame = due.to_frame()
    assert frame["last"].tolist()[0] == T0 + 16 * DAY
    assert frame["due"].tolist()[0] == T0 + 30 * DAY
    assert frame["days_late"].tolist() == [0.0, 1.0, US / DAY]
    assert "<td>2</td>" in due._repr_html_()


def test_contacts_by_tier() -> None:
    people = [
        Customer(id=w, attributes={"tier": t} if t else {})
        for w, t in (("secret-1", "gold"), ("secret-2", "base"), ("secret-3", None))
    ]
    known = log(*((str(w.id), "signup", 0 * DAY) for w in people)).with_customers(
        people, attributes=["tier"]
    )
    due = overdue_contacts(
        known, contact="call", every={None: 40 * DAY, "gold": 7 * DAY, "base": None}, by="tier"
    )
    assert due.ids.tolist() == ["secret-1", "secret-3"]
    assert due.columns["overdue"].tolist() == [True, False]
    assert "secret" not in due._repr_html_() + repr(due)
    ever = overdue_contacts(known, contact="call", every=dt.timedelta.max)
    assert ever.share.count == 0
    days = {dt.date(2026, 1, 1): 7 * DAY, "gold": 7 * DAY, None: None, "base": None}
    assert len(overdue_contacts(known, contact="call", every=days, by="tier")) == 1
    with pytest.raises(InvalidInputError, match="every must say it for each group: 2 of 3 groups"):
        overdue_contacts(known, contact="call", every={"gold": DAY}, by="tier")


@pytest.mark.parametrize("seed", SEEDS)
def test_contacts_against_histories(seed: int) -> None:
    seen, as_of = draw(seed)
    expected = slow.contacts(seen, contact="call", every=36 * HOUR, as_of=as_of)
    due = overdue_contacts(log_of(seen, as_of), contact="call", every=36 * HOUR)
    assert due.ids.tolist() == sorted(expected)
    for who, last, until, overdue in zip(due.ids, *due.columns.values(), strict=True):
        then, when, late = expected[who]
        assert last == (
            None if then is None else (then - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // US
        )
        assert until == (when - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // US
        assert overdue == late
    halves = [
        overdue_contacts(
            log_of([x for x in seen if (int(str(x.customer_id)[1:]) % 2) == odd], as_of),
            contact="call",
            every=36 * HOUR,
        )
        for odd in (0, 1)
    ]
    assert halves[0] + halves[1] == due


# -- refusals -------------------------------------------------------------------------------------

KNOWN = log(*SMALL)
m: Any = metrics
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: m.onboarding_completion(KNOWN, **{**TRIAL, "steps": ["use"]}), "steps must be a mapping of names to rules: got list"),
    (lambda: m.onboarding_steps(KNOWN, **{**TRIAL, "steps": {}}), "steps must hold at least one: got none"),
    (lambda: m.onboarding_steps(KNOWN, **{**TRIAL, "steps": {"": "use"}}), "steps key must not be empty"),
    (lambda: m.onboarding_steps(KNOWN, **{**TRIAL, "steps": {"a": 3}}), "steps.a must be"),
    (lambda: m.onboarding_completion(KNOWN, **{**TRIAL, "within": 0 * DAY}), "within must be longer than zero"),
    (lambda: m.onboarding_completion(KNOWN, **{**TRIAL, "start": 3}), "start must be"),
    (lambda: m.onboarding_completion(KNOWN, **TRIAL, over=Window(T0, T0 + DAY), period="month"), "over must lie on the edges of a month"),
    (lambda: m.time_to_first_value(KNOWN, start="signup", value=3), "value must be"),
    (lambda: m.time_to_first_value(KNOWN, start="signup", value="use", unit=1), "unit must be a timedelta: got int"),
    (lambda: m.time_to_first_value(KNOWN, start="signup", value="use", within=1), "within must be a timedelta: got int"),
    (lambda: m.adoption(KNOWN, features={}, period="day"), "features must hold at least one: got none"),
    (lambda: m.adoption(KNOWN, features=STEPS), "period must be given"),
    (lambda: m.adoption(KNOWN, features=STEPS, activity=3, period="day"), "activity must be"),
    (lambda: m.overdue_contacts(KNOWN, contact=3, every=DAY), "contact must be"),
    (lambda: m.overdue_contacts(KNOWN, contact="call", every=0 * DAY), "every must be longer than zero"),
    (lambda: m.overdue_contacts(KNOWN, contact="call", every={"a": DAY}), "every must be a mapping where by is given, and only there: by is not"),
    (lambda: m.overdue_contacts(KNOWN, contact="call", every=DAY, by=first("kind")), "every must be a mapping where by is given, and only there: by is given"),
    (lambda: m.overdue_contacts(KNOWN, contact="call", every={"a": 3}, by=first("kind")), "every must be a timedelta: got int"),
    (lambda: m.overdue_contacts(KNOWN, contact="call", every={(1, 2): DAY}, by=first("kind")), "every must have groups as keys: got tuple"),
    (
        lambda: m.OnboardingShare(parts={"count": 0, "total": 0, "pending": -1}, context=m.onboarding_steps(KNOWN, **TRIAL).context),
        "pending must not be negative",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=range(len(REFUSED)))
def test_refusals(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        call()


def test_rules_are_taken_wherever_kinds_are() -> None:
    share = onboarding_completion(
        KNOWN, steps={"any": kind("use") | kind("call")}, start={"signup"}, within=7 * DAY
    )
    assert share.count == 2
    assert START.tzinfo is not None
