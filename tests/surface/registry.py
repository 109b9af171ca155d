"""Every public function of a log or of spells, one line each, with the options to try.

`stat` registers a statistic, whose results add; `derived` a value computed from one, whose results
do not. Several lines may register one function. What is not registered fails `test_complete`.
"""

import datetime as dt
from typing import Any

import attrs

from customerops import journey, lifecycle, metrics, model
from customerops.model import Calendar, Window, amount, attribute, channel, first, kind, value
from tests.surface import credit, judged, populations
from tests.surface.entry import ENTRIES, derived, stat
from tests.surface.learners import ByItems
from tests.surface.world import Ago, Around, World

__all__ = ["ENTRIES"]

MONTH, QUARTER = Around("month"), Around("quarter", 2)
DAYS = dt.timedelta(days=30)
POLICY = lifecycle.LifecyclePolicy(
    qualifies=kind("purchase") & (amount >= 5),
    clock=lifecycle.Inactivity(DAYS),
    retention=lifecycle.KthInLife(2),
    winback_window=2 * DAYS,
)

derived(model.inactivity_spells, within=DAYS, activity="purchase")
derived(model.spells_of, data="subscriptions")
derived(
    model.erase_from_log,
    customer_ids=[9, "9", -3, "客户"],
    at=dt.datetime(2024, 6, 1, tzinfo=dt.UTC),
    holds=[
        model.LegalHold(
            name="tax",
            article="x",
            records=frozenset({"Interaction"}),
            kinds=frozenset({"purchase"}),
        )
    ],
)

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
stat(
    metrics.retention,
    start="use",
    returning={"use", "purchase"},
    period="week",
    cohort="recurring",
    age_zero="returning",
    at_least=2,
    over=Around("week", 3),
)
stat(
    metrics.retention,
    start="purchase",
    returning="purchase",
    period="day",
    clock="elapsed",
    mode="bracket",
    brackets=[(0, 2), (1, 7)],
)
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

ZONE = Calendar("America/New_York")  # spells have none of their own
stat(metrics.churn_rate, data="spells", definition="start_cohort", period="month", calendar=ZONE)
stat(metrics.churn_rate, data="spells", definition="profitwell", over=MONTH, by="plan")
stat(metrics.churn_rate, data="spells", definition="stripe", over=QUARTER)
stat(
    metrics.churn_rate,
    data="spells",
    definition="average_base",
    period="week",
    calendar=ZONE,
    by="plan",
    cause="unknown",
)
stat(metrics.churn_rate, data="spells", definition="exposure", over=QUARTER, by="plan", unit=DAYS)
stat(metrics.churn_rate, data="spells", definition="daily_sum", period="month", calendar=ZONE)
stat(
    metrics.churn_rate,
    data="spells",
    definition="renewal",
    period="quarter",
    calendar=ZONE,
    term=(1, "month"),
    by="plan",
)
stat(
    metrics.churn_rate,
    definition="inactivity",
    activity={"use", "purchase"},
    within=DAYS,
    period="month",
    by=first("channel"),
)
stat(metrics.retention_rate, data="spells", definition="counts", period="month", calendar=ZONE)
stat(metrics.retention_rate, data="spells", definition="start_cohort", over=QUARTER, by="plan")
stat(
    metrics.retention_rate,
    definition="period_over_period",
    activity="purchase",
    period="month",
    by="country",
)
stat(metrics.churn_reasons, data="spells", period="month", calendar=ZONE, by="plan")

