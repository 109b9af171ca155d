"""Worked cases that cross packages, by name: growth of periods, counts, scores, a decision."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from customerops import Calendar, Customer, Interaction, InteractionLog, Window, lifecycle, metrics
from customerops.model import Consent
from customerops.model.values.calendar import Period, Weekday

FILE = Path(__file__).parent / "cases" / "periods_and_counts.json"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads(FILE.read_text(encoding="utf-8"))["cases"]
}
US = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)
LIFECYCLE = ["lifecycle_day", "lifecycle_week_sunday", "lifecycle_month", "lifecycle_tz_pacific"]


def at(said: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(said)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("name", LIFECYCLE)
def test_growth_accounting(name: str) -> None:
    case = CASES[name]
    params = case["params"]
    start: Weekday = params.get("week_start", "monday")
    calendar = Calendar(params.get("tz", "UTC"), week_start=start)
    period: Period = params["period"]
    visits = [Interaction(customer_id=w, at=at(t), kind=k) for w, k, t in case["events"]]
    first, last = (dt.date.fromisoformat(params[side]) for side in ("start", "end"))
    zone = calendar.tz
    ordinal = calendar.ordinals(
        [int(dt.datetime.combine(last, dt.time(), zone).timestamp()) * 10**6], period
    )
    end = calendar.labels(ordinal + 1, period)[0]
    over = Window.parse(first, end, tz=zone)
    assert over.end is not None
    log = InteractionLog.from_interactions(visits, calendar=calendar).until(over.end - US)
    growth = lifecycle.growth_accounting(log, qualifies="pv", period=period, over=over)
    expected = case["expected"]
    assert np.asarray(growth.new).tolist() == expected["new"]
    assert np.asarray(growth.retained).tolist() == expected["returning"]
    assert np.asarray(growth.resurrected).tolist() == expected["resurrecting"]
    assert (-np.asarray(growth.churned)).tolist() == expected["dormant"]


def test_the_pulse_is_the_quick_ratio_of_customers() -> None:
    """The chart's counts, from visits that give them: x was here in November already."""
    case = CASES["lifecycle_pulse"]
    seen = {
        (2025, 11): "x",
        (2026, 1): "abc",
        (2026, 2): "adx",
        (2026, 3): "ab",
        (2026, 4): "abef",
    }
    visits = [
        Interaction(customer_id=who, at=dt.datetime(*month, 9, tzinfo=dt.UTC), kind="pv")
        for month, active in seen.items()
        for who in active
    ]
    log = InteractionLog.from_interactions(visits, calendar=Calendar("UTC"))
    over = Window.parse("2026-01-01", "2026-05-01", tz="UTC")
    assert over.end is not None
    growth = lifecycle.growth_accounting(
        log, qualifies="pv", period="month", over=over, as_of=over.end - US
    )
    assert np.asarray(growth.new).tolist() == case["counts"]["new"]
    assert np.asarray(growth.resurrected).tolist() == case["counts"]["resurrecting"]
    assert (-np.asarray(growth.churned)).tolist() == case["counts"]["dormant"]
    pulse = growth.quick_ratio().value
    assert [None if np.isnan(x) else x for x in pulse.tolist()] == case["expected"]["pulse"]


def test_retention_by_conditions() -> None:
    case = CASES["clickhouse_retention_fn"]
    visits = [Interaction(customer_id=w, at=at(t), kind=k) for w, k, t in case["events"]]
    log = InteractionLog.from_interactions(visits, calendar=Calendar("UTC"))
    table = metrics.retention(
        log,
        start="visit",
        returning="visit",
        period="day",
        as_of=dt.datetime(2020, 1, 4, tzinfo=dt.UTC) - US,
    )
    assert np.asarray(table.count)[0].tolist() == case["expected"]["sums"]


def test_what_counts_give() -> None:
    counts = CASES["recurly-end-count"]["inputs"]
    rate: Any = metrics.churn_rate_from_counts(
        definition="end_base",
        start=counts["start"],
        lost_of_start=50,
        new=counts["new"],
        lost_of_new=counts["churned"] - 50,
    )
    assert rate.parts["denominator"] == CASES["recurly-end-count"]["expected"]
    case = CASES["churn-net-change"]
    kept = metrics.retention_rate_from_counts(**case["inputs"])
    assert 1 - float(kept) == pytest.approx(case["expected"])


