"""Sample ratios: whether as many customers are in each arm as were planned."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.experiments.weighing import Shares, as_shares, by_arm
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats, at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Count, Table
from customerops.model.values.checks import finite, whole
from customerops.model.values.labels import Label

__all__ = ["THRESHOLD", "SampleRatio", "sample_ratio_check"]

THRESHOLD = 0.001
"""Below this p-value a sample ratio is flagged."""

_SMALL = 5  # an expected count for which chi-square is no good approximation
_OUTCOMES = 200_000  # the most that are gone through one by one


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SampleRatio(Table):
    """Customers by arm against the shares planned; made by `sample_ratio_check`.

    Its part is the ``count`` by arm, which adds.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count",)
    _FORMATS: ClassVar[Mapping[str, Callable[[float], str]]] = {"share": render.percent}

    @property
    def count(self) -> Count:
        """How many customers each arm has, in the order of the axis."""
        return self._part("count")

    @property
    def expected(self) -> Floats:
        """How many were to be expected of so many customers."""
        return self._shares() * float(self.parts["count"].sum())

    @property
    def statistic(self) -> float:
        """Pearson's chi-square; NaN where there is nobody."""
        expected = self.expected
        if not expected.sum():
            return math.nan
        return float((((self.parts["count"] - expected) ** 2) / expected).sum())

    @property
    def method(self) -> str:
        """Where the p-value is from: ``"exact"`` or ``"chi-square"``."""
        n, arms = int(self.parts["count"].sum()), len(self.axes[0])
        few = n > 0 and self.expected.min() < _SMALL
        return "exact" if few and math.comb(n + arms - 1, n) <= _OUTCOMES else "chi-square"

    @property
    def p_value(self) -> float:
        """The chance of counts at least as far from the plan; NaN where there is nobody."""
        from scipy.special import chdtrc

        if self.method == "exact":
            return _multinomial(self.parts["count"].tolist(), self._shares())
        return float(chdtrc(len(self.axes[0]) - 1, self.statistic))

    @property
    def threshold(self) -> float:
        """Below which p-value it is flagged."""
        return float(self.context.option("threshold"))

    @property
    def flagged(self) -> bool:
        """Whether the ratio is not to be believed: no lift of such an experiment is, either."""
        return self.p_value < self.threshold

    def _check(self) -> None:
        at_least_zero(self, "count")
        if len(self.axes) != 1 or len(self.axes[0]) != len(self._shares()):
            raise InvalidInputError("axes", "must be all the arms", "counts of some say nothing")

    def _shares(self) -> Floats:
        planned: Shares = self.context.option("weights")
        return np.array([share for _, share in planned])

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = super()._columns()
        complete = columns.pop("complete")
        return {
            **columns,
            "expected": self.expected,
            "share": self._shares(),
            "complete": complete,
        }

    def _extent(self) -> str:
        verdict = "MISMATCH" if self.flagged else "ok" if self.p_value >= 0 else "nobody"
        return f"{verdict}, p_value={self.p_value:.3g}"


