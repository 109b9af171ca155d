"""Every public function of a log or of spells keeps the promises, on random logs."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.strategies import worlds
from tests.surface.entry import Entry, takes_data
from tests.surface.harness import ADDITION, CHECKS
from tests.surface.registry import ENTRIES
from tests.surface.world import World

Check = Callable[[Entry, World], None]

PACKAGES = ("model", "lifecycle", "metrics", "journey")
PROFILE = settings.get_profile(settings.get_current_profile_name())
EXAMPLES = settings(max_examples=max(10, PROFILE.max_examples * 2 // 5))
"""A dozen worlds each in the gate, more by profile."""


def keeps(entry: Entry, checks: tuple[Check, ...]) -> None:
    """Draw worlds and run checks of one function on each."""

    @EXAMPLES
    @given(worlds(days=entry.days))
    def holds(world: World) -> None:
        for check in checks:
            check(entry, world)

    holds()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_promises(entry: Entry) -> None:
    keeps(entry, CHECKS)


@pytest.mark.parametrize("entry", [x for x in ENTRIES if x.adds], ids=lambda entry: entry.name)
def test_adds(entry: Entry) -> None:
    keeps(entry, ADDITION)


def functions_of_data() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every public function that the promises cover."""
    for package in PACKAGES:
        module = importlib.import_module(f"customerops.{package}")
        for name in module.__all__:
            offered = getattr(module, name)
            if inspect.isfunction(offered) and takes_data(offered):
                yield f"{package}.{name}", offered


def test_complete() -> None:
    registered = {entry.function for entry in ENTRIES}
    missing = [name for name, function in functions_of_data() if function not in registered]
    assert not missing, f"to be registered in tests/surface/registry.py: {missing}"


def test_registered_once() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(names) == len(set(names))
