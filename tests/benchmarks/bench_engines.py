"""Overhead on Spark: six statistics of one pass, over a bare repartition of the same columns.

Run by hand where Spark is: ``python -m tests.benchmarks.bench_engines [events [turns]]``. The
results are compared with those of one process first. Both sides read the same Parquet file.
"""

import datetime as dt
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from customerops import InteractionLog, journey, lifecycle, metrics
from customerops.engines import spark
from tests.benchmarks.harness import compared, interleave, machine

DAY = dt.timedelta(days=1)
UTC = dt.UTC
AS_OF = dt.datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
LOG: dict[str, Any] = {
    "customer_id": "user",
    "at": "ts",
    "kind": "event",
    "amount": "paid",
    "currency": "EUR",
    "tz": UTC,
}
SIX: dict[str, Any] = {
    "retention": partial(metrics.retention, start="signup", returning="use", period="month"),
    "active": partial(metrics.active_customers, activity="use", period="week"),
    "growth": partial(lifecycle.growth_accounting, qualifies="use", period="week"),
    "funnel": partial(journey.funnel, steps=["signup", "use", "purchase"], within=30 * DAY),
    "transitions": journey.transitions,
    "order value": partial(metrics.average_order_value, period="month"),
}


def events_of(n: int) -> pd.DataFrame:
    """Return events in random order, about eleven a customer."""
    rng = np.random.default_rng(7)
    start = int(dt.datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    return pd.DataFrame(
        {
            "user": rng.integers(0, n // 11, n),
            "ts": pd.to_datetime(start + rng.integers(0, 365 * 86400, n), unit="s", utc=True),
            "event": rng.choice(["signup", "use", "purchase", "visit"], n, p=[0.1, 0.5, 0.2, 0.2]),
            "paid": rng.integers(1, 10_000, n) / 100,
        }
    )


def session_of(memory: str) -> Any:
    """Return a Spark of two cores."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    options = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    return SparkSession.builder.master("local[2]").config(map=options).getOrCreate()


def main(n: int = 1_000_000, turns: int = 5) -> None:
    """Measure and print."""
    session = session_of("4g")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "events.parquet")
        frame = events_of(n)
        frame.astype({"ts": "datetime64[us, UTC]"}).to_parquet(path, row_group_size=n // 8)
        events = session.read.parquet(path)

        def bare() -> None:
            events.repartition("user").write.format("noop").mode("overwrite").save()

        def six() -> object:
            return spark.reduce_all(events, SIX, log=LOG, as_of=AS_OF)

        def one() -> object:
            return spark.reduce_all(events, {"funnel": SIX["funnel"]}, log=LOG, as_of=AS_OF)

        def none() -> object:
            return spark.reduce_all(events, {}, log=LOG, as_of=AS_OF)

        log = InteractionLog.from_frame(frame, **LOG).until(AS_OF)
        alone = {name: function(log) for name, function in SIX.items()}
        assert dict(spark.reduce_all(events, SIX, log=LOG, as_of=AS_OF)) == alone
        candidates = {
            "a bare repartition": bare,
            "the logs alone": none,
            "one statistic": one,
            "six statistics": six,
        }
        times = interleave(candidates, turns)
    print(machine("pyspark", "pyarrow", "pandas", "numpy"))
    print(f"{n:,} events, Spark local[2], 4 partitions; seconds, medians of {turns} turns\n")
    print(compared(times, "a bare repartition", n))
    session.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
