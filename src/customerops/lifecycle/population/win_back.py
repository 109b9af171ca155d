"""Win-back: of the customers who lapsed, how many came back in time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, Stage
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.ratios import ClusteredShare, Ratio
from customerops.model.tables.tables import Axis, Context, Count
from customerops.model.values import exact
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.lifecycle.population.population import Population
    from customerops.model.log.ask import Asked

__all__ = ["WinBackRate", "owners", "win_backs"]

_LAPSED = STAGES.index(Stage.LAPSED)
_AWAY = [_LAPSED, STAGES.index(Stage.LOST)]
_ACTIVE = [STAGES.index(stage) for stage in ACTIVE]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class WinBackRate(ClusteredShare):
    """The share of lapses after which the customer was active again in time.

    A customer may lapse several times, so the unit of the interval is the customer: x and y are
    the customer's lapses won back, and all of them. Only lapses that were watched for the whole
    window count; those that were not yet are `open`.

    Parameters
    ----------
    axes : sequence of Axis
        Without ``period=`` none, else the period of the lapse.
    parts : mapping
        Those of `Ratio`, and ``open``.
    context : Context
        What it is about.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*Ratio.PARTS, "open")

    @property
    def won(self) -> Count:
        """Lapses that were won back in time."""
        return self.x

    @property
    def lapses(self) -> Count:
        """Lapses watched for the whole window."""
        return self.y

    @property
    def open(self) -> Count:
        """Lapses not watched for the whole window yet, won back or not."""
        return self._part("open")

    def _check(self) -> None:
        super()._check()
        at_least_zero(self, "open")

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in Ratio.PARTS]

    def _complete(self) -> NDArray[np.bool_]:
        """Lapses of a period, or of a window, are known when none of them is open."""
        chosen = self.context.period is not None or self.context.over is not None
        done = super()._complete()
        return done & (self.parts["open"] == 0) if chosen else done


def win_backs(population: Population, asked: Asked, within: dt.timedelta) -> WinBackRate:
    """Return the win-back rate of a population, by the period of the lapse if one is asked for."""
    moves, event_first = population.transitions, population.policy.event_first
    since, over = population.since, asked.over
    if since is not None and over is not None and (over.start is None or over.start <= since):
        raise InvalidInputError("over", "must start after the initial states")
    known, width = moves.at <= asked.as_of, micros(within)
    counted = known if over is None else known & over.mask(moves.at)
    lapse = np.flatnonzero(counted & (moves.target == _LAPSED))
    back = np.flatnonzero(known & np.isin(moves.source, _AWAY) & np.isin(moves.target, _ACTIVE))

    # nobody lapses again before coming back, so the next return is the answer to a lapse
    following = np.append(back, 0)[np.searchsorted(back, lapse)]
    returns = (following > lapse) & (moves.customer[following] == moves.customer[lapse])
    away = moves.at[following] - moves.at[lapse]
    in_time = away <= width if event_first else away < width
    mature = moves.at[lapse] + width <= asked.as_of + (not event_first)

    axes, cell = _cells(asked, moves.at[lapse])
    shape = tuple(len(axis) for axis in axes)
    cells = int(np.prod(shape, dtype=np.int64))
    # a row a customer and cell
    row, nth = np.unique(
        owners(population)[moves.customer[lapse]] * cells + cell, return_inverse=True
    )

    def per_customer(which: NDArray[np.bool_]) -> NDArray[Any]:
        return exact.group_count(nth[which], len(row))

    context = Context(
        metric="win_back_rate",
        unit="lapse",
        as_of=asked.as_of,
        over=over,
        calendar=asked.calendar,
        period=asked.period,
        options={"policy": population.policy.hash, "within": within},
    )
    won, all_of_them = per_customer(returns & in_time & mature), per_customer(mature)
    ratio = Ratio.from_rows(
        won, all_of_them, context=context, axes=axes, codes=row % max(cells, 1)
    )
    still = exact.group_count(cell[~mature], cells).reshape(shape)
    return WinBackRate(axes=axes, parts={**ratio.parts, "open": still}, context=context)


def owners(population: Population) -> NDArray[np.int64]:
    """Return the customer of each lifecycle: under a scope, a customer has several."""
    if population.policy.scope is None:
        return np.arange(len(population))
    customers = [one[0] for one in population.ids.tolist()]  # sorted, as ids are
    fresh = [one != before for one, before in zip(customers[1:], customers, strict=False)]
    return np.cumsum([0, *fresh][: len(customers)], dtype=np.int64)


def _cells(asked: Asked, at: NDArray[np.int64]) -> tuple[tuple[Axis, ...], NDArray[np.int64]]:
    """Return the axis of the periods of lapses, and which one each lapse is in."""
    if asked.period is None:
        return (), np.zeros(at.size, np.int64)
    ordinal = asked.zone.ordinals(at, asked.period)
    lo, hi = asked.span(int(ordinal.min()) if at.size else None)
    labels = asked.zone.labels(np.arange(lo, hi + 1), asked.period)
    return (Axis("period", labels, "period", disjoint=False),), ordinal - lo
