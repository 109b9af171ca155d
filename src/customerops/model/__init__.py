"""Records, values, rules, the log, spells, estimates and tables: what everything else stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops._lazy import lazy

if TYPE_CHECKING:
    from customerops.model.axes import Axis
    from customerops.model.calendar import Calendar
    from customerops.model.cohort import CohortTable
    from customerops.model.columns import Coded, Numbers
    from customerops.model.context import Context
    from customerops.model.estimates import Difference, Mean, Movements, NetPromoterScore, Proportion, Quotient, Rate, Ratio
    from customerops.model.faults import Rejected
    from customerops.model.grouping import Grouping, first, last
    from customerops.model.hashing import keyed_hash
    from customerops.model.intake import const
    from customerops.model.kinds import Channel, IdentifierType, Kind
    from customerops.model.labels import END, Label, START
    from customerops.model.lines import Lines
    from customerops.model.log import InteractionLog
    from customerops.model.log_frames import ColumnOptions
    from customerops.model.money import Money
    from customerops.model.records import Consent, Customer, Identifier, Interaction, Item, Subscription, Tag
    from customerops.model.rules import Rule, actor_kind, always, amount, as_rule, at, attribute, campaign, category, channel, customer, direction, kind, name, outcome, sku, thread, value
    from customerops.model.spells import Spells, inactivity_spells, spells_of
    from customerops.model.tables import Table
    from customerops.model.window import Window

__all__ = [
    "Axis",
    "Calendar",
    "Channel",
    "Coded",
    "CohortTable",
    "ColumnOptions",
    "Consent",
    "Context",
    "Customer",
    "Difference",
    "END",
    "Grouping",
    "Identifier",
    "IdentifierType",
    "Interaction",
    "InteractionLog",
    "Item",
    "Kind",
    "Label",
    "Lines",
    "Mean",
    "Money",
    "Movements",
    "NetPromoterScore",
    "Numbers",
    "Proportion",
    "Quotient",
    "Rate",
    "Ratio",
    "Rejected",
    "Rule",
    "START",
    "Spells",
    "Subscription",
    "Table",
    "Tag",
    "Window",
    "actor_kind",
    "always",
    "amount",
    "as_rule",
    "at",
    "attribute",
    "campaign",
    "category",
    "channel",
    "const",
    "customer",
    "direction",
    "first",
    "inactivity_spells",
    "keyed_hash",
    "kind",
    "last",
    "name",
    "outcome",
    "sku",
    "spells_of",
    "thread",
    "value",
]

_HOMES = {
    "Axis": "axes",
    "Calendar": "calendar",
    "CohortTable": "cohort",
    "Coded": "columns",
    "Numbers": "columns",
    "Context": "context",
    "Difference": "estimates",
    "Mean": "estimates",
    "Movements": "estimates",
    "NetPromoterScore": "estimates",
    "Proportion": "estimates",
    "Quotient": "estimates",
    "Rate": "estimates",
    "Ratio": "estimates",
    "Rejected": "faults",
    "Grouping": "grouping",
    "first": "grouping",
    "last": "grouping",
    "keyed_hash": "hashing",
    "const": "intake",
    "Channel": "kinds",
    "IdentifierType": "kinds",
    "Kind": "kinds",
    "END": "labels",
    "Label": "labels",
    "START": "labels",
    "Lines": "lines",
    "InteractionLog": "log",
    "ColumnOptions": "log_frames",
    "Money": "money",
    "Consent": "records",
    "Customer": "records",
    "Identifier": "records",
    "Interaction": "records",
    "Item": "records",
    "Subscription": "records",
    "Tag": "records",
    "Rule": "rules",
    "actor_kind": "rules",
    "always": "rules",
    "amount": "rules",
    "as_rule": "rules",
    "at": "rules",
    "attribute": "rules",
    "campaign": "rules",
    "category": "rules",
    "channel": "rules",
    "customer": "rules",
    "direction": "rules",
    "kind": "rules",
    "name": "rules",
    "outcome": "rules",
    "sku": "rules",
    "thread": "rules",
    "value": "rules",
    "Spells": "spells",
    "inactivity_spells": "spells",
    "spells_of": "spells",
    "Table": "tables",
    "Window": "window",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
