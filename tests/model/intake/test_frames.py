from __future__ import annotations

import array
import datetime as dt
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from customerops.errors import InvalidInputError, MissingDependencyError
from customerops.model.intake.frames import column_of, names_of, raw
from customerops.model.intake.raw import Dictionary, Plain, Raw, Text, kind_of

UTC = dt.UTC
AWARE = [dt.datetime(2026, 1, 1, 8, tzinfo=UTC), None]
NAIVE: list[object] = [dt.datetime.fromisoformat("2026-01-01T08:00"), None]
DATES: list[object] = [dt.date(2026, 1, 1), None]
DECIMALS = [Decimal("1.50"), None]


def plain(read: Raw) -> Plain:
    """Write a column of any form out row by row."""
    if isinstance(read, Text):
        return read.plain()
    if isinstance(read, Dictionary):
        values = np.append(read.categories.values, read.categories.values[:1])[read.codes]
        return Plain(values, read.categories.kind, read.gone(), aware=read.categories.aware)
    return read


def seen(given: Any) -> tuple[str, list[object]]:
    """Return the kind of a column and its values, None where missing."""
    read = raw("column", given)
    rows = plain(read)
    pairs = zip(rows.values.tolist(), rows.gone().tolist(), strict=True)
    assert rows.gone().tolist() == read.gone().tolist()
    assert len(read) == len(rows)
    return kind_of(read), [None if gone else x for x, gone in pairs]


def refused(given: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        raw("at", given)
    return str(caught.value)


class TestNumpy:
    @pytest.mark.parametrize(
        ("given", "kind", "values"),
        [
            (np.array([True, False]), "bool", [True, False]),
            (np.array([1, 2], np.uint8), "int", [1, 2]),
            (np.array([1, 2], ">i4"), "int", [1, 2]),
            (np.array([1, 2**63 - 1], np.uint64), "int", [1, 2**63 - 1]),
            (np.array([1, 2**63], np.uint64), "object", [1, 2**63]),
            (np.array([1.5, np.nan], np.float32), "float", [1.5, None]),
            (np.array(["a", "b"]), "text", ["a", "b"]),
            (np.array(["a", None, np.nan, pd.NA], object), "text", ["a", None, None, None]),
            (np.array(["2026-01-01"], "M8[D]"), "date", [dt.date(2026, 1, 1)]),
            (np.array(["2026-01-01T08", "NaT"], "M8[us]"), "time", NAIVE),
            (np.ma.MaskedArray([1, 2], [False, True]), "int", [1, None]),
            (np.ma.MaskedArray([np.nan, 2.0], [False, True]), "float", [None, None]),
            (np.ma.MaskedArray([1, 2]), "int", [1, 2]),
            (np.arange(10)[::-3], "int", [9, 6, 3, 0]),
            (np.zeros(0), "float", []),
        ],
    )
    def test_dtypes(self, given: np.ndarray, kind: str, values: list[object]) -> None:
        assert seen(given) == (kind, values)

    @pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="numpy 2 has it")
    def test_variable_width_strings(self) -> None:
        given: Any = np.array(["a", "bc"], np.dtypes.StringDType())
        assert seen(given) == ("text", ["a", "bc"])

    def test_arrays_are_not_copied(self) -> None:
        given = np.array([1, 2])
        read = raw("id", given)
        assert isinstance(read, Plain)
        assert read.values is given

    @pytest.mark.parametrize(
        "given",
        [np.array([1j]), np.array([b"a"]), np.array([1], "m8[s]")],
    )
    def test_dtypes_that_are_refused(self, given: np.ndarray) -> None:
        assert refused(given) == f"at must hold text, numbers or times: got {given.dtype}"

    def test_more_dimensions_are_refused(self) -> None:
        assert refused(np.zeros((2, 1))) == "at must be one-dimensional: got 2 dimensions"
        assert refused(np.array(5)) == "at must be one-dimensional: got 0 dimensions"
        assert refused(pd.DataFrame({"a": [1]})) == "at must be one-dimensional: got 2 dimensions"


