from __future__ import annotations

import copy
import math
import pickle
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.tables.tables import Context

CONTEXT = Context("spending", definition="net")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Spending(PerCustomer):
    COLUMNS: ClassVar[tuple[str, ...]] = ("orders", "paid")

    margin: int = 1


def make(ids: Any, orders: Any, paid: Any, **changed: Any) -> Spending:
    given_: dict[str, Any] = {"context": CONTEXT} | changed
    return Spending(ids=ids, columns={"orders": orders, "paid": paid}, **given_)


@st.composite
def halves(draw: st.DrawFn) -> list[Spending]:
    """Return three tables without a customer in common."""
    kinds: list[Callable[[int], Any]] = [lambda i: i - 5, str, lambda i: UUID(int=i)]
    make_id = draw(st.sampled_from(kinds))
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 20),
                st.integers(0, 2),
                st.integers(0, 2) | st.just(2**60),
                st.sampled_from([0.0, 1.5, math.nan]),
            ),
            unique_by=lambda row: row[0],
            max_size=10,
        )
    )
    out = []
    for part in range(3):
        mine = [row for row in rows if row[1] == part]
        out.append(
            make(
                [make_id(i) for i, _, _, _ in mine],
                np.array([n for _, _, n, _ in mine], dtype=np.int64),
                np.array([p for _, _, _, p in mine], dtype=np.float64),
            )
        )
    return out


@given(halves())
def test_rows_add_by_concatenation(parts: list[Spending]) -> None:
    a, b, c = parts
    whole = a + b + c
    assert whole == a + (b + c) == (c + b) + a == sum(parts)
    ids = [i for part in parts for i in part.ids.tolist()]
    assert whole.ids.tolist() == sorted(ids)
    expected = {i: row for part in parts for i, row in rows_of(part).items()}
    assert repr(rows_of(whole)) == repr(dict(sorted(expected.items())))
    assert len(whole) == len(ids)
    nobody = make([], np.zeros(0, dtype=np.int64), np.zeros(0))
    assert whole + nobody == whole == nobody + whole


def rows_of(rows: Spending) -> dict[Any, tuple[Any, ...]]:
    columns = [column.tolist() for column in rows.columns.values()]
    return dict(zip(rows.ids.tolist(), zip(*columns, strict=True), strict=True))


@given(halves())
def test_distinct_rows_are_counted(parts: list[Spending]) -> None:
    a, b, c = parts
    whole = a + b + c
    distinct, counts = whole.distinct()
    got = list(zip(distinct["orders"].tolist(), distinct["paid"].tolist(), strict=True))
    expected = Counter(repr(row) for row in rows_of(whole).values())
    assert dict(zip(map(repr, got), counts.tolist(), strict=True)) == expected
    assert len(got) == len(expected)
    assert got == sorted(got, key=lambda row: (row[0], math.isnan(row[1]), row[1]))


@given(halves(), st.integers(0, 12), st.sampled_from(["orders", "paid"]))
def test_top_by_its_definition(parts: list[Spending], n: int, by: str) -> None:
    a, b, c = parts
    whole = a + b + c
    at = list(Spending.COLUMNS).index(by)
    ranked = sorted(
        rows_of(whole).items(),
        key=lambda item: (
            math.isnan(item[1][at]),
            -item[1][at] if item[1][at] == item[1][at] else 0,
        ),
    )
    frame = whole.top(n, by=by)
    assert frame["customer_id"].tolist() == [i for i, _ in ranked][:n]
    assert repr(frame[by].tolist()) == repr([row[at] for _, row in ranked][:n])
    assert frame.index.tolist() == list(range(min(n, len(whole))))


