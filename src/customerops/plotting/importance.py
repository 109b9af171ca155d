"""Drivers of a score: how much each matters against how well it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from customerops.metrics.survey.driver_table import Drivers
from customerops.model.tables.intervals import as_confidence
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    INK,
    as_counts,
    as_percent,
    finish,
    open_axes,
    percent,
    refuse,
    short,
)
from customerops.plotting.words import joined, metric_text, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["importance_map"]

Floats = NDArray[np.float64]
_Box = tuple[float, float, float, float]  # left, right, bottom and top

_ROOM = (420.0, 290.0)  # points that a picture of its own is wide and high, about

_MATTERS = {
    "correlation": "importance (correlation with the score, -1 to 1)",
    "mean_difference": "importance (points of the score, with less without)",
    "shapley": "importance (part of R squared)",
}

_CORNERS = (
    ("concentrate here", 0.0, 1.0),
    ("keep up", 1.0, 1.0),
    ("low priority", 0.0, 0.0),
    ("possible overkill", 1.0, 0.0),
)


def importance_map(result: Drivers, ax: Axes | None = None, *, confidence: float = 0.95) -> Axes:
    """Draw the importance of drivers against their performance, in four quadrants.

    Parameters
    ----------
    result : Drivers
        Of one group and one period.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals of importance, between 0 and 1; ``"shapley"`` has none.

    Returns
    -------
    matplotlib.axes.Axes
        Lines at the mean importance and the mean performance, which part the quadrants.

    Raises
    ------
    InvalidInputError
        If there are groups or periods, no driver has both values, or `confidence` is not between 0
        and 1.

    Notes
    -----
    The quadrants are those of ``Drivers.quadrants``: the drivers must be rated on one scale.

    Examples
    --------
    >>> from customerops.metrics import drivers
    >>> from customerops.plotting import importance_map
    >>> found = drivers(
    ...     [9, 7, 4, 2, 8], definition="correlation",
    ...     ratings={"staff": [5, 4, 2, 1, 5], "price": [2, 3, 2, 3, 2]},
    ... )
    >>> [text.get_text() for text in importance_map(found).texts[:2]]
    ['price', 'staff']
    """
    level = as_confidence(confidence)
    if len(result.axes) > 2:
        names = joined([axis.name for axis in result.axes[:-2]])
        refuse("be of one group and period", f"select() a label of {names}")
    matters, done = result.importance, result.performance
    known = ~(np.isnan(matters) | np.isnan(done))
    if not known.any():
        refuse("have a driver with a value", "too few answers vary, or the window is not over")
    ax = open_axes(ax, 7.2, 5.2)
    x, y = done[known], matters[known]
    bounded = result.definition != "shapley"
    if bounded:
        low, high = (bound[known] for bound in result.interval(level))
        spread = np.nan_to_num(np.maximum(np.stack([y - low, high - y]), 0))
        ax.errorbar(x, y, yerr=spread, fmt="none", ecolor=COLOURS[0], capsize=3, alpha=0.45)
    ax.plot(x, y, "o", color=COLOURS[0], ms=7, label="_drivers")
    ax.margins(x=0.22, y=0.14)
    names = np.array(result.names, object)[known].tolist()
    _name(ax, x, y, [short(str(name), 24) for name in names])
    if known.all():  # else no mean of all
        _quadrants(ax, float(done.mean()), float(matters.mean()))
    marks = result.definition == "mean_difference"
    if marks:
        as_percent(ax.xaxis)
    else:
        as_counts(ax.xaxis, whole=False)
    as_counts(ax.yaxis, whole=False)
    ax.set_xlabel(f"performance ({'share with the mark, %' if marks else 'mean answer'})")
    ax.set_ylabel(_MATTERS[str(result.definition)])
    n = result.n[known]
    many = f"{n.min():,}" if n.min() == n.max() else f"{n.min():,} to {n.max():,}"
    notes = [f"{many} respondents", result.wording]
    if bounded:
        notes.insert(0, f"{percent(level)} intervals")
    left_out = int((~known).sum())
    if left_out:
        notes.append(f"{left_out} drivers without a value are left out, and quadrants with them")
    return finish(ax, metric_text(result.context), subtitle(result.context, *notes), grid="")


def _name(ax: Axes, x: Floats, y: Floats, names: Sequence[str]) -> None:
    """Write the names beside the points, on the first side where they meet no other."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    at = np.column_stack([(x - left) / (right - left), (y - bottom) / (top - bottom)]) * _ROOM
    boxes = [(a - 5, a + 5, b - 5, b + 5) for a, b in at.tolist()]
    for (a, b), point, name in zip(at.tolist(), zip(x, y, strict=True), names, strict=True):
        wide = 5.5 * len(name)
        sides = {
            (dx, dy): (a + dx - (wide if dx < 0 else 0), a + dx + (wide if dx > 0 else 0),
                       b + dy, b + dy + 10)
            for dx in (8, -8) for dy in (4, -12)
        }  # fmt: skip
        free = (side for side, box in sides.items() if not any(_meet(box, one) for one in boxes))
        dx, dy = next(free, (8, 4))
        boxes.append(sides[dx, dy])
        ax.annotate(
            name, point, xytext=(dx, dy), textcoords="offset points", fontsize=9, color=INK,
            ha="left" if dx > 0 else "right", va="bottom",
        ).set_gid("driver")  # fmt: skip


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _quadrants(ax: Axes, x: float, y: float) -> None:
    """Draw the lines that part the quadrants, and write what each is called in its corner."""
    ax.axvline(x, color=FAINT, lw=1, ls="--", label="_mean")
    ax.axhline(y, color=FAINT, lw=1, ls="--", label="_mean")
    for name, right, top in _CORNERS:
        ax.annotate(
            name, (right, top), xycoords="axes fraction", xytext=(-5 if right else 5, -5 if top else 5),
            textcoords="offset points", ha="right" if right else "left",
            va="top" if top else "bottom", fontsize=9, fontstyle="italic", color=FAINT,
        ).set_gid("quadrant")  # fmt: skip
