"""Points: worked cases, and ledgers of single points picked up one by one."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    PointsAccount,
    PointsScheme,
    active_member_rate,
    points_balance,
    redemption_rate,
)
from customerops.model import Customer, Interaction, InteractionLog, Money, Window, kind, value
from tests.metrics.contracts import DAY, INSTANTS, NEW_YORK, US, months_of, utc
from tests.reference import points as slow
from tests.reference.metrics import histories

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/metrics.json").read_text())["cases"]
}
UTC_NOW = utc("2026-12-31")


def entry(
    who: str, deed: str, day: str, points: float | None, until: str | None = None
) -> Interaction:
    end = None if until is None else utc(until)
    return Interaction(
        customer_id=who, kind=f"points_{deed}", at=utc(day), value=points, until=end
    )


def log_of(rows: list[Interaction], as_of: dt.datetime = UTC_NOW) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)


# -- cases ----------------------------------------------------------------------------------------


def test_first_in_first_out_by_hand() -> None:
    case = CASES["points-first-in-first-out"]
    rows = [entry("c", deed, at, n, until) for deed, n, at, until in case["inputs"]["ledger"]]
    instants = [utc(day) for day in case["inputs"]["at"]]
    log = log_of(rows)
    found = [points_balance(log, at=at) for at in instants]
    assert [one.outstanding for one in found] == case["expected"]["balance"]
    assert [one.expired for one in found] == case["expected"]["expired"]
    for at, expired in zip(instants, case["expected"]["expired"], strict=True):
        account = PointsAccount()
        for one in rows:
            account = account.after(one) if one.at <= at else account
        assert account.state(at).expired == expired


def test_points_of_an_order_are_the_apps_to_round() -> None:
    """A point for each ten whole units of money: how many is an entry's value."""
    case = CASES["loyalty-earn"]
    given = case["inputs"]
    points = given["order_total"] // given["earn_ratio"]
    assert points == case["expected"]
    assert points_balance(log_of([entry("c", "earn", "2026-01-01", points)])).earned == points


# -- rules ----------------------------------------------------------------------------------------


def test_order_of_use() -> None:
    rows = [
        entry("c", "earn", "2026-01-01", 10, "2026-06-01"),
        entry("c", "earn", "2026-01-02", 10, "2026-03-01"),
        entry("c", "burn", "2026-01-03", 10),
    ]
    log = log_of(rows)
    assert points_balance(log, at=utc("2026-04-01")).expired == 10  # the first were used
    scheme = PointsScheme(order="first_to_expire")
    balance = points_balance(log, at=utc("2026-04-01"), scheme=scheme)
    assert (balance.expired, balance.outstanding) == (0, 10)


def test_pending_points_wait() -> None:
    scheme = PointsScheme(pending=14 * DAY)
    rows = [
        entry("c", "earn", "2026-01-01", 10),
        entry("c", "burn", "2026-01-14", 4),
        entry("c", "burn", "2026-01-15", 4),
    ]
    log = log_of(rows)
    before = points_balance(log, at=utc("2026-01-15") - US, scheme=scheme)
    assert (before.pending, before.outstanding, before.uncovered) == (10, 0, 4)
    after = points_balance(log, at=utc("2026-01-15"), scheme=scheme)
    assert (after.pending, after.outstanding, after.burned) == (0, 6, 4)
    account = PointsAccount(scheme=scheme).after(rows[0]).after(rows[1])
    assert account.state(utc("2026-01-14")).uncovered == 4


def test_entries_of_expiry() -> None:
    rows = [
        entry("c", "earn", "2026-01-01", 10, "2026-02-01"),
        entry("c", "expire", "2026-02-01", 10),
        entry("c", "earn", "2026-01-20", 5, "2026-09-01"),
    ]
    log = log_of(rows)
    at = utc("2026-03-01")
    assert points_balance(log, at=at).expired == 10  # once, by the date
    balance = points_balance(log, at=at, scheme=PointsScheme(expiry="entries"))
    assert (balance.expired, balance.outstanding) == (10, 5)
    late = points_balance(log, scheme=PointsScheme(expiry="entries"))
    assert late.outstanding == 5  # its date is passed over


