"""Net scores as what they are made of: those at the bottom, between, and at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from customerops.metrics.survey.net_share import NetShare
from customerops.model.tables.estimates import NetPromoterScore
from customerops.plotting.canvas import (
    GAIN,
    GREY,
    IMMATURE,
    INK,
    LOSS,
    amount,
    as_percent,
    finish,
    legend,
    open_axes,
    percent,
)
from customerops.plotting.estimates import estimate_chart
from customerops.plotting.words import (
    label_texts,
    metric_text,
    name_text,
    subtitle,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["score_bars"]


def score_bars(
    table: NetPromoterScore | NetShare, ax: Axes | None = None, *, confidence: float = 0.95
) -> Axes:
    r"""Draw a net score as what it is made of: detractors, passives and promoters.

    Parameters
    ----------
    table : NetPromoterScore or NetShare
        One score, or one a group. Over periods it is drawn as a line.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        A bar of shares for each score, and beside it the score, its interval and the answers.

    Raises
    ------
    InvalidInputError
        If `confidence` is not between 0 and 1, or there are more than two axes.

    Examples
    --------
    >>> from customerops.metrics import nps
    >>> from customerops.plotting import score_bars
    >>> ax = score_bars(nps([10, 9, 8, 3], scale=(0, 10)))
    >>> [text.get_text() for text in ax.texts[:3]]
    ['25 %\n1', '25 %\n1', '50 %\n2']
    """
    if len(table.axes) > 1 or any(axis.kind != "group" for axis in table.axes):
        return estimate_chart(table, ax, confidence=confidence)
    names = label_texts(table.axes[0].labels) if table.axes else [""]
    worst_first = table.PARTS[::-1]
    parts = np.array([np.atleast_1d(table.parts[name]) for name in worst_first], np.float64)
    total = parts.sum(axis=0)
    shares = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)
    ax = open_axes(ax, 7.6, 1.9 + 0.5 * len(names))
    y, left = np.arange(len(names)), np.zeros(len(names))
    complete = np.atleast_1d(table._complete())
    for share, count, name, colour in zip(
        shares, parts, worst_first, (LOSS, "#c9c9c9", GAIN), strict=True
    ):
        ax.barh(y, share, left=left, color=colour, height=0.66, label=name)
        for i in range(len(names)):
            if share[i] > 0.06:
                _inside(
                    ax,
                    left[i] + share[i] / 2,
                    i,
                    f"{percent(share[i])}\n{amount(count[i])}",
                    dark=colour == "#c9c9c9",
                )
        left = left + share
    low, high = (np.atleast_1d(bound) for bound in table.interval(confidence))
    write = percent if isinstance(table, NetShare) and table._units()[0] == 1 else _points
    for i, value in enumerate(np.atleast_1d(np.asarray(table.value)).tolist()):
        said = "no answers" if complete[i] else "not over"
        if not np.isnan(value):
            said = f"{write(value)}  ({write(low[i])} to {write(high[i])})"
            said = f"{said}, {amount(total[i])} answers"
        ax.annotate(
            said,
            (1, i),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=INK,
        )
    for place in y[~complete].tolist():
        ax.axhspan(place - 0.5, place + 0.5, zorder=0, gid=IMMATURE, **cast("Any", GREY))
    ax.set_xlim(0, 1)
    as_percent(ax.xaxis)
    ax.set_xlabel("share of answers (%)")
    ax.set_yticks(y if table.axes else [], names if table.axes else [])
    ax.set_ylim(len(names) - 0.5, -0.5)
    if table.axes:
        ax.set_ylabel(name_text(table.axes[0].name))
    legend(ax, loc="upper left", bbox_to_anchor=(0, -0.3), ncols=3)
    note = f"right of each bar: score with its {percent(confidence)} interval"
    return finish(ax, metric_text(table.context), subtitle(table.context, note), grid="")


def _points(value: float) -> str:
    return f"{value:.0f}"


def _inside(ax: Axes, x: float, y: float, text: str, *, dark: bool) -> None:
    colour = INK if dark else "white"
    ax.text(x, y, text, ha="center", va="center", fontsize=8.5, color=colour)
