"""The closed loop: who is unhappy, is called in time, is asked again, and says what then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np

from customerops.metrics.shared.episodes import in_time, next_row
from customerops.metrics.survey.answers import spans_asked
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.ratios import Mean
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ClosedLoop", "closed_loop"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ClosedLoop(Table):
    """What became of customers after a bad answer; made by `closed_loop`.

    Its parts are customers: ``triggered``; ``due``, whose time for the follow-up is up, and
    ``followed_up`` of them; ``resurvey_due`` and ``resurveyed`` of them; and, of those, ``change``
    and ``change_sq``, the sums of the changes of score and of their squares.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        "triggered",
        "due",
        "followed_up",
        "resurvey_due",
        "resurveyed",
        "change",
        "change_sq",
    )

    @property
    def follow_up(self) -> Proportion:
        """The share of those whose time is up who were followed up in time."""
        return self._share("followed_up", "due")

    @property
    def resurvey(self) -> Proportion:
        """The share of those whose time is up who answered again in time."""
        return self._share("resurveyed", "resurvey_due")

    @property
    def score_change(self) -> Mean:
        """The mean change of score of those who answered again, in points of the scale."""
        names = {"n": "resurveyed", "sum": "change", "sum_sq": "change_sq"}
        parts = {name: self.parts[part] for name, part in names.items()}
        return Mean(axes=self.axes, parts=parts, context=self._named("change"))

    @property
    def immature(self) -> Count:
        """How many may still be followed up in time."""
        young = exact.add(self.parts["triggered"], exact.times(self.parts["due"], -1))
        return int(young.item()) if young.ndim == 0 else young

    def _share(self, count: str, total: str) -> Proportion:
        parts = {"count": self.parts[count], "total": self.parts[total]}
        return Proportion(axes=self.axes, parts=parts, context=self._named(count))

    def _named(self, definition: str) -> Context:
        context = attrs.evolve(self.context, definition=definition)
        if definition != "change":
            bare = {name: value for name, value in context.options if name != "scale"}
            context = attrs.evolve(context, options=bare)
        return context

    def _check(self) -> None:
        at_least_zero(self, *(name for name in self.PARTS if name != "change"))


def closed_loop(
    log: InteractionLog,
    *,
    trigger: Rule | str | Collection[str],
    follow_up: Rule | str | Collection[str],
    within: dt.timedelta,
    resurvey_within: dt.timedelta,
    resurvey: Rule | str | Collection[str] = "survey_response",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ClosedLoop:
    """Return how the loop is closed (差评闭环): bad answers followed up, asked again, and changed.

    Parameters
    ----------
    log : InteractionLog
        The events; `value` of an answer is the score.
    trigger : Rule, str or collection of str
        Which answers call for a follow-up: ``kind("survey_response") & (value <= 6)``.
    follow_up : Rule, str or collection of str
        Which events are one: ``"call"``, ``kind("message") & (direction == "outbound")``.
    within : timedelta
        How long after the answer the follow-up is in time.
    resurvey_within : timedelta
        How long after the answer another counts as its sequel.
    resurvey : Rule, str or collection of str
        Which answers do; narrow it to the question of the trigger where a log has several.
    over : Window, optional
        Only triggers in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period of the trigger; a row for each.
    by, as_of, calendar
        As for `nps`.

    Returns
    -------
    ClosedLoop
        ``.follow_up`` and ``.resurvey`` are shares, ``.score_change`` a mean, each with an
        interval; customers whose time is not up are in none of them, and ``.immature`` counts
        them.

    Raises
    ------
    InvalidInputError
        When a length is no duration, or `over` does not lie on the edges of the period.

    Notes
    -----
    A customer counts once in a period, by the first trigger in it. What follows lies in ``[t, t +
    within)`` and later in the log than the trigger; the first answer after it that has a score is
    the sequel. A trigger without a score can be followed up, and has no change: it is not among
    the resurveyed. The change is no effect of the follow-up: bad answers are bad by chance, too,
    and the next is better on average whoever calls (regression to the mean). Compare with those
    who were not called, by chance, before it is called one.

    References
    ----------
    Closing the customer feedback loop. Harvard Business Review 87(12), 2009, 43-47.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import closed_loop
    >>> from customerops.model import kind, value
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     kind=["survey_response", "call", "survey_response", "survey_response"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 20, 3)], value=[3, None, 8, 5],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 3, 31))
    >>> loop = closed_loop(
    ...     log, trigger=kind("survey_response") & (value <= 6), follow_up="call",
    ...     within=dt.timedelta(days=2), resurvey_within=dt.timedelta(days=60),
    ... )
    >>> loop.follow_up.value, loop.resurvey.value, loop.score_change.value
    (0.5, 0.5, 5.0)
    """
    rules = {
        "trigger": as_rule(trigger),
        "follow_up": as_rule(follow_up),
        "resurvey": as_rule(resurvey),
    }
    soon = micros(positive_duration("within", within))
    later = micros(positive_duration("resurvey_within", resurvey_within))
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known = asked.log
    column = known.numbers("value")
    scored = np.ones(len(known), np.bool_) if column.valid is None else column.valid
    rows = rows_of(known, rules["trigger"])
    spans = spans_asked(asked, int(known.at[rows].min()) if len(rows) else None)
    place = spans.place(known.at[rows])
    inside = (place >= 0) & (place < len(spans))
    rows, place = rows[inside], place[inside]
    lead = first_of_run(known.codes[rows], place)
    rows, place = rows[lead], place[lead]
    called = next_row(rows_of(known, rules["follow_up"]), rows)
    again = rows_of(known, rules["resurvey"])
    sequel = next_row(again[scored[again]], rows)
    due = known.at[rows] + soon <= asked.as_of + 1
    ripe = (known.at[rows] + later <= asked.as_of + 1) & scored[rows]
    answered = ripe & in_time(known, rows, sequel, later)
    change = np.where(answered, column.values[np.minimum(sequel, len(known) - 1)], 0)
    change = change - np.where(answered, column.values[rows], 0)
    group, groups, axes = groups_of(known, by)
    cell = group[known.codes[rows]] * len(spans) + place
    size = groups * len(spans)
    axes = (*axes, *spans.axes)
    counted = {
        "triggered": np.ones(len(rows), np.bool_),
        "due": due,
        "followed_up": due & in_time(known, rows, called, soon),
        "resurvey_due": ripe,
        "resurveyed": answered,
    }
    parts: dict[str, Any] = {
        name: exact.group_count(cell[which], size) for name, which in counted.items()
    }
    parts["change"] = exact.group_sum(cell, change, size)
    parts["change_sq"] = exact.group_dot(cell, change, change, size)
    context = Context(
        metric="closed_loop",
        as_of=asked.as_of,
        over=over,
        calendar=asked.zone if period else None,
        period=period,
        by=by,
        options={
            **rules,
            "within": within,
            "resurvey_within": resurvey_within,
            "scale": 10**known.value_decimals,
        },
    )
    shape = [len(axis) for axis in axes]
    shaped = {name: part.reshape(shape) for name, part in parts.items()}
    return ClosedLoop(axes=axes, parts=shaped, context=context)
