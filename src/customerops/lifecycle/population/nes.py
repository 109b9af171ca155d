"""NES: new, existing and sleeping customers, each by the cycle of their own purchases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.columns.gather import gathered
from customerops.lifecycle.policy.stages import QUALIFYING, Trigger
from customerops.lifecycle.population.views import ViewCounts, check_population, counted
from customerops.model.log.ask import ask
from customerops.model.values.checks import came, each, finite, positive_duration
from customerops.model.values.instants import as_instant, to_us
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.lifecycle.population.population import Population

__all__ = ["NES"]

Int = NDArray[np.int64]
_US = dt.timedelta(microseconds=1)
_SLEEPS = ("E0", "S1", "S2", "S3")
_NEW = "N"


@attrs.frozen(kw_only=True)
class NES:
    """Customers by how long they have been away, measured in their own purchase cycles (顾客动态模型).

    ====== ============================================================================
    ``N``  new: bought once, and not longer ago than E0 allows by the common cycle
    ``E0`` existing: within the first multiple of the cycle
    ``S1`` drowsy: past it, within the second
    ``S2`` half asleep: past it, within the third
    ``S3`` asleep: past the third
    ====== ============================================================================

    Parameters
    ----------
    cycle : timedelta
        The common cycle: that of customers who bought once and have none of their own.
    multiples : sequence of float, optional
        Where S1, S2 and S3 begin, in cycles; rising. Some count S1 to S3 from 2, 2.5 and 3 cycles.

    Raises
    ------
    InvalidInputError
        If the cycle is not a timedelta longer than zero, or the multiples are not three rising
        numbers above 0.

    Notes
    -----
    A customer's cycle is the mean time between purchases, ``(last - first) / (n - 1)`` to the
    microsecond, several at one instant being one. Windows are half-open: with r the time since the
    last purchase, E0 is ``r < m1 cycle``, S1 ``m1 cycle <= r < m2 cycle``, and so on. A purchase
    is a qualifying interaction of the policy. Who never bought, and who is erased, is outside.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import NES
    >>> day = dt.timedelta(days=1)
    >>> start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> nes = NES(cycle=30 * day)
    >>> [nes.cell([start, start + 10 * day], start + n * day) for n in (19, 20, 30, 40)]
    ['E0', 'S1', 'S2', 'S3']
    >>> nes.cell([start], start + 29 * day), nes.cell([start], start + 30 * day)
    ('N', 'S1')
    """

    cycle: dt.timedelta
    multiples: Sequence[float] = (1.0, 2.0, 3.0)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "cycle", positive_duration("cycle", self.cycle))
        given: object = self.multiples
        if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != 3:
            problem = f"got {len(given)}" if isinstance(given, list | tuple) else came(given)
            raise InvalidInputError("multiples", "must be three numbers", problem)
        first, second, third = multiples = tuple(finite("multiples", one) for one in given)
        if not 0 < first < second < third:
            raise InvalidInputError("multiples", "must rise from above 0")
        object.__setattr__(self, "multiples", multiples)

    def cell(self, purchases: Iterable[dt.datetime], t: dt.datetime) -> str | None:
        """Return where a customer with these purchases is at an instant; None without any by then.

        Raises
        ------
        InvalidInputError
            If an instant is not a timezone-aware datetime.
        """
        now = to_us(as_instant("t", t))
        given = {to_us(as_instant("purchases", one)) for one in each("purchases", purchases)}
        instants = sorted(us for us in given if us <= now)
        if not instants:
            return None
        n = np.array([len(instants)])
        cell = self._cells(n, np.array(instants[:1]), np.array(instants[-1:]), now)
        return str(cell[0])

    def counts(self, population: Population, t: dt.datetime | None = None) -> ViewCounts:
        """Return how many customers of a population are in each cell.

        Parameters
        ----------
        population : Population
            Its events and its policy say what is a purchase.
        t : datetime, optional
            When, not after the population's `as_of`; left out, then.

        Returns
        -------
        ViewCounts
            It adds over populations of disjoint customers.

        Raises
        ------
        InvalidInputError
            If it is no Population, `t` is after its `as_of`, or it starts from initial states, so
            that first purchases are not known.
        """
        check_population(population)
        population._whole("purchase cycles")
        at = population.as_of if t is None else as_instant("t", t)
        if at > population.as_of:
            raise InvalidInputError("t", "must not be after as_of", "what came later is not known")
        now = to_us(at)
        found = [
            self._cells(*_purchases(population, i, at), now) for i in range(len(population.logs))
        ]
        every = np.concatenate(found)
        tally = {label: int((every == label).sum()) for label in (_NEW, *_SLEEPS)}
        return counted(population, at, "nes", tally, {"view": self})

    def _cells(self, n: Int, first: Int, last: Int, now: int) -> NDArray[np.str_]:
        """Return the cells of customers by how often they bought, first and last."""
        own = (last - first) // np.maximum(n - 1, 1)
        cycle = np.where(n > 1, own, self.cycle // _US)
        passed = [now - last >= np.floor(multiple * cycle) for multiple in self.multiples]
        asleep = np.sum(passed, axis=0)
        return np.where((n == 1) & (asleep == 0), _NEW, np.array(_SLEEPS)[asleep])


def _purchases(population: Population, log: int, at: dt.datetime) -> tuple[Int, Int, Int]:
    """Return how often each customer of a log bought, first and last; who did, and is not erased."""
    asked = ask(population.logs[log], as_of=at)
    rows = gathered(asked.log, population.policy, asked.as_of).rows
    unit = np.repeat(np.arange(rows.offsets.size - 1), np.diff(rows.offsets))
    erased = np.zeros(rows.offsets.size - 1, np.bool_)
    erased[unit[rows.trigger == Trigger.ERASE]] = True
    bought = np.isin(rows.trigger, [int(one) for one in QUALIFYING]) & ~erased[unit]
    unit, when = unit[bought], rows.at[bought]
    once = first_of_run(unit, when)
    unit, when = unit[once], when[once]
    starts = np.flatnonzero(first_of_run(unit))
    n = np.diff(np.append(starts, unit.size))
    return n, when[starts], when[starts + n - 1]
