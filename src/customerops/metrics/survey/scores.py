"""Scores of surveys: net promoter score, satisfaction and effort, each by a named definition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from customerops.errors import InvalidInputError
from customerops.metrics.survey.answers import Answered, Scores, answers_of, scale_of
from customerops.metrics.survey.net_share import NetShare
from customerops.model.rules.rules import Rule
from customerops.model.tables.estimates import NetPromoterScore
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.tables.base import Sampled
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ces", "csat", "nps"]


def nps(
    scores: Scores,
    *,
    scale: tuple[int, int] = (0, 10),
    responses: Rule | str | Collection[str] | None = None,
    answers: Answered | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Sampled:
    """Return the net promoter score (净推荐值): promoters less detractors, in points.

    Parameters
    ----------
    scores : array_like of int, mapping of int to int, or InteractionLog
        Answers, one per customer; or how many gave each; or a log whose responses have the answer
        as `value`. An answer that is missing (None, NaN, no value) does not count.
    scale : tuple of (int, int)
        The lowest and the highest answer: (0, 10), and no other.
    responses : Rule, str or collection of str, optional
        Which events of a log answer this very question; needed with a log, since answers to other
        questions look the same: ``kind("survey_response") & (name == "recommend")``.
    answers : {"latest", "mean", "all"}, optional
        What counts where a customer answered several times in one period or window: the latest (of
        two at one instant the one that came last), which is the default; the mean of them, rounded
        to six decimals, halves to even; or all, with the customer as the unit of the interval.
    over : Window, optional
        Only answers in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a score for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    NetPromoterScore or Ratio
        In points from -100 to 100, with ``promoters``, ``passives`` and ``detractors``; the
        interval is the adjusted Wald, or ``method="trinomial"``. With ``answers="all"`` a `Ratio`
        of net promoters to answers, in points too.

    Raises
    ------
    InvalidInputError
        For another scale, an answer that is not a whole number of it, an option of logs without
        one, or a log without `responses`.

    Notes
    -----
    ``100 (promoters - detractors) / answers`` with promoters at 9 and 10, passives at 7 and 8,
    detractors from 0 to 6. The cuts belong to eleven points: vendors who ask on five or seven do
    not agree on theirs, so such a scale is refused here; `csat` with ``definition="net"`` takes
    any. A mean of answers is a promoter's from 9 on and a detractor's below 7.

    References
    ----------
    F. F. Reichheld, "The one number you need to grow", Harvard Business Review 81 (12), 2003,
    46-54. B. Rocks, "Interval estimation for the net promoter score", The American Statistician
    70 (2016) 365-372.

    Examples
    --------
    >>> from customerops.metrics import nps
    >>> score = nps([10, 9, 8, 3], scale=(0, 10))
    >>> score.value, score.promoters, score.passives, score.detractors
    (25.0, 2, 1, 1)
    >>> low, high = nps({10: 50, 8: 30, 3: 20}).interval()
    >>> print(f"{low:.4f} {high:.4f}")
    14.0511 44.2013
    """
    if scale_of(scale) != (0, 10):
        problem = f"got {scale_of(scale)}; csat(definition='net') takes any"
        raise InvalidInputError("scale", "must be (0, 10) for a net promoter score", problem)
    read = answers_of(
        scores,
        "nps",
        scale=(0, 10),
        responses=responses,
        answers=answers,
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
    )
    return read.net(NetPromoterScore, 7, 9, per=100)


def csat(
    scores: Scores,
    *,
    definition: Literal["top_two_box", "mean", "mean_over_max", "net"],
    scale: tuple[int, int],
    responses: Rule | str | Collection[str] | None = None,
    answers: Answered | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Sampled:
    """Return customer satisfaction (CSAT, 满意度), by a named definition.

    Parameters
    ----------
    scores : array_like of int, mapping of int to int, or InteractionLog
        As for `nps`; the highest answer is the best.
    definition : {"top_two_box", "mean", "mean_over_max", "net"}
        The share of the two highest answers; the mean; the mean by the highest answer; the share
        of the two highest less that of the two lowest.
    scale : tuple of (int, int)
        The lowest and the highest answer, such as (1, 5).
    responses, answers, over, period, by, as_of, calendar
        As for `nps`.

    Returns
    -------
    Proportion, Mean or NetShare
        Fractions, for the mean points of the scale. With ``answers="all"`` a `ClusteredShare` or a
        `Ratio` with the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `nps`; for two boxes of a scale with fewer than four answers; for
        ``"mean_over_max"`` on a scale that starts below 0.

    Notes
    -----
    The definitions differ widely: the answers 5, 4, 2, 2, 1 are 40 %, 2.8, 56 % and -20 %.
    ``"top_two_box"`` is the usual one (Qualtrics: 4 and 5 of 5); ``"mean_over_max"`` is
    ServiceRocket's; ``"net"`` is the net satisfaction of customer surveys. The lowest answer of
    (1, 5) is 20 % by ``"mean_over_max"``, not 0. Where help desks ask for good or bad alone
    (Zendesk), the score is `proportion` of the good among those who answered.

    References
    ----------
    Qualtrics, "What is CSAT and how do you measure it?". ServiceRocket, "How does the scale
    correlate with the metric score?". N. T. Bendle and others, *Marketing Metrics*, 4th ed.
    (2020), chapter 2, on top-box measures.

    Examples
    --------
    >>> from customerops.metrics import csat
    >>> for definition in ("top_two_box", "mean", "mean_over_max", "net"):
    ...     print(f"{definition:14}{csat([5, 4, 2, 2, 1], definition=definition, scale=(1, 5)).value:.2f}")
    top_two_box   0.40
    mean          2.80
    mean_over_max 0.56
    net           -0.20
    """
    one_of("definition", definition, ("top_two_box", "mean", "mean_over_max", "net"))
    low, high = scale_of(scale)
    if definition in ("top_two_box", "net") and high - low < 3:
        problem = f"got {(low, high)}"
        raise InvalidInputError(
            "scale", f"must have four answers or more for definition={definition!r}", problem
        )
    if definition == "mean_over_max" and low < 0:
        problem = f"got {(low, high)}"
        raise InvalidInputError("scale", "must not start below 0 for 'mean_over_max'", problem)
    read = answers_of(
        scores,
        "csat",
        scale=(low, high),
        definition=definition,
        responses=responses,
        answers=answers,
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
    )
    if definition == "top_two_box":
        return read.share(read.at_least(high - 1))
    if definition == "net":
        return read.net(NetShare, low + 2, high - 1)
    return read.mean(of=high if definition == "mean_over_max" else 1)


def ces(
    scores: Scores,
    *,
    definition: Literal["mean", "top_share", "index"],
    scale: tuple[int, int],
    direction: Literal["high_is_easy", "low_is_easy"],
    responses: Rule | str | Collection[str] | None = None,
    answers: Answered | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Sampled:
    """Return the customer effort score (CES, 客户费力度), by a named definition.

    Parameters
    ----------
    scores : array_like of int, mapping of int to int, or InteractionLog
        As for `nps`.
    definition : {"mean", "top_share", "index"}
        The mean answer; the share of the three easiest of seven; the share of the two easiest of
        seven less that of the three hardest.
    scale : tuple of (int, int)
        The lowest and the highest answer; (1, 7) for ``"top_share"`` and ``"index"``.
    direction : {"high_is_easy", "low_is_easy"}
        What a high answer says. "The company made it easy", agreed to from 1 to 7 (CES 2.0), is
        high where it was easy; "how much effort did you have to put forth" (CES 1.0) is low.
    responses, answers, over, period, by, as_of, calendar
        As for `nps`.

    Returns
    -------
    Mean, Proportion or NetShare
        Points of the scale, a fraction, and points from -100 to 100. With ``answers="all"`` a
        `ClusteredShare` or a `Ratio` with the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `nps`; for a scale other than (1, 7) where the definition has its boxes on it.

    Notes
    -----
    With high as easy: ``"top_share"`` counts 5, 6 and 7; ``"index"`` is ``100 (%6-7 - %1-3)``.
    With low as easy the boxes are those of the scale turned round (1, 2 and 3; 1 and 2 less 5, 6
    and 7). The mean is of the answers as they are given, in either direction, and two means of
    different directions neither add nor compare.

    References
    ----------
    M. Dixon, K. Freeman and N. Toman, "Stop trying to delight your customers", Harvard Business
    Review 88 (7/8), 2010, 116-122 (CES 1.0); M. Dixon, N. Toman and R. DeLisi, *The Effortless
    Experience* (2013), chapter 6 (CES 2.0). The index is CYS's.

    Examples
    --------
    >>> from customerops.metrics import ces
    >>> given = {1: 80, 2: 210, 3: 140, 4: 110, 5: 160, 6: 180, 7: 120}
    >>> for definition in ("mean", "top_share", "index"):
    ...     print(ces(given, definition=definition, scale=(1, 7), direction="high_is_easy").value)
    4.08
    0.46
    -13.0
    """
    one_of("definition", definition, ("mean", "top_share", "index"))
    one_of("direction", direction, ("high_is_easy", "low_is_easy"))
    ends = scale_of(scale)
    if definition != "mean" and ends != (1, 7):
        problem = f"got {ends}"
        raise InvalidInputError("scale", f"must be (1, 7) for definition={definition!r}", problem)
    read = answers_of(
        scores,
        "ces",
        scale=ends,
        definition=definition,
        options={"direction": direction},
        responses=responses,
        answers=answers,
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
    )
    if definition == "mean":
        return read.mean()
    if direction == "low_is_easy":
        read = read.mirrored(ends)
    if definition == "top_share":
        return read.share(read.at_least(5))
    return read.net(NetShare, 4, 6, per=100)
