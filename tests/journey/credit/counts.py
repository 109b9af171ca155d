"""Paths that are counted, drawn and read, for the tests of attribution."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from customerops.journey import (
    Attribution,
    PathTable,
    paths_to_conversion,
)
from customerops.model import Interaction, InteractionLog

__all__ = ["CASES", "DAY", "START", "Paths", "aged", "by_channel", "close", "counted", "table"]

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[2] / "cases" / "attribution.json").read_text("utf-8")
    )["cases"]
}
DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
Paths = dict[tuple[Any, ...], list[int]]


def table(paths: Paths) -> PathTable:
    columns = list(zip(*paths.values(), strict=True)) or [(), (), (), ()]
    return PathTable.from_counts(list(paths), columns[0], columns[1], columns[3])


def by_channel(credit: Attribution, column: str = "conversions") -> dict[Any, float]:
    frame = credit.to_frame()
    return dict(zip(frame["channel"], frame[column], strict=True))


def close(got: dict[Any, float], wanted: Any, rel: float = 1e-12) -> bool:
    return got.keys() == wanted.keys() and all(
        math.isnan(got[one])
        if wanted[one] is None
        else got[one] == pytest.approx(float(wanted[one]), rel=rel, abs=1e-12)
        for one in got
    )


@st.composite
def counted(draw: st.DrawFn, channels: str = "ABC", most: int = 8) -> Paths:
    """Draw paths that converted or not, with a value where they did."""
    paths = draw(
        st.lists(
            st.lists(st.sampled_from(channels), min_size=1, max_size=5).map(tuple),
            min_size=1,
            max_size=most,
            unique=True,
        )
    )
    out: Paths = {}
    for path in paths:
        conversions, nulls = draw(st.sampled_from([(0, 1), (1, 0), (3, 2), (7, 90), (1, 1)]))
        out[path] = [conversions, nulls, 0, conversions * draw(st.sampled_from([0, 5, 1000]))]
    return out


def aged(days: list[float]) -> PathTable:
    """Return the table of one customer with touches so many days before the conversion."""
    end = START + 99 * DAY
    touches = [
        Interaction(customer_id=1, at=end - day * DAY, kind="visit", channel=f"c{i}")
        for i, day in enumerate(days)
    ]
    rows = [*touches, Interaction(customer_id=1, at=end, kind="buy")]
    log = InteractionLog.from_interactions(rows).until(end)
    return paths_to_conversion(log, "buy", lookback=None, ages=DAY / 2)
