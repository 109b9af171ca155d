"""Growth accounting in money: where the revenue of a period came from, and where it went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.growth.growth import truncated_periods
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.estimates import Quotient
from customerops.model.tables.movements import Movements
from customerops.model.tables.tables import Axis, Context, Count
from customerops.model.values import exact
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["RevenueGrowth", "revenue_growth"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RevenueGrowth(Movements):
    """Revenue by what its customers spent in a period, seen against the period before.

    The running period is counted as of `as_of` and is not complete: what has not been spent yet
    stands as contraction or churn.

    Parameters
    ----------
    axes : sequence of Axis
        The period; before it the group, with ``by=``.
    parts : mapping
        As in `Movements`, in minor units: ``opening`` is the revenue of the period before,
        ``closing`` that of the period. Besides, ``repeated``: what the customers of the period
        before spent in this one, and ``kept``: the same, of each at most what it was before.
    context : Context
        What it is about.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*Movements.PARTS, "repeated", "kept")

    @property
    def repeated(self) -> Count:
        """What the customers of the period before spent in this one."""
        return self._part("repeated")

    @property
    def kept(self) -> Count:
        """What they spent, of each at most what it was in the period before."""
        return self._part("kept")

    @property
    def truncated(self) -> bool | NDArray[np.bool_]:
        """Whether the period before was not wholly observed, so that too much counts as new."""
        flags = truncated_periods(self, 1)
        return bool(flags) if flags.ndim == 0 else flags

    def quick_ratio(self, definition: str = "with_reactivation") -> Quotient:
        """Return ``(new + expansion + reactivation) / (contraction + churn)``.

        Parameters
        ----------
        definition : {"with_reactivation", "baremetrics"}
            As for `Movements.quick_ratio`.

        Returns
        -------
        Quotient
            NaN where nothing was lost, or the period before was not wholly observed.
        """
        return super().quick_ratio(definition)

    def gross_retention(self) -> Quotient:
        """Return ``kept / opening``: of the revenue of the period before, what did not go."""
        return self._quotient("gross_retention", None, self.parts["kept"], self.parts["opening"])

    def net_retention(self) -> Quotient:
        """Return ``repeated / opening``.

        What the customers of the period before spend now, by what they spent then.
        """
        return self._quotient("net_retention", None, self.parts["repeated"], self.parts["opening"])

    def _quotient(
        self, of: str, definition: str | None, numerator: NDArray[Any], denominator: NDArray[Any]
    ) -> Quotient:
        known = ~truncated_periods(self, 1)
        return super()._quotient(
            of, definition, np.where(known, numerator, 0), np.where(known, denominator, 0)
        )

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = super()._columns()
        complete = columns.pop("complete")
        truncated = truncated_periods(self, 1).ravel()
        return {**columns, "truncated": truncated, "complete": complete}


