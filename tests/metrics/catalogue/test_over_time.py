"""Where the catalogue says that periods sum up, those of a quarter do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from customerops import metrics
from customerops.metrics import SalesStages, catalogue
from customerops.model import Calendar, Interaction, InteractionLog, Item, Money, Window

WEEK = dt.timedelta(days=7)

OPTIONS: dict[str, dict[str, Any]] = {
    "abandonment_rate": {"within": WEEK},
    "average_order_value": {},
    "coupon_redemption": {"definition": "to_date"},
    "dunning_recovery_rate": {"within": WEEK},
    "escalation_rate": {"escalations": "case_transfer"},
    "first_contact_resolution": {"definition": "gross", "within": WEEK},
    "one_touch_rate": {},
    "refund_rate": {"definition": "by_value"},
    "reopen_rate": {"within": WEEK},
    "repeat_contact_rate": {"within": 4 * WEEK},
    "response_rate": {"within": WEEK},
    "sla": {"target": dt.timedelta(hours=6), "clock": "resolution"},
    "stage_conversion": {"stages": SalesStages(["lead"])},
    "status_time": {"definition": "requester_wait"},
    "units_per_transaction": {},
    "win_rate": {"definition": "count", "stages": SalesStages(["lead"])},
}

CASES = {
    "escalation_rate",
    "first_contact_resolution",
    "one_touch_rate",
    "reopen_rate",
    "repeat_contact_rate",
    "sla",
    "stage_conversion",
    "status_time",
    "win_rate",
}


def log() -> InteractionLog:
    """Return what six customers did in each month of a quarter, and bought in several."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)
    rows: list[Interaction] = []

    def did(who: int, kind: str, at: dt.datetime, **more: Any) -> None:
        rows.append(Interaction(customer_id=f"c{who}", kind=kind, at=at, **more))

    for who in range(6):
        for step in range(4 + who):
            at = start + dt.timedelta(days=19 * step + 3 * who)
            paid = Money(10 + 7 * who + step, "EUR")
            did(who, "purchase", at, amount=paid, items=[Item(sku="x", quantity=1 + step % 3)])
            did(who, "survey_invite", at + hour)
            if (who + step) % 2:
                did(who, "survey_response", at + 2 * hour, value=9)
                did(who, "refund", at + 30 * hour, amount=Money(-5, "EUR"))
            case: dict[str, Any] = {"thread_id": f"t{who}-{step}"}
            did(who, "case_open", at + 3 * hour, **case)
            did(who, "case_reply", at + 4 * hour, **case)
            did(who, "case_resolve", at + (5 + 3 * step) * hour, **case)
            if step % 3 == 1:
                did(who, "case_transfer", at + 4 * hour, **case)
                did(who, "case_reopen", at + 40 * hour, **case)
            deal: dict[str, Any] = {"thread_id": f"d{who}-{step}"}
            did(who, "stage_change", at + 6 * hour, name="lead", **deal)
            end = ("won", "lost")[(who + step) % 2]
            did(who, "stage_change", at + (7 + 200 * (step % 4)) * hour, name=end, **deal)
            coupon: dict[str, Any] = {"thread_id": f"k{who}-{step}", "name": "spring"}
            did(who, "coupon_issue", at + 8 * hour, **coupon)
            did(who, "payment_failed", at + 9 * hour)
            did(who, "cart", at + 30 * hour)
            if step % 2:
                did(who, "coupon_redeem", at + 400 * hour, **coupon)
                did(who, "renew", at + 60 * hour)
                did(who, "purchase", at + 60 * hour, amount=Money(3, "EUR"))
    return InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until_day(
        dt.date(2026, 6, 30)
    )


@pytest.mark.parametrize(
    "key", [spec.key for spec in catalogue.specs() if "time" in spec.additivity]
)
def test_months_sum_to_the_quarter(key: str) -> None:
    events = log().by_thread() if key in CASES else log()
    over = Window(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
    measure = getattr(metrics, key)
    months = measure(events, over=over, period="month", **OPTIONS[key])
    quarter = measure(events, over=over, period="quarter", **OPTIONS[key])
    for part in ("x", "y"):
        seen = months.parts[part].reshape(3, -1)
        assert (seen.sum(axis=0) == quarter.parts[part].reshape(1, -1)).all()
        assert (seen > 0).sum() > 1
