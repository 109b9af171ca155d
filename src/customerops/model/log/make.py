"""From normalised columns to a log: group, sort, and count each repeated event once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.build import RawIds, group
from customerops.model.intake.faults import Invalid, Rejected
from customerops.model.log.log import ALWAYS, InteractionLog, locked
from customerops.model.values.checks import whole
from customerops.model.values.columns import Coded, Column, Ids, Numbers
from customerops.model.values.lines import Lines
from customerops.model.values.runs import ranges
from customerops.model.values.window import Window

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar

__all__ = ["assemble", "without_events", "without_repeats", "without_rows"]


def assemble(
    ids: RawIds,
    at: NDArray[np.int64],
    columns: Mapping[str, Column],
    *,
    rows: NDArray[np.int64] | None = None,
    keep_rows: bool = False,
    lines: Lines | None = None,
    currency: str | None = None,
    decimals: int = 2,
    value_decimals: int = 6,
    calendar: Calendar | None = None,
    observed: Window | None = None,
    rejected: Rejected | None = None,
    invalid: Invalid = "raise",
    threads: int | None = None,
) -> InteractionLog:
    """Group and sort normalised columns into a log.

    `rows` are the input positions of the columns' rows; left out, they are all rows in order.
    """
    if threads is not None:
        whole("threads", threads, least=1)
    payload: dict[str, NDArray[Any]] = {}
    for name, column in columns.items():
        for part, array in _arrays(column).items():
            payload[f"{name}:{part}"] = array
    places = keep_rows or lines is not None or "id" in columns
    if places:
        payload["place:"] = np.arange(len(at), dtype=np.int32 if len(at) < 2**31 else np.int64)
    made = group(ids, at, payload, threads=threads)
    stored = {name: _rebuilt(column, name, made.payload) for name, column in columns.items()}
    if places:
        place = made.payload["place:"]
        stored["row"] = Numbers(locked((place if rows is None else rows[place]).astype(np.int64)))
        lines = None if lines is None else lines.take(place)
    log = InteractionLog(
        customers=locked(made.customers),
        offsets=locked(made.offsets),
        at=locked(made.at),
        columns=stored,
        lines=lines,
        entered=locked(made.at[made.offsets[:-1]]),
        currency=currency,
        decimals=decimals,
        value_decimals=value_decimals,
        observed=ALWAYS if observed is None else observed,
        calendar=calendar,
        rejected=Rejected.none() if rejected is None else rejected,
    )
    log = without_repeats(log, invalid=invalid)
    log = attrs.evolve(log, entered=locked(log.at[log.offsets[:-1]]))
    return log if keep_rows else without_rows(log)


def without_rows(log: InteractionLog) -> InteractionLog:
    """Return the log without the column of input positions."""
    kept = {name: column for name, column in log.columns.items() if name != "row"}
    return attrs.evolve(log, columns=kept)


def without_events(log: InteractionLog, drop: NDArray[np.bool_]) -> InteractionLog:
    """Return a log just made as if some events had never come, nor who has no others."""
    log = log._events(~drop)
    log = log._units(np.diff(log.offsets) > 0)
    return attrs.evolve(log, entered=locked(log.at[log.offsets[:-1]]))


def without_repeats(log: InteractionLog, *, invalid: Invalid = "raise") -> InteractionLog:
    """Count a repeated (customer, id) once; refuse or set aside one with other content.

    The first in input order (in stored order, where rows are not known) is the one that counts.
    Events without an id are never repeats.
    """
    column = log.columns.get("id")
    if not isinstance(column, Ids) or not len(log):
        return log
    repeat, first = _repeats(log, column)
    if not len(repeat):
        return log
    differs = ~_same_content(log, repeat, first)
    row = log.columns.get("row")
    place = np.arange(len(log)) if not isinstance(row, Numbers) else row.values
    if differs.any() and invalid == "raise":
        raise InvalidInputError(
            "id",
            "must not repeat with different content within a customer",
            count=int(differs.sum()),
            total=len(log),
            first=int(place[repeat[differs]].min()),
        )
    keep = np.ones(len(log), np.bool_)
    keep[repeat] = False
    reasons = np.where(differs, "id repeated with different content", "id repeated, counted once")
    aside = Rejected.of(place[repeat], reasons.tolist())
    return attrs.evolve(log._events(keep), rejected=log.rejected.join(aside))


def _repeats(log: InteractionLog, column: Ids) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that repeat a (customer, id), and for each the row it repeats."""
    import pandas as pd

    codes, unique = pd.factorize(column.values)
    if len(unique) == len(log):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    order = np.arange(len(log))
    if "row" in log.columns:
        order = np.argsort(log.numbers("row").values, kind="stable")
    order = order[codes[order] >= 0]
    key = log.codes[order].astype(np.int64) * len(unique) + codes[order]
    number, _ = pd.factorize(key)
    first = np.full(len(order), -1, np.intp)
    again = pd.Series(number).duplicated().to_numpy()
    first[number[~again]] = order[~again]
    return order[again], first[number[again]]


def _same_content(
    log: InteractionLog, a: NDArray[np.intp], b: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Whether rows a[i] and b[i] of the log hold the same event."""
    same = np.equal(log.at[a], log.at[b])
    for name, column in log.columns.items():
        if name not in {"row", "id"}:
            same &= _same_rows(column, a, b)
    if log.lines is not None:
        same &= _same_lines(log.lines, a, b)
    return same


def _same_rows(column: Column, a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_]
    if isinstance(column, Coded):
        same = np.equal(column.codes[a], column.codes[b])
        return same
    same = np.equal(column.values[a], column.values[b]).astype(np.bool_)
    if isinstance(column, Numbers) and column.valid is not None:
        same &= np.equal(column.valid[a], column.valid[b])
        same |= ~column.valid[a] & ~column.valid[b]
    return same


def _same_lines(lines: Lines, a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.bool_]:
    counts = np.diff(lines.offsets)
    same = np.equal(counts[a], counts[b])
    lengths = np.where(same, counts[a], 0)
    x, y = ranges(lines.offsets[a], lengths), ranges(lines.offsets[b], lengths)
    equal = np.ones(len(x), np.bool_)
    for column in lines.columns.values():
        equal &= _same_rows(column, x, y)
    pair = np.repeat(np.arange(len(a)), lengths)
    same[pair[~equal]] = False
    return same


def _arrays(column: Column) -> dict[str, NDArray[Any]]:
    """Return the arrays of a column by the name of their field."""
    fields = attrs.asdict(column, recurse=False)
    return {name: array for name, array in fields.items() if isinstance(array, np.ndarray)}


def _rebuilt(column: Column, name: str, payload: Mapping[str, NDArray[Any]]) -> Column:
    arrays: dict[str, Any] = {p: locked(payload[f"{name}:{p}"]) for p in _arrays(column)}
    return attrs.evolve(column, **arrays)
