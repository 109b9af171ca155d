"""Segments against time and against an outcome: who moved, and what a segment tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.segments.segments import Segmentation
from customerops.model.segments.sizes import (
    context_of,
    counted,
    division_of,
    key_axis,
)
from customerops.model.tables.base import Floats, Sampled, at_least_zero
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.intervals import wilson
from customerops.model.tables.tables import Count
from customerops.model.values import exact
from customerops.model.values.instants import as_instant, to_us

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping

__all__ = ["SegmentLift", "SegmentMoves", "segment_lift", "segment_migration"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentMoves(Proportion):
    """Of the customers of each segment before, the share in each after; made by `segment_migration`."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "before")}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentLift(Sampled):
    """The rate of an outcome in each segment over the rate among all; made by `segment_lift`.

    Parameters
    ----------
    axes : sequence of Axis
        The segments, after the groups if there are any.
    parts : mapping
        ``count`` with the outcome of ``total`` in each segment, and ``outcomes`` of ``customers``
        among all.
    context : Context
        What it is about.

    Notes
    -----
    With rates p in the segment and q among the others, and the share w of customers in it,
    ``lift = p / (w p + (1 - w) q) = r / (w r + 1 - w)`` where ``r = p / q``. It rises with r, so the
    bounds of r give those of the lift. They are recovered from the Wilson bounds of p and q, which
    are independent (MOVER for a ratio); w is taken as it is. A segment of all customers has lift 1.

    The lift of a segment is at most ``1 / w``: large segments cannot stand out.

    References
    ----------
    Donner and Zou, Closed-form confidence intervals for functions of the normal mean and standard
    deviation, Statistical Methods in Medical Research 21 (2012), 347-359.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total", "outcomes", "customers")
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "outcomes": ("group",),
        "customers": ("group",),
    }
    METHODS: ClassVar[tuple[str, ...]] = ("mover",)
    _FORMATS: ClassVar[Mapping[str, Callable[[float], str]]] = {}

    @property
    def count(self) -> Count:
        """How many of each segment have the outcome."""
        return self._part("count")

    @property
    def total(self) -> Count:
        """How many are in each segment."""
        return self._part("total")

    @property
    def outcomes(self) -> Count:
        """How many of all have the outcome."""
        return self._part("outcomes")

    @property
    def customers(self) -> Count:
        """How many there are."""
        return self._part("customers")

    def rate(self) -> Proportion:
        """Return the rate of the outcome in each segment, with Wilson intervals."""
        return Proportion(
            axes=self.axes,
            parts={"count": self._spread("count"), "total": self._spread("total")},
            context=attrs.evolve(self.context, metric="segment_lift.rate"),
        )

    def _check(self) -> None:
        at_least_zero(self, *self.PARTS)
        for few, many in (("count", "total"), ("count", "outcomes"), ("total", "customers")):
            if (self._spread(few) > self._spread(many)).any():
                raise InvalidInputError(few, f"must not exceed {many}")

    def _value(self) -> Floats:
        a, n, outcomes, customers = (self._spread(name) for name in self.PARTS)
        return exact.divide(a * customers, n * outcomes)

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        a, n, outcomes, customers = (self._spread(name).astype(np.float64) for name in self.PARTS)
        others = customers - n
        with np.errstate(divide="ignore", invalid="ignore"):
            p, q, w = a / n, (outcomes - a) / others, n / customers
            low1, high1 = wilson(a, n, confidence)
            low2, high2 = wilson(outcomes - a, others, confidence)
            least, most = low1 * (2 * p - low1), low2 * (2 * q - low2)
            low = least / (p * q + np.sqrt((p * q) ** 2 - least * high2 * (2 * q - high2)))
            low = np.where(least > 0, low, 0.0)
            root = np.sqrt(np.maximum((p * q) ** 2 - high1 * (2 * p - high1) * most, 0))
            high = np.where(most > 0, (p * q + root) / most, np.inf)
            bounds = [r / (w * r + (1 - w)) for r in (low, high)]
        bounds[1] = np.where(np.isinf(high), 1 / np.where(w > 0, w, 1), bounds[1])
        whole = others == 0
        return np.where(whole, 1.0, bounds[0]), np.where(whole, 1.0, bounds[1])


def _earlier(since: dt.datetime, asked: Asked) -> int:
    us = to_us(as_instant("since", since))
    if us > asked.as_of:
        raise InvalidInputError("since", "must not be later than as_of", "it is later")
    return us


def segment_migration(
    log: InteractionLog,
    segmentation: Segmentation,
    *,
    since: dt.datetime,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
) -> SegmentMoves:
    """Return where the customers of each segment at an instant are at a later one.

    Parameters
    ----------
    log : InteractionLog
        The customers.
    segmentation : Segmentation
        The segments at both instants.
    since : datetime
        The earlier instant, timezone-aware, inclusive.
    as_of : datetime, optional
        The later one; left out, the log's.
    by : str or Grouping, optional
        Groups of customers, as of the later instant.

    Returns
    -------
    SegmentMoves
        Axes group, if asked for, ``"before"`` and ``"after"``, every key on both, None for no
        segment: ``count`` of the ``total`` who were there. Every row sums to its total, and all
        rows to the customers known at `since`; who entered later is not in it. Results of disjoint
        customers add.

    Raises
    ------
    InvalidInputError
        As for `assign_segments`, or if `since` is later than `as_of`.

    Notes
    -----
    Attributes of customers are those of the record, the same at both instants: only rules on
    history (`Did`) move anybody.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, segment_migration
    >>> utc = dt.timezone.utc
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["visit", "purchase", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 20, 3)], tz=utc,
    ... )
    >>> buyers = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    >>> moved = segment_migration(
    ...     log, buyers, since=dt.datetime(2026, 1, 9, tzinfo=utc),
    ...     as_of=dt.datetime(2026, 1, 31, tzinfo=utc),
    ... )
    >>> moved.axes[0].labels, moved.count.tolist(), moved.total.tolist()
    (('buyer', None), [[0, 0], [1, 1]], [0, 2])
    """
    division_of(segmentation)
    asked = ask(log, as_of=as_of)
    start = _earlier(since, asked)
    groups, n, axes = groups_of(asked.log, by)
    before, place = key_axis("before", segmentation)
    after, _ = key_axis("after", segmentation)
    count = counted(
        (groups, n),
        (place[segmentation.places(asked.log, as_of=since)], len(before)),
        (place[segmentation.places(asked.log)], len(after)),
        where=asked.log.entered <= start,
    )
    total = count.sum(axis=2)
    context = context_of("segment_migration", asked, segmentation, by)
    return SegmentMoves(
        axes=(*axes, before, after),
        parts={"count": count if axes else count[0], "total": total if axes else total[0]},
        context=context.with_options(since=start),
    )


def segment_lift(
    log: InteractionLog,
    segmentation: Segmentation,
    *,
    outcome: Rule,
    since: dt.datetime | None = None,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
) -> SegmentLift:
    """Return how much more often than all customers those of each segment have an outcome.

    Parameters
    ----------
    log : InteractionLog
        The customers.
    segmentation : Segmentation
        The segments.
    outcome : Rule
        A rule about customers, as of `as_of`: ``Did("purchase", within=...)``.
    since : datetime, optional
        When the segments are looked at, timezone-aware, inclusive; who entered later is left out.
        Left out, at `as_of`, with the outcome.
    as_of : datetime, optional
        When the outcome is looked at; left out, the log's.
    by : str or Grouping, optional
        Groups of customers: each is compared with its own rate.

    Returns
    -------
    SegmentLift
        Axes group, if asked for, and the segments with None for no segment. NaN for a segment
        without customers, and where nobody has the outcome. Results of disjoint customers add.

    Raises
    ------
    InvalidInputError
        As for `segment_migration`, or if `outcome` is a rule about events.

    Notes
    -----
    ``lift = (count / total) / (outcomes / customers)``. Segments and outcome of one instant say
    what goes together; whether a segment *foretells* the outcome is asked with `since` before the
    time of the outcome.

    References
    ----------
    The interval is that of `SegmentLift`: Donner, A. and Zou, G. Y. (2012). Closed-form confidence
    intervals for functions of the normal mean and standard deviation. Statistical Methods in
    Medical Research 21, 347-359.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, segment_lift
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c", "d"],
    ...     kind=["download", "purchase", "download", "purchase", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 20, 3, 4, 5)], tz=dt.timezone.utc,
    ... )
    >>> readers = Segmentation(segments=(Segment(key="reader", rule=Did("download")),))
    >>> lift = segment_lift(
    ...     log.until_day(dt.date(2026, 1, 31)), readers, outcome=Did("purchase"),
    ... )
    >>> lift.value.tolist(), lift.count.tolist(), lift.total.tolist()
    ([1.0, 1.0], [1, 1], [2, 2])
    """
    division_of(segmentation)
    outcome = as_rule(outcome, name="outcome", level="customer")
    asked = ask(log, as_of=as_of)
    start = None if since is None else _earlier(since, asked)
    groups, n, axes = groups_of(asked.log, by)
    axis, place = key_axis(segmentation.key, segmentation)
    known = asked.log.entered <= (asked.as_of if start is None else start)
    segments = (place[segmentation.places(asked.log, as_of=since)], len(axis))
    held = outcome.members(asked.log) & known
    parts = {
        "count": counted((groups, n), segments, where=held),
        "total": counted((groups, n), segments, where=known),
        "outcomes": counted((groups, n), where=held),
        "customers": counted((groups, n), where=known),
    }
    context = context_of("segment_lift", asked, segmentation, by)
    return SegmentLift(
        axes=(*axes, axis),
        parts=parts if axes else {name: part[0] for name, part in parts.items()},
        context=context.with_options(outcome=outcome, since=start),
    )
