"""How customers moved on a journey map between two instants, on to it and off it included."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.journey.maps.counting import on_map
from customerops.journey.maps.lasting import lasting_of
from customerops.journey.maps.staging import just_after
from customerops.journey.maps.standing import changes_of
from customerops.journey.maps.tables import InMapOrder, all_stages
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.stages import JourneyMap
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Difference, Proportion
from customerops.model.tables.tables import Count, of_one_class
from customerops.model.values import exact
from customerops.model.values.instants import as_instant, to_us
from customerops.model.values.labels import START, label_key
from customerops.model.values.window import Window

if TYPE_CHECKING:
    from customerops.lifecycle.policy.spans import Span
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar

__all__ = ["StageFlow", "StageFlowShare", "stage_flow"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageFlowShare(InMapOrder, Proportion):
    """Of the customers who stood in each source, the share that stands in each target.

    A source has one total, whichever targets occur, so that shares add up over customers.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "source")}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageFlow(InMapOrder):
    """Customers by where they stood at one instant and at a later one.

    Axes source and target (after the group), of all stages of the map. None is off the map; the
    source `START` is for customers who were not known yet. Every customer known at the later
    instant is in one cell.

    Attributes
    ----------
    customers : ndarray of int
        Customers in each cell; those who did not move are on the diagonal.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers",)

    @property
    def customers(self) -> Count:
        """Customers in each cell."""
        return self._part("customers")

    def share(self) -> StageFlowShare:
        """Return the share of each source's customers that stands in each target.

        Raises
        ------
        InvalidInputError
            If the flow was cut to some targets: a row would not sum to its customers.
        """
        all_stages(self, "target")
        customers = self.parts["customers"]
        return StageFlowShare(
            axes=self.axes,
            parts={"count": customers, "total": exact.sum_along(customers, customers.ndim - 1)},
            context=attrs.evolve(self.context, metric="stage_flow.share"),
        )

    def difference(self, other: StageFlow) -> Difference:
        """Return the shares less those of other customers, or of other two instants.

        Parameters
        ----------
        other : StageFlow
            On the same map. Of the same customers at other times the interval is as a rule too
            wide, since it takes the two for independent.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or as for `share`.
        """
        of_one_class(self, other, "compared")
        return self.share().difference(other.share())


def stage_flow(
    log: InteractionLog,
    map: JourneyMap,  # noqa: A002 - what it is called
    *,
    from_: dt.datetime,
    to: dt.datetime,
    as_of: dt.datetime | None = None,
    windows: Mapping[str, Span] | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> StageFlow:
    """Count customers by where they stood on a journey map at one instant and at another (阶段流转).

    Parameters
    ----------
    log : InteractionLog
        The events.
    map : JourneyMap
        The stages, as for `stages`.
    from_, to : datetime
        The two instants, timezone-aware; everything at them counts. `from_` is before `to`, and
        `to` not after `as_of`.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    windows, calendar
        As for `stages`.
    by : str or Grouping, optional
        A customer attribute or a grouping, as of `to`; a flow for each group.

    Returns
    -------
    StageFlow
        ``.customers``, ``.share()`` with intervals, ``.difference()``.

    Raises
    ------
    InvalidInputError
        If the instants are none, or not in that order, or as for `stages`.

    Notes
    -----
    The base is every customer known at `to`. Those known at `from_` stand somewhere then, off the
    map if in no stage; the others begin at `START`. So each row sums to who stood there at
    `from_`, each column to who stands there at `to`, and the whole to the base. What happened on
    the way there is not seen: `stages` counts every change.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import stage_flow
    >>> from customerops.model import AIPL
    >>> utc = dt.timezone.utc
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 20, 2, 25)],
    ...     kind=["view", "purchase", "view", "view"],
    ...     tz=utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> january = [dt.datetime(2026, 1, d, tzinfo=utc) for d in (10, 31)]
    >>> flow = stage_flow(log, AIPL, from_=january[0], to=january[1])
    >>> flow.to_frame().query("customers > 0")[["source", "target", "customers"]].values.tolist()
    [[('start',), 'awareness', 1], ['awareness', 'purchase', 1], ['awareness', nan, 1]]
    """
    begin, end = to_us(as_instant("from_", from_)), to_us(as_instant("to", to))
    if begin >= end:
        raise InvalidInputError("from_", "must be before to")
    asked = ask(log, as_of=as_of, calendar=calendar)
    lasting = lasting_of(map, windows, asked)
    known = asked.log._until("to", to)
    changes = changes_of(known, lasting)
    n = known.n_customers
    group, groups, axes = groups_of(known, by)

    fresh, states = len(map.stages) + 1, len(map.stages) + 2
    source = changes.until(begin).standing(n)[0]
    source[known.entered > begin] = fresh
    target = changes.standing(n)[0]
    cells = np.bincount((group * states + source) * states + target, minlength=groups * states**2)
    to_axis, columns = on_map("target", map, off=True)
    from_axis = Axis("source", sorted([*to_axis.labels, START], key=label_key), "state")
    rows = np.insert(columns, int(from_axis.positions([START])[0]), fresh)
    table = cells.reshape(groups, states, states)[:, rows][:, :, columns]
    return StageFlow(
        axes=(*axes, from_axis, to_axis),
        parts={"customers": table.reshape([len(a) for a in (*axes, from_axis, to_axis)])},
        context=Context(
            "stage_flow",
            as_of=asked.as_of,
            over=Window(just_after(begin), just_after(end)),  # both instants count
            calendar=lasting.calendar,
            by=by,
            options={"map": map, "windows": lasting.windows},
        ),
    )
