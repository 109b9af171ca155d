"""Recommenders to try: functions of a log that are named alike in every process."""

import attrs

from customerops import metrics
from customerops.model import InteractionLog

__all__ = ["ByItems"]


@attrs.frozen
class ByItems:
    """Learns what is bought together."""

    fill: bool = False

    def __call__(self, known: InteractionLog) -> metrics.ItemToItem:
        return metrics.ItemToItem.of(
            metrics.co_purchases(known, unit="customer"),
            similarity="cosine",
            bought="exclude",
            fill="popular" if self.fill else "none",
        )
