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
    "Change",
    "change",
    "period_change",
    "Decomposition",
    "decompose",
    "Allocation",
    "allocate",
    "ValueLevel",
    "ValueTree",
    "value_tree",
    "RFM_EIGHT_SEGMENTS",
    "MigrationShare",
    "SegmentMigration",
    "ActiveCustomers",
    "active_customers",
    "ActiveShare",
    "DailyStickiness",
    "PeriodStickiness",
    "stickiness",
    "PowerCurve",
    "power_curve",
    "ActivityProfile",
    "activity_profile",
    "RecencyFrequency",
    "recency_frequency",
    "NextPurchase",
    "next_purchase",
    "BGNBD",
    "CHURN_ALIASES",
    "ChurnReasons",
    "Concentration",
    "DailySum",
    "Fitted",
    "GammaGamma",
    "GapCurve",
    "GapTimes",
    "LapseWindow",
    "LifetimeValue",
    "LogRank",
    "Predicted",
    "ProductShare",
    "PurchaseSummary",
    "RFM",
    "RFMCuts",
    "RFMScores",
    "RFMSegment",
    "RFM_SEGMENTS",
    "RestrictedMean",
    "RestrictedMeanDifference",
    "SegmentShare",
    "SegmentTable",
    "Validation",
    "arpa",
    "arppu",
    "arpu",
    "average_order_value",
    "churn_rate",
    "churn_rate_from_counts",
    "churn_reasons",
    "concentration",
    "fit",
    "gap_times",
    "kaplan_meier",
    "lapse_window",
    "lifetime_value",
    "logrank",
    "nelson_aalen",
    "next_window_repurchase",
    "product_popularity",
    "purchase_frequency",
    "purchase_summary",
    "refund_rate",
    "repurchase_rate",
    "rescale_rate",
    "restricted_mean",
    "retention",
    "retention_rate",
    "retention_rate_from_counts",
    "rfm",
    "spend_per_buyer",
    "time_weighted_mean",
    "units_per_transaction",
    "validate",
]

_HOMES = {
    "Change": "changes",
    "change": "changes",
    "period_change": "changes",
    "Decomposition": "mix",
    "decompose": "mix",
    "Allocation": "budget",
    "allocate": "budget",
    "ValueLevel": "value_trees",
    "ValueTree": "value_trees",
    "value_tree": "value_trees",
    "RFM": "rfm_table",
    "rfm": "rfm_table",
    "RFMCuts": "rfm_cuts",
    "RFMScores": "rfm_scores",
    "RFM_EIGHT_SEGMENTS": "rfm_segments",
    "RFM_SEGMENTS": "rfm_segments",
    "MigrationShare": "rfm_segments",
    "RFMSegment": "rfm_segments",
    "SegmentMigration": "rfm_segments",
    "SegmentShare": "rfm_segments",
    "SegmentTable": "rfm_segments",
    "ActiveCustomers": "active",
    "active_customers": "active",
    "ActiveShare": "stickiness_table",
    "DailyStickiness": "stickiness_table",
    "PeriodStickiness": "stickiness_table",
    "stickiness": "stickiness_table",
    "PowerCurve": "power",
    "power_curve": "power",
    "ActivityProfile": "rhythm",
    "activity_profile": "rhythm",
    "RecencyFrequency": "visits",
    "recency_frequency": "visits",
    "NextPurchase": "own_gaps",
    "next_purchase": "own_gaps",
    "CHURN_ALIASES": "churn",
    "churn_rate": "churn",
    "churn_rate_from_counts": "churn_counts",
    "BGNBD": "clv",
    "Fitted": "clv",
    "GammaGamma": "clv",
    "LifetimeValue": "clv",
    "Predicted": "clv",
    "Validation": "clv",
    "fit": "clv",
    "lifetime_value": "clv",
    "validate": "clv",
    "retention": "cohorts",
    "GapCurve": "gap_curve",
    "GapTimes": "gaps",
    "LapseWindow": "lapse",
    "gap_times": "gaps",
    "lapse_window": "lapse",
    "LogRank": "log_rank",
    "logrank": "log_rank",
    "RestrictedMean": "restricted",
    "RestrictedMeanDifference": "restricted",
    "restricted_mean": "restricted",
    "DailySum": "daily",
    "ChurnReasons": "reasons",
    "churn_reasons": "reasons",
    "rescale_rate": "rescaling",
    "PurchaseSummary": "summary",
    "purchase_summary": "summary",
    "kaplan_meier": "survival",
    "nelson_aalen": "survival",
    "repurchase_rate": "value",
    "retention_rate": "retention_rates",
    "retention_rate_from_counts": "retention_rates",
    "average_order_value": "order_values",
    "purchase_frequency": "order_values",
    "refund_rate": "order_values",
    "spend_per_buyer": "order_values",
    "units_per_transaction": "order_values",
    "arpa": "per_user",
    "arppu": "per_user",
    "arpu": "per_user",
    "Concentration": "spread",
    "concentration": "spread",
    "ProductShare": "products",
    "product_popularity": "products",
    "time_weighted_mean": "stocks",
    "next_window_repurchase": "value",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
