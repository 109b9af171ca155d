from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables import intervals
from customerops.model.tables.axes import Axis
from customerops.model.tables.cohort import CohortTable
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Context
from customerops.model.values.window import Window
from tests.model.tables.strategies import ages, assert_adds, cohorts, groups, huge
from tests.reference.tables import cells

CONTEXT = Context("retention")
COHORT = Axis("cohort", [dt.date(2026, m, 1) for m in (1, 2, 3)], "cohort", disjoint=True)
RECURRING = Axis("cohort", COHORT.labels, "cohort")
AGE = Axis("age", [0, 1, 2], "age")
GROUP = Axis("plan", ["a", "b"], "group", disjoint=True)

# three cohorts of 10, 0 and 20; the last has only begun, and half of the first had time for age 2
COUNT = [[9, 5, 1], [0, 0, 0], [8, 0, 0]]
TOTAL = [[10, 10, 5], [0, 0, 0], [20, 0, 0]]
SIZE = [10, 0, 20]


def table(**changed: Any) -> CohortTable:
    given_: dict[str, Any] = {
        "axes": (COHORT, AGE),
        "parts": {"count": COUNT, "total": TOTAL, "size": SIZE},
        "context": CONTEXT,
    }
    return CohortTable(**(given_ | changed))


@st.composite
def cohort_tables(draw: st.DrawFn) -> CohortTable:
    """Return any table whose parts are in order."""
    axes = [draw(groups), draw(cohorts), draw(ages)]
    shape = tuple(len(axis) for axis in axes)
    flat = st.lists(huge, min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))
    count, open_ = (np.array(draw(flat), dtype=object).reshape(shape) for _ in range(2))
    total = count + open_
    size = total.max(axis=2, initial=0)
    return CohortTable(
        axes=axes, parts={"count": count, "total": total, "size": size}, context=CONTEXT
    )


def test_a_cell_is_known_when_the_whole_cohort_has_reached_it() -> None:
    t = table()
    known = [[True, True, False], [False] * 3, [True, False, False]]
    np.testing.assert_array_equal(t.complete, known)
    expected = [[0.9, 0.5, np.nan], [np.nan] * 3, [0.4, np.nan, np.nan]]
    np.testing.assert_array_equal(t.value, expected)
    low, high = t.interval()
    np.testing.assert_array_equal(np.isnan(low), ~np.array(known))
    np.testing.assert_array_equal(np.isnan(high), ~np.array(known))
    assert (low[0, 1], high[0, 1]) == tuple(intervals.wilson(5, 10, 0.95))
    np.testing.assert_array_equal(t.count, COUNT)
    np.testing.assert_array_equal(t.total, TOTAL)
    np.testing.assert_array_equal(t.size, SIZE)


def test_completeness_asks_neither_the_window_nor_the_calendar() -> None:
    over = Window.parse("2026-01-01", "2030-01-01", tz="UTC")
    t = table(context=Context("retention", as_of=0, over=over))
    assert t.value[0, 1] == 0.5
    assert t.pooled().value[1] == 0.5


def test_pooled_is_over_the_eligible() -> None:
    """Age 0: 17 of 30; age 1: 5 of 10; age 2: 1 of the 5 who had the time."""
    pooled = table().pooled()
    assert type(pooled) is Proportion
    assert pooled.axes == (AGE,)
    np.testing.assert_array_equal(pooled.count, [17, 5, 1])
    np.testing.assert_array_equal(pooled.total, [30, 10, 5])
    np.testing.assert_array_equal(pooled.value, [17 / 30, 0.5, 0.2])
    assert pooled.interval()[0][2] == intervals.wilson(1, 5, 0.95)[0]
    np.testing.assert_array_equal(pooled.complete, [True] * 3)
    assert pooled.context.option("pooled") == "eligible"


def test_an_age_nobody_reached_is_not_zero() -> None:
    parts = {"count": [[1, 0]], "total": [[2, 0]], "size": [2]}
    axes = (Axis("cohort", COHORT.labels[:1], "cohort", disjoint=True), Axis("age", [0, 1], "age"))
    pooled = table(axes=axes, parts=parts).pooled()
    np.testing.assert_array_equal(pooled.value, [0.5, np.nan])


def test_cohorts_that_share_customers_are_not_pooled() -> None:
    with pytest.raises(InvalidInputError) as caught:
        table(axes=(RECURRING, AGE)).pooled()
    assert str(caught.value) == (
        "cohort must have each customer in one cohort to be pooled: "
        "a customer may be in several: their share needs a ratio by customer"
    )


def test_cohorts_are_not_rolled_up() -> None:
    with pytest.raises(InvalidInputError, match=r"^cohort must be pooled, not rolled up"):
        table().rollup("cohort")
    with pytest.raises(InvalidInputError, match=r"^axis must be one of"):
        table().rollup("cohorts")
    with pytest.raises(InvalidInputError, match=r"^age must have each customer in one cell"):
        table().rollup("age")
    with pytest.raises(InvalidInputError, match=r"^axes must have cohorts to be pooled"):
        table().select(cohort=COHORT.labels[0]).pooled()


