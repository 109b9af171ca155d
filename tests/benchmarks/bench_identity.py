"""What resolving costs: a million identifiers, next to the bare components of the same graph.

Run by hand: ``python tests/benchmarks/bench_identity.py [identifiers] [repetitions]``. The base is
scipy's connected components of a graph that is coded already; and the same with the coding of ids
and values by pandas, which is what a resolution starts from. Times are of the processor, so that
what else the machine does counts less; each candidate takes its turn.
"""

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from customerops.model import IdentifierColumns, IdentityRules, JoinRule, resolve_identities
from tests.benchmarks.harness import Times, machine, markdown

TYPES = ("user_id", "email", "phone", "device_id")
JOINS = ("user_id", *(JoinRule(one, at_most=20) for one in TYPES[1:]))
GUARDED = IdentityRules(joins=JOINS)
FREE = IdentityRules(joins=TYPES, unique=())


def drawn(n: int, astray: float) -> dict[str, np.ndarray]:
    """Return columns of n identifiers: 3 or 4 a record, 3 records a person, some of others."""
    rng = np.random.default_rng(7)
    records, people = 3 * n // 10, n // 10
    record = rng.integers(0, records, n)
    type_ = rng.choice(TYPES, n)
    owner = rng.integers(0, people, records)[record]
    owner = np.where(rng.random(n) < astray, rng.integers(0, people, n), owner)
    return {
        "record": np.array([f"shop:{one}" for one in record], object),
        "type": type_.astype(object),
        "value": np.array([f"{t}-{o}" for t, o in zip(type_, owner, strict=True)], object),
    }


def codes(columns: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Return the edges from records to values, and how many there are of both."""
    record, records = pd.factorize(columns["record"])
    type_, _ = pd.factorize(columns["type"])
    value, values = pd.factorize(columns["value"])
    pair, pairs = pd.factorize(type_ * np.int64(len(values)) + value)
    return record, pair, len(records), len(pairs)


def bare(record: np.ndarray, pair: np.ndarray, records: int, pairs: int) -> object:
    """Return the components of a coded graph."""
    size = records + pairs
    graph = coo_array((np.ones(len(record), np.int8), (record, records + pair)), (size, size))
    return connected_components(graph, directed=False)


def timed(candidates: Mapping[str, Callable[[], object]], repetitions: int) -> dict[str, Times]:
    """Return the processor seconds of each, in turns."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(repetitions + 1):
        for name, work in candidates.items():
            begin = time.process_time()
            work()
            if turn:
                taken[name].append(time.process_time() - begin)
    return {name: Times(tuple(seconds)) for name, seconds in taken.items()}


def main(n: int, repetitions: int) -> None:
    """Print a table for tidy data and for data where one value in a hundred is astray."""
    print(machine("numpy", "pandas", "scipy"))
    for astray in (0.0, 0.01):
        columns = drawn(n, astray)
        held = IdentifierColumns(**columns)
        graph = codes(columns)
        times = timed(
            {
                "resolve_identities, a guard": partial(resolve_identities, held, GUARDED),
                "resolve_identities, none": partial(resolve_identities, held, FREE),
                "pandas codes + scipy components": lambda c=columns: bare(*codes(c)),  # type: ignore[misc]
                "scipy components of codes": partial(bare, *graph),
                "IdentifierColumns": partial(IdentifierColumns, **columns),
            },
            repetitions,
        )
        base = times["pandas codes + scipy components"]
        rows = [(k, t.spread(), t.over(base).spread()) for k, t in times.items()]
        print(f"\n{n:,} identifiers, {astray:.0%} astray\n")
        print(markdown(("", "processor seconds", "over codes + components"), rows))
        who = resolve_identities(held, GUARDED)
        refused = sum(fate != 1 for fate in who.heard.fate.tolist())
        print(f"\n{len(who):,} records, {len(who.clusters):,} customers, {refused:,} refusals")


if __name__ == "__main__":
    main(*(int(one) for one in (sys.argv[1:] + ["1000000", "3"][len(sys.argv) - 1 :])))
