from __future__ import annotations

import copy
import datetime as dt
import math
import pickle
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd
import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.tables import Context, Table
from customerops.model.values.calendar import Calendar
from customerops.model.values.instants import to_us
from customerops.model.values.labels import START, label_key
from customerops.model.values.window import Window
from tests.model.tables.strategies import ages, assert_adds, axes_of, groups, huge, tables
from tests.reference.tables import added, cells, labels, without_zeros


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Pair(Table):
    """Two parts, one of which does not span the ages."""

    PARTS: ClassVar[tuple[str, ...]] = ("hits", "size")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"size": ("group",)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Edges(Table):
    """A part that spans one of two axes of a kind, by its name."""

    PARTS: ClassVar[tuple[str, ...]] = ("moves", "starts")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"starts": ("source",)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Other(Table):
    PARTS: ClassVar[tuple[str, ...]] = ("hits", "size")


COUNTRY = Axis("country", ["DE", "FR", None], "group", disjoint=True)
AGE = Axis("age", [0, 1], "age")
CONTEXT = Context("metric", by="country")


def pair(**changed: Any) -> Pair:
    given: dict[str, Any] = {
        "axes": (COUNTRY, AGE),
        "parts": {"hits": [[1, 2], [3, 4], [5, 6]], "size": [10, 20, 30]},
        "context": CONTEXT,
    }
    return Pair(**(given | changed))


pairs = tables(Pair)


# addition --------------------------------------------------------------------------------------


@given(pairs, pairs, pairs)
def test_addition_is_that_of_dictionaries(a: Pair, b: Pair, c: Pair) -> None:
    total = a + b + c
    expected = added([cells(a), cells(b), cells(c)])
    assert without_zeros(cells(total)) == without_zeros(expected)
    assert labels(total) == [
        sorted(set().union(*(labels(t)[i] for t in (a, b, c)))) for i in range(2)
    ]
    assert_adds(a, b, c)


@given(pairs)
def test_the_result_of_nobody_is_neutral(a: Pair) -> None:
    empty = [Axis(axis.name, [], axis.kind, axis.disjoint) for axis in a.axes]
    parts = {"hits": np.zeros((0, 0), dtype=np.int64), "size": []}
    nobody = Pair(axes=empty, parts=parts, context=a.context)
    assert a + nobody == a == nobody + a
    assert nobody + nobody == nobody


def test_a_new_label_is_filled_with_zero() -> None:
    more = Axis("country", ["AT", "FR"], "group", disjoint=True)
    total = pair() + pair(axes=(more, AGE), parts={"hits": [[1, 1], [10, 10]], "size": [1, 100]})
    assert total.axes[0].labels == ("AT", "DE", "FR", None)
    assert total.parts["hits"].tolist() == [[1, 1], [1, 2], [13, 14], [5, 6]]
    assert total.parts["size"].tolist() == [1, 10, 120, 30]


def test_sums_pass_int64_and_come_back() -> None:
    big = pair(axes=(), parts={"hits": 2**62 - 1, "size": 0})
    assert (big + big + big).parts["hits"].item() == 3 * (2**62 - 1)
    less = pair(axes=(), parts={"hits": -(2**63), "size": 0})
    assert (big + big + less).parts["hits"].dtype == np.int64


def test_only_the_number_zero_is_neutral() -> None:
    assert 0 + pair() == pair()
    for other in (False, 0.0, 1, None):
        with pytest.raises(TypeError):
            other + pair()
        with pytest.raises(TypeError):
            pair() + other


def test_different_classes_are_refused() -> None:
    other = Other(axes=(), parts={"hits": 1, "size": 2}, context=CONTEXT)
    with pytest.raises(InvalidInputError, match=r"^results must be of one class.*Pair and Other$"):
        pair(axes=(), parts={"hits": 1, "size": 2}) + other


def test_different_axes_are_refused() -> None:
    with pytest.raises(
        InvalidInputError, match=r"^axes must be the same .*: got \['country', 'age'\] and \[\]"
    ):
        pair() + pair(axes=(), parts={"hits": 1, "size": 2})
    plan = attrs.evolve(pair(), axes=(Axis("plan", COUNTRY.labels, "group", disjoint=True), AGE))
    with pytest.raises(InvalidInputError, match=r"got name 'country' and 'plan'"):
        pair() + plan


def test_different_contexts_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"^metric must be the same to add results"):
        pair() + pair(context=Context("another", by="country"))


# the value of it ---------------------------------------------------------------------------------


@given(pairs)
def test_tables_come_back_from_pickle_and_copy(a: Pair) -> None:
    for back in (pickle.loads(pickle.dumps(a)), copy.deepcopy(a), copy.copy(a)):
        assert back == a
        assert type(back) is Pair
        assert not any(part.flags.writeable for part in back.parts.values())


