"""Worked cases by name: models of purchases, gaps, identities, rules, permissions, one log."""

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from customerops import InteractionLog, Window, metrics
from customerops.errors import InvalidInputError
from customerops.journey import funnel
from customerops.metrics import BGNBD, SBG, GammaGamma, PurchaseSummary, RenewalSummary
from customerops.model import (
    Calendar,
    Consent,
    IdentifierColumns,
    IdentityRules,
    Interaction,
    JoinRule,
    Link,
    Money,
    Rule,
    Spells,
    amount,
    kind,
    permitted,
    resolve_identities,
)

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parent / "cases" / "models_and_records.json").read_text(encoding="utf-8")
    )["cases"]
}
NOT_ADOPTED = Path(__file__).parent / "cases" / "not_adopted.md"
UTC = Calendar("UTC")
DAY = dt.timedelta(days=1)


def case_of(name: str) -> tuple[Any, Any, float]:
    case = CASES[name]
    return case["inputs"], case["expected"], case["tolerance"]


def utc(said: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(said)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def test_a_conditional_expectation_of_cdnow() -> None:
    inputs, expected, within = case_of("bgnbd-cdnow-cond")
    model = BGNBD.of(**{name: inputs[name] for name in ("r", "alpha", "a", "b")})
    history = PurchaseSummary.from_arrays(
        [inputs["x"]], [round(inputs["t_x"] * 100)], [round(inputs["T"] * 100)], ticks_per_unit=100
    )
    predicted = model.expected_purchases(history, horizon=inputs["t"])
    assert predicted.total == pytest.approx(expected, abs=within)


def test_conditional_mean_spend_of_cdnow() -> None:
    inputs, expected, within = case_of("gammagamma-cdnow")
    model = GammaGamma.of(p=inputs["p"], q=inputs["q"], gamma=inputs["v"])
    x = np.array(inputs["frequency"])
    cents = np.array([round(100 * mean) for mean in inputs["monetary"]])
    summary = PurchaseSummary.from_arrays(x, x, x + 1, x * cents)
    assert model.mean_spend(summary).values.tolist() == pytest.approx(expected, abs=within)


def test_the_regular_segment_of_sbg() -> None:
    inputs, expected, within = case_of("sbg-regular")
    survivors = [1000, *(round(1000 * share) for share in inputs["survival"])]
    model = metrics.fit(SBG, RenewalSummary.from_survivors(survivors))
    assert model.params.alpha == pytest.approx(expected["alpha"], abs=within)
    assert model.params.beta == pytest.approx(expected["beta"], abs=within)


def test_discounted_residual_lifetime_of_sbg() -> None:
    inputs, expected, within = case_of("sbg-derl")
    model = SBG.of(alpha=inputs["alpha"], beta=inputs["beta"], term=(1, "year"))
    worth = model.discounted_residual_lifetime(
        inputs["renewals_survived"], when="before_renewal", discount=inputs["discount"]
    )
    assert worth == pytest.approx(expected, abs=within)


def test_wang_and_chang() -> None:
    inputs, expected, within = case_of("wang-chang-gaps")
    start = utc("2024-01-01")
    rows = []
    for who, customer in enumerate(inputs["customers"]):
        back = sum(customer["gaps"]) + customer["censored"]  # all are looked at on one day
        days = np.cumsum([100 - back, *customer["gaps"]])
        rows += [Interaction(customer_id=who, at=start + d * DAY, kind="purchase") for d in days]
    log = InteractionLog.from_interactions(rows, calendar=UTC)
    curve = metrics.gap_times(log, as_of=start + 100 * DAY).curve()
    for length in (2, 4, 6):
        assert curve.at(length) == pytest.approx(expected[str(length)], abs=within)
    assert curve.quantile(0.25) == expected["quantile_0.25"]
    assert curve.quantile(0.8) == expected["quantile_0.8"]


def test_clusters_at_a_threshold() -> None:
    inputs, expected, _ = case_of("cluster-multi")
    nodes = inputs["nodes"]
    records = IdentifierColumns(
        record=nodes, type=["user_id"] * len(nodes), value=[str(node) for node in nodes]
    )
    links = [Link(a, b, type="splink", weight=weight) for a, b, weight in inputs["edges"]]
    for least, count in zip(inputs["thresholds"], expected, strict=True):
        rules = IdentityRules(joins=[JoinRule("splink", at_least=least)], unique=())
        assert len(resolve_identities(records, rules, links=links).clusters) == count


def test_a_funnel_by_customer_and_by_attempt() -> None:
    inputs, expected, _ = case_of("funnel-unique-total")
    start = utc("2024-01-01")
    log = InteractionLog.from_interactions(
        [
            Interaction(customer_id="a", at=start + minute * dt.timedelta(minutes=1), kind=step)
            for minute, step in enumerate(inputs["events"])
        ],
        calendar=UTC,
    )
    asked: dict[str, Any] = {"within": None, "as_of": start + DAY}
    unique = funnel(log, inputs["steps"], count="customers", **asked)
    total = funnel(log, inputs["steps"], count="totals", **asked)
    assert int(np.asarray(unique.counts)[-1]) == expected["unique"]
    assert int(np.asarray(total.counts)[-1]) == expected["total"]


def test_a_missing_amount_is_unknown() -> None:
    inputs, expected, _ = case_of("rule-missing-is-unknown")
    x: Rule = amount >= 50
    rules = {
        "x": x,
        "not x": ~x,
        "x or kind=visit": x | (kind == "visit"),
        "not x and kind=visit": ~x & (kind == "visit"),
        "not (x and kind=purchase)": ~(x & (kind == "purchase")),
    }
    assert rules.keys() == expected.keys()
    hits = [
        Interaction(
            customer_id="a",
            at=utc("2024-01-01") + i * DAY,
            kind=event["kind"],
            amount=event["amount"] and Money(event["amount"], inputs["currency"]),
        )
        for i, event in enumerate(inputs["events"])
    ]
    log = InteractionLog.from_interactions(hits, calendar=UTC)
    for name, rule in rules.items():
        assert rule.mask(log).tolist() == expected[name]
        assert [rule.matches(hit) for hit in hits] == expected[name]


def test_consent_is_neither_backdated_nor_needed_for_a_contract() -> None:
    inputs, expected, _ = case_of("permission-withdrawal-and-contract")
    consents = [
        Consent(customer_id="a", **{**said, "at": utc(said["at"])}) for said in inputs["consents"]
    ]
    for (purpose, channel, when, regime), allowed in zip(
        inputs["questions"], expected, strict=True
    ):
        answer = permitted(consents, purpose=purpose, channel=channel, at=utc(when), regime=regime)
        assert answer.allowed is allowed


def test_a_log_is_rid_of_repeats_and_refuses_contradictions() -> None:
    inputs, expected, _ = case_of("log-dedupe-conflict-and-adding")

    def built(rows: list[list[str]]) -> InteractionLog:
        who, ids, when, kinds, amounts = zip(*rows, strict=True)
        return InteractionLog.from_arrays(
            customer_id=who,
            id=ids,
            at=[utc(said) for said in when],
            kind=kinds,
            amount=[Decimal(said) for said in amounts],
            currency="EUR",
            tz="UTC",
        )

    rows, as_of = inputs["rows"], utc(inputs["as_of"])
    log = built(rows)
    assert len(log) == expected["events"]
    orders = metrics.average_order_value(
        log, over=Window(utc("2024-01-01"), utc("2024-04-01")), as_of=as_of
    )
    assert orders.y == expected["orders_at_as_of"]
    assert Decimal(orders.x) / 100 == Decimal(expected["revenue_at_as_of"])
    over = Window.parse(*inputs["over"], tz="UTC")
    for name, when in (("2024_02_15", as_of), ("closed", utc(inputs["over"][1]))):
        said = expected["repurchase_in_window_" + ("as_of_" + name if name != "closed" else name)]
        found = metrics.repurchase_rate(log, definition="in_window", over=over, as_of=when)
        assert (found.count, found.total, found.complete) == (  # type: ignore[attr-defined]
            said["count"],
            said["total"],
            said["complete"],
        )
        parts = [
            metrics.repurchase_rate(
                built([row for row in rows if row[0] == who]),
                definition="in_window",
                over=over,
                as_of=when,
            )
            for who in ("c1", "c2")
        ]
        assert sum(parts[1:], parts[0]) == found
    empty = metrics.repurchase_rate(
        log,
        definition="in_window",
        over=Window.parse("2023-01-01", "2024-01-01", tz="UTC"),
        as_of=as_of,
    )
    assert math.isnan(empty.value)
    with pytest.raises(InvalidInputError):
        built([*rows, inputs["conflict"]])


def test_churn_belongs_to_the_first_day_that_is_not_active() -> None:
    """``active[t] == active[t - 1] + new[t] - churned[t]``; who is active on a day has not left."""
    inputs, expected, _ = case_of("posthog-churn-day")
    start, days = utc("2024-01-01"), len(inputs["new"])
    # ten are there before, one of them until the end of the fourth day; one joins on the second
    lives: list[tuple[int, int | None]] = [(-1, None)] * 9 + [(-1, 4), (1, None)]
    frame = pd.DataFrame(
        {
            "who": range(len(lives)),
            "start": [start + first * DAY for first, _ in lives],
            "end": [None if last is None else start + last * DAY for _, last in lives],
        }
    )
    spells = Spells.from_frame(
        frame, customer_id="who", start="start", end="end", as_of=start + days * DAY
    )
    over = Window(start, start + days * DAY)
    table: Any = metrics.churn_rate(
        spells,
        definition="any_exit_over_start",
        period="day",
        over=over,
        calendar=UTC,
    )
    assert np.asarray(table.parts["numerator"]).tolist() == expected
    assert np.asarray(table.parts["denominator"]).tolist() == [
        10,
        *inputs["active_incl_last_day"][:-1],
    ]


def test_a_returning_customer_is_one_of_any_earlier_order() -> None:
    inputs, expected, within = case_of("returning-customer-rate-shopify")
    log = InteractionLog.from_interactions(
        [
            Interaction(customer_id=who, at=utc(when), kind="purchase")
            for who, when in inputs["orders"]
        ],
        calendar=UTC,
    )
    found = metrics.repurchase_rate(
        log,
        definition="returning_customer",
        over=Window.parse(inputs["start"], inputs["end"], tz="UTC"),
        as_of=utc(inputs["end"]),
    )
    assert found.value == pytest.approx(expected, abs=within)


def test_what_is_not_adopted_is_said_to_be() -> None:
    listed = NOT_ADOPTED.read_text(encoding="utf-8")
    assert "`ltv-stripe-zero-churn`" in listed
    assert math.isnan(metrics.ltv_from(definition="arpa_over_churn", arpa=50, churn=0).value)
    floor = metrics.ltv_from(definition="arpa_over_churn", arpa=50, churn=max(0, 1 / 60))
    assert floor.value == pytest.approx(2994, abs=10)
