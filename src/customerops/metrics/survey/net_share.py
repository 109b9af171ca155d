"""The share of those at the top of a scale less the share of those at its bottom."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables import intervals
from customerops.model.tables.base import Floats, Sampled, at_least_zero
from customerops.model.tables.tables import Count
from customerops.model.values import exact

__all__ = ["NetShare"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class NetShare(Sampled):
    """The share of answers at the top less the share at the bottom; made by `csat` and `ces`.

    Parameters
    ----------
    axes : sequence of Axis
        None for one score.
    parts : mapping
        ``top``, ``middle`` and ``bottom``: answers, one per customer.
    context : Context
        Its option ``per`` is 100 where the score is in points, and left out where it is a fraction.

    Raises
    ------
    InvalidInputError
        If a part is negative.

    Notes
    -----
    ``(top - bottom) / (top + middle + bottom)``. It is the arithmetic of a net promoter score on
    other boxes, and has its intervals: ``"adjusted-wald"`` (the default) and ``"trinomial"``; see
    `customerops.model.tables.intervals.nps_moments`.

    Examples
    --------
    >>> from customerops.metrics import NetShare
    >>> from customerops.model import Context
    >>> net = NetShare(parts={"top": 50, "middle": 30, "bottom": 20}, context=Context("csat"))
    >>> print(net.value, *(f"{bound:.4f}" for bound in net.interval()))
    0.3 0.1405 0.4420
    """

    PARTS: ClassVar[tuple[str, ...]] = ("top", "middle", "bottom")
    METHODS: ClassVar[tuple[str, ...]] = ("adjusted-wald", "trinomial")

    @property
    def top(self) -> Count:
        """How many answered at the top."""
        return self._part("top")

    @property
    def middle(self) -> Count:
        """How many answered between top and bottom."""
        return self._part("middle")

    @property
    def bottom(self) -> Count:
        """How many answered at the bottom."""
        return self._part("bottom")

    @property
    def total(self) -> Count:
        """How many answered."""
        total = self._total()
        return int(total.item()) if total.ndim == 0 else total

    def _check(self) -> None:
        at_least_zero(self, *self.PARTS)

    def _total(self) -> NDArray[Any]:
        top, middle, bottom = self._arrays()
        return exact.add(exact.add(top, middle), bottom)

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in self.PARTS]

    def _value(self) -> Floats:
        top, _, bottom = self._arrays()
        net = exact.add(top, exact.times(bottom, -1))
        return exact.divide(exact.times(net, self._units()[0]), self._total())

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        adjusted = method == "adjusted-wald"
        interval = intervals.adjusted_wald_nps if adjusted else intervals.trinomial_nps
        top, middle, bottom = self._arrays()
        low, high = interval(top, middle, bottom, confidence)  # in points
        factor = self._units()[0] / 100
        return low * factor, high * factor

    def _less(self, other: Self, confidence: float, method: str) -> tuple[Floats, Floats]:
        adjusted = method == "adjusted-wald"
        centre1, variance1 = intervals.nps_moments(*self._arrays(), adjusted=adjusted)
        centre2, variance2 = intervals.nps_moments(*other._arrays(), adjusted=adjusted)
        half = intervals.normal(confidence) * np.sqrt(variance1 + variance2)
        centre, per = centre1 - centre2, self._units()[0]
        return per * np.maximum(centre - half, -2), per * np.minimum(centre + half, 2)
