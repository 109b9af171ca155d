"""Tables of segments: how many are in each, who matches several, who takes whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.context import SELECTED
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.per_customer import PerCustomer

__all__ = [
    "SegmentAssignment",
    "SegmentMatches",
    "SegmentOverlap",
    "SegmentReach",
    "SegmentSizes",
]

Ints = NDArray[np.int64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentAssignment(PerCustomer):
    """The segment of each customer; made by `assign_segments`.

    Attributes
    ----------
    segment : ndarray of object
        Keys, None for no segment.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("segment",)

    @property
    def segment(self) -> NDArray[np.object_]:
        """The key of each customer's segment, None for no segment."""
        return self.columns["segment"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentSizes(Proportion):
    """The share of customers in each segment; made by `segment_sizes`."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group",)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentMatches(Proportion):
    """The share of customers for whom so many rules hold; made by `segment_matches`."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group",)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentOverlap(Proportion):
    """Of those who match one segment, the share who match another; made by `segment_overlap`."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "matching")}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentReach(Proportion):
    """Of those who match a segment, the share that each segment takes; made by `segment_reach`."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "matching")}

    @property
    def unreached(self) -> tuple[str, ...]:
        """The keys of segments that nobody is in, in every group together, sorted.

        Nobody matches them, or earlier segments take all who do: `shadows` tells which.

        Raises
        ------
        InvalidInputError
            If the table was cut or summed along its segments.
        """
        counts = self._counts()
        keys = self.axes[-1].labels
        return tuple(str(key) for i, key in enumerate(keys) if counts[i, i] == 0)

    def shadows(self, key: str) -> dict[str, int]:
        """Return which earlier segments take those who match a segment, and how many.

        Parameters
        ----------
        key : str
            Of the segment that is matched.

        Raises
        ------
        InvalidInputError
            If there is no such segment, or the table was cut or summed along its segments.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Did, InteractionLog, Segment, Segmentation, segment_reach
        >>> log = InteractionLog.from_arrays(
        ...     customer_id=["a", "b"], kind=["purchase", "visit"],
        ...     at=[dt.date(2026, 1, d) for d in (2, 3)], tz=dt.timezone.utc,
        ... )
        >>> seen, bought = Did({"visit", "purchase"}), Did("purchase")
        >>> order = Segmentation(
        ...     segments=(Segment(key="seen", rule=seen), Segment(key="buyer", rule=bought))
        ... )
        >>> reach = segment_reach(log.until_day(dt.date(2026, 1, 9)), order)
        >>> reach.unreached, reach.shadows("buyer")
        (('buyer',), {'seen': 1})
        """
        counts = self._counts()
        row = int(self.axes[-2].positions([key])[0])
        keys = self.axes[-1].labels
        return {str(keys[i]): int(n) for i, n in enumerate(counts[row].tolist()) if n and i != row}

    def _counts(self) -> Ints:
        names = [axis.name for axis in self.axes]
        cut = [self.context.option(SELECTED + name) for name in ("matching", "taken_by")]
        if names[-2:] != ["matching", "taken_by"] or cut != [None, None]:
            raise InvalidInputError("matching", "must have all its labels", "it was cut or summed")
        count: Ints = self.parts["count"]
        return count if count.ndim == 2 else count.sum(axis=0)
