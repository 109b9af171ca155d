"""Whether a larger model fits better than a smaller one that it contains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.clv.doubt import source
from customerops.model.values.checks import came, whole

if TYPE_CHECKING:
    from customerops.metrics.clv.fitted import Fitted

__all__ = ["LikelihoodRatio", "likelihood_ratio"]

REFITS = 199  # so that the smallest p-value is 1 in 200


@attrs.frozen(kw_only=True)
class LikelihoodRatio:
    """Outcome of a test of a smaller model against a larger one that contains it.

    Attributes
    ----------
    smaller, larger : str
        Names of the models.
    statistic : float
        ``2 (log L(larger) - log L(smaller))``, not below 0.
    degrees_of_freedom : int
        Parameters that the larger has more.
    p_value : float
        Chance of a statistic at least as large if the smaller model is the true one.
    method : {"chi-squared", "bootstrap"}
        How that chance was found.
    """

    smaller: str
    larger: str
    statistic: float
    degrees_of_freedom: int
    p_value: float
    method: Literal["chi-squared", "bootstrap"]


def likelihood_ratio(
    larger: Fitted, smaller: Any, *, summary: Any, rng: np.random.Generator | None, repeats: int
) -> LikelihoodRatio:
    """Test `smaller` against `larger`: `Fitted.likelihood_ratio_test`."""
    refits = whole("repeats", repeats, least=19)
    mine, theirs = type(larger).__name__, type(smaller).__name__
    kind = type(larger).CONTAINS.get(theirs)
    if kind is None:
        held = type(larger).CONTAINS
        inside = (
            f"one of {', '.join(held)}" if held else "of a model it contains: it contains none"
        )
        raise InvalidInputError("other", f"must be, for {mine}, {inside}", came(smaller))
    ours, other = larger.evidence, smaller.evidence
    if ours is None or other is None or ours.data is None or ours.data != other.data:
        raise InvalidInputError("other", "must be fitted to the same summary as this model")
    if ours.prior or other.prior:
        raise InvalidInputError("other", "must not be compared under a prior", "fit without one")
    statistic = _statistic(larger, smaller)
    freedom = len(larger.names) - len(smaller.names)
    if kind == "inside":
        from scipy.special import chdtrc

        chance = float(chdtrc(freedom, statistic))
    else:
        chance = _by_refits(larger, smaller, summary, source(rng), refits)
    return LikelihoodRatio(
        smaller=theirs,
        larger=mine,
        statistic=statistic,
        degrees_of_freedom=freedom,
        p_value=chance,
        method="chi-squared" if kind == "inside" else "bootstrap",
    )


def _statistic(larger: Fitted, smaller: Fitted) -> float:
    return max(0.0, 2.0 * (larger.log_likelihood - smaller.log_likelihood))


def _by_refits(
    larger: Fitted, smaller: Any, summary: Any, rng: np.random.Generator, refits: int
) -> float:
    """Return the share of data sets, as the smaller model makes them, with a larger statistic."""
    if summary is None:
        problem = f"{type(smaller).__name__} lies on the edge of {type(larger).__name__}"
        raise InvalidInputError("summary", "must be given, with rng", problem)
    if larger._problem(summary).data != (larger.evidence and larger.evidence.data):
        raise InvalidInputError("summary", "must be the one that the models were fitted to")
    seen, above = _statistic(larger, smaller), 0
    columns, customers = summary.distinct("T")  # in one order, whatever that of the rows
    ages = np.repeat(columns["T"], customers) / summary.ticks_per_unit
    for _ in range(refits):
        made = smaller.simulate(
            len(ages), rng=rng, age=ages, ticks_per_unit=summary.ticks_per_unit
        )
        # where nobody buys again, either model is as likely: at a rate of 0
        ratio = _statistic(larger._fit(made), smaller._fit(made)) if made.x.any() else 0.0
        above += ratio >= seen
    return (above + 1) / (refits + 1)
