"""Multisets as statistics: distributions, and times of events and censoring."""

from customerops.model.tables.distribution import Distribution
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.multiset import Support

__all__ = ["Distribution", "EventTable", "Support"]
