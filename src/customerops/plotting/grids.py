"""Heat maps: values over two axes, what is not over grey and hatched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import attrs
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from customerops.plotting.canvas import (
    FAINT,
    GREY,
    IMMATURE,
    INK,
    amount,
    as_percent,
    finish,
    label_ticks,
    legend,
    open_axes,
)
from customerops.plotting.reading import Measure
from customerops.plotting.words import name_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Grid", "grid_chart"]

WRITTEN = (32, 24)
"""Rows and columns up to which every value is written into its cell."""


@attrs.frozen(eq=False, kw_only=True)
class Grid:
    """Values over two axes.

    Attributes
    ----------
    value : ndarray, shape (rows, columns)
        NaN where there is none.
    complete : ndarray of bool, same shape
        Whether its time is over; a cell that is not is grey, whatever its value.
    rows, columns : sequence of str
        The labels.
    names : tuple of str
        What the rows are, and what the columns are.
    measure : Measure
        What values are measured in.
    counts : ndarray of str, optional
        What each value was made of, to be written below it where there is room.
    top : float, optional
        The value that has the darkest colour; the largest if not given.
    """

    value: NDArray[np.float64]
    complete: NDArray[np.bool_]
    rows: Sequence[str]
    columns: Sequence[str]
    names: tuple[str, str]
    measure: Measure
    counts: NDArray[np.str_] | None = None
    top: float | None = None


def grid_chart(grid: Grid, ax: Axes | None, title: str, below: str) -> Axes:
    """Draw a heat map with the values written into its cells, where there are not too many."""
    n, m = grid.value.shape
    wide, high = (0.92, 0.48) if _counted(grid) else (0.52, 0.34)
    ax = open_axes(ax, min(max(2.4 + wide * m, 5.5), 13), min(max(1.7 + high * n, 2.6), 11))
    shown = np.where(grid.complete, grid.value, np.nan)
    known = shown[~np.isnan(shown)]
    top = float(known.max()) if grid.top is None and known.size else (grid.top or 1.0)
    bottom = min(float(known.min()), 0.0) if known.size else 0.0
    norm = Normalize(bottom, top if top > bottom else bottom + 1)
    colours = colormaps["Blues"]
    edges = (np.arange(m + 1) - 0.5, np.arange(n + 1) - 0.5)
    mesh = ax.pcolormesh(
        *edges, np.ma.masked_invalid(shown), cmap=colours, norm=norm, edgecolors="white", lw=0.6
    )
    mesh.set_gid("values")
    grey = np.argwhere(~grid.complete).tolist()
    for i, j in grey:
        ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, gid=IMMATURE, **cast("Any", GREY)))
    written = n <= WRITTEN[0] and m <= WRITTEN[1]
    if written:
        _write(ax, grid, shown, norm)
    else:
        _colour_bar(ax, mesh, grid)
    label_ticks(ax, "x", grid.columns, most=WRITTEN[1])
    label_ticks(ax, "y", grid.rows, most=40)
    ax.set_xlim(-0.5, max(m, 1) - 0.5)
    ax.set_ylim(max(n, 1) - 0.5, -0.5)
    ax.set_ylabel(name_text(grid.names[0]))
    said = f"in the cells: {grid.measure.label}" if written else ""
    ax.set_xlabel(f"{name_text(grid.names[1])}\n{said}".rstrip())
    if grey:
        legend(ax, immature="not over")
    finish(ax, title, below, grid="")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0)
    return ax


def _write(ax: Axes, grid: Grid, shown: NDArray[np.float64], norm: Normalize) -> None:
    """Write each value into its cell, dark on light and light on dark."""
    counts, digits = grid.counts, _digits(shown[~np.isnan(shown)])
    for i, j in np.ndindex(shown.shape):
        value = shown[i, j]
        if np.isnan(value):
            said = "–" if grid.complete[i, j] else ""
            ax.text(j, i, said, ha="center", va="center", fontsize=8, color=FAINT)
            continue
        fraction = grid.measure.fraction
        text = f"{100 * value:.{digits if value else 0}f}" if fraction else amount(float(value))
        if counts is not None and _counted(grid) and counts[i, j]:
            text = f"{text}\n{counts[i, j]}"
        light = norm(value) > 0.55
        size = 7.5 if "\n" in text or len(text) > 5 else 8
        ax.text(
            j, i, text, ha="center", va="center", fontsize=size, color="white" if light else INK
        )


def _counted(grid: Grid) -> bool:
    """Return whether there is room for the counts below each value."""
    counts = grid.counts
    return counts is not None and counts.shape[1] <= 8 and bool((counts != "").any())


def _digits(known: NDArray[np.float64]) -> int:
    """Return with how many decimals percentages are told apart in one grid."""
    small = known[(known > 0) & (known < 0.01)]
    return 1 if small.size or (known.size and known.max() <= 0.1) else 0


def _colour_bar(ax: Axes, mesh: Any, grid: Grid) -> None:
    figure = ax.get_figure()
    assert figure is not None
    bar = figure.colorbar(mesh, ax=ax, shrink=0.8)
    bar.set_label(grid.measure.label)
    bar.outline.set_visible(False)
    if grid.measure.fraction:
        as_percent(bar.ax.yaxis)
