"""Onboarding: who did what it takes in time, and how long the first value takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.health.starts import NEVER, started
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.event_table import EventTable
from customerops.model.tables.tables import Count
from customerops.model.values import exact
from customerops.model.values.checks import came, positive_duration, text
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = [
    "OnboardingShare",
    "named_rules",
    "onboarding_completion",
    "onboarding_steps",
    "time_to_first_value",
]

_DAY = dt.timedelta(days=1)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class OnboardingShare(Proportion):
    """A share of the customers who started and whose time is up.

    Parameters
    ----------
    axes, context
        As for `Proportion`.
    parts : mapping
        ``count`` and ``total``, and ``pending``: who started and has time left, in neither of them.

    Notes
    -----
    A period with somebody pending is not complete, and its value NaN: those whose time is up began
    earlier in it, and need not be like the others. Without periods the value is that of all whose
    time is up.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total", "pending")
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "total": ("group", "period"),
        "pending": ("group", "period"),
    }

    @property
    def pending(self) -> Count:
        """How many have started and have time left."""
        return self._part("pending")

    def _check(self) -> None:
        super()._check()
        at_least_zero(self, "pending")

    def _complete(self) -> NDArray[np.bool_]:
        closed = super()._complete()
        if self.context.period is None:
            return closed
        return np.asarray(closed & (self._spread("pending") == 0))


