"""Several logs as one, and whether two logs are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.faults import Rejected
from customerops.model.log.log import InteractionLog, locked
from customerops.model.values.columns import Coded, Column, Ids, Numbers, code_type
from customerops.model.values.labels import Label, label_key
from customerops.model.values.lines import Lines

__all__ = ["concat", "same", "union"]


def union(a: InteractionLog, b: InteractionLog) -> InteractionLog:
    """Join two logs of different customers."""
    _check_logs((a, b))
    shared = len(set(owners(a).tolist()) & set(owners(b).tolist()))
    if shared:
        raise InvalidInputError("logs", "must have no customer in common", f"{shared} are in both")
    return _joined((a, b))


def concat(logs: Sequence[InteractionLog]) -> InteractionLog:
    """Join logs that may share customers; a repeated (customer, id) counts once."""
    from customerops.model.log.regroup import regroup

    _check_logs(logs)
    if any(log.parent is not None for log in logs):
        raise InvalidInputError("logs", "must not be by thread", "join them before by_thread()")
    whole = _joined(logs)
    if not whole.n_customers:
        return whole
    unit, ids = factorize_ids(whole.customers)
    return regroup(whole, unit, ids)


def _check_logs(logs: Sequence[object]) -> None:
    for log in logs:
        if not isinstance(log, InteractionLog):
            got = type(log).__name__
            raise InvalidInputError("logs", "must all be an InteractionLog", f"got {got}")


def owners(log: InteractionLog) -> NDArray[Any]:
    """Return the customer of each unit of a log."""
    return log.customers if log.parent is None else log.parent.values


def factorize_ids(ids: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return a code for each id, and the distinct ids in order of appearance."""
    import pandas as pd

    codes, unique = pd.factorize(ids)
    return codes.astype(np.int64), np.asarray(unique)


def _joined(logs: Sequence[InteractionLog]) -> InteractionLog:
    """Put logs one after another: their customers, events and lines, as if all were different."""
    for name in ("as_of", "observed", "calendar", "value_decimals"):
        if any(getattr(log, name) != getattr(logs[0], name) for log in logs):
            raise InvalidInputError(name, "must be the same to join logs")
    if len({log.parent is None for log in logs if log.n_customers}) > 1:
        raise InvalidInputError("logs", "must have the same unit", "only one is by thread")
    currency, decimals = _money(logs)
    has_parent = any(log.parent is not None for log in logs)
    return InteractionLog(
        customers=locked(stack_ids([log.customers for log in logs])),
        offsets=_stack_offsets([log.offsets for log in logs]),
        at=locked(np.concatenate([log.at for log in logs])),
        columns=_stack_tables([log.columns for log in logs], [len(log) for log in logs], {"row"}),
        lines=_stack_lines(logs),
        customer_columns=_stack_tables(
            [log.customer_columns for log in logs], [log.n_customers for log in logs]
        ),
        entered=locked(np.concatenate([log.entered for log in logs])),
        currency=currency,
        decimals=decimals,
        value_decimals=logs[0].value_decimals,
        as_of=logs[0].as_of,
        observed=logs[0].observed,
        calendar=logs[0].calendar,
        parent=Ids(locked(stack_ids([owners(log) for log in logs]))) if has_parent else None,
        rejected=Rejected.none(),
    )


def _money(logs: Sequence[InteractionLog]) -> tuple[str | None, int]:
    known = {(log.currency, log.decimals) for log in logs if log.currency is not None}
    if len(known) > 1:
        raise InvalidInputError("currency", "must be the same to join logs")
    return next(iter(known), (None, logs[0].decimals))


