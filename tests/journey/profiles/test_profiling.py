"""Profiles: what a log tells of each customer at an instant."""

import datetime as dt
import pickle
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import PROFILE_FEATURES, profile
from customerops.journey.profiles.preferring import preferred
from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, replay_log
from customerops.model import (
    JOURNEY,
    Calendar,
    Customer,
    Did,
    Interaction,
    InteractionLog,
    Item,
    Money,
    Segment,
    Segmentation,
    Tag,
    TierLevel,
    TierPolicy,
)
from tests.reference import profiles as slow

UTC = dt.UTC
ZONES = {zone: Calendar(zone) for zone in ("UTC", "America/New_York", "Asia/Shanghai")}
BEGIN = dt.datetime(2024, 3, 8, 3, tzinfo=UTC)
MONTH = dt.timedelta(days=30)


@st.composite
def seen(draw: st.DrawFn) -> list[Interaction]:
    rows = []
    for i in range(draw(st.integers(0, 14))):
        hours = draw(st.sampled_from([0, 0, 1, 24, 48, 51, 75, 100, 24 * 9, 24 * 40]))
        minor = draw(st.sampled_from([None, 0, 500, 999, -500]))
        bought = draw(st.lists(st.sampled_from(["tea", "ink", None]), max_size=2))
        rows.append(
            Interaction(
                id=str(i),
                customer_id=draw(st.sampled_from("abc")),
                at=BEGIN + dt.timedelta(hours=hours, minutes=draw(st.sampled_from([0, 59]))),
                kind=draw(st.sampled_from(["purchase", "purchase", "visit"])),
                channel=draw(st.sampled_from([None, "web", "app", "store"])),
                amount=None if minor is None else Money.of_minor(minor, "EUR"),
                items=tuple(Item(sku="x", category=category) for category in bought),
            )
        )
    return rows


@given(
    seen(),
    st.sampled_from(sorted(ZONES)),
    st.sampled_from([None, dt.timedelta(days=1), MONTH]),
    st.sampled_from([2, 60, 24 * 50, 24 * 5000]),
)
def test_reference(
    events: list[Interaction], zone: str, half_life: dt.timedelta | None, hours: int
) -> None:
    as_of = BEGIN + dt.timedelta(hours=hours)
    log = InteractionLog.from_interactions(events)
    found = profile(
        log,
        features=PROFILE_FEATURES,
        half_life=half_life,
        min_gaps=2,
        as_of=as_of,
        calendar=ZONES[zone],
    )
    assert found.ids.tolist() == sorted({e.customer_id for e in events if e.at <= as_of})
    for one in found.ids.tolist():
        own = [e for e in events if e.customer_id == one]
        # ages count from the customer's last event: a common factor changes no share
        expected = slow.facts(own, as_of, zone, half_life if hours < 24 * 100 else None)
        row = found.of(one)
        for name in ("frequency", "monetary", "next_purchase"):
            assert row[name] == expected[name]
        for name in ("recency", "cycle"):
            assert row[name] == expected[name] or (expected[name] is None and np.isnan(row[name]))
        if half_life is not None and hours >= 24 * 100:
            continue  # 2 ** -5000 is zero in floats; the shares are tested nearer by
        for name in ("channel", "category", "hour"):
            shares = expected[name]
            if not shares:
                assert row[name] is None
                assert np.isnan(row[f"{name}_share"])
                continue
            assert row[name] in slow.best(shares)
            assert row[f"{name}_share"] == pytest.approx(shares[row[name]], abs=1e-6)
            if half_life is None:
                assert row[name] == slow.best(shares)[0]  # of equals the first


def test_shares_do_not_depend_on_when_they_are_asked_for() -> None:
    events = [
        Interaction(id=str(i), customer_id="a", at=BEGIN + i * MONTH, kind="visit", channel=where)
        for i, where in enumerate(["web", "app"])
    ]
    log = InteractionLog.from_interactions(events)
    rows = [
        profile(
            log,
            features=["channel"],
            half_life=MONTH,
            as_of=BEGIN + dt.timedelta(days=days),
            calendar=ZONES["UTC"],
        ).of("a")
        for days in (30, 20000)
    ]
    assert rows[0] == rows[1]
    assert rows[0]["channel"] == "app"
    assert rows[0]["channel_share"] == pytest.approx(2 / 3)  # 1 against a half


def test_preferred_by_hand() -> None:
    day = 86_400_000_000
    found = preferred(
        np.array([1, 1, 1, 0]),
        np.array([0, day, 2 * day, 0]),
        np.array([1, 1, 0, -1]),
        ("b", "a"),
        n=3,
        half_life=day,
    )
    assert found.label.tolist() == [None, "b", None]  # 1 against 1/2 + 1/4
    assert found.share[1] == 1 / 1.75
    even = preferred(
        np.array([0, 0]), np.array([5, 5]), np.array([0, 1]), ("b", "a"), n=1, half_life=None
    )
    assert (even.label.tolist(), even.share.tolist()) == (["a"], [0.5])


