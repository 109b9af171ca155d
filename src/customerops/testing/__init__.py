"""Random customers, logs, policies and rules for tests, and the laws a metric of one's own keeps.

Needs hypothesis: ``pip install 'customerops[test]'``. Hypothesis finds the strategies by itself:
``st.from_type(Customer)`` works where neither this package nor anything else is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy
from customerops.errors import MissingDependencyError

if TYPE_CHECKING:
    from customerops.testing.instant_draws import instants, windows
    from customerops.testing.laws import assert_adds, assert_as_of, assert_pure
    from customerops.testing.log_draws import business_hours, calendars, logs, spells
    from customerops.testing.map_draws import journey_maps, segmentations, tier_policies
    from customerops.testing.play_draws import playbooks
    from customerops.testing.policy_draws import histories, policies, states
    from customerops.testing.record_draws import (
        consents,
        customers,
        identifiers,
        interactions,
        items,
        subscriptions,
        tags,
    )
    from customerops.testing.rule_draws import customer_rules, event_rules
    from customerops.testing.value_draws import channels, customer_ids, kinds, money

__all__ = [
    "assert_adds",
    "assert_as_of",
    "assert_pure",
    "business_hours",
    "calendars",
    "channels",
    "consents",
    "customer_ids",
    "customer_rules",
    "customers",
    "event_rules",
    "histories",
    "identifiers",
    "instants",
    "interactions",
    "items",
    "journey_maps",
    "kinds",
    "logs",
    "money",
    "playbooks",
    "policies",
    "segmentations",
    "spells",
    "states",
    "subscriptions",
    "tags",
    "tier_policies",
    "windows",
]

_HOMES = {
    "assert_adds": "laws",
    "assert_as_of": "laws",
    "assert_pure": "laws",
    "business_hours": "log_draws",
    "calendars": "log_draws",
    "channels": "value_draws",
    "consents": "record_draws",
    "customer_ids": "value_draws",
    "customer_rules": "rule_draws",
    "customers": "record_draws",
    "event_rules": "rule_draws",
    "histories": "policy_draws",
    "identifiers": "record_draws",
    "instants": "instant_draws",
    "interactions": "record_draws",
    "items": "record_draws",
    "journey_maps": "map_draws",
    "kinds": "value_draws",
    "logs": "log_draws",
    "money": "value_draws",
    "playbooks": "play_draws",
    "policies": "policy_draws",
    "segmentations": "map_draws",
    "spells": "log_draws",
    "states": "policy_draws",
    "subscriptions": "record_draws",
    "tags": "record_draws",
    "tier_policies": "map_draws",
    "windows": "instant_draws",
}

_load, __dir__ = lazy(__name__, _HOMES)


def __getattr__(name: str) -> object:
    try:
        return _load(name)
    except ModuleNotFoundError as missing:
        if missing.name != "hypothesis":
            raise
        raise MissingDependencyError("hypothesis", "test", __name__) from None