stat(metrics.next_window_repurchase, period="month")
stat(metrics.average_order_value, period="month", by="country")
stat(metrics.spend_per_buyer, period="quarter", purchases={"purchase", "refund"})
stat(metrics.purchase_frequency, over=QUARTER, by=first("channel"))
stat(metrics.units_per_transaction, period="month")
stat(metrics.refund_rate, definition="by_orders", period="month")
stat(metrics.refund_rate, definition="by_value", over=QUARTER, by="segment")
stat(metrics.arpu, period="month", activity={"use", "signup"})
stat(metrics.arppu, over=QUARTER, revenue={"purchase", "refund"}, by="country")
stat(metrics.arpa, data="spells", by="plan")
stat(metrics.mrr, data="spells", by="plan")
stat(metrics.arr, data="spells")
stat(metrics.mrr_movements, data="spells", period="month", calendar=ZONE)
stat(metrics.mrr_movements, data="spells", over=QUARTER, by="plan")
stat(metrics.mrr_churn_rate, data="spells", definition="net", period="week", calendar=ZONE)
stat(metrics.nrr, data="spells", definition="cohort_snapshot", over=QUARTER, by="plan")
stat(
    metrics.nrr,
    data="spells",
    definition="movement",
    period="month",
    step="day",
    calendar=ZONE,
)
stat(
    metrics.nrr,
    data="spells",
    definition="movement_with_reactivation",
    period="quarter",
    calendar=ZONE,
    by="plan",
)
stat(
    metrics.nrr,
    data="spells",
    definition="compounded_monthly",
    period="quarter",
    calendar=ZONE,
    by="plan",
)
stat(metrics.grr, data="spells", definition="per_customer", period="month", calendar=ZONE)
stat(
    metrics.grr,
    data="spells",
    definition="movement",
    period="quarter",
    calendar=ZONE,
    by="plan",
)
stat(metrics.revenue_cohorts, data="spells", period="month", calendar=ZONE, by="plan")
stat(metrics.concentration, period="month")
stat(metrics.concentration, over=QUARTER, by=first("channel"))
stat(metrics.product_popularity, period="quarter", by="country")
stat(metrics.product_popularity, over=QUARTER, what="category")
stat(metrics.time_weighted_mean, levels="purchase", period="month")
stat(
    metrics.time_weighted_mean,
    levels="use",
    of="value",
    definition="daily_close",
    period="quarter",
    by="country",
)

stat(metrics.rfm)
stat(metrics.rfm, occasion="day", over=QUARTER)
stat(metrics.purchase_summary)
stat(metrics.purchase_summary, occasion="instant", unit="day", calibration_end=Ago(DAYS))
stat(metrics.renewal_summary, data="spells", term=(1, "month"), calendar=ZONE)
stat(metrics.renewal_summary, data="spells", term=(10, "day"), calendar=ZONE, by="plan")
stat(metrics.kaplan_meier, data="spells", unit=dt.timedelta(days=1))
stat(metrics.kaplan_meier, data="spells", unit=dt.timedelta(hours=1), by="plan")
stat(metrics.nelson_aalen, data="spells", unit=dt.timedelta(days=1))
stat(
    metrics.nelson_aalen,
    data="spells",
    unit=dt.timedelta(hours=1),
    by="plan",
    ties="fleming_harrington",
)
stat(metrics.logrank, data="spells", unit=dt.timedelta(days=1), by="plan")
stat(
    metrics.logrank,
    data="spells",
    unit=dt.timedelta(hours=1),
    by="plan",
    definition="gehan",
)
stat(metrics.restricted_mean, data="spells", unit=dt.timedelta(days=1), horizon=DAYS)
stat(metrics.restricted_mean, data="spells", unit=dt.timedelta(days=1), horizon=7, by="plan")

stat(metrics.gap_times)
stat(metrics.gap_times, events={"use", "purchase"}, occasion="instant", by="country")
stat(metrics.lapse_window, quantile=0.8)
stat(
    metrics.lapse_window,
    quantile=0.5,
    events=kind("purchase") & (amount >= 5),
    method="first_gap",
    occasion="hour",
    by=first("channel"),
)

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
for how in populations.POLICIES:
    stat(populations.replayed, how=how)
stat(populations.win_back_rate)
stat(populations.transition_matrix)
stat(populations.view)
stat(populations.nes)