class TestLists:
    @pytest.mark.parametrize(
        ("given", "kind", "values"),
        [
            ([1, None, 2], "int", [1, None, 2]),
            ((1.5, float("nan")), "float", [1.5, None]),
            ([True, None], "bool", [True, None]),
            (["a", None], "text", ["a", None]),
            ([1, "a"], "object", [1, "a"]),
            ([True, 2], "object", [True, 2]),
            ([1, 2.5], "object", [1, 2.5]),
            ([2**64, 1], "object", [2**64, 1]),
            ([Decimal("1.5"), Decimal("NaN"), Decimal("sNaN")], "object", [Decimal("1.5"), None, None]),
            ([[1, 2], [3, 4]], "object", [[1, 2], [3, 4]]),
            ([None, pd.NaT], "nothing", [None, None]),
            ([], "nothing", []),
            (range(3), "int", [0, 1, 2]),
            (array.array("q", [4, 5]), "int", [4, 5]),
        ],
    )  # fmt: skip
    def test_no_value_changes_its_type(self, given: Any, kind: str, values: list[object]) -> None:
        got = seen(given)
        assert got == (kind, values)
        assert list(map(type, got[1])) == list(map(type, values))

    def test_what_is_no_array(self) -> None:
        for given in ("abc", b"abc", {1, 2}, {"a": 1}, iter([1]), 5):
            got = type(given).__name__
            assert refused(given) == f"at must be a one-dimensional array: got {got}"
        assert refused(None) == "at must be a one-dimensional array: got None"

    def test_an_array_of_another_library(self) -> None:
        class Foreign:
            def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
                return np.array([1, 2])

        assert seen(Foreign()) == ("int", [1, 2])


class TestPandas:
    @pytest.mark.parametrize(
        ("given", "kind", "values"),
        [
            (pd.Series(["a", None], dtype=object), "text", ["a", None]),
            (pd.Series(["a", None], dtype="string[python]"), "text", ["a", None]),
            (pd.Series(["a", None], dtype="string[pyarrow]"), "text", ["a", None]),
            (pd.Series(["a", None]), "text", ["a", None]),
            (pd.Series(["a", None, "b"], dtype="category"), "text", ["a", None, "b"]),
            (pd.Series([3, None, 1], dtype="category"), "int", [3, None, 1]),
            (pd.Series([1, 2], index=[5, 5]), "int", [1, 2]),
            (pd.Series([1, None], dtype="Int64"), "int", [1, None]),
            (pd.Series([1.5, None], dtype="Float64"), "float", [1.5, None]),
            (pd.Series([True, None], dtype="boolean"), "bool", [True, None]),
            (pd.Series([1, None], dtype="int64[pyarrow]"), "int", [1, None]),
            (pd.Series(["a", None], dtype=pd.ArrowDtype(pa.string())), "text", ["a", None]),
            (pd.Series([0.0, 1.0], dtype=pd.SparseDtype(float)), "float", [0.0, 1.0]),
            (pd.Index(["a", "b"]), "text", ["a", "b"]),
            (pd.array([1, None], dtype="Int64"), "int", [1, None]),
            (pd.Categorical(["a", "b"]), "text", ["a", "b"]),
            (pd.Series(DATES, dtype=object), "object", DATES),
            (pd.Series([pd.Period("2026"), None]), "object", [pd.Period("2026"), None]),
        ],
    )
    def test_dtypes(self, given: Any, kind: str, values: list[object]) -> None:
        assert seen(given) == (kind, values)

    @pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
    @pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
    def test_times(self, unit: str, zone: str | None) -> None:
        given = pd.Series(np.array(["2026-01-01T08", "NaT"], f"M8[{unit}]")).dt.tz_localize(zone)
        read = raw("at", given)
        assert isinstance(read, Plain)
        hour = 8 if zone != "Asia/Tokyo" else -1
        expected = np.datetime64("2026-01-01T00", "us") + np.timedelta64(hour, "h")
        assert read.values.astype("M8[us]")[0] == expected
        assert (read.aware, read.gone().tolist()) == (zone is not None, [False, True])

    def test_times_in_arrow(self) -> None:
        given = pd.Series(AWARE, dtype=pd.ArrowDtype(pa.timestamp("ms", "Asia/Tokyo")))
        read = raw("at", given)
        assert isinstance(read, Plain)
        assert read.aware
        assert read.values[0] == np.datetime64("2026-01-01T08")

    def test_a_category_of_a_category(self) -> None:
        inner = pd.Index(
            pd.Series(["x", "y"], dtype=pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string())))
        )
        given = pd.Series(pd.Categorical.from_codes([1, -1, 0], inner))
        assert seen(given) == ("text", ["y", None, "x"])

    def test_codes_are_not_copied(self) -> None:
        given = pd.Series(["a", "b"], dtype="category")
        read = raw("kind", given)
        assert isinstance(read, Dictionary)
        assert read.codes.dtype == np.int8
        assert np.shares_memory(read.codes, given.array.codes)


