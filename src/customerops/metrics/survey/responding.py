"""Who answers: the response rate, and whether respondents are like those who were invited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import Spans
from customerops.metrics.survey.answers import spans_asked
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import Floats
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.ratios import ClusteredShare
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import positive_duration, whole
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = [
    "ResponderBias",
    "ResponseRate",
    "responder_bias",
    "response_rate",
    "response_rate_from_counts",
]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ResponseRate(ClusteredShare):
    """The share of invitations that were answered; made by `response_rate`.

    Its parts are those of a `ClusteredShare`, x the answered and y the invitations whose time is
    up, and ``immature``: invitations that may still be answered, which are in neither.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*ClusteredShare.PARTS, "immature")

    @property
    def immature(self) -> Count:
        """How many invitations may still be answered in time."""
        return self._part("immature")

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in ClusteredShare.PARTS]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ResponderBias(Table):
    """Respondents against those who were invited, by group; made by `responder_bias`.

    Its parts are customers by group: ``responded`` of ``invited``, and those whose invitations are
    all ``immature``, who are in neither.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("responded", "invited", "immature")

    @property
    def rate(self) -> Proportion:
        """The share of the invited of each group who responded, with its interval."""
        parts = {"count": self.parts["responded"], "total": self.parts["invited"]}
        return Proportion(axes=self.axes, parts=parts, context=self.context)

    @property
    def representation(self) -> Floats:
        """By group, its share of the respondents by its share of the invited; 1 is as invited."""
        responded, invited = self.parts["responded"], self.parts["invited"]
        answers, asked = int(responded.sum()), int(invited.sum())
        return exact.divide(exact.times(responded, asked), exact.times(invited, answers))

    @property
    def r_indicator(self) -> float:
        """How alike the response rates of the groups are: 1 where they are equal, 0 at the worst.

        ``1 - 2 S`` with S the standard deviation of the response rate over the invited, each with
        the rate of the group: Schouten, Cobben and Bethlehem, "Indicators for the representativeness
        of survey response", Survey Methodology 35 (2009) 101-113. With few invited by group it is
        too low, for chance makes rates differ.
        """
        responded, invited = (self.parts[n].astype(np.float64) for n in ("responded", "invited"))
        total = invited.sum()
        if total < 2:
            return float("nan")
        some = invited > 0
        rate = responded[some] / invited[some]
        spread = (invited[some] * (rate - responded.sum() / total) ** 2).sum() / (total - 1)
        return float(1 - 2 * np.sqrt(spread))

    def _check(self) -> None:
        if (self.parts["responded"] > self.parts["invited"]).any():
            raise InvalidInputError("responded", "must not exceed invited")


def response_rate_from_counts(*, responses: int, invites: int) -> Proportion:
    """Return the response rate of counts that are known already.

    Parameters
    ----------
    responses : int
        Customers who answered.
    invites : int
        Customers who were invited; those whose invitation came back are not.

    Returns
    -------
    Proportion
        Responses by invitations.

    Raises
    ------
    InvalidInputError
        If a count is none, or responses exceed invitations.

    Notes
    -----
    ``responses / invites``, with the interval of Wilson.

    References
    ----------
    American Association for Public Opinion Research, *Standard Definitions: Final Dispositions of
    Case Codes and Outcome Rates for Surveys*.

    Examples
    --------
    >>> from customerops.metrics import response_rate_from_counts
    >>> round(response_rate_from_counts(responses=81, invites=263).value, 4)
    0.308
    """
    counts = {"count": whole("responses", responses), "total": whole("invites", invites)}
    return Proportion(parts=counts, context=Context(metric="response_rate"))


def response_rate(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    invites: Rule | str | Collection[str] = "survey_invite",
    responses: Rule | str | Collection[str] = "survey_response",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ResponseRate:
    """Return the response rate (回收率) of surveys: invitations answered by invitations.

    Parameters
    ----------
    log : InteractionLog
        The events.
    within : timedelta
        How long an invitation can be answered.
    invites : Rule, str or collection of str
        Which events invite: those that were delivered, and reminders only if they are to count
        as invitations of their own.
    responses : Rule, str or collection of str
        Which events answer.
    over : Window, optional
        Only invitations in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period of the invitation; a rate for each.
    by, as_of, calendar
        As for `nps`.

    Returns
    -------
    ResponseRate
        x the invitations answered, y those whose time is up; ``immature`` counts the others, which
        are in neither, answered or not. The customer is the unit of the interval.

    Raises
    ------
    InvalidInputError
        When `within` is no duration, an event invites and answers at once, or `over` does not lie
        on the edges of the period.

    Notes
    -----
    A response answers the latest invitation of the customer before it, if it comes in ``[t, t +
    within)`` of it; an invitation counts once, however many responses it gets. An invitation is
    immature while an instant of that time is not known yet: to count early answers of invitations
    whose time is not up, and not their silence, would make the rate too high.

    References
    ----------
    American Association for Public Opinion Research, *Standard Definitions: Final Dispositions of
    Case Codes and Outcome Rates for Surveys*: of those who were eligible, the share that
    responded.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import response_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     kind=["survey_invite", "survey_response", "survey_invite", "survey_invite"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 1, 30)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> rate = response_rate(log, within=dt.timedelta(days=7))
    >>> rate.value, rate.x, rate.y, rate.immature
    (0.5, 1, 2, 1)
    """
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    met = _met(asked, within, invites, responses)
    size, customers = len(met.spans), asked.log.n_customers
    cell = met.customer * size + met.place
    ripe = met.ripe
    x = exact.group_count(cell[ripe & met.answered], customers * size)
    y = exact.group_count(cell[ripe], customers * size)
    group, groups, axes = groups_of(asked.log, by)
    cells = (group[:, None] * size + np.arange(size)).ravel()
    axes = (*axes, *met.spans.axes)
    context = attrs.evolve(met.context, metric="response_rate", unit="invite", by=by)
    share = ClusteredShare.from_rows(x, y, codes=cells, axes=axes, context=context)
    young = group[met.customer[~ripe]] * size + met.place[~ripe]
    immature = exact.group_count(young, groups * size).reshape([len(axis) for axis in axes])
    parts = {**share.parts, "immature": immature}
    return ResponseRate(axes=axes, parts=parts, context=context)


def responder_bias(
    log: InteractionLog,
    *,
    by: str | Grouping,
    within: dt.timedelta,
    invites: Rule | str | Collection[str] = "survey_invite",
    responses: Rule | str | Collection[str] = "survey_response",
    over: Window | None = None,
    as_of: dt.datetime | None = None,
) -> ResponderBias:
    """Return respondents against those who were invited, by an attribute (应答偏差).

    Parameters
    ----------
    log : InteractionLog
        The events.
    by : str or Grouping
        The customer attribute or the grouping they are compared by.
    within, invites, responses, as_of
        As for `response_rate`.
    over : Window, optional
        Only invitations in it; all that are known when left out.

    Returns
    -------
    ResponderBias
        Customers by group: invited, and responded. ``.rate`` is the response rate of each group,
        ``.representation`` its share of the respondents by its share of the invited, and
        ``.r_indicator`` one number for all.

    Raises
    ------
    InvalidInputError
        As for `response_rate`.

    Notes
    -----
    A customer was invited who has an invitation whose time is up, and responded who answered one
    of those. That groups answer alike does not show that respondents think like the others:
    attributes say nothing about what is not known of both.

    References
    ----------
    Groves, R. M. (2006). Nonresponse rates and nonresponse bias in household surveys. Public
    Opinion Quarterly 70, 646-675: a high rate does not exclude a bias.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import responder_bias
    >>> from customerops.model import first
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"], channel=["app", "app", "app", "web"],
    ...     kind=["survey_invite", "survey_response", "survey_invite", "survey_invite"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 1, 2)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> bias = responder_bias(log, by=first("channel"), within=dt.timedelta(days=7))
    >>> bias.representation.tolist()
    [1.5, 0.0]
    """
    asked = ask(log, as_of=as_of, over=over)
    met = _met(asked, within, invites, responses)
    group, groups, axes = groups_of(asked.log, by)
    customers = asked.log.n_customers

    def some(which: NDArray[np.bool_]) -> NDArray[np.bool_]:
        out = np.zeros(customers, np.bool_)
        out[met.customer[which]] = True
        return out

    invited = some(met.ripe)
    chosen = {
        "responded": some(met.ripe & met.answered),
        "invited": invited,
        "immature": some(~met.ripe) & ~invited,
    }
    context = attrs.evolve(met.context, metric="responder_bias", by=by)
    parts = {name: exact.group_count(group[who], groups) for name, who in chosen.items()}
    return ResponderBias(axes=axes, parts=parts, context=context)


@attrs.frozen(eq=False)
class _Met:
    """Invitations in stretches: whose, where, whether answered in time, whether time is up."""

    customer: NDArray[np.int64]
    place: NDArray[np.intp]
    answered: NDArray[np.bool_]
    ripe: NDArray[np.bool_]
    spans: Spans
    context: Context


def _met(
    asked: Asked,
    within: dt.timedelta,
    invites: Rule | str | Collection[str],
    responses: Rule | str | Collection[str],
) -> _Met:
    log = asked.log
    length = micros(positive_duration("within", within))
    ask_rule, answer_rule = as_rule(invites), as_rule(responses)
    rows, answers = rows_of(log, ask_rule), rows_of(log, answer_rule)
    both = len(np.intersect1d(rows, answers))
    if both:
        problem = f"{both} of {len(rows)} events are both"
        raise InvalidInputError("responses", "must not be invites, too", problem)
    latest = np.searchsorted(rows, answers) - 1  # by place in the log, that is by time
    same = latest >= 0
    latest, answers = latest[same], answers[same]
    same = log.codes[rows[latest]] == log.codes[answers]
    same &= log.at[answers] < log.at[rows[latest]] + length
    answered = np.zeros(len(rows), np.bool_)
    answered[latest[same]] = True
    at = log.at[rows]
    spans = spans_asked(asked, int(at.min()) if len(rows) else None)
    place = spans.place(at)
    inside = (place >= 0) & (place < len(spans))
    context = Context(
        metric="response_rate",
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone if asked.period else None,
        period=asked.period,
        options={"invites": ask_rule, "responses": answer_rule, "within": within},
    )
    return _Met(
        log.codes[rows][inside].astype(np.int64),
        place[inside],
        answered[inside],
        (at + length <= asked.as_of + 1)[inside],
        spans,
        context,
    )