stat(journey.transitions)
stat(journey.transitions, state="channel", over=MONTH, by=first("channel"))
stat(journey.transitions, state="attributes.score", steps={"purchase", "use"})
HOURS = dt.timedelta(hours=8)
NAMED = {"bought": kind("purchase") & (amount >= 5), "busy": {"use", "purchase"}}
stat(journey.transitions, steps=NAMED, by="country")
stat(journey.transition_times)
stat(journey.transition_times, steps=NAMED, unit=HOURS, over=MONTH, by=first("channel"))
stat(journey.variants)
stat(journey.variants, steps={"use", "purchase"}, gap=HOURS, over=MONTH, by=first("channel"))
stat(journey.variants, state="channel", by="segment")
stat(journey.step_matrix, max_steps=3)
stat(journey.step_matrix, anchor="purchase", max_steps=2, before=1, occurrence=2, by="country")
stat(journey.step_matrix, anchor=kind("use"), max_steps=2, steps=NAMED, over=MONTH)
stat(journey.path_flow)
stat(journey.path_flow, start_at="signup", end_at="purchase", max_steps=3, by=first("channel"))
stat(journey.path_flow, gap=HOURS, steps=NAMED, end_at="use", over=MONTH)
stat(journey.rework)
stat(journey.rework, state="channel", steps={"use", "purchase"}, over=MONTH, by="country")
stat(journey.eventually_follows)
stat(journey.eventually_follows, steps=NAMED, over=MONTH, by=first("channel"))
stat(journey.case_durations, definition="span", starts="signup")
OFFICE = model.BusinessHours.weekdays(
    dt.time(9), dt.time(17), calendar=Calendar("Europe/Berlin"), holidays=[dt.date(2024, 1, 1)]
)
stat(
    journey.case_durations,
    definition="first_end",
    ends="purchase",
    hours=OFFICE,
    over=MONTH,
    by="country",
)
stat(
    journey.case_durations,
    definition="last_end",
    ends={"cancel", "purchase"},
    steps={"use", "purchase", "cancel"},
)
stat(journey.sessions, gap=HOURS)
stat(journey.sessions, gap=DAYS, over=MONTH, by=first("channel"))
stat(journey.sessions, gap=HOURS, period="day", hits={"use", "purchase"}, ends="purchase")
stat(journey.sessions, starts="signup", period="month", by="country")
stat(journey.session_times, gap=HOURS, of="session")
stat(journey.session_times, gap=DAYS, of="hit", ends="purchase", over=MONTH, by="country")
MAP = model.JourneyMap(
    key="surface",
    stages=(
        model.JourneyStage(key="use", order=1, entry={"use", "signup"}, within=2 * HOURS),
        model.JourneyStage(key="buy", order=2, entry="purchase", within=DAYS / 30),
        model.JourneyStage(key="again", order=3, entry="purchase", at_least=2, within=DAYS),
    ),
)
stat(journey.stages, map=MAP)
stat(journey.stages, map=attrs.evolve(MAP, assign="latest"), at=Ago(HOURS), by="country")
stat(
    journey.stages,
    map=MAP,
    windows={"use": lifecycle.Days(1), "again": lifecycle.Months(1)},
    at=Ago(HOURS),
    by=first("channel"),
)
stat(journey.stage_flow, map=MAP, from_=Ago(DAYS), to=Ago(HOURS), by="country")
stat(
    journey.stage_flow, map=attrs.evolve(MAP, assign="latest"), from_=Ago(HOURS), to=Ago(DAYS * 0)
)
stat(journey.coverage, overdue_after=DAYS)
stat(journey.coverage, contacts={"use", "purchase"}, over=MONTH, unit=HOURS, by=first("channel"))
stat(journey.funnel, steps=["use", "purchase", "purchase"], within=DAYS)
stat(
    journey.funnel,
    steps=["signup", {"use", "purchase"}],
    within=HOURS,
    entry="first",
    over=MONTH,
    by="country",
)
stat(journey.funnel, steps=["use", "purchase"], within=None, order="strict")
stat(
    journey.funnel,
    steps=["use", "purchase", kind("purchase") & (amount >= 5)],
    within=DAYS,
    order="unordered",
    exclude=[journey.Exclusion("cancel", after=1, before=3)],
    by=first("channel"),
)
stat(
    journey.funnel,
    steps=["use", "purchase"],
    within=DAYS,
    count="totals",
    hold="channel",
    over=MONTH,
    by="country",
)
stat(
    journey.funnel,
    steps=["signup", "use", "purchase"],
    within=HOURS,
    count="totals",
    optional=[2],
    exclude=[journey.Exclusion("cancel", after=1, before=3)],
)
stat(journey.funnel_trend, steps=["use", "purchase"], within=DAYS, period="week", by="country")
stat(
    journey.funnel_trend,
    steps=["signup", "use", "purchase"],
    within=None,
    period="month",
    optional=[2],
    over=QUARTER,
)
stat(journey.funnel_attempts, steps=["use", "purchase", "purchase"], within=DAYS, over=MONTH)
stat(journey.funnel_attempts, steps=["use", "purchase"], within=HOURS, count="totals")
stat(journey.funnel_times, steps=["use", "purchase", "purchase"], within=DAYS, by="country")
stat(journey.time_to_convert, steps=["signup", "use", "purchase"], within=DAYS, over=MONTH)
stat(
    journey.time_to_convert,
    steps=["use", "purchase", "use"],
    within=None,
    from_=2,
    entry="first",
    by=first("channel"),
)
stat(journey.conformance, steps=["signup", "use", "purchase"], within=DAYS, by="country")
stat(
    journey.conformance,
    steps=["use", "purchase", "use"],
    within=[HOURS, DAYS],
    grace=HOURS,
    over=MONTH,
)

