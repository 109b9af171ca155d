"""Sankey diagrams: what goes from place to place, column by column, drawn with paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
from matplotlib import patheffects
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from customerops.plotting.canvas import (
    FAINT,
    INK,
    finish,
    no_more,
    open_axes,
    short,
)
from customerops.plotting.palette import colours_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLUMNS", "Link", "flow_diagram"]

_MUTED = "#c4c4c4"
_NODE = 0.035  # half the width of a node; columns are 1 apart
_GAP = 0.045  # between nodes of a column, of the height of all
_LINE = 0.088  # what the two lines of a label need, of the height of all
COLUMNS = 13


@attrs.frozen
class Link:
    """What goes from one place to another.

    Attributes
    ----------
    step : int
        The column it starts from, counted from 0; it ends in the next.
    source, target : str
        The places.
    count : int
        How many.
    """

    step: int
    source: str
    target: str
    count: int


@attrs.frozen
class _Node:
    label: str
    column: int
    top: float
    size: float


def flow_diagram(
    links: Iterable[Link],
    ax: Axes | None = None,
    *,
    title: str,
    below: str = "",
    heads: Sequence[str] = (),
    order: Sequence[str] = (),
) -> Axes:
    r"""Draw links between places in columns: a Sankey diagram.

    Parameters
    ----------
    links : iterable of Link
        In any order; equal ones add up.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    title, below : str
        What it shows, and of which data.
    heads : sequence of str
        A head for each column.
    order : sequence of str
        Places from top to bottom; left out, the largest on top, those in brackets last.

    Returns
    -------
    matplotlib.axes.Axes
        One scale for all columns: a ribbon is as high as it counts.

    Raises
    ------
    InvalidInputError
        If there are more than thirteen columns.

    Examples
    --------
    >>> from customerops.plotting import Link, flow_diagram
    >>> links = [Link(0, "home", "cart", 30), Link(0, "home", "(end)", 70)]
    >>> ax = flow_diagram(links, title="Visits", heads=["first", "then"])
    >>> sorted(text.get_text() for text in ax.texts if text.get_gid() == "name")
    ['(end)\n70', 'cart\n30', 'home\n100']
    """
    total: dict[tuple[int, str, str], int] = defaultdict(int)
    for link in links:
        total[link.step, link.source, link.target] += link.count
    columns = max((step for step, *_ in total), default=0) + 2
    no_more("columns", columns, COLUMNS, "select() fewer steps or periods")
    nodes, whole = _placed(total, columns, order)
    colours = _colours(nodes.values(), order)
    ax = open_axes(ax, min(3.2 + 2.0 * (columns - 1), 13), 4.8)
    _ribbons(ax, total, nodes, colours)
    for node in nodes.values():
        ax.add_patch(
            Rectangle(
                (node.column - _NODE, node.top),
                2 * _NODE,
                node.size,
                facecolor=colours[node.label],
                linewidth=0,
                gid="node",
            )
        )
    lowest = max((node.top + node.size for node in nodes.values()), default=1.0)
    lowest = max(lowest, _name(ax, nodes.values(), _LINE * lowest, columns))
    for column, head in enumerate(heads[:columns]):
        ax.text(column, -0.05 * whole, head, ha="center", va="bottom", fontsize=9, color=FAINT)
    ax.set_xlim(-0.15, columns - 1 + 0.55)
    ax.set_ylim(lowest + 0.03 * whole, -0.12 * whole)
    finish(ax, title, below, grid="")
    ax.set_axis_off()
    return ax


def _placed(
    total: Mapping[tuple[int, str, str], int], columns: int, order: Sequence[str]
) -> tuple[dict[tuple[int, str], _Node], float]:
    """Return where each place stands, and how high the largest column is without its gaps."""
    coming: dict[tuple[int, str], int] = defaultdict(int)
    going: dict[tuple[int, str], int] = defaultdict(int)
    for (step, source, target), count in total.items():
        going[step, source] += count
        coming[step + 1, target] += count
    size = {key: max(coming[key], going[key]) for key in {**coming, **going}}
    rank = {label: i for i, label in enumerate(order)}
    inside = [
        sorted(
            (key for key in size if key[0] == k),
            key=lambda key: (
                rank.get(key[1], len(rank)),
                key[1].startswith("("),
                -size[key],
                key[1],
            ),
        )
        for k in range(columns)
    ]
    whole = float(max((sum(size[key] for key in keys) for keys in inside), default=1))
    nodes = {}
    for keys in inside:
        top = 0.0
        for key in keys:
            nodes[key] = _Node(key[1], key[0], top, float(size[key]))
            top += size[key] + _GAP * whole
    return nodes, whole


def _colours(nodes: Iterable[_Node], order: Sequence[str]) -> dict[str, str]:
    """Return a colour for each place, the same in all columns; those in brackets are grey."""
    sizes: dict[str, float] = defaultdict(float)
    for node in nodes:
        sizes[node.label] += node.size
    ranked = sorted(sizes, key=lambda label: (-sizes[label], label))
    named = [label for label in (order or ranked) if label in sizes and not label.startswith("(")]
    distinct = list(dict.fromkeys(named))
    chosen = dict(zip(distinct, colours_of(distinct), strict=False))
    return {label: chosen.get(label, _MUTED) for label in sizes}


def _ribbons(
    ax: Axes,
    total: Mapping[tuple[int, str, str], int],
    nodes: Mapping[tuple[int, str], _Node],
    colours: Mapping[str, str],
) -> None:
    """Draw every link from its source to its target, in the order in which they stand."""
    ordered = sorted(
        total, key=lambda key: (key[0], nodes[key[0], key[1]].top, nodes[key[0] + 1, key[2]].top)
    )
    left = {key: node.top for key, node in nodes.items()}
    right = dict(left)
    for step, source, target in ordered:
        count = total[step, source, target]
        y0, y1 = left[step, source], right[step + 1, target]
        left[step, source] += count
        right[step + 1, target] += count
        ax.add_patch(
            PathPatch(
                _ribbon(step + _NODE, step + 1 - _NODE, y0, y1, count),
                facecolor=colours[source] if colours[target] != _MUTED else _MUTED,
                alpha=0.38,
                linewidth=0,
                gid="flow",
            )
        )


def _ribbon(x0: float, x1: float, y0: float, y1: float, height: float) -> Path:
    """Return a band of one height with ends that are level."""
    bend = (x0 + x1) / 2
    points = [
        (x0, y0), (bend, y0), (bend, y1), (x1, y1),
        (x1, y1 + height), (bend, y1 + height), (bend, y0 + height), (x0, y0 + height),
        (x0, y0),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    return Path(points, codes)


def _name(ax: Axes, nodes: Iterable[_Node], apart: float, columns: int) -> float:
    """Write the names beside the nodes, moved apart where they would meet; return the lowest."""
    lowest = [-np.inf] * columns
    for node in sorted(nodes, key=lambda one: (one.column, one.top)):
        y = max(node.top + node.size / 2, lowest[node.column] + apart)
        lowest[node.column] = y
        text = ax.text(
            node.column + _NODE + 0.03,
            y,
            f"{short(node.label, 20)}\n{int(node.size):,}",
            va="center",
            fontsize=8.5,
            linespacing=1.1,
            color=INK,
        )
        text.set_gid("name")
        text.set_path_effects([patheffects.withStroke(linewidth=2.5, foreground="white")])
    return max(lowest) + apart / 2
