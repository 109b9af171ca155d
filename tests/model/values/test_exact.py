from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.values import exact
from tests.reference.exact import group_dots, group_float_sums, group_sums

small = st.integers(-(10**6), 10**6)
edges = st.sampled_from(
    [s * (2**k + d) for s in (1, -1) for k in (31, 32, 52, 53, 61, 62) for d in (-1, 0, 1)]
    + [2**63 - 1, -(2**63), -(2**63) + 1]
)
int64s = small | edges | st.integers(-(2**63), 2**63 - 1)


@st.composite
def rows(draw: st.DrawFn, values: st.SearchStrategy[int] = int64s) -> tuple[list[int], list[int]]:
    x = draw(st.lists(values, max_size=40))
    codes = draw(st.lists(st.integers(0, 3), min_size=len(x), max_size=len(x)))
    return codes, x


def ints(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


# canon -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (5, np.int64),
        ([], np.int64),
        ([2**62 - 1, -(2**62) + 1], np.int64),
        ([2**62], object),
        ([-(2**62)], object),
        ([2**63, -1], object),  # numpy reads this list as floats
        ([2**200], object),
        (np.array([2**63], dtype=np.uint64), object),
        (np.array([-(2**63)], dtype=np.int64), object),
        (np.array([3], dtype=np.int8), np.int64),
        (np.array([3], dtype=np.uint64), np.int64),
        (np.array([np.int64(3), 4], dtype=object), np.int64),
    ],
)
def test_canonical_form_depends_on_size_alone(values: object, dtype: type) -> None:
    got = exact.canon(values)
    assert got.dtype == dtype
    assert got.tolist() == np.array(values, dtype=object).tolist()
    assert all(type(v) is int for v in got.ravel().tolist())


def test_canonical_arrays_share_nothing_writable() -> None:
    given_array = np.array([1, 2])
    got = exact.canon(given_array)
    given_array[0] = 9
    assert got.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        got[0] = 3
    view = np.array([1, 2, 3])
    window = view[:2]
    window.flags.writeable = False  # its base can still be written
    got = exact.canon(window)
    view[0] = 9
    assert got.tolist() == [1, 2]
    assert exact.canon(got) is got


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0], "got float"),
        ([True, 2], "got bool"),
        (True, "got bool"),
        (["1"], "got str"),
        ([None], "got NoneType"),
        (np.array([1.5]), "got float64"),
        (np.array([True]), "got bool"),
        (np.array([1, 2.0], dtype=object), "got float"),
        (np.array([np.bool_(True)], dtype=object), "got bool"),
    ],
)
def test_what_is_not_a_whole_number_is_refused(values: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^count must be whole numbers: {said}"):
        exact.canon(values, "count")


def test_ragged_rows_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"^total must be a regular array"):
        exact.canon([np.array([[1, 2], [3, 4]]), np.array([[1, 2, 3], [1, 2, 3]])], "total")


# addition --------------------------------------------------------------------------------------

big = st.integers(-(2**70), 2**70) | edges


@given(st.lists(big, max_size=6), st.lists(big, max_size=6))
def test_addition_is_that_of_python(a: list[int], b: list[int]) -> None:
    size = min(len(a), len(b))
    got = exact.add(exact.canon(a[:size]), exact.canon(b[:size]))
    assert got.tolist() == [p + q for p, q in zip(a, b, strict=False)]
    assert got.dtype == exact.canon(got.tolist()).dtype
    assert not got.flags.writeable


def test_addition_of_scalars_beyond_int64() -> None:
    for a, b in [(2**62 - 1, 2**62 - 1), (2**63, 2**63 - 1), (2**70, -(2**70)), (2**63, 1)]:
        got = exact.add(exact.canon(a), exact.canon(b))
        assert got.shape == ()
        assert got.item() == a + b
        assert got.dtype == exact.canon(a + b).dtype


