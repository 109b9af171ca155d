"""Small frozen values to plain JSON types and back, by one table of shapes each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from customerops.model.records.base import Shape
from customerops.model.values.serial import read

__all__ = ["dump", "load"]

T = TypeVar("T")


def dump(value: object, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """Return the fields of a value in plain JSON types."""
    return {name: shape.dump(getattr(value, name)) for name, shape in shapes.items()}


def load(cls: type[T], data: object, shapes: Mapping[str, Shape]) -> T:
    """Return the value that `dump` wrote, each field checked."""
    given = read(cls.__name__, data, list(shapes))
    return cls(
        **{
            name: shape.accept(name, shape.load(name, given[name]))
            for name, shape in shapes.items()
        }
    )
