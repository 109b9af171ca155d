"""The bridge of recurring revenue: what it was, what was gained and lost, and what it is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import attrs

from customerops.metrics.revenue.levels import Levels, Settled, settle
from customerops.model.tables.movements import Movements, signed
from customerops.model.values import exact

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["MRRMovements", "bridge_of", "mrr_movements"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class MRRMovements(Movements):
    """Monthly recurring revenue from the start of a period to its end.

    Parameters
    ----------
    axes : sequence of Axis
        The period; before it the group, with ``by=``.
    parts : mapping
        As in `Movements`, in minor units a month.
    context : Context
        What it is about.

    Notes
    -----
    `nrr`, `grr`, `churn_rate` and `quick_ratio` read it by period, and have no interval: this is
    accounting of everybody there was.
    """


def mrr_movements(
    spells: Spells,
    *,
    period: Period | None = None,
    over: Window | None = None,
    by: str | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> MRRMovements:
    """Return how monthly recurring revenue (MRR) got from the start to the end of each period.

    Parameters
    ----------
    spells : Spells
        Subscriptions with amounts a month, by `spells_of`; whole histories, for what came before
        `over` decides who is new.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a bridge for each. Left out, one bridge for `over`.
    over : Window, optional
        The periods to report, on the edges of `period`; left out, from the first start to
        `as_of`. Needed without `period`.
    by : str, optional
        An attribute of the spells, such as ``"plan"``. A customer counts as a whole with the label
        that they entered the period with: of the contracts that ran at its start, that of the one
        begun last; who had none then, with that at its end.
    as_of : datetime, optional
        The last known instant; left out, that of the spells.
    calendar : Calendar, optional
        Whose periods; needed with `period`, for spells have none.

    Returns
    -------
    MRRMovements
        The axis period (after the group); parts in minor units a month. The running period is
        counted as of `as_of` and is not complete.

    Raises
    ------
    InvalidInputError
        If they are not spells with amounts, the instant is later than theirs, `by` is no attribute
        of theirs, there is neither a period nor a window, or `over` does not lie on the edges.

    Notes
    -----
    With m0 and m1 all that a customer pays a month at the start and at the end of a period:
    ``m1 - m0`` is *expansion*, or, negative, *contraction*, if both are above 0; m0 is *churn* if m1
    is 0; m1 is, if m0 is 0, *reactivation* where the customer paid anything before the period, and
    *new* where not. So who cancels one of two plans contracts, and who changes plan moves by the
    difference. Trials and free plans are 0; a pause is churn, and its end reactivation. What is
    undone within a period does not show; shorter periods show it. In every cell ``opening + new +
    expansion + reactivation - contraction - churn = closing`` to the minor unit. Without `by`, the
    closing level is the opening one of the next period; with it, only where nobody changed label.

    A contract counts at an edge if ``start < edge <= end``.

    References
    ----------
    ChartMogul, MRR movements; dbt, the MRR playbook.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import mrr_movements
    >>> from customerops.model import Calendar, Money, Subscription, spells_of
    >>> utc = dt.timezone.utc
    >>> held = [
    ...     Subscription(
    ...         id=f"{who}{amount}", customer_id=who, plan="gold", amount=Money(amount, "EUR"),
    ...         interval=(1, "month"), started_at=dt.datetime(2026, start, 5, tzinfo=utc),
    ...         ended_at=None if end is None else dt.datetime(2026, end, 5, tzinfo=utc),
    ...     )
    ...     for who, amount, start, end in [("a", 10, 1, None), ("a", 5, 2, 3), ("b", 8, 1, 2)]
    ... ]
    >>> spells = spells_of(held, as_of=dt.datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=utc))
    >>> bridge = mrr_movements(spells, period="month", calendar=Calendar("UTC"))
    >>> bridge.to_frame().iloc[:, 1:8].values.tolist()
    [[0, 1800, 0, 0, 0, 0, 1800], [1800, 0, 500, 0, 800, 0, 1500], [1500, 0, 0, 500, 0, 0, 1000]]
    """
    settled = settle(
        spells,
        metric="mrr_movements",
        definition=None,
        by=by,
        over=over,
        period=period,
        as_of=as_of,
        calendar=calendar,
    )
    return bridge_of(settled)


def bridge_of(settled: Settled) -> MRRMovements:
    """Return the bridge of every stretch."""
    levels, n = Levels.of(settled.contracts, settled.spans.edges), len(settled.spans)
    moved = levels.edge > 0
    count = settled.contracts.groups.count
    cell = levels.entered[moved] * n + levels.edge[moved] - 1
    shape = settled.shape
    parts = {
        name: exact.group_sum(cell, flow[moved], count * n).reshape(shape)
        for name, flow in levels.flows().items()
    }
    parts["opening"] = levels.opening()[:, :-1].reshape(shape)
    parts["closing"] = signed(
        parts, ("opening", "new", "expansion", "reactivation"), ("contraction", "churn")
    )
    return MRRMovements(axes=settled.axes, parts=parts, context=settled.context)
