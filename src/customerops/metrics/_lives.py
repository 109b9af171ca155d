"""Lives in rows: durations or spells, what goes with them, and the event table they make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.records import code_labels
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable
from customerops.model.values.checks import came, did_you_mean, positive_duration
from customerops.model.values.columns import Coded
from customerops.model.values.labels import Label

__all__ = ["Lives", "event_table"]

_US = dt.timedelta(microseconds=1)
_TYPED = "biuSU"  # kinds of array whose values are labels of one type


@attrs.frozen(eq=False, kw_only=True)
class Lives:
    """What every function of lives is given, as it came."""

    durations: Any
    observed: ArrayLike | None = None
    entry: ArrayLike | None = None
    weights: ArrayLike | None = None
    unit: dt.timedelta | None = None
    by: str | ArrayLike | None = None
    strata: str | ArrayLike | None = None

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
    return EventTable.from_rows(
        times,
        lives.observed,
        entry=None if lives.entry is None else _times("entry", lives.entry),
        weights=lives.weights,
        outer=[axis for axis, _ in split],
        codes=_crossed(split),
        context=Context(metric, by=None if lives.by is None else "group", options=options),
    )


def _of_spells(
    spells: Spells, lives: Lives, metric: str, options: Mapping[str, Any]
) -> EventTable:
    """Return the table of elapsed whole units; who left in the unit of entry was not watched."""
    if lives.unit is None:
        raise InvalidInputError("unit", "must be given with spells", "such as timedelta(days=1)")
    tick = positive_duration("unit", lives.unit) // _US
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


def _attribute(name: str, spells: Spells, given: str | ArrayLike) -> Coded:
    column = spells.attributes.get(given) if isinstance(given, str) else None
    if column is None:
        problem = f"got {given!r}{did_you_mean(given, spells.attributes)}"
        problem = problem if isinstance(given, str) else came(given)
        raise InvalidInputError(name, "must be an attribute of the spells", problem)
    return column


def _labels(name: str, given: str | ArrayLike, n: int) -> Coded:
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
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidInputError(name, "must be one-dimensional", f"got {array.ndim} dimensions")
    if array.dtype.kind == "u":
        array = array.astype(np.int64)
    if array.size and array.dtype.kind not in "if":
        raise InvalidInputError(name, "must be numbers", came(values))
    wrong = ~np.isfinite(array) | (array < 0) if array.size else np.zeros(0, np.bool_)
    if wrong.any():
        raise InvalidInputError(
            name,
            "must be finite and not negative",
            count=int(wrong.sum()),
            total=len(array),
            first=int(wrong.argmax()),
        )
    return array
