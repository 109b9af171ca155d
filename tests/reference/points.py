"""Points as tokens: each earned point is a thing of its own, and every entry picks some up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.metrics import histories

__all__ = ["NAMES", "Point", "balance", "tokens"]

NAMES = (
    *("earned", "adjusted", "refunded", "burned"),
    *("expired", "pending", "outstanding", "uncovered"),
)


@attrs.define
class Point:
    """One point: where it came from, when it is good, what took it and when."""

    source: str
    came: dt.datetime
    good_from: dt.datetime
    until: dt.datetime | None
    order: int
    taken_by: str | None = None
    taken_at: dt.datetime | None = None


def tokens(
    own: Iterable[Interaction],
    *,
    pending: dt.timedelta | None,
    expiry: str,
    order: str,
) -> tuple[list[Point], list[tuple[dt.datetime, int]]]:
    """Return the points of one customer's entries, and how many were missing when."""
    points: list[Point] = []
    short: list[tuple[dt.datetime, int]] = []
    for i, one in enumerate(own):
        deed = one.kind.removeprefix("points_")
        assert one.value is not None
        number = int(one.value)
        if deed in ("earn", "refund") or (deed == "adjust" and number >= 0):
            wait = pending if deed == "earn" and pending else dt.timedelta(0)
            until = one.until if expiry == "dates" else None
            points += [Point(deed, one.at, one.at + wait, until, i) for _ in range(number)]
        elif deed in {"burn", "adjust"} or expiry == "entries":
            good = [
                p
                for p in points
                if p.taken_by is None
                and p.good_from <= one.at
                and (p.until is None or one.at < p.until)
            ]
            if order == "first_to_expire":
                end = dt.datetime.max.replace(tzinfo=dt.UTC)
                good.sort(key=lambda p: (p.until or end, p.order))
            used = good[: abs(number)]
            for p in used:
                p.taken_by, p.taken_at = deed, one.at
            if abs(number) > len(used):
                short.append((one.at, abs(number) - len(used)))
    return points, short


def balance(
    seen: Iterable[Interaction], at: dt.datetime, **rules: Any
) -> dict[Any, dict[str, int]]:
    """Count the points of each customer with an entry by an instant."""
    out = {}
    for who, history in histories(seen, at).items():
        own = [one for one in history if one.kind.startswith("points_")]
        if not own:
            continue
        points, short = tokens(own, **rules)
        count = dict.fromkeys(NAMES, 0)
        for p in points:
            count[{"earn": "earned", "adjust": "adjusted", "refund": "refunded"}[p.source]] += 1
            if p.taken_by == "adjust":
                count["adjusted"] -= 1
            elif p.taken_by is not None:
                count["burned" if p.taken_by == "burn" else "expired"] += 1
            elif p.until is not None and p.until <= at:
                count["expired"] += 1
            else:
                count["pending" if p.good_from > at else "outstanding"] += 1
        count["uncovered"] = sum(n for _, n in short)
        out[who] = count
    return out
