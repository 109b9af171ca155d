"""Mix and rate: how much of a change comes from who was there, and how much from what they did."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import attrs

from customerops.errors import InvalidInputError
from customerops.metrics.comparison.changes import change
from customerops.model.tables.base import Estimate
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion, Quotient, Rate
from customerops.model.tables.ratios import Mean, Ratio
from customerops.model.tables.tables import Result
from customerops.model.values.labels import Label, label_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Decomposition", "decompose"]

_PARTS: dict[type[Estimate], tuple[str, str]] = {
    Proportion: ("count", "total"),
    Ratio: ("x", "y"),
    Mean: ("sum", "n"),
    Quotient: ("numerator", "denominator"),
    Rate: ("events", "exposure"),
}


@attrs.frozen
class Decomposition(Result):
    """A change of a rate, split over groups into mix and rate; made by `decompose`.

    Attributes
    ----------
    axis : str
        The name of the groups.
    labels : tuple
        The groups.
    before, after : Fraction
        The rate of all, exactly.
    mix, rate : tuple of Fraction
        By group: what its weight and what its own rate contribute to the change.
    weights, rates : tuple of (Fraction, Fraction)
        By group: before and after, of the denominators and of the numerators by denominator; None
        for the rate of a group that was not there.
    context : Context
        That of the result after.
    """

    axis: str
    labels: tuple[Label, ...]
    before: Fraction
    after: Fraction
    mix: tuple[Fraction, ...]
    rate: tuple[Fraction, ...]
    weights: tuple[tuple[Fraction, Fraction], ...]
    rates: tuple[tuple[Fraction | None, Fraction | None], ...]
    context: Context

    @property
    def change(self) -> Fraction:
        """After less before: the sum of all effects, exactly."""
        return self.after - self.before

    @property
    def mix_effect(self) -> Fraction:
        """What the weights of the groups contribute."""
        return sum(self.mix, Fraction(0))

    @property
    def rate_effect(self) -> Fraction:
        """What the rates of the groups contribute."""
        return sum(self.rate, Fraction(0))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group: weights and rates before and after, mix, rate, in floats."""
        import pandas as pd

        def column(pairs: tuple[tuple[Fraction | None, ...], ...], i: int) -> list[float]:
            return [float("nan") if pair[i] is None else float(pair[i] or 0) for pair in pairs]

        return pd.DataFrame(
            {
                self.axis: list(self.labels),
                "weight_before": column(self.weights, 0),
                "weight_after": column(self.weights, 1),
                "rate_before": column(self.rates, 0),
                "rate_after": column(self.rates, 1),
                "mix": [float(x) for x in self.mix],
                "rate": [float(x) for x in self.rate],
            }
        )


def decompose(after: Estimate, before: Estimate) -> Decomposition:
    """Split the change of a rate into mix and rate effects of groups, exactly (结构拆解).

    Parameters
    ----------
    after, before : Proportion, Ratio, Mean, Quotient or Rate
        Of the same thing, over one axis on which each customer is in one cell; as a rule by
        ``by=``. Groups that are in one of them only are taken to be empty in the other.

    Returns
    -------
    Decomposition
        Fractions that sum to the change, without a rest.

    Raises
    ------
    InvalidInputError
        If the two do not measure the same thing, have other axes than one of groups, are not
        complete, or one of them has nobody at all.

    Notes
    -----
    With weights w (of the denominators) and rates r of group g before (0) and after (1), and R the
    rate of all: ``rate_g = (w1 + w0) / 2 * (r1 - r0)`` and
    ``mix_g = (w1 - w0) * ((r1 + r0) / 2 - (R1 + R0) / 2)``, which sum to ``R1 - R0`` (Kitagawa
    1955); it treats before and after alike and leaves no interaction. Subtracting R changes no sum,
    for weights sum to 1; it makes growth of a group above the average count as a gain. A group
    without a rate on one side has the rate of the other: all it contributes is mix. Every rate may
    rise while that of all falls (Simpson's paradox); then mix outweighs rate.

    References
    ----------
    Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50, 1168-1194.

    Examples
    --------
    >>> from customerops.metrics import decompose
    >>> from customerops.model import Axis, Context, Proportion
    >>> plans = Axis("plan", ["basic", "pro"], "group", disjoint=True)
    >>> june, july = (
    ...     Proportion(axes=[plans], parts={"count": n, "total": m}, context=Context("churn_rate"))
    ...     for n, m in (([10, 10], [100, 50]), ([20, 4], [200, 20]))
    ... )
    >>> parts = decompose(july, june)
    >>> parts.change, parts.mix_effect, parts.rate_effect  # both rates stayed at 10 % and 20 %
    (Fraction(-4, 165), Fraction(-4, 165), Fraction(0, 1))
    """
    for name, one in (("after", after), ("before", before)):
        if not isinstance(one, tuple(_PARTS)):
            kinds = ", ".join(kind.__name__ for kind in _PARTS)
            raise InvalidInputError(name, f"must be one of {kinds}", type(one).__name__)
        if len(one.axes) != 1 or not one.axes[0].disjoint:
            problem = f"got {[axis.name for axis in one.axes]}"
            raise InvalidInputError("axes", "must be one of groups, each customer in one", problem)
        if not one._complete().all():
            raise InvalidInputError(name, "must be complete to be split")
    change(after.rollup(after.axes[0].name), before.rollup(before.axes[0].name))  # or refuse
    axis = after.axes[0].join(before.axes[0])
    then, now = (_counts(one, axis.labels) for one in (before, after))
    n0, d0, n1, d1 = (sum(column) for pairs in (then, now) for column in zip(*pairs, strict=True))
    if d0 == 0 or d1 == 0:
        raise InvalidInputError("results", "must have somebody in each to be split")
    all0, all1 = Fraction(n0) / d0, Fraction(n1) / d1
    middle = (all0 + all1) / 2
    weights, rates, mix, rate = [], [], [], []
    for (x0, y0), (x1, y1) in zip(then, now, strict=True):
        r0, r1 = (Fraction(x) / y if y else None for x, y in ((x0, y0), (x1, y1)))
        w0, w1 = Fraction(y0) / d0, Fraction(y1) / d1
        known = [r for r in (r0, r1) if r is not None] or [middle]
        mix.append((w1 - w0) * ((known[0] + known[-1]) / 2 - middle))
        rate.append((w0 + w1) / 2 * (known[-1] - known[0]))
        weights.append((w0, w1))
        rates.append((r0, r1))
    return Decomposition(
        axis=axis.name,
        labels=axis.labels,
        before=all0,
        after=all1,
        mix=tuple(mix),
        rate=tuple(rate),
        weights=tuple(weights),
        rates=tuple(rates),
        context=after.context,
    )


def _counts(one: Estimate, labels: tuple[Label, ...]) -> list[tuple[Fraction, Fraction]]:
    """Return numerator and denominator of each label in reported units, 0 where it is not there."""
    top, bottom = next(parts for kind, parts in _PARTS.items() if isinstance(one, kind))
    if one.parts[bottom].ndim == 0:
        raise InvalidInputError("results", "must have a total for each group to be split")
    per, scale = one._units()
    there = {
        label_key(label): (Fraction(int(x), scale), Fraction(int(y), per))
        for label, x, y in zip(
            one.axes[0].labels, one.parts[top].tolist(), one.parts[bottom].tolist(), strict=True
        )
    }
    return [there.get(label_key(label), (Fraction(0), Fraction(0))) for label in labels]
