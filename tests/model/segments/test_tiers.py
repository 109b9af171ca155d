"""Tiers: worked cases, and records, columns and the definition side by side."""

import datetime as dt
import json
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    Calendar,
    Customer,
    Grouping,
    Interaction,
    InteractionLog,
    Money,
    TierLevel,
    TierPolicy,
    tier_migration,
    tier_sizes,
    tier_spells,
    tier_standings,
)
from customerops.model.values.instants import to_us
from tests.reference import tiers as slow

UTC = dt.UTC
ZONES = {zone: Calendar(zone) for zone in ("UTC", "America/New_York", "Pacific/Apia")}
BASE = TierLevel(key="base", threshold=Decimal(0))
SILVER = TierLevel(key="silver", threshold=Decimal(100))
GOLD = TierLevel(key="gold", threshold=Decimal(200), keep=Decimal(150))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def buy(when: str, euros: int | str, owner: str = "c", n: int = 0) -> Interaction:
    return Interaction(
        id=f"{owner}{when}{euros}{n}",
        customer_id=owner,
        at=at(when),
        kind="purchase",
        amount=Money(euros, "EUR"),
    )


def policy_of(**options: Any) -> TierPolicy:
    given: dict[str, Any] = {"levels": (BASE, SILVER, GOLD), "qualify": "purchase", "window": 1}
    return TierPolicy(**{**given, **options})


JAN = [buy("2026-01-10", 250)]  # gold in January, nothing after


@pytest.mark.parametrize(
    ("options", "levels"),
    [
        # the level on the 15th of January to July
        ({}, "GGBBBBB"),  # January's review is passed; February's is failed, so base from 1 March
        ({"failures": 2}, "GGGBBBB"),
        ({"failures": 3}, "GGGGBBB"),
        ({"grace": 1}, "GGBBBBB"),  # the review in grace is January's, which is passed anyway
        ({"grace": 2}, "GGGBBBB"),
        ({"grace": 2, "failures": 2}, "GGGGBBB"),  # fails at the ends of March and April
        ({"grace": 6}, "GGGGGGG"),
        ({"window": 3}, "GGGGBBB"),  # April is the first review that does not see January
        ({"window": 3, "grace": 4}, "GGGGGBB"),
        ({"window": None}, "GGGGGGG"),
        ({"upgrade": "next_period"}, "BGBBBBB"),
        ({"upgrade": "next_period", "failures": 2}, "BGGBBBB"),
        ({"upgrade": "next_period", "grace": 1}, "BGGBBBB"),  # gold began in February
        ({"upgrade": "next_period", "grace": 2, "failures": 2}, "BGGGGBB"),
        ({"period": "quarter"}, "GGGGGGB"),  # the second quarter's review fails
        ({"period": "year"}, "GGGGGGG"),
    ],
)
def test_grace_and_failing_periods(options: dict[str, Any], levels: str) -> None:
    """One purchase of 250 on 10 January, worked by hand from the rules of the policy."""
    policy = policy_of(**options)
    log = InteractionLog.from_interactions(JAN)
    for month, level in enumerate(levels, 1):
        day = at(f"2026-{month:02d}-15")
        found = policy.standing(JAN, as_of=day, calendar=ZONES["UTC"])
        assert found.level.key[0].upper() == level, month
        columns = tier_standings(log, policy, as_of=day, calendar=ZONES["UTC"])
        assert columns.standing("c") == found


def history(policy: TierPolicy, seen: list[Interaction], until: str) -> list[tuple[str, str]]:
    changes = policy.history(seen, as_of=at(until), calendar=ZONES["UTC"])
    return [(change.at.strftime("%m-%d"), change.after) for change in changes]


