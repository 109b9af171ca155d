"""Recurring revenue read off plain contracts, one customer and one edge at a time."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Contract", "Pause", "bridge", "compounded", "grr", "level", "nrr", "paying"]

Pause = tuple[dt.datetime, dt.datetime | None]
FLOWS = ("new", "expansion", "contraction", "churn", "reactivation")


class Contract(NamedTuple):
    """What a customer holds; `end` is None while it runs."""

    who: str
    plan: str
    cents: int
    every: tuple[int, str]
    start: dt.datetime
    trial: dt.datetime | None
    end: dt.datetime | None
    pauses: tuple[Pause, ...] = ()


def monthly(one: Contract) -> int:
    """Return cents a month, halves to the even one."""
    count, unit = one.every
    months = {
        "day": Fraction(12, 365),
        "week": Fraction(7 * 12, 365),
        "month": Fraction(1),
        "year": Fraction(12),
    }[unit] * count
    exact = Fraction(one.cents) / months
    whole = exact.numerator // exact.denominator
    rest = exact - whole
    return whole + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1))


def known(one: Contract, as_of: dt.datetime) -> Contract:
    """Return a contract without what comes after an instant."""
    end = one.end if one.end is not None and one.end <= as_of else None
    pauses = tuple(
        (a, b if b is not None and b <= as_of else None) for a, b in one.pauses if a <= as_of
    )
    return one._replace(end=end, pauses=pauses)


def paying(one: Contract, edge: dt.datetime) -> bool:
    """Whether a contract ran, and was paid for, until an edge of time."""
    begin = one.start if one.trial is None else one.trial
    if not begin < edge or (one.end is not None and one.end < edge):
        return False
    return not any(a < edge and (b is None or edge <= b) for a, b in one.pauses)


def level(book: Sequence[Contract], who: str, edge: dt.datetime, plan: str | None = None) -> int:
    """Return what a customer pays at an edge."""
    return sum(
        monthly(one)
        for one in book
        if one.who == who and plan in (None, one.plan) and paying(one, edge)
    )


def ever(book: Sequence[Contract], who: str, edge: dt.datetime) -> bool:
    """Whether a customer paid anything before an edge."""
    for one in book:
        begin = one.start if one.trial is None else one.trial
        if one.who != who or monthly(one) == 0 or begin >= edge:
            continue
        if one.end is not None and one.end <= begin:
            continue
        rests = [b for a, b in one.pauses if a <= begin and (b is None or begin < b)]
        first = rests[0] if rests else begin  # the first instant that is paid for
        if first is not None and first < edge and (one.end is None or first < one.end):
            return True
    return False


def flow(book: Sequence[Contract], who: str, a: dt.datetime, b: dt.datetime) -> dict[str, int]:
    """Return the movement of a customer between two edges."""
    out = dict.fromkeys(FLOWS, 0)
    was, now = level(book, who, a), level(book, who, b)
    if was and now > was:
        out["expansion"] = now - was
    elif was and 0 < now < was:
        out["contraction"] = was - now
    elif was and not now:
        out["churn"] = was
    elif now and not was:
        out["reactivation" if ever(book, who, a) else "new"] = now
    return out


def people(book: Sequence[Contract]) -> list[str]:
    """Return the customers."""
    return sorted({one.who for one in book})


def bridge(book: Sequence[Contract], a: dt.datetime, b: dt.datetime) -> dict[str, int]:
    """Return the movements of all customers between two edges."""
    out = dict.fromkeys(("opening", *FLOWS, "closing"), 0)
    for who in people(book):
        out["opening"] += level(book, who, a)
        out["closing"] += level(book, who, b)
        for name, amount in flow(book, who, a, b).items():
            out[name] += amount
    return out


def nrr(
    book: Sequence[Contract], edges: Sequence[dt.datetime], definition: str
) -> Fraction | None:
    """Return the net retention of a stretch that consists of steps."""
    base = [who for who in people(book) if level(book, who, edges[0])]
    below = sum(level(book, who, edges[0]) for who in base)
    if not below:
        return None
    if definition == "cohort_snapshot":
        return Fraction(sum(level(book, who, edges[-1]) for who in base), below)
    above = below
    for a, b in itertools.pairwise(edges):
        for who in base:
            found = flow(book, who, a, b)
            above += found["expansion"] - found["contraction"] - found["churn"]
            if definition == "movement_with_reactivation":
                above += found["reactivation"]
    return Fraction(above, below)


def grr(
    book: Sequence[Contract], edges: Sequence[dt.datetime], definition: str
) -> Fraction | None:
    """Return the gross retention of a stretch that consists of steps."""
    base = [who for who in people(book) if level(book, who, edges[0])]
    below = sum(level(book, who, edges[0]) for who in base)
    if not below:
        return None
    if definition == "per_customer":
        kept = sum(min(level(book, w, edges[0]), level(book, w, edges[-1])) for w in base)
        return Fraction(kept, below)
    lost = 0
    for a, b in itertools.pairwise(edges):
        for who in base:
            found = flow(book, who, a, b)
            lost += found["contraction"] + found["churn"]
    return Fraction(below - lost, below)


def compounded(book: Sequence[Contract], edges: Sequence[dt.datetime]) -> Fraction | None:
    """Return the product of the steps' movement, each of its own opening base."""
    product = Fraction(1)
    for a, b in itertools.pairwise(edges):
        found = nrr(book, [a, b], "movement")
        if found is None:
            return None
        product *= found
    return product
