"""Orders, users, products and balances read off plain records, one customer and one month at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from customerops.model import Interaction
from tests.reference.metrics import Histories

__all__ = [
    "balance",
    "complaints",
    "gini",
    "hhi",
    "lorenz",
    "next_window",
    "orders",
    "products",
    "users",
]

Span = tuple[dt.datetime, dt.datetime]


def within(events: Sequence[Interaction], span: Span, *kinds: str) -> list[Interaction]:
    """Return the events of some kinds in a period."""
    return [x for x in events if span[0] <= x.at < span[1] and x.kind in kinds]


def minor(one: Interaction) -> int:
    """Return the amount of an event in minor units; 0 where it is missing."""
    return 0 if one.amount is None else one.amount.minor


def orders(own: Histories, span: Span) -> dict[str, Any]:
    """Return numerators and denominators of what is said of orders."""
    spend: list[int] = []
    often: list[int] = []
    priced = lined = back = sold = returned = 0
    units = Fraction(0)
    for events in own.values():
        bought = within(events, span, "purchase")
        paid = [x for x in bought if x.amount is not None]
        if paid:
            spend.append(sum(map(minor, paid)))
        if bought:
            often.append(len(bought))
        priced += len(paid)
        for one in bought:
            units += sum((Fraction(item.quantity) for item in one.items), Fraction(0))
            lined += bool(one.items)
        refunds = within(events, span, "refund")
        returned += len(refunds)
        back -= sum(map(minor, refunds))
        sold += sum(map(minor, bought))
    return {
        "spend": sorted(spend),
        "often": sorted(often),
        "average_order_value": (sum(spend), priced),
        "units_per_transaction": (units, lined),
        "by_orders": (returned, sum(often)),
        "by_value": (back, sold),
    }


def users(own: Histories, span: Span, revenue: Sequence[str], active: Sequence[str]) -> Any:
    """Return revenue, active customers and paying customers."""
    money = using = paying = 0
    for events in own.values():
        paid = within(events, span, *revenue)
        money += sum(map(minor, paid))
        paying += any(minor(x) > 0 for x in paid)
        using += bool(within(events, span, *active))
    return money, using, paying


def complaints(own: Histories, span: Span) -> tuple[int, int, int, int]:
    """Return complaints (here: uses), orders, who bought and complained, and who bought."""
    many = orders = both = buyers = 0
    for events in own.values():
        bad, sold = (len(within(events, span, kind)) for kind in ("use", "purchase"))
        many, orders = many + bad, orders + sold
        both, buyers = both + bool(bad and sold), buyers + bool(sold)
    return many, orders, both, buyers


def gini(values: Sequence[int]) -> Fraction:
    """Return the mean difference of two values by twice the mean."""
    n = len(values)
    differences = sum(abs(a - b) for a in values for b in values)
    return Fraction(differences, 2 * n * sum(values))


def hhi(values: Sequence[int]) -> Fraction:
    """Return the sum of the squares of shares."""
    return sum((Fraction(x, sum(values)) ** 2 for x in values), Fraction(0))


def lorenz(values: Sequence[int], share: Fraction) -> Fraction:
    """Return the share of the total that the lowest share holds."""
    left = share * len(values)
    held = Fraction(0)
    for value in sorted(values):
        held += value * min(left, Fraction(1))
        left -= min(left, Fraction(1))
    return held / sum(values)


def products(own: Histories, span: Span, what: str) -> tuple[dict[Any, int], int]:
    """Return the buyers of each product, and the buyers of any."""
    buyers: dict[Any, int] = {}
    total = 0
    for events in own.values():
        bought = {
            getattr(item, what) for x in within(events, span, "purchase") for item in x.items
        }
        for one in bought:
            buyers[one] = buyers.get(one, 0) + 1
        total += bool(bought)
    return buyers, total


def next_window(own: Histories, span: Span, following: Span) -> tuple[int, int]:
    """Return the buyers of a period who buy in the next one, and its buyers."""
    buyers = [x for x in own.values() if within(x, span, "purchase")]
    return sum(bool(within(x, following, "purchase")) for x in buyers), len(buyers)


def balance(
    own: Histories, span: Span, as_of: dt.datetime, *, field: str, closes: Sequence[dt.datetime]
) -> tuple[Fraction, Fraction]:
    """Return level times time and time in a period: in microseconds, or at the ends of days."""
    us = dt.timedelta(microseconds=1)
    top = bottom = Fraction(0)
    for events in own.values():
        levels = [
            (x.at, Fraction(value if field == "value" else value.amount))
            for x in events
            if x.kind == "balance" and (value := getattr(x, field)) is not None
        ]
        if closes:
            for close in closes:  # what held just before the end of the day
                if close <= as_of + us and any(at < close for at, _ in levels):
                    top += [level for at, level in levels if at < close][-1]
                    bottom += 1
            continue
        ends = [*(at for at, _ in levels[1:]), as_of + us]
        for (at, level), end in zip(levels, ends, strict=False):
            time = (min(end, span[1]) - max(at, span[0])) // us
            if time > 0:
                top += level * time
                bottom += time
    return top, bottom
