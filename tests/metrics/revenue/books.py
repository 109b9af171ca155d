"""Contracts about the edges of months, as records and as plain values."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from customerops.model import Money, Spells, Subscription, Window, spells_of
from tests.metrics.contracts import INSTANTS, US, utc
from tests.reference.recurring import Contract, Pause

__all__ = ["BOOKS", "CASES", "held", "spells_from"]

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/revenue.json").read_text())["cases"]
}


def held(
    who: str,
    amount: Any,
    start: str,
    end: str | None = None,
    *,
    plan: str = "gold",
    every: tuple[int, Any] = (1, "month"),
) -> Subscription:
    return Subscription(
        id=f"{who}-{start}-{plan}",
        customer_id=who,
        plan=plan,
        amount=Money(amount, "EUR"),
        interval=every,
        started_at=utc(start),
        ended_at=None if end is None else utc(end),
    )


def spells_from(book: Sequence[Contract], as_of: dt.datetime) -> Spells:
    rows = [
        Subscription(
            id=str(i),
            customer_id=one.who,
            plan=one.plan,
            amount=Money.of_minor(one.cents, "EUR"),
            interval=one.every,  # type: ignore[arg-type]
            started_at=one.start,
            trial_ends_at=one.trial,
            ended_at=one.end,
            pauses=tuple(Window(a, b) for a, b in one.pauses),
        )
        for i, one in enumerate(book)
    ]
    return spells_of(rows, as_of=as_of)


INTERVALS: list[tuple[int, str]] = [
    *((1, "month"), (1, "month"), (1, "year"), (1, "week")),
    *((3, "month"), (2, "year"), (10, "day")),
]


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    start, *later = sorted({draw(INSTANTS) for _ in range(5)})
    end = None
    if len(later) > 1 and draw(st.booleans()):
        end = later.pop()
    trial = later.pop(0) if later and draw(st.integers(0, 3)) == 0 else None
    pauses: tuple[Pause, ...] = ()
    if later and draw(st.integers(0, 1)) == 1:
        until = later[1] if len(later) > 1 else end
        pauses = ((later[0], until if until is None or until > later[0] else until + US),)
    return Contract(
        who=draw(st.sampled_from("uvwxyz")),
        plan=draw(st.sampled_from(["gold", "silver"])),
        cents=draw(st.sampled_from([0, 1, 999, 1000, 1000, 2500, 120_001])),
        every=draw(st.sampled_from(INTERVALS)),
        start=start,
        trial=trial,
        end=end,
        pauses=pauses,
    )


BOOKS = st.lists(contracts(), max_size=9)