def test_rows_follow_their_ids() -> None:
    rows = make(["b", "a"], [2, 1], [0.5, 1.5])
    assert rows.ids.tolist() == ["a", "b"]
    assert rows.columns["orders"].tolist() == [1, 2]
    assert rows.columns["paid"].tolist() == [1.5, 0.5]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1], np.int64),
        (np.array([1], dtype=np.int8), np.int8),
        (np.array([1], dtype=np.uint32), np.int64),
        (np.array([2**63], dtype=np.uint64), object),
        (np.array([1], dtype=object), np.int64),
        ([2**70], object),
        ([1.5], np.float64),
        (np.array([1.5], dtype=np.float32), np.float32),
        ([True], np.bool_),
        (["a"], object),
        ([None], object),
    ],
)
def test_columns_are_truths_numbers_or_labels(values: Any, dtype: Any) -> None:
    column = make([1], values, [1]).columns["orders"]
    assert column.dtype == dtype
    assert column.tolist() == np.asarray(values).tolist()


def test_whole_numbers_and_labels_add_whatever_their_size() -> None:
    a, b = make([1], [2**70], ["x"]), make([2], np.array([5], dtype=np.int8), [7])
    for both in (a + b, b + a):
        assert both.columns["orders"].tolist() == [2**70, 5]
        assert both.columns["paid"].tolist() == ["x", 7]


def test_rows_do_not_change_and_do_not_hash() -> None:
    ids, orders = np.array([1, 2]), np.array([3, 4])
    rows = make(ids, orders, [0, 0])
    ids[0] = orders[0] = 9
    assert (rows.ids.tolist(), rows.columns["orders"].tolist()) == ([1, 2], [3, 4])
    for array in (rows.ids, rows.columns["paid"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        rows.columns["paid"] = orders  # type: ignore[index]
    with pytest.raises(TypeError, match="unhashable"):
        hash(rows)


@pytest.mark.parametrize("ids", [[2, 1], ["b", "a"], [UUID(int=2), UUID(int=1)]])
def test_rows_come_back_from_pickle_and_copy(ids: Any) -> None:
    rows = make(ids, [1, 2], [math.nan, 1.0], margin=7)
    for back in (pickle.loads(pickle.dumps(rows)), copy.deepcopy(rows), copy.copy(rows)):
        assert back == rows
        assert back.margin == 7
        assert not back.ids.flags.writeable


def test_equality_is_of_everything() -> None:
    rows = make([1, 2], [1, 2], [math.nan, 1.0])
    assert rows == make([2, 1], [2, 1], [1.0, math.nan])
    assert rows != make([1, 3], [1, 2], [math.nan, 1.0])
    assert rows != make([1, 2], [1, 3], [math.nan, 1.0])
    assert rows != make([1, 2], [1, 2], [0.0, 1.0])
    assert rows != make([1, 2], [1, 2], [math.nan, 1.0], context=Context("another"))
    assert rows != "rows"
    assert make([1], ["a"], [1]) == make([1], ["a"], [1])


def test_repr_and_messages_show_no_customer() -> None:
    rows = make(["secret"], [1], [2])
    assert repr(rows) == "Spending(metric='spending', customers=1)"
    with pytest.raises(InvalidInputError) as caught:
        rows + rows
    assert str(caught.value) == "ids must be there once each: 1 of 2 are repeated"
    with pytest.raises(InvalidInputError, match=r"^ids must be there once each: 2 of 5 are repe"):
        make([1, 1, 2, 1, 3], [0] * 5, [0] * 5)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([1.5], "got float"),
        ([True], "got bool"),
        ([None], "got NoneType"),
        (["a", UUID(int=1)], "got UUID, str"),
        (np.array([1, "a"], dtype=object), "got int, str"),
        (np.array([2**63], dtype=np.uint64), "got int"),
    ],
)
def test_ids_are_of_one_type(ids: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^ids must all be int64, str or UUID: {said}$"):
        make(ids, [0] * len(ids), [0] * len(ids))


def test_shapes_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"^ids must be one-dimensional: got 2 dimensions"):
        make([[1], [2]], [1, 2], [1, 2])
    with pytest.raises(
        InvalidInputError, match=r"^paid must have one value per id: got shape \(1"
    ):
        make([1, 2], [1, 2], [1])
    with pytest.raises(InvalidInputError, match=r"^columns must be \['orders', 'paid'\]: got \['"):
        Spending(ids=[1], columns={"orders": [1]}, context=CONTEXT)