POLICY = LifecyclePolicy(qualifies="purchase", clock=Inactivity(MONTH), retention=KthInLife(2))
DIVISION = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
TIERS = TierPolicy(
    levels=(TierLevel(key="base", threshold=0), TierLevel(key="two", threshold=2)),
    qualify="purchase",
    measure="count",
)


def events() -> list[Interaction]:
    told = [("b", "visit", 0), ("a", "purchase", 1), ("a", "purchase", 2)]
    return [
        Interaction(
            id=f"{i}", customer_id=who, at=BEGIN + dt.timedelta(days=i), kind=kind, channel="web"
        )
        for who, kind, i in told
    ]


def test_stages_segments_tiers_and_tags() -> None:
    as_of = BEGIN + dt.timedelta(days=3)
    people = [
        Customer(
            id="a",
            tags=frozenset(
                {
                    Tag(name="vip", since=BEGIN),
                    Tag(name="early"),
                    Tag(name="late", since=as_of + dt.timedelta(days=1)),
                }
            ),
        ),
        Customer(id="elsewhere"),
    ]
    log = InteractionLog.from_interactions(events(), calendar=ZONES["UTC"]).until(as_of)
    found = profile(
        log,
        features=[],
        policy=POLICY,
        journey_map=JOURNEY,
        segmentation=DIVISION,
        tiers=TIERS,
        customers=people,
    )
    stage = {
        one: s.value for one, s in zip("ab", replay_log(log, POLICY).stage_at(as_of), strict=True)
    }
    loyal = JOURNEY.stage_of([e for e in events() if e.customer_id == "a"], as_of=as_of)
    assert loyal is not None
    assert found.of("a") == {
        "lifecycle_stage": stage["a"],
        "journey_stage": loyal.key,
        "segment": "buyer",
        "tier": "two",
        "tags": ("early", "vip"),
    }
    outside = JOURNEY.stage_of([e for e in events() if e.customer_id == "b"], as_of=as_of)
    assert found.of("b") == {
        "lifecycle_stage": stage["b"],
        "journey_stage": outside and outside.key,
        "segment": None,
        "tier": "base",
        "tags": (),
    }
    frame = found.to_frame()
    assert frame.columns.tolist() == ["customer_id", *found.COLUMNS]
    assert repr(found) == "Profiles(metric='profile', customers=2)"
    assert pickle.loads(pickle.dumps(found)) == found


def test_profiles_of_disjoint_customers_add() -> None:
    as_of = BEGIN + dt.timedelta(days=3)
    one, two = (
        InteractionLog.from_interactions(
            [e for e in events() if e.customer_id == who], calendar=ZONES["UTC"]
        )
        for who in "ab"
    )
    options: dict[str, Any] = {"features": ["recency", "cycle", "channel"], "as_of": as_of}
    assert profile(one, **options) + profile(two, **options) == profile(one.union(two), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": ["recencey"]}, r"features\[0\] must be one of .*did you mean 'recency'"),
        ({"features": ["monetary"]}, "must be one the log was built with: got .amount."),
        ({"features": ["channel"]}, "must be one the log was built with: got .channel."),
        ({"features": ["category"]}, "category must be loaded in the log: it has no such line"),
        ({"half_life": dt.timedelta(0)}, "half_life must be longer than zero"),
        ({"policy": JOURNEY}, "policy must be a LifecyclePolicy: got JourneyMap"),
        ({"segmentation": JOURNEY}, "segmentation must be a Segmentation"),
        ({"tiers": JOURNEY}, "tiers must be a TierPolicy"),
        ({"journey_map": POLICY}, "journey_map must be a JourneyMap"),
        ({"customers": ["a"]}, r"customers\[0\] must be a Customer: got str"),
        ({"customers": [Customer(id="a"), Customer(id="a")]}, "customers must be one record each"),
        (
            {"policy": attrs.evolve(POLICY, scope="name")},
            "policy must have no scope",
        ),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a"], kind=["visit"], at=[dt.date(2026, 1, 5)], tz=UTC
    ).until_day(dt.date(2026, 1, 9))
    with pytest.raises(InvalidInputError, match=message):
        profile(log, **{"features": ["recency"], **options})


def test_who_is_not_there() -> None:
    log = InteractionLog.from_interactions(events(), calendar=ZONES["UTC"])
    found = profile(log, features=["recency"], as_of=BEGIN)
    with pytest.raises(InvalidInputError, match="customer_id must be a customer of the log"):
        found.of("a")  # entered later
    with pytest.raises(InvalidInputError, match="as_of must be given"):
        profile(log)
