"""RFM scores, and from them the segments of customers and how they move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.scoring.rfm_segments import (
    NO_PURCHASE,
    RFM_SEGMENTS,
    RFMSegment,
    SegmentMigration,
    SegmentTable,
)
from customerops.model.tables.axes import Axis
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values import exact
from customerops.model.values.checks import came

__all__ = ["RFMScores"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RFMScores(PerCustomer):
    """Scores of each buyer; made by `RFM.score`.

    Attributes
    ----------
    r, f, m : ndarray of int
        Scores from 1, the higher the better: a high r is a recent purchase.
    monetary : ndarray of int
        Amounts summed, in minor units.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("r", "f", "m", "monetary")

    @property
    def r(self) -> NDArray[np.int64]:
        """Recency scores."""
        return self.columns["r"]

    @property
    def f(self) -> NDArray[np.int64]:
        """Frequency scores."""
        return self.columns["f"]

    @property
    def m(self) -> NDArray[np.int64]:
        """Monetary scores."""
        return self.columns["m"]

    def segments(self, segments: Sequence[RFMSegment] = RFM_SEGMENTS) -> SegmentTable:
        """Count the customers of each segment, and what they spent.

        Parameters
        ----------
        segments : sequence of RFMSegment
            The first that fits a customer wins; who fits none is in the missing segment.

        Raises
        ------
        InvalidInputError
            If two segments have one key, or there is none.
        """
        place = self._places(segments)
        keys: list[str | None] = [segment.key for segment in segments]
        labels = sorted(keys, key=str) + ([None] if (place == len(keys)).any() else [])
        to = np.array([labels.index(key) for key in keys] + [len(keys)], np.intp)
        cells = to[place]
        return SegmentTable(
            axes=(Axis("segment", labels, "group", disjoint=True),),
            parts={
                "customers": exact.group_count(cells, len(labels)),
                "monetary": exact.group_sum(cells, self.columns["monetary"], len(labels)),
            },
            context=attrs.evolve(self.context, metric="rfm.segments").with_options(
                segments=tuple(segments)
            ),
        )

    def migration(
        self, later: RFMScores, segments: Sequence[RFMSegment] = RFM_SEGMENTS
    ) -> SegmentMigration:
        """Count customers by their segment here and in the scores of a later date.

        Parameters
        ----------
        later : RFMScores
            Of the same customers under the same cuts, at a later date or over a later window.
        segments : sequence of RFMSegment
            As for `segments`.

        Returns
        -------
        SegmentMigration
            Every row sums to the customers of a segment here; who was not here comes from
            ``"no purchase"``. Migrations of disjoint customers add.

        Raises
        ------
        InvalidInputError
            If `later` is not later, or differs in cuts, currency or another option, or a segment
            has the key ``"no purchase"``.

        Notes
        -----
        Under cuts of its own every date would have its quintiles, and hardly anybody could move:
        score both dates with the cuts of the first. Without a window nobody leaves to
        ``"no purchase"``, for who bought once has bought.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops import InteractionLog
        >>> from customerops.metrics import RFMCuts, RFMSegment, rfm
        >>> log = InteractionLog.from_arrays(
        ...     customer_id=["a", "b", "b"], kind=["purchase"] * 3, amount=[5] * 3, currency="EUR",
        ...     at=[dt.date(2026, 1, d) for d in (2, 3, 30)], tz=dt.timezone.utc,
        ... )
        >>> cuts = RFMCuts(recency=(9,), frequency=(1,), monetary=(0,))
        >>> before, after = (
        ...     rfm(log.until_day(dt.date(2026, month, 7))).score(cuts) for month in (1, 2)
        ... )
        >>> fresh, stale = RFMSegment("fresh", "近", r=(2, 2)), RFMSegment("stale", "远", r=(1, 1))
        >>> moved = before.migration(after, [fresh, stale])
        >>> moved.axes[1].labels, moved.select(segment="fresh").customers.tolist()
        (('fresh', 'no purchase', 'stale'), [1, 0, 1])
        """
        if not isinstance(later, RFMScores):
            raise InvalidInputError("later", "must be RFMScores", came(later))
        self.context.comparable(later.context)
        if (later.context.as_of or 0) < (self.context.as_of or 0):
            raise InvalidInputError("later", "must not be of an earlier as_of")
        if NO_PURCHASE in [segment.key for segment in segments]:
            raise InvalidInputError("segments", f"must not have the key {NO_PURCHASE!r}")
        if len(self) and len(later) and type(self.ids[0]) is not type(later.ids[0]):
            raise InvalidInputError("later", "must have ids of the same type")
        ids = np.union1d(self.ids, later.ids)
        keys = np.array([*(s.key for s in segments), None, NO_PURCHASE], object)
        nowhere = len(segments) + 1
        axes, places = [], []
        for name, scores in (("segment", self), ("later", later)):
            found = np.full(len(ids), nowhere, np.intp)
            found[np.searchsorted(ids, scores.ids)] = scores._places(segments)
            missing = [None] if (found == len(segments)).any() else []
            labels = [*sorted(key for key in keys if key is not None), *missing]
            to = np.array([labels.index(k) if k in labels else 0 for k in keys], np.intp)
            axes.append(Axis(name, labels, "group", disjoint=True))
            places.append(to[found])
        shape = (len(axes[0]), len(axes[1]))
        cells = places[0] * shape[1] + places[1]
        return SegmentMigration(
            axes=axes,
            parts={"customers": exact.group_count(cells, shape[0] * shape[1]).reshape(shape)},
            context=attrs.evolve(later.context, metric="rfm.migration").with_options(
                from_as_of=self.context.as_of,
                from_over=self.context.over,
                segments=tuple(segments),
            ),
        )

    def segment_of(self, segments: Sequence[RFMSegment] = RFM_SEGMENTS) -> NDArray[Any]:
        """Return the key of each customer's segment, None where none fits, by id."""
        names = np.array([*(segment.key for segment in segments), None], object)
        return names[self._places(segments)]

    def _places(self, segments: Sequence[RFMSegment]) -> NDArray[np.intp]:
        """Return which segment each customer is in; their number where none fits."""
        if not segments or len({segment.key for segment in segments}) < len(segments):
            raise InvalidInputError("segments", "must be given, each with a key of its own")
        place = np.full(len(self), len(segments), np.intp)
        for i in reversed(range(len(segments))):
            fits = np.ones(len(self), np.bool_)
            for name in ("r", "f", "m"):
                bounds = getattr(segments[i], name)
                if bounds is not None:
                    fits &= (self.columns[name] >= bounds[0]) & (self.columns[name] <= bounds[1])
            place[fits] = i
        return place
