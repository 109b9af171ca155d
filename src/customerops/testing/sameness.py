"""When two results are the same, and whether anything inside a value has changed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.values.labels import label_key

__all__ = ["hold", "labels", "same", "snapshot", "view", "views", "writable"]

_CACHES = ("_cache", "_blocks", "_judge")
"""Private fields that hold what was derived, written once with what it must be."""


def hold(truth: bool, reason: str) -> None:  # noqa: FBT001 - an assertion's two parts
    """Assert, whatever Python was told about assert statements."""
    if not truth:
        raise AssertionError(reason)


def same(a: object, b: object) -> bool:
    """Whether two results are equal, by their own ``==``, which must give a bool."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, float) and isinstance(b, float) and a != a and b != b:  # noqa: PLR0124 - NaN
        return True
    equal = a == b
    if isinstance(a, np.generic) or isinstance(b, np.generic):
        return bool(equal) and type(a) is type(b)  # a number of numpy's has a truth of numpy's
    kind = type(a).__name__
    hold(isinstance(equal, bool), f"== of {kind} gives {type(equal).__name__}, not bool")
    return bool(equal) and type(a) is type(b)


def views(result: Any) -> Iterator[tuple[str, object]]:
    """Yield everything a result shows that needs no argument; a refusal in words is a view too."""
    for name in sorted(set(dir(type(result)))):
        if name.startswith("_") and name not in ("__repr__", "_repr_html_"):
            continue
        if name == "plot":
            continue
        attribute = view(result, name)
        if attribute is not ...:
            yield name, attribute


def view(result: Any, name: str) -> Any:
    """Return what a result shows under a name, or ``...`` where it needs an argument."""
    try:
        attribute = getattr(result, name)
        if not callable(attribute):
            return attribute
        shown = inspect.isroutine(attribute) and not _needs_arguments(attribute)
        return attribute() if shown else ...
    except InvalidInputError as refusal:
        return str(refusal)


def _needs_arguments(function: Callable[..., Any]) -> bool:
    empty, star = (
        inspect.Parameter.empty,
        (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD),
    )
    parameters = inspect.signature(function).parameters.values()
    return any(p.default is empty and p.kind not in star for p in parameters)


def snapshot(value: Any) -> Any:
    """Return the content of a value and the flags of every array inside it, caches left out."""
    import pandas as pd

    if isinstance(value, np.ndarray):
        content = repr(value.tolist()) if value.dtype == object else value.tobytes()
        return (str(value.dtype), value.shape, value.flags.writeable, content)
    if isinstance(value, pd.DataFrame):
        return [
            (str(name), str(column.dtype), repr(column.tolist())) for name, column in value.items()
        ]
    if attrs.has(type(value)):
        return {
            field.name: snapshot(getattr(value, field.name))
            for field in attrs.fields(type(value))
            if field.name not in _CACHES
        }
    if isinstance(value, Mapping):
        return {key: snapshot(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        value = sorted(value, key=repr)  # the order of a set is nobody's promise
    if isinstance(value, list | tuple):
        return [snapshot(item) for item in value]
    return repr(value)


def writable(value: Any) -> bool:
    """Whether any array inside a snapshot can be written to."""
    if isinstance(value, tuple):
        return bool(value[2])
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(writable, inner))


def labels(result: Any) -> dict[str, list[Any]]:
    """Return the sort keys of the labels of every axis."""
    axes = (*getattr(result, "axes", ()), *getattr(result, "outer", ()))
    return {axis.name: [label_key(label) for label in axis.labels] for axis in axes}
