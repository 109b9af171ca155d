"""Tables for notebooks, of columns of numbers beside a column of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from customerops.model.tables import render
from customerops.model.values.labels import Label

__all__ = ["table_html"]


def table_html(
    title: str, name: str, labels: Sequence[Label], columns: Mapping[str, NDArray[Any]]
) -> str:
    """Return the first rows as an HTML table.

    Parameters
    ----------
    title : str
        The caption.
    name : str
        What the labels are.
    labels : sequence of Label
        One a row.
    columns : mapping of str to ndarray
        Numbers, one a row.
    """
    shown = labels[: render.ROWS]
    numbers = {
        head: [render.number(value) for value in column[: render.ROWS].tolist()]
        for head, column in columns.items()
    }
    return render.rows_html(title, {name: shown}, numbers, [False] * len(shown), len(labels))
