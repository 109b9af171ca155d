"""Ratios of recurring revenue by customer: what is kept, or lost, of what each paid at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from customerops.metrics.revenue.levels import FLOWS, Levels, Settled, steps_of
from customerops.model.tables.ratios import Ratio
from customerops.model.values import exact

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["ratio_of"]

Ints = NDArray[Any]


def ratio_of(
    settled: Settled,
    step: Period | None,
    calendar: Calendar | None,
    kept: Callable[[dict[str, Ints]], Ints],
    kind: type[Ratio] = Ratio,
    *,
    everybody: bool = False,
) -> Ratio:
    """Return what is kept of the opening revenue by customer: of those of it, or of everybody."""
    spans = settled.spans
    edges = spans.edges if step is None else steps_of(spans, calendar, step)
    levels = Levels.of(settled.contracts, edges)
    bounds = np.searchsorted(edges, spans.edges)
    x, y, cells = [], [], []
    for place, (amounts, group) in enumerate(_customers(levels, bounds)):
        rows = slice(None) if everybody else amounts["opening"] > 0
        x.append(kept(amounts)[rows])
        y.append(amounts["opening"][rows])
        cells.append((group * len(spans) + place)[rows])
    none = [np.zeros(0, np.int64)]
    return kind.from_rows(
        np.concatenate(x or none),
        np.concatenate(y or none),
        codes=np.concatenate(cells or none),
        axes=settled.axes,
        context=settled.context,
    )


def _customers(levels: Levels, bounds: Ints) -> Iterator[tuple[dict[str, Ints], Ints]]:
    """Yield what every customer pays and moves in each stretch, and their label in it."""
    flows, count = levels.flows(), levels.contracts.n_customers
    closing, last = levels.at(int(bounds[0]))
    for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        opening, first = closing, last
        closing, last = levels.at(high)
        inside = (levels.edge > low) & (levels.edge <= high)
        amounts = {
            name: exact.group_sum(levels.customer[inside], flows[name][inside], count)
            for name in FLOWS
        }
        group = np.where(opening > 0, first, last)
        yield {**amounts, "opening": opening, "closing": closing}, group
