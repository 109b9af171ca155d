"""What it means to be registered: a function, the options it is run with, what it promises."""

import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, Literal

import attrs

from tests.surface.world import World

__all__ = ["ENTRIES", "LOGS", "Data", "Entry", "derived", "stat", "takes_data"]

Data = Literal["log", "cases", "deals", "spells", "subscriptions"]

LOGS = ("log", "cases", "deals")
"""Data that is an `InteractionLog`."""


@attrs.frozen
class Entry:
    """A function of the surface, the options it is run with, and what it promises."""

    function: Callable[..., Any]
    options: Mapping[str, Any]
    adds: bool
    data: Data

    @property
    def name(self) -> str:
        """What a test calls it."""
        home = self.function.__module__.split(".")[1]
        options = ", ".join(f"{k}={_short(v)}" for k, v in self.options.items())
        return f"{home}.{self.function.__name__}({options})"

    @property
    def takes_as_of(self) -> bool:
        """Whether the instant can be given in the call."""
        return "as_of" in inspect.signature(self.function).parameters

    @property
    def days(self) -> int:
        """How far a world may reach, so that a table by hour or by day stays small."""
        return {"hour": 2, "day": 40}.get(self.options.get("period", ""), 400)

    def build(self, world: World, *places: int, **how: bool) -> Any:
        """Build the data of some places from raw records."""
        if self.data == "spells":
            return world.spells(*places, **how)
        if self.data == "subscriptions":
            return world.contracts(*places, **how)
        if self.data == "cases":
            return world.cases(*places, registered="by" in self.options, **how)
        if self.data == "deals":
            return world.deals(*places, registered="by" in self.options, **how)
        return world.log(*places, registered="by" in self.options, **how)

    def run(self, data: Any, world: World, *, until: bool = False) -> Any:
        """Run the function as of the world's instant, given in the call or by ``until``."""
        options = world.resolve(self.options)
        if self.data in LOGS and (until or not self.takes_as_of):
            data = data.until(world.as_of)
        elif self.takes_as_of:
            options["as_of"] = world.as_of
        return self.function(data, **options)


def _ordered(value: Any) -> Any:
    """Return a value in words that are the same in all processes, for a test has one name in all.

    Sets are sorted lists, functions their names, at any depth.
    """
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_ordered(one) for one in value]
    if isinstance(value, dict):
        return {key: _ordered(one) for key, one in value.items()}
    if isinstance(value, FunctionType):
        return value.__name__
    return value


def _short(value: Any) -> str:
    value = _ordered(value)
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


ENTRIES: list[Entry] = []


def stat(function: Callable[..., Any], *, data: Data = "log", **options: Any) -> None:
    """Register a statistic: its results add over disjoint customers."""
    ENTRIES.append(Entry(function, options, adds=True, data=data))


def derived(function: Callable[..., Any], *, data: Data = "log", **options: Any) -> None:
    """Register a derived value: it keeps every promise but addition."""
    ENTRIES.append(Entry(function, options, adds=False, data=data))


def takes_data(function: Callable[..., Any]) -> bool:
    """Whether the first parameter is a log or spells, by its name or its annotation."""
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is None:
        return False
    annotation = first.annotation if isinstance(first.annotation, str) else repr(first.annotation)
    return first.name in ("log", "spells") or any(
        word in annotation for word in ("InteractionLog", "Spells")
    )
