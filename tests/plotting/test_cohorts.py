from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import RevenueCohorts
from customerops.model import Axis, CohortTable, Context
from customerops.plotting import cohort_map
from tests.plotting.marks import greyed, lines, mesh, rendered, said, ticks

COHORTS = Axis("cohort", [dt.date(2026, m, 1) for m in (1, 2, 3)], "cohort", disjoint=True)
AGES = Axis("age", [0, 1, 2], "age")
COUNT = [[10, 4, 1], [8, 2, 0], [5, 0, 0]]
TOTAL = [[10, 10, 10], [8, 8, 3], [5, 0, 0]]
SIZE = [10, 8, 5]
CONTEXT = Context("retention", period="month", as_of=0)


def table(**given: Any) -> CohortTable:
    parts = {"count": COUNT, "total": TOTAL, "size": SIZE}
    return CohortTable(**{"axes": [COHORTS, AGES], "parts": parts, "context": CONTEXT, **given})


def test_greyed_cells_are_those_that_not_the_whole_cohort_has_reached() -> None:
    cohorts = table()
    ax = rendered(cohorts.plot())
    assert greyed(ax) == [(1, 2), (2, 1), (2, 2)]
    assert greyed(ax) == [tuple(cell) for cell in np.argwhere(~cohorts.complete).tolist()]
    shown = mesh(ax)
    assert shown.mask.tolist() == np.isnan(cohorts.value).tolist()
    assert shown.compressed().tolist() == [1.0, 0.4, 0.1, 1.0, 0.25, 1.0]
    assert said(ax)[:9] == ["100", "40", "10", "100", "25", "", "100", "", ""]


def test_labels() -> None:
    ax = rendered(cohort_map(table()))
    assert ticks(ax, "y") == ["2026-01  (10)", "2026-02  (8)", "2026-03  (5)"]
    assert ticks(ax) == ["0", "1", "2"]
    assert ax.get_ylabel() == "cohort (customers)"
    assert ax.get_xlabel() == "months since the start\nin the cells: share of the cohort (%)"
    assert ax.get_title("left") == "Retention"
    assert said(ax)[-1] == "as of 1970-01-01 00:00 UTC"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["not over"]


def test_the_first_age_does_not_set_the_colours() -> None:
    (found,) = cohort_map(table()).collections
    assert (found.norm.vmin, found.norm.vmax) == (0.0, 0.4)
    parts = {"count": [[5]], "total": [[5]], "size": [5]}
    alone = table(axes=[COHORTS.at([0]), AGES.at([0])], parts=parts)
    (found,) = rendered(cohort_map(alone)).collections
    assert found.norm.vmax == 1.0
    assert cohort_map(alone).get_legend() is None


def test_revenue_may_grow() -> None:
    """Revenue at an age by that at age 0 is not a share of customers: it may exceed 100 %."""
    ones = np.ones((1, 2), int)
    parts = {"n": ones, "x": [[100, 130]], "y": [[100, 100]], "xx": [[10000, 16900]],
             "yy": [[10000, 10000]], "xy": [[10000, 13000]], "seen": ones, "size": [1]}  # fmt: skip
    axes = [COHORTS.at([0]), AGES.at([0, 1])]
    context = Context("revenue_cohorts", currency="EUR", period="month")
    ax = rendered(RevenueCohorts(axes=axes, parts=parts, context=context).plot())
    assert mesh(ax).compressed().tolist() == [1.0, 1.3]
    assert "revenue of the cohort at age 0 (%)" in ax.get_xlabel()
    (found,) = ax.collections
    assert found.norm.vmax == 1.3


def test_one_cohort_is_a_line() -> None:
    ax = rendered(table().select(cohort=dt.date(2026, 1, 1)).plot())
    assert lines(ax) == {"_": [1.0, 0.4, 0.1]}


def test_groups_are_refused() -> None:
    groups = Axis("country", ["DE"], "group", disjoint=True)
    parts = {"count": [COUNT], "total": [TOTAL], "size": [SIZE]}
    grouped = table(axes=[groups, COHORTS, AGES], parts=parts)
    with pytest.raises(
        InvalidInputError, match=r"of one group to be drawn: select\(country=\.\.\.\)"
    ):
        grouped.plot()
    rendered(grouped.select(country="DE").plot())
