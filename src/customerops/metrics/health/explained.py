"""A health score of one customer, and what it comes from."""

from __future__ import annotations

import math

import attrs

from customerops.metrics.health.components import MOST

__all__ = ["HealthContribution", "HealthScore"]


@attrs.frozen(kw_only=True)
class HealthContribution:
    """What one component brings to one health score.

    Attributes
    ----------
    name : str
        The component.
    value : float
        The raw value; NaN if it is missing.
    points : float
        What the value is worth, from 0 to 100; NaN if it is missing and nothing stands for it.
    share : float
        Its share of the weight that counts; 0 if it does not count.
    """

    name: str
    value: float
    points: float
    share: float

    @property
    def contribution(self) -> float:
        """How much of the score comes from it."""
        return self.share * self.points if self.share else 0.0

    @property
    def cost(self) -> float:
        """How much the score is below 100 because of it."""
        return self.share * (MOST - self.points) if self.share else 0.0


@attrs.frozen(kw_only=True)
class HealthScore:
    """The health score of one customer, and what it comes from; made by `HealthScorecard.score`.

    Attributes
    ----------
    score : float
        From 0 to 100; NaN if there is none.
    band : str or None
        The key of its band; None without a score, or without bands.
    known : float
        The share of the weight of which the value was there.
    contributions : tuple of HealthContribution
        One for each component, in the order of the scorecard. What they contribute is the score,
        but for rounding.
    """

    score: float
    band: str | None
    known: float
    contributions: tuple[HealthContribution, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the score is not higher, in words: what costs most comes first.

        Components that cost nothing are left out; those whose value is missing come last.
        """
        order = sorted(self.contributions, key=lambda one: -one.cost)
        costly = [
            f"{one.name} {one.value:g} is worth {one.points:.3g} of 100 and costs {one.cost:.3g}"
            if not math.isnan(one.value)
            else f"{one.name} is missing, counts as {one.points:.3g} of 100 and costs {one.cost:.3g}"
            for one in order
            if one.cost > 0
        ]
        unknown = [
            f"{one.name} is missing" for one in self.contributions if math.isnan(one.points)
        ]
        return (*costly, *unknown)
