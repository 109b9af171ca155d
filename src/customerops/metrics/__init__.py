"""What is measured: retention, repurchase, RFM, survival, lifetime value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
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
    from customerops.metrics.rfm_table import (
        RFM,
        RFM_SEGMENTS,
        RFMCuts,
        RFMScores,
        RFMSegment,
        SegmentShare,
        SegmentTable,
        rfm,
    )
    from customerops.metrics.summary import PurchaseSummary, purchase_summary
    from customerops.metrics.survival import kaplan_meier
    from customerops.metrics.value import repurchase_rate

__all__ = [
    "BGNBD",
    "Fitted",
    "GammaGamma",
    "LifetimeValue",
    "Predicted",
    "PurchaseSummary",
    "RFM",
    "RFMCuts",
    "RFMScores",
    "RFMSegment",
    "RFM_SEGMENTS",
    "SegmentShare",
    "SegmentTable",
    "Validation",
    "fit",
    "kaplan_meier",
    "lifetime_value",
    "purchase_summary",
    "repurchase_rate",
    "retention",
    "rfm",
    "validate",
]

_HOMES = {
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
    "RFM": "rfm_table",
    "RFMCuts": "rfm_table",
    "RFMScores": "rfm_table",
    "RFMSegment": "rfm_table",
    "RFM_SEGMENTS": "rfm_table",
    "SegmentShare": "rfm_table",
    "SegmentTable": "rfm_table",
    "rfm": "rfm_table",
    "PurchaseSummary": "summary",
    "purchase_summary": "summary",
    "kaplan_meier": "survival",
    "repurchase_rate": "value",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
