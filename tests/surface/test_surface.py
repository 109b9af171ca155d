"""Every public function of a log or of spells keeps the promises, on random logs."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.strategies import worlds
from tests.surface.harness import ADDITION, CHECKS
from tests.surface.registry import ENTRIES, Entry
from tests.surface.world import World

Check = Callable[[Entry, World], None]

PACKAGES = ("model", "lifecycle", "metrics", "journey")
CASES = [
    pytest.param(check, entry, id=f"{check.__name__.removeprefix('check_')}-{entry.name}")
    for entry in ENTRIES
    for check in (*CHECKS, *(ADDITION if entry.adds else ()))
]
EXAMPLES = max(20, settings.default.max_examples * 2 // 5)  # 20 in the gate, more by profile


@pytest.mark.parametrize(("check", "entry"), CASES)
def test_promise(check: Check, entry: Entry) -> None:
    @settings(max_examples=EXAMPLES)
    @given(worlds(days=entry.days))
    def holds(world: World) -> None:
        check(entry, world)

    holds()


def takes_data(function: Callable[..., Any]) -> bool:
    """Whether the first parameter is a log or spells, by its name or its annotation."""
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is None:
        return False
    annotation = first.annotation if isinstance(first.annotation, str) else repr(first.annotation)
    return first.name in ("log", "spells") or any(
        word in annotation for word in ("InteractionLog", "Spells")
    )


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
