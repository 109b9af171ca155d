"""RFM segments: named regions of scores as data, and tables of who is in which."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from customerops.errors import InvalidInputError
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import SELECTED
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Count, Table

__all__ = [
    "NO_PURCHASE",
    "RFM_EIGHT_SEGMENTS",
    "RFM_SEGMENTS",
    "MigrationShare",
    "RFMSegment",
    "SegmentMigration",
    "SegmentShare",
    "SegmentTable",
]

NO_PURCHASE = "no purchase"
"""Where customers are who had no purchase at one of two dates."""


@attrs.frozen
class RFMSegment:
    """A named region of scores, bounds included.

    Parameters
    ----------
    key : str
        Its name in results.
    label : str
        Its name in Chinese.
    r, f, m : (int, int), optional
        The lowest and the highest score; left out, any.

    Examples
    --------
    >>> from customerops.metrics import RFM_SEGMENTS, RFMSegment
    >>> big = RFMSegment("big and recent", "近期大额客户", r=(4, 5), m=(5, 5))  # of any frequency
    >>> mine = (big, *RFM_SEGMENTS)  # the first that fits a customer wins
    >>> mine[0].f is None, mine[1].key
    (True, 'champions')
    """

    key: str
    label: str
    r: tuple[int, int] | None = None
    f: tuple[int, int] | None = None
    m: tuple[int, int] | None = None


RFM_SEGMENTS: tuple[RFMSegment, ...] = (
    RFMSegment("champions", "重要价值客户", r=(5, 5), f=(4, 5)),
    RFMSegment("loyal", "忠诚客户", r=(3, 4), f=(4, 5)),
    RFMSegment("potential loyalists", "潜力客户", r=(4, 5), f=(2, 3)),
    RFMSegment("new", "新客户", r=(5, 5), f=(1, 1)),
    RFMSegment("promising", "有希望的客户", r=(4, 4), f=(1, 1)),
    RFMSegment("need attention", "需要关注的客户", r=(3, 3), f=(3, 3)),
    RFMSegment("about to sleep", "即将沉睡客户", r=(3, 3), f=(1, 2)),
    RFMSegment("at risk", "流失预警客户", r=(1, 2), f=(3, 4)),
    RFMSegment("cannot lose", "重要挽留客户", r=(1, 2), f=(5, 5)),
    RFMSegment("hibernating", "沉睡客户", r=(1, 2), f=(1, 2)),
)
"""Ten segments by recency and frequency scores of 1 to 5, a partition of the 25 cells. The names are
those in common use among marketing tools; they name no published standard."""

_HIGH, _LOW = (2, 2), (1, 1)

RFM_EIGHT_SEGMENTS: tuple[RFMSegment, ...] = (
    RFMSegment("important, of value", "重要价值客户", r=_HIGH, f=_HIGH, m=_HIGH),
    RFMSegment("important, to develop", "重要发展客户", r=_HIGH, f=_LOW, m=_HIGH),
    RFMSegment("important, to keep", "重要保持客户", r=_LOW, f=_HIGH, m=_HIGH),
    RFMSegment("important, to win back", "重要挽留客户", r=_LOW, f=_LOW, m=_HIGH),
    RFMSegment("general, of value", "一般价值客户", r=_HIGH, f=_HIGH, m=_LOW),
    RFMSegment("general, to develop", "一般发展客户", r=_HIGH, f=_LOW, m=_LOW),
    RFMSegment("general, to keep", "一般保持客户", r=_LOW, f=_HIGH, m=_LOW),
    RFMSegment("general, to win back", "一般挽留客户", r=_LOW, f=_LOW, m=_LOW),
)
"""八分类: eight segments by scores of 1 and 2, a partition of the 8 cells. The two are as a rule below
and above the mean, ``rfm(log).cuts(2, method="mean")``; a recency up to the mean is the high one."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentTable(Table):
    """Customers and their spend by segment.

    Attributes
    ----------
    customers : ndarray of int
        How many are in each segment.
    monetary : ndarray of int
        What they spent, in minor units.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers", "monetary")

    @property
    def customers(self) -> Any:
        """How many are in each segment."""
        return self._part("customers")

    @property
    def monetary(self) -> Any:
        """What they spent, in minor units."""
        return self._part("monetary")

    def share(self) -> SegmentShare:
        """Return each segment's share of all customers that were scored.

        Raises
        ------
        InvalidInputError
            If the table was cut to some segments: take the share first.
        """
        if self.context.option("select.segment") is not None:
            raise InvalidInputError(
                "segment", "must have all its labels", "take shares, then select"
            )
        count = self.parts["customers"]
        return SegmentShare(
            axes=self.axes,
            parts={"count": count, "total": count.sum()},
            context=attrs.evolve(self.context, metric="rfm.segments.share"),
        )


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentShare(Proportion):
    """Each segment's share of all customers that were scored.

    There is one total, whichever segments occur, so that shares add up over customers.
    """

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ()}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentMigration(Table):
    """Customers by their segment at a date and at a later one; made by `RFMScores.migration`.

    Rows, the axis ``"segment"``, are the segments before; the axis ``"later"`` those after. Who had
    no purchase at one of the dates is ``"no purchase"`` there. Every row sums to the customers who
    were in the segment, and every column to those who are.

    Attributes
    ----------
    customers : ndarray of int
        How many moved from each segment to each, or stayed.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers",)

    @property
    def customers(self) -> Count:
        """How many moved from each segment to each, or stayed."""
        return self._part("customers")

    def share(self) -> MigrationShare:
        """Return, of the customers of each segment before, the share in each segment after.

        Raises
        ------
        InvalidInputError
            If the later segments were cut or summed.
        """
        names = [axis.name for axis in self.axes]
        if names[-1:] != ["later"] or self.context.option(SELECTED + "later") is not None:
            raise InvalidInputError("later", "must have all its labels", "it was cut or summed")
        count = self.parts["customers"]
        return MigrationShare(
            axes=self.axes,
            parts={"count": count, "total": count.sum(axis=-1)},
            context=attrs.evolve(self.context, metric="rfm.migration.share"),
        )

    def _check(self) -> None:
        at_least_zero(self, "customers")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class MigrationShare(Proportion):
    """Of the customers of each segment before, the share in each segment after."""

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ("segment",)}
