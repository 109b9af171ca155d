"""Active users by day in seven states: how DAU, WAU and MAU hang together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.growth.growth import truncated_periods
from customerops.lifecycle.growth.user_moves import ACTIVE_TODAY, STATES, cells_of, moves_of
from customerops.lifecycle.population.markov import Forecast, arrivals_of, project, shares_of
from customerops.model.log.ask import ask
from customerops.model.log.derived import activity as active_periods
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Axis, Context, Count, Table
from customerops.model.values.checks import came, one_of, whole

if TYPE_CHECKING:
    from customerops.lifecycle.population.markov import Arrivals
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.window import Window

__all__ = ["ActiveUserStates", "active_user_states"]

_CODE = {state: code for code, state in enumerate(STATES)}

RATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "NURR": ("new", ACTIVE_TODAY),
    "CURR": ("current", ACTIVE_TODAY),
    "RURR": ("reactivated", ACTIVE_TODAY),
    "SURR": ("resurrected", ACTIVE_TODAY),
    "iWAURR": ("at_risk_wau", ACTIVE_TODAY),
    "reactivation": ("at_risk_mau", ACTIVE_TODAY),
    "resurrection": ("dormant", ACTIVE_TODAY),
    "wau_loss": ("at_risk_wau", ("at_risk_mau",)),
    "mau_loss": ("at_risk_mau", ("dormant",)),
}
"""The named daily rates: of those in a state yesterday, who is in one of these today."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ActiveUserStates(Table):
    """Everyone who was ever active, each day in exactly one of seven states.

    ================ ========== ===============================================================
    ``new``          active     for the first time ever
    ``current``      active     and on one of the 6 days before
    ``reactivated``  active     not so, but on one of the 29 days before
    ``resurrected``  active     after a longer break
    ``at_risk_wau``  not active but on one of the 6 days before
    ``at_risk_mau``  not active not so, but on one of the 29 days before
    ``dormant``      not active for longer
    ================ ========== ===============================================================

    The numbers of days are those of ``windows=(7, 30)``. The running day is counted as of `as_of`
    and is not complete: who has not been active in it yet stands as not active.

    Parameters
    ----------
    axes : sequence of Axis
        Days and states; before them the groups, with ``by=``.
    parts : mapping
        ``customers``: who is in a state; ``from_new`` and so on: how many of them were in that
        state on the day before.
    context : Context
        What it is about.

    Raises
    ------
    InvalidInputError
        If a part is negative, or the customers in a state did not come from the day before; only
        new ones come from nowhere.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers", *(f"from_{state}" for state in STATES))

    @property
    def customers(self) -> Count:
        """Customers in each state."""
        return self._part("customers")

    @property
    def dau(self) -> Count:
        """Daily active users: new, current, reactivated and resurrected."""
        return self._in(*ACTIVE_TODAY)

    @property
    def wau(self) -> Count:
        """Weekly active users: daily ones and those at risk to leave them."""
        return self._in(*ACTIVE_TODAY, "at_risk_wau")

    @property
    def mau(self) -> Count:
        """Monthly active users: weekly ones and those at risk to leave the monthly ones."""
        return self._in(*ACTIVE_TODAY, "at_risk_wau", "at_risk_mau")

    @property
    def total(self) -> Count:
        """Everyone who was ever active."""
        return self._in(*STATES)

    @property
    def truncated(self) -> Any:
        """Whether the longer window reaches back before the log's history.

        Users who were active only before it count as new, then and later.
        """
        flags = self._truncated().any(axis=self._states())
        return bool(flags) if flags.ndim == 0 else flags

    def rate(self, name: str) -> Proportion:
        """Return a daily rate: of those in a state on the day before, who is where today.

        Parameters
        ----------
        name : str
            ``"NURR"``, ``"CURR"``, ``"RURR"``, ``"SURR"``: of the new, current, reactivated,
            resurrected, who is active again; ``"iWAURR"``, ``"reactivation"``,
            ``"resurrection"``: the same of those at risk in the week, at risk in the month, and
            dormant; ``"wau_loss"``: of those at risk in the week, who falls out of it;
            ``"mau_loss"``: of those at risk in the month, who falls out of it.

        Returns
        -------
        Proportion
            By day (and group). NaN where nobody was in the state, and on days that are running or
            `truncated`.

        Raises
        ------
        InvalidInputError
            If it is not one of these, or states were selected.
        """
        source, targets = RATES[one_of("rate", name, RATES)]
        at = self._states()
        moved = np.where(self._truncated(), 0, self.parts[f"from_{source}"])
        places = [_CODE[target] for target in targets]
        parts = {"count": moved.take(places, axis=at).sum(axis=at), "total": moved.sum(axis=at)}
        return Proportion(
            axes=[axis for axis in self.axes if axis.kind != "state"],
            parts=parts,
            context=self.context.with_options(of=name),
        )

    def forecast(self, *, periods: int, new: Arrivals) -> Forecast:
        """Return the users to expect in each state on the days to come.

        Parameters
        ----------
        periods : int
            How many days, from the one after the last complete one.
        new : float or sequence of float
            New users a day: one number, or one for each day.

        Returns
        -------
        Forecast
            Derived: add tables, not forecasts.

        Raises
        ------
        InvalidInputError
            If there are groups (select one, or roll them up), if states or a day were selected,
            if no day is complete and wholly observed, or if customers are in a state that no day
            started with.

        Notes
        -----
        A Markov chain with the shares of all complete days of the table together; users have no
        age in a state, so the first days after a change of habits are forecast too smoothly.
        ``over=`` chooses the days to learn from.
        """
        arrivals = arrivals_of("new", new, periods)
        if [axis.kind for axis in self.axes] != ["period", "state"]:
            names = [axis.name for axis in self.axes]
            raise InvalidInputError("axes", "must be days and states alone", f"got {names}")
        self._states()
        complete = self._complete().all(axis=1)
        seen = np.flatnonzero(complete & ~self._truncated().any(axis=1))
        if not seen.size:
            raise InvalidInputError("days", "must have one that is complete and wholly observed")
        moves = np.array([self.parts[f"from_{s}"][seen].sum(axis=0) for s in STATES])
        opening = self.parts["customers"][seen[-1]]
        entry = np.array([float(state == "new") for state in STATES])
        levels = project(opening, shares_of(moves), entry, arrivals, STATES)
        calendar: Any = self.context.calendar
        last = calendar.ordinal_of(self.axes[0].labels[seen[-1]], "day")
        days = calendar.labels(np.arange(last + 1, last + 1 + len(levels)), "day")
        return Forecast(
            axis="state",
            periods=tuple(days),
            states=STATES,
            customers=levels,
            arrivals=arrivals,
            opening=opening,
            context=self.context,
        )

    def _check(self) -> None:
        at_least_zero(self, *self.PARTS)
        arrived = self.parts["customers"] - sum(self.parts[name] for name in self.PARTS[1:])
        at = [i for i, axis in enumerate(self.axes) if axis.kind == "state"]
        old = (
            [i for i, state in enumerate(self.axes[at[0]].labels) if state != "new"] if at else []
        )
        if (arrived < 0).any() or (at and arrived.take(old, axis=at[0]).any()):
            raise InvalidInputError(
                "customers", "must have been in one state the day before, unless new"
            )

    def _states(self) -> int:
        """Return the axis of the states, which must all be there."""
        found = [i for i, axis in enumerate(self.axes) if axis.labels == STATES]
        if not found:
            raise InvalidInputError("states", "must all be there", "select them afterwards")
        return found[0]

    def _in(self, *states: str) -> Count:
        at = self._states()
        customers = self.parts["customers"].take([_CODE[state] for state in states], axis=at)
        total = customers.sum(axis=at)
        return int(total) if np.ndim(total) == 0 else total

    def _truncated(self) -> NDArray[np.bool_]:
        back = self.context.option("windows")[1] - 1
        return truncated_periods(self, back)

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = super()._columns()
        complete = columns.pop("complete")
        return {**columns, "truncated": self._truncated().ravel(), "complete": complete}


def active_user_states(
    log: InteractionLog,
    *,
    activity: Rule | str | Collection[str],
    windows: tuple[int, int] = (7, 30),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> ActiveUserStates:
    """Return how many users are in each of seven states every day, and how they got there.

    Parameters
    ----------
    log : InteractionLog
        The events with their whole history: what came before `over` decides who is new.
    activity : Rule, str or collection of str
        Which events make a user active on a local day; a string stands for a kind.
    windows : tuple of int
        The local days of a week and of a month, today included: ``(7, 30)``, or ``(7, 28)`` for
        whole weeks.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Days to report, from midnight to midnight; left out, from the first active day to the day
        that holds `as_of`.
    calendar : Calendar, optional
        Left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping; the states of each group.

    Returns
    -------
    ActiveUserStates
        The axes period (a day) and state (after the group); customers in each, and of these how
        many were in which state the day before. DAU, WAU, MAU, the daily rates and a forecast are
        derived.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, `windows` are not two rising numbers of days, or
        `over` does not start and end with a local day.

    Notes
    -----
    With g the days since the day of activity before d: active on d, a user is new without one,
    else current (``g < 7``), reactivated (``7 <= g < 30``) or resurrected; not active, at_risk_wau
    (``g < 7``), at_risk_mau (``7 <= g < 30``) or dormant. The states are exclusive and complete:
    ``DAU = new + current + reactivated + resurrected``, ``WAU = DAU + at_risk_wau``, ``MAU = WAU +
    at_risk_mau``, and MAU and dormant make everyone ever active. WAU and MAU count distinct users
    of the 7 and 30 days that end with d.

    Duolingo names the states and the rates NURR, CURR, RURR, SURR and iWAURR; its windows are the
    same. There a user at risk who comes back is *current*; here the very day the window closes
    makes them reactivated, so that the states stay functions of g, and the rates count any return.
    The cost is that of the active (user, day) pairs and not of users times days.

    References
    ----------
    Gustafson, E. (2023). Meaningful metrics: How data sharpened the focus of product teams.
    Duolingo blog.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.lifecycle import active_user_states
    >>> days = [1, 2, 4, 1, 10, 1]
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b", "c"],
    ...     at=[dt.date(2026, 1, day) for day in days],
    ...     kind=["use"] * 6,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 10))
    >>> users = active_user_states(log, activity="use")
    >>> tenth = users.select(period=dt.date(2026, 1, 10))
    >>> dict(zip(tenth.axes[0].labels, tenth.customers.tolist()))
    {'at_risk_mau': 1, 'at_risk_wau': 1, 'current': 0, 'dormant': 0, 'new': 0, 'reactivated': 1, 'resurrected': 0}
    >>> tenth.dau, tenth.wau, tenth.mau
    (1, 2, 3)
    >>> users.rate("NURR").select(period=dt.date(2026, 1, 2))
    Proportion(metric='active_user_states', count=1, total=3, value=0.333333)
    """
    rule, (week, month) = as_rule(activity), _windows(windows)
    asked = ask(log, as_of=as_of, over=over, period="day", calendar=calendar)
    group, n_groups, axes = groups_of(asked.log, by)
    found = active_periods(asked.log, rule, "day", asked.zone)
    day = found.ordinals.astype(np.int64)
    lo, hi = asked.span(int(day.min()) if day.size else None)
    n_days = max(hi - lo + 1, 0)

    moves = moves_of(found.first, day, group[found.codes], week, month)
    cells = cells_of(moves, n_groups, lo, n_days)
    parts = {"customers": cells.sum(axis=2)}
    parts |= {f"from_{state}": cells[:, :, _CODE[state]] for state in STATES}
    labels = asked.zone.labels(np.arange(lo, lo + n_days), "day")
    return ActiveUserStates(
        axes=(
            *axes,
            Axis("period", labels, "period", disjoint=False),
            Axis("state", STATES, "state", disjoint=True),
        ),
        parts=parts if axes else {name: part[0] for name, part in parts.items()},
        context=Context(
            metric="active_user_states",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone,
            period="day",
            by=by,
            options={
                "activity": rule,
                "windows": (week, month),
                "history_from": asked.log.observed.start_us,
            },
        ),
    )


def _windows(given: object) -> tuple[int, int]:
    if not isinstance(given, tuple) or len(given) != 2:
        problem = came(given) if not isinstance(given, tuple) else f"got {len(given)}"
        raise InvalidInputError("windows", "must be two numbers of days", problem)
    # longer than all of time is as long as that
    week, month = (min(whole("windows", days, least=1), 4_000_000) for days in given)
    if week >= month:
        raise InvalidInputError("windows", "must rise", f"got {week} and {month}")
    return week, month
