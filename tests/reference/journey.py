"""Sessions walked hit by hit, one customer at a time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.metrics import Histories

__all__ = ["Session", "sessions"]


@attrs.frozen
class Session:
    """The hits of one visit, and whether it may go on."""

    customer: Any
    hits: list[Interaction]
    open: bool

    @property
    def begun(self) -> dt.datetime:
        return self.hits[0].at

    @property
    def lasted(self) -> dt.timedelta:
        return self.hits[-1].at - self.hits[0].at

    @property
    def dwells(self) -> list[dt.timedelta]:
        return [b.at - a.at for a, b in zip(self.hits, self.hits[1:], strict=False)]


def sessions(
    own: Histories,
    *,
    as_of: dt.datetime,
    gap: dt.timedelta | None,
    hits: set[str],
    starts: str | None,
    ends: str | None,
) -> list[Session]:
    """Return the sessions of everybody, each open or not."""
    out = []
    for customer, events in own.items():
        runs: list[list[Interaction]] = []
        for event in events:
            if event.kind not in hits:
                continue
            before = runs[-1][-1] if runs else None
            if (
                before is None
                or (gap is not None and event.at > before.at + gap)
                or event.kind == starts
                or before.kind == ends
            ):
                runs.append([])
            runs[-1].append(event)
        for run in runs:
            last = run[-1]
            # could an event a moment after as_of be one of it?
            follows = as_of + dt.timedelta(microseconds=1)
            reached = gap is None or follows <= last.at + gap
            out.append(Session(customer, run, run is runs[-1] and last.kind != ends and reached))
    return out