stat(metrics.active_customers, activity={"use", "purchase"}, period="week")
stat(metrics.active_customers, activity="use", period="hour", min_events=2, over=Around("day"))
stat(metrics.active_customers, activity="purchase", trailing=7, by="country")
stat(metrics.active_customers, activity="use", over=MONTH, by=first("channel"), min_events=2)
stat(metrics.stickiness, activity={"use", "purchase"}, definition="daily", windows=(2, 5))
stat(metrics.stickiness, activity="use", definition="daily", over=MONTH, by="segment")
stat(metrics.stickiness, activity={"use", "purchase"}, definition="pooled", period="week")
stat(metrics.stickiness, activity="purchase", definition="calendar", over=QUARTER, by="country")
stat(metrics.stickiness, activity="purchase", definition="exact", over=MONTH, every=2)
stat(
    metrics.stickiness,
    activity={"use", "purchase"},
    definition="at_least",
    period="month",
    min_events=2,
    by=first("channel"),
)
stat(metrics.power_curve, activity={"use", "purchase"}, period="month")
stat(metrics.power_curve, activity="purchase", over=QUARTER, unit="month", by="segment")
stat(metrics.activity_profile, activity={"use", "purchase"}, cycle="week", over=QUARTER)
stat(metrics.activity_profile, activity="use", cycle="hour", by="country")
stat(metrics.recency_frequency, activity="purchase")
stat(metrics.recency_frequency, activity={"use", "purchase"}, over=MONTH)
stat(metrics.next_purchase)
stat(metrics.next_purchase, method="mean", min_gaps=1)


@attrs.frozen
class Before(Around):
    """The period that ends where the one about the middle begins."""

    def of(self, world: World) -> Window:
        """Return the window in the world's own zone."""
        later = Around(self.period).of(world)
        assert later.start is not None
        day = later.start.astimezone(world.calendar.tz).date() - dt.timedelta(days=1)
        return Around(self.period).of(attrs.evolve(world, middle=day))


stat(metrics.value_tree, over=MONTH, against=Before("month"))
stat(metrics.value_tree, over=Around("day"), against=Before("day"), by=first("channel"))

stat(journey.paths_to_conversion, conversion="purchase", lookback=DAYS)
stat(
    journey.paths_to_conversion,
    conversion=kind("purchase") & (amount >= 5),
    touches={"use", "signup", "purchase"},
    lookback=HOURS,
    counting="each",
    repeats="merge",
    ages=HOURS / 8,
    over=MONTH,
    by=first("channel"),
)
stat(
    journey.paths_to_conversion,
    conversion="purchase",
    lookback=None,
    channel="attributes.score",
    value="none",
    by="country",
)
for how in credit.MODELS:
    derived(credit.credited, how=how)
derived(credit.ordered)
stat(journey.next_best, within=DAYS, conversion="purchase", support=2)
stat(
    journey.next_best,
    within=HOURS,
    state="channel",
    steps={"use", "signup"},
    conversion=kind("purchase") & (amount >= 5),
    over=MONTH,
    by="country",
)
stat(journey.next_best, within=DAYS, state="attributes.score", by=first("channel"))
derived(credit.outlook)

SEGMENTS = model.Segmentation(
    key="value",
    segments=(
        model.Segment(key="loyal", rule=model.Did("purchase", 2)),
        model.Segment(key="buyer", rule=model.Did(kind("purchase") & (amount >= 5))),
        model.Segment(key="recent", rule=model.Did({"use", "purchase"}, within=DAYS)),
    ),
)
stat(model.select, rule=model.Did("purchase", within=DAYS))
stat(model.assign_segments, segmentation=SEGMENTS)
stat(model.segment_sizes, segmentation=SEGMENTS)
stat(model.segment_sizes, segmentation=SEGMENTS, by=first("channel"))
stat(model.segment_sizes, segmentation=attrs.evolve(SEGMENTS, key="again"), by=SEGMENTS.grouping())
stat(model.segment_matches, segmentation=SEGMENTS, by="segment")
stat(model.segment_overlap, segmentation=SEGMENTS)
stat(model.segment_reach, segmentation=SEGMENTS, by="country")
stat(model.segment_migration, segmentation=SEGMENTS, since=Ago(DAYS))
stat(model.segment_migration, segmentation=SEGMENTS, since=Ago(HOURS), by="country")
stat(model.segment_lift, segmentation=SEGMENTS, outcome=model.Did("cancel"))
stat(
    model.segment_lift,
    segmentation=SEGMENTS,
    outcome=model.Did({"use", "purchase"}, within=HOURS),
    since=Ago(HOURS),
    by=first("channel"),
)