def test_adjustments_and_refunds() -> None:
    rows = [
        entry("c", "earn", "2026-01-01", 10),
        entry("c", "burn", "2026-01-02", 8),
        entry("c", "refund", "2026-01-03", 8, "2026-02-01"),
        entry("c", "adjust", "2026-01-04", 5),
        entry("c", "adjust", "2026-01-05", -3),
    ]
    balance = points_balance(log_of(rows), at=utc("2026-01-06"))
    assert (balance.earned, balance.burned, balance.refunded) == (10, 8, 8)
    assert (balance.adjusted, balance.outstanding) == (2, 12)
    later = points_balance(log_of(rows))
    assert later.expired == 7  # of the 8 given back one was taken: after 2 of the first


def test_a_date_that_is_past() -> None:
    late = entry("c", "earn", "2026-01-05", 7, "2026-01-01")
    balance = points_balance(log_of([late]))
    assert (balance.expired, balance.outstanding) == (7, 0)
    assert points_balance(log_of([late]), at=utc("2026-01-05") - US).earned == 0
    assert PointsAccount().after(late).state(late.at).expired == 7


def test_at_its_date_a_point_is_gone() -> None:
    rows = [
        entry("c", "earn", "2026-01-01", 10, "2026-02-01"),
        entry("c", "burn", "2026-02-01", 4),
    ]
    balance = points_balance(log_of(rows, utc("2026-02-01")))
    assert (balance.expired, balance.burned, balance.uncovered) == (10, 0, 4)
    late = entry("c", "earn", "2026-01-05", 7, "2026-01-01")
    first = entry("c", "earn", "2026-01-01", 1)
    assert points_balance(log_of([first, late]), at=utc("2026-01-03")).expired == 0


def test_only_earned_points_are_of_a_cohort() -> None:
    rows = [
        entry("c", "adjust", "2026-01-02", 5),
        entry("c", "earn", "2026-01-03", 10),
        entry("c", "burn", "2026-01-04", 8),
    ]
    over = Window(utc("2026-01-01"), utc("2026-02-01"))
    assert redemption_rate(log_of(rows), definition="cohort", over=over).x == 3
    assert redemption_rate(log_of(rows), definition="same_period", over=over).x == 8


def test_breakage_and_liability() -> None:
    rows = [
        entry("a", "earn", "2026-01-01", 100, "2026-02-01"),
        entry("b", "earn", "2026-01-01", 300),
        entry("b", "burn", "2026-01-02", 60),
        entry("a", "burn", "2026-01-02", 40),
    ]
    balance = points_balance(log_of(rows))
    assert balance.breakage("unredeemed").value == 0.75
    assert balance.breakage("expired").value == 0.15
    assert balance.breakage("expired").n == 2
    cost = Money("8.50", "USD")
    owed = balance.liability(breakage="0.2", cost=cost, per=1000)  # 240 x 0.8 x 0.0085
    assert owed == Money("1.63", "USD")
    assert balance.liability(breakage=0.2, cost=cost, per=1000) == owed
    assert balance.liability(breakage=Decimal(1), cost=cost) == Money(0, "USD")
    half = balance.liability(breakage=0, cost=Money("0.05", "USD"), per=480)
    assert half == Money("0.02", "USD")  # 2.5 cents, to even


def test_sums_are_exact() -> None:
    rows = [entry(f"c{i}", "earn", "2026-01-01", 2.0**42) for i in range(3)]
    assert points_balance(log_of(rows)).earned == 3 * 2**42


# -- random ledgers -------------------------------------------------------------------------------

DEEDS = ["earn", "earn", "earn", "burn", "burn", "expire", "adjust", "refund"]


@st.composite
def entries(draw: st.DrawFn) -> Interaction:
    deed = draw(st.sampled_from(DEEDS))
    at = draw(INSTANTS)
    number = draw(st.integers(-6 if deed == "adjust" else 0, 9))
    life = draw(st.sampled_from([None, -DAY, US, DAY, 20 * DAY, 60 * DAY]))
    kind_ = draw(st.sampled_from([f"points_{deed}"] * 9 + ["use"]))
    return Interaction(
        customer_id=draw(st.sampled_from("abc")),
        kind=kind_,
        at=at,
        value=number,
        until=None if life is None else at + life,
    )


