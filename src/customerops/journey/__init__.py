"""What customers do next: the paths they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.journey.credit.conversion_paths import paths_to_conversion
    from customerops.journey.credit.path_table import PathTable
    from customerops.journey.funnels.funnels import Exclusion, Funnel, FunnelConversion, funnel
    from customerops.journey.paths.directly_follows import (
        TransitionShare,
        TransitionTable,
        transitions,
    )
    from customerops.journey.visits.visiting import (
        SessionRatio,
        SessionTable,
        session_times,
        sessions,
    )

__all__ = [
    "Exclusion",
    "Funnel",
    "FunnelConversion",
    "PathTable",
    "SessionRatio",
    "SessionTable",
    "TransitionShare",
    "TransitionTable",
    "funnel",
    "paths_to_conversion",
    "session_times",
    "sessions",
    "transitions",
]

_HOMES = {
    "Exclusion": "funnels.funnels",
    "Funnel": "funnels.funnels",
    "FunnelConversion": "funnels.funnels",
    "PathTable": "credit.path_table",
    "SessionRatio": "visits.visiting",
    "SessionTable": "visits.visiting",
    "TransitionShare": "paths.directly_follows",
    "TransitionTable": "paths.directly_follows",
    "funnel": "funnels.funnels",
    "paths_to_conversion": "credit.conversion_paths",
    "session_times": "visits.visiting",
    "sessions": "visits.visiting",
    "transitions": "paths.directly_follows",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