stat(metrics.first_reply_time, data="cases")
stat(metrics.first_reply_time, data="cases", hours=OFFICE, period="month", by="country")
stat(metrics.resolution_time, data="cases", definition="first", over=MONTH)
stat(metrics.resolution_time, data="cases", definition="full", period="week", by=first("channel"))
stat(metrics.status_time, data="cases", definition="requester_wait")
stat(metrics.status_time, data="cases", definition="on_hold", hours=OFFICE, period="month")
stat(metrics.first_contact_resolution, data="cases", definition="gross", period="month")
stat(
    metrics.first_contact_resolution,
    data="cases",
    definition="net",
    unresolvable=kind("case_reply") & (amount >= 5),
    by="country",
)
stat(metrics.reopen_rate, data="cases", within=DAYS, period="quarter", by=first("channel"))
stat(metrics.repeat_contact_rate, data="cases", within=HOURS, over=MONTH)
stat(metrics.one_touch_rate, data="cases", period="month", by="segment")
stat(metrics.escalation_rate, data="cases", escalations="case_status", period="month")
stat(metrics.sla, data="cases", target=HOURS, hours=OFFICE, period="month", by="country")
stat(metrics.sla, data="cases", target=HOURS, clock="resolution", over=QUARTER)
stat(metrics.sla_clocks, data="cases", target=HOURS, hours=OFFICE)
stat(metrics.backlog, data="cases", period="week", by=first("channel"))
stat(metrics.backlog, data="cases", hours=OFFICE)
stat(metrics.contact_rate, activity={"use", "purchase"}, cases="signup", period="month")
stat(metrics.contact_rate, activity="use", cases="purchase", over=MONTH, by="country")

ANSWERS = kind("use") & (value >= 1)  # no answer of 0.1
stat(metrics.nps, responses=ANSWERS)
stat(metrics.nps, responses=ANSWERS, answers="mean", period="month", by="country")
stat(metrics.nps, responses=ANSWERS, answers="all", over=QUARTER)
stat(metrics.csat, responses=ANSWERS, definition="top_two_box", scale=(1, 10), period="quarter")
stat(
    metrics.csat,
    responses=ANSWERS,
    definition="mean_over_max",
    scale=(1, 10),
    answers="mean",
    by=first("channel"),
)
stat(metrics.csat, responses=ANSWERS, definition="net", scale=(1, 10), over=QUARTER, by="segment")
stat(
    metrics.ces,
    responses=kind("use") & (value == 3),
    definition="index",
    scale=(1, 7),
    direction="low_is_easy",
    period="month",
)

TIERS = model.TierPolicy(
    levels=(
        model.TierLevel(key="base", threshold=0),
        model.TierLevel(key="silver", threshold=5),
        model.TierLevel(key="gold", threshold=60, keep=10),
    ),
    qualify={"purchase", "refund"},
    window=2,
    failures=2,
    grace=1,
)
COUNTED = attrs.evolve(TIERS, measure="count", window=None, upgrade="next_period", period="week")
derived(model.tier_spells, policy=TIERS)
stat(model.tier_standings, policy=TIERS)

stat(model.tier_sizes, policy=TIERS, by="country")
stat(model.tier_sizes, policy=COUNTED)
stat(model.tier_migration, policy=TIERS, since=Ago(DAYS))
stat(model.tier_migration, policy=COUNTED, since=Ago(HOURS), by=first("channel"))

