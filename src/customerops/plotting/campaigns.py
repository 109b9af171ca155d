"""Campaigns: how many messages were sent, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from customerops.metrics.campaign.rates import OUTCOMES
from customerops.metrics.campaign.summary import CampaignSummary
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    LOSS,
    as_counts,
    finish,
    label_ticks,
    open_axes,
    percent,
    refuse,
)
from customerops.plotting.grids import Grid, grid_chart
from customerops.plotting.reading import Measure
from customerops.plotting.words import joined, label_texts, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["message_bars"]

_UNWANTED = frozenset({"bounced", "hard_bounced", "soft_bounced", "unsubscribed", "complained"})


def message_bars(result: CampaignSummary, ax: Axes | None = None) -> Axes:
    """Draw how many messages were sent, delivered, opened, clicked and so on.

    Parameters
    ----------
    result : CampaignSummary
        Of one campaign, or of several, or of groups or periods: then their shares are drawn as a
        heat map, for campaigns of different sizes stand side by side.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A bar an outcome, beside it the messages, and their share of those that it is a part of:
        of those delivered, for what was opened. What nobody wants is orange. Messages whose time is
        not up are in no bar.

    Raises
    ------
    InvalidInputError
        If there is more than one axis besides outcomes.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import campaign_summary
    >>> from customerops.plotting import message_bars
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "a"], kind=["send", "send", "open"], tz=dt.UTC,
    ...     at=[dt.date(2026, 1, day) for day in (5, 5, 6)], campaign=["new year"] * 3,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> sent = campaign_summary(log, within=dt.timedelta(days=7)).select(campaign="new year")
    >>> [text.get_text() for text in message_bars(sent).texts[:4]]
    ['2', '2  (100 % of sent)', '0  (0 % of sent)', '1  (50 % of delivered)']
    """
    if len(result.axes) > 2:
        axes = joined([axis.name for axis in result.axes[:-1]])
        refuse("have one axis besides outcomes", f"it has {axes}: select() a label of some")
    title = "Campaigns: what became of messages"
    if len(result.axes) == 2:
        return _grid(result, ax, title)
    names = list(result.outcomes)
    count = np.array([result.messages(name) for name in names], np.float64)
    ax = open_axes(ax, 7.6, 1.6 + 0.36 * len(names))
    y = np.arange(len(names))
    colours = [LOSS if name in _UNWANTED else COLOURS[0] for name in names]
    ax.barh(y, count, color=colours, height=0.72)
    for place, (name, n) in enumerate(zip(names, count.tolist(), strict=True)):
        said = f"{int(n):,}"
        wider = OUTCOMES[name]
        if wider and result.messages(wider):
            said += f"  ({percent(n / result.messages(wider))} of {_words(wider)})"
        ax.annotate(
            said, (n, place), xytext=(4, 0), textcoords="offset points", va="center",
            fontsize=8.5, color=FAINT,
        )  # fmt: skip
    label_ticks(ax, "y", [_words(name) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(0, (float(count.max()) or 1.0) * 1.32)
    as_counts(ax.xaxis)
    ax.set_xlabel("messages")
    ax.set_ylabel("outcome")
    return finish(ax, title, subtitle(result.context, *_notes(result)), grid="x")


def _grid(result: CampaignSummary, ax: Axes | None, title: str) -> Axes:
    """Draw the share of the messages sent that have each outcome."""
    rows = result.axes[0]
    names = list(result.outcomes)
    count = np.stack([np.asarray(result.messages(name)) for name in names], axis=1)
    sent = np.broadcast_to(np.asarray(result.messages("sent"))[:, None], count.shape)
    share = np.divide(count, sent, out=np.full(count.shape, np.nan), where=sent > 0)
    order = np.array([result.axes[-1].labels.index(name) for name in names])
    texts = np.array([f"{int(n):,}" for n in count.ravel()]).reshape(count.shape)
    grid = Grid(
        value=share,
        complete=result._complete()[:, order],
        rows=label_texts(rows.labels, result.context.period),
        columns=[_words(name) for name in names],
        names=(rows.name, "outcome"),
        measure=Measure("share of messages sent (%)", fraction=True),
        counts=texts,
    )
    return grid_chart(grid, ax, title, subtitle(result.context, *_notes(result)))


def _notes(result: CampaignSummary) -> list[str]:
    waiting = int(np.asarray(result.pending).sum())
    return [f"{waiting:,} messages whose time is not up are left out"] if waiting else []


def _words(outcome: str) -> str:
    return outcome.replace("opened_clicked", "opened and clicked").replace("_", " ")
