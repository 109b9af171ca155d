from __future__ import annotations

import enum
import itertools
import math
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from customerops.model.intake.build import ByteStrings, CodedIds
from customerops.model.intake.columns import (
    coded,
    event_ids,
    id_faults,
    labelled,
    occurring,
    raw_ids,
)
from customerops.model.intake.frames import raw
from customerops.model.values.columns import Coded, code_type

ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


class Text(enum.StrEnum):
    A = "a"


class Uuid(uuid.UUID):
    """As database drivers return them."""


def faults(given: Any) -> list[tuple[str, list[int], bool]]:
    found = id_faults(raw("customer_id", given))
    return [(f.reason, np.flatnonzero(f.rows).tolist(), f.whole) for f in found if f.rows.any()]


def ids(given: Any) -> list[object]:
    found = raw_ids(raw("customer_id", given))
    if isinstance(found, ByteStrings):
        ends = found.offsets.tolist()
        return [bytes(found.data[a:z]).decode() for a, z in itertools.pairwise(ends)]
    if isinstance(found, CodedIds):
        assert len(set(found.categories.tolist())) == len(found.categories)
        assert set(found.codes.tolist()) == set(range(len(found.categories)))
        return list(found.categories[found.codes].tolist())
    assert found.dtype in (np.int64, object)
    return list(found.tolist())


def labels(given: Any, role: Any = "scalar", options: Any = None) -> Coded:
    return coded(labelled(raw("kind", given), role, options))


def decoded(given: Any, role: Any = "scalar") -> list[object]:
    column = labels(given, role)
    return [None if code < 0 else column.labels[code] for code in column.codes.tolist()]


def wrong(
    given: Any, role: Any = "scalar", options: Any = None
) -> list[tuple[str, list[int], bool]]:
    found = labelled(raw("kind", given), role, options).faults
    return [(f.reason, np.flatnonzero(f.rows).tolist(), f.whole) for f in found]


class TestIds:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ([3, 1, 3], [3, 1, 3]),
            (np.array([3, 1], np.uint16), [3, 1]),
            (["b", "a"], ["b", "a"]),
            (np.array(["b", "a"]), ["b", "a"]),
            ([ONE, TWO], [ONE, TWO]),
            ([Uuid(int=1), TWO], [ONE, TWO]),
            ([np.str_("b"), Text.A], ["b", "a"]),
            (pd.Series(["b", "a", "b"], dtype="category"), ["b", "a", "b"]),
            (pd.Series([5, 7, 5], dtype="category"), [5, 7, 5]),
            (pd.Series(pd.Categorical(["b", "b"], ["a", "b", "c"])), ["b", "b"]),
            (pa.array(["b", "", "a"]).slice(2), ["a"]),
            (pa.array(["b", "a", "b"]).dictionary_encode(), ["b", "a", "b"]),
            (
                pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["a", "b", "a"])),
                ["a", "b", "a"],
            ),
            (pa.array([], pa.string()), []),
            ([], []),
        ],
    )
    def test_every_kind_of_id(self, given: Any, expected: list[object]) -> None:
        assert faults(given) == []
        got = ids(given)
        assert got == expected
        assert [type(x) for x in got] == [type(x) for x in expected]

    def test_arrow_text_stays_in_its_buffers(self) -> None:
        given = pa.array(["bo", "al"], pa.large_string())
        found = raw_ids(raw("customer_id", given))
        assert isinstance(found, ByteStrings)
        assert found.data.tobytes() == b"boal"
        assert found.data.ctypes.data == given.buffers()[2].address

    def test_categories_keep_their_codes(self) -> None:
        given = pd.Series(["b", "a"], dtype="category")
        found = raw_ids(raw("customer_id", given))
        assert isinstance(found, CodedIds)
        assert found.codes.dtype == np.int8

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (["a", "", None], [("empty", [1], False)]),
            (np.array(["a", ""]), [("empty", [1], False)]),
            (pa.array(["a", "", None]), [("empty", [1], False)]),
            (pd.Series(["a", "", None], dtype="category"), [("empty", [1], False)]),
            (np.array([1.0, np.nan]), [("not an id", [0], True)]),
            (np.array([True]), [("not an id", [0], True)]),
            (np.array(["2026-01-01"], "M8[D]"), [("not an id", [0], True)]),
            (pa.array([Decimal(1)]), [("not an id", [0], True)]),
            ([1.0, None], [("not an id", [0], False)]),
            ([True], [("not an id", [0], False)]),
            ([1, True, 2.0, b"a", None], [("not an id", [1, 2, 3], False)]),
            ([1, np.timedelta64(1, "ns")], [("not an id", [1], False)]),
            (["a", 2.0, ""], [("not an id", [1], False), ("empty", [2], False)]),
            (
                [2**63 - 1, 2**63, -(2**63), -(2**63) - 1],
                [("too large", [1, 3], False)],
            ),
            ([1, "a", 2, None], [("of another type", [1], True)]),
            ([2.5, "a", 2, ONE], [("of another type", [2, 3], True), ("not an id", [0], False)]),
            (pd.Series([1, "a"], dtype="category"), [("of another type", [1], True)]),
        ],
    )
    def test_what_is_no_id(self, given: Any, expected: list[object]) -> None:
        assert faults(given) == expected

    def test_unused_categories_are_no_fault(self) -> None:
        assert faults(pd.Series(pd.Categorical(["a"], ["", "a"]))) == []
        assert faults(pd.Series(pd.Categorical([5], ["a", 5]))) == []
        assert ids(pd.Series(pd.Categorical([5], ["a", 5]))) == [5]

    def test_floats_come_with_advice(self) -> None:
        (fault,) = id_faults(raw("customer_id", np.array([1.0])))
        assert fault.requirement == "must be an int, a str or a UUID"
        assert fault.problem == (
            "got floats; cast them to int (to Int64 where some are missing) or to str"
        )

    def test_two_types_are_named(self) -> None:
        (fault,) = (f for f in id_faults(raw("id", ["a", ONE, 1])) if f.rows.any())
        assert (fault.requirement, fault.problem) == (
            "must be of one type", "got int and str and UUID",
        )  # fmt: skip


