"""Growth accounting: who is new, stayed, came back or went, period by period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.ask import ask
from customerops.model.log.derived import activity, blocks, groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import SELECTED
from customerops.model.tables.estimates import Proportion, Quotient
from customerops.model.tables.tables import Axis, Context, Count, Table
from customerops.model.values.checks import one_of
from customerops.model.values.instants import from_us

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["GrowthAccounting", "growth_accounting", "truncated_periods"]

NewIs = Literal["first_activity", "acquired_at"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class GrowthAccounting(Table):
    """Customers by what they did in a period, seen against the period before.

    The running period is counted as of `as_of` and is not complete: who has not been active in it
    yet stands as churned.

    Parameters
    ----------
    axes : sequence of Axis
        The period; before it the group, with ``by=``.
    parts : mapping
        ``new``, ``retained``, ``resurrected``, ``churned``: customers.
    context : Context
        What it is about.

    Notes
    -----
    ``active[t] = new[t] + retained[t] + resurrected[t]
    = active[t-1] + new[t] + resurrected[t] - churned[t]``.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("new", "retained", "resurrected", "churned")

    @property
    def new(self) -> Count:
        """Customers who became active for the first time."""
        return self._part("new")

    @property
    def retained(self) -> Count:
        """Customers active in this period and in the one before."""
        return self._part("retained")

    @property
    def resurrected(self) -> Count:
        """Customers active in this period, not in the one before, and not new."""
        return self._part("resurrected")

    @property
    def churned(self) -> Count:
        """Customers active in the period before and not in this one."""
        return self._part("churned")

    @property
    def active(self) -> Count:
        """Customers active in this period: new, retained and resurrected."""
        return _plain(sum(self.parts[name] for name in ("new", "retained", "resurrected")))

    @property
    def opening(self) -> Count:
        """Customers active in the period before: retained and churned."""
        return _plain(self._opening())

    @property
    def history_from(self) -> dt.datetime | None:
        """Since when the log holds every event; None if it claims no limit."""
        us = self.context.option("history_from")
        return None if us is None else from_us(us)

    @property
    def truncated(self) -> bool | NDArray[np.bool_]:
        """Whether the period before was not wholly observed, so that too many count as new.

        Customers who were active only before `history_from` count as new later on, too; the
        further a period is from it, the fewer.
        """
        flags = self._truncated()
        return bool(flags) if flags.ndim == 0 else flags

    def retention(self) -> Proportion:
        """Return the share of the customers active in the period before that are active again."""
        return self._share("retained")

    def churn(self) -> Proportion:
        """Return the share of the customers active in the period before that are not: 1 - retention."""
        return self._share("churned")

    def quick_ratio(self) -> Quotient:
        """Return ``(new + resurrected) / churned``: customers gained for each one lost."""
        gained = self.parts["new"] + self.parts["resurrected"]
        parts = {"numerator": gained, "denominator": self.parts["churned"]}
        return Quotient(
            axes=self.axes, parts=self._known(parts), context=self._about("quick_ratio")
        )

    def _share(self, part: str) -> Proportion:
        parts = {"count": self.parts[part], "total": self._opening()}
        return Proportion(axes=self.axes, parts=self._known(parts), context=self._about(part))

    def _opening(self) -> NDArray[Any]:
        return np.asarray(self.parts["retained"] + self.parts["churned"])

    def _known(self, parts: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Leave out the periods of which the one before was not wholly observed."""
        return {name: np.where(self._truncated(), 0, part) for name, part in parts.items()}

    def _about(self, of: str) -> Context:
        return self.context.with_options(of=of)

    def _truncated(self) -> NDArray[np.bool_]:
        return truncated_periods(self, 1)

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = super()._columns()
        complete = columns.pop("complete")
        derived = {
            "active": np.asarray(self.active),
            "quick_ratio": np.asarray(self.quick_ratio().value),
            "retention": np.asarray(self.retention().value),
            "churn": np.asarray(self.churn().value),
            "truncated": self._truncated(),
        }
        columns |= {name: column.ravel() for name, column in derived.items()}
        return {**columns, "complete": complete}


def growth_accounting(
    log: InteractionLog,
    *,
    qualifies: Rule | str | Collection[str],
    period: Period,
    new_is: NewIs = "first_activity",
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> GrowthAccounting:
    """Return how the active customers changed from period to period.

    Parameters
    ----------
    log : InteractionLog
        The events with their whole history: what came before `over` decides who is new.
    qualifies : Rule, str or collection of str
        Which events make a customer active; a string stands for a kind.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Calendar period.
    new_is : {"first_activity", "acquired_at"}
        When an active customer counts as new: in the period of their first qualifying event, or
        only if they also became known in it (``log.entered``: their first event of any kind, or
        ``created_at``). Who was acquired earlier and becomes active later then counts as
        resurrected.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Periods to report, on the edges of `period`; left out, from the first qualifying event to
        the period that holds `as_of`.
    calendar : Calendar, optional
        Left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping; the accounts of each group.

    Returns
    -------
    GrowthAccounting
        The axis period (after the group); parts new, retained, resurrected and churned in
        customers; active, retention, churn and quick ratio are derived.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, an option is not one of those above, or `over`
        does not lie on the period's edges.

    Notes
    -----
    With ``A[t]`` the customers with a qualifying event in period t: ``retained = |A[t] & A[t-1]|``,
    ``churned = |A[t-1] - A[t]|``, ``new`` and ``resurrected`` share ``A[t] - A[t-1]``. A customer
    churns in the first period without activity, not in the last one with it. ``retention =
    retained / active[t-1]``, ``quick_ratio = (new + resurrected) / churned``. Amplitude and
    Tribe Capital count alike; PostHog calls retained *returning* and shows churned, *dormant*, as
    a negative number. Gross flows of the lifecycle machine differ: see `Population.flows`.

    References
    ----------
    Hsu, J. (2019). A Quantitative Approach to Product Market Fit. Tribe Capital.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.lifecycle import growth_accounting
    >>> days = [(1, 5), (2, 5), (3, 5), (1, 9), (3, 9), (2, 1), (3, 1)]
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b", "c", "d"],
    ...     at=[dt.date(2026, month, day) for month, day in days],
    ...     kind=["use"] * 7,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 3, 31))
    >>> growth = growth_accounting(log, qualifies="use", period="month")
    >>> growth.to_frame()[["new", "retained", "resurrected", "churned", "active"]].values.tolist()
    [[2, 0, 0, 0, 2], [1, 1, 0, 1, 2], [1, 1, 1, 1, 3]]
    >>> growth.quick_ratio().value.tolist(), growth.retention().value.tolist()
    ([nan, 1.0, 2.0], [nan, 0.5, 0.5])
    """
    one_of("new_is", new_is, ("first_activity", "acquired_at"))
    rule = as_rule(qualifies)
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    group, n_groups, axes = groups_of(asked.log, by)
    found = activity(asked.log, rule, period, asked.zone)
    code, at = found.codes, found.ordinals
    lo, hi = asked.span(int(at.min()) if at.size else None)
    new = found.first
    if new_is == "acquired_at":
        new = new & (asked.zone.ordinals(asked.log.entered, period)[code] == at)

    follows = ~found.first
    follows[1:] &= at[1:] == at[:-1] + 1

    # counted from the period before the first, whose active customers are its opening
    n_periods = max(hi - lo + 1, 0)
    shape = (n_groups, n_periods + 1, 3)
    counts = np.zeros(shape, np.int64)
    for rows in blocks(at.size):
        place = at[rows].astype(np.int64) - (lo - 1)
        # 1 for new, 2 for active in the period before, too, 0 for others; nobody is both
        how = new[rows].astype(np.int64)
        how[follows[rows]] = 2
        inside = np.flatnonzero((place >= 0) & (place <= n_periods))
        cell = (group[code[rows][inside]] * shape[1] + place[inside]) * 3 + how[inside]
        counts += np.bincount(cell, minlength=counts.size).reshape(shape)

    active, fresh, kept = counts.sum(axis=2), counts[:, 1:, 1], counts[:, 1:, 2]
    parts = {
        "new": fresh,
        "retained": kept,
        "resurrected": active[:, 1:] - fresh - kept,
        "churned": active[:, :-1] - kept,
    }
    labels = asked.zone.labels(np.arange(lo, lo + n_periods), period)
    return GrowthAccounting(
        axes=(*axes, Axis("period", labels, "period", disjoint=False)),
        parts=parts if axes else {name: part[0] for name, part in parts.items()},
        context=Context(
            metric="growth_accounting",
            definition=new_is,
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone,
            period=period,
            by=by,
            options={"qualifies": rule, "history_from": asked.log.observed.start_us},
        ),
    )


def truncated_periods(table: Table, back: int) -> NDArray[np.bool_]:
    """Return for each cell whether the period that many before it was not wholly observed.

    Parameters
    ----------
    table : Table
        With the option ``history_from`` in its context. A table cut to one period has that one.
    back : int
        How many periods a cell looks back.
    """
    flags, context = np.zeros(table.shape, np.bool_), table.context
    since, calendar = context.option("history_from"), context.calendar
    if since is None or calendar is None:
        return flags
    period: Any = context.period
    shown = [(axis, i) for i, axis in enumerate(table.axes) if axis.kind == "period"]
    cut = [value for name, value in context.options if name.startswith(SELECTED)]
    labels: Any = (shown[0][0] if shown else next(a for a in cut if a.kind == "period")).labels
    before = [calendar.ordinal_of(label, period) - back for label in labels]
    early = calendar.edges(np.array(before, np.int64), period) < since
    shape = [-1 if (axis, i) in shown else 1 for i, axis in enumerate(table.axes)]
    return np.asarray(flags | early.reshape(shape if shown else ()))


def _plain(array: Any) -> Count:
    """Return a Python integer where there is no axis."""
    return int(array) if np.ndim(array) == 0 else array
