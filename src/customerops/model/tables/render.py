"""How results show themselves: columns of labels for frames, and small HTML tables for notebooks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.model.tables.axes import Axis
from customerops.model.values.labels import Label

__all__ = [
    "COLUMNS",
    "ROWS",
    "grid_html",
    "label_array",
    "label_columns",
    "label_text",
    "number",
    "percent",
    "rows_html",
    "share_cell",
]

ROWS = 30
"""Rows of a table that are shown."""

COLUMNS = 18
"""Columns of a grid that are shown."""

_FAINT = ' style="color:#999"'


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


def number(value: float) -> str:
    """Return a number as people write it: whole numbers in full, others to four digits.

    Examples
    --------
    >>> number(12345), number(0.123456), number(math.nan)
    ('12,345', '0.1235', '–')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(value: float) -> str:
    """Return a share as a percentage with one decimal.

    Examples
    --------
    >>> percent(0.3086), percent(math.nan)
    ('30.9 %', '–')
    """
    return f"{100 * value:.1f} %" if math.isfinite(value) else "–"


def label_text(label: Label) -> str:
    """Return a label as text, escaped for HTML."""
    if label is None:
        return "<i>missing</i>"
    if isinstance(label, tuple):
        return f"<i>{escape(' '.join(label))}</i>"
    return escape(str(label))


def rows_html(
    title: str,
    labels: Mapping[str, Sequence[Label]],
    columns: Mapping[str, Sequence[str]],
    faint: Sequence[bool],
    total: int,
) -> str:
    """Return an HTML table with one row per cell.

    Parameters
    ----------
    title : str
        The caption.
    labels : mapping of str to sequence of Label
        The axis columns, for the rows that are shown.
    columns : mapping of str to sequence of str
        The other columns, formatted.
    faint : sequence of bool
        Which rows are grey: those not complete.
    total : int
        How many rows there are.
    """
    shown = len(faint)
    cells = [[label_text(label) for label in column] for column in labels.values()]
    cells += [list(map(escape, column)) for column in columns.values()]
    head = _row("th", [escape(name) for name in (*labels, *columns)])
    body = [
        _row("td", [column[i] for column in cells], _FAINT if faint[i] else "")
        for i in range(shown)
    ]
    notes = []
    if total > shown:
        notes.append(f"{total - shown:,} of {total:,} rows left out")
    if any(faint):
        notes.append("grey: not complete")
    return _table(title, head, body, notes)


def grid_html(
    title: str,
    names: Sequence[str],
    heads: Sequence[Sequence[str]],
    columns: Sequence[Label],
    cells: Sequence[Sequence[str]],
    total: tuple[int, int],
) -> str:
    """Return an HTML table with the last axis across.

    Parameters
    ----------
    title : str
        The caption.
    names : sequence of str
        What the head of a row says, column by column.
    heads : sequence of sequence of str
        The heads of the rows that are shown, as HTML.
    columns : sequence of Label
        The labels of the last axis that are shown.
    cells : sequence of sequence of str
        A ``<td>`` element for each of them.
    total : tuple of int
        How many rows and columns there are.
    """
    head = _row("th", [*map(escape, names), *map(label_text, columns)])
    body = [
        "<tr>" + "".join(f"<th>{text}</th>" for text in texts) + "".join(line) + "</tr>"
        for texts, line in zip(heads, cells, strict=True)
    ]
    shown = (len(heads), len(columns))
    notes = [
        f"{every - seen:,} of {every:,} {what} left out"
        for what, every, seen in zip(("rows", "columns"), total, shown, strict=True)
        if every > seen
    ]
    return _table(title, head, body, [*notes, "grey: not complete"])


def share_cell(value: float, below: str, *, faint: bool) -> str:
    """Return a ``<td>`` shaded by a share, with the numbers it comes from below it."""
    shade = f"background:rgba(31,119,180,{0.6 * value:.2f})" if math.isfinite(value) else ""
    style = "color:#999" if faint else shade
    return f'<td style="{style}">{percent(value)}<br><small>{escape(below)}</small></td>'


def _row(tag: str, cells: Sequence[str], style: str = "") -> str:
    return f"<tr{style}>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _table(title: str, head: str, body: Sequence[str], notes: Sequence[str]) -> str:
    foot = f"<p><small>{'; '.join(notes)}</small></p>" if notes else ""
    return (
        f"<table><caption>{escape(title)}</caption><thead>{head}</thead>"
        f"<tbody>{''.join(body)}</tbody></table>{foot}"
    )
