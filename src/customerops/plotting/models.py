"""Models against what happened: tracking, calibration, survival of contracts, forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from customerops.lifecycle.population.markov import Forecast
from customerops.metrics.clv.contractual import ContractModel
from customerops.metrics.clv.tracks import PurchaseTracking
from customerops.metrics.clv.validation import Validation
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    GREY,
    INK,
    amount,
    as_counts,
    as_percent,
    finish,
    label_ticks,
    legend,
    no_more,
    open_axes,
    percent,
)
from customerops.plotting.palette import colours_of
from customerops.plotting.words import label_texts, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["calibration_plot", "contract_curve", "forecast_lines", "tracking_plot"]

ACTUAL, EXPECTED = COLOURS[0], COLOURS[4]


def tracking_plot(
    result: PurchaseTracking, ax: Axes | None = None, *, cumulative: bool = False
) -> Axes:
    """Draw repeat purchases period by period beside those that a model expects.

    Parameters
    ----------
    result : PurchaseTracking
        From `customerops.metrics.purchase_tracking`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    cumulative : bool
        Draw sums from the start.

    Returns
    -------
    matplotlib.axes.Axes
        A line where the calibration ends: what is right of it the model has not seen.

    Notes
    -----
    As figures 3 and 4 of Fader, Hardie and Lee (2005), Marketing Science 24, 275-284.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import BGNBD, purchase_tracking
    >>> from customerops.plotting import tracking_plot
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=[1, 1, 2], at=[dt.date(2024, 1, d) for d in (1, 9, 3)],
    ...     kind=["purchase"] * 3, tz=dt.timezone.utc,
    ... ).until_day(dt.date(2024, 1, 14))
    >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
    >>> tracking_plot(purchase_tracking(model, log), cumulative=True).get_ylabel()
    'repeat purchases, summed from the start'
    """
    actual, expected = result.actual.astype(np.float64), result.expected
    if cumulative:
        actual, expected = actual.cumsum(), expected.cumsum()
    ax = open_axes(ax)
    x = np.arange(len(actual))
    ax.plot(x, actual, color=ACTUAL, lw=1.7, marker="o", ms=2.5, label="actual")
    ax.plot(x, expected, color=EXPECTED, lw=1.7, ls="--", label="expected by the model")
    seen = int(result.calibration.sum())
    if seen < len(x):
        ax.axvline(seen - 0.5, color=INK, lw=0.9, ls=":")
        ax.annotate(
            " held out", (seen - 0.5, 1), xycoords=("data", "axes fraction"), va="top",
            fontsize=8.5, color=FAINT,
        )  # fmt: skip
    label_ticks(ax, "x", label_texts(result.labels), most=12)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("period, by its first day")
    ax.set_ylabel("repeat purchases" + (", summed from the start" if cumulative else " a period"))
    as_counts(ax.yaxis, whole=False)
    legend(ax, loc="best", bbox_to_anchor=None)
    error = "" if np.isnan(result.error) else f"expected {result.error:+.1%} in the held-out time"
    said = f"{result.customers:,} customers who came in the calibration"
    return finish(ax, "Purchase tracking", "; ".join(part for part in (said, error) if part))


def calibration_plot(result: Validation, ax: Axes | None = None) -> Axes:
    """Draw expected and actual purchases of the held-out time, by how often customers had bought.

    Parameters
    ----------
    result : Validation
        From `customerops.metrics.validate`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Means of a customer; below each frequency how many customers there are.

    Examples
    --------
    >>> from customerops.metrics import BGNBD, PurchaseSummary, validate
    >>> from customerops.plotting import calibration_plot
    >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
    >>> seen = PurchaseSummary.from_arrays(
    ...     [2, 0], [213, 0], [272, 272], held_x=[1, 0], holdout=273
    ... )
    >>> calibration_plot(validate(model, seen, most=2)).get_ylabel()
    'purchases a customer in the held-out time'
    """
    means = result._means()
    ax = open_axes(ax)
    x = np.arange(len(result.x))
    ax.plot(x, means["actual"], color=ACTUAL, lw=1.7, marker="o", ms=5, label="actual")
    ax.plot(
        x, means["expected"], color=EXPECTED, lw=1.7, ls="--", marker="s", ms=4,
        label="expected by the model",
    )  # fmt: skip
    counts = result.customers.tolist()
    labels = [f"{name}\n({amount(n)})" for name, n in zip(result._labels(), counts, strict=True)]
    label_ticks(ax, "x", labels, rotate=False)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("repeat purchases in the calibration (and customers)")
    ax.set_ylabel("purchases a customer in the held-out time")
    as_counts(ax.yaxis, whole=False)
    legend(ax, loc="upper left", bbox_to_anchor=(0.01, 0.99))
    error = result.tracking_error
    said = "" if np.isnan(error) else f"expected {error:+.1%} in all; "
    below = f"{said}mean absolute error {result.mae:.3g} a customer; horizon {result.horizon:g}"
    return finish(ax, "Calibration: expected and actual purchases", below)


def contract_curve(
    model: ContractModel, ax: Axes | None = None, *, renewals: int = 12, confidence: float = 0.95
) -> Axes:
    """Draw the share of customers that a model of contracts expects to be left.

    Parameters
    ----------
    model : ContractModel
        A fitted one has a band.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    renewals : int
        How far.
    confidence : float
        Of the band, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        Survival after each renewal.

    Examples
    --------
    >>> from customerops.metrics import SBG
    >>> from customerops.plotting import contract_curve
    >>> contract_curve(SBG.of(alpha=0.668, beta=3.806), renewals=3).get_ylabel()
    'share of customers left (%)'
    """
    t = np.arange(renewals + 1)
    value = np.asarray(model.survival(t))
    ax = open_axes(ax)
    ax.plot(t, value, color=COLOURS[0], marker="o", ms=4, lw=1.7, label="_")
    fitted = model.evidence is not None
    if fitted:
        low, high = (np.asarray(x) for x in model.survival_interval(t, confidence=confidence))
        ax.fill_between(t, low, high, color=COLOURS[0], alpha=0.16, linewidth=0)
    ax.set_ylim(0, 1.03)
    as_percent(ax.yaxis)
    as_counts(ax.xaxis)
    ax.set_xlabel("renewals")
    ax.set_ylabel("share of customers left (%)")
    note = (
        f"{percent(confidence)} band; {model.customers:,} customers"
        if fitted
        else "given parameters"
    )
    return finish(ax, f"{type(model).__name__}: survival of contracts", note)


def forecast_lines(result: Forecast, ax: Axes | None = None) -> Axes:
    """Draw how many customers to expect in each state.

    Parameters
    ----------
    result : Forecast
        Of at most eight states.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A line for each state that anybody is in, from the last known number on; the periods to come are shaded.

    Raises
    ------
    InvalidInputError
        If there are more than eight states.

    Examples
    --------
    >>> import datetime as dt
    >>> import numpy as np
    >>> from customerops.lifecycle import Forecast
    >>> from customerops.model import Context
    >>> from customerops.plotting import forecast_lines
    >>> coming = Forecast(
    ...     axis="stage", periods=(dt.date(2026, 1, 1),), states=("LAPSED", "RETAINED"),
    ...     customers=np.array([[4.0, 7.0]]), arrivals=np.array([1.0]), opening=np.array([4, 6]),
    ...     context=Context("lifecycle_forecast", period="month"),
    ... )
    >>> [line.get_label() for line in forecast_lines(coming).lines]
    ['LAPSED', 'RETAINED']
    """
    ax = open_axes(ax)
    x = np.arange(len(result.periods) + 1)
    known = np.vstack([result.opening, result.customers])
    some = [i for i in range(len(result.states)) if known[:, i].any()]
    no_more("states", len(some), len(COLOURS), "to_frame() has all of them")
    colours = colours_of([str(result.states[i]) for i in some])
    for colour, i in zip(colours, some, strict=True):
        ax.plot(
            x, known[:, i], color=colour, lw=1.7, ls="--", marker="o", ms=3, label=result.states[i]
        )
    ax.axvspan(0, len(x) - 0.5, color=GREY["facecolor"], zorder=0, lw=0, gid="forecast")
    period = result.context.period
    label_ticks(ax, "x", ["known", *label_texts(result.periods, period)])
    ax.set_xlim(-0.5, len(x) - 0.5)
    ax.set_ylim(bottom=0)
    ax.set_xlabel(period or "period")
    ax.set_ylabel("customers expected at its end")
    as_counts(ax.yaxis)
    legend(ax, title=result.axis)
    return finish(ax, "Forecast", subtitle(result.context, "if customers move on as they did"))
