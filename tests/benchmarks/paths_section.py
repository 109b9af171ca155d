"""The section of paths in `bench_journey`: transitions, variants, step matrices."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import attrs
import numpy as np

from customerops import InteractionLog, journey
from customerops.model import END, START
from tests.benchmarks.bench_metrics import KINDS, Columns
from tests.benchmarks.harness import Times, interleave, markdown

STEPS = 10
PEERS = {"pm4py": ("transitions", "variants"), "retentioneering": ("step_matrix",)}


class PolarsPaths:
    """What follows what by a shift, paths as strings of one character a step."""

    def __init__(self, columns: Columns) -> None:
        import polars as pl

        self.pl = pl
        sorted_ = pl.DataFrame(columns).sort("customer", "ts", maintain_order=True)
        self.frame = sorted_.select("customer", "kind").rechunk().lazy()

    def transitions(self) -> tuple[Any, Any, Any]:
        """Return moves and customers by source and target, and customers by source."""
        pl = self.pl
        mine = pl.col("customer") == pl.col("customer").shift(-1)
        first = (pl.col("customer") != pl.col("customer").shift(1)).fill_null(value=True)
        moves = self.frame.select(
            "customer", "kind", target=pl.when(mine).then(pl.col("kind").shift(-1)).otherwise(-1)
        )
        each = [pl.len().alias("n"), pl.col("customer").n_unique().alias("customers")]
        plans = [
            moves.group_by("kind", "target").agg(each),
            self.frame.filter(first).group_by("kind").agg(pl.len().alias("n")),
            self.frame.group_by("kind").agg(pl.col("customer").n_unique()),
        ]
        return tuple(pl.collect_all(plans))

    def moves(self) -> Any:
        """Return the moves alone."""
        pl = self.pl
        mine = pl.col("customer") == pl.col("customer").shift(-1)
        moves = self.frame.select(
            "kind", target=pl.when(mine).then(pl.col("kind").shift(-1)).otherwise(-1)
        )
        return moves.group_by("kind", "target").agg(pl.len()).collect()

    def variants(self) -> Any:
        """Return how many customers have each path."""
        pl = self.pl
        word = pl.col("kind").cast(pl.String).str.join("")
        paths = self.frame.group_by("customer", maintain_order=False).agg(path=word)
        return paths.group_by("path").agg(pl.len().alias("n")).collect()


def paths(log: InteractionLog, columns: Columns, repetitions: int) -> None:
    """Print the table of paths."""
    polars = PolarsPaths(columns)
    table = journey.transitions(log)
    variants = journey.variants(log)
    matrix = journey.step_matrix(log, max_steps=STEPS)
    _same("transitions, polars", _cells(table), _polars_cells(polars))
    _same("variants, polars", _counts(variants), _polars_counts(polars))
    works: dict[str, Callable[[], object]] = {
        "transitions": lambda: journey.transitions(_cold(log)),
        "transitions, polars": polars.transitions,
        "transitions, polars, moves alone": polars.moves,
        "variants": lambda: journey.variants(_cold(log)),
        "variants, polars": polars.variants,
        "step_matrix": lambda: journey.step_matrix(_cold(log), max_steps=STEPS),
    }
    times = interleave(works, repetitions)
    rows = [
        [
            "transitions, counts and customers",
            "polars",
            *_line(times, "transitions", "transitions, polars"),
        ],
        [
            "transitions, counts alone",
            "polars",
            *_line(times, "transitions", "transitions, polars, moves alone"),
        ],
        ["variants", "polars", *_line(times, "variants", "variants, polars")],
    ]
    answers: dict[str, Callable[[Any], None]] = {
        "transitions": lambda rows: _same("dfg", _moves(table), {(a, b): n for a, b, n in rows}),
        "variants": lambda rows: _same(
            "variants", _counts(variants), {tuple(path): n for *path, n in rows}
        ),
        "step_matrix": lambda rows: _same_shares(matrix, rows),
    }
    for package, names in PEERS.items():
        if os.environ.get(package.upper()) is None:
            print(f"{package.upper()} names no interpreter: {package} is left out")
            continue
        with Peer(package, log) as peer:
            for name in names:
                answers[name](peer.answers[name])
                turns = [(peer.seconds(name), _seconds(works[name])) for _ in range(repetitions)]
                theirs, ours = (Times(seconds) for seconds in zip(*turns, strict=True))
                rows.append(
                    [
                        name,
                        f"{package} {peer.version}",
                        f"{theirs.median:.3f}",
                        f"{ours.median:.4f}",
                        theirs.over(ours).spread(1),
                    ]
                )
    print(markdown(["", "peer", "peer, s", "ours cold, s", "peer over ours"], rows))


def _line(times: dict[str, Times], ours: str, peer: str) -> list[str]:
    ratio = times[peer].over(times[ours]).spread(1)
    return [f"{times[peer].median:.4f}", f"{times[ours].median:.4f}", ratio]


def _cold(log: InteractionLog) -> InteractionLog:
    return attrs.evolve(log, cache={})


class Peer:
    """A package in a process of its own, which runs what it is told."""

    def __init__(self, package: str, log: InteractionLog) -> None:
        self.package = package
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "events.npz"
        names = np.array(log.kinds)
        np.savez(path, customer=log.codes, kind=log.kind, ts=log.at, names=names)
        script = Path(__file__).with_name("record_paths.py")
        self.process = subprocess.Popen(
            [os.environ[package.upper()], str(script), package, str(path), str(STEPS)],
            env={**os.environ, "RETENTIONEERING_NO_TRACK": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._wait("ready")
        found = json.loads(Path(f"{path}.{package}.json").read_text(encoding="utf-8"))
        self.version, self.answers = found["version"], found["answers"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()

    def seconds(self, name: str) -> float:
        """Return how long one run takes."""
        assert self.process.stdin is not None
        print(name, file=self.process.stdin, flush=True)
        return float(self._wait("took").split()[1])

    def _wait(self, word: str) -> str:
        """Return the next line that begins with a word; the packages print others."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line
        raise SystemExit(f"{self.package} ended without an answer")


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _same(what: str, ours: Any, theirs: Any) -> None:
    if ours != theirs:
        raise SystemExit(f"{what} differs")


