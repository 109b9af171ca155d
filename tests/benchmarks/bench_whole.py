"""From raw columns to eight answers: the whole way, against polars, duckdb and pandas.

Run by hand, from the root of the repository::

    python -m tests.benchmarks.bench_whole --rows 10000000

A session of work as an analyst has it: load events (those of `bench_metrics`, in random order) and
subscriptions, then ask for a purchase summary, retention by month, active customers by day, week
and month, growth by week, a funnel of four steps, transitions, sessions of half an hour, and the
bridge of recurring revenue by month. Every answer is compared before anything is timed. A column of
the table is one engine's time for the preparation and for each answer, one after the other, so that
what an engine keeps between questions counts for it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import time
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from customerops import Calendar, InteractionLog, journey, metrics
from customerops.model import Spells
from tests.benchmarks import bench_metrics
from tests.benchmarks.bench_journey import GAP, STEPS, WITHIN
from tests.benchmarks.bench_metrics import (
    CUSTOMERS,
    DAY_US,
    FIRST,
    KINDS,
    LAST,
    Columns,
    built,
    draw,
    same,
)
from tests.benchmarks.harness import Times, machine, markdown, peak_bytes
from tests.benchmarks.whole_peers import FLOWS, NAMES, WholeDuckdb, WholePandas, WholePolars

END = dt.datetime.combine(LAST, dt.time(), dt.UTC) + dt.timedelta(days=1)
SAYS = {
    "build": "preparation",
    "summary": "purchase summary",
    "retention": "retention by month",
    "active": "active customers",
    "growth": "growth by week",
    "funnel": "funnel of four steps",
    "transitions": "transitions",
    "sessions": "sessions",
    "movements": "MRR movements",
}
BENCH_METRICS = {"active": "active customers", "summary": "purchase summary"}


def contracts(rows: int, seed: int) -> Columns:
    """Draw subscriptions of half as many again as customers: 33 to 400 days, a third running."""
    rng = np.random.default_rng(seed)
    n = max(int(rows * CUSTOMERS * 1.5), 1)
    start = np.datetime64(FIRST) + rng.integers(0, 600, n).astype("m8[D]")
    end = start + rng.integers(33, 400, n).astype("m8[D]")
    end[(rng.random(n) < 1 / 3) | (end >= np.datetime64(LAST))] = np.datetime64("NaT")
    return {
        "customer": rng.integers(0, int(n / 1.5), n),
        "since": start.astype("M8[us]"),
        "until": end.astype("M8[us]"),
        "price": rng.integers(5, 100, n),
    }


class Ours:
    """A log and spells, and eight functions of them."""

    def __init__(self, columns: Columns, sold: Columns) -> None:
        self.log: InteractionLog = built(columns)
        self.spells = Spells.from_frame(
            sold,
            customer_id="customer",
            start="since",
            end="until",
            amount="price",
            currency="EUR",
            tz=dt.UTC,
            as_of=END - dt.timedelta(microseconds=1),
        )

    def summary(self) -> Any:
        return bench_metrics.summary(self.log)

    def retention(self) -> Any:
        return bench_metrics.retention(self.log)

    def active(self) -> Any:
        return bench_metrics.active(self.log)

    def growth(self) -> Any:
        return bench_metrics.growth(self.log)

    def funnel(self) -> Any:
        return journey.funnel(self.log, STEPS, within=WITHIN).counts.tolist()

    def transitions(self) -> Any:
        return journey.transitions(self.log)

    def sessions(self) -> Any:
        assert self.log.as_of is not None
        later = attrs.evolve(self.log, as_of=self.log.as_of + DAY_US)  # no session is open then
        return journey.sessions(later, GAP)

    def movements(self) -> Any:
        return metrics.mrr_movements(self.spells, period="month", calendar=Calendar("UTC"))


# ---- answers in one form


def agree(name: str, ours: Any, theirs: Any) -> bool:
    """Whether a peer found what we did."""
    if name in ("summary", "retention", "active", "growth"):
        return same(BENCH_METRICS.get(name, name), ours, framed(name, theirs))
    if name == "funnel":
        return bool(ours == theirs)
    plain: dict[str, Callable[[Any], Any]] = {
        "transitions": moves,
        "sessions": visits,
        "movements": flows,
    }
    made = plain[name](ours)
    return bool(made == (moves_of(theirs) if name == "transitions" else theirs))


def framed(name: str, found: Any) -> Any:
    """Return an answer of pandas in the form of the others."""
    import pandas as pd
    import polars as pl

    def counted(series: Any) -> Any:
        labels = series.index
        if isinstance(labels, pd.PeriodIndex):
            labels = labels.start_time.date
        return pl.DataFrame({"p": list(labels), "len": series.to_numpy()})

    if isinstance(found, pd.Series):
        cohort, month = zip(*found.index, strict=True)
        return pl.DataFrame({"cohort": cohort, "p": month, "len": found.to_numpy()})
    if isinstance(found, pd.DataFrame):
        days = {side: found[side].astype("int64") // DAY_US for side in ("first", "last")}
        return pl.DataFrame(found.assign(**days).reset_index().to_dict("list"))
    if isinstance(found, list) and isinstance(found[0], pd.Series):
        return [counted(each) for each in found]
    return found


def moves(table: journey.TransitionTable) -> dict[tuple[Any, Any], tuple[int, int]]:
    """Return moves and customers by source and target; whatever is no kind is the end."""
    labels = table.axes[0].labels
    counts, people = table.parts["count"], table.parts["customers"]
    return {
        (KINDS.index(labels[i]), code(labels[j])): (int(counts[i, j]), int(people[i, j]))
        for i, j in np.argwhere(counts).tolist()
        if labels[i] in KINDS
    }


def code(label: Any) -> int:
    return KINDS.index(label) if label in KINDS else -1


def moves_of(found: Any) -> dict[tuple[Any, Any], tuple[int, int]]:
    """Return the same of a peer."""
    if isinstance(found, tuple):  # polars: moves, starts, visitors
        found = found[0].select("kind", "target", "n", "customers").rows()
    return {(a, b): (n, people) for a, b, n, people in found}


def visits(table: journey.SessionTable) -> tuple[int, ...]:
    names = ("sessions", "bounces", "hits", "duration", "customers")
    return tuple(int(table.parts[name]) for name in names)


def flows(bridge: metrics.MRRMovements) -> dict[tuple[int, str], int]:
    """Return what moved by month and flow, in whole euros."""
    labels: Any = bridge.axes[0].labels
    months = [one.year * 12 + one.month - 1 for one in labels]
    return {
        (month, flow): n // 100
        for flow in FLOWS
        for month, n in zip(months, bridge.parts[flow].tolist(), strict=True)
        if n
    }


# ---- the table

ENGINES: dict[str, Callable[[Columns, Columns], Any]] = {
    "ours": Ours,
    "polars": WholePolars,
    "duckdb": WholeDuckdb,
    "pandas": WholePandas,
}


def check(columns: Columns, sold: Columns, engines: list[str]) -> None:
    """Compare every answer of every engine with ours."""
    ours = Ours(columns, sold)
    for engine in engines[1:]:
        peer = ENGINES[engine](columns, sold)
        for name in NAMES:
            if not agree(name, getattr(ours, name)(), getattr(peer, name)()):
                raise SystemExit(f"{name}: {engine} differs")


def one_turn(columns: Columns, sold: Columns, engine: str) -> dict[str, float]:
    """Return the seconds of one engine's preparation and answers."""
    gc.collect()
    taken, begin = {}, time.perf_counter()
    made = ENGINES[engine](columns, sold)
    taken["build"] = time.perf_counter() - begin
    for name in NAMES:
        begin = time.perf_counter()
        answer = getattr(made, name)()
        taken[name] = time.perf_counter() - begin
        del answer
    taken["all"] = sum(taken.values())
    return taken


