"""Random tables: labels of mixed types, parts up to and beyond int64."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from customerops.model.tables.axes import Axis, AxisKind
from customerops.model.tables.tables import Context, Table
from customerops.model.values.labels import END, START, Label, label_key

MIXED: list[Label] = [
    None,
    True,
    1,
    1.0,
    2,
    "a",
    "b",
    "值",
    dt.date(2026, 1, 1),
    START,
    END,
]

small = st.integers(0, 50)
huge = small | st.integers(2**61, 2**64)


def axes_of(
    name: str, kind: AxisKind, labels: Sequence[Label], *, disjoint: bool = True
) -> st.SearchStrategy[Axis]:
    """Return axes with some of these labels."""

    def build(chosen: list[Label]) -> Axis:
        return Axis(name, sorted(chosen, key=label_key), kind, disjoint)

    return st.lists(st.sampled_from(labels), unique_by=label_key, max_size=3).map(build)


groups = axes_of("group", "group", MIXED)
cohorts = axes_of("cohort", "cohort", [dt.date(2026, m, 1) for m in (1, 2, 3)])
ages = axes_of("age", "age", [0, 1, 2], disjoint=False)


def numbers(
    axes: Sequence[Axis], values: st.SearchStrategy[int] = huge
) -> st.SearchStrategy[np.ndarray]:
    """Return arrays of whole numbers over axes."""
    shape = tuple(len(axis) for axis in axes)
    flat = st.lists(values, min_size=prod(shape), max_size=prod(shape))
    return flat.map(lambda xs: np.array(xs, dtype=object).reshape(shape))


@st.composite
def tables(
    draw: st.DrawFn,
    cls: type[Any],
    axes: Sequence[st.SearchStrategy[Axis]] = (groups, ages),
    values: st.SearchStrategy[int] = huge,
) -> Any:
    """Return a table of a class whose parts are any numbers."""
    drawn = [draw(axis) for axis in axes]
    parts = {}
    for name in cls.PARTS:
        kinds = cls.PART_AXES.get(name)
        spanned = [axis for axis in drawn if kinds is None or axis.kind in kinds]
        parts[name] = draw(numbers(spanned, values))
    return cls(axes=drawn, parts=parts, context=Context("metric"))


def assert_adds(a: Table, b: Table, c: Table) -> None:
    """Addition is commutative and associative, and 0 is neutral."""
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert sum([a, b, c]) == a + b + c
    assert 0 + a == a
