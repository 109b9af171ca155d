"""Curves: survival with bands and who is left, distributions, the Lorenz curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from customerops.metrics.survival.gap_curve import GapCurve
from customerops.metrics.value.spread import Concentration
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.distribution import Distribution
from customerops.model.tables.event_table import EventTable
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    GREY,
    INK,
    amount,
    as_counts,
    as_percent,
    finish,
    legend,
    no_more,
    open_axes,
    percent,
)
from customerops.plotting.palette import colours_of
from customerops.plotting.words import (
    joined,
    label_text,
    metric_text,
    name_text,
    plural,
    subtitle,
    unit_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["distribution_curve", "lorenz_curve", "survival_curve"]

Floats = NDArray[np.float64]

_ONE_AT_A_TIME = "select() the labels to compare"


def survival_curve(
    curve: EventTable | GapCurve, ax: Axes | None = None, *, confidence: float = 0.95
) -> Axes:
    """Draw survival curves, or cumulative hazards, with bands and the numbers at risk.

    Parameters
    ----------
    curve : EventTable or GapCurve
        One curve, or one a group, up to eight.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure. The numbers at risk stand below the axes and need
        some room there.
    confidence : float
        Of the bands, at any one time, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        Steps from 1 (a hazard: from 0) at time 0 to the last time seen; small ticks where somebody
        was last seen without the event. Below each tick of the time axis: how many were at risk.

    Raises
    ------
    InvalidInputError
        If there are more than eight curves, or `confidence` is not between 0 and 1.

    Examples
    --------
    >>> from customerops.metrics import kaplan_meier
    >>> from customerops.plotting import survival_curve
    >>> ax = survival_curve(kaplan_meier([6, 6, 6, 7, 10], [1, 1, 0, 1, 1]))
    >>> ax.get_ylabel()
    'share still without the event (%)'
    """
    hazard = isinstance(curve, EventTable) and curve._is_hazard()
    cells = _cells(curve.outer, curve.cell)
    no_more("curves", len(cells), len(COLOURS), _ONE_AT_A_TIME)
    low, high = curve.interval(confidence)
    risk = curve.at_risk
    origin = 0.0 if hazard else 1.0
    ax = open_axes(ax, 7.0, 4.2 + 0.2 * len(cells))
    last = float(curve.points.max(initial=0)) or 1.0
    for (name, rows), colour in zip(cells, _colours(cells), strict=True):
        at = np.append(0.0, curve.points[rows])
        value, below, above = (
            np.append(origin, array[rows]) for array in (curve.value, low, high)
        )
        ax.step(at, value, where="post", color=colour, lw=1.8, label=name or "_")
        ax.fill_between(at, below, above, step="post", color=colour, alpha=0.16, linewidth=0)
        if isinstance(curve, EventTable):
            some = curve.censored[rows] > 0
            ax.plot(at[1:][some], value[1:][some], "|", color=colour, ms=6, label="_censored")
    ax.set_xlim(0, last * 1.02)
    ax.set_ylim(bottom=0, top=None if hazard else 1.02)
    ax.xaxis.set_major_locator(
        MaxNLocator(nbins=7, integer=last > 6 or curve.points.dtype.kind == "i")
    )
    unit = _time_unit(curve.context)
    if not hazard:
        as_percent(ax.yaxis)
    away = "share not back yet (%)"
    still = "share still without the event (%)" if isinstance(curve, EventTable) else away
    ax.set_ylabel("cumulative hazard" if hazard else still)
    _at_risk(ax, [(name, curve.points[rows], risk[rows]) for name, rows in cells], last, unit)
    legend(ax, title=_names(curve.outer), loc="best", bbox_to_anchor=None)
    ticks = "ticks: last seen without the event" if isinstance(curve, EventTable) else ""
    said = subtitle(curve.context, f"{percent(confidence)} bands", ticks)
    return finish(ax, metric_text(curve.context), said)


def _colours(cells: Sequence[tuple[str, Any]]) -> list[str]:
    return colours_of([name for name, _ in cells])


def _at_risk(
    ax: Axes, cells: Sequence[tuple[str, NDArray[Any], NDArray[Any]]], last: float, unit: str
) -> None:
    """Write how many were at risk below the ticks of the time axis."""
    ticks = [t for t in ax.get_xticks() if 0 <= t <= last * 1.02]
    ax.set_xticks(ticks)
    as_counts(ax.xaxis, whole=False)
    ax.set_xlabel(f"{unit} since the start", labelpad=22 + 13 * len(cells))
    _below(ax, "at risk", 0, 0, weight="bold", colour=INK)
    colours = colours_of([name for name, *_ in cells])
    for i, ((name, points, risk), colour) in enumerate(zip(cells, colours, strict=True)):
        if name:
            _below(ax, name, 0, i + 1, weight="normal", colour=colour, left=True)
        for t in ticks:
            place = int(np.searchsorted(points, t, side="left"))
            left = risk[place] if place < len(risk) else 0
            _below(ax, amount(float(left)), t, i + 1, weight="normal", colour=colour)


def _below(
    ax: Axes, text: str, t: float, line: int, *, weight: str, colour: str, left: bool = False
) -> None:
    head = line == 0 or left
    ax.annotate(
        text,
        (t, 0),
        xycoords=("data", "axes fraction"),
        xytext=(-26 if left else 0, -24 - 13 * line),
        textcoords="offset points",
        ha="right" if left else "left" if head else "center",
        va="center",
        fontsize=8.5,
        fontweight=weight,
        color=colour,
        annotation_clip=False,
    ).set_gid("at risk")


def distribution_curve(result: Distribution, ax: Axes | None = None) -> Axes:
    """Draw which share of the values is at most so large, with the median marked.

    Parameters
    ----------
    result : Distribution
        One, or one a group, up to eight.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The empirical distribution function, in steps. A curve that is dashed and grey is of a
        window that is not over.

    Raises
    ------
    InvalidInputError
        If there are more than eight curves.

    Examples
    --------
    >>> from customerops.model import Context, Distribution
    >>> from customerops.plotting import distribution_curve
    >>> gaps = Distribution.from_rows([3, 5, 5, 9], context=Context("gap_times", unit="gap"))
    >>> distribution_curve(gaps).get_ylabel()
    'share of gaps at most so long (%)'
    """
    cells = _cells(result.outer, result.cell)
    no_more("curves", len(cells), len(COLOURS), _ONE_AT_A_TIME)
    scale = _scale(result.context)
    ax = open_axes(ax)
    complete = np.ravel(np.asarray(result.complete))
    last = (float(result.points.max(initial=0)) or 1.0) / scale * 1.02
    colours = _colours(cells)
    for i, (name, rows) in enumerate(cells):
        at, n = result.points[rows] / scale, result.count[rows]
        if not len(at):
            continue
        share = np.cumsum(n) / int(n.sum())
        over = bool(complete[i])
        ax.step(
            np.concatenate([[min(at[0], 0.0)], at, [last]]),
            np.concatenate([[0.0], share, [1.0]]),
            where="post",
            color=colours[i] if over else GREY["edgecolor"],
            linestyle="-" if over else "--",
            lw=1.8,
            label=(name or "all") + f", n = {int(n.sum()):,}" + ("" if over else ", not over"),
        )
    ax.axhline(0.5, color="#b0b0b0", lw=0.8, ls=":")
    ax.annotate(
        "median",
        (1, 0.5),
        xycoords="axes fraction",
        ha="right",
        va="bottom",
        fontsize=8,
        color=FAINT,
    )
    ax.set_ylim(0, 1.02)
    if len(result.points) and result.points.min() >= 0:
        ax.set_xlim(0, last)
    as_percent(ax.yaxis)
    as_counts(ax.xaxis, whole=False)
    money = result.context.currency if result.context.option("scale") else None
    size = "large" if money else "long"
    ax.set_ylabel(f"share of {plural(result.context.unit)} at most so {size} (%)")
    ax.set_xlabel(f"{money} per {result.context.unit}" if money else _time_unit(result.context))
    legend(ax, title=_names(result.outer), loc="lower right", bbox_to_anchor=None)
    return finish(ax, metric_text(result.context), subtitle(result.context))


def lorenz_curve(result: Concentration, ax: Axes | None = None) -> Axes:
    """Draw how unequally spend is spread: the share of it that the lowest buyers hold.

    Parameters
    ----------
    result : Concentration
        One, or one a group or period, up to eight.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The Lorenz curve below the line of equal spend, with Gini coefficient and the share of the
        top fifth.

    Raises
    ------
    InvalidInputError
        If there are more than eight curves.

    Examples
    --------
    >>> from customerops.metrics import Concentration
    >>> from customerops.model import Context
    >>> from customerops.plotting import lorenz_curve
    >>> spend = Concentration.from_rows([1, 1, 1, 2, 5], context=Context("concentration"))
    >>> lorenz_curve(spend).get_legend_handles_labels()[1]
    ['all: Gini 0.36, top fifth 50 %', 'equal spend']
    """
    cells = _cells(result.outer, result.cell)
    no_more("curves", len(cells), len(COLOURS), _ONE_AT_A_TIME)
    shares = np.linspace(0, 1, 101)
    held, gini, top = (
        np.asarray(x) for x in (result.lorenz(shares), result.gini, result.top_share(0.2))
    )
    ax = open_axes(ax, 6.4, 5.0)
    each = zip(
        cells, held.reshape(-1, 101), gini.ravel(), top.ravel(), _colours(cells), strict=True
    )
    for (name, _), line, g, t, colour in each:
        if not np.isnan(line).all():
            text = f"{name or 'all'}: Gini {g:.2f}, top fifth {percent(float(t))}"
            ax.plot(shares, line, color=colour, lw=1.8, label=text)
            ax.fill_between(shares, line, shares, color=colour, alpha=0.07, linewidth=0)
    ax.plot([0, 1], [0, 1], color=FAINT, lw=1, ls="--", label="equal spend")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    as_percent(ax.xaxis)
    as_percent(ax.yaxis)
    ax.set_xlabel("share of buyers, lowest spend first (%)")
    ax.set_ylabel("share of spend (%)")
    legend(ax, loc="upper left", bbox_to_anchor=(0.01, 0.99))
    return finish(ax, metric_text(result.context), subtitle(result.context))


def _cells(outer: tuple[Axis, ...], cell: NDArray[np.int64]) -> list[tuple[str, slice]]:
    """Return the name and the rows of each cell, in order."""
    shape = tuple(len(axis) for axis in outer)
    n = int(np.prod(shape, dtype=np.int64))
    edges = np.searchsorted(cell, np.arange(n + 1)).tolist()
    names: Iterator[str] = (
        joined_labels(outer, at) for at in (np.ndindex(*shape) if outer else [()])
    )
    return [(name, slice(edges[i], edges[i + 1])) for i, name in enumerate(names)]


def joined_labels(outer: tuple[Axis, ...], at: tuple[int, ...]) -> str:
    """Return the labels of a cell as one text."""
    return ", ".join(label_text(axis.labels[i]) for axis, i in zip(outer, at, strict=True))


def _names(outer: tuple[Axis, ...]) -> str | None:
    return joined([name_text(axis.name) for axis in outer]) if outer else None


def _scale(context: Context) -> int:
    scale: int = context.option("scale", 1)
    return scale


def _time_unit(context: Context) -> str:
    occasion = context.option("occasion")
    ticks = {"day": "days", "hour": "hours", "instant": "microseconds"}
    return unit_text(context, ticks.get(occasion, "time"))
