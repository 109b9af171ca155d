"""Shares of threads that are settled, with those that are not yet kept beside them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.shared.threads import Inner, Threads
from customerops.model.tables.ratios import ClusteredShare
from customerops.model.tables.tables import Count
from customerops.model.values import exact

__all__ = ["CohortShare", "SettledShare"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SettledShare(ClusteredShare):
    """A share of the threads of which it is known, the customer being the unit of the interval.

    Parameters
    ----------
    axes, context
        As for `Ratio`.
    parts : mapping
        Those of `Ratio`, x of y settled threads, and ``pending``: the threads of the cell of which
        it is not known yet.

    Notes
    -----
    A pending thread is in neither x nor y. A period that has some is not complete, and its value
    NaN: those that were settled early are not like the others. Without periods the value is that
    of all that are settled.

    Examples
    --------
    >>> from customerops.metrics import SettledShare
    >>> from customerops.model import ClusteredShare, Context
    >>> ratio = ClusteredShare.from_rows([1, 0], [2, 2], context=Context("reopen_rate"))
    >>> share = SettledShare(parts={**ratio.parts, "pending": 3}, context=ratio.context)
    >>> share.value, share.pending
    (0.25, 3)
    """

    PARTS: ClassVar[tuple[str, ...]] = (*ClusteredShare.PARTS, "pending")
    _COUNTS_PENDING: ClassVar[bool] = False

    @classmethod
    def of(
        cls,
        asked: Threads,
        unit: NDArray[np.intp],
        at: NDArray[np.int64],
        hit: NDArray[np.bool_],
        settled: NDArray[np.bool_],
        *,
        inner: Inner | None = None,
    ) -> Self:
        """Return the share of the settled threads that hit, each placed by an instant."""
        counted = settled | cls._COUNTS_PENDING
        share = asked.ratio(
            ClusteredShare, unit, at, hit & settled, counted.astype(np.int64), inner=inner
        )
        placed = asked.placed(unit, at, inner)
        waiting = placed.cell[~settled[placed.rows]]
        cells = int(np.prod(share.shape, dtype=np.int64))
        pending = exact.group_count(waiting, cells).reshape(share.shape)
        return cls(
            axes=share.axes, parts={**share.parts, "pending": pending}, context=share.context
        )

    @property
    def pending(self) -> Count:
        """Threads of which it is not known yet."""
        return self._part("pending")

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in ClusteredShare.PARTS]

    def _complete(self) -> NDArray[np.bool_]:
        closed = super()._complete()
        if any(axis.kind == "period" for axis in self.axes):
            return np.asarray(closed & (self.parts["pending"] == 0))
        return closed


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CohortShare(SettledShare):
    """A share of all threads of a cohort: those that are pending are in y, and not yet in x.

    Notes
    -----
    So the value of a young cohort is too low. A period with pending threads is not complete, and
    its value NaN; x, y and `pending` are what is known so far.
    """

    _COUNTS_PENDING: ClassVar[bool] = True
