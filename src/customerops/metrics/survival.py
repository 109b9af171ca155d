"""Survival: how long it lasts, when some of it is still running."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable
from customerops.model.values.checks import came, did_you_mean, positive_duration
from customerops.model.values.columns import Coded
from customerops.model.values.labels import Label

__all__ = ["kaplan_meier"]

_US = dt.timedelta(microseconds=1)


def kaplan_meier(
    durations: ArrayLike | Spells,
    observed: ArrayLike | None = None,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    unit: dt.timedelta | None = None,
    by: str | None = None,
) -> EventTable:
    """Return the product-limit estimate of survival, from durations or from spells.

    Parameters
    ----------
    durations : array_like of int or float, shape (n,), or Spells
        How long each lasted, or has lasted so far: finite, not negative, in any one unit. Spells
        bring their own ends, entries and groups.
    observed : array_like of bool or of 0 and 1, shape (n,)
        Whether the end was seen; False where it was still going on (right censoring).
    entry : array_like of int or float, shape (n,), optional
        Since when each was under observation (left truncation), before its duration. Left out,
        since its start.
    weights : array_like of int, shape (n,), optional
        How often each counts; once when left out.
    unit : timedelta, optional
        For spells: the unit of time of the curve, a whole number of microseconds; elapsed time is
        counted in whole units, the last one started left out. Needed with spells, refused without.
        A spell that ended in the unit in which it came under observation tells nothing, and does
        not count.
    by : str, optional
        For spells: an attribute of theirs, such as ``"plan"``; a curve for each label.

    Returns
    -------
    EventTable
        Its `value` is survival at each distinct time; ``.at(t)``, ``.quantile(q)`` (NaN when not
        reached) and ``.interval(confidence)`` read the curve. Tables of different customers add.

    Raises
    ------
    InvalidInputError
        When a duration is missing, negative or not finite, `observed` is left out or of another
        length, an entry is not before its duration, or an option does not go with the data.

    Notes
    -----
    ``S(t) = prod over t_i <= t of (1 - d_i / r_i)``, with d_i events among r_i at risk just before
    t_i; at one time events come before censorings. Intervals are on the scale of ``log(-log S)``
    with Greenwood's variance.

    A customer with several spells counts several times, as if they were different customers.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations.
    JASA 53, 457-481. Klein, J. P. and Moeschberger, M. L. (2003). Survival Analysis, 2nd ed.,
    sections 4.2 and 4.6.

    Examples
    --------
    >>> from customerops.metrics import kaplan_meier
    >>> curve = kaplan_meier([6, 6, 6, 7, 10], [1, 1, 0, 1, 1])
    >>> curve.at(7), curve.quantile(0.5)
    (0.3, 7.0)
    """
    if isinstance(durations, Spells):
        for name, given in (("observed", observed), ("entry", entry), ("weights", weights)):
            if given is not None:
                raise InvalidInputError(
                    name, "must be left out with spells", "they bring their own"
                )
        return _of_spells(durations, unit, by)
    for name, option in (("unit", unit), ("by", by)):
        if option is not None:
            raise InvalidInputError(name, "must come with spells", "durations have no such thing")
    if observed is None:
        raise InvalidInputError("observed", "must be given with durations")
    times = _times("durations", durations)
    began = None if entry is None else _times("entry", entry)
    context = Context(metric="kaplan_meier")
    return EventTable.from_rows(times, observed, entry=began, weights=weights, context=context)


def _of_spells(spells: Spells, unit: dt.timedelta | None, by: str | None) -> EventTable:
    if unit is None:
        raise InvalidInputError("unit", "must be given with spells", "such as timedelta(days=1)")
    tick = positive_duration("unit", unit) // _US
    outer, codes = _groups(spells, by)
    cell = np.zeros(len(spells), np.intp) if codes is None else codes
    times, seen = spells.durations // tick, spells.observed
    if spells.entry is not None:
        late = spells.entry > spells.start
        began = -((spells.start - spells.entry) // tick)  # rounded up: not watched from its start
        watched = ~late | (began < times)
        late &= watched
        times, seen, cell = times[watched], seen[watched], cell[watched]
        came, of = began[late], cell[late[watched]]
    else:
        came, of = times[:0], cell[:0]
    ends, enters = np.ones(len(times), np.int64), np.ones(len(came), np.int64)
    parts = {
        "events": np.concatenate([np.where(seen, ends, 0), enters - 1]),
        "censored": np.concatenate([np.where(seen, 0, ends), enters - 1]),
        "entries": np.concatenate([ends - 1, enters]),
    }
    return EventTable(
        outer=outer,
        at=np.concatenate([times, came]),
        cell=np.concatenate([cell, of]),
        parts=parts,
        context=Context(metric="kaplan_meier", as_of=spells.as_of, by=by, options={"unit": unit}),
    )


def _groups(spells: Spells, by: str | None) -> tuple[tuple[Axis, ...], NDArray[Any] | None]:
    """Return the axis of the labels that occur, and the place of each spell on it."""
    if by is None:
        return (), None
    column = spells.attributes.get(by)
    if not isinstance(column, Coded):
        problem = f"got {by!r}{did_you_mean(by, spells.attributes)}"
        raise InvalidInputError("by", "must be an attribute of the spells", problem)
    present = np.bincount(column.codes + 1, minlength=len(column.labels) + 1) > 0
    table: list[Label] = [*column.labels, None]
    order = [*range(1, len(table)), 0]  # missing, code -1, comes last
    labels = [label for label, place in zip(table, order, strict=True) if present[place]]
    position = np.cumsum(present[order]) - 1
    return (Axis(by, labels, "group"),), position[column.codes]


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
