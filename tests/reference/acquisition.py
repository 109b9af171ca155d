"""Activation, trials and referrals, customer by customer in plain Python."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from customerops.model import Interaction
from tests.reference.health import histories

__all__ = ["activated", "brought", "referring", "same_window", "trials"]

US = dt.timedelta(microseconds=1)
Cell = Callable[[dt.datetime], Any]


def activated(
    seen: Sequence[Interaction],
    *,
    start: str,
    action: str,
    within: dt.timedelta,
    at_least: int,
    as_of: dt.datetime,
    cell: Cell,
    placed: dt.timedelta = dt.timedelta(0),
) -> dict[Any, list[int]]:
    """Count, total and pending of each cell of the start, or of some time after it."""
    out: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for history in histories(seen, as_of).values():
        begun = next((x.at for x in history if x.kind == start), None)
        if begun is None:
            continue
        row = out[cell(begun + placed)]
        if begun + within - US > as_of:
            row[2] += 1
            continue
        acts = [x for x in history if x.kind == action and begun <= x.at < begun + within]
        row[1] += 1
        row[0] += len(acts) >= at_least
    return dict(out)


def trials(
    seen: Sequence[Interaction],
    *,
    paid: str,
    lasts: dt.timedelta,
    grace: dt.timedelta,
    as_of: dt.datetime,
    cell: Cell,
) -> dict[Any, list[int]]:
    """Trials by where they end."""
    return activated(
        seen,
        start="signup",
        action=paid,
        within=lasts + grace,
        at_least=1,
        as_of=as_of,
        cell=cell,
        placed=lasts,
    )


def same_window(
    seen: Sequence[Interaction], *, paid: str, as_of: dt.datetime, cell: Cell
) -> dict[Any, list[int]]:
    """First payments since the trial, and trials, each where it was."""
    out: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for history in histories(seen, as_of).values():
        begun = next((x.at for x in history if x.kind == "signup"), None)
        if begun is None:
            continue
        out[cell(begun)][1] += 1
        first = next((x.at for x in history if x.kind == paid and x.at >= begun), None)
        if first is not None:
            out[cell(first)][0] += 1
    return dict(out)


def brought(
    seen: Sequence[Interaction],
    *,
    invites: str,
    accepted: str,
    within: dt.timedelta,
    as_of: dt.datetime,
) -> tuple[int, int, list[tuple[int, int]]]:
    """How many customers, how many pending, and the invites and those accepted of each."""
    pending, rows = 0, []
    for history in histories(seen, as_of).values():
        begun = next((x.at for x in history if x.kind == "signup"), None)
        if begun is None:
            continue
        if begun + within - US > as_of:
            pending += 1
            continue
        there = [x.kind for x in history if begun <= x.at < begun + within]
        rows.append((there.count(invites), there.count(accepted)))
    return len(rows), pending, rows


def referring(
    seen: Sequence[Interaction],
    *,
    members: str | None,
    as_of: dt.datetime,
    edges: Sequence[dt.datetime],
) -> list[Fraction | None]:
    """Of the members at the end of each stretch, who referred in it."""
    out: list[Fraction | None] = []
    for low, high in pairwise(edges):
        total = count = 0
        for history in histories(seen, as_of).values():
            joined = next((x.at for x in history if members in (None, x.kind)), None)
            if joined is None or joined >= high:
                continue
            total += 1
            count += any(x.kind == "call" and low <= x.at < high for x in history)
        out.append(Fraction(count, total) if total else None)
    return out
