"""Difference in differences of four samples: other customers before than after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.experiments.did import DifferenceInDifferences
from customerops.model.tables import intervals
from customerops.model.tables.base import Bounds, Difference, Sampled, Value
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values.checks import came

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DifferenceOfChanges", "difference_in_differences_from_estimates"]


@attrs.frozen(eq=False, repr=False)
class DifferenceOfChanges(Result):
    """The change of one estimate less that of another; of `difference_in_differences_from_estimates`.

    Attributes
    ----------
    treated, control : Difference
        After less before, of each group.
    ASSUMPTION : str
        What has to be believed for it to be an effect.
    """

    ASSUMPTION: ClassVar[str] = DifferenceInDifferences.ASSUMPTION

    treated: Difference
    control: Difference
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __attrs_post_init__(self) -> None:
        Difference(self.treated.first, self.control.first)  # of the same thing

    @property
    def context(self) -> Context:  # type: ignore[override]
        """The context of the treated group after."""
        return self.treated.context

    @property
    def value(self) -> Value:
        """The change of the treated less that of the control; NaN where one of them is."""
        return self.treated.value - self.control.value

    def interval(self, confidence: float = 0.95, *, method: str | None = None) -> Bounds:
        """Return the confidence interval of the value.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : str, optional
            One of the estimates' ``METHODS``.

        Returns
        -------
        tuple of float or ndarray
            The lower and the upper bound; NaN where `value` is.

        Raises
        ------
        InvalidInputError
            As for `Difference.interval`.

        Notes
        -----
        Recovered from the intervals of the two changes
        (`customerops.model.tables.intervals.mover`), which takes the four samples for independent.
        """
        changes = (self.treated, self.control)
        bounds = [one.interval(confidence, method=method) for one in changes]
        low, high = intervals.mover(changes[0].value, bounds[0], changes[1].value, bounds[1])
        scalar = np.ndim(low) == 0
        return (float(low), float(high)) if scalar else (low, high)

    def to_frame(self, *, confidence: float = 0.95, method: str | None = None) -> pd.DataFrame:
        """Return one row per cell: the axes, treated, control, value, low, high, complete."""
        low, high = self.interval(confidence, method=method)
        columns = {"treated": self.treated.value, "control": self.control.value}
        columns |= {"value": self.value, "low": low, "high": high}
        columns |= {"complete": self.treated.complete & self.control.complete}
        ravelled = {name: np.ravel(np.asarray(column)) for name, column in columns.items()}
        return self.treated.first._frame(ravelled)

    def __float__(self) -> float:
        """Return the value of estimates without axes."""
        return float(self.treated) - float(self.control)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DifferenceOfChanges):
            return NotImplemented
        return self.treated == other.treated and self.control == other.control

    def __repr__(self) -> str:
        first = self.treated.first
        said = first._extent() if first.axes else f"value={float(self):.6g}"
        return f"DifferenceOfChanges(metric={self.context.metric!r}, {said})"


def difference_in_differences_from_estimates(
    *, treated: tuple[Sampled, Sampled], control: tuple[Sampled, Sampled]
) -> DifferenceOfChanges:
    """Return the change of a treated group less that of another, from four estimates.

    Parameters
    ----------
    treated, control : tuple of (Estimate, Estimate)
        Before and after, of each group: shares, means or ratios of one thing, such as `proportion`
        and `mean` make of counts and rows.

    Returns
    -------
    DifferenceOfChanges
        ``.value`` and ``.interval()``.

    Raises
    ------
    InvalidInputError
        If there are not two estimates of each group, or the four do not measure the same thing.

    Notes
    -----
    For samples of other customers before than after: a survey that is repeated, orders of a shop. The
    four are taken for independent. Of the same customers, each seen twice, they are not, and as a
    rule the interval is too wide: `difference_in_differences` takes the change of each.

    It is an effect only under parallel trends; see `difference_in_differences`.

    References
    ----------
    Angrist, J. D. and Pischke, J.-S. (2009). *Mostly Harmless Econometrics*, section 5.2.

    Examples
    --------
    >>> from customerops.metrics import difference_in_differences_from_estimates, proportion
    >>> found = difference_in_differences_from_estimates(
    ...     treated=(proportion(40, 400), proportion(72, 400)),
    ...     control=(proportion(50, 500), proportion(60, 500)),
    ... )
    >>> print(f"{found.value:.2f}", *(f"{bound:.3f}" for bound in found.interval()))
    0.06 -0.002 0.122
    """
    changes: dict[str, Difference] = {}
    given: dict[str, Any] = {"treated": treated, "control": control}
    for name, pair in given.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise InvalidInputError(name, "must be a pair, before and after", came(pair))
        for one in pair:
            if not isinstance(one, Sampled):
                raise InvalidInputError(name, "must be estimates with intervals", came(one))
        changes[name] = pair[1].difference(pair[0])
    return DifferenceOfChanges(**changes)
