from __future__ import annotations

import copy
import math
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.support import Distribution, EventTable, Support
from customerops.model.tables.tables import Context
from customerops.model.values.calendar import Calendar
from customerops.model.values.instants import to_us
from customerops.model.values.labels import label_key
from customerops.model.values.window import Window
from tests.model.tables.strategies import axes_of, groups

CONTEXT = Context("gap_times", by="country")
COUNTRY = Axis("country", ["DE", "FR", None], "group", disjoint=True)
AGES = axes_of("age", "age", [0, 1, 2], disjoint=False)

whole = st.integers(-5, 5) | st.sampled_from([-(2**61), 2**61, 10**15])
floats = st.sampled_from([-1.5, -0.0, 0.0, 0.5, 1.0, 1e300, -1e300])


def make(values: Any, codes: Any = None, outer: Any = (), **changed: Any) -> Distribution:
    return Distribution.from_rows(
        values, codes=codes, outer=outer, context=changed.pop("context", CONTEXT), **changed
    )


@st.composite
def multisets(draw: st.DrawFn, values: st.SearchStrategy[Any] = whole) -> Distribution:
    outer = [draw(groups), draw(AGES)]
    cells = len(outer[0]) * len(outer[1])
    size = draw(st.integers(0, 12)) if cells else 0
    at = draw(st.lists(values, min_size=size, max_size=size))
    codes = draw(st.lists(st.integers(0, max(cells - 1, 0)), min_size=size, max_size=size))
    weights = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    return make(at, np.array(codes, dtype=np.int64), outer, weights=weights)


def counter(d: Distribution) -> Counter[tuple[Any, ...]]:
    """Return how often each (labels, value) occurs."""
    out: Counter[tuple[Any, ...]] = Counter()
    for cell, at, count in zip(d.cell, d.points, d.count, strict=True):
        places = np.unravel_index(cell, d.shape) if d.outer else ()
        keys = (label_key(a.labels[int(i)]) for a, i in zip(d.outer, places, strict=True))
        out[(*keys, at)] += int(count)
    return out


# the canonical form ------------------------------------------------------------------------------


@given(st.data())
def test_rows_are_counted_like_a_counter(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(st.integers(0, 2), whole, st.integers(0, 3)), max_size=15))
    d = make(
        [v for _, v, _ in rows],
        np.array([c for c, _, _ in rows], dtype=np.int64),
        (COUNTRY,),
        weights=[w for _, _, w in rows],
    )
    expected: Counter[Any] = Counter()
    for cell, value, weight in rows:
        expected[(label_key(COUNTRY.labels[cell]), value)] += weight
    assert counter(d) == +expected
    pairs = list(zip(d.cell.tolist(), d.points.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert (d.count > 0).all()


@pytest.mark.parametrize("spread", [1, 10**6, 2**60], ids=["dense", "one key", "two keys"])
@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_every_way_of_merging_agrees(spread: int, kind: type) -> None:
    rng = np.random.default_rng(1)
    at: np.ndarray = (rng.integers(-3, 4, 200) * spread).astype(kind)
    cell = rng.integers(0, 3, 200)
    d = make(at, cell, (COUNTRY,))
    expected = Counter(zip(cell.tolist(), at.tolist(), strict=True))
    got = dict(
        zip(zip(d.cell.tolist(), d.points.tolist(), strict=True), d.count.tolist(), strict=True)
    )
    assert got == expected
    assert list(got) == sorted(got)


def test_there_is_one_zero() -> None:
    d = make([0.0, -0.0, 1.0])
    assert d.count.tolist() == [2, 1]
    assert math.copysign(1, d.points[0]) == 1
    assert math.copysign(1, make([-0.0]).points[0]) == 1


def test_rows_that_come_in_order_are_copied() -> None:
    at = np.array([1, 2, 3])
    cell = np.array([0, 0, 0])
    d = make(at, cell)
    at[0] = cell[0] = 9
    assert d.points.tolist() == [1, 2, 3]
    assert d.cell.tolist() == [0, 0, 0]
    for array in (d.points, d.cell, d.count):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@given(multisets())
def test_multisets_come_back_from_pickle_and_copy(d: Distribution) -> None:
    for back in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d), copy.copy(d)):
        assert back == d
        assert not back.points.flags.writeable


def test_equality_is_of_everything() -> None:
    d = make([1, 2])
    assert d == make([2, 1])
    assert d == make([2.0, 1.0])
    assert d != make([1, 3])
    assert d != make([1, 2, 2])
    assert d != make([1, 2], context=Context("another"))
    outer = [Axis("g", ["a", "b"], "group", disjoint=True)]
    assert make([1, 2], [0, 1], outer) != make([1, 2], [1, 1], outer)
    assert d != make([1, 2], [0, 0], outer)
    assert d != "d"
    assert Distribution.from_rows([], context=CONTEXT) != EventTable.from_rows(
        [], [], context=CONTEXT
    )
    with pytest.raises(TypeError, match="unhashable"):
        hash(d)


