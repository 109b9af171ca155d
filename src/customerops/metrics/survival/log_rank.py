"""The log-rank test: whether groups last equally long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.survival.lives import Labels, Lives, event_table
from customerops.metrics.survival.reading import Reading
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats
from customerops.model.tables.event_table import EventTable
from customerops.model.values import exact
from customerops.model.values.checks import one_of

__all__ = ["LogRank", "logrank"]

Definition = Literal["log_rank", "gehan", "tarone_ware", "peto_peto"]


def _even(risk: Floats, events: Floats) -> Floats:
    return np.ones(len(risk))


def _at_risk(risk: Floats, events: Floats) -> Floats:
    return risk


def _root(risk: Floats, events: Floats) -> Floats:
    return np.sqrt(risk)


def _survivors(risk: Floats, events: Floats) -> Floats:
    """Return Peto and Peto's estimate of survival, which never reaches 0."""
    return np.asarray(np.cumprod(1 - events / (risk + 1)), np.float64)


_WEIGHTS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "log_rank": _even,
    "gehan": _at_risk,
    "tarone_ware": _root,
    "peto_peto": _survivors,
}


@attrs.frozen(eq=False, repr=False)
class LogRank(Reading[EventTable]):
    """A log-rank test of groups, which adds over different customers.

    Attributes
    ----------
    table : EventTable
        The events of each group, and in strata of each stratum: what the test is read from.
    """

    @property
    def groups(self) -> Axis:
        """The axis of the groups."""
        return self.table.outer[-1]

    @property
    def outer(self) -> tuple[Axis, ...]:
        """The axis of the groups."""
        return (self.groups,)

    @property
    def lives(self) -> NDArray[np.int64]:
        """How many lives each group has; shape (groups,)."""
        return self._totals(self.table.events + self.table.censored)

    @property
    def observed(self) -> NDArray[np.int64]:
        """How many events each group had; shape (groups,)."""
        return self._totals(self.table.events)

    @property
    def expected(self) -> Floats:
        """How many it would have had if it was like all others in its stratum; shape (groups,)."""
        out = np.zeros(len(self.groups))
        for events, at_risk in self._strata():
            out += (events.sum(1) / at_risk.sum(1)) @ at_risk
        return out

    @property
    def score(self) -> Floats:
        """Observed less expected, weighted over time as the definition says; shape (groups,)."""
        return self._moments()[0]

    @property
    def covariance(self) -> Floats:
        """The covariance of `score` if there is no difference; shape (groups, groups)."""
        return self._moments()[1]

    @property
    def statistic(self) -> float:
        """The test statistic, chi-squared if there is no difference; NaN without a comparison."""
        return self._test()[0]

    @property
    def degrees_of_freedom(self) -> int:
        """How many independent comparisons there are: mostly the groups less one."""
        return self._test()[1]

    @property
    def p_value(self) -> float:
        """Probability of a statistic at least as large if there is no difference."""
        from scipy.special import chdtrc

        statistic, df = self._test()
        return float(chdtrc(df, statistic))

    def __repr__(self) -> str:
        """Return the test, and nothing about the groups but their number."""
        statistic, df = self._test()
        return f"LogRank({len(self.groups)} groups, statistic={statistic:.6g}, df={df})"

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {"lives": self.lives, "observed": self.observed, "expected": self.expected}

    def _totals(self, counts: NDArray[Any]) -> NDArray[np.int64]:
        k = len(self.groups)
        return exact.group_sum(self.table.cell % k, counts, k) if k else np.zeros(0, np.int64)

    def _strata(self) -> Iterator[tuple[Floats, Floats]]:
        """Yield events and at risk of the groups at each event time of a stratum: (times, groups)."""
        k, table = len(self.groups), self.table
        risk, happened = table.at_risk, table.events
        blocks = list(table._blocks())
        for first in range(0, len(blocks), k or 1):
            rows = slice(blocks[first].start, blocks[first + k - 1].stop)
            times = np.unique(table.points[rows][happened[rows] > 0])
            events, at_risk = np.zeros((2, len(times), k))
            for j, block in enumerate(blocks[first : first + k]):
                points = table.points[block]
                place = np.searchsorted(points, times)  # who leaves then or later is at risk
                at_risk[:, j] = np.append(risk[block], 0)[place]
                had = happened[block] > 0
                events[np.searchsorted(times, points[had]), j] = happened[block][had]
            yield events, at_risk

    def _moments(self) -> tuple[Floats, Floats]:
        k = len(self.groups)
        weigh = _WEIGHTS[str(self.context.definition)]
        score, covariance = np.zeros(k), np.zeros((k, k))
        for events, at_risk in self._strata():
            d, r = events.sum(1), at_risk.sum(1)
            share = at_risk / r[:, None]
            weight = weigh(r, d)
            score += weight @ (events - d[:, None] * share)
            spread = weight**2 * d * (r - d) / np.maximum(r - 1, 1)
            covariance += np.diag(spread @ share) - (share * spread[:, None]).T @ share
        return score, covariance

    def _test(self) -> tuple[float, int]:
        """Return the statistic and its degrees of freedom.

        Groups that were never at risk together are not compared. The covariance of those that
        were, linked directly or through others, has one dimension less than there are of them: one
        of each such set is left out, and the rest can be solved for.
        """
        score, covariance = self._moments()
        linked = (covariance < 0) | np.eye(len(score), dtype=np.bool_)
        for _ in range(len(score).bit_length()):  # each turn doubles how far a link reaches
            linked = linked @ linked
        rest = np.triu(linked, 1).any(0)  # all but the first of each set
        if not rest.any():
            return np.nan, 0
        solved = np.linalg.solve(covariance[np.ix_(rest, rest)], score[rest])
        return float(score[rest] @ solved), int(rest.sum())


