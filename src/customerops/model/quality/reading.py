"""Columns of what was given, a frame of any library or records, read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.frames import array_of, column_of, names_of, part_of, raw
from customerops.model.intake.raw import Dictionary, Plain, Raw, Text
from customerops.model.quality.schema import Schema
from customerops.model.values.checks import came, did_you_mean

__all__ = ["Given", "flat", "read", "rows_of"]


@attrs.frozen(eq=False)
class Given:
    """The columns a schema names, and how many rows they have."""

    columns: dict[str, Raw]
    n: int


def read(given: Any, schema: Schema) -> Given:
    """Return the columns that a schema names.

    Raises
    ------
    InvalidInputError
        If a frame has no such column, a record no such field, or columns differ in length.
    """
    if _is_records(given):
        columns = {f.name: raw(f.name, _values(given, f.name)) for f in schema.fields}
        return Given(columns, len(given))
    names = names_of(given)
    columns = {}
    for field in schema.fields:
        if field.name not in names:
            hint = did_you_mean(field.name, [str(name) for name in names])
            raise InvalidInputError(
                field.name, "must be a column of the frame", f"it is not{hint}"
            )
        columns[field.name] = raw(field.name, column_of(given, field.name))
    first, *rest = schema.fields
    n = len(columns[first.name])
    for field in rest:
        if len(columns[field.name]) != n:
            said = f"got {len(columns[field.name])} and {n}"
            raise InvalidInputError(field.name, f"must be as long as {first.name}", said)
    return Given(columns, n)


def _is_records(given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str | bytes)


def _values(records: Sequence[Any], path: str) -> list[Any]:
    return [_value(record, path, i) for i, record in enumerate(records)]


def _value(record: Any, path: str, row: int) -> Any:
    if not isinstance(record, Mapping) and not attrs.has(type(record)):
        raise InvalidInputError(f"records[{row}]", "must be a record or a mapping", came(record))
    if isinstance(record, Mapping) and path in record:
        return record[path]
    value = record
    for step in path.split("."):
        if value is None:
            return None
        if isinstance(value, Mapping):
            value = value.get(step)
        elif hasattr(value, step):
            value = getattr(value, step)
        else:
            known = [f.name for f in attrs.fields(type(value))] if attrs.has(type(value)) else []
            hint = did_you_mean(step, known)
            raise InvalidInputError(path, "must be a field of the records", f"it is not{hint}")
    return value


def rows_of(given: Any, rows: NDArray[np.intp]) -> Any:
    """Return some rows, ascending, of what was given, as the same kind of thing."""
    if _is_records(given):
        return type(given)([given[row] for row in rows.tolist()])
    if isinstance(given, Mapping):
        return {name: part_of(array_of(str(name), given[name]), rows) for name in given}
    if hasattr(given, "iloc"):
        return given.iloc[rows]
    if hasattr(given, "take"):  # a pyarrow table
        return given.take(rows)
    return given[rows]


def flat(read: Raw) -> Plain:
    """Return a column of any form as one plain array."""
    if isinstance(read, Text):
        return read.plain()
    if not isinstance(read, Dictionary):
        return read
    if not len(read.categories):
        n = len(read)
        return Plain(np.zeros(n, np.int64), "nothing", np.ones(n, np.bool_))
    taken = read.categories.keep(np.maximum(read.codes, 0))
    return attrs.evolve(taken, missing=read.gone())