def _same_shares(matrix: journey.StepMatrix, rows: list[list[Any]]) -> None:
    grid: Any = matrix.grid()
    mine = {
        (kind, step): share
        for kind, row in grid.to_dict("index").items()
        for step, share in row.items()
        if kind in KINDS
    }
    theirs = {(kind, step): share for kind, step, share in rows if kind in KINDS}
    if mine.keys() - theirs.keys() or any(abs(mine[k] - theirs[k]) > 1e-9 for k in mine):
        raise SystemExit("step matrix differs")


def _cells(table: journey.TransitionTable) -> Any:
    """Return count and customers of every move, and customers of every source."""
    labels = table.axes[0].labels
    moves = {
        (labels[i], labels[j]): (
            int(table.parts["count"][i, j]),
            int(table.parts["customers"][i, j]),
        )
        for i, j in np.argwhere(table.parts["count"]).tolist()
    }
    people = dict(zip(labels, table.parts["visitors"].tolist(), strict=True))
    return moves, {kind: n for kind, n in people.items() if kind not in (START, END)}


def _moves(table: journey.TransitionTable) -> dict[tuple[str, str], int]:
    def plain(label: Any) -> str:
        return "" if label in (START, END) else label

    return {(plain(a), plain(b)): n for (a, b), (n, _) in _cells(table)[0].items()}


def _polars_cells(polars: PolarsPaths) -> Any:
    every, starts, people = polars.transitions()
    moves: dict[tuple[Any, Any], tuple[int, int]] = {
        (KINDS[a], END if b < 0 else KINDS[b]): (n, customers)
        for a, b, n, customers in every.select("kind", "target", "n", "customers").rows()
    }
    for a, n in starts.rows():
        moves[START, KINDS[a]] = (n, n)
    return moves, {KINDS[a]: n for a, n in people.rows()}


def _counts(variants: journey.PathVariants) -> dict[tuple[Any, ...], int]:
    return dict(zip(variants.paths, variants.count.tolist(), strict=True))


def _polars_counts(polars: PolarsPaths) -> Counter[tuple[str, ...]]:
    return Counter(
        {tuple(KINDS[int(code)] for code in word): n for word, n in polars.variants().rows()}
    )