def revenue_growth(
    log: InteractionLog,
    *,
    period: Period,
    purchases: Rule | str | Collection[str] = "purchase",
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> RevenueGrowth:
    """Return how revenue changed from period to period, and through whom.

    Parameters
    ----------
    log : InteractionLog
        The events, with amounts and with their whole history: what came before `over` decides who
        is new.
    period : {"hour", "day", "week", "month", "quarter", "year"}
        Calendar period.
    purchases : Rule, str or collection of str
        Which events are revenue; refunds count if they are among them, as negative amounts. An
        event without an amount adds nothing but makes its customer active.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Periods to report, on the edges of `period`; left out, from the first purchase to the
        period that holds `as_of`.
    calendar : Calendar, optional
        Left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping; the revenue of each group.

    Returns
    -------
    RevenueGrowth
        The axis period (after the group); opening, new, expansion, contraction, churn,
        reactivation and closing in minor units.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, the log has no amounts, or `over` does not lie on
        the period's edges.

    Notes
    -----
    With r[t] what a customer spent in period t, among customers with a purchase in both periods
    ``r[t] - r[t-1]`` is expansion, or, negative, contraction; r[t] of who had none in t - 1 is
    new, or reactivation after an earlier purchase; r[t-1] of who has none in t is churn. Customers
    come and go exactly as in `growth_accounting` with the same rule. So that every movement stays
    positive where refunds exceed purchases, a negative r[t] of who had no purchase in t - 1 is
    contraction, and a negative r[t-1] that is not repeated is expansion. The two retentions look at
    the customers of t - 1 alone: net is the sum of their r[t], gross that of min(r[t], r[t-1]), by
    the sum of their r[t-1]. In every period ``opening
    + new + expansion + reactivation - contraction - churn = closing``, to the minor unit, and
    closing is the next period's opening.

    References
    ----------
    Hsu, J. (2019). A Quantitative Approach to Product Market Fit. Tribe Capital.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.lifecycle import revenue_growth
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"],
    ...     at=[dt.date(2026, month, 9) for month in (1, 2, 1, 3, 2)],
    ...     kind=["purchase"] * 5,
    ...     amount=["10", "15", "20", "5", "8"], currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 3, 31))
    >>> revenue = revenue_growth(log, period="month")
    >>> revenue.to_frame().iloc[:, 1:8].values.tolist()
    [[0, 3000, 0, 0, 0, 0, 3000], [3000, 800, 500, 0, 2000, 0, 2300], [2300, 0, 0, 0, 2300, 500, 500]]
    >>> revenue.net_retention().value.tolist()
    [nan, 0.5, 0.0]
    """
    rule = as_rule(purchases)
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known, zone = asked.log, asked.zone
    group, n_groups, axes = groups_of(known, by)
    amount, rows = known.numbers("amount"), rows_of(known, rule)
    paid = len(rows) if amount.valid is None else int(amount.valid[rows].sum())

    # (customer, period) pairs, sorted, with what was spent
    codes, ordinals = known.codes[rows], known.ordinals(period, zone)[rows]
    starts = first_of_run(codes, ordinals)
    code, at = codes[starts], ordinals[starts].astype(np.int64)
    spent = exact.group_sum(np.cumsum(starts) - 1, amount.values[rows], len(at))
    lo, hi = asked.span(int(at.min()) if at.size else None)
    n_periods = max(hi - lo + 1, 0)

    first = first_of_run(code)
    follows = np.zeros(at.size, np.bool_)
    follows[1:] = ~first[1:] & (at[1:] == at[:-1] + 1)
    leaves = np.ones(at.size, np.bool_)
    leaves[:-1] = ~follows[1:]
    before = np.zeros_like(spent)
    before[follows] = spent[:-1][follows[1:]]
    change = spent - before

    def total(where: NDArray[np.bool_], amounts: NDArray[Any], later: int = 0) -> NDArray[Any]:
        """Sum the amounts of some pairs by group and period, or in the period after."""
        place = at + later - lo
        inside = where & (place >= 0) & (place < n_periods)
        cell = group[code[inside]] * n_periods + place[inside]
        summed = exact.group_sum(cell, amounts[inside], n_groups * n_periods)
        return summed.reshape(n_groups, n_periods)

    every = np.ones(at.size, np.bool_)
    gain, loss = np.maximum(change, 0), np.maximum(-change, 0)
    due = total(leaves, np.maximum(-spent, 0), 1)  # refunds of the period before, not repeated
    parts = {
        "opening": total(every, spent, 1),
        "new": total(first, gain),
        "expansion": exact.add(total(follows, gain), due),
        "contraction": total(every, loss),
        "churn": total(leaves, np.maximum(spent, 0), 1),
        "reactivation": total(~first & ~follows, gain),
        "closing": total(every, spent),
        "repeated": total(follows, spent),
    }
    gone = exact.add(total(follows, loss), parts["churn"])
    parts["kept"] = exact.add(parts["opening"], exact.times(gone, -1))
    labels = zone.labels(np.arange(lo, lo + n_periods), period)
    return RevenueGrowth(
        axes=(*axes, Axis("period", labels, "period", disjoint=False)),
        parts=parts if axes else {name: part[0] for name, part in parts.items()},
        context=Context(
            metric="revenue_growth",
            as_of=asked.as_of,
            over=over,
            calendar=zone,
            period=period,
            currency=known.currency if paid else None,  # later money does not show
            by=by,
            options={"purchases": rule, "history_from": known.observed.start_us},
        ),
    )
