"""Every result has a picture, or says what to draw in its place."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from typing import Any

import pytest
from matplotlib import rcParams
from matplotlib.axes import Axes

from customerops import journey, lifecycle, metrics, model
from customerops.errors import InvalidInputError
from customerops.metrics import DailySum, roi
from customerops.model.tables.shown import Shown
from customerops.model.tables.tables import Result
from customerops.plotting.drawing import INSTEAD, PARTS, PICTURES, draw
from tests.plotting.marks import rendered, said
from tests.surface.entry import Entry
from tests.surface.fixed import fixed_world
from tests.surface.registry import ENTRIES

CLASSES = {
    name: getattr(package, name)
    for package in (model, lifecycle, metrics, journey)
    for name in dir(package)
    if inspect.isclass(getattr(package, name))
}

SHOWN = {name: kind for name, kind in CLASSES.items() if issubclass(kind, Shown)}


def _wanted() -> list[Entry]:
    """Return one entry for each function."""
    found: dict[object, Entry] = {}
    for entry in ENTRIES:
        found.setdefault(entry.function, entry)
    return list(found.values())


@pytest.mark.parametrize("entry", _wanted(), ids=lambda entry: entry.name)
def test_every_function_returns_what_can_be_drawn(entry: Entry) -> None:
    world = fixed_world(min(entry.days, 100))
    result = entry.run(entry.build(world), world)
    if not isinstance(result, Shown):
        assert not isinstance(result, Result)
        return
    refused: InvalidInputError | None = None
    try:
        ax = rendered(result.plot())
    except InvalidInputError as error:
        refused = error
    else:
        assert ax.get_title("left")
        assert not re.search(r"\b(ann|bob|eve|mia|zoe)\b", " ".join(said(ax)))
    if refused:
        assert refused.problem  # what to do in its place
        assert refused.requirement.endswith(("drawn", "picture", "alone"))


def test_what_is_named_exists() -> None:
    named = {*PICTURES, *PARTS, *INSTEAD}
    bases = {base.__name__ for kind in CLASSES.values() for base in kind.__mro__}
    assert named <= bases
    assert not (set(PARTS) & set(PICTURES) | set(PARTS) & set(INSTEAD))
    assert not set(PICTURES) & set(INSTEAD)


@pytest.mark.parametrize("kind", SHOWN.values(), ids=SHOWN)
def test_every_class_is_decided(kind: type[Any]) -> None:
    bases = [base.__name__ for base in kind.__mro__]
    known = next((name for name in bases if name in {*PICTURES, *PARTS, *INSTEAD}), None)
    assert known is not None


def test_results_are_shown() -> None:
    """Fitted models, tracking and validation are no tables, and are drawn all the same."""
    assert {"BGNBD", "PurchaseTracking", "Validation", "RFM", "SBG", "LifetimeValue"} <= set(SHOWN)


def test_parts_are_drawn_in_place_of_the_whole() -> None:
    entry = next(e for e in ENTRIES if e.options.get("definition") == "daily_sum")
    world = fixed_world()
    result = entry.run(entry.build(world), world)
    assert isinstance(result, DailySum)
    assert result.plot().get_title("left") == result.daily.plot().get_title("left")


def test_the_reachable_are_drawn_by_channel() -> None:
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    mail = model.Identifier(type="email", value="a@example.com")
    people = [model.Customer(id="a", identifiers=frozenset({mail})), model.Customer(id="b")]
    given = [
        model.Consent(customer_id=who, purpose="news", status="granted", at=at) for who in "ab"
    ]
    found = metrics.reachable(people, given, channels=["email", "sms"], purpose="news", at=at)
    ax = rendered(found.plot())
    assert ax.containers[0].lines[0].get_xdata().tolist() == [0.5, 0]
    assert said(ax)[:2] == ["1 / 2", "0 / 2"]


def test_before_and_after_say_why_they_have_none() -> None:
    one = metrics.proportion(3, 9)
    with pytest.raises(
        InvalidInputError, match="the result before and the one after can be drawn"
    ):
        metrics.before_after(before=one, after=one).plot()


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(
        InvalidInputError, match="an int has none: results of customerops have one"
    ):
        draw(3)
    with pytest.raises(InvalidInputError, match="a Figure has none: it is one number"):
        roi(benefit=3, cost=2).plot()

    class CohortTable:  # not ours
        pass

    with pytest.raises(InvalidInputError, match="a CohortTable has none"):
        draw(CohortTable())


def test_no_global_state_is_touched() -> None:
    import sys

    before, modules = dict(rcParams), set(sys.modules)
    ax = model.Proportion(
        parts={"count": 1, "total": 2}, context=model.Context("churn_rate")
    ).plot()
    rendered(ax)
    assert dict(rcParams) == before
    assert "matplotlib.pyplot" not in set(sys.modules) - modules
    assert isinstance(ax, Axes)
