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
    from customerops import journey, lifecycle, metrics, model
    from customerops.model.calendar import Calendar
    from customerops.model.log import InteractionLog
    from customerops.model.money import Money
    from customerops.model.records import Customer, Interaction, Item, Subscription
    from customerops.model.spells import Spells
    from customerops.model.window import Window

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
    "errors",
    "journey",
    "lifecycle",
    "metrics",
    "model",
]

_HOMES = {
    "Calendar": "model.calendar",
    "Customer": "model.records",
    "Interaction": "model.records",
    "InteractionLog": "model.log",
    "Item": "model.records",
    "Money": "model.money",
    "Spells": "model.spells",
    "Subscription": "model.records",
    "Window": "model.window",
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
