"""The same events under other units: threads, accounts, resolved customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.joins import factorize_ids, in_id_order
from customerops.model.log.log import InteractionLog, locked
from customerops.model.values.columns import Coded, Column, Ids, Numbers
from customerops.model.values.runs import first_of_run

__all__ = ["by_thread", "regroup", "relabel", "rollup"]


def by_thread(log: InteractionLog) -> InteractionLog:
    """Return the log whose unit is the (customer, thread)."""
    if log.parent is not None:
        raise InvalidInputError("log", "must not be by thread already")
    thread = log.coded("thread")
    inside = log._events(thread.codes >= 0)
    codes = inside.coded("thread").codes
    order = np.lexsort((codes, inside.codes))
    owner, code = inside.codes[order], codes[order]
    first = np.flatnonzero(first_of_run(owner, code))
    rows = _reordered(inside, order)
    units = np.empty(len(first), object)
    owners = log.customers[owner[first]]
    units[:] = list(
        zip(owners.tolist(), (thread.labels[i] for i in code[first].tolist()), strict=True)
    )
    return attrs.evolve(
        rows,
        customers=locked(units),
        offsets=locked(np.append(first, len(order)).astype(np.int64)),
        entered=locked(rows.at[first]),
        customer_columns={n: c.take(owner[first]) for n, c in log.customer_columns.items()},
        parent=Ids(locked(owners)),
        cache={},
    )


def rollup(
    log: InteractionLog, attribute: str, *, missing: Literal["raise", "drop"] = "raise"
) -> InteractionLog:
    """Return the log whose unit is a customer attribute."""
    from customerops.model.values.checks import did_you_mean, one_of

    one_of("missing", missing, ("raise", "drop"))
    if log.parent is not None:
        raise InvalidInputError("log", "must not be by thread", "roll it up before by_thread()")
    column = log.customer_columns.get(attribute)
    if not isinstance(column, Coded):
        hint = did_you_mean(attribute, log.customer_columns)
        raise InvalidInputError(
            "attribute", "must be a customer attribute of the log", f"got {attribute!r}{hint}"
        )
    if len({type(label) for label in column.labels}) > 1 or not all(
        isinstance(label, int | str | UUID) and not isinstance(label, bool)
        for label in column.labels
    ):
        raise InvalidInputError("attribute", "must hold ids of one type: int, str or UUID")
    without = int((column.codes < 0).sum())
    if without and missing == "raise":
        raise InvalidInputError(
            "attribute",
            "must be known for every customer, unless missing='drop'",
            f"{without} of {log.n_customers} customers lack it",
        )
    kept = attrs.evolve(log._units(column.codes >= 0), customer_columns={})
    ids = _id_array(column.labels)
    return regroup(kept, column.codes[column.codes >= 0].astype(np.int64), ids)


def relabel(log: InteractionLog, resolution: Mapping[Any, Any]) -> InteractionLog:
    """Give customers the ids of a resolution."""
    if log.parent is not None:
        raise InvalidInputError("log", "must not be by thread", "relabel it before by_thread()")
    if not isinstance(resolution, Mapping):
        got = type(resolution).__name__
        raise InvalidInputError("resolution", "must be a mapping of ids", f"got {got}")
    new = [resolution.get(old, old) for old in log.customers.tolist()]
    if len({type(one) for one in new}) > 1:
        raise InvalidInputError("resolution", "must give ids of the log's type")
    unit, ids = factorize_ids(_id_array(new))
    return regroup(log, unit, ids)


def regroup(log: InteractionLog, unit: NDArray[np.int64], ids: NDArray[Any]) -> InteractionLog:
    """Return the log in which customer c has become ``ids[unit[c]]``.

    Events of joined customers are merged by time. Ties keep the input order where ``row`` tells
    it, else the order of the customers' former ids, so the private order never shows.
    """
    from customerops.model.intake.build import CodedIds, group
    from customerops.model.log.make import without_repeats

    if "row" in log.columns:
        rows = np.argsort(log.numbers("row").values, kind="stable")
        source = log
    else:
        source = in_id_order(log) if _merges(unit) else log
        unit = unit[log.id_order] if source is not log else unit
        rows = np.arange(len(log))
    codes = unit[source.codes[rows]]
    made = group(CodedIds(codes, np.arange(len(ids))), source.at[rows], {"place": rows})
    # customers without events stay customers, behind the others
    absent = np.setdiff1d(unit, made.customers)
    kept = np.concatenate([made.customers, absent])
    code_of = np.empty(len(ids), np.int64)
    code_of[kept] = np.arange(len(kept))
    tail = np.full(len(absent), made.offsets[-1], np.int64)
    entered = np.full(len(kept), np.iinfo(np.int64).max)
    np.minimum.at(entered, code_of[unit], source.entered)
    regrouped = attrs.evolve(
        _reordered(source, made.payload["place"]),
        customers=locked(ids[kept]),
        offsets=locked(np.concatenate([made.offsets, tail])),
        entered=locked(entered),
        customer_columns=_agreed(source, code_of[unit], len(kept)),
        cache={},
    )
    return without_repeats(regrouped)


def _merges(unit: NDArray[np.int64]) -> bool:
    return len(np.unique(unit)) < len(unit)


def _id_array(ids: Any) -> NDArray[Any]:
    values = list(ids)
    if values and isinstance(values[0], int):
        return np.array(values, np.int64)
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _reordered(log: InteractionLog, order: NDArray[Any]) -> InteractionLog:
    return attrs.evolve(
        log,
        at=locked(log.at[order]),
        columns={name: column.take(order) for name, column in log.columns.items()},
        lines=None if log.lines is None else log.lines.take(order),
        cache={},
    )


def _agreed(log: InteractionLog, unit: NDArray[np.int64], n: int) -> dict[str, Column]:
    """Return the customer columns of the new units, where the joined customers agree."""
    out: dict[str, Column] = {}
    for name, column in log.customer_columns.items():
        if isinstance(column, Numbers):
            valid = np.ones(len(unit), np.bool_) if column.valid is None else column.valid
            low = np.full(n, np.iinfo(np.int64).max)
            np.minimum.at(low, unit[valid], column.values[valid])
            has = np.zeros(n, np.bool_)
            has[unit[valid]] = True
            out[name] = Numbers(locked(np.where(has, low, 0)), locked(has))
        else:
            assert isinstance(column, Coded)
            known = column.codes >= 0
            high = np.full(n, -1, column.codes.dtype)
            high[unit[known]] = column.codes[known]
            clash = int((high[unit[known]] != column.codes[known]).sum())
            if clash:
                raise InvalidInputError(
                    name,
                    "must agree among customers that are joined",
                    f"{clash} customers differ; give the merged ones by with_customers afterwards",
                )
            out[name] = Coded(locked(high), column.labels)
    return out
