"""Metrics of a built log, caches cold and warm, against polars and duckdb.

Run by hand, from the root of the repository::

    python -m tests.benchmarks.bench_metrics --rows 10000000

Customers come in visits of about two events, at random instants of two years; rows are in random
order, as an export has them. Ours asks a log that is built, theirs a frame and a native table that
are loaded: customers are int64 ids everywhere, kinds int8 codes for them, all in UTC. Every result
is compared, number by number, before any is timed.

Cold: each turn begins with a log that has derived nothing. Warm: the log has answered before.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops import InteractionLog, lifecycle, metrics
from customerops.model import always
from tests.benchmarks.harness import Times, interleave, machine, markdown

DAY_US = 86_400_000_000
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2025, 12, 31)
DAYS = (LAST - FIRST).days + 1
KINDS = ("open", "search", "view", "cart", "purchase", "review", "return", "ask")
PURCHASE = KINDS.index("purchase")
CUSTOMERS, VISITS = 0.09, 0.45  # an event
PERIODS = ("day", "week", "month")

Result = dict[Any, Any]
Columns = dict[str, NDArray[Any]]


def draw(rows: int, seed: int) -> Columns:
    """Draw customers with 62-bit ids, instants in microseconds, kinds and cents, unordered."""
    rng = np.random.default_rng(seed)
    customers, visits = max(int(rows * CUSTOMERS), 1), max(int(rows * VISITS), 1)
    whose = rng.integers(0, customers, visits)
    hour = DAY_US // 24
    begins = rng.integers(0, DAYS * DAY_US - hour, visits)
    visit = rng.integers(0, visits, rows)
    epoch = (FIRST - dt.date(1970, 1, 1)).days * DAY_US
    return {
        "customer": rng.integers(0, 1 << 62, customers)[whose[visit]],
        "ts": (epoch + begins[visit] + rng.integers(0, hour, rows)).astype("M8[us]"),
        "kind": rng.integers(0, len(KINDS), rows, np.int8),
        "amount": rng.integers(1, 10**6, rows),
    }


def built(columns: Columns) -> InteractionLog:
    """Return the events as a log, known until the end of the last day."""
    import pandas as pd

    return InteractionLog.from_arrays(
        customer_id=columns["customer"],
        at=columns["ts"],
        kind=pd.Categorical.from_codes(columns["kind"], pd.Index(KINDS)),
        amount=columns["amount"] / 100,
        currency="EUR",
        tz=dt.UTC,
    ).until_day(LAST)


# ---- ours: each takes a log


def retention(log: InteractionLog) -> Any:
    return metrics.retention(log, start=always, returning=always, period="month")


def active(log: InteractionLog) -> Any:
    periods: Any = PERIODS
    return [metrics.active_customers(log, activity=always, period=each) for each in periods]


def growth(log: InteractionLog) -> Any:
    return lifecycle.growth_accounting(log, qualifies=always, period="week")


def summary(log: InteractionLog) -> Any:
    return metrics.purchase_summary(log)


# ---- theirs: the query that ran fastest of several that an experienced user would write


class Polars:
    """Lazy queries over a frame in memory."""

    def __init__(self, columns: Columns) -> None:
        import polars as pl

        self.pl = pl
        self.frame = pl.DataFrame(columns).rechunk().lazy()

    def retention(self) -> Any:
        pl = self.pl
        month = (pl.col("ts").dt.year().cast(pl.Int32) * 12 + pl.col("ts").dt.month()).alias("p")
        pairs = self.frame.select("customer", month).unique()
        pairs = pairs.with_columns(cohort=pl.col("p").min().over("customer"))
        return pairs.group_by("cohort", "p").len().collect()

    def active(self) -> Any:
        pl = self.pl
        day = pl.col("ts").dt.date()
        days = self.frame.select("customer", day=day).unique().collect(engine="streaming").lazy()
        found = [days.group_by(p="day").len().collect()]
        for every in ("1w", "1mo"):
            pairs = days.select("customer", p=pl.col("day").dt.truncate(every)).unique()
            found.append(pairs.group_by("p").len().collect(engine="streaming"))
        return found

    def growth(self) -> Any:
        pl = self.pl
        week = (pl.col("ts").to_physical() // DAY_US + 3) // 7
        pairs = self.frame.select("customer", p=week.cast(pl.Int32)).unique()
        pairs = pairs.collect(engine="streaming").lazy()
        begun = pairs.group_by("customer").agg(pl.col("p").min())
        before = pairs.with_columns(p=pl.col("p") + 1)
        kept = pairs.join(before, on=["customer", "p"], how="semi")
        counts = [each.group_by("p").len() for each in (pairs, begun, kept)]
        return pl.collect_all(counts, engine="streaming")

    def summary(self) -> Any:
        pl = self.pl
        bought = self.frame.filter(pl.col("kind") == PURCHASE)
        days = bought.group_by("customer", day=pl.col("ts").dt.date()).agg(pl.col("amount").sum())
        rows = days.group_by("customer").agg(
            occasions=pl.len(),
            first=pl.col("day").min(),
            last=pl.col("day").max(),
            spend=pl.col("amount").sum(),
            first_spend=pl.col("amount").sort_by("day").first(),
        )
        return rows.sort("customer").collect()


class Duckdb:
    """SQL over a table of its own, results fetched as arrow."""

    def __init__(self, columns: Columns) -> None:
        import duckdb
        import pyarrow as pa

        self.connection = duckdb.connect()
        self.connection.register("loaded", pa.table(columns))
        self.connection.execute("create table events as select * from loaded")
        self.connection.unregister("loaded")

    def _asked(self, query: str) -> Any:
        import polars as pl

        return pl.from_arrow(self.connection.sql(query).to_arrow_table())

    def retention(self) -> Any:
        return self._asked("""
            with pairs as (select distinct customer, date_trunc('month', ts) as p from events),
            placed as (select p, min(p) over (partition by customer) as cohort from pairs)
            select cohort, p, count(*) as len from placed group by all
        """)

    def active(self) -> Any:
        self.connection.execute("""
            create or replace temp table days as select distinct customer, ts::date as d from events
        """)
        return [
            self._asked(f"""
                select p, count(*) as len
                from (select distinct customer, date_trunc('{period}', d) as p from days) group by p
            """)
            for period in PERIODS
        ]

    def growth(self) -> Any:
        found = self._asked(f"""
            with pairs as (
                select distinct customer, ((epoch_us(ts) // {DAY_US} + 3) // 7)::int as p from events
            ), placed as (
                select p, lag(p) over (partition by customer order by p) as before from pairs
            )
            select p, count(*) as active, count(*) filter (where before is null) as new,
            count(*) filter (where before = p - 1) as kept from placed group by p
        """)
        return [found.select("p", len=name) for name in ("active", "new", "kept")]

    def summary(self) -> Any:
        return self._asked(f"""
            with days as (
                select customer, ts::date as day, sum(amount)::bigint as spend from events
                where kind = {PURCHASE} group by all
            )
            select customer, count(*) as occasions, min(day) as first, max(day) as last,
            sum(spend)::bigint as spend, arg_min(spend, day) as first_spend
            from days group by customer order by customer
        """)


# ---- results in one form, to be compared


def _months(labels: Any) -> list[int]:
    """Return months, as dates or as polars counts them, in one count."""
    return [one if isinstance(one, int) else one.year * 12 + one.month for one in labels]


def _tally(found: Any, place: Callable[[Any], Any] = lambda label: label) -> Result:
    return {place(label): n for label, n in found.select("p", "len").iter_rows() if n}


def _shown(labels: Any, counts: Any) -> Result:
    return {label: n for label, n in zip(labels, counts.tolist(), strict=True) if n}


def _date(label: Any) -> dt.date:
    return label.date() if isinstance(label, dt.datetime) else label


def _week(label: dt.date) -> int:
    return ((label - dt.date(1970, 1, 1)).days + 3) // 7


def _cohorts(found: Any) -> Result:
    rows = found.select("cohort", "p", "len").iter_rows()
    placed = ((*_months(labels), n) for *labels, n in rows)
    return {(cohort, month - cohort): n for cohort, month, n in placed}


def same(name: str, ours: Any, theirs: Any) -> bool:
    """Whether a peer found what we did."""
    if name == "retention":
        cohorts, ages = (axis.labels for axis in ours.axes)
        cells = {
            (cohort, age): n
            for cohort, row in zip(_months(cohorts), ours.count.tolist(), strict=True)
            for age, n in zip(ages, row, strict=True)
            if n
        }
        return cells == _cohorts(theirs)
    if name == "active customers":
        return all(
            _shown(a.axes[0].labels, a.customers) == _tally(b, _date)
            for a, b in zip(ours, theirs, strict=True)
        )
    if name == "growth":
        weeks = [_week(label) for label in ours.axes[0].labels]
        parts = (ours.active, ours.new, ours.retained)
        return [_shown(weeks, part) for part in parts] == [_tally(each) for each in theirs]
    days = {column: theirs[column].cast(int).to_numpy() for column in ("first", "last")}
    end = (LAST - dt.date(1970, 1, 1)).days
    return bool(
        np.array_equal(ours.ids, theirs["customer"])
        and np.array_equal(ours.x + 1, theirs["occasions"])
        and np.array_equal(ours.t_x, days["last"] - days["first"])
        and np.array_equal(ours.T, end - days["first"])
        and np.array_equal(ours.columns["first_spend"], theirs["first_spend"])
        and np.array_equal(ours.spend, theirs["spend"] - theirs["first_spend"])
    )


OURS: dict[str, Callable[[InteractionLog], Any]] = {
    "retention": retention,
    "active customers": active,
    "growth": growth,
    "purchase summary": summary,
}
SAYS = {
    "retention": "retention by month",
    "active customers": "active customers, day, week and month",
    "growth": "growth accounting by week",
    "purchase summary": "purchase summary",
}


def compare(name: str, log: InteractionLog, peers: dict[str, Any], repetitions: int) -> list[str]:
    """Check one metric in all candidates, time them in turns and return a row of the table."""
    ours = OURS[name]
    method = ours.__name__
    answer = ours(log)
    for peer, found in peers.items():
        if not same(name, answer, getattr(found, method)()):
            raise SystemExit(f"{name}: {peer} differs")
    works: dict[str, Any] = {peer: getattr(found, method) for peer, found in peers.items()}
    works["warm"] = lambda: ours(log)
    works["cold"] = lambda: ours(attrs.evolve(log, cache={}))
    times = interleave(works, repetitions)
    # the better peer of each turn
    best = Times(tuple(map(min, *(times[peer].seconds for peer in peers))))
    shown = [f"{times[each].median:.3f}" for each in (*peers, "cold", "warm")]
    return [SAYS[name], *shown, *(best.over(times[each]).spread(1) for each in ("cold", "warm"))]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(OURS), nargs="+", default=list(OURS))
    asked = parser.parse_args()
    print(machine("numpy", "pandas", "polars", "duckdb"), "\n")
    columns = draw(asked.rows, asked.seed)
    log = built(columns)
    peers = {"polars": Polars(columns), "duckdb": Duckdb(columns)}
    del columns
    print(f"{asked.rows:,} events of {log.n_customers:,} customers\n", flush=True)
    header = (
        "",
        "polars, s",
        "duckdb, s",
        "cold, s",
        "warm, s",
        "best peer over cold",
        "over warm",
    )
    print(markdown(header, ()), flush=True)
    for name in asked.only:
        row = compare(name, log, peers, asked.repetitions)
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
