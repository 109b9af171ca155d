"""The promises, each a check of one function on one world."""

import decimal
import inspect
import itertools
import pickle
import random
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd
import scipy.optimize  # these two add warning filters of their own when they are
import scipy.special  # noqa: F401 - loaded, so they are, before the filters are watched

from customerops.errors import InvalidInputError
from customerops.model.values.labels import label_key
from tests.surface.entry import LOGS, Entry
from tests.surface.world import PLACES, World

__all__ = ["ADDITION", "CHECKS", "views"]


CACHES = ("_cache", "_blocks", "_judge")
"""Private fields that hold what was derived, written once with what it must be."""


def same(a: object, b: object) -> bool:
    """Whether two results are equal, by their own ``==``, which must give a bool."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    equal = a == b
    assert isinstance(equal, bool), f"== of {type(a).__name__} gives {type(equal).__name__}"
    return equal and type(a) is type(b)


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
            if field.name not in CACHES
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


def process_state() -> str:
    """Return what a function could change for everybody else."""
    context = decimal.getcontext()
    return repr(
        [
            random.getstate(),
            np.random.get_state(legacy=False),
            np.geterr(),
            warnings.filters,
            (context.prec, context.rounding, context.traps),
        ]
    )


def check_unmutated(entry: Entry, world: World) -> None:
    """Leave the data, its flags, the options and the process as they were."""
    data = entry.build(world)
    options = world.resolve(entry.options)
    before = snapshot(data), snapshot(options), process_state()
    assert not writable(before[0]), "an array of the input can be written to"
    result = entry.run(data, world)
    for _ in views(result):
        pass
    after = snapshot(data), snapshot(options), process_state()
    for what, was, now in zip(("data", "options", "process"), before, after, strict=True):
        assert was == now, f"{entry.name} changed the {what}"


def check_deterministic(entry: Entry, world: World) -> None:
    """Give the same again: on the same data, on data built again, on customers in another order."""
    data = entry.build(world)
    first = entry.run(data, world)
    assert same(first, entry.run(data, world)), "a second call gives another result"
    assert same(first, entry.run(entry.build(world), world)), "data built again gives another"
    if entry.data in LOGS:
        regrouped = entry.run(entry.build(world, grouped=True), world)
        assert same(first, regrouped), "the order of the customers in the input shows"


def check_pickles(entry: Entry, world: World) -> None:
    """Come back from pickling equal, and show the same."""
    result = entry.run(entry.build(world), world)
    back = pickle.loads(pickle.dumps(result))
    assert same(back, result), "a pickled result comes back different"
    for (name, was), (_, now) in zip(views(result), views(back), strict=True):
        assert snapshot(was) == snapshot(now), f"{name} of a pickled result is different"


def check_as_of(entry: Entry, world: World) -> None:
    """Use nothing after the instant, however it is given."""
    full, known = entry.build(world), entry.build(world, known=True)
    result = entry.run(full, world)
    assert same(result, entry.run(known, world)), "later records change the result"
    if entry.data in LOGS:
        assert same(result, entry.run(full, world, until=True)), "until() gives another result"
        assert same(result, entry.run(known, world, until=True)), (
            "later records show after until()"
        )


def check_views(entry: Entry, world: World) -> None:
    """Show every view of any result, the same each time, and stay equal to itself."""
    result = entry.run(entry.build(world), world)
    kept = pickle.loads(pickle.dumps(result))
    for name, value in views(result):
        again = view(result, name)
        assert snapshot(value) == snapshot(again), f"{name} differs when asked again"
    assert same(result, kept), "a view changed the result"
    html = getattr(result, "_repr_html_", str)()
    assert not re.search(r">\s*(nan|none|nat)\s*<", html.lower()), "a table for people shows nan"


def check_adds(entry: Entry, world: World) -> None:
    """Add over disjoint customers, each part built from raw records, in any order."""
    parts = [entry.build(world, place) for place in PLACES]
    a, b, c = (entry.run(part, world) for part in parts)
    whole = entry.run(entry.build(world), world)
    for x, y, z in itertools.permutations((a, b, c)):
        assert same((x + y) + z, whole), "the parts do not add up to the whole"
        assert same(x + (y + z), whole), "addition is not associative"
    assert same(sum((a, b, c)), whole), "sum() does not add the parts up"
    joined = parts[0].union(parts[1])
    assert same(entry.run(joined, world), a + b), "f(a.union(b)) is not f(a) + f(b)"


def check_neutral(entry: Entry, world: World) -> None:
    """Leave a result as it is when nobody's result is added."""
    nobody = attrs.evolve(world, records=(), subscriptions=(), customers=world.customers and ())
    empty = entry.run(entry.build(nobody), world)
    result = entry.run(entry.build(world), world)
    assert same(empty + result, result), "the result of no data + r is not r"
    assert same(result + empty, result), "r + the result of no data is not r"
    assert same(0 + result, result), "0 + r is not r"
    assert same(empty + empty, empty), "nothing and nothing is something"


def check_labels(entry: Entry, world: World) -> None:
    """Have the labels of the parts, joined, on every axis: sorted, each once."""
    whole = labels(entry.run(entry.build(world), world))
    parts = [labels(entry.run(entry.build(world, place), world)) for place in PLACES]
    for axis, keys in whole.items():
        assert keys == sorted(set(keys)), f"axis {axis} is not sorted, or repeats a label"
        joined = sorted({key for part in parts for key in part[axis]})
        assert keys == joined, f"axis {axis} of the whole has not the labels of its parts"


def labels(result: Any) -> dict[str, list[Any]]:
    """Return the sort keys of the labels of every axis."""
    axes = (*getattr(result, "axes", ()), *getattr(result, "outer", ()))
    return {axis.name: [label_key(label) for label in axis.labels] for axis in axes}


CHECKS = (check_unmutated, check_deterministic, check_pickles, check_as_of, check_views)
ADDITION = (check_adds, check_neutral, check_labels)
