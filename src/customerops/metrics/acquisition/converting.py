"""From a start to a customer: activation of sign-ups, trials that are paid for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.health.onboarding import OnboardingShare
from customerops.metrics.health.starts import Started, started
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.estimates import Estimate, Quotient
from customerops.model.values import exact
from customerops.model.values.checks import one_of, positive_duration, whole
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["activation_rate", "trial_conversion"]


def activation_rate(
    log: InteractionLog,
    *,
    action: Rule | str | Collection[str],
    within: dt.timedelta,
    start: Rule | str | Collection[str] = "signup",
    at_least: int = 1,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> OnboardingShare:
    """Return the share of sign-ups that did the key action in time (激活率).

    Parameters
    ----------
    log : InteractionLog
        The events, with their whole history: a start is the first that the log has seen.
    action : Rule, str or collection of str
        The key action: what those who stay have in common.
    within : timedelta
        Elapsed time from the start before which it is to be done.
    start : Rule, str or collection of str
        The event with which it begins; of each customer the first.
    at_least : int
        How often it is to be done in that time.
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
        ``count`` did it, of the ``total`` who started so long ago that their time is up; ``pending``
        have time left, those who did it already among them. A period with some is not complete.

    Raises
    ------
    InvalidInputError
        If `within` is not longer than zero, `at_least` is no whole number from 1 on, as_of or a
        calendar that is needed is not known, or `over` does not lie on the period's edges.

    Notes
    -----
    ``|did it at least so often in [start, start + within)| / |started at least `within` ago|``.
    Dashboards divide all that were activated by all that signed up: of those who came yesterday
    few can have been, so that rate falls when sign-ups grow. Where several actions make the
    activation, in any order, `onboarding_completion` is this measure of several steps.

    The conversion of leads to customers (线索转化率) is the same with other rules:
    ``start="lead_created", action="purchase"``, `within` the time that a lead is given.

    References
    ----------
    McClure, D. (2007), "Startup Metrics for Pirates: AARRR".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import activation_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"],
    ...     kind=["signup", "use", "signup", "use", "signup"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 1, 20, 28)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> rate = activation_rate(log, action="use", within=dt.timedelta(days=7))
    >>> rate.value, rate.count, rate.total, rate.pending
    (0.5, 1, 2, 1)
    """
    rule = as_rule(action, name="action", level="event")
    limit = micros(positive_duration("within", within))
    often = whole("at_least", at_least, least=1)
    begun = started(
        log, start=start, over=over, period=period, by=by, as_of=as_of, calendar=calendar
    )
    return _in_time(
        begun,
        "activation_rate",
        begun.first(rule, often),
        limit,
        action=rule,
        within=within,
        at_least=often,
    )


def trial_conversion(
    log: InteractionLog,
    *,
    definition: Literal["cohort", "same_window"],
    paid: Rule | str | Collection[str] = "purchase",
    trials: Rule | str | Collection[str] = "trial_start",
    lasts: dt.timedelta | None = None,
    grace: dt.timedelta | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Estimate:
    """Return the share of trials that became paying customers (试用转付费率).

    Parameters
    ----------
    log : InteractionLog
        The events, with their whole history: a trial is a customer's first that the log has seen.
    definition : {"cohort", "same_window"}
        Of the trials that ended in the period, the share that was paid for; or customers who first
        paid in the period, by trials that started in it.
    paid : Rule, str or collection of str
        The event by which a trial becomes a paying customer; of each the first since the trial.
    trials : Rule, str or collection of str
        The event with which a trial starts.
    lasts : timedelta, optional
        How long a trial is; needed by ``"cohort"``, and refused by the other.
    grace : timedelta, optional
        How long after its end a trial may be paid for and still count, for the invoice is settled
        a while after it; needed by ``"cohort"``, and refused by the other.
    over : Window, optional
        The window; in ``"cohort"`` all that is known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a value for each.
    by, as_of, calendar
        As for `activation_rate`.

    Returns
    -------
    OnboardingShare or Quotient
        ``"cohort"``: ``count`` were paid for, of the ``total`` trials that ended, the `grace` after
        it included; ``pending`` have time left. ``"same_window"``: a quotient, which may exceed 1.

    Raises
    ------
    InvalidInputError
        As for `activation_rate`; for another definition; if `lasts` or `grace` is missing where it
        is needed or given where it has no meaning; if ``"same_window"`` has no period.

    Notes
    -----
    A trial ends `lasts` after its start, however early it was paid for: else the quick ones would
    be counted before the others. Under ``"cohort"`` it counts in the period of its end if it was
    paid for in ``[start, start + lasts + grace)``. ``"same_window"`` is Baremetrics' conversion
    rate, over 30 days: of different customers above and below, it jumps when sign-ups do.
    Cleeng divides the trials converted in a period by those converted or terminated in it.
    ChartMogul has the cohort of the start, by how many days it took: `activation_rate` with
    ``start="trial_start"``.

    References
    ----------
    Baremetrics help, "Trial Insights". ChartMogul help, "Make trial-to-paid conversion rates more
    meaningful with cohorts". Cleeng, "Trial Conversion Rate".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import trial_conversion
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c", "c"],
    ...     kind=["trial_start", "purchase", "trial_start", "trial_start", "purchase"],
    ...     at=[dt.date(2026, *day) for day in ((1, 5), (1, 19), (1, 10), (1, 25), (2, 1))],
    ...     tz=dt.UTC,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> days = dt.timedelta(days=1)
    >>> cohort = trial_conversion(
    ...     log, definition="cohort", lasts=14 * days, grace=3 * days, period="month"
    ... )
    >>> cohort.value.tolist(), cohort.total.tolist()
    ([0.5, 1.0], [2, 1])
    >>> trial_conversion(log, definition="same_window", period="month").value.tolist()
    [0.3333333333333333, nan]
    """
    one_of("definition", definition, ("cohort", "same_window"))
    rule = as_rule(paid, name="paid", level="event")
    lengths = {"lasts": lasts, "grace": grace}
    for name, given in lengths.items():
        if definition == "cohort":
            if given is None:
                raise InvalidInputError(name, "must be given for definition='cohort'")
            positive_duration(name, given)
        elif given is not None:
            problem = "'same_window' has no use for it"
            raise InvalidInputError(name, "must be left out", problem)
    if definition == "same_window" and over is None and period is None:
        raise InvalidInputError("period", "must be given", "or a window, by over=")
    long, more = (0 if given is None else micros(given) for given in lengths.values())
    ask: dict[str, Any] = {"by": by, "as_of": as_of, "calendar": calendar, "name": "trials"}
    begun = started(log, start=trials, over=over, period=period, after=long, **ask)
    if definition == "cohort":
        return _in_time(
            begun,
            "trial_conversion",
            begun.first(rule),
            long + more,
            definition=definition,
            paid=rule,
            lasts=lasts,
            grace=grace,
        )
    ever = started(log, start=trials, over=None, period=None, **ask)
    place = begun.spans.place(ever.first(rule))
    inside = (place >= 0) & (place < len(begun.spans))
    cell = begun.group[ever.customer] * len(begun.spans) + place
    return Quotient(
        axes=begun.axes,
        parts={"numerator": _count(begun, cell[inside]), "denominator": _count(begun, begun.cell)},
        context=begun.context("trial_conversion", definition=definition, paid=rule),
    )


def _in_time(
    begun: Started, metric: str, done: NDArray[np.int64], limit: int, **options: Any
) -> OnboardingShare:
    """Return the share that was done within a time, of those whose time is up."""
    due = begun.at + limit - 1 <= begun.asked.as_of
    hit = due & (done - begun.at < limit)
    return OnboardingShare(
        axes=begun.axes,
        parts={
            "count": _count(begun, begun.cell[hit]),
            "total": _count(begun, begun.cell[due]),
            "pending": _count(begun, begun.cell[~due]),
        },
        context=begun.context(metric, **options),
    )


def _count(begun: Started, cell: NDArray[np.int64]) -> NDArray[Any]:
    shape = [len(axis) for axis in begun.axes]
    return exact.group_count(cell, int(np.prod(shape, dtype=np.int64))).reshape(shape)