SCHEME = metrics.PointsScheme(
    earn=kind("purchase") & (value >= 1),
    burn=kind("use") & (value >= 1),
    expire=kind("cancel") & (value >= 1),
    adjust=kind("refund") & (value >= 1),
    refund=kind("signup") & (value >= 1),
    pending=dt.timedelta(hours=2),
)
stat(metrics.points_balance, scheme=SCHEME)
stat(metrics.points_balance, scheme=attrs.evolve(SCHEME, expiry="entries"), at=Ago(HOURS))
stat(
    metrics.redemption_rate, definition="same_period", scheme=SCHEME, period="month", by="country"
)
stat(metrics.redemption_rate, definition="cohort", scheme=SCHEME, over=QUARTER)
stat(metrics.active_member_rate, scheme=SCHEME, period="month", by=first("channel"))
stat(metrics.active_member_rate, scheme=SCHEME, members="signup", over=QUARTER, by="segment")

stat(journey.profile, features=journey.PROFILE_FEATURES, min_gaps=1)
stat(
    journey.profile,
    features=["recency", "channel"],
    purchases=kind("purchase") & (amount >= 5),
    activity={"use", "purchase"},
    half_life=HOURS,
    policy=POLICY,
    segmentation=SEGMENTS,
    tiers=TIERS,
    journey_map=model.JOURNEY,
)

SALE = metrics.SalesStages(["lead", "offer"])
stat(metrics.win_rate, data="deals", stages=SALE, definition="count", period="month")
stat(metrics.win_rate, data="deals", stages=SALE, definition="value", by="country")
stat(metrics.win_rate, data="deals", stages=SALE, definition="cohort", over=MONTH)
stat(metrics.stage_conversion, data="deals", stages=SALE, period="month", by=first("channel"))
stat(metrics.stage_conversion, data="deals", stages=SALE, definition="cohort", over=QUARTER)
stat(metrics.cycle_length, data="deals", stages=SALE, definition="won", period="week")
stat(metrics.cycle_length, data="deals", stages=SALE, definition="closed", by="segment")
stat(metrics.time_in_stage, data="deals", stages=SALE, unit=HOURS, by=first("channel"))
stat(metrics.open_pipeline, data="deals", stages=SALE, by="country")
stat(metrics.pipeline_age, data="deals", stages=SALE, definition="stage")
stat(metrics.pipeline_velocity, data="deals", stages=SALE, period="month")
stat(metrics.pipeline_velocity, data="deals", stages=SALE, over=QUARTER, by="country")
stat(metrics.lead_scores, points=[("use", 1.5), ("refund", -4.0)], half_life=HOURS, cap=3.0)

stat(metrics.response_rate, within=HOURS, invites="signup", responses="use", period="month")
stat(metrics.response_rate, within=DAYS, invites="purchase", responses="use", by=first("channel"))
stat(metrics.responder_bias, within=DAYS, invites="purchase", responses="use", by="country")
stat(
    metrics.closed_loop,
    trigger=kind("use") & (value <= 6),
    follow_up="purchase",
    resurvey="use",
    within=HOURS,
    resurvey_within=DAYS,
    period="month",
    by="segment",
)
stat(metrics.theme_counts, themes=["plan", "score"], responses="use", period="month", by="country")
stat(metrics.theme_counts, themes="plan", responses={"use", "purchase"}, over=QUARTER)

stat(
    metrics.campaign_summary,
    within=HOURS,
    sends={"signup", "purchase"},
    opens="use",
    bounces="cancel",
    conversions="purchase",
    link="channel",
    period="month",
    by="country",
)
stat(
    metrics.campaign_summary,
    within=DAYS,
    sends="purchase",
    delivery="reported",
    deliveries={"purchase", "use"},
    opens="use",
    clicks={"use", "signup"},
    machine=value >= 1,
    hard=kind("cancel"),
    link={"campaign", "thread"},
    split="attributes.plan",
    over=QUARTER,
    by=first("channel"),
)

TRIAL = metrics.Experiment(key="trial", arms={"control": 1, "mail": 2}, control="control")
stat(metrics.uplift, arms=TRIAL, outcome={"purchase", "use"}, start=Ago(DAYS), window=DAYS)
stat(
    metrics.uplift,
    arms=first("channel"),
    control="web",
    outcome={"purchase", "refund"},
    measure="amount",
    start="signup",
    window=2 * DAYS,
    covariate=3 * DAYS,
    definition="ratio",
)
stat(
    metrics.uplift,
    arms=TRIAL.grouping(),
    control="control",
    weights={"control": 1, "mail": 1, "sms": 1},
    outcome="purchase",
    measure="events",
    start="purchase",
    window=DAYS,
    covariate=DAYS,
)
stat(
    metrics.difference_in_differences,
    arms=TRIAL.grouping(),
    control="control",
    outcome="purchase",
    before=Before("month"),
    after=MONTH,
)
stat(
    metrics.difference_in_differences,
    arms=TRIAL.grouping(),
    control="mail",
    outcome={"purchase", "refund"},
    measure="amount",
    before=Before("week"),
    after=Around("week"),
    earlier=[Window.parse("1990-01-01", "2000-01-01", tz="UTC")],
)

