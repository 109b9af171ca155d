"""Worked cases by name: definitions, and facts restated from the tests of peers."""

import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest

from customerops.lifecycle.growth.active_users import active_user_states
from customerops.lifecycle.growth.growth import growth_accounting
from customerops.lifecycle.machine.history import replay
from customerops.lifecycle.policy.clocks import Contract, Inactivity
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.stages import ACTIVE, STAGES
from customerops.lifecycle.population.batch import replay_log
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import amount, kind
from customerops.model.values.calendar import Calendar, Period
from customerops.model.values.instants import from_us
from customerops.model.values.money import Money
from customerops.model.values.window import Window
from tests.lifecycle.make import DAY, START, day

FILE = Path(__file__).parents[1] / "cases" / "lifecycle.json"
CASES: dict[str, Any] = {case["id"]: case for case in json.loads(FILE.read_text())["cases"]}
SPAN = dt.timedelta(microseconds=1)

POLICIES: dict[str, dict[str, Any]] = {
    "M03": {"boundary": "event_first"},
    "M05": {"qualifies": kind("activity") & (amount >= 5)},
    "M07": {"qualifies": kind("activity") & (amount >= 5)},
    "M11": {"activation_window": 14 * DAY},
    "M15": {"retention": KthInLife(1)},
    "D05": {"qualifies": "buy"},
}


def policy(name: str) -> LifecyclePolicy:
    base = {
        "qualifies": "activity",
        "clock": Inactivity(30 * DAY),
        "retention": KthInLife(2),
        "winback_window": 60 * DAY,
    }
    return LifecyclePolicy(**{**base, **POLICIES.get(name, {})})


def records(case: dict[str, Any]) -> list[Interaction]:
    return [
        Interaction(
            id=i,
            customer_id="c-9",
            at=day(event["day"]),
            kind=event["kind"],
            amount=Money(str(event["amount"]), "EUR") if "amount" in event else None,
            recorded_at=day(event["recorded"]) if "recorded" in event else None,
        )
        for i, event in enumerate(case["events"])
    ]


