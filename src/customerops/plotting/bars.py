"""Bars: counts by label or period, credit by channel, ages of what is open."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from customerops.journey.credit.attribution import Attribution
from customerops.metrics.service.backlogs import Backlog
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Table
from customerops.plotting.canvas import (
    COLOURS,
    GREY,
    IMMATURE,
    INK,
    amount,
    as_counts,
    finish,
    label_ticks,
    legend,
    level,
    no_more,
    open_axes,
    percent,
    refuse,
    shade_open,
    short,
)
from customerops.plotting.grids import Grid, grid_chart
from customerops.plotting.palette import colours_of
from customerops.plotting.reading import Measure, order_of, ordered
from customerops.plotting.words import (
    joined,
    label_texts,
    metric_text,
    name_text,
    plural,
    subtitle,
    unit_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["attribution_bars", "backlog_bars", "count_bars"]

Counts = NDArray[Any]


def count_bars(
    table: Table, ax: Axes | None = None, *, parts: Sequence[str] | None = None
) -> Axes:
    """Draw the counts of a table as bars: by label, stacked over periods, or as a heat map.

    Parameters
    ----------
    table : Table
        Over one axis: a bar a label. Over periods and one other axis: a bar a period, stacked.
        Over two other axes: a heat map of counts.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    parts : sequence of str, optional
        Which parts; the first if not given. Several are stacked, so they should add up to
        something, and take a table of at most one axis.

    Returns
    -------
    matplotlib.axes.Axes
        Periods that are not over are grey and hatched behind their bars: counts so far.

    Raises
    ------
    InvalidInputError
        If there are more than two axes, or more labels than colours in a stack.

    Examples
    --------
    >>> from customerops.model import Axis, Context
    >>> from customerops.metrics import PowerCurve
    >>> from customerops.plotting import count_bars
    >>> days = Axis("active", [1, 2, 3], "state")
    >>> curve = PowerCurve(axes=[days], parts={"customers": [9, 4, 1]}, context=Context("power_curve"))
    >>> [float(bar.get_height()) for bar in count_bars(curve).patches]
    [9.0, 4.0, 1.0]
    """
    names = tuple(parts or table.PARTS[:1])
    title, below = metric_text(table.context), subtitle(table.context)
    label = plural(table.context.unit) if len(names) > 1 else _part_text(names[0], table.context)
    kinds = [axis.kind for axis in table.axes]
    if len(kinds) > 2 or (len(kinds) == 2 and len(names) > 1):
        said = joined([axis.name for axis in table.axes])
        refuse("have at most two axes", f"its axes are {said}: select() a label of some of them")
    if len(kinds) == 2 and ("period" not in kinds or _many(table)):
        return grid_chart(_grid(table, names[0], label), ax, title, below)
    if len(kinds) == 2:
        at = kinds.index("period")
        other = table.axes[1 - at]
        order = order_of(other, table)
        heights = np.moveaxis(table._spread(names[0]), at, -1)[order]
        series = [label_texts(other.labels)[i] for i in order]
        ax = _stack(ax, heights, series, table, table.axes[at])
        legend(ax, immature=_so_far(ax), title=name_text(other.name))
    else:
        axis = table.axes[0] if table.axes else Axis("all", ["all"], "group")
        heights = np.array([np.atleast_1d(table._spread(name)) for name in names])
        if len(names) == 1 and not ordered(axis):
            return _rows(ax, heights[0], table, axis, (title, below, label))
        series = [_part_text(name, table.context) for name in names] if len(names) > 1 else [""]
        ax = _stack(ax, heights, series, table, axis)
        legend(ax, immature=_so_far(ax))
    ax.set_ylabel(label)
    return finish(ax, title, below)


def _so_far(ax: Axes) -> str:
    return "so far" if any(patch.get_gid() == IMMATURE for patch in ax.patches) else ""


def _part_text(name: str, context: Context) -> str:
    same = name in ("count", "paths", "pairs")
    return plural(context.unit) if same else name.replace("_", " ")


def _many(table: Table) -> bool:
    return max(len(axis) for axis in table.axes if axis.kind != "period") > len(COLOURS)


def _stack(
    ax: Axes | None,
    heights: Counts,
    names: Sequence[str],
    table: Table,
    axis: Axis,
) -> Axes:
    """Draw a bar for each label of an axis, the series on top of each other."""
    no_more("series", len(names), len(COLOURS), "select() some of them")
    ax = open_axes(ax)
    x = np.arange(len(axis))
    base = np.zeros(len(axis))
    along = table.axes.index(axis) if table.axes else 0
    done = np.atleast_1d(table._complete())
    complete = np.moveaxis(done, along, -1).reshape(-1, len(axis)).all(axis=0)
    shade_open(ax, x[~complete].tolist())
    for line, name, colour in zip(
        heights.astype(np.float64), names, colours_of(names), strict=True
    ):
        ax.bar(x, line, bottom=base, color=colour, width=0.8, label=name or "_")
        base = base + line
    level(ax, float(base.max(initial=0)))
    label_ticks(ax, "x", label_texts(axis.labels, table.context.period))
    ax.set_xlim(-0.6, max(len(axis), 1) - 0.4)
    ax.set_xlabel(_along(axis, table.context))
    as_counts(ax.yaxis)
    return ax


def _along(axis: Axis, context: Context) -> str:
    if axis.kind == "period":
        return context.period or axis.name
    return f"active {unit_text(context)}" if axis.name == "active" else name_text(axis.name)


def _rows(
    ax: Axes | None,
    widths: Counts,
    table: Table,
    axis: Axis,
    texts: tuple[str, str, str],
) -> Axes:
    """Draw a bar a row, its number at its end."""
    title, below, label = texts
    n = len(widths)
    ax = open_axes(ax, 7.0, 1.5 + 0.34 * max(n, 1))
    order = order_of(axis, table)
    values, done = widths[order].astype(np.float64), np.atleast_1d(table._complete())[order]
    bars = ax.barh(np.arange(n), values, color=COLOURS[0], height=0.72)
    for bar, over in zip(bars, done.tolist(), strict=True):
        if not over:
            bar.set(gid=IMMATURE, **cast("Any", GREY))
    _numbers(ax, values, [amount(v) for v in values.tolist()])
    label_ticks(ax, "y", [label_texts(axis.labels)[i] for i in order], most=60)
    ax.set_ylim(max(n, 1) - 0.5, -0.5)
    ax.set_ylabel(name_text(axis.name))
    ax.set_xlabel(label)
    as_counts(ax.xaxis)
    if not done.all():
        legend(ax, immature="so far")
    return finish(ax, title, below, grid="x")


def _numbers(ax: Axes, values: Counts, texts: Sequence[str], at: Sequence[float] = ()) -> None:
    for i, (value, text) in enumerate(zip(values.tolist(), texts, strict=True)):
        ax.annotate(
            text,
            (value, at[i] if at else i),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=INK,
        )
    ax.margins(x=0.12)


def _grid(table: Table, part: str, label: str) -> Grid:
    rows, columns = table.axes
    count = table._spread(part).astype(np.float64)
    down, right = order_of(rows, table), order_of(columns, table)
    return Grid(
        value=np.where(count > 0, count, np.nan)[np.ix_(down, right)],
        complete=np.broadcast_to(table._complete(), count.shape)[np.ix_(down, right)],
        rows=[label_texts(rows.labels, table.context.period)[i] for i in down],
        columns=[label_texts(columns.labels, table.context.period)[i] for i in right],
        names=(rows.name, columns.name),
        measure=Measure(f"{label}; –: none"),
    )


def attribution_bars(result: Attribution, ax: Axes | None = None) -> Axes:
    """Draw the conversions that each channel is credited with.

    Parameters
    ----------
    result : Attribution
        With at most four groups.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The channel with the most credit on top, its share beside its bar. Bars of a window that is
        not over are grey and hatched.

    Raises
    ------
    InvalidInputError
        If there are more than four groups.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import Last, attribute, paths_to_conversion
    >>> from customerops.plotting import attribution_bars
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a"], kind=["visit", "buy"], channel=["ads", None],
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 1, 6)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> paths = paths_to_conversion(log, "buy", touches="visit", lookback=dt.timedelta(days=9))
    >>> ax = attribution_bars(attribute(paths, Last()))
    >>> ax.texts[0].get_text()
    '1.0  (100 %)'
    """
    *outer, channels = result.axes
    groups = label_texts(outer[0].labels) if outer else [""]
    no_more("groups", len(groups), 4, "attribute() the paths of some of them")
    credit = np.asarray(result.conversions).reshape(len(groups), -1)
    shares = np.asarray(result.shares).reshape(len(groups), -1)
    complete = np.atleast_1d(np.asarray(result.complete))
    order = np.argsort(-credit.sum(axis=0), kind="stable")
    names = [label_texts(channels.labels)[i] for i in order.tolist()]
    ax = open_axes(ax, 7.0, 1.7 + 0.36 * len(names) * max(len(groups) * 0.7, 1))
    height = 0.8 / len(groups)
    y = np.arange(len(names))
    for i, name in enumerate(groups):
        places = y + (i - (len(groups) - 1) / 2) * height
        values = credit[i, order]
        bars = ax.barh(places, values, height * 0.9, color=COLOURS[i], label=name or "_")
        if not complete[i]:
            for bar in bars:
                bar.set(gid=IMMATURE, **cast("Any", GREY))
        texts = [
            f"{v:,.1f}" + ("" if np.isnan(s) else f"  ({percent(s)})")
            for v, s in zip(values.tolist(), shares[i, order].tolist(), strict=True)
        ]
        _numbers(ax, values, texts, places.tolist())
    label_ticks(ax, "y", names, most=60)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.margins(x=0.16)
    ax.set_ylabel(name_text(channels.name))
    ax.set_xlabel("credited conversions (and their share, %)")
    as_counts(ax.xaxis, whole=False)
    legend(
        ax,
        immature="" if complete.all() else "so far",
        title=name_text(outer[0].name) if outer else None,
    )
    untouched = int(np.sum(result.untouched))
    model = repr(result.context.option("model"))
    notes = [f"{untouched:,} conversions without a touch are nobody's"] if untouched else []
    title = f"Attribution by {short(model, 40)}"
    return finish(ax, title, subtitle(result.context, *notes), grid="x")


def backlog_bars(
    result: Backlog, ax: Axes | None = None, *, bounds: Sequence[float] = (1, 3, 7, 14, 30)
) -> Axes:
    """Draw how many cases are open, by how long they have been.

    Parameters
    ----------
    result : Backlog
        Now; or at the end of each period, or by group: a stack for each.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    bounds : sequence of float
        Rising ages that part the bars, in the unit of the backlog.

    Returns
    -------
    matplotlib.axes.Axes
        Bars, the older the darker. The running period is grey and hatched behind its bar.

    Raises
    ------
    InvalidInputError
        If `bounds` do not rise, or there are groups and periods at once.

    Examples
    --------
    >>> from customerops.metrics import Backlog
    >>> from customerops.model import Context
    >>> from customerops.plotting import backlog_bars
    >>> waiting = Backlog.from_rows([0.5, 2.0, 9.0], context=Context("backlog", unit="thread"))
    >>> [float(bar.get_height()) for bar in backlog_bars(waiting, bounds=[1, 7]).patches]
    [1.0, 1.0, 1.0]
    """
    if len(result.outer) > 1:
        refuse("be by group or over periods", "select() a label of one of them")
    counts = result.by_age(bounds)
    edges = [amount(float(bound)) for bound in bounds]
    names = [f"under {edges[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(edges))]
    names.append(f"{edges[-1]} and more")
    unit = unit_text(result.context, "units of time")
    shades = [colormaps["Blues"](0.3 + 0.65 * i / len(bounds)) for i in range(len(names))]
    ax = open_axes(ax)
    cases = plural(result.context.unit)
    complete = np.atleast_1d(np.asarray(result.complete))
    if not result.outer:
        bars = ax.bar(np.arange(len(names)), counts, color=shades, width=0.8)
        ax.bar_label(bars, [f"{n:,}" for n in counts.tolist()], fontsize=9, padding=2)
        label_ticks(ax, "x", names)
        ax.set_xlabel(f"age ({unit})")
    else:
        (axis,) = result.outer
        x, base = np.arange(len(axis)), np.zeros(len(axis))
        for i, name in enumerate(names):
            ax.bar(x, counts[:, i], bottom=base, color=shades[i], width=0.8, label=name)
            base = base + counts[:, i]
        level(ax, float(base.max(initial=0)))
        shade_open(ax, x[~complete].tolist())
        label_ticks(ax, "x", label_texts(axis.labels, result.context.period))
        ax.set_xlabel(_along(axis, result.context))
        legend(ax, immature="" if complete.all() else "so far", title=f"age ({unit})")
    ax.set_ylabel(f"open {cases}")
    as_counts(ax.yaxis)
    total = int(np.sum(result.n)) if not result.outer else 0
    note = f"{total:,} open" if not result.outer else ""
    return finish(ax, metric_text(result.context), subtitle(result.context, note))
