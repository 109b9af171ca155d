"""The peers of `bench_whole`: eight metrics of raw events and subscriptions in polars, duckdb, pandas.

Each takes what an experienced user of it would: one sort by customer and time for what follows
events, none for the rest. An answer is plain Python, to be compared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from tests.benchmarks.bench_journey import (
    GAP,
    STEPS,
    WITHIN,
    DuckdbFunnel,
    PolarsAsofFunnel,
    PolarsSessions,
)
from tests.benchmarks.bench_metrics import DAY_US, KINDS, PURCHASE, Columns, Duckdb, Polars
from tests.benchmarks.paths_section import PolarsPaths

FLOWS = ("new", "expansion", "contraction", "churn", "reactivation")
LAST_EDGE = 2026 * 12  # months since year 0: the first of January 2026

NAMES = (
    "summary",
    "retention",
    "active",
    "growth",
    "funnel",
    "transitions",
    "sessions",
    "movements",
)


class WholePolars:
    """Frames of the raw columns; one stable sort for funnel, transitions and sessions."""

    def __init__(self, columns: Columns, contracts: Columns) -> None:
        import polars as pl

        self.pl = pl
        raw = Polars.__new__(Polars)
        raw.pl, raw.frame = pl, pl.DataFrame(columns).lazy()
        self.summary, self.retention = raw.summary, raw.retention
        self.active, self.growth = raw.active, raw.growth
        ordered = pl.DataFrame(columns).sort("customer", "ts", maintain_order=True).lazy()
        paths, visits = PolarsPaths.__new__(PolarsPaths), PolarsSessions.__new__(PolarsSessions)
        funnel = PolarsAsofFunnel.__new__(PolarsAsofFunnel)
        paths.pl = visits.pl = funnel.pl = pl
        paths.frame, visits.frame = ordered.select("customer", "kind"), ordered
        funnel.frame = pl.DataFrame(columns).lazy().sort("ts")  # what an asof join needs
        self.transitions, self.sessions = paths.transitions, visits.visits
        self.funnel: Callable[[], Any] = lambda: funnel.reached(STEPS)
        self.contracts = pl.DataFrame(contracts).lazy()

    def movements(self) -> Any:
        pl = self.pl

        def month(name: str) -> Any:
            at = pl.col(name)
            return at.dt.year().cast(pl.Int32) * 12 + at.dt.month().cast(pl.Int32) - 1

        levels = (
            self.contracts.select(
                "customer",
                "price",
                edge=pl.int_ranges(
                    month("since") + 1, month("until").fill_null(LAST_EDGE) + 1, dtype=pl.Int32
                ),
            )
            .explode("edge")
            .group_by("customer", "edge")
            .agg(pl.col("price").sum())
            .sort("customer", "edge")
        )
        before, edge, price = pl.col("edge").shift(1), pl.col("edge"), pl.col("price")
        first = (pl.col("customer") != pl.col("customer").shift(1)).fill_null(value=True)
        last = (pl.col("customer") != pl.col("customer").shift(-1)).fill_null(value=True)
        goes = last | (edge.shift(-1) != edge + 1)
        moved = levels.with_columns(
            flow=pl.when(first)
            .then(pl.lit("new"))
            .when(before != edge - 1)
            .then(pl.lit("reactivation"))
            .when(price > price.shift(1))
            .then(pl.lit("expansion"))
            .when(price < price.shift(1))
            .then(pl.lit("contraction")),
            size=pl.when(first | (before != edge - 1))
            .then(price)
            .otherwise((price - price.shift(1)).abs()),
            goes=goes,
        )
        plans = [
            moved.filter(pl.col("flow").is_not_null())
            .group_by(month=edge - 1, flow="flow")
            .agg(pl.col("size").sum()),
            moved.filter(goes & (edge < LAST_EDGE)).group_by(month=edge).agg(price.sum()),
        ]
        gained, lost = pl.collect_all(plans)
        return tally_moves(gained.rows(), lost.rows())


class WholeDuckdb:
    """Native tables, the events ordered once by customer and time."""

    def __init__(self, columns: Columns, contracts: Columns) -> None:
        import duckdb
        import pyarrow as pa

        funnel = DuckdbFunnel.__new__(DuckdbFunnel)
        raw = Duckdb.__new__(Duckdb)
        db = duckdb.connect()
        funnel.connection = raw.connection = self.connection = db
        for name, table in (("loaded", columns), ("sold", contracts)):
            db.register(name, pa.table(table))
        db.execute("create table events as select * from loaded order by customer, ts")
        db.execute("create table contracts as select * from sold")
        self.summary, self.retention = raw.summary, raw.retention
        self.active, self.growth = raw.active, raw.growth
        self.funnel: Callable[[], Any] = lambda: funnel.reached(STEPS)

    def transitions(self) -> Any:
        return self.connection.execute("""
            select kind, target, count(*), count(distinct customer) from (
                select customer, kind, coalesce(lead(kind) over w, -1) as target
                from events window w as (partition by customer order by ts)
            ) group by all
        """).fetchall()

    def sessions(self) -> Any:
        minutes = GAP // dt.timedelta(minutes=1)
        (found,) = self.connection.execute(f"""
            with cut as (
                select customer, ts, coalesce(
                    ts - lag(ts) over w > interval {minutes} minute, true
                )::int as begins from events window w as (partition by customer order by ts)
            ), numbered as (
                select customer, ts, sum(begins) over (
                    partition by customer order by ts rows unbounded preceding
                ) as number from cut
            ), each as (
                select customer, count(*) as hits, epoch_us(max(ts)) - epoch_us(min(ts)) as lasted
                from numbered group by customer, number
            )
            select count(*), count(*) filter (hits = 1), sum(hits), sum(lasted),
            count(distinct customer) from each
        """).fetchall()
        return tuple(map(int, found))

    def movements(self) -> Any:
        gained = self.connection.execute(f"""
            create or replace temp table levels as
            with edges as (
                select customer, price, unnest(range(
                    year(since) * 12 + month(since),
                    coalesce(year(until) * 12 + month(until) - 1, {LAST_EDGE}) + 1
                )) as edge from contracts
            )
            select customer, edge, sum(price)::bigint as price from edges group by all;
            with placed as (
                select edge, price, lag(edge) over w as before, lag(price) over w as paid
                from levels window w as (partition by customer order by edge)
            )
            select edge - 1, case when before is null then 'new'
                when before <> edge - 1 then 'reactivation'
                when price > paid then 'expansion' when price < paid then 'contraction' end as flow,
                sum(case when before is null or before <> edge - 1 then price
                    else abs(price - paid) end)::bigint
            from placed where flow is not null group by all
        """).fetchall()
        lost = self.connection.execute(f"""
            select edge, sum(price)::bigint from (
                select edge, price, lead(edge) over (partition by customer order by edge) as after
                from levels
            ) where edge < {LAST_EDGE} and (after is null or after <> edge + 1) group by edge
        """).fetchall()
        return tally_moves(gained, lost)


class WholePandas:
    """Frames, with the calls that tutorials teach; one sort by customer and time."""

    def __init__(self, columns: Columns, contracts: Columns) -> None:
        import pandas as pd

        self.pd = pd
        self.frame = pd.DataFrame(columns).sort_values(["customer", "ts"], kind="stable")
        self.contracts = pd.DataFrame(contracts)

    def summary(self) -> Any:
        bought = self.frame[self.frame["kind"] == PURCHASE]
        day = bought["ts"].dt.floor("D")
        days = bought.groupby(["customer", day])["amount"].sum().reset_index()
        whose = days.groupby("customer")
        return whose.agg(
            occasions=("ts", "size"),
            first=("ts", "min"),
            last=("ts", "max"),
            spend=("amount", "sum"),
            first_spend=("amount", "first"),
        )

    def retention(self) -> Any:
        at = self.frame["ts"]
        month = at.dt.year * 12 + at.dt.month
        pairs = self.frame.assign(p=month)[["customer", "p"]].drop_duplicates()
        pairs["cohort"] = pairs.groupby("customer")["p"].transform("min")
        return pairs.groupby(["cohort", "p"]).size()

    def active(self) -> Any:
        found = []
        for period in ("D", "W-SUN", "M"):
            labels = self.frame["ts"].dt.to_period(period)
            found.append(self.frame.groupby(labels)["customer"].nunique())
        return found

    def growth(self) -> Any:
        day = self.frame["ts"].astype("int64") // DAY_US
        pairs = self.frame.assign(p=(day + 3) // 7)[["customer", "p"]].drop_duplicates()
        before = pairs.groupby("customer")["p"].shift()
        active = pairs.groupby("p").size()
        new = pairs[before.isna()].groupby("p").size()
        kept = pairs[before == pairs["p"] - 1].groupby("p").size()
        return [active, new, kept]

    def funnel(self) -> Any:
        pd = self.pd

        def taken(step: str) -> Any:
            rows = self.frame[self.frame["kind"] == KINDS.index(step)]
            return rows[["customer", "ts"]].sort_values("ts")

        rows = taken(STEPS[0]).assign(start=lambda x: x["ts"])
        reached = [int(rows["customer"].nunique())]
        for step in STEPS[1:]:
            following = taken(step).assign(next=lambda x: x["ts"])
            rows = pd.merge_asof(rows, following, on="ts", by="customer", direction="forward")
            rows = rows[rows["next"] - rows["start"] <= WITHIN]
            rows = rows.assign(ts=rows["next"]).drop(columns="next").sort_values("ts")
            reached.append(int(rows["customer"].nunique()))
        return reached

    def transitions(self) -> Any:
        target = self.frame.groupby("customer")["kind"].shift(-1).fillna(-1).astype("int8")
        moves = self.frame.assign(target=target).groupby(["kind", "target"])["customer"]
        found = moves.agg(["size", "nunique"])
        return [
            (a, b, n, people)
            for (a, b), (n, people) in zip(found.index, found.to_numpy().tolist(), strict=True)
        ]

    def sessions(self) -> Any:
        who, at = self.frame["customer"], self.frame["ts"]
        number = ((who != who.shift()) | (at.diff() > GAP)).cumsum()
        each = self.frame.groupby(number, sort=False).agg(
            customer=("customer", "first"),
            hits=("ts", "size"),
            first=("ts", "first"),
            last=("ts", "last"),
        )
        lasted: Any = (each["last"] - each["first"]).sum()
        duration = lasted // dt.timedelta(microseconds=1)
        bounces = int((each["hits"] == 1).sum())
        return len(each), bounces, int(each["hits"].sum()), duration, each["customer"].nunique()

    def movements(self) -> Any:
        import numpy as np

        held = self.contracts
        first = held["since"].dt.year * 12 + held["since"].dt.month
        last = (held["until"].dt.year * 12 + held["until"].dt.month - 1).fillna(LAST_EDGE)
        lengths = (last - first + 1).astype("int64").clip(lower=0)
        rows = held.loc[held.index.repeat(lengths), ["customer", "price"]]
        start = np.repeat(first.to_numpy(), lengths)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows["edge"] = start + within
        levels = rows.groupby(["customer", "edge"])["price"].sum().reset_index()
        whose = levels.groupby("customer")
        before, paid, after = (
            whose["edge"].shift(),
            whose["price"].shift(),
            whose["edge"].shift(-1),
        )
        new, back = before.isna(), before.notna() & (before != levels["edge"] - 1)
        change = (levels["price"] - paid).where(~(new | back), levels["price"])
        flow = np.select(
            [new, back, change > 0, change < 0],
            ["new", "reactivation", "expansion", "contraction"],
            "",
        )
        sums: Any = change.abs().groupby([levels["edge"] - 1, flow]).sum()
        gained = [(m, kind, int(n)) for (m, kind), n in sums.items() if kind]
        goes = (after.isna() | (after != levels["edge"] + 1)) & (levels["edge"] < LAST_EDGE)
        lost = levels[goes].groupby("edge")["price"].sum()
        return tally_moves(gained, [(m, int(n)) for m, n in lost.items()])


def tally_moves(gained: Any, lost: Any) -> dict[tuple[int, str], int]:
    """Return what moved by month and flow."""
    found = {(int(month), flow): int(n) for month, flow, n in gained if n}
    return found | {(int(month), "churn"): int(n) for month, n in lost if n}
