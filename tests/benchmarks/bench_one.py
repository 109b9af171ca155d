"""One cheap question of big cold data: build a log of the rows it needs, and answer it.

Run by hand, from the root of the repository::

    python -m tests.benchmarks.bench_one --rows 10000000

How many customers bought in each month, from raw columns (those of `bench_metrics`): nothing is built
before, nothing is kept after. ``only="purchase"`` leaves out seven rows of eight before they are
converted. Customers are int64 ids, and then strings of 32 characters. Answers are compared first.
"""

from __future__ import annotations

import argparse
import datetime as dt
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from customerops import InteractionLog, metrics
from tests.benchmarks.bench_metrics import KINDS, LAST, PURCHASE, Columns, draw
from tests.benchmarks.harness import compared, interleave, machine

Answer = dict[tuple[int, int], int]


def ours(frame: pd.DataFrame) -> Answer:
    """Build the log of purchases and count their customers by month."""
    log = InteractionLog.from_frame(
        frame, customer_id="customer", at="ts", kind="kind", only="purchase", tz=dt.UTC
    ).until_day(LAST)
    found = metrics.active_customers(log, activity="purchase", period="month")
    labels: Any = found.axes[0].labels
    return {
        (label.year, label.month): int(n)
        for label, n in zip(labels, np.asarray(found.customers).tolist(), strict=True)
    }


def polars(frame: Any) -> Answer:
    """Filter, make distinct, count."""
    import polars as pl

    month = (pl.col("ts").dt.year().cast(pl.Int32) * 12 + pl.col("ts").dt.month()).alias("p")
    found = (
        frame.lazy()
        .filter(pl.col("kind") == "purchase")
        .select("customer", month)
        .unique()
        .group_by("p")
        .len()
        .collect()
    )
    return {((p - 1) // 12, (p - 1) % 12 + 1): n for p, n in found.rows()}


def duckdb(table: pa.Table) -> Answer:
    """The same in SQL, over the table where it lies."""
    import duckdb as engine

    with engine.connect() as db:
        db.register("events", table)
        rows = db.execute("""
            select year(ts), month(ts), count(distinct customer) from events
            where kind = 'purchase' group by all
        """).fetchall()
    return {(year, month): n for year, month, n in rows}


def ids(columns: Columns, kind: str) -> Any:
    """Return the customers as they are, or as strings of 32 hexadecimal digits."""
    if kind == "int64":
        return pa.array(columns["customer"])
    numbers, codes = np.unique(columns["customer"], return_inverse=True)
    return pa.array([f"{n:032x}" for n in numbers.tolist()]).take(pa.array(codes))


def main() -> None:
    """Print a table for each kind of id."""
    import polars as pl

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    asked = parser.parse_args()
    print(machine("numpy", "pandas", "polars", "duckdb"))
    columns = draw(asked.rows, 1)
    kinds = pa.DictionaryArray.from_arrays(columns["kind"], list(KINDS))
    assert KINDS[PURCHASE] == "purchase"
    for kind in ("int64", "32 characters"):
        table = pa.table(
            {"customer": ids(columns, kind), "ts": columns["ts"], "kind": kinds}
        ).combine_chunks()
        frame = table.to_pandas(types_mapper=pd.ArrowDtype if kind != "int64" else None)
        lazy = pl.from_arrow(table)
        answer = ours(frame)
        if not answer == polars(lazy) == duckdb(table):
            raise SystemExit(f"{kind}: answers differ")
        times = interleave(
            {
                "ours": partial(ours, frame),
                "polars": partial(polars, lazy),
                "duckdb": partial(duckdb, table),
            },
            asked.repetitions,
        )
        print(f"\nids of {kind}, {asked.rows:,} events\n")
        print(compared(times, "ours", asked.rows))


if __name__ == "__main__":
    main()
