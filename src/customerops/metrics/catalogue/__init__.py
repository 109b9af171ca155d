"""Every public metric with its definitions, unit and names in English and Chinese, to search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.metrics.catalogue.entry import (
        KINDS,
        TAGS,
        UNITS,
        MetricDefinition,
        MetricSpec,
    )
    from customerops.metrics.catalogue.lookup import search, spec, specs, to_dict, to_frame

__all__ = [
    "KINDS",
    "MetricDefinition",
    "MetricSpec",
    "TAGS",
    "UNITS",
    "search",
    "spec",
    "specs",
    "to_dict",
    "to_frame",
]

_HOMES = {
    "KINDS": "entry",
    "MetricDefinition": "entry",
    "MetricSpec": "entry",
    "TAGS": "entry",
    "UNITS": "entry",
    "search": "lookup",
    "spec": "lookup",
    "specs": "lookup",
    "to_dict": "lookup",
    "to_frame": "lookup",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
