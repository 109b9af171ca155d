"""What Spark alone has: a tree of sums where partitions are many, and types of columns."""

from typing import Any

import pytest

from customerops import InvalidInputError, metrics
from customerops.engines import spark
from tests.engines.conftest import QUIET
from tests.engines.crowd import LOG, crowd, events_of, here

pytest.importorskip("pyspark", reason="needs pip install 'customerops[spark]'")
pytestmark = pytest.mark.filterwarnings(QUIET)

WORLD = crowd(8)
DAYS = ("last", "expected", "earliest", "latest")


@pytest.fixture
def events(session: Any) -> Any:
    import pyarrow as pa

    return session.createDataFrame(pa.Table.from_pandas(events_of(WORLD), preserve_index=False))


def test_many_partitions_are_added_in_two_steps(session: Any, events: Any) -> None:
    session.conf.set("spark.sql.shuffle.partitions", "30")
    try:
        gaps = spark.reduce(events, metrics.gap_times, log=LOG, as_of=WORLD.as_of)
    finally:
        session.conf.set("spark.sql.shuffle.partitions", "3")
    assert gaps == metrics.gap_times(here(events_of(WORLD)), as_of=WORLD.as_of)


def test_types_that_are_said(events: Any) -> None:
    schema = ", ".join(f"{name} date" for name in DAYS)
    rows = spark.map(events, metrics.next_purchase, log=LOG, as_of=WORLD.as_of, schema=schema)
    assert dict(rows.dtypes) | dict.fromkeys(DAYS, "date") == dict(rows.dtypes)
    alone = metrics.next_purchase(here(events_of(WORLD)), as_of=WORLD.as_of).to_frame()
    found = {row["customer_id"]: row for row in rows.toArrow().to_pylist()}
    expected = {row["customer_id"]: row for row in alone.to_dict("records")}
    assert found.keys() == expected.keys()
    for name in DAYS:
        assert {c: row[name] for c, row in found.items()} == {
            c: row[name] for c, row in expected.items()
        }


def test_types_of_columns_that_are_not_there(events: Any) -> None:
    message = r"^schema must name columns of the rows: got \['score'\], there are \['customer_id'"
    with pytest.raises(InvalidInputError, match=message):
        spark.map(events, metrics.rfm, log=LOG, as_of=WORLD.as_of, schema="score double")
