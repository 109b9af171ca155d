"""Tables as plain dictionaries of cells: what addition, cutting and rolling up mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import product

from customerops.model.tables.tables import Table
from customerops.model.values.labels import label_key

Key = tuple[tuple[int, object], ...]
Cells = dict[str, dict[Key, int]]


def cells(table: Table) -> Cells:
    """Return every part as a mapping of the keys of its own labels to a number."""
    out: Cells = {}
    for name in table.PARTS:
        kinds = table.PART_AXES.get(name)
        axes = [axis for axis in table.axes if kinds is None or axis.kind in kinds]
        keys = product(*([label_key(label) for label in axis.labels] for axis in axes))
        out[name] = dict(zip(keys, table.parts[name].ravel().tolist(), strict=True))
    return out


def labels(table: Table) -> list[list[tuple[int, object]]]:
    return [[label_key(label) for label in axis.labels] for axis in table.axes]


def added(tables: Iterable[Cells]) -> dict[str, dict[Key, int]]:
    """Add cell by cell; a cell that one lacks is zero there."""
    total: dict[str, defaultdict[Key, int]] = defaultdict(lambda: defaultdict(int))
    for table in tables:
        for name, part in table.items():
            cell = total[name]
            for key, value in part.items():
                cell[key] += value
    return {name: dict(part) for name, part in total.items()}


def without_zeros(table: Mapping[str, Mapping[Key, int]]) -> dict[str, dict[Key, int]]:
    return {name: {k: v for k, v in part.items() if v} for name, part in table.items()}