@pytest.mark.parametrize(
    ("seen", "options", "expected"),
    [
        # a pass between two failures starts the count again
        (
            [*JAN, buy("2026-03-05", 150)],
            {"failures": 2},
            [("01-10", "gold"), ("06-01", "base")],
        ),
        # gold is lost at 120, which keeps silver
        (
            [*JAN, buy("2026-02-05", 120)],
            {},
            [("01-10", "gold"), ("03-01", "silver"), ("04-01", "base")],
        ),
        # 150 keeps gold, though it does not earn it
        ([*JAN, buy("2026-02-05", 150)], {}, [("01-10", "gold"), ("04-01", "base")]),
        # silver on the way, each at its instant
        (
            [buy("2026-01-02", 100), buy("2026-01-03", 100)],
            {},
            [("01-02", "silver"), ("01-03", "gold"), ("03-01", "base")],
        ),
        # a refund takes nothing before the review
        (
            [buy("2026-01-02", 250), buy("2026-01-20", -250)],
            {},
            [("01-02", "gold"), ("02-01", "base")],
        ),
        # events of one instant count together
        ([buy("2026-01-02", 250), buy("2026-01-02", -250)], {}, []),
        # a refund that leaves the window lets the level rise at the edge
        (
            [buy("2026-01-02", -100), buy("2026-02-02", 150)],
            {"window": 2},
            [("03-01", "silver"), ("05-01", "base")],  # April is the first review without February
        ),
        (
            [buy("2026-01-02", -100), buy("2026-02-02", 150)],
            {"window": 2, "upgrade": "next_period"},
            [("04-01", "silver"), ("05-01", "base")],  # March's review is the first to see 150
        ),
    ],
)
def test_histories(seen: Any, options: Any, expected: list[tuple[str, str]]) -> None:
    assert history(policy_of(**options), seen, "2026-12-01") == expected


def test_reasons() -> None:
    policy = policy_of(window=2, failures=2, grace=1)
    seen = [buy("2026-01-10", 1200)]

    def told(day: str, rows: list[Interaction] | None = None) -> tuple[str, ...]:
        rows = seen if rows is None else rows
        found = policy.standing(rows, as_of=at(day), calendar=ZONES["UTC"])
        return found.reasons

    top = "1,200.00 of 150.00 in the last 2 months"
    assert told("2026-01-11") == (top, "in grace for 1 review")
    assert told("2026-02-11") == (top,)
    assert told("2026-03-11") == ("0.00 of 150.00 in the last 2 months",)
    assert told("2026-04-11") == (
        "0.00 of 150.00 in the last 2 months",
        "below at 1 of 2 reviews",
    )
    assert told("2026-05-11") == ("100.00 more for silver",)
    assert told("2026-05-11", []) == ("100 more for silver",)
    late = policy_of(upgrade="next_period", grace=3, period="day")
    some = [buy("2026-01-10", 120)]
    found = late.standing(some, as_of=at("2026-01-10"), calendar=ZONES["UTC"])
    assert found.reasons == ("silver is due",)
    assert found.distance == 0
    assert found.since is None
    found = late.standing(some, as_of=at("2026-01-11"), calendar=ZONES["UTC"])
    assert found.reasons == (
        "0.00 of 100.00 today",
        "in grace for 3 reviews",
        "200.00 more for gold",
    )
    assert found.since == at("2026-01-11")
    counted = policy_of(measure="count", levels=(BASE, TierLevel(key="two", threshold=Decimal(2))))
    twice = [*some, buy("2026-01-11", 5)]
    found = counted.standing(twice, as_of=at("2026-01-12"), calendar=ZONES["UTC"])
    assert found.total == 2
    assert found.next is None
    assert found.distance is None
    assert found.reasons == ("2 of 2 this month",)
    ever = policy_of(window=None).standing(some, as_of=at("2026-01-12"), calendar=ZONES["UTC"])
    assert ever.reasons == ("120.00 of 100.00 ever", "80.00 more for gold")


# ---------------------------------------------------------------------- against the definition


