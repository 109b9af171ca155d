"""The catalogue says what the code is: every measure is in it, with the definitions it takes."""

from __future__ import annotations

import functools
import importlib
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from customerops.metrics import CHURN_ALIASES, REVENUE_ALIASES, catalogue
from customerops.metrics.catalogue import MetricSpec, lookup
from customerops.metrics.churn import churned, retention_rates
from customerops.metrics.revenue import economics, retained
from customerops.model import Table
from customerops.model.tables import movements
from customerops.model.tables.tables import Statistic
from tests.surface.registry import ENTRIES as REGISTERED

# every public function of these is a measure, unless it is named below
MEASURING = ("metrics", "lifecycle", "journey")

# of the model those are that count customers of a log, and the quality of data
OF_DATA = {
    "model.assess",
    "model.duplicate_rate",
    "model.match_quality",
    "model.match_quality_of_pairs",
}

NOT_MEASURES = {
    "metrics.allocate": "decides",
    "metrics.assign": "deals customers to arms",
    "metrics.compare": "fits models",
    "metrics.fit": "fits a model",
    "metrics.mean": "any measure, of counts known already",
    "metrics.proportion": "any measure, of counts known already",
    "metrics.purchase_histories": "lists what recommenders learn from",
    "metrics.rate": "any measure, of counts known already",
    "metrics.ratio": "any measure, of counts known already",
    "metrics.sla_clocks": "lists the cases that `sla` counts",
    "lifecycle.advance": "moves a state on",
    "lifecycle.check": "looks at a policy",
    "lifecycle.decide": "decides",
    "lifecycle.diagram": "draws a policy",
    "lifecycle.diff": "says what was revised",
    "lifecycle.due_on": "says what is due",
    "lifecycle.migrate": "moves a state to another policy",
    "lifecycle.replay": "tells the history of one customer",
    "lifecycle.step": "moves a state on",
    "journey.choose_order": "chooses the order of a model",
    "journey.funnel_attempts": "lists the attempts that `funnel` counts",
    "journey.paths_to_conversion": "lists the paths that `attribute` reads",
    "journey.profile": "shows measures of each customer that have entries of their own",
    "model.assign_segments": "says who is in which segment",
    "model.erase_from_log": "makes a log",
    "model.inactivity_spells": "makes spells",
    "model.select": "makes an audience",
    "model.tier_spells": "makes spells",
    "model.tier_standings": "says who is on which level",
}

# where the signature says `str`, because vendors' names are taken too
OPEN: dict[str, tuple[str, ...]] = {
    "cac": tuple(economics._CAC),
    "churn_rate": churned.DEFINITIONS,
    "churn_rate_from_counts": churned.DEFINITIONS,
    "cost_to_retain": tuple(economics._RETAIN),
    "grr": tuple(retained.GRR),
    "ltv_from": tuple(economics._LTV),
    "mrr_churn_rate": tuple(movements.RATES["churn_rate"]),
    "nrr": tuple(retained.NRR),
    "payback": tuple(economics._PAYBACK),
    "quick_ratio": tuple(movements.RATES["quick_ratio"]),
    "retention_rate": retention_rates.DEFINITIONS,
}

ALIASES: dict[str, Mapping[str, str]] = {
    "churn_rate": CHURN_ALIASES,
    "churn_rate_from_counts": CHURN_ALIASES,
    "grr": REVENUE_ALIASES["grr"],
    "mrr_churn_rate": REVENUE_ALIASES["churn_rate"],
    "nrr": REVENUE_ALIASES["nrr"],
    "quick_ratio": REVENUE_ALIASES["quick_ratio"],
}

each_metric = pytest.mark.parametrize("spec", catalogue.specs(), ids=lambda spec: spec.key)


def public_functions() -> Iterator[str]:
    """Yield what could be a measure, as package and name."""
    for package in (*MEASURING, "model"):
        module = importlib.import_module(f"customerops.{package}")
        for name in module.__all__:
            offered = getattr(module, name)
            if not inspect.isfunction(offered):
                continue
            counts = next(iter(inspect.signature(offered).parameters), None) == "log"
            if package in MEASURING or counts or f"{package}.{name}" in OF_DATA:
                yield f"{package}.{name}"


def callable_at(home: str) -> Callable[..., Any]:
    _, package, *names = home.split(".")
    module: object = importlib.import_module(f"customerops.{package}")
    found = functools.reduce(getattr, names, module)
    assert callable(found)
    return found


class Offered(dict[str, Any]):
    """Names that packages offer, for annotations that only type checkers import."""

    def __missing__(self, name: str) -> Any:
        for package in (*MEASURING, "model"):
            module = importlib.import_module(f"customerops.{package}")
            if name in module.__all__:
                return getattr(module, name)
        raise KeyError(name)