@pytest.mark.parametrize("name", ["M01", "M03", "M05", "M07", "M09", "M11", "M13", "M15"])
def test_the_machine(name: str) -> None:
    case = CASES[name]
    stages = {int(n): stage for n, stage in case["expected_state_at"].items()}
    end = day(max(stages))
    history = replay(records(case), policy(name), as_of=end)
    log = InteractionLog.from_interactions(records(case))
    population = replay_log(log, policy(name), as_of=end)
    for n, stage in stages.items():
        assert history.stage_at(day(n)) == stage
        assert population.stage_at(day(n)).tolist() == [stage]
    told = [
        {"at": (c.at - START) // DAY, "source": c.source, "target": c.target, "cause": c.cause}
        for c in history.transitions
    ]
    assert told == case["expected_transitions"]
    moves = population.transitions
    assert [(from_us(at) - START) // DAY for at in moves.at.tolist()] == [c["at"] for c in told]
    assert [STAGES[code] for code in moves.target] == [c["target"] for c in told]


CONTRACT = LifecyclePolicy(clock=Contract(), retention=KthInLife(2))


def contract_events(case: dict[str, Any]) -> list[Interaction]:
    records = []
    for i, event in enumerate(case["events"]):
        at_end = event.get("when") == "period_end"
        ends = day(event["day"] + event["term"]) if "term" in event else None
        kind = "cancel_at_period_end" if at_end else event["kind"]
        records.append(
            Interaction(id=i, customer_id="c-9", at=day(event["day"]), kind=kind, until=ends)
        )
    return records


@pytest.mark.parametrize("name", ["C02", "C04", "C06"])
def test_contracts(name: str) -> None:
    case = CASES[name]
    stages = {int(n): stage for n, stage in case["expected_state_at"].items()}
    end = day(max(stages))
    given = contract_events(case)
    history = replay(given, CONTRACT, as_of=end)
    population = replay_log(InteractionLog.from_interactions(given), CONTRACT, as_of=end)
    for n, stage in stages.items():
        assert history.stage_at(day(n)) == stage
        assert population.stage_at(day(n)).tolist() == [stage]
    for span, said in case.get("expected_attributes", {}).items():
        first, last = map(int, span.split(".."))
        for n in range(max(stages) + 1):
            found = history.attributes_at(day(n))
            told = {
                "pending_cancel": found.pending_cancel,
                "contract": found.contract and found.contract.name,
            }
            holds = said.items() <= told.items()
            assert holds == (first <= n <= last)
    status = [history.attributes_at(day(n)).contract for n in (0, max(stages))]
    assert status == ["running", "ended"]
    assert population.transitions.timeout.tolist()[-1]


def test_m17_late_events_rewrite_the_past_and_knowledge_time_does_not() -> None:
    case = CASES["M17"]
    for answer in case["expected"]:
        history = replay(
            records(case), policy("M17"), as_of=day(50), known_at=day(answer["known_at"])
        )
        assert history.stage_at(day(answer["state_at"])) == answer["state"]
    early, late = (
        {
            (c.at, str(c.target))
            for c in replay(
                records(case), policy("M17"), as_of=day(case["as_of"]), known_at=day(n)
            ).transitions
        }
        for n in (40, 45)
    )
    for part, found in (("removed", early - late), ("added", late - early)):
        revision = {(day(c["at"]), c["target"]) for c in case["expected_revision"][part]}
        assert found == revision


@pytest.mark.parametrize("name", ["D01", "D03"])
def test_daily_states_of_active_users(name: str) -> None:
    case = CASES[name]
    days = {who["customer"]: who["active_days"] for who in case["events"]}
    uses = [
        Interaction(customer_id=customer, at=day(n), kind="use")
        for customer, active in days.items()
        for n in active
    ]
    log = InteractionLog.from_interactions(uses, calendar=Calendar(dt.UTC)).until_day(
        day(46).date()
    )
    found = active_user_states(log, activity="use")
    order = ["new", "current", "reactivated", "resurrected", "at_risk_wau", "at_risk_mau"]
    order.append("dormant")
    expected = {int(n): stocks for n, stocks in case.get("expected_stocks", {}).items()}
    for span, state in case.get("expected_daily_state", {}).items():
        first, _, last = span.partition("..")
        for n in range(int(first), int(last or first) + 1):
            expected[n] = [int(one == state) for one in order]
    assert len(expected) == {"D01": 46, "D03": 8}[name]
    for n, stocks in expected.items():
        one = found.select(period=day(n).date())
        told = dict(zip(one.axes[0].labels, one.customers.tolist(), strict=True))
        assert [told[state] for state in order] == stocks
        assert one.dau == sum(stocks[:4])
        assert (one.wau, one.mau) == (one.dau + stocks[4], one.dau + stocks[4] + stocks[5])
        assert one.total == len(days)


def test_d05_before_the_first_activity_a_customer_is_acquired() -> None:
    history = replay(records(CASES["D05"]), policy("D05"), as_of=day(9))
    assert [history.stage_at(day(n)) for n in range(6)] == [
        "UNKNOWN",
        *["ACQUIRED"] * 4,
        "ACTIVATED",
    ]


GROWTH: dict[str, tuple[Period, Calendar, str, str]] = {
    "G01": ("day", Calendar(dt.UTC), "2020-01-09", "2020-01-20"),
    "G03": ("week", Calendar(dt.UTC, week_start="sunday"), "2020-02-02", "2020-03-15"),
    "G05": ("month", Calendar(dt.UTC), "2020-02-01", "2020-10-01"),
    "G07": ("day", Calendar(ZoneInfo("US/Pacific")), "2025-03-08", "2025-03-12"),
    "G09": ("day", Calendar(dt.UTC), "2020-01-12", "2020-01-20"),
    "G11": ("month", Calendar(dt.UTC), "2026-01-01", "2026-04-01"),
}


def active_on(name: str, said: str) -> dt.datetime:
    if name == "G11":  # periods are numbered
        return dt.datetime(2026, int(said), 15, tzinfo=dt.UTC)
    return dt.datetime.combine(dt.date.fromisoformat(said), dt.time(12), dt.UTC)


@pytest.mark.parametrize("name", GROWTH)
def test_growth(name: str) -> None:
    case, (period, calendar, start, end) = CASES[name], GROWTH[name]
    over = Window.parse(start, end, tz=calendar.tz)
    assert over.end is not None
    visits = [
        Interaction(customer_id=who["customer"], at=active_on(name, said), kind="visit")
        for who in case["events"]
        for said in who["active"]
    ]
    log = InteractionLog.from_interactions(visits, calendar=calendar).until(over.end - SPAN)
    growth = growth_accounting(log, qualifies="visit", period=period, over=over)
    expected = case["expected_growth"]
    assert {part: getattr(growth, part).tolist() for part in expected} == expected
    for part, found in (
        ("expected_quick_ratio", growth.quick_ratio()),
        ("expected_retention_rate", growth.retention()),
    ):
        if part in case:
            values = [np.nan if x is None else x for x in case[part]]
            assert attrs.evolve(found, context=attrs.evolve(found.context, as_of=None)).value == (
                pytest.approx(values, nan_ok=True)
            )


def test_g13_gross_flows_are_not_net_flows() -> None:
    """Day 0 is the last of a quarter, so that the reporting period starts on day 1."""
    eve = dt.datetime(2025, 12, 31, tzinfo=dt.UTC)
    log = InteractionLog.from_interactions(
        [
            Interaction(customer_id=1, at=eve + event["day"] * DAY, kind=event["kind"])
            for event in CASES["G13"]["events"]
        ],
        calendar=Calendar(dt.UTC),
    )
    population = replay_log(log, policy("G13"), as_of=eve + 60 * DAY)
    over = Window.parse("2026-01-01", "2026-04-01", tz="UTC")
    for sort, expected in CASES["G13"]["expected"].items():
        flows = population.flows(period="quarter", kind=sort, over=over).to_frame()
        flows = flows[flows["count"] > 0]
        before, after = flows["source"].isin(ACTIVE), flows["target"].isin(ACTIVE)
        counts = flows["count"]
        found = {
            "churned": counts[before & ~after].sum(),
            "resurrected": counts[~before & after].sum(),
            "retained": counts[before & after].sum(),
        }
        assert {name: int(found[name]) for name in expected} == expected


def test_every_case_is_tested() -> None:
    by_name = {"M01", "M03", "M05", "M07", "M09", "M11", "M13", "M15", "M17", "D05", "G13"}
    by_name |= {"C02", "C04", "C06", "D01", "D03"}
    assert by_name | set(GROWTH) == set(CASES)
