"""The lifecycle of customers: one state machine, for one customer and for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.lifecycle.active_users import ActiveUserStates, active_user_states
    from customerops.lifecycle.audit import PolicyCheck, check
    from customerops.lifecycle.batch import replay_log
    from customerops.lifecycle.care import CareDate, due_on
    from customerops.lifecycle.chains import TransitionMatrix
    from customerops.lifecycle.clocks import Contract, Inactivity, Latency
    from customerops.lifecycle.contract import Term
    from customerops.lifecycle.criteria import (
        AtRisk,
        FirstQualifying,
        KthInLife,
        NthQualifying,
        NWithin,
        TenureInLife,
    )
    from customerops.lifecycle.deciding import decide
    from customerops.lifecycle.decisions import Approval, Decision, Reason, ReasonCode, Refusal
    from customerops.lifecycle.differences import PopulationDifference, diff
    from customerops.lifecycle.drawing import diagram
    from customerops.lifecycle.events import DEFAULT_EVENTS, LifecycleEvent
    from customerops.lifecycle.explain import Explanation
    from customerops.lifecycle.growth import GrowthAccounting, growth_accounting
    from customerops.lifecycle.history import History, Life, replay
    from customerops.lifecycle.limits import Cap, Holdout, QuietHours
    from customerops.lifecycle.machine import advance, step
    from customerops.lifecycle.markov import Forecast
    from customerops.lifecycle.migration import migrate
    from customerops.lifecycle.nes import NES
    from customerops.lifecycle.offers import OfferShares, price_differences
    from customerops.lifecycle.playbook import Playbook
    from customerops.lifecycle.plays import (
        SAVE,
        WAKE,
        WIN_BACK,
        Action,
        Offer,
        Personalisation,
        Situation,
    )
    from customerops.lifecycle.policy import LifecyclePolicy
    from customerops.lifecycle.population import Population
    from customerops.lifecycle.revenue import RevenueGrowth, revenue_growth
    from customerops.lifecycle.spans import Days, Months
    from customerops.lifecycle.stages import ACTIVE, STAGES, TRANSITIONS, Cause, Stage
    from customerops.lifecycle.state import Attributes, ContractStatus, State, Step, Transition
    from customerops.lifecycle.states import States
    from customerops.lifecycle.stocks import StageCounts, StageFlows, StageShare
    from customerops.lifecycle.transitions import Transitions
    from customerops.lifecycle.views import DUOLINGO, HUBSPOT, POSTHOG, View, ViewCounts
    from customerops.lifecycle.win_back import WinBackRate

__all__ = [
    "ACTIVE",
    "Action",
    "ActiveUserStates",
    "Approval",
    "AtRisk",
    "Attributes",
    "Cap",
    "CareDate",
    "Cause",
    "Contract",
    "ContractStatus",
    "DEFAULT_EVENTS",
    "DUOLINGO",
    "Days",
    "Decision",
    "Explanation",
    "FirstQualifying",
    "Forecast",
    "GrowthAccounting",
    "HUBSPOT",
    "History",
    "Holdout",
    "Inactivity",
    "KthInLife",
    "Latency",
    "Life",
    "LifecycleEvent",
    "LifecyclePolicy",
    "Months",
    "NES",
    "NWithin",
    "NthQualifying",
    "Offer",
    "OfferShares",
    "POSTHOG",
    "Personalisation",
    "Playbook",
    "PolicyCheck",
    "Population",
    "PopulationDifference",
    "QuietHours",
    "Reason",
    "ReasonCode",
    "Refusal",
    "RevenueGrowth",
    "SAVE",
    "STAGES",
    "Situation",
    "Stage",
    "StageCounts",
    "StageFlows",
    "StageShare",
    "State",
    "States",
    "Step",
    "TRANSITIONS",
    "TenureInLife",
    "Term",
    "Transition",
    "TransitionMatrix",
    "Transitions",
    "View",
    "ViewCounts",
    "WAKE",
    "WIN_BACK",
    "WinBackRate",
    "active_user_states",
    "advance",
    "check",
    "decide",
    "diagram",
    "diff",
    "due_on",
    "growth_accounting",
    "migrate",
    "price_differences",
    "replay",
    "replay_log",
    "revenue_growth",
    "step",
]

_HOMES = {
    "ActiveUserStates": "active_users",
    "active_user_states": "active_users",
    "PolicyCheck": "audit",
    "check": "audit",
    "replay_log": "batch",
    "CareDate": "care",
    "due_on": "care",
    "TransitionMatrix": "chains",
    "Contract": "clocks",
    "Inactivity": "clocks",
    "Latency": "clocks",
    "Term": "contract",
    "AtRisk": "criteria",
    "FirstQualifying": "criteria",
    "KthInLife": "criteria",
    "NWithin": "criteria",
    "NthQualifying": "criteria",
    "TenureInLife": "criteria",
    "decide": "deciding",
    "Approval": "decisions",
    "Decision": "decisions",
    "Reason": "decisions",
    "ReasonCode": "decisions",
    "Refusal": "decisions",
    "PopulationDifference": "differences",
    "diff": "differences",
    "diagram": "drawing",
    "DEFAULT_EVENTS": "events",
    "LifecycleEvent": "events",
    "Explanation": "explain",
    "GrowthAccounting": "growth",
    "growth_accounting": "growth",
    "History": "history",
    "Life": "history",
    "replay": "history",
    "Cap": "limits",
    "Holdout": "limits",
    "QuietHours": "limits",
    "advance": "machine",
    "step": "machine",
    "Forecast": "markov",
    "migrate": "migration",
    "NES": "nes",
    "OfferShares": "offers",
    "price_differences": "offers",
    "Playbook": "playbook",
    "Action": "plays",
    "Offer": "plays",
    "Personalisation": "plays",
    "SAVE": "plays",
    "Situation": "plays",
    "WAKE": "plays",
    "WIN_BACK": "plays",
    "LifecyclePolicy": "policy",
    "Population": "population",
    "RevenueGrowth": "revenue",
    "revenue_growth": "revenue",
    "Days": "spans",
    "Months": "spans",
    "ACTIVE": "stages",
    "Cause": "stages",
    "STAGES": "stages",
    "Stage": "stages",
    "TRANSITIONS": "stages",
    "Attributes": "state",
    "ContractStatus": "state",
    "State": "state",
    "Step": "state",
    "Transition": "state",
    "States": "states",
    "StageCounts": "stocks",
    "StageFlows": "stocks",
    "StageShare": "stocks",
    "Transitions": "transitions",
    "DUOLINGO": "views",
    "HUBSPOT": "views",
    "POSTHOG": "views",
    "View": "views",
    "ViewCounts": "views",
    "WinBackRate": "win_back",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
