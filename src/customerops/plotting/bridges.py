"""Bridges: gains above and losses below, and the way from one level to the next."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.growth.growth import GrowthAccounting
from customerops.metrics.comparison.mix import Decomposition
from customerops.metrics.comparison.value_trees import ValueTree
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.movements import Movements
from customerops.model.tables.tables import Table
from customerops.model.values.money import decimals_of
from customerops.plotting.canvas import (
    GAIN,
    INK,
    LEVEL,
    LOSS,
    amount,
    as_counts,
    as_percent,
    finish,
    label_ticks,
    legend,
    level,
    open_axes,
    percent,
    refuse,
    shade_open,
    without_sign,
)
from customerops.plotting.reading import ratio_measure
from customerops.plotting.words import (
    joined,
    label_texts,
    metric_text,
    name_text,
    plural,
    subtitle,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decomposition_bars", "growth_bars", "movement_bridge", "value_bridge"]

Floats = NDArray[np.float64]

_SHADES = {
    "new": "#0072B2",
    "resurrected": "#56B4E9",
    "reactivation": "#56B4E9",
    "expansion": "#009E73",
    "churned": "#D55E00",
    "churn": "#D55E00",
    "contraction": "#E69F00",
}


def growth_bars(table: GrowthAccounting, ax: Axes | None = None) -> Axes:
    """Draw growth accounting: customers gained above the line, those lost below it.

    Parameters
    ----------
    table : GrowthAccounting
        Over periods; of one group.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        New and resurrected above, churned below, a dot for the net change. A period that is not
        over is grey and hatched: who has not come yet stands as churned.

    Raises
    ------
    InvalidInputError
        If there are groups.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import GrowthAccounting
    >>> from customerops.model import Axis, Context
    >>> from customerops.plotting import growth_bars
    >>> months = Axis("period", [dt.date(2026, 1, 1), dt.date(2026, 2, 1)], "period")
    >>> table = GrowthAccounting(
    ...     axes=[months],
    ...     parts={"new": [5, 3], "retained": [0, 3], "resurrected": [0, 0], "churned": [0, 2]},
    ...     context=Context("growth_accounting", period="month"),
    ... )
    >>> [float(bar.get_height()) for bar in growth_bars(table).patches]
    [5.0, 3.0, 0.0, 0.0, 0.0, -2.0]
    """
    gains, losses = ("new", "resurrected"), ("churned",)
    return _above_and_below(table, ax, gains, losses, plural(table.context.unit), 1)


def movement_bridge(table: Movements, ax: Axes | None = None) -> Axes:
    """Draw movements: a bridge from the opening to the closing level, or gains and losses.

    Parameters
    ----------
    table : Movements
        Without an axis: a bridge (waterfall). Over periods or groups: gains above the line and
        losses below it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Amounts in major units of the currency. A period that is not over is grey and hatched.

    Raises
    ------
    InvalidInputError
        If there is more than one axis.

    Examples
    --------
    >>> from customerops.model import Context, Movements
    >>> from customerops.plotting import movement_bridge
    >>> month = Movements.of(opening=1000, new=300, churn=100, context=Context("customers"))
    >>> [tick.get_text() for tick in movement_bridge(month).get_xticklabels()]
    ['opening', 'new', 'churn', 'closing']
    """
    currency = table.context.currency
    scale = 10 ** decimals_of(currency) if currency else 1
    unit = currency or plural(table.context.unit)
    gains, losses = ("new", "expansion", "reactivation"), ("contraction", "churn")
    if table.axes:
        return _above_and_below(table, ax, gains, losses, unit, scale)
    signs = dict.fromkeys(gains, 1) | dict.fromkeys(losses, -1)
    steps = {
        name: sign * int(table.parts[name]) / scale
        for name, sign in signs.items()
        if int(table.parts[name])
    }
    levels = int(table.parts["opening"]) / scale, int(table.parts["closing"]) / scale
    ax = _waterfall(ax, ("opening", "closing"), levels, steps)
    ax.set_ylabel(unit)
    note = "" if table.complete else "not over: so far"
    if not table.complete:
        shade_open(ax, [len(steps) + 1.0])
    return finish(ax, metric_text(table.context), subtitle(table.context, note))


def value_bridge(table: ValueTree, ax: Axes | None = None) -> Axes:
    """Draw what made revenue change between two windows: customers, orders, value of an order.

    Parameters
    ----------
    table : ValueTree
        Of all groups together, both windows over.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A bridge from revenue before to revenue after by the effects of `ValueTree.levels`.

    Raises
    ------
    InvalidInputError
        As for `ValueTree.levels`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import value_tree
    >>> from customerops.model import Window
    >>> from customerops.plotting import value_bridge
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a"], kind=["purchase"] * 2, amount=[10, 30], currency="EUR",
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 2, 5)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> january = Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    >>> february = Window.parse("2026-02-01", "2026-03-01", tz="UTC")
    >>> ax = value_bridge(value_tree(log, over=february, against=january))
    >>> ax.texts[0].get_text(), ax.texts[-2].get_text()
    ('10', '30')
    """
    context = table.context
    scale: int = context.option("scale", 1)
    steps = {level.name: float(level.effect) / scale for level in table.levels}
    levels = (int(table.revenue_before.sum()) / scale, int(table.revenue.sum()) / scale)
    ax = _waterfall(ax, ("before", "after"), levels, steps)
    ax.set_ylabel(f"revenue ({context.currency})" if context.currency else "revenue")
    return finish(ax, metric_text(context), subtitle(context, "effects are Shapley values"))


def decomposition_bars(result: Decomposition, ax: Axes | None = None) -> Axes:
    """Draw what groups contribute to the change of a rate: by their weight and by their own rate.

    Parameters
    ----------
    result : Decomposition
        Of at most sixty groups.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Two bars a group, to the right if they raise the rate; they sum to its change.

    Examples
    --------
    >>> from customerops.metrics import decompose
    >>> from customerops.model import Axis, Context, Proportion
    >>> from customerops.plotting import decomposition_bars
    >>> plans = Axis("plan", ["basic", "pro"], "group", disjoint=True)
    >>> june, july = (
    ...     Proportion(axes=[plans], parts={"count": n, "total": m}, context=Context("churn_rate"))
    ...     for n, m in (([10, 10], [100, 50]), ([20, 4], [200, 20]))
    ... )
    >>> decomposition_bars(decompose(july, june)).get_xlabel()
    'contribution to the change (percentage points)'
    """
    n = len(result.labels)
    ax = open_axes(ax, 7.0, 1.9 + 0.5 * n)
    y = np.arange(n)
    for name, effects, colour, shift in (
        ("mix: its weight", result.mix, LEVEL, -0.2),
        ("rate: its own rate", result.rate, GAIN, 0.2),
    ):
        ax.barh(y + shift, [float(x) for x in effects], 0.38, color=colour, label=name)
    ax.axvline(0, color=INK, lw=0.8)
    label_ticks(ax, "y", label_texts(result.labels), most=60)
    ax.set_ylim(n - 0.5, -0.5)
    ax.set_ylabel(name_text(result.axis))
    fraction = ratio_measure(result.context).fraction
    ax.set_xlabel(f"contribution to the change{' (percentage points)' if fraction else ''}")
    if fraction:
        as_percent(ax.xaxis)
    else:
        as_counts(ax.xaxis, whole=False)
    legend(ax)
    before, after, change = (float(x) for x in (result.before, result.after, result.change))
    write = (lambda x: percent(x, 1)) if fraction else amount
    note = f"from {write(before)} to {write(after)}: {'+' if change > 0 else ''}{write(change)}"
    title = f"{metric_text(result.context)}: what changed"
    return finish(ax, title, subtitle(result.context, note), grid="x")


def _above_and_below(
    table: Table,
    ax: Axes | None,
    gains: Sequence[str],
    losses: Sequence[str],
    unit: str,
    scale: int,
) -> Axes:
    """Draw bars over one axis: gains stacked above 0, losses below, a dot for the net change."""
    if len(table.axes) != 1:
        said = joined([axis.name for axis in table.axes]) if table.axes else "none"
        refuse("be over one axis", f"its axes are {said}: select() a label of the others")
    (axis,) = table.axes
    ax = open_axes(ax)
    x = np.arange(len(axis))
    complete = table._complete()
    net, ends = np.zeros(len(axis)), []
    for names, sign in ((gains, 1), (losses, -1)):
        base = np.zeros(len(axis))
        for name in names:
            height = sign * _scaled(table.parts[name], scale)
            shown = name if height.any() else "_"
            ax.bar(x, height, bottom=base, width=0.8, color=_SHADES[name], label=shown)
            base = base + height
        ends.append(base)
        net = net + base
    shade_open(ax, x[~complete].tolist())
    ax.axhline(0, color=INK, lw=0.8)
    ax.plot(x, net, "o", color=INK, ms=4, label="net change")
    label_ticks(ax, "x", label_texts(axis.labels, table.context.period))
    ax.set_xlim(-0.6, max(len(axis), 1) - 0.4)
    level(ax, float(ends[0].max(initial=0)), float(ends[1].min(initial=0)))
    ax.set_xlabel(_along(axis, table.context))
    ax.set_ylabel(f"{unit} gained (above) and lost (below)")
    as_counts(ax.yaxis, whole=scale == 1)
    without_sign(ax.yaxis)
    legend(ax, immature="" if complete.all() else "not over")
    return finish(ax, metric_text(table.context), subtitle(table.context))


def _along(axis: Axis, context: Context) -> str:
    return context.period or axis.name if axis.kind == "period" else name_text(axis.name)


def _scaled(part: NDArray[Any], scale: int) -> Floats:
    """Return whole numbers of any size in major units, each rounded once."""
    return np.array([int(n) / scale for n in part.tolist()], np.float64)


def _waterfall(
    ax: Axes | None,
    ends: tuple[str, str],
    levels: tuple[float, float],
    steps: Mapping[str, float],
) -> Axes:
    """Draw bars from one level by steps to another, joined by thin lines."""
    ax = open_axes(ax, max(5.0, 1.6 + 0.95 * (len(steps) + 2)), 4.2)
    names = [ends[0], *steps, ends[1]]
    before, after = levels
    bottoms, heights, colours, height = [0.0], [before], [LEVEL], before
    for step in steps.values():
        bottoms.append(height)
        heights.append(step)
        colours.append(GAIN if step >= 0 else LOSS)
        height += step
    bottoms.append(0.0)
    heights.append(after)
    colours.append(LEVEL)
    x = np.arange(len(names))
    ax.bar(x, heights, bottom=bottoms, color=colours, width=0.7)
    tops = [bottom + high for bottom, high in zip(bottoms, heights, strict=True)]
    for i, top in enumerate(tops[:-1]):
        ax.plot([i + 0.35, i + 0.65], [top, top], color="#9a9a9a", lw=0.8)
    for i, (bottom, height) in enumerate(zip(bottoms, heights, strict=True)):
        end = i in (0, len(names) - 1)
        said = amount(height) if end else f"{'+' if height >= 0 else '−'}{amount(abs(height))}"
        ax.annotate(
            said,
            (i, max(bottom, bottom + height)),
            xytext=(0, 3),
            ha="center",
            textcoords="offset points",
            fontsize=9,
            color=INK,
        )
    label_ticks(ax, "x", [textwrap.fill(name, 11) for name in names], rotate=False)
    ax.axhline(0, color=INK, lw=0.8)
    level(ax, max(0.0, *tops, *bottoms), min(0.0, *tops, *bottoms), room=0.09)
    as_counts(ax.yaxis, whole=False)
    return ax
