"""The seven states of a user told by looking, every day anew, into the windows before it."""

from __future__ import annotations

from collections import Counter


def state(days: set[int], d: int, week: int, month: int) -> str | None:
    """Return the state on day d of a user active on these days; None before the first of them."""
    if not any(day <= d for day in days):
        return None
    near = any(d - k in days for k in range(1, week))
    far = any(d - k in days for k in range(1, month))
    if d in days:
        if not any(day < d for day in days):
            return "new"
        return "current" if near else "reactivated" if far else "resurrected"
    return "at_risk_wau" if near else "at_risk_mau" if far else "dormant"


def moves(
    active: dict[str, set[int]], d: int, week: int, month: int
) -> Counter[tuple[str | None, str]]:
    """Return how many users were in a state on day d - 1 and are in another, or the same, on d."""
    pairs: Counter[tuple[str | None, str]] = Counter()
    for days in active.values():
        now = state(days, d, week, month)
        if now is not None:
            pairs[state(days, d - 1, week, month), now] += 1
    return pairs


def distinct(active: dict[str, set[int]], d: int, length: int) -> int:
    """Return how many users are active on one of the days that end with d."""
    return sum(any(d - length < day <= d for day in days) for days in active.values())


def forecast(
    stocks: dict[str, float],
    seen: Counter[tuple[str | None, str]],
    new: list[float],
) -> list[dict[str, float]]:
    """Move people on, one state and one period at a time, by the shares seen."""
    out = []
    for arriving in new:
        after = dict.fromkeys(stocks, 0.0)
        for source, people in stocks.items():
            leaving = {t: n for (s, t), n in seen.items() if s == source}
            for target, n in leaving.items():
                after[target] += people * n / sum(leaving.values())
        after["new"] += arriving
        out.append(after)
        stocks = after
    return out
