"""The list of those who get messages: who joins, who leaves, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import spans_of_log
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Quotient
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import whole
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ListGrowth", "list_growth", "list_growth_from_counts"]

_JOIN, _UNSUBSCRIBE, _BOUNCE = 0, 1, 2
_MOVES = ("joined", "unsubscribed", "bounced")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ListGrowth(Table):
    """How a list grew; made by `list_growth`.

    Its parts are customers: ``opening``, on the list when the period begins; ``joined``; and those
    who left, ``unsubscribed`` and ``bounced``. Who joins twice in a period is counted twice, and so
    ``opening + joined - unsubscribed - bounced`` is what is on the list at the end.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("opening", *_MOVES)

    @property
    def closing(self) -> Count:
        """How many are on the list at the end of the period, or at ``as_of``."""
        total = exact.add(self.parts["opening"], self._net())
        return int(total.item()) if total.ndim == 0 else total

    @property
    def growth(self) -> Quotient:
        """Joined less left, by those on the list at the start."""
        return self._over_opening("growth", self._net())

    @property
    def loss(self) -> Quotient:
        """Left, by those on the list at the start."""
        return self._over_opening("loss", self._left())

    def _left(self) -> NDArray[Any]:
        return exact.add(self.parts["unsubscribed"], self.parts["bounced"])

    def _net(self) -> NDArray[Any]:
        return exact.add(self.parts["joined"], exact.times(self._left(), -1))

    def _over_opening(self, definition: str, above: NDArray[Any]) -> Quotient:
        context = attrs.evolve(self.context, definition=definition)
        parts = {"numerator": above, "denominator": self.parts["opening"]}
        return Quotient(axes=self.axes, parts=parts, context=context)

    def _check(self) -> None:
        at_least_zero(self, *self.PARTS)


def list_growth_from_counts(
    *, opening: int, joined: int, unsubscribed: int, bounced: int = 0
) -> Quotient:
    """Return the growth rate of a list of counts that are known already.

    Parameters
    ----------
    opening : int
        Members at the start.
    joined, unsubscribed, bounced : int
        Those who came, those who left, and those to whom nothing can be delivered any more.

    Returns
    -------
    Quotient
        ``(joined - unsubscribed - bounced) / opening``; NaN of an empty list.

    Raises
    ------
    InvalidInputError
        If a count is negative.

    Notes
    -----
    ``(joined - unsubscribed - bounced) / opening``. It is no share: a list may more than double.

    References
    ----------
    HubSpot, on the growth rate of an email list.

    Examples
    --------
    >>> from customerops.metrics import list_growth_from_counts
    >>> list_growth_from_counts(opening=5000, joined=300, unsubscribed=50, bounced=10).value
    0.048
    """
    given = {"joined": joined, "unsubscribed": unsubscribed, "bounced": bounced}
    came, *left = (whole(name, count, least=0) for name, count in given.items())
    parts = {"numerator": came - sum(left), "denominator": whole("opening", opening, least=0)}
    return Quotient(parts=parts, context=Context("list_growth", definition="growth"))


def list_growth(
    log: InteractionLog,
    *,
    joins: Rule | str | Collection[str],
    unsubscribes: Rule | str | Collection[str] = frozenset({"unsubscribe", "complain"}),
    bounces: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ListGrowth:
    """Return how the list of subscribers grows (名单增长率): joined, unsubscribed, bounced.

    Parameters
    ----------
    log : InteractionLog
        The events, from the beginning: who joined before the log begins is not on the list.
    joins : Rule, str or collection of str
        Which events put a customer on the list.
    unsubscribes : Rule, str or collection of str
        Which take one off it: the customer's own will.
    bounces : Rule, str or collection of str, optional
        Which others do: ``kind("bounce") & (outcome == "hard")``.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a row for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    ListGrowth
        ``.growth`` is the rate, ``.loss`` that of those who left, ``.closing`` the members at the
        end.

    Raises
    ------
    InvalidInputError
        When an event is of two of these at once, there is neither `over` nor `period`, or `over`
        does not lie on the edges of the period.

    Notes
    -----
    ``(joined - unsubscribed - bounced) / opening``, as HubSpot has it. Only what changes something
    counts: who is on the list does not join, and who is not on it does not leave. Of events of one
    customer at one instant the order of the log decides.

    References
    ----------
    HubSpot, on the growth rate of an email list.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import list_growth
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "a", "c", "d"],
    ...     kind=["signup", "signup", "unsubscribe", "signup", "signup"],
    ...     at=[dt.date(2026, m, 5) for m in (1, 1, 2, 2, 2)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> growth = list_growth(log, joins="signup", period="month")
    >>> growth.closing.tolist(), growth.growth.value.tolist()
    ([2, 3], [nan, 0.5])
    """
    rules = {
        name: None if rule is None else as_rule(rule, name=name, level="event")
        for name, rule in {
            "joins": joins,
            "unsubscribes": unsubscribes,
            "bounces": bounces,
        }.items()
    }
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    rows, move = _moves(asked.log, rules)
    at = asked.log.at[rows]
    spans = spans_of_log(asked, int(at.min()) if len(at) else None)
    place = spans.place(at)
    group, groups, axes = groups_of(asked.log, by)
    mine = group[asked.log.codes[rows]]
    size = len(spans)
    inside = (place >= 0) & (place < size)
    parts = {
        name: exact.group_count((mine * size + place)[inside & (move == i)], groups * size)
        for i, name in enumerate(_MOVES)
    }
    step = np.where(move == _JOIN, 1, -1)
    before = exact.group_sum(mine[place < 0], step[place < 0], groups)
    net = exact.group_sum((mine * size + place)[inside], step[inside], groups * size)
    moved = np.concatenate([before[:, None], net.reshape(groups, size)], axis=1)
    parts["opening"] = np.cumsum(moved, axis=1)[:, :size]
    axes = (*axes, *spans.axes)
    shape = [len(axis) for axis in axes]
    return ListGrowth(
        axes=axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=Context(
            metric="list_growth",
            as_of=asked.as_of,
            over=asked.over,
            calendar=asked.zone if asked.period else None,
            period=asked.period,
            by=by,
            options=rules,
        ),
    )


def _moves(log: InteractionLog, rules: Any) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the events that change who is on the list, and what each of them is."""
    found = [
        np.zeros(0, np.intp) if rule is None else rows_of(log, rule) for rule in rules.values()
    ]
    rows = np.concatenate(found)
    order = np.argsort(rows, kind="stable")
    rows, move = (
        rows[order],
        np.repeat(np.arange(len(found)), [len(some) for some in found])[order],
    )
    twice = int((rows[1:] == rows[:-1]).sum())
    if twice:
        problem = f"{twice} events are two of joins, unsubscribes and bounces"
        raise InvalidInputError("joins, unsubscribes and bounces", "must be apart", problem)
    on = move == _JOIN
    codes = log.codes[rows]
    changes = first_of_run(codes, on)
    changes &= on | ~first_of_run(codes)  # who leaves first of all was not on it
    return rows[changes], move[changes]