stat(metrics.health_scores, scorecard=judged.CARD, sources=judged.SOURCES)
stat(judged.held_up)
stat(
    metrics.evaluate_scores,
    scorer=judged.hourly,
    outcome="purchase",
    at=Ago(DAYS),
    horizon=DAYS / 2,
    risky="high",
    among=model.Did({"use", "signup"}),
)
stat(
    metrics.evaluate_scores,
    scorer=metrics.TimeSince("purchase"),
    outcome="cancel",
    at=Ago(HOURS),
    horizon=2 * HOURS,
    risky="high",
)
stat(
    metrics.compare_scores,
    first=metrics.TimeSince("use"),
    second=metrics.EventCount("use", within=DAYS),
    risky=("high", "low"),
    outcome={"purchase", "cancel"},
    at=Ago(DAYS),
    horizon=DAYS,
)
stat(judged.alarms, by=first("channel"))
stat(
    metrics.alarm_lead_time,
    scorer=metrics.TimeSince("use"),
    threshold=3,
    risky="high",
    outcome={"cancel", "use"},
    at=Ago(DAYS),
    unit=HOURS,
    by="country",
)
stat(
    metrics.onboarding_completion,
    steps={"used": "use", "paid": {"purchase", "refund"}},
    start="signup",
    within=DAYS,
    period="month",
    by="country",
)
stat(metrics.onboarding_completion, steps={"used": "use"}, start="use", within=HOURS, over=QUARTER)
stat(
    metrics.onboarding_steps,
    steps={"used": "use", "paid": "purchase"},
    start={"signup", "use"},
    within=HOURS,
    period="week",
)
stat(metrics.time_to_first_value, start="signup", value="purchase", by=first("channel"))
stat(
    metrics.time_to_first_value,
    start="use",
    value={"use", "purchase"},
    within=HOURS,
    unit=HOURS,
    period="quarter",
)
FEATURES = {"buying": "purchase", "using": kind("use") & (value >= 1)}
stat(metrics.adoption, features=FEATURES, period="month", by="country")
stat(metrics.adoption, features=FEATURES, activity={"use", "signup"}, over=QUARTER)
stat(metrics.overdue_contacts, contact={"use", "purchase"}, every=DAYS)
stat(
    metrics.coupon_redemption,
    definition="settled",
    issues={"signup", "purchase"},
    redemptions="use",
    within=DAYS,
    link="channel",
    split="attributes.plan",
    by="country",
)
stat(
    metrics.coupon_redemption,
    definition="to_date",
    issues="purchase",
    redemptions="use",
    within=HOURS,
    link={"channel", "thread"},
    split="channel",
    period="month",
)
stat(
    metrics.coupon_redemption,
    definition="same_period",
    issues="signup",
    redemptions={"use", "purchase"},
    link="channel",
    split="attributes.plan",
    over=QUARTER,
    by=first("channel"),
)

