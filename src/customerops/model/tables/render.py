"""How results show themselves: columns of labels for frames, and small HTML tables for notebooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.model.tables.axes import Axis
from customerops.model.values.html import (
    COLUMNS,
    ROWS,
    columns_html,
    frame_html,
    grid_html,
    label_text,
    number,
    percent,
    rows_html,
    share_cell,
    value_text,
)
from customerops.model.values.labels import Label

__all__ = [
    "COLUMNS",
    "ROWS",
    "columns_html",
    "frame_html",
    "grid_html",
    "label_array",
    "label_columns",
    "label_text",
    "number",
    "percent",
    "rows_html",
    "share_cell",
    "value_text",
]


def label_array(labels: Sequence[Label]) -> NDArray[Any]:
    """Return labels as an array that pandas keeps as it is.

    Whole numbers become int64, truth values bool, dates and hours ``datetime64[s]``; everything
    else, and any mixture, objects: 1, 1.0 and True are three labels.

    Examples
    --------
    >>> label_array([1, 2]).dtype, label_array([1, "a"]).dtype, label_array([dt.date(2026, 1, 1)]).dtype
    (dtype('int64'), dtype('O'), dtype('<M8[s]'))
    """
    types = {type(label) for label in labels}
    if types == {int} and all(-(2**63) <= label < 2**63 for label in labels):  # type: ignore[operator]
        return np.array(labels, dtype=np.int64)
    if types == {bool}:
        return np.array(labels, dtype=np.bool_)
    if types and types <= {dt.date, dt.datetime}:
        return np.array(labels, dtype="datetime64[s]")
    return np.fromiter(labels, dtype=object, count=len(labels))


def label_columns(
    grid: Sequence[tuple[Axis, NDArray[Any]]], taken: Collection[str]
) -> dict[str, NDArray[Any]]:
    """Return the label columns of a frame.

    Parameters
    ----------
    grid : sequence of (Axis, ndarray)
        Each axis with the position of every row on it.
    taken : collection of str
        The names of the other columns; an axis of that name becomes ``by_<name>``.
    """
    return {
        f"by_{axis.name}" if axis.name in taken else axis.name: label_array(axis.labels)[at]
        for axis, at in grid
    }