def hint(function: Callable[..., Any], annotation: object) -> Any:
    """Return what an annotation says, in the names of the function's module."""
    if not isinstance(annotation, str):
        return annotation
    return eval(annotation, function.__globals__, Offered())


def test_every_measure_has_an_entry_and_every_entry_a_measure() -> None:
    public = set(public_functions())
    listed = {spec.home.removeprefix("customerops.") for spec in catalogue.specs()}
    methods = {home for home in listed if home.count(".") > 1}
    missing = public - listed - NOT_MEASURES.keys()
    assert not missing, f"to be listed in metrics/catalogue: {sorted(missing)}"
    assert listed - public == methods
    assert not listed & NOT_MEASURES.keys()
    assert NOT_MEASURES.keys() <= public


def test_no_key_is_taken_twice() -> None:
    homes = [
        importlib.import_module(f"customerops.metrics.catalogue.entries_{name}")
        for name in lookup._ENTRIES
    ]
    keys = [one.key for home in homes for one in home.ENTRIES]
    assert len(keys) == len(set(keys)) == len(catalogue.specs())
    assert [spec.key for spec in catalogue.specs()] == sorted(keys)


@each_metric
def test_home(spec: MetricSpec) -> None:
    name = spec.home.rpartition(".")[2]
    assert callable_at(spec.home).__name__ == name
    assert spec.key == name or (spec.key.endswith(f"_{name}") and spec.home.count(".") == 3)


@each_metric
def test_definitions_are_those_the_code_takes(spec: MetricSpec) -> None:
    function = callable_at(spec.home)
    taken = inspect.signature(function).parameters.get("definition")
    if taken is None:
        assert not spec.definitions
        return
    said = hint(function, taken.annotation)
    closed = OPEN[spec.key] if said is str else typing.get_args(said)
    assert closed
    assert set(spec.definitions) == set(closed)


@each_metric
def test_aliases_are_those_the_code_takes(spec: MetricSpec) -> None:
    listed = {
        alias: name
        for name, definition in spec.definitions.items()
        for alias in definition.aliases
    }
    assert listed == ALIASES.get(spec.key, {})


def test_every_table_of_aliases_is_listed() -> None:
    assert {id(table) for table in ALIASES.values()} == {
        id(CHURN_ALIASES),
        *(id(table) for table in REVENUE_ALIASES.values()),
    }


@each_metric
def test_what_adds_is_said_to_add(spec: MetricSpec) -> None:
    function = callable_at(spec.home)
    registered = {entry.adds for entry in REGISTERED if entry.function is function}
    if registered:
        adds = registered == {True}
    else:
        returned = hint(function, inspect.signature(function).return_annotation)
        returned = getattr(returned, "__bound__", returned)  # of a type variable
        classes = typing.get_args(returned) or (returned,)
        adds = all(isinstance(one, type) and issubclass(one, Statistic) for one in classes)
    assert ("customers" in spec.additivity) == adds


@each_metric
def test_shares_are_fractions_and_money_is_money(spec: MetricSpec) -> None:
    function = callable_at(spec.home)
    annotation = str(inspect.signature(function).return_annotation)
    words = ("Proportion", "ClusteredShare", "SettledShare", "ResponseRate", "ServiceLevel")
    if annotation in words:
        assert spec.unit == "fraction"
    if annotation in ("Money", "RecurringRevenue"):
        assert spec.unit == "currency"


@each_metric
def test_both_languages(spec: MetricSpec) -> None:
    def chinese(said: str) -> bool:
        return any("\u4e00" <= sign <= "\u9fff" for sign in said)

    for said in (spec.label_zh, spec.description_zh):
        assert chinese(said) or said == "RFM"
    assert not chinese(spec.label + spec.description)
    assert spec.description.endswith(".")
    assert spec.description_zh.endswith("。")
    for definition in spec.definitions.values():
        assert chinese(definition.meaning_zh)
        assert not chinese(definition.meaning)
        assert definition.authority


def test_vendors_names_are_taken_by_the_functions() -> None:
    for alias, name in CHURN_ALIASES.items():
        rate = catalogue.spec("churn_rate").definition(alias)
        assert rate is catalogue.spec("churn_rate").definitions[name]


def test_the_rule_knows_a_table_from_none() -> None:
    assert issubclass(Table, Statistic)
    assert "metrics.churn_rate" in set(public_functions())
    assert "model.tier_migration" in set(public_functions())
    assert "model.redact" not in set(public_functions())
