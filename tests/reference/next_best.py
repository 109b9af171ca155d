"""What came next after each event, told one by one, and the chain solved in fractions."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.reference.metrics import Histories

__all__ = ["CONVERTED", "END", "Visits", "chain", "visits"]

CONVERTED, END = ("converted",), ("end",)
US = dt.timedelta(microseconds=1)


class Visits:
    """Of each customer, what followed each source; how long it took; what is open."""

    def __init__(self) -> None:
        self.moves: dict[Any, Counter[Any]] = defaultdict(Counter)  # customer: (source, target)
        self.visits: dict[Any, Counter[Any]] = defaultdict(Counter)  # customer: source
        self.converted: dict[Any, Counter[Any]] = defaultdict(Counter)
        self.elapsed: Counter[Any] = Counter()
        self.open: Counter[Any] = Counter()


def visits(
    own: Histories,
    *,
    steps: set[str],
    conversion: set[str],
    within: dt.timedelta,
    as_of: dt.datetime,
    inside: Callable[[dt.datetime], bool],
) -> Visits:
    """Return what followed every step."""
    out = Visits()
    for who, events in own.items():
        path = [one for one in events if one.kind in steps | conversion]
        for i, one in enumerate(path):
            source = CONVERTED if one.kind in conversion else one.channel
            if not inside(one.at):
                continue
            if one.at + within > as_of:
                out.open[source] += 1
                continue
            target: Any = END
            if i + 1 < len(path) and path[i + 1].at - one.at <= within:
                after = path[i + 1]
                target = CONVERTED if after.kind in conversion else after.channel
                out.elapsed[source, target] += (after.at - one.at) // US
            out.moves[who][source, target] += 1
            out.visits[who][source] += 1
            out.converted[who][source] += any(
                later.kind in conversion and later.at - one.at <= within for later in path[i + 1 :]
            )
    return out


def chain(
    seen: Visits,
) -> dict[Any, tuple[Fraction | None, Fraction | None, Fraction | None]]:
    """Return from each source the probability to convert, and steps and microseconds if it does.

    None where a walk may come to a state with moves to it and none from it.

    Steps of those who convert: ``y = P y + x`` counts one for each step of a walk that does; time
    alike with what each move took.
    """
    moves: Counter[Any] = sum(seen.moves.values(), Counter())
    total: Counter[Any] = sum(seen.visits.values(), Counter())
    able = {CONVERTED}
    while True:
        wider = able | {s for (s, t), n in moves.items() if n and t in able and s != CONVERTED}
        if wider == able:
            break
        able = wider
    states = sorted(able - {CONVERTED}, key=str)

    def share(s: Any, t: Any) -> Fraction:
        return Fraction(moves[s, t], total[s])

    def mean(s: Any, t: Any) -> Fraction:
        return Fraction(seen.elapsed[s, t], moves[s, t]) if moves[s, t] else Fraction(0)

    def solved(right: list[Fraction]) -> list[Fraction]:
        rows = [
            [*(Fraction(int(s == t)) - share(s, t) for t in states), b]
            for s, b in zip(states, right, strict=True)
        ]
        for i in range(len(rows)):
            pivot = next(j for j in range(i, len(rows)) if rows[j][i])
            rows[i], rows[pivot] = rows[pivot], rows[i]
            rows[i] = [value / rows[i][i] for value in rows[i]]
            for j in range(len(rows)):
                if j != i:
                    rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
        return [row[-1] for row in rows]

    x = solved([share(s, CONVERTED) for s in states])
    at = dict(zip(states, x, strict=True))
    y = solved(x)
    z = solved(
        [
            sum((share(s, t) * mean(s, t) * at[t] for t in states), Fraction(0))
            + share(s, CONVERTED) * mean(s, CONVERTED)
            for s in states
        ]
    )
    out: dict[Any, tuple[Fraction | None, Fraction | None, Fraction | None]] = {
        s: (Fraction(0), None, None) for s in total if s != CONVERTED
    }
    out.update({s: (a, b / a, c / a) for s, a, b, c in zip(states, x, y, z, strict=True)})
    for s in out:
        walked, ahead = {s}, [s]
        while ahead:
            here = ahead.pop()
            fresh = {t for (a, t), n in moves.items() if a == here and n} - walked
            ahead += fresh - {CONVERTED, END}
            walked |= fresh
        if walked - {CONVERTED, END} - total.keys():
            out[s] = (None, None, None)
    return out
