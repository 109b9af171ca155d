"""Service levels: whether cases were answered or solved within what was promised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.service.cases import Asking, Cases, rule_or_none
from customerops.metrics.service.times import waited
from customerops.metrics.shared.settled import SettledShare
from customerops.metrics.shared.spans import EVER
from customerops.metrics.shared.threads import elapsed, hours_or_none
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.tables.ratios import ClusteredShare
from customerops.model.tables.tables import Count
from customerops.model.values.checks import each, one_of, positive_duration, text
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.business_hours import BusinessHours
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ServiceLevel", "SlaClock", "SlaClocks", "sla", "sla_clocks"]

SlaClock = Literal["first_reply", "resolution"]
"""What stops the clock of a service level."""

PAUSES = ("pending", "hold", "on_hold", "paused")

STATES = ("met", "breached", "open", "withdrawn")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ServiceLevel(SettledShare):
    """The share of cases that were dealt with in time: met of met and breached.

    Notes
    -----
    Its ``pending`` cases, also called `excluded`, are those whose clock still runs, or stopped
    without what it waited for, and had not passed the target.
    """

    @property
    def met(self) -> Count:
        """Cases dealt with within the target."""
        return self.x

    @property
    def breached(self) -> Count:
        """Cases that ran past the target, done by now or not."""
        return self.y - self.x

    @property
    def excluded(self) -> Count:
        """Cases of which it is not known, or that never will be."""
        return self.pending

    def _complete(self) -> NDArray[np.bool_]:
        return ClusteredShare._complete(self)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SlaClocks(PerCustomer):
    """The clock of each case: one row a case, sorted by (customer, thread).

    Attributes
    ----------
    ids : ndarray
        ``(customer, thread)`` pairs.
    columns : mapping
        ``opened``, in microseconds since 1970-01-01T00:00Z; ``elapsed``, the microseconds that
        counted; ``state``: ``"met"``, ``"breached"``, ``"open"`` (running within the target) or
        ``"withdrawn"`` (solved without a reply, within the target).
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("opened", "elapsed", "state")


def sla(
    log: InteractionLog,
    *,
    target: dt.timedelta,
    clock: SlaClock = "first_reply",
    hours: BusinessHours | None = None,
    pauses: Collection[str] = PAUSES,
    replies: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ServiceLevel:
    """Return the share of cases answered, or solved, within a target (SLA 达成率).

    Parameters
    ----------
    log : InteractionLog
        A log by thread.
    target : timedelta
        What was promised; reached exactly is met. Of business hours if there are any.
    clock : {"first_reply", "resolution"}
        What stops the clock: the first reply, as in `first_reply_time`, or the first resolution.
    hours : BusinessHours, optional
        The clock runs in these hours only; left out, always.
    pauses : collection of str
        Statuses during which it stands still: the names of ``case_status``, until the next status,
        or until the case is solved.
    replies : Rule, str or collection of str, optional
        Which events are replies, as for `first_reply_time`.
    over, period
        The cases opened inside it; a value for each period.
    by, as_of, calendar
        As for `first_reply_time`.

    Returns
    -------
    ServiceLevel
        Its value is met / (met + breached); ``.met``, ``.breached``, ``.excluded``. The interval
        takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `first_reply_time`; or if `target`, `clock` or `pauses` is none.

    Notes
    -----
    A case that is running past its target is breached already, whenever it will be answered; one
    that is running within it is excluded. A case that is solved without a reply leaves the
    first-reply clock at its resolution: breached if that was past the target, else excluded.
    Zendesk does not pause its first reply time; give ``pauses=()`` for that.

    References
    ----------
    Zendesk, "Understanding how SLA policies are measured": achieved and breached targets. Frappe
    Helpdesk, service level agreements: statuses that pause.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import sla
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"], thread=["1", "1", "2", "3"],
    ...     kind=["case_open", "case_reply", "case_open", "case_open"],
    ...     at=[dt.datetime(2026, 1, 5, h, tzinfo=dt.UTC) for h in (9, 10, 9, 15)],
    ... ).until(dt.datetime(2026, 1, 5, 17, tzinfo=dt.UTC)).by_thread()
    >>> level = sla(log, target=dt.timedelta(hours=4))
    >>> level.met, level.breached, level.excluded, level.value
    (1, 1, 1, 0.5)
    """
    asking = Asking(as_of, over, period, by, calendar)
    cases, _, states = _clocks("sla", log, asking, target, clock, hours, pauses, replies)
    met, settled = states == 0, states <= 1
    return ServiceLevel.of(cases.asked, cases.unit, cases.opened, met, settled)


def sla_clocks(
    log: InteractionLog,
    *,
    target: dt.timedelta,
    clock: SlaClock = "first_reply",
    hours: BusinessHours | None = None,
    pauses: Collection[str] = PAUSES,
    replies: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    as_of: dt.datetime | None = None,
) -> SlaClocks:
    """Return how far the clock of each case ran, and what that means for its target.

    Parameters
    ----------
    log, target, clock, hours, pauses, replies, as_of
        As for `sla`.
    over : Window, optional
        Only cases opened inside it.

    Returns
    -------
    SlaClocks
        One row a case.

    Raises
    ------
    InvalidInputError
        As for `sla`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import sla_clocks
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a"], thread=["1", "1"], kind=["case_open", "case_reply"],
    ...     at=[dt.datetime(2026, 1, 5, h, tzinfo=dt.UTC) for h in (9, 10)],
    ... ).until(dt.datetime(2026, 1, 5, 17, tzinfo=dt.UTC)).by_thread()
    >>> clocks = sla_clocks(log, target=dt.timedelta(hours=4))
    >>> clocks.columns["elapsed"].tolist(), clocks.columns["state"].tolist()
    ([3600000000], ['met'])
    """
    asking = Asking(as_of, over, None, None, None)
    cases, took, states = _clocks("sla_clocks", log, asking, target, clock, hours, pauses, replies)
    rows = cases.asked.placed(cases.unit, cases.opened).rows
    return SlaClocks(
        ids=cases.log.customers[cases.unit[rows]],
        columns={
            "opened": cases.opened[rows],
            "elapsed": took[rows],
            "state": np.array(STATES, object)[states[rows]],
        },
        context=cases.asked.context,
    )


def _clocks(
    metric: str,
    log: InteractionLog,
    asking: Asking,
    target: Any,
    clock: str,
    hours: Any,
    pauses: Any,
    replies: Any,
) -> tuple[Cases, NDArray[np.int64], NDArray[np.int64]]:
    """Return the cases, how far the clock of each ran, and a code of its state."""
    most = micros(positive_duration("target", target))
    one_of("clock", clock, ("first_reply", "resolution"))
    names = sorted({text("pauses", name) for name in each("pauses", pauses)})
    rule = rule_or_none("replies", replies)
    options = {
        "target": target,
        "clock": clock,
        "hours": hours_or_none(hours),
        "pauses": tuple(names),
        "replies": rule,
    }
    cases = asking.cases(log, metric, options=options)
    if clock == "first_reply":
        done, until = waited(cases, rule)
    else:
        done, until = cases.solved, np.minimum(cases.solved, cases.asked.as_of)
    stood = cases.spent(dict.fromkeys(names, True), until, hours, start=False)
    took = elapsed(cases.opened, until, hours) - stood
    left = np.where(cases.solved < EVER, 3, 2)  # withdrawn, open
    states = np.where(took > most, 1, np.where(done <= until, 0, left))
    return cases, took, states