stat(metrics.co_purchases, unit="customer")
stat(metrics.co_purchases, unit="customer", what="category", over=QUARTER)
stat(metrics.co_purchases, unit="order", purchases=kind("purchase") & (amount >= 5))
stat(metrics.co_purchases, unit="order", what="category", over=MONTH)
derived(metrics.purchase_histories)
derived(metrics.purchase_histories, what="category", over=QUARTER)
derived(
    metrics.evaluate_recommender,
    recommender=ByItems(),
    split=Ago(DAYS),
    horizon=DAYS,
    n=2,
    definition="new_items",
)
derived(
    metrics.evaluate_recommender,
    recommender=ByItems(fill=True),
    split=Ago(DAYS),
    horizon=2 * DAYS,
    n=1,
    definition="all_items",
    discount="jarvelin_kekalainen",
)
stat(metrics.list_growth, joins="signup", unsubscribes={"cancel", "refund"}, period="month")
stat(
    metrics.list_growth,
    joins={"signup", "purchase"},
    unsubscribes="cancel",
    bounces=kind("use") & (value >= 1),
    over=MONTH,
    by="country",
)
stat(
    metrics.drivers,
    definition="correlation",
    responses=ANSWERS,
    marks={"in a shop": channel == "store", "planned": attribute("plan") == "pro"},
    period="month",
)
stat(
    metrics.drivers,
    definition="shapley",
    responses=ANSWERS,
    marks={"in a shop": channel == "store"},
    touches={"bought": "purchase"},
    within=DAYS,
    by="country",
)
stat(
    metrics.drivers,
    definition="mean_difference",
    responses=ANSWERS,
    touches={"bought": "purchase", "came": {"signup", "use"}},
    within=DAYS,
    over=QUARTER,
)
stat(metrics.activation_rate, action="purchase", within=DAYS, period="month", by="country")
stat(metrics.activation_rate, start="use", action="use", within=HOURS, at_least=2, over=QUARTER)
PAID_TRIAL: dict[str, Any] = {"trials": "signup", "paid": kind("purchase") & (amount >= 5)}
stat(
    metrics.trial_conversion,
    definition="cohort",
    lasts=DAYS,
    grace=HOURS,
    period="week",
    by=first("channel"),
    **PAID_TRIAL,
)
stat(
    metrics.trial_conversion,
    definition="cohort",
    lasts=HOURS,
    grace=HOURS,
    over=MONTH,
    **PAID_TRIAL,
)
stat(
    metrics.trial_conversion, definition="same_window", period="month", by="country", **PAID_TRIAL
)
stat(metrics.k_factor, invites="use", accepted="purchase", within=DAYS, period="quarter")
stat(metrics.k_factor, invites="use", accepted="purchase", start="use", within=HOURS, by="segment")
stat(metrics.referral_rate, referrals="use", period="month", by="country")
stat(metrics.referral_rate, referrals="use", members={"signup", "purchase"}, over=QUARTER)
stat(
    metrics.dunning_recovery_rate,
    failures="use",
    payments="purchase",
    within=DAYS,
    period="month",
    by="country",
)
stat(metrics.dunning_recovery_rate, failures={"use", "signup"}, within=HOURS, over=QUARTER)
stat(
    metrics.dunning_recovery_rate,
    data="cases",
    failures="case_open",
    payments="case_resolve",
    within=DAYS,
    period="quarter",
    by=first("channel"),
)
stat(metrics.abandonment_rate, starts={"use", "signup"}, within=HOURS, period="week")
stat(metrics.abandonment_rate, starts="signup", within=DAYS, over=MONTH, by=first("channel"))
stat(
    metrics.dormancy_rate, within=DAYS, activity={"use", "purchase"}, period="month", by="country"
)
stat(metrics.dormancy_rate, within=HOURS, activity="use", members="signup", by=first("channel"))
CALLS = {"offered": "case_open", "answers": "case_reply", "abandons": "case_resolve"}
stat(
    metrics.answer_rate,
    data="cases",
    definition="offered",
    target=HOURS,
    period="month",
    by=first("channel"),
    **CALLS,
)
stat(metrics.answer_rate, data="cases", definition="answered", target=DAYS, over=QUARTER, **CALLS)
stat(
    metrics.answer_rate,
    data="cases",
    definition="short_out",
    target=HOURS,
    short=DAYS,
    by="country",
    **CALLS,
)
stat(
    metrics.answer_rate,
    data="cases",
    definition="short_met",
    target=DAYS,
    short=HOURS,
    period="quarter",
    **CALLS,
)
stat(metrics.handling_time, data="cases", work=value >= 0, period="month", by="country")
stat(metrics.handling_time, data="cases", work=value >= 1, unit=HOURS, counts=HOURS, over=QUARTER)
stat(
    metrics.containment_rate,
    data="cases",
    definition="contained",
    within=DAYS,
    humans="case_reply",
    period="month",
    by="country",
)
stat(
    metrics.containment_rate,
    data="cases",
    definition="resolved",
    within=HOURS,
    bots={"case_open", "case_status"},
    humans="case_reply",
    resolves="case_resolve",
    over=QUARTER,
)
stat(
    metrics.complaint_rate, definition="by_orders", complaints="use", period="month", by="country"
)
stat(metrics.complaint_rate, definition="by_customers", complaints="use", over=QUARTER)
