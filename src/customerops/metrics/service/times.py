"""Times of service: until the first reply, until the case is solved, and in which status."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.service.cases import Asking, Cases, rule_or_none
from customerops.metrics.shared.spans import EVER
from customerops.metrics.shared.threads import elapsed, hours_or_none, is_kind, unit_us
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.ratios import Ratio
from customerops.model.values.checks import came, one_of
from customerops.model.values.frozenmap import FrozenMap

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.business_hours import BusinessHours
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Statuses", "first_reply_time", "resolution_time", "status_time"]

_HOUR, _MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)

Statuses = Literal["new", "open", "pending", "hold"]
"""What a status means: nobody took it on, we work on it, the customer has to answer, others have."""

MEANINGS: Mapping[str, Statuses] = {
    "new": "new",
    "open": "open",
    "pending": "pending",
    "hold": "hold",
    "on_hold": "hold",
}
"""Names of statuses that need no explanation."""

COUNTED: Mapping[str, tuple[Statuses, ...]] = {
    "requester_wait": ("new", "open", "hold"),
    "agent_work": ("new", "open"),
    "on_hold": ("hold",),
}
"""The statuses whose time each definition counts, as Zendesk does."""


def first_reply_time(
    log: InteractionLog,
    *,
    replies: Rule | str | Collection[str] | None = None,
    hours: BusinessHours | None = None,
    unit: dt.timedelta = _MINUTE,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> EventTable:
    """Return how long cases wait for their first reply (首次响应时间).

    Parameters
    ----------
    log : InteractionLog
        A log by thread. A case is a thread with a ``case_open``, from the first on.
    replies : Rule, str or collection of str, optional
        Which events are replies. Left out, a ``case_reply`` is one, unless its direction is
        ``"inbound"`` (the customer's) or ``"none"`` (a note), or its actor a bot or a system.
    hours : BusinessHours, optional
        Count time in these hours only; left out, elapsed time.
    unit : timedelta
        What the times of the curve are counted in; not rounded.
    over : Window, optional
        Only cases opened inside it, or the periods to report.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        A curve for the cases opened in each calendar period.
    by : str or Grouping, optional
        A customer attribute, or a grouping of the threads.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Of the periods; left out, the log's own.

    Returns
    -------
    EventTable
        The share of cases without a reply after each time; ``.quantile(0.5)`` is the median. Cases
        still waiting are censored at `as_of`, and cases solved without a reply when they were solved.

    Raises
    ------
    InvalidInputError
        If the log is not by thread, an option is not of its type, or as_of, or the calendar of a
        period, is not known.

    Notes
    -----
    The curve is that of Kaplan and Meier. The median of the answered cases alone, which help desks
    show, is too short, the more so the newer the cases are. The opening is no reply, whoever wrote
    it. Cases of one customer resemble each other, and the intervals of the curve take them for
    independent: with many cases a customer they are too narrow.

    References
    ----------
    Zendesk, Explore: "First reply time", the time until the first public agent comment.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import first_reply_time
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"], thread=["1", "1", "1", "2"],
    ...     kind=["case_open", "case_reply", "case_reply", "case_open"],
    ...     actor_kind=[None, "bot", "human", None], direction=[None, "outbound", "outbound", None],
    ...     at=[dt.datetime(2026, 1, 5, 9, m, tzinfo=dt.UTC) for m in (0, 1, 20, 30)],
    ... ).until(dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC))
    >>> waiting = first_reply_time(log.by_thread())
    >>> waiting.quantile(0.5), int(waiting.censored.sum())
    (20.0, 1)
    """
    rule, tick = rule_or_none("replies", replies), unit_us(unit)
    options = {"replies": rule, "hours": hours_or_none(hours), "unit": unit}
    cases = Asking(as_of, over, period, by, calendar).cases(
        log, "first_reply_time", options=options
    )
    reply, until = waited(cases, rule)
    took = elapsed(cases.opened, until, hours) / tick
    return cases.asked.curve(cases.unit, cases.opened, took, reply <= until)


def resolution_time(
    log: InteractionLog,
    *,
    definition: Literal["first", "full"],
    hours: BusinessHours | None = None,
    unit: dt.timedelta = _HOUR,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> EventTable:
    """Return how long cases take until they are solved (解决时间).

    Parameters
    ----------
    definition : {"first", "full"}
        Until a case was solved first; or until it was solved for good, as far as is known: a case
        that is open again is open.
    log, hours, unit, over, period, by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    EventTable
        The share of cases not solved after each time. Open cases are censored at `as_of`.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`.

    Notes
    -----
    ``case_resolve`` solves a case, ``case_reopen`` or another ``case_open`` opens it again. Under
    ``"full"`` the time a case was solved in between counts, as it does in Zendesk. On intervals see
    `first_reply_time`.

    References
    ----------
    Zendesk, Explore: "First resolution time", "Full resolution time".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import resolution_time
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a"] * 4, thread=["1"] * 4,
    ...     kind=["case_open", "case_resolve", "case_reopen", "case_resolve"],
    ...     at=[dt.datetime(2026, 1, 5, h, tzinfo=dt.UTC) for h in (9, 11, 12, 17)],
    ... ).until(dt.datetime(2026, 1, 6, tzinfo=dt.UTC)).by_thread()
    >>> [resolution_time(log, definition=d).quantile(0.5) for d in ("first", "full")]
    [2.0, 8.0]
    """
    one_of("definition", definition, ("first", "full"))
    tick = unit_us(unit)
    options = {"hours": hours_or_none(hours), "unit": unit}
    cases = Asking(as_of, over, period, by, calendar).cases(
        log, "resolution_time", definition=definition, options=options
    )
    done = cases.solved if definition == "first" else cases.settled
    took = elapsed(cases.opened, np.minimum(done, cases.asked.as_of), hours) / tick
    return cases.asked.curve(cases.unit, cases.opened, took, done < EVER)


def status_time(
    log: InteractionLog,
    *,
    definition: Literal["requester_wait", "agent_work", "on_hold"],
    statuses: Mapping[str, Statuses] | None = None,
    hours: BusinessHours | None = None,
    unit: dt.timedelta = _HOUR,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the mean time solved cases had spent waiting, in work or on hold (状态时长).

    Parameters
    ----------
    definition : {"requester_wait", "agent_work", "on_hold"}
        What counts: new, open and hold; new and open; hold.
    statuses : mapping of str to {"new", "open", "pending", "hold"}, optional
        What the names of statuses mean; ``new``, ``open``, ``pending``, ``hold`` and ``on_hold``
        need not be explained.
    over, period
        The cases solved first inside it; a value for each period.
    log, hours, unit, by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    Ratio
        In units of `unit`, a case; x the time, y the cases solved. The interval takes the customer as the
        unit.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`; or if a status of a case has no meaning.

    Notes
    -----
    A ``case_status`` bears the new status in ``name``. A case is new from its opening until its
    first status. Time counts up to the first resolution, so that what was reported of a closed
    period stays. Open cases are not in it, and are not censored either: who waits more is
    censored later, and a Kaplan-Meier curve of time in a status would be off.

    References
    ----------
    Zendesk, Explore: "Requester wait time", "Agent work time", "On-hold time".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import status_time
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a"] * 4, thread=["1"] * 4, name=[None, "pending", "open", None],
    ...     kind=["case_open", "case_status", "case_status", "case_resolve"],
    ...     at=[dt.datetime(2026, 1, 5, h, tzinfo=dt.UTC) for h in (9, 10, 14, 17)],
    ... ).until(dt.datetime(2026, 1, 6, tzinfo=dt.UTC)).by_thread()
    >>> status_time(log, definition="requester_wait").value  # one hour, and three
    4.0
    """
    counted = COUNTED[one_of("definition", definition, COUNTED)]
    meaning = _meanings(statuses)
    tick = unit_us(unit)
    options = {"statuses": FrozenMap(meaning), "hours": hours_or_none(hours), "unit": unit}
    cases = Asking(as_of, over, period, by, calendar).cases(
        log, "status_time", definition=definition, options={**options, "scale": tick}
    )
    _check_statuses(cases, meaning)
    chosen = {name: means in counted for name, means in meaning.items()}
    took = cases.spent(
        chosen, np.minimum(cases.solved, cases.asked.as_of), hours, start="new" in counted
    )
    some = np.flatnonzero(cases.solved < EVER)
    return cases.asked.ratio(Ratio, cases.unit[some], cases.solved[some], took[some])


def waited(cases: Cases, replies: Rule | None) -> tuple[np.ndarray, np.ndarray]:
    """Return when each case was first replied to, and until when it waited for that."""
    reply = cases.first_at(cases.replies(replies))
    return reply, np.minimum(np.minimum(reply, cases.solved), cases.asked.as_of)


def _meanings(statuses: object) -> dict[str, Statuses]:
    if statuses is None:
        return dict(MEANINGS)
    if not isinstance(statuses, Mapping):
        raise InvalidInputError(
            "statuses", "must be a mapping of names to meanings", came(statuses)
        )
    for means in statuses.values():
        one_of("statuses", means, ("new", "open", "pending", "hold"))
    return {**MEANINGS, **statuses}


def _check_statuses(cases: Cases, meaning: Mapping[str, Statuses]) -> None:
    if "name" not in cases.log.columns:
        return
    column = cases.log.coded("name")
    strange = [code for code, label in enumerate(column.labels) if label not in meaning]
    said = is_kind(cases.log, "case_status") & cases.inside
    wrong = int((said & np.isin(column.codes, strange)).sum())
    if wrong:
        must = "must give the meaning of every status"
        raise InvalidInputError("statuses", must, count=wrong, total=int(said.sum()))
