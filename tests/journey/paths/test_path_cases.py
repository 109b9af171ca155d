"""Paths against published cases, each by its name."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from customerops.journey import path_flow, step_matrix
from customerops.model import END, MORE, InteractionLog

FILE = Path(__file__).parents[2] / "cases" / "paths.json"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads(FILE.read_text(encoding="utf-8"))["cases"]
}
END_OF_TIME = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def at(said: str | int) -> dt.datetime:
    if isinstance(said, int):
        return dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=said)
    return dt.datetime.fromisoformat(said)


def log_of(case: dict[str, Any]) -> InteractionLog:
    who, kinds, when = zip(*case["events"], strict=True)
    return InteractionLog.from_arrays(
        customer_id=list(who), kind=list(kinds), at=[at(t) for t in when]
    ).until(END_OF_TIME)


def test_every_case_is_here() -> None:
    assert sorted(CASES) == [
        "paths_sessions_split",
        "paths_start_point",
        "paths_step_edges",
        "rete_step_matrix",
    ]


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("paths_")])
def test_edges_by_step(name: str) -> None:
    case = CASES[name]
    params = case["params"]
    gap = params.get("session_gap_s")
    flow = path_flow(
        log_of(case),
        params.get("start_at"),
        max_steps=params["max_steps"],
        gap=None if gap is None else dt.timedelta(seconds=gap),
    )
    edges = flow.edges()
    got = sorted(
        [f"{k}:{source}", f"{k + 1}:{target}", n]
        for k, source, target, n in zip(
            edges.step.tolist(), edges.source, edges.target, edges.count.tolist(), strict=True
        )
        if target not in (END, MORE)
    )
    assert got == sorted(case["expected"]["edges"])


@pytest.mark.parametrize("name", ["rete_step_matrix"])
def test_shares_by_step(name: str) -> None:
    case = CASES[name]
    matrix = step_matrix(log_of(case), max_steps=case["params"]["max_steps"])
    labels = [END if label == "end" else label for label in case["expected"]["labels"]]
    assert list(matrix.axes[0].labels) == labels
    assert list(matrix.axes[1].labels) == case["expected"]["step"]
    np.testing.assert_allclose(matrix.value, case["expected"]["matrix"], atol=1e-12)