@given(st.lists(st.lists(big, min_size=3, max_size=3), min_size=1, max_size=5))
def test_sum_along_is_that_of_python(table: list[list[int]]) -> None:
    a = exact.canon(table)
    assert exact.sum_along(a, 0).tolist() == [sum(column) for column in zip(*table, strict=True)]
    assert exact.sum_along(a, 1).tolist() == [sum(row) for row in table]


def test_sum_along_passes_int64() -> None:
    a = exact.canon([[2**62 - 1, 1 - 2**62]] * 5)
    assert a.dtype == np.int64
    assert exact.sum_along(a, 0).tolist() == [5 * (2**62 - 1), -5 * (2**62 - 1)]
    assert exact.sum_along(a, 1).tolist() == [0] * 5


def test_sum_along_an_empty_axis_is_zero() -> None:
    assert exact.sum_along(exact.canon(np.zeros((0, 2), dtype=np.int64)), 0).tolist() == [0, 0]


# sums by group ---------------------------------------------------------------------------------


@given(rows())
def test_group_sum_equals_python(data: tuple[list[int], list[int]]) -> None:
    codes, x = data
    expected = group_sums(codes, x, 4)
    assert exact.group_sum(ints(codes), ints(x), 4).tolist() == expected
    assert exact.group_sum(ints(codes), np.array(x, dtype=object), 4).tolist() == expected
    assert exact.group_sum(None, ints(x), 1).tolist() == [sum(x)]


@given(rows(), st.data())
def test_group_dot_equals_python(data: tuple[list[int], list[int]], draw: st.DataObject) -> None:
    codes, x = data
    y = draw.draw(st.lists(int64s, min_size=len(x), max_size=len(x)))
    expected = group_dots(codes, x, y, 4)
    assert exact.group_dot(ints(codes), ints(x), ints(y), 4).tolist() == expected
    assert exact.group_dot(ints(codes), np.array(x, dtype=object), ints(y), 4).tolist() == expected
    assert exact.group_dot(None, ints(x), ints(x), 1).tolist() == [sum(v * v for v in x)]


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint8, np.uint32])
def test_narrow_columns_do_not_wrap(dtype: type) -> None:
    x: np.ndarray = np.array([np.iinfo(dtype).max] * 3, dtype=dtype)
    top = int(np.iinfo(dtype).max)
    assert exact.group_sum(None, x, 1).tolist() == [3 * top]
    assert exact.group_dot(None, x, x, 1).tolist() == [3 * top * top]


def test_ten_million_orders_of_ten_thousand() -> None:
    """Sums of squares of 10,000.00 in cents over 10M rows are 1e19: past int64."""
    cents = np.full(2**14, 1_000_000, dtype=np.int64)
    assert exact.group_dot(None, cents, cents, 1).tolist() == [2**14 * 10**12]
    squares = np.full(2**14, 10**12 * 1000, dtype=np.int64)
    assert exact.group_sum(None, squares, 1).tolist() == [2**14 * 10**15]


def test_blocks_of_a_large_group() -> None:
    """Above 2**21 rows in one group, sums of 32-bit limbs would pass 2**53: block by block."""
    n = 2**22 + 5
    x = np.full(n, 2**62 - 1, dtype=np.int64)
    assert exact.group_sum(None, x, 1).tolist() == [n * (2**62 - 1)]
    assert exact.group_sum(None, -x, 1).tolist() == [-n * (2**62 - 1)]


def test_sums_just_below_and_at_the_limit_of_float64() -> None:
    for rows_, value in [(4, 2**51 - 1), (4, 2**51), (3, 2**53 - 1), (2, 2**53 + 1)]:
        x = np.full(rows_, value, dtype=np.int64)
        x[-1] += 1 if value < 2**53 else 0
        codes = np.zeros(rows_, dtype=np.int64)
        assert exact.group_sum(codes, x, 1).tolist() == [sum(x.tolist())]