def test_what_does_not_belong_together_is_refused() -> None:
    rows = make([1], [1], [1])
    with pytest.raises(InvalidInputError, match=r"^ids must be of one type to add results"):
        rows + make(["a"], [1], [1])
    with pytest.raises(InvalidInputError, match=r"^ids must be of one type to add results"):
        make([UUID(int=1)], [1], [1]) + make(["a"], [1], [1])
    with pytest.raises(
        InvalidInputError, match=r"^paid must be of one type.*: got int64 and float64"
    ):
        rows + make([2], [1], [1.0])
    with pytest.raises(InvalidInputError, match=r"^metric must be the same to add results"):
        rows + make([2], [1], [1], context=Context("another"))
    with pytest.raises(InvalidInputError, match=r"^metric must be the same to add results"):
        rows + make([], [], [], context=Context("another"))


def test_top_needs_numbers() -> None:
    rows = make([1, 2], ["a", "b"], [1, 2])
    with pytest.raises(InvalidInputError, match=r"^orders must hold numbers to be ranked"):
        rows.top(1, by="orders")
    with pytest.raises(
        InvalidInputError, match=r"^by must be one of .*: got 'pade', did you mean"
    ):
        rows.top(1, by="pade")
    with pytest.raises(InvalidInputError, match=r"^n must be at least 0"):
        rows.top(-1, by="paid")


def test_distinct_labels_are_told_apart_by_type() -> None:
    labels = np.array([None, "b", True, 1, "b", None, 1.0], dtype=object)
    rows, counts = make(range(7), labels, [0] * 7).distinct()
    assert [repr(v) for v in rows["orders"]] == ["True", "1", "1.0", "'b'", "None"]
    assert counts.tolist() == [1, 1, 1, 2, 2]


def test_top_of_extreme_whole_numbers() -> None:
    for much in (2**63 - 2, 2**70):
        rows = make([1, 2, 3], [-(2**63), much + 1, much], [0, 0, 0])
        assert rows.top(3, by="orders")["customer_id"].tolist() == [2, 3, 1]


def test_a_table_without_columns() -> None:
    """Only who: one distinct row, held by everybody."""
    plain = PerCustomer(ids=[3, 1], columns={}, context=CONTEXT)
    assert plain.distinct()[1].tolist() == [2]
    assert PerCustomer(ids=[], columns={}, context=CONTEXT).distinct()[1].tolist() == []


def test_frame() -> None:
    frame = make([2, 1], [5, 6], [0.5, math.nan]).to_frame()
    expected = pd.DataFrame({"customer_id": [1, 2], "orders": [6, 5], "paid": [math.nan, 0.5]})
    pd.testing.assert_frame_equal(frame, expected)


def test_page() -> None:
    page = make(["<secret>", "a"], ["<i>", None], [math.nan, 1234])._repr_html_()
    assert "<caption>spending (net): 2 rows</caption>" in page
    assert "secret" not in page
    assert "customer_id" not in page
    assert (
        "<td>orders</td><td>1</td><td>1</td><td></td><td></td><td></td><td>&lt;i&gt;: 1</td>"
        in page
    )
    paid = "<td>paid</td><td>1</td><td>1</td><td>1,234</td><td>1,234</td><td>1,234</td><td></td>"
    assert paid in page
    assert "<td>True: 1</td>" in make([1], [True], [7])._repr_html_()
    page = make(range(101), range(101), range(101))._repr_html_()
    assert "<td>orders</td><td>101</td><td>101</td><td>25</td><td>50</td><td>75</td>" in page
    assert "<td>paid</td><td>0</td><td>0</td><td></td>" in make([], [], [])._repr_html_()
