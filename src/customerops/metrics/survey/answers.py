"""Answers on a scale, one per customer and stretch, from scores, from a tally or from a log."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import EVER, Spans, spans_of_log
from customerops.metrics.survey.net_share import NetShare
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import NetPromoterScore, Proportion
from customerops.model.tables.ratios import ClusteredShare, Mean, Ratio
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, whole
from customerops.model.values.checks import numbers as as_numbers
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Answered", "Answers", "Scores", "answers_of", "half_even", "scale_of", "spans_asked"]

Scores = ArrayLike | Mapping[int, int] | InteractionLog
"""Scores, how many gave each score, or a log of responses."""

Answered = Literal["latest", "mean", "all"]
"""Which answers of one customer in one stretch count."""

R = TypeVar("R", bound=Ratio)

_ENDS = 1000  # no scale reaches further
_DECIMALS = 6  # of the mean of one customer's answers


@attrs.frozen(eq=False)
class Answers:
    """Answers that count.

    Attributes
    ----------
    scores : ndarray of int64, shape (rows,)
        Times ``10**decimals``.
    weights : ndarray of int, shape (rows,)
        How often each counts.
    cell : ndarray of int
        Group and stretch of each row, or, where rows cluster, of each owner.
    owner : ndarray of int, shape (rows,), or None
        The customer, in one stretch, of each row, where all answers of a customer count.
    """

    scores: NDArray[np.int64]
    decimals: int
    weights: NDArray[Any]
    cell: NDArray[np.intp]
    owner: NDArray[np.intp] | None
    axes: tuple[Axis, ...]
    context: Context

    def at_least(self, score: int) -> NDArray[np.bool_]:
        """Return which answers are a score or more."""
        reached: NDArray[np.bool_] = self.scores >= score * 10**self.decimals
        return reached

    def mirrored(self, scale: tuple[int, int]) -> Answers:
        """Return the answers on the scale turned round."""
        ends = sum(scale) * 10**self.decimals
        return attrs.evolve(self, scores=ends - self.scores)

    def share(self, which: NDArray[np.bool_]) -> Proportion | ClusteredShare:
        """Return the share of some answers."""
        if self.owner is not None:
            ones = np.ones(len(which), np.int64)
            return self._ratio(ClusteredShare, which.astype(np.int64), ones)
        parts = {"count": self._count(which), "total": self._count(which | True)}
        return Proportion(axes=self.axes, parts=parts, context=self.context)

    def net(
        self, kind: type[NetPromoterScore | NetShare], middle: int, top: int, *, per: int = 1
    ) -> NetPromoterScore | NetShare | Ratio:
        """Return the share from `top` on less that below `middle`, by `per`."""
        high, low = self.at_least(top), ~self.at_least(middle)
        if self.owner is not None:
            net = high.astype(np.int64) - low
            return self._ratio(Ratio, net, np.ones(len(net), np.int64), per=per)
        counts = (self._count(high), self._count(~high & ~low), self._count(low))
        parts = dict(zip(kind.PARTS, counts, strict=True))
        points = {"per": per} if kind is NetShare and per > 1 else {}
        return kind(axes=self.axes, parts=parts, context=self.context.with_options(**points))

    def mean(self, *, of: int = 1) -> Mean | Ratio:
        """Return the mean score, divided by `of`."""
        scale = of * 10**self.decimals
        if self.owner is not None:
            ones = np.ones(len(self.scores), np.int64)
            return self._ratio(Ratio, self.scores, ones, scale=scale)
        squares = self.scores * self.scores
        parts = {
            "n": self._count(np.ones(len(squares), np.bool_)),
            "sum": self._shaped(exact.group_dot(self.cell, self.scores, self.weights, self._n)),
            "sum_sq": self._shaped(exact.group_dot(self.cell, squares, self.weights, self._n)),
        }
        context = self.context.with_options(scale=scale) if scale > 1 else self.context
        return Mean(axes=self.axes, parts=parts, context=context)

    @property
    def _n(self) -> int:
        return math.prod(len(axis) for axis in self.axes)

    def _count(self, which: NDArray[np.bool_]) -> NDArray[Any]:
        return self._shaped(exact.group_sum(self.cell[which], self.weights[which], self._n))

    def _shaped(self, totals: NDArray[Any]) -> NDArray[Any]:
        return totals.reshape([len(axis) for axis in self.axes])

    def _ratio(
        self, kind: type[R], x: NDArray[Any], y: NDArray[Any], *, per: int = 1, scale: int = 1
    ) -> R:
        """Return a ratio over customers, each with the sum of its rows."""
        assert self.owner is not None
        up, down = (exact.group_sum(self.owner, z, len(self.cell)) for z in (x, y))
        given = {"per": per, "scale": scale}
        units = {name: size for name, size in given.items() if size > 1}
        context = attrs.evolve(self.context, unit="answer").with_options(**units)
        return kind.from_rows(up, down, codes=self.cell, axes=self.axes, context=context)


def answers_of(
    given: Scores,
    metric: str,
    *,
    scale: tuple[int, int],
    definition: str | None = None,
    options: Mapping[str, Any] | None = None,
    responses: Rule | str | Collection[str] | None,
    answers: Answered | None,
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
) -> Answers:
    """Read scores, a tally or a log.

    Raises
    ------
    InvalidInputError
        When an answer is not a whole number of the scale, an option of logs is given without one,
        or a log without the rule that says which answers are meant.
    """
    context = Context(
        metric=metric,
        definition=definition,
        options={**(options or {}), "answer_scale": scale},
    )
    asked: dict[str, Any] = {
        "responses": responses,
        "answers": answers,
        "over": over,
        "period": period,
        "by": by,
        "as_of": as_of,
        "calendar": calendar,
    }
    if not isinstance(given, InteractionLog):
        for name, option in asked.items():
            if option is not None:
                raise InvalidInputError(name, "must be left out without a log", came(option))
        scores, weights = _listed(given, scale)
        nowhere = np.zeros(len(scores), np.intp)
        return Answers(scores, 0, weights, nowhere, None, (), context)
    if responses is None:
        problem = "which of the log's answers are to this question is not known"
        raise InvalidInputError("responses", "must be given with a log", problem)
    del asked["responses"]
    return _logged(given, context, scale, as_rule(responses), **asked)


def scale_of(scale: object) -> tuple[int, int]:
    """Return the two ends of a scale.

    Raises
    ------
    InvalidInputError
        If they are not two whole numbers, the lower first.

    Examples
    --------
    >>> scale_of((1, 5))
    (1, 5)
    """
    if not isinstance(scale, list | tuple) or len(scale) != 2:
        raise InvalidInputError("scale", "must be a pair (lowest, highest)", came(scale))
    low, high = (whole("scale", end, least=-_ENDS, most=_ENDS) for end in scale)
    if low >= high:
        raise InvalidInputError("scale", "must have its lower end first", f"got {(low, high)}")
    return low, high


def spans_asked(asked: Any, first: int | None) -> Spans:
    """Return the periods or the window of a question; all of time where neither is given."""
    if asked.period is None and asked.over is None:
        return Spans(np.array([-EVER, EVER], np.int64), ())
    return spans_of_log(asked, first)


def half_even(total: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``total / n`` as whole numbers, halves to even.

    Examples
    --------
    >>> half_even(np.array([1, 3, 5, -1]), np.array([2, 2, 3, 2])).tolist()
    [0, 2, 2, 0]
    """
    quotient, rest = np.divmod(total, n)
    up = (2 * rest > n) | ((2 * rest == n) & (quotient % 2 == 1))
    rounded: NDArray[np.int64] = quotient + up
    return rounded


