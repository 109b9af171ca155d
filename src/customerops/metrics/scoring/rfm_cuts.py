"""RFM cuts: where one score ends and the next begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.values.checks import whole

__all__ = ["CUTTING", "RFMCuts"]


def _cuts(values: Iterable[Any]) -> tuple[int, ...]:
    cuts = tuple(values)
    for cut in cuts:
        whole("cut", cut)
    if any(b < a for a, b in pairwise(cuts)):
        raise InvalidInputError("cuts", "must not fall")
    return cuts


@attrs.frozen
class RFMCuts:
    """Where one score ends and the next begins.

    Parameters
    ----------
    recency : sequence of int
        In days since the last purchase. A cut belongs to the better score.
    frequency : sequence of int
        In purchases. A cut belongs to the lower score.
    monetary : sequence of int
        In minor units. A cut belongs to the lower score.

    Raises
    ------
    InvalidInputError
        If a cut is not whole, cuts fall, or the three are not equally many.

    Notes
    -----
    k cuts make the scores 1 to k + 1, always the higher the better: a frequency or an amount scores
    1 plus the number of cuts below it, a recency k + 1 minus that.

    Examples
    --------
    >>> from customerops.metrics import RFMCuts
    >>> RFMCuts(recency=(30, 90), frequency=(1, 4), monetary=(20_00, 100_00)).bins
    3
    """

    recency: tuple[int, ...] = attrs.field(converter=_cuts)
    frequency: tuple[int, ...] = attrs.field(converter=_cuts)
    monetary: tuple[int, ...] = attrs.field(converter=_cuts)

    def __attrs_post_init__(self) -> None:
        if len({len(self.recency), len(self.frequency), len(self.monetary)}) > 1:
            raise InvalidInputError("cuts", "must be equally many for all three")

    @property
    def bins(self) -> int:
        """How many scores there are."""
        return len(self.recency) + 1


def _quantiles(values: NDArray[Any], bins: int) -> list[int]:
    """Cut at the sample quantiles: the smallest value that j / bins of the customers reach."""
    ordered, n = np.sort(values), len(values)
    return [int(ordered[-(-n * j // bins) - 1]) for j in range(1, bins)]


def _ranks(values: NDArray[Any], bins: int) -> list[int]:
    """Cut where the mean rank of equal values, by the number of customers, passes j / bins."""
    distinct, count = np.unique(values, return_counts=True)
    twice = 2 * (np.cumsum(count) - count) + count + 1  # the mean rank of each value, doubled
    bin_of = -(-bins * twice // (2 * len(values)))
    last = np.searchsorted(bin_of, np.arange(1, bins), side="right") - 1
    below = int(distinct[0]) - 1  # of a score that nobody has
    return [below if i < 0 else int(distinct[i]) for i in last.tolist()]


def _means(values: NDArray[Any], bins: int) -> list[int]:
    """Cut two bins at the mean; whole numbers are above it if they are above its floor."""
    if bins != 2:
        raise InvalidInputError("bins", "must be 2 for method='mean'", f"got {bins}")
    return [sum(values.tolist()) // len(values)]


CUTTING: dict[str, Callable[[NDArray[Any], int], list[int]]] = {
    "quantile": _quantiles,
    "rank": _ranks,
    "mean": _means,
}
"""How each method cuts the values of the customers."""
