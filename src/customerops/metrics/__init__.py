"""What is measured: retention, churn, repurchase, revenue, RFM, survival, lifetime value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.metrics.active import ActiveCustomers, active_customers
    from customerops.metrics.budget import Allocation, allocate
    from customerops.metrics.changes import Change, change, period_change
    from customerops.metrics.churn import CHURN_ALIASES, churn_rate
    from customerops.metrics.churn_counts import churn_rate_from_counts
    from customerops.metrics.clv import (
        BGNBD,
        Fitted,
        GammaGamma,
        LifetimeValue,
        Predicted,
        Validation,
        fit,
        lifetime_value,
        validate,
    )
    from customerops.metrics.cohorts import retention
    from customerops.metrics.daily import DailySum
    from customerops.metrics.gap_curve import GapCurve
    from customerops.metrics.gaps import GapTimes, gap_times
    from customerops.metrics.lapse import LapseWindow, lapse_window
    from customerops.metrics.log_rank import LogRank, logrank
    from customerops.metrics.mix import Decomposition, decompose
    from customerops.metrics.order_values import (
        average_order_value,
        purchase_frequency,
        refund_rate,
        spend_per_buyer,
        units_per_transaction,
    )
    from customerops.metrics.own_gaps import NextPurchase, next_purchase
    from customerops.metrics.per_user import arpa, arppu, arpu
    from customerops.metrics.power import PowerCurve, power_curve
    from customerops.metrics.products import ProductShare, product_popularity
    from customerops.metrics.reasons import ChurnReasons, churn_reasons
    from customerops.metrics.rescaling import rescale_rate
    from customerops.metrics.restricted import (
        RestrictedMean,
        RestrictedMeanDifference,
        restricted_mean,
    )
    from customerops.metrics.retention_rates import retention_rate, retention_rate_from_counts
    from customerops.metrics.rfm_cuts import RFMCuts
    from customerops.metrics.rfm_scores import RFMScores
    from customerops.metrics.rfm_segments import (
        RFM_EIGHT_SEGMENTS,
        RFM_SEGMENTS,
        MigrationShare,
        RFMSegment,
        SegmentMigration,
        SegmentShare,
        SegmentTable,
    )
    from customerops.metrics.rfm_table import RFM, rfm
    from customerops.metrics.rhythm import ActivityProfile, activity_profile
    from customerops.metrics.spread import Concentration, concentration
    from customerops.metrics.stickiness_table import (
        ActiveShare,
        DailyStickiness,
        PeriodStickiness,
        stickiness,
    )
    from customerops.metrics.stocks import time_weighted_mean
    from customerops.metrics.summary import PurchaseSummary, purchase_summary
    from customerops.metrics.survival import kaplan_meier, nelson_aalen
    from customerops.metrics.value import next_window_repurchase, repurchase_rate
    from customerops.metrics.value_trees import ValueLevel, ValueTree, value_tree
    from customerops.metrics.visits import RecencyFrequency, recency_frequency

__all__ = [
    "ActiveCustomers",
    "ActiveShare",
    "ActivityProfile",
    "Allocation",
    "BGNBD",
    "CHURN_ALIASES",
    "Change",
    "ChurnReasons",
    "Concentration",
    "DailyStickiness",
    "DailySum",
    "Decomposition",
    "Fitted",
    "GammaGamma",
    "GapCurve",
    "GapTimes",
    "LapseWindow",
    "LifetimeValue",
    "LogRank",
    "MigrationShare",
    "NextPurchase",
    "PeriodStickiness",
    "PowerCurve",
    "Predicted",
    "ProductShare",
    "PurchaseSummary",
    "RFM",
    "RFMCuts",
    "RFMScores",
    "RFMSegment",
    "RFM_EIGHT_SEGMENTS",
    "RFM_SEGMENTS",
    "RecencyFrequency",
    "RestrictedMean",
    "RestrictedMeanDifference",
    "SegmentMigration",
    "SegmentShare",
    "SegmentTable",
    "Validation",
    "ValueLevel",
    "ValueTree",
    "active_customers",
    "activity_profile",
    "allocate",
    "arpa",
    "arppu",
    "arpu",
    "average_order_value",
    "change",
    "churn_rate",
    "churn_rate_from_counts",
    "churn_reasons",
    "concentration",
    "decompose",
    "fit",
    "gap_times",
    "kaplan_meier",
    "lapse_window",
    "lifetime_value",
    "logrank",
    "nelson_aalen",
    "next_purchase",
    "next_window_repurchase",
    "period_change",
    "power_curve",
    "product_popularity",
    "purchase_frequency",
    "purchase_summary",
    "recency_frequency",
    "refund_rate",
    "repurchase_rate",
    "rescale_rate",
    "restricted_mean",
    "retention",
    "retention_rate",
    "retention_rate_from_counts",
    "rfm",
    "spend_per_buyer",
    "stickiness",
    "time_weighted_mean",
    "units_per_transaction",
    "validate",
    "value_tree",
]

_HOMES = {
    "ActiveCustomers": "active",
    "ActiveShare": "stickiness_table",
    "ActivityProfile": "rhythm",
    "Allocation": "budget",
    "BGNBD": "clv",
    "CHURN_ALIASES": "churn",
    "Change": "changes",
    "ChurnReasons": "reasons",
    "Concentration": "spread",
    "DailyStickiness": "stickiness_table",
    "DailySum": "daily",
    "Decomposition": "mix",
    "Fitted": "clv",
    "GammaGamma": "clv",
    "GapCurve": "gap_curve",
    "GapTimes": "gaps",
    "LapseWindow": "lapse",
    "LifetimeValue": "clv",
    "LogRank": "log_rank",
    "MigrationShare": "rfm_segments",
    "NextPurchase": "own_gaps",
    "PeriodStickiness": "stickiness_table",
    "PowerCurve": "power",
    "Predicted": "clv",
    "ProductShare": "products",
    "PurchaseSummary": "summary",
    "RFM": "rfm_table",
    "RFMCuts": "rfm_cuts",
    "RFMScores": "rfm_scores",
    "RFMSegment": "rfm_segments",
    "RFM_EIGHT_SEGMENTS": "rfm_segments",
    "RFM_SEGMENTS": "rfm_segments",
    "RecencyFrequency": "visits",
    "RestrictedMean": "restricted",
    "RestrictedMeanDifference": "restricted",
    "SegmentMigration": "rfm_segments",
    "SegmentShare": "rfm_segments",
    "SegmentTable": "rfm_segments",
    "Validation": "clv",
    "ValueLevel": "value_trees",
    "ValueTree": "value_trees",
    "active_customers": "active",
    "activity_profile": "rhythm",
    "allocate": "budget",
    "arpa": "per_user",
    "arppu": "per_user",
    "arpu": "per_user",
    "average_order_value": "order_values",
    "change": "changes",
    "churn_rate": "churn",
    "churn_rate_from_counts": "churn_counts",
    "churn_reasons": "reasons",
    "concentration": "spread",
    "decompose": "mix",
    "fit": "clv",
    "gap_times": "gaps",
    "kaplan_meier": "survival",
    "lapse_window": "lapse",
    "lifetime_value": "clv",
    "logrank": "log_rank",
    "nelson_aalen": "survival",
    "next_purchase": "own_gaps",
    "next_window_repurchase": "value",
    "period_change": "changes",
    "power_curve": "power",
    "product_popularity": "products",
    "purchase_frequency": "order_values",
    "purchase_summary": "summary",
    "recency_frequency": "visits",
    "refund_rate": "order_values",
    "repurchase_rate": "value",
    "rescale_rate": "rescaling",
    "restricted_mean": "restricted",
    "retention": "cohorts",
    "retention_rate": "retention_rates",
    "retention_rate_from_counts": "retention_rates",
    "rfm": "rfm_table",
    "spend_per_buyer": "order_values",
    "stickiness": "stickiness_table",
    "time_weighted_mean": "stocks",
    "units_per_transaction": "order_values",
    "validate": "clv",
    "value_tree": "value_trees",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
