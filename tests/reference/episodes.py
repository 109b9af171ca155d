"""Episodes and silences, one event after another in plain Python."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from customerops.model import Interaction
from tests.reference.health import histories

__all__ = ["dormant", "episodes"]

US = dt.timedelta(microseconds=1)


def episodes(
    seen: Iterable[Interaction],
    *,
    begins: str,
    ends: str,
    within: dt.timedelta,
    as_of: dt.datetime,
    by_thread: bool,
) -> list[tuple[Any, dt.datetime, bool, bool]]:
    """Customer, begin, whether it ended well in time, and whether its time is up, of each episode."""
    units: dict[Any, list[Interaction]] = defaultdict(list)
    for who, history in histories(seen, as_of).items():
        for x in history:
            if not by_thread or x.thread_id is not None:
                units[who, x.thread_id if by_thread else None].append(x)
    out = []
    for (who, _), history in units.items():
        open_since: dt.datetime | None = None
        for x in history:
            if open_since is not None and x.at >= open_since + within:
                out.append((who, open_since, False))
                open_since = None
            if x.kind == ends and open_since is not None:
                out.append((who, open_since, True))
                open_since = None
            elif x.kind == begins and open_since is None:
                open_since = x.at
        if open_since is not None:
            out.append((who, open_since, False))
    return [(who, at, well, at + within - US <= as_of) for who, at, well in out]


def dormant(
    seen: Sequence[Interaction],
    *,
    activity: str,
    within: dt.timedelta,
    members: str | None,
    at: dt.datetime,
) -> tuple[int, int]:
    """Who is silent for so long at an instant, and how many customers there are."""
    total = asleep = 0
    for history in histories(seen, at).values():
        if all(members not in (None, x.kind) for x in history):
            continue
        total += 1
        last = max((x.at for x in history if x.kind == activity), default=None)
        asleep += last is None or at - last >= within
    return asleep, total