def onboarding_completion(
    log: InteractionLog,
    *,
    steps: Mapping[str, Rule | str | Collection[str]],
    start: Rule | str | Collection[str],
    within: dt.timedelta,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> OnboardingShare:
    """Return the share of those who started that did every step in time (激活率).

    Parameters
    ----------
    log : InteractionLog
        The events, with their whole history: a start is the first that the log has seen.
    steps : mapping of str to Rule, str or collection of str
        What is to be done, by name, in any order.
    start : Rule, str or collection of str
        The event with which onboarding begins; of each customer the first.
    within : timedelta
        Elapsed time from the start before which all is to be done.
    over : Window, optional
        Only who started in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period of the start; a share for each.
    by : str or Grouping, optional
        A customer attribute or a grouping; a share for each group.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    OnboardingShare
        ``count`` did every step, of the ``total`` who started so long ago that their time is up;
        ``pending`` have time left, those who are through already among them.

    Raises
    ------
    InvalidInputError
        If there are no steps, `within` is not longer than zero, as_of or a calendar that is needed
        is not known, or `over` does not lie on the period's edges.

    Notes
    -----
    A step counts from the instant of the start on, that included: in ``[start, start + within)``.
    What was done before the start does not count. Who is through early and has time left is not
    counted yet, or the share of young customers would be of the quick ones only.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import onboarding_completion
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b", "c"],
    ...     kind=["signup", "import", "invite", "signup", "import", "signup"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 5, 1, 3, 28)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> share = onboarding_completion(
    ...     log, steps={"data": "import", "team": "invite"}, start="signup",
    ...     within=dt.timedelta(days=7),
    ... )
    >>> share.value, share.pending
    (0.5, 1)
    """
    return _share(
        "onboarding_completion", log, steps, start, within, over, period, by, as_of, calendar
    )


def onboarding_steps(
    log: InteractionLog,
    *,
    steps: Mapping[str, Rule | str | Collection[str]],
    start: Rule | str | Collection[str],
    within: dt.timedelta,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> OnboardingShare:
    """Return the share of those who started that did each step in time: where onboarding stops.

    Parameters
    ----------
    log, steps, start, within, over, period, by, as_of, calendar
        As for `onboarding_completion`.

    Returns
    -------
    OnboardingShare
        As for `onboarding_completion`, along the axis ``"step"`` at last, by name. Each step is
        counted by itself, whatever else was done.

    Raises
    ------
    InvalidInputError
        As for `onboarding_completion`.

    Notes
    -----
    ``share[s] = who did s in [start, start + within) / who started``, both of those whose time is
    up. The least share is the step where most stop; the customers behind two steps may be different
    ones, and for an order of steps there is `funnel`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import onboarding_steps
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b"],
    ...     kind=["signup", "import", "invite", "signup", "import"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 5, 1, 3)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> share = onboarding_steps(
    ...     log, steps={"data": "import", "team": "invite"}, start="signup",
    ...     within=dt.timedelta(days=7),
    ... )
    >>> dict(zip(share.axes[0].labels, share.value.tolist()))
    {'data': 1.0, 'team': 0.5}
    """
    return _share("onboarding_steps", log, steps, start, within, over, period, by, as_of, calendar)


def time_to_first_value(
    log: InteractionLog,
    *,
    start: Rule | str | Collection[str],
    value: Rule | str | Collection[str],
    unit: dt.timedelta = _DAY,
    within: dt.timedelta | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> EventTable:
    """Return how long customers take from their start to their first value (首次价值实现时间).

    Parameters
    ----------
    log, start, over, period, by, as_of, calendar
        As for `onboarding_completion`.
    value : Rule, str or collection of str
        The event by which a customer has something of it: a report sent, a first order.
    unit : timedelta
        What times are counted in; not rounded.
    within : timedelta, optional
        How long each is watched at most: who has no value before that is censored there.

    Returns
    -------
    EventTable
        Kaplan and Meier's curve of those without it, one for each group and period;
        ``.quantile(0.5)`` is the median, NaN if not so many get there. Who has none yet is
        censored at as_of.

    Raises
    ------
    InvalidInputError
        As for `onboarding_completion`; also if `unit` or `within` is not longer than zero.

    Notes
    -----
    From the first start on, that instant included, so that 0 occurs; value that came before the
    start does not count. The median of those who got there leaves out the others, and falls
    whenever many new customers start.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA
    53, 457-481.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import time_to_first_value
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"],
    ...     kind=["signup", "report", "signup", "report", "signup"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 1, 9, 20)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> curve = time_to_first_value(log, start="signup", value="report")
    >>> curve.quantile(0.5), int(curve.censored.sum())
    (8.0, 1)
    """
    rule = as_rule(value, name="value", level="event")
    tick = micros(positive_duration("unit", unit))
    limit = NEVER if within is None else micros(positive_duration("within", within))
    begun = started(
        log, start=start, over=over, period=period, by=by, as_of=as_of, calendar=calendar
    )
    first = begun.first(rule)
    end = np.minimum(begun.at + min(limit, NEVER // 2), begun.asked.as_of)
    got = (first < NEVER) & (first - begun.at < limit)
    return EventTable.from_rows(
        (np.where(got, first, end) - begun.at) / tick,
        got,
        outer=begun.axes,
        codes=begun.cell,
        context=begun.context("time_to_first_value", value=rule, unit=unit, within=within),
    )


def named_rules(name: str, given: Any) -> dict[str, Rule]:
    """Return named rules about events, sorted by name.

    Raises
    ------
    InvalidInputError
        If it is no mapping, is empty, or holds something else.
    """
    if not isinstance(given, Mapping):
        raise InvalidInputError(name, "must be a mapping of names to rules", came(given))
    if not given:
        raise InvalidInputError(name, "must hold at least one", "got none")
    for key in given:
        text(f"{name} key", key)
    return {key: as_rule(given[key], name=f"{name}.{key}", level="event") for key in sorted(given)}


def _share(
    metric: str,
    log: InteractionLog,
    steps: Mapping[str, Rule | str | Collection[str]],
    start: Rule | str | Collection[str],
    within: dt.timedelta,
    over: Window | None,
    period: Period | None,
    by: str | Grouping | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
) -> OnboardingShare:
    rules = named_rules("steps", steps)
    limit = micros(positive_duration("within", within))
    begun = started(
        log, start=start, over=over, period=period, by=by, as_of=as_of, calendar=calendar
    )
    done = np.array([begun.first(rule) - begun.at < limit for rule in rules.values()])
    due = begun.at + limit - 1 <= begun.asked.as_of
    axes, shape = begun.axes, [len(axis) for axis in begun.axes]
    cells = int(np.prod(shape, dtype=np.int64))

    def count(which: NDArray[np.bool_]) -> NDArray[Any]:
        return exact.group_count(begun.cell[which], cells)

    if metric == "onboarding_steps":
        axes = (*axes, Axis("step", tuple(rules), "state"))
        hits = np.stack([count(due & one) for one in done], axis=-1)
    else:
        hits = count(due & done.all(axis=0))
    return OnboardingShare(
        axes=axes,
        parts={
            "count": hits.reshape([len(axis) for axis in axes]),
            "total": count(due).reshape(shape),
            "pending": count(~due).reshape(shape),
        },
        context=begun.context(metric, steps=tuple(rules.items()), within=within),
    )