def test_groups_are_rolled_up() -> None:
    parts = {
        "count": [COUNT, COUNT],
        "total": [TOTAL, TOTAL],
        "size": [SIZE, SIZE],
    }
    both = table(axes=(GROUP, COHORT, AGE), parts=parts, context=Context("retention", by="plan"))
    assert both.rollup("plan") == table() + table()
    np.testing.assert_array_equal(both.pooled().count, [[17, 5, 1]] * 2)


def test_cells_are_cut_out() -> None:
    t = table()
    first = t.select(cohort=dt.date(2026, 1, 1))
    assert first.size == 10
    np.testing.assert_array_equal(first.value, [0.9, 0.5, np.nan])
    one = t.select(age=1)
    np.testing.assert_array_equal(one.value, [0.5, np.nan, np.nan])
    cell = t.select(cohort=dt.date(2026, 1, 1), age=1)
    assert cell.value == 0.5
    assert cell.complete is True
    assert (cell.count, cell.total, cell.size) == (5, 10, 10)


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("total", [[10, 11, 5], [0, 0, 0], [20, 0, 0]], "total must not exceed size"),
        ("count", [[9, 11, 1], [0, 0, 0], [8, 0, 0]], "count must not exceed total"),
        ("count", [[-1, 5, 1], [0, 0, 0], [8, 0, 0]], "count must not be negative"),
        ("size", [[10] * 3] * 3, "size must have the shape of its axes"),
    ],
)
def test_parts_are_in_order(part: str, value: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{said}"):
        table(parts={"count": COUNT, "total": TOTAL, "size": SIZE} | {part: value})


@given(cohort_tables(), cohort_tables(), cohort_tables())
def test_cohort_tables_add(a: CohortTable, b: CohortTable, c: CohortTable) -> None:
    assert_adds(a, b, c)
    assert a.pooled() + b.pooled() == (a + b).pooled()
    assert a.rollup("group") + b.rollup("group") == (a + b).rollup("group")
    assert pickle.loads(pickle.dumps(a)) == a


@given(cohort_tables())
def test_completeness_by_its_definition(a: CohortTable) -> None:
    parts = cells(a)
    expected = [
        total == parts["size"][key[:2]] and total > 0 for key, total in parts["total"].items()
    ]
    assert np.ravel(a.complete).tolist() == expected
    np.testing.assert_array_equal(np.isnan(np.ravel(a.value)), ~np.array(expected, dtype=bool))


def test_frame_is_tidy() -> None:
    frame = table().to_frame()
    columns = ["cohort", "age", "count", "total", "size", "value", "low", "high", "complete"]
    assert list(frame.columns) == columns
    assert frame["size"].tolist() == [10] * 3 + [0] * 3 + [20] * 3
    assert frame["complete"].tolist() == [True, True, False] + [False] * 3 + [True, False, False]
    np.testing.assert_array_equal(frame["value"][:3], [0.9, 0.5, np.nan])


def test_page_shows_counts_below_shares() -> None:
    page = table()._repr_html_()
    assert "<tr><th>cohort</th><th>size</th><th>0</th><th>1</th><th>2</th></tr>" in page
    assert "<tr><th>2026-01-01</th><th>10</th><td" in page
    assert "90.0 %<br><small>9 / 10</small>" in page
    assert '<td style="color:#999">–<br><small>1 / 5</small></td>' in page
    assert page.count("color:#999") == 6
    assert "left out" not in page


def test_a_large_page_says_what_it_leaves_out() -> None:
    labels = [dt.date(2020, 1, 1) + dt.timedelta(days=i) for i in range(100)]
    axes = (Axis("cohort", labels, "cohort", disjoint=True), Axis("age", range(50), "age"))
    ones = np.ones((100, 50), dtype=int)
    page = table(axes=axes, parts={"count": ones, "total": ones, "size": ones[:, 0]})._repr_html_()
    assert "70 of 100 rows left out; 32 of 50 columns left out" in page
    assert page.count("<tr>") == 31
    assert page.count("<td") == 30 * 18


def test_page_of_groups_escapes_them() -> None:
    group = Axis("<g>", ["<b>"], "group", disjoint=True)
    parts = {"count": [COUNT], "total": [TOTAL], "size": [SIZE]}
    page = table(axes=(group, COHORT, AGE), parts=parts)._repr_html_()
    assert "<th>&lt;g&gt;</th><th>cohort</th><th>size</th>" in page
    assert "<tr><th>&lt;b&gt;</th><th>2026-01-01</th><th>10</th>" in page


def test_page_without_ages_has_a_row_per_cohort() -> None:
    page = table().select(age=1)._repr_html_()
    assert "<td>2026-01-01</td><td>5</td><td>10</td><td>10</td><td>50.0 %</td>" in page
    one = table().select(age=1, cohort=COHORT.labels[0])._repr_html_()
    assert "<td>5</td><td>10</td><td>10</td><td>50.0 %</td>" in one
    ages_only = table().select(cohort=COHORT.labels[0])._repr_html_()
    assert "<tr><th>10</th><td" in ages_only
    assert "<table>" in table().select(cohort=[])._repr_html_()