def _listed(given: Any, scale: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return scores and how often each was given; those that are missing are left out."""
    if isinstance(given, Mapping):
        low, high = scale
        tally = {
            whole("scores", score, least=low, most=high): whole("counts", count, least=0)
            for score, count in given.items()
        }
        return np.array(list(tally), np.int64), exact.canon(list(tally.values()))
    if isinstance(given, list | tuple):
        given = [math.nan if one is None else one for one in given]
    scores = as_numbers("scores", given)
    if scores.ndim != 1:
        problem = f"got {scores.ndim} dimensions"
        raise InvalidInputError("scores", "must be one-dimensional", problem)
    scores = scores[~np.isnan(scores)]
    _refuse("scores", ~(scores % 1 == 0), "must be whole numbers")
    _refuse("scores", (scores < scale[0]) | (scores > scale[1]), f"must lie in {scale}")
    return scores.astype(np.int64), np.ones(len(scores), np.int64)


def _refuse(name: str, wrong: NDArray[np.bool_], requirement: str) -> None:
    if wrong.any():
        raise InvalidInputError(
            name, requirement, count=int(wrong.sum()), total=len(wrong), first=int(wrong.argmax())
        )


def _logged(
    log: InteractionLog,
    context: Context,
    scale: tuple[int, int],
    rule: Rule,
    *,
    answers: Answered | None,
    by: str | Grouping | None,
    **when: Any,
) -> Answers:
    how = one_of("answers", "latest" if answers is None else answers, ("latest", "mean", "all"))
    asked = ask(log, **when)
    known = asked.log
    column = known.numbers("value")
    rows = rows_of(known, rule)
    if column.valid is not None:
        rows = rows[column.valid[rows]]
    spans = spans_asked(asked, int(known.at[rows].min()) if len(rows) else None)
    place = spans.place(known.at[rows])
    inside = (place >= 0) & (place < len(spans))
    rows, place = rows[inside], place[inside]
    one = 10**known.value_decimals
    scores = column.values[rows]
    wrong = (scores % one != 0) | (scores < scale[0] * one) | (scores > scale[1] * one)
    if wrong.any():
        raise InvalidInputError(
            "responses",
            f"must have whole numbers of the scale {scale} as values",
            count=int(wrong.sum()),
            total=len(wrong),
        )
    scores = scores // one
    customer = known.codes[rows]
    lead = first_of_run(customer, place)
    owner = np.cumsum(lead) - 1
    group, _, axes = groups_of(known, by)
    cell = (group[customer[lead]] * len(spans) + place[lead]).astype(np.intp)
    decimals = 0
    if how == "latest":
        last = np.append(lead[1:], True)[: len(lead)]
        scores = scores[last]
    elif how == "mean":
        decimals = _DECIMALS
        total = np.diff(
            np.append(0, np.cumsum(scores))[np.append(np.flatnonzero(lead), len(lead))]
        )
        number = np.diff(np.append(np.flatnonzero(lead), len(lead)))
        scores = half_even(total * 10**decimals, number)
    context = attrs.evolve(
        context,
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone if asked.period else None,
        period=asked.period,
        by=by,
    ).with_options(responses=rule, answers=how)
    return Answers(
        scores,
        decimals,
        np.ones(len(scores), np.int64),
        cell,
        owner if how == "all" else None,
        (*axes, *spans.axes),
        context,
    )