def test_a_total_is_exact_though_all_rows_together_pass_the_limit() -> None:
    """The bound uses the largest group, not all rows."""
    x = np.full(64, 2**49 + 1, dtype=np.int64)
    codes = np.arange(64) // 8
    assert exact.group_sum(codes, x, 8).tolist() == [8 * (2**49 + 1)] * 8


def test_group_count() -> None:
    assert exact.group_count(np.array([2, 0, 2]), 4).tolist() == [1, 0, 2, 0]
    assert exact.group_count(np.array([], dtype=np.int64), 0).tolist() == []


@pytest.mark.parametrize("kind", [np.int64, object])
def test_codes_out_of_range_are_refused(kind: type) -> None:
    x: np.ndarray = np.array([1, 2], dtype=kind)
    with pytest.raises(InvalidInputError, match=r"^codes must be below 2: got 5"):
        exact.group_sum(np.array([0, 5]), x, 2)
    with pytest.raises(ValueError, match="negative"):
        exact.group_sum(np.array([0, -1]), x, 2)
    with pytest.raises(InvalidInputError, match=r"^codes must be below 2: got 2"):
        exact.group_count(np.array([0, 2]), 2)


# floats ----------------------------------------------------------------------------------------

floats = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(st.integers(0, 2), floats), max_size=30))
def test_float_sum_is_the_nearest_float_to_the_true_sum(data: list[tuple[int, float]]) -> None:
    codes = [c for c, _ in data]
    x = [v for _, v in data]
    got = exact.float_sum(ints(codes), np.array(x, dtype=np.float64), 3).tolist()
    assert got == group_float_sums(codes, x, 3)


@given(st.lists(st.floats(-1e300, 1e300), max_size=30), st.randoms(use_true_random=False))
def test_float_sum_equals_fsum_in_any_order(x: list[float], random: object) -> None:
    got = exact.float_sum(None, np.array(x, dtype=np.float64), 1)[0]
    assert got == math.fsum(x)
    random.shuffle(x)  # type: ignore[attr-defined]
    assert exact.float_sum(None, np.array(x, dtype=np.float64), 1)[0] == got


def test_float_sum_at_the_ends_of_the_range() -> None:
    tiny, top = 5e-324, 1.7976931348623157e308
    for x in ([tiny] * 3, [top, -top, tiny], [top, top, -top], [2.0**-1022, -tiny]):
        assert exact.float_sum(None, np.array(x), 1)[0] == float(sum(map(Fraction, x)))
    assert exact.float_sum(None, np.array([top, top]), 1)[0] == math.inf
    assert exact.float_sum(None, np.array([-top, -top, 1.0]), 1)[0] == -math.inf
    assert exact.float_sum(None, np.array([]), 2).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_float_sum_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(InvalidInputError, match=r"finite: 1 of 3 rows is not \(first at row 1\)"):
        exact.float_sum(None, np.array([1.0, bad, 2.0]), 1)


# division --------------------------------------------------------------------------------------


@given(big, big)
def test_division_rounds_once(a: int, b: int) -> None:
    got = exact.divide(exact.canon([a]), exact.canon([b]))[0]
    if b == 0:
        assert math.isnan(got)
    else:
        assert got == float(Fraction(a, b))


def test_division_beyond_the_range_of_floats() -> None:
    huge = 2**2000
    got = exact.divide(exact.canon([huge, -huge, huge, -huge]), exact.canon([1, 1, -1, -1]))
    assert got.tolist() == [math.inf, -math.inf, -math.inf, math.inf]


def test_division_by_nothing_is_undefined_at_any_size() -> None:
    assert np.isnan(exact.divide(exact.canon([2**70, 1]), exact.canon([0, 0]))).all()


def test_division_broadcasts_and_keeps_shape() -> None:
    got = exact.divide(exact.canon([[1, 2], [3, 4]]), exact.canon([2, 0]))
    np.testing.assert_array_equal(got, [[0.5, np.nan], [1.5, np.nan]])
    assert exact.divide(exact.canon(1), exact.canon(2)).shape == ()
