"""Lives in rows: durations or spells, what goes with them, and the event table they make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.records import code_labels
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable, as_flags
from customerops.model.values.checks import came, did_you_mean, numbers, positive_duration
from customerops.model.values.columns import Coded
from customerops.model.values.labels import Label
from customerops.model.values.runs import first_of_run

__all__ = ["Labels", "Lives", "event_table"]

Labels = str | ArrayLike | Sequence[Label]
"""The name of an attribute, or a label for each row; None is the missing one."""

_US = dt.timedelta(microseconds=1)
_EXACT = 2**53  # float64 holds every whole number up to here
_LARGEST = 2**62
_DENSE = 4  # cells of a counting table per row, up to which it is cheaper than sorting
_TYPED = "biuSU"  # kinds of array whose values are labels of one type


@attrs.frozen(eq=False, kw_only=True)
class Lives:
    """What every function of lives is given, as it came."""

    durations: Any
    observed: ArrayLike | None = None
    entry: ArrayLike | None = None
    weights: ArrayLike | None = None
    unit: dt.timedelta | None = None
    by: Labels | None = None
    strata: Labels | None = None

    def without(self, data: str, *names: str) -> None:
        """Refuse what the data bring of their own."""
        for name in names:
            if getattr(self, name) is not None:
                raise InvalidInputError(name, f"must be left out with {data}", "it is in them")


def event_table(lives: Lives, metric: str, **options: Any) -> EventTable:
    """Return the event table of lives; its axes are the strata and then the groups.

    Raises
    ------
    InvalidInputError
        If something is not what it must be, or does not go with the data.
    """
    data = lives.durations
    if isinstance(data, EventTable):
        lives.without("a table", "observed", "entry", "weights", "unit", "by", "strata")
        context = attrs.evolve(data.context, metric=metric).with_options(**options)
        return attrs.evolve(data, context=context)
    if isinstance(data, Spells):
        lives.without("spells", "observed", "entry", "weights")
        return _of_spells(data, lives, metric, options)
    if lives.unit is not None:
        raise InvalidInputError("unit", "must come with spells", "durations have no such thing")
    if lives.observed is None:
        raise InvalidInputError("observed", "must be given with durations")
    times = _times("durations", data)
    split: list[tuple[Axis, NDArray[Any]]] = []
    if lives.strata is not None:
        split.append(_axis("stratum", "state", _labels("strata", lives.strata, len(times))))
        options["strata"] = "stratum"
    if lives.by is not None:
        split.append(_axis("group", "group", _labels("by", lives.by, len(times)), disjoint=True))
    context = Context(metric, by=None if lives.by is None else "group", options=options)
    if lives.entry is None and lives.weights is None:
        table = _counted(times, lives.observed, split, context)
        if table is not None:
            return table
    return EventTable.from_rows(
        times,
        lives.observed,
        entry=None if lives.entry is None else _times("entry", lives.entry),
        weights=lives.weights,
        outer=[axis for axis, _ in split],
        codes=_crossed(split),
        context=context,
    )


def _counted(
    times: NDArray[Any],
    observed: ArrayLike,
    split: list[tuple[Axis, NDArray[Any]]],
    context: Context,
) -> EventTable | None:
    """Return the table of whole times that are not far apart, or of one curve; else None.

    The bit that says whether the event was seen goes below those of the time, so that one count,
    or one sort of plain numbers, does it. Floats that are not negative rise as their bits do, and
    their highest bit is free.
    """
    seen = as_flags(observed, times.shape)
    span = 1 + int(times.max(initial=0))
    cells = prod(len(axis) for axis, _ in split)
    if times.dtype == np.int64 and span * cells <= _DENSE * len(times):
        cell = _crossed(split)
        key = (times if cell is None else times + cell * span) << 1
        key |= seen
        counts = np.bincount(key, minlength=2 * span * cells).reshape(-1, 2)
        where, points = np.divmod(np.arange(span * cells), span)
        censored, events = counts.T
    elif times.dtype == np.float64 and not split:
        bits = np.sort((times + 0.0).view(np.uint64) << 1 | seen)
        values, happened = (bits >> 1).view(np.float64), (bits & 1).astype(np.int64)
        start = np.flatnonzero(first_of_run(values))
        points, where = values[start], np.zeros(len(start), np.int64)
        events = np.add.reduceat(happened, start)
        censored = np.diff(start, append=len(values)) - events
    else:
        return None
    return EventTable(
        outer=[axis for axis, _ in split],
        at=points,
        cell=where,
        parts={"events": events, "censored": censored, "entries": np.zeros_like(events)},
        context=context,
    )


def _of_spells(
    spells: Spells, lives: Lives, metric: str, options: Mapping[str, Any]
) -> EventTable:
    """Return the table of elapsed whole units; who left in the unit of entry was not watched."""
    if lives.unit is None:
        raise InvalidInputError("unit", "must be given with spells", "such as timedelta(days=1)")
    tick = positive_duration("unit", lives.unit) // _US
    if tick >= _LARGEST:
        raise InvalidInputError("unit", "must be shorter than all of time", "got a longer one")
    options = {**options, "unit": lives.unit}
    split: list[tuple[Axis, NDArray[Any]]] = []
    if lives.strata is not None:
        split.append(_axis(str(lives.strata), "state", _attribute("strata", spells, lives.strata)))
        options["strata"] = str(lives.strata)
    if lives.by is not None:
        split.append(_axis(str(lives.by), "group", _attribute("by", spells, lives.by)))
    codes = _crossed(split)
    cell = np.zeros(len(spells), np.intp) if codes is None else codes
    times, seen = spells.durations // tick, spells.observed
    if spells.entry is not None:
        late = spells.entry > spells.start
        began = -((spells.start - spells.entry) // tick)  # rounded up: not watched from its start
        watched = ~late | (began < times)
        late &= watched
        times, seen, cell = times[watched], seen[watched], cell[watched]
        came_at, of = began[late], cell[late[watched]]
    else:
        came_at, of = times[:0], cell[:0]
    ends, enters = np.ones(len(times), np.int64), np.ones(len(came_at), np.int64)
    return EventTable(
        outer=[axis for axis, _ in split],
        at=np.concatenate([times, came_at]),
        cell=np.concatenate([cell, of]),
        parts={
            "events": np.concatenate([np.where(seen, ends, 0), enters - 1]),
            "censored": np.concatenate([np.where(seen, 0, ends), enters - 1]),
            "entries": np.concatenate([ends - 1, enters]),
        },
        context=Context(metric, as_of=spells.as_of, by=lives.by, options=options),
    )


def _axis(
    name: str, kind: Literal["group", "state"], column: Coded, *, disjoint: bool = False
) -> tuple[Axis, NDArray[Any]]:
    """Return the axis of the labels that occur, and the place of each row on it."""
    present = np.bincount(column.codes + 1, minlength=len(column.labels) + 1) > 0
    table: list[Label] = [*column.labels, None]
    order = [*range(1, len(table)), 0]  # missing, code -1, comes last
    labels = [label for label, place in zip(table, order, strict=True) if present[place]]
    position = np.cumsum(present[order]) - 1
    return Axis(name, labels, kind, disjoint=disjoint), position[column.codes]


def _crossed(split: list[tuple[Axis, NDArray[Any]]]) -> NDArray[Any] | None:
    """Return the cell of each row from its place on each axis; None without axes."""
    cell: NDArray[Any] | None = None
    for axis, places in split:
        cell = places if cell is None else cell * len(axis) + places
    return cell


def _attribute(name: str, spells: Spells, given: Labels) -> Coded:
    column = spells.attributes.get(given) if isinstance(given, str) else None
    if column is None:
        problem = f"got {given!r}{did_you_mean(given, spells.attributes)}"
        problem = problem if isinstance(given, str) else came(given)
        raise InvalidInputError(name, "must be an attribute of the spells", problem)
    return column


def _labels(name: str, given: Labels, n: int) -> Coded:
    """Code the labels of rows."""
    labels = np.asarray(given)
    if labels.shape != (n,):
        raise InvalidInputError(name, "must be a label for each duration", came(given))
    if labels.dtype.kind in _TYPED:
        found, codes = np.unique(labels, return_inverse=True)
        return Coded(codes, tuple(found.tolist()))
    try:
        return code_labels(labels.tolist())
    except KeyError:
        raise InvalidInputError(name, "must have plain Python labels") from None


def _times(name: str, values: ArrayLike) -> NDArray[Any]:
    """Return times as they were given, int64 or float64, once they are known to be times."""
    array = numbers(name, values)
    if array.ndim != 1:
        raise InvalidInputError(name, "must be one-dimensional", f"got {array.ndim} dimensions")
    if array.size and not (array.min() >= 0 and array.max() < np.inf):
        wrong = ~((array >= 0) & (array < np.inf))
        raise InvalidInputError(
            name,
            "must be finite and not negative",
            count=int(wrong.sum()),
            total=len(array),
            first=int(wrong.argmax()),
        )
    return _whole(name, array)


def _whole(name: str, times: NDArray[Any]) -> NDArray[Any]:
    """Return times as int64 if all are whole, else as float64: days are counted, not sorted."""
    if times.dtype.kind == "f":
        times = times.astype(np.float64, copy=False)
        if times.max(initial=0) >= _EXACT:
            return times
        whole = times.astype(np.int64)
        return whole if np.array_equal(whole, times) else times
    if times.size and int(times.max()) >= _LARGEST:
        raise InvalidInputError(name, "must be below 2**62 if whole", "got a larger number")
    return times.astype(np.int64, copy=False)
