"""What hypothesis is told: a strategy for every public type, once that type is there.

Hypothesis runs `register` when it is imported, by its entry point. A class cannot be registered
before it is imported, and importing all of them would cost everybody who uses hypothesis the import
of numpy. So each is registered when its module has loaded: at once if it has, else as soon as a
public name of the library is asked for. Strategies load when they are drawn from.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from customerops._lazy import on_load

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["STRATEGIES", "register"]

STRATEGIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "model.values.money": {"Money": "value_draws.money"},
        "model.values.window": {"Window": "instant_draws.windows"},
        "model.values.calendar": {"Calendar": "log_draws.calendars"},
        "model.values.business_hours": {"BusinessHours": "log_draws.business_hours"},
        "model.records.records": {
            "Consent": "record_draws.consents",
            "Customer": "record_draws.customers",
            "Identifier": "record_draws.identifiers",
            "Interaction": "record_draws.interactions",
            "Item": "record_draws.items",
            "Subscription": "record_draws.subscriptions",
            "Tag": "record_draws.tags",
        },
        "model.rules.base": {"Rule": "rule_draws.rules"},
        "model.rules.nodes": dict.fromkeys(("And", "Did", "Not", "Or"), "rule_draws.node"),
        "model.rules.leaves": dict.fromkeys(
            ("Between", "Compare", "In", "Missing"), "rule_draws.node"
        ),
        "model.rules.grouping": {
            "Grouping": "map_draws.groupings",
            "Pick": "map_draws.picks",
        },
        "model.rules.stages": {
            "JourneyMap": "map_draws.journey_maps",
            "JourneyStage": "map_draws.journey_stages",
        },
        "model.segments.bands": {"Band": "map_draws.bands"},
        "model.segments.segments": {
            "Segment": "map_draws.segments",
            "Segmentation": "map_draws.segmentations",
        },
        "model.segments.tier_levels": {"TierLevel": "map_draws.tier_levels"},
        "model.segments.tiers": {"TierPolicy": "map_draws.tier_policies"},
        "model.log.log": {"InteractionLog": "log_draws.logs"},
        "model.log.spells": {"Spells": "log_draws.spells"},
        "model.identity.rules": {
            "IdentityRules": "identity_draws.identity_rules",
            "IdentitySplit": "identity_draws.splits",
            "JoinRule": "identity_draws.join_rules",
            "Link": "identity_draws.links",
            "SharedIdentifier": "identity_draws.shared_identifiers",
        },
        "model.identity.columns": {"SourceRecord": "identity_draws.source_records"},
        "model.identity.survivorship": {"Survivorship": "identity_draws.survivorships"},
        "model.rights.regimes": {
            "Basis": "right_draws.bases",
            "CategoryRule": "right_draws.category_rules",
            "ChannelRule": "right_draws.channel_rules",
            "GuardianRule": "right_draws.guardian_rules",
            "Obligation": "right_draws.obligations",
            "PurposeRule": "right_draws.purpose_rules",
            "Regime": "right_draws.regimes",
        },
        "model.rights.erasure": {"LegalHold": "right_draws.legal_holds"},
        "model.rights.suppression": {"Suppression": "right_draws.suppressions"},
        "lifecycle.policy.clocks": {
            "Contract": "policy_draws.contracts",
            "Inactivity": "policy_draws.inactivities",
            "Latency": "policy_draws.latencies",
        },
        "lifecycle.policy.criteria": {
            "AtRisk": "policy_draws.risks",
            "KthInLife": "policy_draws.kth_in_life",
            "NWithin": "policy_draws.n_within",
            "NthQualifying": "policy_draws.nth_qualifying",
            "TenureInLife": "policy_draws.tenures",
        },
        "lifecycle.policy.spans": {"Days": "policy_draws.days", "Months": "policy_draws.months"},
        "lifecycle.policy.policy": {"LifecyclePolicy": "policy_draws.policies"},
        "lifecycle.machine.state": {
            "State": "policy_draws.states",
            "Transition": "policy_draws.moves",
        },
        "lifecycle.machine.history": {
            "History": "policy_draws.histories",
            "Life": "policy_draws.lives",
        },
        "lifecycle.columns.states": {"States": "policy_draws.state_columns"},
        "lifecycle.playbook.plays": {
            "Action": "play_draws.actions",
            "Offer": "play_draws.offers",
            "Personalisation": "play_draws.personalisations",
            "Situation": "play_draws.situations",
        },
        "lifecycle.playbook.limits": {
            "Cap": "play_draws.caps",
            "Holdout": "play_draws.holdouts",
            "QuietHours": "play_draws.quiet_hours",
        },
        "lifecycle.playbook.care": {"CareDate": "play_draws.care_dates"},
        "lifecycle.playbook.playbook": {"Playbook": "play_draws.playbooks"},
        "metrics.experiments.assigning": {"Experiment": "measure_draws.experiments"},
        "metrics.health.components": {
            "HealthBand": "measure_draws.health_bands",
            "HealthComponent": "measure_draws.health_components",
        },
        "metrics.health.scorecard": {"HealthScorecard": "measure_draws.health_scorecards"},
        "metrics.loyalty.scheme": {"PointsScheme": "measure_draws.points_schemes"},
        "metrics.pipeline.deals": {"SalesStages": "measure_draws.sales_stages"},
    }
)
"""Module to class to strategy, each below ``customerops`` and ``customerops.testing``."""

_BY_CLASS = ("rule_draws.node",)
"""Strategies that are told which class is wanted."""

_waiting: set[str] = set()
_registered: list[bool] = []


def register() -> None:
    """Have hypothesis know a strategy for every public type of which there is one.

    Examples
    --------
    Hypothesis calls it; nothing has to be imported but hypothesis and the class.

    >>> from hypothesis import find, strategies as st
    >>> from customerops import Money
    >>> register()  # doctest: +SKIP
    >>> find(st.from_type(Money), lambda paid: paid.currency == "JPY").currency  # doctest: +SKIP
    'JPY'
    """
    if not _registered:
        _registered.append(True)
        _waiting.update(STRATEGIES)
        on_load(_register_loaded)
    _register_loaded()


def _register_loaded() -> None:
    """Register the classes of the modules that have loaded since."""
    if not _waiting:
        return
    for name in [name for name in _waiting if f"customerops.{name}" in sys.modules]:
        module = sys.modules[f"customerops.{name}"]
        if all(hasattr(module, kind) for kind in STRATEGIES[name]):  # else it is loading still
            _waiting.discard(name)
            _register_module(module, STRATEGIES[name])


def _register_module(module: Any, strategies: Mapping[str, str]) -> None:
    from hypothesis.strategies import register_type_strategy

    for kind, strategy in strategies.items():
        register_type_strategy(getattr(module, kind), functools.partial(_draw, strategy))


def _draw(strategy: str, kind: type[Any]) -> SearchStrategy[Any]:
    room, _, name = strategy.partition(".")
    found = getattr(importlib.import_module(f"customerops.testing.{room}"), name)
    drawn: SearchStrategy[Any] = found(kind) if strategy in _BY_CLASS else found()
    return drawn
