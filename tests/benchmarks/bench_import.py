"""What importing costs, against the bare interpreter and against what cannot be avoided.

Run by hand: ``python tests/benchmarks/bench_import.py [repetitions]``. Each cell is the median of
fresh interpreters, taken in turns, with the quartiles beside it.
"""

import statistics
import subprocess
import sys
import time

STATEMENTS = {
    "bare interpreter": "pass",
    "import customerops": "import customerops",
    "import attrs": "import attrs",
    "from customerops import Customer": "from customerops import Customer",
    "import numpy": "import numpy",
    "from customerops import InteractionLog": "from customerops import InteractionLog",
    "from customerops.lifecycle import step": "from customerops.lifecycle import step",
}


def seconds(statement: str) -> float:
    """Return the wall time of one interpreter that runs a statement."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - begin


def main(repetitions: int) -> None:
    """Print the table."""
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(repetitions + 1):  # the first of each warms the disk and is dropped
        for name, statement in STATEMENTS.items():
            taken[name].append(1000 * seconds(statement))
    print("| statement | ms | quartiles | over bare, ms |\n|---|---:|---:|---:|")
    bare = statistics.median(taken["bare interpreter"][1:])
    for name, times in taken.items():
        low, middle, high = statistics.quantiles(times[1:], n=4)
        print(f"| `{name}` | {middle:.0f} | {low:.0f} to {high:.0f} | {middle - bare:+.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
