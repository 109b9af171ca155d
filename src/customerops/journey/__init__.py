"""What customers do next: the paths they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.journey.credit.attribution import Attribution, attribute
    from customerops.journey.credit.conversion_paths import paths_to_conversion
    from customerops.journey.credit.games import Shapley
    from customerops.journey.credit.markov import Markov
    from customerops.journey.credit.models import (
        Custom,
        First,
        Last,
        LastNonDirect,
        Linear,
        Model,
        Participation,
        PositionBased,
        TimeDecay,
    )
    from customerops.journey.credit.orders import OrderChoice, choose_order
    from customerops.journey.credit.path_table import PathTable
    from customerops.journey.forward.chances import Outlook
    from customerops.journey.forward.next_steps import NextBest, NextShare, next_best
    from customerops.journey.funnels.asking import Exclusion
    from customerops.journey.funnels.conforming import Conformance, ConformanceShare, conformance
    from customerops.journey.funnels.counting import funnel, funnel_trend
    from customerops.journey.funnels.funnels import (
        AttemptConversion,
        Funnel,
        FunnelConversion,
        FunnelTotals,
    )
    from customerops.journey.funnels.listing import FunnelAttempts, funnel_attempts
    from customerops.journey.funnels.timing import (
        ConversionTimes,
        FunnelTimes,
        funnel_times,
        time_to_convert,
    )
    from customerops.journey.maps.channels import ChannelMix, ChannelReach, ChannelShare
    from customerops.journey.maps.customers import CustomerStages
    from customerops.journey.maps.flowing import StageFlow, StageFlowShare, stage_flow
    from customerops.journey.maps.staging import JourneyStages, stages
    from customerops.journey.maps.tables import (
        StageConversion,
        StageMoves,
        StageProportion,
        StageTable,
    )
    from customerops.journey.maps.touch import Coverage, coverage
    from customerops.journey.paths.case_times import CaseDurations, case_durations
    from customerops.journey.paths.directly_follows import (
        TransitionShare,
        TransitionTable,
        transition_times,
        transitions,
    )
    from customerops.journey.paths.distinct_paths import PathVariants, variants
    from customerops.journey.paths.flow_edges import FlowEdges
    from customerops.journey.paths.flows import PathFlow, path_flow
    from customerops.journey.paths.positions import StepMatrix, step_matrix
    from customerops.journey.paths.repeats import (
        FollowShare,
        FollowTable,
        ReworkTable,
        eventually_follows,
        rework,
    )
    from customerops.journey.paths.top_paths import TopVariants
    from customerops.journey.profiles.profiling import PROFILE_FEATURES, Profiles, profile
    from customerops.journey.visits.visiting import (
        SessionRatio,
        SessionTable,
        session_times,
        sessions,
    )

__all__ = [
    "AttemptConversion",
    "Attribution",
    "CaseDurations",
    "ChannelMix",
    "ChannelReach",
    "ChannelShare",
    "Conformance",
    "ConformanceShare",
    "ConversionTimes",
    "Coverage",
    "Custom",
    "CustomerStages",
    "Exclusion",
    "First",
    "FlowEdges",
    "FollowShare",
    "FollowTable",
    "Funnel",
    "FunnelAttempts",
    "FunnelConversion",
    "FunnelTimes",
    "FunnelTotals",
    "JourneyStages",
    "Last",
    "LastNonDirect",
    "Linear",
    "Markov",
    "Model",
    "NextBest",
    "NextShare",
    "OrderChoice",
    "Outlook",
    "PROFILE_FEATURES",
    "Participation",
    "PathFlow",
    "PathTable",
    "PathVariants",
    "PositionBased",
    "Profiles",
    "ReworkTable",
    "SessionRatio",
    "SessionTable",
    "Shapley",
    "StageConversion",
    "StageFlow",
    "StageFlowShare",
    "StageMoves",
    "StageProportion",
    "StageTable",
    "StepMatrix",
    "TimeDecay",
    "TopVariants",
    "TransitionShare",
    "TransitionTable",
    "attribute",
    "case_durations",
    "choose_order",
    "conformance",
    "coverage",
    "eventually_follows",
    "funnel",
    "funnel_attempts",
    "funnel_times",
    "funnel_trend",
    "next_best",
    "path_flow",
    "paths_to_conversion",
    "profile",
    "rework",
    "session_times",
    "sessions",
    "stage_flow",
    "stages",
    "step_matrix",
    "time_to_convert",
    "transition_times",
    "transitions",
    "variants",
]

_HOMES = {
    "AttemptConversion": "funnels.funnels",
    "Attribution": "credit.attribution",
    "CaseDurations": "paths.case_times",
    "ChannelMix": "maps.channels",
    "ChannelReach": "maps.channels",
    "ChannelShare": "maps.channels",
    "Conformance": "funnels.conforming",
    "ConformanceShare": "funnels.conforming",
    "ConversionTimes": "funnels.timing",
    "Coverage": "maps.touch",
    "Custom": "credit.models",
    "CustomerStages": "maps.customers",
    "Exclusion": "funnels.asking",
    "First": "credit.models",
    "FlowEdges": "paths.flow_edges",
    "FollowShare": "paths.repeats",
    "FollowTable": "paths.repeats",
    "Funnel": "funnels.funnels",
    "FunnelAttempts": "funnels.listing",
    "FunnelConversion": "funnels.funnels",
    "FunnelTimes": "funnels.timing",
    "FunnelTotals": "funnels.funnels",
    "JourneyStages": "maps.staging",
    "Last": "credit.models",
    "LastNonDirect": "credit.models",
    "Linear": "credit.models",
    "Markov": "credit.markov",
    "Model": "credit.models",
    "NextBest": "forward.next_steps",
    "NextShare": "forward.next_steps",
    "OrderChoice": "credit.orders",
    "Outlook": "forward.chances",
    "PROFILE_FEATURES": "profiles.profiling",
    "Participation": "credit.models",
    "PathFlow": "paths.flows",
    "PathTable": "credit.path_table",
    "PathVariants": "paths.distinct_paths",
    "PositionBased": "credit.models",
    "Profiles": "profiles.profiling",
    "ReworkTable": "paths.repeats",
    "SessionRatio": "visits.visiting",
    "SessionTable": "visits.visiting",
    "Shapley": "credit.games",
    "StageConversion": "maps.tables",
    "StageFlow": "maps.flowing",
    "StageFlowShare": "maps.flowing",
    "StageMoves": "maps.tables",
    "StageProportion": "maps.tables",
    "StageTable": "maps.tables",
    "StepMatrix": "paths.positions",
    "TimeDecay": "credit.models",
    "TopVariants": "paths.top_paths",
    "TransitionShare": "paths.directly_follows",
    "TransitionTable": "paths.directly_follows",
    "attribute": "credit.attribution",
    "case_durations": "paths.case_times",
    "choose_order": "credit.orders",
    "conformance": "funnels.conforming",
    "coverage": "maps.touch",
    "eventually_follows": "paths.repeats",
    "funnel": "funnels.counting",
    "funnel_attempts": "funnels.listing",
    "funnel_times": "funnels.timing",
    "funnel_trend": "funnels.counting",
    "next_best": "forward.next_steps",
    "path_flow": "paths.flows",
    "paths_to_conversion": "credit.conversion_paths",
    "profile": "profiles.profiling",
    "rework": "paths.repeats",
    "session_times": "visits.visiting",
    "sessions": "visits.visiting",
    "stage_flow": "maps.flowing",
    "stages": "maps.staging",
    "step_matrix": "paths.positions",
    "time_to_convert": "funnels.timing",
    "transition_times": "paths.directly_follows",
    "transitions": "paths.directly_follows",
    "variants": "paths.distinct_paths",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