def sample_ratio_check(
    counts: Mapping[Any, int] | Sequence[int] | NDArray[Any],
    *,
    weights: Mapping[Any, Any] | Sequence[float] | NDArray[Any],
    threshold: float = THRESHOLD,
) -> SampleRatio:
    """Return whether customers are spread over the arms as planned (样本比例失衡检验, SRM).

    Parameters
    ----------
    counts : mapping of arm to int, or sequence of int
        How many customers were assigned to each arm; arms of a sequence are 0, 1, 2.
    weights : mapping of arm to float, or sequence of float
        What was planned, of the same arms: ``{"control": 1, "mail": 9}``, above 0.
    threshold : float
        Below which p-value it is flagged.

    Returns
    -------
    SampleRatio
        ``.flagged``, ``.p_value``, ``.statistic``, ``.method``, and by arm ``.count`` and
        ``.expected``.

    Raises
    ------
    InvalidInputError
        If there are fewer than two arms, counts and weights are not of the same arms, a count is
        negative, a weight is not above 0, or the threshold is not between 0 and 1.

    Notes
    -----
    Pearson's chi-square ``Σ (count - expected)² / expected`` with one degree of freedom fewer than
    arms. Where an arm is expected to have fewer than 5 customers, the exact test: the chance of all
    outcomes that are no likelier than this one (binomial for two arms, multinomial for more), as
    long as there are at most 200,000 outcomes.

    A share of 50.2 % of 800,000 customers is far beyond chance, and is never a detail: those who are
    missing are not like the others, and what they would have done is missing from one arm. Find the
    cause (an arm that answers slower and loses some, a filter applied after the draw, bots, a log
    that one arm writes to more) and do not correct the lift for it. The threshold is low since
    the check is made for every experiment: 1 sound experiment in 1000 is flagged.

    References
    ----------
    Fabijan, A. and others (2019). Diagnosing sample ratio mismatch in online controlled
    experiments. KDD 2019, 2156-2164. Kohavi, R., Tang, D. and Xu, Y. (2020). *Trustworthy Online
    Controlled Experiments*, chapter 21: a p-value below 0.001.

    Examples
    --------
    >>> from customerops.metrics import sample_ratio_check
    >>> sample_ratio_check([5200, 4800], weights=[0.5, 0.5])
    SampleRatio(metric='sample_ratio_check', MISMATCH, p_value=6.33e-05)
    >>> sample_ratio_check({"control": 4, "mail": 3}, weights={"control": 1, "mail": 1}).p_value
    1.0
    """
    given = by_arm("counts", counts)
    planned = as_shares("weights", weights)
    if [type(arm) for arm in given] != [type(arm) for arm, _ in planned] or list(given) != [
        arm for arm, _ in planned
    ]:
        problem = f"{len(given)} counts and {len(planned)} weights do not match"
        raise InvalidInputError("weights", "must be of the arms of counts", problem)
    numbers = [whole("counts", count, least=0) for count in given.values()]
    return ratio_of(tuple(given), numbers, planned, as_threshold(threshold))


def as_threshold(threshold: object) -> float:
    """Return a threshold of p-values.

    Raises
    ------
    InvalidInputError
        If it is not a number between 0 and 1.
    """
    bar = finite("threshold", threshold)
    if not 0 < bar < 1:
        raise InvalidInputError("threshold", "must be between 0 and 1", f"got {bar:g}")
    return bar


def ratio_of(
    arms: Sequence[Label], counts: Sequence[int], planned: Shares, threshold: float
) -> SampleRatio:
    """Return the ratio of counts that are in the order of the arms."""
    context = Context(
        metric="sample_ratio_check", options={"weights": planned, "threshold": threshold}
    )
    axis = Axis("arm", arms, "group", disjoint=True)
    return SampleRatio(axes=[axis], parts={"count": list(counts)}, context=context)


def _multinomial(counts: Sequence[int], shares: Floats) -> float:
    """Return the chance of all outcomes that are no likelier than this one, going through all."""
    from scipy.special import gammaln, xlogy

    n = sum(counts)
    left, chance = np.array([n]), np.array([gammaln(n + 1.0)])
    for share in shares[:-1]:
        each = left + 1  # an arm may get 0 up to all that are left
        taken = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        left = np.repeat(left, each) - taken
        chance = np.repeat(chance, each) + xlogy(taken, share) - gammaln(taken + 1.0)
    chance = chance + xlogy(left, shares[-1]) - gammaln(left + 1.0)
    own = gammaln(n + 1.0) + sum(
        xlogy(count, share) - gammaln(count + 1.0)
        for count, share in zip(counts, shares, strict=True)
    )
    rarer = chance <= own + 1e-9  # as likely, but for rounding
    return min(1.0, float(np.exp(chance[rarer]).sum()))
