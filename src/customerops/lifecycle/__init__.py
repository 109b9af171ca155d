"""The lifecycle of customers: one state machine, for one customer and for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.lifecycle.columns.states import States
    from customerops.lifecycle.growth.active_users import ActiveUserStates, active_user_states
    from customerops.lifecycle.growth.growth import GrowthAccounting, growth_accounting
    from customerops.lifecycle.growth.revenue import RevenueGrowth, revenue_growth
    from customerops.lifecycle.machine.contract import Term
    from customerops.lifecycle.machine.explain import Explanation
    from customerops.lifecycle.machine.history import History, Life, replay
    from customerops.lifecycle.machine.machine import advance, step
    from customerops.lifecycle.machine.migration import migrate
    from customerops.lifecycle.machine.state import (
        Attributes,
        ContractStatus,
        State,
        Step,
        Transition,
    )
    from customerops.lifecycle.playbook.care import CareDate, due_on
    from customerops.lifecycle.playbook.deciding import decide
    from customerops.lifecycle.playbook.decisions import (
        Approval,
        Decision,
        Reason,
        ReasonCode,
        Refusal,
    )
    from customerops.lifecycle.playbook.limits import Cap, Holdout, QuietHours
    from customerops.lifecycle.playbook.offers import OfferShares, price_differences
    from customerops.lifecycle.playbook.playbook import Playbook
    from customerops.lifecycle.playbook.plays import (
        SAVE,
        WAKE,
        WIN_BACK,
        Action,
        Offer,
        Personalisation,
        Situation,
    )
    from customerops.lifecycle.policy.audit import PolicyCheck, check
    from customerops.lifecycle.policy.clocks import Contract, Inactivity, Latency
    from customerops.lifecycle.policy.criteria import (
        AtRisk,
        FirstQualifying,
        KthInLife,
        NthQualifying,
        NWithin,
        TenureInLife,
    )
    from customerops.lifecycle.policy.drawing import diagram
    from customerops.lifecycle.policy.events import DEFAULT_EVENTS, LifecycleEvent
    from customerops.lifecycle.policy.policy import LifecyclePolicy
    from customerops.lifecycle.policy.spans import Days, Months
    from customerops.lifecycle.policy.stages import ACTIVE, STAGES, TRANSITIONS, Cause, Stage
    from customerops.lifecycle.population.batch import replay_log
    from customerops.lifecycle.population.chains import TransitionMatrix
    from customerops.lifecycle.population.differences import PopulationDifference, diff
    from customerops.lifecycle.population.markov import Forecast
    from customerops.lifecycle.population.nes import NES
    from customerops.lifecycle.population.population import Population
    from customerops.lifecycle.population.stocks import StageCounts, StageFlows, StageShare
    from customerops.lifecycle.population.transitions import Transitions
    from customerops.lifecycle.population.views import DUOLINGO, HUBSPOT, POSTHOG, View, ViewCounts
    from customerops.lifecycle.population.win_back import WinBackRate

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
    "ACTIVE": "policy.stages",
    "Action": "playbook.plays",
    "ActiveUserStates": "growth.active_users",
    "Approval": "playbook.decisions",
    "AtRisk": "policy.criteria",
    "Attributes": "machine.state",
    "Cap": "playbook.limits",
    "CareDate": "playbook.care",
    "Cause": "policy.stages",
    "Contract": "policy.clocks",
    "ContractStatus": "machine.state",
    "DEFAULT_EVENTS": "policy.events",
    "DUOLINGO": "population.views",
    "Days": "policy.spans",
    "Decision": "playbook.decisions",
    "Explanation": "machine.explain",
    "FirstQualifying": "policy.criteria",
    "Forecast": "population.markov",
    "GrowthAccounting": "growth.growth",
    "HUBSPOT": "population.views",
    "History": "machine.history",
    "Holdout": "playbook.limits",
    "Inactivity": "policy.clocks",
    "KthInLife": "policy.criteria",
    "Latency": "policy.clocks",
    "Life": "machine.history",
    "LifecycleEvent": "policy.events",
    "LifecyclePolicy": "policy.policy",
    "Months": "policy.spans",
    "NES": "population.nes",
    "NWithin": "policy.criteria",
    "NthQualifying": "policy.criteria",
    "Offer": "playbook.plays",
    "OfferShares": "playbook.offers",
    "POSTHOG": "population.views",
    "Personalisation": "playbook.plays",
    "Playbook": "playbook.playbook",
    "PolicyCheck": "policy.audit",
    "Population": "population.population",
    "PopulationDifference": "population.differences",
    "QuietHours": "playbook.limits",
    "Reason": "playbook.decisions",
    "ReasonCode": "playbook.decisions",
    "Refusal": "playbook.decisions",
    "RevenueGrowth": "growth.revenue",
    "SAVE": "playbook.plays",
    "STAGES": "policy.stages",
    "Situation": "playbook.plays",
    "Stage": "policy.stages",
    "StageCounts": "population.stocks",
    "StageFlows": "population.stocks",
    "StageShare": "population.stocks",
    "State": "machine.state",
    "States": "columns.states",
    "Step": "machine.state",
    "TRANSITIONS": "policy.stages",
    "TenureInLife": "policy.criteria",
    "Term": "machine.contract",
    "Transition": "machine.state",
    "TransitionMatrix": "population.chains",
    "Transitions": "population.transitions",
    "View": "population.views",
    "ViewCounts": "population.views",
    "WAKE": "playbook.plays",
    "WIN_BACK": "playbook.plays",
    "WinBackRate": "population.win_back",
    "active_user_states": "growth.active_users",
    "advance": "machine.machine",
    "check": "policy.audit",
    "decide": "playbook.deciding",
    "diagram": "policy.drawing",
    "diff": "population.differences",
    "due_on": "playbook.care",
    "growth_accounting": "growth.growth",
    "migrate": "machine.migration",
    "price_differences": "playbook.offers",
    "replay": "machine.history",
    "replay_log": "population.batch",
    "revenue_growth": "growth.revenue",
    "step": "machine.machine",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
