"""The build, grouping and sorting events by customer, against data frames that sort them.

Run by hand, from the root of the repository::

    python -m tests.benchmarks.bench_build --rows 10000000

Events are `kind`, `channel` (int8), `amount` (int64) and `at` (int64) of customers in random order;
the extra ``bench`` installs the peers. Every candidate's order is checked before any is timed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.build import ByteStrings, Grouped, group
from tests.benchmarks.harness import (
    Work,
    compared,
    interleave,
    machine,
    markdown,
    peak_bytes,
)

YEARS_2 = 730 * 86_400_000_000
SHARE = 0.09  # customers an event
Ids = NDArray[np.int64] | ByteStrings
Columns = dict[str, NDArray[Any]]


def events(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Columns]:
    """Draw a customer code, a time and columns for each event."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, max(int(rows * SHARE), 1), rows)
    at = rng.integers(0, YEARS_2, rows)
    kind, channel = (rng.integers(0, 8, rows, np.int8) for _ in range(2))
    return codes, at, {"kind": kind, "channel": channel, "amount": rng.integers(0, 10**6, rows)}


def int_ids(codes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Give each code a 62-bit id."""
    return np.random.default_rng(seed + 1).integers(0, 1 << 62, int(codes.max()) + 1)[codes]


def text_ids(codes: NDArray[np.int64], seed: int, width: int | None) -> ByteStrings:
    """Give each code a text id of one width, or of 20 to 36 characters."""
    rng = np.random.default_rng(seed + 2)
    count = int(codes.max()) + 1
    length = np.full(count, width) if width else rng.integers(20, 37, count)
    letters = rng.choice(np.frombuffer(b"0123456789abcdef", np.uint8), (count, int(length.max())))
    lengths = length[codes]
    offsets = np.concatenate(([0], lengths.cumsum()))
    data = np.empty(offsets[-1], np.uint8)
    for low in range(0, len(codes), 1 << 18):  # a table of all rows would be large
        part = slice(low, low + (1 << 18))
        used = np.arange(letters.shape[1]) < lengths[part, None]
        data[offsets[low] : offsets[min(part.stop, len(codes))]] = letters[codes[part]][used]
    return ByteStrings(offsets, data)


# ---- candidates: each returns its own result, and a function that lays it out for the check


def polars_frame(ids: Ids, at: NDArray[np.int64], columns: Columns) -> Any:
    """Return the events as polars holds them."""
    import polars as pl
    import pyarrow as pa

    customer: Any = ids
    if isinstance(ids, ByteStrings):
        buffers = [None, pa.py_buffer(ids.offsets), pa.py_buffer(ids.data)]
        customer = pa.LargeStringArray.from_buffers(len(ids), *buffers[1:])
    return pl.DataFrame({"customer": customer, "at": at, **columns}).rechunk()


def polars_lists(frame: Any) -> Any:
    """Give each customer lists of events by time: the cheapest grouped order polars has for text."""
    return frame.sort("at").group_by("customer").agg("at", "kind", "channel", "amount")


def duckdb_sorted(frame: Any) -> Any:
    """Sort in SQL and fetch the columns."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.sql('select * from frame order by customer, "at"').to_arrow_table()


def candidates(
    ids: Ids, at: NDArray[np.int64], columns: Columns, *, pandas: bool
) -> dict[str, tuple[Work, Callable[[Any], Any]]]:
    """Return what to run, by name, with what turns a result into a sorted polars frame."""
    import polars as pl

    frame = polars_frame(ids, at, columns)
    names = ["at", "kind", "channel", "amount"]

    def laid_out(made: Grouped) -> Any:
        counts = np.diff(made.offsets)
        rows = {"customer": np.repeat(made.customers, counts), "at": made.at, **made.payload}
        return pl.DataFrame(rows).select("customer", *names).sort("customer", maintain_order=True)

    def exploded(made: Any) -> Any:
        return made.explode(names).sort("customer", maintain_order=True)

    every: dict[str, tuple[Work, Callable[[Any], Any]]] = {
        "ours": (partial(group, ids, at, columns), laid_out),
        "ours, one thread": (partial(group, ids, at, columns, threads=1), laid_out),
        "polars sort": (lambda: frame.sort("customer", "at"), lambda made: made),
        "polars stable sort": (
            lambda: frame.sort("customer", "at", maintain_order=True),
            lambda made: made,
        ),
        "polars sort by time, lists": (lambda: polars_lists(frame), exploded),
        "duckdb order by": (lambda: duckdb_sorted(frame), pl.from_arrow),
    }
    if pandas:
        table = frame.to_pandas()
        by = ["customer", "at"]
        sort = partial(table.sort_values, by, kind="stable", ignore_index=True)
        every["pandas sort_values"] = (sort, pl.from_pandas)
    return every


def compare(title: str, rows: int, ids: Ids, event: Any, args: argparse.Namespace) -> None:
    """Check that all candidates give one order, time them and print the table."""
    _, at, columns = event
    found = candidates(ids, at, columns, pandas=isinstance(ids, np.ndarray))
    expected = None
    for name, (work, lay_out) in list(found.items()):
        made = lay_out(work())
        if expected is None:
            expected = made
        elif not made.equals(expected):
            print(f"\n{name}: another order, left out")
            del found[name]
    expected = made = None
    own = [ids.offsets, ids.data] if isinstance(ids, ByteStrings) else [ids]
    copied = [*own, at, *columns.values()]
    works = {name: work for name, (work, _) in found.items()}
    works["copy of the columns"] = lambda: [column.copy() for column in copied]
    print(f"\n{title}, {rows:,} events\n")
    print(compared(interleave(works, args.repetitions), "ours", rows), flush=True)


def scaling(sizes: list[int], args: argparse.Namespace) -> None:
    """Print the time an event at several sizes."""
    works: dict[str, Work] = {}
    for size in sizes:
        codes, at, columns = events(size, args.seed)
        works[f"{size:,}"] = partial(group, int_ids(codes, args.seed), at, columns)
    times = interleave(works, args.repetitions)
    base = times[f"{sizes[0]:,}"]
    table = (
        (name, f"{1e9 * each.median / size:.1f}", each.over(base).scaled(sizes[0] / size).spread())
        for size, (name, each) in zip(sizes, times.items(), strict=True)
    )
    print("\n" + markdown(("events", "ns an event", "over the first"), table), flush=True)


def memory(rows: int, args: argparse.Namespace) -> None:
    """Print the peak memory above the inputs, in bytes an event, ours and the result itself."""
    codes, at, columns = events(rows, args.seed)
    text = text_ids(codes, args.seed, 32)
    arrays = {"ids": int_ids(codes, args.seed), "at": at, **columns}
    arrays |= {"offsets": text.offsets, "data": text.data}
    with tempfile.TemporaryDirectory() as folder:
        for name, array in arrays.items():
            np.save(Path(folder) / f"{name}.npy", array)
        load = f"""
import numpy as np
from customerops.model.intake.build import ByteStrings, group
def load(name):
    return np.load({folder!r} + '/' + name + '.npy')
at = load('at')
columns = {{name: load(name) for name in ('kind', 'channel', 'amount')}}
"""
        ids = {"int": "load('ids')", "text": "ByteStrings(load('offsets'), load('data'))"}
        work = "made = group(ids, at, columns)"
        peaks = {kind: peak_bytes(f"{load}ids = {how}", work) for kind, how in ids.items()}
    result = 8 + sum(column.itemsize for column in columns.values()) + 8 * SHARE
    table = [(kind, f"{peak / rows:.0f}", f"{result:.0f}") for kind, peak in peaks.items()]
    print("\n" + markdown(("ids", "peak bytes an event", "of it the columns made"), table))


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["int", "text", "scaling", "memory"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000])
    args = parser.parse_args()
    print(machine("numpy", "pandas", "polars", "duckdb"))
    if args.only in {None, "int", "text"}:
        event = events(args.rows, args.seed)
        codes = event[0]
        if args.only != "text":
            compare("int64 ids", args.rows, int_ids(codes, args.seed), event, args)
        if args.only != "int":
            compare("32-character ids", args.rows, text_ids(codes, args.seed, 32), event, args)
            ragged = text_ids(codes, args.seed, None)
            compare("20- to 36-character ids", args.rows, ragged, event, args)
    if args.only in {None, "scaling"}:
        scaling(args.sizes, args)
    if args.only in {None, "memory"}:
        memory(args.rows, args)


if __name__ == "__main__":
    main()