def test_equality_is_of_everything() -> None:
    assert pair() == pair()
    assert pair() != pair(context=Context("metric"))
    assert pair() != pair(parts={"hits": [[1, 2], [3, 4], [5, 7]], "size": [10, 20, 30]})
    assert pair() != pair(axes=(COUNTRY, Axis("age", [0, 2], "age")))
    assert pair() != "pair"
    scalar = {"hits": 1, "size": 2}
    other = Other(axes=(), parts=scalar, context=CONTEXT)
    assert pair(axes=(), parts=scalar) != other


def test_tables_do_not_change_and_do_not_hash() -> None:
    hits = np.array([[1, 2], [3, 4], [5, 6]])
    table = pair(parts={"hits": hits, "size": [10, 20, 30]})
    hits[0, 0] = 99
    assert table == pair()
    with pytest.raises(FrozenInstanceError):
        table.axes = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        table.parts["hits"] = hits  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        table.parts["hits"][0, 0] = 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(table)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"parts": {"hits": 1}}, r"parts must be \['hits', 'size'\]: got \['hits'\]"),
        ({"parts": {"hits": 1, "size": 1, "more": 1}}, r"parts must be"),
        (
            {"parts": {"hits": [[1, 2]], "size": [1, 2, 3]}},
            r"hits must have the shape of its axes, \(3, 2\): got shape \(1, 2\)",
        ),
        (
            {"parts": {"hits": np.zeros((3, 2), dtype=int), "size": np.zeros((3, 2), dtype=int)}},
            r"size must have the shape of its axes, \(3,\): got shape \(3, 2\)",
        ),
        ({"parts": {"hits": 1.0, "size": 1}}, "hits must be whole numbers: got float"),
        ({"axes": (AGE, AGE)}, r"axes must have different names: got \['age', 'age'\]"),
    ],
)
def test_parts_and_axes_are_checked(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{said}"):
        pair(**changed)


def test_a_part_may_span_axes_by_name() -> None:
    axes = [Axis(name, ["a", "b", "c"], "state") for name in ("source", "target")]
    moves = np.arange(9).reshape(3, 3)
    edges = Edges(axes=axes, parts={"moves": moves, "starts": [1, 2, 3]}, context=CONTEXT)
    assert edges.select(target="b").parts["starts"].tolist() == [1, 2, 3]
    assert edges.select(source="b").parts["starts"].item() == 2


def test_repr_is_short() -> None:
    assert repr(pair()) == "Pair(metric='metric', axes=country[3] x age[2])"
    scalar = pair(axes=(), parts={"hits": 1, "size": 2})
    assert repr(scalar) == "Pair(metric='metric', hits=1, size=2)"


def test_the_definition_is_at_hand() -> None:
    assert pair(context=Context("metric", definition="stripe")).definition == "stripe"


# cutting and rolling up ----------------------------------------------------------------------------


def test_select_one_label_drops_the_axis() -> None:
    table = pair()
    france = table.select(country="FR")
    assert france.axes == (AGE,)
    assert france.parts["hits"].tolist() == [3, 4]
    assert france.parts["size"].item() == 20
    assert table.select(country=None).parts["size"].item() == 30
    cell = table.select(country="DE", age=1)
    assert cell.parts["hits"].item() == 2
    assert cell.shape == ()


def test_select_a_list_keeps_the_axis_sorted() -> None:
    table = pair().select(country=[None, "DE"])
    assert table.axes[0].labels == ("DE", None)
    assert table.parts["hits"].tolist() == [[1, 2], [5, 6]]
    assert table.parts["size"].tolist() == [10, 30]
    assert table == pair().select(country=["DE", None, "DE"])
    assert pair().select(country=[]).shape == (0, 2)


def test_a_tuple_is_a_label() -> None:
    axis = Axis("state", ["a", START], "state")
    table = Pair(axes=(axis,), parts={"hits": [1, 2], "size": 3}, context=CONTEXT)
    assert table.select(state=START).parts["hits"].item() == 2


def test_cells_of_different_selections_do_not_add() -> None:
    with pytest.raises(InvalidInputError, match=r"these differ: select\.country"):
        pair().select(country="DE") + pair().select(country="FR")
    with pytest.raises(InvalidInputError, match=r"these differ: select\.country"):
        pair().select(country=["DE"]) + pair().select(country=["DE", "FR"])


@given(st.data())
def test_select_commutes_with_addition(data: st.DataObject) -> None:
    states = axes_of("state", "state", ["a", "b", START], disjoint=False)
    a, b = (data.draw(tables(Pair, (groups, states))) for _ in range(2))
    shared = [v for v in a.axes[1].labels if v in b.axes[1].labels]
    if shared:
        label = data.draw(st.sampled_from(shared))
        assert a.select(state=label) + b.select(state=label) == (a + b).select(state=label)
    assert a.select(state=shared) + b.select(state=shared) == (a + b).select(state=shared)


@given(pairs, pairs)
def test_rollup_commutes_with_addition(a: Pair, b: Pair) -> None:
    assert a.rollup("group") + b.rollup("group") == (a + b).rollup("group")


@given(pairs)
def test_rollup_sums_the_parts(a: Pair) -> None:
    rolled = a.rollup("group")
    assert rolled.axes == a.axes[1:]
    assert rolled.parts["size"].item() == sum(a.parts["size"].tolist())
    expected = {label_key(age): 0 for age in a.axes[1].labels}
    for (_, age), value in cells(a)["hits"].items():
        expected[age] += value
    assert {k: v for (k,), v in cells(rolled)["hits"].items()} == expected


def test_rolling_up_the_groups_leaves_the_result_without_groups() -> None:
    assert pair().rollup("country").context == Context("metric")
    cohort = Axis("cohort", [1], "cohort", disjoint=True)
    table = Pair(axes=(cohort,), parts={"hits": [7], "size": 9}, context=CONTEXT).rollup("cohort")
    assert table.context.by == "country"
    assert (table.parts["hits"].item(), table.parts["size"].item()) == (7, 9)


def test_an_axis_with_shared_customers_is_not_rolled_up() -> None:
    with pytest.raises(InvalidInputError) as caught:
        pair().rollup("age")
    assert caught.value.name == "age"
    assert str(caught.value) == (
        "age must have each customer in one cell to be rolled up: "
        "a customer may be in several of its cells and would count several times"
    )


def test_unknown_axes_and_labels_are_refused() -> None:
    said = r"^axis must be one of \['country', 'age'\]: got 'contry', did you mean 'country'"
    with pytest.raises(InvalidInputError, match=said):
        pair().rollup("contry")
    with pytest.raises(InvalidInputError, match=said):
        pair().select(contry="DE")
    with pytest.raises(InvalidInputError, match=r"^country must be a label of the axis"):
        pair().select(country="ES")
    with pytest.raises(
        InvalidInputError, match=r"^country must have plain Python labels: got set"
    ):
        pair().select(country={"DE"})  # type: ignore[arg-type]


# completeness ----------------------------------------------------------------------------------


UTC = Calendar("UTC")


def us(year: int, month: int, day: int) -> int:
    return to_us(dt.datetime(year, month, day, tzinfo=dt.UTC))


MONTHS = Axis("period", [dt.date(2026, m, 1) for m in (1, 2, 3)], "period")


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (us(2026, 3, 1), [True, True, False]),
        (us(2026, 3, 1) - 1, [True, True, False]),
        (us(2026, 3, 1) - 2, [True, False, False]),
        (us(2026, 4, 1), [True, True, True]),
        (None, [True, True, True]),
    ],
)
def test_a_period_is_complete_when_every_instant_of_it_is_known(
    as_of: int | None, expected: list[bool]
) -> None:
    over = Window.parse("2026-01-01", "2026-06-01", tz="UTC")  # the periods decide
    context = Context("m", as_of=as_of, calendar=UTC, period="month", over=over)
    country = Axis("country", ["DE", "FR"], "group", disjoint=True)
    parts = {"hits": np.zeros((2, 3), dtype=int), "size": [1, 2]}
    table = Pair(axes=(country, MONTHS), parts=parts, context=context)
    np.testing.assert_array_equal(table.complete, [expected, expected])
    for month, done in zip(MONTHS.labels, expected, strict=True):
        one = table.select(country="DE", period=month)
        assert one.complete is done
        np.testing.assert_array_equal(table.select(period=month).complete, [done, done])


