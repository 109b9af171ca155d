"""Journey stages of a log: where customers stand, how far they came, how long they stayed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import attrs
import numpy as np

from customerops.journey.maps.counting import stage_conversion, stage_moves, stage_table
from customerops.journey.maps.customers import CustomerStages, rows_of_customers
from customerops.journey.maps.dwell import stays
from customerops.journey.maps.lasting import lasting_of
from customerops.journey.maps.standing import Changes, changes_of, reach_of
from customerops.journey.maps.tables import Of, StageConversion, StageMoves, StageTable
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import LAST, InteractionLog
from customerops.model.log.spells import Spells
from customerops.model.rules.stages import JourneyMap
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Difference
from customerops.model.tables.tables import Statistic, of_one_class
from customerops.model.values.instants import from_us, to_us
from customerops.model.values.window import Window

if TYPE_CHECKING:
    import pandas as pd

    from customerops.lifecycle.policy.spans import Span
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar

__all__ = ["JourneyStages", "just_after", "stages"]

_FIELDS = ("table", "moves", "conversion", "customers", "dwell")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class JourneyStages(Statistic):
    """The customers of a log on a journey map.

    It is made by `stages`. Those of disjoint customers add up, and so do its parts by themselves:
    to add up what many machines found, add the tables alone, which stay small.

    Attributes
    ----------
    table : StageTable
        How many are in each stage, ever were, came no further, skipped it, left it and how.
    moves : StageMoves
        From which stage to which they went, how often.
    conversion : StageConversion
        Of the customers of each stage, the share that came to each other one afterwards.
    customers : CustomerStages
        A row for each customer.
    dwell : Spells
        The unbroken stays in a stage, for survival.
    context : Context
        As of when, on which map.
    """

    table: StageTable
    moves: StageMoves
    conversion: StageConversion
    customers: CustomerStages
    dwell: Spells
    context: Context

    def difference(self, other: JourneyStages, of: Of = "customers") -> Difference:
        """Return the shares of the stages less those of other customers.

        Parameters
        ----------
        other : JourneyStages
            On the same map, of other customers.
        of : {"customers", "reached", "furthest"}
            Who is in the stage at the instant; who ever was; whose furthest stage it is.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or `of` is none of the three.
        """
        of_one_class(self, other, "compared")
        return self.table.difference(other.table, of)

    def to_frame(self) -> pd.DataFrame:
        """Return the table of the stages as a frame, in the order of the map."""
        return self.table.to_frame()

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same customers."""
        if not isinstance(other, JourneyStages):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the map and the size, and nothing about the customers."""
        return f"JourneyStages(map={self.context.option('map').key!r}, customers={len(self.customers)})"

    def _repr_html_(self) -> str:
        """Show how many customers are in each stage."""
        return self.table._repr_html_()

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        dwell = self.dwell.union(other.dwell)
        parts = {name: getattr(self, name) + getattr(other, name) for name in _FIELDS[:-1]}
        return attrs.evolve(self, **parts, dwell=dwell, context=context)


def stages(
    log: InteractionLog,
    map: JourneyMap,  # noqa: A002 - what it is called
    *,
    as_of: dt.datetime | None = None,
    at: dt.datetime | None = None,
    windows: Mapping[str, Span] | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> JourneyStages:
    """Say where customers stand on a journey map (旅程阶段), how they came there, how long they stay.

    Parameters
    ----------
    log : InteractionLog
        The events.
    map : JourneyMap
        The stages: what leads into each, how long it lasts, and which one counts of several.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    at : datetime, optional
        The instant to look at, not after `as_of`; left out, that. What happened later shows in one
        thing: the stays that began until then are followed to `as_of`.
    windows : mapping of str to timedelta, Days or Months, optional
        How long stages last, by their key, instead of their `within`: elapsed time, or local
        calendar days or months of `customerops.lifecycle`.
    calendar : Calendar, optional
        Whose days and months; left out, the log's own.
    by : str or Grouping, optional
        A customer attribute or a grouping, as of `at`; tables for each group.

    Returns
    -------
    JourneyStages
        ``.table`` (who is in each stage, ever was, skipped it), ``.moves``, ``.conversion``,
        ``.customers`` (a row for each) and ``.dwell`` (stays, as `Spells`).

    Raises
    ------
    InvalidInputError
        If `map` is no JourneyMap, a window is none or of no stage of it, `at` is after `as_of`,
        or as_of, or a calendar that is needed, is not known.

    Notes
    -----
    Every customer known at an instant is counted in one stage, or off the map. That is what
    `JourneyMap.stage_of` says of the customer's interactions: of the stages the customer is in, the
    furthest, or the one an event led into last. A stage that has `within` is over that much
    elapsed time after the oldest event it needs, to the microsecond, and not any more at that
    instant; one that lasts local days is over at the start of such a day. All events of one instant count before anything is said of it.

    Counted in a stage, in it, and to have reached it are three things. Who is in several stages is
    counted in one of them. A customer has reached a stage who ever was in it, so its order among
    others does not matter; one who reached a further stage without it has skipped it, until an
    event leads into it after all. A regression is a change to an earlier stage: because the
    stage was over, or, where the latest one counts, because of an event of an earlier one. Off the
    map is no stage, and to go there is no regression.

    Conversion from a stage to another is the share of the customers who reached it that came to
    the other by a later event, in input order at one instant. Between stages that take one
    event it is the conversion of the `funnel` of their two rules, ordered, from any start,
    without a limit of time; it is of what happened so far. For a share of those who had their
    time, ask a funnel.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import stages
    >>> from customerops.model import JOURNEY
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2, 4, 9)],
    ...     kind=["view", "purchase", "view", "purchase", "purchase"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 10))
    >>> found = stages(log, JOURNEY)
    >>> found.to_frame()[["stage", "customers", "reached", "skipped"]]
               stage  customers  reached  skipped
    0      awareness          1        2        1
    1  consideration          0        0        2
    2       purchase          1        2        0
    3            use          0        0        1
    4        loyalty          1        1        0
    5       advocacy          0        0        0
    6            NaN          0        3        0
    """
    asked = ask(log, as_of=as_of, calendar=calendar)
    lasting = lasting_of(map, windows, asked)
    known, seen = asked.log, asked.log
    over = None
    if at is not None:
        seen = known._until("at", at)
        over = Window(None, just_after(to_us(at)))
    instant = asked.as_of if at is None else to_us(at)
    whole = changes_of(known, lasting)
    changes = _renumbered(whole.until(instant), known, instant)
    reach = reach_of(seen, lasting)
    group, _, axes = groups_of(seen, by)
    context = Context(
        "journey_stages",
        as_of=asked.as_of,
        over=over,
        calendar=lasting.calendar,
        by=by,
        options={"map": map, "windows": lasting.windows},
    )
    alone = attrs.evolve(context, by=None)
    return JourneyStages(
        table=stage_table(seen, map, changes, reach, group, axes, context),
        moves=stage_moves(map, changes, group, axes, context),
        conversion=stage_conversion(map, reach, group, axes, context),
        customers=rows_of_customers(seen, map, changes, reach, alone),
        dwell=stays(known, map, whole, asked.as_of, instant),
        context=context,
    )


def just_after(us: int) -> dt.datetime | None:
    """Return the end of a window in which an instant is the last; None at the end of time."""
    return None if us >= LAST else from_us(us + 1)


def _renumbered(changes: Changes, log: InteractionLog, instant: int) -> Changes:
    """Return changes with customers counted among those known at an instant."""
    place = np.cumsum(log.entered <= instant) - 1
    return attrs.evolve(changes, customer=place[changes.customer])
