"""Scores of surveys read off plain records, one customer at a time, in fractions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from customerops.model import Interaction
from tests.reference.metrics import histories

__all__ = ["boxes", "closed", "kept", "rate", "rounded"]

US = dt.timedelta(microseconds=1)


def rounded(x: Fraction) -> Fraction:
    """Six decimals, halves to even: Python's own rounding of a fraction."""
    return Fraction(round(x * 10**6), 10**6)


def kept(
    seen: Iterable[Interaction],
    as_of: dt.datetime,
    start: dt.datetime | None,
    end: dt.datetime | None,
    answers: str,
) -> dict[Any, list[Fraction]]:
    """Return the answers of each customer that count, in [start, end)."""
    out: dict[Any, list[Fraction]] = {}
    for who, own in histories(seen, as_of).items():
        given = [
            Fraction(one.value)
            for one in own
            if one.kind == "survey_response"
            and one.value is not None
            and (start is None or one.at >= start)
            and (end is None or one.at < end)
        ]
        if given and answers == "latest":
            given = given[-1:]
        elif given and answers == "mean":
            given = [rounded(sum(given, Fraction(0)) / len(given))]
        if given:
            out[who] = given
    return out


def boxes(answers: Iterable[Fraction], middle: int, top: int) -> tuple[int, int, int]:
    """Return how many are at the top, between and below."""
    count = {"top": 0, "middle": 0, "bottom": 0}
    for one in answers:
        count["top" if one >= top else "middle" if one >= middle else "bottom"] += 1
    return count["top"], count["middle"], count["bottom"]


def rate(
    seen: Iterable[Interaction], as_of: dt.datetime, within: dt.timedelta
) -> dict[Any, tuple[int, int, int]]:
    """Return by customer the invitations that were answered, those whose time is up, the others."""
    out: dict[Any, tuple[int, int, int]] = {}
    for who, own in histories(seen, as_of).items():
        answered: dict[int, bool] = {}
        latest: int | None = None
        for i, one in enumerate(own):
            if one.kind == "survey_invite":
                latest, answered[i] = i, False
            elif one.kind == "survey_response" and latest is not None:
                answered[latest] |= one.at < own[latest].at + within
        ripe = {i: yes for i, yes in answered.items() if own[i].at + within <= as_of + US}
        out[who] = (sum(ripe.values()), len(ripe), len(answered) - len(ripe))
    return out


def closed(
    seen: Iterable[Interaction],
    as_of: dt.datetime,
    within: dt.timedelta,
    resurvey_within: dt.timedelta,
) -> dict[str, int]:
    """Follow each customer from the first answer of 6 or less."""
    out: dict[str, int] = defaultdict(int)
    for own in histories(seen, as_of).values():
        at = next(
            (
                i
                for i, one in enumerate(own)
                if one.kind == "survey_response" and one.value is not None and one.value <= 6
            ),
            None,
        )
        if at is None:
            continue
        start, later = own[at], own[at + 1 :]
        out["triggered"] += 1
        if start.at + within <= as_of + US:
            out["due"] += 1
            out["followed_up"] += any(
                one.kind == "call" and one.at < start.at + within for one in later
            )
        if start.at + resurvey_within <= as_of + US:
            out["resurvey_due"] += 1
            again = [
                one
                for one in later
                if one.kind == "survey_response"
                and one.value is not None
                and one.at < start.at + resurvey_within
            ]
            if again:
                assert again[0].value is not None
                assert start.value is not None
                change = int(again[0].value - start.value)
                out["resurveyed"] += 1
                out["change"] += change
                out["change_sq"] += change**2
    return dict(out)
