"""How many customers are in each segment, in several, in none, and in the shadow of others."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.segments.segments import Segmentation, first_match
from customerops.model.segments.size_tables import (
    SegmentAssignment,
    SegmentMatches,
    SegmentOverlap,
    SegmentReach,
    SegmentSizes,
)
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values.checks import came
from customerops.model.values.labels import Label, label_key

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping

__all__ = [
    "assign_segments",
    "counted",
    "division_of",
    "key_axis",
    "segment_matches",
    "segment_overlap",
    "segment_reach",
    "segment_sizes",
]

Ints = NDArray[np.int64]


# ---------------------------------------------------------------------- what they share


def division_of(segmentation: Segmentation) -> Segmentation:
    """Return a segmentation, or say that it is none."""
    if not isinstance(segmentation, Segmentation):
        raise InvalidInputError("segmentation", "must be a Segmentation", came(segmentation))
    return segmentation


def key_axis(
    name: str, segmentation: Segmentation, *, gap: bool = True, disjoint: bool = True
) -> tuple[Axis, NDArray[np.intp]]:
    """Return the axis of all keys, and where on it each segment is; the gap, None, last."""
    names: list[Label] = [*segmentation.keys, *([None] if gap else [])]
    order = sorted(range(len(names)), key=lambda i: label_key(names[i]))
    place = np.empty(len(names), np.intp)
    place[order] = np.arange(len(names))
    return Axis(name, [names[i] for i in order], "state", disjoint=disjoint), place


def counted(*keys: tuple[NDArray[np.intp], int], where: NDArray[np.bool_] | None = None) -> Ints:
    """Count customers by several codes at once: an array with one dimension for each."""
    shape = tuple(n for _, n in keys)
    cells = np.ravel_multi_index(tuple(codes for codes, _ in keys), shape)
    if where is not None:
        cells = cells[where]
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)


def context_of(
    metric: str, asked: Asked, segmentation: Segmentation, by: str | Grouping | None
) -> Context:
    """Return what a table of segments is about."""
    from customerops.model.rules.grouping import as_grouping

    return Context(
        metric,
        as_of=asked.as_of,
        by=None if by is None else as_grouping(by),
        options={"segmentation": segmentation},
    )


# ---------------------------------------------------------------------- the functions


def assign_segments(
    log: InteractionLog, segmentation: Segmentation, *, as_of: dt.datetime | None = None
) -> SegmentAssignment:
    """Return the segment of each customer of a log.

    Parameters
    ----------
    log : InteractionLog
        Customer attributes come from ``log.with_customers``.
    segmentation : Segmentation
        The segments; the first whose rule holds wins.
    as_of : datetime, optional
        Timezone-aware, inclusive; left out, the log's.

    Returns
    -------
    SegmentAssignment
        One row for each customer who had entered, by id.

    Raises
    ------
    InvalidInputError
        If there is no `as_of`, it is later than the log's, or a rule asks for what is not loaded.

    Notes
    -----
    Equal, customer by customer, to `Segmentation.segment_of` on the records.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, assign_segments
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b"], kind=["purchase", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3)], tz=dt.timezone.utc,
    ... )
    >>> buyers = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    >>> assign_segments(log.until_day(dt.date(2026, 1, 9)), buyers).segment.tolist()
    ['buyer', None]
    """
    division_of(segmentation)
    asked = ask(log, as_of=as_of)
    names = np.array([*segmentation.keys, None], object)
    return SegmentAssignment(
        ids=asked.log.customers,
        columns={"segment": names[segmentation.places(asked.log)]},
        context=context_of("assign_segments", asked, segmentation, None),
    )


def segment_sizes(
    log: InteractionLog,
    segmentation: Segmentation,
    *,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
) -> SegmentSizes:
    """Return how many customers are in each segment, and their share.

    Parameters
    ----------
    log : InteractionLog
        The customers.
    segmentation : Segmentation
        The segments; the first whose rule holds wins.
    as_of : datetime, optional
        Timezone-aware, inclusive; left out, the log's.
    by : str or Grouping, optional
        Groups of customers.

    Returns
    -------
    SegmentSizes
        Axes group, if asked for, and the segments, named as the segmentation: every key, those of
        empty segments too, and None for the customers of no segment. ``count`` customers of
        ``total``; shares have Wilson intervals. Results of disjoint customers add.

    Raises
    ------
    InvalidInputError
        As for `assign_segments`.

    Notes
    -----
    ``count / total``: the customers whose first segment that holds is this one, of all who are
    known at `as_of`. The shares of all segments and of no segment sum to 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, segment_sizes
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "c"], kind=["purchase", "visit", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 3)], tz=dt.timezone.utc,
    ... )
    >>> buyers = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    >>> sizes = segment_sizes(log.until_day(dt.date(2026, 1, 9)), buyers)
    >>> sizes.axes[0].labels, sizes.count.tolist(), sizes.total
    (('buyer', None), [1, 2], 3)
    """
    division_of(segmentation)
    asked = ask(log, as_of=as_of)
    groups, n, axes = groups_of(asked.log, by)
    axis, place = key_axis(segmentation.key, segmentation)
    count = counted((groups, n), (place[segmentation.places(asked.log)], len(axis)))
    total = counted((groups, n))
    return SegmentSizes(
        axes=(*axes, axis),
        parts={"count": count if axes else count[0], "total": total if axes else total[0]},
        context=context_of("segment_sizes", asked, segmentation, by),
    )


def segment_matches(
    log: InteractionLog,
    segmentation: Segmentation,
    *,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
) -> SegmentMatches:
    """Return how many customers match no segment, exactly one, or several.

    Parameters
    ----------
    log, segmentation, as_of, by
        As for `segment_sizes`.

    Returns
    -------
    SegmentMatches
        Axes group, if asked for, and ``"rules"``, how many of the segments' rules hold, from 0 to
        all. Those at 0 are the gap; those at 2 and more are where the order decides.

    Raises
    ------
    InvalidInputError
        As for `assign_segments`.

    Notes
    -----
    ``count[k] / total``: of all who are known at `as_of`, the customers for whom k of the rules
    hold, whichever comes first. The shares sum to 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, segment_matches
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b"], kind=["purchase", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3)], tz=dt.timezone.utc,
    ... )
    >>> buyers = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    >>> segment_matches(log.until_day(dt.date(2026, 1, 9)), buyers).count.tolist()
    [1, 1]
    """
    division_of(segmentation)
    asked = ask(log, as_of=as_of)
    groups, n, axes = groups_of(asked.log, by)
    held = segmentation.matching(asked.log).sum(axis=0, dtype=np.intp)
    axis = Axis("rules", range(len(segmentation.segments) + 1), "state", disjoint=True)
    count, total = counted((groups, n), (held, len(axis))), counted((groups, n))
    return SegmentMatches(
        axes=(*axes, axis),
        parts={"count": count if axes else count[0], "total": total if axes else total[0]},
        context=context_of("segment_matches", asked, segmentation, by),
    )


def segment_overlap(
    log: InteractionLog,
    segmentation: Segmentation,
    *,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
) -> SegmentOverlap:
    """Return, of the customers who match each segment, the share who match each other one.

    Parameters
    ----------
    log, segmentation, as_of, by
        As for `segment_sizes`; the order of the segments has no part in it.

    Returns
    -------
    SegmentOverlap
        Axes group, if asked for, ``"matching"`` and ``"also"``: ``count`` customers match both,
        ``total`` the first. On the diagonal the two are equal.

    Raises
    ------
    InvalidInputError
        As for `assign_segments`.

    Notes
    -----
    ``count[a, b] / total[a] = |a and b| / |a|``, of the rules by themselves. It is not symmetric:
    all of a small segment may be in a large one.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, segment_overlap
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase", "visit", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 3)], tz=dt.timezone.utc,
    ... )
    >>> two = Segmentation(
    ...     segments=tuple(Segment(key=kind, rule=Did(kind)) for kind in ("visit", "purchase"))
    ... )
    >>> overlap = segment_overlap(log.until_day(dt.date(2026, 1, 9)), two)
    >>> overlap.axes[0].labels, overlap.count.tolist(), overlap.total.tolist()
    (('purchase', 'visit'), [[1, 1], [1, 2]], [1, 2])
    """
    division_of(segmentation)
    asked = ask(log, as_of=as_of)
    groups, n, axes = groups_of(asked.log, by)
    first, place = key_axis("matching", segmentation, gap=False, disjoint=False)
    second, _ = key_axis("also", segmentation, gap=False, disjoint=False)
    held = segmentation.matching(asked.log)
    count = np.zeros((n, len(first), len(first)), np.int64)
    for i, row in enumerate(held):
        for j, other in enumerate(held):
            count[:, place[i], place[j]] = counted((groups, n), where=row & other)
    total = np.diagonal(count, axis1=1, axis2=2).copy()
    return SegmentOverlap(
        axes=(*axes, first, second),
        parts={"count": count if axes else count[0], "total": total if axes else total[0]},
        context=context_of("segment_overlap", asked, segmentation, by),
    )


def segment_reach(
    log: InteractionLog,
    segmentation: Segmentation,
    *,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
) -> SegmentReach:
    """Return, of the customers who match each segment, the share that each segment takes.

    Parameters
    ----------
    log, segmentation, as_of, by
        As for `segment_sizes`.

    Returns
    -------
    SegmentReach
        Axes group, if asked for, ``"matching"`` and ``"taken_by"``: of ``total`` customers who
        match the one, ``count`` are in the other. ``unreached`` names the segments nobody is in,
        ``shadows`` who takes their customers.

    Raises
    ------
    InvalidInputError
        As for `assign_segments`.

    Notes
    -----
    Who matches a segment is in it or in an earlier one, so every row sums to its total. That a
    segment is never reached shows as far as these customers show it; `Segmentation.unreachable`
    tells what holds for any.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, segment_reach
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "b"], kind=["buy", "buy", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 4)], tz=dt.timezone.utc,
    ... )
    >>> two = Segmentation(
    ...     segments=tuple(Segment(key=kind, rule=Did(kind)) for kind in ("visit", "buy"))
    ... )
    >>> reach = segment_reach(log.until_day(dt.date(2026, 1, 9)), two)
    >>> reach.axes[0].labels, reach.count.tolist(), reach.total.tolist()
    (('buy', 'visit'), [[1, 1], [0, 1]], [2, 1])
    """
    division_of(segmentation)
    asked = ask(log, as_of=as_of)
    groups, n, axes = groups_of(asked.log, by)
    first, place = key_axis("matching", segmentation, gap=False, disjoint=False)
    second, _ = key_axis("taken_by", segmentation, gap=False)
    held = segmentation.matching(asked.log)
    taken = np.append(place, 0)[first_match(held)]  # who is in none matches none
    count = np.zeros((n, len(first), len(second)), np.int64)
    for i, row in enumerate(held):
        count[:, place[i]] = counted((groups, n), (taken, len(second)), where=row)
    total = count.sum(axis=2)
    return SegmentReach(
        axes=(*axes, first, second),
        parts={"count": count if axes else count[0], "total": total if axes else total[0]},
        context=context_of("segment_reach", asked, segmentation, by),
    )
