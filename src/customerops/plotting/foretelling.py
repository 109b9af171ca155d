"""Scores against what came after them: observed shares by rising risk, and ROC curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from customerops.metrics.health.calibrating import calibrated
from customerops.metrics.health.comparing_scores import ScoreComparison
from customerops.metrics.health.evaluation import ScoreEvaluation
from customerops.model.tables.context import Context
from customerops.model.tables.intervals import as_confidence, wilson
from customerops.model.values.checks import whole
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    as_percent,
    finish,
    label_ticks,
    legend,
    no_more,
    open_axes,
    percent,
    refuse,
)
from customerops.plotting.palette import colours_of
from customerops.plotting.words import subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["risk_groups", "roc_curves"]

OBSERVED, SAID = COLOURS[0], COLOURS[4]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def risk_groups(
    result: ScoreEvaluation,
    ax: Axes | None = None,
    *,
    groups: int = 10,
    confidence: float = 0.95,
) -> Axes:
    r"""Draw the share that had the event, by groups of rising risk: whether scores hold.

    Parameters
    ----------
    result : ScoreEvaluation
        Of one instant of scoring.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    groups : int
        How many, of about as many customers each; equal scores stay together, so that there may be
        fewer.
    confidence : float
        Of Wilson's intervals, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        Below each group its scores and its customers; dashed the share of all. Where all scores
        are from 0 to 1 and high ones are the risky ones, the mean score of each group besides: of
        probabilities, it is what they foretold.

    Raises
    ------
    InvalidInputError
        If there are several instants, or an option is not valid.

    Examples
    --------
    >>> from customerops.metrics import evaluate_scores_from_arrays
    >>> from customerops.plotting import risk_groups
    >>> seen = evaluate_scores_from_arrays([0.1, 0.2, 0.6, 0.9], [0, 1, 1, 1], risky="high")
    >>> ax = risk_groups(seen, groups=2)
    >>> [tick.get_text() for tick in ax.get_xticklabels()]
    ['0.10–0.20\n(2)', '0.60–0.90\n(2)']
    """
    level, most = as_confidence(confidence), whole("groups", groups, least=1)
    if result.outer:
        instead = f"select({result.outer[0].name}=...) one, or roc_curves(evaluation)"
        refuse("be of one instant", instead)
    ((points, events, others),) = result._cells_by_risk()
    found = calibrated(points.astype(np.float64), events, others, most)
    shares = found.events / found.n
    low, high = wilson(found.events, found.n, level)
    ax = open_axes(ax, 7.6, 4.4)
    x = np.arange(len(found.n))
    spread = np.maximum(np.stack([shares - low, high - shares]), 0)
    ax.errorbar(x, shares, yerr=spread, fmt="o", color=OBSERVED, capsize=4, ms=6, label="observed")
    if not result._risky_low() and ((points >= 0) & (points <= 1)).all():
        said = found.expected / found.n
        ax.plot(x, said, "D", mfc="none", mec=SAID, mew=1.5, ms=7, label="mean score")
    base = float(np.asarray(result.base_rate.value))
    ax.axhline(base, color=FAINT, lw=1, ls="--", label=f"all: {percent(base, 1)}")
    ends = zip(np.minimum(found.low, found.high), np.maximum(found.low, found.high), strict=True)
    digits = _digits(points)
    names = [
        f"{_range(a, b, digits)}\n({n:,})"
        for (a, b), n in zip(ends, found.n.tolist(), strict=True)
    ]
    label_ticks(ax, "x", names, rotate=False)
    for tick in ax.get_xticklabels():
        tick.set_fontsize(8)
    ax.set_xlim(-0.6, max(len(x), 1) - 0.4)
    ax.set_ylim(bottom=0)
    as_percent(ax.yaxis)
    ax.set_xlabel("score, riskiest at the right (and customers)")
    ax.set_ylabel("share that had the event (%)")
    legend(ax, loc="upper left", bbox_to_anchor=(0.01, 0.99))
    (a, b), area = result.auc_interval(level), result.auc
    notes = [f"{percent(level)} intervals", f"AUC {_area(area)} ({_area(a)} to {_area(b)})"]
    waiting = int(result.n_open)
    if waiting:
        notes.append(f"{waiting:,} customers whose time is not up are left out")
    title = f"{_called(result.context)}: share with the event, by score"
    return finish(ax, title, subtitle(result.context, *_told(result.context), *notes))


def roc_curves(
    result: ScoreEvaluation | ScoreComparison,
    ax: Axes | None = None,
    *,
    confidence: float = 0.95,
) -> Axes:
    """Draw ROC curves: of those with the event, who is found for how many false alarms.

    Parameters
    ----------
    result : ScoreEvaluation or ScoreComparison
        A curve for each instant of scoring, at most eight; or for each of the two scores.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals of the areas and of their difference, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        On the diagonal a score is no better than drawing lots. Customers who are tied are joined
        by a straight line. The areas are in the legend.

    Raises
    ------
    InvalidInputError
        If there are more than eight instants, or `confidence` is not between 0 and 1.

    Examples
    --------
    >>> from customerops.metrics import evaluate_scores_from_arrays
    >>> from customerops.plotting import roc_curves
    >>> seen = evaluate_scores_from_arrays([9, 7, 7, 1], [1, 1, 0, 0], risky="high")
    >>> roc_curves(seen).lines[0].get_ydata().tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    level, context = as_confidence(confidence), result.context
    if isinstance(result, ScoreComparison):
        curves = list(_of_two(result))
    else:
        curves = list(_of_instants(result, level))
    no_more("curves", len(curves), len(COLOURS), "select() some of them")
    ax = open_axes(ax, 6.2, 5.2)
    for (name, events, others), colour in zip(
        curves, colours_of([name for name, *_ in curves]), strict=True
    ):
        m, n = int(events.sum()), int(others.sum())
        if m and n:
            found, false = (np.append(0, np.cumsum(one[::-1])) for one in (events, others))
            ax.plot(false / n, found / m, color=colour, lw=1.8, label=name)
    ax.plot([0, 1], [0, 1], color=FAINT, lw=1, ls="--", label="by lot: AUC 0.5")
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    as_percent(ax.xaxis)
    as_percent(ax.yaxis)
    ax.set_xlabel("of those without the event, share flagged (%)")
    ax.set_ylabel("of those with the event, share flagged (%)")
    legend(ax, loc="lower right", bbox_to_anchor=(0.99, 0.02))
    notes = _told(context)
    if isinstance(result, ScoreComparison):
        low, high = result.interval(level)
        said = (
            f"difference of the areas {_area(result.difference)} ({_area(low)} to {_area(high)})"
        )
        notes += [f"{len(result):,} customers", said, f"{percent(level)} interval"]
        title = "Which score foretells better"
    else:
        notes.append(f"{percent(level)} intervals")
        title = f"{_called(context)}: ROC curve"
    return finish(ax, title, subtitle(context, *notes), grid="")


