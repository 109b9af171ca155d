"""Revenue movements, customer by customer and period by period, in plain integers."""

from __future__ import annotations

PARTS = (
    "opening",
    "new",
    "expansion",
    "contraction",
    "churn",
    "reactivation",
    "closing",
    "repeated",
    "kept",
)


def movements(spent: dict[str, dict[int, int]], first: int, last: int) -> dict[str, list[int]]:
    """Return the movements of periods first..last from what each customer spent in a period."""
    out: dict[str, list[int]] = {name: [] for name in PARTS}
    for p in range(first, last + 1):
        tally = dict.fromkeys(PARTS, 0)
        for periods in spent.values():
            was, now = periods.get(p - 1), periods.get(p)
            tally["opening"] += was or 0
            tally["closing"] += now or 0
            if was is not None:  # one of those who were there
                tally["repeated"] += now or 0
                tally["kept"] += min(was, now or 0)
            if was is not None and now is not None:
                tally["expansion"] += max(now - was, 0)
                tally["contraction"] += max(was - now, 0)
            elif was is not None:
                tally["churn"] += max(was, 0)
                tally["expansion"] += max(-was, 0)
            elif now is not None:
                came_back = any(earlier < p for earlier in periods)
                tally["reactivation" if came_back else "new"] += max(now, 0)
                tally["contraction"] += max(-now, 0)
        for name, amount in tally.items():
            out[name].append(amount)
    return out