class TestArrow:
    @pytest.mark.parametrize(
        ("given", "kind", "values"),
        [
            (pa.array(["a", None]), "text", ["a", None]),
            (pa.array(["a", None], pa.large_string()), "text", ["a", None]),
            pytest.param(
                pa.array(["a", None], pa.string_view()),
                "text",
                ["a", None],
                marks=pytest.mark.skipif(pa.__version__ < "18", reason="pyarrow 18 casts it"),
            ),
            (pa.chunked_array([["a"], [None, "b"]]), "text", ["a", None, "b"]),
            (pa.chunked_array([], pa.string()), "text", []),
            (pa.array(["a", None, "a"]).dictionary_encode(), "text", ["a", None, "a"]),
            (pa.array([True, None]), "bool", [True, None]),
            (pa.array([1, None], pa.uint8()), "int", [1, None]),
            (pa.array([1, None, 2**63], pa.uint64()), "object", [1, None, 2**63]),
            (pa.array([1.5, None, float("nan")]), "float", [1.5, None, None]),
            (pa.array([1.5, None], pa.float32()), "float", [1.5, None]),
            (pa.array([np.float16(1.5), None], pa.float16()), "float", [1.5, None]),
            (pa.array(DATES), "date", DATES),
            (pa.array(DATES, pa.date64()), "date", DATES),
            (pa.array(NAIVE, pa.timestamp("us")), "time", NAIVE),
            (pa.array(DECIMALS), "scaled", [150, None]),
            (pa.nulls(2), "nothing", [None, None]),
            (pa.array([[1], None]), "object", [[1], None]),
            (pa.array([b"a", None]), "object", [b"a", None]),
        ],
    )
    def test_types(self, given: Any, kind: str, values: list[object]) -> None:
        assert seen(given) == (kind, values)

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_aware_times(self, unit: str) -> None:
        read = raw("at", pa.array(AWARE, pa.timestamp(unit, "Asia/Tokyo")))
        assert isinstance(read, Plain)
        assert read.aware
        assert read.values.dtype == np.dtype(f"M8[{unit}]")
        assert read.values[0] == np.datetime64("2026-01-01T08")

    def test_chunks_of_different_dictionaries(self) -> None:
        given = pa.chunked_array(
            [
                pa.array(["a", "b"]).dictionary_encode(),
                pa.array(["c", "b", None]).dictionary_encode(),
            ]
        )
        assert seen(given) == ("text", ["a", "b", "c", "b", None])

    def test_a_dictionary_that_holds_null_and_repeats_itself(self) -> None:
        given = pa.DictionaryArray.from_arrays(
            pa.array([0, 1, 2, None]), pa.array(["a", None, "a"])
        )
        assert seen(given) == ("text", ["a", None, "a", None])

    def test_a_dictionary_of_a_dictionary(self) -> None:
        inner = pa.array(["x", "y"]).dictionary_encode()
        given = pa.DictionaryArray.from_arrays(pa.array([1, None, 0]), inner)
        assert seen(given) == ("text", ["y", None, "x"])

    def test_text_is_not_copied(self) -> None:
        given = pa.array(["a", "b"], pa.large_string())
        read = raw("id", given)
        assert isinstance(read, Text)
        assert read.array.buffers()[2].address == given.buffers()[2].address

    def test_a_slice(self) -> None:
        for given in (
            pa.array(["a", None, "b", "c"]),
            pa.array(["a", None, "b", "c"], pa.large_string()),
        ):
            assert seen(given.slice(1, 2)) == ("text", [None, "b"])
            read = raw("id", given.slice(1, 3)).keep(np.array([0, 2]))
            assert plain(read).values.tolist() == [None, "c"]


