"""The reference is made of docstrings: what a machine can hold them to."""

import ast
import builtins
import doctest
import enum
import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from customerops.metrics import catalogue
from customerops.model.records.base import Record
from customerops.model.tables.tables import Result
from tests.test_public_names import MODULES, documented, public_functions, sections

INTERNAL = {
    "Axis": {"keys"},  # of its labels, to compare them
    "Resolution": {"cache", "columns", "evidence", "heard"},  # what its methods read
}
"""Fields of public classes that are nobody's business but the library's."""

UNSOURCED = {
    "arithmetic, the same everywhere": {
        "customerops.metrics.CampaignSummary.conversion_after",
        "customerops.metrics.CampaignSummary.reply_rate",
        "customerops.metrics.change",
        "customerops.metrics.gross_margin",
        "customerops.metrics.net_change",
        "customerops.metrics.period_change",
        "customerops.metrics.pipeline_coverage",
        "customerops.metrics.quota_attainment",
        "customerops.metrics.units_per_transaction",
    },
    "customary, and written down by nobody in particular": {
        "customerops.lifecycle.Population.win_back_rate",
        "customerops.metrics.adoption",
        "customerops.metrics.cost_to_retain",
        "customerops.metrics.dormancy_rate",
        "customerops.metrics.escalation_rate",
        "customerops.metrics.next_window_repurchase",
        "customerops.metrics.onboarding_completion",
        "customerops.metrics.onboarding_steps",
        "customerops.metrics.stage_conversion",
    },
    "counts of customers along what the caller defines": {
        "customerops.journey.coverage",
        "customerops.journey.next_best",
        "customerops.journey.stage_flow",
        "customerops.journey.stages",
        "customerops.lifecycle.replay_log",
        "customerops.metrics.activity_profile",
        "customerops.metrics.overdue_contacts",
        "customerops.metrics.reachable",
        "customerops.metrics.theme_counts",
        "customerops.model.segment_matches",
        "customerops.model.segment_migration",
        "customerops.model.segment_overlap",
        "customerops.model.segment_reach",
        "customerops.model.segment_sizes",
        "customerops.model.tier_migration",
        "customerops.model.tier_sizes",
    },
}
"""Metrics whose definition is from no book and of no vendor, by the reason why."""


def public_classes() -> Iterator[tuple[str, type]]:
    for package in MODULES:
        module = importlib.import_module(package)
        for name in module.__all__:
            offered = getattr(module, name)
            if inspect.isclass(offered):
                yield f"{package}.{name}", offered


def own_methods(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Return the public methods that a class has from itself, and from what has no page."""
    for base in cls.__mro__:
        ours = base.__module__.startswith("customerops.")
        if base is cls or (ours and base not in CLASSES.values()):
            for name, found in vars(base).items():
                if not name.startswith("_") and inspect.isroutine(
                    getattr(found, "__func__", found)
                ):
                    yield name, getattr(base, name)


def made_by_hand(cls: type) -> bool:
    """Whether callers make it: neither a result nor an error, and nothing that a function makes."""
    return (
        "Parameters" in sections(cls)
        and not issubclass(cls, Result | BaseException | enum.Enum)
        and "; made by" not in str(inspect.getdoc(cls)).partition("\n")[0]
    )


def explained(cls: type) -> set[str]:
    """Return the fields that a class or one it is made of explains."""
    names: set[str] = set()
    for base in cls.__mro__:
        found = sections(base)
        names |= documented(found.get("Parameters", "")) | documented(found.get("Attributes", ""))
        names |= {name for name, x in vars(base).items() if isinstance(x, property) and x.__doc__}
    return names


def unbound(docstring: str) -> set[str]:
    """Return the names that the examples of a docstring use, and neither make nor import openly."""
    if ">>>" not in docstring:
        return set()
    examples = doctest.DocTestParser().get_examples(docstring)
    if any(doctest.SKIP in one.options for one in examples):
        return set()
    read: set[str] = set()
    made = set(dir(builtins))
    for node in ast.walk(ast.parse("".join(one.source for one in examples))):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                made.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                made.add(name)
            case ast.ExceptHandler(name=str(name)):
                made.add(name)
            case ast.ImportFrom(module=str(home)) if home.startswith("customerops."):
                made |= {one.name for one in node.names} if home in MODULES else set()
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                made |= {(one.asname or one.name).partition(".")[0] for one in names}
            case _:
                pass
    return read - made


def resolve(home: str) -> Any:
    """Return what the catalogue names: a function of a package, or a method of a class of one."""
    package, _, name = home.rpartition(".")
    try:
        return getattr(importlib.import_module(package), name)
    except ModuleNotFoundError:
        return getattr(resolve(package), name)


FUNCTIONS = dict(public_functions())
CLASSES = dict(public_classes())
HOMES = sorted({one.home for one in catalogue.specs()})


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_of_a_function(function: Callable[..., Any]) -> None:
    told = documented(sections(function).get("Parameters", ""))
    assert told == set(inspect.signature(function).parameters)
    assert unbound(str(inspect.getdoc(function))) == set()


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_of_a_class(cls: type) -> None:
    assert inspect.getdoc(cls)
    assert unbound(cls.__doc__ or "") == set()
    if made_by_hand(cls):
        assert documented(sections(cls)["Parameters"]) == set(inspect.signature(cls).parameters)
        assert ">>>" in sections(cls).get("Examples", "")
    if attrs.has(cls) and not issubclass(
        cls, Result
    ):  # those of results are said once, at `Table`
        fields = {one.name for one in attrs.fields(cls) if not one.name.startswith("_")}
        fields -= {"model", "type"} if issubclass(cls, Record) else set()  # say which record it is
        assert fields - explained(cls) == INTERNAL.get(cls.__name__, set())


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_of_methods(cls: type) -> None:
    for name, method in own_methods(cls):
        assert unbound(method.__doc__ or "") == set(), name
        if "Parameters" in (found := sections(method)):
            taken = set(inspect.signature(method).parameters) - {"self"}
            assert documented(found["Parameters"]) == taken, name


@pytest.mark.parametrize("home", HOMES)
def test_a_metric_says_how_it_is_computed_and_whose_definition_it_is(home: str) -> None:
    found = sections(resolve(home))
    assert found.get("Notes", "").strip()
    reasons = [reason for reason, homes in UNSOURCED.items() if home in homes]
    assert bool(found.get("References", "").strip()) != bool(reasons)


def test_no_exception_outlives_its_name() -> None:
    assert set().union(*UNSOURCED.values()) <= set(HOMES)
    assert set(INTERNAL) <= {cls.__name__ for cls in CLASSES.values()}
