"""Counts of a journey map, from who stood where when and who ever was in which stage."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.maps.standing import OFF, Changes, Reach
from customerops.journey.maps.tables import StageConversion, StageMoves, StageTable
from customerops.model.log.log import InteractionLog
from customerops.model.rules.stages import JourneyMap
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context

__all__ = ["on_map", "stage_conversion", "stage_moves", "stage_table"]


def on_map(name: str, journey_map: JourneyMap, *, off: bool) -> tuple[Axis, NDArray[np.intp]]:
    """Return the axis of the stages, all of them, and their codes in the order of its labels."""
    codes = sorted(range(1, len(journey_map.keys) + 1), key=lambda c: journey_map.keys[c - 1])
    labels: list[Any] = [journey_map.keys[code - 1] for code in codes]
    if off:
        codes, labels = [*codes, OFF], [*labels, None]
    return Axis(name, labels, "state"), np.array(codes, np.intp)


def stage_table(
    log: InteractionLog,
    journey_map: JourneyMap,
    changes: Changes,
    reach: Reach,
    group: NDArray[np.intp],
    axes: tuple[Axis, ...],
    context: Context,
) -> StageTable:
    """Return who is in each stage, ever was, came no further, skipped it and left it."""
    n, codes = log.n_customers, len(journey_map.stages) + 1
    groups = len(axes[0]) if axes else 1
    stage, order = on_map("stage", journey_map, off=True)
    known = np.bincount(group, minlength=groups)

    def counted(who: NDArray[np.intp], code: NDArray[np.intp]) -> NDArray[np.int64]:
        cells = np.bincount(group[who] * codes + code, minlength=groups * codes)
        return cells.reshape(groups, codes).astype(np.int64)

    everybody = np.arange(n)
    who, source, target = changes.customer, changes.source, changes.target
    further = reach.furthest[:, None] > np.arange(1, codes)
    on, back, off = target > source, (target < source) & (target != OFF), target == OFF
    cells = {
        "customers": counted(everybody, changes.standing(n)[0]),
        "furthest": counted(everybody, reach.furthest),
        "visitors": counted(*_once((who[~off], n), (target[~off], codes))),
        "regressed": counted(*_once((who[back], n), (source[back], codes))),
        "entries": counted(who, target),
        "advances": counted(who[on], source[on]),
        "regressions": counted(who[back], source[back]),
        "expiries": counted(who[off], source[off]),
    }
    for name, held in (("reached", reach.reached), ("skipped", further & ~reach.reached)):
        owner, place = np.nonzero(held)
        cells[name] = counted(owner, place + 1)
    for name in ("reached", "visitors", "entries"):  # off the map everybody begins
        cells[name][:, OFF] += known
    shape = tuple(len(axis) for axis in axes)
    parts = {name: cell[:, order].reshape(*shape, codes) for name, cell in cells.items()}
    parts["known"] = known.reshape(shape)
    return StageTable(axes=(*axes, stage), parts=parts, context=context)


def stage_moves(
    journey_map: JourneyMap,
    changes: Changes,
    group: NDArray[np.intp],
    axes: tuple[Axis, ...],
    context: Context,
) -> StageMoves:
    """Return the changes from each stage to each."""
    codes = len(journey_map.stages) + 1
    groups = len(axes[0]) if axes else 1
    source, order = on_map("source", journey_map, off=True)
    target, _ = on_map("target", journey_map, off=True)
    pair = changes.source * codes + changes.target
    who, once = _once((changes.customer, len(group)), (pair, codes * codes))
    shape = (*(len(axis) for axis in axes), codes, codes)
    parts = {}
    for name, owner, cell in (("count", changes.customer, pair), ("customers", who, once)):
        cells = np.bincount(group[owner] * codes**2 + cell, minlength=groups * codes**2)
        cells = cells.reshape(groups, codes, codes)
        parts[name] = cells[:, order][:, :, order].reshape(shape)
    return StageMoves(
        axes=(*axes, source, target),
        parts=parts,
        context=attrs.evolve(context, metric="journey_stages.moves"),
    )


def stage_conversion(
    journey_map: JourneyMap,
    reach: Reach,
    group: NDArray[np.intp],
    axes: tuple[Axis, ...],
    context: Context,
) -> StageConversion:
    """Return who came to each stage after each."""
    n, groups = len(journey_map.stages), len(axes[0]) if axes else 1
    source, order = on_map("source", journey_map, off=False)
    target, _ = on_map("target", journey_map, off=False)
    count = np.zeros((groups, n, n), np.int64)
    total = np.zeros((groups, n), np.int64)
    for place in range(n):
        reached = reach.reached[:, place]
        total[:, place] = np.bincount(group[reached], minlength=groups)
        owner, to = np.nonzero(reached[:, None] & (reach.last > reach.first[:, [place]]))
        cells = np.bincount(group[owner] * n + to, minlength=groups * n)
        count[:, place] = cells.reshape(groups, n)
    shape, order = tuple(len(axis) for axis in axes), order - 1
    return StageConversion(
        axes=(*axes, source, target),
        parts={
            "count": count[:, order][:, :, order].reshape(*shape, n, n),
            "total": total[:, order].reshape(*shape, n),
        },
        context=attrs.evolve(context, metric="journey_stages.conversion"),
    )


def _once(*keys: tuple[NDArray[np.intp], int]) -> list[NDArray[np.intp]]:
    """Return the different rows of some keys, each with the number of its values."""
    cell = np.zeros(len(keys[0][0]), np.int64)
    for key, n in keys:
        cell = cell * n + key
    different = np.unique(cell)
    out = []
    for _, n in reversed(keys):
        different, key = np.divmod(different, n)
        out.append(key)
    return out[::-1]
