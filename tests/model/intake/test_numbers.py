from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customerops.model.intake.frames import raw
from customerops.model.intake.numbers import ROUNDINGS, Places, fixed_point
from customerops.model.intake.raw import Converted, Plain
from tests.reference import intake as reference

LARGEST = 2**63 - 1


def read(given: Any, decimals: int = 2, rounding: str | None = None) -> Converted:
    return fixed_point(raw("amount", given), Places(decimals, rounding))


def units(given: Any, decimals: int = 2, rounding: str | None = None) -> list[int | None]:
    done = read(given, decimals, rounding)
    assert not any(fault.rows.any() for fault in done.faults)
    gone = [False] * len(done.values) if done.missing is None else done.missing.tolist()
    return [None if m else v for m, v in zip(gone, done.values.tolist(), strict=True)]


def reasons(
    given: Any, decimals: int = 2, rounding: str | None = None
) -> list[tuple[str, list[int]]]:
    found = read(given, decimals, rounding).faults
    return [(fault.reason, np.flatnonzero(fault.rows).tolist()) for fault in found]


class TestExact:
    @pytest.mark.parametrize(
        "given",
        [
            [19.99, None, -5.0],
            ["19.99", None, "-5"],
            [Decimal("19.990"), Decimal("NaN"), Decimal(-5)],
            [19.99, pd.NA, "-5.0"],
            np.array([19.99, np.nan, -5.0]),
            np.array([19.99, np.nan, -5.0], np.float32),
            pd.Series([19.99, None, -5.0], dtype="Float64"),
            pd.Series(["19.99", None, "-5"], dtype="category"),
            pa.array(["19.99", None, "-5"]),
            pa.array([Decimal("19.990"), None, Decimal("-5.000")], pa.decimal128(10, 3)),
            pa.array([Decimal("19.990"), None, Decimal("-5.000")], pa.decimal256(60, 3)),
            np.ma.MaskedArray(np.array(["19.99", "x", "-5"]), mask=[False, True, False]),
        ],
    )
    def test_each_number_is_the_decimal_it_stands_for(self, given: Any) -> None:
        assert units(given) == [1999, None, -500]

    def test_ints_are_major_units(self) -> None:
        assert units([5, None, -7]) == [500, None, -700]
        assert units(np.array([5, -7], np.int8)) == [500, -700]
        assert units(np.array([5], np.uint64), 0) == [5]

    def test_half_precision(self) -> None:
        assert units(np.array([0.25, 1.5], np.float16)) == [25, 150]

    def test_decimals_of_arrow_scale_up_and_down(self) -> None:
        given = pa.array([Decimal("1.2500"), Decimal("-3.0000"), None], pa.decimal128(20, 4))
        assert units(given, 6) == [1_250_000, -3_000_000, None]
        assert units(given, 2) == [125, -300, None]
        assert reasons(given, 1) == [("needs more than 1 decimals", [0])]
        assert units(pa.array([Decimal("1E+3")], pa.decimal128(5, -3)), 2) == [100_000]

    def test_decimals_of_arrow_beyond_64_bits(self) -> None:
        given = pa.array(
            [Decimal("1234567890123456789.00"), Decimal(1), None], pa.decimal128(38, 2)
        )
        assert units(given, 0) == [1234567890123456789, 1, None]
        fine = pa.array([Decimal("0." + "0" * 29 + "1"), Decimal(0)], pa.decimal128(38, 30))
        assert reasons(fine) == [("needs more than 2 decimals", [0])]
        assert units(fine, rounding="ROUND_UP") == [1, 0]
        wide = pa.array([Decimal("5" * 50), Decimal(1)], pa.decimal256(60, 0))
        assert reasons(wide) == [("too large", [0])]

    def test_a_slice_of_arrow_decimals(self) -> None:
        for digits in (10, 38):  # the widest keep their buffer, and with it the offset
            whole = pa.array([Decimal(k) for k in range(6)], pa.decimal128(digits, 0))
            assert units(whole.slice(2, 3)) == [200, 300, 400]
            assert units(whole.slice(0, 0)) == []

    def test_constants_and_categories(self) -> None:
        given = pd.Series([1.5, 1.5, None, 2.25], dtype="category")
        assert units(given) == [150, 150, None, 225]

    def test_nothing(self) -> None:
        assert units([None, None]) == [None, None]
        assert units([]) == []