PERIODS = {
    "UTC": ("day", "week", "month", "quarter", "year"),
    "America/New_York": ("day", "month"),
}
CLOCK = ("00:00", "03:59:59.999999", "04:00", "05:00", "12:00", "23:59:59.999999")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[TierPolicy, str, list[Interaction], dt.datetime]:
    zone = draw(st.sampled_from(sorted(PERIODS)))
    period = draw(st.sampled_from(PERIODS[zone]))
    far = {"day": 8, "week": 40, "month": 200, "quarter": 500, "year": 1500}[period]
    day = st.builds(
        lambda n, clock: f"{dt.date(2024, 2, 27) + dt.timedelta(days=n)}T{clock}",
        st.integers(0, far),
        st.sampled_from(CLOCK),
    )
    money: st.SearchStrategy[Any] = st.sampled_from(
        [0, 40, 50, 100, "99.99", 150, 200, -100, -150, "0.01"]
    )
    rows = draw(st.lists(st.tuples(day, money, st.sampled_from("abc")), max_size=12))
    seen = [buy(when, x, owner, n) for n, (when, x, owner) in enumerate(rows)]
    return (
        policy_of(
            period=period,
            window=draw(st.sampled_from([None, 1, 2, 3])),
            upgrade=draw(st.sampled_from(["at_once", "next_period"])),
            failures=draw(st.integers(1, 3)),
            grace=draw(st.integers(0, 3)),
            measure=draw(st.sampled_from(["amount", "amount", "count"])),
            levels=(
                BASE,
                attrs_keep(SILVER, draw(st.sampled_from([None, 50, 100]))),
                attrs_keep(GOLD, draw(st.sampled_from([None, 120, "100.01"]))),
            )
            if draw(st.booleans())
            else (
                BASE,
                TierLevel(key="x", threshold=Decimal(1)),
                TierLevel(key="a", threshold=Decimal(3)),
            ),
        ),
        zone,
        seen,
        at(draw(day)) + dt.timedelta(days=draw(st.integers(0, far))),
    )


def attrs_keep(level: TierLevel, keep: Any) -> TierLevel:
    return TierLevel(
        key=level.key, threshold=level.threshold, keep=None if keep is None else Decimal(keep)
    )


def check(world: tuple[TierPolicy, str, list[Interaction], dt.datetime]) -> None:
    policy, zone, seen, as_of = world
    calendar = ZONES[zone]
    log = InteractionLog.from_interactions(seen)
    known = log.until(as_of)
    standings = tier_standings(log, policy, as_of=as_of, calendar=calendar)
    assert standings.ids.tolist() == sorted({e.customer_id for e in seen if e.at <= as_of})
    frame = standings.to_frame()
    spells = tier_spells(log, policy, as_of=as_of, calendar=calendar).to_frame()
    since = as_of - dt.timedelta(days=3)
    moved: dict[tuple[str, str], int] = {}
    for row, one in enumerate(standings.ids.tolist()):
        own = [e for e in seen if e.customer_id == one]
        expected = slow.walk(
            [
                (e.at, Fraction(e.amount.amount) if policy.measure == "amount" else Fraction(1))
                for e in own
                if e.amount is not None
            ],
            takes=[Fraction(level.threshold) for level in policy.levels],
            keeps=[Fraction(level.keeps) for level in policy.levels],
            window=policy.window,
            at_once=policy.upgrade == "at_once",
            failures=policy.failures,
            grace=policy.grace,
            number=lambda t: slow.ordinal(t, zone, policy.period),
            edge=lambda p: edge_of(p, zone, policy.period),
            as_of=as_of,
        )
        found = policy.standing(own, as_of=as_of, calendar=calendar)
        changes = policy.history(own, as_of=as_of, calendar=calendar)
        keys = policy.keys
        assert [(c.at, c.before, c.after, Fraction(c.total)) for c in changes] == [
            (t, keys[a], keys[b], x) for t, a, b, x in expected["changes"]
        ]
        assert (found.level.key, found.failing, Fraction(found.total), found.grace) == (
            keys[expected["level"]],
            expected["failing"],
            expected["total"],
            expected["grace"],
        )
        again = standings.standing(one)
        if policy.measure == "count" or log.currency:
            assert again == found
        assert frame["tier"][row] == found.level.key
        stays = spells[spells["customer_id"] == one]
        assert stays["tier"].iloc[-1] == found.level.key
        before = [c.after for c in changes if c.at <= since]
        if min(e.at for e in own) <= since:
            pair = (before[-1] if before else keys[0], found.level.key)
            moved[pair] = moved.get(pair, 0) + 1
    table = tier_migration(log, policy, since=since, as_of=as_of, calendar=calendar)
    order = sorted(policy.keys)
    assert table.count.tolist() == [[moved.get((a, b), 0) for b in order] for a in order]
    assert table.total.tolist() == table.count.sum(axis=1).tolist()
    assert table.total.sum() == sum(known.entered <= to_us(since))
    sizes = tier_sizes(log, policy, as_of=as_of, calendar=calendar)
    assert sizes.count.tolist() == [(frame["tier"] == key).sum() for key in order]
    assert sizes.total == len(frame)


