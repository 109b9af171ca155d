"""Adoption: who of the active uses which feature, how many features each uses, and how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.health.onboarding import named_rules
from customerops.metrics.shared.spans import spans_of_log
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.rules.rules import Rule, always, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.ratios import Mean
from customerops.model.tables.tables import Count
from customerops.model.values import exact

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Adoption", "adoption"]

Ints = NDArray[Any]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Adoption(Proportion):
    """Of the active customers, the share that uses each feature; made by `adoption`.

    Parameters
    ----------
    axes, context
        As for `Proportion`; the feature is the last axis.
    parts : mapping
        ``count`` users of the ``total`` active; ``uses`` and ``uses_sq``, the sums over users of how
        often each used it and of its square; ``used`` and ``used_sq``, the sums over the active of
        how many of the features each used and of its square.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total", "uses", "uses_sq", "used", "used_sq")
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("total", "used", "used_sq"), ("group", "period")
    )

    @property
    def users(self) -> Count:
        """How many use each feature."""
        return self._part("count")

    @property
    def active(self) -> Count:
        """How many customers are active."""
        return self._part("total")

    @property
    def depth(self) -> Mean:
        """How often a user uses each feature: uses by users, with an interval over users."""
        return self._mean("depth", "count", "uses", "uses_sq", self.axes)

    @property
    def breadth(self) -> Mean:
        """How many of the features an active customer uses, with an interval over customers.

        Of all features, also in a selection of some.
        """
        axes = [axis for axis in self.axes if axis.name != "feature"]
        return self._mean("breadth", "total", "used", "used_sq", axes)

    def _mean(self, what: str, n: str, total: str, squares: str, axes: Any) -> Mean:
        return Mean(
            axes=axes,
            parts={"n": self.parts[n], "sum": self.parts[total], "sum_sq": self.parts[squares]},
            context=attrs.evolve(self.context, metric=f"adoption.{what}"),
        )

    def _check(self) -> None:
        super()._check()
        at_least_zero(self, "uses", "uses_sq", "used", "used_sq")


def adoption(
    log: InteractionLog,
    *,
    features: Mapping[str, Rule | str | Collection[str]],
    activity: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Adoption:
    """Return which share of the active customers uses each feature, how broadly and how deeply.

    Parameters
    ----------
    log : InteractionLog
        The events.
    features : mapping of str to Rule, str or collection of str
        Which events are a use of each feature, by name.
    activity : Rule, str or collection of str, optional
        Which events make a customer active; any event when left out. Only active customers are
        counted as users.
    over : Window, optional
        The reporting range; there must be this or `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        A row for each calendar period.
    by, as_of, calendar
        As for `onboarding_completion`.

    Returns
    -------
    Adoption
        Along the axis ``"feature"`` at last: the share of users, with `depth`, how often each uses
        it; and without that axis `breadth`, how many of the features an active customer uses.

    Raises
    ------
    InvalidInputError
        If there are no features, neither `over` nor `period` is given, or as_of or a calendar that
        is needed is not known.

    Notes
    -----
    Of the active customers of a period: ``share[f] = users of f / active``, ``breadth = sum over f
    of users of f / active``, ``depth[f] = uses of f / users of f``.

    Of a feature that few need, a low share is no fault; and who uses many features may do so
    because they stay, and not the other way round.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import adoption
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"], kind=["search", "search", "export", "search"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 5, 3)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> table = adoption(log, features={"export": "export", "search": "search"}, period="month")
    >>> table.value.tolist(), table.breadth.value.tolist(), table.depth.value.tolist()
    ([[0.5, 1.0]], [1.5], [[1.0, 1.5]])
    """
    rules = named_rules("features", features)
    active = always if activity is None else as_rule(activity, name="activity", level="event")
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known = asked.log
    rows = rows_of(known, active)
    spans = spans_of_log(asked, int(known.at[rows].min()) if len(rows) else None)
    n = len(spans)

    def seen(of: NDArray[np.intp]) -> tuple[Ints, Ints]:
        """Return the (customer, stretch) of each row inside the report, once, and how often."""
        place = spans.place(known.at[of])
        inside = (place >= 0) & (place < n)
        key = known.codes[of][inside].astype(np.int64) * max(n, 1) + place[inside]
        return np.unique(key, return_counts=True)

    keys, _ = seen(rows)
    group, n_groups, axes = groups_of(known, by)
    cell = group[keys // max(n, 1)] * n + keys % max(n, 1)
    cells = n_groups * n
    used = np.zeros(len(keys), np.int64)
    columns: dict[str, list[Ints]] = {"count": [], "uses": [], "uses_sq": []}
    for rule in rules.values():
        users, often = seen(rows_of(known, rule))
        there = np.isin(users, keys)
        users, often = users[there], often[there]
        place = np.searchsorted(keys, users)
        used[place] += 1
        columns["count"].append(exact.group_count(cell[place], cells))
        columns["uses"].append(exact.group_sum(cell[place], often, cells))
        columns["uses_sq"].append(exact.group_dot(cell[place], often, often, cells))
    outer = (*axes, *spans.axes)
    shape = [len(axis) for axis in outer]
    parts = {
        "total": exact.group_count(cell, cells),
        "used": exact.group_sum(cell, used, cells),
        "used_sq": exact.group_dot(cell, used, used, cells),
    }
    stacked = {name: np.stack(column, axis=-1) for name, column in columns.items()}
    return Adoption(
        axes=(*outer, Axis("feature", tuple(rules), "state")),
        parts={
            **{name: part.reshape(shape) for name, part in parts.items()},
            **{name: part.reshape([*shape, len(rules)]) for name, part in stacked.items()},
        },
        context=Context(
            "adoption",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone if period else None,
            period=period,
            by=by,
            options={"activity": active, "features": tuple(rules.items())},
        ),
    )
