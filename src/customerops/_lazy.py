"""Public names that load on first use (PEP 562), so that an import costs what is used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

__all__ = ["lazy", "on_load"]

_TOLD: list[Callable[[], None]] = []


def on_load(tell: Callable[[], None]) -> None:
    """Have a function called whenever a public name was asked for, and so its module loaded."""
    _TOLD.append(tell)


def lazy(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package whose names live in submodules.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    homes : mapping of str to str
        Public name to the submodule that defines it; a submodule itself maps to ``""``.
    """

    def load(name: str) -> object:
        if name not in homes:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        home = homes[name]
        if not home:
            return importlib.import_module(f"{package}.{name}")
        found: object = getattr(importlib.import_module(f"{package}.{home}"), name)
        for tell in _TOLD:
            tell()
        return found

    def names() -> list[str]:
        return sorted(homes)

    return load, names
