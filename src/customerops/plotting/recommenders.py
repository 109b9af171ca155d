"""What goes with what, and whether recommending it helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from customerops.metrics.affinity.evaluation import RecommenderEvaluation
from customerops.metrics.affinity.pair_table import CoPurchases
from customerops.model.values.checks import whole
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    GAIN,
    GREY,
    IMMATURE,
    INK,
    LOSS,
    as_counts,
    finish,
    label_ticks,
    legend,
    open_axes,
    percent,
    refuse,
    short,
)
from customerops.plotting.words import label_text, plural, subtitle

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.axes import Axes

__all__ = ["pair_bars", "recommender_chart"]

OWN, POPULAR = COLOURS[0], COLOURS[6]

_MEASURES = {
    "hit_rate": "hit rate",
    "precision": "precision",
    "recall": "recall",
    "ndcg": "NDCG",
    "mrr": "MRR",
    "coverage": "coverage of items",
}


def pair_bars(
    result: CoPurchases, ax: Axes | None = None, *, top: int = 15, at_least: int = 5
) -> Axes:
    """Draw the pairs of items with the largest lift, and how many baskets say so.

    Parameters
    ----------
    result : CoPurchases
        From `customerops.metrics.co_purchases`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    top : int
        How many pairs.
    at_least : int
        Only pairs that are in so many baskets: the lift of a pair that was seen once is as large as
        it is uncertain.

    Returns
    -------
    matplotlib.axes.Axes
        Bars from 1, where items are bought together as often as by chance; beside each the baskets
        with both, and their share of all.

    Raises
    ------
    InvalidInputError
        If no pair is in so many baskets, the window is not closed, or a number is not valid.

    Examples
    --------
    >>> from customerops.metrics import CoPurchases
    >>> from customerops.plotting import pair_bars
    >>> drinks = CoPurchases.from_counts(
    ...     baskets=100, items={"tea": 25, "coffee": 90}, pairs={("tea", "coffee"): 20}
    ... )
    >>> pair_bars(drinks).texts[0].get_text()
    '20 baskets (20 %)'
    """
    whole("top", top, least=1)
    shown = result.top(top, by="lift", at_least=at_least)
    if not result.complete:
        refuse("be of a window that is over", "no pair has a lift yet")
    if not len(shown):
        refuse(
            f"have pairs in at least {at_least} baskets",
            "pair_bars(pairs, at_least=...) takes fewer",
        )
    lift = shown["lift"].to_numpy(np.float64)
    names = [
        f"{short(label_text(a), 22)} + {short(label_text(b), 22)}"
        for a, b in zip(shown["first"], shown["second"], strict=True)
    ]
    ax = open_axes(ax, 7.6, 1.7 + 0.34 * len(shown))
    y = np.arange(len(shown))
    colours = [GAIN if value >= 1 else LOSS for value in lift.tolist()]
    ax.barh(y, lift - 1, left=1, color=colours, height=0.72)
    ax.axvline(1, color=INK, lw=1)
    for place, (both, share) in enumerate(zip(shown["both"], shown["support"], strict=True)):
        _beside(ax, place, f"{both:,} baskets ({percent(float(share))})")
    ax.set_yticks(y, names)
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.margins(x=0.06)
    as_counts(ax.xaxis, whole=False)
    ax.set_xlabel("lift (times as often together as by chance)")
    ax.set_ylabel("pair")
    basket = result.context.unit
    notes = [
        f"{result.baskets:,} baskets, each of one {basket}",
        f"pairs in at least {at_least:,} baskets",
    ]
    return finish(ax, "Bought together: lift of pairs", subtitle(result.context, *notes), grid="x")


def recommender_chart(
    result: RecommenderEvaluation, ax: Axes | None = None, *, confidence: float = 0.95
) -> Axes:
    """Draw the measures of a recommender beside those of popularity.

    Parameters
    ----------
    result : RecommenderEvaluation
        From `customerops.metrics.evaluate_recommender`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        Two points a measure with their intervals; beside them the gain, with the interval of pairs,
        which is narrower than the two suggest. Grey and hatched where the horizon is not over.

    Raises
    ------
    InvalidInputError
        If `confidence` is not between 0 and 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import Popularity, co_purchases, evaluate_recommender
    >>> from customerops.plotting import recommender_chart
    >>> days = [dt.date(2026, 1, day) for day in (1, 1, 2, 9)]
    >>> log = InteractionLog.from_orders(
    ...     {"order": [1, 2, 3, 4], "who": ["a", "b", "c", "c"], "day": days},
    ...     {"order": [1, 1, 2, 3, 4], "sku": ["ink", "pen", "cap", "ink", "pen"]},
    ...     customer_id="who", at="day", order_id="order", sku="sku", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> seen = evaluate_recommender(
    ...     log, lambda known: Popularity.of(co_purchases(known, unit="customer"), bought="exclude"),
    ...     split=dt.datetime(2026, 1, 5, tzinfo=dt.timezone.utc),
    ...     horizon=dt.timedelta(days=14), n=1, definition="new_items",
    ... )
    >>> [label.get_text() for label in recommender_chart(seen).get_yticklabels()][0]
    'hit rate'
    """
    frame = result.to_frame(confidence)
    ax = open_axes(ax, 7.6, 4.2)
    y = np.arange(len(frame))
    for prefix, name, colour, marker, shift in (
        ("", "recommender", OWN, "o", -0.14),
        ("popularity_", "popularity", POPULAR, "s", 0.14),
    ):
        value = frame["popularity" if prefix else "value"].to_numpy(np.float64)
        low, high = (frame[prefix + end].to_numpy(np.float64) for end in ("low", "high"))
        spread = np.nan_to_num(np.maximum(np.stack([value - low, high - value]), 0))
        ax.errorbar(
            value, y + shift, xerr=spread, fmt=marker, color=colour, capsize=3, ms=5.5, label=name
        )
    gains = (frame[name].tolist() for name in ("gain", "gain_low", "gain_high"))
    for place, (gain, low, high) in enumerate(zip(*gains, strict=True)):
        bounds = "" if np.isnan(low) else f"  ({low:+.3f} to {high:+.3f})"
        _beside(ax, place, "" if np.isnan(gain) else f"{gain:+.3f}{bounds}")
    if not result.complete:
        ax.axhspan(-0.5, len(y) - 0.5, zorder=0, gid=IMMATURE, **cast("Any", GREY))
    _beside(ax, -0.75, "gain (and its interval)")
    label_ticks(ax, "y", [_MEASURES[name] for name in frame["measure"]])
    ax.set_ylim(len(y) - 0.5, -0.5)
    ax.set_xlim(0.0, None if result.complete else 1.0)
    ax.set_ylabel("measure")
    ax.set_xlabel("value (0 to 1, more is better)")
    as_counts(ax.xaxis, whole=False)
    immature = "" if result.complete else "not over"
    legend(ax, immature=immature, loc="upper left", bbox_to_anchor=(0, -0.16), ncols=3)
    context = result.context
    customers = f"{result.customers:,} {plural(context.unit)}"
    notes = [f"lists of {result.n}", customers, f"{percent(confidence)} intervals"]
    title = f"Recommender and popularity ({str(context.definition).replace('_', ' ')})"
    return finish(ax, title, subtitle(context, *notes), grid="x")


def _beside(ax: Axes, y: float, text: str) -> None:
    ax.annotate(
        text,
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=FAINT,
    )
