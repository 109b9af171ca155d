"""Take turns, compare, print: what every benchmark here shares.

Candidates run in turns, so that whatever else the machine does falls on all of them alike, and a
ratio is formed within each turn. Nothing here is a test; no time is ever asserted.
"""

from __future__ import annotations

import gc
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import attrs

Work = Callable[[], object]


@attrs.frozen
class Times:
    """Seconds of one candidate, one a turn."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle of the turns."""
        return statistics.median(self.seconds)

    def over(self, other: Times) -> Times:
        """Return how many times as long this took as the other, turn by turn."""
        return Times(tuple(a / b for a, b in zip(self.seconds, other.seconds, strict=True)))

    def scaled(self, factor: float) -> Times:
        """Return each turn times a factor."""
        return Times(tuple(factor * each for each in self.seconds))

    def spread(self, digits: int = 2) -> str:
        """Return the median and the extremes."""
        low, high = min(self.seconds), max(self.seconds)
        return f"{self.median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def interleave(candidates: Mapping[str, Work], repetitions: int) -> dict[str, Times]:
    """Run all candidates in turns, after one turn that is not counted.

    A result is dropped before the next candidate begins, outside the time taken.
    """
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(repetitions + 1):
        for name, work in candidates.items():
            gc.collect()
            begin = time.perf_counter()
            result = work()
            end = time.perf_counter()
            del result
            if turn:
                taken[name].append(end - begin)
    return {name: Times(tuple(seconds)) for name, seconds in taken.items()}


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; all columns but the first are set to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def compared(times: Mapping[str, Times], ours: str, rows: int) -> str:
    """Return a table of candidates: time, time a row, and how often ours fits into it."""
    table = (
        (
            name,
            f"{each.median:.3f}",
            f"{1e9 * each.median / rows:.0f}",
            each.over(times[ours]).spread(),
        )
        for name, each in times.items()
    )
    return markdown(("", "s", "ns a row", f"over {ours}"), table)


def machine(*packages: str) -> str:
    """Say what this ran on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    today = time.strftime("%Y-%m-%d")
    python = f"Python {platform.python_version()}"
    return ", ".join([f"{today}: {model}, {os.cpu_count()} processors", python, *versions])


def peak_bytes(setup: str, work: str) -> int:
    """Return by how much `work` raises the peak memory of a fresh process that ran `setup`.

    `setup` must need no more memory on the way than it leaves behind.
    """
    # ru_maxrss begins with the peak of the process that started this one, on Linux; VmHWM does not
    code = f"""
import pathlib, resource, sys
def peak():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used
{setup}
before = peak()
{work}
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout)
