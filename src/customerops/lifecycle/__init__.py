"""The lifecycle of customers: one state machine, for one customer and for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.lifecycle.batch import replay_log
    from customerops.lifecycle.growth import GrowthAccounting, growth_accounting
    from customerops.lifecycle.history import History, replay
    from customerops.lifecycle.machine import State, Step, Transition, advance, step
    from customerops.lifecycle.policy import (
        FirstQualifying,
        Inactivity,
        KthInLife,
        LifecycleEvent,
        LifecyclePolicy,
    )
    from customerops.lifecycle.population import Population
    from customerops.lifecycle.stages import Cause, Stage
    from customerops.lifecycle.stocks import StageCounts, StageFlows

__all__ = [
    "Cause",
    "FirstQualifying",
    "GrowthAccounting",
    "History",
    "Inactivity",
    "KthInLife",
    "LifecycleEvent",
    "LifecyclePolicy",
    "Population",
    "Stage",
    "StageCounts",
    "StageFlows",
    "State",
    "Step",
    "Transition",
    "advance",
    "growth_accounting",
    "replay",
    "replay_log",
    "step",
]

_HOMES = {
    "GrowthAccounting": "growth",
    "growth_accounting": "growth",
    "History": "history",
    "replay": "history",
    "State": "machine",
    "Step": "machine",
    "Transition": "machine",
    "advance": "machine",
    "step": "machine",
    "FirstQualifying": "policy",
    "Inactivity": "policy",
    "KthInLife": "policy",
    "LifecycleEvent": "policy",
    "LifecyclePolicy": "policy",
    "Population": "population",
    "replay_log": "batch",
    "Cause": "stages",
    "Stage": "stages",
    "StageCounts": "stocks",
    "StageFlows": "stocks",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
