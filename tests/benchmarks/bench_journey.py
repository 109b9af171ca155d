"""Journeys of a built log against the peers that do the same; a section for each function.

Run by hand, from the root of the repository::

    python -m tests.benchmarks.bench_journey --only funnel

The events are those of `bench_metrics`. Ours asks a log that is built; theirs a frame and a native
table that are loaded and already sorted by customer and instant, since that is what the build of
the log pays for. Customers are int64 ids everywhere, kinds int8 codes. Every result is compared,
number by number, before any is timed.

Cold: each turn begins with a log that has derived nothing. Warm: the log has answered before.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs

from customerops import InteractionLog, journey
from tests.benchmarks.attribution_section import attributions
from tests.benchmarks.bench_metrics import DAY_US, KINDS, Columns, built, draw
from tests.benchmarks.harness import Times, interleave, machine, markdown
from tests.benchmarks.paths_section import paths

# ---- funnels: any entry, in order, customers, a window from the start

STEPS = ("view", "cart", "purchase", "review")
WITHIN = dt.timedelta(days=30)


class PolarsFunnel:
    """When each kind comes next, filled backward within each customer."""

    def __init__(self, columns: Columns) -> None:
        import polars as pl

        self.pl = pl
        self.frame = pl.DataFrame(columns).sort("customer", "ts").rechunk().lazy()

    def reached(self, steps: tuple[str, ...]) -> list[int]:
        pl = self.pl
        codes = [KINDS.index(step) for step in steps]
        rows = self.frame.filter(pl.col("kind").is_in(codes)).select(
            "customer", "kind", start="ts"
        )
        for k, step in reversed([*enumerate(steps)][1:]):
            # of the rows that take a step: when each step after it is taken
            later = [f"t{i}" for i in range(k + 1, len(steps))]
            takes = pl.col("kind") == KINDS.index(step)
            rows = rows.with_columns(
                pl.when(takes).then(pl.col(name)).fill_null(strategy="backward").over("customer")
                for name in later
            ).with_columns(
                pl.when(takes)
                .then(pl.col("start"))
                .fill_null(strategy="backward")
                .over("customer")
                .alias(f"t{k}")
            )
        times = [f"t{k}" for k in range(1, len(steps))]
        depth = sum(
            ((pl.col(name) - pl.col("start")) <= WITHIN).fill_null(value=False).cast(pl.Int8)
            for name in times
        )
        deepest = (
            rows.filter(pl.col("kind") == KINDS.index(steps[0]))
            .select("customer", depth=depth + 1)
            .group_by("customer")
            .agg(pl.col("depth").max())
        )
        counts = [(pl.col("depth") >= k + 1).sum().alias(str(k)) for k in range(len(steps))]
        return list(deepest.select(counts).collect().row(0))


class PolarsAsofFunnel:
    """Each step joined to the next one of its customer, events sorted by instant."""

    def __init__(self, columns: Columns) -> None:
        import polars as pl

        self.pl = pl
        self.frame = pl.DataFrame(columns).sort("ts").rechunk().lazy()

    def reached(self, steps: tuple[str, ...]) -> list[int]:
        pl = self.pl

        def taken(step: str) -> Any:
            return self.frame.filter(pl.col("kind") == KINDS.index(step))

        rows = taken(steps[0]).select("customer", start="ts", t0="ts")
        for k, step in enumerate(steps[1:], 1):
            following = taken(step).select("customer", "ts", pl.col("ts").alias(f"t{k}"))
            rows = rows.sort(f"t{k - 1}").join_asof(
                following,
                left_on=f"t{k - 1}",
                right_on="ts",
                by="customer",
                strategy="forward",
                check_sortedness=False,
            )
            rows = rows.select("customer", "start", pl.col("^t[0-9]+$"))
        depth = sum(
            ((pl.col(f"t{k}") - pl.col("start")) <= WITHIN).fill_null(value=False).cast(pl.Int8)
            for k in range(1, len(steps))
        )
        deepest = rows.select("customer", depth=depth + 1).group_by("customer").max()
        counts = [(pl.col("depth") >= k + 1).sum().alias(str(k)) for k in range(len(steps))]
        return list(deepest.select(counts).collect().row(0))


class DuckdbFunnel:
    """When each kind comes next, by running minima over a window of each customer's later rows."""

    def __init__(self, columns: Columns) -> None:
        import duckdb
        import pyarrow as pa

        self.connection = duckdb.connect()
        self.connection.register("loaded", pa.table(columns))
        self.connection.execute(
            "create table events as select * from loaded order by customer, ts"
        )
        self.connection.unregister("loaded")

    def reached(self, steps: tuple[str, ...]) -> list[int]:
        codes = ", ".join(str(KINDS.index(step)) for step in steps)
        source = f"(select * from events where kind in ({codes}))"
        for k, step in reversed([*enumerate(steps)][1:]):
            takes = f"kind = {KINDS.index(step)}"
            later = "".join(
                f", min(t{i}) filter ({takes}) over w as t{i}" for i in range(k + 1, len(steps))
            )
            source = f"""(
                select customer, ts, kind, min(ts) filter ({takes}) over w as t{k}{later}
                from {source} window w as (
                    partition by customer order by ts
                    rows between current row and unbounded following
                )
            )"""
        window = f"interval {WITHIN.days} day"
        times = "".join(
            f" + coalesce((t{k} - ts <= {window})::int, 0)" for k in range(1, len(steps))
        )
        counts = ", ".join(f"count(*) filter (depth >= {k + 1})" for k in range(len(steps)))
        query = f"""
            with deepest as (
                select customer, max(1{times}) as depth from {source}
                where kind = {KINDS.index(steps[0])} group by customer
            ) select {counts} from deepest
        """
        (found,) = self.connection.sql(query).fetchall()
        return list(found)


