"""How long after an alarm the loss comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from customerops.metrics.health.scorers import Scorer, name_of, raw_values
from customerops.metrics.health.trials import Risky, trial
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.tables.context import Context
from customerops.model.tables.event_table import EventTable
from customerops.model.values.checks import finite, one_of, positive_duration, text
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule

__all__ = ["alarm_lead_time"]

_DAY = dt.timedelta(days=1)


def alarm_lead_time(
    log: InteractionLog,
    scorer: Scorer,
    *,
    threshold: float,
    risky: Risky,
    outcome: Rule | str | Collection[str],
    at: dt.datetime | Sequence[dt.datetime],
    among: Rule | None = None,
    unit: dt.timedelta = _DAY,
    name: str | None = None,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
) -> EventTable:
    """Return how long after an alarm the loss comes: the time there is to do something (预警提前量).

    Parameters
    ----------
    log, scorer, risky, among, name, as_of
        As for `evaluate_scores`.
    threshold : float
        The alarm rings for who has this score or a riskier one.
    outcome : Rule, str or collection of str
        The event that is the loss.
    at : datetime or sequence of datetime
        When scores are looked at: the alarm of a customer is the first of these instants at which
        it rings.
    unit : timedelta
        What times are counted in; not rounded.
    by : str or Grouping, optional
        A customer attribute or a grouping; a curve for each group.

    Returns
    -------
    EventTable
        Of everybody for whom the alarm rang: the share not lost after each time, Kaplan and Meier's
        estimate; ``.quantile(0.5)`` is the median time to act, NaN if fewer than half are lost. Who
        is not lost is censored at as_of; who was lost before is to be left out by `among`.

    Raises
    ------
    InvalidInputError
        As for `evaluate_scores`; also if `threshold` or `unit` is not valid.

    Notes
    -----
    The lead times of the lost alone would be those of quick losses: whoever is lost after as_of is
    missing in them. Losses without an alarm before them are not in the curve: the share of those
    with one is ``ScoreEvaluation.alarm(threshold).recall``. An alarm that stopped and rang again
    counts from its first ring, and an event at the very instant of the alarm came before it.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA
    53, 457-481.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import TimeSince, alarm_lead_time
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "c", "c"], kind=["use", "use", "use", "cancel"],
    ...     at=[dt.date(2026, 1, d) for d in (14, 2, 1, 20)], tz=dt.UTC,
    ... ).until(dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    >>> days = [dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (8, 15)]
    >>> lead = alarm_lead_time(
    ...     log, TimeSince("use"), threshold=7, risky="high", outcome="cancel", at=days
    ... )
    >>> lead.quantile(0.5), int(lead.censored.sum())  # b has been quiet since, and may be lost yet
    (12.0, 1)
    """
    one_of("risky", risky, ("high", "low"))
    called = name_of(scorer) if name is None else text("name", name)
    cut, tick = finite("threshold", threshold), micros(positive_duration("unit", unit))
    asked = ask(log, as_of=as_of)
    tried = trial(asked, outcome, at, _DAY, "event", among)
    whole = asked.log
    never = np.iinfo(np.int64).max
    rang = np.full(whole.n_customers, never)
    for us, (known, members, _, _) in zip(tried.at, tried.rounds(asked), strict=True):
        scores = raw_values("scorer", scorer, known)
        flagged = members & (scores <= cut if risky == "low" else scores >= cut)
        owners = np.flatnonzero(whole.entered <= us)[flagged]
        rang[owners] = np.minimum(rang[owners], us)
    rows = rows_of(whole, tried.outcome)
    later = rows[whole.at[rows] > rang[whole.codes[rows]]][::-1]
    lost = np.full(whole.n_customers, never)
    lost[whole.codes[later]] = whole.at[later]  # rows fall, so the first stays
    heard = np.flatnonzero(rang < never)
    group, _, axes = groups_of(whole, by)
    options = {key: value for key, value in tried.options.items() if key != "horizon"}
    return EventTable.from_rows(
        (np.minimum(lost, asked.as_of)[heard] - rang[heard]) / tick,
        lost[heard] < never,
        outer=axes,
        codes=group[heard],
        context=Context(
            "alarm_lead_time",
            as_of=asked.as_of,
            by=by,
            options={
                **options,
                "risky": risky,
                "scorer": called,
                "threshold": cut,
                "unit": unit,
            },
        ),
    )
