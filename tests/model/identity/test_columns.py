"""Who holds which identifier, in columns of any library and as records."""

import pickle
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from customerops.errors import InvalidInputError
from customerops.model.identity.columns import IdentifierColumns, SourceRecord
from customerops.model.records.records import Customer, Identifier

IDS = ["a", "b", "a"]
TYPES = ["email", None, "phone"]
VALUES = ["x", None, "7"]


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(list, id="list"),
        pytest.param(iter, id="iterator"),
        pytest.param(lambda values: np.array(values, object), id="numpy"),
        pytest.param(pd.Series, id="pandas"),
        pytest.param(lambda values: pd.Series(values, dtype="category"), id="categorical"),
        pytest.param(lambda values: pd.Series(values, dtype="string"), id="string"),
        pytest.param(
            lambda values: pd.Series(values, dtype=pd.ArrowDtype(pa.string())), id="arrow-backed"
        ),
        pytest.param(pl.Series, id="polars"),
        pytest.param(pa.array, id="pyarrow"),
    ],
)
def test_columns_of_any_library(of: Any) -> None:
    held = IdentifierColumns(record=of(IDS), type=of(TYPES), value=of(VALUES))
    assert held.record.tolist() == IDS
    assert held.type.tolist() == TYPES
    assert held.value.tolist() == VALUES
    assert len(held) == 3
    assert repr(held) == "IdentifierColumns(3 rows)"


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        ([3, 1], [3, 1]),
        (np.array([3, 1], np.uint8), [3, 1]),
        (pd.Series([3, 1], dtype="Int64"), [3, 1]),
        (np.array(["b", "a"]), ["b", "a"]),
        ([UUID(int=3), UUID(int=1)], [UUID(int=3), UUID(int=1)]),
    ],
)
def test_ids_of_one_type(ids: Any, kept: list[Any]) -> None:
    held = IdentifierColumns(record=ids, type=["t", "t"], value=["x", np.nan])
    assert held.record.tolist() == kept
    assert held.value.tolist() == ["x", None]


def test_what_was_given_may_change_afterwards() -> None:
    ids = np.array([3, 1])
    held = IdentifierColumns(record=ids, type=["t", "t"], value=["x", "y"])
    ids[0] = 9
    assert held.record.tolist() == [3, 1]
    for one in (held, pickle.loads(pickle.dumps(held))):
        assert one.value.tolist() == ["x", "y"]
        assert one.record.flags.writeable is one.type.flags.writeable is False


def test_records_of_systems() -> None:
    mail = Identifier(type="email", value="x")
    ann = Customer(id=7, identifiers=frozenset({mail}))
    held = IdentifierColumns.of(
        [SourceRecord(source="shop", customer=ann), SourceRecord(source="crm", customer=ann)]
    )
    rows = zip(held.record, held.type, held.value, strict=True)
    assert list(rows) == [
        ("shop:7", "kind", "person"),
        ("shop:7", "email", "x"),
        ("crm:7", "kind", "person"),
        ("crm:7", "email", "x"),
    ]
    record = SourceRecord(source="shop", customer=ann)
    assert SourceRecord.from_dict(record.to_dict()) == record


def columns(**changed: Any) -> IdentifierColumns:
    return IdentifierColumns(**{"record": IDS, "type": TYPES, "value": VALUES, **changed})


REFUSED: list[tuple[Any, str]] = [
    (lambda: columns(record="abc"), "record must be a column of values: got str"),
    (lambda: columns(record=3), "record must be a column of values: got int"),
    (lambda: columns(record=np.zeros((3, 1), int)), "record must have one dimension: got 2"),
    (lambda: columns(record=["a", None, None]), "record must not be missing: 2 of 3 rows are not (first at row 1)"),
    (lambda: columns(record=["a", "", "a"]), "record must not be empty: got ''"),
    (lambda: columns(record=["a", 1, "a"]), "record must hold ids of one type: int, str or UUID"),
    (lambda: columns(record=[1.5, 2.5, 3.5]), "record must hold ids of one type: int, str or UUID"),
    (lambda: columns(record=[True, False, True]), "record must hold ids of one type: int, str or UUID"),
    (lambda: columns(record=[1, 2, 2**64]), "record must fit 64 bits: got a larger int"),
    (lambda: columns(record=np.array([1, 2, 2**64 - 1], np.uint64)), "record must fit 64 bits: got a larger int"),
    (lambda: columns(value=["secret", 3, None]), "value must be text or missing: 1 of 3 rows is not (first at row 1)"),
    (lambda: columns(value=[1, 2, 3]), "value must be text or missing: 3 of 3 rows are not (first at row 0)"),
    (lambda: columns(value=np.array([1, 2, 3])), "value must be text or missing: 3 of 3 rows are not (first at row 0)"),
    (lambda: columns(type=[b"x", "t", "t"]), "type must be text or missing: 1 of 3 rows is not (first at row 0)"),
    (lambda: columns(type=["t"]), "type must have one entry per row: got 1 for 3 records"),
    (lambda: columns(value=["secret", "secret", "7"]), "type must be known of a value: 1 of 3 rows is not (first at row 1)"),
    (lambda: SourceRecord(source="a:b", customer=Customer(id=1)), "source must have no colon: got one"),
    (lambda: SourceRecord(source="a", customer=3), "customer must be a Customer: got int"),  # type: ignore[arg-type]
    (lambda: IdentifierColumns.of([Customer(id="secret"), Customer(id="secret")]), "records[1] must have an id of its own; a SourceRecord adds the system to it: got one again"),
    (lambda: IdentifierColumns.of([Customer(id="secret"), Customer(id=1)]), "record must hold ids of one type: int, str or UUID"),
    (lambda: IdentifierColumns.of([None]), "records[0] must be a Customer or a SourceRecord: got None"),  # type: ignore[list-item]
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"), [pytest.param(*row, id=str(i)) for i, row in enumerate(REFUSED)]
)
def test_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert str(caught.value) == message
