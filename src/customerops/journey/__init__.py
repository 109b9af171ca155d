"""What customers do next: the paths they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.journey.directly_follows import TransitionShare, TransitionTable, transitions
    from customerops.journey.funnels import Exclusion, Funnel, FunnelConversion, funnel
    from customerops.journey.visiting import SessionRatio, SessionTable, session_times, sessions

__all__ = [
    "Exclusion",
    "Funnel",
    "FunnelConversion",
    "SessionRatio",
    "SessionTable",
    "TransitionShare",
    "TransitionTable",
    "funnel",
    "session_times",
    "sessions",
    "transitions",
]

_HOMES = {
    "Exclusion": "funnels",
    "Funnel": "funnels",
    "FunnelConversion": "funnels",
    "SessionRatio": "visiting",
    "SessionTable": "visiting",
    "TransitionShare": "directly_follows",
    "TransitionTable": "directly_follows",
    "funnel": "funnels",
    "session_times": "visiting",
    "sessions": "visiting",
    "transitions": "directly_follows",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
