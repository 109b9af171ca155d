"""HTML for notebooks: small tables, in which what is not complete is grey."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "ROWS",
    "columns_html",
    "frame_html",
    "grid_html",
    "label_text",
    "number",
    "percent",
    "rows_html",
    "share_cell",
    "value_text",
]

ROWS = 30
"""Rows of a table that are shown."""

COLUMNS = 18
"""Columns of a grid that are shown."""

_FAINT = ' style="color:#999"'


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


def frame_html(title: str, frame: pd.DataFrame) -> str:
    """Return the first rows of a frame as an HTML table; those that are not complete are grey.

    Parameters
    ----------
    title : str
        The caption.
    frame : pandas.DataFrame
        Without anything of single customers.

    Examples
    --------
    >>> import pandas as pd
    >>> "<td>0.5</td>" in frame_html("share", pd.DataFrame({"of": ["<b>"], "share": [0.5]}))
    True
    """
    some = frame.head(ROWS)
    complete = some["complete"].tolist() if "complete" in some else [True] * len(some)
    columns = {
        str(name): [value_text(value) for value in some[name].tolist()]
        for name in some.columns
        if name != "complete"
    }
    return rows_html(title, {}, columns, [not done for done in complete], len(frame))


def columns_html(title: str, columns: Mapping[str, Any], total: int) -> str:
    """Return what columns of many customers hold, and nothing of any one of them.

    Parameters
    ----------
    title : str
        The caption.
    columns : mapping of str to ndarray or pandas.Series
        One value a row: numbers, truth values, dates or labels.
    total : int
        How many rows there are.

    Returns
    -------
    str
        An HTML table with a row for each column: how many values are known and how many different
        ones there are; of numbers and dates the quartiles; of up to six labels how often each
        occurs.

    Examples
    --------
    >>> import numpy as np
    >>> page = columns_html("rfm", {"frequency": np.array([1, 2, 2, 5, 9])}, 5)
    >>> "<td>frequency</td><td>5</td><td>4</td><td>2</td><td>2</td><td>5</td>" in page
    True
    """
    rows = [_told(column) for column in columns.values()]
    names = ("known", "different", "quarter", "median", "three quarters", "values")
    shown = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    caption = f"{title}: {number(total)} rows"
    return rows_html(caption, {"column": list(columns)}, shown, [False] * len(rows), len(rows))


def value_text(value: Any) -> str:
    """Return one value of a frame as text: numbers as people write them, a dash for none.

    Examples
    --------
    >>> value_text(1234), value_text(None), value_text(True)
    ('1,234', '–', 'True')
    """
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return str(value)


_FEW = 6  # labels that are counted one by one
_QUARTERS = (0.25, 0.5, 0.75)


def _told(column: Any) -> list[str]:
    """Return what one column holds, as text."""
    import pandas as pd

    values = pd.Series(column)
    known = values.dropna()
    counts = known.value_counts()
    head = [number(len(known)), number(len(counts))]
    kind = values.dtype.kind
    if kind in "iufMm" and len(known):
        quarters = known.quantile(list(_QUARTERS), interpolation="lower").tolist()
        return [*head, *map(value_text, quarters), ""]
    said = ""
    if kind not in "iufMm" and len(counts) <= _FEW:
        pairs = zip(counts.index.tolist(), counts.tolist(), strict=True)
        said = ", ".join(f"{value}: {number(n)}" for value, n in pairs)
    return [*head, "", "", "", said]


def _row(tag: str, cells: Sequence[str], style: str = "") -> str:
    return f"<tr{style}>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _table(title: str, head: str, body: Sequence[str], notes: Sequence[str]) -> str:
    foot = f"<p><small>{'; '.join(notes)}</small></p>" if notes else ""
    return (
        f"<table><caption>{escape(title)}</caption><thead>{head}</thead>"
        f"<tbody>{''.join(body)}</tbody></table>{foot}"
    )
