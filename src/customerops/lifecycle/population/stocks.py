"""How many customers are in each stage at the end of each period, and how they moved between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.stages import STAGES
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Axis, Context, Count, Table
from customerops.model.values.instants import to_us

if TYPE_CHECKING:
    from customerops.lifecycle.population.population import Population
    from customerops.lifecycle.population.transitions import Transitions
    from customerops.model.log.ask import Asked

__all__ = [
    "StageCounts",
    "StageFlows",
    "StageShare",
    "counts",
    "flow_cells",
    "flows",
    "stage_axis",
    "stock_cells",
]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]
_N = len(STAGES)
_KNOWN = slice(1, None)  # the first stage is UNKNOWN: outside the population


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageCounts(Table):
    """Customers in each stage at the end of each period (stocks).

    The running period is counted as of `as_of`, and is not complete. Customers not seen by then
    are outside the population: ``UNKNOWN`` is not counted.

    Attributes
    ----------
    axes : period, stage
        Periods from the first in which anyone was seen, without a gap; the stages that occur.
    customers : int64, shape (n_periods, n_stages)
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers",)

    @property
    def customers(self) -> Count:
        """Customers in each cell."""
        return self._part("customers")

    def share(self) -> StageShare:
        """Return each stage's share of the customers known at the period's end."""
        stages = [i for i, axis in enumerate(self.axes) if axis.kind == "state"]
        if not stages or self.context.option("select.stage") is not None:
            raise InvalidInputError(
                "stage", "must have all its labels", "take shares, then select"
            )
        customers = self.parts["customers"]
        parts = {"count": customers, "total": customers.sum(axis=stages[0])}
        return StageShare(
            axes=self.axes, parts=parts, context=self.context.with_options(of="share")
        )


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageShare(Proportion):
    """The share of each stage in the known customers.

    A period has one total, whichever stages occur, so that shares add up over customers.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("period",)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageFlows(Table):
    """Moves between stages in each period.

    Gross flows count transitions, so a customer may count several times in a period. Net flows
    count customers by where they stood at the start and at the end of the period; those who stood
    in the same stage are on the diagonal. Either way a stage's stock grows by what flows in less
    what flows out. ``UNKNOWN`` is where customers first seen in the period come from.

    Attributes
    ----------
    axes : period, source, target
    count : int64, shape (n_periods, n_sources, n_targets)
        Transitions (gross) or customers (net).
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count",)

    @property
    def count(self) -> Count:
        """Transitions or customers in each cell."""
        return self._part("count")


def counts(population: Population, asked: Asked) -> StageCounts:
    """Return the stocks of a population over the periods asked for."""
    moves = population.transitions
    ordinal, lo, hi = _periods(population, moves, asked)
    start = np.bincount(population.opening, minlength=_N)
    cells = stock_cells(ordinal, moves.source, moves.target, lo, hi, start)
    stages, codes = stage_axis("stage", cells.sum(axis=0), disjoint=True)
    return StageCounts(
        axes=(_period_axis(asked, lo, hi), stages),
        parts={"customers": cells[:, codes]},
        context=_context(population, asked, metric="lifecycle_counts"),
    )


def flows(population: Population, asked: Asked, kind: str) -> StageFlows:
    """Return the moves of a population, gross or net, in the periods asked for."""
    moves, net = population.transitions, kind == "net"
    ordinal, lo, hi = _periods(population, moves, asked)
    start = np.bincount(population.opening, minlength=_N)
    cells = flow_cells(moves, ordinal, lo, hi, start, net=net)
    sources, rows = stage_axis("source", cells.sum(axis=(0, 2)), disjoint=False)
    targets, columns = stage_axis("target", cells.sum(axis=(0, 1)), disjoint=False)
    unit = "customer" if net else "transition"
    return StageFlows(
        axes=(_period_axis(asked, lo, hi), sources, targets),
        parts={"count": cells[:, rows][:, :, columns]},
        context=_context(population, asked, metric="lifecycle_flows", definition=kind, unit=unit),
    )


def stock_cells(ordinal: Int, source: Codes, target: Codes, lo: int, hi: int, start: Int) -> Int:
    """Return the stock of each stage at the end of each period in lo..hi.

    A stock is what there was at the start and the running sum of entries less exits, so the cost is that of the transitions and
    not of customers times periods.
    """
    shown = ordinal <= hi
    place = np.maximum(ordinal[shown] - lo, 0) * _N
    size = (hi - lo + 1) * _N
    entries = np.bincount(place + target[shown], minlength=size)
    exits = np.bincount(place + source[shown], minlength=size)
    stocks = start + np.cumsum((entries - exits).reshape(-1, _N), axis=0)
    stocks[:, 0] = 0
    return stocks


def flow_cells(
    moves: Transitions, ordinal: Int, lo: int, hi: int, before: Int, *, net: bool
) -> Int:
    """Return the moves (period, source, target) in each period of lo..hi.

    Transitions are sorted by customer and time. Net moves compare a customer's source in the first
    transition of a period with the target in the last; who had none stayed.
    """
    inside = (ordinal >= lo) & (ordinal <= hi)
    start, end = moves.source[inside], moves.target[inside]
    place = ordinal[inside] - lo
    if net and place.size:
        who = moves.customer[inside]
        differs = (who[1:] != who[:-1]) | (place[1:] != place[:-1])
        opens, closes = np.append(True, differs), np.append(differs, True)
        start, end, place = start[opens], end[closes], place[opens]
    size = (hi - lo + 1) * _N * _N
    cells = np.bincount((place * _N + start) * _N + end, minlength=size).reshape(-1, _N, _N)
    if net:
        stocks = stock_cells(ordinal, moves.source, moves.target, lo - 1, hi, before)[:-1]
        stayed = stocks - cells.sum(axis=2)
        diagonal = np.arange(_N)[_KNOWN]
        cells[:, diagonal, diagonal] += stayed[:, _KNOWN]
    return cells


def _periods(population: Population, moves: Transitions, asked: Asked) -> tuple[Int, int, int]:
    """Return the period of each transition, and the first and the last to report."""
    assert asked.period is not None
    ordinal = asked.zone.ordinals(moves.at, asked.period).astype(np.int64)
    first = int(ordinal.min()) if ordinal.size else None
    if population.since is None:
        return ordinal, *asked.span(first)
    since = asked.ordinal(to_us(population.since))
    lo, hi = asked.span(since)
    if lo < since:
        raise InvalidInputError("over", "must not start before the initial states")
    return ordinal, lo, hi


def _period_axis(asked: Asked, lo: int, hi: int) -> Axis:
    assert asked.period is not None
    labels = asked.zone.labels(np.arange(lo, hi + 1), asked.period)
    return Axis("period", labels, "period", disjoint=False)


def stage_axis(name: str, total: Int, *, disjoint: bool) -> tuple[Axis, Int]:
    """Return the axis of the stages that occur, by label, and their codes in that order."""
    codes = sorted(np.flatnonzero(total).tolist(), key=lambda code: str(STAGES[code]))
    labels = [str(STAGES[code]) for code in codes]
    return Axis(name, labels, "state", disjoint=disjoint), np.array(codes, np.int64)


def _context(population: Population, asked: Asked, **about: Any) -> Context:
    return Context(
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone,
        period=asked.period,
        options={"policy": population.policy.hash},
        **about,
    )
