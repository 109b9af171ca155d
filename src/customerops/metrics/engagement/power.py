"""The power curve: customers by the number of days on which they were active."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.engagement.stickiness_table import ActiveShare
from customerops.metrics.shared.buckets import buckets
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.tables import Count, Table

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["PowerCurve", "power_curve"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PowerCurve(Table):
    """Customers by the number of units in which they were active; made by `power_curve`.

    Parameters
    ----------
    axes : sequence of Axis
        Groups and periods, if any, and ``"active"``: the number of units, from 1 on.
    parts : mapping
        ``customers``: whole numbers.
    context : Context
        What it is about.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers",)

    @property
    def customers(self) -> Count:
        """How many were active in exactly so many units."""
        return self._part("customers")

    @property
    def at_least(self) -> Count:
        """How many were active in at least so many units."""
        self._whole()
        return np.flip(np.flip(self.parts["customers"], -1).cumsum(axis=-1), -1)

    def share(self) -> ActiveShare:
        """Return the share of the active customers who were active in exactly so many units.

        Raises
        ------
        InvalidInputError
            If the curve was cut to some numbers of units.
        """
        self._whole()
        count = self.parts["customers"]
        return ActiveShare(
            axes=self.axes,
            parts={"count": count, "total": count.sum(axis=-1)},
            context=attrs.evolve(self.context, metric="power_curve.share"),
        )

    def _whole(self) -> None:
        cut = self.context.option(SELECTED + "active") is not None
        if cut or "active" not in [axis.name for axis in self.axes]:
            raise InvalidInputError("active", "must have all its labels", "it was cut or summed")

    def _check(self) -> None:
        at_least_zero(self, "customers")


def power_curve(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    period: Period | None = None,
    unit: Period = "day",
    every: int = 1,
    min_events: int = 1,
    over: Window | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> PowerCurve:
    """Return the power user curve (活跃天数分布): customers by their number of active days.

    Parameters
    ----------
    log : InteractionLog
        The events.
    activity : Rule, str or collection of str
        Which events make a customer active; a string stands for a kind.
    period : {"day", "week", "month", "quarter", "year"}, optional
        A curve for every calendar period; left out, one for the window `over`.
    unit : {"hour", "day", "week", "month", "quarter", "year"}
        In what is counted.
    every : int
        So many units are one, counted from the start of the window; the last may be shorter.
    min_events : int
        How many events in a unit make it active.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    by : str or Grouping, optional
        A customer attribute or a grouping; a curve for each group.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    PowerCurve
        ``customers`` by the axis ``"active"``, the number of units; who was never active is not
        in it. Curves of disjoint customers add.

    Raises
    ------
    InvalidInputError
        When there is neither `period` nor a bounded `over`, as_of or the calendar is not known, or
        the edges of what is reported lie inside a unit.

    Notes
    -----
    With n_i active days of customer i in a month, ``customers[k] = number of i with n_i = k``,
    k = 1 to 31; a curve that rises to the right, the "smile", shows people who come every day. In
    use as L28 or L30 for 28 or 30 days.

    References
    ----------
    Chen, A. and Jordan, L. (2018). The power user curve. Andreessen Horowitz.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import power_curve
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"], kind=["use"] * 4, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, d) for d in (5, 7, 11, 6)],
    ... ).until_day(dt.date(2026, 1, 11))
    >>> curve = power_curve(log, activity="use", period="week")
    >>> curve.customers.tolist(), curve.at_least.tolist()
    ([[1, 0, 1, 0, 0, 0, 0]], [[2, 1, 1, 0, 0, 0, 0]])
    """
    rule = as_rule(activity, name="activity")
    found = buckets(
        log,
        rule=rule,
        unit=unit,
        every=every,
        min_events=min_events,
        period=period,
        over=over,
        by=by,
        as_of=as_of,
        calendar=calendar,
    )
    return PowerCurve(
        axes=found.axes,
        parts={"customers": found.customers},
        context=Context(
            metric="power_curve",
            as_of=found.asked.as_of,
            over=over,
            calendar=found.asked.zone,
            period=period,
            by=by,
            options={"activity": rule, "unit": unit, "every": every, "min_events": min_events},
        ),
    )
