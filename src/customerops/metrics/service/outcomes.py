"""What became of solved cases: at first contact, in one touch, reopened, escalated, back again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.service.cases import Asking, Cases, rule_or_none
from customerops.metrics.shared.settled import SettledShare
from customerops.metrics.shared.spans import EVER
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Quotient
from customerops.model.tables.ratios import ClusteredShare
from customerops.model.values.checks import one_of, positive_duration, whole
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = [
    "escalation_rate",
    "first_contact_resolution",
    "first_contact_resolution_from_counts",
    "one_touch_rate",
    "reopen_rate",
    "repeat_contact_rate",
]

_WEEK = dt.timedelta(days=7)
_GROSS_NET = ("gross", "net")


def first_contact_resolution(
    log: InteractionLog,
    *,
    definition: Literal["gross", "net"],
    within: dt.timedelta = _WEEK,
    replies: Rule | str | Collection[str] | None = None,
    unresolvable: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> SettledShare:
    """Return the share of solved cases that one contact solved (FCR, 首次解决率).

    Parameters
    ----------
    log : InteractionLog
        A log by thread.
    definition : {"gross", "net"}
        Of all solved cases; or of those that the first line could have solved.
    within : timedelta
        How long the case must stay solved, and the customer not come with another one. Elapsed time.
    replies : Rule, str or collection of str, optional
        Which events are replies, as for `first_reply_time`.
    unresolvable : Rule, str or collection of str, optional
        For ``"net"``: events that show that the first line could not solve the case.
    over, period
        The cases solved first inside it; a value for each period.
    by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    SettledShare
        x the cases solved at first contact, y the cases solved; ``pending`` those solved less than
        `within` ago, which are in neither. The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`; or if `unresolvable` is missing for ``"net"``, or given for
        ``"gross"``.

    Notes
    -----
    Solved at first contact: at most one reply of ours up to the first resolution, not reopened less
    than `within` after it, and no other case of the same customer opened after it in that time.
    MetricNet divides by all contacts and calls net what leaves out those not resolvable at level 1;
    Freshservice divides by the resolved tickets, as this does, for whether an open case will be
    solved at the first contact is not known.

    References
    ----------
    MetricNet, "First Contact Resolution". Freshservice, "First Contact Resolution".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import first_contact_resolution
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "b"], thread=["1", "1", "2", "2", "2"],
    ...     kind=["case_open", "case_resolve", "case_open", "case_resolve", "case_reopen"],
    ...     at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (5, 6, 5, 6, 8)],
    ... ).until(dt.datetime(2026, 2, 1, tzinfo=dt.UTC)).by_thread()
    >>> first_contact_resolution(log, definition="gross").value
    0.5
    """
    one_of("definition", definition, _GROSS_NET)
    beyond = rule_or_none("unresolvable", unresolvable)
    if (beyond is None) == (definition == "net"):
        must = "must be given" if beyond is None else "must be left out"
        raise InvalidInputError("unresolvable", must, f"definition is {definition!r}")
    rule, after = rule_or_none("replies", replies), _after(within)
    cases = Asking(as_of, over, period, by, calendar).cases(
        log,
        "first_contact_resolution",
        definition=definition,
        options={"within": within, "replies": rule, "unresolvable": beyond},
    )
    touches = cases.count(cases.replies(rule), cases.solved)
    back = np.minimum(cases.reopened, next_case(cases, cases.solved))
    hit = (touches <= 1) & (back - cases.solved >= after)
    counts = cases.solved < EVER
    if beyond is not None:
        counts &= cases.first_at(beyond.mask(cases.log)) == EVER
    return _followed(cases, cases.solved, hit, after, counts)


def reopen_rate(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> SettledShare:
    """Return the share of solved cases that are opened again (重开率).

    Parameters
    ----------
    within : timedelta
        In how long after their first resolution. Elapsed time.
    log, over, period, by, as_of, calendar
        As for `first_contact_resolution`.

    Returns
    -------
    SettledShare
        x the cases reopened, y the cases solved; ``pending`` those solved less than `within` ago.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`.

    Notes
    -----
    Help desks divide all reopened by all solved tickets. Tickets solved yesterday had a day to be
    reopened and those of last month a month, so that rate falls wherever it is looked at closely.

    References
    ----------
    Zendesk, Explore: "Reopened tickets".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import reopen_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "b"], thread=["1", "1", "2", "2", "2"],
    ...     kind=["case_open", "case_resolve", "case_open", "case_resolve", "case_reopen"],
    ...     at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (5, 6, 5, 6, 8)],
    ... ).until(dt.datetime(2026, 2, 1, tzinfo=dt.UTC)).by_thread()
    >>> reopen_rate(log, within=dt.timedelta(days=7)).value
    0.5
    """
    after = _after(within)
    cases = Asking(as_of, over, period, by, calendar).cases(
        log, "reopen_rate", options={"within": within}
    )
    hit = cases.reopened - cases.solved < after
    return _followed(cases, cases.solved, hit, after, cases.solved < EVER)


def repeat_contact_rate(
    log: InteractionLog,
    *,
    within: dt.timedelta = _WEEK,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> SettledShare:
    """Return the share of cases after which the customer comes with another one (重复进线率).

    Parameters
    ----------
    within : timedelta
        In how long after the case was opened. Elapsed time.
    over, period
        The cases opened inside it; a value for each period.
    log, by, as_of, calendar
        As for `first_contact_resolution`.

    Returns
    -------
    SettledShare
        x the cases that another one followed, y the cases; ``pending`` those opened less than
        `within` ago.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`.

    Notes
    -----
    Another case of the same customer, opened later and less than `within` later. Two cases opened
    at one instant do not follow each other.

    References
    ----------
    Dixon, M., Toman, N. and DeLisi, R. (2013). *The Effortless Experience*, on next issue
    avoidance: whoever calls again within 7 to 14 days.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import repeat_contact_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], thread=["1", "2", "3"], kind=["case_open"] * 3,
    ...     at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (5, 8, 5)],
    ... ).until(dt.datetime(2026, 2, 1, tzinfo=dt.UTC)).by_thread()
    >>> repeat_contact_rate(log).x, repeat_contact_rate(log).y
    (1, 3)
    """
    after = _after(within)
    cases = Asking(as_of, over, period, by, calendar).cases(
        log, "repeat_contact_rate", options={"within": within}
    )
    hit = next_case(cases, cases.opened) - cases.opened < after
    return _followed(cases, cases.opened, hit, after, np.ones(len(cases.unit), np.bool_))


def one_touch_rate(
    log: InteractionLog,
    *,
    replies: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ClusteredShare:
    """Return the share of solved cases that took one reply at most (一次回复解决率).

    Parameters
    ----------
    log, replies, over, period, by, as_of, calendar
        As for `first_contact_resolution`.

    Returns
    -------
    ClusteredShare
        x the cases with at most one reply up to their first resolution, y the cases solved.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`.

    Notes
    -----
    Whether the case stays solved is not asked; `first_contact_resolution` does that.

    References
    ----------
    Zendesk, Explore: "One-touch tickets", solved with one reply.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import one_touch_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a"] * 4, thread=["1"] * 4,
    ...     kind=["case_open", "case_reply", "case_reply", "case_resolve"],
    ...     at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (5, 6, 7, 8)],
    ... ).until(dt.datetime(2026, 2, 1, tzinfo=dt.UTC)).by_thread()
    >>> one_touch_rate(log).value
    0.0
    """
    rule = rule_or_none("replies", replies)
    cases = Asking(as_of, over, period, by, calendar).cases(
        log, "one_touch_rate", options={"replies": rule}
    )
    return _of_solved(cases, cases.count(cases.replies(rule), cases.solved) <= 1)


def escalation_rate(
    log: InteractionLog,
    *,
    escalations: Rule | str | Collection[str],
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ClusteredShare:
    """Return the share of solved cases that were escalated, or handed over (升级率, 转接率).

    Parameters
    ----------
    escalations : Rule, str or collection of str
        Which events are escalations; for the transfer rate, which hand a case over.
    log, over, period, by, as_of, calendar
        As for `first_contact_resolution`.

    Returns
    -------
    ClusteredShare
        x the cases with such an event up to their first resolution, y the cases solved.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`.

    Notes
    -----
    ``cases with an escalation at or before their first resolution / cases solved``. What is handed
    over after a case was opened again does not count; a case that is escalated and still open is
    in neither side.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import escalation_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a"] * 3, thread=["1"] * 3,
    ...     kind=["case_open", "case_escalate", "case_resolve"],
    ...     at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (5, 6, 7)],
    ... ).until(dt.datetime(2026, 2, 1, tzinfo=dt.UTC)).by_thread()
    >>> escalation_rate(log, escalations="case_escalate").value
    1.0
    """
    rule = as_rule(escalations, name="escalations", level="event")
    cases = Asking(as_of, over, period, by, calendar).cases(
        log, "escalation_rate", options={"escalations": rule}
    )
    return _of_solved(cases, cases.first_at(rule.mask(cases.log)) <= cases.solved)


def first_contact_resolution_from_counts(
    *,
    definition: Literal["gross", "net"],
    first_contact: int,
    cases: int,
    unresolvable: int = 0,
) -> Quotient:
    """Return the first-contact resolution of counts that are known already.

    Parameters
    ----------
    definition : {"gross", "net"}
        By all cases; or by those that the first line could have solved.
    first_contact : int
        Cases solved at first contact.
    cases : int
        All cases.
    unresolvable : int
        For ``"net"``: those that the first line could not solve.

    Returns
    -------
    Quotient
        Without an interval: two counts do not tell how cases cluster within customers.

    Raises
    ------
    InvalidInputError
        If a count is negative, or they exceed all cases, or `unresolvable` is given for gross.

    Notes
    -----
    gross ``first_contact / cases``; net ``first_contact / (cases - unresolvable)``.

    References
    ----------
    MetricNet, "First Contact Resolution". Freshservice, "First Contact Resolution".

    Examples
    --------
    >>> from customerops.metrics import first_contact_resolution_from_counts
    >>> first_contact_resolution_from_counts(
    ...     definition="net", first_contact=60, cases=100, unresolvable=20
    ... ).value
    0.75
    """
    one_of("definition", definition, _GROSS_NET)
    whole("first_contact", first_contact, least=0)
    whole("unresolvable", unresolvable, least=0)
    if definition == "gross" and unresolvable:
        raise InvalidInputError("unresolvable", "must be left out", "definition is 'gross'")
    if whole("cases", cases, least=0) < first_contact + unresolvable:
        raise InvalidInputError("cases", "must not be fewer than what they consist of")
    parts = {"numerator": first_contact, "denominator": cases - unresolvable}
    context = Context("first_contact_resolution", unit="thread", definition=definition)
    return Quotient(parts=parts, context=context)


def next_case(cases: Cases, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return when the customer of each case opened the next one after an instant; EVER if never."""
    owner = cases.asked.owner[cases.unit]
    order = np.lexsort((cases.opened, owner))
    times, width = np.unique(cases.opened), len(owner) + 1
    # a key of customer and time: of times only their order counts, so that both fit 64 bits
    keys = owner[order] * width + np.searchsorted(times, cases.opened[order])
    found = np.searchsorted(keys, owner * width + np.searchsorted(times, at, side="right"))
    followed = np.append(owner[order], -1)[found] == owner
    return np.where(followed, np.append(cases.opened[order], EVER)[found], EVER)


def _after(within: object) -> int:
    return micros(positive_duration("within", within))


def _followed(
    cases: Cases,
    at: NDArray[np.int64],
    hit: NDArray[np.bool_],
    after: int,
    counts: NDArray[np.bool_],
) -> SettledShare:
    """Return a share of the cases that were followed for as long as is asked."""
    some = np.flatnonzero(counts)
    settled = cases.asked.as_of - at[some] >= after - 1
    return SettledShare.of(cases.asked, cases.unit[some], at[some], hit[some], settled)


def _of_solved(cases: Cases, hit: NDArray[np.bool_]) -> ClusteredShare:
    some = np.flatnonzero(cases.solved < EVER)
    return cases.asked.ratio(
        ClusteredShare, cases.unit[some], cases.solved[some], hit[some].astype(np.int64)
    )
