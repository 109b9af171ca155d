"""Revenue by vintage: what is left, at each age, of what a cohort of customers first paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.revenue.levels import Contracts, Levels, settle
from customerops.model.tables.axes import Axis
from customerops.model.tables.ratios import Ratio
from customerops.model.tables.tables import Count
from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["RevenueCohorts", "revenue_cohorts"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RevenueCohorts(Ratio):
    """Recurring revenue per cohort and age, by that at the end of its first period.

    Parameters
    ----------
    axes : sequence of Axis
        Cohort and age, after a group axis if there are groups.
    parts : mapping
        As for `Ratio`: ``x`` is the revenue at an age and ``y`` that at age 0, of ages that the
        cohort has reached; ``size``, over groups and cohorts only, counts its customers, and
        ``seen``, those whose age is reached.
    context : Context
        What it is about.

    Raises
    ------
    InvalidInputError
        If more are seen than there are.

    Notes
    -----
    An age that is not reached is not `complete`, and its value is NaN. So is that of a cohort that
    paid nothing at the end of its first period: everybody had left.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*Ratio.PARTS, "seen", "size")
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"size": ("group", "cohort")}

    @property
    def size(self) -> Count:
        """How many customers are in each cohort."""
        return self._part("size")

    def pooled(self) -> Ratio:
        """Return the ratio at each age over all cohorts that have reached it.

        Returns
        -------
        Ratio
            Without the cohort axis. Amounts are summed, ratios are not averaged; young cohorts drop
            out with age.

        Raises
        ------
        InvalidInputError
            If there is no cohort axis.
        """
        kinds = [axis.kind for axis in self.axes]
        if "cohort" not in kinds:
            raise InvalidInputError("axes", "must have cohorts to be pooled", "none is left")
        i = kinds.index("cohort")
        return Ratio(
            axes=[*self.axes[:i], *self.axes[i + 1 :]],
            parts={name: exact.sum_along(self.parts[name], i) for name in Ratio.PARTS},
            context=self.context.with_options(pooled="eligible"),
        )

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in Ratio.PARTS]

    def _check(self) -> None:
        super()._check()
        if (self.parts["seen"] > self._spread("size")).any():
            raise InvalidInputError("seen", "must not exceed size")

    def _complete(self) -> NDArray[np.bool_]:
        seen, size = self.parts["seen"], self._spread("size")
        complete: NDArray[np.bool_] = ((seen == size) & (size > 0)).astype(np.bool_)
        return complete