SCHEMES = st.fixed_dictionaries(
    {
        "pending": st.sampled_from([None, DAY, 30 * DAY]),
        "expiry": st.sampled_from(["dates", "dates", "entries"]),
        "order": st.sampled_from(["first_in", "first_to_expire"]),
    }
)


@given(st.lists(entries(), max_size=30), SCHEMES, INSTANTS)
def test_as_points_picked_up_one_by_one(
    rows: list[Interaction], rules: dict[str, Any], at: dt.datetime
) -> None:
    scheme = PointsScheme(**rules)
    found = points_balance(log_of(rows), at=at, scheme=scheme)
    expected = slow.balance(rows, at, **rules)
    columns = {name: found.columns[name].tolist() for name in slow.NAMES}
    ids = found.ids.tolist()
    got = {who: {name: columns[name][i] for name in slow.NAMES} for i, who in enumerate(ids)}
    assert got == expected
    for count in got.values():  # nothing is lost, nothing comes of nothing
        came_in = count["earned"] + count["adjusted"] + count["refunded"]
        went = count["burned"] + count["expired"]
        assert came_in == went + count["outstanding"] + count["pending"]
        assert all(n >= 0 for name, n in count.items() if name != "adjusted")
    for who, own in histories(rows, at).items():
        account = PointsAccount(scheme=scheme)
        for one in own:
            account = account.after(one)
        state = attrs.asdict(account.state(at))
        assert state == expected.get(who, dict.fromkeys(slow.NAMES, 0))
    known = points_balance(log_of(rows, max(at, utc("2026-01-01"))), at=at, scheme=scheme)
    assert known.columns["expired"].tolist() == found.columns["expired"].tolist()


@given(st.lists(entries(), max_size=30), SCHEMES)
def test_redemption_as_points_picked_up(rows: list[Interaction], rules: dict[str, Any]) -> None:
    as_of = max((one.at for one in rows), default=UTC_NOW)
    scheme = PointsScheme(**rules)
    log = log_of(rows, as_of)
    same: Any = redemption_rate(log, definition="same_period", period="month", scheme=scheme)
    cohort: Any = redemption_rate(log, definition="cohort", period="month", scheme=scheme)
    points = {
        who: slow.tokens([x for x in own if x.kind.startswith("points_")], **rules)[0]
        for who, own in histories(rows, as_of).items()
    }
    for i, (start, end) in enumerate(months_of(same.axes[-1].labels)):
        each: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
        for who, own in points.items():
            for p in own:
                new = p.source == "earn" and start <= p.came < end
                burned = p.taken_by == "burn"
                used = burned and p.taken_at is not None and start <= p.taken_at < end
                for place, yes in enumerate((used, new, new and burned)):
                    each[who][place] += int(yes)
        spent, got, of_got = (sum(x[j] for x in each.values()) for j in range(3))
        assert (same.x[i], same.y[i]) == (spent, got)
        assert (cohort.x[i], cohort.y[i]) == (of_got, got)
        assert same.n[i] == sum(x[0] > 0 or x[1] > 0 for x in each.values())
        assert int(same.parts["xy"][i]) == sum(x[0] * x[1] for x in each.values())
        if start <= as_of < end - dt.timedelta(microseconds=1):  # its last instant is not known
            assert np.isnan(same.value[i])
        elif got:
            assert cohort.value[i] == float(Fraction(of_got, got))


@given(st.lists(entries(), max_size=20), st.sampled_from([None, "use"]))
def test_active_members(rows: list[Interaction], members: str | None) -> None:
    as_of = max((one.at for one in rows), default=UTC_NOW)
    rate: Any = active_member_rate(log_of(rows, as_of), members=members, period="month")
    own = histories(rows, as_of)
    joined = {
        who: next((x.at for x in history if members in (None, x.kind)), None)
        for who, history in own.items()
    }
    for i, (start, end) in enumerate(months_of(rate.axes[-1].labels)):
        there = {who for who, at in joined.items() if at is not None and at < end}
        active = {
            who
            for who in there
            for x in own[who]
            if x.kind in ("points_earn", "points_burn") and start <= x.at < end
        }
        assert (int(rate.count[i]), int(rate.total[i])) == (len(active), len(there))