def _reached(log: InteractionLog, steps: tuple[str, ...]) -> list[int]:
    counts: list[int] = journey.funnel(log, steps, within=WITHIN).counts.tolist()
    return counts


def funnels(log: InteractionLog, columns: Columns, repetitions: int) -> None:
    """Print the table of funnels."""
    peers: dict[str, Any] = {
        "polars": PolarsFunnel(columns),
        "polars as of": PolarsAsofFunnel(columns),
        "duckdb": DuckdbFunnel(columns),
    }
    rows = []
    for n in (2, 3, 4):
        steps = STEPS[:n]
        answer = _reached(log, steps)
        for name, peer in peers.items():
            if peer.reached(steps) != answer:
                raise SystemExit(f"funnel of {n} steps: {name} differs")
        rows.append([f"funnel of {n} steps", *_turns(log, peers, steps, repetitions)])
    print(table(["", *peers], rows))


def _turns(
    log: InteractionLog, peers: dict[str, Any], steps: tuple[str, ...], repetitions: int
) -> list[str]:
    works: dict[str, Callable[[], object]] = {
        name: lambda peer=peer: peer.reached(steps)  # type: ignore[misc]
        for name, peer in peers.items()
    }
    works["warm"] = lambda: _reached(log, steps)
    works["cold"] = lambda: _reached(attrs.evolve(log, cache={}), steps)
    return shown(interleave(works, repetitions), list(peers))


# ---- sessions: half an hour without a hit; sessions, bounces, hits, time, customers

GAP = dt.timedelta(minutes=30)
Visits = tuple[int, ...]


class PandasSessions:
    """Number the sessions by a running count of pauses, and group by the number."""

    def __init__(self, columns: Columns) -> None:
        import pandas as pd

        self.frame = pd.DataFrame(columns).sort_values(["customer", "ts"], kind="stable")

    def visits(self) -> Visits:
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


class PolarsSessions:
    """The same, in one lazy query."""

    def __init__(self, columns: Columns) -> None:
        import polars as pl

        self.pl = pl
        self.frame = pl.DataFrame(columns).sort("customer", "ts").rechunk().lazy()

    def visits(self) -> Visits:
        pl = self.pl
        who, at = pl.col("customer"), pl.col("ts")
        new = (who != who.shift(1)) | (at - at.shift(1) > GAP)
        each = (
            self.frame.select(who, at, number=new.fill_null(value=True).cum_sum())
            .group_by("number")
            .agg(who.first(), hits=pl.len(), lasted=at.last() - at.first())
        )
        hits = pl.col("hits")
        found = each.select(
            pl.len(),
            (hits == 1).sum().alias("bounces"),
            hits.sum(),
            pl.col("lasted").dt.total_microseconds().sum(),
            who.n_unique(),
        )
        return tuple(map(int, found.collect().row(0)))


def _visits(log: InteractionLog) -> Visits:
    parts = journey.sessions(log, GAP).parts
    names = ("sessions", "bounces", "hits", "duration", "customers")
    return tuple(int(parts[name]) for name in names)


def visits(log: InteractionLog, columns: Columns, repetitions: int) -> None:
    """Print the table of sessions."""
    assert log.as_of is not None
    later = attrs.evolve(log, as_of=log.as_of + DAY_US)  # no session is open then
    peers: dict[str, Any] = {"pandas": PandasSessions(columns), "polars": PolarsSessions(columns)}
    answer = _visits(later)
    for name, peer in peers.items():
        if peer.visits() != answer:
            raise SystemExit(f"sessions: {name} differs")
    works: dict[str, Callable[[], object]] = {name: peer.visits for name, peer in peers.items()}
    works["warm"] = lambda: _visits(later)
    works["cold"] = lambda: _visits(attrs.evolve(later, cache={}))
    print(table(["", *peers], [["sessions", *shown(interleave(works, repetitions), list(peers))]]))


# ---- what the sections share


def shown(times: dict[str, Times], peers: list[str]) -> list[str]:
    """Return medians of peers, cold and warm, and the best peer of each turn over ours."""
    best = Times(tuple(map(min, *(times[peer].seconds for peer in peers))))
    medians = [f"{times[each].median:.3f}" for each in (*peers, "cold", "warm")]
    return [*medians, *(best.over(times[each]).spread(1) for each in ("cold", "warm"))]


def table(header: list[str], rows: list[list[str]]) -> str:
    names = [header[0], *(f"{name}, s" for name in header[1:])]
    return markdown([*names, "cold, s", "warm, s", "best peer over cold", "over warm"], rows)


SECTIONS: dict[str, Callable[[InteractionLog, Columns, int], None]] = {
    "funnel": funnels,
    "sessions": visits,
}
SECTIONS["attribution"] = attributions
SECTIONS["paths"] = paths


def main() -> None:
    """Run the sections asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", choices=sorted(SECTIONS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(machine("numpy", "polars", "duckdb"), f"{given.rows:,} events", sep="\n", end="\n\n")
    columns = draw(given.rows, given.seed)
    log = built(columns)
    for name, section in SECTIONS.items():
        if given.only in (None, name):
            section(log, columns, given.repetitions)


if __name__ == "__main__":
    main()