def logrank(
    durations: ArrayLike | Spells | EventTable,
    observed: ArrayLike | None = None,
    *,
    by: Labels | None = None,
    strata: Labels | None = None,
    definition: Definition = "log_rank",
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    unit: dt.timedelta | None = None,
) -> LogRank:
    """Test whether two or more groups last equally long.

    Parameters
    ----------
    durations, observed, entry, weights, unit
        As for `kaplan_meier`. Or an `EventTable` whose last axis are the groups, and the one before
        it, if any, the strata.
    by : array_like, shape (n,), or str
        The group of each life. For spells: the name of an attribute of theirs, such as ``"plan"``.
    strata : array_like, shape (n,), or str, optional
        Lives are compared with those of the same stratum only, as ``by`` names the groups.
    definition : {"log_rank", "gehan", "tarone_ware", "peto_peto"}
        How much the difference at each event time counts: all alike, or early ones more.

    Returns
    -------
    LogRank
        ``.statistic``, ``.degrees_of_freedom``, ``.p_value``; ``.observed`` and ``.expected`` events
        of each group. NaN with 0 degrees of freedom where no two groups can be compared. Tests of
        different customers add, to the test of all of them.

    Raises
    ------
    InvalidInputError
        As for `kaplan_meier`; when the groups are not given, or when the definition is unknown.

    Notes
    -----
    At each event time t_i of a stratum with d_i events among r_i at risk, of whom r_ij in group j:
    ``score_j = sum of w_i (d_ij - d_i r_ij / r_i)``, with covariance ``sum of w_i^2 d_i
    (r_i - d_i) / (r_i - 1) (r_ij / r_i) (1[j = l] - r_il / r_i)``; strata are summed. The statistic
    is ``score' covariance^- score``, chi-squared with as many degrees of freedom as the rank.

    ``log_rank``: w_i = 1 (Mantel 1966, Peto and Peto 1972), most powerful where one hazard is a
    constant multiple of the other; ``gehan``: r_i (Gehan 1965, Breslow 1970: the Wilcoxon test);
    ``tarone_ware``: the square root of r_i (1977); ``peto_peto``: the product of
    ``1 - d_i / (r_i + 1)`` up to t_i (1972). Choose before looking at the curves.

    A customer with several spells counts several times, as if they were different customers.

    References
    ----------
    Klein, J. P. and Moeschberger, M. L. (2003). Survival Analysis, 2nd ed., sections 7.3 and 7.5.

    Examples
    --------
    >>> from customerops.metrics import logrank
    >>> test = logrank([6, 7, 10, 1, 1, 2], [1, 0, 1, 1, 1, 1], by=["new"] * 3 + ["old"] * 3)
    >>> test.observed.tolist(), test.expected.round(3).tolist()
    ([2, 3], [3.75, 1.25])
    >>> print(f"{test.statistic:.3f} {test.degrees_of_freedom} {test.p_value:.3f}")
    5.213 1 0.022
    """
    one_of("definition", definition, _WEIGHTS)
    lives = Lives(
        durations=durations,
        observed=observed,
        entry=entry,
        weights=weights,
        unit=unit,
        by=by,
        strata=strata,
    )
    if not isinstance(durations, EventTable) and by is None:
        raise InvalidInputError("by", "must be given", "it says what the groups are")
    table = event_table(lives, "logrank")
    if not 1 <= len(table.outer) <= 2:
        problem = f"got {[axis.name for axis in table.outer]}"
        raise InvalidInputError(
            "table", "must have an axis of groups, and at most strata", problem
        )
    return LogRank(attrs.evolve(table, context=attrs.evolve(table.context, definition=definition)))
