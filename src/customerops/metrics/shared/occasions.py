"""Purchase occasions: the purchases of one customer on one tick of the clock are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.derived import rows_of
from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["Clock", "Occasions", "histories", "occasions_of"]

Ints = NDArray[np.int64]


@attrs.frozen
class Clock:
    """What one tick is: a local period of a calendar, or, without one, a microsecond."""

    calendar: Calendar | None
    period: Period = "day"

    def ticks(self, us: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the tick each instant lies in."""
        return us if self.calendar is None else self.calendar.ordinals(us, self.period)

    def ends_with(self, us: int) -> bool:
        """Whether an instant is the last of its tick."""
        return self.tick(us + 1) > self.tick(us)

    def tick(self, us: int) -> int:
        """Return the tick an instant lies in."""
        return int(self.ticks(np.array([us]))[0])


@attrs.frozen(eq=False)
class Occasions:
    """Occasions by customer and time.

    Attributes
    ----------
    customer : ndarray of int
        An index into ``log.customers``; never falls.
    at : ndarray of int64
        Instant of the first event, in microseconds: where the occasion lies.
    tick : ndarray of int64
        Its tick of the clock.
    priced : ndarray of int64
        1 if every event has an amount, else 0.
    spend : ndarray of int64
        Sum of the amounts if so, else 0; minor units.
    amounts : bool
        Whether any purchase has an amount.
    """

    customer: NDArray[np.int64]
    at: NDArray[np.int64]
    tick: NDArray[np.int64]
    priced: NDArray[np.int64]
    spend: NDArray[np.int64]
    amounts: bool


def occasions_of(log: InteractionLog, rule: Rule, clock: Clock) -> Occasions:
    """Return the occasions of the events for which `rule` holds, cached."""
    return log.memo(("occasions", rule, clock), lambda: _occasions(log, rule, clock))


def _occasions(log: InteractionLog, rule: Rule, clock: Clock) -> Occasions:
    rows = rows_of(log, rule)
    customer, at = log.codes[rows], log.at[rows]
    tick = clock.ticks(at)
    first = first_of_run(customer, tick)
    start = np.flatnonzero(first)
    known = np.zeros(len(rows), np.int64)
    spend = np.zeros(len(start), np.int64)
    if "amount" in log.columns:
        known = known + 1 if log.amount_valid is None else log.amount_valid[rows].astype(np.int64)
        spend = exact.group_sum(np.cumsum(first) - 1, log.amount[rows], len(start))
    priced = np.minimum.reduceat(known, start) if len(start) else known
    return Occasions(
        customer=customer[start].astype(np.int64),
        at=at[start],
        tick=tick[start].astype(np.int64),
        priced=priced,
        spend=spend * priced,
        amounts=bool(known.any()),
    )


def histories(
    log: InteractionLog, occasions: Occasions, end: int, clock: Clock
) -> tuple[NDArray[Any], dict[str, Ints], int]:
    """Return customers by id, as positions in the log, their columns, and how many came too late."""
    start = np.flatnonzero(first_of_run(occasions.customer))
    known = occasions.at <= end
    n = np.add.reduceat(known, start, dtype=np.int64) if len(start) else np.zeros(0, np.int64)
    place = np.full(log.n_customers, -1)
    place[occasions.customer[start[n > 0]]] = np.flatnonzero(n)
    shown = place[log.id_order]
    shown = shown[shown >= 0]
    n, first = n[shown], start[shown]
    began = occasions.tick[first]
    held, repeat = ~known, known.copy()
    repeat[start] = False
    whose = np.repeat(np.arange(len(start)), np.diff(start, append=len(occasions.at)))

    def sums(values: Ints, of: NDArray[np.bool_]) -> Ints:
        rows = np.flatnonzero(of)
        total: Ints = exact.group_sum(whose[rows], values[rows], len(start))[shown]
        return total

    columns = {
        "x": n - 1,
        "t_x": occasions.tick[first + n - 1] - began,
        "T": clock.tick(end) - began,
        "priced": sums(occasions.priced, repeat),
        "spend": sums(occasions.spend, repeat),
        "first_priced": occasions.priced[first],
        "first_spend": occasions.spend[first],
        "held_x": sums(np.ones(len(held), np.int64), held),
        "held_priced": sums(occasions.priced, held),
        "held_spend": sums(occasions.spend, held),
        "weights": np.ones(len(first), np.int64),
    }
    for name, column in columns.items():
        if column.dtype == object:
            raise InvalidInputError(name, "must be below 2**62 minor units", "a customer has more")
    return occasions.customer[first], columns, len(start) - len(shown)
