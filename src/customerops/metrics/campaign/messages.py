"""Messages of a log: which were sent, what became of each in time, and what found no message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.campaign.linking import Link, fields_of
from customerops.metrics.campaign.placing import cells_of
from customerops.metrics.campaign.rates import ASKED, BASES, LINKED, RESPONSES
from customerops.metrics.campaign.summary import CampaignSummary
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import one_of, positive_duration
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["campaign_summary"]

Given = Rule | str | Collection[str]
Bools = NDArray[np.bool_]


def campaign_summary(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    sends: Given = "send",
    delivery: Literal["not_bounced", "reported"] = "not_bounced",
    deliveries: Given = "deliver",
    bounces: Given = "bounce",
    hard: Given | None = None,
    opens: Given = "open",
    clicks: Given = "click",
    machine: Given | None = None,
    replies: Given | None = None,
    unsubscribes: Given = "unsubscribe",
    complaints: Given = "complain",
    conversions: Given | None = None,
    link: str | Collection[str] = "campaign",
    split: str | None = "campaign",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> CampaignSummary:
    """Return what became of the messages of campaigns (触达效果): sent, delivered, opened, and so on.

    Parameters
    ----------
    log : InteractionLog
        The events, with the fields of `link` and `split`.
    within : timedelta
        How long each message is followed. What comes later is ``late``, and a message that was
        followed for less is ``pending``.
    sends : Rule, str or collection of str
        Which events are messages; one channel's, where a log has several.
    delivery : {"not_bounced", "reported"}
        Which messages arrived: all that did not bounce, or those with an event that says so.
    deliveries : Rule, str or collection of str
        Which events say that a message arrived; otherwise than for ``delivery="reported"`` only
        those that are ``unlinked`` or ``late`` are told.
    bounces : Rule, str or collection of str
        Which events say that it came back.
    hard : Rule, str or collection of str, optional
        Which bounces are for good: ``outcome == "hard"``. The others are soft.
    opens, clicks, unsubscribes, complaints : Rule, str or collection of str
        Which events are these. With ``opens={"open", "click"}`` a click is an open, too.
    machine : Rule, str or collection of str, optional
        Which opens and clicks machines did: ``actor_kind == "bot"``.
    replies : Rule, str or collection of str, optional
        Which events answer: ``kind("message") & (direction == "inbound")``.
    conversions : Rule, str or collection of str, optional
        What the customer was to do: ``"purchase"``. It need not name a campaign.
    link : str or collection of str
        In which fields an event must agree with its message: ``"campaign"``, or ``"thread"`` where
        that is the id of the message, or ``("campaign", "channel")``.
    split : str or None
        The field of messages to report by; None for all of them together.
    over : Window, optional
        Only messages sent in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period in which they were sent; a row for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    CampaignSummary
        Counts of messages and of customers by campaign and outcome. Each rate has a name:
        ``.open_rate(basis="sent")``, ``.click_to_open()``, ``.conversion_after()``.

    Raises
    ------
    InvalidInputError
        When `within` is no duration, a field or a column of a rule was not loaded, or `over` does
        not lie on the edges of the period.

    Notes
    -----
    An event belongs to the latest message of the customer at or before it that agrees in `link`,
    and counts if it comes in ``[t, t + within)`` of it; a message has an outcome or not, however
    often it happened. What finds no message is counted as ``unlinked``. Events at one instant may
    stand in any order.

    A message that was opened, clicked, answered, unsubscribed from or complained about arrived,
    whatever else was said of it. One bounce that is hard makes it hard. An open of which `machine`
    cannot say who did it, for the field is missing, is a person's.

    Conversions go by the customer alone, each to the latest of the messages before it, so that no
    purchase counts twice; after a message that did not arrive none counts. They come *after* the
    message: how many come because of it takes a control group.

    The customer is the unit of the intervals of rates of messages, for one customer's messages are
    opened or not together; see `Ratio`.

    References
    ----------
    Klaviyo and Mailchimp, help on the reports of campaigns: delivered, opened, clicked, bounced,
    unsubscribed. What each rate is divided by is said at `MessageCounts`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import campaign_summary
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b", "c"],
    ...     kind=["send", "open", "open", "send", "bounce", "send"],
    ...     at=[dt.date(2026, 3, d) for d in (1, 2, 3, 1, 1, 1)], campaign=["spring"] * 6,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 3, 31))
    >>> spring = campaign_summary(log, within=dt.timedelta(days=14)).select(campaign="spring")
    >>> spring.messages("sent"), spring.messages("delivered"), spring.messages("opened")
    (3, 2, 1)
    >>> spring.open_rate(basis="delivered").value
    0.5
    """
    one_of("delivery", delivery, ("not_bounced", "reported"))
    length = micros(positive_duration("within", within))
    rules = {
        name: None if rule is None else as_rule(rule, name=name, level="event")
        for name, rule in {
            "sends": sends,
            "deliveries": deliveries,
            "bounces": bounces,
            "hard": hard,
            "opens": opens,
            "clicks": clicks,
            "machine": machine,
            "replies": replies,
            "unsubscribes": unsubscribes,
            "complaints": complaints,
            "conversions": conversions,
        }.items()
    }
    fields = fields_of("link", link)
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    traced = _traced(asked, rules, fields, length, reported=delivery == "reported")
    context = Context(
        metric="campaign_summary",
        unit="message",
        definition=delivery,
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone if asked.period else None,
        period=asked.period,
        by=by,
        options={**rules, "within": within, "link": fields, "split": split},
    )
    return _summed(asked, traced, split, by, context)


@attrs.frozen(eq=False)
class _Traced:
    """Messages, and what became of each.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        The row of each message in the log.
    ripe : ndarray of bool, shape (n,)
        Whether its time is up.
    has : mapping of str to ndarray of bool, shape (n,)
        Whether it has each outcome.
    unlinked : mapping of str to ndarray of int
        The rows of events before which there is no message, by outcome.
    late : mapping of str to ndarray of int
        The message of each event that came too late, by outcome.
    """

    rows: NDArray[np.intp]
    ripe: Bools
    has: Mapping[str, Bools]
    unlinked: Mapping[str, NDArray[np.intp]]
    late: Mapping[str, NDArray[np.intp]]


def _traced(
    asked: Asked,
    rules: Mapping[str, Rule | None],
    fields: tuple[str, ...],
    length: int,
    *,
    reported: bool,
) -> _Traced:
    """Follow every message of a log for some time."""
    log = asked.log

    def events(name: str) -> NDArray[np.intp]:
        rule = rules[name]
        return np.zeros(0, np.intp) if rule is None else rows_of(log, rule)

    rows = events("sends")
    end = log.at[rows] + length
    own, anybody = Link.of(log, rows, fields), Link.of(log, rows, ())

    def in_time(these: NDArray[np.intp], message: NDArray[np.intp]) -> Bools:
        return (message >= 0) & (log.at[these] < np.append(end, 0)[message])

    def hit(message: NDArray[np.intp]) -> Bools:
        out = np.zeros(len(rows), np.bool_)
        out[message] = True
        return out

    options = ("deliveries", "bounces", "opens", "clicks", "replies", "unsubscribes", "complaints")
    has: dict[str, Bools] = {"sent": np.ones(len(rows), np.bool_)}
    unlinked, late = {}, {}
    by_people = _without(log, rules["machine"])
    for name, option in zip(LINKED, options, strict=True):
        these = events(option)
        message = own.find(these)
        ok = in_time(these, message)
        has[name] = hit(message[ok])
        unlinked[name], late[name] = these[message < 0], message[(message >= 0) & ~ok]
        if name in ("opened", "clicked"):
            has[f"{name}_by_people"] = hit(message[ok & by_people[these]])
        if rules["hard"] is not None and name == "bounced":
            has["hard_bounced"] = hit(message[ok & rules["hard"].mask(log)[these]])
            has["soft_bounced"] = has["bounced"] & ~has["hard_bounced"]
    arrived = has["delivered"] if reported else ~has["bounced"]
    has["delivered"] = np.logical_or.reduce([arrived, *(has[name] for name in RESPONSES)])
    for suffix in ("", "_by_people"):
        has[f"opened_clicked{suffix}"] = has[f"opened{suffix}"] & has[f"clicked{suffix}"]
    these = events("conversions")
    message = anybody.find(these)
    has["converted"] = hit(message[in_time(these, message)]) & has["delivered"]
    told = {n: which for n, which in has.items() if rules[ASKED.get(n, "sends")] is not None}
    return _Traced(rows, end <= asked.as_of + 1, told, unlinked, late)


def _without(log: InteractionLog, machine: Rule | None) -> Bools:
    """Return which events no machine did."""
    return np.ones(len(log), np.bool_) if machine is None else ~machine.mask(log)


def _summed(
    asked: Asked,
    traced: _Traced,
    split: str | None,
    by: str | Grouping | None,
    context: Context,
) -> CampaignSummary:
    """Count messages by cell and outcome, and what their intervals need by customer."""
    every = np.concatenate([traced.rows, *traced.unlinked.values()])
    cells = cells_of(asked, split, by, every)
    outcomes = sorted(traced.has)
    chosen = np.flatnonzero(traced.ripe & cells.inside(traced.rows))
    rows = traced.rows[chosen]
    at, where = cells.clusters(rows, cells.of(rows))
    own = {
        name: exact.group_count(where[has[chosen]], len(at)) for name, has in traced.has.items()
    }
    some = {name: np.flatnonzero(count) for name, count in own.items()}
    nothing = np.zeros(cells.size, np.int64)

    def times(name: str, basis: str) -> NDArray[Any]:
        which = some[name]
        return exact.group_dot(at[which], own[name][which], own[basis][which], cells.size)

    parts = {
        "count": [exact.group_sum(at, own[name], cells.size) for name in outcomes],
        "customers": [exact.group_count(at[some[name]], cells.size) for name in outcomes],
        "square": [times(name, name) for name in outcomes],
        "unlinked": [
            cells.count(traced.unlinked[name]) if name in traced.unlinked else nothing
            for name in outcomes
        ],
        "late": [
            cells.count(traced.rows[traced.late[name]]) if name in traced.late else nothing
            for name in outcomes
        ],
    }
    for basis in BASES:
        parts[f"times_{basis}"] = [
            times(name, basis) if basis in own else nothing for name in outcomes
        ]
    shaped = {
        name: np.stack(part, -1).reshape(*cells.shape, len(outcomes))
        for name, part in parts.items()
    }
    shaped["pending"] = cells.count(traced.rows[~traced.ripe]).reshape(cells.shape)
    return CampaignSummary(
        axes=(*cells.axes, Axis("outcome", outcomes, "state", disjoint=False)),
        parts=shaped,
        context=context,
    )