class TestRefused:
    def test_more_decimals_than_there_are(self) -> None:
        for column in ([1.0, 1.005], ["1", "1.005"], [Decimal(1), Decimal("1.005")]):
            assert reasons(column) == [("needs more than 2 decimals", [1])]
        (fault,) = read([1.005]).faults
        assert fault.requirement == "must have at most 2 decimals"
        assert fault.problem == "rounding= rounds"

    def test_not_finite(self) -> None:
        given = np.array([np.inf, 1.0, -np.inf, np.nan])
        assert reasons(given) == [("not finite", [0, 2])]
        assert reasons(["inf", "1", "-Infinity", "nan"]) == [("not finite", [0, 2, 3])]
        assert reasons([Decimal("inf"), 1, 1.5]) == [("not finite", [0])]

    def test_a_signalling_nan_is_missing(self) -> None:
        assert units([Decimal("sNaN"), Decimal(1)]) == [None, 100]

    def test_no_numbers(self) -> None:
        assert reasons(["1", "", "1,50", "€5", None]) == [("not a number", [1, 2, 3])]
        given = [1, True, b"1", [1], object(), np.timedelta64(1, "s"), np.bool_(True)]
        assert reasons(given) == [("not a number", [1, 2, 3, 4, 5, 6])]

    @pytest.mark.parametrize(
        ("given", "problem"),
        [(np.array([True]), "got booleans"), (np.array(["2026-01-01"], "M8[D]"), "got dates")],
    )
    def test_a_column_of_another_type_is_a_fault_of_the_call(
        self, given: np.ndarray, problem: str
    ) -> None:
        (fault,) = read(given).faults
        assert (fault.reason, fault.problem, fault.whole) == ("not a number", problem, True)

    def test_booleans_in_a_list_are_faults_of_rows(self) -> None:
        (fault,) = read([True]).faults
        assert not fault.whole

    def test_too_large(self) -> None:
        edge = LARGEST // 100
        assert units(np.array([edge, -edge])) == [edge * 100, -edge * 100]
        assert reasons(np.array([edge, edge + 1, -edge - 1])) == [("too large", [1, 2])]
        assert units([Decimal(LARGEST).scaleb(-2)]) == [LARGEST]
        assert reasons([Decimal(LARGEST + 1).scaleb(-2), 10**30]) == [("too large", [0, 1])]
        assert reasons(["1e4000", Decimal("1e999999")]) == [("too large", [0, 1])]
        assert reasons(np.array([1e17, -1e300])) == [("too large", [0, 1])]
        assert reasons(np.array([2**63], np.uint64)) == [("too large", [0])]

    def test_the_smallest_int64_is_too_large(self) -> None:
        assert reasons(np.array([-(2**63)]), 0) == [("too large", [0])]

    def test_tiny_numbers_are_fine_or_too_fine_at_no_cost(self) -> None:
        assert reasons([Decimal("1e-999999")]) == [("needs more than 2 decimals", [0])]
        assert units([Decimal("0e999999"), Decimal("-0")]) == [0, 0]

    def test_eighteen_decimals(self) -> None:
        assert units([9, Decimal("9.123456789012345678")], 18) == [9 * 10**18, 9123456789012345678]
        assert reasons(np.array([9, 10]), 18) == [("too large", [1])]

    def test_a_factor_beyond_64_bits(self) -> None:
        given = pa.array([Decimal(0), Decimal(100)], pa.decimal128(3, -2))
        assert units(given, 16) == [0, 10**18]
        assert reasons(given, 18) == [("too large", [1])]
        fine = Plain(np.array([0, 7]), "scaled", scale=25)
        assert [f.reason for f in fixed_point(fine, Places(2)).faults] == [
            "needs more than 2 decimals"
        ]


