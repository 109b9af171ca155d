"""Shares, positions and reasons, whatever the data come in."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.identity.columns import SourceRecord
from customerops.model.quality.assessment import assess, clean, stale
from customerops.model.quality.report import QualityFault, Uniqueness
from customerops.model.quality.schema import Field, Schema
from customerops.model.records.records import Customer, Identifier, Interaction, Tag
from customerops.model.values.money import Money
from tests.reference import quality as slow

UTC = dt.UTC
NOW = dt.datetime(2026, 3, 1, tzinfo=UTC)
DAY = dt.timedelta(days=1)

PEOPLE = Schema(
    fields=(
        Field(name="id", kind="id", required=True, unique=True),
        Field(name="email", kind="text", pattern=r"[^@\s]+@[^@\s]+"),
        Field(name="age", kind="integer", least=0, most=120),
        Field(name="seen", kind="instant", fresh_within=10 * DAY),
        Field(name="level", kind="text", allowed=frozenset({"gold", "plain"})),
        Field(name="account", kind="id", reference="accounts"),
    ),
    key=("email", "age"),
)
ROWS: dict[str, list[Any]] = {
    "id": ["a", "b", "b", None, "e", "f"],
    "email": ["a@x", "nobody", "b@x", " ", "a@x", None],
    "age": [41, 7, 121, -1, 41, None],
    "seen": [NOW, NOW + DAY, NOW - 10 * DAY, NOW - 11 * DAY, None, NOW],
    "level": ["gold", "plain", "Gold", None, "gold", "plain"],
    "account": ["A", "B", "A", "Z", None, "A"],
}
KNOWN = {"accounts": ["A", "B"]}
FAULTS = {
    ("id", "missing"): [3],
    ("email", "not as its pattern"): [1],
    ("age", "out of range"): [2, 3],
    ("seen", "in the future"): [1],
    ("seen", "out of date"): [3],
    ("level", "not among the allowed"): [2],
    ("account", "refers to none known"): [3],
    ("id", "repeated"): [2],
    ("email + age", "duplicate"): [4],
}


def frames() -> list[Any]:
    frame = pd.DataFrame({**ROWS, "age": pd.array(ROWS["age"], dtype="Int64")})
    return [
        pytest.param(ROWS, id="mapping"),
        pytest.param(frame, id="pandas"),
        pytest.param(frame.astype({"age": "float"}), id="floats"),
        pytest.param(frame.astype({"level": "category", "id": "category"}), id="categorical"),
        pytest.param(pl.DataFrame(ROWS), id="polars"),
        pytest.param(pa.table(ROWS), id="pyarrow"),
        pytest.param(
            [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)],
            id="records",
        ),
    ]


@pytest.mark.parametrize("frame", frames())
def test_positions_and_reasons(frame: Any) -> None:
    found = assess(frame, PEOPLE, as_of=NOW, references=KNOWN)
    assert {(f.field, f.reason): f.rows.tolist() for f in found.faults} == FAULTS
    assert found.rejected.rows.tolist() == [1, 2, 3, 4]
    assert found.rejected.counts() == {
        "email not as its pattern": 1,
        "age out of range": 1,
        "id missing": 1,
        "email + age duplicate": 1,
    }


@pytest.mark.parametrize("frame", frames())
def test_shares(frame: Any) -> None:
    found = assess(frame, PEOPLE, as_of=NOW, references=KNOWN)
    shares = {
        (name, label): (int(share.parts["count"][i]), int(share.parts["total"][i]))
        for name, share in found.shares.items()
        for i, label in enumerate(share.axes[0].labels)
    }
    assert shares == {
        ("completeness", "account"): (5, 6),
        ("completeness", "age"): (5, 6),
        ("completeness", "email"): (4, 6),
        ("completeness", "id"): (5, 6),
        ("completeness", "level"): (5, 6),
        ("completeness", "seen"): (5, 6),
        ("validity", "account"): (5, 5),
        ("validity", "age"): (5, 5),
        ("validity", "email"): (3, 4),
        ("validity", "id"): (5, 5),
        ("validity", "level"): (4, 5),
        ("validity", "seen"): (5, 5),
        ("out_of_range", "age"): (2, 5),
        ("future_dated", "seen"): (1, 5),
        ("stale", "seen"): (1, 4),
        ("orphaned", "account"): (1, 5),
    }
    assert dict(found.uniqueness) == {"id": Uniqueness(4, 5)}
    assert found.duplicates == Uniqueness(3, 4)


@pytest.mark.parametrize("frame", frames())
def test_kept_and_rejected_are_what_was_given(frame: Any) -> None:
    cleaned = clean(frame, PEOPLE, as_of=NOW, references=KNOWN)
    assert type(cleaned.kept) is type(cleaned.rejected) is type(frame)
    ids = [
        [row["id"] for row in part] if isinstance(part, list) else list(part["id"])
        for part in (cleaned.kept, cleaned.rejected)
    ]
    ids = [[getattr(x, "as_py", lambda x=x: x)() for x in part] for part in ids]
    assert ids[0] == ["a", "f"]
    assert [None if pd.isna(x) else x for x in ids[1]] == ["b", "b", None, "e"]
    again = clean(cleaned.kept, PEOPLE, as_of=NOW, references=KNOWN)
    assert len(again.report.rejected) == 0


def test_no_value_is_shown() -> None:
    cleaned = clean(ROWS, PEOPLE, as_of=NOW, references=KNOWN)
    said = repr([cleaned, cleaned.report, cleaned.report.faults, cleaned.report.rejected])
    said += str(cleaned.report.to_frame())
    for value in ("a@x", "nobody", "121", "Gold", "'b'"):
        assert value not in said
    assert repr(cleaned.report.faults[0]) == "QualityFault(id missing: 1 rows)"
    assert len(cleaned.report.faults[0]) == 1
    assert repr(cleaned).startswith("Cleaned(2 kept, 4 rejected: {'age out of range': 1")


def test_the_frame_has_every_measure() -> None:
    frame = assess(ROWS, PEOPLE, as_of=NOW, references=KNOWN).to_frame(confidence=0.9)
    assert list(frame) == ["measure", "field", "count", "total", "value", "low", "high"]
    first = frame.iloc[0].to_dict()
    # Wilson (1927) with z = 1.6449 (z^2 = 2.7055): (5 + 1.3528 -+ 1.6449 sqrt(5/6 + 0.6764)) / 8.7055
    assert first["low"] == pytest.approx(0.4976, abs=1e-4)
    assert first["high"] == pytest.approx(0.9619, abs=1e-4)
    last = frame.iloc[-1]
    assert (last["measure"], last["field"], last["value"]) == ("duplicates", "email + age", 0.75)
    assert np.isnan(last["low"])


def test_rows_of_one_customer_are_one() -> None:
    """Two rows of one customer and one of nobody: three rows, two subjects."""
    schema = Schema(fields=(Field(name="who"), Field(name="kind", kind="text")), subject="who")
    rows: dict[str, list[Any]] = {"who": ["a", "a", None, "b"], "kind": ["x", None, "x", 5]}
    found = assess(rows, schema, as_of=NOW)
    parts = {name: found.validity.parts[name].tolist() for name in ("n", "x", "y", "xx", "yy")}
    # kind: a 1 of 1, nobody 1 of 1, b 0 of 1; who: a 2 of 2, b 1 of 1, nobody 0 of 0
    assert parts == {"n": [3, 2], "x": [2, 3], "y": [3, 3], "xx": [2, 5], "yy": [3, 5]}
    frame = found.to_frame()
    assert frame.loc[frame["measure"] == "completeness", "count"].tolist() == [3, 3]


@pytest.mark.parametrize("subject", [None, "who"])
def test_shares_add(subject: str | None) -> None:
    schema = Schema(
        fields=(
            Field(name="who", kind="id", required=True),
            Field(name="age", kind="number", least="0.5", most=9),
        ),
        subject=subject,
    )
    rows: dict[str, list[Any]] = {
        "who": [1, 1, 2, 3, 3],
        "age": [0.5, None, 11.0, 0.25, float("inf")],
    }
    whole = assess(rows, schema, as_of=NOW)
    parts = [
        assess({k: v[a:z] for k, v in rows.items()}, schema, as_of=NOW)
        for a, z in ((0, 2), (2, 3), (3, 5), (5, 5))
    ]
    for name in whole.shares:
        assert sum(part.shares[name] for part in parts) == whole.shares[name]
    other = assess(rows, Schema(fields=schema.fields[:1], subject=subject), as_of=NOW)
    with pytest.raises(InvalidInputError, match="schema|options"):
        _ = whole.completeness + other.completeness
    with pytest.raises(TypeError):
        _ = Uniqueness(1, 1) + Uniqueness(1, 1)  # type: ignore[operator]


def test_the_good_row_of_a_value_stands() -> None:
    schema = Schema(
        fields=(Field(name="id", unique=True), Field(name="age", kind="integer", least=0)),
    )
    found = assess({"id": [7, 7, 7], "age": [-1, 3, 4]}, schema, as_of=NOW)
    assert [(f.reason, f.rows.tolist()) for f in found.faults] == [
        ("out of range", [0]),
        ("repeated", [0, 2]),
    ]


@pytest.mark.parametrize(
    ("kind", "values", "reasons"),
    [
        ("text", ["a", 5, None], {1: "not text"}),
        ("text", [1, 2], {0: "not text", 1: "not text"}),
        ("id", ["a", 5, UUID(int=1), 2.5], {3: "not an id"}),
        ("id", [1.0, 2.0], {0: "not an id", 1: "not an id"}),
        ("integer", [1, "x", 2.0, 2.5, True, Decimal(3)], {1: 0, 3: 0, 4: 0}),
        ("integer", [1.0, 1.5, float("inf"), None], {1: "not an integer", 2: "not finite"}),
        ("integer", pa.array([Decimal("1.0"), Decimal("1.5")]), {1: "not an integer"}),
        ("number", ["1", 2], {0: "not a number"}),
        ("number", [Decimal("Infinity"), 2, True, float("inf")], {0: 0, 2: 0, 3: 0}),
        ("number", [float("-inf"), 2.0], {0: "not finite"}),
        ("boolean", [True, 0, None], {1: "not a boolean"}),
        ("boolean", [True, False], {}),
        ("any", [object(), 0, None], {}),
        ("instant", ["2026-01-01", NOW], {0: "not a time"}),
        ("instant", [NOW.replace(tzinfo=None), NOW], {0: "without a time zone"}),
        ("instant", [None, None], {}),
        ("text", [None, None], {}),
        ("text", pd.Series([None, None], dtype="category"), {}),
    ],
)
def test_kinds(kind: Any, values: Any, reasons: dict[int, Any]) -> None:
    found = assess({"a": values}, Schema(fields=(Field(name="a", kind=kind),)), as_of=NOW)
    rows = {row: fault.reason for fault in found.faults for row in fault.rows.tolist()}
    assert set(rows) == set(reasons)
    assert all(reasons[row] in (0, rows[row]) for row in rows)
    assert {fault.measure for fault in found.faults} <= {"validity"}


@pytest.mark.parametrize(
    ("values", "bad"),
    [
        ([0.1, 0.3, 0.30000000000000004], [0, 2]),  # the float 0.1 is above a tenth
        ([0, 1, -1], [1, 2]),
        (np.array([0, 1], np.uint8), [1]),
        ([Decimal("0.1"), Decimal("0.11"), 1], [1, 2]),
        (pa.array([Decimal("0.10"), Decimal("0.11")]), [1]),
        ([None, None], []),
        ([-(2**63), 2**63 - 1], [0, 1]),
    ],
)
def test_bounds_are_exact(values: Any, bad: list[int]) -> None:
    most = "0.3" if isinstance(values, list) and 0.3 in values else "0.1"
    schema = Schema(fields=(Field(name="a", kind="number", least=0, most=most),))
    found = assess({"a": values}, schema, as_of=NOW)
    # 0.1 = 0.1000000000000000055..., 0.3 = 0.2999999999999999888... (IEEE 754 binary64)
    bad = [2] if most == "0.3" else bad
    assert [row for fault in found.faults for row in fault.rows.tolist()] == bad


def test_a_float_at_the_edge_of_its_bound() -> None:
    """The float 0.1 is more than a tenth and 0.3 less than three tenths."""
    schema = Schema(fields=(Field(name="a", kind="number", least="0.3", most="0.1e1"),))
    found = assess({"a": [0.3, 0.30000000000000004]}, schema, as_of=NOW)
    assert found.rejected.rows.tolist() == [0]
    schema = Schema(fields=(Field(name="a", kind="number", most="0.1"),))
    assert assess({"a": [0.1, 0.05]}, schema, as_of=NOW).rejected.rows.tolist() == [0]


def test_whole_numbers_against_bounds_that_are_not() -> None:
    schema = Schema(fields=(Field(name="a", kind="integer", least="0.5", most="2.5"),))
    assert assess({"a": [0, 1, 2, 3]}, schema, as_of=NOW).rejected.rows.tolist() == [0, 3]


def test_a_pattern_is_of_the_whole_text() -> None:
    schema = Schema(fields=(Field(name="a", kind="text", pattern="[a-z]+"),))
    assert assess({"a": ["ab", "ab1", "1ab"]}, schema, as_of=NOW).rejected.rows.tolist() == [1, 2]


def test_rows_of_nobody_are_not_one_customer() -> None:
    schema = Schema(fields=(Field(name="who"),), subject="who")
    found = assess({"who": [None, None, 1]}, schema, as_of=NOW)
    assert found.completeness.parts["n"].tolist() == [3]


def test_bounds_of_objects() -> None:
    schema = Schema(fields=(Field(name="a", kind="number", least=1),))
    assert assess({"a": [Decimal(0), 2.5]}, schema, as_of=NOW).rejected.rows.tolist() == [0]
    schema = Schema(fields=(Field(name="a", kind="number", most=1),))
    assert assess({"a": [Decimal(0), 2.5]}, schema, as_of=NOW).rejected.rows.tolist() == [1]


def test_instants_that_may_lie_ahead_and_naive_ones() -> None:
    schema = Schema(fields=(Field(name="renews", kind="instant", future="allowed"),))
    found = assess({"renews": [dt.date(2030, 1, 1)]}, schema, as_of=NOW, tz=UTC)
    assert len(found.rejected) == 0
    assert found.future_dated.axes[0].labels == ()
    assert len(found.future_dated.value) == 0


def test_what_is_no_instant_is_not_another() -> None:
    schema = Schema(fields=(Field(name="at", kind="instant", unique=True),), key=("at",))
    found = assess({"at": ["x", "y", NOW, NOW]}, schema, as_of=NOW)
    assert found.uniqueness["at"] == found.duplicates == Uniqueness(1, 2)
    assert found.rejected.counts() == {"at not a time": 2, "at repeated": 1}


def test_lists_and_mappings_repeat_too() -> None:
    schema = Schema(fields=(Field(name="tags", unique=True),))
    rows = [{"tags": ["a"]}, {"tags": {"b": 1}}, {"tags": ["a"]}, {"tags": (["a"],)}]
    found = assess(rows, schema, as_of=NOW)
    assert found.uniqueness["tags"] == Uniqueness(3, 4)
    assert found.rejected.rows.tolist() == [2]


def test_nothing_is_known_of_no_rows() -> None:
    found = assess({name: [] for name in ROWS}, PEOPLE, as_of=NOW, references=KNOWN)
    assert np.isnan(found.completeness.value).all()
    assert np.isnan(found.uniqueness["id"].value)
    assert found.n == 0


def test_records_by_path() -> None:
    orders = [
        Interaction(customer_id="a", at=NOW, kind="purchase", amount=Money(5, "EUR")),
        Interaction(customer_id="b", at=NOW, kind="purchase", attributes={"plan": "pro"}),
    ]
    schema = Schema(
        fields=(
            Field(name="amount.amount", kind="number", required=True, least=6),
            Field(name="attributes.plan", kind="text"),
            Field(name="at", kind="instant"),
        ),
    )
    found = assess(orders, schema, as_of=NOW)
    assert found.rejected.counts() == {
        "amount.amount missing": 1,
        "amount.amount out of range": 1,
    }
    assert clean(tuple(orders), schema, as_of=NOW).kept == ()
    dotted = Schema(fields=(Field(name="a.b"),))
    assert assess([{"a.b": 1}, {"a": {"b": 1}}], dotted, as_of=NOW).completeness.value == [1.0]


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        (
            {"email": [1]},
            "emial",
            "emial must be a column of the frame: it is not, did you mean 'email'",
        ),
        ([Customer(id=1)], "idd", "idd must be a field of the records: it is not, did you mean"),
        ([{"a": 5}], "a.b", "a.b must be a field of the records: it is not"),
        ([5], "a", r"records\[0\] must be a record or a mapping: got int"),
        ("text", "a", "frame must be a pandas or polars DataFrame"),
    ],
)
def test_data_refused(rows: Any, name: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        assess(rows, Schema(fields=(Field(name=name),)), as_of=NOW)


def test_options_refused() -> None:
    with pytest.raises(InvalidInputError, match="references must have the ids of 'accounts'"):
        assess(ROWS, PEOPLE, as_of=NOW)
    with pytest.raises(InvalidInputError, match="as_of must be timezone-aware"):
        assess(ROWS, PEOPLE, as_of=NOW.replace(tzinfo=None))
    short = {**ROWS, "age": [1]}
    with pytest.raises(InvalidInputError, match="age must be as long as id: got 1 and 6"):
        assess(short, PEOPLE, as_of=NOW, references=KNOWN)
    with pytest.raises(InvalidInputError, match="frame must have columns of one length"):
        clean({**ROWS, "more": [1]}, PEOPLE, as_of=NOW, references=KNOWN)


def test_stale_records() -> None:
    old, late = NOW - 11 * DAY, NOW + DAY
    people: list[Customer | SourceRecord] = [
        Customer(id=1, created_at=NOW - 10 * DAY),
        Customer(id=2, created_at=old),
        Customer(id=3, created_at=late),
        Customer(id=4, created_at=old, tags=frozenset({Tag(name="vip", since=NOW)})),
        Customer(
            id=5,
            identifiers=frozenset(
                {Identifier(type="email", value="x", first_seen=old, last_seen=NOW)}
            ),
        ),
        SourceRecord(source="crm", customer=Customer(id=6), updated_at=NOW),
        SourceRecord(source="crm", customer=Customer(id=7), updated_at=old),
    ]
    found = stale(people, as_of=NOW, max_age=10 * DAY)
    assert found.rows.tolist() == [1, 2, 6]
    assert found.counts() == {"record of unknown age": 1, "record out of date": 2}
    with pytest.raises(InvalidInputError, match=r"customers\[0\] must be a Customer or a Source"):
        stale(["x"], as_of=NOW, max_age=DAY)  # type: ignore[list-item]
    with pytest.raises(InvalidInputError, match="max_age must be longer than zero"):
        stale(people, as_of=NOW, max_age=0 * DAY)


values = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "a@b", "c@d", "nope"]),
    st.integers(-3, 3),
    st.floats(-3, 3),
    st.just(float("nan")),
    st.just(float("inf")),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({"a": values, "b": values}), max_size=12))
def test_as_row_by_row(rows: list[dict[str, Any]]) -> None:
    schema = Schema(
        fields=(
            Field(name="a", kind="text", pattern=".*@.*", unique=True),
            Field(name="b", kind="number", least="-1.5", most="1"),
        ),
        key=("a", "b"),
    )
    cleaned = clean(rows, schema, as_of=NOW)
    found = cleaned.report

    def pair(share: Any, name: str) -> tuple[int, int]:
        i = share.axes[0].labels.index(name)
        return int(share.parts["count"][i]), int(share.parts["total"][i])

    for name in "ab":
        assert pair(found.completeness, name) == slow.completeness(rows, name)
    assert pair(found.validity, "a") == slow.validity(rows, "a", "text", ".*@.*")
    assert pair(found.validity, "b") == slow.validity(rows, "b", "number", None)
    assert pair(found.out_of_range, "b") == slow.out_of_range(rows, "b", "-1.5", "1")
    assert found.uniqueness["a"].repeated == slow.repeated(rows, ["a"])
    assert found.duplicates is not None
    assert found.duplicates.repeated == slow.repeated(rows, ["a", "b"])
    assert len(cleaned.kept) + len(cleaned.rejected) == len(rows)
    assert len(clean(cleaned.kept, schema, as_of=NOW).rejected) == 0
    assert isinstance(found.faults, tuple)
    assert all(isinstance(fault, QualityFault) for fault in found.faults)