def test_repr_is_short() -> None:
    d = make([1, 2, 2], [0, 1, 1], (COUNTRY,))
    assert repr(d) == "Distribution(metric='gap_times', axes=country[3] x at[2])"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"at": [1, math.nan]}, r"at must be finite: 1 of 2 rows is not \(first at row 1\)"),
        ({"at": [math.inf, -math.inf]}, "at must be finite: 2 of 2 rows are not"),
        ({"at": [True, False]}, "at must be whole numbers: got bool"),
        ({"at": ["a", "b"]}, "at must be whole numbers: got <U1"),
        ({"at": [2**62, 0]}, "at must be below 2\\*\\*62 if whole"),
        ({"at": [[1], [2]]}, "at must be one-dimensional: got 2 dimensions"),
        ({"parts": {"count": [1, -1]}}, "count must not be negative"),
        ({"parts": {"count": [1.0, 1.0]}}, "count must be whole numbers: got float"),
        (
            {"parts": {"count": [1]}},
            r"count must have one count per value: got shape \(1,\) for 2",
        ),
        ({"parts": {"count": [2**52, 2**52]}}, r"count must add up to less than 2\*\*53"),
        ({"parts": {"count": [2**62, 2**62]}}, r"count must add up to less than 2\*\*53"),
        ({"parts": {}}, r"parts must be \['count'\]: got \[\]"),
        ({"cell": [0]}, r"cell must be one whole number per value: got int64 of shape \(1,\)"),
        ({"cell": [0.0, 1.0]}, "cell must be one whole number per value: got float64"),
        ({"cell": [0, 3]}, "cell must be from 0 to 2"),
        ({"cell": [-1, 0]}, "cell must be from 0 to 2"),
        ({"outer": [COUNTRY, COUNTRY]}, "outer must have different names"),
    ],
)
def test_input_is_checked(changed: dict[str, Any], said: str) -> None:
    given_: dict[str, Any] = {
        "outer": (COUNTRY,),
        "at": [1, 2],
        "cell": [0, 2],
        "parts": {"count": [1, 1]},
        "context": CONTEXT,
    }
    Distribution(**given_)
    with pytest.raises(InvalidInputError, match=f"^{said}"):
        Distribution(**(given_ | changed))


def test_the_greatest_count_is_allowed() -> None:
    assert make([1, 2], weights=[2**52, 2**52 - 1]).n == 2**53 - 1


# addition ----------------------------------------------------------------------------------------


@given(multisets(), multisets(), multisets())
def test_addition_is_that_of_counters(a: Distribution, b: Distribution, c: Distribution) -> None:
    total = a + b + c
    assert counter(total) == counter(a) + counter(b) + counter(c)
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert sum([a, b, c]) == total
    empty = make([], outer=[Axis(x.name, [], x.kind, x.disjoint) for x in a.outer])
    assert a + empty == a == empty + a


@given(multisets(floats), multisets(st.integers(-2, 2)), multisets(floats))
def test_floats_and_whole_numbers_add(a: Distribution, b: Distribution, c: Distribution) -> None:
    assert (a + b) + c == a + (b + c) == (c + b) + a


def test_whole_numbers_that_a_float_would_round_do_not_turn_into_floats() -> None:
    assert (make([2**53]) + make([0.5])).points.tolist() == [0.5, 2.0**53]
    for big in (2**53 + 1, -(2**53) - 1):
        for a, b in ((make([big]), make([0.5])), (make([0.5]), make([big]))):
            with pytest.raises(InvalidInputError, match=r"^at must be of one type to add results"):
                a + b
        assert (make([big]) + make(np.zeros(0))).points.tolist() == [big]
        assert (make(np.zeros(0)) + make([big])).points.tolist() == [big]


def test_new_labels_move_the_cells() -> None:
    more = Axis("country", ["AT", "FR"], "group", disjoint=True)
    total = make([1, 2], [0, 2], (COUNTRY,)) + make([7, 8], [0, 1], (more,))
    assert total.outer[0].labels == ("AT", "DE", "FR", None)
    assert total.cell.tolist() == [0, 1, 2, 3]
    assert total.points.tolist() == [7, 1, 8, 2]


