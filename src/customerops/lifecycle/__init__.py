"""The lifecycle of customers: one state machine, for one customer and for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.lifecycle.active_users import ActiveUserStates, active_user_states
    from customerops.lifecycle.batch import replay_log
    from customerops.lifecycle.explain import Explanation
    from customerops.lifecycle.growth import GrowthAccounting, growth_accounting
    from customerops.lifecycle.history import History, Life, replay
    from customerops.lifecycle.machine import State, Step, Transition, advance, step
    from customerops.lifecycle.markov import Forecast
    from customerops.lifecycle.policy import (
        DEFAULT_EVENTS,
        FirstQualifying,
        Inactivity,
        KthInLife,
        LifecycleEvent,
        LifecyclePolicy,
    )
    from customerops.lifecycle.population import Population
    from customerops.lifecycle.revenue import RevenueGrowth, revenue_growth
    from customerops.lifecycle.stages import ACTIVE, STAGES, TRANSITIONS, Cause, Stage
    from customerops.lifecycle.states import States
    from customerops.lifecycle.stocks import StageCounts, StageFlows, StageShare
    from customerops.lifecycle.transitions import Transitions

__all__ = [
    "ACTIVE",
    "ActiveUserStates",
    "Cause",
    "DEFAULT_EVENTS",
    "Explanation",
    "FirstQualifying",
    "Forecast",
    "GrowthAccounting",
    "History",
    "Inactivity",
    "KthInLife",
    "Life",
    "LifecycleEvent",
    "LifecyclePolicy",
    "Population",
    "RevenueGrowth",
    "STAGES",
    "Stage",
    "StageCounts",
    "StageFlows",
    "StageShare",
    "State",
    "States",
    "Step",
    "TRANSITIONS",
    "Transition",
    "Transitions",
    "active_user_states",
    "advance",
    "growth_accounting",
    "replay",
    "replay_log",
    "revenue_growth",
    "step",
]

_HOMES = {
    "ActiveUserStates": "active_users",
    "active_user_states": "active_users",
    "replay_log": "batch",
    "Explanation": "explain",
    "GrowthAccounting": "growth",
    "growth_accounting": "growth",
    "History": "history",
    "Life": "history",
    "replay": "history",
    "State": "machine",
    "Step": "machine",
    "Transition": "machine",
    "advance": "machine",
    "step": "machine",
    "Forecast": "markov",
    "DEFAULT_EVENTS": "policy",
    "FirstQualifying": "policy",
    "Inactivity": "policy",
    "KthInLife": "policy",
    "LifecycleEvent": "policy",
    "LifecyclePolicy": "policy",
    "Population": "population",
    "RevenueGrowth": "revenue",
    "revenue_growth": "revenue",
    "ACTIVE": "stages",
    "Cause": "stages",
    "STAGES": "stages",
    "Stage": "stages",
    "TRANSITIONS": "stages",
    "States": "states",
    "StageCounts": "stocks",
    "StageFlows": "stocks",
    "StageShare": "stocks",
    "Transitions": "transitions",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
