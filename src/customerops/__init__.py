"""The pure domain layer of customer operations: records, lifecycle, metrics, journeys.

Everything but the errors loads on first use, so an import costs what is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from customerops import errors
from customerops._lazy import lazy
from customerops.errors import (
    ConvergenceError,
    CustomerOpsError,
    InvalidInputError,
    Late,
    MissingDependencyError,
    TransitionError,
)

if TYPE_CHECKING:
    from customerops import engines, journey, lifecycle, metrics, model
    from customerops.model.log.log import InteractionLog
    from customerops.model.log.spells import Spells
    from customerops.model.records.records import Customer, Interaction, Item, Subscription
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.money import Money
    from customerops.model.values.window import Window

__all__ = [
    "Calendar",
    "ConvergenceError",
    "Customer",
    "CustomerOpsError",
    "Interaction",
    "InteractionLog",
    "InvalidInputError",
    "Item",
    "Late",
    "MissingDependencyError",
    "Money",
    "Spells",
    "Subscription",
    "TransitionError",
    "Window",
    "engines",
    "errors",
    "journey",
    "lifecycle",
    "metrics",
    "model",
]

_HOMES = {
    "Calendar": "model.values.calendar",
    "Customer": "model.records.records",
    "Interaction": "model.records.records",
    "InteractionLog": "model.log.log",
    "Item": "model.records.records",
    "Money": "model.values.money",
    "Spells": "model.log.spells",
    "Subscription": "model.records.records",
    "Window": "model.values.window",
    "engines": "",
    "journey": "",
    "lifecycle": "",
    "metrics": "",
    "model": "",
}

_load, _names = lazy(__name__, _HOMES)


def __getattr__(name: str) -> object:
    return _load(name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_names()})