def test_without_a_calendar_a_period_counts_as_complete() -> None:
    context = Context("m", as_of=0, period="month")
    table = Pair(axes=(MONTHS,), parts={"hits": [0, 0, 0], "size": 1}, context=context)
    assert table.complete.all()
    context = Context("m", as_of=0, calendar=UTC)
    table = Pair(axes=(MONTHS,), parts={"hits": [0, 0, 0], "size": 1}, context=context)
    assert table.complete.all()


@pytest.mark.parametrize(
    ("end", "as_of", "expected"),
    [
        ("2026-03-01", us(2026, 3, 1), True),
        ("2026-03-01", us(2026, 3, 1) - 1, True),
        ("2026-03-01", us(2026, 3, 1) - 2, False),
        (None, us(2026, 3, 1), True),
        ("2026-03-01", None, True),
    ],
)
def test_a_window_is_complete_when_every_instant_of_it_is_known(
    end: str | None, as_of: int | None, expected: bool
) -> None:
    over = Window.parse("2026-01-01", end, tz="UTC")
    table = pair(context=Context("m", as_of=as_of, over=over))
    np.testing.assert_array_equal(table.complete, np.full((3, 2), expected))
    scalar = pair(axes=(), parts={"hits": 1, "size": 1}, context=table.context)
    assert scalar.complete is expected


