"""Spells of a table that has one row a contract or a stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.intake import const
from customerops.model.log.billing import UNITS, monthly, months_in
from customerops.model.log.log import InteractionLog, locked
from customerops.model.values.checks import each
from customerops.model.values.columns import Coded, Numbers
from customerops.model.values.instants import as_instant, to_us
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells

__all__ = ["UNKNOWN", "spells_of_frame"]

UNKNOWN = "unknown"

_BILLED = "billed every"  # the column of intervals: with its blank no attribute of a caller's
_CALLED = {  # here, by what a log calls them
    "at": "start",
    "until": "end",
    "outcome": "cause",
    f"attributes.{_BILLED}": "interval",
}


def spells_of_frame(
    frame: Any,
    *,
    customer_id: str,
    start: str,
    end: str,
    as_of: dt.datetime,
    amount: str | None,
    interval: tuple[int, str] | str,
    cause: str | None,
    attributes: Collection[str] | Mapping[str, str],
    **reading: Any,
) -> Spells:
    """Return the spells of a table; `Spells.from_frame` says how."""
    from customerops.model.log.spells import Spells

    known = to_us(as_instant("as_of", as_of))
    months = None if isinstance(interval, str) else months_in(interval)
    named: dict[str, str] = (
        dict(attributes)
        if isinstance(attributes, Mapping)
        else {name: name for name in each("attributes", attributes)}
    )
    loaded = {"amount": amount, "outcome": cause}
    log = _read(
        frame,
        customer_id=customer_id,
        at=start,
        until=end,
        kind=const("spell"),
        attributes=named if months is not None else {**named, _BILLED: interval},
        row=True,
        **{name: column for name, column in loaded.items() if column is not None},
        **reading,
    )
    till, running = _ends(log, known)
    rank = np.empty(log.n_customers, np.intp)
    rank[log.id_order] = np.arange(log.n_customers)
    kept = np.flatnonzero((log.at <= known) & (running | (till > log.at)))
    order = kept[np.argsort(rank[log.codes[kept]], kind="stable")]
    codes = log.codes[order]
    first = first_of_run(codes) if len(codes) else np.empty(0, np.bool_)
    paid = None
    if amount is not None:
        given = _amounts(log)
        paid = monthly(given, months) if months is not None else _by_interval(log, given)
    return Spells(
        customers=locked(log.customers[codes[first]]),
        codes=locked(np.cumsum(first) - 1),
        start=locked(log.at[order]),
        end=locked(till[order]),
        observed=locked(~running[order]),
        amount=None if paid is None else Numbers(locked(paid[order])),
        cause=_causes(log, running, None if cause is None else log.coded("outcome")).take(order),
        attributes={name: log.coded(f"attributes.{name}").take(order) for name in named},
        currency=log.currency,
        decimals=log.decimals,
        as_of=known,
    )


def _read(frame: Any, **columns: Any) -> InteractionLog:
    """Read the rows as events that begin; what is wrong is said in the words of spells."""
    try:
        return InteractionLog.from_frame(frame, **columns)
    except InvalidInputError as error:
        name = _CALLED.get(error.name, error.name)
        raise InvalidInputError(
            name,
            error.requirement,
            error.problem,
            count=error.count,
            total=error.total,
            first=error.first,
        ) from None


def _ends(log: InteractionLog, known: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return when each spell ended as far as is known, and whether it still runs."""
    column = log.numbers("until")
    given = np.ones(len(log), np.bool_) if column.valid is None else column.valid
    _check(log, "end", "must not be before the start", given & (column.values < log.at))
    running = ~given | (column.values > known)
    return np.where(running, known, column.values), running


def _amounts(log: InteractionLog) -> NDArray[np.int64]:
    column = log.numbers("amount")
    if column.valid is not None:
        _check(log, "amount", "must be given", ~column.valid)
    _check(log, "amount", "must not be negative", column.values < 0)
    return column.values


def _by_interval(log: InteractionLog, given: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return amounts a month, where each row says which unit it is billed by."""
    column = log.coded(f"attributes.{_BILLED}")
    units = np.array([label in UNITS for label in column.labels] + [False])  # -1: missing
    _check(log, "interval", f"must be one of {', '.join(UNITS)}", ~units[column.codes])
    paid = np.empty(len(log), np.int64)
    for code, label in enumerate(column.labels):
        rows = column.codes == code
        paid[rows] = monthly(given[rows], UNITS[str(label)])
    return paid


def _causes(log: InteractionLog, running: NDArray[np.bool_], given: Coded | None) -> Coded:
    """Return why each spell ended: what the table says, else "unknown"; missing while it runs."""
    labels = sorted({UNKNOWN, *(() if given is None else map(str, given.labels))})
    codes = np.full(len(log), labels.index(UNKNOWN), np.int64)
    if given is not None:
        place = np.array([labels.index(str(label)) for label in given.labels], np.int64)
        codes = np.where(given.codes >= 0, np.append(place, -1)[given.codes], codes)
    return Coded(locked(np.where(running, -1, codes)), tuple(labels))


def _check(log: InteractionLog, name: str, requirement: str, wrong: NDArray[np.bool_]) -> None:
    """Refuse rows, counted where they stood in the table."""
    if wrong.any():
        rows = log.numbers("row").values[wrong]
        raise InvalidInputError(
            name, requirement, count=len(rows), total=len(log), first=int(rows.min())
        )
