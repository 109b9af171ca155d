"""Multisets as statistics: distributions, and times of events and censoring."""

from customerops.model.distribution import Distribution
from customerops.model.event_table import EventTable
from customerops.model.multiset import Support

__all__ = ["Distribution", "EventTable", "Support"]