def main() -> None:
    """Print the table, and the memory."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--memory", action="store_true")
    asked = parser.parse_args()
    print(machine("numpy", "pandas", "polars", "duckdb"), "\n")
    columns, sold = draw(asked.rows, asked.seed), contracts(asked.rows, asked.seed)
    engines = ["ours", *(name for name in asked.engines if name != "ours")]
    check(columns, sold, engines)
    print(f"{asked.rows:,} events, {len(sold['price']):,} subscriptions: all answers equal\n")
    turns = [
        {engine: one_turn(columns, sold, engine) for engine in engines}
        for _ in range(asked.repetitions + 1)
    ][1:]
    times = {
        (engine, name): Times(tuple(turn[engine][name] for turn in turns))
        for engine in engines
        for name in ("build", *NAMES, "all")
    }
    peers = engines[1:]
    rows = [
        [
            SAYS.get(name, "**all of it**"),
            *(f"{times[engine, name].median:.3f}" for engine in engines),
            *(times[peer, name].over(times["ours", name]).spread(1) for peer in peers),
        ]
        for name in ("build", *NAMES, "all")
    ]
    header = ["", *(f"{name}, s" for name in engines), *(f"{name} over ours" for name in peers)]
    print(markdown(header, rows))
    if asked.memory:
        del columns, sold
        print(
            f"\npeak memory above the inputs: {memory(asked.rows, asked.seed):.0f} bytes an event"
        )


def memory(rows: int, seed: int) -> float:
    """Return the peak bytes an event of our build and all eight answers."""
    setup = f"""
from tests.benchmarks.bench_whole import NAMES, Ours, contracts, draw
Ours(draw(1000, 1), contracts(1000, 1)).sessions()
columns, sold = draw({rows}, {seed}), contracts({rows}, {seed})
"""
    work = "made = Ours(columns, sold)\nfor name in NAMES: getattr(made, name)()"
    return peak_bytes(setup, work) / rows


if __name__ == "__main__":
    main()