class TestEventIds:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ([3, 1], [3, 1]),
            ([3, None], [3, None]),
            (["b", None], ["b", None]),
            (pa.array(["b", None]), ["b", None]),
            ([ONE, None], [ONE, None]),
            (pd.Series(["b", None], dtype="category"), ["b", None]),
            (pd.Series(pd.Categorical([7, 5], [5, 6, 7])), [7, 5]),
            (pd.Series([7, None], dtype="category"), [7, None]),
            ([None, None], [None, None]),
            ([], []),
        ],
    )
    def test_values(self, given: Any, expected: list[object]) -> None:
        found = event_ids(raw("id", given)).values
        assert found.tolist() == expected
        ints = all(type(x) is int for x in expected)
        assert found.dtype == (np.int64 if ints else object)


class TestLabels:
    def test_types_stay_apart(self) -> None:
        given = [1.0, True, 1, "1", None, False, 0, 0.0, -0.0]
        column = labels(given)
        assert [(type(x), x) for x in column.labels] == [
            (bool, False), (bool, True), (int, 0), (int, 1), (float, 0.0), (float, 1.0), (str, "1"),
        ]  # fmt: skip
        assert column.codes.tolist() == [5, 1, 3, 6, -1, 0, 2, 4, 4]
        assert math.copysign(1, float(column.labels[4])) == 1  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "given",
        [
            ["b", None, "a", "b"],
            np.ma.MaskedArray(["b", "z", "a", "b"], [False, True, False, False]),
            pa.array(["b", None, "a", "b"]),
            pd.Series(["b", None, "a", "b"], dtype="category"),
            pd.Series(pd.Categorical(["b", None, "a", "b"], ["b", "unused", "a"])),
            pa.array(["b", None, "a", "b"]).dictionary_encode(),
            pa.DictionaryArray.from_arrays(
                pa.array([0, 3, 1, 2]), pa.array(["b", "a", "b", None, "unused"])
            ),
            [np.str_("b"), np.nan, Text.A, "b"],
        ],
    )
    def test_text_of_any_kind(self, given: Any) -> None:
        column = labels(given, "text")
        assert column.labels == ("a", "b")
        assert [type(x) for x in column.labels] == [str, str]
        assert column.codes.tolist() == [1, -1, 0, 1]
        assert column.codes.dtype == np.int8

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (np.array([3, 1, 3], np.int16), [3, 1, 3]),
            (np.array([True, False]), [True, False]),
            (pd.Series([True, None], dtype="boolean"), [True, None]),
            (pd.Series([3, None], dtype="Int64"), [3, None]),
            (np.array([1.5, np.nan, -0.0]), [1.5, None, 0.0]),
            ([np.int8(3), np.float64(1.5), np.bool_(True)], [3, 1.5, True]),
            (["", "a"], ["", "a"]),
            ([2**70, 1], [2**70, 1]),
            ([None], [None]),
            ([], []),
        ],
    )
    def test_scalars(self, given: Any, expected: list[object]) -> None:
        got = decoded(given)
        assert [(type(x), x) for x in got] == [(type(x), x) for x in expected]

    def test_references(self) -> None:
        given = [ONE, Uuid(int=2), 5, "t", None]
        assert decoded(given, "reference") == [ONE, TWO, 5, "t", None]
        assert wrong(given, "reference") == []
        assert type(decoded([Uuid(int=2)], "reference")[0]) is uuid.UUID

    @pytest.mark.parametrize(
        ("given", "role", "expected"),
        [
            (["a", ""], "text", [("empty", [1], False)]),
            (["a", ""], "reference", [("empty", [1], False)]),
            (["a", 1, True, 1.0, ONE], "text", [("of the wrong type", [1, 2, 3, 4], False)]),
            ([1, "a", True, 1.5, None], "reference", [("of the wrong type", [2, 3], False)]),
            ([1, ONE, b"", [1], [2], Decimal(1)], "scalar", [("of the wrong type", [1, 2, 3, 4, 5], False)]),
            (np.array([1, 2]), "text", [("of the wrong type", [0, 1], True)]),
            ([1, 2], "text", [("of the wrong type", [0, 1], False)]),
            (np.array([True]), "text", [("of the wrong type", [0], True)]),
            (np.array([1.0]), "reference", [("of the wrong type", [0], True)]),
            (pd.Series([1, 2], dtype="category"), "text", [("of the wrong type", [0, 1], True)]),
            (np.array(["2026-01-01", "NaT"], "M8[s]"), "scalar", [("of the wrong type", [0], True)]),
            (pa.array([Decimal(1), None]), "scalar", [("of the wrong type", [0], True)]),
            (np.array(["2026-01-01"], "M8[ns]"), "scalar", [("of the wrong type", [0], True)]),
            (pa.array([Decimal(1), None]).dictionary_encode(), "scalar", [("of the wrong type", [0], True)]),
            (pd.Series(np.array(["2026-01-01"], "M8[ns]"), dtype="category"), "scalar", [("of the wrong type", [0], True)]),
            (np.array([1.0, np.inf, np.nan]), "scalar", [("not finite", [1], False)]),
            ([1, np.datetime64(1, "ns"), np.timedelta64(1, "ns")], "scalar", [("of the wrong type", [1, 2], False)]),
            ([1, -np.inf], "scalar", [("not finite", [1], False)]),
        ],
    )  # fmt: skip
    def test_what_is_no_label(self, given: Any, role: str, expected: list[object]) -> None:
        assert wrong(given, role) == expected

    def test_closed_sets(self) -> None:
        given = ["in", "out", "sideways", None]
        assert wrong(given, "text", ("in", "out")) == [("unknown", [2], False)]
        (fault,) = labelled(raw("direction", given), "text", ("in", "out")).faults
        assert fault.requirement == "must be one of 'in', 'out'"

    @pytest.mark.parametrize(
        ("role", "requirement"),
        [
            ("text", "must be a str"),
            ("reference", "must be an int, a str or a UUID"),
            ("scalar", "must be a str, a bool, an int or a float"),
        ],
    )
    def test_requirements(self, role: Any, requirement: str) -> None:
        (fault,) = labelled(raw("name", [b""]), role).faults
        assert fault.requirement == requirement

    def test_only_labels_that_occur_are_kept(self) -> None:
        column = labelled(raw("kind", ["c", "a", "b", None]), "text").keep(np.array([0, 2, 3]))
        assert coded(column).labels == ("b", "c")
        assert coded(column).codes.tolist() == [1, 0, -1]

    @pytest.mark.parametrize(("n", "dtype"), [(128, np.int8), (129, np.int16), (40_000, np.int32)])
    def test_codes_are_as_small_as_they_can_be(self, n: int, dtype: type) -> None:
        column = labels(np.arange(n)[::-1])
        assert column.codes.dtype == dtype == code_type(n)
        assert column.codes.tolist() == list(range(n))[::-1]

    def test_sorted_codes_are_reused(self) -> None:
        given = pd.Series(["a", "b", None], dtype="category")
        read = raw("kind", given)
        assert np.shares_memory(labels(given, "text").codes, getattr(read, "codes"))  # noqa: B009


class TestOccurring:
    @pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
    def test_missing_is_no_code(self, dtype: type) -> None:
        codes: Any = np.array([2, -1, 0, 2], dtype)
        assert occurring(codes, 4).tolist() == [True, False, True, False]
        assert occurring(codes[1:2], 2).tolist() == [False, False]
        assert occurring(codes[:0], 1).tolist() == [False]

    @pytest.mark.parametrize("dtype", [np.int8, np.int32])
    def test_more_rows_than_a_block(self, dtype: type) -> None:
        codes: Any = np.zeros(200_000, dtype)
        codes[-1] = 100
        assert np.flatnonzero(occurring(codes, 101)).tolist() == [0, 100]

    def test_the_largest_small_code(self) -> None:
        codes = np.array([127, -1], np.int8)
        assert np.flatnonzero(occurring(codes, 128)).tolist() == [127]
