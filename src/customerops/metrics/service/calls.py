"""Contacts that wait in a queue or talk to a bot: answered in time, handled, contained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.service.levels import ServiceLevel
from customerops.metrics.shared.episodes import in_time, next_row
from customerops.metrics.shared.settled import SettledShare
from customerops.metrics.shared.threads import threads_of, unit_us
from customerops.model.log.derived import first_rows, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.named import actor_kind
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.ratios import Ratio
from customerops.model.values import exact
from customerops.model.values.checks import one_of, positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["answer_rate", "containment_rate", "handling_time"]

Rows = NDArray[np.int64]

_SECOND, _MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
_NONE = np.iinfo(np.int64).max  # a row beyond every log


def answer_rate(
    log: InteractionLog,
    *,
    definition: Literal["answered", "offered", "short_out", "short_met"],
    target: dt.timedelta,
    answers: Rule | str | Collection[str],
    abandons: Rule | str | Collection[str],
    offered: Rule | str | Collection[str] = "call",
    short: dt.timedelta | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ServiceLevel:
    """Return the share of calls that were answered in time (接通服务水平): x % in y seconds.

    Parameters
    ----------
    log : InteractionLog
        A log by thread: a thread is a call, a chat, or whatever else waits in a queue.
    definition : {"answered", "offered", "short_out", "short_met"}
        What becomes of those who hang up, below.
    target : timedelta
        How long a call may wait; exactly so long is in time.
    answers, abandons : Rule, str or collection of str
        The events with which a call is answered, and with which the customer hangs up; the first of
        both after the call was offered counts.
    offered : Rule, str or collection of str
        The event with which a call begins to wait; of each thread the first.
    short : timedelta, optional
        For ``"short_out"`` and ``"short_met"``: who hangs up after so long at most is no miss.
    over : Window, optional
        Only calls offered in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period in which the call was offered; a share for each.
    by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    ServiceLevel
        ``.met`` and ``.breached``; ``.excluded`` are the calls that still wait and are not too late
        yet. The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`; for another definition, or if `short` is missing where it is
        needed or given where it has no meaning.

    Notes
    -----
    ==============  ===========================================================================
    definition      formula
    ==============  ===========================================================================
    ``answered``    answered in time / answered
    ``offered``     answered in time / (answered + abandoned)
    ``short_out``   answered in time / (answered + abandoned later than `short`)
    ``short_met``   (answered in time + abandoned within `short`) / (answered + abandoned)
    ==============  ===========================================================================

    With ``short=target`` the last two leave out, or give credit for, whoever hung up before the
    time was over, as many queues are set up; with a few seconds only misdialled calls. The four lie
    up to ten points apart on the same calls, so that a level without its definition is none.
    ``"answered"`` looks best where most hang up. A call that has waited for longer than the target
    is missed, but under ``"answered"``, which does not know it until it is answered.

    References
    ----------
    ICMI (2002), "Service level calculations": five formulas, which are these with `short` equal to
    the target or below. Cleveland, B., Call Center Management on Fast Forward.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import answer_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c", "c"], thread=["1", "1", "2", "2", "3", "3"],
    ...     kind=["call", "answer", "call", "answer", "call", "hang_up"],
    ...     at=[dt.datetime(2026, 1, 5, 9, 0, s, tzinfo=dt.UTC) for s in (0, 15, 0, 40, 0, 4)],
    ... ).until(dt.datetime(2026, 1, 6, tzinfo=dt.UTC)).by_thread()
    >>> ask = {"target": dt.timedelta(seconds=20), "answers": "answer", "abandons": "hang_up"}
    >>> answer_rate(log, definition="offered", **ask).value
    0.3333333333333333
    >>> answer_rate(log, definition="short_out", short=dt.timedelta(seconds=5), **ask).value
    0.5
    """
    one_of("definition", definition, ("answered", "offered", "short_out", "short_met"))
    needs = definition in ("short_out", "short_met")
    if needs and short is None:
        raise InvalidInputError("short", f"must be given for definition={definition!r}")
    if short is not None and not needs:
        raise InvalidInputError("short", "must be left out", f"{definition!r} has no use for it")
    most = micros(positive_duration("target", target))
    soon = -1 if short is None else micros(positive_duration("short", short))
    rules = {
        name: as_rule(rule, name=name, level="event")
        for name, rule in (("offered", offered), ("answers", answers), ("abandons", abandons))
    }
    asked = threads_of(
        log,
        "answer_rate",
        definition=definition,
        options={**rules, "target": target, "short": short},
        as_of=as_of,
        over=over,
        period=period,
        by=by,
        calendar=calendar,
    )
    known = asked.log
    begun = first_rows(known, rules["offered"])
    answer, leave = (_first_after(known, begun, rules[name]) for name in ("answers", "abandons"))
    ends = np.minimum(answer, leave)
    done = ends < _NONE
    wait = np.where(done, known.at[np.where(done, ends, 0)], asked.as_of) - known.at[begun]
    talked, left = done & (answer <= leave), done & (leave < answer)
    hit = talked & (wait <= most)
    counts = np.ones(len(begun), np.bool_)
    settled = done | (wait > max(most, soon))
    if definition == "answered":
        counts, settled = ~left, done
    elif definition == "short_out":
        counts = ~(left & (wait <= soon))
    elif definition == "short_met":
        hit |= left & (wait <= soon)
    return ServiceLevel.of(
        asked,
        known.codes[begun[counts]].astype(np.intp),
        known.at[begun[counts]],
        hit[counts],
        settled[counts],
    )


def handling_time(
    log: InteractionLog,
    *,
    work: Rule | str | Collection[str],
    counts: dt.timedelta = _SECOND,
    unit: dt.timedelta = _MINUTE,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return how long it takes to handle a contact (AHT, 平均处理时长).

    Parameters
    ----------
    log : InteractionLog
        A log by thread: a thread is a call, a chat or a case.
    work : Rule, str or collection of str
        The events that tell of work done, each with its length in ``value``: the talk, the time on
        hold, the work after the call.
    counts : timedelta
        What one unit of ``value`` is.
    unit : timedelta
        What the mean is reported in.
    over : Window, optional
        Only contacts first worked on in it; all that are known when neither it nor `period` is
        given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period in which a contact was first worked on; a mean for each.
    by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    Ratio
        In units of `unit`, a contact; y the contacts that were worked on. The interval takes the
        customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`; or if work has no value, or one below zero.

    Notes
    -----
    ``(talk + hold + wrap) / handled``. A contact that nobody handled is in neither. All the work on
    a contact counts where it was begun, so that the last period still grows while its contacts are
    worked on. Who works on a ticket for days is better told by `status_time`.

    References
    ----------
    Cleveland, B., Call Center Management on Fast Forward: average talk time plus average after-call
    work.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import handling_time
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], thread=["1", "1", "2"], kind=["talk", "wrap", "talk"],
    ...     value=[200, 40, 120],
    ...     at=[dt.datetime(2026, 1, 5, 9, m, tzinfo=dt.UTC) for m in (0, 4, 9)],
    ... ).until(dt.datetime(2026, 1, 6, tzinfo=dt.UTC)).by_thread()
    >>> handling_time(log, work={"talk", "wrap"}).value
    3.0
    """
    rule = as_rule(work, name="work", level="event")
    tick, size = unit_us(unit), micros(positive_duration("counts", counts))
    asked = threads_of(
        log,
        "handling_time",
        options={"work": rule, "counts": counts, "unit": unit},
        as_of=as_of,
        over=over,
        period=period,
        by=by,
        calendar=calendar,
    )
    known = asked.log
    rows = rows_of(known, rule)
    column = known.numbers("value")
    length = column.values[rows]
    good = (length >= 0) if column.valid is None else column.valid[rows] & (length >= 0)
    if not good.all():
        raise InvalidInputError(
            "work",
            "must have values that are not negative",
            count=int((~good).sum()),
            total=len(rows),
        )
    lead = first_of_run(known.codes[rows])
    first = rows[lead]
    took = exact.group_sum(np.cumsum(lead) - 1, length, len(first))
    context = asked.context.with_options(scale=10**known.value_decimals * tick, per=size)
    unit_of = known.codes[first].astype(np.intp)
    # x in units of the value: scale and per turn them into the unit that is reported
    return asked.ratio(Ratio, unit_of, known.at[first], took, context=context)


def containment_rate(
    log: InteractionLog,
    *,
    definition: Literal["contained", "resolved"],
    within: dt.timedelta,
    bots: Rule | str | Collection[str] | None = None,
    humans: Rule | str | Collection[str] | None = None,
    resolves: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> SettledShare:
    """Return the share of contacts with a bot that no human had to take over (机器人独立解决率).

    Parameters
    ----------
    log : InteractionLog
        A log by thread: a thread is a chat, a call or a case.
    definition : {"contained", "resolved"}
        Whether no human came in; or whether none came in and it was resolved.
    within : timedelta
        For how long a contact is followed from the bot's first event on. Elapsed time.
    bots, humans : Rule, str or collection of str, optional
        The events of bots, and of people who work for us; left out, by ``actor_kind``.
    resolves : Rule, str or collection of str, optional
        For ``"resolved"``: the events that resolve a contact.
    over : Window, optional
        Only contacts in which a bot came in first in it; all that are known when neither it nor
        `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period of the bot's first event; a share for each.
    by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    SettledShare
        x the contacts contained, or resolved; y the contacts with a bot whose time is up;
        ``pending`` those with time left. The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`; for another definition, or if `resolves` is missing for
        ``"resolved"``, or given for the other.

    Notes
    -----
    A contact is contained if no human event comes later in the log than the bot's first and less
    than `within` after it. Containment counts who gave up as a success: of two bots the one that
    hides the way to a person has the higher rate. ``"resolved"`` needs an event that says so, as
    vendors do who charge by resolution; `repeat_contact_rate` tells who came back.

    References
    ----------
    Google Cloud, Dialogflow CX: containment, sessions that end without a live agent. Intercom,
    "Fin resolution rate".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import containment_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "b"], thread=["1", "2", "2"], kind=["message"] * 3,
    ...     actor_kind=["bot", "bot", "human"],
    ...     at=[dt.datetime(2026, 1, 5, 9, m, tzinfo=dt.UTC) for m in (0, 1, 9)],
    ... ).until(dt.datetime(2026, 1, 8, tzinfo=dt.UTC)).by_thread()
    >>> containment_rate(log, definition="contained", within=dt.timedelta(days=1)).value
    0.5
    """
    one_of("definition", definition, ("contained", "resolved"))
    if (resolves is None) == (definition == "resolved"):
        must = "must be given" if resolves is None else "must be left out"
        raise InvalidInputError("resolves", must, f"definition is {definition!r}")
    length = micros(positive_duration("within", within))
    rules = {
        "bots": actor_kind("bot") if bots is None else as_rule(bots, name="bots", level="event"),
        "humans": (
            actor_kind("human")
            if humans is None
            else as_rule(humans, name="humans", level="event")
        ),
    }
    if resolves is not None:
        rules["resolves"] = as_rule(resolves, name="resolves", level="event")
    asked = threads_of(
        log,
        "containment_rate",
        definition=definition,
        options={**rules, "within": within},
        as_of=as_of,
        over=over,
        period=period,
        by=by,
        calendar=calendar,
    )
    known = asked.log
    begun = first_rows(known, rules["bots"])
    hit = ~_soon(known, begun, rules["humans"], length)
    if resolves is not None:
        hit &= _soon(known, begun, rules["resolves"], length)
    at = known.at[begun]
    settled = at + length - 1 <= asked.as_of
    return SettledShare.of(asked, known.codes[begun].astype(np.intp), at, hit, settled)


def _first_after(log: InteractionLog, begun: Rows, rule: Rule) -> Rows:
    """Return the first row of a rule after a row of each thread, and of that thread; else `_NONE`."""
    then = next_row(rows_of(log, rule), begun)
    return np.where(in_time(log, begun, then, _NONE // 2), then, _NONE)


def _soon(log: InteractionLog, begun: Rows, rule: Rule, length: int) -> NDArray[np.bool_]:
    """Return whether a rule holds later in a thread, less than a length after a row of it."""
    return in_time(log, begun, next_row(rows_of(log, rule), begun), length)
