"""What results show of themselves in a notebook: a table, and nobody's id."""

import datetime as dt
import inspect
import re
from typing import Any

import pytest

from customerops import journey, lifecycle, metrics, model
from customerops.model import Table
from customerops.model.tables.tables import Result
from tests.surface.entry import Entry
from tests.surface.fixed import fixed_world
from tests.surface.registry import ENTRIES

PACKAGES = (model, lifecycle, metrics, journey)

CLASSES = [
    getattr(package, name)
    for package in PACKAGES
    for name in dir(package)
    if inspect.isclass(getattr(package, name))
]

RESULTS = [kind for kind in CLASSES if hasattr(kind, "to_frame") or issubclass(kind, Result)]
"""What is a table in any way, and so what a notebook shows as one."""


def _returned() -> set[str]:
    """Return the names of all classes that a public function or method says it returns."""
    functions = [
        getattr(package, name)
        for package in PACKAGES
        for name in dir(package)
        if inspect.isfunction(getattr(package, name))
    ]
    methods = [
        method for kind in CLASSES for _, method in inspect.getmembers(kind, inspect.isfunction)
    ]
    said = " ".join(
        str(inspect.signature(one).return_annotation) for one in (*functions, *methods)
    )
    return set(re.findall(r"\w+", said))


def test_there_are_results() -> None:
    assert len(RESULTS) > 100
    assert {"Proportion", "CohortTable", "Funnel", "Population", "Spells"} <= {
        kind.__name__ for kind in RESULTS
    }


@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
def test_every_result_is_a_table_in_a_notebook(kind: type[Any]) -> None:
    shown = getattr(kind, "_repr_html_", None)
    assert inspect.isfunction(shown)
    assert list(inspect.signature(shown).parameters) == ["self"]


def test_what_functions_return_is_among_them() -> None:
    framed = {kind.__name__ for kind in CLASSES if hasattr(kind, "to_frame")}
    assert framed & _returned() <= {kind.__name__ for kind in RESULTS}
    assert {"EventTable", "Attribution", "StageCounts", "RFMScores"} <= framed & _returned()


IDS = re.compile(r"\b(ann|bob|eve|mia|zoe)\b")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_no_id_is_shown(entry: Entry) -> None:
    world = fixed_world(entry.days)
    result = entry.run(entry.build(world), world)
    shown = repr(result)
    if hasattr(result, "_repr_html_"):
        page = result._repr_html_()
        assert page.startswith("<table>")
        assert ">nan<" not in page
        shown += page
    assert not IDS.search(shown)


NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def _known(id_: str, **by: str) -> model.Customer:
    given = [model.Identifier(type=type_, value=value) for type_, value in by.items()]
    return model.Customer(id=id_, identifiers=frozenset(given))


def test_identity_shows_counts() -> None:
    records = [
        _known("shop", user_id="u1", email="a@b.example"),
        _known("app", email="a@b.example", phone="+4930"),
        _known("desk", phone="+4930", user_id="u2"),
    ]
    rules = model.IdentityRules(joins=("user_id", "email", "phone"), unique={"user_id"})
    who = model.resolve_identities(records, rules)
    page, log = who._repr_html_(), who.merge_log()._repr_html_()
    assert "<td>2</td><td>1</td>" in page  # shop and app are one
    assert "<td>1</td><td>1</td>" in page  # desk stands alone
    assert "<td>True</td><td>email</td><td>–</td><td>1</td>" in log
    assert "<td>False</td><td>phone</td>" in log
    assert not re.search("shop|app|desk|example|4930", page + log)


def test_permissions_show_counts() -> None:
    given = model.Consent(customer_id="p1", purpose="marketing", status="granted", at=NEW_YEAR)
    asked = model.permitted_all(
        [given],
        purpose="marketing",
        channel="email",
        at=NEW_YEAR,
        regime="GDPR",
        customers=["p1", "p2", "p3"],
    )
    page = asked._repr_html_()
    assert "<caption>permissions</caption>" in page
    assert "<td>True</td>" in page
    assert "<td>2</td></tr>" in page
    assert not re.search("p[123]", page)


def test_quality_shows_measures() -> None:
    people = model.Schema(fields=(model.Field(name="id", required=True, unique=True),))
    report = model.assess({"id": [7, 7, None]}, people, as_of=NEW_YEAR)
    page = report._repr_html_()
    assert "<caption>quality of 3 rows</caption>" in page
    assert "<td>completeness</td><td>id</td><td>2</td><td>3</td><td>0.6667</td>" in page
    rejected = report.rejected._repr_html_()
    assert rejected.count("<tr>") == 1 + len(report.rejected.counts())


def test_spells_show_columns() -> None:
    world = fixed_world()
    page = world.spells(known=True)._repr_html_()
    assert "<caption>spells: 5 rows</caption>" in page
    assert "<td>observed</td><td>5</td><td>2</td><td></td><td></td><td></td>" in page
    assert "False: 3, True: 2" in page
    assert not IDS.search(page)


def test_parts_are_visible() -> None:
    """Numerator and denominator stand beside each share, and what is not complete is grey."""
    for entry in ENTRIES:
        if entry.function in (metrics.retention, metrics.churn_rate, metrics.nps):
            world = fixed_world(entry.days)
            result = entry.run(entry.build(world), world)
            page = result._repr_html_()
            if isinstance(result, Table) and result.axes[-1:] and result.axes[-1].kind == "age":
                assert " / " in page
            elif isinstance(result, Table):
                assert all(f"<th>{name}</th>" in page for name in result.PARTS)
            if not getattr(result.complete, "all", lambda done=result.complete: done)():
                assert "#999" in page
