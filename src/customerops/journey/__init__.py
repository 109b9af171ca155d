"""What customers do next: the paths they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.journey.directly_follows import TransitionShare, TransitionTable, transitions

__all__ = [
    "TransitionShare",
    "TransitionTable",
    "transitions",
]

_HOMES = {
    "TransitionShare": "directly_follows",
    "TransitionTable": "directly_follows",
    "transitions": "directly_follows",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
