"""Funnels: what share reached each step, and what was lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from customerops.journey.funnels.funnels import Funnel, FunnelTotals
from customerops.model.tables.context import Context
from customerops.plotting.canvas import (
    COLOURS,
    GREY,
    IMMATURE,
    INK,
    as_percent,
    finish,
    label_ticks,
    legend,
    no_more,
    open_axes,
    percent,
    short,
)
from customerops.plotting.estimates import estimate_chart
from customerops.plotting.words import (
    label_texts,
    metric_text,
    name_text,
    plural,
    subtitle,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["funnel_bars"]


def funnel_bars(
    table: Funnel | FunnelTotals, ax: Axes | None = None, *, confidence: float = 0.95
) -> Axes:
    """Draw a funnel: the share that reached each step, with intervals and counts.

    Parameters
    ----------
    table : Funnel or FunnelTotals
        With all its steps, and at most four groups. Over periods it is drawn as lines.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        Bars of ``table.conversion("first")``, of those who had their time; pale above them what
        was lost since the step before. A bar that is grey and hatched is the share so far, where
        there is no limit of time and some may still convert.

    Raises
    ------
    InvalidInputError
        If there are more than four groups, or `confidence` is not between 0 and 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import funnel
    >>> from customerops.plotting import funnel_bars
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["visit", "buy", "visit"], tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, day) for day in (5, 6, 5)],
    ... ).until_day(dt.date(2026, 1, 31))
    >>> ax = funnel_bars(funnel(log, ["visit", "buy"], within=dt.timedelta(days=7)))
    >>> [tick.get_text() for tick in ax.get_xticklabels()]
    ['1  visit', '2  buy']
    """
    conversion = table.conversion("first")
    kinds = [axis.kind for axis in table.axes]
    if "period" in kinds:
        return estimate_chart(conversion, ax, confidence=confidence)
    groups = label_texts(table.axes[0].labels) if len(kinds) == 2 else [""]
    no_more("groups", len(groups), 4, "select() some of them")
    steps = [f"{i + 1}  {short(_step(rule), 26)}" for i, rule in enumerate(_steps(table.context))]
    n = len(steps)
    value, low, high = (
        np.asarray(x, np.float64).reshape(-1, n)
        for x in (conversion.value, *conversion.interval(confidence))
    )
    reached, settled = (table.parts[name].reshape(-1, n) for name in ("reached", "settled"))
    single = len(groups) == 1
    ax = open_axes(ax, max(5.5, 1.6 + n * (0.95 + 0.55 * len(groups))), 4.4)
    width = 0.8 / len(groups)
    x = np.arange(n)
    for i, name in enumerate(groups):
        places = x + (i - (len(groups) - 1) / 2) * width
        _funnel(ax, places, (value[i], low[i], high[i]), width * 0.92, COLOURS[i], name)
        so_far = np.isnan(value[i]) & (reached[i, 0] > 0)
        share = np.where(so_far, reached[i] / max(int(reached[i, 0]), 1), 0.0)
        ax.bar(places[so_far], share[so_far], width * 0.92, gid=IMMATURE, **cast("Any", GREY))
        counts = np.where(so_far, reached[i], settled[i])
        shown = np.where(so_far, share, value[i])
        tops = np.fmax(np.where(so_far, share, high[i]), shown)
        for place, top, v, c in zip(places, tops, shown.tolist(), counts.tolist(), strict=True):
            if not np.isnan(v):
                _above(ax, float(place), float(top), f"{percent(v)}\n{c:,}", single=single)
    label_ticks(ax, "x", steps)
    ax.set_ylim(0, 1.18)
    ax.set_yticks(np.arange(6) / 5)
    as_percent(ax.yaxis)
    units = plural(table.context.unit)
    ax.set_ylabel(f"share of the {units} who entered (%)")
    ax.set_xlabel("step")
    legend(ax, title=name_text(table.axes[0].name) if len(kinds) == 2 else None)
    waiting = int(table.parts["immature"].sum())
    notes = [f"{percent(confidence)} intervals", f"below each share: {units} who reached the step"]
    if table.context.option("within") is None:
        notes = ["grey: so far, for there is no limit of time"] if waiting else notes
    elif waiting:
        notes.append(f"{waiting:,} {units} whose time is not over are left out")
    return finish(ax, metric_text(table.context), subtitle(table.context, *notes))


def _funnel(
    ax: Axes, places: Any, series: tuple[Any, Any, Any], width: float, colour: str, name: str
) -> None:
    value, low, high = series
    ax.bar(places, np.nan_to_num(value), width, color=colour, label=name or "_")
    before = np.append(value[:1], value[:-1])
    lost = np.nan_to_num(np.maximum(before - value, 0))
    ax.bar(places, lost, width, bottom=np.nan_to_num(value), color=colour, alpha=0.13)
    spread = np.nan_to_num(np.vstack([np.maximum(value - low, 0), np.maximum(high - value, 0)]))
    ax.errorbar(places, value, yerr=spread, fmt="none", ecolor=INK, capsize=3, lw=1.1)


def _above(ax: Axes, x: float, y: float, text: str, *, single: bool) -> None:
    ax.annotate(
        text,
        (x, y),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=9 if single else 7.5,
        color=INK,
    )


def _steps(context: Context) -> Sequence[Any]:
    steps: Sequence[Any] = context.option("steps")
    return steps


def _step(rule: Any) -> str:
    said: str = rule.describe()
    return said.removeprefix("kind is ")
