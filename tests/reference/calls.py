"""Contacts read off plain records, one event after the other."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from customerops.model import Interaction
from tests.reference.health import histories

__all__ = ["answered", "contained", "worked"]

US = dt.timedelta(microseconds=1)
Row = tuple[Any, dt.datetime, bool, bool]
"""Customer, instant, whether it hit, whether it is settled."""


def _threads(
    seen: Iterable[Interaction], as_of: dt.datetime
) -> Iterator[tuple[Any, list[Interaction]]]:
    found: dict[Any, list[Interaction]] = defaultdict(list)
    for who, history in histories(seen, as_of).items():
        for x in history:
            if x.thread_id is not None:
                found[who, x.thread_id].append(x)
    for (who, _), events in found.items():
        yield who, events


def _from(events: list[Interaction], begins: Callable[[Interaction], bool]) -> list[Interaction]:
    for place, x in enumerate(events):
        if begins(x):
            return events[place:]
    return []


def answered(
    seen: Iterable[Interaction],
    *,
    definition: str,
    target: dt.timedelta,
    short: dt.timedelta | None,
    as_of: dt.datetime,
) -> list[Row]:
    """Calls that open, are replied to, or are given up by a resolution."""
    out: list[Row] = []
    for who, events in _threads(seen, as_of):
        known = _from(events, lambda x: x.kind == "case_open")
        if not known:
            continue
        first, *rest = known
        last = next((x for x in rest if x.kind in ("case_reply", "case_resolve")), None)
        wait = (as_of if last is None else last.at) - first.at
        at = first.at
        if last is None:
            late = wait > target and (short is None or wait > short)
            out.append((who, at, False, late and definition != "answered"))
        elif last.kind == "case_reply":
            out.append((who, at, wait <= target, True))
        elif definition == "offered" or (short is not None and wait > short):
            out.append((who, at, False, True))
        elif definition == "short_met":
            out.append((who, at, True, True))
    return out


def contained(
    seen: Iterable[Interaction],
    *,
    within: dt.timedelta,
    resolved: bool,
    as_of: dt.datetime,
) -> list[Row]:
    """Contacts with a bot."""
    out: list[Row] = []
    for who, events in _threads(seen, as_of):
        known = _from(events, lambda x: x.actor_kind == "bot")
        if not known:
            continue
        first, *rest = known
        soon = [x for x in rest if x.at < first.at + within]
        hit = all(x.actor_kind != "human" for x in soon)
        if resolved:
            hit = hit and any(x.kind == "case_resolve" for x in soon)
        out.append((who, first.at, hit, first.at + within - US <= as_of))
    return out


def worked(
    seen: Iterable[Interaction], *, as_of: dt.datetime
) -> list[tuple[Any, dt.datetime, Fraction]]:
    """Contacts that were worked on, and for how long."""
    out = []
    for who, events in _threads(seen, as_of):
        work = [x for x in events if x.value is not None]
        if work:
            total = sum((Fraction(x.value or 0) for x in work), Fraction(0))
            out.append((who, work[0].at, total))
    return out