def revenue_cohorts(
    spells: Spells,
    *,
    period: Period,
    over: Window | None = None,
    by: str | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> RevenueCohorts:
    """Return what cohorts of customers pay at each age, by what they paid at first (收入留存).

    Parameters
    ----------
    spells : Spells
        Subscriptions with amounts a month, by `spells_of`; whole histories.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Of the cohorts and of their ages: a customer is in the cohort of the period in which they
        first paid.
    over : Window, optional
        The cohorts to report, on the edges of `period`; left out, from the first to `as_of`.
    by : str, optional
        An attribute of the spells: customers by the label of the first contract that they paid
        for; of several at once, by the last of these.
    as_of : datetime, optional
        The last known instant; left out, that of the spells.
    calendar : Calendar, optional
        Whose periods; needed, for spells have none.

    Returns
    -------
    RevenueCohorts
        Axes cohort and age (after the group), with an interval by customer. At age k stands what
        is paid at the end of the k-th period after that of the cohort; age 0 is 1.

    Raises
    ------
    InvalidInputError
        As for `mrr_movements`.

    Notes
    -----
    ``value[c, k] = sum of MRR at the end of period c + k / sum of MRR at the end of period c``,
    over the customers of cohort c, who may be gone, or back. Revenue within the first period that
    did not last to its end is in neither.

    References
    ----------
    ChartMogul, Cohort analysis, Net MRR churn.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import revenue_cohorts
    >>> from customerops.model import Calendar, Money, Subscription, spells_of
    >>> utc = dt.timezone.utc
    >>> held = [
    ...     Subscription(
    ...         id=f"{who}{amount}", customer_id=who, plan="gold", amount=Money(amount, "EUR"),
    ...         interval=(1, "month"), started_at=dt.datetime(2026, start, 5, tzinfo=utc),
    ...         ended_at=None if end is None else dt.datetime(2026, end, 5, tzinfo=utc),
    ...     )
    ...     for who, amount, start, end in [("a", 10, 1, None), ("a", 5, 3, None), ("b", 10, 1, 2)]
    ... ]
    >>> spells = spells_of(held, as_of=dt.datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=utc))
    >>> revenue_cohorts(spells, period="month", calendar=Calendar("UTC")).value[0].tolist()
    [1.0, 0.5, 0.75]
    """
    settled = settle(
        spells,
        metric="revenue_cohorts",
        definition=None,
        by=by,
        over=over,
        period=period,
        as_of=as_of,
        calendar=calendar,
    )
    assert calendar is not None  # a period has one
    contracts, cohorts = settled.contracts, settled.spans
    n_cohorts = len(cohorts)
    low, current = (
        int(x)
        for x in calendar.ordinals(np.array([cohorts.edges[0], contracts.as_of], np.int64), period)
    )
    # ends of the periods from that of the first cohort on, up to the running one
    n_ages = max(current - low + 1, 0) if n_cohorts else 0
    ends = np.asarray(calendar.edges(np.arange(low + 1, low + n_ages + 1), period), np.int64)
    known = ends <= contracts.as_of + 1

    cohort = cohorts.place(contracts.came)
    members = np.flatnonzero((cohort >= 0) & (cohort < n_cohorts))
    cohort = cohort[members]
    group = _first_labels(contracts)[members]
    row = group * n_cohorts + cohort
    count = contracts.groups.count * n_cohorts
    paid = _paid(contracts, ends)[members]
    sums: dict[str, list[Any]] = {name: [] for name in (*Ratio.PARTS, "seen")}
    for age in range(n_ages):
        reached = cohort + age < n_ages
        reached[reached] = known[cohort[reached] + age]
        who = np.flatnonzero(reached)
        x, y = (paid[who, cohort[who] + k] for k in (age, 0))
        found = {
            "n": exact.group_count(row[who][(x != 0) | (y != 0)], count),
            "x": exact.group_sum(row[who], x, count),
            "y": exact.group_sum(row[who], y, count),
            "xx": exact.group_dot(row[who], x, x, count),
            "yy": exact.group_dot(row[who], y, y, count),
            "xy": exact.group_dot(row[who], x, y, count),
            "seen": exact.group_count(row[who], count),
        }
        for name, total in found.items():
            sums[name].append(total)
    groups = contracts.groups.axes
    lengths = (*(len(axis) for axis in groups), n_cohorts)
    parts: dict[str, Any] = {
        name: np.stack(columns, axis=-1).reshape((*lengths, n_ages))
        if columns
        else np.zeros((*lengths, 0), np.int64)
        for name, columns in sums.items()
    }
    parts["size"] = exact.group_count(row, count).reshape(lengths)
    both = (
        Axis("cohort", cohorts.axes[0].labels, "cohort", disjoint=True),
        Axis("age", range(n_ages), "age", disjoint=False),
    )
    return RevenueCohorts(axes=(*groups, *both), parts=parts, context=settled.context)


def _paid(contracts: Contracts, ends: NDArray[np.int64]) -> NDArray[Any]:
    """Return what every customer pays at each of some edges, shape (customers, edges)."""
    levels = Levels.of(contracts, ends)
    columns = [levels.at(edge)[0] for edge in range(len(ends))]
    return np.stack(columns, axis=1) if columns else np.zeros((contracts.n_customers, 0), np.int64)


def _first_labels(contracts: Contracts) -> NDArray[Any]:
    """Return the label of the first contract of each customer, of several at once the last."""
    lead = first_of_run(contracts.customer)
    began = contracts.start == contracts.came[contracts.customer]
    last = np.maximum.reduceat(np.where(began, np.arange(len(lead)), -1), np.flatnonzero(lead))
    return contracts.groups.codes[last]
