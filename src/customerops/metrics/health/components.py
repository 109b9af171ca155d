"""What a health scorecard is made of: components that turn a raw value into points, and bands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.values.frozenmap import FrozenMap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST", "HealthBand", "HealthComponent", "check_points"]

MOST = 100.0
"""The points of perfect health; the least are 0."""


def check_points(name: str, points: float) -> None:
    """Refuse points that are not from 0 to 100.

    Raises
    ------
    InvalidInputError
        Named as asked.
    """
    if not 0 <= points <= MOST:
        raise InvalidInputError(name, "must be from 0 to 100", f"got {points:g}")


@attrs.frozen(kw_only=True)
class HealthComponent(Record):
    """One thing that a health score weighs, and how its raw value becomes points from 0 to 100.

    Parameters
    ----------
    name : str
        What it is called: the key of its raw value.
    weight : float
        How much it counts beside the others; above 0.
    points : tuple of (float, float)
        Raw values, rising, and the points of each. Flat beyond both ends.
    between : {"linear", "steps"}
        What lies between two raw values: a straight line, or the points of the lower one, which
        holds from its raw value on until before the next.
    better : {"higher", "lower", "middle"}
        Which raw values are good. Points must rise with the first and fall with the second, or one
        of the two is a slip; in the third case they go as they like.
    missing_as : float, optional
        The points of a customer without the value, whatever the scorecard does about others.
    labels : mapping of str to str
        What people call it, by language.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, the weight is not above 0, raw values do not rise, points are
        not from 0 to 100 or do not go the way of `better`.

    Examples
    --------
    >>> from customerops.metrics import HealthComponent
    >>> logins = HealthComponent(name="logins", weight=2, points=((0, 0), (20, 100)), better="higher")
    >>> logins.points_of(5), logins.points_of(80)
    (25.0, 100.0)
    >>> tickets = HealthComponent(
    ...     name="tickets", weight=1, points=((0, 100), (3, 50), (10, 0)), between="steps",
    ...     better="lower",
    ... )
    >>> tickets.points_of(2), tickets.points_of(3)
    (100.0, 50.0)
    """

    name: str
    weight: float
    points: tuple[tuple[float, float], ...]
    better: Literal["higher", "lower", "middle"]
    between: Literal["linear", "steps"] = "linear"
    missing_as: float | None = None
    labels: Mapping[str, str] = FrozenMap()  # type: ignore[assignment] # of strings only

    def _check(self) -> None:
        if self.weight <= 0:
            raise InvalidInputError("weight", "must be above 0", f"got {self.weight:g}")
        if not self.points:
            raise InvalidInputError("points", "must hold at least one pair", "got none")
        raw, worth = zip(*self.points, strict=True)
        for x, y in pairwise(raw):
            if not (x < y and math.isfinite(MOST * (y - x))):
                raise InvalidInputError("points", "must have raw values that rise", f"at {y:g}")
        for one in worth:
            check_points("points", one)
        if self.missing_as is not None:
            check_points("missing_as", self.missing_as)
        sign = {"higher": 1, "lower": -1, "middle": 0}[self.better]
        for first, second in pairwise(worth):
            if sign * (second - first) < 0:
                way = "rise" if sign > 0 else "fall"
                problem = f"{first:g} is followed by {second:g}"
                raise InvalidInputError(
                    "points", f"must {way} where {self.better} is better", problem
                )

    def points_of(self, value: float) -> float:
        """Return the points of a raw value; NaN for NaN.

        Examples
        --------
        >>> from customerops.metrics import HealthComponent
        >>> HealthComponent(
        ...     name="seats", weight=1, points=((0, 0), (1, 100)), better="higher"
        ... ).points_of(0.5)
        50.0
        """
        if math.isnan(value):
            return math.nan
        last = 0
        for place, (raw, _) in enumerate(self.points):
            if raw <= value:
                last = place
        x0, y0 = self.points[last]
        if self.between == "steps" or last == len(self.points) - 1 or value < x0:
            return y0
        x1, y1 = self.points[last + 1]
        return y0 + (y1 - y0) * (value - x0) / (x1 - x0)  # of whole numbers rounded once

    def points_in(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points of raw values, each to the bit what `points_of` gives.

        Examples
        --------
        >>> import numpy as np
        >>> from customerops.metrics import HealthComponent
        >>> HealthComponent(
        ...     name="seats", weight=1, points=((0, 0), (1, 100)), better="higher"
        ... ).points_in(np.array([0.5, np.nan, 7.0]))
        array([ 50.,  nan, 100.])
        """
        import numpy as np

        raw, worth = np.array(self.points).T
        last = np.maximum(np.searchsorted(raw, values, side="right") - 1, 0)
        next_ = np.minimum(last + 1, len(raw) - 1)
        out = worth[last]
        if self.between == "linear":
            inside = (next_ > last) & (values >= raw[last])
            x0, y0 = raw[last], worth[last]
            width = np.where(inside, raw[next_] - x0, 1.0)
            with np.errstate(over="ignore", invalid="ignore"):
                line = y0 + (worth[next_] - y0) * (values - x0) / width
            out = np.where(inside, line, out)
        return np.where(np.isnan(values), np.nan, out)


@attrs.frozen(kw_only=True)
class HealthBand(Record):
    """A named stretch of health scores: red, yellow, green.

    Parameters
    ----------
    key : str
        Its name in data.
    threshold : float
        The lowest score in it; it ends before that of the next band. 0 for the lowest band.
    labels : mapping of str to str
        What people call it, by language: ``{"en": "At risk", "zh": "流失预警"}``.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or the threshold not from 0 to 100.

    Examples
    --------
    >>> from customerops.metrics import HealthBand
    >>> HealthBand(key="red", threshold=0, labels={"zh": "流失预警"}).label("zh")
    '流失预警'
    """

    key: str
    threshold: float
    labels: Mapping[str, str] = FrozenMap()  # type: ignore[assignment] # of strings only

    def _check(self) -> None:
        check_points("threshold", self.threshold)

    def label(self, language: str) -> str:
        """Return what people call it in a language, or its key if that is not said."""
        return self.labels.get(language, self.key)