def _of_instants(result: ScoreEvaluation, level: float) -> Iterator[tuple[str, Ints, Ints]]:
    at = [str(label) for axis in result.outer for label in axis.labels]
    names = [f"{label[:16].replace('T', ' ')} UTC: " for label in at] or [""]
    low, high = (np.atleast_1d(np.asarray(bound)) for bound in result.auc_interval(level))
    areas = np.atleast_1d(np.asarray(result.auc))
    for i, (_, events, others) in enumerate(result._cells_by_risk()):
        said = f"AUC {_area(areas[i])} ({_area(low[i])} to {_area(high[i])})"
        yield names[i] + said, events, others


def _of_two(result: ScoreComparison) -> Iterator[tuple[str, Ints, Ints]]:
    for name, area in zip(("first", "second"), result.auc, strict=True):
        _, events, others = result._sides(name)
        yield f"{result.context.option(name)}: AUC {_area(area)}", events, others


def _told(context: Context) -> list[str]:
    """Return which event was foretold, and within which time."""
    outcome, horizon = context.option("outcome"), context.option("horizon")
    if outcome is None:
        return []
    what = outcome.describe().removeprefix("kind is ")
    no = "" if context.option("outcome_is") == "event" else "no "
    return [f"event: {no}{what} within {_length(horizon)}"]


def _called(context: Context) -> str:
    """Return the name of the score."""
    name = str(context.option("scorer", "Score"))
    return name[:1].upper() + name[1:]


def _length(horizon: Any) -> str:
    return f"{horizon.days:,} days" if horizon.days and not horizon.seconds else f"{horizon} hours"


def _digits(points: NDArray[Any]) -> int:
    """Return with how many decimals scores are told apart: two digits of their spread."""
    if (points == np.rint(points)).all():
        return 0
    return max(0, 1 - math.floor(math.log10(float(np.ptp(points)) or 0.1)))


def _range(low: float, high: float, digits: int) -> str:
    """Return the scores of a group; in two lines where they are long."""
    ends = list(dict.fromkeys(f"{value + 0.0:,.{digits}f}" for value in (low, high)))
    return ("–" if sum(map(len, ends)) < 10 else "–\n").join(ends)


def _area(value: Any) -> str:
    return "–" if np.isnan(value) else f"{float(value):.2f}"
