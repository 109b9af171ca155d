"""Every public function of a log or of spells, one line each, with the options to try.

`stat` registers a statistic, whose results add; `derived` a value computed from one, whose results
do not. Several lines may register one function. What is not registered fails `test_complete`.
"""

import datetime as dt

from customerops import journey, lifecycle, metrics, model
from customerops.model import amount, first, kind
from tests.surface.entry import ENTRIES, derived, stat
from tests.surface.world import Ago, Around

__all__ = ["ENTRIES"]

MONTH, QUARTER = Around("month"), Around("quarter", 2)
DAYS = dt.timedelta(days=30)
POLICY = lifecycle.LifecyclePolicy(
    qualifies=kind("purchase") & (amount >= 5),
    clock=lifecycle.Inactivity(DAYS),
    retention=lifecycle.KthInLife(2),
    winback_window=2 * DAYS,
)

derived(model.inactivity_spells, within=DAYS, active="purchase")
derived(model.spells_of, data="subscriptions")

stat(metrics.retention, start="purchase", returning="purchase", period="month")
stat(
    metrics.retention,
    start="signup",
    returning={"use", "purchase"},
    period="day",
    mode="on_or_after",
)
stat(
    metrics.retention,
    start="signup",
    returning="use",
    period="week",
    age_zero="returning",
    over=Around("week", 3),
)
stat(metrics.retention, start="use", returning="purchase", period="quarter", by="country")
stat(metrics.retention, start="purchase", returning="purchase", period="hour", by=first("channel"))
stat(metrics.repurchase_rate, definition="in_window", over=MONTH)
stat(metrics.repurchase_rate, definition="by_orders", over=QUARTER, occasion="day", by="segment")
stat(metrics.repurchase_rate, definition="returning_customer", over=MONTH)
stat(metrics.repurchase_rate, definition="prior_buyer_share", over=QUARTER, by=first("channel"))
stat(
    metrics.repurchase_rate,
    definition="within_days",
    within=DAYS,
    purchases=kind("purchase") & (amount >= 5),
)

stat(metrics.rfm)
stat(metrics.rfm, occasion="day", over=QUARTER)
stat(metrics.purchase_summary)
stat(metrics.purchase_summary, occasion="instant", unit="day", calibration_end=Ago(DAYS))
stat(metrics.kaplan_meier, data="spells", unit=dt.timedelta(days=1))
stat(metrics.kaplan_meier, data="spells", unit=dt.timedelta(hours=1), by="plan")

stat(lifecycle.growth_accounting, qualifies="purchase", period="month")
stat(
    lifecycle.growth_accounting,
    qualifies={"use", "purchase"},
    period="week",
    new_is="acquired_at",
    by="country",
)
stat(lifecycle.active_user_states, activity={"use", "purchase"})
stat(lifecycle.active_user_states, activity="use", windows=(2, 5), over=MONTH, by="segment")
stat(lifecycle.revenue_growth, period="week")
stat(
    lifecycle.revenue_growth,
    period="month",
    purchases={"purchase", "refund"},
    over=QUARTER,
    by=first("channel"),
)
stat(lifecycle.replay_log, policy=POLICY)

stat(journey.transitions)
stat(journey.transitions, state="channel", over=MONTH, by=first("channel"))
stat(journey.transitions, state="attributes.score", steps={"purchase", "use"})