def edge_of(period: int, zone: str, name: str) -> dt.datetime:
    if name in ("day", "week"):
        day = dt.date.fromordinal(period if name == "day" else period * 7 + 1)
    else:
        months = {"month": 1, "quarter": 3, "year": 12}[name]
        day = dt.date(period * months // 12, period * months % 12 + 1, 1)
    return dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@settings(max_examples=60)
@given(worlds())
def test_records_columns_and_the_definition_agree(
    world: tuple[TierPolicy, str, list[Interaction], dt.datetime],
) -> None:
    check(world)


# ---------------------------------------------------------------------- the rest


def test_sums_beyond_64_bits() -> None:
    huge = Money.of_minor(2**62, "EUR")
    seen = [
        Interaction(
            id=f"{i}{who}", customer_id=who, at=at(f"2026-01-0{i}"), kind="purchase", amount=huge
        )
        for i in (1, 2, 3)
        for who in "ab"
    ]
    top = TierLevel(key="top", threshold=3 * huge.amount)
    policy = policy_of(levels=(BASE, top), window=2)
    log = InteractionLog.from_interactions(seen)
    for day, level in (("2026-01-02", "base"), ("2026-01-04", "top"), ("2026-03-01", "top")):
        found = tier_standings(log, policy, as_of=at(day), calendar=ZONES["UTC"])
        assert found.tier.tolist() == [level, level]
        own = policy.standing(seen[::2], as_of=at(day), calendar=ZONES["UTC"])
        assert found.standing("a") == own
    small = InteractionLog.from_interactions(JAN)
    found = tier_standings(small, policy, as_of=at("2026-02-01"), calendar=ZONES["UTC"])
    assert found.tier.tolist() == ["base"]


def test_missing_amounts_and_repeats() -> None:
    blank = Interaction(id="e", customer_id="c", at=at("2026-01-11"), kind="purchase")
    seen = [*JAN, blank, *JAN]
    policy = policy_of(window=None)
    log = InteractionLog.from_interactions(seen)
    found = policy.standing(seen, as_of=at("2026-02-01"), calendar=ZONES["UTC"])
    assert found.total == 250
    columns = tier_standings(log, policy, as_of=at("2026-02-01"), calendar=ZONES["UTC"])
    assert columns.standing("c") == found
    assert columns.distance.tolist() == [None]


def test_tables_add_and_customers_without_events_are_at_the_base() -> None:
    one = InteractionLog.from_interactions(JAN, calendar=ZONES["UTC"])
    people = [Customer(id=who, created_at=at("2026-01-01"), country="DE") for who in "cd"]
    one = one.with_customers(people)
    two = InteractionLog.from_interactions(
        [buy("2026-01-05", 120, "e")], calendar=ZONES["UTC"]
    ).with_customers([Customer(id="e", country="CN")])
    end = at("2026-01-31")
    both = one.union(two)
    policy = policy_of()
    sizes = tier_sizes(both, policy, as_of=end, by="country")
    assert sizes.count.tolist() == [[0, 0, 1], [1, 1, 0]]
    assert sizes == tier_sizes(one, policy, as_of=end, by="country") + tier_sizes(
        two, policy, as_of=end, by="country"
    )
    by = Grouping({"c": "x", "d": "y", "e": "x"})
    moved = tier_migration(both, policy, since=at("2026-01-07"), as_of=end, by=by)
    assert moved.total.tolist() == [[1, 0, 1], [1, 0, 0]]
    assert moved.select(group="x", before="base").count.tolist() == [0, 1, 0]
    standings = tier_standings(both, policy, as_of=end)
    assert standings.to_frame()["distance"].tolist() == [None, 100_00, 80_00]
    assert standings.to_frame()["since"].isna().tolist() == [False, True, False]
    spells = tier_spells(both, policy, as_of=end).to_frame()
    assert spells["tier"].tolist() == ["base", "gold", "base", "silver"]
    assert spells["cause"].tolist() == ["upgrade", None, None, None]
    assert pickle.loads(pickle.dumps(standings)) == standings
    assert repr(standings) == "TierStandings(metric='tier_standings', customers=3)"
    empty = one.until(at("2025-01-01"))
    assert len(tier_spells(empty, policy)) == 0
    assert tier_standings(both, policy, as_of=end) == tier_standings(
        one, policy, as_of=end
    ) + tier_standings(two, policy, as_of=end)


def test_the_earlier_instant_of_a_migration_is_inclusive() -> None:
    log = InteractionLog.from_interactions(JAN, calendar=ZONES["UTC"])
    moved = tier_migration(log, policy_of(), since=JAN[0].at, as_of=at("2026-01-20"))
    assert moved.select(before="gold", after="gold").count == 1


def test_as_data() -> None:
    policy = policy_of(
        currency="EUR",
        levels=(
            BASE,
            TierLevel(
                key="gold",
                threshold=Decimal("99.50"),
                labels={"zh": "金卡"},
                benefits={"lounge": True},
            ),
        ),
    )
    assert TierPolicy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    gold = policy.level("gold")
    assert (gold.label("zh"), gold.label("en"), gold.benefits["lounge"]) == ("金卡", "gold", True)
    data = policy.to_dict()
    data["levels"][1]["keep"] = "-3"
    with pytest.raises(InvalidInputError, match=r"levels\[1\]\.keep must be from 0 to the thr"):
        TierPolicy.from_dict(data)
    data = policy.to_dict()
    data["qualify"]["op"] = "is"
    with pytest.raises(InvalidInputError, match=r"qualify\.op must be one of"):
        TierPolicy.from_dict(data)


DAY = at("2026-02-01")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TierLevel(key="x", threshold=Decimal(-1)), "threshold must not be negative"),
        (lambda: policy_of(levels=()), "levels must begin with one"),
        (lambda: policy_of(levels=(SILVER, GOLD)), "levels must begin with one that takes 0"),
        (
            lambda: policy_of(levels=(BASE, TierLevel(key="base", threshold=Decimal(1)))),
            "levels must differ in key",
        ),
        (
            lambda: policy_of(levels=(BASE, GOLD, SILVER)),
            r"levels\[2\] must take more than the level below",
        ),
        (
            lambda: policy_of(levels=(BASE, SILVER, attrs_keep(GOLD, 99))),
            r"levels\[2\] must take more than the level below, and keep no less",
        ),
        (lambda: policy_of(window=0), "window must be at least 1: got 0"),
        (lambda: policy_of(failures=0), "failures must be at least 1: got 0"),
        (lambda: policy_of(grace=-1), "grace must be at least 0: got -1"),
        (lambda: policy_of(currency="EUR", measure="count"), "currency must not be given"),
        (lambda: policy_of(currency="EURO"), "currency must"),
        (lambda: policy_of(period="hour"), "period must be one of"),
        (lambda: policy_of().level("golden"), "key must be one of the levels: got 'golden', did"),
        (
            lambda: policy_of().standing(JAN, as_of=DAY, calendar=object()),  # type: ignore[arg-type]
            "calendar must be a Calendar",
        ),
        (
            lambda: policy_of().standing(
                [*JAN, buy("2026-01-01", 5, "d")], as_of=DAY, calendar=ZONES["UTC"]
            ),
            "interactions must be of one customer",
        ),
        (
            lambda: policy_of(currency="USD").standing(JAN, as_of=DAY, calendar=ZONES["UTC"]),
            "amount must be in USD",
        ),
        (
            lambda: policy_of().standing(
                [
                    *JAN,
                    Interaction(customer_id="c", at=DAY, kind="purchase", amount=Money(1, "USD")),
                ],
                as_of=DAY,
                calendar=ZONES["UTC"],
            ),
            "amount must be in one currency: got 2",
        ),
        (
            lambda: tier_sizes(
                InteractionLog.from_interactions(JAN),
                policy_of(currency="USD"),
                as_of=DAY,
                calendar=ZONES["UTC"],
            ),
            "amount must be in USD: the policy says so",
        ),
        (
            lambda: tier_sizes(InteractionLog.from_interactions(JAN), policy_of(), as_of=DAY),
            "calendar must be given",
        ),
        (
            lambda: tier_sizes(InteractionLog.from_interactions(JAN), JAN, as_of=DAY),  # type: ignore[arg-type]
            "policy must be a TierPolicy: got list",
        ),
        (
            lambda: tier_standings(
                InteractionLog.from_interactions(JAN),
                policy_of(),
                as_of=DAY,
                calendar=ZONES["UTC"],
            ).standing("nobody"),
            "customer_id must be a customer of the log",
        ),
    ],
)
def test_refusals(make: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()