def test_with_neither_period_nor_window_it_is_complete() -> None:
    assert pair(axes=(), parts={"hits": 1, "size": 1}, context=Context("m", as_of=0)).complete


# frames and pages ----------------------------------------------------------------------------------


def test_frame_has_one_row_per_cell() -> None:
    frame = pair().to_frame()
    assert list(frame.columns) == ["country", "age", "hits", "size", "complete"]
    assert frame["age"].tolist() == [0, 1] * 3
    assert frame["hits"].tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["size"].tolist() == [10, 10, 20, 20, 30, 30]
    assert frame["hits"].dtype == np.int64
    assert frame["age"].dtype == np.int64
    assert frame["complete"].dtype == np.bool_
    assert frame["country"].tolist()[:4] == ["DE", "DE", "FR", "FR"]
    assert frame["country"].isna().tolist() == [False] * 4 + [True] * 2


def test_frame_of_no_axes_has_one_row() -> None:
    frame = pair(axes=(), parts={"hits": 1, "size": 2**70}).to_frame()
    assert frame.to_dict("records") == [{"hits": 1, "size": 2**70, "complete": True}]


def test_frame_of_nobody_has_its_columns() -> None:
    frame = pair().select(country=[]).to_frame()
    assert list(frame.columns) == ["country", "age", "hits", "size", "complete"]
    assert len(frame) == 0


def test_dates_become_datetimes() -> None:
    table = Pair(axes=(MONTHS,), parts={"hits": [0, 0, 0], "size": 1}, context=CONTEXT)
    column = table.to_frame()["period"]
    assert column.dtype == np.dtype("datetime64[s]")
    assert column[1] == pd.Timestamp("2026-02-01")


def test_labels_of_mixed_types_stay_apart() -> None:
    axis = Axis("g", [True, 1, 1.0], "group", disjoint=True)
    table = Pair(axes=(axis,), parts={"hits": [1, 2, 3], "size": [1, 2, 3]}, context=CONTEXT)
    assert [type(v) for v in table.to_frame()["g"]] == [bool, int, float]


def test_an_axis_named_like_a_part_is_renamed_in_the_frame() -> None:
    size = Axis("size", ["s", "xl"], "group", disjoint=True)
    table = Pair(axes=(size,), parts={"hits": [1, 2], "size": [3, 4]}, context=CONTEXT)
    frame = table.to_frame()
    assert list(frame.columns) == ["by_size", "hits", "size", "complete"]
    assert frame["by_size"].tolist() == ["s", "xl"]


def test_page_escapes_and_shows_the_parts() -> None:
    axis = Axis("<i>", ["<script>", None], "group", disjoint=True)
    table = Pair(
        axes=(axis,),
        parts={"hits": [12345, 2], "size": [3, 4]},
        context=Context("a<b", definition="x&y"),
    )
    page = table._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<caption>a&lt;b (x&amp;y)</caption>" in page
    assert "<th>&lt;i&gt;</th><th>hits</th><th>size</th>" in page
    assert "<td>12,345</td><td>3</td>" in page
    assert "missing" in page
    assert "left out" not in page
    assert "not complete" not in page


def test_a_long_page_says_what_it_leaves_out() -> None:
    axis = Axis("g", range(1234), "group", disjoint=True)
    zeros = [0] * 1234
    page = Pair(axes=(axis,), parts={"hits": zeros, "size": zeros}, context=CONTEXT)._repr_html_()
    assert page.count("<tr") == 31
    assert "1,204 of 1,234 rows left out" in page


def test_rows_that_are_not_complete_are_grey() -> None:
    context = Context("m", as_of=us(2026, 3, 1), calendar=UTC, period="month")
    page = Pair(
        axes=(MONTHS,), parts={"hits": [1, 2, 3], "size": 9}, context=context
    )._repr_html_()
    assert page.count("color:#999") == 1
    assert "<td>2026-02-01</td><td>2</td>" in page
    assert 'style="color:#999"><td>2026-03-01' in page
    assert "grey: not complete" in page


@given(tables(Pair, (ages, groups), huge))
def test_any_table_shows_itself(a: Pair) -> None:
    assert len(a.to_frame()) == math.prod(a.shape)
    assert "<table>" in a._repr_html_()
    assert repr(a).startswith("Pair(")
