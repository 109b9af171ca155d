"""Hypothesis knows every record and value by its class alone, and importing it costs nothing."""

import importlib
import importlib.metadata
import inspect
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops import _lazy, lifecycle, metrics, model
from customerops.model.records.base import Record
from customerops.testing import registering

ROOT = Path(__file__).parents[2]
ENTRY = "customerops.testing.registering:register"

TYPES = [
    getattr(importlib.import_module(f"customerops.{room}"), kind)
    for room, kinds in registering.STRATEGIES.items()
    for kind in kinds
]


FITTED = {metrics.BdW, metrics.GammaGamma, metrics.LogNormal, metrics.NBD, metrics.SBG}
"""Models that are made by fitting, not by callers, beside those of purchases."""


@pytest.fixture(autouse=True, scope="module")
def registered() -> None:
    """Register here too: the installed package may be older than its entry point."""
    registering.register()


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_from_type(kind: Any) -> None:
    @settings(max_examples=8)
    @given(st.from_type(kind))
    def holds(value: Any) -> None:
        assert isinstance(value, kind)
        if isinstance(value, Record):
            assert kind.from_dict(json.loads(json.dumps(value.to_dict()))) == value

    holds()


def test_every_record_and_rule_is_known() -> None:
    """Every public class that is made by callers, of records, rules and policies."""
    offered = {
        one
        for package in (model, lifecycle, metrics)
        for one in (getattr(package, name) for name in package.__all__)
        if inspect.isclass(one) and issubclass(one, (Record, model.Rule))
    }
    apart = {model.Field, model.Schema, model.FieldMap}  # what a caller's own data look like
    models: Any = (metrics.Fitted, metrics.PurchaseModel, metrics.ContractModel)
    fitted = {one for one in offered if issubclass(one, models)} | FITTED
    assert {one.__name__ for one in offered - apart - fitted - set(TYPES)} == set()


def test_registers_once() -> None:
    told = list(_lazy._TOLD)
    registering.register()
    assert told == _lazy._TOLD


PROBE = """
import hypothesis, json, sys
ours = {"numpy", "pandas", "scipy", "attr", "attrs"} & set(sys.modules)
from hypothesis import given, settings, strategies as st
drawn = []
def draw(kind):
    @settings(max_examples=3, database=None, deadline=None)
    @given(st.from_type(kind))
    def one(value):
        drawn.append(type(value).__name__)
    one()
from customerops import Customer
draw(Customer)
records = {"numpy", "pandas"} & set(sys.modules)
from customerops import InteractionLog
from customerops.lifecycle import LifecyclePolicy
draw(InteractionLog)
draw(LifecyclePolicy)
print(json.dumps([sorted(ours), sorted(records), sorted(set(drawn))]))
"""


def test_by_the_entry_point_alone() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["entry-points"]["hypothesis"] == {"customerops": ENTRY}
    installed = importlib.metadata.entry_points(group="hypothesis")
    if ENTRY not in {one.value for one in installed}:
        pytest.skip("installed before it had an entry point: pip install -e . again")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    loaded, by_records, drawn = json.loads(run.stdout)
    assert loaded == []
    assert by_records == []
    assert drawn == ["Customer", "InteractionLog", "LifecyclePolicy"]


WITHOUT = """
import sys
sys.modules["hypothesis"] = None
import customerops.testing
try:
    customerops.testing.logs
except customerops.MissingDependencyError as missing:
    print(missing)
sys.modules["customerops.testing.log_draws"] = None
try:
    customerops.testing.logs
except ModuleNotFoundError as missing:
    print(type(missing).__name__)
"""


def test_without_hypothesis() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    said, other = run.stdout.splitlines()
    assert said.startswith("customerops.testing needs hypothesis, which is not installed: pip")
    assert said.endswith("install 'customerops[test]'")
    assert other == "ModuleNotFoundError"


def test_a_module_that_is_loading_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its classes come later, and so does their registration."""
    empty = type(sys)("customerops.model.values.money")
    monkeypatch.setitem(sys.modules, "customerops.model.values.money", empty)
    monkeypatch.setattr(registering, "_waiting", {"model.values.money"})
    registering._register_loaded()
    assert registering._waiting == {"model.values.money"}
