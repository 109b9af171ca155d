"""NES by fractions of a customer's own cycle, one customer at a time."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise


def cell(
    bought: list[int], now: int, common: int, multiples: tuple[int | Fraction, ...]
) -> str | None:
    """Return where a customer with purchases at these ticks is now."""
    instants = sorted({at for at in bought if at <= now})
    if not instants:
        return None
    gaps = [b - a for a, b in pairwise(instants)]
    cycle = sum(gaps) // len(gaps) if gaps else common
    away = now - instants[-1]
    beyond = [m for m in multiples if away >= int(Fraction(m) * cycle)]
    if not beyond:
        return "E0" if gaps else "N"
    return f"S{len(beyond)}"
