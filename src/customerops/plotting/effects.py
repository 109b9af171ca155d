"""Experiments: what each treatment did, and the change of one group beside that of another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.experiments.cross_sections import DifferenceOfChanges
from customerops.metrics.experiments.did import DifferenceInDifferences
from customerops.metrics.experiments.uplift_table import Uplift
from customerops.model.tables.context import Context
from customerops.plotting.canvas import (
    COLOURS,
    FAINT,
    GREY,
    IMMATURE,
    INK,
    LOSS,
    amount,
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
from customerops.plotting.reading import Measure, measure_of
from customerops.plotting.words import label_text, label_texts, metric_text, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["change_lines", "effect_chart"]

TREATED, CONTROL = COLOURS[0], COLOURS[6]
EFFECT = COLOURS[4]

Floats = NDArray[np.float64]


@attrs.frozen(eq=False, kw_only=True)
class _Seen:
    """Two groups over windows, the last two before and after; and the effect."""

    names: list[str]
    treated: Floats
    control: Floats
    treated_bounds: tuple[Floats, Floats] | None = None
    control_bounds: tuple[Floats, Floats] | None = None
    effect: tuple[float, float, float]
    done: bool
    measure: Measure
    title: str
    context: Context
    notes: list[str]


def effect_chart(result: Uplift, ax: Axes | None = None, *, confidence: float = 0.95) -> Axes:
    """Draw what each treatment did against the control, with intervals.

    Parameters
    ----------
    result : Uplift
        Differences or ratios; a row for each treatment.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals, between 0 and 1; each covers by itself.

    Returns
    -------
    matplotlib.axes.Axes
        A line where there is no effect; beside each row the outcomes and the customers that it
        compares. A sample ratio that is flagged is said in the picture. Rows of arms with open
        windows are grey and hatched.

    Raises
    ------
    InvalidInputError
        If `confidence` is not between 0 and 1.

    Examples
    --------
    >>> from customerops.metrics import uplift_from_counts
    >>> from customerops.plotting import effect_chart
    >>> lift = uplift_from_counts({"none": (90, 1000), "mail": (120, 1000)}, control="none")
    >>> ax = effect_chart(lift)
    >>> ax.get_xlabel(), ax.texts[0].get_text()
    ('difference in the share of customers (percentage points)', '12.0 % of 1,000 against 9.0 % of 1,000')
    """
    low, high = (np.where(np.isfinite(x), x, np.nan) for x in result.interval(confidence))
    value, arms = result.value, label_texts(result.treatments)
    check, waiting = result.sample_ratio, int(result.immature.sum())
    flagged, n = result.flagged, max(len(arms), 1)
    ax = open_axes(ax, 7.6, 1.9 + 0.5 * (n + flagged))
    places = np.arange(len(arms))
    whole = 1.0 if result.definition == "ratio" else 0.0
    ax.axvline(whole, color=INK, lw=1.0, ls="--", label="_no effect")
    spread = np.nan_to_num(np.maximum(np.stack([value - low, high - value]), 0))
    colour = LOSS if flagged else TREATED
    ax.errorbar(value, places, xerr=spread, fmt="o", color=colour, capsize=4, ms=6)
    own, control = (result.axes[0].positions(x) for x in (result.treatments, [result.control]))
    for i, row in enumerate(own.tolist()):
        _beside(ax, i, f"{_level(result, row)} against {_level(result, int(control[0]))}")
    done = result._complete()
    for place in places[~(done[own] & done[control])].tolist():
        ax.axhspan(place - 0.5, place + 0.5, zorder=0, gid=IMMATURE, **cast("Any", GREY))
    label_ticks(ax, "y", arms)
    ax.set_ylim(n - 0.5 + (0.8 if flagged else 0), -0.5)
    ax.set_ylabel("arm")
    measure = _lift(result)
    ax.set_xlabel(measure.label)
    _values(ax.xaxis, measure)
    ax.margins(x=0.12)
    if waiting:
        legend(ax, immature="so far", loc="lower left", bbox_to_anchor=(1.01, -0.3))
    notes = [f"{percent(confidence)} intervals"]
    if result.adjusted:
        notes.append("adjusted by a covariate")
    if waiting:
        notes.append(f"{waiting:,} customers whose window is open are left out")
    if flagged and check is not None:
        said = f"SAMPLE RATIO MISMATCH (p = {check.p_value:.1g}): not to be believed"
        ax.text(
            0.5, n - 0.1, said, transform=ax.get_yaxis_transform(), ha="center", va="center",
            fontsize=10, fontweight="bold", color=LOSS, gid="flagged", backgroundcolor="white",
        )  # fmt: skip
    elif check is not None:
        notes.append(f"sample ratio p = {check.p_value:.2g}")
    title = f"{metric_text(result.context)} against {label_text(result.control)}"
    return finish(ax, title, subtitle(result.context, *notes), grid="x")


def _level(result: Uplift, row: int) -> str:
    """Return the outcome of an arm as it is, and of how many customers."""
    outcome = result.by_arm
    value = float(np.asarray(outcome.value)[row])
    shown = "–" if math.isnan(value) else amount(value)
    if result._is_share() and not math.isnan(value):
        shown = percent(value, 1)
    return f"{shown} of {int(result.customers[row]):,}"


def _lift(result: Uplift) -> Measure:
    """Return what lifts are measured in."""
    if result.definition == "ratio":
        return Measure("ratio of the outcome to that of the control")
    if result._is_share():
        return Measure("difference in the share of customers (percentage points)", fraction=True)
    counted = result.context.option("measure")
    unit = {"amount": result.context.currency or "amount", "events": "events"}.get(
        str(counted), "outcome"
    )
    return Measure(f"difference ({unit} per customer)")


def change_lines(
    result: DifferenceInDifferences | DifferenceOfChanges,
    ax: Axes | None = None,
    *,
    confidence: float = 0.95,
) -> Axes:
    """Draw a difference in differences: two groups over time, and where the treated would be.

    Parameters
    ----------
    result : DifferenceInDifferences or DifferenceOfChanges
        Of four estimates: their values. Of customers, each seen twice: mean changes since the
        window before, so that both groups start at 0; with the earlier windows, if there are any.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    confidence : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    matplotlib.axes.Axes
        Dashed: the treated had they changed as the control did; where both start at 0, that is the
        line of the control. From its end to the point of the treated goes the effect, drawn at
        the right with its interval.

    Raises
    ------
    InvalidInputError
        If the estimates have axes, or `confidence` is not between 0 and 1.

    Examples
    --------
    >>> from customerops.metrics import difference_in_differences_from_estimates, proportion
    >>> from customerops.plotting import change_lines
    >>> found = difference_in_differences_from_estimates(
    ...     treated=(proportion(40, 400), proportion(72, 400)),
    ...     control=(proportion(50, 500), proportion(60, 500)),
    ... )
    >>> change_lines(found).texts[0].get_text().split()[0]
    '+6.0'
    """
    if isinstance(result, DifferenceOfChanges):
        seen = _of_estimates(result, confidence)
    else:
        seen = _of_customers(result, confidence)
    ax = open_axes(ax, 7.6, 4.4)
    x = np.arange(len(seen.names))
    for line, bounds, colour, marker, name in (
        (seen.treated, seen.treated_bounds, TREATED, "o", "treated"),
        (seen.control, seen.control_bounds, CONTROL, "s", "control"),
    ):
        ax.plot(x, line, color=colour, marker=marker, ms=5, lw=1.8, label=name)
        if bounds is not None:
            spread = np.nan_to_num(np.maximum(np.stack([line - bounds[0], bounds[1] - line]), 0))
            ax.errorbar(x, line, yerr=spread, fmt="none", ecolor=colour, capsize=3, lw=1.1)
    would = float(seen.treated[-2] + seen.control[-1] - seen.control[-2])
    if seen.treated_bounds is not None:  # else both are at 0 before, and it is the control's line
        ax.plot(
            x[-2:], [seen.treated[-2], would], color=TREATED, lw=1.4, ls="--", zorder=3,
            label="treated, had it changed as the control",
        )  # fmt: skip
    if not seen.done:
        shade_open(ax, [float(x[-1])])
    elif not math.isnan(seen.effect[0]):
        _effect(ax, float(x[-1]) + 0.16, would, seen)
    label_ticks(ax, "x", seen.names, rotate=False)
    ax.set_xlim(-0.3, len(x) - 1 + 0.16 + 0.3 * len(x))
    ax.set_xlabel("window")
    ax.set_ylabel(seen.measure.label)
    _values(ax.yaxis, seen.measure)
    legend(
        ax, immature="" if seen.done else "not over", loc="upper left", bbox_to_anchor=(0, -0.17),
        ncols=2,
    )  # fmt: skip
    notes = [f"{percent(confidence)} intervals", *seen.notes]
    return finish(ax, seen.title, subtitle(seen.context, *notes))


def _effect(ax: Axes, x: float, would: float, seen: _Seen) -> None:
    """Draw the effect beside the lines, from where the treated would have been."""
    value, low, high = seen.effect
    start = "control" if seen.treated_bounds is None else "dashed line"
    spread = np.nan_to_num(np.maximum([[value - low], [high - value]], 0))
    ax.plot([x, x], [would, would + value], color=EFFECT, lw=5, alpha=0.3, label="_effect")
    ax.errorbar(
        [x], [would + value], yerr=spread, fmt="D", color=EFFECT, capsize=4, ms=5, lw=1.4,
        label=f"effect, from the {start}",
    )  # fmt: skip
    scale, form = (100, "+.1f") if seen.measure.fraction else (1, "+.3g")
    bounds = "" if math.isnan(low) else f"\n({scale * low:{form}} to {scale * high:{form}})"
    ax.annotate(
        f"{scale * value:{form}}{bounds}", (x, would + value), xytext=(9, 0),
        textcoords="offset points", va="center", fontsize=9, color=EFFECT,
    )  # fmt: skip


def _of_estimates(result: DifferenceOfChanges, confidence: float) -> _Seen:
    if result.treated.first.axes:
        refuse("be without axes", "the changes .treated and .control can be drawn")
    groups = [(one.second, one.first) for one in (result.treated, result.control)]
    values = [np.array([float(one.value) for one in pair]) for pair in groups]
    bounds = []
    for pair in groups:
        both: Any = [one.interval(confidence) for one in pair]
        low, high = np.array(both, np.float64).T
        bounds.append((low, high))
    low, high = result.interval(confidence)
    return _Seen(
        names=["before", "after"],
        treated=values[0],
        control=values[1],
        treated_bounds=bounds[0],
        control_bounds=bounds[1],
        effect=(float(result), float(low), float(high)),
        done=bool(result.treated.complete and result.control.complete),
        measure=measure_of(result.treated.first),
        title=f"{metric_text(result.context)}: difference in differences",
        context=result.context,
        notes=[],
    )


def _of_customers(result: DifferenceInDifferences, confidence: float) -> _Seen:
    rows, (low, high) = result._rows(confidence), result.interval(confidence)
    done = bool(rows["complete"][-1])
    earlier = len(rows["step"]) - 1
    names = [*(f"{i} earlier" for i in range(earlier, 0, -1)), "before", "after"]
    counted = str(result.context.option("measure"))
    unit = {
        "customers": "share of customers",
        "events": "events per customer",
        "amount": f"{result.context.currency or 'amount'} per customer",
    }.get(counted, "outcome per customer")
    said = {None: "trends before not checked", True: "TRENDS DIFFERED BEFORE", False: ""}
    n, own = result.n, result.axes[0].positions([result.control])
    customers = f"{int(n.sum() - n[own].sum()):,} treated and {int(n[own].sum()):,} control"
    return _Seen(
        names=names,
        treated=_since_before(rows["treated"]),
        control=_since_before(rows["control"]),
        effect=(result.value, float(low), float(high)),
        done=done,
        measure=Measure(f"change since before ({unit})", fraction=counted == "customers"),
        title=metric_text(result.context),
        context=result.context,
        notes=[f"{customers} customers", said[result.trends_differ]],
    )


def _since_before(changes: Floats) -> Floats:
    """Return the level of each window less that of the last but one, from the steps between."""
    back = -np.cumsum(changes[:-1][::-1])[::-1]
    return np.concatenate([back, [0.0], changes[-1:]])


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


def _values(axis: Any, measure: Measure) -> None:
    if measure.fraction:
        as_percent(axis)
    else:
        as_counts(axis, whole=False)
