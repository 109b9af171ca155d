"""Why customers left: of those who did, the share by cause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from customerops.metrics.churn.churned import settle
from customerops.metrics.shared.stays import Traffic
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.estimates import Proportion

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ChurnReasons", "churn_reasons"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ChurnReasons(Proportion):
    """Of the customers who left, the share by cause; made by `churn_reasons`.

    There is one total for all causes, so that shares add up over customers whichever causes occur.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "period")}


def churn_reasons(
    spells: Spells,
    *,
    period: Period | None = None,
    over: Window | None = None,
    by: str | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ChurnReasons:
    """Return why customers left: of those who left in a period, the share by cause.

    Parameters
    ----------
    spells : Spells
        When customers were there, and why each spell ended.
    period, over, by, as_of, calendar
        As for `churn_rate`.

    Returns
    -------
    ChurnReasons
        Axes group, period and cause, as far as there are any; the causes are those that occur in
        the spells, the missing one among them. ``count`` customers of ``total``.

    Raises
    ------
    InvalidInputError
        As for `churn_rate`.

    Notes
    -----
    A customer counts once in a period, by the last time they left in it, whether or not they came
    back or had joined in it. Spells of subscriptions have the causes ``"voluntary"``,
    ``"involuntary"``, ``"unknown"``, and ``"paused"`` where a pause began.

    References
    ----------
    Recurly and ProfitWell (Paddle), who tell voluntary churn from involuntary, that of payments
    that failed.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import churn_reasons
    >>> from customerops.model import Calendar, Money, Subscription, spells_of
    >>> utc = dt.timezone.utc
    >>> held = [
    ...     Subscription(
    ...         id=str(i), customer_id=i, plan="gold", amount=Money(10, "EUR"),
    ...         interval=(1, "month"), started_at=dt.datetime(2026, 1, 1, tzinfo=utc),
    ...         ended_at=dt.datetime(2026, 1, 9 + i, tzinfo=utc), reason=reason,
    ...     )
    ...     for i, reason in enumerate(["voluntary", "involuntary", "voluntary", "voluntary"])
    ... ]
    >>> spells = spells_of(held, as_of=dt.datetime(2026, 2, 1, tzinfo=utc))
    >>> reasons = churn_reasons(spells, period="month", calendar=Calendar("UTC"))
    >>> reasons.axes[-1].labels, reasons.value[0].tolist()
    (('involuntary', 'voluntary'), [0.25, 0.75])
    """
    settled = settle(
        spells,
        metric="churn_reasons",
        definition=None,
        by=by,
        over=over,
        period=period,
        as_of=as_of,
        calendar=calendar,
        options={},
    )
    stays, spans = settled.stays, settled.spans
    traffic = Traffic.of(stays, spans)
    leaving = traffic.leaving()
    last = leaving.copy()  # of the customer in the stretch
    last[:-1] &= (stays.customer[1:] != stays.customer[:-1]) | (
        traffic.last[1:] != traffic.last[:-1]
    )
    ended = np.where(stays.ended, stays.cause.codes, -2)
    missing = len(stays.cause.labels)
    codes = np.where(ended == -1, missing, ended)
    found = np.unique(codes[codes >= 0])
    labels = [*stays.cause.labels, None]
    rows = np.flatnonzero(last)
    cells = traffic.cells(rows, traffic.last[rows]) * len(found)
    cells = cells + np.searchsorted(found, codes[rows])
    size = stays.groups.count * len(spans) * len(found)
    axis = Axis("cause", [labels[code] for code in found.tolist()], "state", disjoint=True)
    return ChurnReasons(
        axes=(*traffic.axes, axis),
        parts={
            "count": np.bincount(cells, minlength=size).reshape(*traffic.shape, len(found)),
            "total": traffic.count(last, traffic.last),
        },
        context=settled.context,
    )