class TestFloats:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_every_decimal_of_certain_digits_is_accepted(self, dtype: type) -> None:
        certain = 10 ** np.finfo(dtype).precision
        counts = np.array([0, 1, certain // 3, certain - 1, certain, -certain, 1999])
        for decimals in (0, 1, 2, 4, 6, 9):
            column: Any = np.array([float(Decimal(int(n)).scaleb(-decimals)) for n in counts])
            assert units(column.astype(dtype), decimals) == counts.tolist()

    @pytest.mark.parametrize("dtype", [np.float64, np.float32, float])
    def test_beyond_only_whole_numbers_are(self, dtype: type) -> None:
        form = np.finfo(dtype)
        big = dtype(10**form.precision // 10)  # in tenths of hundredths: ten times too many units
        typed: Any = np.array([big * 4, big * 4 + dtype(0.25)], form.dtype)
        for column in (typed, [*typed, "1"]):
            done = read(column)
            assert done.values.tolist()[0] == int(big) * 400
            assert reasons(column) == [("too large for a float", [1])]

    def test_at_the_edge_of_what_is_certain(self) -> None:
        fine = 1e13 + 0.001953125  # its nearest hundredth is the last certain one
        for column in (np.array([fine, 1e13]), [fine, "1e13"]):
            assert reasons(column) == [("needs more than 2 decimals", [0])]
            assert read(column).values[1] == 10**15

    def test_whole_floats_that_are_not_certain_themselves(self) -> None:
        assert units(np.array([2.0**53]), 2) == [2**53 * 100]
        assert reasons(np.array([2.0**53 + 2]), 2) == [("too large for a float", [0])]
        assert reasons([2.0**53 + 2, "1"], 2) == [("too large for a float", [0])]

    def test_a_value_of_many_decimals_may_be_large_when_whole(self) -> None:
        assert units([1.7e9, 1.7e9 + 1], 6) == [1_700_000_000_000_000, 1_700_000_001_000_000]
        assert units(np.array([2.5e9]), 6) == [2_500_000_000_000_000]

    @given(st.integers(-(10**15), 10**15), st.integers(0, 12))
    @example(10**15, 2)
    @example(-1, 12)
    def test_what_was_divided_comes_back(self, n: int, decimals: int) -> None:
        assert units(np.array([n / 10**decimals]), decimals) == [n]

    @given(st.floats(-1e15, 1e15), st.integers(0, 6))
    @example(0.1 + 0.2, 2)
    @example(math.nextafter(19.99, 0), 2)
    @example(4503599627370497.5, 0)
    def test_only_what_was_divided_is_accepted(self, x: float, decimals: int) -> None:
        found = reference.nearest(np.float64(x), decimals)
        done = read(np.array([x]), decimals)
        if done.faults:
            assert found is None or abs(found) > 10**15
        elif abs(int(done.values[0])) <= 10**15:
            assert found == done.values[0]
        else:
            assert int(done.values[0]) == Fraction(x) * 10**decimals

    @given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 4))
    @example(np.float32(19.99).item(), 2)
    def test_singles_too(self, x: float, decimals: int) -> None:
        done = read(np.array([x], np.float32), decimals)
        found = reference.nearest(np.float32(x), decimals)
        if not done.faults and abs(int(done.values[0])) <= 10**6:
            assert found == done.values[0]
        if done.faults and done.faults[0].reason.startswith("needs"):
            assert found is None or abs(found) > 10**6

    def test_more_rows_than_a_block(self) -> None:
        counts = np.arange(200_000) - 100_000
        assert units(counts / 100) == counts.tolist()


class TestRounding:
    TIES = (
        "0.005",
        "0.015",
        "0.025",
        "-0.005",
        "-0.015",
        "1.005",
        "0.0049",
        "0.0051",
        "2.0",
        "0.055",
    )

    @pytest.mark.parametrize("rounding", ROUNDINGS)
    def test_every_rounding_of_every_kind(self, rounding: str) -> None:
        expected = [
            int(Decimal(t).quantize(Decimal("0.01"), rounding=rounding).scaleb(2))
            for t in self.TIES
        ]
        exact = [Decimal(t) for t in self.TIES]
        kinds: list[Any] = [
            list(self.TIES),
            exact,
            [float(t) for t in self.TIES],
            np.array([float(t) for t in self.TIES]),
            np.array([float(t) for t in self.TIES], np.float32),
            pa.array(exact, pa.decimal128(12, 6)),
        ]
        for column in kinds:
            assert units(column, 2, rounding) == expected

    def test_half_even_of_the_decimal_a_float_prints_as(self) -> None:
        # 2.675 is stored as 2.67499999999999982236431605997495353221893310546875
        assert units(np.array([2.675, 2.665]), 2, "ROUND_HALF_EVEN") == [268, 266]
        assert units(np.array([2.675, 2.665]), 2, "ROUND_HALF_UP") == [268, 267]

    @given(st.floats(-1e16, 1e16), st.integers(0, 6), st.sampled_from(ROUNDINGS))
    @example(0.285, 2, "ROUND_HALF_UP")
    @example(1e12 + 0.005, 2, "ROUND_HALF_UP")
    @example(-0.0004999, 3, "ROUND_FLOOR")
    @example(5e-324, 2, "ROUND_CEILING")
    def test_columns_round_as_decimals_do(self, x: float, decimals: int, rounding: str) -> None:
        expected = reference.rounded(x, decimals, rounding)
        if abs(expected) > LARGEST:
            assert reasons(np.array([x]), decimals, rounding) == [("too large", [0])]
        else:
            assert units(np.array([x]), decimals, rounding) == [expected]

    @given(st.floats(-1e4, 1e4, width=32), st.sampled_from(ROUNDINGS))
    def test_singles_round_as_they_print(self, x: float, rounding: str) -> None:
        single = np.float32(x)
        expected = int(Decimal(str(single)).quantize(Decimal("0.01"), rounding=rounding).scaleb(2))
        assert units(np.array([single]), 2, rounding) == [expected]

    def test_infinity_does_not_round(self) -> None:
        assert reasons(np.array([np.inf, 0.001]), 2, "ROUND_UP") == [("not finite", [0])]

    def test_a_count_beyond_the_places_rounds(self) -> None:
        fine = Plain(np.array([0, 7]), "scaled", scale=25)
        assert fixed_point(fine, Places(2, "ROUND_UP")).values.tolist() == [0, 1]
