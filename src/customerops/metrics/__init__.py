"""What is measured: retention, churn, repurchase, revenue, RFM, survival, lifetime value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.metrics import catalogue
    from customerops.metrics.acquisition.converting import activation_rate, trial_conversion
    from customerops.metrics.acquisition.referring import KFactor, k_factor, referral_rate
    from customerops.metrics.acquisition.trees import ReferralTree, referral_tree
    from customerops.metrics.affinity.bought_together import co_purchases
    from customerops.metrics.affinity.evaluation import RecommenderEvaluation, evaluate_recommender
    from customerops.metrics.affinity.histories import PurchaseHistories, purchase_histories
    from customerops.metrics.affinity.item_to_item import ItemToItem
    from customerops.metrics.affinity.list_scores import RecommenderScores
    from customerops.metrics.affinity.pair_table import CoPurchases
    from customerops.metrics.affinity.popular import Popularity
    from customerops.metrics.affinity.recommending import Recommendations, Recommender
    from customerops.metrics.campaign.costs import ad_cost, click_through_rate_from_counts, roas
    from customerops.metrics.campaign.coupons import (
        CouponRedemption,
        coupon_redemption,
        coupon_redemption_from_counts,
    )
    from customerops.metrics.campaign.lists import ListGrowth, list_growth, list_growth_from_counts
    from customerops.metrics.campaign.messages import campaign_summary
    from customerops.metrics.campaign.rates import CustomerShare, MessageCounts
    from customerops.metrics.campaign.reaching import (
        CHANNEL_IDENTIFIERS,
        PRIVATE_CHANNELS,
        Reachable,
        reachable,
    )
    from customerops.metrics.campaign.summary import CampaignSummary
    from customerops.metrics.churn.churn import CHURN_ALIASES, churn_rate
    from customerops.metrics.churn.counts import churn_rate_from_counts
    from customerops.metrics.churn.daily import DailySum
    from customerops.metrics.churn.reasons import ChurnReasons, churn_reasons
    from customerops.metrics.churn.recovering import dunning_recovery_rate
    from customerops.metrics.churn.rescaling import rescale_rate
    from customerops.metrics.churn.retention_rates import (
        retention_rate,
        retention_rate_from_counts,
    )
    from customerops.metrics.clv.bdw import BdW
    from customerops.metrics.clv.bgbb import BGBB
    from customerops.metrics.clv.bgnbd import BGNBD
    from customerops.metrics.clv.comparing import Comparison, compare
    from customerops.metrics.clv.contractual import ContractModel
    from customerops.metrics.clv.estimation import LogNormal
    from customerops.metrics.clv.fitted import Fitted
    from customerops.metrics.clv.fitting import fit
    from customerops.metrics.clv.from_log import purchase_summary
    from customerops.metrics.clv.gammagamma import GammaGamma
    from customerops.metrics.clv.lifetime import LifetimeValue, lifetime_value
    from customerops.metrics.clv.mbgnbd import MBGNBD
    from customerops.metrics.clv.nbd import NBD
    from customerops.metrics.clv.nested import LikelihoodRatio
    from customerops.metrics.clv.pareto import ParetoNBD
    from customerops.metrics.clv.predicted import Predicted
    from customerops.metrics.clv.purchase_model import PurchaseModel
    from customerops.metrics.clv.sbg import SBG
    from customerops.metrics.clv.summary import PurchaseSummary
    from customerops.metrics.clv.survivors import RenewalSummary, renewal_summary
    from customerops.metrics.clv.tracks import PurchaseTracking, purchase_tracking
    from customerops.metrics.clv.validation import Validation, validate
    from customerops.metrics.cohorts.cohorts import retention
    from customerops.metrics.comparison.budget import Allocation, allocate
    from customerops.metrics.comparison.changes import Change, change, period_change
    from customerops.metrics.comparison.mix import Decomposition, decompose
    from customerops.metrics.comparison.value_trees import ValueLevel, ValueTree, value_tree
    from customerops.metrics.engagement.active import ActiveCustomers, active_customers
    from customerops.metrics.engagement.dormant import dormancy_rate
    from customerops.metrics.engagement.gaps import GapTimes, gap_times
    from customerops.metrics.engagement.lapse import LapseWindow, lapse_window
    from customerops.metrics.engagement.own_gaps import NextPurchase, next_purchase
    from customerops.metrics.engagement.power import PowerCurve, power_curve
    from customerops.metrics.engagement.rhythm import ActivityProfile, activity_profile
    from customerops.metrics.engagement.stickiness_table import (
        ActiveShare,
        DailyStickiness,
        PeriodStickiness,
        stickiness,
    )
    from customerops.metrics.engagement.visits import RecencyFrequency, recency_frequency
    from customerops.metrics.experiments.assigning import Experiment, ExperimentGrouping, assign
    from customerops.metrics.experiments.claims import (
        BeforeAfter,
        IncrementalReturn,
        before_after,
        incremental_return,
    )
    from customerops.metrics.experiments.cross_sections import (
        DifferenceOfChanges,
        difference_in_differences_from_estimates,
    )
    from customerops.metrics.experiments.did import (
        DifferenceInDifferences,
        difference_in_differences,
        difference_in_differences_from_outcomes,
    )
    from customerops.metrics.experiments.known_outcomes import (
        uplift_from_counts,
        uplift_from_outcomes,
    )
    from customerops.metrics.experiments.sample_ratio import SampleRatio, sample_ratio_check
    from customerops.metrics.experiments.sizing import (
        SampleSize,
        minimal_detectable_effect,
        power,
        sample_size,
    )
    from customerops.metrics.experiments.uplift_table import Uplift
    from customerops.metrics.experiments.uplifts import uplift
    from customerops.metrics.health.adopting import Adoption, adoption
    from customerops.metrics.health.calibrating import Calibration, HosmerLemeshow
    from customerops.metrics.health.comparing_scores import ScoreComparison, compare_scores
    from customerops.metrics.health.components import HealthBand, HealthComponent
    from customerops.metrics.health.contacts import OverdueContacts, overdue_contacts
    from customerops.metrics.health.cuts import ScoreAlarm, TopScores
    from customerops.metrics.health.evaluating import evaluate_scores, evaluate_scores_from_arrays
    from customerops.metrics.health.evaluation import ScoreEvaluation
    from customerops.metrics.health.explained import HealthContribution, HealthScore
    from customerops.metrics.health.lead_times import alarm_lead_time
    from customerops.metrics.health.onboarding import (
        OnboardingShare,
        onboarding_completion,
        onboarding_steps,
        time_to_first_value,
    )
    from customerops.metrics.health.scorecard import HealthScorecard
    from customerops.metrics.health.scorers import EventCount, ScorecardScorer, Scorer, TimeSince
    from customerops.metrics.health.scores import HealthBandShare, HealthScores, health_scores
    from customerops.metrics.health.weighing import health_score
    from customerops.metrics.loyalty.account import PointsAccount, PointsLot, PointsState
    from customerops.metrics.loyalty.balances import PointsBalance, points_balance
    from customerops.metrics.loyalty.redeeming import active_member_rate, redemption_rate
    from customerops.metrics.loyalty.scheme import PointsScheme
    from customerops.metrics.pipeline.counts import (
        ForecastError,
        forecast_error,
        lead_score,
        sales_velocity,
        weighted_pipeline,
    )
    from customerops.metrics.pipeline.deals import SalesStages
    from customerops.metrics.pipeline.leads import LeadScores, lead_scores
    from customerops.metrics.pipeline.rates import (
        cycle_length,
        stage_conversion,
        time_in_stage,
        win_rate,
    )
    from customerops.metrics.pipeline.standing import OpenPipeline, open_pipeline, pipeline_age
    from customerops.metrics.pipeline.targets import pipeline_coverage, quota_attainment
    from customerops.metrics.pipeline.velocity import PipelineVelocity, pipeline_velocity
    from customerops.metrics.revenue.bridge import MRRMovements, mrr_movements
    from customerops.metrics.revenue.compounded import Compounded
    from customerops.metrics.revenue.economics import (
        cac,
        cost_to_retain,
        expected_lifetime,
        ltv_from,
        ltv_to_cac,
        payback,
    )
    from customerops.metrics.revenue.figures import Figure
    from customerops.metrics.revenue.investment import irr, npv, roi
    from customerops.metrics.revenue.lost import mrr_churn_rate
    from customerops.metrics.revenue.margins import break_even_retention, gross_margin
    from customerops.metrics.revenue.mrr import RecurringRevenue, arr, mrr
    from customerops.metrics.revenue.quick import REVENUE_ALIASES, net_change, quick_ratio
    from customerops.metrics.revenue.retained import grr, nrr
    from customerops.metrics.revenue.vintages import RevenueCohorts, revenue_cohorts
    from customerops.metrics.scoring.rfm_cuts import RFMCuts
    from customerops.metrics.scoring.rfm_scores import RFMScores
    from customerops.metrics.scoring.rfm_segments import (
        RFM_EIGHT_SEGMENTS,
        RFM_SEGMENTS,
        MigrationShare,
        RFMSegment,
        SegmentMigration,
        SegmentShare,
        SegmentTable,
    )
    from customerops.metrics.scoring.rfm_table import RFM, rfm
    from customerops.metrics.service.backlogs import Backlog, backlog, contact_rate
    from customerops.metrics.service.calls import answer_rate, containment_rate, handling_time
    from customerops.metrics.service.levels import ServiceLevel, SlaClocks, sla, sla_clocks
    from customerops.metrics.service.outcomes import (
        escalation_rate,
        first_contact_resolution,
        first_contact_resolution_from_counts,
        one_touch_rate,
        reopen_rate,
        repeat_contact_rate,
    )
    from customerops.metrics.service.times import first_reply_time, resolution_time, status_time
    from customerops.metrics.shared.plain import mean, proportion, rate, ratio
    from customerops.metrics.shared.settled import CohortShare, SettledShare
    from customerops.metrics.survey.closing import ClosedLoop, closed_loop
    from customerops.metrics.survey.driver_table import Drivers
    from customerops.metrics.survey.driving import drivers
    from customerops.metrics.survey.net_share import NetShare
    from customerops.metrics.survey.responding import (
        ResponderBias,
        ResponseRate,
        responder_bias,
        response_rate,
        response_rate_from_counts,
    )
    from customerops.metrics.survey.scores import ces, csat, nps
    from customerops.metrics.survey.theming import ThemeShare, theme_counts
    from customerops.metrics.survival.curves import kaplan_meier, nelson_aalen
    from customerops.metrics.survival.gap_curve import GapCurve
    from customerops.metrics.survival.log_rank import LogRank, logrank
    from customerops.metrics.survival.restricted import (
        RestrictedMean,
        RestrictedMeanDifference,
        restricted_mean,
    )
    from customerops.metrics.value.abandoning import abandonment_rate
    from customerops.metrics.value.complaining import complaint_rate
    from customerops.metrics.value.order_values import (
        average_order_value,
        purchase_frequency,
        refund_rate,
        spend_per_buyer,
        units_per_transaction,
    )
    from customerops.metrics.value.per_user import arpa, arppu, arpu
    from customerops.metrics.value.products import ProductShare, product_popularity
    from customerops.metrics.value.repurchase import next_window_repurchase, repurchase_rate
    from customerops.metrics.value.spread import Concentration, concentration
    from customerops.metrics.value.stocks import time_weighted_mean

__all__ = [
    "ActiveCustomers",
    "ActiveShare",
    "ActivityProfile",
    "Adoption",
    "Allocation",
    "BGBB",
    "BGNBD",
    "Backlog",
    "BdW",
    "BeforeAfter",
    "CHANNEL_IDENTIFIERS",
    "CHURN_ALIASES",
    "Calibration",
    "CampaignSummary",
    "Change",
    "ChurnReasons",
    "ClosedLoop",
    "CoPurchases",
    "CohortShare",
    "Comparison",
    "Compounded",
    "Concentration",
    "ContractModel",
    "CouponRedemption",
    "CustomerShare",
    "DailyStickiness",
    "DailySum",
    "Decomposition",
    "DifferenceInDifferences",
    "DifferenceOfChanges",
    "Drivers",
    "EventCount",
    "Experiment",
    "ExperimentGrouping",
    "Figure",
    "Fitted",
    "ForecastError",
    "GammaGamma",
    "GapCurve",
    "GapTimes",
    "HealthBand",
    "HealthBandShare",
    "HealthComponent",
    "HealthContribution",
    "HealthScore",
    "HealthScorecard",
    "HealthScores",
    "HosmerLemeshow",
    "IncrementalReturn",
    "ItemToItem",
    "KFactor",
    "LapseWindow",
    "LeadScores",
    "LifetimeValue",
    "LikelihoodRatio",
    "ListGrowth",
    "LogNormal",
    "LogRank",
    "MBGNBD",
    "MRRMovements",
    "MessageCounts",
    "MigrationShare",
    "NBD",
    "NetShare",
    "NextPurchase",
    "OnboardingShare",
    "OpenPipeline",
    "OverdueContacts",
    "PRIVATE_CHANNELS",
    "ParetoNBD",
    "PeriodStickiness",
    "PipelineVelocity",
    "PointsAccount",
    "PointsBalance",
    "PointsLot",
    "PointsScheme",
    "PointsState",
    "Popularity",
    "PowerCurve",
    "Predicted",
    "ProductShare",
    "PurchaseHistories",
    "PurchaseModel",
    "PurchaseSummary",
    "PurchaseTracking",
    "REVENUE_ALIASES",
    "RFM",
    "RFMCuts",
    "RFMScores",
    "RFMSegment",
    "RFM_EIGHT_SEGMENTS",
    "RFM_SEGMENTS",
    "Reachable",
    "RecencyFrequency",
    "Recommendations",
    "Recommender",
    "RecommenderEvaluation",
    "RecommenderScores",
    "RecurringRevenue",
    "ReferralTree",
    "RenewalSummary",
    "ResponderBias",
    "ResponseRate",
    "RestrictedMean",
    "RestrictedMeanDifference",
    "RevenueCohorts",
    "SBG",
    "SalesStages",
    "SampleRatio",
    "SampleSize",
    "ScoreAlarm",
    "ScoreComparison",
    "ScoreEvaluation",
    "ScorecardScorer",
    "Scorer",
    "SegmentMigration",
    "SegmentShare",
    "SegmentTable",
    "ServiceLevel",
    "SettledShare",
    "SlaClocks",
    "ThemeShare",
    "TimeSince",
    "TopScores",
    "Uplift",
    "Validation",
    "ValueLevel",
    "ValueTree",
    "abandonment_rate",
    "activation_rate",
    "active_customers",
    "active_member_rate",
    "activity_profile",
    "ad_cost",
    "adoption",
    "alarm_lead_time",
    "allocate",
    "answer_rate",
    "arpa",
    "arppu",
    "arpu",
    "arr",
    "assign",
    "average_order_value",
    "backlog",
    "before_after",
    "break_even_retention",
    "cac",
    "campaign_summary",
    "catalogue",
    "ces",
    "change",
    "churn_rate",
    "churn_rate_from_counts",
    "churn_reasons",
    "click_through_rate_from_counts",
    "closed_loop",
    "co_purchases",
    "compare",
    "compare_scores",
    "complaint_rate",
    "concentration",
    "contact_rate",
    "containment_rate",
    "cost_to_retain",
    "coupon_redemption",
    "coupon_redemption_from_counts",
    "csat",
    "cycle_length",
    "decompose",
    "difference_in_differences",
    "difference_in_differences_from_estimates",
    "difference_in_differences_from_outcomes",
    "dormancy_rate",
    "drivers",
    "dunning_recovery_rate",
    "escalation_rate",
    "evaluate_recommender",
    "evaluate_scores",
    "evaluate_scores_from_arrays",
    "expected_lifetime",
    "first_contact_resolution",
    "first_contact_resolution_from_counts",
    "first_reply_time",
    "fit",
    "forecast_error",
    "gap_times",
    "gross_margin",
    "grr",
    "handling_time",
    "health_score",
    "health_scores",
    "incremental_return",
    "irr",
    "k_factor",
    "kaplan_meier",
    "lapse_window",
    "lead_score",
    "lead_scores",
    "lifetime_value",
    "list_growth",
    "list_growth_from_counts",
    "logrank",
    "ltv_from",
    "ltv_to_cac",
    "mean",
    "minimal_detectable_effect",
    "mrr",
    "mrr_churn_rate",
    "mrr_movements",
    "nelson_aalen",
    "net_change",
    "next_purchase",
    "next_window_repurchase",
    "nps",
    "npv",
    "nrr",
    "onboarding_completion",
    "onboarding_steps",
    "one_touch_rate",
    "open_pipeline",
    "overdue_contacts",
    "payback",
    "period_change",
    "pipeline_age",
    "pipeline_coverage",
    "pipeline_velocity",
    "points_balance",
    "power",
    "power_curve",
    "product_popularity",
    "proportion",
    "purchase_frequency",
    "purchase_histories",
    "purchase_summary",
    "purchase_tracking",
    "quick_ratio",
    "quota_attainment",
    "rate",
    "ratio",
    "reachable",
    "recency_frequency",
    "redemption_rate",
    "referral_rate",
    "referral_tree",
    "refund_rate",
    "renewal_summary",
    "reopen_rate",
    "repeat_contact_rate",
    "repurchase_rate",
    "rescale_rate",
    "resolution_time",
    "responder_bias",
    "response_rate",
    "response_rate_from_counts",
    "restricted_mean",
    "retention",
    "retention_rate",
    "retention_rate_from_counts",
    "revenue_cohorts",
    "rfm",
    "roas",
    "roi",
    "sales_velocity",
    "sample_ratio_check",
    "sample_size",
    "sla",
    "sla_clocks",
    "spend_per_buyer",
    "stage_conversion",
    "status_time",
    "stickiness",
    "theme_counts",
    "time_in_stage",
    "time_to_first_value",
    "time_weighted_mean",
    "trial_conversion",
    "units_per_transaction",
    "uplift",
    "uplift_from_counts",
    "uplift_from_outcomes",
    "validate",
    "value_tree",
    "weighted_pipeline",
    "win_rate",
]

_HOMES = {
    "ActiveCustomers": "engagement.active",
    "ActiveShare": "engagement.stickiness_table",
    "ActivityProfile": "engagement.rhythm",
    "Adoption": "health.adopting",
    "Allocation": "comparison.budget",
    "BGBB": "clv.bgbb",
    "BGNBD": "clv.bgnbd",
    "Backlog": "service.backlogs",
    "BdW": "clv.bdw",
    "BeforeAfter": "experiments.claims",
    "CHANNEL_IDENTIFIERS": "campaign.reaching",
    "CHURN_ALIASES": "churn.churn",
    "Calibration": "health.calibrating",
    "CampaignSummary": "campaign.summary",
    "Change": "comparison.changes",
    "ChurnReasons": "churn.reasons",
    "ClosedLoop": "survey.closing",
    "CoPurchases": "affinity.pair_table",
    "CohortShare": "shared.settled",
    "Comparison": "clv.comparing",
    "Compounded": "revenue.compounded",
    "Concentration": "value.spread",
    "ContractModel": "clv.contractual",
    "CouponRedemption": "campaign.coupons",
    "CustomerShare": "campaign.rates",
    "DailyStickiness": "engagement.stickiness_table",
    "DailySum": "churn.daily",
    "Decomposition": "comparison.mix",
    "DifferenceInDifferences": "experiments.did",
    "DifferenceOfChanges": "experiments.cross_sections",
    "Drivers": "survey.driver_table",
    "EventCount": "health.scorers",
    "Experiment": "experiments.assigning",
    "ExperimentGrouping": "experiments.assigning",
    "Figure": "revenue.figures",
    "Fitted": "clv.fitted",
    "ForecastError": "pipeline.counts",
    "GammaGamma": "clv.gammagamma",
    "GapCurve": "survival.gap_curve",
    "GapTimes": "engagement.gaps",
    "HealthBand": "health.components",
    "HealthBandShare": "health.scores",
    "HealthComponent": "health.components",
    "HealthContribution": "health.explained",
    "HealthScore": "health.explained",
    "HealthScorecard": "health.scorecard",
    "HealthScores": "health.scores",
    "HosmerLemeshow": "health.calibrating",
    "IncrementalReturn": "experiments.claims",
    "ItemToItem": "affinity.item_to_item",
    "KFactor": "acquisition.referring",
    "LapseWindow": "engagement.lapse",
    "LeadScores": "pipeline.leads",
    "LifetimeValue": "clv.lifetime",
    "LikelihoodRatio": "clv.nested",
    "ListGrowth": "campaign.lists",
    "LogNormal": "clv.estimation",
    "LogRank": "survival.log_rank",
    "MBGNBD": "clv.mbgnbd",
    "MRRMovements": "revenue.bridge",
    "MessageCounts": "campaign.rates",
    "MigrationShare": "scoring.rfm_segments",
    "NBD": "clv.nbd",
    "NetShare": "survey.net_share",
    "NextPurchase": "engagement.own_gaps",
    "OnboardingShare": "health.onboarding",
    "OpenPipeline": "pipeline.standing",
    "OverdueContacts": "health.contacts",
    "PRIVATE_CHANNELS": "campaign.reaching",
    "ParetoNBD": "clv.pareto",
    "PeriodStickiness": "engagement.stickiness_table",
    "PipelineVelocity": "pipeline.velocity",
    "PointsAccount": "loyalty.account",
    "PointsBalance": "loyalty.balances",
    "PointsLot": "loyalty.account",
    "PointsScheme": "loyalty.scheme",
    "PointsState": "loyalty.account",
    "Popularity": "affinity.popular",
    "PowerCurve": "engagement.power",
    "Predicted": "clv.predicted",
    "ProductShare": "value.products",
    "PurchaseHistories": "affinity.histories",
    "PurchaseModel": "clv.purchase_model",
    "PurchaseSummary": "clv.summary",
    "PurchaseTracking": "clv.tracks",
    "REVENUE_ALIASES": "revenue.quick",
    "RFM": "scoring.rfm_table",
    "RFMCuts": "scoring.rfm_cuts",
    "RFMScores": "scoring.rfm_scores",
    "RFMSegment": "scoring.rfm_segments",
    "RFM_EIGHT_SEGMENTS": "scoring.rfm_segments",
    "RFM_SEGMENTS": "scoring.rfm_segments",
    "Reachable": "campaign.reaching",
    "RecencyFrequency": "engagement.visits",
    "Recommendations": "affinity.recommending",
    "Recommender": "affinity.recommending",
    "RecommenderEvaluation": "affinity.evaluation",
    "RecommenderScores": "affinity.list_scores",
    "RecurringRevenue": "revenue.mrr",
    "ReferralTree": "acquisition.trees",
    "RenewalSummary": "clv.survivors",
    "ResponderBias": "survey.responding",
    "ResponseRate": "survey.responding",
    "RestrictedMean": "survival.restricted",
    "RestrictedMeanDifference": "survival.restricted",
    "RevenueCohorts": "revenue.vintages",
    "SBG": "clv.sbg",
    "SalesStages": "pipeline.deals",
    "SampleRatio": "experiments.sample_ratio",
    "SampleSize": "experiments.sizing",
    "ScoreAlarm": "health.cuts",
    "ScoreComparison": "health.comparing_scores",
    "ScoreEvaluation": "health.evaluation",
    "ScorecardScorer": "health.scorers",
    "Scorer": "health.scorers",
    "SegmentMigration": "scoring.rfm_segments",
    "SegmentShare": "scoring.rfm_segments",
    "SegmentTable": "scoring.rfm_segments",
    "ServiceLevel": "service.levels",
    "SettledShare": "shared.settled",
    "SlaClocks": "service.levels",
    "ThemeShare": "survey.theming",
    "TimeSince": "health.scorers",
    "TopScores": "health.cuts",
    "Uplift": "experiments.uplift_table",
    "Validation": "clv.validation",
    "ValueLevel": "comparison.value_trees",
    "ValueTree": "comparison.value_trees",
    "abandonment_rate": "value.abandoning",
    "activation_rate": "acquisition.converting",
    "active_customers": "engagement.active",
    "active_member_rate": "loyalty.redeeming",
    "activity_profile": "engagement.rhythm",
    "ad_cost": "campaign.costs",
    "adoption": "health.adopting",
    "alarm_lead_time": "health.lead_times",
    "allocate": "comparison.budget",
    "answer_rate": "service.calls",
    "arpa": "value.per_user",
    "arppu": "value.per_user",
    "arpu": "value.per_user",
    "arr": "revenue.mrr",
    "assign": "experiments.assigning",
    "average_order_value": "value.order_values",
    "backlog": "service.backlogs",
    "before_after": "experiments.claims",
    "break_even_retention": "revenue.margins",
    "cac": "revenue.economics",
    "campaign_summary": "campaign.messages",
    "catalogue": "",
    "ces": "survey.scores",
    "change": "comparison.changes",
    "churn_rate": "churn.churn",
    "churn_rate_from_counts": "churn.counts",
    "churn_reasons": "churn.reasons",
    "click_through_rate_from_counts": "campaign.costs",
    "closed_loop": "survey.closing",
    "co_purchases": "affinity.bought_together",
    "compare": "clv.comparing",
    "compare_scores": "health.comparing_scores",
    "complaint_rate": "value.complaining",
    "concentration": "value.spread",
    "contact_rate": "service.backlogs",
    "containment_rate": "service.calls",
    "cost_to_retain": "revenue.economics",
    "coupon_redemption": "campaign.coupons",
    "coupon_redemption_from_counts": "campaign.coupons",
    "csat": "survey.scores",
    "cycle_length": "pipeline.rates",
    "decompose": "comparison.mix",
    "difference_in_differences": "experiments.did",
    "difference_in_differences_from_estimates": "experiments.cross_sections",
    "difference_in_differences_from_outcomes": "experiments.did",
    "dormancy_rate": "engagement.dormant",
    "drivers": "survey.driving",
    "dunning_recovery_rate": "churn.recovering",
    "escalation_rate": "service.outcomes",
    "evaluate_recommender": "affinity.evaluation",
    "evaluate_scores": "health.evaluating",
    "evaluate_scores_from_arrays": "health.evaluating",
    "expected_lifetime": "revenue.economics",
    "first_contact_resolution": "service.outcomes",
    "first_contact_resolution_from_counts": "service.outcomes",
    "first_reply_time": "service.times",
    "fit": "clv.fitting",
    "forecast_error": "pipeline.counts",
    "gap_times": "engagement.gaps",
    "gross_margin": "revenue.margins",
    "grr": "revenue.retained",
    "handling_time": "service.calls",
    "health_score": "health.weighing",
    "health_scores": "health.scores",
    "incremental_return": "experiments.claims",
    "irr": "revenue.investment",
    "k_factor": "acquisition.referring",
    "kaplan_meier": "survival.curves",
    "lapse_window": "engagement.lapse",
    "lead_score": "pipeline.counts",
    "lead_scores": "pipeline.leads",
    "lifetime_value": "clv.lifetime",
    "list_growth": "campaign.lists",
    "list_growth_from_counts": "campaign.lists",
    "logrank": "survival.log_rank",
    "ltv_from": "revenue.economics",
    "ltv_to_cac": "revenue.economics",
    "mean": "shared.plain",
    "minimal_detectable_effect": "experiments.sizing",
    "mrr": "revenue.mrr",
    "mrr_churn_rate": "revenue.lost",
    "mrr_movements": "revenue.bridge",
    "nelson_aalen": "survival.curves",
    "net_change": "revenue.quick",
    "next_purchase": "engagement.own_gaps",
    "next_window_repurchase": "value.repurchase",
    "nps": "survey.scores",
    "npv": "revenue.investment",
    "nrr": "revenue.retained",
    "onboarding_completion": "health.onboarding",
    "onboarding_steps": "health.onboarding",
    "one_touch_rate": "service.outcomes",
    "open_pipeline": "pipeline.standing",
    "overdue_contacts": "health.contacts",
    "payback": "revenue.economics",
    "period_change": "comparison.changes",
    "pipeline_age": "pipeline.standing",
    "pipeline_coverage": "pipeline.targets",
    "pipeline_velocity": "pipeline.velocity",
    "points_balance": "loyalty.balances",
    "power": "experiments.sizing",
    "power_curve": "engagement.power",
    "product_popularity": "value.products",
    "proportion": "shared.plain",
    "purchase_frequency": "value.order_values",
    "purchase_histories": "affinity.histories",
    "purchase_summary": "clv.from_log",
    "purchase_tracking": "clv.tracks",
    "quick_ratio": "revenue.quick",
    "quota_attainment": "pipeline.targets",
    "rate": "shared.plain",
    "ratio": "shared.plain",
    "reachable": "campaign.reaching",
    "recency_frequency": "engagement.visits",
    "redemption_rate": "loyalty.redeeming",
    "referral_rate": "acquisition.referring",
    "referral_tree": "acquisition.trees",
    "refund_rate": "value.order_values",
    "renewal_summary": "clv.survivors",
    "reopen_rate": "service.outcomes",
    "repeat_contact_rate": "service.outcomes",
    "repurchase_rate": "value.repurchase",
    "rescale_rate": "churn.rescaling",
    "resolution_time": "service.times",
    "responder_bias": "survey.responding",
    "response_rate": "survey.responding",
    "response_rate_from_counts": "survey.responding",
    "restricted_mean": "survival.restricted",
    "retention": "cohorts.cohorts",
    "retention_rate": "churn.retention_rates",
    "retention_rate_from_counts": "churn.retention_rates",
    "revenue_cohorts": "revenue.vintages",
    "rfm": "scoring.rfm_table",
    "roas": "campaign.costs",
    "roi": "revenue.investment",
    "sales_velocity": "pipeline.counts",
    "sample_ratio_check": "experiments.sample_ratio",
    "sample_size": "experiments.sizing",
    "sla": "service.levels",
    "sla_clocks": "service.levels",
    "spend_per_buyer": "value.order_values",
    "stage_conversion": "pipeline.rates",
    "status_time": "service.times",
    "stickiness": "engagement.stickiness_table",
    "theme_counts": "survey.theming",
    "time_in_stage": "pipeline.rates",
    "time_to_first_value": "health.onboarding",
    "time_weighted_mean": "value.stocks",
    "trial_conversion": "acquisition.converting",
    "units_per_transaction": "value.order_values",
    "uplift": "experiments.uplifts",
    "uplift_from_counts": "experiments.known_outcomes",
    "uplift_from_outcomes": "experiments.known_outcomes",
    "validate": "clv.validation",
    "value_tree": "comparison.value_trees",
    "weighted_pipeline": "pipeline.counts",
    "win_rate": "pipeline.rates",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
