"""How customers move between stages from one period's end to the next, and where that leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.stages import STAGES, Stage
from customerops.lifecycle.population.markov import Forecast, arrivals_of, project
from customerops.lifecycle.population.stocks import stage_axis
from customerops.lifecycle.population.win_back import owners
from customerops.model.tables import intervals
from customerops.model.tables.base import Floats
from customerops.model.tables.ratios import ClusteredShare
from customerops.model.tables.tables import Context, Count
from customerops.model.values import exact
from customerops.model.values.instants import to_us
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.lifecycle.population.markov import Arrivals
    from customerops.lifecycle.population.population import Population
    from customerops.model.log.ask import Asked

__all__ = ["TransitionMatrix", "forecast_of", "matrix_of"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]
_N = len(STAGES)
_KNOWN = sorted(range(1, _N), key=lambda code: str(STAGES[code]))
_NAMES = tuple(str(STAGES[code]) for code in _KNOWN)
_ERASED = _NAMES.index(str(Stage.ERASED))
_BY_SOURCE = ("source",)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TransitionMatrix(ClusteredShare):
    """From where to where customers went between the ends of closed periods.

    A cell counts customer-periods, and its value is their share of those that started from the
    source. A customer has many periods, so the unit of the interval is the customer: x is how
    often a customer went from the source to the target, y how often they started from the source.

    Parameters
    ----------
    axes : source, target
        Stages; ``UNKNOWN`` is where customers first seen in a period come from.
    parts : mapping
        Those of `Ratio`; ``n``, ``y`` and ``yy`` are the same for all targets of a source.
    context : Context
        What it is about.

    Notes
    -----
    ``share[s, t] = x[s, t] / y[s]``; the shares of a source sum to 1.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("n", "y", "yy"), _BY_SOURCE
    )

    @property
    def count(self) -> Count:
        """Customer-periods in each cell."""
        return self.x

    @property
    def total(self) -> Count:
        """Customer-periods that started from each source."""
        return self.y

    def _arrays(self) -> list[NDArray[Any]]:
        return [self._spread(name) for name in self.PARTS]

    def _value(self) -> Floats:
        return exact.divide(self._spread("x"), self._spread("y"))

    def _less(self, other: Self, confidence: float, method: str) -> tuple[Floats, Floats]:
        (n1, *_), (n2, *_) = self._arrays(), other._arrays()
        v1, v2 = self._variance(), other._variance()
        t = intervals.student(intervals.welch_df(v1, n1 - 1.0, v2, n2 - 1.0), confidence)
        difference, half = self._value() - other._value(), t * np.sqrt(v1 + v2)
        return difference - half, difference + half


def matrix_of(population: Population, asked: Asked) -> TransitionMatrix:
    """Return the moves of a population between the ends of the closed periods asked for."""
    _, (customer, source, target, times) = _moves(population, asked)
    start = first_of_run(customer, source)
    nth, starts = np.cumsum(start) - 1, int(start.sum())
    of = exact.group_sum(nth, times, starts)  # a customer's periods that start from a stage

    by_source, by_cell = source[start], source * _N + target
    square = (_N, _N)
    parts = {
        "n": exact.group_count(by_source, _N),
        "x": exact.group_sum(by_cell, times, _N * _N).reshape(square),
        "y": exact.group_sum(by_source, of, _N),
        "xx": exact.group_dot(by_cell, times, times, _N * _N).reshape(square),
        "yy": exact.group_dot(by_source, of, of, _N),
        "xy": exact.group_dot(by_cell, times, of[nth], _N * _N).reshape(square),
    }
    sources, rows = stage_axis("source", parts["y"], disjoint=False)
    targets, columns = stage_axis("target", parts["x"].sum(axis=0), disjoint=False)
    for name, part in parts.items():
        parts[name] = part[rows] if part.ndim == 1 else part[rows][:, columns]
    return TransitionMatrix(
        axes=(sources, targets),
        parts=parts,
        context=Context(
            metric="lifecycle_transition_matrix",
            unit="customer-period",
            as_of=asked.as_of,
            over=asked.over,
            calendar=asked.zone,
            period=asked.period,
            options={"policy": population.policy.hash},
        ),
    )