def test_groups_and_windows() -> None:
    rows = [
        entry("a", "earn", "2026-01-02", 10),
        entry("b", "earn", "2026-01-02", 20),
        entry("b", "burn", "2026-01-03", 5),
    ]
    people = [Customer(id="a", country="CN"), Customer(id="b", country="FR")]
    log = log_of(rows).with_customers(people)
    over = Window(utc("2026-01-01"), utc("2026-01-03"))
    rate: Any = redemption_rate(log, definition="cohort", over=over, by="country")
    assert rate.value.tolist() == [0, 0.25]
    share = active_member_rate(log, over=over, by="country")
    assert share.count.tolist() == [1, 1]
    assert redemption_rate(log, definition="same_period", over=over).x == 0


def test_log_without_dates() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a", "a"],
        kind=["points_earn", "points_burn"],
        at=[utc("2026-01-01"), utc("2026-01-02")],
        value=[5, 2],
        tz=dt.UTC,
    )
    assert points_balance(log, as_of=UTC_NOW).outstanding == 3
    back = pickle.loads(pickle.dumps(points_balance(log, as_of=UTC_NOW)))
    assert back == points_balance(log, as_of=UTC_NOW)


# -- refusals -------------------------------------------------------------------------------------

EARN = entry("c", "earn", "2026-01-05", 10)
LOG = log_of([EARN])
A: Any = PointsAccount()
b: Any = points_balance
TWICE = PointsScheme(burn=kind("points_earn") & (value >= 1))
BAD: list[tuple[Any, str]] = [
    (lambda: b(LOG, at=utc("2027-01-01")), "at must not be later than as_of"),
    (lambda: b(LOG, at=utc("2026-01-06").replace(tzinfo=None)), "at must be timezone-aware"),
    (lambda: b(LOG, scheme="fifo"), "scheme must be a PointsScheme: got str"),
    (lambda: b(LOG, scheme=TWICE), "scheme must fit each event by one rule: 1 of 1 events"),
    (
        lambda: b(log_of([EARN, entry("c", "burn", "2026-01-06", None)])),
        "value must be a whole number of points: 1 of 2",
    ),
    (
        lambda: b(log_of([entry("c", "earn", "2026-01-06", 0.5)])),
        "value must be a whole number of points: the row is not",
    ),
    (
        lambda: b(log_of([entry("c", "burn", "2026-01-06", -1)])),
        "value must not be negative but in an adjustment: the row is not",
    ),
    (lambda: PointsScheme(pending=dt.timedelta(0)), "pending must be longer than zero"),
    (lambda: PointsScheme(expiry="never"), "expiry must be one of 'dates', 'entries'"),
    (lambda: PointsScheme(order="lifo"), "order must be one of 'first_in'"),
    (lambda: A.after("x"), "entry must be an Interaction: got str"),
    (lambda: A.after(EARN).after(entry("c", "burn", "2026-01-04", 1)), "entry must not be before"),
    (lambda: A.after(entry("c", "earn", "2026-01-04", None)), "value must be a whole number of"),
    (lambda: A.after(entry("c", "earn", "2026-01-04", 1.5)), "points: got float"),
    (lambda: A.after(entry("c", "earn", "2026-01-04", -1)), "value must not be negative but in"),
    (lambda: attrs.evolve(A, scheme=TWICE).after(EARN), "entry must fit one rule of the scheme"),
    (lambda: A.after(EARN).state(utc("2026-01-04")), "at must not be before the last entry"),
    (lambda: b(LOG).breakage("simple"), "definition must be one of 'unredeemed', 'expired'"),
    (lambda: b(LOG).liability(breakage=2, cost=Money(1, "EUR")), "breakage must lie between"),
    (lambda: b(LOG).liability(breakage="x", cost=Money(1, "EUR")), "breakage must be a number"),
    (lambda: b(LOG).liability(breakage=0.5, cost=1), "cost must be Money: got int"),
    (lambda: b(LOG).liability(breakage=0, cost=Money(1, "EUR"), per=0), "per must be at least 1"),
    (
        lambda: redemption_rate(LOG, definition="simple", period="month"),  # type: ignore[arg-type]
        "definition must be one of 'same_period', 'cohort'",
    ),
    (lambda: active_member_rate(LOG), "period must be given"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_what_is_no_entry_changes_nothing() -> None:
    other = Interaction(customer_id="c", kind="use", at=utc("2026-01-06"))
    account = PointsAccount().after(EARN)
    assert account.after(other) is account
