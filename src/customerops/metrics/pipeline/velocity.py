"""Sales velocity from the four factors of one window."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.pipeline.deals import Asking, Deals, SalesStages
from customerops.metrics.shared.spans import EVER
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Estimate, Floats, Value, at_least_zero
from customerops.model.values import exact
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["PipelineVelocity", "pipeline_velocity"]

_DAY_US = 86_400_000_000


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PipelineVelocity(Estimate):
    """Sales velocity, in major units a day, with the parts of its four factors.

    Notes
    -----
    Parts: ``opportunities``; of those closed in the window ``won`` and ``closed``; of the won
    ``priced`` and ``amount`` in minor units; ``cycle``, the microseconds from creation to the win,
    of all won together. The value is ``opportunities * average_value * win_rate / cycle_days``:
    a quotient of these sums, so that it adds, and has no interval.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        "opportunities",
        "won",
        "closed",
        "priced",
        "amount",
        "cycle",
    )

    @property
    def opportunities(self) -> Value:
        """How many were worked on."""
        return self._part("opportunities")

    @property
    def average_value(self) -> Value:
        """The mean amount of the won, in major units; NaN without any."""
        return _plain(self._divided("amount", "priced"))

    @property
    def win_rate(self) -> Value:
        """Won by closed; NaN without any."""
        return _plain(exact.divide(self.parts["won"], self.parts["closed"]))

    @property
    def cycle_days(self) -> Value:
        """The mean days from creation to the win; NaN without any."""
        return _plain(exact.divide(self.parts["cycle"], exact.times(self.parts["won"], _DAY_US)))

    def _value(self) -> Floats:
        p = {name: part.astype(object) for name, part in self.parts.items()}
        _, scale = self._units()
        above = p["opportunities"] * p["amount"] * p["won"] * p["won"] * _DAY_US
        below = p["priced"] * p["closed"] * p["cycle"] * scale
        return exact.divide(exact.canon(above), exact.canon(below))

    def _check(self) -> None:
        at_least_zero(self, "opportunities", "won", "closed", "priced", "cycle")


def pipeline_velocity(
    log: InteractionLog,
    *,
    stages: SalesStages,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> PipelineVelocity:
    """Return the sales velocity (销售速度): what the pipeline brings a day.

    Parameters
    ----------
    over, period
        The window of all four factors, or the periods.
    log, stages, by, as_of, calendar
        As for `win_rate`.

    Returns
    -------
    PipelineVelocity
        Its value in major units a day, and its factors. NaN where nothing was won.

    Raises
    ------
    InvalidInputError
        As for `win_rate`.

    Notes
    -----
    Opportunities are those that were open at some time in the window: created before its end, and
    not closed before its start. Value, win rate and cycle are of those closed in it. The cycle is
    the mean of the won; what is open and takes longer is not in it (`cycle_length` censors it), so
    a velocity flatters a pipeline that slows down. `sales_velocity` takes four numbers.

    References
    ----------
    HubSpot and Salesforce, on sales velocity: the same four numbers.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import SalesStages, pipeline_velocity
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"], thread=["1", "1", "2", "2", "3"],
    ...     kind=["stage_change"] * 5, name=["lead", "won", "lead", "lost", "lead"],
    ...     amount=[100, 300, 100, 100, 500], currency="EUR", tz=dt.UTC,
    ...     at=[dt.date(2026, 1, d) for d in (1, 11, 2, 8, 5)],
    ... ).until_day(dt.date(2026, 1, 31)).by_thread()
    >>> pipeline_velocity(log, stages=SalesStages(["lead"])).value  # 3 * 300 * 1/2 / 10 days
    45.0
    """
    asking = Asking(stages, as_of, over, period, by, calendar)
    deals = asking.deals(log, "pipeline_velocity")
    closed = np.flatnonzero(~deals.is_open)
    won = np.flatnonzero(deals.won)
    paid = won[deals.priced[won]]
    edges, axes = _stretches(deals)
    n = len(edges) - 1
    cells = int(np.prod([len(axis) for axis in axes], dtype=np.int64))
    group = deals.asked.group[deals.unit]

    def placed(rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which opportunities were closed in a stretch, and in which cell."""
        place = np.searchsorted(edges, deals.closed[rows], side="right") - 1
        inside = (place >= 0) & (place < n)
        rows = rows[inside]
        return rows, group[rows] * n + place[inside]

    first = np.maximum(np.searchsorted(edges, deals.created, side="right") - 1, 0)
    until = np.minimum(deals.closed, deals.asked.as_of)
    often = np.maximum(np.searchsorted(edges[:-1], until, side="right") - first, 0)
    worked = np.repeat(group, often) * n + ranges(first, often)
    (won, in_won), (paid, in_paid) = placed(won), placed(paid)
    parts = {
        "opportunities": exact.group_count(worked, cells),
        "won": exact.group_count(in_won, cells),
        "closed": exact.group_count(placed(closed)[1], cells),
        "priced": exact.group_count(in_paid, cells),
        "amount": exact.group_sum(in_paid, deals.amount[paid], cells),
        "cycle": exact.group_sum(in_won, (deals.closed - deals.created)[won], cells),
    }
    context = deals.asked.context
    if len(paid):
        context = attrs.evolve(context, currency=deals.log.currency)
        context = context.with_options(scale=10**deals.log.decimals)
    shape = [len(axis) for axis in axes]
    return PipelineVelocity(
        axes=axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=context,
    )


def _stretches(deals: Deals) -> tuple[NDArray[np.int64], tuple[Axis, ...]]:
    """Return the edges of the periods, or of the one window, and the axes."""
    asked = deals.asked
    spans = asked.spans(deals.created)
    if spans is not None:
        return spans.edges, (*asked.groups, *spans.axes)
    over = asked.asked.over
    start, end = (None, None) if over is None else (over.start_us, over.end_us)
    edges = [-EVER if start is None else start, EVER if end is None else end]
    return np.array(edges), asked.groups


def _plain(values: Floats) -> Value:
    return float(values) if values.ndim == 0 else values
