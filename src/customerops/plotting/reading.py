"""What a picture reads from a result: values, bounds, what is complete, and in which unit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.maps.tables import InMapOrder, in_map_order
from customerops.lifecycle.policy.stages import STAGES
from customerops.metrics.comparison.changes import Change
from customerops.metrics.engagement.active import ActiveCustomers
from customerops.metrics.pipeline.deals import SalesStages
from customerops.metrics.pipeline.velocity import PipelineVelocity
from customerops.metrics.revenue.mrr import RecurringRevenue
from customerops.metrics.survey.net_share import NetShare
from customerops.model.segments.moves import SegmentLift
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Difference, Estimate, Sampled
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import NetPromoterScore, Proportion, Rate
from customerops.model.tables.ratios import ClusteredShare
from customerops.plotting.words import plural, unit_text

__all__ = [
    "Measure",
    "Series",
    "counts_of",
    "measure_of",
    "order_of",
    "ordered",
    "ratio_measure",
    "series_of",
]

Floats = NDArray[np.float64]


@attrs.frozen
class Measure:
    """What values are measured in.

    Attributes
    ----------
    label : str
        For the axis of the values.
    fraction : bool
        Whether they are shown in percent.
    """

    label: str
    fraction: bool = False


@attrs.frozen(eq=False)
class Series:
    """Values over axes, with their bounds where there are any.

    Attributes
    ----------
    value, low, high : ndarray
        Of the shape of the axes; `low` and `high` are NaN where there is no interval.
    complete : ndarray of bool
        Whether the time of each cell is over.
    counts : ndarray of str
        What each value was made of; empty where that is not said.
    """

    axes: tuple[Axis, ...]
    context: Context
    measure: Measure
    value: Floats
    low: Floats
    high: Floats
    complete: NDArray[np.bool_]
    counts: NDArray[np.str_]

    @property
    def bounded(self) -> bool:
        """Whether there is any interval."""
        return not np.isnan(self.low).all()


def series_of(result: Estimate | Difference | Change, confidence: float) -> Series:
    """Return what is drawn of an estimate, of a difference of two, or of a change."""
    table = _table(result)
    value = np.asarray(_value(result), np.float64)
    low, high = (np.asarray(bound, np.float64) for bound in _interval(result, confidence))
    measure = measure_of(table)
    if table is not result:
        points = "difference (percentage points)"
        label = points if measure.fraction else f"difference, {measure.label}"
        measure = attrs.evolve(measure, label=label)
    return Series(
        axes=table.axes,
        context=table.context,
        measure=measure,
        value=value,
        low=np.broadcast_to(low, value.shape),
        high=np.broadcast_to(high, value.shape),
        complete=np.asarray(result.complete, np.bool_),
        counts=counts_of(table) if table is result else np.full(value.shape, ""),
    )


def measure_of(table: Estimate) -> Measure:
    """Return what the values of an estimate are measured in."""
    context = table.context
    unit, units = context.unit, plural(context.unit)
    money = context.currency or "amount"
    in_points = context.option("per", 1) == 100
    of_classes: tuple[tuple[Any, Measure], ...] = (
        (Proportion | ClusteredShare, Measure(f"share of {units} (%)", fraction=True)),
        (NetPromoterScore, Measure("score (points, -100 to 100)")),
        (NetShare, Measure(f"net share ({'points' if in_points else '%'})", not in_points)),
        (ActiveCustomers, Measure(units)),
        (RecurringRevenue, Measure(f"{money} a {'year' if context.metric == 'arr' else 'month'}")),
        (PipelineVelocity, Measure(f"{money} a day")),
        (SegmentLift, Measure("lift (share in the segment by that of all)")),
        (Rate, Measure(f"events per {unit} and {_exposure(context)}")),
    )
    known = (measure for kind, measure in of_classes if isinstance(table, kind))
    return next(known, None) or ratio_measure(context)


def counts_of(table: Estimate) -> NDArray[np.str_]:
    """Return what each value was made of, as text: "81 / 263", or "n = 40"."""
    parts: Any = table.parts
    pair = next((names for kind, names in _PAIRS if isinstance(table, kind)), None)
    if pair is not None:
        top, below = (table._spread(name).ravel().tolist() for name in pair)
        texts = [f"{a:,} / {b:,}" for a, b in zip(top, below, strict=True)]
    elif "n" in parts:
        texts = [f"n = {n:,}" for n in table._spread("n").ravel().tolist()]
    else:
        texts = [""] * int(np.prod(table.shape, dtype=np.int64))
    return np.array(texts, dtype=np.str_).reshape(table.shape)


def ordered(axis: Axis) -> bool:
    """Return whether a line may join the cells of an axis."""
    if axis.kind in ("period", "age", "cohort"):
        return True
    return bool(axis.labels) and all(type(label) is int for label in axis.labels)


def order_of(axis: Axis, table: Any) -> list[int]:
    """Return the places of labels as they are shown: stages in their own order, others as sorted.

    Examples
    --------
    >>> stages = Axis("stage", ["ACQUIRED", "LAPSED", "RETAINED"], "state")
    >>> order_of(stages, None)
    [0, 2, 1]
    """
    if isinstance(table, InMapOrder) and axis.kind == "state":
        order: list[int] = np.argsort(in_map_order(axis, table.context)).tolist()
        return order
    known = [str(stage) for stage in STAGES]
    sales = None if table is None else table.context.option("stages")
    if isinstance(sales, SalesStages) and axis.name == "stage":
        known = [str(stage) for stage in sales.stages]
    places = range(len(axis))
    if not {str(label) for label in axis.labels} <= set(known):
        return list(places)
    return sorted(places, key=lambda i: known.index(str(axis.labels[i])))


_PAIRS: tuple[tuple[Any, tuple[str, str]], ...] = (
    (Proportion, ("count", "total")),
    (ClusteredShare, ("x", "y")),
)

_FRACTIONS = frozenset({"grr", "net_change", "nrr", "revenue_cohorts", "stickiness"})


def ratio_measure(context: Context) -> Measure:
    """Return what a ratio, mean or quotient is measured in."""
    scale, unit = context.option("scale"), context.unit
    name = context.metric.rpartition(".")[2]
    if name in _FRACTIONS or (name.endswith(("_rate", "share")) and name != "contact_rate"):
        return Measure("ratio (%)", fraction=True)
    if context.currency and scale:
        return Measure(f"{context.currency} per {unit}")
    if name == "status_time":
        return Measure(f"{unit_text(context)} per {unit}")
    if name.endswith("ratio"):
        return Measure("ratio")
    return Measure(f"per {unit}")


def _exposure(context: Context) -> str:
    per = context.option("per")
    if per is None:
        return "unit of time"
    length = dt.timedelta(microseconds=int(per))
    return f"{length.days} days" if length.days and not length.seconds else f"{length}"


def _table(result: Estimate | Difference | Change) -> Estimate:
    if isinstance(result, Difference):
        return result.first
    return result.after if isinstance(result, Change) else result


def _value(result: Estimate | Difference | Change) -> Any:
    return result.absolute if isinstance(result, Change) else result.value


def _interval(result: Estimate | Difference | Change, confidence: float) -> tuple[Any, Any]:
    if isinstance(result, Change):
        known = bool(result.methods)
        return result.interval(confidence=confidence) if known else (np.nan, np.nan)
    if isinstance(result, Sampled | Difference):
        return result.interval(confidence)
    return np.nan, np.nan