POLARS: list[tuple[Callable[[], pl.Series], str, list[object]]] = [
    (lambda: pl.Series(["a", None]), "text", ["a", None]),
    (lambda: pl.Series(["a", None], dtype=pl.Categorical), "text", ["a", None]),
    (lambda: pl.Series(["a", None], dtype=pl.Enum(["b", "a"])), "text", ["a", None]),
    (lambda: pl.Series([1, None, 2**60 + 1]), "int", [1, None, 2**60 + 1]),
    (lambda: pl.Series([1.5, None, float("nan")]), "float", [1.5, None, None]),
    (lambda: pl.Series([True, None]), "bool", [True, None]),
    (lambda: pl.Series(DATES), "date", DATES),
    (lambda: pl.Series(NAIVE), "time", NAIVE),
    (lambda: pl.Series([None, None]), "nothing", [None, None]),
    (lambda: pl.Series([2**70, None], dtype=pl.Int128), "object", [2**70, None]),
    (lambda: pl.Series([b"a", "b"], dtype=pl.Object), "object", [b"a", "b"]),
    (lambda: pl.Series([[1], None]), "object", [[1], None]),
]


class TestPolars:
    @pytest.mark.parametrize("arrow", [True, False])
    @pytest.mark.parametrize(("make", "kind", "values"), POLARS)
    def test_dtypes(
        self,
        make: Callable[[], pl.Series],
        kind: str,
        values: list[object],
        arrow: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        if not arrow:
            monkeypatch.setitem(sys.modules, "pyarrow", None)
        assert seen(make()) == (kind, values)

    @pytest.mark.parametrize("arrow", [True, False])
    @pytest.mark.parametrize("unit", ["ms", "us", "ns"])
    def test_aware_times(self, unit: Any, arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        if not arrow:
            monkeypatch.setitem(sys.modules, "pyarrow", None)
        read = raw("at", pl.Series(AWARE, dtype=pl.Datetime(unit, "Asia/Tokyo")))
        assert isinstance(read, Plain)
        assert (read.aware, read.gone().tolist()) == (True, [False, True])
        assert read.values[0] == np.datetime64("2026-01-01T08")

    def test_decimals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given = pl.Series(DECIMALS)
        read = raw("amount", given)
        assert isinstance(read, Plain)
        assert (read.kind, read.scale, read.values.tolist()) == ("scaled", 2, [150, 0])
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        assert seen(given) == ("object", DECIMALS)

    def test_without_pyarrow_and_narwhals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given = pl.Series([1])
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        monkeypatch.setitem(sys.modules, "narwhals.stable.v2", None)
        with pytest.raises(MissingDependencyError, match=r"pip install 'customerops\[frames\]'"):
            raw("at", given)


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "polars": lambda: pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "table": lambda: pa.table({"a": [1, 2], "b": ["x", "y"]}),
    "batch": lambda: pa.record_batch({"a": [1, 2], "b": ["x", "y"]}),
    "mapping": lambda: {"a": [1, 2], "b": ["x", "y"]},
    "narwhals": lambda: nw.from_native(pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})),
}


class TestFrames:
    @pytest.mark.parametrize("kind", FRAMES)
    def test_columns_by_name(self, kind: str) -> None:
        frame = FRAMES[kind]()
        assert names_of(frame) == ["a", "b"]
        assert seen(column_of(frame, "a")) == ("int", [1, 2])
        assert seen(column_of(frame, "b")) == ("text", ["x", "y"])

    def test_lazy_queries_are_refused_by_name(self) -> None:
        duckdb = pytest.importorskip("duckdb")
        lazy = [
            (pl.LazyFrame({"a": [1]}), "LazyFrame"),
            (duckdb.sql("select 1"), "DuckDBPyRelation"),
        ]
        for frame, name in lazy:
            with pytest.raises(InvalidInputError) as caught:
                names_of(frame)
            assert str(caught.value) == (
                "frame must be a pandas or polars DataFrame, a pyarrow Table or a mapping of arrays: "
                f"got {name}; run a lazy query first, with collect() or arrow()"
            )

    @pytest.mark.parametrize("frame", [5, [1, 2], np.zeros((2, 2)), "a", None])
    def test_what_is_no_frame(self, frame: object) -> None:
        with pytest.raises(
            InvalidInputError, match=r"^frame must be a pandas or polars DataFrame"
        ):
            names_of(frame)

    def test_polars_frames_need_narwhals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "narwhals.stable.v2", None)
        with pytest.raises(MissingDependencyError) as caught:
            names_of(pl.DataFrame({"a": [1]}))
        assert caught.value.package == "narwhals"
        assert str(caught.value).startswith("reading a polars frame needs narwhals")

    def test_pandas_and_pyarrow_frames_do_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "narwhals.stable.v2", None)
        for kind in ("pandas", "table", "batch", "mapping"):
            assert names_of(FRAMES[kind]()) == ["a", "b"]
