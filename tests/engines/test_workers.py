"""What a worker does with the rows it was dealt, called as an engine calls it."""

import datetime as dt
from typing import Any

import attrs
import pandas as pd
import pyarrow as pa
import pytest

from customerops import InteractionLog, InvalidInputError
from customerops.engines import Reduced, dask, from_bytes, plan, spark

PLAIN: dict[str, Any] = {"customer_id": "user", "at": "ts", "kind": "event"}
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PLAN = plan.plan(
    ["user", "ts", "event", "n"],
    PLAIN,
    as_of=None,
    prepare=None,
    sequence="n",
    most=None,
    people=None,
)
TABLE = pa.table(
    {"user": ["b", "a", "a"], "ts": [NOON] * 3, "event": ["x", "late", "early"], "n": [0, 2, 1]}
)
FRAME = TABLE.to_pandas()


def kinds(log: InteractionLog) -> list[str]:
    return [str(record) for record in log.to_frame()["kind"]]


def rows(log: InteractionLog) -> pd.DataFrame:
    return log.to_frame()[["customer_id", "kind"]]


# ------------------------------------------------------------------ Spark


def test_batches_become_one_log_in_the_order_of_the_sequence() -> None:
    (batch,) = spark._reduced(PLAN, {"kinds": kinds}, iter(TABLE.to_batches(max_chunksize=1)))
    assert batch.schema == pa.schema([("part", pa.binary())])
    reduced = from_bytes(batch["part"][0].as_py())
    assert reduced == Reduced(results={"kinds": ["early", "late", "x"]}, events=3, customers=2)


def test_events_leave_in_the_order_of_the_sequence() -> None:
    columns = {"user": ["a"] * 3, "ts": [NOON] * 3, "event": ["3rd", "1st", "2nd"], "n": [2, 0, 1]}
    found = spark._rows(PLAN, pa.table(columns).to_batches())
    assert found is not None
    assert found[0]["event"].to_pylist() == ["1st", "2nd", "3rd"]


@pytest.mark.parametrize(
    "batches", [[], TABLE.slice(0, 0).to_batches(), [TABLE.to_batches()[0][:0]]]
)
def test_an_empty_partition_has_no_part(batches: Any) -> None:
    assert list(spark._reduced(PLAN, {"kinds": kinds}, iter(batches))) == []
    assert list(spark._mapped(PLAN, rows, pa.schema([]), iter(batches))) == []
    assert list(spark._added(iter([]))) == []


def test_people_travel_with_the_events() -> None:
    with_people = attrs.evolve(PLAN, people=("id", "country"))
    people = pa.table(
        {
            "user": ["a"],
            "customerops person": [1],
            "customerops person" + "id": ["a"],
            "customerops person" + "country": ["CN"],
        }
    )
    dealt = pa.concat_tables([people, TABLE], promote_options="default")
    found = spark._rows(with_people, dealt.to_batches())
    assert found is not None
    events, records = found
    assert records == [{"id": "a", "country": "CN"}]
    assert events.equals(TABLE.take([0, 2, 1]))


def test_parts_are_added() -> None:
    one = next(spark._reduced(PLAN, {"kinds": kinds}, TABLE.slice(0, 1).to_batches()))
    two = next(spark._reduced(PLAN, {"kinds": kinds}, TABLE.slice(1).to_batches()))
    (batch,) = spark._added(iter([one, two]))
    reduced = from_bytes(batch["part"][0].as_py())
    assert reduced == Reduced(results={"kinds": ["x", "early", "late"]}, events=3, customers=2)


def test_rows_have_the_types_that_were_said() -> None:
    schema = pa.schema([("customer_id", pa.string()), ("kind", pa.string())])
    (batch,) = spark._mapped(PLAN, rows, schema, TABLE.to_batches())
    assert batch.schema == schema
    assert batch["kind"].to_pylist() == ["early", "late", "x"]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ([1, "a", None], "string"),
        (["2026-01-01", "x", None], "timestamp"),
        ([dt.date(2026, 1, 1)] * 3, "string"),
    ],
)
def test_a_value_of_another_type_is_refused_without_being_shown(column: Any, said: str) -> None:
    types = {"string": pa.string(), "timestamp": pa.timestamp("us", "UTC")}
    schema = pa.schema([("customer_id", pa.string()), ("odd", types[said])])

    def odd(log: InteractionLog) -> pd.DataFrame:
        return rows(log).assign(odd=pd.Series(column, dtype=object))

    message = f"^schema must say what columns hold: column 'odd' is not of type {said}"
    with pytest.raises(InvalidInputError, match=message) as raised:
        list(spark._mapped(PLAN, odd, schema, TABLE.to_batches()))
    assert "2026" not in str(raised.value)


# ------------------------------------------------------------------ Dask


def test_rows_are_numbered_after_those_of_earlier_partitions() -> None:
    first, third = (dask._numbered(FRAME, {"number": number}) for number in (0, 2))
    assert first[plan.SEQUENCE].tolist() == [0, 1, 2]
    assert third[plan.SEQUENCE].tolist() == [2**34, 2**34 + 1, 2**34 + 2]
    assert plan.SEQUENCE not in FRAME


def test_a_partition_is_put_in_the_order_of_the_sequence() -> None:
    reduced = from_bytes(dask._reduced(PLAN, {"kinds": kinds}, FRAME, None))
    assert reduced["kinds"] == ["early", "late", "x"]
    added = from_bytes(dask._added(*(dask._reduced(PLAN, {"n": len}, FRAME, None),) * 3))
    assert added["n"] == 9


def test_rows_take_the_types_of_no_rows() -> None:
    frame = dask._mapped(PLAN, rows, {"kind": "category"}, FRAME, None)
    assert str(frame["kind"].dtype) == "category"


def test_people_are_records_with_nothing_for_missing() -> None:
    people = pd.DataFrame({"id": ["a", "b"], "country": ["CN", None], "size": [1.5, None]})
    _, records = dask._rows(PLAN, FRAME, people)
    assert records == [
        {"id": "a", "country": "CN", "size": 1.5},
        {"id": "b", "country": None, "size": None},
    ]
