"""What is measured: retention, repurchase, RFM, survival, lifetime value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.metrics.cohorts import retention
    from customerops.metrics.value import repurchase_rate

__all__ = [
    "repurchase_rate",
    "retention",
]

_HOMES = {
    "retention": "cohorts",
    "repurchase_rate": "value",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
