"""Estimates: points with whiskers by group, lines with bands over periods and ages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from customerops.metrics.comparison.changes import Change
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Difference, Estimate
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    GREY,
    IMMATURE,
    as_counts,
    as_percent,
    finish,
    label_ticks,
    legend,
    open_axes,
    percent,
    refuse,
    shade_open,
)
from customerops.plotting.grids import Grid, grid_chart
from customerops.plotting.palette import colours_of
from customerops.plotting.reading import Series, order_of, ordered, series_of
from customerops.plotting.words import (
    joined,
    label_text,
    label_texts,
    metric_text,
    name_text,
    subtitle,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["estimate_chart", "share_map"]

LINES = len(COLOURS)
ROWS = 60

Drawable = Estimate | Difference | Change


def estimate_chart(result: Drawable, ax: Axes | None = None, *, confidence: float = 0.95) -> Axes:
    """Draw an estimate with its intervals: by group, over periods or ages, or over two axes.

    Parameters
    ----------
    result : Estimate, Difference or Change
        Without an axis or over one of groups or states: points with whiskers, and beside them the
        counts they are made of. Over periods or ages: lines with bands, one for each group. Over
        two axes of groups or states, or more than eight groups: a heat map.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        Fractions are in percent. Periods that are not over are grey and hatched; what is not
        defined, for there was nobody, is left out and said so.

    Raises
    ------
    InvalidInputError
        If there are more than two axes, or more than sixty groups.

    Examples
    --------
    >>> from customerops.model import Axis, Context, Proportion
    >>> from customerops.plotting import estimate_chart
    >>> plans = Axis("plan", ["basic", "pro"], "group", disjoint=True)
    >>> parts = {"count": [81, 30], "total": [263, 60]}
    >>> ax = estimate_chart(Proportion(axes=[plans], parts=parts, context=Context("churn_rate")))
    >>> ax.get_xlabel()
    'share of customers (%)'
    """
    series = series_of(result, confidence)
    axes = series.axes
    title = metric_text(series.context)
    if not isinstance(result, Estimate):
        title += f": {type(result).__name__.lower()}"
    note = f"{percent(confidence)} intervals" if series.bounded else ""
    below = subtitle(series.context, note)
    if len(axes) > 2:
        names = joined([axis.name for axis in axes])
        refuse("have at most two axes", f"its axes are {names}: select() a label of some of them")
    if len(axes) == 2:
        across = _across(axes)
        if across is None or len(axes[1 - across]) > LINES:
            grid = _grid(result, series, across)
            return grid_chart(grid, ax, title, subtitle(series.context))
        return _lines(result, series, across, ax, title, below)
    if axes and ordered(axes[0]):
        return _lines(result, series, 0, ax, title, below)
    return _points(series, ax, title, below)


def _across(axes: tuple[Axis, ...]) -> int | None:
    """Return the axis that lines run along; None for a heat map."""
    periods = [i for i, axis in enumerate(axes) if axis.kind == "period"]
    joint = periods or [i for i, axis in enumerate(axes) if ordered(axis)]
    return joint[0] if len(joint) == 1 else None


def _points(series: Series, ax: Axes | None, title: str, below: str) -> Axes:
    """Draw one point a row, first label on top."""
    value, low, high = (np.atleast_1d(x) for x in (series.value, series.low, series.high))
    complete = np.atleast_1d(series.complete)
    if len(value) > ROWS:
        refuse(f"have at most {ROWS} groups", f"there are {len(value)}: select() some of them")
    names = label_texts(series.axes[0].labels) if series.axes else ["all"]
    ax = open_axes(ax, 7.0, 1.5 + 0.36 * max(len(value), 1))
    places = np.arange(len(value))
    _whiskers(ax, value, places, low, high)
    for place in places[~complete].tolist():
        span = ax.axhspan(place - 0.5, place + 0.5, zorder=0, **cast("Any", GREY))
        span.set_gid(IMMATURE)
    for i, text in enumerate(np.atleast_1d(series.counts).tolist()):
        said = text if not np.isnan(value[i]) else _why(text, complete=bool(complete[i]))
        if said:
            ax.annotate(
                said,
                (1, i),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                color=FAINT,
            )
    label_ticks(ax, "y", names, most=ROWS)
    ax.set_ylim(max(len(value), 1) - 0.5, -0.5)
    ax.set_xlabel(series.measure.label)
    if series.axes:
        ax.set_ylabel(name_text(series.axes[0].name))
    _value_axis(ax.xaxis, series)
    return finish(ax, title, below, grid="x")


def _why(counts: str, *, complete: bool) -> str:
    """Say why there is no value."""
    return "not defined" if complete else f"{counts} so far: not over".removeprefix(" so far: ")


def _whiskers(ax: Axes, value: Any, places: Any, low: Any, high: Any) -> None:
    spread = np.vstack([np.maximum(value - low, 0), np.maximum(high - value, 0)])
    ax.errorbar(
        value, places, xerr=np.nan_to_num(spread), fmt="o", color=COLOURS[0], capsize=3, ms=5.5
    )


def _lines(
    result: Drawable, series: Series, along: int, ax: Axes | None, title: str, below: str
) -> Axes:
    """Draw one line for each label of the other axis, over the labels of an ordered one."""
    axis = series.axes[along]
    other = series.axes[1 - along] if len(series.axes) == 2 else None
    ax = open_axes(ax)
    x = np.arange(len(axis))
    # a row for each line: each of the arrays with the ordered axis last
    rows = [
        np.atleast_2d(np.moveaxis(array, along, -1))
        for array in (series.value, series.low, series.high, series.complete)
    ]
    names = label_texts(other.labels) if other else ["_"]
    order = order_of(other, result) if other else [0]
    for colour, i in zip(colours_of([names[i] for i in order]), order, strict=True):
        value, low, high = (row[i] for row in rows[:3])
        ax.plot(x, value, color=colour, marker="o", ms=3.5, lw=1.6, label=names[i])
        ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
    open_ = x[~rows[3].all(axis=0)]
    shade_open(ax, open_.tolist())
    label_ticks(ax, "x", label_texts(axis.labels, series.context.period))
    ax.set_xlim(-0.5, max(len(axis), 1) - 0.5)
    ax.set_xlabel(_named(axis, series))
    ax.set_ylabel(series.measure.label)
    _value_axis(ax.yaxis, series)
    legend(
        ax,
        immature="not over" if len(open_) else "",
        title=name_text(other.name) if other else None,
    )
    return finish(ax, title, below)


def _named(axis: Axis, series: Series) -> str:
    period = series.context.period
    if axis.kind == "age" and period:
        return f"{name_text(axis.name)} ({period}s)"
    return period if axis.kind == "period" and period else name_text(axis.name)


def _value_axis(axis: Any, series: Series) -> None:
    if series.measure.fraction:
        as_percent(axis)
    else:
        as_counts(axis, whole=False)


def share_map(result: Drawable, ax: Axes | None = None) -> Axes:
    r"""Draw an estimate over two axes as a heat map: moves from state to state, steps of paths.

    Parameters
    ----------
    result : Estimate, Difference or Change
        Over two axes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Stages stand in their own order. Where there are few columns the counts are written below
        each value. Cells that are not over are grey and hatched.

    Raises
    ------
    InvalidInputError
        If there are not two axes.

    Examples
    --------
    >>> from customerops.model import Axis, Context, Proportion
    >>> from customerops.plotting import share_map
    >>> axes = [Axis(name, ["a", "b"], "state") for name in ("before", "after")]
    >>> parts = {"count": [[3, 1], [0, 2]], "total": [[4, 4], [2, 2]]}
    >>> moves = Proportion(axes=axes, parts=parts, context=Context("segment_migration"))
    >>> [text.get_text() for text in share_map(moves).texts[:4]]
    ['75\n3 / 4', '25\n1 / 4', '0\n0 / 2', '100\n2 / 2']
    """
    series = series_of(result, 0.95)
    if len(series.axes) != 2:
        refuse("have two axes", f"it has {len(series.axes)}: select() a label of the others")
    title, below = metric_text(series.context), subtitle(series.context)
    return grid_chart(_grid(result, series, None), ax, title, below)


def _grid(result: Drawable, series: Series, across: int | None) -> Grid:
    """Return a heat map: the ordered axis across, or the last one."""
    turn = across == 0
    down, right = series.axes[::-1] if turn else series.axes
    cells = np.ix_(order_of(down, result), order_of(right, result))
    rows, columns = (
        [label_text(axis.labels[i], series.context.period) for i in order_of(axis, result)]
        for axis in (down, right)
    )
    return Grid(
        value=(series.value.T if turn else series.value)[cells],
        complete=(series.complete.T if turn else series.complete)[cells],
        rows=rows,
        columns=columns,
        names=(down.name, right.name),
        measure=series.measure,
        counts=(series.counts.T if turn else series.counts)[cells],
    )