def stack_ids(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    filled = [array for array in arrays if len(array)]
    if not filled:
        return arrays[0].copy()
    if len({type(array.tolist()[0]) for array in (a[:1] for a in filled)}) > 1:
        raise InvalidInputError("customer ids", "must be of one type to join logs")
    return np.concatenate(filled)


def _stack_tables(
    tables: Sequence[Mapping[str, Column]], lengths: Sequence[int], leave: Iterable[str] = ()
) -> dict[str, Column]:
    """Stack tables column by column; a column that one lacks is missing there."""
    names = {name: None for table in tables for name in table if name not in set(leave)}
    return {name: stack([table.get(name) for table in tables], lengths) for name in sorted(names)}


def stack(columns: Sequence[Column | None], lengths: Sequence[int]) -> Column:
    present = [column for column in columns if column is not None]
    if all(isinstance(column, Coded) for column in present):
        return _stack_coded(columns, lengths)
    if all(isinstance(column, Numbers) for column in present):
        return _stack_numbers(columns, lengths)
    return _stack_id_column(columns, lengths)


def _stack_coded(columns: Sequence[Any], lengths: Sequence[int]) -> Coded:
    tables = [() if column is None else column.labels for column in columns]
    labels = merge_labels(tables)
    position = {label_key(label): i for i, label in enumerate(labels)}
    parts = []
    for column, table, n in zip(columns, tables, lengths, strict=True):
        to = np.array(
            [*(position[label_key(label)] for label in table), -1], code_type(len(labels))
        )
        parts.append(np.full(n, -1, to.dtype) if column is None else to[column.codes])
    return Coded(locked(np.concatenate(parts)), labels)


def _stack_numbers(columns: Sequence[Any], lengths: Sequence[int]) -> Numbers:
    whole = all(column is not None and column.valid is None for column in columns)
    values, valid = [], []
    for column, n in zip(columns, lengths, strict=True):
        values.append(np.zeros(n, np.int64) if column is None else column.values)
        ok = (
            np.full(n, column is not None)
            if column is None or column.valid is None
            else column.valid
        )
        valid.append(ok)
    return Numbers(
        locked(np.concatenate(values)), None if whole else locked(np.concatenate(valid))
    )


def _stack_id_column(columns: Sequence[Any], lengths: Sequence[int]) -> Ids:
    parts = [
        np.full(n, None, object) if column is None else column.values
        for column, n in zip(columns, lengths, strict=True)
        if n
    ]
    return Ids(locked(np.concatenate(parts) if parts else np.empty(0, object)))


def _stack_lines(logs: Sequence[InteractionLog]) -> Lines | None:
    known = [log.lines for log in logs if log.lines is not None]
    if not known:
        return None
    offsets = [
        np.zeros(len(log) + 1, np.int64) if log.lines is None else log.lines.offsets
        for log in logs
    ]
    tables = [{} if log.lines is None else log.lines.columns for log in logs]
    columns = _stack_tables(tables, [int(own[-1]) for own in offsets])
    return Lines(_stack_offsets(offsets), columns, known[0].quantity_decimals)


def _stack_offsets(offsets: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the offsets of ragged rows put one after another."""
    lengths = np.concatenate([np.diff(own) for own in offsets])
    return locked(np.concatenate(([0], np.cumsum(lengths))).astype(np.int64))


def merge_labels(tables: Iterable[tuple[Label, ...]]) -> tuple[Label, ...]:
    """Return the labels of all tables, each once, sorted."""
    merged = {label_key(label): label for table in tables for label in table}
    return tuple(merged[key] for key in sorted(merged))


def same(a: InteractionLog, b: InteractionLog) -> bool:
    """Whether two logs hold the same customers and events in the same context."""
    context = ("as_of", "observed", "calendar", "currency", "value_decimals")
    sizes = len(a) == len(b) and a.n_customers == b.n_customers
    names = set(a.columns) == set(b.columns) and set(a.customer_columns) == set(b.customer_columns)
    lines = (a.lines is None) == (b.lines is None)
    if not (sizes and names and lines):
        return False
    if any(getattr(a, name) != getattr(b, name) for name in context):
        return False
    x, y = in_id_order(a), in_id_order(b)
    arrays = ("customers", "offsets", "at", "entered")
    return (
        all(np.array_equal(getattr(x, name), getattr(y, name)) for name in arrays)
        and all(_equal(x.columns[n], y.columns[n]) for n in x.columns)
        and all(_equal(x.customer_columns[n], y.customer_columns[n]) for n in x.customer_columns)
        and (x.lines is None or _equal_lines(x.lines, y.lines))
    )


def in_id_order(log: InteractionLog) -> InteractionLog:
    """Return the log with its customers stored in the order of their ids."""
    from customerops.model.values.runs import ranges

    order = log.id_order
    lengths = np.diff(log.offsets)[order]
    rows = ranges(log.offsets[order], lengths)
    return attrs.evolve(
        log,
        customers=locked(log.customers[order]),
        offsets=locked(np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)),
        at=locked(log.at[rows]),
        columns={name: column.take(rows) for name, column in log.columns.items()},
        lines=None if log.lines is None else log.lines.take(rows),
        customer_columns={n: c.take(order) for n, c in log.customer_columns.items()},
        entered=locked(log.entered[order]),
        parent=None if log.parent is None else log.parent.take(order),
        cache={},
    )


def _equal_lines(a: Lines, b: Lines | None) -> bool:
    return (
        b is not None
        and a.quantity_decimals == b.quantity_decimals
        and np.array_equal(a.offsets, b.offsets)
        and set(a.columns) == set(b.columns)
        and all(_equal(a.columns[name], b.columns[name]) for name in a.columns)
    )


def _equal(a: Column, b: Column) -> bool:
    if isinstance(a, Coded) and isinstance(b, Coded):
        both = _stack_coded((a, b), (len(a.codes), len(b.codes))).codes
        return np.array_equal(both[: len(a.codes)], both[len(a.codes) :])
    if isinstance(a, Numbers) and isinstance(b, Numbers):
        ok_a, ok_b = filled(a), filled(b)
        return np.array_equal(ok_a, ok_b) and np.array_equal(a.values[ok_a], b.values[ok_b])
    return isinstance(a, Ids) and isinstance(b, Ids) and a.values.tolist() == b.values.tolist()


def filled(column: Numbers) -> NDArray[np.bool_]:
    """Return the mask of the rows that have a value."""
    return np.ones(len(column.values), np.bool_) if column.valid is None else column.valid