def forecast_of(
    population: Population, asked: Asked, periods: int, arrivals: Arrivals
) -> Forecast:
    """Return the customers to expect in each stage after the last closed period."""
    new = arrivals_of("arrivals", arrivals, periods)
    assert asked.period is not None
    closed, (_, source, target, times) = _moves(population, asked)
    if not closed:
        raise InvalidInputError("periods", "must have a closed one to learn from", "there is none")
    counts = exact.group_sum(source * _N + target, times, _N * _N).reshape(_N, _N)
    totals = counts.sum(axis=1, keepdims=True)
    shares = exact.divide(counts, totals)[:, _KNOWN]
    steps, entry = shares[_KNOWN], shares[0]
    steps[_ERASED] = np.eye(len(_KNOWN))[_ERASED]  # by the machine, seen or not
    if np.isnan(entry).any():
        if new.any():
            raise InvalidInputError(
                "arrivals", "must be 0 here", "nobody arrived in a closed period: where is unknown"
            )
        entry = np.zeros(len(_KNOWN))

    moves, last = population.transitions, closed[-1]
    early = moves.at < asked.zone.edges([last + 1], asked.period)
    entered, left = (np.bincount(one[early], minlength=_N) for one in (moves.target, moves.source))
    opening = (np.bincount(population.opening, minlength=_N) + entered - left)[_KNOWN]
    levels = project(opening, steps, entry, new, _NAMES)
    return Forecast(
        axis="stage",
        periods=tuple(asked.zone.labels(last + 1 + np.arange(len(new)), asked.period)),
        states=_NAMES,
        customers=levels,
        arrivals=new,
        opening=opening,
        context=Context(
            metric="lifecycle_forecast",
            as_of=asked.as_of,
            over=asked.over,
            calendar=asked.zone,
            period=asked.period,
            options={"policy": population.policy.hash},
        ),
    )


def _moves(population: Population, asked: Asked) -> tuple[range, tuple[Int, Int, Int, Int]]:
    """Return the closed periods, and how often each customer went from where to where.

    Four columns: customer, source, target, how many periods; sorted, each triple once. Periods
    without a transition are counted from the gaps between those that have one, so the cost is that
    of the transitions and not of customers times periods.
    """
    who, when, start, end = _steps(population, asked)
    earliest = int(when.min()) if when.size else None
    if population.since is not None:  # the period it is in was not seen from its start
        earliest = asked.ordinal(to_us(population.since)) + 1
    lo, hi = asked.span(earliest)
    if population.since is not None and earliest is not None and lo < earliest:
        raise InvalidInputError("over", "must not start before the initial states")
    hi = min(hi, asked.closed)
    early = when <= hi
    who, when, start, end = who[early], when[early], start[early], end[early]

    until = np.where(_last(first_of_run(who)), hi + 1, np.append(when[1:], hi + 1)[: when.size])
    stayed = np.maximum(until - np.maximum(when + 1, lo), 0)

    went, rests, who = when >= lo, stayed > 0, owners(population)[who]
    cell = np.concatenate(
        (
            (who[went] * _N + start[went]) * _N + end[went],
            (who[rests] * _N + end[rests]) * _N + end[rests],
        )
    )
    times = np.concatenate((np.ones(int(went.sum()), np.int64), stayed[rests]))
    order = np.argsort(cell, kind="stable")
    cell, times = cell[order], times[order]
    first = first_of_run(cell)
    cells = cell[first]
    summed = exact.group_sum(np.cumsum(first) - 1, times, len(cells))
    return range(lo, hi + 1), (cells // (_N * _N), cells // _N % _N, cells % _N, summed)


def _steps(population: Population, asked: Asked) -> tuple[Int, Int, Codes, Codes]:
    """Return where each customer stood before and after each period with a transition.

    Customer, period, source and target. Who stood somewhere to begin with has a row for it, too.
    """
    assert asked.period is not None
    moves, began = population.transitions, np.flatnonzero(population.opening)
    who, source, target = moves.customer, moves.source, moves.target
    when = asked.zone.ordinals(moves.at, asked.period)
    if population.since is not None:
        stood = population.opening[began]
        settled = np.full(began.size, asked.ordinal(to_us(population.since)))
        who = np.concatenate((began, who))
        order = np.argsort(who, kind="stable")
        who, when = who[order], np.concatenate((settled, when))[order]
        source, target = (np.concatenate((stood, one))[order] for one in (source, target))
    opens = first_of_run(who, when)
    return who[opens], when[opens], source[opens], target[_last(opens)]


def _last(first: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask of the last rows of runs, from that of the first."""
    return np.append(first[1:], True)[: first.size]