@pytest.mark.parametrize("order", [1, -1], ids=["rfm-summary-lifetimes", "rfm-unsorted"])
def test_purchase_summary(order: int) -> None:
    case = CASES["rfm-summary-lifetimes"]
    who, days, paid = zip(*case["inputs"]["tx"][::order], strict=True)
    log = InteractionLog.from_arrays(
        customer_id=list(who),
        at=[dt.date.fromisoformat(day) for day in days],
        kind=["purchase"] * len(who),
        amount=[str(amount) for amount in paid],
        currency="USD",
        tz=dt.UTC,
    ).until_day(dt.date.fromisoformat(case["inputs"]["end"]))
    summary = metrics.purchase_summary(log, unit="day")
    frame = summary.to_frame().set_index("customer_id")
    for name, row in case["expected"].items():
        mine = frame.loc[int(name)]
        assert (mine["x"], mine["t_x"], mine["T"]) == (row["frequency"], row["recency"], row["T"])
        mean = summary.mean_spend[summary.ids.tolist().index(int(name))]
        assert (None if np.isnan(mean) else mean) == row["monetary"]


@pytest.mark.parametrize("method", ["quantile", "rank"])
def test_the_most_recent_score_highest(method: Any) -> None:
    case = CASES["rfm-recency-direction"]["inputs"]
    until = dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
    bought = [
        Interaction(customer_id=days, at=until - days * DAY, kind="purchase")
        for days in case["recency_days"]
    ]
    log = InteractionLog.from_interactions(bought, calendar=Calendar("UTC"), currency="EUR").until(
        until
    )
    rfm = metrics.rfm(log)
    scored = rfm.score(rfm.cuts(case["bins"], method=method)).to_frame().set_index("customer_id")
    column = next(
        name for name in scored if str(name).lower() in {"r", "recency_score", "r_score"}
    )
    for days, score in CASES["rfm-recency-direction"]["expected"].items():
        assert scored[column].to_dict()[int(days)] == score


def test_decide_caps_and_quiet_hours() -> None:
    case = CASES["decide-caps-and-quiet-hours"]
    given = case["inputs"]
    first = at("2024-01-01T00:00:00Z")
    policy = lifecycle.LifecyclePolicy(
        qualifies="purchase",
        clock=lifecycle.Inactivity(60 * DAY),
        retention=lifecycle.KthInLife(2),
    )
    bought = Interaction(customer_id=1, at=first, kind="purchase")
    playbook = lifecycle.Playbook(
        key="spring",
        tz=given["timezone"],
        actions=tuple(
            lifecycle.Action(
                key=channel, when=lifecycle.WAKE, purpose="marketing", channels=(channel,)
            )
            for channel in given["actions"]
        ),
        caps=(
            lifecycle.Cap(
                limit=given["cap"]["n"],
                window=given["cap"]["days"] * DAY,
                channel=given["cap"]["channel"],
            ),
        ),
        quiet_hours=(lifecycle.QuietHours(*given["quiet_hours"]),),
    )
    consents = [
        Consent(customer_id=1, purpose="marketing", channel=channel, status="granted", at=first)
        for channel in given["actions"]
    ]
    contacts = [
        Interaction(
            customer_id=1,
            at=at(t),
            kind="send",
            channel="sms",
            direction="outbound",
            campaign_id="x",
        )
        for t in given["contacts"]["sms"]
    ]
    for said, expected in zip(given["as_of"], case["expected"], strict=True):
        now = at(said)
        found = lifecycle.decide(
            playbook,
            Customer(id=1),
            lifecycle.replay([bought], policy, as_of=now).state,
            segments=(),
            consents=consents,
            contacts=[one for one in contacts if one.at <= now],
            complaints=(),
            as_of=now,
        )
        assert [one.action.key for one in found.allowed] == expected["allowed"]
        refused = {one.action.key: sorted(map(str, one.codes)) for one in found.refused}
        assert refused == {key: sorted(codes) for key, codes in expected["refused"].items()}


def test_every_case_is_tested() -> None:
    by_name = {
        "lifecycle_pulse",
        "clickhouse_retention_fn",
        "recurly-end-count",
        "churn-net-change",
        "rfm-summary-lifetimes",
        "rfm-unsorted",
        "rfm-recency-direction",
        "decide-caps-and-quiet-hours",
    }
    assert by_name | set(LIFECYCLE) == set(CASES)
