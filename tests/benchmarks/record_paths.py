"""Time path functions of pm4py or retentioneering in an environment of their own.

Not run by hand: `bench_journey` starts it with the interpreter of that environment, for both want
other versions of pandas than ours. It writes its answers to a file, then runs what it is told by
name, line by line, and says how long it took, so that turns can be taken with it::

    PM4PY=/path/to/python RETENTIONEERING=/path/to/python \\
        python -m tests.benchmarks.bench_journey --only paths

Customer, kind and instant come from a file of arrays, sorted. What loads them is not timed.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def of_pm4py(frame: Any, steps: int) -> dict[str, Callable[[], Any]]:
    """Return what pm4py is asked: the graph with its start and end, and the variants."""
    import pm4py  # type: ignore[import-not-found]

    names = {"case": "customer", "activity": "kind", "timestamp": "ts"}
    frame["customer"] = frame["customer"].astype(str)  # it takes no other case ids
    log = pm4py.format_dataframe(
        frame,
        case_id=names["case"],
        activity_key=names["activity"],
        timestamp_key=names["timestamp"],
    )

    def graph() -> Any:
        moves, starts, ends = pm4py.discover_dfg(log)
        return (
            [[*move, n] for move, n in moves.items()]
            + [["", kind, n] for kind, n in starts.items()]
            + [[kind, "", n] for kind, n in ends.items()]
        )

    def variants() -> Any:
        return [[*path, n] for path, n in pm4py.get_variants(log).items()]

    return {"transitions": graph, "variants": variants}


def of_retentioneering(frame: Any, steps: int) -> dict[str, Callable[[], Any]]:
    """Return what retentioneering is asked: the step matrix."""
    sys.modules["posthog"] = None  # type: ignore[assignment]  # it reports each call
    from retentioneering import Eventstream  # type: ignore[import-not-found]

    schema = {"path_cols": ["customer"], "event_col": "kind", "timestamp_col": "ts"}
    stream = Eventstream(frame, schema=schema)

    def matrix() -> Any:
        found = stream.step_matrix_data(max_steps=steps)
        return [
            [str(kind), int(step), float(share)]
            for kind, row in found.iterrows()
            for step, share in row.items()
        ]

    return {"step_matrix": matrix}


def main() -> None:
    """Load, ask once for the answers, then time what is told: package, file, steps."""
    import pandas as pd

    package, path, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
    arrays = np.load(path)
    frame = pd.DataFrame(
        {
            "customer": arrays["customer"],
            "kind": arrays["names"][arrays["kind"]],
            "ts": pd.to_datetime(arrays["ts"], unit="us", utc=True),
        }
    )
    works = (of_pm4py if package == "pm4py" else of_retentioneering)(frame, steps)
    from importlib.metadata import version

    answers = {name: work() for name, work in works.items()}
    found = {"version": version(package), "answers": answers}
    Path(f"{path}.{package}.json").write_text(json.dumps(found), encoding="utf-8")
    print("ready", flush=True)
    for line in sys.stdin:
        work = works[line.strip()]
        gc.collect()
        begin = time.perf_counter()
        work()
        print("took", time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main()
