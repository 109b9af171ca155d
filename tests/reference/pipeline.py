"""Opportunities read off plain records, one stage after the other."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.metrics import histories

__all__ = ["Deal", "deals", "score", "velocity"]


@attrs.define
class Deal:
    """What became of one thread."""

    customer: Any
    thread: Any
    order: Sequence[str]
    visits: list[tuple[dt.datetime, str]] = attrs.field(factory=list)
    amount: int | None = None

    @property
    def created(self) -> dt.datetime:
        return self.visits[0][0]

    @property
    def stage(self) -> str:
        return self.visits[-1][1]

    @property
    def closed(self) -> dt.datetime | None:
        return self.visits[-1][0] if self.stage in ("won", "lost") else None

    @property
    def reached(self) -> int:
        """The furthest stage: the number of open stages for what was won."""
        places = [*self.order, "won"]
        return max((places.index(s) for _, s in self.visits if s != "lost"), default=-1)

    def spent(self, as_of: dt.datetime) -> dict[str, dt.timedelta]:
        """Return the time in each stage it was in, all visits together."""
        out: dict[str, dt.timedelta] = defaultdict(dt.timedelta)
        for i, (start, stage) in enumerate(self.visits):
            end = self.visits[i + 1][0] if i + 1 < len(self.visits) else as_of
            if stage in self.order:
                out[stage] += end - start
        return dict(out)


def deals(seen: Iterable[Interaction], as_of: dt.datetime, order: Sequence[str]) -> list[Deal]:
    """Return the opportunities that are known."""
    found: dict[Any, Deal] = {}
    for who, own in histories(seen, as_of).items():
        for one in own:
            if one.kind != "stage_change" or one.name is None or one.thread_id is None:
                continue
            deal = found.setdefault((who, one.thread_id), Deal(who, one.thread_id, order))
            if not deal.visits or deal.stage != one.name:
                deal.visits.append((one.at, one.name))
            if one.amount is not None:
                deal.amount = one.amount.minor
    return list(found.values())


def velocity(
    found: list[Deal], start: dt.datetime, end: dt.datetime
) -> tuple[int, Fraction, Fraction, Fraction] | None:
    """Return the four factors of [start, end): how many, minor units, a share, days."""
    worked = [d for d in found if d.created < end and (d.closed is None or d.closed >= start)]
    done = [d for d in found if d.closed is not None and start <= d.closed < end]
    won = [d for d in done if d.stage == "won"]
    paid = [d.amount for d in won if d.amount is not None]
    if not paid:
        return None
    took = sum((d.visits[-1][0] - d.created for d in won), dt.timedelta(0))
    micros = took // dt.timedelta(microseconds=1)
    return (
        len(worked),
        Fraction(sum(paid), len(paid)),
        Fraction(len(won), len(done)),
        Fraction(micros, 86_400_000_000 * len(won)),
    )


def score(ages: Iterable[tuple[float, dt.timedelta]], half_life: dt.timedelta) -> float:
    """Return the points that are left."""
    return float(sum(points * 0.5 ** (age / half_life) for points, age in ages))