def test_what_does_not_belong_together_is_refused() -> None:
    d = make([1], [0], (COUNTRY,))
    with pytest.raises(InvalidInputError, match=r"^axes must be the same.*\['country'\] and \[\]"):
        d + make([1])
    with pytest.raises(InvalidInputError, match=r"^metric must be the same to add results"):
        d + make([1], [0], (COUNTRY,), context=Context("another"))
    with pytest.raises(InvalidInputError, match=r"^results must be of one class"):
        d + Proportion(parts={"count": 1, "total": 1}, context=CONTEXT)
    with pytest.raises(InvalidInputError, match=r"^count must add up to less than 2\*\*53"):
        make([1], weights=[2**52]) + make([2], weights=[2**52])


# cutting and rolling up ----------------------------------------------------------------------------


def test_select() -> None:
    d = make([1, 2, 2, 3], [0, 1, 1, 2], (COUNTRY,))
    france = d.select(country="FR")
    assert (france.outer, france.points.tolist(), france.count.tolist()) == ((), [2], [2])
    both = d.select(country=[None, "DE"])
    assert both.outer[0].labels == ("DE", None)
    assert both.cell.tolist() == [0, 1]
    assert both.points.tolist() == [1, 3]
    with pytest.raises(InvalidInputError, match=r"^country must be a label of the axis"):
        d.select(country="ES")
    with pytest.raises(InvalidInputError, match=r"^axis must be one of \['country'\]"):
        d.select(plan="a")
    with pytest.raises(InvalidInputError, match=r"these differ: select\.country"):
        france + d.select(country="DE")


@given(multisets())
def test_rollup_forgets_the_group(d: Distribution) -> None:
    rolled = d.rollup("group")
    expected: Counter[Any] = Counter()
    for (_, age, at), count in counter(d).items():
        expected[(age, at)] += count
    assert counter(rolled) == expected
    assert rolled.outer == d.outer[1:]
    assert rolled.context.by is None
    with pytest.raises(InvalidInputError, match=r"^age must have each customer in one cell"):
        d.rollup("age")


@given(multisets(), multisets(), st.data())
def test_cutting_commutes_with_addition(
    a: Distribution, b: Distribution, data: st.DataObject
) -> None:
    assert a.rollup("group") + b.rollup("group") == (a + b).rollup("group")
    shared = [v for v in a.outer[1].labels if v in b.outer[1].labels]
    if shared:
        age = data.draw(st.sampled_from(shared))
        assert a.select(age=age) + b.select(age=age) == (a + b).select(age=age)
    assert a.select(age=shared) + b.select(age=shared) == (a + b).select(age=shared)


# completeness, frames and pages --------------------------------------------------------------------


def test_complete_is_that_of_tables() -> None:
    over = Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    assert over.end is not None
    assert make([1]).complete is True
    assert make([1], context=Context("m", as_of=0, over=over)).complete is False
    assert make([1], context=Context("m", as_of=to_us(over.end), over=over)).complete is True
    months = Axis("period", Calendar("UTC").labels(np.array([671, 672]), "month"), "period")
    context = Context(
        "m", as_of=to_us(over.end) - 2, calendar=Calendar("UTC"), period="month", over=over
    )
    d = make([1, 2], [0, 1], (months,), context=context)
    np.testing.assert_array_equal(d.complete, [True, False])
    np.testing.assert_array_equal(d.mean, [1.0, np.nan])
    np.testing.assert_array_equal(d.quantile([0.5, 1]), [[1.0, 1.0], [np.nan, np.nan]])
    assert d.to_frame()["count"].tolist() == [1, 1]
    page = d._repr_html_()
    assert page.count("color:#999") == 1
    assert "grey: not complete" in page


def test_frame_has_one_row_per_value() -> None:
    frame = make([5, 1, 5], [2, 0, 2], (COUNTRY,)).to_frame()
    assert list(frame.columns) == ["country", "at", "count"]
    assert frame["at"].tolist() == [1, 5]
    assert frame["count"].tolist() == [1, 2]
    assert frame["country"].isna().tolist() == [False, True]
    at = Axis("at", ["x"], "group", disjoint=True)
    assert list(make([1], [0], (at,)).to_frame().columns) == ["by_at", "at", "count"]
    assert len(make([]).to_frame()) == 0


def test_page() -> None:
    outer = [Axis("<g>", ["<b>"], "group", disjoint=True)]
    page = make(np.arange(100), np.zeros(100, dtype=int), outer)._repr_html_()
    assert "<th>&lt;g&gt;</th><th>at</th><th>count</th>" in page
    assert "<td>&lt;b&gt;</td><td>0</td><td>1</td>" in page
    assert "70 of 100 rows left out" in page
    assert "<table>" in make([])._repr_html_()


def test_support_is_a_base() -> None:
    assert issubclass(Distribution, Support)
    assert issubclass(EventTable, Support)
