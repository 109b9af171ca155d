"""Tables of tiers: where everybody stands, how many are on each level, who moved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.segments.tier_levels import TierStanding
from customerops.model.segments.tiers import TierPolicy, standing_of
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import identifier
from customerops.model.values.instants import from_us

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TierMoves", "TierSizes", "TierStandings"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TierSizes(Proportion):
    """The share of customers on each level; made by `tier_sizes`."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group",)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TierMoves(Proportion):
    """Of the customers on each level before, the share on each after; made by `tier_migration`."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "before")}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TierStandings(PerCustomer):
    """Where every customer stands; made by `tier_standings`.

    Attributes
    ----------
    tier : ndarray of object
        The key of the level.
    since : ndarray of object
        When it began, in microseconds UTC; None for a base level that was never left.
    total : ndarray of int
        What counts in the window, in minor units or events.
    failing : ndarray of int
        How many reviews in a row were failed.
    grace : ndarray of int
        How many of the coming reviews cannot be failed.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "tier",
        "since",
        "total",
        "failing",
        "grace",
    )

    @property
    def tier(self) -> NDArray[np.object_]:
        """The key of each customer's level."""
        return self.columns["tier"]

    @property
    def distance(self) -> NDArray[np.object_]:
        """How much more the next level takes, in the units of ``total``; None at the top."""
        policy: TierPolicy = self.context.option("policy")
        scale = self.context.option("scale", 1)
        takes = [math.ceil(Fraction(level.threshold) * scale) for level in policy.levels]
        above = dict(zip(policy.keys, [*takes[1:], None], strict=True))
        out = np.full(len(self), None, object)
        for i, (key, total) in enumerate(
            zip(self.tier, self.columns["total"].tolist(), strict=True)
        ):
            more = above[key]
            out[i] = None if more is None else max(more - total, 0)
        return out

    def standing(self, customer_id: object) -> TierStanding:
        """Return where one customer stands, with the reasons in words.

        Raises
        ------
        InvalidInputError
            If the customer is not in it.
        """
        one = identifier("customer_id", customer_id)
        found = [i for i, own in enumerate(self.ids.tolist()) if own == one]
        if not found:
            raise InvalidInputError("customer_id", "must be a customer of the log", "it is none")
        row = {name: column[found[0]] for name, column in self.columns.items()}
        policy: TierPolicy = self.context.option("policy")
        scale = self.context.option("scale")
        decimals = None if scale is None else len(str(scale)) - 1
        return standing_of(
            policy,
            level=policy.keys.index(row["tier"]),
            since=None if row["since"] is None else from_us(int(row["since"])),
            total=Decimal(int(row["total"])).scaleb(-(decimals or 0)),
            failing=int(row["failing"]),
            grace=int(row["grace"]),
            decimals=decimals,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per customer: ``customer_id``, the columns, ``since`` in UTC, and distance."""
        import pandas as pd

        frame = super().to_frame()
        since = pd.array([None if x is None else int(x) for x in self.columns["since"]], "Int64")
        began = pd.to_datetime(pd.Series(since), unit="us", utc=True)
        return frame.assign(since=began, distance=self.distance)
